/* Moving data between descriptors without a buffer. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

int main(void)
{
    char text[] = "0123456789", buf[32];
    struct iovec iov = {text, 10};
    loff_t in = 2, out = 0;
    off_t at = 4;
    int p[2], q[2], a, b = -1;

    enter_scratch();
    CHECK(pipe(p) == 0 && pipe(q) == 0);
    CHECK((a = open("a", O_CREAT | O_RDWR, 0600)) >= 0);
    CHECK((b = open("b", O_CREAT | O_RDWR, 0600)) >= 0);
    CHECK(write(a, text, 10) == 10);
    CHECK(sendfile(p[1], a, &at, 3) == 3 && at == 7);
    CHECK(tee(p[0], q[1], 16, 0) == 3);
    CHECK(read(p[0], buf, 32) == 3 && !memcmp(buf, "456", 3));
    CHECK(splice(q[0], NULL, b, &out, 3, 0) == 3 && out == 3);
    CHECK(vmsplice(p[1], &iov, 1, 0) == 10 && read(p[0], buf, 32) == 10);
    CHECK(copy_file_range(a, &in, b, &out, 5, 0) == 5 && in == 7 && out == 8);
    CHECK(pread(b, buf, 32, 0) == 8 && !memcmp(buf, "45623456", 8));
    unlink("a"), unlink("b");
    leave_scratch();
    return check_done();
}
