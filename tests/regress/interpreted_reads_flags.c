/*
 * An instruction that is interpreted from translated code is the last reader of NZCV, which the
 * one before it left in the host's flags.
 */
#include <stdint.h>
#include "tests/syscalls/check.h"

int main(void)
{
    for (int round = 0; round < 100; round++) {
        uint64_t result, nzcv = 0xc0000000; /* NE is false: FCCMP sets N, Z and C */
        __asm__ volatile("fmov d6, %1\n fmov d24, %2\n msr nzcv, %3\n b 1f\n .p2align 4\n"
                         "1: fccmp s24, s6, #0xe, ne\n"
                         ".inst 0x1ee63f0b\n" /* fcsel h11, h24, h6, lo */
                         "fcmp d6, #0.0\n fmov %0, d11\n"
                         : "=&r"(result)
                         : "r"(0xbc00ull), "r"(0x517aull), "r"(nzcv)
                         : "v6", "v11", "v24", "cc");
        CHECK(result == 0xbc00);
    }
    return check_done();
}
