/* Functions, and all ways to get into and out of them. See gen.h. */
#include "tests/fuzz/flow/gen.h"

/* Private memory, from the pointer to memory. */
#define SWITCH_CONTEXT (-256) /* SP and PC of the coroutine that waits */
#define JUMP_SP (-232)

#define OTHER_STACK 64 /* pages of 4 KiB below SP */

static uint32_t random_set(void)
{
    uint32_t set = (uint32_t)rnd() | (below(2) ? (uint32_t)rnd() : 0);

    return set & ALL_REGS;
}

static void begin_function(Gen *g, bool leaf)
{
    Code *c = g->c;
    uint16_t entry = code_block(c);

    code_begin(c, entry);
    c->block[entry].function = true;
    g->leaf = leaf;
    g->big_frame = !leaf && !g->no_big_frames && below(4) == 0;
    g->slots = g->loops = 0;
    do
        g->writable = random_set() & ~(1u << g->buf | 1u << LR);
    while (__builtin_popcount(g->writable) < 6);
    g->reserved = 1u << g->buf | (leaf ? 1u << LR : 0);
    if (!leaf)
        g->writable |= 1u << LR;
    g->clobbers = g->writable | 1u << LR;
    g->leave = code_block(c);
    g->limit = c->items + 60 + below(200);
}

static unsigned link_slot(const Gen *g)
{
    return (g->big_frame ? BIG_SLOTS : 0) + 8 * FRAME_SLOTS;
}

static void move_sp(Gen *g, bool down)
{
    if (g->big_frame)
        code_word(g->c, down ? SUB_I12(SP, SP, BIG_FRAME >> 12) : ADD_I12(SP, SP, BIG_FRAME >> 12));
    else
        code_word(g->c, down ? SUB_I(SP, SP, 8 * FRAME_SLOTS + 16)
                             : ADD_I(SP, SP, 8 * FRAME_SLOTS + 16));
}

/* Return by the link, by another register, or by the end of another function. */
static uint64_t leave_function(Gen *g, uint64_t budget)
{
    Code *c = g->c;
    unsigned n = g->functions ? below(g->functions) : 0, back = LR;
    const Function *f = &g->function[n];
    bool tail = g->functions && below(4) == 0 && f->cost <= budget && f->depth_reg < 0;

    code_next(c, g->leave);
    code_begin(c, g->leave);
    if (!g->leaf && !tail && below(6) == 0)
        back = (unsigned)gen_register(g, 0);
    if (!g->leaf) {
        code_word(c, LDR(back, SP, link_slot(g)));
        move_sp(g, false);
    }
    if (tail) {
        g->clobbers |= f->clobbers;
        int by = gen_register(g, 1u << LR);
        if (below(2) && by >= 0) {
            code_fixed(c, ADR((unsigned)by), FIX_ADR, f->entry);
            code_end(c, BR((unsigned)by));
        } else {
            code_jump(c, f->entry);
        }
        return f->cost + 5;
    }
    code_end(c, back != LR && below(2) ? BR(back) : RET(back));
    return 4;
}

static void add_function(Gen *g, uint16_t entry, uint64_t cost, int depth_reg, unsigned max_depth)
{
    g->function[g->functions++] = (Function){.entry = entry, .clobbers = g->clobbers, .cost = cost,
                                             .depth_reg = depth_reg, .max_depth = max_depth};
}

void gen_function(Gen *g, uint64_t budget)
{
    bool leaf = !g->functions || below(3) == 0;
    uint64_t cost = 4;

    begin_function(g, leaf);
    uint16_t entry = (uint16_t)g->c->current;
    if (!leaf) {
        move_sp(g, true);
        code_word(g->c, STR(LR, SP, link_slot(g)));
    }
    cost += gen_body(g, budget, 1);
    cost += leave_function(g, budget);
    add_function(g, entry, cost, -1, 0);
}

/* Calls itself once or twice until the depth register is 0. */
void gen_recursive(Gen *g, uint64_t budget)
{
    static const unsigned depths[] = {6, 60, 60, 1000, 30000};
    Code *c = g->c;
    bool twice = below(4) == 0;
    uint64_t cost = 8;

    begin_function(g, true);
    uint16_t entry = (uint16_t)c->current, base = g->leave;
    int depth = gen_register(g, 0);
    g->reserved |= 1u << depth;
    g->big_frame = false;
    code_word(c, SUB_I((unsigned)depth, (unsigned)depth, 1));
    cost += gen_draws(g, below(2), DRAW_ANY);
    code_fixed(c, CBZ(1, (unsigned)depth), FIX_B19, base);
    gen_block(g);
    code_word(c, STR_PRE(LR, SP, -32));
    code_word(c, STR((unsigned)depth, SP, 8));
    for (unsigned calls = 0; calls < 1u + twice; calls++) {
        cost += gen_draws(g, below(4), DRAW_ANY);
        if (calls)
            code_word(c, LDR((unsigned)depth, SP, 8));
        code_fixed(c, BL, FIX_B26, entry);
        gen_block(g);
    }
    cost += gen_draws(g, below(4), DRAW_ANY);
    if (below(3) == 0)
        cost += gen_memory(g);
    code_word(c, LDR_POST(LR, SP, 32));
    code_end(c, RET(LR));
    code_next(c, base);
    code_begin(c, base);
    cost += gen_draws(g, below(3), DRAW_ANY);
    code_end(c, RET(LR));
    g->clobbers |= 1u << depth;
    unsigned max = twice ? 1 + below(8) : depths[below(COUNTOF(depths))];
    if (twice)
        cost <<= max;
    if (cost * (twice ? 1 : max) > budget)
        max = twice ? 2 : 1 + (unsigned)(budget / cost);
    add_function(g, entry, cost, depth, max);
}

void gen_main(Gen *g, uint64_t budget)
{
    Code *c = g->c;

    begin_function(g, false);
    g->leave = NO_BLOCK;
    g->limit = c->items + 200 + below(1500);
    c->entry = (uint16_t)c->current;
    move_sp(g, true);
    code_word(c, STR(LR, SP, link_slot(g)));
    code_word(c, MRS_TPIDR(g->buf));
    code_word(c, ADD_I(g->buf, g->buf, AREA_MEMORY & 0xfff));
    if (AREA_MEMORY >> 12)
        code_word(c, ADD_I12(g->buf, g->buf, AREA_MEMORY >> 12));
    gen_block(g);
    uint64_t cost = 0;
    while (cost < budget && c->items < g->limit)
        cost += gen_body(g, (budget - cost) / 2 + 64, 0);
    code_word(c, LDR(LR, SP, link_slot(g)));
    move_sp(g, false);
    code_end(c, RET(LR));
}

/* ---- calls ---- */

/* The transfer itself; the link register is set by it. */
static void call_by(Gen *g, uint16_t entry, uint32_t arguments)
{
    Code *c = g->c;
    int by = gen_register(g, 1u << LR | arguments);
    uint16_t back;

    switch (by < 0 ? 0 : below(8)) {
    case 0: case 1: case 2: case 3:
        code_fixed(c, BL, FIX_B26, entry);
        break;
    case 4: case 5:
        code_fixed(c, ADR((unsigned)by), FIX_ADR, entry);
        code_word(c, BLR((unsigned)by));
        break;
    case 6: /* by the link itself */
        code_fixed(c, ADR(LR), FIX_ADR, entry);
        code_word(c, BLR(LR));
        break;
    default: /* no call instruction: a return without its call */
        back = code_block(c);
        code_fixed(c, ADR((unsigned)by), FIX_ADR, entry);
        code_fixed(c, ADR(LR), FIX_ADR, back);
        code_end(c, BR((unsigned)by));
        code_next(c, back);
        code_begin(c, back);
        return;
    }
    gen_block(g);
}

uint64_t gen_call(Gen *g, uint64_t budget)
{
    Code *c = g->c;

    if (g->leaf || g->reserved >> LR & 1)
        return gen_draws(g, 2, DRAW_ANY);
    for (unsigned tries = 0; tries < 8 && g->functions; tries++) {
        const Function *f = &g->function[below(g->functions)];
        uint64_t cost = f->cost;
        uint32_t first = c->items;
        if (f->clobbers & g->reserved || cost > budget)
            continue;
        if (f->depth_reg >= 0) {
            unsigned most = f->max_depth;
            if (f->cost * most > budget)
                most = (unsigned)(budget / f->cost);
            unsigned depth = 1 + below(most);
            code_word(c, MOVZ((unsigned)f->depth_reg, depth, 0));
            c->item[c->items - 1].trips = true;
            cost *= depth;
        }
        g->clobbers |= f->clobbers;
        call_by(g, f->entry, f->depth_reg < 0 ? 0 : 1u << f->depth_reg);
        code_span(c, first, c->items);
        return cost + 4;
    }
    return gen_draws(g, 2, DRAW_ANY);
}

/* Transfers to what follows, by instructions that are meant for something else. */
uint64_t gen_unmatched(Gen *g)
{
    Code *c = g->c;
    bool link = !g->leaf && !(g->reserved >> LR & 1);
    unsigned by = LR, tag;
    uint16_t to = code_block(c);

    if (!link || below(3) == 0) {
        int other = gen_register(g, 0);
        if (other < 0)
            return gen_draws(g, 1, DRAW_ANY);
        by = (unsigned)other;
    }
    switch (below(link ? 5 : 3)) {
    case 0:
        code_fixed(c, ADR(by), FIX_ADR, to);
        code_end(c, RET(by));
        break;
    case 1:
        code_fixed(c, ADR(by), FIX_ADR, to);
        tag = 1 + below(8);
        code_word(c, ORR_BITS(by, by, 56 + below(9 - tag), tag)); /* a branch drops it */
        code_end(c, below(2) ? BR(by) : RET(by));
        break;
    case 2:
        code_fixed(c, ADR(by), FIX_ADR, to);
        code_end(c, BR(by));
        break;
    case 3:
        code_fixed(c, BL, FIX_B26, to);
        c->item[c->items - 1].end = true;
        break;
    default:
        code_fixed(c, ADR(by), FIX_ADR, to);
        code_end(c, BLR(by));
        break;
    }
    code_next(c, to);
    code_begin(c, to);
    return 3 + gen_draws(g, below(2), DRAW_READS_FLAGS);
}

/* ---- coroutines ---- */

void gen_switcher(Gen *g)
{
    Code *c = g->c;
    unsigned *reg = g->switch_reg;

    g->switcher = code_block(c);
    code_begin(c, g->switcher);
    c->block[g->switcher].function = true;
    for (unsigned n = 0; n < 3; n++)
        do
            reg[n] = below(30);
        while (reg[n] == g->buf || (n && reg[n] == reg[0]) || (n == 2 && reg[n] == reg[1]));
    code_word(c, LDP(reg[0], reg[1], g->buf, SWITCH_CONTEXT));
    code_word(c, ADD_I(reg[2], SP, 0));
    code_word(c, STP(reg[2], LR, g->buf, SWITCH_CONTEXT));
    code_word(c, ADD_I(SP, reg[0], 0));
    code_end(c, below(2) ? BR(reg[1]) : RET(reg[1]));
}

static uint64_t coroutine_step(Gen *g)
{
    uint64_t cost = gen_draws(g, 1 + below(4), DRAW_ANY);

    if (below(2))
        cost += gen_memory(g);
    code_fixed(g->c, BL, FIX_B26, g->switcher);
    gen_block(g);
    return cost + 6 + gen_draws(g, below(2), DRAW_READS_FLAGS);
}

/* A loop here and an endless one on another stack take turns. */
uint64_t gen_coroutine(Gen *g, uint64_t budget)
{
    Code *c = g->c;
    unsigned *reg = g->switch_reg, trips;
    uint32_t needed = 1u << reg[0] | 1u << reg[1] | 1u << reg[2] | 1u << LR;
    uint32_t held = g->reserved;
    int counter = gen_register(g, needed);
    uint16_t other = code_block(c), behind = code_block(c), head;
    bool big = g->big_frame;

    if (g->leaf || counter < 0 || needed & g->reserved || needed & ~g->writable)
        return gen_draws(g, 1, DRAW_ANY);
    trips = 1 + below(budget / 60 > 400 ? 400 : 1 + (unsigned)(budget / 60));
    g->big_frame = false; /* the other stack has no frame */
    code_word(c, ADD_I(reg[0], SP, 0));
    code_word(c, SUB_I12(reg[0], reg[0], OTHER_STACK));
    code_fixed(c, ADR(reg[1]), FIX_ADR, other);
    code_word(c, STP(reg[0], reg[1], g->buf, SWITCH_CONTEXT));
    code_word(c, MOVZ((unsigned)counter, trips, 0));
    c->item[c->items - 1].trips = true;
    g->reserved |= 1u << counter;
    head = gen_block(g);
    uint64_t cost = coroutine_step(g) + 2;
    code_word(c, SUB_I((unsigned)counter, (unsigned)counter, 1));
    code_fixed(c, CBNZ(1, (unsigned)counter), FIX_B19, head);
    code_next(c, behind);
    code_begin(c, other);
    unsigned steps = 1 + below(3);
    uint64_t most = 0;
    for (unsigned n = 0; n < steps; n++) {
        uint64_t step = coroutine_step(g);
        most = step > most ? step : most;
    }
    code_jump(c, other);
    code_next(c, behind);
    g->reserved = held;
    g->big_frame = big;
    code_begin(c, behind);
    return (cost + most) * trips + 8;
}

/* Some calls inside one another that do not come back: the last one restores SP and goes on. */
uint64_t gen_long_jump(Gen *g, uint64_t budget)
{
    Code *c = g->c;
    int by = gen_register(g, 1u << LR);
    unsigned depth = 1 + below(5);
    uint64_t cost = 5;
    uint16_t out = code_block(c);

    if (g->leaf || by < 0 || g->reserved >> LR & 1 || g->big_frame || budget < 100)
        return gen_draws(g, 1, DRAW_ANY);
    code_word(c, ADD_I((unsigned)by, SP, 0));
    code_word(c, STUR((unsigned)by, g->buf, JUMP_SP));
    for (unsigned n = 0; n < depth; n++) {
        uint16_t callee = code_block(c);
        code_fixed(c, BL, FIX_B26, callee);
        c->item[c->items - 1].end = true;
        code_next(c, callee);
        code_begin(c, callee);
        code_word(c, STR_PRE(LR, SP, -16));
        cost += gen_draws(g, below(3), DRAW_ANY) + 2;
    }
    code_word(c, LDUR((unsigned)by, g->buf, JUMP_SP));
    code_word(c, ADD_I(SP, (unsigned)by, 0));
    code_jump(c, out);
    code_next(c, out);
    code_begin(c, out);
    return cost;
}
