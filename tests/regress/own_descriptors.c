/*
 * The emulator's own descriptors are nowhere in the guest's way: each number below the soft limit
 * can be had, by dup2 and by being the lowest that is free, whatever the limit is changed to; they
 * are not listed; and in programs that start with few or no descriptors, too.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "tests/syscalls/check.h"

static struct rlimit limit;

static int set_limit(unsigned soft, int hard_too)
{
    struct rlimit r = {soft, hard_too ? soft : limit.rlim_max};

    return setrlimit(RLIMIT_NOFILE, &r);
}

static void close_all(void)
{
    syscall(SYS_close_range, 3, ~0u, 0);
}

/* How a new descriptor is asked for; each of them is another way through the dispatcher. */
static int by_dup(void)
{
    return dup(0);
}

static int by_open(void)
{
    return open("/dev/null", O_RDONLY);
}

static int by_eventfd(void)
{
    return eventfd(0, 0);
}

static int by_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int by_fcntl(void)
{
    return fcntl(0, F_DUPFD, 0);
}

static int by_maps(void)
{
    return open("/proc/self/maps", O_RDONLY);
}

static int (*const ways[])(void) = {by_dup, by_open, by_eventfd, by_socket, by_fcntl, by_maps};

/* All numbers below the limit are got, none of them above it. */
static void every_number(int soft)
{
    static char got[5000];

    for (unsigned w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        int fd, count = 3;

        close_all();
        memset(got, 0, sizeof got);
        while ((fd = ways[w]()) >= 0) {
            CHECK(fd >= 3 && fd < soft && !got[fd]);
            if (fd >= soft)
                break;
            got[fd] = 1;
            count++;
        }
        CHECK(errno == EMFILE);
        CHECK(count == soft);
    }
    close_all();
    for (int i = 3; i < soft; i++)
        CHECK(dup2(0, i) == i);
    CHECK(dup2(0, soft) < 0 && errno == EBADF);
    close_all();
}

static int in_child(void (*fn)(int), int arg)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        fn(arg);
        _exit(check_done());
    }
    waitpid(pid, &status, 0);
    return status;
}

static void lowered(int soft)
{
    CHECK(set_limit(soft, 0) == 0);
    every_number(soft);
}

static void lowered_hard(int soft)
{
    CHECK(set_limit(soft, 1) == 0);
    every_number(soft);
}

static void raised(int soft)
{
    CHECK(set_limit(64, 0) == 0);
    every_number(64);
    CHECK(set_limit(soft, 0) == 0);
    every_number(soft);
}

/* The numbers of a vfork child's own table say nothing about its parent's. */
static void in_vfork_child(int soft)
{
    char *argv[] = {"x", "0", NULL};
    int status;

    CHECK(set_limit(soft, 0) == 0);
    pid_t pid = vfork();
    if (pid == 0) {
        for (int i = 3; i < soft; i++)
            if (dup3(0, i, O_CLOEXEC) != i)
                _exit(1);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    pid = fork();
    if (pid == 0) {
        execv("/proc/self/exe", argv);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    CHECK(status == 0);
}

static void listed(void)
{
    DIR *d = opendir("/proc/self/fd");
    int entries = 0;

    while (d && readdir(d))
        entries++;
    CHECK(entries == 2 + 3 + 1);
    closedir(d);
}

/* Starts this program under a limit with only some of the standard descriptors open. */
static void start(int soft, int hard_too, unsigned open_ones)
{
    char expect[16], *argv[] = {"x", expect, NULL};
    int status, report[2], lowest = 0;
    pid_t pid;

    while (open_ones >> lowest & 1)
        lowest++;
    snprintf(expect, sizeof expect, "%d", lowest);
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            if (!(open_ones >> i & 1))
                close(i);
        set_limit(soft, hard_too);
        execv("/proc/self/exe", argv);
        _exit(3);
    }
    waitpid(pid, &status, 0);
    if (status)
        printf("limit %d (%s), descriptors %#x: status %#x\n", soft, hard_too ? "hard" : "soft",
               open_ones, status);
    CHECK(status == 0);
}

/* What start() started: the lowest free number is what it says, and the next follow. */
static int started(int lowest)
{
    struct rlimit r;
    int fd;

    getrlimit(RLIMIT_NOFILE, &r);
    if (lowest == 0) { /* all that is closed */
        for (int i = 0; i < 3 && i < (int)r.rlim_cur; i++)
            if (fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != i)
                return 4;
    } else if (lowest < (int)r.rlim_cur) {
        if (open("/dev/null", O_RDONLY) != lowest)
            return 5;
    }
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        ;
    for (int i = 0; i < (int)r.rlim_cur && i < 100; i++)
        if (fcntl(i, F_GETFD) < 0)
            return 6;
    return 0;
}

int main(int argc, char **argv)
{
    getrlimit(RLIMIT_NOFILE, &limit);
    if (argc == 2)
        return started(atoi(argv[1]));
    close_all();
    listed();
    CHECK(in_child(lowered, 1024) == 0);
    CHECK(in_child(lowered, 16) == 0);
    CHECK(in_child(lowered_hard, 1024) == 0);
    CHECK(in_child(lowered_hard, 20) == 0);
    if (limit.rlim_max >= 2000) {
        CHECK(in_child(raised, 1500) == 0);
        CHECK(in_child(in_vfork_child, 1200) == 0);
    }
    for (int hard = 0; hard < 2; hard++) {
        start(1024, hard, 7);
        start(256, hard, 7);
        start(19, hard, 4);
        start(19, hard, 0);
        start(10, hard, 2);
        start(5, hard, 7);
        start(4, hard, 7);
        start(4, hard, 6);
        start(3, hard, 4);
    }
    return check_done();
}
