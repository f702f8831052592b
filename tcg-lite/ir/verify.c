/*
 * Checks a unit against ops.def: operand kinds, temporaries defined before use within their
 * block, exactly one END per block and that one last. Runs after every pass in debug builds.
 */
#include <stdio.h>
#include "tcg-lite/ir/ir.h"

static bool kind_ok(char kind, bool none_ok, IrRef r)
{
    if (r == IR_NONE)
        return kind == '-' || none_ok;
    if (kind == 'g')
        return ir_is_x(r) || ir_is_temp(r) || r == IR_IMM || r == IR_ZERO;
    if (kind == 'v')
        return ir_is_v(r) || ir_is_vtemp(r) || r == IR_VK || r == IR_VC;
    return false;
}

static void fail(const IrUnit *u, const IrInst *i, const char *after, const char *why)
{
    char text[160];
    ir_print(u, "failing unit");
    snprintf(text, sizeof text, "after %s: %s of instruction %ld: %s", after,
             ir_op_info[i->op].name, (long)(i - u->inst), why);
    CHECK(false, text);
}

static void verify_inst(const IrUnit *u, const IrInst *i, bool *defined, const char *after)
{
    const char *p = ir_op_info[i->op].operands;
    IrRef refs[4] = {i->d, i->a, i->b, i->c};

    for (int k = 0; k < 4; k++) {
        char kind = *p++;
        bool none_ok = *p == '*';
        p += none_ok;
        if (k == 0)
            p++; /* ':' */
        if (!kind_ok(kind, none_ok, refs[k]))
            fail(u, i, after, "operand of the wrong kind");
        if (k == 0 && (refs[0] == IR_IMM || refs[0] == IR_ZERO || refs[0] == IR_VK ||
                       refs[0] == IR_VC))
            fail(u, i, after, "result is a constant");
        if (k > 0 && (ir_is_temp(refs[k]) || ir_is_vtemp(refs[k])) && !defined[refs[k]])
            fail(u, i, after, "temporary read before it is written");
    }
    if (i->d != IR_NONE)
        defined[i->d] = true;
    if (i->set_nzcv && !(ir_op_info[i->op].effects & FLAGS))
        fail(u, i, after, "cannot set NZCV");
}

void ir_verify(const IrUnit *u, const char *after)
{
    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrBlock *block = &u->block[b];
        bool defined[256] = {false};

        for (uint32_t k = block->first; k < block->first + block->count; k++) {
            const IrInst *i = &u->inst[k];
            bool last = k + 1 == block->first + block->count;

            verify_inst(u, i, defined, after);
            if (!!(ir_op_info[i->op].effects & END) != last)
                fail(u, i, after, "END must be the last of its block, and only there");
        }
    }
}
