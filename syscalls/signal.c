/*
 * Guest signals: dispositions, masks, the host handler and delivery.
 *
 * Invariants:
 * - While guest code runs, the host's blocked mask of the thread is the guest's, except that
 *   SIGSEGV, SIGBUS and SIGFPE stay open (the emulator itself faults on purpose). One of these
 *   that is sent while the guest blocks it waits in Thread.held_*.
 * - The host handler records one asynchronous signal and returns with everything blocked, so
 *   Thread.pending_* holds at most one; the mask opens again when it has been delivered.
 * - The host disposition is ours where the guest has a handler, and for default actions that
 *   dump core (they get a report); all else is the kernel's own.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include "emu/base/alloc.h"
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "syscalls/ptrace.h"
#include "syscalls/safe_syscall.h"
#include "syscalls/signal.h"
#include "syscalls/signal_frame.h"

#define SIGNAL_COUNT 64
#define SIGBIT(sig) BIT((sig)-1)
#define OPEN_SET (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGFPE))
#define CLOSED_MASK (~OPEN_SET)
#define UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define CORE_SET                                                                                   \
    (SIGBIT(SIGQUIT) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGABRT) | SIGBIT(SIGBUS) |       \
     SIGBIT(SIGFPE) | SIGBIT(SIGSEGV) | SIGBIT(SIGXCPU) | SIGBIT(SIGXFSZ) | SIGBIT(SIGSYS))
#define IGNORE_SET (SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH))
/* Signals by which the host kernel reports a fault of the running instruction. */
#define FAULT_SET                                                                                  \
    (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGFPE) | SIGBIT(SIGTRAP))

#define HOST_RIP 16 /* REG_RIP, without the feature macro */

#define HANDLER_DFL 0
#define HANDLER_IGN 1

/* The flags that the kernel keeps; SA_UNSUPPORTED and unknown bits read back as 0. */
#define SA_KNOWN                                                                                   \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | 0x800ull /* SA_EXPOSE_TAGBITS */ |                 \
     GUEST_SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | (uint64_t)(uint32_t)SA_RESETHAND)

typedef struct SigTable {
    Lock lock;
    uint32_t users; /* atomic */
    SigAction action[SIGNAL_COUNT + 1];
} SigTable;

SignalFaultFn *signal_fault;
SignalReportFn *signal_report;

static bool remapped; /* -t is in force */
static uint8_t guest_of_host[SIGNAL_COUNT + 1];

int signal_to_host(int sig)
{
    return remapped && sig >= 1 && sig <= SIGNAL_COUNT ? (int)process.rt_signal_map[sig - 1] : sig;
}

int signal_to_guest(int sig)
{
    return remapped && sig >= 1 && sig <= SIGNAL_COUNT ? guest_of_host[sig] : sig;
}

static uint64_t remap_mask(uint64_t mask, int (*to)(int))
{
    uint64_t out = 0;

    if (!remapped)
        return mask;
    for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
        if (mask & SIGBIT(sig))
            out |= SIGBIT(to(sig));
    }
    return out;
}

uint64_t signal_host_mask(uint64_t guest_mask)
{
    return remap_mask(guest_mask, signal_to_host) & ~OPEN_SET;
}

static void host_set_mask(uint64_t mask)
{
    sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}

bool signal_close(CpuState *cpu)
{
    uint64_t mask = CLOSED_MASK;

    return safe_syscall(cpu, SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t)&mask, 0, 8, 0, 0) == 0;
}

void signal_open(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);

    if (t->held_mask & ~t->sigmask)
        __atomic_store_n(&cpu->exit_request, CPU_EXIT_REQUESTED, __ATOMIC_SEQ_CST);
    host_set_mask(signal_host_mask(t->sigmask));
}

/* --- the host side of dispositions --- */

__asm__(".text\n"
        ".type signal_host_restorer, @function\n"
        "signal_host_restorer:\n"
        "    mov $15, %eax\n" /* rt_sigreturn */
        "    syscall\n");
void signal_host_restorer(void);

const uint64_t signal_closed_mask = CLOSED_MASK;

int signal_held_slot(int sig)
{
    switch (sig) {
    case SIGBUS: return 0;
    case SIGFPE: return 1;
    case SIGSEGV: return 2;
    case SIGSTOP: return 3; /* a tracer takes it although everything is blocked */
    default: return -1;
    }
}

/* In signal context. Everything but OPEN_SET is blocked, by sa_mask. */
static void host_handler(int host_sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    Thread *t = this_thread();
    int sig = signal_to_guest(host_sig);
    uint64_t closed = CLOSED_MASK;

    if ((SIGBIT(host_sig) & FAULT_SET) && info->si_code > 0 && info->si_code <= SI_KERNEL) {
        signal_fault(host_sig, info, context);
        return;
    }
    if (SIGBIT(sig) & OPEN_SET) {
        if (ptrace_stop_unseen(t, info))
            return;
        if (!(t->held_mask & SIGBIT(sig))) /* the kernel, too, keeps the first one's */
            memcpy(t->held_info[signal_held_slot(sig)], info, 128);
        t->held_mask |= SIGBIT(sig);
        if (t->sigmask & SIGBIT(sig))
            return;
    } else {
        t->pending_signal = (uint32_t)sig;
        memcpy(t->pending_info, info, 128);
        memcpy(t->pending_info, &sig, sizeof sig);
        memcpy(&uc->uc_sigmask, &closed, 8);
    }
    __atomic_store_n(&t->cpu.exit_request, CPU_EXIT_REQUESTED, __ATOMIC_SEQ_CST);
    safe_syscall_redirect((uint64_t *)&uc->uc_mcontext.gregs[HOST_RIP]);
}

/* Gives the host kernel the disposition that goes with the guest's. */
static void host_install(int sig, const SigAction *act)
{
    struct {
        void *handler;
        uint64_t flags;
        void (*restorer)(void);
        uint64_t mask;
    } host = {NULL, GUEST_SA_RESTORER, signal_host_restorer, ~0ull};

    if (SIGBIT(sig) & UNBLOCKABLE)
        return;
    host.flags |= act->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
    if (act->handler == HANDLER_IGN && !(SIGBIT(sig) & OPEN_SET)) {
        host.handler = SIG_IGN;
    } else if (act->handler > HANDLER_IGN || (SIGBIT(sig) & (CORE_SET | OPEN_SET))) {
        host.handler = (void *)host_handler;
        host.flags |= SA_SIGINFO | SA_ONSTACK;
        host.flags |= act->handler > HANDLER_IGN ? act->flags & SA_RESTART : SA_RESTART;
    }
    if (SIGBIT(sig) & OPEN_SET)
        host.mask = CLOSED_MASK | OPEN_SET; /* a fault inside the handler is fatal at once */
    sys(SYS_rt_sigaction, signal_to_host(sig), &host, NULL, 8);
}

static void host_default(int sig)
{
    uint64_t host[4] = {0};
    sys(SYS_rt_sigaction, signal_to_host(sig), host, NULL, 8);
}

void signal_init(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);
    SigTable *table = alloc_get(sizeof *table);

    table->users = 1;
    t->sigtable = table;
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        uint64_t to = process.rt_signal_map[i];
        if (to && to != (uint64_t)i + 1)
            remapped = true;
    }
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        if (!process.rt_signal_map[i])
            process.rt_signal_map[i] = (uint64_t)i + 1;
        guest_of_host[process.rt_signal_map[i]] = (uint8_t)(i + 1);
    }
    for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
        uint64_t host[4] = {0};
        int64_t ret = sys(SYS_rt_sigaction, signal_to_host(sig), NULL, host, 8);
        if (sys_failed(ret) && ret != -EINVAL)
            die(1, "cannot handle signals: %s", strerror((int)-ret));
        if (host[0] == (uint64_t)SIG_IGN)
            table->action[sig].handler = HANDLER_IGN;
        else if (SIGBIT(sig) & (CORE_SET | OPEN_SET))
            host_install(sig, &table->action[sig]);
        if (host[0] == (uint64_t)SIG_IGN && (SIGBIT(sig) & OPEN_SET))
            host_install(sig, &table->action[sig]);
    }
    uint64_t mask = 0;
    int64_t ret = sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    if (sys_failed(ret))
        die(1, "cannot block signals: %s", strerror((int)-ret));
    t->sigmask = remap_mask(mask, signal_to_guest);
    signal_open(cpu);
}

void signal_clone(Thread *child, const Thread *parent, bool share)
{
    SigTable *table = parent->sigtable;

    if (share) {
        __atomic_add_fetch(&table->users, 1, __ATOMIC_SEQ_CST);
        child->sigtable = table;
        return;
    }
    SigTable *copy = alloc_get(sizeof *copy);
    lock_take(&table->lock);
    memcpy(copy->action, table->action, sizeof copy->action);
    lock_release(&table->lock);
    copy->users = 1;
    child->sigtable = copy;
}

void signal_reset(Thread *t)
{
    for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
        SigAction *act = &t->sigtable->action[sig];
        if (act->handler != HANDLER_IGN)
            *act = (SigAction){0};
        host_install(sig, act);
    }
}

void signal_release(Thread *t)
{
    if (__atomic_sub_fetch(&t->sigtable->users, 1, __ATOMIC_SEQ_CST) == 0)
        alloc_free(t->sigtable, sizeof *t->sigtable);
    t->sigtable = NULL;
}

void signal_before_fork(Thread *t)
{
    lock_take(&t->sigtable->lock);
}

void signal_after_fork(Thread *t, bool in_child)
{
    if (in_child) {
        t->sigtable->users = 1;
        t->held_mask &= SIGBIT(SIGSTOP); /* none is inherited; this is a tracer's, just sent */
    }
    lock_release(&t->sigtable->lock);
}

/* --- delivery --- */

_Noreturn void signal_die(CpuState *cpu, int sig, const void *siginfo)
{
    uint64_t only = ~SIGBIT(signal_to_host(sig));

    host_set_mask(CLOSED_MASK);
    if (signal_report)
        signal_report(cpu, sig, siginfo);
    if (hooks.process_ends && !cpu_thread(cpu)->vfork_child)
        hooks.process_ends();
    host_default(sig);
    cpu_thread(cpu)->trace.passing |= SIGBIT(signal_to_host(sig));
    sys(SYS_tgkill, sys(SYS_getpid), sys(SYS_gettid), signal_to_host(sig));
    host_set_mask(only);
    for (;;) /* init of a pid namespace does not die by its own signals */
        sys(SYS_exit_group, 128 + sig);
}

/* The x0 and pc of an interrupted system call, once it is known whether a handler runs. */
static void finish_syscall(Thread *t, const SigAction *handler)
{
    CpuState *cpu = &t->cpu;
    int64_t ret = (int64_t)cpu->x[0];
    bool again;

    if (!t->restartable)
        return;
    t->restartable = false;
    if (ret == -ERESTARTNOINTR)
        again = true;
    else if (ret == -ERESTARTSYS)
        again = !handler || (handler->flags & SA_RESTART);
    else if (ret == -ERESTARTNOHAND || ret == -ERESTART_RESTARTBLOCK)
        again = !handler;
    else
        return;
    if (again) {
        cpu->x[0] = t->orig_x0;
        cpu->pc -= 4;
        if (ret == -ERESTART_RESTARTBLOCK)
            cpu->x[8] = 128; /* restart_syscall */
    } else {
        cpu->x[0] = (uint64_t)-EINTR;
    }
}

/* force_sig: a signal that cannot be delivered kills. */
static void force_fatal(Thread *t, int sig)
{
    uint8_t info[128] = {0};
    int code = SI_KERNEL;

    memcpy(info, &sig, sizeof sig);
    memcpy(info + 8, &code, sizeof code);
    signal_die(&t->cpu, sig, info);
}

/* Runs the guest's handler; act is a copy, its disposition is already reset if so flagged. */
static void enter_handler(Thread *t, int sig, const SigAction *act, const uint8_t info[128])
{
    uint64_t saved = t->restore_saved_mask ? t->saved_sigmask : t->sigmask;

    finish_syscall(t, act);
    if (!signal_push_frame(t, sig, act, info, saved)) {
        if (sig == SIGSEGV)
            force_fatal(t, SIGSEGV);
        t->fault_esr = 0;
        signal_force(&t->cpu, SIGSEGV, SI_KERNEL, 0, 0);
        return;
    }
    t->restore_saved_mask = false;
    t->sigmask |= act->mask;
    if (!(act->flags & SA_NODEFER))
        t->sigmask |= SIGBIT(sig);
    t->sigmask &= ~UNBLOCKABLE;
}

/* The disposition as of now; SA_RESETHAND takes effect here. */
static SigAction take_action(Thread *t, int sig)
{
    SigTable *table = t->sigtable;

    lock_take(&table->lock);
    SigAction act = table->action[sig];
    if (act.handler > HANDLER_IGN && (act.flags & (uint32_t)SA_RESETHAND)) {
        table->action[sig].handler = HANDLER_DFL;
        host_install(sig, &table->action[sig]);
    }
    lock_release(&table->lock);
    return act;
}

static void act_on(Thread *t, int sig, const uint8_t info[128])
{
    SigAction act = take_action(t, sig);

    if (act.handler == HANDLER_IGN)
        return;
    if (act.handler != HANDLER_DFL) {
        enter_handler(t, sig, &act, info);
        if (t->trace.on)
            ptrace_handler_entered(t);
    } else if (SIGBIT(sig) & CORE_SET) {
        signal_die(&t->cpu, sig, info);
    } else if (!(SIGBIT(sig) & IGNORE_SET)) {
        /* the guest went back to the default since: the host's is the same now, let it act */
        t->trace.passing |= SIGBIT(signal_to_host(sig));
        sys(SYS_tgkill, sys(SYS_getpid), t->tid, signal_to_host(sig));
    }
}

/* A handler entered since has blocked the recorded signal: the host keeps it until it is wanted. */
static void give_back(Thread *t, int sig, uint8_t info[128])
{
    int host_sig = signal_to_host(sig);

    memcpy(info, &host_sig, sizeof host_sig);
    sys(SYS_rt_tgsigqueueinfo, sys(SYS_getpid), t->tid, host_sig, info);
}

static void deliver_one(Thread *t, int sig, uint8_t info[128])
{
    int wanted = t->trace.on ? ptrace_signal(t, sig, info) : sig;

    if (wanted != sig && wanted && (t->sigmask & SIGBIT(wanted)))
        give_back(t, wanted, info);
    else if (wanted)
        act_on(t, wanted, info);
}

/*
 * Takes what is recorded and deliverable: the signal number, or 0. The order is the kernel's:
 * those by which faults are reported, the lowest of them, before all others.
 */
static int take_pending(Thread *t, uint8_t info[128])
{
    uint64_t held = t->held_mask & ~t->sigmask;
    int sig;

    if (t->trace.stepped) {
        t->trace.stepped = false;
        ptrace_step_info(t, info);
        return SIGTRAP;
    }
    if (held) {
        sig = __builtin_ctzll(held) + 1;
        memcpy(info, t->held_info[signal_held_slot(sig)], 128);
        t->held_mask &= ~SIGBIT(sig);
        return sig;
    }
    sig = (int)t->pending_signal;
    if (sig == 0)
        return 0;
    memcpy(info, t->pending_info, 128);
    t->pending_signal = 0;
    if (!(t->sigmask & SIGBIT(sig)))
        return sig;
    give_back(t, sig, info);
    return 0;
}

void signal_deliver(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);
    bool caught = t->pending_signal || (t->held_mask & ~t->sigmask);

    __atomic_store_n(&cpu->exit_request, 0, __ATOMIC_SEQ_CST);
    /* whatever is recorded from here on sets exit_request again */
    if (process.traced)
        caught = ptrace_safepoint(t) || t->trace.stepped || caught;
    caught = caught || t->pending_signal || (t->held_mask & ~t->sigmask);
    if (caught) {
        host_set_mask(CLOSED_MASK);
        uint8_t info[128];
        for (int sig; (sig = take_pending(t, info)) != 0;)
            deliver_one(t, sig, info);
    }
    finish_syscall(t, NULL);
    if (t->restore_saved_mask) {
        t->sigmask = t->saved_sigmask;
        t->restore_saved_mask = false;
        caught = true;
    }
    if (caught)
        signal_open(cpu);
}

void signal_force_info(CpuState *cpu, int sig, uint8_t info[128])
{
    Thread *t = cpu_thread(cpu);

    t->restartable = false;
    int wanted = t->trace.on ? ptrace_signal(t, sig, info) : sig;
    if (wanted != sig) { /* the tracer's decision, no fault any more */
        t->fault_esr = 0;
        if (wanted)
            act_on(t, wanted, info);
        signal_open(cpu);
        return;
    }
    SigAction act = take_action(t, sig);
    if (act.handler <= HANDLER_IGN || (t->sigmask & SIGBIT(sig)))
        signal_die(cpu, sig, info);
    enter_handler(t, sig, &act, info);
    t->fault_esr = 0;
    if (t->trace.on)
        ptrace_handler_entered(t);
    signal_open(cpu);
}

void signal_force(CpuState *cpu, int sig, int code, uint64_t addr, uint64_t esr)
{
    Thread *t = cpu_thread(cpu);
    uint8_t info[128] = {0};

    memcpy(info, &sig, sizeof sig);
    memcpy(info + 8, &code, sizeof code);
    memcpy(info + 16, &addr, sizeof addr);
    t->fault_esr = esr;
    t->fault_address = addr;
    signal_force_info(cpu, sig, info);
}

void signal_before_exec(Thread *t)
{
    uint64_t blocked = t->sigmask & OPEN_SET, ignored[4] = {(uint64_t)SIG_IGN};

    for (int sig = 1; sig <= SIGNAL_COUNT; sig++)
        if ((SIGBIT(sig) & OPEN_SET) && t->sigtable->action[sig].handler == HANDLER_IGN)
            sys(SYS_rt_sigaction, sig, ignored, NULL, 8);
    if (blocked)
        sys(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, NULL, 8);
}

void signal_exec_failed(Thread *t)
{
    uint64_t open = OPEN_SET;

    for (int sig = 1; sig <= SIGNAL_COUNT; sig++)
        if ((SIGBIT(sig) & OPEN_SET) && t->sigtable->action[sig].handler == HANDLER_IGN)
            host_install(sig, &t->sigtable->action[sig]);
    sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &open, NULL, 8);
}

/* --- system calls --- */

int64_t safe_syscall_masked(CpuState *cpu, const uint64_t *guest_mask, long nr, uint64_t a,
                            uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    Thread *t = cpu_thread(cpu);
    int64_t ret;

    if (!guest_mask)
        return safe_syscall(cpu, nr, a, b, c, d, e, f);
    if (!signal_close(cpu))
        return -ERESTARTNOINTR;
    t->saved_sigmask = t->sigmask;
    t->sigmask = *guest_mask & ~UNBLOCKABLE;
    t->restore_saved_mask = true;
    if (t->held_mask & ~t->sigmask) {
        __atomic_store_n(&cpu->exit_request, CPU_EXIT_REQUESTED, __ATOMIC_SEQ_CST);
        ret = -EINTR;
    } else {
        ret = safe_syscall(cpu, nr, a, b, c, d, e, f);
    }
    if (!t->pending_signal && !(t->held_mask & ~t->sigmask)) {
        t->sigmask = t->saved_sigmask;
        t->restore_saved_mask = false;
        signal_open(cpu);
    }
    return ret;
}

int64_t sys_rt_sigaction(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);
    int sig = (int)arg[0];
    SigAction act, old;

    if (arg[3] != 8)
        return -EINVAL;
    if (arg[1] && !mem_read(&act, arg[1], sizeof act))
        return -EFAULT;
    if (sig < 1 || sig > SIGNAL_COUNT || (arg[1] && (SIGBIT(sig) & UNBLOCKABLE)))
        return -EINVAL;
    if (arg[1] && !signal_close(cpu))
        return -ERESTARTNOINTR;
    lock_take(&t->sigtable->lock);
    old = t->sigtable->action[sig];
    if (arg[1]) {
        act.flags &= SA_KNOWN;
        act.mask &= ~UNBLOCKABLE;
        t->sigtable->action[sig] = act;
        host_install(sig, &act);
        if (act.handler == HANDLER_IGN)
            t->held_mask &= ~SIGBIT(sig);
    }
    lock_release(&t->sigtable->lock);
    if (arg[1])
        signal_open(cpu);
    return arg[2] && !mem_write(arg[2], &old, sizeof old) ? -EFAULT : 0;
}

int64_t sys_rt_sigprocmask(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);
    uint64_t old = t->sigmask, set, next = old;

    if (arg[3] != 8)
        return -EINVAL;
    if (arg[1]) {
        if (!mem_read(&set, arg[1], sizeof set))
            return -EFAULT;
        set &= ~UNBLOCKABLE;
        if ((int)arg[0] == SIG_BLOCK)
            next = old | set;
        else if ((int)arg[0] == SIG_UNBLOCK)
            next = old & ~set;
        else if ((int)arg[0] == SIG_SETMASK)
            next = set;
        else
            return -EINVAL;
    }
    if (next != old) {
        /* one step with the check for a recorded signal: that one comes before the new mask */
        uint64_t host = signal_host_mask(next);
        int64_t ret =
            safe_syscall(cpu, SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t)&host, 0, 8, 0, 0);
        if (ret < 0)
            return ret;
        t->sigmask = next;
        if (t->held_mask & ~next)
            __atomic_store_n(&cpu->exit_request, CPU_EXIT_REQUESTED, __ATOMIC_SEQ_CST);
    }
    return arg[2] && !mem_write(arg[2], &old, sizeof old) ? -EFAULT : 0;
}

int64_t sys_rt_sigpending(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);
    uint64_t set = 0;

    if (arg[1] > sizeof set)
        return -EINVAL;
    int64_t ret = sys(SYS_rt_sigpending, &set, sizeof set);
    if (ret < 0)
        return ret;
    set = remap_mask(set, signal_to_guest) | (t->held_mask & t->sigmask);
    return mem_write(arg[0], &set, arg[1]) ? 0 : -EFAULT;
}

int64_t sys_rt_sigsuspend(CpuState *cpu, uint64_t arg[6])
{
    uint64_t mask;

    if (arg[1] != sizeof mask)
        return -EINVAL;
    if (!mem_read(&mask, arg[0], sizeof mask))
        return -EFAULT;
    uint64_t host = signal_host_mask(mask);
    return safe_syscall_masked(cpu, &mask, SYS_rt_sigsuspend, (uint64_t)&host, 8, 0, 0, 0, 0);
}

int64_t sys_rt_sigtimedwait(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);
    uint64_t set, host_info[16];

    if (arg[3] != sizeof set)
        return -EINVAL;
    if (!mem_read(&set, arg[0], sizeof set))
        return -EFAULT;
    uint64_t host = signal_host_mask(set);
    int64_t ret = -EINTR;
    if (!(t->held_mask & set))
        ret = safe_syscall(cpu, SYS_rt_sigtimedwait, (uint64_t)&host, (uint64_t)host_info, arg[2],
                           8, 0, 0);
    uint64_t held = t->held_mask & set;
    if (ret == -EINTR && held) {
        ret = __builtin_ctzll(held) + 1;
        memcpy(host_info, t->held_info[signal_held_slot((int)ret)], sizeof host_info);
        t->held_mask &= ~SIGBIT(ret);
    }
    if (ret < 0)
        return ret;
    int sig = signal_to_guest((int)ret);
    memcpy(host_info, &sig, sizeof sig);
    return arg[1] && !mem_write(arg[1], host_info, sizeof host_info) ? -EFAULT : sig;
}

int64_t sys_sigaltstack(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);
    struct {
        uint64_t sp;
        uint32_t flags, pad;
        uint64_t size;
    } ss, old = {t->altstack_sp,
                 (uint32_t)signal_stack_state(t, cpu->x[31]) |
                     ((uint32_t)t->altstack_flags & GUEST_SS_AUTODISARM),
                 0, t->altstack_size};

    if (arg[0]) {
        if (!mem_read(&ss, arg[0], sizeof ss))
            return -EFAULT;
        uint32_t mode = ss.flags & ~GUEST_SS_AUTODISARM;
        if (signal_stack_state(t, cpu->x[31]) == GUEST_SS_ONSTACK)
            return -EPERM;
        if (mode != 0 && mode != GUEST_SS_ONSTACK && mode != GUEST_SS_DISABLE)
            return -EINVAL;
        if (mode == GUEST_SS_DISABLE) {
            ss.sp = ss.size = 0;
        } else if (ss.size < GUEST_MINSIGSTKSZ) {
            return -ENOMEM;
        }
        t->altstack_sp = ss.sp;
        t->altstack_size = ss.size;
        t->altstack_flags = (int)ss.flags;
    }
    return arg[1] && !mem_write(arg[1], &old, sizeof old) ? -EFAULT : 0;
}
