/*
 * The cryptographic and CRC instructions as functions from values to values in portable C: the
 * reference for translated code and its fall-back on hosts without AES-NI, SHA-NI, PCLMULQDQ.
 * d, n, m, a are the old values of Vd, Vn, Vm, Va; the result is the new Vd.
 */
#ifndef EMU_ARITH_CRYPTO_H
#define EMU_ARITH_CRYPTO_H

#include "emu/base/bits.h"

/*
 * CRC32B/H/W/X and CRC32CB/CH/CW/CX: folds the low `bytes` (1, 2, 4, 8) of data, least
 * significant byte first, into acc. Polynomials 0x04c11db7 and 0x1edc6f41, bit-reflected; no
 * inversion before or after, as the instructions.
 */
uint32_t crc32_update(uint32_t acc, uint64_t data, unsigned bytes);
uint32_t crc32c_update(uint32_t acc, uint64_t data, unsigned bytes);

/* Carry-less product of two polynomials over GF(2): PMUL, PMULL. */
uint128_t poly_mul(uint64_t a, uint64_t b);

/* One AES step. AESE/AESD: exclusive or with the key first, then (inverse) ShiftRows, SubBytes. */
V128 aes_aese(V128 state, V128 key);
V128 aes_aesd(V128 state, V128 key);
V128 aes_aesmc(V128 state);
V128 aes_aesimc(V128 state);

/* SHA1C, SHA1P, SHA1M: four rounds; hash_e is Sn, w is Vm (schedule + constant). */
typedef enum Sha1Kind { SHA1_CHOOSE, SHA1_PARITY, SHA1_MAJORITY } Sha1Kind;
V128 sha1_rounds(Sha1Kind kind, V128 hash_abcd, uint32_t hash_e, V128 w);
uint32_t sha1_h(uint32_t e);
V128 sha1_su0(V128 d, V128 n, V128 m);
V128 sha1_su1(V128 d, V128 n);

V128 sha256_h(V128 abcd, V128 efgh, V128 w);
V128 sha256_h2(V128 efgh, V128 abcd, V128 w);
V128 sha256_su0(V128 d, V128 n);
V128 sha256_su1(V128 d, V128 n, V128 m);

V128 sha512_h(V128 d, V128 n, V128 m);
V128 sha512_h2(V128 d, V128 n, V128 m);
V128 sha512_su0(V128 d, V128 n);
V128 sha512_su1(V128 d, V128 n, V128 m);

/* RAX1 and XAR: 64-bit lanes. EOR3 and BCAX are plain logic on 64-bit lanes. */
V128 sha3_rax1(V128 n, V128 m);
V128 sha3_xar(V128 n, V128 m, unsigned amount);
V128 sha3_eor3(V128 n, V128 m, V128 a);
V128 sha3_bcax(V128 n, V128 m, V128 a);

/* tt1, tt2: SM3TT1A, SM3TT2A, or with `second` SM3TT1B, SM3TT2B; w is the indexed lane of Vm. */
V128 sm3_ss1(V128 n, V128 m, V128 a);
V128 sm3_tt1(V128 d, V128 n, uint32_t w, bool second);
V128 sm3_tt2(V128 d, V128 n, uint32_t w, bool second);
V128 sm3_partw1(V128 d, V128 n, V128 m);
V128 sm3_partw2(V128 d, V128 n, V128 m);
V128 sm4_e(V128 state, V128 keys);
V128 sm4_ekey(V128 n, V128 m);

#endif
