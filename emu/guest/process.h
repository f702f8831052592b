/*
 * What belongs to the whole guest process: one instance, filled in by main and the loader
 * before guest code runs, read-only afterwards except where said.
 */
#ifndef EMU_GUEST_PROCESS_H
#define EMU_GUEST_PROCESS_H

#include "emu/base/types.h"

typedef struct Process {
    const char *exec_path;   /* the program as given: AT_EXECFN */
    char *exe_real_path;     /* absolute path: /proc/self/exe */
    int exe_fd;              /* the program's file, high and close-on-exec, or -1 */
    char **argv;             /* the guest's, NULL-terminated */
    int argc;
    char **envp;             /* the guest's */
    const char *ld_prefix;   /* -L, without trailing '/', or NULL */
    const char *uname_release; /* -r, or NULL */
    uint64_t stack_size;     /* bytes; 0: default rule */
    bool strace;
    bool traced;             /* a thread is (or was) traced: no short way for system calls */
    bool one_insn_per_tb;
    bool secure;             /* AT_SECURE: no variable and no file of another user is trusted */
    bool binfmt_preserve_argv0, binfmt_execfd; /* how we were started: AT_FLAGS, AT_EXECFD */
    bool random_seed_set;
    uint64_t random_seed;
    uint64_t rt_signal_map[64]; /* -t: guest signal -> host signal, identity by default */
    uint64_t hwcap, hwcap2, hwcap3;
    uint64_t cpu_features[2]; /* bit per Feature that works; copied into each CpuState */
    uint64_t cpu_offered[2];  /* those that HWCAP and the ID registers tell of */
    uint32_t midr;
    int self_fd;             /* the emulator's own file, for self-exec; the same; or -1 */
    int seccomp_fd;          /* the filters that execve handed over; 0: none */
    char **self_argv;        /* the emulator's options to repeat when it re-executes itself */
    int self_argc;
    uint64_t entry, phdr, phnum, load_bias, interp_base; /* of the loaded image */
    uint64_t start_code, end_code, start_data, end_data, start_stack;
    uint64_t arg_start, arg_end, env_start, env_end;     /* guest stack strings */
    uint64_t auxv, auxv_size;  /* guest address and bytes: /proc/self/auxv */
    uint64_t sigreturn_pc;     /* guest address of the rt_sigreturn trampoline */
    uint64_t vdso_base;        /* guest vDSO, or 0 */
    uint32_t dumpable_hidden_fds; /* count of emulator fds hidden from the guest */
} Process;

extern Process process;

/*
 * Opens the file that this program was loaded from, whatever /proc shows: a descriptor
 * (close-on-exec), or -1 when nothing leads to it. For process.self_fd. inherited: the descriptor
 * that execve left open in this process may be taken, too (at start-up only).
 */
int process_open_self(bool inherited);

/* Does path lead to the file that process_open_self() has opened before? */
bool process_is_self(const char *path);

/* Is the descriptor open on the file that this program was loaded from? */
bool process_is_self_fd(int fd);

/* 64 random bits: the host's, or reproducible ones when -seed was given. Thread-safe. */
uint64_t process_random(void);

/*
 * How far an address is to be moved at random: less than `pages` (a power of two) pages, in
 * bytes; 0 with -seed, or when the personality says ADDR_NO_RANDOMIZE.
 */
uint64_t process_random_shift(uint64_t pages);

#endif
