/*
 * Dispatch of the reference semantics: one function per row of a64.def.
 *
 * pc changes only here, after the instruction is complete: until then it is the address that
 * a fault handler must see.
 */
#include "emu/interp/interp.h"

/* Entry 0: a word that is not an instruction. */
static void interp_unallocated(CpuState *cpu, const DecodedInsn *i)
{
    (void)i;
    cpu_raise(cpu, EXIT_UNDEF);
}

const InterpFn interp_table[INSN_COUNT] = {
    [INSN_UNALLOCATED] = interp_unallocated,
#define A64(id, mnemonic, feature, encoding, legal, path, effects) [INSN_##id] = interp_##id,
#include "emu/decode/a64.def"
#undef A64
};

CpuExit interp_insn(CpuState *cpu, const DecodedInsn *i)
{
    static const DecodedInsn undefined = {.id = INSN_UNALLOCATED};

    return interp_known_insn(cpu, interp_has(cpu, i) ? i : &undefined);
}

CpuExit interp_step(CpuState *cpu)
{
    DecodedInsn insn;

    if (cpu->pc & 3) {
        cpu_raise(cpu, EXIT_PC_ALIGN);
        return EXIT_PC_ALIGN;
    }
    decode(*(const uint32_t *)(uintptr_t)cpu->pc, &insn);
    return interp_insn(cpu, &insn);
}
