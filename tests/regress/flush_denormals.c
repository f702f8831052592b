/* build: -static -march=armv8.2-a+fp16 */
/*
 * With FPCR.FZ, which start-up code of programs for speed sets, denormal operands and results cost
 * about what others cost: at most 20 times as much, in every format, with and without DN and FZ16.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "tests/syscalls/check.h"

#define FZ (1u << 24)
#define FZ16 (1u << 19)
#define DN (1u << 25)
#define ROUNDS 20000

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Rounds of the instruction with v1 = v2 = both; v0 begins with that, too. */
#define TIMED(name, instruction)                                                                   \
    static double name(uint64_t both)                                                              \
    {                                                                                              \
        double start = seconds();                                                                  \
                                                                                                   \
        for (int n = 0; n < ROUNDS; n++)                                                           \
            __asm__ volatile("dup v1.2d, %0\n mov v2.16b, v1.16b\n mov v0.16b, v1.16b\n"           \
                             instruction :: "r"(both) : "v0", "v1", "v2", "x3");                   \
        return seconds() - start;                                                                  \
    }
TIMED(single, "fadd s0, s1, s2\n fmul s0, s0, s1\n fdiv s0, s1, s2\n fsqrt s0, s1")
TIMED(fused, "fmadd s0, s1, s2, s0\n fmsub d0, d1, d2, d0\n fmla v0.4s, v1.4s, v2.4s")
TIMED(compared, "fcmp s1, s2\n fmax s0, s1, s2\n fcmgt v0.4s, v1.4s, v2.4s\n fmin d0, d1, d2")
TIMED(converted, "fcvtzs x3, s1\n frintp s0, s1\n fcvtms v0.4s, v1.4s\n fcvt d0, s1\n fcvt s0, d1")
TIMED(doubles, "fadd d0, d1, d2\n fmul v0.2d, v1.2d, v2.2d\n fabd d0, d1, d2\n fnmul d0, d1, d2")
TIMED(vectors, "fadd v0.4s, v1.4s, v2.4s\n fmul v0.2s, v1.2s, v2.2s\n fsub v0.4s, v1.4s, v2.4s")
TIMED(halves, "fadd h0, h1, h2\n fmul v0.8h, v1.8h, v2.8h\n fmadd h0, h1, h2, h0\n fcvt s0, h1")

static const struct {
    const char *name;
    double (*run)(uint64_t);
    uint64_t normal, denormal, smallest; /* the product of two of the last is tiny */
} kinds[] = {
    {"single", single, 0x3f8ccccd3f8ccccd, 0x0000000500000005, 0x0080000000800001},
    {"fused", fused, 0x3f8ccccd3f8ccccd, 0x0000000500000005, 0x0080000000800001},
    {"compared", compared, 0x3f8ccccd3f8ccccd, 0x0000000500000005, 0x0080000000800001},
    {"converted", converted, 0x3f8ccccd3f8ccccd, 0x0000000500000005, 0x0080000000800001},
    {"doubles", doubles, 0x3ff199999999999a, 0x0000000500000005, 0x0010000000000001},
    {"vectors", vectors, 0x3f8ccccd3f8ccccd, 0x0000000500000005, 0x0080000000800001},
    {"halves", halves, 0x3c663c663c663c66, 0x0005000500050005, 0x0401040104010401},
};

static void check_kind(unsigned n, uint64_t fpcr)
{
    __asm__ volatile("msr fpcr, %0\n msr fpsr, xzr" ::"r"(fpcr));
    kinds[n].run(kinds[n].normal);
    double normal = kinds[n].run(kinds[n].normal);
    double denormal = kinds[n].run(kinds[n].denormal), tiny = kinds[n].run(kinds[n].smallest);
    __asm__ volatile("msr fpcr, xzr");
    if (denormal > 20 * normal + 0.02 || tiny > 20 * normal + 0.02) {
        fprintf(stderr, "%s, FPCR %#lx: normal %.4f s, denormal %.4f s, tiny results %.4f s\n",
                kinds[n].name, (unsigned long)fpcr, normal, denormal, tiny);
        check_failures++;
    }
}

int main(void)
{
    static const uint64_t fpcr[] = {FZ, FZ | DN, FZ | FZ16, FZ16, 0};

    for (unsigned k = 0; k < sizeof fpcr / sizeof fpcr[0]; k++)
        for (unsigned n = 0; n < sizeof kinds / sizeof kinds[0]; n++)
            check_kind(n, fpcr[k]);
    return check_done();
}
