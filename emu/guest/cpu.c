/*
 * CpuState: reset, the floating-point control registers, register dumps.
 *
 * Exceptions that the host FPU collected while guest code ran stay in cpu->mxcsr until
 * somebody reads FPSR; so does what translated code collects about saturation in cpu->qc. The
 * architectural FPSR is always fpsr | what mxcsr and qc say.
 */
#include <stdio.h>
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/cpu.h"

#define MXCSR_STICKY 0x3fu    /* IE DE ZE OE UE PE */
#define MXCSR_DAZ (1u << 6)
#define MXCSR_MASKS 0x1f80u   /* no exception traps */
#define MXCSR_RC_SHIFT 13
#define MXCSR_FTZ (1u << 15)

__thread CpuState *this_cpu;

void cpu_reset(CpuState *cpu)
{
    struct Thread *thread = cpu->thread;
    uint64_t features[2] = {cpu->features[0], cpu->features[1]};

    bool used = cpu->jump_cache_used;

    memset(cpu, 0, offsetof(CpuState, jump_cache));
    cpu->jump_cache_used = used;
    cpu->thread = thread;
    memcpy(cpu->features, features, sizeof features);
    cpu->pstate = PSTATE_SSBS;
    cpu->excl_addr = EXCL_NONE;
    cpu->mxcsr = MXCSR_MASKS;
    cpu_flush_jump_cache(cpu);
}

uint32_t cpu_fpsr(CpuState *cpu)
{
    /* DE has no counterpart: Arm's IDC means that a denormal was flushed, not seen. */
    static const struct {
        uint32_t mxcsr, fpsr;
    } map[] = {
        {1 << 0, FPSR_IOC}, {1 << 2, FPSR_DZC}, {1 << 3, FPSR_OFC},
        {1 << 4, FPSR_UFC}, {1 << 5, FPSR_IXC},
    };

    for (size_t n = 0; n < COUNTOF(map); n++)
        if (cpu->mxcsr & map[n].mxcsr)
            cpu->fpsr |= map[n].fpsr;
    cpu->mxcsr &= ~MXCSR_STICKY;
    if (cpu->qc.u64[0] | cpu->qc.u64[1])
        cpu->fpsr |= FPSR_QC;
    return cpu->fpsr;
}

void cpu_set_fpsr(CpuState *cpu, uint32_t value)
{
    cpu->fpsr = value & FPSR_WRITABLE;
    cpu->qc = (V128){.u64 = {0, 0}};
    cpu->mxcsr &= ~MXCSR_STICKY;
}

void cpu_set_fpcr(CpuState *cpu, uint32_t value)
{
    static const uint8_t rounding_control[4] = {0, 2, 1, 3}; /* nearest, up, down, zero */

    value &= FPCR_WRITABLE;
    cpu->mxcsr = MXCSR_MASKS | (cpu->mxcsr & MXCSR_STICKY) |
                 (uint32_t)rounding_control[value >> FPCR_RMODE_SHIFT & 3] << MXCSR_RC_SHIFT |
                 (value & FPCR_FZ ? MXCSR_FTZ | MXCSR_DAZ : 0);
    if (value == cpu->fpcr)
        return;
    cpu->fpcr = value;
    cpu_flush_jump_cache(cpu);
}

void cpu_flush_jump_cache(CpuState *cpu)
{
    if (cpu->jump_cache_used) /* else its pages need not be touched */
        memset(cpu->jump_cache, 0, sizeof cpu->jump_cache);
    cpu->jump_cache_used = false;
    for (unsigned table = 0; table < 2; table++)
        cpu_jump_entry(cpu, table, 0)->guest_pc = JUMP_CACHE_NO_PC;
}

void cpu_dump(int fd, CpuState *cpu, bool with_fp)
{
    char text[4096];
    size_t at = 0;

#define PUT(...) (at += (size_t)snprintf(text + at, sizeof text - at, __VA_ARGS__))
    PUT(" PC=%016lx", cpu->pc);
    for (unsigned r = 0; r < 31; r++)
        PUT("%cX%02u=%016lx", r % 3 == 2 ? '\n' : ' ', r, cpu->x[r]);
    PUT("  SP=%016lx\n", cpu->x[31]);
    uint32_t nzcv = cpu->nzcv;
    PUT("PSTATE=%08x %c%c%c%c EL0t", nzcv | cpu->pstate, nzcv & PSTATE_N ? 'N' : '-',
        nzcv & PSTATE_Z ? 'Z' : '-', nzcv & PSTATE_C ? 'C' : '-', nzcv & PSTATE_V ? 'V' : '-');
    if (with_fp) {
        PUT("  FPCR=%08x FPSR=%08x\n", cpu->fpcr, cpu_fpsr(cpu));
        for (unsigned r = 0; r < 32; r++)
            PUT("Q%02u=%016lx:%016lx%c", r, cpu->v[r].u64[1], cpu->v[r].u64[0],
                r % 2 ? '\n' : ' ');
    } else {
        PUT("\n");
    }
#undef PUT
    sys(SYS_write, fd, text, at);
}
