/*
 * Raw host system calls: no libc errno, no cancellation points. Every result is the
 * kernel's: >= 0, or -errno in -4095..-1. Safe in signal handlers and in threads that
 * libc does not know about.
 */
#ifndef EMU_BASE_SYS_H
#define EMU_BASE_SYS_H

#include <sys/syscall.h>
#include "emu/base/types.h"

static inline int64_t sys_call6(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                uint64_t f)
{
    int64_t ret;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

#define SYS_ARGS_(nr, a, b, c, d, e, f, ...)                                                       \
    sys_call6(nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e),       \
              (uint64_t)(f))

/* sys(SYS_read, fd, buf, n): missing arguments are 0. */
#define sys(...) SYS_ARGS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline bool sys_failed(int64_t ret)
{
    return (uint64_t)ret > (uint64_t)-4096;
}

#endif
