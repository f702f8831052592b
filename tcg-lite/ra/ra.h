/*
 * The register plan and the places of temporaries.
 *
 * The plan gives guest registers their home for a whole unit. Between units the standard plan
 * holds, so no guest state moves at a jump from unit to unit; a unit with loops may have a plan
 * of its own inside. What the plan leaves out lives in CpuState and is used as a memory operand.
 *
 * Host registers: RBP = cpu + CPU_BIAS, RSP = host stack, RAX and RCX free for emitters, RDX
 * for temporaries, the eleven others hold guest registers. Vectors: xmm12, xmm13 for vector
 * temporaries, xmm14, xmm15 free for emitters, the others hold guest V registers.
 */
#ifndef TCG_LITE_RA_RA_H
#define TCG_LITE_RA_RA_H

#include "tcg-lite/ir/ir.h"

#define RA_NONE (-1)
#define RA_QC 32 /* place of CpuState.qc among the V registers */

typedef struct RegPlan {
    int8_t x[32]; /* host register of X0..X30, SP, or RA_NONE */
    int8_t v[33]; /* xmm of V0..V31 and of CpuState.qc, or RA_NONE */
} RegPlan;

/* Fills the standard plan; all 32 xmm registers are used when the host has AVX-512VL. */
void ra_standard_plan(RegPlan *plan, bool xmm32);

/* A plan of the unit's own, when that pays; false: *plan is the standard plan. */
bool ra_unit_plan(const IrUnit *u, const RegPlan *standard, RegPlan *plan);

/* Where the temporaries of one guest instruction live: a host register or RA_NONE (its slot). */
typedef struct RaTemps {
    int8_t gpr[IR_MAX_TEMPS];
    int8_t xmm[IR_MAX_VTEMPS];
} RaTemps;

/* CpuState.temp index of a temporary in memory: general ones first, then pairs for vectors. */
#define RA_SLOT(n) (n)
#define RA_VSLOT(n) (IR_MAX_TEMPS + 2 * (n))

/*
 * Assigns the temporaries of the guest instruction whose IR begins at index `first` (they never
 * live longer): RDX, xmm12 or xmm13 while nothing in between destroys it, xmm14 for what the next
 * IR instruction stores, else a slot. That IR ends before index `end`.
 */
void ra_assign(const IrUnit *u, uint32_t first, uint32_t end, RaTemps *out);

#endif
