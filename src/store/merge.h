/* From observations to flows: each flow once (DESIGN of counting, rule 11).
 *
 * Rows of equal key are one flow while the gap between them, over all
 * observation points together, stays below the idle timeout.  On a link every
 * packet is in exactly one row, whichever tap saw it, or it counts in one
 * (store/witness.h), so a link's count is the sum of its rows.  A hop is one
 * direction of travel on a link: from one member (slot) to another.  Hops join
 * where the node of one's destination is the node of another's source.  A hop
 * that no other feeds is an origin; the flow's count is the sum of its origins
 * (several when the source sends over several links).  A hop that only seems to
 * have no feeder, because a link before it has no tap or its tap missed the
 * flow, is no origin.  No clock is asked for the order.
 *
 * What was told of the flow besides is what was told of its first row that
 * counts: where the flow began.  On other links it wears other labels and
 * addresses.  Metrics are those of all rows that count, each by its rule
 * (flow/metric_fields.h).
 *
 * Addresses that mean something on one link only (link-local, local multicast,
 * limited broadcast, unspecified) make flows of that link only. */
#ifndef NFZ_STORE_MERGE_H
#define NFZ_STORE_MERGE_H

#include "base/err.h"
#include "flow/extra.h"
#include "store/catalog.h"
#include "store/lives.h"

struct flow_link {
	int link;
	uint64_t packets, bytes; /* of the flow on that link */
};

/* One flow; what it points to is valid until the callback returns. */
struct flow {
	struct flow_key key;
	uint64_t packets, bytes;   /* each packet once */
	int64_t first_ns, last_ns; /* where it was counted */
	uint8_t tcp_flags;
	uint8_t flags;          /* RECORD_FOREIGN, RECORD_ESTIMATED of any */
	int src_node, dst_node; /* of the catalog, -1 unknown */
	const int *path;        /* links from source to destination; where it
	                             * divides, the branch with most packets
	                             * first, then the others' links */
	size_t n_path;
	const struct flow_link *links; /* each once, by rising index */
	size_t n_links;
	const int *via, *at; /* nodes it passed; nodes of its probes */
	size_t n_via, n_at;
	/* of `all`: n_rows of them, and up to n_seen what other taps saw of the
	 * same packets (store/witness.h) */
	const struct flow_record *const *rows;
	const bool *counted; /* by row: is it part of the flow's count? */
	size_t n_rows, n_seen;
	const struct flow_rows *all;
	/* what was told of it besides where it began, where that was asked
	 * for; or NULL */
	const struct flow_extra *extra;
};

/* Not 0 stops and is returned. */
typedef int (*merge_fn)(void *ctx, const struct flow *f, struct err *err);

struct merge;

enum { MERGE_IDLE_MS = 15000 }; /* where the catalog does not say */

/* idle_ms 0: the catalog's; lives NULL: nothing is known of them.  Both must
 * live longer. */
struct merge *merge_new(
	const struct catalog *c, const struct lives *lives, int64_t idle_ms);
void merge_free(struct merge *m);
/* Rows of the same key must all be among these; their order does not matter.
 * Flows come in no particular order. */
int merge_run(struct merge *m, const struct flow_rows *rows, merge_fn fn,
	void *ctx, struct err *err) NFZ_MUST_CHECK;
/* What was told besides of the first of these rows of a flow that anything was
 * told of, with the metrics of all of them; NULL: of none.  `which` may be NULL:
 * of all. */
struct merge_told {
	struct flow_extra extra;
	uint8_t others[OTHERS_MAX];
};
const struct flow_extra *merge_told(const struct flow_rows *all,
	const struct flow_record *const *rows, const bool *which, size_t n,
	struct merge_told *room);

#endif
