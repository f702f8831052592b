/*
 * What the first argument that is no option means. As a rule it is the path of an aarch64 program,
 * as for qemu-aarch64. With -direct it is what execvp would start.
 */
#ifndef EMU_RUN_PROGRAM_H
#define EMU_RUN_PROGRAM_H

#include "emu/base/types.h"

#define PROGRAM_NOT_FOUND 127 /* the exit codes of shells and env(1) */
#define PROGRAM_NOT_RUN 126

/* Are names and scripts looked up without -direct? BuildKit starts its emulator so. */
bool program_is_direct(const char *own_name);

/*
 * Looks process.exec_path up in the guest's PATH when it has no slash, follows "#!" lines, and
 * fills process.exec_path, exe_fd (what really runs, open), argv and argc as the kernel would.
 * Returns 0, or an exit code with the message in err. Once, before the program is loaded.
 */
int program_find(char *err, size_t size);

/*
 * The program could not be loaded by its path: appends to the message what would work, if that is
 * another name for it (PATH, a script's interpreter).
 */
void program_hint(char *err, size_t size);

#endif
