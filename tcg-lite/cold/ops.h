/*
 * The operations of ops.def as data. A ColdOp says all about one instruction word but its address,
 * so it is right for that word wherever it stands.
 */
#ifndef TCG_LITE_COLD_OPS_H
#define TCG_LITE_COLD_OPS_H

#include "emu/decode/insn.h"
#include "emu/guest/cpu.h"

typedef enum ColdOpCode {
#define OP(name, ...) COLD_##name,
#include "tcg-lite/cold/ops.def"
#undef OP
} ColdOpCode;

typedef struct ColdOp {
    uint32_t word;
    uint8_t op;      /* ColdOpCode */
    uint8_t d, n, m; /* numbers of 64-bit words of CpuState, or as ops.def says */
    uint64_t imm;
} ColdOp;
_Static_assert(sizeof(ColdOp) == CPU_COLD_OP_SIZE, "as CpuState has room for");

/*
 * What *o must be for the word. COLD_GENERIC: no operation of its own, or one that this CPU does
 * not offer.
 */
void cold_lower(const CpuState *cpu, uint32_t word, ColdOp *o);

#endif
