/* Prints argv, the environment, and what the auxiliary vector says of the program. */
#include <stdio.h>
#include <sys/auxv.h>

int main(int argc, char **argv, char **envp)
{
    for (int i = 0; i < argc; i++)
        printf("argv[%d]=%s\n", i, argv[i]);
    for (char **e = envp; *e; e++)
        printf("env %s\n", *e);
    printf("execfn=%s\n", (const char *)getauxval(AT_EXECFN));
    printf("platform=%s\n", (const char *)getauxval(AT_PLATFORM));
    printf("flags=%lu secure=%lu\n", getauxval(AT_FLAGS), getauxval(AT_SECURE));
    return 0;
}
