/*
 * Conversions between floating point and integers, and between formats. Out of range, the host
 * gives the "indefinite" integer and raises invalid alone, as Arm does: such results are left to
 * the interpreter before anything else is raised.
 */
#include "tcg-lite/emit/fp.h"

static bool current_mode(Emit *e, unsigned mode)
{
    return mode == fp_rounding(e->u->fpcr);
}

/* xmm15 = 2^exp in each lane */
static void power_of_two(Emit *e, unsigned size, bool scalar, int exp)
{
    Asm *a = &e->a;

    if (size == 8) {
        x64_mov_ri(a, RAX, (uint64_t)(1023 + exp) << 52);
        x64_v2g(a, VOP_MOVQ_XG, VSCRATCH1, RAX);
        if (!scalar)
            x64_v2(a, VOP_MOVDDUP, VSCRATCH1, VSCRATCH1);
    } else {
        x64_mov_ri(a, RAX, (uint64_t)(127 + exp) << 23);
        x64_v2g(a, VOP_MOVD_XG, VSCRATCH1, RAX);
        if (!scalar)
            x64_v2i(a, VOP_PSHUFD, VSCRATCH1, VSCRATCH1, 0);
    }
}

static const FpOps mul_ops = FP_OPS(MUL);

/*
 * xmm14 = r * 2^fraction, exactly. From 2^63 on no scaled number fits an integer, and those
 * below do not overflow.
 */
static void scale_up(Emit *e, IrRef r, unsigned size, bool scalar, unsigned fraction)
{
    Mem limit = fp_const_sd(e, FPC_TWO63_S, FPC_TWO63_D, size);

    x64_v3m(&e->a, VOP_ANDPS, VSCRATCH0, vec_reg(e, r, VSCRATCH0),
            fp_const_sd(e, FPC_ABS_S, FPC_ABS_D, size));
    if (scalar) {
        x64_v2m(&e->a, VOP_MOVAPS, VSCRATCH1, limit);
        x64_v2(&e->a, size == 8 ? VOP_UCOMISD : VOP_UCOMISS, VSCRATCH1, VSCRATCH0);
        interp_unless(e, CC_A);
    } else {
        x64_v3mi(&e->a, size == 8 ? VOP_CMPPD : VOP_CMPPS, VSCRATCH1, VSCRATCH0, limit, 0x15);
        fp_check_mask(e);
    }
    power_of_two(e, size, scalar, (int)fraction);
    fp_v3(e, fp_op(&mul_ops, size, scalar), VSCRATCH0, VSCRATCH1, r);
}

/* ---- floating point to general registers ---- */

/* One host instruction rounds as wanted: [current][unsigned][double][64 bits] */
static const uint16_t to_int[2][2][2][2] = {
    {{{VOP_CVTTSS2SI_32, VOP_CVTTSS2SI_64}, {VOP_CVTTSD2SI_32, VOP_CVTTSD2SI_64}},
     {{VOP_VCVTTSS2USI_32, VOP_VCVTTSS2USI_64}, {VOP_VCVTTSD2USI_32, VOP_VCVTTSD2USI_64}}},
    {{{VOP_CVTSS2SI_32, VOP_CVTSS2SI_64}, {VOP_CVTSD2SI_32, VOP_CVTSD2SI_64}},
     {{VOP_VCVTSS2USI_32, VOP_VCVTSS2USI_64}, {VOP_VCVTSD2USI_32, VOP_VCVTSD2USI_64}}},
};

/* r = integer of s, which holds an integral value when s is xmm14; leaves when out of range. */
static Gpr checked_to_int(Emit *e, const IrInst *i, Xmm s, bool current)
{
    Asm *a = &e->a;
    bool dbl = i->sub == 8, wide = i->size == 8;
    Gpr r = result_reg(e, i->d, RAX);

    if (!i->shift || host.avx512vl) {
        x64_vg(a, (VOp)to_int[current][i->shift][dbl][wide], r, s);
        if (fp_traps(e))
            return r;
        x64_alu_ri(a, ALU_CMP, i->size, r, i->shift ? -1 : 1); /* INT_MIN - 1 overflows */
        interp_unless(e, i->shift ? CC_NE : CC_NO);
        return r;
    }
    if (wide) { /* what only the signed conversion calls invalid must not reach it */
        x64_v2m(a, VOP_MOVAPS, VSCRATCH1, fp_const_sd(e, FPC_TWO63_S, FPC_TWO63_D, i->sub));
        x64_v2(a, dbl ? VOP_UCOMISD : VOP_UCOMISS, VSCRATCH1, s);
        interp_unless(e, CC_A);
    }
    x64_vg(a, (VOp)to_int[current][0][dbl][1], RAX, s);
    if (wide) {
        x64_test_rr(a, 8, RAX, RAX);
        interp_unless(e, CC_NS);
    } else {
        x64_mov_rr(a, 4, RCX, RAX);
        x64_alu_rr(a, ALU_CMP, 8, RCX, RAX);
        interp_unless(e, CC_E);
    }
    return RAX;
}

void emit_FTOI(Emit *e, const IrInst *i)
{
    bool current = current_mode(e, i->cond);
    bool direct = (current || i->cond == FP_TO_ZERO) && (!i->shift || host.avx512vl);
    Gpr r;

    fp_begin(e, i->imm || i->cond == FP_NEAREST_AWAY || (i->shift && !host.avx512vl));
    fp_probe(e, i->a, IR_NONE, i->sub, true);
    if (i->imm) { /* towards zero, and not unsigned without AVX-512 */
        scale_up(e, i->a, i->sub, true, (unsigned)i->imm);
        r = checked_to_int(e, i, VSCRATCH0, false);
    } else if (direct) {
        r = checked_to_int(e, i, vec_reg(e, i->a, VSCRATCH0), current);
    } else {
        fp_round_quiet(e, i->a, i->sub, true, i->cond);
        r = checked_to_int(e, i, VSCRATCH0, false);
        fp_round_to(e, VSCRATCH0, i->a, i->sub, true, 0); /* inexact */
    }
    store_result(e, i->d, r);
}

/* ---- general registers to floating point ---- */

/* Scaling is exact: the result is zero or at least 2^-64. */
void emit_ITOF(Emit *e, const IrInst *i)
{
    static const VOp from_int[2][2] = {{VOP_CVTSI2SS_32, VOP_CVTSI2SS_64},
                                       {VOP_CVTSI2SD_32, VOP_CVTSI2SD_64}};
    Asm *a = &e->a;
    bool dbl = i->size == 8, wide = i->sub == 8;
    bool may_trap = e->u->fpcr & FPCR_FZ; /* for being inexact */
    Xmm r = may_trap ? VSCRATCH0 : vec_result(e, i->d, VSCRATCH0);
    VOp op = from_int[dbl][wide];

    fp_begin(e, i->shift && wide && !host.avx512vl);
    Gpr s = arg_reg(e, i->a, RAX);

    if (i->shift && !wide) {
        x64_mov_rr(a, 4, RAX, s);
        s = RAX;
        op = from_int[dbl][1];
    } else if (i->shift && host.avx512vl) {
        op = dbl ? VOP_VCVTUSI2SD_64 : VOP_VCVTUSI2SS_64;
    } else if (i->shift) {
        x64_test_rr(a, 8, s, s);
        interp_unless(e, CC_NS);
    }
    x64_v3(a, VOP_XORPS, r, r, r);
    x64_v3g(a, op, r, r, s);
    if (i->imm) {
        power_of_two(e, i->size, true, -(int)i->imm);
        x64_v3(a, dbl ? VOP_MULSD : VOP_MULSS, r, r, VSCRATCH1);
    }
    vec_store(e, i->d, r); /* the rest of it is zero */
}

/* ---- vectors ---- */

/* [current][unsigned][double]; all but the signed ones of singles need AVX-512 */
static const uint16_t lanes_to_int[2][2][2] = {
    {{VOP_CVTTPS2DQ, VOP_VCVTTPD2QQ}, {VOP_VCVTTPS2UDQ, VOP_VCVTTPD2UQQ}},
    {{VOP_CVTPS2DQ, VOP_VCVTPD2QQ}, {VOP_VCVTPS2UDQ, VOP_VCVTPD2UQQ}},
};

void emit_VFTOI(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    bool dbl = i->size == 8, current = current_mode(e, i->cond);
    bool direct = current || i->cond == FP_TO_ZERO;
    FpConst bad = i->shift ? FPC_ONES : dbl ? FPC_SIGN_D : FPC_SIGN_S;
    Xmm s = VSCRATCH0;

    fp_begin(e, i->imm || i->cond == FP_NEAREST_AWAY);
    fp_probe(e, i->a, IR_NONE, i->size, false);
    if (i->imm) /* towards zero */
        scale_up(e, i->a, i->size, false, (unsigned)i->imm);
    else if (direct)
        s = vec_reg(e, i->a, VSCRATCH0);
    else
        fp_round_quiet(e, i->a, i->size, false, i->cond);
    x64_v2(a, (VOp)lanes_to_int[direct && current && !i->imm][i->shift][dbl], VSCRATCH0, s);
    if (!fp_traps(e)) {
        x64_v3m(a, dbl ? VOP_PCMPEQQ : VOP_PCMPEQD, VSCRATCH1, VSCRATCH0, fp_const(e, bad));
        fp_check_mask(e);
    }
    if (!direct)
        fp_round_to(e, VSCRATCH1, i->a, i->size, false, 0); /* inexact */
    fp_put(e, i, VSCRATCH0, false);
}

void emit_VITOF(Emit *e, const IrInst *i)
{
    static const VOp ops[2][2] = {{VOP_CVTDQ2PS, VOP_VCVTQQ2PD}, {VOP_VCVTUDQ2PS, VOP_VCVTUQQ2PD}};
    bool dbl = i->size == 8;

    fp_begin(e, false);
    x64_v2(&e->a, ops[i->shift][dbl], VSCRATCH0, vec_reg(e, i->a, VSCRATCH0));
    if (i->imm) {
        power_of_two(e, i->size, false, -(int)i->imm);
        x64_v3(&e->a, fp_op(&mul_ops, i->size, false), VSCRATCH0, VSCRATCH0, VSCRATCH1);
    }
    fp_put(e, i, VSCRATCH0, false);
}

/* ---- formats ---- */

/* As fp_check_tiny, for the halves in xmm14. */
static void check_tiny_half(Emit *e)
{
    x64_v3m(&e->a, VOP_PAND, VSCRATCH1, VSCRATCH0, fp_const(e, FPC_ABS_H));
    x64_v3m(&e->a, VOP_PCMPEQW, VSCRATCH1, VSCRATCH1, fp_const(e, FPC_MIN_H));
    x64_v2(&e->a, VOP_PTEST, VSCRATCH1, VSCRATCH1);
    interp_unless(e, CC_E);
}

/* Where a result is made that nothing is checked of but that it is no NaN, if that. */
static Xmm format_result(Emit *e, const IrInst *i)
{
    return (e->u->fpcr & FPCR_DN) && !fp_traps(e) ? VSCRATCH0 : vec_result(e, i->d, VSCRATCH0);
}

/* The host treats NaNs as Arm does, unless FPCR asks for default NaNs. */
static void format_finish(Emit *e, const IrInst *i, Xmm r, bool scalar)
{
    if ((e->u->fpcr & FPCR_DN) && !fp_traps(e))
        fp_check_nan(e, r, i->size, scalar);
    vec_store(e, i->d, r);
}

static void to_half(Emit *e, const IrInst *i, Xmm s)
{
    Xmm r = i->cond ? vec_result(e, i->d, VSCRATCH0) : VSCRATCH0;

    if (!fp_clean(e, i->a, 4)) {
        x64_v3i(&e->a, VOP_INSERTPS, VSCRATCH0, s, s, 0x0e);
        s = VSCRATCH0;
    }
    x64_v2i(&e->a, VOP_VCVTPS2PH, r, s, 4);
    if (!i->cond)
        check_tiny_half(e);
    vec_store(e, i->d, r);
}

/* xmm15 = the doubles in s, those that are not singles with the last bit of one that is odd. */
static Xmm round_odd(Emit *e, Xmm s)
{
    Mem beyond = fp_const(e, FPC_BEYOND_S);

    x64_v3m(&e->a, VOP_PAND, VSCRATCH1, s, beyond);
    x64_v3m(&e->a, VOP_PADDQ, VSCRATCH1, VSCRATCH1, beyond); /* carries when there is any */
    x64_v3(&e->a, VOP_POR, VSCRATCH1, VSCRATCH1, s);
    x64_v3m(&e->a, VOP_PAND, VSCRATCH1, VSCRATCH1, fp_const(e, FPC_WITHIN_S));
    return VSCRATCH1;
}

/* What is beyond the result is zero. */
void emit_FCVT(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    bool checked = i->size == 4 && i->sub == 8 && !i->cond;

    fp_begin(e, i->size == 2 && !i->cond);
    if (i->sub != 2)
        fp_probe(e, i->a, IR_NONE, i->sub, true);
    Xmm s = vec_reg(e, i->a, VSCRATCH0), r = checked ? VSCRATCH0 : format_result(e, i);
    if (i->size == 2) {
        to_half(e, i, s);
        return;
    }
    if (i->shift)
        s = round_odd(e, s);
    if (i->sub == 2) { /* the other lanes must not raise anything */
        x64_v3m(a, VOP_ANDPS, VSCRATCH0, s, fp_const(e, FPC_FIRST_H));
        x64_v2(a, VOP_VCVTPH2PS, r, VSCRATCH0);
    } else {
        Xmm zero = s == VSCRATCH0 ? VSCRATCH1 : VSCRATCH0;
        x64_v3(a, VOP_XORPS, zero, zero, zero);
        x64_v3(a, i->size == 8 ? VOP_CVTSS2SD : VOP_CVTSD2SS, r, zero, s);
    }
    if (checked && fp_traps(e))
        fp_trap_tiny(e, r, 4, true);
    else if (checked)
        fp_check_tiny(e, r, 4, true);
    format_finish(e, i, r, true);
}

void emit_FWIDEN(Emit *e, const IrInst *i)
{
    fp_begin(e, false);
    if (i->size == 8 && !fp_news(e)) /* else the half that is not widened would be news for ever */
        fp_probe(e, i->a, IR_NONE, 4, false);
    Xmm s = vec_reg(e, i->a, VSCRATCH0), r = format_result(e, i);
    if (i->imm) {
        x64_v3(&e->a, VOP_UNPCKHPD, VSCRATCH0, s, s);
        s = VSCRATCH0;
    }
    x64_v2(&e->a, i->size == 8 ? VOP_CVTPS2PD : VOP_VCVTPH2PS, r, s);
    format_finish(e, i, r, false);
}

void emit_FNARROW(Emit *e, const IrInst *i)
{
    fp_begin(e, i->size == 2 && !i->cond);
    if (i->size == 4)
        fp_probe(e, i->a, IR_NONE, 8, false);
    Xmm s = vec_reg(e, i->a, VSCRATCH0), d = vec_result(e, i->d, VSCRATCH0);
    Xmm r = i->cond && i->b == IR_NONE ? d : VSCRATCH0;
    if (i->size == 4) {
        x64_v2(&e->a, VOP_CVTPD2PS, r, i->shift ? round_odd(e, s) : s);
        if (fp_traps(e) && !i->cond)
            fp_trap_tiny(e, r, 4, false);
        else if (!i->cond)
            fp_check_tiny(e, r, 4, false);
    } else {
        x64_v2i(&e->a, VOP_VCVTPS2PH, r, s, 4);
        if (!i->cond)
            check_tiny_half(e);
    }
    if (i->b != IR_NONE) {
        x64_v3(&e->a, VOP_MOVLHPS, d, vec_reg(e, i->b, VSCRATCH1), r);
        r = d;
    }
    vec_store(e, i->d, r);
}

/* r = half of a's singles as doubles */
static void widen_half(Emit *e, Xmm r, IrRef a, bool upper)
{
    Xmm s = vec_reg(e, a, r);

    if (upper) {
        x64_v3(&e->a, VOP_UNPCKHPD, r, s, s);
        s = r;
    }
    x64_v2(&e->a, VOP_CVTPS2PD, r, s);
}

void emit_FADDODD(Emit *e, const IrInst *i)
{
    Xmm d = vec_result(e, i->d, VSCRATCH0);

    fp_begin(e, false);
    widen_half(e, VSCRATCH0, i->a, i->imm);
    widen_half(e, VSCRATCH1, i->b, i->imm);
    x64_v3(&e->a, VOP_ADDPD, VSCRATCH0, VSCRATCH0, VSCRATCH1);
    if (!fp_traps(e))
        fp_check_nan(e, VSCRATCH0, 8, false);
    if (i->c == IR_NONE) {
        x64_v2(&e->a, VOP_CVTPD2PS, d, round_odd(e, VSCRATCH0));
    } else {
        x64_v2(&e->a, VOP_CVTPD2PS, VSCRATCH1, round_odd(e, VSCRATCH0));
        x64_v3(&e->a, VOP_MOVLHPS, d, vec_reg(e, i->c, VSCRATCH0), VSCRATCH1);
    }
    vec_store(e, i->d, d);
}
