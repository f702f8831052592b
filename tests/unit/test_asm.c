/*
 * The x86-64 assembler: every row of vops.def and every general-purpose form is emitted with
 * all classes of registers and memory operands and read back by Capstone; then the same rows
 * run on this host in their legacy and VEX forms, which must agree.
 */
#include <capstone/capstone.h>
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/base/types.h"
#include "tcg-lite/x64/asm.h"
#include "tcg-lite/x64/host.h"

static uint8_t code[4096];
static Asm as;
static csh capstone;
static int failures;
static char want[160];

static void begin(void)
{
    cr_assert_eq(cs_open(CS_ARCH_X86, CS_MODE_64, &capstone), CS_ERR_OK);
    failures = 0;
    x64_init(&as, code, sizeof(code), 0);
}

static void end(void)
{
    cs_close(&capstone);
    cr_assert_eq(failures, 0, "%d mismatches", failures);
}

/* What Capstone calls "xmmword ptr " and the like is left out on both sides. */
static void strip(char *text, const char *word)
{
    for (char *at; (at = strstr(text, word));) {
        memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
    }
}

static void normalise(char *text)
{
    static const char *const words[] = {"xmmword ptr ", "qword ptr ", "dword ptr ",
                                        "byte ptr ",    "xword ptr ", "word ptr "};

    for (size_t i = 0; i < COUNTOF(words); i++) {
        strip(text, words[i]);
    }
}

static void complain(const char *got)
{
    if (failures++ < 40) {
        fprintf(stderr, "want '%s' got '%s' bytes", want, got);
        for (uint8_t *p = code; p < as.p; p++) {
            fprintf(stderr, " %02x", *p);
        }
        fprintf(stderr, "\n");
    }
}

static bool read_evex(char *got);

/* Compares the one instruction in the buffer with `want`, and empties the buffer. */
static void check_sized(bool sized)
{
    cs_insn *insn;
    char got[240] = "undecodable";

    if (code[0] == 0x62) {
        if (!read_evex(got) || strcmp(got, want)) {
            complain(got);
        }
        as.p = code;
        return;
    }
    size_t n = cs_disasm(capstone, code, (size_t)(as.p - code), 0, 0, &insn);

    if (n == 1 && insn->size == as.p - code) {
        snprintf(got, sizeof(got), "%s %s", insn->mnemonic, insn->op_str);
        if (!insn->op_str[0]) {
            got[strlen(got) - 1] = 0;
        }
    }
    if (n) {
        cs_free(insn, n);
    }
    if (!sized) {
        normalise(got);
    }
    if (strcmp(got, want)) {
        complain(got);
    }
    as.p = code;
}

static void expect(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void expect(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(want, sizeof(want), fmt, args);
    va_end(args);
    check_sized(true);
}

/* The same without "dword ptr" in either text. */
static void expect_v(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void expect_v(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(want, sizeof(want), fmt, args);
    va_end(args);
    check_sized(false);
}

/* ---- names ---- */

static const char *const names8[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                     "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const names4[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
                                     "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
static const char *const names2[] = {"ax",  "cx",  "dx",   "bx",   "sp",   "bp",   "si",   "di",
                                     "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"};
static const char *const names1[] = {"al",  "cl",  "dl",   "bl",   "spl",  "bpl",  "sil",  "dil",
                                     "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"};
static const int sizes[] = {1, 2, 4, 8};
static const char *const cc_names[] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                       "s", "ns", "p", "np", "l", "ge", "le", "g"};

static const char *reg(int size, unsigned r)
{
    return size == 1 ? names1[r] : size == 2 ? names2[r] : size == 4 ? names4[r] : names8[r];
}

static const char *ptr(int size)
{
    return size == 1 ? "byte ptr" : size == 2 ? "word ptr" : size == 4 ? "dword ptr" : "qword ptr";
}

/* Capstone's number: decimal below 10, else hexadecimal. */
static const char *num(int64_t v)
{
    static char ring[8][24];
    static unsigned next;
    char *s = ring[next++ & 7];
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

    snprintf(s, 24, u < 10 ? "%s%lu" : "%s0x%lx", v < 0 ? "-" : "", (unsigned long)u);
    return s;
}

static const char *mem_text(Mem m)
{
    static char ring[4][64];
    static unsigned next;
    char *s = ring[next++ & 3];
    size_t n = 0;

    s[n++] = '[';
    if (m.rip) {
        n += (size_t)sprintf(s + n, "rip");
    }
    if (m.base != MEM_NONE) {
        n += (size_t)sprintf(s + n, "%s", names8[m.base]);
    }
    if (m.index != MEM_NONE) {
        n += (size_t)sprintf(s + n, n > 1 ? " + %s" : "%s", names8[m.index]);
        if (m.scale_log2) {
            n += (size_t)sprintf(s + n, "*%d", 1 << m.scale_log2);
        }
    }
    if (n == 1) {
        n += (size_t)sprintf(s + n, "%s", num(m.disp));
    } else if (m.disp) {
        n += (size_t)sprintf(s + n, " %c %s", m.disp < 0 ? '-' : '+', num(labs(m.disp)));
    }
    strcpy(s + n, "]");
    return s;
}

/* Memory operands of every encoding class. */
static size_t make_mems(Mem *out)
{
    static const int32_t disps[] = {0,   1,   2,    4,    8,    16,    24,    0x40,  -0x10, 127,
                                    -128, 128, 0x7f0, 0x800, -0x800, -0x810, 0x12345678};
    static const Gpr bases[] = {RAX, RSP, RBP, RDI, R8, R12, R13, R15};
    static const Gpr indexes[] = {RCX, RBP, R8, R12, R13, R15};
    size_t n = 0;

    for (size_t d = 0; d < COUNTOF(disps); d++) {
        for (size_t b = 0; b < COUNTOF(bases); b++) {
            out[n++] = mem_bd(bases[b], disps[d]);
        }
        out[n++] = mem_bisd(bases[d % 8], indexes[d % 6], d & 3, disps[d]);
        out[n++] = mem_bisd(bases[(d + 3) % 8], indexes[(d + 1) % 6], (d + 1) & 3, disps[d]);
    }
    for (size_t b = 0; b < COUNTOF(bases); b++) {
        for (size_t i = 0; i < COUNTOF(indexes); i++) {
            out[n++] = mem_bisd(bases[b], indexes[i], (b + i) & 3, 0);
        }
    }
    for (size_t i = 0; i < COUNTOF(indexes); i++) {
        out[n++] = mem_isd(indexes[i], i & 3, 0x1000);
    }
    out[n++] = mem_abs32(0x7654321);
    return n;
}

static Mem mems[512];
static size_t mem_count;

/* ---- general-purpose forms ---- */

static const char *const alu_names[] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};

Test(x64_asm, alu_registers)
{
    begin();
    for (int s = 0; s < 4; s++) {
        int size = sizes[s];
        for (unsigned d = 0; d < 16; d++) {
            for (unsigned r = 0; r < 16; r++) {
                for (int op = 0; op < 8; op++) {
                    x64_alu_rr(&as, (AluOp)op, size, (Gpr)d, (Gpr)r);
                    expect("%s %s, %s", alu_names[op], reg(size, d), reg(size, r));
                }
                x64_mov_rr(&as, size, (Gpr)d, (Gpr)r);
                expect("mov %s, %s", reg(size, d), reg(size, r));
                x64_test_rr(&as, size, (Gpr)d, (Gpr)r);
                expect("test %s, %s", reg(size, d), reg(size, r));
                x64_xchg_rr(&as, size, (Gpr)d, (Gpr)r);
                expect("xchg %s, %s", reg(size, d), reg(size, r));
            }
        }
    }
    end();
}

/* An immediate as Capstone prints it for an operand of this size. */
static const char *imm_text(const char *name, int size, int32_t v)
{
    static char text[24];
    bool logic = !strcmp(name, "and") || !strcmp(name, "or") || !strcmp(name, "xor");
    uint64_t mask = size == 8 ? ~0ull : (1ull << size * 8) - 1;

    if (v < 0 && (logic || size == 1 || (size < 8 && v < -128))) {
        snprintf(text, sizeof(text), "0x%lx", (unsigned long)((uint64_t)(int64_t)v & mask));
        return text;
    }
    return num(v);
}

Test(x64_asm, alu_immediates)
{
    static const int32_t values[] = {0, 1, 9, 10, 127, -1, -128, 128, -129, 0x7fff, 0x12345678};

    begin();
    for (int s = 0; s < 4; s++) {
        int size = sizes[s];
        for (unsigned d = 0; d < 16; d++) {
            for (size_t v = 0; v < COUNTOF(values); v++) {
                if ((size == 1 && values[v] != (int8_t)values[v]) ||
                    (size == 2 && values[v] != (int16_t)values[v])) {
                    continue;
                }
                for (int op = 0; op < 8; op++) {
                    x64_alu_ri(&as, (AluOp)op, size, (Gpr)d, values[v]);
                    expect("%s %s, %s", alu_names[op], reg(size, d),
                           imm_text(alu_names[op], size, values[v]));
                    Mem m = mem_bd((Gpr)d, 16);
                    x64_alu_mi(&as, (AluOp)op, size, m, values[v]);
                    expect("%s %s %s, %s", alu_names[op], ptr(size), mem_text(m),
                           imm_text(alu_names[op], size, values[v]));
                }
                if (values[v] >= 0) {
                    x64_test_ri(&as, size, (Gpr)d, values[v]);
                    expect("test %s, %s", reg(size, d), num(values[v]));
                    Mem m = mem_bd((Gpr)d, -300);
                    x64_test_mi(&as, size, m, values[v]);
                    expect("test %s %s, %s", ptr(size), mem_text(m), num(values[v]));
                    x64_mov_mi(&as, size, m, values[v]);
                    expect("mov %s %s, %s", ptr(size), mem_text(m), num(values[v]));
                }
                if (size > 1) {
                    x64_imul_rri(&as, size, (Gpr)d, R9, values[v]);
                    expect("imul %s, %s, %s", reg(size, d), reg(size, 9),
                           imm_text("imul", size, values[v]));
                }
            }
        }
    }
    end();
}

Test(x64_asm, memory_operands)
{
    begin();
    mem_count = make_mems(mems);
    for (size_t k = 0; k < mem_count; k++) {
        for (int s = 0; s < 4; s++) {
            int size = sizes[s];
            unsigned r = (unsigned)(k * 5 + (size_t)s) & 15;
            const char *rt = reg(size, r), *mt = mem_text(mems[k]), *pt = ptr(size);
            Gpr g = (Gpr)r;
            Mem m = mems[k];

            x64_mov_rm(&as, size, g, m), expect("mov %s, %s %s", rt, pt, mt);
            x64_mov_mr(&as, size, m, g), expect("mov %s %s, %s", pt, mt, rt);
            for (int op = 0; op < 8; op++) {
                x64_alu_rm(&as, (AluOp)op, size, g, m);
                expect("%s %s, %s %s", alu_names[op], rt, pt, mt);
                x64_alu_mr(&as, (AluOp)op, size, m, g);
                expect("%s %s %s, %s", alu_names[op], pt, mt, rt);
            }
            x64_test_mr(&as, size, m, g), expect("test %s %s, %s", pt, mt, rt);
            x64_xchg_mr(&as, size, m, g), expect("xchg %s %s, %s", pt, mt, rt);
            x64_xadd_mr(&as, size, m, g), expect("xadd %s %s, %s", pt, mt, rt);
            x64_lock(&as), x64_xadd_mr(&as, size, m, g);
            expect("lock xadd %s %s, %s", pt, mt, rt);
            x64_cmpxchg_mr(&as, size, m, g), expect("cmpxchg %s %s, %s", pt, mt, rt);
            x64_un_m(&as, UN_NOT, size, m), expect("not %s %s", pt, mt);
            x64_shift_mi(&as, SH_SAR, size, m, 3), expect("sar %s %s, 3", pt, mt);
            x64_shift_mi(&as, SH_ROR, size, m, 1), expect("ror %s %s, 1", pt, mt);
            x64_shift_mcl(&as, SH_SHL, size, m), expect("shl %s %s, cl", pt, mt);
            x64_crc32_rm(&as, size, g, m);
            expect("crc32 %s, %s %s", reg(size == 8 ? 8 : 4, r), pt, mt);
            x64_movzx_rm(&as, size, g, m);
            expect("%s %s, %s %s", size >= 4 ? "mov" : "movzx", reg(size == 8 ? 8 : 4, r), pt, mt);
            if (size == 1) {
                x64_setcc_m(&as, CC_A, m), expect("seta %s %s", pt, mt);
                x64_movsx_rm(&as, 4, 1, g, m), expect("movsx %s, %s %s", names4[r], pt, mt);
                x64_movsx_rm(&as, 8, 2, g, m);
                expect("movsx %s, word ptr %s", names8[r], mt);
                x64_movsx_rm(&as, 8, 4, g, m);
                expect("movsxd %s, dword ptr %s", names8[r], mt);
                x64_ldmxcsr(&as, m), expect("ldmxcsr dword ptr %s", mt);
                x64_stmxcsr(&as, m), expect("stmxcsr dword ptr %s", mt);
                x64_push_m(&as, m), expect("push qword ptr %s", mt);
                x64_pop_m(&as, m), expect("pop qword ptr %s", mt);
                x64_call_m(&as, m), expect("call qword ptr %s", mt);
                x64_jmp_m(&as, m), expect("jmp qword ptr %s", mt);
                x64_cmpxchg16b(&as, m), expect("cmpxchg16b xmmword ptr %s", mt);
                continue;
            }
            x64_imul_rm(&as, size, g, m), expect("imul %s, %s %s", rt, pt, mt);
            x64_imul_rmi(&as, size, g, m, 77), expect("imul %s, %s %s, 0x4d", rt, pt, mt);
            x64_cmov_rm(&as, CC_LE, size, g, m), expect("cmovle %s, %s %s", rt, pt, mt);
            x64_bt_mi(&as, BT_BTS, size, m, 5), expect("bts %s %s, 5", pt, mt);
            x64_movbe_rm(&as, size, g, m), expect("movbe %s, %s %s", rt, pt, mt);
            x64_movbe_mr(&as, size, m, g), expect("movbe %s %s, %s", pt, mt, rt);
            x64_scan_rm(&as, SCAN_LZCNT, size, g, m), expect("lzcnt %s, %s %s", rt, pt, mt);
            if (size >= 4) {
                x64_lea(&as, size, g, m), expect("lea %s, %s", rt, mt);
                x64_andn_rrm(&as, size, g, R9, m);
                expect("andn %s, %s, %s %s", rt, reg(size, 9), pt, mt);
                x64_shiftx_rmr(&as, SHX_SARX, size, g, m, RDX);
                expect("sarx %s, %s %s, %s", rt, pt, mt, reg(size, RDX));
                x64_rorx_rmi(&as, size, g, m, 7), expect("rorx %s, %s %s, 7", rt, pt, mt);
            }
        }
    }
    end();
}

static void check_two_registers(int size, unsigned d, unsigned s)
{
    static const char *const scans[] = {"bsf", "bsr", "tzcnt", "lzcnt", "popcnt"};
    static const char *const bits[] = {"bt", "bts", "btr", "btc"};
    const char *dt = reg(size, d), *st = reg(size, s);
    Gpr gd = (Gpr)d, gs = (Gpr)s;

    for (int op = 0; op < 5; op++) {
        x64_scan_rr(&as, (ScanOp)op, size, gd, gs), expect("%s %s, %s", scans[op], dt, st);
    }
    for (int op = 0; op < 4; op++) {
        x64_bt_rr(&as, (BitOp)(op + 4), size, gd, gs), expect("%s %s, %s", bits[op], dt, st);
        x64_bt_ri(&as, (BitOp)(op + 4), size, gd, s), expect("%s %s, %s", bits[op], dt, num(s));
    }
    for (int cc = 0; cc < 16; cc++) {
        x64_cmov_rr(&as, (X64Cc)cc, size, gd, gs), expect("cmov%s %s, %s", cc_names[cc], dt, st);
    }
    x64_imul_rr(&as, size, gd, gs), expect("imul %s, %s", dt, st);
    x64_shld_rri(&as, size, gd, gs, 5), expect("shld %s, %s, 5", dt, st);
    x64_shrd_rri(&as, size, gd, gs, 12), expect("shrd %s, %s, 0xc", dt, st);
    x64_shld_rrcl(&as, size, gd, gs), expect("shld %s, %s, cl", dt, st);
    x64_shrd_rrcl(&as, size, gd, gs), expect("shrd %s, %s, cl", dt, st);
    if (size < 4) {
        return;
    }
    static const char *const shifts[] = {"shlx", "shrx", "sarx"};
    unsigned t = (d * 7 + s * 3) & 15;
    const char *tt = reg(size, t);
    Gpr gt = (Gpr)t;
    for (int op = 0; op < 3; op++) {
        x64_shiftx_rrr(&as, (ShiftxOp)op, size, gd, gs, gt);
        expect("%s %s, %s, %s", shifts[op], dt, st, tt);
    }
    x64_rorx_rri(&as, size, gd, gs, 30), expect("rorx %s, %s, 0x1e", dt, st);
    x64_mulx(&as, size, gd, gt, gs), expect("mulx %s, %s, %s", dt, tt, st);
    x64_bzhi(&as, size, gd, gs, gt), expect("bzhi %s, %s, %s", dt, st, tt);
    x64_pdep(&as, size, gd, gs, gt), expect("pdep %s, %s, %s", dt, st, tt);
    x64_pext(&as, size, gd, gs, gt), expect("pext %s, %s, %s", dt, st, tt);
    x64_andn_rrr(&as, size, gd, gs, gt), expect("andn %s, %s, %s", dt, st, tt);
    x64_bextr(&as, size, gd, gs, gt), expect("bextr %s, %s, %s", dt, st, tt);
    x64_blsr(&as, size, gd, gs), expect("blsr %s, %s", dt, st);
    x64_blsmsk(&as, size, gd, gs), expect("blsmsk %s, %s", dt, st);
    x64_blsi(&as, size, gd, gs), expect("blsi %s, %s", dt, st);
    x64_adcx(&as, size, gd, gs), expect("adcx %s, %s", dt, st);
    x64_adox(&as, size, gd, gs), expect("adox %s, %s", dt, st);
}

Test(x64_asm, two_registers)
{
    begin();
    for (unsigned d = 0; d < 16; d++) {
        for (unsigned s = 0; s < 16; s++) {
            Gpr gd = (Gpr)d, gs = (Gpr)s;
            for (int k = 1; k < 4; k++) {
                check_two_registers(sizes[k], d, s);
            }
            x64_movzx_rr(&as, 1, gd, gs), expect("movzx %s, %s", names4[d], names1[s]);
            x64_movzx_rr(&as, 2, gd, gs), expect("movzx %s, %s", names4[d], names2[s]);
            x64_movzx_rr(&as, 4, gd, gs), expect("mov %s, %s", names4[d], names4[s]);
            x64_movsx_rr(&as, 4, 1, gd, gs), expect("movsx %s, %s", names4[d], names1[s]);
            x64_movsx_rr(&as, 8, 1, gd, gs), expect("movsx %s, %s", names8[d], names1[s]);
            x64_movsx_rr(&as, 4, 2, gd, gs), expect("movsx %s, %s", names4[d], names2[s]);
            x64_movsx_rr(&as, 8, 2, gd, gs), expect("movsx %s, %s", names8[d], names2[s]);
            x64_movsx_rr(&as, 8, 4, gd, gs), expect("movsxd %s, %s", names8[d], names4[s]);
            x64_movsx_rr(&as, 4, 4, gd, gs), expect("mov %s, %s", names4[d], names4[s]);
            for (int k = 0; k < 4; k++) {
                int size = sizes[k];
                x64_crc32_rr(&as, size, gd, gs);
                expect("crc32 %s, %s", reg(size == 8 ? 8 : 4, d), reg(size, s));
            }
        }
    }
    end();
}

Test(x64_asm, one_register)
{
    static const char *const shifts[] = {"rol", "ror", "rcl", "rcr", "shl", "shr", NULL, "sar"};
    static const char *const uns[] = {NULL, NULL, "not", "neg", "mul", "imul", "div", "idiv"};

    begin();
    for (unsigned r = 0; r < 16; r++) {
        Gpr g = (Gpr)r;
        for (int k = 0; k < 4; k++) {
            int size = sizes[k];
            for (int op = 2; op < 8; op++) {
                x64_un_r(&as, (UnOp)op, size, g), expect("%s %s", uns[op], reg(size, r));
            }
            for (int op = 0; op < 8; op++) {
                if (!shifts[op]) {
                    continue;
                }
                x64_shift_rcl(&as, (ShiftOp)op, size, g);
                expect("%s %s, cl", shifts[op], reg(size, r));
                x64_shift_ri(&as, (ShiftOp)op, size, g, 1);
                expect("%s %s, 1", shifts[op], reg(size, r));
                x64_shift_ri(&as, (ShiftOp)op, size, g, 31);
                expect("%s %s, 0x1f", shifts[op], reg(size, r));
            }
        }
        for (int cc = 0; cc < 16; cc++) {
            x64_setcc_r(&as, (X64Cc)cc, g), expect("set%s %s", cc_names[cc], names1[r]);
        }
        x64_bswap(&as, 4, g), expect("bswap %s", names4[r]);
        x64_bswap(&as, 8, g), expect("bswap %s", names8[r]);
        x64_push(&as, g), expect("push %s", names8[r]);
        x64_pop(&as, g), expect("pop %s", names8[r]);
        x64_call_r(&as, g), expect("call %s", names8[r]);
        x64_jmp_r(&as, g), expect("jmp %s", names8[r]);
        x64_mov_ri(&as, g, 0), expect("mov %s, 0", names4[r]);
        x64_mov_ri(&as, g, 0xffffffff), expect("mov %s, 0xffffffff", names4[r]);
        x64_mov_ri(&as, g, ~0ull), expect("mov %s, -1", names8[r]);
        x64_mov_ri(&as, g, 0x123456789abcdef0), expect("movabs %s, 0x123456789abcdef0", names8[r]);
        x64_mov_ri64(&as, g, 5), expect("movabs %s, 5", names8[r]);
    }
    end();
}

Test(x64_asm, fixed_forms)
{
    begin();
    x64_lahf(&as), expect("lahf");
    x64_sahf(&as), expect("sahf");
    x64_cmc(&as), expect("cmc");
    x64_stc(&as), expect("stc");
    x64_clc(&as), expect("clc");
    x64_cld(&as), expect("cld");
    x64_ud2(&as), expect("ud2");
    x64_int3(&as), expect("int3");
    x64_mfence(&as), expect("mfence");
    x64_lfence(&as), expect("lfence");
    x64_sfence(&as), expect("sfence");
    x64_pause(&as), expect("pause");
    x64_rdtsc(&as), expect("rdtsc");
    x64_ret(&as), expect("ret");
    x64_pushfq(&as), expect("pushfq");
    x64_popfq(&as), expect("popfq");
    x64_cdq(&as, 4), expect("cdq");
    x64_cdq(&as, 8), expect("cqo");
    x64_push_i(&as, 5), expect("push 5");
    x64_push_i(&as, 0x1234), expect("push 0x1234");
    x64_rep_stosq(&as), expect("rep stosq qword ptr [rdi], rax");
    x64_rep_movsb(&as), expect("rep movsb byte ptr [rdi], byte ptr [rsi]");
    Mem m = mem_bd(R9, 64);
    x64_prefetch(&as, PREFETCH_NTA, m), expect("prefetchnta byte ptr [r9 + 0x40]");
    x64_prefetch(&as, PREFETCH_T0, m), expect("prefetcht0 byte ptr [r9 + 0x40]");
    x64_prefetch(&as, PREFETCH_T1, m), expect("prefetcht1 byte ptr [r9 + 0x40]");
    x64_prefetch(&as, PREFETCH_T2, m), expect("prefetcht2 byte ptr [r9 + 0x40]");
    x64_prefetch(&as, PREFETCH_W, m), expect("prefetchw byte ptr [r9 + 0x40]");
    m = mem_rip(x64_here(&as) + 0x107);
    x64_mov_rm(&as, 8, R9, m), expect("mov r9, qword ptr [rip + 0x100]");
    m = mem_rip(x64_here(&as) + 0x10b);
    x64_mov_mi(&as, 8, m, 1), expect("mov qword ptr [rip + 0x100], 1");
    as.exec_delta = -(int64_t)(intptr_t)code;
    for (int cc = 0; cc < 16; cc++) {
        x64_jcc_to(&as, (X64Cc)cc, 0x20), expect("j%s 0x20", cc_names[cc]);
        x64_jcc_to(&as, (X64Cc)cc, 0x2000), expect("j%s 0x2000", cc_names[cc]);
        x64_jcc_rel32(&as, (X64Cc)cc, 0x20), expect("j%s 0x20", cc_names[cc]);
    }
    x64_jmp_to(&as, 0x81), expect("jmp 0x81");
    x64_jmp_to(&as, 0x82), expect("jmp 0x82");
    x64_jmp_rel32(&as, 0x81), expect("jmp 0x81");
    x64_call_to(&as, 0x1000), expect("call 0x1000");
    for (size_t n = 1; n < 10; n++) {
        x64_nop(&as, n);
        cr_assert_eq((size_t)(as.p - code), n);
        snprintf(want, sizeof(want), "nop");
        cs_insn *insn;
        cr_assert_eq(cs_disasm(capstone, code, n, 0, 0, &insn), 1, "nop %zu", n);
        cr_assert_str_eq(insn->mnemonic, "nop");
        cs_free(insn, 1);
        as.p = code;
    }
    end();
}

/* ---- vector rows ---- */

typedef struct VRow {
    const char *id, *name, *shape, *legacy, *vex, *evex;
    int n;
    unsigned flags;
} VRow;

enum { W0, W1, COMM = 1, REXW = 2, REG_ONLY = 4, MEM_ONLY = 8, ALIGNED = 16, UNALIGNED = 32 };
#define EXT(n) 0
#define LEGACY_OP(n) 0
static const VRow rows[VOP_COUNT] = {
#define VOP(id, name, shape, pp, map, opcode, legacy, vex, vex_w, evex, evex_w, n, flags)          \
    [VOP_##id] = {#id, name, #shape, #legacy, #vex, #evex, n, flags},
#include "tcg-lite/x64/vops.def"
#undef VOP
};

typedef enum Form { LEGACY, VEX, EVEX } Form;
static Form form;
static VOp op;
static const VRow *row;

static bool is(const char *a, const char *b)
{
    return !strcmp(a, b);
}

static bool shape(const char *s)
{
    return is(row->shape, s);
}

/* The mnemonic of the row in the current form. */
static const char *mnemonic(int imm)
{
    static const char *const evex_names[][2] = {
        {"pand", "vpandd"},         {"por", "vpord"},           {"pxor", "vpxord"},
        {"pandn", "vpandnd"},       {"movdqa", "vmovdqa32"},    {"movdqu", "vmovdqu32"},
        {"roundps", "vrndscaleps"}, {"roundpd", "vrndscalepd"}, {"roundss", "vrndscaless"},
        {"roundsd", "vrndscalesd"},
    };
    static char text[32];
    static const char *const predicates[] = {"eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"};
    static const char *const integer[] = {"eq", "lt", "le", "false", "neq", "nlt", "nle", "true"};

    if (form == EVEX) {
        for (size_t i = 0; i < COUNTOF(evex_names); i++) {
            if (is(row->name, evex_names[i][0])) {
                return evex_names[i][1];
            }
        }
    }
    bool v = form != LEGACY && row->name[0] != 'v';
    const char *name = row->name;
    if (!strncmp(name, "cmp", 3) || !strncmp(name, "vcmp", 4)) {
        size_t stem = name[0] == 'v' ? 4 : 3;
        snprintf(text, sizeof(text), "%s%.*s%s%s", v ? "v" : "", (int)stem, name,
                 predicates[imm & 7], name + stem);
    } else if (shape("KNDSI")) {
        snprintf(text, sizeof(text), "vpcmp%s%s", integer[imm & 7], name + 5);
    } else {
        snprintf(text, sizeof(text), "%s%s", v ? "v" : "", name);
    }
    return text;
}

static bool imm_in_name(void)
{
    return strstr(row->id, "CMP") && (shape("NDSI") || shape("KNDSI"));
}

/* ", imm" unless the mnemonic carries it */
static const char *imm_operand(int imm)
{
    static char text[16];

    snprintf(text, sizeof(text), imm < 0 || imm_in_name() ? "" : ", %s", num(imm));
    return text;
}

/* "xmmD, xmmS, " of a three-operand form; the legacy form names d once. */
static const char *two(unsigned d, unsigned s)
{
    static char text[32];

    if (form == LEGACY) {
        snprintf(text, sizeof(text), "xmm%u", d);
    } else {
        snprintf(text, sizeof(text), "xmm%u, xmm%u", d, s);
    }
    return text;
}

/* The general register that a row uses: its width. */
static const char *row_gpr(unsigned g)
{
    bool wide = strstr(row->id, "_64") || strstr(row->id, "MOVQ") || strstr(row->id, "PINSRQ") ||
                strstr(row->id, "PEXTRQ") || is(row->id, "VPBROADCASTQ_XG");

    return wide ? names8[g] : names4[g];
}

static void check_v3(unsigned d, unsigned s, unsigned t, int imm)
{
    unsigned es = s, et = t;

    if (form == VEX && (row->flags & COMM) && t >= 8 && s < 8) {
        es = t, et = s;
    }
    if (imm >= 0) {
        x64_v3i(&as, op, (Xmm)d, (Xmm)s, (Xmm)t, (uint8_t)imm);
    } else {
        x64_v3(&as, op, (Xmm)d, (Xmm)s, (Xmm)t);
    }
    expect_v("%s %s, xmm%u%s", mnemonic(imm), two(d, es), et, imm_operand(imm));
}

static void check_v2(unsigned d, unsigned s, int imm)
{
    if (imm >= 0) {
        x64_v2i(&as, op, (Xmm)d, (Xmm)s, (uint8_t)imm);
    } else {
        x64_v2(&as, op, (Xmm)d, (Xmm)s);
    }
    if (shape("SHIFT") && form == LEGACY) {
        expect_v("%s xmm%u%s", mnemonic(imm), d, imm_operand(imm));
    } else {
        expect_v("%s xmm%u, xmm%u%s", mnemonic(imm), d, s, imm_operand(imm));
    }
}

static const uint8_t low_regs[] = {0, 7, 8, 15};
static const uint8_t all_regs[] = {0, 7, 8, 15, 16, 23, 24, 31};

/* Whether registers with this bitwise or select the form under test. */
static bool selects(unsigned regs)
{
    bool low_vex = !is(row->vex, "no"), low_legacy = !is(row->legacy, "no");

    return form == EVEX ? regs >= 16 || (!low_vex && !low_legacy) : regs < 16;
}

static void check_registers(void)
{
    const uint8_t *set = form == EVEX ? all_regs : low_regs;
    size_t count = form == EVEX ? COUNTOF(all_regs) : COUNTOF(low_regs);
    bool three = shape("NDS") || shape("NDSI");
    bool two_only = shape("RM") || shape("RMI") || shape("MR") || shape("MRI") || shape("SHIFT");
    bool imm = row->shape[strlen(row->shape) - 1] == 'I' || shape("SHIFT");

    for (size_t i = 0; i < count && !(row->flags & MEM_ONLY); i++) {
        for (size_t j = 0; j < count; j++) {
            if (two_only && selects(set[i] | set[j]) &&
                !(shape("SHIFT") && form == LEGACY && i != j)) {
                check_v2(set[i], set[j], imm ? 7 : -1);
            }
            for (size_t k = 0; three && k < count; k++) {
                if (selects(set[i] | set[j] | set[k]) && !(form == LEGACY && i != j)) {
                    check_v3(set[i], set[j], set[k], imm ? 3 : -1);
                }
            }
        }
    }
}

static void check_gpr_rows(unsigned d, unsigned s, unsigned g)
{
    Gpr r = (Gpr)g;

    if (shape("NDSG") || shape("NDSGI")) {
        int imm = shape("NDSG") ? -1 : 1;
        if (imm < 0) {
            x64_v3g(&as, op, (Xmm)d, (Xmm)s, r);
        } else {
            x64_v3gi(&as, op, (Xmm)d, (Xmm)s, r, 1);
        }
        expect_v("%s %s, %s%s", mnemonic(imm), two(d, s), row_gpr(g), imm_operand(imm));
    } else if (shape("RMG")) {
        x64_v2g(&as, op, (Xmm)d, r), expect_v("%s xmm%u, %s", mnemonic(0), d, row_gpr(g));
    } else if (shape("GRM") || shape("MRG")) {
        x64_vg(&as, op, r, (Xmm)d), expect_v("%s %s, xmm%u", mnemonic(0), row_gpr(g), d);
    } else if (shape("GRMI") || shape("MRGI")) {
        x64_vgi(&as, op, r, (Xmm)d, 2), expect_v("%s %s, xmm%u, 2", mnemonic(0), row_gpr(g), d);
    }
}

static void check_general(void)
{
    const uint8_t *set = form == EVEX ? all_regs : low_regs;
    size_t count = form == EVEX ? COUNTOF(all_regs) : COUNTOF(low_regs);

    if (!strchr(row->shape, 'G') || (row->flags & MEM_ONLY)) {
        return;
    }
    for (unsigned g = 0; g < 16; g++) {
        for (size_t i = 0; i < count; i++) {
            unsigned d = set[i], s = form == LEGACY ? d : set[(i + g) % count];
            bool nds = !strncmp(row->shape, "NDS", 3);
            if (selects(nds ? d | s : d)) {
                check_gpr_rows(d, s, g);
            }
        }
    }
}

static void check_memory_operand(unsigned r, Mem m)
{
    Xmm d = (Xmm)r, s = form == LEGACY ? d : d ^ 5;
    const char *t = mem_text(m);

    if (shape("NDS") || shape("NDSG")) {
        x64_v3m(&as, op, d, s, m), expect_v("%s %s, %s", mnemonic(0), two(d, s), t);
    } else if (shape("NDSI") || shape("NDSGI")) {
        x64_v3mi(&as, op, d, s, m, 5);
        expect_v("%s %s, %s%s", mnemonic(5), two(d, s), t, imm_operand(5));
    } else if (shape("RM") || shape("RMG")) {
        bool narrow = !strncmp(row->id, "CVTPD2", 6) || !strncmp(row->id, "CVTTPD2", 7);
        const char *suffix = form == VEX && narrow ? "x" : ""; /* Capstone marks xmmword memory */
        x64_v2m(&as, op, d, m), expect_v("%s%s xmm%u, %s", mnemonic(0), suffix, r, t);
    } else if (shape("RMI")) {
        x64_v2mi(&as, op, d, m, 0x1b), expect_v("%s xmm%u, %s, 0x1b", mnemonic(0), r, t);
    } else if (shape("MR") || shape("MRG")) {
        x64_vst(&as, op, m, d), expect_v("%s %s, xmm%u", mnemonic(0), t, r);
    } else if (shape("MRI") || shape("MRGI")) {
        x64_vsti(&as, op, m, d, 1), expect_v("%s %s, xmm%u, 1", mnemonic(0), t, r);
    } else if (shape("GRM")) {
        x64_vgm(&as, op, (Gpr)(r & 15), m);
        expect_v("%s %s, %s", mnemonic(0), row_gpr(r & 15), t);
    } else if (shape("KNDS")) {
        x64_vkm(&as, op, (KReg)(r & 7), d, m);
        expect_v("%s k%u, xmm%u, %s", mnemonic(0), r & 7, r, t);
    } else if (shape("KNDSI")) {
        x64_vkmi(&as, op, (KReg)(r & 7), d, m, 5);
        expect_v("%s k%u, xmm%u, %s", mnemonic(5), r & 7, r, t);
    }
}

static void check_memory(void)
{
    bool moved = form == LEGACY && row->n == 16 && !(row->flags & (ALIGNED | UNALIGNED)) &&
                 !shape("MR");

    if ((row->flags & REG_ONLY) || shape("SHIFT") || shape("BLENDV") || moved) {
        return;
    }
    for (size_t k = 0; k < mem_count; k++) {
        unsigned r = form == EVEX ? 16 + (k * 5 & 15) : k * 5 & 15;
        if (form == EVEX && shape("GRM") && !strstr(row->id, "USI")) {
            continue; /* no vector register: VEX */
        }
        check_memory_operand(r, mems[k]);
    }
}

static void check_masks(void)
{
    for (unsigned r = 0; r < 32; r++) {
        unsigned k = r & 7, s = (r * 11 + 3) & 31;
        if (shape("KNDS")) {
            x64_vk(&as, op, (KReg)k, (Xmm)r, (Xmm)s);
            expect_v("%s k%u, xmm%u, xmm%u", mnemonic(0), k, r, s);
        } else if (shape("KNDSI")) {
            int p = r & 4 ? 5 : 1;
            x64_vki(&as, op, (KReg)k, (Xmm)r, (Xmm)s, (uint8_t)p);
            expect_v("%s k%u, xmm%u, xmm%u", mnemonic(p), k, r, s);
        } else if (shape("XK")) {
            x64_vk_to_v(&as, op, (Xmm)r, (KReg)k), expect_v("%s xmm%u, k%u", row->name, r, k);
        } else if (shape("KX")) {
            x64_v_to_vk(&as, op, (KReg)k, (Xmm)r), expect_v("%s k%u, xmm%u", row->name, k, r);
        }
    }
}

/* ---- reading EVEX ---- */

typedef struct EvexRow {
    int map, pp, w, opcode, ext, n;
} EvexRow;

static const EvexRow evex_rows[VOP_COUNT] = {
#define EVEX(id, map, pp, w, opcode, ext, n) [VOP_##id] = {map, pp, w, opcode, ext, n},
#include "tests/unit/asm_evex.def"
#undef EVEX
};

/* Writes the memory operand whose ModRM is at *p; *p is left behind it. */
static const char *read_mem(const uint8_t **p, unsigned x, unsigned b, int n)
{
    unsigned mod = **p >> 6, rm = *(*p)++ & 7;
    Mem m = {.base = (int8_t)(rm | b << 3), .index = MEM_NONE};

    if (rm == 4) {
        unsigned sib = *(*p)++;
        m.base = (int8_t)((sib & 7) | b << 3);
        m.index = (int8_t)((sib >> 3 & 7) | x << 3);
        m.index = m.index == 4 ? MEM_NONE : m.index;
        m.scale_log2 = (uint8_t)(sib >> 6);
        if ((sib & 7) == 5 && mod == 0) {
            m.base = MEM_NONE;
            mod = 2;
        }
    }
    if (mod == 1) {
        m.disp = (int8_t) * (*p)++ * n;
    } else if (mod == 2) {
        memcpy(&m.disp, *p, 4);
        *p += 4;
    }
    return mem_text(m);
}

/* One operand: 'x' xmm, 'k' mask, 'g' general. */
static void append_operand(char *got, char kind, unsigned r)
{
    char *at = got + strlen(got);
    const char *comma = strchr(got, ' ') ? ", " : " ";

    if (kind == 'g') {
        sprintf(at, "%s%s", comma, r < 16 ? row_gpr(r) : "?");
    } else {
        sprintf(at, "%s%s%u", comma, kind == 'x' ? "xmm" : "k", r);
    }
}

/* The operands of the current row's shape, in Intel's order: r reg, v vvvv, m rm, with kinds. */
static const char *operand_order(void)
{
    static const char *const orders[][2] = {
        {"NDS", "rxvxmx"},  {"NDSI", "rxvxmx"}, {"NDSG", "rxvxmg"}, {"NDSGI", "rxvxmg"},
        {"RM", "rxmx"},     {"RMI", "rxmx"},    {"RMG", "rxmg"},    {"MR", "mxrx"},
        {"MRI", "mxrx"},    {"MRG", "mgrx"},    {"MRGI", "mgrx"},   {"GRM", "rgmx"},
        {"GRMI", "rgmx"},   {"SHIFT", "vxmx"},  {"KNDS", "rkvxmx"}, {"KNDSI", "rkvxmx"},
        {"XK", "rxmk"},     {"KX", "rkmx"},
    };

    for (size_t i = 0; i < COUNTOF(orders); i++) {
        if (shape(orders[i][0])) {
            return orders[i][1];
        }
    }
    return "";
}

static bool read_evex(char *got)
{
    const EvexRow *e = &evex_rows[op];
    unsigned p0 = code[1] ^ 0xf0, p1 = code[2] ^ 0x78, p2 = code[3] ^ 8;
    unsigned reg3 = code[5] >> 3 & 7;
    unsigned r = reg3 | (p0 >> 7 & 1) << 3 | (p0 >> 4 & 1) << 4;
    unsigned x = p0 >> 6 & 1, b = p0 >> 5 & 1;
    unsigned v = (p1 >> 3 & 15) | (p2 >> 3 & 1) << 4;
    bool memory = code[5] < 0xc0, v_used = strchr(operand_order(), 'v');
    const uint8_t *p = code + 5;
    const char *mem = memory ? read_mem(&p, x, b, e->n) : NULL;
    unsigned rm = code[5] & 7, has_imm = shape("SHIFT") || strchr(row->shape, 'I');

    p += memory ? 0 : 1;
    int imm = has_imm ? *p++ : -1;
    if (e->map == 0 || p != as.p || (p0 & 15) != (unsigned)e->map ||
        ((p1 & 0x87) != ((unsigned)e->w << 7 | 4 | (unsigned)e->pp)) || code[4] != e->opcode ||
        (e->ext >= 0 && reg3 != (unsigned)e->ext) || (p2 & 0x60) || (!v_used && v)) {
        strcpy(got, "fields differ from the reference");
        return false;
    }
    snprintf(got, 40, "%s", mnemonic(imm));
    for (const char *o = operand_order(); *o; o += 2) {
        if (*o == 'm' && memory) {
            sprintf(got + strlen(got), "%s%s", strchr(got, ' ') ? ", " : " ", mem);
        } else {
            append_operand(got, o[1], *o == 'r' ? r : *o == 'v' ? v : rm | b << 3 | x << 4);
        }
    }
    strcat(got, imm_operand(imm));
    if (code[3] & 7) {
        sprintf(got + strlen(got), " {k%u}%s", code[3] & 7, code[3] & 0x80 ? "{z}" : "");
    }
    return true;
}

static void check_masked(unsigned d, unsigned s, unsigned t, KReg k, bool z)
{
    const char *zt = z ? "{z}" : "";
    Mem m = mem_bd(R13, row->n * 2);
    bool registers = !(row->flags & MEM_ONLY), memory = !(row->flags & REG_ONLY);

    if (shape("NDS") && registers) {
        x64_v3k(&as, op, (Xmm)d, (Xmm)s, (Xmm)t, k, z);
        expect_v("%s xmm%u, xmm%u, xmm%u {k%u}%s", mnemonic(0), d, s, t, k, zt);
    } else if (shape("RM") || shape("MR")) {
        if (registers) {
            x64_v2k(&as, op, (Xmm)d, (Xmm)s, k, z);
            expect_v("%s xmm%u, xmm%u {k%u}%s", mnemonic(0), d, s, k, zt);
        }
        if (memory && shape("RM")) {
            x64_v2mk(&as, op, (Xmm)d, m, k, z);
            expect_v("%s xmm%u, %s {k%u}%s", mnemonic(0), d, mem_text(m), k, zt);
        } else if (memory) {
            x64_vstk(&as, op, m, (Xmm)s, k);
            expect_v("%s %s, xmm%u {k%u}", mnemonic(0), mem_text(m), s, k);
        }
    } else if (shape("RMI") || shape("MRI") || shape("SHIFT")) {
        x64_v2ik(&as, op, (Xmm)d, (Xmm)s, 6, k, z);
        expect_v("%s xmm%u, xmm%u, 6 {k%u}%s", mnemonic(0), d, s, k, zt);
    } else if (shape("RMG")) {
        x64_v2gk(&as, op, (Xmm)d, (Gpr)(s & 15), k, z);
        expect_v("%s xmm%u, %s {k%u}%s", mnemonic(0), d, row_gpr(s & 15), k, zt);
    }
}

static void set_host(Form f)
{
    memset(&host, 1, sizeof(host));
    if (f == LEGACY) {
        host.avx = host.avx512vl = false;
    }
}

static void check_rows(Form f)
{
    begin();
    mem_count = make_mems(mems);
    form = f;
    set_host(f);
    for (int i = 0; i < VOP_COUNT; i++) {
        op = (VOp)i;
        row = &rows[i];
        const char *need = f == LEGACY ? row->legacy : f == VEX ? row->vex : row->evex;
        bool unknown_to_capstone = !strncmp(row->name, "gf2p8", 5) && f != EVEX;
        if (is(need, "no") || shape("BLENDV") || unknown_to_capstone) {
            continue;
        }
        check_registers();
        check_general();
        check_memory();
        if (f == EVEX) {
            check_masks();
            for (unsigned k = 1; k < 8; k++) {
                check_masked(k * 3, k * 5 & 31, k * 9 & 31, (KReg)k, k & 1);
            }
        }
    }
    end();
}

Test(x64_asm, legacy_rows)
{
    check_rows(LEGACY);
}

Test(x64_asm, vex_rows)
{
    check_rows(VEX);
}

Test(x64_asm, evex_rows)
{
    check_rows(EVEX);
}

Test(x64_asm, mask_registers)
{
    begin();
    set_host(EVEX);
    for (unsigned k = 0; k < 8; k++) {
        KReg d = (KReg)k, s = (KReg)((k * 3 + 1) & 7), t = (KReg)((k * 5 + 2) & 7);
        for (int size = 1; size <= 2; size++) { /* Capstone 4 knows no wider ones, and no ktest */
            char c = size == 1 ? 'b' : 'w';
            const char *g = names4[k + 8];
            x64_kmov_rk(&as, size, (Gpr)(k + 8), s), expect("kmov%c %s, k%u", c, g, s);
            x64_kmov_kr(&as, size, d, (Gpr)(k + 8)), expect("kmov%c k%u, %s", c, d, g);
            x64_kmov_kk(&as, size, d, s), expect_v("kmov%c k%u, k%u", c, d, s);
            x64_knot(&as, size, d, s), expect("knot%c k%u, k%u", c, d, s);
            x64_kortest(&as, size, s, t), expect("kortest%c k%u, k%u", c, s, t);
            x64_k3(&as, K_AND, size, d, s, t), expect("kand%c k%u, k%u, k%u", c, d, s, t);
            x64_k3(&as, K_ANDN, size, d, s, t), expect("kandn%c k%u, k%u, k%u", c, d, s, t);
            x64_k3(&as, K_OR, size, d, s, t), expect("kor%c k%u, k%u, k%u", c, d, s, t);
            x64_k3(&as, K_XOR, size, d, s, t), expect("kxor%c k%u, k%u, k%u", c, d, s, t);
            x64_k3(&as, K_XNOR, size, d, s, t), expect("kxnor%c k%u, k%u, k%u", c, d, s, t);
        }
    }
    end();
}

Test(x64_asm, overflow_and_fixups)
{
    uint8_t small[8];

    memset(small, 0xcc, sizeof(small));
    set_host(VEX);
    x64_init(&as, small, 4, 0);
    x64_mov_rr(&as, 8, RAX, RBX);
    cr_assert(!as.overflow);
    x64_mov_rr(&as, 8, RAX, RBX);
    cr_assert(as.overflow && as.p == small + 3);
    cr_assert_null(x64_jcc_fwd8(&as, CC_E).at);
    x64_ret(&as);
    cr_assert(as.p == small + 3 && small[3] == 0xcc);

    begin();
    Fixup near = x64_jcc_fwd8(&as, CC_E), far = x64_jmp_fwd32(&as);
    x64_nop(&as, 100);
    x64_bind(&as, near);
    x64_nop(&as, 200);
    x64_bind(&as, far);
    cr_assert_eq(code[1], 105);
    cr_assert_eq(*(int32_t *)(code + 3), 300);
    for (size_t n = 0; n < 16; n++) {
        x64_init(&as, (uint8_t *)(((uintptr_t)code + 63) & ~63ul), 256, 0x1000);
        x64_nop(&as, n);
        x64_align_rel32(&as, 2);
        uint8_t *at = x64_jcc_rel32(&as, CC_NE, x64_here(&as));
        cr_assert_leq((uintptr_t)at & 7, 4);
        x64_patch_rel32(at, (uint64_t)at + 0x1000, (uint64_t)at + 0x1000 + 4 + 77);
        cr_assert_eq(*(int32_t *)at, 77);
    }
    end();
}

Test(x64_asm, host_masks)
{
    cr_assert(host_init(NULL));
    HostFeatures full = host;
    cr_assert(host_init("avx"));
    cr_assert(!host.avx && !host.avx2 && !host.fma && !host.f16c && !host.avx512vl && !host.vaes);
    cr_assert(host.sse42 && host.popcnt && host.aes == full.aes && host.bmi2 == full.bmi2);
    cr_assert(host_init("avx2,bmi2"));
    cr_assert(host.avx == full.avx && !host.avx2 && !host.avx512vl && !host.avx512_vbmi);
    cr_assert(!host.bmi2 && host.bmi1 == full.bmi1);
    cr_assert(host_init(""));
    cr_assert_arr_eq(&host, &full, sizeof(full));
    cr_assert(!host_init("avx,nonsense"));
    char text[400];
    cr_assert(host_init(NULL));
    host_describe(text, sizeof(text));
    cr_assert(strstr(text, "sse42 popcnt"));
}
