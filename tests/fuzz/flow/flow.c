/* Bodies of functions: straight pieces, conditions, loops, tables, irreducible flow. See gen.h. */
#include "tests/fuzz/flow/gen.h"

#define MAX_DEPTH 4

static unsigned pick(uint32_t set)
{
    unsigned n = below((unsigned)__builtin_popcount(set));

    while (n--)
        set &= set - 1;
    return (unsigned)__builtin_ctz(set);
}

static uint32_t free_registers(const Gen *g)
{
    return g->writable & ~g->reserved & ~(1u << g->buf);
}

int gen_register(const Gen *g, uint32_t not)
{
    uint32_t set = free_registers(g) & ~not;

    return set ? (int)pick(set) : -1;
}

uint16_t gen_block(Gen *g)
{
    uint16_t b = code_block(g->c);

    code_next(g->c, b);
    code_begin(g->c, b);
    return b;
}

int gen_slot(Gen *g)
{
    if (g->leaf || g->slots == FRAME_SLOTS)
        return -1;
    return (int)((g->big_frame ? BIG_SLOTS : 0) + 8 * g->slots++);
}

unsigned gen_draws(Gen *g, unsigned count, Draw kind)
{
    for (unsigned n = 0; n < count; n++) {
        uint32_t first = g->c->items;
        static const Draw kinds[] = {DRAW_ANY, DRAW_ANY, DRAW_ANY, DRAW_ANY, DRAW_WRITES_FLAGS,
                                     DRAW_READS_FLAGS};
        Draw k = kind == DRAW_ANY ? kinds[below(COUNTOF(kinds))] : kind;
        code_word(g->c, insn_draw(k, free_registers(g)));
        code_span(g->c, first, g->c->items);
    }
    return count;
}

/* ---- memory ---- */

/* The base: memory + 4096 + something below 2048, perhaps with a tag. */
static void make_base(Gen *g, const Access *a)
{
    Code *c = g->c;
    unsigned from = below(31);

    if (a->aligned)
        code_word(c, AND_BITS(a->base, from, 4, 7));
    else
        code_word(c, AND_BITS(a->base, from, 0, 11));
    code_word(c, ORR_BITS(a->base, a->base, 12, 1));
    code_word(c, ADD(a->base, a->base, g->buf));
    if (below(12) == 0) {
        unsigned count = 1 + below(8);
        code_word(c, ORR_BITS(a->base, a->base, 56 + below(9 - count), count));
    }
    if (a->index == ZR)
        return;
    if (a->aligned)
        code_word(c, AND_BITS(a->index, below(31), 4, 4));
    else
        code_word(c, AND_BITS(a->index, below(31), 0, 8));
}

unsigned gen_memory(Gen *g)
{
    Code *c = g->c;
    uint32_t first = c->items, held = g->reserved;
    unsigned direct = below(4);
    Access a = {.base = g->buf, .index = ZR, .aligned = true, .fixed = true};
    int base = gen_register(g, 0), index;

    if (direct == 0 && g->big_frame) {
        a.base = SP;
    } else if (direct >= 2 && base >= 0) {
        a.base = (unsigned)base;
        g->reserved |= 1u << base;
        a.fixed = false;
        a.aligned = below(2);
        index = gen_register(g, 0);
        if (below(2) && index >= 0) {
            a.index = (unsigned)index;
            g->reserved |= 1u << index;
        }
        make_base(g, &a);
    }
    insn_access_begin(&a);
    for (unsigned n = 1 + below(4); n && !a.lost; n--) {
        uint32_t one = c->items;
        uint32_t word = insn_draw_access(&a, free_registers(g) ? free_registers(g) : 1u << base);
        code_word(c, word);
        if (a.fixed || n == 1)
            code_span(c, one, c->items);
        if (below(3) == 0)
            gen_draws(g, 1, DRAW_ANY);
    }
    g->reserved = held;
    code_span(c, first, c->items);
    return c->items - first;
}

/* ---- conditions ---- */

void gen_branch(Gen *g, uint16_t to)
{
    unsigned reg = below(31), bit = below(64);
    uint32_t word;
    Fix fix = FIX_B19;

    switch (below(6)) {
    case 0:
        word = below(2) ? CBZ(below(2), reg) : CBNZ(below(2), reg);
        break;
    case 1:
        word = below(2) ? TBZ(bit, reg) : TBNZ(bit, reg);
        fix = FIX_B14;
        break;
    default:
        word = B_COND(below(16) ? below(14) : 14 + below(2));
        break;
    }
    uint32_t first = g->c->items;
    code_fixed(g->c, word, fix, to);
    code_span(g->c, first, g->c->items);
}

/* if, if-else, or a chain of conditions that all go to one place */
static uint64_t gen_if(Gen *g, uint64_t budget, unsigned depth)
{
    uint16_t join = code_block(g->c), other = code_block(g->c);
    unsigned kind = below(3);
    uint64_t cost = gen_draws(g, below(3), below(2) ? DRAW_WRITES_FLAGS : DRAW_ANY) + 2;

    gen_branch(g, kind == 1 ? other : join);
    gen_block(g);
    while (kind == 2 && below(3)) {
        cost += gen_draws(g, below(3), below(2) ? DRAW_READS_FLAGS : DRAW_KEEPS_FLAGS) + 1;
        gen_branch(g, join);
        gen_block(g);
    }
    cost += gen_body(g, budget / 2, depth + 1);
    code_next(g->c, join);
    if (kind == 1) {
        code_begin(g->c, other);
        cost += gen_body(g, budget / 2, depth + 1) + 1;
        code_next(g->c, join);
    } else {
        code_begin(g->c, other); /* nobody comes here */
        code_next(g->c, join);
    }
    code_begin(g->c, join);
    return cost;
}

/* ---- loops ---- */

static unsigned trips_within(uint64_t most)
{
    static const unsigned top[] = {3, 10, 40, 200, 1000, 5000, 30000};
    unsigned kind = below(COUNTOF(top)), trips;

    if (most >= 17000 && below(2))
        return 16400 + below(most > 30000 ? 13600 : (unsigned)most - 16400);
    trips = 1 + below(top[kind]);
    return most < trips ? (unsigned)most : trips;
}

/* A MOVZ that the reducer may make smaller. */
static void count_from(Gen *g, unsigned reg, unsigned trips)
{
    code_word(g->c, MOVZ(reg, trips, 0));
    g->c->item[g->c->items - 1].trips = true;
}

/* The counter's last steps: to `head` while it is not 0. Returns instructions. */
static unsigned latch(Gen *g, unsigned counter, uint16_t head)
{
    static const uint8_t conds[] = {NE, HI, GT};
    Code *c = g->c;
    unsigned cost = 2;

    switch (below(5)) {
    case 0:
        code_word(c, SUB_I(counter, counter, 1));
        code_fixed(c, CBNZ(below(2), counter), FIX_B19, head);
        break;
    case 1:
        code_word(c, SUB_I(counter, counter, 1));
        code_word(c, 0xf1000000u | counter << 5 | ZR); /* cmp counter, #0 */
        cost += gen_draws(g, below(3), DRAW_KEEPS_FLAGS) + 1;
        code_fixed(c, B_COND(conds[below(3)]), FIX_B19, head);
        break;
    case 2: /* up to 0 from below */
        code_word(c, SUB_I(counter, counter, 1));
        code_word(c, SUB_I(counter, counter, 1));
        code_word(c, ADD_I(counter, counter, 1));
        code_fixed(c, CBNZ(1, counter), FIX_B19, head);
        cost += 2;
        break;
    default:
        code_word(c, SUBS_I(counter, counter, 1));
        cost += gen_draws(g, below(4), DRAW_KEEPS_FLAGS);
        code_fixed(c, B_COND(conds[below(3)]), FIX_B19, head);
        break;
    }
    return cost;
}

/* Counter in a register that nothing inside writes, or in the frame. */
static uint64_t gen_loop(Gen *g, uint64_t budget, unsigned depth)
{
    Code *c = g->c;
    unsigned trips = trips_within(budget / 8);
    int counter = gen_register(g, 0), slot = below(3) || trips > 500 ? -1 : gen_slot(g);
    uint32_t held = g->reserved, first = c->items, latch_first;
    uint16_t behind = code_block(c), head;
    uint64_t cost;

    if (counter < 0 || !trips || g->loops == COUNTOF(g->break_to))
        return gen_draws(g, 1, DRAW_ANY);
    count_from(g, (unsigned)counter, trips);
    if (slot >= 0)
        code_word(c, STR((unsigned)counter, SP, slot));
    else
        g->reserved |= 1u << counter;
    uint32_t first_end = c->items;
    uint16_t middle = below(5) ? NO_BLOCK : code_block(c);
    if (middle != NO_BLOCK) {
        gen_draws(g, below(2), DRAW_WRITES_FLAGS);
        gen_branch(g, middle); /* a second entry */
    }
    head = gen_block(g);
    g->break_to[g->loops++] = behind;
    cost = gen_body(g, budget / trips - 6, depth + 1);
    if (middle != NO_BLOCK) {
        code_next(c, middle);
        code_begin(c, middle);
        cost += gen_draws(g, 1 + below(3), DRAW_ANY);
    }
    g->loops--;
    latch_first = c->items;
    if (slot >= 0) {
        code_word(c, LDR((unsigned)counter, SP, slot));
        code_word(c, SUB_I((unsigned)counter, (unsigned)counter, 1));
        code_word(c, STR((unsigned)counter, SP, slot));
        code_fixed(c, CBNZ(1, (unsigned)counter), FIX_B19, head);
        cost += 4;
    } else {
        cost += latch(g, (unsigned)counter, head);
    }
    code_span(c, first, first_end);
    if (!c->full) {
        c->span[c->spans - 1].first2 = latch_first;
        c->span[c->spans - 1].end2 = c->items;
    }
    g->reserved = held;
    code_next(c, behind);
    code_begin(c, behind);
    return cost * trips + 2;
}

/* Blocks that branch to one another at random, until a counter ends it. */
static uint64_t gen_irreducible(Gen *g, uint64_t budget)
{
    Code *c = g->c;
    unsigned blocks = 2 + below(5), most = 0, trips;
    int fuel = gen_register(g, 0);
    uint16_t at[8] = {0}, out = code_block(c);
    uint32_t held = g->reserved;
    bool by_sign = below(2);

    trips = trips_within(budget / 8);
    if (fuel < 0 || !trips)
        return gen_draws(g, 1, DRAW_ANY);
    count_from(g, (unsigned)fuel, trips);
    g->reserved |= 1u << fuel;
    for (unsigned n = 0; n < blocks; n++)
        at[n] = code_block(c);
    gen_branch(g, at[below(blocks)]);
    code_next(c, at[0]);
    for (unsigned n = 0; n < blocks; n++) {
        unsigned cost;
        code_begin(c, at[n]);
        cost = gen_draws(g, below(4), DRAW_ANY) + 4;
        if (below(3) == 0)
            cost += gen_memory(g);
        code_word(c, SUB_I((unsigned)fuel, (unsigned)fuel, 1));
        if (by_sign)
            code_fixed(c, TBNZ(63, (unsigned)fuel), FIX_B14, out);
        else
            code_fixed(c, CBZ(1, (unsigned)fuel), FIX_B19, out);
        code_next(c, code_block(c));
        code_begin(c, c->block[c->current].next);
        cost += gen_draws(g, below(2), DRAW_WRITES_FLAGS);
        gen_branch(g, at[below(blocks)]);
        code_next(c, at[below(blocks)]);
        most = cost > most ? cost : most;
    }
    g->reserved = held;
    code_begin(c, out);
    return (uint64_t)(trips + 1) * most + 2;
}

/* ---- tables ---- */

/* BR by a table of addresses (tagged, perhaps) or of offsets. */
static uint64_t gen_switch(Gen *g, uint64_t budget, unsigned depth)
{
    Code *c = g->c;
    unsigned bits = 1 + below(3), cases = 1 + below(1u << bits);
    int to = gen_register(g, 0), index = to < 0 ? -1 : gen_register(g, 1u << to);
    uint16_t table = code_block(c), join = code_block(c), at[8] = {0};
    bool offsets = below(2);
    uint64_t most = 0;

    if (index < 0)
        return gen_draws(g, 1, DRAW_ANY);
    for (unsigned n = 0; n < cases; n++)
        at[n] = code_block(c);
    uint32_t first = c->items;
    code_word(c, AND_BITS((unsigned)index, below(31), below(8), bits));
    if (c->item[c->items - 1].word >> 16 & 63)
        code_word(c, 0x92400000u | (bits - 1) << 10 | (unsigned)index << 5 | (unsigned)index);
    code_fixed(c, ADR((unsigned)to), FIX_ADR, table);
    if (offsets) {
        code_word(c, LDRSW_SHIFTED((unsigned)index, (unsigned)to, (unsigned)index));
        code_word(c, ADD((unsigned)to, (unsigned)to, (unsigned)index));
    } else {
        code_word(c, LDR_SHIFTED((unsigned)to, (unsigned)to, (unsigned)index));
    }
    code_end(c, BR((unsigned)to));
    code_span(c, first, c->items);
    code_next(c, at[0]);
    code_begin(c, table);
    for (unsigned n = 0; n < 1u << bits; n++) {
        uint16_t target = at[n < cases ? n : below(cases)];
        if (offsets) {
            code_fixed(c, 0, FIX_OFFSET, target);
            c->item[c->items - 1].from = table;
        } else {
            code_fixed(c, 0, FIX_LOW, target);
            code_fixed(c, below(16) ? 0 : (uint32_t)below(256) << 24, FIX_HIGH, target);
        }
    }
    for (unsigned n = 0; n < cases; n++) {
        code_begin(c, at[n]);
        uint64_t cost = gen_body(g, budget / 4, depth + 1);
        most = cost > most ? cost : most;
        code_next(c, n + 1 < cases && below(4) == 0 ? at[n + 1] : join);
        if (c->block[c->current].next != join)
            budget /= 2;
    }
    code_begin(c, join);
    return most * 2 + 8;
}

/* ---- bodies ---- */

/* Out of a loop around, or of the function, if a condition holds. */
static uint64_t gen_early_exit(Gen *g)
{
    uint64_t cost = gen_draws(g, 1 + below(2), DRAW_WRITES_FLAGS) + 1;

    if (g->loops && (below(3) || g->leave == NO_BLOCK))
        gen_branch(g, g->break_to[below(g->loops)]);
    else if (g->leave != NO_BLOCK)
        gen_branch(g, g->leave);
    gen_block(g);
    return cost;
}

static uint64_t gen_statement(Gen *g, uint64_t budget, unsigned depth)
{
    bool more = depth < MAX_DEPTH && budget >= 40;

    switch (below(28)) {
    case 0: case 1: case 2:
        return more ? gen_if(g, budget, depth) : gen_memory(g);
    case 3: case 4: case 5:
        return more ? gen_loop(g, budget, depth) : gen_draws(g, 1 + below(3), DRAW_ANY);
    case 6: case 7: case 8:
        return gen_call(g, budget);
    case 9:
        return more ? gen_switch(g, budget, depth) : gen_memory(g);
    case 10:
        return more ? gen_irreducible(g, budget) : gen_memory(g);
    case 11:
        return gen_unmatched(g);
    case 12:
        return more ? gen_coroutine(g, budget) : gen_draws(g, 2, DRAW_ANY);
    case 13:
        return below(3) ? gen_exclusive(g) : gen_shared(g);
    case 14:
        return below(4) ? gen_early_exit(g) : gen_fpcr(g);
    case 15:
        return below(3) == 0 ? gen_mops(g) : below(2) ? gen_system_call(g) : gen_constants(g);
    case 16:
        return g->classes & FAULTS && budget > 500 ? gen_fault(g) : gen_memory(g);
    case 17:
        return g->classes & CHANGES && budget > 500 ? gen_change(g, budget) : gen_memory(g);
    case 18:
        return more ? gen_long_jump(g, budget) : gen_draws(g, 2, DRAW_ANY);
    case 19: case 20: case 21: case 22:
        return gen_memory(g);
    default:
        return gen_draws(g, 1 + below(5), DRAW_ANY);
    }
}

uint64_t gen_body(Gen *g, uint64_t budget, unsigned depth)
{
    uint64_t cost = gen_draws(g, 1, DRAW_ANY);
    unsigned count = 1 + below(depth ? 4 : 10);

    for (unsigned n = 0; n < count && cost + 8 < budget && g->c->items < g->limit; n++) {
        uint32_t first = g->c->items, slots = g->slots;
        cost += gen_statement(g, budget - cost, depth);
        g->slots = slots;
        code_span(g->c, first, g->c->items);
    }
    return cost;
}
