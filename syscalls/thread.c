/*
 * Calls about threads that the host kernel does by itself on guest memory: futexes, robust
 * lists, the tid word, namespaces, waiting for children.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "syscalls/ptrace.h"
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

/* How long wait without blocking waits for a tracee on its way to a stop, in nanoseconds. */
#define TRACEE_PATIENCE 1000000
#define STATUS_CONTINUED 0xffff
#define WAIT_NOWAIT 0x01000000
#define WAIT_INFO_BYTES 28 /* of the siginfo: up to si_status */

static bool is_stop(int status)
{
    return (status & 0xff) == 0x7f;
}

static void pause_for(int64_t nanoseconds)
{
    struct timespec t = {.tv_nsec = nanoseconds};

    sys(SYS_nanosleep, &t, NULL);
}

/* A stop that a tracee makes on the emulator's behalf is dealt with, and waiting goes on. */
int64_t sys_wait4(CpuState *cpu, uint64_t arg[6])
{
    int64_t pause = 20000, waited = 0, ret;
    int status;

    for (bool moved = false;;) {
        ret = safe_syscall(cpu, SYS_wait4, arg[0], (uint64_t)&status, arg[2], arg[3], 0, 0);
        if (ret > 0 && is_stop(status) && !ptrace_wait_stop((int)ret, &status)) {
            moved = true;
            continue;
        }
        if (ret != 0 || !moved || waited > TRACEE_PATIENCE)
            break;
        pause_for(pause);
        waited += pause;
    }
    if (ret <= 0)
        return ret;
    if (!is_stop(status) && status != STATUS_CONTINUED)
        ptrace_wait_end((int)ret);
    return arg[1] && !mem_write(arg[1], &status, sizeof status) ? -EFAULT : ret;
}

int64_t sys_waitid(CpuState *cpu, uint64_t arg[6])
{
    int64_t pause = 20000, waited = 0, ret;
    struct {
        int32_t signo, error, code, pad, pid, uid, status, rest[25];
    } info;
    _Static_assert(sizeof info == 128, "siginfo_t");

    for (bool moved = false;;) {
        memset(&info, 0, sizeof info);
        ret = safe_syscall(cpu, SYS_waitid, arg[0], arg[1], (uint64_t)&info, arg[3], arg[4], 0);
        bool stop = ret == 0 && (info.code == CLD_TRAPPED || info.code == CLD_STOPPED);
        int status = (info.status << 8) | 0x7f;
        if (stop && !ptrace_wait_stop(info.pid, &status)) {
            moved = true;
            continue;
        }
        if (stop)
            info.status = status >> 8;
        if (ret != 0 || info.pid || !moved || waited > TRACEE_PATIENCE)
            break;
        pause_for(pause);
        waited += pause;
    }
    if (ret == 0 && info.pid && info.code != CLD_TRAPPED && info.code != CLD_STOPPED &&
        info.code != CLD_CONTINUED && !(arg[3] & WAIT_NOWAIT))
        ptrace_wait_end(info.pid);
    if (ret != 0 || !arg[2])
        return ret;
    return mem_write(arg[2], &info, WAIT_INFO_BYTES) ? 0 : -EFAULT;
}
