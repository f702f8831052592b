/*
 * Advanced SIMD structure loads and stores.
 *
 * Invariant: all memory of a load is read before any register changes, so that a fault leaves
 * the registers as they were; or its end is, by probe(): then its beginning is the only other
 * place that can fault. Register n of a list is (rt + n) mod 32.
 */
#include "tcg-lite/xlat/simd/simd.h"

static IrRef reg(const DecodedInsn *i, unsigned n)
{
    return v_ref((i->rt + n) % 32u);
}

static void load(Xlat *t, const DecodedInsn *i, unsigned size, IrRef d, unsigned offset)
{
    ir_op(t, IR_VLOAD, size, d, (IrRef)i->rn, IR_NONE)->imm = offset;
}

static void store(Xlat *t, const DecodedInsn *i, unsigned size, IrRef a, unsigned offset)
{
    IrInst *s = ir_op(t, IR_VSTORE, size, IR_NONE, (IrRef)i->rn, IR_NONE);

    s->c = a;
    s->imm = offset;
}

/* Touches the last of `total` bytes, which lie in two pages at most. */
static void probe(Xlat *t, const DecodedInsn *i, unsigned total)
{
    ir_op(t, IR_LOAD, 1, x_temp(t), (IrRef)i->rn, IR_NONE)->imm = total - 1;
}

/* Post-index: by the bytes moved when rm is 31, else by Xm. */
static void write_back(Xlat *t, const DecodedInsn *i, unsigned size)
{
    if (i->rm == 31)
        ir_opi(t, IR_ADD, 8, (IrRef)i->rn, (IrRef)i->rn, size);
    else
        ir_op(t, IR_ADD, 8, (IrRef)i->rn, (IrRef)i->rn, (IrRef)i->rm);
}

static unsigned bytes(const DecodedInsn *i)
{
    return 1u << i->size;
}

static unsigned width(const DecodedInsn *i)
{
    return i->q ? 16 : 8;
}

/* ---- LD1, ST1 of whole registers ---- */

static unsigned ld1_registers(const DecodedInsn *i)
{
    switch (i->opcode) {
    case 7:
        return 1;
    case 10:
        return 2;
    case 6:
        return 3;
    default:
        return 4;
    }
}

static unsigned ld1(Xlat *t, const DecodedInsn *i)
{
    unsigned count = ld1_registers(i), total = count * width(i);

    if (count > 1)
        probe(t, i, total);
    for (unsigned n = 0; n < count; n++)
        load(t, i, width(i), reg(i, n), n * width(i));
    return total;
}

static unsigned st1(Xlat *t, const DecodedInsn *i)
{
    unsigned count = ld1_registers(i);

    for (unsigned n = 0; n < count; n++)
        store(t, i, width(i), reg(i, n), n * width(i));
    return count * width(i);
}

/* ---- interleaved structures ---- */

/* The memory of `total` bytes in vectors of 16; the last one may be 8. */
static void load_all(Xlat *t, const DecodedInsn *i, unsigned total, IrRef *part)
{
    for (unsigned at = 0; at < total; at += 16) {
        part[at / 16] = v_temp(t);
        load(t, i, total - at < 16 ? 8 : 16, part[at / 16], at);
    }
}

static unsigned ld2(Xlat *t, const DecodedInsn *i)
{
    unsigned size = bytes(i);
    IrRef m[2], r0 = reg(i, 0), r1 = reg(i, 1);

    load_all(t, i, 2 * width(i), m);
    if (i->q && size == 4) {
        v_opi3(t, IR_VSHUF2, 4, r0, m[0], m[1], 0x88);
        v_opi3(t, IR_VSHUF2, 4, r1, m[0], m[1], 0xdd);
        return 32;
    }
    for (unsigned n = 0; n <= i->q && size < 8; n++) {
        if (size == 4)
            v_opi(t, IR_VSHUFD, 4, m[n], m[n], 0xd8);
        else
            v_opk(t, IR_VSHUFB, 1, m[n], m[n], VK_EVEN_ODD + i->size);
    }
    if (i->q) {
        v_op(t, IR_VZIP1, 8, r0, m[0], m[1]);
        v_op(t, IR_VZIP2, 8, r1, m[0], m[1]);
    } else {
        v_move(t, r0, m[0], 0);
        v_opi(t, IR_VBSHR, 1, r1, m[0], 8);
    }
    return 2 * width(i);
}

static unsigned st2(Xlat *t, const DecodedInsn *i)
{
    IrRef low = v_new(t, IR_VZIP1, bytes(i), reg(i, 0), reg(i, 1));

    store(t, i, 16, low, 0);
    if (i->q)
        store(t, i, 16, v_new(t, IR_VZIP2, bytes(i), reg(i, 0), reg(i, 1)), 16);
    return 2 * width(i);
}

/* d = the bytes of the sources that three shuffles pick, joined. */
static void join(Xlat *t, IrRef d, const IrRef *source, unsigned count, unsigned shuffle)
{
    IrRef r = v_newk(t, IR_VSHUFB, 1, source[0], shuffle);

    for (unsigned n = 1; n < count; n++) {
        IrRef x = v_newk(t, IR_VSHUFB, 1, source[n], shuffle + n);
        v_op(t, IR_VOR, 1, n + 1 == count ? d : r, r, x);
    }
}

static unsigned ld3(Xlat *t, const DecodedInsn *i)
{
    IrRef m[3];

    load_all(t, i, 3 * width(i), m);
    for (unsigned r = 0; r < 3; r++) {
        join(t, reg(i, r), m, i->q ? 3 : 2, VK_LD3 + 9u * i->size + 3 * r);
        v_half(t, i->q);
    }
    return 3 * width(i);
}

static unsigned st3(Xlat *t, const DecodedInsn *i)
{
    IrRef source[3] = {reg(i, 0), reg(i, 1), reg(i, 2)}, m[3];
    unsigned total = 3 * width(i);

    for (unsigned n = 0; 16 * n < total; n++) {
        m[n] = v_temp(t);
        join(t, m[n], source, 3, VK_ST3 + 9u * i->size + 3 * n);
    }
    for (unsigned at = 0; at < total; at += 16)
        store(t, i, total - at < 16 ? 8 : 16, m[at / 16], at);
    return total;
}

/* Doublewords in memory order a0 b0 c0 d0 a1 .. */
static void ld4_doubles(Xlat *t, const DecodedInsn *i, const IrRef *m)
{
    for (unsigned r = 0; r < 4; r++)
        v_op(t, r & 1 ? IR_VZIP2 : IR_VZIP1, 8, reg(i, r), m[r / 2], m[2 + r / 2]);
}

/* Within each vector every fourth element goes together, then words are transposed. */
static unsigned ld4(Xlat *t, const DecodedInsn *i)
{
    unsigned parts = i->q ? 4 : 2;
    IrRef r[4] = {reg(i, 0), reg(i, 1), reg(i, 2), reg(i, 3)}, m[4];

    if (i->size == 3) {
        load_all(t, i, 64, m);
        ld4_doubles(t, i, m);
        return 64;
    }
    probe(t, i, 16 * parts);
    for (unsigned n = 0; n < parts; n++)
        load(t, i, 16, r[n], 16 * n);
    for (unsigned n = 0; n < parts && i->size < 2; n++)
        v_opk(t, IR_VSHUFB, 1, r[n], r[n], VK_GROUP4 + i->size);
    IrRef ab = v_new(t, IR_VZIP1, 4, r[0], r[1]);
    if (!i->q) {
        IrRef cd = v_new(t, IR_VZIP2, 4, r[0], r[1]);
        v_move(t, r[0], ab, 0);
        v_opi(t, IR_VBSHR, 1, r[1], ab, 8);
        v_move(t, r[2], cd, 0);
        v_opi(t, IR_VBSHR, 1, r[3], cd, 8);
        return 32;
    }
    IrRef ab2 = v_new(t, IR_VZIP1, 4, r[2], r[3]);
    v_op(t, IR_VZIP2, 4, r[1], r[0], r[1]); /* cd and cd2 */
    v_op(t, IR_VZIP2, 4, r[3], r[2], r[3]);
    v_op(t, IR_VZIP1, 8, r[2], r[1], r[3]);
    v_op(t, IR_VZIP2, 8, r[3], r[1], r[3]);
    v_op(t, IR_VZIP1, 8, r[0], ab, ab2);
    v_op(t, IR_VZIP2, 8, r[1], ab, ab2);
    return 64;
}

/* Elements are zipped to pairs, pairs to structures. */
static unsigned st4(Xlat *t, const DecodedInsn *i)
{
    unsigned size = bytes(i), out = 0;
    IrRef r[4] = {reg(i, 0), reg(i, 1), reg(i, 2), reg(i, 3)};

    for (unsigned half = 0; half <= i->q; half++) {
        IrOp zip = half ? IR_VZIP2 : IR_VZIP1;
        IrRef ab = v_new(t, zip, size, r[0], r[1]), cd = v_new(t, zip, size, r[2], r[3]);
        if (size == 8) {
            store(t, i, 16, ab, out);
            store(t, i, 16, cd, out + 16);
        } else {
            store(t, i, 16, v_new(t, IR_VZIP1, 2 * size, ab, cd), out);
            store(t, i, 16, v_new(t, IR_VZIP2, 2 * size, ab, cd), out + 16);
        }
        out += 32;
    }
    return out;
}

/* ---- one lane, one structure to all lanes ---- */

/* Scale 2 with an odd size is a doubleword. */
static unsigned lane_scale(const DecodedInsn *i)
{
    return i->scale == 2 && (i->size & 1) ? 3 : i->scale;
}

static unsigned lane_bytes(const DecodedInsn *i)
{
    return 1u << lane_scale(i);
}

/* Lane number of a single-structure instruction: q:s:size without the low bits. */
static unsigned lane_index(const DecodedInsn *i)
{
    return ((unsigned)i->q << 3 | (unsigned)i->s << 2 | i->size) >> lane_scale(i);
}

static unsigned ld_lane(Xlat *t, const DecodedInsn *i, unsigned count)
{
    unsigned size = lane_bytes(i);

    if (count > 1)
        probe(t, i, count * size);
    for (unsigned n = 0; n < count; n++) {
        IrInst *l = ir_op(t, IR_VLDINS, size, reg(i, n), (IrRef)i->rn, IR_NONE);
        l->c = reg(i, n);
        l->cond = (uint8_t)lane_index(i);
        l->imm = n * size;
    }
    return count * size;
}

static unsigned st_lane(Xlat *t, const DecodedInsn *i, unsigned count)
{
    unsigned size = lane_bytes(i);

    for (unsigned n = 0; n < count; n++) {
        IrInst *s = ir_op(t, IR_VSTGET, size, IR_NONE, (IrRef)i->rn, IR_NONE);
        s->c = reg(i, n);
        s->cond = (uint8_t)lane_index(i);
        s->imm = n * size;
    }
    return count * size;
}

static unsigned ld_replicate(Xlat *t, const DecodedInsn *i, unsigned count)
{
    if (count > 1)
        probe(t, i, count * bytes(i));
    for (unsigned n = 0; n < count; n++) {
        ir_op(t, IR_VLDUP, bytes(i), reg(i, n), (IrRef)i->rn, IR_NONE)->imm = n * bytes(i);
        v_half(t, i->q);
    }
    return count * bytes(i);
}

#define STRUCTURE(name, ...)                                                                       \
    TRANSLATE(name)                                                                                \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    TRANSLATE(name##_post)                                                                         \
    {                                                                                              \
        write_back(t, i, __VA_ARGS__);                                                             \
    }

STRUCTURE(LD1_multi, ld1(t, i))
STRUCTURE(LD2_multi, ld2(t, i))
STRUCTURE(LD3_multi, ld3(t, i))
STRUCTURE(LD4_multi, ld4(t, i))
STRUCTURE(ST1_multi, st1(t, i))
STRUCTURE(ST2_multi, st2(t, i))
STRUCTURE(ST3_multi, st3(t, i))
STRUCTURE(ST4_multi, st4(t, i))
STRUCTURE(LD1_lane, ld_lane(t, i, 1))
STRUCTURE(LD2_lane, ld_lane(t, i, 2))
STRUCTURE(LD3_lane, ld_lane(t, i, 3))
STRUCTURE(LD4_lane, ld_lane(t, i, 4))
STRUCTURE(ST1_lane, st_lane(t, i, 1))
STRUCTURE(ST2_lane, st_lane(t, i, 2))
STRUCTURE(ST3_lane, st_lane(t, i, 3))
STRUCTURE(ST4_lane, st_lane(t, i, 4))
STRUCTURE(LD1R, ld_replicate(t, i, 1))
STRUCTURE(LD2R, ld_replicate(t, i, 2))
STRUCTURE(LD3R, ld_replicate(t, i, 3))
STRUCTURE(LD4R, ld_replicate(t, i, 4))
