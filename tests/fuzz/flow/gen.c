/* Programs and batches of them from a seed. See gen.h. */
#include "tests/fuzz/flow/gen.h"
#include <string.h>

/* How blocks lie: as written, some moved, all mixed; with code between that never runs. */
static void shuffle_blocks(Code *c)
{
    unsigned kind = below(3), swaps = kind == 0 ? 0 : kind == 1 ? c->blocks / 8 : c->blocks;

    for (unsigned n = 0; n < swaps; n++) {
        unsigned a = below(c->blocks), b = kind == 1 ? a : below(c->blocks);
        if (kind == 1 && a + 1 < c->blocks)
            b = a + 1;
        uint16_t held = c->order[a];
        c->order[a] = c->order[b];
        c->order[b] = held;
    }
    unsigned often = 1 + below(40);
    for (unsigned n = 0; n < c->blocks && below(3); n++)
        if (below(often) == 0)
            c->block[n].padding = (uint16_t)(below(8) ? 1 + below(20) : below(300));
}

static uint64_t random_budget(void)
{
    unsigned kind = below(32);

    return kind < 16 ? 20000 : kind < 27 ? 60000 : kind < 31 ? 300000 : 1000000;
}

static void gen_program(const Batch *b, Program *p)
{
    static GuestState state;
    bool frames = b->classes & (SIGNALS | FAULTS) && !b->signal_stack;
    Gen g = {.c = &p->code, .classes = b->classes, .no_big_frames = frames};
    uint64_t budget = random_budget();
    unsigned functions = below(MAX_FUNCTIONS + 1);

    code_clear(&p->code);
    g.buf = below(30);
    gen_switcher(&g);
    for (unsigned n = 0; n < functions; n++) {
        static const unsigned part[] = {3, 10, 100, 100, 1000};
        uint64_t share = budget / part[below(COUNTOF(part))];
        if (below(4) == 0)
            gen_recursive(&g, share);
        else
            gen_function(&g, share);
    }
    gen_main(&g, budget);
    shuffle_blocks(&p->code);

    random_state(&state, -1);
    memcpy(p->start.x, state.x, sizeof p->start.x);
    memcpy(p->start.v, state.v, sizeof p->start.v);
    p->start.nzcv = state.nzcv;
    p->start.fpcr = state.fpcr;
    p->start.fpsr = state.fpsr;
    p->start.sp_below = 16 * below(1000);
    p->absent = false;
}

void gen_batch(Batch *b, uint64_t seed, unsigned classes, unsigned programs)
{
    rng_state = seed;
    b->seed = seed;
    b->classes = 0;
    for (unsigned n = 0; n < CLASS_COUNT; n++)
        if (below(3) == 0)
            b->classes |= 1u << n;
    b->classes &= classes;
    b->threads = b->classes & THREADS ? 2 + below(MAX_THREADS - 1) : 1;
    b->signal_stack = below(2);
    b->timer_us = 250 + below(600);
    b->programs = programs;
    insn_allow_exclusives(!(b->classes & (THREADS | SIGNALS)));
    for (unsigned n = 0; n < sizeof b->memory; n += 8) {
        uint64_t value = below(4) ? rnd() : random_lane(below(8));
        memcpy(b->memory + n, &value, 8);
    }
    for (unsigned n = 0; n < programs; n++)
        do
            gen_program(b, &b->program[n]);
        while (b->program[n].code.full);
}
