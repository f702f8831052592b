/* fork beside threads, real vfork, clone3, posix_spawn errors, dispositions per process. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

static volatile int stop;
static void *busy(void *arg)
{
    volatile char *p;
    (void)arg;
    while (!stop) {
        p = malloc(1000);
        p[0] = 1;
        free((void *)p);
        p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap((void *)p, 4096);
    }
    return NULL;
}

static void test_fork_beside_threads(void)
{
    pthread_t t[4];
    int status;
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, busy, NULL);
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pthread_t inner;
            char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            *p = 1;
            if (pthread_create(&inner, NULL, (void *(*)(void *))pthread_self, NULL))
                _exit(99);
            pthread_join(inner, NULL);
            _exit(i);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == i);
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

static volatile int shared;
static void handler(int sig)
{
    (void)sig;
}

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void test_vfork(void)
{
    struct sigaction old;
    int status;
    double start = now();
    signal(SIGUSR1, handler);
    pid_t pid = vfork();
    if (pid == 0) {
        signal(SIGUSR1, SIG_DFL); /* the parent's stays: no CLONE_SIGHAND */
        usleep(100000);
        shared = 5;
        _exit(6);
    }
    CHECK(shared == 5 && now() - start > 0.09);
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 6);
    sigaction(SIGUSR1, NULL, &old);
    CHECK(old.sa_handler == handler);
    for (int i = 0; i < 300; i++) {
        pid = vfork();
        if (pid == 0)
            _exit(1);
        waitpid(pid, &status, 0);
    }
}

static void test_spawn(void)
{
    pid_t pid;
    int status;
    char *argv[] = {"none", NULL}, *sh[] = {"sh", "-c", "exit 7", NULL};
    CHECK(posix_spawn(&pid, "/does/not/exist", NULL, NULL, argv, NULL) == ENOENT);
    CHECK(posix_spawn(&pid, "/etc/passwd", NULL, NULL, argv, NULL) == EACCES);
    CHECK(posix_spawn(&pid, "/bin/sh", NULL, NULL, sh, NULL) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
}

static void test_clone3(void)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
        uint64_t set_tid, set_tid_size, cgroup;
    } args = {.exit_signal = SIGCHLD};
    int tid = 0, pidfd = -1, status;
    args.flags = CLONE_PARENT_SETTID | 0x1000; /* CLONE_PIDFD */
    args.flags |= 0x100000000ull;              /* CLONE_CLEAR_SIGHAND */
    args.parent_tid = (uintptr_t)&tid;
    args.pidfd = (uintptr_t)&pidfd;
    signal(SIGUSR1, handler);
    signal(SIGUSR2, SIG_IGN);
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        struct sigaction a, b;
        sigaction(SIGUSR1, NULL, &a);
        sigaction(SIGUSR2, NULL, &b);
        _exit(a.sa_handler == SIG_DFL && b.sa_handler == SIG_IGN ? 8 : 9);
    }
    if (pid == -1 && errno == ENOSYS)
        return; /* forbidden here */
    CHECK(pid > 0 && tid == pid && pidfd >= 0);
    CHECK(waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 8);
    CHECK(syscall(SYS_clone3, &args, 8ul) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_clone3, &args, 8192ul) == -1 && errno == E2BIG);
}

/* Namespaces and odd flag sets are the kernel's decision. */
static void test_flags(void)
{
    int status;
    long pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        close(0);
        _exit(3);
    }
    CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
    CHECK(write(0, "", 0) == -1 && errno == EBADF); /* one table of descriptors */
    CHECK(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL);
    pid = fork();
    if (pid == 0)
        _exit(unshare(CLONE_NEWUSER) == 0 || errno == EPERM || errno == ENOSPC ? 0 : 1);
    CHECK(waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 0);
}

int main(void)
{
    test_fork_beside_threads();
    test_vfork();
    test_spawn();
    test_clone3();
    test_flags();
    return check_done();
}
