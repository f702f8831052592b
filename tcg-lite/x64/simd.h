/* What the translator asks about the host's lane-wise instructions. */
#ifndef TCG_LITE_X64_SIMD_H
#define TCG_LITE_X64_SIMD_H

#include "tcg-lite/ir/ir.h"

/* True when the host has one instruction for a VEC row of vec.def at this element size. */
bool vec_available(IrOp op, unsigned size);

#endif
