/*
 * Jumps and calls to known places, forward jumps, alignment and patching. Invariant: as in
 * asm.c; a field that may be patched lies inside 8 aligned bytes.
 */
#include "tcg-lite/x64/asm.h"

#include <string.h>
#include "emu/base/check.h"
#include "tcg-lite/x64/enc.h"

static bool fits32(int64_t v)
{
    return v == (int32_t)v;
}

bool x64_reaches(const Asm *a, uint64_t target)
{
    uint64_t first = (uint64_t)a->start + (uint64_t)a->exec_delta;
    uint64_t last = (uint64_t)a->end + (uint64_t)a->exec_delta;

    return fits32((int64_t)(target - first)) && fits32((int64_t)(target - last));
}

/* opcode rel32; gives the position of the field, or NULL after overflow. */
static uint8_t *emit_rel32(Asm *a, int map, unsigned opcode, uint64_t target)
{
    Ins i = enc_begin(a);

    enc_map(&i, map);
    enc_byte(&i, opcode);
    i.rip_at = i.p;
    i.rip_target = target;
    enc_imm(&i, 0, 4);
    enc_commit(a, &i);
    return a->overflow ? NULL : a->p - 4;
}

/* opcode rel8 when it reaches */
static bool emit_rel8(Asm *a, unsigned opcode, uint64_t target)
{
    Ins i = enc_begin(a);
    int64_t disp = (int64_t)(target - (x64_here(a) + 2));

    if (!fits8(disp)) {
        return false;
    }
    enc_byte(&i, opcode);
    enc_imm(&i, (uint64_t)disp, 1);
    enc_commit(a, &i);
    return true;
}

uint8_t *x64_jmp_rel32(Asm *a, uint64_t target)
{
    return emit_rel32(a, 0, 0xe9, target);
}

uint8_t *x64_jcc_rel32(Asm *a, X64Cc cc, uint64_t target)
{
    return emit_rel32(a, 1, 0x80u + cc, target);
}

uint8_t *x64_call_rel32(Asm *a, uint64_t target)
{
    a->written = ~0u;
    return emit_rel32(a, 0, 0xe8, target);
}

void x64_call_to(Asm *a, uint64_t target)
{
    x64_call_rel32(a, target);
}

void x64_jmp_to(Asm *a, uint64_t target)
{
    if (!emit_rel8(a, 0xeb, target)) {
        x64_jmp_rel32(a, target);
    }
}

void x64_jcc_to(Asm *a, X64Cc cc, uint64_t target)
{
    if (!emit_rel8(a, 0x70u + cc, target)) {
        x64_jcc_rel32(a, cc, target);
    }
}

static Fixup emit_fwd8(Asm *a, unsigned opcode)
{
    Ins i = enc_begin(a);

    enc_byte(&i, opcode);
    enc_byte(&i, 0);
    enc_commit(a, &i);
    return (Fixup){.at = a->overflow ? NULL : a->p - 1, .size = 1};
}

Fixup x64_jcc_fwd8(Asm *a, X64Cc cc)
{
    return emit_fwd8(a, 0x70u + cc);
}

Fixup x64_jmp_fwd8(Asm *a)
{
    return emit_fwd8(a, 0xeb);
}

Fixup x64_jcc_fwd32(Asm *a, X64Cc cc)
{
    return (Fixup){.at = x64_jcc_rel32(a, cc, x64_here(a)), .size = 4};
}

Fixup x64_jmp_fwd32(Asm *a)
{
    return (Fixup){.at = x64_jmp_rel32(a, x64_here(a)), .size = 4};
}

Fixup x64_lea_fwd(Asm *a, Gpr d)
{
    x64_lea(a, 8, d, mem_rip(x64_here(a)));
    return (Fixup){.at = a->overflow ? NULL : a->p - 4, .size = 4};
}

void x64_bind(Asm *a, Fixup fix)
{
    a->written = ~0u; /* on one of the ways */
    if (!fix.at || a->overflow) {
        return;
    }
    int64_t disp = a->p - (fix.at + fix.size);
    CHECK(fix.size == 1 ? fits8(disp) : fits32(disp), "forward jump out of reach");
    memcpy(fix.at, &disp, fix.size);
}

void x64_nop(Asm *a, size_t bytes)
{
    static const char nops[10][10] = {
        "", "\x90", "\x66\x90", "\x0f\x1f\x00", "\x0f\x1f\x40\x00", "\x0f\x1f\x44\x00\x00",
        "\x66\x0f\x1f\x44\x00\x00", "\x0f\x1f\x80\x00\x00\x00\x00",
        "\x0f\x1f\x84\x00\x00\x00\x00\x00", "\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
    };

    while (bytes && !a->overflow) {
        size_t n = bytes < 9 ? bytes : 9;
        Ins i = enc_begin(a);
        for (size_t k = 0; k < n; k++)
            enc_byte(&i, (uint8_t)nops[n][k]);
        enc_commit(a, &i);
        bytes -= n;
    }
}

void x64_align(Asm *a, size_t alignment)
{
    x64_nop(a, (size_t)(-x64_here(a) & (alignment - 1)));
}

void x64_align_rel32(Asm *a, size_t opcode_bytes)
{
    size_t offset = (x64_here(a) + opcode_bytes) & 7;

    if (offset > 4) {
        x64_nop(a, 8 - offset);
    }
}

void x64_patch_rel32(uint8_t *write_pos, uint64_t exec_pos, uint64_t target)
{
    int64_t disp = (int64_t)(target - (exec_pos + 4));

    CHECK(fits32(disp), "patched jump out of reach");
    CHECK(((uintptr_t)write_pos & 7) <= 4, "patched field crosses 8 bytes");
    /* One store of the processor; the field need not be aligned for C, so no C atomic. */
    __asm__ volatile("movl %1, %0" : "=m"(*(char(*)[4])write_pos) : "r"((int32_t)disp) : "memory");
}
