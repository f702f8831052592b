/*
 * Exact floating point: unpack, compute with integers, round once.
 *
 * Invariant: every result that is not exact by construction goes through fp_round(), which is
 * the only place that sets OFC, UFC and IXC for arithmetic.
 */
#include "emu/arith/fp_core.h"

static const FpFormat half = {16, 5, 10, false, CR_FZ16};
static const FpFormat half_cv = {16, 5, 10, false, 0};
static const FpFormat half_alt = {16, 5, 10, true, 0};
static const FpFormat single = {32, 8, 23, false, CR_FZ};
static const FpFormat dbl = {64, 11, 52, false, CR_FZ};

const FpFormat *fp_format(unsigned bits)
{
    return bits == 64 ? &dbl : bits == 32 ? &single : &half;
}

const FpFormat *fp_format_cv(unsigned bits, uint32_t fpcr)
{
    if (bits != 16)
        return fp_format(bits);
    return fpcr & CR_AHP ? &half_alt : &half_cv;
}

static uint64_t sign_bit(const FpFormat *f, bool sign)
{
    return (uint64_t)sign << (f->bits - 1);
}

uint64_t fp_zero(const FpFormat *f, bool sign)
{
    return sign_bit(f, sign);
}

uint64_t fp_inf(const FpFormat *f, bool sign)
{
    return sign_bit(f, sign) | low_mask(f->exp_bits) << f->frac_bits;
}

uint64_t fp_max_normal(const FpFormat *f, bool sign)
{
    return fp_inf(f, sign) - 1;
}

uint64_t fp_default_nan(const FpFormat *f)
{
    return fp_inf(f, false) | BIT(f->frac_bits - 1);
}

uint64_t fp_invalid(const FpFormat *f, uint32_t *fpsr)
{
    *fpsr |= SR_IOC;
    return fp_default_nan(f);
}

FpNum fp_unpack(const FpFormat *f, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    FpNum n = {.sign = a >> (f->bits - 1) & 1, .raw = a};
    int bias = (1 << (f->exp_bits - 1)) - 1;
    unsigned exp = (unsigned)field(a, f->frac_bits, f->exp_bits);
    uint64_t frac = a & low_mask(f->frac_bits);

    if (exp == 0 && frac != 0 && (fpcr & f->flush)) {
        /* Flushing a half precision input is not an Input Denormal exception. */
        if (f->bits != 16)
            *fpsr |= SR_IDC;
        frac = 0;
        n.raw = fp_zero(f, n.sign);
    }
    if (exp == low_mask(f->exp_bits) && !f->alt_half) {
        n.type = frac == 0 ? FP_INF : frac >> (f->frac_bits - 1) ? FP_QNAN : FP_SNAN;
    } else if (exp != 0) {
        n.type = FP_NONZERO;
        n.exp = (int)exp - bias;
        n.sig = BIT(63) | frac << (63 - f->frac_bits);
    } else if (frac != 0) {
        int shift = __builtin_clzll(frac);
        n.type = FP_NONZERO;
        n.exp = 1 - bias + (63 - f->frac_bits) - shift;
        n.sig = frac << shift;
    } else {
        n.type = FP_ZERO;
    }
    return n;
}

uint64_t fp_nan(const FpFormat *f, FpNum a, uint32_t fpcr, uint32_t *fpsr)
{
    if (a.type == FP_SNAN)
        *fpsr |= SR_IOC;
    return fpcr & CR_DN ? fp_default_nan(f) : a.raw | BIT(f->frac_bits - 1);
}

uint64_t fp_nan2(const FpFormat *f, FpNum a, FpNum b, uint32_t fpcr, uint32_t *fpsr)
{
    bool first = a.type == FP_SNAN || (a.type == FP_QNAN && b.type != FP_SNAN);
    return fp_nan(f, first ? a : b, fpcr, fpsr);
}

/* The addend comes first, signalling NaNs before quiet ones. */
static uint64_t fp_nan3(const FpFormat *f, FpNum addend, FpNum a, FpNum b, uint32_t fpcr,
                        uint32_t *fpsr)
{
    FpNum *order[] = {&addend, &a, &b};

    for (unsigned k = 0; k < 3; k++) {
        if (order[k]->type == FP_SNAN)
            return fp_nan(f, *order[k], fpcr, fpsr);
    }
    for (unsigned k = 0; k < 2; k++) {
        if (order[k]->type == FP_QNAN)
            return fp_nan(f, *order[k], fpcr, fpsr);
    }
    return fp_nan(f, b, fpcr, fpsr);
}

uint128_t fp_shift_jam(uint128_t v, int n)
{
    if (n <= 0)
        return v;
    if (n >= 128)
        return v != 0;
    return v >> n | ((v & (((uint128_t)1 << n) - 1)) != 0);
}

bool fp_round_up(FpRounding mode, bool sign, bool odd, uint128_t rest, uint128_t half_ulp)
{
    switch (mode) {
    case FP_NEAREST:
        return rest > half_ulp || (rest == half_ulp && odd);
    case FP_UP:
        return rest && !sign;
    case FP_DOWN:
        return rest && sign;
    case FP_NEAREST_AWAY:
        return rest >= half_ulp;
    case FP_TO_ODD:
    case FP_TO_ODD_INF:
        return rest && !odd;
    default:
        return false;
    }
}

static uint64_t overflow(const FpFormat *f, FpRounding mode, bool sign, uint32_t *fpsr)
{
    bool to_inf = mode == FP_NEAREST || mode == FP_NEAREST_AWAY || mode == FP_TO_ODD_INF ||
                  (mode == FP_UP && !sign) || (mode == FP_DOWN && sign);

    if (f->alt_half) {
        *fpsr |= SR_IOC;
        return sign_bit(f, sign) | low_mask(f->bits - 1);
    }
    *fpsr |= SR_OFC | SR_IXC;
    return to_inf ? fp_inf(f, sign) : fp_max_normal(f, sign);
}

static int clz128(uint128_t v)
{
    uint64_t hi = (uint64_t)(v >> 64);
    return hi ? __builtin_clzll(hi) : 64 + __builtin_clzll((uint64_t)v);
}

uint64_t fp_round(const FpFormat *f, FpRounding mode, bool sign, int exp, uint128_t sig,
                  uint32_t fpcr, uint32_t *fpsr)
{
    int min_exp = 2 - (1 << (f->exp_bits - 1));
    int max_biased = (1 << f->exp_bits) - (f->alt_half ? 1 : 2);
    int lead = clz128(sig);
    int drop = 127 - f->frac_bits;

    sig <<= lead;
    exp -= lead;
    /* Tininess and flushing are decided before rounding. */
    if (exp < min_exp && (fpcr & f->flush)) {
        *fpsr |= SR_UFC;
        return fp_zero(f, sign);
    }
    int biased = exp - min_exp + 1;
    if (biased < 1) {
        sig = fp_shift_jam(sig, 1 - biased);
        biased = 0;
    }

    uint64_t mant = (uint64_t)(sig >> drop);
    uint128_t rest = sig & (((uint128_t)1 << drop) - 1);
    bool up = fp_round_up(mode, sign, mant & 1, rest, (uint128_t)1 << (drop - 1));

    if (rest && biased == 0)
        *fpsr |= SR_UFC;
    mant += up;
    if (biased == 0 && mant >> f->frac_bits)
        biased = 1; /* the largest denormal was rounded up to a normal number */
    if (mant >> (f->frac_bits + 1)) {
        mant >>= 1;
        biased++;
    }
    if (biased > max_biased)
        return overflow(f, mode, sign, fpsr);
    if (rest)
        *fpsr |= SR_IXC;
    return sign_bit(f, sign) | (uint64_t)biased << f->frac_bits | (mant & low_mask(f->frac_bits));
}

/*
 * An exact sum or product on its way to fp_round: sig * 2^(exp - 125), bits 127 and 126 clear.
 * A zero has an exponent below all others.
 */
typedef struct Wide {
    bool sign;
    int exp;
    uint128_t sig;
} Wide;

#define WIDE_ZERO_EXP (-100000)

static Wide wide_of(FpNum n)
{
    if (n.type == FP_ZERO)
        return (Wide){n.sign, WIDE_ZERO_EXP, 0};
    return (Wide){n.sign, n.exp, (uint128_t)n.sig << 62};
}

static Wide wide_mul(FpNum a, FpNum b)
{
    bool sign = a.sign ^ b.sign;

    if (a.type == FP_ZERO || b.type == FP_ZERO)
        return (Wide){sign, WIDE_ZERO_EXP, 0};
    /* Each factor has at least 11 zero bits at its end, so no bit is lost. */
    return (Wide){sign, a.exp + b.exp + 1, (uint128_t)a.sig * b.sig >> 2};
}

/*
 * The smaller operand loses bits into a sticky one only when it is so much smaller that the
 * difference keeps (nearly) all of the larger one's bits.
 */
static Wide wide_add(Wide a, Wide b)
{
    if (a.exp < b.exp) {
        Wide t = a;
        a = b;
        b = t;
    }
    b.sig = fp_shift_jam(b.sig, a.exp - b.exp);
    if (a.sign == b.sign) {
        a.sig += b.sig;
    } else if (a.sig >= b.sig) {
        a.sig -= b.sig;
    } else {
        a.sig = b.sig - a.sig;
        a.sign = b.sign;
    }
    return a;
}

/* Rounds a sum; an exact zero has the sign the rounding mode says. */
static uint64_t wide_round(const FpFormat *f, FpRounding mode, Wide w, uint32_t fpcr,
                           uint32_t *fpsr)
{
    if (w.sig == 0)
        return fp_zero(f, mode == FP_DOWN);
    return fp_round(f, mode, w.sign, w.exp + 2, w.sig, fpcr, fpsr);
}

uint64_t fp_add_mode(const FpFormat *f, FpRounding mode, uint64_t a, uint64_t b, uint32_t fpcr,
                     uint32_t *fpsr)
{
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);

    if (fp_is_nan(x) || fp_is_nan(y))
        return fp_nan2(f, x, y, fpcr, fpsr);
    if (x.type == FP_INF && y.type == FP_INF && x.sign != y.sign)
        return fp_invalid(f, fpsr);
    if (x.type == FP_INF)
        return x.raw;
    if (y.type == FP_INF)
        return y.raw;
    if (x.type == FP_ZERO && y.type == FP_ZERO && x.sign == y.sign)
        return x.raw;
    return wide_round(f, mode, wide_add(wide_of(x), wide_of(y)), fpcr, fpsr);
}

uint64_t fp_add(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return fp_add_mode(fp_format(bits), fp_rounding(fpcr), a, b, fpcr, fpsr);
}

/* FPSub takes NaNs as they are: only a number is negated. */
uint64_t fp_sub(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    bool b_is_nan = fp_abs(bits, b) > fp_inf(f, false);

    return fp_add(bits, a, b_is_nan ? b : fp_neg(bits, b), fpcr, fpsr);
}

uint64_t fp_mul_mode(const FpFormat *f, FpRounding mode, uint64_t a, uint64_t b, uint32_t fpcr,
                     uint32_t *fpsr)
{
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);
    bool sign = x.sign ^ y.sign;

    if (fp_is_nan(x) || fp_is_nan(y))
        return fp_nan2(f, x, y, fpcr, fpsr);
    if ((x.type == FP_INF && y.type == FP_ZERO) || (x.type == FP_ZERO && y.type == FP_INF))
        return fp_invalid(f, fpsr);
    if (x.type == FP_INF || y.type == FP_INF)
        return fp_inf(f, sign);
    if (x.type == FP_ZERO || y.type == FP_ZERO)
        return fp_zero(f, sign);
    return wide_round(f, mode, wide_mul(x, y), fpcr, fpsr);
}

uint64_t fp_mul(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return fp_mul_mode(fp_format(bits), fp_rounding(fpcr), a, b, fpcr, fpsr);
}

uint64_t fp_mulx(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);

    if ((x.type == FP_INF && y.type == FP_ZERO) || (x.type == FP_ZERO && y.type == FP_INF))
        return sign_bit(f, x.sign ^ y.sign) | BIT(bits - 2); /* 2.0 */
    return fp_mul(bits, a, b, fpcr, fpsr);
}

uint64_t fp_div(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);
    bool sign = x.sign ^ y.sign;

    if (fp_is_nan(x) || fp_is_nan(y))
        return fp_nan2(f, x, y, fpcr, fpsr);
    if (x.type == y.type && x.type != FP_NONZERO)
        return fp_invalid(f, fpsr); /* 0/0, inf/inf */
    if (x.type == FP_INF)
        return fp_inf(f, sign);
    if (y.type == FP_ZERO) {
        *fpsr |= SR_DZC;
        return fp_inf(f, sign);
    }
    if (x.type == FP_ZERO || y.type == FP_INF)
        return fp_zero(f, sign);

    /* 64 or 65 bits of quotient, then the remainder as a sticky bit. */
    uint128_t num = (uint128_t)x.sig << 63;
    uint128_t quot = num / y.sig;
    quot = quot << 2 | (num % y.sig != 0);
    return fp_round(f, fp_rounding(fpcr), sign, x.exp - y.exp + 127 - 65, quot, fpcr, fpsr);
}

/* Floor of the square root; *exact says whether it is the root. */
static uint64_t isqrt128(uint128_t v, bool *exact)
{
    uint128_t root = 0, rest = v;

    for (uint128_t bit = (uint128_t)1 << 126; bit; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    *exact = rest == 0;
    return (uint64_t)root;
}

uint64_t fp_sqrt(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum x = fp_unpack(f, a, fpcr, fpsr);
    bool exact;

    if (fp_is_nan(x))
        return fp_nan(f, x, fpcr, fpsr);
    if (x.type == FP_ZERO)
        return x.raw;
    if (x.sign)
        return fp_invalid(f, fpsr);
    if (x.type == FP_INF)
        return x.raw;

    /* value = v * 2^(exp - 126) with exp even and v < 2^128: the root has 63 or 64 bits. */
    unsigned odd = x.exp & 1;
    uint128_t v = (uint128_t)x.sig << (63 + odd);
    uint128_t root = isqrt128(v, &exact);
    root = root << 1 | !exact;
    return fp_round(f, fp_rounding(fpcr), false, (x.exp - (int)odd) / 2 + 127 - 64, root, fpcr,
                    fpsr);
}

uint64_t fp_muladd(unsigned bits, uint64_t addend, uint64_t a, uint64_t b, uint32_t fpcr,
                   uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    FpNum s = fp_unpack(f, addend, fpcr, fpsr);
    FpNum x = fp_unpack(f, a, fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);
    bool inf_zero =
        (x.type == FP_INF && y.type == FP_ZERO) || (x.type == FP_ZERO && y.type == FP_INF);
    bool sign = x.sign ^ y.sign;

    /* A quiet NaN addend does not hide an invalid product. */
    if (inf_zero && s.type != FP_SNAN)
        return fp_invalid(f, fpsr);
    if (fp_is_nan(s) || fp_is_nan(x) || fp_is_nan(y))
        return fp_nan3(f, s, x, y, fpcr, fpsr);

    bool product_inf = x.type == FP_INF || y.type == FP_INF;
    bool product_zero = x.type == FP_ZERO || y.type == FP_ZERO;
    if (s.type == FP_INF && product_inf && s.sign != sign)
        return fp_invalid(f, fpsr);
    if (s.type == FP_INF)
        return s.raw;
    if (product_inf)
        return fp_inf(f, sign);
    if (s.type == FP_ZERO && product_zero && s.sign == sign)
        return s.raw;
    return wide_round(f, fp_rounding(fpcr), wide_add(wide_of(s), wide_mul(x, y)), fpcr, fpsr);
}

/*
 * Half to single keeping everything, also a NaN's signalling bit. No single result is
 * denormal, so that the rest of FPMulAddH is FPMulAdd.
 */
static uint64_t widen_half(uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    FpNum n = fp_unpack(&half, a, fpcr, fpsr);

    if (n.type == FP_ZERO)
        return fp_zero(&single, n.sign);
    if (n.type != FP_NONZERO)
        return fp_inf(&single, n.sign) | (a & low_mask(10)) << 13;
    return fp_round(&single, FP_TO_ZERO, n.sign, n.exp, (uint128_t)n.sig << 64, 0, fpsr);
}

uint64_t fp_muladd_widen(uint64_t addend, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return fp_muladd(32, addend, widen_half(a, fpcr, fpsr), widen_half(b, fpcr, fpsr), fpcr, fpsr);
}

/* FRECPS (base 2) and FRSQRTS (base 3, result halved). */
static uint64_t step(unsigned bits, uint64_t a, uint64_t b, unsigned base, uint32_t fpcr,
                     uint32_t *fpsr)
{
    const FpFormat *f = fp_format(bits);
    bool halve = base == 3;
    FpNum x = fp_unpack(f, fp_neg(bits, a), fpcr, fpsr), y = fp_unpack(f, b, fpcr, fpsr);

    if (fp_is_nan(x) || fp_is_nan(y))
        return fp_nan2(f, x, y, fpcr, fpsr);
    if ((x.type == FP_INF && y.type == FP_ZERO) || (x.type == FP_ZERO && y.type == FP_INF))
        return fp_expand_imm(bits, halve ? 0x78 : 0x00); /* 1.5, 2.0 */
    if (x.type == FP_INF || y.type == FP_INF)
        return fp_inf(f, x.sign ^ y.sign);

    Wide start = {false, 1, (uint128_t)base << 124}; /* base * 2^0 */
    Wide sum = wide_add(start, wide_mul(x, y));
    sum.exp -= halve;
    return wide_round(f, fp_rounding(fpcr), sum, fpcr, fpsr);
}

uint64_t fp_recip_step(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return step(bits, a, b, 2, fpcr, fpsr);
}

uint64_t fp_rsqrt_step(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return step(bits, a, b, 3, fpcr, fpsr);
}

/* BFloat16 is the upper half of a single: exact conversion. */
static uint64_t bf_mul(uint32_t a, uint32_t b)
{
    uint32_t ignored = 0;
    return fp_mul_mode(&single, FP_TO_ODD_INF, (uint64_t)a << 16, (uint64_t)b << 16, CR_FZ | CR_DN,
                       &ignored);
}

static uint64_t bf_add(uint64_t a, uint64_t b)
{
    uint32_t ignored = 0;
    return fp_add_mode(&single, FP_TO_ODD_INF, a, b, CR_FZ | CR_DN, &ignored);
}

uint32_t fp_bf_dot(uint32_t sum, uint32_t a, uint32_t b)
{
    uint64_t pair = bf_add(bf_mul(a & 0xffff, b & 0xffff), bf_mul(a >> 16, b >> 16));
    return (uint32_t)bf_add(sum, pair);
}
