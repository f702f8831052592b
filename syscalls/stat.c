/*
 * newfstatat and fstat: the one file status structure that differs between arm64 and x86-64
 * (statx and statfs are alike).
 */
#include <errno.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "syscalls/table.h"

/* The x86-64 kernel's struct stat. */
typedef struct HostStat {
    uint64_t dev, ino, nlink;
    uint32_t mode, uid, gid, pad;
    uint64_t rdev;
    int64_t size, blksize, blocks;
    int64_t atime;
    uint64_t atime_nsec;
    int64_t mtime;
    uint64_t mtime_nsec;
    int64_t ctime;
    uint64_t ctime_nsec;
    int64_t unused[3];
} HostStat;
_Static_assert(sizeof(HostStat) == 144, "struct stat of the x86-64 ABI");

static int64_t store(uint64_t guest, const HostStat *h)
{
    A64Stat g = {
        .dev = h->dev,
        .ino = h->ino,
        .mode = h->mode,
        .nlink = (uint32_t)h->nlink,
        .uid = h->uid,
        .gid = h->gid,
        .rdev = h->rdev,
        .size = h->size,
        .blksize = (int32_t)h->blksize,
        .blocks = h->blocks,
        .atime = h->atime,
        .atime_nsec = h->atime_nsec,
        .mtime = h->mtime,
        .mtime_nsec = h->mtime_nsec,
        .ctime = h->ctime,
        .ctime_nsec = h->ctime_nsec,
    };

    return mem_write(guest, &g, sizeof g) ? 0 : -EFAULT;
}

int64_t sys_newfstatat(CpuState *cpu, uint64_t arg[6])
{
    HostStat host;
    int64_t ret = sys(SYS_newfstatat, arg[0], arg[1], &host, arg[3]);

    (void)cpu;
    return ret < 0 ? ret : store(arg[2], &host);
}

int64_t sys_fstat(CpuState *cpu, uint64_t arg[6])
{
    HostStat host;
    int64_t ret = sys(SYS_fstat, arg[0], &host);

    (void)cpu;
    return ret < 0 ? ret : store(arg[1], &host);
}
