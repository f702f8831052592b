/* Synchronous signals: codes, addresses, context, recovery, and death when nobody listens. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static sigjmp_buf back;
static siginfo_t info;
static uint64_t fault_pc, fault_x5;
static volatile int skip;

static void on_fault(int sig, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;
    info = *si;
#ifdef __aarch64__
    fault_pc = uc->uc_mcontext.pc;
    fault_x5 = uc->uc_mcontext.regs[5];
    if (skip) {
        uc->uc_mcontext.pc += 4;
        uc->uc_mcontext.regs[0] = 77;
        return;
    }
#else
    (void)uc;
#endif
    siglongjmp(back, sig);
}

#define CATCH(action)                                                                              \
    ({                                                                                             \
        int sig_ = sigsetjmp(back, 1);                                                             \
        if (!sig_) {                                                                               \
            action;                                                                                \
        }                                                                                          \
        sig_;                                                                                      \
    })

static void test_memory(void)
{
    char *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p + 4096, 4096);
    CHECK(CATCH(*(volatile char *)(p + 4096 + 5) = 1) == SIGSEGV);
    CHECK(info.si_code == SEGV_MAPERR && info.si_addr == p + 4096 + 5);
    CHECK(CATCH(*(volatile char *)(p + 7) = 1) == SIGSEGV);
    CHECK(info.si_code == SEGV_ACCERR && info.si_addr == p + 7);
    CHECK(CATCH((void)*(volatile int *)8) == SIGSEGV && info.si_addr == (void *)8);

    char name[] = "/tmp/faultXXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    ftruncate(fd, 100);
    p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(CATCH((void)*(volatile char *)(p + 5000)) == SIGBUS);
    CHECK(info.si_code == BUS_ADRERR && info.si_addr == p + 5000);
    CHECK(CATCH(((void (*)(void))p)()) == SIGSEGV); /* not executable */
    CHECK(info.si_code == SEGV_ACCERR && info.si_addr == p);
    CHECK(CATCH(((void (*)(void))4096)()) == SIGSEGV);
    CHECK(info.si_code == SEGV_MAPERR && info.si_addr == (void *)4096);
    close(fd);
}

#ifdef __aarch64__
/* The handler moves past the instruction and sets x0; all else, flags included, is kept. */
static void test_skip(void)
{
    uint64_t result, flags, other;
    skip = 1;
    __asm__ volatile("mov x5, #1234\n mov x6, #16\n cmp x5, #1234\n"
                     "ldr x0, [x6]\n"
                     "mov %0, x0\n cset %1, eq\n mov %2, x5\n"
                     : "=r"(result), "=r"(flags), "=r"(other)
                     :
                     : "x0", "x5", "x6", "cc", "memory");
    CHECK(result == 77 && flags == 1 && other == 1234);
    CHECK(info.si_addr == (void *)16 && fault_x5 == 1234);
    __asm__ volatile("mov x5, #5\n brk #7\n" ::: "x0", "x5", "memory");
    CHECK(info.si_signo == SIGTRAP && info.si_code == TRAP_BRKPT &&
          info.si_addr == (void *)fault_pc);
    __asm__ volatile("udf #7\n" ::: "x0", "memory");
    CHECK(info.si_signo == SIGILL && info.si_code == ILL_ILLOPC &&
          info.si_addr == (void *)fault_pc);
    skip = 0;
}

static void test_addresses(void)
{
    /* a tag in the top byte is ignored */
    static volatile int value = 5;
    volatile int *tagged = (volatile int *)((uintptr_t)&value | 0xab00000000000000ull);
    CHECK(*tagged == 5);
    *tagged = 6;
    CHECK(value == 6);
    CHECK(__atomic_add_fetch((int *)tagged, 1, __ATOMIC_SEQ_CST) == 7);
}
#endif

static int death(void (*fn)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        close(2);
        fn();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void die_segv(void)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile char *)1 = 1;
}

static void die_ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    *(volatile char *)1 = 1;
}

static void die_blocked(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *(volatile char *)1 = 1;
}

static void die_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void die_term(void)
{
    raise(SIGTERM);
}

static void die_kill_segv(void)
{
    signal(SIGSEGV, SIG_DFL);
    kill(getpid(), SIGSEGV);
}

static void ignore_kill_segv(void)
{
    signal(SIGSEGV, SIG_IGN);
    kill(getpid(), SIGSEGV);
}

/* Sent while blocked: waits, is pending, and comes when the mask opens. */
static void hold_segv(void)
{
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGSEGV);
    sigpending(&pending);
    if (!sigismember(&pending, SIGSEGV))
        _exit(1);
    if (CATCH(sigprocmask(SIG_UNBLOCK, &set, NULL)) != SIGSEGV)
        _exit(2);
    _exit(info.si_code == SI_TKILL ? 3 : 4);
}

static char alt[65536];
static int deep(int n)
{
    volatile char pad[4096];
    pad[0] = (char)n;
    return n > 1000000000 ? 0 : deep(n + 1) + pad[0];
}

static void overflow(void)
{
    stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt};
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct rlimit small = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_STACK, &small);
    sigaltstack(&ss, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    if (CATCH(deep(1)) != SIGSEGV)
        _exit(1);
    _exit(9);
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGTRAP, &sa, NULL);
    test_memory();
#ifdef __aarch64__
    test_skip();
    test_addresses();
#endif
    CHECK(death(die_segv) == SIGSEGV);
    CHECK(death(die_ignored) == SIGSEGV);
    CHECK(death(die_blocked) == SIGSEGV);
    CHECK(death(die_abort) == SIGABRT);
    CHECK(death(die_term) == SIGTERM);
    CHECK(death(die_kill_segv) == SIGSEGV);
    CHECK(death(ignore_kill_segv) == 0);
    CHECK(death(hold_segv) == -3);
    CHECK(death(overflow) == -9);
    return check_done();
}
