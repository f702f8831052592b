/*
 * Vector floating point whose lanes mix or differ in width: accumulation, by element, pairwise,
 * across lanes, complex numbers, FP16 to single (FMLAL), BFloat16.
 */
#include "emu/interp/fp_lanes.h"

static uint64_t mls(unsigned bits, uint64_t d, uint64_t a, uint64_t b, uint32_t fpcr,
                    uint32_t *fpsr)
{
    return fp_muladd(bits, d, fp_neg(bits, a), b, fpcr, fpsr);
}

#define ACCUMULATE(id, fn)                                                                         \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        fp_map3(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), fn, cpu->v[i->rm]);              \
    }                                                                                              \
    INTERP(id##_vec_h)                                                                             \
    {                                                                                              \
        fp_map3(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), fn, cpu->v[i->rm]);                    \
    }

ACCUMULATE(FMLA, fp_muladd)
ACCUMULATE(FMLS, mls)

/* By element: lane H:L of Vm for S, H for D, H:L:M for half precision, in every lane. */

static V128 element(const CpuState *cpu, const DecodedInsn *i)
{
    unsigned index = i->sz ? i->h : i->h << 1 | i->l;
    return simd_dup(fp_size(i), lane_get(&cpu->v[i->rm], fp_size(i), index));
}

static V128 element_half(const CpuState *cpu, const DecodedInsn *i)
{
    return simd_dup(FP_HALF, cpu->v[i->rm].u16[i->h << 2 | i->l << 1 | i->m]);
}

#define BY_ELEMENT(id, map, fn)                                                                    \
    INTERP(id##_elem)                                                                              \
    {                                                                                              \
        map(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), fn, element(cpu, i));                \
    }                                                                                              \
    INTERP(id##_elem_h)                                                                            \
    {                                                                                              \
        map(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), fn, element_half(cpu, i));                 \
    }                                                                                              \
    INTERP(id##_elem_scalar)                                                                       \
    {                                                                                              \
        map(cpu, i, fp_size(i), 1, fn, element(cpu, i));                                           \
    }                                                                                              \
    INTERP(id##_elem_scalar_h)                                                                     \
    {                                                                                              \
        map(cpu, i, FP_HALF, 1, fn, element_half(cpu, i));                                         \
    }

BY_ELEMENT(FMLA, fp_map3, fp_muladd)
BY_ELEMENT(FMLS, fp_map3, mls)
BY_ELEMENT(FMUL, fp_map2, fp_mul)
BY_ELEMENT(FMULX, fp_map2, fp_mulx)

/* Pairwise: lanes 2n and 2n + 1 of Vm:Vn make lane n; the scalar form is Vn alone. */

static void pairwise(CpuState *cpu, const DecodedInsn *i, unsigned size, Fp2 *fn)
{
    unsigned lanes = lane_count(size, i->q);
    V128 d = {0}, source[2] = {cpu->v[i->rn], cpu->v[i->rm]};

    for (unsigned n = 0; n < lanes; n++) {
        const V128 *v = &source[2 * n / lanes];
        unsigned from = 2 * n % lanes;
        lane_set(&d, size, n,
                 fn(8u << size, lane_get(v, size, from), lane_get(v, size, from + 1), cpu->fpcr,
                    &cpu->fpsr));
    }
    cpu->v[i->rd] = d;
}

/*
 * The manual's Reduce(): halves are reduced first, then combined; with NaNs the order counts.
 */
static uint64_t reduce(CpuState *cpu, const V128 *v, unsigned size, unsigned first, unsigned lanes,
                       Fp2 *fn)
{
    if (lanes == 1)
        return lane_get(v, size, first);
    uint64_t low = reduce(cpu, v, size, first, lanes / 2, fn);
    uint64_t high = reduce(cpu, v, size, first + lanes / 2, lanes / 2, fn);
    return fn(8u << size, low, high, cpu->fpcr, &cpu->fpsr);
}

static void across(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned lanes, Fp2 *fn)
{
    set_v64(cpu, i->rd, reduce(cpu, &cpu->v[i->rn], size, 0, lanes, fn));
}

#define PAIRWISE(id, fn)                                                                           \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        pairwise(cpu, i, fp_size(i), fn);                                                          \
    }                                                                                              \
    INTERP(id##_vec_h)                                                                             \
    {                                                                                              \
        pairwise(cpu, i, FP_HALF, fn);                                                             \
    }                                                                                              \
    INTERP(id##_pair)                                                                              \
    {                                                                                              \
        across(cpu, i, fp_size(i), 2, fn);                                                         \
    }                                                                                              \
    INTERP(id##_pair_h)                                                                            \
    {                                                                                              \
        across(cpu, i, FP_HALF, 2, fn);                                                            \
    }
#define ACROSS(id, fn)                                                                             \
    INTERP(id)                                                                                     \
    {                                                                                              \
        across(cpu, i, 2, 4, fn);                                                                  \
    }                                                                                              \
    INTERP(id##_h)                                                                                 \
    {                                                                                              \
        across(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), fn);                                    \
    }

PAIRWISE(FADDP, fp_add)
PAIRWISE(FMAXP, fp_max)
PAIRWISE(FMINP, fp_min)
PAIRWISE(FMAXNMP, fp_maxnum)
PAIRWISE(FMINNMP, fp_minnum)
ACROSS(FMAXV, fp_max)
ACROSS(FMINV, fp_min)
ACROSS(FMAXNMV, fp_maxnum)
ACROSS(FMINNMV, fp_minnum)

/* Complex numbers: even lanes are real, odd lanes imaginary parts. */

INTERP(FCADD_vec)
{
    unsigned size = i->size, bits = 8u << size;
    V128 d = {0}, a = cpu->v[i->rn], b = cpu->v[i->rm];

    for (unsigned n = 0; n < lane_count(size, i->q); n += 2) {
        uint64_t to_real = lane_get(&b, size, n + 1), to_imag = lane_get(&b, size, n);
        /* 90 degrees: b * i = (-imag, real); 270 degrees: (imag, -real). */
        if (i->rot == 0)
            to_real = fp_neg(bits, to_real);
        else
            to_imag = fp_neg(bits, to_imag);
        lane_set(&d, size, n, fp_add(bits, lane_get(&a, size, n), to_real, cpu->fpcr, &cpu->fpsr));
        lane_set(&d, size, n + 1,
                 fp_add(bits, lane_get(&a, size, n + 1), to_imag, cpu->fpcr, &cpu->fpsr));
    }
    cpu->v[i->rd] = d;
}

/*
 * One of Vn's parts (real for 0 and 180 degrees, imaginary for 90 and 270) times Vm turned.
 * b holds Vm, or the chosen complex element of it in every place.
 */
static void complex_mul_add(CpuState *cpu, const DecodedInsn *i, unsigned size, V128 b)
{
    unsigned bits = 8u << size, part = i->rot & 1;
    V128 d = {0}, a = cpu->v[i->rn], old = cpu->v[i->rd];

    for (unsigned n = 0; n < lane_count(size, i->q); n += 2) {
        uint64_t factor = lane_get(&a, size, n + part);
        uint64_t to_real = lane_get(&b, size, n + part), to_imag = lane_get(&b, size, n + 1 - part);
        if (i->rot == 1 || i->rot == 2)
            to_real = fp_neg(bits, to_real);
        if (i->rot == 2 || i->rot == 3)
            to_imag = fp_neg(bits, to_imag);
        lane_set(&d, size, n,
                 fp_muladd(bits, lane_get(&old, size, n), factor, to_real, cpu->fpcr, &cpu->fpsr));
        lane_set(
            &d, size, n + 1,
            fp_muladd(bits, lane_get(&old, size, n + 1), factor, to_imag, cpu->fpcr, &cpu->fpsr));
    }
    cpu->v[i->rd] = d;
}

INTERP(FCMLA_vec)
{
    complex_mul_add(cpu, i, i->size, cpu->v[i->rm]);
}

INTERP(FCMLA_elem)
{
    complex_mul_add(cpu, i, 2, simd_dup(3, cpu->v[i->rm].u64[i->h]));
}

INTERP(FCMLA_elem_h)
{
    complex_mul_add(cpu, i, FP_HALF, simd_dup(2, cpu->v[i->rm].u32[i->h << 1 | i->l]));
}

/* FMLAL: half precision products added to singles; high: the upper half of the source lanes. */

static void mul_add_long(CpuState *cpu, const DecodedInsn *i, bool subtract, bool high, V128 b)
{
    unsigned lanes = lane_count(2, i->q), first = high ? lanes : 0;
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < lanes; n++) {
        uint64_t x = a.u16[first + n];
        if (subtract)
            x = fp_neg(16, x);
        d.u32[n] = (uint32_t)fp_muladd_widen(cpu->v[i->rd].u32[n], x, b.u16[first + n], cpu->fpcr,
                                             &cpu->fpsr);
    }
    cpu->v[i->rd] = d;
}

#define MUL_ADD_LONG(id, subtract, high)                                                           \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        mul_add_long(cpu, i, subtract, high, cpu->v[i->rm]);                                       \
    }                                                                                              \
    INTERP(id##_elem)                                                                              \
    {                                                                                              \
        mul_add_long(cpu, i, subtract, high, element_half(cpu, i));                                \
    }

MUL_ADD_LONG(FMLAL, false, false)
MUL_ADD_LONG(FMLSL, true, false)
MUL_ADD_LONG(FMLAL2, false, true)
MUL_ADD_LONG(FMLSL2, true, true)

/* BFloat16. */

static void bf_dot(CpuState *cpu, const DecodedInsn *i, V128 b)
{
    V128 d = {0};

    for (unsigned n = 0; n < lane_count(2, i->q); n++)
        d.u32[n] = fp_bf_dot(cpu->v[i->rd].u32[n], cpu->v[i->rn].u32[n], b.u32[n]);
    cpu->v[i->rd] = d;
}

INTERP(BFDOT_vec)
{
    bf_dot(cpu, i, cpu->v[i->rm]);
}

INTERP(BFDOT_elem)
{
    bf_dot(cpu, i, simd_dup(2, cpu->v[i->rm].u32[i->h << 1 | i->l]));
}

/* 2x4 by 4x2 matrices; Vm is stored by columns. */
INTERP(BFMMLA_vec)
{
    V128 d = cpu->v[i->rd], a = cpu->v[i->rn], b = cpu->v[i->rm];

    for (unsigned row = 0; row < 2; row++) {
        for (unsigned column = 0; column < 2; column++) {
            uint32_t *sum = &d.u32[2 * row + column];
            for (unsigned k = 0; k < 2; k++)
                *sum = fp_bf_dot(*sum, a.u32[2 * row + k], b.u32[2 * column + k]);
        }
    }
    cpu->v[i->rd] = d;
}

/* BFMLALB (q = 0) takes the even, BFMLALT (q = 1) the odd lanes; FPCR rules as for singles. */
static void bf_mul_add_long(CpuState *cpu, const DecodedInsn *i, V128 b)
{
    V128 d = cpu->v[i->rd], a = cpu->v[i->rn];

    for (unsigned n = 0; n < 4; n++) {
        unsigned from = 2 * n + i->q;
        d.u32[n] = (uint32_t)fp_muladd(32, d.u32[n], (uint64_t)a.u16[from] << 16,
                                       (uint64_t)b.u16[from] << 16, cpu->fpcr, &cpu->fpsr);
    }
    cpu->v[i->rd] = d;
}

INTERP(BFMLAL_vec)
{
    bf_mul_add_long(cpu, i, cpu->v[i->rm]);
}

INTERP(BFMLAL_elem)
{
    bf_mul_add_long(cpu, i, element_half(cpu, i));
}
