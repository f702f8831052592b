/*
 * Reference semantics: branches and exceptions. A branch overwrites npc; interp_insn checks
 * the target's alignment when it is fetched.
 */
#include "emu/arith/int.h"
#include "emu/guest/vdso_call.h"
#include "emu/interp/interp.h"

static void branch_by(CpuState *cpu, const DecodedInsn *i)
{
    cpu->npc = cpu->pc + (uint64_t)(int64_t)i->simm * 4;
}

/* BranchTo(): Linux enables TBI for instruction fetches too, so the tag is dropped. */
static void branch_to(CpuState *cpu, uint64_t target)
{
    cpu->npc = (uint64_t)sext(target, 56);
}

INTERP(B)
{
    branch_by(cpu, i);
}

INTERP(BL)
{
    set_x(cpu, 30, cpu->pc + 4);
    branch_by(cpu, i);
}

INTERP(B_cond)
{
    if (cond_holds(i->cond, cpu->nzcv))
        branch_by(cpu, i);
}

INTERP(CBZ)
{
    if (get_xw(cpu, i->sf, i->rt) == 0)
        branch_by(cpu, i);
}

INTERP(CBNZ)
{
    if (get_xw(cpu, i->sf, i->rt) != 0)
        branch_by(cpu, i);
}

INTERP(TBZ)
{
    if ((get_x(cpu, i->rt) >> i->bit & 1) == 0)
        branch_by(cpu, i);
}

INTERP(TBNZ)
{
    if (get_x(cpu, i->rt) >> i->bit & 1)
        branch_by(cpu, i);
}

INTERP(BR)
{
    branch_to(cpu, get_x(cpu, i->rn));
}

INTERP(BLR)
{
    branch_to(cpu, get_x(cpu, i->rn)); /* before x30 changes: BLR x30 */
    set_x(cpu, 30, cpu->pc + 4);
}

INTERP(RET)
{
    branch_to(cpu, get_x(cpu, i->rn));
}

INTERP(SVC)
{
    unsigned call = vdso_call_at(cpu->pc, i->imm);

    if (!call || !vdso_call(cpu, call))
        cpu_raise(cpu, EXIT_SVC);
}

INTERP(BRK)
{
    cpu->exit_info = i->imm;
    cpu_raise(cpu, EXIT_BRK);
}
