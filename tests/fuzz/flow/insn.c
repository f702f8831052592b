/* See insn.h. */
#include "tests/fuzz/flow/insn.h"
#include <stdlib.h>
#include <string.h>
#include "emu/base/check.h"
#include "emu/interp/interp.h"
#include "tests/draw.h"
#include "tests/fuzz/flow/asm.h"

#define TRIES 2000
#define REACH 4096 /* a base drifts no further from where it began */

typedef struct RowSet {
    uint16_t id[INSN_COUNT];
    unsigned count;
} RowSet;

static RowSet plain[DRAW_KINDS], memory;
static bool of_vectors[INSN_COUNT]; /* floating point and SIMD */
static bool exclusives;

static uint32_t field_of(uint32_t word, unsigned low)
{
    return word >> low & 31;
}

static void set_reg(uint32_t *word, unsigned low, unsigned reg)
{
    *word = (*word & ~(31u << low)) | reg << low;
}

static bool has(unsigned id, const char *field)
{
    return strstr(insn_info[id].encoding, field) != NULL;
}

static bool begins(unsigned id, const char *prefix)
{
    return !strncmp(insn_info[id].id, prefix, strlen(prefix));
}

/* What the program writes by itself, in the right places, or what no second run repeats. */
static bool directed(unsigned id)
{
    static const char *const names[] = {"MSR_FPCR", "DC_",      "CPY",      "SETP", "SETM",
                                        "SETE",     "MRS_SSBS", "MSR_SSBS", "WF"};

    for (size_t n = 0; n < COUNTOF(names); n++)
        if (begins(id, names[n]))
            return true;
    return !strcmp(insn_info[id].id, "MRS") || insn_info[id].effects & LEAVES_LINE;
}

static bool exclusive(unsigned id)
{
    return begins(id, "STX") || begins(id, "LDX");
}

static void add_row(RowSet *set, unsigned id)
{
    set->id[set->count++] = (uint16_t)id;
}

void insn_init(void)
{
#define A64(id, ...) of_vectors[INSN_##id] = true;
#include "emu/decode/a64_fp.def"
#include "emu/decode/a64_simd.def"
#undef A64
    choose_rows(NULL, false, false);
    for (unsigned n = 0; n < row_count; n++) {
        unsigned id = rows[n], effects = insn_info[id].effects;
        if (directed(id))
            continue;
        if (is_memory[id] && has(id, "rn:5")) {
            add_row(&memory, id);
            continue;
        }
        add_row(&plain[DRAW_ANY], id);
        if (effects & WRITES_NZCV)
            add_row(&plain[DRAW_WRITES_FLAGS], id);
        else
            add_row(&plain[DRAW_KEEPS_FLAGS], id);
        if (has(id, "cmode") || has(id, "immh"))
            add_row(&plain[DRAW_CONSTANT], id);
        if (effects & READS_NZCV)
            add_row(&plain[DRAW_READS_FLAGS], id);
    }
}

void insn_allow_exclusives(bool allow)
{
    exclusives = allow;
}

static unsigned pick(uint32_t set)
{
    unsigned n = below((unsigned)__builtin_popcount(set));

    while (n--)
        set &= set - 1;
    return (unsigned)__builtin_ctz(set);
}

/* Registers that the row may write get numbers that may be written; all others stay random. */
static void choose_targets(unsigned id, uint32_t *word, uint32_t writable)
{
    static const struct {
        const char *field;
        unsigned low;
    } target[] = {{"rd:5", 0}, {"rt:5", 0}, {"rt2:5", 10}, {"rs:5", 16}};

    for (unsigned n = 0; n < COUNTOF(target); n++)
        if (has(id, target[n].field))
            set_reg(word, target[n].low, below(12) ? pick(writable) : ZR);
}

/* Runs it: true when only registers of `writable` have changed, and nothing was raised. */
static bool simulate(const DecodedInsn *i, uint32_t writable)
{
    CpuState *cpu = this_cpu;
    uint64_t before[32];

    memcpy(before, cpu->x, sizeof before);
    cpu->pc = CODE;
    if (interp_insn(cpu, i) != EXIT_NONE || cpu->pc != CODE + 4)
        return false;
    for (unsigned n = 0; n < 32; n++)
        if (before[n] != cpu->x[n] && !(writable >> n & 1))
            return false;
    return true;
}

static void trial_registers(void)
{
    for (unsigned n = 0; n < 31; n++)
        this_cpu->x[n] = rnd();
    this_cpu->x[31] = BUF;
    this_cpu->nzcv = (uint32_t)below(16) << 28;
}

/* Constants at the edges: no bits, or a shift by nothing or by everything. */
static uint32_t edge_constant(unsigned id, uint32_t word)
{
    if (has(id, "cmode"))
        return word & ~(7u << 16 | 31u << 5);
    if (has(id, "immh") && word & 0x7fu << 16)
        return (word & ~(0x7fu << 16)) | 1u << (31 - __builtin_clz(word & 0x7fu << 16));
    return word;
}

uint32_t insn_draw(Draw kind, uint32_t writable)
{
    const RowSet *set = &plain[kind];

    for (unsigned tries = 0; tries < TRIES; tries++) {
        unsigned id = set->id[below(set->count)];
        uint32_t word;
        DecodedInsn i;
        if (!draw_row(id, &word, 1))
            continue;
        uint32_t any = word;
        choose_targets(id, &word, writable);
        if (has(id, "simm:19") && is_memory[id])
            word = (word & ~(0x7ffffu << 5)) | ((below(64) - 32) & 0x7ffff) << 5;
        if (below(2) && of_vectors[id] && has(id, "rd:5")) /* any V register */
            set_reg(&word, 0, field_of(any, 0));
        if (kind == DRAW_CONSTANT && below(4) == 0)
            word = edge_constant(id, word);
        trial_registers();
        if (decode(word, &i) && i.id == id && simulate(&i, writable))
            return word;
    }
    return NOP;
}

/* ---- memory ---- */

void insn_access_begin(Access *a)
{
    a->variants = a->aligned ? 1 : COUNTOF(a->at);
    for (unsigned n = 0; n < a->variants; n++)
        a->at[n] = BUF + n;
    a->lost = false;
}

/* Two registers are the same where the manual leaves open what happens, or a base is lost. */
static bool clash(unsigned id, uint32_t word)
{
    unsigned reg[4], count = 0;
    static const struct {
        const char *field;
        unsigned low;
    } each[] = {{"rn:5", 5}, {"rt:5", 0}, {"rt2:5", 10}, {"rs:5", 16}};

    for (unsigned n = 0; n < COUNTOF(each); n++)
        if (has(id, each[n].field))
            reg[count++] = field_of(word, each[n].low);
    for (unsigned n = 0; n < count; n++)
        for (unsigned k = 0; k < n; k++)
            if (reg[n] == reg[k])
                return true;
    return false;
}

/* Certain rows only: what a pair that faults has stored, or a failed STXR, is left open. */
static bool certain(unsigned id)
{
    return !exclusive(id) && !begins(id, "PRF") && !begins(id, "STP") && !begins(id, "STNP") &&
           !begins(id, "ST1") && !begins(id, "ST2") && !begins(id, "ST3") && !begins(id, "ST4");
}

/* False: the instruction is not to be used. a->lost: it took the base far away. */
static bool simulate_access(Access *a, const DecodedInsn *i, uint32_t writable)
{
    CpuState *cpu = this_cpu;
    uint64_t at[COUNTOF(a->at)];

    trial_registers();
    for (unsigned n = 0; n < a->variants; n++) {
        if (a->index != ZR)
            cpu->x[a->index] = a->aligned ? 0x30 : 0x31;
        cpu->x[a->base] = a->at[n];
        if (!simulate(i, writable | (a->fixed ? 0 : 1u << a->base)))
            return false;
        at[n] = cpu->x[a->base];
        if (at[n] - BUF + REACH > 2 * REACH)
            a->lost = true;
    }
    memcpy(a->at, at, sizeof at);
    return true;
}

uint32_t insn_draw_access(Access *a, uint32_t writable)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        unsigned id = memory.id[below(memory.count)];
        uint32_t word;
        DecodedInsn i;
        if ((!exclusives && exclusive(id)) || (a->may_fault && !certain(id)) ||
            (a->loads && insn_info[id].effects & STORES) ||
            (a->fixed && has(id, "simm")) || !draw_row(id, &word, 1))
            continue;
        if (has(id, "rm:5")) {
            bool post = strstr(insn_info[id].id, "_post") != NULL;
            if (a->index == ZR && !post)
                continue;
            set_reg(&word, 16, post && below(2) ? ZR : a->index);
        }
        set_reg(&word, 5, a->base);
        choose_targets(id, &word, writable);
        if (clash(id, word) || !decode(word, &i) || i.id != id)
            continue;
        if (simulate_access(a, &i, writable))
            return word;
    }
    return NOP;
}
