/*
 * The C library's exp, log, pow, sin, cos, atan2, sqrt, cbrt and rounding functions. Their last bit
 * may differ between architectures: the exact sum is compared with another emulator's.
 */
#include "bench.h"
#include <math.h>

int main(int argc, char **argv)
{
    long n = bench_work(argc, argv, 12000000);
    double sum = 0;
    for (long i = 0; i < n; i++) {
        double x = 0.37 + (double)(i % 1000003) * 1.7e-5;
        switch (i % 6) {
        case 0: sum += exp(-x) + floor(x * 3); break;
        case 1: sum += log(x) + ceil(x); break;
        case 2: sum += pow(x, 0.3) + rint(x); break;
        case 3: sum += sin(x) * cos(x); break;
        case 4: sum += atan2(x, 2.0) + fabs(fmod(x, 1.25)); break;
        default: sum += cbrt(x) + sqrt(x) + (double)expf((float)-x) + tanh(x); break;
        }
    }
    printf("libm %.17g\n", sum);
    return 0;
}
