/*
 * One ELF file: headers, validation, segments. libelf reads the headers; what the kernel would
 * refuse or die of is refused here first. The invariant: image_map touches only bytes that
 * image_read has proved to be inside the file and below GUEST_LIMIT.
 */
#include <errno.h>
#include <libelf.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "loader/parts.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define PHDRS_MAX (65536 / sizeof(Elf64_Phdr)) /* the kernel's limit */
#define ALIGN_MAX BIT(30) /* larger alignments are not honoured, as by the kernel */

bool load_error(LoadError *e, int error, const char *fmt, ...)
{
    va_list ap;

    e->error = error;
    va_start(ap, fmt);
    vsnprintf(e->detail, sizeof e->detail, fmt, ap);
    va_end(ap);
    return false;
}

static bool read_at(const Image *image, void *to, uint64_t n, uint64_t offset)
{
    for (uint64_t have = 0; have < n;) {
        int64_t got = sys(SYS_pread64, image->fd, (char *)to + have, n - have, offset + have);
        if (got == -EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (uint64_t)got;
    }
    return true;
}

/* The identity of the file: ELF at all, and ours? */
static bool check_identity(Image *image, LoadError *e)
{
    unsigned char bytes[sizeof(Elf64_Ehdr)] = {0};
    uint64_t n = image->file_size < sizeof bytes ? image->file_size : sizeof bytes;
    Elf64_Ehdr *h = &image->head;

    if (n < sizeof(Elf32_Ehdr) || !read_at(image, bytes, n, 0) ||
        memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return load_error(e, ENOEXEC, "%s", "");
    memcpy(h, bytes, sizeof *h);
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
        h->e_machine != A64_EM_AARCH64 || (h->e_type != ET_EXEC && h->e_type != ET_DYN)) {
        e->wrong_arch = true;
        return load_error(e, ENOEXEC, "%s", "");
    }
    if (n < sizeof bytes || h->e_ident[EI_VERSION] != EV_CURRENT)
        return load_error(e, ENOEXEC, "the ELF header is incomplete");
    if (h->e_phentsize != sizeof(Elf64_Phdr))
        return load_error(e, ENOEXEC, "program headers of %u bytes", h->e_phentsize);
    if (!h->e_phnum || h->e_phnum > PHDRS_MAX)
        return load_error(e, ENOEXEC, "%u program headers", h->e_phnum);
    uint64_t size = h->e_phnum * sizeof(Elf64_Phdr);
    if (h->e_phoff > image->file_size || size > image->file_size - h->e_phoff)
        return load_error(e, ENOEXEC, "the program headers lie beyond the end of the file");
    return true;
}

/* The program headers, through libelf; false when it finds them unreadable. */
static bool read_headers(Image *image, LoadError *e)
{
    size_t count = 0, size = image->head.e_phnum * sizeof(Elf64_Phdr);

    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(image->fd, ELF_C_READ, NULL);
    Elf64_Phdr *from = NULL;
    if (elf && elf_kind(elf) == ELF_K_ELF && elf_getphdrnum(elf, &count) == 0 &&
        count == image->head.e_phnum)
        from = elf64_getphdr(elf);
    if (from) {
        image->phdr = alloc_get(size);
        memcpy(image->phdr, from, size);
    }
    elf_end(elf);
    return from ? true : load_error(e, ENOEXEC, "unreadable program headers");
}

/* previous: the PT_LOAD before it, or NULL; the ELF rules want rising addresses. */
static bool check_segment(Image *image, unsigned i, const Elf64_Phdr *previous, LoadError *e)
{
    const Elf64_Phdr *p = &image->phdr[i];

    if (p->p_filesz > p->p_memsz)
        return load_error(e, ENOEXEC, "segment %u is larger in the file than in memory", i);
    if (p->p_offset > image->file_size || p->p_filesz > image->file_size - p->p_offset)
        return load_error(e, ENOEXEC, "segment %u lies beyond the end of the file", i);
    if (p->p_filesz && p->p_vaddr % PAGE_SIZE_4K != p->p_offset % PAGE_SIZE_4K)
        return load_error(e, ENOEXEC, "segment %u is not aligned to pages", i);
    if (p->p_memsz > GUEST_LIMIT - PAGE_SIZE_4K ||
        p->p_vaddr > GUEST_LIMIT - PAGE_SIZE_4K - p->p_memsz)
        return load_error(e, ENOEXEC, "segment %u lies outside the address space", i);
    if (previous && p->p_vaddr < previous->p_vaddr)
        return load_error(e, ENOEXEC, "segment %u is not in order of addresses", i);
    if (previous && p->p_vaddr < previous->p_vaddr + previous->p_memsz)
        return load_error(e, ENOEXEC, "segment %u overlaps the one before it", i);
    return true;
}

static bool read_interp(Image *image, const Elf64_Phdr *p, LoadError *e)
{
    if (p->p_filesz < 2 || p->p_filesz > PATH_MAX || p->p_offset > image->file_size ||
        p->p_filesz > image->file_size - p->p_offset)
        return load_error(e, ENOEXEC, "the interpreter's name is missing");
    image->interp = alloc_get(PATH_MAX + 1);
    if (!read_at(image, image->interp, p->p_filesz, p->p_offset) ||
        image->interp[p->p_filesz - 1] != '\0')
        return load_error(e, ENOEXEC, "the interpreter's name is not terminated");
    return true;
}

static bool check_headers(Image *image, LoadError *e)
{
    const Elf64_Phdr *previous = NULL;

    image->low = GUEST_LIMIT;
    image->high = 0;
    image->align = PAGE_SIZE_4K;
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        if (p->p_type == PT_GNU_STACK)
            image->stack_exec = p->p_flags & PF_X;
        if (p->p_type == PT_INTERP && !image->interp && !read_interp(image, p, e))
            return false;
        if (p->p_type != PT_LOAD)
            continue;
        if (!check_segment(image, i, previous, e))
            return false;
        if (!p->p_memsz)
            continue;
        previous = p;
        uint64_t low = ALIGN_DOWN(p->p_vaddr, PAGE_SIZE_4K);
        uint64_t high = ALIGN_UP(p->p_vaddr + p->p_memsz, PAGE_SIZE_4K);
        image->low = low < image->low ? low : image->low;
        image->high = high > image->high ? high : image->high;
        bool power = p->p_align && !(p->p_align & (p->p_align - 1));
        if (power && p->p_align > image->align && p->p_align <= ALIGN_MAX)
            image->align = p->p_align;
    }
    return image->high ? true : load_error(e, ENOEXEC, "no segment is to be loaded");
}

bool image_read(Image *image, LoadError *e)
{
    struct stat st;

    if (sys_failed(sys(SYS_fstat, image->fd, &st)))
        return load_error(e, EBADF, "%s", "");
    image->file_size = (uint64_t)st.st_size;
    return check_identity(image, e) && read_headers(image, e) && check_headers(image, e);
}

void image_free(Image *image)
{
    alloc_free(image->phdr, image->head.e_phnum * sizeof(Elf64_Phdr));
    alloc_free(image->interp, PATH_MAX + 1);
    image->phdr = NULL;
    image->interp = NULL;
}

static int segment_prot(const Elf64_Phdr *p)
{
    return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
           (p->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Zeroes [start, end of its page), which is mapped with prot. */
static int64_t zero_rest_of_page(uint64_t start, int prot)
{
    uint64_t page = ALIGN_DOWN(start, PAGE_SIZE_4K);

    if (page == start)
        return 0;
    int64_t ret = mem_protect(page, PAGE_SIZE_4K, PROT_READ | PROT_WRITE);
    if (ret)
        return ret;
    memset((void *)start, 0, page + PAGE_SIZE_4K - start);
    return mem_protect(page, PAGE_SIZE_4K, prot);
}

/* Maps a part where the file wants it. */
static int64_t map_part(uint64_t at, uint64_t len, int prot, int flags, int fd, uint64_t offset)
{
    int64_t ret = mem_map(at, len, prot, flags, fd, offset);

    if (ret == -EEXIST && mem_evict_files(at, at + len))
        ret = mem_map(at, len, prot, flags, fd, offset);
    return ret;
}

/* mapped_to: end of what earlier segments of this image mapped; they may share its last page. */
static int64_t map_segment(const Image *image, const Elf64_Phdr *p, uint64_t *mapped_to)
{
    uint64_t start = p->p_vaddr + image->bias, file_end = start + p->p_filesz;
    uint64_t page = ALIGN_DOWN(start, PAGE_SIZE_4K), file_pages = page;
    uint64_t end = ALIGN_UP(start + p->p_memsz, PAGE_SIZE_4K);
    int prot = segment_prot(p), fixed = page < *mapped_to ? MAP_FIXED : MAP_FIXED_NOREPLACE;
    int64_t ret;

    if (p->p_filesz) {
        file_pages = ALIGN_UP(file_end, PAGE_SIZE_4K);
        ret = map_part(page, file_pages - page, prot, MAP_PRIVATE | fixed, image->fd,
                       ALIGN_DOWN(p->p_offset, PAGE_SIZE_4K));
        if (sys_failed(ret))
            return ret;
    } else if (page < *mapped_to) {
        file_pages = page + PAGE_SIZE_4K; /* its zeros begin in a page that exists already */
    }
    if (p->p_memsz > p->p_filesz) {
        if (file_pages > page)
            ret = zero_rest_of_page(file_end, prot);
        else
            ret = 0;
        if (ret)
            return ret;
        if (end > file_pages) {
            ret = map_part(file_pages, end - file_pages, prot,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
            if (sys_failed(ret))
                return ret;
        }
    }
    *mapped_to = end > *mapped_to ? end : *mapped_to;
    return 0;
}

/* Only an image at fixed addresses can meet something (the program, when it is the linker). */
static bool addresses_free(const Image *image, LoadError *e)
{
    MemArea area;

    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        uint64_t start = ALIGN_DOWN(p->p_vaddr + image->bias, PAGE_SIZE_4K);
        if (p->p_type == PT_LOAD && p->p_memsz && mem_find_next(start, &area) &&
            area.start < p->p_vaddr + image->bias + p->p_memsz)
            return load_error(e, EEXIST, "the addresses of segment %u are taken", i);
    }
    return true;
}

/* Where the program headers lie in memory: PT_PHDR, or the segment that holds e_phoff. */
static uint64_t find_phdrs(const Image *image)
{
    for (unsigned i = 0; i < image->head.e_phnum; i++)
        if (image->phdr[i].p_type == PT_PHDR)
            return image->phdr[i].p_vaddr + image->bias;
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        uint64_t at = image->head.e_phoff;
        if (p->p_type == PT_LOAD && at >= p->p_offset && at - p->p_offset < p->p_filesz)
            return at - p->p_offset + p->p_vaddr + image->bias;
    }
    return 0;
}

bool image_map(Image *image, LoadError *e)
{
    uint64_t mapped_to = 0;

    if (image->bias + image->high > GUEST_LIMIT)
        return load_error(e, ENOMEM, "no room for an image of %#llx bytes",
                          (unsigned long long)(image->high - image->low));
    if (!addresses_free(image, e))
        return false;
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        if (p->p_type != PT_LOAD || !p->p_memsz)
            continue;
        int64_t ret = map_segment(image, p, &mapped_to);
        if (ret)
            return load_error(e, (int)-ret, "cannot map segment %u", i);
    }
    image->phdr_addr = find_phdrs(image);
    return true;
}
