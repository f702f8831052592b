/*
 * Random instructions, random state: the interpreter against the translator. (peer.c: against
 * another implementation.)
 *
 * Instructions are drawn from the rows of a64.def with random fields; a candidate that the
 * interpreter cannot run inside the guarded buffer and the code area is drawn again, so that
 * sequences are always executable. Compared: all registers, flags, FPSR and the whole buffer.
 *
 * Usage: fuzz_insn [-n] [-c | -i] [-k] [-x] [-m FPCR] SEED COUNT [ID-PREFIX...]
 *   COUNT       sequences of 1 to 8 instructions
 *   ID-PREFIX   only rows whose id begins so (with one of them)
 *   -x          only rows that are translated (path XLAT)
 *   -n          sequences of one instruction only
 *   -c          enter by way of another unit and run often (chained, hot)
 *   -i          interpreted as cold code instead of translated
 *   -k          keep going after a difference
 *   -m FPCR     always this FPCR (default: random)
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "tests/draw.h"

#define MAX_SEQUENCE 8
#define DRAWS 200

/*
 * Writes a sequence that the interpreter executes from `before` without an exception; `after` is
 * its state at the end. Returns the number of words.
 */
static unsigned make_sequence(uint32_t *words, const GuestState *before, GuestState *after,
                              unsigned length)
{
    static GuestState next;
    unsigned n = 0;

    *after = *before;
    while (n < length) {
        unsigned at = (unsigned)((after->pc - CODE) / 4);
        if (at >= length)
            break;
        for (; n < at; n++) /* jumped over: never executed */
            words[n] = SVC_WORD;
        unsigned tries = 0;
        for (; tries < DRAWS; tries++) {
            bool goes_on = n && tries < DRAWS / 2 && below(8) &&
                           draw_behind(words[n - 1], &words[n]);
            if (!goes_on && !draw_row(rows[below(row_count)], &words[n], length - n))
                continue;
            harness_code(words, n + 1);
            next = *after;
            harness_run(&next, RUN_INTERP, 1);
            if (next.exit == EXIT_NONE && next.pc > after->pc && next.pc < CODE + 0x1000)
                break;
        }
        if (tries == DRAWS)
            break;
        n++;
        *after = next;
        if (after->pc == CODE + 0x800 || after->pc % 4)
            break;
    }
    /* Once more from the start: a load may have read code that was drawn later. */
    harness_code(words, n);
    *after = *before;
    harness_run(after, RUN_INTERP, n);
    if (after->exit == EXIT_NONE && after->pc % 4)
        after->exit = EXIT_PC_ALIGN;
    if (after->exit == EXIT_PC_ALIGN)
        return n;
    if (after->exit != EXIT_NONE)
        return 0;
    after->exit = EXIT_SVC;
    after->pc += 4;
    return n;
}

static void report(uint64_t seed, uint64_t index, const uint32_t *words, unsigned n,
                   const GuestState *before, const GuestState *expected, const GuestState *actual)
{
    printf("DIFFERENCE seed %llu sequence %llu\n", (unsigned long long)seed,
           (unsigned long long)index);
    for (unsigned i = 0; i < n; i++)
        printf("  %llx: %s\n", (unsigned long long)CODE + 4 * i,
               harness_disasm(words[i], CODE + 4 * i));
    printf("before:\n");
    harness_print(stdout, before, NULL);
    printf("interpreter (* changed):\n");
    harness_print(stdout, expected, before);
    printf("translator (* differs):\n");
    harness_print(stdout, actual, expected);
    harness_compare(stdout, expected, actual, "interpreter", "translator");
}

static uint32_t drawn[INSN_COUNT];

static void count_rows(const uint32_t *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        DecodedInsn insn;
        decode(words[i], &insn);
        drawn[insn.id]++;
    }
}

/* How often the row was drawn that was drawn least. */
static unsigned least_drawn(void)
{
    unsigned least = UINT32_MAX;

    for (unsigned i = 0; i < row_count; i++)
        if (drawn[rows[i]] < least)
            least = drawn[rows[i]];
    return least;
}

int main(int argc, char **argv)
{
    static GuestState before, expected, actual;
    bool single = false, keep_going = false, translated = false;
    RunMode mode = RUN_XLAT;
    int64_t fixed_fpcr = -1;
    uint64_t different = 0, done = 0, instructions = 0;
    int opt;

    while ((opt = getopt(argc, argv, "ncikxm:")) != -1) {
        switch (opt) {
        case 'n':
            single = true;
            break;
        case 'c':
            mode = RUN_CHAINED;
            break;
        case 'i':
            mode = RUN_COLD;
            break;
        case 'k':
            keep_going = true;
            break;
        case 'x':
            translated = true;
            break;
        case 'm':
            fixed_fpcr = strtoll(optarg, NULL, 0);
            break;
        default:
            return 2;
        }
    }
    if (argc - optind < 2) {
        fprintf(stderr, "usage: fuzz_insn [-ncikx] [-m FPCR] SEED COUNT [PREFIX...]\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[optind], NULL, 0), count = strtoull(argv[optind + 1], NULL, 0);
    for (int n = optind + 2; n < argc || n == optind + 2; n++) /* argv[argc] is NULL: all rows */
        choose_rows(argv[n], translated, DRAW_SELF);
    if (!row_count) {
        fprintf(stderr, "no such row\n");
        return 2;
    }
    harness_init();
    for (uint64_t index = 0; index < count; index++) {
        uint32_t words[MAX_SEQUENCE];
        rng_state = seed;
        rng_state = rnd() + index * 0x100000001b3ull;
        rng_state = rnd();
        random_state(&before, fixed_fpcr);
        unsigned n =
            make_sequence(words, &before, &expected, single ? 1 : 1 + below(MAX_SEQUENCE));
        if (!n)
            continue;
        done++;
        instructions += n;
        count_rows(words, n);
        harness_code(words, n);
        actual = before;
        harness_run(&actual, mode, n);
        if (!harness_same(&expected, &actual)) {
            report(seed, index, words, n, &before, &expected, &actual);
            different++;
            if (!keep_going)
                break;
        }
    }
    printf("seed %llu: %llu instructions in %llu sequences of %u rows (each %u times or more), "
           "%llu differences\n",
           (unsigned long long)seed, (unsigned long long)instructions, (unsigned long long)done,
           row_count, least_drawn(), (unsigned long long)different);
    return different != 0;
}
