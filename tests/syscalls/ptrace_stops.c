/*
 * What a tracer's wait sees: signals let through, suppressed and replaced, system calls, events,
 * group stops, SEIZE and its requests, detaching, and the tracer's end. (The same on any machine.)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define SIGNAL_STOP(sig) ((sig) << 8 | 0x7f)
#define EVENT_STOP(event) ((SIGTRAP | (event) << 8) << 8 | 0x7f)
#define CALL_STOP SIGNAL_STOP(SIGTRAP | 0x80)

static volatile sig_atomic_t handled;
static void count(int sig)
{
    handled = handled * 100 + sig;
}

/* Runs body in a child that has stopped itself, traced; ends it when body returns. */
static pid_t start(void (*body)(void), unsigned long options)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
        raise(SIGSTOP);
        body();
        _exit(handled);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGSTOP));
    if (options)
        CHECK(ptrace(PTRACE_SETOPTIONS, pid, 0, options) == 0);
    return pid;
}

static int go_on(pid_t pid, long request, int sig)
{
    int status = -1;

    CHECK(ptrace(request, pid, 0, (long)sig) == 0);
    CHECK(waitpid(pid, &status, __WALL) == pid);
    return status;
}

static int code_of_stop(pid_t pid, siginfo_t *info)
{
    return ptrace(PTRACE_GETSIGINFO, pid, 0, info) == 0 ? info->si_code : -1;
}

static void send_some(void)
{
    signal(SIGUSR1, count);
    signal(SIGUSR2, count);
    signal(SIGWINCH, SIG_IGN);
    raise(SIGUSR1);  /* is let through */
    raise(SIGUSR1);  /* is suppressed */
    raise(SIGUSR1);  /* becomes SIGUSR2 */
    raise(SIGWINCH); /* is seen, although ignored */
    sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 77});
}

static void test_signals(void)
{
    siginfo_t info;
    pid_t pid = start(send_some, 0);

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGUSR1));
    CHECK(code_of_stop(pid, &info) == SI_TKILL && info.si_pid == pid && info.si_signo == SIGUSR1);
    CHECK(go_on(pid, PTRACE_CONT, SIGUSR1) == SIGNAL_STOP(SIGUSR1));
    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGUSR1));
    CHECK(go_on(pid, PTRACE_CONT, SIGUSR2) == SIGNAL_STOP(SIGWINCH));
    CHECK(go_on(pid, PTRACE_CONT, SIGWINCH) == SIGNAL_STOP(SIGUSR2));
    CHECK(code_of_stop(pid, &info) == SI_QUEUE && info.si_value.sival_int == 77);
    CHECK(go_on(pid, PTRACE_CONT, 0) == ((SIGUSR1 * 100 + SIGUSR2) & 0xff) << 8);
}

static void die(void)
{
    raise(SIGTERM);
    abort();
}

static void test_death(void)
{
    pid_t pid = start(die, 0);

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGTERM));
    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGABRT));
    CHECK((go_on(pid, PTRACE_CONT, SIGABRT) & 0x7f) == SIGABRT);
    pid = start(die, 0);
    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGTERM));
    CHECK(go_on(pid, PTRACE_CONT, SIGTERM) == SIGTERM);
    pid = start(die, 0);
    CHECK(go_on(pid, PTRACE_CONT, SIGTERM) == SIGTERM); /* instead of the SIGSTOP */
    pid = start(die, 0);
    CHECK(kill(pid, SIGKILL) == 0);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGKILL);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == -1 && errno == ESRCH);
}

static void crash(void)
{
    *(volatile int *)16 = 1;
}

static void test_fault(void)
{
    siginfo_t info;
    pid_t pid = start(crash, 0);

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGSEGV));
    CHECK(code_of_stop(pid, &info) == SEGV_MAPERR && info.si_addr == (void *)16);
    CHECK((go_on(pid, PTRACE_CONT, SIGSEGV) & 0x7f) == SIGSEGV);
}

static void some_calls(void)
{
    syscall(SYS_getppid);
    syscall(SYS_close, -1);
    syscall(SYS_getpriority, 11, 22, 33, 44, 55, 66);
}

static void test_calls(void)
{
    struct __ptrace_syscall_info info;
    const long size = sizeof info;
    pid_t pid = start(some_calls, PTRACE_O_TRACESYSGOOD);

    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, &info) == 24 && info.op == 0);
    do { /* the rest of raise() */
        CHECK(go_on(pid, PTRACE_SYSCALL, 0) == CALL_STOP);
        CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, &info) > 0);
    } while (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_getppid);
    siginfo_t si;
    CHECK(code_of_stop(pid, &si) == (SIGTRAP | 0x80));
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == CALL_STOP);
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, &info) == 33);
    CHECK(info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.rval == getpid() && !info.exit.is_error);
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == CALL_STOP);
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, &info) >= 80);
    CHECK(info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_close);
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == CALL_STOP);
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, &info) == 33);
    CHECK(info.exit.rval == -EBADF && info.exit.is_error == 1);
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == CALL_STOP);
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, &info) >= 80);
    for (unsigned i = 0; i < 6; i++)
        CHECK(info.entry.args[i] == 11 * (i + 1));
    unsigned long message = 0;
    CHECK(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) == 0 && message == 1);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 0);
}

/* A call that a suppressed signal interrupts goes on; one whose handler runs does not. */
static void sleep_twice(void)
{
    struct timespec t = {0, 300000000}, start_at, end;

    signal(SIGUSR1, count);
    clock_gettime(CLOCK_MONOTONIC, &start_at);
    CHECK(nanosleep(&t, NULL) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long slept = (end.tv_sec - start_at.tv_sec) * 1000000000L + end.tv_nsec - start_at.tv_nsec;
    CHECK(slept >= 300000000);
    CHECK(poll(NULL, 0, 100) == 0);
    handled = 0;
    CHECK(poll(NULL, 0, 5000) == -1 && errno == EINTR && handled == SIGUSR1);
    if (check_failures)
        _exit(99);
}

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static void test_restart(void)
{
    pid_t pid = start(sleep_twice, 0);
    int status;

    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    pause_ms(100);
    CHECK(kill(pid, SIGUSR1) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGUSR1));
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    pause_ms(500);
    CHECK(kill(pid, SIGUSR1) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGUSR1));
    CHECK(go_on(pid, PTRACE_CONT, SIGUSR1) == SIGUSR1 << 8);
}

static char child_stack[65536] __attribute__((aligned(16)));
static int thread(void *arg)
{
    syscall(SYS_exit, (long)arg);
    return 0;
}

static void make_children(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(3);
    waitpid(pid, &status, 0);
    pid = vfork();
    if (pid == 0)
        _exit(4);
    waitpid(pid, &status, 0);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    clone(thread, child_stack + sizeof child_stack, flags, (void *)0);
    pause_ms(200);
    signal(SIGCHLD, SIG_DFL);
}

/* Lets everything run; collects what stops and how it ends. */
static void test_events(bool seize)
{
    unsigned long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                            PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT;
    unsigned seen[256] = {0}, first = 0, ends = 0;
    unsigned long message;
    int status;
    pid_t pid;

    if (seize) {
        pid = fork();
        if (pid == 0) {
            raise(SIGSTOP);
            make_children();
            _exit(0);
        }
        CHECK(waitpid(pid, &status, WUNTRACED) == pid && status == SIGNAL_STOP(SIGSTOP));
        CHECK(ptrace(PTRACE_SEIZE, pid, 0, options) == 0);
        CHECK(kill(pid, SIGCONT) == 0);
    } else {
        pid = start(make_children, options);
        CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    }
    for (pid_t who; (who = waitpid(-1, &status, __WALL)) > 0;) {
        int sig = 0;
        if (WIFEXITED(status)) {
            ends += 1u << (4 * WEXITSTATUS(status));
            continue;
        }
        CHECK(WIFSTOPPED(status));
        unsigned event = (unsigned)status >> 16;
        if (event && event != PTRACE_EVENT_STOP) {
            seen[event]++;
            CHECK(ptrace(PTRACE_GETEVENTMSG, who, 0, &message) == 0);
            CHECK(WSTOPSIG(status) == SIGTRAP);
            if (event == PTRACE_EVENT_EXIT)
                CHECK((message >> 8) <= 4);
            else
                CHECK((pid_t)message > 0 && (pid_t)message != who);
        } else if (who != pid && (seize ? event == PTRACE_EVENT_STOP && WSTOPSIG(status) == SIGTRAP
                                        : WSTOPSIG(status) == SIGSTOP)) {
            first++;
        } else if (!event) {
            sig = WSTOPSIG(status);
        }
        CHECK(ptrace(PTRACE_CONT, who, 0, (long)sig) == 0);
    }
    CHECK(seen[PTRACE_EVENT_FORK] == 1);
    CHECK(seen[PTRACE_EVENT_VFORK] == 1);
    CHECK(seen[PTRACE_EVENT_VFORK_DONE] == 1);
    CHECK(seen[PTRACE_EVENT_CLONE] == 1);
    CHECK(seen[PTRACE_EVENT_EXIT] == 4);
    CHECK(first == 3);
    CHECK(ends == (0x11000 | 2) || ends == (0x11000 | 1)); /* a thread's end: seen or not */
}

static void execute(void)
{
    char *argv[] = {"/proc/self/exe", "exit9", NULL};
    execv(argv[0], argv);
}

static void test_exec(void)
{
    int status;
    unsigned long message = 0;
    pid_t pid = start(execute, 0);

    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGTRAP));
    CHECK(go_on(pid, PTRACE_CONT, 0) == 9 << 8);
    pid = start(execute, PTRACE_O_TRACEEXEC);
    CHECK(go_on(pid, PTRACE_CONT, 0) == EVENT_STOP(PTRACE_EVENT_EXEC));
    CHECK(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) == 0 && (pid_t)message == pid);
    CHECK(go_on(pid, PTRACE_CONT, 0) == 9 << 8);
    pid = start(execute, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
    for (int i = 0; i < 20 && go_on(pid, PTRACE_SYSCALL, 0) != EVENT_STOP(PTRACE_EVENT_EXEC); i++)
        ;
    CHECK(go_on(pid, PTRACE_SYSCALL, 0) == CALL_STOP); /* the exit of execve */
    CHECK(go_on(pid, PTRACE_CONT, 0) == 9 << 8);
    pid = fork();
    if (pid == 0) { /* the kernel's oldest way: no stop before the program's first instruction */
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execute();
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGTRAP));
    CHECK(go_on(pid, PTRACE_CONT, 0) == 9 << 8);
}

static void wait_forever(void)
{
    signal(SIGUSR1, count);
    for (;;)
        pause();
}

static void spin_forever(void)
{
    for (volatile long i = 0;; i++)
        ;
}

static void test_group_stop(void)
{
    pid_t pid = start(wait_forever, 0);
    siginfo_t info;
    int status;

    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    pause_ms(20);
    CHECK(kill(pid, SIGTSTP) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGTSTP));
    CHECK(code_of_stop(pid, &info) == SI_USER);
    CHECK(go_on(pid, PTRACE_CONT, SIGSTOP) == SIGNAL_STOP(SIGSTOP)); /* the group stop */
    errno = 0;
    CHECK(code_of_stop(pid, &info) == -1 && errno == EINVAL);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGKILL);
}

static void test_seize(void (*body)(void))
{
    siginfo_t info;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        body();
        _exit(1);
    }
    pause_ms(50);
    CHECK(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL) == 0);
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
        CHECK(waitpid(pid, &status, 0) == pid && status == EVENT_STOP(PTRACE_EVENT_STOP));
        CHECK(code_of_stop(pid, &info) == (SIGTRAP | PTRACE_EVENT_STOP << 8));
        CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    }
    CHECK(kill(pid, SIGSTOP) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGSTOP));
    CHECK(go_on(pid, PTRACE_CONT, SIGSTOP) ==
          ((SIGSTOP | PTRACE_EVENT_STOP << 8) << 8 | 0x7f));
    CHECK(ptrace(PTRACE_LISTEN, pid, 0, 0) == 0);
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == EVENT_STOP(PTRACE_EVENT_STOP));
    CHECK(go_on(pid, PTRACE_CONT, 0) == SIGNAL_STOP(SIGCONT));
    CHECK(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == -1 && errno == ESRCH);
    /* and again, the old way */
    CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGNAL_STOP(SIGSTOP));
    CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == -1 && errno == EIO);
    CHECK(ptrace(PTRACE_DETACH, pid, 0, SIGTERM) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGTERM);
}

static void test_refusals(void)
{
    pid_t pid = start(wait_forever, 0);
    siginfo_t info = {0};
    int status;

    CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == -1 && errno == EPERM);
    CHECK(ptrace(PTRACE_ATTACH, getpid(), 0, 0) == -1 && errno == EPERM);
    CHECK(ptrace(PTRACE_ATTACH, 0x3fffffff, 0, 0) == -1 && errno == ESRCH);
    CHECK(ptrace(PTRACE_SEIZE, pid, 1, 0) == -1 && errno == EIO);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 65) == -1 && errno == EIO);
    CHECK(ptrace(PTRACE_SETOPTIONS, pid, 0, 1ul << 30) == -1 && errno == EINVAL);
    CHECK(ptrace(PTRACE_PEEKDATA, pid, 8, 0) == -1 && errno == EIO);
    CHECK(waitid(P_PID, pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == 0);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == -1 && errno == ESRCH);
    pause_ms(20);
    CHECK(kill(pid, SIGUSR1) == 0);
    CHECK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT) == 0);
    CHECK(info.si_code == CLD_TRAPPED && info.si_status == SIGUSR1 && info.si_pid == pid);
    CHECK(waitid(P_ALL, 0, &info, WSTOPPED) == 0 && info.si_status == SIGUSR1);
    CHECK(ptrace(PTRACE_KILL, pid, 0, 0) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGKILL);
}

/* A tracer that ends leaves its tracees running, or takes them with it. */
static void test_end_of_tracer(bool kill_them)
{
    const int prot = PROT_READ | PROT_WRITE;
    volatile int *beats = mmap(NULL, 4096, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status, before;
    pid_t pid = fork();

    if (pid == 0)
        for (;; pause_ms(1))
            ++*beats;
    pid_t tracer = fork();
    if (tracer == 0) {
        CHECK(ptrace(PTRACE_SEIZE, pid, 0, kill_them ? PTRACE_O_EXITKILL : 0) == 0);
        CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
        CHECK(waitpid(pid, &status, __WALL) == pid);
        _exit(check_failures);
    }
    CHECK(waitpid(tracer, &status, 0) == tracer && status == 0);
    if (kill_them) {
        CHECK(waitpid(pid, &status, 0) == pid && status == SIGKILL);
        return;
    }
    before = *beats;
    for (int i = 0; i < 500 && *beats < before + 3; i++)
        pause_ms(10);
    CHECK(*beats >= before + 3);
    CHECK(kill(pid, SIGTERM) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == SIGTERM);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "exit9"))
        return 9;
    alarm(60);
    test_signals();
    test_death();
    test_fault();
    test_calls();
    test_restart();
    test_events(false);
    test_events(true);
    test_exec();
    test_group_stop();
    test_seize(wait_forever);
    test_seize(spin_forever);
    test_refusals();
    test_end_of_tracer(false);
    test_end_of_tracer(true);
    return check_done();
}
