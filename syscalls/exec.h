/*
 * execve and execveat: aarch64 programs and scripts re-execute the emulator, host programs are
 * executed as they are. No binfmt_misc is needed; errors are the kernel's, reported before
 * anything is torn down.
 */
#ifndef SYSCALLS_EXEC_H
#define SYSCALLS_EXEC_H

#include "emu/guest/cpu.h"

int64_t sys_execve(CpuState *cpu, uint64_t arg[6]);
int64_t sys_execveat(CpuState *cpu, uint64_t arg[6]);

#endif
