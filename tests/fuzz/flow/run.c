/* See run.h. */
#define _GNU_SOURCE
#include "tests/fuzz/flow/run.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "emu/base/check.h"
#include "emu/base/log.h"

#define RUN_BYTES (MAX_PROGRAMS * sizeof(Record) + 4096)
#define MAX_ENVIRONMENT 256

extern char **environ;

/* Where a run writes: a file in memory that is appended to, by several threads perhaps. */
static int output_file(void)
{
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("output", MFD_CLOEXEC);
        CHECK(fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0, "the fuzzer needs a memfd");
    }
    CHECK(ftruncate(fd, 0) == 0, "a memfd can be truncated");
    return fd;
}

static void join_environment(const char *const *extra, char **all)
{
    unsigned n = 0;

    for (; *extra && n < MAX_ENVIRONMENT - 1; extra++)
        all[n++] = (char *)(uintptr_t)*extra;
    for (char **e = environ; *e && n < MAX_ENVIRONMENT - 1; e++)
        all[n++] = *e;
    all[n] = NULL;
}

/* Waits for the child; kills it when the time is up. */
static int wait_for(pid_t pid, unsigned seconds, struct rusage *used)
{
    struct timespec limit = {.tv_sec = seconds};
    sigset_t child;
    int status;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        if (wait4(pid, &status, WNOHANG, used) == pid)
            return status;
        if (sigtimedwait(&child, NULL, &limit) < 0) {
            if (wait4(pid, &status, WNOHANG, used) == pid)
                return status;
            kill(pid, SIGKILL);
            wait4(pid, &status, 0, used);
            return -1;
        }
    }
}

static void read_records(int fd, Outcome *out)
{
    if (!out->bytes)
        out->bytes = malloc(RUN_BYTES);
    CHECK(out->bytes, "the fuzzer needs memory");
    ssize_t size = pread(fd, out->bytes, RUN_BYTES, 0);

    memset(out->record, 0, sizeof out->record);
    out->records = 0;
    for (; size >= (ssize_t)sizeof(Record); size -= (ssize_t)sizeof(Record)) {
        Record *r = (Record *)out->bytes + out->records++;
        if (r->program < MAX_PROGRAMS)
            out->record[r->program] = r;
    }
    out->complete = size == sizeof out->shared;
    if (out->complete)
        memcpy(out->shared, (Record *)out->bytes + out->records, sizeof out->shared);
}

void run_batch(const char *const *argv, const char *const *environment, const char *elf,
               unsigned seconds, Outcome *out)
{
    char *all[MAX_ENVIRONMENT], *args[64];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t child, before;
    unsigned n = 0;
    int fd = output_file();
    struct rusage used;
    pid_t pid;

    for (; argv[n] && n < COUNTOF(args) - 2; n++)
        args[n] = (char *)(uintptr_t)argv[n];
    args[n++] = (char *)(uintptr_t)elf;
    args[n] = NULL;
    join_environment(environment, all);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &before);
    if (posix_spawnp(&pid, args[0], &actions, &attributes, args, all))
        die(2, "cannot run %s", args[0]);
    out->status = wait_for(pid, seconds, &used);
    out->cpu_ms = (unsigned)(used.ru_utime.tv_sec * 1000 + used.ru_utime.tv_usec / 1000 +
                             used.ru_stime.tv_sec * 1000 + used.ru_stime.tv_usec / 1000);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    sigprocmask(SIG_SETMASK, &before, NULL);
    read_records(fd, out);
}

int run_compare(const Batch *b, const Outcome *expected, const Outcome *actual)
{
    for (unsigned n = 0; n < b->programs; n++) {
        const Record *e = expected->record[n], *a = actual->record[n];
        if (!e != !a || (e && memcmp(e, a, sizeof *e)))
            return (int)n;
    }
    if (expected->status != actual->status || expected->complete != actual->complete ||
        memcmp(expected->shared, actual->shared, sizeof expected->shared))
        return 0;
    return -1;
}

/* ---- explaining ---- */

static void differ(const char *what, unsigned n, uint64_t expected, uint64_t actual)
{
    if (expected != actual)
        printf("    %s%u: expected %016llx, got %016llx\n", what, n, (unsigned long long)expected,
               (unsigned long long)actual);
}

static void print_status(const char *who, int status)
{
    if (status == -1)
        printf("    %s did not end in time\n", who);
    else if (WIFSIGNALED(status))
        printf("    %s was killed by signal %d\n", who, WTERMSIG(status));
    else if (WEXITSTATUS(status))
        printf("    %s exited with %d\n", who, WEXITSTATUS(status));
}

static void explain_notes(const Record *e, const Record *a)
{
    for (unsigned n = 0; n < FAULT_NOTES; n++) {
        const FaultNote *x = &e->note[n], *y = &a->note[n];
        if (!memcmp(x, y, sizeof *x))
            continue;
        printf("    fault %u, at pc %llx:\n", n, (unsigned long long)x->pc);
        differ("  signal, code ", n, x->signal, y->signal);
        differ("  pc ", n, x->pc, y->pc);
        differ("  address ", n, x->address, y->address);
        differ("  hash of registers ", n, x->registers, y->registers);
        differ("  hash of vectors ", n, x->vectors, y->vectors);
        differ("  fpsr, fpcr ", n, x->fp, y->fp);
        return;
    }
}

static void explain_memory(const Record *e, const Record *a)
{
    unsigned shown = 0;

    for (unsigned n = 0; n < sizeof e->memory; n += 8) {
        uint64_t x, y;
        memcpy(&x, e->memory + n, 8);
        memcpy(&y, a->memory + n, 8);
        if (x != y && shown++ < 8)
            printf("    memory %+d: expected %016llx, got %016llx\n", (int)n - PRIVATE,
                   (unsigned long long)x, (unsigned long long)y);
    }
}

void run_explain(const Outcome *expected, const Outcome *actual, unsigned program)
{
    const Record *e = expected->record[program], *a = actual->record[program];

    print_status("the reference", expected->status);
    print_status("this run", actual->status);
    if (!e || !a) {
        printf("    no record from %s\n", !e && !a ? "either" : e ? "this run" : "the reference");
        return;
    }
    for (unsigned n = 0; n < 32; n++)
        differ(n == 31 ? "sp " : "x", n, e->x[n], a->x[n]);
    for (unsigned n = 0; n < 32; n++) {
        differ("v.lo", n, e->v[n].u64[0], a->v[n].u64[0]);
        differ("v.hi", n, e->v[n].u64[1], a->v[n].u64[1]);
    }
    differ("nzcv ", 0, e->nzcv >> 28, a->nzcv >> 28);
    differ("fpcr ", 0, e->fpcr, a->fpcr);
    differ("fpsr ", 0, e->fpsr, a->fpsr);
    differ("faults ", 0, e->faults, a->faults);
    differ("signals with a wrong frame ", 0, e->bad_signals, a->bad_signals);
    differ("pc of the last of them ", 0, e->bad_pc, a->bad_pc);
    explain_notes(e, a);
    explain_memory(e, a);
    for (unsigned n = 0; n < SHARED_WORDS; n++)
        differ("shared word ", n, expected->shared[n], actual->shared[n]);
}
