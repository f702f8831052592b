/*
 * Loads and stores of one or two registers. The access comes first, the writeback after it, so
 * a fault leaves the base as it was. SIMD structures are in simd/mem.c, atomics in atomic.c.
 */
#include "tcg-lite/xlat/xlat.h"

/* Where an access goes: base + (index extended) << shift + imm. */
typedef struct Address {
    IrRef base, index;
    uint8_t ext, shift;
    int64_t imm;
} Address;

static Address at_base(unsigned rn, int64_t imm)
{
    return (Address){.base = (IrRef)rn, .index = IR_NONE, .imm = imm};
}

static Address at_literal(const Xlat *t, const DecodedInsn *i)
{
    return (Address){.base = IR_IMM, .index = IR_NONE,
                     .imm = (int64_t)(t->pc + (uint64_t)((int64_t)i->simm * 4))};
}

static Address at_register(const DecodedInsn *i, unsigned log2_bytes)
{
    Address m = at_base(i->rn, 0);

    if (i->rm == 31)
        return m;
    m.index = (IrRef)i->rm;
    m.shift = (uint8_t)(i->s ? log2_bytes : 0);
    m.ext = i->option == 2 ? IR_EXT_UXTW : i->option == 6 ? IR_EXT_SXTW : IR_EXT_NONE;
    return m;
}

static IrInst *access(Xlat *t, IrOp op, unsigned bytes, IrRef d, IrRef value, Address m)
{
    IrInst *i = ir_op(t, op, bytes, d, m.base, m.index);
    i->c = value;
    i->ext = m.ext;
    i->shift = m.shift;
    i->imm = m.imm;
    return i;
}

static void load_x(Xlat *t, const DecodedInsn *i, Address m)
{
    access(t, IR_LOAD, 1u << i->size, x_dst(t, i->rt), IR_NONE, m);
}

static void load_sx(Xlat *t, const DecodedInsn *i, Address m)
{
    access(t, IR_LOAD, 1u << i->size, x_dst(t, i->rt), IR_NONE, m)->sub = i->op ? 4 : 8;
}

static void store_x(Xlat *t, const DecodedInsn *i, Address m)
{
    access(t, IR_STORE, 1u << i->size, IR_NONE, x_src(i->rt), m);
}

static unsigned v_bytes(const DecodedInsn *i)
{
    return i->q ? 16 : 1u << i->size;
}

static unsigned v_log2(const DecodedInsn *i)
{
    return i->q ? 4 : i->size;
}

static void load_v(Xlat *t, const DecodedInsn *i, Address m)
{
    access(t, IR_VLOAD, v_bytes(i), v_ref(i->rt), IR_NONE, m);
}

static void store_v(Xlat *t, const DecodedInsn *i, Address m)
{
    access(t, IR_VSTORE, v_bytes(i), IR_NONE, v_ref(i->rt), m);
}

static void writeback(Xlat *t, const DecodedInsn *i, int64_t imm)
{
    ir_opi(t, IR_ADD, 8, (IrRef)i->rn, (IrRef)i->rn, imm);
}

typedef void (*AccessFn)(Xlat *t, const DecodedInsn *i, Address m);

static void pre_post(Xlat *t, const DecodedInsn *i, AccessFn fn, bool pre, bool writes_rt)
{
    if (writes_rt && i->rt == i->rn && i->rn != 31) { /* CONSTRAINED UNPREDICTABLE */
        x_call_interp(t, false);
        return;
    }
    fn(t, i, at_base(i->rn, pre ? i->simm : 0));
    writeback(t, i, i->simm);
}

TRANSLATE(STR_uimm)  { store_x(t, i, at_base(i->rn, (int64_t)i->imm << i->size)); }
TRANSLATE(LDR_uimm)  { load_x(t, i, at_base(i->rn, (int64_t)i->imm << i->size)); }
TRANSLATE(LDRS_uimm) { load_sx(t, i, at_base(i->rn, (int64_t)i->imm << i->size)); }
TRANSLATE(STR_unscaled)  { store_x(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(LDR_unscaled)  { load_x(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(LDRS_unscaled) { load_sx(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(STR_unpriv)  { store_x(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(LDR_unpriv)  { load_x(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(LDRS_unpriv) { load_sx(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(STR_post)  { pre_post(t, i, store_x, false, false); }
TRANSLATE(LDR_post)  { pre_post(t, i, load_x, false, true); }
TRANSLATE(LDRS_post) { pre_post(t, i, load_sx, false, true); }
TRANSLATE(STR_pre)   { pre_post(t, i, store_x, true, false); }
TRANSLATE(LDR_pre)   { pre_post(t, i, load_x, true, true); }
TRANSLATE(LDRS_pre)  { pre_post(t, i, load_sx, true, true); }
TRANSLATE(STR_reg)   { store_x(t, i, at_register(i, i->size)); }
TRANSLATE(LDR_reg)   { load_x(t, i, at_register(i, i->size)); }
TRANSLATE(LDRS_reg)  { load_sx(t, i, at_register(i, i->size)); }

TRANSLATE(LDR_lit)
{
    access(t, IR_LOAD, i->sf ? 8 : 4, x_dst(t, i->rt), IR_NONE, at_literal(t, i));
}

TRANSLATE(LDRSW_lit)
{
    access(t, IR_LOAD, 4, x_dst(t, i->rt), IR_NONE, at_literal(t, i))->sub = 8;
}

TRANSLATE(LDR_v_lit)
{
    access(t, IR_VLOAD, 4u << i->opc, v_ref(i->rt), IR_NONE, at_literal(t, i));
}

/* rt: what for (load, instructions, store), cache level, "streaming" (used once). */
static void prefetch(Xlat *t, const DecodedInsn *i, Address m)
{
    static const IrPrefetch level[4] = {IR_PREFETCH_L1, IR_PREFETCH_L2, IR_PREFETCH_L3,
                                        IR_PREFETCH_L3};
    unsigned what = i->rt >> 3, streams = i->rt & 1;

    if (what == 0 || what == 2)
        access(t, IR_PREFETCH, 1, IR_NONE, IR_NONE, m)->sub =
            what == 2 ? IR_PREFETCH_WRITE : streams ? IR_PREFETCH_ONCE : level[i->rt >> 1 & 3];
}

TRANSLATE(PRFM_lit)  { prefetch(t, i, at_literal(t, i)); }
TRANSLATE(PRFM_uimm) { prefetch(t, i, at_base(i->rn, (int64_t)i->imm << 3)); }
TRANSLATE(PRFM_reg)  { prefetch(t, i, at_register(i, 3)); }
TRANSLATE(PRFUM)     { prefetch(t, i, at_base(i->rn, i->simm)); }

TRANSLATE(STR_v_uimm) { store_v(t, i, at_base(i->rn, (int64_t)i->imm << v_log2(i))); }
TRANSLATE(LDR_v_uimm) { load_v(t, i, at_base(i->rn, (int64_t)i->imm << v_log2(i))); }
TRANSLATE(STR_v_unscaled) { store_v(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(LDR_v_unscaled) { load_v(t, i, at_base(i->rn, i->simm)); }
TRANSLATE(STR_v_post) { pre_post(t, i, store_v, false, false); }
TRANSLATE(LDR_v_post) { pre_post(t, i, load_v, false, false); }
TRANSLATE(STR_v_pre)  { pre_post(t, i, store_v, true, false); }
TRANSLATE(LDR_v_pre)  { pre_post(t, i, load_v, true, false); }
TRANSLATE(STR_v_reg)  { store_v(t, i, at_register(i, v_log2(i))); }
TRANSLATE(LDR_v_reg)  { load_v(t, i, at_register(i, v_log2(i))); }

/* ---- pairs ---- */

typedef enum PairMode { PAIR_OFF, PAIR_PRE, PAIR_POST } PairMode;

/*
 * Both halves are there, or none is: SP is a multiple of 16 bytes wherever the architecture lets it
 * be the base of an access, so the two lie in one page. Then the first may be loaded into its
 * register before it is known that the second does not fault.
 */
static bool fault_together(const DecodedInsn *i, unsigned bytes, int64_t at)
{
    return i->rn == 31 && at % (2 * (int64_t)bytes) == 0 && bytes <= 8;
}

static void pair_load_x(Xlat *t, const DecodedInsn *i, unsigned bytes, unsigned sub, PairMode mode)
{
    int64_t offset = (int64_t)i->simm * bytes;
    int64_t at = mode == PAIR_POST ? 0 : offset;
    bool clash = i->rn != 31 && (i->rt == i->rn || i->rt2 == i->rn);

    if (clash && (mode != PAIR_OFF || i->rt == i->rt2)) { /* CONSTRAINED UNPREDICTABLE */
        x_call_interp(t, false);
        return;
    }
    IrRef d1 = x_dst(t, i->rt), d2 = x_dst(t, i->rt2);
    IrRef first = fault_together(i, bytes, at) || i->rt == 31 ? d1 : x_temp(t);
    access(t, IR_LOAD, bytes, first, IR_NONE, at_base(i->rn, at))->sub = (uint8_t)sub;
    access(t, IR_LOAD, bytes, d2, IR_NONE, at_base(i->rn, at + bytes))->sub = (uint8_t)sub;
    if (first != d1 && i->rt != i->rt2)
        ir_op(t, IR_MOV, sub ? 8 : bytes, d1, first, IR_NONE);
    if (mode != PAIR_OFF)
        writeback(t, i, offset);
}

static void pair_store_x(Xlat *t, const DecodedInsn *i, PairMode mode)
{
    unsigned bytes = i->sf ? 8 : 4;
    int64_t offset = (int64_t)i->simm * bytes;
    int64_t at = mode == PAIR_POST ? 0 : offset;

    access(t, IR_STORE, bytes, IR_NONE, x_src(i->rt), at_base(i->rn, at));
    access(t, IR_STORE, bytes, IR_NONE, x_src(i->rt2), at_base(i->rn, at + bytes));
    if (mode != PAIR_OFF)
        writeback(t, i, offset);
}

static void pair_v(Xlat *t, const DecodedInsn *i, bool load, PairMode mode)
{
    unsigned bytes = 4u << i->opc;
    int64_t offset = (int64_t)i->simm * bytes;
    int64_t at = mode == PAIR_POST ? 0 : offset;

    IrRef r[2] = {v_ref(i->rt), v_ref(i->rt2)};
    if (load && !fault_together(i, bytes, at))
        r[0] = v_temp(t);
    for (int k = 0; k < 2; k++) {
        Address m = at_base(i->rn, at + k * (int64_t)bytes);
        access(t, load ? IR_VLOAD : IR_VSTORE, bytes, load ? r[k] : IR_NONE,
               load ? IR_NONE : r[k], m);
    }
    if (r[0] != v_ref(i->rt) && i->rt != i->rt2)
        ir_op(t, IR_VMOV, 16, v_ref(i->rt), r[0], IR_NONE);
    if (mode != PAIR_OFF)
        writeback(t, i, offset);
}

TRANSLATE(LDP_off)  { pair_load_x(t, i, i->sf ? 8 : 4, 0, PAIR_OFF); }
TRANSLATE(LDP_pre)  { pair_load_x(t, i, i->sf ? 8 : 4, 0, PAIR_PRE); }
TRANSLATE(LDP_post) { pair_load_x(t, i, i->sf ? 8 : 4, 0, PAIR_POST); }
TRANSLATE(LDNP)     { pair_load_x(t, i, i->sf ? 8 : 4, 0, PAIR_OFF); }
TRANSLATE(LDPSW_off)  { pair_load_x(t, i, 4, 8, PAIR_OFF); }
TRANSLATE(LDPSW_pre)  { pair_load_x(t, i, 4, 8, PAIR_PRE); }
TRANSLATE(LDPSW_post) { pair_load_x(t, i, 4, 8, PAIR_POST); }
TRANSLATE(STP_off)  { pair_store_x(t, i, PAIR_OFF); }
TRANSLATE(STP_pre)  { pair_store_x(t, i, PAIR_PRE); }
TRANSLATE(STP_post) { pair_store_x(t, i, PAIR_POST); }
TRANSLATE(STNP)     { pair_store_x(t, i, PAIR_OFF); }
TRANSLATE(LDP_v_off)  { pair_v(t, i, true, PAIR_OFF); }
TRANSLATE(LDP_v_pre)  { pair_v(t, i, true, PAIR_PRE); }
TRANSLATE(LDP_v_post) { pair_v(t, i, true, PAIR_POST); }
TRANSLATE(LDNP_v)     { pair_v(t, i, true, PAIR_OFF); }
TRANSLATE(STP_v_off)  { pair_v(t, i, false, PAIR_OFF); }
TRANSLATE(STP_v_pre)  { pair_v(t, i, false, PAIR_PRE); }
TRANSLATE(STP_v_post) { pair_v(t, i, false, PAIR_POST); }
TRANSLATE(STNP_v)     { pair_v(t, i, false, PAIR_OFF); }

/* ---- memory copy and set ---- */

/*
 * Compilers and libraries write prologue, main part and epilogue side by side, with the same
 * registers. In one block the three are one operation, which stands in the prologue's place:
 * guest instructions n, n + 1, n + 2.
 */
static bool is_triple(const Xlat *t, unsigned n)
{
    const IrBlock *block = t->block;
    const DecodedInsn *p = &t->u->guest[n].insn;

    if (n < block->guest_first || n + 3 > block->guest_first + (unsigned)block->guest_count)
        return false;
    if (p->id != INSN_CPYP && p->id != INSN_CPYFP && p->id != INSN_SETP)
        return false;
    for (unsigned part = 1; part < 3; part++) {
        const DecodedInsn *i = &t->u->guest[n + part].insn;
        if (i->id != p->id + part || i->rd != p->rd || i->rs != p->rs || i->rn != p->rn)
            return false;
    }
    return true;
}

static void prologue(Xlat *t, const DecodedInsn *i, IrOp op)
{
    IrRef to = (IrRef)i->rd, size = (IrRef)i->rn;

    if (!is_triple(t, t->guest)) {
        x_call_interp(t, false);
        return;
    }
    IrRef moved = x_temp(t);
    IrInst *move = ir_op(t, op, 8, moved, to, x_src(i->rs));
    move->c = size;
    move->sub = i->id == INSN_CPYFP;
    move->set_nzcv = true;
    ir_op(t, IR_ADD, 8, to, to, moved);
    if (op == IR_COPY)
        ir_op(t, IR_ADD, 8, (IrRef)i->rs, (IrRef)i->rs, moved);
    ir_op(t, IR_MOV, 8, size, IR_ZERO, IR_NONE);
}

/* Main part 1, epilogue 2. */
static void behind_prologue(Xlat *t, unsigned part)
{
    if (t->guest < part || !is_triple(t, t->guest - part))
        x_call_interp(t, false);
}

TRANSLATE(CPYFP) { prologue(t, i, IR_COPY); }
TRANSLATE(CPYP)  { prologue(t, i, IR_COPY); }
TRANSLATE(SETP)  { prologue(t, i, IR_FILL); }
TRANSLATE(CPYFM) { (void)i; behind_prologue(t, 1); }
TRANSLATE(CPYM)  { (void)i; behind_prologue(t, 1); }
TRANSLATE(SETM)  { (void)i; behind_prologue(t, 1); }
TRANSLATE(CPYFE) { (void)i; behind_prologue(t, 2); }
TRANSLATE(CPYE)  { (void)i; behind_prologue(t, 2); }
TRANSLATE(SETE)  { (void)i; behind_prologue(t, 2); }
