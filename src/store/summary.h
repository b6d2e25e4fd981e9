/* Everything a page shows of a store, in one document: netflowize.summary/3
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
	int64_t window_ms;  /* a single piece of time, which ends when the last
			     * record does; 0: pieces of all of it */
	bool within;        /* the pieces of time, a single one or as many as
			     * buckets, are the query's time, and what is beyond
			     * it does not count */
	size_t detail;      /* numbers told of those that are not the largest,
			     * at most; 0: 300,000 */
	unsigned parts;     /* bits of enum summary_part; 0: all */
};
/* Who asks each second leaves out what is not looked at: its lists are empty
 * then; links have their names and sums. */
enum summary_part {
	SUMMARY_LINKS = 1,  /* members, sides and courses of links */
	SUMMARY_GROUPS = 2, /* who talked to whom, protocols */
	SUMMARY_FLOWS = 4,  /* the largest flows */
	SUMMARY_PROBES = 8,
	SUMMARY_REST = 16 /* steps, events, distributions */
};
/* A part by its name: links, groups, flows, probes, rest; 0 if it is none. */
unsigned summary_part(const char *name);
enum { SUMMARY_BUCKETS_MAX = 2000 };

int summary_print(struct store *s, const struct summary_ask *ask,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;

#endif
