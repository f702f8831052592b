/*
 * The passes on units made by hand: opt_fold, opt_dead, ra_assign, ra_unit_plan, what ir_verify
 * refuses, and NZCV's form in translated code.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tcg-lite/emit/hflags.h"
#include "tcg-lite/opt/opt.h"
#include "tcg-lite/ra/ra.h"
#include "tests/ir/expect.h"

static IrUnit u;
static uint64_t seed = 88172645463325252ull;

/* ---- building ---- */

static void begin(void)
{
    memset(&u, 0, sizeof u);
    u.pc = 0x400000;
}

static void block(bool entry, bool loop_head)
{
    u.block[u.block_count++] = (IrBlock){.pc = u.pc + 16 * u.block_count, .first = u.inst_count,
                                         .entry = entry, .loop_head = loop_head,
                                         .single_pred = -1};
}

static IrInst *op(IrOp o, unsigned size, IrRef d, IrRef a, IrRef b)
{
    IrInst *i = ir_append(&u, o, size);
    i->d = d, i->a = a, i->b = b;
    u.block[u.block_count - 1].count++;
    return i;
}

static IrInst *opi(IrOp o, unsigned size, IrRef d, IrRef a, int64_t imm)
{
    IrInst *i = op(o, size, d, a, IR_IMM);
    i->imm = imm;
    return i;
}

static void constant(IrRef d, uint64_t value)
{
    op(IR_MOV, 8, d, IR_IMM, IR_NONE)->imm = (int64_t)value;
}

static IrInst *go(IrOp o, int target, int target2)
{
    IrInst *i = op(o, 8, IR_NONE, IR_NONE, IR_NONE);
    i->target = (int16_t)target, i->target2 = (int16_t)target2;
    return i;
}

static void leave(void)
{
    op(IR_EXIT, 8, IR_NONE, IR_NONE, IR_NONE);
}

static bool nobody_dead(IrUnit *unit, uint64_t pc)
{
    (void)unit, (void)pc;
    return false;
}

/* ---- opt_fold ---- */

typedef struct FoldCase {
    IrOp op;
    unsigned size, sub;
    uint64_t a, b, imm, result;
} FoldCase;

static void fold_values(void)
{
    static const FoldCase cases[] = {
        {IR_ADD, 8, 0, 5, 3, 0, 8},
        {IR_ADD, 4, 0, 0xffffffff, 1, 0, 0},
        {IR_ADD, 4, 0, 0x1ffffffff, 2, 0, 1},
        {IR_SUB, 8, 0, 3, 5, 0, ~1ull},
        {IR_SUB, 4, 0, 3, 5, 0, 0xfffffffe},
        {IR_AND, 8, 0, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0, 0x0f000f000f000f00},
        {IR_ANDN, 8, 0, 0xff, 0x0f, 0, 0xf0},
        {IR_OR, 8, 0, 0xf0, 0x0f, 0, 0xff},
        {IR_XOR, 4, 0, 0xffffffff, 0xff, 0, 0xffffff00},
        {IR_MUL, 8, 0, 1ull << 33, 1ull << 31, 0, 0},
        {IR_MUL, 4, 0, 0x10001, 0x10001, 0, 0x20001},
        {IR_SHL, 8, 0, 1, 63, 0, 1ull << 63},
        {IR_SHL, 8, 0, 1, 64, 0, 1},
        {IR_SHL, 4, 0, 1, 33, 0, 2},
        {IR_SHR, 4, 0, 0xf00000000, 4, 0, 0},
        {IR_SHR, 8, 0, 1ull << 63, 63, 0, 1},
        {IR_SAR, 8, 0, 1ull << 63, 63, 0, ~0ull},
        {IR_SAR, 4, 0, 0x80000000, 31, 0, 0xffffffff},
        {IR_ROR, 8, 0, 1, 1, 0, 1ull << 63},
        {IR_ROR, 4, 0, 1, 1, 0, 0x80000000},
        {IR_ROR, 4, 0, 0xff00000001, 0, 0, 1},
        {IR_BFI, 8, 0, 0xffff, 0x5a, 8 | 8 << 8, 0x5aff},
        {IR_BFI, 4, 0, ~0ull, 0, 16 | 8 << 8, 0xff00ffff},
        {IR_NOT, 8, 0, 0xff, 0, 0, ~0xffull},
        {IR_NOT, 4, 0, 0xff, 0, 0, 0xffffff00},
        {IR_SEXT, 8, 4, 0x80000000, 0, 0, 0xffffffff80000000},
        {IR_SEXT, 4, 1, 0x80, 0, 0, 0xffffff80},
        {IR_ZEXT, 8, 2, 0x12345678, 0, 0, 0x5678},
        {IR_UBFX, 8, 0, 0xabcdef, 0, 4 | 12 << 8, 0xcde},
        {IR_MOV, 4, 0, 0x123456789, 0, 0, 0x23456789},
    };

    for (size_t n = 0; n < COUNTOF(cases); n++) {
        const FoldCase *c = &cases[n];
        bool unary = ir_op_info[c->op].operands[strlen(ir_op_info[c->op].operands) - 2] == '-';
        begin();
        block(true, false);
        constant(1, c->a);
        constant(2, c->b);
        IrInst *i = op(c->op, c->size, 3, 1, unary ? IR_NONE : 2);
        i->sub = (uint8_t)c->sub, i->imm = (int64_t)c->imm;
        IrInst *use = op(IR_OR, 4, 4, 5, 3); /* its b becomes the constant */
        leave();
        opt_fold(&u);
        ir_verify(&u, "opt_fold");
        EXPECT(i->op == IR_MOV && (c->op == IR_MOV || (i->a == IR_IMM && i->size == 8)), "%s",
               ir_op_info[c->op].name);
        if (c->op != IR_MOV)
            EXPECT((uint64_t)i->imm == c->result, "%s.%u of %llx, %llx: %llx, not %llx",
                   ir_op_info[c->op].name, c->size, (unsigned long long)c->a,
                   (unsigned long long)c->b, (unsigned long long)i->imm,
                   (unsigned long long)c->result);
        EXPECT(use->b == IR_IMM && (uint32_t)use->imm == (uint32_t)c->result, "%s used",
               ir_op_info[c->op].name);
    }
}

static void fold_limits(void)
{
    begin();
    block(true, false);
    constant(1, 5);
    IrInst *flags = opi(IR_SUB, 8, 2, 1, 5);
    flags->set_nzcv = true;
    IrInst *after_flags = op(IR_ADD, 8, 3, 4, 2); /* x2 is not known: it was not folded */
    op(IR_LOAD, 8, 1, 6, IR_NONE);
    IrInst *after_load = op(IR_ADD, 8, 3, 4, 1);
    constant(7, 0x100000000);
    IrInst *too_wide = op(IR_ADD, 8, 8, 9, 7), *narrow = op(IR_ADD, 4, 8, 9, 7);
    constant(10, 3);
    op(IR_CALL, 8, IR_NONE, IR_NONE, IR_NONE);
    IrInst *after_call = op(IR_ADD, 8, 11, 12, 10);
    constant(13, 0x80000000);
    IrInst *negative = op(IR_AND, 4, 14, 15, 13);
    leave();
    block(false, false);
    IrInst *next_block = op(IR_ADD, 8, 3, 4, 13);
    leave();
    opt_fold(&u);
    ir_verify(&u, "opt_fold");
    EXPECT(flags->op == IR_SUB && flags->set_nzcv, "an instruction that sets NZCV stays");
    EXPECT(after_flags->b == 2, "its result is taken for unknown");
    EXPECT(after_load->b == 1, "a load makes a register unknown");
    EXPECT(too_wide->b == 7, "no 64-bit immediates");
    EXPECT(narrow->b == IR_IMM && (uint32_t)narrow->imm == 0, "32 bits of it fit");
    EXPECT(after_call->b == 10, "C may change every register");
    EXPECT(negative->b == IR_IMM && negative->imm == (int32_t)0x80000000, "sign-extended imm32");
    EXPECT(next_block->b == 13, "nothing is known at the start of a block");
}

/* ---- opt_dead ---- */

static void dead_definitions(void)
{
    begin();
    block(true, false);
    IrInst *overwritten = opi(IR_ADD, 8, 1, 2, 1);
    IrInst *kept = opi(IR_ADD, 8, 1, 2, 2);
    IrInst *shown = opi(IR_ADD, 8, 3, 2, 3);
    op(IR_LOAD, 8, 4, 5, IR_NONE);
    opi(IR_ADD, 8, 3, 2, 4);
    IrInst *temp = opi(IR_ADD, 8, IR_T0, 2, 5);
    IrInst *used = opi(IR_ADD, 8, IR_T0 + 1, 2, 6);
    op(IR_STORE, 8, IR_NONE, 5, IR_NONE)->c = IR_T0 + 1;
    IrInst *vector = op(IR_VADD, 4, IR_V0, IR_V0 + 1, IR_V0 + 2);
    op(IR_VZERO, 16, IR_V0, IR_NONE, IR_NONE);
    IrInst *chain = opi(IR_ADD, 8, IR_T0 + 2, 2, 7);
    IrInst *chain2 = opi(IR_ADD, 8, 6, IR_T0 + 2, 7);
    opi(IR_ADD, 8, 6, 2, 8);
    leave();
    opt_dead(&u, nobody_dead);
    ir_verify(&u, "opt_dead");
    EXPECT(overwritten->op == IR_NOP && kept->op == IR_ADD, "overwritten");
    EXPECT(shown->op == IR_ADD, "a fault would show it");
    EXPECT(temp->op == IR_NOP && used->op == IR_ADD, "temporaries");
    EXPECT(vector->op == IR_NOP, "vectors too");
    EXPECT(chain->op == IR_NOP && chain2->op == IR_NOP, "what only the dead read is dead");
}

static IrInst *compare(IrRef a)
{
    IrInst *i = opi(IR_SUB, 8, IR_NONE, a, 1);
    i->set_nzcv = true;
    return i;
}

static void dead_flags(void)
{
    begin();
    block(true, false);
    IrInst *first = compare(1), *second = compare(2);
    op(IR_CSET, 8, 3, IR_NONE, IR_NONE)->cond = 0;
    IrInst *third = compare(4);
    IrInst *ccmp = opi(IR_CCMP, 8, IR_NONE, 5, 1);
    ccmp->set_nzcv = true;
    IrInst *msr = op(IR_SET_NZCV, 8, IR_NONE, 6, IR_NONE);
    msr->set_nzcv = true;
    IrInst *last = compare(7);
    go(IR_JCC, ir_exit(&u, 0x500000), ir_exit(&u, 0x500010));
    opt_dead(&u, nobody_dead);
    ir_verify(&u, "opt_dead");
    EXPECT(first->op == IR_NOP, "superseded and without a result");
    EXPECT(second->set_nzcv && second->nzcv_live, "CSET reads it");
    EXPECT(ccmp->op == IR_NOP, "a dead CCMP");
    EXPECT(third->op == IR_NOP || third->set_nzcv, "only a dead CCMP read it");
    EXPECT(msr->op == IR_NOP, "a dead write of NZCV");
    EXPECT(last->set_nzcv, "JCC and both exits read it");
}

static unsigned asked;

static bool dead_at_odd_exit(IrUnit *unit, uint64_t pc)
{
    (void)unit;
    asked++;
    return pc & 0x10;
}

static void flags_at_exits(void)
{
    begin();
    block(true, false);
    IrInst *c = compare(1);
    op(IR_JZ, 8, IR_NONE, 2, IR_NONE)->target = ir_exit(&u, 0x500010);
    u.inst[u.inst_count - 1].target2 = ir_exit(&u, 0x500030);
    asked = 0;
    opt_dead(&u, dead_at_odd_exit);
    EXPECT(c->op == IR_NOP, "dead at both exits");
    EXPECT(asked == 2 && !u.exit[0].nzcv_live && !u.exit[1].nzcv_live, "each exit is asked once");

    begin();
    block(true, false);
    c = compare(1);
    op(IR_JZ, 8, IR_NONE, 2, IR_NONE)->target = ir_exit(&u, 0x500010);
    u.inst[u.inst_count - 1].target2 = ir_exit(&u, 0x500020);
    opt_dead(&u, dead_at_odd_exit);
    EXPECT(c->set_nzcv && !u.exit[0].nzcv_live && u.exit[1].nzcv_live, "live at one of them");
}

/*
 * b0: cmp; goto b1.  b1 (head): jz b2 else b3.  b2: [cmp]; goto b1.  b3: jcc.
 * What b0 and b2 leave is read in b3, round the back edge.
 */
static void flags_round_a_loop(bool inner_sets)
{
    begin();
    block(true, false);
    IrInst *c0 = compare(1);
    go(IR_GOTO, 1, 0);
    block(false, true);
    IrInst *branch = op(IR_JZ, 8, IR_NONE, 2, IR_NONE);
    branch->target = 2, branch->target2 = 3;
    block(false, false);
    IrInst *c2 = NULL, *dead = compare(6);
    if (inner_sets)
        c2 = compare(3);
    else
        dead->op = IR_NOP, dead->a = dead->b = IR_NONE, dead->set_nzcv = false;
    go(IR_GOTO, 1, 0);
    block(false, false);
    go(IR_JCC, ir_exit(&u, 0x500010), ir_exit(&u, 0x500030));
    opt_dead(&u, dead_at_odd_exit);
    ir_verify(&u, "opt_dead");
    EXPECT(c0->set_nzcv && c0->nzcv_live, "the first round may be the last");
    EXPECT(u.block[1].nzcv_live_in && branch->nzcv_live, "live at the loop's head");
    EXPECT(u.block[3].nzcv_live_in && !u.block[0].nzcv_live_in, "read there, set before");
    EXPECT(u.block[2].nzcv_live_in == !inner_sets, "the body %s",
           inner_sets ? "sets it" : "keeps it");
    if (inner_sets)
        EXPECT(c2->set_nzcv && dead->op == IR_NOP, "the body's second comparison counts");
}

static void flags_of_nested_loops(void)
{
    /* b0 cmp; b1 outer head; b2 inner head -> b2 or b3; b3 -> b1 or b4; b4 reads */
    begin();
    block(true, false);
    IrInst *c = compare(1);
    go(IR_GOTO, 1, 0);
    block(false, true);
    go(IR_GOTO, 2, 0);
    block(false, true);
    op(IR_JZ, 8, IR_NONE, 2, IR_NONE)->target = 2;
    u.inst[u.inst_count - 1].target2 = 3;
    block(false, false);
    op(IR_JZ, 8, IR_NONE, 3, IR_NONE)->target = 1;
    u.inst[u.inst_count - 1].target2 = 4;
    block(false, false);
    op(IR_CSET, 8, 4, IR_NONE, IR_NONE)->cond = 1;
    leave();
    opt_dead(&u, nobody_dead);
    EXPECT(c->set_nzcv, "read behind two loops");
    for (int b = 1; b <= 4; b++)
        EXPECT(u.block[b].nzcv_live_in, "block %d", b);
}

static void fcmp_order(void)
{
    for (Cond cond = 0; cond < 14; cond++) {
        begin();
        block(true, false);
        IrInst *f = op(IR_FCMP, 8, IR_NONE, IR_V0, IR_V0 + 1);
        f->set_nzcv = true;
        go(IR_JCC, ir_exit(&u, 0x500010), ir_exit(&u, 0x500030))->cond = cond;
        opt_dead(&u, dead_at_odd_exit);
        bool swapped = cond == 2 || cond == 3 || cond == 4 || cond == 5 || cond == 8 || cond == 9;
        EXPECT(f->shift == swapped, "condition %u", cond);
    }
}

/* ---- registers ---- */

static void check_assignment(uint32_t end, const RaTemps *t, const char *what)
{
    int owner[2][32];

    for (int bank = 0; bank < 2; bank++) {
        IrRef base = bank ? IR_VT0 : IR_T0;
        const int8_t *home = bank ? t->xmm : t->gpr;
        int last[IR_MAX_TEMPS];
        memset(owner[bank], -1, sizeof owner[bank]);
        memset(last, -1, sizeof last);
        for (uint32_t k = 0; k < end; k++) {
            const IrRef refs[4] = {u.inst[k].a, u.inst[k].b, u.inst[k].c, u.inst[k].d};
            for (int n = 0; n < 4; n++)
                if (refs[n] >= base && refs[n] < base + IR_MAX_TEMPS)
                    last[refs[n] - base] = (int)k;
        }
        for (uint32_t k = 0; k < end; k++) {
            const IrInst *i = &u.inst[k];
            const IrRef args[3] = {i->a, i->b, i->c};
            for (int n = 0; n < 3; n++) {
                if (args[n] < base || args[n] >= base + IR_MAX_TEMPS)
                    continue;
                int h = home[args[n] - base];
                EXPECT(h == RA_NONE || owner[bank][h] == args[n], "%s: %u reads a register that "
                       "another has taken", what, k);
            }
            if (!bank && ir_op_info[i->op].effects & (KILLS_DX | SYNC) && owner[0][2] >= 0)
                EXPECT(last[owner[0][2] - base] <= (int)k, "%s: %u destroys RDX", what, k);
            if (i->d >= base && i->d < base + IR_MAX_TEMPS && home[i->d - base] != RA_NONE) {
                int h = home[i->d - base];
                bool allowed = bank ? h == 12 || h == 13 : h == 2;
                EXPECT(allowed, "%s: home %d", what, h);
                owner[bank][h] = i->d;
            }
        }
    }
}

/* A guest register, or more often one of the first n temporaries. */
static IrRef random_ref(unsigned guest, unsigned temp, unsigned n)
{
    if (n && draw(&seed) % 4)
        return (IrRef)(temp + draw(&seed) % n);
    return (IrRef)(guest + draw(&seed) % 32);
}

/* Random straight-line IR of one guest instruction, temporaries numbered as they are defined. */
static void random_temps(void)
{
    begin();
    block(true, false);
    unsigned g = 0, v = 0, n = 3 + (unsigned)draw(&seed) % 10;
    for (unsigned k = 0; k < n; k++) {
        unsigned what = (unsigned)draw(&seed) % 8;
        IrRef ga = random_ref(IR_X0, IR_T0, g), gb = random_ref(IR_X0, IR_T0, g);
        IrRef va = random_ref(IR_V0, IR_VT0, v);
        if (what < 3 && g < IR_MAX_TEMPS)
            op(IR_ADD, 8, (IrRef)(IR_T0 + g++), ga, gb);
        else if (what == 3 && g < IR_MAX_TEMPS)
            op(IR_UMULH, 8, (IrRef)(IR_T0 + g++), ga, gb);
        else if (what < 6 && v < IR_MAX_TEMPS)
            op(IR_VADD, 4, (IrRef)(IR_VT0 + v++), va, va);
        else
            op(IR_ADD, 8, (IrRef)(draw(&seed) % 32), ga, gb);
    }
    u.guest[0].temps = true;
    u.guest_count = 1;
}

static void assignment(void)
{
    RaTemps t;

    for (unsigned round = 0; round < 3000; round++) {
        char what[32];
        snprintf(what, sizeof what, "round %u", round);
        memset(&t, 0x55, sizeof t);
        random_temps();
        ra_assign(&u, 0, u.inst_count, &t);
        check_assignment(u.inst_count, &t, what);
    }
    begin(); /* a single temporary gets RDX; the next guest instruction is left alone */
    block(true, false);
    opi(IR_ADD, 8, IR_T0, 1, 1);
    op(IR_ADD, 8, 2, IR_T0, 3);
    opi(IR_ADD, 8, IR_T0, 1, 1)->guest = 1;
    u.guest[0].temps = u.guest[1].temps = true;
    u.guest_count = 2;
    ra_assign(&u, 0, 3, &t);
    EXPECT(t.gpr[0] == 2, "RDX");
}

static uint32_t host_set(const int8_t *plan)
{
    uint32_t set = 0;

    for (int n = 0; n < 32; n++)
        if (plan[n] != RA_NONE) {
            EXPECT(!(set >> plan[n] & 1), "host register %d has two owners", plan[n]);
            set |= 1u << plan[n];
        }
    return set;
}

static void plans(void)
{
    for (int xmm32 = 0; xmm32 < 2; xmm32++) {
        RegPlan standard, own;
        ra_standard_plan(&standard, xmm32);
        uint32_t x = host_set(standard.x), v = host_set(standard.v);
        EXPECT(!(x & 0x37), "RAX RCX RDX RSP RBP are not guests'");
        EXPECT(!(v & (3u << 12 | 3u << 14)) && (xmm32 || v < 1u << 16), "nor xmm12 to 15");

        begin(); /* a straight line gains nothing */
        block(true, false);
        opi(IR_ADD, 8, 25, 25, 1);
        go(IR_GOTO, ir_exit(&u, 0x500000), 0);
        EXPECT(!ra_unit_plan(&u, &standard, &own), "no loop");
        EXPECT(!memcmp(&own, &standard, sizeof own), "the standard plan then");

        begin(); /* x25 and v14 in a loop do */
        block(true, true);
        for (int n = 0; n < 4; n++) {
            op(IR_ADD, 8, 25, 25, 26);
            op(IR_VADD, 4, IR_V0 + 14, IR_V0 + 14, IR_V0 + 13);
        }
        op(IR_JZ, 8, IR_NONE, 25, IR_NONE)->target2 = ir_exit(&u, 0x500000);
        EXPECT(ra_unit_plan(&u, &standard, &own), "a loop");
        EXPECT(own.x[25] != RA_NONE && own.x[26] != RA_NONE, "x25 and x26 got registers");
        EXPECT(own.v[14] != RA_NONE, "and v14");
        EXPECT(host_set(own.x) == x && host_set(own.v) == v, "the same host registers");

        for (unsigned round = 0; round < 200; round++) {
            begin();
            block(true, true);
            for (unsigned n = 0; n < 20; n++)
                op(draw(&seed) % 20 ? IR_ADD : IR_MUL, 8, (IrRef)(draw(&seed) % 32),
                   (IrRef)(draw(&seed) % 32), (IrRef)(draw(&seed) % 32));
            if (draw(&seed) % 4 == 0)
                op(IR_CALL, 8, IR_NONE, IR_NONE, IR_NONE);
            op(IR_JZ, 8, IR_NONE, 1, IR_NONE)->target2 = ir_exit(&u, 0x500000);
            bool changed = ra_unit_plan(&u, &standard, &own);
            EXPECT(changed == !!memcmp(&own, &standard, sizeof own), "says what it did");
            EXPECT(host_set(own.x) == x && host_set(own.v) == v, "the same host registers");
        }
    }
}

/* ---- ir_verify ---- */

static void sane(void)
{
    begin();
    block(true, false);
    opi(IR_ADD, 8, 1, 2, 3);
    opi(IR_ADD, 8, IR_T0, 2, 3);
    op(IR_MOV, 8, 3, IR_T0, IR_NONE);
    op(IR_VADD, 4, IR_V0, IR_V0, IR_V0);
    leave();
}

static void break_kind(void) { u.inst[0].a = IR_V0; }
static void break_vector_kind(void) { u.inst[3].b = 1; }
static void break_missing(void) { u.inst[0].b = IR_NONE; }
static void break_extra(void) { u.inst[2].b = 4; }
static void break_result(void) { u.inst[2].d = IR_IMM; }
static void break_result_zero(void) { u.inst[2].d = IR_ZERO; }
static void break_use(void) { u.inst[2].a = IR_T0 + 1; }
static void break_nzcv(void) { u.inst[2].set_nzcv = true; }
static void break_end_missing(void) { u.block[0].count--; }
static void break_end_inside(void) { u.inst[1] = u.inst[4]; }
static void break_unknown(void) { u.inst[0].a = 250; }

/* True when ir_verify aborts. */
static bool refused(void)
{
    int status;

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        ir_verify(&u, "test");
        _exit(0);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "a child");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void verifier(void)
{
    static const struct {
        void (*make)(void);
        const char *what;
    } rules[] = {
        {break_kind, "a vector where a general register belongs"},
        {break_vector_kind, "a general register where a vector belongs"},
        {break_missing, "an argument is missing"},
        {break_extra, "an argument too many"},
        {break_result, "the result is an immediate"},
        {break_result_zero, "the result is the zero register"},
        {break_use, "a temporary is read before it is written"},
        {break_nzcv, "NZCV set by an operation that cannot"},
        {break_end_missing, "the block has no end"},
        {break_end_inside, "an end inside the block"},
        {break_unknown, "no such operand"},
    };

    sane();
    EXPECT(!refused(), "a unit that keeps all rules");
    for (size_t n = 0; n < COUNTOF(rules); n++) {
        sane();
        rules[n].make();
        EXPECT(refused(), "%s", rules[n].what);
    }
    begin(); /* a temporary does not reach the next block */
    block(true, false);
    opi(IR_ADD, 8, IR_T0, 2, 3);
    leave();
    block(false, false);
    op(IR_MOV, 8, 3, IR_T0, IR_NONE);
    leave();
    EXPECT(refused(), "a temporary of another block");
}

/* ---- the rest ---- */

static void hflags(void)
{
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t nzcv = n << 28, h = hflags_from_nzcv(nzcv);
        EXPECT(nzcv_from_hflags(h) == nzcv, "NZCV %x", n);
        EXPECT(nzcv_from_hflags(h ^ 0x3afe) == nzcv, "NZCV %x with noise", n);
        uint64_t flags; /* and the instructions that read it back: add al, 0x7f; sahf */
        __asm__ volatile("addb $0x7f, %%al; sahf; pushfq; pop %0" : "=r"(flags) : "a"(h) : "cc");
        EXPECT((flags >> 7 & 1) == (n >> 3 & 1) && (flags >> 6 & 1) == (n >> 2 & 1) &&
                   (flags & 1) == (~n >> 1 & 1) && (flags >> 11 & 1) == (n & 1),
               "NZCV %x gives EFLAGS %llx", n, (unsigned long long)flags);
    }
}

static void lists_fill_up(void)
{
    begin();
    block(true, false);
    int16_t first = ir_exit(&u, 0x500000);
    EXPECT(first == -1 && ir_exit(&u, 0x500004) == -2 && ir_exit(&u, 0x500000) == first,
           "exits are shared");
    for (unsigned n = 0; n <= UNIT_MAX_EXITS; n++)
        ir_exit(&u, 0x600000 + 4 * n);
    EXPECT(u.full && u.exit_count == UNIT_MAX_EXITS, "the list of exits");
    begin();
    for (unsigned n = 0; n <= UNIT_MAX_IR; n++)
        ir_append(&u, IR_NOP, 8);
    EXPECT(u.full && u.inst_count == UNIT_MAX_IR, "the list of instructions");
}

int main(void)
{
    fold_values();
    fold_limits();
    dead_definitions();
    dead_flags();
    flags_at_exits();
    flags_round_a_loop(false);
    flags_round_a_loop(true);
    flags_of_nested_loops();
    fcmp_order();
    assignment();
    plans();
    verifier();
    hflags();
    lists_fill_up();
    return expect_result();
}
