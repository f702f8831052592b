/*
 * The text of the guest's /proc/self/maps. The table gives addresses, permissions and names
 * in brackets; device, inode, offset and path of files come from the host's own file, which
 * has the same addresses, so that "(deleted)" and "[anon:...]" appear as the kernel says.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include "emu/base/fd.h"
#include "emu/base/sys.h"
#include "emu/guest/mem_table.h"
#include "emu/guest/path.h"

#define NAME_COLUMN 73
#define LINE_ROOM 4400 /* PATH_MAX and the columns before it */

/* The host's maps, read whole. */
typedef struct HostMaps {
    char *text;
    size_t len, capacity, at;
} HostMaps;

static void read_host_maps(HostMaps *h)
{
    int64_t fd = fd_open(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC), n;

    *h = (HostMaps){.capacity = 64 << 10};
    h->text = alloc_get(h->capacity);
    if (sys_failed(fd))
        return;
    while ((n = sys(SYS_read, fd, h->text + h->len, h->capacity - h->len)) > 0) {
        h->len += (size_t)n;
        if (h->capacity - h->len < 8192) {
            h->text = alloc_grow(h->text, h->capacity, h->capacity * 2);
            h->capacity *= 2;
        }
    }
    sys(SYS_close, fd);
}

static uint64_t parse_hex(const char **p)
{
    uint64_t value = 0;

    for (;; (*p)++) {
        unsigned digit = (unsigned)**p - '0';
        if (digit > 9)
            digit = ((unsigned)**p | 32) - 'a' < 6 ? ((unsigned)**p | 32) - 'a' + 10 : 16;
        if (digit > 15)
            return value;
        value = value * 16 + digit;
    }
}

/*
 * Moves to the host line that holds addr (calls come in rising order). Gives the text after
 * "start-end perm " and its start address; false when the host has nothing there.
 */
static bool host_line(HostMaps *h, uint64_t addr, uint64_t *start, const char **rest, size_t *len)
{
    while (h->at < h->len) {
        const char *line = h->text + h->at, *p = line;
        const char *newline = memchr(line, '\n', h->len - h->at);
        if (!newline)
            return false;
        *start = parse_hex(&p);
        p++;
        uint64_t end = parse_hex(&p);
        if (end > addr) {
            *rest = p + 6; /* " rw-p " */
            *len = (size_t)(newline - *rest);
            return *start <= addr;
        }
        h->at += (size_t)(newline + 1 - line);
    }
    return false;
}

/* Offset, device, inode and name columns of one area. */
static int format_file(char *line, const MemArea *area, HostMaps *h, int at)
{
    uint64_t start = 0;
    const char *rest = NULL, *name = area->name, *p;
    char path[LINE_ROOM];
    size_t len = 0;
    int n;

    path[0] = '\0';
    if (host_line(h, area->start, &start, &rest, &len)) {
        p = rest;
        uint64_t offset = parse_hex(&p);
        const char *dev = p + 1, *ino = memchr(dev, ' ', len - (size_t)(dev - rest));
        const char *end = memchr(ino + 1, ' ', len - (size_t)(ino + 1 - rest));
        bool file = ino[1] != '0';
        n = snprintf(line + at, LINE_ROOM - at, "%08llx %.*s ",
                     file ? (unsigned long long)(offset + (area->start - start)) : 0ull,
                     (int)(end - dev), dev);
        while (end < rest + len && *end == ' ')
            end++;
        size_t path_len = (size_t)(rest + len - end);
        if (path_len && path_len < sizeof path && (file || !name)) {
            memcpy(path, end, path_len);
            path[path_len] = '\0';
            path[path_strip_prefix(path, path_len)] = '\0';
            name = path;
        }
    } else {
        n = snprintf(line + at, LINE_ROOM - at, "%08llx %02x:%02x %llu ",
                     (unsigned long long)(area->dev ? area->offset : 0), major(area->dev),
                     minor(area->dev), (unsigned long long)(area->dev ? area->ino : 0));
    }
    at += n;
    if (name && name[0]) {
        while (at < NAME_COLUMN)
            line[at++] = ' ';
        at += snprintf(line + at, LINE_ROOM - at, "%s", name);
    }
    line[at++] = '\n';
    return at;
}

static int format_area(char *line, const MemArea *area, HostMaps *h)
{
    int at = snprintf(line, LINE_ROOM, "%08llx-%08llx %c%c%c%c ", (unsigned long long)area->start,
                      (unsigned long long)area->end, area->prot & PROT_READ ? 'r' : '-',
                      area->prot & PROT_WRITE ? 'w' : '-', area->prot & PROT_EXEC ? 'x' : '-',
                      area->flags & MAP_SHARED ? 's' : 'p');
    return format_file(line, area, h, at);
}

size_t mem_format_maps(char *buf, size_t size)
{
    char line[LINE_ROOM + 256];
    HostMaps h;
    size_t needed = 0;

    lock_take(&mem_lock);
    areas_follow_growth();
    read_host_maps(&h);
    for (size_t i = 0; i < areas.count; i++) {
        size_t n = (size_t)format_area(line, area_at(i), &h);
        if (needed < size)
            memcpy(buf + needed, line, n < size - needed ? n : size - needed);
        needed += n;
    }
    alloc_free(h.text, h.capacity);
    lock_release(&mem_lock);
    return needed;
}

bool mem_evict_files(uint64_t from, uint64_t to)
{
    uint64_t start = 0;
    const char *rest = NULL;
    size_t len = 0;
    HostMaps h;
    bool any = false;

    lock_take(&mem_lock);
    read_host_maps(&h);
    for (uint64_t at = from; at < to; at += PAGE_SIZE_4K) {
        if (!areas_free(at, at + PAGE_SIZE_4K) || !host_line(&h, at, &start, &rest, &len))
            continue;
        bool private_file = rest[-2] == 'p' && memchr(rest, '/', len);
        any |= private_file && sys(SYS_munmap, at, PAGE_SIZE_4K) == 0;
    }
    alloc_free(h.text, h.capacity);
    lock_release(&mem_lock);
    return any;
}
