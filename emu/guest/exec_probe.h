/*
 * What kind of program a file is, as execve must know before it decides who runs it. Reads
 * the first bytes only; no heap, safe on guest threads.
 */
#ifndef EMU_GUEST_EXEC_PROBE_H
#define EMU_GUEST_EXEC_PROBE_H

#include "emu/base/types.h"

typedef enum ExecKind {
    EXEC_AARCH64,  /* a little-endian 64-bit Arm program: ours */
    EXEC_OTHER,    /* an ELF file of another machine, the host's among them: the kernel decides */
    EXEC_SCRIPT,   /* begins with "#!" and names an interpreter */
    EXEC_NOT_EXEC, /* the kernel would say ENOEXEC (or a binfmt_misc rule takes it) */
} ExecKind;

#define EXEC_SCRIPT_MAX 256 /* the kernel's BINPRM_BUF_SIZE */

typedef struct ExecProbe {
    ExecKind kind;
    char interp[EXEC_SCRIPT_MAX]; /* EXEC_SCRIPT: path of the interpreter */
    char arg[EXEC_SCRIPT_MAX];    /* its one optional argument, "" when none */
    bool has_arg;
} ExecProbe;

/* Reads from fd with pread, from offset 0. */
ExecKind exec_probe(int fd, ExecProbe *out);

/* The same for bytes in memory; n < EXEC_SCRIPT_MAX means that the file ends there. */
ExecKind exec_probe_bytes(const void *bytes, size_t n, ExecProbe *out);

/*
 * May the file behind fd be executed by us? 0, or -EACCES: not a regular file, no x
 * permission for the effective ids, or a noexec mount.
 */
int exec_check_access(int fd);

#endif
