/*
 * The decoder: every row of a64.def is found by its own bits, fields come out right, what is
 * unallocated stays so.
 */
#include <criterion/criterion.h>
#include "emu/base/bits.h"
#include "emu/decode/insn.h"

/* Bits of words to put into the free bits of a row: all 0, all 1, then pseudo-random ones. */
static uint32_t filler(unsigned n)
{
    uint64_t x = (n + 1) * 0x9e3779b97f4a7c15ull;

    return n == 0 ? 0 : n == 1 ? ~0u : (uint32_t)(x ^ x >> 29);
}

static bool is_special_case(uint16_t of, uint16_t row)
{
    return (insn_info[row].mask & insn_info[of].mask) == insn_info[of].mask &&
           insn_info[row].mask != insn_info[of].mask;
}

Test(decode, every_row_is_found_by_its_own_bits)
{
    for (uint16_t id = 1; id < INSN_COUNT; id++) {
        const InsnInfo *info = &insn_info[id];
        unsigned found = 0;

        for (unsigned n = 0; n < 200; n++) {
            DecodedInsn i;
            uint32_t word = info->bits | (filler(n) & ~info->mask);

            if (!decode(word, &i))
                continue;
            cr_assert_eq(i.word, word);
            if (i.id == id)
                found++;
            else
                cr_assert(is_special_case(id, i.id), "%s: %08x decodes as %s", info->id, word,
                          insn_info[i.id].id);
        }
        cr_assert_gt(found, 0u, "%s is never decoded", info->id);
    }
}

Test(decode, any_word_matches_the_row_it_decodes_to)
{
    for (unsigned n = 0; n < 2000000; n++) {
        uint32_t word = filler(n);
        DecodedInsn i;

        if (decode(word, &i))
            cr_assert_eq(word & insn_info[i.id].mask, insn_info[i.id].bits, "%08x", word);
        else
            cr_assert_eq(i.id, INSN_UNALLOCATED);
    }
}

/* The generator refuses such tables; this guards the generator. */
Test(decode, rows_overlap_only_as_special_cases)
{
    for (uint16_t a = 1; a < INSN_COUNT; a++)
        for (uint16_t b = (uint16_t)(a + 1); b < INSN_COUNT; b++) {
            uint32_t both = insn_info[a].mask & insn_info[b].mask;

            if (((insn_info[a].bits ^ insn_info[b].bits) & both) == 0)
                cr_assert(is_special_case(a, b) || is_special_case(b, a), "%s and %s",
                          insn_info[a].id, insn_info[b].id);
        }
}

typedef struct WordCase {
    uint32_t word;
    InsnId id;
} WordCase;

Test(decode, known_words)
{
    static const WordCase cases[] = {
        {0x8b027c20, INSN_ADD_shift},     /* add x0, x1, x2, lsl #31 */
        {0x910003fd, INSN_ADD_imm},       /* mov x29, sp */
        {0xd2800ba8, INSN_MOVZ},          /* mov x8, #93 */
        {0xd4000001, INSN_SVC},           /* svc #0 */
        {0xd65f03c0, INSN_RET},           /* ret */
        {0xd503201f, INSN_HINT},          /* nop */
        {0xd503203f, INSN_YIELD},         /* a special case of hint */
        {0xd503233f, INSN_HINT},          /* paciasp */
        {0xd53bd040, INSN_MRS_TPIDR},     /* mrs x0, tpidr_el0 */
        {0xd5380000, INSN_MRS},           /* mrs x0, midr_el1 */
        {0xd50b7420, INSN_DC_ZVA},        /* dc zva, x0 */
        {0xa9bf7bfd, INSN_STP_pre},       /* stp x29, x30, [sp, #-16]! */
        {0xf8637841, INSN_LDR_reg},       /* ldr x1, [x2, x3, lsl #3] */
        {0xf9800000, INSN_PRFM_uimm},     /* a special case of ldrs */
        {0xc85ffc20, INSN_LDXR},          /* ldaxr x0, [x1] */
        {0xc8a0fc41, INSN_CAS},           /* casl x0, x1, [x2] */
        {0x4c402020, INSN_LD1_multi},     /* ld1 {v0.16b-v3.16b}, [x1] */
        {0x4d40c820, INSN_LD1R},          /* ld1r {v0.4s}, [x1] */
        {0x0d408420, INSN_LD1_lane},      /* ld1 {v0.d}[0], [x1] */
        {0x19010440, INSN_CPYFP},         /* cpyfp [x0]!, [x1]!, x2! */
        {0x19c18440, INSN_SETE},          /* sete [x0]!, x2!, x1 */
    };

    for (size_t n = 0; n < COUNTOF(cases); n++) {
        DecodedInsn i;

        cr_expect(decode(cases[n].word, &i), "%08x", cases[n].word);
        cr_expect_eq(i.id, cases[n].id, "%08x: %s", cases[n].word, insn_info[i.id].id);
    }
}

Test(decode, unallocated_words)
{
    static const uint32_t words[] = {
        0x00000000, /* udf #0 */
        0x0b028020, /* add w0, w1, w2, lsl #32 */
        0x8bc20020, /* add with ROR */
        0x92400000 | 63 << 10, /* and x, all-ones immediate */
        0x12400000, /* 32-bit logical immediate with N */
        0x72c00000, /* movk w0, lsl #32 */
        0x8b200020 | 5 << 10, /* extended register shifted by 5 */
        0xd4000002, /* hvc */
        0xd69f03e0, /* eret */
        0x08207c01 | 1 << 16, /* casp with an odd register */
        0x0d40c420 | 1 << 12, /* ld1r with S set */
        0x0c400c20, /* ld4 {.1d} */
        0x19020440, /* cpyfp with equal registers */
        0xffffffff,
    };

    for (size_t n = 0; n < COUNTOF(words); n++) {
        DecodedInsn i;

        cr_expect_not(decode(words[n], &i), "%08x is %s", words[n], insn_info[i.id].id);
        cr_expect_eq(i.id, INSN_UNALLOCATED);
        cr_expect_eq(i.word, words[n]);
    }
}

Test(decode, fields)
{
    DecodedInsn i;

    cr_assert(decode(0x17ffffff, &i)); /* b .-4 */
    cr_expect_eq(i.simm, -1);
    cr_expect_eq(i.imm, 0x3ffffffu);
    cr_assert(decode(0xb7f80003, &i)); /* tbnz x3, #63, . */
    cr_expect_eq(i.bit, 63); /* two pieces, the first most significant */
    cr_expect_eq(i.rt, 3);
    cr_assert(decode(0xb3413c41, &i)); /* bfm x1, x2, #1, #15 */
    cr_expect(i.sf == 1 && i.n == 1 && i.immr == 1 && i.imms == 15 && i.rn == 2 && i.rd == 1);
    cr_assert(decode(0xf81f0fe0, &i)); /* str x0, [sp, #-16]! */
    cr_expect(i.simm == -16 && i.rn == 31 && i.rt == 0 && i.size == 3);
    cr_assert(decode(0xa97f7bfd, &i)); /* ldp x29, x30, [sp, #-16] */
    cr_expect(i.simm == -2 && i.rt == 29 && i.rt2 == 30);
}
