/*
 * The ordered table of guest areas: a sorted array with binary search, whose unused entries
 * lie where the last change was (a gap buffer), because changes come in clusters. The
 * invariant: areas do not overlap, and no two neighbours could be one.
 */
#include <string.h>
#include <sys/mman.h>
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/guest/mem_table.h"

Lock mem_change_lock, mem_lock;
AreaTable areas;
uint32_t mem_removals;

typedef struct Name {
    struct Name *next;
    char text[];
} Name;

static Name *names;

const char *areas_intern(const char *name)
{
    for (Name *n = names; n; n = n->next)
        if (strcmp(n->text, name) == 0)
            return n->text;
    size_t len = strlen(name) + 1;
    Name *n = alloc_get(sizeof *n + len);
    memcpy(n->text, name, len);
    n->next = names;
    names = n;
    return n->text;
}

size_t areas_find(uint64_t addr)
{
    size_t low = 0, high = areas.count;

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (area_at(mid)->end > addr)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

bool areas_free(uint64_t start, uint64_t end)
{
    size_t i = areas_find(start);

    return i == areas.count || area_at(i)->start >= end;
}

bool areas_cover(uint64_t start, uint64_t end, uint64_t *hole)
{
    for (size_t i = areas_find(start); start < end; i++) {
        if (i == areas.count || area_at(i)->start > start) {
            *hole = start;
            return false;
        }
        start = area_at(i)->end;
    }
    return true;
}

MemArea areas_part(const MemArea *area, uint64_t start, uint64_t end)
{
    MemArea part = *area;

    if (start > part.start) {
        part.offset += start - part.start;
        part.start = start;
    }
    if (end < part.end)
        part.end = end;
    return part;
}

bool areas_code_hull(uint64_t start, uint64_t end, uint64_t *from, uint64_t *to)
{
    bool found = false;

    for (size_t i = areas_find(start); i < areas.count && area_at(i)->start < end; i++) {
        MemArea part = areas_part(area_at(i), start, end);
        if (!(part.prot & PROT_EXEC))
            continue;
        if (!found)
            *from = part.start;
        *to = part.end;
        found = true;
    }
    return found;
}

uint64_t mem_limit_total = UINT64_MAX, mem_limit_data = UINT64_MAX;

#define STACK_AT_FIRST (132ull << 10) /* what the kernel gives a stack before it grows */

/* The main stack is mapped whole, but counts as one that has not grown. */
static uint64_t counted(const MemArea *area)
{
    uint64_t size = area->end - area->start;

    return (area->flags & MAP_GROWSDOWN) && area->name && size > STACK_AT_FIRST ? STACK_AT_FIRST
                                                                                : size;
}

static bool is_data(const MemArea *area)
{
    return (area->prot & PROT_WRITE) && !(area->flags & (MAP_SHARED | MAP_GROWSDOWN));
}

bool areas_may_map(const MemArea *more)
{
    uint64_t most = __atomic_load_n(&mem_limit_total, __ATOMIC_RELAXED);
    uint64_t most_data = __atomic_load_n(&mem_limit_data, __ATOMIC_RELAXED);

    if (most == UINT64_MAX && most_data == UINT64_MAX)
        return true;
    uint64_t total = more->end - more->start, data = is_data(more) ? total : 0;
    uint64_t old = 0, old_data = 0;
    for (size_t i = 0; i < areas.count; i++) {
        MemArea *area = area_at(i);
        uint64_t size = counted(area);
        if (area->start < more->end && more->start < area->end) {
            MemArea part = areas_part(area, more->start, more->end);
            uint64_t gone = part.end - part.start < size ? part.end - part.start : size;
            old += gone;
            old_data += is_data(area) ? gone : 0;
        }
        total += size;
        data += is_data(area) ? size : 0;
    }
    /* what takes the place of as much is no growth, whatever the limit is now */
    return (total - old <= most || more->end - more->start <= old) &&
           (data - old_data <= most_data || !is_data(more) ||
            more->end - more->start <= old_data);
}

uint64_t mem_total_mapped(void)
{
    uint64_t total = 0;

    lock_take(&mem_lock);
    for (size_t i = 0; i < areas.count; i++)
        total += area_at(i)->end - area_at(i)->start;
    lock_release(&mem_lock);
    return total;
}

bool areas_grow;

static bool is_mapped(uint64_t page)
{
    return sys(SYS_msync, page, PAGE_SIZE_4K, MS_ASYNC) == 0;
}

/* The main stack is mapped whole and does not grow; what grew is one piece with the area. */
void areas_follow_growth_now(void)
{
    for (size_t i = 0; i < areas.count; i++) {
        MemArea *area = area_at(i);
        uint64_t floor = i ? area_at(i - 1)->end : 0;
        if (!(area->flags & MAP_GROWSDOWN) || area->name)
            continue;
        while (area->start > floor && is_mapped(area->start - PAGE_SIZE_4K))
            area->start -= PAGE_SIZE_4K;
    }
}

/* Moves the unused entries so that they lie before the entry of index to. */
static void move_gap(size_t to)
{
    size_t unused = areas.capacity - areas.count;

    for (; areas.gap > to; areas.gap--)
        areas.base[areas.gap - 1 + unused] = areas.base[areas.gap - 1];
    for (; areas.gap < to; areas.gap++)
        areas.base[areas.gap] = areas.base[areas.gap + unused];
}

/* Makes room for one entry of index at. */
static void open_entry(size_t at)
{
    if (areas.count == areas.capacity) {
        size_t capacity = areas.capacity ? areas.capacity * 2 : 256;
        move_gap(areas.count);
        areas.base = alloc_grow(areas.base, areas.capacity * sizeof(MemArea),
                                capacity * sizeof(MemArea));
        areas.capacity = capacity;
    }
    move_gap(at);
    areas.gap++;
    areas.count++;
}

/* Drops the n entries from index at. */
static void close_entries(size_t at, size_t n)
{
    move_gap(areas.gap < at ? at : areas.gap > at + n ? at + n : areas.gap);
    areas.gap = at;
    areas.count -= n;
}

void areas_remove(uint64_t start, uint64_t end)
{
    size_t i = areas_find(start);

    if (i == areas.count || area_at(i)->start >= end)
        return;
    __atomic_store_n(&mem_removals, mem_removals + 1, __ATOMIC_RELAXED);
    if (area_at(i)->start < start) {
        MemArea *area = area_at(i);
        if (area->end > end) { /* a hole in the middle of one area */
            MemArea upper = areas_part(area, end, area->end);
            area->end = start;
            open_entry(i + 1);
            *area_at(i + 1) = upper;
            return;
        }
        area->end = start;
        i++;
    }
    size_t last = i;
    while (last < areas.count && area_at(last)->end <= end)
        last++;
    if (last > i)
        close_entries(i, last - i);
    if (i < areas.count && area_at(i)->start < end)
        *area_at(i) = areas_part(area_at(i), end, area_at(i)->end);
}

static bool mergeable(const MemArea *low, const MemArea *high)
{
    if (low->end != high->start || low->prot != high->prot || low->flags != high->flags ||
        low->name != high->name || low->dev != high->dev || low->ino != high->ino)
        return false;
    /* Private anonymous memory has no offsets that could disagree. */
    return !low->ino || low->offset + (low->end - low->start) == high->offset;
}

void areas_insert(const MemArea *area)
{
    size_t i = areas_find(area->start);

    DCHECK(area->start < area->end, "an area is not empty");
    CHECK(i == areas.count || area_at(i)->start >= area->end, "areas never overlap");
    bool low = i > 0 && mergeable(area_at(i - 1), area);
    bool high = i < areas.count && mergeable(area, area_at(i));
    if (low && high) {
        area_at(i - 1)->end = area_at(i)->end;
        close_entries(i, 1);
    } else if (low) {
        area_at(i - 1)->end = area->end;
    } else if (high) {
        area_at(i)->start = area->start;
        area_at(i)->offset = area->offset;
    } else {
        open_entry(i);
        *area_at(i) = *area;
    }
}

bool mem_find_next(uint64_t addr, MemArea *out)
{
    lock_take(&mem_lock);
    areas_follow_growth();
    size_t i = areas_find(mem_untag(addr));
    bool found = i < areas.count;
    if (found)
        *out = *area_at(i);
    lock_release(&mem_lock);
    return found;
}

bool mem_find(uint64_t addr, MemArea *out)
{
    return mem_find_next(addr, out) && out->start <= mem_untag(addr);
}

bool mem_executable(uint64_t pc, uint64_t len)
{
    bool ok = mem_range_ok(pc, len);
    uint64_t end = pc + len;

    lock_take(&mem_lock);
    for (size_t i = ok ? areas_find(pc) : 0; ok && pc < end; i++) {
        ok = i < areas.count && area_at(i)->start <= pc && (area_at(i)->prot & PROT_EXEC);
        pc = ok ? area_at(i)->end : pc;
    }
    lock_release(&mem_lock);
    return ok;
}

bool mem_exec_find(MemExec *e, uint64_t pc)
{
    lock_take(&mem_lock);
    size_t i = areas_find(pc);
    bool ok = i < areas.count && area_at(i)->start <= pc && (area_at(i)->prot & PROT_EXEC);
    if (ok)
        *e = (MemExec){.start = area_at(i)->start, .size = area_at(i)->end - area_at(i)->start,
                       .removals = mem_removals,
                       .writable = (area_at(i)->prot & PROT_WRITE) != 0};
    lock_release(&mem_lock);
    return ok;
}

void mem_set_name(uint64_t addr, const char *name)
{
    lock_take(&mem_lock);
    size_t i = areas_find(addr);
    if (i < areas.count && area_at(i)->start <= addr)
        area_at(i)->name = areas_intern(name);
    lock_release(&mem_lock);
}

void mem_set_stack(uint64_t addr)
{
    lock_take(&mem_lock);
    size_t i = areas_find(addr);
    if (i < areas.count && area_at(i)->start <= addr) {
        area_at(i)->name = areas_intern("[stack]");
        area_at(i)->flags |= MAP_GROWSDOWN;
    }
    lock_release(&mem_lock);
}

void mem_before_fork_changes(void)
{
    lock_take(&mem_change_lock);
}

void mem_before_fork(void)
{
    lock_take(&mem_lock);
}

void mem_after_fork(void)
{
    lock_release(&mem_lock);
}

void mem_after_fork_changes(void)
{
    lock_release(&mem_change_lock);
}
