/*
 * Vector instructions of the x86-64 assembler, driven by vops.def. Invariant: what an x64_v
 * function does to its destination does not depend on the encoding (legacy SSE, VEX, EVEX)
 * that was chosen, for the low 128 bits.
 */
#include "tcg-lite/x64/asm.h"

#include <string.h>
#include "emu/base/bits.h"
#include "emu/base/check.h"
#include "tcg-lite/x64/enc.h"
#include "tcg-lite/x64/host.h"

typedef enum Shape {
    SHAPE_NDS = 0x1,
    SHAPE_NDSI = 0x2,
    SHAPE_NDSG = 0x4,
    SHAPE_NDSGI = 0x8,
    SHAPE_RM = 0x10,
    SHAPE_RMI = 0x20,
    SHAPE_RMG = 0x40,
    SHAPE_MR = 0x80,
    SHAPE_MRI = 0x100,
    SHAPE_MRG = 0x200,
    SHAPE_MRGI = 0x400,
    SHAPE_GRM = 0x800,
    SHAPE_GRMI = 0x1000,
    SHAPE_SHIFT = 0x2000,
    SHAPE_BLENDV = 0x4000,
    SHAPE_KNDS = 0x8000,
    SHAPE_KNDSI = 0x10000,
    SHAPE_XK = 0x20000,
    SHAPE_KX = 0x40000,
} Shape;

/* What a form needs: nothing helps, nothing is needed, or a feature. */
typedef enum Need {
    NEED_no,
    NEED_base,
#define F(name) NEED_##name,
    HOST_FEATURES(F)
#undef F
    NEED_COUNT
} Need;

enum { W0, W1 };

enum { COMM = 1, REXW = 2, REG_ONLY = 4, MEM_ONLY = 8, ALIGNED = 16, UNALIGNED = 32 };
#define EXT(n) ((n) << 8)
#define LEGACY_OP(op) ((op) << 16)

typedef struct Row {
    const char *name;
    uint32_t shape;
    uint32_t flags;
    uint8_t pp, map, opcode;
    uint8_t legacy, vex, vex_w, evex, evex_w; /* legacy, vex, evex: Need */
    uint8_t n;
} Row;

static const Row rows[VOP_COUNT] = {
#define VOP(id, name, shape, pp, map, opcode, legacy, vex, vex_w, evex, evex_w, n, flags)          \
    [VOP_##id] = {name,        SHAPE_##shape, flags, PP_##pp,     map,    opcode,                  \
                  NEED_##legacy, NEED_##vex,    vex_w, NEED_##evex, evex_w, n},
#include "tcg-lite/x64/vops.def"
#undef VOP
};

typedef enum Form { FORM_NONE, FORM_LEGACY, FORM_VEX, FORM_EVEX } Form;

/* The fields of one instruction: register numbers, or a memory operand instead of rm. */
typedef struct Fields {
    int reg, vvvv, rm;
    const Mem *m;
    int imm; /* -1 = none */
    KReg k;  /* 0 = no mask */
    bool zero;
} Fields;

static bool have(unsigned need)
{
    static const uint16_t offsets[NEED_COUNT] = {
#define F(name) [NEED_##name] = offsetof(HostFeatures, name),
        HOST_FEATURES(F)
#undef F
    };

    if (need <= NEED_base) {
        return need == NEED_base;
    }
    return *(const bool *)((const char *)&host + offsets[need]);
}

/* The encoding for registers 0..15 without a mask. */
static Form low_form(const Row *row)
{
    if (host.avx && have(row->vex)) {
        return FORM_VEX;
    }
    if (have(row->legacy)) {
        return FORM_LEGACY;
    }
    return host.avx512vl && have(row->evex) ? FORM_EVEX : FORM_NONE;
}

bool x64_vop_available(VOp op)
{
    return low_form(&rows[op]) != FORM_NONE;
}

bool x64_vop_has_evex(VOp op)
{
    return host.avx512vl && have(rows[op].evex);
}

const char *x64_vop_name(VOp op)
{
    return rows[op].name;
}

/* ---- encoding ---- */

static void encode_legacy(Ins *i, const Row *row, const Fields *f)
{
    static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
    bool other = row->shape == SHAPE_BLENDV;
    unsigned rex = (row->flags & REXW ? 8u : 0u) | ((~enc_rxb(f->reg, f->rm, f->m) >> 5) & 7);

    CHECK(row->opcode != 0xc2 || f->imm < 8, "legacy cmpps has 8 predicates");
    if (row->pp) {
        enc_byte(i, prefixes[row->pp]);
    }
    if (rex) {
        enc_byte(i, 0x40 | rex);
    }
    enc_map(i, other ? 2 : row->map);
    enc_byte(i, other ? row->flags >> 16 : row->opcode);
    enc_modrm(i, f->reg, f->rm, f->m, 1);
}

static void encode_evex(Ins *i, const Row *row, const Fields *f)
{
    unsigned vvvv = (unsigned)f->vvvv;

    enc_byte(i, 0x62);
    enc_byte(i, enc_rxb(f->reg, f->rm, f->m) | (f->reg & 16 ? 0u : 0x10u) | row->map);
    enc_byte(i, (row->evex_w ? 0x80u : 0u) | (~vvvv & 15) << 3 | 4 | row->pp);
    enc_byte(i, (f->zero ? 0x80u : 0u) | (vvvv & 16 ? 0u : 8u) | f->k);
    enc_byte(i, row->opcode);
    enc_modrm(i, f->reg, f->rm, f->m, row->n);
}

static void encode(Asm *a, const Row *row, Form form, const Fields *f)
{
    Ins i = enc_begin(a);

    CHECK(!(row->flags & (f->m ? REG_ONLY : MEM_ONLY)), "operand kind of a vector instruction");
    CHECK(form != FORM_NONE, "this host cannot encode a vector instruction");
    if (form == FORM_LEGACY) {
        encode_legacy(&i, row, f);
    } else if (form == FORM_VEX) {
        enc_vex(&i, row->pp, row->map, row->vex_w, false, row->opcode, f->reg, f->vvvv, f->rm,
                f->m);
    } else {
        encode_evex(&i, row, f);
    }
    if (f->imm >= 0) {
        enc_imm(&i, (uint64_t)f->imm, 1);
    }
    enc_commit(a, &i);
}

/*
 * The row of op, whose shape must be among `shapes`, and the form to use when `regs` is the
 * bitwise or of all vector register numbers.
 */
static const Row *choose(VOp op, unsigned shapes, unsigned regs, KReg k, Form *form)
{
    const Row *row = &rows[op];

    CHECK(row->shape & shapes, "shape of a vector instruction");
    CHECK(regs < 32 && k < 8, "vector register number");
    if (regs >= 16 || k) {
        *form = x64_vop_has_evex(op) ? FORM_EVEX : FORM_NONE;
    } else {
        *form = low_form(row);
    }
    return row;
}

/* A legacy instruction with this memory operand would fault on addresses not 16-aligned. */
static bool needs_alignment(const Row *row, Form form)
{
    return form == FORM_LEGACY && row->n == 16 && !(row->flags & (ALIGNED | UNALIGNED));
}

static Xmm load_scratch(Asm *a, Mem m, Xmm d, Xmm s)
{
    CHECK(a->vscratch != d && a->vscratch != s && a->vscratch < 16, "vscratch is in use");
    x64_v2m(a, VOP_MOVUPS, a->vscratch, m);
    return a->vscratch;
}

static void move(Asm *a, Xmm d, Xmm s)
{
    if (d != s) {
        x64_v2(a, VOP_MOVAPS, d, s);
    }
}

/* ---- three operands ---- */

static void legacy_v3(Asm *a, const Row *row, Xmm d, Xmm s, Xmm t, int imm)
{
    if (d == t && d != s) {
        if (row->flags & COMM) {
            t = s;
        } else {
            CHECK(a->vscratch != d && a->vscratch != s, "vscratch is in use");
            move(a, a->vscratch, t);
            move(a, d, s);
            t = a->vscratch;
        }
    } else {
        move(a, d, s);
    }
    encode(a, row, FORM_LEGACY, &(Fields){.reg = d, .rm = t, .imm = imm});
}

static void emit_v3(Asm *a, VOp op, unsigned shape, Xmm d, Xmm s, Xmm t, int imm, KReg k, bool zero)
{
    Form form;
    const Row *row = choose(op, shape, d | s | t, k, &form);

    if (form == FORM_LEGACY) {
        legacy_v3(a, row, d, s, t, imm);
        return;
    }
    if (form == FORM_VEX && (row->flags & COMM) && t >= 8 && s < 8) {
        Xmm high = t; /* the second operand reaches 8..15 with the 2-byte prefix */
        t = s;
        s = high;
    }
    encode(a, row, form,
           &(Fields){.reg = d, .vvvv = s, .rm = t, .imm = imm, .k = k, .zero = zero});
}

static void emit_v3m(Asm *a, VOp op, unsigned shapes, Xmm d, Xmm s, Mem t, int imm)
{
    Form form;
    const Row *row = choose(op, shapes, d | s, 0, &form);

    if (form != FORM_LEGACY) {
        encode(a, row, form, &(Fields){.reg = d, .vvvv = s, .m = &t, .imm = imm});
    } else if (needs_alignment(row, form)) {
        legacy_v3(a, row, d, s, load_scratch(a, t, d, s), imm);
    } else {
        move(a, d, s);
        encode(a, row, form, &(Fields){.reg = d, .m = &t, .imm = imm});
    }
}

static void emit_v3g(Asm *a, VOp op, unsigned shape, Xmm d, Xmm s, Gpr t, int imm)
{
    Form form;
    const Row *row = choose(op, shape, d | s, 0, &form);

    if (form == FORM_LEGACY) {
        move(a, d, s);
    }
    encode(a, row, form, &(Fields){.reg = d, .vvvv = s, .rm = t, .imm = imm});
}

void x64_v3(Asm *a, VOp op, Xmm d, Xmm s, Xmm t)
{
    emit_v3(a, op, SHAPE_NDS, d, s, t, -1, 0, false);
}

void x64_v3k(Asm *a, VOp op, Xmm d, Xmm s, Xmm t, KReg k, bool zero)
{
    CHECK(k, "k0 is no mask");
    emit_v3(a, op, SHAPE_NDS, d, s, t, -1, k, zero);
}

void x64_v3i(Asm *a, VOp op, Xmm d, Xmm s, Xmm t, uint8_t imm)
{
    emit_v3(a, op, SHAPE_NDSI, d, s, t, imm, 0, false);
}

void x64_v3m(Asm *a, VOp op, Xmm d, Xmm s, Mem t)
{
    emit_v3m(a, op, SHAPE_NDS | SHAPE_NDSG, d, s, t, -1);
}

void x64_v3mi(Asm *a, VOp op, Xmm d, Xmm s, Mem t, uint8_t imm)
{
    emit_v3m(a, op, SHAPE_NDSI | SHAPE_NDSGI, d, s, t, imm);
}

void x64_v3g(Asm *a, VOp op, Xmm d, Xmm s, Gpr t)
{
    emit_v3g(a, op, SHAPE_NDSG, d, s, t, -1);
}

void x64_v3gi(Asm *a, VOp op, Xmm d, Xmm s, Gpr t, uint8_t imm)
{
    emit_v3g(a, op, SHAPE_NDSGI, d, s, t, imm);
}

/* ---- variable blends ---- */

static Xmm renamed(Xmm r, Xmm mask)
{
    return r == 0 ? mask : r == mask ? 0 : r;
}

static void swap_with_xmm0(Asm *a, Xmm r)
{
    x64_v3(a, VOP_PXOR, 0, 0, r);
    x64_v3(a, VOP_PXOR, r, r, 0);
    x64_v3(a, VOP_PXOR, 0, 0, r);
}

/* The mask of the legacy form is xmm0: exchanges it with the mask's register meanwhile. */
static void legacy_blendv(Asm *a, const Row *row, Xmm d, Xmm s, Xmm t, Xmm mask)
{
    if (mask != 0) {
        swap_with_xmm0(a, mask);
        d = renamed(d, mask);
        s = renamed(s, mask);
        t = renamed(t, mask);
    }
    if (d == s || (d != 0 && d != t)) {
        move(a, d, s);
        encode(a, row, FORM_LEGACY, &(Fields){.reg = d, .rm = t, .imm = -1});
    } else {
        Xmm scratch = a->vscratch;
        CHECK(scratch != d && scratch != s && scratch != t && scratch != 0, "vscratch is in use");
        move(a, scratch, s);
        encode(a, row, FORM_LEGACY, &(Fields){.reg = scratch, .rm = t, .imm = -1});
        move(a, d, scratch);
    }
    if (mask != 0) {
        swap_with_xmm0(a, mask);
    }
}

void x64_v4(Asm *a, VOp op, Xmm d, Xmm s, Xmm t, Xmm mask)
{
    Form form;
    const Row *row = choose(op, SHAPE_BLENDV, d | s | t | mask, 0, &form);

    if (form == FORM_LEGACY) {
        legacy_blendv(a, row, d, s, t, mask);
    } else {
        encode(a, row, form, &(Fields){.reg = d, .vvvv = s, .rm = t, .imm = mask << 4});
    }
}

/* ---- two operands ---- */

static void emit_v2(Asm *a, VOp op, unsigned shapes, Xmm d, Xmm s, int imm, KReg k, bool zero)
{
    Form form;
    const Row *row = choose(op, shapes, d | s, k, &form);
    Fields f = {.reg = d, .rm = s, .imm = imm, .k = k, .zero = zero};

    if (row->shape & (SHAPE_MR | SHAPE_MRI)) {
        f.reg = s;
        f.rm = d;
    } else if (row->shape == SHAPE_SHIFT) {
        f.reg = row->flags >> 8 & 7;
        if (form == FORM_LEGACY) {
            move(a, d, s);
            f.rm = d;
        } else {
            f.vvvv = d;
        }
    }
    encode(a, row, form, &f);
}

static void emit_v2m(Asm *a, VOp op, unsigned shapes, Xmm d, Mem s, int imm, KReg k, bool zero)
{
    Form form;
    const Row *row = choose(op, shapes, d, k, &form);
    Fields f = {.reg = d, .m = &s, .imm = imm, .k = k, .zero = zero};

    if (needs_alignment(row, form)) {
        f.rm = load_scratch(a, s, d, d);
        f.m = NULL;
    }
    encode(a, row, form, &f);
}

static void emit_vst(Asm *a, VOp op, unsigned shapes, Mem d, Xmm s, int imm, KReg k)
{
    Form form;
    const Row *row = choose(op, shapes, s, k, &form);

    encode(a, row, form, &(Fields){.reg = s, .m = &d, .imm = imm, .k = k});
}

void x64_v2(Asm *a, VOp op, Xmm d, Xmm s)
{
    emit_v2(a, op, SHAPE_RM | SHAPE_MR, d, s, -1, 0, false);
}

void x64_v2k(Asm *a, VOp op, Xmm d, Xmm s, KReg k, bool zero)
{
    CHECK(k, "k0 is no mask");
    emit_v2(a, op, SHAPE_RM | SHAPE_MR, d, s, -1, k, zero);
}

void x64_v2i(Asm *a, VOp op, Xmm d, Xmm s, uint8_t imm)
{
    emit_v2(a, op, SHAPE_RMI | SHAPE_MRI | SHAPE_SHIFT, d, s, imm, 0, false);
}

void x64_v2ik(Asm *a, VOp op, Xmm d, Xmm s, uint8_t imm, KReg k, bool zero)
{
    CHECK(k, "k0 is no mask");
    emit_v2(a, op, SHAPE_RMI | SHAPE_MRI | SHAPE_SHIFT, d, s, imm, k, zero);
}

void x64_v2m(Asm *a, VOp op, Xmm d, Mem s)
{
    emit_v2m(a, op, SHAPE_RM | SHAPE_RMG, d, s, -1, 0, false);
}

void x64_v2mk(Asm *a, VOp op, Xmm d, Mem s, KReg k, bool zero)
{
    CHECK(k, "k0 is no mask");
    emit_v2m(a, op, SHAPE_RM, d, s, -1, k, zero);
}

void x64_v2mi(Asm *a, VOp op, Xmm d, Mem s, uint8_t imm)
{
    emit_v2m(a, op, SHAPE_RMI, d, s, imm, 0, false);
}

void x64_vst(Asm *a, VOp op, Mem d, Xmm s)
{
    emit_vst(a, op, SHAPE_MR | SHAPE_MRG, d, s, -1, 0);
}

void x64_vstk(Asm *a, VOp op, Mem d, Xmm s, KReg k)
{
    CHECK(k, "k0 is no mask");
    emit_vst(a, op, SHAPE_MR, d, s, -1, k);
}

void x64_vsti(Asm *a, VOp op, Mem d, Xmm s, uint8_t imm)
{
    emit_vst(a, op, SHAPE_MRI | SHAPE_MRGI, d, s, imm, 0);
}

/* ---- general registers ---- */

static void emit_v2g(Asm *a, VOp op, Xmm d, Gpr s, KReg k, bool zero)
{
    Form form;
    const Row *row = choose(op, SHAPE_RMG, d, k, &form);

    encode(a, row, form, &(Fields){.reg = d, .rm = s, .imm = -1, .k = k, .zero = zero});
}

void x64_v2g(Asm *a, VOp op, Xmm d, Gpr s)
{
    emit_v2g(a, op, d, s, 0, false);
}

void x64_v2gk(Asm *a, VOp op, Xmm d, Gpr s, KReg k, bool zero)
{
    CHECK(k, "k0 is no mask");
    emit_v2g(a, op, d, s, k, zero);
}

static void emit_vg(Asm *a, VOp op, unsigned shapes, Gpr d, Xmm s, int imm)
{
    a->written |= 1u << d;
    Form form;
    const Row *row = choose(op, shapes, s, 0, &form);
    Fields f = {.reg = d, .rm = s, .imm = imm};

    if (row->shape & (SHAPE_MRG | SHAPE_MRGI)) {
        f.reg = s;
        f.rm = d;
    }
    encode(a, row, form, &f);
}

void x64_vg(Asm *a, VOp op, Gpr d, Xmm s)
{
    emit_vg(a, op, SHAPE_GRM | SHAPE_MRG, d, s, -1);
}

void x64_vgi(Asm *a, VOp op, Gpr d, Xmm s, uint8_t imm)
{
    emit_vg(a, op, SHAPE_GRMI | SHAPE_MRGI, d, s, imm);
}

void x64_vgm(Asm *a, VOp op, Gpr d, Mem s)
{
    a->written |= 1u << d;
    Form form;
    const Row *row = choose(op, SHAPE_GRM, 0, 0, &form);

    encode(a, row, form, &(Fields){.reg = d, .m = &s, .imm = -1});
}

/* ---- mask registers ---- */

static void emit_k(Asm *a, VOp op, unsigned shape, int reg, int vvvv, int rm, const Mem *m, int imm)
{
    Form form;
    const Row *row = choose(op, shape, 0, 0, &form);

    encode(a, row, form, &(Fields){.reg = reg, .vvvv = vvvv, .rm = rm, .m = m, .imm = imm});
}

void x64_vk(Asm *a, VOp op, KReg d, Xmm s, Xmm t)
{
    emit_k(a, op, SHAPE_KNDS, d & 7, s, t, NULL, -1);
}

void x64_vkm(Asm *a, VOp op, KReg d, Xmm s, Mem t)
{
    emit_k(a, op, SHAPE_KNDS, d & 7, s, 0, &t, -1);
}

void x64_vki(Asm *a, VOp op, KReg d, Xmm s, Xmm t, uint8_t imm)
{
    emit_k(a, op, SHAPE_KNDSI, d & 7, s, t, NULL, imm);
}

void x64_vkmi(Asm *a, VOp op, KReg d, Xmm s, Mem t, uint8_t imm)
{
    emit_k(a, op, SHAPE_KNDSI, d & 7, s, 0, &t, imm);
}

void x64_vk_to_v(Asm *a, VOp op, Xmm d, KReg s)
{
    emit_k(a, op, SHAPE_XK, d, 0, s & 7, NULL, -1);
}

void x64_v_to_vk(Asm *a, VOp op, KReg d, Xmm s)
{
    emit_k(a, op, SHAPE_KX, d & 7, 0, s, NULL, -1);
}

static void emit_kvex(Asm *a, int pp, bool w, bool wide, unsigned opcode, int reg, int vvvv, int rm)
{
    Ins i = enc_begin(a);

    CHECK(host.avx512vl, "mask registers need AVX-512");
    enc_vex(&i, pp, 1, w, wide, opcode, reg, vvvv, rm, NULL);
    enc_commit(a, &i);
}

/* kmov between mask and general registers: the width is in the prefix. */
static int kmov_prefix(int size)
{
    return size == 1 ? PP_P66 : size == 2 ? PP_NP : PP_PF2;
}

void x64_kmov_rk(Asm *a, int size, Gpr d, KReg s)
{
    a->written |= 1u << d;
    emit_kvex(a, kmov_prefix(size), size == 8, false, 0x93, d, 0, s & 7);
}

void x64_kmov_kr(Asm *a, int size, KReg d, Gpr s)
{
    emit_kvex(a, kmov_prefix(size), size == 8, false, 0x92, d & 7, 0, s);
}

/* The other mask instructions: b 66.W0, w NP.W0, d 66.W1, q NP.W1 */
static void emit_kop(Asm *a, int size, bool wide, unsigned opcode, int reg, int vvvv, int rm)
{
    emit_kvex(a, size == 1 || size == 4 ? PP_P66 : PP_NP, size >= 4, wide, opcode, reg & 7,
              vvvv & 7, rm & 7);
}

void x64_kmov_kk(Asm *a, int size, KReg d, KReg s)
{
    emit_kop(a, size, false, 0x90, d, 0, s);
}

void x64_k3(Asm *a, KOp op, int size, KReg d, KReg s, KReg t)
{
    emit_kop(a, size, true, op, d, s, t);
}

void x64_knot(Asm *a, int size, KReg d, KReg s)
{
    emit_kop(a, size, false, 0x44, d, 0, s);
}

void x64_kortest(Asm *a, int size, KReg s, KReg t)
{
    emit_kop(a, size, false, 0x98, s, 0, t);
}

void x64_ktest(Asm *a, int size, KReg s, KReg t)
{
    emit_kop(a, size, false, 0x99, s, 0, t);
}
