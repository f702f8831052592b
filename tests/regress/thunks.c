/* build: -static */
/* Thunks (PLT entries, veneers), called and jumped to: results, faults inside, changed targets. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "tests/syscalls/check.h"

typedef uint64_t Function(uint64_t);

uint64_t add_one(uint64_t n) { return n + 1; }
uint64_t add_seven(uint64_t n) { return n + 7; }

Function **slot; /* the thunk's entry in its table: a page of its own */

/* calls(n): n calls of the thunk; jumps(n): one jump; x16, x17 as the thunk leaves them */
uint64_t calls(uint64_t start, uint64_t n, uint64_t *x16, uint64_t *x17);
uint64_t jumps(uint64_t start);
extern const char thunk_branch[], thunk_return[];

__asm__(".text\n"
        ".balign 16\n"
        ".globl thunk_branch, thunk_return\n"
        "thunk:\n"
        "    hint #34\n"
        "    adrp x16, slot\n"
        "    ldr x16, [x16, :lo12:slot]\n"
        "    ldr x17, [x16]\n"
        "    br x17\n"
        "short_thunk:\n"
        "    adrp x16, slot\n"
        "    ldr x16, [x16, :lo12:slot]\n"
        "    ldr x17, [x16]\n"
        "thunk_branch:\n"
        "    br x17\n"
        ".globl calls\n"
        "calls:\n"
        "    stp x29, x30, [sp, #-48]!\n"
        "    stp x19, x20, [sp, #16]\n"
        "    stp x2, x3, [sp, #32]\n"
        "    mov x19, x1\n"
        "1:  bl short_thunk\n"
        "thunk_return:\n"
        "    bl thunk\n"
        "    subs x19, x19, #1\n"
        "    b.ne 1b\n"
        "    ldp x2, x3, [sp, #32]\n"
        "    str x16, [x2]\n"
        "    str x17, [x3]\n"
        "    ldp x19, x20, [sp, #16]\n"
        "    ldp x29, x30, [sp], #48\n"
        "    ret\n"
        ".globl jumps\n"
        "jumps:\n"
        "    add x0, x0, #100\n"
        "    b short_thunk\n");

static sigjmp_buf back;
static uint64_t fault_pc, fault_lr, fault_x0;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    const ucontext_t *uc = context;
    (void)sig, (void)info;
    fault_pc = uc->uc_mcontext.pc;
    fault_lr = uc->uc_mcontext.regs[30];
    fault_x0 = uc->uc_mcontext.regs[0];
    siglongjmp(back, 1);
}

int main(void)
{
    uint64_t x16, x17;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    slot = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(slot != MAP_FAILED);
    sigaction(SIGSEGV, &action, NULL);
    for (int round = 0; round < 4; round++) {
        *slot = round % 2 ? add_seven : add_one;
        uint64_t each = round % 2 ? 7 : 1, sum = 5;
        CHECK(calls(5, 20000, &x16, &x17) == 5 + 40000 * each);
        CHECK(x16 == (uint64_t)slot && x17 == (uint64_t)*slot);
        for (int n = 0; n < 20000; n++)
            sum = jumps(sum);
        CHECK(sum == 5 + 20000 * (100 + each));
    }
    mprotect(slot, 4096, PROT_NONE);
    if (!sigsetjmp(back, 1)) {
        calls(9, 1, &x16, &x17);
        CHECK(!"the thunk's load faults");
    }
    CHECK(fault_pc == (uint64_t)thunk_branch - 4 && fault_lr == (uint64_t)thunk_return);
    CHECK(fault_x0 == 9);
    return check_done();
}
