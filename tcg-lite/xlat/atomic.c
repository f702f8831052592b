/*
 * Ordered accesses, exclusives and LSE atomics. x86 loads acquire and its locked instructions
 * order everything, so acquire and release need nothing more, but a store that releases must
 * not be passed by a later acquiring load: it is an exchange.
 *
 * Misaligned accesses go to the interpreter, which knows what may be performed and what faults.
 */
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/xlat/tagged.h"
#include "tcg-lite/xlat/xlat.h"

static void check_align(Xlat *t, unsigned bytes, IrRef address)
{
    if (bytes > 1)
        ir_op(t, IR_CHECK_ALIGN, bytes, IR_NONE, address, IR_NONE);
}

/* base + imm in one register */
static IrRef address_of(Xlat *t, unsigned rn, int64_t imm)
{
    if (imm == 0)
        return (IrRef)rn;
    IrRef d = x_temp(t);
    ir_op(t, IR_LEA, 8, d, (IrRef)rn, IR_NONE)->imm = imm;
    return d;
}

static void load_acquire(Xlat *t, const DecodedInsn *i, int64_t imm, unsigned sub)
{
    IrRef address = address_of(t, i->rn, imm);

    check_align(t, 1u << i->size, address);
    ir_op(t, IR_LOAD, 1u << i->size, x_dst(t, i->rt), address, IR_NONE)->sub = (uint8_t)sub;
}

static void store_release(Xlat *t, const DecodedInsn *i, int64_t imm)
{
    IrRef address = address_of(t, i->rn, imm);

    check_align(t, 1u << i->size, address);
    ir_op(t, IR_XCHG, 1u << i->size, IR_NONE, address, x_src(i->rt));
}

TRANSLATE(LDAR)    { load_acquire(t, i, 0, 0); }
TRANSLATE(LDLAR)   { load_acquire(t, i, 0, 0); }
TRANSLATE(LDAPR)   { load_acquire(t, i, 0, 0); }
TRANSLATE(LDAPUR)  { load_acquire(t, i, i->simm, 0); }
TRANSLATE(LDAPURS) { load_acquire(t, i, i->simm, i->op ? 4 : 8); }
TRANSLATE(STLR)    { store_release(t, i, 0); }
TRANSLATE(STLLR)   { store_release(t, i, 0); }
TRANSLATE(STLUR)   { store_release(t, i, i->simm); }

TRANSLATE(LDXR)
{
    check_align(t, 1u << i->size, (IrRef)i->rn);
    ir_op(t, IR_LDX, 1u << i->size, x_dst(t, i->rt), (IrRef)i->rn, IR_NONE);
}

TRANSLATE(STXR)
{
    ir_op(t, IR_STX, 1u << i->size, x_dst(t, i->rs), (IrRef)i->rn, x_src(i->rt));
}

/* ---- pairs: of words as one doubleword ---- */

static IrRef joined(Xlat *t, unsigned low, unsigned high)
{
    IrRef r = x_temp(t), upper = x_temp(t);

    ir_op(t, IR_MOV, 4, r, x_src(low), IR_NONE);
    ir_opi(t, IR_SHL, 8, upper, x_src(high), 32);
    ir_op(t, IR_OR, 8, r, r, upper);
    return r;
}

TRANSLATE(LDXP)
{
    unsigned bytes = 8u << i->sz;

    check_align(t, bytes, (IrRef)i->rn);
    ir_op(t, IR_LDX, bytes, IR_NONE, (IrRef)i->rn, IR_NONE);
    x_get_cpu(t, i->rt, bytes / 2, offsetof(CpuState, excl_value));
    x_get_cpu(t, i->rt2, bytes / 2, offsetof(CpuState, excl_value) + bytes / 2);
}

TRANSLATE(STXP)
{
    if (!i->sz) {
        IrRef value = joined(t, i->rt, i->rt2);
        ir_op(t, IR_STX, 8, x_dst(t, i->rs), (IrRef)i->rn, value);
    } else {
        ir_op(t, IR_STX, 16, x_dst(t, i->rs), (IrRef)i->rn, x_src(i->rt))->c = x_src(i->rt2);
    }
}

static void set_pair(Xlat *t, unsigned r, size_t offset)
{
    ir_op(t, IR_SET_CPU, 8, IR_NONE, x_src(r), IR_NONE)->imm = (int64_t)offset;
}

/* The second register of the pair (30, 31) is XZR. */
TRANSLATE(CASP)
{
    const size_t low = offsetof(CpuState, pair.u64[0]), high = offsetof(CpuState, pair.u64[1]);
    unsigned rs2 = i->rs + 1u, rt2 = i->rt + 1u;

    check_align(t, 8u << i->sz, (IrRef)i->rn);
    if (i->sz) {
        set_pair(t, i->rs, low);
        set_pair(t, rs2, high);
        ir_op(t, IR_CASP, 16, IR_NONE, (IrRef)i->rn, x_src(i->rt))->c = x_src(rt2);
        x_get_cpu(t, i->rs, 8, low);
        x_get_cpu(t, rs2, 8, high);
        return;
    }
    IrRef old = joined(t, i->rs, rs2), value = joined(t, i->rt, rt2);
    ir_op(t, IR_CAS, 8, old, (IrRef)i->rn, old)->c = value;
    ir_op(t, IR_MOV, 4, (IrRef)i->rs, old, IR_NONE);
    if (rs2 != 31)
        ir_opi(t, IR_SHR, 8, (IrRef)rs2, old, 32);
}

/* ---- LSE ---- */

static IrInst *atomic(Xlat *t, const DecodedInsn *i, IrOp op, IrRef value)
{
    check_align(t, 1u << i->size, (IrRef)i->rn);
    return ir_op(t, op, 1u << i->size, i->rt == 31 ? IR_NONE : (IrRef)i->rt, (IrRef)i->rn, value);
}

TRANSLATE(LDADD)  { atomic(t, i, IR_XADD, x_src(i->rs)); }
TRANSLATE(SWP)    { atomic(t, i, IR_XCHG, x_src(i->rs)); }
TRANSLATE(LDCLR)  { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_CLR; }
TRANSLATE(LDEOR)  { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_EOR; }
TRANSLATE(LDSET)  { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_SET; }
TRANSLATE(LDSMAX) { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_SMAX; }
TRANSLATE(LDSMIN) { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_SMIN; }
TRANSLATE(LDUMAX) { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_UMAX; }
TRANSLATE(LDUMIN) { atomic(t, i, IR_ATOMIC, x_src(i->rs))->cond = ATOMIC_UMIN; }

TRANSLATE(CAS)
{
    check_align(t, 1u << i->size, (IrRef)i->rn);
    ir_op(t, IR_CAS, 1u << i->size, x_dst(t, i->rs), (IrRef)i->rn, x_src(i->rs))->c = x_src(i->rt);
}

/*
 * ---- loops of exclusives ----
 *
 *     1: ldxr rT, [rN];  add rV, rT, X;  stxr wS, rV, [rN];  cbnz wS, 1b
 *
 * (or a SUB, or none: an exchange) is one locked instruction that stands where the LDXR does, as
 * if the first round stored: what follows it computes rV and wS. What other operations would
 * become, a loop of compare-and-exchange, is hardly faster than the loop as it is. When the
 * access faults, nothing has changed, and the interpreter goes through the loop step by step.
 */

/* Register r is the address, which the loop must not change. (Number 31 is SP there alone.) */
static bool is_base(const DecodedInsn *load, unsigned r)
{
    return r == load->rn && r != 31;
}

static bool is_loop(const IrGuest *g, unsigned count)
{
    const DecodedInsn *load = &g[0].insn, *store = &g[count - 2].insn, *end = &g[count - 1].insn;

    return load->id == INSN_LDXR && store->id == INSN_STXR && end->id == INSN_CBNZ &&
           end->simm == 1 - (int)count && end->rt == store->rs && store->rs != 31 &&
           store->rn == load->rn && store->size == load->size && !is_base(load, load->rt) &&
           !is_base(load, store->rs) && !tagged_is_site(g[0].pc);
}

/* Is it rV = rT +- X, with an X that is not part of it? */
static bool adds(const DecodedInsn *load, const DecodedInsn *op, const DecodedInsn *store)
{
    if (op->id == INSN_ADD_shift || op->id == INSN_SUB_shift) {
        if (op->imm != 0 || op->rm == load->rt)
            return false;
    } else if (op->id != INSN_ADD_imm && op->id != INSN_SUB_imm) {
        return false;
    }
    return op->rn == load->rt && op->rd == store->rt && op->rn != 31 && op->rd != 31 &&
           !is_base(load, op->rd) && (op->sf || load->size < 3);
}

/* The operand of XADD: X, or -X; a constant is in *imm. */
static IrRef addend(Xlat *t, const DecodedInsn *op, int64_t *imm)
{
    bool sub = op->id == INSN_SUB_imm || op->id == INSN_SUB_shift;

    if (op->id == INSN_ADD_imm || op->id == INSN_SUB_imm) {
        *imm = (int64_t)op->imm << (op->shift ? 12 : 0);
        *imm = sub ? -*imm : *imm;
        return IR_IMM;
    }
    if (!sub)
        return x_src(op->rm);
    IrRef negated = x_temp(t);
    ir_op(t, IR_SUB, 8, negated, IR_ZERO, x_src(op->rm));
    return negated;
}

/* The locked instruction, in place of the LDXR. */
static void exchange(Xlat *t, const DecodedInsn *load, const DecodedInsn *op,
                     const DecodedInsn *store)
{
    unsigned bytes = 1u << load->size;
    int64_t imm = 0;

    check_align(t, bytes, (IrRef)load->rn);
    IrRef operand = op ? addend(t, op, &imm) : x_src(store->rt);
    IrInst *x = ir_op(t, op ? IR_XADD : IR_XCHG, bytes, x_dst(t, load->rt), (IrRef)load->rn,
                      operand);
    x->imm = imm;
    x->sub = 1;
    ir_op(t, IR_CLREX, 8, IR_NONE, IR_NONE, IR_NONE);
}

bool x_exclusive_loop(Xlat *t, const IrBlock *block)
{
    IrUnit *u = t->u;
    unsigned first = block->guest_first, count = block->guest_count;
    IrGuest *g = &u->guest[first];

    if (!passes.exclusive || count < 3 || count > 4 || !is_loop(g, count))
        return false;
    const DecodedInsn *load = &g[0].insn, *op = count == 4 ? &g[1].insn : NULL;
    const DecodedInsn *store = &g[count - 2].insn;
    if (op ? !adds(load, op, store) : store->rt == load->rt && store->rt != 31)
        return false;
    t->guest = (uint16_t)first;
    t->pc = g[0].pc;
    u->temp_count = u->vtemp_count = 0;
    exchange(t, load, op, store);
    g[0].temps = u->temp_count != 0;
    if (op)
        x_insn(t, first + 1);
    t->guest = (uint16_t)(first + count - 2);
    ir_op(t, IR_MOV, 8, (IrRef)store->rs, IR_IMM, IR_NONE)->imm = 0;
    t->guest++;
    t->pc = g[count - 1].pc;
    g[count - 2].temps = g[count - 1].temps = false;
    x_goto(t, t->pc + 4);
    return true;
}
