/*
 * What tests/a64 and tests/fuzz share: one guest thread inside this process, a page of guest
 * code, a guarded guest buffer, and a whole-state comparison.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdio.h>
#include "emu/decode/insn.h"
#include "emu/guest/cpu.h"
#include "tests/layout.h"

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
    RUN_TIER2,   /* translated as hot code is, at first sight */
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

/*
 * For making sequences step by step. harness_slots() replaces the code area by n words and exits
 * (layout.h) whose words are SVC; harness_load() puts a state into the CPU; harness_try() writes a
 * word at the CPU's pc, which must be one of the slots, and interprets it, and when it raises an
 * exception, or goes to where no slot is, takes that back and returns false. What the
 * instruction may have stored then it also stored before (see interp.h: faults come first).
 */
void harness_slots(const uint32_t *words, unsigned n);
void harness_load(const GuestState *s);
bool harness_try(uint32_t word);

/* Which exit a sequence in slots took, from its final state; SLOTS + 1: none. */
uint32_t harness_end(const GuestState *s);

/* Every register and byte different, no flag set. */
void harness_pattern(GuestState *s);

/* True when equal. (musl's memcmp() takes eight times as long.) */
bool harness_same(const GuestState *a, const GuestState *b);

/* True when equal; otherwise prints the differences, expected against actual, to `out`. */
bool harness_compare(FILE *out, const GuestState *expected, const GuestState *actual,
                     const char *expected_name, const char *actual_name);

/* Opens Capstone; harness_init() does it too. */
void harness_disassembler(void);

/* Text of a word at pc, from Capstone. */
const char *harness_disasm(uint32_t word, uint64_t pc);

/* Prints the registers, with * where they differ from `other` (may be NULL). */
void harness_print(FILE *out, const GuestState *s, const GuestState *other);

#endif
