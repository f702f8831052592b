/*
 * Advanced SIMD shifts by immediate.
 *
 * Invariant: immh:immb holds size and amount: the highest bit set in immh is the (narrow)
 * element size; to the right by 2 * bits - immh:immb, to the left by immh:immb - bits.
 */
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/simd/simd.h"

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

/*
 * A rotation takes the guest two instructions: Vd = Vn shifted one way, then the rest of Vn the
 * other way into the bits of Vd that are zero. True when Vd still is such a shift of Vn, by
 * `op` and n: the first one, in this block.
 */
static bool was_shifted(Xlat *t, const DecodedInsn *i, unsigned q, IrOp op, unsigned n)
{
    IrRef d = v_ref(i->rd), a = v_ref(i->rn);

    if (!passes.rotate)
        return false;
    for (uint32_t k = t->u->inst_count; k > t->block_first && d != a; k--) {
        const IrInst *was = &t->u->inst[k - 1];
        if (was->d == d)
            return was->op == op && was->size == bytes(i) && was->a == a && was->imm == n &&
                   (was->sub == 8) == !q;
        if (was->d == a || ir_op_info[was->op].effects & SYNC)
            return false;
    }
    return false;
}

/* Vd = Vn rotated left by n, Vd holding one of the two parts. False: not done. */
static bool rotate(Xlat *t, const DecodedInsn *i, unsigned q, unsigned n)
{
    if (!vec_available(IR_VRORI, bytes(i)))
        return false;
    v_opi(t, IR_VRORI, bytes(i), v_ref(i->rd), v_ref(i->rn), 8 * bytes(i) - n);
    v_half(t, q);
    return true;
}

static void shift_right(Xlat *t, const DecodedInsn *i, unsigned q, bool round, bool arith,
                        bool accumulate)
{
    IrRef d = v_ref(i->rd), r = accumulate ? v_temp(t) : d;

    if (accumulate && !round && !arith && right(i) < 8 * bytes(i) &&
        was_shifted(t, i, q, IR_VSHLI, 8 * bytes(i) - right(i)) &&
        rotate(t, i, q, 8 * bytes(i) - right(i)))
        return;
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

/* The bits of d in `keep` stay, those of `shifted` come beside them, or in place of zeros. */
static void insert(Xlat *t, const DecodedInsn *i, unsigned q, IrRef shifted, uint64_t keep,
                   bool zeros)
{
    IrRef d = v_ref(i->rd);

    if (zeros) {
        v_op(t, IR_VOR, 8, d, d, shifted);
    } else if (host.avx512vl) {
        IrInst *select = ir_op(t, IR_VBSEL, 16, d, d, shifted);
        select->c = IR_VC;
        select->imm = (int64_t)v_splat(bytes(i), keep);
    } else {
        v_op(t, IR_VOR, 8, d, v_newc(t, IR_VAND, 8, d, v_splat(bytes(i), keep)), shifted);
    }
    v_half(t, q);
}

static void shift_left_insert(Xlat *t, const DecodedInsn *i, unsigned q)
{
    unsigned n = left(i);
    bool parted = n && was_shifted(t, i, q, IR_VSHRI, 8 * bytes(i) - n);
    IrRef r = v_temp(t);

    if (n == 0) {
        v_move(t, v_ref(i->rd), v_ref(i->rn), q);
    } else if (!parted || !rotate(t, i, q, n)) {
        v_shl(t, bytes(i), r, v_ref(i->rn), n);
        insert(t, i, q, r, low_mask(n), parted);
    }
}

static void shift_right_insert(Xlat *t, const DecodedInsn *i, unsigned q)
{
    unsigned n = right(i), bits = 8 * bytes(i);
    bool parted = n < bits && was_shifted(t, i, q, IR_VSHLI, bits - n);
    IrRef r = v_temp(t);

    if (parted && rotate(t, i, q, bits - n))
        return;
    v_shr(t, bytes(i), r, v_ref(i->rn), n, false);
    insert(t, i, q, r, ~low_mask(bits - n), parted);
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

/* Signed to unsigned: as unsigned, and 0 for what is negative. */
static void shift_left_unsigned(Xlat *t, const DecodedInsn *i, unsigned q, IrRef d, IrRef a)
{
    unsigned size = bytes(i);
    IrRef shifted = v_temp(t), back = v_temp(t), sign = v_sign(t, size, a);

    v_shl(t, size, shifted, a, left(i));
    v_shr(t, size, back, shifted, left(i), false);
    v_qc(t, back, a, q);
    v_qc(t, sign, IR_NONE, q);
    IrRef over = v_new(t, IR_VNOT, size, v_new(t, IR_VCMPEQ, size, back, a), IR_NONE);
    v_op(t, IR_VANDN, size, d, sign, v_new(t, IR_VOR, size, shifted, over));
    v_half(t, q);
}

TRANSLATE(SQSHLU_vec) { shift_left_unsigned(t, i, i->q, v_ref(i->rd), v_ref(i->rn)); }

TRANSLATE(SQSHLU_scalar)
{
    shift_left_unsigned(t, i, 1, v_ref(i->rd), v_elem(t, bytes(i), v_ref(i->rn), 0));
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
    IrRef r = v_newc(t, IR_VADD, wide, v_ref(i->rn), v_splat(wide, 1ull << (right(i) - 1)));

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
    v_narrow_sat(t, bytes(i), v_ref(i->rd), r, q, from_signed, to_signed);
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
