/* Names: make, link, rename, list and remove; extended attributes; locks; sparse files. */
#include "tests/syscalls/guest.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>

int main(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    struct iovec iov[2] = {{"ab", 2}, {"cdef", 4}};
    char buf[4096];
    struct dirent *e;
    int fd, in, n = 0;
    DIR *d;

    enter_scratch();
    in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    CHECK(in >= 0 && inotify_add_watch(in, ".", IN_CREATE | IN_DELETE) > 0);
    CHECK(mkdir("d", 0755) == 0);
    CHECK_ERRNO(mkdir("d", 0755), EEXIST);
    CHECK((fd = open("d/f", O_CREAT | O_RDWR, 0644)) >= 0);
    CHECK(writev(fd, iov, 2) == 6);
    CHECK(pread(fd, buf, 10, 1) == 5 && !memcmp(buf, "bcdef", 5));
    CHECK(pwrite(fd, "Z", 1, 3) == 1 && lseek(fd, 0, SEEK_SET) == 0);
    iov[0].iov_base = buf, iov[1].iov_base = buf + 8;
    CHECK(readv(fd, iov, 2) == 6 && buf[9] == 'Z');
    CHECK(link("d/f", "d/g") == 0 && symlink("nowhere", "d/s") == 0);
    CHECK(readlink("d/s", buf, sizeof buf) == 7 && !memcmp(buf, "nowhere", 7));
    CHECK(rename("d/g", "d/h") == 0);
    CHECK_ERRNO(renameat2(AT_FDCWD, "d/h", AT_FDCWD, "d/f", RENAME_NOREPLACE), EEXIST);
    CHECK((d = opendir("d")) != NULL);
    while ((e = readdir(d)))
        n += e->d_name[0] == '.' ? 100 : 1;
    CHECK(n == 203);
    closedir(d);
    CHECK(chmod("d/f", 0600) == 0 && truncate("d/f", 100) == 0 && ftruncate(fd, 1 << 20) == 0);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096) == 0 ||
          errno == EOPNOTSUPP);
    CHECK(lseek(fd, 0, SEEK_END) == 1 << 20);
    CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0);
    CHECK(sync_file_range(fd, 0, 4096, SYNC_FILE_RANGE_WRITE) == 0);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0 && flock(fd, LOCK_UN) == 0);
    CHECK(fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_GETLK, &lock) == 0);
    CHECK(lock.l_type == F_UNLCK);
    if (setxattr("d/f", "user.key", "value", 5, 0) == 0) {
        CHECK(getxattr("d/f", "user.key", buf, sizeof buf) == 5 && !memcmp(buf, "value", 5));
        CHECK(flistxattr(fd, buf, sizeof buf) >= 9);
        CHECK(removexattr("d/f", "user.key") == 0);
    } else {
        CHECK(errno == EOPNOTSUPP);
    }
    CHECK(read(in, buf, sizeof buf) > 0);
    CHECK_ERRNO(read(in, buf, sizeof buf), EAGAIN);
    CHECK(unlink("d/f") == 0 && unlink("d/h") == 0 && unlink("d/s") == 0);
    CHECK_ERRNO(unlink("d"), EISDIR);
    CHECK(rmdir("d") == 0);
    close(fd), close(in);
    leave_scratch();
    return check_done();
}
