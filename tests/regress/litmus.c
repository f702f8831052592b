/*
 * The memory model: litmus tests, each a few instructions on two to four threads that share two
 * variables, run many times side by side. An outcome that the architecture forbids fails; weak
 * ones that it allows are counted, and of store buffering without barriers (which x86 has too)
 * some must be seen in a long run, or the threads do not meet and the rest proves nothing.
 *
 * Usage: litmus [ROUNDS [NAME]]   rounds of each test (default 20,000), only tests named so
 */
#define _GNU_SOURCE
#include <asm/hwcap.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define BATCH 8192
#define THREADS 4
#define LONG_RUN 1000000

typedef struct Cell {
    uint64_t x, x_high; /* x is 16 bytes where pairs are accessed */
    uint64_t pad[6];
    uint64_t y, y_high;
    uint64_t pad2[6];
} __attribute__((aligned(128))) Cell;

typedef struct Out {
    uint64_t a, b;
} Out;

/* Loops until the store-exclusive to [x] has succeeded; `op` makes x10 of x9. */
#define EXCLUSIVE(load, store, op)                                                                 \
    "1: " load " x9, [%[x]]\n" op "\n" store " w11, x10, [%[x]]\n cbnz w11, 1b\n mov %[a], x9"
#define STORE(v) "str %[one], [%[" #v "]]\n"
#define LOAD(to, v) "ldr %[" #to "], [%[" #v "]]\n"
/* A load whose address depends on x9 */
#define LOAD_AFTER(r, to, v) "eor x9, %[" #r "], %[" #r "]\n ldr %[" #to "], [%[" #v "], x9]\n"

/*
 * T(name, threads, instructions of each, forbidden, weak): a0, b0 are what thread 0 read, x and y
 * the values in the end; both begin as 0. Within instructions %[x], %[y] are addresses, %[one] and
 * %[two] values, %[a], %[b] results.
 */
#define MP_BAD (a1 == 1 && b1 == 0)
#define SB_BAD (a0 == 0 && a1 == 0)
#define LB_BAD (a0 == 1 && a1 == 1)
#define IRIW_BAD (a2 == 1 && b2 == 0 && a3 == 1 && b3 == 0)
#define TESTS(T)                                                                                   \
    T(SB, 2, STORE(x) LOAD(a, y), STORE(y) LOAD(a, x), "", "", 0, SB_BAD)                          \
    T(SB_dmb_st, 2, STORE(x) "dmb ishst\n" LOAD(a, y), STORE(y) "dmb ishst\n" LOAD(a, x), "", "",  \
      0, SB_BAD)                                                                                   \
    T(SB_dmb, 2, STORE(x) "dmb ish\n" LOAD(a, y), STORE(y) "dmb ish\n" LOAD(a, x), "", "",         \
      SB_BAD, 0)                                                                                   \
    T(SB_dmb_sy_dsb, 2, STORE(x) "dmb sy\n" LOAD(a, y), STORE(y) "dsb ish\n" LOAD(a, x), "", "",   \
      SB_BAD, 0)                                                                                   \
    T(SB_stlr_ldar, 2, "stlr %[one], [%[x]]\n ldar %[a], [%[y]]\n",                                \
      "stlr %[one], [%[y]]\n ldar %[a], [%[x]]\n", "", "", SB_BAD, 0)                              \
    T(SB_stlr_ldapr, 2, "stlr %[one], [%[x]]\n ldapr %[a], [%[y]]\n",                              \
      "stlr %[one], [%[y]]\n ldapr %[a], [%[x]]\n", "", "", 0, SB_BAD)                             \
    T(SB_swpal_ldar, 2, "swpal %[one], x9, [%[x]]\n ldar %[a], [%[y]]\n",                          \
      "swpal %[one], x9, [%[y]]\n ldar %[a], [%[x]]\n", "", "", SB_BAD, 0)                         \
    T(SB_bytes_dmb, 2, "strb %w[one], [%[x]]\n dmb ish\n ldr %w[a], [%[y]]\n",                     \
      "str %w[one], [%[y]]\n dmb ish\n ldrh %w[a], [%[x]]\n", "", "", SB_BAD, 0)                   \
    T(MP, 2, STORE(x) STORE(y), LOAD(a, y) LOAD(b, x), "", "", 0, MP_BAD)                          \
    T(MP_dmb, 2, STORE(x) "dmb ish\n" STORE(y), LOAD(a, y) "dmb ish\n" LOAD(b, x), "", "",         \
      MP_BAD, 0)                                                                                   \
    T(MP_dmb_st_ld, 2, STORE(x) "dmb ishst\n" STORE(y), LOAD(a, y) "dmb ishld\n" LOAD(b, x), "",   \
      "", MP_BAD, 0)                                                                               \
    T(MP_dmb_addr, 2, STORE(x) "dmb ish\n" STORE(y), LOAD(a, y) LOAD_AFTER(a, b, x), "", "",       \
      MP_BAD, 0)                                                                                   \
    T(MP_dmb_ctrl_isb, 2, STORE(x) "dmb ish\n" STORE(y),                                           \
      LOAD(a, y) "cbz %[a], 1f\n1: isb\n" LOAD(b, x), "", "", MP_BAD, 0)                           \
    T(MP_stlr_ldar, 2, STORE(x) "stlr %[one], [%[y]]\n", "ldar %[a], [%[y]]\n" LOAD(b, x), "", "", \
      MP_BAD, 0)                                                                                   \
    T(MP_stlr_ldapr, 2, STORE(x) "stlr %[one], [%[y]]\n", "ldapr %[a], [%[y]]\n" LOAD(b, x), "",   \
      "", MP_BAD, 0)                                                                               \
    T(MP_swpl_ldadda, 2, STORE(x) "swpl %[one], x9, [%[y]]\n",                                     \
      "ldadda xzr, %[a], [%[y]]\n" LOAD(b, x), "", "", MP_BAD, 0)                                  \
    T(MP_casl_casa, 2, STORE(x) "mov x9, #0\n casl x9, %[one], [%[y]]\n",                          \
      "mov %[a], #0\n casa %[a], xzr, [%[y]]\n" LOAD(b, x), "", "", MP_BAD, 0)                     \
    T(MP_stlxr_ldaxr, 2, STORE(x) "1: ldxr x9, [%[y]]\n stlxr w10, %[one], [%[y]]\n cbnz w10, 1b", \
      "ldaxr %[a], [%[y]]\n clrex\n" LOAD(b, x), "", "", MP_BAD, 0)                                \
    T(MP_halves, 2, "str %w[one], [%[x], #4]\n dmb ish\n" STORE(y),                                \
      LOAD(a, y) "dmb ish\n" LOAD(b, x) "lsr %[b], %[b], #32\n", "", "", MP_BAD, 0)                \
    T(MP_one_line, 2, STORE(x) "dmb ish\n str %[one], [%[x], #8]\n",                               \
      "ldr %[a], [%[x], #8]\n dmb ish\n" LOAD(b, x), "", "", MP_BAD, 0)                            \
    T(LB, 2, LOAD(a, x) STORE(y), LOAD(a, y) STORE(x), "", "", 0, LB_BAD)                          \
    T(LB_dmb, 2, LOAD(a, x) "dmb ish\n" STORE(y), LOAD(a, y) "dmb ish\n" STORE(x), "", "", LB_BAD, \
      0)                                                                                           \
    T(LB_ldar_stlr, 2, "ldar %[a], [%[x]]\n" STORE(y), LOAD(a, y) "stlr %[one], [%[x]]\n", "", "", \
      LB_BAD, 0)                                                                                   \
    T(LB_data, 2, LOAD(a, x) "str %[a], [%[y]]\n", LOAD(a, y) "orr x9, %[a], %[one]\n"             \
      "eor x9, x9, %[a]\n str x9, [%[x]]\n", "", "", a0 == 1 && a1 == 1 && y == 1, 0)              \
    T(R_dmb, 2, STORE(x) "dmb ish\n" STORE(y), "str %[two], [%[y]]\n dmb ish\n" LOAD(a, x), "",    \
      "", y == 2 && a1 == 0, 0)                                                                    \
    T(S_dmb, 2, "str %[two], [%[x]]\n dmb ish\n" STORE(y), LOAD(a, y) "dmb ish\n" STORE(x), "",    \
      "", a1 == 1 && x == 2, 0)                                                                    \
    T(W22_dmb, 2, STORE(x) "dmb ish\n str %[two], [%[y]]\n",                                       \
      STORE(y) "dmb ish\n str %[two], [%[x]]\n", "", "", x == 1 && y == 1, 0)                      \
    T(W22_stlr, 2, "stlr %[one], [%[x]]\n stlr %[two], [%[y]]\n",                                  \
      "stlr %[one], [%[y]]\n stlr %[two], [%[x]]\n", "", "", x == 1 && y == 1, 0)                  \
    T(WRC_addr, 3, STORE(x), LOAD(a, x) "dmb ish\n str %[a], [%[y]]\n",                            \
      LOAD(a, y) LOAD_AFTER(a, b, x), "", a1 == 1 && a2 == 1 && b2 == 0, 0)                        \
    T(IRIW, 4, STORE(x), STORE(y), LOAD(a, x) LOAD(b, y), LOAD(a, y) LOAD(b, x), 0, IRIW_BAD)      \
    T(IRIW_dmb, 4, STORE(x), STORE(y), LOAD(a, x) "dmb ish\n" LOAD(b, y),                          \
      LOAD(a, y) "dmb ish\n" LOAD(b, x), IRIW_BAD, 0)                                              \
    T(IRIW_addr, 4, STORE(x), STORE(y), LOAD(a, x) LOAD_AFTER(a, b, y),                            \
      LOAD(a, y) LOAD_AFTER(a, b, x), IRIW_BAD, 0)                                                 \
    T(IRIW_stlr_ldar, 4, "stlr %[one], [%[x]]\n", "stlr %[one], [%[y]]\n",                         \
      "ldar %[a], [%[x]]\n ldar %[b], [%[y]]\n", "ldar %[a], [%[y]]\n ldar %[b], [%[x]]\n",        \
      IRIW_BAD, 0)                                                                                 \
    T(CoRR, 2, STORE(x), LOAD(a, x) LOAD(b, x), "", "", a1 == 1 && b1 == 0, 0)                     \
    T(CoRR_mixed, 2, "str %[both], [%[x]]\n", "ldr %w[a], [%[x]]\n ldrb %w[b], [%[x]]\n", "", "",  \
      a1 == 1 && b1 == 0, 0)                                                                       \
    T(CoWW, 2, STORE(x) "str %[two], [%[x]]\n", LOAD(a, x) LOAD(b, x), "", "",                     \
      x != 2 || (a1 == 2 && b1 != 2), 0)                                                           \
    T(CoRW, 2, LOAD(a, x) STORE(x), "str %[two], [%[x]]\n", "", "",                                \
      a0 == 1 || (a0 == 2 && x == 2), 0)                                                           \
    T(CoWR, 2, STORE(x) LOAD(a, x), "str %[two], [%[x]]\n", "", "",                                \
      a0 == 0 || (a0 == 2 && x == 1), 0)                                                           \
    T(copy_64, 2, "str %[both], [%[x]]\n", LOAD(a, x), "", "", a1 != 0 && a1 != both, 0)           \
    T(copy_pair, 2, "1: ldxp x9, x10, [%[x]]\n stxp w11, %[one], %[one], [%[x]]\n cbnz w11, 1b\n", \
      "1: ldxp %[a], %[b], [%[x]]\n stxp w11, %[a], %[b], [%[x]]\n cbnz w11, 1b\n", "", "",        \
      a1 != b1, 0)                                                                                 \
    T(copy_casp, 2, "mov x10, #0\n mov x11, #0\n mov x12, #1\n mov x13, #1\n"                      \
      "casp x10, x11, x12, x13, [%[x]]\n",                                                         \
      "mov x10, #0\n mov x11, #0\n mov x12, #0\n mov x13, #0\n"                                    \
      "caspal x10, x11, x12, x13, [%[x]]\n mov %[a], x10\n mov %[b], x11\n", "", "", a1 != b1, 0)  \
    T(add_lse, 4, "ldadd %[one], %[a], [%[x]]\n", "ldaddal %[one], %[a], [%[x]]\n",                \
      "stadd %[one], [%[x]]\n", "ldaddl %[one], %[a], [%[x]]\n", x != 4, 0)                        \
    T(add_exclusive, 4, EXCLUSIVE("ldxr", "stxr", "add x10, x9, #1"),                              \
      EXCLUSIVE("ldaxr", "stlxr", "add x10, x9, #1"),                                              \
      EXCLUSIVE("ldxr", "stlxr", "add x10, x9, #1\n and x10, x10, #255"),                          \
      "ldadd %[one], %[a], [%[x]]\n", x != 4, 0)                                                   \
    T(add_sizes, 4, "mov w9, #1\n staddb w9, [%[x]]\n",                                            \
      "1: ldxrh w9, [%[x]]\n add w9, w9, #256\n stxrh w10, w9, [%[x]]\n cbnz w10, 1b\n",           \
      EXCLUSIVE("ldxr", "stxr", "add x10, x9, #16"), "mov w9, #2\n staddh w9, [%[x]]\n",           \
      x != 256 + 16 + 3, 0)                                                                        \
    T(add_cas, 3, "1: ldr x9, [%[x]]\n add x10, x9, #1\n mov x11, x9\n cas x11, x10, [%[x]]\n"     \
      "cmp x11, x9\n b.ne 1b\n", "1: ldr x9, [%[x]]\n add x10, x9, #1\n mov x11, x9\n"             \
      "casal x11, x10, [%[x]]\n cmp x11, x9\n b.ne 1b\n", "stadd %[one], [%[x]]\n", "", x != 3, 0) \
    T(add_store, 2, EXCLUSIVE("ldxr", "stxr", "add x10, x9, #1"), "str %[both], [%[x]]\n", "", "", \
      x != both && x != both + 1, 0)                                                               \
    T(swp, 2, "swp %[one], %[a], [%[x]]\n", "swp %[two], %[a], [%[x]]\n", "", "",                  \
      !((a0 == 0 && a1 == 1 && x == 2) || (a1 == 0 && a0 == 2 && x == 1)), 0)

static const uint64_t both = 0x0000000100000001ull;

/* Where each thread is in the batch. Counts up over all batches, so that nothing is reset. */
static struct {
    volatile unsigned round;
    unsigned pad[31];
} at[THREADS] __attribute__((aligned(128)));

/*
 * Waits a little until the others are as far, so that accesses meet; gives up when they do not run
 * at all now (*patience). Then a short delay that differs from round to round.
 */
static inline void come_together(unsigned me, unsigned threads, unsigned round, int *patience)
{
    unsigned spins = 0;

    at[me].round = round;
    for (unsigned t = 0; t < threads && *patience > 0; t++)
        while ((int)(at[t].round - round) < 0 && spins < 300)
            spins++;
    *patience = spins == 300 ? *patience - 8 : *patience < 64 ? *patience + 1 : 64;
    for (unsigned n = (round * (me * 40 + 0x9e3779b1)) >> 20 & 255; n; n--)
        __asm__ volatile("");
}

static unsigned batch;

/* The threads' parts: on all cells of a batch. */
#define PART(name, n, threads, text)                                                               \
    static void name##_##n(Cell *c, Out *out)                                                      \
    {                                                                                              \
        int patience = 64;                                                                         \
        for (unsigned i = 0; i < BATCH; i++) {                                                     \
            uint64_t a = 0, b = 0;                                                                 \
            come_together(n, threads, batch * BATCH + i + 1, &patience);                           \
            __asm__ volatile(text                                                                  \
                             : [a] "+&r"(a), [b] "+&r"(b)                                          \
                             : [x] "r"(&c[i].x), [y] "r"(&c[i].y), [one] "r"(1ul), [two] "r"(2ul), \
                               [both] "r"(both)                                                    \
                             : "memory", "cc", "x9", "x10", "x11", "x12", "x13");                  \
            out[i] = (Out){a, b};                                                                  \
        }                                                                                          \
    }
#define PARTS(name, threads, t0, t1, t2, t3, bad, weak)                                            \
    PART(name, 0, threads, t0) PART(name, 1, threads, t1)                                          \
    PART(name, 2, threads, t2) PART(name, 3, threads, t3)                                          \
    static int name##_judge(const Cell *c, Out (*o)[BATCH], unsigned i)                            \
    {                                                                                              \
        uint64_t a0 = o[0][i].a, a1 = o[1][i].a, b1 = o[1][i].b, a2 = o[2][i].a;                   \
        uint64_t b2 = o[2][i].b, a3 = o[3][i].a, b3 = o[3][i].b, x = c[i].x, y = c[i].y;           \
        return (bad) ? 2 : (weak) ? 1 : 0;                                                         \
    }
__asm__(".arch armv8.3-a\n");
TESTS(PARTS)

static const struct {
    const char *name;
    unsigned threads;
    void (*part[THREADS])(Cell *, Out *);
    int (*judge)(const Cell *, Out (*)[BATCH], unsigned);
} tests[] = {
#define ROW(name, threads, ...)                                                                    \
    {#name, threads, {name##_0, name##_1, name##_2, name##_3}, name##_judge},
    TESTS(ROW)
};
#define TEST_COUNT (sizeof tests / sizeof *tests)

static Cell cells[BATCH];
static Out outs[THREADS][BATCH];
static unsigned test, batches;
static volatile unsigned arrived, phase;

/* All threads of the test; spins briefly, since they should start together. */
static void meet(void)
{
    unsigned now = phase, spins = 0;

    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) == tests[test].threads) {
        arrived = 0;
        __atomic_store_n(&phase, now + 1, __ATOMIC_SEQ_CST);
        return;
    }
    while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) == now)
        if (++spins > 5000)
            sched_yield();
}

static uint64_t seen[3];

/* Neighbours on different processors: the scheduler likes to keep together who wake each other. */
static void spread(unsigned me)
{
    cpu_set_t all, one;
    int skip = 0;

    if (sched_getaffinity(0, sizeof all, &all) || CPU_COUNT(&all) < 2)
        return;
    skip = me % CPU_COUNT(&all);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && skip-- == 0)
            CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void *thread(void *arg)
{
    unsigned me = (uintptr_t)arg;

    spread(me);
    for (unsigned n = 0; n < batches; n++) {
        if (me == 0) {
            memset(cells, 0, sizeof cells);
            batch++;
        }
        meet();
        tests[test].part[me](cells, outs[me]);
        meet();
        for (unsigned i = 0; me == 0 && i < BATCH; i++)
            seen[tests[test].judge(cells, outs, i)]++;
    }
    return 0;
}

/* The number of forbidden outcomes. */
static uint64_t run_test(void)
{
    pthread_t threads[THREADS];
    cpu_set_t before;
    int restore = 0;

    memset(seen, 0, sizeof seen);
    if (sched_getaffinity(0, sizeof before, &before) == 0)
        restore = 1;
    for (uintptr_t n = 1; n < tests[test].threads; n++)
        pthread_create(&threads[n], 0, thread, (void *)n);
    thread(0);
    for (unsigned n = 1; n < tests[test].threads; n++)
        pthread_join(threads[n], 0);
    if (restore)
        sched_setaffinity(0, sizeof before, &before);
    printf("%-16s %u threads, %llu rounds: %llu forbidden, %llu weak\n", tests[test].name,
           tests[test].threads, (unsigned long long)batches * BATCH, (unsigned long long)seen[2],
           (unsigned long long)seen[1]);
    return seen[2];
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], 0, 0) : 20000, total = 0, forbidden = 0;
    uint64_t buffered = 0;
    const char *only = argc > 2 ? argv[2] : 0;

    if (!(getauxval(AT_HWCAP) & HWCAP_ATOMICS) || !(getauxval(AT_HWCAP) & HWCAP_LRCPC))
        return 77;
    setvbuf(stdout, 0, _IOLBF, 0);
    batches = (rounds + BATCH - 1) / BATCH;
    for (test = 0; test < TEST_COUNT; test++) {
        if (only && strcmp(only, tests[test].name))
            continue;
        forbidden += run_test();
        total += (uint64_t)batches * BATCH;
        if (test == 0)
            buffered = seen[1];
    }
    if (!only && rounds >= LONG_RUN && !buffered) {
        printf("store buffering was never seen: the threads did not run at the same time\n");
        forbidden++;
    }
    printf("%llu rounds, %llu forbidden outcomes\n", (unsigned long long)total,
           (unsigned long long)forbidden);
    return forbidden != 0;
}
