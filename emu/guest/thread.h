/*
 * One guest thread = one host thread, made by raw clone with its own musl TLS block. The
 * Thread holds everything that is not the CPU: signal state, host stack, ids.
 */
#ifndef EMU_GUEST_THREAD_H
#define EMU_GUEST_THREAD_H

#include <setjmp.h>
#include "emu/base/lock.h"
#include "emu/guest/cpu.h"
#include "emu/guest/trace.h"

/* Signals that stay open on the host; a blocked one waits in held_info. */
#define HELD_SIGNALS 4 /* SIGBUS, SIGFPE, SIGSEGV; SIGSTOP of a traced thread */

typedef struct Thread {
    CpuState cpu;            /* first: a CpuState * is a Thread * */
    struct Thread *next, *prev; /* the process's list, under threads_lock */
    int tid;                 /* first of what a reused Thread has zero */
    int tgid;                /* of its process */
    bool spare;              /* in the list of spares: to be reused */
    uint32_t left;           /* atomic: a spare that no host thread runs on any more */
    uint64_t sigmask;        /* the guest's blocked set, bit n-1 for signal n */
    uint64_t saved_sigmask;  /* sigsuspend, pselect...: restored after the handler returns */
    bool restore_saved_mask;
    uint64_t altstack_sp, altstack_size; /* sigaltstack; size 0: none */
    int altstack_flags;
    uint32_t pending_signal; /* recorded by the host handler; 0 none (see syscalls/signal.c) */
    uint8_t pending_info[128]; /* its siginfo, host = guest layout */
    uint64_t held_mask;      /* set of host-unblockable signals that wait, bit n-1 */
    uint8_t held_info[HELD_SIGNALS][128];
    struct SigTable *sigtable; /* dispositions: shared by CLONE_SIGHAND threads */
    struct SeccompFilter *seccomp; /* its newest filter; see syscalls/seccomp.h */
    uint8_t seccomp_mode;    /* atomic: SECCOMP_MODE_* */
    bool seccomp_no_new_privs; /* atomic: it has to set no_new_privs before its next call */
    uint64_t orig_x0;        /* x0 at the SVC, for restarts */
    bool restartable;        /* x0 holds a system call's result (rt_sigreturn clears it) */
    bool in_interp;          /* C code is accessing guest memory for the guest: faults are its */
    bool loop_valid;         /* loop may be jumped to */
    bool on_process_stack;   /* the first thread: its host stack is the kernel's */
    bool owns_process;       /* first thread of a process that shares its memory (CLONE_VM) */
    uint32_t host_limits;    /* of such a process: set of limits that it has set (limits.c) */
    bool reset_signals;      /* CLONE_CLEAR_SIGHAND: to do when the host thread starts */
    void *exec_argv;         /* execve's argument vector; a vfork parent frees its child's */
    size_t exec_argv_size;
    bool vfork_child;        /* shares memory with a suspended parent, who frees this Thread */
    uint64_t fault_esr, fault_address; /* the last fault, as the signal frame shows it */
    void *host_stack;        /* lowest address of the one mapping that holds all below */
    size_t host_stack_size;  /* its whole size: stack, signal stack, TLS and this Thread */
    void *signal_stack;      /* host sigaltstack */
    size_t signal_stack_size;
    void *tls_block;         /* start of the copied static TLS */
    size_t tls_block_size;
    void *thread_pointer;    /* the host FS base: musl's struct pthread */
    jmp_buf loop;            /* cpu_loop's landing place for faults inside C code */
    const char *last_syscall; /* for reports */
    bool in_syscall;
    TraceState trace;
} Thread;

static inline Thread *cpu_thread(CpuState *cpu)
{
    return (Thread *)cpu;
}

static inline Thread *this_thread(void)
{
    return (Thread *)this_cpu;
}

/*
 * Allocates a Thread with host stack and TLS (this_cpu is already set in it); copies the CPU and
 * the signal state from `from` (a Thread's CpuState) when not NULL, else everything is zero.
 * Not in the list yet: thread_register. NULL: the host has no memory for it.
 */
Thread *thread_new(const CpuState *from);
void thread_free(Thread *t);

/*
 * Adds to / removes from the list (and thread_count). What is removed may be kept as a spare for
 * thread_new; its jump cache stays, so threads_for_each goes on visiting it.
 */
void thread_register(Thread *t);
void thread_unregister(Thread *t);

/*
 * The first thread, on the stack and TLS that the kernel and libc gave: sets this_cpu and the
 * host signal stack, registers it. Called once by main before signal_init.
 */
Thread *thread_first(void);

/* Called by each new host thread on itself: ids and the host signal stack. */
void thread_start(Thread *t);

/*
 * Ends the calling host thread (or process, when whole_process) with this status and frees its
 * memory, the stack it runs on included. All host signals must be blocked.
 */
_Noreturn void thread_exit(Thread *t, int status, bool whole_process);

/*
 * Runs on the child's side of clone(CLONE_VM): like the system call `nr` with these arguments,
 * but a child begins in entry(t) on t's stack. Returns in the parent only.
 */
int64_t thread_clone(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, Thread *t,
                     void (*entry)(Thread *t));

/* Where a new Thread's host stack begins (16-aligned, grows down). */
void *thread_stack_top(Thread *t);

/* Walks all threads, spares too, under the lock. */
void threads_for_each(void (*fn)(Thread *t, void *arg), void *arg);
extern int thread_count; /* atomic */

/* Around fork, in the forking thread; in the child only `self` is left. */
void threads_before_fork(void);
void threads_after_fork(Thread *self, bool in_child);

#endif
