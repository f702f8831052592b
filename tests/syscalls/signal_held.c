/*
 * SIGSEGV, SIGBUS and SIGFPE that are sent (the emulator needs them for itself): the first one's
 * siginfo stays while it is blocked, they are taken before other signals, whose handlers then run on
 * top, and when they are ignored, they still are in the next program.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static int order[8], count, value;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)context;
    order[count++ % 8] = sig;
    value = info->si_value.sival_int;
}

static void set_handler(int sig, int also_blocked)
{
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

    if (also_blocked)
        sigaddset(&sa.sa_mask, also_blocked);
    CHECK(sigaction(sig, &sa, NULL) == 0);
}

static void queue_both(int sig, int other)
{
    sigset_t set, old;

    count = 0;
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigaddset(&set, other);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    CHECK(raise(other) == 0);
    CHECK(sigqueue(getpid(), sig, (union sigval){.sival_int = 41}) == 0);
    CHECK(sigqueue(getpid(), sig, (union sigval){.sival_int = 42}) == 0);
    CHECK(count == 0);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
}

static void first_and_before_others(int sig)
{
    set_handler(sig, 0);
    set_handler(SIGUSR1, 0);
    queue_both(sig, SIGUSR1);
    CHECK(count == 2 && order[0] == SIGUSR1 && order[1] == sig);
    CHECK(value == 41);
    set_handler(sig, SIGUSR1); /* now its handler is not interrupted */
    queue_both(sig, SIGUSR1);
    CHECK(count == 2 && order[0] == sig && order[1] == SIGUSR1);
    signal(sig, SIG_DFL);
}

static void ignored_over_exec(const char *self)
{
    int status = -1;

    signal(SIGSEGV, SIG_IGN);
    signal(SIGFPE, SIG_IGN);
    signal(SIGBUS, SIG_DFL);
    pid_t pid = fork();
    if (pid == 0) {
        execl(self, self, "ignored", (char *)NULL);
        _exit(99);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static int is_ignored(int sig)
{
    struct sigaction sa;

    return sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return !(is_ignored(SIGSEGV) && is_ignored(SIGFPE) && !is_ignored(SIGBUS));
    first_and_before_others(SIGSEGV);
    first_and_before_others(SIGBUS);
    first_and_before_others(SIGFPE);
    ignored_over_exec(argv[0]);
    return check_done();
}
