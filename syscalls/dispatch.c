/*
 * System call dispatch: looks the number up, prepares the arguments by their kinds, and passes,
 * emulates or refuses the call. Its invariant: what an EMUL function or the host kernel gets has
 * host O_ flags, paths through -L, no tags, and no descriptor of the emulator.
 */
#include "syscalls/dispatch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "syscalls/fds.h"
#include "syscalls/flags.h"
#include "syscalls/procfs.h"
#include "syscalls/ptrace.h"
#include "syscalls/seccomp.h"
#include "syscalls/signal.h"
#include "syscalls/strace.h"
#include "syscalls/table.h"
#include "syscalls/untag.h"

#define NOBODYS_AREA 0x7ffffffff000ull /* the host maps nothing from here on */

#define A64_AT_FDCWD (-100)
#define A64_AT_SYMLINK_NOFOLLOW 0x100
#define HOST_O_CREAT 0100
#define HOST_O_NOFOLLOW 0400000
#define SUN_PATH_OFFSET 2
#define SOCKADDR_UN_SIZE 110
#define SIZEOF_MMSGHDR 64

bool syscall_tagged_pointers;

/* Where prepared arguments live during the call. */
typedef struct ArgBuffers {
    char path[2][PATH_BUFFER]; /* a call has two paths at most */
    uint8_t sockaddr[SOCKADDR_UN_SIZE + 1];
    int paths;
    Untagged untagged[2];      /* process_vm_readv has two vectors */
} ArgBuffers;

static bool is_follow(ArgRole role, const uint64_t arg[6], unsigned flags_index)
{
    switch (role) {
    case ROLE_PATH:
        return true;
    case ROLE_FPATH:
        return !(arg[flags_index] & A64_AT_SYMLINK_NOFOLLOW);
    case ROLE_OPATH:
        return !(arg[flags_index] & HOST_O_NOFOLLOW);
    default:
        return false;
    }
}

/* The descriptor that a relative path starts from: the argument before it, if it is one. */
static int path_dirfd(const Syscall *s, const uint64_t arg[6], int i)
{
    return i > 0 && ARG_KIND(s->arg[i - 1]) == ARG_ATFD ? (int)arg[i - 1] : A64_AT_FDCWD;
}

/*
 * Replaces a path argument where the host means something else by it. What cannot be read or
 * is too long stays: the kernel gives the right error.
 */
static int64_t prepare_path(const Syscall *s, uint64_t arg[6], int i, ArgBuffers *b)
{
    ArgRole role = arg_roles[ARG_KIND(s->arg[i])];
    char copy[PATH_BUFFER];
    int64_t len = mem_strnlen(arg[i], PATH_BUFFER);
    bool follow, exe;
    char *buf = b->path[b->paths & 1];

    if (len < 0 || len >= PATH_BUFFER)
        return 0;
    exe = len >= 3 && mem_read(copy, arg[i] + (uint64_t)len - 3, 3) && !memcmp(copy, "exe", 3);
    if (!exe && !process.ld_prefix)
        return 0;
    if (!mem_read(copy, arg[i], (size_t)len))
        return 0;
    copy[len] = 0;
    follow = is_follow(role, arg, ARG_PARAM(s->arg[i]));
    if (exe && follow && procfs_exe_path(path_dirfd(s, arg, i), copy, buf, PATH_BUFFER)) {
        arg[i] = (uintptr_t)buf;
        b->paths++;
        return 0;
    }
    if (process.ld_prefix && copy[0] == '/') {
        bool create = role == ROLE_CPATH ||
                      (role == ROLE_OPATH && (arg[ARG_PARAM(s->arg[i])] & HOST_O_CREAT));
        unsigned how = (follow ? 0 : PATH_NOFOLLOW) | (create ? PATH_CREATE : 0);
        const char *host = path_translate(copy, buf, PATH_BUFFER, how);

        if (!host)
            return -ENAMETOOLONG;
        if (host == buf) {
            arg[i] = (uintptr_t)buf;
            b->paths++;
        }
    }
    return 0;
}

/* A Unix socket's absolute name goes through -L like every path. */
static int64_t prepare_sockaddr(uint64_t arg[6], int i, unsigned len_index, ArgBuffers *b)
{
    uint64_t len = arg[len_index];
    char name[SOCKADDR_UN_SIZE], host_name[PATH_BUFFER];
    uint16_t family;
    const char *host;
    size_t host_len;

    if (!process.ld_prefix || len <= SUN_PATH_OFFSET + 1 || len > SOCKADDR_UN_SIZE ||
        !mem_read(&family, arg[i], 2) || family != 1)
        return 0;
    memset(name, 0, sizeof name);
    if (!mem_read(name, arg[i] + SUN_PATH_OFFSET, len - SUN_PATH_OFFSET) || name[0] != '/')
        return 0;
    host = path_translate(name, host_name, sizeof host_name, PATH_CREATE);
    if (host != host_name)
        return host ? 0 : -ENAMETOOLONG;
    host_len = strlen(host);
    if (host_len >= SOCKADDR_UN_SIZE - SUN_PATH_OFFSET)
        return -ENAMETOOLONG;
    memcpy(b->sockaddr, &family, 2);
    memcpy(b->sockaddr + SUN_PATH_OFFSET, host, host_len + 1);
    arg[i] = (uintptr_t)b->sockaddr;
    arg[len_index] = SUN_PATH_OFFSET + host_len + 1;
    return 0;
}

static void prepare_iov(uint64_t iov, uint64_t count)
{
    uint64_t entry[2];

    for (uint64_t n = 0; n < count && n < 1024; n++) {
        if (!mem_read(entry, iov + n * sizeof entry, sizeof entry))
            return;
        mem_prepare_write((uint64_t)sext(entry[0], 56), entry[1]);
    }
}

/* recvmsg's struct msghdr, of which recvmmsg's array consists too: name, iov, control. */
static void prepare_msg(uint64_t msg)
{
    uint64_t word[7];

    if (!mem_read(word, msg, sizeof word))
        return;
    mem_prepare_write(msg, SIZEOF_MMSGHDR);
    mem_prepare_write((uint64_t)sext(word[0], 56), word[1] & 0xffffffff);
    prepare_iov((uint64_t)sext(word[2], 56), word[3]);
    mem_prepare_write((uint64_t)sext(word[4], 56), word[5]);
}

/* The kernel will write at arg[i]: pages that are watched for code changes must let it. */
static void prepare_out(ArgRole role, unsigned param, const uint64_t arg[6], int i)
{
    switch (role) {
    case ROLE_OUT:
        mem_prepare_write(arg[i], arg[param]);
        break;
    case ROLE_OUT_FIXED:
        mem_prepare_write(arg[i], param);
        break;
    case ROLE_OUT_IOV:
        prepare_iov(arg[i], arg[param]);
        break;
    case ROLE_OUT_MSG:
        prepare_msg(arg[i]);
        break;
    case ROLE_OUT_MMSG:
        for (uint64_t n = 0; n < arg[param] && n < 1024; n++)
            prepare_msg(arg[i] + n * SIZEOF_MMSGHDR);
        break;
    case ROLE_OUT_IOCTL: { /* the number tells the size, except for the old ones */
        uint64_t size = field(arg[1], 16, 14);

        mem_prepare_write(arg[i], size ? size : 256);
        break;
    }
    default:
        break;
    }
}

static inline bool role_is_pointer(ArgRole role)
{
    return role >= ROLE_PTR && role <= ROLE_SOCKADDR;
}

/* The addresses inside what arg[i] points to lose their tags. */
static void prepare_tags(ArgRole role, unsigned param, uint64_t arg[6], int i, ArgBuffers *b)
{
    Untagged *u = &b->untagged[b->untagged[0].copy != NULL];

    switch (role) {
    case ROLE_IN_IOV: case ROLE_OUT_IOV:
        untag_iov(&arg[i], arg[param], u);
        break;
    case ROLE_IN_MSG: case ROLE_OUT_MSG:
        untag_messages(&arg[i], 1, false, role == ROLE_OUT_MSG, u);
        break;
    case ROLE_IN_MMSG: case ROLE_OUT_MMSG:
        untag_messages(&arg[i], (uint32_t)arg[param], true, role == ROLE_OUT_MMSG, u);
        break;
    default:
        break;
    }
}

/* 0, or the -errno that the call gives without being made. */
static int64_t prepare_args(const Syscall *s, uint64_t arg[6], ArgBuffers *b)
{
    bool watched = __atomic_load_n(&mem_watched_pages, __ATOMIC_RELAXED) != 0;
    int64_t ret = 0;

    b->paths = 0;
    b->untagged[0].copy = b->untagged[1].copy = NULL;
    /* Values first: a path looks at its (converted) flags, which come after it. */
    for (int i = 0; i < SYSCALL_ARGS && s->arg[i] != ARG_END; i++) {
        ArgRole role = arg_roles[ARG_KIND(s->arg[i])];

        if (role == ROLE_OPENFLAGS)
            arg[i] = flags_to_host(ARG_PARAM(s->arg[i]), arg[i]);
        else if (role == ROLE_AREA || (role_is_pointer(role) && syscall_tagged_pointers))
            arg[i] = (uint64_t)sext(arg[i], 56); /* arm64 always ignores an area's tag */
    }
    for (int i = 0; i < SYSCALL_ARGS && s->arg[i] != ARG_END && ret == 0; i++) {
        ArgRole role = arg_roles[ARG_KIND(s->arg[i])];
        unsigned param = ARG_PARAM(s->arg[i]);

        if (role == ROLE_FD || role == ROLE_WFD) {
            if (fd_is_hidden(arg[i]))
                ret = -EBADF;
        } else if (role >= ROLE_PATH && role <= ROLE_OPATH) {
            ret = prepare_path(s, arg, i, b);
        } else if (role == ROLE_SOCKADDR) {
            ret = prepare_sockaddr(arg, i, param, b);
        } else if (role == ROLE_AREA) {
            /* No area of the guest: the kernel says what is wrong, of one that nobody has. */
            if (!mem_range_ok(arg[i], arg[param]) && arg[i] + arg[param] >= arg[i])
                arg[i] = NOBODYS_AREA | arg[i] % PAGE_SIZE_4K;
        } else if (watched && role >= ROLE_OUT && role <= ROLE_OUT_IOCTL) {
            prepare_out(role, param, arg, i);
        }
        if (syscall_tagged_pointers)
            prepare_tags(role, param, arg, i, b);
    }
    return ret;
}

static void end_args(ArgBuffers *b)
{
    untag_end(&b->untagged[0]);
    untag_end(&b->untagged[1]);
}

/* Makes the call, whose arguments are prepared. */
static int64_t perform(CpuState *cpu, const Syscall *s, uint32_t number, uint64_t arg[6])
{
    switch ((SyscallHow)s->how) {
    case HOW_PASS:
        return sys_call6(s->host, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    case HOW_WAIT:
        return safe_syscall(cpu, s->host, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    case HOW_EMUL:
        return s->emulate(cpu, arg);
    case HOW_DENY:
        LOG(LOG_UNIMP, "Unsupported syscall: %u (%s)\n", number, s->name);
        return -s->host;
    case HOW_UNASSIGNED:
        break;
    }
    LOG(LOG_UNIMP, "Unsupported syscall: %u\n", number);
    return -ENOSYS;
}

static int64_t prepare_and_perform(CpuState *cpu, const Syscall *s, uint32_t number,
                                   uint64_t arg[6])
{
    ArgBuffers buffers;
    int64_t ret = prepare_args(s, arg, &buffers);

    if (ret == 0)
        ret = perform(cpu, s, number, arg);
    end_args(&buffers);
    return ret;
}

static int64_t run(CpuState *cpu, const Syscall *s, uint32_t number, uint64_t arg[6])
{
    int64_t ret = prepare_and_perform(cpu, s, number, arg);

    /* What a path led to may have been made room of. (After rt_sigreturn ret is no result.) */
    while (ret == -EMFILE && cpu_thread(cpu)->restartable && fd_make_room()) {
        memcpy(arg, cpu->x, SYSCALL_ARGS * sizeof arg[0]);
        ret = prepare_and_perform(cpu, s, number, arg);
    }
    if (procfs_mem_opened && ret > 0 && ARG_KIND(s->arg[0]) == ARG_WFD)
        procfs_mem_written((int)arg[0], number, arg, ret);
    return ret;
}

void do_syscall(CpuState *cpu)
{
    uint32_t number = (uint32_t)cpu->x[8];
    Thread *t = cpu_thread(cpu);
    uint64_t arg[SYSCALL_ARGS];
    bool trace = strace_enabled();
    int64_t ret;

    t->orig_x0 = cpu->x[0];
    if (t->trace.on && !ptrace_enter_call(t, &number)) {
        if (t->trace.on)
            ptrace_leave_call(t);
        return;
    }
    const Syscall *s = syscall_lookup(number);
    memcpy(arg, cpu->x, sizeof arg);
    t->restartable = true;
    t->last_syscall = s->name;
    t->in_syscall = true;
    if (trace)
        strace_enter(s, number, arg);
    if (seccomp_allows(t, number) || seccomp_check(cpu, &ret))
        ret = run(cpu, s, number, arg);
    if (trace)
        strace_leave(s, number, cpu->x, ret);
    t->in_syscall = false;
    cpu->x[0] = (uint64_t)ret;
    if (t->trace.on)
        ptrace_leave_call(t);
}
