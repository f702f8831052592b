/*
 * Prints what the tables say: rows of a64.def per family and feature, how many of them are
 * translated, which have no case in tests/a64; rows of syscalls.def by verb.
 *
 * Usage: coverage [-v]   -v: also the names of the rows that translated code interprets
 */
#include <stdio.h>
#include <string.h>
#include "emu/base/types.h"
#include "emu/decode/insn.h"

typedef struct Row {
    const char *id, *family;
    uint8_t feature, path;
    bool has_case;
} Row;

#define XLAT(id) PATH_XLAT
#define CALL(id) PATH_CALL
#define A64(id, mnemonic, feature, encoding, legal, path, effects)                                          \
    [INSN_##id] = {#id, FAMILY, FEAT_##feature, path(id), false},
static Row rows[INSN_COUNT] = {
#define FAMILY "int"
#include "emu/decode/a64_int.def"
#undef FAMILY
#define FAMILY "mem"
#include "emu/decode/a64_mem.def"
#undef FAMILY
#define FAMILY "fp"
#include "emu/decode/a64_fp.def"
#undef FAMILY
#define FAMILY "simd"
#include "emu/decode/a64_simd.def"
#undef FAMILY
};
#undef A64
#undef XLAT
#undef CALL

static const uint16_t cases[] = {
#define CASE(id, ...) INSN_##id,
#define UNDEF(...) INSN_UNALLOCATED,
#include "a64_cases.inc"
#undef CASE
#undef UNDEF
};

static const char *const features[] = {
#define FEATURE(id, ...) #id,
#include "emu/decode/features.def"
#undef FEATURE
};

enum { PASS_ROWS, WAIT_ROWS, EMUL_ROWS, DENY_ROWS, VERBS };
static const uint8_t calls[] = {
#define PASS(...) PASS_ROWS,
#define WAIT(...) WAIT_ROWS,
#define EMUL(...) EMUL_ROWS,
#define DENY(...) DENY_ROWS,
#include "syscalls/syscalls.def"
};

static void print_names(const char *title, bool (*wanted)(const Row *r))
{
    unsigned column = 0, count = 0;

    for (unsigned n = 1; n < INSN_COUNT; n++)
        count += wanted(&rows[n]);
    printf("\n%s: %u\n", title, count);
    for (unsigned n = 1; n < INSN_COUNT; n++) {
        if (!wanted(&rows[n]))
            continue;
        unsigned length = (unsigned)strlen(rows[n].id) + 1;
        if (column + length > 98)
            putchar('\n'), column = 0;
        printf(" %s", rows[n].id);
        column += length;
    }
    if (column)
        putchar('\n');
}

static bool no_case(const Row *r)
{
    return !r->has_case;
}

static bool is_call(const Row *r)
{
    return r->path == PATH_CALL;
}

static void print_line(const char *family, const char *feature, const unsigned *count)
{
    printf("%-6s %-10s %5u %5u %5u %8u\n", family, feature, count[0], count[1],
           count[0] - count[1], count[2]);
}

/* The rows of one family (NULL: all) and feature (FEAT_COUNT: all): all, XLAT, without a case. */
static bool count_rows(const char *family, unsigned feature, unsigned *count)
{
    memset(count, 0, 3 * sizeof *count);
    for (unsigned n = 1; n < INSN_COUNT; n++) {
        const Row *r = &rows[n];
        if ((family && strcmp(r->family, family)) ||
            (feature != FEAT_COUNT && r->feature != feature))
            continue;
        count[0]++;
        count[1] += r->path == PATH_XLAT;
        count[2] += !r->has_case;
    }
    return count[0] != 0;
}

static void instructions(bool verbose)
{
    static const char *const families[] = {"int", "mem", "fp", "simd"};
    unsigned count[3];

    for (size_t n = 0; n < COUNTOF(cases); n++)
        rows[cases[n]].has_case = true;
    printf("a64.def            rows  XLAT  CALL  no case\n");
    for (size_t f = 0; f < COUNTOF(families); f++)
        for (unsigned feature = 0; feature < FEAT_COUNT; feature++)
            if (count_rows(families[f], feature, count))
                print_line(families[f], features[feature], count);
    count_rows(NULL, FEAT_COUNT, count);
    print_line("all", "", count);
    print_names("rows without a case", no_case);
    if (verbose)
        print_names("rows that are interpreted", is_call);
    printf("\n%zu cases\n", COUNTOF(cases));
}

static void system_calls(void)
{
    unsigned count[VERBS] = {0};

    for (size_t n = 0; n < COUNTOF(calls); n++)
        count[calls[n]]++;
    printf("\nsyscalls.def: %zu rows: %u PASS, %u WAIT, %u EMUL, %u DENY\n", COUNTOF(calls),
           count[PASS_ROWS], count[WAIT_ROWS], count[EMUL_ROWS], count[DENY_ROWS]);
}

int main(int argc, char **argv)
{
    instructions(argc > 1 && !strcmp(argv[1], "-v"));
    system_calls();
    return 0;
}
