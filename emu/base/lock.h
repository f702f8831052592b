/*
 * A futex lock that works between threads made by raw clone, and across fork (the forking
 * thread takes every lock first, see hooks.h). Not recursive. Never taken in a signal handler
 * and never held while guest code runs.
 */
#ifndef EMU_BASE_LOCK_H
#define EMU_BASE_LOCK_H

#include "emu/base/types.h"

typedef struct Lock {
    uint32_t state; /* 0 free, 1 held, 2 held with waiters */
} Lock;

void lock_take(Lock *lock);
void lock_release(Lock *lock);

#endif
