/*
 * The futex lock of three states: 0 free, 1 held, 2 held and somebody may sleep. A wake-up
 * is a system call only when the state says 2.
 */
#include "emu/base/lock.h"
#include "emu/base/sys.h"

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

void lock_take(Lock *lock)
{
    uint32_t seen = 0;

    if (__atomic_compare_exchange_n(&lock->state, &seen, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        return;
    for (int spin = 0; spin < 64 && seen == 1; spin++) {
        __builtin_ia32_pause();
        seen = 0;
        if (__atomic_compare_exchange_n(&lock->state, &seen, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return;
    }
    /* Who slept once takes the lock as 2: others may still be asleep. */
    while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
        sys(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, 0);
}

void lock_release(Lock *lock)
{
    if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
        sys(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
}
