/* Vector floating point whose lanes mix: accumulation, by element, pairwise, across lanes. */
#include "tcg-lite/xlat/fp.h"

/* ---- accumulation ---- */

/* Vd +-= Vn * b, b as an argument of IR_FMA */
static void accumulate(Xlat *t, const DecodedInsn *i, unsigned bytes, IrRef b, bool subtract)
{
    IrRef a = fp_arg(t, i->rn, fp_lane(i), bytes);
    IrInst *ins = fp_op(t, IR_FMA, fp_lane(i), bytes, v_ref(i->rd), v_ref(i->rd), a);
    ins->c = b;
    ins->cond = subtract;
}

static bool fma_inline(Xlat *t)
{
    if (host.fma)
        return fp_inline(t);
    x_call_interp(t, false);
    return false;
}

#define ACCUMULATE(id, subtract)                                                                   \
    TRANSLATE(id##_vec)                                                                            \
    {                                                                                              \
        if (fma_inline(t))                                                                         \
            accumulate(t, i, fp_bytes(i), fp_arg(t, i->rm, fp_lane(i), fp_bytes(i)), subtract);    \
    }

ACCUMULATE(FMLA, false)
ACCUMULATE(FMLS, true)

/* ---- by element ---- */

/* Lane H:L of Vm for singles, H for doubles, in every lane. */
static IrRef element(Xlat *t, const DecodedInsn *i)
{
    IrRef d = v_temp(t);
    fp_op(t, IR_FDUP, fp_lane(i), 16, d, v_ref(i->rm), IR_NONE)->imm =
        i->sz ? i->h : i->h << 1 | i->l;
    return d;
}

static void accumulate_element(Xlat *t, const DecodedInsn *i, unsigned bytes, bool subtract)
{
    if (fma_inline(t))
        accumulate(t, i, bytes, element(t, i), subtract);
}

static void multiply_element(Xlat *t, const DecodedInsn *i, unsigned bytes)
{
    if (!fp_inline(t))
        return;
    IrRef b = element(t, i);
    fp_op(t, IR_FMUL, fp_lane(i), bytes, v_ref(i->rd), fp_arg(t, i->rn, fp_lane(i), bytes), b);
}

TRANSLATE(FMLA_elem)        { accumulate_element(t, i, fp_bytes(i), false); }
TRANSLATE(FMLS_elem)        { accumulate_element(t, i, fp_bytes(i), true); }
TRANSLATE(FMLA_elem_scalar) { accumulate_element(t, i, fp_lane(i), false); }
TRANSLATE(FMLS_elem_scalar) { accumulate_element(t, i, fp_lane(i), true); }
TRANSLATE(FMUL_elem)        { multiply_element(t, i, fp_bytes(i)); }
TRANSLATE(FMUL_elem_scalar) { multiply_element(t, i, fp_lane(i)); }

/* ---- pairwise ---- */

static void pairwise(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (!fp_inline(t))
        return;
    IrRef even = v_temp(t), odd = v_temp(t);
    unsigned size = fp_lane(i), bytes = fp_bytes(i);
    fp_op(t, IR_FEVEN, size, bytes, even, v_ref(i->rn), v_ref(i->rm));
    fp_op(t, IR_FODD, size, bytes, odd, v_ref(i->rn), v_ref(i->rm));
    fp_op(t, op, size, bytes, v_ref(i->rd), even, odd);
}

/* d = lane 0 of a op lane 1 of a */
static void pair(Xlat *t, unsigned size, IrOp op, IrRef d, IrRef a)
{
    IrRef second = v_temp(t);
    fp_op(t, IR_FDUP, size, 16, second, a, IR_NONE)->imm = 1;
    fp_op(t, op, size, size, d, a, second);
}

static void pair_of(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (fp_inline(t))
        pair(t, fp_lane(i), op, v_ref(i->rd), v_ref(i->rn));
}

#define PAIRWISE(id, op)                                                                           \
    TRANSLATE(id##_vec) { pairwise(t, i, op); }                                                    \
    TRANSLATE(id##_pair) { pair_of(t, i, op); }

PAIRWISE(FADDP, IR_FADD)
PAIRWISE(FMAXP, IR_FMAX)
PAIRWISE(FMINP, IR_FMIN)
PAIRWISE(FMAXNMP, IR_FMAX)
PAIRWISE(FMINNMP, IR_FMIN)

/* ---- across lanes ---- */

static void across(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (!fp_inline(t))
        return;
    IrRef even = v_temp(t), odd = v_temp(t), both = v_temp(t);
    fp_op(t, IR_FEVEN, 4, 16, even, v_ref(i->rn), v_ref(i->rn));
    fp_op(t, IR_FODD, 4, 16, odd, v_ref(i->rn), v_ref(i->rn));
    fp_op(t, op, 4, 8, both, even, odd);
    pair(t, 4, op, v_ref(i->rd), both);
}

TRANSLATE(FMAXV)   { across(t, i, IR_FMAX); }
TRANSLATE(FMINV)   { across(t, i, IR_FMIN); }
TRANSLATE(FMAXNMV) { across(t, i, IR_FMAX); }
TRANSLATE(FMINNMV) { across(t, i, IR_FMIN); }
