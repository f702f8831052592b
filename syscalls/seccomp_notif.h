/*
 * USER_NOTIF: a supervisor answers a call in the kernel's place. Queue, descriptor, ids and what
 * the supervisor may do are the host kernel's: the guest's call becomes a host call with a number
 * that means nothing but that, by which a host filter recognises it. The supervisor's emulator
 * turns numbers and answers back.
 */
#ifndef SYSCALLS_SECCOMP_NOTIF_H
#define SYSCALLS_SECCOMP_NOTIF_H

#include "emu/guest/cpu.h"

/*
 * Puts the host filter on this thread (with SECCOMP_FILTER_FLAG_TSYNC in flags, on all): the
 * listener's descriptor, or -errno. flags are those of seccomp(2), NEW_LISTENER among them.
 */
int64_t seccomp_host_listener(uint64_t flags);

/*
 * Asks the listener. True: the call is to be made. False: *ret is its result, as from
 * safe_syscall.
 */
bool seccomp_notify(CpuState *cpu, uint32_t number, const uint64_t arg[6], int64_t *ret);

/* SECCOMP_GET_NOTIF_SIZES */
int64_t seccomp_notif_sizes(uint64_t to);

/* ioctl, for the requests of this type. */
#define SECCOMP_IOCTL_TYPE '!'
int64_t seccomp_ioctl(CpuState *cpu, const uint64_t arg[6]);

#endif
