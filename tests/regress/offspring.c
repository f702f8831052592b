/*
 * A fork, a vfork with exec of itself, a thread and a caught signal: what a program needs of its
 * system besides starting. Exits with the number of the first that does not work. tests/programs/
 * refused.sh runs it where the host refuses things.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void handler(int sig)
{
    caught = sig;
}

static void *thread(void *arg)
{
    return (char *)arg + 1;
}

static int status_of(pid_t child)
{
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* Enough different code that a child which lost its translations would be seen. */
static int work(void)
{
    char text[64] = "b a d c";

    for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
        caught += *p == 'd';
    return caught == 1 ? 40 : 41;
}

int main(int argc, char **argv)
{
    pthread_t t;
    void *result = NULL;

    if (argc > 1)
        return atoi(argv[1]);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(work());
        _exit(status_of(grandchild) == 40 ? 20 : 21);
    }
    if (status_of(child) != 20)
        return 1;
    child = vfork();
    if (child == 0) {
        execl("/proc/self/exe", argv[0], "30", NULL);
        _exit(31);
    }
    if (status_of(child) != 30)
        return 2;
    if (pthread_create(&t, NULL, thread, argv) || pthread_join(t, &result) ||
        result != (char *)argv + 1)
        return 3;
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    return caught == SIGUSR1 ? 0 : 4;
}
