/*
 * prctl and its kin: what describes the machine or would take the emulator's own tools away is
 * answered here, all else passes. Refusals are what an arm64 kernel without the feature says.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "syscalls/dispatch.h"
#include "syscalls/process.h"
#include "syscalls/seccomp.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

/* linux/prctl.h, which not every libc's headers have in full. */
enum {
    OPT_SET_PDEATHSIG = 1,
    OPT_GET_PDEATHSIG = 2,
    OPT_GET_SECCOMP = 21,
    OPT_SET_SECCOMP = 22,
    OPT_GET_TSC = 25,
    OPT_SET_TSC = 26,
    OPT_SET_MM = 35,
    OPT_SVE_SET_VL = 50,
    OPT_SVE_GET_VL = 51,
    OPT_PAC_RESET_KEYS = 54,
    OPT_SET_TAGGED_ADDR_CTRL = 55,
    OPT_GET_TAGGED_ADDR_CTRL = 56,
    OPT_SET_SYSCALL_USER_DISPATCH = 59,
    OPT_PAC_SET_ENABLED_KEYS = 60,
    OPT_PAC_GET_ENABLED_KEYS = 61,
    OPT_SME_SET_VL = 63,
    OPT_SME_GET_VL = 64,
    OPT_SET_MDWE = 65,
    OPT_GET_SHADOW_STACK = 74,
    OPT_SET_SHADOW_STACK = 75,
    OPT_LOCK_SHADOW_STACK = 76,
    OPT_GET_AUXV = 0x41555856,
    MM_START_BRK = 6,
    MM_BRK = 7,
    TAGGED_ADDR_ENABLE = 1,
    PERSONALITY_LINUX32 = 8,
    PERSONALITY_READ_EXEC = 0x400000,
};

static int64_t refuse(uint64_t option, const char *why)
{
    LOG(LOG_UNIMP, "prctl(%llu): %s\n", (unsigned long long)option, why);
    return -EINVAL;
}

/* The kernel's saved auxiliary vector is the emulator's; the guest's lies on its stack. */
static int64_t get_auxv(uint64_t buf, uint64_t size, uint64_t arg4, uint64_t arg5)
{
    if (arg4 || arg5)
        return -EINVAL;
    uint64_t n = size < process.auxv_size ? size : process.auxv_size;
    for (uint64_t at = 0; at < n; at += 8) {
        uint64_t word;
        if (!mem_read(&word, process.auxv + at, 8) ||
            !mem_write(buf + at, &word, n - at < 8 ? n - at : 8))
            return -EFAULT;
    }
    return (int64_t)process.auxv_size;
}

static int64_t set_tagged_addr(const uint64_t arg[6])
{
    if (arg[2] || arg[3] || arg[4] || (arg[1] & ~(uint64_t)TAGGED_ADDR_ENABLE))
        return -EINVAL; /* MTE modes are not offered */
    syscall_tagged_pointers = arg[1] & TAGGED_ADDR_ENABLE;
    return 0;
}

/* The host hands it on to children; it never sees the guest's executable mappings. */
static int64_t set_mdwe(const uint64_t arg[6])
{
    int64_t ret = sys(SYS_prctl, arg[0], arg[1], arg[2], arg[3], arg[4]);

    if (ret == 0)
        mem_deny_exec_gain(true);
    return ret;
}

static int64_t get_pdeathsig(uint64_t to)
{
    int sig = 0;
    int64_t ret = sys(SYS_prctl, OPT_GET_PDEATHSIG, &sig);

    sig = signal_to_guest(sig);
    return ret < 0 ? ret : mem_write(to, &sig, sizeof sig) ? 0 : -EFAULT;
}

int64_t sys_prctl(CpuState *cpu, uint64_t arg[6])
{
    switch ((int)arg[0]) {
    case OPT_SET_PDEATHSIG:
        return sys(SYS_prctl, arg[0], signal_to_host((int)arg[1]));
    case OPT_GET_PDEATHSIG:
        return get_pdeathsig(arg[1]);
    case OPT_SET_SECCOMP:
        return seccomp_prctl_set(cpu, arg[1], arg[2]);
    case OPT_GET_SECCOMP:
        return seccomp_prctl_get(cpu);
    case OPT_SET_SYSCALL_USER_DISPATCH:
        return refuse(arg[0], "syscall user dispatch would catch the emulator's system calls");
    case OPT_SET_MDWE:
        return set_mdwe(arg);
    case OPT_GET_TSC:
    case OPT_SET_TSC:
        return refuse(arg[0], "not an arm64 option");
    case OPT_SVE_SET_VL:
    case OPT_SVE_GET_VL:
    case OPT_PAC_RESET_KEYS:
    case OPT_PAC_SET_ENABLED_KEYS:
    case OPT_PAC_GET_ENABLED_KEYS:
    case OPT_SME_SET_VL:
    case OPT_SME_GET_VL:
    case OPT_GET_SHADOW_STACK:
    case OPT_SET_SHADOW_STACK:
    case OPT_LOCK_SHADOW_STACK:
        return -EINVAL; /* the CPU does not have it */
    case OPT_SET_TAGGED_ADDR_CTRL:
        return set_tagged_addr(arg);
    case OPT_GET_TAGGED_ADDR_CTRL:
        return arg[1] || arg[2] || arg[3] || arg[4] ? -EINVAL : syscall_tagged_pointers;
    case OPT_GET_AUXV:
        return get_auxv(arg[1], arg[2], arg[3], arg[4]);
    case OPT_SET_MM:
        if (arg[1] == MM_START_BRK || arg[1] == MM_BRK)
            return refuse(arg[0], "the kernel's brk is the emulator's");
        break;
    default:
        break;
    }
    return sys(SYS_prctl, arg[0], arg[1], arg[2], arg[3], arg[4]);
}

/*
 * What the guest forbids itself must not hit the emulator's own file, which every program that it
 * may execute needs: the rules get one for it. A right that they do not handle is EINVAL.
 */
int64_t sys_landlock_restrict_self(CpuState *cpu, uint64_t arg[6])
{
    enum { PATH_BENEATH = 1, EXECUTE = 1, READ_FILE = 4 };
    static const uint64_t rights[] = {EXECUTE | READ_FILE, EXECUTE, READ_FILE};
    struct __attribute__((packed)) {
        uint64_t allowed;
        int32_t fd;
    } rule = {.fd = process.self_fd};

    (void)cpu;
    for (size_t i = 0; rule.fd >= 0 && i < COUNTOF(rights); i++) {
        rule.allowed = rights[i];
        if (sys(SYS_landlock_add_rule, arg[0], PATH_BENEATH, &rule, 0) == 0)
            break;
    }
    return sys(SYS_landlock_restrict_self, arg[0], arg[1]);
}

int64_t sys_personality(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    if ((uint32_t)arg[0] != 0xffffffff && (arg[0] & 0xff) == PERSONALITY_LINUX32)
        return -EINVAL; /* no 32-bit EL0 */
    /* On the host it would make the emulator's memory executable. Gone with every exec. */
    bool old = mem_read_implies_exec;
    if ((uint32_t)arg[0] != 0xffffffff)
        mem_read_implies_exec = arg[0] & PERSONALITY_READ_EXEC;
    int64_t ret = sys(SYS_personality, (uint32_t)arg[0] == 0xffffffff
                                           ? arg[0] : arg[0] & ~PERSONALITY_READ_EXEC);
    return sys_failed(ret) ? ret : (ret & ~PERSONALITY_READ_EXEC) |
                                       (old ? PERSONALITY_READ_EXEC : 0);
}

int64_t sys_uname(CpuState *cpu, uint64_t arg[6])
{
    struct {
        char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
    } name;

    (void)cpu;
    int64_t ret = sys(SYS_uname, &name);
    if (ret < 0)
        return ret;
    memset(name.machine, 0, sizeof name.machine);
    memcpy(name.machine, "aarch64", 7);
    if (process.uname_release)
        snprintf(name.release, sizeof name.release, "%s", process.uname_release);
    return mem_write(arg[0], &name, sizeof name) ? 0 : -EFAULT;
}
