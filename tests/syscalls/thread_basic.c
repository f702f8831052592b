/* Threads: TLS, errno, futexes, robust mutexes, signals to one thread, exit of the first. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/futex.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define THREADS 64

static __thread int tls = 7;
static pthread_barrier_t barrier;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter, atomic_counter;

static void *worker(void *arg)
{
    int me = (int)(intptr_t)arg;
    CHECK(tls == 7);
    tls = me;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
        __atomic_add_fetch(&atomic_counter, 1, __ATOMIC_RELAXED);
    }
    close(-1);
    CHECK(errno == EBADF && tls == me);
    return (void *)(intptr_t)(me * 2);
}

static void test_many(void)
{
    pthread_t t[THREADS];
    void *ret;
    pthread_barrier_init(&barrier, NULL, THREADS);
    errno = 0;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&t[i], NULL, worker, (void *)(intptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(t[i], &ret) == 0 && (intptr_t)ret == i * 2);
    CHECK(counter == THREADS * 1000 && atomic_counter == THREADS * 1000 && tls == 7);
    for (int i = 0; i < 2000; i++) { /* stacks and thread blocks are given back */
        pthread_t one;
        CHECK(pthread_create(&one, NULL, (void *(*)(void *))pthread_self, NULL) == 0);
        pthread_join(one, NULL);
    }
}

static void *die_with_lock(void *m)
{
    pthread_mutex_lock(m);
    return NULL;
}

static void test_robust(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t m;
    pthread_t t;
    struct timespec ts;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&m, &attr);
    pthread_create(&t, NULL, die_with_lock, &m);
    pthread_join(t, NULL);
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_sec += 3;
    CHECK(pthread_mutex_timedlock(&m, &ts) == EOWNERDEAD);
}

static volatile int hit_tid;
static void on_usr1(int sig)
{
    (void)sig;
    hit_tid = (int)syscall(SYS_gettid);
}

static volatile int spin_tid, stop;
static void *spinner(void *arg)
{
    (void)arg;
    spin_tid = (int)syscall(SYS_gettid);
    while (!stop)
        ; /* no system call: only a safepoint in the loop lets the signal in */
    return NULL;
}

static void test_directed(void)
{
    pthread_t t;
    signal(SIGUSR1, on_usr1);
    pthread_create(&t, NULL, spinner, NULL);
    while (!spin_tid)
        sched_yield();
    pthread_kill(t, SIGUSR1);
    for (int i = 0; i < 2000 && !hit_tid; i++)
        usleep(1000);
    CHECK(hit_tid == spin_tid);
    stop = 1;
    pthread_join(t, NULL);
}

static int futex_word;
static void *waker(void *arg)
{
    (void)arg;
    usleep(20000);
    __atomic_store_n(&futex_word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return NULL;
}

static void test_futex(void)
{
    pthread_t t;
    struct timespec ts = {0, 1000000};
    CHECK(syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0) == -1 &&
          errno == EAGAIN);
    CHECK(syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0) == -1 &&
          errno == ETIMEDOUT);
    pthread_create(&t, NULL, waker, NULL);
    while (!__atomic_load_n(&futex_word, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    pthread_join(t, NULL);
}

static char stack[65536] __attribute__((aligned(16)));
static int shared_value, child_tid = -1;

static int shared_child(void *arg)
{
    shared_value = (int)(intptr_t)arg;
    return 33;
}

/* A process that shares memory but is no thread and does not stop its parent. */
static void test_clone_vm(void)
{
    int status;
    pid_t pid = clone(shared_child, stack + sizeof stack,
                      CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD,
                      (void *)(intptr_t)55, NULL, NULL, &child_tid);
    CHECK(pid > 0);
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 33);
    CHECK(shared_value == 55 && child_tid == 0);
}

static void *outlive(void *arg)
{
    pthread_join(*(pthread_t *)arg, NULL);
    usleep(20000);
    exit(check_done());
}

int main(void)
{
    static pthread_t first;
    pthread_t t;
    test_many();
    test_robust();
    test_directed();
    test_futex();
    test_clone_vm();
    first = pthread_self();
    pthread_create(&t, NULL, outlive, &first);
    pthread_exit(NULL);
}
