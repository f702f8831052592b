/* What asm.c and vec.c share: one instruction is built here, then committed as a whole. */
#ifndef TCG_LITE_X64_ENC_H
#define TCG_LITE_X64_ENC_H

#include <string.h>
#include "emu/base/bits.h"
#include "emu/base/check.h"
#include "tcg-lite/x64/asm.h"

#define ENC_INLINE static inline __attribute__((always_inline))

/* The mandatory prefix, numbered as in VEX.pp */
enum { PP_NP, PP_P66, PP_PF3, PP_PF2 };

/*
 * An instruction under construction: straight in the code buffer where there is room for any, else
 * in Asm.spare.
 */
typedef struct Ins {
    uint8_t *start, *p;
    uint8_t *rip_at;     /* the rip-relative displacement; NULL: none */
    uint64_t rip_target; /* in the executable view */
} Ins;

ENC_INLINE Ins enc_begin(Asm *a)
{
    uint8_t *at = a->end - a->p >= ASM_ROOM ? a->p : a->spare;

    return (Ins){.start = at, .p = at};
}

/* The low `bytes` bytes of v, little-endian. The next byte overwrites what is beyond them. */
ENC_INLINE void enc_imm(Ins *i, uint64_t v, int bytes)
{
    memcpy(i->p, &v, 8);
    i->p += bytes;
}

ENC_INLINE void enc_byte(Ins *i, unsigned v)
{
    *i->p++ = (uint8_t)v;
}

ENC_INLINE bool fits8(int64_t v)
{
    return v == (int8_t)v;
}

/*
 * ModRM, SIB and displacement for the register fields reg and rm (low 3 bits), or for *m when
 * it is not NULL. disp_scale: N of EVEX disp8*N, else 1.
 */
ENC_INLINE void enc_modrm(Ins *i, int reg, int rm, const Mem *m, int disp_scale)
{
    unsigned field = (unsigned)(reg & 7) << 3;

    if (!m) {
        enc_byte(i, 0xc0 | field | (unsigned)(rm & 7));
        return;
    }
    if (m->rip) {
        enc_byte(i, field | 5);
        i->rip_at = i->p;
        i->rip_target = m->target;
        enc_imm(i, 0, 4);
        return;
    }
    CHECK(m->index != RSP && m->scale_log2 < 4, "rsp cannot be an index");
    unsigned sib_index = (unsigned)(m->index == MEM_NONE ? RSP : m->index & 7) << 3 |
                         (unsigned)m->scale_log2 << 6;
    if (m->base == MEM_NONE) {
        enc_byte(i, field | 4);
        enc_byte(i, sib_index | 5);
        enc_imm(i, (uint32_t)m->disp, 4);
        return;
    }
    unsigned base = (unsigned)m->base & 7;
    bool sib = m->index != MEM_NONE || base == RSP;
    int scaled = m->disp >> __builtin_ctz((unsigned)disp_scale); /* a power of two */
    unsigned mod = m->disp == 0 && base != RBP                               ? 0
                   : (m->disp & (disp_scale - 1)) == 0 && fits8(scaled) ? 1
                                                                             : 2;
    enc_byte(i, mod << 6 | field | (sib ? 4 : base));
    if (sib) {
        enc_byte(i, sib_index | base);
    }
    if (mod == 1) {
        enc_imm(i, (uint64_t)scaled, 1);
    } else if (mod == 2) {
        enc_imm(i, (uint32_t)m->disp, 4);
    }
}

/* The inverted R, X, B bits, as in VEX and EVEX: bits 7, 6, 5 of the result. */
ENC_INLINE unsigned enc_rxb(int reg, int rm, const Mem *m)
{
    unsigned index = m ? (unsigned)m->index : 0, base = m ? (unsigned)m->base : 0;
    unsigned x = m ? ~index >> 7 & index >> 3 & 1 : (unsigned)rm >> 4 & 1; /* MEM_NONE: 0 */
    unsigned b = m ? ~base >> 7 & base >> 3 & 1 : (unsigned)rm >> 3 & 1;

    return (((unsigned)reg >> 3 & 1) << 7 | x << 6 | b << 5) ^ 0xe0;
}

/* The 0F, 0F 38, 0F 3A bytes of maps 1, 2, 3; nothing for map 0. */
ENC_INLINE void enc_map(Ins *i, int map)
{
    if (map) {
        enc_byte(i, 0x0f);
    }
    if (map >= 2) {
        enc_byte(i, map == 2 ? 0x38 : 0x3a);
    }
}

/* VEX prefix (2 bytes when possible), opcode and ModRM; L = 0 unless `wide`. */
void enc_vex(Ins *i, int pp, int map, bool w, bool wide, unsigned opcode, int reg, int vvvv,
             int rm, const Mem *m);

/* The rip-relative displacement counts from the end of the instruction, which is known now. */
void enc_fix_rip(Asm *a, const Ins *i);

/* The instruction did not fit where it was to go, or has no room at all. */
void enc_commit_spare(Asm *a, const Ins *i);

/* Appends the instruction, or sets a->overflow. */
ENC_INLINE void enc_commit(Asm *a, const Ins *i)
{
    if (i->rip_at)
        enc_fix_rip(a, i);
    if (i->start == a->spare || a->overflow)
        enc_commit_spare(a, i);
    else
        a->p = i->p;
}

#endif
