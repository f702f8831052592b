/* What the files of loader/ share. */
#ifndef LOADER_PARTS_H
#define LOADER_PARTS_H

#include <elf.h>
#include "emu/base/bits.h"
#include "loader/elf.h"

/* One ELF file in memory. */
typedef struct Image {
    const char *path;
    int fd;
    uint64_t file_size;
    Elf64_Ehdr head;
    Elf64_Phdr *phdr;    /* head.e_phnum entries, own heap */
    uint64_t low, high;  /* page-aligned span of all PT_LOAD, before the bias */
    uint64_t align;      /* the largest PT_LOAD alignment, at least a page */
    uint64_t bias;       /* address in memory - p_vaddr */
    uint64_t phdr_addr;  /* guest address of the program headers, 0 when not mapped */
    bool stack_exec;     /* PT_GNU_STACK asks for an executable stack */
    char *interp;        /* PT_INTERP, own heap, or NULL */
} Image;

/* Why a file was refused: an errno, and what exactly is wrong ("" when errno says it all). */
typedef struct LoadError {
    int error;
    bool wrong_arch; /* a well-formed ELF file for something else */
    char detail[96];
} LoadError;

/* Reads and validates headers; nothing is mapped yet. */
bool image_read(Image *image, LoadError *e);

/* Maps the segments at image->bias. */
bool image_map(Image *image, LoadError *e);

void image_free(Image *image);

/* Sets e, returns false. */
bool load_error(LoadError *e, int error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Maps the vDSO (sigreturn trampoline, clock functions): its address, or -errno. */
int64_t vdso_map(uint64_t *sigreturn_pc);

/* Maps the stack and writes it: 0 or -errno. exec: the guest may execute it. */
int64_t stack_build(const Image *program, uint64_t interp_base, uint64_t *sp);

#endif
