/*
 * Vector instructions that the translator takes together: rotations in two instructions, also
 * those that are none after all; rounds of AES. Each runs often enough to become hot code.
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

int main(void)
{
    uint64_t s = 0x123456789abcdef1;

    for (int n = 0; n < 20000; n++, s = s * 6364136223846793005 + 1442695040888963407) {
        words(vdupq_n_u32((uint32_t)s), (uint32_t)s);
        doubles(vdupq_n_u64(s), s);
        encrypt(vreinterpretq_u8_u64(vdupq_n_u64(s)));
        decrypt(vreinterpretq_u8_u64(vdupq_n_u64(s)));
    }
    return check_done();
}
