/*
 * A register plan for one unit with loops: guest registers that its loops use much but the
 * standard plan leaves in memory take the place of others that they use little. Every way into
 * and out of the unit then exchanges the two (plan_enter, plan_leave in the emitter), so the
 * gain inside must exceed that cost.
 */
#include <string.h>
#include "tcg-lite/ra/ra.h"

/* A loop's body is taken to run this many times for each run of what is around it. */
enum { LOOP_FACTOR = 8, MAX_DEPTH = 4 };

typedef struct Weights {
    uint32_t ref[65];    /* of X0..X30, SP, V0..V31, qc: uses, by frequency */
    uint32_t crossings;  /* entries and exits, by frequency */
} Weights;

static void loop_frequencies(const IrUnit *u, uint32_t *frequency)
{
    uint8_t depth[UNIT_MAX_BLOCKS] = {0};

    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrInst *last = &u->inst[u->block[b].first + u->block[b].count - 1];
        int16_t heads[2] = {ir_has_target(last) ? last->target : (int16_t)-1,
                            ir_has_target2(last) ? last->target2 : (int16_t)-1};

        for (int k = 0; k < 2; k++)
            for (int n = heads[k]; n >= 0 && n <= (int)b; n++)
                if (depth[n] < MAX_DEPTH)
                    depth[n]++;
    }
    for (uint32_t b = 0; b < u->block_count; b++) {
        frequency[b] = 1;
        for (int n = 0; n < depth[b]; n++)
            frequency[b] *= LOOP_FACTOR;
    }
}

static void weigh_inst(Weights *w, const IrInst *i, uint32_t f)
{
    const IrRef refs[4] = {i->a, i->b, i->c, i->d};

    for (int n = 0; n < 4; n++)
        if (refs[n] < 64)
            w->ref[refs[n]] += n == 3 ? 2 * f : f; /* a store, and its latency for the next use */
    if (ir_op_info[i->op].effects & SYNC)
        w->crossings += 2 * f;
    switch (i->op) {
    case IR_VQC: case IR_VQCAND:
        w->ref[32 + RA_QC] += 3 * f;
        break;
    case IR_JCC: case IR_JZ: case IR_JBIT:
        w->crossings += (f / 4) * ((i->target < 0) + (i->target2 < 0)); /* mostly not taken */
        break;
    case IR_GOTO:
        w->crossings += i->target < 0 ? f : 0;
        break;
    case IR_BL: case IR_BLR: case IR_SVC:
        w->crossings += 2 * f;
        break;
    case IR_GOTO_IND: case IR_RET: case IR_EXIT:
        w->crossings += f;
        break;
    default:
        break;
    }
}

static void weigh(const IrUnit *u, Weights *w)
{
    uint32_t frequency[UNIT_MAX_BLOCKS];

    memset(w, 0, sizeof *w);
    loop_frequencies(u, frequency);
    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrBlock *block = &u->block[b];
        if (block->entry) /* a way in passes its loop's head once, not every round */
            w->crossings += block->loop_head ? frequency[b] / LOOP_FACTOR : frequency[b];
        for (uint32_t k = block->first; k < block->first + block->count; k++)
            weigh_inst(w, &u->inst[k], frequency[b]);
    }
}

/* Exchanges the best register in memory for the worst in a host register; false: no gain. */
static bool improve(int8_t *plan, int count, const uint32_t *weight, uint32_t cost)
{
    int best = -1, worst = -1;

    for (int n = 0; n < count; n++) {
        if (plan[n] == RA_NONE && (best < 0 || weight[n] > weight[best]))
            best = n;
        if (plan[n] != RA_NONE && (worst < 0 || weight[n] < weight[worst]))
            worst = n;
    }
    if (best < 0 || worst < 0 || weight[best] <= weight[worst] + cost)
        return false;
    plan[best] = plan[worst];
    plan[worst] = RA_NONE;
    return true;
}

bool ra_unit_plan(const IrUnit *u, const RegPlan *standard, RegPlan *plan)
{
    Weights w;
    bool changed = false;

    *plan = *standard;
    weigh(u, &w);
    while (improve(plan->x, 32, w.ref, 2 * w.crossings))
        changed = true;
    while (improve(plan->v, 33, w.ref + 32, 2 * w.crossings))
        changed = true;
    return changed;
}
