/*
 * Random instructions, random state, for two comparisons at once: what the interpreter makes of
 * them is written as records, which tests/fuzz/oracle/oracle.c compares with another machine or
 * emulator; and it is compared here with cold code and both tiers of the translator.
 *
 *     fuzz_peer SEED COUNT [ID-PREFIX...] | qemu-aarch64 -cpu max oracle
 *
 * COUNT sequences of up to 15 instructions are drawn from all rows (or those whose id begins so).
 * Records go to stdout, the rest to stderr: each difference with the seed and number of its
 * sequence, then "N instructions, M differences".
 */
#include <stdlib.h>
#include <string.h>
#include "emu/base/bits.h"
#include "tests/draw.h"
#include "tests/fuzz/record.h"

#define MIN_SEQUENCE 4
#define DRAWS 100
#define BUFFER_EVERY 64 /* sequences */
#define LONGEST 64      /* instructions executed, exits included */
#define MAX_PRINTED 20

static const struct {
    RunMode mode;
    const char *name;
} modes[] = {{RUN_COLD, "cold code"}, {RUN_XLAT, "first tier"}, {RUN_TIER2, "second tier"}};

#define NEAR 0x20000 /* nothing else is mapped so near to the buffer; offsets are at most half */

/* Where registers point elsewhere, there are other things in another process. */
static bool is_far(const DecodedInsn *i, const CpuState *cpu)
{
    const char *encoding = insn_info[i->id].encoding;
    uint64_t base = (uint64_t)sext(cpu->x[i->rn], 56), index = cpu->x[i->rm];

    if (!strstr(encoding, "rn:5"))
        return false;
    if (base - BUF + NEAR > 2 * NEAR)
        return true;
    return strstr(insn_info[i->id].id, "_reg") && index + NEAR / 32 > NEAR / 16 && i->rm != 31;
}

static bool overlaps(uint64_t literal, uint64_t start, uint64_t size)
{
    return literal + 16 - start < size + 16; /* of 16 bytes at most */
}

/*
 * What the other side may do differently, and why. (draw.c leaves out whole rows.)
 *   - An address outside the buffer, and a literal from where one side has code of its own.
 *   - A store-exclusive of another size than the load-exclusive at its address: the architecture
 *     lets it succeed or fail. Ours fails; QEMU's stores and says that it failed.
 */
static bool may_differ(uint32_t word, const CpuState *cpu)
{
    DecodedInsn i;

    if (!decode(word, &i) || !is_memory[i.id])
        return false;
    if (is_far(&i, cpu))
        return true;
    if (i.id == INSN_STXR)
        return cpu->excl_addr != EXCL_NONE && cpu->excl_size != 1u << i.size;
    if (i.id == INSN_STXP)
        return cpu->excl_addr != EXCL_NONE && cpu->excl_size != 8u << i.sz;
    uint64_t literal = insn_target(&i, cpu->pc);
    return strstr(insn_info[i.id].id, "_lit") &&
           (overlaps(literal, EXITS, EXITS_SIZE) || overlaps(literal, CHAIN_ENTRY, 4));
}

/* Draws while the CPU, which has been loaded, executes; returns how many slots were filled. */
static unsigned draw_sequence(uint32_t *words, unsigned length)
{
    unsigned n = 0;

    while (this_cpu->pc < CODE + 4 * length) {
        unsigned at = (unsigned)((this_cpu->pc - CODE) / 4), tries = 0;
        for (; n < at; n++) /* jumped over: never executed */
            words[n] = SVC_WORD;
        while (++tries < DRAWS)
            if (draw_row(rows[below(row_count)], &words[at], length - at) &&
                !may_differ(words[at], this_cpu) && harness_try(words[at]))
                break;
        if (tries == DRAWS)
            break;
        n = at + 1;
    }
    return n;
}

static void report(const char *name, uint64_t seed, uint64_t index, const uint32_t *words,
                   unsigned n, const GuestState *before, const GuestState *expected,
                   const GuestState *actual)
{
    fprintf(stderr, "DIFFERENCE seed %llu sequence %llu, %s\n", (unsigned long long)seed,
            (unsigned long long)index, name);
    for (unsigned i = 0; i < n; i++)
        fprintf(stderr, "  %llx: %s\n", (unsigned long long)CODE + 4 * i,
                harness_disasm(words[i], CODE + 4 * i));
    fprintf(stderr, "before:\n");
    harness_print(stderr, before, NULL);
    harness_compare(stderr, expected, actual, "interpreter", name);
}

/* The sequence in the other ways; returns how many of them differ. */
static unsigned compare(uint64_t seed, uint64_t index, const uint32_t *words, unsigned n,
                        const GuestState *before, const GuestState *expected)
{
    static GuestState actual;
    static unsigned printed;
    unsigned differences = 0;

    for (size_t m = 0; m < COUNTOF(modes); m++) {
        actual = *before;
        harness_run(&actual, modes[m].mode, LONGEST);
        if (harness_same(expected, &actual))
            continue;
        differences++;
        if (printed++ < MAX_PRINTED)
            report(modes[m].name, seed, index, words, n, before, expected, &actual);
    }
    return differences;
}

int main(int argc, char **argv)
{
    static GuestState before, expected;
    uint64_t instructions = 0, differences = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: fuzz_peer SEED COUNT [PREFIX...]\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[1], NULL, 0), count = strtoull(argv[2], NULL, 0);
    for (int n = 3; n < argc || n == 3; n++) /* argv[argc] is NULL: all rows */
        choose_rows(argv[n], false, DRAW_PEER);
    if (!row_count)
        return 2;
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    harness_init();
    for (uint64_t index = 0; index < count; index++) {
        uint32_t words[SLOTS];
        rng_state = seed * 0x100000001b3ull + index / BUFFER_EVERY;
        if (index % BUFFER_EVERY == 0) {
            random_buffer(&before);
            record_buffer(stdout, before.buf);
        }
        rng_state = rnd() + index;
        random_registers(&before, -1);
        harness_slots(words, 0);
        harness_load(&before);
        unsigned n = draw_sequence(words, MIN_SEQUENCE + below(SLOTS - MIN_SEQUENCE));
        /* Once more from the start: a load may have read code that was drawn later. */
        harness_slots(words, n);
        expected = before;
        harness_run(&expected, RUN_INTERP, LONGEST);
        uint32_t end = harness_end(&expected);
        if (end > SLOTS || !record_write(stdout, words, n, &before, &expected, end))
            continue;
        instructions += n;
        differences += compare(seed, index, words, n, &before, &expected);
        memcpy(before.buf, expected.buf, BUF_SIZE);
    }
    fflush(stdout);
    fprintf(stderr, "%llu instructions, %llu differences\n", (unsigned long long)instructions,
            (unsigned long long)differences);
    return differences != 0;
}
