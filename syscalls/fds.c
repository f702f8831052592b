/*
 * The registry of hidden descriptors. Slots are added at start-up or by single-threaded parts
 * (the gdb stub), read without locks.
 *
 * The emulator's file and the guest's program can be done without: the guest gets their numbers
 * when it needs them and nothing else is free. Then /proc/self/exe and the program's path serve.
 */
#include "syscalls/fds.h"
#include <errno.h>
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
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
    *slot = fd_move_high(*slot, FD_OTHER);
    fd_hidden_slot[fd_hidden_count++] = slot;
}

/*
 * Moves both, side by side as other guest processes look for them, to free numbers from `from`
 * on. The new number is known before the old one is closed: other threads read the slots.
 */
static bool move_pair(uint64_t from)
{
    int self = process.self_fd, program = process.exe_fd;

    for (int attempt = 0; attempt < 8; attempt++) {
        int64_t a = self >= 0 ? fd_dup_from(self, from) : (int64_t)from;
        if (sys_failed(a))
            return false;
        int64_t b = program >= 0 ? fd_dup_from(program, (uint64_t)a + 1) : a + 1;
        bool together = b == a + 1;
        if (together) {
            process.self_fd = self >= 0 ? (int)a : -1;
            process.exe_fd = program >= 0 ? (int)b : -1;
        }
        if (self >= 0)
            sys(SYS_close, together ? self : a);
        if (program >= 0 && !sys_failed(b))
            sys(SYS_close, together ? program : b);
        if (together || sys_failed(b))
            return together;
        from = (uint64_t)b;
    }
    return false;
}

static void give_up(int *slot)
{
    int fd = *slot;

    *slot = -1;
    sys(SYS_close, fd);
}

bool fd_vacate(int fd)
{
    for (int i = 0; i < fd_hidden_count; i++) {
        int *slot = fd_hidden_slot[i];

        if (*slot != fd)
            continue;
        if (slot != &process.self_fd && slot != &process.exe_fd) {
            *slot = fd_move_high(fd, FD_OTHER);
            return *slot != fd;
        }
        if (!move_pair((uint64_t)fd_floor()))
            give_up(slot);
        return true;
    }
    return !hidden_log(fd);
}

bool fd_make_room(void)
{
    uint64_t limit = fd_limit();
    int *lowest = NULL, *slots[] = {&process.self_fd, &process.exe_fd};

    for (size_t i = 0; i < COUNTOF(slots); i++)
        if (*slots[i] >= 0 && (uint64_t)*slots[i] < limit && (!lowest || *slots[i] < *lowest))
            lowest = slots[i];
    if (!lowest)
        return false;
    if (!move_pair(limit))
        give_up(lowest);
    return true;
}

int64_t fd_open_own(int dirfd, const char *path, uint64_t flags)
{
    int64_t ret;

    do
        ret = fd_open(dirfd, path, flags);
    while (ret == -EMFILE && fd_make_room());
    return ret;
}
