/*
 * Other guest processes seen through /proc: exe is their program, by readlink, stat, open and
 * exec, under each name, however the process came to run it and whatever became of the file or of
 * its descriptors. A host's program stays what it is. Files of one thread are that thread's.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/syscalls/check.h"

static char mine[4096], copy[64];

static pid_t launch(const char *program, const char *how)
{
    char done[2];
    int ready[2];

    pipe(ready);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ready[1], 1);
        if (how)
            execl(program, "x", how, (char *)NULL);
        write(1, "x", 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK(read(ready[0], done, 1) == 1);
    close(ready[0]);
    return pid;
}

/* deleted: the file has no name any more, but it can be opened. */
static void look(pid_t pid, const char *program, int deleted)
{
    char path[2][64], link[4096], expected[4200];
    struct stat a, b;
    int fd, status;

    snprintf(path[0], sizeof path[0], "/proc/%d/exe", pid);
    snprintf(path[1], sizeof path[1], "/proc/%d/task/%d/exe", pid, pid);
    snprintf(expected, sizeof expected, "%s%s", program, deleted ? " (deleted)" : "");
    for (int i = 0; i < 2; i++) {
        ssize_t n = readlink(path[i], link, sizeof link - 1);
        CHECK(n > 0);
        link[n > 0 ? n : 0] = 0;
        CHECK(!strcmp(link, expected));
        CHECK(stat(path[i], &a) == 0);
        if (!deleted)
            CHECK(stat(program, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
        CHECK(access(path[i], X_OK) == 0);
        CHECK((fd = open(path[i], O_RDONLY)) >= 0 && fstat(fd, &b) == 0 && a.st_ino == b.st_ino);
        close(fd);
        CHECK(lstat(path[i], &a) == 0 && S_ISLNK(a.st_mode));
        pid_t child = fork();
        if (child == 0) {
            execl(path[i], "x", "seven", (char *)NULL);
            _exit(1);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 7 << 8);
    }
}

/* The descriptors that it is seen to have are those that it knows of: 0 to 3. */
static void look_at_list(pid_t pid)
{
    static const char *const lists[] = {"/proc/%d/fd", "/proc/%d/fdinfo"};
    char path[64];

    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, lists[i], pid);
        DIR *d = opendir(path);
        CHECK(d != NULL);
        for (struct dirent *e; d && (e = readdir(d));)
            CHECK(e->d_name[0] == '.' || atoi(e->d_name) < 10);
        closedir(d);
    }
}

/* auxv is an arm64 program's, as the emulator tells the kernel (CONFIG_CHECKPOINT_RESTORE). */
static void look_at_auxv(pid_t pid)
{
    Elf64_auxv_t a[64] = {0};
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/auxv", pid);
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && read(fd, a, sizeof a) > 0);
    close(fd);
    for (int i = 0; i < 64 && a[i].a_type; i++)
        if (a[i].a_type == AT_HWCAP)
            CHECK(a[i].a_un.a_val == getauxval(AT_HWCAP));
}

static void done(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void look_at_link(pid_t pid, const char *program)
{
    char path[64], link[4096] = "";

    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    CHECK(readlink(path, link, sizeof link - 1) > 0 && !strcmp(link, program));
}

static void copy_program(void)
{
    static char buf[65536];
    ssize_t n;

    snprintf(copy, sizeof copy, "/tmp/proc_other.%d", getpid());
    int from = open(mine, O_RDONLY), to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    while ((n = read(from, buf, sizeof buf)) > 0)
        CHECK(write(to, buf, n) == n);
    close(from);
    close(to);
}

static void processes(void)
{
    static const char *const how[] = {NULL, "wait", "again", "thrice", "moved"};
    char link[4096];
    pid_t pid;

    for (unsigned i = 0; i < sizeof how / sizeof how[0]; i++) {
        pid = launch(mine, how[i]);
        look(pid, mine, 0);
        look_at_list(pid);
        look_at_auxv(pid);
        done(pid);
    }
    copy_program();
    pid = launch(copy, "wait");
    look(pid, copy, 0);
    unlink(copy);
    look(pid, copy, 1);
    done(pid);

    pid = fork();
    if (pid == 0) {
        execl("/bin/sleep", "sleep", "100", (char *)NULL);
        _exit(1);
    }
    usleep(200000);
    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    ssize_t n = readlink(link, link, sizeof link - 1);
    CHECK(n > 0 && (link[n] = 0, strcmp(link, mine)));
    done(pid);
}

/* ---- /proc/self/stat and task/TID/stat ---- */

static int tid;
static volatile int spun;

static void stat_fields(const char *path, int *id, char *state, unsigned long *utime)
{
    char text[1024] = "";
    int fd = open(path, O_RDONLY);

    CHECK(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
    close(fd);
    *id = atoi(text);
    CHECK(sscanf(strrchr(text, ')') + 2, "%c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", state,
                 utime) == 2);
}

static void *spin(void *unused)
{
    struct timespec t;

    __atomic_store_n(&tid, (int)gettid(), __ATOMIC_SEQ_CST);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    while (t.tv_sec == 0 && t.tv_nsec < 200000000);
    spun = 1;
    for (;;)
        pause();
}

static void threads(void)
{
    unsigned long utime, own;
    char path[64], state;
    pthread_t thread;
    int id;

    pthread_create(&thread, NULL, spin, NULL);
    while (!spun)
        usleep(10000);
    usleep(50000);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    stat_fields(path, &id, &state, &utime);
    CHECK(id == tid && state == 'S' && utime > 0);
    stat_fields("/proc/self/stat", &id, &state, &own);
    CHECK(id == getpid() && own >= utime);
    stat_fields("/proc/thread-self/stat", &id, &state, &utime);
    CHECK(id == gettid() && utime <= own);
}

int main(int argc, char **argv)
{
    mine[readlink("/proc/self/exe", mine, sizeof mine - 1)] = 0;
    if (argc == 2 && !strcmp(argv[1], "seven"))
        return 7;
    if (argc == 4) { /* exe PID PROGRAM: also called by tests/programs/identity.sh */
        look_at_link(atoi(argv[2]), argv[3]);
        return check_done();
    }
    if (argc == 2) {
        if (!strcmp(argv[1], "again"))
            execl(mine, "x", "wait", (char *)NULL);
        if (!strcmp(argv[1], "thrice"))
            execl(mine, "x", "again", (char *)NULL);
        if (!strcmp(argv[1], "moved"))
            for (int i = 900; i < 1100; i++) /* the emulator's own may be among them */
                if (dup2(0, i) == i)
                    close(i);
        write(1, "x", 1);
        for (;;)
            pause();
    }
    close_range(3, ~0u, 0); /* what our caller left open */
    processes();
    threads();
    return check_done();
}
