/*
 * ioctl: everything passes, except for seccomp's notifications and for the one structure of all the
 * kernel's user headers that is laid out differently: struct loop_info.
 */
#include "syscalls/ioctl.h"
#include <errno.h>
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "syscalls/signal.h"
#include "syscalls/table.h"

#define LOOP_SET_STATUS 0x4c02
#define LOOP_GET_STATUS 0x4c03

/* The x86-64 kernel's struct loop_info. */
typedef struct HostLoopInfo {
    int32_t number;
    uint64_t device, inode, rdevice;
    int32_t words[4];
    uint8_t name[64], key[32];
    uint64_t init[2];
    uint8_t reserved[4];
} HostLoopInfo;
_Static_assert(sizeof(HostLoopInfo) == 168, "struct loop_info of the x86-64 ABI");

/* Both have the same members, so that one list serves both ways. */
#define COPY_LOOP_INFO(to, from)                                                                   \
    do {                                                                                           \
        (to)->number = (from)->number;                                                             \
        (to)->device = (__typeof__((to)->device))(from)->device;                                   \
        (to)->inode = (from)->inode;                                                               \
        (to)->rdevice = (__typeof__((to)->rdevice))(from)->rdevice;                                \
        memcpy((to)->words, (from)->words, sizeof(to)->words);                                     \
        memcpy((to)->name, (from)->name, sizeof(to)->name);                                        \
        memcpy((to)->key, (from)->key, sizeof(to)->key);                                           \
        memcpy((to)->init, (from)->init, sizeof(to)->init);                                        \
        memcpy((to)->reserved, (from)->reserved, sizeof(to)->reserved);                            \
    } while (0)

static int64_t loop_set_status(CpuState *cpu, const uint64_t arg[6])
{
    A64LoopInfo guest;
    HostLoopInfo host = {0};
    bool readable = mem_read(&guest, arg[2], sizeof guest);

    if (readable)
        COPY_LOOP_INFO(&host, &guest);
    return safe_syscall(cpu, SYS_ioctl, arg[0], arg[1], readable ? (uintptr_t)&host : 0, 0, 0, 0);
}

static int64_t loop_get_status(CpuState *cpu, const uint64_t arg[6])
{
    A64LoopInfo guest = {0};
    HostLoopInfo host = {0};
    int64_t ret = safe_syscall(cpu, SYS_ioctl, arg[0], arg[1], arg[2] ? (uintptr_t)&host : 0, 0, 0,
                               0);

    if (ret < 0)
        return ret;
    COPY_LOOP_INFO(&guest, &host);
    return mem_write(arg[2], &guest, sizeof guest) ? ret : -EFAULT;
}

int64_t sys_ioctl(CpuState *cpu, uint64_t arg[6])
{
    switch ((uint32_t)arg[1]) {
    case LOOP_SET_STATUS:
        return loop_set_status(cpu, arg);
    case LOOP_GET_STATUS:
        return loop_get_status(cpu, arg);
    default:
        if ((uint8_t)(arg[1] >> 8) == SECCOMP_IOCTL_TYPE)
            return seccomp_ioctl(cpu, arg);
        return safe_syscall(cpu, SYS_ioctl, arg[0], arg[1], arg[2], 0, 0, 0);
    }
}
