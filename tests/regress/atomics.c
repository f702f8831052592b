/* build: -static -pthread -march=armv8-a -mno-outline-atomics */
/*
 * Atomic operations between threads: sums of every size, 128-bit exchanges, locks, seqlocks, and
 * the outcomes that the memory model forbids. atomics_lse.c is the same with LSE instructions.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define THREADS 4
#define ROUNDS 40000

static struct {
    uint8_t b;
    uint16_t h;
    uint32_t w;
    uint64_t x;
    uint8_t lanes[8];
} sum __attribute__((aligned(64)));

static int spin;
static uint64_t guarded[4];

static void *add_all(void *arg)
{
    uintptr_t id = (uintptr_t)arg;

    for (int n = 0; n < ROUNDS; n++) {
        __atomic_fetch_add(&sum.b, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&sum.h, 3, __ATOMIC_ACQ_REL);
        __atomic_fetch_sub(&sum.w, 5, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&sum.x, 0x100000001, __ATOMIC_RELEASE);
        __atomic_fetch_add(&sum.lanes[id], 1, __ATOMIC_RELAXED); /* neighbours of other threads */
        __atomic_fetch_xor(&guarded[3], 1ull << id, __ATOMIC_RELAXED);
        if (n % 8 == 0) {
            while (__atomic_exchange_n(&spin, 1, __ATOMIC_ACQUIRE))
                sched_yield();
            guarded[0]++;
            guarded[1] += guarded[0];
            __atomic_store_n(&spin, 0, __ATOMIC_RELEASE);
        }
    }
    return NULL;
}

static void run(void *(*fn)(void *))
{
    pthread_t t[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, fn, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static void sums(void)
{
    uint64_t n = (uint64_t)THREADS * ROUNDS, locked = n / 8;

    run(add_all);
    CHECK(sum.b == (uint8_t)n && sum.h == (uint16_t)(3 * n) && sum.w == (uint32_t)(-5 * n));
    CHECK(sum.x == n * 0x100000001);
    for (int i = 0; i < THREADS; i++)
        CHECK(sum.lanes[i] == (uint8_t)ROUNDS);
    CHECK(guarded[0] == locked && guarded[1] == locked * (locked + 1) / 2 && guarded[3] == 0);
}

/* ---- 128 bits ---- */

typedef struct Pair {
    uint64_t low, high;
} __attribute__((aligned(16))) Pair;

static Pair pair;
static int torn;

static int cas_pair(Pair *p, Pair old, Pair new)
{
#ifdef __ARM_FEATURE_ATOMICS
    register uint64_t x0 __asm__("x0") = old.low, x1 __asm__("x1") = old.high;
    register uint64_t x2 __asm__("x2") = new.low, x3 __asm__("x3") = new.high;
    __asm__ volatile("caspal x0, x1, x2, x3, [%4]"
                     : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x3), "r"(p) : "memory");
    return x0 == old.low && x1 == old.high;
#else
    uint64_t low, high;
    int failed;
    __asm__ volatile("ldaxp %0, %1, [%3]\n cmp %0, %4\n ccmp %1, %5, #0, eq\n mov %w2, #1\n"
                     "b.ne 1f\n stlxp %w2, %6, %7, [%3]\n1:"
                     : "=&r"(low), "=&r"(high), "=&r"(failed)
                     : "r"(p), "r"(old.low), "r"(old.high), "r"(new.low), "r"(new.high)
                     : "cc", "memory");
    return !failed;
#endif
}

/* A read that is one access: compare-and-exchange of the same value. */
static void *add_pairs(void *arg)
{
    (void)arg;
    for (int n = 0; n < ROUNDS / 4; n++) {
        for (;;) {
            Pair old = {__atomic_load_n(&pair.low, __ATOMIC_RELAXED),
                        __atomic_load_n(&pair.high, __ATOMIC_RELAXED)};
            Pair new = {old.low + 1, old.high - 1};
            if (cas_pair(&pair, old, new)) {
                if (old.low + old.high != 0)
                    __atomic_store_n(&torn, 1, __ATOMIC_RELAXED);
                break;
            }
        }
    }
    return NULL;
}

/* The same of two words. */
static struct {
    uint32_t low, high;
} __attribute__((aligned(8))) words;

static void *add_words(void *arg)
{
    (void)arg;
    for (int n = 0; n < ROUNDS / 4; n++) {
#ifdef __ARM_FEATURE_ATOMICS
        register uint32_t w0 __asm__("w0") = 0, w1 __asm__("w1") = 0;
        __asm__ volatile("1: mov w4, w0\n mov w5, w1\n add w2, w0, #1\n sub w3, w1, #1\n"
                         "caspal w0, w1, w2, w3, [%2]\n cmp w0, w4\n ccmp w1, w5, #0, eq\n b.ne 1b"
                         : "+r"(w0), "+r"(w1)
                         : "r"(&words)
                         : "x2", "x3", "x4", "x5", "cc", "memory");
#else
        __asm__ volatile("1: ldaxp w0, w1, [%0]\n add w0, w0, #1\n sub w1, w1, #1\n"
                         "stlxp w2, w0, w1, [%0]\n cbnz w2, 1b"
                         ::"r"(&words) : "x0", "x1", "x2", "memory");
#endif
    }
    return NULL;
}

/* LDP and STP of aligned pairs are one access each if the CPU says LSE2; libatomic relies on it. */
static int pair_stop;

static void *write_pairs(void *arg)
{
    for (uint64_t n = 0; !__atomic_load_n(&pair_stop, __ATOMIC_RELAXED); n++)
        __asm__ volatile("stp %1, %1, [%0]" ::"r"(&pair), "r"(n) : "memory");
    return arg;
}

static void *write_vectors(void *arg)
{
    for (uint64_t n = 0; !__atomic_load_n(&pair_stop, __ATOMIC_RELAXED); n++)
        __asm__ volatile("dup v0.2d, %1\n str q0, [%0]" ::"r"(&pair), "r"(n) : "v0", "memory");
    return arg;
}

static int has_lse2(void)
{
    uint64_t mmfr2;
    __asm__("mrs %0, s3_0_c0_c7_2" : "=r"(mmfr2)); /* ID_AA64MMFR2_EL1 */
    return (mmfr2 >> 32 & 15) != 0;
}

static void pairs(void)
{
    run(add_pairs);
    CHECK(!torn && pair.low == THREADS * (ROUNDS / 4) && pair.low + pair.high == 0);
    run(add_words);
    CHECK(words.low == THREADS * (ROUNDS / 4) && words.low + words.high == 0);
    if (!has_lse2())
        return;
    for (int k = 0; k < 2; k++) {
        pthread_t t;
        int bad = 0;
        pair = (Pair){0, 0};
        pair_stop = 0;
        pthread_create(&t, NULL, k ? write_vectors : write_pairs, NULL);
        for (int n = 0; n < 400000; n++) {
            uint64_t low, high;
            __asm__ volatile("ldp %0, %1, [%2]" : "=&r"(low), "=&r"(high) : "r"(&pair) : "memory");
            bad += low != high;
            __asm__ volatile("ldr q1, [%2]\n mov %0, v1.d[0]\n mov %1, v1.d[1]"
                             : "=&r"(low), "=&r"(high) : "r"(&pair) : "v1", "memory");
            bad += low != high;
        }
        __atomic_store_n(&pair_stop, 1, __ATOMIC_RELAXED);
        pthread_join(t, NULL);
        if (bad)
            fprintf(stderr, "%d torn pairs (writer %d)\n", bad, k);
        CHECK(bad == 0);
    }
}

/* ---- what may never be seen ---- */

static struct {
    uint64_t x __attribute__((aligned(128)));
    uint64_t y __attribute__((aligned(128)));
    uint64_t go __attribute__((aligned(128)));
    uint64_t seen[2] __attribute__((aligned(128)));
    int kind;
} litmus;

#define LITMUS_ROUNDS 60000

static void barrier(uint64_t *arrived, uint64_t want)
{
    __atomic_fetch_add(arrived, 1, __ATOMIC_SEQ_CST);
    for (int n = 0; __atomic_load_n(arrived, __ATOMIC_ACQUIRE) < want; n++)
        if (n > 200)
            sched_yield();
}

static uint64_t store_then_load(uint64_t *mine, uint64_t *other, uint64_t value)
{
    uint64_t seen;

    if (litmus.kind == 0) /* store buffering: dmb ish */
        __asm__ volatile("str %1, [%2]\n dmb ish\n ldr %0, [%3]"
                         : "=&r"(seen) : "r"(value), "r"(mine), "r"(other) : "memory");
    else /* stlr ... ldar may not be reordered either */
        __asm__ volatile("stlr %1, [%2]\n ldar %0, [%3]"
                         : "=&r"(seen) : "r"(value), "r"(mine), "r"(other) : "memory");
    return seen;
}

static void *buffering(void *arg)
{
    uintptr_t id = (uintptr_t)arg, bad = 0;

    for (uint64_t n = 1; n <= LITMUS_ROUNDS; n++) {
        barrier(&litmus.go, 4 * n - 2);
        litmus.seen[id] = id ? store_then_load(&litmus.y, &litmus.x, n)
                             : store_then_load(&litmus.x, &litmus.y, n);
        barrier(&litmus.go, 4 * n);
        if (id == 0)
            bad += litmus.seen[0] < n && litmus.seen[1] < n;
    }
    return (void *)bad;
}

static void store_buffering(void)
{
    for (litmus.kind = 0; litmus.kind < 2; litmus.kind++) {
        pthread_t t;
        litmus.x = litmus.y = litmus.go = 0;
        pthread_create(&t, NULL, buffering, (void *)1);
        CHECK(buffering((void *)0) == NULL);
        pthread_join(t, NULL);
    }
}

/* Message passing and a seqlock. */
static uint64_t seq, data[4];
static int mp_stop;

static void *seq_writer(void *arg)
{
    for (uint64_t n = 1; !__atomic_load_n(&mp_stop, __ATOMIC_RELAXED); n++) {
        __atomic_store_n(&seq, 2 * n - 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        for (int i = 0; i < 4; i++)
            __atomic_store_n(&data[i], n * (uint64_t)(i + 1), __ATOMIC_RELAXED);
        __atomic_store_n(&seq, 2 * n, __ATOMIC_RELEASE);
    }
    return arg;
}

static void seqlock(void)
{
    pthread_t t;
    int bad = 0, good = 0;

    pthread_create(&t, NULL, seq_writer, NULL);
    for (int n = 0; n < 300000; n++) {
        uint64_t before = __atomic_load_n(&seq, __ATOMIC_ACQUIRE), v[4];
        for (int i = 0; i < 4; i++)
            v[i] = __atomic_load_n(&data[i], __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((before & 1) || before != __atomic_load_n(&seq, __ATOMIC_RELAXED))
            continue;
        good++;
        for (int i = 0; i < 4; i++)
            bad += v[i] != before / 2 * (uint64_t)(i + 1);
    }
    __atomic_store_n(&mp_stop, 1, __ATOMIC_RELAXED);
    pthread_join(t, NULL);
    CHECK(bad == 0 && good > 0);
}

/* ---- alignment ---- */

static sigjmp_buf jump;
static void *volatile fault_addr;
static volatile int fault_code;

static void on_bus(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    fault_addr = info->si_addr;
    fault_code = info->si_code;
    siglongjmp(jump, 1);
}

#define FAULTS(p, text)                                                                            \
    do {                                                                                           \
        fault_code = 0;                                                                            \
        if (sigsetjmp(jump, 1) == 0)                                                               \
            __asm__ volatile(text ::"r"(p) : "x9", "x10", "x11", "memory");                        \
        CHECK(fault_code == BUS_ADRALN && fault_addr == (void *)(p));                              \
    } while (0)

static void alignment(void)
{
    struct sigaction act = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    static char buffer[64] __attribute__((aligned(64)));
    volatile int n = 0;

    sigaction(SIGBUS, &act, NULL);
    for (n = 0; n < 30; n++) {
        FAULTS(buffer + 13, "ldaxr x9, [%0]");
        FAULTS(buffer + 2, "ldxr w9, [%0]");
        FAULTS(buffer + 8, "ldxp x9, x10, [%0]");
        FAULTS(buffer + 13, "ldar x9, [%0]");
        FAULTS(buffer + 15, "stlrh w9, [%0]");
        FAULTS(buffer + 4, "stxr w11, x9, [%0]");
        FAULTS(buffer + 8, "stxp w11, x9, x10, [%0]");
        FAULTS(buffer + 4, "stxp w11, w9, w10, [%0]");
#ifdef __ARM_FEATURE_ATOMICS
        FAULTS(buffer + 14, "ldadd w9, w10, [%0]");
        FAULTS(buffer + 13, "swpal w9, w10, [%0]");
        FAULTS(buffer + 12, "cas x9, x10, [%0]");
        FAULTS(buffer + 8, "casp x8, x9, x10, x11, [%0]");
        FAULTS(buffer + 12, "casp w8, w9, w10, w11, [%0]");
#endif
    }
    signal(SIGBUS, SIG_DFL);
#ifdef __ARM_FEATURE_ATOMICS
    if (has_lse2()) { /* inside 16 bytes any alignment is atomic */
        *(volatile uint32_t *)(buffer + 5) = 7;
        __asm__ volatile("mov w9, #5\n ldadd w9, w10, [%0]" ::"r"(buffer + 5)
                         : "x9", "x10", "memory");
        CHECK(*(volatile uint32_t *)(buffer + 5) == 12);
    }
#endif
}

/* ---- writing to what can only be read: every register must be what it was ---- */

static uint64_t seen[31];

static void on_segv(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    fault_addr = info->si_addr;
    memcpy(seen, uc->uc_mcontext.regs, sizeof seen);
    uc->uc_mcontext.pc += 4;
}

/* x0..x5 and x7 are 100 + n or the address, which is in x`base`. */
#define READ_ONLY(base, text)                                                                      \
    do {                                                                                           \
        fault_addr = NULL;                                                                         \
        __asm__ volatile("mov x0, #100\n mov x1, #101\n mov x2, #102\n mov x3, #103\n"             \
                         "mov x4, #104\n mov x5, #105\n mov x7, #107\n mov x" #base ", %0\n" text   \
                         ::"r"(page)                                                               \
                         : "x0", "x1", "x2", "x3", "x4", "x5", "x7", "x10", "x11", "x12", "cc",    \
                           "memory");                                                              \
        CHECK(fault_addr == page);                                                                 \
        for (unsigned r = 0; r < 8; r++)                                                           \
            if (r != 6 && seen[r] != (r == base ? (uint64_t)page : 100 + r)) {                     \
                fprintf(stderr, "x%u is %#lx in: %s\n", r, (unsigned long)seen[r], text);          \
                CHECK(0);                                                                          \
            }                                                                                      \
    } while (0)

#define READ_ONLY_BASES(before, insn)                                                              \
    READ_ONLY(0, before "[x0]\n" insn "[x0]");                                                     \
    READ_ONLY(1, before "[x1]\n" insn "[x1]");                                                     \
    READ_ONLY(7, before "[x7]\n" insn "[x7]")

static void read_only(void)
{
    struct sigaction act = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO};
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    sigaction(SIGSEGV, &act, NULL);
    for (int n = 0; n < 30; n++) {
        READ_ONLY_BASES("ldxr x10, ", "stxr w12, x2, ");
        READ_ONLY_BASES("ldxp x10, x11, ", "stxp w12, x0, x3, ");
        READ_ONLY_BASES("ldaxp x10, x11, ", "stlxp w12, x1, x0, ");
        READ_ONLY_BASES("ldxp w10, w11, ", "stxp w12, w2, w3, ");
#ifdef __ARM_FEATURE_ATOMICS
        READ_ONLY_BASES("ldr x10, ", "casp x2, x3, x4, x5, ");
        READ_ONLY_BASES("ldr x10, ", "caspal w2, w3, w4, w5, ");
        READ_ONLY_BASES("ldr x10, ", "casp x4, x5, x0, x1, ");
        READ_ONLY_BASES("ldr x10, ", "cas x2, x4, ");
        READ_ONLY_BASES("ldr x10, ", "ldadd x2, x4, ");
#endif
    }
    signal(SIGSEGV, SIG_DFL);
    munmap(page, 4096);
}

/* ---- retry loops: what they leave behind, and where their store faults ---- */

static uint64_t cell[2] __attribute__((aligned(16)));

/* x2 old, x3 new, w4 status, w5 that of a second store: the monitor must be open. x1 = 0x1007. */
#define LOOP(size, load, middle, store, old, new)                                                  \
    do {                                                                                           \
        uint64_t mask_ = size == 8 ? ~0ull : (1ull << 8 * size) - 1, x2, x3, x4, x5, x1 = 0x1007;  \
        cell[0] = 0x8123456789abcd05, cell[1] = 77;                                                \
        uint64_t was_ = cell[0], m_ = was_ & mask_, o_ = m_;                                       \
        (void)o_;                                                                                  \
        __asm__ volatile("mov x1, #0x1007\n mov x2, #-1\n mov x3, #0x99\n mov x4, #-1\n mov x0, %5\n"  \
                         "1: " load ", [x0]\n" middle "\n" store ", [x0]\n cbnz w4, 1b\n"           \
                         "stxr w5, x2, [x0]\n mov %0, x1\n mov %1, x2\n mov %2, x3\n mov %3, x4\n"  \
                         "mov %4, x5"                                                              \
                         : "=r"(x1), "=r"(x2), "=r"(x3), "=r"(x4), "=r"(x5)                        \
                         : "r"(cell)                                                               \
                         : "x0", "x1", "x2", "x3", "x4", "x5", "memory");                          \
        uint64_t want_ = (new);                                                                    \
        if (x1 != 0x1007 || x2 != (uint64_t)(old) || x4 != 0 || x5 != 1 ||                         \
            cell[0] != ((was_ & ~mask_) | (want_ & mask_)) || cell[1] != 77 || x3 != want_) {      \
            fprintf(stderr, "%s; %s: x2 %#lx x3 %#lx x4 %#lx x5 %#lx cell %#lx\n", load, middle, x2,  \
                    x3, x4, x5, cell[0]);                                                          \
            CHECK(0);                                                                              \
        }                                                                                          \
    } while (0)

static void loops(void)
{
    for (int n = 0; n < 40; n++) {
        LOOP(8, "ldxr x2", "add x3, x2, #5", "stxr w4, x3", o_, m_ + 5);
        LOOP(8, "ldaxr x2", "add x3, x2, x1", "stlxr w4, x3", o_, m_ + x1);
        LOOP(8, "ldxr x2", "sub x3, x2, x1", "stxr w4, x3", o_, m_ - x1);
        LOOP(8, "ldxr x2", "sub x3, x2, #2, lsl #12", "stxr w4, x3", o_, m_ - 0x2000);
        LOOP(8, "ldxr x2", "add x3, x2, x1, lsl #3", "stxr w4, x3", o_, m_ + 8 * x1);
        LOOP(8, "ldxr x2", "add x3, x2, x2", "stxr w4, x3", o_, 2 * m_);
        LOOP(8, "ldxr x2", "add x3, x2, x3", "stxr w4, x3", o_, m_ + 0x99);
        LOOP(8, "ldxr x2", "add w3, w2, #1", "stxr w4, x3", o_, (uint32_t)(m_ + 1));
        LOOP(8, "ldxr x3", "add x3, x3, #6", "stxr w4, x3", -1, m_ + 6);
        LOOP(4, "ldaxr w2", "add w3, w2, w1", "stxr w4, w3", o_, (uint32_t)(m_ + x1));
        LOOP(4, "ldxr w2", "sub x3, x2, #0xd06", "stxr w4, w3", o_, m_ - 0xd06);
        LOOP(2, "ldxrh w2", "sub w3, w2, w1", "stlxrh w4, w3", o_, (uint32_t)(m_ - x1));
        LOOP(1, "ldxrb w2", "add w3, w2, #0xff", "stxrb w4, w3", o_, m_ + 0xff);
        LOOP(8, "ldxr x2", "nop", "stxr w4, x3", o_, 0x99);
        LOOP(8, "ldxr x2", "", "stxr w4, x3", o_, 0x99);
        LOOP(4, "ldaxr w2", "", "stlxr w4, w3", o_, 0x99);
        LOOP(1, "ldxrb w2", "", "stxrb w4, w3", o_, 0x99);
        LOOP(8, "ldxr xzr", "", "stxr w4, x3", -1, 0x99);
        LOOP(8, "ldxr x2", "orr x3, x2, x1", "stxr w4, x3", o_, m_ | x1);
    }
}

static volatile uint64_t fault_pc;

static void make_writable(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    fault_addr = info->si_addr;
    fault_pc = uc->uc_mcontext.pc;
    memcpy(seen, uc->uc_mcontext.regs, sizeof seen);
    mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE);
}

/* The load succeeds, the store faults; after the handler made the page writable it goes on. */
#define FAULTING_LOOP(middle, want)                                                                \
    do {                                                                                           \
        uint64_t x2, x3, x4, store;                                                                \
        *page = 1000;                                                                              \
        mprotect(page, 4096, PROT_READ);                                                           \
        __asm__ volatile("adr %3, 2f\n mov x1, #7\n mov x2, #0\n mov x3, #9\n mov x4, #55\n"       \
                         "1: ldaxr x2, [%4]\n" middle "\n2: stlxr w4, x3, [%4]\n cbnz w4, 1b\n"    \
                         "mov %0, x2\n mov %1, x3\n mov %2, x4"                                    \
                         : "=&r"(x2), "=&r"(x3), "=&r"(x4), "=&r"(store)                           \
                         : "r"(page)                                                               \
                         : "x1", "x2", "x3", "x4", "memory");                                      \
        CHECK(fault_addr == page && fault_pc == store && seen[2] == 1000 && seen[3] == (want));    \
        CHECK(seen[1] == 7 && seen[4] == 55 && x2 == 1000 && x3 == (want) && x4 == 0);             \
        CHECK(*page == (want));                                                                    \
    } while (0)

static void loop_faults(void)
{
    struct sigaction act = {.sa_sigaction = make_writable, .sa_flags = SA_SIGINFO};
    uint64_t *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    sigaction(SIGSEGV, &act, NULL);
    for (int n = 0; n < 30; n++) {
        FAULTING_LOOP("add x3, x2, #1", 1001);
        FAULTING_LOOP("sub x3, x2, x1", 993);
        FAULTING_LOOP("", 9);
        FAULTING_LOOP("eor x3, x2, x1", (1000 ^ 7));
    }
    signal(SIGSEGV, SIG_DFL);
}

/* The monitor: sizes and addresses must agree, a handler in between opens it. */
static void monitor(void)
{
    uint32_t failed[5];

    for (int n = 0; n < 100; n++) {
        __asm__ volatile("ldxr x9, [%5]\n stxr %w0, x9, [%5]\n stxr %w1, x9, [%5]\n"
                         "ldxr x9, [%5]\n clrex\n stxr %w2, x9, [%5]\n"
                         "ldxr x9, [%5]\n add x10, %5, #8\n stxr %w3, x9, [x10]\n"
                         "ldxr x9, [%5]\n add x11, x9, #1\n str x11, [%5]\n stxr %w4, x9, [%5]"
                         : "=&r"(failed[0]), "=&r"(failed[1]), "=&r"(failed[2]), "=&r"(failed[3]),
                           "=&r"(failed[4])
                         : "r"(cell) : "x9", "x10", "x11", "memory");
        CHECK(!failed[0] && failed[1] && failed[2] && failed[3] && failed[4]);
        __asm__ volatile("ldxp x9, x10, [%5]\n stxp %w0, x9, x10, [%5]\n stxp %w1, x9, x10, [%5]\n"
                         "ldxp x9, x10, [%5]\n stxr %w2, x9, [%5]\n"
                         "ldxp w9, w10, [%5]\n stxr %w3, x9, [%5]\n"
                         "ldxp x9, x10, [%5]\n add x11, x10, #1\n str x11, [%5, #8]\n"
                         "stxp %w4, x9, x9, [%5]"
                         : "=&r"(failed[0]), "=&r"(failed[1]), "=&r"(failed[2]), "=&r"(failed[3]),
                           "=&r"(failed[4])
                         : "r"(cell) : "x9", "x10", "x11", "memory");
        CHECK(!failed[0] && failed[1] && failed[2] && !failed[3] && failed[4]);
    }
}

int main(void)
{
    sums();
    pairs();
    store_buffering();
    seqlock();
    alignment();
    read_only();
    loops();
    loop_faults();
    monitor();
    return check_done();
}
