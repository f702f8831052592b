/*
 * Advanced SIMD shifts: by immediate, and by register where the host shifts lane by lane.
 *
 * Invariant: immh:immb holds size and amount: the highest bit set in immh is the (narrow)
 * element size; to the right by 2 * bits - immh:immb, to the left by immh:immb - bits.
 */
#include "tcg-lite/xlat/simd.h"

static unsigned bytes(const DecodedInsn *i)
{
    return 1u << (31 - __builtin_clz(i->immh));
}

static unsigned right(const DecodedInsn *i)
{
    return 16 * bytes(i) - ((unsigned)i->immh << 3 | i->immb);
}

static unsigned left(const DecodedInsn *i)
{
    return ((unsigned)i->immh << 3 | i->immb) - 8 * bytes(i);
}

/* ---- same width; the scalar forms are of doublewords ---- */

static void shift_right(Xlat *t, const DecodedInsn *i, unsigned q, bool round, bool arith,
                        bool accumulate)
{
    IrRef d = v_ref(i->rd), r = accumulate ? v_temp(t) : d;

    if (round)
        v_rshr(t, bytes(i), r, v_ref(i->rn), right(i), arith);
    else
        v_shr(t, bytes(i), r, v_ref(i->rn), right(i), arith);
    if (accumulate)
        v_op(t, IR_VADD, bytes(i), d, d, r);
    v_half(t, q);
}

#define RIGHT(id, round, arith, accumulate)                                                        \
    TRANSLATE(id##_vec) { shift_right(t, i, i->q, round, arith, accumulate); }                     \
    TRANSLATE(id##_scalar) { shift_right(t, i, 0, round, arith, accumulate); }
RIGHT(SSHR, false, true, false)
RIGHT(USHR, false, false, false)
RIGHT(SSRA, false, true, true)
RIGHT(USRA, false, false, true)
RIGHT(SRSHR, true, true, false)
RIGHT(URSHR, true, false, false)
RIGHT(SRSRA, true, true, true)
RIGHT(URSRA, true, false, true)

static void shift_left(Xlat *t, const DecodedInsn *i, unsigned q)
{
    v_shl(t, bytes(i), v_ref(i->rd), v_ref(i->rn), left(i));
    v_half(t, q);
}

TRANSLATE(SHL_vec)    { shift_left(t, i, i->q); }
TRANSLATE(SHL_scalar) { shift_left(t, i, 0); }

/* The bits of d in `keep` stay, the shifted ones come beside them. */
static void insert(Xlat *t, const DecodedInsn *i, unsigned q, IrRef shifted, uint64_t keep)
{
    IrRef d = v_ref(i->rd), kept = v_const(t, v_splat(bytes(i), keep));

    kept = v_new(t, IR_VAND, 8, d, kept);
    v_op(t, IR_VOR, 8, d, kept, shifted);
    v_half(t, q);
}

static void shift_left_insert(Xlat *t, const DecodedInsn *i, unsigned q)
{
    IrRef r = v_temp(t);

    v_shl(t, bytes(i), r, v_ref(i->rn), left(i));
    insert(t, i, q, r, low_mask(left(i)));
}

static void shift_right_insert(Xlat *t, const DecodedInsn *i, unsigned q)
{
    IrRef r = v_temp(t);

    v_shr(t, bytes(i), r, v_ref(i->rn), right(i), false);
    insert(t, i, q, r, ~low_mask(8 * bytes(i) - right(i)));
}

TRANSLATE(SLI_vec)    { shift_left_insert(t, i, i->q); }
TRANSLATE(SLI_scalar) { shift_left_insert(t, i, 0); }
TRANSLATE(SRI_vec)    { shift_right_insert(t, i, i->q); }
TRANSLATE(SRI_scalar) { shift_right_insert(t, i, 0); }

/* ---- saturating left: what does not come back when shifted right has overflowed ---- */

static void shift_left_sat(Xlat *t, const DecodedInsn *i, unsigned q, IrRef d, IrRef a,
                           bool is_signed)
{
    unsigned size = bytes(i);
    IrRef shifted = v_temp(t), back = v_temp(t), r = v_temp(t);

    v_shl(t, size, shifted, a, left(i));
    v_shr(t, size, back, shifted, left(i), is_signed);
    IrRef same = v_new(t, IR_VCMPEQ, size, back, a);
    if (is_signed) {
        IrRef limit = v_const(t, v_splat(size, low_mask(8 * size - 1)));
        v_op(t, IR_VXOR, size, limit, limit, v_sign(t, size, a));
        v_bsel(t, r, shifted, limit, same);
    } else {
        v_op(t, IR_VOR, size, r, shifted, v_new(t, IR_VNOT, size, same, IR_NONE));
    }
    v_qc(t, back, a, q);
    v_op1(t, IR_VMOV, 16, d, r);
    v_half(t, q);
}

#define LEFT_SAT(id, is_signed)                                                                    \
    TRANSLATE(id##_imm_vec)                                                                        \
    {                                                                                              \
        shift_left_sat(t, i, i->q, v_ref(i->rd), v_ref(i->rn), is_signed);                         \
    }                                                                                              \
    TRANSLATE(id##_imm_scalar)                                                                     \
    {                                                                                              \
        IrRef a = v_elem(t, bytes(i), v_ref(i->rn), 0);                                            \
        shift_left_sat(t, i, 1, v_ref(i->rd), a, is_signed);                                       \
    }
LEFT_SAT(SQSHL, true)
LEFT_SAT(UQSHL, false)

/* ---- narrowing; rounding needs the double width's carry only below what remains ---- */

TRANSLATE(SHRN_vec)
{
    IrRef r = v_ref(i->rn);

    if (right(i) != 8 * bytes(i))
        r = v_newi(t, IR_VSHRI, 2 * bytes(i), r, right(i));
    v_narrow(t, bytes(i), v_ref(i->rd), r, i->q, right(i) == 8 * bytes(i));
}

TRANSLATE(RSHRN_vec)
{
    unsigned wide = 2 * bytes(i);
    IrRef r = v_const(t, v_splat(wide, 1ull << (right(i) - 1)));

    r = v_new(t, IR_VADD, wide, v_ref(i->rn), r);
    v_opi(t, IR_VSHRI, wide, r, r, right(i));
    v_narrow(t, bytes(i), v_ref(i->rd), r, i->q, false);
}

static void narrow_sat(Xlat *t, const DecodedInsn *i, IrRef a, unsigned q, bool round,
                       bool from_signed, bool to_signed)
{
    IrRef r = v_temp(t);

    if (round)
        v_rshr(t, 2 * bytes(i), r, a, right(i), from_signed);
    else
        v_shr(t, 2 * bytes(i), r, a, right(i), from_signed);
    r = v_clamp(t, bytes(i), r, from_signed, to_signed);
    v_narrow(t, bytes(i), v_ref(i->rd), r, q, false);
}

#define NARROW_SAT(id, round, from_signed, to_signed)                                              \
    TRANSLATE(id##_vec) { narrow_sat(t, i, v_ref(i->rn), i->q, round, from_signed, to_signed); }   \
    TRANSLATE(id##_scalar)                                                                         \
    {                                                                                              \
        IrRef a = v_elem(t, 2 * bytes(i), v_ref(i->rn), 0);                                        \
        narrow_sat(t, i, a, 0, round, from_signed, to_signed);                                     \
    }
NARROW_SAT(SQSHRN, false, true, true)
NARROW_SAT(UQSHRN, false, false, false)
NARROW_SAT(SQSHRUN, false, true, false)
NARROW_SAT(SQRSHRN, true, true, true)
NARROW_SAT(UQRSHRN, true, false, false)
NARROW_SAT(SQRSHRUN, true, true, false)

/* ---- longer ---- */

static void shift_long(Xlat *t, const DecodedInsn *i, bool is_signed)
{
    IrOp op = is_signed ? IR_VSXT : IR_VZXT;
    IrRef d = v_ref(i->rd), r = left(i) ? v_temp(t) : d;

    v_opi(t, op, bytes(i), r, v_ref(i->rn), i->q);
    if (left(i))
        v_opi(t, IR_VSHLI, 2 * bytes(i), d, r, left(i));
}

TRANSLATE(SSHLL_vec) { shift_long(t, i, true); }
TRANSLATE(USHLL_vec) { shift_long(t, i, false); }

/* ---- by register: the amount is the signed low byte of each lane ---- */

static void shift_by_reg(Xlat *t, unsigned size, unsigned q, const DecodedInsn *i, bool arith)
{
    IrOp to_right = arith ? IR_VSARV : IR_VSHRV;
    IrRef a = v_ref(i->rn), b = v_ref(i->rm);

    if (size == 1 || !vec_available(IR_VSHLV, size) || !vec_available(to_right, size)) {
        x_call_interp(t, false);
        return;
    }
    unsigned low_byte = VK_LOW_BYTE + (unsigned)__builtin_ctz(size);
    IrRef count = v_newk(t, IR_VAND, size, b, low_byte);
    IrRef to_left = v_new(t, IR_VSHLV, size, a, count);
    IrRef back = v_new(t, IR_VSUB, size, v_zero(t), b);
    back = v_newk(t, IR_VAND, size, back, low_byte);
    back = v_new(t, to_right, size, a, back);
    if (arith) { /* to the right is all sign where the amount is positive */
        IrRef negative = v_newi(t, IR_VSHLI, size, b, 8 * size - 8);
        v_bsel(t, v_ref(i->rd), back, to_left, v_sign(t, size, negative));
    } else {
        v_op(t, IR_VOR, size, v_ref(i->rd), back, to_left);
    }
    v_half(t, q);
}

TRANSLATE(SSHL_vec)    { shift_by_reg(t, 1u << i->size, i->q, i, true); }
TRANSLATE(USHL_vec)    { shift_by_reg(t, 1u << i->size, i->q, i, false); }
TRANSLATE(SSHL_scalar) { shift_by_reg(t, 8, 0, i, true); }
TRANSLATE(USHL_scalar) { shift_by_reg(t, 8, 0, i, false); }
