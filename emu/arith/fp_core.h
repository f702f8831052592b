/* What the fp_*.c files share: formats, unpacking, NaN results, the one rounding function. */
#ifndef EMU_ARITH_FP_CORE_H
#define EMU_ARITH_FP_CORE_H

#include "emu/arith/fp.h"

/* FPCR and FPSR bits, as the architecture numbers them. */
enum {
    CR_AHP = 1 << 26,
    CR_DN = 1 << 25,
    CR_FZ = 1 << 24,
    CR_FZ16 = 1 << 19,
    SR_IDC = 1 << 7,
    SR_IXC = 1 << 4,
    SR_UFC = 1 << 3,
    SR_OFC = 1 << 2,
    SR_DZC = 1 << 1,
    SR_IOC = 1 << 0,
};

typedef struct FpFormat {
    uint8_t bits, exp_bits, frac_bits;
    bool alt_half;  /* the largest exponent is an ordinary one: no infinities, no NaNs */
    uint32_t flush; /* the FPCR bit that flushes this format's denormals, or 0 */
} FpFormat;

typedef enum FpType { FP_ZERO, FP_NONZERO, FP_INF, FP_QNAN, FP_SNAN } FpType;

/* An unpacked operand. FP_NONZERO: value = sig * 2^(exp - 63), bit 63 of sig set. */
typedef struct FpNum {
    FpType type;
    bool sign;
    int exp;
    uint64_t sig;
    uint64_t raw; /* the operand as given, or zero when it was flushed */
} FpNum;

static inline bool fp_is_nan(FpNum n)
{
    return n.type >= FP_QNAN;
}

/* The format of a `bits` operand; for 16 the IEEE one. */
const FpFormat *fp_format(unsigned bits);

/* The formats of conversions: half has no flushing and may be alternative (FPUnpackCV). */
const FpFormat *fp_format_cv(unsigned bits, uint32_t fpcr);

FpNum fp_unpack(const FpFormat *f, uint64_t a, uint32_t fpcr, uint32_t *fpsr);

uint64_t fp_zero(const FpFormat *f, bool sign);
uint64_t fp_inf(const FpFormat *f, bool sign);
uint64_t fp_max_normal(const FpFormat *f, bool sign);
uint64_t fp_default_nan(const FpFormat *f);
/* fp_default_nan, and IOC. */
uint64_t fp_invalid(const FpFormat *f, uint32_t *fpsr);

/* FPProcessNaN of one NaN; FPProcessNaNs of operands of which one or more are NaNs. */
uint64_t fp_nan(const FpFormat *f, FpNum a, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_nan2(const FpFormat *f, FpNum a, FpNum b, uint32_t fpcr, uint32_t *fpsr);

/* v >> n; the lowest result bit is also set when any bit was lost. */
uint128_t fp_shift_jam(uint128_t v, int n);

/*
 * Whether a magnitude goes up to the next representable one. odd: its lowest kept bit; rest:
 * what is below that bit; half: the weight of one half of it.
 */
bool fp_round_up(FpRounding mode, bool sign, bool odd, uint128_t rest, uint128_t half);

/*
 * FPRound of (-1)^sign * sig * 2^(exp - 127), sig not 0. The lowest bit of sig may stand for
 * lost ones as long as 64 or more bits of sig are exact.
 */
uint64_t fp_round(const FpFormat *f, FpRounding mode, bool sign, int exp, uint128_t sig,
                  uint32_t fpcr, uint32_t *fpsr);

/* FPAdd and FPMul in a given rounding mode. */
uint64_t fp_add_mode(const FpFormat *f, FpRounding mode, uint64_t a, uint64_t b, uint32_t fpcr,
                     uint32_t *fpsr);
uint64_t fp_mul_mode(const FpFormat *f, FpRounding mode, uint64_t a, uint64_t b, uint32_t fpcr,
                     uint32_t *fpsr);

#endif
