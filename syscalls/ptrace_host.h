/*
 * The tracer's view of a tracee, through the host's ptrace. Everything is about one host thread
 * (tid) that this thread traces.
 */
#ifndef SYSCALLS_PTRACE_HOST_H
#define SYSCALLS_PTRACE_HOST_H

#include "emu/guest/thread.h"

/* linux/ptrace.h; the requests that arm64 has. */
enum {
    P_TRACEME = 0,
    P_PEEKTEXT = 1,
    P_PEEKDATA = 2,
    P_POKETEXT = 4,
    P_POKEDATA = 5,
    P_CONT = 7,
    P_KILL = 8,
    P_SINGLESTEP = 9,
    P_ATTACH = 16,
    P_DETACH = 17,
    P_SYSCALL = 24,
    P_SYSEMU = 31,
    P_SYSEMU_SINGLESTEP = 32,
    P_SETOPTIONS = 0x4200,
    P_GETEVENTMSG = 0x4201,
    P_GETSIGINFO = 0x4202,
    P_SETSIGINFO = 0x4203,
    P_GETREGSET = 0x4204,
    P_SETREGSET = 0x4205,
    P_SEIZE = 0x4206,
    P_INTERRUPT = 0x4207,
    P_LISTEN = 0x4208,
    P_PEEKSIGINFO = 0x4209,
    P_GETSIGMASK = 0x420a,
    P_SETSIGMASK = 0x420b,
    P_GET_SYSCALL_INFO = 0x420e,
    P_GET_RSEQ_CONFIGURATION = 0x420f,
};

enum {
    P_EVENT_FORK = 1,
    P_EVENT_VFORK = 2,
    P_EVENT_CLONE = 3,
    P_EVENT_EXEC = 4,
    P_EVENT_STOP = 128,
};

#define P_O_TRACESYSGOOD 1u
#define P_O_FOLLOW (BIT(P_EVENT_FORK) | BIT(P_EVENT_VFORK) | BIT(P_EVENT_CLONE))
#define P_O_TRACEEXEC (1u << P_EVENT_EXEC)
#define P_O_ALL 0x003000ffu

/* si_code of the SIGSEGV by which a tracee stops; si_value is its Thread. No kernel uses it. */
#define TRACE_STOP_CODE (-0x656d75)

extern TraceBoot trace_boot;

/* A tracee of this process. Entries are reused, never freed. */
typedef struct Tracee {
    struct Tracee *next;
    int tid;         /* 0: an unused entry */
    bool seized;
    bool emulated;   /* runs in an emulator of this very build */
    bool ready;      /* it knows that it is traced */
    bool quiet;      /* its next host event stop was asked for by us: not for the guest */
    uint8_t mode;    /* TraceMode of the last resumption */
    uint32_t options;
} Tracee;

/* What a host stop is to the guest. */
typedef enum TraceeStop {
    TRACEE_NOT_OURS, /* not a tracee of this thread, or not stopped */
    TRACEE_RUNS,     /* was the emulator's business; the host thread runs again */
    TRACEE_STOPPED,  /* the guest may look */
} TraceeStop;

/* A stopped tracee as the requests see it. */
typedef struct StoppedTracee {
    Tracee *tracee;
    bool self;         /* it stopped itself at a safepoint; else the host stopped it */
    uint64_t thread;   /* address of its Thread there; 0: a host program, or gone */
    TraceState trace;  /* thread != 0 */
} StoppedTracee;

/* Host ptrace; PEEKs store through data as the raw call does. */
int64_t host_ptrace(long request, int tid, uint64_t addr, uint64_t data);

/* Memory of the process of tid; false when it cannot be had. */
bool remote_read(int tid, uint64_t addr, void *to, size_t n);
bool remote_write(int tid, uint64_t addr, const void *from, size_t n);

/* True when tid's process is an emulator of this very build. */
bool remote_is_emulator(int tid);

/* Its entry in the table; NULL when none. tracee_add makes one. */
Tracee *tracee_find(int tid);
Tracee *tracee_add(int tid, bool seized, uint32_t options);
void tracee_forget(int tid);
void tracees_for_each(void (*fn)(Tracee *t, void *arg), void *arg);

/* The guest's options as the host must have them. */
uint32_t tracee_host_options(uint32_t options);

/*
 * Looks at a tracee that the host has stopped, does what is the emulator's business in it, and
 * says what it is to the guest; *status becomes the guest's wait status.
 */
TraceeStop tracee_look(int tid, int *status);

/*
 * Until the guest may see a stop of tid (left for wait), it ends, or half a second has passed;
 * quiet: until the stop has been that Tracee.quiet was set for.
 */
void tracee_settle(int tid, bool quiet);

/* For a request that needs a stopped tracee: false: ESRCH. */
bool tracee_inspect(int tid, StoppedTracee *s);

/* Reads or writes a field of the stopped tracee's Thread. */
#define REMOTE_GET(s, field, to)                                                                   \
    remote_read((s)->tracee->tid, (s)->thread + offsetof(Thread, field), to, sizeof *(to))
#define REMOTE_PUT(s, field, from)                                                                 \
    remote_write((s)->tracee->tid, (s)->thread + offsetof(Thread, field), from, sizeof *(from))

/* Register sets (ptrace_regs.c): the kernel's result; iov is the guest's struct iovec. */
int64_t ptrace_regset(StoppedTracee *s, unsigned note, uint64_t iov, bool set);

#endif
