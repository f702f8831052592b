/*
 * Reference semantics: hints, barriers, system registers, cache maintenance.
 *
 * Identification registers are what Linux shows to user space under HWCAP_CPUID: derived
 * from the features that the CPU offers, everything privileged at its safe value.
 */
#include <time.h>
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/interp/interp.h"

#define ZVA_BYTES 64u
#define CACHE_LINE 64u

/* Hints. */

INTERP(HINT)
{
    (void)cpu, (void)i;
}

INTERP(YIELD)
{
    (void)cpu, (void)i;
    __builtin_ia32_pause();
}

/* An event may always have happened: waiting is allowed to end at once. */
INTERP(WFE)
{
    (void)cpu, (void)i;
    __builtin_ia32_pause();
}

INTERP(WFI)
{
    (void)cpu, (void)i;
    __builtin_ia32_pause();
}

/* Barriers. */

INTERP(DSB)
{
    (void)cpu, (void)i;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

INTERP(DMB)
{
    (void)cpu, (void)i;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

INTERP(ISB)
{
    (void)cpu, (void)i;
}

INTERP(SB)
{
    (void)cpu, (void)i;
    __builtin_ia32_lfence();
}

/* PSTATE. */

static void set_pstate(CpuState *cpu, uint32_t bit, bool on)
{
    cpu->pstate = on ? cpu->pstate | bit : cpu->pstate & ~bit;
}

INTERP(MSR_SSBS_imm)
{
    set_pstate(cpu, PSTATE_SSBS, i->imm & 1);
}

INTERP(MSR_DIT_imm)
{
    set_pstate(cpu, PSTATE_DIT, i->imm & 1);
}

INTERP(MRS_SSBS)
{
    set_x(cpu, i->rt, cpu->pstate & PSTATE_SSBS);
}

INTERP(MSR_SSBS)
{
    set_pstate(cpu, PSTATE_SSBS, get_x(cpu, i->rt) & PSTATE_SSBS);
}

INTERP(MRS_DIT)
{
    set_x(cpu, i->rt, cpu->pstate & PSTATE_DIT);
}

INTERP(MSR_DIT)
{
    set_pstate(cpu, PSTATE_DIT, get_x(cpu, i->rt) & PSTATE_DIT);
}

INTERP(MRS_NZCV)
{
    set_x(cpu, i->rt, cpu->nzcv);
}

INTERP(MSR_NZCV)
{
    cpu->nzcv = get_w(cpu, i->rt) & 0xf0000000u;
}

/* Floating-point control. */

INTERP(MRS_FPCR)
{
    set_x(cpu, i->rt, cpu->fpcr);
}

INTERP(MSR_FPCR)
{
    cpu_set_fpcr(cpu, get_w(cpu, i->rt));
}

INTERP(MRS_FPSR)
{
    set_x(cpu, i->rt, cpu_fpsr(cpu));
}

INTERP(MSR_FPSR)
{
    cpu_set_fpsr(cpu, get_w(cpu, i->rt));
}

/* Thread registers, counters, cache geometry. */

INTERP(MRS_TPIDR)
{
    set_x(cpu, i->rt, cpu->tpidr_el0);
}

INTERP(MSR_TPIDR)
{
    cpu->tpidr_el0 = get_x(cpu, i->rt);
}

INTERP(MRS_TPIDRRO)
{
    set_x(cpu, i->rt, 0);
}

INTERP(MRS_CTR)
{
    set_x(cpu, i->rt, CTR_VALUE);
}

INTERP(MRS_DCZID)
{
    set_x(cpu, i->rt, DCZID_VALUE);
}

INTERP(MRS_CNTFRQ)
{
    set_x(cpu, i->rt, COUNTER_HZ);
}

static void read_counter(CpuState *cpu, const DecodedInsn *i)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    set_x(cpu, i->rt, (uint64_t)now.tv_sec * COUNTER_HZ + (uint64_t)now.tv_nsec);
}

INTERP(MRS_CNTVCT)
{
    read_counter(cpu, i);
}

INTERP(MRS_CNTVCTSS)
{
    read_counter(cpu, i);
}

/* User space may read nothing but this. */
INTERP(MRS_PMUSERENR)
{
    set_x(cpu, i->rt, 0);
}

/* Success is NZCV = 0000; without entropy the result is 0 and Z is set. */
static void read_random(CpuState *cpu, const DecodedInsn *i)
{
    uint64_t value = 0;
    bool done = sys(SYS_getrandom, &value, sizeof value, 1 /* GRND_NONBLOCK */) == sizeof value;

    cpu->nzcv = done ? 0 : PSTATE_Z;
    set_x(cpu, i->rt, done ? value : 0);
}

INTERP(MRS_RNDR)
{
    read_random(cpu, i);
}

INTERP(MRS_RNDRRS)
{
    read_random(cpu, i);
}

/* Identification registers. */

/* One 4-bit field of an ID register: `value` at bit `shift` when the CPU has the feature. */
typedef struct IdField {
    uint8_t reg, shift, feature, value;
} IdField;

typedef enum IdReg { ID_PFR0, ID_PFR1, ID_ISAR0, ID_ISAR1, ID_ISAR2 } IdReg;

/* Where two rows name the same field, the later feature includes the earlier one. */
static const IdField id_fields[] = {
    {ID_PFR0, 16, FEAT_FP16, 1},     {ID_PFR0, 20, FEAT_ASIMDHP, 1},
    {ID_PFR0, 48, FEAT_DIT, 1},      {ID_PFR1, 0, FEAT_BTI, 1},
    {ID_PFR1, 4, FEAT_SSBS, 2},      {ID_ISAR0, 4, FEAT_AES, 1},
    {ID_ISAR0, 4, FEAT_PMULL, 2},    {ID_ISAR0, 8, FEAT_SHA1, 1},
    {ID_ISAR0, 12, FEAT_SHA2, 1},    {ID_ISAR0, 12, FEAT_SHA512, 2},
    {ID_ISAR0, 16, FEAT_CRC32, 1},   {ID_ISAR0, 20, FEAT_LSE, 2},
    {ID_ISAR0, 28, FEAT_RDM, 1},     {ID_ISAR0, 32, FEAT_SHA3, 1},
    {ID_ISAR0, 36, FEAT_SM3, 1},     {ID_ISAR0, 40, FEAT_SM4, 1},
    {ID_ISAR0, 44, FEAT_DOTPROD, 1}, {ID_ISAR0, 48, FEAT_FHM, 1},
    {ID_ISAR0, 52, FEAT_FLAGM, 1},   {ID_ISAR0, 52, FEAT_FLAGM2, 2},
    {ID_ISAR0, 60, FEAT_RNG, 1},     {ID_ISAR1, 0, FEAT_DCPOP, 1},
    {ID_ISAR1, 0, FEAT_DCPODP, 2},   {ID_ISAR1, 12, FEAT_JSCVT, 1},
    {ID_ISAR1, 16, FEAT_FCMA, 1},    {ID_ISAR1, 20, FEAT_RCPC, 1},
    {ID_ISAR1, 20, FEAT_RCPC2, 2},   {ID_ISAR1, 32, FEAT_FRINTTS, 1},
    {ID_ISAR1, 36, FEAT_SB, 1},      {ID_ISAR1, 44, FEAT_BF16, 1},
    {ID_ISAR1, 52, FEAT_I8MM, 1},    {ID_ISAR2, 16, FEAT_MOPS, 1},
    {ID_ISAR2, 52, FEAT_CSSC, 1},
};

static uint64_t id_value(IdReg reg)
{
    uint64_t value = 0;

    for (size_t n = 0; n < COUNTOF(id_fields); n++) {
        const IdField *f = &id_fields[n];

        if (f->reg != reg || !(process.cpu_offered[f->feature / 64] >> f->feature % 64 & 1))
            continue;
        value = (value & ~(0xfull << f->shift)) | (uint64_t)f->value << f->shift;
    }
    return value;
}

/* op0 = 3, op1 = 0, CRn = 0: what the kernel emulates; false where it sends SIGILL. */
static bool read_id_register(const CpuState *cpu, unsigned crm, unsigned op2, uint64_t *value)
{
    *value = 0;
    switch (crm << 4 | op2) {
    case 0x00: /* MIDR_EL1 */
        *value = process.midr;
        return true;
    case 0x05: /* MPIDR_EL1 */
        *value = 0x80000000u;
        return true;
    case 0x06: /* REVIDR_EL1 */
        return true;
    case 0x40: /* ID_AA64PFR0_EL1: EL0 and EL1 are AArch64 only */
        *value = id_value(ID_PFR0) | 0x11;
        if (!cpu_has(cpu, FEAT_FP))
            *value |= 0xff0000;
        return true;
    case 0x41: /* ID_AA64PFR1_EL1 */
        *value = id_value(ID_PFR1);
        return true;
    case 0x50: /* ID_AA64DFR0_EL1: DebugVer */
        *value = 6;
        return true;
    case 0x60: /* ID_AA64ISAR0_EL1 */
        *value = id_value(ID_ISAR0);
        return true;
    case 0x61: /* ID_AA64ISAR1_EL1 */
        *value = id_value(ID_ISAR1);
        return true;
    case 0x62: /* ID_AA64ISAR2_EL1 */
        *value = id_value(ID_ISAR2);
        return true;
    case 0x70: /* ID_AA64MMFR0_EL1: TGran4 and TGran64 say "not told" */
        *value = 0xff000000u;
        return true;
    default: /* the rest of the AArch64 ID space reads as zero */
        return crm >= 4 && crm <= 7;
    }
}

INTERP(MRS)
{
    uint64_t value;

    if (i->op == 1 && i->op1 == 0 && i->crn == 0 && read_id_register(cpu, i->crm, i->op2, &value))
        set_x(cpu, i->rt, value);
    else
        cpu_raise(cpu, EXIT_UNDEF);
}

/* Cache maintenance. */

/* The guest says that it changed code there: translations of that line are stale. */
INTERP(IC_IVAU)
{
    uint64_t line = (uint64_t)sext(get_x(cpu, i->rt), 56) & ~(uint64_t)(CACHE_LINE - 1);

    mem_code_changed(line, line + CACHE_LINE);
    cpu_raise(cpu, EXIT_LOOKUP);
}

INTERP(DC_ZVA)
{
    uint64_t block = get_x(cpu, i->rt) & ~(uint64_t)(ZVA_BYTES - 1);

    for (unsigned n = 0; n < ZVA_BYTES; n += 8)
        mem_st64(block + n, 0);
}

/* Nothing to clean on a coherent host, but an unreadable address faults. */
static void clean_line(const CpuState *cpu, const DecodedInsn *i)
{
    (void)*(volatile uint8_t *)mem_ptr(get_x(cpu, i->rt));
}

INTERP(DC_CVAC)
{
    clean_line(cpu, i);
}

INTERP(DC_CVAU)
{
    clean_line(cpu, i);
}

INTERP(DC_CVAP)
{
    clean_line(cpu, i);
}

INTERP(DC_CVADP)
{
    clean_line(cpu, i);
}

INTERP(DC_CIVAC)
{
    clean_line(cpu, i);
}
