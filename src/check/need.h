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

enum need_part { PART_WHOLE = -1, PART_TX, PART_RX, PART_SIDE };

struct need_group {
	int link;    /* -1: a path */
	int part;    /* of the link: PART_SIDE + i is side i */
	int ends[2]; /* of a path: nodes, the lower first */
	int seq;     /* of a path: its nodes in need.seq; its links follow */
	int n_nodes, n_links;
	int first, end; /* rows */
	int demand;
	bool possible; /* some placement covers it */
};

struct need {
	const struct topology *t;
	const struct ask *ask;
	int *place;            /* node -> node that a probe for it runs on */
	bool *required;        /* by node: its own place, if one was */
	const char **obstacle; /* by node: why no probe may run there */
	int *bridge_start;     /* by link, n_links + 1 */
	int *bridge_at;        /* bridges, grouped by link */
	struct need_group *groups; /* those of a link stand together */
	int n_groups;
	size_t groups_cap;
	int *group_of;  /* by link: its first group, -1 */
	int *row_start; /* n_rows + 1 */
	int *row_node;  /* ascending within a row */
	int n_rows, rows_cap;
	size_t n_entries, entries_cap;
	int *seq; /* of each path: nodes, shapers included; then links */
	size_t n_seq, seq_cap;
	int each;           /* nodes a row needs */
	struct map pair_at; /* ends -> first group of these + 1 */
	bool too_many;      /* paths: more than the checker holds */
};

/* The ask must live as long. */
void need_init(struct need *n, const struct topology *t, const struct ask *ask);
void need_release(struct need *n);
/* The bridge that serves this member (or the whole link), or -1. */
int need_bridge(const struct need *n, int link, int slot);
/* A link that one place can see as a whole: point-to-point, flooding. */
bool need_whole(const struct topology *t, int link);
/* The group of that link and part, or -1.  part: NULL (where there is but
 * one), "tx", "side 0" ... */
int need_group_named(const struct need *n, int link, const char *part);
/* The first of the paths between two nodes, or -1; the others follow it. */
int need_group_between(const struct need *n, int a, int b);
bool need_same_ends(const struct need *n, int g, int other);
/* "c1", "c1 (tx)", "a - b". */
const char *need_group_name(
	const struct need *n, int g, char *text, size_t size);
/* Is the group covered by these nodes (by node index)? */
bool need_covered(
	const struct need *n, const struct need_group *g, const bool *chosen);

/* --- between need.c, need_links.c and need_paths.c ------------------------
 */

void need_open_group(struct need *n, int link, int part);
void need_close_group(struct need *n, int demand);
void need_open_row(struct need *n);
/* Adds the place of a node, if a probe may run there. */
void need_see(struct need *n, int node);
void need_close_row(struct need *n);
void need_add_links(struct need *n);
void need_add_paths(struct need *n);

#endif
