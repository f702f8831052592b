/*
 * What is known of an operation's result without running it: the column `facts` of ops.def, with
 * the functions that apply it. Passes and emitters ask here and nowhere else; debug builds check
 * each answer that the emitter relies on (emit/claims.c).
 */
#ifndef TCG_LITE_IR_FACTS_H
#define TCG_LITE_IR_FACTS_H

#include "tcg-lite/ir/ir.h"

/* UP_*: when the upper half of a general result is zero. 0: never known. */
enum {
    UP_SIZE = 1, /* when size is 4 */
    UP_ZERO,     /* always */
    UP_MOVE,     /* size 4, or as the argument's */
    UP_AND,      /* size 4, or when an immediate's is */
    UP_SHR,      /* size 4, or a known count of 32 and more */
    UP_FIELD,    /* when the field has at most 32 bits */
    UP_LOAD,     /* when it is not extended to more than 4 bytes */

    /* LOW_*: how many low bytes of a vector result may be other than zero. */
    LOW_LANES,   /* all; 8 when sub is 8, as for all down to LOW_SHUFFLE */
    LOW_MAX,     /* as of the longer argument, */
    LOW_MIN,     /* of the shorter one, */
    LOW_A, LOW_B, /* of a, of b */
    LOW_BSHR,    /* 8 when shifted by that, else as of a */
    LOW_PACK,    /* 8 when there is nothing in b */
    LOW_SHUFFLE, /* as the constant shuffle of vconst.h has it */
    LOW_ALL,     /* 16, whatever sub is */
    LOW_SIZE,    /* size, but at least 4 */
    LOW_SUB,     /* sub, but at least 4 */
    LOW_CONST,   /* as VCONST's imm */
    LOW_ZERO,    /* 4, the least there is */
    FACT_MASK = 0x1f,

    /* NUM_*: in which lane sizes (4 | 8) a vector result holds no NaN. 0: in none. */
    NUM_ALL = 1 << 5,        /* both */
    NUM_SIZE = 2 << 5,       /* size */
    NUM_ARGS = 3 << 5,       /* size, when no argument has one; */
    NUM_MOVE = 4 << 5,       /* the same, and both for 16 bytes */
    NUM_CONST = 5 << 5,      /* 8, when VCONST's imm is a number */
    NUM_TRAPS = 6 << 5,      /* with traps: size */
    NUM_TRAPS_ARGS = 7 << 5, /* with traps: as NUM_ARGS */
    NUM_FMA = 8 << 5,        /* as that, or size when NaNs are made to trap */
};

/* A constant argument as the operation takes it: size bytes of it. */
static inline uint64_t ir_argument(const IrInst *i, uint64_t value)
{
    return i->size == 4 ? (uint32_t)value : value;
}

/* A shift's or rotation's constant count: modulo the width. */
static inline unsigned ir_shift_count(const IrInst *i, uint64_t value)
{
    return (unsigned)value & (i->size * 8u - 1);
}

/* Is the upper half of i's general result zero? zero_above: bit per X register of which it is. */
bool ir_upper_zero(const IrInst *i, uint32_t zero_above);

/*
 * How many low bytes of i's vector result may be other than zero, 4, 8 or 16, when a and b are that
 * of its arguments (0: none there). ir_lane_bytes: of a lane-wise operation without regard to sub.
 */
unsigned ir_low_bytes(const IrInst *i, unsigned a, unsigned b);
unsigned ir_lane_bytes(const IrInst *i, unsigned a, unsigned b);

/*
 * The lane sizes in which i's vector result holds no NaN. numbers: those of its arguments, 4 | 8
 * for one that is not there. traps: the host traps invalid operations; fma_traps: this FMA's NaNs.
 */
unsigned ir_numbers(const IrInst *i, const unsigned numbers[3], bool traps, bool fma_traps);

#endif
