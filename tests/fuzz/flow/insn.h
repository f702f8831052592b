/*
 * The instructions that a program computes with: words drawn from the rows of a64.def, run once by
 * the interpreter in this process, and refused when they write what they must not.
 */
#ifndef TESTS_FUZZ_FLOW_INSN_H
#define TESTS_FUZZ_FLOW_INSN_H

#include <stdbool.h>
#include <stdint.h>

typedef enum Draw {
    DRAW_ANY,
    DRAW_WRITES_FLAGS,
    DRAW_READS_FLAGS,
    DRAW_KEEPS_FLAGS, /* does not write NZCV */
    DRAW_CONSTANT,    /* a vector instruction with a constant */
    DRAW_KINDS,
} Draw;

/* After harness_init(). Exclusives alone are drawn only when nothing can come between them. */
void insn_init(void);
void insn_allow_exclusives(bool allow);

/* Neither memory nor branch; it writes no general register but those of `writable`, nor SP. */
uint32_t insn_draw(Draw kind, uint32_t writable);

/* A run of accesses by one base register, and perhaps an index register, simulated. */
typedef struct Access {
    unsigned base, index;  /* registers */
    bool aligned;          /* the base is a multiple of 16, the index too */
    bool fixed;            /* the base stays, and nothing before it is accessed */
    bool may_fault;        /* the address is bad: what is left in memory must be certain */
    bool loads;            /* no stores */
    uint64_t at[16];       /* where the base may be in the simulation: one for each alignment */
    unsigned variants;     /* how many of these */
    bool lost;             /* the base register has been overwritten */
} Access;

void insn_access_begin(Access *a);
uint32_t insn_draw_access(Access *a, uint32_t writable);

#endif
