/* Classic BPF for seccomp: the checks and the interpreter, both from bpf.def. */
#include "syscalls/bpf.h"
#include <string.h>
#include "emu/base/check.h"

#define MEM_WORDS 16
#define PROLOGUE 3 /* instructions that bpf_convert_filter puts before a program */

typedef enum BpfCheck {
    CHECK_UNKNOWN,
    CHECK_NONE,
    CHECK_DATA,
    CHECK_NONZERO,
    CHECK_SHIFT,
    CHECK_READ,
    CHECK_WRITE,
    CHECK_JUMP,
    CHECK_BRANCH,
    CHECK_RETURN,
} BpfCheck;

typedef struct BpfRow {
    uint8_t check, size;
} BpfRow;

static const BpfRow rows[256] = {
#define BPF(code, check, size, ...) [code] = {CHECK_##check, size},
#include "syscalls/bpf.def"
#undef BPF
};

static BpfCheck check_of(const BpfInsn *i)
{
    return i->code < COUNTOF(rows) ? (BpfCheck)rows[i->code].check : CHECK_UNKNOWN;
}

/* Is the instruction right by itself? It has `after` instructions behind it. */
static bool insn_ok(const BpfInsn *i, unsigned after)
{
    switch (check_of(i)) {
    case CHECK_UNKNOWN:
        return false;
    case CHECK_DATA:
        return i->k < BPF_DATA_SIZE && i->k % 4 == 0;
    case CHECK_NONZERO:
        return i->k != 0;
    case CHECK_SHIFT:
        return i->k < 32;
    case CHECK_READ:
    case CHECK_WRITE:
        return i->k < MEM_WORDS;
    case CHECK_JUMP:
        return i->k < after;
    case CHECK_BRANCH:
        return i->jt < after && i->jf < after;
    default:
        return true;
    }
}

/*
 * Is every scratch word written before it is read, on every path? valid[n]: what is written
 * whichever way instruction n is reached; all jumps go forward.
 */
static bool memory_ok(const BpfInsn *insns, unsigned count)
{
    uint16_t valid[BPF_MAX_INSNS], now = 0;

    memset(valid, 0xff, count * sizeof *valid);
    for (unsigned n = 0; n < count; n++) {
        const BpfInsn *i = &insns[n];

        now &= valid[n];
        switch (check_of(i)) {
        case CHECK_WRITE:
            now |= (uint16_t)(1u << i->k);
            break;
        case CHECK_READ:
            if (!(now >> i->k & 1))
                return false;
            break;
        case CHECK_JUMP:
            valid[n + 1 + i->k] &= now;
            now = 0xffff;
            break;
        case CHECK_BRANCH:
            valid[n + 1 + i->jt] &= now;
            valid[n + 1 + i->jf] &= now;
            now = 0xffff;
            break;
        default:
            break;
        }
    }
    return true;
}

/*
 * How much longer than its row says the converted form of a branch is: one for a constant that
 * would be negative, one for a jump over both targets (JSET has no inverse).
 */
static unsigned branch_extra(const BpfInsn *i)
{
    bool inverse = (i->code & 0xf0) != BPF_JSET;
    unsigned n = i->jf == 0 || (i->jt == 0 && inverse) ? 0 : 1;

    return n + (!(i->code & BPF_X) && (int32_t)i->k < 0);
}

unsigned bpf_check(const BpfInsn *insns, unsigned count)
{
    unsigned size = PROLOGUE;

    if (count == 0 || count > BPF_MAX_INSNS)
        return 0;
    for (unsigned n = 0; n < count; n++) {
        if (!insn_ok(&insns[n], count - n - 1))
            return 0;
        size += rows[insns[n].code].size;
        if (check_of(&insns[n]) == CHECK_BRANCH)
            size += branch_extra(&insns[n]);
    }
    if (check_of(&insns[count - 1]) != CHECK_RETURN || !memory_ok(insns, count))
        return 0;
    return size;
}

uint32_t bpf_run(const BpfInsn *insns, const uint32_t data[BPF_DATA_SIZE / 4], uint32_t *seen)
{
    uint32_t a = 0, x = 0, mem[MEM_WORDS];

    for (const BpfInsn *at = insns;; at++) {
        uint32_t k = at->k;

        switch (at->code) {
#define BPF(code, check, size, ...)                                                                \
    case code:                                                                                     \
        __VA_ARGS__;                                                                               \
        break;
#include "syscalls/bpf.def"
#undef BPF
        default:
            CHECK(false, "bpf_check has seen the program");
        }
    }
}
