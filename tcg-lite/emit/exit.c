/*
 * Ends of blocks, and calls of the interpreter. Invariant: at an edge to a block or exit that wants
 * NZCV in cpu->hflags, it is there.
 */
#include <string.h>
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/emit/fp.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/ir/vconst.h"

/* ---- edges ---- */

static void save_flags_for(Emit *e, int16_t target)
{
    if (target >= 0 && block_wants_saved_flags(e->u, target))
        flags_save(e);
}

void jump_cc(Emit *e, X64Cc cc, int16_t target)
{
    if (target >= 0) {
        if (e->block_pos[target]) {
            x64_jcc_to(&e->a, cc, e->block_pos[target]);
            return;
        }
        if (e->jump_count == EMIT_MAX_JUMPS) {
            e->failed = true;
            return;
        }
        e->jump[e->jump_count].block = target;
        e->jump[e->jump_count++].at = x64_jcc_rel32(&e->a, cc, x64_here(&e->a));
        return;
    }
    x64_align_rel32(&e->a, 2);
    uint8_t *from = x64_jcc_rel32(&e->a, cc, x64_here(&e->a));
    cold_add(e, COLD_EXIT, from)->exit = (int16_t)(-1 - target);
}

/* On the way to this block NZCV goes to cpu->hflags. */
static bool edge_saves(const Emit *e, int16_t target)
{
    return target >= 0 && block_wants_saved_flags(e->u, target) && !e->flags_saved &&
           e->flags_kind != FK_NONE;
}

/* The taken way of a branch: what is to be saved is saved there, not before the branch. */
static void jump_taken(Emit *e, X64Cc cc, int16_t target)
{
    if (!edge_saves(e, target)) {
        jump_cc(e, cc, target);
        return;
    }
    uint8_t *from = x64_jcc_rel32(&e->a, cc, x64_here(&e->a));
    cold_add(e, COLD_EDGE, from)->exit = target;
}

/* A jump to an exit, in the standard plan. */
static void exit_jump(Emit *e, int16_t target)
{
    x64_align_rel32(&e->a, 1);
    uint8_t *from = x64_jmp_rel32(&e->a, x64_here(&e->a));
    Cold *c = cold_add(e, COLD_EXIT, from);
    c->exit = (int16_t)(-1 - target);
    c->plan_inside = false;
}

static void jump(Emit *e, int16_t target)
{
    if (target >= 0) {
        if ((uint32_t)target == e->next_block)
            return;
        if (e->block_pos[target]) {
            x64_jmp_to(&e->a, e->block_pos[target]);
            return;
        }
        if (e->jump_count == EMIT_MAX_JUMPS) {
            e->failed = true;
            return;
        }
        e->jump[e->jump_count].block = target;
        e->jump[e->jump_count++].at = x64_jmp_rel32(&e->a, x64_here(&e->a));
        return;
    }
    if (e->u->exit[-1 - target].nzcv_live)
        flags_save(e);
    plan_leave(e);
    exit_jump(e, target);
}

void emit_GOTO(Emit *e, const IrInst *i)
{
    save_flags_for(e, i->target);
    jump(e, i->target);
}

/*
 * The way of a branch that is not taken. What it saves is not saved on the other one: that is the
 * state that a block with this one as its only predecessor goes on with.
 */
static void fall_through(Emit *e, int16_t target)
{
    uint8_t kind = e->flags_kind;
    bool saved = e->flags_saved;

    save_flags_for(e, target);
    jump(e, target);
    e->flags_kind = kind;
    e->flags_saved = saved;
}

/* Jumps to `target` when the condition holds, else to target2. */
static void branch(Emit *e, HostCond c, int16_t target, int16_t target2)
{
    if (target == target2) {
        save_flags_for(e, target);
        jump(e, target);
        return;
    }
    if (!c.and_np && !c.or_p && target >= 0 && (uint32_t)target == e->next_block) {
        jump_taken(e, x64_cc_invert(c.cc), target2);
        fall_through(e, target);
        return;
    }
    if (c.or_p) {
        jump_taken(e, CC_P, target);
        jump_taken(e, c.cc, target);
    } else if (c.and_np) {
        Fixup skip = x64_jcc_fwd32(&e->a, CC_P);
        jump_taken(e, c.cc, target);
        x64_bind(&e->a, skip);
    } else {
        jump_taken(e, c.cc, target);
    }
    fall_through(e, target2);
}

/* A loop's back edge is taken mostly. */
static bool goes_back(const Emit *e, int16_t target)
{
    return target >= 0 && (uint32_t)target < e->next_block;
}

void emit_JCC(Emit *e, const IrInst *i)
{
    if (goes_back(e, i->target))
        save_flags_for(e, i->target); /* may turn the carry round: before the condition is chosen */
    branch(e, flags_cond(e, i->cond), i->target, i->target2);
}

/* The instruction just before computed what is tested, and left its ZF. */
static bool tests_last_result(const Emit *e, const IrInst *i)
{
    const IrInst *last = i - 1;

    if (!e->zf_inst || !passes.fuse) /* else it stands before i in this block */
        return false;
    while (last->op == IR_NOP)
        last--;
    return last == e->zf_inst && last->d == i->a && last->size == i->size;
}

/* flags_clobber() has run: NZCV, when live, is in cpu->hflags already. */
void emit_JZ(Emit *e, const IrInst *i)
{
    Loc a = arg_loc(e, i->a);

    if (tests_last_result(e, i))
        ;
    else if (a.kind == LOC_REG)
        x64_test_rr(&e->a, i->size, (Gpr)a.reg, (Gpr)a.reg);
    else if (a.kind == LOC_MEM)
        x64_alu_mi(&e->a, ALU_CMP, i->size, a.mem, 0);
    else
        x64_alu_rr(&e->a, ALU_CMP, 4, RAX, RAX);
    branch(e, (HostCond){.cc = i->sub ? CC_NE : CC_E}, i->target, i->target2);
}

void emit_JBIT(Emit *e, const IrInst *i)
{
    Loc a = arg_loc(e, i->a);
    unsigned bit = (unsigned)i->imm;
    X64Cc cc = i->sub ? CC_C : CC_NC;

    if (a.kind == LOC_IMM) {
        x64_clc(&e->a); /* the zero register */
    } else if (a.kind == LOC_MEM) {
        x64_test_mi(&e->a, 1, (Mem){.base = a.mem.base, .index = MEM_NONE,
                                    .disp = a.mem.disp + (int32_t)(bit / 8)}, 1 << (bit % 8));
        cc = i->sub ? CC_NE : CC_E;
    } else if (bit < 31) {
        x64_test_ri(&e->a, bit < 8 ? 1 : 4, (Gpr)a.reg, bit == 7 ? -128 : 1 << bit);
        cc = i->sub ? CC_NE : CC_E;
    } else {
        x64_bt_ri(&e->a, BT_BT, bit < 32 ? 4 : 8, (Gpr)a.reg, bit);
    }
    branch(e, (HostCond){.cc = cc}, i->target, i->target2);
}

Mem emit_lookup(Asm *a, Gpr pc, uint8_t **miss)
{
    int32_t table = (int32_t)offsetof(CpuState, jump_cache) - CPU_BIAS;

    x64_mov_rr(a, 4, RCX, pc);
    x64_alu_ri(a, ALU_AND, 4, RCX, JUMP_CACHE_MASK << 2);
    x64_alu_rm(a, ALU_CMP, 8, pc, mem_bisd(RBP, RCX, 2, table));
    *miss = x64_jcc_rel32(a, CC_NE, x64_here(a));
    return mem_bisd(RBP, RCX, 2, table + 8);
}

/* Changes to the standard plan; the guest address to go to is then in the register it returns. */
static Gpr leave_with_target(Emit *e, IrRef target)
{
    if (e->plan == e->standard)
        return arg_reg(e, target, RAX);
    arg_into(e, target, RAX);
    plan_leave(e);
    return RAX;
}

void emit_GOTO_IND(Emit *e, const IrInst *i)
{
    uint8_t *miss;

    emit_count(&e->a, COUNT_INDIRECT, 1, RAX);
    Gpr pc = leave_with_target(e, i->a);
    Mem to = emit_lookup(&e->a, pc, &miss);
    Cold *c = cold_add(e, COLD_INDIRECT, miss);
    c->pc = 0;
    c->r[0] = (uint8_t)pc;
    x64_jmp_m(&e->a, to);
}

/* In the standard plan, with NZCV in cpu->hflags: to target2, in this unit or not. */
static void go_on(Emit *e, const IrInst *i)
{
    e->flags_kind = FK_NONE;
    e->flags_saved = true;
    if (i->target2 >= 0) {
        plan_enter(e);
        jump(e, i->target2);
        return;
    }
    exit_jump(e, i->target2);
}

/*
 * Calls and returns. The host's own stack is the return stack: a call is a host call, RET a host
 * return with the guest address in RAX, which the code behind the call compares with its own.
 * Whenever the guess fails, and whenever control goes to C, all of it is forgotten (RSP =
 * host_rsp), so it may be wrong but never harmful. Overflow faults in the guard page: see
 * tcg_stack_fault().
 */

/* Behind the call, the target of the return in RAX: goes on in this unit, or leaves it. */
static void come_back(Emit *e, const IrInst *i)
{
    if (i->imm == (int32_t)i->imm) {
        x64_alu_ri(&e->a, ALU_CMP, 8, RAX, (int32_t)i->imm);
    } else {
        x64_mov_ri(&e->a, RCX, (uint64_t)i->imm);
        x64_alu_rr(&e->a, ALU_CMP, 8, RAX, RCX);
    }
    x64_jcc_to(&e->a, CC_NE, e->stubs->ret_miss);
    go_on(e, i);
}

void emit_BL(Emit *e, const IrInst *i)
{
    emit_count(&e->a, COUNT_CALL, 1, RAX);
    if (!passes.return_stack) {
        jump(e, i->target);
        return;
    }
    if (e->u->exit[-1 - i->target].nzcv_live)
        flags_save(e);
    plan_leave(e);
    x64_align_rel32(&e->a, 1);
    uint8_t *from = x64_call_rel32(&e->a, x64_here(&e->a));
    Cold *c = cold_add(e, COLD_EXIT, from);
    c->exit = (int16_t)(-1 - i->target);
    c->plan_inside = false;
    come_back(e, i);
}

void emit_BLR(Emit *e, const IrInst *i)
{
    uint8_t *miss;

    emit_count(&e->a, COUNT_CALL, 1, RAX);
    if (!passes.return_stack) {
        emit_GOTO_IND(e, i);
        return;
    }
    emit_count(&e->a, COUNT_INDIRECT, 1, RAX);
    Gpr pc = leave_with_target(e, i->a);
    Mem to = emit_lookup(&e->a, pc, &miss);
    Cold *c = cold_add(e, COLD_INDIRECT, miss);
    c->r[0] = (uint8_t)pc;
    x64_call_m(&e->a, to);
    c->pc = x64_here(&e->a);
    come_back(e, i);
}

void emit_RET(Emit *e, const IrInst *i)
{
    emit_count(&e->a, COUNT_RETURN, 1, RAX);
    if (!passes.return_stack) {
        emit_GOTO_IND(e, i);
        return;
    }
    arg_into(e, i->a, RAX);
    plan_leave(e);
    x64_ret(&e->a);
}

void emit_EXIT(Emit *e, const IrInst *i)
{
    flags_save(e);
    plan_leave(e);
    store_pc(e, (uint64_t)i->imm);
    x64_mov_ri(&e->a, RAX, i->sub);
    x64_jmp_to(&e->a, e->stubs->exit_reason);
}

/* Comes back when the call is done and nothing else is to do; see the stubs. */
void emit_SVC(Emit *e, const IrInst *i)
{
    flags_save(e);
    emit_count(&e->a, COUNT_SVC, 1, RAX);
    plan_leave(e);
    store_pc(e, (uint64_t)i->imm);
    if (i->sub)
        x64_mov_ri(&e->a, RCX, i->sub);
    x64_call_to(&e->a, i->sub ? e->stubs->vdso_call : e->stubs->system_call);
    go_on(e, i);
}

/* ---- the interpreter ---- */

/* The decoded instruction is copied into the code, behind a jump over it. */
static uint64_t pool_insn(Emit *e, const IrGuest *g)
{
    Asm *a = &e->a;
    Fixup over = x64_jmp_fwd8(a);

    x64_align(a, 8);
    uint64_t at = x64_here(a);
    if (a->end - a->p < (ptrdiff_t)sizeof g->insn) {
        a->overflow = true;
        return at;
    }
    memcpy(a->p, &g->insn, sizeof g->insn);
    a->p += sizeof g->insn;
    x64_bind(a, over);
    return at;
}

static void call_interp(Emit *e, const IrInst *i, uint64_t stub, bool returns)
{
    const IrGuest *g = &e->u->guest[i->imm];
    uint64_t insn = pool_insn(e, g);

    plan_leave(e);
    store_pc(e, g->pc);
    x64_lea(&e->a, 8, RCX, mem_rip(insn));
    if (returns) {
        x64_call_to(&e->a, stub);
        plan_enter(e);
    } else {
        x64_jmp_to(&e->a, stub);
    }
    e->flags_kind = FK_NONE;
    e->flags_saved = true;
}

void emit_CALL(Emit *e, const IrInst *i)
{
    flags_save(e);
    call_interp(e, i, e->stubs->call_interp, true);
}

void emit_CALL_END(Emit *e, const IrInst *i)
{
    flags_save(e);
    call_interp(e, i, e->stubs->call_interp_end, false);
}

void cold_interp_run(Emit *e, const Cold *c, unsigned more)
{
    for (unsigned n = 0; n <= more; n++) {
        IrInst i = {.imm = c->inst->guest + n};
        call_interp(e, &i, e->stubs->call_interp, true);
    }
}

static void cold_interp(Emit *e, const Cold *c)
{
    cold_interp_run(e, c, 0);
    if (c->inst->set_nzcv)
        flags_load(e);
    x64_jmp_to(&e->a, c->back);
}

void interp_unless(Emit *e, X64Cc cc)
{
    uint8_t *from = x64_jcc_rel32(&e->a, x64_cc_invert(cc), x64_here(&e->a));
    cold_add(e, COLD_CALLBACK, from)->fn = cold_interp;
}
