/* The three ways to ask for a file's status agree. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

int main(void)
{
    struct timespec times[2] = {{1234567890, 123456789}, {1000000001, 987654321}};
    struct stat a, b, l;
    struct statx x;
    struct statfs fs;
    int fd;

    enter_scratch();
    fd = open("f", O_CREAT | O_RDWR, 0640);
    CHECK(write(fd, "hello", 5) == 5);
    CHECK(link("f", "g") == 0 && symlink("f", "s") == 0);
    CHECK(utimensat(AT_FDCWD, "f", times, 0) == 0);
    CHECK(fstat(fd, &a) == 0 && stat("s", &b) == 0 && lstat("s", &l) == 0);
    CHECK(!memcmp(&a, &b, sizeof a));
    CHECK(S_ISREG(a.st_mode) && (a.st_mode & 07777) == 0640 && S_ISLNK(l.st_mode));
    CHECK(a.st_nlink == 2 && a.st_size == 5 && a.st_uid == geteuid() && a.st_blksize >= 512);
    CHECK(a.st_atim.tv_sec == 1234567890 && a.st_atim.tv_nsec == 123456789);
    CHECK(a.st_mtim.tv_sec == 1000000001 && a.st_mtim.tv_nsec == 987654321);
    CHECK(statx(AT_FDCWD, "g", 0, STATX_BASIC_STATS, &x) == 0);
    CHECK(x.stx_ino == a.st_ino && x.stx_size == 5 && x.stx_nlink == 2 && x.stx_mode == a.st_mode);
    CHECK(makedev(x.stx_dev_major, x.stx_dev_minor) == a.st_dev);
    CHECK(stat("/dev/null", &a) == 0 && S_ISCHR(a.st_mode) && a.st_rdev == makedev(1, 3));
    CHECK(fstatat(fd, "", &b, AT_EMPTY_PATH) == 0 && b.st_size == 5);
    CHECK_ERRNO(stat("f", (struct stat *)16), EFAULT);
    CHECK_ERRNO(fstat(-1, &a), EBADF);
    CHECK(statfs(".", &fs) == 0 && fs.f_bsize > 0);
    CHECK(access("f", R_OK) == 0);
    CHECK_ERRNO(access("nothing", F_OK), ENOENT);
    unlink("f"), unlink("g"), unlink("s");
    leave_scratch();
    return check_done();
}
