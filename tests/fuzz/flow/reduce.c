/* See reduce.h. Large parts first: a span that goes takes all spans in it with it. */
#include "tests/fuzz/flow/reduce.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/fuzz/flow/asm.h"

typedef struct Reduction {
    Batch *b;
    StillDiffers *differs;
    void *context;
    time_t end;
} Reduction;

static bool differs(const Reduction *r)
{
    return time(NULL) < r->end && r->differs(r->b, r->context);
}

static void reduce_programs(Reduction *r)
{
    Batch *b = r->b;

    for (unsigned keep = 0; keep < b->programs; keep++) {
        bool absent[MAX_PROGRAMS];
        for (unsigned n = 0; n < b->programs; n++) {
            absent[n] = b->program[n].absent;
            b->program[n].absent = n != keep;
        }
        if (!absent[keep] && differs(r))
            return;
        for (unsigned n = 0; n < b->programs; n++)
            b->program[n].absent = absent[n];
    }
    for (unsigned n = 0; n < b->programs; n++) {
        if (b->program[n].absent)
            continue;
        b->program[n].absent = true;
        if (!differs(r))
            b->program[n].absent = false;
    }
}

static void reduce_classes(Reduction *r)
{
    Batch *b = r->b;
    unsigned threads = b->threads;

    b->threads = 1;
    if (threads > 1 && !differs(r))
        b->threads = threads;
    for (unsigned n = 0; n < CLASS_COUNT; n++) {
        unsigned held = b->classes;
        b->classes &= ~(1u << n);
        if (b->classes != held && !differs(r))
            b->classes = held;
    }
}

static unsigned leave_out(Code *c, uint32_t first, uint32_t end, bool *mine)
{
    unsigned count = 0;

    for (uint32_t n = first; n < end; n++) {
        if (c->item[n].gone)
            continue;
        c->item[n].gone = mine[n] = true;
        count++;
    }
    return count;
}

static bool try_span(Reduction *r, Code *c, const Span *s)
{
    static bool mine[MAX_ITEMS];

    memset(mine, 0, sizeof mine);
    unsigned count = leave_out(c, s->first, s->end, mine);
    if (s->end2)
        count += leave_out(c, s->first2, s->end2, mine);
    if (!count)
        return false;
    if (differs(r))
        return true;
    for (unsigned n = 0; n < c->items; n++)
        if (mine[n])
            c->item[n].gone = false;
    return false;
}

static uint32_t size_of(const Span *s)
{
    return s->end - s->first;
}

static int larger(const void *a, const void *b)
{
    uint32_t x = size_of(a), y = size_of(b);

    return x < y ? 1 : x > y ? -1 : 0;
}

static bool reduce_spans(Reduction *r, Code *c)
{
    bool progress = false;

    qsort(c->span, c->spans, sizeof *c->span, larger);
    for (unsigned n = 0; n < c->spans; n++)
        progress |= try_span(r, c, &c->span[n]);
    return progress;
}

static void reduce_trips(Reduction *r, Code *c)
{
    for (unsigned n = 0; n < c->items; n++) {
        Item *i = &c->item[n];
        if (!i->trips || i->gone)
            continue;
        for (unsigned trips = 1; trips < MOVZ_IMM(i->word); trips *= 2) {
            uint32_t held = i->word;
            i->word = MOVZ(held & 31, trips, 0);
            if (differs(r))
                break;
            i->word = held;
        }
    }
}

static void reduce_layout(Reduction *r, Code *c)
{
    static Code held;

    held = *c;
    for (unsigned n = 0; n < c->blocks; n++)
        c->block[n].padding = 0;
    if (!differs(r))
        memcpy(c->block, held.block, sizeof c->block);
    held = *c;
    for (unsigned n = 0; n < c->blocks; n++)
        c->order[n] = (uint16_t)n;
    if (!differs(r))
        memcpy(c->order, held.order, sizeof c->order);
    c->skip_empty = true;
    if (!differs(r))
        c->skip_empty = false;
}

/* Memory and registers that are zero say that they do not matter. */
static void reduce_state(Reduction *r, Program *p)
{
    Start held = p->start;

    for (unsigned n = 0; n < 30 + 32; n++) {
        if (n < 30)
            p->start.x[n] = 0;
        else
            p->start.v[n - 30] = (V128){0};
        if (!differs(r)) {
            p->start.x[n < 30 ? n : 0] = held.x[n < 30 ? n : 0];
            p->start.v[n < 30 ? 0 : n - 30] = held.v[n < 30 ? 0 : n - 30];
        }
        held = p->start;
    }
}

void reduce(Batch *b, unsigned seconds, StillDiffers *still, void *context)
{
    Reduction r = {.b = b, .differs = still, .context = context, .end = time(NULL) + seconds};
    bool progress = true;

    reduce_programs(&r);
    reduce_classes(&r);
    for (unsigned round = 0; progress && round < 4; round++) {
        progress = false;
        for (unsigned n = 0; n < b->programs; n++)
            if (!b->program[n].absent) {
                reduce_layout(&r, &b->program[n].code);
                progress |= reduce_spans(&r, &b->program[n].code);
                reduce_trips(&r, &b->program[n].code);
            }
    }
    for (unsigned n = 0; n < b->programs; n++)
        if (!b->program[n].absent)
            reduce_state(&r, &b->program[n]);
}
