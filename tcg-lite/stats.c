/*
 * See stats.h. Output is one line "stats NAME VALUE [PER 1000]" for each count. Invariant: uses
 * neither heap nor stdio streams, so any thread may print.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "emu/base/sys.h"
#include "emu/guest/thread.h"
#include "emu/guest/process.h"
#include "tcg-lite/cache/cache.h"
#include "tcg-lite/stats.h"

#define TOP_ROWS 12

TierStats stats_tier[3];

static uint64_t helper_calls[INSN_COUNT]; /* atomic */
static uint64_t ended[CPU_COUNT];         /* of threads that are gone; atomic */
static uint64_t start_ticks, start_ns;

static const char *const count_name[] = {
#define C(id, name) name,
    CPU_COUNTS(C)
#undef C
};

static const char *const step_name[] = {
#define S(id, name) name,
    STATS_STEPS(S)
#undef S
};

static uint64_t now_ns(void)
{
    struct timespec t;

    sys(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void stats_init(void)
{
    start_ns = now_ns();
    start_ticks = __rdtsc();
}

/* ---- counting ---- */

uint64_t stats_ir(unsigned tier, StatsStep step, const IrUnit *u, uint64_t since)
{
    if (!log_enabled(LOG_STATS))
        return 0;
    stats_step(tier, step, since);
    for (uint32_t k = 0; k < u->inst_count; k++)
        stats_tier[tier].ir[step] += u->inst[k].op != IR_NOP;
    return __rdtsc();
}

void stats_unit(unsigned tier, const IrUnit *u, uint32_t host_size, bool own_plan)
{
    TierStats *s = &stats_tier[tier];

    if (!log_enabled(LOG_STATS))
        return;
    s->units++;
    s->host_bytes += host_size;
    s->own_plans += own_plan;
    for (uint32_t b = 0; b < u->block_count; b++)
        s->guest += u->block[b].guest_count;
}

void stats_helper(CpuState *cpu, unsigned row)
{
    cpu->count[COUNT_HELPER]++;
    __atomic_add_fetch(&helper_calls[row], 1, __ATOMIC_RELAXED);
}

void stats_thread_ended(CpuState *cpu)
{
    for (unsigned n = 0; n < CPU_COUNT; n++)
        __atomic_add_fetch(&ended[n], cpu->count[n], __ATOMIC_RELAXED);
}

void stats_forget(void)
{
    memset(stats_tier, 0, sizeof stats_tier);
    memset(helper_calls, 0, sizeof helper_calls);
    memset(ended, 0, sizeof ended);
    memset(this_cpu->count, 0, sizeof this_cpu->count);
    stats_init();
}

/* ---- printing ---- */

/* VALUE in thousandths of `whole`, with three places: "12.345". */
static void print_rate(const char *name, uint64_t value, uint64_t whole)
{
    uint64_t rate = whole ? (uint64_t)((uint128_t)value * 1000000 / whole) : 0;

    log_printf("stats %s %llu %llu.%03llu\n", name, (unsigned long long)value,
               (unsigned long long)(rate / 1000), (unsigned long long)(rate % 1000));
}

static void print(const char *name, uint64_t value)
{
    log_printf("stats %s %llu\n", name, (unsigned long long)value);
}

static void add_counts(Thread *t, void *arg)
{
    uint64_t *sum = arg;

    for (unsigned n = 0; n < CPU_COUNT; n++)
        sum[n] += t->cpu.count[n];
}

/* The most frequent rows, most frequent first. */
static void print_helpers(uint64_t insns)
{
    uint64_t below = ~0ull;
    unsigned left = TOP_ROWS;

    while (left) {
        uint64_t most = 0;
        for (unsigned id = 0; id < INSN_COUNT; id++)
            if (helper_calls[id] > most && helper_calls[id] < below)
                most = helper_calls[id];
        if (!most)
            return;
        for (unsigned id = 0; id < INSN_COUNT && left; id++)
            if (helper_calls[id] == most) {
                char name[64];
                snprintf(name, sizeof name, "helper.%s", insn_info[id].id);
                print_rate(name, most, insns);
                left--;
            }
        below = most;
    }
}

static void print_tier(unsigned tier, uint64_t ns, uint64_t ticks)
{
    const TierStats *s = &stats_tier[tier];
    uint64_t total = 0;

    log_printf("stats tier%u.units %llu\nstats tier%u.guest %llu\nstats tier%u.host_bytes %llu\n"
               "stats tier%u.own_plans %llu\n",
               tier, (unsigned long long)s->units, tier, (unsigned long long)s->guest, tier,
               (unsigned long long)s->host_bytes, tier, (unsigned long long)s->own_plans);
    for (unsigned n = 0; n <= STEP_DEAD; n++)
        log_printf("stats tier%u.ir.%s %llu\n", tier, step_name[n], (unsigned long long)s->ir[n]);
    for (unsigned n = 0; n < STEP_COUNT; n++) {
        uint64_t step = ticks ? (uint64_t)((uint128_t)s->ticks[n] * ns / ticks) : 0;
        log_printf("stats tier%u.ns.%s %llu\n", tier, step_name[n], (unsigned long long)step);
        total += step;
    }
    log_printf("stats tier%u.ns %llu\n", tier, (unsigned long long)total);
}

void stats_print(void)
{
    uint64_t sum[CPU_COUNT], ns = now_ns() - start_ns, ticks = __rdtsc() - start_ticks;

    memcpy(sum, ended, sizeof sum);
    threads_for_each(add_counts, sum);
    uint64_t insns = sum[COUNT_TIER1] + sum[COUNT_TIER2] + sum[COUNT_COLD];
    log_printf("stats process %lld %s\n", (long long)sys(SYS_getpid), process.exec_path);
    print("insns", insns);
    for (unsigned n = 0; n < CPU_COUNT; n++)
        print_rate(count_name[n], sum[n], insns);
    print_helpers(insns);
    print_tier(1, ns, ticks);
    print_tier(2, ns, ticks);
    print("cache.used", cache_used());
    print("cache.flushes", cache_generation() - 1);
}
