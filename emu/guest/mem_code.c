/*
 * The net for self-modifying code: pages that are writable and executable at once and hold
 * translated code lose host write permission until they are written. The invariant: a page is
 * marked exactly when its host protection lacks the write permission that the guest has.
 */
#include <errno.h>
#include <sys/mman.h>
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem_table.h"

/* One leaf marks the pages of 1 GiB, one bit each. */
#define LEAF_SHIFT 30
#define LEAF_WORDS (BIT(LEAF_SHIFT - 12) / 64)

typedef struct WatchLeaf {
    uint64_t word[LEAF_WORDS];
} WatchLeaf;

static WatchLeaf *leaves[GUEST_LIMIT >> LEAF_SHIFT];
uint32_t mem_watched_pages;

int mem_host_prot(int guest_prot)
{
    if ((guest_prot & PROT_EXEC) && !(guest_prot & PROT_READ))
        guest_prot |= PROT_READ; /* translation and literal loads read it */
    return guest_prot & ~PROT_EXEC;
}

static void tell_code_gone(uint64_t start, uint64_t end)
{
    if (hooks.code_gone && start < end)
        hooks.code_gone(start, end);
}

static bool watched(uint64_t page)
{
    WatchLeaf *leaf = leaves[page >> LEAF_SHIFT];

    return leaf && (leaf->word[(page >> 18) % LEAF_WORDS] >> (page >> 12) % 64 & 1);
}

static void set_watched(uint64_t page, bool on)
{
    WatchLeaf **leaf = &leaves[page >> LEAF_SHIFT];
    uint64_t bit = BIT((page >> 12) % 64);

    if (!*leaf)
        *leaf = alloc_get(sizeof **leaf);
    uint64_t *word = &(*leaf)->word[(page >> 18) % LEAF_WORDS];
    *word = on ? *word | bit : *word & ~bit;
    __atomic_fetch_add(&mem_watched_pages, on ? 1 : -1, __ATOMIC_RELAXED);
}

/* The next watched page in [page, end), or end. */
static uint64_t next_watched(uint64_t page, uint64_t end)
{
    while (page < end) {
        WatchLeaf *leaf = leaves[page >> LEAF_SHIFT];
        if (!leaf) {
            page = ALIGN_DOWN(page, BIT(LEAF_SHIFT)) + BIT(LEAF_SHIFT);
            continue;
        }
        uint64_t word = leaf->word[(page >> 18) % LEAF_WORDS] >> (page >> 12) % 64;
        if (word) {
            page += (uint64_t)__builtin_ctzl(word) << 12;
            break;
        }
        page = ALIGN_DOWN(page, BIT(18)) + BIT(18);
    }
    return page < end ? page : end;
}

void mem_unwatch(uint64_t start, uint64_t end)
{
    if (!mem_watched_pages)
        return;
    uint64_t page = next_watched(start, end);
    while (page < end) {
        uint64_t run = page;
        size_t i = areas_find(page);
        CHECK(i < areas.count && area_at(i)->start <= page, "a watched page is mapped");
        for (; run < end && run < area_at(i)->end && watched(run); run += PAGE_SIZE_4K)
            set_watched(run, false);
        sys(SYS_mprotect, page, run - page, mem_host_prot(area_at(i)->prot));
        page = next_watched(run, end);
    }
}

void mem_watch_code(uint64_t start, uint64_t end)
{
    start = ALIGN_DOWN(start, PAGE_SIZE_4K);
    end = ALIGN_UP(end, PAGE_SIZE_4K);
    lock_take(&mem_lock);
    for (size_t i = areas_find(start); i < areas.count && area_at(i)->start < end; i++) {
        MemArea part = areas_part(area_at(i), start, end);
        if (!(part.prot & PROT_EXEC) || !(part.prot & PROT_WRITE))
            continue;
        for (uint64_t page = part.start; page < part.end; page += PAGE_SIZE_4K) {
            if (watched(page))
                continue;
            int prot = mem_host_prot(part.prot) & ~PROT_WRITE;
            if (!sys_failed(sys(SYS_mprotect, page, PAGE_SIZE_4K, prot)))
                set_watched(page, true);
        }
    }
    lock_release(&mem_lock);
}

/*
 * A fault on a page that is not watched (any more): another thread may have been here first.
 * The kernel knows whether a write works now.
 */
static bool write_works(uint64_t page)
{
    enum { POPULATE_WRITE = 23 };
    int64_t ret = sys(SYS_madvise, page, PAGE_SIZE_4K, POPULATE_WRITE);

    return ret == 0 || ret == -EINVAL; /* before 5.14: try the access again */
}

static void unwatch_locked(uint64_t start, uint64_t end)
{
    lock_take(&mem_lock);
    mem_unwatch(start, end);
    lock_release(&mem_lock);
}

/*
 * Opens watched pages to a write. Their translations go first, and none may be made between:
 * another thread could write unseen and then run what was there before.
 */
static void open_watched(uint64_t start, uint64_t end)
{
    if (hooks.code_opens) {
        hooks.code_opens(start, end, unwatch_locked);
    } else {
        tell_code_gone(start, end);
        unwatch_locked(start, end);
    }
}

bool mem_code_write_fault(uint64_t addr)
{
    uint64_t page = ALIGN_DOWN(mem_untag(addr), PAGE_SIZE_4K);

    if (!mem_range_ok(page, PAGE_SIZE_4K))
        return false;
    lock_take(&mem_lock);
    size_t i = areas_find(page);
    int need = PROT_WRITE | PROT_EXEC;
    bool ours = i < areas.count && area_at(i)->start <= page &&
                (area_at(i)->prot & need) == need;
    bool was_watched = ours && watched(page);
    lock_release(&mem_lock);
    if (was_watched) {
        open_watched(page, page + PAGE_SIZE_4K);
        return true;
    }
    return ours && write_works(page);
}

bool mem_unwatch_for_write(uint64_t addr, uint64_t len)
{
    addr = mem_untag(addr);
    if (!len || addr >= GUEST_LIMIT)
        return false;
    if (len > GUEST_LIMIT - addr)
        len = GUEST_LIMIT - addr;
    uint64_t end = ALIGN_UP(addr + len, PAGE_SIZE_4K);
    addr = ALIGN_DOWN(addr, PAGE_SIZE_4K);
    lock_take(&mem_lock);
    uint64_t first = next_watched(addr, end);
    lock_release(&mem_lock);
    if (first < end)
        open_watched(first, end);
    return first < end;
}

/* The next executable alias of `from`'s bytes at index *i or above; false at the table's end. */
static bool next_alias(const MemArea *from, size_t *i, uint64_t *start, uint64_t *end)
{
    uint64_t low = from->offset, high = low + (from->end - from->start);

    for (; *i < areas.count; ++*i) {
        MemArea *area = area_at(*i);
        uint64_t area_high = area->offset + (area->end - area->start);
        if (!(area->prot & PROT_EXEC) || !(area->flags & MAP_SHARED) || area->dev != from->dev ||
            area->ino != from->ino || area->offset >= high || area_high <= low)
            continue;
        *start = area->start + (low > area->offset ? low - area->offset : 0);
        *end = area->end - (area_high > high ? area_high - high : 0);
        ++*i;
        return true;
    }
    return false;
}

void mem_code_changed(uint64_t start, uint64_t end)
{
    uint64_t from, to;

    tell_code_gone(start, end);
    while (start < end) {
        lock_take(&mem_lock);
        size_t i = areas_find(start), next = 0;
        if (i == areas.count || area_at(i)->start >= end) {
            lock_release(&mem_lock);
            return;
        }
        MemArea part = areas_part(area_at(i), start, end);
        bool shared = (part.flags & MAP_SHARED) && part.ino;
        while (shared && next_alias(&part, &next, &from, &to)) {
            lock_release(&mem_lock);
            if (from != part.start)
                tell_code_gone(from, to);
            lock_take(&mem_lock);
        }
        lock_release(&mem_lock);
        start = part.end;
    }
}
