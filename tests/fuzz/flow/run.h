/* Runs a batch under an emulator and compares what it left with what another run left. */
#ifndef TESTS_FUZZ_FLOW_RUN_H
#define TESTS_FUZZ_FLOW_RUN_H

#include <stdio.h>
#include "tests/fuzz/flow/guest.h"

typedef struct Outcome {
    int status; /* of waitpid(), or -1: it did not end in time */
    unsigned cpu_ms;
    unsigned records;
    Record *record[MAX_PROGRAMS]; /* by number; NULL: the program left none */
    uint64_t shared[SHARED_WORDS];
    bool complete;                /* the shared words are there */
    void *bytes;                  /* all of these; room for RUN_BYTES */
} Outcome;

/*
 * argv: the emulator and its options, NULL at the end, with room for one more; environment: lines
 * NAME=VALUE besides our own. Waits at most `seconds`.
 */
void run_batch(const char *const *argv, const char *const *environment, const char *elf,
               unsigned seconds, Outcome *out);

/* First program of which the two differ, or -1. What differs besides programs is 0's. */
int run_compare(const Batch *b, const Outcome *expected, const Outcome *actual);

/* Prints what differs. */
void run_explain(const Outcome *expected, const Outcome *actual, unsigned program);

#endif
