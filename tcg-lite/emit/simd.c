/*
 * Lane-wise vector operations. The VEC rows of vec.def name the host instruction; what needs
 * more than one is below. Invariant: a result is computed in its home or in xmm14, arguments
 * from memory are loaded to xmm14 (a) and xmm15 (b), and instructions without an EVEX form see
 * only xmm0..15.
 */
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/ir/facts.h"
#include "tcg-lite/ir/vconst.h"

#define VOP_NO VOP_COUNT

static const uint16_t host_op[IR_OP_COUNT][4] = {
#define IR(op, operands, effects, facts, meaning)
#define VEC(op, shape, byte, half, word, dbl, facts, meaning)                                      \
    [IR_##op] = {VOP_##byte, VOP_##half, VOP_##word, VOP_##dbl},
#include "tcg-lite/ir/vec.def"
#undef VEC
#undef IR
};

static VOp op_of(unsigned op, unsigned size)
{
    return (VOp)host_op[op][__builtin_ctz(size)];
}

static Mem constant_at(Emit *e, unsigned number)
{
    return mem_rip(e->stubs->vec_consts + 16ull * number);
}

/* ---- what is known to be zero ---- */

static unsigned arg_bytes(const Emit *e, const IrInst *i, IrRef r)
{
    if (ir_is_v(r))
        return e->lanes.bytes[r - IR_V0];
    if (ir_is_vtemp(r))
        return e->t_bytes[r - IR_VT0];
    return r == IR_NONE || (r == IR_VK && i->imm == VK_ZERO) ? 0 : 16;
}

/* Without regard to sub. */
static unsigned natural_bytes(const Emit *e, const IrInst *i)
{
    return ir_lane_bytes(i, arg_bytes(e, i, i->a), arg_bytes(e, i, i->b));
}

unsigned vec_bytes_written(const Emit *e, const IrInst *i)
{
    return ir_low_bytes(i, arg_bytes(e, i, i->a), arg_bytes(e, i, i->b));
}

/* Writes r to d, only its lower half when sub is 8. */
static void finish(Emit *e, const IrInst *i, Xmm r)
{
    if (i->sub == 8 && natural_bytes(e, i) > 8) {
        Xmm d = vec_result(e, i->d, VSCRATCH0);
        x64_v2(&e->a, VOP_MOVQ, d, r);
        r = d;
    }
    vec_store(e, i->d, r);
}

/* The registers of an op: any, or only 0..15 when it has no EVEX form. */
static Xmm source(Emit *e, IrRef r, Xmm scratch, bool high_ok)
{
    return high_ok ? vec_reg(e, r, scratch) : vec_low(e, r, scratch);
}

static Xmm result(Emit *e, IrRef d, bool high_ok)
{
    return high_ok ? vec_result(e, d, VSCRATCH0) : vec_result_low(e, d, VSCRATCH0);
}

static void emit_shape_3(Emit *e, const IrInst *i)
{
    VOp op = op_of(i->op, i->size);
    bool high_ok = x64_vop_has_evex(op);
    Xmm a = source(e, i->a, VSCRATCH0, high_ok), r = result(e, i->d, high_ok);

    if (vec_in_memory(e, i->b))
        x64_v3m(&e->a, op, r, a, vec_home(e, i->b));
    else
        x64_v3(&e->a, op, r, a, source(e, i->b, VSCRATCH1, high_ok));
    finish(e, i, r);
}

static void emit_shape_3I(Emit *e, const IrInst *i)
{
    VOp op = op_of(i->op, i->size);
    bool high_ok = x64_vop_has_evex(op);
    Xmm a = source(e, i->a, VSCRATCH0, high_ok), r = result(e, i->d, high_ok);

    if (vec_in_memory(e, i->b))
        x64_v3mi(&e->a, op, r, a, vec_home(e, i->b), (uint8_t)i->imm);
    else
        x64_v3i(&e->a, op, r, a, source(e, i->b, VSCRATCH1, high_ok), (uint8_t)i->imm);
    finish(e, i, r);
}

static void emit_shape_2(Emit *e, const IrInst *i)
{
    VOp op = op_of(i->op, i->size);
    bool high_ok = x64_vop_has_evex(op);
    Xmm r = result(e, i->d, high_ok);

    if (vec_in_memory(e, i->a))
        x64_v2m(&e->a, op, r, vec_home(e, i->a));
    else
        x64_v2(&e->a, op, r, source(e, i->a, VSCRATCH0, high_ok));
    finish(e, i, r);
}

static void emit_shape_2I(Emit *e, const IrInst *i)
{
    VOp op = op_of(i->op, i->size);
    bool high_ok = x64_vop_has_evex(op);
    Xmm a = source(e, i->a, VSCRATCH0, high_ok), r = result(e, i->d, high_ok);

    x64_v2i(&e->a, op, r, a, (uint8_t)i->imm);
    finish(e, i, r);
}

#define IR(op, operands, effects, facts, meaning)
#define VEC(op, shape, byte, half, word, dbl, facts, meaning)                                      \
    void emit_##op(Emit *e, const IrInst *i)                                                       \
    {                                                                                              \
        emit_shape_##shape(e, i);                                                                  \
    }
#include "tcg-lite/ir/vec.def"
#undef VEC
#undef IR

/* ---- logic ---- */

void emit_VNOT(Emit *e, const IrInst *i)
{
    Xmm s = vec_reg(e, i->a, VSCRATCH0), r = vec_result(e, i->d, VSCRATCH0);

    if (x64_vop_available(VOP_VPTERNLOGD)) {
        x64_v3i(&e->a, VOP_VPTERNLOGD, r, s, s, 0x55);
    } else {
        x64_v3(&e->a, VOP_PCMPEQD, VSCRATCH1, VSCRATCH1, VSCRATCH1);
        x64_v3(&e->a, VOP_PXOR, r, s, VSCRATCH1);
    }
    finish(e, i, r);
}

/* d = d, s and t combined by the truth table; t may be in memory. */
static void ternary(Emit *e, Xmm d, Xmm s, IrRef t, uint8_t table)
{
    if (vec_in_memory(e, t))
        x64_v3mi(&e->a, VOP_VPTERNLOGD, d, s, vec_home(e, t), table);
    else
        x64_v3i(&e->a, VOP_VPTERNLOGD, d, s, vec_reg(e, t, VSCRATCH1), table);
}

static void bsel_ternary(Emit *e, const IrInst *i)
{
    if (vec_in_memory(e, i->c) && !vec_in_memory(e, i->d) && (i->d == i->a || i->d == i->b)) {
        Xmm d = vec_reg(e, i->d, VSCRATCH0); /* table index: old d, the other one, mask */
        bool is_a = i->d == i->a;
        ternary(e, d, vec_reg(e, is_a ? i->b : i->a, VSCRATCH1), i->c, is_a ? 0xe4 : 0xd8);
        finish(e, i, d);
    } else if (i->d == i->a && !vec_in_memory(e, i->d)) { /* table index: old d, mask, b */
        Xmm d = vec_reg(e, i->d, VSCRATCH0);
        ternary(e, d, vec_reg(e, i->c, VSCRATCH1), i->b, 0xe2);
        finish(e, i, d);
    } else if (i->d == i->b && !vec_in_memory(e, i->d)) { /* old d, mask, a */
        Xmm d = vec_reg(e, i->d, VSCRATCH0);
        ternary(e, d, vec_reg(e, i->c, VSCRATCH1), i->a, 0xb8);
        finish(e, i, d);
    } else { /* mask, a, b */
        Xmm d = i->d == i->c ? vec_result(e, i->d, VSCRATCH0) : VSCRATCH0;
        vec_move(e, d, vec_reg(e, i->c, d));
        ternary(e, d, vec_reg(e, i->a, VSCRATCH1), i->b, 0xca);
        finish(e, i, d);
    }
}

/* x = x op r */
static void apply(Emit *e, VOp op, Xmm d, Xmm x, IrRef r)
{
    if (vec_in_memory(e, r))
        x64_v3m(&e->a, op, d, x, vec_home(e, r));
    else
        x64_v3(&e->a, op, d, x, vec_reg(e, r, VSCRATCH1));
}

void emit_VBSEL(Emit *e, const IrInst *i)
{
    if (x64_vop_available(VOP_VPTERNLOGD)) {
        bsel_ternary(e, i);
        return;
    }
    /* ((a ^ b) & c) ^ b */
    Xmm a = vec_reg(e, i->a, VSCRATCH0), r = vec_result(e, i->d, VSCRATCH0);
    apply(e, VOP_PXOR, VSCRATCH0, a, i->b);
    apply(e, VOP_PAND, VSCRATCH0, VSCRATCH0, i->c);
    apply(e, VOP_PXOR, r, VSCRATCH0, i->b);
    finish(e, i, r);
}

/* ---- lanes ---- */

/* Of the upper half, but not signed words: as the upper part of lanes that come down again. */
static void extend_upper(Emit *e, const IrInst *i, Xmm r, bool is_signed)
{
    static const VOp unpack[5] = {[1] = VOP_PUNPCKHBW, [2] = VOP_PUNPCKHWD, [4] = VOP_PUNPCKHDQ};
    Xmm s = vec_reg(e, i->a, VSCRATCH0);

    if (is_signed) {
        x64_v3(&e->a, unpack[i->size], r, s, s);
        x64_v2i(&e->a, i->size == 1 ? VOP_PSRAW_I : VOP_PSRAD_I, r, r, (uint8_t)(8 * i->size));
    } else {
        x64_v3m(&e->a, unpack[i->size], r, s, constant_at(e, VK_ZERO));
    }
}

static void extend(Emit *e, const IrInst *i, VOp op, bool is_signed)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    if (i->imm && !vec_in_memory(e, i->a) && !(is_signed && i->size == 4)) {
        extend_upper(e, i, r, is_signed);
    } else if (vec_in_memory(e, i->a)) {
        Mem m = vec_home(e, i->a);
        m.disp += 8 * (int32_t)i->imm;
        x64_v2m(&e->a, op, r, m);
    } else {
        Xmm s = vec_reg(e, i->a, VSCRATCH0);
        if (i->imm) {
            x64_v2i(&e->a, VOP_PSHUFD, VSCRATCH0, s, 0xee);
            s = VSCRATCH0;
        }
        x64_v2(&e->a, op, r, s);
    }
    finish(e, i, r);
}

void emit_VSXT(Emit *e, const IrInst *i)
{
    static const VOp ops[5] = {[1] = VOP_PMOVSXBW, [2] = VOP_PMOVSXWD, [4] = VOP_PMOVSXDQ};
    extend(e, i, ops[i->size], true);
}

void emit_VZXT(Emit *e, const IrInst *i)
{
    static const VOp ops[5] = {[1] = VOP_PMOVZXBW, [2] = VOP_PMOVZXWD, [4] = VOP_PMOVZXDQ};
    extend(e, i, ops[i->size], false);
}

void emit_VDUPL(Emit *e, const IrInst *i)
{
    static const VOp broadcast[9] = {[1] = VOP_VPBROADCASTB, [2] = VOP_VPBROADCASTW,
                                     [4] = VOP_VPBROADCASTD, [8] = VOP_VPBROADCASTQ};
    bool can = x64_vop_available(broadcast[i->size]);
    Xmm r = vec_result(e, i->d, VSCRATCH0);
    unsigned lane = (unsigned)i->imm;

    if (can && vec_in_memory(e, i->a)) {
        Mem m = vec_home(e, i->a);
        m.disp += (int32_t)(lane * i->size);
        x64_v2m(&e->a, broadcast[i->size], r, m);
        finish(e, i, r);
        return;
    }
    Xmm s = vec_reg(e, i->a, VSCRATCH0);
    if (i->size == 8)
        x64_v3(&e->a, lane ? VOP_PUNPCKHQDQ : VOP_PUNPCKLQDQ, r, s, s);
    else if (i->size == 4)
        x64_v2i(&e->a, VOP_PSHUFD, r, s, (uint8_t)(lane * 0x55));
    else if (can && lane == 0)
        x64_v2(&e->a, broadcast[i->size], r, s);
    else
        x64_v3m(&e->a, VOP_PSHUFB, r, s,
                constant_at(e, (i->size == 1 ? VK_SPLAT_B : VK_SPLAT_H) + lane));
    finish(e, i, r);
}

static void element_from_memory(Emit *e, const IrInst *i, Xmm r)
{
    Mem m = vec_home(e, i->a);

    m.disp += (int32_t)i->imm * i->size;
    if (i->size >= 4) {
        x64_v2m(&e->a, i->size == 8 ? VOP_MOVSD : VOP_MOVSS, r, m);
    } else {
        x64_movzx_rm(&e->a, i->size, RAX, m);
        x64_v2g(&e->a, VOP_MOVD_XG, r, RAX);
    }
}

void emit_VELEM(Emit *e, const IrInst *i)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    if (vec_in_memory(e, i->a)) {
        element_from_memory(e, i, r);
        vec_store(e, i->d, r);
        return;
    }
    Xmm s = vec_reg(e, i->a, VSCRATCH0);
    if (i->size == 8 && i->imm == 0) {
        x64_v2(&e->a, VOP_MOVQ, r, s);
    } else if (i->size == 8) {
        x64_v2i(&e->a, VOP_PSRLDQ, r, s, 8);
    } else if (i->size == 4) {
        x64_v3i(&e->a, VOP_INSERTPS, r, s, s, (uint8_t)(i->imm << 6 | 0xe));
    } else {
        x64_vgi(&e->a, i->size == 1 ? VOP_PEXTRB : VOP_PEXTRW, RAX, s, (uint8_t)i->imm);
        x64_v2g(&e->a, VOP_MOVD_XG, r, RAX);
    }
    vec_store(e, i->d, r);
}

static void insert_double(Emit *e, Xmm r, Xmm a, Xmm b, unsigned to, unsigned from)
{
    if (to == 0 && from == 0)
        x64_v3(&e->a, VOP_MOVSD_RR, r, a, b);
    else if (to == 0)
        x64_v3(&e->a, VOP_MOVHLPS, r, a, b);
    else if (from == 0)
        x64_v3(&e->a, VOP_PUNPCKLQDQ, r, a, b);
    else
        x64_v3i(&e->a, VOP_SHUFPD, r, a, b, 2);
}

void emit_VINSL(Emit *e, const IrInst *i)
{
    unsigned to = i->imm & 0xff, from = (unsigned)i->imm >> 8;
    Xmm a = vec_reg(e, i->a, VSCRATCH0), b = vec_reg(e, i->b, VSCRATCH1);
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    if (i->size == 8) {
        insert_double(e, r, a, b, to, from);
    } else if (i->size == 4) {
        x64_v3i(&e->a, VOP_INSERTPS, r, a, b, (uint8_t)(from << 6 | to << 4));
    } else {
        bool byte = i->size == 1;
        x64_vgi(&e->a, byte ? VOP_PEXTRB : VOP_PEXTRW, RAX, b, (uint8_t)from);
        x64_v3gi(&e->a, byte ? VOP_PINSRB : VOP_PINSRW, r, a, RAX, (uint8_t)to);
    }
    finish(e, i, r);
}

/* ---- SHA-256 ---- */

/* The instruction takes its words from the lower half of xmm0, which is a guest register's. */
void emit_VSHA256R(Emit *e, const IrInst *i)
{
    vec_move(e, VSCRATCH0, vec_reg(e, i->a, VSCRATCH0));
    vec_move(e, VSCRATCH1, vec_reg(e, i->b, VSCRATCH1));
    x64_vg(&e->a, VOP_MOVQ_GX, RAX, 0);
    if (vec_in_memory(e, i->c))
        x64_v3m(&e->a, VOP_MOVLPS, 0, 0, vec_home(e, i->c));
    else
        x64_v3(&e->a, VOP_MOVSD_RR, 0, 0, vec_reg(e, i->c, VSCRATCH0));
    x64_v3(&e->a, VOP_SHA256RNDS2, VSCRATCH0, VSCRATCH0, VSCRATCH1);
    x64_v3gi(&e->a, VOP_PINSRQ, 0, 0, RAX, 0);
    finish(e, i, VSCRATCH0);
}

/* ---- saturation ---- */

/*
 * Whatever is not zero is collected in CpuState.qc, or in the register that the unit's plan has
 * for it. table: of VPTERNLOG, for qc | (a op b).
 */
static void collect_qc(Emit *e, const IrInst *i, VOp op, uint8_t table)
{
    bool half = i->sub == 8 && (arg_bytes(e, i, i->a) > 8 || arg_bytes(e, i, i->b) > 8);
    int qc = e->plan->v[RA_QC];
    Xmm a = vec_reg(e, i->a, VSCRATCH0);

    if (!half && qc != RA_NONE && i->b != IR_NONE && x64_vop_available(VOP_VPTERNLOGD)) {
        ternary(e, (Xmm)qc, a, i->b, table);
        return;
    }
    if (i->b != IR_NONE) {
        apply(e, op, VSCRATCH0, a, i->b);
        a = VSCRATCH0;
    }
    if (half) {
        x64_v2(&e->a, VOP_MOVQ, VSCRATCH0, a);
        a = VSCRATCH0;
    }
    if (qc != RA_NONE) {
        x64_v3(&e->a, VOP_POR, (Xmm)qc, (Xmm)qc, a);
    } else {
        x64_v3m(&e->a, VOP_POR, VSCRATCH0, a, CPU_MEM(qc));
        x64_vst(&e->a, VOP_MOVAPS_ST, CPU_MEM(qc), VSCRATCH0);
    }
}

void emit_VQC(Emit *e, const IrInst *i)
{
    collect_qc(e, i, VOP_PXOR, 0xf6);
}

void emit_VQCAND(Emit *e, const IrInst *i)
{
    collect_qc(e, i, VOP_PAND, 0xf8);
}

/* ---- sums of products ---- */

/* In xmm14 where d's register, which may also be that of a temporary, is still to be read. */
static void accumulate(Emit *e, const IrInst *i, VOp op)
{
    Xmm a = vec_reg(e, i->a, VSCRATCH1), r = vec_result(e, i->d, VSCRATCH0);

    if (r == a || (!vec_in_memory(e, i->b) && r == vec_reg(e, i->b, VSCRATCH1)))
        r = VSCRATCH0;
    vec_move(e, r, vec_reg(e, i->c, r));
    if (vec_in_memory(e, i->b))
        x64_v3m(&e->a, op, r, a, vec_home(e, i->b));
    else
        x64_v3(&e->a, op, r, a, vec_reg(e, i->b, VSCRATCH1));
    finish(e, i, r);
}

void emit_VDOT2(Emit *e, const IrInst *i)
{
    if (x64_vop_available(VOP_VPDPWSSD)) {
        accumulate(e, i, VOP_VPDPWSSD);
        return;
    }
    Xmm r = vec_result(e, i->d, VSCRATCH0);
    apply(e, VOP_PMADDWD, VSCRATCH0, vec_reg(e, i->a, VSCRATCH0), i->b);
    apply(e, VOP_PADDD, r, VSCRATCH0, i->c);
    finish(e, i, r);
}

void emit_VDOT4(Emit *e, const IrInst *i)
{
    accumulate(e, i, VOP_VPDPBUSD);
}
