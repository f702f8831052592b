/* USER_NOTIF: a supervisor in another thread or process answers calls, or lets them go on. */
#include "tests/syscalls/seccomp.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef SECCOMP_IOCTL_NOTIF_ADDFD
struct seccomp_notif_addfd {
    uint64_t id;
    uint32_t flags, srcfd, newfd, newfd_flags;
};
#define SECCOMP_IOCTL_NOTIF_ADDFD SECCOMP_IOW(3, struct seccomp_notif_addfd)
#endif
#define NEW_LISTENER 8
#define TSYNC 1
#define TSYNC_ESRCH 16

static char *self;

/* The calls 300 to 303 and getpriority are notified. */
static int listen_to(unsigned flags)
{
    const struct sock_filter code[] = {
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NO_CALL, 0, 1),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NO_CALL + 3, 0, 1),
        EQUAL(SYS_getpriority, 0, 1),
        RETURN(SECCOMP_RET_USER_NOTIF),
        RETURN(SECCOMP_RET_ALLOW),
    };

    return install_flags(code, 6, NEW_LISTENER | flags);
}

static void send_fd(int socket, int fd)
{
    char space[CMSG_SPACE(sizeof fd)] = {0}, byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space,
                         .msg_controllen = sizeof space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    CHECK(sendmsg(socket, &msg, 0) == 1);
}

static int receive_fd(int socket)
{
    char space[CMSG_SPACE(sizeof(int))], byte;
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space,
                         .msg_controllen = sizeof space};
    int fd = -1;

    CHECK(recvmsg(socket, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
    return fd;
}

/* The call is notified with these arguments; answers it. */
static void answer_one(int fd, int number, uint64_t a0, uint64_t a5, struct seccomp_notif_resp how)
{
    struct seccomp_notif n = {0};
    struct pollfd p = {fd, POLLIN};

    CHECK(poll(&p, 1, 10000) == 1 && p.revents == POLLIN);
    CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0);
    CHECK(n.data.nr == number && n.data.arch == AUDIT_ARCH_AARCH64);
    CHECK(n.data.args[0] == a0 && n.data.args[5] == a5);
    CHECK(n.pid > 0 && n.flags == 0);
    CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id) == 0);
    how.id = n.id;
    CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &how) == 0);
    CHECK_ERRNO(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id), ENOENT);
}

/* The second run is by an executed program; it wants what supervise() answers. */
static void make_calls(void)
{
    CHECK(syscall(NO_CALL, -1l, 2, 3, 4, 5, 0x123456789) == 0x7766554433221100);
    CHECK_ERRNO(syscall(NO_CALL + 1, 0, 0, 0, 0, 0, 0), EXDEV);
    CHECK_ERRNO(syscall(NO_CALL + 2, 0, 0, 0, 0, 0, 0), ENOSYS); /* an answer, no continuation */
    errno = 0;
    CHECK(syscall(SYS_getpriority, 0, 0, 0, 0, 0, 7) > 0 && errno == 0); /* really made */
    CHECK_ERRNO(syscall(NO_CALL + 3, 0, 0, 0, 0, 0, 0), ENOSYS); /* went on, and does not exist */
}

static void answer_calls(int fd)
{
    struct seccomp_notif_resp bad = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE, .error = -1};

    CHECK_ERRNO(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &bad), EINVAL);
    answer_one(fd, NO_CALL, -1, 0x123456789,
               (struct seccomp_notif_resp){.val = 0x7766554433221100});
    answer_one(fd, NO_CALL + 1, 0, 0, (struct seccomp_notif_resp){.error = -EXDEV});
    answer_one(fd, NO_CALL + 2, 0, 0, (struct seccomp_notif_resp){.error = -ENOSYS});
    answer_one(fd, SYS_getpriority, 0, 7,
               (struct seccomp_notif_resp){.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
    answer_one(fd, NO_CALL + 3, 0, 0,
               (struct seccomp_notif_resp){.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
}

/* The listener goes to the parent; the calls come from here, then from an executed program. */
static void between_processes(void)
{
    int sockets[2], status = -1;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = listen_to(0);

        check_failures = 0;
        CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
        send_fd(sockets[1], fd);
        CHECK_ERRNO(listen_to(0), EBUSY);
        make_calls();
        CHECK(seccomp_status("Seccomp_filters:") == 1);
        if (!check_failures)
            execl(self, self, "calls", NULL);
        _exit(98);
    }
    int fd = receive_fd(sockets[0]);
    answer_calls(fd);
    answer_calls(fd);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    struct pollfd p = {fd, POLLIN};
    CHECK(poll(&p, 1, 1000) == 1 && (p.revents & POLLHUP)); /* nobody is left to be asked about */
}

/* The listener is of the other thread: this one is not judged. */
static void *supervisor(void *fd)
{
    answer_calls(*(int *)fd);
    return NULL;
}

static void *calls_in_thread(void *to)
{
    *(int *)to = listen_to(0);
    __atomic_store_n((int *)to + 1, 1, __ATOMIC_SEQ_CST);
    make_calls();
    return NULL;
}

static void between_threads(void)
{
    volatile int fd[2] = {-1, 0};
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, calls_in_thread, (void *)fd) == 0);
    while (!__atomic_load_n(&fd[1], __ATOMIC_SEQ_CST))
        usleep(1000);
    CHECK(fd[0] >= 0);
    supervisor((void *)fd);
    pthread_join(thread, NULL);
    CHECK(prctl(PR_GET_SECCOMP) == 0);
}

/* A signal interrupts the wait for an answer, or restarts the call: then it is asked again. */
static void on_alarm(int sig)
{
}

static void interrupted(void)
{
    struct sigaction act = {.sa_handler = on_alarm};
    int sockets[2], status = -1;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        check_failures = 0;
        send_fd(sockets[1], listen_to(0));
        sigaction(SIGUSR1, &act, NULL);
        CHECK_ERRNO(syscall(NO_CALL, 0, 0, 0, 0, 0, 0), EINTR);
        act.sa_flags = SA_RESTART;
        sigaction(SIGUSR1, &act, NULL);
        CHECK(syscall(NO_CALL + 1, 0, 0, 0, 0, 0, 0) == 42);
        _exit(check_failures ? 98 : 0);
    }
    int fd = receive_fd(sockets[0]);
    for (int i = 0; i < 2; i++) {
        struct seccomp_notif n = {0};
        struct seccomp_notif_resp r = {0};

        CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0 && n.data.nr == NO_CALL + i);
        kill(pid, SIGUSR1);
        for (int wait = 0; wait < 2000 && !ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id); wait++)
            usleep(1000);
        r.id = n.id;
        CHECK_ERRNO(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r), ENOENT);
    }
    answer_one(fd, NO_CALL + 1, 0, 0, (struct seccomp_notif_resp){.val = 42});
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* A descriptor that the supervisor puts into the caller. */
static void adds_descriptor(void)
{
    int sockets[2], pipes[2], status = -1;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char c = 0;
        send_fd(sockets[1], listen_to(0));
        long fd = syscall(NO_CALL, 0, 0, 0, 0, 0, 0);
        _exit(!(fd > 2 && read(fd, &c, 1) == 1 && c == 'x'));
    }
    int fd = receive_fd(sockets[0]);
    struct seccomp_notif n = {0};
    CHECK(pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1);
    CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0);
    struct seccomp_notif_addfd add = {.id = n.id, .srcfd = pipes[0]};
    int there = ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    struct seccomp_notif_resp r = {.id = n.id, .val = there};
    CHECK(there > 2);
    CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void *call_once(void *barrier)
{
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    CHECK(syscall(NO_CALL, 1, 0, 0, 0, 0, 2) == 3);
    return NULL;
}

/* All threads but one that has to answer: so that is another process. */
static void synchronised(void)
{
    int sockets[2], status = -1;
    pthread_barrier_t barrier;
    pthread_t thread;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        check_failures = 0;
        pthread_barrier_init(&barrier, NULL, 2);
        pthread_create(&thread, NULL, call_once, &barrier);
        pthread_barrier_wait(&barrier);
        CHECK_ERRNO(listen_to(TSYNC), EINVAL);
        send_fd(sockets[1], listen_to(TSYNC | TSYNC_ESRCH));
        pthread_barrier_wait(&barrier);
        pthread_join(thread, NULL);
        _exit(check_failures ? 98 : 0);
    }
    answer_one(receive_fd(sockets[0]), NO_CALL, 1, 2, (struct seccomp_notif_resp){.val = 3});
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Without a supervisor: ENOSYS, from a waiting call as well. */
static void nobody_listens(void)
{
    int fd = listen_to(0);

    CHECK(fd >= 0 && close(fd) == 0);
    CHECK_ERRNO(syscall(NO_CALL, 0, 0, 0, 0, 0, 0), ENOSYS);
    CHECK_ERRNO(syscall(SYS_getpriority, 0, 0), ENOSYS);
}

int main(int argc, char **argv)
{
    struct seccomp_notif_sizes sizes = {0};
    uint32_t action = SECCOMP_RET_USER_NOTIF;

    self = argv[0];
    if (argc > 1) {
        make_calls();
        return check_failures ? 97 : 0;
    }
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0);
    CHECK(sizes.seccomp_notif == 80 && sizes.seccomp_notif_resp == 24 && sizes.seccomp_data == 64);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 1, &sizes), EINVAL);
    CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, NULL), EFAULT);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (prctl(PR_GET_SECCOMP) != 0 || in_child(nobody_listens) != 0) {
        puts("the host gives no listener here");
        return 77;
    }
    CHECK_CHILD(between_processes);
    CHECK_CHILD(between_threads);
    CHECK_CHILD(interrupted);
    CHECK_CHILD(adds_descriptor);
    CHECK_CHILD(synchronised);
    return check_done();
}
