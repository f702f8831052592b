/*
 * Every word decodes as llvm-mc says: which words are instructions, and what they are called.
 *
 *   fuzz_decode SEED MILLIONS COMMAND...     COMMAND runs llvm-mc (scripts/llvm-mc prints one)
 *
 * MILLIONS random words, and before them the systematic ones (MILLIONS = 0: a slice of these):
 *   - every combination of the bits that hold no register in most encodings (31 to 21, 15 to 10),
 *     with registers drawn at random and from 0, 30, 31;
 *   - for each row of a64.def, every value of its fields that hold no register (large ones: many
 *     random values), and each word whose fixed bits differ from the row's in one or two places.
 *
 * A difference is one of those listed in `known`, which says why, or it is printed and counted.
 * The last line is "N words, M differences". Exit 77: there is no llvm-mc that knows enough.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/base/bits.h"
#include "tests/draw.h"

#define BATCH 200000u
#define MAX_PRINTED 8 /* of one row */
#define SUFFIXES "abhlprtuwnx2" /* sizes, order, the upper half, options of MOPS */
#define SLICE 16      /* which part of the systematic words a run without MILLIONS looks at */

/* What llvm-mc calls our features. FP16 and what else has two rows in features.def: "". */
static const char *const llvm_name[] = {
    [FEAT_BASE] = "lor",       [FEAT_FP] = "fp-armv8",     [FEAT_ASIMD] = "neon",
    [FEAT_AES] = "aes",        [FEAT_PMULL] = "aes",       [FEAT_SHA1] = "sha2",
    [FEAT_SHA2] = "sha2",      [FEAT_CRC32] = "crc",       [FEAT_LSE] = "lse",
    [FEAT_FP16] = "fullfp16",  [FEAT_ASIMDHP] = "fullfp16", [FEAT_CPUID] = "",
    [FEAT_RDM] = "rdm",        [FEAT_JSCVT] = "jsconv",    [FEAT_FCMA] = "complxnum",
    [FEAT_RCPC] = "rcpc",      [FEAT_DCPOP] = "ccpp",      [FEAT_SHA3] = "sha3",
    [FEAT_SM3] = "sm4",        [FEAT_SM4] = "sm4",         [FEAT_DOTPROD] = "dotprod",
    [FEAT_SHA512] = "sha3",    [FEAT_FHM] = "fp16fml",     [FEAT_DIT] = "dit",
    [FEAT_LSE2] = "lse2",      [FEAT_RCPC2] = "rcpc-immo", [FEAT_FLAGM] = "flagm",
    [FEAT_SSBS] = "ssbs",      [FEAT_SB] = "sb",           [FEAT_DCPODP] = "ccdp",
    [FEAT_FLAGM2] = "altnzcv", [FEAT_FRINTTS] = "fptoint", [FEAT_I8MM] = "i8mm",
    [FEAT_BF16] = "bf16",      [FEAT_RNG] = "rand",        [FEAT_BTI] = "bti",
    [FEAT_CSSC] = "cssc",      [FEAT_MOPS] = "mops",
};
_Static_assert(COUNTOF(llvm_name) == FEAT_COUNT, "a new feature needs llvm's name of it");

/* Words of which llvm-mc says something else, and why we are right. */
typedef enum Ours { OURS_NONE, OURS_EITHER } Ours;
static struct {
    uint32_t mask, bits;
    Ours ours;
    const char *why;
    uint64_t seen;
} known[] = {
    {0xffc00000, 0xd5000000, OURS_EITHER,
     "MSR, MRS, SYS: llvm-mc takes all; tests/regress/sysregs.c says which exist at EL0", 0},
    {0xffc00000, 0xd5400000, OURS_NONE,
     "SYSP, MSRR, MRRS (FEAT_D128) are not offered; llvm-mc takes them always", 0},
    {0xff000000, 0xd4000000, OURS_NONE, "HVC, SMC, HLT, DCPS: UNDEFINED at EL0", 0},
    {0xffdfffff, 0xd69f03e0, OURS_NONE, "ERET, DRPS: UNDEFINED at EL0", 0},
    {0xffff0000, 0x00000000, OURS_NONE, "UDF: UNDEFINED, by this name", 0},
    {0xfb200c00, 0x19000400, OURS_NONE,
     "CPY*, SET* whose registers overlap or are 31: CONSTRAINED UNPREDICTABLE, UNDEFINED here", 0},
};

/* Rows whose name llvm-mc replaces by another even when it is asked not to. */
static const struct {
    const char *id, *names;
} renamed[] = {
    {"ORR_imm", " mov "},         {"MOVZ", " mov "},       {"MOVN", " mov "},
    {"UBFM", " ubfiz ubfx lsl lsr uxtb uxth "},
    {"SBFM", " sbfiz sbfx asr sxtb sxth sxtw "}, {"BFM", " bfi bfxil "},
    {"REV32", " rev "},           {"DUP_elem_scalar", " mov "},
    {"PRFM_reg", " rprfm "},      {"STXP", " stlxp "},     {"LDXP", " ldaxp "},
    {"STXR", " stlxr stlxrb stlxrh "}, {"LDXR", " ldaxr ldaxrb ldaxrh "},
};

static uint32_t batch[BATCH];
static unsigned batch_count;
static uint8_t invalid[BATCH + 1];
static uint64_t words_done, differences;
static char **command; /* with room for our arguments behind it */

static void print_difference(uint32_t word, const DecodedInsn *i, const char *theirs)
{
    static uint32_t printed[INSN_COUNT][256]; /* by row, and what llvm's name adds up to */
    uint8_t sum = 0;

    differences++;
    for (const char *p = theirs ? theirs : ""; *p > ' '; p++)
        sum = (uint8_t)(sum * 7 + *p);
    if (printed[i->id][sum]++ < MAX_PRINTED)
        printf("%s   llvm-mc: %s\n", harness_disasm(word, 0), theirs ? theirs : "unallocated");
}

/* True when llvm's mnemonic is ours and size, order, upper-half or condition letters. */
static bool same_name(const InsnInfo *row, const char *theirs)
{
    size_t n = strlen(row->mnemonic), length = strcspn(theirs, " \t");
    char word[32];

    bool rest = row->mnemonic[n - 1] == '.' || strspn(theirs + n, SUFFIXES) + n >= length;
    if (!strncmp(row->mnemonic, theirs, n) && rest)
        return true;
    snprintf(word, sizeof word, " %.*s ", (int)length, theirs);
    for (size_t k = 0; k < COUNTOF(renamed); k++)
        if (!strcmp(renamed[k].id, row->id))
            return strstr(renamed[k].names, word) != NULL;
    return false;
}

static void compare(uint32_t word, const char *theirs)
{
    DecodedInsn i;
    bool ours = decode(word, &i);

    if (ours == (theirs != NULL) && (!ours || same_name(&insn_info[i.id], theirs)))
        return;
    for (size_t k = 0; k < COUNTOF(known); k++) {
        if ((word & known[k].mask) != known[k].bits || (ours && known[k].ours == OURS_NONE))
            continue;
        known[k].seen++;
        return;
    }
    print_difference(word, &i, theirs);
}

static int run_llvm(int in, int out, int err)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        lseek(in, 0, SEEK_SET);
        dup2(in, 0);
        dup2(out, 1);
        dup2(err, 2);
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static FILE *scratch(void)
{
    FILE *f = fdopen(memfd_create("llvm-mc", MFD_CLOEXEC), "w+");

    if (!f) {
        perror("memfd");
        exit(1);
    }
    return f;
}

/* "<stdin>:LINE:COLUMN: warning: invalid instruction encoding" marks invalid[LINE]. */
static void read_invalid(FILE *err)
{
    char line[512];

    memset(invalid, 0, sizeof invalid);
    rewind(err);
    while (fgets(line, sizeof line, err)) {
        char *number = strchr(line, ':');
        if (strstr(line, ": warning: invalid instruction encoding") && number)
            invalid[strtoul(number + 1, NULL, 10)] = 1;
        else if (strstr(line, "not a recognized feature"))
            printf("%s", line);
    }
}

static void flush_batch(void)
{
    static char line[512];
    FILE *in = scratch(), *out = scratch(), *err = scratch();

    if (!batch_count)
        return;
    for (unsigned n = 0; n < batch_count; n++)
        fprintf(in, "0x%02x 0x%02x 0x%02x 0x%02x\n", batch[n] & 255, batch[n] >> 8 & 255,
                batch[n] >> 16 & 255, batch[n] >> 24);
    fflush(in);
    int status = run_llvm(fileno(in), fileno(out), fileno(err));
    if (status != 0 && status != 1) {
        printf("%s: exit %d\n", command[0], status);
        exit(77);
    }
    read_invalid(err);
    rewind(out);
    for (unsigned n = 0; n < batch_count; n++) {
        char *text = NULL;
        if (!invalid[n + 1]) {
            do
                text = fgets(line, sizeof line, out);
            while (text && (*(text += strspn(text, " \t")) == '.' || *text == '\n'));
            if (!text) {
                printf("llvm-mc printed fewer instructions than it took\n");
                exit(1);
            }
            text[strcspn(text, "\n")] = 0;
        }
        compare(batch[n], text);
    }
    words_done += batch_count;
    batch_count = 0;
    fclose(in);
    fclose(out);
    fclose(err);
}

static void look_at(uint32_t word)
{
    batch[batch_count++] = word;
    if (batch_count == BATCH)
        flush_batch();
}

static uint32_t edge_register(void)
{
    static const uint8_t edges[] = {0, 30, 31, 31};

    return below(2) ? edges[below(COUNTOF(edges))] : below(32);
}

/* Registers in bits 20..16, 9..5, 4..0. */
static uint32_t draw_registers(void)
{
    return edge_register() << 16 | edge_register() << 5 | edge_register();
}

/* Every combination of the other bits, `step` apart. */
static void sweep_opcodes(uint32_t step)
{
    for (uint32_t n = below(step); n < 1u << 17; n += step)
        look_at(n >> 6 << 21 | (n & 63) << 10 | draw_registers());
}

/* Bits of the row that are free and outside of registers. */
static uint32_t free_bits(const InsnInfo *row)
{
    uint32_t registers = 0;
    int at = 32;

    for (const char *p = row->encoding; *p; p++) {
        if (*p == '0' || *p == '1' || *p == '.') {
            at--;
        } else if (*p >= 'a' && *p <= 'z') {
            bool is_register = *p == 'r' && strncmp(p, "rot", 3) && strncmp(p, "rmode", 5) &&
                               strncmp(p, "rel", 3);
            while (*p != ':')
                p++;
            int width = (int)strtol(p + 1, (char **)&p, 10);
            p--;
            at -= width;
            if (is_register)
                registers |= (uint32_t)low_mask((unsigned)width) << at;
        }
    }
    return ~row->mask & ~registers;
}

/* The bits of n at the places of mask. */
static uint32_t deposit(uint32_t n, uint32_t mask)
{
    uint32_t word = 0;

    for (; mask; mask &= mask - 1, n >>= 1)
        if (n & 1)
            word |= mask & -mask;
    return word;
}

static void sweep_row(const InsnInfo *row, unsigned step)
{
    uint32_t fields = free_bits(row), fixed = row->mask;
    unsigned bits = (unsigned)__builtin_popcount(fields);
    uint32_t count = bits > 16 ? 1u << 16 : 1u << bits;

    for (uint32_t n = below(step); n < count; n += step) {
        uint32_t value = bits > 16 ? (uint32_t)rnd() : deposit(n, fields);
        look_at(row->bits | (value & fields) | (draw_registers() & ~(fixed | fields)) |
                ((uint32_t)rnd() & ~(fixed | fields | 0x001f03ff)));
    }
    for (uint32_t a = fixed; a; a &= a - 1)
        for (uint32_t b = a; b; b &= b - 1) {
            uint32_t flips = (a & -a) | (b & -b); /* a == b: one place */
            if (below(step) == 0)
                look_at((row->bits ^ flips) | ((uint32_t)rnd() & ~fixed));
        }
}

static void random_words(uint64_t count)
{
    for (uint64_t n = 0; n < count; n++) {
        const InsnInfo *row = &insn_info[1 + below(INSN_COUNT - 1)];
        uint32_t word = (uint32_t)rnd();
        switch (below(3)) {
        case 0:
            word = row->bits | (word & ~row->mask);
            break;
        case 1:
            word = (row->bits | (word & ~row->mask)) ^ 1u << below(32) ^ 1u << below(32);
            break;
        }
        look_at(word);
    }
}

static void make_command(int argc, char **argv)
{
    static char features[1024] = "-mattr=+";

    command = calloc((size_t)argc + 8, sizeof *command);
    for (int n = 0; n < argc; n++)
        command[n] = argv[n];
    for (unsigned f = 0; f < FEAT_COUNT; f++)
        if (*llvm_name[f])
            strcat(strcat(features, f ? ",+" : ""), llvm_name[f]);
    command[argc] = "--disassemble";
    command[argc + 1] = "--triple=aarch64";
    command[argc + 2] = "--mcpu=generic";
    command[argc + 3] = "-M";
    command[argc + 4] = "no-aliases";
    command[argc + 5] = features;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: fuzz_decode SEED MILLIONS LLVM-MC...\n");
        return 2;
    }
    rng_state = strtoull(argv[1], NULL, 0);
    uint64_t millions = strtoull(argv[2], NULL, 0);
    unsigned rounds = millions ? 8 : 1, step = millions ? 1 : SLICE;
    make_command(argc - 3, argv + 3);
    setvbuf(stdout, NULL, _IOLBF, 0);
    harness_disassembler();
    for (unsigned round = 0; round < rounds; round++)
        sweep_opcodes(step);
    for (unsigned id = 1; id < INSN_COUNT; id++)
        sweep_row(&insn_info[id], step);
    random_words(millions * 1000000);
    flush_batch();
    for (size_t k = 0; k < COUNTOF(known); k++)
        printf("%08x/%08x: %llu words: %s\n", known[k].bits, known[k].mask,
               (unsigned long long)known[k].seen, known[k].why);
    printf("%llu words, %llu differences\n", (unsigned long long)words_done,
           (unsigned long long)differences);
    return differences != 0;
}
