/*
 * Runs on the build machine: turns a64.def into the read-only tables of decode.c, on stdout.
 *
 * Output: insn_info[]; decode_rows[], candidate lists, each ended by the row that matches
 * everything (UNALLOCATED); decode_nodes[] and decode_slots[], a decision tree over the
 * word whose leaves are candidate lists; extract_fields(), one case per set of fields.
 *
 * It exits with 1, naming the rows, if a row is not 32 bits, names an unknown field or is wider
 * than its field, or if two rows overlap and neither is a strict special case of the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/bits.h"
#include "emu/decode/insn.h"

#define MAX_PIECES 16
#define MAX_LIST 4096
#define MAX_NODES 8192
#define MAX_SLOTS 65536
#define MAX_CANDIDATES 65536
#define ROOT_SHIFT 21 /* the root looks at bits 31..21, which hold most opcode bits */
#define ROOT_WIDTH 11
#define INNER_WIDTH 6
#define SHORT_LIST 6 /* lists this short are searched, not split further */

typedef struct Piece {
    char name[12];
    unsigned shift, width;
} Piece;

typedef struct Row {
    const char *id, *mnemonic, *feature, *encoding, *legal, *path, *effects;
    uint32_t mask, bits;
    Piece piece[MAX_PIECES];
    unsigned pieces, format;
} Row;

static Row rows[] = {
    {0},
#define A64(id, mnemonic, feature, encoding, legal, path, effects)                                 \
    {#id, mnemonic, #feature, encoding, #legal, #path, #effects, 0, 0, {{{0}, 0, 0}}, 0, 0},
#include "emu/decode/a64.def"
#undef A64
};

static const char *const field_names[] = {
#define F(name) #name,
    INSN_FIELDS(F)
#undef F
};

/* A set of rows, most specific first; what a tree entry can still be. */
typedef struct List {
    unsigned count;
    uint16_t *row;
} List;

typedef struct Node {
    unsigned shift, width, first_slot;
} Node;

static Node nodes[MAX_NODES];
static unsigned node_count;
static uint16_t slots[MAX_SLOTS]; /* node number, or LEAF + start of a list in candidates */
static unsigned slot_count;
static uint16_t candidates[MAX_CANDIDATES];
static unsigned candidate_count;
static unsigned error_count;

#define LEAF 0x8000u

static void row_error(const Row *r, const char *what, const char *detail)
{
    fprintf(stderr, "a64.def: %s: %s%s\n", r->id, what, detail);
    error_count++;
}

static bool is_imm(const char *name)
{
    return !strcmp(name, "imm") || !strcmp(name, "simm");
}

static bool known_field(const char *name)
{
    for (size_t n = 0; n < COUNTOF(field_names); n++)
        if (!strcmp(name, field_names[n]))
            return true;
    return is_imm(name);
}

static unsigned field_width(const Row *r, const char *name)
{
    unsigned width = 0;

    for (unsigned p = 0; p < r->pieces; p++)
        if (!strcmp(r->piece[p].name, name))
            width += r->piece[p].width;
    return width;
}

/* Reads "name:width" at *s. */
static bool parse_field(Row *r, const char **s, unsigned *left)
{
    Piece *p = &r->piece[r->pieces];
    size_t len = strcspn(*s, ": ");

    if ((*s)[len] != ':' || len >= sizeof p->name || r->pieces + 1 == MAX_PIECES) {
        row_error(r, "cannot read the encoding at: ", *s);
        return false;
    }
    memcpy(p->name, *s, len);
    p->name[len] = 0;
    char *end;
    p->width = (unsigned)strtoul(*s + len + 1, &end, 10);
    *s = end;
    if (!known_field(p->name)) {
        row_error(r, "unknown field ", p->name);
        return false;
    }
    if (p->width == 0 || p->width > *left) {
        row_error(r, "more than 32 bits at field ", p->name);
        return false;
    }
    *left -= p->width;
    p->shift = *left;
    r->pieces++;
    return true;
}

static void parse_row(Row *r)
{
    unsigned left = 32;

    for (const char *s = r->encoding; *s;) {
        if (*s == ' ') {
            s++;
        } else if (*s == '0' || *s == '1' || *s == '.') {
            if (left-- == 0) {
                row_error(r, "more than 32 bits", "");
                return;
            }
            r->mask |= (uint32_t)(*s != '.') << left;
            r->bits |= (uint32_t)(*s == '1') << left;
            s++;
        } else if (!parse_field(r, &s, &left)) {
            return;
        }
    }
    if (left)
        row_error(r, "less than 32 bits", "");
    for (unsigned p = 0; p < r->pieces; p++)
        if (field_width(r, r->piece[p].name) > (is_imm(r->piece[p].name) ? 26 : 8))
            row_error(r, "too wide: field ", r->piece[p].name);
    if (field_width(r, "imm") && field_width(r, "simm"))
        row_error(r, "has both imm and simm", "");
}

static void check_overlaps(void)
{
    for (size_t a = 1; a < COUNTOF(rows); a++) {
        for (size_t b = a + 1; b < COUNTOF(rows); b++) {
            uint32_t both = rows[a].mask & rows[b].mask;

            if ((rows[a].bits ^ rows[b].bits) & both)
                continue;
            if (rows[a].mask == rows[b].mask ||
                (both != rows[a].mask && both != rows[b].mask))
                row_error(&rows[a], "overlaps with ", rows[b].id);
        }
    }
}

static int by_specificity(const void *a, const void *b)
{
    unsigned x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    int more = __builtin_popcount(rows[y].mask) - __builtin_popcount(rows[x].mask);

    return more ? more : (int)x - (int)y;
}

/* The members of `from` that a word with these bits at shift may be; out may be NULL. */
static unsigned filter(const List *from, unsigned shift, unsigned width, uint32_t value,
                       uint16_t *out)
{
    uint32_t mask = (uint32_t)low_mask(width) << shift;
    unsigned count = 0;

    for (unsigned n = 0; n < from->count; n++) {
        const Row *r = &rows[from->row[n]];

        if (((value << shift) ^ r->bits) & mask & r->mask)
            continue;
        if (out)
            out[count] = from->row[n];
        count++;
    }
    return count;
}

/* Where a candidate list begins in candidates[]; equal lists are stored once. */
static unsigned place_list(const List *list)
{
    for (unsigned start = 0; start + list->count < candidate_count; start++)
        if (!memcmp(&candidates[start], list->row, list->count * sizeof *list->row) &&
            candidates[start + list->count] == 0)
            return start;

    unsigned start = candidate_count;
    if (start + list->count + 1 > MAX_CANDIDATES || start >= LEAF) {
        fprintf(stderr, "gen_a64: too many candidates\n");
        exit(1);
    }
    memcpy(&candidates[start], list->row, list->count * sizeof *list->row);
    candidate_count += list->count + 1;
    return start;
}

/*
 * The bits that split the list best: average length of the parts, wide splits cost some. Bits
 * that were already looked at (seen) are left out.
 */
static double best_split(const List *list, uint32_t seen, unsigned *best_shift,
                         unsigned *best_width)
{
    double best = list->count;

    for (unsigned width = 1; width <= INNER_WIDTH; width++) {
        for (unsigned shift = 0; shift + width <= ROOT_SHIFT; shift++) {
            double sum = 0;

            if (seen >> shift & low_mask(width))
                continue;
            for (uint32_t value = 0; value < 1u << width; value++)
                sum += filter(list, shift, width, value, NULL);
            sum = sum / (1u << width) + 0.06 * (1u << width);
            if (sum < best) {
                best = sum;
                *best_shift = shift;
                *best_width = width;
            }
        }
    }
    return best;
}

static unsigned place_tree(const List *list, uint32_t seen);

static unsigned place_node(const List *list, uint32_t seen, unsigned shift, unsigned width)
{
    unsigned first = slot_count, number = node_count++;

    slot_count += 1u << width;
    if (node_count > MAX_NODES || slot_count > MAX_SLOTS) {
        fprintf(stderr, "gen_a64: the decision tree is too large\n");
        exit(1);
    }
    nodes[number] = (Node){shift, width, first};
    seen |= (uint32_t)low_mask(width) << shift;
    for (uint32_t value = 0; value < 1u << width; value++) {
        List part = {0, malloc(MAX_LIST * sizeof *part.row)};

        if (!part.row)
            exit(1);
        part.count = filter(list, shift, width, value, part.row);
        slots[first + value] = (uint16_t)place_tree(&part, seen);
        free(part.row);
    }
    return number;
}

/* Lists already turned into trees: many words share them. */
static struct Known {
    List list;
    unsigned slot;
} known[MAX_NODES];
static unsigned known_count;

static unsigned place_tree(const List *list, uint32_t seen)
{
    unsigned shift = 0, width = 0, slot;

    for (unsigned n = 0; n < known_count; n++)
        if (known[n].list.count == list->count &&
            !memcmp(known[n].list.row, list->row, list->count * sizeof *list->row))
            return known[n].slot;
    if (list->count <= SHORT_LIST || best_split(list, seen, &shift, &width) >= list->count * 0.9)
        slot = LEAF + place_list(list);
    else
        slot = place_node(list, seen, shift, width);

    struct Known *k = &known[known_count++];
    k->list = (List){list->count, malloc((list->count + 1) * sizeof *list->row)};
    k->slot = slot;
    if (!k->list.row || known_count == MAX_NODES)
        exit(1);
    memcpy(k->list.row, list->row, list->count * sizeof *list->row);
    return slot;
}

static void build_tree(void)
{
    List all = {0, malloc(COUNTOF(rows) * sizeof *all.row)};

    if (!all.row || COUNTOF(rows) > MAX_LIST)
        exit(1);
    for (size_t n = 1; n < COUNTOF(rows); n++)
        all.row[all.count++] = (uint16_t)n;
    qsort(all.row, all.count, sizeof *all.row, by_specificity);
    place_node(&all, 0, ROOT_SHIFT, ROOT_WIDTH);
    free(all.row);
}

static bool same_fields(const Row *a, const Row *b)
{
    if (a->pieces != b->pieces)
        return false;
    for (unsigned p = 0; p < a->pieces; p++)
        if (strcmp(a->piece[p].name, b->piece[p].name) ||
            a->piece[p].shift != b->piece[p].shift || a->piece[p].width != b->piece[p].width)
            return false;
    return true;
}

/* One statement per field: the pieces, each at its place in the value. */
static void print_field(const Row *r, unsigned first)
{
    const char *name = r->piece[first].name;
    unsigned left = field_width(r, name), total = left;

    const char *member = is_imm(name) ? "imm" : name;
    printf("        i->%s = (%s)(", member, is_imm(name) ? "uint32_t" : "uint8_t");
    for (unsigned p = first; p < r->pieces; p++) {
        const Piece *piece = &r->piece[p];

        if (strcmp(piece->name, name))
            continue;
        left -= piece->width;
        printf("%s(w >> %u & 0x%llx) << %u", p == first ? "" : " | ", piece->shift,
               (unsigned long long)low_mask(piece->width), left);
    }
    printf(");\n");
    if (is_imm(name))
        printf("        i->simm = (int32_t)(i->imm << %u) >> %u;\n", 32 - total, 32 - total);
}

static void print_extraction(void)
{
    unsigned formats = 0;

    printf("static inline void extract_fields(unsigned format, uint32_t w, DecodedInsn *i)\n"
           "{\n    switch (format) {\n");
    for (size_t n = 1; n < COUNTOF(rows); n++) {
        Row *r = &rows[n];
        size_t same = 1;

        while (!same_fields(&rows[same], r))
            same++;
        if (same < n) {
            r->format = rows[same].format;
            continue;
        }
        r->format = formats++;
        printf("    case %u: /* %s */\n", r->format, r->id);
        for (unsigned p = 0; p < r->pieces; p++) {
            unsigned first = 0;

            while (strcmp(r->piece[first].name, r->piece[p].name))
                first++;
            if (first == p)
                print_field(r, p);
        }
        printf("        break;\n");
    }
    printf("    }\n}\n\n");
}

static void print_tables(void)
{
    printf("const InsnInfo insn_info[INSN_COUNT] = {\n"
           "    {\"UNALLOCATED\", \"udf\", \"\", 0, 0, FEAT_BASE, PATH_CALL, STOPS},\n");
    for (size_t n = 1; n < COUNTOF(rows); n++) {
        const Row *r = &rows[n];

        printf("    {\"%s\", \"%s\", \"%s\", 0x%08x, 0x%08x, FEAT_%s, PATH_%s,\n     %s},\n",
               r->id,
               r->mnemonic, r->encoding, r->mask, r->bits, r->feature, r->path, r->effects);
    }
    printf("};\n\nstatic const DecodeRow decode_rows[] = {\n");
    for (unsigned n = 0; n < candidate_count; n++) {
        const Row *r = &rows[candidates[n]];

        printf("    {0x%08x, 0x%08x, %u, %u, %d},\n", r->mask, r->bits, candidates[n], r->format,
               candidates[n] && strcmp(r->legal, "1") != 0);
    }
    printf("};\n\n#define DECODE_LEAF 0x%xu\n\n", LEAF);
    printf("static const DecodeNode decode_nodes[] = {\n");
    for (unsigned n = 0; n < node_count; n++)
        printf("    {%u, 0x%llx, %u},\n", nodes[n].shift,
               (unsigned long long)low_mask(nodes[n].width), nodes[n].first_slot);
    printf("};\n\nstatic const uint16_t decode_slots[] = {");
    for (unsigned n = 0; n < slot_count; n++)
        printf("%s%u,", n % 16 ? " " : "\n    ", slots[n]);
    printf("\n};\n");
}

int main(void)
{
    for (size_t n = 1; n < COUNTOF(rows); n++)
        parse_row(&rows[n]);
    if (error_count == 0)
        check_overlaps();
    if (error_count)
        return 1;
    build_tree();
    print_extraction();
    print_tables();
    return fflush(stdout) || ferror(stdout);
}
