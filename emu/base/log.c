/*
 * The -d log: items, output file, -dfilter. Invariant: one log_printf is one write(2), so
 * lines of threads and processes never mix. Uses no lock and no heap: safe on guest threads
 * and in signal handlers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"

#define LOG_LINE_MAX 4096
#define LOG_FILTER_MAX 64

uint32_t log_mask;
bool log_append;

static const struct {
    const char *name, *help;
} items[LOG_ITEM_COUNT] = {
#define LOG_ITEM(id, name, help) {name, help},
#include "emu/base/log.def"
#undef LOG_ITEM
};

/* file_fd is what -D opened; -1 means stderr. With -d tid each thread writes its own file. */
static int file_fd = -1;
static char pattern[1024];
static bool per_thread;
static __thread int thread_fd;

static struct {
    uint64_t start, last;
} filter[LOG_FILTER_MAX];
static unsigned filter_count;

bool log_parse_items(const char *list, uint32_t *mask, const char **bad)
{
    uint32_t result = 0;

    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        unsigned i = 0;
        while (i < LOG_ITEM_COUNT && (strlen(items[i].name) != n || memcmp(items[i].name, p, n)))
            i++;
        if (i < LOG_ITEM_COUNT) {
            result |= 1u << i;
        } else if (n == 3 && !memcmp(p, "all", 3)) {
            result |= (1u << LOG_ITEM_COUNT) - 1;
        } else {
            *bad = p;
            return false;
        }
        p += n + (p[n] == ',');
    }
    *mask = result;
    return true;
}

void log_print_help(int fd)
{
    dprintf(fd, "Log items (comma separated):\n");
    for (unsigned i = 0; i < LOG_ITEM_COUNT; i++)
        dprintf(fd, "%-15s %s\n", items[i].name, items[i].help);
}

/* Opens the pattern with "%d" replaced by `id`; close-on-exec, at a high number. */
static int open_file(int id)
{
    char path[sizeof pattern + 16];
    const char *mark = strstr(pattern, "%d");

    if (mark)
        snprintf(path, sizeof path, "%.*s%d%s", (int)(mark - pattern), pattern, id, mark + 2);
    else
        snprintf(path, sizeof path, "%s", pattern);
    int64_t fd = sys(SYS_openat, AT_FDCWD, path,
                     O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (log_append ? 0 : O_TRUNC), 0666);
    if (sys_failed(fd))
        return (int)fd;
    fd = fd_move_high((int)fd, FD_OTHER);
    return fd < 0 ? -EMFILE : (int)fd;
}

bool log_to_file;

void log_open(const char *filename_pattern)
{
    per_thread = log_enabled(LOG_TID);
    if (!filename_pattern)
        return;
    if (strlen(filename_pattern) >= sizeof pattern)
        die(1, "log file name too long");
    strcpy(pattern, filename_pattern);
    if (per_thread && !strstr(pattern, "%d"))
        die(1, "log file name must contain %%d with '-d tid'");
    int fd = open_file((int)sys(SYS_getpid));
    if (fd < 0)
        die(1, "could not open '%s': %s", filename_pattern, strerror(-fd));
    file_fd = fd;
    log_to_file = true;
}

int log_fd(void)
{
    if (per_thread && file_fd >= 0) {
        if (thread_fd == 0) {
            int fd = open_file((int)sys(SYS_gettid));
            thread_fd = fd < 0 ? file_fd : fd;
        }
        return thread_fd;
    }
    return file_fd >= 0 ? file_fd : 2;
}

void log_printf(const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if (n >= (int)sizeof line) {
        n = sizeof line - 1;
        memcpy(line + n - 4, "...\n", 4);
    }
    sys(SYS_write, log_fd(), line, n);
}

/* One range: "0x1000" alone, "a..b" inclusive, "a+n", "a-n" (the n bytes before a). */
static bool parse_range(const char *s, uint64_t *start, uint64_t *last)
{
    char *end;
    uint64_t a = strtoull(s, &end, 0), b;

    if (end == s)
        return false;
    if (*end == 0) {
        *start = *last = a;
        return true;
    }
    char how = *end;
    if (how == '.' && end[1] == '.')
        end++;
    else if (how != '+' && how != '-')
        return false;
    const char *second = end + 1;
    b = strtoull(second, &end, 0);
    if (end == second || *end)
        return false;
    if (how != '.' && b == 0)
        return false;
    *start = how == '-' ? a - b + 1 : a;
    *last = how == '.' ? b : how == '+' ? a + b - 1 : a;
    return *start <= *last;
}

bool log_set_filter(const char *ranges)
{
    char one[128];

    filter_count = 0;
    for (const char *p = ranges; *p;) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof one || filter_count == LOG_FILTER_MAX)
            return false;
        memcpy(one, p, n);
        one[n] = 0;
        if (!parse_range(one, &filter[filter_count].start, &filter[filter_count].last))
            return false;
        filter_count++;
        p += n + (p[n] == ',');
    }
    return filter_count != 0;
}

bool log_pc_wanted(uint64_t pc)
{
    for (unsigned i = 0; i < filter_count; i++)
        if (pc >= filter[i].start && pc <= filter[i].last)
            return true;
    return filter_count == 0;
}
