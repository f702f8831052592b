/*
 * The emulator's heap. Small sizes come from free lists, one per size class, that are filled
 * from 1 MiB chunks; large ones are mappings of their own. The invariant: every byte lies in
 * [ALLOC_START, ALLOC_END), and a block that is handed out is zero.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "emu/base/alloc.h"
#include "emu/base/check.h"
#include "emu/base/lock.h"
#include "emu/base/sys.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Above the emulator's image, below where the kernel puts its own mappings. */
#define ALLOC_START 0x610000000000ull
#define ALLOC_END 0x6e0000000000ull

#define CHUNK_SIZE (1ul << 20)
#define SMALL_MAX 32768u /* larger blocks are mapped */
#define CLASS_COUNT 40

typedef struct FreeBlock {
    struct FreeBlock *next;
} FreeBlock;

static Lock lock;
static uint64_t next_address = ALLOC_START; /* where the next mapping is tried */
static FreeBlock *free_lists[CLASS_COUNT];
static char *chunk, *chunk_end; /* the part of the current chunk not yet handed out */

/* Four classes per power of two: 16 32 48 64, 80 96 112 128, 160 ... 32768. */
static unsigned size_class(size_t size, size_t *rounded)
{
    if (size <= 64) {
        unsigned units = size ? (unsigned)(size + 15) / 16 : 1;
        *rounded = units * 16;
        return units - 1;
    }
    unsigned log = 63 - __builtin_clzl(size - 1); /* 2^log < size <= 2^(log+1) */
    size_t step = 1ul << (log - 2);
    unsigned quarter = (unsigned)((size - 1 - (1ul << log)) / step);
    *rounded = (1ul << log) + (quarter + 1) * step;
    return 4 + (log - 6) * 4 + quarter;
}

/* Maps size bytes (whole pages) somewhere in our range, or -errno; the lock is held. */
static int64_t try_map_pages(size_t size, int prot)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
    uint64_t step = ALIGN_UP(size, CHUNK_SIZE);

    for (int wraps = 0; wraps < 2;) {
        if (next_address + size > ALLOC_END || next_address + size < next_address) {
            next_address = ALLOC_START;
            wraps++;
            step = ALIGN_UP(size, CHUNK_SIZE);
            continue;
        }
        int64_t got = sys(SYS_mmap, next_address, size, prot, flags, -1, 0);
        if ((uint64_t)got == next_address) {
            next_address += size + PAGE_SIZE_4K; /* the page between catches overruns */
            return got;
        }
        if (!sys_failed(got))
            sys(SYS_munmap, got, size); /* a kernel before 4.17 takes the address as a hint */
        else if (got != -EEXIST)
            return got;
        next_address += step;
        step *= 2; /* a large foreign mapping is passed quickly */
    }
    return -EEXIST; /* nowhere is room */
}

static void *map_pages(size_t size, int prot)
{
    int64_t got = try_map_pages(size, prot);

    if (sys_failed(got))
        die(1, "cannot map %zu bytes of memory: %s", size, strerror((int)-got));
    return (void *)got;
}

void *alloc_pages(size_t size, int prot)
{
    lock_take(&lock);
    void *p = map_pages(ALIGN_UP(size, PAGE_SIZE_4K), prot);
    lock_release(&lock);
    return p;
}

void *alloc_try_pages(size_t size, int prot)
{
    lock_take(&lock);
    int64_t got = try_map_pages(ALIGN_UP(size, PAGE_SIZE_4K), prot);
    lock_release(&lock);
    return sys_failed(got) ? NULL : (void *)got;
}

void alloc_free_pages(void *p, size_t size)
{
    size = ALIGN_UP(size, PAGE_SIZE_4K);
    lock_take(&lock);
    sys(SYS_munmap, p, size);
    if ((uint64_t)p + size + PAGE_SIZE_4K == next_address)
        next_address = (uint64_t)p; /* stacks come and go: use the same addresses again */
    lock_release(&lock);
}

static void populate(void *p, size_t size, int advice)
{
    uint64_t start = ALIGN_DOWN((uint64_t)p, PAGE_SIZE_4K);
    uint64_t end = ALIGN_UP((uint64_t)p + size, PAGE_SIZE_4K);

    if (size)
        sys(SYS_madvise, start, end - start, advice);
}

void alloc_populate(void *p, size_t size)
{
    enum { POPULATE_WRITE = 23 };
    populate(p, size, POPULATE_WRITE);
}

void alloc_populate_read(void *p, size_t size)
{
    enum { POPULATE_READ = 22 };
    populate(p, size, POPULATE_READ);
}

/* A zeroed block of exactly this class size; the lock is held. */
static void *small_get(unsigned class, size_t size)
{
    FreeBlock *block = free_lists[class];

    if (block) {
        free_lists[class] = block->next;
        return memset(block, 0, size);
    }
    if ((size_t)(chunk_end - chunk) < size) {
        chunk = map_pages(CHUNK_SIZE, PROT_READ | PROT_WRITE);
        chunk_end = chunk + CHUNK_SIZE;
    }
    void *p = chunk;
    chunk += size;
    return p;
}

void *alloc_get(size_t size)
{
    size_t rounded;

    if (size > SMALL_MAX)
        return alloc_pages(size, PROT_READ | PROT_WRITE);
    unsigned class = size_class(size, &rounded);
    lock_take(&lock);
    void *p = small_get(class, rounded);
    lock_release(&lock);
    return p;
}

void alloc_free(void *p, size_t size)
{
    size_t rounded;

    if (!p)
        return;
    if (size > SMALL_MAX) {
        alloc_free_pages(p, size);
        return;
    }
    unsigned class = size_class(size, &rounded);
    FreeBlock *block = p;
    lock_take(&lock);
    block->next = free_lists[class];
    free_lists[class] = block;
    lock_release(&lock);
}

void *alloc_grow(void *p, size_t old_size, size_t new_size)
{
    void *to = alloc_get(new_size);

    if (p) {
        memcpy(to, p, old_size < new_size ? old_size : new_size);
        alloc_free(p, old_size);
    }
    return to;
}

void alloc_before_fork(void)
{
    lock_take(&lock);
}

void alloc_after_fork(void)
{
    lock_release(&lock);
}
