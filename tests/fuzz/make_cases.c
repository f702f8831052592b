/*
 * Prints rows for the .cases files of tests/a64: for each row of a64.def some random words with
 * the smallest IN that matters and the OUT that the interpreter gives. With -o, also writes each
 * as a record for tests/fuzz/oracle, in the same order: a row is fit to be kept only when another
 * machine (or the manual) agrees.
 *
 * Usage: make_cases [-o FILE] SEED PER-ROW [ID-PREFIX]
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "tests/draw.h"
#include "tests/fuzz/record.h"

#define TRIES 400

static bool same_change(uint32_t before, uint32_t after, uint32_t pattern, uint32_t want)
{
    return want == pattern ? after == before : after == want;
}

/* True when `after` from `before` changes the same things to the same values as want does. */
static bool same_effect(const GuestState *before, const GuestState *after,
                        const GuestState *pattern, const GuestState *want)
{
    for (unsigned i = 0; i < 32; i++) {
        bool changed = after->x[i] != before->x[i], wanted = want->x[i] != pattern->x[i];
        if (changed != wanted || (changed && after->x[i] != want->x[i]))
            return false;
        changed = memcmp(&after->v[i], &before->v[i], 16);
        wanted = memcmp(&want->v[i], &pattern->v[i], 16);
        if (changed != wanted || (changed && memcmp(&after->v[i], &want->v[i], 16)))
            return false;
    }
    for (unsigned i = 0; i < BUF_SIZE; i++) {
        bool changed = after->buf[i] != before->buf[i], wanted = want->buf[i] != pattern->buf[i];
        if (changed != wanted || (changed && after->buf[i] != want->buf[i]))
            return false;
    }
    return after->pc == want->pc && after->exit == want->exit &&
           same_change(before->nzcv, after->nzcv, pattern->nzcv, want->nzcv) &&
           same_change(before->fpcr, after->fpcr, pattern->fpcr, want->fpcr) &&
           after->fpsr == want->fpsr && after->excl_addr == want->excl_addr;
}

static void run(const GuestState *before, GuestState *after)
{
    *after = *before;
    harness_run(after, RUN_INTERP, 1);
}

/* Puts what does not matter back to the pattern. */
static void minimise(GuestState *before, const GuestState *pattern, const GuestState *want)
{
    static GuestState trial, after;
    const GuestState start = *before;

    for (unsigned i = 0; i < 66; i++) {
        trial = *before;
        if (i < 32)
            trial.x[i] = pattern->x[i];
        else if (i < 64)
            trial.v[i - 32] = pattern->v[i - 32];
        else if (i == 64)
            trial.fpcr = 0;
        else
            trial.nzcv = 0;
        if (!memcmp(&trial, before, sizeof trial))
            continue;
        run(&trial, &after);
        if (same_effect(&trial, &after, &start, want))
            *before = trial;
    }
}

static void print_items(const GuestState *from, const GuestState *to, uint64_t usual_pc)
{
    const char *comma = "";

    for (unsigned i = 0; i < 32; i++) {
        if (from->x[i] == to->x[i])
            continue;
        if (i == 31)
            printf("%sSP(%#llx)", comma, (unsigned long long)to->x[i]);
        else
            printf("%sX(%u, %#llx)", comma, i, (unsigned long long)to->x[i]);
        comma = ", ";
    }
    for (unsigned i = 0; i < 32; i++) {
        if (!memcmp(&from->v[i], &to->v[i], 16))
            continue;
        printf("%sV(%u, %#llx, %#llx)", comma, i, (unsigned long long)to->v[i].u64[1],
               (unsigned long long)to->v[i].u64[0]);
        comma = ", ";
    }
    if (from->nzcv != to->nzcv) {
        unsigned f = to->nzcv >> 28;
        printf("%sNZCV(%u, %u, %u, %u)", comma, f >> 3, f >> 2 & 1, f >> 1 & 1, f & 1);
        comma = ", ";
    }
    if (from->fpcr != to->fpcr) {
        printf("%sFPCR(%#x)", comma, to->fpcr);
        comma = ", ";
    }
    if (from->fpsr != to->fpsr) {
        printf("%sFPSR(%#x)", comma, to->fpsr);
        comma = ", ";
    }
    for (unsigned i = 0; i < BUF_SIZE; i += 8) {
        uint64_t value;
        if (!memcmp(from->buf + i, to->buf + i, 8))
            continue;
        memcpy(&value, to->buf + i, 8);
        printf("%sMEM(%#llx, %#llx)", comma, BUF_START + i, (unsigned long long)value);
        comma = ", ";
    }
    if (from->excl_addr != to->excl_addr) {
        printf("%sEXCL(%#llx)", comma, (unsigned long long)to->excl_addr);
        comma = ", ";
    }
    if (to->pc != usual_pc) {
        printf("%sPC(%#llx)", comma, (unsigned long long)to->pc);
        comma = ", ";
    }
    if (!*comma)
        printf("NOTHING");
}

/* One row; false when this draw does not work out. */
static bool make_case(unsigned id, FILE *records)
{
    static GuestState pattern, before, after, random;
    uint32_t word;

    harness_pattern(&pattern);
    random_state(&random, below(3) ? 0 : -1);
    before = random;
    memcpy(before.buf, pattern.buf, BUF_SIZE);
    before.fpsr = 0;
    if (!draw_row(id, &word, 4))
        return false;
    harness_code(&word, 1);
    run(&before, &after);
    bool in_slots = after.pc > CODE && after.pc < CODE + 4 * SLOTS;
    if (after.exit != EXIT_NONE || (!in_slots && after.pc != CODE_FAR))
        return false;
    const GuestState want = after;
    minimise(&before, &pattern, &want);
    run(&before, &after);
    printf("CASE(%s, \"%s\", %#010x, IN(", insn_info[id].id, harness_disasm(word, CODE), word);
    print_items(&pattern, &before, CODE);
    printf("), OUT(");
    print_items(&before, &after, CODE + 4);
    printf("))\n");
    if (records) {
        uint64_t slot = (after.pc - CODE) / 4;
        record_buffer(records, before.buf);
        record_write(records, &word, 1, &before, &after,
                     after.pc == CODE_FAR ? SLOTS : (uint32_t)slot);
    }
    return true;
}

int main(int argc, char **argv)
{
    FILE *records = NULL;
    int opt;

    while ((opt = getopt(argc, argv, "o:")) != -1) {
        if (opt != 'o')
            return 2;
        records = fopen(optarg, "wb");
    }
    if (argc - optind < 2) {
        fprintf(stderr, "usage: make_cases [-o FILE] SEED PER-ROW [ID-PREFIX]\n");
        return 2;
    }
    rng_state = strtoull(argv[optind], NULL, 0);
    unsigned per_row = (unsigned)atoi(argv[optind + 1]);
    choose_rows(argv[optind + 2], false, DRAW_MACHINE);
    harness_init();
    for (unsigned r = 0; r < row_count; r++)
        for (unsigned made = 0, tries = 0; made < per_row && tries < TRIES; tries++)
            made += make_case(rows[r], records);
    if (records)
        fclose(records);
    return 0;
}
