/*
 * The rows of syscalls.def as data, indexed by the arm64 number.
 */
#ifndef SYSCALLS_TABLE_H
#define SYSCALLS_TABLE_H

#include "emu/guest/cpu.h"

typedef enum SyscallHow { HOW_UNASSIGNED, HOW_PASS, HOW_WAIT, HOW_EMUL, HOW_DENY } SyscallHow;

/* How a result is shown; RESULT_NONE: the call does not return. */
typedef enum SyscallResult {
    RESULT_ERR,
    RESULT_INT,
    RESULT_FD,
    RESULT_SIZE,
    RESULT_PTR,
    RESULT_HEX,
    RESULT_PID,  /* a new process or thread, which shows the call as well */
    RESULT_NONE,
    RESULT_EXEC, /* returns only when it fails */
} SyscallResult;

typedef enum ArgRole {
    ROLE_VALUE,
    ROLE_FD,
    ROLE_WFD,
    ROLE_PTR, /* from here to ROLE_IN_MMSG: addresses that the kernel only reads */
    ROLE_IN_IOV,
    ROLE_IN_MSG,
    ROLE_IN_MMSG,
    ROLE_OUT,
    ROLE_OUT_FIXED,
    ROLE_OUT_IOV,
    ROLE_OUT_MSG,
    ROLE_OUT_MMSG,
    ROLE_OUT_IOCTL,
    ROLE_AREA,
    ROLE_PATH,
    ROLE_LPATH,
    ROLE_CPATH,
    ROLE_FPATH,
    ROLE_OPATH,
    ROLE_SOCKADDR,
    ROLE_OPENFLAGS,
    ROLE_REQUEST,
} ArgRole;

typedef enum ArgKind {
#define ARGKIND(id, role, print) ARG_##id,
#include "syscalls/argkind.def"
#undef ARGKIND
    ARG_COUNT
} ArgKind;

/* An argument cell of a row: the kind, and its parameter above bit 8. */
#define ARG_WITH(kind, param) (ARG_##kind | (unsigned)(param) << 8)
#define ARG_KIND(cell) ((ArgKind)((cell)&0xff))
#define ARG_PARAM(cell) ((cell) >> 8)

#define SYSCALL_ARGS 6

/* Guest arguments (paths, flags and tags already prepared) to the kernel's result. */
typedef int64_t SyscallFn(CpuState *cpu, uint64_t arg[6]);

typedef struct Syscall {
    const char *name;
    SyscallFn *emulate;           /* HOW_EMUL */
    int16_t host;                 /* host number, HOW_EMUL: or 0; HOW_DENY: errno */
    uint8_t how, result;
    uint32_t arg[SYSCALL_ARGS];   /* cells; ARG_END ends the list */
} Syscall;

/* The row for an arm64 number; never NULL, how == HOW_UNASSIGNED for numbers without one. */
const Syscall *syscall_lookup(uint64_t number);

/* What the dispatcher does with an argument of this kind. */
extern const uint8_t arg_roles[ARG_COUNT];

/* Every emulated call. */
#define PASS(...)
#define WAIT(...)
#define DENY(...)
#define EMUL(number, name, ...) SyscallFn sys_##name;
#include "syscalls/syscalls.def"
#undef PASS
#undef WAIT
#undef DENY
#undef EMUL

#endif
