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
#define MXCSR_UM 0x800u
#define MXCSR_IM_UM 0x880u
#define MXCSR_DM 0x100u
#define MXCSR_PM 0x1000u
#define MXCSR_MASK_SHIFT 7    /* from an exception's bit to its mask */
#define MXCSR_RC_SHIFT 13
#define MXCSR_FTZ (1u << 15)

/* After so many traps (a few microseconds each) a thread runs code that checks instead. */
#define FP_TRAPS_MAX 256

__thread CpuState *this_cpu;
bool cpu_use_fp_traps;

uint32_t cpu_fp_shape(const CpuState *cpu)
{
    if (!cpu_use_fp_traps)
        return cpu->fpcr;
    if (cpu->fp_traps < FP_TRAPS_MAX)
        return cpu->fpcr | FPCR_TRAPS;
    return cpu->fpcr | (cpu->fpcr & FPCR_FZ ? FPCR_NEWS : 0);
}

/*
 * What MXCSR has beside rounding and masks, and which masks it has not. With FZ a result that is
 * flushed is not inexact for Arm but is for the host: the first inexact result traps, too, and
 * then the host's bit tells nothing new. That a denormal operand was flushed it does not tell.
 */
static uint32_t mxcsr_modes(uint32_t shape, uint32_t fpsr)
{
    if (!(shape & FPCR_FZ))
        return shape & FPCR_TRAPS ? MXCSR_IM_UM : 0;
    if (shape & FPCR_TRAPS)
        return MXCSR_IM_UM | MXCSR_DM | (fpsr & FPSR_IXC ? 0 : MXCSR_PM);
    if (shape & FPCR_NEWS)
        return (fpsr & FPSR_IDC ? MXCSR_DAZ : MXCSR_DM) |
               (fpsr & FPSR_IXC ? MXCSR_FTZ : MXCSR_UM | MXCSR_PM);
    return MXCSR_FTZ | MXCSR_DAZ;
}

/* MXCSR for FPCR; the exceptions in it go to fpsr, so that the trapped ones are clear. */
static void shape_mxcsr(CpuState *cpu)
{
    static const uint8_t rounding_control[4] = {0, 2, 1, 3}; /* nearest, up, down, zero */
    uint32_t shape = cpu_fp_shape(cpu);

    cpu_fpsr(cpu);
    cpu->mxcsr = (MXCSR_MASKS ^ mxcsr_modes(shape, cpu->fpsr)) |
                 (uint32_t)rounding_control[shape >> FPCR_RMODE_SHIFT & 3] << MXCSR_RC_SHIFT;
}

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
    shape_mxcsr(cpu);
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
    cpu->qc = (V128){.u64 = {0, 0}};
    cpu->mxcsr &= ~MXCSR_STICKY;
    cpu->fpsr = value & FPSR_WRITABLE;
    shape_mxcsr(cpu);
}

void cpu_set_fpcr(CpuState *cpu, uint32_t value)
{
    value &= FPCR_WRITABLE;
    bool same = value == cpu->fpcr;
    cpu->fpcr = value;
    shape_mxcsr(cpu);
    if (!same)
        cpu_flush_jump_cache(cpu);
}

void cpu_fp_trapped(CpuState *cpu)
{
    uint32_t before = cpu_fp_shape(cpu);

    cpu->mxcsr &= cpu->mxcsr >> MXCSR_MASK_SHIFT | ~MXCSR_STICKY; /* none that can trap */
    if (cpu->fp_traps < FP_TRAPS_MAX)
        cpu->fp_traps++;
    shape_mxcsr(cpu);
    if (cpu_fp_shape(cpu) != before)
        cpu_flush_jump_cache(cpu);
}

void cpu_leave_fp_traps(CpuState *cpu)
{
    if (cpu->fp_traps == FP_TRAPS_MAX)
        return;
    cpu->fp_traps = FP_TRAPS_MAX;
    shape_mxcsr(cpu);
    cpu_flush_jump_cache(cpu);
}

void cpu_flush_jump_cache(CpuState *cpu)
{
    if (cpu->jump_cache_used) /* else its pages need not be touched */
        memset(cpu->jump_cache, 0, sizeof cpu->jump_cache + sizeof cpu->jump_cache2);
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
