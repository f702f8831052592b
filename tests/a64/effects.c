/*
 * The effects column of a64.def against what instructions do. Every row is drawn with random
 * fields; its IR and the interpreter say what it reads and writes of NZCV, whether it touches
 * memory or raises floating-point exceptions, and how control leaves it. What was seen in any
 * draw, and what the column says, must be the same.
 *
 * Usage: a64_effects [-t]   -t: prints what was seen, a line a row, instead of comparing
 */
#include <stdlib.h>
#include <string.h>
#include "emu/base/bits.h"
#include "tcg-lite/xlat/xlat.h"
#include "tests/draw.h"

#define DRAWS 150
#define COMPARED (READS_NZCV | WRITES_NZCV | LOADS | STORES | FP_TRAPS | LEAVES_LINE | DIRECT)
#define RAISED_BITS 0x9fu /* FPSR's cumulative exceptions; QC is none */
#define UNMAPPED 0x30000000ull

static IrUnit u;
static unsigned wrong;

/* ---- by translation ---- */

static unsigned flow_of_end(const IrInst *end, uint64_t next)
{
    switch (end->op) {
    case IR_GOTO:
        return u.exit[-1 - end->target].pc == next ? 0 : JUMPS | DIRECT;
    case IR_JCC: case IR_JZ: case IR_JBIT:
        return BRANCHES | DIRECT;
    case IR_GOTO_IND: case IR_RET:
        return JUMPS;
    case IR_BL:
        return CALLS | DIRECT;
    case IR_BLR: case IR_SVC:
        return CALLS;
    default:
        return STOPS;
    }
}

/* *called: translated code may leave it to the interpreter. */
static unsigned seen_in_ir(uint32_t fpcr, bool *called)
{
    unsigned seen = 0;

    if (!xlat_unit(&u, CODE, fpcr, this_cpu->features, 1, false) || u.full)
        return 0;
    for (uint32_t n = 0; n < u.inst_count; n++) {
        uint16_t effects = ir_op_info[u.inst[n].op].effects;

        *called |= u.inst[n].op == IR_CALL;
        if ((effects & (NEEDC | NEEDNZCV)) && !(seen & WRITES_NZCV))
            seen |= READS_NZCV;
        if (u.inst[n].set_nzcv)
            seen |= WRITES_NZCV;
        seen |= (effects & LOAD ? LOADS : 0) | (effects & STORE ? STORES : 0) |
                (effects & TRAP ? FP_TRAPS : 0);
    }
    return seen | flow_of_end(&u.inst[u.inst_count - 1], CODE + 4);
}

/* ---- by interpretation ---- */

static bool same_but_nzcv(const GuestState *a, const GuestState *b)
{
    return !memcmp(a->x, b->x, sizeof a->x) && !memcmp(a->v, b->v, sizeof a->v) &&
           a->pc == b->pc && a->fpcr == b->fpcr && a->fpsr == b->fpsr && a->exit == b->exit &&
           a->excl_addr == b->excl_addr && !memcmp(a->buf, b->buf, sizeof a->buf);
}

/* What the draws of one row told, beyond what any of them did. */
typedef struct Notes {
    bool kept_nzcv;    /* one went on and left NZCV as it was */
    bool cleared_fpsr; /* one took a cumulative bit away: FPSR is written, not raised in */
} Notes;

/* From two tries that differ in their flags, and one more that differs in nothing. */
static unsigned seen_in_interp(uint32_t word, Notes *notes)
{
    static GuestState before, a, b, again;
    unsigned seen = 0;

    random_state(&before, -1);
    if (below(2)) /* a size of 0, for memory copies and sets */
        before.x[field(word, 5, 5)] = 0;
    a = b = again = before;
    b.nzcv = a.nzcv ^ (1 + below(15)) << 28;
    uint32_t nzcv_a = a.nzcv, nzcv_b = b.nzcv;
    harness_run(&a, RUN_INTERP, 1);
    harness_run(&b, RUN_INTERP, 1);
    harness_run(&again, RUN_INTERP, 1);
    if (a.exit == HARNESS_HOST_FAULT || b.exit == HARNESS_HOST_FAULT)
        return 0; /* LOADS, STORES: see faults() */
    bool written = a.nzcv != nzcv_a || b.nzcv != nzcv_b;
    notes->kept_nzcv |= !written && a.pc != before.pc;
    if ((same_but_nzcv(&a, &again) && !same_but_nzcv(&a, &b)) || (written && a.nzcv != b.nzcv))
        seen |= READS_NZCV;
    if (written)
        seen |= WRITES_NZCV;
    if ((a.fpsr ^ before.fpsr) & RAISED_BITS)
        seen |= FP_TRAPS;
    notes->cleared_fpsr |= (before.fpsr & ~a.fpsr & RAISED_BITS) != 0;
    return seen;
}

/* Faults when every register holds an address where nothing is mapped. */
static bool faults(void)
{
    static GuestState s;

    random_state(&s, 0);
    for (unsigned n = 0; n < 32; n++)
        s.x[n] = UNMAPPED;
    harness_run(&s, RUN_INTERP, 1);
    return s.exit == HARNESS_HOST_FAULT;
}

/* ---- a row ---- */

/* What leaves the line although its IR goes on behind it: the scan of a unit must know. */
static unsigned unseen(const InsnInfo *row)
{
    return row->effects & STOPS && !(row->effects & (BRANCHES | JUMPS | CALLS)) ? STOPS : 0;
}

static unsigned observe(unsigned id)
{
    unsigned seen = 0, drawn = 0, told = insn_info[id].effects & (LOADS | STORES);
    Notes notes = {false, false};
    bool called = insn_info[id].path == PATH_CALL;

    for (unsigned n = 0; n < 20 * DRAWS && drawn < DRAWS; n++) {
        uint32_t word;

        if (!draw_row(id, &word, 40))
            continue;
        drawn++;
        harness_code(&word, 1);
        if (insn_info[id].path == PATH_XLAT)
            seen |= seen_in_ir(random_fpcr(), &called);
        seen |= seen_in_interp(word, &notes);
        if (called && !(seen & (LOADS | STORES)) && faults())
            seen |= told ? told : LOADS;
    }
    if (drawn < DRAWS / 10) {
        printf("%s: drawn %u times\n", insn_info[id].id, drawn);
        wrong++;
    }
    if ((seen & WRITES_NZCV) && notes.kept_nzcv)
        seen |= READS_NZCV;
    if (notes.cleared_fpsr)
        seen &= ~(unsigned)FP_TRAPS;
    return seen & BRANCHES ? seen & ~(unsigned)JUMPS : seen; /* B.AL */
}

static void print_effects(unsigned effects)
{
    static const char *const name[] = {"READS_NZCV", "WRITES_NZCV", "LOADS", "STORES", "FP_TRAPS",
                                       "BRANCHES",   "JUMPS",       "CALLS", "DIRECT", "STOPS"};
    bool any = false;

    for (unsigned n = 0; n < COUNTOF(name); n++)
        if (effects >> n & 1)
            printf("%s%s", any ? "|" : "", name[n]), any = true;
    printf("%s", any ? "" : "0");
}

static void check_row(unsigned id, bool print)
{
    unsigned seen = observe(id), told = insn_info[id].effects;

    if (print) {
        printf("%s ", insn_info[id].id);
        print_effects(seen);
        printf("\n");
        return;
    }
    seen |= unseen(&insn_info[id]);
    if ((seen & COMPARED) == (told & COMPARED))
        return;
    printf("%s: a64.def says ", insn_info[id].id);
    print_effects(told);
    printf(", seen were ");
    print_effects(seen);
    printf("\n");
    wrong++;
}

int main(int argc, char **argv)
{
    bool print = argc > 1 && !strcmp(argv[1], "-t");

    harness_init();
    rng_state = 20261128;
    choose_rows(NULL, false, DRAW_SELF);
    for (unsigned id = 1; id < INSN_COUNT; id++)
        check_row(id, print);
    printf("%u rows, %u wrong\n", INSN_COUNT - 1, wrong);
    return wrong != 0;
}
