/*
 * What a thread leaves behind must not show in the next one, which may run on the same memory:
 * code that changed in between, another FPCR, signal mask and alternate stack; and in a child.
 */
#define _GNU_SOURCE
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static uint32_t *code;
static __thread int own = 7;

static double third(void)
{
    volatile double one = 1, three = 3;
    return one / three;
}

static void *body(void *arg)
{
    uintptr_t n = (uintptr_t)arg;
    unsigned (*volatile fn)(void) = (unsigned (*)(void))code;
    static char space[65536];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof space}, old;
    sigset_t set;

    for (int k = 0; k < 30; k++)
        CHECK(fn() == (n & 0xffff));
    CHECK(own == 7);
    own = (int)n;
    CHECK(fegetround() == (n % 2 ? FE_UPWARD : FE_TONEAREST));
    CHECK((third() > 0.33333333333333331) == (n % 2));
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    sigaltstack(&stack, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    CHECK(!sigismember(&set, SIGUSR1));
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    return NULL;
}

static void storm(unsigned rounds)
{
    for (unsigned n = 0; n < rounds; n++) {
        pthread_t thread[3];
        int count = n % 3 + 1;

        code[0] = 0x52800000 | (n & 0xffff) << 5;
        code[1] = 0xd65f03c0;
        __builtin___clear_cache((char *)code, (char *)(code + 2));
        fesetround(n % 2 ? FE_UPWARD : FE_TONEAREST);
        for (int i = 0; i < count; i++)
            CHECK(pthread_create(&thread[i], NULL, body, (void *)(uintptr_t)n) == 0);
        for (int i = 0; i < count; i++)
            pthread_join(thread[i], NULL);
    }
    fesetround(FE_TONEAREST);
}

int main(void)
{
    int status;

    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    storm(300);
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            storm(50);
            _exit(check_failures != 0);
        }
        storm(20);
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    return check_done();
}
