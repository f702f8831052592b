/*
 * Float matrix product on inexact data, vectorised by the compiler (-O3). Multiply-add is fused on
 * one machine only, so the checksum is rounded.
 */
#include "bench.h"

#define N 256

static float a[N][N], b[N][N], c[N][N];

static __attribute__((noinline)) void multiply(void)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            c[i][j] = 0;
        for (int k = 0; k < N; k++) {
            float x = a[i][k];
            for (int j = 0; j < N; j++)
                c[i][j] += x * b[k][j];
        }
    }
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 140);
    uint32_t seed = 5;
    double sum = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (float)(bench_random(&seed) % 10000) / 10007.0f;
            b[i][j] = (float)(bench_random(&seed) % 10000) / 10009.0f - 0.25f;
        }
    }
    for (long r = 0; r < rounds; r++) {
        multiply();
        sum = sum / 2 + c[r % N][(r * 7) % N];
        a[r % N][r * 3 % N] += 0.125f;
    }
    printf("matmul %.2f\n", sum);
    return 0;
}
