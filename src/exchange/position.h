/* How far the flows of a store went to a table (private to sink.c). */
#ifndef NFZ_EXCHANGE_POSITION_H
#define NFZ_EXCHANGE_POSITION_H

#include "base/err.h"

#include <stdint.h>

struct position {
	char *path;
	int lock;
	uint64_t id;       /* of this store's way to this table */
	int64_t done_ns;   /* flows that ended before are there */
	int64_t until_ns;  /* of the window under way; done_ns: none is */
	int64_t sent_ns;   /* of it, the end of the last flow known to be... */
	uint64_t sent_tie; /* ...there, and its place among its like */
	uint64_t flows;    /* that went, ever */
};

/* Reads the file or makes it: of one destination and one filter.  Another
 * process must not have it (NFZ_E_BUSY). */
int position_open(const char *path, const char *to, const char *filter,
	struct position *ret, struct err *err) NFZ_MUST_CHECK;
void position_close(struct position *p);
/* Makes it durable. */
int position_save(const struct position *p, const char *to, const char *filter,
	struct err *err) NFZ_MUST_CHECK;
/* No flow of the window is known to be there. */
void position_rewind(struct position *p);
/* The number of the next batch: of this way, window and place in it. */
uint64_t position_batch(const struct position *p);

#endif
