/*
 * What tests/a64 and tests/fuzz share: one guest thread inside this process, a page of guest
 * code, a guarded guest buffer, and a whole-state comparison. The layout is also known to
 * tests/fuzz/oracle/oracle.c, which runs the same records on another machine.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdio.h>
#include "emu/decode/insn.h"
#include "emu/guest/cpu.h"

#define CODE_START 0x20000000ull
#define CODE_SIZE 0x10000ull
#define CODE 0x20008000ull /* where the instructions under test begin; SVC all around */
#define BUF_START 0x10000000ull
#define BUF_SIZE 0x8000ull
#define BUF 0x10004000ull /* its middle; unmapped on both sides */
#define SVC_WORD 0xd4000001u

/* What the guest sees; all that is compared. */
typedef struct GuestState {
    uint64_t x[32];
    V128 v[32];
    uint64_t pc;
    uint32_t nzcv, fpcr, fpsr, exit;
    uint64_t excl_addr;
    uint8_t buf[BUF_SIZE];
} GuestState;

typedef enum RunMode {
    RUN_INTERP,  /* one interp_step after the other */
    RUN_XLAT,    /* translated */
    RUN_CHAINED, /* translated, entered through another unit, many times, hot */
    RUN_COLD,    /* as cold code is interpreted */
} RunMode;

/*
 * Maps memory, makes the thread, starts the translator. The CPU offers everything. With
 * HARNESS_FP_CHECKS in the environment the thread has had so many floating-point traps that its
 * code checks results instead.
 */
void harness_init(void);

/* Replaces the code area: SVC everywhere, then n words at CODE. */
void harness_code(const uint32_t *words, unsigned n);

/*
 * Runs from s->pc until SVC or an exception (at most `steps` instructions when interpreted), and
 * puts the state after into *s. s->exit: CpuExit; with EXIT_SVC, pc is after the SVC. A host
 * fault gives s->exit = HARNESS_HOST_FAULT.
 */
#define HARNESS_HOST_FAULT 100u
void harness_run(GuestState *s, RunMode mode, unsigned steps);

/* Every register and byte different, no flag set. */
void harness_pattern(GuestState *s);

/* True when equal; otherwise prints the differences, expected against actual, to `out`. */
bool harness_compare(FILE *out, const GuestState *expected, const GuestState *actual,
                     const char *expected_name, const char *actual_name);

/* Text of a word at pc, from Capstone. */
const char *harness_disasm(uint32_t word, uint64_t pc);

/* Prints the registers, with * where they differ from `other` (may be NULL). */
void harness_print(FILE *out, const GuestState *s, const GuestState *other);

#endif
