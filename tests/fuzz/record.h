/*
 * What fuzz_peer and make_cases -o write and tests/fuzz/oracle/oracle.c (a guest program) reads:
 * instructions, the state before, and the state after as our interpreter has it. The buffer goes
 * on from record to record: a record lists what it changes, and now and then there is a new one.
 * Plain little-endian structs.
 */
#ifndef TESTS_FUZZ_RECORD_H
#define TESTS_FUZZ_RECORD_H

#include <stdint.h>
#include "tests/layout.h"

#define RECORD_BUFFER 0xbfu /* kind: BUF_SIZE bytes follow, and no Record */
#define RECORD_SEQUENCE 0x5eu
#define RECORD_CHANGES 256u /* no more per record */

typedef struct RecordHead {
    uint32_t kind;
    uint32_t count;   /* instructions */
    uint32_t changes; /* of RecordChange behind the Record */
    uint32_t unused;
} RecordHead;

typedef struct RecordState {
    uint64_t x[32];
    uint64_t v[32][2];
    uint32_t nzcv, fpcr, fpsr;
    uint32_t end; /* after: the slot whose exit was taken */
} RecordState;

typedef struct Record {
    uint32_t words[SLOTS];
    RecordState before, after;
} Record;

typedef struct RecordChange {
    uint64_t offset; /* from BUF_START, a multiple of 8 */
    uint64_t value;
} RecordChange;

#ifdef TESTS_HARNESS_H
#include <stdio.h>
#include <string.h>

static inline void record_buffer(FILE *f, const uint8_t *buf)
{
    RecordHead head = {.kind = RECORD_BUFFER};

    fwrite(&head, sizeof head, 1, f);
    fwrite(buf, BUF_SIZE, 1, f);
}

static inline void record_from_state(RecordState *r, const GuestState *s, uint32_t end)
{
    memcpy(r->x, s->x, sizeof r->x);
    memcpy(r->v, s->v, sizeof r->v);
    r->nzcv = s->nzcv;
    r->fpcr = s->fpcr;
    r->fpsr = s->fpsr;
    r->end = end;
}

/* False, and nothing is written, when more changes than a record may list. */
static inline bool record_write(FILE *f, const uint32_t *words, unsigned n,
                                const GuestState *before, const GuestState *after, uint32_t end)
{
    static Record r;
    static RecordChange changes[RECORD_CHANGES];
    RecordHead head = {.kind = RECORD_SEQUENCE, .count = n};

    for (unsigned i = 0; i < BUF_SIZE; i += 8) {
        uint64_t old, new;
        memcpy(&old, before->buf + i, 8);
        memcpy(&new, after->buf + i, 8);
        if (old == new)
            continue;
        if (head.changes == RECORD_CHANGES)
            return false;
        changes[head.changes++] = (RecordChange){i, new};
    }
    memcpy(r.words, words, n * 4);
    record_from_state(&r.before, before, 0);
    record_from_state(&r.after, after, end);
    fwrite(&head, sizeof head, 1, f);
    fwrite(&r, sizeof r, 1, f);
    fwrite(changes, sizeof *changes, head.changes, f);
    return true;
}
#endif

#endif
