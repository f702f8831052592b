/*
 * A futex lock that works between threads made by raw clone, and across fork (the forking
 * thread takes every lock first, see hooks.h). Not recursive. Never taken in a signal handler
 * and never held while guest code runs. A vfork child may be killed while it holds one: its parent
 * gives it up.
 */
#ifndef EMU_BASE_LOCK_H
#define EMU_BASE_LOCK_H

#include "emu/base/types.h"

typedef struct Lock {
    uint32_t state; /* 0 free; else the holder, and whether there are waiters */
} Lock;

void lock_take(Lock *lock);
void lock_release(Lock *lock);

/*
 * For the parent of a vfork child that is gone: frees what the child held when it was killed, and
 * wakes who it should have woken. thread_pointer is the child's FS base.
 */
void lock_abandon(void *thread_pointer);

#endif
