/*
 * clone, clone3, exit, exit_group. The guest's flags go to the host kernel as they are, by a raw
 * call: namespaces, pidfds, cgroups and parent/child tid words are the kernel's business. Ours is
 * only on what a child runs: with CLONE_VM a Thread of its own, else a copy of this process.
 *
 * Invariant: host signals are blocked from before the call until the child (and the parent) has
 * its own Thread state complete.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include "emu/base/alloc.h"
#include "emu/base/fd.h"
#include "emu/base/sys.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "syscalls/process.h"
#include "syscalls/ptrace.h"
#include "syscalls/seccomp.h"
#include "syscalls/signal.h"

/* Not in every libc's headers, or behind feature macros. */
#define FLAG_CSIGNAL 0xffull
#define FLAG_VM 0x100ull
#define FLAG_FILES 0x400ull
#define FLAG_SIGHAND 0x800ull
#define FLAG_VFORK 0x4000ull
#define FLAG_THREAD 0x10000ull
#define FLAG_SETTLS 0x80000ull
#define FLAG_CLEAR_SIGHAND 0x100000000ull

/* Linux's struct clone_args as of 5.7 (CLONE_ARGS_SIZE_VER2). */
typedef struct CloneArgs {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
} CloneArgs;

#define CLONE_ARGS_MIN 64

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

/* One clone, whichever call it came by. */
typedef struct CloneCall {
    CloneArgs args;
    size_t size;       /* clone3: bytes of args that the host gets; 0: clone */
    uint64_t guest_sp; /* 0: the child goes on with the parent's */
} CloneCall;

/* What the new CPU has differently from its parent: result 0, stack, TLS. */
static void set_child_cpu(CpuState *cpu, const CloneCall *call)
{
    cpu->x[0] = 0;
    if (call->guest_sp)
        cpu->x[31] = call->guest_sp;
    if (call->args.flags & FLAG_SETTLS)
        cpu->tpidr_el0 = call->args.tls;
    cpu->excl_addr = EXCL_NONE;
}

/*
 * With CLONE_FILES the after_fork hooks of both sides work on one table of descriptors: the child
 * goes first, the parent follows, and only then does guest code run. *turn lies in shared memory.
 */
static void take_turns(uint32_t *turn, bool in_child)
{
    uint32_t mine = in_child ? 0 : 1;
    struct timespec wait = {.tv_nsec = 10000000};

    /* bounded: the other side may have been killed */
    for (int i = 0; i < 500 && __atomic_load_n(turn, __ATOMIC_SEQ_CST) < mine; i++)
        sys(SYS_futex, turn, FUTEX_WAIT, mine - 1, &wait);
    if (hooks.after_fork)
        hooks.after_fork(in_child);
    __atomic_store_n(turn, mine + 1, __ATOMIC_SEQ_CST);
    sys(SYS_futex, turn, FUTEX_WAKE, 2);
    for (int i = 0; in_child && i < 500 && __atomic_load_n(turn, __ATOMIC_SEQ_CST) < 2; i++)
        sys(SYS_futex, turn, FUTEX_WAIT, 1, &wait);
}

/* Without CLONE_VM: the child is a copy that goes on right here, on the same host stack. */
static int64_t clone_fork(CpuState *cpu, const CloneCall *call)
{
    Thread *t = cpu_thread(cpu);
    CloneArgs args = call->args;
    uint32_t *turn = NULL;
    int64_t ret;

    if (args.flags & FLAG_FILES) {
        ret = sys(SYS_mmap, 0, PAGE_SIZE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                  0);
        if (sys_failed(ret)) {
            signal_open(cpu);
            return ret;
        }
        turn = (uint32_t *)ret;
    }
    args.flags &= ~FLAG_SETTLS;
    args.stack = args.stack_size = args.tls = 0;
    mem_before_fork_changes();
    if (hooks.before_fork)
        hooks.before_fork();
    ptrace_before_fork(t);
    signal_before_fork(t);
    seccomp_before_fork();
    threads_before_fork();
    mem_before_fork();
    alloc_before_fork();
    fd_before_fork();
    if (call->size)
        ret = sys(SYS_clone3, &args, call->size);
    else
        ret = sys(SYS_clone, args.flags | args.exit_signal, 0, args.parent_tid, args.child_tid, 0);
    fd_after_fork();
    alloc_after_fork();
    mem_after_fork();
    threads_after_fork(t, ret == 0);
    seccomp_after_fork();
    signal_after_fork(t, ret == 0);
    ptrace_after_fork(t, ret == 0);
    if (turn && !sys_failed(ret))
        take_turns(turn, ret == 0);
    else if (hooks.after_fork)
        hooks.after_fork(ret == 0);
    mem_after_fork_changes();
    if (turn)
        sys(SYS_munmap, turn, PAGE_SIZE_4K);
    if (ret == 0) {
        set_child_cpu(cpu, call);
        if (args.flags & FLAG_CLEAR_SIGHAND)
            signal_reset(t);
    }
    signal_open(cpu);
    return ret;
}

/* The child's first steps, on its own host stack. */
static void child_entry(Thread *t)
{
    thread_start(t);
    if (t->reset_signals)
        signal_reset(t);
    if (hooks.thread_started)
        hooks.thread_started(&t->cpu);
    signal_open(&t->cpu);
    hooks.run_thread(&t->cpu);
}

/* A new Thread that is given up by its creator: never ran, or a vfork child that is gone. */
static void drop_thread(Thread *t, bool ran)
{
    if (ran) { /* wherever it was killed */
        lock_abandon(t->thread_pointer);
        __atomic_store_n(&t->cpu.in_code, 0, __ATOMIC_SEQ_CST);
    }
    if (ran && hooks.thread_ended)
        hooks.thread_ended(&t->cpu);
    thread_unregister(t);
    signal_release(t);
    seccomp_release(t);
    alloc_free(t->exec_argv, t->exec_argv_size);
    thread_free(t);
}

static int64_t clone_thread(CpuState *cpu, const CloneCall *call)
{
    Thread *t = cpu_thread(cpu);
    CloneArgs args = call->args;
    Thread *child = thread_new(cpu);
    bool vfork = (args.flags & FLAG_VFORK) != 0;
    int self_fd = process.self_fd, exe_fd = process.exe_fd;
    int64_t ret;

    if (!child) {
        signal_open(cpu);
        return -EAGAIN;
    }
    set_child_cpu(&child->cpu, call);
    child->vfork_child = vfork;
    child->owns_process = !(args.flags & FLAG_THREAD);
    child->tgid = child->owns_process ? 0 : t->tgid;
    if (vfork) { /* others start without a signal stack, as in the kernel */
        child->altstack_sp = t->altstack_sp;
        child->altstack_size = t->altstack_size;
        child->altstack_flags = t->altstack_flags;
    }
    signal_clone(child, t, args.flags & FLAG_SIGHAND);
    child->reset_signals = (args.flags & FLAG_CLEAR_SIGHAND) != 0;
    thread_register(child);
    seccomp_clone(child, t);

    uint64_t top = (uint64_t)thread_stack_top(child);
    uint64_t tls = (uint64_t)child->thread_pointer;
    args.flags |= FLAG_SETTLS;
    if (call->size) {
        args.stack = (uint64_t)child->host_stack;
        args.stack_size = top - args.stack;
        args.tls = tls;
        ret = thread_clone(SYS_clone3, (uint64_t)&args, call->size, 0, 0, 0, child, child_entry);
    } else {
        ret = thread_clone(SYS_clone, args.flags | args.exit_signal, top, args.parent_tid,
                           args.child_tid, tls, child, child_entry);
    }
    if (vfork && !(args.flags & FLAG_FILES)) { /* the child may have moved them in its table */
        process.self_fd = self_fd;
        process.exe_fd = exe_fd;
    }
    if (sys_failed(ret))
        drop_thread(child, false);
    else if (vfork) /* it has executed something else or exited: nobody runs on child any more */
        drop_thread(child, true);
    signal_open(cpu);
    return ret;
}

static int64_t clone_any(CpuState *cpu, const CloneCall *call)
{
    if (!signal_close(cpu))
        return -ERESTARTNOINTR;
    return call->args.flags & FLAG_VM ? clone_thread(cpu, call) : clone_fork(cpu, call);
}

int64_t sys_clone(CpuState *cpu, uint64_t arg[6])
{
    CloneCall call = {.guest_sp = arg[1]};

    call.args.flags = (uint32_t)arg[0] & ~FLAG_CSIGNAL;
    call.args.exit_signal = (uint64_t)signal_to_host((int)(arg[0] & FLAG_CSIGNAL));
    call.args.parent_tid = arg[2];
    call.args.tls = arg[3];
    call.args.child_tid = arg[4];
    return clone_any(cpu, &call);
}

int64_t sys_clone3(CpuState *cpu, uint64_t arg[6])
{
    CloneCall call = {.size = arg[1]};
    uint8_t extra;

    if (arg[1] > PAGE_SIZE_4K)
        return -E2BIG;
    if (arg[1] < CLONE_ARGS_MIN)
        return -EINVAL;
    for (uint64_t i = sizeof call.args; i < arg[1]; i++) {
        if (!mem_read(&extra, arg[0] + i, 1))
            return -EFAULT;
        if (extra)
            return -E2BIG;
    }
    if (call.size > sizeof call.args)
        call.size = sizeof call.args;
    if (!mem_read(&call.args, arg[0], call.size))
        return -EFAULT;
    /* checked here because the host gets another stack */
    if (!call.args.stack != !call.args.stack_size ||
        !mem_range_ok(call.args.stack, call.args.stack_size))
        return -EINVAL;
    if (call.args.stack)
        call.guest_sp = call.args.stack + call.args.stack_size;
    call.args.exit_signal = (uint64_t)signal_to_host((int)call.args.exit_signal);
    return clone_any(cpu, &call);
}

/* The calling thread's state goes away; only the host thread is left. Host signals are blocked. */
static void retire(Thread *t)
{
    if (t->vfork_child)
        return; /* the parent does it */
    if (hooks.thread_ended)
        hooks.thread_ended(&t->cpu);
    thread_unregister(t);
    signal_release(t);
    seccomp_release(t);
}

int64_t sys_exit(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);

    if (!signal_close(cpu))
        return -ERESTARTNOINTR;
    retire(t);
    if (thread_count == 0 && hooks.process_ends)
        hooks.process_ends();
    thread_exit(t, (int)arg[0], false);
}

int64_t sys_exit_group(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);

    if (!t->owns_process) {
        if (hooks.process_ends)
            hooks.process_ends();
        for (;;)
            sys(SYS_exit_group, arg[0]);
    }
    if (!signal_close(cpu))
        return -ERESTARTNOINTR;
    retire(t);
    thread_exit(t, (int)arg[0], true);
}

/* In this host thread, exit_group gives it the status of a death by sig; false: it does not. */
static bool arm_exit_group(int sig)
{
    static const BpfInsn kill_at_exit[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit_group},
        {BPF_RET | BPF_K, 0, 0, 0 /* SECCOMP_RET_KILL_THREAD */},
        {BPF_RET | BPF_K, 0, 0, 0x7fff0000 /* SECCOMP_RET_ALLOW */},
    };
    struct {
        uint16_t count;
        const BpfInsn *insns;
    } prog = {COUNTOF(kill_at_exit), kill_at_exit};

    if (sig == SIGKILL)
        return sys(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0;
    return sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1) == 0 &&
           sys(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

_Noreturn void process_kill_thread(Thread *t, int sig)
{
    bool last = thread_count == 1;

    retire(t);
    if (last && hooks.process_ends)
        hooks.process_ends();
    bool armed = arm_exit_group(sig);
    if (!armed && last)
        sys(SYS_kill, sys(SYS_getpid), sig);
    thread_exit(t, 128 + sig, armed);
}
