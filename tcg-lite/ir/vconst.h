/*
 * The 16-byte constants that vector operations take as an operand (IR_VK, number in imm).
 * They are written once behind the stubs of the code cache, within reach of every unit.
 * Families are indexed by what their comment says; log2 is that of the element's bytes.
 */
#ifndef TCG_LITE_IR_VCONST_H
#define TCG_LITE_IR_VCONST_H

#include "emu/base/types.h"

enum {
    VK_ZERO,
    VK_ONE,                        /* + log2: 1 in every lane */
    VK_SIGN = VK_ONE + 4,          /* + log2: the sign bit of every lane */
    VK_LOW_BYTE = VK_SIGN + 4,     /* + log2: 0xff in every lane */
    VK_LOW_HALF = VK_LOW_BYTE + 4, /* + log2: the lower half of every lane */
    VK_FIRST_BYTE = VK_LOW_HALF + 4, /* + log2 0, 1: all bits of the first element, zeros above */
    VK_HIGH_BYTES = VK_FIRST_BYTE + 2, /* 0xff00 in every halfword */
    VK_BIT31,                      /* 1 << 31 in every quadword */
    VK_SHR,                        /* + n, 0..8: bytes 0xff >> n */
    VK_SHL = VK_SHR + 9,           /* + n, 0..7: bytes 0xff << n */
    VK_SIGN_SHR = VK_SHL + 8,      /* + n, 0..7: bytes 0x80 >> n */
    VK_SPLAT_B = VK_SIGN_SHR + 8,  /* + lane: byte shuffle that repeats it */
    VK_SPLAT_H = VK_SPLAT_B + 16,  /* + lane: the same for halfwords */
    VK_REV64 = VK_SPLAT_H + 8,     /* + log2 0, 1: shuffle that reverses elements in 8 bytes */
    VK_REV32 = VK_REV64 + 2,
    VK_REV16 = VK_REV32 + 2,
    VK_NARROW = VK_REV16 + 1,      /* + log2: lower halves of double-width lanes, then zeros */
    VK_NARROW_HIGH = VK_NARROW + 3, /* + log2: upper halves */
    VK_EVEN_ODD = VK_NARROW_HIGH + 3, /* + log2 0, 1: even elements, then odd ones */
    VK_ODD_EVEN = VK_EVEN_ODD + 2,
    VK_GROUP4 = VK_ODD_EVEN + 2,   /* + log2 0, 1: every fourth element together */
    VK_LD3 = VK_GROUP4 + 2,        /* + 9 * log2 + 3 * register + memory vector */
    VK_ST3 = VK_LD3 + 36,          /* + 9 * log2 + 3 * memory vector + register */
    VK_POPCOUNT = VK_ST3 + 36,     /* tables of a nibble */
    VK_LEADING_ZEROS,
    VK_REVERSE_LOW,                /* bits reversed, in the upper nibble */
    VK_REVERSE_HIGH,               /* in the lower nibble */
    VK_ELEMENT,                    /* + lane: halfword shuffled to every word, zero above it */
    VK_TABLE_END = VK_ELEMENT + 8,                 /* bytes 0x70: what makes 16 and more negative */
    VK_TABLE_LAST,                 /* + n, 0..4: bytes 0x80 - 16 * n */
    VK_TABLE_STEP = VK_TABLE_LAST + 5, /* + n, 0..3: bytes 16 * n */
    VK_COUNT = VK_TABLE_STEP + 4,
};

/* Writes all VK_COUNT constants, 16 bytes each. */
void vconst_fill(uint8_t *out);

#endif
