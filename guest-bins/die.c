/* Ends in the way that argv[1] names: "exit N", "segv", "ill", "abort", "kill N", "fpe". */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "exit";
    int n = argc > 2 ? atoi(argv[2]) : 0;

    if (!strcmp(how, "exit"))
        _exit(n);
    if (!strcmp(how, "segv"))
        *(volatile int *)8 = 1;
    if (!strcmp(how, "ill"))
        __asm__ volatile(".inst 0");
    if (!strcmp(how, "trap"))
        __asm__ volatile("brk #7");
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "kill"))
        kill(getpid(), n);
    pause();
    return 99;
}
