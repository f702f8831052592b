/*
 * The sysroot overlay: resolves a guest path component by component over two layers, the
 * sysroot and the host's root. The invariant of the walk: `guest` is an absolute path without
 * symbolic links, "." or ".." (as far as the layers know), `todo` is what still follows it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/base/alloc.h"
#include "emu/base/sys.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"

#define LINKS_MAX 40 /* as the kernel */

typedef struct Walk {
    char guest[PATH_BUFFER]; /* "" is the root */
    size_t guest_len;
    char todo[PATH_BUFFER]; /* the text from todo_at on */
    size_t todo_at;
    size_t host_only; /* guest paths longer than this are not in the sysroot */
    int links;
    bool moved; /* a link or ".." made `guest` differ from what was asked for */
    unsigned flags;
    const char *prefix;
    size_t prefix_len;
} Walk;

enum { IN_NONE, IN_HOST, IN_SYSROOT, UNKNOWN };

/* Writes prefix + guest to buf; false when it does not fit. */
static bool sysroot_name(const Walk *w, char *buf, size_t size)
{
    if (w->prefix_len + w->guest_len + 1 > size)
        return false;
    memcpy(buf, w->prefix, w->prefix_len);
    memcpy(buf + w->prefix_len, w->guest, w->guest_len + 1);
    return true;
}

static bool lstat_ok(const char *path, struct stat *st)
{
    return !sys_failed(sys(SYS_newfstatat, AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW));
}

/* Which layer holds w->guest, and what it is there; name: its host path. */
static int find_layer(Walk *w, char name[PATH_BUFFER * 2], struct stat *st)
{
    if (w->guest_len <= w->host_only) {
        if (sysroot_name(w, name, PATH_BUFFER * 2) && lstat_ok(name, st))
            return IN_SYSROOT;
        w->host_only = w->guest_len - 1; /* its children are not there either */
    }
    memcpy(name, w->guest, w->guest_len + 1);
    return lstat_ok(name, st) ? IN_HOST : IN_NONE;
}

/* Puts text in front of what is still to do ("" or "/..."); false when it does not fit. */
static bool prepend_todo(Walk *w, const char *text, size_t len)
{
    const char *rest = w->todo + w->todo_at;
    size_t rest_len = strlen(rest);

    if (len + rest_len + 1 > sizeof w->todo)
        return false;
    memmove(w->todo + len, rest, rest_len + 1);
    memcpy(w->todo, text, len);
    w->todo_at = 0;
    return true;
}

static void pop(Walk *w)
{
    while (w->guest_len && w->guest[--w->guest_len] != '/')
        ;
    w->guest[w->guest_len] = '\0';
    if (w->host_only >= w->guest_len)
        w->host_only = PATH_BUFFER;
    w->moved = true;
}

/* Takes the next component off todo: its length, 0 at the end. *more: another one follows. */
static size_t next_component(Walk *w, const char **component, bool *more)
{
    const char *p = w->todo + w->todo_at;

    p += strspn(p, "/");
    size_t len = strcspn(p, "/");
    if (!len)
        return 0; /* a trailing slash stays in todo: finish() copies it */
    *component = p;
    w->todo_at = (size_t)(p + len - w->todo);
    *more = p[len] == '/'; /* a trailing slash, too, asks for what a link points to */
    return len;
}

/* /proc, /dev and /sys are the host's. */
static bool host_tree(const Walk *w)
{
    return strcmp(w->guest, "/proc") == 0 || strcmp(w->guest, "/dev") == 0 ||
           strcmp(w->guest, "/sys") == 0;
}

/* Follows the link `name`, which lies at w->guest. */
static bool follow(Walk *w, const char *name)
{
    char target[PATH_BUFFER];

    int64_t n = sys(SYS_readlinkat, AT_FDCWD, name, target, sizeof target - 1);
    if (n <= 0 || ++w->links > LINKS_MAX || !prepend_todo(w, target, (size_t)n))
        return false;
    pop(w);
    if (target[0] == '/') {
        w->guest_len = 0;
        w->guest[0] = '\0';
        w->host_only = PATH_BUFFER;
    }
    return true;
}

/* Does the directory of w->guest exist in the sysroot, and not on the host? */
static bool parent_in_sysroot_only(Walk *w, size_t parent_len)
{
    char name[PATH_BUFFER * 2], saved = w->guest[parent_len];
    size_t saved_len = w->guest_len;
    struct stat st;

    w->guest[parent_len] = '\0';
    w->guest_len = parent_len;
    bool only = parent_len && sysroot_name(w, name, sizeof name) && lstat_ok(name, &st) &&
                S_ISDIR(st.st_mode) && !lstat_ok(w->guest, &st);
    w->guest[parent_len] = saved;
    w->guest_len = saved_len;
    return only;
}

/* Appends what was not walked; the result is prefix + guest + rest, or guest + rest. */
static const char *finish(const Walk *w, int layer, char *buf, size_t size)
{
    const char *rest = w->todo + w->todo_at;
    size_t rest_len = strlen(rest), at = layer == IN_SYSROOT ? w->prefix_len : 0;

    if (at + w->guest_len + rest_len + 2 > size)
        return NULL;
    memcpy(buf, w->prefix, at);
    memcpy(buf + at, w->guest, w->guest_len);
    at += w->guest_len;
    if (rest_len && rest[0] != '/')
        buf[at++] = '/';
    memcpy(buf + at, rest, rest_len + 1);
    if (!buf[0])
        memcpy(buf, "/", 2);
    return buf;
}

/*
 * The walk. Ends at the last component, at one that no layer has, or where the kernel must
 * go on itself (/proc). Returns the layer that the result is in; -1: does not fit.
 */
static int walk(Walk *w)
{
    char name[PATH_BUFFER * 2];
    const char *component;
    struct stat st;
    int layer = IN_SYSROOT;
    bool more;

    for (size_t len; (len = next_component(w, &component, &more)) != 0;) {
        if (len == 1 && component[0] == '.')
            continue;
        if (len == 2 && component[0] == '.' && component[1] == '.') {
            pop(w);
            layer = UNKNOWN;
            continue;
        }
        size_t parent_len = w->guest_len;
        if (w->guest_len + 1 + len + 1 > sizeof w->guest)
            return -1;
        w->guest[w->guest_len++] = '/';
        memcpy(w->guest + w->guest_len, component, len);
        w->guest_len += len;
        w->guest[w->guest_len] = '\0';
        if (host_tree(w))
            return IN_HOST;
        layer = find_layer(w, name, &st);
        if (layer == IN_NONE) {
            bool last = w->todo[w->todo_at + strspn(w->todo + w->todo_at, "/")] == '\0';
            return last && (w->flags & PATH_CREATE) && parent_in_sysroot_only(w, parent_len)
                       ? IN_SYSROOT : IN_HOST;
        }
        if (S_ISLNK(st.st_mode) && (more || !(w->flags & PATH_NOFOLLOW))) {
            if (!follow(w, name))
                return IN_HOST; /* too many links: the kernel says so */
            layer = UNKNOWN;
        }
    }
    if (layer == UNKNOWN)
        layer = w->guest_len ? find_layer(w, name, &st) : IN_SYSROOT;
    return layer;
}

static const char *translate(const char *path, char *buf, size_t size, unsigned flags)
{
    Walk w;
    size_t len = strlen(path);

    if (len >= sizeof w.todo)
        return path; /* the kernel says ENAMETOOLONG */
    memcpy(w.todo, path, len + 1);
    w.guest[0] = '\0';
    w.guest_len = w.todo_at = 0;
    w.host_only = PATH_BUFFER;
    w.links = 0;
    w.moved = false;
    w.flags = flags;
    w.prefix = process.ld_prefix;
    w.prefix_len = strlen(w.prefix);
    int layer = walk(&w);
    if (layer < 0)
        return NULL;
    if (layer != IN_SYSROOT && (!w.moved || w.links > LINKS_MAX))
        return path;
    return finish(&w, layer, buf, size);
}

const char *path_translate(const char *guest_path, char *buf, size_t size, unsigned flags)
{
    if (!process.ld_prefix || guest_path[0] != '/')
        return guest_path;
    return translate(guest_path, buf, size, flags);
}

size_t path_strip_prefix(char *path, size_t len)
{
    if (!process.ld_prefix)
        return len;
    size_t n = strlen(process.ld_prefix);
    if (len < n || memcmp(path, process.ld_prefix, n) != 0 || (len > n && path[n] != '/'))
        return len;
    if (len == n) {
        path[0] = '/';
        return 1;
    }
    memmove(path, path + n, len - n);
    return len - n;
}

void path_set_prefix(const char *prefix)
{
    static const char *const defaults[] = {"/usr/gnemul/qemu-aarch64", "/etc/qemu-binfmt/aarch64"};
    char text[PATH_BUFFER * 2];
    size_t at = 0;
    struct stat st;

    for (size_t i = 0; !prefix && i < COUNTOF(defaults); i++)
        if (!sys_failed(sys(SYS_newfstatat, AT_FDCWD, defaults[i], &st, 0)) && S_ISDIR(st.st_mode))
            prefix = defaults[i];
    process.ld_prefix = NULL;
    if (!prefix)
        return;
    if (prefix[0] != '/') {
        int64_t n = sys(SYS_getcwd, text, PATH_BUFFER);
        at = n > 1 ? (size_t)n - 1 : 0;
        if (at && text[at - 1] != '/')
            text[at++] = '/';
    }
    size_t len = strlen(prefix);
    if (at + len + 1 > sizeof text)
        return;
    memcpy(text + at, prefix, len);
    for (at += len; at && text[at - 1] == '/'; at--)
        ;
    if (!at)
        return; /* "/": the host's root itself */
    char *copy = alloc_get(at + 1);
    memcpy(copy, text, at);
    process.ld_prefix = copy;
}
