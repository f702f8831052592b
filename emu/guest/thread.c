/*
 * The list of guest threads, and the host side of each: one mapping with a guard page, the
 * stack, the host signal stack, a copy of libc's static TLS and the Thread itself.
 *
 * Invariant: a registered Thread is valid memory, and every host thread runs with FS at a TLS
 * block in which this_cpu is its own CpuState. A Thread whose jump cache is not empty is always in
 * one of the two lists, so that it loses what is forgotten.
 */
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include "emu/base/alloc.h"
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/guest/thread.h"

#define STACK_BYTES (512ul << 10)
#define SIGNAL_STACK_BYTES (64ul << 10) /* an AVX-512 or AMX frame takes up to 11 KiB of it */
#define GUARD_BYTES PAGE_SIZE_4K

/* musl's struct pthread on x86_64: errno and the locale lie in it; field 0 points to itself. */
#define LIBC_PTHREAD_BYTES 200
#define TLS_ALIGN 64

int thread_count;
static Lock threads_lock;
static Thread *threads;

/* The mappings of ended threads, to be used again: a new one costs more than the clone. */
#define SPARE_MAX 16
static Thread *spares; /* under threads_lock */
static int spare_count;

static void list_add(Thread **list, Thread *t)
{
    t->prev = NULL;
    t->next = *list;
    if (t->next)
        t->next->prev = t;
    *list = t;
}

static void list_remove(Thread **list, Thread *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        *list = t->next;
    if (t->next)
        t->next->prev = t->prev;
}

/* A spare that nobody runs on, now the caller's; it stays in its list until thread_register. */
static Thread *take_spare(void)
{
    Thread *t;

    lock_take(&threads_lock);
    for (t = spares; t; t = t->next)
        if (__atomic_load_n(&t->left, __ATOMIC_ACQUIRE))
            break;
    if (t)
        t->left = 0;
    lock_release(&threads_lock);
    return t;
}

/* Bytes of static TLS below the thread pointer: PT_TLS of our own image. */
static size_t static_tls_bytes(void)
{
    const Elf64_Phdr *ph = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t n = getauxval(AT_PHNUM);

    for (size_t i = 0; i < n; i++) {
        if (ph[i].p_type == PT_TLS)
            return ALIGN_UP(ph[i].p_memsz, ph[i].p_align ? ph[i].p_align : 1);
    }
    return 0;
}

static char *host_thread_pointer(void)
{
    char *tp;
    __asm__("mov %%fs:0, %0" : "=r"(tp));
    return tp;
}

/* Fills in t's TLS copy; this_cpu in it is t's. */
static void make_tls(Thread *t)
{
    static size_t tls_bytes;
    if (!tls_bytes)
        tls_bytes = static_tls_bytes();
    char *mine = host_thread_pointer();
    char *tp = t->thread_pointer;
    size_t this_cpu_offset = (size_t)(mine - (char *)&this_cpu);

    CHECK(this_cpu_offset <= tls_bytes && tls_bytes <= t->tls_block_size - LIBC_PTHREAD_BYTES,
          "this_cpu is in the static TLS block, and that fits");
    memcpy(tp - tls_bytes, mine - tls_bytes, tls_bytes + LIBC_PTHREAD_BYTES);
    *(void **)tp = tp;
    *(CpuState **)(tp - this_cpu_offset) = &t->cpu;
}

Thread *thread_new(const CpuState *from)
{
    size_t tls_room = ALIGN_UP(static_tls_bytes() + LIBC_PTHREAD_BYTES, TLS_ALIGN) + TLS_ALIGN;
    size_t total = GUARD_BYTES + STACK_BYTES + SIGNAL_STACK_BYTES;
    size_t tls_at = total;
    size_t thread_at = ALIGN_UP(tls_at + tls_room, alignof(Thread));
    total = ALIGN_UP(thread_at + sizeof(Thread), PAGE_SIZE_4K);

    Thread *t = take_spare();
    char *base;
    if (t) {
        base = t->host_stack;
        memset(&t->tid, 0, sizeof *t - offsetof(Thread, tid));
        t->spare = true;
    } else {
        base = alloc_try_pages(total, PROT_READ | PROT_WRITE);
        if (!base)
            return NULL;
        sys(SYS_mprotect, base, GUARD_BYTES, PROT_NONE);
        t = (Thread *)(base + thread_at);
    }
    uint32_t fpcr = t->cpu.fpcr;
    if (from) {
        const Thread *parent = (const Thread *)from;
        /* the jump cache, behind, is the thread's own: empty, or what a spare knows already */
        memcpy(t, from, offsetof(CpuState, jump_cache_used));
        t->sigmask = parent->sigmask;
    }
    if (!t->spare || t->cpu.fpcr != fpcr)
        cpu_flush_jump_cache(&t->cpu);
    t->cpu.thread = t;
    t->cpu.exit_request = 0;
    t->cpu.interp_insn = NULL;
    t->host_stack = base;
    t->host_stack_size = total;
    t->signal_stack = base + GUARD_BYTES + STACK_BYTES;
    t->signal_stack_size = SIGNAL_STACK_BYTES;
    t->tls_block = base + tls_at;
    t->tls_block_size = thread_at - tls_at;
    t->thread_pointer =
        base + ALIGN_DOWN(thread_at - LIBC_PTHREAD_BYTES, TLS_ALIGN);
    make_tls(t);
    return t;
}

void thread_free(Thread *t)
{
    if (t->spare)
        __atomic_store_n(&t->left, 1, __ATOMIC_RELEASE);
    else
        alloc_free_pages(t->host_stack, t->host_stack_size);
}

void *thread_stack_top(Thread *t)
{
    return t->signal_stack; /* the stack lies right below it */
}

void thread_register(Thread *t)
{
    lock_take(&threads_lock);
    if (t->spare) {
        list_remove(&spares, t);
        spare_count--;
        t->spare = false;
    }
    list_add(&threads, t);
    __atomic_add_fetch(&thread_count, 1, __ATOMIC_SEQ_CST);
    lock_release(&threads_lock);
}

void thread_unregister(Thread *t)
{
    lock_take(&threads_lock);
    list_remove(&threads, t);
    if (!t->on_process_stack && spare_count < SPARE_MAX) {
        memset(t->cpu.count, 0, sizeof t->cpu.count); /* they are in the process's sums */
        t->spare = true;
        t->left = 0;
        list_add(&spares, t);
        spare_count++;
    }
    __atomic_sub_fetch(&thread_count, 1, __ATOMIC_SEQ_CST);
    lock_release(&threads_lock);
}

void threads_for_each(void (*fn)(Thread *t, void *arg), void *arg)
{
    lock_take(&threads_lock);
    for (Thread *t = threads; t; t = t->next)
        fn(t, arg);
    for (Thread *t = spares; t; t = t->next)
        fn(t, arg);
    lock_release(&threads_lock);
}

void thread_start(Thread *t)
{
    struct {
        void *sp;
        int flags;
        size_t size;
    } ss = {t->signal_stack, 0, t->signal_stack_size};

    t->tid = (int)sys(SYS_gettid);
    if (!t->tgid)
        t->tgid = t->tid;
    int64_t ret = sys(SYS_sigaltstack, &ss, NULL);
    if (ret)
        die(1, "cannot set up a signal stack: %s", strerror((int)-ret));
}

Thread *thread_first(void)
{
    Thread *t = thread_new(NULL);
    if (!t)
        die(1, "no memory for a thread");
    /* not the large table of jump targets, of which most programs use little */
    alloc_populate(t, offsetof(Thread, cpu.jump_cache));
    alloc_populate(t->cpu.jump_cache2, sizeof *t - offsetof(Thread, cpu.jump_cache2));

    t->on_process_stack = true;
    this_cpu = &t->cpu;
    thread_start(t);
    thread_register(t);
    return t;
}

_Noreturn void thread_exit(Thread *t, int status, bool whole_process)
{
    long nr = whole_process ? SYS_exit_group : SYS_exit;

    if (t->on_process_stack || t->vfork_child) {
        for (;;)
            sys(nr, status);
    }
    if (t->spare) /* from the store on the stack may be another thread's */
        __asm__ volatile("movl $1, (%[left])\n\t"
                         "syscall\n\t"
                         "hlt"
                         :
                         : "a"(nr), "D"((long)status), [left] "r"(&t->left)
                         : "rcx", "r11", "memory");
    /* after munmap there is no stack: everything is in registers */
    __asm__ volatile("syscall\n\t"
                     "mov %[nr], %%rax\n\t"
                     "mov %[status], %%rdi\n\t"
                     "syscall\n\t"
                     "hlt"
                     :
                     : "a"((long)SYS_munmap), "D"(t->host_stack), "S"(t->host_stack_size),
                       [nr] "r"(nr), [status] "r"((long)status)
                     : "rcx", "r11", "memory");
    __builtin_unreachable();
}

int64_t thread_clone(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, Thread *t,
                     void (*entry)(Thread *t))
{
    int64_t ret;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register Thread *r12 __asm__("r12") = t;
    register void (*r13)(Thread *) __asm__("r13") = entry;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r12, %%rdi\n\t"
                     "call *%%r13\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(ret)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r12), "r"(r13)
                     : "rcx", "r11", "memory");
    return ret;
}

void threads_before_fork(void)
{
    lock_take(&threads_lock);
}

void threads_after_fork(Thread *self, bool in_child)
{
    if (in_child) {
        /* the others' blocks are copies that nobody runs on */
        for (Thread *t = threads, *next; t; t = next) {
            next = t->next;
            if (t != self)
                sys(SYS_munmap, t->host_stack, t->host_stack_size);
        }
        for (Thread *t = spares; t; t = t->next)
            if (!t->left)
                t->left = 1; /* whoever was about to leave it is not here */
        threads = self;
        self->next = self->prev = NULL;
        thread_count = 1;
        self->tid = self->tgid = (int)sys(SYS_gettid);
        self->vfork_child = false;
        self->owns_process = false;
    }
    lock_release(&threads_lock);
}
