/* For the self-checking guest programs: CHECK(condition) or die; done() prints "ok". */
#ifndef TESTS_SYSCALLS_CHECK_H
#define TESTS_SYSCALLS_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond, errno);                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* The call fails with this errno. */
#define CHECK_ERRNO(call, error) CHECK((errno = 0, (call) == -1) && errno == (error))

static inline int done(void)
{
    puts("ok");
    return 0;
}

/* An empty directory of the test's own, made the working directory. */
static inline void enter_scratch(void)
{
    char name[] = "/tmp/emu-test-XXXXXX";

    CHECK(mkdtemp(name));
    CHECK(chdir(name) == 0);
}

/* Leaves and removes it; the test has removed what was in it. */
static inline void leave_scratch(void)
{
    char name[256];

    CHECK(getcwd(name, sizeof name));
    CHECK(chdir("/") == 0);
    CHECK(rmdir(name) == 0);
}

#endif
