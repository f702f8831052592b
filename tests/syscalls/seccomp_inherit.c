/*
 * Filters go with fork, clone, vfork and execve, cannot be left by an exec, and come to other
 * threads by TSYNC.
 */
#include "tests/syscalls/seccomp.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>

extern char **environ;
static char *self;

static int refused(void)
{
    return syscall(SYS_getpriority, 0, 0) == -1 && errno == EXDEV;
}

static int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* What an executed program finds: the filters, and no descriptor more than its parents had. */
static int executed(int filters)
{

    CHECK(refused());
    CHECK(prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER);
    CHECK(seccomp_status("Seccomp:") == 2);
    CHECK(seccomp_status("Seccomp_filters:") == filters);
    CHECK(fork() > 0 || (_exit(!refused()), 0));
    int status = 1;
    CHECK(wait(&status) > 0 && status == 0);
    CHECK(open_fds() == atoi(getenv("OPEN_FDS")));
    return check_failures ? 98 : 0;
}

static void filter(void)
{
    CHECK(answer(SYS_getpriority, SECCOMP_RET_ERRNO | EXDEV) == 0);
}

static void *in_thread(void *arg)
{
    CHECK(refused());
    return NULL;
}

static void fork_and_thread(void)
{
    pthread_t thread;

    filter();
    CHECK(refused());
    CHECK(fork() > 0 || (_exit(!refused()), 0));
    int status = 1;
    CHECK(wait(&status) > 0 && status == 0);
    CHECK(pthread_create(&thread, NULL, in_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* A filter of one thread is that thread's. */
static void *filter_thread(void *arg)
{
    filter();
    CHECK(refused());
    CHECK(status_of("/proc/thread-self/status", "Seccomp:") == 2);
    CHECK(status_of("/proc/thread-self/status", "Seccomp_filters:") == 1);
    CHECK(status_of("/proc/thread-self/status", "Pid:") == gettid());
    CHECK(seccomp_status("Seccomp:") == 0); /* of the first thread */
    return NULL;
}

static void one_thread_only(void)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, filter_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(!refused());
    CHECK(prctl(PR_GET_SECCOMP) == 0);
    CHECK(pthread_create(&thread, NULL, (void *(*)(void *))pthread_self, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void exec_self(void)
{
    filter();
    CHECK(answer(NO_CALL, SECCOMP_RET_LOG) == 0);
    execl(self, self, "executed", "2", NULL);
    CHECK(!"exec");
}

/* Many filters, the largest; and the newest stays the newest. */
static void exec_long(void)
{
    static struct sock_filter code[4096];

    for (int i = 0; i < 4096; i++)
        code[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
    CHECK(answer(SYS_getpriority, SECCOMP_RET_ERRNO | EPERM) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(install_flags(code, 4096, 0) == 0);
    for (int i = 0; i < 500; i++)
        CHECK(install_flags(code, 1, 0) == 0);
    filter();
    execl(self, self, "executed", "504", NULL);
    CHECK(!"exec");
}

static void exec_by_vfork(void)
{
    int status = -1;

    filter();
    pid_t pid = vfork();
    if (pid == 0) {
        execl(self, self, "executed", "1", NULL);
        _exit(97);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void exec_by_spawn(void)
{
    char *argv[] = {self, "executed", "1", NULL};
    int status = -1;
    pid_t pid;

    filter();
    CHECK(posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* The filter of a vfork child, which shares all memory, is not its parent's. */
static void filter_in_vfork(void)
{
    int status = -1;
    pid_t pid = vfork();

    if (pid == 0) {
        filter();
        execl(self, self, "executed", "1", NULL);
        _exit(97);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(!refused());
}

static void *exec_thread(void *arg)
{
    filter();
    execl(self, self, "executed", "1", NULL);
    return NULL;
}

static void exec_from_thread(void)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, exec_thread, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(!"exec");
}

static void exec_twice(void)
{
    filter();
    execl(self, self, "again", "1", NULL);
    CHECK(!"exec");
}

static void exec_fd(void)
{
    char *argv[] = {self, "executed", "1", NULL};
    int fd = open(self, O_RDONLY | O_CLOEXEC);

    filter();
    syscall(SYS_execveat, fd, "", argv, environ, 0x1000);
    CHECK(!"exec");
}

static void exec_refused(void)
{
    CHECK(answer(SYS_execve, SECCOMP_RET_ERRNO | EACCES) == 0);
    CHECK_ERRNO(execl(self, self, "executed", "1", NULL), EACCES);
}

/* A failed exec changes nothing and leaves nothing. */
static void exec_fails(void)
{
    int fd = dup(1);

    filter();
    close(fd);
    for (int i = 0; i < 2000; i++)
        CHECK_ERRNO(execve("/dev/null", environ, environ), EACCES);
    for (int i = 0; i < 2000; i++)
        CHECK_ERRNO(execve(self, (char **)1, environ), EFAULT);
    CHECK(dup(1) == fd);
    CHECK(refused());
}

/*
 * Nobody could judge a program of the host's architecture, so it is one that this machine does not
 * have.
 */
static void exec_host_program(void)
{
    unsigned char head[20] = {0};
    int fd = open("/bin/true", O_RDONLY);

    if (fd >= 0 && read(fd, head, sizeof head) == sizeof head && head[18] == 62) {
        CHECK(system("/bin/true") == 0);
        filter();
        CHECK_ERRNO(execl("/bin/true", "true", NULL), ENOEXEC);
        CHECK(refused());
    }
}

/* --- TSYNC --- */

static pthread_barrier_t barrier;
static volatile int own_filter;
static volatile pid_t other_tid;

static void *other(void *arg)
{
    if (own_filter)
        CHECK(answer(NO_CALL, SECCOMP_RET_ERRNO | 1) == 0);
    other_tid = gettid();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    if (arg) {
        CHECK(refused());
        CHECK(prctl(PR_GET_SECCOMP) == 2);
        CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    } else {
        CHECK(!refused());
    }
    return NULL;
}

static long filter_all(unsigned flags)
{
    const struct sock_filter code[] = {LOAD(nr), EQUAL(SYS_getpriority, 0, 1),
                                       RETURN(SECCOMP_RET_ERRNO | EXDEV),
                                       RETURN(SECCOMP_RET_ALLOW)};

    return install_flags(code, 4, SECCOMP_FILTER_FLAG_TSYNC | flags);
}

static void with_other(int synced, void (*test)(void))
{
    pthread_t thread;

    pthread_barrier_init(&barrier, NULL, 2);
    CHECK(pthread_create(&thread, NULL, other, synced ? self : NULL) == 0);
    pthread_barrier_wait(&barrier);
    test();
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

static void sync_works(void)
{
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0); /* the other gets that, too */
    CHECK(filter_all(0) == 0);
    CHECK(refused());
}

static void sync_fails(void)
{
    CHECK(filter_all(0) == other_tid);
    CHECK_ERRNO(filter_all(16 /* TSYNC_ESRCH */), ESRCH);
    CHECK(!refused());
    CHECK(prctl(PR_GET_SECCOMP) == 0);
}

static void tsync(void)
{
    with_other(1, sync_works);
}

static void tsync_ancestor(void)
{
    CHECK(answer(NO_CALL, SECCOMP_RET_ERRNO | 2) == 0); /* inherited by the other */
    with_other(1, sync_works);
}

static void tsync_fails(void)
{
    own_filter = 1;
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    with_other(0, sync_fails);
}

/* Threads that come and go, and a hot loop in one of them, while filters are synchronised. */
static volatile int stop;
static void *caller(void *arg)
{
    while (!stop)
        syscall(SYS_getppid);
    return NULL;
}

static void *spawner(void *arg)
{
    pthread_t thread;

    while (!stop) {
        CHECK(pthread_create(&thread, NULL, (void *(*)(void *))pthread_self, NULL) == 0);
        pthread_join(thread, NULL);
    }
    CHECK(refused());
    CHECK(syscall(SYS_getppid) == -1 && errno == 49);
    return NULL;
}

static void tsync_storm(void)
{
    pthread_t threads[3];

    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, i ? spawner : caller, NULL) == 0);
    for (int i = 0; i < 50; i++) {
        struct sock_filter code[] = {LOAD(nr), EQUAL(SYS_getppid, 0, 1),
                                     RETURN(SECCOMP_RET_ERRNO | i), RETURN(SECCOMP_RET_ALLOW)};
        CHECK(install_flags(code, 4, SECCOMP_FILTER_FLAG_TSYNC) == 0);
        usleep(1000);
    }
    CHECK(filter_all(0) == 0);
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 2 && !strcmp(argv[1], "again"))
        execl(self, self, "executed", argv[2], NULL);
    if (argc > 2)
        return executed(atoi(argv[2]));
    char fds[20];
    snprintf(fds, sizeof fds, "%d", open_fds());
    setenv("OPEN_FDS", fds, 1);
    if (geteuid() == 0) { /* no_new_privs is not needed, and comes by synchronisation */
        CHECK_CHILD(tsync);
        CHECK_CHILD(tsync_ancestor);
        CHECK_CHILD(tsync_fails);
    }
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK_CHILD(fork_and_thread);
    CHECK_CHILD(one_thread_only);
    CHECK_CHILD(exec_self);
    CHECK_CHILD(exec_long);
    CHECK_CHILD(exec_by_vfork);
    CHECK_CHILD(exec_by_spawn);
    CHECK_CHILD(filter_in_vfork);
    CHECK_CHILD(exec_from_thread);
    CHECK_CHILD(exec_twice);
    CHECK_CHILD(exec_fd);
    CHECK_CHILD(exec_refused);
    CHECK_CHILD(exec_fails);
    CHECK_CHILD(exec_host_program);
    CHECK_CHILD(tsync);
    CHECK_CHILD(tsync_ancestor);
    CHECK_CHILD(tsync_fails);
    CHECK_CHILD(tsync_storm);
    return check_done();
}
