/* IR as text for -d op and -d op_opt: one line per instruction, driven by ops.def. */
#include <stdio.h>
#include "emu/base/log.h"
#include "tcg-lite/ir/ir.h"

static const char *const cond_names[16] = {"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc",
                                           "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};

static int print_ref(char *p, size_t n, const IrInst *i, IrRef r)
{
    if (r == IR_SP)
        return snprintf(p, n, " sp");
    if (ir_is_x(r))
        return snprintf(p, n, " x%u", r);
    if (ir_is_v(r))
        return snprintf(p, n, " v%u", r - IR_V0);
    if (ir_is_temp(r))
        return snprintf(p, n, " t%u", r - IR_T0);
    if (ir_is_vtemp(r))
        return snprintf(p, n, " w%u", r - IR_VT0);
    if (r == IR_IMM)
        return snprintf(p, n, " #%#llx", (unsigned long long)i->imm);
    if (r == IR_VK)
        return snprintf(p, n, " k%lld", (long long)i->imm);
    if (r == IR_VC)
        return snprintf(p, n, " k#%#llx", (unsigned long long)i->imm);
    if (r == IR_ZERO)
        return snprintf(p, n, " zero");
    return snprintf(p, n, " -");
}

static int print_target(char *p, size_t n, const IrUnit *u, int16_t target)
{
    if (target >= 0)
        return snprintf(p, n, " ->b%d", target);
    return snprintf(p, n, " ->%#llx", (unsigned long long)u->exit[-1 - target].pc);
}

static void print_inst(const IrUnit *u, const IrInst *i)
{
    char line[200];
    const IrOpInfo *info = &ir_op_info[i->op];
    int n = snprintf(line, sizeof line, "   %s.%u", info->name, i->size);
#define ADD(call) (n += (call))
    if (i->sub)
        ADD(snprintf(line + n, sizeof line - (size_t)n, ".%u", i->sub));
    if (info->effects & NEEDNZCV)
        ADD(snprintf(line + n, sizeof line - (size_t)n, ".%s", cond_names[i->cond & 15]));
    if (info->operands[0] != '-')
        ADD(print_ref(line + n, sizeof line - (size_t)n, i, i->d));
    const IrRef args[3] = {i->a, i->b, i->c};
    for (int k = 0; k < 3; k++)
        if (args[k] != IR_NONE)
            ADD(print_ref(line + n, sizeof line - (size_t)n, i, args[k]));
    if (i->ext || i->shift)
        ADD(snprintf(line + n, sizeof line - (size_t)n, " ext%u<<%u", i->ext, i->shift));
    if (i->imm && i->a != IR_IMM && i->b != IR_IMM && i->c != IR_IMM)
        ADD(snprintf(line + n, sizeof line - (size_t)n, " imm=%#llx", (unsigned long long)i->imm));
    if (ir_has_target(i))
        ADD(print_target(line + n, sizeof line - (size_t)n, u, i->target));
    if (ir_has_target2(i))
        ADD(print_target(line + n, sizeof line - (size_t)n, u, i->target2));
#undef ADD
    log_printf("%s%s%s\n", line, i->set_nzcv ? " nzcv!" : "", i->nzcv_live ? " live" : "");
}

void ir_print(const IrUnit *u, const char *title)
{
    log_printf("%s: unit %#llx, %u blocks\n", title, (unsigned long long)u->pc, u->block_count);
    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrBlock *block = &u->block[b];
        uint32_t guest = UINT32_MAX;
        log_printf(" b%u %#llx%s%s%s\n", b, (unsigned long long)block->pc,
                   block->entry ? " entry" : "", block->loop_head ? " loop" : "",
                   block->nzcv_live_in ? " nzcv" : "");
        for (uint32_t k = block->first; k < block->first + block->count; k++) {
            const IrInst *i = &u->inst[k];
            if (i->op == IR_NOP)
                continue;
            if (i->guest != guest)
                log_printf("  ---- %#llx\n", (unsigned long long)u->guest[i->guest].pc);
            guest = i->guest;
            print_inst(u, i);
        }
    }
}
