/* build: -static -pthread -fexceptions -funwind-tables */
/* Signals between threads, cancellation, timers that make threads, unwinding out of handlers. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>
#include "tests/syscalls/check.h"

#define THREADS 8

static int received[THREADS], done, got_rt;
static __thread int me;
static pthread_t threads[THREADS];

static void on_usr1(int sig)
{
    (void)sig;
    __atomic_add_fetch(&received[me], 1, __ATOMIC_SEQ_CST);
}

static void *ping_all(void *arg)
{
    uint64_t x = 88172645463325252u + (uintptr_t)arg;

    me = (int)(uintptr_t)arg;
    while (!__atomic_load_n(&threads[THREADS - 1], __ATOMIC_SEQ_CST))
        ;
    for (int n = 0; n < 600; n++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int to = (int)(x % THREADS);
        if (pthread_kill(threads[to], SIGUSR1))
            return (void *)1;
        for (volatile int k = 0; k < (int)(x >> 32 & 127); k++)
            ;
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < THREADS)
        ;
    return NULL;
}

static void high_rate(void)
{
    struct sigaction act = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    void *bad;
    int sum = 0;

    sigaction(SIGUSR1, &act, NULL);
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_t t;
        pthread_create(&t, NULL, ping_all, (void *)i);
        __atomic_store_n(&threads[i], t, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &bad);
        CHECK(bad == NULL);
        sum += received[i];
    }
    CHECK(sum > THREADS);
}

/* ---- queued real-time signals are neither lost nor reordered ---- */

static volatile int expect_value, order_bad;

static void on_rt(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    order_bad += info->si_value.sival_int != expect_value;
    expect_value++;
    __atomic_add_fetch(&got_rt, 1, __ATOMIC_SEQ_CST);
}

static void *send_queue(void *arg)
{
    for (int n = 0; n < 2000; n++) {
        union sigval v = {.sival_int = n};
        while (pthread_sigqueue(*(pthread_t *)arg, SIGRTMIN + 3, v) == EAGAIN)
            usleep(100);
    }
    return NULL;
}

static void queued(void)
{
    struct sigaction act = {.sa_sigaction = on_rt, .sa_flags = SA_SIGINFO};
    pthread_t t, self = pthread_self();
    volatile uint64_t spin = 0;

    sigaction(SIGRTMIN + 3, &act, NULL);
    pthread_create(&t, NULL, send_queue, &self);
    while (__atomic_load_n(&got_rt, __ATOMIC_SEQ_CST) < 2000)
        spin++;
    pthread_join(t, NULL);
    CHECK(!order_bad && got_rt == 2000);
}

/* ---- cancellation ---- */

static int cleaned;

static void clean(void *arg)
{
    (void)arg;
    __atomic_add_fetch(&cleaned, 1, __ATOMIC_SEQ_CST);
}

static void *cancel_me(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    switch ((uintptr_t)arg % 4) {
    case 0:
        pause();
        break;
    case 1:
        for (;;)
            usleep(100);
    case 2:
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;)
            __asm__ volatile("");
    default:
        for (;;)
            pthread_testcancel();
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancellation(void)
{
    for (uintptr_t n = 0; n < 60; n++) {
        pthread_t t;
        void *ret = NULL;
        pthread_create(&t, NULL, cancel_me, (void *)n);
        usleep(n % 7 * 200);
        CHECK(pthread_cancel(t) == 0);
        pthread_join(t, &ret);
        CHECK(ret == PTHREAD_CANCELED);
    }
    /* not those in the loop without a call: the compiler sees nothing there to unwind from */
    CHECK(cleaned >= 30);
}

/* ---- SIGEV_THREAD ---- */

static int timer_runs;

static void on_timer(union sigval v)
{
    (void)v;
    __atomic_add_fetch(&timer_runs, 1, __ATOMIC_SEQ_CST);
}

static void timer_threads(void)
{
    struct sigevent ev = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer};
    struct itimerspec when = {{0, 5000000}, {0, 5000000}};
    timer_t timer;

    CHECK(timer_create(CLOCK_MONOTONIC, &ev, &timer) == 0);
    CHECK(timer_settime(timer, 0, &when, NULL) == 0);
    for (int n = 0; n < 400 && __atomic_load_n(&timer_runs, __ATOMIC_SEQ_CST) < 10; n++)
        usleep(10000);
    timer_delete(timer);
    CHECK(timer_runs >= 10);
}

/* ---- unwinding through a signal frame ---- */

static int frames, saw_caller;
static uintptr_t caller_low, caller_high;

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *c, void *arg)
{
    (void)arg;
    frames++;
    saw_caller |= _Unwind_GetIP(c) >= caller_low && _Unwind_GetIP(c) < caller_high;
    return frames > 100 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static void unwind_here(int sig)
{
    (void)sig;
    _Unwind_Backtrace(count_frame, NULL);
}

__attribute__((noinline)) static void faulting_caller(void)
{
    caller_low = (uintptr_t)faulting_caller;
    caller_high = caller_low + 256;
    raise(SIGUSR2);
    __asm__ volatile("");
}

static void unwinding(void)
{
    signal(SIGUSR2, unwind_here);
    faulting_caller();
    CHECK(frames > 3 && frames < 100 && saw_caller);
}

int main(void)
{
    high_rate();
    queued();
    cancellation();
    timer_threads();
    unwinding();
    return check_done();
}
