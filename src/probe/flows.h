/* The flow cache of a live meter, by a definition that may be changed. */
#ifndef NFZ_PROBE_FLOWS_H
#define NFZ_PROBE_FLOWS_H

#include "flow/digest.h"
#include "flow/stream.h"
#include "probe/courier.h"
#include "probe/definition.h"

/* Must not move. */
struct flows {
	struct definition definition;
	struct flowcache *cache;
	struct metrics metrics; /* of the definition */
	/* of metrics: what is added in the call under way */
	struct metric_packet seen[FLOWCACHE_BATCH];
	struct flowcache_options opt; /* the owner's */
	struct flowcache_stats past;  /* of caches before this one */
	struct definition_told told;
};

/* options: of a plain flow cache; its sink gets records by the definition. */
void flows_open(struct flows *f, const struct definition *definition,
	const struct flowcache_options *options);
void flows_close(struct flows *f);
/* All that was counted leaves, then flows are others, in another cache.  False:
 * not all left, and nothing has changed. */
bool flows_redefine(struct flows *f, const struct definition *definition);
/* So many at once from the next redefinition on. */
void flows_set_most(struct flows *f, uint32_t flows);
/* There are as many points as there may be, or another number of flows is wanted:
 * time to begin anew. */
bool flows_stale(const struct flows *f);
/* As flowcache_stats(): what is counted (not distinct keys) of all caches since
 * they were opened, most_flows of those that had this room. */
void flows_stats(const struct flows *f, struct flowcache_stats *ret);
void flows_set_timeouts(
	struct flows *f, int64_t idle_ms, int64_t active_ms, int64_t fin_ms);
void flows_set_limit(struct flows *f, const struct flow_limit *limit);

/* Of a record just handed over, and only then: all that it has besides, if
 * anything. */
const struct flow_more *flows_more(
	struct flows *f, const struct flow_record *r);
/* As it is told to the collectors of others. */
struct courier_item flows_item(struct flows *f, const struct flow_record *r);
/* What records have besides; its fields are lent until flows are redefined. */
struct flow_shape flows_shape(const struct flows *f);

/* The same for those who know one direction only: one row, or two with the way
 * back; metrics are elements of their extras. */
enum { FLOWS_ROWS = 2 };
struct flows_told {
	struct flow_record records[FLOWS_ROWS];
	struct flow_extra extras[FLOWS_ROWS];
	uint8_t values[FLOWS_ROWS]
		      [STREAM_OTHERS]; /* of metrics, lent to them */
	struct flow_rows rows;
};
_Static_assert((int)FLOWS_ROWS <= (int)STREAM_ROWS, "all or none");
void flows_tell(
	struct flows *f, const struct flow_record *r, struct flows_told *ret);

/* The same for a flow cache of another process; all that its definition needs
 * (definition_in_digests). */
struct digest flows_digest(struct flows *f, const struct flow_record *r);

/* Lines on the definition; none where a flow is its 5-tuple. */
void flows_print(const struct flows *f, struct buf *out);

#endif
