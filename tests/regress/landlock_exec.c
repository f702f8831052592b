/*
 * A program that landlock allows can be executed, although the emulator's own file is in no rule;
 * one that it does not allow cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CREATE = 444, ADD = 445, RESTRICT = 446, PATH_BENEATH = 1, EXECUTE = 1, READ_FILE = 4 };

static int run(const char *program, uint64_t handled)
{
    struct {
        uint64_t allowed;
        int32_t fd;
    } __attribute__((packed)) rule = {handled, open("/proc/self/exe", O_PATH)};
    int status;
    pid_t child = fork();

    if (child == 0) {
        int rules = syscall(CREATE, &handled, sizeof handled, 0);
        if (rules < 0)
            _exit(77);
        if (syscall(ADD, rules, PATH_BENEATH, &rule, 0) ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(RESTRICT, rules, 0))
            _exit(2);
        execl(program, program, "child", NULL);
        _exit(errno == EACCES ? 3 : 4);
    }
    close(rule.fd);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
    char copy[] = "/tmp/landlock-XXXXXX", self[4096] = "";

    if (argc > 1)
        return 42;
    int got = run("/proc/self/exe", EXECUTE);
    if (got == 77) {
        puts("skipped: this kernel has no landlock");
        return 77;
    }
    if (got != 42)
        return printf("execute handled: %d\n", got), 1;
    if ((got = run("/proc/self/exe", EXECUTE | READ_FILE)) != 42)
        return printf("execute and read handled: %d\n", got), 1;
    readlink("/proc/self/exe", self, sizeof self - 1);
    if ((got = run(self, EXECUTE)) != 42)
        return printf("by its path: %d\n", got), 1;

    int from = open(self, O_RDONLY), to = mkostemp(copy, O_CLOEXEC), n;
    char buf[65536];
    while ((n = read(from, buf, sizeof buf)) > 0)
        write(to, buf, n);
    fchmod(to, 0755);
    close(to);
    got = run(copy, EXECUTE);
    unlink(copy);
    if (got != 3)
        return printf("what is not allowed: %d\n", got), 1;
    return 0;
}
