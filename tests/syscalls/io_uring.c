/*
 * io_uring is refused whole, before any of its arguments is looked at: a ring that worked would
 * hand requests to the host's kernel whose structures (epoll_event) and O_ bits are not arm64's.
 * Event loops (libuv) try it first, and fall back on this answer.
 */
#include "tests/syscalls/guest.h"
#include <linux/io_uring.h>

int main(void)
{
    struct io_uring_params p = {0};

    CHECK_ERRNO(syscall(SYS_io_uring_setup, 4, &p), ENOSYS);
    CHECK_ERRNO(syscall(SYS_io_uring_setup, 0, NULL), ENOSYS);
    CHECK_ERRNO(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0), ENOSYS);
    CHECK_ERRNO(syscall(SYS_io_uring_register, -1, IORING_REGISTER_PROBE, NULL, 0), ENOSYS);
    return check_done();
}
