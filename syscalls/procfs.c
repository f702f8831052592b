/*
 * The guest's view of /proc. A file that we answer for becomes a memfd with the text at the time
 * of the open; exe links are the program's path.
 */
#include "syscalls/procfs.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "emu/base/alloc.h"
#include "emu/base/fd.h"
#include "emu/base/sys.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "syscalls/ptrace.h"
#include "syscalls/ptrace_host.h"
#include "syscalls/seccomp.h"
#include "syscalls/fds.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define HOST_O_ACCMODE 3
#define HOST_O_CLOEXEC 02000000
#define HOST_O_NOFOLLOW 0400000
#define HOST_O_NONBLOCK 04000
#define HOST_F_SETFL 4
#define HOST_F_SETPIPE_SZ 1031
#define HOST_O_DIRECTORY 0200000
#define HOST_O_PATH 010000000
#define HOST_AT_FDCWD (-100)

/* struct linux_dirent64 */
#define DIRENT_RECLEN 16
#define DIRENT_NAME 19

bool procfs_mem_opened;

/* A growing text. */
typedef struct Text {
    char *buf;
    size_t len, size;
} Text;

/* Makes room for n more bytes and returns where they go. */
static char *text_room(Text *t, size_t n)
{
    if (t->len + n > t->size) {
        size_t size = ALIGN_UP(t->size * 2 + n, PAGE_SIZE_4K);

        t->buf = alloc_grow(t->buf, t->size, size);
        t->size = size;
    }
    return t->buf + t->len;
}

static void text_bytes(Text *t, const void *bytes, size_t n)
{
    memcpy(text_room(t, n), bytes, n);
    t->len += n;
}

__attribute__((format(printf, 2, 3))) static void text_printf(Text *t, const char *fmt, ...)
{
    char *at = text_room(t, 1024);
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(at, 1024, fmt, ap);
    va_end(ap);
    t->len += n < 1024 ? (size_t)n : 1023;
}

/* Appends a host file; false when it cannot be opened. */
static bool text_host_file(Text *t, const char *path)
{
    int64_t fd = fd_open_own(HOST_AT_FDCWD, path, HOST_O_CLOEXEC), n;

    if (sys_failed(fd))
        return false;
    while ((n = sys(SYS_read, fd, text_room(t, 8192), 8192)) > 0)
        t->len += (size_t)n;
    sys(SYS_close, fd);
    return true;
}

/* Appends guest memory, as much of it as can be read. */
static void text_guest(Text *t, uint64_t start, uint64_t end)
{
    while (start < end) {
        uint64_t n = end - start < PAGE_SIZE_4K ? end - start : PAGE_SIZE_4K;

        if (!mem_read(text_room(t, n), start, n))
            return;
        t->len += n;
        start += n;
    }
}

static void text_free(Text *t)
{
    if (t->buf)
        alloc_free(t->buf, t->size);
}

static void make_maps(Text *t, const char *path)
{
    size_t need = mem_format_maps(NULL, 0), room;

    (void)path;
    do { /* other threads may map meanwhile */
        room = need + 4096;
        need = mem_format_maps(text_room(t, room), room);
    } while (need >= room);
    t->len += need;
}

/* The host's entries below the emulator's range, with the guest's execute permission. */
static void make_smaps(Text *t, const char *path)
{
    Text host = {0};
    bool wanted = false;
    char *line, *next;

    if (!text_host_file(&host, path))
        return;
    text_bytes(&host, "", 1);
    for (line = host.buf; *line; line = next) {
        char *end = strchr(line, '\n');
        uint64_t start;
        char *after;

        next = end ? end + 1 : line + strlen(line);
        start = strtoull(line, &after, 16);
        if (*after == '-' && after > line) { /* a header line: start-end perms ... */
            MemArea area;
            char *perms = memchr(line, ' ', (size_t)(next - line));

            wanted = start < GUEST_LIMIT && mem_find(start, &area);
            if (wanted && perms) {
                perms[1] = area.prot & 1 ? 'r' : '-';
                perms[2] = area.prot & 2 ? 'w' : '-';
                perms[3] = area.prot & 4 ? 'x' : '-';
            }
        }
        if (wanted)
            text_bytes(t, line, (size_t)(next - line));
    }
    text_free(&host);
}

static void make_cmdline(Text *t, const char *path)
{
    (void)path;
    text_guest(t, process.arg_start, process.arg_end);
}

static void make_environ(Text *t, const char *path)
{
    (void)path;
    text_guest(t, process.env_start, process.env_end);
}

static void make_auxv(Text *t, const char *path)
{
    (void)path;
    text_guest(t, process.auxv, process.auxv + process.auxv_size);
}

/* Fields of /proc/PID/stat that describe the image, numbered as in proc(5). */
static bool stat_field(int number, uint64_t *value)
{
    switch (number) {
    case 26: *value = process.start_code; return true;
    case 27: *value = process.end_code; return true;
    case 28: *value = process.start_stack; return true;
    case 45: *value = process.start_data; return true;
    case 46: *value = process.end_data; return true;
    case 47: *value = process.end_data; return true;
    case 48: *value = process.arg_start; return true;
    case 49: *value = process.arg_end; return true;
    case 50: *value = process.env_start; return true;
    case 51: *value = process.env_end; return true;
    default: return false;
    }
}

static void make_stat(Text *t, const char *path)
{
    Text host = {0};
    char *p, *name_end;
    int number = 2;

    if (!text_host_file(&host, path))
        return;
    text_bytes(&host, "", 1);
    name_end = strrchr(host.buf, ')'); /* the name itself may hold anything */
    if (name_end) {
        text_bytes(t, host.buf, (size_t)(name_end + 1 - host.buf));
        for (p = name_end + 1; *p;) {
            size_t n = strcspn(p + 1, " \n") + 1;
            uint64_t value;

            number++;
            if (*p == ' ' && stat_field(number, &value))
                text_printf(t, " %llu", (unsigned long long)value);
            else
                text_bytes(t, p, n);
            p += n;
        }
    }
    text_free(&host);
}

static void make_cpuinfo(Text *t, const char *path)
{
    uint64_t set[16] = {0};
    int64_t bytes = sys(SYS_sched_getaffinity, 0, sizeof set, set);
    static const struct {
        uint8_t word, bit;
        const char *name;
    } names[] = {
#define HWCAP(word, bit, name) {word, bit, #name},
#include "syscalls/hwcap.def"
#undef HWCAP
    };

    (void)path;
    for (unsigned cpu = 0; bytes > 0 && cpu < (unsigned)bytes * 8; cpu++) {
        if (!(set[cpu / 64] >> (cpu % 64) & 1))
            continue;
        text_printf(t, "processor\t: %u\nBogoMIPS\t: 100.00\nFeatures\t:", cpu);
        for (size_t i = 0; i < COUNTOF(names); i++)
            if ((names[i].word == 1 ? process.hwcap : process.hwcap2) >> names[i].bit & 1)
                text_printf(t, " %s", names[i].name);
        text_printf(t,
                    "\nCPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\n"
                    "CPU part\t: 0x%03x\nCPU revision\t: %u\n\n",
                    process.midr >> 24, process.midr >> 20 & 0xf, process.midr >> 4 & 0xfff,
                    process.midr & 0xf);
    }
}

typedef struct ProcFile {
    const char *name;
    /* path: the host's file. NULL: exe, mem and status are handled by their callers */
    void (*make)(Text *t, const char *path);
    bool of_process;       /* a file of each process, or one for the system */
} ProcFile;

static const ProcFile files[] = {
    {"exe", NULL, true},           {"mem", NULL, true},
    {"maps", make_maps, true},     {"smaps", make_smaps, true},
    {"stat", make_stat, true},     {"cmdline", make_cmdline, true},
    {"auxv", make_auxv, true},     {"environ", make_environ, true},
    {"status", NULL, true},        {"cpuinfo", make_cpuinfo, false},
};

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static const ProcFile *file_named(const char *name)
{
    for (size_t i = 0; i < COUNTOF(files); i++)
        if (!strcmp(files[i].name, name))
            return &files[i];
    return NULL;
}

/* The absolute path of what fd is open on, if it lies on a proc file system. */
static bool proc_path(int fd, char *path, size_t size)
{
    char link[40];
    uint64_t statfs[16];
    int64_t n;

    if (sys_failed(sys(SYS_fstatfs, fd, statfs)) || statfs[0] != PROC_SUPER_MAGIC)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = sys(SYS_readlink, link, path, size - 1);
    if (n <= 0)
        return false;
    path[n] = 0;
    return true;
}

/* What a path means: one of our files, and whose. */
typedef struct ProcName {
    char path[PATH_BUFFER]; /* as the host resolved it: MOUNT/PID/NAME, MOUNT/PID/task/TID/NAME */
    int dir_len;            /* of "MOUNT/PID" */
    const char *name;       /* the last component */
    int pid;                /* 0: a file of the system */
    bool own;               /* of this process */
} ProcName;

/* The component that ends before path + end; its start. */
static int component_start(const char *path, int end)
{
    while (end > 0 && path[end - 1] != '/')
        end--;
    return end;
}

/*
 * Is the process this one? The answer is the mount's: its numbers are those of the namespace that
 * it was mounted in, which need not be ours.
 */
static bool is_own(const ProcName *p)
{
    char link[PATH_BUFFER], number[24];
    int mount = component_start(p->path, p->dir_len);

    snprintf(link, sizeof link, "%.*sself", mount, p->path);
    int64_t n = sys(SYS_readlink, link, number, sizeof number - 1);
    number[n > 0 ? n : 0] = 0;
    return atoi(number) == p->pid;
}

/* Cuts path apart. */
static void parse_proc_path(ProcName *p)
{
    int end[4], start[4]; /* of the last four components, backwards */
    int at = (int)strlen(p->path);

    for (int i = 0; i < 4; i++) {
        end[i] = at;
        start[i] = component_start(p->path, at);
        at = start[i] > 0 ? start[i] - 1 : 0;
    }
    bool of_task = end[2] - start[2] == 4 && !memcmp(p->path + start[2], "task", 4) &&
                   atoi(p->path + start[3]) > 0;
    int whose = of_task ? 3 : 1;

    p->name = p->path + start[0];
    p->pid = atoi(p->path + start[whose]);
    p->dir_len = end[whose];
    p->own = p->pid > 0 && is_own(p);
}

/* Fills p for what fd is open on; false when that is not on a proc file system. */
static bool name_of_fd(int fd, ProcName *p)
{
    if (!proc_path(fd, p->path, sizeof p->path))
        return false;
    parse_proc_path(p);
    return true;
}

/* Fills p by the text of the path, for when no descriptor is to be had. */
static bool name_of_text(const char *path, ProcName *p)
{
    static const char *const selves[] = {"/proc/self/", "/proc/thread-self/"};

    if (strncmp(path, "/proc/", 6))
        return false;
    snprintf(p->path, sizeof p->path, "%s", path);
    for (size_t i = 0; i < COUNTOF(selves); i++)
        if (!strncmp(path, selves[i], strlen(selves[i])))
            snprintf(p->path, sizeof p->path, "/proc/%d/%s", (int)sys(SYS_getpid),
                     path + strlen(selves[i]));
    parse_proc_path(p);
    return true;
}

/* Which of our files the path means, or NULL. An empty path is dirfd itself. */
static const ProcFile *identify(int dirfd, const char *path, ProcName *p)
{
    int64_t fd = dirfd;
    bool known;

    if (path[0]) {
        if (!file_named(last_component(path)))
            return NULL;
        /* a number from above the limit would for a moment be in the other threads' reach, too */
        fd = sys(SYS_openat, dirfd, path, HOST_O_PATH | HOST_O_NOFOLLOW | HOST_O_CLOEXEC);
        if (fd == -EMFILE && path[0] != '/')
            fd = fd_open_own(dirfd, path, HOST_O_PATH | HOST_O_NOFOLLOW | HOST_O_CLOEXEC);
        if (sys_failed(fd) && fd != -EMFILE)
            return NULL;
    }
    known = fd == -EMFILE ? name_of_text(path, p) : name_of_fd((int)fd, p);
    if (path[0] && fd >= 0)
        sys(SYS_close, fd);
    const ProcFile *file = known ? file_named(p->name) : NULL;
    return file && file->of_process == (p->pid != 0) ? file : NULL;
}

static bool is_exe(const ProcFile *file)
{
    return file && !file->make && file->name[0] == 'e';
}

/* The highest of the process's descriptors that are open on the emulator's file, or -1. */
static int find_self_fd(const ProcName *p)
{
    char path[PATH_BUFFER], entries[4096];
    int found = -1;
    int64_t n;

    snprintf(path, sizeof path, "%.*s/fd", p->dir_len, p->path);
    int64_t dir = fd_open_own(HOST_AT_FDCWD, path, HOST_O_CLOEXEC | HOST_O_DIRECTORY);
    if (sys_failed(dir))
        return -1;
    while ((n = sys(SYS_getdents64, dir, entries, sizeof entries)) > 0) {
        for (int64_t at = 0; at < n; at += *(uint16_t *)(entries + at + DIRENT_RECLEN)) {
            int number = atoi(entries + at + DIRENT_NAME);

            snprintf(path, sizeof path, "%.*s/fd/%d", p->dir_len, p->path, number);
            if (number > found && process_is_self(path))
                found = number;
        }
    }
    sys(SYS_close, dir);
    return found;
}

static bool same_file(const char *a, const char *b)
{
    struct stat st[2];

    return !sys_failed(sys(SYS_newfstatat, HOST_AT_FDCWD, a, &st[0], 0)) &&
           !sys_failed(sys(SYS_newfstatat, HOST_AT_FDCWD, b, &st[1], 0)) &&
           st[0].st_ino == st[1].st_ino && st[0].st_dev == st[1].st_dev;
}

/*
 * The number of the emulator's file in another process that is emulated, or -1. It is known by
 * what no other program does: it holds its own executable at our number (so copies of the emulator
 * know each other); or it is this very emulator, that had to move it.
 */
static int other_self_fd(const ProcName *p)
{
    char exe[PATH_BUFFER], fd[PATH_BUFFER];
    int number = process.self_fd >= 0 ? process.self_fd : fd_floor();

    snprintf(exe, sizeof exe, "%.*s/exe", p->dir_len, p->path);
    snprintf(fd, sizeof fd, "%.*s/fd/%d", p->dir_len, p->path, number);
    if (same_file(exe, fd))
        return number;
    return process_is_self(exe) ? find_self_fd(p) : -1;
}

/* Its own program lies behind the descriptor that follows, see emu/base/fd.h. */
static bool other_exe_path(const ProcName *p, char *buf, size_t size)
{
    int number = other_self_fd(p);
    struct stat st;

    if (number < 0)
        return false;
    snprintf(buf, size, "%.*s/fd/%d", p->dir_len, p->path, number + 1);
    return !sys_failed(sys(SYS_newfstatat, HOST_AT_FDCWD, buf, &st, 0));
}

static bool exe_path(const ProcName *p, char *buf, size_t size)
{
    if (!p->own)
        return other_exe_path(p, buf, size);
    if (process.exe_fd >= 0)
        snprintf(buf, size, "%.*s/fd/%d", p->dir_len, p->path, process.exe_fd);
    else
        snprintf(buf, size, "%s", process.exe_real_path);
    return true;
}

bool procfs_exe_path(int dirfd, const char *path, char *buf, size_t size)
{
    ProcName p;

    return path[0] && is_exe(identify(dirfd, path, &p)) && exe_path(&p, buf, size);
}

int64_t procfs_readlink(int dirfd, const char *path, char *buf, size_t size)
{
    char link[PATH_BUFFER], target[PATH_BUFFER];
    ProcName p;

    if (!is_exe(identify(dirfd, path, &p)))
        return PROCFS_NOT_OURS;
    if (p.own) {
        snprintf(target, sizeof target, "%s", process.exe_real_path);
    } else {
        int64_t got = -1;

        if (other_exe_path(&p, link, sizeof link))
            got = sys(SYS_readlink, link, target, sizeof target - 1);
        if (got <= 0)
            return PROCFS_NOT_OURS;
        target[got] = 0;
    }
    size_t n = path_strip_prefix(target, strlen(target));
    if (n > size)
        n = size;
    memcpy(buf, target, n);
    return (int64_t)n;
}

/* As much of the text as fd takes at once. */
static void write_text(int64_t fd, const Text *t)
{
    for (size_t done = 0; done < t->len;) {
        int64_t n = sys(SYS_write, fd, t->buf + done, t->len - done);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
}

/* Where the guest may not write files (RLIMIT_FSIZE, SIGXFSZ), the text waits in a pipe. */
static int64_t text_in_pipe(const Text *t)
{
    int fd[2];
    int64_t ret = sys(SYS_pipe2, fd, HOST_O_CLOEXEC | HOST_O_NONBLOCK);

    if (sys_failed(ret))
        return ret;
    sys(SYS_fcntl, fd[1], HOST_F_SETPIPE_SZ, t->len);
    write_text(fd[1], t);
    sys(SYS_close, fd[1]);
    sys(SYS_fcntl, fd[0], HOST_F_SETFL, 0);
    return fd[0];
}

/* The text as a file without a name, that fd can only read: the number stays, the lowest free. */
static int64_t text_in_file(const Text *t, const char *name)
{
    char link[40];
    int64_t fd = sys(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */);

    if (sys_failed(fd))
        return fd;
    write_text(fd, t);
    snprintf(link, sizeof link, "/proc/self/fd/%d", (int)fd);
    int64_t reader = fd_open_own(HOST_AT_FDCWD, link, HOST_O_CLOEXEC);
    if (sys_failed(reader)) {
        sys(SYS_lseek, fd, 0, 0);
        return fd;
    }
    sys(SYS_dup3, reader, fd, HOST_O_CLOEXEC);
    sys(SYS_close, reader);
    return fd;
}

/* A read-only view of the text as a descriptor; the lowest free number, like every open. */
static int64_t text_to_fd(const Text *t, const char *name, uint64_t flags)
{
    uint64_t limit[2] = {~0ull};

    sys(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, limit);
    int64_t fd = limit[0] < t->len ? text_in_pipe(t) : text_in_file(t, name);
    if (!sys_failed(fd) && !(flags & HOST_O_CLOEXEC))
        sys(SYS_fcntl, fd, 2 /* F_SETFD */, 0);
    return fd;
}

/* The seccomp fields of a thread's status. */
typedef struct SeccompFields {
    int tid;
    unsigned mode, filters;
} SeccompFields;

static void find_seccomp(Thread *t, void *arg)
{
    SeccompFields *fields = arg;

    if (t->tid == fields->tid && !t->spare) {
        fields->mode = t->seccomp_mode;
        fields->filters = seccomp_filter_count(t);
    }
}

/*
 * A status file of this process, when seccomp judges the thread that it is of: the host's text
 * with what the host does not know.
 */
static int64_t open_status(const char *path, uint64_t flags)
{
    Text host = {0}, text = {0};
    SeccompFields fields = {0};
    int64_t fd = PROCFS_NOT_OURS;

    if (!text_host_file(&host, path))
        return PROCFS_NOT_OURS;
    text_bytes(&host, "", 1);
    const char *pid = strstr(host.buf, "\nPid:");
    fields.tid = pid ? atoi(pid + sizeof "\nPid:" - 1) : 0;
    threads_for_each(find_seccomp, &fields);
    for (char *line = host.buf, *next; fields.mode && *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (!strncmp(line, "Seccomp:", sizeof "Seccomp:" - 1))
            text_printf(&text, "Seccomp:\t%u\n", fields.mode);
        else if (!strncmp(line, "Seccomp_filters:", sizeof "Seccomp_filters:" - 1))
            text_printf(&text, "Seccomp_filters:\t%u\n", fields.filters);
        else
            text_bytes(&text, line, (size_t)(next - line));
    }
    if (fields.mode)
        fd = text_to_fd(&text, "status", flags);
    text_free(&text);
    text_free(&host);
    return fd;
}

/*
 * What a debugger needs of another emulated process, if we may read its memory: its auxiliary
 * vector, and of its mappings the guest's.
 */
static bool make_other(Text *t, const char *name, const ProcName *p)
{
    int pid = p->pid;
    Process theirs;

    if (!remote_is_emulator(pid))
        return false;
    if (!strcmp(name, "auxv")) {
        if (!remote_read(pid, (uint64_t)&process, &theirs, sizeof theirs) ||
            theirs.auxv_size > PAGE_SIZE_4K ||
            !remote_read(pid, theirs.auxv, text_room(t, theirs.auxv_size), theirs.auxv_size))
            return false;
        t->len += theirs.auxv_size;
        return true;
    }
    if (strcmp(name, "maps"))
        return false;
    if (!text_host_file(t, p->path))
        return false;
    for (size_t at = 0, len = t->len; at < len;) { /* sorted by address */
        char *line = t->buf + at, *end = memchr(line, '\n', len - at);

        if (strtoull(line, NULL, 16) >= GUEST_LIMIT)
            t->len = len = at;
        at = end ? (size_t)(end + 1 - t->buf) : len;
    }
    return true;
}

int64_t procfs_open(int dirfd, const char *path, uint64_t flags)
{
    const ProcFile *file;
    Text text = {0};
    int64_t fd;
    ProcName p;

    if (flags & HOST_O_PATH)
        return PROCFS_NOT_OURS;
    file = path[0] ? identify(dirfd, path, &p) : NULL;
    if (!file)
        return PROCFS_NOT_OURS;
    if (!file->make) {
        if (file->name[0] == 'm' && (flags & HOST_O_ACCMODE))
            procfs_mem_opened = true;
        if (file->name[0] == 's' && p.own)
            return open_status(p.path, flags);
        return PROCFS_NOT_OURS;
    }
    if (flags & HOST_O_ACCMODE)
        return PROCFS_NOT_OURS;
    if (!file->of_process || p.own)
        file->make(&text, p.path);
    else if (!make_other(&text, file->name, &p))
        return PROCFS_NOT_OURS;
    fd = text_to_fd(&text, file->name, flags);
    text_free(&text);
    return fd;
}

int procfs_fd_dir(int dirfd)
{
    ProcName p;

    if (!name_of_fd(dirfd, &p) || !p.pid || (strcmp(p.name, "fd") && strcmp(p.name, "fdinfo")))
        return -1;
    return p.own ? PROCFS_OWN_FDS : other_self_fd(&p);
}

void procfs_mem_written(int fd, uint32_t number, const uint64_t arg[6], int64_t n)
{
    bool positioned = number == 68 || number == 70 || (number == 287 && arg[3] != ~0ull);
    ProcName p;
    uint64_t end;

    if (!name_of_fd(fd, &p) || !p.pid || strcmp(p.name, "mem"))
        return;
    end = positioned ? arg[3] + (uint64_t)n : (uint64_t)sys(SYS_lseek, fd, 0, 1 /* SEEK_CUR */);
    if (p.own)
        mem_code_changed(end - (uint64_t)n, end);
    else
        ptrace_memory_written(p.pid, end - (uint64_t)n, end);
}
