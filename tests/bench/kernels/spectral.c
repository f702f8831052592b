/* Largest eigenvalue of an infinite matrix by power iteration: division and conversion of ints. */
#include "bench.h"
#include <math.h>

#define N 500

static double element(int i, int j)
{
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

static void times_matrix(const double *v, double *out, int transposed)
{
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += (transposed ? element(j, i) : element(i, j)) * v[j];
        out[i] = sum;
    }
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 250);
    static double u[N], v[N], t[N];
    double uv = 0, vv = 0;
    for (int i = 0; i < N; i++)
        u[i] = 1;
    for (long r = 0; r < rounds; r++) {
        times_matrix(u, t, 0);
        times_matrix(t, v, 1);
        double most = 0;
        for (int i = 0; i < N; i++)
            most = v[i] > most ? v[i] : most;
        uv = vv = 0;
        for (int i = 0; i < N; i++) {
            uv += u[i] * v[i];
            vv += u[i] * u[i];
        }
        for (int i = 0; i < N; i++)
            u[i] = v[i] / most;
    }
    printf("spectral %.9f\n", sqrt(uv / vv));
    return 0;
}
