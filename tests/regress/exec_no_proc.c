/*
 * A chain of execve in a root directory where /proc is not mounted: every program of the chain
 * must be able to start the next. Without the right to chroot there is nothing to test.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAIN_END 4
#define NO_RIGHT 77

static char dir[] = "/tmp/exec_no_proc.XXXXXX";
static char program[sizeof dir + 2];

static int copy_self(void)
{
    static char buf[1 << 16];
    ssize_t n = -1;
    int from = open("/proc/self/exe", O_RDONLY);
    int to = open(program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

    if (from < 0 || to < 0)
        return -1;
    while ((n = read(from, buf, sizeof buf)) > 0)
        if (write(to, buf, (size_t)n) != n)
            return -1;
    close(from);
    close(to);
    return (int)n;
}

static void next_in_chain(int level)
{
    char number[16];

    snprintf(number, sizeof number, "%d", level);
    execl("/t", "t", number, (char *)NULL);
    perror("execl");
    printf("the program at level %d could not start the next\n", level - 1);
    exit(1);
}

static void enter(void)
{
    if (chroot(dir) < 0 && (unshare(CLONE_NEWUSER) < 0 || chroot(dir) < 0))
        exit(NO_RIGHT);
    if (chdir("/") < 0)
        exit(NO_RIGHT);
    next_in_chain(1);
}

int main(int argc, char **argv)
{
    int status;

    if (argc > 1) {
        int level = atoi(argv[1]);
        if (level == CHAIN_END)
            return 0;
        next_in_chain(level + 1);
    }
    if (!mkdtemp(dir))
        return 0;
    snprintf(program, sizeof program, "%s/t", dir);
    if (copy_self() < 0) {
        perror("copy");
        return 1;
    }
    pid_t pid = fork();
    if (pid == 0)
        enter();
    waitpid(pid, &status, 0);
    unlink(program);
    rmdir(dir);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NO_RIGHT))
        return 0;
    printf("status %#x\n", (unsigned)status);
    return 1;
}
