/*
 * Reference semantics: memory copy and set (FEAT_MOPS), the manual's option B.
 *
 * The prologue fixes direction and size, the main part moves everything, the epilogue what is
 * left (nothing, unless a program enters there). Registers advance after each chunk. Large ones
 * are guarded copies, which when they fail are done again in small ones: a small chunk lies in one
 * page whose access was probed, so that a fault finds the registers at the exact place to go on
 * from. With option B, NZCV is 0010 while copying forward, 1010 backward.
 */
#include "emu/guest/mem.h"
#include "emu/interp/interp.h"

#define LARGE 65536
#define FORWARD PSTATE_C
#define BACKWARD (PSTATE_C | PSTATE_N)
#define COPY_LIMIT 0x007fffffffffffffull /* CPY, which must compare 56-bit addresses */
#define MOVE_LIMIT 0x7fffffffffffffffull /* CPYF and SET */

static uint64_t saturate(uint64_t size, uint64_t limit)
{
    return size > limit ? limit : size;
}

/* Faults now if the byte cannot be read, or written. */
static void probe_read(uint64_t addr)
{
    (void)*(volatile uint8_t *)mem_ptr(addr);
}

static void probe_write(uint64_t addr)
{
    __atomic_fetch_or((uint8_t *)mem_ptr(addr), 0, __ATOMIC_RELAXED);
}

/* Bytes from addr to the end of its page; to its beginning when going backward from addr. */
static uint64_t page_room(uint64_t addr, bool backward)
{
    uint64_t at = addr % PAGE_SIZE_4K;

    if (!backward)
        return PAGE_SIZE_4K - at;
    return at ? at : PAGE_SIZE_4K;
}

static uint64_t smallest(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* A signal need not wait for the rest: the instruction goes on from here when it runs again. */
static bool wants_to_stop(CpuState *cpu, const DecodedInsn *i)
{
    if (!cpu->x[i->rn] || !__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED))
        return false;
    cpu_raise(cpu, EXIT_SAFEPOINT);
    return true;
}

/* A chunk that can be done again when it fails in the middle: the ranges do not overlap. */
static bool copy_large(uint64_t to, uint64_t from, uint64_t size)
{
    uint64_t apart = (to - from) << 8 >> 8; /* addresses have 56 bits */

    return size >= LARGE && apart >= LARGE && apart <= BIT(56) - LARGE &&
           mem_write(to, mem_ptr(from), LARGE);
}

/* A chunk within one page; the registers point to its end when going backward. */
static uint64_t copy_small(uint64_t to, uint64_t from, uint64_t size, bool backward)
{
    uint8_t chunk[PAGE_SIZE_4K];
    uint64_t n = smallest(size, page_room(to, backward), page_room(from, backward));

    if (backward) {
        to -= n;
        from -= n;
    }
    probe_read(from);
    probe_write(to);
    memcpy(chunk, mem_ptr(from), n); /* the ranges may overlap */
    memcpy(mem_ptr(to), chunk, n);
    return n;
}

/* Main part and epilogue: rd, rs are the ends that move, rn counts down to 0. */
static void copy_rest(CpuState *cpu, const DecodedInsn *i)
{
    bool backward = cpu->nzcv & PSTATE_N;
    uint64_t *to = &cpu->x[i->rd], *from = &cpu->x[i->rs], *size = &cpu->x[i->rn];

    if (!(cpu->nzcv & PSTATE_C)) { /* not after our prologue */
        cpu_raise(cpu, EXIT_UNDEF);
        return;
    }
    while (*size) {
        uint64_t n = !backward && copy_large(*to, *from, *size)
                         ? LARGE : copy_small(*to, *from, *size, backward);
        *to = backward ? *to - n : *to + n;
        *from = backward ? *from - n : *from + n;
        *size -= n;
        if (wants_to_stop(cpu, i))
            return;
    }
}

/* CPYF copies forward whatever the overlap. */
INTERP(CPYFP)
{
    cpu->x[i->rn] = saturate(cpu->x[i->rn], MOVE_LIMIT);
    cpu->nzcv = FORWARD;
}

INTERP(CPYFM)
{
    copy_rest(cpu, i);
}

INTERP(CPYFE)
{
    copy_rest(cpu, i);
}

INTERP(CPYP)
{
    uint64_t size = saturate(cpu->x[i->rn], COPY_LIMIT);
    uint64_t to = field(cpu->x[i->rd], 0, 56), from = field(cpu->x[i->rs], 0, 56);

    cpu->x[i->rn] = size;
    cpu->nzcv = FORWARD;
    if (from < to && from + size > to) {
        cpu->x[i->rd] += size;
        cpu->x[i->rs] += size;
        cpu->nzcv = BACKWARD;
    }
}

INTERP(CPYM)
{
    copy_rest(cpu, i);
}

INTERP(CPYE)
{
    copy_rest(cpu, i);
}

static void set_rest(CpuState *cpu, const DecodedInsn *i)
{
    if (!(cpu->nzcv & PSTATE_C)) {
        cpu_raise(cpu, EXIT_UNDEF);
        return;
    }
    while (cpu->x[i->rn]) {
        uint64_t to = cpu->x[i->rd], n = LARGE;
        uint8_t byte = (uint8_t)get_x(cpu, i->rs);

        if (cpu->x[i->rn] < LARGE || !mem_fill(to, byte, LARGE)) {
            n = smallest(cpu->x[i->rn], page_room(to, false), UINT64_MAX);
            probe_write(to);
            memset(mem_ptr(to), byte, n);
        }
        cpu->x[i->rd] += n;
        cpu->x[i->rn] -= n;
        if (wants_to_stop(cpu, i))
            return;
    }
}

INTERP(SETP)
{
    cpu->x[i->rn] = saturate(cpu->x[i->rn], MOVE_LIMIT);
    cpu->nzcv = FORWARD;
}

INTERP(SETM)
{
    set_rest(cpu, i);
}

INTERP(SETE)
{
    set_rest(cpu, i);
}
