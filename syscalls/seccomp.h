/*
 * seccomp for the guest: its filters see the guest's numbers, arguments and pc, and judge what the
 * guest asks for, before anything of it is done; the emulator's own calls are not theirs.
 *
 * Invariant: Thread.seccomp_mode and Thread.seccomp of a running thread are written by itself or,
 * under the lock here, by a thread that synchronises; a filter is never changed once installed.
 */
#ifndef SYSCALLS_SECCOMP_H
#define SYSCALLS_SECCOMP_H

#include "emu/guest/thread.h"
#include "syscalls/bpf.h"

/* linux/seccomp.h */
#define SECCOMP_MODE_DISABLED 0
#define SECCOMP_MODE_STRICT 1
#define SECCOMP_MODE_FILTER 2

#define SECCOMP_ARCH 0xc00000b7u /* AUDIT_ARCH_AARCH64 */

/* What filters look at: struct seccomp_data. */
typedef struct SeccompData {
    uint32_t number, arch;
    uint64_t pc, arg[6];
} SeccompData;
_Static_assert(sizeof(SeccompData) == BPF_DATA_SIZE, "linux/seccomp.h struct seccomp_data");

#define SECCOMP_KNOWN_NUMBERS 512

/* An installed program; a thread has the newest of a list. */
typedef struct SeccompFilter {
    struct SeccompFilter *prev; /* what was there before it, or NULL */
    uint32_t users;             /* atomic: threads that have it as newest, filters behind it */
    uint32_t size;              /* in the kernel's instructions */
    bool log;                   /* SECCOMP_FILTER_FLAG_LOG */
    bool listened;              /* SECCOMP_FILTER_FLAG_NEW_LISTENER */
    uint64_t allows[SECCOMP_KNOWN_NUMBERS / 64]; /* atomic: the list allows it with any arguments */
    unsigned count;
    BpfInsn insns[];
} SeccompFilter;

/* Is a call of this number known to be allowed? Only a short way: false says nothing. */
static inline bool seccomp_allows(const Thread *t, uint64_t number)
{
    if (__atomic_load_n(&t->seccomp_mode, __ATOMIC_ACQUIRE) == SECCOMP_MODE_DISABLED)
        return true;
    if (__atomic_load_n(&t->seccomp_no_new_privs, __ATOMIC_RELAXED))
        return false;
    const SeccompFilter *f = __atomic_load_n(&t->seccomp, __ATOMIC_RELAXED);
    return f && number < SECCOMP_KNOWN_NUMBERS &&
           (__atomic_load_n(&f->allows[number / 64], __ATOMIC_RELAXED) >> number % 64 & 1);
}

/*
 * Judges the system call that the guest is at (x8, x0..x5, pc behind the SVC), for threads that
 * seccomp_allows says false of. True: make the call. False: it is done with, *ret is its result
 * (-ERESTARTNOINTR as from safe_syscall; after a SIGSYS x0 as the handler finds it).
 */
bool seccomp_check(CpuState *cpu, int64_t *ret);

/* prctl(PR_SET_SECCOMP) and (PR_GET_SECCOMP). */
int64_t seccomp_prctl_set(CpuState *cpu, uint64_t mode, uint64_t filter);
int64_t seccomp_prctl_get(CpuState *cpu);

/* A new thread or process has its creator's filters. The child is registered, and not running. */
void seccomp_clone(Thread *child, const Thread *parent);
void seccomp_release(Thread *t);
void seccomp_before_fork(void);
void seccomp_after_fork(void);

/* How many filters judge this thread, as /proc/PID/status counts them. */
unsigned seccomp_filter_count(const Thread *t);

/*
 * Over execve: the thread's filters in a new close-on-exec descriptor with a high number, -1 when
 * it has none (0, or -errno when the host gives no descriptor); and the other way round, before any
 * guest code: closes fd, and dies when that does not hold filters, because to run without them
 * would be wrong.
 */
int64_t seccomp_to_fd(const Thread *t, int *fd);
void seccomp_from_fd(Thread *t, int fd);

#endif
