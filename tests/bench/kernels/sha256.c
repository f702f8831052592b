/* SHA-256 in plain C: rotates, shifts and long chains of 32-bit logic. */
#include "bench.h"

static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
static uint32_t round_constant[64];

/* The first 32 fraction bits of the cube root of the integer P, by bisection. */
static uint32_t cube_root_fraction(uint32_t p)
{
    uint64_t lo = 0, hi = UINT64_C(8) << 32;
    while (hi - lo > 1) {
        uint64_t mid = lo + (hi - lo) / 2;
        unsigned __int128 square = (unsigned __int128)mid * mid >> 28;
        unsigned __int128 cube = square * mid;
        if (cube < (unsigned __int128)p << 68)
            lo = mid;
        else
            hi = mid;
    }
    return (uint32_t)lo;
}

static void make_constants(void)
{
    int n = 0;
    for (uint32_t p = 2; n < 64; p++) {
        uint32_t d = 2;
        while (p % d)
            d++;
        if (d == p)
            round_constant[n++] = cube_root_fraction(p);
    }
}

static uint32_t ror(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void compress(uint32_t *state, const unsigned char *block)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] +
               (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t e = s[4], a = s[0];
        uint32_t t1 = s[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & s[5]) ^ (~e & s[6])) +
                      round_constant[i] + w[i];
        uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        s[7] = s[6];
        s[6] = s[5];
        s[5] = s[4];
        s[4] = s[3] + t1;
        s[3] = s[2];
        s[2] = s[1];
        s[1] = s[0];
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

int main(int argc, char **argv)
{
    long blocks = bench_work(argc, argv, 900000);
    uint32_t state[8], seed = 1;
    unsigned char block[64];
    make_constants();
    memcpy(state, initial, sizeof state);
    for (int i = 0; i < 64; i++)
        block[i] = (unsigned char)bench_random(&seed);
    for (long b = 0; b < blocks; b++) {
        block[b & 63] ^= (unsigned char)state[b & 7];
        compress(state, block);
    }
    printf("sha256 ");
    for (int i = 0; i < 8; i++)
        printf("%08x", state[i]);
    printf("\n");
    return 0;
}
