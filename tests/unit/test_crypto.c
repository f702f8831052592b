/*
 * The cryptographic instructions on published vectors, in the order real code issues them.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "emu/arith/crypto.h"

static V128 add32(V128 a, V128 b)
{
    for (unsigned n = 0; n < 4; n++)
        a.u32[n] += b.u32[n];
    return a;
}

static V128 bytes(const char *hex)
{
    V128 v;

    for (unsigned n = 0; n < 16; n++) {
        unsigned value;
        sscanf(hex + 2 * n, "%2x", &value);
        v.u8[n] = (uint8_t)value;
    }
    return v;
}

static void expect_equal(V128 got, V128 want)
{
    cr_expect_arr_eq(got.u8, want.u8, 16, "%016lx%016lx, expected %016lx%016lx", got.u64[1],
                     got.u64[0], want.u64[1], want.u64[0]);
}

Test(crypto, crc32_check_values)
{
    uint32_t crc = ~0u, crc_c = ~0u, wide;

    for (const char *s = "123456789"; *s; s++) {
        crc = crc32_update(crc, (uint8_t)*s, 1);
        crc_c = crc32c_update(crc_c, (uint8_t)*s, 1);
    }
    cr_expect_eq(~crc, 0xcbf43926);
    cr_expect_eq(~crc_c, 0xe3069283);

    /* The same nine bytes as 8 + 1, the doubleword least significant byte first. */
    wide = crc32_update(~0u, 0x3837363534333231, 8);
    cr_expect_eq(~crc32_update(wide, '9', 1), 0xcbf43926);
    /* Bits beyond the width do not count. */
    cr_expect_eq(crc32_update(5, 0xabcd1234, 2), crc32_update(5, 0x1234, 2));
}

Test(crypto, carryless_product)
{
    uint128_t r = poly_mul(~0ull, ~0ull);

    cr_expect_eq((uint64_t)r, 0x5555555555555555);
    cr_expect_eq((uint64_t)(r >> 64), 0x5555555555555555);
    cr_expect_eq((uint64_t)(poly_mul(BIT(63), 2) >> 64), 1);
}

/* FIPS-197 appendix A.1 and B: AES-128. */
static void expand_key(V128 key, V128 round_key[11])
{
    static const uint8_t rcon[10] = {1, 2, 4, 8, 16, 32, 64, 128, 0x1b, 0x36};

    round_key[0] = key;
    for (unsigned n = 1; n < 11; n++) {
        /* SubWord of the last column by AESE on a state whose columns are all that word. */
        uint32_t last = key.u32[3];
        V128 same = {.u32 = {last, last, last, last}}, zero = {.u64 = {0, 0}};
        uint32_t word = (uint32_t)ror(aes_aese(same, zero).u32[0], 8, 32) ^ rcon[n - 1];

        for (unsigned k = 0; k < 4; k++)
            word = key.u32[k] ^= word;
        round_key[n] = key;
    }
}

Test(crypto, aes_fips_197)
{
    V128 key[11], state = bytes("3243f6a8885a308d313198a2e0370734");

    expand_key(bytes("2b7e151628aed2a6abf7158809cf4f3c"), key);
    expect_equal(key[10], bytes("d014f9a8c9ee2589e13f0cc8b6630ca6"));

    for (unsigned n = 0; n < 9; n++)
        state = aes_aesmc(aes_aese(state, key[n]));
    state = aes_aese(state, key[9]);
    state.u64[0] ^= key[10].u64[0];
    state.u64[1] ^= key[10].u64[1];
    expect_equal(state, bytes("3925841d02dc09fbdc118597196a0b32"));

    state = aes_aesd(state, key[10]);
    for (unsigned n = 9; n > 0; n--)
        state = aes_aesd(aes_aesimc(state), aes_aesimc(key[n]));
    state.u64[0] ^= key[0].u64[0];
    state.u64[1] ^= key[0].u64[1];
    expect_equal(state, bytes("3243f6a8885a308d313198a2e0370734"));
}

/* "abc", padded to one block of 32-bit words. */
static const V128 abc_block[4] = {
    {.u32 = {0x61626380, 0, 0, 0}}, {.u32 = {0, 0, 0, 0}}, {.u32 = {0, 0, 0, 0}},
    {.u32 = {0, 0, 0, 24}}};

Test(crypto, sha1_abc)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    static const Sha1Kind kind[4] = {SHA1_CHOOSE, SHA1_PARITY, SHA1_MAJORITY, SHA1_PARITY};
    const V128 start = {.u32 = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
    V128 abcd = start, w[4];
    uint32_t e = 0xc3d2e1f0;

    memcpy(w, abc_block, sizeof w);
    for (unsigned n = 0; n < 20; n++) {
        V128 kv = {.u32 = {k[n / 5], k[n / 5], k[n / 5], k[n / 5]}};
        V128 wk = add32(w[n % 4], kv);
        uint32_t next_e = sha1_h(abcd.u32[0]);

        abcd = sha1_rounds(kind[n / 5], abcd, e, wk);
        e = next_e;
        w[n % 4] = sha1_su1(sha1_su0(w[n % 4], w[(n + 1) % 4], w[(n + 2) % 4]), w[(n + 3) % 4]);
    }
    expect_equal(add32(abcd, start),
                 (V128){.u32 = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c}});
    cr_expect_eq(e + 0xc3d2e1f0, 0x9cd0d89d);
}

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

Test(crypto, sha256_abc)
{
    const V128 start0 = {.u32 = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a}};
    const V128 start1 = {.u32 = {0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
    V128 abcd = start0, efgh = start1, w[4];

    memcpy(w, abc_block, sizeof w);
    for (unsigned n = 0; n < 16; n++) {
        V128 k, old = abcd;

        memcpy(&k, &sha256_k[4 * n], sizeof k);
        k = add32(w[n % 4], k);
        abcd = sha256_h(abcd, efgh, k);
        efgh = sha256_h2(efgh, old, k);
        w[n % 4] = sha256_su1(sha256_su0(w[n % 4], w[(n + 1) % 4]), w[(n + 2) % 4],
                              w[(n + 3) % 4]);
    }
    expect_equal(add32(abcd, start0),
                 (V128){.u32 = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223}});
    expect_equal(add32(efgh, start1),
                 (V128){.u32 = {0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad}});
}

static const uint64_t sha512_k[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static V128 add64(V128 a, V128 b)
{
    return (V128){.u64 = {a.u64[0] + b.u64[0], a.u64[1] + b.u64[1]}};
}

/* EXT #8: the upper half of a below the lower half of b. */
static V128 middle(V128 a, V128 b)
{
    return (V128){.u64 = {a.u64[1], b.u64[0]}};
}

Test(crypto, sha512_abc)
{
    static const uint64_t start[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                   0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                   0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    static const uint64_t want[8] = {0xddaf35a193617aba, 0xcc417349ae204131, 0x12e6fa4e89a97ea2,
                                   0x0a9eeee64b55d39a, 0x2192992a274fc1a8, 0x36ba3c23a3feebbd,
                                   0x454d4423643ce80e, 0x2a9ac94fa54ca49f};
    V128 s[4], w[8] = {{.u64 = {0x6162638000000000, 0}}};
    uint64_t got[8];

    w[7].u64[1] = 24;
    memcpy(s, start, sizeof s);
    for (unsigned n = 0; n < 40; n++) {
        V128 k, t;

        memcpy(&k, &sha512_k[2 * n], sizeof k);
        k = add64(k, w[n % 8]);
        t = sha512_h(add64(s[3], middle(k, k)), middle(s[2], s[3]), middle(s[1], s[2]));
        s[3] = s[2];
        s[2] = add64(s[1], t);
        t = sha512_h2(t, s[1], s[0]);
        s[1] = s[0];
        s[0] = t;
        w[n % 8] = sha512_su1(sha512_su0(w[n % 8], w[(n + 1) % 8]), w[(n + 7) % 8],
                              middle(w[(n + 4) % 8], w[(n + 5) % 8]));
    }
    memcpy(got, s, sizeof got);
    for (unsigned n = 0; n < 8; n++)
        cr_expect_eq(got[n] + start[n], want[n], "word %u", n);
}

/* Keccak's theta and rho steps in one: XAR rotates right, RAX1 rotates its second operand left. */
Test(crypto, sha3_steps)
{
    V128 n = {.u64 = {1, BIT(63)}}, m = {.u64 = {BIT(63), 3}}, a = {.u64 = {~0ull, 1}};

    expect_equal(sha3_rax1(n, m), (V128){.u64 = {0, BIT(63) | 6}});
    expect_equal(sha3_xar(n, m, 0), (V128){.u64 = {BIT(63) | 1, BIT(63) | 3}});
    expect_equal(sha3_xar(n, m, 1), (V128){.u64 = {BIT(63) | BIT(62), BIT(63) | BIT(62) | 1}});
    expect_equal(sha3_eor3(n, m, a), (V128){.u64 = {~0ull ^ BIT(63) ^ 1, BIT(63) | 2}});
    expect_equal(sha3_bcax(n, m, a), (V128){.u64 = {1, BIT(63) | 2}});
}

/* GB/T 32907: the example key and plaintext. */
Test(crypto, sm4_example)
{
    static const uint32_t fk[4] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
    V128 key = {.u32 = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210}}, state = key;

    for (unsigned n = 0; n < 4; n++)
        key.u32[n] ^= fk[n];
    for (unsigned n = 0; n < 32; n += 4) {
        V128 ck;

        for (unsigned b = 0; b < 16; b++)
            ck.u8[(b & ~3u) + 3 - b % 4] = (uint8_t)((4 * n + b) * 7);
        key = sm4_ekey(key, ck);
        state = sm4_e(state, key);
    }
    expect_equal(state, (V128){.u32 = {0x536e4246, 0x86b3e94f, 0xd206965e, 0x681edf34}});
}

/* GB/T 32905: "abc". The words of the message are big-endian, A..D is stored D first. */
static uint32_t rol(uint32_t x, unsigned n)
{
    return (uint32_t)ror(x, 32 - n % 32, 32);
}

static void sm3_expand(uint32_t w[68])
{
    for (unsigned j = 16; j < 68; j += 4) {
        V128 d, n, m, t;

        memcpy(&d, &w[j - 16], 16);
        memcpy(&n, &w[j - 9], 16);
        memcpy(&m, &w[j - 4], 16);
        t = sm3_partw1(d, n, m);
        memcpy(&n, &w[j - 6], 16);
        memcpy(&m, &w[j - 13], 16);
        t = sm3_partw2(t, n, m);
        memcpy(&w[j], &t, 16);
    }
}

Test(crypto, sm3_abc)
{
    static const uint32_t iv[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                   0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
    static const uint32_t want[8] = {0x66c7f0f4, 0x62eeedd9, 0xd1f2d46b, 0xdc10e4e2,
                                     0x4167c487, 0x5cf2f7a2, 0x297da02b, 0x8f4ba8e0};
    uint32_t w[68] = {0x61626380};
    V128 abcd = {.u32 = {iv[3], iv[2], iv[1], iv[0]}};
    V128 efgh = {.u32 = {iv[7], iv[6], iv[5], iv[4]}};

    w[15] = 24;
    sm3_expand(w);
    for (unsigned j = 0; j < 64; j++) {
        uint32_t t = rol(j < 16 ? 0x79cc4519 : 0x7a879d8a, j);
        V128 constant = {.u32 = {0, 0, 0, t}};
        V128 ss1 = sm3_ss1(abcd, constant, efgh);

        abcd = sm3_tt1(abcd, ss1, w[j] ^ w[j + 4], j >= 16);
        efgh = sm3_tt2(efgh, ss1, w[j], j >= 16);
    }
    for (unsigned n = 0; n < 4; n++) {
        cr_expect_eq(abcd.u32[3 - n] ^ iv[n], want[n]);
        cr_expect_eq(efgh.u32[3 - n] ^ iv[n + 4], want[n + 4]);
    }
}
