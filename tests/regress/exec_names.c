/*
 * What a new program is called: AT_EXECFN and the process's name (comm, which ps and pkill show)
 * are those of the file that execve was given, for a script the script's and not its interpreter's;
 * /proc/self/exe is the file that runs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

static char self[PATH_MAX], dir[] = "/tmp/exec_namesXXXXXX";

/* The new program: what was expected comes in the environment. */
static int in_child(void)
{
    const char *execfn = (const char *)getauxval(AT_EXECFN), *name = getenv("NAME");
    char comm[32] = "", exe[PATH_MAX] = "";

    prctl(PR_GET_NAME, comm);
    CHECK(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0 && !strcmp(exe, getenv("EXE")));
    CHECK(!strcmp(execfn, getenv("EXECFN")));
    CHECK(!name || !strcmp(comm, name));
    if (check_failures)
        fprintf(stderr, "execfn %s, comm %s, exe %s\n", execfn, comm, exe);
    return check_failures ? 1 : 0;
}

/* fd: executed by descriptor, with an empty path. */
static void run(const char *path, int fd, const char *execfn, const char *name)
{
    char text[3][PATH_MAX + 16], *argv[] = {"first", "child", NULL};
    char *envp[] = {text[0], text[1], name ? text[2] : NULL, NULL};
    int status;

    snprintf(text[0], sizeof text[0], "EXECFN=%s", execfn);
    snprintf(text[1], sizeof text[1], "EXE=%s", self);
    snprintf(text[2], sizeof text[2], "NAME=%s", name ? name : "");
    pid_t pid = fork();
    if (pid == 0) {
        if (fd >= 0)
            execveat(fd, "", argv, envp, AT_EMPTY_PATH);
        else
            execve(path, argv, envp);
        _exit(2);
    }
    waitpid(pid, &status, 0);
    if (status)
        printf("%s: status %#x\n", path, status);
    CHECK(status == 0);
}

int main(int argc, char **argv)
{
    char path[64], script[64], expected[64], number[16];

    if (argc > 1)
        return in_child();
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = 0;
    CHECK(mkdtemp(dir) && chdir(dir) == 0);
    FILE *f = fopen("run-me", "w");
    fprintf(f, "#!%s\n", self);
    fclose(f);
    chmod("run-me", 0755);
    CHECK(symlink(self, "link") == 0);
    snprintf(script, sizeof script, "%s/run-me", dir);

    run(self, -1, self, NULL);
    run("link", -1, "link", "link");
    run("./link", -1, "./link", "link");
    run("/proc/self/exe", -1, "/proc/self/exe", "exe");
    run(script, -1, script, "run-me");
    run("run-me", -1, "run-me", "run-me");
    int fd = open(self, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(number, sizeof number, "%d", fd);
    run(path, -1, path, number);
    snprintf(expected, sizeof expected, "/dev/fd/%d", fd);
    run("descriptor", fd, expected, NULL);

    unlink("run-me");
    unlink("link");
    rmdir(dir);
    return check_done();
}
