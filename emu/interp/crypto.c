/*
 * The cryptographic instructions: registers in, emu/arith/crypto.h, register out.
 *
 * CRC32 works on general registers and is in int.c.
 */
#include "emu/arith/crypto.h"
#include "emu/interp/interp.h"

#define D cpu->v[i->rd]
#define N cpu->v[i->rn]
#define M cpu->v[i->rm]
#define A cpu->v[i->ra]
#define CRYPTO(id, value) INTERP(id) { D = value; }

CRYPTO(AESE, aes_aese(D, N))
CRYPTO(AESD, aes_aesd(D, N))
CRYPTO(AESMC, aes_aesmc(N))
CRYPTO(AESIMC, aes_aesimc(N))

CRYPTO(SHA1C, sha1_rounds(SHA1_CHOOSE, D, N.u32[0], M))
CRYPTO(SHA1P, sha1_rounds(SHA1_PARITY, D, N.u32[0], M))
CRYPTO(SHA1M, sha1_rounds(SHA1_MAJORITY, D, N.u32[0], M))
CRYPTO(SHA1SU0, sha1_su0(D, N, M))
CRYPTO(SHA1SU1, sha1_su1(D, N))
CRYPTO(SHA256H, sha256_h(D, N, M))
CRYPTO(SHA256H2, sha256_h2(D, N, M))
CRYPTO(SHA256SU0, sha256_su0(D, N))
CRYPTO(SHA256SU1, sha256_su1(D, N, M))
CRYPTO(SHA512H, sha512_h(D, N, M))
CRYPTO(SHA512H2, sha512_h2(D, N, M))
CRYPTO(SHA512SU0, sha512_su0(D, N))
CRYPTO(SHA512SU1, sha512_su1(D, N, M))

CRYPTO(RAX1, sha3_rax1(N, M))
CRYPTO(XAR, sha3_xar(N, M, i->imms))
CRYPTO(EOR3, sha3_eor3(N, M, A))
CRYPTO(BCAX, sha3_bcax(N, M, A))

CRYPTO(SM3SS1, sm3_ss1(N, M, A))
CRYPTO(SM3TT1A, sm3_tt1(D, N, M.u32[i->index], false))
CRYPTO(SM3TT1B, sm3_tt1(D, N, M.u32[i->index], true))
CRYPTO(SM3TT2A, sm3_tt2(D, N, M.u32[i->index], false))
CRYPTO(SM3TT2B, sm3_tt2(D, N, M.u32[i->index], true))
CRYPTO(SM3PARTW1, sm3_partw1(D, N, M))
CRYPTO(SM3PARTW2, sm3_partw2(D, N, M))
CRYPTO(SM4E, sm4_e(D, N))
CRYPTO(SM4EKEY, sm4_ekey(N, M))

INTERP(SHA1H)
{
    set_v64(cpu, i->rd, sha1_h(N.u32[0]));
}

/* The 64-bit elements of the lower, or with q the upper halves. */
INTERP(PMULL_p64)
{
    uint128_t product = poly_mul(N.u64[i->q], M.u64[i->q]);

    D = (V128){.u64 = {(uint64_t)product, (uint64_t)(product >> 64)}};
}
