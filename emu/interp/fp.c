/*
 * Floating-point arithmetic, rounding, comparison and moves, scalar and vector: the
 * instructions whose lanes do not mix. The arithmetic itself is emu/arith/fp.h.
 */
#include "emu/arith/int.h"
#include "emu/interp/fp_lanes.h"

/* The four rows of an instruction: scalar and vector, S/D and half precision. */
#define SCALAR1(id, fn)                                                                            \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        fp_map1(cpu, i, fp_size(i), 1, fn);                                                        \
    }                                                                                              \
    INTERP(id##_scalar_h)                                                                          \
    {                                                                                              \
        fp_map1(cpu, i, FP_HALF, 1, fn);                                                           \
    }
#define VECTOR1(id, fn)                                                                            \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        fp_map1(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), fn);                             \
    }                                                                                              \
    INTERP(id##_vec_h)                                                                             \
    {                                                                                              \
        fp_map1(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), fn);                                   \
    }
#define BOTH1(id, fn)                                                                              \
    SCALAR1(id, fn)                                                                                \
    VECTOR1(id, fn)
#define SCALAR2(id, fn)                                                                            \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        fp_map2(cpu, i, fp_size(i), 1, fn, cpu->v[i->rm]);                                         \
    }                                                                                              \
    INTERP(id##_scalar_h)                                                                          \
    {                                                                                              \
        fp_map2(cpu, i, FP_HALF, 1, fn, cpu->v[i->rm]);                                            \
    }
#define VECTOR2(id, fn)                                                                            \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        fp_map2(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), fn, cpu->v[i->rm]);              \
    }                                                                                              \
    INTERP(id##_vec_h)                                                                             \
    {                                                                                              \
        fp_map2(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), fn, cpu->v[i->rm]);                    \
    }
#define BOTH2(id, fn)                                                                              \
    SCALAR2(id, fn)                                                                                \
    VECTOR2(id, fn)

/* Arithmetic. */

BOTH2(FADD, fp_add)
BOTH2(FSUB, fp_sub)
BOTH2(FMUL, fp_mul)
BOTH2(FDIV, fp_div)
BOTH2(FMAX, fp_max)
BOTH2(FMIN, fp_min)
BOTH2(FMAXNM, fp_maxnum)
BOTH2(FMINNM, fp_minnum)
BOTH2(FMULX, fp_mulx)
BOTH2(FRECPS, fp_recip_step)
BOTH2(FRSQRTS, fp_rsqrt_step)
BOTH1(FSQRT, fp_sqrt)
BOTH1(FRECPE, fp_recip_estimate)
BOTH1(FRSQRTE, fp_rsqrt_estimate)
SCALAR1(FRECPX, fp_recip_exponent)

static uint64_t move(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    (void)bits, (void)fpcr, (void)fpsr;
    return a;
}

static uint64_t absolute(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    (void)fpcr, (void)fpsr;
    return fp_abs(bits, a);
}

static uint64_t negate(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    (void)fpcr, (void)fpsr;
    return fp_neg(bits, a);
}

/* The product's sign changes even when it is a NaN. */
static uint64_t nmul(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return fp_neg(bits, fp_mul(bits, a, b, fpcr, fpsr));
}

static uint64_t abs_diff(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)
{
    return fp_abs(bits, fp_sub(bits, a, b, fpcr, fpsr));
}

SCALAR1(FMOV, move)
BOTH1(FABS, absolute)
BOTH1(FNEG, negate)
SCALAR2(FNMUL, nmul)
BOTH2(FABD, abs_diff)

/* Operands are negated as bits, before NaNs are looked at. */
static void mul_add(CpuState *cpu, const DecodedInsn *i, unsigned size, bool neg_addend,
                    bool neg_product)
{
    unsigned bits = 8u << size;
    uint64_t addend = fp_reg(cpu, size, i->ra), a = fp_reg(cpu, size, i->rn);

    if (neg_addend)
        addend = fp_neg(bits, addend);
    if (neg_product)
        a = fp_neg(bits, a);
    set_v64(cpu, i->rd,
            fp_muladd(bits, addend, a, fp_reg(cpu, size, i->rm), cpu->fpcr, &cpu->fpsr));
}

#define MUL_ADD(id, neg_addend, neg_product)                                                       \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        mul_add(cpu, i, fp_size(i), neg_addend, neg_product);                                      \
    }                                                                                              \
    INTERP(id##_scalar_h)                                                                          \
    {                                                                                              \
        mul_add(cpu, i, FP_HALF, neg_addend, neg_product);                                         \
    }

MUL_ADD(FMADD, false, false)
MUL_ADD(FMSUB, false, true)
MUL_ADD(FNMADD, true, true)
MUL_ADD(FNMSUB, true, false)

/* Rounding to an integral value. */

#define ROUND_INT(id, name, mode, exact)                                                           \
    static uint64_t name(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)                 \
    {                                                                                              \
        return fp_round_int(bits, a, mode, exact, fpcr, fpsr);                                     \
    }                                                                                              \
    BOTH1(id, name)

ROUND_INT(FRINTN, round_nearest, FP_NEAREST, false)
ROUND_INT(FRINTP, round_up, FP_UP, false)
ROUND_INT(FRINTM, round_down, FP_DOWN, false)
ROUND_INT(FRINTZ, round_to_zero, FP_TO_ZERO, false)
ROUND_INT(FRINTA, round_away, FP_NEAREST_AWAY, false)
ROUND_INT(FRINTX, round_exact, fp_rounding(fpcr), true)
ROUND_INT(FRINTI, round_current, fp_rounding(fpcr), false)

#define ROUND_INT_N(id, name, mode, int_bits)                                                      \
    static uint64_t name(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)                 \
    {                                                                                              \
        return fp_round_int_n(bits, a, mode, int_bits, fpcr, fpsr);                                \
    }                                                                                              \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        fp_map1(cpu, i, fp_size(i), 1, name);                                                      \
    }                                                                                              \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        fp_map1(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), name);                           \
    }

ROUND_INT_N(FRINT32Z, round_32_to_zero, FP_TO_ZERO, 32)
ROUND_INT_N(FRINT32X, round_32_current, fp_rounding(fpcr), 32)
ROUND_INT_N(FRINT64Z, round_64_to_zero, FP_TO_ZERO, 64)
ROUND_INT_N(FRINT64X, round_64_current, fp_rounding(fpcr), 64)

/* Comparisons that give a mask. */

#define COMPARE(id, name, compare)                                                                 \
    static uint64_t name(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr)     \
    {                                                                                              \
        return compare ? low_mask(bits) : 0;                                                       \
    }                                                                                              \
    BOTH2(id, name)
#define COMPARE_ZERO(id, name, compare)                                                            \
    static uint64_t name(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)                 \
    {                                                                                              \
        return compare ? low_mask(bits) : 0;                                                       \
    }                                                                                              \
    BOTH1(id##_zero, name)

COMPARE(FCMEQ, eq, fp_compare_eq(bits, a, b, fpcr, fpsr))
COMPARE(FCMGE, ge, fp_compare_ge(bits, a, b, fpcr, fpsr))
COMPARE(FCMGT, gt, fp_compare_gt(bits, a, b, fpcr, fpsr))
COMPARE(FACGE, abs_ge, fp_compare_ge(bits, fp_abs(bits, a), fp_abs(bits, b), fpcr, fpsr))
COMPARE(FACGT, abs_gt, fp_compare_gt(bits, fp_abs(bits, a), fp_abs(bits, b), fpcr, fpsr))
COMPARE_ZERO(FCMEQ, eq_zero, fp_compare_eq(bits, a, 0, fpcr, fpsr))
COMPARE_ZERO(FCMGE, ge_zero, fp_compare_ge(bits, a, 0, fpcr, fpsr))
COMPARE_ZERO(FCMGT, gt_zero, fp_compare_gt(bits, a, 0, fpcr, fpsr))
COMPARE_ZERO(FCMLE, le_zero, fp_compare_ge(bits, 0, a, fpcr, fpsr))
COMPARE_ZERO(FCMLT, lt_zero, fp_compare_gt(bits, 0, a, fpcr, fpsr))

/* Comparisons that give flags; selection. */

static void compare_flags(CpuState *cpu, const DecodedInsn *i, unsigned size, uint64_t b,
                          bool signal_nans)
{
    cpu->nzcv =
        fp_compare(8u << size, fp_reg(cpu, size, i->rn), b, signal_nans, cpu->fpcr, &cpu->fpsr);
}

static void conditional_compare(CpuState *cpu, const DecodedInsn *i, unsigned size,
                                bool signal_nans)
{
    if (cond_holds(i->cond, cpu->nzcv))
        compare_flags(cpu, i, size, fp_reg(cpu, size, i->rm), signal_nans);
    else
        cpu->nzcv = (uint32_t)i->nzcv << 28;
}

#define COMPARE_FLAGS(id, signal_nans)                                                             \
    INTERP(id)                                                                                     \
    {                                                                                              \
        compare_flags(cpu, i, fp_size(i), fp_reg(cpu, fp_size(i), i->rm), signal_nans);            \
    }                                                                                              \
    INTERP(id##_h)                                                                                 \
    {                                                                                              \
        compare_flags(cpu, i, FP_HALF, fp_reg(cpu, FP_HALF, i->rm), signal_nans);                  \
    }                                                                                              \
    INTERP(id##_zero)                                                                              \
    {                                                                                              \
        compare_flags(cpu, i, fp_size(i), 0, signal_nans);                                         \
    }                                                                                              \
    INTERP(id##_zero_h)                                                                            \
    {                                                                                              \
        compare_flags(cpu, i, FP_HALF, 0, signal_nans);                                            \
    }
#define CONDITIONAL_COMPARE(id, signal_nans)                                                       \
    INTERP(id)                                                                                     \
    {                                                                                              \
        conditional_compare(cpu, i, fp_size(i), signal_nans);                                      \
    }                                                                                              \
    INTERP(id##_h)                                                                                 \
    {                                                                                              \
        conditional_compare(cpu, i, FP_HALF, signal_nans);                                         \
    }

COMPARE_FLAGS(FCMP, false)
COMPARE_FLAGS(FCMPE, true)
CONDITIONAL_COMPARE(FCCMP, false)
CONDITIONAL_COMPARE(FCCMPE, true)

static void select(CpuState *cpu, const DecodedInsn *i, unsigned size)
{
    unsigned from = cond_holds(i->cond, cpu->nzcv) ? i->rn : i->rm;
    set_v64(cpu, i->rd, fp_reg(cpu, size, from));
}

INTERP(FCSEL)
{
    select(cpu, i, fp_size(i));
}

INTERP(FCSEL_h)
{
    select(cpu, i, FP_HALF);
}

/* Moves. */

INTERP(FMOV_scalar_imm)
{
    set_v64(cpu, i->rd, fp_expand_imm(8u << fp_size(i), i->imm));
}

INTERP(FMOV_scalar_imm_h)
{
    set_v64(cpu, i->rd, fp_expand_imm(16, i->imm));
}

INTERP(FMOV_gen_to)
{
    set_x(cpu, i->rd, fp_reg(cpu, fp_size(i), i->rn));
}

INTERP(FMOV_gen_to_h)
{
    set_x(cpu, i->rd, fp_reg(cpu, FP_HALF, i->rn));
}

INTERP(FMOV_gen_from)
{
    set_v64(cpu, i->rd, get_xw(cpu, i->sf, i->rn));
}

INTERP(FMOV_gen_from_h)
{
    set_v64(cpu, i->rd, get_x(cpu, i->rn) & 0xffff);
}

INTERP(FMOV_gen_top_to)
{
    set_x(cpu, i->rd, cpu->v[i->rn].u64[1]);
}

INTERP(FMOV_gen_top_from)
{
    cpu->v[i->rd].u64[1] = get_x(cpu, i->rn);
}

/* Estimates on unsigned fixed point. */

static uint64_t unsigned_recip(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    (void)bits, (void)fpcr, (void)fpsr;
    return fp_recip_estimate_u32((uint32_t)a);
}

static uint64_t unsigned_rsqrt(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr)
{
    (void)bits, (void)fpcr, (void)fpsr;
    return fp_rsqrt_estimate_u32((uint32_t)a);
}

INTERP(URECPE_vec)
{
    fp_map1(cpu, i, 2, lane_count(2, i->q), unsigned_recip);
}

INTERP(URSQRTE_vec)
{
    fp_map1(cpu, i, 2, lane_count(2, i->q), unsigned_rsqrt);
}
