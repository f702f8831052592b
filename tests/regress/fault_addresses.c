/*
 * What a signal says of a load or store that cannot be made: si_addr is the first byte that cannot
 * be accessed, and no register has changed. For every word of every row of a64_mem.def, with the
 * access at each offset from a page that is mapped into one that is not and back, and at an
 * address that no process can have; in the interpreter, as cold code, in the first and in the
 * second tier, all alike.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static const struct {
    const char *id, *encoding;
} rows[] = {
#define A64(id, mnemonic, feature, encoding, ...) {#id, encoding},
#include "emu/decode/a64_mem.def"
};
#define ROWS (sizeof rows / sizeof rows[0])

/* ---- words: registers and offsets are fixed, every other bit is tried both ways ---- */

static const struct {
    const char *name;
    unsigned value;
} fixed[] = {{"rn", 20}, {"rt", 2},   {"rt2", 3}, {"rs", 4},
             {"rm", 31}, {"simm", 0}, {"imm", 0}, {"option", 3}};

typedef struct Pattern {
    uint32_t word, open; /* open: bits that vary */
    bool usable;
} Pattern;

static void add_field(Pattern *p, const char *name, size_t length, unsigned at, unsigned width)
{
    for (size_t n = 0; n < sizeof fixed / sizeof fixed[0]; n++)
        if (strlen(fixed[n].name) == length && !memcmp(fixed[n].name, name, length)) {
            p->word |= fixed[n].value << at;
            return;
        }
    p->open |= ((1u << width) - 1) << at;
}

/* Without a base register it has a fixed address, with rd it is one of MOPS, which are otherwise. */
static Pattern parse(const char *encoding)
{
    Pattern p = {.usable = strstr(encoding, "rn:") && !strstr(encoding, "rd:")};
    unsigned at = 32;

    for (const char *c = encoding; *c;) {
        if (*c >= 'a' && *c <= 'z') {
            size_t length = strcspn(c, ":");
            char *end;
            unsigned width = (unsigned)strtoul(c + length + 1, &end, 10);
            at -= width;
            add_field(&p, c, length, at, width);
            c = end;
        } else if (*c++ != ' ') {
            p.word |= (uint32_t)(c[-1] != '0') << --at;
        }
    }
    return p;
}

/* ---- running one instruction ---- */

typedef struct State {
    uint64_t x[32];
    __uint128_t v[32];
} State;

/* Loads all registers but SP and goes to x16. */
void enter(const State *s);
__asm__(".text\n.globl enter\nenter:\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
        " ldr q\\n, [x0, #256 + 16 * \\n]\n .if \\n\n ldr x\\n, [x0, #8 * \\n]\n .endif\n.endr\n"
        " ldr q31, [x0, #256 + 16 * 31]\n ldr x0, [x0]\n br x16\n");

static sigjmp_buf out;
static volatile int got_signal, got_code;
static volatile uint64_t got_address;
static State got;

static void on_signal(int sig, siginfo_t *si, void *context)
{
    mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
    struct fpsimd_context *fp = (struct fpsimd_context *)m->__reserved;

    got_signal = sig;
    got_code = si->si_code;
    got_address = (uint64_t)si->si_addr;
    memcpy(got.x, m->regs, 31 * 8);
    memcpy(got.v, fp->vregs, sizeof got.v);
    siglongjmp(out, 1);
}

/* Code at each place: 1: mov x20, x10; WORD; subs x9, x9, #1; b.ne 1b; brk */
#define PLACE_WORDS 5
#define AREA_BYTES (4 << 20)
static uint32_t *area, *place;

static void new_place(uint32_t word)
{
    const uint32_t code[PLACE_WORDS] = {0xaa0a03f4, word, 0xf1000529, 0x54ffffa1, 0xd4200000};

    memcpy(place, code, sizeof code);
    __builtin___clear_cache((char *)place, (char *)(place + PLACE_WORDS));
}

/* Bit per X and (from 32) V register that is not as it was before the instruction. */
static uint64_t run(uint64_t base, unsigned rounds)
{
    State s;
    uint64_t changed = 0;

    for (unsigned n = 0; n < 32; n++) {
        s.x[n] = 0x0101010101010101ull * (n + 1);
        s.v[n] = (__uint128_t)(0x0807060504030201ull * (n + 1)) << 64 | s.x[n];
    }
    s.x[9] = rounds;
    s.x[10] = s.x[20] = base;
    s.x[16] = (uint64_t)place;
    if (!sigsetjmp(out, 0))
        enter(&s);
    for (unsigned n = 0; n < 31; n++)
        changed |= (uint64_t)(got.x[n] != s.x[n]) << n;
    for (unsigned n = 0; n < 32; n++)
        changed |= (uint64_t)(got.v[n] != s.v[n]) << (32 + n);
    return changed;
}

/* ---- all of them in one tier; what came out goes to a file ---- */

#define MAPPED 0x20000000ull /* a page; the ones before and behind it are not */
#define PAGE 4096u
#define WILD 0x0004000000001000ull
#define LONGEST 64

typedef enum Where { UPWARDS, DOWNWARDS, NOWHERE } Where;

typedef struct Record {
    uint32_t word;
    uint16_t row;
    uint8_t where, offset, signal, code;
    uint64_t address, changed;
} Record;

static int results;
static bool fresh_places, hot;
static unsigned visits;

static bool starts(const char *id, const char *with)
{
    return !strncmp(id, with, strlen(with));
}

/* False: it did not fault. */
static bool access_at(Record *r, Where where, unsigned offset, uint64_t base, uint64_t expected)
{
    if (fresh_places && ++visits % 8 == 0) {
        place += PLACE_WORDS;
        new_place(r->word);
    }
    r->changed = run(base, 1);
    r->where = where;
    r->offset = (uint8_t)offset;
    r->signal = got_signal == SIGTRAP ? 0 : (uint8_t)got_signal;
    r->code = r->signal ? (uint8_t)got_code : 0;
    r->address = r->signal ? got_address : 0;
    if (!r->signal)
        r->changed = 0;
    write(results, r, sizeof *r);
    bool right = !r->signal || r->address == (r->signal == SIGBUS ? base : expected);
    if (!right || (r->signal && r->changed)) {
        fprintf(stderr, "%s %08x at %#lx: signal %d code %d address %#lx changed %#lx\n",
                rows[r->row].id, r->word, base, r->signal, r->code, r->address, r->changed);
        check_failures++;
    }
    return r->signal != 0;
}

static void all_accesses(unsigned row, uint32_t word)
{
    Record r = {.word = word, .row = (uint16_t)row};
    unsigned size = 0;
    uint64_t end = MAPPED + PAGE;

    new_place(word);
    run(MAPPED + PAGE / 2, hot ? 20000 : 1);
    if (got_signal == SIGILL)
        return;
    visits = 0;
    while (size <= LONGEST && access_at(&r, UPWARDS, size, end - size, end))
        size++;
    CHECK(size <= LONGEST);
    bool may_not = size == 0 || starts(rows[row].id, "STX"); /* a prefetch; or does not store */
    for (unsigned k = 1; k < size; k++)
        CHECK(access_at(&r, DOWNWARDS, k, MAPPED - k, MAPPED - k) || may_not);
    CHECK(access_at(&r, NOWHERE, 0, WILD, WILD) || may_not);
    place += PLACE_WORDS;
}

static int one_tier(const char *tier)
{
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};

    for (int n = 0; n < 4; n++)
        sigaction(signals[n], &sa, NULL);
    fresh_places = !strcmp(tier, "cold");
    hot = !strcmp(tier, "second tier");
    mmap((void *)MAPPED, PAGE, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    place = area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned row = 0, count = 0; row < ROWS; row++) {
        Pattern p = parse(rows[row].encoding);
        uint32_t bits = 0;
        do { /* cold: fewer, as a place counts for the places of its number, too */
            if (p.usable && (!fresh_places || count++ % 4 == 0))
                all_accesses(row, p.word | bits);
            bits = (bits - p.open) & p.open;
        } while (bits);
    }
    return check_failures != 0;
}

/* ---- all tiers, compared with the first ---- */

static const struct {
    const char *tier, *variable;
} tiers[] = {{"interpreter", "QEMU_ONE_INSN_PER_TB=1"}, {"cold", "TIER=cold"},
             {"first tier", "EMU_PASSES=-cold,-tier2"}, {"second tier", "EMU_PASSES=-cold"}};

static Record *read_records(int fd, size_t *count)
{
    off_t size = lseek(fd, 0, SEEK_END);

    *count = (size_t)size / sizeof(Record);
    return mmap(NULL, (size_t)size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
}

static Record *run_tier(unsigned n, size_t *count)
{
    int fd = memfd_create(tiers[n].tier, 0), status;
    char number[16];
    pid_t pid = fork();

    snprintf(number, sizeof number, "%d", fd);
    if (pid == 0) {
        char *argv[] = {"fault_addresses", (char *)tiers[n].tier, number, NULL};
        char *envp[] = {(char *)tiers[n].variable, NULL};
        execve("/proc/self/exe", argv, envp);
        _exit(99);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    return read_records(fd, count);
}

int main(int argc, char **argv)
{
    size_t count, other_count;

    if (argc > 2) {
        results = atoi(argv[2]);
        return one_tier(argv[1]);
    }
    Record *first = run_tier(0, &count);
    CHECK(count > 10000);
    for (unsigned n = 1; n < sizeof tiers / sizeof tiers[0]; n++) {
        Record *other = run_tier(n, &other_count), *f = first;
        CHECK(other_count > count / 5);
        for (Record *o = other; o < other + other_count; o++) {
            while (f < first + count && (f->word != o->word || f->where != o->where ||
                                         f->offset != o->offset || f->row != o->row))
                f++;
            bool same = f < first + count && f->signal == o->signal && f->code == o->code &&
                        f->address == o->address;
            if (!same)
                fprintf(stderr, "%s, %s %08x: not as interpreted\n", tiers[n].tier,
                        rows[o->row].id, o->word);
            CHECK(same);
            if (!same)
                break;
        }
    }
    return check_done();
}
