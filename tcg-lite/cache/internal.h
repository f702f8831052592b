/* What cache.c and link.c share: the one Cache, guarded by its lock. */
#ifndef TCG_LITE_CACHE_INTERNAL_H
#define TCG_LITE_CACHE_INTERNAL_H

#include "emu/base/lock.h"
#include "tcg-lite/cache/cache.h"

#define RECORD_CHUNK (256u << 10)
#define CACHE_MIN_SIZE (1u << 20) /* one unit and the stubs always fit */
#define BYTES_PER_SLOT 64         /* of the cache: how many slots and units there can be */
#define BYTES_PER_UNIT 128
#define PAGE_BUCKETS 4096

typedef struct FindEntry {
    uint64_t key;  /* 0: never used */
    uint64_t host; /* 0: forgotten */
    Unit *unit;
} FindEntry;

typedef struct PageLink {
    uint64_t page;
    Unit *unit;
    struct PageLink *next;
} PageLink;

/* A part of the views that units fill from its beginning. Offsets; page-aligned but for pos. */
typedef struct CodeArea {
    uint64_t first, pos, end; /* pos: the free rest */
    uint64_t present;         /* up to where pages were made present ahead of use */
} CodeArea;

/* The same memory twice. Before it is mapped: where (0: anywhere). */
typedef struct Views {
    uint8_t *write, *exec;
    bool fixed; /* replaces what is mapped at both addresses; both are given */
} Views;

typedef struct Cache {
    Lock lock;
    uint8_t *write, *exec;     /* the views */
    uint64_t size;
    CodeArea hot, cold;        /* apart, so that what runs lies close together; cold is above */
    uint64_t chunk_present;    /* made present ahead of use: bytes of the last chunk, */
    uint64_t slots_present;    /* of the slots */
    void *chunk[2048];         /* records */
    uint32_t chunk_count, chunks_mapped;
    size_t chunk_used;
    Slot *slots;
    uint32_t slot_count, slot_max, unit_max;
    Unit **by_host;
    uint32_t unit_count;       /* atomic: read by the fault handler */
    Unit *units;
    FindEntry *find;
    size_t find_size, find_used;
    PageLink *page[PAGE_BUCKETS];
    uint64_t low_pc, high_pc;  /* bounds of all translated guest pages */
    uint32_t generation;
    bool flushing;             /* a flush waits with the lock open: nobody may enter or translate */
    Views copy;                /* for a child, while forking; write is NULL when there is none */
} Cache;

extern Cache cache;

/*
 * Maps fresh memory twice, by the first way that the host allows. False, and views unchanged: the
 * host has no such memory. A view that is to be anywhere is found in *views.
 */
bool views_map(Views *views, uint64_t size);
void views_unmap(const Views *views, uint64_t size);

/*
 * Moves the copy's memory to where views are. False: the host refuses, and both may be gone: the
 * caller maps fresh ones there.
 */
bool views_replace(Views *views, const Views *copy, uint64_t size);

void cache_reset_records(void);
void cache_forget_entries(Unit *unit);
void cache_forget(Unit *unit);
void cache_forget_all(void); /* nobody is inside translated code */

#endif
