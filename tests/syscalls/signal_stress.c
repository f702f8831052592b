/*
 * Signals at a high rate: computation with integer, flag, FP and vector state must not notice
 * them, and none may be lost between a check and a wait under a temporary mask.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static volatile sig_atomic_t ticks;
static double noise;

static void on_tick(int sig)
{
    (void)sig;
    ticks++;
    noise = noise * 1.5 + (double)ticks; /* dirties FP registers */
    noise = noise > 1e100 ? 0 : noise;
}

/* A value that depends on every iteration; the same each time it is computed. */
__attribute__((noinline)) static uint64_t compute(int rounds)
{
    uint64_t a = 1, b = 2, crossings = 0;
    __asm__ volatile("" : "+r"(a)); /* not pure: computed anew each time */
    double f = 1.0, g = 0.5;
    float v[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int i = 0; i < rounds; i++) {
        a = a * 6364136223846793005ull + b;
        b ^= a >> 17;
        crossings += a > b;
        f = f * 0.999 + g;
        g = g * 1.0001 - f * 1e-9;
        for (int k = 0; k < 8; k++)
            v[k] = v[k] * 0.5f + (float)(a & 15);
    }
    uint64_t fbits;
    memcpy(&fbits, &f, 8);
    for (int k = 0; k < 8; k++)
        a = a * 31 + (uint64_t)v[k];
    return a ^ b ^ crossings ^ fbits;
}

static void test_computation(void)
{
    struct itimerval it = {{0, 200}, {0, 200}}, off = {{0, 0}, {0, 0}};
    uint64_t expected = compute(20000);
    signal(SIGALRM, on_tick);
    setitimer(ITIMER_REAL, &it, NULL);
    for (int i = 0; i < 60 || ticks < 20; i++)
        CHECK(compute(20000) == expected);
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(ticks > 10);
}

static volatile sig_atomic_t got;
static void on_usr(int sig)
{
    (void)sig;
    got++;
}

/* Two processes hand a signal back and forth; a lost one would stop the game. */
static void test_ping_pong(int use_ppoll)
{
    sigset_t block, none;
    enum { ROUNDS = 3000 };
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    signal(SIGUSR1, on_usr);
    got = 0;
    pid_t parent = getpid(), child = fork(), other = child ? child : parent;
    alarm(20);
    signal(SIGALRM, SIG_DFL);
    for (int i = 1; i <= ROUNDS; i++) {
        if (child)
            kill(other, SIGUSR1);
        while (got < i) {
            int r = use_ppoll ? ppoll(NULL, 0, NULL, &none) : sigsuspend(&none);
            CHECK(r == -1 && errno == EINTR);
        }
        if (!child)
            kill(other, SIGUSR1);
    }
    if (!child)
        _exit(check_failures != 0);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    alarm(0);
    CHECK(got == ROUNDS);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
}

enum { QUEUED = 2000 };
static volatile int received, next_value, in_order = 1;
static void on_queued(int sig, siginfo_t *info, void *uc)
{
    (void)sig, (void)uc;
    received++;
    in_order &= info->si_value.sival_int == next_value++;
}

static void *sender(void *arg)
{
    union sigval v;
    (void)arg;
    for (int i = 0; i < QUEUED; i++) {
        v.sival_int = i;
        while (sigqueue(getpid(), SIGRTMIN + 3, v))
            usleep(100); /* the queue is full */
    }
    return NULL;
}

/* Every queued signal arrives once and in order, at a thread that computes and makes calls. */
static void test_queue(void)
{
    pthread_t t;
    sigset_t set;
    struct sigaction sa = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN + 3, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL); /* the sender inherits the blocked set */
    pthread_create(&t, NULL, sender, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    int p[2];
    char c = 0;
    pipe(p);
    while (received < QUEUED) {
        CHECK(write(p[1], "x", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'x');
        compute(50);
    }
    pthread_join(t, NULL);
    CHECK(received == QUEUED && in_order);
}

int main(void)
{
    test_computation();
    test_ping_pong(0);
    test_ping_pong(1);
    test_queue();
    return check_done();
}
