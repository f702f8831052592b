/*
 * Reciprocal estimates and exponents, of all formats: integer operations and a table, for numbers
 * whose result is normal; FPCR does not matter for these. All others go to the interpreter.
 */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

static IrRef with(Xlat *t, IrOp op, unsigned size, IrRef a, uint64_t lane)
{
    return v_newc(t, op, size, a, v_splat(size, lane));
}

static IrRef table(Xlat *t, unsigned size, unsigned bytes, FpTable number, IrRef index)
{
    IrRef d = v_temp(t);
    fp_op(t, IR_FTABLE, size, bytes, d, index, IR_NONE)->imm = number;
    return d;
}

/* d = c - a | b, in `bytes` bytes */
static void put_fields(Xlat *t, IrRef d, unsigned size, unsigned bytes, IrRef a, IrRef b)
{
    if (bytes < 8 || bytes == size) {
        IrRef r = v_new(t, IR_VOR, size, a, b);
        v_op1(t, IR_VMOV, bytes, d, r);
    } else {
        v_op(t, IR_VOR, size, d, a, b);
        v_half(t, bytes == 16);
    }
}

static IrRef constant_less(Xlat *t, unsigned size, uint64_t c, IrRef a)
{
    IrRef d = v_temp(t);
    ir_op(t, IR_VSUB, size, d, IR_VC, a)->imm = (int64_t)v_splat(size, c);
    return d;
}

/* ---- estimates ---- */

/* The exponent e becomes 2 * bias - 1 - e, which must be positive. */
static void recip(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    unsigned frac = fp_frac_bits(size);
    IrRef a = v_ref(i->rn), x = v_newi(t, IR_VSHLI, size, a, 1);

    fp_check_range(t, size, bytes, x, BIT(frac + 1), (2 * fp_bias(size) - 2) << (frac + 1));
    IrRef e = v_newi(t, IR_VSHRI, size, a, frac - 8);
    e = table(t, size, bytes, FP_TABLE_RECIP, e);
    e = v_newi(t, IR_VSHLI, size, e, frac - 8);
    x = with(t, IR_VAND, size, a, ~low_mask(frac)); /* the sign stays under subtraction */
    x = constant_less(t, size, (2 * fp_bias(size) - 1) << frac, x);
    put_fields(t, v_ref(i->rd), size, bytes, x, e);
}

/* The exponent e of a positive number becomes (3 * bias - 1 - e) / 2. */
static void rsqrt(Xlat *t, const DecodedInsn *i, unsigned size, unsigned bytes)
{
    unsigned frac = fp_frac_bits(size);
    IrRef a = v_ref(i->rn), x;

    fp_check_range(t, size, bytes, a, BIT(frac), 2 * fp_bias(size) << frac);
    IrRef e = v_newi(t, IR_VSHRI, size, a, frac - 7);
    e = table(t, size, bytes, FP_TABLE_RSQRT, e);
    e = v_newi(t, IR_VSHLI, size, e, frac - 8);
    x = v_newi(t, IR_VSHRI, size, a, frac);
    x = constant_less(t, size, 3 * fp_bias(size) - 1, x);
    x = v_newi(t, IR_VSHLI, size, v_newi(t, IR_VSHRI, size, x, 1), frac);
    put_fields(t, v_ref(i->rd), size, bytes, x, e);
}

#define ESTIMATE(id, fn)                                                                           \
    TRANSLATE(id##_scalar) { fn(t, i, fp_lane(i), fp_lane(i)); }                                   \
    TRANSLATE(id##_vec) { fn(t, i, fp_lane(i), fp_bytes(i)); }                                     \
    TRANSLATE(id##_scalar_h) { fn(t, i, 2, 2); }                                                   \
    TRANSLATE(id##_vec_h) { fn(t, i, 2, fp_bytes(i)); }

ESTIMATE(FRECPE, recip)
ESTIMATE(FRSQRTE, rsqrt)

/* All ones where the argument is too small: `shift` leaves nothing of it. */
static void put_unsigned(Xlat *t, const DecodedInsn *i, IrRef estimate, unsigned shift)
{
    IrRef r = v_newi(t, IR_VSHLI, 4, estimate, 23);
    IrRef small = v_newi(t, IR_VSHRI, 4, v_ref(i->rn), shift);

    small = v_newk(t, IR_VCMPEQ, 4, small, VK_ZERO);
    r = with(t, IR_VOR, 4, r, BIT(31));
    put_fields(t, v_ref(i->rd), 4, fp_bytes(i), r, small);
}

TRANSLATE(URECPE_vec)
{
    IrRef x = v_newi(t, IR_VSHRI, 4, v_ref(i->rn), 23);
    put_unsigned(t, i, table(t, 4, fp_bytes(i), FP_TABLE_RECIP, x), 31);
}

/* From 1/2 on the table has no bit more, so that the lowest is left out of its number. */
TRANSLATE(URSQRTE_vec)
{
    IrRef a = v_ref(i->rn), half = v_newi(t, IR_VSARI, 4, a, 31);
    IrRef large = with(t, IR_VAND, 4, v_newi(t, IR_VSHRI, 4, a, 24), 0x7f);
    IrRef x = v_newi(t, IR_VSHRI, 4, a, 23);

    v_bsel(t, x, large, x, half);
    put_unsigned(t, i, table(t, 4, fp_bytes(i), FP_TABLE_RSQRT, x), 30);
}

/* ---- exponents ---- */

static void recip_exponent(Xlat *t, const DecodedInsn *i, unsigned size)
{
    unsigned frac = fp_frac_bits(size);
    uint64_t exponent = fp_infinity(size);
    IrRef a = v_ref(i->rn), x = with(t, IR_VAND, size, a, exponent);

    fp_check_range(t, size, size, x, BIT(frac), exponent - BIT(frac));
    x = with(t, IR_VAND, size, a, exponent | fp_sign(size));
    x = with(t, IR_VXOR, size, x, exponent);
    v_op1(t, IR_VMOV, size, v_ref(i->rd), x);
}

TRANSLATE(FRECPX_scalar)   { recip_exponent(t, i, fp_lane(i)); }
TRANSLATE(FRECPX_scalar_h) { recip_exponent(t, i, 2); }
