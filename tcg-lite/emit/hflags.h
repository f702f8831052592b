/*
 * NZCV as translated code keeps it in cpu->hflags: the AX that "lahf; seto al" leaves after a
 * subtraction. Bit 15 N, 14 Z, 8 not C, 0 V; other bits are noise.
 */
#ifndef TCG_LITE_EMIT_HFLAGS_H
#define TCG_LITE_EMIT_HFLAGS_H

#include "emu/guest/cpu.h"

static inline uint32_t nzcv_from_hflags(uint32_t h)
{
    return (h & 0xc000) << 16 | (~h & 0x100) << 21 | (h & 1) << 28;
}

static inline uint32_t hflags_from_nzcv(uint32_t nzcv)
{
    return (nzcv >> 16 & 0xc000) | (~nzcv >> 21 & 0x100) | (nzcv >> 28 & 1) | 0x200;
}

#endif
