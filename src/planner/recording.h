/* Who records what, when a column can take only so much.
 *
 * A satisfied group has its rows recorded: as many as its demand, each at as
 * many columns as the row needs, each record weighing the group's load.  A
 * record may be shared out (the ranges of a hash decide who takes which
 * flow); then the question is a flow, as long as the rows are known.  Which
 * they are is another (rowchoice.h): here that, too, is shared out. */
#ifndef NFZ_PLANNER_RECORDING_H
#define NFZ_PLANNER_RECORDING_H

#include "planner/maxflow.h"
#include "planner/problem.h"

struct room {
	const int64_t *load; /* by group, 0 or more */
	const int64_t *most; /* by column */
};

struct share {
	int row, column;
	int64_t amount; /* of the group's load */
};

struct recording {
	const struct cover_problem *p;
	struct room room;
	const bool *chosen;
	const bool *left_out; /* by row; NULL: none */
	struct maxflow f;
	int *cell_arc; /* by entry of row_col: row -> column, -1 */
	int64_t wanted, got;
};

/* Groups that no choice satisfies must not be there.  left_out: rows that get
 * nothing, NULL if there are none; it must live as long. */
void recording_open(struct recording *r, const struct cover_problem *p,
	const struct room *room, const bool *chosen, const bool *left_out);
void recording_release(struct recording *r);
static inline bool recording_fits(const struct recording *r)
{
	return r->got == r->wanted;
}
/* What is recorded of that row, at all columns together. */
int64_t recording_of_row(const struct recording *r, int row);
/* The shares of all columns; the caller frees *ret. */
size_t recording_shares(const struct recording *r, struct share **ret);

/* Why it does not fit: these groups need more than the columns that can take
 * their records have room for (a Hall violator). */
struct shortage {
	int *groups, *columns; /* columns: chosen or not, none that is out */
	int64_t *gives;        /* by place in columns: at most this for them */
	int n_groups, n_columns;
	int64_t need;      /* what the columns would have to give together */
	int64_t elsewhere; /* what is recorded at others, all they can take */
};

/* Calls fn for each shortage, one by one and independent of each other. */
void recording_shortages(const struct recording *r,
	void (*fn)(const struct shortage *s, void *ctx), void *ctx);

#endif
