/*
 * Unit formation: which instructions become a unit, its blocks, edges, entries, loop heads and
 * exits; limits, page ends and the window. Then random code, whose units must keep every rule
 * that holds for all of them.
 */
#define _GNU_SOURCE
#include "tcg-lite/opt/opt.h"
#include "tcg-lite/xlat/xlat.h"
#include "tests/ir/expect.h"

#define PC (GUEST_CODE + 0x10000)
#define NARROW false
#define WIDE true

static IrUnit u;
static uint64_t seed = 2463534242;

static bool form_at(uint64_t pc, unsigned max, bool wide)
{
    bool fetched = xlat_unit(&u, pc, 0, this_cpu->features, max, wide);

    if (fetched && !u.full)
        ir_verify(&u, "xlat");
    return fetched;
}

#define FORM(max, wide, ...)                                                                       \
    form_words(max, wide, (const uint32_t[]){__VA_ARGS__},                                         \
               sizeof((const uint32_t[]){__VA_ARGS__}) / 4)
static void form_words(unsigned max, bool wide, const uint32_t *words, unsigned n)
{
    static const uint32_t udf[256];

    guest_words(PC, udf, 256);
    guest_words(PC, words, n);
    EXPECT(form_at(PC, max, wide), "the code is there");
}

static const IrInst *end_of(unsigned block)
{
    return &u.inst[u.block[block].first + u.block[block].count - 1];
}

/* Where an edge leads, as an offset from PC in instructions. */
static int edge(int16_t target)
{
    uint64_t pc = target >= 0 ? u.block[target].pc : u.exit[-1 - target].pc;
    return (int)((int64_t)(pc - PC) / 4);
}

static void straight(void)
{
    FORM(64, NARROW, A_ADDI(0, 0, 1), A_ADDI(1, 1, 1), A_B(10));
    EXPECT(u.block_count == 1 && u.guest_count == 3 && u.block[0].entry, "one block");
    EXPECT(end_of(0)->op == IR_GOTO && end_of(0)->target < 0 && edge(end_of(0)->target) == 12,
           "an exit to the target");
    FORM(64, WIDE, A_ADDI(0, 0, 1), A_B(3), A_UDF, A_UDF, A_ADDI(1, 1, 1), A_RET);
    EXPECT(u.block_count == 2 && u.guest_count == 4, "the wide one follows");
    EXPECT(end_of(0)->target == 1 && u.block[1].single_pred == 0 && !u.block[1].loop_head &&
               !u.block[1].entry, "one edge");
}

static void conditional(void)
{
    FORM(64, NARROW, A_CBZ(0, 8), A_ADDI(1, 1, 1), A_CBZ(1, 8), A_ADDI(2, 2, 1), A_RET);
    EXPECT(u.guest_count == 3 && u.block_count == 2, "past one forward branch, not two: %u",
           u.guest_count);
    EXPECT(edge(end_of(0)->target) == 8 && edge(end_of(0)->target2) == 1 &&
               edge(end_of(1)->target) == 10 && edge(end_of(1)->target2) == 3, "its exits");
    FORM(64, WIDE, A_CBZ(0, 3), A_ADDI(1, 1, 1), A_RET, A_ADDI(2, 2, 1), A_RET);
    EXPECT(u.guest_count == 5 && u.block_count == 3, "wide: both ways");
    EXPECT(end_of(0)->target == 2 && end_of(0)->target2 == 1, "in address order");
    FORM(64, WIDE, A_CBZ(0, 1), A_RET);
    EXPECT(u.block_count == 2 && u.block[1].preds == 2, "both ways lead to the same block");
    FORM(64, WIDE, A_BCOND(14u, 2), A_UDF, A_RET);
    EXPECT(u.guest_count == 2 && end_of(0)->op == IR_GOTO, "B.AL is a jump");
}

static void loops(void)
{
    FORM(64, NARROW, A_MOVZ(0, 9u), A_SUBSI(0, 0, 1), A_ADDI(1, 1, 1), A_BCOND(1u, -2), A_RET);
    EXPECT(u.block_count == 3 && u.guest_count == 5, "%u blocks", u.block_count);
    EXPECT(u.block[0].entry && !u.block[0].loop_head, "the way in");
    EXPECT(u.block[1].loop_head && !u.block[1].entry && u.block[1].preds == 2 &&
               u.block[1].single_pred == -1, "the loop's head");
    EXPECT(end_of(1)->target == 1 && end_of(1)->target2 == 2, "round and out");
    EXPECT(u.block[2].single_pred == 1, "behind it");
    FORM(64, NARROW, A_CBNZ(0, 0));
    EXPECT(u.block[0].loop_head && end_of(0)->target == 0, "a loop of one instruction");
    FORM(64, NARROW, A_B(0));
    EXPECT(u.block_count == 1 && u.block[0].loop_head, "a loop of nothing");
    /* entered in the middle: the part before the entry is found by the branch back */
    static const uint32_t middle[] = {A_ADDI(0, 0, 1), A_ADDI(1, 1, 1), A_CBNZ(1, -2), A_RET};
    guest_words(PC, middle, 4);
    EXPECT(form_at(PC + 4, 64, WIDE), "it is there");
    EXPECT(u.guest_count == 4 && u.block_count == 3 && u.block[0].pc == PC &&
               u.block[1].entry && !u.block[0].entry, "blocks are ordered by address");
    EXPECT(u.block[0].loop_head + u.block[1].loop_head >= 1, "something polls on the way round");
}

static void calls(void)
{
    FORM(64, NARROW, A_BL(20), A_ADDI(0, 0, 1), A_RET);
    EXPECT(u.guest_count == 1, "a narrow unit ends at a call");
    FORM(64, WIDE, A_BL(20), A_ADDI(0, 0, 1), A_RET);
    EXPECT(u.guest_count == 3 && u.block_count == 2 && u.block[1].entry, "it comes back here");
    FORM(64, WIDE, A_ADDI(0, 0, 1), A_BL(-1), A_RET);
    EXPECT(!u.block[0].loop_head && u.block[0].preds == 0, "a call back is no loop");
    FORM(64, WIDE, A_SVC, A_ADDI(0, 0, 1), A_RET);
    EXPECT(u.block_count == 2 && end_of(0)->op == IR_SVC && end_of(0)->target2 == 1 &&
               (uint64_t)end_of(0)->imm == PC + 4 && u.block[1].entry, "SVC");
    FORM(64, WIDE, A_ADDI(0, 0, 1), A_UDF, A_RET);
    EXPECT(end_of(0)->op == IR_EXIT && end_of(0)->sub == EXIT_UNDEF &&
               (uint64_t)end_of(0)->imm == PC + 4 && u.guest_count == 2, "an undefined one");
    FORM(64, WIDE, A_BR(3u), A_RET);
    EXPECT(u.guest_count == 1 && end_of(0)->op == IR_GOTO_IND, "BR ends it");
}

static void limits(void)
{
    uint32_t words[1000];

    for (unsigned n = 0; n < 1000; n++)
        words[n] = A_ADDI(0, 0, 1);
    guest_words(PC, words, 1000);
    for (unsigned max = 1; max < XLAT_WIDE_MAX; max += 57) {
        EXPECT(form_at(PC, max, WIDE) && u.guest_count == max, "%u of %u", u.guest_count, max);
        EXPECT(edge(end_of(0)->target) == (int)max && end_of(0)->target < 0, "goes on outside");
    }
    EXPECT(form_at(PC, XLAT_WIDE_MAX, WIDE) && u.guest_count == 2 * XLAT_WIDE_MAX, "on and on");
    words[500] = A_CBZ(1, -500);
    guest_words(PC, words, 1000);
    EXPECT(form_at(PC, XLAT_WIDE_MAX, WIDE) && u.guest_count == 501 &&
               end_of(0)->target == 0 && u.block[0].loop_head, "a long loop is one unit");
    for (unsigned n = 0; n < 600; n += 2) /* many blocks: more than the list holds */
        words[n] = A_CBZ(1, 2);
    guest_words(PC, words, 600);
    EXPECT(form_at(PC, XLAT_WIDE_MAX, WIDE) && (u.full || u.block_count <= UNIT_MAX_BLOCKS), "blocks");
    EXPECT(form_at(PC, 100, WIDE) && !u.full && u.block_count <= UNIT_MAX_BLOCKS, "half of it");

    /* branches out of the window, both ways */
    FORM(64, WIDE, A_CBZ(0, XLAT_WINDOW), A_CBZ(0, -XLAT_WINDOW), A_B(XLAT_WINDOW / 2 - 3), A_UDF);
    EXPECT(u.exit_count >= 2 && edge(end_of(0)->target) == XLAT_WINDOW &&
               edge(end_of(1)->target) == 1 - XLAT_WINDOW, "far targets are exits");
}

static void page_ends(void)
{
    const uint64_t end = GUEST_CODE + 0x40000;
    static const uint32_t tail[] = {A_CBZ(0, -1), A_ADDI(0, 0, 1), A_CBZ(0, 2)};

    guest_words(end - 12, tail, 3);
    CHECK(mem_unmap(end, PAGE_SIZE_4K) == 0, "a hole");
    for (int wide = 0; wide < 2; wide++) {
        EXPECT(form_at(end - 8, 64, wide) && u.guest_count >= 2, "up to the end of the page");
        for (unsigned n = 0; n < u.guest_count; n++)
            EXPECT(u.guest[n].pc < end, "nothing beyond it");
        const IrInst *last = end_of(u.block_count - 1);
        EXPECT(last->target < 0 && u.exit[-1 - last->target].pc == end + 4 &&
                   last->target2 < 0 && u.exit[-1 - last->target2].pc == end,
               "exits into the hole");
        EXPECT(!form_at(end, 64, wide), "the hole itself");
    }
    CHECK(mem_map(end, PAGE_SIZE_4K, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
              (int64_t)end, "not executable");
    EXPECT(form_at(end - 4, 64, WIDE) && u.guest_count == 1, "readable is not enough");
    EXPECT(!form_at(end, 64, WIDE), "nor to begin there");
    EXPECT(!form_at(GUEST_DATA, 64, NARROW), "data");
    CHECK(mem_protect(end, PAGE_SIZE_4K, PROT_READ | PROT_EXEC) == 0, "now it is");
    EXPECT(form_at(end - 4, 64, WIDE) && u.guest_count > 1, "goes on in the next page");
}

/* ---- random code ---- */

#define RANDOM_WORDS 200

static uint32_t random_word(void)
{
    int off = (int)(draw(&seed) % 40) - 20;
    unsigned r = (unsigned)draw(&seed) % 31;

    switch (draw(&seed) % 16) {
    case 0: return A_CBZ(r, off);
    case 1: return A_CBNZ(r, off);
    case 2: return A_BCOND((unsigned)draw(&seed) % 16, off);
    case 3: return A_TBNZ(r, 5u, off);
    case 4: return A_B(off);
    case 5: return A_BL(off);
    case 6: return draw(&seed) % 2 ? A_RET : A_BR(r);
    case 7: return draw(&seed) % 2 ? A_SVC : A_UDF;
    case 8: case 9: return A_CMPI(r, 5u);
    case 10: return A_LDR(r, (r + 1) % 31);
    default: return A_ADDI(r, (r + 3) % 31, 7u);
    }
}

/* The targets that the instruction names, by its decoding alone: 0 to 2 of them. */
static unsigned successors(const IrGuest *g, uint64_t *to)
{
    unsigned effects = insn_info[g->insn.id].effects, count = 0;

    if (effects & (CALLS | STOPS))
        return 0;
    if (effects & DIRECT)
        to[count++] = insn_target(&g->insn, g->pc);
    if (!(effects & JUMPS) && !insn_always_branches(&g->insn))
        to[count++] = g->pc + 4;
    return count;
}

static void check_edge(unsigned b, int16_t target, uint64_t pc, bool wide)
{
    if (target < 0) {
        EXPECT(u.exit[-1 - target].pc == pc, "exit of block %u", b);
        for (unsigned n = 0; n < u.block_count; n++)
            EXPECT(u.block[n].pc != pc, "block %u (wide %d) leaves for its own unit", b, wide);
        return;
    }
    EXPECT((unsigned)target < u.block_count && u.block[target].pc == pc, "edge of block %u", b);
    EXPECT(target > (int)b || u.block[target].loop_head, "an edge back leads to a poll");
}

static void check_unit(uint64_t pc, unsigned max, bool wide)
{
    unsigned preds[UNIT_MAX_BLOCKS] = {0}, entries = 0, covered = 0;
    uint64_t to[2];

    for (unsigned b = 0; b < u.block_count; b++) {
        const IrBlock *k = &u.block[b];
        EXPECT(b == 0 || k->pc > u.block[b - 1].pc, "blocks in address order");
        EXPECT(k->guest_first == covered && k->guest_count > 0, "every instruction in one block");
        covered += k->guest_count;
        for (unsigned n = 0; n < k->guest_count; n++)
            EXPECT(u.guest[k->guest_first + n].pc == k->pc + 4 * n, "a block is contiguous");
        for (unsigned n = 0; n + 1 < k->guest_count; n++)
            EXPECT(successors(&u.guest[k->guest_first + n], to) == 1 &&
                       to[0] == u.guest[k->guest_first + n].pc + 4, "only its last one jumps");
        const IrInst *last = end_of(b);
        unsigned count = successors(&u.guest[k->guest_first + k->guest_count - 1], to);
        if (count == 2 && to[0] == to[1] && last->op == IR_GOTO)
            count = 1;
        if (wide && count == 1 && last->op == IR_GOTO_IND)
            count = 0; /* a jump to a thunk, which is inlined */
        if (count >= 1)
            check_edge(b, last->target, to[0], wide);
        if (count == 2)
            check_edge(b, last->target2, to[1], wide);
        if (ir_has_target(last) && last->target >= 0)
            preds[last->target]++;
        if (ir_has_target2(last) && last->target2 >= 0)
            preds[last->target2]++;
        if (k->entry)
            entries++;
        EXPECT(k->pc != pc || k->entry, "the unit's own entry");
    }
    EXPECT(covered >= 1 && covered <= max, "%u instructions", covered);
    EXPECT(covered == u.guest_count || (wide && covered < u.guest_count), "the rest are thunks'");
    EXPECT(entries >= 1 && (wide || entries == 1), "%u entries", entries);
    for (unsigned b = 0; b < u.block_count; b++)
        EXPECT(u.block[b].preds == preds[b] &&
                   (u.block[b].single_pred >= 0) == (preds[b] == 1), "predecessors of %u", b);
}

static void random_units(void)
{
    uint32_t words[RANDOM_WORDS];

    for (unsigned round = 0; round < 3000; round++) {
        for (unsigned n = 0; n < RANDOM_WORDS; n++)
            words[n] = random_word();
        guest_words(PC, words, RANDOM_WORDS);
        bool wide = draw(&seed) % 2;
        unsigned max = 1 + (unsigned)draw(&seed) % 100;
        uint64_t pc = PC + 4 * (draw(&seed) % RANDOM_WORDS);
        EXPECT(form_at(pc, max, wide), "the code is there");
        if (u.full)
            continue;
        check_unit(pc, max, wide);
        opt_fold(&u);
        ir_verify(&u, "opt_fold");
        opt_dead(&u, xlat_nzcv_dead_far);
        ir_verify(&u, "opt_dead");
    }
}

int main(void)
{
    guest_start();
    straight();
    conditional();
    loops();
    calls();
    limits();
    page_ends();
    random_units();
    return expect_result();
}
