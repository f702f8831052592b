/* Conversions: floating point to and from integers and fixed point, and between formats. */
#include "emu/interp/fp_lanes.h"

/* Low lanes of Vn to integers of the same size in Vd. */
static void lanes_to_int(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned lanes,
                         unsigned fraction_bits, bool is_unsigned, FpRounding mode)
{
    V128 d = {0}, a = cpu->v[i->rn];
    unsigned bits = 8u << size;

    for (unsigned n = 0; n < lanes; n++)
        lane_set(&d, size, n,
                 fp_to_int(bits, lane_get(&a, size, n), bits, fraction_bits, is_unsigned, mode,
                           cpu->fpcr, &cpu->fpsr));
    cpu->v[i->rd] = d;
}

static void lanes_from_int(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned lanes,
                           unsigned fraction_bits, bool is_unsigned)
{
    V128 d = {0}, a = cpu->v[i->rn];
    unsigned bits = 8u << size;

    for (unsigned n = 0; n < lanes; n++) {
        uint64_t value = lane_get(&a, size, n);
        if (!is_unsigned)
            value = (uint64_t)sext(value, bits);
        lane_set(&d, size, n,
                 fp_from_int(bits, value, fraction_bits, is_unsigned, fp_rounding(cpu->fpcr),
                             cpu->fpcr, &cpu->fpsr));
    }
    cpu->v[i->rd] = d;
}

/* FP register to general register and back; fraction_bits is 0 for integers. */
static void gen_to_int(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned fraction_bits,
                       bool is_unsigned, FpRounding mode)
{
    set_xw(cpu, i->sf, i->rd,
           fp_to_int(8u << size, fp_reg(cpu, size, i->rn), i->sf ? 64 : 32, fraction_bits,
                     is_unsigned, mode, cpu->fpcr, &cpu->fpsr));
}

static void gen_from_int(CpuState *cpu, const DecodedInsn *i, unsigned size, unsigned fraction_bits,
                         bool is_unsigned)
{
    uint64_t value = get_xw(cpu, i->sf, i->rn);

    if (!i->sf && !is_unsigned)
        value = (uint64_t)sext(value, 32);
    set_v64(cpu, i->rd,
            fp_from_int(8u << size, value, fraction_bits, is_unsigned, fp_rounding(cpu->fpcr),
                        cpu->fpcr, &cpu->fpsr));
}

/* What the six rows of a conversion to integers have in common. */
#define TO_INT(id, is_unsigned, mode)                                                              \
    INTERP(id##_int)                                                                               \
    {                                                                                              \
        gen_to_int(cpu, i, fp_size(i), 0, is_unsigned, mode);                                      \
    }                                                                                              \
    INTERP(id##_int_h)                                                                             \
    {                                                                                              \
        gen_to_int(cpu, i, FP_HALF, 0, is_unsigned, mode);                                         \
    }                                                                                              \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        lanes_to_int(cpu, i, fp_size(i), 1, 0, is_unsigned, mode);                                 \
    }                                                                                              \
    INTERP(id##_scalar_h)                                                                          \
    {                                                                                              \
        lanes_to_int(cpu, i, FP_HALF, 1, 0, is_unsigned, mode);                                    \
    }                                                                                              \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        lanes_to_int(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), 0, is_unsigned, mode);      \
    }                                                                                              \
    INTERP(id##_vec_h)                                                                             \
    {                                                                                              \
        lanes_to_int(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), 0, is_unsigned, mode);            \
    }

TO_INT(FCVTNS, false, FP_NEAREST)
TO_INT(FCVTNU, true, FP_NEAREST)
TO_INT(FCVTPS, false, FP_UP)
TO_INT(FCVTPU, true, FP_UP)
TO_INT(FCVTMS, false, FP_DOWN)
TO_INT(FCVTMU, true, FP_DOWN)
TO_INT(FCVTZS, false, FP_TO_ZERO)
TO_INT(FCVTZU, true, FP_TO_ZERO)
TO_INT(FCVTAS, false, FP_NEAREST_AWAY)
TO_INT(FCVTAU, true, FP_NEAREST_AWAY)

#define FROM_INT(id, is_unsigned)                                                                  \
    INTERP(id##_int)                                                                               \
    {                                                                                              \
        gen_from_int(cpu, i, fp_size(i), 0, is_unsigned);                                          \
    }                                                                                              \
    INTERP(id##_int_h)                                                                             \
    {                                                                                              \
        gen_from_int(cpu, i, FP_HALF, 0, is_unsigned);                                             \
    }                                                                                              \
    INTERP(id##_scalar)                                                                            \
    {                                                                                              \
        lanes_from_int(cpu, i, fp_size(i), 1, 0, is_unsigned);                                     \
    }                                                                                              \
    INTERP(id##_scalar_h)                                                                          \
    {                                                                                              \
        lanes_from_int(cpu, i, FP_HALF, 1, 0, is_unsigned);                                        \
    }                                                                                              \
    INTERP(id##_vec)                                                                               \
    {                                                                                              \
        lanes_from_int(cpu, i, fp_size(i), lane_count(fp_size(i), i->q), 0, is_unsigned);          \
    }                                                                                              \
    INTERP(id##_vec_h)                                                                             \
    {                                                                                              \
        lanes_from_int(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), 0, is_unsigned);                \
    }

FROM_INT(SCVTF, false)
FROM_INT(UCVTF, true)

/* Fixed point. A general register's scale field is 64 - fraction bits. */

#define GEN_FIXED(id, function, ...)                                                               \
    INTERP(id##_fix)                                                                               \
    {                                                                                              \
        function(cpu, i, fp_size(i), 64u - i->scale, __VA_ARGS__);                                 \
    }                                                                                              \
    INTERP(id##_fix_h)                                                                             \
    {                                                                                              \
        function(cpu, i, FP_HALF, 64u - i->scale, __VA_ARGS__);                                    \
    }

GEN_FIXED(FCVTZS, gen_to_int, false, FP_TO_ZERO)
GEN_FIXED(FCVTZU, gen_to_int, true, FP_TO_ZERO)
GEN_FIXED(SCVTF, gen_from_int, false)
GEN_FIXED(UCVTF, gen_from_int, true)

/* immh:immb of the S and D rows: size, and twice the width minus the fraction bits. */
static unsigned fixed_size(const DecodedInsn *i)
{
    return i->immh >= 8 ? 3 : 2;
}

static unsigned fixed_fraction(const DecodedInsn *i)
{
    return (16u << fixed_size(i)) - (i->immh << 3 | i->immb);
}

#define LANES_FIXED(id, function, ...)                                                             \
    INTERP(id##_scalar_fix)                                                                        \
    {                                                                                              \
        function(cpu, i, fixed_size(i), 1, fixed_fraction(i), __VA_ARGS__);                        \
    }                                                                                              \
    INTERP(id##_scalar_fix_h)                                                                      \
    {                                                                                              \
        function(cpu, i, FP_HALF, 1, 16u - i->immb, __VA_ARGS__);                                  \
    }                                                                                              \
    INTERP(id##_vec_fix)                                                                           \
    {                                                                                              \
        function(cpu, i, fixed_size(i), lane_count(fixed_size(i), i->q), fixed_fraction(i),        \
                 __VA_ARGS__);                                                                     \
    }                                                                                              \
    INTERP(id##_vec_fix_h)                                                                         \
    {                                                                                              \
        function(cpu, i, FP_HALF, lane_count(FP_HALF, i->q), 16u - i->immb, __VA_ARGS__);          \
    }

LANES_FIXED(FCVTZS, lanes_to_int, false, FP_TO_ZERO)
LANES_FIXED(FCVTZU, lanes_to_int, true, FP_TO_ZERO)
LANES_FIXED(SCVTF, lanes_from_int, false)
LANES_FIXED(UCVTF, lanes_from_int, true)

INTERP(FJCVTZS)
{
    bool exact;
    uint32_t value = fp_to_int_js(cpu->v[i->rn].u64[0], &exact, cpu->fpcr, &cpu->fpsr);

    set_w(cpu, i->rd, value);
    cpu->nzcv = exact ? PSTATE_Z : 0;
}

/* Between formats. */

/* ftype and opc: 0 single, 1 double, 3 half. */
INTERP(FCVT_scalar)
{
    static const uint8_t size_of[4] = {2, 3, 0, 1};
    unsigned from = size_of[i->ftype], to = size_of[i->opc];

    set_v64(cpu, i->rd,
            fp_convert(8u << to, 8u << from, fp_reg(cpu, from, i->rn), fp_rounding(cpu->fpcr),
                       cpu->fpcr, &cpu->fpsr));
}

INTERP(BFCVT_scalar)
{
    set_v64(cpu, i->rd, fp_to_bf16(cpu->v[i->rn].u32[0], cpu->fpcr, &cpu->fpsr));
}

INTERP(FCVTL)
{
    unsigned to = fp_size(i), from = to - 1, lanes = lane_count(to, 1);
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < lanes; n++)
        lane_set(&d, to, n,
                 fp_convert(8u << to, 8u << from, lane_get(&a, from, n + (i->q ? lanes : 0)),
                            fp_rounding(cpu->fpcr), cpu->fpcr, &cpu->fpsr));
    cpu->v[i->rd] = d;
}

/* Puts a narrowed vector into the low half (clearing the rest) or the high half of Vd. */
static void set_narrow(CpuState *cpu, const DecodedInsn *i, uint64_t value)
{
    if (i->q)
        cpu->v[i->rd].u64[1] = value;
    else
        set_v64(cpu, i->rd, value);
}

INTERP(FCVTN)
{
    unsigned from = fp_size(i), to = from - 1;
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < lane_count(from, 1); n++)
        lane_set(&d, to, n,
                 fp_convert(8u << to, 8u << from, lane_get(&a, from, n), fp_rounding(cpu->fpcr),
                            cpu->fpcr, &cpu->fpsr));
    set_narrow(cpu, i, d.u64[0]);
}

INTERP(FCVTXN_vec)
{
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < 2; n++)
        d.u32[n] = (uint32_t)fp_convert(32, 64, a.u64[n], FP_TO_ODD, cpu->fpcr, &cpu->fpsr);
    set_narrow(cpu, i, d.u64[0]);
}

INTERP(FCVTXN_scalar)
{
    set_v64(cpu, i->rd, fp_convert(32, 64, cpu->v[i->rn].u64[0], FP_TO_ODD, cpu->fpcr, &cpu->fpsr));
}

INTERP(BFCVTN)
{
    V128 d = {0}, a = cpu->v[i->rn];

    for (unsigned n = 0; n < 4; n++)
        d.u16[n] = (uint16_t)fp_to_bf16(a.u32[n], cpu->fpcr, &cpu->fpsr);
    set_narrow(cpu, i, d.u64[0]);
}
