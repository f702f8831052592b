/* What the translation of floating point shares. */
#ifndef TCG_LITE_XLAT_FP_H
#define TCG_LITE_XLAT_FP_H

#include "emu/arith/fp.h"
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/xlat.h"

/*
 * True when the host computes as FPCR asks; else the guest instruction is given to the
 * interpreter here. Flushing (FZ) differs in when and what it raises: what would be flushed must
 * trap. The emitters need AVX.
 */
bool fp_inline(Xlat *t);

/* The same for conversions from and to half precision. */
bool fp_inline_half(Xlat *t);

/* The lane size of a row with field sz. */
static inline unsigned fp_lane(const DecodedInsn *i)
{
    return i->sz ? 8 : 4;
}

static inline unsigned fp_bytes(const DecodedInsn *i)
{
    return i->q ? 16 : 8;
}

/* Appends an operation on lanes of size bytes in `bytes` bytes. */
IrInst *fp_op(Xlat *t, IrOp op, unsigned size, unsigned bytes, IrRef d, IrRef a, IrRef b);

/* Vr as an argument: with equal halves where fp.def asks for it. */
IrRef fp_arg(Xlat *t, unsigned r, unsigned size, unsigned bytes);

/* The guest instruction is interpreted unless the low `bytes` of a are zero. */
void fp_check(Xlat *t, unsigned bytes, IrRef a);

#endif
