/*
 * The initial stack, laid out as the arm64 kernel does. From the top down: 8 zero bytes, the
 * program's name, environment strings, argument strings, platform, random bytes; then,
 * 16-byte aligned, argc, argv, envp and the auxiliary vector upwards from SP.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include "emu/base/log.h"
#include "emu/base/sys.h"
#include "emu/guest/abi.h"
#include "emu/guest/mem.h"
#include "emu/guest/process.h"
#include "loader/parts.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define DEFAULT_STACK (8ull << 20)
#define UNLIMITED_STACK (1ull << 30) /* RLIM_INFINITY: costs nothing until touched */
#define SLACK (128ull << 10)         /* room for the guest above what its strings take */
#define RANDOM_PAGES BIT(18)

/* What is wanted; at least what the strings need. */
static uint64_t stack_size(uint64_t least)
{
    struct rlimit limit = {0};
    uint64_t size = process.stack_size;

    if (!size) {
        sys(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit);
        size = limit.rlim_cur == RLIM_INFINITY ? UNLIMITED_STACK : limit.rlim_cur;
        if (size < DEFAULT_STACK)
            size = DEFAULT_STACK;
    }
    if (size < least)
        size = least;
    return size < GUEST_LIMIT ? ALIGN_UP(size, PAGE_SIZE_4K) : GUEST_LIMIT;
}

static size_t strings_size(char **list, size_t *count)
{
    size_t size = 0;

    for (*count = 0; list && list[*count]; ++*count)
        size += strlen(list[*count]) + 1;
    return size;
}

/* Copies the strings upwards from at; writes their addresses to *slot and moves it on. */
static uint64_t put_strings(char **list, size_t count, uint64_t at, uint64_t **slot)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(list[i]) + 1;
        memcpy((void *)at, list[i], n);
        *(*slot)++ = at;
        at += n;
    }
    *(*slot)++ = 0;
    return at;
}

typedef struct Aux {
    uint64_t type, value;
} Aux;

#define AUX_MAX 28

static size_t fill_auxv(Aux *aux, const Image *program, uint64_t interp_base, uint64_t execfn,
                        uint64_t platform, uint64_t random_bytes)
{
    const Aux all[] = {
        {A64_AT_SYSINFO_EHDR, process.vdso_base},
        {A64_AT_MINSIGSTKSZ, A64_MINSIGSTKSZ},
        {A64_AT_HWCAP, process.hwcap},
        {A64_AT_PAGESZ, PAGE_SIZE_4K},
        {A64_AT_CLKTCK, getauxval(AT_CLKTCK)},
        {A64_AT_PHDR, program->phdr_addr},
        {A64_AT_PHENT, sizeof(Elf64_Phdr)},
        {A64_AT_PHNUM, program->head.e_phnum},
        {A64_AT_BASE, interp_base},
        {A64_AT_FLAGS, 0},
        {A64_AT_ENTRY, program->head.e_entry + program->bias},
        {A64_AT_UID, getauxval(AT_UID)},
        {A64_AT_EUID, getauxval(AT_EUID)},
        {A64_AT_GID, getauxval(AT_GID)},
        {A64_AT_EGID, getauxval(AT_EGID)},
        {A64_AT_SECURE, process.secure},
        {A64_AT_RANDOM, random_bytes},
        {A64_AT_HWCAP2, process.hwcap2},
        {A64_AT_HWCAP3, process.hwcap3},
        {A64_AT_EXECFN, execfn},
        {A64_AT_PLATFORM, platform},
        {A64_AT_NULL, 0},
    };
    size_t n = 0;

    _Static_assert(COUNTOF(all) <= AUX_MAX, "the vector fits");
    for (size_t i = 0; i < COUNTOF(all); i++)
        if (all[i].value || (all[i].type != A64_AT_HWCAP3 && all[i].type != A64_AT_SYSINFO_EHDR))
            aux[n++] = all[i];
    return n;
}

/* Maps the stack area: its top, or -errno. A hole of a page and more stays below it. */
static int64_t map_stack(uint64_t size, bool exec)
{
    uint64_t top = GUEST_STACK_TOP - process_random_shift(RANDOM_PAGES);
    int prot = PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0);

    if (size > GUEST_STACK_TOP - GUEST_MMAP_TOP - RANDOM_PAGES * PAGE_SIZE_4K)
        return -ENOMEM;
    int64_t ret = mem_map(top - size, size, prot,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK |
                              MAP_FIXED_NOREPLACE, -1, 0);
    if (sys_failed(ret))
        return ret;
    mem_set_stack(top - size);
    return (int64_t)top;
}

/*
 * The kernel gives a stack as it grows, however much was asked for: here it is the largest that
 * there is room for, by halves.
 */
static int64_t map_largest_stack(uint64_t strings, bool exec)
{
    uint64_t least = strings + SLACK, wanted = stack_size(least), size = wanted;
    int64_t top;

    while (sys_failed(top = map_stack(size, exec)) && size / 2 >= least)
        size = ALIGN_UP(size / 2, PAGE_SIZE_4K);
    if (size != wanted)
        LOG(LOG_UNIMP, "stack: %llu bytes instead of %llu\n", (unsigned long long)size,
            (unsigned long long)wanted);
    return top;
}

int64_t stack_build(const Image *program, uint64_t interp_base, uint64_t *sp)
{
    static const char platform_name[16] = "aarch64";
    size_t argc, envc;
    size_t arg_size = strings_size(process.argv, &argc);
    size_t env_size = strings_size(process.envp, &envc);
    size_t name_size = strlen(process.exec_path) + 1;
    size_t pointers = (argc + envc + 3) * 8 + sizeof(Aux) * AUX_MAX;

    int64_t top = map_largest_stack(arg_size + env_size + name_size + pointers,
                                    program->stack_exec);
    if (sys_failed(top))
        return top;
    uint64_t name = (uint64_t)top - 8 - name_size;
    uint64_t args = name - env_size - arg_size;
    uint64_t platform = ALIGN_DOWN(args, 16) - sizeof platform_name;
    uint64_t random_bytes = platform - 16;
    memcpy((void *)name, process.exec_path, name_size);
    memcpy((void *)platform, platform_name, sizeof platform_name);
    for (unsigned i = 0; i < 2; i++)
        ((uint64_t *)random_bytes)[i] = process_random();

    Aux aux[AUX_MAX];
    size_t aux_count = fill_auxv(aux, program, interp_base, name, platform, random_bytes);
    size_t words = 1 + argc + 1 + envc + 1;
    *sp = ALIGN_DOWN(random_bytes - words * 8 - aux_count * sizeof(Aux), 16);
    uint64_t *slot = (uint64_t *)*sp;
    *slot++ = argc;
    process.arg_start = args;
    process.arg_end = process.env_start = put_strings(process.argv, argc, args, &slot);
    process.env_end = put_strings(process.envp, envc, process.env_start, &slot);
    memcpy(slot, aux, aux_count * sizeof(Aux));
    process.auxv = (uint64_t)slot;
    process.auxv_size = aux_count * sizeof(Aux);
    process.start_stack = *sp;
    return 0;
}
