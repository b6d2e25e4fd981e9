/* Bytes in pieces of time, for many things at once, and what is charged and
 * planned by: the mean, the peak and the 95th percentile of the rate. */
#ifndef NFZ_ANALYSIS_COURSES_H
#define NFZ_ANALYSIS_COURSES_H

#include "flow/record.h"
#include "store/fold.h"

#include <stdbool.h>

/* What has a course, or one in each of two directions. */
struct course_thing {
	uint64_t words[3];
};
enum { COURSE_SIDES = 2 };

struct courses {
	int64_t unit_ns;
	struct fold *pieces;
	bool any;
	int64_t first_ns, last_ns; /* begins of the first and the last piece */
};

void courses_init(struct courses *c, int64_t unit_ns);
void courses_release(struct courses *c);
/* The record's bytes, spread evenly over its time. */
int courses_add(struct courses *c, const struct course_thing *thing, int side,
	const struct flow_record *r, struct err *err) NFZ_MUST_CHECK;

/* Bits a second.  Pieces of time in which there was nothing count as well, from
 * the first piece of anything to the last. */
struct course_rates {
	uint64_t bytes, mean, peak, p95;
	int64_t peak_ns; /* begin of its piece */
};
typedef int (*courses_fn)(void *ctx, const struct course_thing *thing,
	const struct course_rates rates[static COURSE_SIDES], struct err *err);
/* All was added: gives each thing, in any order. */
int courses_each(struct courses *c, courses_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;

#endif
