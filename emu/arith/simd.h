/*
 * Advanced SIMD integer arithmetic, lane by lane: the reference semantics.
 *
 * A LaneFn computes one result lane; simd_map() applies it to whole registers in the pattern a
 * Shape describes (same width, long, wide, narrow). Lanes travel as zero-extended uint64_t; the
 * result is cut to the destination lane's width when stored.
 */
#ifndef EMU_ARITH_SIMD_H
#define EMU_ARITH_SIMD_H

#include "emu/base/bits.h"

/*
 * One lane. bits: width of the (narrow) element, 8..64. d: old destination lane; a, b: lanes of
 * the first and second source, or the immediate in b. *sat is set, never cleared, when the
 * result saturated (FPSR.QC).
 */
typedef uint64_t LaneFn(unsigned bits, uint64_t d, uint64_t a, uint64_t b, bool *sat);

/* Which lanes meet: sizes are log2 of bytes. What the result does not cover becomes zero. */
typedef struct Shape {
    uint8_t lanes;              /* number of result lanes */
    uint8_t size;               /* the width handed to the LaneFn */
    uint8_t d_size, a_size, b_size;
    uint8_t src_first;          /* first lane read of narrow sources: the "2" forms of long */
    uint8_t d_first;            /* first lane written; lower ones are kept: "2" of narrow */
} Shape;

static inline uint64_t lane_get(const V128 *v, unsigned size, unsigned n)
{
    switch (size) {
    case 0: return v->u8[n];
    case 1: return v->u16[n];
    case 2: return v->u32[n];
    default: return v->u64[n];
    }
}

static inline void lane_set(V128 *v, unsigned size, unsigned n, uint64_t value)
{
    switch (size) {
    case 0: v->u8[n] = (uint8_t)value; break;
    case 1: v->u16[n] = (uint16_t)value; break;
    case 2: v->u32[n] = (uint32_t)value; break;
    default: v->u64[n] = value; break;
    }
}

/* Number of lanes of a 64-bit (q = 0) or 128-bit (q = 1) vector. */
static inline unsigned lane_count(unsigned size, unsigned q)
{
    return (q ? 16u : 8u) >> size;
}

/* All operands and the result have `lanes` lanes of one size (1 for a scalar instruction). */
static inline Shape shape_same(unsigned size, unsigned lanes)
{
    return (Shape){(uint8_t)lanes, (uint8_t)size, (uint8_t)size, (uint8_t)size, (uint8_t)size,
                   0, 0};
}

/* Narrow sources, double-width result; high selects their upper halves. */
static inline Shape shape_long(unsigned size, unsigned high)
{
    uint8_t n = (uint8_t)(8 >> size), wide = (uint8_t)(size + 1);
    return (Shape){n, (uint8_t)size, wide, (uint8_t)size, (uint8_t)size, high ? n : 0, 0};
}

/* The first source is already wide. */
static inline Shape shape_wide(unsigned size, unsigned high)
{
    Shape s = shape_long(size, high);
    s.a_size = s.d_size;
    return s;
}

/* Wide sources, half-width result; high writes the upper half and keeps the lower. */
static inline Shape shape_narrow(unsigned size, unsigned high)
{
    uint8_t n = (uint8_t)(8 >> size), wide = (uint8_t)(size + 1);
    return (Shape){n, (uint8_t)size, (uint8_t)size, wide, wide, 0, high ? n : 0};
}

/* A shape reduced to its first lane: the scalar forms of long and narrow. */
static inline Shape shape_scalar(Shape s)
{
    s.lanes = 1;
    return s;
}

V128 simd_map(LaneFn *fn, Shape s, V128 d, V128 a, V128 b, bool *sat);

/* Folds the lanes of v from the lowest with fn(bits, 0, result so far, lane), from init on. */
uint64_t simd_fold(LaneFn *fn, unsigned size, unsigned lanes, uint64_t init, V128 v);

/* Every lane of the given size holds value (cut to the lane). */
V128 simd_dup(unsigned size, uint64_t value);

/* Permutations over vectors of 64 (q = 0) or 128 bits; `part` 0 for UZP1.., 1 for UZP2.. */
V128 simd_uzp(unsigned size, unsigned q, unsigned part, V128 a, V128 b);
V128 simd_zip(unsigned size, unsigned q, unsigned part, V128 a, V128 b);
V128 simd_trn(unsigned size, unsigned q, unsigned part, V128 a, V128 b);
V128 simd_ext(unsigned q, unsigned first, V128 a, V128 b);

/*
 * TBL/TBX: `count` table registers, consecutive in memory at `table` modulo 32 from number
 * `first`. An index beyond the table gives the byte of `other` (zero for TBL).
 */
V128 simd_table(const V128 table[32], unsigned first, unsigned count, unsigned q, V128 index,
                V128 other);

/*
 * SMMLA, UMMLA, USMMLA: d += a (2 rows of 8) * transposed b, 32-bit results. The flags say
 * which factor is signed.
 */
V128 simd_matmul8(V128 d, V128 a, V128 b, bool a_signed, bool b_signed);

/*
 * AdvSIMDExpandImm of a modified-immediate instruction word (MOVI, MVNI, ORR, BIC, FMOV): the
 * 64 bits that are repeated. MVNI and BIC are not yet inverted.
 */
uint64_t simd_modified_imm(uint32_t word);

/* Every LaneFn, by the instruction it serves. */
#define LANE_FNS(X)                                                                                \
    X(add) X(sub) X(mul) X(mla) X(mls) X(pmul) X(neg) X(abs) X(clz) X(cls) X(cnt) X(rbit)          \
    X(and) X(bic) X(orr) X(orn) X(eor) X(bsl) X(bit) X(bif) X(not) X(mov)                          \
    X(shadd) X(uhadd) X(srhadd) X(urhadd) X(shsub) X(uhsub)                                        \
    X(sqadd) X(uqadd) X(sqsub) X(uqsub) X(suqadd) X(usqadd) X(sqabs) X(sqneg)                      \
    X(cmgt) X(cmge) X(cmhi) X(cmhs) X(cmeq) X(cmtst) X(cmle) X(cmlt)                               \
    X(smax) X(umax) X(smin) X(umin) X(sabd) X(uabd) X(saba) X(uaba)                                \
    X(sqdmulh) X(sqrdmulh) X(sqrdmlah) X(sqrdmlsh)                                                 \
    X(sdot) X(udot) X(usdot) X(sudot)                                                              \
    X(saddl) X(uaddl) X(ssubl) X(usubl) X(saddw) X(uaddw) X(ssubw) X(usubw)                        \
    X(sabal) X(uabal) X(sabdl) X(uabdl) X(smlal) X(umlal) X(smlsl) X(umlsl) X(smull) X(umull)      \
    X(sqdmull) X(sqdmlal) X(sqdmlsl) X(addhn) X(raddhn) X(subhn) X(rsubhn)                         \
    X(saddlp) X(uaddlp) X(sadalp) X(uadalp) X(saddlv) X(uaddlv)                                    \
    X(sqxtn) X(sqxtun) X(uqxtn) X(shll) X(rev)                                                     \
    X(sshl) X(ushl) X(srshl) X(urshl) X(sqshl) X(uqshl) X(sqrshl) X(uqrshl)                        \
    X(sshr) X(ushr) X(ssra) X(usra) X(srshr) X(urshr) X(srsra) X(ursra) X(sri) X(shl) X(sli)       \
    X(sqshl_imm) X(uqshl_imm) X(sqshlu) X(sshll) X(ushll)                                          \
    X(shrn) X(rshrn) X(sqshrn) X(uqshrn) X(sqshrun) X(sqrshrn) X(uqrshrn) X(sqrshrun)

#define X(name) LaneFn lane_##name;
LANE_FNS(X)
#undef X

#endif
