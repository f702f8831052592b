/*
 * Conversions. A host without AVX-512 has no vectors of 64-bit integers to convert: their two
 * lanes are converted one by one.
 */
#include "tcg-lite/xlat/fp.h"

/* ---- to integers ---- */

/* How to convert: fraction bits of the integer (towards zero when there are any). */
typedef struct ToInt {
    bool is_unsigned;
    uint8_t mode; /* FpRounding */
    uint8_t fraction;
} ToInt;

static bool to_int_inline(Xlat *t, ToInt how)
{
    if (!how.fraction || !how.is_unsigned || host.avx512vl)
        return fp_inline(t);
    x_call_interp(t, false);
    return false;
}

static void set_how(IrInst *ins, ToInt how)
{
    ins->cond = how.mode;
    ins->shift = how.is_unsigned;
    ins->imm = how.fraction;
}

static void to_gpr(Xlat *t, const DecodedInsn *i, ToInt how)
{
    if (to_int_inline(t, how))
        set_how(fp_op(t, IR_FTOI, i->sf ? 8 : 4, fp_lane(i), x_dst(t, i->rd), v_ref(i->rn),
                      IR_NONE), how);
}

static void to_lane(Xlat *t, const DecodedInsn *i, unsigned size, ToInt how)
{
    if (!to_int_inline(t, how))
        return;
    IrRef g = x_temp(t);
    set_how(fp_op(t, IR_FTOI, size, size, g, v_ref(i->rn), IR_NONE), how);
    ir_op(t, IR_VFROM, size, v_ref(i->rd), g, IR_NONE);
}

/* d = both results, after the last of the operations that may be interpreted instead. */
static void two_lanes_to_int(Xlat *t, const DecodedInsn *i, ToInt how)
{
    IrRef low = x_temp(t), high = x_temp(t), v = v_temp(t);

    set_how(fp_op(t, IR_FTOI, 8, 8, low, v_ref(i->rn), IR_NONE), how);
    fp_op(t, IR_FODD, 8, 16, v, v_ref(i->rn), v_ref(i->rn));
    set_how(fp_op(t, IR_FTOI, 8, 8, high, v, IR_NONE), how);
    ir_op(t, IR_VFROM, 8, v_ref(i->rd), low, IR_NONE);
    ir_op(t, IR_VINS, 8, v_ref(i->rd), v_ref(i->rd), high)->imm = 1;
}

static void to_lanes(Xlat *t, const DecodedInsn *i, unsigned size, ToInt how)
{
    if (size == 4 && how.is_unsigned && !host.avx512vl) {
        x_call_interp(t, false);
        return;
    }
    if (!to_int_inline(t, how))
        return;
    if (size == 8 && !host.avx512vl) {
        two_lanes_to_int(t, i, how);
        return;
    }
    IrRef a = fp_arg(t, i->rn, size, fp_bytes(i));
    set_how(fp_op(t, IR_VFTOI, size, fp_bytes(i), v_ref(i->rd), a, IR_NONE), how);
}

#define TO_INT(id, is_unsigned, mode)                                                              \
    TRANSLATE(id##_int) { to_gpr(t, i, (ToInt){is_unsigned, mode, 0}); }                           \
    TRANSLATE(id##_scalar) { to_lane(t, i, fp_lane(i), (ToInt){is_unsigned, mode, 0}); }           \
    TRANSLATE(id##_vec) { to_lanes(t, i, fp_lane(i), (ToInt){is_unsigned, mode, 0}); }

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

/* immh:immb is twice the lane's width less the fraction bits. */
static unsigned fixed_size(const DecodedInsn *i)
{
    return i->immh >= 8 ? 8 : 4;
}

static uint8_t fixed_fraction(const DecodedInsn *i)
{
    return (uint8_t)(16 * fixed_size(i) - (i->immh << 3 | i->immb));
}

static ToInt fixed(bool is_unsigned, unsigned fraction)
{
    return (ToInt){is_unsigned, FP_TO_ZERO, (uint8_t)fraction};
}

#define TO_FIXED(id, is_unsigned)                                                                  \
    TRANSLATE(id##_fix) { to_gpr(t, i, fixed(is_unsigned, 64u - i->scale)); }                      \
    TRANSLATE(id##_scalar_fix)                                                                     \
    {                                                                                              \
        to_lane(t, i, fixed_size(i), fixed(is_unsigned, fixed_fraction(i)));                       \
    }                                                                                              \
    TRANSLATE(id##_vec_fix)                                                                        \
    {                                                                                              \
        to_lanes(t, i, fixed_size(i), fixed(is_unsigned, fixed_fraction(i)));                      \
    }

TO_FIXED(FCVTZS, false)
TO_FIXED(FCVTZU, true)

TRANSLATE(FJCVTZS)
{
    if (fp_inline(t))
        fp_op(t, IR_FTOJS, 4, 8, x_dst(t, i->rd), v_ref(i->rn), IR_NONE)->set_nzcv = true;
}

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
