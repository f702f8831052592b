/*
 * Advanced SIMD moves: copies between elements and general registers, permutes, table lookup,
 * modified immediates.
 *
 * Invariant: the lowest bit set in imm5 is the element size, the bits above it the index.
 */
#include "emu/interp/lanewise.h"

static unsigned imm5_size(const DecodedInsn *i)
{
    return (unsigned)__builtin_ctz(i->imm5);
}

static uint64_t source_element(const CpuState *cpu, const DecodedInsn *i)
{
    return lane_get(&cpu->v[i->rn], imm5_size(i), i->imm5 >> (imm5_size(i) + 1));
}

/* Vd = value; the upper half is cleared when q is 0. */
static void set_vq(CpuState *cpu, const DecodedInsn *i, V128 value)
{
    if (!i->q)
        value.u64[1] = 0;
    cpu->v[i->rd] = value;
}

INTERP(DUP_elem)
{
    set_vq(cpu, i, simd_dup(imm5_size(i), source_element(cpu, i)));
}

INTERP(DUP_elem_scalar)
{
    set_v64(cpu, i->rd, source_element(cpu, i));
}

INTERP(DUP_gen)
{
    set_vq(cpu, i, simd_dup(imm5_size(i), get_x(cpu, i->rn)));
}

INTERP(SMOV)
{
    set_xw(cpu, i->q, i->rd, (uint64_t)sext(source_element(cpu, i), 8u << imm5_size(i)));
}

INTERP(UMOV)
{
    set_x(cpu, i->rd, source_element(cpu, i));
}

INTERP(INS_gen)
{
    lane_set(&cpu->v[i->rd], imm5_size(i), i->imm5 >> (imm5_size(i) + 1), get_x(cpu, i->rn));
}

INTERP(INS_elem)
{
    unsigned size = imm5_size(i);
    uint64_t value = lane_get(&cpu->v[i->rn], size, i->imm4 >> size);

    lane_set(&cpu->v[i->rd], size, i->imm5 >> (size + 1), value);
}

#define PERMUTE(id, fn, part)                                                                      \
    INTERP(id) { cpu->v[i->rd] = fn(i->size, i->q, part, cpu->v[i->rn], cpu->v[i->rm]); }
PERMUTE(UZP1, simd_uzp, 0)
PERMUTE(UZP2, simd_uzp, 1)
PERMUTE(ZIP1, simd_zip, 0)
PERMUTE(ZIP2, simd_zip, 1)
PERMUTE(TRN1, simd_trn, 0)
PERMUTE(TRN2, simd_trn, 1)

INTERP(EXT)
{
    cpu->v[i->rd] = simd_ext(i->q, i->imm4, cpu->v[i->rn], cpu->v[i->rm]);
}

INTERP(TBL)
{
    const V128 none = {.u64 = {0, 0}};

    cpu->v[i->rd] = simd_table(cpu->v, i->rn, i->opc + 1u, i->q, cpu->v[i->rm], none);
}

INTERP(TBX)
{
    cpu->v[i->rd] =
        simd_table(cpu->v, i->rn, i->opc + 1u, i->q, cpu->v[i->rm], cpu->v[i->rd]);
}

/* ---- modified immediate: Vd = fn(old Vd, immediate) on 64-bit lanes ---- */

static void modified_imm(CpuState *cpu, const DecodedInsn *i, LaneFn *fn)
{
    V128 imm = simd_dup(3, simd_modified_imm(i->word));
    bool sat;

    cpu->v[i->rd] = simd_map(fn, shape_same(3, lane_count(3, i->q)), imm, cpu->v[i->rd], imm, &sat);
}

/* The same immediate, not combined with the old value. */
static void move_imm(CpuState *cpu, const DecodedInsn *i, uint64_t flip)
{
    set_vq(cpu, i, simd_dup(3, simd_modified_imm(i->word) ^ flip));
}

#define MOVE(id) INTERP(id) { move_imm(cpu, i, 0); }
#define MOVE_NOT(id) INTERP(id) { move_imm(cpu, i, ~0ull); }
#define COMBINE(id, fn) INTERP(id) { modified_imm(cpu, i, lane_##fn); }

MOVE(MOVI_w0)
MOVE(MOVI_w1)
MOVE(MOVI_w2)
MOVE(MOVI_w3)
MOVE(MOVI_h0)
MOVE(MOVI_h1)
MOVE(MOVI_msl)
MOVE(MOVI_b)
MOVE(MOVI_d)
MOVE(FMOV_imm_s)
MOVE(FMOV_imm_d)
MOVE(FMOV_imm_h)
MOVE_NOT(MVNI_w0)
MOVE_NOT(MVNI_w1)
MOVE_NOT(MVNI_w2)
MOVE_NOT(MVNI_w3)
MOVE_NOT(MVNI_h0)
MOVE_NOT(MVNI_h1)
MOVE_NOT(MVNI_msl)
COMBINE(ORR_imm_w0, orr)
COMBINE(ORR_imm_w1, orr)
COMBINE(ORR_imm_w2, orr)
COMBINE(ORR_imm_w3, orr)
COMBINE(ORR_imm_h0, orr)
COMBINE(ORR_imm_h1, orr)
COMBINE(BIC_imm_w0, bic)
COMBINE(BIC_imm_w1, bic)
COMBINE(BIC_imm_w2, bic)
COMBINE(BIC_imm_w3, bic)
COMBINE(BIC_imm_h0, bic)
COMBINE(BIC_imm_h1, bic)
