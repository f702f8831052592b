/* From the SVC instruction to the system call's result. */
#ifndef SYSCALLS_DISPATCH_H
#define SYSCALLS_DISPATCH_H

#include "emu/guest/cpu.h"

/*
 * Performs the call that the guest asked for: number x8, arguments x0..x5, result x0 (also
 * -ERESTART*, which signal_deliver finishes). Called by cpu_loop with pc after the SVC.
 */
void do_syscall(CpuState *cpu);

/*
 * hooks.system_call: makes the calls that the host's kernel can be given as they are, at once;
 * says EXIT_SVC for all others.
 */
uint32_t quick_syscall(CpuState *cpu);

/* prctl(PR_SET_TAGGED_ADDR_CTRL) was used: pointer arguments may carry a tag. */
extern bool syscall_tagged_pointers;

#endif
