/*
 * What the translator believes of a value: the upper half of a register shifted right by a constant
 * in a register is zero from 32 on, but the count is modulo 64; and other constants in registers
 * that an operation takes less of than they hold. An index that is extended from its low word shows
 * whether the upper half was believed to be zero.
 */
#include <stdint.h>
#include "tests/syscalls/check.h"

static uint32_t table[64];

/* One line of code with x1 = a and a constant made before it; w2 is then an index. */
#define INDEXED(code, a, expected)                                                                 \
    do {                                                                                           \
        for (int n_ = 0; n_ < 40; n_++) {                                                          \
            uint64_t index_, at_;                                                                  \
            __asm__ volatile(code "\n add x2, x2, #0\n ldr w3, [%2, w2, uxtw #2]\n"                \
                             "mov %1, x3\n mov %0, x2"                                             \
                             : "=&r"(index_), "=&r"(at_)                                           \
                             : "r"(table), "r"((uint64_t)(a))                                      \
                             : "x1", "x2", "x3", "x4");                                            \
            CHECK(index_ == (uint64_t)(expected) && at_ == (uint32_t)index_);                      \
        }                                                                                          \
    } while (0)

#define DIRECT(code, a, expected)                                                                  \
    do {                                                                                           \
        for (int n_ = 0; n_ < 40; n_++) {                                                          \
            uint64_t index_, at_;                                                                  \
            __asm__ volatile(code "\n ldr w3, [%2, w2, uxtw #2]\n mov %1, x3\n mov %0, x2"         \
                             : "=&r"(index_), "=&r"(at_)                                           \
                             : "r"(table), "r"((uint64_t)(a))                                      \
                             : "x1", "x2", "x3", "x4");                                            \
            CHECK(index_ == (uint64_t)(expected) && at_ == (uint32_t)index_);                      \
        }                                                                                          \
    } while (0)

#define BOTH(code, a, expected) INDEXED(code, a, expected); DIRECT(code, a, expected)

#define HIGH 0x0000000100000005

int main(void)
{
    for (unsigned n = 0; n < 64; n++)
        table[n] = n;

    BOTH("mov x4, #64\n lsr x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #128\n lsr x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #-64\n lsr x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #96\n lsr x2, %3, x4", 0x0000000500000001, 5);
    BOTH("mov x4, #64\n lsl x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #64\n asr x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #64\n ror x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #32\n lsr w2, %w3, w4", HIGH, 5);
    BOTH("mov x4, #-1\n and x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #-1\n and w2, %w3, w4", HIGH, 5);
    BOTH("mov x4, #-5\n and x2, %3, x4", HIGH + 4, (HIGH + 4) & -5);
    BOTH("mov x4, #0xffffffff\n and x2, %3, x4", HIGH, 5);
    BOTH("mov x4, #0\n orr x2, %3, x4", HIGH, HIGH);
    BOTH("mov x4, #0\n add w2, %w3, w4", HIGH, 5);
    BOTH("ubfx x2, %3, #0, #40", HIGH, HIGH);
    BOTH("ubfx x2, %3, #0, #32", HIGH, 5);
    BOTH("mov x2, %3\n bfi x2, xzr, #0, #1", HIGH, HIGH - 1);
    return check_done();
}
