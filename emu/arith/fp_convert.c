/* Conversions: floating point to and from integers, to integral values, between formats. */
#include "emu/arith/fp_core.h"

/*
 * |n| * 2^scale as an integer plus a fraction of 2^-64 units whose lowest bit is sticky.
 * Returns false when it is 2^64 or more. n is FP_NONZERO.
 */
static bool fixed_point(FpNum n, int scale, uint64_t *integer, uint64_t *fraction)
{
    int exp = n.exp + scale;

    if (exp >= 64)
        return false;
    uint128_t v = fp_shift_jam((uint128_t)n.sig << 64, 63 - exp);
    *integer = (uint64_t)(v >> 64);
    *fraction = (uint64_t)v;
    return true;
}

uint64_t fp_to_int(unsigned bits, uint64_t a, unsigned int_bits, unsigned fraction_bits,
                   bool is_unsigned, FpRounding mode, uint32_t fpcr, uint32_t *fpsr)
{
    FpNum n = fp_unpack(fp_format(bits), a, fpcr, fpsr);
    uint64_t max = low_mask(is_unsigned ? int_bits : int_bits - 1); /* of the magnitude */
    uint64_t integer, fraction;

    if (fp_is_nan(n)) {
        *fpsr |= SR_IOC;
        return 0;
    }
    if (n.type == FP_ZERO)
        return 0;
    if (n.sign)
        max = is_unsigned ? 0 : max + 1;

    bool fits = n.type != FP_INF && fixed_point(n, (int)fraction_bits, &integer, &fraction);
    uint128_t rounded = 0;
    if (fits) {
        rounded = integer;
        rounded += fp_round_up(mode, n.sign, integer & 1, fraction, BIT(63));
    }
    if (!fits || rounded > max) {
        *fpsr |= SR_IOC;
        rounded = max;
    } else if (fraction) {
        *fpsr |= SR_IXC;
    }
    return (n.sign ? -(uint64_t)rounded : (uint64_t)rounded) & low_mask(int_bits);
}

uint32_t fp_to_int_js(uint64_t a, bool *exact, uint32_t fpcr, uint32_t *fpsr)
{
    FpNum n = fp_unpack(fp_format(64), a, fpcr, fpsr);
    uint64_t integer = 0, fraction = 0;
    bool in_range = true;

    *exact = false;
    if (n.type == FP_ZERO) {
        *exact = a == 0; /* neither minus zero nor a flushed denormal is a JavaScript integer */
        return 0;
    }
    if (fp_is_nan(n) || n.type == FP_INF) {
        in_range = false;
    } else if (fixed_point(n, 0, &integer, &fraction)) {
        in_range = integer <= (n.sign ? 0x80000000u : 0x7fffffffu);
    } else {
        /* 2^64 or more: only the lowest bits of the significand can be below 2^32. */
        in_range = false;
        integer = n.exp - 63 < 32 ? n.sig << (n.exp - 63) : 0;
    }
    if (!in_range)
        *fpsr |= SR_IOC;
    else if (fraction)
        *fpsr |= SR_IXC;
    else
        *exact = true;
    return (uint32_t)(n.sign ? -integer : integer);
}

uint64_t fp_from_int(unsigned bits, uint64_t value, unsigned fraction_bits, bool is_unsigned,
                     FpRounding mode, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    bool sign = !is_unsigned && (int64_t)value < 0;

    if (value == 0)
        return fp_zero(f, false);
    return fp_round(f, mode, sign, 63 - (int)fraction_bits,
                    (uint128_t)(sign ? -value : value) << 64, fpcr, fpsr);
}

uint64_t fp_round_int(unsigned bits, uint64_t a, FpRounding mode, bool exact, uint32_t fpcr,
                      uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum n = fp_unpack(f, a, fpcr, fpsr);
    uint64_t integer, fraction;

    if (fp_is_nan(n))
        return fp_nan(f, n, fpcr, fpsr);
    /* From 2^63 on every number of these formats is integral. */
    if (n.type != FP_NONZERO || n.exp >= 63)
        return n.raw;
    fixed_point(n, 0, &integer, &fraction);
    integer += fp_round_up(mode, n.sign, integer & 1, fraction, BIT(63));
    if (fraction && exact)
        *fpsr |= SR_IXC;
    if (integer == 0)
        return fp_zero(f, n.sign);
    return fp_round(f, FP_TO_ZERO, n.sign, 63, (uint128_t)integer << 64, fpcr, fpsr);
}

uint64_t fp_round_int_n(unsigned bits, uint64_t a, FpRounding mode, unsigned int_bits,
                        uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum n = fp_unpack(f, a, fpcr, fpsr);
    uint64_t integer, fraction, limit;

    if (n.type == FP_ZERO)
        return n.raw;
    bool fits = n.type == FP_NONZERO && fixed_point(n, 0, &integer, &fraction);
    if (fits) {
        limit = BIT(int_bits - 1) - !n.sign;
        /* Below 2^53, or without a fraction: the increment cannot wrap. */
        integer += fp_round_up(mode, n.sign, integer & 1, fraction, BIT(63));
        fits = integer <= limit;
    }
    if (!fits) {
        /* -2^(int_bits - 1) stands for everything out of range. */
        *fpsr |= SR_IOC;
        return fp_round(f, FP_TO_ZERO, true, (int)int_bits - 1, (uint128_t)1 << 127, 0, fpsr);
    }
    if (fraction)
        *fpsr |= SR_IXC;
    if (integer == 0)
        return fp_zero(f, n.sign);
    return fp_round(f, FP_TO_ZERO, n.sign, 63, (uint128_t)integer << 64, fpcr, fpsr);
}

/* FPConvertNaN: quiet, the payload's upper bits kept. */
static uint64_t convert_nan(const FpFormat *to, const FpFormat *from, FpNum n)
{
    uint64_t payload = (n.raw & low_mask(from->frac_bits)) << (63 - from->frac_bits);
    return fp_inf(to, n.sign) | BIT(to->frac_bits - 1) | payload >> (63 - to->frac_bits);
}

/* FPConvert between any two formats. */
static uint64_t convert(const FpFormat *to, const FpFormat *from, uint64_t a, FpRounding mode,
                        uint32_t fpcr, uint32_t *fpsr)
{
    FpNum n = fp_unpack(from, a, fpcr, fpsr);

    if (fp_is_nan(n)) {
        if (n.type == FP_SNAN || to->alt_half)
            *fpsr |= SR_IOC;
        if (to->alt_half)
            return fp_zero(to, n.sign);
        return fpcr & CR_DN ? fp_default_nan(to) : convert_nan(to, from, n);
    }
    if (n.type == FP_INF && to->alt_half) {
        *fpsr |= SR_IOC;
        return (uint64_t)n.sign << 15 | 0x7fff;
    }
    if (n.type == FP_INF)
        return fp_inf(to, n.sign);
    if (n.type == FP_ZERO)
        return fp_zero(to, n.sign);
    return fp_round(to, mode, n.sign, n.exp, (uint128_t)n.sig << 64, fpcr, fpsr);
}

uint64_t fp_convert(unsigned to, unsigned from, uint64_t a, FpRounding mode, uint32_t fpcr,
                    uint32_t *fpsr)
{
    return convert(fp_format_cv(to, fpcr), fp_format_cv(from, fpcr), a, mode, fpcr, fpsr);
}

uint64_t fp_to_bf16(uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    static const FpFormat bfloat = {16, 8, 7, false, CR_FZ};
    return convert(&bfloat, fp_format(32), a, fp_rounding(fpcr), fpcr, fpsr);
}
