/* See harness.h. The code area is one memfd mapped twice: read-execute for the guest, and
 * writable for us, so that no page is ever writable and executable. */
#define _GNU_SOURCE
#include <capstone/capstone.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "emu/base/check.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "emu/interp/interp.h"
#include "emu/run/options.h"
#include "tcg-lite/cold/cold.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/translate.h"
#include "tcg-lite/x64/host.h"
#include "tests/harness.h"

#define CHAINED_ROUNDS 40
#define LANDED_FAULT 1
#define LANDED_RECOVERED 2

static uint32_t *code_view;
static sigjmp_buf fault_exit;
static volatile sig_atomic_t running, trying;
static uint64_t fault_host_pc;
static csh disassembler;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    if (!running) {
        signal(sig, SIG_DFL);
        return;
    }
    ucontext_t *uc = context;
    fault_host_pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    if (trying)
        siglongjmp(fault_exit, LANDED_FAULT);
    if (tcg_owns_pc(fault_host_pc) && tcg_stack_fault(this_cpu, uc, (uint64_t)info->si_addr))
        return;
    siglongjmp(fault_exit, tcg_recover(this_cpu, uc) ? LANDED_RECOVERED : LANDED_FAULT);
}

void harness_init(void)
{
    const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    const char *unknown;

    if (!host_init(getenv("EMU_HOST_MASK")))
        die(1, "EMU_HOST_MASK holds an unknown name");
    if (!passes_set(getenv("EMU_PASSES"), &unknown))
        die(1, "EMU_PASSES: no such pass: %s", unknown);
    if (getenv("QEMU_LOG") && !log_parse_items(getenv("QEMU_LOG"), &log_mask, &unknown))
        die(1, "QEMU_LOG: no such item: %s", unknown);
    options_apply_cpu(getenv("QEMU_CPU") ? getenv("QEMU_CPU") : "max");
    mem_init();
    int fd = memfd_create("code", 0);
    CHECK(fd >= 0 && ftruncate(fd, CODE_SIZE) == 0, "the tests need a memfd");
    int64_t at =
        mem_map(CODE_START, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0);
    CHECK(at == (int64_t)CODE_START, "the code area must lie where the cases say");
    code_view = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(code_view != MAP_FAILED, "the tests write code through a second view");
    at = mem_map(BUF_START, BUF_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(at == (int64_t)BUF_START, "the buffer must lie where the cases say");

    thread_first();
    cpu_reset(this_cpu);
    memcpy(this_cpu->features, process.cpu_features, sizeof process.cpu_features);
    tcg_cold_visits = 0;
    tcg_init(0);
    for (size_t i = 0; i < COUNTOF(faults); i++)
        sigaction(faults[i], &action, NULL);
    harness_disassembler();
}

void harness_disassembler(void)
{
    CHECK(cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &disassembler) == CS_ERR_OK, "Capstone opens");
}

void harness_code(const uint32_t *words, unsigned n)
{
    static bool filled;
    unsigned first = (CODE - CODE_START) / 4;

    if (!filled)
        for (unsigned i = 0; i < CODE_SIZE / 4; i++)
            code_view[i] = SVC_WORD;
    filled = true;
    for (unsigned i = 0; i < 64; i++)
        code_view[first + i] = i < n ? words[i] : SVC_WORD;
    code_view[first - (CODE - CHAIN_ENTRY) / 4] = B_WORD | (CODE - CHAIN_ENTRY) / 4;
    tcg_invalidate(CHAIN_ENTRY, CODE + 256);
}

void harness_slots(const uint32_t *words, unsigned n)
{
    uint32_t *slot = code_view + (CODE - CODE_START) / 4;
    uint32_t far = (uint32_t)BRANCH_WORD(CODE_FAR, EXIT_OF(SLOTS));

    harness_code(words, n);
    for (unsigned i = n; i < SLOTS; i++)
        slot[i] = (uint32_t)BRANCH_WORD(CODE + 4 * i, EXIT_OF(i));
    if (code_view[(CODE_FAR - CODE_START) / 4] == far)
        return;
    code_view[(CODE_FAR - CODE_START) / 4] = far;
    tcg_invalidate(CODE_FAR, CODE_FAR + 4);
}

void harness_load(const GuestState *s)
{
    CpuState *cpu = this_cpu;

    memcpy(cpu->x, s->x, sizeof cpu->x);
    memcpy(cpu->v, s->v, sizeof cpu->v);
    cpu->pc = s->pc;
    cpu->nzcv = s->nzcv;
    cpu->excl_addr = s->excl_addr;
    cpu->excl_value = (V128){0};
    cpu->excl_size = 0;
    cpu->exit_reason = EXIT_NONE;
    cpu->exit_request = 0;
    /* never so many that the thread gives them up, or already more */
    cpu->fp_traps = getenv("HARNESS_FP_CHECKS") ? UINT32_MAX : 0;
    cpu_set_fpcr(cpu, s->fpcr);
    cpu_set_fpsr(cpu, s->fpsr);
    memcpy((void *)BUF_START, s->buf, BUF_SIZE);
}

static void save_state(GuestState *s, uint32_t exit)
{
    CpuState *cpu = this_cpu;

    memcpy(s->x, cpu->x, sizeof cpu->x);
    memcpy(s->v, cpu->v, sizeof cpu->v);
    s->pc = cpu->pc;
    s->nzcv = cpu->nzcv;
    s->fpcr = cpu->fpcr;
    s->fpsr = cpu_fpsr(cpu);
    s->excl_addr = cpu->excl_addr;
    s->exit = exit;
    memcpy(s->buf, (void *)BUF_START, BUF_SIZE);
}

/* Cold code to its end; what it cannot fetch is the translator's to explain. */
static uint32_t run_cold(void)
{
    CpuState *cpu = this_cpu;
    uint32_t exit = EXIT_NONE;

    while (exit == EXIT_LOOKUP || exit == EXIT_NONE)
        exit = cpu->pc % 4 || !mem_executable(cpu->pc, 4) ? tcg_run(cpu) : cold_run(cpu);
    return exit;
}

/* Translated code that faults leaves the state at the faulting instruction; the interpreter then
 * performs it, as fault.c does for tagged addresses. If that faults too, it is a real fault. */
static uint32_t run_once(RunMode mode, unsigned steps)
{
    volatile bool interpret_one = false;
    volatile uint32_t exit = EXIT_NONE;

    switch (sigsetjmp(fault_exit, 0)) {
    case 0:
        break;
    case LANDED_RECOVERED:
        interpret_one = true;
        break;
    default:
        running = 0;
        return HARNESS_HOST_FAULT;
    }
    running = 1;
    if (mode == RUN_INTERP) {
        for (unsigned i = 0; i < steps && exit == EXIT_NONE; i++)
            exit = interp_step(this_cpu);
    } else if (mode == RUN_COLD) {
        exit = run_cold();
    } else {
        if (mode == RUN_TIER2 && !interpret_one)
            tcg_translate(this_cpu, 2);
        if (interpret_one)
            exit = interp_step(this_cpu);
        while (exit == EXIT_LOOKUP || exit == EXIT_NONE)
            exit = tcg_run(this_cpu);
    }
    running = 0;
    return exit;
}

bool harness_try(uint32_t word)
{
    static uint8_t before[offsetof(CpuState, temp)]; /* all that an instruction may change */
    CpuState *cpu = this_cpu;
    const uint64_t pc = cpu->pc;

    memcpy(before, cpu, sizeof before);
    code_view[(pc - CODE_START) / 4] = word;
    if (sigsetjmp(fault_exit, 0) == 0) {
        running = trying = 1;
        CpuExit exit = interp_step(cpu);
        running = trying = 0;
        bool in_slots = cpu->pc > pc && cpu->pc % 4 == 0 && cpu->pc < CODE + 4 * SLOTS;
        if (exit == EXIT_NONE && (in_slots || cpu->pc == CODE_FAR))
            return true;
    }
    running = trying = 0;
    memcpy(cpu, before, sizeof before);
    return false;
}

uint32_t harness_end(const GuestState *s)
{
    uint64_t n = (s->pc - 4 - EXITS) / EXIT_BYTES;

    return s->exit == EXIT_SVC && n <= SLOTS && s->pc - 4 == EXIT_OF(n) ? (uint32_t)n : SLOTS + 1;
}

void harness_run(GuestState *s, RunMode mode, unsigned steps)
{
    if (mode == RUN_CHAINED) {
        for (unsigned i = 0; i < CHAINED_ROUNDS; i++) {
            harness_load(s);
            this_cpu->pc = CHAIN_ENTRY;
            if (run_once(mode, steps) == HARNESS_HOST_FAULT)
                break;
        }
        harness_load(s);
        this_cpu->pc = CHAIN_ENTRY;
    } else {
        harness_load(s);
    }
    uint32_t exit = run_once(mode, steps);
    save_state(s, exit);
}

bool harness_same(const GuestState *a, const GuestState *b)
{
    const uint64_t *p = (const uint64_t *)a, *q = (const uint64_t *)b;
    uint64_t different = 0;

    for (size_t i = 0; i < sizeof *a / sizeof *p; i++)
        different |= p[i] ^ q[i];
    return !different;
}

void harness_pattern(GuestState *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 32; i++) {
        s->x[i] = 0x8070605040302010ull + i * 0x0101010101010101ull;
        s->v[i].u64[0] = 0x4010203040506000ull + i * 0x0001000100010001ull;
        s->v[i].u64[1] = 0xc0fedcba98765400ull + i * 0x0001000100010001ull;
    }
    for (unsigned i = 0; i < BUF_SIZE; i++)
        s->buf[i] = (uint8_t)(i * 7 + (i >> 8) + 3);
    s->pc = CODE;
    s->excl_addr = EXCL_NONE;
}

static const char *exit_name(uint32_t exit)
{
    static const char *const names[] = {"none", "svc",       "undef",  "brk",  "fault",
                                        "safepoint", "lookup", "step", "pc-align"};
    return exit < COUNTOF(names) ? names[exit] : "HOST FAULT";
}

void harness_print(FILE *out, const GuestState *s, const GuestState *other)
{
    for (unsigned i = 0; i < 32; i++)
        fprintf(out, "%c%s%-2u %016llx%s", other && s->x[i] != other->x[i] ? '*' : ' ',
                i == 31 ? "SP" : "X", i == 31 ? 0 : i, (unsigned long long)s->x[i],
                i % 4 == 3 ? "\n" : "  ");
    for (unsigned i = 0; i < 32; i++)
        fprintf(out, "%cV%-2u %016llx:%016llx%s",
                other && memcmp(&s->v[i], &other->v[i], 16) ? '*' : ' ', i,
                (unsigned long long)s->v[i].u64[1], (unsigned long long)s->v[i].u64[0],
                i % 2 ? "\n" : "  ");
    fprintf(out, " PC %llx NZCV %x FPCR %08x FPSR %08x excl %llx exit %s\n",
            (unsigned long long)s->pc, s->nzcv >> 28, s->fpcr, s->fpsr,
            (unsigned long long)s->excl_addr, exit_name(s->exit));
}

static void differ(FILE *out, bool *equal, const char *what, unsigned index, uint64_t expected,
                   uint64_t actual)
{
    if (expected == actual)
        return;
    *equal = false;
    fprintf(out, "    %s%u: expected %016llx, got %016llx\n", what, index,
            (unsigned long long)expected, (unsigned long long)actual);
}

bool harness_compare(FILE *out, const GuestState *expected, const GuestState *actual,
                     const char *expected_name, const char *actual_name)
{
    bool equal = true;
    unsigned bytes = 0;

    for (unsigned i = 0; i < 32; i++)
        differ(out, &equal, i == 31 ? "sp " : "x", i, expected->x[i], actual->x[i]);
    for (unsigned i = 0; i < 32; i++) {
        differ(out, &equal, "v.lo", i, expected->v[i].u64[0], actual->v[i].u64[0]);
        differ(out, &equal, "v.hi", i, expected->v[i].u64[1], actual->v[i].u64[1]);
    }
    differ(out, &equal, "pc ", 0, expected->pc, actual->pc);
    differ(out, &equal, "nzcv ", 0, expected->nzcv >> 28, actual->nzcv >> 28);
    differ(out, &equal, "fpcr ", 0, expected->fpcr, actual->fpcr);
    differ(out, &equal, "fpsr ", 0, expected->fpsr, actual->fpsr);
    differ(out, &equal, "excl_addr ", 0, expected->excl_addr, actual->excl_addr);
    if (memcmp(expected->buf, actual->buf, BUF_SIZE))
        for (unsigned i = 0; i < BUF_SIZE; i++)
            if (expected->buf[i] != actual->buf[i] && bytes++ < 32)
                differ(out, &equal, "buffer byte ", i, expected->buf[i], actual->buf[i]);
    if (expected->exit != actual->exit) {
        equal = false;
        fprintf(out, "    exit: expected %s, got %s\n", exit_name(expected->exit),
                exit_name(actual->exit));
    }
    if (actual->exit == HARNESS_HOST_FAULT)
        fprintf(out, "    host fault at %#llx\n", (unsigned long long)fault_host_pc);
    if (!equal)
        fprintf(out, "    (expected: %s, got: %s)\n", expected_name, actual_name);
    return equal;
}

const char *harness_disasm(uint32_t word, uint64_t pc)
{
    static char text[320];
    cs_insn *insn = NULL;
    DecodedInsn decoded;

    decode(word, &decoded);
    const char *id = decoded.id ? insn_info[decoded.id].id : "unallocated";
    if (cs_disasm(disassembler, (const uint8_t *)&word, 4, pc, 1, &insn) == 1) {
        snprintf(text, sizeof text, "%08x  %s %s  [%s]", word, insn->mnemonic, insn->op_str, id);
        cs_free(insn, 1);
    } else {
        snprintf(text, sizeof text, "%08x  [%s]", word, id);
    }
    return text;
}
