/*
 * System V IPC: only semid64_ds differs (x86-64 pads each time to 16 bytes). The structures of
 * msgctl and shmctl are alike.
 */
#include <errno.h>
#include <string.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "syscalls/table.h"

#define IPC_SET 1
#define IPC_STAT 2
#define SEM_STAT 18
#define SEM_STAT_ANY 20

typedef struct HostSemid {
    uint64_t perm[6];
    int64_t otime;
    uint64_t unused1;
    int64_t ctime;
    uint64_t unused2, nsems, unused[2];
} HostSemid;
_Static_assert(sizeof(HostSemid) == 104, "struct semid64_ds of the x86-64 ABI");

int64_t sys_semctl(CpuState *cpu, uint64_t arg[6])
{
    int command = (int)arg[2];
    HostSemid host = {0};
    A64Semid guest = {0};
    int64_t ret;

    (void)cpu;
    if (command == IPC_SET) { /* the kernel reads perm alone */
        if (!mem_read(&guest, arg[3], sizeof guest))
            return -EFAULT;
        memcpy(host.perm, guest.perm, sizeof host.perm);
        return sys(SYS_semctl, arg[0], arg[1], command, &host);
    }
    if (command != IPC_STAT && command != SEM_STAT && command != SEM_STAT_ANY)
        return sys(SYS_semctl, arg[0], arg[1], command, arg[3]);
    ret = sys(SYS_semctl, arg[0], arg[1], command, &host);
    if (ret < 0)
        return ret;
    memcpy(guest.perm, host.perm, sizeof guest.perm);
    guest.otime = host.otime;
    guest.ctime = host.ctime;
    guest.nsems = host.nsems;
    return mem_write(arg[3], &guest, sizeof guest) ? ret : -EFAULT;
}
