/*
 * Floating point by integers: estimates from tables, what goes to the interpreter by a test of
 * lanes, FJCVTZS. Only the last needs AVX.
 */
#include "tcg-lite/emit/fp.h"

/*
 * Numbers of FP_TABLE_RECIP: the upper eight bits of the fraction. FP_TABLE_RSQRT: the lowest
 * bit of the exponent, then the upper seven bits of the fraction; where that bit is 1 the
 * number's exponent is even, and the manual's RecipSqrtEstimate() takes the smaller half.
 */
void fp_tables(Asm *a)
{
    for (uint32_t n = 0; n < 256; n++)
        *a->p++ = (uint8_t)(fp_recip_estimate_u32((256 + n) << 23) >> 23);
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t scaled = n < 128 ? 256 + 2 * n : n;
        *a->p++ = (uint8_t)(fp_rsqrt_estimate_u32(scaled << 23) >> 23);
    }
}

void emit_FTABLE(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    bool mem = vec_in_memory(e, i->a);
    Xmm s = mem ? VSCRATCH0 : vec_reg(e, i->a, VSCRATCH0);

    x64_lea(a, 8, RCX, mem_rip(e->stubs->fp_table + 16u * FPC_COUNT + 256u * (uint64_t)i->imm));
    x64_v3(a, VOP_XORPS, VSCRATCH0, VSCRATCH0, VSCRATCH0);
    for (uint8_t at = 0; at < i->sub; at = (uint8_t)(at + i->size)) {
        if (mem) {
            Mem m = vec_home(e, i->a);
            m.disp += at;
            x64_movzx_rm(a, 1, RAX, m);
        } else {
            x64_vgi(a, VOP_PEXTRB, RAX, s, at);
        }
        x64_movzx_rm(a, 1, RAX, mem_bisd(RCX, RAX, 0, 0));
        x64_v3gi(a, VOP_PINSRB, VSCRATCH0, VSCRATCH0, RAX, at);
    }
    vec_store(e, i->d, VSCRATCH0);
}

/* ZF: the bytes that count are zero */
static void test_zero(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;

    flags_clobber(e);
    if (i->sub == 16) {
        Xmm s = vec_low(e, i->a, VSCRATCH0);
        x64_v2(a, VOP_PTEST, s, s);
    } else if (vec_in_memory(e, i->a)) {
        x64_alu_mi(a, ALU_CMP, i->sub, vec_home(e, i->a), 0);
    } else {
        x64_vg(a, i->sub == 8 ? VOP_MOVQ_GX : VOP_MOVD_GX, RAX, vec_reg(e, i->a, VSCRATCH0));
        x64_test_rr(a, i->sub, RAX, RAX);
    }
}

void emit_FCHECK(Emit *e, const IrInst *i)
{
    test_zero(e, i);
    interp_unless(e, CC_E);
}

void emit_FRAISE(Emit *e, const IrInst *i)
{
    test_zero(e, i);
    Fixup zero = x64_jcc_fwd8(&e->a, CC_E);
    x64_alu_mi(&e->a, ALU_OR, 4, CPU_MEM(fpsr), (int32_t)i->imm);
    x64_bind(&e->a, zero);
}

/* CpuState.mxcsr is nobody's while translated code runs. */
void emit_FMODE(Emit *e, const IrInst *i)
{
    if (i->imm)
        x64_stmxcsr(&e->a, CPU_MEM(mxcsr));
    x64_ldmxcsr(&e->a, i->imm ? fp_const(e, FPC_MXCSR_DOWN) : CPU_MEM(mxcsr));
}

/*
 * Integers up to 2^63 are cut to their low word; what is beyond is left to the interpreter. An
 * integer that is not a word is invalid, and not inexact: so the host must not see a fraction.
 */
void emit_FTOJS(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;

    fp_begin(e, false);
    fp_probe(e, i->a, IR_NONE, 8, true);
    Xmm s = vec_reg(e, i->a, VSCRATCH1);
    x64_v3i(a, VOP_ROUNDSD, VSCRATCH0, s, s, fp_round_imm(FP_TO_ZERO, true));
    x64_vg(a, VOP_CVTTSD2SI_64, RAX, VSCRATCH0);
    if (!fp_traps(e)) {
        x64_alu_ri(a, ALU_CMP, 8, RAX, 1);
        interp_unless(e, CC_NO);
    }
    x64_movsx_rr(a, 8, 4, RCX, RAX);
    x64_alu_rr(a, ALU_CMP, 8, RCX, RAX);
    Fixup out = x64_jcc_fwd32(a, CC_NE);
    x64_vg(a, VOP_CVTTSD2SI_32, RCX, s); /* inexact */
    x64_v3g(a, VOP_CVTSI2SD_32, VSCRATCH0, VSCRATCH0, RAX);
    x64_v3(a, VOP_XORPS, VSCRATCH0, VSCRATCH0, s); /* zero: exact, and not -0 */
    x64_vg(a, VOP_MOVQ_GX, RCX, VSCRATCH0);
    x64_test_rr(a, 8, RCX, RCX);
    x64_setcc_r(a, CC_NE, RCX);
    Fixup done = x64_jmp_fwd32(a);
    x64_bind(a, out);
    x64_alu_mi(a, ALU_OR, 4, CPU_MEM(fpsr), FPSR_IOC);
    x64_mov_ri(a, RCX, 1);
    x64_bind(a, done);
    Gpr r = result_reg(e, i->d, RAX);
    x64_mov_rr(a, 4, r, RAX);
    store_result(e, i->d, r);
    x64_test_rr(a, 1, RCX, RCX);
    x64_stc(a); /* C is clear, in the form in which the interpreter's flags are loaded */
    flags_set(e, FK_SUB);
}
