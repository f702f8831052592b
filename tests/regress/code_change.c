/* Code that changes under a program: every way that a program may write what it then runs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define PAGE 4096
#define RET 0xd65f03c0u
#define NOP 0xd503201fu
#define MOVZ_W0(n) (0x52800000u | (uint32_t)(n) << 5)
#define ADD_W0(n) (0x11000000u | (uint32_t)(n) << 10)

typedef int Fn(int);

static void flush(void *p, size_t n)
{
    __builtin___clear_cache((char *)p, (char *)p + n);
}

static void put_const(uint32_t *p, int n)
{
    p[0] = MOVZ_W0(n);
    p[1] = RET;
}

static uint32_t *map(size_t n, int prot)
{
    void *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static int call(void *p)
{
    return ((Fn *)p)(0);
}

static void jit_style(void)
{
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);

    for (int n = 0; n < 2000; n++) {
        put_const(p, n);
        flush(p, 8);
        CHECK(call(p) == n);
    }
    munmap(p, PAGE);
}

/* No IC IVAU: only the page's protection tells. */
static void sloppy(void)
{
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);

    for (int n = 0; n < 500; n++) {
        *(volatile uint32_t *)p = MOVZ_W0(n);
        *(volatile uint32_t *)(p + 1) = RET;
        CHECK(call(p) == n);
    }
    for (int n = 0; n < 100; n++) { /* through calls of the kernel and string functions */
        uint32_t code[2] = {MOVZ_W0(n), RET};
        memcpy(p, code, 8);
        CHECK(call(p) == n);
        code[0] = MOVZ_W0(n + 1);
        int fd[2];
        CHECK(pipe(fd) == 0 && write(fd[1], code, 8) == 8 && read(fd[0], p, 8) == 8);
        close(fd[0]), close(fd[1]);
        CHECK(call(p) == n + 1);
    }
    munmap(p, PAGE);
}

static void by_mprotect(void)
{
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE);

    for (int n = 0; n < 500; n++) {
        CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0);
        put_const(p, n);
        CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0);
        CHECK(call(p) == n);
    }
    munmap(p, PAGE);
}

static void two_views(void)
{
    int fd = memfd_create("code", 0);
    CHECK(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
    char *w = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *x = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 2 * PAGE);

    for (int n = 0; n < 500; n++) {
        put_const((uint32_t *)(w + 3 * PAGE), n);
        flush(w + 3 * PAGE, 8); /* the line as the writer sees it */
        CHECK(call(x + PAGE) == n);
        put_const((uint32_t *)(w + 3 * PAGE), n + 7);
        flush(x + PAGE, 8);
        CHECK(call(x + PAGE) == n + 7);
    }
    uint32_t code[2] = {MOVZ_W0(99), RET};
    CHECK(pwrite(fd, code, 8, 3 * PAGE) == 8);
    flush(x + PAGE, 8);
    CHECK(call(x + PAGE) == 99);
    munmap(w, 4 * PAGE), munmap(x, 2 * PAGE), close(fd);
}

static void unmap_and_reuse(void)
{
    void *at = map(PAGE, PROT_READ);

    for (int n = 0; n < 300; n++) {
        uint32_t *p = mmap(at, PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        CHECK(p == at);
        put_const(p, n);
        CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0);
        CHECK(call(p) == n);
        if (n & 1)
            munmap(p, PAGE);
    }
    /* moved: the old place is gone, the new one runs */
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    put_const(p, 5);
    flush(p, 8);
    CHECK(call(p) == 5);
    uint32_t *q = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    put_const(q, 6);
    flush(q, 8);
    CHECK(call(q) == 6);
    CHECK(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
    CHECK(call(q) == 5);
    munmap(q, PAGE);
}

static void by_kernel_writes(void)
{
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE);
    uint32_t code[2] = {MOVZ_W0(1), RET};
    struct iovec from = {code, 8}, to = {p, 8};

    put_const(p, 0);
    CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    CHECK(call(p) == 0);
    CHECK(process_vm_writev(getpid(), &from, 1, &to, 1, 0) == 8);
    CHECK(call(p) == 1);
    CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0);
    CHECK(call(p) == 1);
    int fd = open("/proc/self/mem", O_RDWR);
    CHECK(fd >= 0);
    code[0] = MOVZ_W0(2);
    CHECK(pwrite(fd, code, 8, (off_t)(uintptr_t)p) == 8);
    CHECK(call(p) == 2);
    close(fd);
    fd = memfd_create("data", 0);
    code[0] = MOVZ_W0(3);
    CHECK(write(fd, code, 8) == 8);
    CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    CHECK(call(p) == 2);
    CHECK(pread(fd, p, 8, 0) == 8);
    CHECK(call(p) == 3);
    code[0] = MOVZ_W0(4);
    CHECK(pwrite(fd, code, 8, 0) == 8);
    CHECK(preadv(fd, &to, 1, 0) == 8);
    CHECK(call(p) == 4);
    close(fd);
    CHECK(madvise(p, PAGE, MADV_DONTNEED) == 0);
    put_const(p, 8);
    CHECK(call(p) == 8);
    munmap(p, PAGE);
}

/* The unit before the change decided that nobody reads the flags at its exit. */
static void flags_at_patched_target(void)
{
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    uint32_t *far = p + 512;

    /* p: cmp w0, #3; br-like jump far away.  far: cmp w0, #0; cset w0, eq; ret */
    p[0] = 0x71000c1f;
    p[1] = 0x14000000 | (uint32_t)(far - (p + 1));
    far[0] = 0x7100001f;
    far[1] = 0x1a9f17e0;
    far[2] = RET;
    flush(p, PAGE);
    for (int n = 0; n < 300; n++)
        CHECK(((Fn *)p)(n & 3) == ((n & 3) == 0));
    far[0] = NOP;
    flush(far, 4);
    for (int n = 0; n < 300; n++)
        CHECK(((Fn *)p)(n & 3) == ((n & 3) == 3));
    munmap(p, PAGE);
}

/* ---- faults of the fetch ---- */

static volatile int faults, fault_code, fault_signal;
static void *volatile fault_addr;
static void *fix_page;
static int fix_prot;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    faults++;
    fault_signal = sig;
    fault_code = info->si_code;
    fault_addr = info->si_addr;
    if (uc->uc_mcontext.pc != (uintptr_t)info->si_addr)
        _exit(3);
    if (fix_prot)
        mprotect(fix_page, PAGE, fix_prot);
    else
        uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
}

static void fetch_faults(void)
{
    struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    uint32_t *p = map(2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);

    sigaction(SIGSEGV, &act, NULL);
    sigaction(SIGBUS, &act, NULL);
    /* the page's last instructions: return before its end, or fall over it */
    p[1022] = 0x34000040; /* cbz w0, +8 */
    p[1023] = RET;
    p[1024] = MOVZ_W0(9);
    p[1025] = RET;
    mprotect(p + 1024, PAGE, PROT_READ | PROT_WRITE);
    CHECK(((Fn *)(p + 1022))(7) == 7 && faults == 0);
    fix_page = p + 1024;
    fix_prot = PROT_READ | PROT_EXEC;
    CHECK(((Fn *)(p + 1022))(0) == 9 && faults == 1);
    CHECK(fault_addr == p + 1024 && fault_code == SEGV_ACCERR && fault_signal == SIGSEGV);
    CHECK(((Fn *)(p + 1022))(0) == 9 && faults == 1);
    mprotect(p + 1024, PAGE, PROT_NONE);
    CHECK(((Fn *)(p + 1022))(0) == 9 && faults == 2);
    CHECK(fault_addr == p + 1024 && fault_code == SEGV_ACCERR);
    munmap(p + 1024, PAGE);
    fix_prot = 0;
    faults = 0;
    CHECK(((Fn *)(p + 1022))(7) == 7 && faults == 0);
    ((Fn *)(p + 1022))(0);
    CHECK(faults == 1 && fault_addr == p + 1024 && fault_code == SEGV_MAPERR);
    ((Fn *)NULL)(0);
    CHECK(faults == 2 && fault_addr == NULL && fault_code == SEGV_MAPERR);
    ((Fn *)0x123456789abc)(0);
    CHECK(faults == 3 && fault_addr == (void *)0x123456789abc && fault_code == SEGV_MAPERR);
    static volatile uint32_t local = RET; /* in .data, though nothing writes it */
    ((Fn *)&local)(0);
    CHECK(faults == 4 && fault_addr == (void *)&local && fault_code == SEGV_ACCERR);
    ((Fn *)((char *)p + 2))(0);
    CHECK(faults == 5 && fault_signal == SIGBUS && fault_code == BUS_ADRALN);
    CHECK(fault_addr == (char *)p + 2);
    /* beyond the end of a file */
    int fd = memfd_create("short", 0);
    char *x = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    ((Fn *)x)(0);
    CHECK(faults == 6 && fault_signal == SIGBUS && fault_code == BUS_ADRERR && fault_addr == x);
    uint32_t code[2] = {MOVZ_W0(77), RET};
    CHECK(pwrite(fd, code, 8, 0) == 8);
    CHECK(call(x) == 77 && faults == 6);
    CHECK(ftruncate(fd, 0) == 0);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    close(fd);
    munmap(x, 2 * PAGE), munmap(p, PAGE);
}

/* A file mapped shared: written through another mapping and through the file. */
static void shared_file(void)
{
    char name[] = "/tmp/code-XXXXXX";
    int fd = mkstemp(name);
    uint32_t code[2] = {MOVZ_W0(1), RET};

    CHECK(fd >= 0 && write(fd, code, 8) == 8);
    char *x = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
    if (x == MAP_FAILED)
        return; /* a noexec /tmp */
    CHECK(call(x) == 1);
    char *w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    put_const((uint32_t *)w, 2);
    flush(w, 8);
    CHECK(call(x) == 2);
    put_const((uint32_t *)x, 3);
    CHECK(call(x) == 3);
    unlink(name);
    close(fd);
    munmap(w, PAGE), munmap(x, PAGE);
}

/* Code in one page that rewrites an instruction ahead of itself, with the barriers. */
static void own_page(void)
{
    uint32_t *p = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    static const uint32_t code[] = {
        0x100000e2, /* adr x2, p+28 */
        0xb9000041, /* str w1, [x2] */
        0xd50b7b22, /* dc cvau, x2 */
        0xd5033b9f, /* dsb ish */
        0xd50b7522, /* ic ivau, x2 */
        0xd5033b9f, /* dsb ish */
        0xd5033fdf, /* isb */
        NOP,        /* becomes w1 */
        RET,
    };

    memcpy(p, code, sizeof code);
    flush(p, sizeof code);
    for (int n = 0; n < 500; n++)
        CHECK(((int (*)(int, uint32_t))p)(1, ADD_W0(n)) == 1 + n);
    munmap(p, PAGE);
}

int main(void)
{
    jit_style();
    sloppy();
    by_mprotect();
    two_views();
    unmap_and_reuse();
    by_kernel_writes();
    flags_at_patched_target();
    fetch_faults();
    shared_file();
    own_page();
    return check_done();
}
