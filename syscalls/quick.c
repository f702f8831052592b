/*
 * The short way of a system call from translated code: rows that need no preparation are passed
 * to the host at once. Invariant: nothing here or called from here touches a vector register (the
 * guest's are still in the host's); the file is compiled so, and safe_syscall_raw is assembly.
 */
#include <errno.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "syscalls/dispatch.h"
#include "syscalls/fds.h"
#include "syscalls/ioctl.h"
#include "syscalls/procfs.h"
#include "syscalls/safe_syscall.h"
#include "syscalls/seccomp.h"
#include "syscalls/table.h"

/* What is known of a row: nothing yet; no; yes, and which arguments are descriptors or written. */
#define QUICK_KNOWN BIT(0)
#define QUICK_YES BIT(1)
#define QUICK_OUT BIT(2)
#define QUICK_POINTER BIT(3)
#define QUICK_REQUEST BIT(4)
#define QUICK_FD_SHIFT 8

#define NUMBERS 512
static uint16_t quick[NUMBERS]; /* all threads find the same */

static uint16_t examine(const Syscall *s)
{
    unsigned q = QUICK_KNOWN | QUICK_YES;

    if (s->how != HOW_PASS && s->how != HOW_WAIT && !(s->how == HOW_EMUL && s->host))
        return QUICK_KNOWN;
    for (unsigned i = 0; i < SYSCALL_ARGS && s->arg[i] != ARG_END; i++) {
        ArgRole role = arg_roles[ARG_KIND(s->arg[i])];

        if (role == ROLE_FD || role == ROLE_WFD)
            q |= 1u << (QUICK_FD_SHIFT + i);
        else if (role >= ROLE_OUT && role <= ROLE_OUT_IOCTL)
            q |= QUICK_OUT | QUICK_POINTER;
        else if (role == ROLE_REQUEST)
            q |= QUICK_REQUEST;
        else if (role >= ROLE_PTR && role <= ROLE_IN_MMSG)
            q |= QUICK_POINTER;
        else if (role != ROLE_VALUE)
            return QUICK_KNOWN;
    }
    return (uint16_t)q;
}

/* Can the call be passed on as it stands? */
static bool is_quick(const CpuState *cpu, unsigned q)
{
    if (!(q & QUICK_YES) || process.traced || log_mask)
        return false;
    if ((q & QUICK_POINTER) && syscall_tagged_pointers)
        return false;
    if ((q & QUICK_OUT) && __atomic_load_n(&mem_watched_pages, __ATOMIC_RELAXED))
        return false;
    if ((q & QUICK_REQUEST) && ioctl_is_emulated(cpu->x[1]))
        return false;
    if (q >> QUICK_FD_SHIFT == 0)
        return true;
    if (log_to_file || procfs_mem_opened)
        return false;
    for (unsigned i = 0, fds = q >> QUICK_FD_SHIFT; fds; i++, fds >>= 1)
        if ((fds & 1) && fd_is_hidden_slot(cpu->x[i]))
            return false;
    return true;
}

uint32_t quick_syscall(CpuState *cpu)
{
    uint64_t number = (uint32_t)cpu->x[8];
    Thread *t = cpu_thread(cpu);
    int64_t ret;

    if (number >= NUMBERS)
        return EXIT_SVC;
    const Syscall *s = syscall_lookup(number);
    if (!quick[number])
        quick[number] = examine(s);
    if (!is_quick(cpu, quick[number]) || !seccomp_allows(t, number) ||
        __atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED)) /* the signal comes first */
        return EXIT_SVC;

    cpu->excl_addr = EXCL_NONE;
    t->orig_x0 = cpu->x[0];
    t->restartable = true;
    t->last_syscall = s->name;
    t->in_syscall = true;
    /* whoever flushes translated code need not wait for the call; see below */
    __atomic_store_n(&cpu->in_code, 0, __ATOMIC_RELEASE);
    if (s->how == HOW_PASS)
        ret = sys_call6(s->host, cpu->x[0], cpu->x[1], cpu->x[2], cpu->x[3], cpu->x[4], cpu->x[5]);
    else
        ret = safe_syscall_raw(&cpu->exit_request, s->host, cpu->x[0], cpu->x[1], cpu->x[2],
                               cpu->x[3], cpu->x[4], cpu->x[5]);
    t->in_syscall = false;
    /*
     * Back inside, then the look at exit_request: a flush sets it before it looks at in_code, and
     * only this thread takes it back, so either it waits for us or we leave. Code that was
     * forgotten meanwhile by another thread is announced in the same way.
     */
    __atomic_store_n(&cpu->in_code, 1, __ATOMIC_SEQ_CST);
    if (ret == -EMFILE) { /* nothing was done: the long way can make room, and asks again */
        t->restartable = false;
        return EXIT_SVC;
    }
    cpu->x[0] = (uint64_t)ret;
    if (__atomic_load_n(&cpu->exit_request, __ATOMIC_SEQ_CST) ||
        (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK))
        return EXIT_SVC_DONE;
    t->restartable = false;
    return EXIT_NONE;
}
