/* See code.h. */
#include "tests/fuzz/flow/code.h"
#include <stdio.h>
#include <string.h>
#include "tests/fuzz/flow/asm.h"
#include "tests/harness.h"

#define LONG_WORDS 7000 /* beyond it TBZ does not reach everything */
#define PADDING_WORD 0xd4200000u | 0xdeadu << 5 /* BRK */

void code_clear(Code *c)
{
    c->items = c->blocks = c->spans = 0;
    c->full = c->skip_empty = false;
    c->entry = code_block(c);
    code_begin(c, c->entry);
}

uint16_t code_block(Code *c)
{
    if (c->blocks == MAX_BLOCKS) {
        c->full = true;
        return (uint16_t)(MAX_BLOCKS - 1);
    }
    c->block[c->blocks] = (Block){.next = NO_BLOCK};
    c->order[c->blocks] = (uint16_t)c->blocks;
    return (uint16_t)c->blocks++;
}

void code_begin(Code *c, uint16_t block)
{
    c->current = block;
    c->block[block].first = c->items;
}

void code_next(Code *c, uint16_t block)
{
    c->block[c->current].next = block;
}

static Item *add(Code *c, uint32_t word)
{
    if (c->items == MAX_ITEMS) {
        c->full = true;
        c->items--;
        c->block[c->current].count--;
    }
    c->block[c->current].count++;
    c->item[c->items] = (Item){.word = word, .target = NO_BLOCK};
    return &c->item[c->items++];
}

void code_word(Code *c, uint32_t word)
{
    add(c, word);
}

void code_fixed(Code *c, uint32_t word, Fix fix, uint16_t target)
{
    Item *item = add(c, word);

    item->fix = (uint8_t)fix;
    item->target = target;
}

void code_end(Code *c, uint32_t word)
{
    add(c, word)->end = true;
}

void code_jump(Code *c, uint16_t target)
{
    code_fixed(c, B, FIX_B26, target);
    c->item[c->items - 1].end = true;
}

void code_constant(Code *c, unsigned reg, uint64_t value)
{
    bool first = true;

    for (unsigned hw = 0; hw < 4; hw++) {
        uint32_t part = value >> (16 * hw) & 0xffff;
        if (part || (hw == 3 && first)) {
            code_word(c, first ? MOVZ(reg, part, hw) : MOVK(reg, part, hw));
            first = false;
        }
    }
}

void code_span(Code *c, uint32_t first, uint32_t end)
{
    if (c->spans == MAX_SPANS)
        c->full = true;
    else if (first < end)
        c->span[c->spans++] = (Span){.first = first, .end = end};
}

/* ---- assembling ---- */

static bool has_end(const Code *c, const Block *b)
{
    for (uint32_t n = b->first; n < b->first + b->count; n++)
        if (c->item[n].end && !c->item[n].gone)
            return true;
    return false;
}

/* The block itself, or where it goes on when it is empty. */
static uint16_t real(const Code *c, uint16_t block)
{
    for (unsigned hops = 0; c->skip_empty && block != NO_BLOCK && hops < MAX_BLOCKS; hops++) {
        const Block *b = &c->block[block];
        for (uint32_t n = b->first; n < b->first + b->count; n++)
            if (!c->item[n].gone)
                return block;
        if (b->next == NO_BLOCK)
            return block;
        block = b->next;
    }
    return block;
}

/* Marks what can be reached, with address 1. */
static void reach(Code *c)
{
    static uint16_t queue[MAX_BLOCKS];
    unsigned tail = 0;

    for (unsigned n = 0; n < c->blocks; n++)
        c->block[n].address = 0;
    queue[tail++] = real(c, c->entry);
    c->block[queue[0]].address = 1;
    for (unsigned head = 0; head < tail; head++) {
        Block *b = &c->block[queue[head]];
        uint16_t to[2] = {has_end(c, b) ? NO_BLOCK : real(c, b->next), NO_BLOCK};
        for (uint32_t n = b->first; n <= b->first + b->count; n++) {
            to[1] = n < b->first + b->count && !c->item[n].gone
                        ? real(c, c->item[n].target) : NO_BLOCK;
            for (unsigned k = 0; k < 2; k++)
                if (to[k] != NO_BLOCK && !c->block[to[k]].address) {
                    c->block[to[k]].address = 1;
                    queue[tail++] = to[k];
                }
        }
    }
}

/* The block placed behind order[n]. */
static uint16_t follower(const Code *c, unsigned n)
{
    while (++n < c->blocks)
        if (c->block[c->order[n]].address)
            return c->order[n];
    return NO_BLOCK;
}

static bool needs_jump(const Code *c, unsigned n)
{
    const Block *b = &c->block[c->order[n]];
    uint16_t behind = follower(c, n);

    return b->next != NO_BLOCK && !has_end(c, b) &&
           (real(c, b->next) != behind || c->block[behind].padding);
}

static unsigned place(Code *c, uint64_t base, bool far)
{
    unsigned at = 0;

    for (unsigned n = 0; n < c->blocks; n++) {
        Block *b = &c->block[c->order[n]];
        if (!b->address)
            continue;
        at += b->padding;
        b->address = base + at * 4ull;
        for (uint32_t k = b->first; k < b->first + b->count; k++)
            if (!c->item[k].gone)
                at += c->item[k].fix == FIX_B14 && far ? 2 : 1;
        at += needs_jump(c, n);
    }
    return at;
}

static uint32_t fixed(const Code *c, const Item *i, uint64_t pc)
{
    uint64_t to = i->target == NO_BLOCK ? pc : c->block[real(c, i->target)].address;
    uint32_t offset = (uint32_t)((int64_t)(to - pc) / 4);

    switch (i->fix) {
    case FIX_B26:
        return i->word | (offset & 0x3ffffff);
    case FIX_B19:
        return i->word | (offset & 0x7ffff) << 5;
    case FIX_B14:
        return i->word | (offset & 0x3fff) << 5;
    case FIX_ADR:
        return i->word | (offset & 0x7ffff) << 5;
    case FIX_OFFSET:
        return (uint32_t)(to - c->block[i->from].address);
    case FIX_LOW:
        return (uint32_t)to;
    case FIX_HIGH:
        return (uint32_t)(to >> 32) | i->word; /* a tag, perhaps */
    default:
        return i->word;
    }
}

unsigned code_assemble(Code *c, uint64_t base, uint32_t *words)
{
    unsigned at = 0;

    reach(c);
    bool far = place(c, base, false) > LONG_WORDS;
    if (place(c, base, far) > CODE_WORDS)
        return 0;
    for (unsigned n = 0; n < c->blocks; n++) {
        const Block *b = &c->block[c->order[n]];
        if (!b->address)
            continue;
        for (unsigned k = 0; k < b->padding; k++)
            words[at++] = PADDING_WORD;
        for (uint32_t k = b->first; k < b->first + b->count; k++) {
            const Item *i = &c->item[k];
            if (i->gone)
                continue;
            if (i->fix == FIX_B14 && far) {
                words[at++] = (i->word ^ 1u << 24) | 2 << 5; /* the opposite, over a B */
                Item jump = {.word = B, .fix = FIX_B26, .target = i->target};
                words[at] = fixed(c, &jump, base + at * 4ull);
            } else {
                words[at] = fixed(c, i, base + at * 4ull);
            }
            at++;
        }
        if (needs_jump(c, n)) {
            Item jump = {.word = B, .fix = FIX_B26, .target = b->next};
            words[at] = fixed(c, &jump, base + at * 4ull);
            at++;
        }
    }
    return at;
}

static const Block *block_at(const Code *c, uint64_t pc)
{
    for (unsigned n = 0; n < c->blocks; n++)
        if (c->block[n].address == pc)
            return &c->block[n];
    return NULL;
}

void code_print(const Code *c, uint64_t base, const uint32_t *words, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        uint64_t pc = base + n * 4ull;
        const Block *b = block_at(c, pc);
        if (b)
            printf("%s%llx:\n", b->function ? "\nfunction " : "", (unsigned long long)pc);
        if (words[n] == (PADDING_WORD)) {
            unsigned from = n;
            while (n + 1 < count && words[n + 1] == (PADDING_WORD))
                n++;
            printf("            (%u words that never run)\n", n - from + 1);
            continue;
        }
        printf("  %8llx  %s\n", (unsigned long long)pc, harness_disasm(words[n], pc));
    }
}
