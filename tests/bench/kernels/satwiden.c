/*
 * Saturating, widening, narrowing and table operations on small pixels: arm_neon.h on one machine,
 * SSE2 on the other, with equal results.
 */
#include "bench.h"

#define N 4096

static uint8_t a[N], b[N], out[N];
static int16_t s[N], t[N];

#ifdef __aarch64__
#include <arm_neon.h>

/* Mean of saturated sum and difference. */
static void blend(void)
{
    for (int i = 0; i < N; i += 16) {
        uint8x16_t x = vld1q_u8(a + i), y = vld1q_u8(b + i);
        vst1q_u8(out + i, vrhaddq_u8(vqaddq_u8(x, y), vqsubq_u8(x, y)));
    }
}

/* (a * b + 128) >> 8, then saturating 16-bit accumulation. */
static void widen(void)
{
    for (int i = 0; i < N; i += 16) {
        uint8x16_t x = vld1q_u8(a + i), y = vld1q_u8(b + i);
        uint16x8_t lo = vmull_u8(vget_low_u8(x), vget_low_u8(y));
        uint16x8_t hi = vmull_high_u8(x, y);
        int16x8_t lo7 = vreinterpretq_s16_u16(vshrq_n_u16(lo, 3));
        int16x8_t hi7 = vreinterpretq_s16_u16(vshrq_n_u16(hi, 3));
        vst1q_s16(s + i, vqaddq_s16(vld1q_s16(s + i), lo7));
        vst1q_s16(s + i + 8, vqaddq_s16(vld1q_s16(s + i + 8), hi7));
    }
}

/* High half of the 16-bit product, saturating subtraction, narrowing with saturation. */
static void narrow(void)
{
    for (int i = 0; i < N; i += 16) {
        int16x8_t half[2];
        for (int k = 0; k < 2; k++) {
            int16x8_t x = vld1q_s16(s + i + 8 * k), y = vld1q_s16(t + i + 8 * k);
            int32x4_t lo = vmull_s16(vget_low_s16(x), vget_low_s16(y));
            int32x4_t hi = vmull_high_s16(x, y);
            int16x8_t high = vshrn_high_n_s32(vshrn_n_s32(lo, 16), hi, 16);
            half[k] = vqsubq_s16(high, y);
            vst1q_s16(s + i + 8 * k, vqsubq_s16(x, half[k]));
        }
        vst1q_u8(out + i, vqmovun_high_s16(vqmovun_s16(half[0]), half[1]));
    }
}

/* Sum of absolute differences. */
static uint64_t distance(void)
{
    uint32x4_t sum = vdupq_n_u32(0);
    for (int i = 0; i < N; i += 16) {
        uint8x16_t d = vabdq_u8(vld1q_u8(a + i), vld1q_u8(out + i));
        sum = vpadalq_u16(sum, vpaddlq_u8(d));
    }
    return vaddlvq_u32(sum);
}

/* Interleaves the bytes of a and b into a. */
static void mix(void)
{
    for (int i = 0; i < N; i += 32) {
        uint8x16_t x = vld1q_u8(a + i), y = vld1q_u8(out + i);
        uint8x16_t z = vminq_u8(vzip1q_u8(x, y), vld1q_u8(b + i));
        vst1q_u8(a + i, vmaxq_u8(z, vzip2q_u8(x, y)));
        vst1q_u8(b + i, veorq_u8(z, y));
    }
}

#else
#include <emmintrin.h>

static __m128i load(const void *p)
{
    return _mm_loadu_si128(p);
}

static void blend(void)
{
    for (int i = 0; i < N; i += 16) {
        __m128i x = load(a + i), y = load(b + i);
        _mm_storeu_si128((__m128i *)(out + i),
                         _mm_avg_epu8(_mm_adds_epu8(x, y), _mm_subs_epu8(x, y)));
    }
}

static void widen(void)
{
    __m128i zero = _mm_setzero_si128();
    for (int i = 0; i < N; i += 16) {
        __m128i x = load(a + i), y = load(b + i);
        __m128i lo = _mm_mullo_epi16(_mm_unpacklo_epi8(x, zero), _mm_unpacklo_epi8(y, zero));
        __m128i hi = _mm_mullo_epi16(_mm_unpackhi_epi8(x, zero), _mm_unpackhi_epi8(y, zero));
        _mm_storeu_si128((__m128i *)(s + i), _mm_adds_epi16(load(s + i), _mm_srli_epi16(lo, 3)));
        _mm_storeu_si128((__m128i *)(s + i + 8),
                         _mm_adds_epi16(load(s + i + 8), _mm_srli_epi16(hi, 3)));
    }
}

static void narrow(void)
{
    for (int i = 0; i < N; i += 16) {
        __m128i half[2];
        for (int k = 0; k < 2; k++) {
            __m128i x = load(s + i + 8 * k), y = load(t + i + 8 * k);
            half[k] = _mm_subs_epi16(_mm_mulhi_epi16(x, y), y);
            _mm_storeu_si128((__m128i *)(s + i + 8 * k), _mm_subs_epi16(x, half[k]));
        }
        _mm_storeu_si128((__m128i *)(out + i), _mm_packus_epi16(half[0], half[1]));
    }
}

static uint64_t distance(void)
{
    __m128i sum = _mm_setzero_si128();
    for (int i = 0; i < N; i += 16)
        sum = _mm_add_epi64(sum, _mm_sad_epu8(load(a + i), load(out + i)));
    return (uint64_t)_mm_cvtsi128_si64(sum) +
           (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum));
}

static void mix(void)
{
    for (int i = 0; i < N; i += 32) {
        __m128i x = load(a + i), y = load(out + i);
        __m128i z = _mm_min_epu8(_mm_unpacklo_epi8(x, y), load(b + i));
        _mm_storeu_si128((__m128i *)(a + i), _mm_max_epu8(z, _mm_unpackhi_epi8(x, y)));
        _mm_storeu_si128((__m128i *)(b + i), _mm_xor_si128(z, y));
    }
}
#endif

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 160000);
    uint32_t seed = 21;
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) {
        a[i] = (uint8_t)bench_random(&seed);
        b[i] = (uint8_t)(bench_random(&seed) >> 8);
        s[i] = (int16_t)bench_random(&seed);
        t[i] = (int16_t)(bench_random(&seed) >> 4);
    }
    for (long r = 0; r < rounds; r++) {
        blend();
        widen();
        sum = bench_mix(sum, distance());
        narrow();
        mix();
        a[r % N] = (uint8_t)r;
        b[(r * 5) % N] = (uint8_t)(r >> 3);
    }
    for (int i = 0; i < N; i++)
        sum = bench_mix(sum, (uint64_t)out[i] << 16 | (uint16_t)s[i]);
    printf("satwiden %016llx\n", (unsigned long long)sum);
    return 0;
}
