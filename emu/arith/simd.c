/*
 * The lane functions of Advanced SIMD, from the manual's pseudocode, and the ways they are
 * applied to registers.
 *
 * Invariant: a LaneFn sees its operands zero-extended from the lane they came from, does all
 * arithmetic in 128 bits where 64 could overflow, and may return any bits above its lane.
 */
#include "emu/arith/simd.h"
#include "emu/arith/crypto.h"

/* ---- helpers of the tables below; `bits` is 8..64 ---- */

static int128_t sx(uint64_t x, unsigned bits)
{
    return sext(x, bits);
}

static uint64_t sat_signed(int128_t x, unsigned bits, bool *sat)
{
    int128_t max = (int128_t)low_mask(bits - 1), min = -max - 1;

    if (x >= min && x <= max)
        return (uint64_t)x;
    *sat = true;
    return (uint64_t)(x < 0 ? min : max);
}

static uint64_t sat_unsigned(int128_t x, unsigned bits, bool *sat)
{
    int128_t max = (int128_t)low_mask(bits);

    if (x >= 0 && x <= max)
        return (uint64_t)x;
    *sat = true;
    return x < 0 ? 0 : (uint64_t)max;
}

static uint64_t all_if(bool cond)
{
    return cond ? ~0ull : 0;
}

static int128_t abs_diff(int128_t a, int128_t b)
{
    return a > b ? a - b : b - a;
}

static uint64_t count_leading_zeros(uint64_t x, unsigned bits)
{
    return x ? (unsigned)__builtin_clzll(x) - (64 - bits) : bits;
}

/* Leading bits equal to the sign bit, not counting it. */
static uint64_t count_leading_signs(uint64_t x, unsigned bits)
{
    uint64_t v = (x ^ (x << 1)) & low_mask(bits) & ~1ull;

    return count_leading_zeros(v, bits) - (v ? 0 : 1);
}

static uint64_t reverse_bits(uint64_t x, unsigned bits)
{
    uint64_t r = 0;

    for (unsigned n = 0; n < bits; n++)
        r |= ((x >> n) & 1) << (bits - 1 - n);
    return r;
}

/* x >> n with the last bit shifted out added in when rounding; n may exceed the width. */
static int128_t shift_right(int128_t x, unsigned n, bool round)
{
    if (n > 65)
        n = 65;
    if (round && n > 0)
        x += (int128_t)1 << (n - 1);
    return x >> n;
}

/* Shift by the signed low byte of b, no saturation. */
static uint64_t shift_by_reg(int128_t x, uint64_t b, unsigned bits, bool round)
{
    int n = (int8_t)b;

    if (n < 0)
        return (uint64_t)shift_right(x, (unsigned)-n, round);
    return n >= (int)bits ? 0 : (uint64_t)x << n;
}

static uint64_t shift_left_sat_signed(int128_t x, unsigned n, unsigned bits, bool *sat)
{
    if (n > bits)
        n = bits;
    return sat_signed(x * ((int128_t)1 << n), bits, sat);
}

/* The result is unsigned, the operand of either sign; positive ones have up to `bits` bits. */
static uint64_t shift_left_sat_unsigned(int128_t x, unsigned n, unsigned bits, bool *sat)
{
    if (x > 0 && (n >= bits || (x >> (bits - n)) != 0)) {
        *sat = true;
        return low_mask(bits);
    }
    return sat_unsigned(x > 0 ? x << n : x, bits, sat);
}

static uint64_t shift_by_reg_sat(int128_t x, uint64_t b, unsigned bits, bool is_signed, bool round,
                                 bool *sat)
{
    int n = (int8_t)b;

    if (n < 0)
        return (uint64_t)shift_right(x, (unsigned)-n, round);
    return is_signed ? shift_left_sat_signed(x, (unsigned)n, bits, sat)
                     : shift_left_sat_unsigned(x, (unsigned)n, bits, sat);
}

/* Four bytes times four bytes, summed. */
static uint64_t dot4(uint64_t a, uint64_t b, bool a_signed, bool b_signed)
{
    int64_t sum = 0;

    for (unsigned n = 0; n < 32; n += 8) {
        int64_t x = a_signed ? sext(a >> n, 8) : (uint8_t)(a >> n);
        int64_t y = b_signed ? sext(b >> n, 8) : (uint8_t)(b >> n);
        sum += x * y;
    }
    return (uint64_t)sum;
}

/* 2*a*b as a double-width signed number, saturated: only min * min does not fit. */
static uint64_t double_product(unsigned bits, uint64_t a, uint64_t b, bool *sat)
{
    return sat_signed(2 * sx(a, bits) * sx(b, bits), 2 * bits, sat);
}

/* The high half of d:0 + sign*2*a*b, maybe rounded. */
static uint64_t double_high(unsigned bits, int128_t d, int128_t product, bool round, bool *sat)
{
    int128_t sum = d * ((int128_t)1 << bits) + 2 * product;

    return sat_signed(shift_right(sum, bits, round), bits, sat);
}

/* Elements of `bits` in reverse order within the container whose width the caller hands in d. */
static uint64_t reverse_elements(unsigned bits, unsigned container, uint64_t a)
{
    uint64_t r = 0;

    for (unsigned n = 0; n < container; n += bits)
        r |= field(a, n, bits) << (container - bits - n);
    return r;
}

/* ---- the table of lane functions ---- */

#define A sx(a, bits)
#define B sx(b, bits)
#define UA ((int128_t)a)
#define UB ((int128_t)b)
#define LANE(name, value)                                                                          \
    uint64_t lane_##name(unsigned bits, uint64_t d, uint64_t a, uint64_t b, bool *sat)             \
    {                                                                                              \
        (void)bits, (void)d, (void)a, (void)b, (void)sat;                                          \
        return (uint64_t)(value);                                                                  \
    }

/* Plain arithmetic and logic. */
LANE(add, a + b)
LANE(sub, a - b)
LANE(mul, a * b)
LANE(mla, d + a * b)
LANE(mls, d - a * b)
LANE(pmul, poly_mul(a, b))
LANE(neg, 0 - a)
LANE(abs, A < 0 ? -A : A)
LANE(clz, count_leading_zeros(a, bits))
LANE(cls, count_leading_signs(a, bits))
LANE(cnt, __builtin_popcountll(a))
LANE(rbit, reverse_bits(a, bits))
LANE(and, a & b)
LANE(bic, a & ~b)
LANE(orr, a | b)
LANE(orn, a | ~b)
LANE(eor, a ^ b)
LANE(bsl, (a & d) | (b & ~d))
LANE(bit, (a & b) | (d & ~b))
LANE(bif, (a & ~b) | (d & b))
LANE(not, ~a)
LANE(mov, a)

/* Halving. */
LANE(shadd, (A + B) >> 1)
LANE(uhadd, (UA + UB) >> 1)
LANE(srhadd, (A + B + 1) >> 1)
LANE(urhadd, (UA + UB + 1) >> 1)
LANE(shsub, (A - B) >> 1)
LANE(uhsub, (UA - UB) >> 1)

/* Saturating. SUQADD, USQADD: the destination is the first operand. */
LANE(sqadd, sat_signed(A + B, bits, sat))
LANE(uqadd, sat_unsigned(UA + UB, bits, sat))
LANE(sqsub, sat_signed(A - B, bits, sat))
LANE(uqsub, sat_unsigned(UA - UB, bits, sat))
LANE(suqadd, sat_signed(sx(d, bits) + UA, bits, sat))
LANE(usqadd, sat_unsigned((int128_t)d + A, bits, sat))
LANE(sqabs, sat_signed(A < 0 ? -A : A, bits, sat))
LANE(sqneg, sat_signed(-A, bits, sat))

/* Compare: all ones or zero. */
LANE(cmgt, all_if(A > B))
LANE(cmge, all_if(A >= B))
LANE(cmhi, all_if(a > b))
LANE(cmhs, all_if(a >= b))
LANE(cmeq, all_if(a == b))
LANE(cmtst, all_if((a & b) != 0))
LANE(cmle, all_if(A <= B))
LANE(cmlt, all_if(A < B))

/* Minimum, maximum, absolute difference. */
LANE(smax, A > B ? a : b)
LANE(umax, a > b ? a : b)
LANE(smin, A < B ? a : b)
LANE(umin, a < b ? a : b)
LANE(sabd, abs_diff(A, B))
LANE(uabd, abs_diff(UA, UB))
LANE(saba, (int128_t)d + abs_diff(A, B))
LANE(uaba, (int128_t)d + abs_diff(UA, UB))

/* Doubling multiply, high half. */
LANE(sqdmulh, double_high(bits, 0, A * B, false, sat))
LANE(sqrdmulh, double_high(bits, 0, A * B, true, sat))
LANE(sqrdmlah, double_high(bits, sx(d, bits), A * B, true, sat))
LANE(sqrdmlsh, double_high(bits, sx(d, bits), -(A * B), true, sat))

/* Dot products: 32-bit lanes of four bytes. */
LANE(sdot, d + dot4(a, b, true, true))
LANE(udot, d + dot4(a, b, false, false))
LANE(usdot, d + dot4(a, b, false, true))
LANE(sudot, d + dot4(a, b, true, false))

/* Long and wide: bits is the narrow width, d (and a of the wide forms) twice that. */
LANE(saddl, A + B)
LANE(uaddl, UA + UB)
LANE(ssubl, A - B)
LANE(usubl, UA - UB)
LANE(saddw, UA + B)
LANE(uaddw, UA + UB)
LANE(ssubw, UA - B)
LANE(usubw, UA - UB)
LANE(sabal, (int128_t)d + abs_diff(A, B))
LANE(uabal, (int128_t)d + abs_diff(UA, UB))
LANE(sabdl, abs_diff(A, B))
LANE(uabdl, abs_diff(UA, UB))
LANE(smlal, (int128_t)d + A * B)
LANE(umlal, d + a * b)
LANE(smlsl, (int128_t)d - A * B)
LANE(umlsl, d - a * b)
LANE(smull, A * B)
LANE(umull, a * b)
LANE(sqdmull, double_product(bits, a, b, sat))
LANE(sqdmlal, sat_signed(sx(d, 2 * bits) + (int64_t)sext(double_product(bits, a, b, sat), 2 * bits),
                         2 * bits, sat))
LANE(sqdmlsl, sat_signed(sx(d, 2 * bits) - (int64_t)sext(double_product(bits, a, b, sat), 2 * bits),
                         2 * bits, sat))

/* Narrowing to the high half. */
LANE(addhn, (a + b) >> bits)
LANE(raddhn, (UA + UB + ((int128_t)1 << (bits - 1))) >> bits)
LANE(subhn, (a - b) >> bits)
LANE(rsubhn, (UA - UB + ((int128_t)1 << (bits - 1))) >> bits)

/* Pairs of narrow elements inside a wide lane; SADDLV and UADDLV add a lane to a wide sum in a. */
LANE(saddlp, A + sx(a >> bits, bits))
LANE(uaddlp, (a & low_mask(bits)) + (a >> bits))
LANE(sadalp, (int128_t)d + A + sx(a >> bits, bits))
LANE(uadalp, d + (a & low_mask(bits)) + (a >> bits))
LANE(saddlv, UA + B)
LANE(uaddlv, a + b)

/* Saturating narrow: a has 2 * bits. */
LANE(sqxtn, sat_signed(sx(a, 2 * bits), bits, sat))
LANE(sqxtun, sat_unsigned(sx(a, 2 * bits), bits, sat))
LANE(uqxtn, sat_unsigned(UA, bits, sat))
LANE(shll, a << bits)
LANE(rev, reverse_elements(bits, (unsigned)b, a))

/* Shift by register: left by the signed low byte of b. */
LANE(sshl, shift_by_reg(A, b, bits, false))
LANE(ushl, shift_by_reg(UA, b, bits, false))
LANE(srshl, shift_by_reg(A, b, bits, true))
LANE(urshl, shift_by_reg(UA, b, bits, true))
LANE(sqshl, shift_by_reg_sat(A, b, bits, true, false, sat))
LANE(uqshl, shift_by_reg_sat(UA, b, bits, false, false, sat))
LANE(sqrshl, shift_by_reg_sat(A, b, bits, true, true, sat))
LANE(uqrshl, shift_by_reg_sat(UA, b, bits, false, true, sat))

/* Shift by immediate: b is the amount, 1..bits to the right, 0..bits-1 to the left. */
LANE(sshr, shift_right(A, (unsigned)b, false))
LANE(ushr, shift_right(UA, (unsigned)b, false))
LANE(ssra, (int128_t)d + shift_right(A, (unsigned)b, false))
LANE(usra, (int128_t)d + shift_right(UA, (unsigned)b, false))
LANE(srshr, shift_right(A, (unsigned)b, true))
LANE(urshr, shift_right(UA, (unsigned)b, true))
LANE(srsra, (int128_t)d + shift_right(A, (unsigned)b, true))
LANE(ursra, (int128_t)d + shift_right(UA, (unsigned)b, true))
LANE(sri, (d & ~low_mask(bits - (unsigned)b)) | (uint64_t)shift_right(UA, (unsigned)b, false))
LANE(shl, a << b)
LANE(sli, (d & low_mask((unsigned)b)) | (a << b))
LANE(sqshl_imm, shift_left_sat_signed(A, (unsigned)b, bits, sat))
LANE(uqshl_imm, shift_left_sat_unsigned(UA, (unsigned)b, bits, sat))
LANE(sqshlu, shift_left_sat_unsigned(A, (unsigned)b, bits, sat))
LANE(sshll, (uint64_t)A << b)
LANE(ushll, a << b)

/* Shift right and narrow: a has 2 * bits. */
LANE(shrn, a >> b)
LANE(rshrn, shift_right(UA, (unsigned)b, true))
LANE(sqshrn, sat_signed(shift_right(sx(a, 2 * bits), (unsigned)b, false), bits, sat))
LANE(uqshrn, sat_unsigned(shift_right(UA, (unsigned)b, false), bits, sat))
LANE(sqshrun, sat_unsigned(shift_right(sx(a, 2 * bits), (unsigned)b, false), bits, sat))
LANE(sqrshrn, sat_signed(shift_right(sx(a, 2 * bits), (unsigned)b, true), bits, sat))
LANE(uqrshrn, sat_unsigned(shift_right(UA, (unsigned)b, true), bits, sat))
LANE(sqrshrun, sat_unsigned(shift_right(sx(a, 2 * bits), (unsigned)b, true), bits, sat))

#undef A
#undef B
#undef UA
#undef UB
#undef LANE

/* ---- whole registers ---- */

V128 simd_map(LaneFn *fn, Shape s, V128 d, V128 a, V128 b, bool *sat)
{
    unsigned a_first = s.a_size == s.size ? s.src_first : 0;
    unsigned b_first = s.b_size == s.size ? s.src_first : 0;
    V128 r = {.u64 = {s.d_first ? d.u64[0] : 0, 0}};

    for (unsigned n = 0; n < s.lanes; n++)
        lane_set(&r, s.d_size, s.d_first + n,
                 fn(8u << s.size, lane_get(&d, s.d_size, s.d_first + n),
                    lane_get(&a, s.a_size, a_first + n), lane_get(&b, s.b_size, b_first + n),
                    sat));
    return r;
}

uint64_t simd_fold(LaneFn *fn, unsigned size, unsigned lanes, uint64_t init, V128 v)
{
    bool sat = false;
    uint64_t r = init;

    for (unsigned n = 0; n < lanes; n++)
        r = fn(8u << size, 0, r, lane_get(&v, size, n), &sat);
    return r;
}

V128 simd_dup(unsigned size, uint64_t value)
{
    V128 r;

    for (unsigned n = 0; n < lane_count(size, 1); n++)
        lane_set(&r, size, n, value);
    return r;
}

V128 simd_uzp(unsigned size, unsigned q, unsigned part, V128 a, V128 b)
{
    unsigned lanes = lane_count(size, q);
    V128 r = {.u64 = {0, 0}};

    for (unsigned n = 0; n < lanes; n++) {
        unsigned from = 2 * n + part;
        lane_set(&r, size, n,
                 from < lanes ? lane_get(&a, size, from) : lane_get(&b, size, from - lanes));
    }
    return r;
}

V128 simd_zip(unsigned size, unsigned q, unsigned part, V128 a, V128 b)
{
    unsigned lanes = lane_count(size, q), first = part * lanes / 2;
    V128 r = {.u64 = {0, 0}};

    for (unsigned n = 0; n < lanes; n++)
        lane_set(&r, size, n, lane_get(n & 1 ? &b : &a, size, first + n / 2));
    return r;
}

V128 simd_trn(unsigned size, unsigned q, unsigned part, V128 a, V128 b)
{
    V128 r = {.u64 = {0, 0}};

    for (unsigned n = 0; n < lane_count(size, q); n++)
        lane_set(&r, size, n, lane_get(n & 1 ? &b : &a, size, (n & ~1u) + part));
    return r;
}

V128 simd_ext(unsigned q, unsigned first, V128 a, V128 b)
{
    unsigned bytes = q ? 16 : 8;
    V128 r = {.u64 = {0, 0}};

    for (unsigned n = 0; n < bytes; n++)
        r.u8[n] = first + n < bytes ? a.u8[first + n] : b.u8[first + n - bytes];
    return r;
}

V128 simd_table(const V128 table[32], unsigned first, unsigned count, unsigned q, V128 index,
                V128 other)
{
    V128 r = {.u64 = {0, 0}};

    for (unsigned n = 0; n < (q ? 16u : 8u); n++) {
        unsigned from = index.u8[n];
        r.u8[n] = from < 16 * count ? table[(first + from / 16) % 32].u8[from % 16] : other.u8[n];
    }
    return r;
}

V128 simd_matmul8(V128 d, V128 a, V128 b, bool a_signed, bool b_signed)
{
    for (unsigned row = 0; row < 2; row++)
        for (unsigned col = 0; col < 2; col++)
            d.u32[2 * row + col] +=
                (uint32_t)(dot4(a.u32[2 * row], b.u32[2 * col], a_signed, b_signed) +
                           dot4(a.u32[2 * row + 1], b.u32[2 * col + 1], a_signed, b_signed));
    return d;
}

/* VFPExpandImm: a:NOT(b):bbb..:cdefgh:000.., exponent of the given width. */
static uint64_t fp_expand_imm(uint64_t imm8, unsigned bits, unsigned exp_bits)
{
    uint64_t sign = imm8 >> 7, b6 = (imm8 >> 6) & 1;
    uint64_t exponent = ((b6 ^ 1) << (exp_bits - 1)) |
                        ((b6 ? low_mask(exp_bits - 3) : 0) << 2) | ((imm8 >> 4) & 3);
    unsigned frac_bits = bits - 1 - exp_bits;

    return (sign << (bits - 1)) | (exponent << frac_bits) | ((imm8 & 15) << (frac_bits - 4));
}

uint64_t simd_modified_imm(uint32_t word)
{
    const uint64_t words = 0x0000000100000001ull, halves = 0x0001000100010001ull;
    unsigned cmode = (unsigned)field(word, 12, 4), op = (word >> 29) & 1, o2 = (word >> 11) & 1;
    uint64_t imm8 = field(word, 16, 3) << 5 | field(word, 5, 5), mask = 0;

    switch (cmode >> 1) {
    case 0: case 1: case 2: case 3:
        return (imm8 << (8 * (cmode >> 1))) * words;
    case 4: case 5:
        return (imm8 << (8 * ((cmode >> 1) & 1))) * halves;
    case 6:
        return cmode & 1 ? ((imm8 << 16) | 0xffff) * words : ((imm8 << 8) | 0xff) * words;
    }
    if (cmode == 14) {
        if (!op)
            return imm8 * 0x0101010101010101ull;
        for (unsigned n = 0; n < 8; n++)
            mask |= (imm8 >> n) & 1 ? 0xffull << (8 * n) : 0;
        return mask;
    }
    if (o2)
        return fp_expand_imm(imm8, 16, 5) * halves;
    return op ? fp_expand_imm(imm8, 64, 11) : fp_expand_imm(imm8, 32, 8) * words;
}
