/*
 * The benchmark driver: items (programs with a fixed work load), engines (native and emulators)
 * and what was measured of each pair.
 */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    MAX_ITEMS = 128,
    MAX_ENGINES = 40,
    MAX_RUNS = 64,
    MAX_WORDS = 48,
    MAX_CLASSES = 16,
};

/* Engine 0 is the native machine (except with --no-native), engine 1 the emulator under test, the rest its peers. */
struct engine {
    const char *name;
    char *word[MAX_WORDS]; /* what stands before the program: path in the box and options */
    int words;
};

struct sample {
    double cpu;  /* seconds of user and system time, per repetition */
    double wall; /* seconds, per repetition */
};

struct result {
    struct sample sample[MAX_RUNS];
    int samples;
    double median, least, most; /* of cpu */
    long peak_kib;              /* largest resident set of one process */
    uint64_t output;            /* hash of standard output and exit status */
    char problem[64];           /* empty when the item ran and its output is right */
};

struct item {
    char *name, *class;
    bool against_peer; /* output depends on the architecture: compared with a peer's */
    bool all_cpus;     /* not pinned to one CPU */
    bool unchecked;    /* there was no output to compare with */
    int repeat;        /* executions in one run */
    char *word[MAX_WORDS];
    int words;
    struct result result[MAX_ENGINES];
};

struct bench {
    struct engine engine[MAX_ENGINES];
    int engines;
    struct item item[MAX_ITEMS];
    int items;
    int runs;
    int peer_runs; /* of engines 2 and on; at most runs */
    int scale; /* percent of the full work */
    int cpu;   /* items without all_cpus run on this one */
};

/* The table for people, with the facts of the machine. */
void report_table(const struct bench *b, FILE *f);

/* A bar chart: slowdown of each engine by class, logarithmic. */
void report_svg(const struct bench *b, FILE *f);

/* Geometric mean of engine ENGINE's time over engine BASE's, over the items of CLASS (NULL: all
   but startup and system, which are not bound by the CPU's work for the program) that both ran rightly; 0 when there is none. COUNT (may be NULL) gets their number. */
double class_ratio(const struct bench *b, const char *class, int engine, int base, int *count);

/* Fills OUT with the classes in order of appearance; returns how many. */
int list_classes(const struct bench *b, const char *out[MAX_CLASSES]);

#endif
