/* Floating-point arithmetic, comparison, selection and moves: scalar rows, their vector twins. */
#include "tcg-lite/xlat/fp.h"

bool fp_inline(Xlat *t)
{
    bool ok = host.avx && (!(t->u->fpcr & FPCR_FZ) || (t->u->fpcr & FPCR_TRAPS));

    if (!ok)
        x_call_interp(t, false);
    return ok;
}

bool fp_inline_half(Xlat *t)
{
    bool ok = host.f16c && !(t->u->fpcr & (FPCR_FZ | FPCR_DN | FPCR_AHP));

    if (!ok)
        x_call_interp(t, false);
    return ok;
}

IrInst *fp_op(Xlat *t, IrOp op, unsigned size, unsigned bytes, IrRef d, IrRef a, IrRef b)
{
    IrInst *i = ir_op(t, op, size, d, a, b);
    i->sub = (uint8_t)bytes;
    return i;
}

IrRef fp_arg(Xlat *t, unsigned r, unsigned size, unsigned bytes)
{
    if (bytes != 8 || size != 4)
        return v_ref(r);
    IrRef d = v_temp(t);
    fp_op(t, IR_FDUP, 8, 16, d, v_ref(r), IR_NONE);
    return d;
}

void fp_check(Xlat *t, unsigned bytes, IrRef a)
{
    fp_op(t, IR_FCHECK, bytes, bytes, IR_NONE, a, IR_NONE);
}

/* ---- arithmetic ---- */

static void unary(Xlat *t, const DecodedInsn *i, IrOp op, unsigned bytes)
{
    if (fp_inline(t))
        fp_op(t, op, fp_lane(i), bytes, v_ref(i->rd), fp_arg(t, i->rn, fp_lane(i), bytes),
              IR_NONE);
}

static void binary(Xlat *t, const DecodedInsn *i, IrOp op, unsigned bytes)
{
    if (!fp_inline(t))
        return;
    IrRef a = fp_arg(t, i->rn, fp_lane(i), bytes);
    IrRef b = i->rn == i->rm ? a : fp_arg(t, i->rm, fp_lane(i), bytes);
    fp_op(t, op, fp_lane(i), bytes, v_ref(i->rd), a, b);
}

#define UNARY_SCALAR(id, op) TRANSLATE(id##_scalar) { unary(t, i, op, fp_lane(i)); }
#define UNARY(id, op)                                                                              \
    UNARY_SCALAR(id, op)                                                                           \
    TRANSLATE(id##_vec) { unary(t, i, op, fp_bytes(i)); }
#define BINARY_SCALAR(id, op) TRANSLATE(id##_scalar) { binary(t, i, op, fp_lane(i)); }
#define BINARY(id, op)                                                                             \
    BINARY_SCALAR(id, op)                                                                          \
    TRANSLATE(id##_vec) { binary(t, i, op, fp_bytes(i)); }

UNARY(FABS, IR_FABS)
UNARY(FNEG, IR_FNEG)
UNARY(FSQRT, IR_FSQRT)
BINARY(FADD, IR_FADD)
BINARY(FSUB, IR_FSUB)
BINARY(FMUL, IR_FMUL)
BINARY(FDIV, IR_FDIV)
BINARY(FABD, IR_FABD)
BINARY(FMIN, IR_FMIN)
BINARY(FMAX, IR_FMAX)
BINARY(FMINNM, IR_FMIN) /* they differ for NaNs alone */
BINARY(FMAXNM, IR_FMAX)
BINARY_SCALAR(FNMUL, IR_FNMUL)

/* rd = +-ra +- rn * rm; negate as IR_FMA's cond */
static void multiply_add(Xlat *t, const DecodedInsn *i, unsigned negate)
{
    if (!host.fma) {
        x_call_interp(t, false);
        return;
    }
    if (!fp_inline(t))
        return;
    unsigned size = fp_lane(i);
    IrInst *ins = fp_op(t, IR_FMA, size, size, v_ref(i->rd), v_ref(i->ra), v_ref(i->rn));
    ins->c = v_ref(i->rm);
    ins->cond = (uint8_t)negate;
}

TRANSLATE(FMADD_scalar)  { multiply_add(t, i, 0); }
TRANSLATE(FMSUB_scalar)  { multiply_add(t, i, 1); }
TRANSLATE(FNMADD_scalar) { multiply_add(t, i, 3); }
TRANSLATE(FNMSUB_scalar) { multiply_add(t, i, 2); }

/* ---- rounding to integral ---- */

static void round_int(Xlat *t, const DecodedInsn *i, unsigned bytes, FpRounding mode, bool exact)
{
    if (!fp_inline(t))
        return;
    IrRef a = fp_arg(t, i->rn, fp_lane(i), bytes);
    IrInst *ins = fp_op(t, IR_FRINT, fp_lane(i), bytes, v_ref(i->rd), a, IR_NONE);
    ins->cond = (uint8_t)mode;
    ins->shift = exact;
}

#define ROUND(id, mode, exact)                                                                     \
    TRANSLATE(id##_scalar) { round_int(t, i, fp_lane(i), mode, exact); }                           \
    TRANSLATE(id##_vec) { round_int(t, i, fp_bytes(i), mode, exact); }

ROUND(FRINTN, FP_NEAREST, false)
ROUND(FRINTP, FP_UP, false)
ROUND(FRINTM, FP_DOWN, false)
ROUND(FRINTZ, FP_TO_ZERO, false)
ROUND(FRINTA, FP_NEAREST_AWAY, false)
ROUND(FRINTX, fp_rounding(t->u->fpcr), true)
ROUND(FRINTI, fp_rounding(t->u->fpcr), false)

/* ---- comparison that gives masks ---- */

static void compare_mask(Xlat *t, const DecodedInsn *i, unsigned bytes, FpCompare how,
                         bool absolute, bool zero)
{
    if (!fp_inline(t))
        return;
    IrRef a = fp_arg(t, i->rn, fp_lane(i), bytes);
    IrRef b = zero ? IR_NONE : fp_arg(t, i->rm, fp_lane(i), bytes);
    IrInst *ins = fp_op(t, IR_FCMPM, fp_lane(i), bytes, v_ref(i->rd), a, b);
    ins->cond = (uint8_t)how;
    ins->shift = absolute;
}

#define COMPARE(id, how, absolute, zero)                                                           \
    TRANSLATE(id##_scalar) { compare_mask(t, i, fp_lane(i), how, absolute, zero); }                \
    TRANSLATE(id##_vec) { compare_mask(t, i, fp_bytes(i), how, absolute, zero); }

COMPARE(FCMEQ, FP_EQ, false, false)
COMPARE(FCMGE, FP_GE, false, false)
COMPARE(FCMGT, FP_GT, false, false)
COMPARE(FACGE, FP_GE, true, false)
COMPARE(FACGT, FP_GT, true, false)
COMPARE(FCMEQ_zero, FP_EQ, false, true)
COMPARE(FCMGE_zero, FP_GE, false, true)
COMPARE(FCMGT_zero, FP_GT, false, true)
COMPARE(FCMLE_zero, FP_LE, false, true)
COMPARE(FCMLT_zero, FP_LT, false, true)

/* ---- comparison that gives flags, selection ---- */

static void compare_flags(Xlat *t, const DecodedInsn *i, IrRef b, bool signalling)
{
    if (!fp_inline(t))
        return;
    IrInst *ins = fp_op(t, IR_FCMP, fp_lane(i), fp_lane(i), IR_NONE, v_ref(i->rn), b);
    ins->cond = signalling;
    ins->set_nzcv = true;
}

TRANSLATE(FCMP)       { compare_flags(t, i, v_ref(i->rm), false); }
TRANSLATE(FCMPE)      { compare_flags(t, i, v_ref(i->rm), true); }
TRANSLATE(FCMP_zero)  { compare_flags(t, i, IR_NONE, false); }
TRANSLATE(FCMPE_zero) { compare_flags(t, i, IR_NONE, true); }

static void conditional_compare(Xlat *t, const DecodedInsn *i, bool signalling)
{
    if (!fp_inline(t))
        return;
    IrInst *ins =
        fp_op(t, IR_FCCMP, fp_lane(i), fp_lane(i), IR_NONE, v_ref(i->rn), v_ref(i->rm));
    ins->cond = i->cond;
    ins->shift = signalling;
    ins->imm = i->nzcv;
    ins->set_nzcv = true;
}

TRANSLATE(FCCMP)  { conditional_compare(t, i, false); }
TRANSLATE(FCCMPE) { conditional_compare(t, i, true); }

static void move(Xlat *t, unsigned size, unsigned rd, unsigned rn)
{
    ir_op(t, IR_VMOV, size, v_ref(rd), v_ref(rn), IR_NONE);
}

TRANSLATE(FCSEL)
{
    if (i->cond >= 14)
        move(t, fp_lane(i), i->rd, i->rn);
    else
        ir_op(t, IR_FCSEL, fp_lane(i), v_ref(i->rd), v_ref(i->rn), v_ref(i->rm))->cond = i->cond;
}

/* ---- moves ---- */

TRANSLATE(FMOV_scalar)   { move(t, fp_lane(i), i->rd, i->rn); }
TRANSLATE(FMOV_scalar_h) { move(t, 2, i->rd, i->rn); }

static void move_const(Xlat *t, unsigned rd, unsigned size, unsigned imm8)
{
    ir_op(t, IR_VCONST, 8, v_ref(rd), IR_NONE, IR_NONE)->imm =
        (int64_t)fp_expand_imm(8 * size, imm8);
}

TRANSLATE(FMOV_scalar_imm)   { move_const(t, i->rd, fp_lane(i), i->imm); }
TRANSLATE(FMOV_scalar_imm_h) { move_const(t, i->rd, 2, i->imm); }

static void lane_to_gpr(Xlat *t, unsigned size, unsigned lane, const DecodedInsn *i)
{
    if (i->rd != 31)
        ir_op(t, IR_VGET, size, (IrRef)i->rd, v_ref(i->rn), IR_NONE)->imm = lane;
}

TRANSLATE(FMOV_gen_to)     { lane_to_gpr(t, fp_lane(i), 0, i); }
TRANSLATE(FMOV_gen_to_h)   { lane_to_gpr(t, 2, 0, i); }
TRANSLATE(FMOV_gen_top_to) { lane_to_gpr(t, 8, 1, i); }

TRANSLATE(FMOV_gen_from)
{
    ir_op(t, IR_VFROM, fp_lane(i), v_ref(i->rd), x_src(i->rn), IR_NONE);
}

TRANSLATE(FMOV_gen_from_h)
{
    ir_op(t, IR_VFROM, 2, v_ref(i->rd), x_src(i->rn), IR_NONE);
}

TRANSLATE(FMOV_gen_top_from)
{
    ir_op(t, IR_VINS, 8, v_ref(i->rd), v_ref(i->rd), x_src(i->rn))->imm = 1;
}
