/*
 * Loads an aarch64 program as the kernel's execve does: image, interpreter, vDSO, heap start,
 * stack with arguments and auxiliary vector. Runs once, on the first thread, before guest code.
 */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include "emu/base/types.h"

typedef struct LoadedImage {
    uint64_t entry; /* where the guest begins: the interpreter's entry, or the program's */
    uint64_t sp;    /* initial SP, 16-byte aligned */
} LoadedImage;

#define LOADER_ERROR_EXIT 1       /* the file is missing, not executable, not ELF, broken */
#define LOADER_ARCH_EXIT 255      /* another machine's program, or no interpreter */

/*
 * Loads `path` (from *fd when it is >= 0: whoever started us opened it, and it is -1 afterwards if
 * it had to be closed for want of descriptors; else it is opened here, as given, with the kernel's
 * permission checks) and builds the stack from process.argv and
 * process.envp. Fills process.entry ... process.vdso_base. mem_init() and process (argv, envp,
 * exec_path, hwcap*, secure, stack_size, ld_prefix) must be ready.
 *
 * Returns 0, or the exit code with the whole message (no newline) in err.
 */
int loader_load(int *fd, const char *path, LoadedImage *out, char *err, size_t errsize);

#endif
