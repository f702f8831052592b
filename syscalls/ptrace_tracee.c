/*
 * The traced side of ptrace: stops at safepoints.
 *
 * Invariant: while a thread stands in stop_now() its guest state in CpuState is complete, no lock
 * is held, and what the tracer wrote has taken effect when stop_now() returns.
 */
#define _GNU_SOURCE /* TRAP_TRACE */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "syscalls/ptrace.h"
#include "syscalls/ptrace_host.h"
#include "syscalls/signal.h"

TraceBoot trace_boot;

static void find_traced(Thread *t, void *arg)
{
    if (!t->spare && t->trace.on)
        *(bool *)arg = true;
}

static void request(Thread *t)
{
    __atomic_store_n(&t->cpu.exit_request, CPU_EXIT_REQUESTED, __ATOMIC_SEQ_CST);
}

/* What the tracer changed, and what only this thread can do about it. */
static void take_changes(Thread *t)
{
    TraceState *tr = &t->trace;

    for (uint32_t i = 0; i < tr->ranges; i++)
        mem_code_changed(tr->range[i].start, tr->range[i].end);
    tr->ranges = 0;
    if (tr->fp_changed) {
        tr->fp_changed = false;
        cpu_set_fpcr(&t->cpu, tr->fpcr);
        cpu_set_fpsr(&t->cpu, tr->fpsr);
    }
    if (tr->on) {
        cpu_leave_fp_traps(&t->cpu); /* each is a stop that its tracer has to wait for */
    } else {
        bool any = false;

        tr->step = tr->interrupt = false;
        threads_for_each(find_traced, &any);
        process.traced = any;
    }
}

/*
 * Stops until the tracer resumes the thread; tr->sig is then what it wants delivered. Without a
 * tracer (it died) nothing happens, and tr->sig stays as it was.
 */
static void stop_now(Thread *t, TraceStop stop, uint32_t code)
{
    TraceState *tr = &t->trace;
    struct {
        int32_t signo, error, code, pad, pid, uid;
        uint64_t value, rest[12];
    } info = {.signo = SIGSEGV, .code = TRACE_STOP_CODE, .value = (uint64_t)t};
    _Static_assert(sizeof info == 128, "siginfo_t");

    cpu_fpsr(&t->cpu); /* the tracer finds all of it in one place */
    tr->stop = (uint8_t)stop;
    tr->code = code;
    tr->resumed = tr->step = tr->stepping = tr->interrupt = false;
    while (tr->on && !tr->resumed) {
        /* one that is pending already takes the place of ours: after it we try again */
        if (sys_failed(sys(SYS_rt_tgsigqueueinfo, sys(SYS_getpid), t->tid, SIGSEGV, &info)))
            tr->on = false;
    }
    tr->stop = TRACE_RUNS;
    take_changes(t);
    if (tr->step)
        request(t); /* cpu_loop steps when all signals are delivered */
}

bool ptrace_stop_unseen(Thread *t, const void *siginfo)
{
    const siginfo_t *info = siginfo;

    if (info->si_signo != SIGSEGV || info->si_code != TRACE_STOP_CODE || !t ||
        info->si_value.sival_ptr != t)
        return false;
    t->trace.on = false;
    return true;
}

/* The siginfo of a stop that is no signal: as ptrace_notify() makes it. */
static void notify_info(TraceState *tr, uint32_t code, int pid)
{
    int32_t head[6] = {SIGTRAP, 0, (int32_t)code, 0, pid, (int32_t)sys(SYS_getuid)};

    memset(tr->info, 0, sizeof tr->info);
    memcpy(tr->info, head, sizeof head);
}

/*
 * A stop in the middle of signal delivery. As on arm64, a system call that is to be restarted is
 * shown rewound to its SVC; when the tracer moves pc, there is nothing to restart any more.
 */
static void stop_rewound(Thread *t, TraceStop stop, uint32_t code)
{
    CpuState *cpu = &t->cpu;
    uint64_t result = cpu->x[0], pc = cpu->pc;
    bool restart = t->restartable && (int64_t)result <= -ERESTARTSYS &&
                   (int64_t)result >= -ERESTART_RESTARTBLOCK;

    if (restart) {
        cpu->x[0] = t->orig_x0;
        cpu->pc -= 4;
    }
    stop_now(t, stop, code);
    if (restart && cpu->pc == pc - 4) {
        t->orig_x0 = cpu->x[0];
        cpu->x[0] = result;
        cpu->pc = pc;
    } else if (restart) {
        t->restartable = false;
    }
}

static void stop_at_event(Thread *t, unsigned event, uint64_t message)
{
    uint32_t code = SIGTRAP | event << 8;

    t->trace.message = message;
    t->trace.sig = 0;
    notify_info(&t->trace, code, t->tid);
    stop_rewound(t, TRACE_AT_EVENT, code);
}

int ptrace_signal(Thread *t, int sig, uint8_t info[128])
{
    TraceState *tr = &t->trace;

    tr->sig = sig;
    tr->message = 0;
    memcpy(tr->info, info, sizeof tr->info);
    stop_rewound(t, TRACE_AT_SIGNAL, (uint32_t)sig);
    memcpy(info, tr->info, sizeof tr->info);
    return tr->sig;
}

bool ptrace_safepoint(Thread *t)
{
    TraceState *tr = &t->trace;

    take_changes(t);
    if (tr->on && tr->interrupt)
        stop_at_event(t, P_EVENT_STOP, 0);
    bool reopen = tr->mask_changed;
    tr->mask_changed = false;
    return reopen;
}

void ptrace_handler_entered(Thread *t)
{
    if (t->trace.step)
        stop_at_event(t, 0, 0);
}

void ptrace_stepped(Thread *t)
{
    if (!t->trace.stepping)
        return; /* the instruction made a stop, and its tracer has said how to go on */
    t->trace.stepping = false;
    t->trace.stepped = true;
    request(t);
}

void ptrace_step_info(const Thread *t, uint8_t info[128])
{
    int32_t head[4] = {SIGTRAP, 0, TRAP_TRACE, 0};

    memset(info, 0, 128);
    memcpy(info, head, sizeof head);
    memcpy(info + sizeof head, &t->cpu.pc, sizeof t->cpu.pc);
}

/* The tracer resumed a stop that is no signal's with a signal: it is sent. */
static void send_resumed(Thread *t)
{
    int32_t info[32] = {signal_to_host(t->trace.sig), 0, SI_KERNEL};

    if (t->trace.sig)
        sys(SYS_rt_tgsigqueueinfo, sys(SYS_getpid), t->tid, info[0], info);
    t->trace.sig = 0;
}

/* A stop at a system call; x7 tells entry from exit, as arm64 has it since ever. */
static void stop_at_call(Thread *t, TraceStop stop)
{
    TraceState *tr = &t->trace;
    uint32_t code = SIGTRAP | (tr->options & P_O_TRACESYSGOOD ? 0x80 : 0);
    uint64_t x7 = t->cpu.x[7];

    tr->message = stop == TRACE_AT_ENTRY ? 1 : 2;
    tr->sig = 0;
    notify_info(tr, code, t->tid);
    t->cpu.x[7] = stop == TRACE_AT_EXIT;
    stop_now(t, stop, code);
    t->cpu.x[7] = x7;
    send_resumed(t);
    if (tr->mask_changed) {
        tr->mask_changed = false;
        signal_open(&t->cpu);
    }
}

bool ptrace_enter_call(Thread *t, uint32_t *number)
{
    TraceState *tr = &t->trace;
    uint8_t mode = tr->mode;

    cpu_fpsr(&t->cpu); /* for stops that are the host's own: fork, exit */
    tr->syscall = (int32_t)*number;
    tr->orig_x0 = t->cpu.x[0];
    if (mode != TRACE_SYSCALL && mode != TRACE_SYSEMU && mode != TRACE_SYSEMU_STEP)
        return true;
    stop_at_call(t, TRACE_AT_ENTRY);
    *number = (uint32_t)tr->syscall;
    return mode == TRACE_SYSCALL && tr->syscall != -1;
}

void ptrace_leave_call(Thread *t)
{
    if (t->trace.mode == TRACE_SYSCALL)
        stop_at_call(t, TRACE_AT_EXIT);
}

void ptrace_before_fork(Thread *t)
{
    t->trace.forking = t->trace.on;
}

void ptrace_after_fork(Thread *t, bool in_child)
{
    if (in_child && t->trace.forking) {
        /* a tracer that follows would have written here before the child's first instruction */
        memset(&t->trace, 0, sizeof t->trace);
        process.traced = false;
    }
    t->trace.forking = false;
}

void ptrace_start(Thread *t)
{
    TraceBoot *boot = &trace_boot;
    TraceState *tr = &t->trace;

    __atomic_store_n(&boot->done, true, __ATOMIC_SEQ_CST);
    if (!boot->on)
        return;
    process.traced = true;
    tr->on = true;
    tr->seized = boot->seized;
    tr->options = boot->options;
    tr->mode = boot->mode;
    tr->syscall = -1;
    tr->interrupt = boot->interrupt;
    if (boot->pending) {
        t->pending_signal = (uint32_t)boot->pending;
        memcpy(t->pending_info, boot->info, sizeof t->pending_info);
    }
    if (boot->pending || boot->interrupt)
        request(t);
    if (!boot->exec)
        return;
    tr->syscall = 221; /* execve; the call that led here is behind us */
    if (tr->options & P_O_TRACEEXEC)
        stop_at_event(t, P_EVENT_EXEC, boot->message);
    else if (!tr->seized) { /* comes when it is not blocked, as the kernel's does */
        int32_t info[32] = {SIGTRAP, 0, SI_USER, 0, (int32_t)sys(SYS_getpid)};
        sys(SYS_rt_tgsigqueueinfo, info[4], t->tid, SIGTRAP, info);
    }
    if (tr->on)
        ptrace_leave_call(t);
}
