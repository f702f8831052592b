/*
 * A tracee's registers and memory: the sets of arm64, single steps against known instructions,
 * breakpoints in code that has run often, skipped and changed system calls, masks and siginfo.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif
#ifndef NT_ARM_TAGGED_ADDR_CTRL
#define NT_ARM_TAGGED_ADDR_CTRL 0x409
#endif
#define SYSEMU 31
#define SIGNAL_STOP(sig) ((sig) << 8 | 0x7f)
#define BRK 0xd4200000u

typedef struct Regs {
    uint64_t x[31], sp, pc, pstate;
} Regs;

typedef struct Vectors {
    unsigned __int128 v[32];
    uint32_t fpsr, fpcr, pad[2];
} Vectors;

static Regs get_regs(pid_t pid)
{
    Regs r = {0};
    struct iovec iov = {&r, sizeof r};

    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == 0 && iov.iov_len == sizeof r);
    return r;
}

static int set_regs(pid_t pid, Regs r)
{
    struct iovec iov = {&r, sizeof r};

    return (int)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

static int go_on(pid_t pid, long request, int sig)
{
    int status = -1;

    CHECK(ptrace(request, pid, 0, (long)sig) == 0);
    CHECK(waitpid(pid, &status, __WALL) == pid);
    return status;
}

static pid_t start(void (*body)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
        raise(SIGSTOP);
        body();
        _exit(check_failures != 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGSTOP));
    return pid;
}

static long poke(pid_t pid, uint64_t addr, uint32_t word)
{
    uint64_t at = addr & ~7ull, old = 0;
    unsigned shift = addr & 4 ? 32 : 0;

    errno = 0;
    old = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, at, 0);
    CHECK(errno == 0);
    old = (old & ~(0xffffffffull << shift)) | (uint64_t)word << shift;
    return ptrace(PTRACE_POKETEXT, pid, at, old);
}

static int go_to(pid_t pid, const void *addr)
{
    uint32_t old = *(const uint32_t *)addr; /* the same in this process */

    CHECK(poke(pid, (uint64_t)addr, BRK) == 0);
    int status = go_on(pid, PTRACE_CONT, 0);
    CHECK(status == SIGNAL_STOP(SIGTRAP) && get_regs(pid).pc == (uint64_t)addr);
    CHECK(poke(pid, (uint64_t)addr, old) == 0);
    return status;
}

/* x9 counts; flags, a taken and a not taken branch, a call, a load. */
extern const char steps[], steps_back[], steps_end[], steps_sub[];
__asm__(".text\n.align 3\n"
        ".globl steps, steps_back, steps_end, steps_sub\n"
        "steps:\n"
        "    mov x9, #5\n"
        "steps_back:\n"
        "    subs x9, x9, #1\n"
        "    b.ne steps_back\n"
        "    mov x10, x30\n"
        "    bl steps_sub\n"
        "    mov x30, x10\n"
        "    fmov d31, #1.5\n"
        "    ldr x11, [sp]\n"
        "    cmp x9, #1\n"
        "steps_end:\n"
        "    ret\n"
        "steps_sub:\n"
        "    ret\n");

static void do_steps(void)
{
    ((void (*)(void))steps)();
}

static void test_step(void)
{
    pid_t pid = start(do_steps);
    uint64_t at = (uint64_t)steps;
    siginfo_t info;
    unsigned i;
    uint64_t want[24], *w = want;

    go_to(pid, steps);
    for (i = 0; i < 5; i++) {
        *w++ = at + 4;
        *w++ = at + 8;
    }
    *w++ = at + 12;
    *w++ = at + 16;
    *w++ = (uint64_t)steps_sub;
    for (i = 5; i < 9; i++)
        *w++ = at + 4 * i;
    for (i = 0; i < (unsigned)(w - want); i++) {
        CHECK(go_on(pid, PTRACE_SINGLESTEP, 0) == SIGNAL_STOP(SIGTRAP));
        CHECK(get_regs(pid).pc == want[i]);
        CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
        CHECK(info.si_code == TRAP_TRACE && (uint64_t)info.si_addr == want[i]);
    }
    Regs r = get_regs(pid);
    CHECK(r.x[9] == 0 && (r.pstate >> 28) == 6);
    CHECK(go_on(pid, PTRACE_SINGLESTEP, 0) == SIGNAL_STOP(SIGTRAP));
    CHECK((get_regs(pid).pstate >> 28) == 8 && get_regs(pid).pc == (uint64_t)steps_end);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 0);
}

static volatile int calls_seen;
static __attribute__((noinline)) int often(int n)
{
    calls_seen++;
    return n * 3 + 1;
}

static void run_often(void)
{
    for (int i = 0; i < 100000; i++)
        often(i);
    raise(SIGUSR1);
    for (int i = 0; i < 100; i++)
        often(i);
    CHECK(calls_seen == 100100 - 1 + 1000);
}

/* Code that is translated: a breakpoint in it is met, is gone again, and x0 can be set. */
static void test_breakpoint(void)
{
    pid_t pid = start(run_often);
    siginfo_t info;

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGUSR1));
    for (int i = 0; i < 3; i++) {
        go_to(pid, (const void *)often);
        CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0 && info.si_code == TRAP_BRKPT &&
              info.si_addr == (void *)often);
        Regs r = get_regs(pid);
        CHECK(r.x[0] == (uint64_t)i);
        if (i == 2) { /* returned from at once */
            r.pc = r.x[30];
            CHECK(set_regs(pid, r) == 0);
        }
        CHECK(go_on(pid, PTRACE_SINGLESTEP, 0) == SIGNAL_STOP(SIGTRAP));
    }
    CHECK((int)ptrace(PTRACE_PEEKDATA, pid, &calls_seen, 0) >= 100002);
    int seen = (int)ptrace(PTRACE_PEEKDATA, pid, &calls_seen, 0);
    uint64_t word = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (uint64_t)&calls_seen & ~7ull, 0);
    unsigned shift = (uint64_t)&calls_seen & 4 ? 32 : 0;
    word = (word & ~(0xffffffffull << shift)) | (uint64_t)(uint32_t)(seen + 1000) << shift;
    CHECK(ptrace(PTRACE_POKEDATA, pid, (uint64_t)&calls_seen & ~7ull, word) == 0);

    /* the same by /proc/PID/mem */
    char name[40];
    uint32_t brk = BRK, old = *(const uint32_t *)(const void *)often;
    snprintf(name, sizeof name, "/proc/%d/mem", pid);
    int fd = open(name, O_RDWR);
    CHECK(fd >= 0 && pwrite(fd, &brk, 4, (off_t)often) == 4);
    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGTRAP));
    CHECK(get_regs(pid).pc == (uint64_t)often);
    CHECK(pwrite(fd, &old, 4, (off_t)often) == 4);
    close(fd);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 0);
}

static double computed;
static void compute(void)
{
    register double d __asm__("d8") = 3;

    raise(SIGUSR1);
    __asm__ volatile("" : "+w"(d));
    computed = d;
    CHECK(computed == 0.5);
    uint64_t fpcr, fpsr;
    __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(fpcr), "=r"(fpsr));
    CHECK(fpcr == 1u << 22 && fpsr == 0x10);
    __asm__ volatile("msr fpcr, xzr");
}

static void test_sets(void)
{
    pid_t pid = start(compute);
    Vectors v;
    struct iovec iov = {&v, sizeof v};
    uint64_t tls[2] = {0}, tagged = 7;
    struct {
        uint32_t info, pad;
        uint64_t slot[32];
    } debug;

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGUSR1));
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRFPREG, &iov) == 0 && iov.iov_len == 528);
    CHECK((uint64_t)v.v[8] == 0x4008000000000000ull);
    v.v[8] = 0x3fe0000000000000ull;
    v.fpcr = 1u << 22;
    v.fpsr = 0x10;
    CHECK(ptrace(PTRACE_SETREGSET, pid, NT_PRFPREG, &iov) == 0);
    memset(&v, 0, sizeof v);
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRFPREG, &iov) == 0);
    CHECK(v.fpcr == 1u << 22 && v.fpsr == 0x10 && (uint64_t)v.v[8] == 0x3fe0000000000000ull);
    iov = (struct iovec){tls, sizeof tls};
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_ARM_TLS, &iov) == 0 && iov.iov_len >= 8);
    CHECK(tls[0] == (uint64_t)__builtin_thread_pointer());
    iov = (struct iovec){&debug, sizeof debug};
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_ARM_HW_BREAK, &iov) == 0 && iov.iov_len >= 8);
    iov = (struct iovec){&debug, sizeof debug};
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_ARM_HW_WATCH, &iov) == 0 && iov.iov_len >= 8);
    iov = (struct iovec){&tagged, sizeof tagged};
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_ARM_TAGGED_ADDR_CTRL, &iov) == 0 && tagged == 0);
    iov = (struct iovec){&v, 16};
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == 0 && iov.iov_len == 16);
    iov.iov_len = 15;
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == -1 && errno == EINVAL);
    CHECK(ptrace(PTRACE_GETREGSET, pid, 0x12345, &iov) == -1 && errno == EINVAL);
    CHECK(ptrace(12, pid, 0, &v) == -1 && errno == EIO); /* no PTRACE_GETREGS */
    Regs r = get_regs(pid);
    r.pstate |= 0x80;
    CHECK(set_regs(pid, r) == -1 && errno == EINVAL);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 0);
}

static void call_us(void)
{
    CHECK(syscall(SYS_getpid) == 4711);                  /* skipped */
    CHECK(syscall(SYS_getpid) == getppid());             /* changed into getppid */
    CHECK(syscall(SYS_dup, 5) == -1 && errno == EBADF);  /* its argument was changed */
    CHECK(syscall(SYS_getuid) == 99);                    /* the result was changed */
    CHECK(syscall(SYS_kill, getpid(), SIGKILL) == 12);   /* by PTRACE_SYSEMU */
}

static pid_t to_call(pid_t pid, long number)
{
    for (int i = 0; i < 50; i++) {
        CHECK(go_on(pid, PTRACE_SYSCALL, 0) == SIGNAL_STOP(SIGTRAP));
        Regs r = get_regs(pid);
        if (r.x[7] == 0 && (long)r.x[8] == number)
            return pid;
        if (check_failures)
            break;
    }
    CHECK(!"the call is made");
    return pid;
}

static void set_call(pid_t pid, int number)
{
    struct iovec iov = {&number, sizeof number};

    CHECK(ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov) == 0);
}

static void test_calls(void)
{
    pid_t pid = start(call_us);
    int number = 0;
    struct iovec iov = {&number, sizeof number};

    to_call(pid, SYS_getpid);
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov) == 0 && number == SYS_getpid);
    set_call(pid, -1);
    Regs r = get_regs(pid);
    r.x[0] = 4711;
    CHECK(set_regs(pid, r) == 0);
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == SIGNAL_STOP(SIGTRAP) && get_regs(pid).x[7] == 1);
    to_call(pid, SYS_getpid);
    set_call(pid, SYS_getppid);
    to_call(pid, SYS_dup);
    r = get_regs(pid);
    CHECK(r.x[0] == 5);
    r.x[0] = 4000;
    CHECK(set_regs(pid, r) == 0);
    to_call(pid, SYS_getuid);
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == SIGNAL_STOP(SIGTRAP));
    r = get_regs(pid);
    r.x[0] = 99;
    CHECK(set_regs(pid, r) == 0);
    to_call(pid, SYS_getpid);
    CHECK(go_on(pid, SYSEMU, 0) == SIGNAL_STOP(SIGTRAP));
    r = get_regs(pid);
    CHECK(r.x[8] == SYS_kill && r.x[1] == SIGKILL);
    r.x[0] = 12;
    CHECK(set_regs(pid, r) == 0);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 0);
}

static volatile int got;
static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)context;
    got = sig + (info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void be_signalled(void)
{
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigset_t set;

    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    CHECK(got == SIGUSR1 + 1000);
    CHECK(sigprocmask(0, NULL, &set) == 0 && sigismember(&set, SIGUSR2));
    raise(SIGUSR2); /* the tracer blocked it */
    CHECK(sigpending(&set) == 0 && sigismember(&set, SIGUSR2));
}

/* siginfo and mask can be changed; a step with a signal ends at the handler. */
static void test_signal_state(void)
{
    pid_t pid = start(be_signalled);
    siginfo_t info;
    uint64_t mask = 0;

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGUSR1));
    CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 1000;
    CHECK(ptrace(PTRACE_SETSIGINFO, pid, 0, &info) == 0);
    CHECK(ptrace(PTRACE_GETSIGMASK, pid, 8, &mask) == 0 && !(mask & 1u << (SIGUSR2 - 1)));
    mask |= 1u << (SIGUSR2 - 1);
    CHECK(ptrace(PTRACE_SETSIGMASK, pid, 8, &mask) == 0);
    CHECK(ptrace(PTRACE_GETSIGMASK, pid, 8, &mask) == 0 && (mask & 1u << (SIGUSR2 - 1)));
    CHECK(ptrace(PTRACE_GETSIGMASK, pid, 4, &mask) == -1 && errno == EINVAL);
    CHECK(go_on(pid, PTRACE_SINGLESTEP, SIGUSR1) == SIGNAL_STOP(SIGTRAP));
    Regs r = get_regs(pid);
    CHECK(r.pc == (uint64_t)on_signal && r.x[0] == SIGUSR1);
    CHECK(go_on(pid, PTRACE_SINGLESTEP, 0) == SIGNAL_STOP(SIGTRAP));
    CHECK(get_regs(pid).pc == r.pc + 4);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 0);
}

static void sleep_here(void)
{
    for (;;)
        pause();
}

static void unused_function(void)
{
    _exit(42);
}

/* gdb calls a function of a program that is blocked in a call: pc moves, nothing restarts. */
static void test_moved(void)
{
    int status;
    pid_t pid = start(sleep_here);

    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    usleep(50000);
    CHECK(kill(pid, SIGUSR1) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGUSR1));
    Regs r = get_regs(pid);
    uint32_t at_pc = (uint32_t)(uint64_t)ptrace(PTRACE_PEEKTEXT, pid, r.pc, 0);
    CHECK(at_pc == 0xd4000001); /* it is shown at the SVC that would be restarted */
    r.pc = (uint64_t)unused_function;
    CHECK(set_regs(pid, r) == 0);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 42 << 8);
}

static void test_vector_of_process(void)
{
    pid_t pid = start(sleep_here);
    char name[40];
    uint64_t theirs[2] = {0};
    int fd, same = 0;

    snprintf(name, sizeof name, "/proc/%d/auxv", pid);
    fd = open(name, O_RDONLY);
    while (read(fd, theirs, sizeof theirs) == sizeof theirs && theirs[0])
        same += theirs[0] == 16 && theirs[1] != 0 && (theirs[1] & 3) == 3; /* fp, asimd */
    close(fd);
    CHECK(same == 1);
    CHECK(ptrace(PTRACE_KILL, pid, 0, 0) == 0);
    CHECK(waitpid(pid, &fd, 0) == pid);
}

int main(void)
{
    alarm(60);
    test_step();
    test_breakpoint();
    test_sets();
    test_calls();
    test_signal_state();
    test_moved();
    test_vector_of_process();
    return check_done();
}
