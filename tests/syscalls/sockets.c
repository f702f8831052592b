/* Unix and TCP sockets, options, ancillary data, sendmmsg. */
#include "tests/syscalls/guest.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static void pass_descriptor(void)
{
    char data = 'x', control[CMSG_SPACE(sizeof(int))];
    struct iovec iov = {&data, 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                       .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    int s[2], p[2], got;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0 && pipe(p) == 0);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(4);
    memcpy(CMSG_DATA(c), &p[1], 4);
    CHECK(sendmsg(s[0], &m, 0) == 1);
    memset(control, 0, sizeof control);
    m.msg_controllen = sizeof control;
    CHECK(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC) == 1);
    c = CMSG_FIRSTHDR(&m);
    CHECK(c && c->cmsg_type == SCM_RIGHTS);
    memcpy(&got, CMSG_DATA(c), 4);
    CHECK(write(got, "y", 1) == 1 && read(p[0], &data, 1) == 1 && data == 'y');
    CHECK(fcntl(got, F_GETFD) == FD_CLOEXEC);
}

static void tcp(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, b;
    socklen_t len = sizeof a;
    char buf[16];
    int one = 1, n, l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s;

    CHECK(l >= 0 && c >= 0);
    CHECK(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    CHECK(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    CHECK(bind(l, (struct sockaddr *)&a, sizeof a) == 0 && listen(l, 5) == 0);
    CHECK(getsockname(l, (struct sockaddr *)&a, &len) == 0 && a.sin_port != 0);
    CHECK(connect(c, (struct sockaddr *)&a, sizeof a) == 0);
    len = sizeof b;
    CHECK((s = accept4(l, (struct sockaddr *)&b, &len, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0);
    CHECK(b.sin_family == AF_INET && (fcntl(s, F_GETFL) & O_NONBLOCK));
    CHECK_ERRNO(recv(s, buf, sizeof buf, 0), EAGAIN);
    CHECK(send(c, "ping", 4, MSG_NOSIGNAL) == 4);
    while ((n = (int)recv(s, buf, sizeof buf, 0)) < 0)
        CHECK(errno == EAGAIN);
    CHECK(n == 4 && !memcmp(buf, "ping", 4));
    CHECK(ioctl(c, FIONREAD, &n) == 0 && n == 0);
    CHECK(shutdown(c, SHUT_RDWR) == 0);
    close(l), close(c), close(s);
}

static void unix_names(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "sock"};
    struct iovec iov = {"msg", 3};
    struct mmsghdr m[2] = {{{.msg_iov = &iov, .msg_iovlen = 1}, 0},
                           {{.msg_iov = &iov, .msg_iovlen = 1}, 0}};
    int l = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
    char buf[8];

    CHECK_ERRNO(connect(c, (struct sockaddr *)&a, sizeof a), ENOENT);
    CHECK(bind(l, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(connect(c, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(sendmmsg(c, m, 2, 0) == 2 && m[1].msg_len == 3);
    CHECK(recvfrom(l, buf, sizeof buf, 0, NULL, NULL) == 3);
    CHECK(recv(l, buf, sizeof buf, MSG_DONTWAIT) == 3);
    CHECK(unlink("sock") == 0);
}

int main(void)
{
    enter_scratch();
    pass_descriptor();
    tcp();
    unix_names();
    leave_scratch();
    CHECK_ERRNO(socket(AF_UNIX, 9, 0), ESOCKTNOSUPPORT);
    return check_done();
}
