/*
 * Lint: reads every .c, .h and .def file of emu, loader, syscalls and tcg-lite, and fails with
 * file:line on
 *   - an #include "..." that points upward or sideways in the layering (README.md, "Layers");
 *   - an #include "..." that is not written from the top of the tree;
 *   - a .c file of more than 1,000 lines;
 *   - a line of more than 100 columns, a tab, or trailing blanks in .c and .h files.
 * Usage: lint_layers TOP
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINES 1000
#define MAX_COLUMNS 100

#define BELOW_TCG "emu/base/", "emu/arith/", "emu/decode/", "emu/guest/", "emu/interp/"

/* A folder, and the folders that its files may include besides itself (prefixes). */
static const struct {
    const char *folder;
    const char *may[12];
} layers[] = {
    {"emu/base/", {0}},
    {"emu/arith/", {"emu/base/"}},
    {"emu/decode/", {"emu/base/"}},
    {"emu/guest/", {"emu/base/"}},
    {"emu/interp/", {"emu/base/", "emu/arith/", "emu/decode/", "emu/guest/"}},
    {"loader/", {"emu/base/", "emu/guest/"}},
    {"syscalls/", {"emu/base/", "emu/guest/"}},
    {"tcg-lite/ir/", {BELOW_TCG}},
    {"tcg-lite/opt/", {BELOW_TCG, "tcg-lite/ir/"}},
    {"tcg-lite/ra/", {BELOW_TCG, "tcg-lite/ir/"}},
    {"tcg-lite/x64/", {"emu/base/", "emu/guest/"}},
    {"tcg-lite/xlat/", {BELOW_TCG, "tcg-lite/ir/", "tcg-lite/x64/"}},
    {"tcg-lite/emit/", {BELOW_TCG, "tcg-lite/ir/", "tcg-lite/ra/", "tcg-lite/x64/"}},
    {"tcg-lite/cold/", {BELOW_TCG}},
    {"tcg-lite/cache/", {BELOW_TCG, "tcg-lite/ir/", "tcg-lite/emit/", "tcg-lite/x64/"}},
    {"tcg-lite/", {BELOW_TCG, "tcg-lite/"}},
    {"emu/run/", {"emu/", "loader/", "syscalls/", "tcg-lite/"}},
};

static unsigned violations, files;

static void complain(const char *path, int line, const char *what)
{
    printf("%s:%d: %s\n", path, line, what);
    violations++;
}

static bool starts_with(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

static void check_include(const char *path, int line, const char *target)
{
    char text[600];
    size_t n = sizeof layers / sizeof *layers;

    if (!strchr(target, '/')) {
        if (!strstr(target, ".inc")) /* made by the build */
            complain(path, line, "include paths are written from the top of the tree");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (!starts_with(path, layers[i].folder))
            continue;
        if (starts_with(target, layers[i].folder))
            return;
        for (const char *const *may = layers[i].may; *may; may++)
            if (starts_with(target, *may))
                return;
        snprintf(text, sizeof text, "%s may not include %s", layers[i].folder, target);
        complain(path, line, text);
        return;
    }
    complain(path, line, "this folder has no place in the layering");
}

static void check_file(const char *path)
{
    static char text[8192];
    const char *ext = strrchr(path, '.');
    bool code = ext && (!strcmp(ext, ".c") || !strcmp(ext, ".h"));
    FILE *f = fopen(path, "r");
    int line = 0;

    if (!f || !(code || (ext && !strcmp(ext, ".def")))) {
        if (f)
            fclose(f);
        return;
    }
    files++;
    while (fgets(text, sizeof text, f)) {
        line++;
        size_t n = strcspn(text, "\n"), columns = 0;
        text[n] = 0;
        for (size_t i = 0; i < n; i++)
            columns += (text[i] & 0xc0) != 0x80;
        const char *s = text + strspn(text, " \t");
        if (starts_with(s, "#include \"")) {
            char *target = strchr(s, '"') + 1;
            target[strcspn(target, "\"")] = 0;
            check_include(path, line, target);
            continue;
        }
        if (code && columns > MAX_COLUMNS)
            complain(path, line, "more than 100 columns");
        if (code && strchr(text, '\t'))
            complain(path, line, "tab");
        if (code && n && text[n - 1] == ' ')
            complain(path, line, "trailing blank");
    }
    if (!strcmp(ext, ".c") && line > MAX_LINES)
        complain(path, line, "more than 1,000 lines");
    fclose(f);
}

static void walk(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    struct stat st;

    while (d && (e = readdir(d))) {
        char path[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (stat(path, &st))
            continue;
        if (S_ISDIR(st.st_mode))
            walk(path);
        else
            check_file(path);
    }
    if (d)
        closedir(d);
}

int main(int argc, char **argv)
{
    static const char *const roots[] = {"emu", "loader", "syscalls", "tcg-lite"};

    if (argc > 1) {
        if (chdir(argv[1])) {
            perror(argv[1]);
            return 2;
        }
    }
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        walk(roots[i]);
    printf("%u files read, %u violations\n", files, violations);
    return violations || !files;
}
