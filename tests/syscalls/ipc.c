/* System V semaphores and messages, POSIX message queues. */
#include "tests/syscalls/guest.h"
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <time.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

int main(void)
{
    struct timespec ts = {0, 1000000};
    struct sembuf up = {1, 2, 0}, down = {1, -1, IPC_NOWAIT}, wait = {0, -1, 0};
    struct { long type; char text[8]; } m = {3, "hello"};
    unsigned short values[3];
    struct semid_ds sd;
    struct msqid_ds md;
    int id;

    CHECK((id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0640)) >= 0);
    CHECK(semop(id, &up, 1) == 0 && semop(id, &down, 1) == 0 && semop(id, &down, 1) == 0);
    CHECK_ERRNO(semop(id, &down, 1), EAGAIN);
    CHECK_ERRNO(semtimedop(id, &wait, 1, &ts), EAGAIN);
    CHECK(semctl(id, 2, SETVAL, (union semun){.val = 9}) == 0 && semctl(id, 2, GETVAL) == 9);
    CHECK(semctl(id, 0, GETALL, (union semun){.array = values}) == 0 && values[2] == 9);
    CHECK(semctl(id, 0, IPC_STAT, (union semun){.buf = &sd}) == 0);
    CHECK(sd.sem_nsems == 3 && (sd.sem_perm.mode & 0777) == 0640);
    CHECK(sd.sem_otime > 1000000000 && sd.sem_ctime > 1000000000);
    sd.sem_perm.mode = 0600;
    CHECK(semctl(id, 0, IPC_SET, (union semun){.buf = &sd}) == 0);
    CHECK(semctl(id, 0, IPC_STAT, (union semun){.buf = &sd}) == 0);
    CHECK((sd.sem_perm.mode & 0777) == 0600 && semctl(id, 0, IPC_RMID) == 0);

    CHECK((id = msgget(IPC_PRIVATE, IPC_CREAT | 0600)) >= 0);
    CHECK(msgsnd(id, &m, 6, 0) == 0);
    CHECK(msgctl(id, IPC_STAT, &md) == 0 && md.msg_qnum == 1 && md.msg_stime > 1000000000);
    memset(&m, 0, sizeof m);
    CHECK(msgrcv(id, &m, 8, 3, 0) == 6 && m.type == 3 && !strcmp(m.text, "hello"));
    CHECK_ERRNO(msgrcv(id, &m, 8, 0, IPC_NOWAIT), ENOMSG);
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);

    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 16};
    mqd_t q = mq_open("/emu-test-ipc", O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr);
    if (q != (mqd_t)-1) {
        char text[16];
        unsigned prio;

        mq_unlink("/emu-test-ipc");
        CHECK(mq_send(q, "one", 3, 7) == 0 && mq_receive(q, text, 16, &prio) == 3 && prio == 7);
        CHECK_ERRNO(mq_receive(q, text, 16, &prio), EAGAIN);
        CHECK(mq_getattr(q, &attr) == 0 && attr.mq_maxmsg == 2 && attr.mq_flags == O_NONBLOCK);
    } else {
        CHECK(errno == ENOSYS || errno == EACCES);
    }
    return check_done();
}
