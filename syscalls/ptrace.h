/*
 * ptrace among emulated processes.
 *
 * The host's ptrace carries stops, waiting and events between the tracer's emulator and the
 * tracee's host threads. A guest's state is complete at safepoints only, so what the guest tracer
 * sees as a stop the tracee makes itself (ptrace_tracee.c): it sends itself a SIGSEGV that the
 * host shows to the tracer, whose emulator reads from the thread's TraceState what the stop is.
 * A signal for the tracee is caught from outside (ptrace_host.c) exactly as the host handler
 * would, and shown at the safepoint. fork, clone, exit events and group stops are the host's own.
 *
 * Nothing here costs a process that is not traced more than a test on paths that are slow anyway.
 */
#ifndef SYSCALLS_PTRACE_H
#define SYSCALLS_PTRACE_H

#include "emu/guest/thread.h"

/* --- in the tracee; all but ptrace_start are called only while t->trace.on --- */

/* Once per process, when everything is ready for the first guest instruction. */
void ptrace_start(Thread *t);

/*
 * At a safepoint, before signals are delivered: what the tracer changed takes effect, and a
 * requested stop is made. True when the host's signal mask must be set again.
 */
bool ptrace_safepoint(Thread *t);

/*
 * sig is about to be delivered: the tracer sees it, may change *info, and says what to deliver
 * instead; 0: nothing.
 */
int ptrace_signal(Thread *t, int sig, uint8_t info[128]);

/* A handler was entered: a single step ends there. */
void ptrace_handler_entered(Thread *t);

/* t->trace.stepping was set and one instruction executed. */
void ptrace_stepped(Thread *t);

/* The siginfo of the SIGTRAP after a step. */
void ptrace_step_info(const Thread *t, uint8_t info[128]);

/*
 * Around a system call. *number is the guest's, which the tracer may change; false: the call is
 * not to be made, and its result is what x0 holds.
 */
bool ptrace_enter_call(Thread *t, uint32_t *number);
void ptrace_leave_call(Thread *t);

/* In the host's handler: true for a stop of ours that no tracer saw; then there is none. */
bool ptrace_stop_unseen(Thread *t, const void *siginfo);

/* Around fork, in the forking thread. */
void ptrace_before_fork(Thread *t);
void ptrace_after_fork(Thread *t, bool in_child);

/* --- in the tracer --- */

/*
 * wait reported that tid has stopped, with *status. True when the guest is to see it; *status is
 * then the guest's. False: the stop was the emulator's own business and tid runs again.
 */
bool ptrace_wait_stop(int tid, int *status);

/* wait reported the end of tid. */
void ptrace_wait_end(int tid);

/* The guest wrote [start, end) of process pid's memory: tracees among its threads must know. */
void ptrace_memory_written(int pid, uint64_t start, uint64_t end);

#endif
