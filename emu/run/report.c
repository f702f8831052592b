/*
 * Reports of deaths. Everything goes through one write(2) per line, without heap or stdio: it may
 * run in signal context and in any thread.
 */
#define _GNU_SOURCE /* REG_RIP... */
#include <sys/ioctl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include "emu/base/check.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/decode/disas.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/guest/thread.h"
#include "emu/run/report.h"
#include "emu/run/symbol.h"

#define FRAMES_MAX 24

static void line(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line(int fd, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > (int)sizeof text - 1)
        n = (int)sizeof text - 1;
    sys(SYS_write, fd, text, n);
}

/* The texts that QEMU (glibc's strsignal) prints. */
static const char *signal_name(int sig)
{
    static const char *const names[] = {
        [SIGQUIT] = "Quit",
        [SIGILL] = "Illegal instruction",
        [SIGTRAP] = "Trace/breakpoint trap",
        [SIGABRT] = "Aborted",
        [SIGBUS] = "Bus error",
        [SIGFPE] = "Floating point exception",
        [SIGSEGV] = "Segmentation fault",
        [SIGXCPU] = "CPU time limit exceeded",
        [SIGXFSZ] = "File size limit exceeded",
        [SIGSYS] = "Bad system call",
    };
    return (size_t)sig < COUNTOF(names) && names[sig] ? names[sig] : "Unknown signal";
}

/* "0x5500001234 memcpy+0x10 (/lib/libc.so.6+0x1234)": the second offset is the file's. */
static void code_location(char *buf, size_t size, uint64_t pc)
{
    MemArea area;
    char symbol[256];
    uint64_t delta;

    if (!mem_find(pc, &area)) {
        snprintf(buf, size, "%#llx (not mapped)", (unsigned long long)pc);
        return;
    }
    if (!area.name) {
        snprintf(buf, size, "%#llx (anonymous memory)", (unsigned long long)pc);
        return;
    }
    uint64_t offset = pc - area.start + area.offset;
    if (area.name[0] == '/' && symbol_find(area.name, offset, symbol, sizeof symbol, &delta))
        snprintf(buf, size, "%#llx %s+%#llx (%s+%#llx)", (unsigned long long)pc, symbol,
                 (unsigned long long)delta, area.name, (unsigned long long)offset);
    else
        snprintf(buf, size, "%#llx (%s+%#llx)", (unsigned long long)pc, area.name,
                 (unsigned long long)offset);
}

/* Return addresses along the frame records; stops at the first that does not lead upward. */
static void backtrace(int fd, const CpuState *cpu)
{
    uint64_t fp = cpu->x[29], record[2];
    char where[512];

    code_location(where, sizeof where, cpu->pc);
    line(fd, "  #0  %s\n", where);
    code_location(where, sizeof where, cpu->x[30]);
    line(fd, "  lr  %s\n", where);
    for (int i = 1; i < FRAMES_MAX && !(fp & 7) && mem_read(record, fp, sizeof record); i++) {
        if (!record[1])
            break;
        code_location(where, sizeof where, record[1]);
        line(fd, "  #%-2d %s\n", i, where);
        if (record[0] <= fp)
            break;
        fp = record[0];
    }
}

static void instruction_at(int fd, uint64_t pc)
{
    uint32_t word;

    if (!mem_read(&word, pc, sizeof word)) {
        line(fd, "  the code there cannot be read\n");
        return;
    }
    disas_guest(fd, pc, &word, 1);
}

static void full_report(int fd, CpuState *cpu, const void *siginfo)
{
    const Thread *t = cpu_thread(cpu);
    int code = 0;
    uint64_t addr = 0;

    if (siginfo) {
        memcpy(&code, (const char *)siginfo + 8, sizeof code);
        memcpy(&addr, (const char *)siginfo + 16, sizeof addr);
    }
    line(fd, "program %s, thread %d, last system call %s\n", process.exec_path, t->tid,
         t->last_syscall ? t->last_syscall : "none");
    if (code > 0)
        line(fd, "si_code %d, address %#llx\n", code, (unsigned long long)addr);
    else
        line(fd, "sent by a process (si_code %d)\n", code);
    instruction_at(fd, cpu->pc);
    cpu_dump(fd, cpu, false);
    line(fd, "backtrace (by frame records):\n");
    backtrace(fd, cpu);
}

static bool is_terminal(int fd)
{
    char termios[64];
    return sys(SYS_ioctl, fd, TCGETS, termios) == 0;
}

void report_guest_death(CpuState *cpu, int sig, const void *siginfo)
{
    line(2, "qemu: uncaught target signal %d (%s) - core dumped\n", sig, signal_name(sig));
    if (log_mask)
        full_report(log_fd(), cpu, siginfo);
    else if (sig != SIGQUIT && is_terminal(2)) /* who types ^\ knows why it died */
        full_report(2, cpu, siginfo);
}

void report_crash(int fd)
{
    const Thread *t = this_thread();
    char where[512];

    if (!t) {
        line(fd, "before the guest started\n");
        return;
    }
    code_location(where, sizeof where, t->cpu.pc);
    line(fd, "guest program %s, thread %d, pc %s\n", process.exec_path, t->tid, where);
    line(fd, "last system call %s%s\n", t->last_syscall ? t->last_syscall : "none",
         t->in_syscall ? " (inside it)" : "");
}

void report_internal_fault(int sig, const void *siginfo, const void *context)
{
    const siginfo_t *info = siginfo;
    const greg_t *g = ((const ucontext_t *)context)->uc_mcontext.gregs;
    static const struct {
        const char *name;
        int index;
    } regs[] = {{"rip", REG_RIP}, {"rsp", REG_RSP}, {"rax", REG_RAX}, {"rbx", REG_RBX},
                {"rcx", REG_RCX}, {"rdx", REG_RDX}, {"rsi", REG_RSI}, {"rdi", REG_RDI},
                {"rbp", REG_RBP}, {"r8", REG_R8},   {"r9", REG_R9},   {"r10", REG_R10},
                {"r11", REG_R11}, {"r12", REG_R12}, {"r13", REG_R13}, {"r14", REG_R14},
                {"r15", REG_R15}, {"trap", REG_TRAPNO}, {"err", REG_ERR}};

    line(2, "%s: QEMU internal SIG%s {code=%d, addr=%p}\n", progname,
         sig == SIGSEGV ? "SEGV" : sig == SIGBUS ? "BUS" : sig == SIGILL ? "ILL"
         : sig == SIGFPE ? "FPE" : "TRAP",
         info->si_code, info->si_addr);
    for (size_t i = 0; i < COUNTOF(regs); i++)
        line(2, "%s=%016llx%s", regs[i].name, (unsigned long long)g[regs[i].index],
             i % 4 == 3 || i == COUNTOF(regs) - 1 ? "\n" : " ");
    report_crash(2);
}
