/* The guest's address space: placement, the area table, mremap, brk, watched code pages. */
#define _GNU_SOURCE 1
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <ucontext.h>
#include <unistd.h>
#include "emu/base/sys.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define PAGE 4096ul
#define FREE_LOW 0x200000000000ull /* nothing of the test's process lies near */

static uint64_t gone_start, gone_end;
static int gone_calls;

static void code_gone(uint64_t start, uint64_t end)
{
    gone_start = start;
    gone_end = end;
    gone_calls++;
}

/* The emulator's fault handler, as far as memory is concerned. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
    uint64_t *rip = (uint64_t *)&((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

    (void)sig;
    if (mem_code_write_fault((uint64_t)info->si_addr))
        return;
    if (!mem_copy_fault(rip))
        _exit(99);
}

static void setup(void)
{
    struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &act, NULL);
    sigaction(SIGBUS, &act, NULL);
    hooks.code_gone = code_gone;
    gone_calls = 0;
    process.random_seed_set = true;
    mem_init();
}

static uint64_t map(uint64_t addr, uint64_t len, int prot, int flags)
{
    int64_t ret = mem_map(addr, len, prot, flags, -1, 0);
    cr_assert_gt(ret, 0, "mem_map: %ld", (long)ret);
    return (uint64_t)ret;
}

static size_t area_count(void)
{
    size_t n = 0;
    MemArea a;

    for (uint64_t at = 0; mem_find_next(at, &a); at = a.end)
        n++;
    return n;
}

TestSuite(mem, .init = setup);

Test(mem, places_top_down_below_the_top)
{
    uint64_t a = map(0, PAGE, RW, ANON);
    uint64_t b = map(0, 3 * PAGE, PROT_READ, ANON);

    cr_assert_eq(a, GUEST_MMAP_TOP - PAGE);
    cr_assert_eq(b, a - 3 * PAGE);
    *(volatile int *)a = 1;
    cr_assert_eq(mem_unmap(a, PAGE), 0);
    cr_assert_eq(map(0, PAGE, RW, ANON), a, "a freed hole is used again");
    cr_assert_eq(*(volatile int *)a, 0);
}

Test(mem, hints_and_fixed)
{
    cr_assert_eq(map(FREE_LOW + 5, PAGE, RW, ANON), FREE_LOW + PAGE, "hints are rounded up");
    uint64_t again = map(FREE_LOW + PAGE, PAGE, RW, ANON);
    cr_assert_neq(again, FREE_LOW + PAGE, "a taken hint is ignored");
    cr_assert_eq(mem_map(FREE_LOW + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
    *(volatile int *)(FREE_LOW + PAGE) = 7;
    map(FREE_LOW + PAGE, PAGE, RW, ANON | MAP_FIXED);
    cr_assert_eq(*(volatile int *)(FREE_LOW + PAGE), 0);
    cr_assert_lt(map(1ull << 50, PAGE, RW, ANON), GUEST_LIMIT, "a wild hint is ignored");
}

Test(mem, errors_are_the_kernels)
{
    cr_expect_eq(mem_map(0, 0, RW, ANON, -1, 0), -EINVAL);
    cr_expect_eq(mem_map(0, ~0ull, RW, ANON, -1, 0), -ENOMEM);
    cr_expect_eq(mem_map(0, GUEST_LIMIT, RW, ANON, -1, 0), -ENOMEM);
    cr_expect_eq(mem_map(GUEST_LIMIT, PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM);
    cr_expect_eq(mem_map(GUEST_LIMIT - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM);
    cr_expect_eq(mem_map(FREE_LOW + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), -EINVAL);
    cr_expect_eq(mem_map(0, PAGE, RW, MAP_PRIVATE, 9999, 0), -EBADF);
    cr_expect_eq(mem_map(0, PAGE, RW, MAP_PRIVATE, 0, 1), -EINVAL);
    cr_expect_eq(mem_unmap(FREE_LOW + 1, PAGE), -EINVAL);
    cr_expect_eq(mem_unmap(FREE_LOW, 0), -EINVAL);
    cr_expect_eq(mem_unmap(GUEST_LIMIT, PAGE), -EINVAL);
    cr_expect_eq(mem_unmap(FREE_LOW, PAGE), 0, "nothing mapped is no error");
    cr_expect_eq(mem_protect(FREE_LOW, PAGE, RW), -ENOMEM);
    cr_expect_eq(mem_protect(FREE_LOW, 0, RW), 0);
    uint64_t a = map(0, PAGE, RW, ANON);
    cr_expect_eq(mem_protect(a, PAGE, RW | 0x20), -EINVAL, "no MTE");
    cr_expect_eq(mem_protect(a, PAGE, RX | 0x10), 0, "BTI is accepted");
    cr_expect_eq(mem_advise(GUEST_LIMIT, PAGE, MADV_DONTNEED), -ENOMEM);
    cr_expect_eq(mem_advise(a, PAGE, 12345), -EINVAL);
}

/* 16 TiB: Criterion's own mappings lie about at random below GUEST_LIMIT. */
Test(mem, huge_reservations_are_instant)
{
    uint64_t a = map(0, 1ull << 40, PROT_NONE, ANON | MAP_NORESERVE);
    uint64_t b = map(0, 1ull << 44, PROT_NONE, ANON | MAP_NORESERVE);

    *(volatile char *)map(a + (1ull << 39), PAGE, RW, ANON | MAP_FIXED) = 1;
    cr_assert_eq(mem_unmap(b, 1ull << 44), 0);
    cr_assert_eq(mem_unmap(a, 1ull << 40), 0);
    cr_assert_eq(area_count(), 0);
}

Test(mem, areas_split_and_merge)
{
    uint64_t a = map(FREE_LOW, 8 * PAGE, RW, ANON);
    MemArea area;

    cr_assert_eq(area_count(), 1);
    cr_assert_eq(mem_protect(a + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
    cr_assert_eq(area_count(), 3);
    cr_assert(mem_find(a + 3 * PAGE, &area));
    cr_assert_eq(area.start, a + 2 * PAGE);
    cr_assert_eq(area.prot, PROT_READ);
    cr_assert_eq(mem_protect(a + 2 * PAGE, 2 * PAGE, RW), 0);
    cr_assert_eq(area_count(), 1);
    cr_assert_eq(mem_unmap(a + PAGE, PAGE), 0);
    cr_assert_eq(area_count(), 2);
    cr_assert_not(mem_find(a + PAGE, &area));
    map(a + PAGE, PAGE, RW, ANON | MAP_FIXED);
    cr_assert_eq(area_count(), 1);
    cr_assert_eq(mem_protect(a + 6 * PAGE, 4 * PAGE, PROT_READ), -ENOMEM);
    cr_assert(mem_find(a + 7 * PAGE, &area));
    cr_assert_eq(area.prot, PROT_READ, "what lies before the hole has changed");
}

Test(mem, random_operations_agree_with_a_page_model)
{
    enum { PAGES = 64, STEPS = 20000 };
    static signed char model[PAGES]; /* protection, or -1 */
    uint64_t seed = 12345;

    memset(model, -1, sizeof model);
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        unsigned at = (seed >> 33) % PAGES, len = 1 + (seed >> 43) % (PAGES - at);
        int prot = (seed >> 53) & 7, op = (seed >> 60) % 3;
        uint64_t addr = FREE_LOW + at * PAGE;
        if (op == 0) {
            map(addr, len * PAGE, prot, ANON | MAP_FIXED);
            memset(model + at, prot, len);
        } else if (op == 1) {
            cr_assert_eq(mem_unmap(addr, len * PAGE), 0);
            memset(model + at, -1, len);
        } else {
            unsigned n = 0;
            while (n < len && model[at + n] >= 0)
                n++;
            cr_assert_eq(mem_protect(addr, len * PAGE, prot), n == len ? 0 : -ENOMEM);
            memset(model + at, prot, n);
        }
        MemArea a, last = {0};
        for (unsigned p = 0; p < PAGES; p++) {
            bool found = mem_find(FREE_LOW + p * PAGE, &a);
            cr_assert_eq(found, model[p] >= 0, "step %d page %u", step, p);
            if (!found)
                continue;
            cr_assert_eq(a.prot, model[p], "step %d page %u", step, p);
            cr_assert(a.start == last.start || last.end < a.start || last.prot != a.prot);
            last = a;
        }
    }
}

Test(mem, remap_grows_moves_and_shrinks)
{
    uint64_t a = map(FREE_LOW, 2 * PAGE, RW, ANON), blocker = FREE_LOW + 8 * PAGE;

    map(blocker, PAGE, PROT_READ, ANON);
    *(volatile int *)a = 42;
    cr_assert_eq(mem_remap(a, 2 * PAGE, 8 * PAGE, 0, 0), (int64_t)a);
    cr_assert_eq(mem_remap(a, 8 * PAGE, 9 * PAGE, 0, 0), -ENOMEM);
    int64_t moved = mem_remap(a, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE, 0);
    cr_assert_eq(moved, (int64_t)(GUEST_MMAP_TOP - 9 * PAGE), "we choose the place");
    cr_assert_eq(*(volatile int *)moved, 42);
    MemArea area;
    cr_assert_not(mem_find(a, &area));
    cr_assert_eq(mem_remap(moved, 9 * PAGE, PAGE, 0, 0), moved);
    cr_assert(mem_find(moved, &area));
    cr_assert_eq(area.end - area.start, PAGE);
    int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    cr_assert_eq(mem_remap(moved, PAGE, PAGE, fixed, blocker), (int64_t)blocker);
    cr_assert_eq(*(volatile int *)blocker, 42);
    int64_t kept = mem_remap(blocker, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    cr_assert_gt(kept, 0);
    cr_assert_eq(*(volatile int *)kept, 42);
    cr_assert_eq(*(volatile int *)blocker, 0);
    cr_assert_eq(mem_remap(FREE_LOW, PAGE, PAGE, 0, 0), -EFAULT);
    cr_assert_eq(mem_remap(blocker, 0, PAGE, MREMAP_MAYMOVE, 0), -EINVAL);
    cr_assert_eq(mem_remap(blocker, PAGE, PAGE, fixed, GUEST_LIMIT), -EINVAL);
}

Test(mem, remap_of_nothing_duplicates_shared_memory)
{
    uint64_t a = map(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS);
    int64_t b = mem_remap(a, 0, PAGE, MREMAP_MAYMOVE, 0);

    cr_assert_gt(b, 0);
    *(volatile int *)a = 5;
    cr_assert_eq(*(volatile int *)b, 5);
    cr_assert_eq(mem_protect((uint64_t)b, PAGE, RX), 0);
    gone_calls = 0;
    mem_code_changed(a, a + 64);
    cr_assert_eq(gone_calls, 2, "the range itself and its executable alias");
    cr_assert_eq(gone_start, (uint64_t)b);
    cr_assert_eq(gone_end, (uint64_t)b + 64);
}

Test(mem, brk_is_the_kernels)
{
    MemArea area;

    mem_set_brk(FREE_LOW + 100);
    cr_assert_eq(mem_brk(0), (int64_t)FREE_LOW + 100);
    cr_assert_eq(mem_brk(~0ull), (int64_t)FREE_LOW + 100);
    cr_assert_eq(mem_brk(FREE_LOW + 3 * PAGE + 1), (int64_t)(FREE_LOW + 3 * PAGE + 1));
    *(volatile char *)(FREE_LOW + 3 * PAGE) = 9;
    cr_assert(mem_find(FREE_LOW + PAGE, &area));
    cr_assert_str_eq(area.name, "[heap]");
    cr_assert_eq(area.end, FREE_LOW + 4 * PAGE);
    cr_assert_eq(mem_brk(FREE_LOW + 50), (int64_t)(FREE_LOW + 3 * PAGE + 1), "below the start");
    map(FREE_LOW + 16 * PAGE, PAGE, RW, ANON | MAP_FIXED);
    cr_assert_eq(mem_brk(FREE_LOW + 20 * PAGE), (int64_t)(FREE_LOW + 3 * PAGE + 1), "no room");
    cr_assert_eq(mem_brk(FREE_LOW + 200), (int64_t)(FREE_LOW + 200));
    cr_assert_not(mem_find(FREE_LOW + PAGE, &area));
    cr_assert_eq(mem_brk(FREE_LOW + 8 * PAGE), (int64_t)(FREE_LOW + 8 * PAGE));
    cr_assert_eq(*(volatile char *)(FREE_LOW + 3 * PAGE), 0, "fresh memory is zero");
}

Test(mem, guarded_copies)
{
    uint64_t a = map(FREE_LOW, 2 * PAGE, RW, ANON);
    char *buf = alloc_get(3 * PAGE);

    cr_assert_eq(mem_unmap(a + PAGE, PAGE), 0);
    memcpy((void *)(a + PAGE - 6), "hello", 6);
    for (size_t n = 0; n <= 700; n++)
        cr_assert(mem_write(a + 3, buf, n) && mem_read(buf, a + 3, n), "%zu bytes", n);
    cr_assert(mem_read(buf, a + PAGE - 6, 6));
    cr_assert_str_eq(buf, "hello");
    cr_assert(mem_read(buf, (a + PAGE - 6) | 0xab00000000000000ull, 6), "tags are removed");
    cr_assert_not(mem_read(buf, a + PAGE - 6, 7));
    cr_assert_not(mem_read(buf, a + PAGE - 600, 2000));
    cr_assert_not(mem_write(a + PAGE, buf, 1));
    cr_assert_not(mem_write(0, buf, 1));
    cr_assert_not(mem_read(buf, (uint64_t)buf, 1), "the emulator's own memory");
    cr_assert_not(mem_read(buf, ~0ull, 8));
    cr_assert_eq(mem_strnlen(a + PAGE - 6, 4096), 5);
    cr_assert_eq(mem_strnlen(a + PAGE - 6, 3), 3);
    *(char *)(a + PAGE - 1) = 'x';
    cr_assert_eq(mem_strnlen(a + PAGE - 6, 6), 6, "none of the six is NUL");
    cr_assert_eq(mem_strnlen(a + PAGE - 6, 4096), -EFAULT);
}

Test(mem, code_is_reported_gone)
{
    uint64_t a = map(FREE_LOW, 4 * PAGE, RX, ANON);

    cr_assert(mem_executable(a, 4 * PAGE));
    cr_assert_not(mem_executable(a + 3 * PAGE, 2 * PAGE));
    cr_assert_eq(mem_protect(a + PAGE, PAGE, RW), 0);
    cr_assert_eq(gone_calls, 1);
    cr_assert_eq(gone_start, a + PAGE);
    cr_assert_eq(gone_end, a + 2 * PAGE);
    cr_assert_not(mem_executable(a, 4 * PAGE));
    cr_assert_eq(mem_advise(a, PAGE, MADV_DONTNEED), 0);
    cr_assert_eq(gone_calls, 2);
    map(a, PAGE, RW, ANON | MAP_FIXED);
    cr_assert_eq(gone_calls, 3);
    cr_assert_eq(mem_unmap(a, 2 * PAGE), 0);
    cr_assert_eq(gone_calls, 3, "data goes silently");
    cr_assert_eq(mem_unmap(a, 4 * PAGE), 0);
    cr_assert_eq(gone_calls, 4);
}

Test(mem, executable_area_is_remembered_until_it_changes)
{
    uint64_t a = map(FREE_LOW, 4 * PAGE, RX, ANON);
    MemExec e = {0};

    cr_assert_not(mem_exec_holds(&e, 0));
    cr_assert_not(mem_exec_holds(&e, a - PAGE));
    cr_assert(mem_exec_holds(&e, a + PAGE));
    cr_assert_eq(e.start, a);
    cr_assert_eq(e.size, 4 * PAGE);
    cr_assert_eq(mem_protect(a + 2 * PAGE, PAGE, PROT_READ), 0);
    cr_assert_not(mem_exec_holds(&e, a + 2 * PAGE));
    cr_assert(mem_exec_holds(&e, a + 3 * PAGE));
    cr_assert_eq(mem_unmap(a, 4 * PAGE), 0);
    cr_assert_not(mem_exec_holds(&e, a + 3 * PAGE));
}

Test(mem, fetching)
{
    uint64_t a = map(FREE_LOW, 2 * PAGE, RW, ANON);
    uint32_t word;

    *(uint32_t *)a = 0xd503201f;
    cr_assert(mem_fetch(&word, a));
    cr_assert_eq(word, 0xd503201f);
    cr_assert(mem_fetch(&word, a + 4));
    cr_assert_eq(word, 0, "zero is a word, too");
    cr_assert_eq(mem_protect(a + PAGE, PAGE, PROT_NONE), 0);
    cr_assert_not(mem_fetch(&word, a + PAGE));
}

Test(mem, writes_to_watched_pages)
{
    uint64_t a = map(FREE_LOW, 4 * PAGE, RW | PROT_EXEC, ANON);
    int pipes[2];

    mem_watch_code(a + PAGE, a + PAGE + 8);
    cr_assert_eq(mem_watched_pages, 1);
    *(volatile int *)a = 1;
    cr_assert_eq(gone_calls, 0, "its neighbour is not watched");
    *(volatile int *)(a + PAGE) = 2; /* faults; the handler un-watches */
    cr_assert_eq(gone_calls, 1);
    cr_assert_eq(gone_start, a + PAGE);
    cr_assert_eq(mem_watched_pages, 0);

    mem_watch_code(a, a + 4 * PAGE);
    cr_assert_eq(mem_watched_pages, 4);
    cr_assert(mem_write(a + PAGE - 1, "ab", 2));
    cr_assert_eq(mem_watched_pages, 2);
    cr_assert_eq(pipe(pipes), 0);
    cr_assert_eq(write(pipes[1], "xyz", 3), 3);
    cr_assert_eq(read(pipes[0], (void *)(a + 2 * PAGE), 3), -1, "the kernel sees a read-only page");
    mem_prepare_write(a + 2 * PAGE, 3);
    cr_assert_eq(read(pipes[0], (void *)(a + 2 * PAGE), 3), 3);

    mem_watch_code(a, a + 4 * PAGE);
    cr_assert_eq(mem_protect(a, 4 * PAGE, RX), 0);
    cr_assert_eq(mem_watched_pages, 0, "not writable any more");
    mem_watch_code(a, a + 4 * PAGE);
    cr_assert_eq(mem_watched_pages, 0);
    cr_assert_not(mem_code_write_fault(a), "an ordinary fault of the guest's");
}

Test(mem, shared_segments)
{
    MemArea area;
    int id = shmget(IPC_PRIVATE, 5000, 0600);

    cr_assert_geq(id, 0);
    int64_t a = mem_attach_shm(id, 0, 0), b = mem_attach_shm(id, 0, SHM_RDONLY);
    cr_expect_eq(mem_attach_shm(id, (uint64_t)a, 0), -EINVAL, "taken");
    cr_expect_eq(mem_attach_shm(id, FREE_LOW + 1, 0), -EINVAL);
    cr_expect_eq(mem_attach_shm(id, FREE_LOW + 1, SHM_RND), (int64_t)FREE_LOW);
    shmctl(id, IPC_RMID, NULL);
    cr_assert_eq(a, (int64_t)(GUEST_MMAP_TOP - 2 * PAGE), "below GUEST_LIMIT, our choice");
    *(volatile int *)a = 3;
    cr_expect_eq(*(volatile int *)b, 3);
    cr_assert(mem_find((uint64_t)b + PAGE, &area));
    cr_expect_eq(area.prot, PROT_READ);
    cr_expect_eq(mem_detach_shm((uint64_t)a + PAGE), -EINVAL);
    cr_expect_eq(mem_detach_shm((uint64_t)a), 0);
    cr_expect_not(mem_find((uint64_t)a, &area));
}

Test(mem, maps_text)
{
    char text[4096], expected[200];
    uint64_t a = map(FREE_LOW, PAGE, RW | PROT_EXEC, ANON);

    map(FREE_LOW + 2 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);
    mem_set_name(a, "[stack]");
    size_t n = mem_format_maps(text, sizeof text - 1);
    text[n] = '\0';
    snprintf(expected, sizeof expected, "%llx-%llx rwxp 00000000 00:00 0%26s[stack]\n",
             (unsigned long long)a, (unsigned long long)a + PAGE, "");
    cr_assert_eq(strncmp(text, expected, strlen(expected)), 0, "%s", text);
    cr_assert(strstr(text, "r--s 00000000 00:01 "), "%s", text);
    cr_assert(strstr(text, "/dev/zero (deleted)"), "%s", text);
    cr_assert_eq(mem_format_maps(NULL, 0), n);
}
