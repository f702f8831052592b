/*
 * Reference semantics: integer data processing. Families of rows share one body, written
 * from the manual's pseudocode; the INTERP functions name the member.
 */
#include "emu/arith/int.h"
#include "emu/interp/interp.h"

static unsigned data_bits(const DecodedInsn *i)
{
    return i->sf ? 64 : 32;
}

/* PC-relative addresses. */

INTERP(ADR)
{
    set_x(cpu, i->rd, cpu->pc + (uint64_t)(int64_t)(i->simm * 4) + i->immlo);
}

INTERP(ADRP)
{
    int64_t pages = (int64_t)i->simm * 4 + i->immlo;

    set_x(cpu, i->rd, (cpu->pc & ~0xfffull) + ((uint64_t)pages << 12));
}

/* Addition and subtraction. */

/* a + b or a - b; the caller writes the destination. */
static uint64_t add_sub(CpuState *cpu, const DecodedInsn *i, uint64_t a, uint64_t b, bool sub,
                        bool set_flags)
{
    Sum sum = add_with_carry(data_bits(i), a, sub ? ~b : b, sub);

    if (set_flags)
        cpu->nzcv = sum.nzcv;
    return sum.value;
}

#define ADD_SUB(kind, suffix_fn)                                                                   \
    INTERP(ADD_##kind)                                                                             \
    {                                                                                              \
        suffix_fn(cpu, i, false, false);                                                           \
    }                                                                                              \
    INTERP(ADDS_##kind)                                                                            \
    {                                                                                              \
        suffix_fn(cpu, i, false, true);                                                            \
    }                                                                                              \
    INTERP(SUB_##kind)                                                                             \
    {                                                                                              \
        suffix_fn(cpu, i, true, false);                                                            \
    }                                                                                              \
    INTERP(SUBS_##kind)                                                                            \
    {                                                                                              \
        suffix_fn(cpu, i, true, true);                                                             \
    }

/* Rd is SP unless flags are set; W results clear the upper half either way. */
static void set_sp_or_zr(CpuState *cpu, const DecodedInsn *i, uint64_t value, bool zr)
{
    if (zr)
        set_x(cpu, i->rd, value);
    else
        set_x_sp(cpu, i->rd, value);
}

static void add_sub_imm(CpuState *cpu, const DecodedInsn *i, bool sub, bool set_flags)
{
    uint64_t imm = (uint64_t)i->imm << (i->shift ? 12 : 0);
    uint64_t value = add_sub(cpu, i, get_x_sp(cpu, i->rn), imm, sub, set_flags);

    set_sp_or_zr(cpu, i, value, set_flags);
}
ADD_SUB(imm, add_sub_imm)

static void add_sub_shift(CpuState *cpu, const DecodedInsn *i, bool sub, bool set_flags)
{
    uint64_t b = shift_value(data_bits(i), get_x(cpu, i->rm), i->shift, i->imm);

    set_x(cpu, i->rd, add_sub(cpu, i, get_x(cpu, i->rn), b, sub, set_flags));
}
ADD_SUB(shift, add_sub_shift)

static void add_sub_ext(CpuState *cpu, const DecodedInsn *i, bool sub, bool set_flags)
{
    uint64_t b = extend_value(get_x(cpu, i->rm), i->option, i->imm);
    uint64_t value = add_sub(cpu, i, get_x_sp(cpu, i->rn), b, sub, set_flags);

    set_sp_or_zr(cpu, i, value, set_flags);
}
ADD_SUB(ext, add_sub_ext)

static void add_sub_carry(CpuState *cpu, const DecodedInsn *i, bool sub, bool set_flags)
{
    uint64_t b = get_x(cpu, i->rm);
    unsigned carry = (cpu->nzcv & PSTATE_C) != 0;
    Sum sum = add_with_carry(data_bits(i), get_x(cpu, i->rn), sub ? ~b : b, carry);

    if (set_flags)
        cpu->nzcv = sum.nzcv;
    set_x(cpu, i->rd, sum.value);
}

INTERP(ADC)
{
    add_sub_carry(cpu, i, false, false);
}

INTERP(ADCS)
{
    add_sub_carry(cpu, i, false, true);
}

INTERP(SBC)
{
    add_sub_carry(cpu, i, true, false);
}

INTERP(SBCS)
{
    add_sub_carry(cpu, i, true, true);
}

/* Logical operations. */

typedef enum Logic { LOGIC_AND, LOGIC_ORR, LOGIC_EOR } Logic;

static uint64_t logic(Logic op, uint64_t a, uint64_t b)
{
    return op == LOGIC_AND ? a & b : op == LOGIC_ORR ? a | b : a ^ b;
}

static uint64_t logic_imm(CpuState *cpu, const DecodedInsn *i, Logic op)
{
    uint64_t wmask, tmask;

    bit_masks(data_bits(i), i->n, i->imms, i->immr, &wmask, &tmask);
    return logic(op, get_x(cpu, i->rn), wmask) & low_mask(data_bits(i));
}

static uint64_t logic_shift(CpuState *cpu, const DecodedInsn *i, Logic op, bool invert)
{
    uint64_t b = shift_value(data_bits(i), get_x(cpu, i->rm), i->shift, i->imm);

    return logic(op, get_x(cpu, i->rn), invert ? ~b : b) & low_mask(data_bits(i));
}

/* ANDS and BICS: C and V become 0. */
static void set_logic_flags(CpuState *cpu, const DecodedInsn *i, uint64_t value)
{
    cpu->nzcv = nz_flags(data_bits(i), value);
    set_x(cpu, i->rd, value);
}

INTERP(AND_imm)
{
    set_x_sp(cpu, i->rd, logic_imm(cpu, i, LOGIC_AND));
}

INTERP(ORR_imm)
{
    set_x_sp(cpu, i->rd, logic_imm(cpu, i, LOGIC_ORR));
}

INTERP(EOR_imm)
{
    set_x_sp(cpu, i->rd, logic_imm(cpu, i, LOGIC_EOR));
}

INTERP(ANDS_imm)
{
    set_logic_flags(cpu, i, logic_imm(cpu, i, LOGIC_AND));
}

INTERP(AND_shift)
{
    set_x(cpu, i->rd, logic_shift(cpu, i, LOGIC_AND, false));
}

INTERP(BIC_shift)
{
    set_x(cpu, i->rd, logic_shift(cpu, i, LOGIC_AND, true));
}

INTERP(ORR_shift)
{
    set_x(cpu, i->rd, logic_shift(cpu, i, LOGIC_ORR, false));
}

INTERP(ORN_shift)
{
    set_x(cpu, i->rd, logic_shift(cpu, i, LOGIC_ORR, true));
}

INTERP(EOR_shift)
{
    set_x(cpu, i->rd, logic_shift(cpu, i, LOGIC_EOR, false));
}

INTERP(EON_shift)
{
    set_x(cpu, i->rd, logic_shift(cpu, i, LOGIC_EOR, true));
}

INTERP(ANDS_shift)
{
    set_logic_flags(cpu, i, logic_shift(cpu, i, LOGIC_AND, false));
}

INTERP(BICS_shift)
{
    set_logic_flags(cpu, i, logic_shift(cpu, i, LOGIC_AND, true));
}

/* Moves and bit fields. */

INTERP(MOVN)
{
    set_xw(cpu, i->sf, i->rd, ~((uint64_t)i->imm << (i->hw * 16)));
}

INTERP(MOVZ)
{
    set_x(cpu, i->rd, (uint64_t)i->imm << (i->hw * 16));
}

INTERP(MOVK)
{
    uint64_t keep = ~(0xffffull << (i->hw * 16));

    set_xw(cpu, i->sf, i->rd, (get_x(cpu, i->rd) & keep) | (uint64_t)i->imm << (i->hw * 16));
}

INTERP(SBFM)
{
    uint64_t wmask, tmask, source = get_x(cpu, i->rn);

    bit_masks(data_bits(i), i->n, i->imms, i->immr, &wmask, &tmask);
    uint64_t bottom = ror(source, i->immr, data_bits(i)) & wmask;
    uint64_t top = source >> i->imms & 1 ? ~0ull : 0;
    set_xw(cpu, i->sf, i->rd, (top & ~tmask) | (bottom & tmask));
}

INTERP(BFM)
{
    uint64_t wmask, tmask, old = get_x(cpu, i->rd);

    bit_masks(data_bits(i), i->n, i->imms, i->immr, &wmask, &tmask);
    uint64_t bottom = (old & ~wmask) | (ror(get_x(cpu, i->rn), i->immr, data_bits(i)) & wmask);
    set_xw(cpu, i->sf, i->rd, (old & ~tmask) | (bottom & tmask));
}

INTERP(UBFM)
{
    uint64_t wmask, tmask;

    bit_masks(data_bits(i), i->n, i->imms, i->immr, &wmask, &tmask);
    set_x(cpu, i->rd, ror(get_x(cpu, i->rn), i->immr, data_bits(i)) & wmask & tmask);
}

INTERP(EXTR)
{
    unsigned bits = data_bits(i);
    uint128_t both = (uint128_t)get_xw(cpu, i->sf, i->rn) << bits | get_xw(cpu, i->sf, i->rm);

    set_xw(cpu, i->sf, i->rd, (uint64_t)(both >> i->imms));
}

/* Flags and conditions. */

INTERP(RMIF)
{
    uint32_t flags = (uint32_t)ror(get_x(cpu, i->rn), i->imm, 64) << 28;
    uint32_t mask = (uint32_t)i->nzcv << 28;

    cpu->nzcv = (cpu->nzcv & ~mask) | (flags & mask);
}

/* SETF8, SETF16: N, Z from the low `bits`, V when the bit above differs; C stays. */
static void set_flags_narrow(CpuState *cpu, uint32_t value, unsigned bits)
{
    uint32_t n = value >> (bits - 1) & 1, z = (value & low_mask(bits)) == 0;
    uint32_t v = (value >> bits & 1) ^ n;

    cpu->nzcv = (cpu->nzcv & PSTATE_C) | n << 31 | z << 30 | v << 28;
}

INTERP(SETF8)
{
    set_flags_narrow(cpu, get_w(cpu, i->rn), 8);
}

INTERP(SETF16)
{
    set_flags_narrow(cpu, get_w(cpu, i->rn), 16);
}

INTERP(CFINV)
{
    (void)i;
    cpu->nzcv ^= PSTATE_C;
}

INTERP(XAFLAG)
{
    bool z = cpu->nzcv & PSTATE_Z, c = cpu->nzcv & PSTATE_C;

    (void)i;
    cpu->nzcv = (!c && !z ? PSTATE_N : 0) | (z && c ? PSTATE_Z : 0) | (c || z ? PSTATE_C : 0) |
                (!c && z ? PSTATE_V : 0);
}

INTERP(AXFLAG)
{
    bool z = cpu->nzcv & PSTATE_Z, c = cpu->nzcv & PSTATE_C, v = cpu->nzcv & PSTATE_V;

    (void)i;
    cpu->nzcv = (z || v ? PSTATE_Z : 0) | (c && !v ? PSTATE_C : 0);
}

static void cond_compare(CpuState *cpu, const DecodedInsn *i, uint64_t b, bool sub)
{
    if (cond_holds(i->cond, cpu->nzcv))
        add_sub(cpu, i, get_x(cpu, i->rn), b, sub, true);
    else
        cpu->nzcv = (uint32_t)i->nzcv << 28;
}

INTERP(CCMN_reg)
{
    cond_compare(cpu, i, get_x(cpu, i->rm), false);
}

INTERP(CCMP_reg)
{
    cond_compare(cpu, i, get_x(cpu, i->rm), true);
}

INTERP(CCMN_imm)
{
    cond_compare(cpu, i, i->imm, false);
}

INTERP(CCMP_imm)
{
    cond_compare(cpu, i, i->imm, true);
}

/* Rn when the condition holds, else otherwise. */
static void select_value(CpuState *cpu, const DecodedInsn *i, uint64_t otherwise)
{
    set_xw(cpu, i->sf, i->rd,
           cond_holds(i->cond, cpu->nzcv) ? get_x(cpu, i->rn) : otherwise);
}

INTERP(CSEL)
{
    select_value(cpu, i, get_x(cpu, i->rm));
}

INTERP(CSINC)
{
    select_value(cpu, i, get_x(cpu, i->rm) + 1);
}

INTERP(CSINV)
{
    select_value(cpu, i, ~get_x(cpu, i->rm));
}

INTERP(CSNEG)
{
    select_value(cpu, i, 0 - get_x(cpu, i->rm));
}

/* Two sources. */

/* A register of the instruction's size, sign-extended. */
static int64_t get_signed(const CpuState *cpu, const DecodedInsn *i, unsigned r)
{
    return sext(get_x(cpu, r), data_bits(i));
}

INTERP(UDIV)
{
    set_x(cpu, i->rd, divide_unsigned(get_xw(cpu, i->sf, i->rn), get_xw(cpu, i->sf, i->rm)));
}

INTERP(SDIV)
{
    int64_t value = divide_signed(get_signed(cpu, i, i->rn), get_signed(cpu, i, i->rm));

    set_xw(cpu, i->sf, i->rd, (uint64_t)value);
}

/* type as shift_value() numbers them; the amount is taken modulo the register size. */
static void shift_by_reg(CpuState *cpu, const DecodedInsn *i, unsigned type)
{
    unsigned bits = data_bits(i), amount = (unsigned)get_x(cpu, i->rm) & (bits - 1);

    set_x(cpu, i->rd, shift_value(bits, get_x(cpu, i->rn), type, amount));
}

INTERP(LSLV)
{
    shift_by_reg(cpu, i, 0);
}

INTERP(LSRV)
{
    shift_by_reg(cpu, i, 1);
}

INTERP(ASRV)
{
    shift_by_reg(cpu, i, 2);
}

INTERP(RORV)
{
    shift_by_reg(cpu, i, 3);
}

INTERP(CRC32)
{
    set_w(cpu, i->rd,
          crc32_update(get_w(cpu, i->rn), get_x(cpu, i->rm), 1u << i->size, 0xedb88320));
}

INTERP(CRC32C)
{
    set_w(cpu, i->rd,
          crc32_update(get_w(cpu, i->rn), get_x(cpu, i->rm), 1u << i->size, 0x82f63b78));
}

static void min_max_signed(CpuState *cpu, const DecodedInsn *i, int64_t b, bool max)
{
    int64_t a = get_signed(cpu, i, i->rn);

    set_xw(cpu, i->sf, i->rd, (uint64_t)((a > b) == max ? a : b));
}

static void min_max_unsigned(CpuState *cpu, const DecodedInsn *i, uint64_t b, bool max)
{
    uint64_t a = get_xw(cpu, i->sf, i->rn);

    set_x(cpu, i->rd, (a > b) == max ? a : b);
}

INTERP(SMAX_imm)
{
    min_max_signed(cpu, i, i->simm, true);
}

INTERP(SMIN_imm)
{
    min_max_signed(cpu, i, i->simm, false);
}

INTERP(UMAX_imm)
{
    min_max_unsigned(cpu, i, i->imm, true);
}

INTERP(UMIN_imm)
{
    min_max_unsigned(cpu, i, i->imm, false);
}

INTERP(SMAX_reg)
{
    min_max_signed(cpu, i, get_signed(cpu, i, i->rm), true);
}

INTERP(SMIN_reg)
{
    min_max_signed(cpu, i, get_signed(cpu, i, i->rm), false);
}

INTERP(UMAX_reg)
{
    min_max_unsigned(cpu, i, get_xw(cpu, i->sf, i->rm), true);
}

INTERP(UMIN_reg)
{
    min_max_unsigned(cpu, i, get_xw(cpu, i->sf, i->rm), false);
}

/* One source. */

INTERP(RBIT)
{
    set_x(cpu, i->rd, reverse_bits(get_x(cpu, i->rn), data_bits(i)));
}

INTERP(REV16)
{
    set_xw(cpu, i->sf, i->rd, reverse_bytes(get_x(cpu, i->rn), 16));
}

INTERP(REV32)
{
    set_xw(cpu, i->sf, i->rd, reverse_bytes(get_x(cpu, i->rn), 32));
}

INTERP(REV64)
{
    set_x(cpu, i->rd, reverse_bytes(get_x(cpu, i->rn), 64));
}

/* Zeros above the highest one among the low `bits`. */
static unsigned leading_zeros(uint64_t value, unsigned bits)
{
    return value ? (unsigned)__builtin_clzll(value) - (64 - bits) : bits;
}

INTERP(CLZ)
{
    set_x(cpu, i->rd, leading_zeros(get_xw(cpu, i->sf, i->rn), data_bits(i)));
}

INTERP(CLS)
{
    unsigned bits = data_bits(i);
    uint64_t value = get_xw(cpu, i->sf, i->rn);
    uint64_t changes = (value ^ value >> 1) & low_mask(bits - 1);

    set_x(cpu, i->rd, leading_zeros(changes, bits) - 1);
}

INTERP(CTZ)
{
    uint64_t value = get_xw(cpu, i->sf, i->rn);

    set_x(cpu, i->rd, value ? (unsigned)__builtin_ctzll(value) : data_bits(i));
}

INTERP(CNT)
{
    set_x(cpu, i->rd, (unsigned)__builtin_popcountll(get_xw(cpu, i->sf, i->rn)));
}

INTERP(ABS)
{
    int64_t value = get_signed(cpu, i, i->rn);

    set_xw(cpu, i->sf, i->rd, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* Three sources. */

INTERP(MADD)
{
    set_xw(cpu, i->sf, i->rd, get_x(cpu, i->ra) + get_x(cpu, i->rn) * get_x(cpu, i->rm));
}

INTERP(MSUB)
{
    set_xw(cpu, i->sf, i->rd, get_x(cpu, i->ra) - get_x(cpu, i->rn) * get_x(cpu, i->rm));
}

static uint64_t product_signed(const CpuState *cpu, const DecodedInsn *i)
{
    return (uint64_t)((int64_t)(int32_t)get_w(cpu, i->rn) * (int32_t)get_w(cpu, i->rm));
}

static uint64_t product_unsigned(const CpuState *cpu, const DecodedInsn *i)
{
    return (uint64_t)get_w(cpu, i->rn) * get_w(cpu, i->rm);
}

INTERP(SMADDL)
{
    set_x(cpu, i->rd, get_x(cpu, i->ra) + product_signed(cpu, i));
}

INTERP(SMSUBL)
{
    set_x(cpu, i->rd, get_x(cpu, i->ra) - product_signed(cpu, i));
}

INTERP(UMADDL)
{
    set_x(cpu, i->rd, get_x(cpu, i->ra) + product_unsigned(cpu, i));
}

INTERP(UMSUBL)
{
    set_x(cpu, i->rd, get_x(cpu, i->ra) - product_unsigned(cpu, i));
}

INTERP(SMULH)
{
    int128_t product = (int128_t)(int64_t)get_x(cpu, i->rn) * (int64_t)get_x(cpu, i->rm);

    set_x(cpu, i->rd, (uint64_t)((uint128_t)product >> 64));
}

INTERP(UMULH)
{
    uint128_t product = (uint128_t)get_x(cpu, i->rn) * get_x(cpu, i->rm);

    set_x(cpu, i->rd, (uint64_t)(product >> 64));
}
