/* Eight threads count to a common total under a mutex and with an atomic. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define THREADS 8
#define ROUNDS 20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long locked_total;
static atomic_long atomic_total;
static __thread long own;

static void *work(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        locked_total++;
        pthread_mutex_unlock(&mutex);
        atomic_fetch_add(&atomic_total, 1);
        own++;
    }
    return (void *)own;
}

int main(void)
{
    pthread_t t[THREADS];
    long own_total = 0;

    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&t[i], 0, work, 0))
            return 1;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(t[i], &result);
        own_total += (long)result;
    }
    printf("%ld %ld %ld\n", locked_total, (long)atomic_total, own_total);
    return 0;
}
