/*
 * The emulator's own descriptors: kept at numbers that the guest's limit (RLIMIT_NOFILE) puts out
 * of its reach. A descriptor that is open stays usable above the limit; to be given such a number,
 * the limit is lifted for the moment of the call.
 */
#ifndef EMU_BASE_FD_H
#define EMU_BASE_FD_H

#include "emu/base/types.h"

/* Where each of them lies, counted from fd_floor(). */
typedef enum FdPlace {
    FD_SELF,    /* the emulator's executable */
    FD_PROGRAM, /* the guest's program: next to it, so that other guest processes find it */
    FD_OTHER,   /* the log... */
} FdPlace;

/* The lowest number for them: the soft limit, or 1024 where that would make large tables. */
int fd_floor(void);

/*
 * Moves fd to the lowest free number from the place on, close-on-exec, and closes the old number.
 * Where the limit cannot be lifted: a high number below it, or fd itself. -1, and fd is closed:
 * nothing is free above the three standard numbers.
 */
int fd_move_high(int fd, FdPlace place);

/* F_DUPFD_CLOEXEC, also from a number on that lies above the limit; -errno. */
int64_t fd_dup_from(int fd, uint64_t lowest);

/*
 * openat for the emulator itself, also where the guest has used up its descriptors. flags are the
 * host's, without O_CREAT. The descriptor is to be closed before guest code runs; -errno.
 */
int64_t fd_open(int dirfd, const char *path, uint64_t flags);

/* The soft limit; 0 when the host does not say. */
uint64_t fd_limit(void);

/* Is a number above the soft limit to be had? (Even if not, CAP_SYS_RESOURCE may give it.) */
bool fd_limit_can_rise(void);

/* Between the two, the limit is lifted: start-up is not bound by it. The first thread only. */
void fd_start_begin(void);
void fd_start_end(void);

/* A child gets no lifted limit. */
void fd_before_fork(void);
void fd_after_fork(void);

#endif
