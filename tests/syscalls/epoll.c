/* epoll: events carry all 64 bits of data; temporary masks. */
#include "tests/syscalls/guest.h"
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static volatile int got;

static void handler(int sig)
{
    got = sig;
}

int main(void)
{
    struct epoll_event ev, evs[8];
    sigset_t set, none;
    int ep = epoll_create1(EPOLL_CLOEXEC), fd[4], n, seen = 0;

    CHECK(ep >= 0);
    for (int i = 0; i < 4; i++) {
        CHECK((fd[i] = eventfd(0, EFD_NONBLOCK)) >= 0);
        ev.events = EPOLLIN | EPOLLET;
        ev.data.u64 = 0xfeedfacecafe0000u + (unsigned)i;
        CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &ev) == 0);
        CHECK(eventfd_write(fd[i], 1) == 0);
    }
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev), EEXIST);
    memset(evs, 0xee, sizeof evs);
    CHECK((n = epoll_wait(ep, evs, 3, 0)) == 3);
    CHECK(evs[3].events == 0xeeeeeeee);
    n += epoll_wait(ep, evs + 3, 5, 0);
    CHECK(n == 4);
    for (int i = 0; i < 4; i++) {
        CHECK(evs[i].events == EPOLLIN && (evs[i].data.u64 & ~3ull) == 0xfeedfacecafe0000u);
        seen |= 1 << (evs[i].data.u64 & 3);
    }
    CHECK(seen == 15);
    CHECK(epoll_wait(ep, evs, 8, 10) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_DEL, fd[0], NULL) == 0);
    CHECK_ERRNO(epoll_wait(ep, evs, 0, 0), EINVAL);

    signal(SIGUSR1, handler);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    CHECK(got == 0);
    CHECK_ERRNO(epoll_pwait(ep, evs, 8, 1000, &none), EINTR);
    CHECK(got == SIGUSR1);
    sigprocmask(SIG_BLOCK, NULL, &none);
    CHECK(sigismember(&none, SIGUSR1));
    return check_done();
}
