/*
 * Guest signals, and the one way to make a host call that may block.
 *
 * Every EMUL row of syscalls.def that lives in signal.c, process.c, exec.c, thread.c or prctl.c
 * is `int64_t sys_NAME(CpuState *cpu, uint64_t arg[6])`: guest arguments, kernel result
 * (>= 0 or -errno, also -ERESTART*; the dispatcher stores it in x0 unchanged and cpu_loop
 * takes care of the rest).
 */
#ifndef SYSCALLS_SIGNAL_H
#define SYSCALLS_SIGNAL_H

#include "emu/guest/thread.h"

/* Kernel-internal results; never seen by the guest: signal_deliver turns them into a restart
 * of the SVC or into -EINTR, exactly as the arm64 kernel does. */
#define ERESTARTSYS 512           /* restart if the handler has SA_RESTART, else EINTR */
#define ERESTARTNOINTR 513        /* always restart */
#define ERESTARTNOHAND 514        /* restart only if no handler runs */
#define ERESTART_RESTARTBLOCK 516 /* no handler: restart_syscall; else EINTR */

/*
 * A host system call (host number, host arguments) that may block. No signal is lost: when one
 * is waiting already or arrives before the kernel is entered, or the kernel asks for a restart,
 * the result is -ERESTARTNOINTR: return it at once (undoing nothing). -EINTR is the kernel's own.
 * So: the result of a WAIT call is simply passed on. Calls that never block use sys().
 */
int64_t safe_syscall(CpuState *cpu, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f);

/*
 * The same for calls that wait under a temporary signal mask: ppoll, pselect6, epoll_pwait,
 * epoll_pwait2, io_pgetevents, rt_sigsuspend. guest_mask is the guest's (already read with
 * mem_read), NULL when the guest passed none. The host call's own mask argument must point to
 * *host_mask = signal_host_mask(*guest_mask), size 8. The guest's mask is the temporary one until
 * a handler has been entered, and is put back by sigreturn, or here when no signal came.
 */
int64_t safe_syscall_masked(CpuState *cpu, const uint64_t *guest_mask, long nr, uint64_t a,
                            uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* A guest signal set as the host may have it (SIGSEGV, SIGBUS, SIGFPE stay open, -t applied). */
uint64_t signal_host_mask(uint64_t guest_mask);

/* -t: guest signal number to host number and back (identity unless remapped). */
int signal_to_host(int guest_sig);
int signal_to_guest(int host_sig);

/*
 * For calls that change signal state or the process: blocks all host signals; false when one
 * was already caught: then return -ERESTARTNOINTR (it is delivered first, the call runs again).
 * signal_open puts the host mask of the guest's current mask back.
 */
bool signal_close(CpuState *cpu);
void signal_open(CpuState *cpu);

/*
 * For ptrace, which catches signals from outside: the place in Thread.held_info of a signal that
 * waits in Thread.held_mask, -1 for others; the host mask of a thread that has caught one.
 */
int signal_held_slot(int sig);
extern const uint64_t signal_closed_mask;

/* Once, before guest code: takes over the inherited dispositions and mask for the main thread. */
void signal_init(CpuState *cpu);

/* fault.c's part: called for host SIGSEGV/SIGBUS/... that the kernel raised synchronously
 * (si_code > 0), in signal context. Set once by main's set-up before signal_init. */
typedef void SignalFaultFn(int sig, void *siginfo, void *ucontext);
extern SignalFaultFn *signal_fault;
/* Prints why the guest dies (sig is the guest's); info is its siginfo. May be NULL. */
typedef void SignalReportFn(CpuState *cpu, int sig, const void *siginfo);
extern SignalReportFn *signal_report;

/*
 * cpu_loop, at every safepoint with exit_request set, or after a system call that returned
 * -ERESTART*: delivers what is pending (frames on the guest stack, cpu->pc = handler) or
 * performs the default action, and finishes the interrupted system call.
 */
void signal_deliver(CpuState *cpu);

/*
 * The guest did it itself: sends sig (SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE) with the given
 * si_code and si_addr; blocked or ignored means death, as force_sig does. esr: the syndrome for
 * the frame's esr_context, 0 for none. The caller has done signal_close (a signal that came
 * first is delivered first, and the instruction faults again afterwards); opens on return.
 */
void signal_force(CpuState *cpu, int sig, int code, uint64_t addr, uint64_t esr);

/* The same for a signal that is no fault (SIGSYS), with all of its siginfo. */
void signal_force_info(CpuState *cpu, int sig, uint8_t info[128]);

/* Ends the process by this guest signal's default action, with the report. */
_Noreturn void signal_die(CpuState *cpu, int sig, const void *siginfo);

/* The disposition table of a new thread: shared (CLONE_SIGHAND) or copied. */
void signal_clone(Thread *child, const Thread *parent, bool share);
void signal_release(Thread *t);

/* CLONE_CLEAR_SIGHAND, in the child: handlers become the default, on the host too. */
void signal_reset(Thread *t);

/*
 * Around execve: the new program inherits that SIGSEGV, SIGBUS and SIGFPE are blocked or ignored,
 * which the host does not know until then; after a failure the emulator has them again.
 */
void signal_before_exec(Thread *t);
void signal_exec_failed(Thread *t);

/* Around fork, in the forking thread. */
void signal_before_fork(Thread *t);
void signal_after_fork(Thread *t, bool in_child);

/* rt_sigreturn: the frame at SP; result is the x0 it restores. */
int64_t sys_rt_sigreturn(CpuState *cpu, uint64_t arg[6]);
int64_t sys_rt_sigaction(CpuState *cpu, uint64_t arg[6]);
int64_t sys_rt_sigprocmask(CpuState *cpu, uint64_t arg[6]);
int64_t sys_rt_sigpending(CpuState *cpu, uint64_t arg[6]);
int64_t sys_rt_sigsuspend(CpuState *cpu, uint64_t arg[6]);
int64_t sys_rt_sigtimedwait(CpuState *cpu, uint64_t arg[6]);
int64_t sys_sigaltstack(CpuState *cpu, uint64_t arg[6]);

#endif
