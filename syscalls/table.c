/* The system call table, built from syscalls.def. Read-only. */
#include "syscalls/table.h"
#include <errno.h>
#include "emu/base/sys.h"
#include "syscalls/flags.h"

#define A_END ARG_END
#define A_INT ARG_INT
#define A_UINT ARG_UINT
#define A_LONG ARG_LONG
#define A_SIZE ARG_SIZE
#define A_HEX ARG_HEX
#define A_MODE ARG_MODE
#define A_FD ARG_FD
#define A_WFD ARG_WFD
#define A_ATFD ARG_ATFD
#define A_PTR ARG_PTR
#define A_STR ARG_STR
#define A_STRV ARG_STRV
#define A_TIMESPEC ARG_TIMESPEC
#define A_INMSG ARG_INMSG
#define A_OUTMSG ARG_OUTMSG
#define A_OUTIOCTL ARG_OUTIOCTL
#define A_PATH ARG_PATH
#define A_LPATH ARG_LPATH
#define A_CPATH ARG_CPATH
#define A_FLAGS(set) ARG_WITH(FLAGS, set)
#define A_ENUM(set) ARG_WITH(ENUM, set)
#define A_REQUEST(set) ARG_WITH(REQUEST, set)
#define A_OPENFLAGS(set) ARG_WITH(OPENFLAGS, set)
#define A_IN(n) ARG_WITH(IN, n)
#define A_OUT(n) ARG_WITH(OUT, n)
#define A_OUTS(bytes) ARG_WITH(OUTS, bytes)
#define A_INIOV(n) ARG_WITH(INIOV, n)
#define A_INMMSG(n) ARG_WITH(INMMSG, n)
#define A_OUTIOV(n) ARG_WITH(OUTIOV, n)
#define A_OUTMMSG(n) ARG_WITH(OUTMMSG, n)
#define A_AREA(n) ARG_WITH(AREA, n)
#define A_FPATH(n) ARG_WITH(FPATH, n)
#define A_OPATH(n) ARG_WITH(OPATH, n)
#define A_SOCKADDR(n) ARG_WITH(SOCKADDR, n)

const uint8_t arg_roles[ARG_COUNT] = {
#define ARGKIND(id, role, print) [ARG_##id] = ROLE_##role,
#include "syscalls/argkind.def"
#undef ARGKIND
};

enum { SAME = -1 };

#define ROW(number, nm, hw, fn, hst, res, ...)                                                     \
    [number] = {.name = #nm, .emulate = fn, .host = (hst) == SAME ? (number) : (hst),              \
                .how = HOW_##hw, .result = RESULT_##res, .arg = {__VA_ARGS__}},

static const Syscall rows[] = {
#define PASS(number, name, host, result, ...)                                                      \
    ROW(number, name, PASS, NULL, host, result, __VA_ARGS__)
#define WAIT(number, name, host, result, ...)                                                      \
    ROW(number, name, WAIT, NULL, host, result, __VA_ARGS__)
#define EMUL(number, name, host, result, ...)                                                      \
    ROW(number, name, EMUL, sys_##name, host, result, __VA_ARGS__)
#define DENY(number, name, error, result, ...)                                                     \
    ROW(number, name, DENY, NULL, error, result, __VA_ARGS__)
#include "syscalls/syscalls.def"
};

static const Syscall unassigned = {
    .name = "unknown",
    .how = HOW_UNASSIGNED,
    .result = RESULT_INT,
    .arg = {A_HEX, A_HEX, A_HEX, A_HEX, A_HEX, A_HEX},
};

const Syscall *syscall_lookup(uint64_t number)
{
    if (number < COUNTOF(rows) && rows[number].how != HOW_UNASSIGNED)
        return &rows[number];
    return &unassigned;
}
