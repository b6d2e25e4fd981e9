/* Everything a page shows of a store, in one document: netflowize.summary/1
 * (netflowize-summary(5)).
 *
 * The store is read twice: once for totals and to learn who matters and how
 * long it lasted, once more for the courses in time of those.  All sums are
 * exact and equal to those of an answer (answer.h) for the same filter and
 * times; what is not told apart is added up as "others", never left out. */
#ifndef NFZ_STORE_SUMMARY_H
#define NFZ_STORE_SUMMARY_H

#include "base/buf.h"
#include "store/query.h"

struct summary_ask {
	struct query query;
	const char *filter; /* as typed, for the reader; may be NULL */
	size_t buckets;     /* at most so many pieces of time; 0: 240,
	                     * fewer where there are many links */
	size_t groups;      /* told apart, the largest; 0: 400 */
	size_t flows;       /* shown one by one, the largest; 0: 300 */
};
enum { SUMMARY_BUCKETS_MAX = 2000, SUMMARY_ROWS_MAX = 20000 };

int summary_print(struct store *s, const struct summary_ask *ask,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;

#endif
