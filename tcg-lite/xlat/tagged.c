/*
 * Top-byte-ignore. Addresses are used as they are until one with a tag is met: that access
 * faults, the interpreter performs it, and its guest pc is remembered here. From then on the
 * instruction at that pc is translated with the tag removed. All under the translator's lock.
 */
#include <string.h>
#include "tcg-lite/xlat/tagged.h"

#define SITES 8192 /* when half of them are taken, further sites stay slow */

static uint64_t site[SITES]; /* open addressing; 0 is free, else pc | TAKEN */
static unsigned site_count;

#define TAKEN 1 /* so that code at 0 is not taken for a free slot; no pc has this bit */

static uint64_t *find_site(uint64_t pc)
{
    unsigned n = (unsigned)(pc >> 2) % SITES;

    while (site[n] && site[n] != (pc | TAKEN))
        n = (n + 1) % SITES;
    return &site[n];
}

bool tagged_add(uint64_t pc)
{
    uint64_t *s = find_site(pc);

    if (*s || site_count >= SITES / 2)
        return false;
    *s = pc | TAKEN;
    site_count++;
    return true;
}

bool tagged_is_site(uint64_t pc)
{
    return site_count && *find_site(pc);
}

/* Ops whose address is a + extended b + imm; the other accesses take a alone. */
static bool has_index(const IrInst *i)
{
    switch (i->op) {
    case IR_LOAD: case IR_STORE: case IR_VLOAD: case IR_VSTORE: case IR_VLDUP: case IR_VLDINS:
    case IR_VSTGET:
        return true;
    default:
        return false;
    }
}

static void untag(Xlat *t, IrInst i)
{
    if (i.op == IR_COPY) { /* b is an address, too */
        IrRef from = x_temp(t);
        ir_opi(t, IR_SHL, 8, from, i.b, 8);
        ir_opi(t, IR_SAR, 8, from, from, 8);
        i.b = from;
    }
    IrRef address = x_temp(t);
    IrInst *lea = ir_op(t, IR_LEA, 8, address, i.a, IR_NONE);

    if (has_index(&i)) {
        lea->b = i.b;
        lea->ext = i.ext;
        lea->shift = i.shift;
        lea->imm = i.imm;
        i.b = IR_NONE;
        i.ext = i.shift = 0;
        i.imm = 0;
    }
    ir_opi(t, IR_SHL, 8, address, address, 8);
    ir_opi(t, IR_SAR, 8, address, address, 8);
    i.a = address;
    *ir_append(t->u, (IrOp)i.op, i.size) = i;
}

void tagged_rewrite(Xlat *t, uint32_t first)
{
    IrInst copy[64];
    uint32_t count = t->u->inst_count - first;

    if (count > COUNTOF(copy) || t->u->full)
        return; /* such an instruction keeps faulting, which is slow but right */
    memcpy(copy, &t->u->inst[first], count * sizeof copy[0]);
    t->u->inst_count = first;
    for (uint32_t n = 0; n < count; n++) {
        bool room = t->u->temp_count + 2 <= IR_MAX_TEMPS;
        bool access = ir_op_info[copy[n].op].effects & (LOAD | STORE);
        if (room && (access || copy[n].op == IR_CHECK_ALIGN) && copy[n].a != IR_IMM)
            untag(t, copy[n]);
        else
            *ir_append(t->u, (IrOp)copy[n].op, copy[n].size) = copy[n];
    }
}
