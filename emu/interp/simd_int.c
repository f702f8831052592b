/*
 * Advanced SIMD integer arithmetic: three registers, two registers, across lanes, by element.
 *
 * Invariant: a row is one line: which lane function (emu/arith/simd.h) runs in which shape.
 * Results of 64-bit vectors and of scalars clear the rest of the register.
 */
#include "emu/interp/lanewise.h"

static V128 vm(const CpuState *cpu, const DecodedInsn *i)
{
    return cpu->v[i->rm];
}

static const V128 zero;

/* ---- three registers of the same type ---- */

#define SAME(id, fn)                                                                               \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, same(i), vm(cpu, i)); }
#define SCALAR(id, fn)                                                                             \
    INTERP(id##_scalar) { lanewise(cpu, i, lane_##fn, shape_same(i->size, 1), vm(cpu, i)); }
#define BITWISE(id, fn)                                                                            \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, shape_same(3, 1u + i->q), vm(cpu, i)); }

SAME(SHADD, shadd)
SAME(UHADD, uhadd)
SAME(SRHADD, srhadd)
SAME(URHADD, urhadd)
SAME(SHSUB, shsub)
SAME(UHSUB, uhsub)
SAME(SQADD, sqadd)
SAME(UQADD, uqadd)
SAME(SQSUB, sqsub)
SAME(UQSUB, uqsub)
SAME(CMGT, cmgt)
SAME(CMHI, cmhi)
SAME(CMGE, cmge)
SAME(CMHS, cmhs)
SAME(CMTST, cmtst)
SAME(CMEQ, cmeq)
SAME(SSHL, sshl)
SAME(USHL, ushl)
SAME(SQSHL, sqshl)
SAME(UQSHL, uqshl)
SAME(SRSHL, srshl)
SAME(URSHL, urshl)
SAME(SQRSHL, sqrshl)
SAME(UQRSHL, uqrshl)
SAME(SMAX, smax)
SAME(UMAX, umax)
SAME(SMIN, smin)
SAME(UMIN, umin)
SAME(SABD, sabd)
SAME(UABD, uabd)
SAME(SABA, saba)
SAME(UABA, uaba)
SAME(ADD, add)
SAME(SUB, sub)
SAME(MLA, mla)
SAME(MLS, mls)
SAME(MUL, mul)
SAME(PMUL, pmul)
SAME(SQDMULH, sqdmulh)
SAME(SQRDMULH, sqrdmulh)
SAME(SQRDMLAH, sqrdmlah)
SAME(SQRDMLSH, sqrdmlsh)

SCALAR(SQADD, sqadd)
SCALAR(UQADD, uqadd)
SCALAR(SQSUB, sqsub)
SCALAR(UQSUB, uqsub)
SCALAR(CMGT, cmgt)
SCALAR(CMHI, cmhi)
SCALAR(CMGE, cmge)
SCALAR(CMHS, cmhs)
SCALAR(CMTST, cmtst)
SCALAR(CMEQ, cmeq)
SCALAR(SSHL, sshl)
SCALAR(USHL, ushl)
SCALAR(SQSHL, sqshl)
SCALAR(UQSHL, uqshl)
SCALAR(SRSHL, srshl)
SCALAR(URSHL, urshl)
SCALAR(SQRSHL, sqrshl)
SCALAR(UQRSHL, uqrshl)
SCALAR(ADD, add)
SCALAR(SUB, sub)
SCALAR(SQDMULH, sqdmulh)
SCALAR(SQRDMULH, sqrdmulh)
SCALAR(SQRDMLAH, sqrdmlah)
SCALAR(SQRDMLSH, sqrdmlsh)

BITWISE(AND, and)
BITWISE(BIC, bic)
BITWISE(ORR, orr)
BITWISE(ORN, orn)
BITWISE(EOR, eor)
BITWISE(BSL, bsl)
BITWISE(BIT, bit)
BITWISE(BIF, bif)

/* Pairwise: the pairs of Vn:Vm, element by element, are the even against the odd elements. */
static void pairwise(CpuState *cpu, const DecodedInsn *i, LaneFn *fn)
{
    V128 n = cpu->v[i->rn], m = cpu->v[i->rm];
    bool sat;

    cpu->v[i->rd] = simd_map(fn, same(i), zero, simd_uzp(i->size, i->q, 0, n, m),
                             simd_uzp(i->size, i->q, 1, n, m), &sat);
}

#define PAIRWISE(id, fn) INTERP(id##_vec) { pairwise(cpu, i, lane_##fn); }
PAIRWISE(ADDP, add)
PAIRWISE(SMAXP, smax)
PAIRWISE(UMAXP, umax)
PAIRWISE(SMINP, smin)
PAIRWISE(UMINP, umin)

INTERP(ADDP_scalar)
{
    set_v64(cpu, i->rd, cpu->v[i->rn].u64[0] + cpu->v[i->rn].u64[1]);
}

/* ---- dot and matrix products: 32-bit lanes of four bytes ---- */

#define DOT(id, fn, b)                                                                             \
    INTERP(id) { lanewise(cpu, i, lane_##fn, shape_same(2, lane_count(2, i->q)), b); }

/* By element, the four bytes are the 32-bit element h:l of V(m:rm), whatever the size field. */
static V128 dot_element(const CpuState *cpu, const DecodedInsn *i)
{
    return simd_dup(2, cpu->v[i->m << 4 | i->rm].u32[i->h << 1 | i->l]);
}

DOT(SDOT_vec, sdot, vm(cpu, i))
DOT(UDOT_vec, udot, vm(cpu, i))
DOT(USDOT_vec, usdot, vm(cpu, i))
DOT(SDOT_elem, sdot, dot_element(cpu, i))
DOT(UDOT_elem, udot, dot_element(cpu, i))
DOT(USDOT_elem, usdot, dot_element(cpu, i))
DOT(SUDOT_elem, sudot, dot_element(cpu, i))

#define MATMUL(id, a_signed, b_signed)                                                             \
    INTERP(id)                                                                                     \
    {                                                                                              \
        cpu->v[i->rd] = simd_matmul8(cpu->v[i->rd], cpu->v[i->rn], vm(cpu, i), a_signed, b_signed);\
    }
MATMUL(SMMLA, true, true)
MATMUL(UMMLA, false, false)
MATMUL(USMMLA, false, true)

/* ---- three registers of different types; q selects the "2" form ---- */

#define LONG(id, fn)                                                                               \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, shape_long(i->size, i->q), vm(cpu, i)); }
#define WIDE(id, fn)                                                                               \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, shape_wide(i->size, i->q), vm(cpu, i)); }
#define NARROW(id, fn)                                                                             \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, shape_narrow(i->size, i->q), vm(cpu, i)); }
#define LONG_SCALAR(id, fn)                                                                        \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        lanewise(cpu, i, lane_##fn, shape_scalar(shape_long(i->size, 0)), vm(cpu, i));             \
    }

LONG(SADDL, saddl)
LONG(UADDL, uaddl)
LONG(SSUBL, ssubl)
LONG(USUBL, usubl)
LONG(SABAL, sabal)
LONG(UABAL, uabal)
LONG(SABDL, sabdl)
LONG(UABDL, uabdl)
LONG(SMLAL, smlal)
LONG(UMLAL, umlal)
LONG(SMLSL, smlsl)
LONG(UMLSL, umlsl)
LONG(SMULL, smull)
LONG(UMULL, umull)
LONG(SQDMLAL, sqdmlal)
LONG(SQDMLSL, sqdmlsl)
LONG(SQDMULL, sqdmull)
LONG_SCALAR(SQDMLAL, sqdmlal)
LONG_SCALAR(SQDMLSL, sqdmlsl)
LONG_SCALAR(SQDMULL, sqdmull)
WIDE(SADDW, saddw)
WIDE(UADDW, uaddw)
WIDE(SSUBW, ssubw)
WIDE(USUBW, usubw)
NARROW(ADDHN, addhn)
NARROW(RADDHN, raddhn)
NARROW(SUBHN, subhn)
NARROW(RSUBHN, rsubhn)

INTERP(PMULL_p8)
{
    lanewise(cpu, i, lane_pmul, shape_long(0, i->q), vm(cpu, i));
}

/* ---- two registers ---- */

#define UNARY(id, fn)                                                                              \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, same(i), zero); }
#define UNARY_SCALAR(id, fn)                                                                       \
    INTERP(id##_scalar) { lanewise(cpu, i, lane_##fn, shape_same(i->size, 1), zero); }
#define UNARY_BYTES(id, fn)                                                                        \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, shape_same(0, lane_count(0, i->q)), zero); }

UNARY(SUQADD, suqadd)
UNARY(USQADD, usqadd)
UNARY(CLS, cls)
UNARY(CLZ, clz)
UNARY(SQABS, sqabs)
UNARY(SQNEG, sqneg)
UNARY(CMGT_zero, cmgt)
UNARY(CMGE_zero, cmge)
UNARY(CMEQ_zero, cmeq)
UNARY(CMLE_zero, cmle)
UNARY(CMLT_zero, cmlt)
UNARY(ABS, abs)
UNARY(NEG, neg)
UNARY_BYTES(CNT, cnt)
UNARY_BYTES(NOT, not)
UNARY_BYTES(RBIT, rbit)

UNARY_SCALAR(SUQADD, suqadd)
UNARY_SCALAR(USQADD, usqadd)
UNARY_SCALAR(SQABS, sqabs)
UNARY_SCALAR(SQNEG, sqneg)
UNARY_SCALAR(CMGT_zero, cmgt)
UNARY_SCALAR(CMGE_zero, cmge)
UNARY_SCALAR(CMEQ_zero, cmeq)
UNARY_SCALAR(CMLE_zero, cmle)
UNARY_SCALAR(CMLT_zero, cmlt)
UNARY_SCALAR(ABS, abs)
UNARY_SCALAR(NEG, neg)

/* Lanes of a wider size whose elements, of i->size, the lane function takes apart itself. */
static Shape container(const DecodedInsn *i, unsigned size)
{
    Shape s = shape_same(size, lane_count(size, i->q));

    s.size = i->size;
    return s;
}

#define REVERSE(id, lane_size)                                                                     \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        lanewise(cpu, i, lane_rev, container(i, lane_size), simd_dup(lane_size, 8u << lane_size)); \
    }
REVERSE(REV64, 3)
REVERSE(REV32, 2)
REVERSE(REV16, 1)

#define PAIR_LONG(id, fn)                                                                          \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, container(i, i->size + 1u), zero); }
PAIR_LONG(SADDLP, saddlp)
PAIR_LONG(UADDLP, uaddlp)
PAIR_LONG(SADALP, sadalp)
PAIR_LONG(UADALP, uadalp)

#define EXTRACT(id, fn)                                                                            \
    INTERP(id##_vec) { lanewise(cpu, i, lane_##fn, shape_narrow(i->size, i->q), zero); }
#define EXTRACT_SCALAR(id, fn)                                                                     \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        lanewise(cpu, i, lane_##fn, shape_scalar(shape_narrow(i->size, 0)), zero);                 \
    }
EXTRACT(XTN, mov)
EXTRACT(SQXTN, sqxtn)
EXTRACT(SQXTUN, sqxtun)
EXTRACT(UQXTN, uqxtn)
EXTRACT_SCALAR(SQXTN, sqxtn)
EXTRACT_SCALAR(SQXTUN, sqxtun)
EXTRACT_SCALAR(UQXTN, uqxtn)

INTERP(SHLL_vec)
{
    lanewise(cpu, i, lane_shll, shape_long(i->size, i->q), zero);
}

/* ---- across lanes: one element remains ---- */

/* from_zero: sums start at 0; minima and maxima at the first lane. */
static void across(CpuState *cpu, const DecodedInsn *i, LaneFn *fn, bool from_zero,
                   unsigned result_size)
{
    V128 n = cpu->v[i->rn];
    uint64_t init = from_zero ? 0 : lane_get(&n, i->size, 0);
    uint64_t value = simd_fold(fn, i->size, lane_count(i->size, i->q), init, n);

    set_v64(cpu, i->rd, value & low_mask(8u << result_size));
}

#define ACROSS(id, fn, from_zero, result_size)                                                     \
    INTERP(id) { across(cpu, i, lane_##fn, from_zero, result_size); }
ACROSS(ADDV, add, true, i->size)
ACROSS(SADDLV, saddlv, true, i->size + 1u)
ACROSS(UADDLV, uaddlv, true, i->size + 1u)
ACROSS(SMAXV, smax, false, i->size)
ACROSS(UMAXV, umax, false, i->size)
ACROSS(SMINV, smin, false, i->size)
ACROSS(UMINV, umin, false, i->size)

/* ---- by element ---- */

/* The indexed element in every lane: h:l:m of V(rm) for halfwords, h:l of V(m:rm) for words. */
static V128 element(const CpuState *cpu, const DecodedInsn *i)
{
    if (i->size == 1)
        return simd_dup(1, cpu->v[i->rm].u16[i->h << 2 | i->l << 1 | i->m]);
    return simd_dup(2, cpu->v[i->m << 4 | i->rm].u32[i->h << 1 | i->l]);
}

#define ELEM(id, fn)                                                                               \
    INTERP(id##_elem) { lanewise(cpu, i, lane_##fn, same(i), element(cpu, i)); }
#define ELEM_SCALAR(id, fn)                                                                        \
    INTERP(id##_elem_scalar)                                                                       \
    {                                                                                              \
        lanewise(cpu, i, lane_##fn, shape_same(i->size, 1), element(cpu, i));                      \
    }
#define ELEM_LONG(id, fn)                                                                          \
    INTERP(id##_elem) { lanewise(cpu, i, lane_##fn, shape_long(i->size, i->q), element(cpu, i)); }
#define ELEM_LONG_SCALAR(id, fn)                                                                   \
    INTERP(id##_elem_scalar)                                                                       \
    {                                                                                              \
        lanewise(cpu, i, lane_##fn, shape_scalar(shape_long(i->size, 0)), element(cpu, i));        \
    }

ELEM(MLA, mla)
ELEM(MLS, mls)
ELEM(MUL, mul)
ELEM(SQDMULH, sqdmulh)
ELEM(SQRDMULH, sqrdmulh)
ELEM(SQRDMLAH, sqrdmlah)
ELEM(SQRDMLSH, sqrdmlsh)
ELEM_SCALAR(SQDMULH, sqdmulh)
ELEM_SCALAR(SQRDMULH, sqrdmulh)
ELEM_SCALAR(SQRDMLAH, sqrdmlah)
ELEM_SCALAR(SQRDMLSH, sqrdmlsh)
ELEM_LONG(SMLAL, smlal)
ELEM_LONG(UMLAL, umlal)
ELEM_LONG(SMLSL, smlsl)
ELEM_LONG(UMLSL, umlsl)
ELEM_LONG(SMULL, smull)
ELEM_LONG(UMULL, umull)
ELEM_LONG(SQDMLAL, sqdmlal)
ELEM_LONG(SQDMLSL, sqdmlsl)
ELEM_LONG(SQDMULL, sqdmull)
ELEM_LONG_SCALAR(SQDMLAL, sqdmlal)
ELEM_LONG_SCALAR(SQDMLSL, sqdmlsl)
ELEM_LONG_SCALAR(SQDMULL, sqdmull)
