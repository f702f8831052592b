/*
 * The guest vDSO's way to the host's vDSO. Its functions are `mov x8, #number; svc #number; ret`:
 * a SVC there whose immediate is the call's number is answered without a system call where that
 * can be, and is a plain system call otherwise (as it is for a copy of the vDSO elsewhere).
 */
#ifndef EMU_GUEST_VDSO_CALL_H
#define EMU_GUEST_VDSO_CALL_H

#include "emu/guest/cpu.h"
#include "emu/guest/process.h"

#define VDSO_BYTES PAGE_SIZE_4K

/* The call number of the vDSO's own SVC #imm at guest pc; 0 when it is an ordinary SVC. */
static inline unsigned vdso_call_at(uint64_t pc, unsigned imm)
{
    return process.vdso_base && pc - process.vdso_base < VDSO_BYTES ? imm : 0;
}

/*
 * clock_gettime, gettimeofday, clock_getres with the arguments in x0 and x1: true with the result
 * in x0. False, and nothing has changed: a clock that arm64's vDSO does not serve, a bad
 * pointer, a time zone; the system call gives the answer.
 */
bool vdso_call(CpuState *cpu, unsigned number);

#endif
