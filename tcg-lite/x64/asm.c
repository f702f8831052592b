/*
 * General-purpose instructions of the x86-64 assembler. Invariant: each instruction is built
 * in an Ins and committed as a whole, so that Asm.p never stands behind a part of one.
 */
#include "tcg-lite/x64/asm.h"

#include <string.h>
#include "emu/base/bits.h"
#include "emu/base/check.h"
#include "tcg-lite/x64/enc.h"

/* ---- building blocks ---- */

static bool fits32(int64_t v)
{
    return v == (int32_t)v;
}

static void wrote(Asm *a, Gpr r)
{
    a->written |= 1u << r;
}

void x64_init(Asm *a, void *start, size_t size, int64_t exec_delta)
{
    *a = (Asm){.p = start, .start = start, .end = (uint8_t *)start + size,
               .exec_delta = exec_delta, .vscratch = 15};
}

void enc_vex(Ins *i, int pp, int map, bool w, bool wide, unsigned opcode, int reg, int vvvv,
             int rm, const Mem *m)
{
    unsigned rxb = enc_rxb(reg, rm, m);
    unsigned last = (unsigned)(~vvvv & 15) << 3 | (wide ? 4u : 0u) | (unsigned)pp;

    if (map == 1 && !w && (rxb & 0x60) == 0x60) {
        enc_byte(i, 0xc5);
        enc_byte(i, (rxb & 0x80) | last);
    } else {
        enc_byte(i, 0xc4);
        enc_byte(i, rxb | (unsigned)map);
        enc_byte(i, (w ? 0x80u : 0u) | last);
    }
    enc_byte(i, opcode);
    enc_modrm(i, reg, rm, m, 1);
}

void enc_fix_rip(Asm *a, const Ins *i)
{
    int64_t disp = (int64_t)(i->rip_target - (x64_here(a) + (uint64_t)(i->p - i->start)));

    CHECK(fits32(disp), "rip-relative target out of reach");
    memcpy(i->rip_at, &disp, 4);
}

void enc_commit_spare(Asm *a, const Ins *i)
{
    ptrdiff_t n = i->p - i->start;

    if (a->overflow || a->end - a->p < n) {
        a->overflow = true;
        return;
    }
    memcpy(a->p, i->start, (size_t)n);
    a->p += n;
}

/* An opcode with its mandatory prefix and map: OP(PP_PF3, 1, 0xb8) */
#define OP(pp, map, opcode) ((unsigned)(pp) << 12 | (unsigned)(map) << 8 | (opcode))
#define OP0(opcode) OP(PP_NP, 0, opcode)
#define OP1(opcode) OP(PP_NP, 1, opcode)

/* Which operands are byte registers, so that 4..7 (spl..dil) need a REX prefix. */
enum { BYTE_NONE, BYTE_REG = 1, BYTE_RM = 2, BYTE_BOTH = 3 };

/* Prefixes, opcode and ModRM of a legacy instruction. Size 2 and 8 choose 66 and REX.W. */
ENC_INLINE void enc_legacy(Ins *i, unsigned op, int size, int reg, int rm, const Mem *m, int bytes)
{
    static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
    unsigned pp = op >> 12;

    DCHECK(size == 1 || size == 2 || size == 4 || size == 8, "operand size");
    if (size == 2) {
        enc_byte(i, 0x66);
    }
    if (pp) {
        enc_byte(i, prefixes[pp]);
    }
    unsigned rex = (size == 8 ? 8u : 0u) | ((~enc_rxb(reg, rm, m) >> 5) & 7);
    bool low_bytes = ((bytes & BYTE_REG) && reg >= 4) || ((bytes & BYTE_RM) && !m && rm >= 4);
    if (rex || low_bytes) {
        enc_byte(i, 0x40 | rex);
    }
    enc_map(i, (int)(op >> 8 & 15));
    enc_byte(i, op & 0xff);
    enc_modrm(i, reg, rm, m, 1);
}

static void emit_rm(Asm *a, unsigned op, int size, int reg, int rm, const Mem *m, int bytes)
{
    Ins i = enc_begin(a);

    enc_legacy(&i, op, size, reg, rm, m, bytes);
    enc_commit(a, &i);
}

static void emit_rm_imm(Asm *a, unsigned op, int size, int reg, int rm, const Mem *m, int bytes,
                        int64_t v, int imm_bytes)
{
    Ins i = enc_begin(a);

    enc_legacy(&i, op, size, reg, rm, m, bytes);
    enc_imm(&i, (uint64_t)v, imm_bytes);
    enc_commit(a, &i);
}

static void emit_bytes(Asm *a, const char *bytes, size_t n)
{
    Ins i = enc_begin(a);

    for (size_t k = 0; k < n; k++) {
        enc_byte(&i, (uint8_t)bytes[k]);
    }
    enc_commit(a, &i);
}

/* opcode + r, with REX for r8..r15 and REX.W */
static void emit_plus_r(Asm *a, int map, unsigned opcode, bool w, Gpr r, uint64_t v, int imm_bytes)
{
    Ins i = enc_begin(a);
    unsigned rex = (w ? 8u : 0u) | (r >= R8 ? 1u : 0u);

    if (rex) {
        enc_byte(&i, 0x40 | rex);
    }
    enc_map(&i, map);
    enc_byte(&i, opcode | ((unsigned)r & 7));
    enc_imm(&i, v, imm_bytes);
    enc_commit(a, &i);
}

/* The opcode of the byte form, or of the word form, which is one more. */
static unsigned byte_or_word(unsigned op, int size)
{
    return size == 1 ? op : op + 1;
}

static int both_bytes(int size)
{
    return size == 1 ? BYTE_BOTH : BYTE_NONE;
}

static int imm_bytes_of(int size)
{
    return size == 8 ? 4 : size;
}

/* v as the instruction reads it: sign-extended from its operand size. */
static int64_t check_imm(int size, int32_t v)
{
    if (size == 1) {
        CHECK(v >= -128 && v <= 255, "imm8");
        return (int8_t)v;
    }
    if (size == 2) {
        CHECK(v >= -32768 && v <= 65535, "imm16");
        return (int16_t)v;
    }
    return v;
}

/* ---- moves ---- */

void x64_mov_rr(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, byte_or_word(OP0(0x88), size), size, s, d, NULL, both_bytes(size));
}

void x64_mov_ri(Asm *a, Gpr d, uint64_t v)
{
    wrote(a, d);
    if (v <= UINT32_MAX) {
        emit_plus_r(a, 0, 0xb8, false, d, v, 4);
    } else if (fits32((int64_t)v)) {
        emit_rm_imm(a, OP0(0xc7), 8, 0, d, NULL, BYTE_NONE, (int64_t)v, 4);
    } else {
        x64_mov_ri64(a, d, v);
    }
}

void x64_mov_ri64(Asm *a, Gpr d, uint64_t v)
{
    wrote(a, d);
    emit_plus_r(a, 0, 0xb8, true, d, v, 8);
}

void x64_mov_rm(Asm *a, int size, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, byte_or_word(OP0(0x8a), size), size, d, 0, &s, both_bytes(size));
}

void x64_mov_mr(Asm *a, int size, Mem d, Gpr s)
{
    emit_rm(a, byte_or_word(OP0(0x88), size), size, s, 0, &d, both_bytes(size));
}

void x64_mov_mi(Asm *a, int size, Mem d, int32_t v)
{
    emit_rm_imm(a, byte_or_word(OP0(0xc6), size), size, 0, 0, &d, BYTE_NONE, check_imm(size, v),
                imm_bytes_of(size));
}

static void emit_movzx(Asm *a, int ssize, Gpr d, int s, const Mem *m)
{
    wrote(a, d);
    if (ssize >= 4) {
        emit_rm(a, OP0(0x8b), ssize, d, s, m, BYTE_NONE);
    } else {
        emit_rm(a, byte_or_word(OP1(0xb6), ssize), 4, d, s, m, ssize == 1 ? BYTE_RM : BYTE_NONE);
    }
}

void x64_movzx_rr(Asm *a, int ssize, Gpr d, Gpr s)
{
    emit_movzx(a, ssize, d, s, NULL);
}

void x64_movzx_rm(Asm *a, int ssize, Gpr d, Mem s)
{
    emit_movzx(a, ssize, d, 0, &s);
}

static void emit_movsx(Asm *a, int dsize, int ssize, Gpr d, int s, const Mem *m)
{
    wrote(a, d);
    CHECK((dsize == 4 || dsize == 8) && ssize <= dsize, "movsx sizes");
    if (ssize == dsize) {
        emit_rm(a, OP0(0x8b), dsize, d, s, m, BYTE_NONE);
    } else if (ssize == 4) {
        emit_rm(a, OP0(0x63), 8, d, s, m, BYTE_NONE);
    } else {
        emit_rm(a, byte_or_word(OP1(0xbe), ssize), dsize, d, s, m,
                ssize == 1 ? BYTE_RM : BYTE_NONE);
    }
}

void x64_movsx_rr(Asm *a, int dsize, int ssize, Gpr d, Gpr s)
{
    emit_movsx(a, dsize, ssize, d, s, NULL);
}

void x64_movsx_rm(Asm *a, int dsize, int ssize, Gpr d, Mem s)
{
    emit_movsx(a, dsize, ssize, d, 0, &s);
}

void x64_lea(Asm *a, int size, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, OP0(0x8d), size, d, 0, &s, BYTE_NONE);
}

void x64_xchg_rr(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    wrote(a, s);
    emit_rm(a, byte_or_word(OP0(0x86), size), size, s, d, NULL, both_bytes(size));
}

void x64_bswap(Asm *a, int size, Gpr d)
{
    wrote(a, d);
    CHECK(size == 4 || size == 8, "bswap size");
    emit_plus_r(a, 1, 0xc8, size == 8, d, 0, 0);
}

void x64_movbe_rm(Asm *a, int size, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, OP(PP_NP, 2, 0xf0), size, d, 0, &s, BYTE_NONE);
}

void x64_movbe_mr(Asm *a, int size, Mem d, Gpr s)
{
    emit_rm(a, OP(PP_NP, 2, 0xf1), size, s, 0, &d, BYTE_NONE);
}

void x64_cmov_rr(Asm *a, X64Cc cc, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, OP1(0x40u + cc), size, d, s, NULL, BYTE_NONE);
}

void x64_cmov_rm(Asm *a, X64Cc cc, int size, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, OP1(0x40u + cc), size, d, 0, &s, BYTE_NONE);
}

void x64_setcc_r(Asm *a, X64Cc cc, Gpr d)
{
    wrote(a, d);
    emit_rm(a, OP1(0x90u + cc), 1, 0, d, NULL, BYTE_RM);
}

void x64_setcc_m(Asm *a, X64Cc cc, Mem d)
{
    emit_rm(a, OP1(0x90u + cc), 1, 0, 0, &d, BYTE_NONE);
}

void x64_push(Asm *a, Gpr r)
{
    emit_plus_r(a, 0, 0x50, false, r, 0, 0);
}

void x64_pop(Asm *a, Gpr r)
{
    wrote(a, r);
    emit_plus_r(a, 0, 0x58, false, r, 0, 0);
}

void x64_push_m(Asm *a, Mem s)
{
    emit_rm(a, OP0(0xff), 4, 6, 0, &s, BYTE_NONE);
}

void x64_pop_m(Asm *a, Mem d)
{
    emit_rm(a, OP0(0x8f), 4, 0, 0, &d, BYTE_NONE);
}

void x64_push_i(Asm *a, int32_t v)
{
    Ins i = enc_begin(a);

    enc_byte(&i, fits8(v) ? 0x6a : 0x68);
    enc_imm(&i, (uint64_t)v, fits8(v) ? 1 : 4);
    enc_commit(a, &i);
}

/* ---- arithmetic ---- */

void x64_alu_rr(Asm *a, AluOp op, int size, Gpr d, Gpr s)
{
    if (op != ALU_CMP)
        wrote(a, d);
    emit_rm(a, byte_or_word(OP0(op * 8u), size), size, s, d, NULL, both_bytes(size));
}

void x64_alu_rm(Asm *a, AluOp op, int size, Gpr d, Mem s)
{
    if (op != ALU_CMP)
        wrote(a, d);
    emit_rm(a, byte_or_word(OP0(op * 8u + 2), size), size, d, 0, &s, both_bytes(size));
}

void x64_alu_mr(Asm *a, AluOp op, int size, Mem d, Gpr s)
{
    emit_rm(a, byte_or_word(OP0(op * 8u), size), size, s, 0, &d, both_bytes(size));
}

/* opcode imm for the accumulator: no ModRM */
static void emit_acc_imm(Asm *a, unsigned opcode, int size, int64_t v)
{
    Ins i = enc_begin(a);

    if (size == 2) {
        enc_byte(&i, 0x66);
    } else if (size == 8) {
        enc_byte(&i, 0x48);
    }
    enc_byte(&i, byte_or_word(opcode, size));
    enc_imm(&i, (uint64_t)v, imm_bytes_of(size));
    enc_commit(a, &i);
}

static void emit_alu_imm(Asm *a, AluOp op, int size, int rm, const Mem *m, int32_t imm)
{
    int64_t v = check_imm(size, imm);

    if (size != 1 && fits8(v)) {
        emit_rm_imm(a, OP0(0x83), size, (int)op, rm, m, BYTE_NONE, v, 1);
    } else if (!m && rm == RAX) {
        emit_acc_imm(a, op * 8u + 4, size, v);
    } else {
        emit_rm_imm(a, byte_or_word(OP0(0x80), size), size, (int)op, rm, m,
                    size == 1 ? BYTE_RM : BYTE_NONE, v, imm_bytes_of(size));
    }
}

void x64_alu_ri(Asm *a, AluOp op, int size, Gpr d, int32_t v)
{
    if (op != ALU_CMP)
        wrote(a, d);
    emit_alu_imm(a, op, size, d, NULL, v);
}

void x64_alu_mi(Asm *a, AluOp op, int size, Mem d, int32_t v)
{
    emit_alu_imm(a, op, size, 0, &d, v);
}

void x64_test_rr(Asm *a, int size, Gpr d, Gpr s)
{
    emit_rm(a, byte_or_word(OP0(0x84), size), size, s, d, NULL, both_bytes(size));
}

void x64_test_ri(Asm *a, int size, Gpr d, int32_t imm)
{
    int64_t v = check_imm(size, imm);

    if (d == RAX) {
        emit_acc_imm(a, 0xa8, size, v);
    } else {
        emit_rm_imm(a, byte_or_word(OP0(0xf6), size), size, 0, d, NULL,
                    size == 1 ? BYTE_RM : BYTE_NONE, v, imm_bytes_of(size));
    }
}

void x64_test_mr(Asm *a, int size, Mem d, Gpr s)
{
    emit_rm(a, byte_or_word(OP0(0x84), size), size, s, 0, &d, both_bytes(size));
}

void x64_test_mi(Asm *a, int size, Mem d, int32_t v)
{
    emit_rm_imm(a, byte_or_word(OP0(0xf6), size), size, 0, 0, &d, BYTE_NONE, check_imm(size, v),
                imm_bytes_of(size));
}

void x64_un_r(Asm *a, UnOp op, int size, Gpr r)
{
    if (op >= UN_MUL)
        a->written |= 1u << RAX | 1u << RDX;
    else
        wrote(a, r);
    emit_rm(a, byte_or_word(OP0(0xf6), size), size, (int)op, r, NULL,
            size == 1 ? BYTE_RM : BYTE_NONE);
}

void x64_un_m(Asm *a, UnOp op, int size, Mem m)
{
    if (op >= UN_MUL)
        a->written |= 1u << RAX | 1u << RDX;
    emit_rm(a, byte_or_word(OP0(0xf6), size), size, (int)op, 0, &m, BYTE_NONE);
}

void x64_imul_rr(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, OP1(0xaf), size, d, s, NULL, BYTE_NONE);
}

void x64_imul_rm(Asm *a, int size, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, OP1(0xaf), size, d, 0, &s, BYTE_NONE);
}

static void emit_imul_imm(Asm *a, int size, Gpr d, int s, const Mem *m, int32_t imm)
{
    wrote(a, d);
    int64_t v = check_imm(size, imm);

    if (fits8(v)) {
        emit_rm_imm(a, OP0(0x6b), size, d, s, m, BYTE_NONE, v, 1);
    } else {
        emit_rm_imm(a, OP0(0x69), size, d, s, m, BYTE_NONE, v, imm_bytes_of(size));
    }
}

void x64_imul_rri(Asm *a, int size, Gpr d, Gpr s, int32_t v)
{
    emit_imul_imm(a, size, d, s, NULL, v);
}

void x64_imul_rmi(Asm *a, int size, Gpr d, Mem s, int32_t v)
{
    emit_imul_imm(a, size, d, 0, &s, v);
}

static void emit_shift_imm(Asm *a, ShiftOp op, int size, int rm, const Mem *m, unsigned n)
{
    int bytes = size == 1 ? BYTE_RM : BYTE_NONE;

    CHECK(n < 64, "shift count");
    if (n == 1) {
        emit_rm(a, byte_or_word(OP0(0xd0), size), size, (int)op, rm, m, bytes);
    } else {
        emit_rm_imm(a, byte_or_word(OP0(0xc0), size), size, (int)op, rm, m, bytes, n, 1);
    }
}

void x64_shift_ri(Asm *a, ShiftOp op, int size, Gpr d, unsigned n)
{
    wrote(a, d);
    emit_shift_imm(a, op, size, d, NULL, n);
}

void x64_shift_mi(Asm *a, ShiftOp op, int size, Mem d, unsigned n)
{
    emit_shift_imm(a, op, size, 0, &d, n);
}

void x64_shift_rcl(Asm *a, ShiftOp op, int size, Gpr d)
{
    wrote(a, d);
    emit_rm(a, byte_or_word(OP0(0xd2), size), size, (int)op, d, NULL,
            size == 1 ? BYTE_RM : BYTE_NONE);
}

void x64_shift_mcl(Asm *a, ShiftOp op, int size, Mem d)
{
    emit_rm(a, byte_or_word(OP0(0xd2), size), size, (int)op, 0, &d, BYTE_NONE);
}

void x64_shld_rri(Asm *a, int size, Gpr d, Gpr s, unsigned n)
{
    wrote(a, d);
    emit_rm_imm(a, OP1(0xa4), size, s, d, NULL, BYTE_NONE, n, 1);
}

void x64_shrd_rri(Asm *a, int size, Gpr d, Gpr s, unsigned n)
{
    wrote(a, d);
    emit_rm_imm(a, OP1(0xac), size, s, d, NULL, BYTE_NONE, n, 1);
}

void x64_shld_rrcl(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, OP1(0xa5), size, s, d, NULL, BYTE_NONE);
}

void x64_shrd_rrcl(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, OP1(0xad), size, s, d, NULL, BYTE_NONE);
}

/* ---- BMI, ADX ---- */

static void emit_bmi(Asm *a, int pp, unsigned opcode, int size, int reg, int vvvv, int rm,
                     const Mem *m)
{
    Ins i = enc_begin(a);

    CHECK(size == 4 || size == 8, "BMI operand size");
    enc_vex(&i, pp, 2, size == 8, false, opcode, reg, vvvv, rm, m);
    enc_commit(a, &i);
}

static int shiftx_prefix(ShiftxOp op)
{
    return op == SHX_SHLX ? PP_P66 : op == SHX_SHRX ? PP_PF2 : PP_PF3;
}

void x64_shiftx_rrr(Asm *a, ShiftxOp op, int size, Gpr d, Gpr s, Gpr count)
{
    wrote(a, d);
    emit_bmi(a, shiftx_prefix(op), 0xf7, size, d, count, s, NULL);
}

void x64_shiftx_rmr(Asm *a, ShiftxOp op, int size, Gpr d, Mem s, Gpr count)
{
    wrote(a, d);
    emit_bmi(a, shiftx_prefix(op), 0xf7, size, d, count, 0, &s);
}

static void emit_rorx(Asm *a, int size, Gpr d, int s, const Mem *m, unsigned n)
{
    wrote(a, d);
    Ins i = enc_begin(a);

    enc_vex(&i, PP_PF2, 3, size == 8, false, 0xf0, d, 0, s, m);
    enc_imm(&i, n, 1);
    enc_commit(a, &i);
}

void x64_rorx_rri(Asm *a, int size, Gpr d, Gpr s, unsigned n)
{
    emit_rorx(a, size, d, s, NULL, n);
}

void x64_rorx_rmi(Asm *a, int size, Gpr d, Mem s, unsigned n)
{
    emit_rorx(a, size, d, 0, &s, n);
}

void x64_mulx(Asm *a, int size, Gpr hi, Gpr lo, Gpr s)
{
    wrote(a, hi);
    wrote(a, lo);
    emit_bmi(a, PP_PF2, 0xf6, size, hi, lo, s, NULL);
}

void x64_bzhi(Asm *a, int size, Gpr d, Gpr s, Gpr n)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf5, size, d, n, s, NULL);
}

void x64_pdep(Asm *a, int size, Gpr d, Gpr s, Gpr mask)
{
    wrote(a, d);
    emit_bmi(a, PP_PF2, 0xf5, size, d, s, mask, NULL);
}

void x64_pext(Asm *a, int size, Gpr d, Gpr s, Gpr mask)
{
    wrote(a, d);
    emit_bmi(a, PP_PF3, 0xf5, size, d, s, mask, NULL);
}

void x64_andn_rrr(Asm *a, int size, Gpr d, Gpr s, Gpr t)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf2, size, d, s, t, NULL);
}

void x64_andn_rrm(Asm *a, int size, Gpr d, Gpr s, Mem t)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf2, size, d, s, 0, &t);
}

void x64_bextr(Asm *a, int size, Gpr d, Gpr s, Gpr ctl)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf7, size, d, ctl, s, NULL);
}

void x64_blsr(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf3, size, 1, d, s, NULL);
}

void x64_blsmsk(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf3, size, 2, d, s, NULL);
}

void x64_blsi(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_bmi(a, PP_NP, 0xf3, size, 3, d, s, NULL);
}

void x64_adcx(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, OP(PP_P66, 2, 0xf6), size, d, s, NULL, BYTE_NONE);
}

void x64_adox(Asm *a, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, OP(PP_PF3, 2, 0xf6), size, d, s, NULL, BYTE_NONE);
}

/* ---- bits ---- */

void x64_bt_ri(Asm *a, BitOp op, int size, Gpr d, unsigned n)
{
    if (op != BT_BT)
        wrote(a, d);
    emit_rm_imm(a, OP1(0xba), size, (int)op, d, NULL, BYTE_NONE, n, 1);
}

void x64_bt_rr(Asm *a, BitOp op, int size, Gpr d, Gpr n)
{
    if (op != BT_BT)
        wrote(a, d);
    emit_rm(a, OP1(0x83u + op * 8u), size, n, d, NULL, BYTE_NONE);
}

void x64_bt_mi(Asm *a, BitOp op, int size, Mem d, unsigned n)
{
    emit_rm_imm(a, OP1(0xba), size, (int)op, 0, &d, BYTE_NONE, n, 1);
}

static unsigned scan_opcode(ScanOp op)
{
    static const uint16_t opcodes[] = {
        [SCAN_BSF] = OP1(0xbc),           [SCAN_BSR] = OP1(0xbd),
        [SCAN_TZCNT] = OP(PP_PF3, 1, 0xbc), [SCAN_LZCNT] = OP(PP_PF3, 1, 0xbd),
        [SCAN_POPCNT] = OP(PP_PF3, 1, 0xb8),
    };

    return opcodes[op];
}

void x64_scan_rr(Asm *a, ScanOp op, int size, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, scan_opcode(op), size, d, s, NULL, BYTE_NONE);
}

void x64_scan_rm(Asm *a, ScanOp op, int size, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, scan_opcode(op), size, d, 0, &s, BYTE_NONE);
}

void x64_crc32_rr(Asm *a, int ssize, Gpr d, Gpr s)
{
    wrote(a, d);
    emit_rm(a, byte_or_word(OP(PP_PF2, 2, 0xf0), ssize), ssize, d, s, NULL,
            ssize == 1 ? BYTE_RM : BYTE_NONE);
}

void x64_crc32_rm(Asm *a, int ssize, Gpr d, Mem s)
{
    wrote(a, d);
    emit_rm(a, byte_or_word(OP(PP_PF2, 2, 0xf0), ssize), ssize, d, 0, &s, BYTE_NONE);
}

/* ---- atomics ---- */

void x64_xchg_mr(Asm *a, int size, Mem d, Gpr s)
{
    wrote(a, s);
    emit_rm(a, byte_or_word(OP0(0x86), size), size, s, 0, &d, both_bytes(size));
}

void x64_xadd_mr(Asm *a, int size, Mem d, Gpr s)
{
    wrote(a, s);
    emit_rm(a, byte_or_word(OP1(0xc0), size), size, s, 0, &d, both_bytes(size));
}

void x64_cmpxchg_mr(Asm *a, int size, Mem d, Gpr s)
{
    wrote(a, RAX);
    emit_rm(a, byte_or_word(OP1(0xb0), size), size, s, 0, &d, both_bytes(size));
}

void x64_cmpxchg16b(Asm *a, Mem d)
{
    a->written |= 1u << RAX | 1u << RDX;
    emit_rm(a, OP1(0xc7), 8, 1, 0, &d, BYTE_NONE);
}

/* ---- instructions without operands, or with only a memory operand ---- */

#define FIXED(name, bytes, writes)                                                                 \
    void x64_##name(Asm *a)                                                                        \
    {                                                                                              \
        a->written |= (writes);                                                                    \
        emit_bytes(a, bytes, sizeof(bytes) - 1);                                                   \
    }

FIXED(pushfq, "\x9c", 0)
FIXED(popfq, "\x9d", 0)
FIXED(lahf, "\x9f", 1u << RAX)
FIXED(sahf, "\x9e", 0)
FIXED(cmc, "\xf5", 0)
FIXED(stc, "\xf9", 0)
FIXED(clc, "\xf8", 0)
FIXED(cld, "\xfc", 0)
FIXED(ud2, "\x0f\x0b", 0)
FIXED(int3, "\xcc", 0)
FIXED(mfence, "\x0f\xae\xf0", 0)
FIXED(lfence, "\x0f\xae\xe8", 0)
FIXED(sfence, "\x0f\xae\xf8", 0)
FIXED(pause, "\xf3\x90", 0)
FIXED(rdtsc, "\x0f\x31", 1u << RAX | 1u << RDX)
FIXED(rep_stosq, "\xf3\x48\xab", 1u << RCX | 1u << RDI)
FIXED(rep_movsb, "\xf3\xa4", 1u << RCX | 1u << RSI | 1u << RDI)
FIXED(lock, "\xf0", 0)
FIXED(ret, "\xc3", 0)

void x64_cdq(Asm *a, int size)
{
    wrote(a, RDX);
    CHECK(size == 4 || size == 8, "cdq size");
    emit_bytes(a, size == 8 ? "\x48\x99" : "\x99", size == 8 ? 2 : 1);
}

void x64_ldmxcsr(Asm *a, Mem s)
{
    emit_rm(a, OP1(0xae), 4, 2, 0, &s, BYTE_NONE);
}

void x64_stmxcsr(Asm *a, Mem d)
{
    emit_rm(a, OP1(0xae), 4, 3, 0, &d, BYTE_NONE);
}

void x64_prefetch(Asm *a, PrefetchHint hint, Mem m)
{
    if (hint == PREFETCH_W) {
        emit_rm(a, OP1(0x0d), 4, 1, 0, &m, BYTE_NONE);
    } else {
        emit_rm(a, OP1(0x18), 4, (int)hint, 0, &m, BYTE_NONE);
    }
}

/* ---- control flow ---- */

void x64_call_r(Asm *a, Gpr r)
{
    a->written = ~0u;
    emit_rm(a, OP0(0xff), 4, 2, r, NULL, BYTE_NONE);
}

void x64_call_m(Asm *a, Mem m)
{
    a->written = ~0u;
    emit_rm(a, OP0(0xff), 4, 2, 0, &m, BYTE_NONE);
}

void x64_jmp_r(Asm *a, Gpr r)
{
    emit_rm(a, OP0(0xff), 4, 4, r, NULL, BYTE_NONE);
}

void x64_jmp_m(Asm *a, Mem m)
{
    emit_rm(a, OP0(0xff), 4, 4, 0, &m, BYTE_NONE);
}
