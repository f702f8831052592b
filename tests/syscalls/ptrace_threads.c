/*
 * Tracing threads: all those of the tracer's own memory (as leak checkers do: the tracer is a task
 * that shares it), and those of another process, followed from their start through many system
 * calls, breakpoints and signals.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define SIGNAL_STOP(sig) ((sig) << 8 | 0x7f)
#define THREADS 4

typedef struct Regs {
    uint64_t x[31], sp, pc, pstate;
} Regs;

static volatile int stop, tids[THREADS];
static volatile long beats[THREADS];
static volatile uintptr_t stacks[THREADS];

static void *spin(void *arg)
{
    long me = (long)arg;

    stacks[me] = (uintptr_t)__builtin_frame_address(0);
    tids[me] = (int)syscall(SYS_gettid);
    while (!stop) {
        beats[me]++;
        if (me == 1) { /* is often inside the kernel, and where mappings change */
            void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            munmap(p, 4096);
        } else if (me == 2) {
            usleep(100);
        } else if (me == 3) {
            free(malloc(beats[me] % 5000));
        }
    }
    return NULL;
}

/* Runs beside everything else, in the same memory. */
static int trace_own(void *arg)
{
    int status, bad = 0;
    struct timespec moment = {0, 3000000};

    (void)arg;
    for (int i = 0; i < THREADS; i++) {
        if (ptrace(PTRACE_ATTACH, tids[i], 0, 0))
            return 1;
        if (waitpid(tids[i], &status, __WALL) != tids[i] || status != SIGNAL_STOP(SIGSTOP))
            return 2;
    }
    long before[THREADS];
    for (int i = 0; i < THREADS; i++) {
        Regs r = {0};
        struct iovec iov = {&r, sizeof r};
        if (ptrace(PTRACE_GETREGSET, tids[i], NT_PRSTATUS, &iov))
            bad = 3;
        if (r.sp > stacks[i] + 4096 || r.sp < stacks[i] - 65536)
            bad = 4;
        before[i] = beats[i];
    }
    nanosleep(&moment, NULL);
    for (int i = 0; i < THREADS; i++) {
        if (beats[i] != before[i])
            bad = 5;
        if (ptrace(PTRACE_DETACH, tids[i], 0, 0))
            bad = 6;
    }
    return bad;
}

static void test_own_threads(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    pthread_t t[THREADS];
    int status;

    for (long i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, spin, (void *)i);
    for (int i = 0; i < THREADS; i++)
        while (!tids[i])
            sched_yield();
    for (int round = 0; round < 20; round++) {
        pid_t pid = clone(trace_own, stack + sizeof stack,
                          CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, NULL);
        CHECK(pid > 0);
        CHECK(waitpid(pid, &status, __WALL) == pid && status == 0);
        for (int i = 0; i < THREADS; i++)
            for (long from = beats[i], n = 0; beats[i] == from && n < 100000; n++)
                sched_yield();
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static volatile int hits;
void touch(void); /* a NOP that may be skipped, and RET; 8-aligned */
__asm__(".text\n.align 3\n.globl touch\n.type touch, %function\n"
        "touch:\n"
        "    nop\n"
        "    ret\n");

static void on_signal(int sig)
{
    (void)sig;
    __atomic_add_fetch(&hits, 1000, __ATOMIC_SEQ_CST);
}

static void *work(void *arg)
{
    for (int i = 0; i < 20; i++) {
        touch();
        __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
        syscall(SYS_getppid);
        if (i % 5 == 0)
            raise(SIGUSR1);
    }
    return arg;
}

static void run_threads(void)
{
    pthread_t t[THREADS];

    signal(SIGUSR1, on_signal);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < THREADS; i++)
            pthread_create(&t[i], NULL, work, NULL);
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
    }
    _exit(hits == 2 * THREADS * 20 + 2 * THREADS * 4 * 1000 ? 55 : 56);
}

/* request: PTRACE_CONT or PTRACE_SYSCALL. All four kinds of stop of all threads. */
static void test_follow(long request, int breakpoint)
{
    const uint32_t brk = 0xd4200000;
    uint32_t insn = *(const uint32_t *)(const void *)touch;
    struct iovec here = {&insn, 4}, there = {(void *)touch, 4};
    int status, signals = 0, traps = 0, clones = 0, calls = 0;
    pid_t pid = fork(), who;

    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        run_threads();
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGSTOP));
    CHECK(ptrace(PTRACE_SETOPTIONS, pid, 0,
                 PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) == 0);
    if (breakpoint) {
        uint64_t word = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, touch, 0);
        CHECK(ptrace(PTRACE_POKETEXT, pid, touch, (word & ~0xffffffffull) | brk) == 0);
        CHECK(process_vm_readv(pid, &here, 1, &there, 1, 0) == 4 && insn == brk);
    }
    CHECK(ptrace(request, pid, 0, 0) == 0);
    while ((who = waitpid(-1, &status, __WALL)) > 0) {
        int sig = 0;

        if (!WIFSTOPPED(status)) {
            if (who == pid)
                CHECK(status == 55 << 8);
            continue;
        }
        if (status >> 16) {
            clones++;
        } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            calls++;
        } else if (WSTOPSIG(status) == SIGTRAP) { /* at touch(): its NOP is done here */
            Regs r;
            struct iovec iov = {&r, sizeof r};
            CHECK(ptrace(PTRACE_GETREGSET, who, NT_PRSTATUS, &iov) == 0);
            CHECK(r.pc == (uint64_t)touch);
            r.pc += 4;
            CHECK(ptrace(PTRACE_SETREGSET, who, NT_PRSTATUS, &iov) == 0);
            traps++;
        } else if (WSTOPSIG(status) == SIGUSR1) {
            sig = SIGUSR1;
            signals++;
        } else {
            CHECK(WSTOPSIG(status) == SIGSTOP && who != pid);
        }
        CHECK(ptrace(request, who, 0, (long)sig) == 0);
    }
    CHECK(clones == 2 * THREADS);
    CHECK(signals == 2 * THREADS * 4);
    CHECK(traps == (breakpoint ? 2 * THREADS * 20 : 0));
    CHECK(request == PTRACE_CONT ? calls == 0 : calls > 2 * THREADS * 20 * 2);
}

int main(void)
{
    alarm(60);
    test_own_threads();
    test_follow(PTRACE_CONT, 0);
    test_follow(PTRACE_CONT, 1);
    test_follow(PTRACE_SYSCALL, 0);
    test_follow(PTRACE_SYSCALL, 1);
    return check_done();
}
