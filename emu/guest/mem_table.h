/*
 * The ordered table of guest areas and the marks of watched code pages; internal to
 * emu/guest/mem_*.c.
 *
 * Two locks. mem_change_lock is held by whoever changes mappings, until hooks.code_gone has
 * returned: nobody can map new code where translations of old code still exist. mem_lock is
 * inside it and guards the table, the watch marks and the host protections; it is never held
 * while a hook runs, so the translator may ask (mem_executable, mem_watch_code) with its own
 * lock held. Order: mem_change_lock, the translator's locks, mem_lock.
 */
#ifndef EMU_GUEST_MEM_TABLE_H
#define EMU_GUEST_MEM_TABLE_H

#include "emu/base/lock.h"
#include "emu/guest/mem.h"

extern Lock mem_change_lock, mem_lock;

typedef struct AreaTable {
    MemArea *base;
    size_t count, capacity;
    size_t gap; /* the unused entries lie before the entry of this index */
} AreaTable;

extern AreaTable areas;

/* The area of index i, 0..count-1: sorted by address, never overlapping. */
static inline MemArea *area_at(size_t i)
{
    return &areas.base[i < areas.gap ? i : i + (areas.capacity - areas.count)];
}

/* All functions below: mem_lock is held. */

/* Index of the first area that ends above addr (it may begin above addr); count if none. */
size_t areas_find(uint64_t addr);

/* True when no area overlaps [start, end). */
bool areas_free(uint64_t start, uint64_t end);

/* True when areas cover [start, end) without a hole; else *hole = first address not covered. */
bool areas_cover(uint64_t start, uint64_t end, uint64_t *hole);

/* Forgets [start, end); areas that stick out are cut. */
void areas_remove(uint64_t start, uint64_t end);

/* Records an area whose range is free; merges it with neighbours as the kernel would. */
void areas_insert(const MemArea *area);

/* The part of `area` within [start, end), with the file offset adjusted. */
MemArea areas_part(const MemArea *area, uint64_t start, uint64_t end);

/* The hull of all executable areas in [start, end); false when there is none. */
bool areas_code_hull(uint64_t start, uint64_t end, uint64_t *from, uint64_t *to);

/* Whether the guest's limits allow `more` to be mapped in the place of all that it overlaps. */
bool areas_may_map(const MemArea *more);

/* There are or were areas that the kernel makes larger when the program touches what is below. */
extern bool areas_grow;

/* Gives them the size that they have now. */
void areas_follow_growth_now(void);

static inline void areas_follow_growth(void)
{
    if (__builtin_expect(areas_grow, 0))
        areas_follow_growth_now();
}

/* A copy of name that lives forever; equal names share one. */
const char *areas_intern(const char *name);

/* The host protection for a guest protection: no execute; execute-only is readable. */
int mem_host_prot(int guest_prot);

/* Gives all watched pages in [start, end) their host protection back and forgets them. */
void mem_unwatch(uint64_t start, uint64_t end);

static inline uint64_t mem_untag(uint64_t addr)
{
    return (uint64_t)((int64_t)(addr << 8) >> 8);
}

#endif
