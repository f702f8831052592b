/*
 * Children made by vfork from four threads are killed wherever they are, also inside the emulator,
 * whose memory they share: nobody may wait for them for ever. (With a lock that the dead held, the
 * next to take it hung.)
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 250 };

static volatile int stop, sig;
static volatile pid_t child[THREADS];
static volatile int bad;

static void *killer(void *arg)
{
    unsigned draw = 1;

    while (!stop) {
        for (int i = 0; i < THREADS; i++) {
            pid_t pid = child[i];
            draw = draw * 1103515245 + 12345;
            if (pid > 0 && (draw >> 16 & 1))
                kill(pid, sig);
        }
        usleep(50);
    }
    return arg;
}

static void *bursts(void *arg)
{
    volatile pid_t *mine = arg;

    for (int i = 0; i < ROUNDS; i++) {
        int status;
        pid_t pid = vfork();
        if (pid == 0) {
            *mine = getpid();
            if (i % 3 == 0)
                execl("/proc/self/exe", "child", "1", NULL);
            for (;;)
                pause();
        }
        *mine = 0;
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            bad = 1;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGTERM, SIGKILL, SIGTERM, SIGKILL};
    pthread_t burst[THREADS], k, k2;

    if (argc > 1)
        return 0;
    for (unsigned n = 0; n < sizeof signals / sizeof *signals; n++) {
        sig = signals[n];
        stop = 0;
        pthread_create(&k, NULL, killer, NULL);
        pthread_create(&k2, NULL, killer, NULL);
        for (int i = 0; i < THREADS; i++)
            pthread_create(&burst[i], NULL, bursts, (void *)&child[i]);
        for (int i = 0; i < THREADS; i++)
            pthread_join(burst[i], NULL);
        stop = 1;
        pthread_join(k, NULL);
        pthread_join(k2, NULL);
    }
    return bad;
}
