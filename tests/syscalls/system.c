/* What machine and limits the program sees; calls that QEMU does not have. */
#include "tests/syscalls/guest.h"
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>

int main(void)
{
    char buf[32] = {0}, src[8] = "remote";
    struct iovec local = {buf, 7}, remote = {src, 7};
    struct utsname un;
    struct sysinfo si;
    struct rlimit rl;
    cpu_set_t set;
    unsigned cpu;
    unsigned long context = 0;

    CHECK(uname(&un) == 0 && !strcmp(un.sysname, "Linux") && !strcmp(un.machine, "aarch64"));
    CHECK(sysinfo(&si) == 0 && si.totalram > 0 && si.procs > 0);
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0);
    CHECK(syscall(SYS_getcpu, &cpu, NULL, NULL) == 0);
    CHECK(getrandom(buf, sizeof buf, 0) == sizeof buf);
    CHECK(prlimit(0, RLIMIT_NOFILE, NULL, &rl) == 0 && rl.rlim_cur > 2);
    CHECK_ERRNO(syscall(244), ENOSYS);
    CHECK_ERRNO(syscall(1000), ENOSYS);
    CHECK_ERRNO(syscall(SYS_pkey_alloc, 0, 0), ENOSPC);
    CHECK(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 7 && !strcmp(buf, "remote"));
    memcpy(buf, "changed", 7);
    CHECK(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == 7 && src[0] == 'c');
    CHECK(syscall(SYS_io_setup, 4, &context) == 0 && syscall(SYS_io_destroy, context) == 0);
    CHECK(syscall(SYS_membarrier, 0, 0, 0) >= 0);
    CHECK(getppid() > 0 && getpgid(0) > 0 && syscall(SYS_gettid) == getpid());
    return check_done();
}
