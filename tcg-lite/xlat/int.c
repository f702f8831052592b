/*
 * Integer data processing. Sources are read before d is written, except where an IR op reads
 * and writes in one step; multi-step sequences build in temporaries.
 */
#include "emu/arith/int.h"
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/xlat.h"

static unsigned width(const DecodedInsn *i)
{
    return i->sf ? 8 : 4;
}

/* ---- immediates ---- */

static void move_const(Xlat *t, unsigned rd, uint64_t value)
{
    if (rd == 31)
        return;
    IrInst *i = ir_op(t, IR_MOV, 8, (IrRef)rd, IR_IMM, IR_NONE);
    i->imm = (int64_t)value;
}

TRANSLATE(ADR)
{
    move_const(t, i->rd, t->pc + (uint64_t)((int64_t)i->simm * 4 + i->immlo));
}

TRANSLATE(ADRP)
{
    int64_t pages = (int64_t)i->simm * 4 + i->immlo;

    move_const(t, i->rd, (t->pc & ~0xfffull) + (uint64_t)(pages * 4096));
}

TRANSLATE(MOVZ)
{
    move_const(t, i->rd, (uint64_t)i->imm << (16 * i->hw));
}

TRANSLATE(MOVN)
{
    uint64_t value = ~((uint64_t)i->imm << (16 * i->hw));
    move_const(t, i->rd, i->sf ? value : (uint32_t)value);
}

TRANSLATE(MOVK)
{
    IrRef d = (IrRef)i->rd;
    if (i->rd == 31)
        return;
    if (i->hw == 0 || !i->sf) { /* both masks fit an immediate */
        int64_t keep = (int64_t)~(0xffffull << (16 * i->hw));
        ir_opi(t, IR_AND, width(i), d, d, i->sf ? keep : (int32_t)keep);
        ir_opi(t, IR_OR, width(i), d, d, i->sf ? (int64_t)i->imm : (int32_t)(i->imm << 16 * i->hw));
        return;
    }
    IrInst *ins = ir_op(t, IR_BFI, width(i), d, d, x_const(t, i->imm));
    ins->imm = (16 * i->hw) | 16 << 8;
}

/* rd (31: SP, or nothing when flags are set) = rn (31: SP) +- imm */
static void add_sub_imm(Xlat *t, const DecodedInsn *i, IrOp op, bool flags)
{
    int64_t imm = (int64_t)i->imm << (i->shift ? 12 : 0);
    IrRef d = flags && i->rd == 31 ? IR_NONE : (IrRef)i->rd;

    if (!flags && imm == 0) {
        ir_op(t, IR_MOV, width(i), d, (IrRef)i->rn, IR_NONE);
        return;
    }
    ir_opi(t, op, width(i), d, (IrRef)i->rn, imm)->set_nzcv = flags;
}

TRANSLATE(ADD_imm)  { add_sub_imm(t, i, IR_ADD, false); }
TRANSLATE(ADDS_imm) { add_sub_imm(t, i, IR_ADD, true); }
TRANSLATE(SUB_imm)  { add_sub_imm(t, i, IR_SUB, false); }
TRANSLATE(SUBS_imm) { add_sub_imm(t, i, IR_SUB, true); }

/* A logical immediate as the operation's width sees it, sign-extended so that imm32 forms fit. */
static int64_t logical_imm(const DecodedInsn *i)
{
    uint64_t mask, unused;

    bit_masks(i->sf ? 64 : 32, i->n, i->imms, i->immr, &mask, &unused);
    return i->sf ? (int64_t)mask : (int32_t)mask;
}

TRANSLATE(AND_imm) { ir_opi(t, IR_AND, width(i), (IrRef)i->rd, x_src(i->rn), logical_imm(i)); }
TRANSLATE(EOR_imm) { ir_opi(t, IR_XOR, width(i), (IrRef)i->rd, x_src(i->rn), logical_imm(i)); }

TRANSLATE(ORR_imm)
{
    if (i->rn != 31) {
        ir_opi(t, IR_OR, width(i), (IrRef)i->rd, (IrRef)i->rn, logical_imm(i));
        return;
    }
    uint64_t value = (uint64_t)logical_imm(i);
    IrInst *ins = ir_op(t, IR_MOV, 8, (IrRef)i->rd, IR_IMM, IR_NONE); /* rd 31 is SP */
    ins->imm = (int64_t)(i->sf ? value : (uint32_t)value);
}

TRANSLATE(ANDS_imm)
{
    IrRef d = i->rd == 31 ? IR_NONE : (IrRef)i->rd;
    ir_opi(t, IR_AND, width(i), d, x_src(i->rn), logical_imm(i))->set_nzcv = true;
}

/* ---- shifted and extended registers ---- */

static IrRef shifted(Xlat *t, const DecodedInsn *i)
{
    static const IrOp ops[4] = {IR_SHL, IR_SHR, IR_SAR, IR_ROR};

    if (i->imm == 0 || i->rm == 31)
        return x_src(i->rm);
    IrRef d = x_temp(t);
    ir_opi(t, ops[i->shift], width(i), d, (IrRef)i->rm, i->imm);
    return d;
}

static void three_reg(Xlat *t, const DecodedInsn *i, IrOp op, IrRef b, bool flags)
{
    IrRef d = i->rd == 31 ? IR_NONE : (IrRef)i->rd;
    if (i->rd == 31 && !flags)
        return;
    ir_op(t, op, width(i), d, x_src(i->rn), b)->set_nzcv = flags;
}

/* rd = rn + (rm extended) << shift in one step, where an x86 address can say it. */
static bool add_scaled(Xlat *t, const DecodedInsn *i, unsigned ext, unsigned shift)
{
    if (i->rm == 31 || shift > 3 || (shift == 0 && ext == IR_EXT_NONE))
        return false;
    IrInst *lea = ir_op(t, IR_LEA, width(i), (IrRef)i->rd, (IrRef)i->rn, (IrRef)i->rm);
    lea->ext = (uint8_t)ext;
    lea->shift = (uint8_t)shift;
    return true;
}

TRANSLATE(ADD_shift)
{
    if (i->shift != 0 || i->rn == 31 || i->rd == 31 || !add_scaled(t, i, IR_EXT_NONE, i->imm))
        three_reg(t, i, IR_ADD, shifted(t, i), false);
}

TRANSLATE(ADDS_shift) { three_reg(t, i, IR_ADD, shifted(t, i), true); }
TRANSLATE(SUB_shift)  { three_reg(t, i, IR_SUB, shifted(t, i), false); }
TRANSLATE(SUBS_shift) { three_reg(t, i, IR_SUB, shifted(t, i), true); }
TRANSLATE(AND_shift)  { three_reg(t, i, IR_AND, shifted(t, i), false); }
TRANSLATE(ANDS_shift) { three_reg(t, i, IR_AND, shifted(t, i), true); }
TRANSLATE(BIC_shift)  { three_reg(t, i, IR_ANDN, shifted(t, i), false); }
TRANSLATE(BICS_shift) { three_reg(t, i, IR_ANDN, shifted(t, i), true); }
TRANSLATE(EOR_shift)  { three_reg(t, i, IR_XOR, shifted(t, i), false); }

TRANSLATE(ORR_shift)
{
    if (i->rn == 31 && i->rd != 31)
        ir_op(t, IR_MOV, width(i), (IrRef)i->rd, shifted(t, i), IR_NONE);
    else
        three_reg(t, i, IR_OR, shifted(t, i), false);
}

TRANSLATE(ORN_shift)
{
    if (i->rd == 31)
        return;
    IrRef n = i->rn == 31 ? (IrRef)i->rd : x_temp(t);
    ir_op(t, IR_NOT, width(i), n, shifted(t, i), IR_NONE);
    if (i->rn != 31)
        ir_op(t, IR_OR, width(i), (IrRef)i->rd, (IrRef)i->rn, n);
}

TRANSLATE(EON_shift)
{
    if (i->rd == 31)
        return;
    IrRef n = x_temp(t);
    ir_op(t, IR_NOT, width(i), n, shifted(t, i), IR_NONE);
    ir_op(t, IR_XOR, width(i), (IrRef)i->rd, x_src(i->rn), n);
}

/* ExtendReg() of the manual: option gives size and sign, imm the left shift. */
static IrRef extended(Xlat *t, const DecodedInsn *i)
{
    unsigned from = 1u << (i->option & 3);
    IrRef r = x_src(i->rm);

    if (from < width(i) || (from == 4 && i->sf)) {
        IrRef e = x_temp(t);
        ir_op(t, i->option & 4 ? IR_SEXT : IR_ZEXT, width(i), e, r, IR_NONE)->sub = (uint8_t)from;
        r = e;
    }
    if (i->imm) {
        IrRef e = x_temp(t);
        ir_opi(t, IR_SHL, width(i), e, r, i->imm);
        r = e;
    }
    return r;
}

static void add_sub_ext(Xlat *t, const DecodedInsn *i, IrOp op, bool flags)
{
    IrRef d = flags && i->rd == 31 ? IR_NONE : (IrRef)i->rd;
    IrRef b = extended(t, i);
    ir_op(t, op, width(i), d, (IrRef)i->rn, b)->set_nzcv = flags;
}

TRANSLATE(ADD_ext)
{
    static const uint8_t ext[8] = {[2] = IR_EXT_UXTW, [6] = IR_EXT_SXTW};
    bool plain = (i->option & 3) == 3, word = (i->option & 3) == 2;

    if (!(i->sf && (plain || word)) || !add_scaled(t, i, ext[i->option], i->imm))
        add_sub_ext(t, i, IR_ADD, false);
}

TRANSLATE(ADDS_ext) { add_sub_ext(t, i, IR_ADD, true); }
TRANSLATE(SUB_ext)  { add_sub_ext(t, i, IR_SUB, false); }
TRANSLATE(SUBS_ext) { add_sub_ext(t, i, IR_SUB, true); }

TRANSLATE(ADC)  { three_reg(t, i, IR_ADC, x_src(i->rm), false); }
TRANSLATE(ADCS) { three_reg(t, i, IR_ADC, x_src(i->rm), true); }
TRANSLATE(SBC)  { three_reg(t, i, IR_SBC, x_src(i->rm), false); }
TRANSLATE(SBCS) { three_reg(t, i, IR_SBC, x_src(i->rm), true); }

/* ---- NZCV itself ---- */

static void set_nzcv(Xlat *t, IrOp op, unsigned size, IrRef a, unsigned sub)
{
    IrInst *ins = ir_op(t, op, size, IR_NONE, a, IR_NONE);

    ins->sub = (uint8_t)sub;
    ins->set_nzcv = true;
}

TRANSLATE(CFINV)  { (void)i, set_nzcv(t, IR_INVC, 8, IR_NONE, 0); }
TRANSLATE(AXFLAG) { (void)i, set_nzcv(t, IR_XFLAG, 8, IR_NONE, 0); }
TRANSLATE(XAFLAG) { (void)i, set_nzcv(t, IR_XFLAG, 8, IR_NONE, 1); }
TRANSLATE(SETF8)  { set_nzcv(t, IR_SETF, 1, x_src(i->rn), 0); }
TRANSLATE(SETF16) { set_nzcv(t, IR_SETF, 2, x_src(i->rn), 0); }

TRANSLATE(RMIF)
{
    uint32_t mask = (uint32_t)i->nzcv << 28;
    IrRef bits = x_temp(t), old;

    if (mask == 0)
        return;
    ir_opi(t, IR_ROR, 8, bits, x_src(i->rn), i->imm);
    ir_opi(t, IR_SHL, 4, bits, bits, 28);
    if (i->nzcv != 15) {
        old = x_temp(t);
        ir_op(t, IR_GET_NZCV, 8, old, IR_NONE, IR_NONE);
        ir_opi(t, IR_AND, 4, old, old, (int32_t)~mask);
        ir_opi(t, IR_AND, 4, bits, bits, (int32_t)mask);
        ir_op(t, IR_OR, 4, bits, bits, old);
    }
    set_nzcv(t, IR_SET_NZCV, 8, bits, 0);
}

/* ---- bitfields ---- */

static void two_op(Xlat *t, const DecodedInsn *i, IrOp op, unsigned sub)
{
    if (i->rd != 31)
        ir_op(t, op, width(i), (IrRef)i->rd, x_src(i->rn), IR_NONE)->sub = (uint8_t)sub;
}

TRANSLATE(UBFM)
{
    unsigned bits = width(i) * 8;

    if (i->rd == 31)
        return;
    if (i->rn == 31) {
        move_const(t, i->rd, 0);
    } else if (i->imms == bits - 1) {
        ir_opi(t, IR_SHR, width(i), (IrRef)i->rd, (IrRef)i->rn, i->immr);
    } else if (i->imms + 1 == i->immr) {
        ir_opi(t, IR_SHL, width(i), (IrRef)i->rd, (IrRef)i->rn, (int)(bits - i->immr));
    } else if (i->imms >= i->immr) {
        unsigned n = i->imms - i->immr + 1u;
        if (i->immr == 0 && (n == 8 || n == 16)) {
            two_op(t, i, IR_ZEXT, n / 8);
            return;
        }
        ir_op(t, IR_UBFX, width(i), (IrRef)i->rd, (IrRef)i->rn, IR_NONE)->imm = i->immr | n << 8;
    } else { /* UBFIZ: imms + 1 bits to the left */
        IrRef low = x_temp(t);
        ir_op(t, IR_UBFX, width(i), low, (IrRef)i->rn, IR_NONE)->imm = (i->imms + 1) << 8;
        ir_opi(t, IR_SHL, width(i), (IrRef)i->rd, low, (int)(bits - i->immr));
    }
}

TRANSLATE(SBFM)
{
    unsigned bits = width(i) * 8, n = i->imms + 1u;

    if (i->rd == 31)
        return;
    if (i->imms == bits - 1) {
        ir_opi(t, IR_SAR, width(i), (IrRef)i->rd, x_src(i->rn), i->immr);
    } else if (i->immr == 0 && (n == 8 || n == 16 || n == 32)) {
        two_op(t, i, IR_SEXT, n / 8);
    } else { /* SBFX, SBFIZ: the field to the top, then back with its sign */
        unsigned down = i->imms >= i->immr ? bits - n + i->immr : i->immr - n;
        IrRef top = x_temp(t);
        ir_opi(t, IR_SHL, width(i), top, x_src(i->rn), (int)(bits - n));
        ir_opi(t, IR_SAR, width(i), (IrRef)i->rd, top, (int)down);
    }
}

TRANSLATE(BFM)
{
    unsigned bits = width(i) * 8;
    IrRef d = (IrRef)i->rd, s = x_src(i->rn);
    unsigned lsb = 0, n = i->imms + 1u;

    if (i->rd == 31)
        return;
    if (i->imms >= i->immr) { /* BFXIL */
        n = i->imms - i->immr + 1u;
        if (i->immr) {
            s = x_temp(t);
            ir_opi(t, IR_SHR, width(i), s, x_src(i->rn), i->immr);
        }
    } else { /* BFI */
        lsb = bits - i->immr;
    }
    if (n == bits)
        ir_op(t, IR_MOV, width(i), d, s, IR_NONE);
    else
        ir_op(t, IR_BFI, width(i), d, d, s)->imm = lsb | n << 8;
}

TRANSLATE(EXTR)
{
    if (i->rd == 31)
        return;
    if (i->imms == 0)
        ir_op(t, IR_MOV, width(i), (IrRef)i->rd, x_src(i->rm), IR_NONE);
    else if (i->rn == i->rm)
        ir_opi(t, IR_ROR, width(i), (IrRef)i->rd, x_src(i->rm), i->imms);
    else
        ir_op(t, IR_EXTR, width(i), (IrRef)i->rd, x_src(i->rn), x_src(i->rm))->imm = i->imms;
}

/* ---- conditions ---- */

static void ccmp(Xlat *t, const DecodedInsn *i, IrRef b, bool add)
{
    if (i->cond >= 14) { /* AL and NV: always */
        IrInst *plain = ir_op(t, add ? IR_ADD : IR_SUB, width(i), IR_NONE, x_src(i->rn), b);
        plain->imm = i->imm;
        plain->set_nzcv = true;
        return;
    }
    IrInst *ins = ir_op(t, IR_CCMP, width(i), IR_NONE, x_src(i->rn), b);
    ins->cond = i->cond;
    ins->sub = add;
    ins->shift = i->nzcv;
    ins->imm = i->imm;
    ins->set_nzcv = true;
}

TRANSLATE(CCMP_reg) { ccmp(t, i, x_src(i->rm), false); }
TRANSLATE(CCMN_reg) { ccmp(t, i, x_src(i->rm), true); }
TRANSLATE(CCMP_imm) { ccmp(t, i, IR_IMM, false); }
TRANSLATE(CCMN_imm) { ccmp(t, i, IR_IMM, true); }

static void csel(Xlat *t, unsigned size, IrRef d, IrRef a, IrRef b, Cond cond)
{
    if (cond >= 14)
        ir_op(t, IR_MOV, size, d, a, IR_NONE);
    else
        ir_op(t, IR_CSEL, size, d, a, b)->cond = cond;
}

static void cset(Xlat *t, IrRef d, Cond cond)
{
    ir_op(t, IR_CSET, 8, d, IR_NONE, IR_NONE)->cond = cond;
}

TRANSLATE(CSEL)
{
    if (i->rd != 31)
        csel(t, width(i), (IrRef)i->rd, x_src(i->rn), x_src(i->rm), i->cond);
}

TRANSLATE(CSINC)
{
    if (i->rd == 31)
        return;
    if (i->rn == 31 && i->rm == 31 && i->cond < 14) { /* CSET */
        cset(t, (IrRef)i->rd, i->cond ^ 1);
        return;
    }
    IrRef b = x_temp(t);
    ir_opi(t, IR_ADD, width(i), b, x_src(i->rm), 1);
    csel(t, width(i), (IrRef)i->rd, x_src(i->rn), b, i->cond);
}

TRANSLATE(CSINV)
{
    if (i->rd == 31)
        return;
    IrRef b = x_temp(t);
    if (i->rn == 31 && i->rm == 31 && i->cond < 14) { /* CSETM: 0 or 1, less 1 */
        cset(t, b, i->cond);
        ir_opi(t, IR_ADD, width(i), (IrRef)i->rd, b, -1);
        return;
    }
    ir_op(t, IR_NOT, width(i), b, x_src(i->rm), IR_NONE);
    csel(t, width(i), (IrRef)i->rd, x_src(i->rn), b, i->cond);
}

TRANSLATE(CSNEG)
{
    if (i->rd == 31)
        return;
    IrRef n = x_temp(t), b = x_temp(t);
    ir_op(t, IR_NOT, width(i), n, x_src(i->rm), IR_NONE);
    ir_opi(t, IR_ADD, width(i), b, n, 1);
    csel(t, width(i), (IrRef)i->rd, x_src(i->rn), b, i->cond);
}

/* ---- one, two and three sources ---- */

TRANSLATE(UDIV) { three_reg(t, i, IR_UDIV, x_src(i->rm), false); }
TRANSLATE(SDIV) { three_reg(t, i, IR_SDIV, x_src(i->rm), false); }
TRANSLATE(LSLV) { three_reg(t, i, IR_SHL, x_src(i->rm), false); }
TRANSLATE(LSRV) { three_reg(t, i, IR_SHR, x_src(i->rm), false); }
TRANSLATE(ASRV) { three_reg(t, i, IR_SAR, x_src(i->rm), false); }
TRANSLATE(RORV) { three_reg(t, i, IR_ROR, x_src(i->rm), false); }
TRANSLATE(RBIT) { two_op(t, i, IR_RBIT, 0); }
TRANSLATE(REV16) { two_op(t, i, IR_REV16, 0); }
TRANSLATE(REV32) { two_op(t, i, i->sf ? IR_REV32 : IR_BSWAP, 0); }
TRANSLATE(CLZ) { two_op(t, i, IR_CLZ, 0); }
TRANSLATE(CLS) { two_op(t, i, IR_CLS, 0); }
TRANSLATE(CTZ) { two_op(t, i, IR_CTZ, 0); }
TRANSLATE(CNT) { two_op(t, i, IR_CNT, 0); }

static void min_max(Xlat *t, const DecodedInsn *i, AtomicOp op, IrRef b, int64_t imm)
{
    if (i->rd == 31)
        return;
    IrInst *ins = ir_op(t, IR_MINMAX, width(i), (IrRef)i->rd, x_src(i->rn), b);
    ins->cond = op;
    ins->imm = imm;
}

TRANSLATE(SMAX_reg) { min_max(t, i, ATOMIC_SMAX, x_src(i->rm), 0); }
TRANSLATE(SMIN_reg) { min_max(t, i, ATOMIC_SMIN, x_src(i->rm), 0); }
TRANSLATE(UMAX_reg) { min_max(t, i, ATOMIC_UMAX, x_src(i->rm), 0); }
TRANSLATE(UMIN_reg) { min_max(t, i, ATOMIC_UMIN, x_src(i->rm), 0); }
TRANSLATE(SMAX_imm) { min_max(t, i, ATOMIC_SMAX, IR_IMM, i->simm); }
TRANSLATE(SMIN_imm) { min_max(t, i, ATOMIC_SMIN, IR_IMM, i->simm); }
TRANSLATE(UMAX_imm) { min_max(t, i, ATOMIC_UMAX, IR_IMM, i->imm); }
TRANSLATE(UMIN_imm) { min_max(t, i, ATOMIC_UMIN, IR_IMM, i->imm); }

TRANSLATE(ABS)
{
    IrRef negated = x_temp(t);

    ir_op(t, IR_SUB, width(i), negated, IR_ZERO, x_src(i->rn));
    min_max(t, i, ATOMIC_SMAX, negated, 0);
}

TRANSLATE(REV64)
{
    if (i->rd != 31)
        ir_op(t, IR_BSWAP, 8, (IrRef)i->rd, x_src(i->rn), IR_NONE);
}

TRANSLATE(CRC32)
{
    if (!host.pclmul)
        x_call_interp(t, false);
    else if (i->rd != 31)
        ir_op(t, IR_CRC32, 4, (IrRef)i->rd, x_src(i->rn), x_src(i->rm))->sub =
            (uint8_t)(1u << i->size);
}

TRANSLATE(CRC32C)
{
    if (i->rd != 31)
        ir_op(t, IR_CRC32C, 4, (IrRef)i->rd, x_src(i->rn), x_src(i->rm))->sub =
            (uint8_t)(1u << i->size);
}

/* rd = ra +- rn * rm; the product by `mul` */
static void multiply_add(Xlat *t, const DecodedInsn *i, unsigned size, IrOp mul, unsigned sub,
                         IrOp op)
{
    if (i->rd == 31)
        return;
    bool alone = i->ra == 31 && op == IR_ADD;
    IrRef product = alone ? (IrRef)i->rd : x_temp(t);
    ir_op(t, mul, size, product, x_src(i->rn), x_src(i->rm))->sub = (uint8_t)sub;
    if (!alone)
        ir_op(t, op, size, (IrRef)i->rd, x_src(i->ra), product);
}

TRANSLATE(MADD)   { multiply_add(t, i, width(i), IR_MUL, 0, IR_ADD); }
TRANSLATE(MSUB)   { multiply_add(t, i, width(i), IR_MUL, 0, IR_SUB); }
TRANSLATE(SMADDL) { multiply_add(t, i, 8, IR_MULL, 1, IR_ADD); }
TRANSLATE(SMSUBL) { multiply_add(t, i, 8, IR_MULL, 1, IR_SUB); }
TRANSLATE(UMADDL) { multiply_add(t, i, 8, IR_MULL, 0, IR_ADD); }
TRANSLATE(UMSUBL) { multiply_add(t, i, 8, IR_MULL, 0, IR_SUB); }

static void multiply_high(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (i->rd != 31)
        ir_op(t, op, 8, (IrRef)i->rd, x_src(i->rn), x_src(i->rm));
}

TRANSLATE(SMULH) { multiply_high(t, i, IR_SMULH); }
TRANSLATE(UMULH) { multiply_high(t, i, IR_UMULH); }
