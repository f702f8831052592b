/*
 * PTRACE_GETREGSET and PTRACE_SETREGSET: arm64's register sets (arch/arm64/kernel/ptrace.c) of a
 * stopped tracee, from and to its CpuState.
 */
#include <errno.h>
#include <string.h>
#include "emu/guest/mem.h"
#include "syscalls/dispatch.h"
#include "syscalls/ptrace_host.h"

#define DEBUG_ARCH_V8 6u
#define PSTATE_FORBIDDEN 0x3dfull /* valid_user_regs: EL0, 64-bit, no exceptions masked */

typedef struct GeneralSet {
    uint64_t x[31], sp, pc, pstate;
} GeneralSet;

typedef struct VectorSet {
    V128 v[32];
    uint32_t fpsr, fpcr, pad[2];
} VectorSet;
_Static_assert(sizeof(VectorSet) == 528, "struct user_fpsimd_state");

typedef struct TlsSet {
    uint64_t tpidr, tpidr2;
} TlsSet;

/* struct user_hwdebug_state without its slots: we offer none. */
typedef struct DebugSet {
    uint32_t info, pad;
} DebugSet;

typedef union AnySet {
    GeneralSet general;
    VectorSet vector;
    TlsSet tls;
    DebugSet debug;
    int32_t syscall;
    uint64_t tagged;
} AnySet;

static bool get_general(StoppedTracee *s, AnySet *set)
{
    uint64_t x[33];
    uint32_t nzcv, pstate;

    if (!remote_read(s->tracee->tid, s->thread + offsetof(Thread, cpu.x), x, sizeof x) ||
        !REMOTE_GET(s, cpu.nzcv, &nzcv) || !REMOTE_GET(s, cpu.pstate, &pstate))
        return false;
    memcpy(&set->general, x, sizeof x);
    set->general.pstate = nzcv | pstate;
    return true;
}

static int64_t set_general(StoppedTracee *s, const AnySet *set)
{
    uint32_t nzcv = (uint32_t)set->general.pstate & 0xf0000000u;
    uint32_t pstate = (uint32_t)set->general.pstate & (uint32_t)(PSTATE_DIT | PSTATE_SSBS);

    if (set->general.pstate & PSTATE_FORBIDDEN)
        return -EINVAL;
    if (!remote_write(s->tracee->tid, s->thread + offsetof(Thread, cpu.x), &set->general, 33 * 8) ||
        !REMOTE_PUT(s, cpu.nzcv, &nzcv) || !REMOTE_PUT(s, cpu.pstate, &pstate))
        return -EIO;
    return 0;
}

static bool get_vector(StoppedTracee *s, AnySet *set)
{
    VectorSet *v = &set->vector;

    if (s->trace.fp_changed) {
        v->fpsr = s->trace.fpsr;
        v->fpcr = s->trace.fpcr;
    } else if (!REMOTE_GET(s, cpu.fpsr, &v->fpsr) || !REMOTE_GET(s, cpu.fpcr, &v->fpcr)) {
        return false;
    }
    return REMOTE_GET(s, cpu.v, &v->v);
}

/* FPCR and FPSR have host sides, which only the thread itself can set. */
static int64_t set_vector(StoppedTracee *s, const AnySet *set)
{
    const VectorSet *v = &set->vector;
    bool yes = true;

    return REMOTE_PUT(s, cpu.v, &v->v) && REMOTE_PUT(s, trace.fpsr, &v->fpsr) &&
           REMOTE_PUT(s, trace.fpcr, &v->fpcr) && REMOTE_PUT(s, trace.fp_changed, &yes) ? 0 : -EIO;
}

static bool get_tls(StoppedTracee *s, AnySet *set)
{
    return REMOTE_GET(s, cpu.tpidr_el0, &set->tls.tpidr); /* no SME: tpidr2 reads as 0 */
}

static int64_t set_tls(StoppedTracee *s, const AnySet *set)
{
    return REMOTE_PUT(s, cpu.tpidr_el0, &set->tls.tpidr) ? 0 : -EIO;
}

static bool get_debug(StoppedTracee *s, AnySet *set)
{
    (void)s;
    set->debug.info = DEBUG_ARCH_V8 << 8;
    return true;
}

static int64_t set_debug(StoppedTracee *s, const AnySet *set)
{
    (void)s;
    (void)set;
    return 0;
}

static bool get_syscall(StoppedTracee *s, AnySet *set)
{
    set->syscall = s->trace.syscall;
    return true;
}

static int64_t set_syscall(StoppedTracee *s, const AnySet *set)
{
    return REMOTE_PUT(s, trace.syscall, &set->syscall) ? 0 : -EIO;
}

static bool get_tagged(StoppedTracee *s, AnySet *set)
{
    bool on = false;

    remote_read(s->tracee->tid, (uint64_t)&syscall_tagged_pointers, &on, sizeof on);
    set->tagged = on;
    return true;
}

static int64_t set_tagged(StoppedTracee *s, const AnySet *set)
{
    bool on = set->tagged & 1;

    if (set->tagged & ~1ull)
        return -EINVAL;
    return remote_write(s->tracee->tid, (uint64_t)&syscall_tagged_pointers, &on, sizeof on) ? 0
                                                                                          : -EIO;
}

/* One register set: its ELF note type, size in bytes, and the unit that lengths are counted in. */
static const struct RegSet {
    uint32_t note, size, unit;
    bool (*get)(StoppedTracee *s, AnySet *set);
    int64_t (*set)(StoppedTracee *s, const AnySet *set);
} sets[] = {
    {1, sizeof(GeneralSet), 8, get_general, set_general}, /* NT_PRSTATUS */
    {2, sizeof(VectorSet), 4, get_vector, set_vector},    /* NT_PRFPREG */
    {0x401, sizeof(TlsSet), 8, get_tls, set_tls},         /* NT_ARM_TLS */
    {0x402, sizeof(DebugSet), 4, get_debug, set_debug},   /* NT_ARM_HW_BREAK */
    {0x403, sizeof(DebugSet), 4, get_debug, set_debug},   /* NT_ARM_HW_WATCH */
    {0x404, sizeof(int32_t), 4, get_syscall, set_syscall}, /* NT_ARM_SYSTEM_CALL */
    {0x409, sizeof(uint64_t), 8, get_tagged, set_tagged}, /* NT_ARM_TAGGED_ADDR_CTRL */
};

int64_t ptrace_regset(StoppedTracee *s, unsigned note, uint64_t iov_at, bool set)
{
    const struct RegSet *r = NULL;
    AnySet value;
    uint64_t iov[2];
    int64_t ret = 0;

    if (!mem_read(iov, iov_at, sizeof iov))
        return -EFAULT;
    for (size_t i = 0; i < COUNTOF(sets); i++)
        if (sets[i].note == note)
            r = &sets[i];
    if (!r || iov[1] % r->unit)
        return -EINVAL;
    if (!s->thread)
        return -EIO;
    if (iov[1] > r->size)
        iov[1] = r->size;
    memset(&value, 0, sizeof value);
    if (!r->get(s, &value))
        return -EIO;
    if (!set)
        ret = mem_write(iov[0], &value, iov[1]) ? 0 : -EFAULT;
    else
        ret = mem_read(&value, iov[0], iov[1]) ? r->set(s, &value) : -EFAULT;
    if (ret == 0 && !mem_write(iov_at + 8, &iov[1], 8))
        ret = -EFAULT;
    return ret;
}
