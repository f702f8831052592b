/* The guest's limits on memory; limits.h says what is kept. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include "emu/base/bits.h"
#include "emu/base/sys.h"
#include "emu/guest/limits.h"
#include "emu/guest/mem_table.h"

#define KEPT 2
#define RESERVE (8ull << 20) /* for threads and tables of the emulator, where the host limits it */

static const int resources[KEPT] = {RLIMIT_AS, RLIMIT_DATA};
static uint64_t *const enforced[KEPT] = {&mem_limit_total, &mem_limit_data};

/* mem_change_lock guards these. host: what the kernel enforces on this process. */
static GuestLimit guest[KEPT], host[KEPT];
static bool enforcing;

static int64_t host_limit(int resource, const GuestLimit *set, GuestLimit *old)
{
    return sys(SYS_prlimit64, 0, resource, set, old);
}

static int kept_index(uint64_t resource)
{
    for (int i = 0; i < KEPT; i++)
        if (resource == (uint64_t)resources[i])
            return i;
    return -1;
}

bool limits_kept(uint64_t resource)
{
    return kept_index(resource) >= 0;
}

void limits_init(void)
{
    for (int i = 0; i < KEPT; i++) {
        guest[i] = (GuestLimit){RLIM_INFINITY, RLIM_INFINITY};
        host_limit(resources[i], NULL, &guest[i]);
        host[i] = guest[i];
        GuestLimit lifted = {guest[i].hard, guest[i].hard};
        if (guest[i].soft != guest[i].hard && !host_limit(resources[i], &lifted, NULL))
            host[i] = lifted;
    }
}

/* Bytes that this process has mapped, the emulator's included. */
static uint64_t bytes_mapped(void)
{
    char text[32] = "";
    uint64_t pages = 0;

    int64_t fd = sys(SYS_openat, AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (sys_failed(fd))
        return 0;
    sys(SYS_read, fd, text, sizeof text - 1);
    sys(SYS_close, fd);
    for (const char *p = text; *p >= '0' && *p <= '9'; p++)
        pages = pages * 10 + (uint64_t)(*p - '0');
    return pages * PAGE_SIZE_4K;
}

/*
 * Where the host enforces a limit on both, the guest's is so much smaller that the emulator can go
 * on when the guest has used it up.
 */
static void enforce(int i)
{
    uint64_t most = guest[i].soft;

    if (host[i].soft != RLIM_INFINITY) {
        uint64_t ours = bytes_mapped() - mem_total_mapped() + RESERVE;
        uint64_t left = host[i].soft > ours ? host[i].soft - ours : 0;
        if (resources[i] == RLIMIT_AS && left < most)
            most = left;
    }
    __atomic_store_n(enforced[i], most, __ATOMIC_RELAXED);
}

void limits_enforce(void)
{
    enforcing = true;
    for (int i = 0; i < KEPT; i++)
        if (guest[i].soft != RLIM_INFINITY)
            enforce(i);
}

/* CAP_SYS_RESOURCE, without which a hard limit only goes down. */
static bool may_raise(void)
{
    struct {
        uint32_t version;
        int32_t pid;
    } head = {0x20080522, 0};
    uint32_t data[6] = {0}; /* effective, permitted, inheritable: low words, then high ones */

    return sys(SYS_capget, &head, data) == 0 && (data[0] >> 24 & 1);
}

int64_t limits_change(Thread *t, uint64_t resource, const GuestLimit *set, GuestLimit *old)
{
    int i = kept_index(resource);
    int64_t ret = 0;

    if (set && set->soft > set->hard)
        return -EINVAL;
    if (t->owns_process && (set || (t->host_limits >> i & 1))) {
        ret = host_limit(resources[i], set, old);
        if (!ret && set)
            t->host_limits |= (uint32_t)BIT(i);
        return ret;
    }
    lock_take(&mem_change_lock);
    if (old)
        *old = guest[i];
    if (set && set->hard > guest[i].hard && !may_raise())
        ret = -EPERM;
    if (set && !ret) {
        guest[i] = *set;
        if (enforcing)
            enforce(i);
    }
    lock_release(&mem_change_lock);
    return ret;
}

void limits_before_exec(const Thread *t)
{
    for (int i = 0; i < KEPT; i++)
        if (!(t->host_limits >> i & 1) &&
            (guest[i].soft != host[i].soft || guest[i].hard != host[i].hard))
            host_limit(resources[i], &guest[i], NULL);
}

void limits_after_exec(const Thread *t)
{
    for (int i = 0; i < KEPT; i++) {
        GuestLimit back = {host[i].soft < guest[i].hard ? host[i].soft : guest[i].hard,
                           guest[i].hard};
        if (t->host_limits >> i & 1)
            continue;
        if (guest[i].soft == host[i].soft && guest[i].hard == host[i].hard)
            continue;
        if (host_limit(resources[i], &host[i], NULL) && !host_limit(resources[i], &back, NULL) &&
            !t->owns_process)
            host[i] = back;
    }
}
