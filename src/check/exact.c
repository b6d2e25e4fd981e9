/* From the need to columns and rows; then reductions, and each connected part
 * by itself. */
#include "check/exact.h"
#include "base/clock.h"
#include "base/mem.h"

static void *ints(int n)
{
	return mem_zalloc((size_t)n + 2, sizeof(int));
}

static int64_t in_shares(const struct exact_hint *hint, int row)
{
	__extension__ __int128 all = hint->weight[row];

	all = (all * EXACT_SHARES + hint->scale / 2) / hint->scale;
	return all < INT64_MAX / 2 ? (int64_t)all : INT64_MAX / 2;
}

/* Rows keep only free columns; required ones are bought at once. */
static void add_row(struct exact *x, const struct need *n,
	const struct exact_hint *hint, int r, int g)
{
	int row = x->n_rows++, at = x->row_start[row], bought = 0;

	for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++) {
		int v = n->row_node[i];

		if (n->required[v])
			bought++;
		else
			x->row_col[at++] = v;
	}
	x->row_group[row] = g;
	x->row_seed[row] = hint ? in_shares(hint, r) : 0;
	x->row_need[row] = n->each - bought;
	x->row_left[row] = at - x->row_start[row];
	x->row_start[x->n_rows] = at;
	if (x->row_need[row] <= 0) {
		x->row_dead[row] = true;
		x->group_demand[g]--;
	} else if (x->row_left[row] < x->row_need[row]) {
		x->row_dead[row] = true;
	} else {
		x->group_left[g]++;
	}
}

static void add_group(struct exact *x, const struct need *n,
	const struct exact_hint *hint, int from)
{
	const struct need_group *group = &n->groups[from];
	int g = x->n_groups++;

	x->group_first[g] = x->n_rows;
	x->group_demand[g] = group->demand;
	for (int r = group->first; r < group->end; r++)
		add_row(x, n, hint, r, g);
	x->group_end[g] = x->n_rows;
	if (x->group_demand[g] > 0)
		return;
	for (int r = x->group_first[g]; r < x->group_end[g]; r++)
		x->row_dead[r] = true;
	x->group_left[g] = 0;
}

static void index_cols(struct exact *x)
{
	cleanup_free int *at = ints(x->n_cols);

	for (int i = 0; i < x->row_start[x->n_rows]; i++)
		x->col_start[x->row_col[i] + 1]++;
	for (int v = 0; v < x->n_cols; v++) {
		x->col_start[v + 1] += x->col_start[v];
		at[v] = x->col_start[v];
	}
	for (int r = 0; r < x->n_rows; r++)
		for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++)
			x->col_row[at[x->row_col[i]]++] = r;
}

static void exact_init(
	struct exact *x, const struct need *n, const struct exact_hint *hint)
{
	int entries = (int)n->n_entries, cols = (int)n->t->n_nodes;

	*x = (struct exact){.n_cols = cols};
	x->row_start = ints(n->n_rows);
	x->row_col = ints(entries);
	x->col_start = ints(cols);
	x->col_row = ints(entries);
	x->row_need = ints(n->n_rows);
	x->row_left = ints(n->n_rows);
	x->row_group = ints(n->n_rows);
	x->row_seed = mem_zalloc((size_t)n->n_rows + 1, sizeof(int64_t));
	x->group_first = ints(n->n_groups);
	x->group_end = ints(n->n_groups);
	x->group_demand = ints(n->n_groups);
	x->group_left = ints(n->n_groups);
	x->row_dead = mem_zalloc((size_t)n->n_rows + 1, 1);
	x->row_queued = mem_zalloc((size_t)n->n_rows + 1, 1);
	x->col_dead = mem_zalloc((size_t)cols + 1, 1);
	x->col_queued = mem_zalloc((size_t)cols + 1, 1);
	x->row_queue = ints(n->n_rows);
	x->col_queue = ints(cols);
	x->var_of = ints(cols);
	x->cost = mem_zalloc((size_t)cols + 1, sizeof(int64_t));
	for (int v = 0; v < cols; v++) {
		x->cost[v] = n->ask->cost[v];
		x->col_dead[v] = n->obstacle[v] || n->required[v];
		if (n->required[v])
			x->base += x->cost[v];
	}
	for (int g = 0; g < n->n_groups; g++)
		if (n->groups[g].possible)
			add_group(x, n, hint, g);
	index_cols(x);
}

static void exact_release(struct exact *x)
{
	free(x->row_start);
	free(x->row_col);
	free(x->col_start);
	free(x->col_row);
	free(x->row_need);
	free(x->row_left);
	free(x->row_group);
	free(x->row_seed);
	free(x->group_first);
	free(x->group_end);
	free(x->group_demand);
	free(x->group_left);
	free(x->row_dead);
	free(x->row_queued);
	free(x->col_dead);
	free(x->col_queued);
	free(x->row_queue);
	free(x->col_queue);
	free(x->var_of);
	free(x->cost);
	*x = (struct exact){0};
}

/* --- connected parts ------------------------------------------------------- */

static int root_of(int *root, int i)
{
	while (root[i] != i)
		i = root[i] = root[root[i]];
	return i;
}

/* Groups that share a live column belong together. */
static int *part_of_groups(const struct exact *x)
{
	int *root = ints(x->n_groups);

	for (int g = 0; g < x->n_groups; g++)
		root[g] = g;
	for (int v = 0; v < x->n_cols; v++) {
		int first = -1;

		if (x->col_dead[v])
			continue;
		for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
			int r = x->col_row[i], g;

			if (x->row_dead[r])
				continue;
			g = root_of(root, x->row_group[r]);
			if (first < 0)
				first = g;
			else if (g < first) {
				root[first] = g;
				first = g;
			} else {
				root[g] = first;
			}
		}
	}
	for (int g = 0; g < x->n_groups; g++)
		root[g] = root_of(root, g);
	return root;
}

/* Live rows sorted by the part of their group: start[p]..start[p + 1]. */
static int *rows_by_part(const struct exact *x, const int *part, int *start)
{
	int *rows = ints(x->n_rows);
	cleanup_free int *at = ints(x->n_groups);

	for (int r = 0; r < x->n_rows; r++)
		if (!x->row_dead[r])
			start[part[x->row_group[r]] + 1]++;
	for (int p = 0; p < x->n_groups; p++) {
		start[p + 1] += start[p];
		at[p] = start[p];
	}
	for (int r = 0; r < x->n_rows; r++)
		if (!x->row_dead[r])
			rows[at[part[x->row_group[r]]]++] = r;
	return rows;
}

/* Graphs have an own search; it may have half of the time that is left. */
static bool solve_part(const struct exact *x, const int *rows, int n,
	int64_t deadline_ns, int64_t *ret)
{
	int64_t now = mono_now().ns;

	*ret = 0;
	if (now >= deadline_ns)
		return false;
	if (exact_graph(x, rows, n, now + (deadline_ns - now) / 2, ret))
		return true;
	return exact_core(x, rows, n, deadline_ns, ret);
}

void exact_solve(const struct need *n, const struct exact_hint *hint,
	int64_t enough, int64_t deadline_ns, struct exact_result *ret)
{
	cleanup_free int *part = NULL, *rows = NULL, *start = NULL;
	struct exact x;

	exact_init(&x, n, hint);
	exact_reduce(&x);
	part = part_of_groups(&x);
	start = ints(x.n_groups);
	rows = rows_by_part(&x, part, start);
	*ret = (struct exact_result){.bound = x.base, .closed = true};
	for (int p = 0; p < x.n_groups && ret->bound < enough; p++) {
		int count = start[p + 1] - start[p];
		int64_t bound = 0;

		if (count == 0)
			continue;
		if (!solve_part(
			    &x, rows + start[p], count, deadline_ns, &bound))
			ret->closed = false;
		ret->bound += bound;
	}
	exact_release(&x);
}

void exact_solve_part(const struct need *n, const struct exact_part *part,
	int64_t deadline_ns, struct exact_result *ret)
{
	cleanup_free bool *nobody = mem_zalloc(n->t->n_nodes + 1, sizeof(bool));
	struct exact_part rest = *part;
	struct need free_choice = *n;
	struct exact x;
	int64_t found = 0;

	/* with rooms a required node is one as all others, but bought */
	if (part->room) {
		free_choice.required = nobody;
		rest.must = n->required;
	}
	exact_init(&x, &free_choice, NULL);
	for (size_t v = 0; part->most_nodes >= 0 && v < n->t->n_nodes; v++)
		rest.most_nodes -= free_choice.required[v] && !n->obstacle[v];
	*ret = (struct exact_result){.closed = false};
	if (part->most_nodes < 0 || rest.most_nodes >= 0)
		ret->closed = exact_core_part(&x, &rest, deadline_ns, &found);
	ret->bound = found + (part->most_nodes < 0 ? x.base : 0);
	exact_release(&x);
}
