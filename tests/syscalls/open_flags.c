/* O_DIRECTORY, O_NOFOLLOW, O_DIRECT and O_LARGEFILE have other values on x86-64. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>

int main(void)
{
    struct {
        uint64_t flags, mode, resolve, extra;
    } how = {0};
    int fd;

    enter_scratch();
    fd = open("file", O_CREAT | O_RDWR | O_EXCL, 0600);
    CHECK(fd >= 0);
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(!(fcntl(fd, F_GETFL) & (O_DIRECTORY | O_NOFOLLOW | O_DIRECT)));
    CHECK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
    CHECK((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
    close(fd);
    CHECK_ERRNO(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK(symlink("file", "link") == 0);
    CHECK_ERRNO(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    fd = open("link", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    close(fd);
    fd = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_DIRECTORY));
    close(fd);
    fd = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(fd >= 0 || errno == EOPNOTSUPP);
    close(fd);
    how.flags = O_RDONLY | O_NOFOLLOW;
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "link", &how, 24), ELOOP);
    how.flags = O_RDONLY;
    how.resolve = 4; /* RESOLVE_NO_SYMLINKS */
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "link", &how, 24), ELOOP);
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "file", &how, 16), EINVAL);
    how.extra = 1;
    CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "file", &how, 32), E2BIG);
    how.extra = 0;
    CHECK((fd = (int)syscall(SYS_openat2, AT_FDCWD, "file", &how, 32)) >= 0);
    close(fd);
    CHECK_ERRNO(open((char *)8, O_RDONLY), EFAULT);
    CHECK_ERRNO(open("", O_RDONLY), ENOENT);
    unlink("link");
    unlink("file");
    leave_scratch();
    return check_done();
}
