/*
 * The vDSO: its symbols and versions, its answers against the system call's, bad pointers, what a
 * caller may rely on in registers, several threads, signals, a child, a copy of its code.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define PAGE 4096

typedef int64_t ClockFn(uint64_t clock, void *out);

static ClockFn *get_time, *get_resolution, *get_day;
static const char *base;

static int64_t raw(long nr, uint64_t a, void *b)
{
    register uint64_t x0 __asm__("x0") = a;
    register void *x1 __asm__("x1") = b;
    register long x8 __asm__("x8") = nr;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
    return (int64_t)x0;
}

/* As a C library looks a symbol up: by the hash table, with its version. */
static void *lookup(const char *name, const char *version)
{
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)base;
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(base + head->e_phoff);
    const Elf64_Dyn *dyn = NULL;

    for (int i = 0; i < head->e_phnum; i++)
        if (ph[i].p_type == PT_DYNAMIC)
            dyn = (const Elf64_Dyn *)(base + ph[i].p_offset);
    const char *strings = NULL;
    const Elf64_Sym *symbol = NULL;
    const uint32_t *hash = NULL;
    const uint16_t *versym = NULL;
    const char *verdef = NULL;
    for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
        const char *where = base + dyn->d_un.d_ptr;
        switch (dyn->d_tag) {
        case DT_STRTAB: strings = where; break;
        case DT_SYMTAB: symbol = (const Elf64_Sym *)where; break;
        case DT_HASH: hash = (const uint32_t *)where; break;
        case DT_VERSYM: versym = (const uint16_t *)where; break;
        case DT_VERDEF: verdef = where; break;
        default: break;
        }
    }
    if (!strings || !symbol || !hash || !versym || !verdef)
        return NULL;
    for (uint32_t n = 1; n < hash[1]; n++) {
        if (strcmp(strings + symbol[n].st_name, name))
            continue;
        for (const char *v = verdef;; v += ((const Elf64_Verdef *)v)->vd_next) {
            const Elf64_Verdef *def = (const Elf64_Verdef *)v;
            const Elf64_Verdaux *aux = (const Elf64_Verdaux *)(v + def->vd_aux);
            if (!(def->vd_flags & VER_FLG_BASE) && def->vd_ndx == (versym[n] & 0x7fff) &&
                !strcmp(strings + aux->vda_name, version))
                return (void *)(base + symbol[n].st_value);
            if (!def->vd_next)
                break;
        }
    }
    return NULL;
}

static int64_t ns(const struct timespec *t)
{
    return t->tv_sec * 1000000000ll + t->tv_nsec;
}

static void values(void)
{
    struct timespec before, between, after, res, res2;
    struct timeval day;
    struct timezone zone = {77, 77}, zone2 = {77, 77};

    for (int clock = -30; clock < 20; clock++) {
        int64_t want = raw(SYS_clock_gettime, (uint64_t)clock, &before);
        CHECK(get_time((uint64_t)clock, &between) == want);
        CHECK(raw(SYS_clock_gettime, (uint64_t)clock, &after) == want);
        if (want == 0)
            CHECK(ns(&before) <= ns(&between) && ns(&between) <= ns(&after) &&
                  between.tv_nsec >= 0 && between.tv_nsec < 1000000000);
        want = raw(SYS_clock_getres, (uint64_t)clock, &res);
        for (int again = 0; again < 2; again++) {
            CHECK(get_resolution((uint64_t)clock, &res2) == want);
            if (want == 0)
                CHECK(ns(&res) == ns(&res2));
        }
        CHECK(get_resolution((uint64_t)clock, NULL) == want);
    }
    /* the number is an int: its upper half does not matter */
    CHECK(get_time(0xffffffff00000001, &between) == 0);
    CHECK(raw(SYS_clock_gettime, CLOCK_REALTIME, &before) == 0);
    CHECK(get_day((uint64_t)&day, NULL) == 0);
    CHECK(raw(SYS_clock_gettime, CLOCK_REALTIME, &after) == 0);
    int64_t us = day.tv_sec * 1000000ll + day.tv_usec;
    CHECK(us >= ns(&before) / 1000 && us <= ns(&after) / 1000 && day.tv_usec < 1000000);
    CHECK(raw(SYS_gettimeofday, (uint64_t)&day, &zone) == 0);
    CHECK(get_day((uint64_t)&day, &zone2) == 0 && !memcmp(&zone, &zone2, sizeof zone));
    CHECK(get_day(0, NULL) == 0);
    CHECK(time(NULL) - day.tv_sec < 10);
}

static void pointers(void)
{
    char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + PAGE, PAGE, PROT_NONE);
    void *bad[] = {(void *)8, page + PAGE, page + PAGE - 8, (void *)base,
                   (void *)0x600100001000, (void *)0x630000000000, (void *)-16};

    CHECK(get_time(CLOCK_MONOTONIC, page + 1) == 0); /* misaligned is fine */
    CHECK(get_time(CLOCK_MONOTONIC, page + PAGE - 16) == 0);
    CHECK(get_time(CLOCK_MONOTONIC, NULL) == -EFAULT);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(get_time(CLOCK_MONOTONIC, bad[i]) == -EFAULT);
        CHECK(get_resolution(CLOCK_MONOTONIC, bad[i]) == -EFAULT);
        CHECK(get_day((uint64_t)bad[i], NULL) == -EFAULT);
    }
    munmap(page, 2 * PAGE);
}

/* Calls fn(clock, out) with all that a function must keep set; 1 when it was kept. */
int keeps_registers(ClockFn *fn, uint64_t clock, void *out);
__asm__(".text\n.globl keeps_registers\n.type keeps_registers, %function\nkeeps_registers:\n"
        "stp x29, x30, [sp, #-192]!\n stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n"
        "stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n"
        "stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n stp x0, x1, [sp, #160]\n"
        "mov x19, #19\n mov x20, #20\n mov x21, #21\n mov x22, #22\n mov x23, #23\n"
        "mov x24, #24\n mov x25, #25\n mov x26, #26\n mov x27, #27\n mov x28, #28\n"
        "fmov d8, x19\n fmov d9, x20\n fmov d10, x21\n fmov d11, x22\n fmov d12, x23\n"
        "fmov d13, x24\n fmov d14, x25\n fmov d15, x26\n"
        "mov x9, x0\n mov x0, x1\n mov x1, x2\n blr x9\n"
        "mov x9, #0\n"
        "fmov x10, d8\n sub x10, x10, x19\n orr x9, x9, x10\n"
        "fmov x10, d9\n sub x10, x10, x20\n orr x9, x9, x10\n"
        "fmov x10, d10\n sub x10, x10, x21\n orr x9, x9, x10\n"
        "fmov x10, d11\n sub x10, x10, x22\n orr x9, x9, x10\n"
        "fmov x10, d12\n sub x10, x10, x23\n orr x9, x9, x10\n"
        "fmov x10, d13\n sub x10, x10, x24\n orr x9, x9, x10\n"
        "fmov x10, d14\n sub x10, x10, x25\n orr x9, x9, x10\n"
        "fmov x10, d15\n sub x10, x10, x26\n orr x9, x9, x10\n"
        "add x19, x19, x28\n add x20, x20, x27\n add x21, x21, x26\n add x22, x22, x25\n"
        "add x23, x23, x24\n sub x19, x19, #47\n sub x20, x20, #47\n sub x21, x21, #47\n"
        "sub x22, x22, #47\n sub x23, x23, #47\n orr x9, x9, x19\n orr x9, x9, x20\n"
        "orr x9, x9, x21\n orr x9, x9, x22\n orr x9, x9, x23\n orr x9, x9, x0\n"
        "cmp x9, #0\n cset x0, eq\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n"
        "ldp x25, x26, [sp, #64]\n ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n"
        "ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n ldp d14, d15, [sp, #144]\n"
        "ldp x29, x30, [sp], #192\n ret\n");

static volatile int ticks;
static volatile int tick_failures;

static void on_tick(int sig)
{
    struct timespec t;

    (void)sig;
    ticks++;
    if (get_time(CLOCK_MONOTONIC, &t) != 0)
        tick_failures++;
}

static int steady(int rounds)
{
    struct timespec t;
    int64_t last = 0;
    int wrong = 0;

    for (int n = 0; n < rounds; n++) {
        wrong += !keeps_registers(get_time, CLOCK_MONOTONIC, &t) || ns(&t) < last;
        last = ns(&t);
        wrong += !keeps_registers(get_time, CLOCK_THREAD_CPUTIME_ID, &t);
    }
    return wrong;
}

static void *worker(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)steady(40000);
}

static void busy(void)
{
    struct itimerval on = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    struct sigaction act = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    pthread_t thread[4];
    int status;

    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &on, NULL);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, worker, NULL) == 0);
    while (ticks < 20)
        CHECK(steady(1000) == 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(thread[i], &wrong);
        CHECK(wrong == NULL);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(tick_failures == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(steady(1000) != 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Elsewhere the same code is a plain system call. */
static void copied(void)
{
    char *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct timespec t = {0, 0};

    memcpy(copy, base, PAGE);
    CHECK(mprotect(copy, PAGE, PROT_READ | PROT_EXEC) == 0);
    __builtin___clear_cache(copy, copy + PAGE);
    ClockFn *fn = (ClockFn *)(copy + ((const char *)get_time - base));
    for (int n = 0; n < 5; n++)
        CHECK(fn(CLOCK_MONOTONIC, &t) == 0 && t.tv_nsec + t.tv_sec != 0);
    munmap(copy, PAGE);
}

int main(void)
{
    base = (const char *)getauxval(AT_SYSINFO_EHDR);
    CHECK(base && !memcmp(base, ELFMAG, SELFMAG));
    get_time = (ClockFn *)lookup("__kernel_clock_gettime", "LINUX_2.6.39");
    get_resolution = (ClockFn *)lookup("__kernel_clock_getres", "LINUX_2.6.39");
    get_day = (ClockFn *)lookup("__kernel_gettimeofday", "LINUX_2.6.39");
    CHECK(get_time && get_resolution && get_day);
    CHECK(lookup("__kernel_rt_sigreturn", "LINUX_2.6.39") != NULL);
    CHECK(lookup("__kernel_clock_gettime", "LINUX_2.6") == NULL);
    for (int n = 0; n < 4; n++) { /* interpreted, then translated */
        values();
        pointers();
    }
    busy();
    copied();
    return check_done();
}
