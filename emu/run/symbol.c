/*
 * Symbol lookup for reports: reads the ELF file with pread, entry by entry, so it needs neither
 * heap nor the guest's memory to be sane.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include "emu/base/fd.h"
#include "emu/base/sys.h"
#include "emu/run/symbol.h"

#define SYMBOLS_AT_ONCE 64

static bool read_at(int fd, void *to, size_t n, uint64_t at)
{
    return sys(SYS_pread64, fd, to, n, at) == (int64_t)n;
}

/* The address that the file gives to the byte at this offset. */
static bool link_address(int fd, const Elf64_Ehdr *e, uint64_t offset, uint64_t *address)
{
    Elf64_Phdr ph;

    for (unsigned i = 0; i < e->e_phnum; i++) {
        if (!read_at(fd, &ph, sizeof ph, e->e_phoff + i * sizeof ph))
            return false;
        if (ph.p_type == PT_LOAD && offset >= ph.p_offset && offset - ph.p_offset < ph.p_filesz) {
            *address = offset - ph.p_offset + ph.p_vaddr;
            return true;
        }
    }
    return false;
}

/* .symtab, or .dynsym when the file is stripped. */
static bool find_table(int fd, const Elf64_Ehdr *e, Elf64_Shdr *table)
{
    Elf64_Shdr sh;
    bool found = false;

    for (unsigned i = 0; i < e->e_shnum; i++) {
        if (!read_at(fd, &sh, sizeof sh, e->e_shoff + i * sizeof sh))
            return false;
        if (sh.sh_type == SHT_SYMTAB || (sh.sh_type == SHT_DYNSYM && !found)) {
            *table = sh;
            found = true;
            if (sh.sh_type == SHT_SYMTAB)
                break;
        }
    }
    return found;
}

/* The last function that begins at or before the address, if it reaches that far. */
static bool find_symbol(int fd, const Elf64_Shdr *table, uint64_t address, Elf64_Sym *best)
{
    Elf64_Sym some[SYMBOLS_AT_ONCE];
    uint64_t count = table->sh_size / sizeof *some;

    memset(best, 0, sizeof *best);
    for (uint64_t at = 0; at < count; at += SYMBOLS_AT_ONCE) {
        size_t n = count - at < SYMBOLS_AT_ONCE ? count - at : SYMBOLS_AT_ONCE;
        if (!read_at(fd, some, n * sizeof *some, table->sh_offset + at * sizeof *some))
            return false;
        for (size_t i = 0; i < n; i++) {
            unsigned type = ELF64_ST_TYPE(some[i].st_info);
            bool is_code = type == STT_FUNC || type == STT_GNU_IFUNC;
            if (is_code && some[i].st_shndx != SHN_UNDEF && some[i].st_value <= address &&
                some[i].st_value > best->st_value)
                *best = some[i];
        }
    }
    return best->st_value && (!best->st_size || address - best->st_value < best->st_size);
}

static bool lookup(int fd, uint64_t offset, char *buf, size_t size, uint64_t *delta)
{
    Elf64_Ehdr e;
    Elf64_Shdr table = {0}, strings;
    Elf64_Sym symbol;
    uint64_t address;

    if (!read_at(fd, &e, sizeof e, 0) || memcmp(e.e_ident, ELFMAG, SELFMAG) ||
        e.e_ident[EI_CLASS] != ELFCLASS64 || !link_address(fd, &e, offset, &address) ||
        !find_table(fd, &e, &table) || !find_symbol(fd, &table, address, &symbol) ||
        !read_at(fd, &strings, sizeof strings, e.e_shoff + table.sh_link * sizeof strings))
        return false;
    int64_t n = sys(SYS_pread64, fd, buf, size - 1, strings.sh_offset + symbol.st_name);
    if (n <= 0)
        return false;
    buf[n] = 0;
    *delta = address - symbol.st_value;
    return true;
}

bool symbol_find(const char *path, uint64_t offset, char *buf, size_t size, uint64_t *delta)
{
    int64_t fd = fd_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return false;
    bool found = lookup((int)fd, offset, buf, size, delta);
    sys(SYS_close, fd);
    return found;
}
