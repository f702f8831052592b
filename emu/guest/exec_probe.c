/*
 * Looks at the first bytes of a file as execve does. The rules for scripts are those of the
 * kernel's binfmt_script: blanks around the interpreter, one optional argument.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/exec_probe.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* line: what follows "#!", up to the newline. whole: the newline or the file's end was seen. */
static ExecKind parse_script(const char *line, size_t len, bool whole, ExecProbe *out)
{
    size_t at = 0, end;

    while (len && is_blank(line[len - 1]))
        len--;
    while (at < len && is_blank(line[at]))
        at++;
    if (at == len)
        return EXEC_NOT_EXEC;
    for (end = at; end < len && !is_blank(line[end]) && line[end]; end++)
        ;
    if (end == len && !whole)
        return EXEC_NOT_EXEC; /* the interpreter's name may be cut off */
    memcpy(out->interp, line + at, end - at);
    out->interp[end - at] = '\0';
    while (end < len && is_blank(line[end]))
        end++;
    out->has_arg = end < len && line[end];
    size_t n = 0;
    for (; end < len && line[end]; end++)
        out->arg[n++] = line[end];
    out->arg[n] = '\0';
    return EXEC_SCRIPT;
}

ExecKind exec_probe_bytes(const void *bytes, size_t n, ExecProbe *out)
{
    const char *text = bytes;
    Elf64_Ehdr e;

    *out = (ExecProbe){.kind = EXEC_NOT_EXEC};
    if (n >= 2 && text[0] == '#' && text[1] == '!') {
        size_t max = n < EXEC_SCRIPT_MAX ? n : EXEC_SCRIPT_MAX;
        const char *newline = memchr(text + 2, '\n', max - 2);
        size_t len = newline ? (size_t)(newline - text) - 2 : max - 2;
        return out->kind = parse_script(text + 2, len, newline || n < EXEC_SCRIPT_MAX, out);
    }
    if (n < sizeof(Elf32_Ehdr) || memcmp(text, ELFMAG, SELFMAG) != 0)
        return EXEC_NOT_EXEC;
    memset(&e, 0, sizeof e);
    memcpy(&e, bytes, n < sizeof e ? n : sizeof e);
    bool ours = n >= sizeof e && e.e_ident[EI_CLASS] == ELFCLASS64 &&
                e.e_ident[EI_DATA] == ELFDATA2LSB && e.e_machine == A64_EM_AARCH64;
    if (!ours)
        return out->kind = EXEC_OTHER;
    return out->kind = e.e_type == ET_EXEC || e.e_type == ET_DYN ? EXEC_AARCH64 : EXEC_NOT_EXEC;
}

ExecKind exec_probe(int fd, ExecProbe *out)
{
    char bytes[EXEC_SCRIPT_MAX];
    size_t have = 0;

    while (have < sizeof bytes) {
        int64_t n = sys(SYS_pread64, fd, bytes + have, sizeof bytes - have, have);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    return exec_probe_bytes(bytes, have, out);
}

int exec_check_access(int fd)
{
    enum { EMPTY_PATH = 0x1000, EACCESS = 0x200, FACCESSAT2 = 439 };
    struct stat st;

    int64_t ret = sys(SYS_fstat, fd, &st);
    if (sys_failed(ret))
        return (int)ret;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    ret = sys(FACCESSAT2, fd, "", X_OK, EMPTY_PATH | EACCESS);
    /* A kernel before 5.8, or a filter that is older than the call: any x bit will do. */
    if (ret == -ENOSYS || ret == -EINVAL || ret == -EPERM)
        return st.st_mode & 0111 ? 0 : -EACCES;
    return ret ? -EACCES : 0;
}
