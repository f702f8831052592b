/* Which programs, flags and callers the kernel accepts, and with what error it refuses others. */
#include "tests/syscalls/seccomp.h"
#include <linux/capability.h>
#include <sys/mman.h>

#define REFUSED(...) CHECK_ERRNO(INSTALL(__VA_ARGS__), EINVAL)
#define ACCEPTED(...) CHECK(INSTALL(__VA_ARGS__) == 0)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

static const struct sock_filter allow[] = {ALLOW};

static void bad_programs(void)
{
    REFUSED(LOAD(nr));                                           /* no RET at the end */
    REFUSED(BPF_STMT(0xffff, 0), ALLOW);                         /* no such code */
    REFUSED(BPF_STMT(BPF_RET | BPF_X, 0));
    REFUSED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), ALLOW);       /* unaligned, behind the data */
    REFUSED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), ALLOW);
    REFUSED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xfffff000), ALLOW);
    REFUSED(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), ALLOW);       /* for packets only */
    REFUSED(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), ALLOW);
    REFUSED(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), ALLOW);
    REFUSED(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), ALLOW);
    REFUSED(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), ALLOW);      /* not for seccomp */
    REFUSED(BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0), ALLOW);
    REFUSED(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW);
    REFUSED(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), ALLOW);
    REFUSED(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 32), ALLOW);
    REFUSED(BPF_STMT(BPF_JMP | BPF_JA, 1), ALLOW);               /* out of the program */
    REFUSED(BPF_STMT(BPF_JMP | BPF_JA, -1), ALLOW);
    REFUSED(EQUAL(0, 1, 0), ALLOW);
    REFUSED(EQUAL(0, 0, 1), ALLOW);
    REFUSED(BPF_STMT(BPF_ST, 16), ALLOW);
    REFUSED(BPF_STMT(BPF_LD | BPF_MEM, 0), ALLOW);               /* nothing was stored there */
    REFUSED(EQUAL(0, 0, 1), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), ALLOW);
    ACCEPTED(EQUAL(0, 0, 2), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_JMP | BPF_JA, 1),
             BPF_STMT(BPF_STX, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), ALLOW);
    ACCEPTED(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_MEM, 5), ALLOW); /* dead code */
    ACCEPTED(ALLOW, LOAD(nr), BPF_STMT(BPF_RET | BPF_A, 0));
}

static void sizes(void)
{
    static struct sock_filter code[4097];
    int n;

    for (n = 0; n < 4097; n++)
        code[n] = (struct sock_filter)ALLOW;
    CHECK_ERRNO(install_flags(code, 0, 0), EINVAL);
    CHECK_ERRNO(install_flags(code, 4097, 0), EINVAL);
    CHECK(install_flags(code, 4096, 0) == 0);
    for (n = 1; install_flags(code, 4096, 0) == 0 && n < 100; n++)
        ;
    CHECK(errno == ENOMEM && n == 3); /* 32768 of the kernel's: two for each RET, and a head */
    for (n = 0; install_flags(code, 1, 0) == 0 && n < 10000; n++)
        ;
    CHECK(errno == ENOMEM && n == 908);
    CHECK(getpid() > 0);
}

/*
 * What the kernel counts is its own form of a program: how many programs of 4093 times this
 * instruction fit tells how many it makes of one: 7 if one, 3 if two, 2 if three, 1 if five.
 */
static struct sock_filter repeated;

static void repeat(void)
{
    static struct sock_filter code[4096];
    int n;

    for (n = 1; n < 4094; n++)
        code[n] = repeated; /* never reached */
    code[0] = code[4094] = code[4095] = (struct sock_filter)ALLOW;
    for (n = 0; install_flags(code, 4096, 0) == 0; n++)
        ;
    _exit(errno == ENOMEM ? n : 100 + errno);
}

static void converted_sizes(void)
{
    static const struct {
        struct sock_filter insn;
        int fit;
    } cases[] = {
        {LOAD(nr), 7},
        {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), 7},
        {BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), 7},
        {BPF_STMT(BPF_LD | BPF_IMM, -1), 7},
        {BPF_STMT(BPF_STX, 1), 7},
        {BPF_STMT(BPF_MISC | BPF_TXA, 0), 7},
        {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 3), 7},
        {BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), 1},
        {BPF_STMT(BPF_ALU | BPF_NEG, 0), 7},
        {BPF_STMT(BPF_JMP | BPF_JA, 0), 7},
        {EQUAL(5, 0, 0), 7},
        {EQUAL(5, 1, 0), 7},
        {EQUAL(5, 0, 1), 7},
        {EQUAL(5, 1, 1), 3},
        {EQUAL(-5, 1, 0), 3},
        {EQUAL(-5, 1, 1), 2},
        {BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1), 7},
        {BPF_JUMP(BPF_JMP | BPF_JGE | BPF_X, -1, 1, 1), 3},
        {BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 5, 1, 0), 7},
        {BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 5, 0, 1), 3},
        {BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, -5, 0, 1), 2},
        {BPF_STMT(BPF_RET | BPF_A, 0), 7},
        {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        repeated = cases[i].insn;
        int status = in_child(repeat);
        CHECK(status == cases[i].fit << 8);
        if (status != cases[i].fit << 8)
            fprintf(stderr, "case %zu: status %#x\n", i, status);
    }
}

static void bad_pointers(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sock_fprog prog = {1, NULL};
    uint32_t action = SECCOMP_RET_TRAP;

    munmap(page + 4096, 4096);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, page + 4096 - 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), EINVAL);
    prog.filter = (void *)(page + 4096 - 4);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), EFAULT);
    CHECK_ERRNO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &action), EINVAL);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
    action |= 1;
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), EOPNOTSUPP);
}

static void bad_operations(void)
{
    CHECK_ERRNO(syscall(SYS_seccomp, 77, 0, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, allow), EINVAL);
    CHECK_ERRNO(install_flags(allow, 1, 1 << 6), EINVAL);
    CHECK_ERRNO(install_flags(allow, 1, 1u << 31), EINVAL);
    CHECK_ERRNO(install_flags(allow, 1, SECCOMP_FILTER_FLAG_TSYNC |
                                            SECCOMP_FILTER_FLAG_NEW_LISTENER), EINVAL);
    CHECK_ERRNO(prctl(PR_SET_SECCOMP, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_SET_SECCOMP, 3), EINVAL);
    CHECK(install_flags(allow, 1, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW) == 0);
    CHECK(prctl(PR_GET_SECCOMP) == 2);
    /* a mode is never left for another */
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL), EINVAL);
    CHECK_ERRNO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), EINVAL);
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};

    CHECK(syscall(SYS_capset, &head, none) == 0);
}

static void privileges(void)
{
    struct sock_fprog bad = {1, NULL};

    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) {
        drop_capabilities();
        CHECK_ERRNO(install_flags(allow, 1, 0), EACCES);
        CHECK_ERRNO(install_flags(allow, 0, 0), EINVAL); /* comes first */
        CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &bad), EACCES);
        CHECK_ERRNO(install_flags(allow, 1, 1 << 6), EINVAL);
        CHECK_ERRNO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                          &(struct sock_fprog){1, (struct sock_filter *)allow}), EACCES);
    }
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                &(struct sock_fprog){1, (struct sock_filter *)allow}) == 0);
    CHECK(seccomp_status("Seccomp:") == 2);
    CHECK(seccomp_status("Seccomp_filters:") == 1);
    CHECK(seccomp_status("NoNewPrivs:") == 1);
}

int main(void)
{
    CHECK_CHILD(privileges);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK_CHILD(bad_programs);
    CHECK_CHILD(sizes);
    converted_sizes();
    CHECK_CHILD(bad_pointers);
    CHECK_CHILD(bad_operations);
    return check_done();
}
