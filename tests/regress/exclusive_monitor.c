/*
 * An exception clears the exclusive monitor: the store-exclusive after it fails, though memory has
 * not changed. System calls of every kind, faults, breakpoints, handlers of signals. Without
 * one, and for the pair forms, it succeeds.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ROUNDS 3000

static uint64_t cell[2] __attribute__((aligned(16)));

static void skip(int sig, siginfo_t *info, void *context)
{
    ((ucontext_t *)context)->uc_mcontext.pc += 4;
}

/* The status of the store-exclusive; x19 is the event's argument. */
#define BETWEEN(name, event)                                                                       \
    static unsigned name(uint64_t arg, uint64_t number)                                            \
    {                                                                                              \
        unsigned status;                                                                           \
        uint64_t value;                                                                            \
        register uint64_t x0 __asm__("x0") = arg, x1 __asm__("x1") = 0, x8 __asm__("x8") = number; \
        __asm__ volatile("ldaxr %1, [%5]\n" event "\nstlxr %w0, %1, [%5]"                          \
                         : "=&r"(status), "=&r"(value), "+r"(x0), "+r"(x1), "+r"(x8)               \
                         : "r"(cell)                                                               \
                         : "memory", "x9");                                                        \
        return status;                                                                             \
    }
#define BETWEEN_PAIR(name, event)                                                                  \
    static unsigned name(uint64_t arg, uint64_t number)                                            \
    {                                                                                              \
        unsigned status;                                                                           \
        uint64_t low, high;                                                                        \
        register uint64_t x0 __asm__("x0") = arg, x8 __asm__("x8") = number;                       \
        __asm__ volatile("ldxp %1, %2, [%5]\n" event "\nstxp %w0, %1, %2, [%5]"                    \
                         : "=&r"(status), "=&r"(low), "=&r"(high), "+r"(x0), "+r"(x8)              \
                         : "r"(cell)                                                               \
                         : "memory", "x9");                                                        \
        return status;                                                                             \
    }
BETWEEN(nothing, "mov x9, #1")
BETWEEN_PAIR(pair_nothing, "mov x9, #1")
BETWEEN(clrex, "clrex")
BETWEEN(call, "svc #0")
BETWEEN_PAIR(pair_call, "svc #0")
BETWEEN(breakpoint, "brk #0")
BETWEEN(undefined, ".inst 0")
BETWEEN(fault, "ldr x9, [x0]")
BETWEEN_PAIR(pair_fault, "str x9, [x0]")

static int expect(const char *what, unsigned (*f)(uint64_t, uint64_t), uint64_t arg,
                  uint64_t number, int succeeds)
{
    unsigned succeeded = 0;

    for (unsigned round = 0; round < ROUNDS; round++)
        succeeded += f(arg, number) == 0;
    /* a real processor may lose the monitor by itself now and then */
    if (succeeds ? succeeded > ROUNDS / 2 : succeeded == 0)
        return 0;
    printf("%s: %u of %u succeeded\n", what, succeeded, ROUNDS);
    return 1;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO};
    char *none = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t bad = (uint64_t)none;
    int failed = 0;

    sigaction(SIGSEGV, &sa, 0);
    sigaction(SIGTRAP, &sa, 0);
    sigaction(SIGILL, &sa, 0);
    failed += expect("nothing", nothing, 0, 0, 1);
    failed += expect("nothing, pair", pair_nothing, 0, 0, 1);
    failed += expect("clrex", clrex, 0, 0, 0);
    failed += expect("getppid", call, 0, SYS_getppid, 0);
    failed += expect("sched_yield", call, 0, SYS_sched_yield, 0);
    failed += expect("close(-1)", call, -1, SYS_close, 0);
    failed += expect("brk(0)", call, 0, SYS_brk, 0);
    failed += expect("no such call", call, 0, 100000, 0);
    failed += expect("getppid, pair", pair_call, 0, SYS_getppid, 0);
    failed += expect("brk #0", breakpoint, 0, 0, 0);
    failed += expect("udf #0", undefined, 0, 0, 0);
    failed += expect("a load that faults", fault, bad, 0, 0);
    failed += expect("a store that faults, pair", pair_fault, bad, 0, 0);
    return failed != 0;
}
