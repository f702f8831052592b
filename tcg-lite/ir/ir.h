/*
 * The intermediate representation: units of basic blocks of three-address instructions whose
 * operands name guest registers directly. It is not SSA: a guest register is a variable with a
 * home (a host register of the plan, or its word in CpuState), a temporary never lives longer
 * than the IR of one guest instruction.
 */
#ifndef TCG_LITE_IR_IR_H
#define TCG_LITE_IR_IR_H

#include "emu/base/check.h"
#include "emu/decode/insn.h"
#include "emu/guest/cpu.h"

typedef uint8_t IrRef;
enum {
    IR_X0 = 0,      /* 0..30 X registers, 31 SP */
    IR_SP = 31,
    IR_V0 = 32,     /* 32..63 V registers */
    IR_T0 = 64,     /* 64..127 general temporaries */
    IR_VT0 = 128,   /* 128..191 vector temporaries */
    IR_VC = 251,    /* vector constant: imm in both halves, where IR_VK could stand */
    IR_IMM = 252,   /* the instruction's imm */
    IR_ZERO = 253,  /* zero */
    IR_VK = 254,    /* vector constant number imm of vconst.h, where a lane-wise op takes one */
    IR_NONE = 255,
    IR_MAX_TEMPS = 16,  /* general ones of one guest instruction */
    IR_MAX_VTEMPS = 32,
};

static inline bool ir_is_x(IrRef r)
{
    return r < 32;
}
static inline bool ir_is_v(IrRef r)
{
    return r >= IR_V0 && r < IR_T0;
}
static inline bool ir_is_temp(IrRef r)
{
    return r >= IR_T0 && r < IR_VT0;
}
static inline bool ir_is_vtemp(IrRef r)
{
    return r >= IR_VT0 && r < IR_VT0 + IR_MAX_VTEMPS;
}

typedef enum IrOp {
#define IR(op, operands, effects, facts, meaning) IR_##op,
#include "tcg-lite/ir/ops.def"
#undef IR
    IR_OP_COUNT
} IrOp;

enum {
    PURE = 1 << 0, FLAGS = 1 << 1, NEEDC = 1 << 2, NEEDNZCV = 1 << 3, KEEPF = 1 << 4,
    LOAD = 1 << 5, STORE = 1 << 6, KILLS_CX = 1 << 7, KILLS_DX = 1 << 8, END = 1 << 9,
    SYNC = 1 << 10, TRAP = 1 << 11,
};

typedef struct IrOpInfo {
    const char *name, *operands;
    uint16_t effects, facts; /* facts: see facts.h */
} IrOpInfo;

extern const IrOpInfo ir_op_info[IR_OP_COUNT];

/* How an index register is extended in an address. */
enum { IR_EXT_NONE, IR_EXT_UXTW, IR_EXT_SXTW };

/* IrInst.sub of PREFETCH. */
typedef enum IrPrefetch { IR_PREFETCH_ONCE, IR_PREFETCH_L1, IR_PREFETCH_L2, IR_PREFETCH_L3,
                          IR_PREFETCH_WRITE } IrPrefetch;

/* IrInst.cond of ATOMIC. */
typedef enum AtomicOp { ATOMIC_CLR, ATOMIC_EOR, ATOMIC_SET, ATOMIC_SMAX, ATOMIC_SMIN,
                        ATOMIC_UMAX, ATOMIC_UMIN } AtomicOp;

/* IrInst.cond of FCMPM. */
typedef enum FpCompare { FP_EQ, FP_GE, FP_GT, FP_LE, FP_LT } FpCompare;

/* IrInst.imm of FTABLE: the lower eight bits of the estimates of FRECPE, FRSQRTE. */
typedef enum FpTable { FP_TABLE_RECIP, FP_TABLE_RSQRT, FP_TABLE_COUNT } FpTable;

/* A guest condition code as encoded in A64 (EQ 0 .. NV 15). */
typedef uint8_t Cond;

typedef struct IrInst {
    uint8_t op;          /* IrOp */
    uint8_t size;        /* bytes */
    uint8_t sub;         /* see the op */
    uint8_t cond;        /* Cond, AtomicOp, or lane of VLDINS and VSTGET */
    IrRef d, a, b, c;
    bool set_nzcv;       /* sets NZCV (ops with FLAGS); cleared by opt_flags when nobody reads */
    bool nzcv_live;      /* NZCV has a reader after this instruction; set by opt_flags */
    uint8_t ext, shift;  /* of the index in an address */
    uint16_t guest;      /* index into unit->guest */
    int16_t target, target2; /* block index; -1 - n: unit->exits[n] */
    int64_t imm;
} IrInst;

typedef struct IrExit {
    uint64_t pc;         /* guest pc to go to */
    bool nzcv_live;      /* the successor may read NZCV */
} IrExit;

typedef struct IrBlock {
    uint64_t pc;
    uint32_t first, count;   /* instructions */
    uint16_t guest_first, guest_count;
    bool entry;          /* may be entered from outside the unit */
    bool loop_head;      /* target of a back edge: polls */
    bool nzcv_live_in;
    uint8_t preds;       /* edges inside the unit, saturating */
    int16_t single_pred; /* the only predecessor block, when preds is 1 and not an entry */
} IrBlock;

typedef struct IrGuest {
    uint64_t pc;
    DecodedInsn insn;
    bool temps;          /* its IR uses temporaries */
} IrGuest;

#define UNIT_MAX_INSNS 1024  /* guest instructions */
#define UNIT_MAX_BLOCKS 192
#define UNIT_MAX_EXITS 256
#define UNIT_MAX_IR 8192

typedef struct IrUnit {
    uint64_t pc;         /* the entry that was asked for */
    uint32_t fpcr;       /* FPCR that the code is specialised for */
    const uint64_t *features; /* of the CPU: bit per Feature */
    uint32_t inst_count, block_count, guest_count, exit_count;
    uint32_t temp_count, vtemp_count; /* of the guest instruction being translated */
    bool full;           /* inst array overflowed: the unit must be cut shorter */
    IrInst inst[UNIT_MAX_IR];
    IrBlock block[UNIT_MAX_BLOCKS];
    IrGuest guest[UNIT_MAX_INSNS];
    IrExit exit[UNIT_MAX_EXITS];
} IrUnit;

/* Appends a zeroed instruction with all references IR_NONE; returns it. */
IrInst *ir_append(IrUnit *u, IrOp op, unsigned size);

/* A fresh temporary of the current block. */
IrRef ir_temp(IrUnit *u);
IrRef ir_vtemp(IrUnit *u);

/* The exit for guest pc, shared within the unit: the value for IrInst.target (negative). */
int16_t ir_exit(IrUnit *u, uint64_t pc);

/* Text of the whole unit to the log (-d op, op_opt). */
void ir_print(const IrUnit *u, const char *title);

/* Aborts when the unit breaks a rule of this file or of ops.def; debug builds run it per pass. */
void ir_verify(const IrUnit *u, const char *after);

/* Which of target and target2 an END instruction uses. */
static inline bool ir_has_target(const IrInst *i)
{
    return i->op == IR_GOTO || i->op == IR_JCC || i->op == IR_JZ || i->op == IR_JBIT ||
           i->op == IR_BL;
}
static inline bool ir_has_target2(const IrInst *i)
{
    return i->op == IR_JCC || i->op == IR_JZ || i->op == IR_JBIT || i->op == IR_BL ||
           i->op == IR_BLR || i->op == IR_SVC;
}

/* Does op i read / write this reference? (d is a result, the rest are arguments) */
static inline bool ir_reads(const IrInst *i, IrRef r)
{
    return i->a == r || i->b == r || i->c == r;
}

#endif
