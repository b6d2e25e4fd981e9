/* Branch and bound over flows.  Where the flow gives a part to more rows than
 * the group demands, one of them is left out, or else kept for good; a flow
 * too small ends the branch.  First all such groups keep the rows with most,
 * at once: that mostly fits. */
#include "planner/rowchoice.h"
#include "base/mem.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

enum { FLOWS_MAX = 200, WORK_MAX = 20000000 };

/* Instead of a row. */
enum { ROW_NONE = -1, ROW_NEVER = -2 };

struct search {
	const struct cover_problem *p;
	const struct room *room;
	const bool *chosen;
	bool *left_out, *kept; /* by row */
	struct share **shares;
	size_t *n_shares;
	int flows, flows_max;
	bool stopped;
};

bool rowchoice_any(const struct cover_problem *p)
{
	for (int g = 0; g < p->n_groups; g++)
		if (problem_demand(p, g) < problem_rows_of(p, g))
			return true;
	return false;
}

/* Is a row recorded in part? */
static bool is_split(const struct search *s, const struct recording *r, int g)
{
	int first = problem_first_row(s->p, g);

	for (int i = 0; i < problem_rows_of(s->p, g); i++) {
		int64_t on = recording_of_row(r, first + i);

		if (on > 0 &&
			on < s->room->load[g] * problem_need(s->p, first + i))
			return true;
	}
	return false;
}

/* The undecided row of the group that has least. */
static int least_row(const struct search *s, const struct recording *r, int g)
{
	int first = problem_first_row(s->p, g), best = ROW_NEVER;

	for (int row = first; row < first + problem_rows_of(s->p, g); row++)
		if (!s->left_out[row] && !s->kept[row] &&
			(best < 0 || recording_of_row(r, row) <
					     recording_of_row(r, best)))
			best = row;
	return best;
}

static int row_to_decide(const struct search *s, const struct recording *r)
{
	for (int g = 0; g < s->p->n_groups; g++)
		if (problem_demand(s->p, g) < problem_rows_of(s->p, g) &&
			is_split(s, r, g))
			return least_row(s, r, g);
	return ROW_NONE;
}

/* The flow as things stand; true when it fits, then also the row to decide
 * about, or none and the shares are set. */
static bool try_flow(struct search *s, int *ret_row)
{
	struct recording r;
	bool fits;

	recording_open(&r, s->p, s->room, s->chosen, s->left_out);
	fits = recording_fits(&r);
	s->flows++;
	if (fits) {
		*ret_row = row_to_decide(s, &r);
		if (*ret_row == ROW_NONE)
			*s->n_shares = recording_shares(&r, s->shares);
	}
	recording_release(&r);
	return fits;
}

static bool decide(struct search *s)
{
	int row;
	bool found;

	if (s->flows >= s->flows_max)
		s->stopped = true;
	if (s->stopped || !try_flow(s, &row) || row == ROW_NEVER)
		return false;
	if (row == ROW_NONE)
		return true;
	s->left_out[row] = true;
	found = decide(s);
	s->left_out[row] = false;
	if (found)
		return true;
	s->kept[row] = true;
	found = decide(s);
	s->kept[row] = false;
	return found;
}

static int live_rows(const struct search *s, int g)
{
	int first = problem_first_row(s->p, g), n = 0;

	for (int i = 0; i < problem_rows_of(s->p, g); i++)
		n += !s->left_out[first + i];
	return n;
}

struct place {
	int64_t on;
	int row;
};

static int by_least(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->on != y->on)
		return x->on < y->on ? -1 : 1;
	return x->row - y->row;
}

/* Leaves out the rows with least, but so many as are demanded. */
static void keep_most(struct search *s, const struct recording *r, int g)
{
	int first = problem_first_row(s->p, g), n = 0;
	int spare = live_rows(s, g) - problem_demand(s->p, g);
	cleanup_free struct place *places = mem_zalloc(
		(size_t)problem_rows_of(s->p, g) + 1, sizeof(*places));

	for (int i = 0; i < problem_rows_of(s->p, g); i++)
		if (!s->left_out[first + i])
			places[n++] = (struct place){
				recording_of_row(r, first + i), first + i};
	qsort(places, (size_t)n, sizeof(*places), by_least);
	for (int i = 0; i < spare; i++)
		s->left_out[places[i].row] = true;
}

/* All at once; true when that fits, or ret_never: nothing does. */
static bool guess(struct search *s, bool *ret_never)
{
	struct recording r;
	int row;

	recording_open(&r, s->p, s->room, s->chosen, s->left_out);
	*ret_never = !recording_fits(&r);
	for (int g = 0; g < s->p->n_groups && !*ret_never; g++)
		if (is_split(s, &r, g))
			keep_most(s, &r, g);
	recording_release(&r);
	return !*ret_never && try_flow(s, &row) && row == ROW_NONE;
}

/* Rows that too few chosen columns see. */
static void leave_out_unseen(struct search *s)
{
	const struct cover_problem *p = s->p;

	for (int row = 0; row < p->n_rows; row++) {
		int seen = 0;

		for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
			seen += s->chosen[p->row_col[k]];
		s->left_out[row] = seen < problem_need(p, row);
	}
}

enum assign_answer rowchoice_find(const struct cover_problem *p,
	const struct room *room, const bool *chosen, struct share **shares,
	size_t *n_shares)
{
	size_t rows = (size_t)p->n_rows + 1;
	struct search s = {.p = p,
		.room = room,
		.chosen = chosen,
		.left_out = mem_zalloc(rows, sizeof(bool)),
		.kept = mem_zalloc(rows, sizeof(bool)),
		.shares = shares,
		.n_shares = n_shares};
	bool never, found;

	*shares = NULL;
	*n_shares = 0;
	s.flows_max =
		WORK_MAX / ((p->n_rows ? p->row_start[p->n_rows] : 0) + 1);
	if (s.flows_max > FLOWS_MAX)
		s.flows_max = FLOWS_MAX;
	leave_out_unseen(&s);
	found = guess(&s, &never);
	if (!found && !never) {
		leave_out_unseen(&s);
		found = decide(&s);
	}
	free(s.left_out);
	free(s.kept);
	return found ? ASSIGN_FITS : s.stopped ? ASSIGN_UNKNOWN : ASSIGN_NEVER;
}
