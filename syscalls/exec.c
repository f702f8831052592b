/*
 * execve and execveat. The file is found and checked as the kernel would, then:
 *   aarch64 program, or script whose interpreter is one   the emulator executes itself on it
 *   anything else                                         the host kernel executes it
 * A program with set-id bits or file capabilities is first offered to the kernel, because only a
 * binfmt_misc rule with the C flag can give it its rights.
 *
 * The program goes to the re-executed emulator as an open descriptor (-exec-fd): what execve
 * closes, a file without a name, and a root without /proc make no difference.
 *
 * Invariant: until the last host execveat nothing of this process has changed, so every error
 * simply returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "emu/base/alloc.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/exec_probe.h"
#include "emu/guest/hooks.h"
#include "emu/guest/limits.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "syscalls/exec.h"
#include "syscalls/fds.h"
#include "syscalls/procfs.h"
#include "syscalls/seccomp.h"
#include "syscalls/signal.h"

#define FLAG_NOFOLLOW 0x100
#define FLAG_EMPTY_PATH 0x1000
#define FLAG_EXECVE_CHECK 0x10000
#define HOST_O_PATH 010000000
#define CWD (-100)

#define SCRIPT_LEVELS 5                   /* nested interpreters, as fs/exec.c */
#define FIXED_ARGS (2 * SCRIPT_LEVELS + 12) /* beside our options and the guest's arguments */
#define ARGS_MAX (1u << 22)
#define NAME_BUFFER (PATH_BUFFER + 32) /* a path after "/proc/self/fd/N/" */

/* One execve as the guest asked for it. */
typedef struct ExecCall {
    int dirfd;
    uint64_t flags;
    char path[PATH_BUFFER];      /* the guest's */
    char host_path[PATH_BUFFER]; /* through -L */
    char name[NAME_BUFFER];      /* as the kernel names it: AT_EXECFN, comm, a script's argument */
    bool exe;                    /* by /proc/self/exe, or that of another guest process */
    uint64_t argv, envp;         /* guest = host addresses */
} ExecCall;

/* What is to run: the program, and the arguments that stand before the guest's own. */
typedef struct ExecPlan {
    bool by_kernel;
    int fd;                    /* the program, open for reading; or -1 */
    char program[NAME_BUFFER]; /* a path of the host to it, for when fd is -1 */
    const char *prefix[2 * SCRIPT_LEVELS + 1];
    int prefix_count;          /* 0: the guest's argv as it is; else argv[0] is replaced */
    ExecProbe probe[SCRIPT_LEVELS + 1];
} ExecPlan;

/* The last step: a caught signal is delivered first, and the new program gets the guest's mask. */
static int64_t host_exec(CpuState *cpu, int dirfd, const char *path, uint64_t argv, uint64_t envp,
                         uint64_t flags)
{
    Thread *t = cpu_thread(cpu);

    if (hooks.process_ends && !t->vfork_child)
        hooks.process_ends();
    signal_before_exec(t);
    limits_before_exec(t);
    bool plain = dirfd == CWD && !flags; /* PRoot and old filters know this call only */
    int64_t ret = plain ? safe_syscall(cpu, SYS_execve, (uint64_t)path, argv, envp, 0, 0, 0)
                        : safe_syscall(cpu, SYS_execveat, (uint64_t)(int64_t)dirfd,
                                       (uint64_t)path, argv, envp, flags, 0);
    limits_after_exec(t);
    signal_exec_failed(t);
    return ret;
}

/*
 * What this starts is another architecture's program, or an emulator that is told nothing: not for
 * a guest with seccomp filters, whom it would leave. Then there are no such programs.
 */
static int64_t exec_by_kernel(CpuState *cpu, const ExecCall *call)
{
    if (cpu_thread(cpu)->seccomp && !(call->flags & FLAG_EXECVE_CHECK)) {
        LOG(LOG_UNIMP, "%s: would run without the guest's seccomp filters\n", call->path);
        return -ENOEXEC;
    }
    return host_exec(cpu, call->dirfd, call->host_path, call->argv, call->envp, call->flags);
}

/* Number of pointers before the NULL; -errno. A NULL vector is an empty one. */
static int64_t count_args(uint64_t vector)
{
    uint64_t p;

    for (int64_t n = 0; vector && n < ARGS_MAX; n++) {
        if (!mem_read(&p, vector + (uint64_t)n * 8, 8))
            return -EFAULT;
        if (!p)
            return n;
    }
    return vector ? -E2BIG : 0;
}

/*
 * Whether a tracer follows this process. PRoot is one: it gives every program another loader, when
 * it has seen an execve; a program started by execveat it destroys.
 */
static bool is_traced(void)
{
    static const char key[] = "\nTracerPid:\t";
    char text[512];

    int64_t fd = sys(SYS_openat, CWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (sys_failed(fd))
        return false;
    int64_t n = sys(SYS_read, fd, text, sizeof text - 1);
    sys(SYS_close, fd);
    text[n > 0 ? n : 0] = 0;
    const char *at = strstr(text, key);
    return at && at[sizeof key - 1] != '0';
}

/*
 * Under a tracer by name. Where the name leads to the guest (PRoot with -q), whoever arranged that
 * starts us again; the program that is running is then named by its path, for it is no longer
 * running when that name is looked at. (A guest with filters gets the kernel's answer: ENOEXEC.)
 */
static int64_t exec_self_traced(CpuState *cpu, const ExecCall *call, const ExecPlan *plan,
                                uint64_t argv)
{
    static const char by_name[] = "/proc/self/exe";
    char link[32], path[PATH_BUFFER];

    if (process_is_self(by_name))
        return host_exec(cpu, CWD, by_name, argv, call->envp, 0);
    if (!call->exe || plan->fd < 0 || cpu_thread(cpu)->seccomp)
        return exec_by_kernel(cpu, call);
    snprintf(link, sizeof link, "/proc/self/fd/%d", plan->fd);
    int64_t n = sys(SYS_readlinkat, CWD, link, path, sizeof path - 1);
    if (n <= 0)
        return exec_by_kernel(cpu, call);
    path[n] = 0;
    return host_exec(cpu, CWD, path, call->argv, call->envp, 0);
}

/*
 * The emulator by its descriptor, which a guest that needed the number, or a start without /proc,
 * may have left us without. Both descriptors stay open in the new program. Where nothing leads to
 * the emulator's file, binfmt_misc has started us, and does it again.
 */
static int64_t exec_self(CpuState *cpu, const ExecCall *call, const ExecPlan *plan, uint64_t argv)
{
    static const char by_name[] = "/proc/self/exe";

    if (is_traced()) {
        if (plan->fd >= 0)
            sys(SYS_fcntl, plan->fd, F_SETFD, 0);
        return exec_self_traced(cpu, call, plan, argv);
    }
    /* a process that shares only the descriptors with this one (CLONE_FILES) may have moved it */
    bool known = process.self_fd >= 0 && process_is_self_fd(process.self_fd);
    int self = known ? process.self_fd : process_open_self(false);

    if (self < 0 && process_is_self(by_name)) {
        if (plan->fd >= 0)
            sys(SYS_fcntl, plan->fd, F_SETFD, 0);
        return host_exec(cpu, CWD, by_name, argv, call->envp, 0);
    }
    if (self < 0) {
        LOG(LOG_UNIMP, "%s: /proc does not lead to the emulator: left to binfmt_misc\n",
            call->path);
        return exec_by_kernel(cpu, call);
    }
    sys(SYS_fcntl, self, F_SETFD, 0);
    if (plan->fd >= 0)
        sys(SYS_fcntl, plan->fd, F_SETFD, 0);
    int64_t ret = host_exec(cpu, self, "", argv, call->envp, FLAG_EMPTY_PATH);
    if ((ret == -EPERM || ret == -EACCES || ret == -ENOSYS) && process_is_self(by_name))
        ret = host_exec(cpu, CWD, by_name, argv, call->envp, 0); /* an old filter */
    sys(SYS_fcntl, self, F_SETFD, FD_CLOEXEC);
    if (!known)
        sys(SYS_close, self);
    return ret;
}

/*
 * emulator, its options, seccomp filters, -exec-fd, -0 argv[0], program, arguments. The guest's
 * strings are not copied: the kernel reads them where they are.
 */
static int64_t exec_by_us(CpuState *cpu, const ExecCall *call, const ExecPlan *plan)
{
    Thread *t = cpu_thread(cpu);
    int64_t argc = count_args(call->argv), n = 0, from = 0;
    char filters[16], number[16];
    int filters_fd;

    if (argc < 0)
        return argc;
    int64_t failed = seccomp_to_fd(t, &filters_fd);
    if (failed)
        return failed;
    t->exec_argv_size = ((size_t)process.self_argc + FIXED_ARGS + (size_t)argc) * sizeof(uint64_t);
    uint64_t *v = t->exec_argv = alloc_get(t->exec_argv_size);
    for (int i = 0; i < process.self_argc; i++)
        v[n++] = (uint64_t)process.self_argv[i];
    if (filters_fd >= 0) {
        snprintf(filters, sizeof filters, "%d", filters_fd);
        sys(SYS_fcntl, filters_fd, F_SETFD, 0);
        v[n++] = (uint64_t)"-seccomp-fd";
        v[n++] = (uint64_t)filters;
    }
    if (plan->fd >= 0) {
        snprintf(number, sizeof number, "%d", plan->fd);
        v[n++] = (uint64_t)"-exec-fd";
        v[n++] = (uint64_t)number;
    }
    v[n++] = (uint64_t)"-0";
    if (plan->prefix_count) {
        v[n++] = (uint64_t)plan->prefix[0];
        from = 1;
    } else {
        v[n] = (uint64_t)""; /* the kernel's own answer to an empty argv */
        from = argc > 0 && mem_read(&v[n], call->argv, 8);
        n++;
    }
    const char *name = plan->fd >= 0 ? call->name : plan->program;
    if (name[0] == '-')
        v[n++] = (uint64_t)"--";
    v[n++] = (uint64_t)name;
    for (int i = 1; i < plan->prefix_count; i++)
        v[n++] = (uint64_t)plan->prefix[i];
    bool readable = from >= argc ||
                    mem_read(&v[n], call->argv + (uint64_t)from * 8, (size_t)(argc - from) * 8);
    int64_t ret = readable ? exec_self(cpu, call, plan, (uint64_t)v) : -EFAULT;
    if (filters_fd >= 0)
        sys(SYS_close, filters_fd);
    alloc_free(t->exec_argv, t->exec_argv_size);
    t->exec_argv = NULL;
    t->exec_argv_size = 0;
    return ret;
}

/* Set-user-id, set-group-id or file capabilities: only the kernel can honour them. */
static bool wants_privileges(int fd)
{
    struct stat st;

    if (sys_failed(sys(SYS_fstat, fd, &st)))
        return false;
    bool setgid = (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    return (st.st_mode & S_ISUID) || setgid ||
           sys(SYS_fgetxattr, fd, "security.capability", NULL, 0) > 0;
}

/*
 * Permission, file type, and that nobody has it open for writing. The last needs the kernel's
 * AT_EXECVE_CHECK (Linux 6.14); older kernels answer EINVAL and it is not checked.
 */
static int64_t check_file(int fd)
{
    static const char *const argv[] = {"", NULL};
    int64_t ret = exec_check_access(fd);

    if (ret)
        return ret;
    ret = sys(SYS_execveat, fd, "", argv, argv + 1, FLAG_EMPTY_PATH | FLAG_EXECVE_CHECK);
    return ret == -EINVAL || ret == -ENOSYS || ret == -ENOENT || ret == -EPERM ? 0 : ret;
}

/*
 * Opens dirfd/path for reading after all checks: a descriptor or -errno. A file that may be
 * executed but not read gives -EPERM, which no execve check does.
 */
static int64_t open_program(int dirfd, const char *path, uint64_t flags)
{
    uint64_t nofollow = flags & FLAG_NOFOLLOW ? O_NOFOLLOW : 0;
    bool itself = !*path && (flags & FLAG_EMPTY_PATH);
    char link[32];
    struct stat st;

    int64_t at = itself ? fd_dup_from(dirfd, 0)
                        : fd_open_own(dirfd, path, HOST_O_PATH | O_CLOEXEC | nofollow);
    if (at < 0)
        return at;
    if (nofollow && sys(SYS_fstat, at, &st) == 0 && S_ISLNK(st.st_mode)) {
        sys(SYS_close, at);
        return -ELOOP;
    }
    int64_t ret = check_file((int)at);
    if (ret == 0 && itself) {
        int64_t open_flags = sys(SYS_fcntl, at, F_GETFL);
        if ((open_flags & (O_ACCMODE | HOST_O_PATH)) == O_RDONLY)
            return at;
        snprintf(link, sizeof link, "/proc/self/fd/%d", (int)at);
        ret = fd_open_own(CWD, link, O_RDONLY | O_CLOEXEC);
        if (ret == -ENOENT || ret == -ELOOP || ret == -ENOTDIR)
            ret = -EPERM; /* no /proc here: nobody but the kernel can read it */
    } else if (ret == 0) {
        ret = fd_open_own(dirfd, path, O_RDONLY | O_CLOEXEC | nofollow);
    }
    if (ret == -EACCES && check_file((int)at) == 0)
        ret = -EPERM;
    sys(SYS_close, at);
    return ret;
}

/* Fills call->name and the plan's program. */
static void name_program(ExecCall *call, ExecPlan *plan)
{
    if (*call->path && (call->dirfd == CWD || call->path[0] == '/')) {
        snprintf(call->name, sizeof call->name, "%s", call->path);
        snprintf(plan->program, sizeof plan->program, "%s",
                 call->exe ? call->path : call->host_path);
    } else {
        snprintf(call->name, sizeof call->name, "/dev/fd/%d%s%s", call->dirfd,
                 *call->path ? "/" : "", call->path);
        memcpy(plan->program, call->name, sizeof plan->program);
    }
}

/*
 * A script: its interpreter, optional argument and own name go before the arguments, in the
 * place of argv[0]. `script` must live as long as the plan.
 */
static void add_interpreter(ExecPlan *plan, const ExecProbe *p, const char *script)
{
    const char *old[2 * SCRIPT_LEVELS + 1];
    int old_count = plan->prefix_count, n = 0;

    memcpy(old, plan->prefix, sizeof old);
    plan->prefix[n++] = p->interp;
    if (p->has_arg)
        plan->prefix[n++] = p->arg;
    plan->prefix[n++] = script;
    for (int i = 1; i < old_count; i++)
        plan->prefix[n++] = old[i];
    plan->prefix_count = n;
}

/* Follows interpreters from the open file plan->fd to what really runs, which it then is. */
static int64_t make_plan(ExecCall *call, ExecPlan *plan)
{
    const char *script = call->name;
    char buf[PATH_BUFFER];

    for (int level = 0;; level++) {
        ExecProbe *p = &plan->probe[level];
        ExecKind kind = exec_probe(plan->fd, p);
        bool privileged = kind == EXEC_AARCH64 && wants_privileges(plan->fd);
        if (kind != EXEC_SCRIPT) {
            plan->by_kernel = kind != EXEC_AARCH64 || (privileged && level == 0);
            return kind == EXEC_AARCH64 ? 0 : -ENOEXEC;
        }
        if (level == SCRIPT_LEVELS)
            return -ELOOP;
        if (level == 0 && strncmp(script, "/dev/fd/", 8) == 0 && call->dirfd != CWD) {
            int64_t cloexec = sys(SYS_fcntl, call->dirfd, F_GETFD);
            if (cloexec >= 0 && (cloexec & FD_CLOEXEC))
                return -ENOENT; /* the interpreter could not open it */
        }
        add_interpreter(plan, p, script);
        script = p->interp;
        const char *host = path_translate(p->interp, buf, sizeof buf, 0);
        if (!host)
            return -ENAMETOOLONG;
        snprintf(plan->program, sizeof plan->program, "%s", host);
        int64_t next = open_program(CWD, host, 0);
        if (next < 0)
            return next;
        sys(SYS_close, plan->fd);
        plan->fd = (int)next;
    }
}

static int64_t open_and_plan(ExecCall *call, ExecPlan *plan)
{
    int64_t fd = open_program(call->dirfd, call->host_path, call->flags);

    if (fd < 0)
        return fd;
    plan->fd = (int)fd;
    name_program(call, plan);
    return make_plan(call, plan);
}

/* As many descriptors as open_and_plan() needs: standard ones, which rarely are the program. */
static void close_some(const ExecCall *call)
{
    int64_t limit = (int64_t)fd_limit();
    int left = 3;

    for (int64_t fd = 0; fd < limit && left; fd++)
        if (fd != call->dirfd && sys(SYS_close, fd) == 0)
            left--;
}

/* Will the new program have a descriptor to open itself by? */
static bool will_have_descriptors(void)
{
    int64_t limit = (int64_t)fd_limit();

    if (fd_limit_can_rise())
        return true;
    for (int64_t fd = 0; fd < limit; fd++)
        if (sys(SYS_fcntl, fd, F_GETFD) != 0)
            return true;
    return false;
}

/* A name that may lead through what execve closes becomes the file's own. */
static void name_by_file(const ExecCall *call, ExecPlan *plan)
{
    char link[32], target[PATH_BUFFER];

    if (plan->prefix_count || (!call->exe && !strstr(plan->program, "/fd/")))
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", plan->fd);
    int64_t n = sys(SYS_readlink, link, target, sizeof target - 1);
    if (n > 0)
        snprintf(plan->program, sizeof plan->program, "%.*s", (int)n, target);
}

/*
 * open_and_plan() when no descriptor is to be had: in a copy of this process, where some of the
 * guest's can be closed. The program is then passed on by its name, or as the one that is running.
 */
static int64_t plan_in_copy(ExecCall *call, ExecPlan *plan)
{
    struct Result {
        int64_t ret;
        ExecCall call;
        ExecPlan plan;
    } *shared;
    uint64_t all = ~0ull, mask;

    int64_t mapped = sys(SYS_mmap, 0, sizeof *shared, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sys_failed(mapped))
        return -EMFILE;
    shared = (struct Result *)mapped;
    shared->ret = -EMFILE;
    sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
    fd_before_fork();
    int64_t pid = sys(SYS_clone, 0, 0, 0, 0, 0);
    fd_after_fork();
    if (pid == 0) {
        close_some(call);
        shared->ret = open_and_plan(call, plan);
        name_by_file(call, plan);
        shared->call = *call;
        shared->plan = *plan;
        sys(SYS_exit_group, 0);
    }
    while (sys(SYS_wait4, pid, 0, __WALL, 0) == -EINTR)
        ;
    sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    int64_t ret = shared->ret;
    if (pid > 0 && ret != -EMFILE) {
        *call = shared->call; /* at the same addresses, so that pointers into it hold */
        *plan = shared->plan;
    }
    sys(SYS_munmap, mapped, sizeof *shared);
    plan->fd = call->exe && plan->prefix_count == 0 ? process.exe_fd : -1;
    return ret || plan->by_kernel || plan->fd >= 0 || will_have_descriptors() ? ret : -EMFILE;
}

static int64_t exec_prepared(CpuState *cpu, ExecCall *call, ExecPlan *plan)
{
    int64_t ret = open_and_plan(call, plan);

    if (ret == -EMFILE)
        ret = plan_in_copy(call, plan);
    if (plan->fd < 0 && ret == -EPERM) { /* unreadable: a binfmt_misc rule with O may run it */
        ret = exec_by_kernel(cpu, call);
        return ret == -ENOEXEC ? -EACCES : ret;
    }
    if (plan->by_kernel) {
        int64_t kernel = exec_by_kernel(cpu, call);
        if (ret || kernel != -ENOEXEC)
            return kernel;
        LOG(LOG_UNIMP, "%s: set-id bits or capabilities need binfmt_misc with the C flag\n",
            call->path);
    }
    if (ret == -EPERM)
        ret = -EACCES; /* an interpreter that we cannot read */
    return ret ? ret : exec_by_us(cpu, call, plan);
}

typedef struct ExecState {
    ExecCall call;
    ExecPlan plan;
} ExecState;

static int64_t do_exec(CpuState *cpu, int dirfd, uint64_t path, uint64_t argv, uint64_t envp,
                       uint64_t flags)
{
    ExecState s;
    ExecCall *call = &s.call;
    int64_t len = mem_strnlen(path, PATH_BUFFER);

    if (flags & ~(uint64_t)(FLAG_NOFOLLOW | FLAG_EMPTY_PATH | FLAG_EXECVE_CHECK))
        return -EINVAL;
    if (len < 0)
        return -EFAULT;
    if (len >= PATH_BUFFER)
        return -ENAMETOOLONG;
    if (len == 0 && !(flags & FLAG_EMPTY_PATH))
        return -ENOENT;
    if (dirfd != CWD && fd_is_hidden((uint64_t)dirfd))
        return -EBADF;
    call->dirfd = dirfd;
    call->flags = flags;
    call->argv = argv;
    call->envp = envp;
    if (!mem_read(call->path, path, (size_t)len))
        return -EFAULT;
    call->path[len] = 0;
    s.plan.by_kernel = false;
    s.plan.prefix_count = 0;
    s.plan.fd = -1;

    size_t tail = (size_t)len >= 3 ? (size_t)len - 3 : 0;
    call->exe = len && !(flags & FLAG_NOFOLLOW) && !strcmp(call->path + tail, "exe") &&
                procfs_exe_path(dirfd, call->path, call->host_path, sizeof call->host_path);
    if (call->exe) {
        call->dirfd = CWD;
    } else {
        char buf[PATH_BUFFER];
        const char *host = path_translate(call->path, buf, sizeof buf,
                                          flags & FLAG_NOFOLLOW ? PATH_NOFOLLOW : 0);
        if (!host)
            return -ENAMETOOLONG;
        memcpy(call->host_path, host, strlen(host) + 1);
    }
    if (flags & FLAG_EXECVE_CHECK)
        return exec_by_kernel(cpu, call);
    int exe_fd = process.exe_fd;
    int64_t ret = exec_prepared(cpu, call, &s.plan);
    if (s.plan.fd >= 0 && s.plan.fd == process.exe_fd)
        sys(SYS_fcntl, s.plan.fd, F_SETFD, FD_CLOEXEC);
    else if (s.plan.fd >= 0)
        sys(SYS_close, s.plan.fd);
    if (call->exe && exe_fd != process.exe_fd) /* it led there, and was given up meanwhile */
        return do_exec(cpu, dirfd, path, argv, envp, flags);
    return ret;
}

int64_t sys_execve(CpuState *cpu, uint64_t arg[6])
{
    return do_exec(cpu, CWD, arg[0], arg[1], arg[2], 0);
}

int64_t sys_execveat(CpuState *cpu, uint64_t arg[6])
{
    return do_exec(cpu, (int)arg[0], arg[1], arg[2], arg[3], (uint32_t)arg[4]);
}
