/* The sieve of Eratosthenes, over bytes and over bits: strided stores and bit tests. */
#include "bench.h"

#define LIMIT 2000000

static unsigned char byte_composite[LIMIT];
static uint64_t bit_composite[LIMIT / 64 + 1];

static long sieve_bytes(void)
{
    long primes = 0;
    memset(byte_composite, 0, sizeof byte_composite);
    for (long i = 2; i < LIMIT; i++) {
        if (byte_composite[i])
            continue;
        primes++;
        for (long k = i * i; k < LIMIT; k += i)
            byte_composite[k] = 1;
    }
    return primes;
}

static long sieve_bits(void)
{
    long primes = 0;
    memset(bit_composite, 0, sizeof bit_composite);
    for (long i = 2; i < LIMIT; i++) {
        if (bit_composite[i / 64] >> i % 64 & 1)
            continue;
        primes++;
        for (long k = i * i; k < LIMIT; k += i)
            bit_composite[k / 64] |= UINT64_C(1) << k % 64;
    }
    return primes;
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 20), sum = 0;
    for (long r = 0; r < rounds; r++)
        sum += sieve_bytes() + sieve_bits();
    printf("sieve %ld\n", sum);
    return 0;
}
