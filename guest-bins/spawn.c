/*
 * spawn PROGRAM ARGS...: fork + exec + wait, then posix_spawn + wait; prints both statuses.
 * A program that cannot be executed is reported with the error's name by both.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return 2;
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[1], argv + 1);
        printf("exec: %s\n", strerror(errno));
        fflush(stdout);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    printf("fork+exec: %s %d\n", WIFEXITED(status) ? "exit" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    fflush(stdout);
    int err = posix_spawn(&pid, argv[1], 0, 0, argv + 1, environ);
    if (err) {
        printf("posix_spawn: %s\n", strerror(err));
        return 0;
    }
    waitpid(pid, &status, 0);
    printf("posix_spawn: %s %d\n", WIFEXITED(status) ? "exit" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return 0;
}
