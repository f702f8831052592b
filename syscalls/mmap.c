/*
 * Memory mapping calls: all of them go to emu/guest/mem.h, which owns the guest's address space.
 * Tags: as in the arm64 kernel, the calls on existing areas ignore them, mmap, mremap and brk
 * do not.
 */
#include <errno.h>
#include "emu/base/sys.h"
#include "emu/guest/limits.h"
#include "emu/guest/mem.h"
#include "syscalls/fds.h"
#include "syscalls/ptrace.h"
#include "syscalls/table.h"

#define A64_MAP_ANONYMOUS 0x20
#define A64_MCL_CURRENT 1u
#define A64_MCL_FUTURE 2u
#define A64_MCL_ONFAULT 4u
#define HOST_MLOCK_ONFAULT 1

static uint64_t untag(uint64_t addr)
{
    return (uint64_t)sext(addr, 56);
}

int64_t sys_mmap(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    if (!(arg[3] & A64_MAP_ANONYMOUS) && fd_is_hidden(arg[4]))
        return -EBADF;
    return mem_map(arg[0], arg[1], (int)arg[2], (int)arg[3], (int)arg[4], arg[5]);
}

int64_t sys_munmap(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_unmap(untag(arg[0]), arg[1]);
}

int64_t sys_mprotect(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_protect(untag(arg[0]), arg[1], (int)arg[2]);
}

/* Without FEAT_S1POE only "no key" exists. */
int64_t sys_pkey_mprotect(CpuState *cpu, uint64_t arg[6])
{
    return (int)arg[3] == -1 ? sys_mprotect(cpu, arg) : -EINVAL;
}

int64_t sys_mremap(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_remap(arg[0], arg[1], arg[2], (int)arg[3], arg[4]);
}

int64_t sys_madvise(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_advise(untag(arg[0]), arg[1], (int)arg[2]);
}

int64_t sys_brk(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_brk(arg[0]);
}

int64_t sys_shmat(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_attach_shm((int)arg[0], arg[1], (int)arg[2]);
}

int64_t sys_shmdt(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return mem_detach_shm(untag(arg[0]));
}

/* Applies one host call to every area of the guest, never to the emulator's memory. */
static int64_t for_all_areas(long nr, uint64_t flags)
{
    MemArea area;
    uint64_t addr = 0;
    int64_t first_error = 0;

    while (mem_find_next(addr, &area)) {
        int64_t ret = area.prot ? sys(nr, area.start, area.end - area.start, flags) : 0;

        if (ret < 0 && first_error == 0)
            first_error = ret;
        addr = area.end;
    }
    return first_error;
}

/*
 * MCL_FUTURE on the host would also lock the code cache and the emulator's stacks: mappings made
 * later are not locked.
 */
int64_t sys_mlockall(CpuState *cpu, uint64_t arg[6])
{
    uint32_t flags = (uint32_t)arg[0];

    (void)cpu;
    if (!flags || flags == A64_MCL_ONFAULT ||
        (flags & ~(A64_MCL_CURRENT | A64_MCL_FUTURE | A64_MCL_ONFAULT)))
        return -EINVAL;
    if (!(flags & A64_MCL_CURRENT))
        return 0;
    uint64_t onfault = flags & A64_MCL_ONFAULT ? HOST_MLOCK_ONFAULT : 0;
    int64_t ret = for_all_areas(SYS_mlock2, onfault);
    /* what cannot be made present (beyond a file's end) is locked all the same */
    return ret && !onfault ? for_all_areas(SYS_mlock2, HOST_MLOCK_ONFAULT) : ret;
}

int64_t sys_munlockall(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    (void)arg;
    return for_all_areas(SYS_munlock, 0);
}

/* Code of this very process, or of one that it traces, may be among the written bytes. */
int64_t sys_process_vm_writev(CpuState *cpu, uint64_t arg[6])
{
    bool self = (int)arg[0] == (int)sys(SYS_getpid);
    uint64_t iov[2];
    int64_t ret;

    (void)cpu;
    for (uint64_t i = 0; self && i < arg[4] && i < 1024; i++)
        if (mem_read(iov, arg[3] + i * sizeof iov, sizeof iov))
            mem_prepare_write(iov[0], iov[1]);
    ret = sys(SYS_process_vm_writev, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    for (uint64_t i = 0; ret > 0 && i < arg[4] && i < 1024; i++) {
        if (!mem_read(iov, arg[3] + i * sizeof iov, sizeof iov))
            break;
        if (self)
            mem_code_changed(iov[0], iov[0] + iov[1]);
        else
            ptrace_memory_written((int)arg[0], iov[0], iov[0] + iov[1]);
    }
    return ret;
}

/* Limits on memory are kept for the guest: emu/guest/limits.h. The numbers are the host's. */
static int64_t own_limit(CpuState *cpu, uint64_t resource, uint64_t from, uint64_t to)
{
    GuestLimit set, old;

    if (from && !mem_read(&set, from, sizeof set))
        return -EFAULT;
    int64_t ret = limits_change(cpu_thread(cpu), resource, from ? &set : NULL, &old);
    return ret || !to || mem_write(to, &old, sizeof old) ? ret : -EFAULT;
}

int64_t sys_prlimit64(CpuState *cpu, uint64_t arg[6])
{
    bool self = !(int)arg[0] || (int)arg[0] == (int)sys(SYS_getpid);

    return self && limits_kept((uint32_t)arg[1])
               ? own_limit(cpu, (uint32_t)arg[1], arg[2], arg[3])
               : sys(SYS_prlimit64, arg[0], arg[1], arg[2], arg[3]);
}

int64_t sys_getrlimit(CpuState *cpu, uint64_t arg[6])
{
    return limits_kept((uint32_t)arg[0]) ? own_limit(cpu, (uint32_t)arg[0], 0, arg[1])
                                         : sys(SYS_getrlimit, arg[0], arg[1]);
}

int64_t sys_setrlimit(CpuState *cpu, uint64_t arg[6])
{
    return limits_kept((uint32_t)arg[0]) ? own_limit(cpu, (uint32_t)arg[0], arg[1], 0)
                                         : sys(SYS_setrlimit, arg[0], arg[1]);
}
