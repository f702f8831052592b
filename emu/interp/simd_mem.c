/*
 * Reference semantics: loads and stores of SIMD&FP registers, and the AdvSIMD structure
 * loads and stores.
 *
 * As in mem.c, memory is read completely before a register changes. A 16-byte access that is
 * aligned is one host access (LSE2: single-copy atomic).
 */
#include "emu/arith/int.h"
#include "emu/interp/interp.h"

static V128 load128(uint64_t addr)
{
    V128 value;

    if (addr & 15)
        return mem_ld128(addr);
    __asm__ volatile("movdqa %1, %0" : "=x"(value) : "m"(*(V128 *)mem_ptr(addr)));
    return value;
}

static void store128(uint64_t addr, V128 value)
{
    if (addr & 15)
        mem_st128(addr, value);
    else
        __asm__ volatile("movdqa %1, %0" : "=m"(*(V128 *)mem_ptr(addr)) : "x"(value));
}

/* 1 << scale bytes (scale 0..4), zero-extended to the register. */
static V128 load_v(uint64_t addr, unsigned scale)
{
    V128 value = {.u64 = {0, 0}};

    switch (scale) {
    case 0:
        value.u8[0] = mem_ld8(addr);
        break;
    case 1:
        value.u16[0] = mem_ld16(addr);
        break;
    case 2:
        value.u32[0] = mem_ld32(addr);
        break;
    case 3:
        value.u64[0] = mem_ld64(addr);
        break;
    default:
        value = load128(addr);
        break;
    }
    return value;
}

static void store_v(uint64_t addr, unsigned scale, V128 value)
{
    switch (scale) {
    case 0:
        mem_st8(addr, value.u8[0]);
        break;
    case 1:
        mem_st16(addr, value.u16[0]);
        break;
    case 2:
        mem_st32(addr, value.u32[0]);
        break;
    case 3:
        mem_st64(addr, value.u64[0]);
        break;
    default:
        store128(addr, value);
        break;
    }
}

/* One register. */

static unsigned single_scale(const DecodedInsn *i)
{
    return i->q ? 4 : i->size;
}

static void str_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    store_v(addr, single_scale(i), cpu->v[i->rt]);
}

static void ldr_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    cpu->v[i->rt] = load_v(addr, single_scale(i));
}

static uint64_t unscaled_addr(const CpuState *cpu, const DecodedInsn *i)
{
    return get_x_sp(cpu, i->rn) + (uint64_t)(int64_t)i->simm;
}

#define ADDRESSING_MODES(name, access)                                                             \
    INTERP(name##_uimm)                                                                            \
    {                                                                                              \
        access(cpu, i, get_x_sp(cpu, i->rn) + ((uint64_t)i->imm << single_scale(i)));              \
    }                                                                                              \
    INTERP(name##_unscaled)                                                                        \
    {                                                                                              \
        access(cpu, i, unscaled_addr(cpu, i));                                                     \
    }                                                                                              \
    INTERP(name##_reg)                                                                             \
    {                                                                                              \
        unsigned shift = i->s ? single_scale(i) : 0;                                               \
        uint64_t offset = extend_value(get_x(cpu, i->rm), i->option, shift);                       \
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

ADDRESSING_MODES(STR_v, str_at)
ADDRESSING_MODES(LDR_v, ldr_at)

INTERP(LDR_v_lit)
{
    cpu->v[i->rt] = load_v(cpu->pc + (uint64_t)(int64_t)i->simm * 4, i->opc + 2u);
}

/* Pairs: opc 0 1 2 is 4, 8, 16 bytes. */

static void stp_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    store_v(addr, i->opc + 2u, cpu->v[i->rt]);
    store_v(addr + (4u << i->opc), i->opc + 2u, cpu->v[i->rt2]);
}

static void ldp_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    V128 first = load_v(addr, i->opc + 2u);
    V128 second = load_v(addr + (4u << i->opc), i->opc + 2u);

    cpu->v[i->rt] = first;
    cpu->v[i->rt2] = second;
}

static uint64_t pair_addr(const CpuState *cpu, const DecodedInsn *i)
{
    return get_x_sp(cpu, i->rn) + ((uint64_t)(int64_t)i->simm << (i->opc + 2));
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

PAIR_MODES(STP_v, stp_at)
PAIR_MODES(LDP_v, ldp_at)

INTERP(STNP_v)
{
    stp_at(cpu, i, pair_addr(cpu, i));
}

INTERP(LDNP_v)
{
    ldp_at(cpu, i, pair_addr(cpu, i));
}

/* Structures. Register n of a list is (rt + n) mod 32. */

/* Element e (of 1 << scale bytes) of a register. */
static uint64_t get_lane(const V128 *v, unsigned scale, unsigned e)
{
    switch (scale) {
    case 0:
        return v->u8[e];
    case 1:
        return v->u16[e];
    case 2:
        return v->u32[e];
    default:
        return v->u64[e];
    }
}

static void set_lane(V128 *v, unsigned scale, unsigned e, uint64_t value)
{
    switch (scale) {
    case 0:
        v->u8[e] = (uint8_t)value;
        break;
    case 1:
        v->u16[e] = (uint16_t)value;
        break;
    case 2:
        v->u32[e] = (uint32_t)value;
        break;
    default:
        v->u64[e] = value;
        break;
    }
}

static uint64_t load_lane(uint64_t addr, unsigned scale)
{
    return load_v(addr, scale).u64[0];
}

static void store_lane(uint64_t addr, unsigned scale, uint64_t value)
{
    store_v(addr, scale, (V128){.u64 = {value, 0}});
}

/* Registers that LD1/ST1 (multiple structures) moves, by opcode. */
static unsigned ld1_registers(const DecodedInsn *i)
{
    switch (i->opcode) {
    case 7:
        return 1;
    case 10:
        return 2;
    case 6:
        return 3;
    default:
        return 4;
    }
}

/*
 * repeats structures of selem elements each: LD1 is several registers of one-element
 * structures, LD2..LD4 one set of interleaved ones. Returns the bytes moved.
 */
static uint64_t ld_multi(CpuState *cpu, const DecodedInsn *i, unsigned repeats, unsigned selem)
{
    unsigned elements = (i->q ? 16u : 8u) >> i->size;
    uint64_t start = get_x_sp(cpu, i->rn), addr = start;
    V128 value[4] = {0};

    for (unsigned r = 0; r < repeats; r++)
        for (unsigned e = 0; e < elements; e++)
            for (unsigned s = 0; s < selem; s++, addr += 1u << i->size)
                set_lane(&value[r + s], i->size, e, load_lane(addr, i->size));
    for (unsigned r = 0; r < repeats * selem; r++)
        cpu->v[(i->rt + r) % 32] = value[r];
    return addr - start;
}

static uint64_t st_multi(CpuState *cpu, const DecodedInsn *i, unsigned repeats, unsigned selem)
{
    unsigned elements = (i->q ? 16u : 8u) >> i->size;
    uint64_t start = get_x_sp(cpu, i->rn), addr = start;

    for (unsigned r = 0; r < repeats; r++)
        for (unsigned e = 0; e < elements; e++)
            for (unsigned s = 0; s < selem; s++, addr += 1u << i->size)
                store_lane(addr, i->size,
                           get_lane(&cpu->v[(i->rt + r + s) % 32], i->size, e));
    return addr - start;
}

/* Log2 of the element's bytes: scale 2 stands for 32 bits, and with size = 1 for 64 bits. */
static unsigned lane_scale(const DecodedInsn *i)
{
    return i->scale == 2 && (i->size & 1) ? 3 : i->scale;
}

/* Lane number of a single-structure instruction: q:s:size without the low bits. */
static unsigned lane_index(const DecodedInsn *i)
{
    return ((unsigned)i->q << 3 | (unsigned)i->s << 2 | i->size) >> lane_scale(i);
}

static uint64_t ld_lane(CpuState *cpu, const DecodedInsn *i, unsigned selem)
{
    unsigned scale = lane_scale(i);
    uint64_t addr = get_x_sp(cpu, i->rn), value[4];

    for (unsigned s = 0; s < selem; s++)
        value[s] = load_lane(addr + ((uint64_t)s << scale), scale);
    for (unsigned s = 0; s < selem; s++)
        set_lane(&cpu->v[(i->rt + s) % 32], scale, lane_index(i), value[s]);
    return (uint64_t)selem << scale;
}

static uint64_t st_lane(CpuState *cpu, const DecodedInsn *i, unsigned selem)
{
    unsigned scale = lane_scale(i);
    uint64_t addr = get_x_sp(cpu, i->rn);

    for (unsigned s = 0; s < selem; s++)
        store_lane(addr + ((uint64_t)s << scale), scale,
                   get_lane(&cpu->v[(i->rt + s) % 32], scale, lane_index(i)));
    return (uint64_t)selem << scale;
}

/* LD1R..LD4R: one structure to all lanes. */
static uint64_t ld_replicate(CpuState *cpu, const DecodedInsn *i, unsigned selem)
{
    uint64_t addr = get_x_sp(cpu, i->rn), value[4];

    for (unsigned s = 0; s < selem; s++)
        value[s] = load_lane(addr + ((uint64_t)s << i->size), i->size);
    for (unsigned s = 0; s < selem; s++) {
        V128 *v = &cpu->v[(i->rt + s) % 32];

        *v = (V128){.u64 = {0, 0}};
        for (unsigned e = 0; e < (i->q ? 16u : 8u) >> i->size; e++)
            set_lane(v, i->size, e, value[s]);
    }
    return (uint64_t)selem << i->size;
}

/* Post-index: by the bytes moved when rm is 31, else by Xm. */
static void write_back(CpuState *cpu, const DecodedInsn *i, uint64_t bytes)
{
    set_x_sp(cpu, i->rn, get_x_sp(cpu, i->rn) + (i->rm == 31 ? bytes : get_x(cpu, i->rm)));
}

#define STRUCTURE(name, ...)                                                                       \
    INTERP(name)                                                                                   \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    INTERP(name##_post)                                                                            \
    {                                                                                              \
        write_back(cpu, i, __VA_ARGS__);                                                           \
    }

STRUCTURE(LD1_multi, ld_multi(cpu, i, ld1_registers(i), 1))
STRUCTURE(LD2_multi, ld_multi(cpu, i, 1, 2))
STRUCTURE(LD3_multi, ld_multi(cpu, i, 1, 3))
STRUCTURE(LD4_multi, ld_multi(cpu, i, 1, 4))
STRUCTURE(ST1_multi, st_multi(cpu, i, ld1_registers(i), 1))
STRUCTURE(ST2_multi, st_multi(cpu, i, 1, 2))
STRUCTURE(ST3_multi, st_multi(cpu, i, 1, 3))
STRUCTURE(ST4_multi, st_multi(cpu, i, 1, 4))
STRUCTURE(LD1_lane, ld_lane(cpu, i, 1))
STRUCTURE(LD2_lane, ld_lane(cpu, i, 2))
STRUCTURE(LD3_lane, ld_lane(cpu, i, 3))
STRUCTURE(LD4_lane, ld_lane(cpu, i, 4))
STRUCTURE(ST1_lane, st_lane(cpu, i, 1))
STRUCTURE(ST2_lane, st_lane(cpu, i, 2))
STRUCTURE(ST3_lane, st_lane(cpu, i, 3))
STRUCTURE(ST4_lane, st_lane(cpu, i, 4))
STRUCTURE(LD1R, ld_replicate(cpu, i, 1))
STRUCTURE(LD2R, ld_replicate(cpu, i, 2))
STRUCTURE(LD3R, ld_replicate(cpu, i, 3))
STRUCTURE(LD4R, ld_replicate(cpu, i, 4))
