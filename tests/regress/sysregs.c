/*
 * Which system registers user space can read and write: every encoding of MRS and MSR with op0 2
 * and 3. All others are SIGILL, as under
 * Linux, which lets programs neither at the physical counter nor at what SCTLR_EL1 and MDSCR_EL1
 * keep for the kernel, and answers reads of identification registers.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* op1, CRn, CRm, op2 in the places that the instruction has them in */
#define REG(op1, crn, crm, op2) ((op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define READ 1
#define WRITE 2
#define MAYBE 4 /* an extension or a kernel's choice: either way */

static const struct {
    const char *name;
    uint32_t op0, reg;
    int access;
} known[] = {
    {"NZCV", 3, REG(3, 4, 2, 0), READ | WRITE},
    {"FPCR", 3, REG(3, 4, 4, 0), READ | WRITE},
    {"FPSR", 3, REG(3, 4, 4, 1), READ | WRITE},
    {"TPIDR_EL0", 3, REG(3, 13, 0, 2), READ | WRITE},
    {"TPIDRRO_EL0", 3, REG(3, 13, 0, 3), READ},
    {"CTR_EL0", 3, REG(3, 0, 0, 1), READ},
    {"DCZID_EL0", 3, REG(3, 0, 0, 7), READ},
    {"CNTFRQ_EL0", 3, REG(3, 14, 0, 0), READ},
    {"CNTVCT_EL0", 3, REG(3, 14, 0, 2), READ},
    {"PMUSERENR_EL0", 3, REG(3, 9, 14, 0), READ},
    {"CNTVCTSS_EL0", 3, REG(3, 14, 0, 6), MAYBE},
    {"DIT", 3, REG(3, 4, 2, 5), MAYBE},
    {"SSBS", 3, REG(3, 4, 2, 6), MAYBE},
    {"TCO", 3, REG(3, 4, 2, 7), MAYBE},
    {"SVCR", 3, REG(3, 4, 2, 2), MAYBE},
    {"FPMR", 3, REG(3, 4, 4, 2), MAYBE},
    {"RNDR", 3, REG(3, 2, 4, 0), MAYBE},
    {"RNDRRS", 3, REG(3, 2, 4, 1), MAYBE},
    {"TPIDR2_EL0", 3, REG(3, 13, 0, 5), MAYBE},
    {"SCXTNUM_EL0", 3, REG(3, 13, 0, 7), MAYBE},
    {"GCSPR_EL0", 3, REG(3, 2, 5, 1), MAYBE},
    {"MIDR_EL1", 3, REG(0, 0, 0, 0), READ},
    {"MPIDR_EL1", 3, REG(0, 0, 0, 5), READ},
    {"REVIDR_EL1", 3, REG(0, 0, 0, 6), READ},
};

#define REGS REG(8, 0, 0, 0)
#define STEP REG(0, 0, 0, 1)
#define TESTS (REGS / STEP)

/* mrs x9, tpidr_el0; then TESTS times: the instruction, msr tpidr_el0, x9; then the end */
static uint32_t *code;
static volatile uint8_t illegal[TESTS];

static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    illegal[((uint32_t *)uc->uc_mcontext.pc - code) / 2] = 1;
    uc->uc_mcontext.pc += 4;
}

static void run_all(uint32_t word)
{
    uint32_t *p = code;

    *p++ = 0xd53bd049;
    for (uint32_t reg = 0; reg < REGS; reg += STEP) {
        *p++ = word | reg;
        *p++ = 0xd51bd049;
    }
    *p++ = 0xd51b441f; /* msr fpcr, xzr */
    *p++ = 0xd65f03c0;
    __builtin___clear_cache((char *)code, (char *)p);
    memset((void *)illegal, 0, sizeof illegal);
    ((void (*)(void))code)();
}

/* The identification registers that the kernel answers for; older AArch32 ones are its choice. */
static int identification(uint32_t op0, uint32_t reg)
{
    unsigned crm = reg >> 8 & 15;

    if (op0 != 3 || reg >> 12)
        return 0;
    return crm >= 4 && crm <= 7 ? READ : crm >= 1 && crm <= 3 ? MAYBE : 0;
}

static int allowed(uint32_t op0, uint32_t reg)
{
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].op0 == op0 && known[i].reg == reg)
            return known[i].access;
    return identification(op0, reg);
}

/* All encodings with this op0, read (into x2) or written (from XZR). */
static int look_at(uint32_t op0, int way)
{
    uint32_t word = 0xd5000000 | (way == READ) << 21 | op0 << 19;
    int bad = 0;

    run_all(word | (way == READ ? 2 : 31));
    for (uint32_t reg = 0; reg < REGS; reg += STEP) {
        int access = allowed(op0, reg), did = !illegal[reg / STEP];
        if (access & MAYBE || did == ((access & way) != 0))
            continue;
        printf("%s s%u_%u_c%u_c%u_%u: %s\n", way == READ ? "mrs" : "msr", op0, reg >> 16,
               reg >> 12 & 15, reg >> 8 & 15, reg >> 5 & 7, did ? "works" : "SIGILL");
        bad = 1;
    }
    return bad;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    int bad = 0;

    code = mmap(0, 8 * TESTS + 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGILL, &sa, 0);
    for (uint32_t op0 = 2; op0 <= 3; op0++)
        bad |= look_at(op0, READ) | look_at(op0, WRITE);
    return bad;
}
