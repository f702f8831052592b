/*
 * The futex lock. Its word names the holder, so that a dead one can be told; bit 31 says that
 * somebody may sleep, and only then a wake-up is a system call.
 *
 * Invariant: a thread that holds a lock, waits for one, or has yet to wake a waiter has it in its
 * list.
 */
#include "emu/base/lock.h"
#include "emu/base/check.h"
#include "emu/base/sys.h"

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

#define WAITERS 0x80000000u
#define NESTED 10 /* fork holds 8. Small: what fits into libc's own block needs no mmap at start */

typedef struct LockList {
    Lock *lock[NESTED];
    uint32_t count;
} LockList;

static _Thread_local LockList mine;

static char *own_thread_pointer(void)
{
    char *tp;

    __asm__("mov %%fs:0, %0" : "=r"(tp));
    return tp;
}

/* Threads lie in different pages, all within 8 TiB. */
static uint32_t name_of(const void *thread_pointer)
{
    return (uint32_t)((uint64_t)thread_pointer >> 12) & ~WAITERS;
}

static void list_add(Lock *lock)
{
    DCHECK(mine.count < NESTED, "few locks are held at once");
    mine.lock[mine.count] = lock;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    mine.count++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void list_remove(const Lock *lock)
{
    uint32_t i = mine.count - 1;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    while (i && mine.lock[i] != lock)
        i--;
    for (; i + 1 < mine.count; i++)
        mine.lock[i] = mine.lock[i + 1];
    mine.count--;
}

static bool try_take(Lock *lock, uint32_t name)
{
    uint32_t seen = 0;

    return __atomic_compare_exchange_n(&lock->state, &seen, name, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

void lock_take(Lock *lock)
{
    uint32_t name = name_of(own_thread_pointer()), seen;

    list_add(lock);
    if (try_take(lock, name))
        return;
    for (int spin = 0; spin < 64; spin++) {
        __builtin_ia32_pause();
        seen = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
        if (seen & WAITERS)
            break;
        if (!seen && try_take(lock, name))
            return;
    }
    /* Who slept once takes the lock with WAITERS: others may still be asleep. */
    while (!try_take(lock, name | WAITERS)) {
        seen = __atomic_fetch_or(&lock->state, WAITERS, __ATOMIC_RELAXED) | WAITERS;
        if (seen != WAITERS)
            sys(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, seen, 0);
        else /* it became free meanwhile: only the mark is there */
            __atomic_compare_exchange_n(&lock->state, &seen, 0, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED);
    }
}

static void release(Lock *lock)
{
    if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) & WAITERS)
        sys(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
}

void lock_release(Lock *lock)
{
    release(lock);
    list_remove(lock);
}

void lock_abandon(void *thread_pointer)
{
    LockList *list = (LockList *)((char *)thread_pointer +
                                  ((char *)&mine - own_thread_pointer()));
    uint32_t name = name_of(thread_pointer);

    while (list->count) {
        Lock *lock = list->lock[--list->count];
        if ((__atomic_load_n(&lock->state, __ATOMIC_RELAXED) & ~WAITERS) == name)
            __atomic_store_n(&lock->state, 0, __ATOMIC_RELEASE);
        sys(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
    }
}
