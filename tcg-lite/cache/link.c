/*
 * Linking units and forgetting them. Invariant: every linked slot is on the incoming list of
 * the unit it leads to, so that forgetting a unit unlinks all that jump there.
 */
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/thread.h"
#include "tcg-lite/cache/internal.h"

static void patch(const Slot *s, uint64_t target)
{
    x64_patch_rel32(s->site, (uint64_t)s->site + (uint64_t)(cache.exec - cache.write), target);
}

Slot *cache_slot(uint32_t n)
{
    CHECK(n < cache.slot_count, "translated code names its own slots");
    return &cache.slots[n];
}

void cache_link(uint32_t n, Unit *to, uint64_t host)
{
    Slot *s = &cache.slots[n];

    if (s->linked || s->owner->dead || to->dead)
        return;
    s->linked = to;
    s->next_incoming = to->incoming;
    to->incoming = n;
    patch(s, host);
}

/* Takes slot n off the incoming list of the unit it leads to. */
static void unlink_outgoing(uint32_t n)
{
    Slot *s = &cache.slots[n];
    uint32_t *p;

    if (!s->linked)
        return;
    for (p = &s->linked->incoming; *p != n; p = &cache.slots[*p].next_incoming)
        ;
    *p = s->next_incoming;
    s->linked = NULL;
}

static void drop_from_jump_cache(Thread *t, void *arg)
{
    const Unit *unit = arg;

    for (uint32_t n = 0; n < unit->entry_count; n++) {
        uint64_t pc = unit->entry[n].pc;
        for (unsigned table = 0; table < 2; table++) {
            JumpCacheEntry *j = cpu_jump_entry(&t->cpu, table, pc);
            if (j->guest_pc == pc)
                __atomic_store_n(&j->guest_pc, JUMP_CACHE_NO_PC, __ATOMIC_RELAXED);
        }
    }
}

/* Nobody can enter the unit any more; who is inside leaves at the next safepoint. */
void cache_forget(Unit *unit)
{
    unit->dead = true;
    cache_forget_entries(unit);
    while (unit->incoming != SLOT_NONE) {
        Slot *s = &cache.slots[unit->incoming];
        unit->incoming = s->next_incoming;
        s->linked = NULL;
        s->next_incoming = SLOT_NONE;
        patch(s, s->stub);
    }
    for (uint32_t n = unit->first_slot; n < unit->first_slot + unit->slot_count; n++) {
        Slot *s = &cache.slots[n];
        if (s->linked) {
            unlink_outgoing(n);
            patch(s, s->stub);
        }
    }
    threads_for_each(drop_from_jump_cache, unit);
}

static bool holds(const Unit *unit, uint64_t start, uint64_t end)
{
    for (uint32_t n = 0; n < unit->guest_count; n++) {
        uint64_t pc = unit->pc + (uint64_t)((int64_t)unit->guest_delta[n] * 4);
        if (pc < end && pc + 4 > start)
            return true;
    }
    return false;
}

static void request_exit(Thread *t, void *arg)
{
    if (&t->cpu != arg)
        __atomic_store_n(&t->cpu.exit_request, CPU_EXIT_REQUESTED, __ATOMIC_SEQ_CST);
}

static void forget_on_page(uint64_t page, uint64_t start, uint64_t end, bool *any)
{
    PageLink **p = &cache.page[(page / PAGE_SIZE_4K) % PAGE_BUCKETS];

    while (*p) {
        PageLink *l = *p;
        if (l->page == page && !l->unit->dead && holds(l->unit, start, end)) {
            cache_forget(l->unit);
            *any = true;
        }
        if (l->unit->dead)
            *p = l->next;
        else
            p = &l->next;
    }
}

/* Locked. */
static void invalidate(uint64_t start, uint64_t end)
{
    bool any = false;

    if (start < cache.low_pc)
        start = cache.low_pc;
    if (end > cache.high_pc)
        end = cache.high_pc;
    if (start < end && (end - start) / PAGE_SIZE_4K > 2 * (uint64_t)cache.unit_count) {
        for (Unit *unit = cache.units; unit; unit = unit->next)
            if (!unit->dead && holds(unit, start, end)) {
                cache_forget(unit);
                any = true;
            }
    } else {
        for (uint64_t page = ALIGN_DOWN(start, PAGE_SIZE_4K); page < end; page += PAGE_SIZE_4K)
            forget_on_page(page, start, end, &any);
    }
    if (any)
        threads_for_each(request_exit, this_cpu);
}

void cache_invalidate(uint64_t start, uint64_t end)
{
    if (end <= __atomic_load_n(&cache.low_pc, __ATOMIC_RELAXED) ||
        start >= __atomic_load_n(&cache.high_pc, __ATOMIC_RELAXED))
        return;
    lock_take(&cache.lock);
    invalidate(start, end);
    lock_release(&cache.lock);
}

void cache_invalidate_then(uint64_t start, uint64_t end, void (*then)(uint64_t, uint64_t))
{
    lock_take(&cache.lock);
    invalidate(start, end);
    then(start, end);
    lock_release(&cache.lock);
}

typedef struct Inside {
    const CpuState *self;
    bool any;
} Inside;

static void check_inside(Thread *t, void *arg)
{
    Inside *in = arg;
    if (&t->cpu != in->self && __atomic_load_n(&t->cpu.in_code, __ATOMIC_SEQ_CST))
        in->any = true;
}

static void empty_jump_cache(Thread *t, void *arg)
{
    (void)arg;
    cpu_flush_jump_cache(&t->cpu);
}

void cache_forget_all(void)
{
    threads_for_each(empty_jump_cache, NULL);
    cache.hot.pos = cache.hot.first;
    cache.cold.pos = cache.cold.first;
    cache_reset_records();
}

void cache_flush(CpuState *self)
{
    Inside in;

    cache.flushing = true; /* threads come out at their next safepoint; none enters */
    for (;;) {
        threads_for_each(request_exit, self);
        in = (Inside){self, false};
        threads_for_each(check_inside, &in);
        if (!in.any)
            break;
        cache_unlock(); /* whoever is inside may have code to forget before it comes out */
        sys(SYS_sched_yield);
        lock_take(&cache.lock);
    }
    cache.flushing = false;
    cache_forget_all();
}
