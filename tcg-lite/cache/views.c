/*
 * The two views of the code: the same shared memory mapped writable and executable. Several ways
 * lead there, because a hardened host refuses one or the other, with whatever errno it likes:
 * memory that may never become executable (PR_SET_MDWE, filters like systemd's), memfds without
 * the executable bit, containers' filters, kernels and checkers that know no mremap of size 0.
 * The invariant: what is mapped once works for every later mapping of this process, or the next
 * way is taken.
 */
#define _GNU_SOURCE /* MREMAP_FIXED, MFD_CLOEXEC, O_TMPFILE */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include "emu/base/sys.h"
#include "tcg-lite/cache/internal.h"

enum { NOEXEC_SEAL = 8 }; /* MFD_NOEXEC_SEAL, Linux 6.3: the only memfds of vm.memfd_noexec=2 */

/* Maps both views of the file and closes it. */
static bool map_file(Views *v, int64_t fd, uint64_t size)
{
    int64_t w = -1, x = -1;

    if (sys_failed(fd))
        return false;
    if (sys(SYS_ftruncate, fd, size) == 0) {
        int fixed = v->fixed ? MAP_FIXED : 0;
        w = sys(SYS_mmap, v->write, size, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_NORESERVE | fixed, fd, 0);
        x = sys_failed(w) ? w
                          : sys(SYS_mmap, v->exec, size, PROT_READ | PROT_EXEC,
                                MAP_SHARED | MAP_NORESERVE | fixed, fd, 0);
    }
    sys(SYS_close, fd);
    if (sys_failed(x)) {
        if (!sys_failed(w))
            sys(SYS_munmap, w, size);
        return false;
    }
    v->write = (uint8_t *)w;
    v->exec = (uint8_t *)x;
    return true;
}

/*
 * No file is involved, so no limit on files or descriptors matters: a shared mapping is mapped
 * again by mremap(2) with old size 0. Not where mprotect may not make memory executable; Valgrind
 * does not know that mremap.
 */
static bool map_anonymous(Views *v, uint64_t size)
{
    int fixed = v->fixed ? MAP_FIXED : 0;
    int64_t w = sys(SYS_mmap, v->write, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);

    if (sys_failed(w))
        return false;
    int64_t x = sys(SYS_mremap, w, 0, size, MREMAP_MAYMOVE | (v->exec ? MREMAP_FIXED : 0),
                    v->exec);
    if (!sys_failed(x) && sys(SYS_mprotect, x, size, PROT_READ | PROT_EXEC) == 0) {
        v->write = (uint8_t *)w;
        v->exec = (uint8_t *)x;
        return true;
    }
    if (!sys_failed(x))
        sys(SYS_munmap, x, size);
    sys(SYS_munmap, w, size);
    return false;
}

static bool map_memfd(Views *v, uint64_t size)
{
    return map_file(v, sys(SYS_memfd_create, "code", MFD_CLOEXEC), size);
}

static bool map_sealed_memfd(Views *v, uint64_t size)
{
    return map_file(v, sys(SYS_memfd_create, "code", MFD_CLOEXEC | NOEXEC_SEAL), size);
}

static bool map_segment(Views *v, uint64_t size)
{
    int64_t id = sys(SYS_shmget, IPC_PRIVATE, size, 0600);
    int fixed = v->fixed ? SHM_REMAP : 0;

    if (sys_failed(id))
        return false;
    int64_t w = sys(SYS_shmat, id, v->write, fixed);
    int64_t x = sys(SYS_shmat, id, v->exec, SHM_RDONLY | SHM_EXEC | fixed);
    sys(SYS_shmctl, id, IPC_RMID, NULL);
    if (!sys_failed(w) && !sys_failed(x)) {
        v->write = (uint8_t *)w;
        v->exec = (uint8_t *)x;
        return true;
    }
    if (!sys_failed(w))
        sys(SYS_shmdt, w);
    if (!sys_failed(x))
        sys(SYS_shmdt, x);
    return false;
}

static bool map_temporary(Views *v, uint64_t size)
{
    static const char *const directory[] = {"/dev/shm", "/run", "/tmp", "/var/tmp"};

    for (size_t i = 0; i < COUNTOF(directory); i++)
        if (map_file(v, sys(SYS_open, directory[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), size))
            return true;
    return false;
}

bool views_map(Views *views, uint64_t size)
{
    static bool (*const ways[])(Views *, uint64_t) = {map_anonymous, map_memfd, map_sealed_memfd,
                                                      map_segment, map_temporary};
    static size_t way; /* what was refused once stays refused: hosts only become stricter */

    for (size_t i = way; i < COUNTOF(ways); i++)
        if (ways[i](views, size)) {
            way = i;
            return true;
        }
    return false;
}

void views_unmap(const Views *views, uint64_t size)
{
    sys(SYS_munmap, views->write, size);
    sys(SYS_munmap, views->exec, size);
}

static bool move(const uint8_t *from, const uint8_t *to, uint64_t size)
{
    return !sys_failed(sys(SYS_mremap, from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to));
}

bool views_replace(Views *views, const Views *copy, uint64_t size)
{
    return move(copy->write, views->write, size) && move(copy->exec, views->exec, size);
}
