/*
 * What each answer of a filter does; what filters see; which of several answers counts; strict
 * mode; calls that translated code makes by itself.
 */
#include "tests/syscalls/seccomp.h"
#include <pthread.h>
#include <time.h>
#include <ucontext.h>

static volatile sig_atomic_t trapped;
static siginfo_t trap_info;
static uint64_t trap_pc, trap_x0, trap_x8;

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    trapped++;
    trap_info = *info;
    trap_pc = uc->uc_mcontext.pc;
    trap_x0 = uc->uc_mcontext.regs[0];
    trap_x8 = uc->uc_mcontext.regs[8];
    uc->uc_mcontext.regs[0] = 4711; /* what a sandbox does: it answers in the kernel's place */
}

static void catch_sigsys(void)
{
    struct sigaction act = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

    CHECK(sigaction(SIGSYS, &act, NULL) == 0);
}

static long raw(long number, long a, long b)
{
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    return x0;
}

static void errnos(void)
{
    CHECK(answer(NO_CALL, SECCOMP_RET_ERRNO | EXDEV) == 0);
    CHECK(raw(NO_CALL, 0, 0) == -EXDEV);
    CHECK(answer(NO_CALL + 1, SECCOMP_RET_ERRNO | 0xffff) == 0);
    CHECK(raw(NO_CALL + 1, 0, 0) == -4095);
    CHECK(answer(SYS_getppid, SECCOMP_RET_ERRNO) == 0); /* "success", and nothing is done */
    CHECK(raw(SYS_getppid, 1, 0) == 0);
    CHECK(answer(NO_CALL + 2, SECCOMP_RET_ERRNO | 512) == 0); /* no restart: just a number */
    CHECK(raw(NO_CALL + 2, 0, 0) == -512);
    CHECK(raw(NO_CALL + 3, 0, 0) == -ENOSYS);
}

/* The call with one argument, and where it was made: the pc behind the SVC. */
static __attribute__((noinline)) long call_from(long number, long a, uint64_t *pc)
{
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a;
    uint64_t here;

    __asm__ volatile("adr %1, 1f\nsvc #0\n1:" : "+r"(x0), "=&r"(here) : "r"(x8) : "memory");
    *pc = here;
    return x0;
}

static void traps(void)
{
    uint64_t here;

    catch_sigsys();
    CHECK(answer(SYS_getpriority, SECCOMP_RET_TRAP | 0x1234) == 0);
    CHECK(call_from(SYS_getpriority, 77, &here) == 4711);
    CHECK(trapped == 1);
    CHECK(trap_info.si_signo == SIGSYS && trap_info.si_code == SYS_SECCOMP);
    CHECK(trap_info.si_errno == 0x1234);
    CHECK(trap_info.si_call_addr == (void *)here && trap_pc == here);
    CHECK(trap_info.si_syscall == SYS_getpriority && trap_info.si_arch == AUDIT_ARCH_AARCH64);
    CHECK(trap_x0 == 77 && trap_x8 == SYS_getpriority);
}

static void trap_unhandled(void)
{
    CHECK(answer(NO_CALL, SECCOMP_RET_TRAP) == 0);
    raw(NO_CALL, 0, 0);
}

static void trap_blocked(void)
{
    sigset_t set;

    catch_sigsys();
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, NULL);
    trap_unhandled();
}

static void trap_ignored(void)
{
    signal(SIGSYS, SIG_IGN);
    trap_unhandled();
}

static void kills(void)
{
    catch_sigsys(); /* no handler is asked */
    CHECK(answer(NO_CALL, SECCOMP_RET_KILL_PROCESS) == 0);
    raw(NO_CALL, 0, 0);
}

static void kills_last_thread(void)
{
    catch_sigsys();
    CHECK(answer(NO_CALL, SECCOMP_RET_KILL_THREAD) == 0);
    raw(NO_CALL, 0, 0);
}

static void unknown_action(void)
{
    CHECK(answer(NO_CALL, 0x00070000) == 0);
    raw(NO_CALL, 0, 0);
}

static void *call_in_thread(void *number)
{
    raw((long)number, 0, 0);
    return NULL;
}

static void kills_one_thread(void)
{
    pthread_t thread;

    CHECK(answer(NO_CALL, SECCOMP_RET_KILL_THREAD) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&thread, NULL, call_in_thread, (void *)NO_CALL) == 0);
        CHECK(pthread_join(thread, NULL) == 0); /* the kernel clears its tid word */
    }
    CHECK(pthread_create(&thread, NULL, call_in_thread, (void *)NO_CALL + 1) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* A vfork child, which is a thread to the emulator, is a process: its parent lives on. */
static void kills_vfork_child(void)
{
    static const uint32_t answers[] = {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS,
                                       SECCOMP_RET_TRAP};

    for (volatile int i = 0; i < 3; i++) {
        int status = 0;
        pid_t pid = vfork();

        if (pid == 0) {
            answer(NO_CALL, answers[i]);
            raw(NO_CALL, 0, 0);
            _exit(1);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGSYS);
    }
    CHECK(raw(NO_CALL, 0, 0) == -ENOSYS);
}

static void *exit_later(void *arg)
{
    usleep(50000);
    _exit(7);
}

static void kills_first_thread(void)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, exit_later, NULL) == 0);
    kills_last_thread();
}

static void *kills_all(void *arg)
{
    raw(NO_CALL, 0, 0);
    return NULL;
}

static void kills_process_of_threads(void)
{
    pthread_t thread;

    CHECK(answer(NO_CALL, SECCOMP_RET_KILL_PROCESS) == 0);
    CHECK(pthread_create(&thread, NULL, kills_all, NULL) == 0);
    pthread_join(thread, NULL);
}

static void passes(void)
{
    CHECK(answer(SYS_getppid, SECCOMP_RET_LOG) == 0);
    CHECK(raw(SYS_getppid, 0, 0) > 0);
    CHECK(answer(SYS_getsid, SECCOMP_RET_TRACE | 5) == 0);
    CHECK(raw(SYS_getsid, 0, 0) == -ENOSYS);
    CHECK(answer(SYS_getpgid, SECCOMP_RET_USER_NOTIF) == 0);
    CHECK(raw(SYS_getpgid, 0, 0) == -ENOSYS);
}

static void precedence(void)
{
    static const uint32_t order[] = {SECCOMP_RET_TRAP,       SECCOMP_RET_ERRNO | 1,
                                     SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE,
                                     SECCOMP_RET_LOG,        SECCOMP_RET_ALLOW};

    catch_sigsys();
    for (int i = 5; i > 0; i--) { /* the stronger one later, then earlier */
        CHECK(answer(NO_CALL + i, order[i]) == 0);
        CHECK(answer(NO_CALL + i, order[i - 1]) == 0);
        CHECK(answer(NO_CALL + 10 + i, order[i - 1]) == 0);
        CHECK(answer(NO_CALL + 10 + i, order[i]) == 0);
        for (int n = NO_CALL + i; n <= NO_CALL + 10 + i; n += 10)
            CHECK(raw(n, 0, 0) == (i == 1 ? 4711 : i == 2 ? -EPERM : -ENOSYS));
    }
    /* of equal ones the newest */
    CHECK(answer(NO_CALL, SECCOMP_RET_ERRNO | 2) == 0);
    CHECK(answer(NO_CALL, SECCOMP_RET_ERRNO | 3) == 0);
    CHECK(answer(NO_CALL, SECCOMP_RET_ALLOW) == 0);
    CHECK(raw(NO_CALL, 0, 0) == -3);
    CHECK(seccomp_status("Seccomp:") == 2);
    CHECK(seccomp_status("Seccomp_filters:") == 23);
}

/* All 64 bits of each argument, and nothing of the prepared ones. */
static void arguments(void)
{
    CHECK(INSTALL(LOAD(nr), EQUAL(NO_CALL, 0, 6), LOAD_ARG(1, 1), EQUAL(0x12345678, 0, 4),
                  LOAD_ARG(1, 0), EQUAL(0x9abcdef0, 0, 2), RETURN(SECCOMP_RET_ERRNO | 1),
                  RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_ALLOW)) == 0);
    CHECK(raw(NO_CALL, 0, 0x123456789abcdef0) == -1);
    CHECK(raw(NO_CALL, 0, 0x123456799abcdef0) == -ENOSYS);
    CHECK(raw(NO_CALL, 0, 0x123456789abcdef1) == -ENOSYS);

    /* by argument: the same call is refused and allowed in turns */
    CHECK(INSTALL(LOAD(nr), EQUAL(SYS_getpgid, 0, 3), LOAD_ARG(0, 0), EQUAL(1234567, 0, 1),
                  RETURN(SECCOMP_RET_ERRNO | 99), RETURN(SECCOMP_RET_ALLOW)) == 0);
    for (int i = 0; i < 1000; i++) {
        CHECK(raw(SYS_getpgid, 0, 0) > 0);
        CHECK(raw(SYS_getpgid, 1234567, 0) == -99);
    }
    /* the number has 32 bits */
    CHECK(INSTALL(LOAD(nr), EQUAL(-7, 0, 1), RETURN(SECCOMP_RET_ERRNO | 7),
                  RETURN(SECCOMP_RET_ALLOW)) == 0);
    CHECK(raw(0x5fffffff9l, 0, 0) == -7);
    CHECK(raw(-8, 0, 0) == -ENOSYS);
}

static void instruction_pointer(void)
{
    uint64_t pc;
    const unsigned at = offsetof(struct seccomp_data, instruction_pointer);

    CHECK(call_from(NO_CALL, 0, &pc) == -ENOSYS);
    CHECK(INSTALL(LOAD(nr), EQUAL(NO_CALL, 0, 5), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
                  EQUAL((uint32_t)pc, 0, 3), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4),
                  EQUAL(pc >> 32, 0, 1), RETURN(SECCOMP_RET_ERRNO | 5),
                  RETURN(SECCOMP_RET_ALLOW)) == 0);
    CHECK(call_from(NO_CALL, 0, &pc) == -5);
    CHECK(raw(NO_CALL, 0, 0) == -ENOSYS);
}

/* Every instruction that a filter may have, with its result as the errno. */
static uint32_t compute(const struct sock_filter *code, unsigned count)
{
    struct sock_filter all[40] = {LOAD(nr), EQUAL(NO_CALL, 1, 0), RETURN(SECCOMP_RET_ALLOW)};
    int status;
    pid_t pid;

    memcpy(all + 3, code, count * sizeof *code);
    count += 3;
    all[count++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff);
    all[count++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
    all[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    pid = fork();
    if (pid == 0)
        _exit(install_flags(all, count, 0) == 0 ? -raw(NO_CALL, 0x1122334455667788, 0) : 255);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define COMPUTE(...)                                                                               \
    ({                                                                                             \
        const struct sock_filter code_[] = {__VA_ARGS__};                                          \
        compute(code_, sizeof code_ / sizeof *code_);                                              \
    })
#define A_IMM(n) BPF_STMT(BPF_LD | BPF_IMM, n)
#define X_IMM(n) BPF_STMT(BPF_LDX | BPF_IMM, n)
#define ALU_K(op, n) BPF_STMT(BPF_ALU | BPF_##op | BPF_K, n)
#define ALU_X(op) BPF_STMT(BPF_ALU | BPF_##op | BPF_X, 0)
#define TAX BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define TXA BPF_STMT(BPF_MISC | BPF_TXA, 0)

static void instructions(void)
{
    CHECK(COMPUTE(ALU_K(ADD, 7)) == (NO_CALL + 7 & 0xff));
    CHECK(COMPUTE(A_IMM(200), ALU_K(SUB, 201), ALU_K(RSH, 28)) == 15);
    CHECK(COMPUTE(A_IMM(7), ALU_K(MUL, 9)) == 63);
    CHECK(COMPUTE(A_IMM(0x80000000), ALU_K(DIV, 0x10000000)) == 8);
    CHECK(COMPUTE(A_IMM(0xf7), ALU_K(AND, 0x3c), ALU_K(OR, 1), ALU_K(XOR, 0xf0)) == 0xc5);
    CHECK(COMPUTE(A_IMM(3), ALU_K(LSH, 5)) == 96);
    CHECK(COMPUTE(A_IMM(1), BPF_STMT(BPF_ALU | BPF_NEG, 0)) == 255);
    CHECK(COMPUTE(A_IMM(100), X_IMM(7), ALU_X(ADD), ALU_X(SUB), ALU_X(MUL)) == (700 & 0xff));
    CHECK(COMPUTE(A_IMM(100), X_IMM(7), ALU_X(DIV), ALU_X(OR)) == 15);
    CHECK(COMPUTE(A_IMM(0x6c), X_IMM(0x3f), ALU_X(AND), ALU_X(XOR)) == 0x13);
    CHECK(COMPUTE(A_IMM(3), X_IMM(33), ALU_X(LSH)) == 6);  /* the low five bits count */
    CHECK(COMPUTE(A_IMM(64), X_IMM(35), ALU_X(RSH)) == 8);
    CHECK(COMPUTE(A_IMM(9), TAX, A_IMM(1), TXA) == 9);
    CHECK(COMPUTE(A_IMM(5), BPF_STMT(BPF_ST, 15), X_IMM(6), BPF_STMT(BPF_STX, 0),
                  BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_LDX | BPF_MEM, 15),
                  ALU_X(ADD)) == 11);
    CHECK(COMPUTE(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)) == 64);
    CHECK(COMPUTE(BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), TXA) == 64);
    CHECK(COMPUTE(LOAD_ARG(0, 0), ALU_K(RSH, 8)) == 0x77);
    CHECK(COMPUTE(LOAD_ARG(0, 1), ALU_K(RSH, 24)) == 0x11);
    CHECK(COMPUTE(X_IMM(5), A_IMM(9), BPF_STMT(BPF_JMP | BPF_JA, 1), A_IMM(1)) == 9);

    /* comparisons are unsigned; each kind both ways, with a constant and with X */
    static const struct {
        int op;
        uint32_t a, b;
        int yes;
    } cases[] = {
        {BPF_JEQ, 5, 5, 1},          {BPF_JEQ, 5, 6, 0},
        {BPF_JGT, 0x80000000, 5, 1}, {BPF_JGT, 5, 0x80000000, 0}, {BPF_JGT, 5, 5, 0},
        {BPF_JGE, 5, 5, 1},          {BPF_JGE, 4, 0xffffffff, 0}, {BPF_JGE, 0xffffffff, 4, 1},
        {BPF_JSET, 6, 2, 1},         {BPF_JSET, 6, 9, 0},         {BPF_JSET, 1u << 31, ~0u, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int x = 0; x <= BPF_X; x += BPF_X)
            for (int nop = 0; nop < 3; nop++) /* jumps over nothing, something, both */
                CHECK(COMPUTE(X_IMM(x ? cases[i].b : 0), A_IMM(cases[i].a),
                              BPF_JUMP(BPF_JMP | cases[i].op | x, x ? 0 : cases[i].b,
                                       nop == 1 ? 0 : 2, nop == 1 ? 2 : 0),
                              A_IMM(nop == 1), BPF_STMT(BPF_JMP | BPF_JA, 1),
                              A_IMM(nop != 1)) == cases[i].yes);
}

static void divides_by_zero(void)
{
    CHECK(INSTALL(LOAD(nr), EQUAL(NO_CALL, 1, 0), RETURN(SECCOMP_RET_ALLOW), X_IMM(0), ALU_X(DIV),
                  RETURN(SECCOMP_RET_ALLOW)) == 0);
    raw(NO_CALL, 0, 0); /* a filter that divides by 0 returns 0: KILL_THREAD */
}

/* Calls that translated code passes to the host by itself, refused while their loop is hot. */
static void hot_calls(void)
{
    struct timespec now;

    for (int i = 0; i < 20000; i++) {
        if (i == 10000) {
            CHECK(raw(SYS_getppid, 0, 0) > 0);
            CHECK(answer(SYS_getppid, SECCOMP_RET_ERRNO | 33) == 0);
            CHECK(answer(SYS_clock_gettime, SECCOMP_RET_ERRNO | 34) == 0);
        }
        long pid = raw(SYS_getppid, 0, 0), t = raw(SYS_clock_gettime, 1, (long)&now);
        if ((pid == -33) != (i >= 10000) || (t == -34) != (i >= 10000)) {
            CHECK(!"a hot call is judged");
            break;
        }
    }
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0); /* the vDSO makes no system call */
    CHECK_ERRNO(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 34); /* which asks the kernel */
}

static void refuse_read(int sig)
{
    CHECK(answer(SYS_read, SECCOMP_RET_ERRNO | 35) == 0);
}

/* A call that is made again after a handler is judged again. */
static void restarts(void)
{
    struct sigaction act = {.sa_handler = refuse_read, .sa_flags = SA_RESTART};
    int fd[2];
    char c;

    CHECK(pipe(fd) == 0 && sigaction(SIGALRM, &act, NULL) == 0);
    alarm(1);
    CHECK_ERRNO(read(fd[0], &c, 1), 35);
}

static void on_usr1(int sig)
{
}

/* rt_sigreturn is a call like others. */
static void sigreturn_refused(void)
{
    signal(SIGUSR1, on_usr1);
    CHECK(answer(SYS_rt_sigreturn, SECCOMP_RET_KILL_PROCESS) == 0);
    raise(SIGUSR1);
}

static void strict(void)
{
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    CHECK(write(1, "", 0) == 0);
    raw(SYS_exit, 0, 0);
}

static void strict_kills(void)
{
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
    raw(SYS_getpid, 0, 0);
}

static void strict_kills_exit_group(void)
{
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
    _exit(0);
}

static void *strict_thread(void *arg)
{
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    raw(SYS_getpid, 0, 0);
    return NULL;
}

static void strict_kills_one_thread(void)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, strict_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(prctl(PR_GET_SECCOMP) == 0);
}

int main(void)
{
    int before = prctl(PR_GET_SECCOMP);

    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK_CHILD(errnos);
    CHECK_CHILD(traps);
    CHECK_KILLED(trap_unhandled, SIGSYS);
    CHECK_KILLED(trap_blocked, SIGSYS);
    CHECK_KILLED(trap_ignored, SIGSYS);
    CHECK_KILLED(kills, SIGSYS);
    CHECK_KILLED(kills_last_thread, SIGSYS);
    CHECK_KILLED(unknown_action, SIGSYS);
    CHECK_CHILD(kills_one_thread);
    CHECK_CHILD(kills_vfork_child);
    CHECK(in_child(kills_first_thread) == 7 << 8);
    CHECK_KILLED(kills_process_of_threads, SIGSYS);
    CHECK_CHILD(passes);
    CHECK_CHILD(precedence);
    CHECK_CHILD(arguments);
    CHECK_CHILD(instruction_pointer);
    instructions();
    CHECK_KILLED(divides_by_zero, SIGSYS);
    CHECK_CHILD(hot_calls);
    CHECK_CHILD(restarts);
    CHECK_KILLED(sigreturn_refused, SIGSYS);
    CHECK_CHILD(strict);
    CHECK_KILLED(strict_kills, SIGKILL);
    CHECK_KILLED(strict_kills_exit_group, SIGKILL);
    CHECK_CHILD(strict_kills_one_thread);
    CHECK(prctl(PR_GET_SECCOMP) == before); /* nothing of it came back to the parent */
    return check_done();
}
