/*
 * Random instructions and random state for the fuzzers: words are drawn from the rows of a64.def
 * with random fields, registers and offsets such that memory operands have a chance to lie in
 * the harness's buffer. Everything follows from rng_state.
 */
#ifndef TESTS_DRAW_H
#define TESTS_DRAW_H

#include "tests/harness.h"

/* Registers that hold small indices, addresses in the buffer, and a code address. */
#define FIRST_INDEX 16
#define FIRST_BASE 20
#define CODE_REG 28

extern uint64_t rng_state;
uint64_t rnd(void);
unsigned below(unsigned n);

/* Who else runs what is drawn; what that may do differently is not drawn. */
typedef enum DrawFor {
    DRAW_SELF,    /* our translator: nothing differs */
    DRAW_PEER,    /* an emulator of the same options of the architecture (record.h) */
    DRAW_MACHINE, /* any machine */
} DrawFor;

/* The rows that are drawn from: all whose id begins with prefix (NULL: all). With translated, only
 * those with path XLAT. */
void choose_rows(const char *prefix, bool translated, DrawFor other);
extern uint16_t rows[INSN_COUNT];
extern unsigned row_count;
extern bool is_memory[INSN_COUNT]; /* loads and stores: their rn is an address */

/* 64 bits: kind 0 doubles, 1 singles, 2 halves at the edges; 3, 4 of moderate size; 5, 6 integers
 * at the edges; 7 anything. */
uint64_t random_lane(unsigned kind);
uint32_t random_fpcr(void);

/* Everything random, FPCR too when fixed_fpcr is negative; addresses in their registers. */
void random_state(GuestState *s, int64_t fixed_fpcr);

/* Its two parts. */
void random_registers(GuestState *s, int64_t fixed_fpcr);
void random_buffer(GuestState *s);

/* A word of this row; false: try again. Branches go 1 to slots_left instructions ahead. */
bool draw_row(unsigned id, uint32_t *word, unsigned slots_left);

/*
 * The instruction that goes on with what `before` begins, with the same registers: the main part
 * or epilogue of a memory copy or set. False: there is none.
 */
bool draw_behind(uint32_t before, uint32_t *word);

#endif
