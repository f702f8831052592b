/* EMU_PASSES; see passes.h. Runs before anything is translated. */
#include <stdio.h>
#include <string.h>
#include "tcg-lite/ir/passes.h"

Passes passes = {
#define P(name, meaning) .name = true,
    PASSES(P)
#undef P
};

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

bool passes_set(const char *list, const char **bad)
{
    for (const char *p = list; p && *p;) {
        p += *p == '-';
        size_t length = strcspn(p, ",");
        if (!switch_off(p, length)) {
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
}
