/* Handlers, masks, restart rules, temporary masks, queues, alternate stacks. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static volatile sig_atomic_t count, last_sig, last_value, depth, max_depth;
static siginfo_t last_info;
static sigset_t mask_in_handler;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)uc;
    count++;
    last_sig = sig;
    last_info = *info;
    last_value = info->si_value.sival_int;
    sigprocmask(SIG_BLOCK, NULL, &mask_in_handler);
}

static void install(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa = {.sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags};
    sigemptyset(&sa.sa_mask);
    CHECK(sigaction(sig, &sa, NULL) == 0);
}

static void test_raise(void)
{
    install(SIGUSR1, on_signal, 0);
    count = 0;
    raise(SIGUSR1);
    CHECK(count == 1 && last_sig == SIGUSR1);
    CHECK(last_info.si_pid == getpid() && last_info.si_uid == getuid());
    CHECK(sigismember(&mask_in_handler, SIGUSR1));
    install(SIGUSR1, on_signal, SA_NODEFER);
    raise(SIGUSR1);
    CHECK(count == 2 && !sigismember(&mask_in_handler, SIGUSR1));
    install(SIGUSR1, on_signal, SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction old;
    sigaction(SIGUSR1, NULL, &old);
    CHECK(count == 3 && old.sa_handler == SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    CHECK(count == 3);
    struct sigaction bad = {.sa_handler = SIG_IGN};
    CHECK(sigaction(SIGKILL, &bad, NULL) == -1 && errno == EINVAL);
    CHECK(sigaction(65, &bad, NULL) == -1 && errno == EINVAL);
}

static void test_mask(void)
{
    sigset_t set, old, pending;
    install(SIGUSR2, on_signal, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    CHECK(!sigismember(&old, SIGUSR2));
    count = 0;
    kill(getpid(), SIGUSR2);
    kill(getpid(), SIGUSR2);
    CHECK(count == 0);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(count == 1);
}

static int order[16], orders;
static void on_order(int sig, siginfo_t *info, void *uc)
{
    (void)uc;
    order[orders++] = sig * 100 + info->si_value.sival_int;
}

static void test_realtime(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
        sigaddset(&set, s);
    sigprocmask(SIG_BLOCK, &set, &old);
    int a = SIGRTMIN + 1, b = SIGRTMAX;
    struct sigaction sa = {.sa_sigaction = on_order, .sa_flags = SA_SIGINFO};
    sigfillset(&sa.sa_mask);
    sigaction(a, &sa, NULL);
    sigaction(b, &sa, NULL);
    orders = 0;
    union sigval v;
    for (int i = 1; i <= 3; i++) {
        v.sival_int = i;
        CHECK(sigqueue(getpid(), a, v) == 0);
    }
    v.sival_int = 9;
    CHECK(sigqueue(getpid(), b, v) == 0);
    struct timespec zero = {0, 0};
    siginfo_t info;
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, a);
    CHECK(sigtimedwait(&only, &info, &zero) == a && info.si_value.sival_int == 1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(orders == 3 && order[0] == a * 100 + 2 && order[1] == a * 100 + 3 &&
          order[2] == b * 100 + 9);
    CHECK(sigtimedwait(&only, &info, &zero) == -1 && errno == EAGAIN);
}

static void *later(void *arg)
{
    usleep(50000);
    pthread_kill(*(pthread_t *)arg, SIGUSR1);
    usleep(50000);
    return NULL;
}

static pthread_t self;
static pthread_t send_later(void)
{
    pthread_t t;
    self = pthread_self();
    pthread_create(&t, NULL, later, &self);
    return t;
}

static int write_end;
static void on_write(int sig, siginfo_t *info, void *uc)
{
    (void)sig, (void)info, (void)uc;
    count++;
    write(write_end, "x", 1);
}

static void test_restart(void)
{
    int p[2];
    char c;
    pipe(p);
    write_end = p[1];
    install(SIGUSR1, on_signal, 0);
    count = 0;
    pthread_t t = send_later();
    CHECK(read(p[0], &c, 1) == -1 && errno == EINTR && count == 1);
    pthread_join(t, NULL);

    install(SIGUSR1, on_write, SA_RESTART); /* the restarted read gets what the handler wrote */
    count = 0;
    t = send_later();
    CHECK(read(p[0], &c, 1) == 1 && c == 'x' && count == 1);
    pthread_join(t, NULL);

    struct pollfd pf = {.fd = p[0], .events = POLLIN};
    install(SIGUSR1, on_signal, SA_RESTART); /* poll is never restarted */
    t = send_later();
    CHECK(poll(&pf, 1, 5000) == -1 && errno == EINTR);
    pthread_join(t, NULL);

    struct timespec ts = {5, 0}, rest = {0, 0};
    t = send_later();
    CHECK(nanosleep(&ts, &rest) == -1 && errno == EINTR && rest.tv_sec == 4);
    pthread_join(t, NULL);
    close(p[0]);
    close(p[1]);
}

static void test_temporary_mask(void)
{
    sigset_t block, none, now;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    install(SIGUSR1, on_signal, SA_RESTART);
    count = 0;
    raise(SIGUSR1);
    CHECK(count == 0);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && count == 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1));

    raise(SIGUSR1);
    struct timespec ts = {5, 0};
    CHECK(ppoll(NULL, 0, &ts, &none) == -1 && errno == EINTR && count == 2);
    pthread_t t = send_later();
    CHECK(pselect(0, NULL, NULL, NULL, &ts, &none) == -1 && errno == EINTR && count == 3);
    pthread_join(t, NULL);
    struct timespec shortly = {0, 1000000};
    CHECK(ppoll(NULL, 0, &shortly, &none) == 0);
    raise(SIGUSR1);
    CHECK(ppoll(NULL, 0, &shortly, &block) == 0 && count == 3); /* blocked there too */
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1));

    int fd = signalfd(-1, &block, 0);
    struct signalfd_siginfo si;
    CHECK(read(fd, &si, sizeof si) == sizeof si && si.ssi_signo == SIGUSR1);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    CHECK(count == 3);
}

static char alt[65536];
static uintptr_t handler_sp;
static stack_t stack_seen;
static void on_alt(int sig, siginfo_t *info, void *context)
{
    char here;
    (void)sig, (void)info;
    ucontext_t *uc = context;
    handler_sp = (uintptr_t)&here;
    stack_seen = uc->uc_stack;
    stack_t now, other = {.ss_sp = alt, .ss_size = sizeof alt};
    sigaltstack(NULL, &now);
    CHECK(now.ss_flags == SS_ONSTACK);
    CHECK(sigaltstack(&other, NULL) == -1 && errno == EPERM);
}

static void test_altstack(void)
{
    stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt}, old;
    CHECK(sigaltstack(&ss, NULL) == 0);
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == alt && old.ss_flags == 0);
    install(SIGUSR1, on_alt, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(handler_sp >= (uintptr_t)alt && handler_sp < (uintptr_t)alt + sizeof alt);
    CHECK(stack_seen.ss_sp == alt && stack_seen.ss_size == sizeof alt);
    stack_t small = {.ss_sp = alt, .ss_size = 100};
    CHECK(sigaltstack(&small, NULL) == -1 && errno == ENOMEM);
    ss.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&ss, NULL) == 0);
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
}

static void on_tick(int sig)
{
    (void)sig;
    count++;
}

/* A timer through busy code: no tick lost for ever, no register or flag disturbed. */
static void test_timer(void)
{
    struct itimerval it = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    struct sigaction sa = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &sa, NULL);
    count = 0;
    setitimer(ITIMER_REAL, &it, NULL);
    uint64_t x = 1, y = 0;
    double f = 1.0;
    while (count < 50) {
        for (int i = 0; i < 1000; i++) {
            x = x * 6364136223846793005ull + 1;
            y += x >> 63 ? 1 : 2;
            f = f * 1.0000001 + 0.5;
        }
        getppid();
        CHECK(f > 1.0 && y > 0);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(count >= 50);
}

static volatile sig_atomic_t child_code;
static void on_child(int sig, siginfo_t *info, void *uc)
{
    (void)sig, (void)uc;
    child_code = info->si_code == CLD_EXITED ? info->si_status : -1;
}

static void test_child(void)
{
    install(SIGCHLD, on_child, SA_RESTART);
    pid_t pid = fork();
    if (pid == 0)
        _exit(42);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 42);
    CHECK(child_code == 42);
    signal(SIGCHLD, SIG_IGN); /* children vanish by themselves */
    pid = fork();
    if (pid == 0)
        _exit(1);
    CHECK(waitpid(pid, &status, 0) == -1 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static void nested(int sig, siginfo_t *info, void *uc)
{
    (void)info, (void)uc;
    if (++depth > max_depth)
        max_depth = depth;
    if (sig == SIGUSR1)
        raise(SIGUSR2);
    depth--;
    count++;
}

static void test_nested(void)
{
    install(SIGUSR1, nested, 0);
    install(SIGUSR2, nested, 0);
    count = 0;
    raise(SIGUSR1);
    CHECK(count == 2 && max_depth == 2 && depth == 0);
}

int main(void)
{
    test_raise();
    test_mask();
    test_realtime();
    test_restart();
    test_temporary_mask();
    test_altstack();
    test_timer();
    test_child();
    test_nested();
    return check_done();
}
