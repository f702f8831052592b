/*
 * Runs the items of the list natively and under each emulator in turn (A B C A B C ...), in two
 * roots of the same Debian, and measures user and system time of the whole process tree.
 *
 * Invariant: nothing that the driver does after fork is counted but one chroot and one execve; the
 * mounts are made once, in a mount namespace of its own.
 */
#define _GNU_SOURCE
#include "tests/bench/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct bench bench = { .runs = 5, .peer_runs = MAX_RUNS, .scale = 100, .cpu = -1 };
static const char *root[2]; /* amd64, arm64 */
static const char *box;
static const char *only = "";
static double time_limit = 300;
static bool no_native; /* engine 0 is an emulator too; only the raw table is made */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* The machine and the list ------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        die(path);
    close(fd);
}

/* A mount namespace, with a user namespace around it when the caller is not root. */
static void enter_namespace(void)
{
    unsigned uid = geteuid(), gid = getegid();
    char map[64];
    if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)))
        die("unshare (run as root, or allow user namespaces)");
    if (uid) {
        write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", uid);
        write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", gid);
        write_file("/proc/self/gid_map", map);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        die("making mounts private");
}

static void bind(const char *from, const char *in, const char *at)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", in, at);
    mkdir(path, 0755);
    if (mount(from, path, NULL, MS_BIND | MS_REC, NULL))
        die(path);
}

static void mount_roots(void)
{
    enter_namespace();
    for (int i = 0; i < 2; i++) {
        bind("/proc", root[i], "/proc");
        bind("/dev", root[i], "/dev");
        bind(box, root[i], "/bench");
    }
}

/* The next word of *P in place, quoted with ' or bare; NULL at the end. */
static char *next_word(char **p)
{
    char *s = *p + strspn(*p, " \t\n");
    if (!*s)
        return NULL;
    char *end;
    if (*s == '\'') {
        end = strchr(++s, '\'');
        if (!end) {
            errno = EINVAL;
            die("unbalanced quote");
        }
    } else {
        end = s + strcspn(s, " \t\n");
    }
    *p = *end ? end + 1 : end;
    *end = 0;
    return s;
}

/* Whether ITEM is asked for: by its name, its class or no selection at all. */
static bool selected(const struct item *it)
{
    if (!*only)
        return true;
    for (const char *p = only; *p;) {
        size_t n = strcspn(p, ",");
        if ((strlen(it->name) == n && !memcmp(p, it->name, n)) ||
            (strlen(it->class) == n && !memcmp(p, it->class, n)))
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

/* Lines: NAME CLASS FLAGS REPEAT COMMAND...; %S and %A as in tests/bench/items.list. */
static void read_items(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    if (!f)
        die(path);
    while (getline(&line, &size, f) > 0) {
        char *p = strdup(line), *flags, *repeat;
        struct item *it = &bench.item[bench.items];
        if (line[0] == '#' || !(it->name = next_word(&p)))
            continue;
        it->class = next_word(&p);
        flags = next_word(&p);
        repeat = next_word(&p);
        if (!repeat || !selected(it))
            continue;
        it->against_peer = strchr(flags, 'r') != NULL;
        it->all_cpus = strchr(flags, 'c') != NULL;
        it->repeat = atoi(repeat) * bench.scale / 100;
        it->repeat = it->repeat < 1 ? 1 : it->repeat;
        it->words = 0;
        for (char *w; it->words < MAX_WORDS - 1 && (w = next_word(&p));)
            it->word[it->words++] = w;
        if (++bench.items == MAX_ITEMS)
            break;
    }
    free(line);
    fclose(f);
}

/* WORD with %S (percent of work) and %A (amd64, arm64) put in; the caller owns it. */
static char *expand(const char *word, bool arm)
{
    char *out = calloc(1, strlen(word) * 6 + 16), *o = out;
    for (const char *p = word; *p; p++) {
        if (p[0] == '%' && p[1] == 'S') {
            o += sprintf(o, "%d", bench.scale);
            p++;
        } else if (p[0] == '%' && p[1] == 'A') {
            o = stpcpy(o, arm ? "arm64" : "amd64");
            p++;
        } else {
            *o++ = *p;
        }
    }
    return out;
}

/* One run ------------------------------------------------------------------------------------ */

struct run {
    double cpu, wall;
    long peak_kib;
    int status; /* of the first process; -1 when the time was up */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void run_child(char **argv, bool arm, bool pin, int output)
{
    static char *const env[] = {
        "PATH=/usr/bin:/bin", "HOME=/tmp", "LC_ALL=C", "OPENBLAS_NUM_THREADS=1",
        "PYTHONDONTWRITEBYTECODE=1", NULL,
    };
    int null = open("/dev/null", O_RDWR);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    if (pin) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(bench.cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    dup2(null, 0);
    dup2(output, 1);
    dup2(null, 2);
    if (chroot(root[arm]) || chdir("/tmp"))
        _exit(126);
    execve(argv[0], argv, env);
    _exit(127);
}

/* Waits for PID until the limit, then ends its group; reaps every descendant. */
static void wait_tree(pid_t pid, struct run *r)
{
    double limit = now() + time_limit;
    bool main_done = false;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        int status;
        struct rusage u;
        pid_t got = wait4(-1, &status, WNOHANG, &u);
        if (got < 0)
            return;
        if (got > 0) {
            r->cpu += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
            r->peak_kib = u.ru_maxrss > r->peak_kib ? u.ru_maxrss : r->peak_kib;
            if (got == pid) {
                main_done = true;
                if (r->status != -1)
                    r->status = status;
                kill(-pid, SIGKILL);
            }
            continue;
        }
        double left = limit - now();
        if (left <= 0 && !main_done) {
            r->status = -1;
            kill(-pid, SIGKILL);
            left = 5;
        }
        struct timespec t = { .tv_sec = left > 1 ? 1 : 0, .tv_nsec = left > 1 ? 0 : 20000000 };
        sigtimedwait(&child, NULL, &t);
    }
}

static struct run run_once(const struct item *it, const struct engine *e, int output)
{
    char *argv[2 * MAX_WORDS];
    int n = 0;
    bool arm = no_native || e != &bench.engine[0];
    struct run r = { .status = 0 };
    for (int i = 0; i < e->words; i++)
        argv[n++] = e->word[i];
    int first = n;
    for (int i = 0; i < it->words; i++)
        argv[n++] = expand(it->word[i], arm);
    argv[n] = NULL;
    if (ftruncate(output, 0) || lseek(output, 0, SEEK_SET))
        die("output file");
    double start = now();
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        run_child(argv, arm, !it->all_cpus, output);
    wait_tree(pid, &r);
    r.wall = now() - start;
    for (int i = first; i < n; i++)
        free(argv[i]);
    return r;
}

static uint64_t hash_output(int fd, int status)
{
    static unsigned char part[65536];
    uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ (unsigned)status;
    off_t at = 0;
    for (ssize_t n; (n = pread(fd, part, sizeof part, at)) > 0; at += n)
        for (ssize_t i = 0; i < n; i++)
            sum = (sum ^ part[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static void describe_status(struct result *r, int status)
{
    if (status == -1)
        snprintf(r->problem, sizeof r->problem, "timeout (%.0f s)", time_limit);
    else if (WIFSIGNALED(status))
        snprintf(r->problem, sizeof r->problem, "signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status))
        snprintf(r->problem, sizeof r->problem, "exit %d", WEXITSTATUS(status));
}

/* One run of IT under engine number N; a failure ends its runs. */
static void measure(struct item *it, int n, int output)
{
    struct result *r = &it->result[n];
    struct sample *s = &r->sample[r->samples];
    *s = (struct sample){ 0, 0 };
    for (int i = 0; i < it->repeat; i++) {
        struct run run = run_once(it, &bench.engine[n], output);
        uint64_t hash = hash_output(output, run.status);
        s->cpu += run.cpu / it->repeat;
        s->wall += run.wall / it->repeat;
        r->peak_kib = run.peak_kib > r->peak_kib ? run.peak_kib : r->peak_kib;
        describe_status(r, run.status);
        if (!r->problem[0] && (r->samples || i) && hash != r->output)
            snprintf(r->problem, sizeof r->problem, "output changes between runs");
        r->output = hash;
        if (r->problem[0])
            return;
    }
    r->samples++;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarize(struct result *r)
{
    double v[MAX_RUNS];
    int n = r->samples;
    if (!n)
        return;
    for (int i = 0; i < n; i++)
        v[i] = r->sample[i].cpu;
    qsort(v, (size_t)n, sizeof v[0], compare_doubles);
    r->least = v[0];
    r->most = v[n - 1];
    r->median = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The output of native, or of the first peer that ran where the item says so, is right. */
static void compare_outputs(struct item *it)
{
    int reference = 0;
    for (int n = 2; it->against_peer && !no_native && n < bench.engines && !reference; n++)
        if (!it->result[n].problem[0] && it->result[n].samples)
            reference = n;
    it->unchecked = (it->against_peer && !reference && !no_native) || it->result[reference].problem[0];
    if (it->unchecked)
        return;
    for (int n = 1; n < bench.engines; n++) {
        struct result *r = &it->result[n];
        if (!r->problem[0] && r->output != it->result[reference].output)
            snprintf(r->problem, sizeof r->problem, "output differs from %s's",
                     bench.engine[reference].name);
    }
}

static void measure_items(FILE *raw)
{
    int output = memfd_create("output", 0);
    if (output < 0)
        die("memfd");
    if (raw)
        fprintf(raw, "item\tclass\tengine\trun\tcpu_s\twall_s\tpeak_kib\tproblem\n");
    for (int i = 0; i < bench.items; i++) {
        struct item *it = &bench.item[i];
        fprintf(stderr, "%s ", it->name);
        for (int run = 0; run < bench.runs; run++)
            for (int n = 0; n < bench.engines; n++)
                if (!it->result[n].problem[0] && (n < 2 || run < bench.peer_runs))
                    measure(it, n, output);
        compare_outputs(it);
        for (int n = 0; n < bench.engines; n++) {
            struct result *r = &it->result[n];
            summarize(r);
            for (int k = 0; raw && k < r->samples + (r->problem[0] && !r->samples); k++)
                fprintf(raw, "%s\t%s\t%s\t%d\t%.6f\t%.6f\t%ld\t%s\n", it->name, it->class,
                        bench.engine[n].name, k, r->sample[k].cpu, r->sample[k].wall, r->peak_kib,
                        r->problem);
        }
        if (raw)
            fflush(raw);
    }
    fprintf(stderr, "\n");
}

/* Means -------------------------------------------------------------------------------------- */

static bool complete(const struct item *it, int engine, int base)
{
    const struct result *a = &it->result[engine], *b = &it->result[base];
    return !a->problem[0] && !b->problem[0] && a->median > 0 && b->median > 0;
}

static bool is_cpu_bound(const struct item *it)
{
    return strcmp(it->class, "startup") && strcmp(it->class, "system");
}

double class_ratio(const struct bench *b, const char *class, int engine, int base, int *count)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < b->items; i++) {
        const struct item *it = &b->item[i];
        bool wanted = class ? !strcmp(class, it->class) : is_cpu_bound(it);
        if (!wanted || !complete(it, engine, base))
            continue;
        sum += log(it->result[engine].median / it->result[base].median);
        n++;
    }
    if (count)
        *count = n;
    return n ? exp(sum / n) : 0;
}

int list_classes(const struct bench *b, const char *out[MAX_CLASSES])
{
    int n = 0;
    for (int i = 0; i < b->items; i++) {
        int k = 0;
        while (k < n && strcmp(out[k], b->item[i].class))
            k++;
        if (k == n && n < MAX_CLASSES)
            out[n++] = b->item[i].class;
    }
    return n;
}

/* Command line ------------------------------------------------------------------------------- */

/* NAME=PATH:ARGUMENT:... */
static void add_engine(char *text)
{
    struct engine *e = &bench.engine[bench.engines];
    char *p = strchr(text, '=');
    if (!p || bench.engines == MAX_ENGINES) {
        errno = EINVAL;
        die(text);
    }
    *p++ = 0;
    e->name = text;
    for (char *w = strtok(p, ":"); w && e->words < MAX_WORDS; w = strtok(NULL, ":"))
        e->word[e->words++] = w;
    bench.engines++;
}

static int last_cpu(void)
{
    cpu_set_t set;
    int last = 0;
    sched_getaffinity(0, sizeof set, &set);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set))
            last = i;
    return last;
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        die(path);
    return f;
}

/* Runs ARGV in the root of ARCH with the driver's own standard files and ends with its status. */
static _Noreturn void run_in_root(const char *arch, char **argv)
{
    mount_roots();
    if (chroot(root[!strcmp(arch, "arm64")]) || chdir("/"))
        die("chroot");
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("LC_ALL", "C", 1);
    execvp(argv[0], argv);
    die(argv[0]);
}

static const struct option options[] = {
    { "amd64", required_argument, NULL, 'n' },  { "arm64", required_argument, NULL, 'g' },
    { "box", required_argument, NULL, 'b' },    { "engine", required_argument, NULL, 'e' },
    { "peer-runs", required_argument, NULL, 'p' },
    { "runs", required_argument, NULL, 'r' },   { "scale", required_argument, NULL, 's' },
    { "only", required_argument, NULL, 'o' },   { "raw", required_argument, NULL, 'w' },
    { "svg", required_argument, NULL, 'v' },    { "table", required_argument, NULL, 't' },
    { "exec", required_argument, NULL, 'x' },   { "cpu", required_argument, NULL, 'c' },
    { "limit", required_argument, NULL, 'l' },  { "no-native", no_argument, NULL, 'N' },
    { NULL, 0, NULL, 0 },
};

static void usage(void)
{
    fputs("usage: measure --amd64 ROOT --arm64 ROOT --box DIR [--no-native]\n"
          "    [--engine NAME=PATH:ARG:..]... [--runs N] [--peer-runs N] [--scale PERCENT]\n"
          "    [--only NAME,..] [--cpu N] [--limit SECONDS] [--raw FILE] [--svg FILE] [--table FILE] ITEMS\n"
          "or: measure --amd64 ROOT --arm64 ROOT --box DIR --exec ARCH -- COMMAND...\n",
          stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    const char *raw = NULL, *svg = NULL, *table = NULL, *arch = NULL;
    bench.engine[bench.engines++].name = "native";
    for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        switch (c) {
        case 'n': root[0] = optarg; break;
        case 'g': root[1] = optarg; break;
        case 'b': box = optarg; break;
        case 'e': add_engine(optarg); break;
        case 'r': bench.runs = atoi(optarg); break;
        case 'p': bench.peer_runs = atoi(optarg); break;
        case 's': bench.scale = atoi(optarg); break;
        case 'o': only = optarg; break;
        case 'w': raw = optarg; break;
        case 'v': svg = optarg; break;
        case 't': table = optarg; break;
        case 'x': arch = optarg; break;
        case 'c': bench.cpu = atoi(optarg); break;
        case 'N': no_native = true, bench.engines = 0; break;
        case 'l': time_limit = atof(optarg); break;
        default: usage();
        }
    }
    if (!root[0] || !root[1] || !box || optind >= argc)
        usage();
    if (arch)
        run_in_root(arch, argv + optind);
    if (bench.peer_runs > bench.runs)
        bench.peer_runs = bench.runs;
    if (bench.peer_runs < 1 || bench.runs > MAX_RUNS || bench.scale < 1 || bench.engines < 2)
        usage();
    if (bench.cpu < 0)
        bench.cpu = last_cpu();
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    FILE *raw_file = raw ? create(raw) : NULL, *svg_file = svg ? create(svg) : NULL;
    FILE *table_file = table ? create(table) : NULL;
    read_items(argv[optind]);
    mount_roots();
    measure_items(raw_file);
    if (!no_native)
        report_table(&bench, stdout);
    if (table_file)
        report_table(&bench, table_file);
    if (svg_file)
        report_svg(&bench, svg_file);
    for (int i = 0; i < bench.items; i++)
        if (bench.item[i].result[1].problem[0])
            return 1;
    return 0;
}
