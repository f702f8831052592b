/*
 * Disassembly by Capstone. It uses malloc, so that one lock serialises all use; the handles
 * live as long as the process.
 */
#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>
#include "emu/base/lock.h"
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/decode/disas.h"

#define LINE_BYTES 256 /* longer than any line of one instruction */

static Lock disas_lock;

/* One architecture's handle, opened at first use; usable is false if Capstone lacks it. */
typedef struct Disassembler {
    csh handle;
    cs_insn *insn;
    bool opened, usable;
} Disassembler;

static Disassembler guest, host;

static bool open_disassembler(Disassembler *d, cs_arch arch, cs_mode mode)
{
    if (d->opened)
        return d->usable;
    d->opened = true;
    if (cs_open(arch, mode, &d->handle) != CS_ERR_OK)
        return false;
    cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON); /* operands: for disas_host_access() */
    d->insn = cs_malloc(d->handle);
    d->usable = d->insn != NULL;
    return d->usable;
}

char *disas_guest_insn(uint64_t pc, uint32_t word, char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)&word;
    size_t left = sizeof word;
    uint64_t address = pc;

    lock_take(&disas_lock);
    if (open_disassembler(&guest, CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN) &&
        cs_disasm_iter(guest.handle, &bytes, &left, &address, guest.insn))
        snprintf(text, size, "%-8s %s", guest.insn->mnemonic, guest.insn->op_str);
    else
        snprintf(text, size, "%-8s 0x%08x", ".inst", word);
    lock_release(&disas_lock);
    return text;
}

void disas_guest(int fd, uint64_t pc, const uint32_t *words, size_t n)
{
    for (size_t w = 0; w < n; w++, pc += 4) {
        char text[LINE_BYTES / 2], line[LINE_BYTES];

        disas_guest_insn(pc, words[w], text, sizeof text);
        int length = snprintf(line, sizeof line, "0x%08lx:  %08x  %s\n", pc, words[w], text);
        sys(SYS_write, fd, line, length);
    }
}

/* "0x7f..:  48 89 c8   mov rax, rcx"; length is the instruction's. */
static void log_host_line(const uint8_t *code, size_t length, const char *mnemonic,
                          const char *operands)
{
    char hex[3 * 16 + 1] = "";

    for (size_t n = 0; n < length && n < 16; n++)
        snprintf(hex + 3 * n, 4, "%02x ", code[n]);
    log_printf("%p:  %-33s %-8s %s\n", (const void *)code, hex, mnemonic, operands);
}

void disas_host(const uint8_t *code, size_t n)
{
    lock_take(&disas_lock);
    bool usable = open_disassembler(&host, CS_ARCH_X86, CS_MODE_64);
    while (n) {
        const uint8_t *at = code;
        uint64_t address = (uint64_t)(uintptr_t)code;

        if (usable && cs_disasm_iter(host.handle, &code, &n, &address, host.insn)) {
            log_host_line(at, (size_t)(code - at), host.insn->mnemonic, host.insn->op_str);
        } else {
            log_host_line(at, 1, ".byte", "");
            code = at + 1;
            n--;
        }
    }
    lock_release(&disas_lock);
}

static int register_number(x86_reg reg)
{
    static const uint16_t regs[16] = {
        X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RBX, X86_REG_RSP, X86_REG_RBP,
        X86_REG_RSI, X86_REG_RDI, X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
        X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15};

    for (unsigned n = 0; n < COUNTOF(regs); n++)
        if (regs[n] == (uint16_t)reg)
            return (int)n;
    return -1;
}

/* One that is relative to RIP, or has a segment, is in the emulator's own data. */
static bool is_access(const cs_x86_op *o)
{
    return o->type == X86_OP_MEM && o->mem.base != X86_REG_RIP &&
           o->mem.segment == X86_REG_INVALID;
}

bool disas_host_access(const uint8_t *code, unsigned n, HostAccess *access)
{
    uint64_t address = (uint64_t)(uintptr_t)code;
    size_t left = 15;
    bool found = false;

    lock_take(&disas_lock);
    if (open_disassembler(&host, CS_ARCH_X86, CS_MODE_64) &&
        cs_disasm_iter(host.handle, &code, &left, &address, host.insn)) {
        const cs_x86 *x = &host.insn->detail->x86;
        for (unsigned i = 0; i < x->op_count && !found; i++) {
            const cs_x86_op *o = &x->operands[i];
            if (!is_access(o) || n-- > 0)
                continue;
            found = true;
            *access = (HostAccess){register_number(o->mem.base), register_number(o->mem.index),
                                   (unsigned)o->mem.scale, o->mem.disp,
                                   (o->access & CS_AC_WRITE) != 0};
        }
    }
    lock_release(&disas_lock);
    return found;
}

void disas_before_fork(void)
{
    lock_take(&disas_lock);
}

void disas_after_fork(void)
{
    lock_release(&disas_lock);
}
