/*
 * mmap, munmap, mprotect, mremap, madvise, brk and shmat as the guest means them. Every change
 * is checked here with the kernel's rules for the guest's address space, made by the host's
 * call at the same address, and recorded. The invariant: after each call the table says
 * exactly what the host has mapped below GUEST_LIMIT.
 */
#define _GNU_SOURCE 1 /* mremap's flags */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/hooks.h"
#include "emu/guest/mem_table.h"
#include "emu/guest/process.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define X86_MAP_32BIT 0x40    /* these two mean something to the host only */
#define X86_MAP_ABOVE4G 0x80
#define HUGETLBFS_MAGIC 0x958458f6
#define FS_NOEXEC 8           /* ST_NOEXEC in f_flags */
#define HUGE_PAGE BIT(21)

#define LOWEST_PLACE 0x10000ull /* where the search for a place ends: vm.mmap_min_addr's default */
#define GROWTH_GAP (1ull << 20) /* kept free below what grows: the kernel's stack_guard_gap */
#define BRK_ROOM (64ull << 30)  /* kept free above the heap while there is space elsewhere */

/* What an area remembers of mmap's flags: those that keep neighbours from being one. */
#define AREA_FLAGS                                                                                 \
    (MAP_TYPE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE | MAP_LOCKED | MAP_HUGETLB)

static uint64_t mmap_top = GUEST_MMAP_TOP;
static uint64_t brk_start, brk_now; /* brk_now is not rounded; 0: no heap yet */
static uint64_t next_shared_id;     /* identity of shared anonymous memory */

/* No hole of known_none bytes or more lies in [known_from, mmap_top): where searches begin. */
static uint64_t known_from = GUEST_MMAP_TOP, known_none;

/* The executable part of what one change took away. */
typedef struct Change {
    uint64_t gone_start, gone_end;
} Change;

void mem_init(void)
{
    mmap_top = GUEST_MMAP_TOP - process_random_shift(BIT(28));
    known_from = mmap_top;
    known_none = 0;
}

static Change begin_change(void)
{
    lock_take(&mem_change_lock);
    lock_take(&mem_lock);
    areas_follow_growth();
    return (Change){0};
}

static void end_change(const Change *c)
{
    lock_release(&mem_lock);
    if (c->gone_start < c->gone_end && hooks.code_gone)
        hooks.code_gone(c->gone_start, c->gone_end);
    lock_release(&mem_change_lock);
}

/* Before [start, end) changes: remembers its code, drops its watch marks. */
static void note_code(Change *c, uint64_t start, uint64_t end)
{
    uint64_t from, to;

    mem_unwatch(start, end);
    if (!areas_code_hull(start, end, &from, &to))
        return;
    bool first = c->gone_start >= c->gone_end;
    c->gone_start = first || from < c->gone_start ? from : c->gone_start;
    c->gone_end = first || to > c->gone_end ? to : c->gone_end;
}

static void forget(uint64_t start, uint64_t end)
{
    areas_remove(start, end);
    if (end > known_from) {
        known_from = mmap_top;
        known_none = 0;
    }
}

/* The highest hole of len bytes below limit; 0: none. keep_room leaves space for the heap. */
static uint64_t search_down(uint64_t limit, uint64_t len, uint64_t align, bool keep_room)
{
    size_t i = areas_find(limit - 1);

    if (i < areas.count && area_at(i)->start < limit)
        limit = area_at(i)->start;
    for (;;) {
        uint64_t floor = i && area_at(i - 1)->end > LOWEST_PLACE ? area_at(i - 1)->end
                                                                   : LOWEST_PLACE;
        if (keep_room && brk_now && floor <= brk_now + PAGE_SIZE_4K && limit > brk_now)
            floor = brk_now + BRK_ROOM;
        if (i < areas.count && (area_at(i)->flags & MAP_GROWSDOWN) && limit >= GROWTH_GAP &&
            limit == area_at(i)->start)
            limit -= GROWTH_GAP;
        if (floor < limit && limit - floor >= len) {
            uint64_t place = ALIGN_DOWN(limit - len, align);
            if (place >= floor)
                return place;
        }
        if (!i)
            return 0;
        limit = area_at(--i)->start;
    }
}

static uint64_t find_hole(uint64_t len, uint64_t align)
{
    uint64_t top = len >= known_none ? known_from : mmap_top;
    uint64_t place = search_down(top, len, align, true);

    if (!place && top != mmap_top)
        place = search_down(mmap_top, len, align, true);
    if (!place)
        place = search_down(mmap_top, len, align, false);
    if (place && align == PAGE_SIZE_4K) {
        known_from = place + len;
        known_none = len;
    }
    return place;
}

int64_t mem_place(uint64_t len, uint64_t align)
{
    if (!len || len > GUEST_LIMIT)
        return -ENOMEM;
    lock_take(&mem_lock);
    uint64_t place = find_hole(ALIGN_UP(len, PAGE_SIZE_4K), align);
    lock_release(&mem_lock);
    return place ? (int64_t)place : -ENOMEM;
}

/* One mmap call on its way; addr and len are page-aligned after check(). */
typedef struct Map {
    uint64_t addr, len, align, offset;
    int prot, flags, fd;
    MemArea area;
} Map;

static bool is_fixed(const Map *m)
{
    return m->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
}

/* The kernel's checks that come before it looks for a place. */
static int64_t check_map(Map *m)
{
    if (!m->len)
        return -EINVAL;
    if (m->offset % PAGE_SIZE_4K)
        return -EINVAL;
    if ((m->flags & MAP_TYPE) == MAP_SHARED_VALIDATE &&
        (m->flags & (X86_MAP_32BIT | X86_MAP_ABOVE4G)))
        return -EOPNOTSUPP; /* not flags of arm64 */
    m->flags &= ~(X86_MAP_32BIT | X86_MAP_ABOVE4G);
    m->align = PAGE_SIZE_4K;
    if (m->flags & MAP_HUGETLB) {
        unsigned log = (unsigned)m->flags >> 26 & 63;
        m->align = log >= 21 && log < 46 ? BIT(log) : HUGE_PAGE;
    }
    if (m->len > GUEST_LIMIT)
        return -ENOMEM;
    m->len = ALIGN_UP(m->len, m->align);
    if (m->offset + m->len < m->offset)
        return -EOVERFLOW;
    if (!is_fixed(m))
        return m->len > GUEST_LIMIT ? -ENOMEM : 0;
    if (m->addr % PAGE_SIZE_4K)
        return -EINVAL;
    return mem_range_ok(m->addr, m->len) ? 0 : -ENOMEM;
}

bool mem_read_implies_exec;
static bool deny_exec_gain;

void mem_deny_exec_gain(bool in_force)
{
    enum { GET_MDWE = 66 };

    deny_exec_gain = in_force || sys(SYS_prctl, GET_MDWE) > 0;
}

/* PR_SET_MDWE forbids this change of protection; PROT_EXEC as the old one: a new mapping. */
static bool gains_exec(int old, int prot)
{
    if (!deny_exec_gain || !(prot & PROT_EXEC) || ((old & PROT_EXEC) && !(prot & PROT_WRITE)))
        return false;
    mem_deny_exec_gain(false); /* a child may be rid of it (PR_MDWE_NO_INHERIT) */
    return deny_exec_gain;
}

static int implied_prot(int prot)
{
    return mem_read_implies_exec && (prot & PROT_READ) ? prot | PROT_EXEC : prot;
}

/* What the new area is a mapping of; the file must allow execution if that is asked for. */
static int64_t describe_map(Map *m)
{
    MemArea *a = &m->area;

    a->flags = m->flags & AREA_FLAGS;
    if (a->flags & MAP_GROWSDOWN)
        areas_grow = true;
    if ((m->flags & MAP_TYPE) == MAP_SHARED_VALIDATE)
        a->flags = (a->flags & ~MAP_TYPE) | MAP_SHARED;
    if (m->flags & MAP_ANONYMOUS) {
        if ((m->flags & MAP_TYPE) == MAP_SHARED)
            a->ino = ++next_shared_id;
        a->prot = m->prot = implied_prot(m->prot);
        return 0;
    }
    struct stat st;
    int64_t ret = sys(SYS_fstat, m->fd, &st);
    if (sys_failed(ret))
        return ret;
    a->dev = st.st_dev;
    a->ino = st.st_ino;
    a->offset = m->offset;
    a->prot = implied_prot(m->prot);
    if (!(a->prot & PROT_EXEC))
        return 0;
    struct statfs fs;
    if (!sys_failed(sys(SYS_fstatfs, m->fd, &fs)) && (fs.f_flags & FS_NOEXEC)) {
        a->prot = m->prot;
        return m->prot & PROT_EXEC ? -EPERM : 0;
    }
    m->prot = a->prot;
    char link[40], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", m->fd);
    int64_t n = sys(SYS_readlink, link, path, sizeof path - 1);
    if (n > 0 && path[0] == '/') {
        path[n] = '\0';
        a->name = areas_intern(path); /* of a module, for reports */
    }
    return 0;
}

/* The host's call at a place that is free as far as the table knows. */
static int64_t host_map_new(const Map *m, uint64_t place)
{
    int flags = (m->flags & ~MAP_FIXED) | MAP_FIXED_NOREPLACE;

    if ((m->flags & MAP_TYPE) == MAP_SHARED_VALIDATE) /* which knows no such flag */
        flags = (m->flags & ~MAP_FIXED_NOREPLACE) | MAP_FIXED;
    int64_t ret = sys(SYS_mmap, place, m->len, mem_host_prot(m->prot), flags, m->fd, m->offset);
    if (!sys_failed(ret) && (uint64_t)ret != place) {
        sys(SYS_munmap, ret, m->len); /* a kernel before 4.17 */
        return -EEXIST;
    }
    return ret;
}

/* hugetlbfs files want their own page size; the kernel said EINVAL to a smaller one. */
static bool align_to_huge_file(Map *m)
{
    struct statfs fs;

    if ((m->flags & MAP_ANONYMOUS) || m->align != PAGE_SIZE_4K ||
        sys_failed(sys(SYS_fstatfs, m->fd, &fs)) || (uint32_t)fs.f_type != HUGETLBFS_MAGIC)
        return false;
    m->align = (uint64_t)fs.f_bsize;
    m->len = ALIGN_UP(m->len, m->align);
    return true;
}

/*
 * Some files (io_uring's rings) refuse every address but the kernel's own choice: it is asked to
 * choose in the low 2 GiB, the only part of the guest's range that it can be pointed to.
 */
static int64_t map_host_choice(const Map *m)
{
    return sys(SYS_mmap, 0, m->len, mem_host_prot(m->prot), m->flags | MAP_32BIT, m->fd, m->offset);
}

/* Maps where the guest does not insist: at its hint if that is free, else top-down. */
static int64_t map_anywhere(Map *m)
{
    uint64_t hint = ALIGN_UP(m->addr, m->align), place, skip = BIT(20);
    int64_t ret;

    if (hint && hint < LOWEST_PLACE)
        hint = LOWEST_PLACE;
    if (hint && mem_range_ok(hint, m->len) && areas_free(hint, hint + m->len)) {
        ret = host_map_new(m, hint);
        if (ret != -EEXIST && ret != -EPERM && ret != -EINVAL)
            return ret;
    }
    /* As the kernel: large anonymous memory begins where huge pages can. */
    bool huge = (m->flags & MAP_ANONYMOUS) && m->len % HUGE_PAGE == 0 && m->align < HUGE_PAGE;
    place = find_hole(m->len, huge ? HUGE_PAGE : m->align);
    for (;;) {
        if (!place)
            return -ENOMEM;
        ret = host_map_new(m, place);
        if (ret == -EINVAL && align_to_huge_file(m)) {
            place = find_hole(m->len, m->align);
        } else if (ret == -EINVAL && !(m->flags & MAP_ANONYMOUS)) {
            return map_host_choice(m);
        } else if (ret != -EEXIST) {
            return ret;
        } else { /* something of the host's that the table does not know */
            uint64_t limit = place + m->len;
            place = limit > skip ? search_down(limit - skip, m->len, m->align, true) : 0;
            skip *= 2;
        }
    }
}

static int64_t map_fixed(Map *m, Change *c)
{
    if (m->flags & MAP_FIXED_NOREPLACE) {
        if (!areas_free(m->addr, m->addr + m->len))
            return -EEXIST;
        return host_map_new(m, m->addr);
    }
    note_code(c, m->addr, m->addr + m->len);
    int64_t ret = sys(SYS_mmap, m->addr, m->len, mem_host_prot(m->prot), m->flags, m->fd,
                      m->offset);
    if (!sys_failed(ret))
        forget(m->addr, m->addr + m->len);
    return ret;
}

static bool bad_descriptor(int fd)
{
    return sys(SYS_mmap, 0, 0, PROT_READ, MAP_PRIVATE, fd, 0) == -EBADF;
}

/* Whether the limits allow len bytes of such an area, at this address or (0) at a free one. */
static bool may_map(const MemArea *like, uint64_t addr, uint64_t len)
{
    MemArea more = *like;

    more.start = addr;
    more.end = addr + len;
    return areas_may_map(&more);
}

int64_t mem_map(uint64_t addr, uint64_t len, int prot, int flags, int fd, uint64_t offset)
{
    Map m = {.addr = addr, .len = len, .offset = offset, .flags = flags, .fd = fd};

    m.prot = prot & (PROT_READ | PROT_WRITE | PROT_EXEC); /* as the kernel, without MTE */
    int64_t ret = check_map(&m);
    if (ret && !(flags & MAP_ANONYMOUS) && bad_descriptor(fd))
        ret = offset % PAGE_SIZE_4K ? -EINVAL : -EBADF; /* which come first */
    if (ret)
        return ret;
    Change c = begin_change();
    ret = describe_map(&m);
    if (!ret && gains_exec(PROT_EXEC, m.prot))
        ret = -EACCES;
    if (!ret && !may_map(&m.area, is_fixed(&m) ? m.addr : 0, m.len))
        ret = -ENOMEM;
    if (!ret)
        ret = is_fixed(&m) ? map_fixed(&m, &c) : map_anywhere(&m);
    if (!sys_failed(ret)) {
        m.area.start = (uint64_t)ret;
        m.area.end = m.area.start + m.len;
        areas_insert(&m.area);
    }
    end_change(&c);
    return ret;
}

int64_t mem_unmap(uint64_t addr, uint64_t len)
{
    addr = mem_untag(addr);
    if (addr % PAGE_SIZE_4K || !len || !mem_range_ok(addr, len))
        return -EINVAL;
    uint64_t end = ALIGN_UP(addr + len, PAGE_SIZE_4K);
    Change c = begin_change();
    int64_t ret = 0;
    if (!areas_free(addr, end)) {
        note_code(&c, addr, end);
        ret = sys(SYS_munmap, addr, end - addr);
        if (!sys_failed(ret))
            forget(addr, end);
    }
    end_change(&c);
    return ret;
}

/* Changes one area's part; the table follows the host. */
static int64_t protect_part(const MemArea *area, uint64_t start, uint64_t end, int prot, Change *c)
{
    MemArea part = areas_part(area, start, end);

    if (part.prot == prot)
        return 0;
    if (gains_exec(part.prot, prot))
        return -EACCES;
    MemArea changed = part;
    changed.prot = prot;
    if ((prot & ~part.prot & PROT_WRITE) && !areas_may_map(&changed))
        return -ENOMEM;
    note_code(c, part.start, part.end);
    if (mem_host_prot(part.prot) != mem_host_prot(prot)) {
        int64_t ret = sys(SYS_mprotect, part.start, part.end - part.start, mem_host_prot(prot));
        if (sys_failed(ret))
            return ret;
    }
    areas_remove(part.start, part.end);
    part.prot = prot;
    areas_insert(&part);
    return 0;
}

int64_t mem_protect(uint64_t addr, uint64_t len, int prot)
{
    bool grows_down = prot & PROT_GROWSDOWN;
    int known = PROT_READ | PROT_WRITE | PROT_EXEC | 8 /* PROT_SEM */ | A64_PROT_BTI;

    addr = mem_untag(addr);
    if (grows_down && (prot & PROT_GROWSUP))
        return -EINVAL;
    prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
    if (addr % PAGE_SIZE_4K)
        return -EINVAL;
    if (!len)
        return 0;
    if (ALIGN_UP(len, PAGE_SIZE_4K) + addr <= addr)
        return -ENOMEM;
    if (prot & ~known)
        return -EINVAL; /* PROT_MTE among them: this CPU has no MTE */
    if (!mem_range_ok(addr, ALIGN_UP(len, PAGE_SIZE_4K)))
        return -ENOMEM;
    prot = implied_prot(prot & (PROT_READ | PROT_WRITE | PROT_EXEC));
    uint64_t end = ALIGN_UP(addr + len, PAGE_SIZE_4K);
    Change c = begin_change();
    int64_t ret = 0;
    if (grows_down) {
        size_t i = areas_find(addr);
        if (i == areas.count || area_at(i)->start >= end)
            ret = -ENOMEM;
        else if (!(area_at(i)->flags & MAP_GROWSDOWN))
            ret = -EINVAL;
        else
            addr = area_at(i)->start;
    }
    while (ret == 0 && addr < end) { /* a hole ends it, but what lies below has changed */
        size_t i = areas_find(addr);
        if (i == areas.count || area_at(i)->start > addr) {
            ret = -ENOMEM;
            break;
        }
        uint64_t next = area_at(i)->end;
        ret = protect_part(area_at(i), addr, end, prot, &c);
        addr = next;
    }
    end_change(&c);
    return ret;
}

/* One mremap call; lengths are rounded to pages. */
typedef struct Remap {
    uint64_t old, old_len, new_len, target;
    int flags;
    MemArea area; /* the part that moves or grows */
} Remap;

static int64_t check_remap(const Remap *r)
{
    bool fixed = r->flags & MREMAP_FIXED, dontunmap = r->flags & MREMAP_DONTUNMAP;

    if (r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
        return -EINVAL;
    if ((fixed || dontunmap) && !(r->flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if (dontunmap && r->old_len != r->new_len)
        return -EINVAL;
    if (r->old % PAGE_SIZE_4K || !r->new_len)
        return -EINVAL;
    if (fixed && (r->target % PAGE_SIZE_4K || !mem_range_ok(r->target, r->new_len)))
        return -EINVAL;
    if (fixed && r->target < r->old + r->old_len && r->old < r->target + r->new_len)
        return -EINVAL;
    if (!mem_range_ok(r->old, r->old_len))
        return -EFAULT;
    return r->new_len > GUEST_LIMIT ? -ENOMEM : 0;
}

/* Grows in place when the space above is free. */
static int64_t remap_grow(Remap *r)
{
    uint64_t old_end = r->old + r->old_len, new_end = r->old + r->new_len;

    if (!mem_range_ok(r->old, r->new_len) || !areas_free(old_end, new_end))
        return -ENOMEM;
    int64_t ret = sys(SYS_mremap, r->old, r->old_len, r->new_len, 0);
    if (sys_failed(ret))
        return ret;
    MemArea more = r->area;
    more.start = old_end;
    more.end = new_end;
    more.offset += r->area.ino ? r->old_len : 0;
    areas_insert(&more);
    return ret;
}

/* Moves to r->target, or to a place of our choice. */
static int64_t remap_move(Remap *r, Change *c)
{
    uint64_t target = r->target;

    if (!(r->flags & MREMAP_FIXED)) {
        bool huge = r->area.flags & MAP_HUGETLB;
        /* DONTUNMAP may name a hint. */
        if (!(r->flags & MREMAP_DONTUNMAP) || !target || target % PAGE_SIZE_4K ||
            !mem_range_ok(target, r->new_len) || !areas_free(target, target + r->new_len))
            target = find_hole(r->new_len, huge ? HUGE_PAGE : PAGE_SIZE_4K);
        if (!target)
            return -ENOMEM;
    }
    note_code(c, r->old, r->old + r->old_len);
    note_code(c, target, target + r->new_len);
    int64_t ret = sys(SYS_mremap, r->old, r->old_len, r->new_len, r->flags | MREMAP_FIXED, target);
    if (sys_failed(ret))
        return ret;
    forget(target, target + r->new_len);
    if (r->old_len && !(r->flags & MREMAP_DONTUNMAP))
        forget(r->old, r->old + r->old_len);
    MemArea moved = r->area;
    moved.start = target;
    moved.end = target + r->new_len;
    if (moved.name && moved.name[0] == '[')
        moved.name = NULL;
    areas_insert(&moved);
    return ret;
}

static int64_t remap_locked(Remap *r, Change *c)
{
    uint64_t old_end = r->old + r->old_len;
    bool stays = !(r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP));
    size_t i = areas_find(r->old);

    if (i == areas.count || area_at(i)->start > r->old)
        return -EFAULT;
    r->area = areas_part(area_at(i), r->old, area_at(i)->end);
    if (!r->old_len && !(r->area.flags & MAP_SHARED))
        return -EINVAL; /* only shared memory can be had twice */
    if (stays && r->old_len && r->new_len <= r->old_len) {
        note_code(c, r->old + r->new_len, old_end);
        int64_t ret = sys(SYS_mremap, r->old, r->old_len, r->new_len, 0);
        if (!sys_failed(ret) && r->new_len < r->old_len)
            forget(r->old + r->new_len, old_end);
        return ret;
    }
    if (old_end > r->area.end)
        return -EFAULT;
    r->area.end = old_end;
    uint64_t kept = r->flags & MREMAP_DONTUNMAP ? 0 : r->old_len;
    if (r->new_len > kept && !may_map(&r->area, 0, r->new_len - kept))
        return -ENOMEM;
    mem_unwatch(r->old, old_end); /* the host sees one mapping, with one protection */
    if (stays && r->old_len) {
        int64_t ret = remap_grow(r);
        if (!sys_failed(ret) || !(r->flags & MREMAP_MAYMOVE))
            return ret;
    }
    return r->flags & MREMAP_MAYMOVE ? remap_move(r, c) : -ENOMEM;
}

int64_t mem_remap(uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_addr)
{
    if (old_len > GUEST_LIMIT)
        return -EFAULT;
    if (new_len > GUEST_LIMIT)
        return flags & MREMAP_FIXED ? -EINVAL : -ENOMEM;
    Remap r = {.old = mem_untag(old), .old_len = ALIGN_UP(old_len, PAGE_SIZE_4K),
               .new_len = ALIGN_UP(new_len, PAGE_SIZE_4K), .target = new_addr, .flags = flags};
    int64_t ret = check_remap(&r);
    if (ret)
        return ret;
    Change c = begin_change();
    ret = remap_locked(&r, &c);
    end_change(&c);
    return ret;
}

enum { POPULATE_WRITE = 23, DONTNEED_LOCKED = 24, GUARD_INSTALL = 102 };

/* Does this advice change what a later fetch would see? */
static bool advice_drops_pages(int advice)
{
    return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE ||
           advice == DONTNEED_LOCKED || advice == GUARD_INSTALL;
}

int64_t mem_advise(uint64_t addr, uint64_t len, int advice)
{
    addr = mem_untag(addr);
    if (!mem_range_ok(addr, len)) {
        if (addr % PAGE_SIZE_4K || addr + len < addr)
            return -EINVAL;
        return -ENOMEM;
    }
    if (advice == POPULATE_WRITE)
        mem_prepare_write(addr, len);
    if (!advice_drops_pages(advice))
        return sys(SYS_madvise, addr, len, advice);
    Change c = begin_change();
    note_code(&c, ALIGN_DOWN(addr, PAGE_SIZE_4K), ALIGN_UP(addr + len, PAGE_SIZE_4K));
    int64_t ret = sys(SYS_madvise, addr, len, advice);
    end_change(&c);
    return ret;
}

void mem_set_brk(uint64_t start)
{
    lock_take(&mem_lock);
    brk_start = brk_now = start;
    lock_release(&mem_lock);
}

/* Grows or shrinks the heap's mapping; both bounds are page-aligned. */
static int64_t move_brk(uint64_t old_end, uint64_t new_end, Change *c)
{
    Map m = {.addr = old_end, .len = new_end - old_end, .fd = -1,
             .prot = implied_prot(PROT_READ | PROT_WRITE)};
    int64_t ret;

    if (new_end == old_end)
        return 0;
    if (new_end < old_end) {
        note_code(c, new_end, old_end);
        ret = sys(SYS_munmap, new_end, old_end - new_end);
        if (!sys_failed(ret))
            forget(new_end, old_end);
        return ret;
    }
    m.flags = MAP_PRIVATE | MAP_ANONYMOUS;
    m.area = (MemArea){.start = old_end, .end = new_end, .prot = m.prot, .flags = m.flags,
                       .name = areas_intern("[heap]")};
    if (!areas_free(old_end, new_end + PAGE_SIZE_4K) || !areas_may_map(&m.area))
        return -ENOMEM;
    ret = host_map_new(&m, old_end);
    if (sys_failed(ret))
        return ret;
    areas_insert(&m.area);
    return 0;
}

int64_t mem_brk(uint64_t addr)
{
    Change c = begin_change();

    if (addr >= brk_start && addr < GUEST_LIMIT - PAGE_SIZE_4K &&
        !sys_failed(move_brk(ALIGN_UP(brk_now, PAGE_SIZE_4K), ALIGN_UP(addr, PAGE_SIZE_4K), &c)))
        brk_now = addr;
    int64_t now = (int64_t)brk_now;
    end_change(&c);
    return now;
}

/* Attaches at a place the table chose or allows; SHM_REMAP may replace what is there. */
static int64_t attach_locked(int shmid, uint64_t addr, uint64_t len, int flags, Change *c)
{
    bool replace = addr && (flags & SHM_REMAP);

    if (!addr)
        addr = find_hole(len, PAGE_SIZE_4K);
    if (!addr)
        return -ENOMEM;
    if (!replace && !areas_free(addr, addr + len))
        return -EINVAL;
    if (!areas_may_map(&(MemArea){.start = addr, .end = addr + len, .flags = MAP_SHARED}))
        return -ENOMEM;
    note_code(c, addr, addr + len);
    int64_t ret = sys(SYS_shmat, shmid, addr, flags & ~SHM_EXEC);
    if (sys_failed(ret))
        return ret;
    forget(addr, addr + len);
    MemArea area = {.start = addr, .end = addr + len, .flags = MAP_SHARED | MAP_ANONYMOUS,
                    .prot = PROT_READ, .ino = ++next_shared_id};
    area.prot |= flags & SHM_RDONLY ? 0 : PROT_WRITE;
    area.prot |= flags & SHM_EXEC ? PROT_EXEC : 0;
    areas_insert(&area);
    return ret;
}

int64_t mem_attach_shm(int shmid, uint64_t addr, int flags)
{
    struct shmid_ds info;

    if (addr % PAGE_SIZE_4K) {
        if (!(flags & SHM_RND))
            return -EINVAL;
        addr = ALIGN_DOWN(addr, PAGE_SIZE_4K);
    }
    if (!addr && (flags & SHM_REMAP))
        return -EINVAL;
    int64_t ret = sys(SYS_shmctl, shmid, IPC_STAT, &info);
    if (sys_failed(ret))
        return ret;
    uint64_t len = ALIGN_UP(info.shm_segsz, PAGE_SIZE_4K);
    if (!mem_range_ok(addr, len))
        return -EINVAL;
    Change c = begin_change();
    ret = attach_locked(shmid, addr, len, flags, &c);
    end_change(&c);
    return ret;
}

int64_t mem_detach_shm(uint64_t addr)
{
    int64_t ret = -EINVAL;

    Change c = begin_change();
    size_t i = areas_find(addr);
    if (i < areas.count && area_at(i)->start == addr) {
        uint64_t end = area_at(i)->end;
        note_code(&c, addr, end);
        ret = sys(SYS_shmdt, addr);
        if (!sys_failed(ret))
            forget(addr, end);
    }
    end_change(&c);
    return ret;
}
