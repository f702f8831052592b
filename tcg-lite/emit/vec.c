/* Vector moves and lane access; the lane-wise operations of vec.def are in simd.c. */
#include "tcg-lite/emit/emit.h"

/* By the bytes of a lane. */
static const VOp extract_lane[9] = {[1] = VOP_PEXTRB, [2] = VOP_PEXTRW, [4] = VOP_PEXTRD,
                                    [8] = VOP_PEXTRQ};
static const VOp insert_lane[9] = {[1] = VOP_PINSRB, [2] = VOP_PINSRW, [4] = VOP_PINSRD,
                                   [8] = VOP_PINSRQ};

void emit_VZERO(Emit *e, const IrInst *i)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    x64_v3(&e->a, VOP_XORPS, r, r, r);
    vec_store(e, i->d, r);
}

void emit_VMOV(Emit *e, const IrInst *i)
{
    Xmm s = vec_reg(e, i->a, VSCRATCH0), r = vec_result(e, i->d, VSCRATCH0);

    if (i->size == 16) {
        if (vec_in_memory(e, i->d))
            vec_store(e, i->d, s);
        else
            vec_move(e, r, s);
        return;
    }
    if (i->size == 8) {
        x64_v2(&e->a, VOP_MOVQ, r, s);
    } else if (i->size == 4) {
        x64_v3i(&e->a, VOP_INSERTPS, r, s, s, 0xe);
    } else { /* 2, 1 bytes: out at the top and back */
        x64_v2i(&e->a, VOP_PSLLDQ, r, s, (uint8_t)(16 - i->size));
        x64_v2i(&e->a, VOP_PSRLDQ, r, r, (uint8_t)(16 - i->size));
    }
    vec_store(e, i->d, r);
}

void emit_VCONST(Emit *e, const IrInst *i)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    if (i->imm == 0) {
        emit_VZERO(e, i);
        return;
    }
    if (i->imm == -1 && i->size == 16) {
        if (r < 16)
            x64_v3(&e->a, VOP_PCMPEQD, r, r, r);
        else
            x64_v3i(&e->a, VOP_VPTERNLOGD, r, r, r, 0xff);
        vec_store(e, i->d, r);
        return;
    }
    uint64_t at = vec_pooled(e, (uint64_t)i->imm);
    if (at) {
        x64_v2m(&e->a, i->size == 16 ? VOP_MOVAPS : VOP_MOVSD, r, mem_rip(at));
        vec_store(e, i->d, r);
        return;
    }
    x64_mov_ri(&e->a, RAX, (uint64_t)i->imm);
    if (i->size == 16 && x64_vop_available(VOP_VPBROADCASTQ_XG)) {
        x64_v2g(&e->a, VOP_VPBROADCASTQ_XG, r, RAX);
    } else {
        x64_v2g(&e->a, VOP_MOVQ_XG, r, RAX);
        if (i->size == 16)
            x64_v3(&e->a, VOP_PUNPCKLQDQ, r, r, r);
    }
    vec_store(e, i->d, r);
}

void emit_VFROM(Emit *e, const IrInst *i)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);
    Gpr s = arg_reg(e, i->a, RAX);

    if (i->size < 4) {
        x64_movzx_rr(&e->a, i->size, RAX, s);
        s = RAX;
    }
    x64_v2g(&e->a, i->size == 8 ? VOP_MOVQ_XG : VOP_MOVD_XG, r, s);
    vec_store(e, i->d, r);
}

void emit_VGET(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    if (vec_in_memory(e, i->a)) {
        Mem m = vec_home(e, i->a);
        m.disp += (int32_t)i->imm * i->size;
        if (i->sub)
            x64_movsx_rm(&e->a, i->sub, i->size, r, m);
        else
            x64_movzx_rm(&e->a, i->size, r, m);
        store_result(e, i->d, r);
        return;
    }
    Xmm s = vec_reg(e, i->a, VSCRATCH0);
    if (i->imm == 0 && i->size >= 4)
        x64_vg(&e->a, i->size == 8 ? VOP_MOVQ_GX : VOP_MOVD_GX, r, s);
    else
        x64_vgi(&e->a, extract_lane[i->size], r, s, (uint8_t)i->imm);
    if (i->sub && i->sub > i->size)
        x64_movsx_rr(&e->a, i->sub, i->size, r, r);
    store_result(e, i->d, r);
}

void emit_VINS(Emit *e, const IrInst *i)
{
    Gpr b = arg_reg(e, i->b, RAX);

    if (i->d == i->a && vec_in_memory(e, i->d)) {
        Mem m = vec_home(e, i->d);
        m.disp += (int32_t)i->imm * i->size;
        x64_mov_mr(&e->a, i->size, m, b);
        return;
    }
    Xmm s = vec_reg(e, i->a, VSCRATCH0), r = vec_result(e, i->d, VSCRATCH0);
    x64_v3gi(&e->a, insert_lane[i->size], r, s, b, (uint8_t)i->imm);
    vec_store(e, i->d, r);
}

/* Every lane of xmm r = the low `size` bytes of s. */
static void duplicate(Emit *e, unsigned size, Xmm r, Gpr s)
{
    static const VOp evex[9] = {[1] = VOP_VPBROADCASTB_XG, [2] = VOP_VPBROADCASTW_XG,
                                [4] = VOP_VPBROADCASTD_XG, [8] = VOP_VPBROADCASTQ_XG};

    if (x64_vop_available(evex[size])) {
        x64_v2g(&e->a, evex[size], r, s);
        return;
    }
    x64_v2g(&e->a, size == 8 ? VOP_MOVQ_XG : VOP_MOVD_XG, r, s);
    switch (size) {
    case 1:
        x64_v3(&e->a, VOP_PUNPCKLBW, r, r, r);
        /* fall through */
    case 2:
        x64_v2i(&e->a, VOP_PSHUFLW, r, r, 0);
        /* fall through */
    case 4:
        x64_v2i(&e->a, VOP_PSHUFD, r, r, 0);
        break;
    default:
        x64_v3(&e->a, VOP_PUNPCKLQDQ, r, r, r);
        break;
    }
}

static void duplicated(Emit *e, const IrInst *i, Xmm r)
{
    if (i->sub == 8)
        x64_v2(&e->a, VOP_MOVQ, r, r);
    vec_store(e, i->d, r);
}

void emit_VDUP(Emit *e, const IrInst *i)
{
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    duplicate(e, i->size, r, arg_reg(e, i->a, RAX));
    duplicated(e, i, r);
}

/* ---- lanes from and to memory ---- */

void emit_VLDUP(Emit *e, const IrInst *i)
{
    static const VOp broadcast[9] = {[1] = VOP_VPBROADCASTB, [2] = VOP_VPBROADCASTW,
                                     [4] = VOP_VPBROADCASTD, [8] = VOP_MOVDDUP};
    Mem m = emit_address(e, i);
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    fault_point(e);
    if (x64_vop_available(broadcast[i->size])) {
        x64_v2m(&e->a, broadcast[i->size], r, m);
    } else {
        x64_movzx_rm(&e->a, i->size, RAX, m);
        duplicate(e, i->size, r, RAX);
    }
    duplicated(e, i, r);
}

void emit_VLDINS(Emit *e, const IrInst *i)
{
    Mem m = emit_address(e, i);
    Xmm s = vec_reg(e, i->c, VSCRATCH0), r = vec_result(e, i->d, VSCRATCH0);

    fault_point(e);
    x64_v3mi(&e->a, insert_lane[i->size], r, s, m, i->cond);
    vec_store(e, i->d, r);
}

void emit_VSTGET(Emit *e, const IrInst *i)
{
    Mem m = emit_address(e, i);
    Xmm s = vec_reg(e, i->c, VSCRATCH0);

    fault_point(e);
    if (i->cond == 0 && i->size >= 4)
        x64_vst(&e->a, i->size == 8 ? VOP_MOVSD_ST : VOP_MOVSS_ST, m, s);
    else
        x64_vsti(&e->a, extract_lane[i->size], m, s, i->cond);
}
