/* What the programs of this folder share: expectations, counted; guest code in one mapping. */
#ifndef TESTS_IR_EXPECT_H
#define TESTS_IR_EXPECT_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "emu/base/check.h"
#include "emu/guest/mem.h"
#include "emu/guest/thread.h"

static unsigned expected, unexpected;

/* Counts; prints where and what when the condition does not hold. */
#define EXPECT(cond, ...)                                                                          \
    (expected++, (cond) ? (void)0                                                                  \
                        : (unexpected++, (void)printf("%s:%d: %s: ", __FILE__, __LINE__, #cond),   \
                           (void)printf(__VA_ARGS__), (void)putchar('\n')))

/* The exit status of the program. */
static inline int expect_result(void)
{
    printf("%u expectations, %u failed\n", expected, unexpected);
    return unexpected != 0 || expected == 0;
}

/* Deterministic random numbers. */
static inline uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- guest code ---- */

#define GUEST_CODE 0x20000000ull
#define GUEST_CODE_SIZE (8ull << 20)
#define GUEST_DATA 0x10000000ull /* readable and writable, unmapped on both sides */
#define GUEST_DATA_SIZE 0x10000ull

static uint32_t *guest_code; /* the writable view of GUEST_CODE */

/* The first thread, GUEST_CODE and GUEST_DATA. */
static inline void guest_start(void)
{
    mem_init();
    thread_first();
    cpu_reset(this_cpu);
    memset(this_cpu->features, 0xff, sizeof this_cpu->features);
    int64_t at = mem_map(GUEST_CODE, GUEST_CODE_SIZE, PROT_READ | PROT_EXEC,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(at == (int64_t)GUEST_CODE, "the code must lie there");
    guest_code = mremap((void *)GUEST_CODE, 0, GUEST_CODE_SIZE, MREMAP_MAYMOVE);
    CHECK(guest_code != MAP_FAILED &&
              mprotect(guest_code, GUEST_CODE_SIZE, PROT_READ | PROT_WRITE) == 0,
          "a second view of the code");
    at = mem_map(GUEST_DATA, GUEST_DATA_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(at == (int64_t)GUEST_DATA, "the data must lie there");
}

/* Writes n words at pc, which lies in GUEST_CODE. */
static inline void guest_words(uint64_t pc, const uint32_t *words, unsigned n)
{
    memcpy((uint8_t *)guest_code + (pc - GUEST_CODE), words, 4 * n);
}

/* Words, in the order of the assembler's operands; offsets are in instructions. */
#define A_NOP 0xd503201fu
#define A_SVC 0xd4000001u
#define A_RET 0xd65f03c0u
#define A_UDF 0x00000000u
#define A_B(off) (0x14000000u | ((uint32_t)(off) & 0x3ffffff))
#define A_BL(off) (0x94000000u | ((uint32_t)(off) & 0x3ffffff))
#define A_BCOND(cond, off) (0x54000000u | ((uint32_t)(off) & 0x7ffff) << 5 | (cond))
#define A_CBZ(rt, off) (0xb4000000u | ((uint32_t)(off) & 0x7ffff) << 5 | (rt))
#define A_CBNZ(rt, off) (0xb5000000u | ((uint32_t)(off) & 0x7ffff) << 5 | (rt))
#define A_TBNZ(rt, bit, off) (0x37000000u | ((uint32_t)(off) & 0x3fff) << 5 | (bit) << 19 | (rt))
#define A_BR(rn) (0xd61f0000u | (rn) << 5)
#define A_ADDI(rd, rn, imm) (0x91000000u | (imm) << 10 | (rn) << 5 | (rd))
#define A_SUBI(rd, rn, imm) (0xd1000000u | (imm) << 10 | (rn) << 5 | (rd))
#define A_SUBSI(rd, rn, imm) (0xf1000000u | (imm) << 10 | (rn) << 5 | (rd))
#define A_ADDSI(rd, rn, imm) (0xb1000000u | (imm) << 10 | (rn) << 5 | (rd))
#define A_CMPI(rn, imm) A_SUBSI(31u, rn, imm)
#define A_ADD(rd, rn, rm) (0x8b000000u | (rm) << 16 | (rn) << 5 | (rd))
#define A_ADDS(rd, rn, rm) (0xab000000u | (rm) << 16 | (rn) << 5 | (rd))
#define A_SUBS(rd, rn, rm) (0xeb000000u | (rm) << 16 | (rn) << 5 | (rd))
#define A_ANDS(rd, rn, rm) (0xea000000u | (rm) << 16 | (rn) << 5 | (rd))
#define A_EOR(rd, rn, rm) (0xca000000u | (rm) << 16 | (rn) << 5 | (rd))
#define A_MUL(rd, rn, rm) (0x9b007c00u | (rm) << 16 | (rn) << 5 | (rd))
#define A_MOVZ(rd, imm) (0xd2800000u | (imm) << 5 | (rd))
#define A_CSETEQ(rd) (0x9a9f17e0u | (rd))
#define A_LDR(rt, rn) (0xf9400000u | (rn) << 5 | (rt))
#define A_STR(rt, rn) (0xf9000000u | (rn) << 5 | (rt))
#define A_LDRPOST(rt, rn, imm) (0xf8400400u | ((imm) & 0x1ff) << 12 | (rn) << 5 | (rt))
#define A_LDP(rt, rt2, rn) (0xa9400000u | (rt2) << 10 | (rn) << 5 | (rt))
#define A_LDRQ(rt, rn) (0x3dc00000u | (rn) << 5 | (rt))
#define A_STRQ(rt, rn) (0x3d800000u | (rn) << 5 | (rt))
#define A_FCMPD(rn, rm) (0x1e602000u | (rm) << 16 | (rn) << 5)
#define A_ADD4S(rd, rn, rm) (0x4ea08400u | (rm) << 16 | (rn) << 5 | (rd))
#define A_MRSNZCV(rt) (0xd53b4200u | (rt))

#endif
