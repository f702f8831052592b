/*
 * Flags that are set before a branch and read behind it, by every instruction that reads NZCV, with
 * another comparison behind the reader: whoever asks whether flags are dead behind an exit must
 * know all readers. Each reader stands in six functions that differ only in what lies between it and
 * the comparison; all must return the same. build: -static -march=armv8.5-a+fp16
 */
#include <stdint.h>
#include <stdio.h>

#define EDGES 6

/*
 * x0, x1 compared; s0, d0, h0 and s1... are numbers; the result is in x0. What makes new flags of
 * the old ones has an FCSEL behind it, so that nothing else asks for them.
 */
__asm__(".macro reader name, insn:vararg\n"
        ".irp edge, 0, 1, 2, 3, 4, 5\n"
        "read_\\name\\()_\\edge:\n"
        "    mov x3, x30\n"
        "    mov x4, #3\n"
        "    adr x5, 2f\n"
        "    cmp x0, x1\n"
        ".if \\edge == 1\n"
        "    b 2f\n"
        ".elseif \\edge == 2\n"
        "    bl 2f\n"
        "    ret x3\n"
        ".elseif \\edge == 3\n"
        "    cbnz x4, 2f\n"
        ".elseif \\edge == 4\n"
        "    tbnz x4, #1, 2f\n"
        ".elseif \\edge == 5\n"
        "    br x5\n"
        ".endif\n"
        ".if \\edge\n"
        "    .space 64\n"
        ".endif\n"
        "2:  bti c\n"
        "    mov x2, #0\n"
        "    \\insn\n"
        "    fmov x6, d0\n"
        "    eor x2, x2, x6\n"
        "    cmp x0, #77\n" /* the flags are dead here */
        "    eor x0, x2, x0\n"
        "    ret\n"
        ".endr\n"
        ".endm\n"
        ".text\n"
        "reader csel, csel x2, x0, x1, le\n"
        "reader csinc, csinc x2, x0, x1, hi\n"
        "reader csinv, csinv w2, w0, w1, mi\n"
        "reader csneg, csneg x2, x0, x1, ge\n"
        "reader fcsel_s, fcsel s0, s0, s1, eq\n"
        "reader fcsel_d, fcsel d0, d0, d1, gt\n"
        "reader fcsel_h, fcsel h0, h0, h1, ls\n"
        "reader ccmp_reg, ccmp x0, x4, #9, lt; fcsel d0, d0, d1, lo\n"
        "reader ccmp_imm, ccmp w0, #3, #2, ne; fcsel d0, d0, d1, lo\n"
        "reader ccmn_reg, ccmn x0, x4, #4, pl; fcsel d0, d0, d1, lo\n"
        "reader ccmn_imm, ccmn w0, #3, #8, vs; fcsel d0, d0, d1, lo\n"
        "reader fccmp_s, fccmp s0, s1, #2, eq; fcsel d0, d0, d1, eq\n"
        "reader fccmp_d, fccmp d0, d1, #0, le; fcsel d0, d0, d1, eq\n"
        "reader fccmp_h, fccmp h0, h1, #2, ne; fcsel d0, d0, d1, eq\n"
        "reader fccmpe_s, fccmpe s0, s1, #2, eq; fcsel d0, d0, d1, eq\n"
        "reader fccmpe_d, fccmpe d0, d1, #0, le; fcsel d0, d0, d1, eq\n"
        "reader fccmpe_h, fccmpe h0, h1, #2, ne; fcsel d0, d0, d1, eq\n"
        "reader adc, adc x2, x0, x1\n"
        "reader adcs, adcs w2, w0, w1; fcsel d0, d0, d1, eq\n"
        "reader sbc, sbc w2, w0, w1\n"
        "reader sbcs, sbcs x2, x0, x1; fcsel d0, d0, d1, cs\n"
        "reader mrs, mrs x2, nzcv\n"
        "reader cfinv, cfinv; fcsel d0, d0, d1, cs\n"
        "reader rmif, rmif x0, #1, #8; fcsel d0, d0, d1, cs\n"
        "reader setf8, setf8 w0; fcsel d0, d0, d1, eq\n"
        "reader setf16, setf16 w0; fcsel d0, d0, d1, vs\n"
        "reader axflag, axflag; fcsel d0, d0, d1, vs\n"
        "reader xaflag, xaflag; fcsel d0, d0, d1, vs\n"
        "reader bcond, b.eq . + 8; fmov d0, d1\n"
        "reader cset, cset x2, vc\n");

#define READERS(F)                                                                                 \
    F(csel) F(csinc) F(csinv) F(csneg) F(fcsel_s) F(fcsel_d) F(fcsel_h) F(ccmp_reg) F(ccmp_imm)    \
    F(ccmn_reg) F(ccmn_imm) F(fccmp_s) F(fccmp_d) F(fccmp_h) F(fccmpe_s) F(fccmpe_d) F(fccmpe_h)   \
    F(adc) F(adcs) F(sbc) F(sbcs) F(mrs) F(cfinv) F(rmif) F(setf8) F(setf16) F(axflag) F(xaflag)   \
    F(bcond) F(cset)

typedef uint64_t Fn(int64_t a, int64_t b, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                    uint64_t, double x, double y);
#define DECLARE(name)                                                                              \
    Fn read_##name##_0, read_##name##_1, read_##name##_2, read_##name##_3, read_##name##_4,        \
        read_##name##_5;
READERS(DECLARE)

static const struct {
    const char *name;
    Fn *fn[EDGES];
} readers[] = {
#define ROW(name)                                                                                  \
    {#name, {read_##name##_0, read_##name##_1, read_##name##_2, read_##name##_3, read_##name##_4,  \
             read_##name##_5}},
    READERS(ROW)
};

int main(void)
{
    static const int64_t values[] = {0, 1, -1, 3, -3, 127, 128, 0x8000, INT32_MIN, INT64_MAX,
                                     INT64_MIN, 0x100000001, 42};
    unsigned count = sizeof values / sizeof *values, bad = 0;

    for (unsigned r = 0; r < sizeof readers / sizeof *readers; r++)
        for (unsigned n = 0; n < 3000; n++) {
            int64_t a = values[n % count], b = values[n / count % count];
            double x = n % 7 / 3.0, y = n % 5 / 2.0;
            uint64_t want = readers[r].fn[0](a, b, 0, 0, 0, 0, 0, 0, x, y);
            for (unsigned e = 1; e < EDGES; e++) {
                uint64_t got = readers[r].fn[e](a, b, 0, 0, 0, 0, 0, 0, x, y);
                if (got != want && ++bad < 20)
                    printf("%s, edge %u, round %u: %#lx, should be %#lx\n", readers[r].name, e, n,
                           got, want);
            }
        }
    printf("%u wrong\n", bad);
    return bad != 0;
}
