/*
 * The driver: blocks in order, cold code behind them, internal jumps bound at the end. Invariant:
 * at the start of each block the flag state is what every predecessor left (see block_flags_in).
 */
#include <string.h>
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/emit/fp.h"
#include "tcg-lite/ir/facts.h"
#include "tcg-lite/ir/passes.h"

const EmitFn emit_table[IR_OP_COUNT] = {
#define IR(op, operands, effects, facts, meaning) [IR_##op] = emit_##op,
#include "tcg-lite/ir/ops.def"
#undef IR
};

bool emit_counts;

void emit_count(Asm *a, CpuCount count, uint32_t n, Gpr scratch)
{
    Mem m = cpu_mem(offsetof(CpuState, count) + sizeof(uint64_t) * count);

    if (!emit_counts)
        return;
    x64_mov_rm(a, 8, scratch, m);
    x64_lea(a, 8, scratch, mem_bd(scratch, (int32_t)n));
    x64_mov_mr(a, 8, m, scratch);
}

/* ---- points and places ---- */

void fault_point(Emit *e)
{
    if (e->map_count == EMIT_MAX_MAP) {
        e->failed = true;
        return;
    }
    e->map[e->map_count++] = (PcMapEntry){
        .host = (uint32_t)(e->a.p - e->a.start),
        .guest = e->i->guest,
        .flags = e->flags_saved ? FK_NONE : e->flags_kind,
    };
}

Cold *cold_add(Emit *e, unsigned kind, uint8_t *from)
{
    if (e->cold_count == EMIT_MAX_COLD) {
        e->failed = true;
        e->cold_count--;
    }
    Cold *c = &e->cold[e->cold_count++];
    c->from = from;
    c->kind = (uint8_t)kind;
    c->flags_kind = e->flags_kind;
    c->flags_saved = e->flags_saved;
    c->inst = e->i;
    c->plan_inside = true;
    c->temps = e->temps;
    return c;
}

/* Cold code that replaces a whole guest instruction comes back here. */
static void end_guest_insn(Emit *e)
{
    if (e->open_cold < e->cold_count)
        held_drop(e);
    for (; e->open_cold < e->cold_count; e->open_cold++)
        e->cold[e->open_cold].back = x64_here(&e->a);
}

/* ---- blocks ---- */

/*
 * A block with one predecessor that is already emitted goes on with its flag state; any other
 * finds NZCV, when live, in cpu->hflags: emit_end() saves it before such an edge.
 */
static bool inherits_flags(const IrUnit *u, int16_t block)
{
    const IrBlock *b = &u->block[block];
    return passes.edge_flags && b->single_pred >= 0 && b->single_pred < block && !b->entry &&
           !b->loop_head;
}

bool block_wants_saved_flags(const IrUnit *u, int16_t block)
{
    return u->block[block].nzcv_live_in && !inherits_flags(u, block);
}

/*
 * Leaves when somebody asks for it. The first tier also counts in the thread's heat table; the
 * overflow asks for the second tier (and tcg_run sees for itself which of the two it was).
 */
static void safepoint(Emit *e, uint64_t pc)
{
    x64_alu_rm(&e->a, ALU_CMP, 4, RBP, CPU_MEM(exit_request)); /* fuses with the jump */
    uint8_t *from = x64_jcc_rel32(&e->a, CC_B, x64_here(&e->a)), *from2 = NULL;

    if (e->heat_step) {
        size_t n = (pc >> 2) & (CPU_HEAT_SLOTS - 1);
        x64_alu_mi(&e->a, ALU_ADD, 4, cpu_mem(offsetof(CpuState, heat) + 4 * n),
                   (int32_t)e->heat_step);
        from2 = x64_jcc_rel32(&e->a, CC_C, x64_here(&e->a));
    }
    Cold *c = cold_add(e, COLD_LEAVE, from);
    c->from2 = from2;
    c->pc = pc;
    c->why = e->heat_step ? EXIT_HOT : EXIT_SAFEPOINT;
    emit_count(&e->a, COUNT_POLL, 1, RAX);
}

/*
 * An entry behind a call or a system call: most ways there come from inside the unit or by a
 * return that a call predicted, and need no poll, because control goes round only by a loop's head
 * or by a way in that polls.
 */
static bool polls_apart(const Emit *e, uint32_t b)
{
    const IrBlock *block = &e->u->block[b];
    return block->pc != e->u->pc && !block->loop_head;
}

static void begin_block(Emit *e, uint32_t b)
{
    const IrBlock *block = &e->u->block[b];

    e->lanes = e->lanes_in[b];
    if (inherits_flags(e->u, (int16_t)b)) {
        e->flags_kind = e->out_kind[block->single_pred];
        e->flags_saved = e->out_saved[block->single_pred];
    } else {
        e->flags_kind = FK_NONE;
        e->flags_saved = true;
    }
    bool inherits = inherits_flags(e->u, (int16_t)b);
    e->zero_above = inherits ? e->out_zero_above[block->single_pred] : 0;
    if (!inherits || block->single_pred != (int16_t)b - 1)
        held_drop(e);
    e->entry_pos[b] = block->entry ? (uint32_t)(e->a.p - e->a.start) : UINT32_MAX;
    e->block_pos[b] = x64_here(&e->a);
    if (block->entry && (e->plan != e->standard || polls_apart(e, b)))
        cold_add(e, COLD_ENTRY, NULL)->exit = (int16_t)b;
    if (block->loop_head || (block->entry && !polls_apart(e, b)))
        safepoint(e, block->pc);
    emit_count(&e->a, e->tier == 1 ? COUNT_TIER1 : COUNT_TIER2, block->guest_count, RAX);
    claims_check_block(e);
}

/* One operation; what is known about registers is brought up to date. */
static void emit_op(Emit *e)
{
    const IrInst *i = e->i;
    uint16_t effects = ir_op_info[i->op].effects;

    if (effects & (SYNC | END)) {
        IrRef before[HELD_COUNT];
        memcpy(before, e->held, sizeof before);
        emit_table[i->op](e, i);
        if (effects & SYNC)
            e->zero_above = 0, held_drop(e);
        else
            held_join(e, before);
        return;
    }
    e->home_written = false;
    emit_table[i->op](e, i);
    if (!ir_is_x(i->d))
        return;
    bool zero = ir_upper_zero(i, e->zero_above);
    e->zero_above = (e->zero_above & ~(1u << i->d)) | (uint32_t)zero << i->d;
    e->x_written |= 1u << i->d;
    if (!e->home_written)
        held_forget(e, i->d);
}

static void emit_block(Emit *e, uint32_t b)
{
    const IrBlock *block = &e->u->block[b];
    uint32_t end = block->first + block->count, guest = UINT32_MAX;

    begin_block(e, b);
    e->zf_inst = NULL;
    e->x_written = 0;
    for (uint32_t k = block->first; k < end; k++) {
        e->i = &e->u->inst[k];
        bool next = e->i->guest != guest;
        if (next || ir_op_info[e->i->op].effects & END)
            end_guest_insn(e);
        guest = e->i->guest;
        if (next && e->u->guest[guest].temps) /* most have none */
            ra_assign(e->u, k, end, &e->temps);
        unsigned pair = emit_pair(e, e->i, &e->u->inst[end]);
        if (pair) {
            k += pair - 1;
            continue;
        }
        if (!(ir_op_info[e->i->op].effects & KEEPF))
            flags_clobber(e);
        emit_op(e);
        lanes_step(e, e->i);
        if (!(ir_op_info[e->i->op].effects & (SYNC | END)))
            claims_check_op(e, e->i);
    }
    e->out_zero_above[b] = e->zero_above;
    e->out_kind[b] = e->flags_kind;
    e->out_saved[b] = e->flags_saved;
}

/* ---- cold code ---- */

/* Sets a rel32 field of code that nobody runs yet. */
static void bind_field(Emit *e, uint8_t *field, uint64_t target)
{
    int32_t rel = (int32_t)(target - ((uint64_t)field + (uint64_t)e->a.exec_delta + 4));

    if (!e->a.overflow)
        memcpy(field, &rel, 4);
}

static void bind_to_here(Emit *e, uint8_t *field)
{
    bind_field(e, field, x64_here(&e->a));
}

/*
 * An exit to a known pc. When NZCV must be saved or the plan changed on the way, the stub does
 * it and its own jump is the one that is patched; else the hot jump is.
 */
static void emit_cold_exit(Emit *e, const Cold *c)
{
    uint8_t *site = c->from;

    bind_to_here(e, c->from);
    bool save = e->u->exit[c->exit].nzcv_live && !c->flags_saved && c->flags_kind != FK_NONE;
    if (save || (e->plan != e->standard && c->plan_inside)) {
        if (save)
            flags_save(e);
        if (c->plan_inside)
            plan_leave(e);
        x64_align_rel32(&e->a, 1);
        site = x64_jmp_rel32(&e->a, x64_here(&e->a));
        bind_to_here(e, site);
    }
    if (e->exit_count == EMIT_MAX_COLD) {
        e->failed = true;
        return;
    }
    e->exit[e->exit_count] = (EmitExit){
        .site = (uint32_t)(site - e->a.start),
        .stub = (uint32_t)(e->a.p - e->a.start),
        .exit = (uint16_t)c->exit,
    };
    x64_mov_mi(&e->a, 4, CPU_MEM(exit_slot), (int32_t)(e->slot_base + e->exit_count));
    x64_jmp_to(&e->a, e->stubs->exit_chain);
    e->exit_count++;
}

void store_pc(Emit *e, uint64_t pc)
{
    if (pc == (uint64_t)(int64_t)(int32_t)pc) {
        x64_mov_mi(&e->a, 8, CPU_MEM(pc), (int32_t)pc);
    } else {
        x64_mov_ri(&e->a, RAX, pc);
        x64_mov_mr(&e->a, 8, CPU_MEM(pc), RAX);
    }
}

static void emit_cold(Emit *e, const Cold *c)
{
    e->i = c->inst;
    held_drop(e);
    e->zero_above = 0;
    e->temps = c->temps;
    e->flags_kind = c->flags_kind;
    e->flags_saved = c->flags_saved;
    switch (c->kind) {
    case COLD_EXIT:
        emit_cold_exit(e, c);
        break;
    case COLD_LEAVE:
        bind_to_here(e, c->from);
        if (c->from2)
            bind_to_here(e, c->from2);
        plan_leave(e);
        store_pc(e, c->pc);
        x64_mov_ri(&e->a, RAX, c->why);
        x64_jmp_to(&e->a, e->stubs->exit_reason);
        break;
    case COLD_INDIRECT:
        bind_to_here(e, c->from);
        if (c->r[0] != RAX)
            x64_mov_rr(&e->a, 8, RAX, (Gpr)c->r[0]);
        if (c->pc) { /* a call: it comes back here, as if from the hot one */
            x64_call_to(&e->a, e->stubs->exit_indirect);
            x64_jmp_to(&e->a, c->pc);
        } else {
            x64_jmp_to(&e->a, e->stubs->exit_indirect);
        }
        break;
    case COLD_ENTRY:
        e->entry_pos[c->exit] = (uint32_t)(e->a.p - e->a.start);
        plan_enter(e);
        if (polls_apart(e, (uint32_t)c->exit))
            safepoint(e, e->u->block[c->exit].pc);
        x64_jmp_to(&e->a, e->block_pos[c->exit]);
        break;
    case COLD_EDGE:
        bind_to_here(e, c->from);
        flags_save(e);
        x64_jmp_to(&e->a, e->block_pos[c->exit]);
        break;
    case COLD_CALLBACK:
        bind_to_here(e, c->from);
        c->fn(e, c);
        break;
    }
}

/* ---- the unit ---- */

bool emit_unit(Emit *e, const IrUnit *u, const RegPlan *plan, const RegPlan *standard,
               const Stubs *stubs)
{
    e->u = u;
    e->plan = plan;
    e->standard = standard;
    e->stubs = stubs;
    e->jump_count = e->cold_count = e->map_count = e->exit_count = 0;
    e->open_cold = 0;
    e->failed = false;
    memset(e->block_pos, 0, u->block_count * sizeof e->block_pos[0]);
    memset(e->insn_pool, 0, u->guest_count * sizeof e->insn_pool[0]);

    lanes_flow(e);
    for (uint32_t b = 0; b < u->block_count; b++) {
        e->next_block = b + 1;
        emit_block(e, b);
    }
    e->hot_end = e->a.p;
    if (e->cold_at) {
        e->a.p = e->cold_at;
        e->a.end = e->cold_end;
    }
    for (uint32_t n = 0; n < e->cold_count; n++)
        emit_cold(e, &e->cold[n]);
    if (e->a.overflow || e->failed)
        return false;
    for (uint32_t n = 0; n < e->jump_count; n++)
        bind_field(e, e->jump[n].at, e->block_pos[e->jump[n].block]);
    return true;
}
