/* What cache.c and link.c share: the one Cache, guarded by its lock. */
#ifndef TCG_LITE_CACHE_INTERNAL_H
#define TCG_LITE_CACHE_INTERNAL_H

#include "emu/base/lock.h"
#include "tcg-lite/cache/cache.h"

#define RECORD_CHUNK (256u << 10)
#define SLOT_MAX (1u << 20)
#define UNIT_MAX (1u << 19)
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
    uint32_t slot_count;
    Unit **by_host;
    uint32_t unit_count;       /* atomic: read by the fault handler */
    Unit *units;
    FindEntry *find;
    size_t find_size, find_used;
    PageLink *page[PAGE_BUCKETS];
    uint64_t low_pc, high_pc;  /* bounds of all translated guest pages */
    uint32_t generation;
    bool flushing;             /* a flush waits with the lock open: nobody may enter or translate */
    uint8_t *fork_write, *fork_exec; /* the copy for a child, while forking */
} Cache;

extern Cache cache;

void cache_reset_records(void);
void cache_forget_entries(Unit *unit);
void cache_forget(Unit *unit);

#endif
