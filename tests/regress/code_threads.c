/*
 * Code that changes while other threads run it: patched loops, page protection taken and given
 * back under a running thread, many threads that write and run code, fork in between.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define PAGE 4096
#define RET 0xd65f03c0u
#define MOVZ_W0(n) (0x52800000u | (uint32_t)(n) << 5)

static int stop;

static uint32_t *map(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *run_once(void *p)
{
    ((void (*)(void))p)();
    return NULL;
}

/* A loop without calls is turned into a return by another thread. */
static void patched_loop(void)
{
    for (int n = 0; n < 50; n++) {
        uint32_t *p = map(PAGE);
        pthread_t t;
        p[0] = 0x14000000; /* b . */
        p[1] = RET;
        __builtin___clear_cache((char *)p, (char *)(p + 2));
        pthread_create(&t, NULL, run_once, p);
        usleep(n % 5 * 1000);
        if (n & 1)
            __atomic_store_n(p, RET, __ATOMIC_SEQ_CST); /* without IC IVAU, by protection alone */
        else
            __atomic_store_n(p, RET, __ATOMIC_SEQ_CST),
                __builtin___clear_cache((char *)p, (char *)(p + 1));
        pthread_join(t, NULL);
        munmap(p, PAGE);
    }
}

/* Each thread writes and runs its own code on a page that all share: false invalidations. */
static uint32_t *shared;

static void *write_and_run(void *arg)
{
    uintptr_t id = (uintptr_t)arg;
    uint32_t *p = shared + id * 16;
    uintptr_t bad = 0;

    for (int n = 0; n < 1500; n++) {
        p[0] = MOVZ_W0((n + id) & 0xffff);
        p[1] = RET;
        if (n & 1)
            __builtin___clear_cache((char *)p, (char *)(p + 2));
        bad += ((unsigned (*)(void))p)() != ((n + id) & 0xffff);
    }
    return (void *)bad;
}

static void one_page_many_writers(void)
{
    pthread_t t[8];
    void *bad;

    shared = map(PAGE);
    for (uintptr_t i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, write_and_run, (void *)i);
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], &bad);
        CHECK(bad == NULL);
    }
    munmap(shared, PAGE);
}

/* New mappings with code all the time, while another thread forks. */
static void *map_and_run(void *arg)
{
    uintptr_t bad = 0;
    (void)arg;

    for (int n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
        uint32_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[0] = MOVZ_W0(n & 0xffff);
        p[1] = RET;
        mprotect(p, PAGE, PROT_READ | PROT_EXEC);
        bad += ((unsigned (*)(void))p)() != (n & 0xffffu);
        munmap(p, PAGE);
    }
    return (void *)bad;
}

static void *fork_often(void *arg)
{
    uintptr_t bad = 0;
    (void)arg;

    for (int n = 0; n < 20; n++) {
        pid_t pid = fork();
        if (pid == 0) {
            uint32_t *p = map(PAGE);
            p[0] = MOVZ_W0(n);
            p[1] = RET;
            _exit(((int (*)(void))p)());
        }
        int status = -1;
        waitpid(pid, &status, 0);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) != n;
    }
    return (void *)bad;
}

static void fork_while_jitting(void)
{
    pthread_t jit[3], forker[3];
    void *bad;

    stop = 0;
    for (int i = 0; i < 3; i++) {
        pthread_create(&jit[i], NULL, map_and_run, NULL);
        pthread_create(&forker[i], NULL, fork_often, NULL);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(forker[i], &bad);
        CHECK(bad == NULL);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++) {
        pthread_join(jit[i], &bad);
        CHECK(bad == NULL);
    }
}

/* The page under a running thread loses its permissions; its handler gives them back. */
static uint32_t *moving;
static int moving_faults;

static void give_back(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    if ((uintptr_t)info->si_addr / PAGE != (uintptr_t)moving / PAGE)
        _exit(3);
    mprotect(moving, PAGE, PROT_READ | PROT_EXEC);
    __atomic_add_fetch(&moving_faults, 1, __ATOMIC_SEQ_CST);
}

static void *spin_in(void *arg)
{
    unsigned (*fn)(unsigned) = arg;
    uintptr_t bad = 0;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        bad += fn(1000) != 0;
    return (void *)bad;
}

static void protected_under_thread(void)
{
    struct sigaction act = {.sa_sigaction = give_back, .sa_flags = SA_SIGINFO};
    pthread_t t;
    void *bad;

    sigaction(SIGSEGV, &act, NULL);
    stop = 0;
    moving = map(PAGE);
    moving[0] = 0x71000400; /* subs w0, w0, #1 */
    moving[1] = 0x54ffffe1; /* b.ne . - 4 */
    moving[2] = RET;
    mprotect(moving, PAGE, PROT_READ | PROT_EXEC);
    pthread_create(&t, NULL, spin_in, moving);
    double end = now() + 0.5;
    int rounds = 0;
    for (; now() < end; rounds++) {
        int before = __atomic_load_n(&moving_faults, __ATOMIC_SEQ_CST);
        mprotect(moving, PAGE, rounds & 1 ? PROT_NONE : PROT_READ);
        double limit = now() + 5;
        while (__atomic_load_n(&moving_faults, __ATOMIC_SEQ_CST) == before && now() < limit)
            usleep(50);
        CHECK(now() < limit);
    }
    CHECK(rounds > 5);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(t, &bad);
    CHECK(bad == NULL);
    munmap(moving, PAGE);
    signal(SIGSEGV, SIG_DFL);
}

/* More code than a small cache holds, from several threads that also change it. */
#define FUNCTIONS 1500

static void *many_functions(void *arg)
{
    uintptr_t id = (uintptr_t)arg, bad = 0;
    size_t bytes = FUNCTIONS * 128;
    uint32_t *p = map(bytes);

    for (int round = 0; round < 4; round++) {
        for (int f = 0; f < FUNCTIONS; f++) {
            uint32_t *q = p + f * 32;
            for (int k = 0; k < 30; k++)
                q[k] = 0x11000400 | (k & 1 ? 0x21 : 0); /* add w0, w0, #1 / add w1, w1, #1 */
            q[0] = MOVZ_W0(f);
            q[30] = 0x11000000 | (uint32_t)round << 10;
            q[31] = RET;
        }
        __builtin___clear_cache((char *)p, (char *)p + bytes);
        for (int pass = 0; pass < 2; pass++)
            for (int f = 0; f < FUNCTIONS; f++)
                bad += ((int (*)(void))(p + f * 32))() != f + 14 + round;
        if (id & 1)
            ((volatile uint32_t *)p)[round * 32] = MOVZ_W0(round); /* a watched page is written */
    }
    munmap(p, bytes);
    return (void *)bad;
}

static void cache_pressure(void)
{
    pthread_t t[4];
    void *bad;

    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, many_functions, (void *)i);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], &bad);
        CHECK(bad == NULL);
    }
}

int main(void)
{
    patched_loop();
    one_page_many_writers();
    fork_while_jitting();
    protected_under_thread();
    cache_pressure();
    return check_done();
}
