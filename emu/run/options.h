/*
 * The command line and the QEMU_* variables: options.def turned into one struct. Variables are
 * applied first, then the command line. Messages and exit codes are those of qemu-aarch64.
 */
#ifndef EMU_RUN_OPTIONS_H
#define EMU_RUN_OPTIONS_H

#include "emu/base/types.h"

#define EMU_VERSION "0.1"

typedef struct Options {
#define MEMBER_FLAG(field) bool field;
#define MEMBER_TEXT(field) const char *field;
#define MEMBER_SIZE(field)                                                                         \
    uint64_t field;                                                                                \
    bool field##_set;
#define MEMBER_NUMBER(field) MEMBER_SIZE(field)
#define MEMBER_DO(field)
#define MEMBER_ALIAS(field)
#define MEMBER_REFUSE(field)
#define OPTION(kind, field, flag, variable, argument, help) MEMBER_##kind(field)
#include "emu/run/options.def"
#undef OPTION
    char **envp; /* the guest's environment, with -E and -U applied; malloc'd */
} Options;

/*
 * Reads the environment (unless `secure`: AT_SECURE, the caller is not trusted) and then argv[1]
 * and what follows. Returns the index in argv of the program, or argc when there is none.
 * Bad usage ends the process as QEMU does.
 */
int options_parse(Options *o, int argc, char **argv, char **environ, bool secure);

/* Under -d unimp: the variables of unsupported options. After log_open. */
void options_log_ignored(char **environ);

/*
 * The options that a child must be started with to behave like this process, as a malloc'd
 * NULL-terminated argv that begins with argv0; *count is its length.
 */
char **options_for_child(const Options *o, const char *argv0, int *count);

/*
 * Puts the chosen CPU (-cpu; NULL = max) into process: which features work (cpu_features), which
 * of them programs are told of (cpu_offered, hwcaps), midr.
 */
void options_apply_cpu(const char *model);

#endif
