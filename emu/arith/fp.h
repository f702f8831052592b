/*
 * Floating point as the Arm architecture defines it (FPCR.AH = 0), bit-exact, by integer
 * arithmetic: the host FPU is never used. Values in, values out.
 *
 * Conventions of every function, unless it says otherwise:
 *   bits   format: 16 (IEEE half), 32 (single) or 64 (double)
 *   a, b   operands in the low `bits` bits; higher bits must be 0 (in results they are)
 *   fpcr   FPCR: RMode, FZ (single, double), FZ16 (half), DN and AHP are honoured
 *   fpsr   where cumulative exception bits are set (never cleared); never NULL
 *
 * The rules are those of the shared/functions/float pseudocode of the Arm manual (DDI 0487);
 * functions are named after it: fp_muladd is FPMulAdd.
 */
#ifndef EMU_ARITH_FP_H
#define EMU_ARITH_FP_H

#include "emu/base/bits.h"

/* The first four are FPCR.RMode's values. */
typedef enum FpRounding {
    FP_NEAREST,
    FP_UP,
    FP_DOWN,
    FP_TO_ZERO,
    FP_NEAREST_AWAY, /* ties away from zero */
    FP_TO_ODD,       /* inexact: to the odd neighbour; overflow gives the largest finite number */
    FP_TO_ODD_INF,   /* the same, but overflow gives infinity: BFDOT, BFMMLA */
} FpRounding;

static inline FpRounding fp_rounding(uint32_t fpcr)
{
    return (FpRounding)field(fpcr, 22, 2);
}

/* Bit operations: no NaN handling, no exceptions. */
static inline uint64_t fp_neg(unsigned bits, uint64_t a)
{
    return a ^ BIT(bits - 1);
}

static inline uint64_t fp_abs(unsigned bits, uint64_t a)
{
    return a & ~BIT(bits - 1);
}

uint64_t fp_add(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_sub(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_mul(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
/* FMULX: zero times infinity is 2 with the product's sign. */
uint64_t fp_mulx(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_div(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_sqrt(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr);
/* addend + a * b, rounded once. */
uint64_t fp_muladd(unsigned bits, uint64_t addend, uint64_t a, uint64_t b, uint32_t fpcr,
                   uint32_t *fpsr);
/* FPMulAddH of FMLAL: addend and result are single, a and b half precision. */
uint64_t fp_muladd_widen(uint64_t addend, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);

uint64_t fp_max(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_min(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_maxnum(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_minnum(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);

/* FCMP; FCMPE when signal_nans. Result: NZCV in bits 31..28. */
uint32_t fp_compare(unsigned bits, uint64_t a, uint64_t b, bool signal_nans, uint32_t fpcr,
                    uint32_t *fpsr);
/* Quiet for EQ, signalling for GE and GT. */
bool fp_compare_eq(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
bool fp_compare_ge(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
bool fp_compare_gt(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);

/* FRINT*; exact: inexact results set IXC (FRINTX). */
uint64_t fp_round_int(unsigned bits, uint64_t a, FpRounding mode, bool exact, uint32_t fpcr,
                      uint32_t *fpsr);
/* FRINT32*, FRINT64*: int_bits is 32 or 64. */
uint64_t fp_round_int_n(unsigned bits, uint64_t a, FpRounding mode, unsigned int_bits,
                        uint32_t fpcr, uint32_t *fpsr);

/*
 * a * 2^fraction_bits rounded to an integer of int_bits (16, 32, 64), saturated; negative
 * results are cut to int_bits. NaN gives 0.
 */
uint64_t fp_to_int(unsigned bits, uint64_t a, unsigned int_bits, unsigned fraction_bits,
                   bool is_unsigned, FpRounding mode, uint32_t fpcr, uint32_t *fpsr);
/* FJCVTZS: double to int32 modulo 2^32. *exact: the Z flag. */
uint32_t fp_to_int_js(uint64_t a, bool *exact, uint32_t fpcr, uint32_t *fpsr);
/* value * 2^-fraction_bits; value is sign- or zero-extended to 64 bits by the caller. */
uint64_t fp_from_int(unsigned bits, uint64_t value, unsigned fraction_bits, bool is_unsigned,
                     FpRounding mode, uint32_t fpcr, uint32_t *fpsr);
/* Between formats. FPCR.AHP chooses the half format. */
uint64_t fp_convert(unsigned to, unsigned from, uint64_t a, FpRounding mode, uint32_t fpcr,
                    uint32_t *fpsr);
/* Single to BFloat16. */
uint64_t fp_to_bf16(uint64_t a, uint32_t fpcr, uint32_t *fpsr);

/*
 * BFDOT, BFMMLA: sum + a0 * b0 + a1 * b1 with BFloat16 pairs (lane 0 in bits 15..0), single
 * sum and result. Fixed control bits; sets no exception bits.
 */
uint32_t fp_bf_dot(uint32_t sum, uint32_t a, uint32_t b);

uint64_t fp_recip_estimate(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_rsqrt_estimate(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr);
/* FRECPX. */
uint64_t fp_recip_exponent(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr);
/* FRECPS: 2 - a * b. FRSQRTS: (3 - a * b) / 2. */
uint64_t fp_recip_step(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
uint64_t fp_rsqrt_step(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
/* URECPE, URSQRTE. */
uint32_t fp_recip_estimate_u32(uint32_t a);
uint32_t fp_rsqrt_estimate_u32(uint32_t a);

/* VFPExpandImm: the 8-bit immediate of FMOV. */
uint64_t fp_expand_imm(unsigned bits, unsigned imm8);

#endif
