/* The one instance of the process state, its own file, and its source of randomness. */
#include "emu/guest/process.h"
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include "emu/base/fd.h"
#include "emu/base/lock.h"
#include "emu/base/sys.h"

extern const Elf64_Ehdr __ehdr_start; /* our own ELF header; the linker defines it */

Process process = {.exe_fd = -1, .self_fd = -1};

bool process_is_self_fd(int fd)
{
    Elf64_Ehdr head;

    return sys(SYS_pread64, fd, &head, sizeof head, 0) == sizeof head &&
           !memcmp(&head, &__ehdr_start, sizeof head);
}

static struct stat own_file; /* once it was opened */

/*
 * Without /proc it is the descriptor that this process was itself executed from, which the kernel
 * names in AT_EXECFN, or the file of that name (unless binfmt_misc started us: the name is then
 * the guest's).
 */
static int64_t open_own_file(bool inherited)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    const char *const paths[] = {"/proc/self/exe", name};
    int left_open;

    if (inherited && name && sscanf(name, "/dev/fd/%d", &left_open) == 1 &&
        process_is_self_fd(left_open))
        return left_open;
    for (size_t i = 0; i < COUNTOF(paths); i++) {
        int64_t fd = paths[i] ? fd_open(AT_FDCWD, paths[i], O_RDONLY | O_CLOEXEC) : -1;
        if (fd >= 0 && process_is_self_fd((int)fd))
            return fd;
        if (fd >= 0)
            sys(SYS_close, fd);
    }
    return -1;
}

int process_open_self(bool inherited)
{
    int64_t fd = open_own_file(inherited);

    if (fd >= 0)
        sys(SYS_fstat, fd, &own_file);
    return (int)fd;
}

bool process_is_self(const char *path)
{
    struct stat st;

    return own_file.st_ino && !sys_failed(sys(SYS_newfstatat, AT_FDCWD, path, &st, 0)) &&
           st.st_ino == own_file.st_ino && st.st_dev == own_file.st_dev;
}

/* One step of the splitmix64 generator. */
static uint64_t next_seeded(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint64_t process_random(void)
{
    static Lock lock;
    static uint64_t state;
    static bool seeded;
    uint64_t value;

    if (!process.random_seed_set) {
        if (sys(SYS_getrandom, &value, sizeof value, 0) == sizeof value)
            return value;
        return __builtin_ia32_rdtsc() * 0x9e3779b97f4a7c15ull; /* a kernel without entropy */
    }
    lock_take(&lock);
    if (!seeded) {
        state = process.random_seed;
        seeded = true;
    }
    value = next_seeded(&state);
    lock_release(&lock);
    return value;
}

uint64_t process_random_shift(uint64_t pages)
{
    enum { NO_RANDOMIZE = 0x0040000, ASK = 0xffffffff };

    if (process.random_seed_set || (sys(SYS_personality, ASK) & NO_RANDOMIZE))
        return 0;
    return (process_random() & (pages - 1)) * PAGE_SIZE_4K;
}
