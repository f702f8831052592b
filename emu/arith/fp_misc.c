/* Comparison, minimum and maximum, reciprocal estimates, immediates. */
#include "emu/arith/fp_core.h"

/* Orders numbers (not NaNs) by value; both zeros are 0. */
static int64_t order(const FpFormat *f, FpNum n)
{
    int64_t magnitude = (int64_t)(n.raw & low_mask(f->bits - 1));
    return n.sign ? -magnitude : magnitude;
}

/* NaN: FP_UNORDERED; otherwise as memcmp. Signalling NaNs (or all, by signal_nans) set IOC. */
typedef enum FpOrder { FP_LESS = -1, FP_EQUAL, FP_GREATER, FP_UNORDERED } FpOrder;

static FpOrder compare(unsigned bits, uint64_t a, uint64_t b, bool signal_nans, uint32_t fpcr,
                       uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);

    if (fp_is_nan(x) || fp_is_nan(y)) {
        if (x.type == FP_SNAN || y.type == FP_SNAN || signal_nans)
            *fpsr |= SR_IOC;
        return FP_UNORDERED;
    }
    int64_t p = order(f, x), q = order(f, y);
    return p < q ? FP_LESS : p > q ? FP_GREATER : FP_EQUAL;
}

uint32_t fp_compare(unsigned bits, uint64_t a, uint64_t b, bool signal_nans, uint32_t fpcr,
                    uint32_t *fpsr)
{
    switch (compare(bits, a, b, signal_nans, fpcr, fpsr)) {
    case FP_LESS:
        return 0x80000000u; /* N */
    case FP_EQUAL:
        return 0x60000000u; /* ZC */
    case FP_GREATER:
        return 0x20000000u; /* C */
    default:
        return 0x30000000u; /* CV */
    }
}

bool fp_compare_eq(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return compare(bits, a, b, false, fpcr, fpsr) == FP_EQUAL;
}

bool fp_compare_ge(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    FpOrder o = compare(bits, a, b, true, fpcr, fpsr);
    return o == FP_EQUAL || o == FP_GREATER;
}

bool fp_compare_gt(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return compare(bits, a, b, true, fpcr, fpsr) == FP_GREATER;
}

/* The larger when max, else the smaller; +0 is above -0. */
static uint64_t min_max(unsigned bits, uint64_t a, uint64_t b, bool max, uint32_t fpcr,
                        uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);

    if (fp_is_nan(x) || fp_is_nan(y))
        return fp_nan2(f, x, y, fpcr, fpsr);
    int64_t p = order(f, x), q = order(f, y);
    if (p == q)
        return max == x.sign ? y.raw : x.raw; /* differ at most as zeros do */
    return (p > q) == max ? x.raw : y.raw;
}

uint64_t fp_max(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return min_max(bits, a, b, true, fpcr, fpsr);
}

uint64_t fp_min(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return min_max(bits, a, b, false, fpcr, fpsr);
}

/* One quiet NaN loses against anything that is not a quiet NaN. */
static uint64_t min_max_num(unsigned bits, uint64_t a, uint64_t b, bool max, uint32_t fpcr,
                            uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpType x = fp_unpack(f, a, fpcr, fpsr).type, y = fp_unpack(f, b, fpcr, fpsr).type;
    uint64_t loser = fp_inf(f, max);

    if (x == FP_QNAN && y != FP_QNAN)
        a = loser;
    else if (x != FP_QNAN && y == FP_QNAN)
        b = loser;
    return min_max(bits, a, b, max, fpcr, fpsr);
}

uint64_t fp_maxnum(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return min_max_num(bits, a, b, true, fpcr, fpsr);
}

uint64_t fp_minnum(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return min_max_num(bits, a, b, false, fpcr, fpsr);
}

/* RecipEstimate: a is 256..511, for 0.5 <= x < 1; result 256..511, for 1 <= 1/x < 2. */
static uint64_t recip_estimate(unsigned a)
{
    return ((1u << 19) / (a * 2 + 1) + 1) / 2;
}

/* RecipSqrtEstimate: a is 128..511, for 0.25 <= x < 1; result 256..511. */
static uint64_t rsqrt_estimate(unsigned a)
{
    unsigned b = 512;

    a = a < 256 ? a * 2 + 1 : (a / 2 * 2 + 1) * 2;
    while (a * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (b + 1) / 2;
}

/* 1/x is too large for the format: FPRecipEstimate rounds it like any overflow. */
static uint64_t recip_overflow(const FpFormat *f, bool sign, uint32_t fpcr, uint32_t *fpsr)
{
    return fp_round(f, fp_rounding(fpcr), sign, 1 << (f->exp_bits - 1), (uint128_t)1 << 127, 0,
                    fpsr);
}

uint64_t fp_recip_estimate(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum n = fp_unpack(f, a, fpcr, fpsr);
    int bias = (1 << (f->exp_bits - 1)) - 1;

    if (fp_is_nan(n))
        return fp_nan(f, n, fpcr, fpsr);
    if (n.type == FP_INF)
        return fp_zero(f, n.sign);
    if (n.type == FP_ZERO) {
        *fpsr |= SR_DZC;
        return fp_inf(f, n.sign);
    }
    if (n.exp < -bias - 1)
        return recip_overflow(f, n.sign, fpcr, fpsr);
    if (n.exp >= bias - 1 && (fpcr & f->flush)) {
        *fpsr |= SR_UFC;
        return fp_zero(f, n.sign);
    }

    /* The top 9 bits of the significand; the estimate is 9 bits with value 1 to 2. */
    int biased = bias - n.exp - 1;
    uint64_t mant = recip_estimate((unsigned)(n.sig >> 55)) << (f->frac_bits - 8);
    if (biased <= 0) {
        mant >>= 1 - biased; /* a denormal result: one or two bits lost below the 8 */
        biased = 0;
    }
    return fp_zero(f, n.sign) | (uint64_t)biased << f->frac_bits | (mant & low_mask(f->frac_bits));
}

uint64_t fp_rsqrt_estimate(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum n = fp_unpack(f, a, fpcr, fpsr);
    int bias = (1 << (f->exp_bits - 1)) - 1;

    if (fp_is_nan(n))
        return fp_nan(f, n, fpcr, fpsr);
    if (n.type == FP_ZERO) {
        *fpsr |= SR_DZC;
        return fp_inf(f, n.sign);
    }
    if (n.sign)
        return fp_invalid(f, fpsr);
    if (n.type == FP_INF)
        return fp_zero(f, false);

    /* x = m * 2^(2k) with 0.25 <= m < 1; m has 9 or 8 significant bits of 9. */
    int exp = n.exp + 1;
    bool odd = exp & 1;
    int k = (exp + odd) / 2;
    uint64_t estimate = rsqrt_estimate((unsigned)(n.sig >> (55 + odd)));
    return (uint64_t)(bias - k) << f->frac_bits | (estimate & 0xff) << (f->frac_bits - 8);
}

uint64_t fp_recip_exponent(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum n = fp_unpack(f, a, fpcr, fpsr);
    uint64_t exp_mask = fp_inf(f, false), exp = a & exp_mask;

    if (fp_is_nan(n))
        return fp_nan(f, n, fpcr, fpsr);
    if (exp == 0) /* zeros and denormals: the largest finite exponent */
        return fp_zero(f, n.sign) | (exp_mask & ~BIT(f->frac_bits));
    return fp_zero(f, n.sign) | (exp ^ exp_mask);
}

uint32_t fp_recip_estimate_u32(uint32_t a)
{
    return a >> 31 ? (uint32_t)recip_estimate(a >> 23) << 23 : ~0u;
}

uint32_t fp_rsqrt_estimate_u32(uint32_t a)
{
    return a >> 30 ? (uint32_t)rsqrt_estimate(a >> 23) << 23 : ~0u;
}

uint64_t fp_expand_imm(unsigned bits, unsigned imm8)
{
    const FpFormat *f = fp_format(bits);
    uint64_t sign = imm8 >> 7 & 1, b = imm8 >> 6 & 1;
    /* exponent: NOT(b), then b repeated, then imm8<5:4> */
    uint64_t exp =
        (b ^ 1) << (f->exp_bits - 1) | (b ? low_mask(f->exp_bits - 3) : 0) << 2 | (imm8 >> 4 & 3);
    return sign << (bits - 1) | exp << f->frac_bits | (uint64_t)(imm8 & 15) << (f->frac_bits - 4);
}
