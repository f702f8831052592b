/*
 * Guest memory: addresses are used as they are (identity mapping, no masks; a tagged address
 * is non-canonical, faults, and is performed untagged by the fault handler). Every host
 * instruction that may fault is preceded by fault_point(), and nothing of the guest's state
 * has been changed before it by the same guest instruction.
 */
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/ir/passes.h"

/* The index register, extended; in its home when it needs no extension. */
static Gpr index_reg(Emit *e, const IrInst *i, unsigned busy)
{
    Loc l = arg_loc(e, i->b);

    if (i->ext == IR_EXT_NONE || l.kind == LOC_IMM ||
        (i->ext == IR_EXT_UXTW && ir_is_x(i->b) && e->zero_above >> i->b & 1))
        return arg_read(e, i->b, busy);
    Gpr r = held_scratch(e, busy);
    if (i->ext == IR_EXT_UXTW) {
        if (l.kind == LOC_MEM)
            x64_mov_rm(&e->a, 4, r, l.mem);
        else
            x64_mov_rr(&e->a, 4, r, (Gpr)l.reg);
    } else if (l.kind == LOC_MEM) {
        x64_movsx_rm(&e->a, 8, 4, r, l.mem);
    } else {
        x64_movsx_rr(&e->a, 8, 4, r, (Gpr)l.reg);
    }
    return r;
}

/* The address in its registers, and in scratch registers outside `busy`. */
static Mem address(Emit *e, const IrInst *i, unsigned busy)
{
    int32_t disp = i->b == IR_IMM || i->a == IR_IMM ? 0 : (int32_t)i->imm;

    if (i->b == IR_NONE)
        return mem_bd(arg_read(e, i->a, busy), disp);
    int held = arg_loc(e, i->b).kind == LOC_MEM ? held_in(e, i->b) : -1; /* for the index */
    Gpr base = arg_read(e, i->a, held >= 0 ? busy | 1u << held : busy);
    Gpr index = index_reg(e, i, busy | 1u << base);
    if (i->shift <= 3)
        return mem_bisd(base, index, i->shift, disp);
    /* 16-byte elements: x86 scales by 8 at most; LEA keeps the flags */
    Gpr eight = held_scratch(e, busy | 1u << base);
    x64_lea(&e->a, 8, eight, mem_isd(index, 3, 0));
    return mem_bisd(base, eight, 1, disp);
}

Mem emit_address(Emit *e, const IrInst *i)
{
    return address(e, i, 1u << RDX);
}

/* The registers of an address: bit per Gpr. */
static unsigned used_by(Mem m)
{
    return (m.base >= 0 ? 1u << m.base : 0) | (m.index >= 0 ? 1u << m.index : 0);
}

/* The words of a pair are neighbours in CpuState, too. */
static bool neighbours(const Emit *e, IrRef first, IrRef second)
{
    return ir_is_x(first) && ir_is_x(second) && second == first + 1 &&
           e->plan->x[first] == RA_NONE && e->plan->x[second] == RA_NONE;
}

unsigned emit_pair(Emit *e, const IrInst *i, const IrInst *end)
{
    const IrInst *j = i + 1;
    bool load = i->op == IR_LOAD;

    if ((!load && i->op != IR_STORE) || j == end || j->op != i->op || j->guest != i->guest ||
        i->size != 8 || j->size != 8 || i->b != IR_NONE || j->b != IR_NONE || j->a != i->a ||
        !ir_is_x(i->a) || j->imm != i->imm + 8 || !passes.pairs)
        return 0;
    IrRef first = load ? i->d : i->c, second = load ? j->d : j->c;
    bool moved = load && ir_is_temp(first) && j + 1 != end && j[1].op == IR_MOV && j[1].a == first;
    if (moved)
        first = j[1].d;
    if (!neighbours(e, first, second))
        return 0;
    /* Words stored one by one just now are not yet to be had at once: the load would wait. */
    if (!load && (e->x_written >> first & 3))
        return 0;
    Mem m = address(e, i, 0), home = cpu_mem(offsetof(CpuState, x) + 8u * first);
    if (!load)
        x64_v2m(&e->a, VOP_MOVUPS, VSCRATCH0, home);
    fault_point(e);
    if (load) {
        x64_v2m(&e->a, VOP_MOVUPS, VSCRATCH0, m);
        x64_vst(&e->a, VOP_MOVUPS_ST, home, VSCRATCH0);
        held_forget(e, first);
        held_forget(e, second);
        e->zero_above &= ~(3u << first);
    } else {
        x64_vst(&e->a, VOP_MOVUPS_ST, m, VSCRATCH0);
    }
    return moved ? 3 : 2;
}

void emit_LOAD(Emit *e, const IrInst *i)
{
    Mem m = address(e, i, 0);
    bool in_memory = ir_is_x(i->d) && arg_loc(e, i->d).kind == LOC_MEM;
    if (in_memory)
        held_forget(e, i->d); /* what it was is not wanted */
    /* What the address used may serve again. */
    Gpr r = in_memory ? held_scratch(e, used_by(m)) : result_reg(e, i->d, RAX);

    fault_point(e);
    if (i->sub)
        x64_movsx_rm(&e->a, i->sub, i->size, r, m);
    else
        x64_movzx_rm(&e->a, i->size, r, m);
    store_result(e, i->d, r);
}

void emit_STORE(Emit *e, const IrInst *i)
{
    Mem m = address(e, i, 0);
    Loc c = arg_loc(e, i->c);

    if (c.kind == LOC_IMM && c.imm == 0) {
        fault_point(e);
        x64_mov_mi(&e->a, i->size, m, 0);
        return;
    }
    unsigned busy = used_by(m);
    bool loads = c.kind == LOC_IMM || (c.kind == LOC_MEM && held_in(e, i->c) < 0);
    if (loads && (busy & 3) == 3) { /* the value needs one of these two */
        x64_lea(&e->a, 8, RAX, m);
        m = mem_bd(RAX, 0);
        busy = 1u << RAX;
    }
    Gpr r = arg_read(e, i->c, busy);
    fault_point(e);
    x64_mov_mr(&e->a, i->size, m, r);
}

void emit_PREFETCH(Emit *e, const IrInst *i)
{
    static const PrefetchHint hints[] = {
        [IR_PREFETCH_ONCE] = PREFETCH_NTA, [IR_PREFETCH_L1] = PREFETCH_T0,
        [IR_PREFETCH_L2] = PREFETCH_T1, [IR_PREFETCH_L3] = PREFETCH_T2,
        [IR_PREFETCH_WRITE] = PREFETCH_W,
    };
    PrefetchHint hint = hints[i->sub];

    if (hint == PREFETCH_W && !host.prefetchw)
        hint = PREFETCH_T0;
    x64_prefetch(&e->a, hint, emit_address(e, i));
}

void emit_LEA(Emit *e, const IrInst *i)
{
    Mem m = emit_address(e, i);
    Gpr r = result_reg(e, i->d, RAX);

    x64_lea(&e->a, i->size, r, m);
    store_result(e, i->d, r);
}

static const VOp load_ops[17] = {[4] = VOP_MOVSS, [8] = VOP_MOVSD, [16] = VOP_MOVUPS};
static const VOp store_ops[17] = {[4] = VOP_MOVSS_ST, [8] = VOP_MOVSD_ST, [16] = VOP_MOVUPS_ST};

void emit_VLOAD(Emit *e, const IrInst *i)
{
    Mem m = address(e, i, 0);
    Xmm r = vec_result(e, i->d, VSCRATCH0);

    fault_point(e);
    if (i->size >= 4) {
        x64_v2m(&e->a, load_ops[i->size], r, m);
    } else {
        x64_movzx_rm(&e->a, i->size, RAX, m);
        x64_v2g(&e->a, VOP_MOVD_XG, r, RAX);
    }
    vec_store(e, i->d, r);
}

void emit_VSTORE(Emit *e, const IrInst *i)
{
    Mem m = address(e, i, 0);
    Xmm r = vec_reg(e, i->c, VSCRATCH0);

    if (i->size >= 4) {
        fault_point(e);
        x64_vst(&e->a, store_ops[i->size], m, r);
        return;
    }
    if (m.base == RAX || m.index == RAX) { /* the value needs RAX */
        x64_lea(&e->a, 8, RCX, m);
        m = mem_bd(RCX, 0);
    }
    x64_vg(&e->a, VOP_MOVD_GX, RAX, r);
    fault_point(e);
    x64_mov_mr(&e->a, i->size, m, RAX);
}

void emit_ZVA(Emit *e, const IrInst *i)
{
    if (!lives_in(e, i->a, RCX))
        arg_into(e, i->a, RCX);
    flags_clobber(e);
    x64_alu_ri(&e->a, ALU_AND, 8, RCX, -64);
    x64_v3(&e->a, VOP_XORPS, VSCRATCH0, VSCRATCH0, VSCRATCH0);
    for (int n = 0; n < 64; n += 16) {
        fault_point(e);
        x64_vst(&e->a, VOP_MOVUPS_ST, mem_bd(RCX, n), VSCRATCH0);
    }
}

/* ---- atomics: a holds the address ---- */

void emit_CHECK_ALIGN(Emit *e, const IrInst *i)
{
    Gpr base = arg_reg(e, i->a, RCX);

    x64_test_ri(&e->a, 1, base, i->size - 1);
    interp_unless(e, CC_E);
}

static Gpr atomic_base(Emit *e, const IrInst *i)
{
    return arg_reg(e, i->a, RCX);
}

/* The old value in r, of i->size bytes, becomes the result, zero-extended. */
static void atomic_result(Emit *e, const IrInst *i, Gpr r)
{
    if (i->d == IR_NONE)
        return;
    if (i->size < 8)
        x64_movzx_rr(&e->a, i->size, r, r);
    store_result(e, i->d, r);
}

static void atomic_fault_point(Emit *e, const IrInst *i)
{
    fault_point(e);
    if (i->sub)
        e->map[e->map_count - 1].undo = UNDO_INTERP;
}

void emit_XCHG(Emit *e, const IrInst *i)
{
    Gpr base = atomic_base(e, i);

    arg_into(e, i->b, RAX);
    atomic_fault_point(e, i);
    x64_xchg_mr(&e->a, i->size, mem_bd(base, 0), RAX);
    atomic_result(e, i, RAX);
}

void emit_XADD(Emit *e, const IrInst *i)
{
    Gpr base = atomic_base(e, i);

    arg_into(e, i->b, RAX);
    atomic_fault_point(e, i);
    x64_lock(&e->a);
    x64_xadd_mr(&e->a, i->size, mem_bd(base, 0), RAX);
    atomic_result(e, i, RAX);
}

/* RDX = RAX op b, on size bytes. */
static void atomic_combine(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;

    switch ((AtomicOp)i->cond) {
    case ATOMIC_CLR:
        arg_into(e, i->b, RDX);
        x64_un_r(a, UN_NOT, 8, RDX);
        x64_alu_rr(a, ALU_AND, 8, RDX, RAX);
        break;
    case ATOMIC_EOR:
        arg_into(e, i->b, RDX);
        x64_alu_rr(a, ALU_XOR, 8, RDX, RAX);
        break;
    case ATOMIC_SET:
        arg_into(e, i->b, RDX);
        x64_alu_rr(a, ALU_OR, 8, RDX, RAX);
        break;
    default:
        arg_into(e, i->b, RDX);
        minmax(a, (AtomicOp)i->cond, i->size, RDX, RAX);
        break;
    }
}

void emit_ATOMIC(Emit *e, const IrInst *i)
{
    Gpr base = atomic_base(e, i);

    fault_point(e);
    x64_movzx_rm(&e->a, i->size, RAX, mem_bd(base, 0));
    held_drop(e); /* what the first round finds loaded the second does not */
    uint64_t again = x64_here(&e->a);
    atomic_combine(e, i);
    fault_point(e);
    x64_lock(&e->a);
    x64_cmpxchg_mr(&e->a, i->size, mem_bd(base, 0), RDX);
    x64_jcc_to(&e->a, CC_NE, again);
    atomic_result(e, i, RAX);
}

void emit_CAS(Emit *e, const IrInst *i)
{
    Gpr base = atomic_base(e, i);
    Loc c = arg_loc(e, i->c);
    Gpr value;

    if (c.kind == LOC_REG) {
        value = (Gpr)c.reg;
    } else { /* both the address and the new value want a register */
        if (base == RCX)
            x64_push(&e->a, RCX);
        arg_into(e, i->c, RCX);
        value = RCX;
        if (base == RCX) {
            x64_pop(&e->a, RDX);
            base = RDX;
        }
    }
    arg_into(e, i->b, RAX);
    fault_point(e);
    x64_lock(&e->a);
    x64_cmpxchg_mr(&e->a, i->size, mem_bd(base, 0), value);
    atomic_result(e, i, RAX);
}

/* The word of CpuState for the guest register that lives in h; every plan gives h to one. */
static Mem word_of(Emit *e, Gpr h)
{
    unsigned n = 0;

    while (n < 31 && e->plan->x[n] != (int8_t)h)
        n++;
    return cpu_mem(offsetof(CpuState, x) + 8u * n);
}

/*
 * LOCK CMPXCHG16B of memory with `expected`, the new value being b, c. It wants RBX, and an
 * address outside its own registers: for the while, what lives in RBX and RSI is in CpuState.
 */
static void exchange_pair(Emit *e, const IrInst *i, Mem expected)
{
    Asm *a = &e->a;
    Loc address = arg_loc(e, i->a);
    bool apart = address.kind == LOC_REG && address.reg > RBX;
    Gpr base = apart ? (Gpr)address.reg : RSI;

    x64_mov_mr(a, 8, word_of(e, RBX), RBX);
    if (!apart)
        x64_mov_mr(a, 8, word_of(e, RSI), RSI);
    arg_into(e, i->c, RCX);
    arg_into(e, i->b, apart ? RBX : RAX);
    if (!apart) { /* it may be in RBX, and b in RSI */
        arg_into(e, i->a, RSI);
        x64_mov_rr(a, 8, RBX, RAX);
    }
    x64_mov_rm(a, 8, RAX, expected);
    expected.disp += 8;
    x64_mov_rm(a, 8, RDX, expected);
    fault_point(e);
    e->map[e->map_count - 1].undo = apart ? UNDO_RBX : UNDO_RBX | UNDO_RSI;
    x64_lock(a);
    x64_cmpxchg16b(a, mem_bd(base, 0));
    x64_mov_rm(a, 8, RBX, word_of(e, RBX));
    if (!apart)
        x64_mov_rm(a, 8, RSI, word_of(e, RSI));
}

void emit_CASP(Emit *e, const IrInst *i)
{
    exchange_pair(e, i, CPU_MEM(pair));
    x64_mov_mr(&e->a, 8, CPU_MEM(pair.u64[0]), RAX);
    x64_mov_mr(&e->a, 8, CPU_MEM(pair.u64[1]), RDX);
}

void emit_LDX(Emit *e, const IrInst *i)
{
    Gpr base = atomic_base(e, i);

    fault_point(e);
    if (i->size == 16) { /* aligned, so one access */
        x64_v2m(&e->a, VOP_MOVAPS, VSCRATCH0, mem_bd(base, 0));
        x64_vst(&e->a, VOP_MOVAPS_ST, CPU_MEM(excl_value), VSCRATCH0);
    } else {
        x64_movzx_rm(&e->a, i->size, RAX, mem_bd(base, 0));
        x64_mov_mr(&e->a, 8, CPU_MEM(excl_value), RAX);
    }
    x64_mov_mr(&e->a, 8, CPU_MEM(excl_addr), base);
    x64_mov_mi(&e->a, 4, CPU_MEM(excl_size), i->size);
    store_result(e, i->d, RAX);
}

/* The remembered value is compared and exchanged; an A-B-A change goes unnoticed. */
void emit_STX(Emit *e, const IrInst *i)
{
    Asm *a = &e->a;
    Gpr base = atomic_base(e, i);

    x64_alu_rm(a, ALU_CMP, 8, base, CPU_MEM(excl_addr)); /* also tagged or misaligned ones */
    interp_unless(e, CC_E);
    x64_alu_mi(a, ALU_CMP, 4, CPU_MEM(excl_size), i->size);
    interp_unless(e, CC_E);
    if (i->size == 16) {
        exchange_pair(e, i, CPU_MEM(excl_value));
    } else {
        Gpr value = arg_reg(e, i->b, RDX);
        x64_mov_rm(a, 8, RAX, CPU_MEM(excl_value));
        fault_point(e);
        x64_lock(a);
        x64_cmpxchg_mr(a, i->size, mem_bd(base, 0), value);
    }
    x64_setcc_r(a, CC_NE, RAX);
    x64_mov_mi(a, 8, CPU_MEM(excl_addr), -1);
    x64_movzx_rr(a, 1, RAX, RAX);
    store_result(e, i->d, RAX);
}

void emit_PAUSE(Emit *e, const IrInst *i)
{
    (void)i;
    x64_pause(&e->a);
}

void emit_CLREX(Emit *e, const IrInst *i)
{
    (void)i;
    x64_mov_mi(&e->a, 8, CPU_MEM(excl_addr), -1);
}

/* A locked access orders like MFENCE and is cheaper. */
void emit_FENCE(Emit *e, const IrInst *i)
{
    (void)i;
    x64_lock(&e->a);
    x64_alu_mi(&e->a, ALU_OR, 4, mem_bd(RSP, -8), 0);
}

void emit_LFENCE(Emit *e, const IrInst *i)
{
    (void)i;
    x64_lfence(&e->a);
}

/* ---- CpuState words ---- */

void emit_GET_CPU(Emit *e, const IrInst *i)
{
    Gpr r = result_reg(e, i->d, RAX);

    x64_movzx_rm(&e->a, i->size, r, cpu_mem((size_t)i->imm));
    store_result(e, i->d, r);
}

void emit_SET_CPU(Emit *e, const IrInst *i)
{
    x64_mov_mr(&e->a, i->size, cpu_mem((size_t)i->imm), arg_reg(e, i->a, RAX));
}
