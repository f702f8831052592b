/* General-register operations. x86 is two-address: each emitter picks the cheapest shape. */
#include <string.h>
#include "emu/arith/int.h"
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/ir/facts.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/ir/vconst.h"

void emit_NOP(Emit *e, const IrInst *i)
{
    (void)e, (void)i;
}

static bool fits_imm32(int64_t v)
{
    return v == (int32_t)v;
}

void emit_MOV(Emit *e, const IrInst *i)
{
    Loc d = arg_loc(e, i->d), s = arg_loc(e, i->a);

    if (s.kind == LOC_IMM) {
        uint64_t v = ir_argument(i, (uint64_t)s.imm);
        if (d.kind == LOC_REG) {
            x64_mov_ri(&e->a, (Gpr)d.reg, v);
        } else if (fits_imm32((int64_t)v)) {
            x64_mov_mi(&e->a, 8, d.mem, (int32_t)v);
        } else {
            x64_mov_ri(&e->a, RAX, v);
            store_result(e, i->d, RAX);
        }
        return;
    }
    if (d.kind == LOC_REG && s.kind == LOC_REG) {
        if (d.reg != s.reg || i->size == 4)
            x64_mov_rr(&e->a, i->size, (Gpr)d.reg, (Gpr)s.reg);
    } else if (d.kind == LOC_REG) {
        int held = held_in(e, i->a);
        if (held >= 0)
            x64_mov_rr(&e->a, i->size, (Gpr)d.reg, (Gpr)held);
        else
            x64_mov_rm(&e->a, i->size, (Gpr)d.reg, s.mem);
    } else {
        Gpr r = arg_read(e, i->a, 0);
        if (i->size == 4) {
            x64_mov_rr(&e->a, 4, RAX, r);
            r = RAX;
        }
        store_result(e, i->d, r);
    }
}

/* r op= b, for any kind of b. */
static void alu_to(Emit *e, AluOp op, int size, Gpr r, IrRef ref)
{
    Loc b = arg_loc(e, ref);

    if (b.kind == LOC_REG) {
        x64_alu_rr(&e->a, op, size, r, (Gpr)b.reg);
    } else if (b.kind == LOC_MEM && held_in(e, ref) >= 0) {
        x64_alu_rr(&e->a, op, size, r, (Gpr)held_in(e, ref));
    } else if (b.kind == LOC_MEM) {
        x64_alu_rm(&e->a, op, size, r, b.mem);
    } else if (size == 4 || fits_imm32(b.imm)) {
        x64_alu_ri(&e->a, op, size, r, (int32_t)b.imm);
    } else {
        Gpr s = r == RCX ? RAX : RCX;
        x64_mov_ri(&e->a, s, (uint64_t)b.imm);
        x64_alu_rr(&e->a, op, size, r, s);
    }
}

/* d = a op b by x86's two-address op; the flags of the op are left. */
static void alu3(Emit *e, const IrInst *i, AluOp op, bool commutes)
{
    IrRef a = i->a, b = i->b;
    Loc d = i->d == IR_NONE ? (Loc){.kind = LOC_IMM} : arg_loc(e, i->d);

    if (commutes && d.kind == LOC_REG && lives_in(e, b, (Gpr)d.reg)) {
        IrRef t = a;
        a = b;
        b = t;
    }
    /* In place in memory: 64 bits wide only, the upper half must be written. */
    if (d.kind == LOC_MEM && i->d == a && i->size == 8) {
        Loc s = arg_loc(e, b);
        if (s.kind == LOC_REG) {
            x64_alu_mr(&e->a, op, 8, d.mem, (Gpr)s.reg);
            return;
        }
        if (s.kind == LOC_IMM && fits_imm32(s.imm)) {
            x64_alu_mi(&e->a, op, 8, d.mem, (int32_t)s.imm);
            return;
        }
    }
    Gpr r = d.kind == LOC_REG ? (Gpr)d.reg : RAX;
    if (lives_in(e, b, r) && !lives_in(e, a, r))
        r = RAX; /* b must not be overwritten by a */
    arg_into(e, a, r);
    alu_to(e, op, i->size, r, b);
    store_result(e, i->d, r);
}

/* cmp, test: no result wanted */
static void compare(Emit *e, const IrInst *i)
{
    Loc a = arg_loc(e, i->a), b = arg_loc(e, i->b);

    if (a.kind == LOC_MEM && held_in(e, i->a) >= 0)
        a = (Loc){.kind = LOC_REG, .reg = (uint8_t)held_in(e, i->a)};
    if (a.kind == LOC_MEM && b.kind == LOC_REG) {
        x64_alu_mr(&e->a, ALU_CMP, i->size, a.mem, (Gpr)b.reg);
    } else if (a.kind == LOC_MEM && b.kind == LOC_IMM && (i->size == 4 || fits_imm32(b.imm))) {
        x64_alu_mi(&e->a, ALU_CMP, i->size, a.mem, (int32_t)b.imm);
    } else {
        Gpr r = a.kind == LOC_REG ? (Gpr)a.reg : arg_reg(e, i->a, RAX);
        if (b.kind == LOC_IMM && b.imm == 0)
            x64_alu_ri(&e->a, ALU_CMP, i->size, r, 0);
        else
            alu_to(e, ALU_CMP, i->size, r, i->b);
    }
}

void emit_ADD(Emit *e, const IrInst *i)
{
    Loc d = i->d == IR_NONE ? (Loc){.kind = LOC_IMM} : arg_loc(e, i->d);
    Loc a = arg_loc(e, i->a), b = arg_loc(e, i->b);
    bool three = d.kind == LOC_REG && a.kind == LOC_REG &&
                 !(a.reg == d.reg) && !(b.kind == LOC_REG && b.reg == d.reg);

    if (!i->set_nzcv && (three || flags_precious(e))) {
        /* LEA adds without touching the flags or needing a move */
        if (b.kind != LOC_IMM || (i->size == 4 || fits_imm32(b.imm))) {
            Gpr r = result_reg(e, i->d, RAX);
            Gpr x = arg_reg(e, i->a, RAX);
            if (b.kind == LOC_IMM)
                x64_lea(&e->a, i->size, r, mem_bd(x, (int32_t)b.imm));
            else
                x64_lea(&e->a, i->size, r, mem_bisd(x, arg_reg(e, i->b, RCX), 0, 0));
            store_result(e, i->d, r);
            return;
        }
    }
    bool apart = a.kind == LOC_REG || (a.kind == LOC_MEM && i->d != i->a);
    if (!i->set_nzcv && d.kind == LOC_MEM && apart && ir_is_x(i->d) && ir_is_x(i->a) &&
        (b.kind == LOC_REG || (b.kind == LOC_IMM && fits_imm32(b.imm)))) {
        Gpr x = arg_read(e, i->a, 0); /* a stays where it is */
        Gpr r = held_scratch(e, 1u << x);
        x64_lea(&e->a, i->size, r,
                b.kind == LOC_IMM ? mem_bd(x, (int32_t)b.imm) : mem_bisd(x, (Gpr)b.reg, 0, 0));
        store_result(e, i->d, r);
        return;
    }
    flags_clobber(e);
    alu3(e, i, ALU_ADD, true);
    e->zf_inst = i;
    flags_set(e, FK_ADD);
}

void emit_SUB(Emit *e, const IrInst *i)
{
    if (i->d == IR_NONE) {
        flags_clobber(e);
        compare(e, i);
        flags_set(e, FK_SUB);
        return;
    }
    Loc d = arg_loc(e, i->d), a = arg_loc(e, i->a), b = arg_loc(e, i->b);
    bool moves = !(a.kind == LOC_REG && d.kind == LOC_REG && a.reg == d.reg);

    if (!i->set_nzcv && b.kind == LOC_IMM && fits_imm32(-b.imm) && a.kind != LOC_IMM &&
        ((moves && a.kind == LOC_REG) || flags_precious(e))) {
        Gpr r = result_reg(e, i->d, RAX);
        x64_lea(&e->a, i->size, r, mem_bd(arg_reg(e, i->a, RAX), (int32_t)-b.imm));
        store_result(e, i->d, r);
        return;
    }
    if (!i->set_nzcv && b.kind != LOC_IMM && flags_precious(e)) { /* a + ~b + 1 */
        arg_into(e, i->b, RAX);
        x64_un_r(&e->a, UN_NOT, 8, RAX);
        Gpr r = result_reg(e, i->d, RAX);
        Mem sum = a.kind == LOC_IMM && a.imm == 0
                      ? mem_bd(RAX, 1)
                      : mem_bisd(RAX, arg_reg(e, i->a, RCX), 0, 1);
        x64_lea(&e->a, i->size, r, sum);
        store_result(e, i->d, r);
        return;
    }
    flags_clobber(e);
    if (!i->set_nzcv && d.kind == LOC_REG && a.kind == LOC_REG && b.kind == LOC_REG &&
        b.reg == d.reg && a.reg != d.reg) {
        x64_un_r(&e->a, UN_NEG, i->size, (Gpr)d.reg);
        x64_alu_rr(&e->a, ALU_ADD, i->size, (Gpr)d.reg, (Gpr)a.reg);
        e->zf_inst = i;
    } else if (a.kind == LOC_IMM && a.imm == 0 && b.kind != LOC_IMM) { /* NEG: the same flags */
        Gpr r = result_reg(e, i->d, RAX);
        arg_into(e, i->b, r);
        x64_un_r(&e->a, UN_NEG, i->size, r);
        store_result(e, i->d, r);
    } else {
        alu3(e, i, ALU_SUB, false);
        e->zf_inst = i;
    }
    flags_set(e, FK_SUB);
}

void emit_ADC(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    if (i->b == IR_ZERO && flags_carry(e) == FK_SUB) { /* a + C = a - -1 - !C */
        arg_into(e, i->a, r);
        x64_alu_ri(&e->a, ALU_SBB, i->size, r, -1);
        store_result(e, i->d, r);
        flags_set(e, FK_SUB);
        return;
    }
    flags_need_carry(e, FK_ADD);
    alu3(e, i, ALU_ADC, true);
    flags_set(e, FK_ADD);
}

void emit_SBC(Emit *e, const IrInst *i)
{
    flags_need_carry(e, FK_SUB);
    alu3(e, i, ALU_SBB, false);
    flags_set(e, FK_SUB);
}

void emit_AND(Emit *e, const IrInst *i)
{
    Loc b = arg_loc(e, i->b);

    if (i->d == IR_NONE && (b.kind != LOC_IMM || i->size == 4 || fits_imm32(b.imm))) {
        Gpr x = arg_reg(e, i->a, RAX);
        if (b.kind == LOC_IMM)
            x64_test_ri(&e->a, i->size, x, (int32_t)b.imm);
        else
            x64_test_rr(&e->a, i->size, x, arg_reg(e, i->b, RCX));
    } else if (b.kind == LOC_IMM && !i->set_nzcv && (b.imm == 0xff || b.imm == 0xffff)) {
        Gpr r = result_reg(e, i->d, RAX);
        x64_movzx_rr(&e->a, b.imm == 0xff ? 1 : 2, r, arg_reg(e, i->a, RAX));
        store_result(e, i->d, r);
    } else if (b.kind == LOC_IMM && !i->set_nzcv && i->size == 8 && (uint64_t)b.imm >> 31 == 0) {
        Gpr r = result_reg(e, i->d, RAX); /* the upper half of the mask is zero */
        arg_into(e, i->a, r);
        x64_alu_ri(&e->a, ALU_AND, 4, r, (int32_t)b.imm);
        store_result(e, i->d, r);
    } else {
        alu3(e, i, ALU_AND, true);
    }
    flags_set(e, FK_ADD);
}

void emit_ANDN(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    if (host.bmi1) {
        Gpr n = arg_reg(e, i->b, RCX);
        x64_andn_rrr(&e->a, i->size, r, n, arg_reg(e, i->a, RAX));
    } else {
        arg_into(e, i->b, RCX);
        x64_un_r(&e->a, UN_NOT, i->size, RCX);
        arg_into(e, i->a, RAX);
        x64_alu_rr(&e->a, ALU_AND, i->size, RAX, RCX);
        r = RAX;
    }
    store_result(e, i->d, r);
    flags_set(e, FK_ADD);
}

void emit_OR(Emit *e, const IrInst *i)
{
    alu3(e, i, ALU_OR, true);
}

void emit_XOR(Emit *e, const IrInst *i)
{
    alu3(e, i, ALU_XOR, true);
}

void emit_NOT(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    arg_into(e, i->a, r);
    x64_un_r(&e->a, UN_NOT, i->size, r);
    store_result(e, i->d, r);
}

/* ---- multiply, divide ---- */

/* r = a * b, or hi:lo when lo is another register, by MULX: the flags stay. */
static void mulx(Emit *e, int size, Gpr hi, Gpr lo, IrRef a, IrRef b)
{
    if (!lives_in(e, a, RDX)) {
        Loc l = arg_loc(e, b);
        if (lives_in(e, b, RDX) || l.kind == LOC_MEM) { /* what is in memory is loaded to RDX */
            IrRef t = a;
            a = b;
            b = t;
        }
        arg_into(e, a, RDX);
    }
    x64_mulx(&e->a, size, hi, lo, arg_reg(e, b, RCX));
}

void emit_MUL(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);
    IrRef a = i->a, b = i->b;

    if (host.bmi2 && flags_precious(e)) {
        mulx(e, i->size, r == RAX ? RCX : RAX, r, a, b);
        store_result(e, i->d, r);
        return;
    }
    flags_clobber(e);

    if (lives_in(e, b, r)) {
        IrRef t = a;
        a = b;
        b = t;
    }
    if (lives_in(e, b, r) && !lives_in(e, a, r))
        r = RAX;
    arg_into(e, a, r);
    Loc l = arg_loc(e, b);
    if (l.kind == LOC_MEM)
        x64_imul_rm(&e->a, i->size, r, l.mem);
    else
        x64_imul_rr(&e->a, i->size, r, arg_reg(e, b, RCX));
    store_result(e, i->d, r);
}

/* The argument's low word, extended to 64 bits. */
static void extend_word(Emit *e, IrRef ref, Gpr r, bool is_signed)
{
    Loc l = arg_loc(e, ref);

    if (l.kind == LOC_IMM)
        x64_mov_ri(&e->a, r, is_signed ? (uint64_t)(int32_t)l.imm : (uint32_t)l.imm);
    else if (is_signed && l.kind == LOC_MEM)
        x64_movsx_rm(&e->a, 8, 4, r, l.mem);
    else if (is_signed)
        x64_movsx_rr(&e->a, 8, 4, r, (Gpr)l.reg);
    else if (l.kind == LOC_MEM)
        x64_mov_rm(&e->a, 4, r, l.mem);
    else
        x64_mov_rr(&e->a, 4, r, (Gpr)l.reg);
}

void emit_MULL(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    extend_word(e, i->b, RCX, i->sub);
    if (host.bmi2 && flags_precious(e)) {
        extend_word(e, i->a, RDX, i->sub);
        x64_mulx(&e->a, 8, r == RAX ? RCX : RAX, r, RCX);
    } else {
        flags_clobber(e);
        extend_word(e, i->a, r, i->sub);
        x64_imul_rr(&e->a, 8, r, RCX);
    }
    store_result(e, i->d, r);
}

static void multiply_high(Emit *e, const IrInst *i, UnOp op)
{
    Gpr b = arg_reg(e, i->b, RCX);

    arg_into(e, i->a, RAX);
    x64_un_r(&e->a, op, 8, b);
    store_result(e, i->d, RDX);
}

void emit_UMULH(Emit *e, const IrInst *i)
{
    if (host.bmi2) {
        Gpr r = result_reg(e, i->d, RAX);
        mulx(e, 8, r, r, i->a, i->b);
        store_result(e, i->d, r);
        return;
    }
    flags_clobber(e);
    multiply_high(e, i, UN_MUL);
}

void emit_SMULH(Emit *e, const IrInst *i)
{
    multiply_high(e, i, UN_IMUL);
}

/* x86 traps where A64 gives 0 (divisor 0) or wraps (minimum / -1). */
static void divide(Emit *e, const IrInst *i, bool is_signed)
{
    Asm *a = &e->a;

    arg_into(e, i->b, RCX);
    arg_into(e, i->a, RAX);
    x64_test_rr(a, i->size, RCX, RCX);
    Fixup zero = x64_jcc_fwd8(a, CC_E);
    if (is_signed) {
        x64_alu_ri(a, ALU_CMP, i->size, RCX, -1);
        Fixup minus_one = x64_jcc_fwd8(a, CC_E);
        x64_cdq(a, i->size);
        x64_un_r(a, UN_IDIV, i->size, RCX);
        Fixup done = x64_jmp_fwd8(a);
        x64_bind(a, minus_one);
        x64_un_r(a, UN_NEG, i->size, RAX);
        Fixup done2 = x64_jmp_fwd8(a);
        x64_bind(a, zero);
        x64_mov_ri(a, RAX, 0);
        x64_bind(a, done);
        x64_bind(a, done2);
    } else {
        x64_mov_ri(a, RDX, 0);
        x64_un_r(a, UN_DIV, i->size, RCX);
        Fixup done = x64_jmp_fwd8(a);
        x64_bind(a, zero);
        x64_mov_ri(a, RAX, 0);
        x64_bind(a, done);
    }
    store_result(e, i->d, RAX);
}

void emit_UDIV(Emit *e, const IrInst *i)
{
    divide(e, i, false);
}

void emit_SDIV(Emit *e, const IrInst *i)
{
    divide(e, i, true);
}

/* ---- shifts ---- */

static void shift(Emit *e, const IrInst *i, ShiftOp op, int shiftx)
{
    Gpr r = result_reg(e, i->d, RAX);
    Loc b = arg_loc(e, i->b);

    if (b.kind == LOC_IMM) {
        unsigned n = ir_shift_count(i, (uint64_t)b.imm);
        if (op == SH_ROR && host.bmi2) {
            x64_rorx_rri(&e->a, i->size, r, arg_reg(e, i->a, RAX), n);
        } else if (op == SH_SHL && n >= 1 && n <= 3 && flags_precious(e)) {
            x64_lea(&e->a, i->size, r, mem_isd(arg_reg(e, i->a, RAX), n, 0));
        } else if (shiftx >= 0 && host.bmi2 && flags_precious(e)) {
            x64_mov_ri(&e->a, RCX, n);
            x64_shiftx_rrr(&e->a, (ShiftxOp)shiftx, i->size, r, arg_reg(e, i->a, RAX), RCX);
        } else {
            flags_clobber(e);
            Gpr s = arg_reg(e, i->a, r);
            if (s != r)
                x64_mov_rr(&e->a, i->size, r, s);
            if (n)
                x64_shift_ri(&e->a, op, i->size, r, n);
            else if (i->size == 4)
                x64_mov_rr(&e->a, 4, r, r);
        }
    } else if (shiftx >= 0 && host.bmi2) {
        Gpr n = arg_reg(e, i->b, RCX);
        x64_shiftx_rrr(&e->a, (ShiftxOp)shiftx, i->size, r, arg_reg(e, i->a, RAX), n);
    } else {
        flags_clobber(e);
        arg_into(e, i->b, RCX);
        Gpr s = arg_reg(e, i->a, r);
        if (s != r || i->size == 4) /* a shift by 0 would keep the upper half */
            x64_mov_rr(&e->a, i->size, r, s);
        x64_shift_rcl(&e->a, op, i->size, r);
    }
    store_result(e, i->d, r);
}

void emit_SHL(Emit *e, const IrInst *i)
{
    shift(e, i, SH_SHL, SHX_SHLX);
}

void emit_SHR(Emit *e, const IrInst *i)
{
    shift(e, i, SH_SHR, SHX_SHRX);
}

void emit_SAR(Emit *e, const IrInst *i)
{
    shift(e, i, SH_SAR, SHX_SARX);
}

void emit_ROR(Emit *e, const IrInst *i)
{
    shift(e, i, SH_ROR, -1);
}

void emit_EXTR(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    if (lives_in(e, i->a, r)) { /* its low bits to the top, b's high bits below them */
        x64_shld_rri(&e->a, i->size, r, arg_reg(e, i->b, RCX), i->size * 8u - (unsigned)i->imm);
    } else {
        Gpr high = arg_reg(e, i->a, RCX);
        arg_into(e, i->b, r);
        x64_shrd_rri(&e->a, i->size, r, high, (unsigned)i->imm);
    }
    store_result(e, i->d, r);
}

/* ---- fields and bits ---- */

void emit_SEXT(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);
    Loc a = arg_loc(e, i->a);

    if (a.kind == LOC_MEM)
        x64_movsx_rm(&e->a, i->size, i->sub, r, a.mem);
    else
        x64_movsx_rr(&e->a, i->size, i->sub, r, arg_reg(e, i->a, RAX));
    store_result(e, i->d, r);
}

void emit_ZEXT(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);
    Loc a = arg_loc(e, i->a);

    if (a.kind == LOC_MEM)
        x64_movzx_rm(&e->a, i->sub, r, a.mem);
    else
        x64_movzx_rr(&e->a, i->sub, r, arg_reg(e, i->a, RAX));
    store_result(e, i->d, r);
}

void emit_UBFX(Emit *e, const IrInst *i)
{
    unsigned lsb = i->imm & 0xff, n = (unsigned)(i->imm >> 8) & 0xff;
    Gpr r = result_reg(e, i->d, RAX), s = arg_reg(e, i->a, r);

    if (lsb == 0 && (n == 8 || n == 16)) {
        x64_movzx_rr(&e->a, (int)n / 8, r, s);
    } else if (lsb + n <= 32 && n < 32) {
        if (s != r)
            x64_mov_rr(&e->a, 4, r, s);
        if (lsb)
            x64_shift_ri(&e->a, SH_SHR, 4, r, lsb);
        if (lsb + n < 32)
            x64_alu_ri(&e->a, ALU_AND, 4, r, (int32_t)low_mask(n));
    } else if (n <= 32) { /* reaches above bit 31 */
        if (s != r)
            x64_mov_rr(&e->a, 8, r, s);
        if (lsb)
            x64_shift_ri(&e->a, SH_SHR, 8, r, lsb);
        if (n == 32)
            x64_mov_rr(&e->a, 4, r, r);
        else
            x64_alu_ri(&e->a, ALU_AND, 4, r, (int32_t)low_mask(n));
    } else {
        if (s != r)
            x64_mov_rr(&e->a, 8, r, s);
        x64_shift_ri(&e->a, SH_SHL, 8, r, 64 - lsb - n);
        x64_shift_ri(&e->a, SH_SHR, 8, r, 64 - n);
    }
    store_result(e, i->d, r);
}

void emit_BFI(Emit *e, const IrInst *i)
{
    unsigned lsb = i->imm & 0xff, n = (unsigned)(i->imm >> 8) & 0xff, bits = i->size * 8u;
    uint64_t mask = low_mask(n) << lsb;
    Gpr home = result_reg(e, i->d, RAX);

    if (lsb + n == bits && !lives_in(e, i->b, home)) { /* the upper part: shifted in */
        Gpr s = arg_reg(e, i->b, RCX);
        arg_into(e, i->a, home);
        x64_shift_ri(&e->a, SH_SHL, i->size, home, n);
        x64_shrd_rri(&e->a, i->size, home, s, n);
        store_result(e, i->d, home);
        return;
    }
    arg_into(e, i->b, RCX);
    if (lsb == 0 && n < 32) {
        x64_alu_ri(&e->a, ALU_AND, 4, RCX, (int32_t)low_mask(n));
    } else if (n < bits - lsb || lsb) { /* isolate the field, in place */
        x64_shift_ri(&e->a, SH_SHL, i->size, RCX, bits - n);
        if (bits - n - lsb)
            x64_shift_ri(&e->a, SH_SHR, i->size, RCX, bits - n - lsb);
    }
    Gpr r = result_reg(e, i->d, RAX);
    if (fits_imm32((int64_t)~mask) || i->size == 4) {
        arg_into(e, i->a, r);
        x64_alu_ri(&e->a, ALU_AND, i->size, r, (int32_t)~mask);
    } else if (lives_in(e, i->a, r)) {
        x64_mov_ri(&e->a, RAX, ~mask);
        x64_alu_rr(&e->a, ALU_AND, 8, r, RAX);
    } else {
        Loc a = arg_loc(e, i->a);
        x64_mov_ri(&e->a, RAX, ~mask);
        if (a.kind == LOC_MEM)
            x64_alu_rm(&e->a, ALU_AND, 8, RAX, a.mem);
        else if (a.kind == LOC_REG)
            x64_alu_rr(&e->a, ALU_AND, 8, RAX, (Gpr)a.reg);
        else
            x64_mov_ri(&e->a, RAX, (uint64_t)a.imm & ~mask);
        r = RAX;
    }
    x64_alu_rr(&e->a, ALU_OR, i->size, r, RCX);
    store_result(e, i->d, r);
}

void emit_CLZ(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX), s = arg_reg(e, i->a, RAX);

    if (host.lzcnt) {
        x64_scan_rr(&e->a, SCAN_LZCNT, i->size, r, s);
    } else { /* BSR leaves the destination for 0: preset so that the XOR gives the width */
        x64_mov_rr(&e->a, i->size, RAX, s);
        x64_mov_ri(&e->a, RCX, i->size * 16u - 1);
        x64_scan_rr(&e->a, SCAN_BSR, i->size, RAX, RAX);
        x64_cmov_rr(&e->a, CC_E, 4, RAX, RCX);
        x64_alu_ri(&e->a, ALU_XOR, 4, RAX, i->size * 8 - 1);
        r = RAX;
    }
    store_result(e, i->d, r);
}

void emit_CTZ(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX), s = arg_reg(e, i->a, RAX);

    if (host.bmi1) {
        x64_scan_rr(&e->a, SCAN_TZCNT, i->size, r, s);
    } else {
        x64_mov_ri(&e->a, RCX, i->size * 8u);
        x64_scan_rr(&e->a, SCAN_BSF, i->size, RAX, s);
        x64_cmov_rr(&e->a, CC_E, 4, RAX, RCX);
        r = RAX;
    }
    store_result(e, i->d, r);
}

void emit_CNT(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    x64_scan_rr(&e->a, SCAN_POPCNT, i->size, r, arg_reg(e, i->a, RAX));
    store_result(e, i->d, r);
}

void minmax(Asm *a, AtomicOp op, int size, Gpr d, Gpr s)
{
    static const X64Cc keep[] = {[ATOMIC_SMAX] = CC_G, [ATOMIC_SMIN] = CC_L,
                                 [ATOMIC_UMAX] = CC_A, [ATOMIC_UMIN] = CC_B};

    x64_alu_rr(a, ALU_CMP, size, s, d);
    x64_cmov_rr(a, keep[op], size == 4 ? 4 : 8, d, s);
}

void emit_MINMAX(Emit *e, const IrInst *i)
{
    arg_into(e, i->b, RCX);
    minmax(&e->a, (AtomicOp)i->cond, i->size, RCX, arg_reg(e, i->a, RAX));
    store_result(e, i->d, RCX);
}

/* Bits that equal the sign: leading zeros of (x ^ x >> 1 arithmetically), less one. */
void emit_CLS(Emit *e, const IrInst *i)
{
    arg_into(e, i->a, RAX);
    x64_mov_rr(&e->a, i->size, RCX, RAX);
    x64_shift_ri(&e->a, SH_SAR, i->size, RCX, 1);
    x64_alu_rr(&e->a, ALU_XOR, i->size, RAX, RCX);
    x64_alu_rr(&e->a, ALU_ADD, i->size, RAX, RAX); /* the sign's own bit is 0 after the XOR */
    x64_alu_ri(&e->a, ALU_OR, i->size, RAX, 1);    /* all equal: width - 1 */
    x64_scan_rr(&e->a, SCAN_BSR, i->size, RAX, RAX);
    x64_alu_ri(&e->a, ALU_XOR, 4, RAX, i->size * 8 - 1);
    store_result(e, i->d, RAX);
}

/* Swaps adjacent groups of `bits` bits selected by mask. */
static void swap_groups(Emit *e, int size, unsigned bits, uint64_t mask, Gpr constant_reg)
{
    Asm *a = &e->a;

    x64_mov_rr(a, size, RCX, RAX);
    x64_shift_ri(a, SH_SHR, size, RCX, bits);
    if (size == 8) {
        x64_mov_ri(a, constant_reg, mask);
        x64_alu_rr(a, ALU_AND, 8, RAX, constant_reg);
        x64_alu_rr(a, ALU_AND, 8, RCX, constant_reg);
    } else {
        x64_alu_ri(a, ALU_AND, 4, RAX, (int32_t)mask);
        x64_alu_ri(a, ALU_AND, 4, RCX, (int32_t)mask);
    }
    x64_shift_ri(a, SH_SHL, size, RAX, bits);
    x64_alu_rr(a, ALU_OR, size, RAX, RCX);
}

/*
 * The nibbles of each byte, low ones below, high ones above, are looked up in one table; then the
 * bytes are reversed. Shorter than shifts and masks, and no flags are touched.
 */
void emit_RBIT(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    Mem consts = mem_rip(e->stubs->vec_consts), nibble = consts, table = consts;
    Gpr s = arg_read(e, i->a, 0), r = result_reg(e, i->d, RAX);

    nibble.target += 16ull * VK_LOW_HALF;
    table.target += 16ull * VK_REVERSE_HIGH;
    x64_v2g(a, i->size == 8 ? VOP_MOVQ_XG : VOP_MOVD_XG, VSCRATCH0, s);
    x64_v2i(a, VOP_PSRLW_I, VSCRATCH1, VSCRATCH0, 4);
    x64_v3(a, VOP_PUNPCKLQDQ, VSCRATCH0, VSCRATCH0, VSCRATCH1);
    x64_v3m(a, VOP_PAND, VSCRATCH0, VSCRATCH0, nibble);
    x64_v2m(a, VOP_MOVAPS, VSCRATCH1, table);
    x64_v3(a, VOP_PSHUFB, VSCRATCH1, VSCRATCH1, VSCRATCH0);
    x64_v2i(a, VOP_PSRLDQ, VSCRATCH0, VSCRATCH1, 8);
    x64_v2i(a, VOP_PSLLW_I, VSCRATCH1, VSCRATCH1, 4);
    x64_v3(a, VOP_POR, VSCRATCH1, VSCRATCH1, VSCRATCH0);
    x64_vg(a, i->size == 8 ? VOP_MOVQ_GX : VOP_MOVD_GX, r, VSCRATCH1);
    x64_bswap(a, i->size, r);
    store_result(e, i->d, r);
}

void emit_REV16(Emit *e, const IrInst *i)
{
    arg_into(e, i->a, RAX);
    swap_groups(e, i->size, 8, 0x00ff00ff00ff00ffull, RDX);
    store_result(e, i->d, RAX);
}

void emit_BSWAP(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX), s = arg_reg(e, i->a, r);

    if (s != r)
        x64_mov_rr(&e->a, i->size, r, s);
    x64_bswap(&e->a, i->size, r);
    store_result(e, i->d, r);
}

/* All bytes reversed, then the words exchanged again. */
void emit_REV32(Emit *e, const IrInst *i)
{
    if (!host.bmi2)
        flags_clobber(e);
    arg_into(e, i->a, RAX);
    x64_bswap(&e->a, 8, RAX);
    if (host.bmi2) {
        x64_rorx_rri(&e->a, 8, RAX, RAX, 32);
    } else {
        x64_shift_ri(&e->a, SH_ROR, 8, RAX, 32);
    }
    store_result(e, i->d, RAX);
}

/*
 * The CRC of n bits d is the multiple of the polynomial that clears d, shifted out: with
 * carry-less products, q = d / P mod x^n and the CRC is (q * P) >> n. All bit-reflected, as the
 * instruction's data is; P has its x^32 term as bit 0.
 */
#define CRC32_P 0x1db710641ull
#define CRC32_P_INVERSE 0xb4e5b025f7011641ull /* mod x^64 */

static void multiply_carryless(Emit *e, Gpr d, uint64_t constant)
{
    x64_v2g(&e->a, VOP_MOVQ_XG, VSCRATCH0, d);
    x64_mov_ri(&e->a, RCX, constant);
    x64_v2g(&e->a, VOP_MOVQ_XG, VSCRATCH1, RCX);
    x64_v3i(&e->a, VOP_PCLMULQDQ, VSCRATCH0, VSCRATCH0, VSCRATCH1, 0);
}

void emit_CRC32(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    unsigned bits = i->sub * 8u;

    arg_into(e, i->b, RAX);
    x64_mov_rr(a, 4, RCX, arg_reg(e, i->a, RCX));
    if (bits < 32)
        x64_push(a, RCX);
    x64_alu_rr(a, ALU_XOR, 8, RAX, RCX);
    if (bits < 64)
        x64_movzx_rr(a, i->sub, RAX, RAX);
    multiply_carryless(e, RAX, CRC32_P_INVERSE);
    x64_vg(a, VOP_MOVQ_GX, RAX, VSCRATCH0);
    if (bits < 64)
        x64_movzx_rr(a, i->sub, RAX, RAX);
    multiply_carryless(e, RAX, CRC32_P);
    if (bits == 64) {
        x64_vgi(a, VOP_PEXTRQ, RAX, VSCRATCH0, 1);
    } else {
        x64_vg(a, VOP_MOVQ_GX, RAX, VSCRATCH0);
        x64_shift_ri(a, SH_SHR, 8, RAX, bits);
    }
    if (bits < 32) { /* what of the accumulator was not consumed */
        x64_pop(a, RCX);
        x64_shift_ri(a, SH_SHR, 4, RCX, bits);
        x64_alu_rr(a, ALU_XOR, 4, RAX, RCX);
    }
    store_result(e, i->d, RAX);
}

void emit_CRC32C(Emit *e, const IrInst *i)
{
    Gpr data = arg_reg(e, i->b, RCX);
    Gpr acc = arg_reg(e, i->a, RAX);

    x64_mov_rr(&e->a, 4, RAX, acc);
    x64_crc32_rr(&e->a, i->sub, RAX, data);
    store_result(e, i->d, RAX);
}

/* ---- conditions ---- */

void emit_CSEL(Emit *e, const IrInst *i)
{
    HostCond c = flags_cond(e, i->cond);
    Gpr r = result_reg(e, i->d, RAX);

    if (c.and_np || c.or_p) {
        /* start from the value of "plain", then take the other where either test says so */
        IrRef base = c.and_np ? i->a : i->b, other = c.and_np ? i->b : i->a;
        Gpr s = arg_reg(e, other, RCX);
        arg_into(e, base, RAX);
        x64_cmov_rr(&e->a, CC_NE, i->size, RAX, s);
        x64_cmov_rr(&e->a, CC_P, i->size, RAX, s);
        if (i->size == 4)
            x64_mov_rr(&e->a, 4, RAX, RAX);
        store_result(e, i->d, RAX);
        return;
    }
    X64Cc cc = c.cc;
    IrRef a = i->a, b = i->b;
    if (lives_in(e, a, r) && !lives_in(e, b, r)) { /* keep what is there, move the other in */
        a = i->b;
        b = i->a;
        cc = x64_cc_invert(cc);
    }
    Loc la = arg_loc(e, a);
    Gpr s = la.kind == LOC_MEM ? RCX : arg_reg(e, a, RCX);
    arg_into(e, b, r);
    if (la.kind == LOC_MEM && held_in(e, a) >= 0)
        x64_cmov_rr(&e->a, cc, i->size, r, (Gpr)held_in(e, a));
    else if (la.kind == LOC_MEM)
        x64_cmov_rm(&e->a, cc, i->size, r, la.mem);
    else
        x64_cmov_rr(&e->a, cc, i->size, r, s);
    store_result(e, i->d, r);
}

void emit_CSET(Emit *e, const IrInst *i)
{
    HostCond c = flags_cond(e, i->cond);
    Gpr r = result_reg(e, i->d, RAX);

    x64_setcc_r(&e->a, c.cc, RAX);
    if (c.and_np || c.or_p) { /* 0 or 1 without arithmetic: CMOV keeps the flags */
        x64_mov_ri(&e->a, RCX, c.or_p);
        x64_movzx_rr(&e->a, 1, RAX, RAX);
        x64_cmov_rr(&e->a, CC_P, 4, RAX, RCX);
        store_result(e, i->d, RAX);
        return;
    }
    x64_movzx_rr(&e->a, 1, r, RAX);
    store_result(e, i->d, r);
}

/* Loads EFLAGS, as FK_SUB, with constant NZCV (bit 3 N .. bit 0 V). Uses RAX. */
static void load_constant_flags(Emit *e, unsigned nzcv)
{
    unsigned ah = (nzcv & 8) << 4 | (nzcv & 4) << 4 | 2 | !(nzcv & 2);

    x64_mov_ri(&e->a, RAX, ah << 8 | (nzcv & 1));
    x64_alu_ri(&e->a, ALU_ADD, 1, RAX, 0x7f);
    x64_sahf(&e->a);
}

/*
 * A CCMP whose only reader is the branch behind it: when its condition fails, where that branch
 * goes is known, so it goes there at once. Both ways must leave the same kind of flags.
 */
static bool ccmp_and_branch(Emit *e, const IrInst *i, HostCond c)
{
    const IrInst *j = i + 1;
    IrRef before[HELD_COUNT];

    if (!passes.fuse || j->op != IR_JCC || j->nzcv_live || i->sub || c.or_p || c.and_np ||
        e->flags_kind != FK_SUB || j->target == j->target2)
        return false;
    jump_cc(e, x64_cc_invert(c.cc),
            cond_holds(j->cond, (uint32_t)i->shift << 28) ? j->target : j->target2);
    held_in(e, i->a); /* brings e->held up to date */
    memcpy(before, e->held, sizeof before);
    compare(e, i);
    held_join(e, before); /* what it loaded, it did not load on the other way */
    flags_set(e, FK_SUB);
    return true;
}

void emit_CCMP(Emit *e, const IrInst *i)
{
    HostCond c = flags_cond(e, i->cond);
    Fixup parity = {0};

    if (ccmp_and_branch(e, i, c))
        return;
    /* Both ways must end in the same kind. */
    if (c.or_p)
        parity = x64_jcc_fwd8(&e->a, CC_P);
    Fixup no = x64_jcc_fwd8(&e->a, x64_cc_invert(c.cc));
    Fixup no2 = {0};
    if (c.and_np)
        no2 = x64_jcc_fwd8(&e->a, CC_P);
    if (c.or_p)
        x64_bind(&e->a, parity);
    if (i->sub) { /* CCMN */
        arg_into(e, i->a, RAX);
        alu_to(e, ALU_ADD, i->size, RAX, i->b);
        x64_cmc(&e->a);
    } else {
        compare(e, i);
    }
    Fixup done = x64_jmp_fwd8(&e->a);
    x64_bind(&e->a, no);
    if (c.and_np)
        x64_bind(&e->a, no2);
    load_constant_flags(e, i->shift);
    x64_bind(&e->a, done);
    flags_set(e, FK_SUB);
}
