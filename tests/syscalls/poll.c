/* ppoll and pselect6: readiness, time-outs, temporary masks that are put back. */
#include "tests/syscalls/guest.h"
#include <poll.h>
#include <signal.h>
#include <sys/select.h>

static volatile int got;

static void handler(int sig)
{
    got = sig;
}

int main(void)
{
    struct timespec zero = {0, 0}, ms = {0, 2000000};
    sigset_t set, none, now;
    struct pollfd p[2];
    fd_set r, w;
    int fd[2];

    CHECK(pipe(fd) == 0);
    p[0] = (struct pollfd){fd[0], POLLIN, 0};
    p[1] = (struct pollfd){fd[1], POLLOUT, 0};
    CHECK(ppoll(p, 2, &zero, NULL) == 1 && p[0].revents == 0 && p[1].revents == POLLOUT);
    CHECK(ppoll(p, 1, &ms, NULL) == 0);
    CHECK(write(fd[1], "x", 1) == 1);
    CHECK(poll(p, 2, -1) == 2 && p[0].revents == POLLIN);
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(fd[0], &r);
    FD_SET(fd[1], &w);
    CHECK(pselect(fd[1] + 1, &r, &w, NULL, &zero, NULL) == 2);
    CHECK(FD_ISSET(fd[0], &r) && FD_ISSET(fd[1], &w));
    CHECK_ERRNO(syscall(SYS_ppoll, 8, 1, &zero, NULL, 8), EFAULT);

    signal(SIGALRM, handler);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGALRM);
    CHECK_ERRNO(ppoll(NULL, 0, NULL, &none), EINTR);
    CHECK(got == SIGALRM);
    got = 0;
    raise(SIGALRM);
    CHECK_ERRNO(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
    CHECK(got == SIGALRM);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGALRM));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    alarm(1);
    got = 0;
    CHECK_ERRNO(poll(NULL, 0, -1), EINTR); /* a signal that comes while it waits */
    CHECK(got == SIGALRM);
    CHECK_ERRNO(syscall(SYS_ppoll, NULL, 0, &zero, &none, 4), EINVAL);
    return check_done();
}
