/*
 * The registry of hidden descriptors. Slots are added at start-up or by single-threaded parts
 * (the gdb stub), read without locks.
 */
#include "syscalls/fds.h"
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/guest/process.h"

#define FD_SLOTS 18

static int *slots[FD_SLOTS] = {&process.self_fd, &process.exe_fd};
static int slot_count = 2;

static bool hidden_log(int fd)
{
    return fd > 2 && fd == log_fd();
}

bool fd_is_hidden(uint64_t arg)
{
    int fd = (int)arg;

    if (fd <= 2)
        return false;
    for (int i = 0; i < slot_count; i++)
        if (*slots[i] == fd)
            return true;
    return hidden_log(fd);
}

int fd_next_hidden(uint32_t from)
{
    int64_t best = -1;

    for (int i = 0; i <= slot_count; i++) {
        int fd = i < slot_count ? *slots[i] : log_fd();

        if (fd > 2 && (uint32_t)fd >= from && (best < 0 || fd < best))
            best = fd;
    }
    return (int)best;
}

void fd_hide(int *slot)
{
    CHECK(slot_count < FD_SLOTS, "hidden descriptors are few");
    *slot = fd_move_high(*slot);
    slots[slot_count++] = slot;
}

bool fd_vacate(int fd)
{
    for (int i = 0; i < slot_count; i++) {
        if (*slots[i] == fd) {
            *slots[i] = fd_move_high(fd);
            return *slots[i] != fd;
        }
    }
    return !hidden_log(fd);
}
