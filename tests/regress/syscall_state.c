/*
 * A system call changes x0 and nothing else: registers, vectors, flags and FPSR survive calls of
 * every kind, while signals interrupt them and other threads make the translator forget code.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

/* x0..x30 (x29 and sp left out), v0..v31, nzcv, fpsr */
typedef struct State {
    uint64_t x[29];
    uint64_t nzcv, fpsr, pad;
    uint64_t v[64];
} State;

/* Loads in->x, in->v and the flags, makes the call, stores all of it. */
void call(const State *in, State *out);
__asm__(".text\n.globl call\n.type call, %function\ncall:\n"
        "stp x29, x30, [sp, #-192]!\n stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n"
        "stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n"
        "stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n stp x0, x1, [sp, #160]\n"
        "mov x30, x0\n"
        "add x9, x30, #256\n"
        "ldp q0, q1, [x9]\n ldp q2, q3, [x9, #32]\n ldp q4, q5, [x9, #64]\n"
        "ldp q6, q7, [x9, #96]\n ldp q8, q9, [x9, #128]\n ldp q10, q11, [x9, #160]\n"
        "ldp q12, q13, [x9, #192]\n ldp q14, q15, [x9, #224]\n ldp q16, q17, [x9, #256]\n"
        "ldp q18, q19, [x9, #288]\n ldp q20, q21, [x9, #320]\n ldp q22, q23, [x9, #352]\n"
        "ldp q24, q25, [x9, #384]\n ldp q26, q27, [x9, #416]\n ldp q28, q29, [x9, #448]\n"
        "ldp q30, q31, [x9, #480]\n"
        "ldr x9, [x30, #232]\n msr nzcv, x9\n ldr x9, [x30, #240]\n msr fpsr, x9\n"
        "ldp x0, x1, [x30]\n ldp x2, x3, [x30, #16]\n ldp x4, x5, [x30, #32]\n"
        "ldp x6, x7, [x30, #48]\n ldp x8, x9, [x30, #64]\n ldp x10, x11, [x30, #80]\n"
        "ldp x12, x13, [x30, #96]\n ldp x14, x15, [x30, #112]\n ldp x16, x17, [x30, #128]\n"
        "ldp x18, x19, [x30, #144]\n ldp x20, x21, [x30, #160]\n ldp x22, x23, [x30, #176]\n"
        "ldp x24, x25, [x30, #192]\n ldp x26, x27, [x30, #208]\n ldr x28, [x30, #224]\n"
        "svc #0\n"
        "ldr x30, [sp, #168]\n"
        "stp x0, x1, [x30]\n stp x2, x3, [x30, #16]\n stp x4, x5, [x30, #32]\n"
        "stp x6, x7, [x30, #48]\n stp x8, x9, [x30, #64]\n stp x10, x11, [x30, #80]\n"
        "stp x12, x13, [x30, #96]\n stp x14, x15, [x30, #112]\n stp x16, x17, [x30, #128]\n"
        "stp x18, x19, [x30, #144]\n stp x20, x21, [x30, #160]\n stp x22, x23, [x30, #176]\n"
        "stp x24, x25, [x30, #192]\n stp x26, x27, [x30, #208]\n str x28, [x30, #224]\n"
        "mrs x9, nzcv\n str x9, [x30, #232]\n mrs x9, fpsr\n str x9, [x30, #240]\n"
        "add x9, x30, #256\n"
        "stp q0, q1, [x9]\n stp q2, q3, [x9, #32]\n stp q4, q5, [x9, #64]\n"
        "stp q6, q7, [x9, #96]\n stp q8, q9, [x9, #128]\n stp q10, q11, [x9, #160]\n"
        "stp q12, q13, [x9, #192]\n stp q14, q15, [x9, #224]\n stp q16, q17, [x9, #256]\n"
        "stp q18, q19, [x9, #288]\n stp q20, q21, [x9, #320]\n stp q22, q23, [x9, #352]\n"
        "stp q24, q25, [x9, #384]\n stp q26, q27, [x9, #416]\n stp q28, q29, [x9, #448]\n"
        "stp q30, q31, [x9, #480]\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n"
        "ldp x25, x26, [sp, #64]\n ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n"
        "ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n ldp d14, d15, [sp, #144]\n"
        "ldp x29, x30, [sp], #192\n ret\n");

static uint64_t random_word(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed ^ *seed >> 29;
}

/* The result; counts a failure when anything but x0 changed. */
static int64_t checked(uint64_t *seed, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    static const uint32_t flags[] = {0, 1u << 31, 1u << 30, 1u << 29, 1u << 28, 0xf0000000};
    State in, out;

    for (int n = 0; n < 29; n++)
        in.x[n] = random_word(seed);
    for (int n = 0; n < 64; n++)
        in.v[n] = random_word(seed);
    in.nzcv = flags[random_word(seed) % 6];
    in.fpsr = random_word(seed) & 0x0800001f;
    in.pad = out.pad = 0;
    in.x[0] = a, in.x[1] = b, in.x[2] = c, in.x[3] = d, in.x[4] = in.x[5] = 0;
    in.x[8] = (uint64_t)nr;
    call(&in, &out);
    int64_t ret = (int64_t)out.x[0];
    out.x[0] = in.x[0];
    if (memcmp(&in, &out, sizeof in)) {
        for (size_t n = 0; n < sizeof in / 8; n++)
            if (((uint64_t *)&in)[n] != ((uint64_t *)&out)[n])
                fprintf(stderr, "call %ld: word %zu\n", nr, n);
        check_failures++;
    }
    return ret;
}

static volatile int ticks;

static void on_tick(int sig)
{
    (void)sig;
    ticks++;
    __asm__ volatile("movi v0.16b, #0xff\n mov v9.16b, v0.16b\n mov v16.16b, v0.16b\n"
                     "msr fpsr, xzr\n adds xzr, x0, x1" ::: "v0", "v9", "v16", "cc");
}

static volatile int stop;

/* Makes the translator forget code again and again. */
static void *changer(void *arg)
{
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)arg;
    for (unsigned n = 0; !stop; n++) {
        code[0] = 0xd2800000 | (n & 0xff) << 5;
        code[1] = 0xd65f03c0;
        __builtin___clear_cache((char *)code, (char *)(code + 2));
        for (int k = 0; k < 5; k++)
            CHECK(((unsigned (*)(void))code)() == (n & 0xff));
    }
    return NULL;
}

static void rounds(int count, uint64_t seed)
{
    int ends[2];
    char bytes[8] = "1234567";
    struct timespec nap = {0, 300000};

    CHECK(pipe(ends) == 0);
    for (int n = 0; n < count; n++) {
        CHECK(checked(&seed, SYS_getppid, 1, 2, 3, 4) == getppid());
        CHECK(checked(&seed, SYS_write, (uint64_t)ends[1], (uint64_t)bytes, 7, 0) == 7);
        CHECK(checked(&seed, SYS_read, (uint64_t)ends[0], (uint64_t)bytes, 8, 0) == 7);
        CHECK(checked(&seed, SYS_read, 99999, (uint64_t)bytes, 8, 0) == -EBADF);
        CHECK(checked(&seed, SYS_futex, (uint64_t)bytes, 0, 0, 0) == -EAGAIN);
        CHECK(checked(&seed, SYS_sigaltstack, 0, 0, 0, 0) == 0);
        CHECK(checked(&seed, 1000, 0, 0, 0, 0) == -ENOSYS);
        if (n % 16 == 0) {
            int64_t ret = checked(&seed, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (uint64_t)&nap, 0);
            CHECK(ret == 0 || ret == -EINTR);
        }
    }
    close(ends[0]);
    close(ends[1]);
}

static void *other(void *arg)
{
    rounds(3000, (uint64_t)(uintptr_t)arg);
    return NULL;
}

int main(void)
{
    struct itimerval on = {{0, 500}, {0, 500}};
    struct sigaction act = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    pthread_t thread[3];

    rounds(50, 1);
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &on, NULL);
    pthread_create(&thread[0], NULL, changer, NULL);
    pthread_create(&thread[1], NULL, other, (void *)2);
    pthread_create(&thread[2], NULL, other, (void *)3);
    rounds(3000, 4);
    pthread_join(thread[1], NULL);
    pthread_join(thread[2], NULL);
    stop = 1;
    pthread_join(thread[0], NULL);
    CHECK(ticks > 10);
    return check_done();
}
