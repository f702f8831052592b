/*
 * What lower layers need from upper ones: function pointers that main sets once, before any
 * guest code runs. Nothing else points upward.
 */
#ifndef EMU_GUEST_HOOKS_H
#define EMU_GUEST_HOOKS_H

#include "emu/guest/cpu.h"

typedef struct Hooks {
    /* Runs guest code on this host thread until the thread ends; never returns. */
    void (*run_thread)(CpuState *cpu);
    /*
     * Translated code is at a SVC: cpu has pc (behind it), x0..x5, x8 and hflags, the rest is in
     * host registers; in_code is set. EXIT_NONE: the call was made, x0 is its result and
     * nothing else changed, in_code is set and no exit_request was there after it was set again.
     * EXIT_SVC_DONE: made, but leave. EXIT_SVC: not made. No vector register may be touched.
     */
    uint32_t (*system_call)(CpuState *cpu);
    /* Guest bytes [start, end) changed or vanished: no translation of them may run again. */
    void (*code_gone)(uint64_t start, uint64_t end);
    /* The same, and open(start, end) lets the guest write there before it is translated anew. */
    void (*code_opens)(uint64_t start, uint64_t end, void (*open)(uint64_t start, uint64_t end));
    /* Around fork in the forking thread: locks taken / released; the child gets its own cache. */
    void (*before_fork)(void);
    void (*after_fork)(bool in_child);
    /* After a clone(CLONE_VM) child starts: registers the new CPU with the translator. */
    void (*thread_started)(CpuState *cpu);
    void (*thread_ended)(CpuState *cpu);
    /* The process is about to end, or to execute another program (which may still fail). */
    void (*process_ends)(void);
} Hooks;

extern Hooks hooks;

#endif
