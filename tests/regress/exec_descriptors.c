/*
 * execve of what a descriptor refers to, and with no descriptor free. The kernel opens the program
 * before it closes what is close-on-exec, and needs no number of the process for it: every form of
 * name must work however the descriptor is flagged, the new program finds exactly what was left
 * open, and an error leaves all as it was.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "tests/syscalls/check.h"

#define RAN 7

static char self[4096];

/* In the new program: which descriptors are open, as bits. */
static unsigned long open_numbers(void)
{
    unsigned long set = 0;

    for (int fd = 0; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            set |= 1ul << fd;
    return set;
}

static int run(const char *path, int by_vfork)
{
    char left[32], *argv[] = {"second", "child", left, NULL}, *envp[] = {NULL};
    int status;

    for (int fd = 3; fd < 64; fd++) /* what our caller left open is not our subject */
        if (fcntl(fd, F_GETFD) == 0)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    snprintf(left, sizeof left, "%lu", open_numbers() & 7);
    pid_t pid = by_vfork ? vfork() : fork();
    if (pid == 0) {
        execve(path, argv, envp);
        _exit(100 + errno);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void forms(int fd)
{
    static const char *const form[] = {"/proc/self/fd/%d", "/proc/thread-self/fd/%d", "/dev/fd/%d"};
    char path[64], link[64];

    for (unsigned i = 0; i < 3; i++) {
        for (int v = 0; v < 2; v++) {
            snprintf(path, sizeof path, form[i], fd);
            CHECK(run(path, v) == RAN);
            snprintf(link, sizeof link, "/tmp/exec_descriptors.%d", getpid());
            CHECK(symlink(path, link) == 0);
            CHECK(run(link, v) == RAN);
            unlink(link);
        }
    }
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), fd);
    CHECK(run(path, 0) == RAN);
    close(fd);
}

/* A copy of this program without any name. */
static int nameless(void)
{
    static char buf[65536];
    int from = open(self, O_RDONLY), to = memfd_create("x", MFD_CLOEXEC);
    ssize_t n;
    char path[64];

    while ((n = read(from, buf, sizeof buf)) > 0)
        CHECK(write(to, buf, n) == n);
    close(from);
    snprintf(path, sizeof path, "/proc/self/fd/%d", to);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    close(to);
    return fd;
}

/* Nothing is closed by execve: it runs, or (no descriptor is to be had) says so and returns. */
static void stays_full(void)
{
    char *argv[] = {"second", "child", "1048575", NULL}, *envp[] = {NULL};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        for (int i = 3; i < 20; i++)
            fcntl(i, F_SETFD, 0);
        execve(self, argv, envp);
        _exit(100 + errno);
    }
    waitpid(pid, &status, 0);
    CHECK(status == RAN << 8 || status == (100 + EMFILE) << 8);
}

/* Every number below the limit in use; the hard limit is lowered, too, when asked. */
static void full(int hard)
{
    struct rlimit r;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        getrlimit(RLIMIT_NOFILE, &r);
        r.rlim_cur = 20;
        if (hard)
            r.rlim_max = 20;
        CHECK(setrlimit(RLIMIT_NOFILE, &r) == 0);
        int fd = open(self, O_PATH | O_CLOEXEC);
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
            ;
        CHECK(errno == EMFILE);
        CHECK(run(self, 0) == RAN && run(self, 1) == RAN);
        CHECK(run("/proc/self/exe", 0) == RAN && run("/proc/self/exe", 1) == RAN);
        CHECK(run(path, 0) == RAN && run(path, 1) == RAN);
        CHECK(run("/does/not/exist", 1) == 100 + ENOENT);
        CHECK(run("/etc/passwd", 0) == 100 + EACCES);
        char exe[4096] = "";
        CHECK(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0 && !strcmp(exe, self));
        CHECK(open("/proc/self/maps", O_RDONLY) < 0 && errno == EMFILE);
        for (int i = 3; i < 20; i++)
            CHECK(fcntl(i, F_GETFD) == FD_CLOEXEC);
        stays_full();
        CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur == 20);
        _exit(check_done());
    }
    waitpid(pid, &status, 0);
    CHECK(status == 0);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "child"))
        return open_numbers() == strtoul(argv[2], NULL, 10) ? RAN : 1;
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = 0;
    forms(open(self, O_RDONLY | O_CLOEXEC));
    forms(open(self, O_PATH | O_CLOEXEC));
    forms(nameless());
    CHECK(run(self, 0) == RAN && run(self, 1) == RAN);
    full(0);
    full(1);
    return check_done();
}
