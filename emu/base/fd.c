/* Descriptors out of the guest's way. Raw calls only: usable on any thread. */
#include <fcntl.h>
#include "emu/base/fd.h"
#include "emu/base/sys.h"

int fd_move_high(int fd)
{
    for (int lowest = 960; lowest > 8; lowest /= 2) {
        int64_t high = sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
        if (!sys_failed(high)) {
            sys(SYS_close, fd);
            return (int)high;
        }
    }
    return fd;
}
