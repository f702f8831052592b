/*
 * Threads and processes: the EMUL rows clone, clone3, exit, exit_group, set_tid_address, prctl.
 * Functions are as signal.h says. (fork and vfork are not arm64 calls.)
 */
#ifndef SYSCALLS_PROCESS_H
#define SYSCALLS_PROCESS_H

#include "emu/guest/thread.h"

/* Arguments in arm64 order: flags, stack, parent_tid, tls, child_tid. */
int64_t sys_clone(CpuState *cpu, uint64_t arg[6]);
int64_t sys_clone3(CpuState *cpu, uint64_t arg[6]);
int64_t sys_exit(CpuState *cpu, uint64_t arg[6]);
int64_t sys_exit_group(CpuState *cpu, uint64_t arg[6]);

/*
 * Ends the calling thread as the kernel's seccomp does: as if it had died by sig (SIGSYS; SIGKILL
 * in strict mode), while the others of its process go on. Its host seccomp is used for that, since
 * an exit call cannot give that status; where the host has none, the thread just exits. The
 * caller has done signal_close.
 */
_Noreturn void process_kill_thread(Thread *t, int sig);

int64_t sys_prctl(CpuState *cpu, uint64_t arg[6]);

#endif
