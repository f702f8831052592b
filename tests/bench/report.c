/* What the driver prints: the table with the machine's facts, and the bar chart. */
#define _GNU_SOURCE
#include "tests/bench/measure.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void machine_facts(FILE *f)
{
    struct utsname u;
    char line[512], model[256] = "unknown CPU", date[64];
    time_t t = time(NULL);
    FILE *info = fopen("/proc/cpuinfo", "r");
    while (info && fgets(line, sizeof line, info))
        if (sscanf(line, "model name : %255[^\n]", model) == 1)
            break;
    if (info)
        fclose(info);
    uname(&u);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M", localtime(&t));
    fprintf(f, "%s, %ld cores, %s %s, %s\n", model, sysconf(_SC_NPROCESSORS_ONLN), u.sysname,
            u.release, date);
}

static bool good(const struct result *r)
{
    return !r->problem[0] && r->median > 0;
}

/* The peer that was fastest on IT, or 0. */
static int best_peer(const struct bench *b, const struct item *it)
{
    int best = 0;
    for (int n = 2; n < b->engines; n++)
        if (good(&it->result[n]) && (!best || it->result[n].median < it->result[best].median))
            best = n;
    return best;
}

static void print_ratio(FILE *f, double ratio, int width)
{
    if (ratio > 0)
        fprintf(f, " %*.2f", width, ratio);
    else
        fprintf(f, " %*s", width, "-");
}

static void print_item(const struct bench *b, const struct item *it, FILE *f)
{
    const struct result *r = it->result;
    int best = best_peer(b, it);
    fprintf(f, "%-14s %-8s", it->name, it->class);
    print_ratio(f, good(&r[0]) ? r[0].median * 1000 : 0, 9);
    print_ratio(f, good(&r[1]) ? r[1].median * 1000 : 0, 9);
    for (int n = 1; n < b->engines; n++)
        print_ratio(f, good(&r[n]) && good(&r[0]) ? r[n].median / r[0].median : 0, 9);
    print_ratio(f, best && good(&r[1]) ? r[best].median / r[1].median : 0, 7);
    for (int n = 0; n < b->engines && n < 3; n++)
        fprintf(f, " %6.1f", (double)r[n].peak_kib / 1024);
    if (best && good(&r[1]) && r[best].median < r[1].median)
        fprintf(f, "  slower than %s", b->engine[best].name);
    if (it->unchecked)
        fprintf(f, "  output not compared");
    for (int n = 0; n < b->engines; n++)
        if (r[n].problem[0])
            fprintf(f, "  [%s: %s]", b->engine[n].name, r[n].problem);
    fprintf(f, "\n");
}

static void print_head(const struct bench *b, FILE *f)
{
    fprintf(f, "%-14s %-8s %9s %9s", "item", "class", "native ms", "emu ms");
    for (int n = 1; n < b->engines; n++)
        fprintf(f, " %9s", b->engine[n].name);
    fprintf(f, " %7s", "speedup");
    for (int n = 0; n < b->engines && n < 3; n++)
        fprintf(f, " %3.3s MB", n == 0 ? "nat" : b->engine[n].name);
    fprintf(f, "\n");
}

/* Class means: against native for each engine, then the emulator's speed-up over each peer. */
static void print_means(const struct bench *b, FILE *f)
{
    const char *class[MAX_CLASSES + 1];
    int classes = list_classes(b, class);
    fprintf(f, "\n%-10s %5s  times native:", "class", "items");
    for (int n = 1; n < b->engines; n++)
        fprintf(f, " %9s", b->engine[n].name);
    fprintf(f, "   speed-up over:");
    for (int n = 2; n < b->engines; n++)
        fprintf(f, " %9s", b->engine[n].name);
    fprintf(f, "\n");
    class[classes] = NULL;
    for (int k = 0; k <= classes; k++) {
        int count;
        double own = class_ratio(b, class[k], 1, 0, &count);
        fprintf(f, "%-10s %5d %15s", class[k] ? class[k] : "CPU-bound", count, "");
        print_ratio(f, own, 9);
        for (int n = 2; n < b->engines; n++)
            print_ratio(f, class_ratio(b, class[k], n, 0, NULL), 9);
        fprintf(f, "%17s", "");
        for (int n = 2; n < b->engines; n++)
            print_ratio(f, class_ratio(b, class[k], n, 1, NULL), 9);
        fprintf(f, "\n");
    }
}

void report_table(const struct bench *b, FILE *f)
{
    int wrong = 0, slower = 0;
    machine_facts(f);
    fprintf(f, "user+system time, medians of %d runs (peers: %d), work %d %%; engines in times native; "
               "speedup is over the best peer\n", b->runs, b->peer_runs, b->scale);
    for (int n = 1; n < b->engines; n++) {
        fprintf(f, "%s:", b->engine[n].name);
        for (int i = 0; i < b->engine[n].words; i++)
            fprintf(f, " %s", b->engine[n].word[i]);
        fprintf(f, n + 1 < b->engines ? "; " : "\n");
    }
    fprintf(f, "\n");
    print_head(b, f);
    for (int i = 0; i < b->items; i++) {
        const struct item *it = &b->item[i];
        int best = best_peer(b, it);
        print_item(b, it, f);
        wrong += it->result[1].problem[0] != 0;
        slower += best && good(&it->result[1]) && it->result[best].median < it->result[1].median;
    }
    print_means(b, f);
    fprintf(f, "\n%d items, %d failed under the emulator, %d slower than the best peer\n", b->items,
            wrong, slower);
}

/* The chart ---------------------------------------------------------------------------------- */

enum { CHART_WIDTH = 860, CHART_HEIGHT = 340, LEFT = 50, TOP = 50, PLOT_HEIGHT = 240 };

/* Height over the base line of a ratio, on a logarithmic scale from 0.5 to 200. */
static double bar_height(double ratio)
{
    double h = log(ratio / 0.5) / log(400.0) * PLOT_HEIGHT;
    return h < 1 ? 1 : h > PLOT_HEIGHT ? PLOT_HEIGHT : h;
}

static void svg_grid(FILE *f)
{
    static const double line[] = { 1, 2, 5, 10, 20, 50, 100 };
    for (size_t i = 0; i < sizeof line / sizeof line[0]; i++) {
        double y = TOP + PLOT_HEIGHT - bar_height(line[i]);
        fprintf(f, "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' stroke='%s'/>"
                   "<text x='%d' y='%.1f' text-anchor='end'>%g</text>\n",
                LEFT, CHART_WIDTH - 10, y, y, line[i] == 1 ? "#444" : "#ddd", LEFT - 6, y + 4,
                line[i]);
    }
}

void report_svg(const struct bench *b, FILE *f)
{
    static const char *const color[] = { "#444444", "#1b7837", "#c7641b", "#e0a458", "#8073ac" };
    const char *class[MAX_CLASSES + 1];
    int classes = list_classes(b, class);
    double group = (double)(CHART_WIDTH - LEFT - 20) / (classes + 1);
    double bar = group * 0.8 / (b->engines - 1);
    class[classes] = NULL;
    fprintf(f, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d'"
               " font-family='sans-serif' font-size='11'>\n"
               "<rect width='100%%' height='100%%' fill='white'/>\n"
               "<text x='%d' y='18' font-size='14'>CPU time, times native (geometric means, "
               "logarithmic; lower is better)</text>\n", CHART_WIDTH, CHART_HEIGHT, LEFT);
    svg_grid(f);
    for (int n = 1; n < b->engines; n++)
        fprintf(f, "<rect x='%d' y='28' width='10' height='10' fill='%s'/>"
                   "<text x='%d' y='37'>%s</text>\n",
                LEFT + (n - 1) * 120, color[n % 5], LEFT + 14 + (n - 1) * 120, b->engine[n].name);
    for (int k = 0; k <= classes; k++) {
        double x = LEFT + 10 + k * group;
        for (int n = 1; n < b->engines; n++) {
            double ratio = class_ratio(b, class[k], n, 0, NULL);
            if (ratio <= 0)
                continue;
            double h = bar_height(ratio), left = x + (n - 1) * bar;
            fprintf(f, "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>"
                       "<text x='%.1f' y='%.1f' text-anchor='middle' font-size='9'>%.1f</text>\n",
                    left, TOP + PLOT_HEIGHT - h, bar - 1, h, color[n % 5], left + bar / 2,
                    TOP + PLOT_HEIGHT - h - 3, ratio);
        }
        fprintf(f, "<text x='%.1f' y='%d' text-anchor='middle'>%s</text>\n", x + group * 0.4,
                TOP + PLOT_HEIGHT + 18, class[k] ? class[k] : "CPU-bound");
    }
    fprintf(f, "</svg>\n");
}
