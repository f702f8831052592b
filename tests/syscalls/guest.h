/* What the file and system tests share, above check.h: expected errors, a scratch directory. */
#ifndef TESTS_SYSCALLS_GUEST_H
#define TESTS_SYSCALLS_GUEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

/* The call fails with this errno. */
#define CHECK_ERRNO(call, error) CHECK((errno = 0, (call) == -1) && errno == (error))

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
