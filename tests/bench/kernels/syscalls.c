/*
 * The ways into the kernel and back, one at a time: syscalls PERCENT PART. Each part does a fixed
 * number of calls and prints what does not depend on the machine.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Through libc, which uses the vDSO. */
static long clocks(long rounds)
{
    struct timespec last = {0, 0}, now;
    struct timeval day;
    long wrong = 0;

    for (long r = 0; r < rounds; r++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        wrong += now.tv_sec < last.tv_sec ||
                 (now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec);
        last = now;
        gettimeofday(&day, NULL);
        wrong += day.tv_usec < 0 || day.tv_usec >= 1000000;
        wrong += time(NULL) + 1 < day.tv_sec; /* it is the last tick's */
        clock_getres(CLOCK_MONOTONIC, &now);
        wrong += now.tv_sec != 0;
    }
    return wrong;
}

static long null_calls(long rounds)
{
    pid_t parent = getppid();
    long wrong = 0;

    for (long r = 0; r < rounds; r++)
        wrong += getppid() != parent;
    return wrong;
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
    caught += sig == SIGUSR1;
}

/* Every other signal on the alternate stack. */
static long signals(long rounds)
{
    static char space[65536];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
    struct sigaction act = {.sa_handler = on_signal};
    long wrong = 0;

    sigaltstack(&stack, NULL);
    for (long r = 0; r < rounds; r++) {
        if (r % 1000 == 0) {
            act.sa_flags = r % 2000 ? SA_ONSTACK : 0;
            sigaction(SIGUSR1, &act, NULL);
        }
        raise(SIGUSR1);
        wrong += caught != r + 1;
    }
    return wrong;
}

static long forks(long rounds)
{
    long wrong = 0;

    for (long r = 0; r < rounds; r++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            _exit((int)(r % 100));
        wrong += waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != r % 100;
    }
    return wrong;
}

static void *same(void *argument)
{
    return argument;
}

static long thread_starts(long rounds)
{
    long wrong = 0;

    for (long r = 0; r < rounds; r++) {
        pthread_t thread;
        void *result = NULL;
        wrong += pthread_create(&thread, NULL, same, &wrong) != 0;
        wrong += pthread_join(thread, &result) != 0 || result != &wrong;
    }
    return wrong;
}

/* One byte there and back between two processes. */
static long pipes(long rounds)
{
    int there[2], back[2], status;
    long wrong = 0;
    char byte = 0;

    if (pipe(there) || pipe(back))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        for (long r = 0; r < rounds; r++)
            if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
                _exit(1);
        _exit(0);
    }
    for (long r = 0; r < rounds; r++) {
        char sent = (char)r;
        wrong += write(there[1], &sent, 1) != 1 || read(back[0], &byte, 1) != 1 || byte != sent;
    }
    return wrong + (waitpid(pid, &status, 0) != pid || status != 0);
}

static const struct {
    const char *name;
    long (*run)(long rounds);
    long full;
} parts[] = {
    {"clock", clocks, 4000000},       {"null", null_calls, 4000000},
    {"signal", signals, 400000},      {"fork", forks, 3000},
    {"thread", thread_starts, 15000}, {"pipe", pipes, 100000},
};

int main(int argc, char **argv)
{
    for (size_t n = 0; argc > 2 && n < sizeof parts / sizeof *parts; n++) {
        if (strcmp(argv[2], parts[n].name))
            continue;
        long rounds = bench_work(argc, argv, parts[n].full);
        printf("%s %ld %ld\n", parts[n].name, rounds, parts[n].run(rounds));
        return 0;
    }
    return 2;
}
