/*
 * A batch: programs in one aarch64 ELF file, with a driver that runs each from its initial state
 * and writes what it left to descriptor 1. No compiler, no libc: the file is all there is.
 */
#ifndef TESTS_FUZZ_FLOW_GUEST_H
#define TESTS_FUZZ_FLOW_GUEST_H

#include "emu/base/types.h"
#include "tests/fuzz/flow/code.h"

#define MAX_PROGRAMS 64
#define MAX_THREADS 4

/* Memory that programs use: their own begins PRIVATE bytes into Record.memory. */
#define PRIVATE 512
#define MEMORY_SIZE 0x4000

/* Classes of programs: bits. */
#define CLASSES(C)                                                                                 \
    C(SIGNALS, "signals", "a timer; the handler destroys all registers")                           \
    C(FAULTS, "faults", "bad accesses and undefined words, noted and skipped by a handler")        \
    C(CHANGES, "changes", "code that is changed while it runs")                                    \
    C(THREADS, "threads", "programs run beside one another")
typedef enum ClassNumber {
#define C(id, name, meaning) id##_NUMBER,
    CLASSES(C)
#undef C
    CLASS_COUNT
} ClassNumber;
#define C(id, name, meaning) static const unsigned id = 1u << id##_NUMBER;
CLASSES(C)
#undef C

/* Where a bad address is bad. */
#define READ_ONLY_PAGE 0x30000000ull
#define NO_ACCESS_PAGE 0x31000000ull
#define UNMAPPED_PAGE 0x32000000ull
#define EDGE_PAGE 0x33000000ull /* readable and writable; behind it is nothing */
#define SHARED_PAGE 0x34000000ull
#define SHARED_WORDS 16

/* What the fault handler notes: all but NZCV, which need not be exact there. */
typedef struct FaultNote {
    uint64_t signal, pc, address, registers, vectors, fp; /* hashes; FPSR and FPCR */
} FaultNote;
#define FAULT_NOTES 64 /* of the last */

/* What a program leaves; written by the guest. */
typedef struct Record {
    uint64_t program;
    uint64_t x[32]; /* 31: SP */
    uint64_t nzcv, fpcr, fpsr;
    uint64_t faults, bad_signals, bad_pc, unused;
    V128 v[32];
    FaultNote note[FAULT_NOTES];
    uint8_t memory[PRIVATE + MEMORY_SIZE];
} Record;

/* What it begins with. */
typedef struct Start {
    uint64_t x[30];
    uint64_t entry, sp_below; /* SP: so far below the top */
    uint64_t nzcv, fpcr, fpsr, unused;
    V128 v[32];
} Start;

typedef struct Program {
    Code code;
    Start start;
    uint64_t base; /* where its code begins */
    unsigned words;
    bool absent;   /* left out by the reducer */
} Program;

typedef struct Batch {
    uint64_t seed;
    unsigned classes, threads, programs, timer_us;
    bool signal_stack; /* handlers run on a stack of their own */
    Program program[MAX_PROGRAMS];
    uint8_t memory[PRIVATE + MEMORY_SIZE]; /* what each program's memory begins with */
} Batch;

/* Offset of the record's memory that programs address from their thread's area (TPIDR_EL0). */
#define AREA_MEMORY (offsetof(Record, memory) + PRIVATE)

/*
 * Assembles the programs that are not absent and writes the ELF file. False: one is too big, or
 * the file cannot be written (a message says so).
 */
bool guest_write(Batch *b, const char *path);

#endif
