/*
 * Switches for what the translator does beyond what it must, so that each can be measured alone.
 * Invariant: with any of them off the translated code computes the same.
 */
#ifndef TCG_LITE_IR_PASSES_H
#define TCG_LITE_IR_PASSES_H

#include "emu/base/types.h"

/* P(name, what it is): one switch, its field in Passes, and its name in EMU_PASSES. */
#define PASSES(P)                                                                                  \
    P(fold, "constants are propagated and folded")                                                 \
    P(ctz, "RBIT and CLZ are one operation (a part of fold)")                                      \
    P(rotate, "two vector shifts are one rotation")                                                \
    P(exclusive, "a loop of exclusives that adds or exchanges is one locked instruction")          \
    P(dead, "definitions that nobody can see are removed")                                         \
    P(dead_flags, "NZCV that nobody reads is not computed")                                        \
    P(look_ahead, "NZCV's readers are looked for behind the unit's exits")                         \
    P(look_far, "the second tier looks further ahead")                                             \
    P(edge_flags, "NZCV stays in the host's flags over edges with one predecessor")                \
    P(fuse, "an operation's flags serve the CBZ behind it; CCMP and branch are two branches")      \
    P(clean, "what lanes of a V register are zero already is known")                               \
    P(numbers, "where no NaN can be is known (a part of clean)")                                   \
    P(held, "a register in memory is not loaded while a scratch register has it")                  \
    P(pairs, "LDP and STP of registers in memory are one access each")                             \
    P(plan32, "the standard plan uses xmm16..31 (AVX-512VL)")                                      \
    P(unit_plan, "units with loops have a register plan of their own")                             \
    P(tier2, "hot places are translated again as wide units")                                      \
    P(grow, "a wide unit ends at a branch, even when it is long")                                  \
    P(cold, "code is interpreted for its first visits")                                            \
    P(links, "exits are linked to the units that they lead to")                                    \
    P(return_stack, "calls and returns use the host's return stack")                               \
    P(thunks, "short pieces of code that end in BR are inlined where they are called")             \
    P(jump_cache, "indirect branches find their target in the thread's table")                     \
    P(jump_cache2, "the second table, with another hash")                                          \
    P(svc, "plain system calls are made by translated code itself")

typedef struct Passes {
#define P(name, meaning) bool name;
    PASSES(P)
#undef P
} Passes;

/* All true until passes_set(); read-only once anything is translated. */
extern Passes passes;

/* After so many rounds a place is hot; 0: as translate.c thinks right. For tests. */
extern uint32_t passes_hot;

/*
 * Switches off what the list names ("-fold,-dead"; the dashes may be missing; "-all"), as in
 * EMU_PASSES, and sets passes_hot ("hot=100"); NULL: nothing. False when it holds an unknown name:
 * *bad is where.
 */
bool passes_set(const char *list, const char **bad);

/* One line "name  meaning" for each: what EMU_PASSES=help prints. */
void passes_print(int fd);

#endif
