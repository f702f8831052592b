/* What the translation of floating point shares. */
#ifndef TCG_LITE_XLAT_FP_FP_H
#define TCG_LITE_XLAT_FP_FP_H

#include "emu/arith/fp.h"
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/xlat.h"

/*
 * True when the host computes as FPCR asks; else the guest instruction is given to the
 * interpreter here. Flushing (FZ) differs in when and what it raises: what would be flushed must
 * trap. The emitters need AVX.
 */
bool fp_inline(Xlat *t);

/* The same for conversions from and to half precision, and for arithmetic of halves. */
bool fp_inline_half(Xlat *t);
bool fp_inline_arith(Xlat *t, unsigned size);

/* The same for what fp_fma() does. */
bool fp_inline_fma(Xlat *t, unsigned size);

/* The lane size of a row with field sz. */
static inline unsigned fp_lane(const DecodedInsn *i)
{
    return i->sz ? 8 : 4;
}

static inline unsigned fp_bytes(const DecodedInsn *i)
{
    return i->q ? 16 : 8;
}

/* Formats, by the bytes of a lane: 2, 4, 8. */
static inline unsigned fp_frac_bits(unsigned size)
{
    return size == 8 ? 52 : size == 4 ? 23 : 10;
}

static inline uint64_t fp_sign(unsigned size)
{
    return BIT(8 * size - 1);
}

static inline uint64_t fp_bias(unsigned size)
{
    return low_mask(8 * size - 2 - fp_frac_bits(size));
}

static inline uint64_t fp_infinity(unsigned size)
{
    return fp_sign(size) - BIT(fp_frac_bits(size));
}

/* Appends an operation on lanes of size bytes in `bytes` bytes. */
IrInst *fp_op(Xlat *t, IrOp op, unsigned size, unsigned bytes, IrRef d, IrRef a, IrRef b);

/* Vr as an argument: with equal halves where fp.def asks for it. */
IrRef fp_arg(Xlat *t, unsigned r, unsigned size, unsigned bytes);

/* A lane of Vm, chosen by the fields that the size has for it, in every lane. */
IrRef fp_element(Xlat *t, const DecodedInsn *i, unsigned size);

/* An operation of fp.def that takes lanes and gives lanes, with the fields that choose a kind. */
typedef struct FpHow {
    IrOp op;
    uint8_t cond, shift;
} FpHow;

/* d = op of a and b (IR_NONE: there is none), `bytes` bytes of lanes of size: 2, too. */
void fp_apply(Xlat *t, FpHow how, unsigned size, unsigned bytes, IrRef d, IrRef a, IrRef b);

/* d = +-c +- a * b, the same; negate as IR_FMA's cond */
void fp_fma(Xlat *t, unsigned size, unsigned bytes, IrRef d, IrRef c, IrRef a, IrRef b,
            unsigned negate);

/* The guest instruction is interpreted unless the low `bytes` of a are zero. */
void fp_check(Xlat *t, unsigned bytes, IrRef a);

/* All ones where a lane is none of `count` integers from `first` on, modulo 2^n. */
IrRef fp_outside(Xlat *t, unsigned size, IrRef a, uint64_t first, uint64_t count);

/* The guest instruction is interpreted if there is such a lane. */
void fp_check_range(Xlat *t, unsigned size, unsigned bytes, IrRef a, uint64_t first,
                    uint64_t count);

/* ---- half precision (half.c) ---- */

/* Four lanes of a as singles, lower or upper (part 1) ones; the scalar alone when bytes is 2. */
IrRef half_widen(Xlat *t, IrRef a, unsigned bytes, unsigned part);

/*
 * d = the singles in low, and those in high when bytes is 16, as halves. exact: those that are
 * tiny stay what they are. _mask: they are masks.
 */
void half_narrow(Xlat *t, IrRef d, unsigned bytes, IrRef low, IrRef high, bool exact);
void half_narrow_mask(Xlat *t, IrRef d, unsigned bytes, IrRef low, IrRef high);

void half_apply(Xlat *t, FpHow how, unsigned bytes, IrRef d, IrRef a, IrRef b);

/* halve: a is halved */
void half_fma(Xlat *t, unsigned bytes, IrRef d, IrRef c, IrRef a, IrRef b, unsigned negate,
              bool halve);

#endif
