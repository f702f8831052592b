/* Building IR: append, temporaries, exits. An inst belongs to the last block begun. */
#include "tcg-lite/ir/facts.h"

const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define IR(op, operands, effects, facts, meaning) [IR_##op] = {#op, operands, effects, facts},
#include "tcg-lite/ir/ops.def"
#undef IR
};

IrInst *ir_append(IrUnit *u, IrOp op, unsigned size)
{
    if (u->inst_count == UNIT_MAX_IR) {
        u->full = true; /* the caller drops this unit and asks for a shorter one */
        u->inst_count--;
    }
    IrInst *i = &u->inst[u->inst_count++];
    *i = (IrInst){.op = (uint8_t)op, .size = (uint8_t)size, .d = IR_NONE, .a = IR_NONE,
                  .b = IR_NONE, .c = IR_NONE};
    return i;
}

IrRef ir_temp(IrUnit *u)
{
    CHECK(u->temp_count < IR_MAX_TEMPS, "a guest instruction needs few temporaries");
    return (IrRef)(IR_T0 + u->temp_count++);
}

IrRef ir_vtemp(IrUnit *u)
{
    CHECK(u->vtemp_count < IR_MAX_VTEMPS, "a guest instruction needs few temporaries");
    return (IrRef)(IR_VT0 + u->vtemp_count++);
}

int16_t ir_exit(IrUnit *u, uint64_t pc)
{
    for (uint32_t n = 0; n < u->exit_count; n++)
        if (u->exit[n].pc == pc)
            return (int16_t)(-1 - (int)n);
    if (u->exit_count == UNIT_MAX_EXITS) {
        u->full = true;
        u->exit_count--;
    }
    u->exit[u->exit_count] = (IrExit){.pc = pc, .nzcv_live = true};
    return (int16_t)(-1 - (int)u->exit_count++);
}
