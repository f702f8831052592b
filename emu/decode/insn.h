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
#define A64(id, mnemonic, feature, encoding, legal, path) INSN_##id,
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
} InsnInfo;

extern const InsnInfo insn_info[INSN_COUNT];

/* False (and i->id = INSN_UNALLOCATED, i->word set) when the word is unallocated. */
bool decode(uint32_t word, DecodedInsn *i);

#endif
