/*
 * Advanced SIMD multiplications that the host has nothing like: the rounding doubling ones that
 * accumulate, and polynomial ones of bytes.
 */
#include "tcg-lite/xlat/simd/simd.h"

static unsigned bytes(const DecodedInsn *i)
{
    return 1u << i->size;
}

/* ---- SQRDMLAH, SQRDMLSH: d = saturated (d << bits +- 2ab, rounded) >> bits ---- */

/*
 * Halfwords: d +- the rounded product. That of minimum and minimum alone wraps, to the minimum:
 * there the other operation is right. Of -ab, half is rounded the other way than of ab.
 */
static void rdm_halves(Xlat *t, unsigned q, IrRef d, IrRef acc, IrRef a, IrRef b, IrOp op)
{
    bool add = op == IR_VADD;
    IrRef product = v_new(t, IR_VMULHRS, 2, a, b);

    if (!add) {
        IrRef half = v_new(t, IR_VMUL, 2, a, b);
        v_opc(t, IR_VAND, 2, half, half, v_splat(2, 0x7fff));
        v_opc(t, IR_VCMPEQ, 2, half, half, v_splat(2, 0x4000));
        v_op(t, IR_VADD, 2, product, product, half);
    }
    IrRef other = v_new(t, add ? IR_VSUBSS : IR_VADDSS, 2, acc, product);
    IrRef wrapped = v_newk(t, IR_VCMPEQ, 2, product, VK_SIGN + 1);
    IrRef most = v_new(t, add ? IR_VADDSS : IR_VSUBSS, 2, acc, product);
    v_op(t, op, 2, product, acc, product);
    v_bsel(t, d, other, most, wrapped);
    v_half(t, q);
    v_qc(t, d, product, q);
}

/* Of the even words: half the sum, which a doubleword has room for. r may be a. */
static void rdm_sums(Xlat *t, IrRef r, IrRef acc, IrRef a, IrRef b, IrOp op)
{
    v_op(t, IR_VMULLS, 4, r, a, b);
    IrRef high = v_newk(t, IR_VMULLS, 4, acc, VK_SIGN + 2); /* -acc << 31 */
    if (op == IR_VADD) {
        v_op(t, IR_VSUB, 8, r, r, high);
    } else {
        v_op(t, IR_VADD, 8, r, r, high);
        ir_op(t, IR_VSUB, 8, r, IR_VK, r)->imm = VK_ZERO;
    }
    v_opc(t, IR_VADD, 8, r, r, 1 << 30);
}

static void rdm_words(Xlat *t, unsigned q, IrRef d, IrRef acc, IrRef a, IrRef b, IrOp op)
{
    IrRef odd = v_newi(t, IR_VSHRI, 8, a, 32), even = v_temp(t), high = v_temp(t);
    IrRef b_odd = v_newi(t, IR_VSHRI, 8, b, 32), acc_odd = v_temp(t);

    v_opi(t, IR_VSHRI, 8, acc_odd, acc, 32);
    rdm_sums(t, odd, acc_odd, odd, b_odd, op);
    rdm_sums(t, even, acc, a, b, op);
    v_opi(t, IR_VSHRI, 8, high, even, 32);
    v_opi3(t, IR_VBLEND, 2, high, high, odd, 0xcc);
    v_op(t, IR_VADD, 8, even, even, even);
    v_op(t, IR_VADD, 8, odd, odd, odd);
    v_opi(t, IR_VSHRI, 8, even, even, 32);
    v_opi3(t, IR_VBLEND, 2, even, even, odd, 0xcc);
    v_op(t, IR_VXOR, 4, high, high, even); /* the whole sum lost its sign */
    v_sat_wrapped(t, 4, q, d, even, high);
}

static void rdm(Xlat *t, const DecodedInsn *i, unsigned q, IrRef acc, IrRef a, IrRef b, IrOp op)
{
    (i->size == 1 ? rdm_halves : rdm_words)(t, q, v_ref(i->rd), acc, a, b, op);
}

/* With zeros above the scalars nothing else saturates, and zeros stay. */
static void rdm_scalar(Xlat *t, const DecodedInsn *i, IrRef b, IrOp op)
{
    IrRef a = v_elem(t, bytes(i), v_ref(i->rn), 0), acc = v_elem(t, bytes(i), v_ref(i->rd), 0);

    rdm(t, i, 0, acc, a, b, op);
}

#define RDM(id, op)                                                                                \
    TRANSLATE(id##_vec) { rdm(t, i, i->q, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm), op); }         \
    TRANSLATE(id##_elem) { rdm(t, i, i->q, v_ref(i->rd), v_ref(i->rn), v_indexed(t, i), op); }     \
    TRANSLATE(id##_scalar) { rdm_scalar(t, i, v_elem(t, bytes(i), v_ref(i->rm), 0), op); }         \
    TRANSLATE(id##_elem_scalar) { rdm_scalar(t, i, v_indexed(t, i), op); }
RDM(SQRDMLAH, IR_VADD)
RDM(SQRDMLSH, IR_VSUB)

/* ---- polynomial: bit by bit of b, the highest first ---- */

/* Products of bytes, cut to bytes (size 1), or of the half that q selects (size 2). */
static void pmul(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef a, IrRef b)
{
    IrRef r = v_temp(t), x = v_temp(t);

    for (unsigned bit = 8; bit-- > 0;) {
        if (bit < 7)
            v_opi(t, IR_VSHLI, 2, x, b, 7 - bit);
        ir_op(t, IR_VCMPGT, 1, x, IR_VK, bit < 7 ? x : b)->imm = VK_ZERO; /* is the bit set? */
        v_op(t, IR_VAND, 1, x, x, a);
        if (size == 2)
            v_opi(t, IR_VZXT, 1, x, x, q);
        if (bit == 7) {
            v_op1(t, IR_VMOV, 16, r, x);
            continue;
        }
        v_op(t, IR_VADD, size, r, r, r);
        v_op(t, IR_VXOR, size, r, r, x);
    }
    v_op1(t, IR_VMOV, 16, d, r);
}

TRANSLATE(PMUL_vec)
{
    pmul(t, 1, i->q, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm));
    v_half(t, i->q);
}

TRANSLATE(PMULL_p8)
{
    pmul(t, 2, i->q, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm));
}
