/*
 * RLIMIT_AS and RLIMIT_DATA count the program's memory only, whatever the emulator needs for
 * itself: under limits that a small program can live with, threads, children and exec work.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1ul << 20)
#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("line %d: %s (errno %d)\n", __LINE__, #x, errno);                               \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static void *map(size_t size, int prot)
{
    return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void set(int resource, size_t soft, size_t hard)
{
    struct rlimit limit = {soft, hard}, now;

    CHECK(setrlimit(resource, &limit) == 0);
    CHECK(getrlimit(resource, &now) == 0 && now.rlim_cur == soft && now.rlim_max == hard);
    memset(&now, 0, sizeof now);
    CHECK(prlimit(getpid(), resource, NULL, &now) == 0 && now.rlim_cur == soft);
}

static int in_child(void (*fn)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        fn();
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *thread(void *arg)
{
    return arg;
}

static void *sleeper(void *arg)
{
    pause();
    return arg;
}

static void addresses(void)
{
    pthread_t t;

    set(RLIMIT_AS, 256 * MIB, RLIM_INFINITY);
    char *p = map(64 * MIB, PROT_READ | PROT_WRITE);
    CHECK(p != MAP_FAILED);
    CHECK(pthread_create(&t, NULL, thread, p) == 0 && pthread_join(t, NULL) == 0);
    CHECK(map(400 * MIB, PROT_NONE) == MAP_FAILED && errno == ENOMEM);
    CHECK(mmap(p, 64 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    CHECK(mremap(p, 64 * MIB, 300 * MIB, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    CHECK(munmap(p, 64 * MIB) == 0);
    CHECK((p = map(150 * MIB, PROT_NONE)) != MAP_FAILED && munmap(p, 150 * MIB) == 0);
    void *heap = sbrk(0);
    CHECK(sbrk(300 * MIB) == (void *)-1 && sbrk(0) == heap);
    set(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY);
    CHECK(map(400 * MIB, PROT_NONE) != MAP_FAILED);
}

static void data(void)
{
    set(RLIMIT_DATA, 20 * MIB, RLIM_INFINITY);
    CHECK(map(30 * MIB, PROT_READ | PROT_WRITE) == MAP_FAILED && errno == ENOMEM);
    char *p = map(30 * MIB, PROT_READ);
    CHECK(p != MAP_FAILED);
    CHECK(mprotect(p, 30 * MIB, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
    CHECK(mprotect(p, 10 * MIB, PROT_READ | PROT_WRITE) == 0);
    CHECK(mmap(NULL, 30 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
          MAP_FAILED);
}

static void rules(void)
{
    struct rlimit bad = {2 * MIB, MIB};

    CHECK(setrlimit(RLIMIT_AS, &bad) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_prlimit64, 0, RLIMIT_AS, (void *)8, NULL) == -1 && errno == EFAULT);
    set(RLIMIT_AS, 512 * MIB, 512 * MIB);
    CHECK(syscall(SYS_setresuid, 12345, 12345, 12345) == 0 || errno == EPERM || errno == EINVAL);
    struct rlimit up = {MIB, RLIM_INFINITY};
    if (geteuid() == 12345)
        CHECK(setrlimit(RLIMIT_AS, &up) == -1 && errno == EPERM);
}

/* A limit on children that are no threads reaches what they execute, and only that. */
static void children(void)
{
    char text[32];
    struct rlimit limit;

    set(RLIMIT_AS, 200 * MIB, 300 * MIB);
    snprintf(text, sizeof text, "%lu", 200 * MIB);
    pid_t child = vfork();
    if (child == 0) {
        execl("/proc/self/exe", "limits", text, NULL);
        _exit(99);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = vfork();
    if (child == 0) {
        struct rlimit own = {150 * MIB, 150 * MIB};
        setrlimit(RLIMIT_AS, &own);
        snprintf(text, sizeof text, "%lu", 150 * MIB);
        execl("/nonexistent", "limits", text, NULL);
        execl("/proc/self/exe", "limits", text, NULL);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 200 * MIB);
}

static void nothing(void)
{
}

/* Threads until no more can be had, which is no reason to die. */
static void threads(void)
{
    pthread_t t;
    int n = 0;

    while (n < 5000 && pthread_create(&t, NULL, sleeper, NULL) == 0)
        n++;
    CHECK(n > 2 && n < 5000);
}

/* In a program that was started under a limit. */
static void started(size_t expected)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == expected);
    CHECK(map(expected, PROT_NONE) == MAP_FAILED && errno == ENOMEM);
    CHECK(in_child(nothing) == 0);
    CHECK(in_child(threads) == 0);
    while (map(MIB, PROT_READ | PROT_WRITE) != MAP_FAILED)
        ;
    CHECK(errno == ENOMEM && in_child(nothing) == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        started(strtoul(argv[1], NULL, 0));
        return 0;
    }
    CHECK(in_child(addresses) == 0);
    CHECK(in_child(data) == 0);
    CHECK(in_child(rules) == 0);
    CHECK(in_child(children) == 0);
    return 0;
}
