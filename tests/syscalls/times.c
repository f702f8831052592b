/* Clocks, sleeping, timers. */
#include "tests/syscalls/guest.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
    struct timespec t;

    CHECK(clock_gettime(clock, &t) == 0 && t.tv_nsec < 1000000000);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(void)
{
    struct itimerspec its = {.it_value.tv_nsec = 3000000};
    struct timespec ts = {0, 5000000};
    struct timeval tv;
    struct rusage ru;
    struct tms tms;
    int64_t a = now(CLOCK_MONOTONIC), b;
    uint64_t ticks;
    int fd;

    CHECK(nanosleep(&ts, NULL) == 0);
    b = now(CLOCK_MONOTONIC);
    CHECK(b - a >= 5000000 && b - a < 2000000000);
    ts.tv_sec = b / 1000000000, ts.tv_nsec = b % 1000000000;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == 0); /* is over already */
    ts.tv_nsec = 1000000000;
    CHECK_ERRNO(syscall(SYS_nanosleep, &ts, NULL), EINVAL);
    CHECK(now(CLOCK_REALTIME) > 1500000000000000000ll && now(CLOCK_PROCESS_CPUTIME_ID) > 0);
    CHECK(clock_getres(CLOCK_MONOTONIC, &ts) == 0 && ts.tv_sec == 0);
    CHECK(gettimeofday(&tv, NULL) == 0);
    CHECK(syscall(SYS_settimeofday, NULL, NULL) == 0); /* QEMU dies here */
    CHECK((fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) >= 0);
    CHECK(timerfd_settime(fd, 0, &its, NULL) == 0 && read(fd, &ticks, 8) == 8 && ticks == 1);
    CHECK(timerfd_gettime(fd, &its) == 0 && its.it_value.tv_nsec == 0);
    CHECK(getrusage(RUSAGE_SELF, &ru) == 0 && ru.ru_maxrss > 0 && times(&tms) != (clock_t)-1);
    return check_done();
}
