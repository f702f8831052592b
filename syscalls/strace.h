/*
 * -strace: one line per system call in QEMU's form, "PID name(args) = ret". Everything shown
 * comes from syscalls.def, argkind.def and flags.def.
 */
#ifndef SYSCALLS_STRACE_H
#define SYSCALLS_STRACE_H

#include "emu/base/log.h"
#include "emu/guest/process.h"
#include "syscalls/table.h"

static inline bool strace_enabled(void)
{
    return __builtin_expect(process.strace || log_enabled(LOG_STRACE), 0);
}

/* Before the call: writes the first half of the line at once if the call may block. */
void strace_enter(const Syscall *s, uint32_t number, const uint64_t arg[6]);

/* After it; args are the guest's, unchanged. */
void strace_leave(const Syscall *s, uint32_t number, const uint64_t arg[6], int64_t ret);

/* "PID name(args)" with terminating NUL: for reports. Returns its length. */
size_t strace_format(const Syscall *s, uint32_t number, const uint64_t arg[6], char *buf,
                     size_t size);

#endif
