/*
 * What translating costs: translates a fixed piece of guest code, in each tier from the same
 * starting points, and never runs it. The host is taken to be x86-64-v3, so that the work is the
 * same on every machine.
 *
 *   translator WORDS count TIER    translates once more, inside measured(): for callgrind
 *   translator WORDS time ROUNDS   CPU nanoseconds per guest instruction by tier, best round
 *
 * EMU_PASSES switches passes off. See `translator-cost`, which runs this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "emu/base/check.h"
#include "emu/base/log.h"
#include "emu/guest/mem.h"
#include "emu/guest/thread.h"
#include "tcg-lite/cache/cache.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/stats.h"
#include "tcg-lite/translate.h"
#include "tcg-lite/x64/host.h"

#define GUEST_CODE 0x400000ull
#define MAX_WORDS 8192

static uint32_t words;
static bool covered[MAX_WORDS];
static uint64_t todo[1 << 16];
static unsigned todo_count;

static void assume_v3(void)
{
    memset(&host, 0, sizeof host);
    host.sse42 = host.popcnt = host.crc32 = host.cx16 = host.lahf = true;
    host.avx = host.avx2 = host.fma = host.f16c = true;
    host.bmi1 = host.bmi2 = host.lzcnt = host.movbe = true;
    host.aes = host.pclmul = true;
}

static void map_guest_code(const char *name)
{
    static char line[256];
    FILE *f = fopen(name, "r");
    uint32_t *at = (uint32_t *)GUEST_CODE;
    int64_t got = mem_map(GUEST_CODE, MAX_WORDS * 4, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    CHECK(got == (int64_t)GUEST_CODE, "nothing of ours lies so low");
    if (!f)
        die(1, "cannot read %s", name);
    while (fgets(line, sizeof line, f))
        for (char *p = line, *end; *line != '#' && words < MAX_WORDS; p = end) {
            unsigned long word = strtoul(p, &end, 16);
            if (end == p)
                break;
            at[words++] = (uint32_t)word;
        }
    fclose(f);
    CHECK(words > 1000, "the file holds the code");
    CHECK(mem_protect(GUEST_CODE, MAX_WORDS * 4, PROT_READ | PROT_EXEC) == 0, "ours to change");
}

/* The one function that callgrind looks at. */
static __attribute__((noinline)) void measured(CpuState *cpu, unsigned tier)
{
    tcg_translate(cpu, tier);
}

static bool is_inside(uint64_t pc)
{
    return pc >= GUEST_CODE && pc < GUEST_CODE + words * 4ull;
}

static void translate_at(CpuState *cpu, uint64_t pc, unsigned tier, bool measure)
{
    Unit *unit;

    cpu->pc = pc;
    if (cache_lookup(pc, 0, &unit))
        return;
    if (measure)
        measured(cpu, tier);
    else
        tcg_translate(cpu, tier);
    CHECK(cache_lookup(pc, 0, &unit), "the code can be translated");
    for (uint32_t n = 0; n < unit->guest_count; n++) {
        uint64_t at = unit->pc + (uint64_t)((int64_t)unit->guest_delta[n] * 4);
        if (is_inside(at))
            covered[(at - GUEST_CODE) / 4] = true;
    }
    for (uint32_t n = 0; n < unit->slot_count; n++) {
        uint64_t target = cache_slot(unit->first_slot + n)->target;
        if (is_inside(target) && todo_count < COUNTOF(todo))
            todo[todo_count++] = target;
    }
}

/* All of the code: from the start, then where exits lead, then what is left. */
static void walk(CpuState *cpu, unsigned tier, bool measure)
{
    memset(covered, 0, sizeof covered);
    for (uint32_t n = 0; n < words; n++) {
        if (covered[n])
            continue;
        todo[todo_count++] = GUEST_CODE + n * 4ull;
        while (todo_count)
            translate_at(cpu, todo[--todo_count], tier, measure);
    }
    cache_lock();
    cache_flush(cpu);
    cache_unlock();
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const char *bad;

    if (argc < 4 || !passes_set(getenv("EMU_PASSES"), &bad))
        die(2, "usage: [EMU_PASSES=-PASS,..] translator WORDS count TIER | time ROUNDS");
    assume_v3();
    mem_init();
    CpuState *cpu = &thread_first()->cpu;
    cpu_reset(cpu);
    memset(cpu->features, 0xff, sizeof cpu->features);
    tcg_init(0);
    map_guest_code(argv[1]);

    for (unsigned tier = 1; tier <= 2; tier++) {
        double best = 1e9;
        log_mask = 1u << LOG_STATS; /* once to count, and to touch all memory */
        walk(cpu, tier, false);
        log_mask = 0;
        const TierStats *s = &stats_tier[tier];
        if (!strcmp(argv[2], "count")) {
            if (tier != (unsigned)atoi(argv[3]))
                continue;
            walk(cpu, tier, true);
            printf("tier %u units %llu guest %llu ir %llu bytes %llu\n", tier,
                   (unsigned long long)s->units, (unsigned long long)s->guest,
                   (unsigned long long)s->ir[STEP_DEAD], (unsigned long long)s->host_bytes);
            continue;
        }
        for (int n = atoi(argv[3]); n > 0; n--) {
            double start = cpu_seconds();
            walk(cpu, tier, true);
            double used = cpu_seconds() - start;
            best = used < best ? used : best;
        }
        printf("tier %u guest %llu ns %.1f\n", tier, (unsigned long long)s->guest,
               best * 1e9 / (double)s->guest);
    }
    return 0;
}
