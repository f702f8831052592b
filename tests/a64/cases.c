/*
 * Runs every row of the .cases files here in one mode and compares the whole guest state: the
 * pattern of harness_pattern with the row's IN applied, run, must equal the same with OUT
 * applied. What OUT does not list must not have changed.
 *
 *     CASE(id, "text", word, IN(...), OUT(...))   one instruction; id is its a64.def row
 *     UNDEF("why", word)                          the word is unallocated
 *
 * Items of IN and OUT: X(n, value) SP(value) V(n, high, low) NZCV(n, z, c, v) FPCR(value)
 * FPSR(value) MEM(address, value) (8 bytes) PC(address) EXIT(reason) NOTHING. After the
 * instruction the PC is CODE + 4 unless OUT says otherwise.
 *
 * Usage: a64_cases interp|xlat|chained|cold [TEXT]   only rows whose id or text contains TEXT
 */
#include <stdlib.h>
#include <string.h>
#include "tests/harness.h"

typedef enum ItemKind {
    ITEM_NOTHING,
    ITEM_X,
    ITEM_V,
    ITEM_NZCV,
    ITEM_FPCR,
    ITEM_FPSR,
    ITEM_MEM,
    ITEM_PC,
    ITEM_EXCL,
    ITEM_EXIT,
} ItemKind;

typedef struct Item {
    ItemKind kind;
    uint64_t where, high, low;
} Item;

#define MAX_ITEMS 16

typedef struct Case {
    const char *file;
    int line;
    uint16_t id;
    const char *text;
    uint32_t word;
    Item in[MAX_ITEMS], out[MAX_ITEMS];
} Case;

#define NOTHING {ITEM_NOTHING, 0, 0, 0}
#define X(n, value) {ITEM_X, n, 0, value}
#define SP(value) {ITEM_X, 31, 0, value}
#define V(n, high, low) {ITEM_V, n, high, low}
#define NZCV(n, z, c, v) {ITEM_NZCV, 0, 0, (n) << 3 | (z) << 2 | (c) << 1 | (v)}
#define FPCR(value) {ITEM_FPCR, 0, 0, value}
#define FPSR(value) {ITEM_FPSR, 0, 0, value}
#define MEM(address, value) {ITEM_MEM, address, 0, value}
#define PC(address) {ITEM_PC, 0, 0, address}
#define EXCL(address) {ITEM_EXCL, 0, 0, address}
#define EXIT(reason) {ITEM_EXIT, 0, 0, reason}
#define IN(...) {__VA_ARGS__}
#define OUT(...) {__VA_ARGS__}
#define CASE(id, text, word, in, ...) {CASE_FILE, __LINE__, INSN_##id, text, word, in, __VA_ARGS__},
#define UNDEF(why, word) {CASE_FILE, __LINE__, INSN_UNALLOCATED, why, word, IN(NOTHING), OUT(NOTHING)},

static const Case cases[] = {
#include "a64_cases.inc"
};

static void apply(GuestState *s, const Item *items)
{
    for (unsigned i = 0; i < MAX_ITEMS; i++) {
        const Item *t = &items[i];
        switch (t->kind) {
        case ITEM_NOTHING:
            break;
        case ITEM_X:
            s->x[t->where] = t->low;
            break;
        case ITEM_V:
            s->v[t->where] = (V128){.u64 = {t->low, t->high}};
            break;
        case ITEM_NZCV:
            s->nzcv = (uint32_t)t->low << 28;
            break;
        case ITEM_FPCR:
            s->fpcr = (uint32_t)t->low;
            break;
        case ITEM_FPSR:
            s->fpsr = (uint32_t)t->low;
            break;
        case ITEM_MEM:
            memcpy(s->buf + (t->where - BUF_START), &t->low, 8);
            break;
        case ITEM_PC:
            s->pc = t->low;
            break;
        case ITEM_EXCL:
            s->excl_addr = t->low;
            break;
        case ITEM_EXIT:
            s->exit = (uint32_t)t->low;
            break;
        }
    }
}

/* False, with the reason on stdout, when the row fails. */
static bool run_case(const Case *c, RunMode mode)
{
    static GuestState before, expected, actual;
    DecodedInsn decoded;

    decode(c->word, &decoded);
    if (decoded.id != c->id) {
        printf("%s:%d: %s: decodes as %s\n", c->file, c->line, c->text,
               decoded.id ? insn_info[decoded.id].id : "unallocated");
        return false;
    }
    harness_pattern(&before);
    apply(&before, c->in);
    expected = before;
    expected.pc = CODE + 4;
    expected.exit = EXIT_NONE;
    apply(&expected, c->out);
    if (c->id == INSN_UNALLOCATED) {
        expected.exit = EXIT_UNDEF;
        expected.pc = CODE;
    } else if (mode != RUN_INTERP && expected.exit == EXIT_NONE) {
        expected.exit = EXIT_SVC; /* the word that follows, or that a branch leads to */
        expected.pc += 4;
    }
    harness_code(&c->word, 1);
    actual = before;
    harness_run(&actual, mode, 1);
    if (!memcmp(&expected, &actual, sizeof actual))
        return true;
    printf("%s:%d: %s  %s\n", c->file, c->line, c->text, harness_disasm(c->word, CODE));
    return harness_compare(stdout, &expected, &actual, "the row's OUT",
                           mode == RUN_INTERP ? "interpreter" : "translator");
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"interp", "xlat", "chained", "cold"};
    const char *only = argc > 2 ? argv[2] : NULL;
    unsigned mode = 0, run = 0, failed = 0;

    while (mode < COUNTOF(names) && (argc < 2 || strcmp(names[mode], argv[1])))
        mode++;
    if (mode == COUNTOF(names)) {
        fprintf(stderr, "usage: a64_cases interp|xlat|chained|cold [TEXT]\n");
        return 2;
    }
    harness_init();
    for (unsigned i = 0; i < COUNTOF(cases); i++) {
        const Case *c = &cases[i];
        if (only && !strstr(c->text, only) && (!c->id || !strstr(insn_info[c->id].id, only)))
            continue;
        run++;
        if (!run_case(c, (RunMode)mode))
            failed++;
    }
    static bool covered[INSN_COUNT];
    unsigned rows = 0;
    for (unsigned i = 0; i < COUNTOF(cases); i++)
        covered[cases[i].id] = true;
    for (unsigned id = 1; id < INSN_COUNT; id++)
        rows += covered[id];
    printf("%s: %u cases, %u failed; %u of %u rows of a64.def have a case\n", names[mode], run,
           failed, rows, INSN_COUNT - 1);
    return failed != 0 || run == 0;
}
