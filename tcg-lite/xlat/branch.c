/* Branches, exceptions, barriers and the system registers that programs use. */
#include "emu/guest/vdso_call.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/xlat/xlat.h"

static uint64_t direct_target(const Xlat *t, const DecodedInsn *i)
{
    return t->pc + (uint64_t)((int64_t)i->simm * 4);
}

TRANSLATE(B)
{
    uint64_t target = direct_target(t, i);
    IrRef to;

    if (x_inside(t, target) || !x_thunk(t, target, &to))
        x_goto(t, target);
    else
        ir_op(t, IR_GOTO_IND, 8, IR_NONE, to, IR_NONE);
}

TRANSLATE(B_cond)
{
    if (i->cond >= 14)
        x_goto(t, direct_target(t, i));
    else
        x_jcc(t, i->cond, direct_target(t, i));
}

static void set_link(Xlat *t)
{
    ir_op(t, IR_MOV, 8, 30, IR_IMM, IR_NONE)->imm = (int64_t)(t->pc + 4);
}

static IrInst *call(Xlat *t, IrOp op, IrRef target)
{
    IrInst *ins = ir_op(t, op, 8, IR_NONE, target, IR_NONE);
    ins->imm = (int64_t)(t->pc + 4);
    ins->target2 = x_target(t, t->pc + 4);
    return ins;
}

/* Calls always leave the unit: a call back to its own start must not look like a loop. */
TRANSLATE(BL)
{
    uint64_t target = direct_target(t, i), pc = t->pc;
    IrRef to;

    set_link(t);
    if (x_thunk(t, target, &to)) {
        t->pc = pc;
        call(t, IR_BLR, to);
        return;
    }
    call(t, IR_BL, IR_NONE)->target = ir_exit(t->u, target);
}

TRANSLATE(BLR)
{
    IrRef target = (IrRef)i->rn;

    if (i->rn == 31 || i->rn == 30) {
        target = x_temp(t);
        ir_op(t, IR_MOV, 8, target, x_src(i->rn), IR_NONE);
    }
    set_link(t);
    call(t, IR_BLR, target);
}

TRANSLATE(BR)
{
    ir_op(t, IR_GOTO_IND, 8, IR_NONE, x_src(i->rn), IR_NONE);
}

TRANSLATE(RET)
{
    ir_op(t, IR_RET, 8, IR_NONE, x_src(i->rn), IR_NONE);
}

static void branch_zero(Xlat *t, const DecodedInsn *i, unsigned nonzero)
{
    IrInst *ins = ir_op(t, IR_JZ, i->sf ? 8 : 4, IR_NONE, x_src(i->rt), IR_NONE);
    ins->sub = (uint8_t)nonzero;
    ins->target = x_target(t, direct_target(t, i));
    ins->target2 = x_target(t, t->pc + 4);
}

TRANSLATE(CBZ)  { branch_zero(t, i, 0); }
TRANSLATE(CBNZ) { branch_zero(t, i, 1); }

static void branch_bit(Xlat *t, const DecodedInsn *i, unsigned set)
{
    IrInst *ins = ir_op(t, IR_JBIT, i->bit >= 32 ? 8 : 4, IR_NONE, x_src(i->rt), IR_NONE);
    ins->sub = (uint8_t)set;
    ins->imm = i->bit;
    ins->target = x_target(t, direct_target(t, i));
    ins->target2 = x_target(t, t->pc + 4);
}

TRANSLATE(TBZ)  { branch_bit(t, i, 0); }
TRANSLATE(TBNZ) { branch_bit(t, i, 1); }

TRANSLATE(SVC)
{
    if (!passes.svc) {
        x_exit(t, EXIT_SVC, t->pc + 4);
        return;
    }
    IrInst *ins = ir_op(t, IR_SVC, 8, IR_NONE, IR_NONE, IR_NONE);
    ins->sub = (uint8_t)vdso_call_at(t->pc, i->imm);
    ins->imm = (int64_t)(t->pc + 4);
    ins->target2 = x_target(t, t->pc + 4);
}

/* The interpreter sets exit_info; it never comes back here. */
TRANSLATE(BRK)
{
    (void)i;
    x_call_interp(t, true);
}

TRANSLATE(HINT) { (void)t, (void)i; }
TRANSLATE(YIELD) { (void)i, ir_op(t, IR_PAUSE, 8, IR_NONE, IR_NONE, IR_NONE); }
TRANSLATE(WFE) { (void)i, ir_op(t, IR_PAUSE, 8, IR_NONE, IR_NONE, IR_NONE); }
TRANSLATE(WFI) { (void)i, ir_op(t, IR_PAUSE, 8, IR_NONE, IR_NONE, IR_NONE); }
TRANSLATE(CLREX) { (void)i, ir_op(t, IR_CLREX, 8, IR_NONE, IR_NONE, IR_NONE); }

/* x86 keeps loads in order and stores in order: only store-then-load needs a fence. */
static void barrier(Xlat *t, const DecodedInsn *i)
{
    if ((i->imm & 3) != 1 && (i->imm & 3) != 2) /* neither ..LD nor ..ST */
        ir_op(t, IR_FENCE, 8, IR_NONE, IR_NONE, IR_NONE);
}

TRANSLATE(DMB) { barrier(t, i); }
TRANSLATE(DSB) { barrier(t, i); }
TRANSLATE(SB)  { (void)i, ir_op(t, IR_LFENCE, 8, IR_NONE, IR_NONE, IR_NONE); }

/* What follows may have been changed before: it is looked up afresh. */
TRANSLATE(ISB)
{
    (void)i;
    ir_op(t, IR_GOTO, 8, IR_NONE, IR_NONE, IR_NONE)->target = ir_exit(t->u, t->pc + 4);
}

TRANSLATE(IC_IVAU) { (void)i, x_call_interp(t, true); }
TRANSLATE(MSR_FPCR) { (void)i, x_call_interp(t, true); }

/* ---- system registers ---- */

TRANSLATE(MRS_TPIDR) { x_get_cpu(t, i->rt, 8, offsetof(CpuState, tpidr_el0)); }
TRANSLATE(MRS_FPCR)  { x_get_cpu(t, i->rt, 4, offsetof(CpuState, fpcr)); }

TRANSLATE(MSR_TPIDR)
{
    ir_op(t, IR_SET_CPU, 8, IR_NONE, x_src(i->rt), IR_NONE)->imm = offsetof(CpuState, tpidr_el0);
}

TRANSLATE(MRS_NZCV)
{
    if (i->rt != 31)
        ir_op(t, IR_GET_NZCV, 8, (IrRef)i->rt, IR_NONE, IR_NONE);
}

TRANSLATE(MSR_NZCV)
{
    ir_op(t, IR_SET_NZCV, 8, IR_NONE, x_src(i->rt), IR_NONE)->set_nzcv = true;
}

static void get_constant(Xlat *t, unsigned rt, uint32_t value)
{
    if (rt != 31)
        ir_op(t, IR_MOV, 8, (IrRef)rt, IR_IMM, IR_NONE)->imm = value;
}

TRANSLATE(MRS_DCZID)   { get_constant(t, i->rt, DCZID_VALUE); }
TRANSLATE(MRS_CTR)     { get_constant(t, i->rt, CTR_VALUE); }
TRANSLATE(MRS_CNTFRQ)  { get_constant(t, i->rt, COUNTER_HZ); }
TRANSLATE(MRS_TPIDRRO) { get_constant(t, i->rt, 0); }
TRANSLATE(MRS_PMUSERENR) { get_constant(t, i->rt, 0); }

static void get_pstate(Xlat *t, unsigned rt, uint32_t bit)
{
    if (rt == 31)
        return;
    x_get_cpu(t, rt, 4, offsetof(CpuState, pstate));
    ir_opi(t, IR_AND, 4, (IrRef)rt, (IrRef)rt, (int32_t)bit);
}

/* value: that bit, the others zero */
static void set_pstate(Xlat *t, uint32_t bit, IrRef value, int64_t imm)
{
    IrRef old = x_temp(t);

    ir_op(t, IR_GET_CPU, 4, old, IR_NONE, IR_NONE)->imm = offsetof(CpuState, pstate);
    ir_opi(t, IR_AND, 4, old, old, (int32_t)~bit);
    ir_op(t, IR_OR, 4, old, old, value)->imm = imm;
    ir_op(t, IR_SET_CPU, 4, IR_NONE, old, IR_NONE)->imm = offsetof(CpuState, pstate);
}

static void set_pstate_reg(Xlat *t, uint32_t bit, unsigned rt)
{
    IrRef value = x_temp(t);

    ir_opi(t, IR_AND, 4, value, x_src(rt), (int32_t)bit);
    set_pstate(t, bit, value, 0);
}

TRANSLATE(MRS_DIT)      { get_pstate(t, i->rt, PSTATE_DIT); }
TRANSLATE(MRS_SSBS)     { get_pstate(t, i->rt, PSTATE_SSBS); }
TRANSLATE(MSR_DIT)      { set_pstate_reg(t, PSTATE_DIT, i->rt); }
TRANSLATE(MSR_SSBS)     { set_pstate_reg(t, PSTATE_SSBS, i->rt); }
TRANSLATE(MSR_DIT_imm)  { set_pstate(t, PSTATE_DIT, IR_IMM, i->imm & 1 ? PSTATE_DIT : 0); }
TRANSLATE(MSR_SSBS_imm) { set_pstate(t, PSTATE_SSBS, IR_IMM, i->imm & 1 ? PSTATE_SSBS : 0); }

TRANSLATE(DC_ZVA)
{
    ir_op(t, IR_ZVA, 8, IR_NONE, x_src(i->rt), IR_NONE);
}

/* Nothing to clean on a coherent host, but an unreadable address faults. */
static void clean_line(Xlat *t, const DecodedInsn *i)
{
    ir_op(t, IR_LOAD, 1, x_temp(t), x_src(i->rt), IR_NONE);
}

TRANSLATE(DC_CVAC)  { clean_line(t, i); }
TRANSLATE(DC_CVAU)  { clean_line(t, i); }
TRANSLATE(DC_CVAP)  { clean_line(t, i); }
TRANSLATE(DC_CVADP) { clean_line(t, i); }
TRANSLATE(DC_CIVAC) { clean_line(t, i); }
