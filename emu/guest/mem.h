/*
 * The guest's address space: guest address = host address, so a guest mapping is a host
 * mapping below GUEST_LIMIT. An ordered table of areas (like the kernel's VMAs) knows what is
 * the guest's, with the guest's own protections: the host never maps guest pages executable,
 * so execute permission lives here alone.
 *
 * All functions are thread-safe. Results: >= 0 or -errno, as the arm64 kernel gives them.
 */
#ifndef EMU_GUEST_MEM_H
#define EMU_GUEST_MEM_H

#include "emu/base/alloc.h"

#define GUEST_LIMIT HOST_RANGE_START       /* TASK_SIZE as the guest sees it */
#define GUEST_MMAP_TOP 0x5f0000000000ull   /* mmap area grows down from here */
#define GUEST_STACK_TOP 0x5ff000000000ull  /* main stack grows down from here */
#define GUEST_PIE_BASE 0x550000000000ull   /* ET_DYN programs; brk follows them */

typedef struct MemArea {
    uint64_t start, end;   /* page-aligned, end exclusive */
    int prot;              /* PROT_* as the guest asked, incl. PROT_EXEC */
    int flags;             /* MAP_SHARED / MAP_PRIVATE / MAP_ANONYMOUS / MAP_GROWSDOWN as asked */
    uint64_t offset;       /* file offset, when file-backed */
    uint64_t dev, ino;     /* identity of the file, 0 when anonymous */
    const char *name;      /* "[heap]", "[stack]", path or NULL; owned by the table */
} MemArea;

void mem_init(void);

/* mmap(2) as the guest means it: checks, places (top-down, avoids brk room), maps, records. */
int64_t mem_map(uint64_t addr, uint64_t len, int prot, int flags, int fd, uint64_t offset);
int64_t mem_unmap(uint64_t addr, uint64_t len);
int64_t mem_protect(uint64_t addr, uint64_t len, int prot);
int64_t mem_remap(uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_addr);
int64_t mem_advise(uint64_t addr, uint64_t len, int advice);
int64_t mem_brk(uint64_t addr);

/* shmat(2), shmdt(2): the segment's mapping is placed and recorded like any other. */
int64_t mem_attach_shm(int shmid, uint64_t addr, int flags);
int64_t mem_detach_shm(uint64_t addr);

/*
 * Where mem_map would put len bytes with this alignment (a power of two of at least a page),
 * or -ENOMEM. For the loader, which maps a program in several pieces.
 */
int64_t mem_place(uint64_t len, uint64_t align);

/* Called by the loader: where the heap begins. */
void mem_set_brk(uint64_t start);

/* Called by the loader: the area at addr is the main stack ([stack]; PROT_GROWSDOWN works). */
void mem_set_stack(uint64_t addr);

/*
 * For the loader: removes what of [from, to) is a private mapping of a file that is not the
 * guest's. The emulator maps no file there: it is what another loader (PRoot's) has left behind.
 * True when there was something.
 */
bool mem_evict_files(uint64_t from, uint64_t to);

/* Names an area for /proc/self/maps ("[stack]"); copies the string. */
void mem_set_name(uint64_t addr, const char *name);

/*
 * The area that holds addr (copied to *out), or false. mem_find_next: that area, or else the
 * next one above addr; a walk goes on at out->end.
 */
bool mem_find(uint64_t addr, MemArea *out);
bool mem_find_next(uint64_t addr, MemArea *out);

/* True when len bytes at pc may be fetched as instructions. */
bool mem_executable(uint64_t pc, uint64_t len);

/*
 * The same for callers that ask often: what was found executable last. All zero at first. Like any
 * answer about mappings, it is about the moment of asking.
 */
typedef struct MemExec {
    uint64_t start, size;
    uint32_t removals; /* mem_removals then */
    bool writable;     /* the guest may write there, too */
} MemExec;

extern uint32_t mem_removals; /* atomic: counts ranges that were unmapped or changed protection */

bool mem_exec_find(MemExec *e, uint64_t pc); /* false: not executable, *e is unchanged */

static inline bool mem_exec_holds(MemExec *e, uint64_t pc)
{
    return (pc - e->start < e->size &&
            e->removals == __atomic_load_n(&mem_removals, __ATOMIC_RELAXED)) ||
           mem_exec_find(e, pc);
}

/*
 * PR_SET_MDWE is in force (asked: whether it is on the host): from now on no mapping may be
 * writable and executable, or become executable.
 */
void mem_deny_exec_gain(bool in_force);

extern bool mem_read_implies_exec; /* personality(READ_IMPLIES_EXEC) */

/*
 * What the guest may have mapped at most (RLIMIT_AS), and of that writable private memory other
 * than stacks (RLIMIT_DATA). Atomic; UINT64_MAX: no limit.
 */
extern uint64_t mem_limit_total, mem_limit_data;

/* Bytes of all areas. */
uint64_t mem_total_mapped(void);

/* True when [addr, addr+len) lies below GUEST_LIMIT (no wrap). */
static inline bool mem_range_ok(uint64_t addr, uint64_t len)
{
    return addr <= GUEST_LIMIT && len <= GUEST_LIMIT - addr;
}

/*
 * Guarded copies between the emulator and guest memory (tags are removed): false when a
 * page is missing or protected; a fault inside never reaches the guest as a signal.
 */
bool mem_read(void *dst, uint64_t guest_src, size_t n);
bool mem_write(uint64_t guest_dst, const void *src, size_t n);
bool mem_fill(uint64_t guest_dst, uint8_t byte, size_t n);

/* The same for the instruction at pc, which lies in an executable area. */
bool mem_fetch(uint32_t *word, uint64_t pc);

/* Length of the guest's NUL-terminated string, at most max; -EFAULT when it is unreadable. */
int64_t mem_strnlen(uint64_t guest_str, size_t max);

/*
 * For the host fault handler: if host pc *rip is inside a guarded copy, redirects it to the
 * failing return and says true.
 */
bool mem_copy_fault(uint64_t *rip);

/*
 * Self-modifying code net. The translator calls mem_watch_code for the pages it read code
 * from; pages that are writable and executable at once lose host write permission. The fault
 * handler calls mem_code_write_fault: true means the page was watched, is now writable again,
 * its translations are gone (hooks.code_gone was called) and the access may be retried.
 */
void mem_watch_code(uint64_t start, uint64_t end);
bool mem_code_write_fault(uint64_t addr);

/*
 * Before a system call that makes the host kernel write to guest memory: un-watches the range
 * (as a write would), so that the kernel does not see EFAULT. One test when nothing is watched.
 */
extern uint32_t mem_watched_pages; /* atomic */
bool mem_unwatch_for_write(uint64_t addr, uint64_t len); /* true: something was watched */

static inline void mem_prepare_write(uint64_t addr, uint64_t len)
{
    if (__builtin_expect(__atomic_load_n(&mem_watched_pages, __ATOMIC_RELAXED) != 0, 0))
        mem_unwatch_for_write(addr, len);
}

/*
 * The guest said that code in [start, end) changed (IC IVAU), or something wrote there behind
 * the CPU's back (process_vm_writev): calls hooks.code_gone for it and for every executable
 * mapping of the same shared pages.
 */
void mem_code_changed(uint64_t start, uint64_t end);

/* The guest's /proc/self/maps text, from the table; returns bytes needed (like snprintf). */
size_t mem_format_maps(char *buf, size_t size);

/*
 * Held by the forking thread around fork. A change tells the translator of code that is gone, so
 * its lock comes before the translator's; the table's comes after.
 */
void mem_before_fork_changes(void);
void mem_before_fork(void);
void mem_after_fork(void);
void mem_after_fork_changes(void);

#endif
