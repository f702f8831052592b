/*
 * What the emitters of floating point share. They run on hosts with AVX only (the translator
 * sees to it), so xmm14 and xmm15 are both free. What the guest instruction reads changes only
 * after the checks that may send it to the interpreter.
 */
#ifndef TCG_LITE_EMIT_FP_H
#define TCG_LITE_EMIT_FP_H

#include "emu/arith/fp.h"
#include "tcg-lite/emit/emit.h"

/* Constants of 16 bytes behind Stubs.fp_table: name, low and high half. */
#define FP_CONSTS(C)                                                                               \
    C(ABS_S, 0x7fffffff7fffffff, 0x7fffffff7fffffff)                                               \
    C(ABS_D, 0x7fffffffffffffff, 0x7fffffffffffffff)                                               \
    C(ABS_S_ONE, 0x7fffffff, 0) /* clears the rest, too */                                         \
    C(ABS_S_TWO, 0x7fffffff7fffffff, 0)                                                            \
    C(ABS_D_ONE, 0x7fffffffffffffff, 0)                                                            \
    C(SIGN_S, 0x8000000080000000, 0x8000000080000000)                                              \
    C(SIGN_D, 0x8000000000000000, 0x8000000000000000)                                              \
    C(SIGN_S_ONE, 0x80000000, 0)                                                                   \
    C(SIGN_D_ONE, 0x8000000000000000, 0)                                                           \
    C(MIN_S, 0x0080000000800000, 0x0080000000800000) /* the smallest normal number */              \
    C(MIN_D, 0x0010000000000000, 0x0010000000000000)                                               \
    C(MIN_H, 0x0400040004000400, 0x0400040004000400)                                               \
    C(ABS_H, 0x7fff7fff7fff7fff, 0x7fff7fff7fff7fff)                                               \
    C(HALF_S, 0x3f0000003f000000, 0x3f0000003f000000)                                              \
    C(HALF_D, 0x3fe0000000000000, 0x3fe0000000000000)                                              \
    C(ONE_S, 0x3f8000003f800000, 0x3f8000003f800000)                                               \
    C(ONE_D, 0x3ff0000000000000, 0x3ff0000000000000)                                               \
    C(INTEGRAL_S, 0x4b0000004b000000, 0x4b0000004b000000) /* 2^23: no fractions from here on */    \
    C(INTEGRAL_D, 0x4330000000000000, 0x4330000000000000)                                          \
    C(TWO63_S, 0x5f0000005f000000, 0x5f0000005f000000)                                             \
    C(TWO63_D, 0x43e0000000000000, 0x43e0000000000000)                                             \
    C(BEYOND_S, 0x1fffffff, 0x1fffffff) /* bits of a double that a single has not */               \
    C(WITHIN_S, 0xffffffffe0000000, 0xffffffffe0000000)                                            \
    C(FIRST_H, 0xffff, 0)                                                                          \
    C(MXCSR_DOWN, 0xbfc0, 0) /* rounds down, FTZ, DAZ, all exceptions masked */                    \
    C(ONES, 0xffffffffffffffff, 0xffffffffffffffff)

typedef enum FpConst {
#define C(name, low, high) FPC_##name,
    FP_CONSTS(C)
#undef C
    FPC_COUNT
} FpConst;

/* Writes the table, and those of FTABLE behind it, at a->p. */
void fp_constants(Asm *a);

/* FpTables, of 256 bytes each. */
void fp_tables(Asm *a);

/* The constant as an operand: for a lane size where the name ends in _S and _D. */
Mem fp_const(const Emit *e, FpConst c);
static inline Mem fp_const_sd(const Emit *e, FpConst s, FpConst d, unsigned size)
{
    return fp_const(e, size == 8 ? d : s);
}

/*
 * Who finds out what the interpreter must do: with FPCR_TRAPS in the unit's FPCR the host's
 * exceptions, else checks of the results.
 */
static inline bool fp_traps(const Emit *e)
{
    return e->u->fpcr & FPCR_TRAPS;
}

/* Denormal operands and tiny results may trap although results are checked. */
static inline bool fp_news(const Emit *e)
{
    return e->u->fpcr & FPCR_NEWS;
}

/*
 * Every operation that may trap or check begins with this. uses_flags: its code destroys EFLAGS
 * even when there are traps.
 */
void fp_begin(Emit *e, bool uses_flags);

/* The four forms of an SSE operation. */
typedef struct FpOps {
    uint16_t ss, sd, ps, pd;
} FpOps;
#define FP_OPS(name) {VOP_##name##SS, VOP_##name##SD, VOP_##name##PS, VOP_##name##PD}

static inline bool fp_scalar(const IrInst *i)
{
    return i->sub == i->size;
}

static inline VOp fp_op(const FpOps *o, unsigned size, bool scalar)
{
    return (VOp)(scalar ? (size == 8 ? o->sd : o->ss) : size == 8 ? o->pd : o->ps);
}

/* d = s op (home of b, which may be memory). */
void fp_v3(Emit *e, VOp op, Xmm d, Xmm s, IrRef b);

/*
 * The register to make the result in: i->d's own when the interpreter, asked to do the whole
 * guest instruction instead, does not need what it holds; else xmm14. Never one of 16..31 for
 * vectors, which are checked by instructions that do not reach them.
 */
Xmm fp_target(Emit *e, const IrInst *i);

/* Writes xmm r to i->d; unless `clean`, clears what lies beyond i->sub bytes. */
void fp_put(Emit *e, const IrInst *i, Xmm r, bool clean);

/* What lies beyond `bytes` in r is known to be zero. */
bool fp_clean(const Emit *e, IrRef r, unsigned bytes);

/* With traps: this FMA's result, when a NaN, may not be Arm's. */
bool fma_may_confuse_nans(const Emit *e, const IrInst *i);

/* To the interpreter when a lane of xmm r is a NaN; uses xmm15. */
void fp_check_nan(Emit *e, Xmm r, unsigned size, bool scalar);

/*
 * The same, also when a lane is the smallest normal number: Arm finds out before rounding that
 * a result is tiny, the host after it. All other cases agree.
 */
void fp_check_tiny(Emit *e, Xmm r, unsigned size, bool scalar);

/*
 * With traps, and FZ or DN: traps when a or b (may be IR_NONE) is a NaN or, for FZ, denormal;
 * where the host's own order of exceptions, or its NaN, would not do. With FPCR_NEWS: traps when
 * one is denormal, if that is news; every operation that takes numbers begins with it, because the
 * host's own does not say so beside a NaN, or never does (rounding). Uses xmm15.
 */
void fp_probe(Emit *e, IrRef a, IrRef b, unsigned size, bool scalar);

/*
 * With traps: traps when a result is smaller than twice the smallest normal number; it stands for
 * fp_check_tiny(), and raises nothing else. Uses xmm15.
 */
void fp_trap_tiny(Emit *e, Xmm r, unsigned size, bool scalar);

/*
 * With traps: the register to make the result in. `checked`: something may still trap when it
 * holds the result; then a source's old value is kept in xmm14 for recover.c, or xmm14 is the
 * register. `clean`: what the operation leaves beyond i->sub bytes is zero. Before it e->i's
 * fp_begin() must have run, and nothing may be in xmm14.
 */
Xmm fp_trap_target(Emit *e, const IrInst *i, bool checked, bool clean);

/* After a compare into xmm15: to the interpreter when any lane is true. */
void fp_check_mask(Emit *e);

/* roundps's immediate for an FpRounding (not away); quiet: no inexact exception. */
uint8_t fp_round_imm(unsigned mode, bool quiet);

/*
 * xmm14 = a rounded to integral without raising inexact, mode: FpRounding, away too (which
 * goes to the interpreter for a NaN and from 2^23, 2^52 on). Uses xmm15.
 */
void fp_round_quiet(Emit *e, IrRef a, unsigned size, bool scalar, unsigned mode);

/* d = a rounded as the immediate says; a scalar's rest is zero when d is not a's home. */
void fp_round_to(Emit *e, Xmm d, IrRef a, unsigned size, bool scalar, uint8_t imm);

#endif
