/* The system call table, flag conversion, -strace text and the calls' own translations. */
#define _GNU_SOURCE 1
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "syscalls/dispatch.h"
#include "syscalls/fds.h"
#include "syscalls/flags.h"
#include "syscalls/strace.h"
#include "syscalls/table.h"

/* Guest memory for the tests: below the emulator's range. */
static uint8_t *guest;
static Thread *thread;

/* The emulator's fault handler, as far as guarded copies are concerned. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
    (void)info;
    if (!mem_copy_fault((uint64_t *)&((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]))
        signal(sig, SIG_DFL);
}

static void setup(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &action, NULL);
    guest = (uint8_t *)sys(SYS_mmap, 0x10000000, 1 << 20, 3, 0x100022, -1, 0);
    cr_assert(guest == (uint8_t *)0x10000000);
    thread = (Thread *)sys(SYS_mmap, 0, 1 << 20, 3, 0x22, -1, 0);
    process.self_fd = process.exe_fd = -1;
}

static uint64_t put_string(uint64_t offset, const char *text)
{
    strcpy((char *)guest + offset, text);
    return (uint64_t)(guest + offset);
}

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    CpuState *cpu = &thread->cpu;

    cpu->x[8] = number;
    cpu->x[0] = a;
    cpu->x[1] = b;
    cpu->x[2] = c;
    cpu->x[3] = d;
    cpu->x[4] = e;
    do_syscall(cpu);
    return (int64_t)cpu->x[0];
}

Test(syscalls, every_assigned_number_has_a_row)
{
    unsigned rows = 0;

    for (uint64_t n = 0; n < 600; n++) {
        const Syscall *s = syscall_lookup(n);

        cr_assert(s && s->name);
        if (s->how == HOW_UNASSIGNED)
            continue;
        rows++;
        cr_expect((s->how == HOW_EMUL) == (s->emulate != NULL), "%s", s->name);
        if (n >= 424 && (s->how == HOW_PASS || s->how == HOW_WAIT))
            cr_expect_eq(s->host, (int)n, "%s", s->name);
        for (int i = 0; i < SYSCALL_ARGS; i++) {
            unsigned kind = ARG_KIND(s->arg[i]), param = ARG_PARAM(s->arg[i]);

            cr_expect_lt(kind, ARG_COUNT, "%s", s->name);
            if (kind == ARG_FLAGS || kind == ARG_ENUM || kind == ARG_OPENFLAGS)
                cr_expect_lt(param, FLAGSET_COUNT, "%s", s->name);
            if (kind == ARG_IN || kind == ARG_OUT || kind == ARG_AREA || kind == ARG_FPATH)
                cr_expect_lt(param, SYSCALL_ARGS, "%s", s->name);
        }
    }
    cr_expect_eq(rows, 327); /* 325 up to 469, and 470, 471 */
    cr_expect_str_eq(syscall_lookup(63)->name, "read");
    cr_expect_str_eq(syscall_lookup(291)->name, "statx");
    cr_expect_eq(syscall_lookup(244)->how, HOW_UNASSIGNED);
    cr_expect_eq(syscall_lookup(~0ull)->how, HOW_UNASSIGNED);
}

Test(syscalls, open_flags_convert_both_ways)
{
    cr_expect_eq(flags_to_host(FS_OPEN, 040000), O_DIRECTORY);
    cr_expect_eq(flags_to_host(FS_OPEN, 0100000), O_NOFOLLOW);
    cr_expect_eq(flags_to_host(FS_OPEN, 0200000), 040000);
    cr_expect_eq(flags_to_host(FS_OPEN, 0400000), 0100000);
    for (uint64_t bits = 0; bits < 1 << 24; bits += 03777) {
        cr_assert_eq(flags_to_guest(FS_OPEN, flags_to_host(FS_OPEN, bits)), bits);
        cr_assert_eq(flags_to_host(FS_OPEN, flags_to_guest(FS_OPEN, bits)), bits);
    }
    for (int set = 0; set < FLAGSET_COUNT; set++) /* every conversion is a permutation of bits */
        for (int bit = 0; bit < 64; bit++)
            cr_assert_eq(flags_to_guest(set, flags_to_host(set, 1ull << bit)), 1ull << bit);
}

Test(syscalls, strace_text, .init = setup)
{
    char text[512];
    uint64_t path = put_string(0, "/etc/\"x\"\n");
    uint64_t arg[6] = {(uint32_t)-100, path, 02100000, 0, 0, 0};

    cr_assert(strace_format(syscall_lookup(56), 56, arg, text, sizeof text) > 0);
    cr_expect_str_eq(strchr(text, ' ') + 1,
                     "openat(AT_FDCWD,\"/etc/\\\"x\\\"\\n\",O_RDONLY|O_NOFOLLOW|O_CLOEXEC,0)");
    strace_format(syscall_lookup(64), 64, (uint64_t[6]){1, put_string(64, "hi\tthere"), 8}, text,
                  sizeof text);
    cr_expect_str_eq(strchr(text, ' ') + 1, "write(1,\"hi\\tthere\",8)");
    strace_format(syscall_lookup(222), 222, (uint64_t[6]){0, 4096, 3, 0x22, ~0ull, 0}, text,
                  sizeof text);
    cr_expect_str_eq(strchr(text, ' ') + 1,
                     "mmap(0,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0)");
    strace_format(syscall_lookup(226), 226, (uint64_t[6]){path, 4096, 0}, text, sizeof text);
    cr_expect_str_eq(strchr(text, ' ') + 1, "mprotect(0x10000000,4096,PROT_NONE)");
    strace_format(syscall_lookup(9999), 9999, arg, text, sizeof text);
    cr_expect(strstr(text, "Unknown syscall 9999("));
    strace_format(syscall_lookup(56), 56, (uint64_t[6]){3, 8, 0, 0}, text, sizeof text);
    cr_expect_str_eq(strchr(text, ' ') + 1, "openat(3,0x8,O_RDONLY,0)"); /* unreadable path */
}

/* Whatever the guest passes, showing it neither faults nor overruns. */
Test(syscalls, strace_survives_garbage, .init = setup)
{
    uint64_t values[] = {0, 1, ~0ull, 0x7fffffff, (uint64_t)guest, (uint64_t)guest + (1 << 20) - 3,
                         0xdead000000000000, 0x8000000000000000};
    char text[300];

    memset(guest, 0xff, 1 << 20);
    for (uint64_t n = 0; n < 500; n++) {
        for (size_t v = 0; v < COUNTOF(values); v++) {
            uint64_t arg[6];

            for (size_t i = 0; i < 6; i++)
                arg[i] = values[(v + i * v) % COUNTOF(values)];
            text[sizeof text - 1] = 'E';
            cr_assert_lt(strace_format(syscall_lookup(n), (uint32_t)n, arg, text, sizeof text - 1),
                         sizeof text - 1);
            cr_assert_eq(text[sizeof text - 1], 'E');
        }
    }
}

Test(syscalls, unknown_numbers_are_enosys, .init = setup)
{
    cr_expect_eq(call(244, 0, 0, 0, 0, 0), -ENOSYS);
    cr_expect_eq(call(403, 0, 0, 0, 0, 0), -ENOSYS);
    cr_expect_eq(call(520, 0, 0, 0, 0, 0), -ENOSYS); /* x32's numbers must not leak through */
    cr_expect_eq(call(18, 0, 0, 0, 0, 0), -ENOSYS);
    cr_expect_eq(call(289, 0, 0, 0, 0, 0), -ENOSPC);
}

Test(syscalls, stat_layout, .init = setup)
{
    A64Stat *st = (A64Stat *)(guest + 256);
    struct stat host;

    cr_assert_eq(stat("/", &host), 0);
    cr_assert_eq(call(79, (uint64_t)-100, put_string(0, "/"), (uint64_t)st, 0, 0), 0);
    cr_expect_eq(st->ino, host.st_ino);
    cr_expect_eq(st->mode, host.st_mode);
    cr_expect_eq(st->nlink, host.st_nlink);
    cr_expect_eq(st->size, host.st_size);
    cr_expect_eq(st->mtime, host.st_mtime);
    cr_expect_eq(call(79, (uint64_t)-100, put_string(0, "/"), 8, 0, 0), -EFAULT);
    cr_expect_eq(call(80, 4000, (uint64_t)st, 0, 0, 0), -EBADF);
}

Test(syscalls, open_and_fcntl_flags, .init = setup)
{
    int64_t fd = call(56, (uint64_t)-100, put_string(0, "/"), 040000, 0, 0); /* O_DIRECTORY */

    cr_assert(fd >= 0);
    /* The kernel adds O_LARGEFILE, on arm64 too. */
    cr_expect_eq(call(25, (uint64_t)fd, 3, 0, 0, 0), 0440000);
    cr_expect_eq(call(57, (uint64_t)fd, 0, 0, 0, 0), 0);
    cr_expect_eq(call(56, (uint64_t)-100, put_string(0, "/proc/self/exe"), 0100000, 0, 0), -ELOOP);
    cr_expect_eq(call(56, (uint64_t)-100, put_string(0, "/etc/passwd"), 040000, 0, 0), -ENOTDIR);
}

Test(syscalls, epoll_events_are_not_packed, .init = setup)
{
    A64EpollEvent *ev = (A64EpollEvent *)(guest + 512);
    int64_t ep = call(20, 0, 0, 0, 0, 0);
    int fd[3];

    for (unsigned i = 0; i < 3; i++) {
        fd[i] = eventfd(1, 0);
        *ev = (A64EpollEvent){.events = 1, .data = 0x1122334455667700 + i};
        cr_assert_eq(call(21, (uint64_t)ep, 1, (uint64_t)fd[i], (uint64_t)ev, 0), 0);
    }
    cr_assert_eq(call(22, (uint64_t)ep, (uint64_t)ev, 8, 0, 0), 3);
    for (unsigned i = 0; i < 3; i++) {
        cr_expect_eq(ev[i].events, 1);
        cr_expect_eq(ev[i].data, 0x1122334455667700 + i);
    }
    cr_expect_eq(call(22, (uint64_t)ep, (uint64_t)ev, 0, 0, 0), -EINVAL);
    cr_expect_eq(call(21, (uint64_t)ep, 1, (uint64_t)fd[0], 8, 0), -EFAULT);
}

Test(syscalls, own_descriptors_are_hidden, .init = setup)
{
    int hidden = fcntl(0, F_DUPFD, 100), low = hidden;

    dup2(0, hidden + 1);
    dup2(0, hidden - 1);
    process.self_fd = hidden;
    cr_expect(fd_is_hidden((uint64_t)hidden));
    cr_expect_eq(call(57, (uint64_t)hidden, 0, 0, 0, 0), -EBADF);
    cr_expect_eq(call(25, (uint64_t)hidden, 1, 0, 0, 0), -EBADF);
    cr_expect_eq(call(436, (uint64_t)hidden - 1, (uint64_t)hidden + 1, 0, 0, 0), 0);
    cr_expect_lt(fcntl(hidden - 1, F_GETFD), 0);
    cr_expect_lt(fcntl(hidden + 1, F_GETFD), 0);
    cr_expect(fcntl(hidden, F_GETFD) >= 0, "close_range skips it");
    cr_expect_eq(call(24, 0, (uint64_t)low, 0, 0, 0), low);
    cr_expect_neq(process.self_fd, low, "dup3 moved it away");
    cr_expect(fcntl(process.self_fd, F_GETFD) >= 0);
}

Test(syscalls, hidden_descriptors_are_not_listed, .init = setup)
{
    uint8_t *buf = guest + 4096;
    int64_t dir, n;
    char name[16];

    process.self_fd = dup2(0, 77);
    dir = call(56, (uint64_t)-100, put_string(0, "/proc/self/fd"), 040000, 0, 0);
    cr_assert(dir >= 0);
    snprintf(name, sizeof name, "%d", process.self_fd);
    while ((n = call(61, (uint64_t)dir, (uint64_t)buf, 64, 0, 0)) > 0)
        for (int64_t at = 0; at < n; at += *(uint16_t *)(buf + at + 16))
            cr_expect_str_neq((char *)buf + at + 19, name);
    cr_expect_eq(n, 0);
}

static int64_t read_proc(const char *path, char *buf, size_t size)
{
    int64_t fd = call(56, (uint64_t)-100, put_string(0, path), 0, 0, 0), n;

    cr_assert(fd >= 0, "%s", path);
    n = pread((int)fd, buf, size - 1, 0);
    buf[n > 0 ? n : 0] = 0;
    call(57, (uint64_t)fd, 0, 0, 0, 0);
    return n;
}

Test(syscalls, proc_exe_has_many_names, .init = setup)
{
    static const char *const names[] = {"/proc/self/exe", "/proc/thread-self/exe",
                                        "/proc//self/./exe", "/proc/self/../self/exe"};
    char buf[64];
    A64Stat *st = (A64Stat *)(guest + 256);
    struct stat host;
    int64_t dir;

    process.exe_real_path = "/etc/passwd";
    stat("/etc/passwd", &host);
    for (size_t i = 0; i < COUNTOF(names); i++) {
        cr_expect_eq(call(78, (uint64_t)-100, put_string(0, names[i]), (uint64_t)guest + 512, 64, 0),
                     11);
        cr_expect(!memcmp(guest + 512, "/etc/passwd", 11), "%s", names[i]);
        cr_expect_eq(call(79, (uint64_t)-100, put_string(0, names[i]), (uint64_t)st, 0, 0), 0);
        cr_expect_eq(st->ino, host.st_ino, "%s", names[i]);
    }
    snprintf(buf, sizeof buf, "/proc/%d/task/%d/exe", getpid(), getpid());
    cr_expect_eq(call(78, (uint64_t)-100, put_string(0, buf), (uint64_t)(guest + 512), 4, 0), 4);
    dir = call(56, (uint64_t)-100, put_string(0, "/proc/self"), 040000, 0, 0);
    cr_expect_eq(call(78, (uint64_t)dir, put_string(0, "exe"), (uint64_t)(guest + 512), 64, 0), 11);
    cr_expect_eq(call(79, (uint64_t)-100, put_string(0, names[0]), (uint64_t)st, 0x100, 0), 0);
    cr_expect(S_ISLNK(st->mode), "lstat sees the link itself");
}

Test(syscalls, proc_files_are_the_guests, .init = setup)
{
    static char buf[65536];

    process.hwcap = 3;
    process.hwcap2 = BIT(7);
    process.midr = 0x413fd0c1;
    cr_assert(read_proc("/proc/cpuinfo", buf, sizeof buf) > 0);
    cr_expect(strstr(buf, "Features\t: fp asimd flagm2\n"));
    cr_expect(strstr(buf, "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\n"
                          "CPU part\t: 0xd0c\nCPU revision\t: 1\n"));
    process.start_stack = 123456;
    cr_assert(read_proc("/proc/self/stat", buf, sizeof buf) > 0);
    cr_expect(strstr(buf, " 123456 "));
    memcpy(guest + 1024, "a\0bc", 5);
    process.arg_start = (uint64_t)guest + 1024;
    process.arg_end = process.arg_start + 5;
    cr_expect_eq(read_proc("/proc/thread-self/cmdline", buf, sizeof buf), 5);
    cr_expect(!memcmp(buf, "a\0bc", 5));
    cr_assert(read_proc("/proc/stat", buf, sizeof buf) > 0); /* the host's */
    cr_expect(!memcmp(buf, "cpu", 3));
}

Test(syscalls, tags_go_only_when_asked, .init = setup)
{
    uint64_t tagged = put_string(0, "/") | 0x5a00000000000000;
    uint64_t out = (uint64_t)guest + 512;

    cr_expect_eq(call(43, tagged, out, 0, 0, 0), -EFAULT);
    syscall_tagged_pointers = true;
    cr_expect_eq(call(43, tagged, out, 0, 0, 0), 0);
    syscall_tagged_pointers = false;
}
