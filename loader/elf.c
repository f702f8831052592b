/*
 * execve's work: opens the program and its interpreter, places both, starts the heap, and
 * turns failures into the messages and exit codes that users know.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "emu/base/check.h"
#include "emu/base/sys.h"
#include "emu/guest/exec_probe.h"
#include "emu/guest/mem.h"
#include "emu/guest/path.h"
#include "emu/guest/process.h"
#include "loader/parts.h"

#define PIE_RANDOM_PAGES BIT(26) /* 256 GiB of places for the program */
#define BRK_RANDOM_PAGES BIT(18) /* 1 GiB, as the kernel */

typedef struct Message {
    char *text;
    size_t size;
} Message;

/* Opens what may be executed: fd or -errno, with the errors of the kernel's execve. */
static int64_t open_program(const char *path)
{
    struct stat st;

    int64_t ret = sys(SYS_newfstatat, AT_FDCWD, path, &st, 0);
    if (sys_failed(ret))
        return ret;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    int64_t fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (sys_failed(fd))
        return fd;
    ret = exec_check_access((int)fd);
    if (ret) {
        sys(SYS_close, fd);
        return ret;
    }
    return fd;
}

static int fail_load(const Message *m, const char *path, const LoadError *e)
{
    if (e->wrong_arch) {
        snprintf(m->text, m->size, "%s: %s: Invalid ELF image for this architecture", progname,
                 path);
        return LOADER_ARCH_EXIT;
    }
    const char *text = strerror(e->error);
    if (e->detail[0])
        snprintf(m->text, m->size, "Error while loading %s: %s (%s)", path, text, e->detail);
    else
        snprintf(m->text, m->size, "Error while loading %s: %s", path, text);
    return LOADER_ERROR_EXIT;
}

static int fail_errno(const Message *m, const char *path, int64_t error)
{
    LoadError e = {.error = (int)-error};
    return fail_load(m, path, &e);
}

/* Position-independent programs go to GUEST_PIE_BASE, with room for the heap above. */
static uint64_t program_bias(const Image *image)
{
    if (image->head.e_type == ET_EXEC)
        return 0;
    uint64_t base = GUEST_PIE_BASE + process_random_shift(PIE_RANDOM_PAGES);
    return ALIGN_DOWN(base, image->align) - ALIGN_DOWN(image->low, image->align);
}

static void fill_process(const Image *image)
{
    process.entry = image->head.e_entry + image->bias;
    process.phdr = image->phdr_addr;
    process.phnum = image->head.e_phnum;
    process.load_bias = image->bias;
    process.start_code = process.start_data = ~0ull;
    process.end_code = process.end_data = 0;
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        uint64_t start = p->p_vaddr + image->bias, end = start + p->p_filesz;
        if (p->p_type != PT_LOAD)
            continue;
        if (start < process.start_code)
            process.start_code = start;
        if (process.start_data == ~0ull || start > process.start_data)
            process.start_data = start;
        if ((p->p_flags & PF_X) && end > process.end_code)
            process.end_code = end;
        if (end > process.end_data)
            process.end_data = end;
    }
}

static void place_heap(const Image *image)
{
    mem_set_brk(image->bias + image->high + process_random_shift(BRK_RANDOM_PAGES));
}

/*
 * Loads the program's dynamic linker into the mmap area; its entry goes to *entry. The program is
 * mapped: when there is but one descriptor to be had, it is the linker's turn.
 */
static int load_interp(Image *program, const Message *m, uint64_t *base, uint64_t *entry)
{
    const char *name = program->interp;
    char buf[PATH_BUFFER];
    Image image = {.path = name};
    LoadError e = {0};

    const char *path = path_translate(name, buf, sizeof buf, 0);
    int64_t fd = path ? open_program(path) : -ENAMETOOLONG;
    if (fd == -EMFILE && program->fd >= 0) {
        sys(SYS_close, program->fd);
        program->fd = -1;
        fd = open_program(path);
    }
    if (sys_failed(fd)) {
        snprintf(m->text, m->size, "%s: Could not open '%s': %s", progname, name,
                 strerror((int)-fd));
        return LOADER_ARCH_EXIT;
    }
    image.fd = (int)fd;
    bool ok = image_read(&image, &e);
    if (ok && image.head.e_type == ET_DYN) {
        uint64_t low = ALIGN_DOWN(image.low, image.align);
        int64_t place = mem_place(image.high - low, image.align);
        ok = !sys_failed(place) || load_error(&e, ENOMEM, "no room");
        image.bias = (uint64_t)place - low;
    }
    ok = ok && image_map(&image, &e);
    *base = image.bias;
    *entry = image.bias + image.head.e_entry;
    image_free(&image);
    sys(SYS_close, fd);
    if (ok)
        return 0;
    if (e.wrong_arch)
        return fail_load(m, name, &e);
    snprintf(m->text, m->size, "%s: %s: %s (%s)", progname, name, strerror(e.error),
             e.detail[0] ? e.detail : "not an ELF file");
    return LOADER_ARCH_EXIT;
}

/* What follows the program's own segments: interpreter, heap, vDSO, stack. */
static int load_rest(Image *image, const Message *m, LoadedImage *out)
{
    out->entry = process.entry;
    process.interp_base = 0;
    place_heap(image);
    if (image->interp) {
        int code = load_interp(image, m, &process.interp_base, &out->entry);
        if (code)
            return code;
    }
    int64_t ret = vdso_map(&process.sigreturn_pc);
    if (!sys_failed(ret)) {
        process.vdso_base = (uint64_t)ret;
        ret = stack_build(image, process.interp_base, &out->sp);
    }
    return sys_failed(ret) ? fail_errno(m, image->path, ret) : 0;
}

int loader_load(int *fd, const char *path, LoadedImage *out, char *err, size_t errsize)
{
    Image image = {.path = path, .fd = *fd};
    Message m = {err, errsize};
    LoadError e = {0};
    int code;

    if (*fd < 0) {
        int64_t opened = open_program(path);
        if (sys_failed(opened))
            return fail_errno(&m, path, opened);
        image.fd = (int)opened;
    }
    bool ok = image_read(&image, &e);
    if (ok) {
        image.bias = program_bias(&image);
        ok = image_map(&image, &e);
    }
    if (ok) {
        fill_process(&image);
        code = load_rest(&image, &m, out);
    } else {
        code = fail_load(&m, path, &e);
    }
    image_free(&image);
    if (*fd >= 0)
        *fd = image.fd;
    else if (image.fd >= 0)
        sys(SYS_close, image.fd);
    return code;
}
