/* The sysroot overlay, over a tree that each test builds in a temporary directory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/guest/path.h"
#include "emu/guest/process.h"

static char root[64], buf[PATH_BUFFER * 2], expected[PATH_BUFFER * 2];

static const char *in_root(const char *path)
{
    snprintf(expected, sizeof expected, "%s%s", root, path);
    return expected;
}

static void make_file(const char *path)
{
    FILE *f = fopen(in_root(path), "w");
    cr_assert(f);
    fclose(f);
}

static void setup(void)
{
    strcpy(root, "/tmp/test_path.XXXXXX");
    cr_assert(mkdtemp(root));
    const char *dirs[] = {"/etc", "/usr", "/usr/lib", "/only", "/proc", "/tmp"};
    for (size_t i = 0; i < COUNTOF(dirs); i++)
        mkdir(in_root(dirs[i]), 0755);
    make_file("/etc/in-sysroot");
    make_file("/usr/lib/libx.so.1");
    make_file("/proc/version");
    cr_assert_eq(symlink("usr/lib", in_root("/lib")), 0);
    cr_assert_eq(symlink("/usr/lib/libx.so.1", in_root("/usr/lib/libx.so")), 0);
    cr_assert_eq(symlink("/etc/passwd", in_root("/etc/from-host")), 0);
    cr_assert_eq(symlink("/proc/self/mounts", in_root("/etc/mtab")), 0);
    cr_assert_eq(symlink("loop", in_root("/etc/loop")), 0);
    cr_assert_eq(symlink("/", in_root("/only/slash")), 0);
    path_set_prefix(root);
}

static void cleanup(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    cr_assert_eq(system(command), 0);
}

static const char *translate(const char *path, unsigned flags)
{
    return path_translate(path, buf, sizeof buf, flags);
}

TestSuite(path, .init = setup, .fini = cleanup);

Test(path, sysroot_wins_where_it_has_the_name)
{
    const char *etc = "/etc/passwd", *relative = "etc/in-sysroot";

    cr_expect_str_eq(translate("/etc/in-sysroot", 0), in_root("/etc/in-sysroot"));
    cr_expect_str_eq(translate("//etc/./in-sysroot", 0), in_root("/etc/in-sysroot"));
    cr_expect_str_eq(translate("/usr/../etc/in-sysroot", 0), in_root("/etc/in-sysroot"));
    cr_expect_str_eq(translate("/../../etc/in-sysroot", 0), in_root("/etc/in-sysroot"));
    cr_expect_str_eq(translate("/", 0), in_root("/"));
    cr_expect_eq(translate(etc, 0), etc, "not in the sysroot: the very same pointer");
    cr_expect_eq(translate(relative, 0), relative);
    cr_expect_str_eq(translate("", 0), "");
}

Test(path, links_stay_inside)
{
    const char *real = in_root("/usr/lib/libx.so.1");

    cr_expect_str_eq(translate("/lib/libx.so", 0), real);
    cr_expect_str_eq(translate("/usr/lib/libx.so", 0), real);
    cr_expect_str_eq(translate("/only/slash/lib/libx.so", 0), real);
    cr_expect_str_eq(translate("/lib/libx.so", PATH_NOFOLLOW), in_root("/usr/lib/libx.so"));
    cr_expect_str_eq(translate("/lib", PATH_NOFOLLOW), in_root("/lib"));
    cr_expect_str_eq(translate("/lib/", PATH_NOFOLLOW), in_root("/usr/lib/"));
    cr_expect_str_eq(translate("/only/slash", 0), in_root("/"));
    cr_expect_str_eq(translate("/etc/from-host", 0), "/etc/passwd");
    cr_expect_str_eq(translate("/etc/loop", 0), "/etc/loop");
    cr_expect_str_eq(translate("/lib/../lib/libx.so.1", 0), in_root("/usr/lib/libx.so.1"));
}

Test(path, kernel_trees_are_the_hosts)
{
    cr_expect_str_eq(translate("/proc/version", 0), "/proc/version");
    cr_expect_str_eq(translate("/etc/mtab", 0), "/proc/self/mounts");
    cr_expect_str_eq(translate("/dev/null", 0), "/dev/null");
}

Test(path, new_names)
{
    cr_expect_str_eq(translate("/only/new", PATH_CREATE), in_root("/only/new"));
    cr_expect_str_eq(translate("/only/new/", PATH_CREATE), in_root("/only/new/"));
    cr_expect_str_eq(translate("/only/new", 0), "/only/new");
    cr_expect_str_eq(translate("/only/a/b", PATH_CREATE), "/only/a/b");
    cr_expect_str_eq(translate("/tmp/new", PATH_CREATE), "/tmp/new");
}

Test(path, long_names)
{
    static char name[5000];

    memset(name, 'a', sizeof name - 1);
    name[0] = '/';
    cr_expect_eq(translate(name, 0), name, "the kernel refuses it");
    cr_expect_null(path_translate("/etc/in-sysroot", buf, 10, 0));
}

Test(path, prefix_is_stripped)
{
    char text[200];

    strcpy(text, in_root("/etc/x"));
    text[path_strip_prefix(text, strlen(text))] = '\0';
    cr_expect_str_eq(text, "/etc/x");
    strcpy(text, root);
    text[path_strip_prefix(text, strlen(text))] = '\0';
    cr_expect_str_eq(text, "/");
    snprintf(text, sizeof text, "%sx/y", root);
    cr_expect_eq(path_strip_prefix(text, strlen(text)), strlen(text));
}

Test(path, prefix_spellings)
{
    char with_slash[80];

    snprintf(with_slash, sizeof with_slash, "%s//", root);
    path_set_prefix(with_slash);
    cr_expect_str_eq(process.ld_prefix, root);
    cr_expect_eq(chdir("/tmp"), 0);
    path_set_prefix(root + strlen("/tmp/"));
    cr_expect_str_eq(process.ld_prefix, root);
    path_set_prefix("/");
    cr_expect_null(process.ld_prefix);
    const char *path = "/etc/in-sysroot";
    cr_expect_eq(translate(path, 0), path);
}
