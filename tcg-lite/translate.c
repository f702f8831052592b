/*
 * The pipeline on one page: unit -> passes -> host code -> cache; and the loop that runs it.
 * Invariant: a thread sets in_code while it holds the cache's lock, so whoever flushes under
 * that lock sees every thread that may be inside.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include "emu/base/lock.h"
#include "emu/base/log.h"
#include "emu/decode/disas.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem.h"
#include "emu/guest/thread.h"
#include "emu/guest/vdso_call.h"
#include "emu/interp/interp.h"
#include "tcg-lite/cache/cache.h"
#include "tcg-lite/cold/cold.h"
#include "tcg-lite/emit/hflags.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/opt/opt.h"
#include "tcg-lite/stats.h"
#include "tcg-lite/translate.h"
#include "tcg-lite/xlat/tagged.h"
#include "tcg-lite/xlat/xlat.h"

/* Guest instructions that one unit may take, by tier. */
static const unsigned tier_max_insns[] = {[1] = 64, [2] = XLAT_WIDE_MAX};

static IrUnit unit_ir; /* all under the cache's lock */
static Emit emitter;
static RegPlan unit_plan;

#ifdef EMU_DEBUG
#define VERIFY(u, after) ir_verify(u, after)
#else
#define VERIFY(u, after) ((void)0)
#endif

/* Called by translated code for rows without a translation; see emit_CALL. */
static uint32_t interpret(CpuState *cpu, const DecodedInsn *insn)
{
    uint32_t why;

    if (log_enabled(LOG_STATS))
        stats_helper(cpu, insn->id);
    cpu->nzcv = nzcv_from_hflags(cpu->hflags);
    cpu->interp_insn = (void *)(uintptr_t)insn;
    why = interp_insn(cpu, insn);
    cpu->interp_insn = NULL;
    cpu->hflags = hflags_from_nzcv(cpu->nzcv);
    return why;
}

static uint32_t no_system_call(CpuState *cpu)
{
    (void)cpu;
    return EXIT_SVC;
}

static uint32_t call_vdso(CpuState *cpu, uint64_t number)
{
    return vdso_call(cpu, (unsigned)number) ? EXIT_NONE : EXIT_SVC;
}

void tcg_init(uint64_t cache_bytes)
{
    const Helpers helpers = {
        .interpret = interpret,
        .system_call = hooks.system_call ? hooks.system_call : no_system_call,
        .vdso_call = call_vdso,
    };

    emit_counts = log_enabled(LOG_STATS);
    stats_init();
    cold_init();
    cache_init(cache_bytes, &helpers);
}

/* ---- translating ---- */

static void log_guest_code(const IrUnit *u)
{
    uint32_t words[UNIT_MAX_INSNS];

    log_printf("----------------\nIN: unit %#llx\n", (unsigned long long)u->pc);
    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrBlock *block = &u->block[b];
        for (uint32_t n = 0; n < block->guest_count; n++)
            words[n] = u->guest[block->guest_first + n].insn.word;
        disas_guest(log_fd(), block->pc, words, block->guest_count);
    }
}

static void log_host_code(const Unit *unit)
{
    log_printf("OUT: unit %#llx, [size=%u]\n", (unsigned long long)unit->pc,
               unit->host_size + unit->cold_size);
    disas_host((const uint8_t *)unit->host, unit->host_size);
    log_printf("cold:\n");
    disas_host((const uint8_t *)unit->cold, unit->cold_size);
}

/*
 * After 2^14 rounds a place is hot. In a program with much code each place has a smaller share of
 * the time, and translating it again must gain that much more to pay: 2^15 rounds, then 2^16.
 */
static uint32_t heat_step(void)
{
    uint64_t used = cache_used();

    if (passes_hot)
        return UINT32_MAX / passes_hot + 1;
    return used < (1u << 20) ? 1u << 18 : used < (4u << 20) ? 1u << 17 : 1u << 16;
}

/* One attempt with at most max_insns; NULL: too big for a list (emitter.failed) or no room. */
static Unit *translate_unit(CpuState *cpu, unsigned tier, unsigned max_insns, bool *fetched)
{
    IrUnit *u = &unit_ir;
    uint64_t pc = cpu->pc;
    bool log = log_mask && log_pc_wanted(pc);
    uint64_t time = stats_now();

    *fetched = xlat_unit(u, pc, cpu_fp_shape(cpu), cpu->features, max_insns, tier == 2);
    if (!*fetched || u->full)
        return NULL;
    time = stats_ir(tier, STEP_XLAT, u, time);
    VERIFY(u, "xlat");
    if (log && log_enabled(LOG_IN_ASM))
        log_guest_code(u);
    if (log && (log_enabled(LOG_OP) || log_enabled(LOG_OP_IND)))
        ir_print(u, "OP");
    if (passes.fold)
        opt_fold(u);
    time = stats_ir(tier, STEP_FOLD, u, time);
    VERIFY(u, "opt_fold");
    opt_dead(u, tier == 1 ? xlat_nzcv_dead_near : xlat_nzcv_dead_far);
    time = stats_ir(tier, STEP_DEAD, u, time);
    VERIFY(u, "opt_dead");
    if (log && log_enabled(LOG_OP_OPT))
        ir_print(u, "OP after optimization");
    cache_begin(&emitter);
    emitter.tier = (uint8_t)tier;
    emitter.heat_step = tier == 1 && passes.tier2 ? heat_step() : 0;
    const RegPlan *plan = &standard_plan;
    if (tier == 2 && passes.unit_plan && ra_unit_plan(u, &standard_plan, &unit_plan))
        plan = &unit_plan;
    time = stats_step(tier, STEP_PLAN, time);
    bool done = emit_unit(&emitter, u, plan, &standard_plan, &stubs);
    time = stats_step(tier, STEP_EMIT, time);
    if (!done)
        return NULL;
    Unit *unit = cache_commit(&emitter, u, fpcr_mode(cpu_fp_shape(cpu)), tier);
    stats_step(tier, STEP_COMMIT, time);
    if (unit)
        stats_unit(tier, u, unit->host_size + unit->cold_size, plan != &standard_plan);
    if (unit && log && log_enabled(LOG_OUT_ASM))
        log_host_code(unit);
    return unit;
}

static void fetch_fault(CpuState *cpu)
{
    MemArea area;

    cpu->exit_reason = cpu->pc & 3 ? EXIT_PC_ALIGN : EXIT_FAULT;
    cpu->fault_addr = cpu->pc;
    cpu->fault_write = 2;
    cpu->fault_sig = SIGSEGV;
    cpu->fault_code = SEGV_MAPERR;
    if (mem_find(cpu->pc, &area)) {
        cpu->fault_code = SEGV_ACCERR;
        if (area.prot & PROT_EXEC) { /* mapped and executable, yet not there: beyond the file */
            cpu->fault_sig = SIGBUS;
            cpu->fault_code = BUS_ADRERR;
        }
    }
}

/* Locked: host code for cpu->pc, translated now if need be; 0 with the exit set. */
static uint64_t find_code(CpuState *cpu, unsigned tier, Unit **unit)
{
    uint32_t mode = fpcr_mode(cpu_fp_shape(cpu));
    uint64_t host_pc = cache_lookup(cpu->pc, mode, unit);
    unsigned max = tier_max_insns[tier];

    if (host_pc && (*unit)->tier >= tier)
        return host_pc;
    for (;;) {
        bool fetched = false;

        if (!(cpu->pc & 3))
            *unit = translate_unit(cpu, tier, max, &fetched);
        if (!fetched) {
            fetch_fault(cpu);
            return 0;
        }
        if (*unit)
            return cache_lookup(cpu->pc, mode, unit);
        if ((unit_ir.full || emitter.failed) && max > 1) {
            max /= 2;
        } else {
            cache_flush(cpu);
            max = tier_max_insns[tier];
        }
    }
}

bool tcg_translate(CpuState *cpu, unsigned tier)
{
    Unit *unit = NULL;

    cache_lock();
    bool found = find_code(cpu, tier, &unit) != 0;
    cache_unlock();
    return found;
}

/* ---- running ---- */

static bool chaining(void)
{
    return !(log_mask & (1u << LOG_EXEC | 1u << LOG_NOCHAIN | 1u << LOG_CPU));
}

static void log_entry(CpuState *cpu, uint64_t host_pc)
{
    if (!log_pc_wanted(cpu->pc))
        return;
    LOG(LOG_EXEC, "Trace %#llx [%016llx]\n", (unsigned long long)host_pc,
        (unsigned long long)cpu->pc);
    if (log_enabled(LOG_CPU))
        cpu_dump(log_fd(), cpu, log_enabled(LOG_FPU) || log_enabled(LOG_VPU));
}

static void fill_jump_cache(CpuState *cpu, uint64_t host_pc)
{
    for (unsigned table = 0; table < (passes.jump_cache2 ? 2 : 1); table++)
        *cpu_jump_entry(cpu, table, cpu->pc) = (JumpCacheEntry){cpu->pc, host_pc};
    cpu->jump_cache_used = true;
}

/* Which exit the thread left by: read while in_code still keeps a flush away. */
typedef struct LeftBy {
    uint32_t why; /* EXIT_NONE: by exit slot; EXIT_LOOKUP: by a jump that the tables lacked;
                     EXIT_HOT; any other: in another way, or not from translated code */
    uint32_t slot, generation;
} LeftBy;

#define COLD 1 /* what prepare() returns for code that is to be interpreted; no host address */

/*
 * To be interpreted: what ran a few times only, and all that a child of vfork runs until it
 * executes a program. Anybody may kill it anywhere, and the translator's state is its parent's,
 * too: half a unit, or in_code for ever, would stay behind.
 */
static bool is_cold(CpuState *cpu)
{
    return cpu_thread(cpu)->vfork_child || (passes.cold && cold_visit(cpu->pc));
}

/* Finds where to go on and marks the thread as inside; 0: there is nothing to run. */
static uint64_t prepare(CpuState *cpu, LeftBy *left)
{
    Unit *unit = NULL;

    if (left->why != EXIT_HOT && chaining() && is_cold(cpu))
        return COLD;
    cache_lock();
    uint64_t host_pc = find_code(cpu, left->why == EXIT_HOT ? 2 : 1, &unit);
    if (host_pc) {
        if (!chaining())
            ;
        else if ((left->why == EXIT_LOOKUP || left->why == EXIT_HOT) && passes.jump_cache)
            fill_jump_cache(cpu, host_pc);
        else if (left->why == EXIT_NONE && passes.links &&
                 left->generation == cache_generation())
            cache_link(left->slot, unit, host_pc);
        left->generation = cache_generation();
        __atomic_store_n(&cpu->in_code, 1, __ATOMIC_SEQ_CST);
    }
    cache_unlock();
    return host_pc;
}

static void count_exit(CpuState *cpu, uint32_t why)
{
    static const uint8_t count[] = {
        [EXIT_NONE] = COUNT_EXIT_SLOT, [EXIT_LOOKUP] = COUNT_EXIT_LOOKUP,
        [EXIT_HOT] = COUNT_EXIT_HOT,   [EXIT_SAFEPOINT] = COUNT_EXIT_POLL,
        [EXIT_SVC] = COUNT_EXIT_SVC,
    };

    if (why == EXIT_HOT && __atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED))
        why = EXIT_SAFEPOINT;
    unsigned n = why < COUNTOF(count) ? count[why] : 0;
    cpu->count[n ? n : COUNT_EXIT_OTHER]++;
}

/*
 * A branch drops the tag of its target, and so does the start at an address that C code took from
 * the guest (a handler, a signal frame): no signal's frame may show it.
 */
static void drop_tag(CpuState *cpu)
{
    cpu->pc = (uint64_t)sext(cpu->pc, 56);
}

/* Runs translated code until it comes back; *left tells by which way. */
static uint32_t run(CpuState *cpu, uint64_t host_pc, LeftBy *left)
{
    uint32_t (*enter)(CpuState *, uint64_t) = (uint32_t (*)(CpuState *, uint64_t))stubs.enter;

    if (log_mask)
        log_entry(cpu, host_pc);
    cpu->hflags = hflags_from_nzcv(cpu->nzcv);
    left->why = enter(cpu, host_pc);
    if (left->why == EXIT_NONE) {
        left->slot = cpu->exit_slot;
        cpu->pc = cache_slot(left->slot)->target;
    }
    drop_tag(cpu);
    __atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
    cpu->nzcv = nzcv_from_hflags(cpu->hflags);
    if (log_enabled(LOG_STATS))
        count_exit(cpu, left->why);
    return left->why;
}

CpuExit tcg_run(CpuState *cpu)
{
    LeftBy left = {.why = EXIT_SAFEPOINT};

    drop_tag(cpu);
    for (;;) {
        uint64_t host_pc = prepare(cpu, &left);
        uint32_t why;

        if (!host_pc)
            return (CpuExit)cpu->exit_reason;
        if (host_pc != COLD) {
            why = run(cpu, host_pc, &left);
        } else {
            why = cold_run(cpu);
            left.why = EXIT_SAFEPOINT;
        }
        if (why != EXIT_NONE && why != EXIT_LOOKUP && why != EXIT_HOT) {
            cpu->exit_reason = why;
            return (CpuExit)why;
        }
        if (__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED))
            return EXIT_SAFEPOINT;
    }
}

void tcg_invalidate(uint64_t start, uint64_t end)
{
    cache_invalidate(start, end);
}

void tcg_tagged_access(uint64_t pc)
{
    cache_lock();
    bool added = tagged_add(pc);
    cache_unlock();
    if (added)
        cache_invalidate(pc, pc + 4);
}

void tcg_invalidate_then(uint64_t start, uint64_t end, void (*then)(uint64_t, uint64_t))
{
    cache_invalidate_then(start, end, then);
}

bool tcg_owns_pc(uint64_t host_pc)
{
    return cache_owns(host_pc);
}

void tcg_before_fork(void)
{
    cache_before_fork();
}

void tcg_after_fork(bool in_child)
{
    cache_after_fork(in_child);
    if (!in_child)
        return;
    stats_forget();
    if (tcg_cold_visits && tcg_cold_visits < CHILD_COLD_VISITS)
        tcg_cold_visits = CHILD_COLD_VISITS;
}
