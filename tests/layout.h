/*
 * Where tests/a64 and tests/fuzz put the guest's code and data. Also read by the guest program
 * tests/fuzz/oracle/oracle.c, which runs the same instructions on another machine.
 */
#ifndef TESTS_LAYOUT_H
#define TESTS_LAYOUT_H

#define CODE_START 0x20000000ull
#define CODE_SIZE 0x10000ull
#define CODE 0x20008000ull /* where the instructions under test begin; SVC all around */
#define BUF_START 0x10000000ull
#define BUF_SIZE 0x8000ull
#define BUF 0x10004000ull /* its middle; unmapped on both sides */
#define SVC_WORD 0xd4000001u
#define B_WORD 0x14000000u
#define CHAIN_ENTRY (CODE - 256) /* how the harness's RUN_CHAINED gets in: a branch to CODE */

/*
 * A sequence for another machine: at most SLOTS - 1 instructions at CODE, in each slot behind
 * them a branch to the slot's own exit, and one more at CODE_FAR, where branches to registers go.
 * So how a sequence ended is a number, and no register is needed to leave.
 */
#define SLOTS 16
#define CODE_FAR (CODE + 0x800)
#define EXITS (CODE + 0x2000)
#define EXIT_BYTES 16 /* of one exit; the last is CODE_FAR's */
#define EXIT_OF(slot) (EXITS + (slot) * EXIT_BYTES)
#define EXITS_SIZE 0x1000ull
#define BRANCH_WORD(from, to) (B_WORD | (((to) - (from)) / 4 & 0x3ffffff))

#endif
