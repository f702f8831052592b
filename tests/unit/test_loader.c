/* The loader and execve's probe, on images that are written here byte by byte. */
#define _GNU_SOURCE 1
#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/base/check.h"
#include "emu/guest/abi.h"
#include "emu/guest/exec_probe.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "loader/elf.h"

#define PAGE 4096ul
#define FIXED_AT 0x200000000000ull

/* A program of two segments: text in the file's first page, data with BSS in its second. */
typedef struct File {
    Elf64_Ehdr head;
    Elf64_Phdr phdr[4];
    char rest[2 * PAGE - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Phdr)];
} File;

static File file;
static size_t file_size;
static LoadedImage image;
static char message[512], path[64];
static char *argv[] = {"prog", "one", "", NULL}, *envp[] = {"A=1", "LONG=value", NULL};

static void setup(void)
{
    uint64_t base = FIXED_AT;

    progname = "qemu-aarch64";
    memset(&file, 'x', sizeof file);
    memset(&file.head, 0, sizeof file.head);
    memset(file.phdr, 0, sizeof file.phdr);
    memcpy(file.head.e_ident, "\177ELF\2\1\1", 7);
    file.head.e_type = ET_EXEC;
    file.head.e_machine = EM_AARCH64;
    file.head.e_version = 1;
    file.head.e_entry = base + 0x200;
    file.head.e_phoff = sizeof(Elf64_Ehdr);
    file.head.e_ehsize = sizeof(Elf64_Ehdr);
    file.head.e_phentsize = sizeof(Elf64_Phdr);
    file.head.e_phnum = 3;
    file.phdr[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = base,
                                .p_filesz = 0x800, .p_memsz = 0x800, .p_align = PAGE};
    file.phdr[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = PAGE + 16,
                                .p_vaddr = base + 0x10010, .p_filesz = 0x20, .p_memsz = 0x3000,
                                .p_align = 0x10000};
    file.phdr[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
    file_size = sizeof file;
    process.random_seed_set = true;
    process.random_seed = 7;
    process.argv = argv;
    process.argc = 3;
    process.envp = envp;
    process.exec_path = "./prog-name";
    process.hwcap = 0x1111;
    process.hwcap2 = 0x2222;
    process.stack_size = 0;
    mem_init();
}

static int load_with_mode(int mode)
{
    strcpy(path, "/tmp/test_loader.XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, &file, file_size), (ssize_t)file_size);
    fchmod(fd, (mode_t)mode);
    close(fd);
    message[0] = '\0';
    int none = -1, code = loader_load(&none, path, &image, message, sizeof message);
    unlink(path);
    return code;
}

static int load(void)
{
    return load_with_mode(0755);
}

/* Loading fails with exit code 1 and "Error while loading PATH: <text>...". */
static void expect_error(const char *text)
{
    char expected[256];

    cr_expect_eq(load(), 1, "%s", text);
    snprintf(expected, sizeof expected, "Error while loading %s: %s", path, text);
    cr_expect_eq(strncmp(message, expected, strlen(expected)), 0, "got: %s", message);
}

static void expect_wrong_arch(void)
{
    char expected[256];

    cr_expect_eq(load(), 255);
    snprintf(expected, sizeof expected, "qemu-aarch64: %s: Invalid ELF image for this architecture",
             path);
    cr_expect_str_eq(message, expected);
}

static uint64_t auxv(uint64_t type)
{
    for (uint64_t *p = (uint64_t *)process.auxv; p[0]; p += 2)
        if (p[0] == type)
            return p[1];
    return ~0ull;
}

TestSuite(loader, .init = setup);

Test(loader, static_program)
{
    MemArea a;

    cr_assert_eq(load(), 0, "%s", message);
    cr_expect_eq(image.entry, FIXED_AT + 0x200);
    cr_expect_eq(image.sp % 16, 0);
    cr_assert(mem_find(FIXED_AT, &a));
    cr_expect_eq(a.prot, PROT_READ | PROT_EXEC);
    const char *data = (const char *)FIXED_AT + 0x10010;
    cr_expect_eq(data[0x1f], 'x');
    for (size_t i = 0x20; i < 0x3000; i++)
        cr_assert_eq(data[i], 0, "BSS byte %zu", i);
    cr_expect_eq(mem_brk(0), (int64_t)FIXED_AT + 0x14000);
    cr_expect_eq(mem_brk(FIXED_AT + 0x900000), (int64_t)FIXED_AT + 0x900000);
    cr_expect_eq(process.start_code, FIXED_AT);
    cr_expect_eq(process.end_code, FIXED_AT + 0x800);
    cr_expect_eq(process.end_data, FIXED_AT + 0x10030);
}

Test(loader, initial_stack)
{
    cr_assert_eq(load(), 0, "%s", message);
    uint64_t *p = (uint64_t *)image.sp;
    cr_assert_eq(p[0], 3);
    for (int i = 0; i < 3; i++)
        cr_expect_str_eq((char *)p[1 + i], argv[i]);
    cr_expect_eq(p[4], 0);
    cr_expect_str_eq((char *)p[5], "A=1");
    cr_expect_str_eq((char *)p[6], "LONG=value");
    cr_expect_eq(p[7], 0);
    cr_expect_eq(process.auxv, (uint64_t)(p + 8));
    cr_expect_eq(p[1], process.arg_start);
    cr_expect_eq(p[5], process.env_start);
    cr_expect_eq(process.env_end - process.env_start, sizeof "A=1" + sizeof "LONG=value");
    cr_expect_eq(auxv(A64_AT_PHDR), FIXED_AT + sizeof(Elf64_Ehdr));
    cr_expect_eq(auxv(A64_AT_PHNUM), 3);
    cr_expect_eq(auxv(A64_AT_ENTRY), FIXED_AT + 0x200);
    cr_expect_eq(auxv(A64_AT_BASE), 0);
    cr_expect_eq(auxv(A64_AT_HWCAP), 0x1111);
    cr_expect_eq(auxv(A64_AT_HWCAP2), 0x2222);
    cr_expect_eq(auxv(A64_AT_HWCAP3), ~0ull, "left out when 0");
    cr_expect_eq(auxv(A64_AT_MINSIGSTKSZ), 4720);
    cr_expect_eq(auxv(A64_AT_UID), getuid());
    cr_expect_str_eq((char *)auxv(A64_AT_PLATFORM), "aarch64");
    cr_expect_str_eq((char *)auxv(A64_AT_EXECFN), "./prog-name");
    cr_expect_neq(*(uint64_t *)auxv(A64_AT_RANDOM), 0);
    cr_expect_eq(*(uint64_t *)(auxv(A64_AT_EXECFN) + sizeof "./prog-name"), 0);
}

Test(loader, stack_size_and_permissions)
{
    MemArea a;

    process.stack_size = 1 << 20;
    file.phdr[2].p_flags |= PF_X;
    cr_assert_eq(load(), 0, "%s", message);
    cr_assert(mem_find(image.sp, &a));
    cr_expect_eq(a.end - a.start, 1 << 20);
    cr_expect_eq(a.prot, PROT_READ | PROT_WRITE | PROT_EXEC);
    cr_expect_str_eq(a.name, "[stack]");
    uint64_t page = ALIGN_DOWN(image.sp, PAGE);
    cr_expect_eq(mem_protect(page, PAGE, PROT_READ | PROT_WRITE | PROT_GROWSDOWN), 0);
    cr_assert(mem_find(a.start, &a));
    cr_expect_eq(a.prot, PROT_READ | PROT_WRITE, "down to the stack's start");
}

Test(loader, vdso_has_the_trampoline)
{
    const uint32_t expected[] = {0xd2801168, 0xd4000001};
    MemArea a;

    cr_assert_eq(load(), 0, "%s", message);
    cr_expect_eq(memcmp((void *)process.sigreturn_pc, expected, sizeof expected), 0);
    cr_expect(mem_executable(process.sigreturn_pc, 8));
    cr_expect_eq(auxv(A64_AT_SYSINFO_EHDR), process.vdso_base);
    cr_assert(mem_find(process.vdso_base, &a));
    cr_expect_str_eq(a.name, "[vdso]");
    cr_expect_eq(memcmp((void *)process.vdso_base, "\177ELF", 4), 0);
}

Test(loader, position_independent)
{
    file.head.e_type = ET_DYN;
    for (int i = 0; i < 2; i++)
        file.phdr[i].p_vaddr -= FIXED_AT;
    file.head.e_entry = 0x200;
    cr_assert_eq(load(), 0, "%s", message);
    cr_expect_eq(process.load_bias, GUEST_PIE_BASE);
    cr_expect_eq(image.entry, GUEST_PIE_BASE + 0x200);
    cr_expect_eq(auxv(A64_AT_PHDR), GUEST_PIE_BASE + sizeof(Elf64_Ehdr));
    int64_t now = mem_brk(0);
    cr_expect_eq(mem_brk((uint64_t)now + (1ull << 30)), now + (1 << 30), "room for the heap");
}

Test(loader, bss_in_a_read_only_segment)
{
    MemArea a;

    file.phdr[1].p_flags = PF_R;
    cr_assert_eq(load(), 0, "%s", message);
    cr_assert(mem_find(FIXED_AT + 0x10000, &a));
    cr_expect_eq(a.prot, PROT_READ);
    cr_expect_eq(*(char *)(FIXED_AT + 0x10030), 0);
    cr_expect_eq(*(char *)(FIXED_AT + 0x12000), 0);
}

Test(loader, segments_may_share_a_page)
{
    file.phdr[0].p_filesz = file.phdr[0].p_memsz = 0x100;
    file.phdr[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 0x400,
                                .p_vaddr = FIXED_AT + 0x400, .p_filesz = 0x10, .p_memsz = 0x20,
                                .p_align = PAGE};
    cr_assert_eq(load(), 0, "%s", message);
    cr_expect_eq(memcmp((void *)FIXED_AT, "\177ELF", 4), 0);
    cr_expect_eq(*(char *)(FIXED_AT + 0x40f), 'x');
    cr_expect_eq(*(char *)(FIXED_AT + 0x410), 0);
}

Test(loader, missing_interpreter)
{
    file.phdr[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 0x300, .p_filesz = 27};
    memcpy((char *)&file + 0x300, "/lib/ld-no-such-aarch64.so", 27);
    file.head.e_phnum = 4;
    cr_expect_eq(load(), 255);
    cr_expect_str_eq(message, "qemu-aarch64: Could not open '/lib/ld-no-such-aarch64.so': "
                              "No such file or directory");
}

Test(loader, unterminated_interpreter)
{
    file.phdr[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 0x300, .p_filesz = 26};
    file.head.e_phnum = 4;
    expect_error("Exec format error (the interpreter's name is not terminated)");
}

Test(loader, access)
{
    int none = -1;

    cr_expect_eq(loader_load(&none, "/no/such/file", &image, message, sizeof message), 1);
    cr_expect_str_eq(message, "Error while loading /no/such/file: No such file or directory");
    cr_expect_eq(loader_load(&none, "/tmp", &image, message, sizeof message), 1);
    cr_expect_str_eq(message, "Error while loading /tmp: Permission denied");
    cr_expect_eq(load_with_mode(0644), 1);
    cr_expect_neq(strstr(message, "Permission denied"), NULL);
}

Test(loader, not_elf)
{
    file_size = 0;
    expect_error("Exec format error");
    file_size = sizeof file.head;
    expect_error("Exec format error");
    file_size = 40;
    expect_error("Exec format error");
    memcpy(&file, "#!/bin/sh\n", 10);
    file_size = sizeof file;
    expect_error("Exec format error");
}

Test(loader, wrong_architecture)
{
    file.head.e_machine = EM_X86_64;
    expect_wrong_arch();
    file.head.e_machine = EM_AARCH64;
    file.head.e_type = ET_REL;
    expect_wrong_arch();
    file.head.e_type = ET_CORE;
    expect_wrong_arch();
    file.head.e_type = ET_EXEC;
    file.head.e_ident[EI_DATA] = ELFDATA2MSB;
    expect_wrong_arch();
    file.head.e_ident[EI_DATA] = ELFDATA2LSB;
    file.head.e_ident[EI_CLASS] = ELFCLASS32;
    expect_wrong_arch();
}

/* Each row breaks one field of the valid program. */
Test(loader, broken_headers)
{
    struct Row {
        const char *what;
        void *field;
        size_t size;
        uint64_t value;
    } rows[] = {
        {"truncated", &file.phdr[1].p_offset, 8, PAGE * 2 + 16},
        {"file size wraps", &file.phdr[1].p_filesz, 8, ~0ull},
        {"memory smaller than file", &file.phdr[1].p_memsz, 8, 1},
        {"huge memory", &file.phdr[1].p_memsz, 8, 1ull << 47},
        {"wrapping memory", &file.phdr[1].p_memsz, 8, ~0ull},
        {"address too high", &file.phdr[1].p_vaddr, 8, GUEST_LIMIT + 16},
        {"address wraps", &file.phdr[1].p_vaddr, 8, ~0xfefull + 0x10},
        {"misaligned", &file.phdr[1].p_vaddr, 8, FIXED_AT + 0x10020},
        {"overlapping", &file.phdr[1].p_vaddr, 8, FIXED_AT + 0x10},
        {"not in order", &file.phdr[1].p_vaddr, 8, FIXED_AT - 0x10000 + 0x10},
        {"no program headers", &file.head.e_phnum, 2, 0},
        {"too many program headers", &file.head.e_phnum, 2, 0xffff},
        {"header size", &file.head.e_phentsize, 2, 32},
        {"header offset", &file.head.e_phoff, 8, ~0ull},
        {"no segment", &file.phdr[0].p_type, 4, PT_NOTE},
    };

    file.phdr[1].p_type = PT_LOAD;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        File saved = file;
        memcpy(rows[i].field, &rows[i].value, rows[i].size);
        if (strcmp(rows[i].what, "no segment") == 0)
            file.phdr[1].p_type = PT_NULL;
        cr_expect_eq(load(), 1, "%s", rows[i].what);
        cr_expect(strstr(message, "Exec format error ("), "%s: %s", rows[i].what, message);
        file = saved;
    }
}

Test(loader, collisions_are_reported)
{
    cr_assert_eq(mem_map(FIXED_AT + 0x10000, PAGE, PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                 (int64_t)FIXED_AT + 0x10000);
    expect_error("File exists (the addresses of segment 1 are taken)");
}

Test(exec_probe, kinds)
{
    ExecProbe probe;
    static char long_line[300];

    setup();
    cr_expect_eq(exec_probe_bytes(&file, 256, &probe), EXEC_AARCH64);
    file.head.e_machine = EM_X86_64;
    cr_expect_eq(exec_probe_bytes(&file, 256, &probe), EXEC_OTHER);
    cr_expect_eq(exec_probe_bytes("text", 4, &probe), EXEC_NOT_EXEC);
    cr_expect_eq(exec_probe_bytes("", 0, &probe), EXEC_NOT_EXEC);
    cr_expect_eq(exec_probe_bytes("#!\n", 3, &probe), EXEC_NOT_EXEC);
    const char *script = "#! /usr/bin/env  python3 -u \nrest";
    cr_expect_eq(exec_probe_bytes(script, strlen(script), &probe), EXEC_SCRIPT);
    cr_expect_str_eq(probe.interp, "/usr/bin/env");
    cr_expect(probe.has_arg);
    cr_expect_str_eq(probe.arg, "python3 -u");
    cr_expect_eq(exec_probe_bytes("#!/bin/sh", 9, &probe), EXEC_SCRIPT);
    cr_expect_str_eq(probe.interp, "/bin/sh");
    cr_expect_not(probe.has_arg);
    memset(long_line, 'a', sizeof long_line);
    memcpy(long_line, "#!/", 3);
    cr_expect_eq(exec_probe_bytes(long_line, 256, &probe), EXEC_NOT_EXEC, "cut off");
}
