/*
 * -d stats: what was translated, what it cost, and what was run, printed when the process ends.
 * Counts of translation are kept under the translator's lock; counts of running are in each
 * thread's CpuState (CPU_COUNTS in emu/guest/cpu.h). All of it is off unless LOG_STATS is on.
 */
#ifndef TCG_LITE_STATS_H
#define TCG_LITE_STATS_H

#include <x86intrin.h>
#include "emu/base/log.h"
#include "tcg-lite/ir/ir.h"

/* S(id, name): the steps of a translation, in order. */
#define STATS_STEPS(S)                                                                             \
    S(XLAT, "xlat") S(FOLD, "fold") S(DEAD, "dead") S(PLAN, "plan") S(EMIT, "emit")                \
    S(COMMIT, "commit")

typedef enum StatsStep {
#define S(id, name) STEP_##id,
    STATS_STEPS(S)
#undef S
    STEP_COUNT
} StatsStep;

typedef struct TierStats {
    uint64_t units, guest, host_bytes, own_plans; /* guest: instructions */
    uint64_t ir[STEP_COUNT];    /* IR operations after XLAT, FOLD and DEAD, without NOPs */
    uint64_t ticks[STEP_COUNT]; /* of the time stamp counter; attempts that were cut included */
} TierStats;

extern TierStats stats_tier[3]; /* [1] and [2] */

/* Starts the clock; before anything is translated. */
void stats_init(void);

/* Adds the time since `since` to the step; returns the time (0 when stats are off). */
static inline uint64_t stats_step(unsigned tier, StatsStep step, uint64_t since)
{
    if (!log_enabled(LOG_STATS))
        return 0;
    uint64_t now = __rdtsc();
    stats_tier[tier].ticks[step] += now - since;
    return now;
}

static inline uint64_t stats_now(void)
{
    return log_enabled(LOG_STATS) ? __rdtsc() : 0;
}

/* The same, and counts the unit's IR operations (outside of the time). */
uint64_t stats_ir(unsigned tier, StatsStep step, const IrUnit *u, uint64_t since);

/* A unit of that many guest instructions is complete. */
void stats_unit(unsigned tier, const IrUnit *u, uint32_t host_size, bool own_plan);

/* Translated code calls the interpreter for a row. Any thread. */
void stats_helper(CpuState *cpu, unsigned row);

/* hooks.thread_ended: keeps its counts. hooks.process_ends: prints all. In a new child: forgets. */
void stats_thread_ended(CpuState *cpu);
void stats_print(void);
void stats_forget(void);

#endif
