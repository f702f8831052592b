/*
 * From a decoded instruction to the operation that interprets it while it is cold. Invariant: what
 * has no case here, or fields that a case does not expect, is COLD_GENERIC, which the reference
 * interpreter performs.
 */
#include "emu/arith/int.h"
#include "emu/interp/interp.h"
#include "tcg-lite/cold/ops.h"

#define CPU_WORD(field) (offsetof(CpuState, field) / sizeof(uint64_t))
_Static_assert(CPU_WORD(xzr_sink) < 256, "a byte numbers it");

/* Register 31 is XZR: as a source, as a destination; SP is x[31] anyway. */
static uint8_t source(unsigned r)
{
    return (uint8_t)(r == 31 ? CPU_WORD(xzr) : r);
}

static uint8_t target(unsigned r)
{
    return (uint8_t)(r == 31 ? CPU_WORD(xzr_sink) : r);
}

/* The condition as a truth table: bit n tells whether it holds when NZCV is n. */
static const uint16_t truth_table[16] = {
    0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555, /* EQ NE CS CC MI PL VS VC */
    0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff, 0xffff, /* HI LS GE LT GT LE AL NV */
};

/* Two operations by width: the 32-bit one stands behind the 64-bit one in ops.def. */
static void by_width(ColdOp *o, const DecodedInsn *i, ColdOpCode op64)
{
    o->op = (uint8_t)(i->sf ? op64 : op64 + 1);
}

/* Each of these fills the fields for one row of `lowered`; op is the row's. */

static void add_imm(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    by_width(o, i, op);
    o->d = i->rd;
    o->n = i->rn;
    o->imm = (uint64_t)i->imm << (i->shift ? 12 : 0);
}

static void sub_imm(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    add_imm(o, i, op);
    o->imm = 0 - o->imm;
}

static void adds_imm(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    add_imm(o, i, op);
    o->d = target(i->rd);
}

static void reg(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    if (i->shift != 0) /* LSL */
        return;
    by_width(o, i, op);
    o->d = target(i->rd);
    o->n = source(i->rn);
    o->m = source(i->rm);
    o->imm = i->imm;
}

static void orr(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    reg(o, i, i->rn == 31 && i->imm == 0 ? COLD_MOV : op);
}

/* Addition of an extended register: the forms that address arithmetic uses. */
static void ext(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    bool sub = op == COLD_SUB;

    if (!i->sf || (i->option != 2 && i->option != 3 && (i->option != 6 || sub)))
        return;
    o->op = (uint8_t)(i->option == 3 ? op :
                      i->option == 6 ? COLD_ADDSXTW : sub ? COLD_SUBUXTW : COLD_ADDUXTW);
    o->d = i->rd;
    o->n = i->rn;
    o->m = source(i->rm);
    o->imm = i->imm;
}

static void logic_imm(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    uint64_t tmask;

    by_width(o, i, op);
    o->d = op == COLD_ANDSI ? target(i->rd) : i->rd;
    o->n = source(i->rn);
    bit_masks(i->sf ? 64 : 32, i->n, i->imms, i->immr, &o->imm, &tmask);
}

static void move_wide(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    unsigned at = i->hw * 16u;

    o->op = (uint8_t)op;
    o->d = target(i->rd);
    o->m = (uint8_t)at;
    o->imm = (uint64_t)i->imm << at;
    if (op == COLD_MOVK)
        by_width(o, i, op);
    else if (i->id == INSN_MOVN)
        o->imm = i->sf ? ~o->imm : (uint32_t)~o->imm;
}

static void address(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    o->op = (uint8_t)op;
    o->d = target(i->rd);
    o->imm = (uint64_t)((int64_t)i->simm * 4 + i->immlo) << (op == COLD_ADR ? 0 : 12);
}

static void bitfield(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    unsigned bits = i->sf ? 64 : 32;
    bool extract = i->imms >= i->immr; /* else insert in zeros */
    unsigned lsb = extract ? i->immr : bits - i->immr;

    o->d = target(i->rd);
    o->n = source(i->rn);
    if (op == COLD_SBFX) {
        by_width(o, i, op);
        o->m = (uint8_t)(63 - i->imms);
        o->imm = extract ? o->m + lsb : o->m - lsb;
    } else {
        o->op = extract ? COLD_UBFX : COLD_UBFIZ;
        o->m = (uint8_t)lsb;
        o->imm = low_mask(extract ? i->imms - i->immr + 1u : i->imms + 1u);
    }
}

static void reg3_of_64(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    o->op = (uint8_t)op;
    o->d = target(i->rd);
    o->n = source(i->rn);
    o->m = source(i->rm);
    o->imm = source(i->ra);
}

static void reg3(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    reg3_of_64(o, i, op);
    by_width(o, i, op);
}

static void select_by(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    reg3(o, i, op);
    o->imm = truth_table[i->cond];
}

static void cond_compare(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    by_width(o, i, op);
    o->n = source(i->rn);
    o->m = op == COLD_CCMP ? source(i->rm) : (uint8_t)i->imm;
    o->imm = truth_table[i->cond] | (uint64_t)i->nzcv << 28;
}

/* Loads and stores: of the four sizes in the order of ops.def, or of bytes and words alone. */

static void load_store(ColdOp *o, const DecodedInsn *i, unsigned op, bool store, uint64_t offset)
{
    o->op = (uint8_t)op;
    o->d = store ? source(i->rt) : target(i->rt);
    o->n = i->rn;
    o->imm = offset;
}

static void uimm(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    load_store(o, i, op + i->size, op == COLD_STR8, (uint64_t)i->imm << i->size);
}

static void unscaled(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    load_store(o, i, op + i->size, op == COLD_STR8, (uint64_t)(int64_t)i->simm);
}

static void ldrsw(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    if (i->size == 2)
        load_store(o, i, op, false, (uint64_t)i->imm << 2);
}

static void index_by(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    static const uint8_t loads_uxtw[] = {COLD_LDR8W, COLD_GENERIC, COLD_LDR32W, COLD_LDR64W};

    if (i->option == 3)
        o->op = (uint8_t)(op + i->size);
    else if (i->option == 2 && op == COLD_LDR8X)
        o->op = loads_uxtw[i->size];
    if (o->op == COLD_GENERIC)
        return;
    load_store(o, i, o->op, op == COLD_STR8X, i->s ? i->size : 0);
    o->m = source(i->rm);
}

static void ldrsw_index(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    if (i->size != 2 || i->option != 3)
        return;
    load_store(o, i, op, false, i->s ? 2 : 0);
    o->m = source(i->rm);
}

/* op is for bytes, the next one for 64 bits; stores begin with COLD_STR8POST in ops.def. */
static void writeback(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    if (i->size == 0 || i->size == 3)
        load_store(o, i, op + (i->size == 3), op >= COLD_STR8POST, (uint64_t)(int64_t)i->simm);
}

/* op is for 64 bits, the next one for 32. */
static void pair(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    bool store = op >= COLD_STP64;

    load_store(o, i, i->sf ? op : op + 1, store, (uint64_t)(int64_t)i->simm << (i->sf ? 3 : 2));
    o->m = store ? source(i->rt2) : target(i->rt2);
}

static void branch(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    o->op = (uint8_t)op;
    o->n = source(i->rt);
    o->m = i->bit;
    o->imm = (uint64_t)((int64_t)i->simm * 4);
}

static void compare_branch(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    branch(o, i, op);
    by_width(o, i, op);
}

static void branch_cond(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    branch(o, i, op);
    o->imm = o->imm << 16 | truth_table[i->cond];
}

static void branch_reg(ColdOp *o, const DecodedInsn *i, ColdOpCode op)
{
    o->op = (uint8_t)op;
    o->n = source(i->rn);
}

/* Of the a64.def rows that have an operation: which, and what fills it. */
static const struct Lowered {
    void (*fill)(ColdOp *o, const DecodedInsn *i, ColdOpCode op);
    ColdOpCode op;
} lowered[INSN_COUNT] = {
#define ROW(id, fill, op) [INSN_##id] = {fill, COLD_##op}
    ROW(ADR, address, ADR), ROW(ADRP, address, ADRP),
    ROW(MOVN, move_wide, MOVI), ROW(MOVZ, move_wide, MOVI), ROW(MOVK, move_wide, MOVK),
    ROW(ADD_imm, add_imm, ADDI), ROW(SUB_imm, sub_imm, ADDI),
    ROW(ADDS_imm, adds_imm, ADDSI), ROW(SUBS_imm, adds_imm, SUBSI),
    ROW(ADD_shift, reg, ADD), ROW(SUB_shift, reg, SUB),
    ROW(ADDS_shift, reg, ADDS), ROW(SUBS_shift, reg, SUBS),
    ROW(ADD_ext, ext, ADD), ROW(SUB_ext, ext, SUB),
    ROW(AND_imm, logic_imm, ANDI), ROW(ORR_imm, logic_imm, ORRI),
    ROW(EOR_imm, logic_imm, EORI), ROW(ANDS_imm, logic_imm, ANDSI),
    ROW(AND_shift, reg, AND), ROW(BIC_shift, reg, BIC), ROW(ORR_shift, orr, ORR),
    ROW(ORN_shift, reg, ORN), ROW(EOR_shift, reg, EOR),
    ROW(ANDS_shift, reg, ANDS), ROW(BICS_shift, reg, BICS),
    ROW(UBFM, bitfield, UBFX), ROW(SBFM, bitfield, SBFX),
    ROW(LSLV, reg3, LSLV), ROW(LSRV, reg3, LSRV),
    ROW(MADD, reg3, MADD), ROW(MSUB, reg3, MSUB), ROW(UDIV, reg3, UDIV),
    ROW(UMADDL, reg3_of_64, UMADDL), ROW(UMULH, reg3_of_64, UMULH),
    ROW(CSEL, select_by, CSEL), ROW(CSINC, select_by, CSINC), ROW(CSINV, select_by, CSINV),
    ROW(CCMP_imm, cond_compare, CCMPI), ROW(CCMP_reg, cond_compare, CCMP),
    ROW(LDR_uimm, uimm, LDR8), ROW(STR_uimm, uimm, STR8), ROW(LDRS_uimm, ldrsw, LDRSW),
    ROW(LDR_unscaled, unscaled, LDR8), ROW(STR_unscaled, unscaled, STR8),
    ROW(LDR_reg, index_by, LDR8X), ROW(STR_reg, index_by, STR8X),
    ROW(LDRS_reg, ldrsw_index, LDRSWX),
    ROW(LDR_post, writeback, LDR8POST), ROW(LDR_pre, writeback, LDR8PRE),
    ROW(STR_post, writeback, STR8POST), ROW(STR_pre, writeback, STR8PRE),
    ROW(LDP_off, pair, LDP64), ROW(LDP_pre, pair, LDP64PRE), ROW(LDP_post, pair, LDP64POST),
    ROW(STP_off, pair, STP64), ROW(STP_pre, pair, STP64PRE), ROW(STP_post, pair, STP64POST),
    ROW(HINT, branch, NOP), ROW(B, branch, B), ROW(BL, branch, BL),
    ROW(B_cond, branch_cond, BCOND),
    ROW(CBZ, compare_branch, CBZ), ROW(CBNZ, compare_branch, CBNZ),
    ROW(TBZ, branch, TBZ), ROW(TBNZ, branch, TBNZ),
    ROW(BR, branch_reg, BR), ROW(RET, branch_reg, BR), ROW(BLR, branch_reg, BLR),
#undef ROW
};

void cold_lower(const CpuState *cpu, uint32_t word, ColdOp *o)
{
    DecodedInsn i;

    *o = (ColdOp){.word = word, .op = COLD_GENERIC};
    if (decode(word, &i) && lowered[i.id].fill && interp_has(cpu, &i))
        lowered[i.id].fill(o, &i, lowered[i.id].op);
}
