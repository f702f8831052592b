/*
 * What takes zero times infinity for a number: FMULX, FRECPS, FRSQRTS. It is invalid for the host:
 * with traps the interpreter gets it, without them operands that may lead to it are sorted out.
 */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

static IrRef not_finite(Xlat *t, unsigned size, IrRef a)
{
    const uint64_t infinity = v_splat(size, fp_infinity(size));
    return v_newc(t, IR_VCMPEQ, size, v_newc(t, IR_VAND, size, a, infinity), infinity);
}

static void check_finite(Xlat *t, unsigned size, unsigned bytes, IrRef a, IrRef b)
{
    if (!(t->u->fpcr & FPCR_TRAPS))
        fp_check(t, bytes, v_new(t, IR_VOR, size, not_finite(t, size, a), not_finite(t, size, b)));
}

/* ---- FMULX ---- */

static void multiply(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes, IrRef b)
{
    IrRef a = fp_arg(t, i->rn, size, bytes);

    check_finite(t, size, bytes, a, b);
    fp_apply(t, (FpHow){IR_FMUL, 0, 0}, size, bytes, v_ref(i->rd), a, b);
}

static void mulx(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    if (fp_inline_arith(t, size))
        multiply(t, i, size, bytes, fp_arg(t, i->rm, size, bytes));
}

static void mulx_element(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    if (fp_inline_arith(t, size))
        multiply(t, i, size, bytes, fp_element(t, i, size));
}

TRANSLATE(FMULX_scalar)        { mulx(t, i, fp_lane(i), fp_lane(i)); }
TRANSLATE(FMULX_scalar_h)      { mulx(t, i, 2, 2); }
TRANSLATE(FMULX_vec)           { mulx(t, i, fp_lane(i), fp_bytes(i)); }
TRANSLATE(FMULX_vec_h)         { mulx(t, i, 2, fp_bytes(i)); }
TRANSLATE(FMULX_elem)          { mulx_element(t, i, fp_lane(i), fp_bytes(i)); }
TRANSLATE(FMULX_elem_h)        { mulx_element(t, i, 2, fp_bytes(i)); }
TRANSLATE(FMULX_elem_scalar)   { mulx_element(t, i, fp_lane(i), fp_lane(i)); }
TRANSLATE(FMULX_elem_scalar_h) { mulx_element(t, i, 2, 2); }

/* ---- steps of Newton's iterations ---- */

/* 2 - a * b */
static void recip_step(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    if (!fp_inline_fma(t, size))
        return;
    IrRef a = fp_arg(t, i->rn, size, bytes), b = fp_arg(t, i->rm, size, bytes);
    check_finite(t, size, bytes, a, b);
    IrRef two = v_const(t, v_splat(size, fp_expand_imm(8 * size, 0x00)));
    fp_fma(t, size, bytes, v_ref(i->rd), two, a, b, 1);
}

/*
 * (3 - a * b) / 2, rounded once: a is halved before, which is exact unless that is tiny (it
 * traps), as 3 - a * b could overflow.
 */
static void rsqrt_step(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    unsigned frac = fp_frac_bits(size);

    if (!fp_inline_fma(t, size))
        return;
    IrRef a = fp_arg(t, i->rn, size, bytes), b = fp_arg(t, i->rm, size, bytes);
    check_finite(t, size, bytes, a, b);
    if (size == 2) {
        IrRef c = v_const(t, v_splat(2, fp_expand_imm(16, 0x78)));
        half_fma(t, bytes, v_ref(i->rd), c, a, b, 1, true);
        return;
    }
    if (!(t->u->fpcr & FPCR_TRAPS)) /* exponents from 2 on */
        fp_check_range(t, size, bytes, v_newi(t, IR_VSHLI, size, a, 1), BIT(frac + 2),
                       (2 * fp_bias(size) - 1) << (frac + 1));
    IrRef half = v_const(t, v_splat(size, fp_expand_imm(8 * size, 0x60))), x = v_temp(t);
    fp_apply(t, (FpHow){IR_FMUL, 0, 0}, size, bytes, x, a, half);
    IrRef c = v_const(t, v_splat(size, fp_expand_imm(8 * size, 0x78))); /* 3/2 */
    fp_fma(t, size, bytes, v_ref(i->rd), c, x, b, 1);
}

#define STEP(id, fn)                                                                               \
    TRANSLATE(id##_scalar) { fn(t, i, fp_lane(i), fp_lane(i)); }                                   \
    TRANSLATE(id##_scalar_h) { fn(t, i, 2, 2); }                                                   \
    TRANSLATE(id##_vec) { fn(t, i, fp_lane(i), fp_bytes(i)); }                                     \
    TRANSLATE(id##_vec_h) { fn(t, i, 2, fp_bytes(i)); }

STEP(FRECPS, recip_step)
STEP(FRSQRTS, rsqrt_step)
