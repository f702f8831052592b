/*
 * refuse WHAT[,WHAT...] PROGRAM ARGS... executes PROGRAM on a host that is made to refuse things.
 * WHAT is one of
 *     CALL:ERRNO   this system call fails (a seccomp filter), whatever its arguments; execve here
 *                  is spared
 *     CALL+A&M:ERRNO  it fails when argument A has a bit of the mask M
 *     mdwe         memory may not become executable (PR_SET_MDWE)
 * Exit 77: this host cannot refuse that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPARED 0x5a5a /* in the sixth argument, which execve has not */

typedef struct Name {
    const char *name;
    int number;
} Name;

static const Name calls[] = {
#define CALL(name) {#name, SYS_##name},
    CALL(brk) CALL(clock_gettime) CALL(clone) CALL(clone3) CALL(close) CALL(execve) CALL(execveat)
    CALL(faccessat2) CALL(fcntl) CALL(fork) CALL(fstat) CALL(fstatfs) CALL(ftruncate) CALL(futex)
    CALL(getpid) CALL(getrandom) CALL(gettid) CALL(getxattr) CALL(fgetxattr) CALL(madvise)
    CALL(memfd_create) CALL(mmap) CALL(mprotect) CALL(mremap) CALL(munmap) CALL(newfstatat)
    CALL(open) CALL(openat) CALL(personality) CALL(prctl) CALL(pread64) CALL(prlimit64)
    CALL(readlink) CALL(readlinkat) CALL(rt_sigaction) CALL(rt_sigprocmask) CALL(sched_yield)
    CALL(set_robust_list) CALL(set_tid_address) CALL(shmget) CALL(shmat) CALL(sigaltstack)
    CALL(statx) CALL(tgkill) CALL(vfork) CALL(wait4)
};

static const Name errors[] = {
    {"EPERM", EPERM}, {"EACCES", EACCES}, {"ENOSYS", ENOSYS}, {"ENOMEM", ENOMEM},
    {"EINVAL", EINVAL},
};

static int number(const Name *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i].name, name))
            return names[i].number;
    fprintf(stderr, "refuse: unknown name '%s'\n", name);
    exit(2);
}

#define NUMBER(names, name) number(names, sizeof names / sizeof *names, name)
#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))

/* mask 0: whatever the arguments. */
static void refuse_call(int nr, unsigned arg, unsigned mask, int error)
{
    struct sock_filter filter[] = {
        FIELD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 5),
        FIELD(args[5]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SPARED, 3, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 (unsigned)offsetof(struct seccomp_data, args) + 8 * arg),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

    if (!mask)
        filter[5] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
        exit(77);
}

static void deny_write_execute(void)
{
    enum { SET_MDWE = 65 };

    if (prctl(SET_MDWE, 1, 0, 0, 0)) {
        puts("skipped: this kernel has no PR_SET_MDWE");
        exit(77);
    }
}

static void refuse(char *what)
{
    char *error = strchr(what, ':'), *arg = strchr(what, '+');
    unsigned index = 0, mask = 0;

    if (!strcmp(what, "mdwe")) {
        deny_write_execute();
        return;
    }
    if (!error || (arg && sscanf(arg, "+%u&%x", &index, &mask) != 2)) {
        fprintf(stderr, "refuse: bad word '%s'\n", what);
        exit(2);
    }
    *error = 0;
    if (arg)
        *arg = 0;
    refuse_call(NUMBER(calls, what), index, mask, NUMBER(errors, error + 1));
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    for (char *what = strtok(argv[1], ","); what; what = strtok(NULL, ","))
        refuse(what);
    syscall(SYS_execve, argv[2], argv + 2, environ, 0, 0, SPARED);
    return 78;
}
