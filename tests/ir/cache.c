/*
 * The code cache with the translator on top: lookup, linking, forgetting, flushing when full.
 * A graph of blocks runs and changes; a model in C says what must come out, and after each step
 * every list of the cache must agree with the bytes of the code.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include "tcg-lite/cache/internal.h"
#include "tcg-lite/cold/cold.h"
#include "tcg-lite/translate.h"
#include "tests/ir/expect.h"

#define BLOCKS 64
#define BLOCK_SIZE 0x100u
#define END (GUEST_CODE + 0x8000)
#define CACHE_SIZE (1u << 20)

static uint64_t seed = 521288629;
static unsigned add[BLOCKS], next[BLOCKS];

static uint64_t block_pc(unsigned n)
{
    return GUEST_CODE + n * BLOCK_SIZE;
}

static CpuExit run(uint64_t pc)
{
    CpuExit why;

    this_cpu->pc = pc;
    do
        why = tcg_run(this_cpu);
    while (why == EXIT_NONE || why == EXIT_LOOKUP || why == EXIT_SAFEPOINT);
    return why;
}

/* ---- agreement ---- */

static uint64_t leads_to(const Slot *s)
{
    int32_t rel;

    memcpy(&rel, s->site, 4);
    return (uint64_t)(s->site + (cache.exec - cache.write)) + 4 + (uint64_t)(int64_t)rel;
}

static bool is_entry(const Unit *unit, uint64_t host_pc)
{
    for (uint32_t n = 0; n < unit->entry_count; n++)
        if (unit->entry[n].host == host_pc)
            return true;
    return false;
}

static void check_slots(void)
{
    uint32_t linked = 0, listed = 0;

    for (uint32_t n = 0; n < cache.slot_count; n++) {
        const Slot *s = &cache.slots[n];
        if (!s->linked) {
            EXPECT(leads_to(s) == s->stub, "slot %u is not linked", n);
            continue;
        }
        linked++;
        EXPECT(!s->owner->dead && !s->linked->dead, "slot %u of the living", n);
        EXPECT(is_entry(s->linked, leads_to(s)), "slot %u leads to an entry", n);
    }
    for (const Unit *unit = cache.units; unit; unit = unit->next)
        for (uint32_t n = unit->incoming; n != SLOT_NONE; n = cache.slots[n].next_incoming) {
            EXPECT(cache.slots[n].linked == unit && ++listed <= linked, "slot %u is on its list",
                   n);
            if (listed > linked)
                return;
        }
    EXPECT(listed == linked, "%u linked, %u on lists", linked, listed);
}

static void check_units(void)
{
    uint64_t end = 0, cold_end = (uint64_t)cache.exec + cache.cold.first;
    Unit *found;

    for (uint32_t n = 0; n < cache.unit_count; n++) {
        const Unit *unit = cache.by_host[n];
        EXPECT(unit->host >= end &&
                   unit->host + unit->host_size <= (uint64_t)cache.exec + cache.hot.end,
               "units lie one behind the other");
        EXPECT(unit->cold >= cold_end &&
                   unit->cold + unit->cold_size <= (uint64_t)cache.exec + cache.cold.end,
               "their cold code, too");
        end = unit->host + unit->host_size;
        cold_end = unit->cold + unit->cold_size;
        EXPECT(cache_unit_at(unit->host) == unit && cache_unit_at(end - 1) == unit, "by host pc");
        EXPECT(!unit->cold_size || (cache_unit_at(unit->cold) == unit &&
                                    cache_unit_at(cold_end - 1) == unit), "by cold host pc");
        for (uint32_t k = 1; k < unit->map_count; k++)
            EXPECT(unit->map[k - 1].host <= unit->map[k].host, "the map is sorted");
        for (uint32_t k = 0; k < unit->entry_count; k++) {
            uint64_t host = cache_lookup(unit->entry[k].pc, unit->mode, &found);
            EXPECT(!host || !found->dead, "no dead unit is found");
            EXPECT(unit->dead || host, "an entry of a living unit is found");
        }
    }
    for (unsigned n = 0; n < JUMP_CACHE_MASK + 1 + JUMP_CACHE2_MASK + 1; n++) {
        const JumpCacheEntry *j = n <= JUMP_CACHE_MASK
                                      ? &this_cpu->jump_cache[n]
                                      : &this_cpu->jump_cache2[n - JUMP_CACHE_MASK - 1];
        if (j->guest_pc == 0 || j->guest_pc == JUMP_CACHE_NO_PC)
            continue;
        const Unit *unit = cache_unit_at(j->host_pc);
        EXPECT(unit && !unit->dead, "the jump cache knows only the living");
    }
}

static void check_cache(void)
{
    cache_lock();
    check_slots();
    check_units();
    cache_unlock();
}

/* ---- a graph of blocks ---- */

static void write_block(unsigned n)
{
    uint64_t pc = block_pc(n), to = block_pc(next[n]);
    int to_end = (int)((END - (pc + 8)) / 4);
    uint32_t words[8] = {A_ADDI(0u, 0u, add[n]), A_SUBSI(1u, 1u, 1u), A_BCOND(0u, to_end)};

    switch (n % 4) {
    case 0: /* by register */
        words[3] = 0xd2a00000 | (uint32_t)(to >> 16) << 5 | 2;    /* movz x2, lsl 16 */
        words[4] = 0xf2800000 | (uint32_t)(to & 0xffff) << 5 | 2; /* movk x2 */
        words[5] = A_BR(2u);
        break;
    case 1: /* by a call that never returns */
        words[3] = A_BL((int)((int64_t)(to - (pc + 12)) / 4));
        words[4] = A_UDF;
        break;
    default:
        words[3] = A_B((int)((int64_t)(to - (pc + 12)) / 4));
        break;
    }
    guest_words(pc, words, 8);
}

static void graph(void)
{
    static const uint32_t end = A_SVC;

    guest_words(END, &end, 1);
    for (unsigned n = 0; n < BLOCKS; n++) {
        add[n] = (unsigned)draw(&seed) % 4096, next[n] = (unsigned)draw(&seed) % BLOCKS;
        write_block(n);
    }
    for (unsigned round = 0; round < 600; round++) {
        unsigned cur = (unsigned)draw(&seed) % BLOCKS, start = cur, n;
        uint64_t rounds = 1 + draw(&seed) % (round % 10 ? 200 : 20000), sum = 0;
        for (uint64_t k = rounds; sum += add[cur], --k; cur = next[cur])
            ;
        this_cpu->x[0] = 0, this_cpu->x[1] = rounds;
        EXPECT(run(block_pc(start)) == EXIT_SVC && this_cpu->pc == END + 4, "round %u ends", round);
        EXPECT(this_cpu->x[0] == sum, "round %u: %llu, not %llu", round,
               (unsigned long long)this_cpu->x[0], (unsigned long long)sum);
        check_cache();
        n = (unsigned)draw(&seed) % BLOCKS;
        add[n] = (unsigned)draw(&seed) % 4096, next[n] = (unsigned)draw(&seed) % BLOCKS;
        write_block(n);
        tcg_invalidate(block_pc(n), block_pc(n) + 24);
        check_cache();
    }
    unsigned second = 0;
    for (uint32_t n = 0; n < cache.unit_count; n++)
        second += cache.by_host[n]->tier == 2;
    EXPECT(second > 0, "some of it was hot");
}

/* ---- ranges ---- */

static bool known(uint64_t pc)
{
    cache_lock();
    uint64_t host_pc = cache_lookup(pc, fpcr_mode(cpu_fp_shape(this_cpu)), NULL);
    cache_unlock();
    return host_pc != 0;
}

static void ranges(void)
{
    const uint64_t pc = GUEST_CODE + 0x10ff8; /* four words, two on each page */
    static const uint32_t words[] = {A_ADDI(0, 0, 1), A_ADDI(0, 0, 2), A_ADDI(0, 0, 4), A_SVC};
    static const struct {
        int64_t from, to;
        bool forgotten;
    } cases[] = {{-4, 0, false}, {16, 20, false}, {-4, 1, true}, {15, 16, true}, {4, 8, true},
                 {8, 12, true}, {-0x1000, 0x2000, true}, {-0x10000, -4, false},
                 {-0x10000, 0x600000, true}};

    guest_words(pc, words, 4);
    for (size_t n = 0; n < COUNTOF(cases); n++) {
        this_cpu->x[0] = 0;
        EXPECT(run(pc) == EXIT_SVC && this_cpu->x[0] == 7, "it runs");
        EXPECT(known(pc), "translated");
        tcg_invalidate(pc + (uint64_t)cases[n].from, pc + (uint64_t)cases[n].to);
        EXPECT(known(pc) != cases[n].forgotten, "[%lld, %lld)", (long long)cases[n].from,
               (long long)cases[n].to);
        check_cache();
    }
    run(pc);
    tcg_invalidate(0, ~0ull);
    EXPECT(!known(pc), "everything");
    check_cache();
}

/* A jump from one unit to another is linked by running it, and unlinked when its target goes. */
static void links(void)
{
    const uint64_t a = GUEST_CODE + 0x20000, b = a + 0x1000;
    const uint32_t from[] = {A_ADDI(0u, 0u, 1u), A_B(0x1000 / 4 - 1)};
    const uint32_t to[] = {A_ADDI(0u, 0u, 2u), A_SVC};
    const uint32_t mode = fpcr_mode(cpu_fp_shape(this_cpu));
    Unit *ua, *ub;

    guest_words(a, from, 2);
    guest_words(b, to, 2);
    run(a);
    cache_lock();
    EXPECT(cache_lookup(a, mode, &ua) && cache_lookup(b, mode, &ub), "both are there");
    EXPECT(ua->slot_count == 1 && cache.slots[ua->first_slot].linked == ub, "linked");
    cache_unlock();
    tcg_invalidate(b, b + 4);
    EXPECT(ub->dead && !cache.slots[ua->first_slot].linked, "unlinked");
    EXPECT(known(a) && !known(b), "only b is gone");
    run(a);
    EXPECT(cache.slots[ua->first_slot].linked && cache.slots[ua->first_slot].linked != ub, "anew");
    Unit *again = cache.slots[ua->first_slot].linked;
    tcg_invalidate(a, a + 4);
    EXPECT(ua->dead && !again->dead && again->incoming == SLOT_NONE, "the source goes");
    check_cache();
}

static void modes(void)
{
    const uint64_t pc = GUEST_CODE + 0x30000;
    const uint32_t words[] = {0x1e612800u /* fadd d0, d0, d1 */, A_SVC};
    const double one = 1, tiny = 0x1p-60;
    uint64_t bits[2];

    guest_words(pc, words, 2);
    for (unsigned n = 0; n < 2; n++) {
        cpu_set_fpcr(this_cpu, n << FPCR_RMODE_SHIFT); /* 1: towards plus infinity */
        memcpy(&this_cpu->v[0], &one, 8);
        memcpy(&this_cpu->v[1], &tiny, 8);
        run(pc);
        bits[n] = this_cpu->v[0].u64[0];
    }
    cpu_set_fpcr(this_cpu, 0);
    EXPECT(bits[1] == bits[0] + 1, "rounded as FPCR says");
    cache_lock();
    uint32_t shape = cpu_fp_shape(this_cpu), up_mode = fpcr_mode(shape | 1 << FPCR_RMODE_SHIFT);
    uint64_t nearest = cache_lookup(pc, fpcr_mode(shape), NULL);
    uint64_t up = cache_lookup(pc, up_mode, NULL);
    cache_unlock();
    EXPECT(nearest && up && nearest != up, "two translations of one pc");
    tcg_invalidate(pc, pc + 4);
    EXPECT(!known(pc), "forgotten in one mode");
    EXPECT(!cache_lookup(pc, up_mode, NULL), "and in the other");
}

/* ---- more than fits ---- */

static void overflow(void)
{
    const unsigned words = GUEST_CODE_SIZE / 4, stride = 64;
    unsigned units = words / stride;
    uint32_t generation = cache_generation();

    for (unsigned n = 0; n < units; n++) {
        guest_code[n * stride] = A_ADDI(0u, 0u, 1u);
        guest_code[n * stride + 1] = n % 3 ? A_B((int)stride - 1) : A_CBNZ(0u, (int)stride - 1);
        guest_code[n * stride + 2] = A_UDF;
    }
    guest_code[(units - 1) * stride + 1] = A_SVC;
    tcg_invalidate(0, ~0ull);
    for (unsigned round = 0; round < 2; round++) {
        this_cpu->x[0] = 0;
        EXPECT(run(GUEST_CODE) == EXIT_SVC, "the whole chain");
        EXPECT(this_cpu->x[0] == units, "%llu units ran", (unsigned long long)this_cpu->x[0]);
        EXPECT(cache.hot.pos <= cache.hot.end && cache.cold.pos <= cache.cold.end, "within its size");
        check_cache();
    }
    EXPECT(cache_generation() - generation >= 2, "%u flushes", cache_generation() - generation);
}

int main(void)
{
    CHECK(host_init(getenv("EMU_HOST_MASK")), "known names");
    guest_start();
    tcg_cold_visits = 0;
    tcg_init(CACHE_SIZE);
    EXPECT(cache.size == CACHE_SIZE, "as asked");
    graph();
    ranges();
    links();
    modes();
    overflow();
    return expect_result();
}
