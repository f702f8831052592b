/*
 * Running floating-point functions over registers. A scalar instruction is one lane; what the
 * result does not cover becomes zero. Sizes are log2 of bytes, as in emu/arith/simd.h.
 */
#ifndef EMU_INTERP_FP_LANES_H
#define EMU_INTERP_FP_LANES_H

#include "emu/arith/fp.h"
#include "emu/arith/simd.h"
#include "emu/interp/interp.h"

typedef uint64_t Fp1(unsigned bits, uint64_t a, uint32_t fpcr, uint32_t *fpsr);
typedef uint64_t Fp2(unsigned bits, uint64_t a, uint64_t b, uint32_t fpcr, uint32_t *fpsr);
/* d: the old destination lane. */
typedef uint64_t Fp3(unsigned bits, uint64_t d, uint64_t a, uint64_t b, uint32_t fpcr,
                     uint32_t *fpsr);

#define FP_HALF 1u

/* The operand size of a row that covers S and D. */
static inline unsigned fp_size(const DecodedInsn *i)
{
    return 2u + i->sz;
}

/* The low lane of a register. */
static inline uint64_t fp_reg(const CpuState *cpu, unsigned size, unsigned r)
{
    return lane_get(&cpu->v[r], size, 0);
}

/* Vd = fn(Vn), fn(Vn, b), fn(Vd, Vn, b) in each of the low lanes. */
static inline void fp_map1(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned lanes,
                           Fp1 *fn)
{
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < lanes; n++)
        lane_set(&d, size, n, fn(8u << size, lane_get(&a, size, n), cpu->fpcr, &cpu->fpsr));
    cpu->v[i->rd] = d;
}

static inline void fp_map2(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned lanes,
                           Fp2 *fn, V128 b)
{
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < lanes; n++)
        lane_set(
            &d, size, n,
            fn(8u << size, lane_get(&a, size, n), lane_get(&b, size, n), cpu->fpcr, &cpu->fpsr));
    cpu->v[i->rd] = d;
}

static inline void fp_map3(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned lanes,
                           Fp3 *fn, V128 b)
{
    V128 d = {0}, a = cpu->v[i->rn], old = cpu->v[i->rd];

    for (unsigned n = 0; n < lanes; n++)
        lane_set(&d, size, n,
                 fn(8u << size, lane_get(&old, size, n), lane_get(&a, size, n),
                    lane_get(&b, size, n), cpu->fpcr, &cpu->fpsr));
    cpu->v[i->rd] = d;
}

#endif
