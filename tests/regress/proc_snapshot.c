/*
 * The files of /proc that the emulator makes are as read-only as the kernel's, take the lowest free
 * number and no second one, and can be opened where the process may not write files.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static const char *const names[] = {"/proc/self/maps", "/proc/self/smaps",   "/proc/self/stat",
                                    "/proc/self/auxv", "/proc/self/cmdline", "/proc/self/environ",
                                    "/proc/cpuinfo"};

static void read_only(const char *name, int lowest)
{
    char text[64];
    int pipes[2];
    int fd = open(name, O_RDONLY);

    CHECK(fd == lowest);
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && fcntl(fd, F_GETFD) == 0);
    CHECK(read(fd, text, sizeof text) > 0);
    errno = 0;
    CHECK(write(fd, "x", 1) < 0 && errno == EBADF);
    CHECK(ftruncate(fd, 0) < 0);
    CHECK(pipe(pipes) == 0);
    errno = 0;
    CHECK(splice(pipes[0], NULL, fd, NULL, 1, 0) < 0 && errno == EBADF);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
    CHECK((fd = open(name, O_RDONLY | O_CLOEXEC)) == lowest && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    close(fd);
}

/* The same contents are read where nothing can be written. */
static void no_files(void)
{
    static char text[1 << 20];
    struct rlimit none = {0, 0};
    ssize_t n, len = 0;

    CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        int fd = open(names[i], O_RDONLY);
        CHECK(fd >= 0);
        for (len = 0; (n = read(fd, text + len, sizeof text - len)) > 0; len += n)
            ;
        CHECK(n == 0 && len > 0);
        if (!strcmp(names[i], "/proc/self/maps"))
            CHECK(memmem(text, len, "[stack]", 7) != NULL);
        close(fd);
    }
    _exit(check_done());
}

/* One number is free. */
static void one_number(void)
{
    struct rlimit r;
    int last = 0, fd;

    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = 20;
    setrlimit(RLIMIT_NOFILE, &r);
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        last = fd;
    close(last);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(open(names[i], O_RDONLY) == last);
        CHECK(open(names[i], O_RDONLY) < 0 && errno == EMFILE);
        close(last);
    }
    _exit(check_done());
}

static int in_child(void (*fn)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        fn();
    waitpid(pid, &status, 0);
    return status;
}

int main(void)
{
    int lowest = open("/dev/null", O_RDONLY);

    close(lowest);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        read_only(names[i], lowest);
    CHECK(in_child(no_files) == 0);
    CHECK(in_child(one_number) == 0);
    return check_done();
}
