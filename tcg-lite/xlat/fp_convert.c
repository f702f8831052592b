/*
 * Conversions. A host without AVX-512 has no vectors of 64-bit integers to convert: their two
 * lanes are converted one by one.
 */
#include "tcg-lite/xlat/fp.h"

/* ---- to integers ---- */

static void to_int(Xlat *t, unsigned int_size, unsigned size, IrRef d, IrRef a, bool is_unsigned,
                   FpRounding mode)
{
    IrInst *ins = fp_op(t, IR_FTOI, int_size, size, d, a, IR_NONE);
    ins->cond = (uint8_t)mode;
    ins->shift = is_unsigned;
}

static void to_gpr(Xlat *t, const DecodedInsn *i, bool is_unsigned, FpRounding mode)
{
    if (fp_inline(t))
        to_int(t, i->sf ? 8 : 4, fp_lane(i), x_dst(t, i->rd), v_ref(i->rn), is_unsigned, mode);
}

static void to_lane(Xlat *t, const DecodedInsn *i, bool is_unsigned, FpRounding mode)
{
    if (!fp_inline(t))
        return;
    IrRef g = x_temp(t);
    to_int(t, fp_lane(i), fp_lane(i), g, v_ref(i->rn), is_unsigned, mode);
    ir_op(t, IR_VFROM, fp_lane(i), v_ref(i->rd), g, IR_NONE);
}

/* d = both results, after the last of the operations that may be interpreted instead. */
static void two_lanes_to_int(Xlat *t, const DecodedInsn *i, bool is_unsigned, FpRounding mode)
{
    IrRef low = x_temp(t), high = x_temp(t), v = v_temp(t);

    to_int(t, 8, 8, low, v_ref(i->rn), is_unsigned, mode);
    fp_op(t, IR_FODD, 8, 16, v, v_ref(i->rn), v_ref(i->rn));
    to_int(t, 8, 8, high, v, is_unsigned, mode);
    ir_op(t, IR_VFROM, 8, v_ref(i->rd), low, IR_NONE);
    ir_op(t, IR_VINS, 8, v_ref(i->rd), v_ref(i->rd), high)->imm = 1;
}

static void to_lanes(Xlat *t, const DecodedInsn *i, bool is_unsigned, FpRounding mode)
{
    if (!i->sz && is_unsigned && !host.avx512vl) {
        x_call_interp(t, false);
        return;
    }
    if (!fp_inline(t))
        return;
    if (i->sz && !host.avx512vl) {
        two_lanes_to_int(t, i, is_unsigned, mode);
        return;
    }
    IrRef a = fp_arg(t, i->rn, fp_lane(i), fp_bytes(i));
    IrInst *ins = fp_op(t, IR_VFTOI, fp_lane(i), fp_bytes(i), v_ref(i->rd), a, IR_NONE);
    ins->cond = (uint8_t)mode;
    ins->shift = is_unsigned;
}

#define TO_INT(id, is_unsigned, mode)                                                              \
    TRANSLATE(id##_int) { to_gpr(t, i, is_unsigned, mode); }                                       \
    TRANSLATE(id##_scalar) { to_lane(t, i, is_unsigned, mode); }                                   \
    TRANSLATE(id##_vec) { to_lanes(t, i, is_unsigned, mode); }

TO_INT(FCVTNS, false, FP_NEAREST)
TO_INT(FCVTNU, true, FP_NEAREST)
TO_INT(FCVTPS, false, FP_UP)
TO_INT(FCVTPU, true, FP_UP)
TO_INT(FCVTMS, false, FP_DOWN)
TO_INT(FCVTMU, true, FP_DOWN)
TO_INT(FCVTZS, false, FP_TO_ZERO)
TO_INT(FCVTZU, true, FP_TO_ZERO)
TO_INT(FCVTAS, false, FP_NEAREST_AWAY)
TO_INT(FCVTAU, true, FP_NEAREST_AWAY)

/* ---- from integers ---- */

static void from_int(Xlat *t, unsigned size, unsigned int_size, IrRef d, IrRef a,
                     bool is_unsigned, unsigned fraction)
{
    IrInst *ins = fp_op(t, IR_ITOF, size, int_size, d, a, IR_NONE);
    ins->shift = is_unsigned;
    ins->imm = fraction;
}

static void from_gpr(Xlat *t, const DecodedInsn *i, bool is_unsigned, unsigned fraction)
{
    if (!fp_inline(t))
        return;
    if (i->rn == 31)
        ir_op(t, IR_VZERO, 16, v_ref(i->rd), IR_NONE, IR_NONE);
    else
        from_int(t, fp_lane(i), i->sf ? 8 : 4, v_ref(i->rd), (IrRef)i->rn, is_unsigned, fraction);
}

static void from_lane(Xlat *t, const DecodedInsn *i, unsigned size, bool is_unsigned,
                      unsigned fraction)
{
    if (!fp_inline(t))
        return;
    IrRef g = x_temp(t);
    ir_op(t, IR_VGET, size, g, v_ref(i->rn), IR_NONE);
    from_int(t, size, size, v_ref(i->rd), g, is_unsigned, fraction);
}

static void two_lanes_from_int(Xlat *t, const DecodedInsn *i, bool is_unsigned, unsigned fraction)
{
    IrRef v[2];

    for (unsigned n = 0; n < 2; n++) {
        IrRef g = x_temp(t);
        ir_op(t, IR_VGET, 8, g, v_ref(i->rn), IR_NONE)->imm = n;
        v[n] = v_temp(t);
        from_int(t, 8, 8, v[n], g, is_unsigned, fraction);
    }
    fp_op(t, IR_FEVEN, 8, 16, v_ref(i->rd), v[0], v[1]);
}

static void from_lanes(Xlat *t, const DecodedInsn *i, unsigned size, bool is_unsigned,
                       unsigned fraction)
{
    if (size == 4 && is_unsigned && !host.avx512vl) {
        x_call_interp(t, false);
        return;
    }
    if (!fp_inline(t))
        return;
    if (size == 8 && !host.avx512vl) {
        two_lanes_from_int(t, i, is_unsigned, fraction);
        return;
    }
    IrRef a = fp_arg(t, i->rn, size, fp_bytes(i));
    IrInst *ins = fp_op(t, IR_VITOF, size, fp_bytes(i), v_ref(i->rd), a, IR_NONE);
    ins->shift = is_unsigned;
    ins->imm = fraction;
}

/* immh:immb is twice the lane's width less the fraction bits. */
static unsigned fixed_size(const DecodedInsn *i)
{
    return i->immh >= 8 ? 8 : 4;
}

static unsigned fixed_fraction(const DecodedInsn *i)
{
    return 16 * fixed_size(i) - (i->immh << 3 | i->immb);
}

#define FROM_INT(id, is_unsigned)                                                                  \
    TRANSLATE(id##_int) { from_gpr(t, i, is_unsigned, 0); }                                        \
    TRANSLATE(id##_fix) { from_gpr(t, i, is_unsigned, 64u - i->scale); }                           \
    TRANSLATE(id##_scalar) { from_lane(t, i, fp_lane(i), is_unsigned, 0); }                        \
    TRANSLATE(id##_scalar_fix)                                                                     \
    {                                                                                              \
        from_lane(t, i, fixed_size(i), is_unsigned, fixed_fraction(i));                            \
    }                                                                                              \
    TRANSLATE(id##_vec) { from_lanes(t, i, fp_lane(i), is_unsigned, 0); }                          \
    TRANSLATE(id##_vec_fix) { from_lanes(t, i, fixed_size(i), is_unsigned, fixed_fraction(i)); }

FROM_INT(SCVTF, false)
FROM_INT(UCVTF, true)

/* ---- between formats ---- */

/* ftype and opc: 0 single, 1 double, 3 half. Double to half in two steps would round twice. */
TRANSLATE(FCVT_scalar)
{
    static const uint8_t bytes[4] = {4, 8, 0, 2};
    unsigned from = bytes[i->ftype], to = bytes[i->opc];
    IrRef a = v_ref(i->rn);

    if (from == 8 && to == 2) {
        x_call_interp(t, false);
        return;
    }
    if (!(from == 2 || to == 2 ? fp_inline_half(t) : fp_inline(t)))
        return;
    if (from == 2 && to == 8) {
        a = v_temp(t);
        fp_op(t, IR_FCVT, 4, 2, a, v_ref(i->rn), IR_NONE);
        from = 4;
    }
    fp_op(t, IR_FCVT, to, from, v_ref(i->rd), a, IR_NONE);
}

TRANSLATE(FCVTL)
{
    if (i->sz ? fp_inline(t) : fp_inline_half(t))
        fp_op(t, IR_FWIDEN, fp_lane(i), 16, v_ref(i->rd), v_ref(i->rn), IR_NONE)->imm = i->q;
}

TRANSLATE(FCVTN)
{
    if (i->sz ? fp_inline(t) : fp_inline_half(t))
        fp_op(t, IR_FNARROW, fp_lane(i) / 2, 16, v_ref(i->rd), v_ref(i->rn),
              i->q ? v_ref(i->rd) : IR_NONE);
}
