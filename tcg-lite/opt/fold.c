/*
 * Constant propagation within a block: which general references hold a known value is tracked
 * forward. Guest registers keep their own definitions: only arguments change.
 */
#include <string.h>
#include "tcg-lite/ir/facts.h"
#include "tcg-lite/ir/passes.h"
#include "tcg-lite/opt/opt.h"

typedef struct Fold {
    uint64_t known[2];   /* bit per general reference whose value is known */
    uint64_t value[128];
} Fold;

static bool constant(const Fold *f, const IrInst *i, IrRef r, uint64_t *value)
{
    if (r == IR_ZERO)
        *value = 0;
    else if (r == IR_IMM)
        *value = (uint64_t)i->imm;
    else if (r < 128 && f->known[r / 64] >> (r % 64) & 1)
        *value = f->value[r];
    else
        return false;
    return true;
}

static uint64_t extend_from(uint64_t v, unsigned bytes, bool sign)
{
    return sign ? (uint64_t)sext(v, bytes * 8) : v & low_mask(bytes * 8);
}

static bool evaluate2(const IrInst *i, uint64_t a, uint64_t b, uint64_t *r)
{
    unsigned bits = i->size * 8u, n = ir_shift_count(i, b);

    switch (i->op) {
    case IR_ADD: *r = a + b; return true;
    case IR_SUB: *r = a - b; return true;
    case IR_AND: *r = a & b; return true;
    case IR_ANDN: *r = a & ~b; return true;
    case IR_OR: *r = a | b; return true;
    case IR_XOR: *r = a ^ b; return true;
    case IR_MUL: *r = a * b; return true;
    case IR_SHL: *r = a << n; return true;
    case IR_SHR: *r = ir_argument(i, a) >> n; return true;
    case IR_SAR: *r = (uint64_t)(sext(a, bits) >> n); return true;
    case IR_ROR: *r = ror(a, n, bits); return true;
    case IR_BFI: {
        unsigned lsb = i->imm & 0xff, w = (unsigned)(i->imm >> 8) & 0xff;
        uint64_t mask = low_mask(w) << lsb;
        *r = (a & ~mask) | ((b << lsb) & mask);
        return true;
    }
    default:
        return false;
    }
}

static bool evaluate1(const IrInst *i, uint64_t a, uint64_t *r)
{
    switch (i->op) {
    case IR_MOV: *r = a; return true;
    case IR_NOT: *r = ~a; return true;
    case IR_SEXT: *r = extend_from(a, i->sub, true); return true;
    case IR_ZEXT: *r = extend_from(a, i->sub, false); return true;
    case IR_UBFX:
        *r = (a >> (i->imm & 0xff)) & low_mask((unsigned)(i->imm >> 8) & 0xff);
        return true;
    default:
        return false;
    }
}

/* The result, when all arguments are constants and the operation is one we evaluate. */
static bool fold_inst(const Fold *f, const IrInst *i, uint64_t *result)
{
    uint64_t a, b;

    if (i->set_nzcv || !(ir_op_info[i->op].effects & PURE) || !constant(f, i, i->a, &a))
        return false;
    if (i->b == IR_NONE) {
        if (!evaluate1(i, a, result))
            return false;
    } else if (!constant(f, i, i->b, &b) || !evaluate2(i, a, b, result)) {
        return false;
    }
    *result = ir_argument(i, *result);
    return true;
}

/* Ops whose b may become an immediate when its value is known. */
static bool takes_imm(const IrInst *i)
{
    switch (i->op) {
    case IR_ADD: case IR_SUB: case IR_AND: case IR_OR: case IR_XOR:
    case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROR:
        return true;
    default:
        return false;
    }
}

static bool fits_imm32(const IrInst *i, uint64_t v)
{
    return i->size == 4 || v == (uint64_t)(int64_t)(int32_t)v;
}

/*
 * A64 counts trailing zeros by RBIT and CLZ. The reversed value that the CLZ overwrites is not
 * computed; another one stays, and is removed later when nobody reads it.
 */
static void count_trailing(IrInst *i, IrInst *next)
{
    if (next->op != IR_CLZ || next->a != i->d || next->size != i->size)
        return;
    if (next->d == i->d) {
        i->op = IR_CTZ;
        next->op = IR_NOP;
        next->d = next->a = IR_NONE;
    } else if (i->a != i->d) {
        next->op = IR_CTZ;
        next->a = i->a;
    } else { /* the value is counted before it is reversed in place */
        IrRef count = next->d;
        i->op = IR_CTZ;
        i->d = count;
        next->op = IR_RBIT;
        next->d = next->a = i->a;
    }
}

void opt_fold(IrUnit *u)
{
    static Fold fold; /* under the translator's lock */

    for (uint32_t b = 0; b < u->block_count; b++) {
        const IrBlock *block = &u->block[b];

        memset(fold.known, 0, sizeof fold.known);
        for (uint32_t k = block->first; k < block->first + block->count; k++) {
            IrInst *i = &u->inst[k];
            uint64_t result, v;

            if (i->op == IR_RBIT && passes.ctz) /* a block does not end with it */
                count_trailing(i, i + 1);

            bool folded = fold_inst(&fold, i, &result);
            if (folded && i->op != IR_MOV) {
                i->op = IR_MOV;
                i->size = 8;
                i->a = IR_IMM;
                i->b = IR_NONE;
                i->imm = (int64_t)result;
            } else if (takes_imm(i) && i->b != IR_IMM && i->b != IR_ZERO &&
                       constant(&fold, i, i->b, &v) && fits_imm32(i, v)) {
                i->b = IR_IMM;
                i->imm = i->size == 4 ? (int32_t)v : (int64_t)v;
            }
            if (ir_op_info[i->op].effects & SYNC)
                memset(fold.known, 0, sizeof fold.known);
            if (i->d >= 128)
                continue;
            fold.known[i->d / 64] &= ~(1ull << (i->d % 64));
            if (folded) {
                fold.known[i->d / 64] |= 1ull << (i->d % 64);
                fold.value[i->d] = result;
            }
        }
    }
}
