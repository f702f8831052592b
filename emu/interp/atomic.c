/*
 * Reference semantics: exclusives, acquire and release, LSE atomics.
 *
 * Memory order: the host is TSO, so that every load acquires and every store releases; only a
 * store-release must not be overtaken by a later load-acquire, hence xchg. Read-modify-writes
 * are locked host instructions.
 *
 * Alignment: exclusives must be naturally aligned; the others may have any alignment inside
 * a 16-byte block when the CPU has LSE2, else they too must be naturally aligned. Otherwise:
 * SIGBUS, BUS_ADRALN. (A locked access inside 16 bytes never splits a cache line.)
 */
#include <signal.h>
#include "emu/arith/int.h"
#include "emu/interp/interp.h"

/* Says true and raises the alignment fault. */
static bool misaligned(CpuState *cpu, uint64_t addr, bool is_write)
{
    cpu->fault_addr = (uint64_t)sext(addr, 56);
    cpu->fault_sig = SIGBUS;
    cpu->fault_code = BUS_ADRALN;
    cpu->fault_write = is_write;
    cpu_raise(cpu, EXIT_FAULT);
    return true;
}

static bool bad_exclusive(CpuState *cpu, uint64_t addr, unsigned bytes, bool is_write)
{
    return addr & (bytes - 1) ? misaligned(cpu, addr, is_write) : false;
}

static bool bad_ordered(CpuState *cpu, uint64_t addr, unsigned bytes, bool is_write)
{
    bool bad = cpu_has(cpu, FEAT_LSE2) ? (addr & 15) + bytes > 16 : (addr & (bytes - 1)) != 0;

    return bad ? misaligned(cpu, addr, is_write) : false;
}

static uint64_t load_acquire(uint64_t addr, unsigned size)
{
    void *p = mem_ptr(addr);

    switch (size) {
    case 0:
        return __atomic_load_n((uint8_t *)p, __ATOMIC_SEQ_CST);
    case 1:
        return __atomic_load_n((uint16_t *)p, __ATOMIC_SEQ_CST);
    case 2:
        return __atomic_load_n((uint32_t *)p, __ATOMIC_SEQ_CST);
    default:
        return __atomic_load_n((uint64_t *)p, __ATOMIC_SEQ_CST);
    }
}

static void store_release(uint64_t addr, unsigned size, uint64_t value)
{
    void *p = mem_ptr(addr);

    switch (size) {
    case 0:
        __atomic_store_n((uint8_t *)p, (uint8_t)value, __ATOMIC_SEQ_CST);
        break;
    case 1:
        __atomic_store_n((uint16_t *)p, (uint16_t)value, __ATOMIC_SEQ_CST);
        break;
    case 2:
        __atomic_store_n((uint32_t *)p, (uint32_t)value, __ATOMIC_SEQ_CST);
        break;
    default:
        __atomic_store_n((uint64_t *)p, value, __ATOMIC_SEQ_CST);
        break;
    }
}

/* Stores desired where *expected is; else, and always, *expected becomes what was there. */
#define COMPARE_EXCHANGE(bits)                                                                     \
    static bool cas##bits(void *p, uint64_t *expected, uint64_t desired)                           \
    {                                                                                              \
        uint##bits##_t old = (uint##bits##_t) * expected;                                          \
        bool done = __atomic_compare_exchange_n((uint##bits##_t *)p, &old,                         \
                                                (uint##bits##_t)desired, false,                    \
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);               \
        *expected = old;                                                                           \
        return done;                                                                               \
    }
COMPARE_EXCHANGE(8)
COMPARE_EXCHANGE(16)
COMPARE_EXCHANGE(32)
COMPARE_EXCHANGE(64)

static bool compare_exchange(uint64_t addr, unsigned size, uint64_t *expected, uint64_t desired)
{
    void *p = mem_ptr(addr);

    switch (size) {
    case 0:
        return cas8(p, expected, desired);
    case 1:
        return cas16(p, expected, desired);
    case 2:
        return cas32(p, expected, desired);
    default:
        return cas64(p, expected, desired);
    }
}

/* The same for 16 aligned bytes. */
static bool compare_exchange128(uint64_t addr, V128 *expected, V128 desired)
{
    bool done;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*(V128 *)mem_ptr(addr)), "+a"(expected->u64[0]),
                       "+d"(expected->u64[1])
                     : "b"(desired.u64[0]), "c"(desired.u64[1])
                     : "memory");
    return done;
}

/* 16 aligned bytes in one access. */
static V128 load128(uint64_t addr)
{
    V128 value;

    __asm__ volatile("movdqa %1, %0" : "=x"(value) : "m"(*(V128 *)mem_ptr(addr)) : "memory");
    return value;
}

/*
 * Exclusives: LDXR remembers address, size and value; STXR succeeds when the memory still has
 * that value. (It may thus succeed after A-B-A changes, which programs cannot rely on.)
 */
static void set_exclusive(CpuState *cpu, uint64_t addr, unsigned bytes, V128 value)
{
    cpu->excl_addr = (uint64_t)sext(addr, 56);
    cpu->excl_size = bytes;
    cpu->excl_value = value;
}

/* True when STXR goes on to the compare-exchange; the monitor is open afterwards. */
static bool take_exclusive(CpuState *cpu, uint64_t addr, unsigned bytes)
{
    bool held = cpu->excl_addr == (uint64_t)sext(addr, 56) && cpu->excl_size == bytes;

    cpu->excl_addr = EXCL_NONE;
    return held;
}

INTERP(LDXR)
{
    uint64_t addr = get_x_sp(cpu, i->rn);

    if (bad_exclusive(cpu, addr, 1u << i->size, false))
        return;
    uint64_t value = load_acquire(addr, i->size);
    set_exclusive(cpu, addr, 1u << i->size, (V128){.u64 = {value, 0}});
    set_x(cpu, i->rt, value);
}

INTERP(STXR)
{
    uint64_t addr = get_x_sp(cpu, i->rn), expected = cpu->excl_value.u64[0];
    bool stored = false;

    if (bad_exclusive(cpu, addr, 1u << i->size, true))
        return;
    if (take_exclusive(cpu, addr, 1u << i->size))
        stored = compare_exchange(addr, i->size, &expected, get_x(cpu, i->rt));
    set_w(cpu, i->rs, !stored);
}

INTERP(LDXP)
{
    uint64_t addr = get_x_sp(cpu, i->rn);
    unsigned bytes = 8u << i->sz;
    V128 value;

    if (bad_exclusive(cpu, addr, bytes, false))
        return;
    if (i->sz) {
        value = load128(addr);
        set_x(cpu, i->rt, value.u64[0]);
        set_x(cpu, i->rt2, value.u64[1]);
    } else {
        value = (V128){.u64 = {load_acquire(addr, 3), 0}};
        set_x(cpu, i->rt, value.u32[0]);
        set_x(cpu, i->rt2, value.u32[1]);
    }
    set_exclusive(cpu, addr, bytes, value);
}

INTERP(STXP)
{
    uint64_t addr = get_x_sp(cpu, i->rn);
    unsigned bytes = 8u << i->sz;
    V128 expected = cpu->excl_value;
    bool stored = false;

    if (bad_exclusive(cpu, addr, bytes, true))
        return;
    if (take_exclusive(cpu, addr, bytes)) {
        V128 desired = {.u64 = {get_x(cpu, i->rt), get_x(cpu, i->rt2)}};

        if (i->sz)
            stored = compare_exchange128(addr, &expected, desired);
        else
            stored = compare_exchange(addr, 3, &expected.u64[0],
                                      (uint32_t)desired.u64[0] | desired.u64[1] << 32);
    }
    set_w(cpu, i->rs, !stored);
}

INTERP(CLREX)
{
    (void)i;
    cpu->excl_addr = EXCL_NONE;
}

/* Acquire and release. */

static void ldar_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    if (!bad_ordered(cpu, addr, 1u << i->size, false))
        set_x(cpu, i->rt, load_acquire(addr, i->size));
}

static void stlr_at(CpuState *cpu, const DecodedInsn *i, uint64_t addr)
{
    if (!bad_ordered(cpu, addr, 1u << i->size, true))
        store_release(addr, i->size, get_x(cpu, i->rt));
}

INTERP(LDAR)
{
    ldar_at(cpu, i, get_x_sp(cpu, i->rn));
}

INTERP(LDLAR)
{
    ldar_at(cpu, i, get_x_sp(cpu, i->rn));
}

INTERP(LDAPR)
{
    ldar_at(cpu, i, get_x_sp(cpu, i->rn));
}

INTERP(STLR)
{
    stlr_at(cpu, i, get_x_sp(cpu, i->rn));
}

INTERP(STLLR)
{
    stlr_at(cpu, i, get_x_sp(cpu, i->rn));
}

static uint64_t unscaled_addr(const CpuState *cpu, const DecodedInsn *i)
{
    return get_x_sp(cpu, i->rn) + (uint64_t)(int64_t)i->simm;
}

INTERP(LDAPUR)
{
    ldar_at(cpu, i, unscaled_addr(cpu, i));
}

INTERP(STLUR)
{
    stlr_at(cpu, i, unscaled_addr(cpu, i));
}

INTERP(LDAPURS)
{
    uint64_t addr = unscaled_addr(cpu, i);

    if (!bad_ordered(cpu, addr, 1u << i->size, false))
        set_xw(cpu, !i->op, i->rt, (uint64_t)sext(load_acquire(addr, i->size), 8u << i->size));
}

/* LSE. */

INTERP(CAS)
{
    uint64_t addr = get_x_sp(cpu, i->rn), value = get_x(cpu, i->rs);

    if (bad_ordered(cpu, addr, 1u << i->size, true))
        return;
    compare_exchange(addr, i->size, &value, get_x(cpu, i->rt));
    set_x(cpu, i->rs, value);
}

/* The second of the pair (30, 31) is XZR. */
INTERP(CASP)
{
    uint64_t addr = get_x_sp(cpu, i->rn);
    V128 value = {.u64 = {get_x(cpu, i->rs), get_x(cpu, i->rs + 1u)}};
    V128 desired = {.u64 = {get_x(cpu, i->rt), get_x(cpu, i->rt + 1u)}};

    if (bad_ordered(cpu, addr, 8u << i->sz, true))
        return;
    if (i->sz) {
        compare_exchange128(addr, &value, desired);
    } else {
        uint64_t both = (uint32_t)value.u64[0] | value.u64[1] << 32;

        compare_exchange(addr, 3, &both, (uint32_t)desired.u64[0] | desired.u64[1] << 32);
        value = (V128){.u64 = {(uint32_t)both, both >> 32}};
    }
    set_x(cpu, i->rs, value.u64[0]);
    set_x(cpu, i->rs + 1u, value.u64[1]);
}

typedef uint64_t Modify(uint64_t old, uint64_t operand, unsigned bits);

static uint64_t modify_add(uint64_t old, uint64_t operand, unsigned bits)
{
    (void)bits;
    return old + operand;
}

static uint64_t modify_clr(uint64_t old, uint64_t operand, unsigned bits)
{
    (void)bits;
    return old & ~operand;
}

static uint64_t modify_eor(uint64_t old, uint64_t operand, unsigned bits)
{
    (void)bits;
    return old ^ operand;
}

static uint64_t modify_set(uint64_t old, uint64_t operand, unsigned bits)
{
    (void)bits;
    return old | operand;
}

static uint64_t modify_smax(uint64_t old, uint64_t operand, unsigned bits)
{
    return sext(old, bits) > sext(operand, bits) ? old : operand;
}

static uint64_t modify_smin(uint64_t old, uint64_t operand, unsigned bits)
{
    return sext(old, bits) > sext(operand, bits) ? operand : old;
}

static uint64_t modify_umax(uint64_t old, uint64_t operand, unsigned bits)
{
    uint64_t mask = low_mask(bits);
    return (old & mask) > (operand & mask) ? old : operand;
}

static uint64_t modify_umin(uint64_t old, uint64_t operand, unsigned bits)
{
    uint64_t mask = low_mask(bits);
    return (old & mask) > (operand & mask) ? operand : old;
}

static uint64_t modify_swap(uint64_t old, uint64_t operand, unsigned bits)
{
    (void)old, (void)bits;
    return operand;
}

static void read_modify_write(CpuState *cpu, const DecodedInsn *i, Modify *modify)
{
    uint64_t addr = get_x_sp(cpu, i->rn), operand = get_x(cpu, i->rs);
    unsigned bits = 8u << i->size;

    if (bad_ordered(cpu, addr, 1u << i->size, true))
        return;
    uint64_t old = load_acquire(addr, i->size);
    while (!compare_exchange(addr, i->size, &old, modify(old, operand, bits)))
        continue;
    set_x(cpu, i->rt, old);
}

#define ATOMIC(id, modify)                                                                         \
    INTERP(id)                                                                                     \
    {                                                                                              \
        read_modify_write(cpu, i, modify);                                                         \
    }

ATOMIC(LDADD, modify_add)
ATOMIC(LDCLR, modify_clr)
ATOMIC(LDEOR, modify_eor)
ATOMIC(LDSET, modify_set)
ATOMIC(LDSMAX, modify_smax)
ATOMIC(LDSMIN, modify_smin)
ATOMIC(LDUMAX, modify_umax)
ATOMIC(LDUMIN, modify_umin)
ATOMIC(SWP, modify_swap)
