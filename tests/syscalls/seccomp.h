/* What the seccomp tests share: short filters, and children that may die by them. */
#ifndef TESTS_SYSCALLS_SECCOMP_H
#define TESTS_SYSCALLS_SECCOMP_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "tests/syscalls/guest.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n, high)                                                                          \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                                             \
             offsetof(struct seccomp_data, args) + 8 * (n) + ((high) ? 4 : 0))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code */
#endif

/* A number of no call: what filters answer for it is all that there is. */
#define NO_CALL 300

static inline long install_flags(const struct sock_filter *code, unsigned count, unsigned flags)
{
    struct sock_fprog prog = {(unsigned short)count, (struct sock_filter *)code};

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

#define INSTALL(...)                                                                               \
    ({                                                                                             \
        const struct sock_filter code_[] = {__VA_ARGS__};                                          \
        install_flags(code_, sizeof code_ / sizeof *code_, 0);                                     \
    })

/* The call `number` gets this answer, all others are allowed. */
static inline long answer(int number, uint32_t what)
{
    return INSTALL(LOAD(arch), EQUAL(AUDIT_ARCH_AARCH64, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS),
                   LOAD(nr), EQUAL(number, 0, 1), RETURN(what), RETURN(SECCOMP_RET_ALLOW));
}

/* Runs in a child, whose failed CHECKs are ours: its wait status. */
static inline int in_child(void (*run)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        check_failures = 0;
        run();
        _exit(check_failures ? 99 : 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

#define CHECK_CHILD(run) CHECK(in_child(run) == 0)
#define CHECK_KILLED(run, sig)                                                                     \
    do {                                                                                           \
        int status_ = in_child(run);                                                               \
        CHECK(WIFSIGNALED(status_) && WTERMSIG(status_) == (sig));                                 \
    } while (0)

static inline int status_of(const char *path, const char *field)
{
    char line[256];
    int value = -1;
    FILE *f = fopen(path, "r");

    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, strlen(field)))
            value = atoi(line + strlen(field));
    if (f)
        fclose(f);
    return value;
}

static inline int seccomp_status(const char *field)
{
    return status_of("/proc/self/status", field);
}

#endif
