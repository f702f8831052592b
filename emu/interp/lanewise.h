/*
 * What the Advanced SIMD parts of the interpreter share: running a lane function over the
 * registers an instruction names, and recording saturation.
 */
#ifndef EMU_INTERP_LANEWISE_H
#define EMU_INTERP_LANEWISE_H

#include "emu/arith/simd.h"
#include "emu/interp/interp.h"

/* Vd = fn over Vd, Vn and b in the given shape; sets FPSR.QC when a lane saturated. */
static inline void lanewise(CpuState *cpu, const DecodedInsn *i, LaneFn *fn, Shape s, V128 b)
{
    bool sat = false;

    cpu->v[i->rd] = simd_map(fn, s, cpu->v[i->rd], cpu->v[i->rn], b, &sat);
    if (sat)
        cpu->fpsr |= FPSR_QC;
}

/* The shape of a vector instruction whose operands all have elements of i->size. */
static inline Shape same(const DecodedInsn *i)
{
    return shape_same(i->size, lane_count(i->size, i->q));
}

#endif
