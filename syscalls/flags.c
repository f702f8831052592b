/* Flag conversion and names, from flags.def. Read-only tables. */
#include "syscalls/flags.h"
#include <stdio.h>

typedef struct FlagName {
    const char *name;
    uint64_t value, mask;
    uint8_t set;
} FlagName;

static const FlagName names[] = {
#define FLAGSET(id)
#define FLAG(set, name, value) {#name, value, value, set},
#define FIELD(set, name, value, mask) {#name, value, mask, set},
#define MOVED(set, name, guest, host) {#name, guest, guest, set},
#include "syscalls/flags.def"
#undef FLAG
#undef FIELD
#undef MOVED
};

typedef struct MovedFlag {
    uint64_t guest, host;
    uint8_t set;
} MovedFlag;

static const MovedFlag moved[] = {
#define FLAG(set, name, value)
#define FIELD(set, name, value, mask)
#define MOVED(set, name, guest, host) {guest, host, set},
#include "syscalls/flags.def"
#undef FLAGSET
#undef FLAG
#undef FIELD
#undef MOVED
};

uint64_t flags_to_host(FlagSet set, uint64_t guest)
{
    uint64_t gone = 0, come = 0;

    for (size_t i = 0; i < COUNTOF(moved); i++) {
        if (moved[i].set == set && (guest & moved[i].guest)) {
            gone |= moved[i].guest;
            come |= moved[i].host;
        }
    }
    return (guest & ~gone) | come;
}

uint64_t flags_to_guest(FlagSet set, uint64_t host)
{
    uint64_t gone = 0, come = 0;

    for (size_t i = 0; i < COUNTOF(moved); i++) {
        if (moved[i].set == set && (host & moved[i].host)) {
            gone |= moved[i].host;
            come |= moved[i].guest;
        }
    }
    return (host & ~gone) | come;
}

size_t flags_format(FlagSet set, uint64_t guest, char *buf, size_t size)
{
    uint64_t left = guest;
    size_t len = 0;
    bool any = false;

    buf[0] = 0;
    for (size_t i = 0; i < COUNTOF(names) && len < size; i++) {
        const FlagName *f = &names[i];

        /* A FIELD of value 0 must match the whole, so that its bits were not used before. */
        if (f->set != set || (left & f->mask) != f->value || (guest & f->mask) != f->value)
            continue;
        len += (size_t)snprintf(buf + len, size - len, "%s%s", any ? "|" : "", f->name);
        left &= ~f->mask;
        any = true;
    }
    if ((left || !any) && len < size)
        len += (size_t)snprintf(buf + len, size - len, left > 9 ? "%s%#llx" : "%s%llu",
                                any ? "|" : "", (unsigned long long)left);
    return len < size ? len : size - 1;
}
