/* See untag.h. Invariant: the guest's own structures keep their tags. */
#include "syscalls/untag.h"
#include <string.h>
#include "emu/base/alloc.h"
#include "emu/base/bits.h"
#include "emu/guest/mem.h"

#define MAX_COUNT 1024 /* UIO_MAXIOV */

typedef struct Iovec {
    uint64_t base, size;
} Iovec;

typedef struct Message { /* struct mmsghdr */
    uint64_t name;
    uint32_t name_size, pad;
    uint64_t iov, iov_count, control, control_size;
    uint32_t flags, pad2;
    uint32_t size, pad3; /* behind a msghdr */
} Message;
_Static_assert(sizeof(Message) == 64 && offsetof(Message, size) == 56, "as the kernel's");

static uint64_t untagged(uint64_t address)
{
    return (uint64_t)sext(address, 56);
}

/* Copies iovecs; *tagged becomes true when one of them has a tag. False: cannot be read. */
static bool copy_iov(Iovec *to, uint64_t from, uint64_t count, bool *tagged)
{
    if (!mem_read(to, from, count * sizeof *to))
        return false;
    for (uint64_t n = 0; n < count; n++) {
        *tagged |= to[n].base != untagged(to[n].base);
        to[n].base = untagged(to[n].base);
    }
    return true;
}

static void drop(Untagged *u)
{
    alloc_free(u->copy, u->size);
    u->copy = NULL;
}

void untag_iov(uint64_t *address, uint64_t count, Untagged *u)
{
    bool tagged = false;

    if (count == 0 || count > MAX_COUNT)
        return;
    u->messages = 0;
    u->size = count * sizeof(Iovec);
    u->copy = alloc_get(u->size);
    if (copy_iov(u->copy, *address, count, &tagged) && tagged)
        *address = (uintptr_t)u->copy;
    else
        drop(u);
}

/* The iovecs of all messages; ~0: they cannot be read, or are too many. */
static uint64_t count_iovs(uint64_t messages, uint64_t count, unsigned stride)
{
    uint64_t all = 0, iov_count;

    for (uint64_t n = 0; n < count; n++) {
        uint64_t at = messages + n * stride + offsetof(Message, iov_count);
        if (!mem_read(&iov_count, at, sizeof iov_count) || iov_count > MAX_COUNT)
            return ~0ull;
        all += iov_count;
    }
    return all;
}

/* One message, whose iovecs go to iov. The same results as copy_iov(). */
static bool copy_message(uint8_t *to, uint64_t from, unsigned stride, Iovec *iov, uint64_t *used,
                         uint64_t room, bool *tagged)
{
    Message m;

    if (!mem_read(&m, from, stride) || m.iov_count > room - *used)
        return false;
    *tagged |= m.name != untagged(m.name) || m.iov != untagged(m.iov) ||
               m.control != untagged(m.control);
    m.name = untagged(m.name);
    m.control = untagged(m.control);
    m.iov = untagged(m.iov);
    if (m.iov_count && !copy_iov(iov + *used, m.iov, m.iov_count, tagged))
        return false;
    m.iov = (uintptr_t)(iov + *used);
    *used += m.iov_count;
    memcpy(to, &m, stride);
    return true;
}

void untag_messages(uint64_t *address, uint64_t count, bool multiple, bool received, Untagged *u)
{
    unsigned stride = multiple ? sizeof(Message) : offsetof(Message, size);
    bool tagged = false;

    count = count > MAX_COUNT ? MAX_COUNT : count; /* as the kernel cuts it */
    uint64_t room = count_iovs(*address, count, stride), used = 0;
    if (count == 0 || room == ~0ull)
        return;
    u->size = count * stride + room * sizeof(Iovec);
    u->copy = alloc_get(u->size);
    uint8_t *messages = u->copy;
    for (uint64_t n = 0; n < count; n++)
        if (!copy_message(messages + n * stride, *address + n * stride, stride,
                          (Iovec *)(messages + count * stride), &used, room, &tagged)) {
            drop(u);
            return;
        }
    if (!tagged) {
        drop(u);
        return;
    }
    u->guest = *address;
    u->messages = received || multiple ? (uint32_t)count : 0;
    u->stride = stride;
    *address = (uintptr_t)u->copy;
}

void untag_end(Untagged *u)
{
    static const struct {
        uint8_t offset, size;
    } written[] = {{offsetof(Message, name_size), 4},
                   {offsetof(Message, control_size), 8},
                   {offsetof(Message, flags), 4},
                   {offsetof(Message, size), 4}};

    if (!u->copy)
        return;
    for (uint32_t n = 0; n < u->messages; n++)
        for (unsigned k = 0; k < COUNTOF(written) && written[k].offset < u->stride; k++) {
            size_t at = (size_t)n * u->stride + written[k].offset;
            mem_write(u->guest + at, (uint8_t *)u->copy + at, written[k].size);
        }
    drop(u);
}
