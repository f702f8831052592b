/*
 * Advanced SIMD integer arithmetic: three registers, two registers, across lanes, by element.
 *
 * A row is one line, as in the interpreter: which lane function, over which operands. A lane
 * function appends IR that computes d from a and b for elements of `size` bytes. Invariant: as
 * in simd.h, d is written last.
 */
#include "tcg-lite/xlat/simd/simd.h"

typedef void LaneXlat(Xlat *t, unsigned size, IrRef d, IrRef a, IrRef b);
typedef void SatXlat(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef a, IrRef b);

static unsigned bytes(const DecodedInsn *i)
{
    return 1u << i->size;
}

static unsigned log2_of(unsigned size)
{
    return (unsigned)__builtin_ctz(size);
}

#define LANE(name) static void lane_##name(Xlat *t, unsigned size, IrRef d, IrRef a, IrRef b)
#define DIRECT(name, op)                                                                           \
    LANE(name)                                                                                     \
    {                                                                                              \
        v_op(t, op, size, d, a, b);                                                                \
    }

/* ---- lane functions ---- */

DIRECT(add, IR_VADD)
DIRECT(sub, IR_VSUB)
DIRECT(and, IR_VAND)
DIRECT(eor, IR_VXOR)
DIRECT(cmeq, IR_VCMPEQ)
DIRECT(cmgt, IR_VCMPGT)
DIRECT(smax, IR_VSMAX)
DIRECT(smin, IR_VSMIN)
DIRECT(umax, IR_VUMAX)
DIRECT(umin, IR_VUMIN)

LANE(bic)
{
    v_op(t, IR_VANDN, size, d, b, a);
}

LANE(orr)
{
    if (a == b)
        v_op1(t, IR_VMOV, 16, d, a);
    else
        v_op(t, IR_VOR, size, d, a, b);
}

LANE(orn)
{
    v_op(t, IR_VOR, size, d, a, v_new(t, IR_VNOT, size, b, IR_NONE));
}

LANE(bsl)
{
    (void)size;
    v_bsel(t, d, a, b, d);
}

LANE(bit)
{
    (void)size;
    v_bsel(t, d, a, d, b);
}

LANE(bif)
{
    (void)size;
    v_bsel(t, d, d, a, b);
}

/* Products of bytes: the odd ones arise in place when b keeps only its odd bytes. */
static void mul_bytes(Xlat *t, IrRef d, IrRef a, IrRef b)
{
    IrRef odd = v_newi(t, IR_VSHRI, 2, a, 8);
    odd = v_new(t, IR_VMUL, 2, odd, v_newk(t, IR_VAND, 1, b, VK_HIGH_BYTES));
    IrRef even = v_new(t, IR_VMUL, 2, a, b);
    v_op(t, IR_VOR, 1, d, v_newk(t, IR_VAND, 1, even, VK_LOW_HALF + 1), odd);
}

LANE(mul)
{
    if (size == 1)
        mul_bytes(t, d, a, b);
    else
        v_op(t, IR_VMUL, size, d, a, b);
}

LANE(mla)
{
    IrRef product = v_temp(t);
    lane_mul(t, size, product, a, b);
    v_op(t, IR_VADD, size, d, d, product);
}

LANE(mls)
{
    IrRef product = v_temp(t);
    lane_mul(t, size, product, a, b);
    v_op(t, IR_VSUB, size, d, d, product);
}

LANE(cmge)
{
    if (vec_available(IR_VSMAX, size))
        v_op(t, IR_VCMPEQ, size, d, v_new(t, IR_VSMAX, size, a, b), a);
    else
        v_op1(t, IR_VNOT, size, d, v_new(t, IR_VCMPGT, size, b, a));
}

LANE(cmhi)
{
    v_cmhi(t, size, d, a, b);
}

LANE(cmhs)
{
    if (vec_available(IR_VUMAX, size)) {
        v_op(t, IR_VCMPEQ, size, d, v_new(t, IR_VUMAX, size, a, b), a);
        return;
    }
    IrRef less = v_temp(t);
    v_cmhi(t, size, less, b, a);
    v_op1(t, IR_VNOT, size, d, less);
}

LANE(cmtst)
{
    IrRef both = a == b ? a : v_new(t, IR_VAND, size, a, b);
    v_op1(t, IR_VNOT, size, d, v_newk(t, IR_VCMPEQ, size, both, VK_ZERO));
}

static IrRef halved_difference_bits(Xlat *t, unsigned size, IrRef a, IrRef b, bool arith)
{
    IrRef x = v_new(t, IR_VXOR, size, a, b), r = v_temp(t);
    v_shr(t, size, r, x, 1, arith);
    return r;
}

/* Halving: a + b = 2 (a & b) + (a ^ b) = 2 (a | b) - (a ^ b); a - b = (a ^ b) - 2 (~a & b). */
#define HALVING(name, combine, with, arith)                                                        \
    LANE(name)                                                                                     \
    {                                                                                              \
        IrRef x = halved_difference_bits(t, size, a, b, arith);                                    \
        v_op(t, combine, size, d, v_new(t, with, size, a, b), x);                                  \
    }
HALVING(shadd, IR_VADD, IR_VAND, true)
HALVING(uhadd, IR_VADD, IR_VAND, false)
HALVING(srhadd, IR_VSUB, IR_VOR, true)
HALVING(urhadd_word, IR_VSUB, IR_VOR, false)

LANE(urhadd)
{
    if (vec_available(IR_VUAVG, size))
        v_op(t, IR_VUAVG, size, d, a, b);
    else
        lane_urhadd_word(t, size, d, a, b);
}

LANE(shsub)
{
    IrRef x = halved_difference_bits(t, size, a, b, true);
    v_op(t, IR_VSUB, size, d, x, v_new(t, IR_VANDN, size, a, b));
}

LANE(uhsub)
{
    IrRef x = halved_difference_bits(t, size, a, b, false);
    v_op(t, IR_VSUB, size, d, x, v_new(t, IR_VANDN, size, a, b));
}

LANE(sabd)
{
    IrRef max = v_new(t, IR_VSMAX, size, a, b);
    v_op(t, IR_VSUB, size, d, max, v_new(t, IR_VSMIN, size, a, b));
}

LANE(uabd)
{
    IrRef max = v_new(t, IR_VUMAX, size, a, b);
    v_op(t, IR_VSUB, size, d, max, v_new(t, IR_VUMIN, size, a, b));
}

LANE(saba)
{
    IrRef x = v_temp(t);
    lane_sabd(t, size, x, a, b);
    v_op(t, IR_VADD, size, d, d, x);
}

LANE(uaba)
{
    IrRef x = v_temp(t);
    lane_uabd(t, size, x, a, b);
    v_op(t, IR_VADD, size, d, d, x);
}

/* ---- saturating lane functions: they set QC, and write half of d, themselves ---- */

#define SAT(name)                                                                                  \
    static void sat_##name(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef a, IrRef b)

/* Bytes and halfwords: the host's saturating result against the wrapping one. */
static void sat_direct(Xlat *t, IrOp saturating, IrOp wrapping, unsigned size, unsigned q, IrRef d,
                       IrRef a, IrRef b)
{
    IrRef wrapped = v_new(t, wrapping, size, a, b);
    v_op(t, saturating, size, d, a, b);
    v_half(t, q);
    v_qc(t, d, wrapped, q);
}

SAT(sqadd)
{
    if (vec_available(IR_VADDSS, size)) {
        sat_direct(t, IR_VADDSS, IR_VADD, size, q, d, a, b);
        return;
    }
    IrRef sum = v_new(t, IR_VADD, size, a, b), x = v_new(t, IR_VXOR, size, a, sum);
    x = v_new(t, IR_VAND, size, x, v_new(t, IR_VXOR, size, b, sum));
    v_sat_wrapped(t, size, q, d, sum, x);
}

SAT(sqsub)
{
    if (vec_available(IR_VSUBSS, size)) {
        sat_direct(t, IR_VSUBSS, IR_VSUB, size, q, d, a, b);
        return;
    }
    IrRef sum = v_new(t, IR_VSUB, size, a, b), x = v_new(t, IR_VXOR, size, a, sum);
    x = v_new(t, IR_VAND, size, x, v_new(t, IR_VXOR, size, a, b));
    v_sat_wrapped(t, size, q, d, sum, x);
}

SAT(uqadd)
{
    if (vec_available(IR_VADDUS, size)) {
        sat_direct(t, IR_VADDUS, IR_VADD, size, q, d, a, b);
        return;
    }
    IrRef sum = v_new(t, IR_VADD, size, a, b), over = v_temp(t);
    v_cmhi(t, size, over, a, sum);
    v_op(t, IR_VOR, size, d, sum, over);
    v_half(t, q);
    v_qc(t, d, sum, q);
}

SAT(uqsub)
{
    if (vec_available(IR_VSUBUS, size)) {
        sat_direct(t, IR_VSUBUS, IR_VSUB, size, q, d, a, b);
        return;
    }
    IrRef sum = v_new(t, IR_VSUB, size, a, b), over = v_temp(t);
    v_cmhi(t, size, over, b, a);
    v_op(t, IR_VANDN, size, d, over, sum);
    v_half(t, q);
    v_qc(t, d, sum, q);
}

/*
 * r with the sign bit alone replaced by the maximum: what overflows in a doubled product (of
 * minimum and minimum), in a negation and an absolute value (of the minimum), and only that.
 */
static void sat_sign_bit(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef r)
{
    IrRef fixed = v_newk(t, IR_VCMPEQ, size, r, VK_SIGN + log2_of(size));
    v_op(t, IR_VXOR, size, d, fixed, r);
    v_half(t, q);
    v_qc(t, fixed, IR_NONE, q);
}

/* 2ab of a product of words, rounded; the upper half of the doubleword is what counts. */
static IrRef doubled_product(Xlat *t, IrRef a, IrRef b, bool round)
{
    IrRef r = v_new(t, IR_VMULLS, 4, a, b);
    r = v_new(t, IR_VADD, 8, r, r);
    return round ? v_newk(t, IR_VADD, 8, r, VK_BIT31) : r;
}

static void mulh_words(Xlat *t, unsigned q, IrRef d, IrRef a, IrRef b, bool round)
{
    IrRef even = v_newi(t, IR_VSHRI, 8, doubled_product(t, a, b, round), 32);
    IrRef high = v_newi(t, IR_VSHRI, 8, a, 32);
    IrRef odd = doubled_product(t, high, v_newi(t, IR_VSHRI, 8, b, 32), round), r = v_temp(t);

    v_opi3(t, IR_VBLEND, 2, r, even, odd, 0xcc);
    sat_sign_bit(t, 4, q, d, r);
}

SAT(sqdmulh)
{
    if (size == 4) {
        mulh_words(t, q, d, a, b, false);
        return;
    }
    IrRef high = v_newi(t, IR_VSHLI, 2, v_new(t, IR_VMULHS, 2, a, b), 1);
    IrRef low = v_newi(t, IR_VSHRI, 2, v_new(t, IR_VMUL, 2, a, b), 15);
    sat_sign_bit(t, 2, q, d, v_new(t, IR_VOR, 2, high, low));
}

SAT(sqrdmulh)
{
    if (size == 4)
        mulh_words(t, q, d, a, b, true);
    else
        sat_sign_bit(t, 2, q, d, v_new(t, IR_VMULHRS, 2, a, b));
}

/* ---- three registers of the same type ---- */

static void same(Xlat *t, const DecodedInsn *i, LaneXlat *fn)
{
    fn(t, bytes(i), v_ref(i->rd), v_ref(i->rn), v_ref(i->rm));
    v_half(t, i->q);
}

static void scalar(Xlat *t, const DecodedInsn *i, LaneXlat *fn)
{
    fn(t, 8, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm));
    v_half(t, 0);
}

static void same_sat(Xlat *t, const DecodedInsn *i, SatXlat *fn, IrRef b)
{
    fn(t, bytes(i), i->q, v_ref(i->rd), v_ref(i->rn), b);
}

/* The lanes above the scalar are zero beforehand: they saturate nowhere and stay zero. */
static void scalar_sat(Xlat *t, const DecodedInsn *i, SatXlat *fn, IrRef b)
{
    fn(t, bytes(i), 1, v_ref(i->rd), v_elem(t, bytes(i), v_ref(i->rn), 0), b);
}

static IrRef scalar_m(Xlat *t, const DecodedInsn *i)
{
    return v_elem(t, bytes(i), v_ref(i->rm), 0);
}

#define SAME(id, fn) TRANSLATE(id##_vec) { same(t, i, lane_##fn); }
#define SCALAR(id, fn) TRANSLATE(id##_scalar) { scalar(t, i, lane_##fn); }
#define SAME_SAT(id, fn) TRANSLATE(id##_vec) { same_sat(t, i, sat_##fn, v_ref(i->rm)); }
#define SCALAR_SAT(id, fn) TRANSLATE(id##_scalar) { scalar_sat(t, i, sat_##fn, scalar_m(t, i)); }

SAME(SHADD, shadd)
SAME(UHADD, uhadd)
SAME(SRHADD, srhadd)
SAME(URHADD, urhadd)
SAME(SHSUB, shsub)
SAME(UHSUB, uhsub)
SAME(CMGT, cmgt)
SAME(CMHI, cmhi)
SAME(CMGE, cmge)
SAME(CMHS, cmhs)
SAME(CMTST, cmtst)
SAME(CMEQ, cmeq)
SAME(SMAX, smax)
SAME(UMAX, umax)
SAME(SMIN, smin)
SAME(UMIN, umin)
SAME(SABD, sabd)
SAME(UABD, uabd)
SAME(SABA, saba)
SAME(UABA, uaba)
SAME(ADD, add)
SAME(SUB, sub)
SAME(MLA, mla)
SAME(MLS, mls)
SAME(MUL, mul)
SAME(AND, and)
SAME(BIC, bic)
SAME(ORR, orr)
SAME(ORN, orn)
SAME(EOR, eor)
SAME(BSL, bsl)
SAME(BIT, bit)
SAME(BIF, bif)
SAME_SAT(SQADD, sqadd)
SAME_SAT(UQADD, uqadd)
SAME_SAT(SQSUB, sqsub)
SAME_SAT(UQSUB, uqsub)
SAME_SAT(SQDMULH, sqdmulh)
SAME_SAT(SQRDMULH, sqrdmulh)

SCALAR(CMGT, cmgt)
SCALAR(CMHI, cmhi)
SCALAR(CMGE, cmge)
SCALAR(CMHS, cmhs)
SCALAR(CMTST, cmtst)
SCALAR(CMEQ, cmeq)
SCALAR(ADD, add)
SCALAR(SUB, sub)
SCALAR_SAT(SQADD, sqadd)
SCALAR_SAT(UQADD, uqadd)
SCALAR_SAT(SQSUB, sqsub)
SCALAR_SAT(UQSUB, uqsub)
SCALAR_SAT(SQDMULH, sqdmulh)
SCALAR_SAT(SQRDMULH, sqrdmulh)

/* The smaller byte of each pair as a word: the upper byte has met a zero. */
static IrRef smaller_of_pairs(Xlat *t, IrRef a)
{
    IrRef r = v_newi(t, IR_VSHRI, 2, a, 8);

    v_minmax(t, IR_VUMIN, 1, r, a, r);
    return r;
}

static void pairwise(Xlat *t, const DecodedInsn *i, LaneXlat *fn)
{
    IrRef even, odd;

    if (i->q && fn == lane_umin && bytes(i) == 1) { /* strlen's */
        even = smaller_of_pairs(t, v_ref(i->rn));
        odd = i->rn == i->rm ? even : smaller_of_pairs(t, v_ref(i->rm));
        v_op(t, IR_VPACKUS, 1, v_ref(i->rd), even, odd);
        return;
    }
    v_even_odd(t, bytes(i), i->q, v_ref(i->rn), v_ref(i->rm), &even, &odd);
    fn(t, bytes(i), v_ref(i->rd), even, odd);
    v_half(t, i->q);
}

#define PAIRWISE(id, fn) TRANSLATE(id##_vec) { pairwise(t, i, lane_##fn); }
PAIRWISE(ADDP, add)
PAIRWISE(SMAXP, smax)
PAIRWISE(UMAXP, umax)
PAIRWISE(SMINP, smin)
PAIRWISE(UMINP, umin)

TRANSLATE(ADDP_scalar)
{
    IrRef n = v_ref(i->rn), high = v_newi(t, IR_VBSHR, 1, n, 8);

    v_op(t, IR_VADD, 8, v_ref(i->rd), n, high);
    v_half(t, 0);
}

/* ---- long, wide, narrow ---- */

static void long_op(Xlat *t, const DecodedInsn *i, IrOp op, bool is_signed)
{
    IrRef a = v_widen(t, bytes(i), v_ref(i->rn), i->q, is_signed);
    IrRef b = v_widen(t, bytes(i), v_ref(i->rm), i->q, is_signed);

    v_op(t, op, 2 * bytes(i), v_ref(i->rd), a, b);
}

static void wide_op(Xlat *t, const DecodedInsn *i, IrOp op, bool is_signed)
{
    IrRef b = v_widen(t, bytes(i), v_ref(i->rm), i->q, is_signed);

    v_op(t, op, 2 * bytes(i), v_ref(i->rd), v_ref(i->rn), b);
}

TRANSLATE(SADDL_vec) { long_op(t, i, IR_VADD, true); }
TRANSLATE(UADDL_vec) { long_op(t, i, IR_VADD, false); }
TRANSLATE(SSUBL_vec) { long_op(t, i, IR_VSUB, true); }
TRANSLATE(USUBL_vec) { long_op(t, i, IR_VSUB, false); }
TRANSLATE(SADDW_vec) { wide_op(t, i, IR_VADD, true); }
TRANSLATE(UADDW_vec) { wide_op(t, i, IR_VADD, false); }
TRANSLATE(SSUBW_vec) { wide_op(t, i, IR_VSUB, true); }
TRANSLATE(USUBW_vec) { wide_op(t, i, IR_VSUB, false); }

/* |a - b| of widened lanes has room for its sign. */
static void abd_long(Xlat *t, const DecodedInsn *i, bool is_signed, bool accumulate)
{
    IrRef a = v_widen(t, bytes(i), v_ref(i->rn), i->q, is_signed);
    IrRef x = v_new(t, IR_VSUB, 2 * bytes(i), a,
                    v_widen(t, bytes(i), v_ref(i->rm), i->q, is_signed));

    if (!accumulate) {
        v_abs(t, 2 * bytes(i), v_ref(i->rd), x);
        return;
    }
    IrRef r = v_temp(t);
    v_abs(t, 2 * bytes(i), r, x);
    v_op(t, IR_VADD, 2 * bytes(i), v_ref(i->rd), v_ref(i->rd), r);
}

TRANSLATE(SABDL_vec) { abd_long(t, i, true, false); }
TRANSLATE(UABDL_vec) { abd_long(t, i, false, false); }
TRANSLATE(SABAL_vec) { abd_long(t, i, true, true); }
TRANSLATE(UABAL_vec) { abd_long(t, i, false, true); }

/* Products of double width, of the halves of a and b that q selects. */
static void mull(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef a, IrRef b, bool is_signed)
{
    if (size == 1) {
        IrRef x = v_widen(t, 1, a, q, is_signed);
        v_op(t, IR_VMUL, 2, d, x, v_widen(t, 1, b, q, is_signed));
    } else if (size == 2) {
        IrRef low = v_new(t, IR_VMUL, 2, a, b);
        IrRef high = v_new(t, is_signed ? IR_VMULHS : IR_VMULHU, 2, a, b);
        v_op(t, q ? IR_VZIP2 : IR_VZIP1, 2, d, low, high);
    } else {
        IrRef x = v_newi(t, IR_VSHUFD, 4, a, q ? 0xfa : 0x50);
        v_op(t, is_signed ? IR_VMULLS : IR_VMULLU, 4, d, x,
             v_newi(t, IR_VSHUFD, 4, b, q ? 0xfa : 0x50));
    }
}

/* accumulate: IR_VADD, IR_VSUB, or IR_NOP for the product alone */
static void mul_long(Xlat *t, const DecodedInsn *i, IrRef b, bool is_signed, IrOp accumulate)
{
    IrRef d = v_ref(i->rd);

    if (accumulate == IR_NOP) {
        mull(t, bytes(i), i->q, d, v_ref(i->rn), b, is_signed);
        return;
    }
    IrRef product = v_temp(t);
    mull(t, bytes(i), i->q, product, v_ref(i->rn), b, is_signed);
    v_op(t, accumulate, 2 * bytes(i), d, d, product);
}

/* Signed halfwords in words, zero above them: PMADDWD multiplies them, and can add. */
static void madd_long(Xlat *t, const DecodedInsn *i, IrRef b, IrOp accumulate)
{
    IrRef d = v_ref(i->rd), a = v_widen(t, 2, v_ref(i->rn), i->q, false);

    if (accumulate == IR_VADD)
        ir_op(t, IR_VDOT2, 4, d, a, b)->c = d;
    else if (accumulate == IR_VSUB)
        v_op(t, IR_VSUB, 4, d, d, v_new(t, IR_VMADDS, 2, a, b));
    else
        v_op(t, IR_VMADDS, 2, d, a, b);
}

static void mul_long_vector(Xlat *t, const DecodedInsn *i, bool is_signed, IrOp accumulate)
{
    if (is_signed && i->size == 1 && accumulate == IR_VADD)
        madd_long(t, i, v_widen(t, 2, v_ref(i->rm), i->q, false), accumulate);
    else
        mul_long(t, i, v_ref(i->rm), is_signed, accumulate);
}

static void mul_long_element(Xlat *t, const DecodedInsn *i, bool is_signed, IrOp accumulate)
{
    unsigned lane = i->h << 2 | i->l << 1 | i->m;

    if (is_signed && i->size == 1)
        madd_long(t, i, v_newk(t, IR_VSHUFB, 1, v_ref(i->rm), VK_ELEMENT + lane), accumulate);
    else
        mul_long(t, i, v_indexed(t, i), is_signed, accumulate);
}

#define MUL_LONG(id, is_signed, accumulate)                                                        \
    TRANSLATE(id##_vec) { mul_long_vector(t, i, is_signed, accumulate); }                          \
    TRANSLATE(id##_elem) { mul_long_element(t, i, is_signed, accumulate); }
MUL_LONG(SMULL, true, IR_NOP)
MUL_LONG(UMULL, false, IR_NOP)
MUL_LONG(SMLAL, true, IR_VADD)
MUL_LONG(UMLAL, false, IR_VADD)
MUL_LONG(SMLSL, true, IR_VSUB)
MUL_LONG(UMLSL, false, IR_VSUB)

/* Saturated 2ab of double width. */
static IrRef doubled_long(Xlat *t, unsigned size, unsigned q, IrRef a, IrRef b)
{
    unsigned wide = 2 * size;
    IrRef r = v_temp(t);

    mull(t, size, q, r, a, b, true);
    v_op(t, IR_VADD, wide, r, r, r);
    sat_sign_bit(t, wide, 1, r, r);
    return r;
}

/* accumulate: sat_sqadd, sat_sqsub, NULL */
static void doubling_long(Xlat *t, const DecodedInsn *i, IrRef b, SatXlat *accumulate)
{
    IrRef r = doubled_long(t, bytes(i), i->q, v_ref(i->rn), b);

    if (accumulate)
        accumulate(t, 2 * bytes(i), 1, v_ref(i->rd), v_ref(i->rd), r);
    else
        v_op1(t, IR_VMOV, 16, v_ref(i->rd), r);
}

static void doubling_long_scalar(Xlat *t, const DecodedInsn *i, IrRef b, SatXlat *accumulate)
{
    IrRef a = v_elem(t, bytes(i), v_ref(i->rn), 0), r = doubled_long(t, bytes(i), 0, a, b);

    if (!accumulate) {
        v_op1(t, IR_VMOV, 16, v_ref(i->rd), r);
        return;
    }
    v_opi(t, IR_VELEM, 2 * bytes(i), a, v_ref(i->rd), 0);
    accumulate(t, 2 * bytes(i), 1, v_ref(i->rd), a, r);
}

#define DOUBLING_LONG(id, accumulate)                                                              \
    TRANSLATE(id##_vec) { doubling_long(t, i, v_ref(i->rm), accumulate); }                         \
    TRANSLATE(id##_elem) { doubling_long(t, i, v_indexed(t, i), accumulate); }                     \
    TRANSLATE(id##_scalar) { doubling_long_scalar(t, i, scalar_m(t, i), accumulate); }             \
    TRANSLATE(id##_elem_scalar) { doubling_long_scalar(t, i, v_indexed(t, i), accumulate); }
DOUBLING_LONG(SQDMULL, NULL)
DOUBLING_LONG(SQDMLAL, sat_sqadd)
DOUBLING_LONG(SQDMLSL, sat_sqsub)

static void narrow_high(Xlat *t, const DecodedInsn *i, IrOp op, bool round)
{
    unsigned wide = 2 * bytes(i);
    IrRef r = v_new(t, op, wide, v_ref(i->rn), v_ref(i->rm));

    if (round)
        r = v_newc(t, IR_VADD, wide, r, v_splat(wide, 1ull << (8 * bytes(i) - 1)));
    v_narrow(t, bytes(i), v_ref(i->rd), r, i->q, true);
}

TRANSLATE(ADDHN_vec)  { narrow_high(t, i, IR_VADD, false); }
TRANSLATE(SUBHN_vec)  { narrow_high(t, i, IR_VSUB, false); }
TRANSLATE(RADDHN_vec) { narrow_high(t, i, IR_VADD, true); }
TRANSLATE(RSUBHN_vec) { narrow_high(t, i, IR_VSUB, true); }

TRANSLATE(XTN_vec)
{
    v_narrow(t, bytes(i), v_ref(i->rd), v_ref(i->rn), i->q, false);
}

static void saturate_narrow(Xlat *t, const DecodedInsn *i, bool from_signed, bool to_signed)
{
    v_narrow_sat(t, bytes(i), v_ref(i->rd), v_ref(i->rn), i->q, from_signed, to_signed);
}

static void saturate_scalar(Xlat *t, const DecodedInsn *i, bool from_signed, bool to_signed)
{
    IrRef r = v_elem(t, 2 * bytes(i), v_ref(i->rn), 0);

    v_narrow_sat(t, bytes(i), v_ref(i->rd), r, 0, from_signed, to_signed);
}

TRANSLATE(SQXTN_vec)     { saturate_narrow(t, i, true, true); }
TRANSLATE(SQXTUN_vec)    { saturate_narrow(t, i, true, false); }
TRANSLATE(UQXTN_vec)     { saturate_narrow(t, i, false, false); }
TRANSLATE(SQXTN_scalar)  { saturate_scalar(t, i, true, true); }
TRANSLATE(SQXTUN_scalar) { saturate_scalar(t, i, true, false); }
TRANSLATE(UQXTN_scalar)  { saturate_scalar(t, i, false, false); }

TRANSLATE(SHLL_vec)
{
    v_op(t, i->q ? IR_VZIP2 : IR_VZIP1, bytes(i), v_ref(i->rd), v_zero(t), v_ref(i->rn));
}

/* ---- by element ---- */

#define ELEM(id, fn)                                                                               \
    TRANSLATE(id##_elem)                                                                           \
    {                                                                                              \
        lane_##fn(t, bytes(i), v_ref(i->rd), v_ref(i->rn), v_indexed(t, i));                       \
        v_half(t, i->q);                                                                           \
    }
ELEM(MUL, mul)
ELEM(MLA, mla)
ELEM(MLS, mls)

TRANSLATE(SQDMULH_elem)         { same_sat(t, i, sat_sqdmulh, v_indexed(t, i)); }
TRANSLATE(SQRDMULH_elem)        { same_sat(t, i, sat_sqrdmulh, v_indexed(t, i)); }
TRANSLATE(SQDMULH_elem_scalar)  { scalar_sat(t, i, sat_sqdmulh, v_indexed(t, i)); }
TRANSLATE(SQRDMULH_elem_scalar) { scalar_sat(t, i, sat_sqrdmulh, v_indexed(t, i)); }

/* ---- two registers ---- */

LANE(neg)
{
    (void)b;
    ir_op(t, IR_VSUB, size, d, IR_VK, a)->imm = VK_ZERO;
}

LANE(abs)
{
    (void)b;
    v_abs(t, size, d, a);
}

LANE(not)
{
    (void)b;
    v_op1(t, IR_VNOT, size, d, a);
}

LANE(cmgt_zero)
{
    (void)b;
    v_opk(t, IR_VCMPGT, size, d, a, VK_ZERO);
}

LANE(cmeq_zero)
{
    (void)b;
    v_opk(t, IR_VCMPEQ, size, d, a, VK_ZERO);
}

LANE(cmlt_zero)
{
    (void)b;
    ir_op(t, IR_VCMPGT, size, d, IR_VK, a)->imm = VK_ZERO;
}

LANE(cmge_zero)
{
    (void)b;
    v_op1(t, IR_VNOT, size, d, v_new(t, IR_VCMPGT, size, v_zero(t), a));
}

LANE(cmle_zero)
{
    (void)b;
    v_op1(t, IR_VNOT, size, d, v_newk(t, IR_VCMPGT, size, a, VK_ZERO));
}

/* Signed and unsigned mixed: with the sign bits of d turned round the kinds agree. */
SAT(suqadd)
{
    IrRef x = v_newk(t, IR_VXOR, size, d, VK_SIGN + log2_of(size)), r = v_temp(t);
    (void)b;
    sat_uqadd(t, size, q, r, x, a);
    v_opk(t, IR_VXOR, size, d, r, VK_SIGN + log2_of(size));
    v_half(t, q);
}

SAT(usqadd)
{
    IrRef x = v_newk(t, IR_VXOR, size, d, VK_SIGN + log2_of(size)), r = v_temp(t);
    (void)b;
    sat_sqadd(t, size, q, r, x, a);
    v_opk(t, IR_VXOR, size, d, r, VK_SIGN + log2_of(size));
    v_half(t, q);
}

TRANSLATE(SUQADD_vec)    { same_sat(t, i, sat_suqadd, IR_NONE); }
TRANSLATE(USQADD_vec)    { same_sat(t, i, sat_usqadd, IR_NONE); }

/* d, too, as a scalar first. */
static void accumulate_scalar_sat(Xlat *t, const DecodedInsn *i, SatXlat *fn)
{
    IrRef d = v_ref(i->rd), a = v_elem(t, bytes(i), v_ref(i->rn), 0);
    v_opi(t, IR_VELEM, bytes(i), d, d, 0);
    fn(t, bytes(i), 1, d, a, IR_NONE);
}

TRANSLATE(SUQADD_scalar) { accumulate_scalar_sat(t, i, sat_suqadd); }
TRANSLATE(USQADD_scalar) { accumulate_scalar_sat(t, i, sat_usqadd); }

SAT(sqneg)
{
    IrRef r = v_temp(t);
    (void)b;
    ir_op(t, IR_VSUB, size, r, IR_VK, a)->imm = VK_ZERO;
    sat_sign_bit(t, size, q, d, r);
}

SAT(sqabs)
{
    IrRef r = v_temp(t);
    (void)b;
    v_abs(t, size, r, a);
    sat_sign_bit(t, size, q, d, r);
}

TRANSLATE(SQNEG_vec)    { same_sat(t, i, sat_sqneg, IR_NONE); }
TRANSLATE(SQABS_vec)    { same_sat(t, i, sat_sqabs, IR_NONE); }
TRANSLATE(SQNEG_scalar) { scalar_sat(t, i, sat_sqneg, IR_NONE); }
TRANSLATE(SQABS_scalar) { scalar_sat(t, i, sat_sqabs, IR_NONE); }

/* The entry of a nibble table for the lower or upper nibble of every byte. */
static IrRef nibbles(Xlat *t, IrRef a, bool upper, unsigned table)
{
    IrRef x = upper ? v_newi(t, IR_VSHRI, 2, a, 4) : a, r = v_temp(t);

    x = v_newk(t, IR_VAND, 1, x, VK_SHR + 4);
    ir_op(t, IR_VSHUFB, 1, r, IR_VK, x)->imm = table;
    return r;
}

LANE(cnt)
{
    (void)b, (void)size;
    if (vec_available(IR_VCNT, 1)) {
        v_op1(t, IR_VCNT, 1, d, a);
        return;
    }
    IrRef low = nibbles(t, a, false, VK_POPCOUNT);
    v_op(t, IR_VADD, 1, d, low, nibbles(t, a, true, VK_POPCOUNT));
}

LANE(rbit)
{
    (void)b, (void)size;
    IrRef low = nibbles(t, a, false, VK_REVERSE_LOW);
    v_op(t, IR_VOR, 1, d, low, nibbles(t, a, true, VK_REVERSE_HIGH));
}

/* Counts of `half` bytes become counts of twice that: the lower one matters below zeros only. */
static void clz_doubled(Xlat *t, unsigned half, IrRef a, IrRef counts)
{
    unsigned size = 2 * half;
    IrRef low = v_newk(t, IR_VCMPEQ, half, a, VK_ZERO);

    v_opi(t, IR_VSHRI, size, low, low, 8 * half);
    v_op(t, IR_VAND, size, low, low, counts);
    v_opi(t, IR_VSHRI, size, counts, counts, 8 * half);
    v_op(t, IR_VADD, size, counts, counts, low);
}

LANE(clz)
{
    (void)b;
    if (vec_available(IR_VCLZ, size)) {
        v_op1(t, IR_VCLZ, size, d, a);
        return;
    }
    IrRef upper = v_newi(t, IR_VSHRI, 2, a, 4), low = nibbles(t, a, false, VK_LEADING_ZEROS);
    upper = v_newk(t, IR_VAND, 1, upper, VK_SHR + 4);
    low = v_new(t, IR_VAND, 1, low, v_newk(t, IR_VCMPEQ, 1, upper, VK_ZERO));
    IrRef r = v_temp(t);
    ir_op(t, IR_VSHUFB, 1, r, IR_VK, upper)->imm = VK_LEADING_ZEROS;
    v_op(t, IR_VADD, 1, size == 1 ? d : r, r, low);
    if (size == 1)
        return;
    clz_doubled(t, 1, a, r);
    if (size == 4)
        clz_doubled(t, 2, a, r);
    v_op1(t, IR_VMOV, 16, d, r);
}

TRANSLATE(CLS_vec)
{
    IrRef x = v_new(t, IR_VXOR, bytes(i), v_ref(i->rn), v_sign(t, bytes(i), v_ref(i->rn)));
    IrRef count = v_temp(t);

    lane_clz(t, bytes(i), count, x, IR_NONE);
    v_opk(t, IR_VSUB, bytes(i), v_ref(i->rd), count, VK_ONE + i->size);
    v_half(t, i->q);
}

SAME(NEG, neg)
SAME(ABS, abs)
SAME(NOT, not)
SAME(CNT, cnt)
SAME(RBIT, rbit)
SAME(CLZ, clz)
SAME(CMGT_zero, cmgt_zero)
SAME(CMGE_zero, cmge_zero)
SAME(CMEQ_zero, cmeq_zero)
SAME(CMLE_zero, cmle_zero)
SAME(CMLT_zero, cmlt_zero)
SCALAR(NEG, neg)
SCALAR(ABS, abs)
SCALAR(CMGT_zero, cmgt_zero)
SCALAR(CMGE_zero, cmge_zero)
SCALAR(CMEQ_zero, cmeq_zero)
SCALAR(CMLE_zero, cmle_zero)
SCALAR(CMLT_zero, cmlt_zero)

/* Sums of neighbours, of double width. */
static void add_pairs(Xlat *t, unsigned size, IrRef d, IrRef a, bool is_signed)
{
    if (size == 1 && is_signed) {
        ir_op(t, IR_VMADDUS, 1, d, IR_VK, a)->imm = VK_ONE;
    } else if (size == 1) {
        v_opk(t, IR_VMADDUS, 1, d, a, VK_ONE);
    } else if (size == 2 && is_signed) {
        v_opk(t, IR_VMADDS, 2, d, a, VK_ONE + 1);
    } else if (is_signed) {
        IrRef even = v_newk(t, IR_VMULLS, 4, a, VK_ONE + 2);
        IrRef odd = v_newk(t, IR_VMULLS, 4, v_newi(t, IR_VSHRI, 8, a, 32), VK_ONE + 2);
        v_op(t, IR_VADD, 8, d, even, odd);
    } else {
        IrRef even = v_newk(t, IR_VAND, 4, a, VK_LOW_HALF + log2_of(2 * size));
        v_op(t, IR_VADD, 2 * size, d, even, v_newi(t, IR_VSHRI, 2 * size, a, 8 * size));
    }
}

static void add_long_pairs(Xlat *t, const DecodedInsn *i, bool is_signed, bool accumulate)
{
    IrRef d = v_ref(i->rd), sums = accumulate ? v_temp(t) : d;

    add_pairs(t, bytes(i), sums, v_ref(i->rn), is_signed);
    if (accumulate)
        v_op(t, IR_VADD, 2 * bytes(i), d, d, sums);
    v_half(t, i->q);
}

TRANSLATE(SADDLP_vec) { add_long_pairs(t, i, true, false); }
TRANSLATE(UADDLP_vec) { add_long_pairs(t, i, false, false); }
TRANSLATE(SADALP_vec) { add_long_pairs(t, i, true, true); }
TRANSLATE(UADALP_vec) { add_long_pairs(t, i, false, true); }

/* ---- across lanes ---- */

/* Folds the upper half onto the lower until one element is left; d = it, zeros above. */
static void across(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef a, IrOp op)
{
    for (unsigned width = q ? 8 : 4; width >= size; width /= 2)
        a = v_new(t, op, size, a, v_newi(t, IR_VBSHR, 1, a, width));
    v_opi(t, IR_VELEM, size, d, a, 0);
}

/* Bytes are summed by PSADBW, eight at a time. */
static void add_across(Xlat *t, const DecodedInsn *i)
{
    IrRef d = v_ref(i->rd), n = v_ref(i->rn);

    if (i->size) {
        across(t, bytes(i), i->q, d, n, IR_VADD);
        return;
    }
    IrRef sum = v_newk(t, IR_VSAD, 1, n, VK_ZERO);
    if (i->q)
        v_op(t, IR_VADD, 8, sum, sum, v_newi(t, IR_VBSHR, 1, sum, 8));
    v_opk(t, IR_VAND, 1, d, sum, VK_FIRST_BYTE);
}

/* Unsigned bytes and halfwords by PHMINPOSUW; of all bits inverted, the least is the greatest. */
static void min_across(Xlat *t, const DecodedInsn *i, bool max)
{
    IrRef d = v_ref(i->rd), x = v_ref(i->rn);

    if (i->size == 2) {
        across(t, 4, i->q, d, x, max ? IR_VUMAX : IR_VUMIN);
        return;
    }
    if (!i->q)
        x = v_new(t, IR_VZIP1, 8, x, x);
    if (max)
        x = v_new(t, IR_VNOT, 1, x, IR_NONE);
    if (i->size == 0)
        x = v_new(t, IR_VUMIN, 1, x, v_newi(t, IR_VSHRI, 2, x, 8));
    x = v_new(t, IR_VHMIN, 2, x, IR_NONE);
    if (!max)
        v_opk(t, IR_VAND, 1, d, x, VK_FIRST_BYTE + i->size);
    else
        v_opk(t, IR_VANDN, 1, d, x, VK_FIRST_BYTE + i->size);
}

TRANSLATE(ADDV)  { add_across(t, i); }
TRANSLATE(SMAXV) { across(t, bytes(i), i->q, v_ref(i->rd), v_ref(i->rn), IR_VSMAX); }
TRANSLATE(UMAXV) { min_across(t, i, true); }
TRANSLATE(SMINV) { across(t, bytes(i), i->q, v_ref(i->rd), v_ref(i->rn), IR_VSMIN); }
TRANSLATE(UMINV) { min_across(t, i, false); }

static void add_long_across(Xlat *t, const DecodedInsn *i, bool is_signed)
{
    IrRef sums = v_temp(t);

    add_pairs(t, bytes(i), sums, v_ref(i->rn), is_signed);
    across(t, 2 * bytes(i), i->q, v_ref(i->rd), sums, IR_VADD);
}

TRANSLATE(SADDLV) { add_long_across(t, i, true); }

TRANSLATE(UADDLV)
{
    if (i->size) {
        add_long_across(t, i, false);
        return;
    }
    IrRef sums = v_newk(t, IR_VSAD, 1, v_ref(i->rn), VK_ZERO);
    if (i->q)
        v_op(t, IR_VADD, 8, v_ref(i->rd), sums, v_newi(t, IR_VBSHR, 1, sums, 8));
    else
        v_op1(t, IR_VMOV, 8, v_ref(i->rd), sums);
    v_half(t, 0);
}
