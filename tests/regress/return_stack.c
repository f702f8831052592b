/*
 * Calls and returns that do not pair: recursion far deeper than any host stack, longjmp over
 * many frames, coroutines that switch stacks, returns through another register.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

static jmp_buf env;
static ucontext_t main_context, other_context;
static volatile long switches;

__attribute__((noinline)) static long recurse(long n, long *p)
{
    if (n == 0)
        return *p;
    long r = recurse(n - 1, p) + 1;
    *p += r & 1;
    return r;
}

__attribute__((noinline)) static void jump_from(int depth)
{
    if (depth == 0)
        longjmp(env, 1);
    jump_from(depth - 1);
    __asm__ volatile("");
}

static void *deep(void *arg)
{
    long p = 0;
    (void)arg;
    return (void *)(recurse(1000000, &p) + recurse(1000000, &p));
}

static void coroutine(void)
{
    for (;;) {
        switches++;
        swapcontext(&other_context, &main_context);
    }
}

/* Returns with `ret x9`, and calls with `blr x30`. */
__attribute__((noinline)) static long odd_return(long a)
{
    long r;
    __asm__ volatile("mov x19, x30\n adr x30, 1f\n blr x30\n b 2f\n"
                     "1: add %0, %1, #1\n mov x9, x30\n ret x9\n"
                     "2: mov x30, x19\n"
                     : "=&r"(r)
                     : "r"(a)
                     : "x9", "x19", "x30", "memory");
    return r;
}

int main(void)
{
    static char stack[65536];
    pthread_attr_t attr;
    pthread_t thread;
    void *result;
    int jumps = 0;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256ul << 20);
    if (pthread_create(&thread, &attr, deep, NULL) != 0 || pthread_join(thread, &result) != 0)
        return 1;
    if ((long)result != 2500000)
        return printf("recursion gave %ld\n", (long)result), 1;

    for (volatile int i = 0; i < 2000; i++)
        if (setjmp(env) == 0)
            jump_from(i % 60);
        else
            jumps++;
    if (jumps != 2000)
        return printf("%d jumps\n", jumps), 1;

    getcontext(&other_context);
    other_context.uc_stack.ss_sp = stack;
    other_context.uc_stack.ss_size = sizeof stack;
    makecontext(&other_context, coroutine, 0);
    for (int i = 0; i < 5000; i++)
        swapcontext(&main_context, &other_context);
    if (switches != 5000)
        return printf("%ld switches\n", switches), 1;

    for (long i = 0; i < 5000; i++)
        if (odd_return(i) != i + 1)
            return printf("odd return\n"), 1;
    puts("ok");
    return 0;
}
