/*
 * What the parts of the generator share. gen.c makes a program; flow.c writes bodies of functions
 * (loops, branches, tables); call.c functions and all ways to call and come back; special.c what
 * needs more than a drawn instruction. All randomness is rnd() of tests/draw.h.
 *
 * Invariants: a body runs at most as many instructions as its budget; registers in `reserved`, the
 * pointer to memory and SP are written only by who has reserved them; wherever a statement begins
 * and ends, SP is what it was at the function's start, below its frame.
 */
#ifndef TESTS_FUZZ_FLOW_GEN_H
#define TESTS_FUZZ_FLOW_GEN_H

#include "tests/draw.h"
#include "tests/fuzz/flow/asm.h"
#include "tests/fuzz/flow/guest.h"
#include "tests/fuzz/flow/insn.h"

#define MAX_FUNCTIONS 12
#define ALL_REGS 0x7fffffffu /* x0 to x30 */
#define FRAME_SLOTS 8
#define BIG_FRAME 0x2000 /* with an area below BIG_SLOTS that SP addresses */
#define BIG_SLOTS 0x1f00

typedef struct Function {
    uint16_t entry;
    uint32_t clobbers; /* registers that it may leave changed */
    uint64_t cost;     /* instructions at most */
    int depth_reg;     /* a recursive one: how deep it goes, at least 1; or -1 */
    unsigned max_depth; /* cost is for one level */
} Function;

typedef struct Gen {
    Code *c;
    unsigned classes;
    unsigned buf;              /* register that points to memory */
    Function function[MAX_FUNCTIONS];
    unsigned functions;        /* done: these may be called */
    uint32_t writable;         /* of the function being written */
    uint32_t reserved;
    uint32_t clobbers;         /* so far */
    bool leaf;                 /* no calls: the link stays in x30 */
    bool no_big_frames;        /* frames of signals are left in what they do not initialize */
    bool big_frame;            /* has an area that SP addresses */
    unsigned slots;            /* of the frame, in use */
    uint16_t leave;            /* block of the function's epilogue; NO_BLOCK: stay to the end */
    uint16_t break_to[8];      /* blocks behind the loops around */
    unsigned loops;
    unsigned limit;            /* items of this function at most */
    uint16_t switcher;         /* function that changes to the other coroutine */
    unsigned switch_reg[3];    /* which it needs, besides the link */
} Gen;

/* flow.c: statements until the budget is used up. Returns the instructions they run at most. */
uint64_t gen_body(Gen *g, uint64_t budget, unsigned depth);

/* A few drawn instructions, each a span; returns how many. */
unsigned gen_draws(Gen *g, unsigned count, Draw kind);

/* A register that may be written now, other than those in `not`; -1: there is none. */
int gen_register(const Gen *g, uint32_t not);
uint16_t gen_block(Gen *g); /* ends the current block, which goes on to the new one */

/* A branch to `to` whose condition nobody knows, on flags or a register. */
void gen_branch(Gen *g, uint16_t to);

/* Offset from SP of a new word of the frame; -1: none is left, or there is no frame. */
int gen_slot(Gen *g);

/* A base register for accesses to memory, then some of them. Returns instructions. */
unsigned gen_memory(Gen *g);

/* call.c */
void gen_function(Gen *g, uint64_t budget);
void gen_recursive(Gen *g, uint64_t budget);
void gen_main(Gen *g, uint64_t budget);
uint64_t gen_call(Gen *g, uint64_t budget);
uint64_t gen_unmatched(Gen *g);
uint64_t gen_coroutine(Gen *g, uint64_t budget);
uint64_t gen_long_jump(Gen *g, uint64_t budget);
void gen_switcher(Gen *g);

/* special.c */
uint64_t gen_exclusive(Gen *g);
uint64_t gen_shared(Gen *g);
uint64_t gen_fpcr(Gen *g);
uint64_t gen_system_call(Gen *g);
uint64_t gen_fault(Gen *g);
uint64_t gen_change(Gen *g, uint64_t budget);
uint64_t gen_constants(Gen *g);
uint64_t gen_mops(Gen *g);

/* gen.c: everything follows from the seed. */
void gen_batch(Batch *b, uint64_t seed, unsigned classes, unsigned programs);

#endif
