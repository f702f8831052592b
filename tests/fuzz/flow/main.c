/*
 * Random programs of whole control flow: the translator against the interpreter, in the emulator
 * itself, and against another emulator.
 *
 * Usage: fuzz_flow [OPTION...] SEED PROGRAMS
 *   -e EMULATOR   the program under test (default: emu-aarch64-static beside tests/)
 *   -p COMMAND    another emulator with its options, that must agree too
 *   -m MASK       EMU_HOST_MASK; given several times: batches take turns
 *   -c CLASSES    only these of signals,faults,changes,threads ("none": none)
 *   -b BATCH      programs in one process (default 16)
 *   -n BATCH      only this batch of the run (a report names it)
 *   -r SECONDS    for reducing each difference (default 60; 0: do not)
 *   -x COUNT      stop after so many differences (default 10)
 *   -d DIRECTORY  where the ELF files go, the reduced ones too (default .)
 *   -t SECONDS    for one run of a batch (default 20)
 *   -v            a line for each batch
 *
 * The last line is "N programs, M differences". Batch B of a run has a seed that follows from SEED
 * and B only.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/log.h"
#include "emu/base/check.h"
#include "tests/fuzz/flow/gen.h"
#include "tests/fuzz/flow/reduce.h"
#include "tests/fuzz/flow/run.h"

#define MAX_MASKS 16
#define MAX_WORDS 32

typedef struct Options {
    const char *emulator, *directory, *mask[MAX_MASKS];
    const char *peer[MAX_WORDS + 1];
    unsigned masks, classes, batch, reduce_seconds, stop_after, timeout;
    int64_t only;
    bool verbose;
} Options;

static Options options = {.directory = ".", .classes = (1u << CLASS_COUNT) - 1, .batch = 16,
                          .reduce_seconds = 60, .stop_after = 10, .timeout = 20, .only = -1};

/* One way to run a batch. */
typedef struct Way {
    const char *name, *argv[MAX_WORDS + 1], *environment[4];
} Way;

static void split_words(char *text, const char **words)
{
    unsigned n = 0;

    for (char *w = strtok(text, " "); w && n < MAX_WORDS; w = strtok(NULL, " "))
        words[n++] = w;
    words[n] = NULL;
}

static unsigned parse_classes(char *text)
{
    static const char *const names[] = {
#define C(id, name, meaning) name,
        CLASSES(C)
#undef C
    };
    unsigned set = 0;

    for (char *w = strtok(text, ","); w; w = strtok(NULL, ",")) {
        unsigned n = 0;
        while (n < CLASS_COUNT && strcmp(w, names[n]))
            n++;
        if (n == CLASS_COUNT && strcmp(w, "none"))
            die(2, "no such class: %s", w);
        set |= n < CLASS_COUNT ? 1u << n : 0;
    }
    return set;
}

static void print_classes(unsigned set)
{
#define C(id, name, meaning) printf("%s", set & id ? " " name : "");
    CLASSES(C)
#undef C
}

/* How soon places become hot, by batch: as always, or much sooner, so that all tiers are met. */
static const char *passes_of(uint64_t seed)
{
    static const char *const hot[] = {"", "hot=1000", "hot=100", "hot=20"};

    return hot[seed % COUNTOF(hot)];
}

typedef struct Ways {
    Way reference, tested;
    const char *elf;
    Outcome expected, actual;
} Ways;

static bool still_differs(Batch *b, void *context)
{
    Ways *w = context;
    unsigned tries = b->classes & (SIGNALS | THREADS) ? 3 : 1;

    if (!guest_write(b, w->elf))
        return false;
    run_batch(w->reference.argv, w->reference.environment, w->elf, options.timeout, &w->expected);
    while (tries--) {
        run_batch(w->tested.argv, w->tested.environment, w->elf, options.timeout, &w->actual);
        if (run_compare(b, &w->expected, &w->actual) >= 0)
            return true;
    }
    return false;
}

static void print_programs(const Batch *b)
{
    static uint32_t words[CODE_WORDS];

    for (unsigned n = 0; n < b->programs; n++) {
        const Program *p = &b->program[n];
        if (p->absent)
            continue;
        static Code copy;
        copy = p->code;
        unsigned count = code_assemble(&copy, p->base, words);
        printf("program %u, entered at %llx:\n", n,
               (unsigned long long)copy.block[copy.entry].address);
        code_print(&copy, p->base, words, count);
        for (unsigned r = 0; r < 30; r++)
            if (p->start.x[r])
                printf("  x%u = %llx\n", r, (unsigned long long)p->start.x[r]);
        for (unsigned r = 0; r < 32; r++)
            if (p->start.v[r].u64[0] | p->start.v[r].u64[1])
                printf("  v%u = %016llx:%016llx\n", r, (unsigned long long)p->start.v[r].u64[1],
                       (unsigned long long)p->start.v[r].u64[0]);
        printf("  nzcv %llx fpcr %llx fpsr %llx\n", (unsigned long long)p->start.nzcv >> 28,
               (unsigned long long)p->start.fpcr, (unsigned long long)p->start.fpsr);
    }
}

static void report(Batch *b, Ways *w, uint64_t number, int program)
{
    static char reduced[4096];

    printf("DIFFERENCE batch %llu program %d (%u in %u threads;", (unsigned long long)number,
           program, b->programs, b->threads);
    print_classes(b->classes);
    printf(")\n  %s: %s %s", w->tested.name, w->tested.environment[0], w->tested.environment[1]);
    for (const char *const *word = w->tested.argv; *word; word++)
        printf(" %s", *word);
    printf(" %s\n", w->elf);
    run_explain(&w->expected, &w->actual, (unsigned)program);
    fflush(stdout);
    if (!options.reduce_seconds)
        return;
    snprintf(reduced, sizeof reduced, "%s/flow.%llx.%llu.elf", options.directory,
             (unsigned long long)b->seed, (unsigned long long)number);
    w->elf = reduced;
    reduce(b, options.reduce_seconds, still_differs, w);
    for (unsigned tries = 0; tries < 10; tries++)
        if (still_differs(b, w))
            break;
    program = run_compare(b, &w->expected, &w->actual);
    printf("  reduced: %s (%u threads;", reduced, b->threads);
    print_classes(b->classes);
    printf(")\n");
    if (program >= 0)
        run_explain(&w->expected, &w->actual, (unsigned)program);
    else
        printf("    (does not differ every time)\n");
    print_programs(b);
    fflush(stdout);
}

static uint64_t batch_seed(uint64_t seed, uint64_t number)
{
    rng_state = seed;
    rng_state = rnd() + number * 0x100000001b3ull;
    return rnd();
}

/* The number of differences: 0 or 1. */
static unsigned do_batch(Batch *b, uint64_t run_seed, uint64_t number, unsigned programs)
{
    static char elf[4096], mask[1024], passes[64];
    static Ways w;
    uint64_t seed = batch_seed(run_seed, number);
    int program;

    gen_batch(b, seed, options.classes, programs);
    snprintf(elf, sizeof elf, "%s/flow.%llx.elf", options.directory, (unsigned long long)run_seed);
    snprintf(mask, sizeof mask, "EMU_HOST_MASK=%s",
             options.masks ? options.mask[number % options.masks] : "");
    snprintf(passes, sizeof passes, "EMU_PASSES=%s", passes_of(seed));
    w.elf = elf;
    w.reference = (Way){"interpreter", {options.emulator, "-cpu", "max", "-one-insn-per-tb"}, {0}};
    w.tested = (Way){"translator", {options.emulator, "-cpu", "max"}, {mask, passes}};
    if (!guest_write(b, elf))
        die(2, "batch %llu cannot be written", (unsigned long long)number);
    run_batch(w.reference.argv, w.reference.environment, elf, options.timeout, &w.expected);
    if (!w.expected.complete) {
        printf("DIFFERENCE batch %llu: the interpreter does not reach the end\n",
               (unsigned long long)number);
        return 1;
    }
    run_batch(w.tested.argv, w.tested.environment, elf, options.timeout, &w.actual);
    program = run_compare(b, &w.expected, &w.actual);
    if (options.verbose) {
        printf("batch %llu: interpreter %u ms, translator %u ms; %s %s;",
               (unsigned long long)number, w.expected.cpu_ms,
               w.actual.cpu_ms, mask, passes);
        print_classes(b->classes);
        printf("\n");
        fflush(stdout);
    }
    if (program < 0 && options.peer[0]) {
        w.tested = (Way){.name = "peer", .environment = {mask, passes}};
        memcpy(w.tested.argv, options.peer, sizeof options.peer);
        run_batch(w.tested.argv, w.tested.environment, elf, options.timeout, &w.actual);
        program = run_compare(b, &w.expected, &w.actual);
    }
    if (program >= 0)
        report(b, &w, number, program);
    return program >= 0;
}

static void parse_options(int argc, char **argv)
{
    int opt;

    while ((opt = getopt(argc, argv, "e:p:m:c:b:n:r:x:d:t:v")) != -1) {
        switch (opt) {
        case 'e': options.emulator = optarg; break;
        case 'p': split_words(optarg, options.peer); break;
        case 'm':
            if (options.masks < MAX_MASKS)
                options.mask[options.masks++] = optarg;
            break;
        case 'c': options.classes = parse_classes(optarg); break;
        case 'b': options.batch = (unsigned)atoi(optarg); break;
        case 'n': options.only = atoll(optarg); break;
        case 'r': options.reduce_seconds = (unsigned)atoi(optarg); break;
        case 'x': options.stop_after = (unsigned)atoi(optarg); break;
        case 'd': options.directory = optarg; break;
        case 't': options.timeout = (unsigned)atoi(optarg); break;
        case 'v': options.verbose = true; break;
        default: exit(2);
        }
    }
    if (!options.emulator || argc - optind != 2 || options.batch - 1 >= MAX_PROGRAMS)
        die(2, "usage: fuzz_flow -e EMULATOR [-p PEER] [-m MASK]... [-c CLASSES] [-b BATCH]"
               " [-n BATCH] [-r SECONDS] [-x COUNT] [-d DIRECTORY] SEED PROGRAMS");
}

int main(int argc, char **argv)
{
    static Batch batch;

    parse_options(argc, argv);
    uint64_t seed = strtoull(argv[optind], NULL, 0), count = strtoull(argv[optind + 1], NULL, 0);
    uint64_t done = 0, different = 0;
    harness_init();
    insn_init();
    for (uint64_t n = 0; done < count && different < options.stop_after; n++) {
        unsigned programs = count - done < options.batch ? (unsigned)(count - done) : options.batch;
        done += programs;
        if (options.only < 0 || n == (uint64_t)options.only)
            different += do_batch(&batch, seed, n, programs);
    }
    printf("seed %llu: %llu programs, %llu differences\n", (unsigned long long)seed,
           (unsigned long long)done, (unsigned long long)different);
    return different != 0;
}
