/*
 * The loop of every guest thread. Translated code (or the interpreter, with -one-insn-per-tb)
 * runs until something needs C; signals are delivered here and nowhere else.
 *
 * Invariant: at the top of the loop the guest state in cpu is complete, and no lock is held.
 */
#define _GNU_SOURCE /* TRAP_BRKPT */
#include <errno.h>
#include <signal.h>
#include <xmmintrin.h>
#include "emu/base/check.h"
#include "emu/base/log.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "emu/interp/interp.h"
#include "emu/run/cpu_loop.h"
#include "emu/run/fault.h"
#include "syscalls/dispatch.h"
#include "syscalls/ptrace.h"
#include "syscalls/signal.h"
#include "tcg-lite/translate.h"

#define MXCSR_DEFAULT 0x1f80

/* Exception syndrome (ESR_EL1) as arm64's fault handling shows it in the signal frame. */
#define ESR_IL BIT(25)
#define ESR_INSN_ABORT (0x20ull << 26 | ESR_IL)
#define ESR_PC_ALIGN (0x22ull << 26 | ESR_IL)
#define ESR_DATA_ABORT (0x24ull << 26 | ESR_IL)
#define ESR_WNR BIT(6)
#define FSC_TRANSLATION 0x07 /* level 3 */
#define FSC_PERMISSION 0x0f  /* level 3 */
#define FSC_EXTERNAL 0x10
#define FSC_ALIGNMENT 0x21

static CpuExit fetch_fault(CpuState *cpu)
{
    MemArea area;

    cpu->fault_addr = cpu->pc;
    cpu->fault_write = 2;
    cpu->fault_sig = SIGSEGV;
    cpu->fault_code = mem_find(cpu->pc, &area) ? SEGV_ACCERR : SEGV_MAPERR;
    return EXIT_FAULT;
}

/* One instruction, with faults landing in cpu_loop. */
static CpuExit interpret_one(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);

    if (cpu->pc & 3)
        return EXIT_PC_ALIGN;
    t->in_interp = true;
    CpuExit why = interp_step(cpu);
    t->in_interp = false;
    return why;
}

/* -one-insn-per-tb: until an exit or a request. */
static CpuExit interpret(CpuState *cpu)
{
    uint64_t checked_page = ~0ull;

    while (!__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED)) {
        cpu->pc = (uint64_t)sext(cpu->pc, 56);
        if (cpu->pc / PAGE_SIZE_4K != checked_page) {
            if (!(cpu->pc & 3) && !mem_executable(cpu->pc, 4))
                return fetch_fault(cpu);
            checked_page = cpu->pc / PAGE_SIZE_4K;
        }
        if (log_enabled(LOG_CPU) && log_pc_wanted(cpu->pc))
            cpu_dump(log_fd(), cpu, log_enabled(LOG_FPU) || log_enabled(LOG_VPU));
        if (log_enabled(LOG_STATS))
            cpu->count[COUNT_COLD]++;
        CpuExit why = interpret_one(cpu);
        if (why != EXIT_NONE)
            return why;
    }
    return EXIT_SAFEPOINT;
}

static uint64_t fault_syndrome(const CpuState *cpu)
{
    uint64_t status = cpu->fault_code == SEGV_ACCERR ? FSC_PERMISSION : FSC_TRANSLATION;

    if (cpu->fault_sig == SIGBUS)
        status = cpu->fault_code == BUS_ADRALN ? FSC_ALIGNMENT : FSC_EXTERNAL;
    if (cpu->fault_write == 2)
        return ESR_INSN_ABORT | status;
    return ESR_DATA_ABORT | (cpu->fault_write ? ESR_WNR : 0) | status;
}

/* The exception at cpu->pc becomes a signal, unless another signal was there first. */
static void raise_exception(CpuState *cpu, CpuExit why)
{
    if (!signal_close(cpu))
        return; /* delivered now; the instruction runs again after the handler */
    switch (why) {
    case EXIT_UNDEF:
        LOG(LOG_INT, "undefined instruction at %#llx\n", (unsigned long long)cpu->pc);
        signal_force(cpu, SIGILL, ILL_ILLOPC, cpu->pc, 0);
        break;
    case EXIT_BRK:
        LOG(LOG_INT, "brk #%#x at %#llx\n", cpu->exit_info, (unsigned long long)cpu->pc);
        signal_force(cpu, SIGTRAP, TRAP_BRKPT, cpu->pc, 0);
        break;
    case EXIT_PC_ALIGN:
        LOG(LOG_INT, "misaligned pc %#llx\n", (unsigned long long)cpu->pc);
        signal_force(cpu, SIGBUS, BUS_ADRALN, cpu->pc, ESR_PC_ALIGN);
        break;
    default:
        LOG(LOG_INVALID_MEM, "fault at pc %#llx, address %#llx, signal %u code %u\n",
            (unsigned long long)cpu->pc, (unsigned long long)cpu->fault_addr, cpu->fault_sig,
            cpu->fault_code);
        signal_force(cpu, (int)cpu->fault_sig, (int)cpu->fault_code, cpu->fault_addr,
                     fault_syndrome(cpu));
        break;
    }
}

/* A tracer's single step. An exception makes its own stop. */
static void single_step(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);

    t->restartable = t->trace.step = false;
    t->trace.stepping = true;
    cpu->pc = (uint64_t)sext(cpu->pc, 56);
    CpuExit why = !(cpu->pc & 3) && !mem_executable(cpu->pc, 4) ? fetch_fault(cpu)
                                                                : interpret_one(cpu);
    if (why == EXIT_SVC)
        do_syscall(cpu);
    else if (why != EXIT_NONE && why != EXIT_LOOKUP)
        raise_exception(cpu, why);
    ptrace_stepped(t);
}

static void handle_exit(CpuState *cpu, CpuExit why)
{
    Thread *t = cpu_thread(cpu);
    bool finish = false;

    switch (why) {
    case EXIT_SVC:
        if (__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED)) {
            cpu->pc -= 4; /* the signal comes before the call */
            break;
        }
        cpu->excl_addr = EXCL_NONE; /* as every return from an exception does */
        do_syscall(cpu);
        /* fall through */
    case EXIT_SVC_DONE:
        finish = (int64_t)cpu->x[0] <= -ERESTARTSYS && (int64_t)cpu->x[0] >= -ERESTART_RESTARTBLOCK;
        break;
    case EXIT_UNDEF:
    case EXIT_BRK:
    case EXIT_PC_ALIGN:
    case EXIT_FAULT:
        raise_exception(cpu, why);
        break;
    default:
        break;
    }
    while (finish || __atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED)) {
        finish = false;
        signal_deliver(cpu);
        if (t->trace.step && !__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED))
            single_step(cpu);
    }
    t->restartable = false;
}

/* What was interrupted by the jump: nothing of it may look as if it still ran. */
static CpuExit after_landing(CpuState *cpu, int landed)
{
    cpu_thread(cpu)->in_interp = false;
    cpu->interp_insn = NULL;
    __atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
    _mm_setcsr(MXCSR_DEFAULT);
    if (landed == LAND_INTERP)
        return interpret_one(cpu);
    if (landed != LAND_STEP)
        return EXIT_FAULT;
    uint64_t pc = cpu->pc;
    CpuExit why = interpret_one(cpu); /* a wild address lands here again, as a plain fault */
    if (why == EXIT_NONE)
        tcg_tagged_access(pc);
    return why;
}

_Noreturn void cpu_loop(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);
    int landed = setjmp(t->loop);

    t->loop_valid = true;
    if (landed)
        handle_exit(cpu, after_landing(cpu, landed));
    for (;;)
        handle_exit(cpu, process.one_insn_per_tb ? interpret(cpu) : tcg_run(cpu));
}
