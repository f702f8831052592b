/*
 * The reference semantics: interp_<id>() for every row of a64.def, from the Arm manual's
 * pseudocode.
 *
 * Contract of an INTERP function: on entry cpu->pc is the instruction's address and cpu->npc
 * is pc + 4; a branch overwrites npc. All memory accesses that may fault come before any
 * change of guest state that could be observed (a fault leaves the function by longjmp, or
 * by the fault handler abandoning it). An exception is raised with cpu_raise() and return.
 */
#ifndef EMU_INTERP_INTERP_H
#define EMU_INTERP_INTERP_H

#include <string.h>
#include "emu/decode/insn.h"
#include "emu/guest/cpu.h"

#define INTERP(id) void interp_##id(CpuState *cpu, const DecodedInsn *i)

typedef void (*InterpFn)(CpuState *cpu, const DecodedInsn *i);

#define A64(id, mnemonic, feature, encoding, legal, path, effects) INTERP(id);
#include "emu/decode/a64.def"
#undef A64

/* One function per InsnId; entry 0 raises EXIT_UNDEF. */
extern const InterpFn interp_table[INSN_COUNT];

/*
 * Fetches (identity-mapped; the caller has checked that pc is executable), decodes and runs
 * one instruction. Returns EXIT_NONE and advances pc, or the exit with pc as CpuExit says.
 */
CpuExit interp_step(CpuState *cpu);

/* Runs an instruction already decoded; same result. */
CpuExit interp_insn(CpuState *cpu, const DecodedInsn *i);

/* True when the CPU has the instruction; else it is UNDEFINED. */
static inline bool interp_has(const CpuState *cpu, const DecodedInsn *i)
{
    unsigned feature = insn_info[i->id].feature;

    return feature == FEAT_BASE || cpu_has(cpu, feature);
}

/* After an INTERP function: pc goes on, unless the exit is one that shows the instruction. */
static inline CpuExit interp_finish(CpuState *cpu)
{
    CpuExit why = (CpuExit)cpu->exit_reason;

    if (why == EXIT_NONE || why == EXIT_SVC || why == EXIT_LOOKUP || why == EXIT_STEP)
        cpu->pc = cpu->npc;
    return why;
}

/* The same as interp_insn() for one that the CPU has. */
static inline CpuExit interp_known_insn(CpuState *cpu, const DecodedInsn *i)
{
    cpu->npc = cpu->pc + 4;
    cpu->exit_reason = EXIT_NONE;
    interp_table[i->id](cpu, i);
    return interp_finish(cpu);
}

static inline void cpu_raise(CpuState *cpu, CpuExit why)
{
    cpu->exit_reason = why;
}

/* Register 31 reads as zero. */
static inline uint64_t get_x(const CpuState *cpu, unsigned r)
{
    return r == 31 ? 0 : cpu->x[r];
}

static inline uint32_t get_w(const CpuState *cpu, unsigned r)
{
    return (uint32_t)get_x(cpu, r);
}

/* Register 31 is SP. */
static inline uint64_t get_x_sp(const CpuState *cpu, unsigned r)
{
    return cpu->x[r];
}

/* Register 31 is dropped. */
static inline void set_x(CpuState *cpu, unsigned r, uint64_t value)
{
    if (r != 31)
        cpu->x[r] = value;
}

/* Writes 32 bits, clears the upper half; register 31 is dropped. */
static inline void set_w(CpuState *cpu, unsigned r, uint32_t value)
{
    set_x(cpu, r, value);
}

/* The same by the instruction's sf bit. */
static inline uint64_t get_xw(const CpuState *cpu, unsigned sf, unsigned r)
{
    return sf ? get_x(cpu, r) : get_w(cpu, r);
}

static inline void set_xw(CpuState *cpu, unsigned sf, unsigned r, uint64_t value)
{
    set_x(cpu, r, sf ? value : (uint32_t)value);
}

static inline void set_x_sp(CpuState *cpu, unsigned r, uint64_t value)
{
    cpu->x[r] = value;
}

/* Top-byte-ignore (TBI0, as Linux sets it): guest data address to host address. */
static inline void *mem_ptr(uint64_t addr)
{
    return (void *)(uintptr_t)sext(addr, 56);
}

/*
 * Guest loads and stores: any alignment, identity-mapped, tag ignored. May fault. Volatile: each
 * is one access of that size, and a load whose result is dropped (XZR) still faults.
 */
#define MEM_ACCESS(bits, type)                                                                     \
    typedef struct MemUnit##bits {                                                                 \
        type value;                                                                                \
    } __attribute__((packed, may_alias)) MemUnit##bits;                                            \
    static inline type mem_ld##bits(uint64_t addr)                                                 \
    {                                                                                              \
        return ((const volatile MemUnit##bits *)mem_ptr(addr))->value;                             \
    }                                                                                              \
    static inline void mem_st##bits(uint64_t addr, type value)                                     \
    {                                                                                              \
        ((volatile MemUnit##bits *)mem_ptr(addr))->value = value;                                  \
    }
MEM_ACCESS(8, uint8_t)
MEM_ACCESS(16, uint16_t)
MEM_ACCESS(32, uint32_t)
MEM_ACCESS(64, uint64_t)
static inline V128 mem_ld128(uint64_t addr)
{
    V128 value;
    memcpy(&value, mem_ptr(addr), 16);
    return value;
}
static inline void mem_st128(uint64_t addr, V128 value)
{
    memcpy(mem_ptr(addr), &value, 16);
}

/* Writes a scalar or 64-bit vector result: the rest of the register becomes zero. */
static inline void set_v64(CpuState *cpu, unsigned r, uint64_t value)
{
    cpu->v[r] = (V128){.u64 = {value, 0}};
}

#endif
