/*
 * The window in which a host call can still be taken back. The host signal handler
 * (signal.c) moves an instruction pointer inside [safe_syscall_begin, safe_syscall_end) to
 * safe_syscall_abort: the check of exit_request and the entry to the kernel are one step to it.
 *
 * The handler is installed with SA_RESTART where the guest's is, so a call that the kernel
 * wants restarted is found at its SYSCALL instruction, inside the window as well: the kernel
 * itself tells restartable from not, and no table of calls is needed.
 */
#include "syscalls/safe_syscall.h"

/* safe_syscall_raw(rdi exit_request, rsi nr, rdx a, rcx b, r8 c, r9 d, stack e f) */
__asm__(".text\n"
        ".globl safe_syscall_raw\n"
        ".type safe_syscall_raw, @function\n"
        "safe_syscall_raw:\n"
        "    mov %rdi, %r11\n"
        "    mov %rsi, %rax\n"
        "    mov %rdx, %rdi\n"
        "    mov %rcx, %rsi\n"
        "    mov %r8, %rdx\n"
        "    mov %r9, %r10\n"
        "    mov 8(%rsp), %r8\n"
        "    mov 16(%rsp), %r9\n"
        ".globl safe_syscall_begin\n"
        "safe_syscall_begin:\n"
        "    cmpl $0, (%r11)\n"
        "    jne safe_syscall_abort\n"
        "    syscall\n"
        ".globl safe_syscall_end\n"
        "safe_syscall_end:\n"
        "    ret\n"
        ".globl safe_syscall_abort\n"
        "safe_syscall_abort:\n"
        "    mov $-513, %rax\n" /* -ERESTARTNOINTR */
        "    ret\n"
        ".size safe_syscall_raw, . - safe_syscall_raw\n");

_Static_assert(ERESTARTNOINTR == 513, "the constant in safe_syscall_abort");

bool safe_syscall_redirect(uint64_t *rip)
{
    if (*rip < (uint64_t)safe_syscall_begin || *rip >= (uint64_t)safe_syscall_end)
        return false;
    *rip = (uint64_t)safe_syscall_abort;
    return true;
}

int64_t safe_syscall(CpuState *cpu, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f)
{
    return safe_syscall_raw(&cpu->exit_request, nr, a, b, c, d, e, f);
}
