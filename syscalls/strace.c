/*
 * Formats system calls by argument kind. A line is built in a buffer and written in one piece;
 * calls that may block or not return are written before they run, their result after.
 */
#include "syscalls/strace.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "syscalls/flags.h"
#include "syscalls/signal.h"

#define LINE_MAX_BYTES 4096
#define DATA_MAX 32     /* bytes of a data buffer that are shown */
#define STRING_MAX 1024 /* of a string */
#define VECTOR_MAX 32   /* strings of an argv */

typedef struct Line {
    char *buf;
    size_t len, size;
} Line;

__attribute__((format(printf, 2, 3))) static void put(Line *l, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(l->buf + l->len, l->size - l->len, fmt, ap);
    va_end(ap);
    if (n > 0)
        l->len = l->len + (size_t)n < l->size ? l->len + (size_t)n : l->size - 1;
}

static void put_quoted(Line *l, const uint8_t *s, size_t n, bool cut)
{
    put(l, "\"");
    for (size_t i = 0; i < n; i++) {
        switch (s[i]) {
        case '\n': put(l, "\\n"); break;
        case '\t': put(l, "\\t"); break;
        case '\r': put(l, "\\r"); break;
        case '"': put(l, "\\\""); break;
        case '\\': put(l, "\\\\"); break;
        default:
            put(l, s[i] < 32 || s[i] > 126 ? "\\%03o" : "%c", s[i]);
        }
    }
    put(l, cut ? "\"..." : "\"");
}

/* One function per name in argkind.def's print column: cell is the row's, arg all arguments. */
#define PRINT(name)                                                                                \
    static void print_##name(Line *l, uint64_t v, uint32_t cell, const uint64_t *arg)
#define UNUSED_ARGS ((void)l, (void)v, (void)cell, (void)arg)

PRINT(none)
{
    UNUSED_ARGS;
}

PRINT(int)
{
    UNUSED_ARGS;
    put(l, "%d", (int)v);
}

PRINT(uint)
{
    UNUSED_ARGS;
    put(l, "%u", (unsigned)v);
}

PRINT(long)
{
    UNUSED_ARGS;
    put(l, "%lld", (long long)v);
}

PRINT(ulong)
{
    UNUSED_ARGS;
    put(l, "%llu", (unsigned long long)v);
}

PRINT(hex)
{
    UNUSED_ARGS;
    put(l, v ? "0x%llx" : "%llu", (unsigned long long)v);
}

PRINT(ptr)
{
    if (v)
        print_hex(l, v, cell, arg);
    else
        put(l, "NULL");
}

PRINT(mode)
{
    UNUSED_ARGS;
    put(l, "%#o", (unsigned)v);
}

PRINT(atfd)
{
    UNUSED_ARGS;
    if ((int)v == -100)
        put(l, "AT_FDCWD");
    else
        put(l, "%d", (int)v);
}

PRINT(flags)
{
    char text[512];

    UNUSED_ARGS;
    flags_format(ARG_PARAM(cell), v, text, sizeof text);
    put(l, "%s", text);
}

/* An enumerated value, 32 bits; small ones without a name (real-time signals) in decimal. */
PRINT(enum)
{
    uint32_t value = (uint32_t)v;
    char text[64];

    UNUSED_ARGS;
    flags_format(ARG_PARAM(cell), value, text, sizeof text);
    if (text[0] == '0' && value < 256)
        put(l, "%u", value);
    else
        put(l, "%s", text);
}

PRINT(str)
{
    uint8_t text[STRING_MAX];
    int64_t n = v ? mem_strnlen(v, STRING_MAX) : -1;
    bool cut = n >= STRING_MAX;

    if (cut)
        n = STRING_MAX;
    if (n < 0 || !mem_read(text, v, (size_t)n))
        print_ptr(l, v, cell, arg);
    else
        put_quoted(l, text, (size_t)n, cut);
}

PRINT(data)
{
    uint8_t bytes[DATA_MAX];
    uint64_t len = arg[ARG_PARAM(cell)];
    size_t shown = len < DATA_MAX ? len : DATA_MAX;

    if (!v || !mem_read(bytes, v, shown))
        print_ptr(l, v, cell, arg);
    else
        put_quoted(l, bytes, shown, len > DATA_MAX);
}

PRINT(strv)
{
    uint64_t p = 0;
    unsigned n;

    if (!v || !mem_read(&p, v, sizeof p)) {
        print_ptr(l, v, cell, arg);
        return;
    }
    put(l, "{");
    for (n = 0; p && n < VECTOR_MAX; n++) {
        print_str(l, p, cell, arg);
        put(l, ",");
        if (!mem_read(&p, v + (n + 1) * sizeof p, sizeof p))
            break;
    }
    put(l, p ? "...}" : "NULL}");
}

PRINT(timespec)
{
    int64_t ts[2];

    if (!v || !mem_read(ts, v, sizeof ts))
        print_ptr(l, v, cell, arg);
    else
        put(l, "{tv_sec = %lld,tv_nsec = %lld}", (long long)ts[0], (long long)ts[1]);
}

PRINT(sockaddr)
{
    uint8_t a[112] = {0};
    uint64_t len = arg[ARG_PARAM(cell)];
    uint16_t family;
    char name[64];

    if (!v || len < 2 || len > 110 || !mem_read(a, v, len)) {
        print_ptr(l, v, cell, arg);
        return;
    }
    memcpy(&family, a, 2);
    flags_format(FS_AF, family, name, sizeof name);
    put(l, "{sa_family=%s", name);
    if (family == 1) {
        put(l, ",sun_path=");
        put_quoted(l, a + 2, a[2] ? strnlen((char *)a + 2, len - 2) : len - 2, false);
    } else if (family == 2 && len >= 8) {
        put(l, ",sin_port=htons(%u),sin_addr=%u.%u.%u.%u", a[2] << 8 | a[3], a[4], a[5], a[6],
            a[7]);
    } else if (family == 10 && len >= 24) {
        put(l, ",sin6_port=htons(%u),sin6_addr=", a[2] << 8 | a[3]);
        for (int i = 0; i < 16; i += 2)
            put(l, i ? ":%x" : "%x", a[8 + i] << 8 | a[9 + i]);
    }
    put(l, "}");
}

typedef void PrintFn(Line *l, uint64_t v, uint32_t cell, const uint64_t *arg);

static PrintFn *const printers[ARG_COUNT] = {
#define ARGKIND(id, role, print) [ARG_##id] = print_##print,
#include "syscalls/argkind.def"
#undef ARGKIND
};

static void format_call(Line *l, const Syscall *s, uint32_t number, const uint64_t arg[6])
{
    put(l, "%d ", (int)sys(SYS_getpid));
    if (s->how == HOW_UNASSIGNED)
        put(l, "Unknown syscall %u(", number);
    else
        put(l, "%s(", s->name);
    for (int i = 0; i < SYSCALL_ARGS && s->arg[i] != ARG_END; i++) {
        if (i > 0)
            put(l, ",");
        printers[ARG_KIND(s->arg[i])](l, arg[i], s->arg[i], arg);
    }
    put(l, ")");
}

static void format_result(Line *l, const Syscall *s, int64_t ret)
{
    if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK)
        put(l, " = ? errno=%d (To be restarted)", (int)-ret);
    else if (sys_failed(ret))
        put(l, " = -1 errno=%d (%s)", (int)-ret, strerror((int)-ret));
    else if (s->result == RESULT_PTR || s->result == RESULT_HEX)
        put(l, " = 0x%llx", (unsigned long long)ret);
    else
        put(l, " = %lld", (long long)ret);
    put(l, "\n");
}

/* A line that is too long for the buffer still ends properly. */
static void flush(Line *l)
{
    sys(SYS_write, log_fd(), l->buf, l->len);
    l->len = 0;
}

/* Written in two halves: the call may take long, or never come back. */
static bool written_early(const Syscall *s)
{
    return (s->how == HOW_WAIT || s->how == HOW_EMUL) && s->result != RESULT_PID;
}

void strace_enter(const Syscall *s, uint32_t number, const uint64_t arg[6])
{
    char buf[LINE_MAX_BYTES];
    Line l = {buf, 0, sizeof buf - 1};

    if (!written_early(s))
        return;
    format_call(&l, s, number, arg);
    if (s->result == RESULT_NONE || s->result == RESULT_EXEC)
        l.buf[l.len++] = '\n';
    flush(&l);
}

void strace_leave(const Syscall *s, uint32_t number, const uint64_t arg[6], int64_t ret)
{
    char buf[LINE_MAX_BYTES];
    Line l = {buf, 0, sizeof buf - 256}; /* room for the result */

    if (!written_early(s))
        format_call(&l, s, number, arg);
    else if (s->result == RESULT_EXEC)
        put(&l, "%d %s", (int)sys(SYS_getpid), s->name);
    l.size = sizeof buf;
    format_result(&l, s, ret);
    flush(&l);
}

size_t strace_format(const Syscall *s, uint32_t number, const uint64_t arg[6], char *buf,
                     size_t size)
{
    Line l = {buf, 0, size};

    format_call(&l, s, number, arg);
    return l.len;
}
