/*
 * RLIMIT_AS and RLIMIT_DATA of the guest. The host would count the emulator's memory against
 * them, so they are kept here, mem_map.c enforces them, and the host's stay what they were until
 * an exec hands the guest's on. A limit that this process was started under is the guest's too;
 * the host goes on enforcing it unless it could be lifted (soft below hard).
 */
#ifndef EMU_GUEST_LIMITS_H
#define EMU_GUEST_LIMITS_H

#include "emu/guest/thread.h"

/* As struct rlimit64. */
typedef struct GuestLimit {
    uint64_t soft, hard;
} GuestLimit;

/* Takes over the limits that this process was started under; before much is mapped. */
void limits_init(void);

/* From now on mappings are counted; after the program was loaded. */
void limits_enforce(void);

/* Whether the resource (RLIMIT_*, the same numbers on both machines) is kept here. */
bool limits_kept(uint64_t resource);

/*
 * prlimit64 on the calling process, for a resource that is kept here; set and old may be NULL. 0 or
 * -errno. The first thread of a process that shares this memory (vfork) sets its host's limit: it
 * has nothing of its own here, and will exec.
 */
int64_t limits_change(Thread *t, uint64_t resource, const GuestLimit *set, GuestLimit *old);

/* Around an exec: the guest's limits become the host's; the exec failed, so far as can be back. */
void limits_before_exec(const Thread *t);
void limits_after_exec(const Thread *t);

#endif
