/*
 * The x86-64 assembler, running on this host: the legacy, VEX and EVEX forms of every row of
 * vops.def that the host has must agree on random operands; and mask registers.
 */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "emu/base/types.h"
#include "tcg-lite/x64/asm.h"
#include "tcg-lite/x64/host.h"

static Asm as;
static int failures;
static const int sizes[] = {1, 2, 4, 8};

typedef struct VRow {
    const char *id, *shape, *legacy, *vex;
    unsigned flags;
} VRow;

enum { W0, W1, COMM = 1, REXW = 2, REG_ONLY = 4, MEM_ONLY = 8, ALIGNED = 16, UNALIGNED = 32 };
#define EXT(n) 0
#define LEGACY_OP(n) 0
static const VRow rows[VOP_COUNT] = {
#define VOP(id, name, shape, pp, map, opcode, legacy, vex, vex_w, evex, evex_w, n, flags)          \
    [VOP_##id] = {#id, #shape, #legacy, #vex, flags},
#include "tcg-lite/x64/vops.def"
#undef VOP
};

typedef enum Form { LEGACY, VEX, EVEX } Form;
static VOp op;
static const VRow *row;

static bool is(const char *a, const char *b)
{
    return !strcmp(a, b);
}

static bool shape(const char *s)
{
    return is(row->shape, s);
}

static void *map_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);

    cr_assert_neq(p, MAP_FAILED);
    return p;
}

Test(x64_run, mask_registers_run)
{
    const uint64_t x = 0x8123456789abcdef, y = 0xf0f0ff00aa5533cc;
    uint64_t (*run)(uint64_t, uint64_t) = (uint64_t(*)(uint64_t, uint64_t))map_code();

    cr_assert(host_init(NULL));
    for (int i = 0; i < 4 && host.avx512vl; i++) {
        int size = sizes[i];
        uint64_t mask = size == 8 ? ~0ull : (1ull << size * 8) - 1;
        const struct {
            KOp op;
            uint64_t result;
        } cases[] = {{K_AND, x & y}, {K_ANDN, ~x & y}, {K_OR, x | y}, {K_XOR, x ^ y},
                     {K_XNOR, ~(x ^ y)}};
        for (size_t k = 0; k < COUNTOF(cases); k++) {
            x64_init(&as, (void *)run, 4096, 0);
            x64_kmov_kr(&as, size, 1, RDI), x64_kmov_kr(&as, size, 2, RSI);
            x64_k3(&as, cases[k].op, size, 3, 1, 2);
            x64_knot(&as, size, 4, 3), x64_knot(&as, size, 4, 4);
            x64_kmov_kk(&as, size, 5, 4);
            x64_kmov_rk(&as, size, RAX, 5), x64_ret(&as);
            cr_assert_eq(run(x, y), cases[k].result & mask, "size %d op %zu", size, k);
        }
        for (int which = 0; which < 2; which++) {
            x64_init(&as, (void *)run, 4096, 0);
            x64_kmov_kr(&as, size, 6, RDI), x64_kmov_kr(&as, size, 7, RSI);
            (which ? x64_ktest : x64_kortest)(&as, size, 6, 7);
            x64_setcc_r(&as, CC_C, RAX), x64_movzx_rr(&as, 1, RAX, RAX), x64_ret(&as);
            cr_assert_eq(run(x, ~x), 1 - (uint64_t)which);
            cr_assert_eq(run(x, x), (uint64_t)which);
            uint64_t top = 1ull << (size * 8 - 1); /* the width matters */
            cr_assert_eq(run(which ? 0 : ~top, top), 1 - (uint64_t)which);
        }
    }
    munmap((void *)run, 4096);
}

/* ---- running the rows: the three encodings agree ---- */

typedef struct Bank {
    V128 x[16];
    uint64_t g;
    uint8_t memory[64];
} Bank;

/* Emits the current row on registers d, s, t (+16 for EVEX): false when it has no such form. */
static bool emit_row(Xmm d, Xmm s, Xmm t, bool memory)
{
    Mem m = mem_bd(RDI, (int32_t)offsetof(Bank, memory) + 5);

    if (memory && (shape("NDS") || shape("NDSG"))) {
        x64_v3m(&as, op, d, s, m);
    } else if (memory && (shape("NDSI") || shape("NDSGI"))) {
        x64_v3mi(&as, op, d, s, m, 1);
    } else if (memory && (shape("RM") || shape("RMG"))) {
        x64_v2m(&as, op, d, m);
    } else if (memory && shape("RMI")) {
        x64_v2mi(&as, op, d, m, 2);
    } else if (memory && (shape("MR") || shape("MRG"))) {
        x64_vst(&as, op, m, s);
    } else if (memory && (shape("MRI") || shape("MRGI"))) {
        x64_vsti(&as, op, m, s, 1);
    } else if (memory) {
        return false;
    } else if (shape("NDS")) {
        x64_v3(&as, op, d, s, t);
    } else if (shape("NDSI")) {
        x64_v3i(&as, op, d, s, t, 6);
    } else if (shape("RM") || shape("MR")) {
        x64_v2(&as, op, d, s);
    } else if (shape("RMI") || shape("MRI") || shape("SHIFT")) {
        x64_v2i(&as, op, d, s, 4);
    } else if (shape("NDSG")) {
        x64_v3g(&as, op, d, s, RAX);
    } else if (shape("NDSGI")) {
        x64_v3gi(&as, op, d, s, RAX, 1);
    } else if (shape("RMG")) {
        x64_v2g(&as, op, d, RAX);
    } else if (shape("GRM") || shape("MRG")) {
        x64_vg(&as, op, RAX, s);
    } else if (shape("GRMI") || shape("MRGI")) {
        x64_vgi(&as, op, RAX, s, 1);
    } else {
        return false;
    }
    return true;
}

static Bank seed;

static void fill_seed(unsigned n)
{
    uint8_t *p = (uint8_t *)&seed;

    srand(n);
    for (size_t i = 0; i < sizeof(seed); i++) {
        p[i] = (uint8_t)(rand() >> 8);
    }
    for (int i = 0; i < 4; i++) { /* some ordinary numbers, some small ones */
        for (int k = 0; k < 4; k++) {
            float f = (float)(rand() % 2000 - 1000) / 8;
            memcpy(&seed.x[i].u32[k], &f, 4);
        }
        seed.x[i + 4].u64[0] &= 0x3f;
        seed.x[i + 4].u64[1] = 0;
    }
}

/* Runs the instruction in form f; true and *out = the registers afterwards. */
static bool run_row(void *exec, Form f, const uint8_t r[4], bool memory, Bank *out)
{
    unsigned high = f == EVEX ? 16 : 0;

    x64_init(&as, exec, 4096, 0);
    for (unsigned i = 0; i < 16; i++) {
        x64_v2m(&as, VOP_MOVUPS, (Xmm)(i + high), mem_bd(RDI, (int32_t)i * 16));
    }
    x64_mov_rm(&as, 8, RAX, mem_bd(RDI, offsetof(Bank, g)));
    if (shape("BLENDV")) {
        x64_v4(&as, op, r[0], r[1], r[2], r[3]);
    } else if (!emit_row((Xmm)(r[0] + high), (Xmm)(r[1] + high), (Xmm)(r[2] + high), memory)) {
        return false;
    }
    x64_mov_mr(&as, 8, mem_bd(RDI, offsetof(Bank, g)), RAX);
    for (unsigned i = 0; i < 16; i++) {
        x64_vst(&as, VOP_MOVUPS_ST, mem_bd(RDI, (int32_t)i * 16), (Xmm)(i + high));
    }
    x64_ret(&as);
    *out = seed;
    ((void (*)(Bank *))exec)(out);
    memset(&out->x[15], 0, 16); /* vscratch */
    return true;
}

static void compare_forms(void *exec, const HostFeatures *real, const uint8_t r[4], bool memory)
{
    static const char *const form_names[] = {"legacy", "vex", "evex"};
    Bank reference, got;
    bool have_reference = false;

    for (int f = VEX; f >= LEGACY; f = f == VEX ? EVEX : f == EVEX ? LEGACY : -1) {
        host = *real;
        if (f == LEGACY && !is(row->legacy, "no")) {
            host.avx = false;
            host.avx512vl = false;
        } else if (f == LEGACY) {
            continue;
        }
        bool can = f == EVEX ? x64_vop_has_evex(op) : x64_vop_available(op);
        can = can && !(f == VEX && (is(row->vex, "no") || !host.avx)) &&
              !(row->flags & (memory ? REG_ONLY | ALIGNED : MEM_ONLY));
        if (!can || !run_row(exec, (Form)f, r, memory, &got)) {
            continue;
        }
        if (have_reference && memcmp(&reference, &got, sizeof(got))) {
            cr_log_error("%s: %s differs (d %u s %u t %u memory %d)\n", row->id, form_names[f],
                         r[0], r[1], r[2], memory);
            failures++;
        }
        reference = have_reference ? reference : got;
        have_reference = true;
    }
}

Test(x64_run, encodings_agree_when_run)
{
    static const uint8_t sets[][4] = {{2, 1, 9, 4}, {2, 2, 9, 2}, {2, 9, 2, 0}, {9, 2, 2, 9},
                                      {2, 2, 2, 2}, {0, 4, 8, 0}, {4, 0, 8, 4}, {3, 5, 4, 8},
                                      {8, 3, 6, 0}, {0, 5, 0, 0}, {0, 0, 5, 7}, {6, 0, 3, 0}};
    void *exec = map_code();

    cr_assert(host_init(NULL));
    HostFeatures real = host;
    failures = 0;
    for (unsigned n = 0; n < 20; n++) {
        fill_seed(n);
        for (int i = 0; i < VOP_COUNT; i++) {
            op = (VOp)i;
            row = &rows[i];
            for (size_t k = 0; k < COUNTOF(sets); k++) {
                compare_forms(exec, &real, sets[k], false);
                compare_forms(exec, &real, sets[k], true);
            }
        }
    }
    munmap(exec, 4096);
    cr_assert_eq(failures, 0, "%d mismatches", failures);
}
