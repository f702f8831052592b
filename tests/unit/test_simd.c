/*
 * Advanced SIMD lane functions, shapes and permutations: hand cases at the edges. The expected
 * values are worked out from the manual's pseudocode, not taken from the code under test.
 */
#include <criterion/criterion.h>
#include "emu/arith/simd.h"

typedef struct LaneCase {
    LaneFn *fn;
    unsigned bits;
    uint64_t d, a, b, expect; /* expect within expect_bits */
    unsigned expect_bits;
    bool sat;
} LaneCase;

static void check_cases(const LaneCase *cases, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        const LaneCase *c = &cases[n];
        bool sat = false;
        uint64_t r = c->fn(c->bits, c->d, c->a, c->b, &sat) & low_mask(c->expect_bits);

        cr_expect_eq(r, c->expect, "case %zu: %#lx, expected %#lx", n, r, c->expect);
        cr_expect_eq(sat, c->sat, "case %zu: saturation", n);
    }
}

Test(simd, halving_and_saturating)
{
    static const LaneCase cases[] = {
        {lane_shadd, 8, 0, 0x80, 0xff, 0xbf, 8, false},
        {lane_uhadd, 64, 0, ~0ull, ~0ull, ~0ull, 64, false},
        {lane_srhadd, 64, 0, INT64_MAX, INT64_MAX, INT64_MAX, 64, false},
        {lane_shsub, 8, 0, 0x7f, 0x80, 0x7f, 8, false},
        {lane_uhsub, 8, 0, 0, 0xff, 0x80, 8, false},
        {lane_sqadd, 8, 0, 0x7f, 1, 0x7f, 8, true},
        {lane_sqadd, 64, 0, BIT(63), ~0ull, BIT(63), 64, true},
        {lane_sqadd, 64, 0, BIT(63), 1, BIT(63) + 1, 64, false},
        {lane_uqadd, 64, 0, ~0ull, 1, ~0ull, 64, true},
        {lane_uqsub, 16, 0, 1, 2, 0, 16, true},
        {lane_sqsub, 32, 0, 0x80000000, 1, 0x80000000, 32, true},
        {lane_suqadd, 8, 0x80, 0xff, 0, 0x7f, 8, false},
        {lane_suqadd, 8, 0x81, 0xff, 0, 0x7f, 8, true},
        {lane_usqadd, 8, 0x01, 0xfe, 0, 0x00, 8, true},
        {lane_sqabs, 8, 0, 0x80, 0, 0x7f, 8, true},
        {lane_sqneg, 64, 0, BIT(63), 0, INT64_MAX, 64, true},
        {lane_abs, 8, 0, 0x80, 0, 0x80, 8, false},
    };
    check_cases(cases, COUNTOF(cases));
}

Test(simd, doubling_multiplies)
{
    static const LaneCase cases[] = {
        {lane_sqdmulh, 16, 0, 0x8000, 0x8000, 0x7fff, 16, true},
        {lane_sqdmulh, 16, 0, 0x4000, 0x0001, 0x0000, 16, false},
        {lane_sqrdmulh, 16, 0, 0x4000, 0x0001, 0x0001, 16, false},
        {lane_sqrdmlah, 16, 0x7fff, 0x4000, 0x0001, 0x7fff, 16, true},
        {lane_sqrdmlsh, 16, 0x0001, 0x4000, 0x0001, 0x0001, 16, false},
        {lane_sqdmull, 16, 0, 0x8000, 0x8000, 0x7fffffff, 32, true},
        {lane_sqdmlal, 32, 0xfffffffffffffffe, 0x80000000, 0x80000000, 0x7ffffffffffffffd, 64,
         true},
        {lane_sqdmlsl, 16, 0x80000000, 1, 1, 0x80000000, 32, true},
        {lane_pmul, 8, 0, 0xff, 0xff, 0x5555, 16, false},
    };
    check_cases(cases, COUNTOF(cases));
}

Test(simd, counts_and_reversals)
{
    static const LaneCase cases[] = {
        {lane_clz, 8, 0, 0, 0, 8, 8, false},       {lane_clz, 16, 0, 0x00ff, 0, 8, 16, false},
        {lane_cls, 32, 0, 0, 0, 31, 32, false},    {lane_cls, 32, 0, ~0u, 0, 31, 32, false},
        {lane_cls, 8, 0, 0xc0, 0, 1, 8, false},    {lane_cls, 8, 0, 0x40, 0, 0, 8, false},
        {lane_cnt, 8, 0, 0xa5, 0, 4, 8, false},    {lane_rbit, 8, 0, 0x13, 0, 0xc8, 8, false},
        {lane_rev, 16, 0, 0x1111222233334444, 64, 0x4444333322221111, 64, false},
        {lane_rev, 8, 0, 0x11223344, 32, 0x44332211, 32, false},
        {lane_bsl, 64, 0xff00, 0x1234, 0xabcd, 0x12cd, 64, false},
        {lane_bit, 64, 0xaaaa, 0x1234, 0xff00, 0x12aa, 64, false},
        {lane_bif, 64, 0xaaaa, 0x1234, 0xff00, 0xaa34, 64, false},
    };
    check_cases(cases, COUNTOF(cases));
}

Test(simd, shifts_by_register)
{
    static const LaneCase cases[] = {
        {lane_sshl, 8, 0, 0x81, 0xff, 0xc0, 8, false},   /* -1 */
        {lane_sshl, 8, 0, 0x81, 0x80, 0xff, 8, false},   /* -128 */
        {lane_ushl, 64, 0, ~0ull, 0xc0, 0, 64, false},   /* -64 */
        {lane_ushl, 64, 0, 1, 64, 0, 64, false},
        {lane_ushl, 32, 0, 1, 0xffffff1f, 0x80000000, 32, false}, /* only the low byte counts */
        {lane_srshl, 8, 0, 0xff, 0xff, 0x00, 8, false},  /* (-1 + 1) >> 1 */
        {lane_urshl, 64, 0, ~0ull, 0xc0, 1, 64, false},  /* rounds up to 2^64 >> 64 */
        {lane_urshl, 64, 0, ~0ull, 0xbf, 0, 64, false},  /* -65 */
        {lane_sqshl, 8, 0, 0x40, 1, 0x7f, 8, true},
        {lane_sqshl, 64, 0, ~0ull, 100, BIT(63), 64, true},
        {lane_sqshl, 64, 0, 0, 100, 0, 64, false},
        {lane_uqshl, 64, 0, 1, 64, ~0ull, 64, true},
        {lane_uqshl, 16, 0, 1, 15, 0x8000, 16, false},
        {lane_sqrshl, 64, 0, INT64_MAX, 0xff, BIT(62), 64, false},
        {lane_uqrshl, 8, 0, 0xff, 0xf8, 1, 8, false},    /* -8 */
    };
    check_cases(cases, COUNTOF(cases));
}

Test(simd, shifts_by_immediate)
{
    static const LaneCase cases[] = {
        {lane_sshr, 64, 0, BIT(63), 64, ~0ull, 64, false},
        {lane_ushr, 64, 0, ~0ull, 64, 0, 64, false},
        {lane_urshr, 64, 0, BIT(63), 64, 1, 64, false},
        {lane_srsra, 8, 10, 0xfd, 1, 9, 8, false},
        {lane_sri, 8, 0xab, 0xff, 8, 0xab, 8, false},
        {lane_sri, 8, 0xab, 0xff, 4, 0xaf, 8, false},
        {lane_sli, 8, 0xab, 0xff, 4, 0xfb, 8, false},
        {lane_sqshlu, 8, 0, 0xff, 0, 0, 8, true},
        {lane_sqshlu, 8, 0, 0x40, 2, 0xff, 8, true},
        {lane_sqshrun, 8, 0, 0xffff, 1, 0, 8, true},
        {lane_sqrshrn, 32, 0, 0x7fffffffffffffff, 32, 0x7fffffff, 32, true},
        {lane_uqrshrn, 8, 0, 0x0fff, 4, 0xff, 8, true},
        {lane_uqshrn, 8, 0, 0x0fff, 4, 0xff, 8, false},
        {lane_rshrn, 32, 0, ~0ull, 32, 0, 32, false},
    };
    check_cases(cases, COUNTOF(cases));
}

static const V128 low = {.u8 = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const V128 high = {
    .u8 = {16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}};
static const V128 ones = {.u64 = {~0ull, ~0ull}};

static void expect_vector(V128 v, uint64_t hi, uint64_t lo)
{
    cr_expect_eq(v.u64[1], hi, "upper half %016lx, expected %016lx", v.u64[1], hi);
    cr_expect_eq(v.u64[0], lo, "lower half %016lx, expected %016lx", v.u64[0], lo);
}

Test(simd, shapes)
{
    bool sat = false;

    expect_vector(simd_map(lane_add, shape_same(1, 4), ones, low, low, &sat), 0,
                  0x0e0c0a0806040200);
    expect_vector(simd_map(lane_add, shape_same(0, 1), ones, high, low, &sat), 0, 0x10);
    expect_vector(simd_map(lane_uaddl, shape_long(0, 0), ones, low, high, &sat),
                  0x001e001c001a0018, 0x0016001400120010);
    expect_vector(simd_map(lane_uaddl, shape_long(2, 1), ones, low, high, &sat),
                  0x000000002e2c2a28, 0x0000000026242220);
    expect_vector(simd_map(lane_saddw, shape_wide(2, 1), low, low, ones, &sat),
                  0x0f0e0d0c0b0a0907, 0x07060504030200ff);
    expect_vector(simd_map(lane_mov, shape_narrow(0, 0), ones, low, low, &sat), 0,
                  0x0e0c0a0806040200);
    expect_vector(simd_map(lane_mov, shape_narrow(0, 1), ones, low, low, &sat),
                  0x0e0c0a0806040200, ~0ull);
    cr_expect_not(sat);
    cr_expect_eq(simd_fold(lane_add, 0, 16, 0, low) & 0xff, 120);
    cr_expect_eq(simd_fold(lane_saddlv, 0, 8, 0, ones) & 0xffff, 0xfff8);
    cr_expect_eq(simd_fold(lane_smin, 0, 16, 0x7f, ones) & 0xff, 0xff);
}

Test(simd, permutations)
{
    expect_vector(simd_uzp(0, 1, 0, low, high), 0x1e1c1a1816141210, 0x0e0c0a0806040200);
    expect_vector(simd_uzp(0, 0, 1, low, high), 0, 0x1715131107050301);
    expect_vector(simd_zip(1, 1, 1, low, high), 0x1f1e0f0e1d1c0d0c, 0x1b1a0b0a19180908);
    expect_vector(simd_zip(2, 0, 0, low, high), 0, 0x1312111003020100);
    expect_vector(simd_trn(3, 1, 1, low, high), 0x1f1e1d1c1b1a1918, 0x0f0e0d0c0b0a0908);
    expect_vector(simd_ext(1, 15, low, high), 0x1e1d1c1b1a191817, 0x161514131211100f);
    expect_vector(simd_ext(0, 3, low, high), 0, 0x1211100706050403);
}

/* The table wraps from V31 to V0; what lies beyond it keeps the other operand. */
Test(simd, table_lookup)
{
    static V128 v[32];
    V128 index = {.u8 = {0, 15, 16, 31, 32, 255, 17, 1}};

    v[31] = low;
    v[0] = high;
    expect_vector(simd_table(v, 31, 2, 0, index, (V128){.u64 = {0, 0}}), 0, 0x011100001f100f00);
    expect_vector(simd_table(v, 31, 2, 1, index, ones), 0, 0x0111ffff1f100f00);
    expect_vector(simd_table(v, 31, 1, 0, index, ones), 0, 0x01ffffffffff0f00);
}

Test(simd, matrix_and_dot_products)
{
    bool sat = false;
    V128 d = simd_matmul8((V128){.u64 = {0, 0}}, ones, low, true, false);

    expect_vector(d, 0xffffffa4ffffffe4, 0xffffffa4ffffffe4);
    expect_vector(simd_map(lane_usdot, shape_same(2, 2), ones, ones, ones, &sat), 0,
                  0xfffffc03fffffc03);
    expect_vector(simd_map(lane_sdot, shape_same(2, 2), ones, ones, ones, &sat), 0,
                  0x0000000300000003);
}

Test(simd, modified_immediates)
{
    /* encodings from an assembler: movi, mvni, fmov */
    cr_expect_eq(simd_modified_imm(0x4f0506a0), 0x000000b5000000b5); /* movi v0.4s, #0xb5 */
    cr_expect_eq(simd_modified_imm(0x4f0566a0), 0xb5000000b5000000); /* lsl #24 */
    cr_expect_eq(simd_modified_imm(0x4f05a6a0), 0xb500b500b500b500); /* 8h, lsl #8 */
    cr_expect_eq(simd_modified_imm(0x4f05d6a0), 0x00b5ffff00b5ffff); /* 4s, msl #16 */
    cr_expect_eq(simd_modified_imm(0x4f05e6a0), 0xb5b5b5b5b5b5b5b5); /* 16b */
    cr_expect_eq(simd_modified_imm(0x6f05e6a0), 0xff00ffff00ff00ff); /* 2d */
    cr_expect_eq(simd_modified_imm(0x4f03f600), 0x3f8000003f800000); /* fmov v0.4s, #1.0 */
    cr_expect_eq(simd_modified_imm(0x6f04f400), 0xc000000000000000); /* fmov v0.2d, #-2.0 */
    cr_expect_eq(simd_modified_imm(0x4f03fe00), 0x3c003c003c003c00); /* fmov v0.8h, #1.0 */
}
