/*
 * A host fault in translated code gives the exact guest state: the same registers, NZCV, pc and
 * FPSR as the interpreter has when the same instruction faults. For every place where NZCV may
 * be, every kind of access, and inside a loop of the second tier with a plan of its own.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>
#include "emu/interp/interp.h"
#include "tcg-lite/cache/cache.h"
#include "tcg-lite/cold/cold.h"
#include "tcg-lite/translate.h"
#include "tests/ir/expect.h"

#define PC GUEST_CODE
#define HOLE (GUEST_DATA + GUEST_DATA_SIZE + 0x1000)

typedef struct State {
    uint64_t x[32];
    V128 v[32];
    uint64_t pc;
    uint32_t nzcv, fpsr;
} State;

static uint64_t seed = 362436069;
static sigjmp_buf landing;
static volatile bool translated, recovered;
static const Unit *volatile fault_unit;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    if (sig == SIGSEGV && translated &&
        tcg_stack_fault(this_cpu, uc, (uint64_t)info->si_addr))
        return;
    if (translated) {
        fault_unit = cache_unit_at((uint64_t)uc->uc_mcontext.gregs[REG_RIP]);
        recovered = tcg_recover(this_cpu, uc);
    }
    siglongjmp(landing, 1);
}

static void load(const State *s)
{
    CpuState *cpu = this_cpu;

    memcpy(cpu->x, s->x, sizeof cpu->x);
    memcpy(cpu->v, s->v, sizeof cpu->v);
    cpu->pc = s->pc;
    cpu->nzcv = s->nzcv;
    cpu->exit_reason = EXIT_NONE;
    cpu->exit_request = 0;
    cpu_set_fpcr(cpu, 0);
    cpu_set_fpsr(cpu, s->fpsr);
}

static void save(State *s)
{
    CpuState *cpu = this_cpu;

    memcpy(s->x, cpu->x, sizeof cpu->x);
    memcpy(s->v, cpu->v, sizeof cpu->v);
    s->pc = cpu->pc;
    s->nzcv = cpu->nzcv;
    s->fpsr = cpu_fpsr(cpu);
}

/* Runs until a fault; false: there was none. */
static bool run(const State *from, State *to, bool xlat)
{
    load(from);
    translated = xlat;
    recovered = false;
    fault_unit = NULL;
    if (sigsetjmp(landing, 1)) {
        save(to);
        return true;
    }
    if (xlat) {
        CpuExit why;
        do
            why = tcg_run(this_cpu);
        while (why == EXIT_NONE || why == EXIT_LOOKUP || why == EXIT_SAFEPOINT);
    } else {
        for (unsigned n = 0; n < 300000; n++)
            if (interp_step(this_cpu) != EXIT_NONE)
                break;
    }
    save(to);
    return false;
}

static void compare(const State *want, const State *got, const char *what)
{
    for (unsigned n = 0; n < 32; n++) {
        EXPECT(want->x[n] == got->x[n], "%s: x%u is %llx, not %llx", what, n,
               (unsigned long long)got->x[n], (unsigned long long)want->x[n]);
        EXPECT(!memcmp(&want->v[n], &got->v[n], 16), "%s: v%u", what, n);
    }
    EXPECT(want->pc == got->pc, "%s: pc %llx, not %llx", what, (unsigned long long)got->pc,
           (unsigned long long)want->pc);
    EXPECT(want->nzcv == got->nzcv, "%s: NZCV %x, not %x", what, got->nzcv >> 28,
           want->nzcv >> 28);
    EXPECT(want->fpsr == got->fpsr, "%s: FPSR %x, not %x", what, got->fpsr, want->fpsr);
}

static void random_state(State *s)
{
    static const double doubles[] = {0, -0.0, 1, -1, 2.5, __builtin_inf(), -__builtin_inf(),
                                     __builtin_nan("")};

    memset(s, 0, sizeof *s);
    for (unsigned n = 0; n < 32; n++) {
        uint64_t r = draw(&seed);
        s->x[n] = r % 3 == 0 ? r >> 60 : r % 3 == 1 ? (uint64_t)((int64_t)r >> 61) : r;
        memcpy(&s->v[n].u64[0], &doubles[draw(&seed) % COUNTOF(doubles)], 8);
        s->v[n].u64[1] = draw(&seed);
    }
    s->nzcv = (uint32_t)draw(&seed) << 28;
    s->pc = PC;
}

/* Both runs of the words at PC end with the same fault in the same state. */
static void both(const uint32_t *words, unsigned n, State *from, const char *what)
{
    static uint32_t room[16];
    State want, got;

    for (unsigned k = 0; k < COUNTOF(room); k++)
        room[k] = k < n ? words[k] : A_UDF;
    guest_words(PC, room, COUNTOF(room));
    tcg_invalidate(PC, PC + sizeof room);
    bool faulted = run(from, &want, false);
    EXPECT(faulted, "%s: the interpreter faults", what);
    faulted = run(from, &got, true);
    EXPECT(faulted && recovered && fault_unit, "%s: recovered", what);
    if (faulted)
        compare(&want, &got, what);
}

#define BOTH(from, what, ...)                                                                      \
    both((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4, from, what)

/* NZCV is live at the fault: a conditional branch follows it. x25 is in memory, x0 is not. */
static void flag_places(void)
{
    State s;

    for (unsigned round = 0; round < 60; round++) {
        random_state(&s);
        s.x[25] = HOLE, s.x[19] = HOLE;
        uint32_t load = A_LDR(3u, round % 2 ? 25u : 19u);
        for (unsigned cond = 0; cond < 14; cond++) {
            uint32_t reader = A_BCOND(cond, 3);
            BOTH(&s, "none set", load, reader);
            BOTH(&s, "subs", A_SUBS(4u, 0u, 1u), load, reader);
            BOTH(&s, "subs in memory", A_SUBS(26u, 27u, 28u), load, reader);
            BOTH(&s, "cmp", A_CMPI(0u, 1u), load, reader);
            BOTH(&s, "adds", A_ADDS(4u, 0u, 1u), load, reader);
            BOTH(&s, "cmn", A_ADDSI(31u, 0u, 1u), load, reader);
            BOTH(&s, "ands", A_ANDS(4u, 0u, 1u), load, reader);
            BOTH(&s, "fcmp", A_FCMPD(0u, 1u), load, reader);
            BOTH(&s, "fcmp in memory", A_FCMPD(14u, 13u), load, reader);
            BOTH(&s, "saved", A_SUBS(4u, 0u, 1u), A_EOR(5u, 4u, 1u), A_MUL(26u, 5u, 4u), load,
                 reader);
            BOTH(&s, "saved adds", A_ADDS(4u, 0u, 1u), A_EOR(5u, 4u, 1u), load, reader);
            BOTH(&s, "saved fcmp", A_FCMPD(2u, 3u), A_EOR(5u, 4u, 1u), load, reader);
            BOTH(&s, "read before", A_ADDS(4u, 0u, 1u), A_BCOND(8u, 2), A_CSETEQ(5u), load, reader);
            BOTH(&s, "second block", A_CMPI(0u, 0u), A_BCOND(cond, 2), load, load, reader);
        }
    }
}

static void accesses(void)
{
    State s;

    for (unsigned round = 0; round < 40; round++) {
        random_state(&s);
        for (unsigned n = 0; n < 2; n++) {
            unsigned base = n ? 24u : 20u, low = (unsigned)draw(&seed) % 12;
            s.x[base] = HOLE + 16 * (draw(&seed) % 64);
            uint32_t before = A_ADD(25u, 0u, 26u), reader = A_BCOND(0u, 2);
            uint32_t vector = A_ADD4S(low, low + 2, 14u), vector2 = A_ADD4S(12u + low, 13u, 20u);
            BOTH(&s, "ldr", before, vector, A_LDR(3u, base), reader);
            BOTH(&s, "str", before, vector2, A_STR(28u, base), reader);
            BOTH(&s, "ldr to memory", before, A_LDR(29u, base), reader);
            BOTH(&s, "ldr over its base", before, A_LDR(base, base), reader);
            BOTH(&s, "ldr post", before, A_LDRPOST(3u, base, 8u), reader);
            BOTH(&s, "ldp", before, A_LDP(3u, 27u, base), reader);
            BOTH(&s, "ldr q", vector, A_LDRQ(1u, base), reader);
            BOTH(&s, "ldr q to memory", vector2, A_LDRQ(14u, base), reader);
            BOTH(&s, "str q", vector, vector2, A_STRQ(low, base), reader);
        }
    }
    random_state(&s); /* a store that is forbidden, not missing */
    CHECK(mem_protect(GUEST_DATA, PAGE_SIZE_4K, PROT_READ) == 0, "ours");
    s.x[0] = GUEST_DATA + 64;
    BOTH(&s, "read-only", A_LDR(1u, 0u), A_STR(1u, 0u), A_BCOND(0u, 2));
    CHECK(mem_protect(GUEST_DATA, PAGE_SIZE_4K, PROT_READ | PROT_WRITE) == 0, "ours");
}

/* Walks over the data until it ends: by then the loop is in the second tier. */
static void hot_loops(void)
{
    State s;

    for (unsigned n = 0; n < GUEST_DATA_SIZE; n += 8)
        *(uint64_t *)(GUEST_DATA + n) = draw(&seed);
    for (unsigned round = 0; round < 8; round++) {
        cache_lock(); /* with little code translated, a place is soon hot */
        cache_flush(this_cpu);
        cache_unlock();
        random_state(&s);
        s.x[1] = s.x[24] = GUEST_DATA + 8 * (draw(&seed) % 16);
        s.x[27] = 1000000;
        BOTH(&s, "loop", A_SUBSI(27u, 27u, 1u), A_LDRPOST(3u, 1u, 2u), A_ADD4S(14u, 14u, 13u),
             A_BCOND(1u, -3));
        BOTH(&s, "loop of registers in memory", A_ADD(25u, 25u, 28u), A_ADD(26u, 26u, 25u),
             A_ADD(28u, 28u, 26u), A_ADD4S(14u, 14u, 15u), A_ADD4S(13u, 14u, 14u),
             A_SUBSI(27u, 27u, 1u), A_LDRPOST(25u, 24u, 2u), A_BCOND(1u, -7));
        EXPECT(fault_unit && fault_unit->tier == 2, "it was hot");
        EXPECT(fault_unit && fault_unit->plan != &standard_plan, "with a plan of its own");
        BOTH(&s, "adds in a loop", A_ADDS(25u, 25u, 28u), A_LDRPOST(26u, 24u, 8u),
             A_BCOND(2u, -2), A_B(-3));
    }
}

int main(void)
{
    const int faults[] = {SIGSEGV, SIGBUS};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    CHECK(host_init(getenv("EMU_HOST_MASK")), "known names");
    guest_start();
    tcg_cold_visits = 0;
    tcg_init(0);
    for (size_t n = 0; n < COUNTOF(faults); n++)
        sigaction(faults[n], &action, NULL);
    flag_places();
    accesses();
    hot_loops();
    return expect_result();
}
