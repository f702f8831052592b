/*
 * Programs by name and scripts, for where nobody else looks them up: BuildKit puts the emulator in
 * front of the command of a RUN instruction. The rules are execvp's and the kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/sys.h"
#include "emu/guest/exec_probe.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "emu/run/program.h"

#define SCRIPT_LEVELS 5 /* as fs/exec.c */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool starts_with(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool program_is_direct(const char *own_name)
{
    return starts_with(own_name, "buildkit-qemu-") || !strcmp(own_name, ".buildkit_qemu_emulator");
}

static char *duplicate(const char *s)
{
    char *copy = strdup(s);

    if (!copy)
        die(1, "out of memory");
    return copy;
}

/* Opens a guest path that may be executed: a descriptor or -errno. */
static int64_t open_executable(const char *guest_path)
{
    char buf[PATH_BUFFER];
    const char *path = path_translate(guest_path, buf, sizeof buf, 0);
    int64_t fd = path ? fd_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -ENAMETOOLONG;

    if (fd < 0)
        return fd;
    int ret = exec_check_access((int)fd);
    if (ret)
        sys(SYS_close, fd);
    return ret ? ret : fd;
}

static const char *guest_path_variable(void)
{
    for (char **e = process.envp; *e; e++)
        if (starts_with(*e, "PATH="))
            return *e + 5;
    return DEFAULT_PATH;
}

/* Looks through PATH: a descriptor, with its path in buf; or -errno, EACCES before ENOENT. */
static int64_t search_path(const char *name, char buf[PATH_BUFFER])
{
    int64_t result = -ENOENT;

    for (const char *dir = guest_path_variable();; dir++) {
        size_t n = strcspn(dir, ":");

        if (snprintf(buf, PATH_BUFFER, "%.*s%s%s", (int)n, dir, n ? "/" : "", name) < PATH_BUFFER) {
            int64_t fd = open_executable(buf);
            if (fd >= 0)
                return fd;
            if (fd == -EACCES)
                result = fd;
        }
        dir += n;
        if (!*dir)
            return result;
    }
}

/* argv[0] gives way to the interpreter, its argument, and the script's name. */
static void add_interpreter(const ExecProbe *p, const char *script)
{
    char **v = calloc((size_t)process.argc + 4, sizeof *v);
    int n = 0;

    if (!v)
        die(1, "out of memory");
    v[n++] = duplicate(p->interp);
    if (p->has_arg)
        v[n++] = duplicate(p->arg);
    v[n++] = duplicate(script);
    for (int i = 1; i < process.argc; i++)
        v[n++] = process.argv[i];
    process.argv = v;
    process.argc = n;
}

/* Follows "#!" from the open script: what really runs, or -errno. */
static int64_t follow_scripts(int64_t fd)
{
    const char *script = process.exec_path;
    ExecProbe p;

    for (int level = 0; exec_probe((int)fd, &p) == EXEC_SCRIPT; level++) {
        sys(SYS_close, fd);
        if (level == SCRIPT_LEVELS)
            return -ELOOP;
        add_interpreter(&p, script);
        script = process.argv[0];
        fd = open_executable(script);
        if (fd < 0)
            return fd;
    }
    return fd;
}

int program_find(char *err, size_t size)
{
    char found[PATH_BUFFER];
    const char *name = process.exec_path;
    int64_t fd;

    if (strchr(name, '/')) {
        fd = open_executable(name);
    } else {
        fd = *name ? search_path(name, found) : -ENOENT;
        if (fd >= 0)
            process.exec_path = duplicate(found);
    }
    if (fd >= 0)
        fd = follow_scripts(fd);
    if (fd >= 0) {
        process.exe_fd = (int)fd;
        return 0;
    }
    snprintf(err, size, "Error while loading %s: %s", name, strerror((int)-fd));
    return fd == -ENOENT || fd == -ENOTDIR ? PROGRAM_NOT_FOUND : PROGRAM_NOT_RUN;
}

void program_hint(char *err, size_t size)
{
    const char *name = process.exec_path;
    char found[PATH_BUFFER];
    size_t len = strlen(err);
    ExecProbe p;
    int64_t fd = open_executable(name);

    if (fd >= 0 && exec_probe((int)fd, &p) == EXEC_SCRIPT)
        snprintf(err + len, size - len, " (a script for %s; -direct follows it)", p.interp);
    if (fd < 0 && !strchr(name, '/') && search_path(name, found) >= 0)
        snprintf(err + len, size - len, " (PATH has %s; -direct looks there)", found);
}
