/*
 * FPSR.QC: a hot loop collects it in a register, and everything outside must still see it: MRS
 * behind the loop, MRS within it, the signal frame of a fault in the midst of it.
 */
#define _GNU_SOURCE
#include <arm_neon.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "tests/syscalls/check.h"

#define QC (1u << 27)
#define PAGE 4096

static uint64_t fpsr(void)
{
    uint64_t value;
    __asm__ volatile("mrs %0, fpsr" : "=r"(value)::"memory");
    return value;
}

static void set_fpsr(uint64_t value)
{
    __asm__ volatile("msr fpsr, %0" ::"r"(value) : "memory");
}

/* Sums and narrowed differences of n vectors; nothing saturates but what the caller puts there. */
__attribute__((noinline)) static void loop(const int16_t *p, long n)
{
    int16x8_t sum = vdupq_n_s16(0);

    for (long k = 0; k < n; k++, p += 8) {
        int16x8_t x = vld1q_s16(p);
        sum = vshrq_n_s16(vqaddq_s16(sum, x), 1);
        uint8x16_t out = vqmovun_high_s16(vqmovun_s16(sum), x);
        __asm__ volatile("" ::"w"(out) : "memory");
    }
}

static sigjmp_buf out_of_fault;
static volatile uint32_t frame_fpsr;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    struct _aarch64_ctx *head = (void *)((ucontext_t *)context)->uc_mcontext.__reserved;

    CHECK(head->magic == FPSIMD_MAGIC);
    frame_fpsr = ((struct fpsimd_context *)head)->fpsr;
    siglongjmp(out_of_fault, 1);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    int16_t *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const long n = PAGE / 16;

    CHECK(p != MAP_FAILED && mprotect((char *)p + PAGE, PAGE, PROT_NONE) == 0);
    sigaction(SIGSEGV, &action, NULL);
    for (long k = 0; k < 8 * n; k++)
        p[k] = (int16_t)(k % 200);
    set_fpsr(0);
    for (int k = 0; k < 500; k++)
        loop(p, n);
    CHECK(!(fpsr() & QC));
    for (int k = 0; k < 500; k++) {
        bool saturates = k % 3 == 0, faults = k % 2;
        p[8 * 100 + k % 8] = saturates ? 300 : 200;
        frame_fpsr = 0;
        if (sigsetjmp(out_of_fault, 1) == 0)
            loop(p, n + faults);
        CHECK(!!(fpsr() & QC) == saturates);
        CHECK(!faults || !!(frame_fpsr & QC) == saturates);
        set_fpsr(0);
        CHECK(!(fpsr() & QC));
        p[8 * 100 + k % 8] = 0;
    }
    /* within: a read in the loop sees what was collected so far, a write clears it */
    long seen = 0;
    for (int k = 0; k < 20000; k++) {
        int8x8_t x = vqadd_s8(vdup_n_s8((int8_t)(k % 128)), vdup_n_s8(64));
        __asm__ volatile("" ::"w"(x));
        seen += !!(fpsr() & QC) == (k % 128 >= 64);
        set_fpsr(0);
    }
    CHECK(seen == 20000);
    return check_done();
}
