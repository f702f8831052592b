/*
 * Advanced SIMD shifts by immediate.
 *
 * Invariant: immh:immb holds size and amount: the highest bit set in immh is the (narrow)
 * element size; to the right by 2 * bits - immh:immb, to the left by immh:immb - bits.
 */
#include "emu/interp/lanewise.h"

static unsigned shift_size(const DecodedInsn *i)
{
    return 31u - (unsigned)__builtin_clz(i->immh);
}

static void shift(CpuState *cpu, const DecodedInsn *i, LaneFn *fn, Shape s, bool right)
{
    unsigned bits = 8u << s.size, immhb = (unsigned)i->immh << 3 | i->immb;

    lanewise(cpu, i, fn, s, simd_dup(s.b_size, right ? 2 * bits - immhb : immhb - bits));
}

static Shape vector(const DecodedInsn *i)
{
    return shape_same(shift_size(i), lane_count(shift_size(i), i->q));
}

static Shape scalar(const DecodedInsn *i)
{
    return shape_same(shift_size(i), 1);
}

static Shape narrow(const DecodedInsn *i)
{
    return shape_narrow(shift_size(i), i->q);
}

static Shape narrow_scalar(const DecodedInsn *i)
{
    return shape_scalar(shape_narrow(shift_size(i), 0));
}

static Shape longer(const DecodedInsn *i)
{
    return shape_long(shift_size(i), i->q);
}

#define RIGHT(id, fn, shape) INTERP(id) { shift(cpu, i, lane_##fn, shape(i), true); }
#define LEFT(id, fn, shape) INTERP(id) { shift(cpu, i, lane_##fn, shape(i), false); }

RIGHT(SSHR_vec, sshr, vector)
RIGHT(USHR_vec, ushr, vector)
RIGHT(SSRA_vec, ssra, vector)
RIGHT(USRA_vec, usra, vector)
RIGHT(SRSHR_vec, srshr, vector)
RIGHT(URSHR_vec, urshr, vector)
RIGHT(SRSRA_vec, srsra, vector)
RIGHT(URSRA_vec, ursra, vector)
RIGHT(SRI_vec, sri, vector)
LEFT(SHL_vec, shl, vector)
LEFT(SLI_vec, sli, vector)
LEFT(SQSHLU_vec, sqshlu, vector)
LEFT(SQSHL_imm_vec, sqshl_imm, vector)
LEFT(UQSHL_imm_vec, uqshl_imm, vector)

RIGHT(SSHR_scalar, sshr, scalar)
RIGHT(USHR_scalar, ushr, scalar)
RIGHT(SSRA_scalar, ssra, scalar)
RIGHT(USRA_scalar, usra, scalar)
RIGHT(SRSHR_scalar, srshr, scalar)
RIGHT(URSHR_scalar, urshr, scalar)
RIGHT(SRSRA_scalar, srsra, scalar)
RIGHT(URSRA_scalar, ursra, scalar)
RIGHT(SRI_scalar, sri, scalar)
LEFT(SHL_scalar, shl, scalar)
LEFT(SLI_scalar, sli, scalar)
LEFT(SQSHLU_scalar, sqshlu, scalar)
LEFT(SQSHL_imm_scalar, sqshl_imm, scalar)
LEFT(UQSHL_imm_scalar, uqshl_imm, scalar)

RIGHT(SHRN_vec, shrn, narrow)
RIGHT(RSHRN_vec, rshrn, narrow)
RIGHT(SQSHRN_vec, sqshrn, narrow)
RIGHT(UQSHRN_vec, uqshrn, narrow)
RIGHT(SQSHRUN_vec, sqshrun, narrow)
RIGHT(SQRSHRN_vec, sqrshrn, narrow)
RIGHT(UQRSHRN_vec, uqrshrn, narrow)
RIGHT(SQRSHRUN_vec, sqrshrun, narrow)

RIGHT(SQSHRN_scalar, sqshrn, narrow_scalar)
RIGHT(UQSHRN_scalar, uqshrn, narrow_scalar)
RIGHT(SQSHRUN_scalar, sqshrun, narrow_scalar)
RIGHT(SQRSHRN_scalar, sqrshrn, narrow_scalar)
RIGHT(UQRSHRN_scalar, uqrshrn, narrow_scalar)
RIGHT(SQRSHRUN_scalar, sqrshrun, narrow_scalar)

LEFT(SSHLL_vec, sshll, longer)
LEFT(USHLL_vec, ushll, longer)
