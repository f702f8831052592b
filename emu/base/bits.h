/* Bit arithmetic on plain integers. */
#ifndef EMU_BASE_BITS_H
#define EMU_BASE_BITS_H

#include "emu/base/types.h"

/* BIT(n), n 0..63. */
#define BIT(n) (1ull << (n))

/* A mask of the low n bits, n 0..64. */
static inline uint64_t low_mask(unsigned n)
{
    return n >= 64 ? ~0ull : (1ull << n) - 1;
}

/* Bits lo .. lo+width-1 of x. */
static inline uint64_t field(uint64_t x, unsigned lo, unsigned width)
{
    return (x >> lo) & low_mask(width);
}

/* The low `width` bits of x (1..64), sign-extended. */
static inline int64_t sext(uint64_t x, unsigned width)
{
    return (int64_t)(x << (64 - width)) >> (64 - width);
}

/* x rotated right by n within `width` bits (1..64); the upper bits of the result are 0. */
static inline uint64_t ror(uint64_t x, unsigned n, unsigned width)
{
    x &= low_mask(width);
    n %= width;
    return n ? ((x >> n) | (x << (width - n))) & low_mask(width) : x;
}

#endif
