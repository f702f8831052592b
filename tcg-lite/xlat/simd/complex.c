/* Complex numbers: even lanes are real, odd lanes imaginary parts. */
#include "tcg-lite/xlat/fp/fp.h"
#include "tcg-lite/xlat/simd/simd.h"

static unsigned lane_size(const DecodedInsn *i)
{
    return 1u << i->size;
}

/* Parts of each number exchanged. */
static IrRef exchange(Xlat *t, unsigned size, IrRef a)
{
    if (size == 2)
        return v_newk(t, IR_VSHUFB, 1, a, VK_REV32 + 1);
    return v_newi(t, IR_VSHUFD, 4, a, size == 4 ? 0xb1 : 0x4e);
}

/* Each number's real (part 0) or imaginary part in both places. */
static IrRef both(Xlat *t, unsigned size, IrRef a, unsigned part)
{
    if (size == 8)
        return v_newi(t, IR_VDUPL, 8, a, part);
    if (size == 4)
        return v_newi(t, IR_VSHUFD, 4, a, part ? 0xf5 : 0xa0);
    IrRef high = v_newi(t, IR_VSHLI, 4, part ? v_newi(t, IR_VSHRI, 4, a, 16) : a, 16);
    return v_new(t, IR_VOR, 4, high, v_newi(t, IR_VSHRI, 4, high, 16));
}

/* Real parts negated when turn & 1, imaginary ones when turn & 2: bits, NaNs too. */
static IrRef negate(Xlat *t, unsigned size, IrRef a, unsigned turn)
{
    uint64_t sign = fp_sign(size);

    if (!turn)
        return a;
    if (size == 8 && turn != 3) {
        IrRef one = v_temp(t); /* in the lower half alone */
        v_opi(t, IR_VCONST, 8, one, IR_NONE, (int64_t)sign);
        if (turn == 2)
            v_opi(t, IR_VBSHL, 1, one, one, 8);
        return v_new(t, IR_VXOR, 8, a, one);
    }
    uint64_t number = (turn & 1 ? sign : 0) | (turn & 2 ? sign << (8 * size % 64) : 0);
    return v_newc(t, IR_VXOR, size, a, v_splat(size == 2 ? 4 : 8, number));
}

TRANSLATE(FCADD_vec)
{
    unsigned size = lane_size(i), bytes = fp_bytes(i);

    if (!fp_inline_arith(t, size))
        return;
    IrRef a = fp_arg(t, i->rn, size, bytes), b = fp_arg(t, i->rm, size, bytes);
    b = negate(t, size, exchange(t, size, b), i->rot ? 2 : 1);
    fp_apply(t, (FpHow){IR_FADD, 0, 0}, size, bytes, v_ref(i->rd), a, b);
}

/* Real (0, 180 degrees) or imaginary parts of Vn times b, turned. */
static void multiply_add(Xlat *t, const DecodedInsn *i, unsigned size, IrRef b)
{
    static const uint8_t turn[4] = {0, 1, 3, 2};
    unsigned part = i->rot & 1, bytes = fp_bytes(i);
    IrRef a = both(t, size, fp_arg(t, i->rn, size, bytes), part);

    if (part)
        b = exchange(t, size, b);
    b = negate(t, size, b, turn[i->rot]);
    fp_fma(t, size, bytes, v_ref(i->rd), v_ref(i->rd), a, b, 0);
}

TRANSLATE(FCMLA_vec)
{
    unsigned size = lane_size(i);

    if (fp_inline_fma(t, size))
        multiply_add(t, i, size, fp_arg(t, i->rm, size, fp_bytes(i)));
}

TRANSLATE(FCMLA_elem)
{
    if (fp_inline_fma(t, 4))
        multiply_add(t, i, 4, v_newi(t, IR_VDUPL, 8, v_ref(i->rm), i->h));
}

TRANSLATE(FCMLA_elem_h)
{
    if (fp_inline_fma(t, 2))
        multiply_add(t, i, 2, v_newi(t, IR_VDUPL, 4, v_ref(i->rm), i->h << 1 | i->l));
}
