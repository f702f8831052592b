/*
 * decode(): word to DecodedInsn, by the tables that gen_a64.c makes of a64.def.
 *
 * A candidate list is searched front to back and ends with a row that matches every word, so
 * the search needs no bound. The first match decides: if its `legal` is false, the word is
 * UNALLOCATED.
 */
#include "emu/decode/insn.h"
#include "emu/decode/legal.h"

typedef struct DecodeRow {
    uint32_t mask, bits;
    uint16_t id;
    uint16_t format;
    uint8_t check; /* the legal column is not just 1 */
} DecodeRow;

typedef struct DecodeNode {
    uint8_t shift;
    uint16_t mask;
    uint16_t first; /* in decode_slots: a node number, or DECODE_LEAF + index in decode_rows */
} DecodeNode;

#include "a64_tables.inc"

static bool is_legal(const DecodedInsn *i)
{
    switch ((InsnId)i->id) {
    case INSN_UNALLOCATED:
    case INSN_COUNT:
        break;
#define A64(id, mnemonic, feature, encoding, legal, path, effects)                                 \
    case INSN_##id:                                                                                \
        return legal;
#include "emu/decode/a64.def"
#undef A64
    }
    return false;
}

bool decode(uint32_t word, DecodedInsn *i)
{
    unsigned slot = 0;

    do {
        const DecodeNode *node = &decode_nodes[slot];
        slot = decode_slots[node->first + (word >> node->shift & node->mask)];
    } while (slot < DECODE_LEAF);

    const DecodeRow *row = &decode_rows[slot - DECODE_LEAF];
    while ((word & row->mask) != row->bits)
        row++;

    *i = (DecodedInsn){.id = row->id, .word = word};
    if (row->id == INSN_UNALLOCATED)
        return false;
    extract_fields(row->format, word, i);
    if (row->check && !is_legal(i)) {
        i->id = INSN_UNALLOCATED;
        return false;
    }
    return true;
}
