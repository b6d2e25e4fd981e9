/* Clocks of modules that were set while they ran.  A store has one offset of
 * each module, so all its records are to be of one clock: that of before the
 * first step.  What is dated by a later one is brought back to it when it
 * comes, and that the clock was set is an event. */
#ifndef NFZ_COLLECTOR_STEPS_H
#define NFZ_COLLECTOR_STEPS_H

#include "collector/collector.h"

struct steps;

struct steps *steps_new(const struct setup *setup);
void steps_free(struct steps *s); /* NULL is fine */
/* How far the clock of the i-th peer, of which that is known, is from ours as
 * far as the store is concerned. */
int64_t steps_offset(struct steps *s, struct collector *c, size_t i,
	const struct endpoint_peer *p);
/* The batch in that clock: itself, or with copies of what it has that hold until
 * the next call.  What was dated before a step and is sent after it is told by
 * which place is nearer to now. */
struct endpoint_batch steps_place(struct steps *s, struct collector *c,
	const struct endpoint_batch *b, int64_t now_ns);

#endif
