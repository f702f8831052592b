/* The helpers that translate functions share, and their dispatch table. */
#include "tcg-lite/xlat/xlat.h"

#define XLAT(id) translate_##id
#define CALL(id) NULL
const TranslateFn translate_table[INSN_COUNT] = {
#define A64(id, mnemonic, feature, encoding, legal, path, effects) [INSN_##id] = path(id),
#include "emu/decode/a64.def"
#undef A64
};
#undef XLAT
#undef CALL

IrInst *ir_op(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, IrRef b)
{
    IrInst *i = ir_append(t->u, op, size);
    i->d = d;
    i->a = a;
    i->b = b;
    i->guest = t->guest;
    if (ir_op_info[op].effects & END)
        t->ended = true;
    return i;
}

IrInst *ir_opi(Xlat *t, IrOp op, unsigned size, IrRef d, IrRef a, int64_t imm)
{
    IrInst *i = ir_op(t, op, size, d, a, IR_IMM);
    i->imm = imm;
    return i;
}

IrRef x_temp(Xlat *t)
{
    return ir_temp(t->u);
}

IrRef v_temp(Xlat *t)
{
    return ir_vtemp(t->u);
}

IrRef x_dst(Xlat *t, unsigned r)
{
    return r == 31 ? ir_temp(t->u) : (IrRef)r;
}

IrRef x_const(Xlat *t, uint64_t value)
{
    IrRef d = ir_temp(t->u);
    IrInst *i = ir_op(t, IR_MOV, 8, d, IR_IMM, IR_NONE);
    i->imm = (int64_t)value;
    return d;
}

void x_get_cpu(Xlat *t, unsigned rt, unsigned size, size_t offset)
{
    if (rt != 31)
        ir_op(t, IR_GET_CPU, size, (IrRef)rt, IR_NONE, IR_NONE)->imm = (int64_t)offset;
}

bool x_inside(const Xlat *t, uint64_t pc)
{
    uint64_t position = (pc - t->window) / 4;

    return pc % 4 == 0 && pc >= t->window && position < XLAT_WINDOW &&
           (t->leader[position / 64] & t->done[position / 64]) >> (position % 64) & 1;
}

int16_t x_target(Xlat *t, uint64_t pc)
{
    return x_inside(t, pc) ? t->block_at[(pc - t->window) / 4] : ir_exit(t->u, pc);
}

void x_goto(Xlat *t, uint64_t pc)
{
    IrInst *i = ir_op(t, IR_GOTO, 8, IR_NONE, IR_NONE, IR_NONE);
    i->target = x_target(t, pc);
}

void x_jcc(Xlat *t, Cond cond, uint64_t pc)
{
    IrInst *i = ir_op(t, IR_JCC, 8, IR_NONE, IR_NONE, IR_NONE);
    i->cond = cond;
    i->target = x_target(t, pc);
    i->target2 = x_target(t, t->pc + 4);
}

void x_exit(Xlat *t, CpuExit why, uint64_t pc)
{
    IrInst *i = ir_op(t, IR_EXIT, 8, IR_NONE, IR_NONE, IR_NONE);
    i->sub = (uint8_t)why;
    i->imm = (int64_t)pc;
}

void x_call_interp(Xlat *t, bool end)
{
    IrInst *i = ir_op(t, end ? IR_CALL_END : IR_CALL, 8, IR_NONE, IR_NONE, IR_NONE);
    i->imm = t->guest;
}
