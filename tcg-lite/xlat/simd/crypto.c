/*
 * Cryptographic instructions for which the host has its own: AES, carry-less products, SHA-1,
 * SHA-256; SHA-512, and those of a few logic operations. Invariant: where an instruction of the
 * host is needed and missing, the interpreter.
 */
#include "tcg-lite/x64/host.h"
#include "tcg-lite/xlat/simd/simd.h"

/*
 * The whole round before this one takes this one's key, for nobody sees the state in between:
 * only such instructions are there as neither can leave nor concern it. False: there is none.
 */
static bool key_taken(Xlat *t, const DecodedInsn *i, IrOp whole)
{
    IrRef d = v_ref(i->rd), key = v_ref(i->rn);

    for (uint32_t k = t->u->inst_count; k > t->block_first && d != key; k--) {
        IrInst *was = &t->u->inst[k - 1];
        if (was->d == d && was->op == whole && was->b == IR_VK) {
            was->b = key;
            return true;
        }
        switch (was->op) {
        case IR_VAESENC: case IR_VAESENCLAST: case IR_VAESDEC: case IR_VAESDECLAST: case IR_VXOR:
            if (was->d == d || was->d == key || ir_reads(was, d))
                return false;
            break;
        default:
            return false;
        }
    }
    return false;
}

/* AddRoundKey comes first on arm64, last on x86: with a zero key it is out of the way. */
static void aes_last_round(Xlat *t, const DecodedInsn *i, IrOp op)
{
    if (!host.aes) {
        x_call_interp(t, false);
        return;
    }
    if (key_taken(t, i, op == IR_VAESENCLAST ? IR_VAESENC : IR_VAESDEC)) {
        v_opk(t, op, 1, v_ref(i->rd), v_ref(i->rd), VK_ZERO);
        return;
    }
    IrRef x = v_new(t, IR_VXOR, 1, v_ref(i->rd), v_ref(i->rn));
    v_opk(t, op, 1, v_ref(i->rd), x, VK_ZERO);
}

TRANSLATE(AESE) { aes_last_round(t, i, IR_VAESENCLAST); }
TRANSLATE(AESD) { aes_last_round(t, i, IR_VAESDECLAST); }

/*
 * The guest's usual pair, AESE or AESD and then this on the same register: the instruction
 * before becomes the host's whole round. A whole inverse round is the same on both.
 */
static bool joins_round(Xlat *t, const DecodedInsn *i, IrOp last, IrOp whole)
{
    if (t->u->inst_count == 0 || i->rd != i->rn)
        return false;
    IrInst *before = &t->u->inst[t->u->inst_count - 1];
    if (before->op != last || before->d != v_ref(i->rd) || before->guest + 1 != t->guest)
        return false;
    before->op = (uint8_t)whole;
    return true;
}

TRANSLATE(AESMC)
{
    if (!host.aes) {
        x_call_interp(t, false);
    } else if (!joins_round(t, i, IR_VAESENCLAST, IR_VAESENC)) {
        /* the inverse of a last round, then a whole one: the mixing remains */
        IrRef x = v_newk(t, IR_VAESDECLAST, 1, v_ref(i->rn), VK_ZERO);
        v_opk(t, IR_VAESENC, 1, v_ref(i->rd), x, VK_ZERO);
    }
}

TRANSLATE(AESIMC)
{
    if (!host.aes)
        x_call_interp(t, false);
    else if (!joins_round(t, i, IR_VAESDECLAST, IR_VAESDEC))
        v_op1(t, IR_VAESIMC, 1, v_ref(i->rd), v_ref(i->rn));
}

TRANSLATE(PMULL_p64)
{
    if (host.pclmul)
        v_opi3(t, IR_VCLMUL, 8, v_ref(i->rd), v_ref(i->rn), v_ref(i->rm), i->q ? 0x11 : 0);
    else
        x_call_interp(t, false);
}

TRANSLATE(EOR3)
{
    IrRef x = v_new(t, IR_VXOR, 8, v_ref(i->rm), v_ref(i->ra));
    v_op(t, IR_VXOR, 8, v_ref(i->rd), v_ref(i->rn), x);
}

TRANSLATE(BCAX)
{
    IrRef x = v_new(t, IR_VANDN, 8, v_ref(i->ra), v_ref(i->rm));
    v_op(t, IR_VXOR, 8, v_ref(i->rd), v_ref(i->rn), x);
}

static void rotate_right(Xlat *t, IrRef d, IrRef a, unsigned n)
{
    if (vec_available(IR_VRORI, 8)) {
        v_opi(t, IR_VRORI, 8, d, a, n);
    } else {
        IrRef low = v_newi(t, IR_VSHRI, 8, a, n);
        v_op(t, IR_VOR, 8, d, low, v_newi(t, IR_VSHLI, 8, a, 64 - n));
    }
}

TRANSLATE(RAX1)
{
    IrRef x = v_temp(t);
    rotate_right(t, x, v_ref(i->rm), 63);
    v_op(t, IR_VXOR, 8, v_ref(i->rd), v_ref(i->rn), x);
}

TRANSLATE(XAR)
{
    IrRef x = v_new(t, IR_VXOR, 8, v_ref(i->rn), v_ref(i->rm));
    rotate_right(t, v_ref(i->rd), x, i->imms);
}

/* ---- SHA-1: the host has the words in reverse, adds the round constant itself ---- */

static void sha1_rounds(Xlat *t, const DecodedInsn *i, unsigned function, uint32_t constant)
{
    if (!host.sha) {
        x_call_interp(t, false);
        return;
    }
    IrRef words = v_new(t, IR_VSUB, 4, v_ref(i->rm), v_const(t, v_splat(4, constant)));
    v_opi(t, IR_VSHUFD, 4, words, words, 0x1b);
    v_op(t, IR_VADD, 4, words, words, v_newi(t, IR_VBSHL, 1, v_ref(i->rn), 12));
    IrRef state = v_newi(t, IR_VSHUFD, 4, v_ref(i->rd), 0x1b);
    v_opi3(t, IR_VSHA1R, 4, state, state, words, function);
    v_opi(t, IR_VSHUFD, 4, v_ref(i->rd), state, 0x1b);
}

TRANSLATE(SHA1C) { sha1_rounds(t, i, 0, 0x5a827999); }
TRANSLATE(SHA1P) { sha1_rounds(t, i, 1, 0x6ed9eba1); }
TRANSLATE(SHA1M) { sha1_rounds(t, i, 2, 0x8f1bbcdc); }

static IrRef rotate_left_words(Xlat *t, IrRef a, unsigned n)
{
    IrRef low = v_newi(t, IR_VSHRI, 4, a, 32 - n);
    return v_new(t, IR_VOR, 4, low, v_newi(t, IR_VSHLI, 4, a, n));
}

TRANSLATE(SHA1H)
{
    IrRef x = rotate_left_words(t, v_elem(t, 4, v_ref(i->rn), 0), 30);
    v_op1(t, IR_VMOV, 16, v_ref(i->rd), x);
}

TRANSLATE(SHA1SU0)
{
    IrRef d = v_ref(i->rd), middle = v_temp(t);

    v_opi3(t, IR_VSHUF2, 8, middle, d, v_ref(i->rn), 1);
    middle = v_new(t, IR_VXOR, 8, middle, v_ref(i->rm));
    v_op(t, IR_VXOR, 8, d, d, middle);
}

/* The last word needs the new first one: rotated twice. */
TRANSLATE(SHA1SU1)
{
    IrRef x = v_new(t, IR_VXOR, 8, v_ref(i->rd), v_newi(t, IR_VBSHR, 1, v_ref(i->rn), 4));
    IrRef first = v_newi(t, IR_VBSHL, 1, x, 12);

    first = rotate_left_words(t, first, 2);
    v_op(t, IR_VXOR, 8, v_ref(i->rd), rotate_left_words(t, x, 1), first);
}

/* ---- SHA-256: the host keeps the state as f e b a and h g d c, and does two rounds ---- */

/* abcd and efgh before; d = abcd, or with `second` efgh, after four rounds. */
static void sha256_rounds(Xlat *t, const DecodedInsn *i, IrRef abcd, IrRef efgh, bool second)
{
    if (!host.sha) {
        x_call_interp(t, false);
        return;
    }
    IrRef feba = v_temp(t), hgdc = v_temp(t), words = v_ref(i->rm);
    v_opi3(t, IR_VSHUF2, 4, feba, efgh, abcd, 0x11);
    v_opi3(t, IR_VSHUF2, 4, hgdc, efgh, abcd, 0xbb);
    ir_op(t, IR_VSHA256R, 4, hgdc, hgdc, feba)->c = words;
    words = v_newi(t, IR_VSHUFD, 4, words, 0x0e);
    ir_op(t, IR_VSHA256R, 4, feba, feba, hgdc)->c = words;
    v_opi3(t, IR_VSHUF2, 4, v_ref(i->rd), feba, hgdc, second ? 0x11 : 0xbb);
}

TRANSLATE(SHA256H)  { sha256_rounds(t, i, v_ref(i->rd), v_ref(i->rn), false); }

#define SHA256_ROUNDS_IR 6 /* operations that sha256_rounds() appends */

/*
 * The guest's usual three, MOV c, a; SHA256H a, b, words; SHA256H2 b, c, words: the rounds of the
 * second have made the third's result, too, which is taken from its temporaries.
 */
static bool joins_sha256h(Xlat *t, const DecodedInsn *i)
{
    IrRef b = v_ref(i->rd), c = v_ref(i->rn), words = v_ref(i->rm);
    uint32_t n = t->u->inst_count;

    if (n < t->block_first + SHA256_ROUNDS_IR + 1)
        return false;
    const IrInst *rounds = &t->u->inst[n - SHA256_ROUNDS_IR], *move = rounds - 1;
    const IrInst *last = rounds + SHA256_ROUNDS_IR - 1;
    IrRef a = last->d;
    if (last->op != IR_VSHUF2 || last->imm != 0xbb || last->guest + 1 != t->guest ||
        rounds[2].op != IR_VSHA256R || rounds[2].c != words || rounds->op != IR_VSHUF2 ||
        rounds->a != b || rounds->b != a || rounds->guest != last->guest)
        return false;
    if (move->op != IR_VMOV || move->size != 16 || move->d != c || move->a != a || c == b ||
        a == b || words == a || words == c)
        return false;
    IrInst *second = ir_append(t->u, IR_VSHUF2, 4);
    second->d = b;
    second->a = last->a;
    second->b = last->b;
    second->imm = 0x11;
    second->guest = last->guest; /* whose temporaries they are */
    return true;
}

TRANSLATE(SHA256H2)
{
    if (!joins_sha256h(t, i))
        sha256_rounds(t, i, v_ref(i->rn), v_ref(i->rd), true);
}

TRANSLATE(SHA256SU0)
{
    if (host.sha)
        v_op(t, IR_VSHA256M1, 4, v_ref(i->rd), v_ref(i->rd), v_ref(i->rn));
    else
        x_call_interp(t, false);
}

TRANSLATE(SHA256SU1)
{
    if (!host.sha) {
        x_call_interp(t, false);
        return;
    }
    IrRef x = v_temp(t);
    v_opi3(t, IR_VALIGN, 1, x, v_ref(i->rm), v_ref(i->rn), 4);
    v_op(t, IR_VADD, 4, x, x, v_ref(i->rd));
    v_op(t, IR_VSHA256M2, 4, v_ref(i->rd), x, v_ref(i->rm));
}

/* ---- SHA-512 ---- */

static void sha512_round(Xlat *t, const DecodedInsn *i, unsigned second)
{
    IrInst *r = ir_op(t, IR_VSHA512, 8, v_ref(i->rd), v_ref(i->rd), v_ref(i->rn));

    r->c = v_ref(i->rm);
    r->imm = second;
}

TRANSLATE(SHA512H)  { sha512_round(t, i, 0); }
TRANSLATE(SHA512H2) { sha512_round(t, i, 1); }

/* r ^= a rotated right by n */
static void xor_rotated(Xlat *t, IrRef r, IrRef x, IrRef a, unsigned n)
{
    if (vec_available(IR_VRORI, 8)) {
        v_opi(t, IR_VRORI, 8, x, a, n);
        v_op(t, IR_VXOR, 8, r, r, x);
        return;
    }
    v_opi(t, IR_VSHRI, 8, x, a, n);
    v_op(t, IR_VXOR, 8, r, r, x);
    v_opi(t, IR_VSHLI, 8, x, a, 64 - n);
    v_op(t, IR_VXOR, 8, r, r, x);
}

/* a >> n0, and a rotated right by n1 and n2 */
static IrRef sha512_schedule(Xlat *t, IrRef a, unsigned n0, unsigned n1, unsigned n2)
{
    IrRef r = v_newi(t, IR_VSHRI, 8, a, n0), x = v_temp(t);

    xor_rotated(t, r, x, a, n1);
    xor_rotated(t, r, x, a, n2);
    return r;
}

TRANSLATE(SHA512SU0)
{
    IrRef d = v_ref(i->rd), next = v_temp(t);

    v_opi3(t, IR_VSHUF2, 8, next, d, v_ref(i->rn), 1);
    v_op(t, IR_VADD, 8, d, d, sha512_schedule(t, next, 7, 1, 8));
}

TRANSLATE(SHA512SU1)
{
    IrRef x = sha512_schedule(t, v_ref(i->rn), 6, 19, 61);

    v_op(t, IR_VADD, 8, x, x, v_ref(i->rm));
    v_op(t, IR_VADD, 8, v_ref(i->rd), v_ref(i->rd), x);
}
