/*
 * ptrace(2) as the tracing guest calls it, and wait's part in it. Results are the kernel's.
 */
#include "syscalls/ptrace.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "syscalls/ptrace_host.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

#define AUDIT_ARCH_AARCH64 0xc00000b7u
#define SIGNAL_COUNT 64
#define SIGINFO_BYTES 48 /* what the kernel keeps of a siginfo */

/* struct ptrace_syscall_info */
typedef struct SyscallInfo {
    uint8_t op, pad[3];
    uint32_t arch;
    uint64_t pc, sp;
    union {
        struct {
            uint64_t nr, args[6];
        } entry;
        struct {
            int64_t value;
            uint8_t is_error;
        } exit;
    };
} SyscallInfo;
_Static_assert(sizeof(SyscallInfo) == 80, "struct ptrace_syscall_info without its seccomp part");

static int64_t trace_me(Thread *t)
{
    int64_t ret = host_ptrace(P_TRACEME, 0, 0, 0);

    if (ret == 0) {
        process.traced = true;
        t->trace = (TraceState){.on = true, .syscall = -1};
    }
    return ret;
}

/*
 * The thread is made to know of it at once: where it stands now it may well hold a lock of the
 * emulator, which this thread shares when they share memory.
 */
static int64_t attach(int tid, bool seize, uint64_t addr, uint64_t data)
{
    uint32_t options = seize ? (uint32_t)data : 0;

    if (seize && (addr || (data & ~(uint64_t)P_O_ALL)))
        return -EIO;
    int64_t ret = host_ptrace(seize ? P_SEIZE : P_ATTACH, tid, addr,
                              seize ? tracee_host_options(options) : data);
    if (ret < 0)
        return ret;
    Tracee *t = tracee_add(tid, seize, options);
    t->emulated = remote_is_emulator(tid);
    if (seize && t->emulated) {
        t->quiet = true;
        host_ptrace(P_INTERRUPT, tid, 0, 0);
        tracee_settle(tid, true);
        t->quiet = false; /* it stood in a group stop: that is for the guest */
    } else if (!seize) {
        tracee_settle(tid, false);
    }
    return 0;
}

static int64_t set_options(StoppedTracee *s, uint64_t data)
{
    uint32_t options = (uint32_t)data;

    if (data & ~(uint64_t)P_O_ALL)
        return -EINVAL;
    int64_t ret = host_ptrace(P_SETOPTIONS, s->tracee->tid, 0, tracee_host_options(options));
    if (ret < 0)
        return ret;
    s->tracee->options = options;
    if (s->thread)
        REMOTE_PUT(s, trace.options, &options);
    return 0;
}

/* The mode that a request resumes in; -1: it is none that resumes. */
static int resume_mode(uint64_t request)
{
    switch (request) {
    case P_CONT: return TRACE_CONT;
    case P_DETACH: return TRACE_CONT;
    case P_SYSCALL: return TRACE_SYSCALL;
    case P_SYSEMU: return TRACE_SYSEMU;
    case P_SINGLESTEP: return TRACE_STEP;
    case P_SYSEMU_SINGLESTEP: return TRACE_SYSEMU_STEP;
    default: return -1;
    }
}

/* Tells the thread how to go on; its stop's siginfo becomes that of the signal it gets. */
static void tell_resume(StoppedTracee *s, int mode, int sig, bool detach)
{
    TraceState *tr = &s->trace;
    uint32_t requested = CPU_EXIT_REQUESTED;

    if (s->self && sig && sig != tr->sig && tr->stop == TRACE_AT_SIGNAL) {
        int32_t info[32] = {sig, 0, SI_USER, 0, (int32_t)sys(SYS_getpid), (int32_t)sys(SYS_getuid)};
        memcpy(tr->info, info, sizeof tr->info);
    }
    tr->mode = (uint8_t)mode;
    tr->step = mode == TRACE_STEP || mode == TRACE_SYSEMU_STEP;
    tr->on = !detach;
    tr->sig = s->self ? sig : 0;
    tr->resumed = true;
    REMOTE_PUT(s, trace, tr);
    if (!s->self && (tr->step || tr->mask_changed || tr->fp_changed || tr->ranges || detach))
        REMOTE_PUT(s, cpu.exit_request, &requested);
}

static int64_t resume(StoppedTracee *s, uint64_t request, uint64_t sig)
{
    int mode = resume_mode(request), tid = s->tracee->tid;

    if (sig > SIGNAL_COUNT)
        return -EIO;
    s->tracee->mode = (uint8_t)mode;
    if (s->thread)
        tell_resume(s, mode, (int)sig, request == P_DETACH);
    if (s->tracee->emulated) {
        sig = 0;
        if (request != P_DETACH)
            request = P_CONT;
    }
    if (request == P_DETACH)
        tracee_forget(tid);
    return host_ptrace((long)request, tid, 0, sig);
}

/* Remembers that [start, end) of the stopped tracee's memory was written. */
static void note_write(StoppedTracee *s, uint64_t start, uint64_t end)
{
    TraceState *tr = &s->trace;
    TraceRange *last = &tr->range[TRACE_RANGES - 1];

    if (!s->thread)
        return;
    if (tr->ranges < TRACE_RANGES) {
        tr->range[tr->ranges++] = (TraceRange){start, end};
    } else {
        last->start = start < last->start ? start : last->start;
        last->end = end > last->end ? end : last->end;
    }
    REMOTE_PUT(s, trace.range, &tr->range);
    REMOTE_PUT(s, trace.ranges, &tr->ranges);
}

/* A word of memory: by the host, which reads and writes what the guest itself may not, too. */
static int64_t peek_poke(StoppedTracee *s, uint64_t request, uint64_t addr, uint64_t data)
{
    bool poke = request == P_POKETEXT || request == P_POKEDATA;
    uint64_t word = data;

    addr = (uint64_t)sext(addr, 56);
    if (s->tracee->emulated && !mem_range_ok(addr, 8))
        return -EIO;
    int64_t ret = host_ptrace((long)request, s->tracee->tid, addr, poke ? data : (uint64_t)&word);
    if (ret < 0)
        return ret;
    if (poke) {
        note_write(s, addr, addr + 8);
        return 0;
    }
    return mem_write(data, &word, sizeof word) ? 0 : -EFAULT;
}

static int64_t siginfo(StoppedTracee *s, bool set, uint64_t data)
{
    uint8_t info[128] = {0};

    if (!s->self)
        return set ? host_ptrace(P_SETSIGINFO, s->tracee->tid, 0, data)
                   : host_ptrace(P_GETSIGINFO, s->tracee->tid, 0, data);
    if (!set)
        return mem_write(data, s->trace.info, sizeof s->trace.info) ? 0 : -EFAULT;
    if (!mem_read(info, data, sizeof info))
        return -EFAULT;
    memset(info + SIGINFO_BYTES, 0, sizeof info - SIGINFO_BYTES);
    return REMOTE_PUT(s, trace.info, &info) ? 0 : -EIO;
}

static int64_t signal_mask(StoppedTracee *s, bool set, uint64_t size, uint64_t data)
{
    uint64_t mask, saved;
    bool restore, yes = true, no = false;

    if (!s->thread)
        return host_ptrace(set ? P_SETSIGMASK : P_GETSIGMASK, s->tracee->tid, size, data);
    if (size != sizeof mask)
        return -EINVAL;
    if (set) {
        if (!mem_read(&mask, data, sizeof mask))
            return -EFAULT;
        mask &= ~(BIT(SIGKILL - 1) | BIT(SIGSTOP - 1));
        return REMOTE_PUT(s, sigmask, &mask) && REMOTE_PUT(s, restore_saved_mask, &no) &&
               REMOTE_PUT(s, trace.mask_changed, &yes) ? 0 : -EIO;
    }
    if (!REMOTE_GET(s, sigmask, &mask) || !REMOTE_GET(s, saved_sigmask, &saved) ||
        !REMOTE_GET(s, restore_saved_mask, &restore))
        return -EIO;
    return mem_write(data, restore ? &saved : &mask, sizeof mask) ? 0 : -EFAULT;
}

static int64_t event_message(StoppedTracee *s, uint64_t data)
{
    if (!s->self)
        return host_ptrace(P_GETEVENTMSG, s->tracee->tid, 0, data);
    return mem_write(data, &s->trace.message, sizeof s->trace.message) ? 0 : -EFAULT;
}

static int64_t syscall_info(StoppedTracee *s, uint64_t size, uint64_t data)
{
    SyscallInfo info = {.arch = AUDIT_ARCH_AARCH64};
    uint64_t x[33], length = offsetof(SyscallInfo, entry);

    if (!s->thread)
        return host_ptrace(P_GET_SYSCALL_INFO, s->tracee->tid, size, data);
    if (!REMOTE_GET(s, cpu.x, (uint64_t(*)[32])x) || !REMOTE_GET(s, cpu.pc, &x[32]))
        return -EIO;
    info.pc = x[32];
    info.sp = x[31];
    /* as in the kernel, only the stops that PTRACE_O_TRACESYSGOOD marks are told apart */
    if (s->self && s->trace.stop == TRACE_AT_ENTRY && (s->trace.code & 0x80)) {
        info.op = 1;
        info.entry.nr = (uint64_t)s->trace.syscall;
        info.entry.args[0] = s->trace.orig_x0;
        memcpy(info.entry.args + 1, x + 1, 5 * sizeof *x);
        length = sizeof info;
    } else if (s->self && s->trace.stop == TRACE_AT_EXIT && (s->trace.code & 0x80)) {
        info.op = 2;
        info.exit.value = (int64_t)x[0];
        info.exit.is_error = sys_failed(info.exit.value);
        length = offsetof(SyscallInfo, exit.is_error) + 1;
    }
    if (size && !mem_write(data, &info, size < length ? size : length))
        return -EFAULT;
    return (int64_t)length;
}

/* Restartable sequences are not offered: none is registered. */
static int64_t rseq_configuration(uint64_t size, uint64_t data)
{
    uint8_t none[24] = {0};

    if (size && !mem_write(data, none, size < sizeof none ? size : sizeof none))
        return -EFAULT;
    return sizeof none;
}

/* A request to a tracee that stands still. */
static int64_t request_stopped(StoppedTracee *s, uint64_t request, uint64_t addr, uint64_t data)
{
    switch (request) {
    case P_PEEKTEXT:
    case P_PEEKDATA:
    case P_POKETEXT:
    case P_POKEDATA:
        return peek_poke(s, request, addr, data);
    case P_SETOPTIONS:
        return set_options(s, data);
    case P_GETEVENTMSG:
        return event_message(s, data);
    case P_GETSIGINFO:
    case P_SETSIGINFO:
        return siginfo(s, request == P_SETSIGINFO, data);
    case P_GETREGSET:
    case P_SETREGSET:
        return ptrace_regset(s, (unsigned)addr, data, request == P_SETREGSET);
    case P_GETSIGMASK:
    case P_SETSIGMASK:
        return signal_mask(s, request == P_SETSIGMASK, addr, data);
    case P_GET_SYSCALL_INFO:
        return syscall_info(s, addr, data);
    case P_GET_RSEQ_CONFIGURATION:
        return rseq_configuration(addr, data);
    case P_LISTEN:
    case P_PEEKSIGINFO:
        return host_ptrace((long)request, s->tracee->tid, addr, data);
    default:
        if (resume_mode(request) >= 0)
            return resume(s, request, data);
        LOG(LOG_UNIMP, "ptrace(%#llx): not an arm64 request, or not supported\n",
            (unsigned long long)request);
        return -EIO;
    }
}

/* The target need not be stopped, and may be the one thing to become so. */
static int64_t interrupt(int tid)
{
    Tracee *t = tracee_find(tid);
    int64_t ret = host_ptrace(P_INTERRUPT, tid, 0, 0);

    if (ret == 0 && t && t->emulated)
        tracee_settle(tid, false);
    return ret;
}

int64_t sys_ptrace(CpuState *cpu, uint64_t arg[6])
{
    int tid = (int)arg[1];
    StoppedTracee s;

    switch (arg[0]) {
    case P_TRACEME:
        return trace_me(cpu_thread(cpu));
    case P_ATTACH:
    case P_SEIZE:
        return attach(tid, arg[0] == P_SEIZE, arg[2], arg[3]);
    case P_KILL:
        return host_ptrace(P_KILL, tid, 0, 0);
    case P_INTERRUPT:
        return interrupt(tid);
    default:
        if (tid <= 0 || !tracee_inspect(tid, &s))
            return -ESRCH;
        return request_stopped(&s, arg[0], arg[2], arg[3]);
    }
}

bool ptrace_wait_stop(int tid, int *status)
{
    return tracee_look(tid, status) != TRACEE_RUNS;
}

void ptrace_wait_end(int tid)
{
    tracee_forget(tid);
}

typedef struct Written {
    int pid;
    uint64_t start, end;
} Written;

static void tell_written(Tracee *t, void *arg)
{
    const Written *w = arg;
    StoppedTracee s;

    if (t->emulated && (t->tid == w->pid || sys(SYS_tgkill, w->pid, t->tid, 0) == 0) &&
        tracee_inspect(t->tid, &s))
        note_write(&s, w->start, w->end);
}

void ptrace_memory_written(int pid, uint64_t start, uint64_t end)
{
    Written w = {pid, start, end};

    tracees_for_each(tell_written, &w);
}
