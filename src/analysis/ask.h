/* The command line of nfz-query(1), answered from a store on this machine. */
#ifndef NFZ_ANALYSIS_ASK_H
#define NFZ_ANALYSIS_ASK_H

#include "base/err.h"

#include <stdint.h>

/* Asks the collector of the store for what is still in caches (--flush); NULL:
 * there is nobody to be asked. */
typedef int (*ask_flush_fn)(const char *dir, int64_t wait_ms, struct err *err);

/* Writes rows to stdout and what is said about them to stderr. */
int ask_run(int argc, char **argv, ask_flush_fn flush,
	struct err *err) NFZ_MUST_CHECK;

/* The same without a store: what is wrong with the words, wherever they are
 * asked.  Names in the filter may be right. */
int ask_check(int argc, char **argv, struct err *err) NFZ_MUST_CHECK;

#endif
