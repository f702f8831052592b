/* build: -static -march=armv8.6-a */
/*
 * Memory copy and set instructions in translated code: results, registers and flags for all ways
 * to overlap; faults in the middle, which must leave the registers where the work is to go on;
 * signals that interrupt a large copy; tagged addresses; copies that write code.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define PAGE 4096ul
#define HWCAP2_MOPS_BIT (1ull << 43)
#define FORWARD 0x20000000ull
#define BACKWARD 0xa0000000ull
#define ROUNDS 20000 /* enough for the second tier */

/* x0, x1, x2 and NZCV behind the three instructions */
typedef struct After {
    uint64_t to, from, size, nzcv;
} After;
typedef void Move(void *to, uint64_t from_or_byte, size_t size, After *after);

/* NAME, and labels at the main part and epilogue; GAP stands between the three. */
#define MOVE(name, p, m, e, operands, gap)                                                         \
    __asm__(".text\n.arch_extension mops\n.globl " #name ", " #name "_m, " #name "_e\n"            \
            ".type " #name ", %function\n" #name ":\n" #p " " operands "\n" gap #name "_m:\n"      \
            #m " " operands "\n" gap #name "_e:\n" #e " " operands "\n"                            \
            "mrs x4, nzcv\nstp x0, x1, [x3]\nstp x2, x4, [x3, #16]\nret\n");                       \
    Move name;                                                                                     \
    extern const char name##_m[], name##_e[]

MOVE(copy, cpyp, cpym, cpye, "[x0]!, [x1]!, x2!", "");
MOVE(copy_forward, cpyfp, cpyfm, cpyfe, "[x0]!, [x1]!, x2!", "");
MOVE(copy_hints, cpyprtn, cpymrtn, cpyertn, "[x0]!, [x1]!, x2!", "");
MOVE(fill, setp, setm, sete, "[x0]!, x2!, x1", "");
MOVE(copy_apart, cpyp, cpym, cpye, "[x0]!, [x1]!, x2!", "nop\n");
MOVE(fill_apart, setp, setm, sete, "[x0]!, x2!, x1", "nop\n");

static uint64_t at(const void *p)
{
    return (uint64_t)p;
}

static uint8_t *map(size_t pages)
{
    void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static void pattern(uint8_t *p, size_t n)
{
    for (size_t k = 0; k < n; k++)
        p[k] = (uint8_t)(k * 7 + k / 251 + 1);
}

/* ---- results ---- */

#define AREA 5 * PAGE

static void check_copy(Move *move, uint8_t *area, size_t to, size_t from, size_t size)
{
    static uint8_t expected[AREA];
    bool up = from < to && to < from + size && move != copy_forward;
    size_t moved = up ? 0 : size;
    After after;

    pattern(area, AREA);
    pattern(expected, AREA);
    memmove(expected + to, expected + from, size);
    move(area + to, at(area + from), size, &after);
    bool same = !memcmp(area, expected, AREA) && after.to == at(area + to + moved) &&
                after.from == at(area + from + moved) && after.size == 0 &&
                after.nzcv == (up ? BACKWARD : FORWARD);
    if (!same && check_failures < 20)
        fprintf(stderr, "copy to %zu from %zu size %zu: nzcv %llx, moved %lld\n", to, from, size,
                (unsigned long long)after.nzcv, (long long)(after.to - at(area + to)));
    CHECK(same);
}

static const size_t sizes[] = {0,  1,  2,  3,  4,   5,   7,   8,    9,    15,   16,  17, 24,
                               31, 32, 33, 47, 63,  64,  65,  100,  257,  1000, 1023, 1024,
                               1025, 1500, 4095, 4096, 5000, 9000};

static void results(Move *move)
{
    uint8_t *area = map(5);
    static const int apart[] = {0, 1, 3, 8, 15, 16, 17, 31, 32, 33, 100, 4000};

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t a = 0; a < sizeof apart / sizeof *apart; a++)
            for (size_t start = PAGE - 40; start < PAGE + 2; start += 13) {
                check_copy(move, area, start, start + (size_t)apart[a], sizes[s]);
                if (move != copy_forward || apart[a] >= (int)sizes[s])
                    check_copy(move, area, start + (size_t)apart[a], start, sizes[s]);
            }
    munmap(area, 5 * PAGE);
}

static void fills(Move *move)
{
    uint8_t *area = map(5);
    static uint8_t expected[AREA];
    After after;

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t start = PAGE - 40; start < PAGE + 2; start += 13) {
            pattern(area, AREA);
            pattern(expected, AREA);
            memset(expected + start, 0xa5, sizes[s]);
            move(area + start, 0x1234a5, sizes[s], &after);
            CHECK(!memcmp(area, expected, AREA));
            CHECK(after.to == at(area + start + sizes[s]) && after.size == 0);
            CHECK(after.from == 0x1234a5 && after.nzcv == FORWARD);
        }
    munmap(area, 5 * PAGE);
}

/* ---- faults ---- */

static struct {
    const char *main_part;
    uint8_t *page;      /* the one that cannot be accessed */
    int count;
    uint64_t to, from, size, address;
} fault;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    if (fault.count++ > 3 || uc->uc_mcontext.pc != at(fault.main_part))
        _exit(3);
    fault.to = uc->uc_mcontext.regs[0];
    fault.from = uc->uc_mcontext.regs[1];
    fault.size = uc->uc_mcontext.regs[2];
    fault.address = at(info->si_addr);
    mprotect(fault.page, PAGE, PROT_READ | PROT_WRITE);
}

/*
 * A move of size bytes whose destination (or source) meets a page without access after `before`
 * bytes: it must stop exactly there, and finish when the page is there.
 */
static void check_fault(Move *move, const char *main_part, bool at_source, int prot,
                        size_t before, size_t size, bool is_fill)
{
    size_t first = before / PAGE + 1, pages = first + (size - before) / PAGE + 3;
    uint8_t *to = map(pages), *from = map(pages), *bad = (at_source ? from : to) + first * PAGE;
    uint8_t *start = bad - before;
    uint8_t *d = at_source ? to + 77 : start, *s = at_source ? start : from + 77;
    After after;

    pattern(from, pages * PAGE);
    fault.main_part = main_part;
    fault.page = bad;
    fault.count = 0;
    mprotect(bad, PAGE, prot);
    move(d, is_fill ? 0x5a : at(s), size, &after);
    CHECK(fault.count == 1);
    CHECK(fault.address == at(bad) && fault.size == size - before);
    CHECK(fault.to == at(d) + before && fault.from == (is_fill ? 0x5a : at(s) + before));
    CHECK(after.size == 0 && after.to == at(d) + size && after.nzcv == FORWARD);
    for (size_t k = 0; k < size; k++)
        if (d[k] != (is_fill ? 0x5a : s[k])) {
            CHECK(!"what was moved");
            break;
        }
    CHECK(d[size] == 0);
    munmap(to, pages * PAGE);
    munmap(from, pages * PAGE);
}

/* Overlapping, going backward: it stops at the end of the page without access. */
static void check_fault_backward(bool at_source, size_t distance, size_t size)
{
    uint8_t *area = map(12), *bad = area + 4 * PAGE, *s, *d;
    static uint8_t expected[12 * PAGE];
    size_t left = 100; /* of the move's lower end, in that page */
    After after;

    pattern(area, 12 * PAGE);
    pattern(expected, 12 * PAGE);
    s = at_source ? bad + PAGE - left : bad + PAGE - left - distance;
    d = s + distance;
    memmove(expected + (d - area), expected + (s - area), size);
    fault.main_part = copy_m;
    fault.page = bad;
    fault.count = 0;
    mprotect(bad, PAGE, at_source ? PROT_NONE : PROT_READ);
    copy(d, at(s), size, &after);
    CHECK(fault.count == 1);
    CHECK(fault.size == left && fault.address / PAGE == at(bad) / PAGE);
    CHECK(fault.to == at(d) + left && fault.from == at(s) + left);
    CHECK(after.size == 0 && after.to == at(d) && after.from == at(s));
    CHECK(after.nzcv == BACKWARD);
    CHECK(!memcmp(area, expected, 12 * PAGE));
    munmap(area, 12 * PAGE);
}

static void faults(void)
{
    static const size_t before[] = {0, 1, 5, 16, 40, 1000, 4096, 9000};
    static const size_t more[] = {1, 7, 30, 100, 2000};

    for (int round = 0; round < 3; round++)
        for (size_t b = 0; b < sizeof before / sizeof *before; b++)
            for (size_t m = 0; m < sizeof more / sizeof *more; m++) {
                size_t n = before[b] + more[m];
                check_fault(copy, copy_m, false, PROT_NONE, before[b], n, false);
                check_fault(copy, copy_m, true, PROT_NONE, before[b], n, false);
                check_fault(copy_forward, copy_forward_m, false, PROT_READ, before[b], n, false);
                check_fault(copy_forward, copy_forward_m, true, PROT_NONE, before[b], n, false);
                check_fault(fill, fill_m, false, PROT_READ, before[b], n, true);
                check_fault(fill, fill_m, false, PROT_NONE, before[b], n, true);
            }
    for (size_t b = 40000; b < 400000; b += 123456) {
        check_fault(copy, copy_m, false, PROT_READ, b, b + 300000, false);
        check_fault(copy_forward, copy_forward_m, true, PROT_NONE, b, b + 3, false);
        check_fault(fill, fill_m, false, PROT_NONE, b, b + 100000, true);
    }
    for (size_t distance = 1; distance < 100; distance += 9) {
        check_fault_backward(false, distance, 3 * PAGE);
        check_fault_backward(true, distance, 3 * PAGE);
        check_fault_backward(false, distance, 120);
    }
}

/* ---- interrupted ---- */

static volatile uint64_t seen_size;

static void on_alarm(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig, (void)info;
    if (uc->uc_mcontext.pc == at(copy_forward_m))
        seen_size = uc->uc_mcontext.regs[2];
}

/* A copy that takes far longer than the timer, of memory that is mapped many times. */
static void interrupted(void)
{
    size_t piece = 1 << 20, count = 256, total = piece * count;
    int fd = memfd_create("moved", 0);
    uint8_t *from = mmap(NULL, 2 * total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *to = from + total;
    struct itimerval every = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    After after;

    CHECK(fd >= 0 && ftruncate(fd, (off_t)(2 * piece)) == 0 && from != MAP_FAILED);
    for (size_t n = 0; n < 2 * count; n++)
        CHECK(mmap(from + n * piece, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                   n < count ? 0 : (off_t)piece) != MAP_FAILED);
    pattern(from, piece);
    setitimer(ITIMER_REAL, &every, NULL);
    copy_forward(to, at(from), total, &after);
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(seen_size > 0 && seen_size < total);
    CHECK(after.size == 0 && after.to == at(to) + total && after.nzcv == FORWARD);
    CHECK(!memcmp(from, to, piece));
    munmap(from, 2 * total);
    close(fd);
}

/* ---- other places, other times ---- */

static void tagged(void)
{
    uint8_t *area = map(2);
    After after;

    for (uint64_t n = 0; n < 100; n++) {
        uint64_t tag = (n % 3 + 1) << 56;
        pattern(area, PAGE);
        copy((void *)(at(area + 8) | tag), at(area) | tag * 2, 100, &after);
        CHECK(area[8] == 1 && area[107] == (uint8_t)(99 * 7 + 1));
        CHECK(after.nzcv == BACKWARD && after.to == (at(area + 8) | tag));
        copy_forward((void *)(at(area + PAGE) | tag), at(area), 50, &after);
        CHECK(!memcmp(area, area + PAGE, 50) && after.to == (at(area + PAGE + 50) | tag));
        fill((void *)(at(area) | tag), 9, 20, &after);
        CHECK(area[19] == 9 && area[20] != 9 && after.to == (at(area + 20) | tag));
    }
    munmap(area, 2 * PAGE);
}

static void writes_code(void)
{
    uint32_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    After after;

    CHECK(code != MAP_FAILED);
    for (uint32_t n = 0; n < 500; n++) {
        uint32_t words[2] = {0x52800000u | n << 5, 0xd65f03c0u};
        copy_forward(code, at(words), sizeof words, &after);
        __builtin___clear_cache((char *)code, (char *)(code + 2));
        CHECK(((int (*)(void))code)() == (int)n);
    }
    munmap(code, PAGE);
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    uint8_t *area;
    After after;

    (void)argc;
    if (!(getauxval(AT_HWCAP2) & HWCAP2_MOPS_BIT)) {
        CHECK(!getenv("QEMU_CPU"));
        setenv("QEMU_CPU", "max", 1);
        execv(argv[0], argv);
        return 1;
    }
    sigaction(SIGSEGV, &sa, NULL);
    sa.sa_sigaction = on_alarm;
    sigaction(SIGALRM, &sa, NULL);
    faults();
    area = map(2);
    for (int n = 0; n < ROUNDS; n++) {
        copy(area, at(area + 99), (size_t)n % 99, &after);
        copy_forward(area, at(area + 99), (size_t)n % 99, &after);
        fill(area, 1, (size_t)n % 99, &after);
    }
    results(copy);
    results(copy_forward);
    results(copy_hints);
    results(copy_apart);
    fills(fill);
    fills(fill_apart);
    faults();
    interrupted();
    tagged();
    writes_code();
    return check_done();
}
