/*
 * Translation of decoded guest instructions to IR. translate_<id>() exists for every a64.def
 * row marked XLAT; it appends the instruction's IR to the block being built. A register field
 * of 31 is resolved here: it never reaches the IR as a number.
 */
#ifndef TCG_LITE_XLAT_XLAT_H
#define TCG_LITE_XLAT_XLAT_H

#include "tcg-lite/ir/ir.h"

typedef struct Xlat {
    IrUnit *u;
    uint64_t pc;       /* of the instruction being translated */
    uint16_t guest;    /* its index in u->guest */
    bool ended;        /* the block has its END */
    bool wide;         /* a unit of the second tier */
    const IrBlock *block; /* being built */
    uint32_t block_first; /* its first IR instruction */
    const int16_t *block_at; /* window position -> block, where leader and done are set */
    const uint64_t *leader, *done; /* bit per window position; see unit.c */
    uint64_t window;   /* guest pc of window position 0 */
} Xlat;

typedef void (*TranslateFn)(Xlat *t, const DecodedInsn *i);
#define TRANSLATE(id) void translate_##id(Xlat *t, const DecodedInsn *i)

#define A64(id, mnemonic, feature, encoding, legal, path, effects) TRANSLATE(id);
#include "emu/decode/a64.def"
#undef A64

/* Positions of the window around the entry within which a unit may find its blocks. */
#define XLAT_WINDOW 4096

/* Instructions of a wide unit; up to twice as many to the end of straight-line code. */
#define XLAT_WIDE_MAX 400

/* NULL: the row is CALL, translated code calls its interp function. */
extern const TranslateFn translate_table[INSN_COUNT];

/*
 * Forms the unit that starts at pc into *u (FPCR as given), wide or narrow as unit.c explains.
 * False: pc cannot be fetched.
 */
bool xlat_unit(IrUnit *u, uint64_t pc, uint32_t fpcr, const uint64_t features[2],
               unsigned max_insns, bool wide);

/*
 * True when the guest code at pc is known to set all of NZCV before anything can read it: found
 * by looking a little ahead, or (for the second tier) further. What was read for that answer is
 * added to the unit's guest instructions, behind those of its blocks.
 */
bool xlat_nzcv_dead_near(IrUnit *u, uint64_t pc);
bool xlat_nzcv_dead_far(IrUnit *u, uint64_t pc);

/* ---- for the translate functions ---- */

/* Translates u->guest[guest], at the end of the block being built. */
void x_insn(Xlat *t, unsigned guest);

/*
 * Fetches and decodes the instruction at pc, UNALLOCATED if the CPU does not offer it; *page caches
 * the last page found executable, ~0 at first. False: there is no code.
 */
bool x_peek(const IrUnit *u, uint64_t pc, uint64_t *page, DecodedInsn *i);

/*
 * Inlines the code at target when it is a thunk (thunk.c): all but the BR that it ends with,
 * whose register is *to. t->guest is then that BR. False: it is not, and nothing was done.
 */
bool x_thunk(Xlat *t, uint64_t target, IrRef *to);

/*
 * The block is a loop of exclusives that one locked operation stands for (atomic.c): translates
 * it whole. False: it is not, and nothing was done.
 */
bool x_exclusive_loop(Xlat *t, const IrBlock *block);

IrInst *ir_op(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b);
IrInst *ir_opi(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, int64_t imm); /* b = imm */
IrRef x_temp(Xlat *t);
IrRef v_temp(Xlat *t);

/* Register operands; 31 is the zero register (x_src, x_dst) or SP (plain number). */
static inline IrRef x_src(unsigned r)
{
    return r == 31 ? IR_ZERO : (IrRef)r;
}

static inline IrRef v_ref(unsigned r)
{
    return (IrRef)(IR_V0 + r);
}

/* For a result that may be thrown away (rd = 31): a temporary that nobody reads. */
IrRef x_dst(Xlat *t, unsigned r);

/* A temporary holding a constant. */
IrRef x_const(Xlat *t, uint64_t value);

/* X register rt = size bytes of CpuState. */
void x_get_cpu(Xlat *t, unsigned rt, unsigned size, size_t offset);

/* A block of the unit begins at pc. */
bool x_inside(const Xlat *t, uint64_t pc);

/* Block or exit for a direct branch to pc: the value for IrInst.target. */
int16_t x_target(Xlat *t, uint64_t pc);

/* Ends the block. Conditional ones fall through to the next instruction. */
void x_goto(Xlat *t, uint64_t pc);
void x_jcc(Xlat *t, Cond cond, uint64_t pc);
void x_exit(Xlat *t, CpuExit why, uint64_t pc);
/* Calls the interpreter for this instruction; `end`: and leaves for wherever pc is then. */
void x_call_interp(Xlat *t, bool end);

#endif
