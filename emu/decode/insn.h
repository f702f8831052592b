/*
 * A decoded A64 instruction, and the decoder's interface.
 *
 * a64.def holds one row per encoding; gen_a64.c turns the rows into read-only tables on the
 * build machine. decode() finds the row, checks its `legal` column and extracts its fields.
 */
#ifndef EMU_DECODE_INSN_H
#define EMU_DECODE_INSN_H

#include "emu/base/types.h"

/*
 * Every field name that may appear in an encoding, besides imm (unsigned, up to 26 bits) and
 * simm (the same bits sign-extended). A name given twice in a row is concatenated, the first
 * piece most significant. Each of these is at most 8 bits.
 */
#define INSN_FIELDS(F)                                                                             \
    F(rd) F(rn) F(rm) F(ra) F(rt) F(rt2) F(rs)                                                     \
    F(sf) F(q) F(u) F(size) F(sz) F(opc) F(op) F(op2) F(o3) F(shift) F(option) F(s) F(cond)        \
    F(cond2) F(n) F(immr) F(imms) F(immlo) F(hw) F(nzcv) F(acq) F(rel) F(l) F(m) F(h) F(rot)       \
    F(cmode) F(scale) F(ftype) F(rmode) F(opcode) F(index) F(bit) F(op1) F(crn) F(crm) F(selem)    \
    F(wback) F(imm4) F(imm5) F(immh) F(immb)

typedef enum InsnId {
    INSN_UNALLOCATED,
#define A64(id, mnemonic, feature, encoding, legal, path, effects) INSN_##id,
#include "emu/decode/a64.def"
#undef A64
    INSN_COUNT
} InsnId;

typedef enum Feature {
#define FEATURE(id, ...) FEAT_##id,
#include "emu/decode/features.def"
#undef FEATURE
    FEAT_COUNT
} Feature;

typedef enum InsnPath { PATH_CALL, PATH_XLAT } InsnPath;

/* The effects column: what an instruction does, whatever its fields are, besides its result. */
typedef enum InsnEffect {
    READS_NZCV = 1 << 0,  /* any flag: its result, or NZCV behind it, depends on it */
    WRITES_NZCV = 1 << 1, /* all of NZCV, always; with READS_NZCV: sometimes, or a part */
    LOADS = 1 << 2,       /* memory, which may fault */
    STORES = 1 << 3,
    FP_TRAPS = 1 << 4,    /* may raise a floating-point exception */
    BRANCHES = 1 << 5,    /* goes elsewhere, or on; if it reads NZCV, by the condition `cond` */
    JUMPS = 1 << 6,       /* goes elsewhere */
    CALLS = 1 << 7,       /* goes elsewhere, from where control mostly comes back behind it */
    DIRECT = 1 << 8,      /* where it goes is insn_target() */
    STOPS = 1 << 9,       /* what follows must be looked up afresh, or is not reached */
} InsnEffect;
#define LEAVES_LINE (BRANCHES | JUMPS | CALLS | STOPS)

typedef struct DecodedInsn {
    uint32_t word; /* the encoding itself */
    uint32_t imm;
    int32_t simm;
    uint16_t id;   /* InsnId */
#define F(name) uint8_t name;
    INSN_FIELDS(F)
#undef F
} DecodedInsn;
_Static_assert(sizeof(DecodedInsn) == 64, "one cache line");

/* Facts of a row that do not depend on a particular word. */
typedef struct InsnInfo {
    const char *id, *mnemonic;
    const char *encoding; /* the row's encoding column: for the random-instruction fuzzer */
    uint32_t mask, bits;  /* fixed bits; a word matches when (word & mask) == bits */
    uint8_t feature;      /* Feature */
    uint8_t path;         /* InsnPath */
    uint16_t effects;     /* of InsnEffect */
} InsnInfo;

extern const InsnInfo insn_info[INSN_COUNT];

/* Where a DIRECT instruction at pc goes. */
static inline uint64_t insn_target(const DecodedInsn *i, uint64_t pc)
{
    return pc + (uint64_t)((int64_t)i->simm * 4);
}

/* A conditional branch whose condition always holds (AL, NV). */
static inline bool insn_always_branches(const DecodedInsn *i)
{
    const uint16_t by_condition = BRANCHES | READS_NZCV;

    return (insn_info[i->id].effects & by_condition) == by_condition && i->cond >= 14;
}

/* False (and i->id = INSN_UNALLOCATED, i->word set) when the word is unallocated. */
bool decode(uint32_t word, DecodedInsn *i);

#endif
