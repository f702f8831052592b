/*
 * Options: everything is read from options.def. Runs before guest code, on the first thread
 * only, so libc's heap and stdio are free to use.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/check.h"
#include "emu/base/log.h"
#include "emu/guest/process.h"
#include "emu/run/options.h"

typedef struct OptionRow {
    const char *flag, *variable, *argument, *help;
    void (*apply)(Options *o, const char *text);
    bool refused; /* as an option; its variable changes nothing */
} OptionRow;

static _Noreturn void usage(int exit_code);

static char *duplicate(const char *s)
{
    char *copy = strdup(s);
    if (!copy)
        die(1, "out of memory");
    return copy;
}

static _Noreturn void fail(const char *message)
{
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static uint64_t shift_or_most(uint64_t value, unsigned n)
{
    return value << n >> n == value ? value << n : UINT64_MAX;
}

/* Bytes with an optional k, M or G; false when it is not such a number. */
static bool parse_size(const char *text, uint64_t *bytes, const char **suffix)
{
    char *end;

    *bytes = strtoull(text, &end, 0);
    *suffix = end;
    if (end == text)
        return false;
    switch (*end) {
    case 0:
        return true;
    case 'k':
    case 'K':
        *bytes = shift_or_most(*bytes, 10);
        break;
    case 'M':
        *bytes = shift_or_most(*bytes, 20);
        break;
    case 'G':
        *bytes = shift_or_most(*bytes, 30);
        break;
    default:
        return false;
    }
    return end[1] == 0;
}

static uint64_t size_or_usage(const char *text)
{
    uint64_t bytes;
    const char *suffix;

    if (!parse_size(text, &bytes, &suffix) || bytes == 0)
        usage(1);
    return bytes;
}

static uint64_t number_or_die(const char *text)
{
    char *end;

    errno = 0;
    uint64_t value = strtoull(text, &end, 0);
    if (end == text || *end || errno)
        die(1, "Invalid number: %s", text);
    return value;
}

/* Index of the variable whose name is the first n bytes of `name`; the end when there is none. */
static size_t env_find(char **envp, const char *name, size_t n)
{
    size_t i = 0;
    while (envp[i] && (strncmp(envp[i], name, n) || envp[i][n] != '='))
        i++;
    return i;
}

static void env_set(Options *o, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (!equals)
        usage(1);
    size_t i = env_find(o->envp, assignment, equals - assignment);
    if (!o->envp[i]) {
        o->envp = realloc(o->envp, (i + 2) * sizeof *o->envp);
        if (!o->envp)
            die(1, "out of memory");
        o->envp[i + 1] = NULL;
    }
    o->envp[i] = duplicate(assignment);
}

static void env_unset(Options *o, const char *name)
{
    if (strchr(name, '='))
        usage(1);
    size_t i = env_find(o->envp, name, strlen(name));
    for (; o->envp[i]; i++)
        o->envp[i] = o->envp[i + 1];
}

static void for_each_item(Options *o, const char *list, void (*fn)(Options *, const char *))
{
    char *copy = duplicate(list), *save = NULL;

    for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save))
        fn(o, item);
    free(copy);
}

static void do_set_env(Options *o, const char *text)
{
    for_each_item(o, text, env_set);
}

static void do_unset_env(Options *o, const char *text)
{
    for_each_item(o, text, env_unset);
}

static void do_help(Options *o, const char *text)
{
    (void)o;
    (void)text;
    usage(0);
}

static void do_exec_fd(Options *o, const char *text)
{
    (void)o;
    process.exe_fd = (int)number_or_die(text);
}

/* The first line keeps the form that scripts look for: a name, "version", a number. */
static void do_version(Options *o, const char *text)
{
    (void)o;
    (void)text;
    printf("emu-aarch64-static version " EMU_VERSION
           " (compatible with qemu-aarch64 version 11.1)\n"
           "Copyright (c) 2026 The emu-aarch64-static authors\n");
    exit(0);
}

static void do_trace(Options *o, const char *text)
{
    (void)o;
    if (!strcmp(text, "help") || !strcmp(text, "?")) {
        printf("no trace events\n");
        exit(0);
    }
    die(1, "-trace is not supported; see -d help for what can be logged");
}

static void do_reserved_va(Options *o, const char *text)
{
    uint64_t bytes;
    const char *suffix;

    (void)o;
    if (!parse_size(text, &bytes, &suffix)) {
        fprintf(stderr, "Unrecognised -R size suffix '%s'\n", suffix);
        exit(1);
    }
}

/* One "tsig hsig n": guest signals [tsig, tsig+n) become host signals [hsig, hsig+n). */
static void map_rt_signals(Options *o, const char *text)
{
    unsigned guest, host, n;
    int used = 0;

    (void)o;
    if (sscanf(text, " %u %u %u %n", &guest, &host, &n, &used) != 3 || text[used])
        die(1, "Bad real-time signal map '%s': three numbers are wanted", text);
    if (guest < 32 || host < 32 || n > 33 || guest + n > 65 || host + n > 65)
        die(1, "Bad real-time signal map '%s': out of range", text);
    for (unsigned i = 0; i < n; i++)
        process.rt_signal_map[guest + i - 1] = host + i;
}

static void do_rtsig_map(Options *o, const char *text)
{
    for_each_item(o, text, map_rt_signals);
}

/* execve's own: see seccomp_to_fd. */
static void do_seccomp_fd(Options *o, const char *text)
{
    (void)o;
    process.seccomp_fd = (int)number_or_die(text);
}

#define APPLY_FLAG(field, flag)                                                                    \
    static void apply_##field(Options *o, const char *text)                                        \
    {                                                                                              \
        (void)text;                                                                                \
        o->field = true;                                                                           \
    }
#define APPLY_TEXT(field, flag)                                                                    \
    static void apply_##field(Options *o, const char *text)                                        \
    {                                                                                              \
        o->field = text;                                                                           \
    }
#define APPLY_SIZE(field, flag)                                                                    \
    static void apply_##field(Options *o, const char *text)                                        \
    {                                                                                              \
        o->field = size_or_usage(text);                                                            \
        o->field##_set = true;                                                                     \
    }
#define APPLY_NUMBER(field, flag)                                                                  \
    static void apply_##field(Options *o, const char *text)                                        \
    {                                                                                              \
        o->field = number_or_die(text);                                                            \
        o->field##_set = true;                                                                     \
    }
#define APPLY_DO(field, flag)
#define APPLY_ALIAS(field, flag)
#define APPLY_REFUSE(field, flag)                                                                  \
    static void apply_##field(Options *o, const char *text)                                        \
    {                                                                                              \
        (void)o;                                                                                   \
        (void)text;                                                                                \
        fail("qemu: option '" flag "' is not supported by emu-aarch64-static");                    \
    }
#define OPTION(kind, field, flag, variable, argument, help) APPLY_##kind(field, flag)
#include "emu/run/options.def"
#undef OPTION

#define HANDLER_FLAG(field) apply_##field, false
#define HANDLER_TEXT(field) apply_##field, false
#define HANDLER_SIZE(field) apply_##field, false
#define HANDLER_NUMBER(field) apply_##field, false
#define HANDLER_DO(field) do_##field, false
#define HANDLER_ALIAS(field) NULL, false
#define HANDLER_REFUSE(field) apply_##field, true
static const OptionRow rows[] = {
#define OPTION(kind, field, flag, variable, argument, help)                                        \
    {flag, variable, argument, help, HANDLER_##kind(field)},
#include "emu/run/options.def"
#undef OPTION
};

static _Noreturn void usage(int exit_code)
{
    char flag[64];

    printf("usage: %s [options] program [arguments...]\n"
           "Linux CPU emulator (compiled for aarch64 emulation)\n\n"
           "Options and associated environment variables:\n\n"
           "%-25s %-20s %s\n",
           progname, "Argument", "Env-variable", "Description");
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        const OptionRow *r = &rows[i];
        if (!r->help)
            continue;
        snprintf(flag, sizeof flag, "-%s%s%s", r->flag, *r->argument ? " " : "", r->argument);
        printf("%-25s %-20s %s\n", flag, r->variable ? r->variable : "", r->help);
    }
    printf("\nDefaults:\n"
           "QEMU_LD_PREFIX  = /usr/gnemul/qemu-aarch64 or /etc/qemu-binfmt/aarch64, if one exists\n"
           "QEMU_STACK_SIZE = 8388608 byte, or the soft limit (ulimit -s) when that is larger\n\n"
           "-E and -U may be given several times, or hold several variables separated by\n"
           "commas; the last change to a variable stays in effect:\n"
           "    -E var1=val2 -E var2=val2 -U LD_PRELOAD -U LD_DEBUG\n"
           "    -E var1=val2,var2=val2 -U LD_PRELOAD,LD_DEBUG\n"
           "    QEMU_SET_ENV=var1=val2,var2=val2 QEMU_UNSET_ENV=LD_PRELOAD,LD_DEBUG\n");
    exit(exit_code);
}

/* A variable that is set for QEMU must not stop a program: REFUSE rows have no effect here. */
static void apply_environment(Options *o, char **environ)
{
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        const OptionRow *r = &rows[i];
        if (!r->variable || !r->apply || r->refused)
            continue;
        size_t n = strlen(r->variable);
        size_t at = env_find(environ, r->variable, n);
        if (environ[at])
            r->apply(o, environ[at] + n + 1);
    }
}

void options_log_ignored(char **environ)
{
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        const OptionRow *r = &rows[i];
        if (r->refused && r->variable && environ[env_find(environ, r->variable,
                                                          strlen(r->variable))])
            LOG(LOG_UNIMP, "%s is set: not supported\n", r->variable);
    }
}

static const OptionRow *find_row(const char *flag)
{
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (!strcmp(rows[i].flag, flag))
            return &rows[i];
    return NULL;
}

int options_parse(Options *o, int argc, char **argv, char **environ, bool secure)
{
    size_t count = 0;
    int i = 1;

    while (environ[count])
        count++;
    o->envp = malloc((count + 1) * sizeof *o->envp);
    if (!o->envp)
        die(1, "out of memory");
    memcpy(o->envp, environ, (count + 1) * sizeof *o->envp);
    if (!secure)
        apply_environment(o, environ);

    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        const char *flag = argv[i] + 1;
        if (!strcmp(flag, "-"))
            return i + 1;
        if (*flag == '-')
            flag++;
        const OptionRow *r = find_row(flag);
        if (!r) {
            fprintf(stderr, "qemu: unknown option '%s'\n", flag);
            exit(1);
        }
        const char *text = "";
        if (*r->argument) {
            if (++i >= argc) {
                fprintf(stderr, "qemu: missing argument for option '%s'\n", flag);
                exit(1);
            }
            text = argv[i];
        }
        if (r->apply)
            r->apply(o, text);
    }
    return i;
}

char **options_for_child(const Options *o, const char *argv0, int *count)
{
    char **v = calloc(4 * COUNTOF(rows), sizeof *v), number[32];
    int n = 0;

    if (!v)
        die(1, "out of memory");
    v[n++] = duplicate(argv0);
#define CHILD_FLAG(field, flag)                                                                    \
    if (o->field)                                                                                  \
        v[n++] = duplicate("-" flag);
#define CHILD_TEXT(field, flag)                                                                    \
    if (o->field && strcmp(flag, "0")) {                                                           \
        v[n++] = duplicate("-" flag);                                                              \
        v[n++] = duplicate(o->field);                                                              \
    }
#define CHILD_SIZE(field, flag)                                                                    \
    if (o->field##_set) {                                                                          \
        snprintf(number, sizeof number, "%llu", (unsigned long long)o->field);                     \
        v[n++] = duplicate("-" flag);                                                              \
        v[n++] = duplicate(number);                                                                \
    }
#define CHILD_NUMBER(field, flag) CHILD_SIZE(field, flag)
#define CHILD_DO(field, flag)
#define CHILD_ALIAS(field, flag)
#define CHILD_REFUSE(field, flag)
#define OPTION(kind, field, flag, variable, argument, help) CHILD_##kind(field, flag)
#include "emu/run/options.def"
#undef OPTION
    if (o->log_file && !o->log_append)
        v[n++] = duplicate("-log-append");
    for (unsigned i = 31; i < 64; i++) {
        if (process.rt_signal_map[i] == i + 1)
            continue;
        char map[64];
        snprintf(map, sizeof map, "%u %u 1", i + 1, (unsigned)process.rt_signal_map[i]);
        v = realloc(v, (n + 4 * COUNTOF(rows)) * sizeof *v);
        if (!v)
            die(1, "out of memory");
        v[n++] = duplicate("-t");
        v[n++] = duplicate(map);
    }
    v[n] = NULL;
    *count = n;
    return v;
}
