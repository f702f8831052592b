/*
 * Which signal, si_code, si_addr and pc an instruction gives that cannot be executed: as Linux
 * makes them of UNDEFINED instructions, breakpoints, misaligned accesses and misaligned targets.
 * Each case runs ROUNDS times, so that cold code and both tiers see it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <asm/hwcap.h>
#include <sys/mman.h>
#include <ucontext.h>

#define ROUNDS 300
#define PC (-1) /* si_addr: the instruction; else this many bytes behind `data` */
#define TARGET (-2)

/*
 * x0 is the address `data` + offset (si_addr, where it is one), x1 a misaligned code address.
 * In a row: name, instruction, signal, si_code, si_addr.
 */
#define CASES(C)                                                                                   \
    C(brk_0, "brk #0", SIGTRAP, TRAP_BRKPT, PC)                                                    \
    C(brk_1, "brk #1", SIGTRAP, TRAP_BRKPT, PC)                                                    \
    C(brk_f000, "brk #0xf000", SIGTRAP, TRAP_BRKPT, PC)                                            \
    C(brk_ffff, "brk #0xffff", SIGTRAP, TRAP_BRKPT, PC)                                            \
    C(hlt_0, "hlt #0", SIGILL, ILL_ILLOPC, PC)                                                     \
    C(hlt_f000, "hlt #0xf000", SIGILL, ILL_ILLOPC, PC)                                             \
    C(hvc, "hvc #0", SIGILL, ILL_ILLOPC, PC)                                                       \
    C(smc, "smc #0", SIGILL, ILL_ILLOPC, PC)                                                       \
    C(dcps1, "dcps1", SIGILL, ILL_ILLOPC, PC)                                                      \
    C(dcps3, "dcps3 #5", SIGILL, ILL_ILLOPC, PC)                                                   \
    C(udf_0, ".inst 0", SIGILL, ILL_ILLOPC, PC)                                                    \
    C(udf_ffff, ".inst 0xffff", SIGILL, ILL_ILLOPC, PC)                                            \
    C(eret, "eret", SIGILL, ILL_ILLOPC, PC)                                                        \
    C(daifset, "msr daifset, #2", SIGILL, ILL_ILLOPC, PC)                                          \
    C(cntpct, "mrs x2, s3_3_c14_c0_1", SIGILL, ILL_ILLOPC, PC)                                     \
    C(cntpctss, "mrs x2, s3_3_c14_c0_5", SIGILL, ILL_ILLOPC, PC)                                   \
    C(ldxrh, "ldxrh w2, [x0]", SIGBUS, BUS_ADRALN, 1)                                              \
    C(ldxr_w, "ldxr w2, [x0]", SIGBUS, BUS_ADRALN, 2)                                              \
    C(ldaxr_x, "ldaxr x2, [x0]", SIGBUS, BUS_ADRALN, 4)                                            \
    C(ldxp_w, "ldxp w2, w3, [x0]", SIGBUS, BUS_ADRALN, 4)                                          \
    C(ldxp_x, "ldxp x2, x3, [x0]", SIGBUS, BUS_ADRALN, 8)                                          \
    C(stxr_x, "stxr w2, x3, [x0]", SIGBUS, BUS_ADRALN, 4)                                          \
    C(stlxp_x, "stlxp w2, x4, x5, [x0]", SIGBUS, BUS_ADRALN, 8)                                    \
    C(ldarh, "ldarh w2, [x0]", SIGBUS, BUS_ADRALN, 15)                                             \
    C(ldar_w, "ldar w2, [x0]", SIGBUS, BUS_ADRALN, 13)                                             \
    C(ldar_x, "ldar x2, [x0]", SIGBUS, BUS_ADRALN, 9)                                              \
    C(stlr_x, "stlr x2, [x0]", SIGBUS, BUS_ADRALN, 12)                                             \
    C(stlrh, "stlrh w2, [x0]", SIGBUS, BUS_ADRALN, 15)                                             \
    C(ldadd_x, "ldadd x2, x3, [x0]", SIGBUS, BUS_ADRALN, 12)                                       \
    C(stset_w, "stset w2, [x0]", SIGBUS, BUS_ADRALN, 14)                                           \
    C(swpalh, "swpalh w2, w3, [x0]", SIGBUS, BUS_ADRALN, 15)                                       \
    C(cas_x, "cas x2, x3, [x0]", SIGBUS, BUS_ADRALN, 10)                                           \
    C(casp_w, "casp w2, w3, w4, w5, [x0]", SIGBUS, BUS_ADRALN, 12)                                 \
    C(casp_x, "casp x2, x3, x4, x5, [x0]", SIGBUS, BUS_ADRALN, 8)                                  \
    C(br, "br x1", SIGBUS, BUS_ADRALN, TARGET)                                                     \
    C(blr, "blr x1", SIGBUS, BUS_ADRALN, TARGET)                                                   \
    C(ret, "ret x1", SIGBUS, BUS_ADRALN, TARGET)

#define WORD(name, text, ...)                                                                      \
    __asm__(".arch armv8.3-a\n.globl word_" #name "\nword_" #name ": " text "\n");                 \
    extern const uint32_t word_##name[];
CASES(WORD)

static const struct {
    const char *name;
    const uint32_t *word;
    int sig, code, addr;
} cases[] = {
#define ROW(name, text, sig, code, addr) {#name, word_##name, sig, code, addr},
    CASES(ROW)
};

static uint8_t data[64] __attribute__((aligned(64)));
static uint32_t *code; /* mov x9, x30; the instruction; ret x9 */
static int got_sig, got_code;
static uint64_t got_addr, got_pc, got_x[31];

static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    got_sig = sig;
    got_code = info->si_code;
    got_addr = (uint64_t)info->si_addr;
    got_pc = uc->uc_mcontext.pc;
    memcpy(got_x, uc->uc_mcontext.regs, sizeof got_x);
    uc->uc_mcontext.pc = (uint64_t)(code + 2);
}

static int run(unsigned n)
{
    void (*f)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) = (void *)code;
    uint64_t pc = (uint64_t)(code + 1), target = pc + 6;
    uint64_t x0 = (uint64_t)data + (cases[n].addr < 0 ? 0 : cases[n].addr);
    uint64_t where = cases[n].addr == PC ? pc : cases[n].addr == TARGET ? target : x0;

    got_sig = 0;
    f(x0, target, 2, 3, 4, 5);
    if (cases[n].addr == TARGET)
        pc = target;
    return got_sig == cases[n].sig && got_code == cases[n].code && got_addr == where &&
           got_pc == pc && got_x[0] == x0 && got_x[2] == 2 && got_x[3] == 3 && got_x[5] == 5;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    int failed = 0;

    if (!(getauxval(AT_HWCAP) & HWCAP_ATOMICS))
        return 77;
    sigaction(SIGTRAP, &sa, 0);
    sigaction(SIGILL, &sa, 0);
    sigaction(SIGBUS, &sa, 0);
    sigaction(SIGSEGV, &sa, 0);
    for (unsigned n = 0; n < sizeof cases / sizeof *cases; n++) {
        code = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        code[0] = 0xaa1e03e9;
        code[1] = *cases[n].word;
        code[2] = 0xd65f0120;
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        __builtin___clear_cache((char *)code, (char *)(code + 3));
        for (unsigned round = 0; round < ROUNDS; round++) {
            if (run(n))
                continue;
            printf("%s, round %u: signal %d code %d address %lx pc %lx (code %p, data %p)\n",
                   cases[n].name, round, got_sig, got_code, got_addr, got_pc, code, data);
            failed = 1;
            break;
        }
    }
    return failed;
}
