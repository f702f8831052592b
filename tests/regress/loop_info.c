/*
 * LOOP_SET_STATUS and LOOP_GET_STATUS: struct loop_info has another layout on the host. A loop
 * device is needed, and the right to use it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/syscalls/check.h"

#define SIZE (64 << 10)

int main(void)
{
    char file[] = "/tmp/loop_info.XXXXXX", device[32], sector[512] = "second block";
    struct loop_info set = {0}, got;
    struct loop_info64 got64;
    struct stat st;
    int control = open("/dev/loop-control", O_RDWR), backing = mkstemp(file), loop = -1;

    unlink(file);
    int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
    snprintf(device, sizeof device, "/dev/loop%d", number);
    if (number >= 0)
        loop = open(device, O_RDWR);
    if (ftruncate(backing, SIZE) < 0 || loop < 0 || ioctl(loop, LOOP_SET_FD, backing) < 0) {
        puts("skipped: no loop device may be used");
        return 77;
    }
    set.lo_offset = 4096;
    set.lo_flags = LO_FLAGS_AUTOCLEAR;
    strcpy(set.lo_name, "a name");
    CHECK(ioctl(loop, LOOP_SET_STATUS, &set) == 0);
    memset(&got, 0xaa, sizeof got);
    CHECK(ioctl(loop, LOOP_GET_STATUS, &got) == 0);
    CHECK(fstat(backing, &st) == 0);
    CHECK(got.lo_number == number && got.lo_inode == st.st_ino && got.lo_offset == 4096);
    CHECK((got.lo_flags & LO_FLAGS_AUTOCLEAR) && !strcmp(got.lo_name, "a name"));
    CHECK(ioctl(loop, LOOP_GET_STATUS64, &got64) == 0 && got64.lo_offset == 4096);
    CHECK(!strcmp((char *)got64.lo_file_name, "a name"));
    CHECK(pwrite(loop, sector, sizeof sector, 0) == sizeof sector && fsync(loop) == 0);
    memset(sector, 0, sizeof sector);
    CHECK(pread(backing, sector, sizeof sector, 4096) > 0 && !strcmp(sector, "second block"));
    errno = 0;
    CHECK(ioctl(loop, LOOP_SET_STATUS, NULL) < 0 && errno == EFAULT);
    ioctl(loop, LOOP_CLR_FD, 0);
    close(loop);
    return check_done();
}
