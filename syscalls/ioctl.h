/* The ioctl requests that are not just passed on, known by their type (bits 8 to 15). */
#ifndef SYSCALLS_IOCTL_H
#define SYSCALLS_IOCTL_H

#include "syscalls/seccomp_notif.h"

#define LOOP_IOCTL_TYPE 'L'

/* Is the request one that sys_ioctl looks at? Quick, and true for some that it passes on. */
static inline bool ioctl_is_emulated(uint64_t request)
{
    uint8_t type = (uint8_t)(request >> 8);

    return type == SECCOMP_IOCTL_TYPE || type == LOOP_IOCTL_TYPE;
}

#endif
