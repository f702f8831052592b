/* EMU_PASSES; see passes.h. Runs before anything is translated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg-lite/ir/passes.h"

Passes passes = {
#define P(name, meaning) .name = true,
    PASSES(P)
#undef P
};

uint32_t passes_hot;

static const struct {
    const char *name, *meaning;
    size_t offset;
} rows[] = {
#define P(name, meaning) {#name, meaning, offsetof(Passes, name)},
    PASSES(P)
#undef P
};

static bool switch_off(const char *name, size_t length)
{
    bool all = length == 3 && !memcmp(name, "all", 3);

    for (size_t n = 0; n < COUNTOF(rows); n++)
        if (all)
            *(bool *)((char *)&passes + rows[n].offset) = false;
        else if (strlen(rows[n].name) == length && !memcmp(rows[n].name, name, length)) {
            *(bool *)((char *)&passes + rows[n].offset) = false;
            return true;
        }
    return all || length == 0;
}

/* "hot=N", N at least 2 */
static bool set_hot(const char *text, size_t length)
{
    char *end;

    if (length < 5 || memcmp(text, "hot=", 4) || text[4] < '1' || text[4] > '9')
        return false;
    unsigned long rounds = strtoul(text + 4, &end, 10);
    passes_hot = rounds > UINT32_MAX ? UINT32_MAX : (uint32_t)rounds;
    return passes_hot >= 2 && end == text + length;
}

bool passes_set(const char *list, const char **bad)
{
    for (const char *p = list; p && *p;) {
        p += *p == '-';
        size_t length = strcspn(p, ",");
        if (!switch_off(p, length) && !set_hot(p, length)) {
            *bad = p;
            return false;
        }
        p += length + (p[length] == ',');
    }
    return true;
}

void passes_print(int fd)
{
    for (size_t n = 0; n < COUNTOF(rows); n++)
        dprintf(fd, "%-14s %s\n", rows[n].name, rows[n].meaning);
    dprintf(fd, "%-14s %s\n", "hot=N", "(no pass) a place is hot after N rounds");
}
