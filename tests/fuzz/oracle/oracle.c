/*
 * Guest program: executes the records of fuzz_insn -o on an aarch64 machine, or under any
 * emulator, and compares with what our interpreter made of them:
 *
 *     fuzz_insn -n -o records 1 20000
 *     aarch64-linux-gnu-gcc -O1 -static -I. -o oracle tests/fuzz/oracle/oracle.c; ./oracle records
 *
 * The code area is filled with BRK. One signal handler does everything: at the first BRK it puts
 * a record's state into the signal frame, at the next one it takes the result from the frame.
 * Usage: oracle FILE [FPSR-MASK]   FPSR bits that are compared (default all)
 */
#define _GNU_SOURCE
#include <asm/sigcontext.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "tests/fuzz/record.h"

#define CODE_START 0x20000000ull
#define CODE 0x20008000ull
#define CODE_SIZE 0x10000ull
#define BUF_START 0x10000000ull
#define BUF_SIZE 0x8000ull
#define BRK_WORD 0xd4200000u

static Record record;
static RecordState result;
static int died;
static ucontext_t home;
static struct fpsimd_context home_fp;
static enum { WAITING, RUNNING } phase;

static struct fpsimd_context *fp_of(ucontext_t *uc)
{
    struct _aarch64_ctx *c = (struct _aarch64_ctx *)uc->uc_mcontext.__reserved;

    while (c->magic && c->magic != FPSIMD_MAGIC)
        c = (struct _aarch64_ctx *)((char *)c + c->size);
    return (struct fpsimd_context *)c;
}

static void enter(ucontext_t *uc)
{
    const RecordState *s = &record.before;
    struct fpsimd_context *fp = fp_of(uc);

    home = *uc;
    home_fp = *fp;
    memcpy(uc->uc_mcontext.regs, s->x, 31 * 8);
    uc->uc_mcontext.sp = s->x[31];
    uc->uc_mcontext.pc = CODE;
    uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & 0x0fffffff) | s->nzcv;
    memcpy(fp->vregs, s->v, sizeof s->v);
    fp->fpcr = s->fpcr;
    fp->fpsr = s->fpsr;
}

static void leave(ucontext_t *uc)
{
    struct fpsimd_context *fp = fp_of(uc);

    memset(&result, 0, sizeof result);
    memcpy(result.x, uc->uc_mcontext.regs, 31 * 8);
    result.x[31] = uc->uc_mcontext.sp;
    result.pc = uc->uc_mcontext.pc + 4; /* our side counts the SVC */
    result.nzcv = uc->uc_mcontext.pstate & 0xf0000000;
    memcpy(result.v, fp->vregs, sizeof result.v);
    result.fpcr = fp->fpcr;
    result.fpsr = fp->fpsr;
    memcpy(uc->uc_mcontext.regs, home.uc_mcontext.regs, 31 * 8);
    uc->uc_mcontext.sp = home.uc_mcontext.sp;
    uc->uc_mcontext.pc = home.uc_mcontext.pc + 4;
    uc->uc_mcontext.pstate = home.uc_mcontext.pstate;
    memcpy(fp->vregs, home_fp.vregs, sizeof home_fp.vregs);
    fp->fpcr = home_fp.fpcr;
    fp->fpsr = home_fp.fpsr;
}

static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)info;
    if (phase == WAITING) {
        phase = RUNNING;
        enter(uc);
        return;
    }
    died = sig == SIGTRAP ? 0 : sig;
    leave(uc);
    phase = WAITING;
}

static int differ(const char *what, int n, uint64_t ours, uint64_t theirs)
{
    if (ours == theirs)
        return 0;
    printf("    %s%d: ours %016lx, this machine %016lx\n", what, n, ours, theirs);
    return 1;
}

static int compare(uint32_t fpsr_mask)
{
    const RecordState *r = &record.after;
    int d = 0;

    for (int i = 0; i < 32; i++)
        d += differ("x", i, r->x[i], result.x[i]);
    for (int i = 0; i < 32; i++) {
        d += differ("v.lo", i, r->v[i][0], result.v[i][0]);
        d += differ("v.hi", i, r->v[i][1], result.v[i][1]);
    }
    d += differ("pc", 0, r->pc, result.pc);
    d += differ("nzcv", 0, r->nzcv, result.nzcv);
    d += differ("fpcr", 0, r->fpcr, result.fpcr);
    d += differ("fpsr", 0, r->fpsr & fpsr_mask, result.fpsr & fpsr_mask);
    const uint8_t *buf = (const uint8_t *)BUF_START + RECORD_BUF_OFFSET;
    for (int i = 0; i < RECORD_BUF_SIZE && d < 40; i++)
        d += differ("buf", i, r->buf[i], buf[i]);
    return d;
}

int main(int argc, char **argv)
{
    static char stack[65536];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    uint32_t fpsr_mask = argc > 2 ? strtoul(argv[2], 0, 0) : ~0u;
    unsigned long total = 0, bad = 0;

    FILE *f = argc > 1 ? fopen(argv[1], "rb") : 0;
    if (!f)
        return 2;
    uint32_t *code = mmap((void *)CODE_START, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    uint8_t *buf = mmap((void *)BUF_START, BUF_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (code == MAP_FAILED || buf == MAP_FAILED)
        return 2;
    for (unsigned i = 0; i < CODE_SIZE / 4; i++)
        code[i] = BRK_WORD;
    sigaltstack(&ss, 0);
    sigaction(SIGTRAP, &sa, 0);
    sigaction(SIGSEGV, &sa, 0);
    sigaction(SIGILL, &sa, 0);
    sigaction(SIGBUS, &sa, 0);
    while (fread(&record, sizeof record, 1, f) == 1) {
        uint32_t *at = code + (CODE - CODE_START) / 4;
        for (unsigned i = 0; i < 16; i++)
            at[i] = i < record.count && record.words[i] != 0xd4000001u ? record.words[i] : BRK_WORD;
        __builtin___clear_cache((char *)at, (char *)(at + 16));
        memcpy(buf + RECORD_BUF_OFFSET, record.before.buf, RECORD_BUF_SIZE);
        __asm__ volatile("brk #1" ::: "memory");
        total++;
        if (died || compare(fpsr_mask)) {
            bad++;
            printf("record %lu:", total - 1);
            for (unsigned i = 0; i < record.count; i++)
                printf(" %08x", record.words[i]);
            printf("  fpcr %08x fpsr before %08x%s%s\n", record.before.fpcr, record.before.fpsr,
                   died ? "  SIGNAL " : "", died ? strsignal(died) : "");
        }
    }
    printf("%lu records, %lu differences\n", total, bad);
    return bad != 0;
}
