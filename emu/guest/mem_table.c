/*
 * The ordered table of guest areas: a sorted array with binary search. The invariant: areas
 * do not overlap, and no two neighbours could be one.
 */
#include <string.h>
#include <sys/mman.h>
#include "emu/base/check.h"
#include "emu/guest/mem_table.h"

Lock mem_change_lock, mem_lock;
AreaTable areas;

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
        if (areas.area[mid].end > addr)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

bool areas_free(uint64_t start, uint64_t end)
{
    size_t i = areas_find(start);

    return i == areas.count || areas.area[i].start >= end;
}

bool areas_cover(uint64_t start, uint64_t end, uint64_t *hole)
{
    for (size_t i = areas_find(start); start < end; i++) {
        if (i == areas.count || areas.area[i].start > start) {
            *hole = start;
            return false;
        }
        start = areas.area[i].end;
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

    for (size_t i = areas_find(start); i < areas.count && areas.area[i].start < end; i++) {
        MemArea part = areas_part(&areas.area[i], start, end);
        if (!(part.prot & PROT_EXEC))
            continue;
        if (!found)
            *from = part.start;
        *to = part.end;
        found = true;
    }
    return found;
}

/* Opens a gap of n entries at index at (n may be negative: closes one). */
static void shift(size_t at, int n)
{
    if (areas.count + n > areas.capacity) {
        size_t capacity = areas.capacity ? areas.capacity * 2 : 256;
        areas.area = alloc_grow(areas.area, areas.capacity * sizeof(MemArea),
                                capacity * sizeof(MemArea));
        areas.capacity = capacity;
    }
    size_t from = n < 0 ? at - n : at;
    memmove(&areas.area[from + n], &areas.area[from], (areas.count - from) * sizeof(MemArea));
    areas.count += n;
}

void areas_remove(uint64_t start, uint64_t end)
{
    size_t i = areas_find(start);

    if (i == areas.count || areas.area[i].start >= end)
        return;
    if (areas.area[i].start < start) {
        MemArea *area = &areas.area[i];
        if (area->end > end) { /* a hole in the middle of one area */
            MemArea upper = areas_part(area, end, area->end);
            area->end = start;
            shift(i + 1, 1);
            areas.area[i + 1] = upper;
            return;
        }
        area->end = start;
        i++;
    }
    size_t last = i;
    while (last < areas.count && areas.area[last].end <= end)
        last++;
    if (last > i)
        shift(i, -(int)(last - i));
    if (i < areas.count && areas.area[i].start < end)
        areas.area[i] = areas_part(&areas.area[i], end, areas.area[i].end);
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
    CHECK(i == areas.count || areas.area[i].start >= area->end, "areas never overlap");
    bool low = i > 0 && mergeable(&areas.area[i - 1], area);
    bool high = i < areas.count && mergeable(area, &areas.area[i]);
    if (low && high) {
        areas.area[i - 1].end = areas.area[i].end;
        shift(i, -1);
    } else if (low) {
        areas.area[i - 1].end = area->end;
    } else if (high) {
        areas.area[i].start = area->start;
        areas.area[i].offset = area->offset;
    } else {
        shift(i, 1);
        areas.area[i] = *area;
    }
}

bool mem_find_next(uint64_t addr, MemArea *out)
{
    lock_take(&mem_lock);
    size_t i = areas_find(mem_untag(addr));
    bool found = i < areas.count;
    if (found)
        *out = areas.area[i];
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

    lock_take(&mem_lock);
    size_t i = areas_find(pc);
    for (uint64_t at = pc; ok && at < pc + len; at = areas.area[i++].end)
        ok = i < areas.count && areas.area[i].start <= at && (areas.area[i].prot & PROT_EXEC);
    lock_release(&mem_lock);
    return ok;
}

void mem_set_name(uint64_t addr, const char *name)
{
    lock_take(&mem_lock);
    size_t i = areas_find(addr);
    if (i < areas.count && areas.area[i].start <= addr)
        areas.area[i].name = areas_intern(name);
    lock_release(&mem_lock);
}

void mem_set_stack(uint64_t addr)
{
    lock_take(&mem_lock);
    size_t i = areas_find(addr);
    if (i < areas.count && areas.area[i].start <= addr) {
        areas.area[i].name = areas_intern("[stack]");
        areas.area[i].flags |= MAP_GROWSDOWN;
    }
    lock_release(&mem_lock);
}

void mem_before_fork(void)
{
    lock_take(&mem_change_lock);
    lock_take(&mem_lock);
}

void mem_after_fork(void)
{
    lock_release(&mem_lock);
    lock_release(&mem_change_lock);
}
