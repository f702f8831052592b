/* Linear scan over the temporaries of one guest instruction; guest registers have the plan. */
#include <string.h>
#include "tcg-lite/ra/ra.h"

/* Host register numbers as x86 encodes them. */
enum {
    H_RDX = 2, H_RBX = 3, H_RSI = 6, H_RDI = 7,
    H_TEMP_XMM = 12, H_TEMP_XMM_COUNT = 2, H_SCRATCH_XMM = 14,
};

void ra_standard_plan(RegPlan *plan, bool xmm32)
{
    /* In order of static use: see facts on register counts in design.md. */
    static const struct { int8_t guest, host; } homes[] = {
        {0, H_RBX}, {1, H_RSI}, {IR_SP, 10}, {2, H_RDI}, {19, 12}, {3, 8},
        {20, 13},   {4, 9},     {21, 14},    {29, 15},   {22, 11},
    };

    memset(plan, RA_NONE, sizeof *plan);
    for (size_t n = 0; n < COUNTOF(homes); n++)
        plan->x[homes[n].guest] = homes[n].host;
    for (int n = 0; n < 8; n++)
        plan->v[n] = (int8_t)n;
    for (int n = 16; n < 32; n++)
        if (xmm32)
            plan->v[n] = (int8_t)n;
        else if (n < 20)
            plan->v[n] = (int8_t)(n - 16 + 8);
    if (xmm32)
        for (int n = 8; n < 12; n++)
            plan->v[n] = (int8_t)n;
}

typedef struct Interval {
    uint32_t first, last; /* instruction indexes; first > last: unused */
} Interval;

static void touch(Interval *t, uint32_t k)
{
    if (t->first > t->last)
        t->first = k;
    t->last = k;
}

/* Does anything from the definition to the last use destroy RDX? */
static bool rdx_destroyed(const IrUnit *u, Interval t)
{
    for (uint32_t k = t.first; k <= t.last; k++)
        if (ir_op_info[u->inst[k].op].effects & (KILLS_DX | SYNC))
            return true;
    return false;
}

/* Nothing but the emitter of the store, which would load it there, has the register meanwhile. */
static bool stored_at_once(const IrUnit *u, Interval t)
{
    return t.last == t.first + 1 && u->inst[t.last].op == IR_VSTORE;
}

void ra_assign(const IrUnit *u, uint32_t first, uint32_t end, RaTemps *out)
{
    Interval g[IR_MAX_TEMPS], v[IR_MAX_VTEMPS];
    uint32_t k, rdx_free = first, xmm_free[H_TEMP_XMM_COUNT] = {first, first};
    unsigned gn = 0, vn = 0, ordered = 0;
    uint8_t order[IR_MAX_VTEMPS]; /* vector temporaries by their first definition */

    for (k = first; k < end && u->inst[k].guest == u->inst[first].guest; k++) {
        const IrInst *i = &u->inst[k];
        const IrRef refs[4] = {i->d, i->a, i->b, i->c};
        for (int n = 0; n < 4; n++) {
            unsigned r = refs[n];
            if (ir_is_temp(refs[n])) {
                for (r -= IR_T0; gn <= r; gn++)
                    g[gn] = (Interval){1, 0};
                touch(&g[r], k);
            } else if (ir_is_vtemp(refs[n])) {
                for (r -= IR_VT0; vn <= r; vn++)
                    v[vn] = (Interval){1, 0};
                if (v[r].first > v[r].last)
                    order[ordered++] = (uint8_t)r;
                touch(&v[r], k);
            }
        }
    }
    /* General ones are numbered in order of definition: this is the order of the intervals. */
    for (unsigned n = 0; n < gn; n++) {
        out->gpr[n] = RA_NONE;
        if (g[n].first <= g[n].last && g[n].first >= rdx_free && !rdx_destroyed(u, g[n])) {
            out->gpr[n] = H_RDX;
            rdx_free = g[n].last; /* an instruction reads before it writes */
        }
    }
    for (unsigned o = 0; o < ordered; o++) {
        unsigned n = order[o];
        out->xmm[n] = stored_at_once(u, v[n]) ? H_SCRATCH_XMM : RA_NONE;
        for (int x = 0; x < H_TEMP_XMM_COUNT; x++)
            if (v[n].first >= xmm_free[x]) {
                out->xmm[n] = (int8_t)(H_TEMP_XMM + x);
                xmm_free[x] = v[n].last;
                break;
            }
    }
}
