/*
 * Tags of addresses that stand inside structures: iovecs, msghdr and mmsghdr, as a program with
 * PR_TAGGED_ADDR_ENABLE may pass them. The structures themselves keep their tags; what the kernel
 * writes into a msghdr arrives. Without PR_TAGGED_ADDR_ENABLE the call fails with EFAULT.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static void *tag(const void *p, uint64_t t)
{
    return (void *)((uintptr_t)p | t << 56);
}

static char in[64], out[64];

static struct iovec *vector(char *buffer, int t)
{
    static struct iovec v[2][2];
    struct iovec *iov = v[buffer == in];

    iov[0] = (struct iovec){tag(buffer, t), 5};
    iov[1] = (struct iovec){tag(buffer + 5, t + 1), 6};
    return iov;
}

static void files(void)
{
    int fd = memfd_create("x", 0);

    memcpy(out, "hello world", 11);
    CHECK(writev(fd, tag(vector(out, 3), 9), 2) == 11);
    CHECK(pwritev(fd, vector(out, 0x55), 2, 100) == 11);
    memset(in, 0, sizeof in);
    CHECK(preadv(fd, vector(in, 0x80), 2, 0) == 11 && !memcmp(in, "hello world", 11));
    memset(in, 0, sizeof in);
    CHECK(preadv(fd, vector(in, 7), 2, 100) == 11 && !memcmp(in, "hello world", 11));
    CHECK((uintptr_t)vector(in, 7)[0].iov_base >> 56 == 7);
    memset(in, 0, sizeof in);
    CHECK(process_vm_readv(getpid(), vector(in, 1), 2, vector(out, 2), 2, 0) == 11);
    CHECK(!memcmp(in, "hello world", 11));
    memset(in, 0, sizeof in);
    CHECK(process_vm_writev(getpid(), vector(out, 1), 2, vector(in, 2), 2, 0) == 11);
    CHECK(!memcmp(in, "hello world", 11));
    CHECK(writev(fd, (struct iovec[]){{tag((void *)8, 4), 5}}, 1) == -1 && errno == EFAULT);
    CHECK(writev(fd, tag((void *)8, 4), 1) == -1 && errno == EFAULT);
    CHECK(writev(fd, vector(out, 3), 5000) == -1 && errno == EINVAL);
    close(fd);
}

static struct msghdr message(char *buffer, char *control, size_t size, int t)
{
    return (struct msghdr){.msg_iov = tag(vector(buffer, t), t), .msg_iovlen = 2,
                           .msg_control = control ? tag(control, t) : NULL,
                           .msg_controllen = size};
}

static void messages(void)
{
    _Alignas(8) char control[CMSG_SPACE(sizeof(int))] = {0}, got[200];
    int pair[2], passed = -1;

    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    struct cmsghdr *c = (struct cmsghdr *)control;
    *c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), &pair[0], sizeof(int));
    struct msghdr m = message(out, control, sizeof control, 0x33);
    CHECK(sendmsg(pair[0], tag(&m, 5), 0) == 11);
    memset(in, 0, sizeof in);
    struct msghdr r = message(in, got, sizeof got, 0x44);
    CHECK(recvmsg(pair[1], &r, 0) == 11 && !memcmp(in, "hello world", 11));
    CHECK(r.msg_controllen == CMSG_SPACE(sizeof(int)) && r.msg_control == tag(got, 0x44));
    memcpy(&passed, CMSG_DATA((struct cmsghdr *)got), sizeof passed);
    CHECK(fcntl(passed, F_GETFD) >= 0);

    struct mmsghdr many[3] = {{message(out, NULL, 0, 1), 0}, {message(out, NULL, 0, 2), 0},
                              {message(out, NULL, 0, 3), 0}};
    CHECK(sendmmsg(pair[0], many, 3, 0) == 3 && many[2].msg_len == 11);
    memset(in, 0, sizeof in);
    struct mmsghdr back[4] = {{message(in, NULL, 0, 1), 0}, {message(in, NULL, 0, 2), 0},
                              {message(in, NULL, 0, 3), 0}, {message(in, NULL, 0, 4), 0}};
    CHECK(recvmmsg(pair[1], back, 4, MSG_DONTWAIT, NULL) == 3);
    CHECK(back[0].msg_len == 11 && back[2].msg_len == 11 && !memcmp(in, "hello world", 11));
}

int main(void)
{
    CHECK(writev(1, (struct iovec[]){{tag(out, 4), 1}}, 1) == -1 && errno == EFAULT);
    if (prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0))
        return 77;
    files();
    messages();
    return check_done();
}
