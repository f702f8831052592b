/*
 * The sysroot (-L): one overlay for every system call that takes a path. An absolute guest
 * path is resolved component by component: what the sysroot holds wins, what it does not hold
 * comes from the host's root. Symbolic links, absolute ones too, are followed inside the
 * overlay. Relative paths are never changed. What lies under /proc, /dev and /sys is always
 * the host's: in a sysroot these directories are empty mount points.
 */
#ifndef EMU_GUEST_PATH_H
#define EMU_GUEST_PATH_H

#include "emu/base/types.h"

#define PATH_NOFOLLOW 1u /* a symbolic link as last component is meant itself (lstat, unlink) */
#define PATH_CREATE 2u   /* the last component may be missing (open O_CREAT, mkdir, bind) */

/* Room that always suffices for paths that the kernel accepts. */
#define PATH_BUFFER 4096

/*
 * The host path for guest_path: guest_path itself (always, and at no cost, without -L), or
 * text written to buf. A new name (PATH_CREATE) goes to the host, unless its directory exists
 * in the sysroot only. NULL: the result does not fit (-ENAMETOOLONG). guest_path is host
 * memory, already copied from the guest. Thread-safe.
 */
const char *path_translate(const char *guest_path, char *buf, size_t size, unsigned flags);

/*
 * The reverse, for what the kernel reports (getcwd, readlink of /proc/self/fd/N): strips the
 * sysroot's prefix in place; returns the new length (without NUL), len when nothing changed.
 */
size_t path_strip_prefix(char *path, size_t len);

/*
 * Sets process.ld_prefix: makes it absolute, drops trailing slashes ("/" means none). With
 * NULL, takes the first default directory that exists. Called once by main.
 */
void path_set_prefix(const char *prefix);

#endif
