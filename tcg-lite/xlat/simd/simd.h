/*
 * Building blocks of the Advanced SIMD translations: lane-wise IR, and what the host lacks
 * composed of it. size is always the bytes of an element, q the instruction's field (0: 64 bits).
 *
 * Each function that takes d writes it in its last IR instruction only, after all sources were
 * read, so d may be any source; v_half() can then follow. (What sets QC does so after that.)
 */
#ifndef TCG_LITE_XLAT_SIMD_SIMD_H
#define TCG_LITE_XLAT_SIMD_SIMD_H

#include "tcg-lite/ir/vconst.h"
#include "tcg-lite/xlat/xlat.h"

/* True when the host has one instruction for a VEC row of vec.def at this element size. */
bool vec_available(IrOp op, unsigned size);

/* d = a op b; with a constant of vconst.h; with an immediate; of one operand. */
void v_op(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b);
void v_opk(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, unsigned constant);
void v_opc(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, uint64_t value); /* IR_VC */
void v_opi(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, int64_t imm);
void v_opi3(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b, int64_t imm);
static inline void v_op1(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a)
{
    v_op(t, op, size, d, a, IR_NONE);
}

/* The same into a fresh temporary. */
IrRef v_new(Xlat *t, IrOp op, unsigned size, IrRef a, IrRef b);
IrRef v_newk(Xlat *t, IrOp op, unsigned size, IrRef a, unsigned constant);
IrRef v_newc(Xlat *t, IrOp op, unsigned size, IrRef a, uint64_t value);
IrRef v_newi(Xlat *t, IrOp op, unsigned size, IrRef a, int64_t imm);

/* With q = 0 the upper half of the result just written becomes zero. */
void v_half(Xlat *t, unsigned q);

IrRef v_zero(Xlat *t);
IrRef v_const(Xlat *t, uint64_t value);            /* 64 bits, in both halves */
uint64_t v_splat(unsigned size, uint64_t value);   /* an element repeated to 64 bits */
void v_move(Xlat *t, IrRef d, IrRef a, unsigned q);
IrRef v_elem(Xlat *t, unsigned size, IrRef a, unsigned lane); /* in lane 0, the rest zero */

/* The indexed element in every lane: h:l:m of V(rm) for halfwords, h:l of V(m:rm) for words. */
IrRef v_indexed(Xlat *t, const DecodedInsn *i);

/* d = c ? a : b, bit by bit */
void v_bsel(Xlat *t, IrRef d, IrRef a, IrRef b, IrRef c);

/* Shifts by a constant, 0..bits; `arith`: sign in. v_rshr rounds, without overflow. */
void v_shl(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned n);
void v_shr(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned n, bool arith);
void v_rshr(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned n, bool arith);

/* All ones where a lane is negative. */
IrRef v_sign(Xlat *t, unsigned size, IrRef a);

/* VSMAX, VSMIN, VUMAX, VUMIN for every size. */
void v_minmax(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b);
void v_cmhi(Xlat *t, unsigned size, IrRef d, IrRef a, IrRef b);
void v_abs(Xlat *t, unsigned size, IrRef d, IrRef a);

/* The half that q selects, lanes extended to 2 * size. */
IrRef v_widen(Xlat *t, unsigned size, IrRef a, unsigned q, bool is_signed);

/* Lanes of 2 * size cut to their lower (high: upper) halves; q: into d's upper half. */
void v_narrow(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned q, bool high);

/* The even and the odd elements of b:a; with q = 0 in the lower halves. */
void v_even_odd(Xlat *t, unsigned size, unsigned q, IrRef a, IrRef b, IrRef *even, IrRef *odd);

/* The same, saturated to the range of size; `to_signed`, `from_signed`. Sets QC. */
void v_narrow_sat(Xlat *t, unsigned size, IrRef d, IrRef a, unsigned q, bool from_signed,
                  bool to_signed);

/*
 * d = sum, but where `overflow` has its sign bit the limit away from sum's sign, to which it
 * wrapped. Sets QC, writes half of d itself.
 */
void v_sat_wrapped(Xlat *t, unsigned size, unsigned q, IrRef d, IrRef sum, IrRef overflow);

/* FPSR.QC |= a differs from b; IR_NONE: from zero */
void v_qc(Xlat *t, IrRef a, IrRef b, unsigned q);

#endif
