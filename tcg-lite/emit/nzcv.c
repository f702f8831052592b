/*
 * NZCV as a value, and the instructions that rearrange it: on cpu->hflags (hflags.h), in whose
 * low byte bit 0 stands alone.
 */
#include "tcg-lite/emit/emit.h"

/* NZCV is in cpu->hflags alone. */
static void only_saved(Emit *e)
{
    e->flags_kind = FK_NONE;
    e->flags_saved = true;
}

void emit_GET_NZCV(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;

    flags_save(e);
    x64_mov_rm(a, 4, RAX, CPU_MEM(hflags));
    x64_mov_rr(a, 4, RCX, RAX);
    x64_alu_ri(a, ALU_AND, 4, RCX, 0xc000); /* N, Z to 31, 30 */
    x64_shift_ri(a, SH_SHL, 4, RCX, 16);
    x64_bt_ri(a, BT_BTC, 4, RAX, 8);        /* C */
    x64_push(a, RBX);
    x64_mov_rr(a, 4, RBX, RAX);
    x64_alu_ri(a, ALU_AND, 4, RBX, 0x100);
    x64_shift_ri(a, SH_SHL, 4, RBX, 21);
    x64_alu_rr(a, ALU_OR, 4, RCX, RBX);
    x64_pop(a, RBX);
    x64_alu_ri(a, ALU_AND, 4, RAX, 1);      /* V */
    x64_shift_ri(a, SH_SHL, 4, RAX, 28);
    x64_alu_rr(a, ALU_OR, 4, RAX, RCX);
    only_saved(e);
    store_result(e, i->d, RAX);
}

void emit_SET_NZCV(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;

    arg_into(e, i->a, RAX);
    x64_mov_rr(a, 4, RCX, RAX);
    x64_shift_ri(a, SH_SHR, 4, RCX, 28);
    x64_alu_ri(a, ALU_AND, 4, RCX, 1);        /* V */
    x64_shift_ri(a, SH_SHR, 4, RAX, 16);      /* N 15, Z 14, C 13 */
    x64_bt_ri(a, BT_BT, 4, RAX, 13);
    x64_mov_ri(a, RDX, 0);
    x64_setcc_r(a, CC_NC, RDX);
    x64_shift_ri(a, SH_SHL, 4, RDX, 8);
    x64_alu_ri(a, ALU_AND, 4, RAX, 0xc000);
    x64_alu_rr(a, ALU_OR, 4, RAX, RCX);
    x64_alu_rr(a, ALU_OR, 4, RAX, RDX);
    x64_mov_mr(a, 4, CPU_MEM(hflags), RAX);
    only_saved(e);
}

/* The two kinds differ in the meaning of the carry alone. */
void emit_INVC(Emit *e, const IrInst *i)
{
    (void)i;
    flags_load(e);
    flags_set(e, e->flags_kind == FK_ADD ? FK_SUB : FK_ADD);
}

void emit_SETF(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;

    flags_save(e);
    arg_into(e, i->a, RCX);
    x64_mov_rr(a, 4, RAX, RCX);
    x64_shift_ri(a, SH_SHR, 4, RAX, 1);
    x64_alu_rr(a, ALU_XOR, 4, RAX, RCX);
    x64_shift_ri(a, SH_SHR, 4, RAX, i->size * 8u - 1);
    x64_alu_ri(a, ALU_AND, 4, RAX, 1);                    /* V */
    x64_alu_mi(a, ALU_AND, 4, CPU_MEM(hflags), 0x100);    /* C */
    x64_alu_mr(a, ALU_OR, 4, CPU_MEM(hflags), RAX);
    x64_test_rr(a, i->size, RCX, RCX);
    x64_lahf(a);
    x64_alu_ri(a, ALU_AND, 4, RAX, 0xc000);               /* N, Z */
    x64_alu_mr(a, ALU_OR, 4, CPU_MEM(hflags), RAX);
    only_saved(e);
}

/* Z |= V, C &= !V, N = V = 0 */
static void axflag(Asm *a)
{
    x64_mov_rr(a, 4, RCX, RAX);
    x64_alu_ri(a, ALU_AND, 4, RCX, 1);
    x64_imul_rri(a, 4, RCX, RCX, 0x4100);
    x64_alu_rr(a, ALU_OR, 4, RAX, RCX);
    x64_alu_ri(a, ALU_AND, 4, RAX, 0x4100);
}

/* N = !C & !Z, Z &= C, C |= Z (the old one), V = !C & Z */
static void xaflag(Asm *a)
{
    x64_mov_rr(a, 4, RCX, RAX);
    x64_shift_ri(a, SH_SHR, 4, RCX, 6);
    x64_alu_ri(a, ALU_AND, 4, RCX, 0x100); /* Z */
    x64_alu_ri(a, ALU_AND, 4, RAX, 0x100); /* !C */
    x64_mov_rr(a, 4, RDX, RAX);
    x64_alu_rr(a, ALU_AND, 4, RDX, RCX);
    x64_alu_rr(a, ALU_XOR, 4, RAX, RDX);
    x64_alu_rr(a, ALU_XOR, 4, RCX, RDX);
    x64_imul_rri(a, 4, RAX, RAX, 0x81);    /* N, and !C */
    x64_shift_ri(a, SH_SHL, 4, RCX, 6);
    x64_shift_ri(a, SH_SHR, 4, RDX, 8);
    x64_alu_rr(a, ALU_OR, 4, RAX, RCX);
    x64_alu_rr(a, ALU_OR, 4, RAX, RDX);
}

void emit_XFLAG(Emit *e, const IrInst *i)
{
    flags_save(e);
    x64_mov_rm(&e->a, 4, RAX, CPU_MEM(hflags));
    (i->sub ? xaflag : axflag)(&e->a);
    x64_mov_mr(&e->a, 4, CPU_MEM(hflags), RAX);
    only_saved(e);
}
