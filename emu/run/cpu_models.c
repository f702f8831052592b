/*
 * -cpu: which features of features.def the guest's processor has, and so which instructions exist;
 * which of them it offers, and so what HWCAP and the ID registers say; and what MIDR_EL1 reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/bits.h"
#include "emu/base/check.h"
#include "emu/decode/insn.h"
#include "emu/guest/process.h"
#include "emu/run/options.h"
#include "tcg-lite/x64/host.h"

_Static_assert(FEAT_COUNT <= 64, "the sets below are one word");

#define F(id) BIT(FEAT_##id)
#define SET_FP (F(BASE) | F(FP) | F(ASIMD) | F(CPUID))
#define SET_V80 (SET_FP | F(AES) | F(PMULL) | F(SHA1) | F(SHA2) | F(CRC32))
#define SET_A64FX                                                                                  \
    (SET_FP | F(SHA1) | F(SHA2) | F(CRC32) | F(LSE) | F(FP16) | F(ASIMDHP) | F(RDM) | F(FCMA) |    \
     F(DCPOP))
#define SET_V82                                                                                    \
    (SET_V80 | F(LSE) | F(FP16) | F(ASIMDHP) | F(RDM) | F(RCPC) | F(DCPOP) | F(DOTPROD) | F(SSBS))
#define SET_V84 (SET_V82 | F(LSE2) | F(RCPC2) | F(FLAGM) | F(DIT))
#define SET_V85                                                                                    \
    (SET_V84 | F(JSCVT) | F(FCMA) | F(SHA3) | F(SHA512) | F(FHM) | F(SB) | F(DCPODP) | F(FLAGM2) | \
     F(FRINTTS) | F(I8MM) | F(BF16))
#define SET_V90 (SET_V85 | F(BTI))
#define SET_MAX (~0ull >> (64 - FEAT_COUNT))

static const struct {
    const char *name;
    uint32_t midr;
    uint64_t features;
} models[] = {
#define CPU_MODEL(name, midr, features) {name, midr, features},
#include "emu/run/cpu_models.def"
#undef CPU_MODEL
};

static const struct {
    int word, bit;
    const char *name;
} feature_rows[] = {
#define FEATURE(id, word, bit, name) {word, bit, name},
#include "emu/decode/features.def"
#undef FEATURE
};

/* Properties of QEMU's CPUs for what this emulator never offers: "off" is true already. */
static const char *const absent[] = {"sve", "sme", "pauth", "pauth-impdef", "lpa2", "aarch64",
                                     "pmu", "mte", "pauth-qarma3", "pauth-qarma5", "sme_fa64"};

static _Noreturn void list_models(void)
{
    printf("Available CPUs:\n");
    for (size_t i = 0; i < COUNTOF(models); i++)
        printf("  %s\n", models[i].name);
    exit(1);
}

/* The value of "name=on|off", in the words that QEMU takes for them. */
static bool property_is_on(const char *model, const char *property, const char *value)
{
    static const char *const words[][4] = {{"off", "no", "false", "n"}, {"on", "yes", "true", "y"}};

    for (unsigned on = 0; on < 2; on++)
        for (unsigned i = 0; i < COUNTOF(words[on]); i++)
            if (!strcmp(value, words[on][i]))
                return on;
    die(1, "can't apply global %s-arm-cpu.%s: Parameter '%.*s' expects 'on' or 'off'", model,
        property, (int)(value - 1 - property), property);
}

/* One "name=on|off" behind the model's name. */
static void apply_property(const char *model, const char *property, uint64_t *features)
{
    const char *equals = strchr(property, '=');
    if (!equals)
        die(1, "Expected key=value format, found %s.", property);
    size_t n = (size_t)(equals - property);

    for (unsigned i = 1; i < COUNTOF(feature_rows); i++) {
        const char *name = feature_rows[i].name;
        if (strlen(name) != n || memcmp(name, property, n))
            continue;
        *features = property_is_on(model, property, equals + 1) ? *features | BIT(i)
                                                               : *features & ~BIT(i);
        return;
    }
    for (size_t i = 0; i < COUNTOF(absent); i++) {
        if (strlen(absent[i]) != n || memcmp(absent[i], property, n))
            continue;
        bool on = property_is_on(model, property, equals + 1);
        if (on && (!strcmp(absent[i], "sve") || !strcmp(absent[i], "sme")))
            die(1, "cpu feature '%s' is not supported", absent[i]);
        return;
    }
    die(1, "can't apply global %s-arm-cpu.%s: Property '%s-arm-cpu.%.*s' not found", model,
        property, model, (int)n, property);
}

/*
 * Guests choose their code by what the processor offers: what is slow here, because this host
 * has no instruction for it or it is not translated, is worse than their portable code and is
 * offered only when -cpu names a model. It works all the same, for programs that do not ask.
 */
static uint64_t slow_features(void)
{
    uint64_t slow = F(SHA512) | F(SM3) | F(SM4) | F(RNG);

    if (!host.sha)
        slow |= F(SHA1) | F(SHA2);
    if (!host.aes)
        slow |= F(AES);
    if (!host.pclmul)
        slow |= F(PMULL);
    return slow;
}

void options_apply_cpu(const char *model)
{
    char text[512];

    snprintf(text, sizeof text, "%s", model ? model : "max");
    char *save = NULL, *name = strtok_r(text, ",", &save), *property;
    if (!name)
        name = "";
    if (!strcmp(name, "help") || !strcmp(name, "?"))
        list_models();
    size_t i = 0;
    while (i < COUNTOF(models) && strcmp(models[i].name, name))
        i++;
    if (i == COUNTOF(models))
        die(1, "unable to find CPU model '%s'", name);

    uint64_t features = models[i].features;
    while ((property = strtok_r(NULL, ",", &save)))
        apply_property(name, property, &features);

    process.midr = models[i].midr;
    process.cpu_features[0] = features;
    if (!model)
        features &= ~slow_features();
    process.cpu_offered[0] = features;
    uint64_t *hwcap[] = {&process.hwcap, &process.hwcap2, &process.hwcap3};
    for (unsigned f = 0; f < COUNTOF(feature_rows); f++)
        if ((features & BIT(f)) && feature_rows[f].bit >= 0)
            *hwcap[feature_rows[f].word] |= BIT(feature_rows[f].bit);
}
