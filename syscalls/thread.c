/*
 * Calls about threads that the host kernel does by itself on guest memory: futexes, robust
 * lists, the tid word, namespaces, waiting for children.
 */
#include <errno.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

int64_t sys_set_tid_address(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_set_tid_address, arg[0]);
}

int64_t sys_futex(CpuState *cpu, uint64_t arg[6])
{
    return safe_syscall(cpu, SYS_futex, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

int64_t sys_set_robust_list(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_set_robust_list, arg[0], arg[1]);
}

int64_t sys_get_robust_list(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_get_robust_list, arg[0], arg[1], arg[2]);
}

/*
 * Refused: the kernel would compare and rewrite the host's instruction pointer, which says
 * nothing about the guest's. C libraries run without it.
 */
int64_t sys_rseq(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    LOG(LOG_UNIMP, "rseq(%#llx): restartable sequences are not offered\n",
        (unsigned long long)arg[0]);
    return -ENOSYS;
}

int64_t sys_unshare(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_unshare, arg[0]);
}

int64_t sys_setns(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_setns, arg[0], arg[1]);
}

int64_t sys_wait4(CpuState *cpu, uint64_t arg[6])
{
    return safe_syscall(cpu, SYS_wait4, arg[0], arg[1], arg[2], arg[3], 0, 0);
}

int64_t sys_waitid(CpuState *cpu, uint64_t arg[6])
{
    return safe_syscall(cpu, SYS_waitid, arg[0], arg[1], arg[2], arg[3], arg[4], 0);
}
