/*
 * Unit formation: which guest instructions become one unit, cut into blocks.
 *
 * A wide unit (second tier) follows straight-line code through conditional branches, direct
 * jumps and calls' return points, first linearly, then the branch targets in the order they
 * were met, until max_insns are found; the point after a call or a system call is an entry of
 * the unit, so that coming back to it finds it translated. A narrow unit (first tier) stops
 * where it is not certain that control goes on: it translates little that never runs. Blocks
 * are ordered by address.
 *
 * Invariant: every instruction of the unit was fetched from an executable guest page.
 */
#include "emu/guest/mem.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/xlat/tagged.h"
#include "tcg-lite/xlat/xlat.h"

typedef struct Scan {
    IrUnit *u;
    uint64_t window;                  /* pc of position 0 */
    uint64_t *leader, *entry, *done;  /* bit per position */
    unsigned low_word, high_word;     /* of the sets: all others are 0 */
    DecodedInsn *insn;                /* by position; valid where done */
    uint16_t *queue;                  /* of UNIT_MAX_INSNS */
    unsigned head, tail, count, max;
    bool wide;
    unsigned forward;                 /* forward conditional branches met, when narrow */
    uint64_t good_page;               /* last page found executable, or ~0 */
} Scan;

static bool get_bit(const uint64_t *set, unsigned n)
{
    return (set[n / 64] >> (n % 64)) & 1;
}

static void set_bit(uint64_t *set, unsigned n)
{
    set[n / 64] |= 1ull << (n % 64);
}

/* The sets are static and clean between units: this keeps track of what must be cleaned. */
static void set_leader(Scan *s, unsigned n)
{
    if (n / 64 < s->low_word)
        s->low_word = n / 64;
    if (n / 64 > s->high_word)
        s->high_word = n / 64;
    set_bit(s->leader, n);
}

/*
 * True when the page of pc may be fetched from; *page is the last one for which that was found (~0:
 * none yet). From now on writes to it are noticed: this comes before its bytes are read.
 */
static bool code_page(uint64_t pc, uint64_t *page)
{
    static MemExec area; /* under the translator's lock */

    if (ALIGN_DOWN(pc, PAGE_SIZE_4K) == *page)
        return true;
    if (!mem_exec_holds(&area, pc))
        return false;
    *page = ALIGN_DOWN(pc, PAGE_SIZE_4K);
    if (area.writable)
        mem_watch_code(*page, *page + PAGE_SIZE_4K);
    return true;
}

bool x_peek(const IrUnit *u, uint64_t pc, uint64_t *page, DecodedInsn *i)
{
    uint32_t word;

    /* beyond a file's end; and another thread may unmap it at any time */
    if (pc % 4 || !code_page(pc, page) || !mem_fetch(&word, pc))
        return false;
    decode(word, i);
    unsigned feature = insn_info[i->id].feature;
    if (!(u->features[feature / 64] >> feature % 64 & 1))
        i->id = INSN_UNALLOCATED;
    return true;
}

static void scan_push(Scan *s, uint64_t pc)
{
    uint64_t position = (pc - s->window) / 4;

    if (pc % 4 || pc < s->window || position >= XLAT_WINDOW || s->tail == UNIT_MAX_INSNS)
        return;
    if (!get_bit(s->leader, (unsigned)position)) {
        set_leader(s, (unsigned)position);
        s->queue[s->tail++] = (uint16_t)position;
    }
}

/* A branch target in code that the unit already holds becomes a block; others stay exits. */
static void scan_mark(Scan *s, uint64_t pc)
{
    uint64_t position = (pc - s->window) / 4;

    if (pc % 4 == 0 && pc >= s->window && position < XLAT_WINDOW)
        set_leader(s, (unsigned)position);
}

/* Conditional branches that go forward which a narrow unit goes past, hoping they fall through. */
#define NARROW_MAX_FORWARD 1

/*
 * A wide unit does not end in the midst of straight-line code: a loop that is a little too long
 * would get units that each begin where the last one stopped, a different place in every round.
 */
static bool may_grow(const Scan *s, unsigned position)
{
    if (s->count < s->max)
        return true;
    return passes.grow && s->wide && s->max == XLAT_WIDE_MAX && s->count < 2 * XLAT_WIDE_MAX &&
           !get_bit(s->leader, position);
}

static void scan_target(Scan *s, uint64_t target)
{
    if (s->wide)
        scan_push(s, target);
    else
        scan_mark(s, target);
}

/* What lies at `next`, behind instruction i at pc, is a block of its own. */
static void scan_behind(Scan *s, unsigned next, bool entry)
{
    if (next >= XLAT_WINDOW)
        return;
    set_leader(s, next);
    if (entry)
        set_bit(s->entry, next);
}

/* The instruction i at pc leaves the line: notes where to; true when the scan goes on at `next`. */
static bool scan_past(Scan *s, const DecodedInsn *i, uint64_t pc, unsigned next)
{
    unsigned effects = insn_info[i->id].effects;

    if (effects & STOPS)
        return false;
    if (effects & CALLS) {
        if (s->wide)
            scan_behind(s, next, true);
        return s->wide;
    }
    if (effects & DIRECT)
        scan_target(s, insn_target(i, pc));
    if (effects & JUMPS || insn_always_branches(i))
        return false;
    scan_behind(s, next, false);
    return s->wide || insn_target(i, pc) <= pc || ++s->forward <= NARROW_MAX_FORWARD;
}

/* Decodes from a position to the end of straight-line code. */
static void scan_run(Scan *s, unsigned position)
{
    set_leader(s, position);
    while (may_grow(s, position) && position < XLAT_WINDOW) {
        uint64_t pc = s->window + position * 4ull;
        DecodedInsn *i = &s->insn[position];

        if (get_bit(s->done, position)) {
            set_leader(s, position); /* we fell into known code */
            return;
        }
        if (!x_peek(s->u, pc, &s->good_page, i))
            return;
        if (position / 64 > s->high_word)
            s->high_word = position / 64;
        set_bit(s->done, position);
        s->count++;
        position++;
        if (insn_info[i->id].effects & LEAVES_LINE && !scan_past(s, i, pc, position))
            return;
    }
}

/* Numbers the blocks in address order and lists the guest instructions. */
static void cut_blocks(Scan *s, int16_t *block_at)
{
    IrUnit *u = s->u;
    bool open = false;
    uint64_t expected = 0;

    for (unsigned w = s->low_word; w <= s->high_word; w++) {
        for (uint64_t bits = s->done[w]; bits; bits &= bits - 1) {
            unsigned p = w * 64 + (unsigned)__builtin_ctzll(bits);
            uint64_t pc = s->window + p * 4ull;

            if (!open || pc != expected)
                set_leader(s, p);
            if (get_bit(s->leader, p)) {
                if (u->block_count == UNIT_MAX_BLOCKS) {
                    u->full = true;
                    return;
                }
                block_at[p] = (int16_t)u->block_count;
                u->block[u->block_count++] =
                    (IrBlock){.pc = pc, .guest_first = (uint16_t)u->guest_count,
                              .entry = get_bit(s->entry, p), .single_pred = -1};
            }
            u->guest[u->guest_count++] = (IrGuest){.pc = pc, .insn = s->insn[p]};
            u->block[u->block_count - 1].guest_count++;
            open = true;
            expected = pc + 4;
        }
    }
}

void x_insn(Xlat *t, unsigned guest)
{
    IrUnit *u = t->u;
    IrGuest *g = &u->guest[guest];
    uint32_t first = u->inst_count;

    t->guest = (uint16_t)guest;
    t->pc = g->pc;
    u->temp_count = u->vtemp_count = 0;
    if (g->insn.id == INSN_UNALLOCATED)
        x_exit(t, EXIT_UNDEF, t->pc);
    else if (translate_table[g->insn.id])
        translate_table[g->insn.id](t, &g->insn);
    else
        x_call_interp(t, false);
    if (tagged_is_site(t->pc))
        tagged_rewrite(t, first);
    g->temps = u->temp_count + u->vtemp_count != 0;
}

static void translate_block(Xlat *t, IrBlock *block)
{
    IrUnit *u = t->u;

    t->block = block;
    block->first = t->block_first = u->inst_count;
    t->ended = false;
    if (x_exclusive_loop(t, block))
        DCHECK(t->ended, "it ends the block");
    for (unsigned n = 0; n < block->guest_count && !t->ended; n++)
        x_insn(t, block->guest_first + n);
    if (!t->ended)
        x_goto(t, t->pc + 4);
    block->count = u->inst_count - block->first;
}

/* Counts predecessors and finds loop heads (targets of edges that do not go forward). */
static void link_blocks(IrUnit *u)
{
    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrInst *last = &u->inst[u->block[b].first + u->block[b].count - 1];
        int16_t targets[2] = {ir_has_target(last) ? last->target : -1,
                              ir_has_target2(last) ? last->target2 : -1};

        for (int k = 0; k < 2; k++) {
            if (targets[k] < 0)
                continue;
            IrBlock *to = &u->block[targets[k]];
            if (to->preds < 255)
                to->preds++;
            to->single_pred = to->preds == 1 ? (int16_t)b : -1;
            if (targets[k] <= (int16_t)b)
                to->loop_head = true;
        }
    }
}

bool xlat_unit(IrUnit *u, uint64_t pc, uint32_t fpcr, const uint64_t features[2],
               unsigned max_insns, bool wide)
{
    static DecodedInsn insns[XLAT_WINDOW]; /* under the translator's lock */
    static int16_t block_at[XLAT_WINDOW];
    static uint64_t leader[XLAT_WINDOW / 64], entry[XLAT_WINDOW / 64], done[XLAT_WINDOW / 64];
    static uint16_t queue[UNIT_MAX_INSNS];
    Scan s = {.u = u, .leader = leader, .entry = entry, .done = done, .queue = queue,
              .low_word = XLAT_WINDOW / 64, .insn = insns, .max = max_insns, .wide = wide,
              .good_page = ~0ull};

    u->pc = pc;
    u->fpcr = fpcr;
    u->features = features;
    u->inst_count = u->block_count = u->guest_count = u->exit_count = 0;
    u->full = false;
    s.window = pc < XLAT_WINDOW * 2ull ? 0 : pc - XLAT_WINDOW * 2ull;
    unsigned first = (unsigned)((pc - s.window) / 4);
    set_bit(s.entry, first);
    scan_push(&s, pc);
    while (s.head < s.tail)
        scan_run(&s, s.queue[s.head++]);
    bool fetched = get_bit(s.done, first);
    if (fetched) {
        cut_blocks(&s, block_at);
        Xlat t = {.u = u, .block_at = block_at, .window = s.window, .leader = s.leader,
                  .done = s.done, .wide = wide};
        for (uint32_t b = 0; b < u->block_count && !u->full; b++)
            translate_block(&t, &u->block[b]);
        if (!u->full)
            link_blocks(u);
    }
    for (unsigned w = s.low_word; w <= s.high_word; w++)
        leader[w] = entry[w] = done[w] = 0;
    return fetched;
}

/* The unit depends on these instructions too: it is forgotten with them. False: too far. */
static bool depend_on(IrUnit *u, const uint64_t *pc, unsigned count)
{
    if (u->guest_count + count > UNIT_MAX_INSNS)
        return false;
    for (unsigned n = 0; n < count; n++) {
        if (pc[n] - u->pc + BIT(32) >= BIT(33))
            return false;
        u->guest[u->guest_count + n].pc = pc[n];
    }
    u->guest_count += count;
    return true;
}

/* What is left of a look-ahead. */
#define AHEAD_FAR 40
typedef struct Ahead {
    const IrUnit *u;
    uint64_t page;          /* last page found executable */
    unsigned budget, count; /* instructions that may be, and have been, looked at */
    uint64_t seen[AHEAD_FAR];
} Ahead;

static bool nzcv_dead(Ahead *s, uint64_t pc)
{
    DecodedInsn i;

    for (; s->count < s->budget && x_peek(s->u, pc, &s->page, &i); pc += 4) {
        unsigned effects = insn_info[i.id].effects;

        s->seen[s->count++] = pc;
        if (effects & (READS_NZCV | STOPS) || insn_info[i.id].path != PATH_XLAT)
            return false;
        if (effects & WRITES_NZCV)
            return true;
        if (effects & LEAVES_LINE && !(effects & DIRECT))
            return false;
        if (effects & BRANCHES && !nzcv_dead(s, insn_target(&i, pc)))
            return false;
        if (effects & (JUMPS | CALLS))
            pc = insn_target(&i, pc) - 4;
    }
    return false;
}

static bool look_ahead(IrUnit *u, uint64_t pc, unsigned budget)
{
    Ahead s;

    if (!passes.look_ahead)
        return false;
    s.u = u;
    s.page = ~0ull;
    s.budget = budget;
    s.count = 0;
    return nzcv_dead(&s, pc) && depend_on(u, s.seen, s.count);
}

bool xlat_nzcv_dead_near(IrUnit *u, uint64_t pc)
{
    return look_ahead(u, pc, 8);
}

bool xlat_nzcv_dead_far(IrUnit *u, uint64_t pc)
{
    return passes.look_far ? look_ahead(u, pc, AHEAD_FAR) : xlat_nzcv_dead_near(u, pc);
}
