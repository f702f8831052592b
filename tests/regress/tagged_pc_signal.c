/*
 * The PC in the frame of a signal has no tag, also when the signal comes just behind a branch to a
 * tagged address: a branch drops it. The link register, a register like others, keeps its own.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <ucontext.h>
#include "tests/syscalls/check.h"

#define SIGNALS 400

static volatile uint64_t stop;
static volatile int count, tagged;

/*
 * Goes round by `branch` to 8192 places with a tag, more than a table of targets holds, until
 * *stop is not 0. Each place goes back by RET, to an address with another tag.
 */
#define ROUNDS(name, branch)                                                                       \
    void name(volatile uint64_t *stop);                                                            \
    __asm__(".text\n.globl " #name "\n" #name ":\n"                                                \
            " mov x9, x30\n adr x5, 2f\n mov x3, #0\n"                                             \
            "1: ldr x2, [x0]\n cbnz x2, 3f\n add x3, x3, #1\n and x3, x3, #8191\n"                 \
            " add x6, x5, x3, lsl #2\n orr x6, x6, #0x1000000000000000\n"                          \
            " adr x30, 1b\n orr x30, x30, #0x7000000000000000\n " branch "\n"                      \
            " b 1b\n"                                                                              \
            "2: .rept 8192\n ret\n .endr\n"                                                        \
            "3: mov x30, x9\n ret\n")
ROUNDS(jumps, "br x6");
ROUNDS(calls, "blr x6");

static void on_alarm(int sig, siginfo_t *si, void *context)
{
    uint64_t pc = ((ucontext_t *)context)->uc_mcontext.pc;

    (void)sig, (void)si;
    tagged += pc >> 56 != 0;
    if (++count >= SIGNALS)
        stop = 1;
}

static void run(void (*rounds)(volatile uint64_t *))
{
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};

    stop = 0;
    count = tagged = 0;
    setitimer(ITIMER_REAL, &often, NULL);
    rounds(&stop);
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(count >= SIGNALS);
    CHECK(tagged == 0);
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART};

    CHECK(sigaction(SIGALRM, &sa, NULL) == 0);
    run(jumps);
    run(calls);
    return check_done();
}
