/*
 * One guest thread as the architecture defines it, plus the words that translated code must
 * reach in one instruction. Only the owning thread writes it; exit_request alone may be set
 * by others (and by signal handlers).
 *
 * Translated code keeps &cpu->x[16] in RBP, so that x0..x30 and SP are within disp8.
 */
#ifndef EMU_GUEST_CPU_H
#define EMU_GUEST_CPU_H

#include "emu/base/bits.h"
#include "emu/guest/mem.h"

/* Why the CPU stopped running guest code; cpu->pc is then as the comment says. */
typedef enum CpuExit {
    EXIT_NONE,
    EXIT_SVC,       /* pc: after the SVC */
    EXIT_UNDEF,     /* pc: the unallocated instruction */
    EXIT_BRK,       /* pc: the BRK; exit_info = its immediate */
    EXIT_FAULT,     /* pc: the instruction that faulted; fault_* below */
    EXIT_SAFEPOINT, /* exit_request was seen; pc: where to go on */
    EXIT_LOOKUP,    /* pc has no translation yet, or code was invalidated; just go on */
    EXIT_STEP,      /* one instruction was single-stepped; pc: next instruction */
    EXIT_PC_ALIGN,  /* pc is not a multiple of 4 */
    EXIT_SVC_DONE,  /* pc: after the SVC, which hooks.system_call made: only what follows one */
    EXIT_HOT,       /* inside tcg-lite only: pc has run often enough for the second tier */
} CpuExit;

#define PSTATE_N BIT(31)
#define PSTATE_Z BIT(30)
#define PSTATE_C BIT(29)
#define PSTATE_V BIT(28)

#define PSTATE_DIT BIT(24)
#define PSTATE_SSBS BIT(12)

#define FPCR_AHP BIT(26)
#define FPCR_DN BIT(25)
#define FPCR_FZ BIT(24)
#define FPCR_RMODE_SHIFT 22
#define FPCR_FZ16 BIT(19)
#define FPCR_TRAPS BIT(31) /* in cpu_fp_shape() only: the host traps what differs from Arm */
#define FPCR_NEWS BIT(30)  /* the same, with FZ: the host flushes, and traps what is new to FPSR */
#define FPCR_WRITABLE 0x07c80000u /* AHP DN FZ RMode FZ16; no traps are offered */
#define FPSR_QC BIT(27)
#define FPSR_IDC BIT(7)
#define FPSR_IXC BIT(4)
#define FPSR_UFC BIT(3)
#define FPSR_OFC BIT(2)
#define FPSR_DZC BIT(1)
#define FPSR_IOC BIT(0)
#define FPSR_WRITABLE 0x0800009fu

#define EXCL_NONE (~0ull)

/*
 * The per-thread tables of indirect branch targets: the first is looked up inline, the second,
 * with another hash, where the first has something else. An empty entry is all zero; as only
 * guest pc 0 could match that, the entries for pc 0 are never empty.
 */
#define JUMP_CACHE_BITS 14 /* code that lies together (64 KiB) never meets in the first table */
#define JUMP_CACHE_MASK ((1u << JUMP_CACHE_BITS) - 1)
#define JUMP_CACHE2_BITS 12
#define JUMP_CACHE2_MASK ((1u << JUMP_CACHE2_BITS) - 1)
#define JUMP_CACHE_NO_PC (~0ull)
typedef struct JumpCacheEntry {
    uint64_t guest_pc;
    uint64_t host_pc;
} JumpCacheEntry;

/* Counters of how often places were passed, by pc; see tcg-lite/x64/emit.h. */
#define CPU_HEAT_SLOTS 2048

/*
 * C(id, name): what -d stats counts in each thread, CpuState.count[COUNT_<id>]. Guest instructions
 * by the tier of their code, or interpreted (while cold, or all); ways out of translated code; and
 * what translated code does itself.
 */
#define CPU_COUNTS(C)                                                                              \
    C(TIER1, "insns.tier1") C(TIER2, "insns.tier2") C(COLD, "insns.cold")                          \
    C(EXIT_SLOT, "exit.unlinked") C(EXIT_LOOKUP, "exit.lookup") C(EXIT_HOT, "exit.hot")            \
    C(EXIT_POLL, "exit.poll") C(EXIT_SVC, "exit.svc") C(EXIT_OTHER, "exit.other")                  \
    C(POLL, "poll") C(CALL, "call") C(INDIRECT, "indirect") C(RETURN, "return")                    \
    C(RETURN_MISS, "return.miss") C(TABLE_MISS, "table.miss") C(SVC, "svc")                      \
    C(FP_TRAP, "fp.trap") C(HELPER, "helper")

typedef enum CpuCount {
#define C(id, name) COUNT_##id,
    CPU_COUNTS(C)
#undef C
    CPU_COUNT
} CpuCount;

#define CPU_DECODED_SLOTS 512

#define CPU_COLD_OPS 8192
#define CPU_COLD_OP_SIZE 16

#define CPU_TEMP_SLOTS 80

/* Above any address of a CpuState, low 32 bits: so that a poll is one comparison with RBP. */
#define CPU_EXIT_REQUESTED UINT32_MAX

typedef struct CpuState {
    uint64_t x[32];  /* x[31] is SP; XZR is never stored */
    uint64_t pc;
    uint64_t npc;    /* interpreter: address of the next instruction; branches overwrite it */
    uint32_t nzcv;   /* bits 31..28, as MRS reads it; valid whenever C code runs */
    uint32_t hflags; /* translated code's form of NZCV, see tcg-lite/emit/hflags.h */
    uint32_t exit_request; /* atomic; polled at every safepoint: 0 or CPU_EXIT_REQUESTED */
    uint32_t exit_reason;  /* CpuExit */
    uint32_t fpcr, fpsr;   /* fpsr lacks what is still in mxcsr, qc: read it with cpu_fpsr() */
    uint32_t mxcsr;        /* guest's MXCSR while C code runs */
    uint32_t exit_info;
    uint64_t tpidr_el0, tpidr2_el0;
    uint64_t excl_addr;  /* LDXR..STXR: address, or EXCL_NONE */
    V128 excl_value;     /* what LDXR saw; STXR compares */
    uint32_t excl_size;  /* bytes */
    uint32_t fault_write; /* EXIT_FAULT: 1 for a store, 2 for an instruction fetch */
    uint64_t fault_addr;  /* EXIT_FAULT: the guest address, tag removed */
    uint32_t fault_sig, fault_code; /* EXIT_FAULT: signal number and si_code */
    V128 v[32];
    V128 qc;             /* not zero: FPSR.QC is set, too; read it with cpu_fpsr() */
    uint64_t temp[CPU_TEMP_SLOTS]; /* spill slots of translated code, vector temps too */
    V128 pair;           /* translated code: what CASP compares with, then what it found; what
                            lives in RSI and RDI while memory is moved */
    uint64_t xzr, xzr_sink; /* tcg-lite/cold: 0; what was written to XZR */
    uint64_t host_rsp;   /* translated code's way back to C */
    uint32_t in_code;    /* atomic: this thread is inside translated code */
    uint32_t exit_slot;  /* translated code: which exit it left by, see tcg-lite/cache */
    uint32_t pstate;     /* DIT (bit 24) and SSBS (bit 12) where SPSR has them; not NZCV */
    struct Thread *thread;
    void *interp_insn;   /* DecodedInsn * being interpreted from translated code, else NULL */
    uint64_t features[2]; /* bit per Feature that this CPU has */
    bool jump_cache_used; /* some entry is not empty */
    uint32_t fp_traps;    /* traps of the host FPU so far; see cpu_fp_trapped() */
    MemExec cold_area;    /* tcg-lite/cold: where cold code was last found executable */
#ifdef EMU_DEBUG
    uint64_t claims[2];   /* RAX and flags while translated code checks itself: emit/claims.c */
#endif
    alignas(64) JumpCacheEntry jump_cache[1 << JUMP_CACHE_BITS];
    JumpCacheEntry jump_cache2[1 << JUMP_CACHE2_BITS];
    uint32_t heat[CPU_HEAT_SLOTS];
    uint64_t count[CPU_COUNT]; /* behind jump_cache: a new thread starts with zeros */
    alignas(64) uint8_t decoded[CPU_DECODED_SLOTS][64]; /* tcg-lite/cold: decoded words */
    alignas(64) uint8_t cold_op[CPU_COLD_OPS][CPU_COLD_OP_SIZE]; /* tcg-lite/cold: by pc */
} CpuState;

/*
 * RBP = cpu + CPU_BIAS, so that disp8 reaches what translated code uses most: not x[0..3], which
 * are in host registers anyway, but what is behind x[].
 */
#define CPU_BIAS 160
_Static_assert(offsetof(CpuState, x) == 0, "X registers are words numbered from 0");
_Static_assert(offsetof(CpuState, exit_request) - CPU_BIAS < 128, "in reach of disp8");
_Static_assert(offsetof(CpuState, qc) == offsetof(CpuState, v[32]), "qc is like a V register");

/* System registers that read the same on every CPU. */
#define CTR_VALUE 0x80038003u  /* as QEMU's; DIC = IDC = 0: programs must use IC IVAU */
#define DCZID_VALUE 4u         /* DC ZVA clears 4 << 4 bytes */
#define COUNTER_HZ 1000000000u /* the counter counts CLOCK_MONOTONIC's nanoseconds */

/* The CPU of the running host thread, for fault and signal handlers. */
extern __thread CpuState *this_cpu;

/* Registers zero except those the kernel sets at exec; excl open, FPCR 0, MXCSR default. */
void cpu_reset(CpuState *cpu);

/* FPSR as MRS reads it: merges the sticky exception bits that the host FPU collected. */
uint32_t cpu_fpsr(CpuState *cpu);

/* MSR FPSR / FPCR: also sets the host-side shape (MXCSR). */
void cpu_set_fpsr(CpuState *cpu, uint32_t value);
void cpu_set_fpcr(CpuState *cpu, uint32_t value);

/* The host FPU's traps may be used: host_init() sets it, before the first cpu_reset(). */
extern bool cpu_use_fp_traps;

/*
 * FPCR as translated code depends on it: with FPCR_TRAPS while the host traps invalid operations
 * and tiny results (with FZ also denormal operands and the first inexact result) of guest code,
 * for the interpreter to perform. Then MXCSR's bits of these exceptions are always clear while
 * guest code runs. A thread that traps often has FPCR_NEWS instead when FZ is set: translated code
 * checks results as it does without FZ, and the host traps denormal operands until FPSR.IDC is
 * set, tiny and inexact results until FPSR.IXC is set; from then on it flushes them itself.
 */
uint32_t cpu_fp_shape(const CpuState *cpu);

/*
 * The host FPU has trapped; cpu->mxcsr is what it held. What it says of the trapped exceptions is
 * for the interpreter to say. A thread whose code traps often goes on without traps (see
 * cpu_fp_shape()). Safe in a signal handler of the thread.
 */
void cpu_fp_trapped(CpuState *cpu);

/* The thread goes on without traps, as if it had trapped often: under a tracer each costs it. */
void cpu_leave_fp_traps(CpuState *cpu);

/* Registers in QEMU's "-d cpu" layout; vectors too when with_fp. */
void cpu_dump(int fd, CpuState *cpu, bool with_fp);

/* The entry for pc in the first (0) or second table. */
static inline JumpCacheEntry *cpu_jump_entry(CpuState *cpu, unsigned table, uint64_t pc)
{
    uint32_t hash = (uint32_t)pc >> 2;

    if (table == 0)
        return &cpu->jump_cache[hash & JUMP_CACHE_MASK];
    hash ^= (uint32_t)pc >> (2 + JUMP_CACHE2_BITS);
    return &cpu->jump_cache2[hash & JUMP_CACHE2_MASK];
}

/* Empties the jump cache (after invalidation or when FPCR changed). */
void cpu_flush_jump_cache(CpuState *cpu);

/* True when the CPU has this Feature, offered or not (-cpu, emu/decode/features.def). */
static inline bool cpu_has(const CpuState *cpu, unsigned feature)
{
    return (cpu->features[feature / 64] >> (feature % 64)) & 1;
}

#endif
