/* dup, dup3, close_range: a program that closes all it can goes on running. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>
#include <sys/wait.h>

int main(void)
{
    int fd[2], status, r;
    pid_t pid;

    CHECK(pipe2(fd, O_CLOEXEC) == 0);
    CHECK(fcntl(fd[0], F_GETFD) == FD_CLOEXEC);
    CHECK((r = dup(fd[0])) > fd[1] && fcntl(r, F_GETFD) == 0);
    CHECK(dup3(fd[0], r, O_CLOEXEC) == r && fcntl(r, F_GETFD) == FD_CLOEXEC);
    CHECK_ERRNO(dup3(fd[0], fd[0], 0), EINVAL);
    CHECK(fcntl(fd[0], F_DUPFD, 200) == 200);
    CHECK(syscall(SYS_close_range, 200, 300, 0) == 0);
    CHECK_ERRNO(fcntl(200, F_GETFD), EBADF);
    CHECK_ERRNO(syscall(SYS_close_range, 5, 4, 0), EINVAL);
    CHECK((pid = fork()) >= 0);
    if (pid == 0) {
        for (int i = 3; i < 2000; i++) /* as daemons do */
            close(i);
        CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);
        for (int i = 3; i < 1000; i++)
            CHECK(dup2(1, i) == i || errno == EBADF || errno == EMFILE);
        CHECK(open("/proc/self/exe", O_RDONLY) >= 0 || errno == EMFILE || errno == ENFILE);
        _exit(7);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return check_done();
}
