/*
 * Fuzzes the loader: changes bytes of a valid ELF file's headers, or cuts the file, and loads
 * each result in a child process. The loader must accept it, or refuse it with a message and
 * exit code 1 or 255; a signal is a failure. Usage: fuzz_elf SEED COUNT FILE
 */
#define _GNU_SOURCE 1
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/base/check.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "loader/elf.h"

enum { REFUSED_SILENTLY = 77, NOT_READY = 78 };

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n)
{
    return next_random() % n;
}

/* Values at which the loader's arithmetic could go wrong. */
static uint64_t interesting(uint64_t old)
{
    static const uint64_t edges[] = {
        0, 1, 4095, 4096, 4097, 0x7fffffff, 0xffffffff, 1ull << 47, 1ull << 63, ~0ull, ~0xfffull,
        GUEST_LIMIT, GUEST_LIMIT - 4096, GUEST_PIE_BASE, GUEST_STACK_TOP - 8192, GUEST_MMAP_TOP,
    };

    switch (below(4)) {
    case 0:
        return edges[below(COUNTOF(edges))];
    case 1:
        return old + below(8192) - 4096;
    case 2:
        return old ^ (1ull << below(64));
    default:
        return next_random() >> below(64);
    }
}

/* Changes one 1-, 2-, 4- or 8-byte field of the ELF header or the program headers. */
static void mutate_field(unsigned char *image, size_t size)
{
    Elf64_Ehdr *head = (Elf64_Ehdr *)image;
    size_t span = sizeof *head + (head->e_phnum < 64 ? head->e_phnum : 64) * sizeof(Elf64_Phdr);
    static const uint8_t widths[] = {1, 2, 4, 8};
    size_t width = below(4) ? 8 : widths[below(4)];
    uint64_t value = 0;

    if (span > size)
        span = size;
    /* Mostly program headers: changes of the identity are refused at once. */
    size_t first = below(8) ? sizeof *head : 16;
    if (span < first + 8)
        return;
    size_t at = first + below((span - first) / width) * width;
    if (at + width > size)
        return;
    memcpy(&value, image + at, width);
    value = interesting(value);
    memcpy(image + at, &value, width);
}

/* In the child: loads the file and leaves with what happened. */
static _Noreturn void load_and_exit(int fd)
{
    static char message[512];
    static char *argv[] = {"prog", "arg", NULL}, *envp[] = {"A=1", NULL};
    LoadedImage image;

    path_set_prefix(getenv("QEMU_LD_PREFIX"));
    process.random_seed_set = true;
    process.exec_path = "prog";
    process.argv = argv;
    process.argc = 2;
    process.envp = envp;
    mem_init();
    int code = loader_load(&fd, "prog", &image, message, sizeof message);
    if (code == 0) {
        static char maps[16384];
        bool ready = image.sp % 16 == 0 && *(uint64_t *)image.sp == 2 &&
                     mem_format_maps(maps, sizeof maps) > 0;
        _exit(ready ? 0 : NOT_READY);
    }
    _exit(message[0] && (code == 1 || code == 255) ? code : REFUSED_SILENTLY);
}

static bool one_round(unsigned long round, const unsigned char *original, size_t size,
                      unsigned counts[2])
{
    int status, fd = memfd_create("fuzz", MFD_CLOEXEC);
    unsigned char *image = malloc(size);

    memcpy(image, original, size);
    for (unsigned n = (unsigned)below(4) + 1; n; n--)
        mutate_field(image, size);
    size_t length = below(8) ? size : below(size + 1);
    if (fd < 0 || write(fd, image, length) != (ssize_t)length)
        die(1, "cannot write a test file");
    free(image);
    pid_t pid = fork();
    if (pid == 0)
        load_and_exit(fd);
    close(fd);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        die(1, "cannot fork");
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    counts[code != 0]++;
    if (code == 0 || code == 1 || code == 255)
        return true;
    fprintf(stderr, "round %lu: %s %d\n", round, code < 0 ? "signal" : "exit",
            code < 0 ? WTERMSIG(status) : code);
    return false;
}

int main(int argc, char **argv)
{
    unsigned counts[2] = {0, 0}, failures = 0;

    if (argc != 4)
        die(1, "usage: %s SEED COUNT FILE", argv[0]);
    unsigned long count = strtoul(argv[2], NULL, 0);
    state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ull + 1;
    int fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    unsigned char *original = size < (off_t)sizeof(Elf64_Ehdr)
                                  ? MAP_FAILED
                                  : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (original == MAP_FAILED)
        die(1, "cannot read %s", argv[3]);
    for (unsigned long round = 0; round < count; round++)
        if (!one_round(round, original, (size_t)size, counts))
            failures++;
    printf("%lu rounds: %u loaded, %u refused, %u failures\n", count, counts[0], counts[1],
           failures);
    return failures != 0;
}
