/* Whose tap is whose.  A key proves who speaks, not that it has seen anything: a
 * meter speaks of its own taps, a flow cache of those of meters.  What a module
 * says of others is left out, and counted.
 *
 * The names of the run (store/catalog.h) tell, and for records that an earlier
 * plan left on their way the store: what was a module's tap remains so.  Where
 * neither names any tap, everybody's word is taken. */
#ifndef NFZ_COLLECTOR_OWNERS_H
#define NFZ_COLLECTOR_OWNERS_H

#include "collector/collector.h"

struct owners;

/* Says so when the names cannot be read. */
struct owners *owners_new(const struct collector *c);
void owners_free(struct owners *o); /* NULL is fine */
/* The batch without what is left out of it: itself, or with copies of the rest
 * that hold until the next call. */
struct endpoint_batch owners_sift(
	struct owners *o, const struct endpoint_batch *b);
/* A batch was taken, so much of it. */
void owners_count(struct owners *o, const struct endpoint_batch *b,
	const struct endpoint_batch *rest);
/* Of a module, since we began: records, and counters. */
uint64_t owners_left_out(const struct owners *o, uint16_t module);

#endif
