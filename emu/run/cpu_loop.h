/* The loop of every guest thread: run guest code, then do what made it stop. */
#ifndef EMU_RUN_CPU_LOOP_H
#define EMU_RUN_CPU_LOOP_H

#include "emu/guest/cpu.h"

/* hooks.run_thread. Runs on the thread's own host stack until the thread ends. */
_Noreturn void cpu_loop(CpuState *cpu);

#endif
