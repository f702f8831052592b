/*
 * NZCV in the host flags. The state (what EFLAGS mean, whether cpu->hflags is up to date) is
 * known statically at every point; loads and saves appear only where the state demands them.
 */
#include "tcg-lite/emit/emit.h"

/* NZCV after this instruction is what it was before, and somebody still reads it. */
static bool passes_through(const Emit *e)
{
    return e->i->nzcv_live && !e->i->set_nzcv;
}

bool flags_precious(Emit *e)
{
    return passes_through(e) && e->flags_kind != FK_NONE && !e->flags_saved;
}

void flags_clobber(Emit *e)
{
    /* the interpreter may read them, too: emit_CALL saves them */
    bool reads = ir_op_info[e->i->op].effects & (NEEDC | NEEDNZCV | SYNC);

    if (flags_precious(e))
        flags_save(e);
    if (!reads) /* an op that reads them first ends their life itself, by flags_set() */
        e->flags_kind = FK_NONE;
}

void flags_set(Emit *e, FlagKind kind)
{
    e->flags_kind = e->i->set_nzcv ? (uint8_t)kind : FK_NONE;
    if (e->i->set_nzcv)
        e->flags_saved = false;
}

void flags_save(Emit *e)
{
    Asm *a = &e->a;

    if (e->flags_saved || e->flags_kind == FK_NONE)
        return;
    if (e->flags_kind == FK_FCMP || e->flags_kind == FK_FCMP_SWAP) {
        /* greater is all zero; the others are loaded over it */
        bool swap = e->flags_kind == FK_FCMP_SWAP;
        x64_mov_ri(a, RAX, swap ? 0x8100 : 0);
        x64_cmov_rm(a, CC_B, 4, RAX, mem_rip(e->stubs->fcmp_table + (swap ? 12 : 0)));
        x64_cmov_rm(a, CC_E, 4, RAX, mem_rip(e->stubs->fcmp_table + 4));
        x64_cmov_rm(a, CC_P, 4, RAX, mem_rip(e->stubs->fcmp_table + 8));
    } else {
        if (e->flags_kind == FK_ADD) {
            x64_cmc(a);
            e->flags_kind = FK_SUB;
        }
        x64_lahf(a);
        x64_setcc_r(a, CC_O, RAX);
    }
    x64_mov_mr(a, 4, CPU_MEM(hflags), RAX);
    e->flags_saved = true;
}

void flags_load(Emit *e)
{
    if (e->flags_kind == FK_FCMP || e->flags_kind == FK_FCMP_SWAP)
        flags_save(e);
    else if (e->flags_kind != FK_NONE)
        return;
    x64_mov_rm(&e->a, 4, RAX, CPU_MEM(hflags));
    x64_alu_ri(&e->a, ALU_ADD, 1, RAX, 0x7f); /* OF = AL bit 0 */
    x64_sahf(&e->a);
    e->flags_kind = FK_SUB;
    e->flags_saved = true;
}

FlagKind flags_carry(Emit *e)
{
    const IrInst *i = e->i;
    bool last = i->set_nzcv || !i->nzcv_live; /* nobody needs the other flags behind it */

    if (e->flags_kind == FK_NONE && last) {
        x64_bt_mi(&e->a, BT_BT, 4, CPU_MEM(hflags), 8);
        e->flags_kind = FK_SUB;
    } else {
        flags_load(e);
    }
    return (FlagKind)e->flags_kind;
}

void flags_need_carry(Emit *e, FlagKind want)
{
    flags_carry(e);
    if (e->flags_kind != want) {
        x64_cmc(&e->a);
        e->flags_kind = (uint8_t)want;
    }
}

/* Conditions on FK_FCMP; cc -1: only the other order of operands can answer. */
static const int8_t fcmp_cc[2][16] = {
    [0] = {CC_E, CC_NE, -1, -1, -1, -1, CC_P, CC_NP, -1, -1, CC_AE, CC_B, CC_A, CC_BE, -1, -1},
    [1] = {CC_E, CC_NE, CC_BE, CC_A, CC_A, CC_BE, CC_P, CC_NP, CC_B, CC_AE, -1, -1, -1, -1, -1, -1},
};

static const int8_t sub_cc[16] = {CC_E, CC_NE, CC_AE, CC_B, CC_S, CC_NS, CC_O, CC_NO,
                                  CC_A, CC_BE, CC_GE, CC_L, CC_G, CC_LE, -1, -1};

HostCond flags_cond(Emit *e, Cond cond)
{
    if (e->flags_kind == FK_FCMP || e->flags_kind == FK_FCMP_SWAP) {
        int cc = fcmp_cc[e->flags_kind == FK_FCMP_SWAP][cond & 15];
        if (cc >= 0)
            return (HostCond){.cc = (X64Cc)cc, .and_np = cond == 0, .or_p = cond == 1};
    }
    flags_load(e);
    if (e->flags_kind == FK_ADD) {
        if (cond == 2 || cond == 3) /* CS, CC: the carry itself */
            return (HostCond){.cc = cond == 2 ? CC_B : CC_AE};
        if (cond == 8 || cond == 9) /* HI, LS need it inverted */
            flags_need_carry(e, FK_SUB);
    }
    return (HostCond){.cc = (X64Cc)sub_cc[cond & 15]};
}
