/* Helpers for the `legal` column of a64.def; seen by decode.c alone. */
#ifndef EMU_DECODE_LEGAL_H
#define EMU_DECODE_LEGAL_H

#include "emu/decode/insn.h"

/* A shift amount of a register operand: below 32 for W registers. */
static inline bool legal_shift6(const DecodedInsn *i)
{
    return i->sf || i->imm < 32;
}

/* SBFM, BFM, UBFM, EXTR. */
static inline bool legal_bitfield(const DecodedInsn *i)
{
    return i->n == i->sf && (i->sf || (i->immr < 32 && i->imms < 32));
}

/* Logical immediates: DecodeBitMasks() of the manual must succeed. */
static inline bool legal_bitmask(const DecodedInsn *i)
{
    unsigned levels = (unsigned)i->n << 6 | (~i->imms & 63u);

    if (levels < 2 || (!i->sf && i->n))
        return false;
    unsigned element_mask = (1u << (31 - __builtin_clz(levels))) - 1;
    return (i->imms & element_mask) != element_mask;
}

/* LD1, ST1 of 1 to 4 registers. */
static inline bool legal_ld1_multi(const DecodedInsn *i)
{
    return i->opcode == 7 || i->opcode == 10 || i->opcode == 6 || i->opcode == 2;
}

/* LD1..LD4, ST1..ST4 of a single lane: what of s:size is not lane number must be right. */
static inline bool legal_lane(const DecodedInsn *i)
{
    switch (i->scale) {
    case 0:
        return true;
    case 1:
        return (i->size & 1) == 0;
    case 2:
        return i->size == 0 || (i->size == 1 && !i->s);
    default:
        return false;
    }
}

/* CPY*: three different registers, none of them 31. */
static inline bool legal_cpy(const DecodedInsn *i)
{
    return i->rs != i->rn && i->rs != i->rd && i->rn != i->rd && i->rs != 31 && i->rn != 31 &&
           i->rd != 31;
}

/* SET*: the same, but the data register rs may be XZR. */
static inline bool legal_set(const DecodedInsn *i)
{
    return i->rs != i->rn && i->rs != i->rd && i->rn != i->rd && i->rn != 31 && i->rd != 31;
}

#endif
