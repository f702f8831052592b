/* Building blocks of the Advanced SIMD translations; rules in simd.h. */
#include "tcg-lite/x64/asm.h"
#include "tcg-lite/xlat/simd/simd.h"

#define VOP_NO VOP_COUNT

bool vec_available(IrOp op, unsigned size)
{
    static const uint16_t host_op[IR_OP_COUNT][4] = {
#define IR(op, operands, effects, facts, meaning)
#define VEC(op, shape, byte, half, word, dbl, facts, meaning)                                      \
    [IR_##op] = {VOP_##byte, VOP_##half, VOP_##word, VOP_##dbl},
#include "tcg-lite/ir/vec.def"
#undef VEC
#undef IR
    };
    VOp v = (VOp)host_op[op][__builtin_ctz(size)];

    return v != VOP_NO && x64_vop_available(v);
}

static unsigned log2_of(unsigned size)
{
    return (unsigned)__builtin_ctz(size);
}

void v_op(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b)
{
    ir_op(t, op, size, d, a, b);
}

void v_opk(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, unsigned constant)
{
    ir_op(t, op, size, d, a, IR_VK)->imm = constant;
}

void v_opc(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, uint64_t value)
{
    ir_op(t, op, size, d, a, IR_VC)->imm = (int64_t)value;
}

void v_opi(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, int64_t imm)
{
    ir_op(t, op, size, d, a, IR_NONE)->imm = imm;
}

void v_opi3(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b, int64_t imm)
{
    ir_op(t, op, size, d, a, b)->imm = imm;
}

IrRef v_new(Xlat *t, IrOp op, unsigned size, IrRef a, IrRef b)
{
    IrRef d = v_temp(t);
    v_op(t, op, size, d, a, b);
    return d;
}

IrRef v_newk(Xlat *t, IrOp op, unsigned size, IrRef a, unsigned constant)
{
    IrRef d = v_temp(t);
    v_opk(t, op, size, d, a, constant);
    return d;
}

IrRef v_newc(Xlat *t, IrOp op, unsigned size, IrRef a, uint64_t value)
{
    IrRef d = v_temp(t);
    v_opc(t, op, size, d, a, value);
    return d;
}

IrRef v_newi(Xlat *t, IrOp op, unsigned size, IrRef a, int64_t imm)
{
    IrRef d = v_temp(t);
    v_opi(t, op, size, d, a, imm);
    return d;
}

void v_half(Xlat *t, unsigned q)
{
    IrInst *i = &t->u->inst[t->u->inst_count - 1];

    if (q)
        return;
    if (i->op == IR_VMOV)
        i->size = i->size < 8 ? i->size : 8;
    else
        i->sub = 8;
}

IrRef v_zero(Xlat *t)
{
    return v_new(t, IR_VZERO, 16, IR_NONE, IR_NONE);
}

IrRef v_const(Xlat *t, uint64_t value)
{
    return v_newi(t, IR_VCONST, 16, IR_NONE, (int64_t)value);
}

uint64_t v_splat(unsigned size, uint64_t value)
{
    static const uint64_t ones[9] = {[1] = 0x0101010101010101, [2] = 0x0001000100010001,
                                     [4] = 0x0000000100000001, [8] = 1};
    return (value & low_mask(8 * size)) * ones[size];
}

void v_move(Xlat *t, IrRef d, IrRef a, unsigned q)
{
    v_op1(t, IR_VMOV, q ? 16 : 8, d, a);
}

IrRef v_elem(Xlat *t, unsigned size, IrRef a, unsigned lane)
{
    return v_newi(t, IR_VELEM, size, a, lane);
}

IrRef v_indexed(Xlat *t, const DecodedInsn *i)
{
    if (i->size == 1)
        return v_newi(t, IR_VDUPL, 2, v_ref(i->rm), i->h << 2 | i->l << 1 | i->m);
    return v_newi(t, IR_VDUPL, 4, v_ref((unsigned)i->m << 4 | i->rm), i->h << 1 | i->l);
}

void v_bsel(Xlat *t, IrRef d, IrRef a, IrRef b, IrRef c)
{
    ir_op(t, IR_VBSEL, 16, d, a, b)->c = c;
}

/* ---- shifts ---- */

void v_shl(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned n)
{
    if (size > 1)
        v_opi(t, IR_VSHLI, size, d, a, n);
    else
        v_opk(t, IR_VAND, 1, d, v_newi(t, IR_VSHLI, 2, a, n), VK_SHL + n);
}

/* Without an instruction for it: the sign goes in from a mask. */
static void sar_double(Xlat *t, IrRef d, IrRef a, unsigned n)
{
    IrRef sign = v_sign(t, 8, a);
    IrRef low = v_newi(t, IR_VSHRI, 8, a, n);

    v_op(t, IR_VOR, 8, d, low, v_newi(t, IR_VSHLI, 8, sign, 64 - n));
}

/* Bytes: as words, stray bits masked off; then the sign bit is extended. */
static void shr_byte(Xlat *t, IrRef d, IrRef a, unsigned n, bool arith)
{
    if (arith && n > 7)
        n = 7;
    IrRef shifted = v_newi(t, IR_VSHRI, 2, a, n);
    if (!arith) {
        v_opk(t, IR_VAND, 1, d, shifted, VK_SHR + n);
        return;
    }
    shifted = v_newk(t, IR_VAND, 1, shifted, VK_SHR + n);
    shifted = v_newk(t, IR_VXOR, 1, shifted, VK_SIGN_SHR + n);
    v_opk(t, IR_VSUB, 1, d, shifted, VK_SIGN_SHR + n);
}

void v_shr(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned n, bool arith)
{
    IrOp op = arith ? IR_VSARI : IR_VSHRI;

    if (size == 1)
        shr_byte(t, d, a, n, arith);
    else if (!vec_available(op, size))
        sar_double(t, d, a, n);
    else
        v_opi(t, op, size, d, a, n);
}

void v_rshr(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned n, bool arith)
{
    IrRef last = v_newi(t, IR_VSHRI, size == 1 ? 2 : size, a, n - 1), shifted = v_temp(t);

    last = v_newk(t, IR_VAND, size, last, VK_ONE + log2_of(size));
    v_shr(t, size, shifted, a, n, arith);
    v_op(t, IR_VADD, size, d, shifted, last);
}

/* ---- comparison ---- */

IrRef v_sign(Xlat *t, unsigned size, IrRef a)
{
    IrRef d = v_temp(t);

    if (size == 1 || !vec_available(IR_VSARI, size))
        ir_op(t, IR_VCMPGT, size, d, IR_VK, a)->imm = VK_ZERO;
    else
        v_opi(t, IR_VSARI, size, d, a, 8 * size - 1);
    return d;
}

/* a > b unsigned for doublewords, by their sign bits turned round. */
static void cmhi_double(Xlat *t, IrRef d, IrRef a, IrRef b)
{
    IrRef x = v_newk(t, IR_VXOR, 8, a, VK_SIGN + 3);
    v_op(t, IR_VCMPGT, 8, d, x, v_newk(t, IR_VXOR, 8, b, VK_SIGN + 3));
}

void v_cmhi(Xlat *t, unsigned size, IrRef d, IrRef a, IrRef b)
{
    if (!vec_available(IR_VUMIN, size)) {
        cmhi_double(t, d, a, b);
        return;
    }
    IrRef min = v_new(t, IR_VUMIN, size, a, b);
    v_op1(t, IR_VNOT, size, d, v_new(t, IR_VCMPEQ, size, min, a));
}

void v_minmax(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b)
{
    if (vec_available(op, size)) {
        v_op(t, op, size, d, a, b);
        return;
    }
    IrRef greater = v_temp(t);
    if (op == IR_VSMAX || op == IR_VSMIN)
        v_op(t, IR_VCMPGT, size, greater, a, b);
    else
        cmhi_double(t, greater, a, b);
    if (op == IR_VSMAX || op == IR_VUMAX)
        v_bsel(t, d, a, b, greater);
    else
        v_bsel(t, d, b, a, greater);
}

void v_abs(Xlat *t, unsigned size, IrRef d, IrRef a)
{
    if (vec_available(IR_VABS, size)) {
        v_op1(t, IR_VABS, size, d, a);
        return;
    }
    IrRef sign = v_sign(t, size, a);
    v_op(t, IR_VSUB, size, d, v_new(t, IR_VXOR, size, a, sign), sign);
}

/* ---- widths ---- */

IrRef v_widen(Xlat *t, unsigned size, IrRef a, unsigned q, bool is_signed)
{
    return v_newi(t, is_signed ? IR_VSXT : IR_VZXT, size, a, q);
}

void v_narrow(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned q, bool high)
{
    unsigned shuffle = (high ? VK_NARROW_HIGH : VK_NARROW) + log2_of(size);

    if (!q)
        v_opk(t, IR_VSHUFB, 1, d, a, shuffle);
    else
        v_op(t, IR_VZIP1, 8, d, d, v_newk(t, IR_VSHUFB, 1, a, shuffle));
}

void v_even_odd(Xlat *t, unsigned size, unsigned q, IrRef a, IrRef b, IrRef *even, IrRef *odd)
{
    *even = v_temp(t);
    *odd = v_temp(t);
    if (!q) {
        v_op(t, IR_VZIP1, 8, *even, a, b);
        if (size == 4)
            v_opi(t, IR_VSHUFD, 4, *even, *even, 0xd8);
        else
            v_opk(t, IR_VSHUFB, 1, *even, *even, VK_EVEN_ODD + log2_of(size));
        v_opi(t, IR_VBSHR, 1, *odd, *even, 8);
        return;
    }
    if (size == 4) {
        v_opi3(t, IR_VSHUF2, 4, *even, a, b, 0x88);
        v_opi3(t, IR_VSHUF2, 4, *odd, a, b, 0xdd);
        return;
    }
    if (size < 4) {
        IrRef x = v_newk(t, IR_VSHUFB, 1, a, VK_EVEN_ODD + log2_of(size));
        b = a == b ? x : v_newk(t, IR_VSHUFB, 1, b, VK_EVEN_ODD + log2_of(size));
        a = x;
    }
    v_op(t, IR_VZIP1, 8, *even, a, b);
    v_op(t, IR_VZIP2, 8, *odd, a, b);
}

/* ---- saturation ---- */

static IrRef clamp(Xlat *t, unsigned size, IrRef a, bool from_signed, bool to_signed)
{
    unsigned wide = 2 * size, bits = 8 * size;
    uint64_t max = low_mask(to_signed ? bits - 1 : bits);
    IrRef r = v_temp(t);

    v_minmax(t, from_signed ? IR_VSMIN : IR_VUMIN, wide, r, a, v_const(t, v_splat(wide, max)));
    if (from_signed) {
        IrRef limit = to_signed ? v_const(t, v_splat(wide, ~max)) : v_zero(t);
        v_minmax(t, IR_VSMAX, wide, r, r, limit);
    }
    v_qc(t, r, a, 1);
    return r;
}

/* The host's instruction takes signed lanes only: unsigned ones get below the limit first. */
static void pack(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned q, bool from_signed,
                 bool to_signed)
{
    IrOp op = to_signed ? IR_VPACKSS : IR_VPACKUS;

    if (!from_signed)
        a = v_newc(t, IR_VUMIN, 2 * size, a, v_splat(2 * size, low_mask(8 * size)));
    if (q)
        v_op(t, IR_VZIP1, 8, d, d, v_newk(t, op, size, a, VK_ZERO));
    else
        v_opk(t, op, size, d, a, VK_ZERO);
}

void v_narrow_sat(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned q, bool from_signed,
                  bool to_signed)
{
    unsigned wide = 2 * size, bits = 8 * size;

    if (size > 2) {
        v_narrow(t, size, d, clamp(t, size, a, from_signed, to_signed), q, false);
        return;
    }
    /* out of range: a bit above those of the narrow lane, after -min was added to a signed one */
    IrRef x = to_signed ? v_newc(t, IR_VADD, wide, a, v_splat(wide, 1ull << (bits - 1))) : a;
    ir_op(t, IR_VQCAND, 16, IR_NONE, x, IR_VC)->imm = (int64_t)v_splat(wide, ~low_mask(bits));
    pack(t, size, d, a, q, from_signed, to_signed);
}

void v_sat_wrapped(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef sum, IrRef overflow)
{
    IrRef limit = v_newk(t, IR_VXOR, size, v_sign(t, size, sum), VK_SIGN + log2_of(size));

    v_bsel(t, d, limit, sum, v_sign(t, size, overflow));
    v_half(t, q);
    v_qc(t, d, sum, q);
}

void v_qc(Xlat *t, IrRef a, IrRef b, unsigned q)
{
    ir_op(t, IR_VQC, 16, IR_NONE, a, b);
    v_half(t, q);
}
