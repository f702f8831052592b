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
#define A64(id, mnemonic, feature, encoding, legal, path) [INSN_##id] = interp_##id,
#include "emu/decode/a64.def"
#undef A64
};

static bool is_offered(const CpuState *cpu, const DecodedInsn *i)
{
    unsigned feature = insn_info[i->id].feature;

    return feature == FEAT_BASE || cpu_has(cpu, feature);
}

CpuExit interp_insn(CpuState *cpu, const DecodedInsn *i)
{
    cpu->npc = cpu->pc + 4;
    cpu->exit_reason = EXIT_NONE;
    if (is_offered(cpu, i))
        interp_table[i->id](cpu, i);
    else
        cpu_raise(cpu, EXIT_UNDEF);

    CpuExit why = (CpuExit)cpu->exit_reason;
    if (why == EXIT_NONE || why == EXIT_SVC || why == EXIT_LOOKUP || why == EXIT_STEP)
        cpu->pc = cpu->npc;
    return why;
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
