/* BFloat16: the upper half of a single. */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

#define UPPER 0xffff0000ffff0000

/* Even or odd lanes, as singles. */
static IrRef bfloats(Xlat *t, IrRef a, bool odd)
{
    return odd ? v_newc(t, IR_VAND, 4, a, UPPER) : v_newi(t, IR_VSHLI, 4, a, 16);
}

/* ---- products added to singles: FPCR's rules; even (BFMLALB, q = 0) or odd lanes ---- */

static void multiply_long(Xlat *t, const DecodedInsn *i, IrRef b)
{
    IrRef a = bfloats(t, v_ref(i->rn), i->q);
    fp_fma(t, 4, 16, v_ref(i->rd), v_ref(i->rd), a, bfloats(t, b, i->q), 0);
}

TRANSLATE(BFMLAL_vec)
{
    if (fp_inline_fma(t, 4))
        multiply_long(t, i, v_ref(i->rm));
}

TRANSLATE(BFMLAL_elem)
{
    if (fp_inline_fma(t, 4))
        multiply_long(t, i, fp_element(t, i, 2));
}

/* ---- dot products: rules of their own ---- */

static void mode(Xlat *t, bool on)
{
    ir_op(t, IR_FMODE, 4, IR_NONE, IR_NONE, IR_NONE)->imm = on;
}

static void turn(Xlat *t, IrRef d, IrRef a)
{
    v_opk(t, IR_VXOR, 4, d, a, VK_SIGN + 2);
}

/*
 * Rounded to odd: of the sums rounded down and up, which differ by one when they do, the odd one.
 * An exact zero is positive unless both are negative, as up rounds it.
 */
static IrRef add_odd(Xlat *t, IrRef a, IrRef b)
{
    IrRef up = v_temp(t), down = v_temp(t), odd = v_temp(t);

    turn(t, up, a);
    v_op(t, IR_VFSUB, 4, up, up, b);
    turn(t, up, up);
    v_op(t, IR_VFADD, 4, down, a, b);
    v_opi(t, IR_VSHLI, 4, odd, down, 31);
    v_opi(t, IR_VSARI, 4, odd, odd, 31);
    v_bsel(t, up, down, up, odd);
    return up;
}

/* bad |= what is, or may be, a number that overflowed, or none */
static void note_large(Xlat *t, IrRef bad, IrRef a)
{
    IrRef x = v_newc(t, IR_VAND, 4, a, v_splat(4, 0x7fffffff));
    v_opc(t, IR_VCMPGT, 4, x, x, v_splat(4, 0x7f7ffffe));
    v_op(t, IR_VOR, 4, bad, bad, x);
}

/*
 * sum + both products of pairs, between FMODEs. Products are exact, but for positive ones that
 * overflow to the greatest number; infinities and NaNs are found in the end.
 */
static IrRef dot(Xlat *t, IrRef sum, IrRef a, IrRef b, IrRef bad)
{
    IrRef p[2], x = v_temp(t);

    for (unsigned odd = 0; odd < 2; odd++) {
        p[odd] = bfloats(t, a, odd);
        v_op(t, IR_VFMUL, 4, p[odd], p[odd], bfloats(t, b, odd));
        v_opc(t, IR_VCMPEQ, 4, x, p[odd], v_splat(4, 0x7f7fffff));
        v_op(t, IR_VOR, 4, bad, bad, x);
    }
    IrRef pair = add_odd(t, p[0], p[1]);
    note_large(t, bad, pair);
    sum = add_odd(t, sum, pair);
    note_large(t, bad, sum);
    return sum;
}

static void dot_lanes(Xlat *t, const DecodedInsn *i, IrRef b)
{
    IrRef bad = v_zero(t);

    mode(t, true);
    IrRef r = dot(t, v_ref(i->rd), v_ref(i->rn), b, bad);
    mode(t, false);
    fp_check(t, fp_bytes(i), bad);
    v_move(t, v_ref(i->rd), r, i->q);
}

TRANSLATE(BFDOT_vec)  { dot_lanes(t, i, v_ref(i->rm)); }
TRANSLATE(BFDOT_elem) { dot_lanes(t, i, v_newi(t, IR_VDUPL, 4, v_ref(i->rm), i->h << 1 | i->l)); }

/* Rows of Vn with columns of Vm, which are halves of them: first pairs, then second ones. */
TRANSLATE(BFMMLA_vec)
{
    static const uint8_t rows[2] = {0xa0, 0xf5}, columns[2] = {0x88, 0xdd};
    IrRef r = v_ref(i->rd), bad = v_zero(t);

    mode(t, true);
    for (unsigned k = 0; k < 2; k++) {
        IrRef a = v_newi(t, IR_VSHUFD, 4, v_ref(i->rn), rows[k]);
        r = dot(t, r, a, v_newi(t, IR_VSHUFD, 4, v_ref(i->rm), columns[k]), bad);
    }
    mode(t, false);
    fp_check(t, 16, bad);
    v_move(t, v_ref(i->rd), r, 1);
}

/* ---- conversion: integers ---- */

/*
 * Zeros, and numbers that are not tiny and cannot overflow, rounded in their upper half; sets
 * FPSR.IXC.
 */
static IrRef rounded(Xlat *t, IrRef a)
{
    IrRef x = v_newi(t, IR_VSHLI, 4, a, 1);
    IrRef bad = fp_outside(t, 4, x, 2 * 0x00800000u, 2 * (0x7f7f0000u - 0x00800000u) + 1);

    v_opk(t, IR_VCMPEQ, 4, x, x, VK_ZERO);
    v_op(t, IR_VANDN, 4, x, x, bad);
    fp_check(t, 16, x);
    v_opi(t, IR_VSHLI, 4, x, a, 16);
    fp_op(t, IR_FRAISE, 16, 16, IR_NONE, x, IR_NONE)->imm = FPSR_IXC;
    switch (fp_rounding(t->u->fpcr)) {
    case FP_NEAREST:
        v_opi(t, IR_VSHRI, 4, x, a, 16);
        v_opk(t, IR_VAND, 4, x, x, VK_ONE + 2);
        v_opc(t, IR_VADD, 4, x, x, v_splat(4, 0x7fff));
        break;
    case FP_UP:
        v_opi(t, IR_VSARI, 4, x, a, 31);
        v_opc(t, IR_VANDN, 4, x, x, v_splat(4, 0xffff));
        break;
    case FP_DOWN:
        v_opi(t, IR_VSARI, 4, x, a, 31);
        v_opc(t, IR_VAND, 4, x, x, v_splat(4, 0xffff));
        break;
    default:
        return a;
    }
    v_op(t, IR_VADD, 4, x, x, a);
    return x;
}

TRANSLATE(BFCVT_scalar)
{
    IrRef a = v_temp(t);
    v_op1(t, IR_VMOV, 4, a, v_ref(i->rn));
    v_opi(t, IR_VSHRI, 4, v_ref(i->rd), rounded(t, a), 16);
}

TRANSLATE(BFCVTN)
{
    v_narrow(t, 2, v_ref(i->rd), rounded(t, v_ref(i->rn)), i->q, true);
}
