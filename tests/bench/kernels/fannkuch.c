/* Pancake flips over permutations of 10 in counting order: small integer arrays, short loops. */
#include "bench.h"

#define N 10

static void next_permutation(int *perm, int *count)
{
    for (int r = 1; r < N; r++) {
        int first = perm[0];
        for (int i = 0; i < r; i++)
            perm[i] = perm[i + 1];
        perm[r] = first;
        if (--count[r] > 0)
            return;
        count[r] = r + 1;
    }
}

static int flips_of(const int *perm)
{
    int work[N], flips = 0;
    for (int i = 0; i < N; i++)
        work[i] = perm[i];
    for (int k = work[0]; k != 0; k = work[0]) {
        for (int lo = 0, hi = k; lo < hi; lo++, hi--) {
            int t = work[lo];
            work[lo] = work[hi];
            work[hi] = t;
        }
        flips++;
    }
    return flips;
}

int main(int argc, char **argv)
{
    long permutations = bench_work(argc, argv, 5600000);
    int perm[N], count[N], most = 0;
    long sum = 0;
    for (int i = 0; i < N; i++) {
        perm[i] = i;
        count[i] = i + 1;
    }
    for (long p = 0; p < permutations; p++) {
        int flips = flips_of(perm);
        most = flips > most ? flips : most;
        sum += p & 1 ? -flips : flips;
        next_permutation(perm, count);
    }
    printf("fannkuch %d %ld\n", most, sum);
    return 0;
}
