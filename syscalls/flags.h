/*
 * Named flag values: flags.def as data, for conversion between guest and host and for -strace.
 */
#ifndef SYSCALLS_FLAGS_H
#define SYSCALLS_FLAGS_H

#include "emu/base/types.h"

typedef enum FlagSet {
#define FLAGSET(id) id,
#define FLAG(set, name, value)
#define FIELD(set, name, value, mask)
#define MOVED(set, name, guest, host)
#include "syscalls/flags.def"
#undef FLAGSET
#undef FLAG
#undef FIELD
#undef MOVED
    FLAGSET_COUNT
} FlagSet;

/* Bits without a MOVED row stay as they are, so unknown flags reach the host unchanged. */
uint64_t flags_to_host(FlagSet set, uint64_t guest);
uint64_t flags_to_guest(FlagSet set, uint64_t host);

/*
 * Writes the names of a guest value, "A|B|0x80", to buf (always terminated); a value without
 * names is written as a number. Returns the length written.
 */
size_t flags_format(FlagSet set, uint64_t guest, char *buf, size_t size);

#endif
