/* What programs (never library functions) tell their operator, on stderr.
 *
 * error = we failed, warning = we went on, info = once per event a person
 * asked for.  One line per event, `key=value` after the sentence; no
 * secrets.  The only file with state of its own. */
#ifndef NFZ_BASE_LOG_H
#define NFZ_BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };

/* Name in front of each line; level is the last one printed.  With stamps,
 * each line starts with the time (daemons). */
void log_open(const char *program, enum log_level level, bool stamps);
void log_error(const char *fmt, ...) NFZ_PRINTF(1, 2);
void log_warning(const char *fmt, ...) NFZ_PRINTF(1, 2);
void log_info(const char *fmt, ...) NFZ_PRINTF(1, 2);
/* Prints an error value in the form all programs use: sentence, stable code at
 * the right, remedy lines indented. */
void log_err(const struct err *err);

/* At most `burst` lines a second for one cause; the rest are counted and said
 * in the next line that passes. */
struct log_limit {
	int burst;
	int64_t second;
	unsigned long in_second, hidden;
};
/* True when a line may be printed now; *ret_hidden gets the lines kept back
 * since the last one that passed. */
bool log_allow(struct log_limit *limit, unsigned long *ret_hidden);

#endif
