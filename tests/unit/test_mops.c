/*
 * Memory copy and set instructions (FEAT_MOPS) in the interpreter: what a prologue, main and
 * epilogue sequence leaves in memory and registers.
 */
#include <criterion/criterion.h>
#include "emu/interp/interp.h"

#define AREA 20000u
#define CPYFP 0x19010440u /* cpyfp [x0]!, [x1]!, x2! */
#define CPYP 0x1d010440u  /* cpyp [x0]!, [x1]!, x2! */
#define SETP 0x19c10440u  /* setp [x0]!, x2!, x1 */

static CpuState cpu;
static uint8_t area[AREA], expected[AREA];

/* Runs prologue, main and epilogue, which differ in one field. */
static void run_three(uint32_t prologue, unsigned field_shift)
{
    memset(cpu.features, 0xff, sizeof cpu.features);
    for (uint32_t part = 0; part < 3; part++) {
        DecodedInsn i;

        cr_assert(decode(prologue + (part << field_shift), &i));
        cr_assert_eq(interp_insn(&cpu, &i), EXIT_NONE);
    }
    cr_assert_eq(cpu.x[2], 0u);
}

static void fill(void)
{
    for (unsigned n = 0; n < AREA; n++)
        area[n] = expected[n] = (uint8_t)(n * 7 + n / 251);
}

static void check_copy(uint32_t prologue, unsigned to, unsigned from, unsigned size)
{
    fill();
    memmove(expected + to, expected + from, size);
    cpu.x[0] = (uint64_t)(uintptr_t)(area + to);
    cpu.x[1] = (uint64_t)(uintptr_t)(area + from);
    cpu.x[2] = size;
    run_three(prologue, 22);
    cr_expect(memcmp(area, expected, AREA) == 0, "%u from %u, %u bytes", to, from, size);
    if (cpu.nzcv & PSTATE_N) { /* copied backward: the registers end at the beginning */
        cr_expect_eq(cpu.x[0], (uint64_t)(uintptr_t)(area + to));
        cr_expect_eq(cpu.x[1], (uint64_t)(uintptr_t)(area + from));
    } else {
        cr_expect_eq(cpu.x[0], (uint64_t)(uintptr_t)(area + to + size));
        cr_expect_eq(cpu.x[1], (uint64_t)(uintptr_t)(area + from + size));
    }
}

Test(mops, copy_without_overlap)
{
    check_copy(CPYFP, 11000, 3, 8900);
    check_copy(CPYP, 11000, 3, 8900);
    check_copy(CPYP, 0, 10000, 1);
    check_copy(CPYFP, 5, 10000, 0);
}

Test(mops, copy_with_overlap)
{
    check_copy(CPYP, 100, 101, 15000);
    check_copy(CPYP, 101, 100, 15000);
    check_copy(CPYP, 100, 5100, 12000);
    check_copy(CPYP, 5100, 100, 12000);
    check_copy(CPYFP, 100, 117, 15000);
}

Test(mops, set)
{
    for (unsigned size = 0; size < 10000; size = size * 3 + 1) {
        fill();
        memset(expected + 77, 0xa5, size);
        cpu.x[0] = (uint64_t)(uintptr_t)(area + 77);
        cpu.x[1] = 0xffa5;
        cpu.x[2] = size;
        run_three(SETP, 14);
        cr_expect(memcmp(area, expected, AREA) == 0, "%u bytes", size);
        cr_expect_eq(cpu.x[0], (uint64_t)(uintptr_t)(area + 77 + size));
        cr_expect_eq(cpu.x[1], 0xffa5u);
    }
}

/* The main part is only valid after our prologue, which sets C. */
Test(mops, main_part_alone)
{
    DecodedInsn i;

    memset(cpu.features, 0xff, sizeof cpu.features);
    cpu.nzcv = 0;
    cpu.x[2] = 1;
    cr_assert(decode(CPYFP + (1u << 22), &i));
    cr_expect_eq(interp_insn(&cpu, &i), EXIT_UNDEF);
}
