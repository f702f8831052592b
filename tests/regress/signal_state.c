/*
 * Signals at 1 kHz: every register, the flags and the vectors of the interrupted code survive;
 * loops without calls are interrupted at once; handlers nest, jump out, change the context.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static volatile int ticks;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Destroys whatever it may: vectors, flags, FPSR. */
static void on_tick(int sig)
{
    (void)sig;
    ticks++;
    __asm__ volatile("movi v0.16b, #0xff\n mov v1.16b, v0.16b\n mov v2.16b, v0.16b\n"
                     "mov v3.16b, v0.16b\n mov v7.16b, v0.16b\n mov v15.16b, v0.16b\n"
                     "mov v16.16b, v0.16b\n mov v23.16b, v0.16b\n mov v31.16b, v0.16b\n"
                     "msr fpsr, xzr\n fmov d4, #1.0\n fdiv d4, d4, d4\n cmp x0, x0\n"
                     "adds xzr, x0, x1" ::: "v0", "v1", "v2", "v3", "v4", "v7", "v15", "v16",
                     "v23", "v31", "cc");
}

static void ticking(int on)
{
    struct itimerval t = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};
    struct sigaction act = {.sa_handler = on_tick, .sa_flags = SA_RESTART};

    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &t, NULL);
}

/* A checksum over integer code with carries: any damage to flags or registers shows. */
static uint64_t integers(void)
{
    uint64_t a = 1, b = 2, c = 3, n = 300000;

    __asm__ volatile("1: adds %0, %0, %1\n adcs %1, %1, %2\n adc %2, %2, %0\n"
                     "eor %0, %0, %2, ror #13\n subs xzr, %0, %1\n cinc %1, %1, hi\n"
                     "csetm x9, vs\n eor %2, %2, x9\n sub %3, %3, #1\n cbnz %3, 1b"
                     : "+r"(a), "+r"(b), "+r"(c), "+r"(n)::"x9", "cc");
    return a ^ b ^ c;
}

/* All 32 vectors turn around; the sum at the end tells. */
static uint64_t vectors(void)
{
    uint64_t sum = 0, n = 60000;

    __asm__ volatile(
        "mov x9, #0\n"
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        "add x9, x9, #17\n dup v\\r\\().2d, x9\n"
        ".endr\n"
        "1: add v0.2d, v0.2d, v31.2d\n"
        ".irp r,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        "eor v\\r\\().16b, v\\r\\().16b, v0.16b\n add v0.4s, v0.4s, v\\r\\().4s\n"
        ".endr\n"
        "subs %1, %1, #1\n b.ne 1b\n mov %0, v0.d[0]\n mov x9, v17.d[1]\n eor %0, %0, x9"
        : "+r"(sum), "+r"(n)::"x9", "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
          "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20",
          "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
    return sum;
}

/* FPSR and FPCR are kept through handlers that change the one and use the other. */
static uint64_t floats(void)
{
    uint64_t fpcr = 3ul << 22, fpsr = 0, old;
    double x = 1.0, acc = 0;

    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0\n msr fpsr, xzr" ::"r"(fpcr));
    for (int i = 0; i < 150000; i++) {
        x = x * 1.0000001 + 1e-9;
        acc += 1.0 / x;
        __asm__ volatile("" : "+w"(x), "+w"(acc));
    }
    __asm__ volatile("mrs %0, fpsr\n mrs %1, fpcr" : "=r"(fpsr), "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" ::"r"(old));
    uint64_t bits;
    memcpy(&bits, &acc, 8);
    return bits ^ fpsr << 1 ^ fpcr << 8;
}

static uint64_t strings(void)
{
    static char a[3000], b[3000];
    uint64_t sum = 0;

    for (int i = 0; i < 3000; i++) {
        size_t n = (size_t)(i * 7 % 2900);
        memset(a, 'a' + i % 26, n);
        a[n] = 0;
        memcpy(b, a, n + 1);
        sum = sum * 31 + strlen(b) + (uint64_t)(memcmp(a, b, n + 1) == 0) +
              (uint64_t)(strchr(b, 0) - b) + (uint64_t)(uintptr_t)memchr(b, 'q', n) % 2;
    }
    return sum;
}

static void survive(uint64_t (*fn)(void), const char *name)
{
    ticking(0);
    uint64_t want = fn();
    ticks = 0;
    ticking(1);
    double end = now() + 0.4;
    int rounds = 0, bad = 0;
    do {
        bad += fn() != want;
        rounds++;
    } while (now() < end);
    ticking(0);
    if (bad || ticks < 10)
        fprintf(stderr, "%s: %d of %d rounds differ, %d ticks\n", name, bad, rounds, ticks);
    CHECK(!bad && ticks >= 10);
}

static sigjmp_buf jump;

static void jump_out(int sig)
{
    siglongjmp(jump, sig);
}

/* A branch to itself and other loops without calls end within milliseconds. */
static void tight_loops(void)
{
    signal(SIGVTALRM, SIG_DFL);
    for (volatile int k = 0; k < 60; k++) {
        struct itimerval t = {{0, 0}, {0, 3000}};
        signal(SIGALRM, jump_out);
        volatile double start = now();
        if (sigsetjmp(jump, 1) == 0) {
            setitimer(ITIMER_REAL, &t, NULL);
            if (k % 3 == 0)
                __asm__ volatile("b .");
            else if (k % 3 == 1)
                __asm__ volatile("mov x9, #1\n1: cbnz x9, 2f\n nop\n2: add x10, x10, #1\n b 1b" ::
                                     : "x9", "x10");
            else
                __asm__ volatile("adr x9, 1f\n1: br x9" ::: "x9");
        }
        CHECK(now() - start < 2.0);
    }
}

/* ---- contexts that the handler changes ---- */

static volatile int faults;

static void skip_load(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uint32_t insn = *(uint32_t *)uc->uc_mcontext.pc;
    struct fpsimd_context *fp = (struct fpsimd_context *)uc->uc_mcontext.__reserved;
    (void)sig, (void)info;

    faults++;
    if (fp->head.magic != FPSIMD_MAGIC)
        _exit(4);
    if ((insn & 0xffc00000) == 0x3dc00000) /* ldr q */
        fp->vregs[insn & 31] = (__uint128_t)0x1122334455667788 << 64 | faults;
    else
        uc->uc_mcontext.regs[insn & 31] = 1000u + (unsigned)faults;
    uc->uc_mcontext.pstate = 0x90000000; /* N and V */
    fp->fpcr = 1u << 24;
    fp->fpsr = 0x08000001;
    uc->uc_mcontext.pc += 4;
}

static void decode_and_skip(void)
{
    struct sigaction act = {.sa_sigaction = skip_load, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &act, NULL);

    for (int n = 1; n < 500; n++) {
        uint64_t x, nzcv, fpcr, fpsr, low, high, kept;
        faults = 0;
        __asm__ volatile("msr fpcr, xzr\n mov x10, #77\n cmp x10, #77\n fmov d9, #1.5\n"
                         "ldr %0, [%7]\n mrs %1, nzcv\n mrs %2, fpcr\n mrs %3, fpsr\n"
                         "ldr q31, [%7]\n mov %4, v31.d[0]\n mov %5, v31.d[1]\n fmov %6, d9\n"
                         "msr fpcr, xzr"
                         : "=&r"(x), "=&r"(nzcv), "=&r"(fpcr), "=&r"(fpsr), "=&r"(low),
                           "=&r"(high), "=&r"(kept)
                         : "r"(16ul)
                         : "x10", "v9", "v31", "cc", "memory");
        CHECK(x == 1001 && nzcv == 0x90000000 && fpcr == 1u << 24 && fpsr == 0x08000001);
        CHECK(low == 2 && high == 0x1122334455667788 && kept == 0x3ff8000000000000 && faults == 2);
        if (check_failures)
            break;
    }
    signal(SIGSEGV, SIG_DFL);
}

static void on_overflow(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info, (void)context;
    siglongjmp(jump, 1);
}

static int deep(volatile char *up)
{
    volatile char here[4096];
    here[0] = up[0];
    return deep(here) + here[0];
}

static void stack_overflow(void)
{
    struct sigaction act = {.sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536};
    volatile char start = 0;

    CHECK(sigaltstack(&ss, NULL) == 0);
    sigaction(SIGSEGV, &act, NULL);
    for (volatile int n = 0; n < 3; n++) {
        if (sigsetjmp(jump, 1) == 0) {
            deep(&start);
            CHECK(0);
        }
    }
    ss.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&ss, NULL) == 0);
    signal(SIGSEGV, SIG_DFL);
    free(ss.ss_sp);
}

static void *volatile bus_addr;

static void on_bus(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    bus_addr = info->si_code == BUS_ADRERR ? info->si_addr : NULL;
    siglongjmp(jump, 1);
}

static void beyond_file_end(void)
{
    struct sigaction act = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    int fd = memfd_create("short", 0);
    volatile char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK(ftruncate(fd, 100) == 0);
    sigaction(SIGBUS, &act, NULL);
    p[4095] = 1;
    if (sigsetjmp(jump, 1) == 0) {
        p[4096 + 77] = 1;
        CHECK(0);
    }
    CHECK(bus_addr == p + 4096 + 77);
    signal(SIGBUS, SIG_DFL);
    close(fd);
}

/* Handlers that interrupt one another, each with its own mask. */
static volatile int depth, deepest;

static void nested(int sig)
{
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (sig < SIGRTMAX)
        raise(sig + 1);
    depth--;
}

static void all_signals(void)
{
    struct sigaction act = {.sa_handler = nested};
    for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
        sigaction(sig, &act, NULL);
    raise(SIGRTMIN);
    CHECK(depth == 0 && deepest == SIGRTMAX - SIGRTMIN + 1);
    for (int sig = 1; sig <= 64; sig++) {
        if (sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33)
            continue;
        act.sa_handler = on_tick;
        CHECK(sigaction(sig, &act, NULL) == 0);
        int before = ticks;
        CHECK(kill(getpid(), sig) == 0);
        CHECK(ticks == before + 1);
        signal(sig, SIG_DFL);
    }
}

/* Calls that a signal interrupts: restarted or EINTR, as the disposition says. */
static void interrupted_calls(void)
{
    int fd[2];
    char c;

    CHECK(pipe(fd) == 0);
    ticks = 0;
    ticking(1);
    pid_t pid = fork();
    if (pid == 0) {
        usleep(100000);
        _exit(write(fd[1], "x", 1) != 1);
    }
    CHECK(read(fd[0], &c, 1) == 1 && c == 'x'); /* SA_RESTART */
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    struct timespec t = {5, 0}, left = {0, 0};
    CHECK(nanosleep(&t, &left) == -1 && errno == EINTR && left.tv_sec >= 2);
    struct sigaction act = {.sa_handler = on_tick};
    sigaction(SIGALRM, &act, NULL);
    CHECK(read(fd[0], &c, 1) == -1 && errno == EINTR);
    ticking(0);
    CHECK(ticks > 10);
    close(fd[0]), close(fd[1]);
}

/* Two coroutines, switched from inside and while signals arrive. */
static ucontext_t main_context, co[2];
static volatile uint64_t co_steps[2];

static void coroutine(int me)
{
    volatile double keep = me + 0.25;
    for (int n = 0; n < 2000; n++) {
        co_steps[me]++;
        if (keep != me + 0.25)
            _exit(5);
        swapcontext(&co[me], &co[!me]);
    }
}

static void coroutines(void)
{
    for (int i = 0; i < 2; i++) {
        getcontext(&co[i]);
        co[i].uc_stack.ss_sp = malloc(65536);
        co[i].uc_stack.ss_size = 65536;
        co[i].uc_link = &main_context;
        makecontext(&co[i], (void (*)(void))coroutine, 1, i);
    }
    ticking(1);
    swapcontext(&main_context, &co[0]);
    ticking(0);
    CHECK(co_steps[0] == 2000 && co_steps[1] >= 1999);
}

int main(void)
{
    survive(integers, "integers");
    survive(vectors, "vectors");
    survive(floats, "floats");
    survive(strings, "strings");
    tight_loops();
    decode_and_skip();
    stack_overflow();
    beyond_file_end();
    all_signals();
    interrupted_calls();
    coroutines();
    return check_done();
}
