/*
 * The tracing side below the requests: the table of tracees, memory and threads of another
 * process, and what a stop of a host thread means.
 *
 * The signal that stops a host thread of an emulated process is caught from here, by the same
 * steps as host_handler() of signal.c takes inside: it is recorded in the Thread, the host's mask
 * is closed, exit_request is set, and a system call about to be made or to be restarted by the
 * host becomes one that the guest restarts. The thread then goes on to its safepoint and stops
 * itself there. No handler runs, so a call that blocks is not interrupted for the guest.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <time.h>
#include "emu/base/alloc.h"
#include "emu/base/sys.h"
#include "emu/guest/process.h"
#include "syscalls/dispatch.h"
#include "syscalls/ptrace_host.h"
#include "syscalls/safe_syscall.h"

#define SIGBIT(sig) BIT((sig)-1)
#define HOST_GETREGS 12 /* PTRACE_GETREGS, PTRACE_SETREGS: not arm64 requests */
#define HOST_SETREGS 13
#define WAIT_STOPPED 2
#define WAIT_NOHANG 1
#define WAIT_NOWAIT 0x01000000
#define WAIT_ALL 0x40000000
#define WAIT_P_PID 1

extern const Elf64_Ehdr __ehdr_start; /* our own ELF header; the linker defines it */

/* Two emulators in which all this is the same can read each other's memory. */
typedef struct Identity {
    char name[16];
    const void *at[8];
    uint64_t size[4];
} Identity;

static const Identity identity = {
    "emu-ptrace-1",
    {&trace_boot, &process, do_syscall, signal_deliver, safe_syscall_begin, host_ptrace,
     &__ehdr_start, thread_new},
    {sizeof(Thread), sizeof(TraceState), offsetof(Thread, trace), offsetof(Thread, sigmask)},
};

int64_t host_ptrace(long request, int tid, uint64_t addr, uint64_t data)
{
    return sys(SYS_ptrace, request, tid, addr, data);
}

/* --- memory --- */

/* Word by word: for hosts that allow ptrace but not process_vm_readv and its sister. */
static bool copy_words(int tid, uint64_t addr, uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t at = 0; at < n;) {
        uint64_t word_at = ALIGN_DOWN(addr + at, 8), word;
        size_t skip = addr + at - word_at, part = 8 - skip < n - at ? 8 - skip : n - at;

        if (sys_failed(host_ptrace(P_PEEKDATA, tid, word_at, (uint64_t)&word)))
            return false;
        if (to)
            memcpy(to + at, (uint8_t *)&word + skip, part);
        else
            memcpy((uint8_t *)&word + skip, from + at, part);
        if (!to && sys_failed(host_ptrace(P_POKEDATA, tid, word_at, word)))
            return false;
        at += part;
    }
    return true;
}

bool remote_read(int tid, uint64_t addr, void *to, size_t n)
{
    struct iovec here = {to, n}, there = {(void *)addr, n};
    int64_t ret = sys(SYS_process_vm_readv, tid, &here, 1, &there, 1, 0);

    return ret == (int64_t)n || ((ret == -EPERM || ret == -ENOSYS) &&
                                 copy_words(tid, addr, to, NULL, n));
}

bool remote_write(int tid, uint64_t addr, const void *from, size_t n)
{
    struct iovec here = {(void *)from, n}, there = {(void *)addr, n};
    int64_t ret = sys(SYS_process_vm_writev, tid, &here, 1, &there, 1, 0);

    return ret == (int64_t)n || ((ret == -EPERM || ret == -ENOSYS) &&
                                 copy_words(tid, addr, NULL, from, n));
}

bool remote_is_emulator(int tid)
{
    Identity theirs;

    return remote_read(tid, (uint64_t)&identity, &theirs, sizeof theirs) &&
           !memcmp(&theirs, &identity, sizeof theirs);
}

/* The Thread of a stopped host thread, by the thread pointer; 0: it has none (any more). */
static uint64_t remote_thread(int tid, const struct user_regs_struct *regs)
{
    char *mine;
    uint64_t thread = 0;

    __asm__("mov %%fs:0, %0" : "=r"(mine));
    uint64_t at = regs->fs_base - (uint64_t)(mine - (char *)&this_cpu);
    return regs->fs_base && remote_read(tid, at, &thread, sizeof thread) ? thread : 0;
}

/* --- the table --- */

static Lock tracees_lock;
static Tracee *tracees;

Tracee *tracee_find(int tid)
{
    Tracee *t;

    lock_take(&tracees_lock);
    for (t = tracees; t && t->tid != tid; t = t->next)
        ;
    lock_release(&tracees_lock);
    return t;
}

Tracee *tracee_add(int tid, bool seized, uint32_t options)
{
    Tracee *t = tracee_find(tid);

    if (!t)
        t = tracee_find(0);
    lock_take(&tracees_lock);
    if (!t) {
        t = alloc_get(sizeof *t);
        t->next = tracees;
        tracees = t;
    }
    *t = (Tracee){.next = t->next, .tid = tid, .seized = seized, .options = options};
    lock_release(&tracees_lock);
    return t;
}

void tracee_forget(int tid)
{
    Tracee *t = tid ? tracee_find(tid) : NULL;

    if (t)
        t->tid = 0;
}

void tracees_for_each(void (*fn)(Tracee *t, void *arg), void *arg)
{
    for (Tracee *t = tracees; t; t = t->next)
        if (t->tid)
            fn(t, arg);
}

uint32_t tracee_host_options(uint32_t options)
{
    return options | P_O_TRACEEXEC;
}

/* --- stops --- */

/* A host stop, while it is looked at. */
typedef struct HostStop {
    Tracee *tracee;
    int tid;
    siginfo_t info;
    struct user_regs_struct regs;
    uint64_t thread;
} HostStop;

#define GET(s, field, to)                                                                          \
    remote_read((s)->tid, (s)->thread + offsetof(Thread, field), to, sizeof *(to))
#define PUT(s, field, from)                                                                        \
    remote_write((s)->tid, (s)->thread + offsetof(Thread, field), from, sizeof *(from))

static TraceeStop go_on(HostStop *s, int sig)
{
    host_ptrace(P_CONT, s->tid, 0, (uint64_t)sig);
    return TRACEE_RUNS;
}

/*
 * Tells the thread that it is traced. What another trace has left stays: the thread may just be
 * on its way out of that one's last stop.
 */
static void make_ready(HostStop *s)
{
    TraceState tr;
    bool yes = true;

    if (!GET(s, trace, &tr))
        return;
    if (!tr.on || tr.forking) {
        if (tr.stop == TRACE_RUNS || tr.forking)
            tr = (TraceState){.syscall = -1};
        tr.step = tr.interrupt = false;
        tr.mode = TRACE_CONT;
    }
    tr.on = true;
    tr.seized = s->tracee->seized;
    tr.options = s->tracee->options;
    s->tracee->ready = PUT(s, trace, &tr) &&
                       remote_write(s->tid, (uint64_t)&process.traced, &yes, sizeof yes);
}

typedef struct Inherited {
    bool found, seized;
    uint32_t options;
} Inherited;

static void find_follower(Tracee *t, void *arg)
{
    Inherited *i = arg;

    if (t->options & P_O_FOLLOW)
        *i = (Inherited){true, t->seized, t->options};
}

/*
 * A tracee that we never heard of: it asked for it (PTRACE_TRACEME), or it is the child of one
 * that is followed, and came before its parent's event.
 */
static void adopt(HostStop *s)
{
    Inherited i = {0};
    TraceState tr = {0};
    bool emulated = remote_is_emulator(s->tid);
    bool asked = !emulated || !s->thread || (GET(s, trace, &tr) && tr.on && !tr.forking);

    if (!asked)
        tracees_for_each(find_follower, &i);
    s->tracee = tracee_add(s->tid, i.seized, i.options);
    s->tracee->emulated = emulated;
    s->tracee->ready = emulated && asked && s->thread;
    if (!i.seized)
        host_ptrace(P_SETOPTIONS, s->tid, 0, tracee_host_options(i.options));
}

/* What the child of a followed tracee inherits. */
static void follow(HostStop *s)
{
    uint64_t child = 0;

    if (sys_failed(host_ptrace(P_GETEVENTMSG, s->tid, 0, (uint64_t)&child)))
        return;
    if (!tracee_find((int)child)) {
        Tracee *t = tracee_add((int)child, s->tracee->seized, s->tracee->options);
        t->emulated = s->tracee->emulated;
    }
}

/* The thread stops to look at exit_request as soon as it can; see above. */
static void send_to_safepoint(HostStop *s)
{
    uint32_t requested = CPU_EXIT_REQUESTED;
    uint64_t rip = s->regs.rip;
    int64_t ret = (int64_t)s->regs.rax;

    PUT(s, cpu.exit_request, &requested);
    if (rip == (uint64_t)safe_syscall_end && ret <= -ERESTARTSYS &&
        ret >= -ERESTART_RESTARTBLOCK)
        s->regs.orig_rax = ~0ull; /* the guest restarts it, not the host */
    else if (!safe_syscall_redirect(&rip))
        return;
    s->regs.rip = rip;
    host_ptrace(HOST_SETREGS, s->tid, 0, (uint64_t)&s->regs);
}

static TraceeStop catch_signal(HostStop *s)
{
    int sig = signal_to_guest(s->info.si_signo), slot = signal_held_slot(sig);
    uint64_t sigmask = 0, held = 0, closed = signal_closed_mask;
    uint8_t info[128];

    memcpy(info, &s->info, sizeof info);
    memcpy(info, &sig, sizeof sig);
    if (slot >= 0) {
        GET(s, sigmask, &sigmask);
        GET(s, held_mask, &held);
        if (!(held & SIGBIT(sig)))
            remote_write(s->tid, s->thread + offsetof(Thread, held_info) + (unsigned)slot * 128u,
                         info, sizeof info);
        held |= SIGBIT(sig);
        PUT(s, held_mask, &held);
        if (sigmask & SIGBIT(sig))
            return go_on(s, 0);
    } else {
        uint32_t number = (uint32_t)sig;

        PUT(s, pending_info, &info);
        PUT(s, pending_signal, &number);
        host_ptrace(P_SETSIGMASK, s->tid, sizeof closed, (uint64_t)&closed);
    }
    send_to_safepoint(s);
    return go_on(s, 0);
}

/* The emulator there is only starting: what it has to know when it has started. */
static TraceeStop tell_boot(HostStop *s, TraceBoot *boot)
{
    boot->on = true;
    boot->seized = s->tracee->seized;
    boot->options = s->tracee->options;
    boot->mode = s->tracee->mode;
    s->tracee->ready = true;
    remote_write(s->tid, (uint64_t)&trace_boot, boot, sizeof *boot);
    return go_on(s, 0);
}

static TraceeStop look_at_exec(HostStop *s, int *status)
{
    TraceBoot boot = {.exec = true};

    s->tracee->emulated = remote_is_emulator(s->tid);
    if (!s->tracee->emulated) {
        if (s->tracee->options & P_O_TRACEEXEC)
            return TRACEE_STOPPED;
        if (s->tracee->seized)
            return go_on(s, 0);
        *status = SIGTRAP << 8 | 0x7f;
        return TRACEE_STOPPED;
    }
    host_ptrace(P_GETEVENTMSG, s->tid, 0, (uint64_t)&boot.message);
    return tell_boot(s, &boot);
}

static TraceeStop look_at_event(HostStop *s, int event, int *status)
{
    TraceBoot boot;

    if (event == P_EVENT_EXEC)
        return look_at_exec(s, status);
    if (event >= P_EVENT_FORK && event <= P_EVENT_CLONE)
        follow(s);
    if (event != P_EVENT_STOP || !s->tracee->emulated || (s->info.si_code & 0xff) != SIGTRAP)
        return TRACEE_STOPPED;
    if (remote_read(s->tid, (uint64_t)&trace_boot, &boot, sizeof boot) && !boot.done) {
        boot.interrupt = boot.interrupt || !s->tracee->quiet;
        s->tracee->quiet = false;
        return tell_boot(s, &boot);
    }
    if (s->thread && s->tracee->quiet) {
        uint32_t requested = CPU_EXIT_REQUESTED;
        PUT(s, cpu.exit_request, &requested); /* its next safepoint sees that it is traced */
    } else if (s->thread) {
        bool yes = true;
        PUT(s, trace.interrupt, &yes);
        send_to_safepoint(s);
    }
    s->tracee->quiet = false;
    return go_on(s, 0);
}

static TraceeStop look_at_signal(HostStop *s, int *status)
{
    int sig = s->info.si_signo, code = s->info.si_code;
    uint64_t faults = SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGFPE) |
                      SIGBIT(SIGTRAP);
    TraceBoot boot;
    TraceState tr;

    if (!s->tracee->emulated)
        return TRACEE_STOPPED;
    if ((SIGBIT(sig) & faults) && code > 0 && code <= SI_KERNEL)
        return go_on(s, sig); /* the emulator's fault handler knows what it is */
    if (remote_read(s->tid, (uint64_t)&trace_boot, &boot, sizeof boot) && !boot.done) {
        /* after an execve that was not announced, the kernel sends this */
        boot.exec = boot.exec || (sig == SIGTRAP && s->regs.rip == __ehdr_start.e_entry);
        if (!boot.exec || sig != SIGTRAP) {
            boot.pending = signal_to_guest(sig);
            memcpy(boot.info, &s->info, sizeof boot.info);
        }
        return tell_boot(s, &boot);
    }
    if (!s->thread || !GET(s, trace, &tr))
        return go_on(s, sig);
    if (sig == SIGSEGV && code == TRACE_STOP_CODE) {
        if (tr.stop == TRACE_RUNS || !tr.on)
            return go_on(s, 0);
        *status = (int)(tr.code << 8) | 0x7f;
        return TRACEE_STOPPED;
    }
    if (tr.passing & SIGBIT(sig)) {
        tr.passing &= ~SIGBIT(sig);
        PUT(s, trace.passing, &tr.passing);
        return go_on(s, sig);
    }
    return catch_signal(s);
}

TraceeStop tracee_look(int tid, int *status)
{
    HostStop s = {.tid = tid};
    int64_t ret = host_ptrace(P_GETSIGINFO, tid, 0, (uint64_t)&s.info);

    if (ret == -ESRCH || sys_failed(host_ptrace(HOST_GETREGS, tid, 0, (uint64_t)&s.regs)))
        return TRACEE_NOT_OURS;
    s.thread = remote_thread(tid, &s.regs);
    s.tracee = tracee_find(tid);
    if (!s.tracee)
        adopt(&s);
    if (s.tracee->emulated && !s.tracee->ready && s.thread)
        make_ready(&s);
    if (ret < 0) /* a group stop has no siginfo */
        return TRACEE_STOPPED;
    if (s.info.si_code >= 0x100)
        return look_at_event(&s, s.info.si_code >> 8, status);
    return look_at_signal(&s, status);
}

void tracee_settle(int tid, bool quiet)
{
    struct timespec pause = {.tv_nsec = 20000};
    int status;

    for (int64_t slept = 0; slept < 500000000; slept += pause.tv_nsec) {
        siginfo_t info = {0};
        int64_t ret = sys(SYS_waitid, WAIT_P_PID, tid, &info,
                          WAIT_STOPPED | WAIT_NOHANG | WAIT_NOWAIT | WAIT_ALL, NULL);

        if (ret < 0 || (info.si_pid && tracee_look(tid, &status) != TRACEE_RUNS))
            return;
        Tracee *t = tracee_find(tid);
        if (quiet && (!t || !t->quiet))
            return;
        sys(SYS_nanosleep, &pause, NULL);
        if (slept > 2000000)
            pause.tv_nsec = 1000000;
    }
}

bool tracee_inspect(int tid, StoppedTracee *s)
{
    struct user_regs_struct regs;
    siginfo_t info;
    TraceeStop stop;
    int status;

    while ((stop = tracee_look(tid, &status)) == TRACEE_RUNS)
        tracee_settle(tid, false);
    *s = (StoppedTracee){.tracee = tracee_find(tid)};
    if (stop == TRACEE_NOT_OURS || !s->tracee ||
        sys_failed(host_ptrace(HOST_GETREGS, tid, 0, (uint64_t)&regs)))
        return false;
    if (s->tracee->emulated)
        s->thread = remote_thread(tid, &regs);
    if (s->thread && !REMOTE_GET(s, trace, &s->trace))
        s->thread = 0;
    s->self = s->thread && host_ptrace(P_GETSIGINFO, tid, 0, (uint64_t)&info) == 0 &&
              info.si_signo == SIGSEGV && info.si_code == TRACE_STOP_CODE;
    return true;
}
