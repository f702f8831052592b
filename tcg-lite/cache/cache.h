/*
 * The code cache: translated units, found by guest pc, linked to one another, forgotten when
 * guest code changes.
 *
 * Shared memory is mapped twice, writable and executable, so no page is ever both. Everything here
 * is guarded by one lock; translated code itself reads only its thread's jump cache and the
 * jumps that were patched. A unit that was forgotten is unlinked at once but its bytes stay
 * until the whole cache is flushed, which waits until no thread runs translated code.
 */
#ifndef TCG_LITE_CACHE_CACHE_H
#define TCG_LITE_CACHE_CACHE_H

#include "tcg-lite/emit/emit.h"

#define CACHE_DEFAULT_SIZE (64ull << 20)
#define SLOT_NONE UINT32_MAX

typedef struct UnitEntry {
    uint64_t pc, host;
} UnitEntry;

typedef struct Unit {
    uint64_t pc;
    uint32_t mode;             /* fpcr_mode() it was translated for */
    uint8_t tier;              /* 1 or 2 */
    uint32_t host_size, cold_size;
    uint64_t host, cold;       /* executable addresses of its hot and its cold code */
    const RegPlan *plan;
    PcMapEntry *map;
    int32_t *guest_delta;      /* (pc - unit pc) / 4 of each guest instruction */
    UnitEntry *entry;
    uint32_t map_count, guest_count, entry_count;
    uint32_t first_slot, slot_count;
    uint32_t incoming;         /* first Slot linked to this unit, SLOT_NONE */
    bool dead;
    struct Unit *next;         /* all units, newest first */
} Unit;

/* One exit of a unit to a known guest pc. */
typedef struct Slot {
    uint64_t target;           /* guest pc */
    uint8_t *site;             /* rel32 field, writable view */
    uint64_t stub;             /* where the field leads while unlinked, executable view */
    Unit *owner, *linked;      /* linked: NULL while unlinked */
    uint32_t next_incoming;
} Slot;

extern Stubs stubs;
extern RegPlan standard_plan;

/* What cpu_fp_shape() gives that translated code depends on, as a number of 7 bits. */
uint32_t fpcr_mode(uint32_t fpcr);

void cache_init(uint64_t bytes, const Helpers *helpers);

/* For what translates, enters or forks: waits for a flush under way. Not inside translated code. */
void cache_lock(void);
void cache_unlock(void);

/* Locked: the executable address for (pc, mode), or 0. *unit may be NULL. */
uint64_t cache_lookup(uint64_t pc, uint32_t mode, Unit **unit);

/* Locked: starts emission at the free end of the cache. */
void cache_begin(Emit *e);

/*
 * Locked: makes the unit just emitted findable for the fpcr mode; where the first tier has the
 * same entries, the second takes their place and the old units are forgotten.
 * Returns it; NULL when there is no room for its records (the caller flushes and retries).
 */
Unit *cache_commit(Emit *e, const IrUnit *u, uint32_t mode, unsigned tier);

/* Locked: forgets everything; waits until no other thread is inside translated code. */
void cache_flush(CpuState *self);

/* Locked: links exit slot n to the host address, so that it no longer comes to C. */
void cache_link(uint32_t n, Unit *to, uint64_t host);
Slot *cache_slot(uint32_t n);

/* Locked: counts flushes; a slot number is good only while this stays the same. */
uint32_t cache_generation(void);

/* Bytes of translated code, the stubs included. */
uint64_t cache_used(void);

/* Takes the lock: forgets the units that hold guest bytes of [start, end). */
void cache_invalidate(uint64_t start, uint64_t end);

/* The same, and then(start, end) before anything can be translated again. */
void cache_invalidate_then(uint64_t start, uint64_t end, void (*then)(uint64_t, uint64_t));

/* The unit whose host code holds this executable address; NULL. Safe in the fault handler. */
Unit *cache_unit_at(uint64_t host_pc);
bool cache_owns(uint64_t host_pc);

/* The map entry for a host offset in the unit (last_before: or the last before it), or NULL. */
const PcMapEntry *cache_map_at(const Unit *unit, uint32_t offset, bool last_before);

void cache_before_fork(void);
void cache_after_fork(bool in_child);

#endif
