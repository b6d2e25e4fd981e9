/* What has to be seen and who can see it, derived from the topology by the
 * checker itself (DESIGN section 6, rules 1 to 3).
 *
 * Rows are places to look: a row is seen when `need` of its nodes carry a
 * probe.  Consecutive rows form a group, which is one link (or path); it is
 * covered when `demand` of its rows are seen.  Only nodes that may carry a
 * probe appear in rows. */
#ifndef NFZ_CHECK_NEED_H
#define NFZ_CHECK_NEED_H

#include "check/ask.h"
#include "topology/topology.h"

struct need_group {
	int link;
	int first, end; /* rows */
	int demand;
	bool possible; /* some placement covers it */
};

struct need {
	const struct topology *t;
	const struct ask *ask;
	int *place;            /* node -> node that a probe for it runs on */
	const char **obstacle; /* by node: why no probe may run there */
	int *bridge_start;     /* by link, n_links + 1 */
	int *bridge_at;        /* bridges, grouped by link */
	struct need_group *groups;
	int n_groups, groups_cap;
	int *row_start; /* n_rows + 1 */
	int *row_node;  /* ascending within a row */
	int n_rows, rows_cap;
	size_t n_entries, entries_cap;
	int each; /* nodes a row needs */
};

/* The ask must live as long. */
void need_init(struct need *n, const struct topology *t, const struct ask *ask);
void need_release(struct need *n);
/* The bridge that serves this member (or the whole link), or -1. */
int need_bridge(const struct need *n, int link, int slot);
/* A link that one place can see as a whole: point-to-point, flooding. */
bool need_whole(const struct topology *t, int link);
/* Is the group covered by these nodes (by node index)? */
bool need_covered(
	const struct need *n, const struct need_group *g, const bool *chosen);

#endif
