/* For guest test programs: CHECK prints where and why, and the program fails at the end. */
#ifndef TESTS_SYSCALLS_CHECK_H
#define TESTS_SYSCALLS_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond, errno);           \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

static inline int check_done(void)
{
    if (check_failures)
        return 1;
    puts("ok");
    return 0;
}

#endif
