/*
 * Interpreting cold code. Invariant: a slot of cpu->decoded holds what decode() says about the
 * slot's own word (all zero is that of word 0), so nothing ever needs to forget it.
 */
#include "tcg-lite/cold.h"
#include "emu/base/log.h"
#include "emu/guest/mem.h"
#include "emu/interp/interp.h"

uint8_t tcg_cold_visits = 4;
static uint8_t visits[1 << 15]; /* by pc; collisions only make a place warm earlier */

void cold_init(void)
{
    alloc_populate(visits, sizeof visits);
}

bool cold_visit(uint64_t pc)
{
    uint8_t *n = &visits[(pc >> 2) % COUNTOF(visits)], seen = __atomic_load_n(n, __ATOMIC_RELAXED);

    if (seen >= tcg_cold_visits)
        return false;
    __atomic_store_n(n, seen + 1, __ATOMIC_RELAXED);
    return true;
}

/* As decode(), but UNALLOCATED when the CPU does not offer it. */
static const DecodedInsn *decoded(CpuState *cpu, uint32_t word)
{
    uint32_t slot = word * 0x9e3779b1u >> (32 - __builtin_ctz(CPU_DECODED_SLOTS));
    DecodedInsn *i = (DecodedInsn *)cpu->decoded[slot];

    if (i->word != word) {
        decode(word, i);
        if (!interp_offered(cpu, i))
            i->id = INSN_UNALLOCATED;
    }
    return i;
}

#define STRETCH 64 /* instructions at most, so that requests are seen */

CpuExit cold_run(CpuState *cpu)
{
    CpuExit why = EXIT_NONE;

    if (cpu->pc % 4)
        return EXIT_NONE;
    for (int n = 0; n < STRETCH && why == EXIT_NONE; n++) {
        uint64_t pc = cpu->pc;
        uint32_t word;

        if (!mem_exec_holds(&cpu->cold_area, pc) || !mem_fetch(&word, pc))
            break;
        const DecodedInsn *i = decoded(cpu, word);
        cpu->interp_insn = (void *)(uintptr_t)i;
        why = interp_offered_insn(cpu, i);
        if (log_enabled(LOG_STATS))
            cpu->count[COUNT_COLD]++;
        if (cpu->pc != pc + 4)
            break;
    }
    cpu->interp_insn = NULL;
    return why;
}
