/*
 * Thunks: what a linker puts between a call and its target (PLT entries, veneers). The second
 * tier translates such a piece of code where it is called or jumped to. Invariant: the inlined
 * instructions are guest instructions of the unit, so that a fault in them has their pc and the
 * unit is forgotten with them.
 */
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/xlat/xlat.h"

/* With the BTI and the BR. */
#define THUNK_MAX 5

static bool may_be_inlined(InsnId id)
{
    return id == INSN_ADRP || id == INSN_ADR || id == INSN_ADD_imm || id == INSN_LDR_uimm ||
           id == INSN_LDR_unscaled || id == INSN_MOVZ || id == INSN_MOVK || id == INSN_HINT;
}

/* Decodes the thunk at pc behind the unit's guest instructions; returns how many, 0: it is none. */
static unsigned decode_thunk(IrUnit *u, uint64_t pc)
{
    uint64_t page = ~0ull;
    uint32_t word;

    if (u->guest_count + THUNK_MAX > UNIT_MAX_INSNS || pc - u->pc + BIT(32) >= BIT(33))
        return 0;
    for (unsigned n = 0; n < THUNK_MAX && x_peek(pc + 4 * n, &page, &word); n++) {
        IrGuest *g = &u->guest[u->guest_count + n];
        g->pc = pc + 4 * n;
        decode(word, &g->insn);
        if (g->insn.id == INSN_BR)
            return n && g->insn.rn < 30 ? n + 1 : 0;
        if (!may_be_inlined((InsnId)g->insn.id))
            break;
    }
    return 0;
}

bool x_thunk(Xlat *t, uint64_t target, IrRef *to)
{
    IrUnit *u = t->u;
    unsigned count = passes.thunks && t->wide ? decode_thunk(u, target) : 0;

    if (!count)
        return false;
    unsigned first = u->guest_count;
    u->guest_count += count;
    for (unsigned n = 0; n + 1 < count; n++)
        x_insn(t, first + n);
    t->guest = (uint16_t)(first + count - 1);
    t->pc = u->guest[t->guest].pc;
    u->guest[t->guest].temps = false;
    *to = (IrRef)u->guest[t->guest].insn.rn;
    u->temp_count = u->vtemp_count = 0;
    return true;
}
