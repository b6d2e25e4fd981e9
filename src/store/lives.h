/* What stores know of the taps themselves: how wrong their clocks are, and
 * when each was closed. */
#ifndef NFZ_STORE_LIVES_H
#define NFZ_STORE_LIVES_H

#include "store/catalog.h"
#include "store/store.h"

struct lives {
	int64_t *offset_ns; /* by tap, to add to its times; NULL: all are 0 */
	/* by tap and time */
	struct life_end {
		uint16_t tap;
		int64_t at_ns; /* corrected */
	} * ends;
	size_t n_ends, ends_cap;
};

/* Adds what one store knows; taps: what its taps are called here, NULL: the
 * same.  Begins with an empty one, {0}. */
void lives_read(const struct store *s, const struct catalog *c,
	const uint16_t *taps, struct lives *to);
void lives_release(struct lives *l);
/* When the tap was closed that watched at this time: its meter ended, which
 * tells what it counted up to its end, and was started again later, or the tap
 * is not watched now.  INT64_MAX: not yet, or nobody knows. */
int64_t lives_end(const struct lives *l, uint16_t tap, int64_t at_ns);

#endif
