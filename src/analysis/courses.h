/* Bytes in pieces of time, for many things at once, and what is charged and
 * planned by: the mean, the peak and the 95th percentile of the rate. */
#ifndef NFZ_ANALYSIS_COURSES_H
#define NFZ_ANALYSIS_COURSES_H

#include "base/err.h"
#include "flow/record.h"
#include "store/index.h"

struct course_piece {
	struct {
		int64_t at_ns; /* its begin */
		uint32_t thing, side;
	} key;
	uint64_t bytes;
};

struct courses {
	int64_t unit_ns;
	struct index by_key; /* until they are sorted */
	struct course_piece *v;
	size_t n, cap;
	int64_t first_ns, last_ns; /* begins of the first and the last piece */
	bool sorted;
};

void courses_init(struct courses *c, int64_t unit_ns);
void courses_release(struct courses *c);
/* The record's bytes, spread evenly over its time. */
int courses_add(struct courses *c, uint32_t thing, uint32_t side,
	const struct flow_record *r, struct err *err) NFZ_MUST_CHECK;

/* Bits a second.  Pieces of time in which there was nothing count as well, from
 * the first piece of anything to the last. */
struct course_rates {
	uint64_t bytes, mean, peak, p95;
	int64_t peak_ns; /* begin of its piece */
};
struct course_rates courses_rates(
	struct courses *c, uint32_t thing, uint32_t side);

#endif
