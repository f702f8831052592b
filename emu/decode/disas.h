/*
 * Disassembly for -d in_asm, -d out_asm, crash reports and wild accesses, by Capstone. Thread-safe.
 */
#ifndef EMU_DECODE_DISAS_H
#define EMU_DECODE_DISAS_H

#include "emu/base/types.h"

/* Writes n guest instructions that begin at pc to fd, one line each, as QEMU's in_asm does. */
void disas_guest(int fd, uint64_t pc, const uint32_t *words, size_t n);

/*
 * Text of one guest instruction ("add x0, x1, #1", or ".inst 0x..."), without address and
 * newline. Returns text.
 */
char *disas_guest_insn(uint64_t pc, uint32_t word, char *text, size_t size);

/* Logs n bytes of host code (x86-64), one instruction per line. */
void disas_host(const uint8_t *code, size_t n);

/*
 * Memory operand number n of the host instruction at code: the access is at base + index * scale +
 * disp, of registers by their x86 numbers, -1 for none. False when it has no such operand.
 */
typedef struct HostAccess {
    int base, index;
    unsigned scale;
    int64_t disp;
    bool is_write; /* it writes there, reading or not */
} HostAccess;
bool disas_host_access(const uint8_t *code, unsigned n, HostAccess *access);

/* Held by the forking thread around fork, so that the child can disassemble. */
void disas_before_fork(void);
void disas_after_fork(void);

#endif
