/*
 * Which error the memory calls give first, what mlockall overlooks, areas that grow, executable
 * memory by personality and its prohibition.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("line %d: %s (errno %d)\n", __LINE__, #x, errno);                               \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define FAILS(call, error) ((long)(call) == -1 && errno == (error))
#define MSEAL 462
#define SET_MDWE 65

/* The line of /proc/self/maps that begins at addr: its end, and its permissions; 0: none. */
static uint64_t line_of(void *addr, char *perm)
{
    char line[512];
    unsigned long start, end, found = 0;
    FILE *f = fopen("/proc/self/maps", "r");

    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%lx-%lx %4s", &start, &end, perm) == 3 && start == (uintptr_t)addr) {
            found = end;
            break;
        }
    fclose(f);
    return found;
}

static void errors(void)
{
    void *far = (void *)0x7fffff000000, *odd = (void *)0x7fffff000001;

    CHECK(FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0), EBADF));
    CHECK(FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 0, 1), EINVAL));
    CHECK(FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL));
    CHECK(FAILS(msync(odd, PAGE, MS_SYNC), EINVAL));
    CHECK(FAILS(msync(far, PAGE, MS_SYNC | MS_ASYNC), EINVAL));
    CHECK(FAILS(msync(far, PAGE, MS_SYNC), ENOMEM));
    CHECK(FAILS(mlock(far, PAGE), ENOMEM));
    CHECK(FAILS(mlock(far, -PAGE), EINVAL));
    CHECK(FAILS(mincore(far, PAGE, (void *)&far), ENOMEM));
    CHECK(FAILS(mincore(odd, PAGE, (void *)&far), EINVAL));
    if (syscall(MSEAL, far, PAGE, 0) == -1 && errno == ENOSYS)
        return;
    CHECK(FAILS(syscall(MSEAL, far, PAGE, 0), ENOMEM));
    CHECK(FAILS(syscall(MSEAL, odd, PAGE, 0), EINVAL));
    CHECK(FAILS(syscall(MSEAL, far, -PAGE, 0), EINVAL));
    CHECK(FAILS(syscall(MSEAL, far, PAGE, 1), EINVAL));
}

static void lock_all(void)
{
    FILE *f = tmpfile();

    CHECK(ftruncate(fileno(f), PAGE) == 0);
    CHECK(mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fileno(f), 0) != MAP_FAILED);
    CHECK(mlockall(MCL_CURRENT) == 0 || errno == EPERM || geteuid());
    CHECK(munlockall() == 0);
}

static void growing(void)
{
    char perm[5];
    char *room = mmap(NULL, 4096 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *top = room + 4096 * PAGE;

    CHECK(munmap(room, 4096 * PAGE) == 0);
    char *area = mmap(top - 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    CHECK(area == top - 2 * PAGE);
    for (char *p = area; p >= top - 20 * PAGE; p -= PAGE)
        *(volatile char *)p = 1;
    CHECK(line_of(top - 20 * PAGE, perm) == (uint64_t)top && !strcmp(perm, "rw-p"));
    CHECK(mprotect(top - 20 * PAGE, PAGE, PROT_READ) == 0);
    CHECK(line_of(top - 20 * PAGE, perm) == (uint64_t)top - 19 * PAGE && !strcmp(perm, "r--p"));
    CHECK(mprotect(top - 20 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    char *next = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(next + 257 * PAGE <= top - 20 * PAGE || next >= top); /* stays out of its way */
    ((volatile char *)top)[-100 * (long)PAGE] = 1;
    CHECK(munmap(top - 100 * PAGE, 100 * PAGE) == 0);
    CHECK(FAILS(mprotect(top - 100 * PAGE, PAGE, PROT_READ), ENOMEM));
}

static void read_implies_exec(void)
{
    char perm[5];

    CHECK(personality(READ_IMPLIES_EXEC) == 0 && personality(0xffffffff) == READ_IMPLIES_EXEC);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(line_of(p, perm) && !strcmp(perm, "rwxp"));
    *(uint32_t *)p = 0xd65f03c0; /* ret */
    __builtin___clear_cache(p, p + 4);
    ((void (*)(void))p)();
    CHECK(mprotect(p, PAGE, PROT_WRITE) == 0 && mprotect(p, PAGE, PROT_READ) == 0);
    CHECK(line_of(p, perm) && !strcmp(perm, "r-xp"));
    CHECK(personality(0) == READ_IMPLIES_EXEC && personality(0xffffffff) == 0);
    CHECK(mprotect(p, PAGE, PROT_READ) == 0 && line_of(p, perm) && !strcmp(perm, "r--p"));
}

static void no_exec_gain(void)
{
    int status;
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (prctl(SET_MDWE, 1, 0, 0, 0) && errno == EINVAL)
        return;
    CHECK(prctl(66, 0, 0, 0, 0) == 1);
    CHECK(FAILS(mmap(NULL, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                EACCES));
    CHECK(mmap(NULL, PAGE, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    CHECK(FAILS(mprotect(p, PAGE, PROT_WRITE | PROT_EXEC), EACCES));
    CHECK(mprotect(p, PAGE, PROT_READ) == 0);
    CHECK(FAILS(mprotect(p, PAGE, PROT_EXEC), EACCES));
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "mem_rules", "inherited", NULL);
        _exit(9);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void in_child(void (*fn)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        fn();
        exit(0);
    }
    if (waitpid(child, &status, 0) != child || status)
        exit(1);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        CHECK(prctl(66, 0, 0, 0, 0) == 1);
        CHECK(FAILS(mmap(NULL, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    EACCES));
        return 0;
    }
    in_child(errors);
    in_child(lock_all);
    in_child(growing);
    in_child(read_implies_exec);
    in_child(no_exec_gain);
    return 0;
}
