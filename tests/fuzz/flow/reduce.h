/* Makes a batch that shows a difference small enough to be read. */
#ifndef TESTS_FUZZ_FLOW_REDUCE_H
#define TESTS_FUZZ_FLOW_REDUCE_H

#include "tests/fuzz/flow/guest.h"

/* True when the batch as it is now still shows the difference. */
typedef bool StillDiffers(Batch *b, void *context);

/*
 * Leaves out programs, classes, statements and rounds of loops while it still differs; at most
 * `seconds`, roughly. The batch afterwards does differ, if it did before.
 */
void reduce(Batch *b, unsigned seconds, StillDiffers *differs, void *context);

#endif
