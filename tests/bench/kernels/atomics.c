/*
 * Two threads without locks: a single-producer queue with acquire/release, a ticket spin lock that
 * is seldom contended, and compare-and-swap pushes on a stack of indices.
 */
#include "bench.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define SLOTS 1024

static uint64_t slot[SLOTS];
static atomic_ulong head, tail;
static atomic_uint next_ticket, serving;
static _Atomic uint64_t top;
static unsigned long total;
static uint64_t guarded;

static void locked_add(uint64_t value)
{
    unsigned mine = atomic_fetch_add_explicit(&next_ticket, 1, memory_order_relaxed);
    while (atomic_load_explicit(&serving, memory_order_acquire) != mine)
        sched_yield();
    guarded += value;
    atomic_store_explicit(&serving, mine + 1, memory_order_release);
}

static void push(uint64_t value)
{
    uint64_t old = atomic_load_explicit(&top, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&top, &old, old + value, memory_order_acq_rel,
                                                  memory_order_relaxed))
        ;
}

static void *producer(void *unused)
{
    uint32_t seed = 4;
    (void)unused;
    for (unsigned long i = 0; i < total; i++) {
        while (i - atomic_load_explicit(&tail, memory_order_acquire) >= SLOTS)
            sched_yield();
        slot[i % SLOTS] = bench_random(&seed);
        atomic_store_explicit(&head, i + 1, memory_order_release);
        push(i & 7);
        if (i % 64 == 0)
            locked_add(i);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    uint64_t sum = 0;
    total = (unsigned long)bench_work(argc, argv, 9000000);
    if (pthread_create(&thread, NULL, producer, NULL))
        return 1;
    for (unsigned long i = 0; i < total; i++) {
        while (atomic_load_explicit(&head, memory_order_acquire) == i)
            sched_yield();
        sum = bench_mix(sum, slot[i % SLOTS]);
        atomic_store_explicit(&tail, i + 1, memory_order_release);
        push(i & 3);
        if (i % 64 == 0)
            locked_add(1);
    }
    pthread_join(thread, NULL);
    printf("atomics %016llx %llu %llu\n", (unsigned long long)sum, (unsigned long long)guarded,
           (unsigned long long)atomic_load(&top));
    return 0;
}
