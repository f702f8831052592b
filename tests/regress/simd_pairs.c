/*
 * Vector instructions that the translator takes together: rotations in two instructions, also
 * those that are none after all; rounds of AES and of SHA-256. Each runs often enough to become hot
 * code.
 */
#include <arm_neon.h>
#include "tests/syscalls/check.h"

static uint32_t rotate_left(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint64_t rotate_left_64(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

#define TWO(first, second)                                                                         \
    ({                                                                                             \
        uint32x4_t r_;                                                                             \
        __asm__ volatile(first "\n\t" second : "=&w"(r_) : "w"(x));                                \
        r_;                                                                                        \
    })
#define TWO_64(first, second)                                                                      \
    vreinterpretq_u64_u32(({                                                                       \
        uint32x4_t r_;                                                                             \
        __asm__ volatile(first "\n\t" second : "=&w"(r_) : "w"(y));                                \
        r_;                                                                                        \
    }))

static void words(uint32x4_t x, uint32_t s)
{
    uint32x4_t r = TWO("ushr %0.4s, %1.4s, #20", "sli %0.4s, %1.4s, #12");
    CHECK(vgetq_lane_u32(r, 1) == rotate_left(s, 12));
    r = TWO("shl %0.4s, %1.4s, #7", "sri %0.4s, %1.4s, #25");
    CHECK(vgetq_lane_u32(r, 3) == rotate_left(s, 7));
    r = TWO("shl %0.4s, %1.4s, #31", "usra %0.4s, %1.4s, #1");
    CHECK(vgetq_lane_u32(r, 0) == rotate_left(s, 31));
    r = TWO("ushr %0.2s, %1.2s, #20", "sli %0.2s, %1.2s, #12");
    CHECK(vgetq_lane_u32(r, 1) == rotate_left(s, 12) && vgetq_lane_u32(r, 2) == 0);
    r = TWO("ushr %0.2s, %1.2s, #20", "sli %0.4s, %1.4s, #12");
    CHECK(vgetq_lane_u32(r, 1) == rotate_left(s, 12) && vgetq_lane_u32(r, 2) == s << 12);
    r = TWO("ushr %0.4s, %1.4s, #21", "sli %0.4s, %1.4s, #12"); /* these two overlap */
    CHECK(vgetq_lane_u32(r, 2) == ((s << 12) | ((s >> 21) & 0xfff)));
    r = TWO("ushr %0.8h, %1.8h, #12", "sli %0.4s, %1.4s, #20");
    CHECK(vgetq_lane_u32(r, 0) == (s << 20 | ((((s >> 28) << 16) | (s << 16 >> 28)) & 0xfffff)));
    r = TWO("ushr %0.4s, %1.4s, #20 \n\t mov %0.s[1], %0.s[2] \n\t mov %0.s[2], wzr",
            "sli %0.4s, %1.4s, #12"); /* changed in between */
    CHECK(vgetq_lane_u32(r, 2) == s << 12);
    /* also its source; nobody reads x again */
    r = TWO("ushr %0.4s, %1.4s, #20 \n\t add %1.4s, %1.4s, %1.4s", "sli %0.4s, %1.4s, #12 \n\t"
            "ushr %1.4s, %1.4s, #1");
    CHECK(vgetq_lane_u32(r, 0) == ((2 * s) << 12 | s >> 20));
}

static void doubles(uint64x2_t y, uint64_t s)
{
    uint64x2_t r = TWO_64("ushr %0.2d, %1.2d, #1", "sli %0.2d, %1.2d, #63");
    CHECK(vgetq_lane_u64(r, 1) == rotate_left_64(s, 63));
    r = TWO_64("shl %0.2d, %1.2d, #33", "sri %0.2d, %1.2d, #31");
    CHECK(vgetq_lane_u64(r, 0) == rotate_left_64(s, 33));
    r = TWO_64("shl %d0, %d1, #33", "usra %d0, %d1, #31");
    CHECK(vgetq_lane_u64(r, 0) == rotate_left_64(s, 33) && vgetq_lane_u64(r, 1) == 0);
}

/* Three rounds at a stretch, of two blocks in turn, and with each state seen by others. */
#define ROUND(op, mix, x, k) op " " x ".16b, " k ".16b \n\t " mix " " x ".16b, " x ".16b \n\t"
#define ROUNDS(name, op, mix)                                                                      \
    __attribute__((target("+crypto"))) static void name(uint8x16_t s)                              \
    {                                                                                              \
        uint8x16_t a = s, b = veorq_u8(s, vdupq_n_u8(0x5a)), c = s, k = vshrq_n_u8(s, 1), seen;    \
        uint8x16_t l = vaddq_u8(s, s);                                                             \
        __asm__ volatile(ROUND(op, mix, "%0", "%3") ROUND(op, mix, "%1", "%3")                     \
                         ROUND(op, mix, "%0", "%4") ROUND(op, mix, "%1", "%4")                     \
                         ROUND(op, mix, "%0", "%3") op " %0.16b, %4.16b"                           \
                         : "+w"(a), "+w"(b), "=&w"(seen) : "w"(k), "w"(l));                        \
        __asm__ volatile(ROUND(op, mix, "%0", "%2") "mov %1.16b, %0.16b \n\t"                      \
                         ROUND(op, mix, "%0", "%3") "mov %1.16b, %0.16b \n\t"                      \
                         ROUND(op, mix, "%0", "%2") "mov %1.16b, %0.16b \n\t"                      \
                         op " %0.16b, %3.16b"                                                      \
                         : "+w"(c), "=&w"(seen) : "w"(k), "w"(l));                                 \
        CHECK(vminvq_u8(vceqq_u8(a, c)) == 0xff);                                                  \
        c = veorq_u8(s, vdupq_n_u8(0x5a));                                                         \
        __asm__ volatile(ROUND(op, mix, "%0", "%2") "mov %1.16b, %0.16b \n\t"                      \
                         ROUND(op, mix, "%0", "%3")                                                \
                         : "+w"(c), "=&w"(seen) : "w"(k), "w"(l));                                 \
        CHECK(vminvq_u8(vceqq_u8(b, c)) == 0xff);                                                  \
    }
ROUNDS(encrypt, "aese", "aesmc")
ROUNDS(decrypt, "aesd", "aesimc")

/* Four rounds of SHA-256 as FIPS 180-4 has them: x = a b c d, y = e f g h. */
static void four_rounds(uint32x4_t *x, uint32x4_t *y, uint32x4_t words)
{
    uint32_t s[8], w[4];

    vst1q_u32(s, *x), vst1q_u32(s + 4, *y), vst1q_u32(w, words);
    for (int n = 0; n < 4; n++) {
        uint32_t t = s[7] + (rotate_left(s[4], 26) ^ rotate_left(s[4], 21) ^ rotate_left(s[4], 7)) +
                     ((s[4] & s[5]) ^ (~s[4] & s[6])) + w[n];
        uint32_t u = (rotate_left(s[0], 30) ^ rotate_left(s[0], 19) ^ rotate_left(s[0], 10)) +
                     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int k = 7; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += t;
        s[0] = t + u;
    }
    *x = vld1q_u32(s), *y = vld1q_u32(s + 4);
}

static int same(uint32x4_t a, uint32x4_t b)
{
    return vminvq_u32(vceqq_u32(a, b)) == UINT32_MAX;
}

/* MOV, SHA256H, SHA256H2 as everybody writes them, and what only looks like it. */
#define SHA(first, between, words)                                                                 \
    __asm__ volatile("mov %2.16b, " first ".16b \n\t" between                                      \
                     "sha256h %q0, %q1, %3.4s \n\t sha256h2 %q1, %q2, " words ".4s"               \
                     : "+w"(a), "+w"(b), "=&w"(old) : "w"(w), "w"(v))

__attribute__((target("+crypto"))) static void sha256(uint32x4_t s)
{
    uint32x4_t a = s, b = vmulq_n_u32(s, 77), w = vmulq_n_u32(s, 1001), v = vmvnq_u32(w), old;
    uint32x4_t x = a, y = b, p, q;

    SHA("%0", "", "%3");
    four_rounds(&x, &y, w);
    CHECK(same(a, x) && same(b, y));
    SHA("%0", "eor %2.16b, %2.16b, %4.16b \n\t", "%3");
    p = veorq_u32(x, v), q = y;
    four_rounds(&x, &y, w), four_rounds(&p, &q, w);
    CHECK(same(a, x) && same(b, q));
    y = q, p = x;
    SHA("%0", "", "%4");
    four_rounds(&x, &y, w), four_rounds(&p, &q, v);
    CHECK(same(a, x) && same(b, q));
    y = q, p = v;
    SHA("%4", "", "%3");
    four_rounds(&x, &y, w), four_rounds(&p, &q, w);
    CHECK(same(a, x) && same(b, q));
    /* twice at a stretch, the second with the first's words exchanged */
    y = q;
    __asm__ volatile("mov %2.16b, %0.16b \n\t sha256h %q0, %q1, %3.4s \n\t sha256h2 %q1, %q2, %3.4s"
                     "\n\t mov %2.16b, %0.16b \n\t sha256h %q0, %q1, %4.4s \n\t"
                     "sha256h2 %q1, %q2, %4.4s"
                     : "+w"(a), "+w"(b), "=&w"(old) : "w"(w), "w"(v));
    four_rounds(&x, &y, w), p = x, four_rounds(&x, &y, v);
    CHECK(same(a, x) && same(b, y) && same(old, p));
}

int main(void)
{
    uint64_t s = 0x123456789abcdef1;

    for (int n = 0; n < 20000; n++, s = s * 6364136223846793005 + 1442695040888963407) {
        words(vdupq_n_u32((uint32_t)s), (uint32_t)s);
        doubles(vdupq_n_u64(s), s);
        encrypt(vreinterpretq_u8_u64(vdupq_n_u64(s)));
        decrypt(vreinterpretq_u8_u64(vdupq_n_u64(s)));
        sha256(vsetq_lane_u32((uint32_t)(s >> 17), vdupq_n_u32((uint32_t)s), 2));
    }
    return check_done();
}
