/*
 * Dead flags, dead definitions. A definition is dead when it is overwritten before anything
 * reads it and before anything that could show it to the outside: a possible fault or trap,
 * a call into C, or the end of the block. NZCV, unlike registers, is not kept exact for faults:
 * at a faulting access the flags of an already superseded comparison may be missing.
 */
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/opt/opt.h"

typedef struct Dead {
    IrUnit *u;
    bool (*nzcv_dead_at)(IrUnit *u, uint64_t pc);
    uint8_t exit_known[UNIT_MAX_EXITS]; /* 0 not asked yet, 1 asked */
} Dead;

static bool live_at_target(Dead *s, int16_t target)
{
    if (target >= 0)
        return s->u->block[target].nzcv_live_in;
    int n = -1 - target;
    if (!s->exit_known[n]) {
        s->exit_known[n] = 1;
        s->u->exit[n].nzcv_live = !s->nzcv_dead_at(s->u, s->u->exit[n].pc);
    }
    return s->u->exit[n].nzcv_live;
}

/* NZCV liveness after the END instruction i. */
static bool live_out(Dead *s, const IrInst *i)
{
    switch (i->op) {
    case IR_GOTO: case IR_BL:
        return live_at_target(s, i->target);
    case IR_JCC: case IR_JZ: case IR_JBIT: {
        bool first = live_at_target(s, i->target), second = live_at_target(s, i->target2);
        return first || second;
    }
    default:
        return true;
    }
}

/* NZCV before i, given after. A CCMP always reads; an ADC reads the carry. */
static bool live_before(const IrInst *i, bool after)
{
    uint16_t effects = ir_op_info[i->op].effects;

    if (effects & SYNC)
        return true;
    if (effects & (NEEDC | NEEDNZCV))
        return true;
    return i->set_nzcv ? false : after;
}

static bool nzcv_pass(Dead *s)
{
    bool changed = false; /* at a loop head; the others are right after one round */

    for (int b = (int)s->u->block_count - 1; b >= 0; b--) {
        IrBlock *block = &s->u->block[b];
        bool live = live_out(s, &s->u->inst[block->first + block->count - 1]);

        for (int k = (int)(block->first + block->count) - 1; k >= (int)block->first; k--) {
            IrInst *i = &s->u->inst[k];
            i->nzcv_live = live;
            live = live_before(i, live);
        }
        changed |= live != block->nzcv_live_in && block->loop_head;
        block->nzcv_live_in = live;
    }
    return changed;
}

/* Instead of asking: everybody may read it. */
static void all_nzcv_live(IrUnit *u)
{
    for (uint32_t k = 0; k < u->inst_count; k++)
        u->inst[k].nzcv_live = true;
    for (uint32_t b = 0; b < u->block_count; b++)
        u->block[b].nzcv_live_in = true;
    for (uint32_t n = 0; n < u->exit_count; n++)
        u->exit[n].nzcv_live = true;
}

static void use(uint64_t live[4], IrRef r)
{
    if (r < 192)
        live[r / 64] |= 1ull << (r % 64);
}

static bool removable(const IrInst *i, const uint64_t live[4])
{
    if (!(ir_op_info[i->op].effects & PURE) || i->set_nzcv || i->op == IR_NOP || !passes.dead)
        return false;
    return i->d == IR_NONE || !((live[i->d / 64] >> (i->d % 64)) & 1);
}

static void remove_dead(IrUnit *u, const IrBlock *block)
{
    uint64_t live[4] = {~0ull, 0, 0, 0}; /* guest registers; no temporary survives a block */

    for (int k = (int)(block->first + block->count) - 1; k >= (int)block->first; k--) {
        IrInst *i = &u->inst[k];
        uint16_t effects = ir_op_info[i->op].effects;

        if (i->set_nzcv && !i->nzcv_live && !(effects & NEEDNZCV))
            i->set_nzcv = false;
        if (i->op == IR_CCMP && !i->nzcv_live)
            *i = (IrInst){.op = IR_NOP, .d = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
                          .guest = i->guest, .nzcv_live = i->nzcv_live};
        if (i->op == IR_SET_NZCV && !i->set_nzcv)
            i->op = IR_NOP, i->a = IR_NONE;
        if (removable(i, live)) {
            bool nzcv_live = i->nzcv_live;
            uint16_t guest = i->guest;
            *i = (IrInst){.op = IR_NOP, .d = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
                          .guest = guest, .nzcv_live = nzcv_live};
            continue;
        }
        if (i->d != IR_NONE)
            live[i->d / 64] &= ~(1ull << (i->d % 64));
        if (effects & (LOAD | STORE | TRAP | SYNC | END))
            live[0] = ~0ull; /* x0..sp are 0..31, v0..v31 are 32..63 */
        use(live, i->a);
        use(live, i->b);
        use(live, i->c);
    }
}

static bool sets_nzcv(const IrUnit *u)
{
    for (uint32_t k = 0; k < u->inst_count; k++)
        if (u->inst[k].set_nzcv)
            return true;
    return false;
}

/*
 * A host comparison of floating-point numbers answers some conditions only when the operands
 * are exchanged: FCMP's order follows from the first condition that reads it.
 */
static void order_fcmp(IrUnit *u, const IrBlock *block)
{
    /* CS CC MI PL HI LS */
    const uint16_t swapped = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9;
    Cond reader = 0;

    for (int k = (int)(block->first + block->count) - 1; k >= (int)block->first; k--) {
        IrInst *i = &u->inst[k];
        uint16_t effects = ir_op_info[i->op].effects;
        if (i->op == IR_FCMP)
            i->shift = swapped >> reader & 1;
        if (effects & NEEDC)
            reader = 2;
        else if (effects & NEEDNZCV)
            reader = i->cond;
    }
}

void opt_dead(IrUnit *u, bool (*nzcv_dead_at)(IrUnit *u, uint64_t pc))
{
    Dead s = {.u = u, .nzcv_dead_at = nzcv_dead_at};

    if (!passes.dead_flags)
        all_nzcv_live(u);
    else if (sets_nzcv(u)) /* else NZCV is in cpu->hflags throughout and nobody needs to know */
        while (nzcv_pass(&s))
            ;
    for (uint32_t b = 0; b < u->block_count; b++)
        remove_dead(u, &u->block[b]);
    for (uint32_t b = 0; b < u->block_count; b++)
        order_fcmp(u, &u->block[b]);
}
