/* Blocks of a scan, made ready by several threads and given out in their order,
 * by the thread that scans: what it does with them is the same whatever their
 * number.  At most two blocks a thread are there at once. */
#ifndef NFZ_STORE_AHEAD_H
#define NFZ_STORE_AHEAD_H

#include "store/segment.h"

struct ahead;

/* The scan says how many threads; one that cannot be started is done without. */
struct ahead *ahead_new(const struct store_scan *scan);
/* NULL is fine.  No blocks are there. */
void ahead_free(struct ahead *a);
/* One more block, of which ctx stays until it was given; where there is no room
 * the oldest is given first. */
int ahead_add(struct ahead *a, const struct segment_block *b,
	block_read_fn read, void *ctx, struct err *err) NFZ_MUST_CHECK;
/* Gives all that are left. */
int ahead_drain(struct ahead *a, struct err *err) NFZ_MUST_CHECK;
/* Forgets them; those that nobody is at yet are not read. */
void ahead_drop(struct ahead *a);

#endif
