/* The passes over a unit. Each keeps every rule of ir.h; order: opt_fold, then opt_dead. */
#ifndef TCG_LITE_OPT_OPT_H
#define TCG_LITE_OPT_OPT_H

#include "tcg-lite/ir/ir.h"

/*
 * Forward, per block: constants are propagated into later arguments, operations on constants
 * folded. Needs nothing; leaves dead definitions behind.
 */
void opt_fold(IrUnit *u);

/*
 * Backward over the whole unit: NZCV liveness (fills nzcv_live, nzcv_live_in, clears set_nzcv
 * where nobody reads) and, per block, removal of definitions that nobody can see. nzcv_dead_at
 * tells about code outside the unit.
 */
void opt_dead(IrUnit *u, bool (*nzcv_dead_at)(IrUnit *u, uint64_t pc));

#endif
