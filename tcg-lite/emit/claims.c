/*
 * Debug builds: code that checks what the emitter believes of values, behind each operation and
 * where blocks begin, and stops at UD2, an internal fault, when it is not so. Invariant: no
 * register, flag or exception bit changes; neither RSP, as the return stack may be full.
 */
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/emit/fp.h"

#ifdef EMU_DEBUG

/* Between these RAX and the flags are free (and xmm14, xmm15, as between operations). */
static uint32_t begin(Emit *e)
{
    uint32_t written = e->a.written;

    x64_mov_mr(&e->a, 8, CPU_MEM(claims[0]), RAX);
    x64_lahf(&e->a);
    x64_setcc_r(&e->a, CC_O, RAX);
    x64_mov_mr(&e->a, 8, CPU_MEM(claims[1]), RAX);
    return written;
}

static void end(Emit *e, uint32_t written)
{
    x64_mov_rm(&e->a, 8, RAX, CPU_MEM(claims[1]));
    x64_alu_ri(&e->a, ALU_ADD, 1, RAX, 0x7f);
    x64_sahf(&e->a);
    x64_mov_rm(&e->a, 8, RAX, CPU_MEM(claims[0]));
    e->a.written = written;
}

static void stop_unless_equal(Emit *e)
{
    Fixup right = x64_jcc_fwd8(&e->a, CC_E);

    x64_ud2(&e->a);
    x64_bind(&e->a, right);
}

static void rax_is_zero(Emit *e)
{
    x64_test_rr(&e->a, 8, RAX, RAX);
    stop_unless_equal(e);
}

static void check_upper_half(Emit *e, IrRef r)
{
    Loc l = arg_loc(e, r);

    if (l.kind == LOC_REG)
        x64_mov_rr(&e->a, 8, RAX, (Gpr)l.reg);
    else
        x64_mov_rm(&e->a, 8, RAX, l.mem);
    x64_shift_ri(&e->a, SH_SHR, 8, RAX, 32);
    rax_is_zero(e);
}

static void check_held(Emit *e)
{
    for (int g = 0; g < HELD_COUNT; g++) {
        if (e->held[g] == IR_NONE)
            continue;
        if (g == RAX)
            x64_mov_rm(&e->a, 8, RAX, CPU_MEM(claims[0]));
        x64_alu_rm(&e->a, ALU_CMP, 8, (Gpr)g, arg_loc(e, e->held[g]).mem);
        stop_unless_equal(e);
    }
}

static void check_bytes(Emit *e, Xmm x, unsigned bytes)
{
    x64_vgi(&e->a, VOP_PEXTRQ, RAX, x, 1);
    rax_is_zero(e);
    if (bytes > 4)
        return;
    x64_vg(&e->a, VOP_MOVQ_GX, RAX, x);
    x64_shift_ri(&e->a, SH_SHR, 8, RAX, 32);
    rax_is_zero(e);
}

/* By integers, so that nothing is raised. */
static void check_numbers(Emit *e, Xmm x, unsigned size)
{
    uint64_t infinity = size == 8 ? 0x7ff0000000000000 : 0x7f8000007f800000;
    uint64_t at = vec_pooled(e, infinity);

    if (!at)
        return; /* the pool is full */
    x64_v3m(&e->a, VOP_PAND, VSCRATCH1, x, fp_const_sd(e, FPC_ABS_S, FPC_ABS_D, size));
    x64_v3m(&e->a, size == 8 ? VOP_PCMPGTQ : VOP_PCMPGTD, VSCRATCH1, VSCRATCH1, mem_rip(at));
    x64_vg(&e->a, VOP_MOVMSKPS, RAX, VSCRATCH1);
    rax_is_zero(e);
}

static void check_vector(Emit *e, IrRef r, unsigned bytes, unsigned numbers)
{
    Xmm x = vec_low(e, r, VSCRATCH0);

    if (bytes <= 8)
        check_bytes(e, x, bytes);
    for (unsigned size = 4; size <= 8 && host.avx; size *= 2)
        if (numbers & size)
            check_numbers(e, x, size);
}

void claims_check_op(Emit *e, const IrInst *i)
{
    uint32_t written;

    held_in(e, IR_NONE); /* brings e->held up to date */
    written = begin(e);
    check_held(e);
    if (ir_is_x(i->d) && e->zero_above >> i->d & 1)
        check_upper_half(e, i->d);
    if (ir_is_v(i->d))
        check_vector(e, i->d, e->lanes.bytes[i->d - IR_V0], e->lanes.number[i->d - IR_V0]);
    if (ir_is_vtemp(i->d))
        check_vector(e, i->d, e->t_bytes[i->d - IR_VT0], e->t_number[i->d - IR_VT0]);
    end(e, written);
}

void claims_check_block(Emit *e)
{
    uint32_t written = begin(e);

    for (unsigned n = 0; n < 32; n++) {
        if (e->zero_above >> n & 1)
            check_upper_half(e, (IrRef)n);
        if (e->lanes.bytes[n] <= 8 || e->lanes.number[n])
            check_vector(e, (IrRef)(IR_V0 + n), e->lanes.bytes[n], e->lanes.number[n]);
    }
    end(e, written);
}

#endif
