/*
 * Host fault in translated code -> exact guest state. The register plan is fixed for the whole
 * unit, so every guest register is either in CpuState or in the interrupted context.
 */
#define _GNU_SOURCE /* REG_RIP... */
#define TRAP_FP 19 /* #XM: an unmasked exception of the SSE unit */
#include <cpuid.h>
#include <string.h>
#include "tcg-lite/cache/cache.h"
#include "tcg-lite/emit/hflags.h"
#include "tcg-lite/translate.h"

/* ucontext's order of general registers, by x86 register number. */
static const uint8_t greg_of[16] = {
    [RAX] = REG_RAX, [RCX] = REG_RCX, [RDX] = REG_RDX, [RBX] = REG_RBX,
    [RSP] = REG_RSP, [RBP] = REG_RBP, [RSI] = REG_RSI, [RDI] = REG_RDI,
    [R8] = REG_R8,   [R9] = REG_R9,   [R10] = REG_R10, [R11] = REG_R11,
    [R12] = REG_R12, [R13] = REG_R13, [R14] = REG_R14, [R15] = REG_R15,
};

uint64_t tcg_host_register(const ucontext_t *uc, unsigned number)
{
    return (uint64_t)uc->uc_mcontext.gregs[greg_of[number]];
}

static void recover_general(CpuState *cpu, const RegPlan *plan, const greg_t *g, unsigned undo)
{
    for (unsigned n = 0; n < 32; n++) {
        int home = plan->x[n];
        bool saved = (home == RBX && (undo & UNDO_RBX)) || (home == RSI && (undo & UNDO_RSI));
        if (home != RA_NONE && !saved)
            cpu->x[n] = (uint64_t)g[greg_of[(unsigned)home]];
    }
}

/* Offset of xmm16..31 (XSAVE component 7, 64 bytes each) in the signal frame's FP area. */
static size_t hi16_offset(void)
{
    unsigned a = 0, b = 0, c = 0, d = 0;

    __cpuid_count(0xd, 7, a, b, c, d);
    return b;
}

static void recover_vectors(CpuState *cpu, const RegPlan *plan, const uint8_t *fp)
{
    /* FXSAVE area: MXCSR at 24, xmm0..15 at 160; Linux: what XSAVE wrote at 512 + ... */
    size_t hi16 = 0;
    uint64_t written;

    memcpy(&cpu->mxcsr, fp + 24, 4);
    memcpy(&written, fp + 512, 8); /* XSTATE_BV: a clear bit means all zero */
    for (unsigned n = 0; n <= RA_QC; n++) {
        int x = plan->v[n];
        if (x == RA_NONE)
            continue;
        V128 *v = n == RA_QC ? &cpu->qc : &cpu->v[n];
        if (x < 16) {
            memcpy(v, fp + 160 + 16 * x, 16);
            continue;
        }
        if (!hi16)
            hi16 = hi16_offset();
        if (written >> 7 & 1)
            memcpy(v, fp + hi16 + 64 * (x - 16), 16);
        else
            memset(v, 0, 16);
    }
}

/* EFLAGS with the meaning that the map gives them -> NZCV. */
static uint32_t nzcv_of(uint64_t eflags, FlagKind kind)
{
    bool cf = eflags & 1, pf = eflags >> 2 & 1, zf = eflags >> 6 & 1, sf = eflags >> 7 & 1;
    bool of = eflags >> 11 & 1;

    if (kind == FK_FCMP || kind == FK_FCMP_SWAP) {
        if (pf)
            return PSTATE_C | PSTATE_V;
        if (zf)
            return PSTATE_Z | PSTATE_C;
        return cf == (kind == FK_FCMP) ? PSTATE_N : PSTATE_C;
    }
    bool c = kind == FK_SUB ? !cf : cf;
    return (uint32_t)sf << 31 | (uint32_t)zf << 30 | (uint32_t)c << 29 | (uint32_t)of << 28;
}

/* What moves memory is shared code: seen from where it was called. */
static uint64_t leave_move(const CpuState *cpu, greg_t *g)
{
    uint64_t host_pc = (uint64_t)g[REG_RIP];

    if (host_pc < stubs.moves || host_pc >= stubs.moves_end)
        return host_pc;
    g[REG_RSI] = (greg_t)cpu->pair.u64[0];
    g[REG_RDI] = (greg_t)cpu->pair.u64[1];
    return *(const uint64_t *)g[REG_RSP];
}

/* The guest instruction accesses memory at more than one place of the code. */
static bool one_of_several(const Unit *unit, const PcMapEntry *at)
{
    const PcMapEntry *end = unit->map + unit->map_count;

    return (at > unit->map && at[-1].guest == at->guest) ||
           (at + 1 < end && at[1].guest == at->guest);
}

TcgRecovery tcg_recover(CpuState *cpu, ucontext_t *uc)
{
    greg_t *g = uc->uc_mcontext.gregs;
    uint64_t host_pc = leave_move(cpu, g);
    Unit *unit = cache_unit_at(host_pc);

    if (!unit)
        return TCG_NOT_OURS;
    bool fp = g[REG_TRAPNO] == TRAP_FP;
    const PcMapEntry *at = cache_map_at(unit, (uint32_t)(host_pc - unit->host), fp);
    if (!at)
        return TCG_NOT_OURS;
    recover_general(cpu, unit->plan, g, fp ? 0 : at->undo);
    recover_vectors(cpu, unit->plan, (const uint8_t *)uc->uc_mcontext.fpregs);
    if (fp && at->undo && at->undo <= 32)
        memcpy(&cpu->v[at->undo - 1], (const uint8_t *)uc->uc_mcontext.fpregs + 160 + 16 * 14, 16);
    if (fp) {
        cpu_fp_trapped(cpu);
        cpu->count[COUNT_FP_TRAP]++;
    }
    cpu->pc = unit->pc + (uint64_t)((int64_t)unit->guest_delta[at->guest] * 4);
    cpu->nzcv = at->flags == FK_NONE ? nzcv_from_hflags(cpu->hflags)
                                     : nzcv_of((uint64_t)g[REG_EFL], (FlagKind)at->flags);
    __atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
    if (!fp && (at->undo == UNDO_INTERP || one_of_several(unit, at)))
        return TCG_INTERPRET;
    return TCG_RECOVERED;
}

bool tcg_stack_fault(CpuState *cpu, ucontext_t *uc, uint64_t addr)
{
    greg_t *g = uc->uc_mcontext.gregs;
    uint64_t below = (uint64_t)g[REG_RSP] - addr;

    if (below == 0 || below > 16 || !cache_owns((uint64_t)g[REG_RIP]))
        return false;
    g[REG_RSP] = (greg_t)cpu->host_rsp;
    return true;
}
