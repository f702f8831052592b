/*
 * Host faults: whose they are. A guarded copy's, a write to watched code, the guest's (in
 * translated code, or in interpreter code acting for it), or our own bug.
 */
#ifndef EMU_RUN_FAULT_H
#define EMU_RUN_FAULT_H

#include "emu/guest/cpu.h"

/* How cpu_loop's setjmp returns after a guest fault. */
#define LAND_FAULT 1 /* cpu->fault_* and pc are set: an EXIT_FAULT */
#define LAND_STEP 2  /* interpret the instruction at pc: a tagged address, most likely */
#define LAND_INTERP 3 /* interpret the instruction at pc: translated code cannot */

/* Sets signal_fault, signal_report and check_describe_crash; before signal_init. */
void fault_init(void);

#endif
