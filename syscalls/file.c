/*
 * Files: the calls that open, duplicate, close or list descriptors, where O_ flags, /proc and the
 * emulator's own descriptors matter. Path and O_ arguments arrive prepared by dispatch.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "syscalls/fds.h"
#include "syscalls/flags.h"
#include "syscalls/procfs.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

#define A64_F_GETFL 3
#define A64_F_SETFL 4
#define OPEN_HOW_SIZE 24 /* struct open_how: flags, mode, resolve */

/* A path argument: dispatch.c's buffer, or guest memory copied to buf; NULL when unreadable. */
static const char *path_text(uint64_t arg, char *buf)
{
    int64_t len;

    if (arg >= GUEST_LIMIT)
        return (const char *)(uintptr_t)arg;
    len = mem_strnlen(arg, PATH_BUFFER);
    if (len < 0 || len >= PATH_BUFFER || !mem_read(buf, arg, (size_t)len))
        return NULL;
    buf[len] = 0;
    return buf;
}

static int64_t open_path(CpuState *cpu, long nr, const uint64_t arg[6], uint64_t flags)
{
    char buf[PATH_BUFFER];
    const char *path = path_text(arg[1], buf);
    int64_t fd = path ? procfs_open((int)arg[0], path, flags) : PROCFS_NOT_OURS;

    if (fd != PROCFS_NOT_OURS)
        return fd;
    return safe_syscall(cpu, nr, arg[0], arg[1], arg[2], arg[3], 0, 0);
}

int64_t sys_openat(CpuState *cpu, uint64_t arg[6])
{
    return open_path(cpu, SYS_openat, arg, arg[2]);
}

int64_t sys_openat2(CpuState *cpu, uint64_t arg[6])
{
    uint64_t how[OPEN_HOW_SIZE / 8];
    uint64_t copy[6] = {arg[0], arg[1], (uintptr_t)how, sizeof how};

    if (arg[3] < OPEN_HOW_SIZE)
        return -EINVAL;
    if (!mem_read(how, arg[2], sizeof how))
        return -EFAULT;
    for (uint64_t i = OPEN_HOW_SIZE; i < arg[3]; i++) { /* unknown fields must be zero */
        uint8_t byte;

        if (i >= PAGE_SIZE_4K)
            return -E2BIG;
        if (!mem_read(&byte, arg[2] + i, 1))
            return -EFAULT;
        if (byte)
            return -E2BIG;
    }
    how[0] = flags_to_host(FS_OPEN, how[0]);
    return open_path(cpu, 437, copy, how[0]);
}

int64_t sys_dup(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_dup, arg[0]);
}

int64_t sys_dup3(CpuState *cpu, uint64_t arg[6])
{
    int to = (int)arg[1];

    (void)cpu;
    if (to != (int)arg[0] && fd_is_hidden((uint64_t)to) && !fd_vacate(to))
        return -EBADF;
    return sys(SYS_dup3, arg[0], arg[1], arg[2]);
}

int64_t sys_close(CpuState *cpu, uint64_t arg[6])
{
    (void)cpu;
    return sys(SYS_close, arg[0]);
}

int64_t sys_close_range(CpuState *cpu, uint64_t arg[6])
{
    uint32_t first = (uint32_t)arg[0], last = (uint32_t)arg[1];
    int64_t ret = 0;

    (void)cpu;
    if (first > last)
        return -EINVAL;
    for (;;) {
        int hidden = fd_next_hidden(first);
        bool split = hidden >= 0 && (uint32_t)hidden <= last;

        if (!split || (uint32_t)hidden > first) {
            ret = sys(436, first, split ? (uint32_t)hidden - 1 : last, arg[2]);
            if (sys_failed(ret))
                return ret;
        }
        if (!split || (uint32_t)hidden == last)
            return ret;
        first = (uint32_t)hidden + 1;
    }
}

int64_t sys_fcntl(CpuState *cpu, uint64_t arg[6])
{
    int64_t ret;

    if ((int)arg[1] == A64_F_SETFL)
        arg[2] = flags_to_host(FS_OPEN, arg[2]);
    ret = safe_syscall(cpu, SYS_fcntl, arg[0], arg[1], arg[2], 0, 0, 0);
    if ((int)arg[1] == A64_F_GETFL && ret >= 0)
        ret = (int64_t)flags_to_guest(FS_OPEN, (uint64_t)ret);
    return ret;
}

int64_t sys_getcwd(CpuState *cpu, uint64_t arg[6])
{
    char path[PATH_BUFFER];
    int64_t ret = sys(SYS_getcwd, arg[0], arg[1]);

    (void)cpu;
    if (ret > 0 && process.ld_prefix && ret <= PATH_BUFFER && mem_read(path, arg[0], (size_t)ret)) {
        size_t len = path_strip_prefix(path, (size_t)ret - 1);

        path[len] = 0;
        ret = (int64_t)len + 1;
        if (!mem_write(arg[0], path, (size_t)ret))
            return -EFAULT;
    }
    return ret;
}

/* Magic links under /proc show host paths: inside the sysroot they lose its prefix. */
static int64_t strip_link(uint64_t guest_buf, int64_t len)
{
    char text[PATH_BUFFER];
    size_t stripped;

    if (len <= 0 || len >= PATH_BUFFER || !mem_read(text, guest_buf, (size_t)len))
        return len;
    text[len] = 0;
    stripped = path_strip_prefix(text, (size_t)len);
    if (stripped != (size_t)len && !mem_write(guest_buf, text, stripped))
        return -EFAULT;
    return (int64_t)stripped;
}

int64_t sys_readlinkat(CpuState *cpu, uint64_t arg[6])
{
    char path_buf[PATH_BUFFER], target[PATH_BUFFER];
    const char *path = path_text(arg[1], path_buf);
    size_t size = (int64_t)arg[3] > PATH_BUFFER ? PATH_BUFFER : arg[3];
    int64_t ret = PROCFS_NOT_OURS;

    (void)cpu;
    if (path && (int)arg[3] > 0)
        ret = procfs_readlink((int)arg[0], path, target, size);
    if (ret != PROCFS_NOT_OURS)
        return mem_write(arg[2], target, (size_t)ret) ? ret : -EFAULT;
    ret = sys(SYS_readlinkat, arg[0], arg[1], arg[2], arg[3]);
    if (ret > 0 && process.ld_prefix && path && !strncmp(path, "/proc/", 6))
        ret = strip_link(arg[2], ret);
    return ret;
}

/* struct linux_dirent64: d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name. */
#define DIRENT_RECLEN 16
#define DIRENT_NAME 19

static bool is_hidden_in(int list, long fd)
{
    return list == PROCFS_OWN_FDS ? fd_is_hidden((uint64_t)fd) : fd == list || fd == list + 1L;
}

/*
 * Removes the entries of hidden descriptors from n bytes of entries; returns what is left. list is
 * what procfs_fd_dir() said.
 */
static int64_t drop_hidden_entries(int list, uint64_t buf, int64_t n)
{
    int64_t in = 0, out = 0;

    while (in + DIRENT_NAME < n) {
        uint8_t entry[DIRENT_NAME + 256 + 8];
        uint16_t reclen;
        int64_t have = n - in < (int64_t)sizeof entry - 1 ? n - in : (int64_t)sizeof entry - 1;
        char *end;
        long fd;

        if (!mem_read(entry, buf + (uint64_t)in, (size_t)have))
            return n;
        entry[have] = 0;
        memcpy(&reclen, entry + DIRENT_RECLEN, 2);
        if (reclen <= DIRENT_NAME || reclen > have)
            return n;
        fd = strtol((char *)entry + DIRENT_NAME, &end, 10);
        if (*end || end == (char *)entry + DIRENT_NAME || !is_hidden_in(list, fd)) {
            if (out != in && !mem_write(buf + (uint64_t)out, entry, reclen))
                return -EFAULT;
            out += reclen;
        }
        in += reclen;
    }
    return out;
}

int64_t sys_getdents64(CpuState *cpu, uint64_t arg[6])
{
    int64_t ret;

    (void)cpu;
    do {
        ret = sys(SYS_getdents64, arg[0], arg[1], arg[2]);
        int list = ret > 0 ? procfs_fd_dir((int)arg[0]) : -1;
        if (list < 0)
            return ret;
        ret = drop_hidden_entries(list, arg[1], ret);
    } while (ret == 0); /* all entries were ours: 0 would mean the end */
    return ret;
}
