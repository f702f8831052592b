/*
 * Half precision on a host that only converts it (F16C): lanes are widened, computed with and
 * narrowed again.
 *
 * One operation in single precision, then rounded to half, is rounded as if once: 24 bits are
 * enough for two significands of 11. What it raises is what Arm raises: no single of these is
 * tiny or overflows, and one that is inexact is no half. Halves that are tiny but exact do not
 * come from products and quotients alone, so only there does narrowing need its check.
 */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

IrRef half_widen(Xlat *t, IrRef a, unsigned bytes, unsigned part)
{
    IrRef d = v_temp(t);

    if (bytes == 2)
        fp_op(t, IR_FCVT, 4, 2, d, a, IR_NONE);
    else
        fp_op(t, IR_FWIDEN, 4, 16, d, a, IR_NONE)->imm = part;
    return d;
}

void half_narrow(Xlat *t, IrRef d, unsigned bytes, IrRef low, IrRef high, bool exact)
{
    if (bytes == 2) {
        fp_op(t, IR_FCVT, 2, 4, d, low, IR_NONE)->cond = exact;
        return;
    }
    if (bytes == 16) {
        IrRef r = v_temp(t);
        fp_op(t, IR_FNARROW, 2, 16, r, low, IR_NONE)->cond = exact;
        fp_op(t, IR_FNARROW, 2, 16, d, high, r)->cond = exact;
        return;
    }
    fp_op(t, IR_FNARROW, 2, 16, d, low, IR_NONE)->cond = exact;
}

void half_narrow_mask(Xlat *t, IrRef d, unsigned bytes, IrRef low, IrRef high)
{
    if (bytes == 2)
        v_op1(t, IR_VMOV, 2, d, low);
    else if (bytes == 16)
        v_op(t, IR_VPACKSS, 2, d, low, high);
    else
        v_opk(t, IR_VPACKSS, 2, d, low, VK_ZERO);
}

/* Lanes of op, narrowed to d. */
static void single_op(Xlat *t, FpHow how, unsigned bytes, IrRef d, IrRef a, IrRef b)
{
    bool product = how.op == IR_FMUL || how.op == IR_FDIV;
    IrRef r[2] = {IR_NONE, IR_NONE};

    if (product)
        how.cond = 1;
    for (unsigned part = 0; part < (bytes == 16 ? 2 : 1); part++) {
        IrRef x = half_widen(t, a, bytes, part), y = x;
        if (b != a)
            y = b == IR_NONE ? b : half_widen(t, b, bytes, part);
        r[part] = v_temp(t);
        fp_apply(t, how, 4, bytes == 2 ? 4 : 16, r[part], x, y);
    }
    if (how.op == IR_FCMPM)
        half_narrow_mask(t, d, bytes, r[0], r[1]);
    else
        half_narrow(t, d, bytes, r[0], r[1], !product);
}

/* A sign that changes after rounding must not do so before it is rounded again. */
void half_apply(Xlat *t, FpHow how, unsigned bytes, IrRef d, IrRef a, IrRef b)
{
    IrRef r = how.op == IR_FABD || how.op == IR_FNMUL ? v_temp(t) : d;

    if (how.op == IR_FABD) {
        single_op(t, (FpHow){IR_FSUB, 0, 0}, bytes, r, a, b);
        v_opc(t, IR_VAND, 2, d, r, v_splat(2, 0x7fff));
    } else if (how.op == IR_FNMUL) { /* a scalar */
        single_op(t, (FpHow){IR_FMUL, 0, 0}, bytes, r, a, b);
        IrRef sign = v_temp(t);
        v_opi(t, IR_VCONST, 8, sign, IR_NONE, 0x8000);
        v_op(t, IR_VXOR, 2, d, r, sign);
    } else {
        single_op(t, how, bytes, r, a, b);
    }
}

/* ---- multiplication and addition ---- */

/*
 * c + a of four singles, or one; c was a half, a is a product of two, which is exact. That of the
 * sum which 53 bits do not hold is not close to the middle of two halves: it would have to differ
 * from that by less than the product's last bit. Rounded to odd, it is on the right side still.
 */
static IrRef add_odd(Xlat *t, unsigned bytes, IrRef c, IrRef a)
{
    IrRef r = v_temp(t);

    fp_op(t, IR_FADDODD, 4, bytes, r, c, a);
    if (bytes == 4)
        return r;
    IrRef d = v_temp(t);
    IrInst *ins = fp_op(t, IR_FADDODD, 4, 16, d, c, a);
    ins->imm = 1;
    ins->c = r;
    return d;
}

/* Signs are turned before NaNs are looked at. */
static IrRef turned(Xlat *t, IrRef a, bool turn)
{
    return turn ? v_newc(t, IR_VXOR, 2, a, v_splat(2, fp_sign(2))) : a;
}

void half_fma(Xlat *t, unsigned bytes, IrRef d, IrRef c, IrRef a, IrRef b, unsigned negate,
              bool halve)
{
    unsigned single = bytes == 2 ? 4 : 16;
    IrRef r[2] = {IR_NONE, IR_NONE};

    c = turned(t, c, negate & 2);
    a = turned(t, a, negate & 1);
    for (unsigned part = 0; part < (bytes == 16 ? 2 : 1); part++) {
        IrRef x = half_widen(t, a, bytes, part), y = half_widen(t, b, bytes, part);
        if (halve)
            fp_op(t, IR_FMUL, 4, single, x, x, v_const(t, v_splat(4, 0x3f000000)))->cond = 1;
        fp_op(t, IR_FMUL, 4, single, x, x, y)->cond = 1;
        r[part] = add_odd(t, single, half_widen(t, c, bytes, part), x);
    }
    half_narrow(t, d, bytes, r[0], r[1], false);
}
