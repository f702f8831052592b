/*
 * The guest's vDSO: a small shared object, written here as data, with the functions that the
 * arm64 kernel offers (each is a system call, which emu/guest/vdso_call.h makes cheap) and the
 * trampoline that signal handlers return to. One page, readable and executable.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "emu/base/check.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "emu/guest/vdso_call.h"
#include "loader/parts.h"

#define MOV_X8(imm) (0xd2800008u | (uint32_t)(imm) << 5)
#define SVC(imm) (0xd4000001u | (uint32_t)(imm) << 5)
#define RET 0xd65f03c0u
#define NOP 0xd503201fu

/* What one exported function is: its name and its system call. */
typedef struct VdsoFunction {
    const char *name;
    unsigned nr;
} VdsoFunction;

static const VdsoFunction functions[] = {
    {"__kernel_rt_sigreturn", A64_NR_rt_sigreturn},
    {"__kernel_gettimeofday", A64_NR_gettimeofday},
    {"__kernel_clock_gettime", A64_NR_clock_gettime},
    {"__kernel_clock_getres", A64_NR_clock_getres},
};

#define FUNCTIONS COUNTOF(functions)
#define SYMBOLS (FUNCTIONS + 1)
#define VERSION_NAME "LINUX_2.6.39"
#define SONAME "linux-vdso.so.1"

typedef struct VdsoPage {
    Elf64_Ehdr head;
    Elf64_Phdr phdr[2];
    Elf64_Dyn dynamic[9];
    Elf64_Sym symbol[SYMBOLS];
    uint32_t hash[2 + 1 + SYMBOLS]; /* one bucket, one chain */
    uint16_t version_of[SYMBOLS];
    uint16_t pad;
    struct {
        Elf64_Verdef def;
        Elf64_Verdaux aux;
    } version[2];
    char strings[160];
    alignas(16) uint32_t code[FUNCTIONS][4]; /* nop; mov x8, #nr; svc #n; ret */
} VdsoPage;

_Static_assert(sizeof(VdsoPage) <= VDSO_BYTES, "the vDSO is one page");

#define AT(field) offsetof(VdsoPage, field)

/* The ELF hash function of the System V ABI. */
static uint32_t elf_name_hash(const char *name)
{
    uint32_t h = 0;

    for (; *name; name++) {
        h = (h << 4) + (unsigned char)*name;
        h = (h ^ (h & 0xf0000000) >> 24) & 0x0fffffff;
    }
    return h;
}

static uint32_t add_string(VdsoPage *v, uint32_t *at, const char *text)
{
    uint32_t where = *at;

    *at += (uint32_t)strlen(text) + 1;
    CHECK(*at <= sizeof v->strings, "the vDSO's string table holds all names");
    memcpy(v->strings + where, text, *at - where);
    return where;
}

static void write_headers(VdsoPage *v)
{
    v->head = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = A64_EM_AARCH64,
        .e_version = EV_CURRENT,
        .e_phoff = AT(phdr),
        .e_ehsize = sizeof v->head,
        .e_phentsize = sizeof v->phdr[0],
        .e_phnum = COUNTOF(v->phdr),
        .e_shentsize = sizeof(Elf64_Shdr),
    };
    v->phdr[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = sizeof *v,
                              .p_memsz = sizeof *v, .p_align = PAGE_SIZE_4K};
    v->phdr[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC, .p_flags = PF_R, .p_offset = AT(dynamic),
                              .p_vaddr = AT(dynamic), .p_paddr = AT(dynamic),
                              .p_filesz = sizeof v->dynamic, .p_memsz = sizeof v->dynamic,
                              .p_align = 8};
}

static void write_version(VdsoPage *v, unsigned i, uint32_t name, const char *text)
{
    v->version[i].def = (Elf64_Verdef){
        .vd_version = VER_DEF_CURRENT,
        .vd_flags = i == 0 ? VER_FLG_BASE : 0,
        .vd_ndx = (uint16_t)(i + 1),
        .vd_cnt = 1,
        .vd_hash = elf_name_hash(text),
        .vd_aux = sizeof(Elf64_Verdef),
        .vd_next = i == 0 ? sizeof v->version[0] : 0,
    };
    v->version[i].aux = (Elf64_Verdaux){.vda_name = name};
}

static void write_vdso(VdsoPage *v)
{
    uint32_t at = 1; /* string 0 is empty */

    write_headers(v);
    uint32_t soname = add_string(v, &at, SONAME);
    write_version(v, 0, soname, SONAME);
    write_version(v, 1, add_string(v, &at, VERSION_NAME), VERSION_NAME);
    v->hash[0] = 1;
    v->hash[1] = SYMBOLS;
    v->hash[2] = 1; /* the bucket: symbol 1, chained to the last */
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        unsigned nr = functions[i].nr;
        /* unwinders know the trampoline by its two instructions */
        unsigned imm = nr == A64_NR_rt_sigreturn ? 0 : nr;
        const uint32_t code[4] = {NOP, MOV_X8(nr), SVC(imm), RET};
        memcpy(v->code[i], code, sizeof code);
        /* The kernel's unwinder-friendly nop stands before the trampoline, not in it. */
        v->symbol[i + 1] = (Elf64_Sym){
            .st_name = add_string(v, &at, functions[i].name),
            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
            .st_shndx = 1, /* any section that is not undefined */
            .st_value = AT(code[0]) + i * sizeof v->code[0] + 4,
            .st_size = sizeof v->code[0] - 4,
        };
        v->version_of[i + 1] = 2;
        v->hash[3 + i + 1] = i + 1 < FUNCTIONS ? i + 2 : 0;
    }
    const Elf64_Dyn dynamic[] = {
        {DT_SONAME, {soname}},
        {DT_HASH, {AT(hash)}},
        {DT_STRTAB, {AT(strings)}},
        {DT_SYMTAB, {AT(symbol)}},
        {DT_STRSZ, {at}},
        {DT_SYMENT, {sizeof(Elf64_Sym)}},
        {DT_VERSYM, {AT(version_of)}},
        {DT_VERDEF, {AT(version)}},
        {DT_NULL, {0}},
    };
    _Static_assert(sizeof dynamic == sizeof v->dynamic, "one entry per row");
    memcpy(v->dynamic, dynamic, sizeof dynamic);
}

int64_t vdso_map(uint64_t *sigreturn_pc)
{
    int64_t base = mem_map(0, PAGE_SIZE_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                           -1, 0);

    if (base < 0)
        return base;
    write_vdso((VdsoPage *)base);
    mem_set_name((uint64_t)base, "[vdso]");
    int64_t ret = mem_protect((uint64_t)base, PAGE_SIZE_4K, PROT_READ | PROT_EXEC);
    *sigreturn_pc = (uint64_t)base + AT(code[0]) + 4;
    return ret ? ret : base;
}
