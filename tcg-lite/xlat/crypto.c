/*
 * Cryptographic instructions for which the host has its own: AES, carry-less products, and
 * the three-operand logic of SHA-3. Invariant: without the host's instruction, the interpreter.
 */
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/simd.h"

/* AddRoundKey comes first on arm64, last on x86: with a zero key it is out of the way. */
static void aes_last_round(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (!host.aes) {
        x_call_interp(t, false);
        return;
    }
    IrRef x = v_new(t, IR_VXOR, 1, v_ref(i->rd), v_ref(i->rn));
    v_opk(t, op, 1, v_ref(i->rd), x, VK_ZERO);
}

TRANSLATE(AESE) { aes_last_round(t, i, IR_VAESENCLAST); }
TRANSLATE(AESD) { aes_last_round(t, i, IR_VAESDECLAST); }

/*
 * The guest's usual pair, AESE or AESD and then this on the same register: the instruction
 * before becomes the host's whole round. A whole inverse round is the same on both.
 */
static bool joins_round(Xlat *t, const DecodedInsn *i, IrOp last, IrOp whole)
{
    if (t->u->inst_count == 0 || i->rd != i->rn)
        return false;
    IrInst *before = &t->u->inst[t->u->inst_count - 1];
    if (before->op != last || before->d != v_ref(i->rd) || before->guest + 1 != t->guest)
        return false;
    before->op = (uint8_t)whole;
    return true;
}

TRANSLATE(AESMC)
{
    if (!host.aes) {
        x_call_interp(t, false);
    } else if (!joins_round(t, i, IR_VAESENCLAST, IR_VAESENC)) {
        /* the inverse of a last round, then a whole one: the mixing remains */
        IrRef x = v_newk(t, IR_VAESDECLAST, 1, v_ref(i->rn), VK_ZERO);
        v_opk(t, IR_VAESENC, 1, v_ref(i->rd), x, VK_ZERO);
    }
}

TRANSLATE(AESIMC)
{
    if (!host.aes)
        x_call_interp(t, false);
    else if (!joins_round(t, i, IR_VAESDECLAST, IR_VAESDEC))
        v_op1(t, IR_VAESIMC, 1, v_ref(i->rd), v_ref(i->rn));
}

TRANSLATE(PMULL_p64)
{
    if (host.pclmul)
        v_opi3(t, IR_VCLMUL, 8, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm), i->q ? 0x11 : 0);
    else
        x_call_interp(t, false);
}

TRANSLATE(EOR3)
{
    IrRef x = v_new(t, IR_VXOR, 8, v_ref(i->rm), v_ref(i->ra));
    v_op(t, IR_VXOR, 8, v_ref(i->rd), v_ref(i->rn), x);
}

TRANSLATE(BCAX)
{
    IrRef x = v_new(t, IR_VANDN, 8, v_ref(i->ra), v_ref(i->rm));
    v_op(t, IR_VXOR, 8, v_ref(i->rd), v_ref(i->rn), x);
}

static void rotate_right(Xlat *t, IrRef d, IrRef a, unsigned n)
{
    if (vec_available(IR_VRORI, 8)) {
        v_opi(t, IR_VRORI, 8, d, a, n);
    } else {
        IrRef low = v_newi(t, IR_VSHRI, 8, a, n);
        v_op(t, IR_VOR, 8, d, low, v_newi(t, IR_VSHLI, 8, a, 64 - n));
    }
}

TRANSLATE(RAX1)
{
    IrRef x = v_temp(t);
    rotate_right(t, x, v_ref(i->rm), 63);
    v_op(t, IR_VXOR, 8, v_ref(i->rd), v_ref(i->rn), x);
}

TRANSLATE(XAR)
{
    IrRef x = v_new(t, IR_VXOR, 8, v_ref(i->rn), v_ref(i->rm));
    rotate_right(t, v_ref(i->rd), x, i->imms);
}
