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

/* What an address is made of: nothing that stores, leaves the line or has to do with NZCV. */
static bool may_be_inlined(const InsnInfo *info)
{
    return info->path == PATH_XLAT && !(info->effects & ~LOADS);
}

/* Decodes the thunk at pc behind the unit's guest instructions; returns how many, 0: it is none. */
static unsigned decode_thunk(IrUnit *u, uint64_t pc)
{
    uint64_t page = ~0ull;
    if (u->guest_count + THUNK_MAX > UNIT_MAX_INSNS || pc - u->pc + BIT(32) >= BIT(33))
        return 0;
    for (unsigned n = 0; n < THUNK_MAX; n++) {
        IrGuest *g = &u->guest[u->guest_count + n];
        g->pc = pc + 4 * n;
        if (!x_peek(u, g->pc, &page, &g->insn))
            break;
        if (g->insn.id == INSN_BR)
            return n && g->insn.rn < 30 ? n + 1 : 0;
        if (!may_be_inlined(&insn_info[g->insn.id]))
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
