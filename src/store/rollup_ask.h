/* Which questions rollups answer, and their answers: groups by protocol, time,
 * and a port, an interface or a host on one side, of flows that a filter wants
 * that is about nothing else.  They are of whole segments: one that lies wholly
 * within the time asked for has nothing that is left out of it. */
#ifndef NFZ_STORE_ROLLUP_ASK_H
#define NFZ_STORE_ROLLUP_ASK_H

#include "store/filter.h"
#include "store/group.h"
#include "store/rollup.h"

struct rollup_ask {
	const struct filter *filter;
	enum rollup_kind kind;
	bool by_value;     /* what others had is not enough */
	int64_t bucket_ns; /* 0: not by time */
};

/* False: none can. */
bool rollup_can(struct rollup_ask *ret, const struct filter *filter,
	const struct group_by *by);

struct rollup_sum {
	struct group_value value;
	uint64_t flows, packets, bytes;
};
typedef int (*rollup_fn)(
	void *ctx, const struct rollup_sum *sum, struct err *err);
/* Gives all that the segment's records add to the answer, and how many records
 * that are.  1; 0: this rollup cannot tell, nothing was given; or the error. */
int rollup_tell(const struct rollup *r, const struct rollup_ask *ask,
	uint64_t *ret_records, rollup_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;

#endif
