/*
 * A vector constant that is zero stays zero, whatever other constants are used after it: the
 * translator's pool of constants must not take the zero of one for a slot that is free.
 */
#include <stdbool.h>
#include <stdint.h>
#include "tests/syscalls/check.h"

typedef void Operation(uint64_t v[4]);

/* void NAME(uint64_t v[4]): q0 and q1 from v, the instruction, and back. */
#define OPERATION(name, instruction)                                                               \
    Operation name;                                                                                \
    __asm__(".text\n.globl " #name "\n" #name ":\n ldp q0, q1, [x0]\n " instruction                \
            "\n stp q0, q1, [x0]\n ret\n")

OPERATION(or_zero, "orr v0.4s, #0");
OPERATION(insert_left_by_zero, "sli v1.2d, v0.2d, #0");
OPERATION(insert_right_by_all, "sri v0.8h, v1.8h, #16");
OPERATION(clear_nothing, "bic v0.8h, #0");
OPERATION(move_zero, "movi v1.2d, #0");

/* 510 other constants, more than the pool has room for. */
void other_constants(void);
__asm__(".text\n.globl other_constants\nother_constants:\n"
        ".set byte, 1\n"
        ".rept 255\n orr v16.4s, #byte\n orr v17.8h, #byte, lsl #8\n .set byte, byte + 1\n .endr\n"
        "ret\n");

/* Both halves of v after the operation, enough rounds to be translated. */
static void check_rounds(Operation *f, unsigned which, unsigned from, bool zero)
{
    for (uint64_t n = 0; n < 40; n++) {
        uint64_t v[4] = {n + 1, n * 1000 + 2, ~n, n << 40 | 3};
        uint64_t low = zero ? 0 : v[from], high = zero ? 0 : v[from + 1];
        f(v);
        CHECK(v[which] == low && v[which + 1] == high);
    }
}

static void check_all(void)
{
    check_rounds(or_zero, 0, 0, false);
    check_rounds(insert_left_by_zero, 2, 0, false);
    check_rounds(insert_right_by_all, 0, 0, false);
    check_rounds(clear_nothing, 0, 0, false);
    check_rounds(move_zero, 2, 0, true);
}

int main(void)
{
    check_all();
    for (int n = 0; n < 40; n++)
        other_constants();
    check_all();
    return check_done();
}
