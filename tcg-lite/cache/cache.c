/*
 * Storage of the code cache: its size, unit records, lookup by guest pc and by host pc, fork.
 * How its memory is mapped is in views.c, linking and forgetting are in link.c.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include "emu/base/alloc.h"
#include "emu/base/check.h"
#include "emu/base/lock.h"
#include "emu/base/sys.h"
#include "tcg-lite/cache/cache.h"
#include "tcg-lite/cache/internal.h"
#include "tcg-lite/ir/passes.h"

Stubs stubs;
RegPlan standard_plan;
Cache cache;

uint32_t fpcr_mode(uint32_t fpcr)
{
    return (fpcr >> 22 & 3) | (fpcr >> 24 & 1) << 2 | (fpcr >> 25 & 1) << 3 |
           (fpcr >> 19 & 1) << 4 | (fpcr >> 26 & 1) << 5 | (fpcr >> 31 & 1) << 6 |
           (fpcr >> 30 & 1) << 7;
}

void cache_lock(void)
{
    lock_take(&cache.lock);
    while (cache.flushing) {
        lock_release(&cache.lock);
        sys(SYS_sched_yield);
        lock_take(&cache.lock);
    }
}

void cache_unlock(void)
{
    lock_release(&cache.lock);
}

/* ---- the two views ---- */

#define WRITE_VIEW_HINT (HOST_RANGE_START + 0x028000000000)
#define EXEC_VIEW_HINT (HOST_RANGE_START + 0x030000000000)

/*
 * What grows is made present in steps ahead of use: see alloc_populate(). *present is where that
 * has come to; true when it goes on, from the old value, to *present.
 */
static bool go_ahead(uint64_t *present, uint64_t need, uint64_t step, uint64_t limit)
{
    if (need <= *present || *present >= limit)
        return false;
    *present = ALIGN_UP(need, step) < limit ? ALIGN_UP(need, step) : limit;
    return true;
}

/* A unit longer than UNIT_USUAL may go beyond what is present, and then faults. */
#define UNIT_USUAL (8u << 10)

static void code_present(CodeArea *area)
{
    uint64_t from = area->present;
    uint64_t step = area->pos - area->first < (1u << 20) ? 32u << 10 : 256u << 10;

    if (go_ahead(&area->present, area->pos + UNIT_USUAL, step, area->end)) {
        alloc_populate(cache.write + from, area->present - from);
        alloc_populate_read(cache.exec + from, area->present - from);
    }
}

static int64_t exec_delta(void)
{
    return cache.exec - cache.write;
}

/* What a limit of this process leaves for something that may take one of so many parts of it. */
static uint64_t part_of_limit(int resource, unsigned parts)
{
    struct rlimit limit;

    if (sys(SYS_prlimit64, 0, resource, NULL, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur / parts;
}

/*
 * The wanted size, as far as it leaves the guest most of what ulimit -v and -d allow: the cache
 * takes twice its size of addresses, as much again while forking, and 13/16 of it for tables.
 */
static uint64_t usual_size(void)
{
    uint64_t size = CACHE_DEFAULT_SIZE;
    uint64_t limit = part_of_limit(RLIMIT_AS, 16), data = part_of_limit(RLIMIT_DATA, 8);

    if (data < limit)
        limit = data;
    while (size > limit && size > CACHE_MIN_SIZE)
        size /= 2;
    return size;
}

/* Maps the views, in half the size as often as the host has not that much. */
static void map_memory(void)
{
    Views v = {.write = (uint8_t *)WRITE_VIEW_HINT, .exec = (uint8_t *)EXEC_VIEW_HINT};
    uint64_t wanted = cache.size;

    while (!views_map(&v, cache.size)) {
        if (cache.size / 2 < CACHE_MIN_SIZE)
            die(1, "allocate %llu bytes for jit buffer: Cannot allocate memory",
                (unsigned long long)wanted);
        cache.size = ALIGN_DOWN(cache.size / 2, PAGE_SIZE_4K);
    }
    cache.write = v.write;
    cache.exec = v.exec;
    cache.slot_max = (uint32_t)(cache.size / BYTES_PER_SLOT);
    cache.unit_max = (uint32_t)(cache.size / BYTES_PER_UNIT);
}

void cache_init(uint64_t bytes, const Helpers *helpers)
{
    cache.size = ALIGN_UP(bytes ? bytes : usual_size(), PAGE_SIZE_4K);
    if (cache.size < CACHE_MIN_SIZE)
        cache.size = CACHE_MIN_SIZE;
    if (cache.size > (1u << 30))
        cache.size = 1u << 30; /* every jump reaches by rel32 */
    map_memory();

    alloc_populate(&cache, sizeof cache);
    ra_standard_plan(&standard_plan, host.avx512vl && passes.plan32);
    uint64_t split = ALIGN_UP(cache.size / 16 * 9, PAGE_SIZE_4K);
    cache.hot = (CodeArea){.end = split};
    cache.cold = (CodeArea){split, split, cache.size, split};
    code_present(&cache.hot);
    Asm a;
    x64_init(&a, cache.write, cache.size, exec_delta());
    emit_stubs(&a, &stubs, &standard_plan, helpers);
    cache.hot.first = cache.hot.pos = ALIGN_UP((uint64_t)(a.p - cache.write), 64);
    cache_reset_records();
}

void cache_begin(Emit *e)
{
    code_present(&cache.hot);
    code_present(&cache.cold);
    x64_init(&e->a, cache.write + cache.hot.pos, cache.hot.end - cache.hot.pos, exec_delta());
    e->cold_at = cache.write + cache.cold.pos;
    e->cold_end = cache.write + cache.cold.end;
    e->slot_base = cache.slot_count;
}

/* ---- records ---- */

/* Records live in chunks that are only freed together. NULL: the host has no memory. */
static void *record(size_t size)
{
    size = ALIGN_UP(size, 16);
    if (cache.chunk_used + size > RECORD_CHUNK) {
        if (cache.chunk_count == COUNTOF(cache.chunk))
            return NULL;
        if (cache.chunk_count == cache.chunks_mapped)
            cache.chunk[cache.chunks_mapped++] =
                alloc_pages(RECORD_CHUNK, PROT_READ | PROT_WRITE);
        cache.chunk_count++;
        cache.chunk_used = cache.chunk_present = 0;
    }
    uint8_t *chunk = cache.chunk[cache.chunk_count - 1];
    void *p = chunk + cache.chunk_used;
    uint64_t from = cache.chunk_present;
    cache.chunk_used += size;
    if (go_ahead(&cache.chunk_present, cache.chunk_used, 32u << 10, RECORD_CHUNK))
        alloc_populate(chunk + from, cache.chunk_present - from);
    return p;
}

void cache_reset_records(void)
{
    cache.chunk_count = 0;
    cache.chunk_used = cache.chunk_present = RECORD_CHUNK;
    cache.slot_count = 0;
    cache.unit_count = 0;
    cache.units = NULL;
    cache.low_pc = ~0ull;
    cache.high_pc = 0;
    memset(cache.page, 0, sizeof cache.page);
    if (!cache.slots) {
        cache.slots = alloc_pages(cache.slot_max * sizeof(Slot), PROT_READ | PROT_WRITE);
        cache.by_host = alloc_pages(cache.unit_max * sizeof(Unit *), PROT_READ | PROT_WRITE);
        cache.find_size = 1 << 12;
        cache.find = alloc_pages(cache.find_size * sizeof(FindEntry), PROT_READ | PROT_WRITE);
        alloc_populate(cache.find, cache.find_size * sizeof(FindEntry));
    } else {
        memset(cache.find, 0, cache.find_size * sizeof(FindEntry));
    }
    cache.find_used = 0;
    cache.generation++;
}

uint32_t cache_generation(void)
{
    return cache.generation;
}

uint64_t cache_used(void)
{
    return cache.hot.pos + (cache.cold.pos - cache.cold.first);
}

/* ---- lookup by guest pc: open addressing, key = pc and mode ---- */

static uint64_t find_key(uint64_t pc, uint32_t mode)
{
    return (pc & low_mask(48)) << 8 | mode << 1 | 1; /* never 0 */
}

static size_t find_start(uint64_t key)
{
    return (size_t)((key >> 8) * 0x9e3779b97f4a7c15ull >> 32) & (cache.find_size - 1);
}

static FindEntry *find_entry(uint64_t key)
{
    size_t n = find_start(key);
    while (cache.find[n].key && cache.find[n].key != key)
        n = (n + 1) & (cache.find_size - 1);
    return &cache.find[n];
}

static void find_grow(void)
{
    FindEntry *old = cache.find;
    size_t old_size = cache.find_size;

    cache.find_size *= 2;
    cache.find = alloc_pages(cache.find_size * sizeof *old, PROT_READ | PROT_WRITE);
    alloc_populate(cache.find, cache.find_size * sizeof *old);
    cache.find_used = 0;
    for (size_t n = 0; n < old_size; n++)
        if (old[n].key && old[n].host) {
            *find_entry(old[n].key) = old[n];
            cache.find_used++;
        }
    alloc_free_pages(old, old_size * sizeof *old);
}

static void find_add(uint64_t pc, uint32_t mode, Unit *unit, uint64_t host)
{
    if (cache.find_used * 2 >= cache.find_size)
        find_grow();
    FindEntry *f = find_entry(find_key(pc, mode));
    if (f->key && f->host && f->unit->tier >= unit->tier)
        return; /* the older unit keeps the entry: jumps to it are linked already */
    if (f->key && f->host)
        cache_forget(f->unit);
    cache.find_used += f->key == 0;
    *f = (FindEntry){find_key(pc, mode), host, unit};
}

uint64_t cache_lookup(uint64_t pc, uint32_t mode, Unit **unit)
{
    FindEntry *f = find_entry(find_key(pc, mode));
    if (!f->key || !f->host)
        return 0;
    if (unit)
        *unit = f->unit;
    return f->host;
}

void cache_forget_entries(Unit *unit)
{
    for (uint32_t n = 0; n < unit->entry_count; n++) {
        FindEntry *f = find_entry(find_key(unit->entry[n].pc, unit->mode));
        if (f->key && f->unit == unit)
            f->host = 0; /* the key stays: it is part of others' probe sequences */
    }
}

/* ---- committing a unit ---- */

static void add_page_links(Unit *unit, uint64_t page)
{
    PageLink *l = record(sizeof *l);
    PageLink **bucket = &cache.page[(page / PAGE_SIZE_4K) % PAGE_BUCKETS];

    CHECK(l, "cache_commit made sure that there is room");
    *l = (PageLink){page, unit, *bucket};
    *bucket = l;
}

/* Links every guest page of the unit to it. */
static void link_pages(Unit *unit, const IrUnit *u)
{
    uint64_t last = ~0ull;

    for (uint32_t n = 0; n < u->guest_count; n++) {
        uint64_t page = ALIGN_DOWN(u->guest[n].pc, PAGE_SIZE_4K);
        if (page == last)
            continue;
        last = page;
        add_page_links(unit, page);
        if (page < cache.low_pc)
            cache.low_pc = page;
        if (page + PAGE_SIZE_4K > cache.high_pc)
            cache.high_pc = page + PAGE_SIZE_4K;
    }
}

static bool room_for_records(const Emit *e, const IrUnit *u)
{
    size_t need = sizeof(Unit) + sizeof(RegPlan) + e->map_count * sizeof(PcMapEntry) +
                  u->guest_count * sizeof(int32_t) +
                  u->block_count * sizeof(UnitEntry) + 64 * sizeof(PageLink) + 256;

    return cache.slot_count + e->exit_count <= cache.slot_max &&
           cache.unit_count < cache.unit_max &&
           cache.chunk_count + need / RECORD_CHUNK + 2 < COUNTOF(cache.chunk);
}

static void add_slots(Unit *unit, const Emit *e, const IrUnit *u)
{
    unit->first_slot = cache.slot_count;
    unit->slot_count = e->exit_count;
    uint64_t from = cache.slots_present, need = cache.slot_count + e->exit_count;
    if (go_ahead(&cache.slots_present, need * sizeof(Slot), 32u << 10,
                 cache.slot_max * sizeof(Slot)))
        alloc_populate((uint8_t *)cache.slots + from, cache.slots_present - from);
    for (uint32_t n = 0; n < e->exit_count; n++)
        cache.slots[cache.slot_count++] = (Slot){
            .target = u->exit[e->exit[n].exit].pc,
            .site = e->a.start + e->exit[n].site,
            .stub = unit->host + e->exit[n].stub,
            .owner = unit,
            .next_incoming = SLOT_NONE,
        };
}

Unit *cache_commit(Emit *e, const IrUnit *u, uint32_t mode, unsigned tier)
{
    if (!room_for_records(e, u))
        return NULL;
    Unit *unit = record(sizeof *unit);
    *unit = (Unit){.pc = u->pc, .mode = mode, .tier = (uint8_t)tier,
                   .plan = e->standard, .incoming = SLOT_NONE,
                   .host = (uint64_t)e->a.start + (uint64_t)e->a.exec_delta,
                   .host_size = (uint32_t)(e->hot_end - e->a.start),
                   .cold = (uint64_t)e->cold_at + (uint64_t)e->a.exec_delta,
                   .cold_size = (uint32_t)(e->a.p - e->cold_at),
                   .map_count = e->map_count, .guest_count = u->guest_count};
    if (e->plan != e->standard) {
        RegPlan *own = record(sizeof *own);
        *own = *e->plan;
        unit->plan = own;
    }
    unit->map = record(e->map_count * sizeof *unit->map);
    memcpy(unit->map, e->map, e->map_count * sizeof *unit->map);
    unit->guest_delta = record(u->guest_count * sizeof *unit->guest_delta);
    for (uint32_t n = 0; n < u->guest_count; n++)
        unit->guest_delta[n] = (int32_t)((int64_t)(u->guest[n].pc - u->pc) / 4);
    unit->entry = record(u->block_count * sizeof *unit->entry);
    for (uint32_t b = 0; b < u->block_count; b++)
        if (e->entry_pos[b] != UINT32_MAX)
            unit->entry[unit->entry_count++] =
                (UnitEntry){u->block[b].pc, unit->host + e->entry_pos[b]};

    add_slots(unit, e, u);
    link_pages(unit, u);
    unit->next = cache.units;
    cache.units = unit;
    cache.by_host[cache.unit_count] = unit;
    __atomic_store_n(&cache.unit_count, cache.unit_count + 1, __ATOMIC_RELEASE);
    cache.hot.pos = ALIGN_UP((uint64_t)(e->hot_end - cache.write), 16);
    cache.cold.pos = (uint64_t)(e->a.p - cache.write);
    /* last: whoever is killed before (a vfork child) leaves nothing that is found but not there */
    for (uint32_t n = 0; n < unit->entry_count; n++)
        find_add(unit->entry[n].pc, mode, unit, unit->entry[n].host);
    return unit;
}

/* ---- lookup by host pc ---- */

bool cache_owns(uint64_t host_pc)
{
    uint64_t at = host_pc - (uint64_t)cache.exec;
    return at < cache.hot.pos || (at >= cache.cold.first && at < cache.cold.pos);
}

Unit *cache_unit_at(uint64_t host_pc)
{
    uint32_t low = 0, high = __atomic_load_n(&cache.unit_count, __ATOMIC_ACQUIRE);
    bool cold = host_pc - (uint64_t)cache.exec >= cache.cold.first;

    while (low < high) { /* units lie in both areas in the order they were made */
        uint32_t mid = (low + high) / 2;
        Unit *unit = cache.by_host[mid];
        uint64_t start = cold ? unit->cold : unit->host;
        if (host_pc < start)
            high = mid;
        else if (host_pc >= start + (cold ? unit->cold_size : unit->host_size))
            low = mid + 1;
        else
            return unit;
    }
    return NULL;
}

const PcMapEntry *cache_map_at(const Unit *unit, uint32_t offset, bool last_before)
{
    uint32_t low = 0, high = unit->map_count;

    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (unit->map[mid].host == offset)
            return &unit->map[mid];
        if (unit->map[mid].host < offset)
            low = mid + 1;
        else
            high = mid;
    }
    return last_before && low ? &unit->map[low - 1] : NULL;
}

/* ---- fork ---- */

static void copy_area(uint64_t first, uint64_t end)
{
    alloc_populate(cache.copy.write + first, end - first);
    memcpy(cache.copy.write + first, cache.write + first, end - first);
}

/*
 * The views are shared memory, so a child would write into its parent's code. The parent makes
 * a copy of what is in use before it forks; the child moves it over the original. Where there is
 * no memory for a copy, the child begins with an empty cache.
 */
void cache_before_fork(void)
{
    cache_lock(); /* waits for a flush under way: its thread is not in the child */
    cache.copy = (Views){0};
    if (!views_map(&cache.copy, cache.size))
        return;
    copy_area(0, cache.hot.pos);
    copy_area(cache.cold.first, cache.cold.pos);
}

/* In a child, which has one thread: the stubs are kept, all units are forgotten. */
static void start_empty(void)
{
    Views v = {.write = cache.write, .exec = cache.exec, .fixed = true};
    uint64_t size = cache.hot.first;
    uint8_t *kept = alloc_get(size);

    memcpy(kept, cache.copy.write ? cache.copy.write : cache.write, size);
    if (!views_map(&v, cache.size))
        die(1, "allocate %llu bytes for jit buffer: Cannot allocate memory",
            (unsigned long long)cache.size);
    memcpy(cache.write, kept, size);
    alloc_free(kept, size);
    if (cache.copy.write)
        views_unmap(&cache.copy, cache.size);
    cache_forget_all();
}

void cache_after_fork(bool in_child)
{
    Views v = {.write = cache.write, .exec = cache.exec};

    if (in_child) {
        if (!cache.copy.write || !views_replace(&v, &cache.copy, cache.size))
            start_empty();
        cache.hot.present = ALIGN_UP(cache.hot.pos, PAGE_SIZE_4K);
        cache.cold.present = ALIGN_UP(cache.cold.pos, PAGE_SIZE_4K);
    } else if (cache.copy.write) {
        views_unmap(&cache.copy, cache.size);
    }
    cache_unlock();
}
