/*
 * The seccomp of kernel/seccomp.c, on guest system calls: what a filter's answer does, and how
 * filters are installed, inherited and synchronised.
 */
#include "syscalls/seccomp.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "emu/base/alloc.h"
#include "emu/base/check.h"
#include "emu/base/fd.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "syscalls/process.h"
#include "syscalls/seccomp_notif.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

/* linux/seccomp.h, linux/audit.h, linux/prctl.h, linux/capability.h */
enum {
    OP_SET_MODE_STRICT,
    OP_SET_MODE_FILTER,
    OP_GET_ACTION_AVAIL,
    OP_GET_NOTIF_SIZES,
    FLAG_TSYNC = 1,
    FLAG_LOG = 2,
    FLAG_SPEC_ALLOW = 4,
    FLAG_NEW_LISTENER = 8,
    FLAG_TSYNC_ESRCH = 16,
    FLAG_WAIT_KILLABLE_RECV = 32,
    FLAGS_KNOWN = FLAG_TSYNC | FLAG_LOG | FLAG_SPEC_ALLOW | FLAG_NEW_LISTENER | FLAG_TSYNC_ESRCH |
                  FLAG_WAIT_KILLABLE_RECV,
    ERRNO_MAX = 4095,
    PRCTL_GET_SECCOMP = 21,
    PRCTL_SET_NO_NEW_PRIVS = 38,
    PRCTL_GET_NO_NEW_PRIVS = 39,
    CAP_SYS_ADMIN_BIT = 21,
};
#define RET_ALLOW 0x7fff0000u
#define RET_ACTION 0xffff0000u
#define RET_DATA 0x0000ffffu
#define CODE_SYS_SECCOMP 1 /* si_code of SIGSYS */

/* All filters of a task, each with a penalty: MAX_INSNS_PER_PATH of the kernel. */
#define PATH_SIZE_MAX ((1u << 18) / sizeof(BpfInsn))
#define PATH_PENALTY 4

/* The words of struct seccomp_data that are the same for all calls of a number. */
#define WORDS_BY_NUMBER (BIT(0) | BIT(1))

/* Installing, cloning and synchronising: one at a time. */
static Lock seccomp_lock;

/* --- judging --- */

/* The answer with the highest precedence; among equal ones the newest filter's, which is *by. */
static uint32_t run_filters(SeccompFilter *newest, const SeccompData *data,
                            const SeccompFilter **by)
{
    uint32_t answer = RET_ALLOW, seen = 0, words[BPF_DATA_SIZE / 4];

    memcpy(words, data, sizeof words);
    for (SeccompFilter *f = newest; f; f = f->prev) {
        uint32_t a = bpf_run(f->insns, words, &seen);

        if ((int32_t)(a & RET_ACTION) < (int32_t)(answer & RET_ACTION)) {
            answer = a;
            *by = f;
        }
    }
    if ((answer & RET_ACTION) == RET_ALLOW && !(seen & ~WORDS_BY_NUMBER) &&
        data->number < SECCOMP_KNOWN_NUMBERS)
        __atomic_or_fetch(&newest->allows[data->number / 64], BIT(data->number % 64),
                          __ATOMIC_RELAXED);
    return answer;
}

/* The siginfo of a SIGSYS: signo, errno, code, then call address, number, architecture. */
static void fill_sigsys(uint8_t info[128], const SeccompData *data, uint32_t reason)
{
    uint32_t head[3] = {SIGSYS, reason, CODE_SYS_SECCOMP};

    memset(info, 0, 128);
    memcpy(info, head, sizeof head);
    memcpy(info + 16, &data->pc, sizeof data->pc);
    memcpy(info + 24, &data->number, sizeof data->number);
    memcpy(info + 28, &data->arch, sizeof data->arch);
}

/* What an answer is about, the 16 bits that came with it, and whose it is (NULL for ALLOW). */
typedef struct Verdict {
    SeccompData data;
    uint32_t value;
    const SeccompFilter *by;
} Verdict;

/* What an answer does with the call. True: it is made; false: *ret is its result. */
typedef bool ActFn(CpuState *cpu, const Verdict *v, int64_t *ret);

static bool act_kill_process(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    uint8_t info[128];

    (void)ret;
    fill_sigsys(info, &v->data, v->value);
    signal_die(cpu, SIGSYS, info);
}

/* As the last of its process the thread takes that along, with a report. */
static bool act_kill_thread(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    if (thread_count == 1)
        return act_kill_process(cpu, v, ret);
    if (signal_close(cpu))
        process_kill_thread(cpu_thread(cpu), SIGSYS);
    *ret = -ERESTARTNOINTR;
    return false;
}

static bool act_trap(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    uint8_t info[128];

    *ret = -ERESTARTNOINTR;
    if (signal_close(cpu)) {
        fill_sigsys(info, &v->data, v->value);
        signal_force_info(cpu, SIGSYS, info);
        *ret = (int64_t)cpu->x[0];
    }
    return false;
}

static bool act_errno(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    cpu_thread(cpu)->restartable = false; /* any number may be asked for */
    *ret = -(int64_t)(v->value < ERRNO_MAX ? v->value : ERRNO_MAX);
    return false;
}

/* Without a listener it is as without a tracer. */
static bool act_notify(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    *ret = -ENOSYS;
    return v->by->listened && seccomp_notify(cpu, v->data.number, v->data.arg, ret);
}

/* There is no tracer. */
static bool act_trace(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    (void)cpu;
    (void)v;
    *ret = -ENOSYS;
    return false;
}

static bool act_allow(CpuState *cpu, const Verdict *v, int64_t *ret)
{
    (void)cpu;
    (void)v;
    (void)ret;
    return true;
}

typedef struct SeccompAction {
    uint32_t answer;
    bool logged; /* even without SECCOMP_FILTER_FLAG_LOG */
    ActFn *act;
} SeccompAction;

/* The first stands for unknown ones, too. */
static const SeccompAction actions[] = {
    {0x80000000, true, act_kill_process}, {0x00000000, true, act_kill_thread},
    {0x00030000, false, act_trap},        {0x00050000, false, act_errno},
    {0x7fc00000, false, act_notify},      {0x7ff00000, false, act_trace},
    {0x7ffc0000, true, act_allow},
    {RET_ALLOW, false, act_allow},
};

static const SeccompAction *action_of(uint32_t answer)
{
    for (size_t i = 0; i < COUNTOF(actions); i++)
        if (actions[i].answer == answer)
            return &actions[i];
    return NULL;
}

static bool check_strict(CpuState *cpu, uint32_t number, int64_t *ret)
{
    if (number == A64_NR_read || number == A64_NR_write || number == A64_NR_exit ||
        number == A64_NR_rt_sigreturn)
        return true;
    if (!signal_close(cpu)) {
        *ret = -ERESTARTNOINTR;
        return false;
    }
    process_kill_thread(cpu_thread(cpu), SIGKILL);
}

/* What could not be done when another thread synchronised this one: see sync_thread. */
static void catch_up(Thread *t)
{
    if (__atomic_exchange_n(&t->seccomp_no_new_privs, false, __ATOMIC_SEQ_CST))
        sys(SYS_prctl, PRCTL_SET_NO_NEW_PRIVS, 1);
}

bool seccomp_check(CpuState *cpu, int64_t *ret)
{
    Thread *t = cpu_thread(cpu);
    Verdict v = {.data = {.number = (uint32_t)cpu->x[8], .arch = SECCOMP_ARCH, .pc = cpu->pc}};

    if (t->seccomp_mode == SECCOMP_MODE_STRICT)
        return check_strict(cpu, v.data.number, ret);
    catch_up(t);
    memcpy(v.data.arg, cpu->x, sizeof v.data.arg);
    uint32_t answer =
        run_filters(__atomic_load_n(&t->seccomp, __ATOMIC_ACQUIRE), &v.data, &v.by);
    const SeccompAction *action = action_of(answer & RET_ACTION);

    if (!action)
        action = &actions[0];
    if (action->logged || (v.by && v.by->log))
        LOG(LOG_UNIMP, "seccomp: system call %u at %#llx: answer %#x is not in the audit log\n",
            v.data.number, (unsigned long long)v.data.pc, answer);
    v.value = answer & RET_DATA;
    return action->act(cpu, &v, ret);
}

/* --- lists of filters --- */

static void drop(SeccompFilter *f)
{
    while (f && __atomic_sub_fetch(&f->users, 1, __ATOMIC_SEQ_CST) == 0) {
        SeccompFilter *prev = f->prev;

        alloc_free(f, sizeof *f + f->count * sizeof(BpfInsn));
        f = prev;
    }
}

static SeccompFilter *keep(SeccompFilter *f)
{
    if (f)
        __atomic_add_fetch(&f->users, 1, __ATOMIC_SEQ_CST);
    return f;
}

/* Room for a program of count instructions; its one user is whoever asked. */
static SeccompFilter *new_filter(unsigned count)
{
    SeccompFilter *f = alloc_get(sizeof *f + count * sizeof(BpfInsn));

    f->users = 1;
    f->count = count;
    return f;
}

void seccomp_clone(Thread *child, const Thread *parent)
{
    if (parent->seccomp_mode == SECCOMP_MODE_DISABLED)
        return;
    lock_take(&seccomp_lock);
    if (child->seccomp_mode == SECCOMP_MODE_DISABLED) { /* else it was synchronised already */
        child->seccomp = keep(parent->seccomp);
        child->seccomp_no_new_privs = parent->seccomp_no_new_privs;
        child->seccomp_mode = parent->seccomp_mode;
    }
    lock_release(&seccomp_lock);
}

void seccomp_release(Thread *t)
{
    if (!t->seccomp)
        return;
    lock_take(&seccomp_lock);
    drop(t->seccomp);
    t->seccomp = NULL;
    lock_release(&seccomp_lock);
}

void seccomp_before_fork(void)
{
    lock_take(&seccomp_lock);
}

void seccomp_after_fork(void)
{
    lock_release(&seccomp_lock);
}

static unsigned list_length(const SeccompFilter *f)
{
    unsigned n = 0;

    for (; f; f = f->prev)
        n++;
    return n;
}

unsigned seccomp_filter_count(const Thread *t)
{
    return list_length(t->seccomp);
}

/* --- installing --- */

static bool may_install(void)
{
    uint32_t head[2] = {0x20080522, 0}, caps[6]; /* _LINUX_CAPABILITY_VERSION_3, this thread */

    if (sys(SYS_prctl, PRCTL_GET_NO_NEW_PRIVS) == 1)
        return true;
    return sys(SYS_capget, head, caps) == 0 && (caps[0] & BIT(CAP_SYS_ADMIN_BIT));
}

/* The program that a struct sock_fprog at `from` describes, checked: or -errno. */
static int64_t read_filter(uint64_t from, SeccompFilter **out)
{
    struct {
        uint16_t count, pad[3];
        uint64_t insns;
    } prog;

    if (!mem_read(&prog, from, sizeof prog))
        return -EFAULT;
    if (prog.count == 0 || prog.count > BPF_MAX_INSNS)
        return -EINVAL;
    if (!may_install())
        return -EACCES;
    if (!prog.insns)
        return -EINVAL;
    SeccompFilter *f = new_filter(prog.count);
    int64_t ret = 0;
    if (!mem_read(f->insns, prog.insns, prog.count * sizeof(BpfInsn)))
        ret = -EFAULT;
    else if ((f->size = bpf_check(f->insns, f->count)) == 0)
        ret = -EINVAL;
    if (ret)
        drop(f);
    else
        *out = f;
    return ret;
}

static bool is_ancestor(const SeccompFilter *old, const SeccompFilter *f)
{
    while (old && f && f != old)
        f = f->prev;
    return !old || f;
}

/* A synchronisation: the thread that asked for it, and the first that it cannot be done to. */
typedef struct Sync {
    Thread *caller;
    bool no_new_privs;
    int failed;
} Sync;

static bool is_sibling(const Thread *t, const Sync *s)
{
    return t != s->caller && !t->spare && t->tgid == s->caller->tgid;
}

/* A thread that has no number yet is being made by one that has, and is asked with it. */
static void can_sync(Thread *t, void *arg)
{
    Sync *s = arg;

    if (!is_sibling(t, s) || s->failed || !t->tid || t->seccomp_mode == SECCOMP_MODE_DISABLED)
        return;
    if (t->seccomp_mode != SECCOMP_MODE_FILTER || !is_ancestor(t->seccomp, s->caller->seccomp))
        s->failed = t->tid;
}

/* It may be at work with its old filters: these stay, behind the new one. */
static void sync_thread(Thread *t, void *arg)
{
    const Sync *s = arg;

    if (!is_sibling(t, s))
        return;
    SeccompFilter *old = t->seccomp;
    __atomic_store_n(&t->seccomp, keep(s->caller->seccomp), __ATOMIC_RELEASE);
    drop(old);
    if (s->no_new_privs) /* only it can tell the host: before its next call is judged */
        __atomic_store_n(&t->seccomp_no_new_privs, true, __ATOMIC_SEQ_CST);
    __atomic_store_n(&t->seccomp_mode, SECCOMP_MODE_FILTER, __ATOMIC_RELEASE);
}

/* A listener is the host's, of all threads that are synchronised: its descriptor, or -errno. */
static int64_t make_listener(const Thread *t, uint64_t flags)
{
    const SeccompFilter *f = t->seccomp;

    while (f && !f->listened)
        f = f->prev;
    if (!f && sys(SYS_prctl, PRCTL_GET_SECCOMP) != SECCOMP_MODE_DISABLED) {
        LOG(LOG_UNIMP, "seccomp: no listener, because the emulator itself is under a filter\n");
        return -EINVAL;
    }
    flags &= FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE_RECV | FLAG_TSYNC;
    return seccomp_host_listener(flags & FLAG_TSYNC ? flags | FLAG_TSYNC_ESRCH : flags);
}

/* Under the lock. t->seccomp is f afterwards, or nothing has changed. */
static int64_t attach(Thread *t, uint64_t flags, SeccompFilter *f)
{
    Sync sync = {.caller = t};
    uint64_t size = f->size;
    int64_t ret = 0;

    if (t->seccomp_mode != SECCOMP_MODE_DISABLED && t->seccomp_mode != SECCOMP_MODE_FILTER)
        return -EINVAL;
    for (const SeccompFilter *p = t->seccomp; p; p = p->prev)
        size += p->size + PATH_PENALTY;
    if (size > PATH_SIZE_MAX)
        return -ENOMEM;
    if (flags & FLAG_TSYNC) {
        threads_for_each(can_sync, &sync);
        if (sync.failed)
            return flags & FLAG_TSYNC_ESRCH ? -ESRCH : sync.failed;
    }
    if (flags & FLAG_NEW_LISTENER) {
        ret = make_listener(t, flags);
        if (ret < 0)
            return ret;
        f->listened = true;
    }
    f->log = (flags & FLAG_LOG) != 0;
    f->prev = t->seccomp;
    __atomic_store_n(&t->seccomp, f, __ATOMIC_RELEASE);
    __atomic_store_n(&t->seccomp_mode, SECCOMP_MODE_FILTER, __ATOMIC_RELEASE);
    if (flags & FLAG_TSYNC) {
        sync.no_new_privs = sys(SYS_prctl, PRCTL_GET_NO_NEW_PRIVS) == 1;
        threads_for_each(sync_thread, &sync);
    }
    return ret;
}

static int64_t set_filter(CpuState *cpu, uint64_t flags, uint64_t from)
{
    Thread *t = cpu_thread(cpu);
    SeccompFilter *f;

    if (flags & ~(uint64_t)FLAGS_KNOWN)
        return -EINVAL;
    if ((flags & FLAG_TSYNC) && (flags & FLAG_NEW_LISTENER) && !(flags & FLAG_TSYNC_ESRCH))
        return -EINVAL; /* a descriptor or a thread's number? */
    if ((flags & FLAG_WAIT_KILLABLE_RECV) && !(flags & FLAG_NEW_LISTENER))
        return -EINVAL;
    int64_t ret = read_filter(from, &f);
    if (ret)
        return ret;
    lock_take(&seccomp_lock);
    ret = attach(t, flags, f);
    bool attached = t->seccomp == f;
    lock_release(&seccomp_lock);
    if (!attached)
        drop(f);
    return ret;
}

static int64_t set_strict(CpuState *cpu)
{
    Thread *t = cpu_thread(cpu);

    if (t->seccomp_mode != SECCOMP_MODE_DISABLED && t->seccomp_mode != SECCOMP_MODE_STRICT)
        return -EINVAL;
    t->seccomp_mode = SECCOMP_MODE_STRICT;
    return 0;
}

static int64_t action_available(uint64_t from)
{
    uint32_t action;

    if (!mem_read(&action, from, sizeof action))
        return -EFAULT;
    return action_of(action) ? 0 : -EOPNOTSUPP;
}

int64_t sys_seccomp(CpuState *cpu, uint64_t arg[6])
{
    uint32_t flags = (uint32_t)arg[1];

    switch ((uint32_t)arg[0]) {
    case OP_SET_MODE_STRICT:
        return flags || arg[2] ? -EINVAL : set_strict(cpu);
    case OP_SET_MODE_FILTER:
        return set_filter(cpu, flags, arg[2]);
    case OP_GET_ACTION_AVAIL:
        return flags ? -EINVAL : action_available(arg[2]);
    case OP_GET_NOTIF_SIZES:
        return flags ? -EINVAL : seccomp_notif_sizes(arg[2]);
    default:
        return -EINVAL;
    }
}

int64_t seccomp_prctl_set(CpuState *cpu, uint64_t mode, uint64_t filter)
{
    switch (mode) {
    case SECCOMP_MODE_STRICT:
        return set_strict(cpu);
    case SECCOMP_MODE_FILTER:
        return set_filter(cpu, 0, filter);
    default:
        return -EINVAL;
    }
}

/* Without filters of the guest, what the emulator itself runs under is the honest answer. */
int64_t seccomp_prctl_get(CpuState *cpu)
{
    const Thread *t = cpu_thread(cpu);

    return t->seccomp_mode ? t->seccomp_mode : sys(SYS_prctl, PRCTL_GET_SECCOMP);
}

/* --- over execve --- */

/* What the descriptor holds: this, then for each filter, newest first, its head and program. */
typedef struct HandHead {
    uint64_t magic;
    uint32_t filters, pad;
} HandHead;

typedef struct HandFilter {
    uint32_t count;
    bool log, listened, pad[2];
} HandFilter;

#define HAND_MAGIC 0x3150434d4f434353ull /* "SCCOMCP1" */
#define HAND_FILTERS_MAX (PATH_SIZE_MAX / PATH_PENALTY)

static bool put(int64_t fd, const void *from, size_t n)
{
    return sys(SYS_write, fd, from, n) == (int64_t)n;
}

int64_t seccomp_to_fd(const Thread *t, int *to)
{
    const SeccompFilter *newest = t->seccomp;
    HandHead head = {HAND_MAGIC, list_length(newest), 0};

    *to = -1;
    if (!newest)
        return 0;
    int64_t fd = sys(SYS_memfd_create, "seccomp", 1 /* MFD_CLOEXEC */);
    if (fd < 0)
        return fd;
    bool done = put(fd, &head, sizeof head);
    for (const SeccompFilter *f = newest; f && done; f = f->prev) {
        HandFilter hand = {f->count, f->log, f->listened, {0}};
        done = put(fd, &hand, sizeof hand) && put(fd, f->insns, f->count * sizeof(BpfInsn));
    }
    if (!done) {
        sys(SYS_close, fd);
        return -ENOMEM;
    }
    *to = fd_move_high((int)fd, FD_OTHER);
    return *to < 0 ? -EMFILE : 0;
}

static void get(int fd, void *to, size_t n)
{
    if (sys(SYS_read, fd, to, n) != (int64_t)n)
        die(1, "the seccomp filters that execve handed over cannot be read");
}

void seccomp_from_fd(Thread *t, int fd)
{
    SeccompFilter **end = &t->seccomp;
    HandHead head = {0};

    sys(SYS_lseek, fd, 0, 0);
    get(fd, &head, sizeof head);
    if (head.magic != HAND_MAGIC || head.filters == 0 || head.filters > HAND_FILTERS_MAX)
        die(1, "descriptor %d does not hold seccomp filters", fd);
    while (head.filters--) {
        HandFilter hand;

        get(fd, &hand, sizeof hand);
        if (hand.count > BPF_MAX_INSNS)
            die(1, "descriptor %d does not hold seccomp filters", fd);
        SeccompFilter *f = new_filter(hand.count);
        get(fd, f->insns, f->count * sizeof(BpfInsn));
        f->size = bpf_check(f->insns, f->count);
        if (!f->size)
            die(1, "descriptor %d holds a seccomp filter that is none", fd);
        f->log = hand.log;
        f->listened = hand.listened;
        *end = f;
        end = &f->prev;
    }
    t->seccomp_mode = SECCOMP_MODE_FILTER;
    sys(SYS_close, fd);
}
