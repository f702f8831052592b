/*
 * Dead flags, dead definitions. A definition is dead when it is overwritten before anything
 * reads it and before anything that could show it to the outside: a possible fault or trap,
 * a call into C, or the end of the block. NZCV, unlike registers, is not kept exact for faults:
 * at a faulting access the flags of an already superseded comparison may be missing.
 */
#include <string.h>
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/opt/opt.h"

typedef struct Dead {
    IrUnit *u;
    bool (*nzcv_dead_at)(IrUnit *u, uint64_t pc);
    uint8_t exit_known[UNIT_MAX_EXITS]; /* 0 not asked yet, 1 asked; for those the unit has */
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

/* One round over the blocks; true when a loop's head has changed, so that another is needed. */
static bool nzcv_pass(Dead *s)
{
    bool changed = false;

    for (int b = (int)s->u->block_count - 1; b >= 0; b--) {
        IrBlock *block = &s->u->block[b];
        bool live = live_out(s, &s->u->inst[block->first + block->count - 1]);

        for (int k = (int)(block->first + block->count) - 1; k >= (int)block->first; k--)
            live = live_before(&s->u->inst[k], live);
        changed |= live != block->nzcv_live_in && block->loop_head;
        block->nzcv_live_in = live;
    }
    return changed;
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

static void make_nop(IrInst *i)
{
    *i = (IrInst){.op = IR_NOP, .d = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
                  .guest = i->guest, .nzcv_live = i->nzcv_live};
}

/* i->nzcv_live is known: drops what sets NZCV for nobody. */
static void drop_dead_nzcv(IrInst *i)
{
    if (i->nzcv_live)
        return;
    if (i->op == IR_CCMP)
        make_nop(i);
    else if (!(ir_op_info[i->op].effects & NEEDNZCV))
        i->set_nzcv = false;
    if (i->op == IR_SET_NZCV)
        i->op = IR_NOP, i->a = IR_NONE;
}

/*
 * A host comparison of floating-point numbers answers some conditions only when the operands
 * are exchanged: FCMP's order follows from the first condition that reads it. *reader is that
 * condition, looking backward.
 */
static void order_fcmp(IrInst *i, Cond *reader)
{
    /* CS CC MI PL HI LS */
    const uint16_t swapped = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9;
    uint16_t effects = ir_op_info[i->op].effects;

    if (i->op == IR_FCMP)
        i->shift = swapped >> *reader & 1;
    if (effects & NEEDC)
        *reader = 2;
    else if (effects & NEEDNZCV)
        *reader = i->cond;
}

/* Who reads NZCV: nobody needs to know, as nothing in the unit sets it; everybody; those found. */
typedef enum Readers { READERS_NONE, READERS_ALL, READERS_FOUND } Readers;

/* Fills nzcv_live and removes what is dead. */
static void finish_block(Dead *s, IrBlock *block, Readers readers)
{
    uint64_t live[4] = {~0ull, 0, 0, 0}; /* guest registers; no temporary survives a block */
    IrInst *inst = s->u->inst;
    int last = (int)(block->first + block->count) - 1;
    bool nzcv = readers == READERS_FOUND ? live_out(s, &inst[last]) : readers == READERS_ALL;
    Cond reader = 0;

    for (int k = last; k >= (int)block->first; k--) {
        IrInst *i = &inst[k];

        i->nzcv_live = nzcv;
        if (readers == READERS_FOUND)
            nzcv = live_before(i, nzcv);
        drop_dead_nzcv(i);
        if (removable(i, live)) {
            make_nop(i);
            continue;
        }
        uint16_t effects = ir_op_info[i->op].effects;
        if (i->d != IR_NONE)
            live[i->d / 64] &= ~(1ull << (i->d % 64));
        if (effects & (LOAD | STORE | TRAP | SYNC | END))
            live[0] = ~0ull; /* x0..sp are 0..31, v0..v31 are 32..63 */
        use(live, i->a);
        use(live, i->b);
        use(live, i->c);
        order_fcmp(i, &reader);
    }
    block->nzcv_live_in = nzcv;
}

static bool sets_nzcv(const IrUnit *u)
{
    for (uint32_t k = 0; k < u->inst_count; k++)
        if (u->inst[k].set_nzcv)
            return true;
    return false;
}

static bool has_loop(const IrUnit *u)
{
    for (uint32_t b = 0; b < u->block_count; b++)
        if (u->block[b].loop_head)
            return true;
    return false;
}

void opt_dead(IrUnit *u, bool (*nzcv_dead_at)(IrUnit *u, uint64_t pc))
{
    Dead s;
    Readers readers = !passes.dead_flags ? READERS_ALL :
                      sets_nzcv(u)       ? READERS_FOUND : READERS_NONE;

    s.u = u;
    s.nzcv_dead_at = nzcv_dead_at;
    memset(s.exit_known, 0, u->exit_count);
    if (readers == READERS_FOUND && has_loop(u))
        while (nzcv_pass(&s))
            ;
    for (int b = (int)u->block_count - 1; b >= 0; b--)
        finish_block(&s, &u->block[b], readers);
}
