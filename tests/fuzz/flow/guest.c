/* See guest.h. x19: number of the thread, x20: of the program, x21: the thread's area. */
#include "tests/fuzz/flow/guest.h"
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/fuzz/flow/asm.h"

#define DRIVER_BASE 0x400000ull
#define DATA_BASE 0x8000000ull
#define AREA_BASE 0x10000000ull
#define AREA_SIZE 0x1000000ull
#define AREA_STACK 0xf00000ull /* its top */
#define AREA_DRIVER_STACK 0xf80000ull
#define AREA_SIGNAL_STACK 0xf90000ull
#define SIGNAL_STACK_SIZE 0x60000u

/* Behind the record in a thread's area. */
#define AREA_SP ALIGN_UP(sizeof(Record), 64)
#define AREA_SAVED (AREA_SP + 8) /* x19, x20 */
#define AREA_TID (AREA_SP + 24)

enum { SYS_EXIT = 93, SYS_EXIT_GROUP = 94, SYS_FUTEX = 98, SYS_SETITIMER = 103,
       SYS_SIGALTSTACK = 132, SYS_SIGACTION = 134, SYS_CLONE = 220, SYS_WRITE = 64 };
#define SA_SIGINFO 4u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define CLONE_FLAGS 0x2d0f00u /* VM FS FILES SIGHAND THREAD SYSVSEM SETTLS CHILD_CLEARTID */

/* The kernel's frame, from the ucontext. */
#define UC_REGS 184
#define UC_PC 440
#define UC_FPSIMD 464
#define FPSIMD_MAGIC 0x46508001u

#define WORD(...) code_word(c, __VA_ARGS__)
#define RECORD(member) ((uint32_t)offsetof(Record, member))
#define START(member) ((uint32_t)offsetof(Start, member))

static void call(Code *c, unsigned number)
{
    WORD(MOVZ(8, number, 0));
    WORD(SVC);
}

static uint16_t block(Code *c)
{
    uint16_t b = code_block(c);

    code_next(c, b);
    code_begin(c, b);
    return b;
}

static void add_offset(Code *c, unsigned d, unsigned n, uint32_t offset)
{
    WORD(ADD_I12(d, n, offset >> 12));
    WORD(ADD_I(d, d, offset & 0xfff));
}

/* Fills [x1, x1 + 32 * x2) from x0 on, or with V0 when `zero`. */
static void copy_loop(Code *c, bool zero)
{
    uint16_t head = block(c);

    for (unsigned k = 0; k < 2; k++) {
        if (!zero)
            WORD(LDR_Q_POST(0, 0, 16));
        WORD(STR_Q_POST(0, 1, 16));
    }
    WORD(SUB_I(2, 2, 1));
    code_fixed(c, CBNZ(1, 2), FIX_B19, head);
    block(c);
}

static void prepare_memory(Code *c, uint64_t memory)
{
    code_constant(c, 0, memory);
    add_offset(c, 1, 21, RECORD(memory));
    code_constant(c, 2, (PRIVATE + MEMORY_SIZE) / 32);
    copy_loop(c, false);
    WORD(0x6f00e400u); /* movi v0.2d, #0 */
    add_offset(c, 1, 21, RECORD(note));
    code_constant(c, 2, sizeof(FaultNote) * FAULT_NOTES / 32);
    copy_loop(c, true);
    WORD(STR(20, 21, RECORD(program)));
    WORD(STR(ZR, 21, RECORD(faults)));
    WORD(STR(ZR, 21, RECORD(bad_signals)));
    WORD(STR(ZR, 21, RECORD(bad_pc)));
}

/* Everything from the Start at x30, then there. */
static void load_state(Code *c)
{
    for (unsigned n = 0; n < 32; n++)
        WORD(LDR_Q(n, LR, START(v) + 16 * n));
    WORD(LDR(0, LR, START(fpcr)));
    WORD(MSR_FPCR(0));
    WORD(LDR(0, LR, START(fpsr)));
    WORD(MSR_FPSR(0));
    WORD(LDR(0, LR, START(nzcv)));
    WORD(MSR_NZCV(0));
    code_constant(c, 1, AREA_STACK);
    WORD(ADD(1, 1, 21));
    WORD(LDR(0, LR, START(sp_below)));
    WORD(0xcb000021u); /* sub x1, x1, x0 */
    WORD(ADD_I(SP, 1, 0));
    for (unsigned n = 0; n < 30; n++)
        WORD(LDR(n, LR, START(x) + 8 * n));
    WORD(LDR(LR, LR, START(entry)));
    WORD(BLR(LR));
}

static void save_state(Code *c)
{
    WORD(SUB_I(SP, SP, 16));
    WORD(STP(0, 1, SP, 0));
    WORD(MRS_TPIDR(0));
    for (unsigned n = 2; n < 30; n++)
        WORD(STR(n, 0, RECORD(x) + 8 * n));
    for (unsigned n = 0; n < 32; n++)
        WORD(STR_Q(n, 0, RECORD(v) + 16 * n));
    WORD(MRS_NZCV(1));
    WORD(STR(1, 0, RECORD(nzcv)));
    WORD(MRS_FPCR(1));
    WORD(STR(1, 0, RECORD(fpcr)));
    WORD(MRS_FPSR(1));
    WORD(STR(1, 0, RECORD(fpsr)));
    WORD(MSR_FPCR(ZR));
    WORD(LDR(1, SP, 0));
    WORD(STR(1, 0, RECORD(x)));
    WORD(LDR(1, SP, 8));
    WORD(STR(1, 0, RECORD(x) + 8));
    WORD(ADD_I(1, SP, 16));
    WORD(STR(1, 0, RECORD(x) + 8 * 31));
    WORD(MOV(21, 0));
}

/* Runs program x20 and writes its record. */
static void run_program(Code *c, uint64_t starts, uint64_t memory)
{
    prepare_memory(c, memory);
    add_offset(c, 22, 21, AREA_SP);
    WORD(ADD_I(0, SP, 0));
    WORD(STR(0, 22, 0));
    WORD(STP(19, 20, 22, AREA_SAVED - AREA_SP));
    code_constant(c, 0, sizeof(Start));
    WORD(MUL(0, 0, 20));
    code_constant(c, 1, starts);
    WORD(ADD(LR, 0, 1));
    load_state(c);
    save_state(c);
    add_offset(c, 22, 21, AREA_SP);
    WORD(LDR(0, 22, 0));
    WORD(ADD_I(SP, 0, 0));
    WORD(LDP(19, 20, 22, AREA_SAVED - AREA_SP));
    WORD(MOVZ(0, 1, 0));
    WORD(MOV(1, 21));
    code_constant(c, 2, sizeof(Record));
    call(c, SYS_WRITE);
}

/* Runs programs x19, x19 + threads, ... that are present. */
static void run_all(Code *c, const Batch *b, uint64_t starts, uint64_t memory)
{
    uint16_t head, next = code_block(c), out = code_block(c);

    WORD(MOV(20, 19));
    head = block(c);
    WORD(SUB_I(0, 20, b->programs));
    code_fixed(c, TBZ(63, 0), FIX_B14, out);
    code_constant(c, 0, sizeof(Start));
    WORD(MUL(0, 0, 20));
    code_constant(c, 1, starts);
    WORD(ADD(0, 0, 1));
    WORD(LDR(0, 0, START(entry)));
    block(c);
    code_fixed(c, CBZ(1, 0), FIX_B19, next);
    block(c);
    run_program(c, starts, memory);
    code_next(c, next);
    code_begin(c, next);
    WORD(ADD_I(20, 20, b->threads));
    code_jump(c, head);
    code_next(c, head);
    code_begin(c, out);
}

/* x21, TPIDR_EL0 of thread `number`. */
static void set_area(Code *c, unsigned reg, unsigned number)
{
    code_constant(c, reg, AREA_BASE + number * AREA_SIZE);
}

static void start_threads(Code *c, const Batch *b, uint16_t thread)
{
    for (unsigned t = 1; t < b->threads; t++) {
        code_constant(c, 19, t);
        set_area(c, 21, t);
        add_offset(c, 4, 21, AREA_TID);
        WORD(MOVZ(0, 1, 0));
        WORD(STR(0, 4, 0));
        code_constant(c, 0, CLONE_FLAGS);
        code_constant(c, 1, AREA_DRIVER_STACK);
        WORD(ADD(1, 1, 21));
        WORD(MOVZ(2, 0, 0));
        WORD(MOV(3, 21));
        call(c, SYS_CLONE);
        code_fixed(c, CBZ(1, 0), FIX_B19, thread);
        block(c);
    }
}

static void join_threads(Code *c, const Batch *b)
{
    for (unsigned t = 1; t < b->threads; t++) {
        uint16_t head = block(c), done = code_block(c);
        set_area(c, 21, t);
        add_offset(c, 0, 21, AREA_TID);
        WORD(LDR_W(2, 0, 0));
        code_fixed(c, CBZ(1, 2), FIX_B19, done);
        block(c);
        WORD(MOVZ(1, 0, 0));
        WORD(MOVZ(3, 0, 0));
        call(c, SYS_FUTEX);
        code_jump(c, head);
        code_next(c, done);
        code_begin(c, done);
    }
}

static void data64(Code *c, uint64_t value)
{
    WORD((uint32_t)value);
    WORD((uint32_t)(value >> 32));
}

/* rt_sigaction(signal, {handler, flags, ...}) */
static void set_handler(Code *c, unsigned signal, uint16_t handler, uint32_t flags)
{
    uint16_t action = code_block(c), over = code_block(c);

    WORD(MOVZ(0, signal, 0));
    code_fixed(c, ADR(1), FIX_ADR, action);
    WORD(MOVZ(2, 0, 0));
    WORD(MOVZ(3, 8, 0));
    call(c, SYS_SIGACTION);
    code_jump(c, over);
    code_begin(c, action);
    code_fixed(c, 0, FIX_LOW, handler);
    code_fixed(c, 0, FIX_HIGH, handler);
    data64(c, flags);
    data64(c, 0);
    data64(c, 0);
    code_begin(c, over);
}

static void set_timer(Code *c, unsigned microseconds)
{
    uint16_t timer = code_block(c), over = code_block(c);

    WORD(MOVZ(0, 0, 0));
    code_fixed(c, ADR(1), FIX_ADR, timer);
    WORD(MOVZ(2, 0, 0));
    call(c, SYS_SETITIMER);
    code_jump(c, over);
    code_begin(c, timer);
    data64(c, 0);
    data64(c, microseconds);
    data64(c, 0);
    data64(c, microseconds);
    code_begin(c, over);
}

/* Checks that PC looks like one and that the frame is complete, destroys all registers. */
static void alarm_handler(Code *c, uint16_t handler)
{
    uint16_t good = code_block(c);

    code_begin(c, handler);
    WORD(LDR(3, 2, UC_PC));
    WORD(AND_BITS(4, 3, 0, 2));
    WORD(0xd370fc65u); /* lsr x5, x3, #48 */
    WORD(0xaa050084u); /* orr x4, x4, x5 */
    WORD(LDR_W(5, 2, UC_FPSIMD));
    code_constant(c, 6, FPSIMD_MAGIC);
    WORD(EOR(5, 5, 6));
    WORD(0xaa050084u);
    code_fixed(c, CBZ(1, 4), FIX_B19, good);
    block(c);
    WORD(MRS_TPIDR(9));
    WORD(STR(3, 9, RECORD(bad_pc)));
    WORD(LDR(4, 9, RECORD(bad_signals)));
    WORD(ADD_I(4, 4, 1));
    WORD(STR(4, 9, RECORD(bad_signals)));
    code_next(c, good);
    code_begin(c, good);
    code_constant(c, 0, 0x5a5a123456789abcull);
    for (unsigned n = 0; n < 32; n++)
        WORD(DUP_D(n, 0));
    WORD(MSR_NZCV(0));
    WORD(MSR_FPSR(0));
    code_constant(c, 1, 0x03c00000); /* DN FZ RMode: towards zero */
    WORD(MSR_FPCR(1));
    for (unsigned n = 1; n < 30; n++)
        WORD(MOV(n, 0));
    code_end(c, RET(LR));
}

/* x3 = hash of x7 words at x5; x6 is the multiplier. */
static void hash_loop(Code *c)
{
    uint16_t head = block(c);

    WORD(LDR_POST(4, 5, 8));
    WORD(EOR(3, 3, 4));
    WORD(MUL(3, 3, 6));
    WORD(EOR_LSR(3, 3, 3, 29));
    WORD(SUB_I(7, 7, 1));
    code_fixed(c, CBNZ(1, 7), FIX_B19, head);
    block(c);
}

/* Notes everything but NZCV and goes on behind the instruction. */
static void fault_handler(Code *c, uint16_t handler)
{
    code_begin(c, handler);
    WORD(MRS_TPIDR(9));
    WORD(LDR(10, 9, RECORD(faults)));
    WORD(AND_BITS(11, 10, 0, 6));
    WORD(ADD_I(10, 10, 1));
    WORD(STR(10, 9, RECORD(faults)));
    code_constant(c, 12, sizeof(FaultNote));
    WORD(MUL(11, 11, 12));
    WORD(ADD(11, 11, 9));
    add_offset(c, 11, 11, RECORD(note)); /* the note */
    WORD(LDR_W(3, 1, 0));
    WORD(LDR_W(4, 1, 8));
    WORD(0xaa048063u); /* orr x3, x3, x4, lsl 32 */
    WORD(STR(3, 11, offsetof(FaultNote, signal)));
    WORD(LDR(3, 1, 16));
    WORD(STR(3, 11, offsetof(FaultNote, address)));
    WORD(LDR(3, 2, UC_FPSIMD + 8));
    WORD(STR(3, 11, offsetof(FaultNote, fp)));
    code_constant(c, 6, 0x9e3779b97f4a7c15ull);
    WORD(MOVZ(3, 0, 0));
    WORD(ADD_I(5, 2, UC_REGS));
    WORD(MOVZ(7, 32, 0)); /* x0 to x30, SP */
    hash_loop(c);
    WORD(STR(3, 11, offsetof(FaultNote, registers)));
    WORD(ADD_I(5, 2, UC_FPSIMD + 16));
    WORD(MOVZ(7, 64, 0));
    hash_loop(c);
    WORD(STR(3, 11, offsetof(FaultNote, vectors)));
    WORD(LDR(3, 2, UC_PC));
    WORD(STR(3, 11, offsetof(FaultNote, pc)));
    WORD(ADD_I(3, 3, 4));
    WORD(STR(3, 2, UC_PC));
    code_end(c, RET(LR));
}

static void set_signal_stack(Code *c)
{
    code_constant(c, 0, AREA_SIGNAL_STACK);
    WORD(ADD(0, 0, 21));
    WORD(SUB_I(SP, SP, 32));
    WORD(STR(0, SP, 0));
    WORD(STR(ZR, SP, 8));
    code_constant(c, 0, SIGNAL_STACK_SIZE);
    WORD(STR(0, SP, 16));
    WORD(ADD_I(0, SP, 0));
    WORD(MOVZ(1, 0, 0));
    call(c, SYS_SIGALTSTACK);
    WORD(ADD_I(SP, SP, 32));
}

static void write_driver(Code *c, const Batch *b, uint64_t starts, uint64_t memory)
{
    static const unsigned faults[] = {4, 5, 7, 11};
    uint16_t thread = code_block(c), on_alarm = code_block(c), on_fault = code_block(c);

    set_area(c, 21, 0);
    WORD(MSR_TPIDR(21));
    uint32_t flags = SA_SIGINFO | (b->signal_stack ? SA_ONSTACK : 0);
    for (unsigned n = 0; n < COUNTOF(faults) && b->classes & FAULTS; n++)
        set_handler(c, faults[n], on_fault, flags);
    if (b->classes & SIGNALS) {
        set_handler(c, 14, on_alarm, flags | SA_RESTART);
        set_timer(c, b->timer_us);
    }
    start_threads(c, b, thread);
    set_area(c, 21, 0);
    code_constant(c, 19, 0);
    code_next(c, thread);
    code_begin(c, thread);
    set_signal_stack(c);
    run_all(c, b, starts, memory);
    uint16_t leave = code_block(c);
    code_fixed(c, CBZ(1, 19), FIX_B19, leave);
    block(c);
    WORD(MOVZ(0, 0, 0));
    call(c, SYS_EXIT);
    code_next(c, leave);
    code_begin(c, leave);
    join_threads(c, b);
    WORD(MOVZ(0, 1, 0));
    code_constant(c, 1, SHARED_PAGE);
    WORD(MOVZ(2, SHARED_WORDS * 8, 0));
    call(c, SYS_WRITE);
    WORD(MOVZ(0, 0, 0));
    call(c, SYS_EXIT_GROUP);
    code_end(c, UDF);
    alarm_handler(c, on_alarm);
    fault_handler(c, on_fault);
}

/* ---- the file ---- */

typedef struct Image {
    uint8_t *bytes;
    size_t size;
    Elf64_Phdr head[12];
    unsigned heads;
} Image;

static void segment(Image *m, uint64_t address, uint32_t flags, const void *data, size_t size,
                    size_t memory)
{
    m->size = ALIGN_UP(m->size, 4096);
    memcpy(m->bytes + m->size, data, size);
    m->head[m->heads++] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = flags, .p_offset = m->size,
                                       .p_vaddr = address, .p_paddr = address, .p_filesz = size,
                                       .p_memsz = memory, .p_align = 4096};
    m->size += size;
}

static bool write_file(const char *path, const Image *m)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755);
    bool done = fd >= 0 && write(fd, m->bytes, m->size) == (ssize_t)m->size;

    if (!done)
        perror(path);
    if (fd >= 0)
        close(fd);
    return done;
}

static void put_head(Image *m)
{
    Elf64_Ehdr head = {.e_ident = ELFMAG, .e_type = ET_EXEC, .e_machine = EM_AARCH64,
                       .e_version = EV_CURRENT, .e_entry = DRIVER_BASE, .e_phoff = sizeof head,
                       .e_ehsize = sizeof head, .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = (Elf64_Half)m->heads};

    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = EV_CURRENT;
    memcpy(m->bytes, &head, sizeof head);
    memcpy(m->bytes + sizeof head, m->head, sizeof m->head);
}

#define IMAGE_SIZE (16u << 20)
#define CODE_LIMIT (8u << 20)
#define LITERAL_REACH 256 /* bytes behind an instruction that a literal load of insn.c may read */

bool guest_write(Batch *b, const char *path)
{
    static uint8_t image[IMAGE_SIZE], code[CODE_LIMIT], page[4096];
    static Code driver;
    static struct {
        Start start[MAX_PROGRAMS];
        uint8_t memory[PRIVATE + MEMORY_SIZE];
    } data;
    Image m = {.bytes = image, .size = 4096};
    uint32_t changes = b->classes & CHANGES ? PF_W : 0;
    size_t at;

    code_clear(&driver);
    write_driver(&driver, b, DATA_BASE + offsetof(__typeof__(data), start),
                 DATA_BASE + offsetof(__typeof__(data), memory));
    unsigned words = code_assemble(&driver, DRIVER_BASE, (uint32_t *)(void *)code);
    at = ALIGN_UP(words * 4, 4096);
    memcpy(data.memory, b->memory, sizeof data.memory);
    for (unsigned n = 0; n < b->programs; n++) {
        Program *p = &b->program[n];
        p->base = DRIVER_BASE + at;
        p->start.entry = 0;
        data.start[n] = p->start;
        if (p->absent)
            continue;
        if (p->code.full || at + CODE_WORDS * 4 > CODE_LIMIT)
            return false;
        p->words = code_assemble(&p->code, p->base, (uint32_t *)(void *)(code + at));
        if (!p->words)
            return false;
        p->start.entry = p->code.block[p->code.entry].address;
        data.start[n] = p->start;
        size_t end = at + p->words * 4;
        at = ALIGN_UP(end + LITERAL_REACH, 4096);
        memset(code + end, 0, at - end);
    }
    segment(&m, DRIVER_BASE, PF_R | PF_X | changes, code, at, at);
    segment(&m, DATA_BASE, PF_R, &data, sizeof data, sizeof data);
    segment(&m, AREA_BASE, PF_R | PF_W, page, 4096, MAX_THREADS * AREA_SIZE);
    segment(&m, READ_ONLY_PAGE, PF_R, page, 4096, 4096);
    segment(&m, NO_ACCESS_PAGE, 0, page, 4096, 4096);
    segment(&m, EDGE_PAGE, PF_R | PF_W, page, 4096, 4096);
    segment(&m, SHARED_PAGE, PF_R | PF_W, page, 4096, 4096);
    m.head[m.heads++] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
    put_head(&m);
    return write_file(path, &m);
}
