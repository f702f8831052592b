/* The vector constants, computed. Invariant: 0x80 in a shuffle gives a zero byte. */
#include <string.h>
#include "tcg-lite/ir/vconst.h"

static void put(uint8_t *out, unsigned number, unsigned byte, uint8_t value)
{
    out[16 * number + byte] = value;
}

static void splat(uint8_t *out, unsigned number, unsigned log2, uint64_t value)
{
    for (unsigned n = 0; n < 16; n += 1u << log2)
        memcpy(out + 16 * number + n, &value, (size_t)1 << log2);
}

static void fill_values(uint8_t *out)
{
    for (unsigned log2 = 0; log2 < 4; log2++) {
        splat(out, VK_ONE + log2, log2, 1);
        splat(out, VK_SIGN + log2, log2, 1ull << ((8u << log2) - 1));
        splat(out, VK_LOW_BYTE + log2, log2, 0xff);
        splat(out, VK_LOW_HALF + log2, log2, (1ull << (4u << log2)) - 1);
    }
    put(out, VK_FIRST_BYTE, 0, 0xff);
    put(out, VK_FIRST_BYTE + 1, 0, 0xff);
    put(out, VK_FIRST_BYTE + 1, 1, 0xff);
    splat(out, VK_HIGH_BYTES, 1, 0xff00);
    splat(out, VK_BIT31, 3, 1ull << 31);
    for (unsigned n = 0; n <= 8; n++)
        splat(out, VK_SHR + n, 0, 0xffu >> n);
    for (unsigned n = 0; n < 8; n++) {
        splat(out, VK_SHL + n, 0, 0xffu << n);
        splat(out, VK_SIGN_SHR + n, 0, 0x80u >> n);
    }
    splat(out, VK_TABLE_END, 0, 0x70);
    for (unsigned n = 0; n <= 4; n++)
        splat(out, VK_TABLE_LAST + n, 0, 0x80u - 16 * n);
    for (unsigned n = 0; n < 4; n++)
        splat(out, VK_TABLE_STEP + n, 0, 16 * n);
}

static unsigned reverse_nibble(unsigned n)
{
    return (n & 1) << 3 | (n & 2) << 1 | (n & 4) >> 1 | (n & 8) >> 3;
}

static void fill_nibble_tables(uint8_t *out)
{
    for (unsigned n = 0; n < 16; n++) {
        put(out, VK_POPCOUNT, n, (uint8_t)__builtin_popcount(n));
        put(out, VK_LEADING_ZEROS, n, (uint8_t)(n ? __builtin_clz(n) - 28 : 4));
        put(out, VK_REVERSE_LOW, n, (uint8_t)(reverse_nibble(n) << 4));
        put(out, VK_REVERSE_HIGH, n, (uint8_t)reverse_nibble(n));
    }
}

/* Byte k of a shuffle: byte k % s of the element that `element` names. */
#define SHUFFLE(number, s, element)                                                                \
    for (unsigned k = 0; k < 16; k++) {                                                            \
        unsigned e = k / (s);                                                                      \
        put(out, number, k, (uint8_t)((element) * (s) + k % (s)));                                 \
    }

static void fill_shuffles(uint8_t *out)
{
    for (unsigned lane = 0; lane < 16; lane++)
        SHUFFLE(VK_SPLAT_B + lane, 1, lane + 0 * e)
    for (unsigned lane = 0; lane < 8; lane++)
        SHUFFLE(VK_SPLAT_H + lane, 2, lane + 0 * e)
    for (unsigned lane = 0; lane < 8; lane++)
        SHUFFLE(VK_ELEMENT + lane, 2, e & 1 ? 0x40 : lane)
    for (unsigned log2 = 0; log2 < 2; log2++) {
        unsigned s = 1u << log2, half = 8 / s;
        SHUFFLE(VK_REV64 + log2, s, e ^ (8 / s - 1))
        SHUFFLE(VK_REV32 + log2, s, e ^ (4 / s - 1))
        SHUFFLE(VK_EVEN_ODD + log2, s, 2 * (e % half) + e / half)
        SHUFFLE(VK_ODD_EVEN + log2, s, 2 * (e % half) + !(e / half))
        SHUFFLE(VK_GROUP4 + log2, s, 4 * (e % (half / 2)) + e / (half / 2))
    }
    SHUFFLE(VK_REV16, 1, e ^ 1)
    for (unsigned log2 = 0; log2 < 3; log2++) {
        unsigned s = 1u << log2;
        SHUFFLE(VK_NARROW + log2, s, 2 * e)
        SHUFFLE(VK_NARROW_HIGH + log2, s, 2 * e + 1)
        memset(out + 16 * (VK_NARROW + log2) + 8, 0x80, 8);
        memset(out + 16 * (VK_NARROW_HIGH + log2) + 8, 0x80, 8);
    }
}

/* Byte k of register r is byte p of the three vectors in memory. */
static void fill_three(uint8_t *out)
{
    memset(out + 16 * VK_LD3, 0x80, 16 * 72);
    for (unsigned log2 = 0; log2 < 4; log2++) {
        for (unsigned r = 0; r < 3; r++) {
            for (unsigned k = 0; k < 16; k++) {
                unsigned s = 1u << log2, p = (k / s * 3 + r) * s + k % s;
                put(out, VK_LD3 + 9 * log2 + 3 * r + p / 16, k, (uint8_t)(p % 16));
                put(out, VK_ST3 + 9 * log2 + 3 * (p / 16) + r, p % 16, (uint8_t)k);
            }
        }
    }
}

void vconst_fill(uint8_t *out)
{
    memset(out, 0, 16 * VK_COUNT);
    fill_values(out);
    fill_nibble_tables(out);
    fill_shuffles(out);
    fill_three(out);
}
