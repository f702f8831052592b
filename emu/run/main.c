/*
 * Start-up: options, the emulator's own set-up, the guest program, and into the CPU loop.
 * Everything here runs on the first thread before any guest code; afterwards nothing here runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/decode/disas.h"
#include "emu/guest/hooks.h"
#include "emu/guest/limits.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "emu/run/cpu_loop.h"
#include "emu/run/fault.h"
#include "emu/run/options.h"
#include "emu/run/program.h"
#include "loader/elf.h"
#include "syscalls/dispatch.h"
#include "syscalls/ptrace.h"
#include "syscalls/seccomp.h"
#include "syscalls/signal.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/stats.h"
#include "tcg-lite/translate.h"
#include "tcg-lite/x64/host.h"

#define AT_FLAGS_PRESERVE_ARGV0 1 /* binfmt_misc flag P (linux/binfmts.h) */
#define MIB 20

extern char **environ;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* An entry of our own auxiliary vector; false when the kernel gave none. */
static bool own_auxv(unsigned long type, unsigned long *value)
{
    errno = 0;
    *value = getauxval(type);
    return errno == 0;
}

/* The loader needs a descriptor more than we do: gives ours up for want of another. */
static void spare_self(void)
{
    int self = process.self_fd;

    if (self < 0 || (uint64_t)self >= fd_limit())
        return;
    int another = dup(self);
    if (another >= 0) {
        close(another);
    } else {
        close(self);
        process.self_fd = -1;
    }
}

/* -d, -D, -dfilter, -strace. */
static void start_log(const Options *o)
{
    const char *bad;

    if (o->log_items && !log_parse_items(o->log_items, &log_mask, &bad)) {
        log_print_help(1);
        exit(1);
    }
    if (o->strace)
        log_mask |= BIT(LOG_STRACE);
    process.strace = log_enabled(LOG_STRACE);
    log_append = o->log_append;
    if (o->log_filter && !log_set_filter(o->log_filter))
        die(1, "Bad range specifier");
    log_open(o->log_file);
    if (!process.secure)
        options_log_ignored(environ);
}

static void apply_options(Options *o)
{
    const char *bad;

    if (!host_init(o->host_mask))
        die(1, "EMU_HOST_MASK: unknown host feature in '%s'", o->host_mask);
    if (o->passes && !strcmp(o->passes, "help")) {
        passes_print(1);
        exit(0);
    }
    if (!passes_set(o->passes, &bad))
        die(1, "EMU_PASSES: unknown pass at '%s'", bad);
    start_log(o);
    options_apply_cpu(o->cpu);
    path_set_prefix(o->ld_prefix);
    if (o->ld_prefix && process.ld_prefix)
        o->ld_prefix = process.ld_prefix; /* a child may start in another directory */
    process.uname_release = o->uname;
    process.stack_size = o->stack_size;
    process.one_insn_per_tb = o->one_insn || o->one_insn_old;
    process.random_seed_set = o->seed_set;
    process.random_seed = o->seed;
    process.envp = o->envp;
}

/* The absolute path of the program's file, for /proc/self/exe. */
static void name_program(int fd)
{
    char link[64], target[PATH_BUFFER];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? -1 : readlink(link, target, sizeof target - 1);
    if (n > 0) {
        target[n] = 0;
        process.exe_real_path = strdup(target);
    } else {
        process.exe_real_path = realpath(process.exec_path, NULL);
    }
    if (!process.exe_real_path)
        process.exe_real_path = strdup(process.exec_path);
    if (!process.exe_real_path)
        die(1, "out of memory");
}

/*
 * What identifies the program besides its contents: its path, and a descriptor that stays valid
 * when the file is renamed or deleted (unless there are too few, and the loader closed it).
 */
static void identify_program(void)
{
    if (process.exe_fd < 0 && !process.exe_real_path) {
        process.exe_fd = open(process.exec_path, O_RDONLY | O_CLOEXEC);
        if (process.exe_fd < 0)
            process.exe_fd = open(process.exec_path, O_PATH | O_CLOEXEC);
    }
    if (!process.exe_real_path)
        name_program(process.exe_fd);
    if (process.exe_fd >= 0)
        process.exe_fd = fd_move_high(process.exe_fd, FD_PROGRAM);
}

/*
 * Shows the guest in ps and top: the thread's name is the program's, and the command line and the
 * auxiliary vector that the kernel shows are the guest's own on its stack (where the kernel allows
 * it; otherwise the guest's arguments are copied over ours).
 */
static void rename_process(char *own_arguments, size_t room)
{
    prctl(PR_SET_NAME, base_name(process.exec_path));

    uint64_t brk = (uint64_t)sys(SYS_brk, 0);
    struct prctl_mm_map map = {
        .start_code = process.start_code,
        .end_code = process.end_code,
        .start_data = process.start_data,
        .end_data = process.end_data,
        .start_brk = brk,
        .brk = brk,
        .start_stack = process.start_stack,
        .arg_start = process.arg_start,
        .arg_end = process.arg_end,
        .env_start = process.env_start,
        .env_end = process.env_end,
        .auxv = (uint64_t *)process.auxv,
        .auxv_size = (uint32_t)process.auxv_size,
        .exe_fd = -1,
    };
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0)
        return;

    size_t size = process.arg_end - process.arg_start;
    if (room == 0)
        return;
    memset(own_arguments, 0, room);
    memcpy(own_arguments, (const void *)process.arg_start, size < room ? size : room - 1);
}

/* The translator disassembles under its own lock, so that one comes first. */
static void before_fork(void)
{
    tcg_before_fork();
    disas_before_fork();
}

static void after_fork(bool in_child)
{
    disas_after_fork();
    tcg_after_fork(in_child);
}

#ifdef EMU_COVERAGE
void __gcov_dump(void); /* libgcov's: writes the counts of scripts/coverage --flow */
#endif

static void set_hooks(void)
{
    hooks.run_thread = cpu_loop;
    hooks.system_call = quick_syscall;
    hooks.code_gone = tcg_invalidate;
    hooks.code_opens = tcg_invalidate_then;
    hooks.before_fork = before_fork;
    hooks.after_fork = after_fork;
    if (log_enabled(LOG_STATS)) {
        hooks.thread_ended = stats_thread_ended;
        hooks.process_ends = stats_print;
    }
#ifdef EMU_COVERAGE
    hooks.process_ends = __gcov_dump;
#endif
}

/*
 * Finds the program among our arguments, however we were started: by hand, by binfmt_misc with
 * or without P (argv[0] follows the path), with or without O (the kernel opened the file).
 * Returns the index of the guest's argv[0] in argv.
 */
static int find_program(Options *o, int argc, char **argv)
{
    unsigned long flags, fd;

    process.secure = getauxval(AT_SECURE) != 0;
    process.binfmt_preserve_argv0 =
        own_auxv(AT_FLAGS, &flags) && (flags & AT_FLAGS_PRESERVE_ARGV0) && argc > 2;
    process.binfmt_execfd = own_auxv(AT_EXECFD, &fd);

    int first = options_parse(o, process.binfmt_preserve_argv0 ? 1 : argc, argv, environ,
                              process.secure);
    apply_options(o); /* "-d help" and "-cpu help" need no program */
    if (first >= argc) {
        fprintf(stderr, "qemu: no user program specified\n");
        exit(1);
    }
    process.exec_path = argv[first];
    if (process.binfmt_execfd)
        process.exe_fd = (int)fd;
    if (process.binfmt_preserve_argv0)
        first++;
    if (o->argv0)
        argv[first] = (char *)o->argv0;
    return first;
}

/* Ends the process with a message when there is no such program. */
static void load_program(const Options *o, LoadedImage *image)
{
    char error[8192];
    int failed = 0;

    if ((o->direct || program_is_direct(progname)) && process.exe_fd < 0)
        failed = program_find(error, sizeof error);
    if (!failed) {
        bool opened = process.exe_fd >= 0; /* by binfmt_misc, execve (-exec-fd), program_find() */
        if (opened)
            name_program(process.exe_fd);
        failed = loader_load(&process.exe_fd, process.exec_path, image, error, sizeof error);
        if (failed && !opened)
            program_hint(error, sizeof error);
    }
    if (failed) {
        fprintf(stderr, "%s\n", error);
        exit(failed);
    }
}

int main(int argc, char **argv)
{
    Options options = {0};
    LoadedImage image;

    if (argc > 0)
        progname = base_name(argv[0]);
    for (unsigned i = 0; i < COUNTOF(process.rt_signal_map); i++)
        process.rt_signal_map[i] = i + 1;

    fd_start_begin();
    int self = process_open_self(true);
    process.self_fd = self < 0 ? -1 : fd_move_high(self, FD_SELF);
    spare_self();
    char *own_arguments = argv[0];
    size_t room = argc > 0 ? argv[argc - 1] + strlen(argv[argc - 1]) + 1 - own_arguments : 0;
    int first = find_program(&options, argc, argv);
    process.argv = argv + first;
    process.argc = argc - first;
    process.self_argv = options_for_child(&options, argv[0], &process.self_argc);
    set_hooks();
    mem_init();
    limits_init();

    load_program(&options, &image);
    identify_program();
    rename_process(own_arguments, room);

    Thread *thread = thread_first();
    CpuState *cpu = &thread->cpu;
    if (process.seccomp_fd)
        seccomp_from_fd(thread, process.seccomp_fd);
    cpu_reset(cpu);
    memcpy(cpu->features, process.cpu_features, sizeof cpu->features);
    cpu->pc = image.entry;
    cpu->x[31] = image.sp;
    tcg_init(options.tb_size << MIB);
    limits_enforce();
    mem_deny_exec_gain(false);
    fault_init();
    signal_init(cpu);
    fd_start_end();
    if (log_enabled(LOG_CPU_RESET))
        cpu_dump(log_fd(), cpu, log_enabled(LOG_FPU) || log_enabled(LOG_VPU));
    if (log_enabled(LOG_PAGE)) {
        static char maps[65536];
        size_t n = mem_format_maps(maps, sizeof maps);
        sys(SYS_write, log_fd(), maps, n < sizeof maps ? n : sizeof maps - 1);
    }
    ptrace_start(thread);
    cpu_loop(cpu);
}
