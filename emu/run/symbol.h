/* Names for guest code addresses, from the symbol tables of the mapped files. */
#ifndef EMU_RUN_SYMBOL_H
#define EMU_RUN_SYMBOL_H

#include "emu/base/types.h"

/*
 * The function that the file offset `offset` of `path` lies in: its name to buf and the distance
 * from its start to *delta. False when the file has no symbol for it. No heap; may be slow.
 */
bool symbol_find(const char *path, uint64_t offset, char *buf, size_t size, uint64_t *delta);

#endif
