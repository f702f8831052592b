/*
 * The records that fuzz_insn -o writes and tests/fuzz/oracle/oracle.c (a guest program) reads:
 * instructions, the state before, and the state after as our interpreter has it. Of the buffer
 * only its middle part is kept. Plain little-endian structs.
 */
#ifndef TESTS_FUZZ_RECORD_H
#define TESTS_FUZZ_RECORD_H

#include <stdint.h>
#include <string.h>

#define RECORD_BUF_OFFSET 0x3000 /* from the start of the buffer */
#define RECORD_BUF_SIZE 0x2000

typedef struct RecordState {
    uint64_t x[32];
    uint64_t v[32][2];
    uint64_t pc;
    uint32_t nzcv, fpcr, fpsr, unused;
    uint8_t buf[RECORD_BUF_SIZE];
} RecordState;

typedef struct Record {
    uint32_t count, words[15];
    RecordState before, after;
} Record;

#ifdef TESTS_HARNESS_H
static inline void record_from_state(RecordState *r, const GuestState *s)
{
    memcpy(r->x, s->x, sizeof r->x);
    memcpy(r->v, s->v, sizeof r->v);
    r->pc = s->pc;
    r->nzcv = s->nzcv;
    r->fpcr = s->fpcr;
    r->fpsr = s->fpsr;
    memcpy(r->buf, s->buf + RECORD_BUF_OFFSET, RECORD_BUF_SIZE);
}
#endif

#endif
