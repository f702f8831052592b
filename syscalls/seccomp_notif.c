/* USER_NOTIF, both ends: the notified call, and the supervisor's ioctls. */
#include "syscalls/seccomp_notif.h"
#include <errno.h>
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "syscalls/seccomp.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

/*
 * Between emulators, of different builds perhaps: do not change. A guest call's host number is
 * CARRIER + its own (the last one stands for all beyond); "go on" is a result that no call has,
 * because the kernel's flag for it would make the host go on.
 */
#define CARRIER 0x20000000u
#define CARRIED_NUMBERS 0x01000000u
#define ANSWER_CONTINUE 0x434e5453454d4755ll

#define ARCH_X86_64 0xc000003eu
#define RET_USER_NOTIF 0x7fc00000u
#define RET_ALLOW 0x7fff0000u
#define SET_MODE_FILTER 1
#define IOCTL_RECV 0xc0502100u
#define IOCTL_SEND 0xc0182101u
#define RESPONSE_CONTINUE 1u

/* linux/seccomp.h: struct seccomp_notif and seccomp_notif_resp */
typedef struct Notification {
    uint64_t id;
    uint32_t pid, flags;
    SeccompData data;
} Notification;

typedef struct Response {
    uint64_t id;
    int64_t value;
    int32_t error;
    uint32_t flags;
} Response;

int64_t seccomp_host_listener(uint64_t flags)
{
    static const BpfInsn carriers[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
        {BPF_JMP | BPF_JGE | BPF_K, 0, 2, CARRIER},
        {BPF_JMP | BPF_JGE | BPF_K, 1, 0, CARRIER + CARRIED_NUMBERS},
        {BPF_RET | BPF_K, 0, 0, RET_USER_NOTIF},
        {BPF_RET | BPF_K, 0, 0, RET_ALLOW},
    };
    struct {
        uint16_t count;
        const BpfInsn *insns;
    } prog = {COUNTOF(carriers), carriers};

    return sys(SYS_seccomp, SET_MODE_FILTER, flags, &prog);
}

bool seccomp_notify(CpuState *cpu, uint32_t number, const uint64_t arg[6], int64_t *ret)
{
    uint32_t carried = number < CARRIED_NUMBERS ? number : CARRIED_NUMBERS - 1;

    *ret = safe_syscall(cpu, CARRIER + carried, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    if (*ret == ANSWER_CONTINUE)
        return true;
    if (*ret != -ERESTARTNOINTR)
        cpu_thread(cpu)->restartable = false; /* the supervisor may say any number */
    return false;
}

int64_t seccomp_notif_sizes(uint64_t to)
{
    uint16_t sizes[] = {sizeof(Notification), sizeof(Response), sizeof(SeccompData)};

    return mem_write(to, sizes, sizeof sizes) ? 0 : -EFAULT;
}

/* The guest's pc is not known here: it reads as 0. */
static int64_t receive(CpuState *cpu, const uint64_t arg[6])
{
    int64_t ret = safe_syscall(cpu, SYS_ioctl, arg[0], arg[1], arg[2], 0, 0, 0);
    Notification n;

    if (ret || !mem_read(&n, arg[2], sizeof n) || n.data.arch != ARCH_X86_64 ||
        n.data.number - CARRIER >= CARRIED_NUMBERS)
        return ret;
    n.data.number -= CARRIER;
    n.data.arch = SECCOMP_ARCH;
    n.data.pc = 0;
    return mem_write(arg[2], &n, sizeof n) ? 0 : -EFAULT;
}

/* The kernel refuses a continuation that has a result, too. */
static int64_t respond(CpuState *cpu, const uint64_t arg[6])
{
    Response r;
    uint64_t from = arg[2];

    if (mem_read(&r, arg[2], sizeof r) && r.flags == RESPONSE_CONTINUE && !r.error && !r.value) {
        r.flags = 0;
        r.value = ANSWER_CONTINUE;
        from = (uint64_t)&r;
    }
    return safe_syscall(cpu, SYS_ioctl, arg[0], arg[1], from, 0, 0, 0);
}

int64_t seccomp_ioctl(CpuState *cpu, const uint64_t arg[6])
{
    switch ((uint32_t)arg[1]) {
    case IOCTL_RECV:
        return receive(cpu, arg);
    case IOCTL_SEND:
        return respond(cpu, arg);
    default:
        return safe_syscall(cpu, SYS_ioctl, arg[0], arg[1], arg[2], 0, 0, 0);
    }
}
