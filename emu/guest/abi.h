/*
 * Constants of the arm64 Linux ABI, under names of our own where the host's headers have
 * another value or none.
 */
#ifndef EMU_GUEST_ABI_H
#define EMU_GUEST_ABI_H

#include "emu/base/types.h"

/* Auxiliary vector entries (asm/auxvec.h, linux/auxvec.h). */
#define A64_AT_NULL 0
#define A64_AT_EXECFD 2
#define A64_AT_PHDR 3
#define A64_AT_PHENT 4
#define A64_AT_PHNUM 5
#define A64_AT_PAGESZ 6
#define A64_AT_BASE 7
#define A64_AT_FLAGS 8
#define A64_AT_ENTRY 9
#define A64_AT_UID 11
#define A64_AT_EUID 12
#define A64_AT_GID 13
#define A64_AT_EGID 14
#define A64_AT_PLATFORM 15
#define A64_AT_HWCAP 16
#define A64_AT_CLKTCK 17
#define A64_AT_SECURE 23
#define A64_AT_RANDOM 25
#define A64_AT_HWCAP2 26
#define A64_AT_HWCAP3 29
#define A64_AT_EXECFN 31
#define A64_AT_SYSINFO_EHDR 33
#define A64_AT_MINSIGSTKSZ 51

/*
 * AT_MINSIGSTKSZ: siginfo 128, ucontext 4560 (with its 4 KiB record area), frame record 16 and
 * alignment: what the kernel reports on a CPU without SVE and SME.
 */
#define A64_MINSIGSTKSZ 4720

/* ELF identity of guest programs. */
#define A64_EM_AARCH64 183

/* Memory protection bits that only arm64 has. */
#define A64_PROT_BTI 0x10
#define A64_PROT_MTE 0x20

/* System calls that are known by number beside the table: the trampoline's, strict seccomp's. */
#define A64_NR_read 63
#define A64_NR_write 64
#define A64_NR_exit 93
#define A64_NR_clock_gettime 113
#define A64_NR_clock_getres 114
#define A64_NR_rt_sigreturn 139
#define A64_NR_gettimeofday 169

/* struct stat (asm-generic/stat.h). */
typedef struct A64Stat {
    uint64_t dev, ino;
    uint32_t mode, nlink, uid, gid;
    uint64_t rdev, pad1;
    int64_t size;
    int32_t blksize, pad2;
    int64_t blocks;
    int64_t atime;
    uint64_t atime_nsec;
    int64_t mtime;
    uint64_t mtime_nsec;
    int64_t ctime;
    uint64_t ctime_nsec;
    uint32_t unused[2];
} A64Stat;
_Static_assert(sizeof(A64Stat) == 128, "struct stat of the arm64 ABI");

/* struct epoll_event: x86-64 packs it, arm64 does not. */
typedef struct A64EpollEvent {
    uint32_t events, pad;
    uint64_t data;
} A64EpollEvent;
_Static_assert(sizeof(A64EpollEvent) == 16, "struct epoll_event of the arm64 ABI");

/* struct semid64_ds (asm-generic/sembuf.h); perm is struct ipc64_perm, alike on both sides. */
typedef struct A64Semid {
    uint64_t perm[6];
    int64_t otime, ctime;
    uint64_t nsems, unused[2];
} A64Semid;
_Static_assert(sizeof(A64Semid) == 88, "struct semid64_ds of the arm64 ABI");

/* struct loop_info (linux/loop.h): its device numbers are 4 bytes, 8 on x86-64. */
typedef struct A64LoopInfo {
    int32_t number;
    uint32_t device;
    uint64_t inode;
    uint32_t rdevice;
    int32_t words[4]; /* offset, encrypt_type, encrypt_key_size, flags */
    uint8_t name[64], key[32];
    uint64_t init[2];
    uint8_t reserved[4];
} A64LoopInfo;
_Static_assert(sizeof(A64LoopInfo) == 160, "struct loop_info of the arm64 ABI");

#endif
