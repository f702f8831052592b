/* The parts of safe_syscall.c that signal.c needs; everyone else uses safe_syscall(). */
#ifndef SYSCALLS_SAFE_SYSCALL_H
#define SYSCALLS_SAFE_SYSCALL_H

#include "syscalls/signal.h"

int64_t safe_syscall_raw(uint32_t *exit_request, long nr, uint64_t a, uint64_t b, uint64_t c,
                         uint64_t d, uint64_t e, uint64_t f);
extern const char safe_syscall_begin[], safe_syscall_end[], safe_syscall_abort[];

/* For the host signal handler: a pc in the window becomes the aborted return; true if so. */
bool safe_syscall_redirect(uint64_t *rip);

#endif
