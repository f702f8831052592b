/*
 * Compares the host code of short guest sequences with the listings in *.golden; README.md here
 * describes the files. Nothing of the translated code is run: what the host can do is set, not
 * asked, so every machine checks every file.
 *
 * Usage: codegen            checks all files
 *        codegen --update   rewrites the listings in place
 *        codegen TEXT       prints the listings of the cases whose name contains TEXT
 */
#include <capstone/capstone.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "emu/base/check.h"
#include "emu/guest/mem.h"
#include "emu/guest/thread.h"
#include "tcg-lite/emit/emit.h"
#include "tcg-lite/emit/fp.h"
#include "tcg-lite/ir/vconst.h"
#include "tcg-lite/opt/opt.h"
#include "tcg-lite/xlat/xlat.h"

#define GUEST_PAGE 0x400000ull
#define GUEST_PC 0x400800ull /* where each sequence begins */
#define MAX_WORDS 64
#define BUFFER_SIZE (1u << 20)
#define UNIT_AT (64u << 10) /* the stubs lie before it */

static IrUnit ir;
static Emit emitter;
static Stubs stub;
static RegPlan standard, own;
static uint8_t *buffer;
static csh capstone;

/* ---- the host that is assumed ---- */

/* "v3" or "avx512vl": features of x86-64-v3, and the basic AVX-512 on top. */
static bool assume_host(const char *level)
{
    bool avx512 = !strcmp(level, "avx512vl");

    if (!avx512 && strcmp(level, "v3"))
        return false;
    memset(&host, 0, sizeof host);
    host.sse42 = host.popcnt = host.crc32 = host.cx16 = host.lahf = true;
    host.avx = host.avx2 = host.fma = host.f16c = true;
    host.bmi1 = host.bmi2 = host.lzcnt = host.movbe = true;
    host.aes = host.pclmul = true;
    host.avx512vl = avx512;

    Asm a;
    x64_init(&a, buffer, UNIT_AT, 0);
    ra_standard_plan(&standard, host.avx512vl);
    emit_stubs(&a, &stub, &standard, &(Helpers){0});
    CHECK(!a.overflow, "the stubs fit");
    return true;
}

/* ---- names for addresses ---- */

static uint64_t label[512]; /* jump targets inside the unit, ascending */
static unsigned label_count;

static int exit_at(uint64_t address)
{
    for (uint32_t n = 0; n < emitter.exit_count; n++)
        if ((uint64_t)emitter.a.start + emitter.exit[n].stub == address)
            return (int)n;
    return -1;
}

/* Cold code that only leaves with a fixed pc and reason. */
static bool is_leave(uint64_t address)
{
    for (uint32_t n = 0; n < emitter.cold_count; n++) {
        const Cold *c = &emitter.cold[n];
        int32_t rel;
        if (c->kind != COLD_LEAVE || emitter.plan != emitter.standard)
            continue;
        memcpy(&rel, c->from, 4);
        if (address == (uint64_t)c->from + 4 + (uint64_t)(int64_t)rel)
            return true;
    }
    return false;
}

static void add_label(uint64_t address)
{
    unsigned n = label_count;

    for (unsigned k = 0; k < label_count; k++)
        if (label[k] == address)
            return;
    CHECK(label_count < COUNTOF(label), "a short unit has few labels");
    for (; n > 0 && label[n - 1] > address; n--)
        label[n] = label[n - 1];
    label[n] = address;
    label_count++;
}

static int label_at(uint64_t address)
{
    for (unsigned n = 0; n < label_count; n++)
        if (label[n] == address)
            return (int)n + 1;
    return 0;
}

static void name_address(char *out, size_t size, uint64_t address)
{
    const struct {
        uint64_t at;
        const char *name;
    } places[] = {{stub.enter, "enter"}, {stub.exit_chain, "exit_chain"},
                  {stub.exit_indirect, "exit_indirect"}, {stub.exit_reason, "exit_reason"},
                  {stub.ret_miss, "ret_miss"},
                  {stub.system_call, "system_call"}, {stub.vdso_call, "vdso_call"},
                  {stub.copy, "copy"}, {stub.copy_forward, "copy_forward"}, {stub.fill, "fill"},
                  {stub.call_interp, "call_interp"}, {stub.call_interp_end, "call_interp_end"}};
    int n = exit_at(address);

    if (n >= 0) {
        int64_t delta = (int64_t)(ir.exit[emitter.exit[n].exit].pc - ir.pc);
        snprintf(out, size, "exit %+lld", (long long)delta);
        return;
    }
    if (is_leave(address)) {
        snprintf(out, size, "leave");
        return;
    }
    if ((n = label_at(address))) {
        snprintf(out, size, "L%d", n);
        return;
    }
    for (size_t k = 0; k < COUNTOF(places); k++)
        if (places[k].at == address) {
            snprintf(out, size, "%s", places[k].name);
            return;
        }
    if (address >= stub.vec_consts && address < stub.vec_consts + 16 * VK_COUNT)
        snprintf(out, size, "vk%d", (int)((address - stub.vec_consts) / 16));
    else if (address >= stub.vec_pool && address < stub.vec_pool + 16 * VEC_POOL)
        snprintf(out, size, "vc_%016llx", *(unsigned long long *)(uintptr_t)address);
    else if (address >= stub.fp_table && address < stub.vec_consts)
        snprintf(out, size, "fp%d", (int)((address - stub.fp_table) / 16));
    else if (address >= stub.fcmp_table && address < stub.fp_table)
        snprintf(out, size, "fcmp%d", (int)((address - stub.fcmp_table) / 4));
    else
        snprintf(out, size, "insn"); /* the decoded instruction that lies in the code */
}

#define FIELD(f) {offsetof(CpuState, f), sizeof ((CpuState *)0)->f, #f}
static void name_cpu(char *out, size_t size, int64_t offset)
{
    static const struct {
        size_t at, size;
        const char *name;
    } fields[] = {FIELD(pc), FIELD(nzcv), FIELD(hflags), FIELD(exit_request), FIELD(exit_slot),
                  FIELD(fpcr), FIELD(fpsr), FIELD(mxcsr), FIELD(tpidr_el0), FIELD(excl_addr),
                  FIELD(excl_value), FIELD(excl_size), FIELD(qc), FIELD(temp), FIELD(pair),
                  FIELD(jump_cache), FIELD(heat)};
    size_t at = (size_t)offset, n = 0;
    char field[32];

    if (at < offsetof(CpuState, pc)) {
        snprintf(field, sizeof field, at / 8 == 31 ? "sp" : "x%u", (unsigned)(at / 8));
        at %= 8;
    } else if (at - offsetof(CpuState, v) < sizeof ((CpuState *)0)->v) {
        at -= offsetof(CpuState, v);
        snprintf(field, sizeof field, "v%u", (unsigned)(at / 16));
        at %= 16;
    } else {
        while (n + 1 < COUNTOF(fields) && at - fields[n].at >= fields[n].size)
            n++;
        snprintf(field, sizeof field, "%s", fields[n].name);
        at -= fields[n].at;
    }
    if (at)
        snprintf(out, size, "%s+%u", field, (unsigned)at);
    else
        snprintf(out, size, "%s", field);
}

/* ---- one host instruction as text ---- */

static const cs_x86_op *memory_operand(const cs_insn *i)
{
    for (int n = 0; n < i->detail->x86.op_count; n++)
        if (i->detail->x86.operands[n].type == X86_OP_MEM)
            return &i->detail->x86.operands[n];
    return NULL;
}

static bool is_jump(const cs_insn *i, uint64_t *target)
{
    const cs_x86 *x = &i->detail->x86;
    bool jump = i->mnemonic[0] == 'j' || !strcmp(i->mnemonic, "call");

    if (!jump || x->op_count != 1 || x->operands[0].type != X86_OP_IMM)
        return false;
    *target = (uint64_t)x->operands[0].imm;
    return true;
}

static void print_insn(FILE *out, const cs_insn *i)
{
    const cs_x86_op *m = memory_operand(i);
    char name[48], inner[80];
    uint64_t target;
    const char *open = strchr(i->op_str, '['), *close = strchr(i->op_str, ']');

    if (is_jump(i, &target)) {
        name_address(name, sizeof name, target);
        fprintf(out, "    %-10s %s\n", i->mnemonic, name);
        return;
    }
    if (!m || (m->mem.base != X86_REG_RBP && m->mem.base != X86_REG_RIP)) {
        fprintf(out, "    %-10s %s\n", i->mnemonic, i->op_str);
        return;
    }
    if (m->mem.base == X86_REG_RIP)
        name_address(name, sizeof name, i->address + i->size + (uint64_t)m->mem.disp);
    else
        name_cpu(name, sizeof name, m->mem.disp + CPU_BIAS);
    snprintf(inner, sizeof inner, "%s", name);
    if (m->mem.index != X86_REG_INVALID)
        snprintf(inner, sizeof inner, "%s + %s*%d", name,
                 cs_reg_name(capstone, m->mem.index), m->mem.scale);
    fprintf(out, "    %-10s %.*s%s%s\n", i->mnemonic, (int)(open + 1 - i->op_str), i->op_str,
            inner, close);
}

/* ---- the listing of the unit in `emitter` ---- */

typedef struct Walk {
    const uint8_t *p;
    uint64_t end, cold; /* addresses */
    cs_insn *insn;
    uint64_t after;     /* address behind the instruction before insn */
    bool poll;          /* insn begins a poll of exit_request: two instructions */
} Walk;

/* Length of a vector instruction in EVEX form that Capstone does not know; 0: it is none. */
static unsigned evex_length(const uint8_t *p)
{
    unsigned length = 6, map = p[1] & 7, modrm = p[5], mod = modrm >> 6;

    if (p[0] != 0x62)
        return 0;
    if (mod != 3 && (modrm & 7) == 4)
        length++;
    if (mod == 1)
        length += 1;
    else if (mod == 2 || (mod == 0 && (modrm & 7) == 5))
        length += 4;
    bool imm = map == 3 || (map == 1 && (p[4] == 0x70 || (p[4] >= 0x71 && p[4] <= 0x73) ||
                                         p[4] == 0xc2 || (p[4] >= 0xc4 && p[4] <= 0xc6)));
    return length + imm;
}

/* Its text: the bytes, with a name in place of an address. */
static void fill_unknown(cs_insn *i, const uint8_t *p, unsigned length)
{
    bool rip = (p[5] & 0xc7) == 5;
    char name[48] = "";
    int32_t disp;
    int n = 0;

    memset(i->detail, 0, sizeof *i->detail);
    i->address = (uint64_t)p;
    i->size = (uint16_t)length;
    memcpy(i->bytes, p, length);
    snprintf(i->mnemonic, sizeof i->mnemonic, ".byte");
    if (rip) {
        memcpy(&disp, p + 6, 4);
        name_address(name, sizeof name, (uint64_t)p + length + (uint64_t)(int64_t)disp);
    }
    for (unsigned k = 0; k < length; k++) {
        if (rip && k == 6)
            n += snprintf(i->op_str + n, sizeof i->op_str - (size_t)n, " [%s]", name);
        if (!rip || k < 6 || k >= 10)
            n += snprintf(i->op_str + n, sizeof i->op_str - (size_t)n, k ? " %02x" : "%02x", p[k]);
    }
}

static void one_insn(Walk *w)
{
    uint64_t address = (uint64_t)w->p;
    size_t left = w->end - address;

    if (cs_disasm_iter(capstone, &w->p, &left, &address, w->insn))
        return;
    unsigned length = evex_length(w->p);
    if (!length)
        die(1, "not an instruction at offset %#llx",
            (unsigned long long)((uint64_t)w->p - (uint64_t)emitter.a.start));
    fill_unknown(w->insn, w->p, length);
    w->p += length;
}

static bool is_poll(const cs_insn *i)
{
    const cs_x86_op *m = memory_operand(i);

    return m && !strcmp(i->mnemonic, "cmp") && m->mem.base == X86_REG_RBP &&
           m->mem.disp == (int64_t)offsetof(CpuState, exit_request) - CPU_BIAS;
}

/*
 * The next instruction that is worth a line: neither padding, nor the decoded instructions that
 * lie in the code, nor the ends of the ways out that are the same everywhere.
 */
static bool walk_next(Walk *w)
{
    uint64_t target;

    w->after = (uint64_t)w->p;
    while ((uint64_t)w->p < w->end) {
        unsigned skip = exit_at((uint64_t)w->p) >= 0 ? 2 : is_leave((uint64_t)w->p) ? 3 : 0;
        for (unsigned n = 0; n < skip; n++)
            one_insn(w);
        if (skip)
            continue;
        one_insn(w);
        if (!strcmp(w->insn->mnemonic, "nop"))
            continue;
        if (w->insn->bytes[0] == 0xeb && is_jump(w->insn, &target) &&
            target == ALIGN_UP((uint64_t)w->p, 8) + sizeof(DecodedInsn)) {
            w->p = (const uint8_t *)target;
            continue;
        }
        w->poll = is_poll(w->insn);
        if (w->poll) {
            uint64_t address = (uint64_t)w->p;
            size_t left = w->end - address;
            cs_insn *jne = cs_malloc(capstone);
            cs_disasm_iter(capstone, &w->p, &left, &address, jne);
            cs_free(jne, 1);
        }
        return true;
    }
    return false;
}

static Walk walk_start(cs_insn *insn)
{
    const Cold *first = &emitter.cold[0];
    Walk w = {.p = emitter.a.start, .end = (uint64_t)emitter.a.p, .insn = insn};
    int32_t rel;

    CHECK(emitter.cold_count > 0, "every unit polls at its entry");
    if (first->from) {
        memcpy(&rel, first->from, 4);
        w.cold = (uint64_t)first->from + 4 + (uint64_t)(int64_t)rel;
    } else {
        w.cold = (uint64_t)emitter.a.start + emitter.entry_pos[first->exit];
    }
    return w;
}

static void find_labels(cs_insn *insn)
{
    Walk w = walk_start(insn);
    uint64_t target;

    label_count = 0;
    while (walk_next(&w))
        if (is_jump(insn, &target) && target >= (uint64_t)emitter.a.start && target < w.end &&
            exit_at(target) < 0 && !is_leave(target))
            add_label(target);
}

static void list_unit(FILE *out, unsigned guest_count)
{
    cs_insn *insn = cs_malloc(capstone);
    unsigned count[2] = {0, 0};

    find_labels(insn);
    Walk w = walk_start(insn);
    bool cold = false;
    while (walk_next(&w)) {
        if (!cold && insn->address >= w.cold) {
            fprintf(out, "  cold\n");
            cold = true;
        }
        for (unsigned n = 0; n < label_count; n++)
            if (label[n] >= w.after && label[n] <= insn->address)
                fprintf(out, "   L%u\n", n + 1);
        if (w.poll) {
            fprintf(out, "    poll\n");
        } else {
            print_insn(out, insn);
            count[cold]++;
        }
    }
    fprintf(out, "  %u guest, %u host: %.1f; cold %u\n", guest_count, count[0],
            count[0] / (double)guest_count, count[1]);
    cs_free(insn, 1);
}

/* ---- translating a case ---- */

typedef struct Case {
    char name[80];      /* with its options behind the first blank */
    uint32_t word[MAX_WORDS];
    unsigned count;
} Case;

static void translate(FILE *out, const Case *c)
{
    static const uint64_t features[2] = {~0ull, ~0ull};
    const RegPlan *plan = &standard;
    bool narrow = strstr(c->name, " narrow");
    uint32_t fpcr = strstr(c->name, " checks") ? 0 : FPCR_TRAPS;

    CHECK(mem_protect(GUEST_PAGE, PAGE_SIZE_4K, PROT_READ | PROT_WRITE) == 0, "ours to change");
    memset((void *)GUEST_PAGE, 0, PAGE_SIZE_4K);
    memcpy((void *)GUEST_PC, c->word, 4 * c->count);
    CHECK(mem_protect(GUEST_PAGE, PAGE_SIZE_4K, PROT_READ | PROT_EXEC) == 0, "ours to change");

    CHECK(xlat_unit(&ir, GUEST_PC, fpcr, features, c->count, !narrow),
          "the code can be fetched");
    ir_verify(&ir, "xlat");
    opt_fold(&ir);
    ir_verify(&ir, "opt_fold");
    opt_dead(&ir, xlat_nzcv_dead_far);
    ir_verify(&ir, "opt_dead");
    if (strstr(c->name, " own") && ra_unit_plan(&ir, &standard, &own))
        plan = &own;
    x64_init(&emitter.a, buffer + UNIT_AT, BUFFER_SIZE - UNIT_AT, 0);
    emitter.slot_base = 0;
    emitter.heat_step = narrow ? 1u << 18 : 0;
    CHECK(emit_unit(&emitter, &ir, plan, &standard, &stub), "short units fit");
    list_unit(out, c->count);
}

/* ---- the files ---- */

typedef struct Golden {
    const char *file;
    char *text, *p; /* the whole file, what is not read yet */
    unsigned cases, failed;
    const char *only; /* print these and check nothing */
} Golden;

static char *read_file(const char *name)
{
    FILE *f = fopen(name, "r");
    char *text = NULL;
    size_t size = 0, got;

    if (!f)
        die(1, "cannot read %s", name);
    do {
        text = realloc(text, size + 65537);
        got = fread(text + size, 1, 65536, f);
        size += got;
    } while (got);
    fclose(f);
    text[size] = 0;
    return text;
}

/* The line at g->p, with its end replaced by NUL; NULL at the end of the file. */
static char *next_line(Golden *g)
{
    char *line = g->p, *end = strchr(line, '\n');

    if (!*line)
        return NULL;
    g->p = end ? end + 1 : line + strlen(line);
    if (end)
        *end = 0;
    return line;
}

/* Copies heads and words to `out`; leaves g->p at the expected listing. False: no more cases. */
static bool next_case(Golden *g, Case *c, FILE *out)
{
    char *line;

    c->count = 0;
    while ((line = next_line(g))) {
        fprintf(out, "%s\n", line);
        if (!strncmp(line, "host ", 5) && !assume_host(line + 5))
            die(1, "%s: unknown host level %s", g->file, line + 5);
        if (!strncmp(line, "== ", 3))
            snprintf(c->name, sizeof c->name, "%s", line + 3), c->count = 0;
        else if (!strcmp(line, "--") && c->count)
            return true;
        else if (c->name[0] && c->count < MAX_WORDS && strspn(line, "0123456789abcdef") == 8)
            c->word[c->count++] = (uint32_t)strtoul(line, NULL, 16);
    }
    return false;
}

/* The lines from g->p up to a blank one or the next case. */
static char *expected_listing(Golden *g)
{
    char *start = g->p, *p = start;

    while (*p && *p != '\n' && strncmp(p, "== ", 3)) {
        char *end = strchr(p, '\n');
        p = end ? end + 1 : p + strlen(p);
    }
    g->p = p;
    return strndup(start, (size_t)(p - start));
}

static void print_difference(const char *expected, const char *actual)
{
    while (*expected && *actual) {
        size_t e = strcspn(expected, "\n"), a = strcspn(actual, "\n");
        if (e != a || memcmp(expected, actual, e))
            break;
        expected += e + (expected[e] == '\n'), actual += a + (actual[a] == '\n');
    }
    printf("  expected from the first difference on:\n%s  got:\n%s", expected, actual);
}

static void check_file(Golden *g, bool update)
{
    char *text = NULL, *listing;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    Case c = {.count = 0};

    g->text = g->p = read_file(g->file);
    while (next_case(g, &c, out)) {
        char *expected = expected_listing(g);
        size_t length;
        FILE *one = open_memstream(&listing, &length);
        translate(one, &c);
        fclose(one);
        fputs(listing, out);
        g->cases++;
        if (g->only && strstr(c.name, g->only)) {
            printf("== %s\n%s\n", c.name, listing);
        } else if (!g->only && strcmp(expected, listing)) {
            g->failed++;
            if (!update) {
                printf("%s: %s\n", g->file, c.name);
                print_difference(expected, listing);
            }
        }
        free(expected);
        free(listing);
    }
    fclose(out);
    if (update) {
        FILE *f = fopen(g->file, "w");
        if (!f || fputs(text, f) < 0 || fclose(f) != 0)
            die(1, "cannot write %s", g->file);
    }
    free(text);
    free(g->text);
}

static int is_golden(const struct dirent *d)
{
    const char *dot = strrchr(d->d_name, '.');
    return dot && !strcmp(dot, ".golden");
}

static void prepare(void)
{
    mem_init();
    thread_first();
    int64_t at = mem_map(GUEST_PAGE, PAGE_SIZE_4K, PROT_READ | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(at == (int64_t)GUEST_PAGE, "nothing of ours lies so low");
    buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(buffer != MAP_FAILED, "a megabyte");
    CHECK(cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) == CS_ERR_OK, "Capstone opens");
    cs_option(capstone, CS_OPT_DETAIL, CS_OPT_ON);
}

/* Works in tests/ (as the test does), in tests/codegen/ and at the top of the tree. */
static const char *golden_folder(void)
{
    static const char *const tries[] = {"codegen", "tests/codegen", "."};

    for (size_t n = 0; n < COUNTOF(tries); n++) {
        char name[64];
        snprintf(name, sizeof name, "%s/int.golden", tries[n]);
        FILE *f = fopen(name, "r");
        if (f) {
            fclose(f);
            return tries[n];
        }
    }
    die(1, "run this in the source tree's tests folder");
}

int main(int argc, char **argv)
{
    bool update = argc > 1 && !strcmp(argv[1], "--update");
    const char *folder = golden_folder();
    struct dirent **list;
    unsigned cases = 0, failed = 0;

    prepare();
    int count = scandir(folder, &list, is_golden, alphasort);
    for (int n = 0; n < count; n++) {
        char name[320];
        snprintf(name, sizeof name, "%s/%s", folder, list[n]->d_name);
        Golden g = {.file = name, .only = argc > 1 && !update ? argv[1] : NULL};
        check_file(&g, update);
        cases += g.cases, failed += g.failed;
    }
    printf("%u cases, %u %s\n", cases, failed, update ? "rewritten" : "differ");
    return !update && (failed != 0 || cases == 0);
}
