/*
 * Fatal errors. Works in any state: raw writes, no locks, no heap. The abort is the default
 * action of SIGABRT, whatever handler the guest has installed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <signal.h>
#include "emu/base/check.h"
#include "emu/base/sys.h"

const char *progname = "emu-aarch64-static";
void (*check_describe_crash)(int fd);

/* The kernel's view of struct sigaction: handler, flags, restorer, mask. */
static _Noreturn void abort_now(void)
{
    uint64_t default_action[4] = {0}, unblock = 1ull << (SIGABRT - 1);

    sys(SYS_rt_sigaction, SIGABRT, default_action, 0, 8);
    sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &unblock, 0, 8);
    sys(SYS_tgkill, sys(SYS_getpid), sys(SYS_gettid), SIGABRT);
    sys(SYS_exit_group, 134);
    __builtin_unreachable();
}

void check_failed(const char *file, int line, const char *cond, const char *why)
{
    static uint32_t failing; /* a failure inside describe_crash must not come back here */
    char text[512];

    int n = snprintf(text, sizeof text, "%s: internal error at %s:%d: %s (%s)\n", progname, file,
                     line, why, cond);
    sys(SYS_write, 2, text, n < (int)sizeof text ? n : (int)sizeof text - 1);
    if (__atomic_exchange_n(&failing, 1, __ATOMIC_SEQ_CST) == 0 && check_describe_crash)
        check_describe_crash(2);
    abort_now();
}

void die(int exit_code, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    int n = snprintf(text, sizeof text, "%s: ", progname);
    va_start(ap, fmt);
    n += vsnprintf(text + n, sizeof text - n, fmt, ap);
    va_end(ap);
    if (n > (int)sizeof text - 2)
        n = sizeof text - 2;
    text[n++] = '\n';
    sys(SYS_write, 2, text, n);
    sys(SYS_exit_group, exit_code);
    __builtin_unreachable();
}
