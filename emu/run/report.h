/* What is printed when the guest dies by a signal, or the emulator by its own fault. */
#ifndef EMU_RUN_REPORT_H
#define EMU_RUN_REPORT_H

#include "emu/guest/cpu.h"

/*
 * QEMU's line on stderr; with a terminal there, or any -d item, also the full report: address,
 * code location, instruction, registers, backtrace. siginfo: 128 bytes, may be NULL.
 */
void report_guest_death(CpuState *cpu, int sig, const void *siginfo);

/* For CHECK: where the guest was when the emulator failed. */
void report_crash(int fd);

/* The emulator's own fault, with the host's registers (uc is a ucontext_t *). */
void report_internal_fault(int sig, const void *siginfo, const void *uc);

#endif
