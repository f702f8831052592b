/*
 * Guarded copies. A fault between the two labels mem_copy_begin and mem_copy_end is answered
 * by going to mem_copy_failed (mem_copy_fault, called by the fault handler), which returns
 * false from the copy. The code between the labels uses no stack.
 */
#include <errno.h>
#include "emu/guest/mem_table.h"

extern const char mem_copy_begin[], mem_copy_end[], mem_copy_failed[];
bool mem_copy_raw(void *dst, const void *src, size_t n);
bool mem_fill_raw(void *dst, unsigned byte, size_t n);
uint32_t mem_fetch_raw(const void *pc);
int64_t mem_strnlen_raw(const char *s, size_t max);

/*
 * Small copies move 8, 4, 2 and 1 bytes, so that aligned words are written at once (futex
 * words); large ones are rep movsb. mem_strnlen_raw returns length + 1. All return 0 after a
 * fault.
 */
__asm__(".text\n"
        ".globl mem_copy_raw, mem_fill_raw, mem_strnlen_raw, mem_fetch_raw\n"
        ".globl mem_copy_begin, mem_copy_end, mem_copy_failed\n"
        "mem_copy_begin:\n"
        "mem_copy_raw:\n"
        "    mov %rdx, %rcx\n"
        "    cmp $512, %rcx\n"
        "    jae 5f\n"
        "1:  cmp $8, %rcx\n"
        "    jb 2f\n"
        "    mov (%rsi), %rax\n"
        "    mov %rax, (%rdi)\n"
        "    add $8, %rsi\n"
        "    add $8, %rdi\n"
        "    sub $8, %rcx\n"
        "    jmp 1b\n"
        "2:  test $4, %cl\n"
        "    jz 3f\n"
        "    mov (%rsi), %eax\n"
        "    mov %eax, (%rdi)\n"
        "    add $4, %rsi\n"
        "    add $4, %rdi\n"
        "3:  test $2, %cl\n"
        "    jz 4f\n"
        "    movzwl (%rsi), %eax\n"
        "    mov %ax, (%rdi)\n"
        "    add $2, %rsi\n"
        "    add $2, %rdi\n"
        "4:  test $1, %cl\n"
        "    jz 6f\n"
        "    movb (%rsi), %al\n"
        "    movb %al, (%rdi)\n"
        "    jmp 6f\n"
        "5:  rep movsb\n"
        "6:  mov $1, %eax\n"
        "    ret\n"
        "mem_fill_raw:\n"
        "    mov %esi, %eax\n"
        "    mov %rdx, %rcx\n"
        "    rep stosb\n"
        "    mov $1, %eax\n"
        "    ret\n"
        "mem_fetch_raw:\n"
        "    mov (%rdi), %eax\n"
        "    ret\n"
        "mem_strnlen_raw:\n"
        "    xor %eax, %eax\n"
        "7:  cmp %rsi, %rax\n"
        "    jae 8f\n"
        "    cmpb $0, (%rdi,%rax)\n"
        "    je 8f\n"
        "    inc %rax\n"
        "    jmp 7b\n"
        "8:  inc %rax\n" /* 0 means a fault */
        "    ret\n"
        "mem_copy_end:\n"
        "mem_copy_failed:\n"
        "    xor %eax, %eax\n"
        "    ret\n");

bool mem_copy_fault(uint64_t *rip)
{
    if (*rip < (uint64_t)mem_copy_begin || *rip >= (uint64_t)mem_copy_end)
        return false;
    *rip = (uint64_t)mem_copy_failed;
    return true;
}

bool mem_read(void *dst, uint64_t guest_src, size_t n)
{
    guest_src = mem_untag(guest_src);
    return mem_range_ok(guest_src, n) && mem_copy_raw(dst, (const void *)guest_src, n);
}

bool mem_fetch(uint32_t *word, uint64_t pc)
{
    *word = mem_fetch_raw((const void *)pc);
    return *word || mem_read(word, pc, sizeof *word); /* 0 may be a fault, or UDF #0 */
}

bool mem_write(uint64_t guest_dst, const void *src, size_t n)
{
    guest_dst = mem_untag(guest_dst);
    if (!mem_range_ok(guest_dst, n))
        return false;
    while (!mem_copy_raw((void *)guest_dst, src, n))
        if (!mem_unwatch_for_write(guest_dst, n))
            return false;
    return true;
}

bool mem_fill(uint64_t guest_dst, uint8_t byte, size_t n)
{
    guest_dst = mem_untag(guest_dst);
    if (!mem_range_ok(guest_dst, n))
        return false;
    while (!mem_fill_raw((void *)guest_dst, byte, n))
        if (!mem_unwatch_for_write(guest_dst, n))
            return false;
    return true;
}

int64_t mem_strnlen(uint64_t guest_str, size_t max)
{
    guest_str = mem_untag(guest_str);
    if (guest_str >= GUEST_LIMIT)
        return -EFAULT;
    if (max > GUEST_LIMIT - guest_str)
        max = GUEST_LIMIT - guest_str;
    int64_t n = mem_strnlen_raw((const char *)guest_str, max);
    return n ? n - 1 : -EFAULT;
}
