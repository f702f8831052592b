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
#include "emu/base/alloc.h"
#include "emu/base/sys.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "syscalls/seccomp.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define HOST_O_ACCMODE 3
#define HOST_O_CLOEXEC 02000000
#define HOST_O_NOFOLLOW 0400000
#define HOST_O_PATH 010000000
#define HOST_AT_FDCWD (-100)
#define NAME_SIZE 16 /* the names we look for are short */

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
static bool text_host_file_at(Text *t, int dirfd, const char *path)
{
    int64_t fd = sys(SYS_openat, dirfd, path, HOST_O_CLOEXEC), n;

    if (sys_failed(fd))
        return false;
    while ((n = sys(SYS_read, fd, text_room(t, 8192), 8192)) > 0)
        t->len += (size_t)n;
    sys(SYS_close, fd);
    return true;
}

static bool text_host_file(Text *t, const char *path)
{
    return text_host_file_at(t, HOST_AT_FDCWD, path);
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

static void make_maps(Text *t)
{
    size_t need = mem_format_maps(NULL, 0), room;

    do { /* other threads may map meanwhile */
        room = need + 4096;
        need = mem_format_maps(text_room(t, room), room);
    } while (need >= room);
    t->len += need;
}

/* The host's entries below the emulator's range, with the guest's execute permission. */
static void make_smaps(Text *t)
{
    Text host = {0};
    bool wanted = false;
    char *line, *next;

    if (!text_host_file(&host, "/proc/self/smaps"))
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

static void make_cmdline(Text *t)
{
    text_guest(t, process.arg_start, process.arg_end);
}

static void make_environ(Text *t)
{
    text_guest(t, process.env_start, process.env_end);
}

static void make_auxv(Text *t)
{
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

static void make_stat(Text *t)
{
    Text host = {0};
    char *p, *name_end;
    int number = 2;

    if (!text_host_file(&host, "/proc/thread-self/stat"))
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

static void make_cpuinfo(Text *t)
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
    void (*make)(Text *t); /* NULL: exe, mem and status are handled by their callers */
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

/*
 * Cuts ".../PID/NAME" or ".../PID/task/TID/NAME" apart: the pid, 0 when it is no such path;
 * *name points into path.
 */
static int parse_proc_path(char *path, const char **name)
{
    char *part[5];
    int parts = 0;
    char *slash;

    while (parts < 5 && (slash = strrchr(path, '/'))) {
        *slash = 0;
        part[parts++] = slash + 1;
    }
    *name = parts > 0 ? part[0] : path;
    if (parts >= 4 && !strcmp(part[2], "task") && atoi(part[3]) > 0)
        return atoi(part[3]);
    return parts >= 2 ? atoi(part[1]) : 0;
}

/*
 * Which of our files the path means; *pid is the process that it belongs to, 0 for the system's.
 * An empty path is dirfd itself.
 */
static const ProcFile *identify(int dirfd, const char *path, int *pid)
{
    char real[PATH_BUFFER];
    const ProcFile *file = NULL;
    const char *name;
    int64_t fd = dirfd;

    if (path[0]) {
        if (!file_named(last_component(path)))
            return NULL;
        fd = sys(SYS_openat, dirfd, path, HOST_O_PATH | HOST_O_NOFOLLOW | HOST_O_CLOEXEC);
        if (sys_failed(fd))
            return NULL;
    }
    if (proc_path((int)fd, real, sizeof real)) {
        *pid = parse_proc_path(real, &name);
        file = file_named(name);
        if (file && file->of_process != (*pid != 0))
            file = NULL;
    }
    if (path[0])
        sys(SYS_close, fd);
    return file;
}

static bool is_self(int pid)
{
    return pid == (int)sys(SYS_getpid);
}

bool procfs_is_own_exe(int dirfd, const char *path)
{
    int pid;
    const ProcFile *file = path[0] ? identify(dirfd, path, &pid) : NULL;

    return file && !file->make && file->name[0] == 'e' && is_self(pid);
}

void procfs_exe_path(char *buf, size_t size)
{
    if (process.exe_fd >= 0)
        snprintf(buf, size, "/proc/self/fd/%d", process.exe_fd);
    else
        snprintf(buf, size, "%s", process.exe_real_path);
}

/*
 * Another process that we emulate: its link shows the same emulator as ours; its own program is
 * behind the descriptor that holds it here, too.
 */
static int64_t other_exe(int pid, char *buf, size_t size)
{
    char link[64], theirs[PATH_BUFFER], ours[PATH_BUFFER];
    int64_t n, own;

    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    n = sys(SYS_readlink, link, theirs, sizeof theirs);
    own = sys(SYS_readlink, "/proc/self/exe", ours, sizeof ours);
    if (n <= 0 || n != own || memcmp(theirs, ours, (size_t)n) || process.exe_fd < 0)
        return PROCFS_NOT_OURS;
    snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, process.exe_fd);
    n = sys(SYS_readlink, link, buf, size);
    return n > 0 && buf[0] == '/' ? n : PROCFS_NOT_OURS;
}

int64_t procfs_readlink(int dirfd, const char *path, char *buf, size_t size)
{
    int pid;
    const ProcFile *file = identify(dirfd, path, &pid);
    char real[PATH_BUFFER];
    size_t n;

    if (!file || file->make || file->name[0] != 'e')
        return PROCFS_NOT_OURS;
    if (!is_self(pid))
        return other_exe(pid, buf, size);
    snprintf(real, sizeof real, "%s", process.exe_real_path);
    n = path_strip_prefix(real, strlen(real));
    if (n > size)
        n = size;
    memcpy(buf, real, n);
    return (int64_t)n;
}

/* A read-only view of the text as a descriptor; the lowest free number, like every open. */
static int64_t text_to_fd(const Text *t, const char *name, uint64_t flags)
{
    int64_t fd = sys(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */);
    size_t done = 0;

    if (sys_failed(fd))
        return fd;
    while (done < t->len) {
        int64_t n = sys(SYS_write, fd, t->buf + done, t->len - done);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
    sys(SYS_lseek, fd, 0, 0);
    if (!(flags & HOST_O_CLOEXEC))
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
static int64_t open_status(int dirfd, const char *path, uint64_t flags)
{
    Text host = {0}, text = {0};
    SeccompFields fields = {0};
    int64_t fd = PROCFS_NOT_OURS;

    if (!text_host_file_at(&host, dirfd, path))
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

int64_t procfs_open(int dirfd, const char *path, uint64_t flags)
{
    const ProcFile *file;
    Text text = {0};
    int64_t fd;
    int pid;

    if (flags & HOST_O_PATH)
        return PROCFS_NOT_OURS;
    file = path[0] ? identify(dirfd, path, &pid) : NULL;
    if (!file)
        return PROCFS_NOT_OURS;
    if (!file->make) {
        if (file->name[0] == 'm' && (flags & HOST_O_ACCMODE))
            procfs_mem_opened = true;
        if (file->name[0] == 's' && is_self(pid))
            return open_status(dirfd, path, flags);
        return PROCFS_NOT_OURS;
    }
    if ((flags & HOST_O_ACCMODE) || (file->of_process && !is_self(pid)))
        return PROCFS_NOT_OURS;
    file->make(&text);
    fd = text_to_fd(&text, file->name, flags);
    text_free(&text);
    return fd;
}

bool procfs_is_own_fd_dir(int dirfd)
{
    char path[PATH_BUFFER];
    const char *name;

    if (!proc_path(dirfd, path, sizeof path))
        return false;
    if (!is_self(parse_proc_path(path, &name)))
        return false;
    return !strcmp(name, "fd") || !strcmp(name, "fdinfo");
}

void procfs_mem_written(int fd, uint32_t number, const uint64_t arg[6], int64_t n)
{
    char path[PATH_BUFFER];
    const char *name;
    bool positioned = number == 68 || number == 70 || (number == 287 && arg[3] != ~0ull);
    uint64_t end;

    if (!proc_path(fd, path, sizeof path) || !is_self(parse_proc_path(path, &name)) ||
        strcmp(name, "mem"))
        return;
    end = positioned ? arg[3] + (uint64_t)n : (uint64_t)sys(SYS_lseek, fd, 0, 1 /* SEEK_CUR */);
    mem_code_changed(end - (uint64_t)n, end);
}
