/*
 * Floating-point arithmetic, comparison, selection. The host computes the result and raises the
 * exceptions; NaN results, and the one case in which the two architectures disagree about
 * underflow, are left to the interpreter (the host has then raised nothing that Arm does not).
 *
 * With traps, invalid operations and tiny results never get here, so that
 * - a NaN result is a quiet operand: the first one, as on Arm. Only FMA takes them in another
 *   order, and takes infinity * 0 + NaN for that NaN: its NaNs are made to trap.
 * - what is left of underflow is a product or sum that is tiny before rounding and the smallest
 *   normal number after it: half of it is tiny and exact. A quotient rounds to nearest so never:
 *   for significands of p bits it is not nearer than 2^-p to a power of two from below.
 */
#include <string.h>
#include "tcg-lite/emit/fp.h"
#include "tcg-lite/ir/passes.h"

void fp_constants(Asm *a)
{
    static const uint64_t table[FPC_COUNT][2] = {
#define C(name, low, high) {low, high},
        FP_CONSTS(C)
#undef C
    };

    memcpy(a->p, table, sizeof table);
    a->p += sizeof table;
    fp_tables(a);
}

Mem fp_const(const Emit *e, FpConst c)
{
    return mem_rip(e->stubs->fp_table + 16u * c);
}

static const FpOps cmp_ops = FP_OPS(CMP);

/* ---- shared ---- */

static bool v_is(IrRef r, unsigned number)
{
    return r == IR_V0 + number;
}

void fp_v3(Emit *e, VOp op, Xmm d, Xmm s, IrRef b)
{
    if (vec_in_memory(e, b))
        x64_v3m(&e->a, op, d, s, vec_home(e, b));
    else
        x64_v3(&e->a, op, d, s, vec_reg(e, b, VSCRATCH0));
}

Xmm fp_target(Emit *e, const IrInst *i)
{
    const DecodedInsn *g = &e->u->guest[i->guest].insn;
    int home = ir_is_v(i->d) ? e->plan->v[i->d - IR_V0] : RA_NONE;

    if (home == RA_NONE || (home >= 16 && !fp_scalar(i)) || i->a == i->d || i->b == i->d ||
        i->c == i->d || v_is(i->d, g->rn) || v_is(i->d, g->rm) || v_is(i->d, g->ra))
        return VSCRATCH0;
    return (Xmm)home;
}

bool fp_clean(const Emit *e, IrRef r, unsigned bytes)
{
    if (ir_is_vtemp(r))
        return e->t_bytes[r - IR_VT0] <= bytes && passes.clean;
    return ir_is_v(r) && e->lanes.bytes[r - IR_V0] <= bytes && passes.clean;
}

void fp_put(Emit *e, const IrInst *i, Xmm r, bool clean)
{
    Xmm d = vec_result(e, i->d, r);

    if (clean || i->sub == 16)
        d = r;
    else if (i->sub == 8)
        x64_v2(&e->a, VOP_MOVQ, d, r);
    else
        x64_v3i(&e->a, VOP_INSERTPS, d, r, r, 0x0e);
    vec_store(e, i->d, d);
}

void fp_begin(Emit *e, bool uses_flags)
{
    if (uses_flags || !fp_traps(e))
        flags_clobber(e);
    if (fp_traps(e) || fp_news(e))
        fault_point(e);
}

static const FpOps min_ops = FP_OPS(MIN);
static const FpOps mul_ops = FP_OPS(MUL);

/*
 * A quiet comparison of the `bytes` that count with themselves: signalling NaNs are invalid for all
 * operations.
 */
static void probe_denormal(Emit *e, IrRef r, unsigned size, unsigned bytes)
{
    Xmm s = vec_low(e, r, VSCRATCH1);

    if (size == 4 && bytes == 8) {
        x64_v2(&e->a, VOP_MOVQ, VSCRATCH1, s);
        s = VSCRATCH1;
    }
    x64_v3i(&e->a, fp_op(&cmp_ops, size, bytes == size), VSCRATCH1, s, s, 3);
}

void fp_probe(Emit *e, IrRef a, IrRef b, unsigned size, bool scalar)
{
    if (fp_news(e)) {
        probe_denormal(e, a, size, scalar ? size : 16);
        if (b != IR_NONE)
            probe_denormal(e, b, size, scalar ? size : 16);
        return;
    }
    if (!fp_traps(e) || !(e->u->fpcr & (FPCR_FZ | FPCR_DN)))
        return;
    Xmm s = vec_reg(e, a, VSCRATCH1);
    if (b == IR_NONE)
        x64_v3(&e->a, fp_op(&min_ops, size, scalar), VSCRATCH1, s, s);
    else
        fp_v3(e, fp_op(&min_ops, size, scalar), VSCRATCH1, s, b);
}

void fp_trap_tiny(Emit *e, Xmm r, unsigned size, bool scalar)
{
    if (fp_rounding(e->u->fpcr) != FP_TO_ZERO) /* there nothing grows by rounding */
        x64_v3m(&e->a, fp_op(&mul_ops, size, scalar), VSCRATCH1, r,
                fp_const_sd(e, FPC_HALF_S, FPC_HALF_D, size));
}

Xmm fp_trap_target(Emit *e, const IrInst *i, bool checked, bool clean)
{
    const DecodedInsn *g = &e->u->guest[i->guest].insn;
    Xmm home = vec_result(e, i->d, VSCRATCH0);
    bool source = i->a == i->d || i->b == i->d || i->c == i->d || v_is(i->d, g->rn) ||
                  v_is(i->d, g->rm) || v_is(i->d, g->ra);

    if (home == VSCRATCH0 || !checked || !ir_is_v(i->d) || !source)
        return home;
    if (!clean || vec_in_memory(e, i->a))
        return VSCRATCH0;
    vec_move(e, VSCRATCH0, home);
    fault_point(e); /* from here on the old value is there */
    e->map[e->map_count - 1].undo = (uint8_t)(i->d - IR_V0 + 1);
    return home;
}

void fp_check_mask(Emit *e)
{
    x64_vg(&e->a, VOP_MOVMSKPS, RAX, VSCRATCH1);
    x64_test_rr(&e->a, 4, RAX, RAX);
    interp_unless(e, CC_E);
}

void fp_check_nan(Emit *e, Xmm r, unsigned size, bool scalar)
{
    if (scalar) {
        x64_v2(&e->a, size == 8 ? VOP_UCOMISD : VOP_UCOMISS, r, r);
        interp_unless(e, CC_NP);
        return;
    }
    x64_v3i(&e->a, size == 8 ? VOP_CMPPD : VOP_CMPPS, VSCRATCH1, r, r, 3);
    fp_check_mask(e);
}

void fp_check_tiny(Emit *e, Xmm r, unsigned size, bool scalar)
{
    Mem smallest = fp_const_sd(e, FPC_MIN_S, FPC_MIN_D, size);

    x64_v3m(&e->a, VOP_ANDPS, VSCRATCH1, r, fp_const_sd(e, FPC_ABS_S, FPC_ABS_D, size));
    if (scalar) { /* unordered compares as equal */
        x64_v2m(&e->a, size == 8 ? VOP_UCOMISD : VOP_UCOMISS, VSCRATCH1, smallest);
        interp_unless(e, CC_NE);
        return;
    }
    x64_v3mi(&e->a, size == 8 ? VOP_CMPPD : VOP_CMPPS, VSCRATCH1, VSCRATCH1, smallest, 8);
    fp_check_mask(e);
}

/* ---- arithmetic ---- */

typedef enum Check { CHECK_NAN, CHECK_TINY } Check;

/*
 * The result of a op b, all that may send it to the interpreter done. *clean: the rest of it is
 * zero; in: the caller sees to that.
 */
static Xmm trapping2(Emit *e, const IrInst *i, const FpOps *ops, Check check, bool *clean)
{
    bool scalar = fp_scalar(i), checked = check == CHECK_TINY;

    fp_probe(e, i->a, i->b, i->size, scalar);
    *clean = *clean || i->sub == 16 || (scalar && fp_clean(e, i->a, i->sub));
    Xmm r = fp_trap_target(e, i, checked, *clean);
    fp_v3(e, fp_op(ops, i->size, scalar), r, vec_reg(e, i->a, VSCRATCH0), i->b);
    if (checked)
        fp_trap_tiny(e, r, i->size, scalar);
    return r;
}

/*
 * r = a op b. Returns whether the rest of r is zero: a scalar operation takes it from its first
 * operand. Operands may change places when that helps, as NaNs are not for the host.
 */
static bool compute2(Emit *e, const IrInst *i, Xmm r, const FpOps *ops, bool commutes)
{
    IrRef a = i->a, b = i->b;

    if (commutes && fp_scalar(i) && !fp_clean(e, a, i->sub) && fp_clean(e, b, i->sub)) {
        a = i->b;
        b = i->a;
    }
    fp_v3(e, fp_op(ops, i->size, fp_scalar(i)), r, vec_reg(e, a, VSCRATCH0), b);
    return fp_scalar(i) && fp_clean(e, a, i->sub);
}

/* d = a op b, where nothing is to be done behind the checks */
static void binary(Emit *e, const IrInst *i, const FpOps *ops, bool commutes, Check check)
{
    bool clean = false;
    Xmm r;

    fp_begin(e, false);
    if (fp_traps(e)) {
        r = trapping2(e, i, ops, check, &clean);
    } else {
        fp_probe(e, i->a, i->b, i->size, fp_scalar(i));
        r = fp_target(e, i);
        clean = compute2(e, i, r, ops, commutes);
        if (check == CHECK_TINY)
            fp_check_tiny(e, r, i->size, fp_scalar(i));
        else
            fp_check_nan(e, r, i->size, fp_scalar(i));
    }
    fp_put(e, i, r, clean);
}

/* A sum that is tiny is exact: no underflow. */
void emit_FADD(Emit *e, const IrInst *i)
{
    static const FpOps ops = FP_OPS(ADD);
    binary(e, i, &ops, true, CHECK_NAN);
}

static const FpOps sub_ops = FP_OPS(SUB);

void emit_FSUB(Emit *e, const IrInst *i)
{
    binary(e, i, &sub_ops, false, CHECK_NAN);
}

/* xmm r &= the mask that also clears what is beyond a scalar. */
static FpConst abs_mask(const IrInst *i)
{
    if (i->size == 8)
        return i->sub == 8 ? FPC_ABS_D_ONE : FPC_ABS_D;
    return i->sub == 4 ? FPC_ABS_S_ONE : i->sub == 8 ? FPC_ABS_S_TWO : FPC_ABS_S;
}

void emit_FABD(Emit *e, const IrInst *i)
{
    bool clean = true;
    Xmm r;

    fp_begin(e, false);
    if (fp_traps(e)) {
        r = trapping2(e, i, &sub_ops, CHECK_NAN, &clean);
    } else {
        fp_probe(e, i->a, i->b, i->size, fp_scalar(i));
        r = fp_target(e, i);
        compute2(e, i, r, &sub_ops, false);
        fp_check_nan(e, r, i->size, fp_scalar(i));
    }
    x64_v3m(&e->a, VOP_ANDPS, r, r, fp_const(e, abs_mask(i)));
    fp_put(e, i, r, true);
}

void emit_FMUL(Emit *e, const IrInst *i)
{
    binary(e, i, &mul_ops, true, i->cond ? CHECK_NAN : CHECK_TINY);
}

/* Scalar only. */
void emit_FNMUL(Emit *e, const IrInst *i)
{
    bool clean = false;
    Xmm r;

    fp_begin(e, false);
    if (fp_traps(e)) {
        r = trapping2(e, i, &mul_ops, CHECK_TINY, &clean);
    } else {
        fp_probe(e, i->a, i->b, i->size, true);
        r = fp_target(e, i);
        clean = compute2(e, i, r, &mul_ops, true);
        fp_check_tiny(e, r, i->size, true);
    }
    x64_v3m(&e->a, VOP_XORPS, r, r, fp_const_sd(e, FPC_SIGN_S_ONE, FPC_SIGN_D_ONE, i->size));
    fp_put(e, i, r, clean);
}

void emit_FDIV(Emit *e, const IrInst *i)
{
    static const FpOps ops = FP_OPS(DIV);
    bool nearest = fp_rounding(e->u->fpcr) == FP_NEAREST;
    binary(e, i, &ops, false, i->cond || (fp_traps(e) && nearest) ? CHECK_NAN : CHECK_TINY);
}

void emit_FSQRT(Emit *e, const IrInst *i)
{
    bool scalar = fp_scalar(i), dbl = i->size == 8;
    bool clean = scalar && fp_clean(e, i->a, i->sub) && !vec_in_memory(e, i->a);

    fp_begin(e, false);
    fp_probe(e, i->a, IR_NONE, i->size, scalar);
    Xmm r = fp_traps(e) ? vec_result(e, i->d, VSCRATCH0) : fp_target(e, i);
    if (scalar && !clean && !vec_in_memory(e, i->a) && r == vec_reg(e, i->a, VSCRATCH0))
        r = VSCRATCH0; /* r is cleared first */
    if (clean) {
        Xmm s = vec_reg(e, i->a, VSCRATCH0);
        x64_v3(&e->a, dbl ? VOP_SQRTSD : VOP_SQRTSS, r, s, s);
    } else if (scalar) {
        x64_v3(&e->a, VOP_XORPS, r, r, r);
        fp_v3(e, dbl ? VOP_SQRTSD : VOP_SQRTSS, r, r, i->a);
    } else if (vec_in_memory(e, i->a)) {
        x64_v2m(&e->a, dbl ? VOP_SQRTPD : VOP_SQRTPS, r, vec_home(e, i->a));
    } else {
        x64_v2(&e->a, dbl ? VOP_SQRTPD : VOP_SQRTPS, r, vec_reg(e, i->a, VSCRATCH0));
    }
    if (!fp_traps(e))
        fp_check_nan(e, r, i->size, scalar);
    fp_put(e, i, r, scalar);
}

/* r = the addend, cleared beyond a scalar, with equal halves for two singles */
static void copy_addend(Emit *e, const IrInst *i, Xmm r)
{
    bool clean = i->sub == 16 || (fp_scalar(i) && fp_clean(e, i->a, i->sub));
    VOp op = clean ? VOP_MOVAPS : fp_scalar(i) ? VOP_MOVQ : VOP_MOVDDUP;
    bool mem = vec_in_memory(e, i->a);

    if (!clean && i->sub == 4 && !mem) {
        Xmm s = vec_reg(e, i->a, r);
        x64_v3i(&e->a, VOP_INSERTPS, r, s, s, 0x0e);
        return;
    }
    if (!clean && i->sub == 4)
        op = VOP_MOVSS;
    if (mem)
        x64_v2m(&e->a, op, r, vec_home(e, i->a));
    else if (!clean || vec_reg(e, i->a, r) != r)
        x64_v2(&e->a, op, r, vec_reg(e, i->a, r));
}

/*
 * Without a NaN in the addend the host takes a NaN in the same order as Arm, except for its sign
 * where Arm negates a factor first. After a probe there is none.
 */
bool fma_may_confuse_nans(const Emit *e, const IrInst *i)
{
    if (e->u->fpcr & (FPCR_FZ | FPCR_DN))
        return false;
    return !lanes_number(e, i->a, i->size) ||
           ((i->cond & 1) && !lanes_number(e, i->b, i->size));
}

void emit_FMA(Emit *e, const IrInst *i)
{
    static const FpOps ops[4] = {FP_OPS(VFMADD231), FP_OPS(VFNMADD231), FP_OPS(VFMSUB231),
                                 FP_OPS(VFNMSUB231)};
    bool scalar = fp_scalar(i), clean = i->sub == 16 || (scalar && fp_clean(e, i->a, i->sub));
    Xmm r;

    fp_begin(e, false);
    if (fp_news(e))
        probe_denormal(e, i->a, i->size, i->sub);
    else
        fp_probe(e, i->a, IR_NONE, i->size, scalar);
    fp_probe(e, i->b, i->c, i->size, scalar);
    if (fp_traps(e)) {
        r = i->d == i->b || i->d == i->c ? VSCRATCH0 : fp_trap_target(e, i, true, clean);
    } else {
        r = fp_target(e, i);
    }
    Xmm b = vec_reg(e, i->b, VSCRATCH1);
    copy_addend(e, i, r);
    fp_v3(e, fp_op(&ops[i->cond], i->size, scalar), r, b, i->c);
    if (fp_traps(e)) {
        fp_trap_tiny(e, r, i->size, scalar);
        if (fma_may_confuse_nans(e, i))
            x64_v3(&e->a, fp_op(&min_ops, i->size, scalar), VSCRATCH1, r, r); /* traps NaNs */
    } else {
        fp_check_tiny(e, r, i->size, scalar);
    }
    fp_put(e, i, r, scalar);
}

/*
 * The host gives its second operand when both are zero, and calls quiet NaNs invalid, too: NaNs
 * are sorted out before; of the two orders' results, or makes -0 of unlike zeros, and +0.
 */
static void min_max(Emit *e, const IrInst *i, const FpOps *ops, VOp combine)
{
    bool scalar = fp_scalar(i), wide = i->size == 8;
    bool clean = i->sub == 16 ||
                 (scalar && fp_clean(e, i->a, i->sub) && fp_clean(e, i->b, i->sub));
    VOp op = fp_op(ops, i->size, scalar);

    fp_begin(e, false);
    if (!fp_traps(e))
        fp_probe(e, i->a, i->b, i->size, scalar);
    Xmm a = vec_reg(e, i->a, VSCRATCH0);
    if (fp_traps(e)) {
        ; /* NaNs trap */
    } else if (scalar) {
        VOp compare = wide ? VOP_UCOMISD : VOP_UCOMISS;
        if (vec_in_memory(e, i->b))
            x64_v2m(&e->a, compare, a, vec_home(e, i->b));
        else
            x64_v2(&e->a, compare, a, vec_reg(e, i->b, VSCRATCH1));
        interp_unless(e, CC_NP);
    } else if (host.avx512vl) {
        VOp compare = wide ? VOP_VCMPPD_K : VOP_VCMPPS_K;
        if (vec_in_memory(e, i->b))
            x64_vkmi(&e->a, compare, 1, a, vec_home(e, i->b), 3);
        else
            x64_vki(&e->a, compare, 1, a, vec_reg(e, i->b, VSCRATCH1), 3);
        x64_kortest(&e->a, 1, 1, 1);
        interp_unless(e, CC_E);
    } else {
        VOp compare = wide ? VOP_CMPPD : VOP_CMPPS;
        if (vec_in_memory(e, i->b))
            x64_v3mi(&e->a, compare, VSCRATCH1, a, vec_home(e, i->b), 3);
        else
            x64_v3i(&e->a, compare, VSCRATCH1, a, vec_reg(e, i->b, VSCRATCH1), 3);
        fp_check_mask(e);
    }
    fp_v3(e, op, VSCRATCH0, a, i->b);
    Xmm b = vec_reg(e, i->b, VSCRATCH1);
    if (vec_in_memory(e, i->a))
        x64_v3m(&e->a, op, VSCRATCH1, b, vec_home(e, i->a));
    else
        x64_v3(&e->a, op, VSCRATCH1, b, a);
    Xmm r = clean ? vec_result(e, i->d, VSCRATCH0) : VSCRATCH0;
    x64_v3(&e->a, combine, r, VSCRATCH0, VSCRATCH1);
    if (fp_news(e)) /* the host compares flushed numbers, but the result need not be one */
        x64_v3m(&e->a, fp_op(&mul_ops, i->size, scalar), r, r,
                fp_const_sd(e, FPC_ONE_S, FPC_ONE_D, i->size));
    fp_put(e, i, r, clean);
}

void emit_FMIN(Emit *e, const IrInst *i)
{
    static const FpOps ops = FP_OPS(MIN);
    min_max(e, i, &ops, VOP_ORPS);
}

void emit_FMAX(Emit *e, const IrInst *i)
{
    static const FpOps ops = FP_OPS(MAX);
    min_max(e, i, &ops, VOP_ANDPS);
}

/* ---- signs ---- */

void emit_FABS(Emit *e, const IrInst *i)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    x64_v3m(&e->a, VOP_ANDPS, r, vec_reg(e, i->a, VSCRATCH0), fp_const(e, abs_mask(i)));
    vec_store(e, i->d, r);
}

void emit_FNEG(Emit *e, const IrInst *i)
{
    bool scalar = fp_scalar(i), clean = scalar && fp_clean(e, i->a, i->sub);
    Xmm r = clean || i->sub == 16 ? vec_result(e, i->d, VSCRATCH0) : VSCRATCH0;
    Mem sign = scalar ? fp_const_sd(e, FPC_SIGN_S_ONE, FPC_SIGN_D_ONE, i->size)
                      : fp_const_sd(e, FPC_SIGN_S, FPC_SIGN_D, i->size);

    x64_v3m(&e->a, VOP_XORPS, r, vec_reg(e, i->a, VSCRATCH0), sign);
    fp_put(e, i, r, clean);
}

/* ---- rounding to integral ---- */

uint8_t fp_round_imm(unsigned mode, bool quiet)
{
    static const uint8_t imm[4] = {0, 2, 1, 3};
    return imm[mode] | (quiet ? 8 : 0);
}

void fp_round_to(Emit *e, Xmm d, IrRef a, unsigned size, bool scalar, uint8_t imm)
{
    Xmm s = vec_reg(e, a, d);

    if (scalar) {
        if (s != d)
            x64_v3(&e->a, VOP_XORPS, d, d, d);
        x64_v3i(&e->a, size == 8 ? VOP_ROUNDSD : VOP_ROUNDSS, d, d, s, imm);
    } else {
        x64_v2i(&e->a, size == 8 ? VOP_ROUNDPD : VOP_ROUNDPS, d, s, imm);
    }
}

/* The magnitude truncated, and one more when a half or more was cut off; all steps are exact. */
static void round_away(Emit *e, IrRef r, unsigned size, bool scalar)
{
    static const FpOps add = FP_OPS(ADD);
    Asm *a = &e->a;
    Mem abs = fp_const_sd(e, FPC_ABS_S, FPC_ABS_D, size);
    Mem limit = fp_const_sd(e, FPC_INTEGRAL_S, FPC_INTEGRAL_D, size);
    VOp compare = fp_op(&cmp_ops, size, scalar);

    x64_v3m(a, VOP_ANDPS, VSCRATCH0, vec_reg(e, r, VSCRATCH0), abs);
    if (scalar) {
        x64_v2m(a, VOP_MOVAPS, VSCRATCH1, limit);
        x64_v2(a, size == 8 ? VOP_UCOMISD : VOP_UCOMISS, VSCRATCH1, VSCRATCH0);
        interp_unless(e, CC_A);
    } else {
        x64_v3mi(a, compare, VSCRATCH1, VSCRATCH0, limit, 0x15); /* not less, quiet */
        fp_check_mask(e);
    }
    fp_round_to(e, VSCRATCH1, r, size, scalar, fp_round_imm(FP_TO_ZERO, true));
    x64_v3(a, fp_op(&sub_ops, size, scalar), VSCRATCH0, vec_reg(e, r, VSCRATCH0), VSCRATCH1);
    x64_v3m(a, VOP_ANDPS, VSCRATCH0, VSCRATCH0, abs);
    x64_v3mi(a, compare, VSCRATCH0, VSCRATCH0,
             fp_const_sd(e, FPC_HALF_S, FPC_HALF_D, size), 0x1d); /* greater or equal, quiet */
    x64_v3m(a, VOP_ANDPS, VSCRATCH0, VSCRATCH0, fp_const_sd(e, FPC_ONE_S, FPC_ONE_D, size));
    x64_v3m(a, VOP_ANDPS, VSCRATCH1, VSCRATCH1, abs);
    x64_v3(a, fp_op(&add, size, scalar), VSCRATCH0, VSCRATCH0, VSCRATCH1);
    x64_v3m(a, VOP_ANDPS, VSCRATCH1, vec_reg(e, r, VSCRATCH1),
            fp_const_sd(e, FPC_SIGN_S, FPC_SIGN_D, size));
    x64_v3(a, VOP_ORPS, VSCRATCH0, VSCRATCH0, VSCRATCH1);
}

void fp_round_quiet(Emit *e, IrRef a, unsigned size, bool scalar, unsigned mode)
{
    if (mode == FP_NEAREST_AWAY)
        round_away(e, a, size, scalar);
    else
        fp_round_to(e, VSCRATCH0, a, size, scalar, fp_round_imm(mode, true));
}

/* The host quiets a NaN just so; only a default NaN must come from the interpreter. */
void emit_FRINT(Emit *e, const IrInst *i)
{
    bool scalar = fp_scalar(i);
    bool away = i->cond == FP_NEAREST_AWAY;
    bool clean = scalar && !vec_in_memory(e, i->a) && !away;

    fp_begin(e, away);
    fp_probe(e, i->a, IR_NONE, i->size, scalar);
    if (i->shift)
        fp_round_to(e, VSCRATCH0, i->a, i->size, scalar, fp_round_imm(i->cond, false));
    else
        fp_round_quiet(e, i->a, i->size, scalar, i->cond);
    if ((e->u->fpcr & FPCR_DN) && !fp_traps(e))
        fp_check_nan(e, VSCRATCH0, i->size, scalar);
    fp_put(e, i, VSCRATCH0, clean);
}

/* ---- comparison ---- */

/* xmm d = masks; the operands are in registers below 16. */
static void compare_low(Emit *e, const IrInst *i, Xmm d, Xmm a, Xmm b)
{
    static const uint8_t predicate[] = {[FP_EQ] = 0, [FP_GE] = 13, [FP_GT] = 14, [FP_LE] = 2,
                                        [FP_LT] = 1};
    x64_v3i(&e->a, fp_op(&cmp_ops, i->size, fp_scalar(i)), d, a, b, predicate[i->cond]);
}

/* Quiet for equality, signalling for the others, as on Arm: no case needs the interpreter. */
void emit_FCMPM(Emit *e, const IrInst *i)
{
    Xmm a, b;

    fp_begin(e, false);
    fp_probe(e, i->a, i->b, i->size, fp_scalar(i));
    if (i->shift) {
        Mem abs = fp_const_sd(e, FPC_ABS_S, FPC_ABS_D, i->size);
        a = VSCRATCH0, b = VSCRATCH1;
        x64_v3m(&e->a, VOP_ANDPS, a, vec_reg(e, i->a, a), abs);
        x64_v3m(&e->a, VOP_ANDPS, b, vec_reg(e, i->b, b), abs);
    } else {
        a = vec_low(e, i->a, VSCRATCH0);
        if (i->b == IR_NONE) {
            b = VSCRATCH1;
            x64_v3(&e->a, VOP_XORPS, b, b, b);
        } else {
            b = vec_low(e, i->b, VSCRATCH1);
        }
    }
    compare_low(e, i, VSCRATCH0, a, b);
    fp_put(e, i, VSCRATCH0, false);
}

/* ucomis or comis of (a, b) or (b, a); b may be missing. */
static void compare_flags(Emit *e, const IrInst *i, bool signalling, bool swap)
{
    static const VOp ops[2][2] = {{VOP_UCOMISS, VOP_UCOMISD}, {VOP_COMISS, VOP_COMISD}};
    VOp op = ops[signalling][i->size == 8];
    IrRef second = swap ? i->a : i->b;
    Xmm first;

    if (fp_traps(e) || fp_news(e))
        fault_point(e); /* here: what leads to a compare may have changed what the flags mean */
    fp_probe(e, i->a, i->b, i->size, true);
    if (swap && i->b == IR_NONE) {
        first = VSCRATCH1;
        x64_v3(&e->a, VOP_XORPS, first, first, first);
    } else {
        first = vec_reg(e, swap ? i->b : i->a, VSCRATCH0);
    }
    if (second == IR_NONE) {
        x64_v3(&e->a, VOP_XORPS, VSCRATCH1, VSCRATCH1, VSCRATCH1);
        x64_v2(&e->a, op, first, VSCRATCH1);
    } else if (vec_in_memory(e, second)) {
        x64_v2m(&e->a, op, first, vec_home(e, second));
    } else {
        x64_v2(&e->a, op, first, vec_reg(e, second, VSCRATCH1));
    }
}

void emit_FCMP(Emit *e, const IrInst *i)
{
    compare_flags(e, i, i->cond, i->shift);
    flags_set(e, i->shift ? FK_FCMP_SWAP : FK_FCMP);
}

/* Both ways put the hflags word into RAX and then into the host flags. */
void emit_FCCMP(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    uint64_t table = e->stubs->fcmp_table;
    unsigned nzcv = (unsigned)i->imm;
    HostCond c = flags_cond(e, i->cond);
    Fixup yes = {0}, no = {0}, no2 = {0};

    if (i->cond < 14) {
        if (c.or_p)
            yes = x64_jcc_fwd32(a, CC_P);
        no = x64_jcc_fwd32(a, x64_cc_invert(c.cc));
        if (c.and_np)
            no2 = x64_jcc_fwd32(a, CC_P);
        if (c.or_p)
            x64_bind(a, yes);
    }
    compare_flags(e, i, i->shift, false);
    x64_mov_ri(a, RAX, 0);
    x64_cmov_rm(a, CC_B, 4, RAX, mem_rip(table));
    x64_cmov_rm(a, CC_E, 4, RAX, mem_rip(table + 4));
    x64_cmov_rm(a, CC_P, 4, RAX, mem_rip(table + 8));
    if (i->cond < 14) {
        Fixup done = x64_jmp_fwd32(a);
        x64_bind(a, no);
        if (c.and_np)
            x64_bind(a, no2);
        x64_mov_ri(a, RAX, (nzcv & 0xc) << 12 | !(nzcv & 2) << 8 | (nzcv & 1));
        x64_bind(a, done);
    }
    x64_alu_ri(a, ALU_ADD, 1, RAX, 0x7f);
    x64_sahf(a);
    flags_set(e, FK_SUB);
}

static void lane_to(Emit *e, IrRef r, unsigned size, Gpr d)
{
    if (vec_in_memory(e, r))
        x64_mov_rm(&e->a, (int)size, d, vec_home(e, r));
    else
        x64_vg(&e->a, size == 8 ? VOP_MOVQ_GX : VOP_MOVD_GX, d, vec_reg(e, r, VSCRATCH0));
}

void emit_FCSEL(Emit *e, const IrInst *i)
{
    HostCond c = flags_cond(e, i->cond);
    int size = i->size;

    lane_to(e, i->a, i->size, RAX);
    lane_to(e, i->b, i->size, RCX);
    if (c.or_p) { /* a when NE or P */
        x64_cmov_rr(&e->a, CC_NE, size, RCX, RAX);
        x64_cmov_rr(&e->a, CC_P, size, RCX, RAX);
        x64_mov_rr(&e->a, size, RAX, RCX);
    } else {
        x64_cmov_rr(&e->a, x64_cc_invert(c.cc), size, RAX, RCX);
        if (c.and_np)
            x64_cmov_rr(&e->a, CC_P, size, RAX, RCX);
    }
    Xmm r = vec_result(e, i->d, VSCRATCH0);
    x64_v2g(&e->a, size == 8 ? VOP_MOVQ_XG : VOP_MOVD_XG, r, RAX);
    vec_store(e, i->d, r);
}

/* ---- lanes ---- */

void emit_FDUP(Emit *e, const IrInst *i)
{
    unsigned lane = (unsigned)i->imm;
    VOp load = i->size == 4 ? VOP_VBROADCASTSS : VOP_MOVDDUP;
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    if (vec_in_memory(e, i->a) && x64_vop_available(load)) {
        Mem m = vec_home(e, i->a);
        m.disp += (int32_t)(lane * i->size);
        x64_v2m(&e->a, load, r, m);
        vec_store(e, i->d, r);
        return;
    }
    Xmm s = vec_reg(e, i->a, VSCRATCH0);
    if (i->size == 4)
        x64_v2i(&e->a, VOP_PSHUFD, r, s, (uint8_t)(lane * 0x55));
    else if (lane == 0)
        x64_v2(&e->a, VOP_MOVDDUP, r, s);
    else
        x64_v3(&e->a, VOP_UNPCKHPD, r, s, s);
    vec_store(e, i->d, r);
}

static void pick_lanes(Emit *e, const IrInst *i, bool odd)
{
    Xmm a = vec_reg(e, i->a, VSCRATCH0), b = vec_reg(e, i->b, VSCRATCH1);
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    if (i->size == 8) {
        x64_v3(&e->a, odd ? VOP_UNPCKHPD : VOP_UNPCKLPD, r, a, b);
    } else if (i->sub == 16) {
        x64_v3i(&e->a, VOP_SHUFPS, r, a, b, odd ? 0xdd : 0x88);
    } else {
        x64_v3(&e->a, VOP_UNPCKLPD, VSCRATCH0, a, b);
        x64_v3i(&e->a, VOP_SHUFPS, r, VSCRATCH0, VSCRATCH0, odd ? 0xdd : 0x88);
    }
    vec_store(e, i->d, r);
}

void emit_FEVEN(Emit *e, const IrInst *i)
{
    pick_lanes(e, i, false);
}

void emit_FODD(Emit *e, const IrInst *i)
{
    pick_lanes(e, i, true);
}
