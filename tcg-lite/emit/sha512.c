/*
 * SHA-512's rounds, for which few hosts have instructions: 64-bit arithmetic in RAX, RCX, RDX.
 * Operands that are in registers are put where vector temporaries would be, and read there.
 */
#include "tcg-lite/emit/emit.h"

typedef struct Halves {
    Mem low, high;
} Halves;

static Halves in_memory(Emit *e, IrRef r, unsigned slot)
{
    Mem m;

    if (vec_in_memory(e, r)) {
        m = vec_home(e, r);
    } else {
        m = cpu_mem(offsetof(CpuState, temp) + 8u * RA_VSLOT(slot));
        x64_vst(&e->a, VOP_MOVAPS_ST, m, vec_reg(e, r, VSCRATCH0));
    }
    Halves h = {m, m};
    h.high.disp += 8;
    return h;
}

/*
 * RAX = RDX rotated right by n0, n1 and n2, the three combined by XOR: the first rotation is
 * the common part, the others what they are beyond it.
 */
static void sigma(Emit *e, unsigned n0, unsigned n1, unsigned n2)
{
    Asm *a = &e->a;

    x64_mov_rr(a, 8, RAX, RDX);
    x64_shift_ri(a, SH_ROR, 8, RAX, n2 - n1);
    x64_alu_rr(a, ALU_XOR, 8, RAX, RDX);
    x64_shift_ri(a, SH_ROR, 8, RAX, n1 - n0);
    x64_alu_rr(a, ALU_XOR, 8, RAX, RDX);
    x64_shift_ri(a, SH_ROR, 8, RAX, n0);
}

/* RCX = RDX ? x : y, bit by bit */
static void choose(Emit *e, Mem x, Mem y)
{
    x64_mov_rm(&e->a, 8, RCX, x);
    x64_alu_rm(&e->a, ALU_XOR, 8, RCX, y);
    x64_alu_rr(&e->a, ALU_AND, 8, RCX, RDX);
    x64_alu_rm(&e->a, ALU_XOR, 8, RCX, y);
}

/* RCX = what two of RDX, x and y have, bit by bit; destroys RDX */
static void majority(Emit *e, Mem x, Mem y)
{
    x64_mov_rm(&e->a, 8, RCX, x);
    x64_alu_rm(&e->a, ALU_XOR, 8, RCX, y);
    x64_alu_rm(&e->a, ALU_XOR, 8, RDX, y);
    x64_alu_rr(&e->a, ALU_AND, 8, RCX, RDX);
    x64_alu_rm(&e->a, ALU_XOR, 8, RCX, y);
}

/* RAX += RCX + m */
static void add(Emit *e, Mem m)
{
    x64_alu_rr(&e->a, ALU_ADD, 8, RAX, RCX);
    x64_alu_rm(&e->a, ALU_ADD, 8, RAX, m);
}

/* Each of the two halves to RAX, the upper one first; that is in xmm15 for the other. */
static void round_h(Emit *e, Halves d, Halves n, Halves m)
{
    Asm *a = &e->a;

    x64_mov_rm(a, 8, RDX, m.high);
    sigma(e, 14, 18, 41);
    choose(e, n.low, n.high);
    add(e, d.high);
    x64_v2g(a, VOP_MOVQ_XG, VSCRATCH1, RAX);
    x64_alu_rm(a, ALU_ADD, 8, RAX, m.low);
    x64_mov_rr(a, 8, RDX, RAX);
    sigma(e, 14, 18, 41);
    choose(e, m.high, n.low);
    add(e, d.low);
}

static void round_h2(Emit *e, Halves d, Halves n, Halves m)
{
    Asm *a = &e->a;

    x64_mov_rm(a, 8, RDX, m.low);
    sigma(e, 28, 34, 39);
    majority(e, n.low, m.high);
    add(e, d.high);
    x64_v2g(a, VOP_MOVQ_XG, VSCRATCH1, RAX);
    x64_mov_rr(a, 8, RDX, RAX);
    sigma(e, 28, 34, 39);
    majority(e, m.low, m.high);
    add(e, d.low);
}

void emit_VSHA512(Emit *e, const IrInst *i)
{
    Halves d = in_memory(e, i->a, 0), n = in_memory(e, i->b, 1), m = in_memory(e, i->c, 2);

    (i->imm ? round_h2 : round_h)(e, d, n, m);
    x64_v2g(&e->a, VOP_MOVQ_XG, VSCRATCH0, RAX);
    Xmm r = vec_result(e, i->d, VSCRATCH0);
    x64_v3(&e->a, VOP_PUNPCKLQDQ, r, VSCRATCH0, VSCRATCH1);
    vec_store(e, i->d, r);
}
