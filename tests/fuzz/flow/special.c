/* What needs more than a drawn instruction: see gen.h. */
#include "tests/fuzz/flow/gen.h"

#define CHANGE_COST 400 /* in instructions: a page's protection changes */
#define FAULT_COST 400

#define WORD(...) code_word(g->c, __VA_ARGS__)

/* Different registers that may be written; false: there are not so many. */
static bool take_registers(const Gen *g, unsigned *reg, unsigned count)
{
    uint32_t taken = 1u << LR;

    for (unsigned n = 0; n < count; n++) {
        int r = gen_register(g, taken);
        if (r < 0)
            return false;
        reg[n] = (unsigned)r;
        taken |= 1u << r;
    }
    return true;
}

/* t = op(old) at [b], by a loop that ends when nothing came between; the count is not seen. */
static void exclusive_loop(Gen *g, const unsigned *reg, unsigned size, bool cas)
{
    unsigned b = reg[0], old = reg[1], new = reg[2], status = reg[3], acquire = below(2) << 15;
    uint16_t head = gen_block(g);
    uint32_t narrow = ~(3u << 30), sized = size << 30;

    if (cas)
        WORD((LDR(old, b, 0) & narrow) | sized);
    else
        WORD((LDXR(old, b) & narrow) | sized | acquire);
    WORD(below(2) ? ADD_I(new, old, below(4096)) : ADD(new, old, below(31) == b ? b : g->buf));
    if (cas) {
        WORD(MOV(status, old));
        WORD((CAS(status, new, b) & narrow) | sized | (acquire ? 1u << 22 : 0));
        WORD(EOR(status, status, old));
    } else {
        WORD((STXR(status, new, b) & narrow) | sized | acquire);
    }
    code_fixed(g->c, CBNZ(cas, status), FIX_B19, head);
    gen_block(g);
}

uint64_t gen_exclusive(Gen *g)
{
    unsigned reg[4];

    if (!take_registers(g, reg, COUNTOF(reg)))
        return gen_draws(g, 1, DRAW_ANY);
    WORD(ADD_I(reg[0], g->buf, 8 * below(500)));
    exclusive_loop(g, reg, below(4), below(3) == 0);
    return 8;
}

/* Memory that all threads change, each word by operations of which the order does not matter. */
uint64_t gen_shared(Gen *g)
{
    unsigned reg[4], word = below(SHARED_WORDS);

    if (!take_registers(g, reg, COUNTOF(reg)))
        return gen_draws(g, 1, DRAW_ANY);
    code_constant(g->c, reg[0], SHARED_PAGE + 8 * word);
    if (word % 8 || below(2)) {
        WORD(LDADD(below(31), ZR, reg[0]) | word % 8 << 12 | below(2) << 22);
        return 4;
    }
    WORD(MOVZ(reg[2], 1, 0));
    uint16_t head = gen_block(g);
    WORD(LDXR(reg[1], reg[0]));
    WORD(ADD_I(reg[2], reg[1], below(64)));
    WORD(STXR(reg[3], reg[2], reg[0]));
    code_fixed(g->c, CBNZ(0, reg[3]), FIX_B19, head);
    gen_block(g);
    WORD(MOVZ(reg[1], 0, 0)); /* what was there is not seen */
    WORD(MOVZ(reg[2], 0, 0));
    return 12;
}

uint64_t gen_fpcr(Gen *g)
{
    int r = gen_register(g, 0);

    if (r < 0)
        return gen_draws(g, 1, DRAW_ANY);
    code_constant(g->c, (unsigned)r, random_fpcr());
    WORD(MSR_FPCR((unsigned)r));
    return 3;
}

/* A call with a known result, or one whose result is overwritten. */
uint64_t gen_system_call(Gen *g)
{
    uint32_t needed = 1u << 0 | 1u << 8;
    bool known = below(2);

    if (needed & (g->reserved | ~g->writable))
        return gen_draws(g, 1, DRAW_ANY);
    WORD(MOVZ(8, known ? 57 : 178, 0)); /* close(-1), gettid() */
    WORD(0x92800000u);                  /* mov x0, #-1 */
    WORD(SVC);
    if (!known)
        WORD(MOVZ(0, below(65536), 0));
    return 100;
}

/* A copy or a fill of memory, by its three instructions. */
uint64_t gen_mops(Gen *g)
{
    enum { TO, FROM, COUNT };
    unsigned reg[3], kind = below(3);
    uint32_t word[] = {0x19000400, 0x1d000400, 0x19c00400}; /* CPYFP, CPYP, SETP */

    if (!take_registers(g, reg, COUNTOF(reg)))
        return gen_draws(g, 1, DRAW_ANY);
    WORD(ADD_I(reg[TO], g->buf, below(2048)));
    WORD(ADD_I(reg[FROM], g->buf, below(2048)));
    WORD(AND_BITS(reg[COUNT], below(31), 0, 1 + below(9)));
    for (uint32_t part = 0; part < 3; part++)
        WORD(word[kind] | part << (kind == 2 ? 14 : 22) | reg[FROM] << 16 | reg[COUNT] << 5 |
             reg[TO]);
    return 20;
}

/* Many constants of vector instructions. */
uint64_t gen_constants(Gen *g)
{
    static const unsigned most[] = {4, 4, 8, 40, 200};

    return gen_draws(g, 1 + below(most[below(COUNTOF(most))]), DRAW_CONSTANT);
}

/* ---- faults ---- */

uint64_t gen_fault(Gen *g)
{
    static const uint64_t pages[] = {READ_ONLY_PAGE, NO_ACCESS_PAGE, UNMAPPED_PAGE,
                                     EDGE_PAGE,      EDGE_PAGE,      0xab000000000000ull};
    unsigned kind = below(COUNTOF(pages) + 1), held;
    int base = gen_register(g, 0);

    if (base < 0)
        return gen_draws(g, 1, DRAW_ANY);
    if (kind == COUNTOF(pages)) {
        WORD(below(2) ? UDF | below(65536) : 0xd4200000u | below(65536) << 5); /* BRK */
        return FAULT_COST;
    }
    bool edge = pages[kind] == EDGE_PAGE;
    Access a = {.base = (unsigned)base, .index = ZR, .aligned = !edge || below(2),
                .may_fault = true, .loads = edge};
    uint64_t at = pages[kind] + (edge ? 0x1000 - below(80) : below(4096) & ~15u);
    code_constant(g->c, (unsigned)base, a.aligned ? at & ~15ull : at);
    held = g->reserved;
    g->reserved |= 1u << base;
    insn_access_begin(&a);
    gen_draws(g, below(2), DRAW_ANY);
    WORD(insn_draw_access(&a, gen_register(g, 0) >= 0 ? g->writable & ~g->reserved : 1u << base));
    g->reserved = held;
    return FAULT_COST;
}

/* ---- code that changes ---- */

/* Puts one of two instructions at the start of a function, by what a register holds; calls it. */
uint64_t gen_change(Gen *g, uint64_t budget)
{
    Code *c = g->c;
    unsigned reg[4];
    uint16_t site = code_block(c), table = code_block(c), behind = code_block(c);
    uint32_t held = g->reserved;

    if (g->leaf || g->reserved >> LR & 1 || budget < CHANGE_COST ||
        !take_registers(g, reg, COUNTOF(reg)))
        return gen_draws(g, 1, DRAW_ANY);
    WORD(AND_BITS(reg[0], below(31), 0, 1));
    code_fixed(c, ADR(reg[1]), FIX_ADR, table);
    WORD(0xb8607800u | reg[0] << 16 | reg[1] << 5 | reg[2]); /* ldr w2, [x1, x0, lsl 2] */
    code_fixed(c, ADR(reg[3]), FIX_ADR, site);
    WORD(STR_W(reg[2], reg[3], 0));
    WORD(DC_CVAU(reg[3]));
    WORD(DSB_ISH);
    WORD(IC_IVAU(reg[3]));
    WORD(DSB_ISH);
    WORD(ISB);
    gen_block(g);
    code_fixed(c, BL, FIX_B26, site);
    code_next(c, behind);
    code_begin(c, site);
    c->block[site].function = true;
    g->reserved |= 1u << LR;
    WORD(insn_draw(DRAW_ANY, g->writable & ~g->reserved));
    gen_draws(g, below(4), DRAW_ANY);
    code_end(c, RET(LR));
    code_begin(c, table);
    WORD(insn_draw(DRAW_WRITES_FLAGS, g->writable & ~g->reserved));
    WORD(insn_draw(DRAW_ANY, g->writable & ~g->reserved));
    g->reserved = held;
    code_begin(c, behind);
    return CHANGE_COST;
}
