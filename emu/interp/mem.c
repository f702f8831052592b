/*
 * Reference semantics: loads and stores of general registers.
 *
 * Every access comes before any register changes, so that a fault leaves the instruction
 * restartable. Natural-size accesses are single instructions on the host, hence single-copy
 * atomic; pairs may be two. SP's alignment is not checked (nor does QEMU).
 */
#include "emu/arith/int.h"
#include "emu/interp/interp.h"

static uint64_t load(uint64_t addr, unsigned size)
{
    switch (size) {
    case 0:
        return mem_ld8(addr);
    case 1:
        return mem_ld16(addr);
    case 2:
        return mem_ld32(addr);
    default:
        return mem_ld64(addr);
    }
}

static void store(uint64_t addr, unsigned size, uint64_t value)
{
    switch (size) {
    case 0:
        mem_st8(addr, (uint8_t)value);
        break;
    case 1:
        mem_st16(addr, (uint16_t)value);
        break;
    case 2:
        mem_st32(addr, (uint32_t)value);
        break;
    default:
        mem_st64(addr, value);
        break;
    }
}

/* One register. */

static void str_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    store(addr, i->size, get_x(cpu, i->rt));
}

static void ldr_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    set_x(cpu, i->rt, load(addr, i->size));
}

/* To 32 bits when op = 1, else to 64. */
static void ldrs_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    set_xw(cpu, !i->op, i->rt, (uint64_t)sext(load(addr, i->size), 8u << i->size));
}

static uint64_t unscaled_addr(const CpuState *cpu, const DecodedInsn *i)
{
    return get_x_sp(cpu, i->rn) + (uint64_t)(int64_t)i->simm;
}

/* An instruction's addressing modes around one access function. */
#define ADDRESSING_MODES(name, access)                                                             \
    INTERP(name##_uimm)                                                                            \
    {                                                                                              \
        access(cpu, i, get_x_sp(cpu, i->rn) + ((uint64_t)i->imm << i->size));                      \
    }                                                                                              \
    INTERP(name##_unscaled)                                                                        \
    {                                                                                              \
        access(cpu, i, unscaled_addr(cpu, i));                                                     \
    }                                                                                              \
    INTERP(name##_unpriv)                                                                          \
    {                                                                                              \
        access(cpu, i, unscaled_addr(cpu, i));                                                     \
    }                                                                                              \
    INTERP(name##_reg)                                                                             \
    {                                                                                              \
        uint64_t offset = extend_value(get_x(cpu, i->rm), i->option, i->s ? i->size : 0);          \
        access(cpu, i, get_x_sp(cpu, i->rn) + offset);                                             \
    }                                                                                              \
    INTERP(name##_pre)                                                                             \
    {                                                                                              \
        uint64_t addr = unscaled_addr(cpu, i);                                                     \
        access(cpu, i, addr);                                                                      \
        set_x_sp(cpu, i->rn, addr);                                                                \
    }                                                                                              \
    INTERP(name##_post)                                                                            \
    {                                                                                              \
        uint64_t after = unscaled_addr(cpu, i);                                                    \
        access(cpu, i, get_x_sp(cpu, i->rn));                                                      \
        set_x_sp(cpu, i->rn, after);                                                               \
    }

ADDRESSING_MODES(STR, str_at)
ADDRESSING_MODES(LDR, ldr_at)
ADDRESSING_MODES(LDRS, ldrs_at)

/* PC-relative loads. */

static uint64_t literal_addr(const CpuState *cpu, const DecodedInsn *i)
{
    return cpu->pc + (uint64_t)(int64_t)i->simm * 4;
}

INTERP(LDR_lit)
{
    set_x(cpu, i->rt, load(literal_addr(cpu, i), i->sf ? 3 : 2));
}

INTERP(LDRSW_lit)
{
    set_x(cpu, i->rt, (uint64_t)sext(load(literal_addr(cpu, i), 2), 32));
}

/* Prefetches never fault and change nothing. */

INTERP(PRFM_lit)
{
    (void)cpu, (void)i;
}

INTERP(PRFM_uimm)
{
    (void)cpu, (void)i;
}

INTERP(PRFUM)
{
    (void)cpu, (void)i;
}

INTERP(PRFM_reg)
{
    (void)cpu, (void)i;
}

/* Pairs. */

/* LDPSW has no sf field, so that sf = 0 there. */
static unsigned pair_size(const DecodedInsn *i)
{
    return i->sf ? 3 : 2;
}

static void stp_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    unsigned size = pair_size(i);

    store(addr, size, get_x(cpu, i->rt));
    store(addr + (1u << size), size, get_x(cpu, i->rt2));
}

static void ldp_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    unsigned size = pair_size(i);
    uint64_t first = load(addr, size), second = load(addr + (1u << size), size);

    set_x(cpu, i->rt, first);
    set_x(cpu, i->rt2, second);
}

static void ldpsw_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    int64_t first = sext(load(addr, 2), 32), second = sext(load(addr + 4, 2), 32);

    set_x(cpu, i->rt, (uint64_t)first);
    set_x(cpu, i->rt2, (uint64_t)second);
}

static uint64_t pair_addr(const CpuState *cpu, const DecodedInsn *i)
{
    return get_x_sp(cpu, i->rn) + ((uint64_t)(int64_t)i->simm << pair_size(i));
}

#define PAIR_MODES(name, access)                                                                   \
    INTERP(name##_off)                                                                             \
    {                                                                                              \
        access(cpu, i, pair_addr(cpu, i));                                                         \
    }                                                                                              \
    INTERP(name##_pre)                                                                             \
    {                                                                                              \
        uint64_t addr = pair_addr(cpu, i);                                                         \
        access(cpu, i, addr);                                                                      \
        set_x_sp(cpu, i->rn, addr);                                                                \
    }                                                                                              \
    INTERP(name##_post)                                                                            \
    {                                                                                              \
        uint64_t after = pair_addr(cpu, i);                                                        \
        access(cpu, i, get_x_sp(cpu, i->rn));                                                      \
        set_x_sp(cpu, i->rn, after);                                                               \
    }

PAIR_MODES(STP, stp_at)
PAIR_MODES(LDP, ldp_at)
PAIR_MODES(LDPSW, ldpsw_at)

INTERP(STNP)
{
    stp_at(cpu, i, pair_addr(cpu, i));
}

INTERP(LDNP)
{
    ldp_at(cpu, i, pair_addr(cpu, i));
}
