/* See draw.h. */
#include <stdlib.h>
#include <string.h>
#include "emu/base/bits.h"
#include "tests/draw.h"

uint64_t rng_state;
uint16_t rows[INSN_COUNT];
unsigned row_count;
bool is_memory[INSN_COUNT];

uint64_t rnd(void)
{
    uint64_t z = rng_state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

unsigned below(unsigned n)
{
    return (unsigned)(rnd() % n);
}

/*
 * Rows that are not drawn, by what their id begins with ("=": the whole id), for whom and all above
 * it in DrawFor.
 */
static const struct {
    const char *id;
    DrawFor other;
} excluded[] = {
    /* what a second run would not repeat, or what leaves the sequence */
    {"SVC", DRAW_SELF},
    {"BRK", DRAW_SELF},
    {"HLT", DRAW_SELF},
    {"WFE", DRAW_SELF},
    {"WFI", DRAW_SELF},
    {"IC_IVAU", DRAW_SELF},
    {"MRS_CNT", DRAW_SELF},
    {"MRS_RNDR", DRAW_SELF},
    {"MRS_CTR", DRAW_SELF},
    {"MRS_DCZID", DRAW_SELF},
    {"MRS_TPIDR", DRAW_SELF},
    {"MSR_TPIDR", DRAW_SELF},
    {"MRS_MIDR", DRAW_SELF},
    {"MRS_ID_", DRAW_SELF},
    /* block sizes, how a copy is divided, reserved bits, the kernel's identification */
    {"DC_", DRAW_PEER},
    {"CPY", DRAW_PEER},
    {"SETP", DRAW_PEER},
    {"SETM", DRAW_PEER},
    {"SETE", DRAW_PEER},
    {"MSR_FPCR", DRAW_PEER},
    /* QEMU keeps the four bits that AArch32 has there, also without AArch32 */
    {"MSR_FPSR", DRAW_PEER},
    /* what an earlier sequence left */
    {"MRS_SSBS", DRAW_PEER},
    {"MRS_DIT", DRAW_PEER},
    {"=MRS", DRAW_PEER},
    /* options of the architecture */
    {"MSR_SSBS", DRAW_MACHINE},
    {"MSR_DIT", DRAW_MACHINE},
    {"CFINV", DRAW_MACHINE},
    {"XAFLAG", DRAW_MACHINE},
    {"AXFLAG", DRAW_MACHINE},
};

static bool is_excluded(const char *id, DrawFor other)
{
    for (size_t i = 0; i < COUNTOF(excluded); i++) {
        const char *name = excluded[i].id;
        bool matches =
            *name == '=' ? !strcmp(id, name + 1) : !strncmp(id, name, strlen(name));
        if (matches && other >= excluded[i].other)
            return true;
    }
    return false;
}

void choose_rows(const char *prefix, bool translated, DrawFor other)
{
#define A64(id, ...) is_memory[INSN_##id] = true;
#include "emu/decode/a64_mem.def"
#undef A64
    for (unsigned id = 1; id < INSN_COUNT; id++) {
        const char *name = insn_info[id].id;
        if (prefix && strncmp(name, prefix, strlen(prefix)))
            continue;
        if (!is_excluded(name, other) && (!translated || insn_info[id].path == PATH_XLAT))
            rows[row_count++] = (uint16_t)id;
    }
}

/* Values at the edges of each lane width, and random ones. */
uint64_t random_lane(unsigned kind)
{
    static const uint64_t doubles[] = {
        0,                     0x8000000000000000ull, 0x7ff0000000000000ull, 0xfff0000000000000ull,
        0x7ff8000000000000ull, 0x7ff0000000000001ull, 0xfff8dead00000001ull, 0x0000000000000001ull,
        0x800fffffffffffffull, 0x0010000000000000ull, 0x7fefffffffffffffull, 0x3ff0000000000000ull,
        0xbff0000000000000ull, 0x43e0000000000000ull, 0x43f0000000000000ull, 0xc3e0000000000001ull,
        0x3fe0000000000000ull, 0x4004000000000000ull, 0x41dfffffffc00000ull, 0x36a0000000000000ull,
    };
    static const uint32_t singles[] = {
        0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345,
        0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x3f800000, 0xbf800000, 0x4f000000,
        0x5f000000, 0x3f000000, 0x40200000, 0xcf000001, 0x33000000, 0x477ff000,
    };
    static const uint16_t halves[] = {0,      0x8000, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0x0001,
                                      0x83ff, 0x0400, 0x7bff, 0x3c00, 0xbc00, 0x3800, 0x4100};
    uint64_t value = 0;

    switch (kind) {
    case 0:
        return doubles[below(COUNTOF(doubles))];
    case 1:
        return singles[below(COUNTOF(singles))] | (uint64_t)singles[below(COUNTOF(singles))] << 32;
    case 2:
        for (unsigned i = 0; i < 4; i++)
            value = value << 16 | halves[below(COUNTOF(halves))];
        return value;
    case 3: /* doubles of moderate size */
        return (rnd() & 0x800fffffffffffffull) | (uint64_t)(1023 - 40 + below(80)) << 52;
    case 4: /* singles of moderate size */
        return (rnd() & 0x807fffff807fffffull) | (uint64_t)(127 - 20 + below(40)) << 23 |
               (uint64_t)(127 - 20 + below(40)) << 55;
    case 5: /* integers near a power of two */
        return (1ull << below(64)) + (rnd() % 5) - 2;
    case 6:
        return rnd() & rnd() & 0x8080808080808080ull ? 0x7f80ff0001fe8100ull ^ rnd() % 256 : 0;
    default:
        return rnd();
    }
}

uint32_t random_fpcr(void)
{
    uint32_t fpcr = below(4) ? 0 : (uint32_t)below(4) << FPCR_RMODE_SHIFT;

    if (below(4) == 0)
        fpcr |= FPCR_DN;
    if (below(4) == 0)
        fpcr |= FPCR_FZ;
    if (below(8) == 0)
        fpcr |= FPCR_FZ16;
    if (below(8) == 0)
        fpcr |= FPCR_AHP;
    return fpcr;
}

void random_buffer(GuestState *s)
{
    for (unsigned i = 0; i < BUF_SIZE; i += 8) {
        uint64_t value = rnd();
        memcpy(s->buf + i, &value, 8);
    }
}

void random_registers(GuestState *s, int64_t fixed_fpcr)
{
    for (unsigned i = 0; i < 31; i++)
        s->x[i] = below(3) ? rnd() : random_lane(5 + below(2));
    for (unsigned i = FIRST_INDEX; i < FIRST_BASE; i++)
        s->x[i] = below(2) ? below(256) : (uint64_t)-(int64_t)below(256);
    for (unsigned i = FIRST_BASE; i < CODE_REG; i++)
        s->x[i] = BUF + below(512) - 256;
    s->x[CODE_REG] = CODE_FAR;
    s->x[31] = BUF + (below(33) - 16) * 16;
    for (unsigned i = 0; i < 32; i++) {
        unsigned kind = below(8);
        s->v[i].u64[0] = random_lane(kind);
        s->v[i].u64[1] = random_lane(below(4) ? kind : below(8));
    }
    s->pc = CODE;
    s->nzcv = (uint32_t)below(16) << 28;
    s->fpcr = fixed_fpcr >= 0 ? (uint32_t)fixed_fpcr : random_fpcr();
    s->fpsr = below(4) ? 0 : (uint32_t)rnd() & FPSR_WRITABLE;
    s->excl_addr = EXCL_NONE;
    s->exit = 0;
}

void random_state(GuestState *s, int64_t fixed_fpcr)
{
    memset(s, 0, sizeof *s);
    random_registers(s, fixed_fpcr);
    random_buffer(s);
}

static bool is(const DecodedInsn *i, const char *prefix)
{
    return !strncmp(insn_info[i->id].id, prefix, strlen(prefix));
}

static void set_field(uint32_t *word, unsigned lo, unsigned width, uint32_t value)
{
    uint32_t mask = (uint32_t)low_mask(width) << lo;
    *word = (*word & ~mask) | (value << lo & mask);
}

/* Bits that the CPU ignores: 1, as assemblers write them; other emulators want that. */
static uint32_t ignored_bits(const char *encoding)
{
    uint32_t bits = 0;
    int at = 31;

    for (const char *p = encoding; *p;) {
        if (*p == ':') { /* the name of a field has been skipped already: its width */
            at -= (int)strtol(p + 1, (char **)&p, 10);
            continue;
        }
        if (*p == '.')
            bits |= 1u << at;
        bool digit_of_name = p > encoding && (p[-1] >= 'a' && p[-1] <= 'z');
        if (*p == '.' || ((*p == '0' || *p == '1') && !digit_of_name))
            at--;
        p++;
    }
    return bits;
}

static uint32_t random_base(void)
{
    return FIRST_BASE + below(CODE_REG - FIRST_BASE);
}

/* Memory copy or set: two addresses, or one and a byte, and a size that is mostly small. */
static void draw_move(uint32_t *word)
{
    set_field(word, 0, 5, random_base());
    set_field(word, 5, 5, FIRST_INDEX + below(FIRST_BASE - FIRST_INDEX));
    set_field(word, 16, 5, random_base());
}

bool draw_behind(uint32_t before, uint32_t *word)
{
    DecodedInsn i, next;

    if (!decode(before, &i) || insn_info[i.id].feature != FEAT_MOPS || i.id + 1 == INSN_COUNT)
        return false;
    const InsnInfo *row = &insn_info[i.id + 1];
    *word = (before & ~row->mask) | row->bits;
    return decode(*word, &next) && next.id == i.id + 1;
}

/* A random word of a random row, with registers and offsets that have a chance to work. */
bool draw_row(unsigned id, uint32_t *word, unsigned slots_left)
{
    const InsnInfo *row = &insn_info[id];
    DecodedInsn i;

    *word = ((uint32_t)rnd() & ~row->mask) | row->bits | ignored_bits(row->encoding);
    if (!decode(*word, &i) || insn_info[i.id].id != row->id)
        return false;
    if (row->feature == FEAT_MOPS) {
        draw_move(word);
    } else if (is_memory[i.id]) {
        if (strstr(row->encoding, "rn:5"))
            set_field(word, 5, 5, below(8) ? random_base() : 31);
        if (strstr(row->encoding, "rm:5") && !strstr(row->id, "POST"))
            set_field(word, 16, 5, FIRST_INDEX + below(FIRST_BASE - FIRST_INDEX));
        if (strstr(row->encoding, "imm:12"))
            set_field(word, 10, 12, below(300));
    } else if (is(&i, "DC_")) {
        set_field(word, 0, 5, random_base());
    } else if (is(&i, "B_cond") || is(&i, "CB")) {
        set_field(word, 5, 19, 1 + below(slots_left));
    } else if (is(&i, "TB") && strlen(row->id) >= 3 && (row->id[2] == 'Z' || row->id[2] == 'N')) {
        set_field(word, 5, 14, 1 + below(slots_left));
    } else if (!strcmp(row->id, "B") || !strcmp(row->id, "BL")) {
        set_field(word, 0, 26, 1 + below(slots_left));
    } else if (!strcmp(row->id, "BR") || !strcmp(row->id, "BLR") || !strcmp(row->id, "RET")) {
        set_field(word, 5, 5, CODE_REG);
    } else if (is(&i, "ADR")) {
        set_field(word, 5, 19, below(64));
    }
    return decode(*word, &i) && insn_info[i.id].id == row->id;
}
