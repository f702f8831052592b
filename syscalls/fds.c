/*
 * The registry of hidden descriptors. Slots are added at start-up or by single-threaded parts
 * (the gdb stub), read without locks.
 */
#include "syscalls/fds.h"
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/guest/process.h"

int *fd_hidden_slot[FD_SLOTS] = {&process.self_fd, &process.exe_fd};
int fd_hidden_count = 2;

static bool hidden_log(int fd)
{
    return fd > 2 && fd == log_fd();
}

bool fd_is_hidden(uint64_t arg)
{
    return fd_is_hidden_slot(arg) || hidden_log((int)arg);
}

int fd_next_hidden(uint32_t from)
{
    int64_t best = -1;

    for (int i = 0; i <= fd_hidden_count; i++) {
        int fd = i < fd_hidden_count ? *fd_hidden_slot[i] : log_fd();

        if (fd > 2 && (uint32_t)fd >= from && (best < 0 || fd < best))
            best = fd;
    }
    return (int)best;
}

void fd_hide(int *slot)
{
    CHECK(fd_hidden_count < FD_SLOTS, "hidden descriptors are few");
    *slot = fd_move_high(*slot);
    fd_hidden_slot[fd_hidden_count++] = slot;
}

bool fd_vacate(int fd)
{
    for (int i = 0; i < fd_hidden_count; i++) {
        if (*fd_hidden_slot[i] == fd) {
            *fd_hidden_slot[i] = fd_move_high(fd);
            return *fd_hidden_slot[i] != fd;
        }
    }
    return !hidden_log(fd);
}
