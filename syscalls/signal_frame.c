/*
 * The arm64 signal frame, built and taken back as arch/arm64/kernel/signal.c does: siginfo,
 * ucontext with fpsimd and (for faults) esr records, and below it a frame record for unwinders.
 *
 * Invariant: what signal_push_frame writes, rt_sigreturn restores bit by bit, unless the handler
 * changed it.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "syscalls/signal.h"
#include "syscalls/signal_frame.h"

#define FPSIMD_MAGIC 0x46508001u
#define ESR_MAGIC 0x45535201u

#define RESERVED_BYTES 4096

typedef struct RecordHead {
    uint32_t magic, size;
} RecordHead;

typedef struct FpsimdRecord {
    RecordHead head;
    uint32_t fpsr, fpcr;
    V128 v[32];
} FpsimdRecord;
_Static_assert(sizeof(FpsimdRecord) == 528, "arm64 uapi struct fpsimd_context");

typedef struct EsrRecord {
    RecordHead head;
    uint64_t esr;
} EsrRecord;

typedef struct GuestStack {
    uint64_t sp;
    uint32_t flags, pad;
    uint64_t size;
} GuestStack;

/* Everything of rt_sigframe up to the record area. */
typedef struct FrameHead {
    uint8_t info[128];
    uint64_t uc_flags, uc_link;
    GuestStack uc_stack;
    uint64_t uc_sigmask;
    uint8_t pad[120];
    uint64_t align;
    uint64_t fault_address;
    uint64_t x[31];
    uint64_t sp, pc, pstate;
    uint64_t align2;
} FrameHead;
_Static_assert(offsetof(FrameHead, fault_address) == 128 + 176, "uc_mcontext is 16-aligned");
_Static_assert(sizeof(FrameHead) == 128 + 176 + 288, "__reserved is 16-aligned");

#define FRAME_BYTES (sizeof(FrameHead) + RESERVED_BYTES)

/* The frame as far as it is written: the rest of the record area keeps what was there. */
typedef struct NewFrame {
    FrameHead head;
    FpsimdRecord fpsimd;
    uint8_t tail[sizeof(EsrRecord) + sizeof(RecordHead)];
} NewFrame;

int signal_stack_state(const Thread *t, uint64_t sp)
{
    if (!t->altstack_size)
        return GUEST_SS_DISABLE;
    if ((uint32_t)t->altstack_flags & GUEST_SS_AUTODISARM)
        return 0;
    return sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size ? GUEST_SS_ONSTACK : 0;
}

static void fill_frame(Thread *t, NewFrame *f, const uint8_t info[128], uint64_t saved_mask)
{
    CpuState *cpu = &t->cpu;

    memset(f, 0, sizeof *f);
    memcpy(f->head.info, info, sizeof f->head.info);
    f->head.uc_stack = (GuestStack){.sp = t->altstack_sp,
                                    .flags = (uint32_t)signal_stack_state(t, cpu->x[31]) |
                                             ((uint32_t)t->altstack_flags & GUEST_SS_AUTODISARM),
                                    .size = t->altstack_size};
    f->head.uc_sigmask = saved_mask;
    f->head.fault_address = t->fault_address;
    memcpy(f->head.x, cpu->x, sizeof f->head.x);
    f->head.sp = cpu->x[31];
    f->head.pc = cpu->pc;
    f->head.pstate = cpu->nzcv;

    f->fpsimd.head = (RecordHead){FPSIMD_MAGIC, sizeof f->fpsimd};
    f->fpsimd.fpsr = cpu_fpsr(cpu);
    f->fpsimd.fpcr = cpu->fpcr;
    memcpy(f->fpsimd.v, cpu->v, sizeof f->fpsimd.v);
    if (t->fault_esr) {
        EsrRecord esr = {{ESR_MAGIC, sizeof esr}, t->fault_esr};
        memcpy(f->tail, &esr, sizeof esr);
    }
}

bool signal_push_frame(Thread *t, int sig, const SigAction *act, const uint8_t info[128],
                       uint64_t saved_mask)
{
    CpuState *cpu = &t->cpu;
    uint64_t sp = cpu->x[31];
    NewFrame frame;

    if ((act->flags & SA_ONSTACK) && signal_stack_state(t, sp) == 0)
        sp = t->altstack_sp + t->altstack_size;
    uint64_t link_at = ALIGN_DOWN(sp - 16, 16);
    uint64_t frame_at = ALIGN_DOWN(link_at - FRAME_BYTES, 16);
    uint64_t link[2] = {cpu->x[29], cpu->x[30]};

    fill_frame(t, &frame, info, saved_mask);
    if (!mem_write(link_at, link, sizeof link) || !mem_write(frame_at, &frame, sizeof frame))
        return false;

    cpu->x[0] = (uint64_t)sig;
    if (act->flags & SA_SIGINFO) {
        cpu->x[1] = frame_at;
        cpu->x[2] = frame_at + offsetof(FrameHead, uc_flags);
    }
    cpu->x[29] = link_at;
    cpu->x[30] = act->flags & GUEST_SA_RESTORER ? act->restorer : process.sigreturn_pc;
    cpu->x[31] = frame_at;
    cpu->pc = act->handler;
    cpu->excl_addr = EXCL_NONE;
    if ((uint32_t)t->altstack_flags & GUEST_SS_AUTODISARM) {
        t->altstack_sp = t->altstack_size = 0;
        t->altstack_flags = GUEST_SS_DISABLE;
    }
    return true;
}

/*
 * Walks the records as the kernel's parse_user_sigframe: exactly one fpsimd record, known
 * magics only, sizes multiples of 16. False: a bad frame.
 */
static bool find_fpsimd(uint64_t at, FpsimdRecord *out)
{
    uint64_t offset = 0;
    bool found = false;

    for (;;) {
        RecordHead head;
        if (RESERVED_BYTES - offset < sizeof head || !mem_read(&head, at + offset, sizeof head))
            return false;
        if (head.magic == 0)
            return head.size == 0 && found;
        if (head.size < sizeof head || head.size > RESERVED_BYTES - offset || head.size % 16)
            return false;
        if (head.magic == FPSIMD_MAGIC) {
            if (found || head.size != sizeof *out || !mem_read(out, at + offset, sizeof *out))
                return false;
            found = true;
        } else if (head.magic != ESR_MAGIC) {
            return false; /* we never write EXTRA, SVE, SME... records */
        }
        offset += head.size;
    }
}

/* The kernel's valid_user_regs: EL0, 64-bit, no exceptions masked. */
static bool pstate_ok(uint64_t pstate)
{
    return (pstate & 0x3df) == 0;
}

static void restore_altstack(Thread *t, const GuestStack *ss)
{
    uint32_t mode = ss->flags & ~GUEST_SS_AUTODISARM;

    /* restore_altstack ignores errors, as the kernel does */
    if (signal_stack_state(t, t->cpu.x[31]) == GUEST_SS_ONSTACK)
        return;
    if (mode == GUEST_SS_DISABLE) {
        t->altstack_sp = t->altstack_size = 0;
        t->altstack_flags = (int)ss->flags;
    } else if ((mode == 0 || mode == GUEST_SS_ONSTACK) && ss->size >= GUEST_MINSIGSTKSZ) {
        t->altstack_sp = ss->sp;
        t->altstack_size = ss->size;
        t->altstack_flags = (int)ss->flags;
    }
}

int64_t sys_rt_sigreturn(CpuState *cpu, uint64_t arg[6])
{
    Thread *t = cpu_thread(cpu);
    uint64_t at = cpu->x[31];
    FrameHead head;
    FpsimdRecord fpsimd;

    (void)arg;
    if (!signal_close(cpu))
        return -ERESTARTNOINTR;
    t->restartable = false;
    if (at % 16 || !mem_read(&head, at, sizeof head) ||
        !find_fpsimd(at + sizeof head, &fpsimd) || !pstate_ok(head.pstate)) {
        MemArea area;
        signal_force(cpu, SIGSEGV, mem_find(at, &area) ? SEGV_ACCERR : SEGV_MAPERR, at, 0);
        return (int64_t)cpu->x[0];
    }
    t->sigmask = head.uc_sigmask & ~(BIT(SIGKILL - 1) | BIT(SIGSTOP - 1));
    memcpy(cpu->x, head.x, sizeof head.x);
    cpu->x[31] = head.sp;
    cpu->pc = head.pc;
    cpu->nzcv = (uint32_t)(head.pstate & 0xf0000000u);
    cpu->excl_addr = EXCL_NONE;
    memcpy(cpu->v, fpsimd.v, sizeof fpsimd.v);
    cpu_set_fpcr(cpu, fpsimd.fpcr);
    cpu_set_fpsr(cpu, fpsimd.fpsr);
    restore_altstack(t, &head.uc_stack);
    signal_open(cpu);
    return (int64_t)cpu->x[0];
}
