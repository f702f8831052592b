/*
 * Descriptors out of the guest's way. Raw calls only: usable on any thread. The limit is the
 * process's: `lift` is held while it is not the guest's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include "emu/base/fd.h"
#include "emu/base/lock.h"
#include "emu/base/sys.h"

#define USUAL_LIMIT 1024
#define LARGE_LIMIT 4096 /* from here on a table with room above the limit costs each fork */
#define LOWEST 3         /* 0, 1 and 2 are the guest's */
#define ROOM 512         /* how many numbers above the limit a lift offers: to all threads */

typedef struct Limit {
    uint64_t soft, hard;
} Limit;

static Lock lift;
static Limit guest, lifted; /* under lift */
static bool starting;

uint64_t fd_limit(void)
{
    Limit now = {0};

    if (starting)
        return guest.soft;
    sys(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &now);
    return now.soft;
}

bool fd_limit_can_rise(void)
{
    Limit now = {0};

    sys(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &now);
    return now.hard > now.soft;
}

static int floor_of(uint64_t soft)
{
    return soft > USUAL_LIMIT && soft <= LARGE_LIMIT ? (int)soft : USUAL_LIMIT;
}

int fd_floor(void)
{
    return floor_of(fd_limit());
}

/* Makes numbers below `end` possible, or as many as may be had. */
static void raise_limit(uint64_t end)
{
    sys(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &guest);
    lifted = guest;
    if (guest.soft >= end)
        return;
    lifted.soft = end;
    if (lifted.hard < end)
        lifted.hard = end; /* needs CAP_SYS_RESOURCE */
    if (!sys_failed(sys(SYS_prlimit64, 0, RLIMIT_NOFILE, &lifted)))
        return;
    lifted.soft = lifted.hard = guest.hard;
    if (sys_failed(sys(SYS_prlimit64, 0, RLIMIT_NOFILE, &lifted)))
        lifted = guest;
}

/* A limit that the guest set on another thread meanwhile stays. */
static void restore_limit(void)
{
    Limit found = lifted;

    if (lifted.soft == guest.soft && lifted.hard == guest.hard)
        return;
    sys(SYS_prlimit64, 0, RLIMIT_NOFILE, &guest, &found);
    if (found.soft != lifted.soft || found.hard != lifted.hard)
        sys(SYS_prlimit64, 0, RLIMIT_NOFILE, &found);
}

/* The two around a call that wants numbers below `end`. */
static void lift_begin(uint64_t end)
{
    if (starting)
        return;
    lock_take(&lift);
    raise_limit(end);
}

static void lift_end(void)
{
    if (starting)
        return;
    restore_limit();
    lock_release(&lift);
}

void fd_start_begin(void)
{
    raise_limit((uint64_t)fd_floor() + ROOM);
    starting = true;
}

void fd_start_end(void)
{
    starting = false;
    restore_limit();
}

int64_t fd_dup_from(int fd, uint64_t lowest)
{
    int64_t ret = sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);

    if (ret != -EINVAL && ret != -EMFILE)
        return ret;
    uint64_t limit = fd_limit();
    lift_begin((lowest > limit ? lowest : limit) + ROOM);
    ret = sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
    lift_end();
    return ret;
}

int64_t fd_open(int dirfd, const char *path, uint64_t flags)
{
    int64_t ret = sys(SYS_openat, dirfd, path, flags);

    if (ret != -EMFILE)
        return ret;
    lift_begin(fd_limit() + ROOM);
    ret = sys(SYS_openat, dirfd, path, flags);
    lift_end();
    return ret;
}

/* The limit could not be lifted: the guest may want the number, see fds.h. */
static int64_t dup_below(int fd, FdPlace place)
{
    uint64_t limit = fd_limit(), below = place == FD_OTHER ? 8 : FD_OTHER - place;
    uint64_t from = limit > 2 * below + LOWEST ? limit - below : LOWEST;

    for (;; from /= 2) {
        int64_t ret = sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from > LOWEST ? from : LOWEST);
        if (!sys_failed(ret) || from <= LOWEST)
            return ret;
    }
}

int fd_move_high(int fd, FdPlace place)
{
    int lowest = fd_floor() + (int)place;

    if (fd == lowest && !sys_failed(sys(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC)))
        return fd;
    int64_t high = fd_dup_from(fd, (uint64_t)lowest);
    if (sys_failed(high))
        high = dup_below(fd, place);
    if (high < fd && fd >= LOWEST && !sys_failed(sys(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC))) {
        if (high >= 0)
            sys(SYS_close, high); /* the guest's open gives the lowest number first */
        return fd;
    }
    sys(SYS_close, fd);
    return sys_failed(high) ? -1 : (int)high;
}

void fd_before_fork(void)
{
    lock_take(&lift);
}

void fd_after_fork(void)
{
    lock_release(&lift);
}
