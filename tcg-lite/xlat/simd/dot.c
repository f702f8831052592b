/*
 * Advanced SIMD dot products of bytes, and of two rows with two columns of them.
 *
 * Invariant: products of four bytes at a time are summed to a word without saturation.
 */
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/simd/simd.h"

/* ---- without the host's own: bytes widened in place, even and odd ones, then PMADDWD ---- */

static IrRef even_bytes(Xlat *t, IrRef a, bool is_signed)
{
    if (!is_signed)
        return v_newk(t, IR_VAND, 2, a, VK_LOW_HALF + 1);
    return v_newi(t, IR_VSARI, 2, v_newi(t, IR_VSHLI, 2, a, 8), 8);
}

static void dot_bytes(Xlat *t, IrRef d, IrRef c, IrRef a, IrRef b, bool a_signed, bool b_signed)
{
    IrRef even = even_bytes(t, a, a_signed);
    even = v_new(t, IR_VMADDS, 2, even, even_bytes(t, b, b_signed));
    IrRef odd = v_newi(t, a_signed ? IR_VSARI : IR_VSHRI, 2, a, 8);
    odd = v_new(t, IR_VMADDS, 2, odd, v_newi(t, b_signed ? IR_VSARI : IR_VSHRI, 2, b, 8));
    odd = v_new(t, IR_VADD, 4, odd, even);
    v_op(t, IR_VADD, 4, d, c, odd);
}

/* ---- with it ---- */

static void dot4(Xlat *t, IrRef d, IrRef c, IrRef a, IrRef b)
{
    ir_op(t, IR_VDOT4, 4, d, a, b)->c = c;
}

/*
 * d = c + sums of four products. The host multiplies unsigned by signed bytes: with the sign bit
 * turned round, a signed byte is 128 too great, an unsigned one 128 too small.
 */
static void dot_four(Xlat *t, IrRef d, IrRef c, IrRef a, IrRef b, bool a_signed, bool b_signed)
{
    if (!host.avx512_vnni) {
        dot_bytes(t, d, c, a, b, a_signed, b_signed);
    } else if (a_signed && b_signed) {
        IrRef x = v_newk(t, IR_VXOR, 1, a, VK_SIGN), excess = v_zero(t);
        IrInst *sum = ir_op(t, IR_VDOT4, 4, excess, IR_VK, b);
        sum->c = excess;
        sum->imm = VK_SIGN;
        dot4(t, x, c, x, b);
        v_op(t, IR_VSUB, 4, d, x, excess);
    } else if (a_signed) {
        dot4(t, d, c, b, a);
    } else if (b_signed) {
        dot4(t, d, c, a, b);
    } else {
        IrRef sum = v_temp(t), x = v_newk(t, IR_VXOR, 1, b, VK_SIGN);
        dot4(t, sum, c, a, x);
        for (int n = 0; n < 2; n++) {
            IrInst *half = ir_op(t, IR_VDOT4, 4, n ? d : sum, a, IR_VK);
            half->c = sum;
            half->imm = VK_SIGN_SHR + 1; /* 64 */
        }
    }
}

static void dot(Xlat *t, const DecodedInsn *i, IrRef b, bool a_signed, bool b_signed)
{
    dot_four(t, v_ref(i->rd), v_ref(i->rd), v_ref(i->rn), b, a_signed, b_signed);
    v_half(t, i->q);
}

/* Products of two rows (halves of Vn) with two columns (halves of Vm), of eight bytes each. */
static void matrix(Xlat *t, const DecodedInsn *i, bool a_signed, bool b_signed)
{
    IrRef d = v_ref(i->rd), row[2], zero;

    if (!host.avx512_vnni) {
        x_call_interp(t, false);
        return;
    }
    for (unsigned n = 0; n < 2; n++) {
        IrRef a = v_newi(t, IR_VDUPL, 8, v_ref(i->rn), n);
        row[n] = v_temp(t);
        zero = v_zero(t);
        dot_four(t, row[n], zero, a, v_ref(i->rm), a_signed, b_signed);
    }
    IrRef first = v_temp(t), second = v_temp(t);
    v_opi3(t, IR_VSHUF2, 4, first, row[0], row[1], 0x88);
    v_opi3(t, IR_VSHUF2, 4, second, row[0], row[1], 0xdd);
    v_op(t, IR_VADD, 4, first, first, second);
    v_op(t, IR_VADD, 4, d, d, first);
}

TRANSLATE(SMMLA)  { matrix(t, i, true, true); }
TRANSLATE(UMMLA)  { matrix(t, i, false, false); }
TRANSLATE(USMMLA) { matrix(t, i, false, true); }

static IrRef dot_element(Xlat *t, const DecodedInsn *i)
{
    return v_newi(t, IR_VDUPL, 4, v_ref((unsigned)i->m << 4 | i->rm), i->h << 1 | i->l);
}

TRANSLATE(SDOT_vec)   { dot(t, i, v_ref(i->rm), true, true); }
TRANSLATE(UDOT_vec)   { dot(t, i, v_ref(i->rm), false, false); }
TRANSLATE(USDOT_vec)  { dot(t, i, v_ref(i->rm), false, true); }
TRANSLATE(SDOT_elem)  { dot(t, i, dot_element(t, i), true, true); }
TRANSLATE(UDOT_elem)  { dot(t, i, dot_element(t, i), false, false); }
TRANSLATE(USDOT_elem) { dot(t, i, dot_element(t, i), false, true); }
TRANSLATE(SUDOT_elem) { dot(t, i, dot_element(t, i), true, false); }
