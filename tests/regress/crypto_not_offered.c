/* build: -static -march=armv8.2-a+crypto+sha3+sm4 */
/*
 * On a host that has no instructions for SHA and AES the guest is not told of them, but a program
 * that does not ask runs; one that names a model without them gets SIGILL, as that model gives.
 */
#define _GNU_SOURCE
#include <arm_neon.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define HWCAP_BITS (1ul << 3 | 1ul << 4 | 1ul << 5 | 1ul << 6) /* AES PMULL SHA1 SHA2 */
#define ISAR0_FIELDS 0xfff0ul

static sigjmp_buf undefined;

static void on_sigill(int sig)
{
    siglongjmp(undefined, sig);
}

static void check_instructions(void)
{
    uint8x16_t bytes = vdupq_n_u8(0);
    poly64_t three = 3;
    uint32x4_t words = {1, 0, 0, 0};

    bytes = vaesmcq_u8(vaeseq_u8(bytes, bytes)); /* the S-box begins with 0x63 */
    CHECK(vgetq_lane_u8(bytes, 5) == 0x63);
    CHECK((uint64_t)vmull_p64(three, three) == 5);
    CHECK(vsha1h_u32(1) == 0x40000000);
    words = vsha256su0q_u32(words, words);
    CHECK(vgetq_lane_u32(words, 0) == 1 && vgetq_lane_u32(words, 3) == 0x02004000);
}

static void check_offer(void)
{
    uint64_t isar0;

    __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(isar0));
    CHECK((getauxval(AT_HWCAP) & HWCAP_BITS) == 0);
    CHECK((isar0 & ISAR0_FIELDS) == 0);
}

/* The model of the second run has AES and lacks SHA512. */
static void check_model(void)
{
    struct sigaction sa = {.sa_handler = on_sigill};

    CHECK((getauxval(AT_HWCAP) & HWCAP_BITS) == HWCAP_BITS);
    sigaction(SIGILL, &sa, NULL);
    if (!sigsetjmp(undefined, 1)) {
        __asm__ volatile("sha512su0 v0.2d, v1.2d" ::: "v0");
        CHECK(!"SIGILL");
    }
}

static int run_again(char *program, char *mask, char *cpu)
{
    char *argv[] = {program, cpu, NULL}, *envp[] = {mask, cpu, NULL};

    execve("/proc/self/exe", argv, envp);
    perror("execve");
    return 1;
}

int main(int argc, char **argv)
{
    static char mask[] = "EMU_HOST_MASK=sha,aes,pclmul", model[] = "QEMU_CPU=cortex-a57";

    if (!getenv("EMU_HOST_MASK"))
        return run_again(argv[0], mask, NULL);
    check_instructions();
    if (argc > 1) {
        check_model();
        return check_done();
    }
    check_offer();
    return check_failures ? 1 : run_again(argv[0], mask, model);
}
