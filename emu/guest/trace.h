/*
 * What a guest thread and whoever traces it (another emulated process, see syscalls/ptrace.h) say
 * to each other: one TraceState in each Thread, one TraceBoot in each process.
 *
 * Invariant: the tracer writes them only while the host holds the thread in a ptrace stop, so
 * nothing here is ever changed by two sides at once.
 */
#ifndef EMU_GUEST_TRACE_H
#define EMU_GUEST_TRACE_H

#include "emu/base/types.h"

/* How the thread runs until its next stop: the request that resumed it. */
typedef enum TraceMode {
    TRACE_CONT,
    TRACE_SYSCALL, /* stops at the entry and the exit of system calls */
    TRACE_SYSEMU,  /* stops at the entry, and the call is not made */
    TRACE_STEP,
    TRACE_SYSEMU_STEP,
} TraceMode;

/* What the thread itself has stopped for. */
typedef enum TraceStop {
    TRACE_RUNS,
    TRACE_AT_SIGNAL, /* before a signal is delivered */
    TRACE_AT_ENTRY,  /* of a system call */
    TRACE_AT_EXIT,
    TRACE_AT_EVENT,
} TraceStop;

#define TRACE_RANGES 16

typedef struct TraceRange {
    uint64_t start, end;
} TraceRange;

typedef struct TraceState {
    bool on;             /* somebody traces this thread */
    bool seized;
    bool forking;        /* set around fork: who finds it set in a child is not traced */
    bool interrupt;      /* to stop at the next safepoint (PTRACE_EVENT_STOP) */
    bool step;           /* one instruction, then a SIGTRAP */
    bool stepping;       /* it is being executed */
    bool stepped;        /* that was done; the SIGTRAP is due */
    bool resumed;        /* the tracer lets the thread go on from its stop */
    bool fp_changed, mask_changed; /* by the tracer */
    uint8_t mode;        /* TraceMode */
    uint8_t stop;        /* TraceStop */
    uint32_t options;    /* PTRACE_O_* as the guest set them */
    uint32_t code;       /* of the stop: bits 8.. of the wait status */
    int32_t sig;         /* the stop's signal; then what the tracer goes on with */
    int32_t syscall;     /* TRACE_AT_ENTRY: the number; -1 skips the call */
    uint32_t fpsr, fpcr; /* fp_changed: the new values */
    uint64_t message;    /* PTRACE_GETEVENTMSG */
    uint64_t orig_x0;    /* x0 at the SVC */
    uint64_t passing;    /* signals the thread sent itself for the host's default action */
    uint32_t ranges;     /* code the tracer wrote, to be forgotten */
    TraceRange range[TRACE_RANGES];
    uint8_t info[128];   /* the stop's siginfo */
} TraceState;

/* Between the host's execve and the guest's first instruction there is no Thread yet. */
typedef struct TraceBoot {
    bool done;           /* the first Thread looks at its TraceState from now on */
    bool on, seized;
    bool exec;           /* the program begins by an execve that the tracer hears of */
    bool interrupt;
    uint8_t mode;        /* TraceMode, for the exit of that execve */
    uint32_t options;
    uint64_t message;
    int32_t pending;     /* a signal that came meanwhile, or 0 */
    uint8_t info[128];   /* its siginfo */
} TraceBoot;

#endif
