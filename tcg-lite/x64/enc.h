/* What asm.c and vec.c share: one instruction is built here, then committed as a whole. */
#ifndef TCG_LITE_X64_ENC_H
#define TCG_LITE_X64_ENC_H

#include "tcg-lite/x64/asm.h"

/* The mandatory prefix, numbered as in VEX.pp */
enum { PP_NP, PP_P66, PP_PF3, PP_PF2 };

typedef struct Ins {
    uint8_t b[32]; /* larger than any instruction (15) */
    uint8_t n;
    uint8_t rip_at;      /* index of the rip-relative displacement; 0 = none */
    uint64_t rip_target; /* in the executable view */
} Ins;

static inline void enc_byte(Ins *i, unsigned v)
{
    i->b[i->n++] = (uint8_t)v;
}

/* The low `bytes` bytes of v, little-endian. */
void enc_imm(Ins *i, uint64_t v, int bytes);

/*
 * ModRM, SIB and displacement for the register fields reg and rm (low 3 bits), or for *m when
 * it is not NULL. disp_scale: N of EVEX disp8*N, else 1.
 */
void enc_modrm(Ins *i, int reg, int rm, const Mem *m, int disp_scale);

/* The inverted R, X, B bits, as in VEX and EVEX: bits 7, 6, 5 of the result. */
unsigned enc_rxb(int reg, int rm, const Mem *m);

/* VEX prefix (2 bytes when possible), opcode and ModRM; L = 0 unless `wide`. */
void enc_vex(Ins *i, int pp, int map, bool w, bool wide, unsigned opcode, int reg, int vvvv,
             int rm, const Mem *m);

/* The 0F, 0F 38, 0F 3A bytes of maps 1, 2, 3; nothing for map 0. */
void enc_map(Ins *i, int map);

/* Appends the instruction, or sets a->overflow. */
void enc_commit(Asm *a, Ins *i);

#endif
