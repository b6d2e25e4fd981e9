/* Depth first: groups with the least choice first, columns with the most room
 * first. */
#define _GNU_SOURCE
#include "planner/assign.h"
#include "base/mem.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

/* DEPTH_MAX: records handed out on the way down, each a few stack frames. */
enum { STEPS_MAX = 200000, DEPTH_MAX = 3000, ROOMS_MAX = 2, CHOICES_MAX = 64 };

struct search {
	const struct cover_problem *p;
	const struct room *rooms;
	int n_rooms;
	const bool *chosen;
	int64_t *left[ROOMS_MAX]; /* by column */
	int *order;               /* groups */
	struct share *taken;
	size_t n_taken;
	long steps;
	bool stopped;
};

/* Where the search stands: the place in order, the rows that group still
 * demands, its row, the records that needs, the first cell for the next. */
struct stand {
	int place, demand, row, need, cell;
};

static bool has_room(const struct search *s, int group, int column)
{
	for (int i = 0; i < s->n_rooms; i++)
		if (s->left[i][column] < s->rooms[i].load[group])
			return false;
	return true;
}

static void use(struct search *s, int group, int column, int sign)
{
	for (int i = 0; i < s->n_rooms; i++)
		s->left[i][column] -= sign * s->rooms[i].load[group];
}

static bool place_next(struct search *s, struct stand at);

static bool start_row(struct search *s, struct stand at)
{
	at.need = problem_need(s->p, at.row);
	at.cell = s->p->row_start[at.row];
	return place_next(s, at);
}

static bool start_group(struct search *s, int place)
{
	struct stand at = {.place = place};

	while (at.place < s->p->n_groups &&
		problem_demand(s->p, s->order[at.place]) == 0)
		at.place++;
	if (at.place == s->p->n_groups)
		return true;
	at.demand = problem_demand(s->p, s->order[at.place]);
	at.row = problem_first_row(s->p, s->order[at.place]);
	return start_row(s, at);
}

/* Goes on without this row, if enough others follow. */
static bool leave_out(struct search *s, struct stand at)
{
	int g = s->order[at.place];
	int end = problem_first_row(s->p, g) + problem_rows_of(s->p, g);

	at.row++;
	return at.row + at.demand <= end && start_row(s, at);
}

static bool row_done(struct search *s, struct stand at)
{
	if (--at.demand == 0)
		return start_group(s, at.place + 1);
	return leave_out(s, at);
}

/* The cells from at.cell on that could take a record, most room first. */
static int choices(const struct search *s, struct stand at, int *cells)
{
	const struct cover_problem *p = s->p;
	int n = 0, g = s->order[at.place];

	for (int k = at.cell; k < p->row_start[at.row + 1]; k++) {
		int v = p->row_col[k], i = n;

		if (!s->chosen[v] || !has_room(s, g, v) || n == CHOICES_MAX)
			continue;
		/* several records of a row: in one order only */
		while (i > 0 && at.need == 1 &&
			s->left[0][p->row_col[cells[i - 1]]] < s->left[0][v]) {
			cells[i] = cells[i - 1];
			i--;
		}
		cells[i] = k;
		n++;
	}
	return n;
}

static bool place_next(struct search *s, struct stand at)
{
	int g = s->order[at.place], cells[CHOICES_MAX], n;
	bool first = at.need == problem_need(s->p, at.row);

	if (++s->steps > STEPS_MAX || s->n_taken > DEPTH_MAX)
		s->stopped = true;
	if (s->stopped)
		return false;
	if (at.need == 0)
		return row_done(s, at);
	n = choices(s, at, cells);
	for (int i = 0; i < n; i++) {
		int v = s->p->row_col[cells[i]];
		struct stand then = {
			at.place, at.demand, at.row, at.need - 1, cells[i] + 1};

		use(s, g, v, 1);
		s->taken[s->n_taken++] =
			(struct share){at.row, v, s->rooms[0].load[g]};
		if (place_next(s, then))
			return true;
		s->n_taken--;
		use(s, g, v, -1);
	}
	return first && leave_out(s, at);
}

static int width(const struct search *s, int g)
{
	const struct cover_problem *p = s->p;
	int first = problem_first_row(p, g);

	return p->row_start[first + problem_rows_of(p, g)] -
	       p->row_start[first];
}

static int by_choice(const void *a, const void *b, void *ctx)
{
	const struct search *s = ctx;
	int x = *(const int *)a, y = *(const int *)b;
	int64_t lx = s->rooms[0].load[x], ly = s->rooms[0].load[y];

	if (width(s, x) != width(s, y))
		return width(s, x) - width(s, y);
	return lx != ly ? (lx < ly ? 1 : -1) : x - y;
}

static int by_row(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return x->row != y->row ? x->row - y->row : x->column - y->column;
}

static void open_search(struct search *s)
{
	const struct cover_problem *p = s->p;
	size_t cols = (size_t)p->n_cols + 1, most = 1;

	for (int i = 0; i < s->n_rooms; i++) {
		s->left[i] = mem_zalloc(cols, sizeof(int64_t));
		memcpy(s->left[i], s->rooms[i].most,
			sizeof(int64_t) * (cols - 1));
	}
	s->order = mem_zalloc((size_t)p->n_groups + 1, sizeof(int));
	for (int g = 0; g < p->n_groups; g++)
		s->order[g] = g;
	for (int r = 0; r < p->n_rows; r++)
		most += (size_t)problem_need(p, r);
	s->taken = mem_zalloc(most, sizeof(*s->taken));
	qsort_r(s->order, (size_t)p->n_groups, sizeof(int), by_choice, s);
}

enum assign_answer assign_whole(const struct cover_problem *p,
	const struct room *rooms, int n_rooms, const bool *chosen,
	struct share **shares, size_t *n_shares)
{
	struct search s = {
		.p = p, .rooms = rooms, .n_rooms = n_rooms, .chosen = chosen};
	bool fits;

	open_search(&s);
	fits = start_group(&s, 0);
	for (int i = 0; i < n_rooms; i++)
		free(s.left[i]);
	free(s.order);
	*shares = NULL;
	*n_shares = 0;
	if (fits) {
		qsort(s.taken, s.n_taken, sizeof(*s.taken), by_row);
		*shares = s.taken;
		*n_shares = s.n_taken;
		return ASSIGN_FITS;
	}
	free(s.taken);
	return s.stopped ? ASSIGN_UNKNOWN : ASSIGN_NEVER;
}
