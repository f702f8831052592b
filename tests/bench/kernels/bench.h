/*
 * What all benchmark kernels share: the amount of work in percent (argv[1], 100 when absent), a
 * fixed random sequence and a checksum. Both twins are built from the same source and must print
 * the same text.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FULL units of work scaled by the percentage on the command line; at least 1. */
static inline long bench_work(int argc, char **argv, long full)
{
    long percent = argc > 1 ? atol(argv[1]) : 100;
    long work = full / 100 * percent + full % 100 * percent / 100;
    return work > 0 ? work : 1;
}

static inline uint32_t bench_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static inline uint64_t bench_mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * UINT64_C(0x100000001b3);
}

#endif
