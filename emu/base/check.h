/* Assertions and fatal errors. CHECK is always on; DCHECK only in debug builds. */
#ifndef EMU_BASE_CHECK_H
#define EMU_BASE_CHECK_H

#include "emu/base/types.h"

/* Our fault: prints the reason, then what describe_crash adds (guest pc...), then aborts. */
_Noreturn void check_failed(const char *file, int line, const char *cond, const char *why);

/* The host's or the user's fault: "emu-aarch64-static: message" on stderr, then exit. */
_Noreturn void die(int exit_code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The name that messages begin with: argv[0]'s basename. Set once by main. */
extern const char *progname;

/* Set once by main: prints guest pc, instruction and last system calls; may be NULL. */
extern void (*check_describe_crash)(int fd);

#define CHECK(cond, why) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond, (why)))
#ifdef EMU_DEBUG
#define DCHECK(cond, why) CHECK(cond, why)
#else
#define DCHECK(cond, why) ((void)sizeof(cond))
#endif

#endif
