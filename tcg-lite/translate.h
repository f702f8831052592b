/*
 * tcg-lite's interface to the rest of the emulator: run translated code, forget it, and map
 * a host fault inside it back to exact guest state.
 */
#ifndef TCG_LITE_TRANSLATE_H
#define TCG_LITE_TRANSLATE_H

#include <signal.h>
#include "emu/guest/cpu.h"

/* Reserves the code cache (bytes; 0 = default). Dies with QEMU's message and exit 1 if refused. */
void tcg_init(uint64_t cache_bytes);

/*
 * Runs guest code from cpu->pc, translating as needed, until something needs C. cpu is
 * complete on return. The caller has checked nothing: fetch faults come back as EXIT_FAULT.
 */
CpuExit tcg_run(CpuState *cpu);

/*
 * Translates the code at cpu->pc for the tier (1 or 2) unless that is done, and runs nothing: for
 * measuring. False: it cannot be fetched.
 */
bool tcg_translate(CpuState *cpu, unsigned tier);

/* hooks.code_gone: forgets translations that overlap [start, end). Any thread, any time. */
void tcg_invalidate(uint64_t start, uint64_t end);

/* hooks.code_opens. */
void tcg_invalidate_then(uint64_t start, uint64_t end, void (*then)(uint64_t, uint64_t));

/*
 * For the host fault handler: if the interrupted host pc is translated code, writes the
 * complete guest state at the faulting guest instruction to *cpu (pc = that instruction). The
 * handler then abandons the host frame (fault_landing).
 */
typedef enum TcgRecovery {
    TCG_NOT_OURS,
    TCG_RECOVERED,
    TCG_INTERPRET, /* the interpreter performs it, and goes on: it stands for several, or this need
                      not be the first of its accesses that fails */
} TcgRecovery;
TcgRecovery tcg_recover(CpuState *cpu, ucontext_t *uc);

/* General register of the interrupted context by its x86 number. */
uint64_t tcg_host_register(const ucontext_t *uc, unsigned number);

/*
 * For the host fault handler: a call in translated code ran out of host stack (addr is just
 * below RSP). Forgets the return stack in *uc; the call is then repeated. False: not that.
 */
bool tcg_stack_fault(CpuState *cpu, ucontext_t *uc, uint64_t addr);

/*
 * The instruction at guest pc was seen to use a tagged address (the host access faulted and the
 * interpreter performed it): it is translated anew with the tag removed.
 */
void tcg_tagged_access(uint64_t pc);

/* True when the host pc lies in translated code or its stubs. */
bool tcg_owns_pc(uint64_t host_pc);

/* hooks.before_fork / after_fork: the child runs on its own copy of the cache. */
void tcg_before_fork(void);
void tcg_after_fork(bool in_child);

#endif
