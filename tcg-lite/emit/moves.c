/*
 * Memory copies and sets (FEAT_MOPS): shared code that is called with the size in RCX, the
 * destination in RDX, the source or the byte in RAX. It comes back with CF clear, NZCV (as in
 * cpu->hflags) in EAX and how far the addresses go on in RDX; or with CF set, when it has done
 * nothing. It may use RSI, RDI and the scratch vectors.
 *
 * Invariant: where it may fault, performing the guest instructions from the beginning gives the
 * same. So where ranges may overlap, every page of both is tried before the first store; a
 * destination within one page is tried by that store.
 */
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/emit/hflags.h"

/* Larger ones are for the interpreter, which looks for signals meanwhile. */
#define MOVE_MAX 65536
/* From here on the host's string instructions are better than a loop. */
#define REP_MIN 1024
#define PAGE 4096

static const Xmm low = VSCRATCH0, high = VSCRATCH1;

static void load16(Asm *a, Xmm d, Mem m)
{
    x64_v2m(a, VOP_MOVUPS, d, m);
}

static void store16(Asm *a, Mem m, Xmm s)
{
    x64_vst(a, VOP_MOVUPS_ST, m, s);
}

/* [base + RCX - back] */
static Mem at_end(Gpr base, int back)
{
    return mem_bisd(base, RCX, 0, -back);
}

static uint64_t give_up(Asm *a)
{
    uint64_t at = x64_here(a);

    x64_mov_rm(a, 8, RSI, CPU_MEM(pair.u64[0]));
    x64_mov_rm(a, 8, RDI, CPU_MEM(pair.u64[1]));
    x64_stc(a);
    x64_ret(a);
    return at;
}

static void begin(Asm *a)
{
    x64_mov_mr(a, 8, CPU_MEM(pair.u64[0]), RSI);
    x64_mov_mr(a, 8, CPU_MEM(pair.u64[1]), RDI);
    x64_mov_rr(a, 8, RDI, RDX);
}

/* RDX is set, EAX too unless the move went forward as all do that know no other way. */
static void finish(Asm *a, bool sets_eax)
{
    if (sets_eax)
        x64_mov_ri(a, RAX, hflags_from_nzcv(PSTATE_C));
    x64_mov_rm(a, 8, RSI, CPU_MEM(pair.u64[0]));
    x64_mov_rm(a, 8, RDI, CPU_MEM(pair.u64[1]));
    x64_clc(a);
    x64_ret(a);
}

/* Faults if this byte cannot be written; changes nothing. */
static void try_write(Asm *a, Mem m)
{
    x64_lock(a);
    x64_alu_mi(a, ALU_OR, 1, m, 0);
}

/* Jumps when the destination, of at most 64 KiB, lies in one page. Uses RAX. */
static Fixup in_one_page(Asm *a)
{
    x64_mov_rr(a, 4, RAX, RDI);
    x64_alu_ri(a, ALU_AND, 4, RAX, PAGE - 1);
    x64_alu_rr(a, ALU_ADD, 4, RAX, RCX);
    x64_alu_ri(a, ALU_CMP, 4, RAX, PAGE);
    return x64_jcc_fwd8(a, CC_BE);
}

/* A destination of less than a page. */
static void try_destination(Asm *a)
{
    Fixup one = in_one_page(a);

    try_write(a, mem_bd(RDI, 0));
    try_write(a, at_end(RDI, 1));
    x64_bind(a, one);
}

/* ---- copies: to RDI from RSI ---- */

/*
 * At most 32 bytes were copied, all of them loaded before the first was stored. A copy that has
 * to do with overlaps went backward, as the guest sees it, if it overlaps and goes up.
 */
static void finish_small(Asm *a, bool forward_only)
{
    if (forward_only) {
        x64_mov_rr(a, 8, RDX, RCX);
        finish(a, true);
        return;
    }
    x64_lea(a, 8, RAX, mem_bd(RDI, -1));
    x64_lea(a, 8, RDX, mem_bd(RCX, -1));
    x64_alu_rr(a, ALU_SUB, 8, RAX, RSI);
    x64_alu_rr(a, ALU_CMP, 8, RAX, RDX); /* 0 < to - from < size */
    x64_alu_rr(a, ALU_SBB, 8, RAX, RAX);
    x64_mov_rr(a, 8, RDX, RAX);
    x64_un_r(a, UN_NOT, 8, RDX);
    x64_alu_rr(a, ALU_AND, 8, RDX, RCX);
    x64_alu_ri(a, ALU_AND, 4, RAX, (int32_t)hflags_from_nzcv(PSTATE_N | PSTATE_C));
    finish(a, false);
}

static void copy_two(Asm *a, int size)
{
    x64_movzx_rm(a, size, RAX, mem_bd(RSI, 0));
    x64_movzx_rm(a, size, RDX, at_end(RSI, size));
    x64_mov_mr(a, size, mem_bd(RDI, 0), RAX);
    x64_mov_mr(a, size, at_end(RDI, size), RDX);
}

/* Fewer than 16 bytes. */
static void copy_tiny(Asm *a, bool forward_only)
{
    try_destination(a);
    for (int size = 8; size >= 2; size /= 2) {
        x64_alu_ri(a, ALU_CMP, 4, RCX, size);
        Fixup smaller = x64_jcc_fwd8(a, CC_B);
        copy_two(a, size);
        finish_small(a, forward_only);
        x64_bind(a, smaller);
    }
    x64_test_rr(a, 4, RCX, RCX);
    Fixup none = x64_jcc_fwd8(a, CC_E);
    x64_movzx_rm(a, 1, RAX, mem_bd(RSI, 0));
    x64_mov_mr(a, 1, mem_bd(RDI, 0), RAX);
    x64_bind(a, none);
    x64_mov_rr(a, 8, RDX, RCX); /* one byte: forward always */
    finish(a, true);
}

/* 16 to 32 bytes. */
static void copy_small(Asm *a, bool forward_only)
{
    try_destination(a);
    load16(a, low, mem_bd(RSI, 0));
    load16(a, high, at_end(RSI, 16));
    store16(a, mem_bd(RDI, 0), low);
    store16(a, at_end(RDI, 16), high);
    finish_small(a, forward_only);
}

/* Without overlap, RDX = RCX bytes, more than 32. */
static void copy_apart(Asm *a, uint64_t fail)
{
    x64_alu_ri(a, ALU_CMP, 8, RCX, REP_MIN);
    Fixup strings = x64_jcc_fwd8(a, CC_AE);
    uint64_t again = x64_here(a);
    load16(a, low, mem_bd(RSI, 0));
    load16(a, high, mem_bd(RSI, 16));
    store16(a, mem_bd(RDI, 0), low);
    store16(a, mem_bd(RDI, 16), high);
    x64_alu_ri(a, ALU_ADD, 8, RSI, 32);
    x64_alu_ri(a, ALU_ADD, 8, RDI, 32);
    x64_alu_ri(a, ALU_SUB, 4, RCX, 32);
    x64_alu_ri(a, ALU_CMP, 4, RCX, 32);
    x64_jcc_to(a, CC_A, again);
    load16(a, low, at_end(RSI, 32));
    load16(a, high, at_end(RSI, 16));
    store16(a, at_end(RDI, 32), low);
    store16(a, at_end(RDI, 16), high);
    finish(a, true);
    x64_bind(a, strings);
    x64_alu_ri(a, ALU_CMP, 8, RCX, MOVE_MAX);
    x64_jcc_to(a, CC_A, fail);
    x64_rep_movsb(a);
    finish(a, true);
}

/* One piece of size bytes, at the front of what is left or at its end. Uses RAX. */
static void move_piece(Asm *a, int size, bool backward)
{
    int at = backward ? -size : 0;
    AluOp step = backward ? ALU_SUB : ALU_ADD;

    if (size >= 16) {
        load16(a, low, mem_bd(RSI, at));
        if (size == 32)
            load16(a, high, mem_bd(RSI, at + 16));
        store16(a, mem_bd(RDI, at), low);
        if (size == 32)
            store16(a, mem_bd(RDI, at + 16), high);
    } else {
        x64_movzx_rm(a, size, RAX, mem_bd(RSI, at));
        x64_mov_mr(a, size, mem_bd(RDI, at), RAX);
    }
    x64_alu_ri(a, step, 8, RSI, size);
    x64_alu_ri(a, step, 8, RDI, size);
}

/* Every page of both ranges, of 33 bytes to 64 KiB; not the destination's when it is one. */
static void try_both(Asm *a)
{
    Fixup one = in_one_page(a);

    x64_mov_ri(a, RAX, 0);
    uint64_t again = x64_here(a);
    x64_test_mr(a, 1, mem_bisd(RSI, RAX, 0, 0), RAX);
    try_write(a, mem_bisd(RDI, RAX, 0, 0));
    x64_alu_ri(a, ALU_ADD, 4, RAX, PAGE);
    x64_alu_rr(a, ALU_CMP, 4, RAX, RCX);
    x64_jcc_to(a, CC_B, again);
    try_write(a, at_end(RDI, 1));
    x64_bind(a, one);
    x64_test_mr(a, 1, mem_bd(RSI, 0), RAX);
    x64_test_mr(a, 1, at_end(RSI, 1), RAX);
}

/* With overlap, RDX = RCX bytes, more than 32: away from what is still to be read. */
static void copy_overlapping(Asm *a, uint64_t fail, bool backward)
{
    x64_alu_ri(a, ALU_CMP, 8, RCX, MOVE_MAX);
    x64_jcc_to(a, CC_A, fail);
    try_both(a);
    if (backward) {
        x64_alu_rr(a, ALU_ADD, 8, RSI, RCX);
        x64_alu_rr(a, ALU_ADD, 8, RDI, RCX);
    }
    uint64_t again = x64_here(a);
    move_piece(a, 32, backward);
    x64_alu_ri(a, ALU_SUB, 4, RCX, 32);
    x64_alu_ri(a, ALU_CMP, 4, RCX, 32);
    x64_jcc_to(a, CC_AE, again);
    for (int size = 16; size; size /= 2) {
        x64_test_ri(a, 1, RCX, size);
        Fixup without = x64_jcc_fwd8(a, CC_E);
        move_piece(a, size, backward);
        x64_bind(a, without);
    }
    if (backward) {
        x64_mov_ri(a, RAX, hflags_from_nzcv(PSTATE_N | PSTATE_C));
        x64_mov_ri(a, RDX, 0);
    }
    finish(a, !backward);
}

static void copy_stub(Asm *a, uint64_t fail, bool forward_only)
{
    begin(a);
    x64_mov_rr(a, 8, RSI, RAX);
    if (forward_only) { /* what reads what it wrote depends on the size of steps */
        x64_mov_rr(a, 8, RAX, RDI);
        x64_alu_rr(a, ALU_SUB, 8, RAX, RSI);
        x64_alu_rr(a, ALU_CMP, 8, RAX, RCX);
        x64_jcc_to(a, CC_B, fail);
    }
    x64_alu_ri(a, ALU_CMP, 8, RCX, 16);
    Fixup tiny = x64_jcc_fwd32(a, CC_B);
    x64_alu_ri(a, ALU_CMP, 8, RCX, 32);
    Fixup large = x64_jcc_fwd32(a, CC_A);
    copy_small(a, forward_only);
    x64_bind(a, tiny);
    copy_tiny(a, forward_only);
    x64_bind(a, large);
    x64_mov_rr(a, 8, RDX, RCX);
    x64_mov_rr(a, 8, RAX, RDI);
    x64_alu_rr(a, ALU_SUB, 8, RAX, RSI);
    x64_jcc_to(a, CC_E, fail);
    Fixup up = {0};
    if (!forward_only) {
        x64_alu_rr(a, ALU_CMP, 8, RAX, RCX);
        up = x64_jcc_fwd32(a, CC_B);
    }
    x64_un_r(a, UN_NEG, 8, RAX);
    x64_alu_rr(a, ALU_CMP, 8, RAX, RCX);
    Fixup down = x64_jcc_fwd32(a, CC_B);
    copy_apart(a, fail);
    x64_bind(a, down);
    copy_overlapping(a, fail, false);
    if (!forward_only) {
        x64_bind(a, up);
        copy_overlapping(a, fail, true);
    }
}

/* ---- sets: RSI keeps the size ---- */

static void finish_fill(Asm *a)
{
    x64_mov_rr(a, 8, RDX, RSI);
    finish(a, true);
}

static void fill_tiny(Asm *a)
{
    for (int size = 8; size >= 2; size /= 2) {
        x64_alu_ri(a, ALU_CMP, 4, RCX, size);
        Fixup smaller = x64_jcc_fwd8(a, CC_B);
        x64_mov_mr(a, size, mem_bd(RDI, 0), RAX);
        x64_mov_mr(a, size, at_end(RDI, size), RAX);
        finish_fill(a);
        x64_bind(a, smaller);
    }
    x64_test_rr(a, 4, RCX, RCX);
    Fixup none = x64_jcc_fwd8(a, CC_E);
    x64_mov_mr(a, 1, mem_bd(RDI, 0), RAX);
    x64_bind(a, none);
    finish_fill(a);
}

static void fill_stub(Asm *a, uint64_t fail)
{
    begin(a);
    x64_mov_rr(a, 8, RSI, RCX);
    x64_movzx_rr(a, 1, RAX, RAX);
    x64_mov_ri(a, RDX, 0x0101010101010101);
    x64_imul_rr(a, 8, RAX, RDX);
    x64_alu_ri(a, ALU_CMP, 8, RCX, 16);
    Fixup tiny = x64_jcc_fwd32(a, CC_B);
    x64_alu_ri(a, ALU_CMP, 8, RCX, REP_MIN);
    Fixup strings = x64_jcc_fwd32(a, CC_AE);
    x64_v2g(a, VOP_MOVQ_XG, low, RAX);
    x64_v3(a, VOP_PUNPCKLQDQ, low, low, low);
    x64_alu_ri(a, ALU_CMP, 4, RCX, 32);
    Fixup small = x64_jcc_fwd8(a, CC_BE);
    uint64_t again = x64_here(a);
    store16(a, mem_bd(RDI, 0), low);
    store16(a, mem_bd(RDI, 16), low);
    x64_alu_ri(a, ALU_ADD, 8, RDI, 32);
    x64_alu_ri(a, ALU_SUB, 4, RCX, 32);
    x64_alu_ri(a, ALU_CMP, 4, RCX, 32);
    x64_jcc_to(a, CC_A, again);
    store16(a, at_end(RDI, 32), low);
    store16(a, at_end(RDI, 16), low);
    finish_fill(a);
    x64_bind(a, small);
    store16(a, mem_bd(RDI, 0), low);
    store16(a, at_end(RDI, 16), low);
    finish_fill(a);
    x64_bind(a, tiny);
    fill_tiny(a);
    x64_bind(a, strings);
    x64_alu_ri(a, ALU_CMP, 8, RCX, MOVE_MAX);
    x64_jcc_to(a, CC_A, fail);
    /* the end first: what is left is a multiple of eight */
    x64_mov_mr(a, 8, at_end(RDI, 8), RAX);
    x64_shift_ri(a, SH_SHR, 8, RCX, 3);
    x64_rep_stosq(a);
    finish_fill(a);
}

void emit_move_stubs(Asm *a, Stubs *s)
{
    x64_align(a, 16);
    s->moves = x64_here(a);
    uint64_t fail = give_up(a);
    x64_align(a, 16);
    s->copy = x64_here(a);
    copy_stub(a, fail, false);
    x64_align(a, 16);
    s->copy_forward = x64_here(a);
    copy_stub(a, fail, true);
    x64_align(a, 16);
    s->fill = x64_here(a);
    fill_stub(a, fail);
    s->moves_end = x64_here(a);
}

/* ---- the operations ---- */

/* All three instructions; they have moved the registers on. */
static void cold_move(Emit *e, const Cold *c)
{
    cold_interp_run(e, c, 2);
    x64_jmp_to(&e->a, c->back);
}

static void move(Emit *e, const IrInst *i, uint64_t stub)
{
    arg_into(e, i->b, RAX);
    arg_into(e, i->c, RCX);
    arg_into(e, i->a, RDX);
    x64_call_to(&e->a, stub);
    held_drop(e);
    e->flags_kind = FK_NONE;
    fault_point(e);
    if (!e->failed)
        e->map[e->map_count - 1].undo = UNDO_INTERP;
    uint8_t *from = x64_jcc_rel32(&e->a, CC_C, x64_here(&e->a));
    cold_add(e, COLD_CALLBACK, from)->fn = cold_move;
    if (i->set_nzcv) {
        x64_mov_mr(&e->a, 4, CPU_MEM(hflags), RAX);
        e->flags_saved = true;
    }
    store_result(e, i->d, RDX);
}

void emit_COPY(Emit *e, const IrInst *i)
{
    move(e, i, i->sub ? e->stubs->copy_forward : e->stubs->copy);
}

void emit_FILL(Emit *e, const IrInst *i)
{
    move(e, i, e->stubs->fill);
}
