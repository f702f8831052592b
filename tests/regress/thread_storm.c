/*
 * Many threads: mutexes and condition variables between 64 of them, thousands made and joined
 * one after the other (memory must not grow), forks, vforks and execs from several at once.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define MANY 64
#define CREATED 40000 /* half of them before memory is measured: by then all that is hot is translated */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, passes;

static void *take_turns(void *arg)
{
    int id = (int)(uintptr_t)arg;

    for (int n = 0; n < 10; n++) {
        pthread_mutex_lock(&mutex);
        while (turn % 8 != id % 8)
            pthread_cond_wait(&changed, &mutex);
        turn++;
        passes++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void many_threads(void)
{
    for (int round = 0; round < 3; round++) {
        pthread_t t[MANY];
        turn = passes = 0;
        for (uintptr_t i = 0; i < MANY; i++)
            CHECK(pthread_create(&t[i], NULL, take_turns, (void *)i) == 0);
        for (int i = 0; i < MANY; i++)
            pthread_join(t[i], NULL);
        CHECK(passes == MANY * 10);
    }
}

static long resident_kib(void)
{
    char line[200];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static void *add_one(void *arg)
{
    __atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void created_in_sequence(void)
{
    int count = 0;
    long before = 0;

    for (int n = 0; n < CREATED; n++) {
        pthread_t t;
        if (pthread_create(&t, NULL, add_one, &count))
            break;
        pthread_join(t, NULL);
        if (n == CREATED / 2)
            before = resident_kib();
    }
    CHECK(count == CREATED);
    CHECK(resident_kib() < before + 2048);
    for (int n = 0; n < 1000; n++) { /* detached ones clean up after themselves */
        pthread_t t;
        pthread_create(&t, NULL, add_one, &count);
        pthread_detach(t);
    }
    for (int n = 0; n < 500 && __atomic_load_n(&count, __ATOMIC_RELAXED) < CREATED + 1000; n++)
        usleep(10000);
    CHECK(count == CREATED + 1000);
}

extern char **environ;

static void *start_children(void *arg)
{
    uintptr_t bad = 0;
    char *args[] = {"/bin/true", NULL};

    for (int n = 0; n < 12; n++) {
        int status = -1;
        pid_t pid = -1;
        FILE *f;
        char line[20] = "";
        switch ((n + (uintptr_t)arg) % 4) {
        case 0:
            pid = fork();
            if (pid == 0)
                _exit(n);
            bad += waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != n;
            break;
        case 1:
            pid = vfork();
            if (pid == 0) {
                execv("/nonexistent/program", args);
                _exit(33);
            }
            bad += waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 33;
            break;
        case 2:
            if (posix_spawn(&pid, args[0], NULL, NULL, args, environ))
                bad++;
            else
                bad += waitpid(pid, &status, 0) != pid || status != 0;
            break;
        default:
            f = popen("echo 42", "r");
            bad += !f || !fgets(line, sizeof line, f) || strcmp(line, "42\n");
            if (f)
                bad += pclose(f) != 0;
            break;
        }
    }
    return (void *)bad;
}

static void children_from_threads(void)
{
    pthread_t t[6];
    void *bad;

    for (uintptr_t i = 0; i < 6; i++)
        pthread_create(&t[i], NULL, start_children, (void *)i);
    for (int i = 0; i < 6; i++) {
        pthread_join(t[i], &bad);
        CHECK(bad == NULL);
    }
}

/* exec in one thread while others run: it takes their place and nothing hangs. */
static void *busy(void *arg)
{
    for (volatile uint64_t n = 0;; n++)
        ;
    return arg;
}

static void *exec_now(void *arg)
{
    execl("/proc/self/exe", arg, "--after-exec", NULL);
    return arg;
}

static void exec_among_threads(const char *self)
{
    for (int n = 0; n < 6; n++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            pthread_t t;
            for (int i = 0; i < 6; i++)
                pthread_create(&t, NULL, busy, NULL);
            if (n & 1)
                exec_now((void *)self);
            pthread_create(&t, NULL, exec_now, (void *)self);
            for (;;)
                pause();
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 55);
    }
    for (int n = 0; n < 6; n++) { /* the same for an exit of the group, and for a fatal signal */
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            pthread_t t;
            for (int i = 0; i < 6; i++)
                pthread_create(&t, NULL, busy, NULL);
            if (n & 1)
                _exit(66);
            raise(SIGTERM);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(n & 1 ? WIFEXITED(status) && WEXITSTATUS(status) == 66
                    : WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--after-exec"))
        return 55;
    many_threads();
    created_in_sequence();
    children_from_threads();
    exec_among_threads(argv[0]);
    return check_done();
}
