/*
 * What is known of V registers: which of their bytes are zero, and that they hold no NaN. Flows
 * forward through the unit, from the best that could be true down to what is, round loops too.
 * Invariant: nothing is known where the unit can be entered.
 */
#include <string.h>
#include "tcg-lite/emit/fp.h"
#include "tcg-lite/ir/facts.h"
#include "tcg-lite/ir/passes.h"

/* Rounds over the unit's blocks until nothing changes; more are not worth it. */
#define MAX_ROUNDS 4

static unsigned numbers_in(const Emit *e, IrRef r)
{
    if (ir_is_v(r))
        return e->lanes.number[r - IR_V0];
    return ir_is_vtemp(r) ? e->t_number[r - IR_VT0] : 0;
}

bool lanes_number(const Emit *e, IrRef r, unsigned size)
{
    return passes.numbers && (numbers_in(e, r) & size);
}

/* The lane sizes (4 | 8) in which what i writes is known to hold no NaN. */
static unsigned numbers_written(const Emit *e, const IrInst *i)
{
    const IrRef args[3] = {i->a, i->b, i->c};
    bool fma_traps = i->op == IR_FMA && fma_may_confuse_nans(e, i);
    unsigned numbers[3];

    for (unsigned n = 0; n < 3; n++)
        numbers[n] = args[n] == IR_NONE ? 4 | 8 : numbers_in(e, args[n]);
    return ir_numbers(i, numbers, fp_traps(e), fma_traps);
}

void lanes_step(Emit *e, const IrInst *i)
{
    if (ir_is_v(i->d)) {
        unsigned number = numbers_written(e, i);
        e->lanes.bytes[i->d - IR_V0] = (uint8_t)vec_bytes_written(e, i);
        e->lanes.number[i->d - IR_V0] = (uint8_t)number;
    } else if (ir_is_vtemp(i->d)) {
        unsigned number = numbers_written(e, i);
        e->t_bytes[i->d - IR_VT0] = (uint8_t)vec_bytes_written(e, i);
        e->t_number[i->d - IR_VT0] = (uint8_t)number;
    } else if (ir_op_info[i->op].effects & SYNC) {
        lanes_unknown(&e->lanes);
    }
}

void lanes_unknown(Lanes *l)
{
    memset(l->bytes, 16, sizeof l->bytes);
    memset(l->number, 0, sizeof l->number);
}

/* Makes *to no better than *from; true when that changed it. */
static bool meet(Lanes *to, const Lanes *from)
{
    bool changed = false;

    for (unsigned n = 0; n < 32; n++) {
        if (to->bytes[n] < from->bytes[n])
            to->bytes[n] = from->bytes[n], changed = true;
        if (to->number[n] & ~from->number[n])
            to->number[n] &= from->number[n], changed = true;
    }
    return changed;
}

/*
 * What is known at the end of block b, from e->lanes_in, to the blocks behind it. True when that
 * changed one that has had its turn.
 */
static bool flow(Emit *e, uint32_t b)
{
    const IrUnit *u = e->u;
    const IrBlock *block = &u->block[b];
    const IrInst *last = &u->inst[block->first + block->count - 1];
    bool changed = false;

    e->lanes = e->lanes_in[b];
    for (uint32_t k = block->first; k < block->first + block->count; k++)
        lanes_step(e, &u->inst[k]);
    if (ir_has_target(last) && last->target >= 0)
        changed = meet(&e->lanes_in[last->target], &e->lanes) && last->target <= (int)b;
    if (last->op == IR_BL || last->op == IR_BLR)
        lanes_unknown(&e->lanes);
    if (ir_has_target2(last) && last->target2 >= 0)
        changed |= meet(&e->lanes_in[last->target2], &e->lanes) && last->target2 <= (int)b;
    return changed;
}

/* Whether anything could be known: most units hold integer code alone. */
static bool writes_v(const IrUnit *u)
{
    for (uint32_t k = 0; k < u->inst_count; k++)
        if (ir_is_v(u->inst[k].d))
            return true;
    return false;
}

void lanes_flow(Emit *e)
{
    const IrUnit *u = e->u;
    bool wanted = passes.clean && writes_v(u), changed = wanted;

    for (uint32_t b = 0; b < u->block_count; b++) {
        if (u->block[b].entry || !wanted) {
            lanes_unknown(&e->lanes_in[b]);
        } else {
            memset(e->lanes_in[b].bytes, 0, sizeof e->lanes_in[b].bytes);
            memset(e->lanes_in[b].number, 4 | 8, sizeof e->lanes_in[b].number);
        }
    }
    for (unsigned round = 0; changed && round < MAX_ROUNDS; round++) {
        changed = false;
        for (uint32_t b = 0; b < u->block_count; b++)
            changed |= flow(e, b);
    }
    for (uint32_t b = 0; changed && b < u->block_count; b++)
        lanes_unknown(&e->lanes_in[b]);
}
