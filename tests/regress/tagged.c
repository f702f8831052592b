/* build: -static -pthread -march=armv8.1-a+simd -mno-outline-atomics */
/* Addresses with something in the top byte: every kind of access, branches, system calls. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>
#include "tests/syscalls/check.h"

static char buffer[256] __attribute__((aligned(64)));

static void *tag(const volatile void *p, unsigned t)
{
    return (void *)((uintptr_t)p | (uintptr_t)t << 56);
}

/* One instruction with x0 = the tagged address: bytes of the buffer and results are compared. */
typedef struct Result {
    uint64_t x1, x2, x0;
    uint64_t v[8];
    char memory[sizeof buffer];
} Result;

#define RUN(text, address, result)                                                                 \
    do {                                                                                           \
        register uint64_t x0 __asm__("x0") = (uint64_t)(address);                                  \
        register uint64_t x1 __asm__("x1") = 0x1111222233334444;                                   \
        register uint64_t x2 __asm__("x2") = 0x5555666677778888;                                   \
        register uint64_t x3 __asm__("x3") = 8;                                                    \
        for (unsigned k_ = 0; k_ < sizeof buffer; k_++)                                            \
            buffer[k_] = (char)(k_ * 7 + 3);                                                       \
        __asm__ volatile("ldp q0, q1, [%4, #64]\n ldp q2, q3, [%4, #96]\n" text                    \
                         "\n stp q0, q1, [%5]\n stp q2, q3, [%5, #32]"                             \
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                  \
                         : "r"(buffer), "r"((result)->v), "r"(buffer)                              \
                         : "v0", "v1", "v2", "v3", "x9", "x10", "memory", "cc");                   \
        (result)->x0 = x0 & ~(0xffull << 56);                                                      \
        (result)->x1 = x1, (result)->x2 = x2;                                                      \
        memcpy((result)->memory, buffer, sizeof buffer);                                           \
    } while (0)

#define SAME(text)                                                                                 \
    do {                                                                                           \
        static Result plain, tagged;                                                               \
        for (unsigned n_ = 0; n_ < 12; n_++) {                                                     \
            RUN(text, buffer + 32, &plain);                                                        \
            RUN(text, tag(buffer + 32, n_ * 37 + 1), &tagged);                                     \
            if (memcmp(&plain, &tagged, sizeof plain)) {                                           \
                fprintf(stderr, "differs: %s\n", text);                                            \
                check_failures++;                                                                  \
                break;                                                                             \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void accesses(void)
{
    SAME("ldr x1, [x0]");
    SAME("ldr w1, [x0, #12]");
    SAME("ldrsb x1, [x0, x3]");
    SAME("ldrsh w1, [x0, w3, sxtw #1]");
    SAME("ldr x1, [x3, x0]");
    SAME("ldr x1, [x0], #16");
    SAME("ldr x1, [x0, #-16]!");
    SAME("ldp x1, x2, [x0]");
    SAME("ldp w1, w2, [x0, #8]!");
    SAME("ldpsw x1, x2, [x0], #8");
    SAME("stp x1, x2, [x0, #-32]!");
    SAME("stp x1, xzr, [x0], #16");
    SAME("str x1, [x0]");
    SAME("strb w1, [x0, #3]");
    SAME("strh w2, [x0, x3, lsl #1]");
    SAME("stur x2, [x0, #-9]");
    SAME("ldnp x1, x2, [x0, #16]");
    SAME("ldr q0, [x0]");
    SAME("ldr b1, [x0, #5]");
    SAME("ldr h2, [x0], #2");
    SAME("ldr q3, [x0, x3, lsl #4]");
    SAME("str q1, [x0, #16]");
    SAME("str d2, [x0, #-8]!");
    SAME("str b2, [x0, #1]");
    SAME("ldp q0, q1, [x0, #-32]");
    SAME("stp q2, q3, [x0, #32]!");
    SAME("stp d0, d1, [x0], #16");
    SAME("ld1 {v0.16b, v1.16b}, [x0], #32");
    SAME("ld2 {v0.8h, v1.8h}, [x0]");
    SAME("ld3 {v0.4s, v1.4s, v2.4s}, [x0]");
    SAME("ld4 {v0.8b, v1.8b, v2.8b, v3.8b}, [x0], x3");
    SAME("st1 {v0.2d}, [x0]");
    SAME("st3 {v0.8h, v1.8h, v2.8h}, [x0]");
    SAME("st4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #64");
    SAME("ld1 {v1.h}[5], [x0]");
    SAME("st2 {v1.s, v2.s}[3], [x0], #8");
    SAME("ld1r {v2.4s}, [x0]");
    SAME("ld4r {v0.16b, v1.16b, v2.16b, v3.16b}, [x0]");
    SAME("ldxr x1, [x0]\n add x1, x1, #1\n stxr w2, x1, [x0]");
    SAME("ldaxrb w1, [x0]\n stlxrb w2, w3, [x0]");
    SAME("ldxp x1, x2, [x0]\n stxp w9, x2, x1, [x0]\n mov x1, x9");
    SAME("ldxp w1, w2, [x0]\n stxp w9, w2, w1, [x0]\n mov x1, x9");
    SAME("ldxp x1, x2, [x0]\n mov x9, x0\n stlxp w10, x0, x1, [x9]\n mov x1, x10\n str xzr, [x0]");
    SAME("ldar x1, [x0]\n stlr x2, [x0]");
    SAME("ldadd x1, x2, [x0]");
    SAME("ldseth w1, w2, [x0]");
    SAME("swpal w1, w2, [x0]");
    SAME("ldsmaxb w1, w2, [x0]");
    SAME("cas x1, x2, [x0]");
    SAME("mov x9, x0\n mov x10, #0\n casp x2, x3, x2, x3, [x9]");
    SAME("mov x9, x0\n mov x10, #0\n casp w2, w3, w2, w3, [x9]");
    SAME("dc zva, x0");
    SAME("dc cvau, x0");
    SAME("prfm pldl1keep, [x0]");
    SAME("ldr x1, [x0]\n cmp x1, x2\n ldr x2, [x0, #8]\n csel x1, x1, x2, hi");
    SAME("mov x9, #4\n1: ldrb w10, [x0], #1\n add x1, x1, x10\n subs x9, x9, #1\n b.ne 1b");
}

static int doubled(int n)
{
    return 2 * n;
}

static void branches(void)
{
    int (*fn)(int) = (int (*)(int))tag((void *)doubled, 0xa5);
    uint64_t pc;

    for (int n = 0; n < 100; n++)
        CHECK(fn(n) == 2 * n);
    /* a tagged link register, and what PC reads as behind a tagged branch */
    for (int n = 0; n < 100; n++) {
        __asm__ volatile("adr x9, 1f\n orr x9, x9, #0x3c00000000000000\n br x9\n1: adr %0, 1b"
                         : "=r"(pc)::"x9");
        CHECK(pc >> 56 == 0);
    }
}

/* The stack pointer itself may carry a tag. */
static void tagged_stack(void)
{
    uint64_t sum = 0;
    for (int n = 0; n < 100; n++)
        __asm__ volatile("mov x9, sp\n orr x10, x9, #0x0f00000000000000\n mov sp, x10\n"
                         "stp x9, x10, [sp, #-32]!\n ldr x11, [sp]\n add sp, sp, #32\n"
                         "str q0, [sp, #-16]!\n ldr q0, [sp], #16\n"
                         "mov sp, x9\n sub x11, x11, x9\n add %0, %0, x11"
                         : "+r"(sum)::"x9", "x10", "x11", "memory");
    CHECK(sum == 0);
}

static void libc_functions(void)
{
    static char a[1000], b[1000];

    for (int n = 1; n < 900; n += 13) {
        memset(tag(a, 0x11), n, (size_t)n);
        memcpy(tag(b, 0x22), tag(a, 0x33), (size_t)n);
        memmove(tag(b + 1, 0x44), tag(b, 0x44), (size_t)n);
        b[n + 1] = 0;
        CHECK(memcmp(tag(a, 9), tag(b, 1), (size_t)n) == 0);
        CHECK(strlen(tag(b, 0x7f)) == (size_t)n + 1 || (n & 0xff) == 0);
    }
}

static sigjmp_buf jump;
static void *volatile fault_addr;

static void on_segv(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    fault_addr = info->si_addr;
    siglongjmp(jump, 1);
}

/* A fault at a tagged address is a fault, with the tag removed from si_addr. */
static void faults(void)
{
    struct sigaction act = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO};
    char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    sigaction(SIGSEGV, &act, NULL);
    for (volatile int n = 0; n < 20; n++) {
        fault_addr = NULL;
        if (sigsetjmp(jump, 1) == 0)
            *(volatile int *)tag(p + 8, 0x5a) = 1;
        CHECK(fault_addr == p + 8);
        if (sigsetjmp(jump, 1) == 0)
            (void)*(volatile int *)tag(p + 16, 0xff);
        CHECK(fault_addr == p + 16);
    }
    signal(SIGSEGV, SIG_DFL);
}

static void system_calls(void)
{
    int fd[2];
    char *text = "tagged";
    struct stat st;

    CHECK(prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0) == 0);
    CHECK(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0) == PR_TAGGED_ADDR_ENABLE);
    CHECK(pipe(tag(fd, 3)) == 0);
    CHECK(write(fd[1], tag(text, 0x42), 6) == 6);
    memset(buffer, 0, sizeof buffer);
    CHECK(read(fd[0], tag(buffer, 0x24), 6) == 6 && memcmp(buffer, text, 6) == 0);
    CHECK(stat(tag("/", 8), tag(&st, 0x10)) == 0 && S_ISDIR(st.st_mode));
    CHECK(open(tag("/nonexistent", 8), O_RDONLY) == -1 && errno == ENOENT);
    void *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(tag(p, 4), 8192, PROT_READ | PROT_WRITE) == 0);
    CHECK(madvise(tag(p, 4), 4096, MADV_DONTNEED) == 0);
    CHECK(munmap(tag(p, 4), 8192) == 0);
    close(fd[0]), close(fd[1]);
}

int main(void)
{
    accesses();
    branches();
    tagged_stack();
    libc_functions();
    faults();
    system_calls();
    return check_done();
}
