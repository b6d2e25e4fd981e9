/* The flows of a store that a filter wants, each once; and, of each flow, what
 * every probe saw of it.
 *
 * Rows of our own taps are merged into flows.  A row of a foreign exporter is a
 * flow as it stands: nothing is known of where it was seen.
 *
 * Memory is bounded by rows: where more of our own than rows_max are wanted,
 * they are put aside on disk (store/spill.h) and merged by and by; where very
 * many are of one flow, NFZ_E_LIMIT.  Answers are exact in any case. */
#ifndef NFZ_STORE_QUERY_H
#define NFZ_STORE_QUERY_H

#include "store/filter.h"
#include "store/merge.h"
#include "store/rollup_ask.h"
#include "store/store.h"

/* One of several stores that are asked as one: its names, and by a tap's number
 * in it the one that the tap has in the catalog of all (catalog_join). */
struct query_store {
	struct store *store;
	struct catalog *catalog;
	uint16_t *taps;
};

/* Gets n rows of a block that are flows as they stand; not 0 stops. */
typedef int (*query_block_fn)(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err);

struct query {
	const struct filter *filter;
	const struct catalog *catalog;
	int64_t from_ns, to_ns; /* rows that overlap count; 0, 0: all */
	int64_t idle_ms;        /* 0: the catalog's */
	size_t rows_max;        /* 0: QUERY_ROWS */
	bool observations;      /* the filter is for the observations: flows
	                         * that it may want come through */
	bool extras;            /* what was told besides is wanted */
	bool few;               /* any flows will do, and few may be enough: the
	                         * first come soon, all of them later */
	query_block_fn block;   /* instead of single flows; may be NULL */
	unsigned columns;       /* COLUMN_BITs that `block` asks for... */
	bool hosts;             /* ...and whether it does for addresses */
	const struct rollup_ask *rolled;  /* may stand for flows... */
	rollup_fn sum;                    /* ...which then go here */
	const struct query_store *stores; /* instead of the one given... */
	size_t n_stores;                  /* ...or 0 */
	unsigned threads; /* 0: as many as there are processors, to 4,
	                         * where many blocks have to be read; the
	                         * answer is the same */
};
enum { QUERY_ROWS = 1 << 20, QUERY_THREADS_MAX = 64 };

/* As people ask for times: of the last so many ms, or from and to, either of
 * them. */
struct query_times {
	int64_t last_ms, from_ns, to_ns; /* 0: not asked */
};
/* Sets from_ns and to_ns. */
int query_set_times(struct query *q, const struct query_times *times,
	struct err *err) NFZ_MUST_CHECK;

struct query_sums {
	uint64_t rows, kept; /* read; wanted by key */
	uint64_t flows;
	uint64_t rolled; /* of those kept, told by rollups */
};

/* Calls fn for each flow. */
int query_flows(struct store *s, const struct query *q, merge_fn fn, void *ctx,
	struct query_sums *ret, struct err *err) NFZ_MUST_CHECK;

/* Does the filter want the whole flow? */
bool query_wants(const struct filter *filter, const struct flow *f);

/* What one observation point, (node, interface, direction), saw of a flow. */
struct observation {
	uint16_t tap;
	bool sent;         /* the frames left through the interface */
	int node, link;    /* of the catalog, -1 unknown */
	const char *iface; /* NULL unknown */
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint8_t tcp_flags;
	/* what was told besides of its first row; or NULL */
	const struct flow_extra *extra;
};
typedef int (*observation_fn)(void *ctx, const struct flow *f,
	const struct observation *o, struct err *err);
/* Calls fn for each that the filter wants; its packets, bytes, link, `at`
 * and what was told besides are the observation's own. */
int query_observations(const struct query *q, const struct flow *f,
	observation_fn fn, void *ctx, struct err *err) NFZ_MUST_CHECK;

#endif
