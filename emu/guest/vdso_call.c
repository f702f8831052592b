/*
 * Time from the host's vDSO. libc's clock_gettime ends there, on any thread and without a lock.
 * Invariant: guest memory is written last, by a guarded copy, so a call that is not served has
 * changed nothing.
 */
#include <time.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "emu/guest/vdso_call.h"

/* What the arm64 kernel's vDSO answers by itself. */
#define SERVED_CLOCKS                                                                              \
    (BIT(CLOCK_REALTIME) | BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) |                       \
     BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_MONOTONIC_COARSE) | BIT(CLOCK_BOOTTIME) |              \
     BIT(CLOCK_TAI))

static bool served(uint32_t clock)
{
    return clock < 32 && (SERVED_CLOCKS >> clock & 1);
}

/* A clock's resolution never changes: the kernel is asked once. 0: not yet, -1: it did not say. */
static int64_t resolution(uint32_t clock)
{
    static int64_t known[32]; /* nanoseconds */
    int64_t ns = __atomic_load_n(&known[clock], __ATOMIC_RELAXED);
    struct timespec res;

    if (ns == 0) {
        bool told = sys(SYS_clock_getres, clock, &res) == 0 && res.tv_sec == 0;
        ns = told ? res.tv_nsec : -1;
        __atomic_store_n(&known[clock], ns, __ATOMIC_RELAXED);
    }
    return ns;
}

bool vdso_call(CpuState *cpu, unsigned number)
{
    uint32_t clock = (uint32_t)cpu->x[0];
    uint64_t out = cpu->x[1];
    struct timespec now;

    switch (number) {
    case A64_NR_clock_gettime:
        if (!served(clock) || clock_gettime((clockid_t)clock, &now) != 0)
            return false;
        break;
    case A64_NR_clock_getres:
        now = (struct timespec){.tv_sec = 0};
        if (!served(clock) || (now.tv_nsec = resolution(clock)) < 0)
            return false;
        if (!out) {
            cpu->x[0] = 0;
            return true;
        }
        break;
    case A64_NR_gettimeofday:
        out = cpu->x[0];
        if (!out || cpu->x[1] || clock_gettime(CLOCK_REALTIME, &now) != 0)
            return false;
        now.tv_nsec /= 1000;
        break;
    default:
        return false;
    }
    if (!mem_write(out, &now, sizeof now))
        return false;
    cpu->x[0] = 0;
    return true;
}
