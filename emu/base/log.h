/*
 * The -d log. One row of log.def is one item; log_enabled() is one load and test, so
 * callers guard their work with it. Output is line-buffered per call (one write(2) each),
 * so lines of threads and processes never mix.
 */
#ifndef EMU_BASE_LOG_H
#define EMU_BASE_LOG_H

#include "emu/base/types.h"

typedef enum LogItem {
#define LOG_ITEM(id, name, help) LOG_##id,
#include "emu/base/log.def"
#undef LOG_ITEM
    LOG_ITEM_COUNT
} LogItem;

extern uint32_t log_mask; /* bit per LogItem */

static inline bool log_enabled(LogItem item)
{
    return __builtin_expect((log_mask >> item) & 1, 0);
}

/* Parses "in_asm,op,...": false and *bad = the unknown item's text on failure. */
bool log_parse_items(const char *items, uint32_t *mask, const char **bad);

/* Writes the list of items that "-d help" prints. */
void log_print_help(int fd);

/* Set before log_open by a child that goes on with its parent's log file: do not truncate it. */
extern bool log_append;

/* Opens the log file (-D); "%d" becomes the pid. NULL means stderr. */
void log_open(const char *filename_pattern);

/* There is a log file. */
extern bool log_to_file;

/* Sets -dfilter ranges ("0x1000..0x2000", "0x1000+0x200", "0x2000-0x100", comma list). */
bool log_set_filter(const char *ranges);

/* True when pc passes -dfilter (or there is none). */
bool log_pc_wanted(uint64_t pc);

/* Writes unconditionally to the log; one call is one write. */
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, when the item is enabled. */
#define LOG(item, ...) (log_enabled(item) ? log_printf(__VA_ARGS__) : (void)0)

/* The fd of the log (for dumps); moved high and close-on-exec, hidden from the guest. */
int log_fd(void);

#endif
