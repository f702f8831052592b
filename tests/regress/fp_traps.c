/*
 * Floating point that the host's FPU traps, hot: results, FPSR and flags are exact before and
 * after the emulator gives up traps for the thread, with and without flushing, in vectors,
 * whatever the program does with SIGFPE, which stays its own.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define IOC 1u
#define UFC 8u
#define IXC 16u
#define IDC 128u
#define FZ (1u << 24)
#define ROUNDS 600 /* more than a thread's traps */

static uint64_t fpsr(void)
{
    uint64_t value;
    __asm__ volatile("mrs %0, fpsr\n msr fpsr, xzr" : "=r"(value));
    return value;
}

static void set_fpcr(uint64_t value)
{
    __asm__ volatile("msr fpcr, %0" ::"r"(value));
}

#define BINARY(name, insn)                                                                         \
    static uint64_t name(uint64_t a, uint64_t b)                                                   \
    {                                                                                              \
        uint64_t result;                                                                           \
        /* the flags and the sources live through a trap */                                        \
        __asm__ volatile("fmov d0, %1\n fmov d1, %2\n cmp %1, %1\n" insn                           \
                         "\n fmov %0, d0\n csel %0, %0, xzr, eq"                                   \
                         : "=&r"(result) : "r"(a), "r"(b) : "v0", "v1", "cc");                     \
        return result;                                                                             \
    }
BINARY(add, "fadd d0, d0, d1")
BINARY(mul, "fmul d0, d0, d1")
BINARY(mla, "movi d2, #0\n fmadd d0, d0, d1, d2")
BINARY(mla_nan, "fmadd d0, d1, d1, d0")
BINARY(lanes, "mov v0.d[1], v0.d[0]\n fmul v0.2d, v0.2d, v1.d[0]\n mov d0, v0.d[1]")

static const struct {
    uint64_t (*op)(uint64_t, uint64_t);
    uint64_t a, b, result, flags;
    uint64_t fz_result, fz_flags;
} cases[] = {
    {add, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, IOC,
     0x7ff8000000000000, IOC},
    {add, 0x7ff8000000000007, 0x7ff8000000000008, 0x7ff8000000000007, 0, 0x7ff8000000000007, 0},
    {add, 0x7ff8000000000007, 0x7ff0000000000008, 0x7ff8000000000008, IOC,
     0x7ff8000000000008, IOC},
    {add, 1, 2, 3, 0, 0, IDC},
    {add, 0x0010000000000001, 0x8010000000000000, 1, 0, 0, UFC},
    {mul, 0x0010000000000000, 0x3fe0000000000000, 0x0008000000000000, 0, 0, UFC},
    {mul, 0x001fffffffffffff, 0x3fe0000000000000, 0x0010000000000000, UFC | IXC, 0, UFC},
    {mul, 0x0010000000000000, 0x3ff0000000000000, 0x0010000000000000, 0,
     0x0010000000000000, 0},
    {mul, 0x7ff8000000000007, 1, 0x7ff8000000000007, 0, 0x7ff8000000000007, IDC},
    {mla, 0x001fffffffffffff, 0xbfe0000000000000, 0x8010000000000000, UFC | IXC,
     0x8000000000000000, UFC},
    {mla_nan, 0x7ff8000000000007, 0x7ff8000000000008, 0x7ff8000000000007, 0,
     0x7ff8000000000007, 0},
    {lanes, 0x001fffffffffffff, 0x3fe0000000000000, 0x0010000000000000, UFC | IXC, 0, UFC},
    {lanes, 0x3ff8000000000000, 0x3ff8000000000001, 0x4002000000000001, IXC,
     0x4002000000000001, IXC},
};

static void arithmetic(void)
{
    for (unsigned n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        for (int round = 0; round < ROUNDS / 4; round++) {
            fpsr();
            CHECK(cases[n].op(cases[n].a, cases[n].b) == cases[n].result);
            CHECK(fpsr() == cases[n].flags);
        }
        set_fpcr(FZ);
        for (int round = 0; round < ROUNDS / 4; round++) {
            fpsr();
            CHECK(cases[n].op(cases[n].a, cases[n].b) == cases[n].fz_result);
            CHECK(fpsr() == cases[n].fz_flags);
        }
        set_fpcr(0);
    }
}

static volatile int caught, code;

static void on_fpe(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    caught++;
    code = info->si_code;
}

static void in_child(void (*prepare)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        prepare();
        arithmetic();
        _exit(check_failures != 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void blocked(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGFPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void ignored(void)
{
    signal(SIGFPE, SIG_IGN);
    raise(SIGFPE);
}

static void handled(void)
{
    struct sigaction act = {.sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO};
    sigaction(SIGFPE, &act, NULL);
}

/* The translator knows x9 after its first line, and that nobody reads it later: a trap between does. */
static void known_values(void)
{
    double signalling;
    uint64_t bits = 0x7ff0000000000001ull, sum;

    memcpy(&signalling, &bits, 8);
    for (int n = 0; n < 50; n++) {
        __asm__ volatile("mov x9, #0x1234\n\t"
                         "fadd d16, %d1, %d1\n\t"
                         "add %0, x9, #1\n\t"
                         "mov x9, #0"
                         : "=r"(sum)
                         : "w"(signalling)
                         : "x9", "v16");
        CHECK(sum == 0x1235);
    }
}

int main(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec soon = {0, 1000000};

    known_values();
    in_child(blocked);
    in_child(ignored);
    in_child(handled);
    handled();
    arithmetic();
    CHECK(caught == 0);
    kill(getpid(), SIGFPE);
    CHECK(caught == 1 && code == SI_USER);
    blocked();
    raise(SIGFPE);
    CHECK(caught == 1);
    sigpending(&set);
    CHECK(sigismember(&set, SIGFPE) == 1);
    sigemptyset(&set);
    sigaddset(&set, SIGFPE);
    CHECK(sigtimedwait(&set, &info, &soon) == SIGFPE && info.si_code == SI_USER); /* glibc: for SI_TKILL */
    CHECK(sigtimedwait(&set, &info, &soon) == -1);
    raise(SIGFPE);
    arithmetic();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(caught == 2);
    return check_done();
}
