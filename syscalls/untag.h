/*
 * Structures that hold addresses (iovec, msghdr, mmsghdr), with the tags of these removed: the
 * arm64 kernel untags what it finds there when a program uses the tagged address ABI
 * (Documentation/arch/arm64/tagged-address-abi.rst), the host's does not.
 */
#ifndef SYSCALLS_UNTAG_H
#define SYSCALLS_UNTAG_H

#include "emu/base/types.h"

/* What the kernel is shown instead of the guest's structure, during one call. All zero: nothing. */
typedef struct Untagged {
    void *copy;
    size_t size;
    uint64_t guest;   /* messages received: where the guest's are, their number and size */
    uint32_t messages, stride;
} Untagged;

/*
 * *address becomes that of a copy in *u if any address in the structure has a tag. What cannot be
 * read, or is too long for the kernel, stays: it gives the right error. The structures are `count`
 * iovecs; or `count` messages, as sendmmsg's when `multiple`, filled by the kernel when `received`.
 */
void untag_iov(uint64_t *address, uint64_t count, Untagged *u);
void untag_messages(uint64_t *address, uint64_t count, bool multiple, bool received, Untagged *u);

/* After the call: what it wrote into the copy goes to the guest's structure; frees the copy. */
void untag_end(Untagged *u);

#endif
