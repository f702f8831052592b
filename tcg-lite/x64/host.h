/* What the host processor and its kernel let us use; decided once at start-up. */
#ifndef TCG_LITE_X64_HOST_H
#define TCG_LITE_X64_HOST_H

#include "emu/base/types.h"

/*
 * F(name): one feature, its field in HostFeatures, and its name in EMU_HOST_MASK.
 * avx512vl means F, VL, BW and DQ together, with ZMM state enabled by the kernel; fp_traps that
 * unmasked floating-point exceptions are used (cpu_fp_shape).
 */
#define HOST_FEATURES(F)                                                                           \
    F(sse42) F(popcnt) F(crc32) F(cx16) F(lahf)                                                    \
    F(avx) F(avx2) F(fma) F(f16c)                                                                  \
    F(bmi1) F(bmi2) F(lzcnt) F(movbe) F(adx) F(prefetchw)                                          \
    F(aes) F(pclmul) F(sha) F(gfni) F(vaes) F(vpclmul)                                             \
    F(avx512vl) F(avx512_cd) F(avx512_vbmi) F(avx512_vbmi2) F(avx512_bitalg)                       \
    F(avx512_vpopcntdq) F(avx512_ifma) F(avx512_vnni) F(fp_traps)

typedef struct HostFeatures {
#define F(name) bool name;
    HOST_FEATURES(F)
#undef F
} HostFeatures;

/* All false until host_init; read-only afterwards. Tests may edit it. */
extern HostFeatures host;

/*
 * Fills `host` from CPUID and XGETBV, then clears what `mask` names (comma list, as in
 * EMU_HOST_MASK; NULL = nothing) together with everything that depends on it. False when the
 * mask holds an unknown name. Dies when the processor is not x86-64-v2.
 */
bool host_init(const char *mask);

/* The names of the present features, separated by blanks, for logs. */
void host_describe(char *out, size_t size);

#endif
