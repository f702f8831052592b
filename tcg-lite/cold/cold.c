/*
 * Interpreting cold code, an operation of ops.def for each instruction. Invariant: a slot of
 * cpu->cold_op is right for its own word (all zero is, too: word 0 is generic) and is used only
 * where that word still stands, so nothing ever needs to forget it, whatever becomes of the code.
 */
#include "tcg-lite/cold/cold.h"
#include "emu/arith/int.h"
#include "emu/base/alloc.h"
#include "emu/base/log.h"
#include "emu/guest/mem.h"
#include "emu/interp/interp.h"
#include "tcg-lite/cold/ops.h"

uint8_t tcg_cold_visits = 8;
static uint8_t visits[1 << 15]; /* by pc; collisions only make a place warm earlier */

void cold_init(void)
{
    alloc_populate(visits, sizeof visits);
}

bool cold_visit(uint64_t pc)
{
    uint8_t *n = &visits[(pc >> 2) % COUNTOF(visits)], seen = __atomic_load_n(n, __ATOMIC_RELAXED);

    if (seen >= tcg_cold_visits)
        return false;
    __atomic_store_n(n, seen + 1, __ATOMIC_RELAXED);
    return true;
}

/* As decode(), but UNALLOCATED when the CPU does not have it; by the same rule as cold_op. */
static const DecodedInsn *decoded(CpuState *cpu, uint32_t word)
{
    uint32_t slot = word * 0x9e3779b1u >> (32 - __builtin_ctz(CPU_DECODED_SLOTS));
    DecodedInsn *i = (DecodedInsn *)cpu->decoded[slot];

    if (i->word != word) {
        decode(word, i);
        if (!interp_has(cpu, i))
            i->id = INSN_UNALLOCATED;
    }
    return i;
}

/* The reference interpreter. False when it raised an exit. */
static __attribute__((noinline)) bool run_generic(CpuState *cpu, uint32_t word)
{
    cpu->npc = cpu->pc + 4;
    const DecodedInsn *i = decoded(cpu, word);
    interp_table[i->id](cpu, i);
    return __builtin_expect(cpu->exit_reason == EXIT_NONE, 1);
}

/* Bytes of straight-line code at most, so that requests are seen. */
#define STRETCH 16384

/*
 * The slot of pc, and *end: up to where its successors follow it, straight-line code lies in the
 * executable area, and the stretch is not too long. The slots of neighbours are neighbours; which
 * ones depends on the upper bits, lest libraries meet in them.
 */
static ColdOp *slot_at(CpuState *cpu, uint64_t pc, uint64_t *end)
{
    ColdOp *ops = (ColdOp *)cpu->cold_op;
    uint32_t mix = (uint32_t)(pc / STRETCH) * 0x9e3779b1u;
    uint32_t slot = ((uint32_t)(pc >> 2) + (mix >> 16)) % CPU_COLD_OPS;
    uint64_t left = cpu->cold_area.start + cpu->cold_area.size - pc;

    if (left > (CPU_COLD_OPS - slot) * 4ull)
        left = (CPU_COLD_OPS - slot) * 4ull;
    if (left > STRETCH - pc % STRETCH)
        left = STRETCH - pc % STRETCH;
    *end = pc + left;
    return &ops[slot];
}

static uint64_t set_nzcv(CpuState *cpu, Sum sum)
{
    cpu->nzcv = sum.nzcv;
    return sum.value;
}

static uint64_t set_nz(CpuState *cpu, unsigned bits, uint64_t value)
{
    cpu->nzcv = nz_flags(bits, value);
    return value & low_mask(bits);
}

#define REG(n) (((uint64_t *)cpu)[n])
#define D REG(o->d)
#define N REG(o->n)
#define M REG(o->m)
#define X30 cpu->x[30]
#define IMM o->imm
#define SUM(bits, a, b, carry) set_nzcv(cpu, add_with_carry(bits, a, b, carry))
#define LOGIC(bits, value) set_nz(cpu, bits, value)
#define HOLDS (IMM >> (cpu->nzcv >> 28) & 1)
#define JUMP(to)                                                                                   \
    do {                                                                                           \
        next = (to);                                                                               \
        goto jump;                                                                                 \
    } while (0)
#define GENERIC                                                                                    \
    if (!run_generic(cpu, o->word))                                                                \
        goto raised;                                                                               \
    if (cpu->npc != pc + 4)                                                                        \
    JUMP(cpu->npc)

/* Each operation goes to the next by a jump of its own, which the host then predicts better. */
#define DISPATCH()                                                                                 \
    do {                                                                                           \
        cpu->pc = pc; /* a fault is at this instruction, even one of the fetch */                  \
        if (__builtin_expect(o->word != *(const volatile uint32_t *)(uintptr_t)pc, 0))             \
            goto miss;                                                                             \
        goto *label[o->op];                                                                        \
    } while (0)

/*
 * Interprets from pc until a branch leads to what is not cold, something is requested, or pc is not
 * executable; then cpu->pc is where to go on. Or until an instruction raises cpu->exit_reason.
 */
static void run_ops(CpuState *cpu, uint64_t pc)
{
    static const void *const label[] = {
#define OP(name, ...) &&op_##name,
#include "tcg-lite/cold/ops.def"
#undef OP
    };
    uint64_t start = pc, end, next;
    const ColdOp *o;

stretch:
    if (pc % 4 || !mem_exec_holds(&cpu->cold_area, pc))
        goto out;
    start = pc;
    o = slot_at(cpu, pc, &end);
    DISPATCH();

#define OP(name, ...)                                                                              \
    op_##name:                                                                                     \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    pc += 4;                                                                                       \
    o++;                                                                                           \
    if (__builtin_expect(pc == end, 0))                                                            \
        goto ended;                                                                                \
    DISPATCH();
#include "tcg-lite/cold/ops.def"
#undef OP

miss:
    cold_lower(cpu, *(const volatile uint32_t *)(uintptr_t)pc, (ColdOp *)(uintptr_t)o);
    goto *label[o->op];

jump:
    if (log_enabled(LOG_STATS))
        cpu->count[COUNT_COLD] += (pc - start) / 4 + 1;
    start = pc = (uint64_t)sext(next, 56); /* a branch drops the tag */
    if (!__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) && cold_visit(pc))
        goto stretch;
    goto out;

ended:
    if (log_enabled(LOG_STATS))
        cpu->count[COUNT_COLD] += (pc - start) / 4;
    if (!__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED))
        goto stretch;

out:
    cpu->pc = pc;
    return;

raised:
    if (log_enabled(LOG_STATS))
        cpu->count[COUNT_COLD] += (pc - start) / 4 + 1;
}

CpuExit cold_run(CpuState *cpu)
{
    cpu->exit_reason = EXIT_NONE;
    cpu->interp_insn = cpu->decoded; /* any: faults, of fetches too, are the guest's */
    cpu->npc = cpu->pc;
    run_ops(cpu, cpu->pc);
    cpu->interp_insn = NULL;
    return cpu->exit_reason == EXIT_NONE ? EXIT_NONE : interp_finish(cpu);
}
