/*
 * Copies of guest registers. One whose home is in memory is often used again soon after it was
 * loaded to, or stored from, a scratch register: as long as nothing wrote that scratch register
 * (the assembler tells), it still holds the value, and no load, and no wait for a store just
 * made, is needed. Invariant: e->held[g] is a guest register with its home in memory whose value
 * is in host register g (RAX, RCX, RDX) on every way to this point, or IR_NONE.
 */
#include <string.h>
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/ir/passes.h"

void held_drop(Emit *e)
{
    memset(e->held, IR_NONE, sizeof e->held);
    e->a.written = 0;
}

void held_forget(Emit *e, IrRef r)
{
    for (int g = 0; g < HELD_COUNT; g++)
        if (e->held[g] == r)
            e->held[g] = IR_NONE;
}

/* What was written since the last look is no copy any more. */
static void look(Emit *e)
{
    for (int g = 0; g < HELD_COUNT; g++)
        if (e->a.written >> g & 1)
            e->held[g] = IR_NONE;
    e->a.written = 0;
}

int held_in(Emit *e, IrRef r)
{
    look(e);
    for (int g = 0; g < HELD_COUNT; g++)
        if (e->held[g] == r)
            return g;
    return -1;
}

void held_set(Emit *e, IrRef r, Gpr g)
{
    look(e);
    if ((int)g < HELD_COUNT && ir_is_x(r) && passes.held)
        e->held[g] = r;
}

Gpr held_scratch(Emit *e, unsigned busy)
{
    int count = e->u->guest[e->i->guest].temps ? HELD_COUNT - 1 : HELD_COUNT;

    look(e);
    for (int g = 0; g < count; g++)
        if (!(busy >> g & 1) && e->held[g] == IR_NONE)
            return (Gpr)g;
    if ((~busy & ((1u << count) - 1)) == 0)
        return RAX;
    do
        e->held_next = (uint8_t)((e->held_next + 1) % count);
    while (busy >> e->held_next & 1);
    return (Gpr)e->held_next;
}

void held_join(Emit *e, const IrRef before[HELD_COUNT])
{
    look(e);
    for (int g = 0; g < HELD_COUNT; g++)
        if (e->held[g] != before[g])
            e->held[g] = IR_NONE;
}
