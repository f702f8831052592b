/* /proc shows the guest program, under every name; and an Arm machine. */
#include "tests/syscalls/guest.h"
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>

static char buf[1 << 18];

static ssize_t slurp(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = 0, r;

    CHECK(fd >= 0);
    while ((r = read(fd, buf + n, sizeof buf - 1 - (size_t)n)) > 0)
        n += r;
    buf[n] = 0;
    close(fd);
    return n;
}

static void exe(const char *real)
{
    static const char *const names[] = {"/proc/self/exe", "/proc/thread-self/exe",
                                        "/proc//self/exe", "/proc/self/./exe",
                                        "/proc/self/../self/exe"};
    char link[4096], path[64];
    struct stat a, b;
    int dir, fd;

    CHECK(stat(real, &b) == 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ssize_t n = readlink(names[i], link, sizeof link - 1);

        CHECK(n > 0);
        link[n] = 0;
        CHECK(!strcmp(link, real));
        CHECK(stat(names[i], &a) == 0 && a.st_ino == b.st_ino && a.st_size == b.st_size);
    }
    snprintf(path, sizeof path, "/proc/%d/task/%d/exe", getpid(), getpid());
    CHECK(readlink(path, link, 3) == 3);
    CHECK(lstat("/proc/self/exe", &a) == 0 && S_ISLNK(a.st_mode));
    CHECK((dir = open("/proc/self", O_RDONLY | O_DIRECTORY)) >= 0);
    CHECK((fd = openat(dir, "exe", O_RDONLY)) >= 0);
    CHECK(fstat(fd, &a) == 0 && a.st_ino == b.st_ino);
    close(fd);
    close(dir);
}

static void maps(void)
{
    char *line = NULL, *next;
    int code = 0, stack = 0;

    slurp("/proc/self/maps");
    for (line = strtok_r(buf, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
        unsigned long start, end;
        char perms[5];

        CHECK(sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3);
        CHECK(end <= 1ul << 48);
        if ((unsigned long)maps >= start && (unsigned long)maps < end)
            code = perms[0] == 'r' && perms[2] == 'x';
        if ((unsigned long)&line >= start && (unsigned long)&line < end)
            stack = strstr(line, "[stack]") && perms[1] == 'w';
    }
    CHECK(code && stack);
}

int main(int argc, char **argv)
{
    char *real = realpath(argv[0], NULL);
    int max_fd = -1;
    struct dirent *e;
    DIR *d;

    (void)argc;
    CHECK(real);
    syscall(SYS_close_range, 3, ~0u, 0); /* what the caller left open */
    exe(real);
    maps();
    CHECK(slurp("/proc/self/cmdline") > 0 && !strcmp(buf, argv[0]));
    CHECK(slurp("/proc/self/auxv") >= (ssize_t)sizeof(Elf64_auxv_t));
    for (Elf64_auxv_t *a = (Elf64_auxv_t *)buf; a->a_type != AT_NULL; a++)
        if (a->a_type == AT_PHDR || a->a_type == AT_HWCAP)
            CHECK(a->a_un.a_val == getauxval(a->a_type));
    slurp("/proc/cpuinfo");
    CHECK(strstr(buf, "CPU implementer\t: 0x") && strstr(buf, "\tfp asimd") == NULL);
    CHECK(strstr(buf, "Features\t: fp asimd") && !strstr(buf, "vendor_id"));
    CHECK(slurp("/proc/self/stat") > 0 && atoi(buf) == getpid());
    d = opendir("/proc/self/fd");
    CHECK(d);
    while ((e = readdir(d)))
        if (atoi(e->d_name) > max_fd)
            max_fd = atoi(e->d_name);
    CHECK(max_fd == dirfd(d)); /* nothing but 0, 1, 2 and the directory itself */
    closedir(d);
    return check_done();
}
