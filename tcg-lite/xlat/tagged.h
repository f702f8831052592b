/* Guest instructions that were seen to use tagged addresses; see tagged.c. */
#ifndef TCG_LITE_XLAT_TAGGED_H
#define TCG_LITE_XLAT_TAGGED_H

#include "tcg-lite/xlat/xlat.h"

/* Remembers pc; false: it was known already, or there is no room. */
bool tagged_add(uint64_t pc);

bool tagged_is_site(uint64_t pc);

/* Rewrites the IR of one guest instruction, from index `first` on, to drop address tags. */
void tagged_rewrite(Xlat *t, uint32_t first);

#endif
