/* Integer arithmetic as the Arm manual's shared functions define it. */
#ifndef EMU_ARITH_INT_H
#define EMU_ARITH_INT_H

#include "emu/base/bits.h"

/* AddWithCarry(): the sum, and NZCV in bits 31..28. */
typedef struct Sum {
    uint64_t value;
    uint32_t nzcv;
} Sum;

/* N and Z of a result of `bits` (32 or 64) bits, in bits 31..28. */
static inline uint32_t nz_flags(unsigned bits, uint64_t value)
{
    value &= low_mask(bits);
    return (uint32_t)(value >> (bits - 1)) << 31 | (uint32_t)(value == 0) << 30;
}

/* a + b + carry (0 or 1); bits is 32 or 64. Subtract with b = ~b, carry = 1. */
static inline Sum add_with_carry(unsigned bits, uint64_t a, uint64_t b, unsigned carry)
{
    uint64_t mask = low_mask(bits);
    uint128_t wide = (uint128_t)(a & mask) + (b & mask) + carry;
    uint64_t value = (uint64_t)wide & mask;
    uint32_t c = (uint32_t)(wide >> bits) & 1;
    uint32_t v = (uint32_t)(((a ^ value) & (b ^ value)) >> (bits - 1)) & 1;

    return (Sum){value, nz_flags(bits, value) | c << 29 | v << 28};
}

/* ShiftReg(): type is LSL LSR ASR ROR; bits 32 or 64; amount < bits. */
static inline uint64_t shift_value(unsigned bits, uint64_t value, unsigned type, unsigned amount)
{
    value &= low_mask(bits);
    switch (type) {
    case 0:
        return value << amount & low_mask(bits);
    case 1:
        return value >> amount;
    case 2:
        return (uint64_t)(sext(value, bits) >> amount) & low_mask(bits);
    default:
        return ror(value, amount, bits);
    }
}

/* ExtendReg(): option is UXTB UXTH UXTW UXTX SXTB SXTH SXTW SXTX; shift 0..4. */
static inline uint64_t extend_value(uint64_t value, unsigned option, unsigned shift)
{
    unsigned width = 8u << (option & 3);

    value = option & 4 ? (uint64_t)sext(value, width) : value & low_mask(width);
    return value << shift;
}

/*
 * DecodeBitMasks(): *wmask and *tmask of a bitfield instruction or a logical immediate
 * (which is *wmask); bits is 32 or 64, the fields are legal.
 */
static inline void bit_masks(unsigned bits, unsigned n, unsigned imms, unsigned immr,
                             uint64_t *wmask, uint64_t *tmask)
{
    unsigned len = 31 - (unsigned)__builtin_clz(n << 6 | (~imms & 63u));
    unsigned size = 1u << len, s = imms & (size - 1), r = immr & (size - 1);
    uint64_t welem = ror(low_mask(s + 1), r, size);
    uint64_t telem = low_mask(((s - r) & (size - 1)) + 1);

    *wmask = *tmask = 0;
    for (unsigned at = 0; at < bits; at += size) {
        *wmask |= welem << at;
        *tmask |= telem << at;
    }
}

/* ConditionHolds() for flags in bits 31..28. */
static inline bool cond_holds(unsigned cond, uint32_t nzcv)
{
    bool n = nzcv >> 31 & 1, z = nzcv >> 30 & 1, c = nzcv >> 29 & 1, v = nzcv >> 28 & 1;
    bool result;

    switch (cond >> 1) {
    case 0:
        result = z;
        break;
    case 1:
        result = c;
        break;
    case 2:
        result = n;
        break;
    case 3:
        result = v;
        break;
    case 4:
        result = c && !z;
        break;
    case 5:
        result = n == v;
        break;
    case 6:
        result = n == v && !z;
        break;
    default:
        return true;
    }
    return result != (cond & 1);
}

static inline uint64_t reverse_bits(uint64_t value, unsigned bits)
{
    uint64_t result = 0;

    for (unsigned n = 0; n < bits; n++)
        result |= (value >> n & 1) << (bits - 1 - n);
    return result;
}

/* Reverses the bytes inside each container of `container` bits (16, 32, 64) of value. */
static inline uint64_t reverse_bytes(uint64_t value, unsigned container)
{
    uint64_t all = __builtin_bswap64(value);

    if (container == 64)
        return all;
    if (container == 32)
        return all << 32 | all >> 32;
    return (value & 0x00ff00ff00ff00ffull) << 8 | (value >> 8 & 0x00ff00ff00ff00ffull);
}

/*
 * CRC32 of `bytes` low bytes of value onto crc. poly is the bit-reflected polynomial:
 * 0xedb88320 for CRC32, 0x82f63b78 for CRC32C.
 */
static inline uint32_t crc32_update(uint32_t crc, uint64_t value, unsigned bytes, uint32_t poly)
{
    for (unsigned n = 0; n < bytes; n++) {
        crc ^= (uint8_t)(value >> (8 * n));
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? poly : 0);
    }
    return crc;
}

/* SDIV and UDIV: division by zero gives zero, the most negative by -1 itself. */
static inline uint64_t divide_unsigned(uint64_t a, uint64_t b)
{
    return b ? a / b : 0;
}

static inline int64_t divide_signed(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

#endif
