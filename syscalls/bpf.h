/*
 * Classic BPF as seccomp uses it: programs of up to 4096 instructions over the 16 words of a
 * struct seccomp_data. Pure: no guest, no host calls.
 */
#ifndef SYSCALLS_BPF_H
#define SYSCALLS_BPF_H

#include "emu/base/types.h"

/* linux/bpf_common.h and linux/filter.h */
enum {
    BPF_LD,
    BPF_LDX,
    BPF_ST,
    BPF_STX,
    BPF_ALU,
    BPF_JMP,
    BPF_RET,
    BPF_MISC,
    BPF_W = 0,
    BPF_IMM = 0,
    BPF_ABS = 0x20,
    BPF_MEM = 0x60,
    BPF_LEN = 0x80,
    BPF_ADD = 0,
    BPF_SUB = 0x10,
    BPF_MUL = 0x20,
    BPF_DIV = 0x30,
    BPF_OR = 0x40,
    BPF_AND = 0x50,
    BPF_LSH = 0x60,
    BPF_RSH = 0x70,
    BPF_NEG = 0x80,
    BPF_XOR = 0xa0,
    BPF_JA = 0,
    BPF_JEQ = 0x10,
    BPF_JGT = 0x20,
    BPF_JGE = 0x30,
    BPF_JSET = 0x40,
    BPF_K = 0,
    BPF_X = 8,
    BPF_A = 0x10,
    BPF_TAX = 0,
    BPF_TXA = 0x80,
};

/* linux/filter.h's struct sock_filter. */
typedef struct BpfInsn {
    uint16_t code;
    uint8_t jt, jf;
    uint32_t k;
} BpfInsn;

#define BPF_MAX_INSNS 4096
#define BPF_DATA_SIZE 64 /* bytes of struct seccomp_data */

/*
 * Is this a program that the kernel would accept (and bpf_run may run)? If so, its size in
 * the kernel's own instructions; 0 if not (the kernel says EINVAL).
 */
unsigned bpf_check(const BpfInsn *insns, unsigned count);

/*
 * Runs a checked program: what it returns. Adds to *seen a bit for each word of data that it
 * looked at.
 */
uint32_t bpf_run(const BpfInsn *insns, const uint32_t data[BPF_DATA_SIZE / 4], uint32_t *seen);

#endif
