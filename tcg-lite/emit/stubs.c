/*
 * The shared stubs through which translated code is entered, left, and calls C. Invariant: what
 * leaves has stored the guest's registers in CpuState.
 */
#include <string.h>
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/emit/fp.h"
#include "tcg-lite/ir/vconst.h"

/* Goes to the guest address in RAX if the second table has it; else falls through. */
static void lookup_second(Asm *a)
{
    int32_t table = (int32_t)offsetof(CpuState, jump_cache2) - CPU_BIAS;

    x64_mov_rr(a, 4, RCX, RAX);
    x64_shift_ri(a, SH_SHR, 4, RCX, JUMP_CACHE2_BITS);
    x64_alu_rr(a, ALU_XOR, 4, RCX, RAX);
    x64_alu_ri(a, ALU_AND, 4, RCX, JUMP_CACHE2_MASK << 2);
    x64_alu_rm(a, ALU_CMP, 8, RAX, mem_bisd(RBP, RCX, 2, table));
    Fixup miss = x64_jcc_fwd8(a, CC_NE);
    x64_jmp_m(a, mem_bisd(RBP, RCX, 2, table + 8));
    x64_bind(a, miss);
}

static void move_state(Asm *a, const RegPlan *plan, bool store)
{
    for (unsigned n = 0; n < 32; n++) {
        if (plan->x[n] == RA_NONE)
            continue;
        Mem m = cpu_mem(offsetof(CpuState, x) + 8u * n);
        if (store)
            x64_mov_mr(a, 8, m, (Gpr)plan->x[n]);
        else
            x64_mov_rm(a, 8, (Gpr)plan->x[n], m);
    }
    for (unsigned n = 0; n < 32; n++) {
        if (plan->v[n] == RA_NONE)
            continue;
        Mem m = cpu_mem(offsetof(CpuState, v) + 16u * n);
        if (store)
            x64_vst(a, VOP_MOVAPS_ST, m, (Xmm)plan->v[n]);
        else
            x64_v2m(a, VOP_MOVAPS, (Xmm)plan->v[n], m);
    }
}

static const Gpr callee_saved[] = {RBX, RBP, R12, R13, R14, R15};

/*
 * MXCSR is mostly what it was when translated code was left, and loading it costs more than looking
 * (25 ns on Zen 3, with exceptions unmasked). Uses RCX.
 */
static void load_mxcsr(Asm *a)
{
    x64_stmxcsr(a, CPU_MEM(temp[0]));
    x64_mov_rm(a, 4, RCX, CPU_MEM(temp[0]));
    x64_alu_rm(a, ALU_CMP, 4, RCX, CPU_MEM(mxcsr));
    Fixup same = x64_jcc_fwd8(a, CC_E);
    x64_ldmxcsr(a, CPU_MEM(mxcsr));
    x64_bind(a, same);
}

/* uint32_t enter(CpuState *rdi, host_pc rsi) */
static void stub_enter(Asm *a, Stubs *s, const RegPlan *plan)
{
    s->enter = x64_here(a);
    for (size_t n = 0; n < COUNTOF(callee_saved); n++)
        x64_push(a, callee_saved[n]);
    x64_lea(a, 8, RBP, mem_bd(RDI, CPU_BIAS));
    x64_lea(a, 8, RAX, mem_rip(s->ret_miss)); /* the bottom of the return stack */
    x64_push(a, RAX);
    x64_mov_mr(a, 8, CPU_MEM(host_rsp), RSP);
    x64_mov_rr(a, 8, RAX, RSI);
    load_mxcsr(a);
    move_state(a, plan, false);
    x64_jmp_r(a, RAX);
}

/* eax = CpuExit, everything but the registers is in CpuState */
static void leave(Asm *a)
{
    x64_stmxcsr(a, CPU_MEM(mxcsr));
    x64_mov_rm(a, 8, RSP, CPU_MEM(host_rsp));
    x64_alu_ri(a, ALU_ADD, 8, RSP, 8);
    for (size_t n = COUNTOF(callee_saved); n-- > 0;)
        x64_pop(a, callee_saved[n]);
    x64_ret(a);
}

/* C code must not run out of stack: of a return stack deeper than this it forgets all. */
#define MAX_DEPTH_IN_C 65536

/* In a stub that was called. Uses RAX. */
static void bound_depth(Asm *a)
{
    x64_lea(a, 8, RAX, mem_bd(RSP, MAX_DEPTH_IN_C));
    x64_alu_rm(a, ALU_CMP, 8, RAX, CPU_MEM(host_rsp));
    Fixup shallow = x64_jcc_fwd8(a, CC_AE);
    x64_mov_rm(a, 8, RAX, mem_bd(RSP, 0));
    x64_mov_rm(a, 8, RSP, CPU_MEM(host_rsp));
    x64_push(a, RAX);
    x64_bind(a, shallow);
}

/*
 * helper(cpu, rcx), from a stub that was called (returns) or jumped to; the guest's registers
 * are in CpuState, RSP may be aligned anyhow.
 */
static void call_helper(Asm *a, uint64_t helper_at, bool returns)
{
    if (returns) {
        bound_depth(a);
    } else {
        x64_mov_rm(a, 8, RSP, CPU_MEM(host_rsp));
    }
    x64_lea(a, 8, RDI, mem_bd(RBP, -CPU_BIAS));
    x64_mov_rr(a, 8, RSI, RCX);
    x64_mov_rr(a, 8, RBX, RSP);
    x64_alu_ri(a, ALU_AND, 8, RSP, -16);
    x64_call_m(a, mem_rip(helper_at));
    x64_mov_rr(a, 8, RSP, RBX);
}

static void stub_call(Asm *a, Stubs *s, const RegPlan *plan, uint64_t helper_at)
{
    x64_align(a, 16);
    s->call_interp = x64_here(a);
    x64_stmxcsr(a, CPU_MEM(mxcsr)); /* FPSR's exception bits; the helper may change it */
    move_state(a, plan, true);
    call_helper(a, helper_at, true);
    x64_ldmxcsr(a, CPU_MEM(mxcsr));
    x64_test_rr(a, 4, RAX, RAX);
    Fixup out = x64_jcc_fwd32(a, CC_NE);
    move_state(a, plan, false);
    x64_ret(a);

    x64_align(a, 16);
    s->call_interp_end = x64_here(a);
    x64_stmxcsr(a, CPU_MEM(mxcsr));
    move_state(a, plan, true);
    call_helper(a, helper_at, false);
    x64_ldmxcsr(a, CPU_MEM(mxcsr));
    x64_test_rr(a, 4, RAX, RAX);
    x64_mov_ri(a, RCX, EXIT_LOOKUP);
    x64_cmov_rr(a, CC_E, 4, RAX, RCX);
    x64_bind(a, out);
    leave(a);
}

static bool is_caller_saved(int reg)
{
    for (size_t n = 0; n < COUNTOF(callee_saved); n++)
        if ((int)callee_saved[n] == reg)
            return false;
    return true;
}

/*
 * Moves the guest registers that C destroys, and (store) those that a system call reads or
 * (load) its result. With vectors: V8..V15 too, which a guest function keeps.
 */
static void move_for_call(Asm *a, const RegPlan *plan, bool store, bool vectors)
{
    for (unsigned n = 0; n < 32; n++) {
        Mem m = cpu_mem(offsetof(CpuState, x) + 8u * n);
        bool used = store ? n <= 5 || n == 8 : n == 0;
        if (plan->x[n] == RA_NONE || !(used || is_caller_saved(plan->x[n])))
            continue;
        if (store)
            x64_mov_mr(a, 8, m, (Gpr)plan->x[n]);
        else
            x64_mov_rm(a, 8, (Gpr)plan->x[n], m);
    }
    for (unsigned n = 8; vectors && n < 16; n++) {
        Mem m = cpu_mem(offsetof(CpuState, v) + 16u * n);
        if (plan->v[n] == RA_NONE)
            continue;
        if (store)
            x64_vst(a, VOP_MOVAPS_ST, m, (Xmm)plan->v[n]);
        else
            x64_v2m(a, VOP_MOVAPS, (Xmm)plan->v[n], m);
    }
}

/*
 * helper(cpu, rcx) without the whole state in memory: 0, then it returns, or the CpuExit to
 * leave by. A system call's helper touches no vector register. The vDSO's may, which the guest
 * expects of a function it called; it finds those that functions keep as they were.
 */
static uint64_t stub_light(Asm *a, const Stubs *s, const RegPlan *plan, uint64_t helper_at,
                           bool vectors)
{
    x64_align(a, 16);
    uint64_t start = x64_here(a);
    move_for_call(a, plan, true, vectors);
    bound_depth(a);
    x64_lea(a, 8, RDI, mem_bd(RBP, -CPU_BIAS));
    x64_mov_rr(a, 8, RSI, RCX);
    x64_mov_rr(a, 8, RAX, RSP);
    x64_alu_ri(a, ALU_AND, 8, RSP, -16);
    x64_push(a, RAX);
    x64_push(a, RAX);
    x64_call_m(a, mem_rip(helper_at));
    x64_pop(a, RSP);
    move_for_call(a, plan, false, vectors);
    x64_test_rr(a, 4, RAX, RAX);
    x64_jcc_to(a, CC_NE, s->exit_reason);
    x64_ret(a);
    return start;
}

void emit_stubs(Asm *a, Stubs *s, const RegPlan *plan, const Helpers *helpers)
{
    /* Data first: the helpers' addresses, the NZCV words of floating-point compares. */
    uint64_t helper_at = x64_here(a);
    static const uint32_t fcmp_words[4] = {0x8100, 0x4000, 0x0001, 0};
    memcpy(a->p, helpers, sizeof *helpers);
    a->p += sizeof *helpers;
    s->fcmp_table = x64_here(a);
    memcpy(a->p, fcmp_words, sizeof fcmp_words);
    a->p += sizeof fcmp_words;
    x64_align(a, 16);
    s->fp_table = x64_here(a);
    fp_constants(a);
    x64_align(a, 16);
    s->vec_consts = x64_here(a);
    vconst_fill(a->p);
    a->p += 16 * VK_COUNT;
    s->vec_pool = x64_here(a);
    memset(a->p, 0, 16 * VEC_POOL);
    a->p += 16 * VEC_POOL;

    uint8_t *miss;

    x64_align(a, 16);
    s->ret_miss = x64_here(a);
    emit_count(a, COUNT_RETURN_MISS, 1, RCX);
    x64_mov_rm(a, 8, RSP, CPU_MEM(host_rsp));
    Mem to = emit_lookup(a, RAX, &miss);
    x64_jmp_m(a, to);

    x64_align(a, 16);
    s->exit_indirect = x64_here(a);
    x64_bind(a, (Fixup){miss, 4});
    emit_count(a, COUNT_TABLE_MISS, 1, RCX);
    lookup_second(a);
    x64_mov_mr(a, 8, CPU_MEM(pc), RAX);
    x64_mov_ri(a, RAX, EXIT_LOOKUP);
    Fixup to_reason = x64_jmp_fwd32(a);

    s->exit_chain = x64_here(a);
    x64_mov_ri(a, RAX, EXIT_NONE); /* tells tcg_run that exit_slot is set */
    x64_bind(a, to_reason);
    s->exit_reason = x64_here(a);
    move_state(a, plan, true);
    leave(a);
    stub_call(a, s, plan, helper_at + offsetof(Helpers, interpret));
    s->system_call = stub_light(a, s, plan, helper_at + offsetof(Helpers, system_call), false);
    s->vdso_call = stub_light(a, s, plan, helper_at + offsetof(Helpers, vdso_call), true);
    emit_move_stubs(a, s);
    x64_align(a, 16);
    stub_enter(a, s, plan);
    s->end = x64_here(a);
}
