/*
 * What rt_sigreturn puts into x0 is no result of a system call, whatever error it looks like: a
 * handler gives the interrupted code every small negative number there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static long value, handled;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig, (void)info;
    handled++;
    uc->uc_mcontext.regs[0] = (unsigned long)value;
}

static long send_self(void)
{
    register long x0 __asm__("x0") = getpid();
    register long x1 __asm__("x1") = SIGUSR1;
    register long x8 __asm__("x8") = SYS_kill;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
    return x0;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

    CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
    for (value = 1; value > -1000; value--) {
        long got = send_self();
        CHECK(got == value);
    }
    CHECK(handled == 1001);
    return check_done();
}
