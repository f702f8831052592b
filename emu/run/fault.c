/*
 * Host SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP that the kernel raised for the running
 * instruction. Runs in signal context on the host signal stack; takes no lock but the memory
 * map's (which no code that faults for the guest holds).
 *
 * Invariant: the handler either repairs and returns, or leaves to cpu_loop's landing place with
 * the guest state complete, or ends the process.
 */
#define _GNU_SOURCE /* REG_RIP... */
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/decode/disas.h"
#include "emu/guest/mem.h"
#include "emu/guest/thread.h"
#include "emu/run/fault.h"
#include "emu/run/report.h"
#include "syscalls/signal.h"
#include "tcg-lite/translate.h"

#define TRAP_STACK 12   /* #SS and #GP: the address was not canonical; the kernel gives none */
#define TRAP_GENERAL 13
#define PF_WRITE 2      /* page fault error code: the access was a write */
#define RED_ZONE 128

static _Noreturn void jump_to_loop(Thread *t, int how)
{
    longjmp(t->loop, how);
}

/* Makes the return from the handler go to cpu_loop, so that sigreturn restores the mask. */
static void leave(ucontext_t *uc, Thread *t, int how)
{
    greg_t *g = uc->uc_mcontext.gregs;

    g[REG_RSP] = (greg_t)(((uint64_t)g[REG_RSP] - RED_ZONE) & ~15ull) - 8;
    g[REG_RIP] = (greg_t)(uint64_t)jump_to_loop;
    g[REG_RDI] = (greg_t)(uint64_t)t;
    g[REG_RSI] = how;
    g[REG_EFL] &= ~(greg_t)0x400; /* DF clear, as the ABI wants it */
}

/*
 * What the interpreter was accessing when its address was not canonical, which the kernel does not
 * tell: the host instruction does. False (and address 0) when it cannot be found.
 */
static bool wild_access(const ucontext_t *uc, uint64_t *address, bool *is_write)
{
    const uint8_t *code = (const uint8_t *)(uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
    HostAccess a;

    for (unsigned n = 0; disas_host_access(code, n, &a); n++) {
        *address = (a.base < 0 ? 0 : tcg_host_register(uc, (unsigned)a.base)) +
                   (a.index < 0 ? 0 : tcg_host_register(uc, (unsigned)a.index)) * a.scale +
                   (uint64_t)a.disp;
        *is_write = a.is_write;
        if ((uint64_t)sext(*address, 48) != *address)
            return true;
    }
    *address = 0;
    return false;
}

static void set_fault(CpuState *cpu, int sig, const siginfo_t *info, const ucontext_t *uc,
                      bool no_address)
{
    const greg_t *g = uc->uc_mcontext.gregs;
    bool is_write = false;

    cpu->fault_sig = (uint32_t)sig;
    cpu->fault_code = (uint32_t)info->si_code;
    cpu->fault_addr = (uint64_t)info->si_addr;
    cpu->fault_write = g[REG_TRAPNO] == 14 && (g[REG_ERR] & PF_WRITE) ? 1 : 0;
    if (no_address) {
        cpu->fault_sig = SIGSEGV;
        cpu->fault_code = SEGV_MAPERR;
        wild_access(uc, &cpu->fault_addr, &is_write);
        cpu->fault_write = is_write;
    }
    if (cpu->fault_addr - cpu->pc < 4 && !cpu->fault_write)
        cpu->fault_write = 2;
}

/* SIGSEGV and SIGBUS: true when it was dealt with. */
static bool memory_fault(int sig, const siginfo_t *info, ucontext_t *uc)
{
    greg_t *g = uc->uc_mcontext.gregs;
    Thread *t = this_thread();
    CpuState *cpu = this_cpu;
    bool no_address = info->si_code == SI_KERNEL &&
                      (g[REG_TRAPNO] == TRAP_GENERAL || g[REG_TRAPNO] == TRAP_STACK);
    uint64_t rip = (uint64_t)g[REG_RIP];

    if (mem_copy_fault(&rip)) {
        g[REG_RIP] = (greg_t)rip;
        return true;
    }
    if (!no_address && sig == SIGSEGV && (g[REG_ERR] & PF_WRITE) &&
        mem_code_write_fault((uint64_t)info->si_addr))
        return true;
    if (!t || !t->loop_valid)
        return false;
    if (sig == SIGSEGV && tcg_stack_fault(cpu, uc, (uint64_t)info->si_addr))
        return true;
    TcgRecovery recovered = tcg_recover(cpu, uc);
    if (recovered != TCG_NOT_OURS) {
        if (!no_address)
            set_fault(cpu, sig, info, uc, false);
        leave(uc, t, no_address ? LAND_STEP
                     : recovered == TCG_INTERPRET ? LAND_INTERP : LAND_FAULT);
        return true;
    }
    if (t->in_interp || cpu->interp_insn) {
        set_fault(cpu, sig, info, uc, no_address);
        leave(uc, t, LAND_FAULT);
        return true;
    }
    return false;
}

/* A floating-point exception that the guest must not see: the host asks the interpreter. */
static bool fp_fault(ucontext_t *uc)
{
    Thread *t = this_thread();

    if (!t || !t->loop_valid || !tcg_recover(this_cpu, uc))
        return false;
    leave(uc, t, LAND_INTERP);
    return true;
}

static _Noreturn void die_by(int sig)
{
    uint64_t default_action[4] = {0}, all_but = ~BIT(sig - 1);

    sys(SYS_rt_sigaction, sig, default_action, NULL, 8);
    sys(SYS_tgkill, sys(SYS_getpid), sys(SYS_gettid), sig);
    sys(SYS_rt_sigprocmask, SIG_SETMASK, &all_but, NULL, 8);
    for (;;)
        sys(SYS_exit_group, 128 + sig);
}

static void host_fault(int sig, void *siginfo, void *context)
{
    static uint32_t failing;
    uint64_t faults = BIT(SIGSEGV - 1) | BIT(SIGBUS - 1);

    if ((sig == SIGSEGV || sig == SIGBUS) && memory_fault(sig, siginfo, context))
        return;
    if (sig == SIGFPE && fp_fault(context))
        return;
    if (__atomic_exchange_n(&failing, 1, __ATOMIC_SEQ_CST) == 0) {
        /* the report reads guest memory with guarded copies, which may fault */
        sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &faults, NULL, 8);
        report_internal_fault(sig, siginfo, context);
    }
    die_by(sig);
}

void fault_init(void)
{
    signal_fault = host_fault;
    signal_report = report_guest_death;
    check_describe_crash = report_crash;
}
