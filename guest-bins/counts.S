// A program without libraries of which 69,006 instructions run: tests/programs/stats.sh counts.
    .globl _start
_start:
    mov x9, #30000
1:  subs x9, x9, #1             // 30,000 rounds of 2
    b.ne 1b
    mov x9, #1000
2:  sub x9, x9, #1              // 1,000 rounds of 5, each with a call and a return
    bl leaf
    cbnz x9, 2b
    mov x9, #1000
3:  mrs x1, fpsr                // 1,000 rounds of 4, two of them interpreted
    msr fpsr, x1
    sub x9, x9, #1
    cbnz x9, 3b
    mov x0, #0
    mov x8, #94
    svc #0
leaf:
    adr x1, leaf
    ret
