/*
 * Memory of the emulator that lives beside the guest: own mappings at high fixed addresses,
 * never musl's malloc (whose locks do not know of our threads). Thread-safe.
 */
#ifndef EMU_BASE_ALLOC_H
#define EMU_BASE_ALLOC_H

#include "emu/base/types.h"

/* The emulator's own address range: its image, and all that it maps. Guests never map here. */
#define HOST_RANGE_START 0x600000000000ull

/* Zeroed memory; dies when the host has none. alloc_free takes the same size. */
void *alloc_get(size_t size);
void alloc_free(void *p, size_t size);
void *alloc_grow(void *p, size_t old_size, size_t new_size);

/* Whole pages mapped inside the emulator's range (rounded up to 4 KiB); prot as for mmap. */
void *alloc_pages(size_t size, int prot);
void *alloc_try_pages(size_t size, int prot); /* NULL: the host has none */
void alloc_free_pages(void *p, size_t size);

/*
 * Makes the pages of [p, p+size) present, which is much cheaper than a fault for each. For what
 * will be used soon; size may be 0, and a host that cannot do it (before 5.14) leaves the faults.
 */
void alloc_populate(void *p, size_t size);

/* The same for a mapping of pages that are present elsewhere and are only read here. */
void alloc_populate_read(void *p, size_t size);

/* Held by the forking thread around fork, so that the child finds the allocator consistent. */
void alloc_before_fork(void);
void alloc_after_fork(void);

#endif
