/* brk, mmap, mremap, mprotect, madvise, mlock, mincore, SysV shared memory. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define PAGE 4096ul

int main(void)
{
    char *p, *q, *brk0 = sbrk(0);
    unsigned char vec[4];
    struct shmid_ds ds;
    int fd, id;

    CHECK((char *)syscall(SYS_brk, -1l) == brk0); /* QEMU dies here */
    CHECK(sbrk((intptr_t)(64 * PAGE)) == brk0);
    memset(brk0, 1, 64 * PAGE);
    CHECK(sbrk(-(intptr_t)(64 * PAGE)) != (void *)-1);

    p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    memset(p, 5, 8 * PAGE);
    CHECK(munmap(p + 2 * PAGE, PAGE) == 0);
    CHECK_ERRNO(mprotect(p, 8 * PAGE, PROT_READ), ENOMEM);
    CHECK_ERRNO(msync(p, 8 * PAGE, MS_ASYNC), ENOMEM);
    CHECK(mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
               0) == p + 2 * PAGE);
    CHECK(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
              MAP_FAILED && errno == EEXIST);
    CHECK(p[2 * PAGE] == 0 && mprotect(p, 8 * PAGE, PROT_READ | PROT_WRITE) == 0);
    CHECK(madvise(p, PAGE, MADV_DONTNEED) == 0 && p[0] == 0 && p[PAGE] == 5);
    CHECK(mincore(p, 4 * PAGE, vec) == 0);
    CHECK(mlock(p, PAGE) == 0 && munlock(p, PAGE) == 0);
    CHECK_ERRNO(munmap(p + 1, PAGE), EINVAL);
    CHECK_ERRNO(munmap(p, 0), EINVAL);
    q = mremap(p + 4 * PAGE, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED && q[0] == 5 && q[4 * PAGE] == 0);
    CHECK(munmap(q, 64 * PAGE) == 0 && munmap(p, 4 * PAGE) == 0);

    fd = (int)syscall(SYS_memfd_create, "m", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, PAGE) == 0);
    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(p != MAP_FAILED && q != MAP_FAILED && p != q);
    p[7] = 'z';
    CHECK(q[7] == 'z');
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
          errno == EINVAL);
    p = mmap(NULL, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED && munmap(p, 1ul << 40) == 0);

    CHECK((id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600)) >= 0);
    p = shmat(id, NULL, 0);
    q = shmat(id, NULL, SHM_RDONLY);
    CHECK(p != (void *)-1 && q != (void *)-1);
    strcpy(p + 2 * PAGE, "shared");
    CHECK(!strcmp(q + 2 * PAGE, "shared"));
    CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 3 * PAGE && ds.shm_nattch == 2);
    CHECK(shmdt(p) == 0 && shmdt(q) == 0);
    CHECK_ERRNO(shmdt(p), EINVAL);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    return check_done();
}
