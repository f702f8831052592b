/* Floating-point arithmetic, comparison, selection and moves: scalar rows, their vector twins. */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

bool fp_inline(Xlat *t)
{
    bool ok = host.avx &&
              (!(t->u->fpcr & FPCR_FZ) || (t->u->fpcr & (FPCR_TRAPS | FPCR_NEWS)));

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

/* FPCR.AHP is about conversions. */
bool fp_inline_arith(Xlat *t, unsigned size)
{
    if (size != 2)
        return fp_inline(t);
    bool ok = host.f16c && !(t->u->fpcr & (FPCR_FZ | FPCR_FZ16 | FPCR_DN));

    if (!ok)
        x_call_interp(t, false);
    return ok;
}

bool fp_inline_fma(Xlat *t, unsigned size)
{
    if (size == 2 || host.fma)
        return fp_inline_arith(t, size);
    x_call_interp(t, false);
    return false;
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

void fp_apply(Xlat *t, FpHow how, unsigned size, unsigned bytes, IrRef d, IrRef a, IrRef b)
{
    if (size == 2) {
        half_apply(t, how, bytes, d, a, b);
        return;
    }
    IrInst *ins = fp_op(t, how.op, size, bytes, d, a, b);
    ins->cond = how.cond;
    ins->shift = how.shift;
}

void fp_fma(Xlat *t, unsigned size, unsigned bytes, IrRef d, IrRef c, IrRef a, IrRef b,
            unsigned negate)
{
    if (size == 2) {
        half_fma(t, bytes, d, c, a, b, negate, false);
        return;
    }
    IrInst *ins = fp_op(t, IR_FMA, size, bytes, d, c, a);
    ins->c = b;
    ins->cond = (uint8_t)negate;
}

void fp_check(Xlat *t, unsigned bytes, IrRef a)
{
    fp_op(t, IR_FCHECK, bytes, bytes, IR_NONE, a, IR_NONE);
}

IrRef fp_outside(Xlat *t, unsigned size, IrRef a, uint64_t first, uint64_t count)
{
    uint64_t sign = fp_sign(size);
    IrRef x = v_newc(t, IR_VADD, size, a, v_splat(size, sign - first));

    return v_newc(t, IR_VCMPGT, size, x, v_splat(size, (count - 1) ^ sign));
}

void fp_check_range(Xlat *t, unsigned size, unsigned bytes, IrRef a, uint64_t first,
                    uint64_t count)
{
    fp_check(t, bytes, fp_outside(t, size, a, first, count));
}

/* ---- arithmetic ---- */

/* Where lanes do not mix: op of Vn, and Vm when there are two. */
static void lanes(Xlat *t, const DecodedInsn *i, FpHow how, unsigned size, unsigned bytes,
                  bool two)
{
    if (!fp_inline_arith(t, size))
        return;
    IrRef a = fp_arg(t, i->rn, size, bytes), b = IR_NONE;
    if (two)
        b = i->rn == i->rm ? a : fp_arg(t, i->rm, size, bytes);
    fp_apply(t, how, size, bytes, v_ref(i->rd), a, b);
}

/* The rows of an instruction: scalar and vector, S or D and half precision. */
#define SCALAR(id, two, ...)                                                                       \
    TRANSLATE(id##_scalar) { lanes(t, i, (FpHow){__VA_ARGS__}, fp_lane(i), fp_lane(i), two); }     \
    TRANSLATE(id##_scalar_h) { lanes(t, i, (FpHow){__VA_ARGS__}, 2, 2, two); }
#define VECTOR(id, two, ...)                                                                       \
    TRANSLATE(id##_vec) { lanes(t, i, (FpHow){__VA_ARGS__}, fp_lane(i), fp_bytes(i), two); }       \
    TRANSLATE(id##_vec_h) { lanes(t, i, (FpHow){__VA_ARGS__}, 2, fp_bytes(i), two); }
#define BOTH(id, two, ...) SCALAR(id, two, __VA_ARGS__) VECTOR(id, two, __VA_ARGS__)

BOTH(FSQRT, false, IR_FSQRT, 0, 0)
BOTH(FADD, true, IR_FADD, 0, 0)
BOTH(FSUB, true, IR_FSUB, 0, 0)
BOTH(FMUL, true, IR_FMUL, 0, 0)
BOTH(FDIV, true, IR_FDIV, 0, 0)
BOTH(FABD, true, IR_FABD, 0, 0)
BOTH(FMIN, true, IR_FMIN, 0, 0)
BOTH(FMAX, true, IR_FMAX, 0, 0)
BOTH(FMINNM, true, IR_FMIN, 0, 0) /* they differ for NaNs alone */
BOTH(FMAXNM, true, IR_FMAX, 0, 0)
SCALAR(FNMUL, true, IR_FNMUL, 0, 0)

/* rd = +-ra +- rn * rm */
static void multiply_add(Xlat *t, const DecodedInsn *i, unsigned size, unsigned negate)
{
    if (fp_inline_fma(t, size))
        fp_fma(t, size, size, v_ref(i->rd), v_ref(i->ra), v_ref(i->rn), v_ref(i->rm), negate);
}

#define MULTIPLY_ADD(id, negate)                                                                   \
    TRANSLATE(id##_scalar) { multiply_add(t, i, fp_lane(i), negate); }                             \
    TRANSLATE(id##_scalar_h) { multiply_add(t, i, 2, negate); }

MULTIPLY_ADD(FMADD, 0)
MULTIPLY_ADD(FMSUB, 1)
MULTIPLY_ADD(FNMADD, 3)
MULTIPLY_ADD(FNMSUB, 2)

/* ---- signs: bits, whatever FPCR says ---- */

static void sign_bits(Xlat *t, const DecodedInsn *i, IrOp op, unsigned bytes)
{
    if (fp_inline(t))
        fp_op(t, op, fp_lane(i), bytes, v_ref(i->rd), fp_arg(t, i->rn, fp_lane(i), bytes),
              IR_NONE);
}

static void sign_bits_half(Xlat *t, const DecodedInsn *i, IrOp op, uint64_t lane, unsigned bytes)
{
    IrRef d = v_ref(i->rd), a = v_ref(i->rn);

    if (bytes == 2) {
        ir_op(t, IR_VMOV, 2, d, v_newc(t, op, 2, a, v_splat(2, lane)), IR_NONE);
    } else {
        v_opc(t, op, 2, d, a, v_splat(2, lane));
        v_half(t, i->q);
    }
}

#define SIGN(id, op, op_half, lane)                                                                \
    TRANSLATE(id##_scalar) { sign_bits(t, i, op, fp_lane(i)); }                                    \
    TRANSLATE(id##_vec) { sign_bits(t, i, op, fp_bytes(i)); }                                      \
    TRANSLATE(id##_scalar_h) { sign_bits_half(t, i, op_half, lane, 2); }                           \
    TRANSLATE(id##_vec_h) { sign_bits_half(t, i, op_half, lane, fp_bytes(i)); }

SIGN(FABS, IR_FABS, IR_VAND, 0x7fff)
SIGN(FNEG, IR_FNEG, IR_VXOR, 0x8000)

/* ---- rounding to integral ---- */

#define ROUND(id, mode, exact) BOTH(id, false, IR_FRINT, mode, exact)

ROUND(FRINTN, FP_NEAREST, false)
ROUND(FRINTP, FP_UP, false)
ROUND(FRINTM, FP_DOWN, false)
ROUND(FRINTZ, FP_TO_ZERO, false)
ROUND(FRINTA, FP_NEAREST_AWAY, false)
ROUND(FRINTX, (uint8_t)fp_rounding(t->u->fpcr), true)
ROUND(FRINTI, (uint8_t)fp_rounding(t->u->fpcr), false)

/*
 * To integers that fit a word or doubleword; from `limit` on, which is positive as an integer,
 * that is left to the interpreter.
 */
static void round_int_n(Xlat *t, const DecodedInsn *i, unsigned bytes, FpRounding mode,
                        uint32_t limit_single, uint64_t limit_double)
{
    unsigned size = fp_lane(i);

    if (!fp_inline(t))
        return;
    IrRef a = fp_arg(t, i->rn, size, bytes);
    IrRef x = v_newc(t, IR_VAND, size, a, v_splat(size, ~fp_sign(size)));
    uint64_t limit = i->sz ? limit_double : limit_single;
    fp_check(t, bytes, v_newc(t, IR_VCMPGT, size, x, v_splat(size, limit - 1)));
    fp_apply(t, (FpHow){IR_FRINT, (uint8_t)mode, true}, size, bytes, v_ref(i->rd), a, IR_NONE);
}

#define ROUND_N(id, mode, ...)                                                                     \
    TRANSLATE(id##_scalar) { round_int_n(t, i, fp_lane(i), mode, __VA_ARGS__); }                   \
    TRANSLATE(id##_vec) { round_int_n(t, i, fp_bytes(i), mode, __VA_ARGS__); }
#define LIMIT_32 0x4f000000, 0x41dfffffffc00001 /* 2^31, and what is above 2^31 - 1 */
#define LIMIT_64 0x5f000000, 0x43e0000000000000 /* 2^63 */

ROUND_N(FRINT32Z, FP_TO_ZERO, LIMIT_32)
ROUND_N(FRINT32X, fp_rounding(t->u->fpcr), LIMIT_32)
ROUND_N(FRINT64Z, FP_TO_ZERO, LIMIT_64)
ROUND_N(FRINT64X, fp_rounding(t->u->fpcr), LIMIT_64)

/* ---- comparison that gives masks ---- */

#define COMPARE(id, how, absolute) BOTH(id, true, IR_FCMPM, how, absolute)
#define COMPARE_ZERO(id, how) BOTH(id##_zero, false, IR_FCMPM, how, false)

COMPARE(FCMEQ, FP_EQ, false)
COMPARE(FCMGE, FP_GE, false)
COMPARE(FCMGT, FP_GT, false)
COMPARE(FACGE, FP_GE, true)
COMPARE(FACGT, FP_GT, true)
COMPARE_ZERO(FCMEQ, FP_EQ)
COMPARE_ZERO(FCMGE, FP_GE)
COMPARE_ZERO(FCMGT, FP_GT)
COMPARE_ZERO(FCMLE, FP_LE)
COMPARE_ZERO(FCMLT, FP_LT)

/* ---- comparison that gives flags, selection ---- */

/* Of halves as singles: widening raises what the comparison would. */
static IrInst *flags_op(Xlat *t, const DecodedInsn *i, IrOp op, unsigned size, bool zero)
{
    IrRef a = v_ref(i->rn), b = zero ? IR_NONE : v_ref(i->rm);

    if (size == 2) {
        a = half_widen(t, a, 2, 0);
        b = zero ? b : half_widen(t, b, 2, 0);
        size = 4;
    }
    IrInst *ins = fp_op(t, op, size, size, IR_NONE, a, b);
    ins->set_nzcv = true;
    return ins;
}

static void compare_flags(Xlat *t, const DecodedInsn *i, unsigned size, bool zero,
                          bool signalling)
{
    if (fp_inline_arith(t, size))
        flags_op(t, i, IR_FCMP, size, zero)->cond = signalling;
}

/* Without traps, widening would raise what a comparison that does not take place does not. */
static void conditional_compare(Xlat *t, const DecodedInsn *i, unsigned size, bool signalling)
{
    if (size == 2 && !(t->u->fpcr & FPCR_TRAPS)) {
        x_call_interp(t, false);
        return;
    }
    if (!fp_inline_arith(t, size))
        return;
    IrInst *ins = flags_op(t, i, IR_FCCMP, size, false);
    ins->cond = i->cond;
    ins->shift = signalling;
    ins->imm = i->nzcv;
}

#define COMPARE_FLAGS(id, signalling)                                                              \
    TRANSLATE(id) { compare_flags(t, i, fp_lane(i), false, signalling); }                          \
    TRANSLATE(id##_h) { compare_flags(t, i, 2, false, signalling); }                               \
    TRANSLATE(id##_zero) { compare_flags(t, i, fp_lane(i), true, signalling); }                    \
    TRANSLATE(id##_zero_h) { compare_flags(t, i, 2, true, signalling); }
#define CONDITIONAL_COMPARE(id, signalling)                                                        \
    TRANSLATE(id) { conditional_compare(t, i, fp_lane(i), signalling); }                           \
    TRANSLATE(id##_h) { conditional_compare(t, i, 2, signalling); }

COMPARE_FLAGS(FCMP, false)
COMPARE_FLAGS(FCMPE, true)
CONDITIONAL_COMPARE(FCCMP, false)
CONDITIONAL_COMPARE(FCCMPE, true)

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

TRANSLATE(FCSEL_h)
{
    IrRef d = v_ref(i->rn);

    if (i->cond < 14) {
        d = v_temp(t);
        ir_op(t, IR_FCSEL, 4, d, v_ref(i->rn), v_ref(i->rm))->cond = i->cond;
    }
    ir_op(t, IR_VMOV, 2, v_ref(i->rd), d, IR_NONE);
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
