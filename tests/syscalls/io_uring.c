/* io_uring: rings are shared memory, so they work as they are; an empty and a reading request. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>

static unsigned *at(void *base, unsigned offset)
{
    return (unsigned *)((char *)base + offset);
}

int main(void)
{
    struct io_uring_params p = {0};
    char text[8] = "", *rings;
    struct io_uring_sqe *sqe;
    struct io_uring_cqe *cqe;
    int fd = (int)syscall(SYS_io_uring_setup, 4, &p), pipes[2];
    unsigned *array, head, tail;

    if (fd < 0) { /* switched off on this machine */
        CHECK(errno == ENOSYS || errno == EPERM);
        return check_done();
    }
    CHECK(p.features & IORING_FEAT_SINGLE_MMAP);
    rings = mmap(NULL, p.sq_off.array + p.sq_entries * 4 + p.cq_entries * sizeof *cqe + 4096,
                 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
    sqe = mmap(NULL, p.sq_entries * sizeof *sqe, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
               fd, IORING_OFF_SQES);
    CHECK(rings != MAP_FAILED && (void *)sqe != MAP_FAILED);
    CHECK(pipe(pipes) == 0 && write(pipes[1], "ring", 4) == 4);
    memset(sqe, 0, 2 * sizeof *sqe);
    sqe[0].opcode = IORING_OP_NOP;
    sqe[0].user_data = 0x1111222233334444;
    sqe[0].flags = IOSQE_IO_LINK;
    sqe[1].opcode = IORING_OP_READ;
    sqe[1].fd = pipes[0];
    sqe[1].addr = (uintptr_t)text;
    sqe[1].len = 4;
    sqe[1].user_data = 2;
    array = at(rings, p.sq_off.array);
    array[0] = 0;
    array[1] = 1;
    __atomic_store_n(at(rings, p.sq_off.tail), 2, __ATOMIC_RELEASE);
    CHECK(syscall(SYS_io_uring_enter, fd, 2, 2, IORING_ENTER_GETEVENTS, NULL, 0) == 2);
    head = *at(rings, p.cq_off.head);
    tail = __atomic_load_n(at(rings, p.cq_off.tail), __ATOMIC_ACQUIRE);
    CHECK(tail - head == 2);
    cqe = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
    CHECK(cqe[0].user_data == 0x1111222233334444 && cqe[0].res == 0);
    CHECK(cqe[1].user_data == 2 && cqe[1].res == 4 && !memcmp(text, "ring", 4));
    return check_done();
}
