/* Words of the instructions that the generator writes itself; all others are drawn (insn.c). */
#ifndef TESTS_FUZZ_FLOW_ASM_H
#define TESTS_FUZZ_FLOW_ASM_H

#include <stdint.h>

#define SP 31u
#define ZR 31u
#define LR 30u

#define NOP 0xd503201fu
#define UDF 0x00000000u
#define ISB 0xd5033fdfu
#define DSB_ISH 0xd5033b9fu
#define SVC 0xd4000001u
#define B 0x14000000u /* the offset comes from a fix-up */
#define BL 0x94000000u
#define ADR(d) (0x10000000u | (d))

/* Conditional branches; the offset comes from a fix-up. */
#define B_COND(cond) (0x54000000u | (cond))
#define CBZ(sf, t) (0x34000000u | (uint32_t)(sf) << 31 | (t))
#define CBNZ(sf, t) (0x35000000u | (uint32_t)(sf) << 31 | (t))
#define TBZ(bit, t) (0x36000000u | ((bit) & 32u) << 26 | ((bit) & 31u) << 19 | (t))
#define TBNZ(bit, t) (0x37000000u | ((bit) & 32u) << 26 | ((bit) & 31u) << 19 | (t))
#define BR(n) (0xd61f0000u | (n) << 5)
#define BLR(n) (0xd63f0000u | (n) << 5)
#define RET(n) (0xd65f0000u | (n) << 5)
enum { EQ, NE, CS, CC, MI, PL, VS, VC, HI, LS, GE, LT, GT, LE, AL, NV };

#define MOVZ(d, imm, hw) (0xd2800000u | (uint32_t)(hw) << 21 | (uint32_t)(imm) << 5 | (d))
#define MOVK(d, imm, hw) (0xf2800000u | (uint32_t)(hw) << 21 | (uint32_t)(imm) << 5 | (d))
#define MOVZ_IMM(word) ((word) >> 5 & 0xffff)
#define ADD_I(d, n, imm) (0x91000000u | (uint32_t)(imm) << 10 | (n) << 5 | (d))
#define ADD_I12(d, n, imm) (0x91400000u | (uint32_t)(imm) << 10 | (n) << 5 | (d)) /* lsl 12 */
#define SUB_I(d, n, imm) (0xd1000000u | (uint32_t)(imm) << 10 | (n) << 5 | (d))
#define SUB_I12(d, n, imm) (0xd1400000u | (uint32_t)(imm) << 10 | (n) << 5 | (d))
#define SUBS_I(d, n, imm) (0xf1000000u | (uint32_t)(imm) << 10 | (n) << 5 | (d))
#define ADD(d, n, m) (0x8b000000u | (m) << 16 | (n) << 5 | (d))
#define SUBS(d, n, m) (0xeb000000u | (m) << 16 | (n) << 5 | (d))
#define EOR(d, n, m) (0xca000000u | (m) << 16 | (n) << 5 | (d))
#define EOR_LSR(d, n, m, by) (0xca400000u | (m) << 16 | (uint32_t)(by) << 10 | (n) << 5 | (d))
#define MUL(d, n, m) (0x9b007c00u | (m) << 16 | (n) << 5 | (d))
#define MOV(d, n) (0xaa0003e0u | (n) << 16 | (d))

/* AND, ORR with the bits [low, low + count): count < 64. */
#define BITS(low, count) (1u << 22 | ((64u - (low)) & 63) << 16 | ((count) - 1u) << 10)
#define AND_BITS(d, n, low, count) (0x92000000u | BITS(low, count) | (n) << 5 | (d))
#define ORR_BITS(d, n, low, count) (0xb2000000u | BITS(low, count) | (n) << 5 | (d))

/* 64-bit registers, offsets in bytes. */
#define LDR(t, n, off) (0xf9400000u | (uint32_t)(off) / 8 << 10 | (n) << 5 | (t))
#define STR(t, n, off) (0xf9000000u | (uint32_t)(off) / 8 << 10 | (n) << 5 | (t))
#define LDR_W(t, n, off) (0xb9400000u | (uint32_t)(off) / 4 << 10 | (n) << 5 | (t))
#define STR_W(t, n, off) (0xb9000000u | (uint32_t)(off) / 4 << 10 | (n) << 5 | (t))
#define LDUR(t, n, off) (0xf8400000u | ((uint32_t)(off) & 0x1ff) << 12 | (n) << 5 | (t))
#define STUR(t, n, off) (0xf8000000u | ((uint32_t)(off) & 0x1ff) << 12 | (n) << 5 | (t))
#define LDR_POST(t, n, off) (0xf8400400u | ((uint32_t)(off) & 0x1ff) << 12 | (n) << 5 | (t))
#define STR_PRE(t, n, off) (0xf8000c00u | ((uint32_t)(off) & 0x1ff) << 12 | (n) << 5 | (t))
#define LDP(t, t2, n, off)                                                                         \
    (0xa9400000u | (((uint32_t)(off) / 8) & 0x7f) << 15 | (t2) << 10 | (n) << 5 | (t))
#define STP(t, t2, n, off)                                                                         \
    (0xa9000000u | (((uint32_t)(off) / 8) & 0x7f) << 15 | (t2) << 10 | (n) << 5 | (t))
#define LDR_SHIFTED(t, n, m) (0xf8607800u | (m) << 16 | (n) << 5 | (t))   /* [n, m, lsl 3] */
#define LDRSW_SHIFTED(t, n, m) (0xb8a07800u | (m) << 16 | (n) << 5 | (t)) /* [n, m, lsl 2] */
#define LDR_Q(t, n, off) (0x3dc00000u | (uint32_t)(off) / 16 << 10 | (n) << 5 | (t))
#define STR_Q(t, n, off) (0x3d800000u | (uint32_t)(off) / 16 << 10 | (n) << 5 | (t))
#define LDR_Q_POST(t, n, off) (0x3cc00400u | ((uint32_t)(off) & 0x1ff) << 12 | (n) << 5 | (t))
#define STR_Q_POST(t, n, off) (0x3c800400u | ((uint32_t)(off) & 0x1ff) << 12 | (n) << 5 | (t))
#define LDXR(t, n) (0xc85f7c00u | (n) << 5 | (t))
#define STXR(s, t, n) (0xc8007c00u | (s) << 16 | (n) << 5 | (t))
#define LDADD(s, t, n) (0xf8200000u | (s) << 16 | (n) << 5 | (t))
#define CAS(s, t, n) (0xc8a07c00u | (s) << 16 | (n) << 5 | (t))

#define MRS_NZCV(t) (0xd53b4200u | (t))
#define MSR_NZCV(t) (0xd51b4200u | (t))
#define MRS_FPCR(t) (0xd53b4400u | (t))
#define MSR_FPCR(t) (0xd51b4400u | (t))
#define MRS_FPSR(t) (0xd53b4420u | (t))
#define MSR_FPSR(t) (0xd51b4420u | (t))
#define MRS_TPIDR(t) (0xd53bd040u | (t))
#define MSR_TPIDR(t) (0xd51bd040u | (t))
#define DC_CVAU(t) (0xd50b7b20u | (t))
#define IC_IVAU(t) (0xd50b7520u | (t))
#define DUP_D(d, n) (0x4e080c00u | (n) << 5 | (d)) /* V<d>.2D from X<n> */

#endif
