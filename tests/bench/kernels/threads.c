/* Four threads: a contended mutex, condition variables passing a token, atomic counters. */
#include "bench.h"
#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static long rounds, turn, shared_sum;
static atomic_long counter, ticket;
static _Atomic uint64_t best;

static void *worker(void *argument)
{
    long self = (long)argument;
    uint32_t seed = (uint32_t)self * 77 + 1;
    for (long r = 0; r < rounds; r++) {
        uint32_t value = bench_random(&seed);
        pthread_mutex_lock(&lock);
        shared_sum += value & 0xff;
        pthread_mutex_unlock(&lock);
        atomic_fetch_add(&counter, 3);
        atomic_fetch_add_explicit(&ticket, 1, memory_order_relaxed);
        uint64_t old = atomic_load(&best);
        while (value > old && !atomic_compare_exchange_weak(&best, &old, value))
            ;
        for (int i = 0; i < 20; i++)
            value = value * 1664525 + (uint32_t)i;
        __asm__ volatile("" : : "r"(value));
    }
    for (long r = 0; r < rounds / 400; r++) {
        pthread_mutex_lock(&lock);
        while (turn % THREADS != self)
            pthread_cond_wait(&turn_changed, &lock);
        turn++;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread[THREADS];
    rounds = bench_work(argc, argv, 1500000);
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, worker, (void *)i))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    printf("threads %ld %ld %ld %llu %ld\n", shared_sum, atomic_load(&counter),
           atomic_load(&ticket), (unsigned long long)atomic_load(&best), turn);
    return 0;
}
