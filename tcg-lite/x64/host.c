/*
 * Host features by CPUID and XGETBV. Invariant: a feature is true only when the processor has
 * it, the kernel saves its registers, and everything that it builds on is true as well.
 */
#include "tcg-lite/x64/host.h"

#include <cpuid.h>
#include <string.h>
#include "emu/base/bits.h"
#include "emu/base/check.h"
#include "emu/guest/cpu.h"

HostFeatures host;

static const struct {
    const char *name;
    uint16_t offset;
} features[] = {
#define F(f) {#f, offsetof(HostFeatures, f)},
    HOST_FEATURES(F)
#undef F
};

static bool *feature_at(HostFeatures *h, size_t i)
{
    return (bool *)((char *)h + features[i].offset);
}

/* XCR0, or 0 when the kernel does not use XSAVE. */
static uint64_t enabled_state(uint32_t leaf1_ecx)
{
    uint32_t low, high;

    if (!(leaf1_ecx & BIT(27))) {
        return 0;
    }
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low | (uint64_t)high << 32;
}

static void detect_leaf7(bool zmm_enabled)
{
    uint32_t a, b, c, d;

    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return;
    }
    host.bmi1 = b & BIT(3);
    host.avx2 = b & BIT(5);
    host.bmi2 = b & BIT(8);
    host.adx = b & BIT(19);
    host.sha = b & BIT(29);
    host.gfni = c & BIT(8);
    host.vaes = c & BIT(9);
    host.vpclmul = c & BIT(10);
    const uint32_t f_dq_bw_vl = BIT(16) | BIT(17) | BIT(30) | BIT(31);
    host.avx512vl = zmm_enabled && (b & f_dq_bw_vl) == f_dq_bw_vl;
    host.avx512_ifma = b & BIT(21);
    host.avx512_cd = b & BIT(28);
    host.avx512_vbmi = c & BIT(1);
    host.avx512_vbmi2 = c & BIT(6);
    host.avx512_vnni = c & BIT(11);
    host.avx512_bitalg = c & BIT(12);
    host.avx512_vpopcntdq = c & BIT(14);
}

static bool detect(void)
{
    uint32_t a, b, c, d, ext_a, ext_b, ext_c = 0, ext_d;
    const uint32_t v2 = BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23);

    memset(&host, 0, sizeof(host));
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return false;
    }
    __get_cpuid(0x80000001, &ext_a, &ext_b, &ext_c, &ext_d);
    host.pclmul = c & BIT(1);
    host.fma = c & BIT(12);
    host.cx16 = c & BIT(13);
    host.sse42 = c & BIT(20);
    host.crc32 = host.sse42;
    host.movbe = c & BIT(22);
    host.popcnt = c & BIT(23);
    host.aes = c & BIT(25);
    host.f16c = c & BIT(29);
    host.lahf = ext_c & BIT(0);
    host.lzcnt = ext_c & BIT(5);
    host.prefetchw = ext_c & BIT(8);

    uint64_t state = enabled_state(c);
    host.avx = (c & BIT(28)) && (state & 0x6) == 0x6;
    host.fp_traps = host.avx;
    detect_leaf7((state & 0xe6) == 0xe6);
    return (c & v2) == v2 && host.lahf;
}

/* Clears what builds on something that is absent. */
static void close_dependencies(void)
{
    HostFeatures *h = &host;

    h->crc32 &= h->sse42;
    h->avx2 &= h->avx;
    h->fma &= h->avx;
    h->f16c &= h->avx;
    h->fp_traps &= h->avx;
    h->avx512vl &= h->avx2 & h->fma & h->f16c;
    h->vaes &= h->avx & h->aes;
    h->vpclmul &= h->avx & h->pclmul;
    h->avx512_cd &= h->avx512vl;
    h->avx512_vbmi &= h->avx512vl;
    h->avx512_vbmi2 &= h->avx512vl;
    h->avx512_bitalg &= h->avx512vl;
    h->avx512_vpopcntdq &= h->avx512vl;
    h->avx512_ifma &= h->avx512vl;
    h->avx512_vnni &= h->avx512vl;
}

static bool clear_feature(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNTOF(features); i++) {
        if (strlen(features[i].name) == length && !memcmp(features[i].name, name, length)) {
            *feature_at(&host, i) = false;
            return true;
        }
    }
    return length == 0;
}

bool host_init(const char *mask)
{
    if (!detect()) {
        die(1, "this processor is too old: x86-64-v2 is needed (SSE4.2, SSSE3, POPCNT, "
               "CMPXCHG16B, LAHF)");
    }
    bool known = true;
    for (const char *p = mask; p && known;) {
        size_t length = strcspn(p, ",");
        known = clear_feature(p, length);
        p = p[length] ? p + length + 1 : NULL;
    }
    close_dependencies();
    cpu_use_fp_traps = host.fp_traps;
    return known;
}

void host_describe(char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < COUNTOF(features); i++) {
        size_t length = strlen(features[i].name);
        if (*feature_at(&host, i) && used + length + 2 <= size) {
            if (used) {
                out[used++] = ' ';
            }
            memcpy(out + used, features[i].name, length);
            used += length;
        }
    }
    if (size) {
        out[used] = 0;
    }
}
