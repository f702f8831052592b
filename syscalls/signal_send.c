/* Calls that send signals or receive them by descriptor: numbers and sets pass through -t. */
#include <errno.h>
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

int64_t sys_kill(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_kill, arg[0], signal_to_host((int)arg[1]));
}

int64_t sys_tkill(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_tkill, arg[0], signal_to_host((int)arg[1]));
}

int64_t sys_tgkill(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_tgkill, arg[0], arg[1], signal_to_host((int)arg[2]));
}

int64_t sys_rt_sigqueueinfo(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_rt_sigqueueinfo, arg[0], signal_to_host((int)arg[1]), arg[2]);
}

int64_t sys_rt_tgsigqueueinfo(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_rt_tgsigqueueinfo, arg[0], arg[1], signal_to_host((int)arg[2]), arg[3]);
}

int64_t sys_pidfd_send_signal(CpuState *cpu, uint64_t arg[6])
{
    uint32_t info[32]; /* siginfo_t; the kernel wants si_signo to be the signal sent */

    (void)cpu;
    if (!arg[2])
        return sys(SYS_pidfd_send_signal, arg[0], signal_to_host((int)arg[1]), 0, arg[3]);
    if (!mem_read(info, arg[2], sizeof info))
        return -EFAULT;
    info[0] = (uint32_t)signal_to_host((int)info[0]);
    return sys(SYS_pidfd_send_signal, arg[0], signal_to_host((int)arg[1]), info, arg[3]);
}

int64_t sys_signalfd4(CpuState *cpu, uint64_t arg[6])
{
    uint64_t mask;

    (void)cpu;
    if (arg[2] != sizeof mask)
        return -EINVAL;
    if (!mem_read(&mask, arg[1], sizeof mask))
        return -EFAULT;
    mask = signal_host_mask(mask);
    return sys(SYS_signalfd4, arg[0], &mask, sizeof mask, arg[3]);
}
