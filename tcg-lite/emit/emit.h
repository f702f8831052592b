/*
 * From IR to host code. One emit_<OP>() per ops.def row, over the operand helpers below.
 *
 * Every emitter must be right when d is the same register as an argument, and may use RAX and
 * RCX (xmm14, xmm15) freely; nothing else that is not its result. What an argument's home is
 * - host register, CpuState word, constant - is decided by the helpers.
 */
#ifndef TCG_LITE_EMIT_EMIT_H
#define TCG_LITE_EMIT_EMIT_H

#include "tcg-lite/ir/ir.h"
#include "tcg-lite/ra/ra.h"
#include "tcg-lite/x64/asm.h"
#include "tcg-lite/x64/host.h"

#define VSCRATCH0 14
#define VSCRATCH1 15

/*
 * What the host flags mean as NZCV. Between units and at joins NZCV is in cpu->hflags:
 * see hflags.h.
 */
typedef enum FlagKind {
    FK_NONE,      /* the host flags hold nothing of the guest */
    FK_SUB,       /* as after cmp: C is the inverse of CF */
    FK_ADD,       /* as after add, and, test: C is CF */
    FK_FCMP,      /* as after ucomis a, b */
    FK_FCMP_SWAP, /* as after ucomis b, a */
} FlagKind;

/*
 * C functions that translated code calls. They return 0 to go on, or the CpuExit to leave by.
 * system_call (hooks.h) and vdso_call find only the registers that they need in CpuState.
 */
typedef struct Helpers {
    uint32_t (*interpret)(CpuState *, const DecodedInsn *);
    uint32_t (*system_call)(CpuState *);
    uint32_t (*vdso_call)(CpuState *, uint64_t number);
} Helpers;

/* Places of the shared code that begins the code cache; executable addresses. */
typedef struct Stubs {
    uint64_t enter;       /* C: uint32_t enter(CpuState *, uint64_t host_pc) */
    uint64_t exit_chain;  /* cpu->exit_slot is set */
    uint64_t exit_indirect; /* target in rax */
    uint64_t exit_reason; /* pc stored, CpuExit in eax */
    uint64_t ret_miss;    /* target in rax: the return stack did not predict it */
    uint64_t call_interp; /* rcx = DecodedInsn *, pc stored; returns */
    uint64_t call_interp_end; /* the same, leaves */
    uint64_t system_call; /* pc (behind the SVC) stored; returns when done, else leaves */
    uint64_t vdso_call;   /* the same, rcx = number */
    uint64_t copy, copy_forward, fill; /* see moves.c */
    uint64_t moves, moves_end; /* between them they lie */
    uint64_t fcmp_table;  /* three words: hflags of less, equal, unordered */
    uint64_t fp_table;    /* 16 bytes for each FpConst of fp.h */
    uint64_t vec_consts;  /* VK_COUNT constants of 16 bytes, see ir/vconst.h */
    uint64_t vec_pool;    /* VEC_POOL more, written when they are first needed; 0: free
                             (zero itself is VK_ZERO, never here) */
    uint64_t end;
} Stubs;

/* A host instruction that may fault, or any other point whose guest state must be known. */
typedef struct PcMapEntry {
    uint32_t host;   /* offset in the unit */
    uint16_t guest;  /* index in the unit's list of guest pcs */
    uint8_t flags;   /* FlagKind of live host flags, FK_NONE: cpu->hflags */
    uint8_t undo;    /* floating-point trap: 1 + number of the V register whose value is in xmm14;
                        fault: UNDO_RBX, UNDO_RSI: what lives there is in CpuState instead;
                        UNDO_INTERP: the guest instruction is for the interpreter to perform */
} PcMapEntry;
enum { UNDO_INTERP = 0x21, UNDO_RBX = 0x40, UNDO_RSI = 0x80 };

/* A place that leaves the unit for a known guest pc; its rel32 is patched when chained. */
typedef struct EmitExit {
    uint32_t site, stub; /* offsets in the unit: of the rel32 field, of the unchained stub */
    uint16_t exit;       /* index into IrUnit.exit */
} EmitExit;

enum { COLD_EXIT, COLD_LEAVE, COLD_INDIRECT, COLD_ENTRY, COLD_EDGE, COLD_CALLBACK };

struct Emit;
struct Cold;
typedef void (*ColdFn)(struct Emit *e, const struct Cold *c);

/* Code that is emitted behind the unit's hot code. */
typedef struct Cold {
    uint8_t *from;     /* rel32 field in hot code that leads here */
    uint8_t *from2;    /* COLD_LEAVE: another one, or NULL */
    uint8_t kind;
    uint8_t flags_kind;
    bool flags_saved;
    bool plan_inside;  /* the hot code has not called plan_leave() */
    int16_t exit;      /* COLD_EXIT: exit index; COLD_ENTRY, COLD_EDGE: block */
    uint64_t pc;       /* COLD_LEAVE: the pc to leave with; COLD_INDIRECT: host address behind the
                          call, 0 for a jump; a callback may keep an address */
    uint8_t why;       /* COLD_LEAVE: the CpuExit */
    ColdFn fn;         /* COLD_CALLBACK: emits the code, ends with a jump to `back` */
    uint64_t back;     /* COLD_CALLBACK: executable address behind the guest instruction */
    const IrInst *inst;
    uint8_t r[4];      /* for the callback; COLD_INDIRECT: the register with the guest address */
    RaTemps temps;     /* as they were at the hot code */
} Cold;

/* Vector constants of translated code: slots, and how many are tried for one. */
#define VEC_POOL 256
#define VEC_POOL_TRIES 8

#define EMIT_MAX_COLD 1024
#define EMIT_MAX_JUMPS 512
#define EMIT_MAX_MAP 4096

/* What is known of V registers. */
typedef struct Lanes {
    uint8_t bytes[32];  /* low bytes that may be other than zero */
    uint8_t number[32]; /* lane sizes, 4 | 8, in which no lane is a NaN */
} Lanes;

typedef struct Emit {
    Asm a;
    const IrUnit *u;
    const RegPlan *plan, *standard; /* the unit's, and the one between units */
    const Stubs *stubs;
    uint8_t *cold_at, *cold_end; /* room for cold code; NULL: it follows the hot code */
    uint8_t *hot_end;         /* behind the unit's hot code, when it is emitted */
    RaTemps temps;
    const IrInst *i;          /* being emitted */
    uint8_t flags_kind;       /* FlagKind: what EFLAGS hold now */
    bool flags_saved;         /* cpu->hflags is up to date */
    uint8_t tier;             /* 1 or 2: for emit_count() */
    uint32_t heat_step;       /* what entries and loop heads add to their 32-bit heat counter, whose
                                 overflow makes the place hot; 0: they do not count */
    uint32_t next_block;
    const IrInst *zf_inst;    /* EFLAGS.ZF and SF still tell about this one's result, or NULL */
    IrRef held[3];            /* by host register RAX, RCX, RDX: see held.c */
    uint8_t held_next;        /* the one that held_scratch() took last */
    bool home_written;        /* store_result() has written the result's home */
    uint32_t x_written;   /* bit per X register that this block has written */
    uint32_t zero_above;      /* bit per X register whose upper half is known to be zero */
    uint32_t out_zero_above[UNIT_MAX_BLOCKS];
    Lanes lanes;              /* what is known of V registers here */
    Lanes lanes_in[UNIT_MAX_BLOCKS]; /* where blocks begin; see lanes.c */
    uint8_t t_bytes[IR_MAX_VTEMPS]; /* the same of vector temporaries */
    uint8_t t_number[IR_MAX_VTEMPS]; /* as Lanes.number, of vector temporaries */
    uint8_t out_kind[UNIT_MAX_BLOCKS]; /* flag state at each block's end */
    bool out_saved[UNIT_MAX_BLOCKS];
    uint64_t block_pos[UNIT_MAX_BLOCKS]; /* executable address, 0 not emitted yet */
    uint32_t entry_pos[UNIT_MAX_BLOCKS]; /* offset of the entry point, ~0 none */
    struct { uint8_t *at; int16_t block; } jump[EMIT_MAX_JUMPS];
    uint32_t jump_count;
    Cold cold[EMIT_MAX_COLD];
    uint32_t cold_count;
    PcMapEntry map[EMIT_MAX_MAP];
    uint32_t map_count;
    EmitExit exit[EMIT_MAX_COLD];
    uint32_t exit_count;
    uint64_t slot_base;       /* number of the unit's first exit slot */
    uint64_t insn_pool[UNIT_MAX_INSNS]; /* executable address of a DecodedInsn copy, or 0 */
    uint32_t open_cold;       /* first Cold whose `back` is the end of this guest instruction */
    bool failed;              /* a list overflowed: the unit must be cut shorter */
} Emit;

/*
 * Emits the whole unit: hot code from e->a.p to e->hot_end, cold code from there, or from
 * e->cold_at, to the new e->a.p. False: no room in the cache (a.overflow) or a list overflowed
 * (failed). Exits are numbered slot_base + index in e->exit. All offsets count from e->a.start.
 */
bool emit_unit(Emit *e, const IrUnit *u, const RegPlan *plan, const RegPlan *standard,
               const Stubs *stubs);

/*
 * The shared code of COPY and FILL (moves.c). A fault in it is one of the place that it was called
 * from: the top of the stack. What lives in RSI and RDI is in CpuState.pair then.
 */
void emit_move_stubs(Asm *a, Stubs *s);

/* The shared code, for the standard plan. */
void emit_stubs(Asm *a, Stubs *s, const RegPlan *plan, const Helpers *helpers);

/*
 * Set before the stubs are emitted: translated code counts what it does in cpu->count. Off,
 * emit_count() emits nothing; on, it adds n to a counter, keeps flags, uses the scratch.
 */
extern bool emit_counts;
void emit_count(Asm *a, CpuCount count, uint32_t n, Gpr scratch);

/* ---- operands ---- */

#define CPU_MEM(field) mem_bd(RBP, (int32_t)offsetof(CpuState, field) - CPU_BIAS)
static inline Mem cpu_mem(size_t offset)
{
    return mem_bd(RBP, (int32_t)offset - CPU_BIAS);
}

typedef enum LocKind { LOC_REG, LOC_MEM, LOC_IMM } LocKind;
typedef struct Loc {
    uint8_t kind;
    uint8_t reg;
    Mem mem;
    int64_t imm;
} Loc;

/*
 * Scratch registers as copies of guest registers whose home is in memory (held.c). The helpers
 * below use and note them: an emitter need not know.
 */
enum { HELD_COUNT = 3 };
void held_drop(Emit *e);                     /* none is known */
void held_forget(Emit *e, IrRef r);          /* r's home was written */
int held_in(Emit *e, IrRef r);               /* a host register that has r's value, or -1 */
void held_set(Emit *e, IrRef r, Gpr g);      /* g has r's value: it was loaded or stored */
/*
 * A scratch register outside the set `busy` (bit per Gpr) for a result, or for an address: RAX,
 * RCX, or RDX in an instruction without temporaries; one that holds no copy, if there is one.
 * RAX when all are busy: right for a result, which may take the place of what it is made from.
 */
Gpr held_scratch(Emit *e, unsigned busy);
/* Keeps what was known at `before` too: the way from there to here is not the only one. */
void held_join(Emit *e, const IrRef before[HELD_COUNT]);

/* Where a general argument is; IR_ZERO is an immediate 0. */
Loc arg_loc(Emit *e, IrRef r);

/* The argument in a host register: its home, or loaded into `scratch`. Keeps flags. */
Gpr arg_reg(Emit *e, IrRef r, Gpr scratch);

/* The same in any register, loaded to a held_scratch(); only to be read. */
Gpr arg_read(Emit *e, IrRef r, unsigned busy);

/* The argument copied into exactly this register. Keeps flags. */
void arg_into(Emit *e, IrRef r, Gpr d);

/* The register to compute d in: its home, or `scratch`; store_result() then writes it home. */
Gpr result_reg(Emit *e, IrRef d, Gpr scratch);
void store_result(Emit *e, IrRef d, Gpr r);

/* d = the one of d and s, of size bytes, that op (ATOMIC_SMAX...) says. */
void minmax(Asm *a, AtomicOp op, int size, Gpr d, Gpr s);

/* True when reference r has its home in host register g. */
bool lives_in(Emit *e, IrRef r, Gpr g);

/* Vectors: the same; memory homes are loaded to / stored from the scratch. */
Xmm vec_reg(Emit *e, IrRef r, Xmm scratch);
Xmm vec_low(Emit *e, IrRef r, Xmm scratch); /* the same, but xmm0..15 (no EVEX needed) */
Xmm vec_result(Emit *e, IrRef d, Xmm scratch);
Xmm vec_result_low(Emit *e, IrRef d, Xmm scratch);
void vec_store(Emit *e, IrRef d, Xmm r);
Mem vec_home(Emit *e, IrRef r); /* memory home; only when vec_in_memory() */
bool vec_in_memory(Emit *e, IrRef r);

/* Where the code cache holds these 8 bytes twice, for ever; 0: it has no room for them. */
uint64_t vec_pooled(Emit *e, uint64_t value);
/* Register to register, 128 bits, any of 0..31. */
void vec_move(Emit *e, Xmm d, Xmm s);

/* From the standard plan to the unit's and back; keep flags, RAX and temporaries. */
void plan_enter(Emit *e);
void plan_leave(Emit *e);

/* The bytes of the vector i->d that may be other than zero after i: 4, 8 or 16. */
unsigned vec_bytes_written(const Emit *e, const IrInst *i);

/* ---- flags ---- */

/* Call before destroying EFLAGS: saves NZCV first if i does not replace it and it is live. */
void flags_clobber(Emit *e);

/* NZCV in EFLAGS must survive this instruction and is nowhere else. */
bool flags_precious(Emit *e);

/* This instruction has left NZCV in EFLAGS. */
void flags_set(Emit *e, FlagKind kind);

/* Writes cpu->hflags from EFLAGS if not done yet; EFLAGS stay valid. Uses RAX. */
void flags_save(Emit *e);

/* Makes EFLAGS hold NZCV as FK_SUB (or FK_ADD when allowed). Uses RAX. */
void flags_load(Emit *e);
FlagKind flags_carry(Emit *e);              /* the carry in CF, with either polarity */
void flags_need_carry(Emit *e, FlagKind want); /* FK_SUB or FK_ADD polarity in CF */

/* A guest condition on the present EFLAGS. */
typedef struct HostCond {
    X64Cc cc;
    bool and_np; /* true only if also not parity (FCMP equal) */
    bool or_p;   /* true also if parity (FCMP not equal) */
} HostCond;
HostCond flags_cond(Emit *e, Cond cond);

/* A conditional jump to a block or exit; the flags it tests are in EFLAGS. */
void jump_cc(Emit *e, X64Cc cc, int16_t target);

/* NZCV must be in cpu->hflags where this block begins. */
bool block_wants_saved_flags(const IrUnit *u, int16_t block);

/* ---- what is known of V registers (lanes.c) ---- */

/* For the whole unit, before it is emitted: fills lanes_in. */
void lanes_flow(Emit *e);

/* After i: e->lanes and what is known of temporaries. */
void lanes_step(Emit *e, const IrInst *i);

/* No lane of size bytes of r is a NaN. */
bool lanes_number(const Emit *e, IrRef r, unsigned size);

void lanes_unknown(Lanes *l);

/* ---- what is believed of values, checked by debug builds (claims.c) ---- */

#ifdef EMU_DEBUG
void claims_check_op(Emit *e, const IrInst *i); /* behind an operation */
void claims_check_block(Emit *e);               /* where a block begins */
#else
static inline void claims_check_op(Emit *e, const IrInst *i)
{
    (void)e, (void)i;
}
static inline void claims_check_block(Emit *e)
{
    (void)e;
}
#endif

/* ---- points and places ---- */

/* The next host instruction may fault on behalf of the guest instruction. */
void fault_point(Emit *e);

/* cpu->pc = pc. Uses RAX, keeps flags. */
void store_pc(Emit *e, uint64_t pc);

/* Adds cold code reached from the rel32 field `from`. */
Cold *cold_add(Emit *e, unsigned kind, uint8_t *from);

/*
 * The guest instruction is interpreted instead, in cold code, unless cc holds. Only for ops
 * that are not KEEPF and come before any change of state by the instruction; one that sets
 * NZCV must leave it as FK_SUB, and be the only one of its guest instruction to use this.
 */
void interp_unless(Emit *e, X64Cc cc);

/*
 * The halves of an LDP or STP, i and the one behind it (before end), as one access, when both
 * registers have their homes in memory, side by side; of a load, with the move of the first half
 * that may be behind it. How many instructions were emitted: 2, 3, or 0.
 */
unsigned emit_pair(Emit *e, const IrInst *i, const IrInst *end);

/* Cold code: the interpreter performs this guest instruction and the `more` ones behind it. */
void cold_interp_run(Emit *e, const Cold *c, unsigned more);

/* Address operand of LOAD, STORE...: may use RAX and RCX, keeps flags. */
Mem emit_address(Emit *e, const IrInst *i);

/*
 * Inline lookup of the guest address in `pc`: the per-thread table lies behind RBP, indexed by pc
 * bits. A pc that is tagged or misaligned never matches. Returns the place that holds the host
 * address; *miss is the jump taken when it is not in the table.
 */
Mem emit_lookup(Asm *a, Gpr pc, uint8_t **miss);

typedef void (*EmitFn)(Emit *e, const IrInst *i);
extern const EmitFn emit_table[IR_OP_COUNT];
#define IR(op, operands, effects, facts, meaning) void emit_##op(Emit *e, const IrInst *i);
#include "tcg-lite/ir/ops.def"
#undef IR

#endif
