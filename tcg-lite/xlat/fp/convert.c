/*
 * Conversions. A host without AVX-512 has no vectors of 64-bit integers to convert: their two
 * lanes are converted one by one; and none of unsigned words, which are made of signed ones.
 */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

/* ---- to integers ---- */

/* How to convert: fraction bits of the integer (towards zero when there are any). */
typedef struct ToInt {
    bool is_unsigned;
    uint8_t mode; /* FpRounding */
    uint8_t fraction;
} ToInt;

static bool to_int_inline(Xlat *t, unsigned size, ToInt how)
{
    if (!how.fraction || !how.is_unsigned || host.avx512vl)
        return fp_inline_arith(t, size);
    x_call_interp(t, false);
    return false;
}

static void set_how(IrInst *ins, ToInt how)
{
    ins->cond = how.mode;
    ins->shift = how.is_unsigned;
    ins->imm = how.fraction;
}

static void to_gpr(Xlat *t, const DecodedInsn *i, unsigned size, ToInt how)
{
    if (!to_int_inline(t, size, how))
        return;
    IrRef a = size == 2 ? half_widen(t, v_ref(i->rn), 2, 0) : v_ref(i->rn);
    set_how(fp_op(t, IR_FTOI, i->sf ? 8 : 4, size == 2 ? 4 : size, x_dst(t, i->rd), a, IR_NONE),
            how);
}

static void to_lane(Xlat *t, const DecodedInsn *i, unsigned size, ToInt how)
{
    if (!to_int_inline(t, size, how))
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

/*
 * Unsigned words as signed ones, less 2^31 from there on, which is exact. What is negative, or
 * 2^32 and more, goes to the interpreter before.
 */
static void words_to_int(Xlat *t, const DecodedInsn *i, ToInt how)
{
    unsigned bytes = fp_bytes(i);
    IrRef a = fp_arg(t, i->rn, 4, bytes), x = v_temp(t);

    fp_check_range(t, 4, bytes, a, 0, 0x4f800000);
    IrRef large = v_newc(t, IR_VCMPGT, 4, a, v_splat(4, 0x4effffff));
    v_opc(t, IR_VAND, 4, x, large, v_splat(4, 0x4f000000));
    fp_op(t, IR_FSUB, 4, bytes, x, a, x);
    how.is_unsigned = false;
    set_how(fp_op(t, IR_VFTOI, 4, bytes, x, x, IR_NONE), how);
    v_opi(t, IR_VSHLI, 4, large, large, 31);
    v_op(t, IR_VXOR, 4, v_ref(i->rd), x, large);
    v_half(t, i->q);
}

static void to_lanes(Xlat *t, const DecodedInsn *i, unsigned size, ToInt how)
{
    if (!to_int_inline(t, size, how))
        return;
    if (size == 8 && !host.avx512vl) {
        two_lanes_to_int(t, i, how);
        return;
    }
    if (how.is_unsigned && !host.avx512vl) {
        words_to_int(t, i, how);
        return;
    }
    IrRef a = fp_arg(t, i->rn, size, fp_bytes(i));
    set_how(fp_op(t, IR_VFTOI, size, fp_bytes(i), v_ref(i->rd), a, IR_NONE), how);
}

/* A scalar's halfword alone; others may raise what it does not. */
static IrRef half_lanes(Xlat *t, const DecodedInsn *i, unsigned bytes)
{
    if (bytes != 2)
        return v_ref(i->rn);
    IrRef d = v_temp(t);
    v_op1(t, IR_VMOV, 2, d, v_ref(i->rn));
    return d;
}

/*
 * To halfwords by way of words: what does not fit them has no fraction, so that nothing was
 * raised when it is found; negative numbers are sorted out before.
 */
static void half_to_lanes(Xlat *t, const DecodedInsn *i, unsigned bytes, ToInt how)
{
    IrRef r[2], all = IR_NONE;

    if (!fp_inline_arith(t, 2))
        return;
    IrRef a = half_lanes(t, i, bytes);
    if (how.is_unsigned)
        fp_check(t, bytes, v_newc(t, IR_VSUBUS, 2, a, v_splat(2, 0x8000)));
    for (unsigned part = 0; part < (bytes == 16 ? 2 : 1); part++) {
        r[part] = v_temp(t);
        set_how(fp_op(t, IR_VFTOI, 4, 16, r[part], half_widen(t, a, 16, part), IR_NONE),
                (ToInt){false, how.mode, how.fraction});
        IrRef x = r[part];
        if (!how.is_unsigned)
            x = v_newc(t, IR_VADD, 4, x, v_splat(4, 0x8000));
        all = part ? v_new(t, IR_VOR, 4, all, x) : x;
    }
    fp_check(t, 16, v_newi(t, IR_VSHRI, 4, all, 16));
    IrOp pack = how.is_unsigned ? IR_VPACKUS : IR_VPACKSS;
    if (bytes == 16)
        v_op(t, pack, 2, v_ref(i->rd), r[0], r[1]);
    else
        v_opk(t, pack, 2, v_ref(i->rd), r[0], VK_ZERO);
}

#define TO_INT(id, is_unsigned, mode)                                                              \
    TRANSLATE(id##_int) { to_gpr(t, i, fp_lane(i), (ToInt){is_unsigned, mode, 0}); }               \
    TRANSLATE(id##_int_h) { to_gpr(t, i, 2, (ToInt){is_unsigned, mode, 0}); }                      \
    TRANSLATE(id##_scalar_h) { half_to_lanes(t, i, 2, (ToInt){is_unsigned, mode, 0}); }            \
    TRANSLATE(id##_vec_h) { half_to_lanes(t, i, fp_bytes(i), (ToInt){is_unsigned, mode, 0}); }     \
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
    TRANSLATE(id##_fix) { to_gpr(t, i, fp_lane(i), fixed(is_unsigned, 64u - i->scale)); }          \
    TRANSLATE(id##_fix_h) { to_gpr(t, i, 2, fixed(is_unsigned, 64u - i->scale)); }                 \
    TRANSLATE(id##_scalar_fix_h)                                                                   \
    {                                                                                              \
        half_to_lanes(t, i, 2, fixed(is_unsigned, 16u - i->immb));                                 \
    }                                                                                              \
    TRANSLATE(id##_vec_fix_h)                                                                      \
    {                                                                                              \
        half_to_lanes(t, i, fp_bytes(i), fixed(is_unsigned, 16u - i->immb));                       \
    }                                                                                              \
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

/* What a single does not hold overflows a half: it does not matter that it is rounded twice. */
static void half_from_gpr(Xlat *t, const DecodedInsn *i, bool is_unsigned)
{
    if (!fp_inline_arith(t, 2))
        return;
    if (i->rn == 31) {
        ir_op(t, IR_VZERO, 16, v_ref(i->rd), IR_NONE, IR_NONE);
        return;
    }
    IrRef d = v_temp(t);
    from_int(t, 4, i->sf ? 8 : 4, d, (IrRef)i->rn, is_unsigned, 0);
    half_narrow(t, v_ref(i->rd), 2, d, IR_NONE, true);
}

/* A word is a double as it is; a doubleword may be rounded before it is rounded to odd. */
static void half_from_fixed(Xlat *t, const DecodedInsn *i, bool is_unsigned)
{
    if (i->sf) {
        x_call_interp(t, false);
        return;
    }
    if (!fp_inline_arith(t, 2))
        return;
    IrRef d = v_temp(t);
    if (i->rn == 31)
        ir_op(t, IR_VZERO, 16, d, IR_NONE, IR_NONE);
    else
        from_int(t, 8, 4, d, (IrRef)i->rn, is_unsigned, 64u - i->scale);
    IrInst *ins = fp_op(t, IR_FCVT, 4, 8, d, d, IR_NONE);
    ins->cond = ins->shift = 1;
    half_narrow(t, v_ref(i->rd), 2, d, IR_NONE, false);
}

/* Halfwords, which are singles as they are. */
static void half_from_lanes(Xlat *t, const DecodedInsn *i, unsigned bytes, bool is_unsigned,
                            unsigned fraction)
{
    IrRef r[2] = {IR_NONE, IR_NONE};

    if (!fp_inline_arith(t, 2))
        return;
    IrRef a = half_lanes(t, i, bytes);
    for (unsigned part = 0; part < (bytes == 16 ? 2 : 1); part++) {
        IrRef x = v_newi(t, is_unsigned ? IR_VZXT : IR_VSXT, 2, a, part);
        r[part] = v_temp(t);
        fp_op(t, IR_VITOF, 4, 16, r[part], x, IR_NONE)->imm = fraction;
    }
    half_narrow(t, v_ref(i->rd), bytes == 16 ? 16 : 8, r[0], r[1], true);
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

/* Unsigned words as signed ones: both halves are singles as they are, their sum is rounded. */
static void words_from_int(Xlat *t, const DecodedInsn *i, unsigned fraction)
{
    unsigned bytes = fp_bytes(i);
    IrRef a = fp_arg(t, i->rn, 4, bytes), high = v_newi(t, IR_VSHRI, 4, a, 16);
    IrRef low = v_newc(t, IR_VAND, 4, a, v_splat(4, 0xffff));

    fp_op(t, IR_VITOF, 4, bytes, high, high, IR_NONE)->imm = (int64_t)fraction - 16;
    fp_op(t, IR_VITOF, 4, bytes, low, low, IR_NONE)->imm = fraction;
    fp_op(t, IR_FADD, 4, bytes, v_ref(i->rd), high, low);
}

static void from_lanes(Xlat *t, const DecodedInsn *i, unsigned size, bool is_unsigned,
                       unsigned fraction)
{
    if (!fp_inline(t))
        return;
    if (size == 8 && !host.avx512vl) {
        two_lanes_from_int(t, i, is_unsigned, fraction);
        return;
    }
    if (is_unsigned && !host.avx512vl) {
        words_from_int(t, i, fraction);
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
    TRANSLATE(id##_int_h) { half_from_gpr(t, i, is_unsigned); }                                    \
    TRANSLATE(id##_fix_h) { half_from_fixed(t, i, is_unsigned); }                                  \
    TRANSLATE(id##_scalar_h) { half_from_lanes(t, i, 2, is_unsigned, 0); }                         \
    TRANSLATE(id##_scalar_fix_h) { half_from_lanes(t, i, 2, is_unsigned, 16u - i->immb); }         \
    TRANSLATE(id##_vec_h) { half_from_lanes(t, i, fp_bytes(i), is_unsigned, 0); }                  \
    TRANSLATE(id##_vec_fix_h)                                                                      \
    {                                                                                              \
        half_from_lanes(t, i, fp_bytes(i), is_unsigned, 16u - i->immb);                            \
    }                                                                                              \
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

/*
 * ftype and opc: 0 single, 1 double, 3 half. From double to half in two steps, the first of which
 * rounds to odd; where that raises anything, or is not a normal single, the second would, too.
 */
TRANSLATE(FCVT_scalar)
{
    static const uint8_t bytes[4] = {4, 8, 0, 2};
    unsigned from = bytes[i->ftype], to = bytes[i->opc];
    IrRef a = v_ref(i->rn);

    if (!(from == 2 || to == 2 ? fp_inline_half(t) : fp_inline(t)))
        return;
    if (from + to == 2 + 8) {
        bool odd = to == 2;
        a = v_temp(t);
        IrInst *ins = fp_op(t, IR_FCVT, 4, from, a, v_ref(i->rn), IR_NONE);
        ins->cond = ins->shift = odd;
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

/*
 * Rounded to odd. To the interpreter go zeros, too, with what does not stay a normal single; the
 * first conversion raises inexact.
 */
static void narrow_odd(Xlat *t, const DecodedInsn *i, bool scalar)
{
    const uint64_t min = 0x3810000000000000, max = 0x47efffffe0000000;
    unsigned bytes = scalar ? 8 : 16;
    IrOp op = scalar ? IR_FCVT : IR_FNARROW;
    IrRef a = v_ref(i->rn);

    if (!fp_inline(t))
        return;
    fp_check_range(t, 8, bytes, v_newi(t, IR_VSHLI, 8, a, 1), min << 1, ((max - min) << 1) + 1);
    fp_op(t, op, 4, bytes, v_temp(t), a, IR_NONE)->cond = 1;
    IrRef low = scalar || !i->q ? IR_NONE : v_ref(i->rd);
    IrInst *ins = fp_op(t, op, 4, bytes, v_ref(i->rd), a, low);
    ins->cond = 1;
    ins->shift = 1;
}

TRANSLATE(FCVTXN_scalar) { narrow_odd(t, i, true); }
TRANSLATE(FCVTXN_vec)    { narrow_odd(t, i, false); }
