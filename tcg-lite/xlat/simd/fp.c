/*
 * Vector floating point whose lanes mix or differ in width: accumulation, by element, pairwise,
 * across lanes, products of halves added to singles.
 */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

/* ---- by element ---- */

/* Lane H:L of Vm for singles, H for doubles, H:L:M for halves. */
IrRef fp_element(Xlat *t, const DecodedInsn *i, unsigned size)
{
    if (size == 2)
        return v_newi(t, IR_VDUPL, 2, v_ref(i->rm), i->h << 2 | i->l << 1 | i->m);
    IrRef d = v_temp(t);
    fp_op(t, IR_FDUP, size, 16, d, v_ref(i->rm), IR_NONE)->imm = i->sz ? i->h : i->h << 1 | i->l;
    return d;
}

/* Vd +-= Vn * b, or a lane of Vm */
static void accumulate(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes, bool element,
                       bool subtract)
{
    if (!fp_inline_fma(t, size))
        return;
    IrRef b = element ? fp_element(t, i, size) : fp_arg(t, i->rm, size, bytes);
    fp_fma(t, size, bytes, v_ref(i->rd), v_ref(i->rd), fp_arg(t, i->rn, size, bytes), b, subtract);
}

static void multiply_element(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    if (!fp_inline_arith(t, size))
        return;
    IrRef b = fp_element(t, i, size);
    fp_apply(t, (FpHow){IR_FMUL, 0, 0}, size, bytes, v_ref(i->rd), fp_arg(t, i->rn, size, bytes),
             b);
}

#define ACCUMULATE(id, subtract)                                                                   \
    TRANSLATE(id##_vec) { accumulate(t, i, fp_lane(i), fp_bytes(i), false, subtract); }            \
    TRANSLATE(id##_vec_h) { accumulate(t, i, 2, fp_bytes(i), false, subtract); }                   \
    TRANSLATE(id##_elem) { accumulate(t, i, fp_lane(i), fp_bytes(i), true, subtract); }            \
    TRANSLATE(id##_elem_h) { accumulate(t, i, 2, fp_bytes(i), true, subtract); }                   \
    TRANSLATE(id##_elem_scalar) { accumulate(t, i, fp_lane(i), fp_lane(i), true, subtract); }      \
    TRANSLATE(id##_elem_scalar_h) { accumulate(t, i, 2, 2, true, subtract); }

ACCUMULATE(FMLA, false)
ACCUMULATE(FMLS, true)

TRANSLATE(FMUL_elem)          { multiply_element(t, i, fp_lane(i), fp_bytes(i)); }
TRANSLATE(FMUL_elem_h)        { multiply_element(t, i, 2, fp_bytes(i)); }
TRANSLATE(FMUL_elem_scalar)   { multiply_element(t, i, fp_lane(i), fp_lane(i)); }
TRANSLATE(FMUL_elem_scalar_h) { multiply_element(t, i, 2, 2); }

/* ---- pairwise ---- */

static void pairwise(Xlat *t, const DecodedInsn *i, unsigned size, IrOp op)
{
    unsigned bytes = fp_bytes(i);
    IrRef even, odd;

    if (!fp_inline_arith(t, size))
        return;
    if (size == 2) {
        v_even_odd(t, 2, i->q, v_ref(i->rn), v_ref(i->rm), &even, &odd);
    } else {
        even = v_temp(t), odd = v_temp(t);
        fp_op(t, IR_FEVEN, size, bytes, even, v_ref(i->rn), v_ref(i->rm));
        fp_op(t, IR_FODD, size, bytes, odd, v_ref(i->rn), v_ref(i->rm));
    }
    fp_apply(t, (FpHow){op, 0, 0}, size, bytes, v_ref(i->rd), even, odd);
}

/* d = lane 0 of a op lane 1 of a */
static void pair(Xlat *t, unsigned size, IrOp op, IrRef d, IrRef a)
{
    IrRef second = v_temp(t);

    if (size == 2)
        v_opi(t, IR_VSHRI, 4, second, a, 16);
    else
        fp_op(t, IR_FDUP, size, 16, second, a, IR_NONE)->imm = 1;
    fp_apply(t, (FpHow){op, 0, 0}, size, size, d, a, second);
}

static void pair_of(Xlat *t, const DecodedInsn *i, unsigned size, IrOp op)
{
    if (fp_inline_arith(t, size))
        pair(t, size, op, v_ref(i->rd), v_ref(i->rn));
}

#define PAIRWISE(id, op)                                                                           \
    TRANSLATE(id##_vec) { pairwise(t, i, fp_lane(i), op); }                                        \
    TRANSLATE(id##_vec_h) { pairwise(t, i, 2, op); }                                               \
    TRANSLATE(id##_pair) { pair_of(t, i, fp_lane(i), op); }                                        \
    TRANSLATE(id##_pair_h) { pair_of(t, i, 2, op); }

PAIRWISE(FADDP, IR_FADD)
PAIRWISE(FMAXP, IR_FMAX)
PAIRWISE(FMINP, IR_FMIN)
PAIRWISE(FMAXNMP, IR_FMAX)
PAIRWISE(FMINNMP, IR_FMIN)

/* ---- across lanes: the order matters for NaNs alone ---- */

/* d = op of the four lanes of a */
static void across(Xlat *t, IrOp op, IrRef d, IrRef a)
{
    IrRef even = v_temp(t), odd = v_temp(t), both = v_temp(t);

    fp_op(t, IR_FEVEN, 4, 16, even, a, a);
    fp_op(t, IR_FODD, 4, 16, odd, a, a);
    fp_op(t, op, 4, 8, both, even, odd);
    pair(t, 4, op, d, both);
}

static void across_singles(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (fp_inline(t))
        across(t, op, v_ref(i->rd), v_ref(i->rn));
}

static void across_halves(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (!fp_inline_arith(t, 2))
        return;
    IrRef a = half_widen(t, v_ref(i->rn), 8, 0), d = v_temp(t);
    if (i->q)
        fp_op(t, op, 4, 16, a, a, half_widen(t, v_ref(i->rn), 16, 1));
    across(t, op, d, a);
    half_narrow(t, v_ref(i->rd), 2, d, IR_NONE, true);
}

#define ACROSS(id, op)                                                                             \
    TRANSLATE(id) { across_singles(t, i, op); }                                                    \
    TRANSLATE(id##_h) { across_halves(t, i, op); }

ACROSS(FMAXV, IR_FMAX)
ACROSS(FMINV, IR_FMIN)
ACROSS(FMAXNMV, IR_FMAX)
ACROSS(FMINNMV, IR_FMIN)

/* ---- products of halves added to singles ---- */

/* The lanes that q and `high` choose as singles, with equal halves for q = 0. */
static IrRef long_arg(Xlat *t, IrRef a, unsigned q, bool high)
{
    if (!q)
        a = v_newi(t, IR_VDUPL, 4, a, high);
    return half_widen(t, a, 16, q && high);
}

static bool long_inline(Xlat *t)
{
    if (host.fma)
        return fp_inline_arith(t, 2);
    x_call_interp(t, false);
    return false;
}

static void multiply_long(Xlat *t, const DecodedInsn *i, bool element, bool high, bool subtract)
{
    if (!long_inline(t))
        return;
    IrRef a = long_arg(t, v_ref(i->rn), i->q, high);
    IrRef b = element ? half_widen(t, fp_element(t, i, 2), 16, 0)
                      : long_arg(t, v_ref(i->rm), i->q, high);
    fp_fma(t, 4, fp_bytes(i), v_ref(i->rd), v_ref(i->rd), a, b, subtract);
}

#define MULTIPLY_LONG(id, high, subtract)                                                          \
    TRANSLATE(id##_vec) { multiply_long(t, i, false, high, subtract); }                            \
    TRANSLATE(id##_elem) { multiply_long(t, i, true, high, subtract); }

MULTIPLY_LONG(FMLAL, false, false)
MULTIPLY_LONG(FMLSL, false, true)
MULTIPLY_LONG(FMLAL2, true, false)
MULTIPLY_LONG(FMLSL2, true, true)
