/* execve of ourselves, of scripts, by descriptor, of host programs; and every error. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static char self[PATH_MAX], dir[] = "/tmp/execXXXXXX";

/* Forks, runs fn in the child; the exit status, or -signal. */
static int child(void (*fn)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        fn();
        _exit(99);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const char *file(const char *name, const char *text, int mode)
{
    static char path[4][PATH_MAX];
    static int n;
    char *p = path[n++ & 3];
    snprintf(p, PATH_MAX, "%s/%s", dir, name);
    int fd = open(p, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    write(fd, text, strlen(text));
    fchmod(fd, mode);
    close(fd);
    return p;
}

static int error_of(const char *path)
{
    char *argv[] = {"x", NULL};
    execve(path, argv, environ);
    return errno;
}

static void test_errors(void)
{
    char *argv[] = {"x", NULL};
    CHECK(error_of("/does/not/exist") == ENOENT);
    CHECK(error_of("") == ENOENT);
    CHECK(error_of("/etc/passwd/x") == ENOTDIR);
    CHECK(error_of("/tmp") == EACCES);
    CHECK(error_of(file("noexec", "text", 0644)) == EACCES);
    CHECK(error_of(file("text", "just text\n", 0755)) == ENOEXEC);
    CHECK(error_of(file("empty", "", 0755)) == ENOEXEC);
    CHECK(error_of(file("lost", "#!/does/not/exist\n", 0755)) == ENOENT);
    CHECK(error_of(file("blank", "#!\n", 0755)) == ENOEXEC);
    char line[PATH_MAX + 8];
    snprintf(line, sizeof line, "#!%s/loop\n", dir);
    CHECK(error_of(file("loop", line, 0755)) == ELOOP);
    CHECK(execve((char *)1, argv, environ) == -1 && errno == EFAULT);
    static char longname[5000];
    memset(longname, 'a', sizeof longname - 1);
    CHECK(error_of(longname) == ENAMETOOLONG);
    CHECK(syscall(SYS_execveat, -1, "x", argv, environ, 0) == -1 && errno == EBADF);
    CHECK(syscall(SYS_execveat, AT_FDCWD, self, argv, environ, 1 << 30) == -1 && errno == EINVAL);
    CHECK(symlink(self, file("x", "", 0600)) == -1);
}

static void exec_self(void)
{
    char *argv[] = {"-my argv0", "report", "a b", "", "-x", NULL};
    execve(self, argv, environ);
}

static void exec_proc_self(void)
{
    char *argv[] = {"-my argv0", "report", "a b", "", "-x", NULL};
    execve("/proc/self/exe", argv, environ);
}

static void exec_by_fd(void)
{
    char *argv[] = {"-my argv0", "report", "a b", "", "-x", NULL};
    fexecve(open(self, O_RDONLY | O_CLOEXEC), argv, environ);
}

static void exec_memfd(void)
{
    char *argv[] = {"-my argv0", "report", "a b", "", "-x", NULL}, buf[65536];
    int from = open(self, O_RDONLY), to = syscall(SYS_memfd_create, "prog", MFD_CLOEXEC);
    for (ssize_t n; (n = read(from, buf, sizeof buf)) > 0;)
        write(to, buf, n);
    syscall(SYS_execveat, to, "", argv, environ, AT_EMPTY_PATH);
}

static void exec_relative(void)
{
    char *argv[] = {"-my argv0", "report", "a b", "", "-x", NULL};
    char *slash = strrchr(self, '/');
    *slash = 0;
    int fd = open(self, O_RDONLY | O_DIRECTORY);
    syscall(SYS_execveat, fd, slash + 1, argv, environ, 0);
}

static void exec_script(void)
{
    char text[PATH_MAX + 64];
    char *argv[] = {"ignored", "last", NULL};
    snprintf(text, sizeof text, "#! %s script two words \n", self);
    execve(file("script", text, 0755), argv, environ);
}

static void exec_script_twice(void)
{
    char text[PATH_MAX + 64];
    char *argv[] = {"ignored", "last", NULL};
    snprintf(text, sizeof text, "#!%s nested\n", self);
    const char *inner = file("inner", text, 0755);
    snprintf(text, sizeof text, "#!%s arg\n", inner);
    execve(file("outer", text, 0755), argv, environ);
}

static void exec_host(void)
{
    char *argv[] = {"sh", "-c", "exit 21", NULL};
    execve("/bin/sh", argv, environ);
}

static void exec_host_script(void)
{
    char *argv[] = {"x", "22", NULL};
    execve(file("hostscript", "#!/bin/sh\nexit $1\n", 0755), argv, environ);
}

static void exec_empty_argv(void)
{
    char *argv[] = {NULL};
    char *env[] = {"EMPTY_ARGV=1", NULL};
    execve(self, argv, env);
}

static void exec_dispositions(void)
{
    sigset_t set;
    char *argv[] = {"x", "signals", NULL};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_SETMASK, &set, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, (void (*)(int))exec_host);
    execve(self, argv, environ);
}

static int is(const char *a, const char *b)
{
    if (!strcmp(a, b))
        return 1;
    fprintf(stderr, "'%s' is not '%s'\n", a, b);
    return 0;
}

/* What the executed program finds. */
static int in_child(int argc, char **argv)
{
    if (argc == 1 && getenv("EMPTY_ARGV"))
        return is(argv[0], "") ? 25 : 1;
    if (!strcmp(argv[1], "report"))
        return argc == 5 && is(argv[0], "-my argv0") && is(argv[2], "a b") && is(argv[3], "") &&
               is(argv[4], "-x") ? 17 : 1;
    if (!strcmp(argv[1], "script two words"))
        return argc == 4 && strstr(argv[2], "/script") && is(argv[3], "last") ? 18 : 1;
    if (!strcmp(argv[1], "nested"))
        return argc == 6 && strstr(argv[2], "/inner") && is(argv[3], "arg") &&
               strstr(argv[4], "/outer") && is(argv[5], "last") ? 19 : 1;
    if (!strcmp(argv[1], "signals")) {
        struct sigaction hup, usr1;
        sigset_t set;
        sigaction(SIGHUP, NULL, &hup);
        sigaction(SIGUSR1, NULL, &usr1);
        sigprocmask(SIG_BLOCK, NULL, &set);
        return hup.sa_handler == SIG_IGN && usr1.sa_handler == SIG_DFL &&
               sigismember(&set, SIGUSR2) && sigismember(&set, SIGSEGV) &&
               !sigismember(&set, SIGUSR1) ? 20 : 1;
    }
    return 2;
}

int main(int argc, char **argv)
{
    if (argc > 1 || getenv("EMPTY_ARGV"))
        return in_child(argc, argv);
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = 0;
    mkdtemp(dir);
    test_errors();
    CHECK(child(exec_self) == 17);
    CHECK(child(exec_proc_self) == 17);
    CHECK(child(exec_by_fd) == 17);
    CHECK(child(exec_memfd) == 17);
    CHECK(child(exec_relative) == 17);
    CHECK(child(exec_script) == 18);
    CHECK(child(exec_script_twice) == 19);
    CHECK(child(exec_host) == 21);
    CHECK(child(exec_host_script) == 22);
    CHECK(child(exec_empty_argv) == 25);
    CHECK(child(exec_dispositions) == 20);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    system(command);
    return check_done();
}
