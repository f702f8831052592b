/*
 * The emulator's own file descriptors, invisible to the guest: operations on them are EBADF, a
 * dup3 onto one moves ours away, close_range and /proc/self/fd skip them.
 */
#ifndef SYSCALLS_FDS_H
#define SYSCALLS_FDS_H

#include "emu/base/types.h"

/* process.self_fd, process.exe_fd and the log are always known; others register themselves. */
bool fd_is_hidden(uint64_t fd);

#define FD_SLOTS 18
extern int *fd_hidden_slot[FD_SLOTS];
extern int fd_hidden_count;

/* The same for all but the log. */
static inline bool fd_is_hidden_slot(uint64_t arg)
{
    int fd = (int)arg;

    if (fd <= 2)
        return false;
    for (int i = 0; i < fd_hidden_count; i++)
        if (*fd_hidden_slot[i] == fd)
            return true;
    return false;
}

/*
 * Moves *slot's descriptor to a high number (close-on-exec), stores it there and hides it from
 * now on; *slot must stay valid. Set *slot to -1 after closing it. At most 16 of them.
 */
void fd_hide(int *slot);

/* dup3's target is ours: moves ours elsewhere. False when that is not possible. */
bool fd_vacate(int fd);

/*
 * A call of the guest said EMFILE: moves what of ours lies below its limit, or does without it.
 * True: the call is to be made again. Two tables of descriptors in one memory (vfork) have one
 * record of our numbers; clone_thread() puts the parent's back.
 */
bool fd_make_room(void);

/* fd_open() that makes room as well. */
int64_t fd_open_own(int dirfd, const char *path, uint64_t flags);

/* The lowest hidden descriptor >= from, or -1. */
int fd_next_hidden(uint32_t from);

#endif
