/*
 * Advanced SIMD moves: copies between elements and general registers, permutes, table lookup,
 * modified immediates.
 *
 * Invariant: the lowest bit set in imm5 is the element size, the bits above it the index.
 */
#include "emu/arith/simd.h"
#include "tcg-lite/xlat/simd/simd.h"

static unsigned imm5_log2(const DecodedInsn *i)
{
    return (unsigned)__builtin_ctz(i->imm5);
}

static unsigned imm5_lane(const DecodedInsn *i)
{
    return i->imm5 >> (imm5_log2(i) + 1);
}

static unsigned imm5_bytes(const DecodedInsn *i)
{
    return 1u << imm5_log2(i);
}

/* ---- copies ---- */

TRANSLATE(DUP_elem)
{
    v_opi(t, IR_VDUPL, imm5_bytes(i), v_ref(i->rd), v_ref(i->rn), imm5_lane(i));
    v_half(t, i->q);
}

TRANSLATE(DUP_elem_scalar)
{
    v_opi(t, IR_VELEM, imm5_bytes(i), v_ref(i->rd), v_ref(i->rn), imm5_lane(i));
}

TRANSLATE(DUP_gen)
{
    v_op(t, IR_VDUP, imm5_bytes(i), v_ref(i->rd), x_src(i->rn), IR_NONE);
    v_half(t, i->q);
}

static void get_element(Xlat *t, const DecodedInsn *i, unsigned extend)
{
    if (i->rd == 31)
        return;
    IrInst *get = ir_op(t, IR_VGET, imm5_bytes(i), (IrRef)i->rd, v_ref(i->rn), IR_NONE);
    get->imm = imm5_lane(i);
    get->sub = (uint8_t)extend;
}

TRANSLATE(SMOV) { get_element(t, i, i->q ? 8 : 4); }
TRANSLATE(UMOV) { get_element(t, i, 0); }

TRANSLATE(INS_gen)
{
    v_opi3(t, IR_VINS, imm5_bytes(i), v_ref(i->rd), v_ref(i->rd), x_src(i->rn), imm5_lane(i));
}

TRANSLATE(INS_elem)
{
    v_opi3(t, IR_VINSL, imm5_bytes(i), v_ref(i->rd), v_ref(i->rd), v_ref(i->rn),
           imm5_lane(i) | (unsigned)(i->imm4 >> imm5_log2(i)) << 8);
}

/* ---- permutes ---- */

/* 64 bits: both operands are first joined to one register. */
static void uzp(Xlat *t, const DecodedInsn *i, bool second)
{
    unsigned size = 1u << i->size;
    IrRef d = v_ref(i->rd), n = v_ref(i->rn), m = v_ref(i->rm);

    if (size == 8) {
        v_op(t, second ? IR_VZIP2 : IR_VZIP1, 8, d, n, m);
    } else if (size == 4 && i->q) {
        v_opi3(t, IR_VSHUF2, 4, d, n, m, second ? 0xdd : 0x88);
    } else if (i->q) {
        IrRef x = v_newk(t, IR_VSHUFB, 1, n, VK_EVEN_ODD + i->size);
        IrRef y = n == m ? x : v_newk(t, IR_VSHUFB, 1, m, VK_EVEN_ODD + i->size);
        v_op(t, second ? IR_VZIP2 : IR_VZIP1, 8, d, x, y);
    } else {
        IrRef both = v_new(t, IR_VZIP1, 8, n, m);
        if (size == 4)
            v_opi(t, IR_VSHUFD, 4, d, both, second ? 0x0d : 0x08);
        else
            v_opk(t, IR_VSHUFB, 1, d, both, (second ? VK_ODD_EVEN : VK_EVEN_ODD) + i->size);
        v_half(t, 0);
    }
}

TRANSLATE(UZP1) { uzp(t, i, false); }
TRANSLATE(UZP2) { uzp(t, i, true); }

static void trn(Xlat *t, const DecodedInsn *i, bool second)
{
    unsigned size = 1u << i->size;
    IrRef d = v_ref(i->rd), n = v_ref(i->rn), m = v_ref(i->rm);

    if (size == 8) {
        v_op(t, second ? IR_VZIP2 : IR_VZIP1, 8, d, n, m);
        return;
    }
    if (size == 1) {
        IrRef x = second ? v_newi(t, IR_VSHRI, 2, n, 8)
                         : v_newk(t, IR_VAND, 2, n, VK_LOW_HALF + 1);
        v_op(t, IR_VOR, 1, d, x, second ? v_newk(t, IR_VAND, 2, m, VK_HIGH_BYTES)
                                        : v_newi(t, IR_VSHLI, 2, m, 8));
    } else {
        unsigned wide = 2 * size, lanes = size == 2 ? 0xaa : 0xcc;
        if (second)
            n = v_newi(t, IR_VSHRI, wide, n, 8 * size);
        else
            m = v_newi(t, IR_VSHLI, wide, m, 8 * size);
        v_opi3(t, IR_VBLEND, 2, d, n, m, lanes);
    }
    v_half(t, i->q);
}

TRANSLATE(TRN1) { trn(t, i, false); }
TRANSLATE(TRN2) { trn(t, i, true); }

TRANSLATE(ZIP1)
{
    v_op(t, IR_VZIP1, 1u << i->size, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm));
    v_half(t, i->q);
}

TRANSLATE(ZIP2)
{
    if (i->q)
        v_op(t, IR_VZIP2, 1u << i->size, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm));
    else
        v_opi(t, IR_VBSHR, 1, v_ref(i->rd),
              v_new(t, IR_VZIP1, 1u << i->size, v_ref(i->rn), v_ref(i->rm)), 8);
}

TRANSLATE(EXT)
{
    IrRef d = v_ref(i->rd), n = v_ref(i->rn), m = v_ref(i->rm);

    if (i->imm4 == 0)
        v_move(t, d, n, i->q);
    else if (i->q)
        v_opi3(t, IR_VALIGN, 1, d, m, n, i->imm4);
    else
        v_opi(t, IR_VBSHR, 1, d, v_new(t, IR_VZIP1, 8, n, m), i->imm4);
    v_half(t, i->q);
}

TRANSLATE(REV64_vec)
{
    if (i->size == 2)
        v_opi(t, IR_VSHUFD, 4, v_ref(i->rd), v_ref(i->rn), 0xb1);
    else
        v_opk(t, IR_VSHUFB, 1, v_ref(i->rd), v_ref(i->rn), VK_REV64 + i->size);
    v_half(t, i->q);
}

TRANSLATE(REV32_vec)
{
    v_opk(t, IR_VSHUFB, 1, v_ref(i->rd), v_ref(i->rn), VK_REV32 + i->size);
    v_half(t, i->q);
}

TRANSLATE(REV16_vec)
{
    v_opk(t, IR_VSHUFB, 1, v_ref(i->rd), v_ref(i->rn), VK_REV16);
    v_half(t, i->q);
}

/* ---- tables: an index made negative gives zero ---- */

static void table(Xlat *t, const DecodedInsn *i, IrRef d)
{
    IrRef sum = IR_NONE;

    for (unsigned n = 0; n <= i->opc; n++) {
        bool last = n == i->opc;
        IrRef index = v_ref(i->rm);
        if (n)
            index = v_newk(t, IR_VSUB, 1, index, VK_TABLE_STEP + n);
        IrRef part = v_newk(t, IR_VADDUS, 1, index, VK_TABLE_END);
        v_op(t, IR_VSHUFB, 1, last && !n ? d : part, v_ref((i->rn + n) % 32u), part);
        if (n)
            v_op(t, IR_VOR, 1, last ? d : sum, sum, part);
        else
            sum = part;
    }
}

TRANSLATE(TBL)
{
    table(t, i, v_ref(i->rd));
    v_half(t, i->q);
}

TRANSLATE(TBX)
{
    IrRef found = v_temp(t), d = v_ref(i->rd);

    table(t, i, found);
    IrRef beyond = v_newk(t, IR_VADDUS, 1, v_ref(i->rm), VK_TABLE_LAST + i->opc + 1);

    beyond = v_new(t, IR_VCMPGT, 1, v_zero(t), beyond);
    v_op(t, IR_VOR, 1, d, v_new(t, IR_VAND, 1, beyond, d), found);
    v_half(t, i->q);
}

/* ---- modified immediates ---- */

static void move_imm(Xlat *t, const DecodedInsn *i, uint64_t flip)
{
    v_opi(t, IR_VCONST, i->q ? 16 : 8, v_ref(i->rd), IR_NONE,
          (int64_t)(simd_modified_imm(i->word) ^ flip));
}

static void combine_imm(Xlat *t, const DecodedInsn *i, IrOp op, uint64_t flip)
{
    v_opc(t, op, 8, v_ref(i->rd), v_ref(i->rd), simd_modified_imm(i->word) ^ flip);
    v_half(t, i->q);
}

#define MOVE(id) TRANSLATE(id) { move_imm(t, i, 0); }
#define MOVE_NOT(id) TRANSLATE(id) { move_imm(t, i, ~0ull); }
#define ORR_IMM(id) TRANSLATE(id) { combine_imm(t, i, IR_VOR, 0); }
#define BIC_IMM(id) TRANSLATE(id) { combine_imm(t, i, IR_VAND, ~0ull); }

MOVE(MOVI_w0)
MOVE(MOVI_w1)
MOVE(MOVI_w2)
MOVE(MOVI_w3)
MOVE(MOVI_h0)
MOVE(MOVI_h1)
MOVE(MOVI_msl)
MOVE(MOVI_b)
MOVE(MOVI_d)
MOVE(FMOV_imm_s)
MOVE(FMOV_imm_d)
MOVE(FMOV_imm_h)
MOVE_NOT(MVNI_w0)
MOVE_NOT(MVNI_w1)
MOVE_NOT(MVNI_w2)
MOVE_NOT(MVNI_w3)
MOVE_NOT(MVNI_h0)
MOVE_NOT(MVNI_h1)
MOVE_NOT(MVNI_msl)
ORR_IMM(ORR_imm_w0)
ORR_IMM(ORR_imm_w1)
ORR_IMM(ORR_imm_w2)
ORR_IMM(ORR_imm_w3)
ORR_IMM(ORR_imm_h0)
ORR_IMM(ORR_imm_h1)
BIC_IMM(BIC_imm_w0)
BIC_IMM(BIC_imm_w1)
BIC_IMM(BIC_imm_w2)
BIC_IMM(BIC_imm_w3)
BIC_IMM(BIC_imm_h0)
BIC_IMM(BIC_imm_h1)
