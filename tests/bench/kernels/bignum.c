/* Big-number arithmetic: factorials and squares with 64x64 to 128 bit products and carries. */
#include "bench.h"

#define LIMBS 256

typedef unsigned __int128 wide;

static __attribute__((noinline)) uint64_t multiply_add(uint64_t *out, const uint64_t *in, int n,
                                                       uint64_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < n; i++) {
        wide t = (wide)in[i] * factor + out[i] + carry;
        out[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    return carry;
}

static __attribute__((noinline)) uint64_t add(uint64_t *out, const uint64_t *in, int n)
{
    uint64_t carry = 0;
    for (int i = 0; i < n; i++) {
        uint64_t t;
        uint64_t over = __builtin_add_overflow(out[i], in[i], &t);
        over += __builtin_add_overflow(t, carry, &out[i]);
        carry = over;
    }
    return carry;
}

static __attribute__((noinline)) uint64_t divide(uint64_t *number, int n, uint32_t divisor)
{
    uint64_t rest = 0;
    for (int i = n - 1; i >= 0; i--) {
        uint64_t high = rest << 32 | number[i] >> 32;
        uint64_t low = high % divisor << 32 | (number[i] & 0xffffffff);
        number[i] = high / divisor << 32 | low / divisor;
        rest = low % divisor;
    }
    return rest;
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 3000);
    static uint64_t x[LIMBS], square[2 * LIMBS];
    uint64_t sum = 0;
    uint32_t seed = 3;
    for (int i = 0; i < LIMBS; i++)
        x[i] = (uint64_t)bench_random(&seed) << 32 | bench_random(&seed);
    for (long r = 0; r < rounds; r++) {
        memset(square, 0, sizeof square);
        for (int i = 0; i < LIMBS; i++)
            square[i + LIMBS] = multiply_add(square + i, x, LIMBS, x[i]);
        sum = bench_mix(sum, add(x, square + LIMBS, LIMBS));
        sum = bench_mix(sum, divide(x, LIMBS, 1000000007));
        x[LIMBS - 1] |= sum;
    }
    printf("bignum %016llx\n", (unsigned long long)sum);
    return 0;
}
