/*
 * Operands: where a reference of the IR is - host register, CpuState word, constant - and how
 * emitters get at it; the register plan at the unit's edges. Invariant: EFLAGS stay as they are.
 */
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/ir/vconst.h"

Loc arg_loc(Emit *e, IrRef r)
{
    if (ir_is_x(r)) {
        if (e->plan->x[r] != RA_NONE)
            return (Loc){.kind = LOC_REG, .reg = (uint8_t)e->plan->x[r]};
        return (Loc){.kind = LOC_MEM, .mem = cpu_mem(offsetof(CpuState, x) + 8u * r)};
    }
    if (ir_is_temp(r)) {
        unsigned n = r - IR_T0;
        if (e->temps.gpr[n] != RA_NONE)
            return (Loc){.kind = LOC_REG, .reg = (uint8_t)e->temps.gpr[n]};
        return (Loc){.kind = LOC_MEM, .mem = cpu_mem(offsetof(CpuState, temp) + 8u * RA_SLOT(n))};
    }
    DCHECK(r == IR_IMM || r == IR_ZERO, "a general operand");
    return (Loc){.kind = LOC_IMM, .imm = r == IR_IMM ? e->i->imm : 0};
}

/* The host register that is the home of r, or RA_NONE; not for constants. */
static int home_reg(const Emit *e, IrRef r)
{
    return ir_is_x(r) ? e->plan->x[r] : ir_is_temp(r) ? e->temps.gpr[r - IR_T0] : RA_NONE;
}

Gpr arg_reg(Emit *e, IrRef r, Gpr scratch)
{
    int home = home_reg(e, r);

    if (home != RA_NONE)
        return (Gpr)home;
    Loc l = arg_loc(e, r);
    if (l.kind == LOC_MEM) {
        int held = held_in(e, r);
        if (held == (int)scratch)
            return scratch;
        if (held >= 0)
            x64_mov_rr(&e->a, 8, scratch, (Gpr)held);
        else
            x64_mov_rm(&e->a, 8, scratch, l.mem);
        held_set(e, r, scratch);
    } else {
        x64_mov_ri(&e->a, scratch, (uint64_t)l.imm);
    }
    return scratch;
}

Gpr arg_read(Emit *e, IrRef r, unsigned busy)
{
    int home = home_reg(e, r);

    if (home != RA_NONE)
        return (Gpr)home;
    int held = ir_is_x(r) ? held_in(e, r) : -1; /* only these are held */
    return held >= 0 ? (Gpr)held : arg_reg(e, r, held_scratch(e, busy));
}

void arg_into(Emit *e, IrRef r, Gpr d)
{
    Gpr s = arg_reg(e, r, d);
    if (s != d)
        x64_mov_rr(&e->a, 8, d, s);
}

Gpr result_reg(Emit *e, IrRef d, Gpr scratch)
{
    if (d == IR_NONE)
        return scratch;
    int home = home_reg(e, d);
    return home != RA_NONE ? (Gpr)home : scratch;
}

void store_result(Emit *e, IrRef d, Gpr r)
{
    if (d == IR_NONE)
        return;
    int home = home_reg(e, d);
    if (home == RA_NONE) {
        x64_mov_mr(&e->a, 8, arg_loc(e, d).mem, r);
        held_forget(e, d);
        held_set(e, d, r);
        e->home_written = true;
    } else if (home != (int)r) {
        x64_mov_rr(&e->a, 8, (Gpr)home, r);
    }
}

bool lives_in(Emit *e, IrRef r, Gpr g)
{
    return home_reg(e, r) == (int)g;
}

/* ---- vector operands ---- */

static int vec_host(Emit *e, IrRef r)
{
    if (r == IR_VK || r == IR_VC)
        return RA_NONE;
    return ir_is_v(r) ? e->plan->v[r - IR_V0] : e->temps.xmm[r - IR_VT0];
}

uint64_t vec_pooled(Emit *e, uint64_t value)
{
    uint64_t hash = value * 0x9e3779b97f4a7c15;

    if (value == 0) /* in the pool it would look like a free slot, and be lost to the next value */
        return e->stubs->vec_consts + 16ull * VK_ZERO;
    for (unsigned n = 0; n < VEC_POOL_TRIES; n++) {
        uint64_t at = e->stubs->vec_pool + 16 * (((hash >> 40) + n) % VEC_POOL);
        uint64_t *slot = (uint64_t *)(uintptr_t)(at - (uint64_t)e->a.exec_delta);
        if (*slot == 0)
            slot[0] = slot[1] = value;
        if (*slot == value)
            return at;
    }
    return 0;
}

bool vec_in_memory(Emit *e, IrRef r)
{
    if (r == IR_VC)
        return vec_pooled(e, (uint64_t)e->i->imm);
    return vec_host(e, r) == RA_NONE;
}

Mem vec_home(Emit *e, IrRef r)
{
    DCHECK(vec_in_memory(e, r), "only what is in memory has a memory home");
    if (r == IR_VK)
        return mem_rip(e->stubs->vec_consts + 16u * (uint64_t)e->i->imm);
    if (r == IR_VC)
        return mem_rip(vec_pooled(e, (uint64_t)e->i->imm));
    if (ir_is_v(r))
        return cpu_mem(offsetof(CpuState, v) + 16u * (r - IR_V0));
    return cpu_mem(offsetof(CpuState, temp) + 8u * RA_VSLOT(r - IR_VT0));
}

void vec_move(Emit *e, Xmm d, Xmm s)
{
    if (d == s)
        return;
    x64_v2(&e->a, VOP_MOVAPS, d, s);
}

/* xmm r = the constant in both halves. Uses RAX. */
static void vec_constant(Emit *e, Xmm r, uint64_t value)
{
    x64_mov_ri(&e->a, RAX, value);
    if (x64_vop_available(VOP_VPBROADCASTQ_XG)) {
        x64_v2g(&e->a, VOP_VPBROADCASTQ_XG, r, RAX);
    } else {
        x64_v2g(&e->a, VOP_MOVQ_XG, r, RAX);
        x64_v3(&e->a, VOP_PUNPCKLQDQ, r, r, r);
    }
}

Xmm vec_reg(Emit *e, IrRef r, Xmm scratch)
{
    int x = vec_host(e, r);
    if (x != RA_NONE)
        return (Xmm)x;
    if (r == IR_VC && !vec_in_memory(e, r)) {
        vec_constant(e, scratch, (uint64_t)e->i->imm);
        return scratch;
    }
    x64_v2m(&e->a, VOP_MOVAPS, scratch, vec_home(e, r));
    return scratch;
}

Xmm vec_low(Emit *e, IrRef r, Xmm scratch)
{
    Xmm x = vec_reg(e, r, scratch);
    if (x < 16)
        return x;
    vec_move(e, scratch, x);
    return scratch;
}

Xmm vec_result(Emit *e, IrRef d, Xmm scratch)
{
    int x = vec_host(e, d);
    return x == RA_NONE ? scratch : (Xmm)x;
}

Xmm vec_result_low(Emit *e, IrRef d, Xmm scratch)
{
    int x = vec_host(e, d);
    return x == RA_NONE || x >= 16 ? scratch : (Xmm)x;
}

void vec_store(Emit *e, IrRef d, Xmm r)
{
    int x = vec_host(e, d);
    if (x == RA_NONE)
        x64_vst(&e->a, VOP_MOVAPS_ST, vec_home(e, d), r);
    else
        vec_move(e, (Xmm)x, r);
}

/* ---- the unit's own plan ---- */

/* Stores what `from` holds elsewhere than `to`, then loads what `to` wants. */
static void change_plan(Emit *e, const RegPlan *from, const RegPlan *to)
{
    for (int load = 0; load < 2; load++) {
        const RegPlan *p = load ? to : from;
        for (unsigned n = 0; n < 32; n++) {
            Mem x = cpu_mem(offsetof(CpuState, x) + 8u * n);
            if (from->x[n] != to->x[n] && p->x[n] != RA_NONE) {
                if (load)
                    x64_mov_rm(&e->a, 8, (Gpr)p->x[n], x);
                else
                    x64_mov_mr(&e->a, 8, x, (Gpr)p->x[n]);
            }
        }
        for (unsigned n = 0; n <= RA_QC; n++) {
            Mem v = cpu_mem(offsetof(CpuState, v) + 16u * n);
            if (from->v[n] != to->v[n] && p->v[n] != RA_NONE) {
                if (load)
                    x64_v2m(&e->a, VOP_MOVAPS, (Xmm)p->v[n], v);
                else
                    x64_vst(&e->a, VOP_MOVAPS_ST, v, (Xmm)p->v[n]);
            }
        }
    }
}

void plan_enter(Emit *e)
{
    if (e->plan != e->standard)
        change_plan(e, e->standard, e->plan);
}

void plan_leave(Emit *e)
{
    if (e->plan != e->standard)
        change_plan(e, e->plan, e->standard);
}
