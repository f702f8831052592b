/*
 * emu/arith/fp*: against the host FPU where both architectures agree (numbers, all rounding
 * modes, cumulative flags), and by hand cases from the manual where they do not (NaNs, flushing,
 * estimates, saturation).
 *
 * The one flag that differs for numbers: Arm decides underflow before rounding, x86 after it, so
 * a result that was rounded up to the smallest normal number underflows on Arm alone.
 */
#include <criterion/criterion.h>
#include <immintrin.h>
#include "emu/arith/fp.h"

#define RANDOM_CASES 400000

enum { IOC = 1, DZC = 2, OFC = 4, UFC = 8, IXC = 16, IDC = 128 };
enum { FZ16 = 1 << 19, FZ = 1 << 24, DN = 1 << 25, AHP = 1 << 26 };

static uint64_t random_state = 1;

/* splitmix64 */
static uint64_t random64(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static unsigned frac_bits(unsigned bits)
{
    return bits == 64 ? 52 : bits == 32 ? 23 : 10;
}

static uint64_t infinity(unsigned bits)
{
    return low_mask(bits - 1) & ~low_mask(frac_bits(bits));
}

/* A number or infinity, often special: near a power of two, a limit, or the middle of two. */
static uint64_t random_number(unsigned bits)
{
    unsigned f = frac_bits(bits);
    uint64_t inf = infinity(bits), r = random64(), bias = low_mask(bits - f - 2), a;

    switch (random64() % 8) {
    case 0:
        a = (uint64_t[]){0, 1, BIT(f), BIT(f) - 1, inf, inf - 1, bias << f, (bias + 1) << f}[r % 8];
        break;
    case 1:
        a = r & low_mask(f); /* denormal */
        break;
    case 2:
        a = (r % (2 * bias) << f) + (random64() % 5) - 2;
        break;
    case 3:
    case 4:
        a = ((bias - f + r % (2 * f)) << f) | (random64() & low_mask(f) & ~low_mask(r % f));
        break;
    default:
        a = r;
    }
    a &= low_mask(bits - 1);
    if (a > inf)
        a -= inf;
    return a | (random64() & 1) << (bits - 1);
}

typedef enum HostOp { ADD, SUB, MUL, DIV, SQRT, FMA, OPS } HostOp;

static const unsigned mxcsr_rounding[4] = {0, 2, 1, 3}; /* by FPCR.RMode */

static void host_begin(unsigned rmode)
{
    _mm_setcsr(0x1f80 | mxcsr_rounding[rmode] << 13);
}

/* The host's flags as FPSR has them. */
static uint32_t host_end(void)
{
    uint32_t csr = _mm_getcsr();

    _mm_setcsr(0x1f80);
    return (csr & 1) | (csr & 0x3c) >> 1;
}

#define SSE(insn, a, b) __asm__ volatile(insn " %1, %0" : "+x"(a) : "x"(b))

static float host32(HostOp op, float a, float b, float c)
{
    switch (op) {
    case ADD:
        SSE("addss", a, b);
        return a;
    case SUB:
        SSE("subss", a, b);
        return a;
    case MUL:
        SSE("mulss", a, b);
        return a;
    case DIV:
        SSE("divss", a, b);
        return a;
    case SQRT:
        SSE("sqrtss", b, a);
        return b;
    default:
        __asm__ volatile("vfmadd231ss %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
        return c;
    }
}

static double host64(HostOp op, double a, double b, double c)
{
    switch (op) {
    case ADD:
        SSE("addsd", a, b);
        return a;
    case SUB:
        SSE("subsd", a, b);
        return a;
    case MUL:
        SSE("mulsd", a, b);
        return a;
    case DIV:
        SSE("divsd", a, b);
        return a;
    case SQRT:
        SSE("sqrtsd", b, a);
        return b;
    default:
        __asm__ volatile("vfmadd231sd %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
        return c;
    }
}

static uint32_t bits_of_float(float a)
{
    uint32_t r;
    memcpy(&r, &a, 4);
    return r;
}

static float float_of_bits(uint64_t a)
{
    uint32_t low = (uint32_t)a;
    float r;
    memcpy(&r, &low, 4);
    return r;
}

static uint64_t bits_of_double(double a)
{
    uint64_t r;
    memcpy(&r, &a, 8);
    return r;
}

static double double_of_bits(uint64_t a)
{
    double r;
    memcpy(&r, &a, 8);
    return r;
}

static uint64_t host_op(unsigned bits, HostOp op, uint64_t a, uint64_t b, uint64_t c,
                        unsigned rmode, uint32_t *flags)
{
    uint64_t r;

    host_begin(rmode);
    if (bits == 32)
        r = bits_of_float(host32(op, float_of_bits(a), float_of_bits(b), float_of_bits(c)));
    else
        r = bits_of_double(host64(op, double_of_bits(a), double_of_bits(b), double_of_bits(c)));
    *flags = host_end();
    return r;
}

static uint64_t our_op(unsigned bits, HostOp op, uint64_t a, uint64_t b, uint64_t c, uint32_t fpcr,
                       uint32_t *fpsr)
{
    switch (op) {
    case ADD:
        return fp_add(bits, a, b, fpcr, fpsr);
    case SUB:
        return fp_sub(bits, a, b, fpcr, fpsr);
    case MUL:
        return fp_mul(bits, a, b, fpcr, fpsr);
    case DIV:
        return fp_div(bits, a, b, fpcr, fpsr);
    case SQRT:
        return fp_sqrt(bits, a, fpcr, fpsr);
    default:
        return fp_muladd(bits, c, a, b, fpcr, fpsr);
    }
}

static bool same_flags(unsigned bits, uint64_t result, uint32_t host, uint32_t arm)
{
    if ((result & low_mask(bits - 1)) == BIT(frac_bits(bits)))
        return (host & ~UFC) == (arm & ~UFC) && !(host & ~arm);
    return host == arm;
}

static void check_against_host(unsigned bits, HostOp op)
{
    for (unsigned n = 0; n < RANDOM_CASES; n++) {
        uint64_t a = random_number(bits), b = random_number(bits), c = random_number(bits);
        unsigned rmode = random64() & 3;
        uint32_t host_flags, fpsr = 0;

        if (n % 16 == 0 && (a & low_mask(bits - 1)) != infinity(bits))
            b = a ^ (random64() & 1); /* cancellation */
        uint64_t host = host_op(bits, op, a, b, c, rmode, &host_flags);
        uint64_t arm = our_op(bits, op, a, b, c, rmode << 22, &fpsr);
        if ((host & low_mask(bits - 1)) > infinity(bits)) /* the default NaN is positive on Arm */
            host = infinity(bits) | BIT(frac_bits(bits) - 1);
        if (arm != host || !same_flags(bits, host, host_flags, fpsr))
            cr_assert_fail("f%u op %u mode %u: %#lx %#lx %#lx: %#lx flags %#x, host %#lx %#x", bits,
                           op, rmode, a, b, c, arm, fpsr, host, host_flags);
    }
}

Test(fp, arithmetic_like_host)
{
    for (HostOp op = ADD; op < OPS; op++) {
        if (op == FMA && !__builtin_cpu_supports("fma"))
            continue;
        check_against_host(32, op);
        check_against_host(64, op);
    }
}

static float host_from_half(uint64_t a)
{
    float r;
    __asm__ volatile("vcvtph2ps %1, %0" : "=x"(r) : "x"((__m128i){(long long)a}));
    return r;
}

static uint64_t host_to_half(float a)
{
    __m128i r;
    __asm__ volatile("vcvtps2ph $4, %1, %0" : "=x"(r) : "x"((__m128){a}));
    return (uint64_t)r[0] & 0xffff;
}

/*
 * Single has more than twice half's precision: rounding twice, both times in the mode of FPCR,
 * gives the correctly rounded half. Flags are not comparable that way.
 */
Test(fp, half_by_single)
{
    if (!__builtin_cpu_supports("avx2")) /* F16C is older */
        cr_skip_test("no F16C");
    for (HostOp op = ADD; op <= SQRT; op++) {
        for (unsigned n = 0; n < RANDOM_CASES; n++) {
            uint64_t a = random_number(16), b = random_number(16);
            unsigned rmode = random64() & 3;
            uint32_t fpsr = 0;

            host_begin(rmode);
            uint64_t host = host_to_half(host32(op, host_from_half(a), host_from_half(b), 0));
            uint32_t host_flags = host_end();
            if ((host & 0x7fff) > 0x7c00)
                host = 0x7e00;
            uint64_t arm = our_op(16, op, a, b, 0, rmode << 22, &fpsr);
            if (arm != host || (fpsr & (IOC | DZC)) != (host_flags & (IOC | DZC)))
                cr_assert_fail("f16 op %u mode %u: %#lx %#lx: %#lx, host %#lx", op, rmode, a, b,
                               arm, host);
        }
    }
}

Test(fp, formats_like_host)
{
    for (unsigned n = 0; n < RANDOM_CASES; n++) {
        uint64_t d = random_number(64), s = random_number(32);
        unsigned rmode = random64() & 3;
        uint32_t fpsr = 0;
        float narrow = 0;

        host_begin(rmode);
        SSE("cvtsd2ss", narrow, double_of_bits(d));
        uint32_t flags = host_end();
        uint64_t arm = fp_convert(32, 64, d, (FpRounding)rmode, rmode << 22, &fpsr);
        if (arm != bits_of_float(narrow) || !same_flags(32, arm, flags, fpsr))
            cr_assert_fail("double %#lx mode %u: %#lx flags %#x, host %#x %#x", d, rmode, arm, fpsr,
                           bits_of_float(narrow), flags);
        fpsr = 0;
        cr_assert_eq(fp_convert(64, 32, s, FP_NEAREST, 0, &fpsr), bits_of_double(float_of_bits(s)));
        cr_assert_eq(fpsr, 0);
        if (!__builtin_cpu_supports("avx2"))
            continue;
        host_begin(rmode);
        uint64_t half = host_to_half(float_of_bits(s));
        flags = host_end();
        arm = fp_convert(16, 32, s, (FpRounding)rmode, rmode << 22, &fpsr);
        if (arm != half || !same_flags(16, arm, flags, fpsr))
            cr_assert_fail("single %#lx mode %u: half %#lx flags %#x, host %#lx %#x", s, rmode, arm,
                           fpsr, half, flags);
        cr_assert_eq(fp_convert(32, 16, half, FP_NEAREST, 0, &fpsr),
                     bits_of_float(host_from_half(half)));
    }
}

Test(fp, integers_like_host)
{
    for (unsigned n = 0; n < RANDOM_CASES; n++) {
        uint64_t d = random_number(64);
        unsigned rmode = random64() & 3;
        int64_t integer = (int64_t)random64() >> (random64() % 64), host_int;
        uint32_t fpsr = 0;
        double host = 0;

        host_begin(rmode);
        __asm__ volatile("cvtsd2siq %1, %0" : "=r"(host_int) : "x"(double_of_bits(d)));
        uint32_t flags = host_end();
        uint64_t arm = fp_to_int(64, d, 64, 0, false, (FpRounding)rmode, 0, &fpsr);
        if (flags & IOC) /* the host has one value for all that is out of range */
            host_int = d >> 63 ? INT64_MIN : INT64_MAX;
        if (arm != (uint64_t)host_int || fpsr != flags)
            cr_assert_fail("%#lx mode %u: %#lx %#x, host %#lx %#x", d, rmode, arm, fpsr, host_int,
                           flags);

        fpsr = 0;
        host_begin(rmode);
        __asm__ volatile("cvtsi2sdq %1, %0" : "+x"(host) : "r"(integer));
        flags = host_end();
        arm = fp_from_int(64, (uint64_t)integer, 0, false, (FpRounding)rmode, 0, &fpsr);
        if (arm != bits_of_double(host) || fpsr != flags)
            cr_assert_fail("integer %#lx mode %u: %#lx", integer, rmode, arm);
    }
}

/* Names for the hand cases, single precision. */
enum {
    ONE = 0x3f800000,
    TWO = 0x40000000,
    INF = 0x7f800000,
    NAN_D = 0x7fc00000,
    SNAN = 0x7f800001,
    SNAN_Q = 0x7fc00001, /* SNAN made quiet */
    QNAN = 0x7fd23456,
    MIN_NORMAL = 0x00800000,
};
#define NEG(x) ((x) | 0x80000000u)

typedef uint64_t Fn2(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);

typedef struct Case2 {
    Fn2 *fn;
    unsigned bits;
    uint32_t fpcr;
    uint64_t a, b, expect;
    uint32_t flags;
} Case2;

static void check2(const Case2 *cases, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        const Case2 *c = &cases[n];
        uint32_t fpsr = 0;
        uint64_t r = c->fn(c->bits, c->a, c->b, c->fpcr, &fpsr);

        cr_expect_eq(r, c->expect, "case %zu: %#lx, expected %#lx", n, r, c->expect);
        cr_expect_eq(fpsr, c->flags, "case %zu: flags %#x, expected %#x", n, fpsr, c->flags);
    }
}

Test(fp, nans)
{
    static const Case2 cases[] = {
        {fp_add, 32, 0, QNAN, ONE, QNAN, 0},
        {fp_add, 32, 0, NEG(QNAN), SNAN, SNAN_Q, IOC}, /* signalling before quiet */
        {fp_add, 32, 0, QNAN, NEG(NAN_D), QNAN, 0},    /* first before second */
        {fp_sub, 32, 0, ONE, QNAN, QNAN, 0},           /* not negated */
        {fp_mul, 32, DN, NEG(QNAN), ONE, NAN_D, 0},
        {fp_mul, 32, DN, SNAN, ONE, NAN_D, IOC},
        {fp_mul, 32, 0, INF, 0, NAN_D, IOC},
        {fp_mulx, 32, 0, INF, NEG(0), NEG(TWO), 0},
        {fp_div, 32, 0, 0, 0, NAN_D, IOC},
        {fp_div, 32, 0, NEG(ONE), 0, NEG(INF), DZC},
        {fp_max, 32, 0, QNAN, ONE, QNAN, 0},
        {fp_maxnum, 32, 0, QNAN, NEG(INF), NEG(INF), 0},
        {fp_minnum, 32, 0, ONE, QNAN, ONE, 0},
        {fp_minnum, 32, 0, QNAN, SNAN, SNAN_Q, IOC},
        {fp_maxnum, 32, 0, QNAN, NEG(QNAN), QNAN, 0},
        {fp_recip_step, 32, 0, QNAN, ONE, NEG(QNAN), 0}, /* the first operand is negated */
        {fp_recip_step, 32, 0, INF, 0, TWO, 0},
        {fp_rsqrt_step, 32, 0, 0, NEG(INF), 0x3fc00000, 0},
        {fp_rsqrt_step, 32, 0, ONE, ONE, ONE, 0},
        {fp_add, 16, 0, 0x7c01, 0x3c00, 0x7e01, IOC},
        {fp_add, 64, 0, 0xfff0000000000001ull, 0, 0xfff8000000000001ull, IOC},
    };
    check2(cases, COUNTOF(cases));
}

Test(fp, zeros_and_flushing)
{
    static const Case2 cases[] = {
        {fp_add, 32, 0, ONE, NEG(ONE), 0, 0},
        {fp_add, 32, FP_DOWN << 22, ONE, NEG(ONE), NEG(0), 0},
        {fp_max, 32, 0, NEG(0), 0, 0, 0},
        {fp_min, 32, 0, 0, NEG(0), NEG(0), 0},
        {fp_add, 32, FZ, 1, ONE, ONE, IDC},
        {fp_add, 32, FZ16, 1, 1, 2, 0},                                 /* of no effect on single */
        {fp_mul, 32, FZ, MIN_NORMAL, 0x3f000000, 0, UFC},               /* exact, flushed: no IXC */
        {fp_mul, 32, FZ, NEG(0x00ffffff), 0x3f000000, NEG(0), UFC},     /* would round to normal */
        {fp_mul, 32, 0, 0x00ffffff, 0x3f000000, MIN_NORMAL, UFC | IXC}, /* tiny before rounding */
        {fp_mul, 32, 0, MIN_NORMAL, 0x3f000000, 0x00400000, 0},
        {fp_max, 32, FZ, NEG(1), NEG(2), NEG(0), IDC},
        {fp_add, 16, FZ, 1, 1, 2, 0},             /* of no effect on half */
        {fp_add, 16, FZ16, 1, 0x3c00, 0x3c00, 0}, /* and no IDC */
        {fp_mul, 16, FZ16, 0x0400, 0x3800, 0, UFC},
        {fp_add, 32, FZ, 1, QNAN, QNAN, IDC},
    };
    check2(cases, COUNTOF(cases));
}

Test(fp, muladd_special)
{
    static const struct {
        uint32_t fpcr, addend, a, b, expect, flags;
    } cases[] = {
        {0, QNAN, INF, 0, NAN_D, IOC}, /* the quiet addend does not hide inf * 0 */
        {0, SNAN, INF, 0, SNAN_Q, IOC},      {0, QNAN, SNAN, ONE, SNAN_Q, IOC},
        {0, QNAN, ONE, NEG(NAN_D), QNAN, 0}, /* addend first */
        {0, ONE, INF, 0, NAN_D, IOC},        {0, NEG(INF), INF, ONE, NAN_D, IOC},
        {0, NEG(0), NEG(0), ONE, NEG(0), 0}, {0, NEG(0), 0, ONE, 0, 0},
        {DN, QNAN, ONE, ONE, NAN_D, 0},
    };

    for (size_t n = 0; n < COUNTOF(cases); n++) {
        uint32_t fpsr = 0;
        uint64_t r = fp_muladd(32, cases[n].addend, cases[n].a, cases[n].b, cases[n].fpcr, &fpsr);
        cr_expect_eq(r, cases[n].expect, "case %zu: %#lx", n, r);
        cr_expect_eq(fpsr, cases[n].flags, "case %zu: flags %#x", n, fpsr);
    }
    uint32_t fpsr = 0;
    /* 65504 * 65504 + 2^-24 fits single's range but not its precision. */
    cr_expect_eq(fp_muladd_widen(0x33800000, 0x7bff, 0x7bff, 0, &fpsr), 0x4f7fc004);
    cr_expect_eq(fpsr, IXC);
}

Test(fp, comparisons)
{
    uint32_t fpsr = 0;

    cr_expect_eq(fp_compare(32, 0, NEG(0), true, 0, &fpsr), 0x60000000);
    cr_expect_eq(fp_compare(32, NEG(ONE), ONE, true, 0, &fpsr), 0x80000000);
    cr_expect_eq(fp_compare(32, NEG(ONE), NEG(TWO), true, 0, &fpsr), 0x20000000);
    cr_expect_eq(fp_compare(32, QNAN, ONE, false, 0, &fpsr), 0x30000000);
    cr_expect_not(fp_compare_eq(32, QNAN, QNAN, 0, &fpsr));
    cr_expect_eq(fpsr, 0);
    cr_expect_not(fp_compare_ge(32, QNAN, QNAN, 0, &fpsr));
    cr_expect_eq(fpsr, IOC);
    fpsr = 0;
    fp_compare(32, QNAN, ONE, true, 0, &fpsr);
    cr_expect_eq(fpsr, IOC);
    fpsr = 0;
    cr_expect(fp_compare_eq(64, 1, BIT(63), FZ, &fpsr));
    cr_expect_eq(fpsr, IDC);
}

Test(fp, to_int_saturates)
{
    static const struct {
        unsigned bits;
        uint64_t a;
        unsigned int_bits, fraction_bits;
        bool is_unsigned;
        FpRounding mode;
        uint64_t expect;
        uint32_t flags;
    } cases[] = {
        {32, 0x4f000000, 32, 0, false, FP_TO_ZERO, 0x7fffffff, IOC},
        {32, 0xcf000000, 32, 0, false, FP_TO_ZERO, 0x80000000, 0},
        {32, 0x4f800000, 32, 0, true, FP_TO_ZERO, 0xffffffff, IOC},
        {32, NEG(ONE), 32, 0, true, FP_TO_ZERO, 0, IOC},
        {32, NEG(0x3f000000), 32, 0, true, FP_TO_ZERO, 0, IXC},
        {32, NEG(INF), 64, 0, false, FP_NEAREST, BIT(63), IOC},
        {32, QNAN, 64, 0, true, FP_NEAREST, 0, IOC},
        {64, 0x4004000000000000ull, 32, 0, false, FP_NEAREST, 2, IXC}, /* 2.5 */
        {64, 0x4004000000000000ull, 32, 0, false, FP_NEAREST_AWAY, 3, IXC},
        {64, 0x4004000000000000ull, 32, 1, false, FP_TO_ZERO, 5, 0},
        {64, 0x43f0000000000000ull, 64, 0, true, FP_TO_ZERO, ~0ull, IOC}, /* 2^64 */
        {64, 0x3fefffffffffffffull, 64, 64, true, FP_TO_ZERO, ~0ull - 2047, 0},
        {16, 0x7bff, 16, 0, true, FP_TO_ZERO, 65504, 0},
        {16, 0x7bff, 16, 0, false, FP_TO_ZERO, 0x7fff, IOC},
    };

    for (size_t n = 0; n < COUNTOF(cases); n++) {
        uint32_t fpsr = 0;
        uint64_t r = fp_to_int(cases[n].bits, cases[n].a, cases[n].int_bits, cases[n].fraction_bits,
                               cases[n].is_unsigned, cases[n].mode, 0, &fpsr);
        cr_expect_eq(r, cases[n].expect, "case %zu: %#lx", n, r);
        cr_expect_eq(fpsr, cases[n].flags, "case %zu: flags %#x", n, fpsr);
    }
}

Test(fp, javascript)
{
    static const struct {
        uint64_t a;
        uint32_t expect;
        bool exact;
        uint32_t flags;
    } cases[] = {
        {0, 0, true, 0},
        {BIT(63), 0, false, 0}, /* -0 */
        {0x41efffffffe00000ull, 0xffffffff, false, IOC},
        {0x41f0000000100000ull, 1, false, IOC}, /* 2^32 + 1 */
        {0xc1e0000000000000ull, 0x80000000, true, 0},
        {0xbff8000000000000ull, 0xffffffff, false, IXC}, /* -1.5 */
        {0x4350000000000001ull, 1u << 2, false, IOC},    /* 2^54 + 4 */
        {0x4430000000000001ull, 0x10000, false, IOC},    /* 2^68 + 2^16 */
        {0x7ff0000000000000ull, 0, false, IOC},
    };

    for (size_t n = 0; n < COUNTOF(cases); n++) {
        uint32_t fpsr = 0;
        bool exact;
        uint32_t r = fp_to_int_js(cases[n].a, &exact, 0, &fpsr);
        cr_expect_eq(r, cases[n].expect, "case %zu: %#x", n, r);
        cr_expect_eq(exact, cases[n].exact, "case %zu: Z", n);
        cr_expect_eq(fpsr, cases[n].flags, "case %zu: flags %#x", n, fpsr);
    }
}

Test(fp, rounding_to_integral)
{
    uint32_t fpsr = 0;

    cr_expect_eq(fp_round_int(32, 0x40200000, FP_NEAREST, false, 0, &fpsr), TWO); /* 2.5 */
    cr_expect_eq(fp_round_int(32, 0x40200000, FP_NEAREST_AWAY, false, 0, &fpsr), 0x40400000);
    cr_expect_eq(fp_round_int(32, NEG(0x3e800000), FP_UP, false, 0, &fpsr), NEG(0));
    cr_expect_eq(fpsr, 0);
    fp_round_int(32, 0x40200000, FP_NEAREST, true, 0, &fpsr);
    cr_expect_eq(fpsr, IXC);
    fpsr = 0;
    cr_expect_eq(fp_round_int_n(32, 0x4f000000, FP_TO_ZERO, 32, 0, &fpsr), 0xcf000000);
    cr_expect_eq(fp_round_int_n(64, 0x7ff8000000000000ull, FP_TO_ZERO, 64, 0, &fpsr),
                 0xc3e0000000000000ull);
    cr_expect_eq(fpsr, IOC);
}

Test(fp, formats_special)
{
    uint32_t fpsr = 0;

    cr_expect_eq(fp_convert(64, 32, NEG(SNAN), FP_NEAREST, 0, &fpsr), 0xfff8000020000000ull);
    cr_expect_eq(fpsr, IOC);
    fpsr = 0;
    /* Alternative half: no infinities, no NaNs, one exponent more. */
    cr_expect_eq(fp_convert(16, 32, INF, FP_NEAREST, AHP, &fpsr), 0x7fff);
    cr_expect_eq(fp_convert(16, 32, NEG(QNAN), FP_NEAREST, AHP, &fpsr), 0x8000);
    cr_expect_eq(fpsr, IOC);
    fpsr = 0;
    cr_expect_eq(fp_convert(32, 16, 0x7c00, FP_NEAREST, AHP, &fpsr), 0x47800000); /* 65536 */
    /* Round to odd: overflow stays finite, inexact results are odd. */
    cr_expect_eq(fp_convert(32, 64, 0x7fe0000000000000ull, FP_TO_ODD, 0, &fpsr), 0x7f7fffff);
    cr_expect_eq(fp_convert(32, 64, 0x3ff0000000000001ull, FP_TO_ODD, 0, &fpsr), ONE + 1);
    cr_expect_eq(fpsr, OFC | IXC);
    fpsr = 0;
    cr_expect_eq(fp_to_bf16(0x3f808000, 0, &fpsr), 0x3f80); /* a tie, to even */
    cr_expect_eq(fp_to_bf16(0x3f818000, 0, &fpsr), 0x3f82);
    cr_expect_eq(fp_to_bf16(SNAN, 0, &fpsr), 0x7fc0);
    cr_expect_eq(fpsr, IOC | IXC);
    cr_expect_eq(fp_bf_dot(ONE, 0x40003f80, 0x40403f80), 0x41000000); /* 1 + 1 * 1 + 2 * 3 */
    cr_expect_eq(fp_bf_dot(ONE, 0x7f80, 0x0000), NAN_D);
}

Test(fp, estimates)
{
    uint32_t fpsr = 0;

    cr_expect_eq(fp_recip_estimate(32, ONE, 0, &fpsr), 0x3f7f8000);
    cr_expect_eq(fp_recip_estimate(32, 0x40400000, 0, &fpsr), 0x3eaa8000); /* 3 */
    cr_expect_eq(fp_rsqrt_estimate(32, ONE, 0, &fpsr), 0x3f7f8000);
    cr_expect_eq(fp_rsqrt_estimate(32, 0x40800000, 0, &fpsr), 0x3eff8000); /* 4 */
    cr_expect_eq(fp_recip_estimate_u32(0x7fffffff), ~0u);
    cr_expect_eq(fp_recip_estimate_u32(0x80000000), 0xff800000);
    cr_expect_eq(fp_rsqrt_estimate_u32(0x40000000), 0xff800000);
    cr_expect_eq(fp_recip_exponent(32, 1, 0, &fpsr), 0x7f000000);
    cr_expect_eq(fp_recip_exponent(32, NEG(ONE), 0, &fpsr), NEG(0x40000000));
    cr_expect_eq(fpsr, 0);
    cr_expect_eq(fp_recip_estimate(32, 1, 0, &fpsr), INF);
    cr_expect_eq(fpsr, OFC | IXC);
    fpsr = 0;
    cr_expect_eq(fp_rsqrt_estimate(32, NEG(0), 0, &fpsr), NEG(INF));
    cr_expect_eq(fpsr, DZC);
    cr_expect_eq(fp_expand_imm(64, 0x70), 0x3ff0000000000000ull);
    cr_expect_eq(fp_expand_imm(32, 0x80), 0xc0000000);
    cr_expect_eq(fp_expand_imm(16, 0x00), 0x4000);
}
