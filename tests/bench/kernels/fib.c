/* Naive Fibonacci numbers and the Ackermann function: calls and returns, shallow and deep. */
#include "bench.h"

static __attribute__((noinline)) uint64_t fib(uint64_t n)
{
    uint64_t sum = 1;
    if (n < 2)
        return n;
    sum = fib(n - 1);
    __asm__ volatile("" : "+r"(sum));
    return sum + fib(n - 2);
}

static __attribute__((noinline)) long ackermann(long m, long n)
{
    long inner;
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    inner = ackermann(m, n - 1);
    __asm__ volatile("" : "+r"(inner));
    return ackermann(m - 1, inner);
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 100);
    uint64_t sum = 0;
    for (long i = 0; i < rounds; i++)
        sum += fib(27) + (uint64_t)ackermann(2, 300) + (uint64_t)ackermann(3, 7);
    printf("fib %llu\n", (unsigned long long)sum);
    return 0;
}
