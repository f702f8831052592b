/*
 * A guest program while it is written: instructions in blocks that branch to one another, without
 * addresses. Which parts are left out, and in which order blocks lie, is decided when it is
 * assembled, so that reduce.c can try both.
 *
 * Invariant: the instructions of a block, and of a span, follow one another in the order in which
 * they were written; spans are nested. `next` of each block says where it goes on when nothing at
 * its end jumps, or the jump is left out; so a program runs whatever spans are left out.
 */
#ifndef TESTS_FUZZ_FLOW_CODE_H
#define TESTS_FUZZ_FLOW_CODE_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_ITEMS 8000
#define MAX_BLOCKS 1600
#define MAX_SPANS 8000
#define CODE_WORDS 24000 /* assembled, with padding */
#define NO_BLOCK 0xffffu

/* How the word gets the address of a block. */
typedef enum Fix {
    FIX_NONE,
    FIX_B26,    /* B, BL */
    FIX_B19,    /* B.cond, CBZ, CBNZ */
    FIX_B14,    /* TBZ, TBNZ */
    FIX_ADR,
    FIX_OFFSET, /* a word of data: the block minus the block `from` */
    FIX_LOW,    /* two words of data: the address */
    FIX_HIGH,
} Fix;

typedef struct Item {
    uint32_t word;
    uint16_t target, from; /* blocks */
    uint8_t fix;
    bool end;   /* control does not go on behind it */
    bool trips; /* MOVZ of a number that may be smaller, but not 0 */
    bool gone;  /* left out */
} Item;

typedef struct Block {
    uint32_t first, count; /* items */
    uint16_t next;
    uint16_t padding;      /* words before it that never run */
    bool function;         /* begins one: for the listing */
    uint64_t address;      /* once assembled; 0: not reachable, not assembled */
} Block;

/* What may be left out as a whole: items [first, end), and [first2, end2) with them. */
typedef struct Span {
    uint32_t first, end, first2, end2;
} Span;

typedef struct Code {
    Item item[MAX_ITEMS];
    Block block[MAX_BLOCKS];
    Span span[MAX_SPANS];
    uint16_t order[MAX_BLOCKS]; /* in which blocks lie */
    unsigned items, blocks, spans, current;
    uint16_t entry;
    bool skip_empty; /* branches to blocks without instructions lead to where these go on */
    bool full; /* something did not fit: not to be used */
} Code;

void code_clear(Code *c);

/* Makes a block to be begun later; or begins it: what is written now belongs to it. */
uint16_t code_block(Code *c);
void code_begin(Code *c, uint16_t block);
void code_next(Code *c, uint16_t block); /* where the current block goes on */

void code_word(Code *c, uint32_t word);
void code_fixed(Code *c, uint32_t word, Fix fix, uint16_t target);
void code_end(Code *c, uint32_t word); /* BR, RET */
void code_jump(Code *c, uint16_t target); /* B */

/* The constant in as many MOVZ, MOVK as it takes. */
void code_constant(Code *c, unsigned reg, uint64_t value);

void code_span(Code *c, uint32_t first, uint32_t end);

/*
 * Places the reachable blocks from `base` on and writes their words; returns how many (at most
 * CODE_WORDS). 0: too big.
 */
unsigned code_assemble(Code *c, uint64_t base, uint32_t *words);

/* Prints what code_assemble() wrote. */
void code_print(const Code *c, uint64_t base, const uint32_t *words, unsigned count);

#endif
