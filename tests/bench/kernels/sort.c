/* qsort and bsearch of the C library with a comparison callback. */
#include "bench.h"

#define N 100000

static uint32_t data[N];

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 20);
    uint32_t seed = 99;
    uint64_t sum = 0;
    for (long r = 0; r < rounds; r++) {
        for (int i = 0; i < N; i++)
            data[i] = bench_random(&seed);
        qsort(data, N, sizeof data[0], compare);
        for (int i = 0; i < N; i += 7) {
            uint32_t key = data[i];
            const uint32_t *found = bsearch(&key, data, N, sizeof data[0], compare);
            sum = bench_mix(sum, found ? *found : 0);
        }
    }
    printf("sort %016llx\n", (unsigned long long)sum);
    return 0;
}
