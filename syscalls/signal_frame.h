/* Guest signal frames (arm64 rt_sigframe), and the dispositions that they are built from. */
#ifndef SYSCALLS_SIGNAL_FRAME_H
#define SYSCALLS_SIGNAL_FRAME_H

#include "emu/guest/thread.h"

/* The kernel's struct sigaction; arm64 and x86_64 agree, flag values included. */
typedef struct SigAction {
    uint64_t handler; /* SIG_DFL 0, SIG_IGN 1, or a guest address */
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
} SigAction;

#define GUEST_SA_RESTORER 0x04000000ull

/* sigaltstack's ss_flags */
#define GUEST_SS_ONSTACK 1
#define GUEST_SS_DISABLE 2
#define GUEST_SS_AUTODISARM (1u << 31)
#define GUEST_MINSIGSTKSZ 5120 /* MINSIGSTKSZ of arm64's uapi */

/* 0, SS_ONSTACK or SS_DISABLE for this guest sp (the kernel's sas_ss_flags). */
int signal_stack_state(const Thread *t, uint64_t sp);

/*
 * Enters the handler: pushes the frame (saved_mask goes into it), sets the registers and
 * cpu->pc. False when the frame cannot be written; nothing has changed then.
 */
bool signal_push_frame(Thread *t, int sig, const SigAction *act, const uint8_t info[128],
                       uint64_t saved_mask);

#endif
