/*
 * Guest program: executes the records of fuzz_peer or make_cases -o on an aarch64 machine, or
 * under any emulator, and compares with what our interpreter made of them:
 *
 *     aarch64-linux-gnu-gcc -O2 -static -I. -o oracle tests/fuzz/oracle/oracle.c
 *     fuzz_peer 1 20000 | ./oracle
 *
 * The code lies at layout.h's addresses in memory that is mapped twice, so that no page is writable
 * and executable. enter() (at CODE_ENTER, a copy of oracle_enter) loads a record's state and
 * branches to it; an exit stores the state and returns. Only what should not happen, a signal,
 * ends a record in another way.
 *
 * The last line is "N instructions, M differences" (records that differ).
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/fuzz/record.h"

#define CODE_ENTER (EXITS + 0x400)
#define CODE_LEAVE (EXITS + 0x800)
#define MAX_PRINTED 20
#define CHECK_EVERY 16 /* records: the whole buffer is looked at */

static struct {
    RecordHead head;
    Record r;
    RecordChange changes[RECORD_CHANGES];
} record;
static uint8_t shadow[BUF_SIZE]; /* what the buffer should hold */
static uint8_t *const buffer = (uint8_t *)BUF_START;
static uint32_t *code; /* the writable view */
static sigjmp_buf signalled;
static unsigned long instructions, records, differing;

/*
 * oracle_enter(state, home): saves what the caller keeps in home[], loads the state and goes on at
 * CODE: its copy's last word is replaced by that branch.
 *
 * An exit (make_exit) puts x0 into TPIDR and its own address into x0. The data page lies PAGES
 * pages behind the exits, so that oracle_leave finds 16 bytes of this exit's own there, which
 * also tell which exit it was, and the places of the result and of home[].
 */
#define PAGES 24
#define DATA (EXITS + PAGES * 4096)
#define RESULT ((RecordState *)(DATA + 0x400))
#define HOME ((uint64_t *)(DATA + 0x800))
#define V_REGISTERS(op)                                                                            \
    op " q0, q1, [x0, #256]\n" op " q2, q3, [x0, #288]\n" op " q4, q5, [x0, #320]\n"               \
    op " q6, q7, [x0, #352]\n" op " q8, q9, [x0, #384]\n" op " q10, q11, [x0, #416]\n"             \
    op " q12, q13, [x0, #448]\n" op " q14, q15, [x0, #480]\n" op " q16, q17, [x0, #512]\n"         \
    op " q18, q19, [x0, #544]\n" op " q20, q21, [x0, #576]\n" op " q22, q23, [x0, #608]\n"         \
    op " q24, q25, [x0, #640]\n" op " q26, q27, [x0, #672]\n" op " q28, q29, [x0, #704]\n"         \
    op " q30, q31, [x0, #736]\n"
#define X_REGISTERS(op) /* all but the first four */                                               \
    op " x4, x5, [x0, #32]\n" op " x6, x7, [x0, #48]\n" op " x8, x9, [x0, #64]\n"                  \
    op " x10, x11, [x0, #80]\n" op " x12, x13, [x0, #96]\n" op " x14, x15, [x0, #112]\n"           \
    op " x16, x17, [x0, #128]\n" op " x18, x19, [x0, #144]\n" op " x20, x21, [x0, #160]\n"         \
    op " x22, x23, [x0, #176]\n" op " x24, x25, [x0, #192]\n" op " x26, x27, [x0, #208]\n"         \
    op " x28, x29, [x0, #224]\n"
#define KEPT(op) /* by the caller; x1 is home */                                                   \
    op " x19, x20, [x1]\n" op " x21, x22, [x1, #16]\n" op " x23, x24, [x1, #32]\n"                 \
    op " x25, x26, [x1, #48]\n" op " x27, x28, [x1, #64]\n" op " x29, x30, [x1, #80]\n"            \
    op " d8, d9, [x1, #96]\n" op " d10, d11, [x1, #112]\n" op " d12, d13, [x1, #128]\n"            \
    op " d14, d15, [x1, #144]\n"

extern const uint32_t oracle_enter[], oracle_leave[], oracle_sizes[2];
__asm__(".text\n .align 4\n .globl oracle_enter, oracle_leave, oracle_sizes\n"
        "oracle_enter:\n" KEPT("stp")
        "mov x2, sp\n mrs x3, tpidr_el0\n stp x2, x3, [x1, #160]\n"
        V_REGISTERS("ldp")
        "ldr w2, [x0, #768]\n ldr w3, [x0, #772]\n ldr w4, [x0, #776]\n"
        "msr nzcv, x2\n msr fpcr, x3\n msr fpsr, x4\n"
        "ldr x2, [x0, #248]\n mov sp, x2\n clrex\n"
        "ldp x2, x3, [x0, #16]\n" X_REGISTERS("ldp")
        "ldr x30, [x0, #240]\n ldp x0, x1, [x0]\n"
        "nop\n"
        "oracle_leave:\n"
        "add x0, x0, #24, lsl #12\n stp x1, x2, [x0]\n mov x1, x0\n"
        "and x0, x0, #0xfffffffffffff000\n add x0, x0, #0x400\n"
        "ldr x2, [x1]\n str x2, [x0, #8]\n ldr x2, [x1, #8]\n stp x2, x3, [x0, #16]\n"
        "str w1, [x0, #780]\n mrs x1, tpidr_el0\n str x1, [x0]\n"
        X_REGISTERS("stp") "mov x1, sp\n stp x30, x1, [x0, #240]\n"
        "mrs x1, nzcv\n mrs x2, fpcr\n mrs x3, fpsr\n"
        "str w1, [x0, #768]\n str w2, [x0, #772]\n str w3, [x0, #776]\n"
        "msr fpcr, xzr\n"
        V_REGISTERS("stp")
        "add x1, x0, #0x400\n" KEPT("ldp")
        "ldp x2, x3, [x1, #160]\n mov sp, x2\n msr tpidr_el0, x3\n ret\n"
        "oracle_sizes: .word oracle_leave - oracle_enter, oracle_sizes - oracle_leave\n");
_Static_assert(PAGES == 24 && SLOTS < 64, "as oracle_leave has it");

static void put_word(uint64_t at, uint32_t word)
{
    code[(at - CODE_START) / 4] = word;
}

static void put_words(uint64_t at, const uint32_t *words, uint32_t size)
{
    memcpy(code + (at - CODE_START) / 4, words, size);
}

static void make_exit(uint64_t slot)
{
    uint64_t at = EXIT_OF(slot);

    put_word(at, 0xd51bd040);     /* msr tpidr_el0, x0 */
    put_word(at + 4, 0x10ffffe0); /* adr x0, . - 4 */
    put_word(at + 8, BRANCH_WORD(at + 8, CODE_LEAVE));
    if (slot < SLOTS)
        put_word(CODE + 4 * slot, BRANCH_WORD(CODE + 4 * slot, at));
    else
        put_word(CODE_FAR, BRANCH_WORD(CODE_FAR, at));
}

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void make_memory(void)
{
    int fd = memfd_create("code", 0);

    if (fd < 0 || ftruncate(fd, CODE_SIZE))
        fail("memfd");
    code = mmap(0, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *run = mmap((void *)CODE_START, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED,
                     fd, 0);
    void *buf = mmap(buffer, BUF_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    void *data = mmap((void *)DATA, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (code == MAP_FAILED || run == MAP_FAILED || buf == MAP_FAILED || data == MAP_FAILED)
        fail("mmap");
    for (uint64_t at = CODE_START; at < CODE_START + CODE_SIZE; at += 4)
        put_word(at, SVC_WORD);
    for (unsigned slot = 0; slot <= SLOTS; slot++)
        make_exit(slot);
    put_words(CODE_ENTER, oracle_enter, oracle_sizes[0]);
    uint64_t last = CODE_ENTER + oracle_sizes[0] - 4;
    put_word(last, BRANCH_WORD(last, CODE));
    put_words(CODE_LEAVE, oracle_leave, oracle_sizes[1]);
    __builtin___clear_cache((char *)CODE_START, (char *)CODE_START + CODE_SIZE);
}

/* TPIDR may hold the guest's x0, so nothing that needs it comes before this has it back. */
__attribute__((optimize("no-stack-protector"))) static void on_signal(int sig)
{
    __asm__ volatile("msr tpidr_el0, %0\n msr fpcr, xzr" ::"r"(HOME[21]));
    siglongjmp(signalled, sig);
}

static unsigned differ(const char *what, unsigned n, uint64_t ours, uint64_t theirs)
{
    if (ours == theirs)
        return 0;
    if (differing < MAX_PRINTED)
        printf("    %s%u: ours %016lx, this machine %016lx\n", what, n, ours, theirs);
    return 1;
}

static unsigned compare_buffer(void)
{
    unsigned d = 0;

    if (!memcmp(buffer, shadow, BUF_SIZE))
        return 0;
    for (unsigned at = 0; at < BUF_SIZE && d < 16; at += 8)
        d += differ("buffer+", at, *(uint64_t *)(shadow + at), *(uint64_t *)(buffer + at));
    memcpy(buffer, shadow, BUF_SIZE);
    return d;
}

static unsigned compare(void)
{
    const RecordState *r = &record.r.after, *t = RESULT;
    unsigned d = 0;

    for (unsigned i = 0; i < record.head.changes; i++) {
        const RecordChange *c = &record.changes[i];
        uint64_t *actual = (uint64_t *)(buffer + c->offset);
        *(uint64_t *)(shadow + c->offset) = c->value;
        d += differ("buffer+", c->offset, c->value, *actual);
        *actual = c->value;
    }
    if (!memcmp(r, t, offsetof(RecordState, end)) && r->end == (t->end - (uint32_t)DATA) / 16)
        return d;
    for (unsigned i = 0; i < 32; i++)
        d += differ("x", i, r->x[i], t->x[i]);
    for (unsigned i = 0; i < 32; i++) {
        d += differ("v.lo", i, r->v[i][0], t->v[i][0]);
        d += differ("v.hi", i, r->v[i][1], t->v[i][1]);
    }
    d += differ("nzcv", 0, r->nzcv, t->nzcv);
    d += differ("fpcr", 0, r->fpcr, t->fpcr);
    d += differ("fpsr", 0, r->fpsr, t->fpsr);
    return d + differ("exit", 0, r->end, (t->end - (uint32_t)DATA) / 16);
}

static void print_record(const char *why)
{
    if (differing > MAX_PRINTED)
        return;
    printf("DIFFERENCE record %lu%s%s:", records, *why ? " " : "", why);
    for (unsigned i = 0; i < record.head.count; i++)
        printf(" %08x", record.r.words[i]);
    printf("  fpcr %08x fpsr before %08x nzcv %x\n", record.r.before.fpcr, record.r.before.fpsr,
           record.r.before.nzcv >> 28);
}

static void run_record(void)
{
    void (*enter)(const RecordState *, uint64_t *) = (void *)CODE_ENTER;

    for (unsigned i = 0; i < SLOTS; i++)
        put_word(CODE + 4 * i, i < record.head.count ? record.r.words[i]
                                                     : BRANCH_WORD(CODE + 4 * i, EXIT_OF(i)));
    __builtin___clear_cache((char *)CODE, (char *)CODE + 4 * SLOTS);
    int sig = sigsetjmp(signalled, 0);
    if (sig == 0)
        enter(&record.r.before, HOME);
    unsigned d = sig ? 1 : compare();
    if (sig || d || records % CHECK_EVERY == CHECK_EVERY - 1)
        d += compare_buffer();
    if (d) {
        print_record(sig ? strsignal(sig) : "");
        differing++;
    }
    records++;
    instructions += record.head.count;
}

static void get(void *to, size_t size)
{
    if (size && fread(to, size, 1, stdin) != 1) {
        fprintf(stderr, "the records end in the middle of one\n");
        exit(2);
    }
}

int main(void)
{
    static char stack[65536], input[1 << 16];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
    const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGBUS, SIGSYS};

    make_memory();
    sigaltstack(&ss, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &sa, 0);
    setvbuf(stdin, input, _IOFBF, sizeof input);
    while (fread(&record.head, sizeof record.head, 1, stdin) == 1) {
        if (record.head.kind == RECORD_BUFFER) {
            if (records && compare_buffer())
                differing++;
            get(shadow, BUF_SIZE);
            memcpy(buffer, shadow, BUF_SIZE);
            continue;
        }
        if (record.head.count >= SLOTS || record.head.changes > RECORD_CHANGES)
            fail("not a record");
        get(&record.r, sizeof record.r);
        get(record.changes, record.head.changes * sizeof *record.changes);
        run_record();
    }
    if (records && compare_buffer())
        differing++;
    printf("%lu instructions, %lu differences\n", instructions, differing);
    return differing != 0;
}
