/*
 * What of /proc must show the guest instead of the emulator: exe, maps, smaps, cmdline, environ,
 * auxv, stat and (with seccomp) status of this process, exe of the others that this emulator runs,
 * and cpuinfo. Files are recognised by what the host resolves a path to, so every alias (self,
 * thread-self, the pid, task/TID, relative, "//") works. All other files are the host's. Paths are
 * host memory, descriptors host descriptors.
 */
#ifndef SYSCALLS_PROCFS_H
#define SYSCALLS_PROCFS_H

#include "emu/base/types.h"

#define PROCFS_NOT_OURS INT64_MIN

/*
 * When following path leads through the exe link of this process, or of another one that this
 * emulator runs: true, and buf holds a path by which the host opens that guest's program.
 */
bool procfs_exe_path(int dirfd, const char *path, char *buf, size_t size);

/*
 * readlinkat: the guest's answer for an exe link, its length (cut to size, no NUL); else
 * PROCFS_NOT_OURS.
 */
int64_t procfs_readlink(int dirfd, const char *path, char *buf, size_t size);

/* openat with host flags: a descriptor, -errno, or PROCFS_NOT_OURS (open it on the host). */
int64_t procfs_open(int dirfd, const char *path, uint64_t flags);

/*
 * When dirfd's directory is the list of a process's descriptors (fd or fdinfo): which of them is
 * the emulator's file; the program follows it. PROCFS_OWN_FDS: the list is this process's, ask
 * fd_is_hidden(). -1: no such list, or nothing in it is ours.
 */
#define PROCFS_OWN_FDS INT32_MAX
int procfs_fd_dir(int dirfd);

/*
 * A guest opened a /proc/PID/mem: from then on, after a write to a descriptor, the dispatcher
 * calls procfs_mem_written with the call's arm64 number, arguments and result, so that
 * translations of bytes changed that way are dropped.
 */
extern bool procfs_mem_opened;
void procfs_mem_written(int fd, uint32_t number, const uint64_t arg[6], int64_t n);

#endif
