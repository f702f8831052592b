/*
 * Advanced SIMD shifts by register: the amount is the signed low byte of each lane.
 *
 * The host shifts lanes one by one by unsigned amounts, and only wide ones: narrower lanes are
 * put at the top of wider ones, where a saturating shift of the one is that of the other. Hosts
 * that cannot (before AVX2) call the interpreter.
 */
#include "tcg-lite/xlat/simd/simd.h"

typedef struct ByReg {
    bool arith, round, sat;
    unsigned size;     /* bytes of the lanes that the host shifts */
    unsigned fraction; /* bits of such a lane below the guest's */
    unsigned q;
    /* temporaries: [0] of the way to the left, [1] to the right */
    IrRef a, b, count[2], moved[2], negative[2], back, over, sign, x;
} ByReg;

/* All ones where a lane is negative. */
static void sign_of(Xlat *t, unsigned size, IrRef d, IrRef a)
{
    if (vec_available(IR_VSARI, size))
        v_opi(t, IR_VSARI, size, d, a, 8 * size - 1);
    else
        ir_op(t, IR_VCMPGT, size, d, IR_VK, a)->imm = VK_ZERO;
}

/* d = a >> count, sign or zeros in, all of them beyond. */
static void shift_right(Xlat *t, const ByReg *s, IrRef d, IrRef a, IrRef count)
{
    if (!s->arith) {
        v_op(t, IR_VSHRV, s->size, d, a, count);
    } else if (vec_available(IR_VSARV, s->size)) {
        v_op(t, IR_VSARV, s->size, d, a, count);
    } else {
        sign_of(t, s->size, s->sign, a);
        v_op(t, IR_VXOR, s->size, s->x, a, s->sign);
        v_op(t, IR_VSHRV, s->size, s->x, s->x, count);
        v_op(t, IR_VXOR, s->size, d, s->x, s->sign);
    }
}

static void is_negative(Xlat *t, const ByReg *s, IrRef d, IrRef b)
{
    v_opi(t, IR_VSHLI, s->size, d, b, 8 * s->size - 8);
    sign_of(t, s->size, d, d);
}

/*
 * What does not come back when the shift to the left just made is undone has overflowed. (With
 * amounts of the other direction, nothing comes back; such lanes count for nothing.)
 */
static void saturate(Xlat *t, const ByReg *s, IrRef a, IrRef b)
{
    IrRef left = s->moved[0];

    shift_right(t, s, s->back, left, s->count[0]);
    v_op(t, IR_VXOR, s->size, s->over, s->back, a);
    v_op(t, IR_VCMPEQ, s->size, s->back, s->back, a);
    if (s->arith) {
        sign_of(t, s->size, s->sign, a);
        v_opc(t, IR_VXOR, s->size, s->sign, s->sign,
              v_splat(s->size, low_mask(8 * s->size - 1)));
        v_bsel(t, left, left, s->sign, s->back);
    } else {
        v_op1(t, IR_VNOT, s->size, s->back, s->back);
        v_op(t, IR_VOR, s->size, left, left, s->back);
    }
    is_negative(t, s, s->negative[0], b);
    v_op(t, IR_VANDN, s->size, s->over, s->negative[0], s->over);
    v_qc(t, s->over, IR_NONE, s->fraction ? 1 : s->q);
}

/* To what was shifted right: the last bit shifted out. Destroys the count. */
static void round_up(Xlat *t, const ByReg *s, IrRef a)
{
    unsigned log2 = (unsigned)__builtin_ctz(s->size);
    IrRef right = s->moved[1], count = s->count[1];

    if (s->fraction) {
        v_opc(t, IR_VADD, s->size, right, right, v_splat(s->size, 1ull << (s->fraction - 1)));
        return;
    }
    v_opk(t, IR_VSUB, s->size, count, count, VK_ONE + log2);
    shift_right(t, s, count, a, count);
    v_opk(t, IR_VAND, s->size, count, count, VK_ONE + log2);
    v_op(t, IR_VADD, s->size, right, right, count);
}

/*
 * Both directions, each 0 (arithmetic to the right: all sign) where the amount is of the other:
 * counts of 128 and more shift everything out.
 */
static void shift_lanes(Xlat *t, const ByReg *s, IrRef d, IrRef a, IrRef b)
{
    unsigned low_byte = VK_LOW_BYTE + (unsigned)__builtin_ctz(s->size);
    IrRef left = s->moved[0], right = s->moved[1];

    v_opk(t, IR_VAND, s->size, s->count[0], b, low_byte);
    v_op(t, IR_VSHLV, s->size, left, a, s->count[0]);
    if (s->sat)
        saturate(t, s, a, b);
    ir_op(t, IR_VSUB, s->size, s->count[1], IR_VK, b)->imm = VK_ZERO;
    v_opk(t, IR_VAND, s->size, s->count[1], s->count[1], low_byte);
    shift_right(t, s, right, a, s->count[1]);
    if (s->round)
        round_up(t, s, a);
    if (s->arith || s->sat) {
        is_negative(t, s, s->negative[1], b);
        v_bsel(t, d, right, left, s->negative[1]);
    } else {
        v_op(t, IR_VOR, s->size, d, right, left);
    }
}

/* The lanes of part n of a, at the top of wider ones, to s->a; those of b, below, to s->b. */
static void widen(Xlat *t, const ByReg *s, unsigned size, unsigned n, IrRef a, IrRef b)
{
    for (unsigned bit = s->size / size / 2; size < s->size; size *= 2, bit /= 2) {
        IrOp zip = n & bit ? IR_VZIP2 : IR_VZIP1;
        ir_op(t, zip, size, s->a, IR_VK, a)->imm = VK_ZERO;
        v_op(t, zip, size, s->b, b, b);
        a = s->a;
        b = s->b;
    }
}

static void shift_widened(Xlat *t, const ByReg *s, unsigned size, IrRef d, IrRef a, IrRef b)
{
    unsigned parts = s->size / size / (s->q ? 1 : 2);
    IrRef part[4];

    for (unsigned n = 0; n < parts; n++) {
        part[n] = v_temp(t);
        widen(t, s, size, n, a, b);
        shift_lanes(t, s, part[n], s->a, s->b);
        v_opi(t, IR_VSHRI, s->size, part[n], part[n], s->fraction);
    }
    for (unsigned wide = s->size / 2; wide >= size; wide /= 2, parts = (parts + 1) / 2)
        for (unsigned n = 0; n < parts; n += 2) {
            IrRef r = wide == size ? d : part[n / 2];
            if (n + 1 < parts)
                v_op(t, IR_VPACKUS, wide, r, part[n], part[n + 1]);
            else
                v_opk(t, IR_VPACKUS, wide, r, part[n], VK_ZERO);
        }
}

static void shift_by_reg(Xlat *t, const DecodedInsn *i, IrRef a, unsigned size, unsigned q,
                         ByReg s)
{
    s.size = size;
    s.q = q;
    while (s.size < 8 && !vec_available(IR_VSHLV, s.size))
        s.size *= 2;
    if (!vec_available(IR_VSHLV, s.size)) {
        x_call_interp(t, false);
        return;
    }
    if (a == IR_NONE)
        a = v_elem(t, size, v_ref(i->rn), 0);
    s.fraction = 8 * (s.size - size);
    IrRef *const temps[] = {&s.count[0], &s.count[1], &s.moved[0], &s.moved[1], &s.negative[0],
                            &s.negative[1], &s.back, &s.over, &s.sign, s.fraction ? &s.a : &s.x,
                            &s.b};
    for (size_t n = 0; n < COUNTOF(temps); n++)
        *temps[n] = v_temp(t);
    if (s.fraction)
        shift_widened(t, &s, size, v_ref(i->rd), a, v_ref(i->rm));
    else
        shift_lanes(t, &s, v_ref(i->rd), a, v_ref(i->rm));
    v_half(t, q);
}

#define VECTOR(id, ...)                                                                            \
    TRANSLATE(id##_vec)                                                                            \
    {                                                                                              \
        shift_by_reg(t, i, v_ref(i->rn), 1u << i->size, i->q, (ByReg){__VA_ARGS__});               \
    }
#define DOUBLE(id, ...)                                                                            \
    TRANSLATE(id##_scalar) { shift_by_reg(t, i, v_ref(i->rn), 8, 0, (ByReg){__VA_ARGS__}); }
/* Zeros stand above the scalar: they saturate nowhere and stay zero. */
#define SCALAR(id, ...)                                                                            \
    TRANSLATE(id##_scalar)                                                                         \
    {                                                                                              \
        shift_by_reg(t, i, IR_NONE, 1u << i->size, 0, (ByReg){__VA_ARGS__});                       \
    }
#define BOTH(id, scalar, ...) VECTOR(id, __VA_ARGS__) scalar(id, __VA_ARGS__)
BOTH(SSHL, DOUBLE, .arith = true)
BOTH(USHL, DOUBLE, .arith = false)
BOTH(SRSHL, DOUBLE, .arith = true, .round = true)
BOTH(URSHL, DOUBLE, .round = true)
BOTH(SQSHL, SCALAR, .arith = true, .sat = true)
BOTH(UQSHL, SCALAR, .sat = true)
BOTH(SQRSHL, SCALAR, .arith = true, .round = true, .sat = true)
BOTH(UQRSHL, SCALAR, .round = true, .sat = true)
