/*
 * Waiting for events: the calls with a temporary signal mask, and epoll, whose event structure
 * x86-64 packs to 12 bytes.
 */
#include <errno.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

#define SIGSET_SIZE 8
#define NR_epoll_pwait2 441

typedef struct HostEpollEvent {
    uint32_t events;
    uint64_t data;
} __attribute__((packed)) HostEpollEvent;
_Static_assert(sizeof(HostEpollEvent) == 12, "struct epoll_event of the x86-64 ABI");

/* A temporary mask as the guest passed it and as the host gets it. */
typedef struct TempMask {
    uint64_t guest, host;
    uint64_t *given; /* &guest, or NULL: the call has no mask */
} TempMask;

static int64_t read_mask(TempMask *m, uint64_t addr, uint64_t size)
{
    m->given = NULL;
    if (!addr)
        return 0;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if (!mem_read(&m->guest, addr, SIGSET_SIZE))
        return -EFAULT;
    m->host = signal_host_mask(m->guest);
    m->given = &m->guest;
    return 0;
}

/* The host call's mask argument. */
static uint64_t mask_arg(TempMask *m)
{
    return m->given ? (uintptr_t)&m->host : 0;
}

int64_t sys_ppoll(CpuState *cpu, uint64_t arg[6])
{
    TempMask mask;
    int64_t ret = read_mask(&mask, arg[3], arg[4]);

    if (ret < 0)
        return ret;
    mem_prepare_write(arg[0], (uint32_t)arg[1] * 8ull);
    return safe_syscall_masked(cpu, mask.given, SYS_ppoll, arg[0], arg[1], arg[2], mask_arg(&mask),
                               SIGSET_SIZE, 0);
}

int64_t sys_pselect6(CpuState *cpu, uint64_t arg[6])
{
    uint64_t pack[2] = {0, 0}, host_pack[2];
    uint64_t bytes = ALIGN_UP((uint32_t)arg[0], 64) / 8;
    TempMask mask;
    int64_t ret;

    if (arg[5] && !mem_read(pack, arg[5], sizeof pack))
        return -EFAULT;
    ret = read_mask(&mask, pack[0], pack[1]);
    if (ret < 0)
        return ret;
    for (int i = 1; i <= 3; i++)
        mem_prepare_write(arg[i], arg[i] ? bytes : 0);
    host_pack[0] = mask_arg(&mask);
    host_pack[1] = SIGSET_SIZE;
    return safe_syscall_masked(cpu, mask.given, SYS_pselect6, arg[0], arg[1], arg[2], arg[3],
                               arg[4], (uintptr_t)host_pack);
}

int64_t sys_epoll_ctl(CpuState *cpu, uint64_t arg[6])
{
    A64EpollEvent guest;
    HostEpollEvent host;
    bool has_event = (int)arg[1] != 2; /* EPOLL_CTL_DEL ignores it */

    (void)cpu;
    if (has_event) {
        if (!mem_read(&guest, arg[3], sizeof guest))
            return -EFAULT;
        host.events = guest.events;
        host.data = guest.data;
    }
    return sys(SYS_epoll_ctl, arg[0], arg[1], arg[2], has_event ? &host : NULL);
}

/*
 * The host fills the guest's own buffer with its smaller events; they are then spread out in
 * place, the last one first.
 */
static int64_t spread_events(uint64_t buf, int64_t n)
{
    for (int64_t i = n - 1; i >= 0; i--) {
        HostEpollEvent host;
        A64EpollEvent guest = {0};

        if (!mem_read(&host, buf + (uint64_t)i * sizeof host, sizeof host))
            return -EFAULT;
        guest.events = host.events;
        guest.data = host.data;
        if (!mem_write(buf + (uint64_t)i * sizeof guest, &guest, sizeof guest))
            return -EFAULT;
    }
    return n;
}

static int64_t epoll_wait_masked(CpuState *cpu, long nr, uint64_t arg[6])
{
    int max = (int)arg[2];
    TempMask mask;
    int64_t ret = read_mask(&mask, arg[4], arg[5]);

    if (ret < 0)
        return ret;
    if (max <= 0 || max > INT32_MAX / (int)sizeof(A64EpollEvent))
        return -EINVAL;
    if (!mem_range_ok(arg[1], (uint64_t)max * sizeof(A64EpollEvent)))
        return -EFAULT;
    mem_prepare_write(arg[1], (uint64_t)max * sizeof(A64EpollEvent));
    ret = safe_syscall_masked(cpu, mask.given, nr, arg[0], arg[1], arg[2], arg[3], mask_arg(&mask),
                              SIGSET_SIZE);
    return ret > 0 ? spread_events(arg[1], ret) : ret;
}

int64_t sys_epoll_pwait(CpuState *cpu, uint64_t arg[6])
{
    return epoll_wait_masked(cpu, SYS_epoll_pwait, arg);
}

int64_t sys_epoll_pwait2(CpuState *cpu, uint64_t arg[6])
{
    return epoll_wait_masked(cpu, NR_epoll_pwait2, arg);
}

int64_t sys_io_pgetevents(CpuState *cpu, uint64_t arg[6])
{
    uint64_t pack[2] = {0, 0}, host_pack[2]; /* struct __aio_sigset */
    TempMask mask;
    int64_t ret;

    if (arg[5] && !mem_read(pack, arg[5], sizeof pack))
        return -EFAULT;
    ret = read_mask(&mask, pack[0], pack[1]);
    if (ret < 0)
        return ret;
    host_pack[0] = mask_arg(&mask);
    host_pack[1] = SIGSET_SIZE;
    return safe_syscall_masked(cpu, mask.given, 333, arg[0], arg[1], arg[2], arg[3], arg[4],
                               (uintptr_t)host_pack);
}
