/* Parts in which every row is a pair and all columns cost the same: the fewest
 * vertices that touch every edge, by branch and reduce.
 *
 * Reference: Akiba and Iwata, "Branch-and-reduce exponential/FPT algorithms in
 * practice: a case study of vertex cover", 2016.  We do vertices of degree 0, 1
 * and 2 (folded), neighbourhoods within others, and the half-integral linear
 * program; we want the number only, so nothing has to be undone. */
#include "base/clock.h"
#include "base/mem.h"
#include "check/exact.h"
#include "check/graph.h"

enum { NODES_MAX = 400000 };

struct hunt {
	int64_t deadline_ns;
	long nodes;
	bool late;
};

static bool out_of_time(struct hunt *h)
{
	if (++h->nodes > NODES_MAX ||
		(h->nodes % 64 == 0 && mono_now().ns >= h->deadline_ns))
		h->late = true;
	return h->late;
}

static int busiest(const struct graph_part *g)
{
	int best = -1;

	for (int v = 0; v < g->n; v++)
		if (g->alive[v] && (best < 0 || g->degree[v] > g->degree[best]))
			best = v;
	return best;
}

static int fewest(struct hunt *h, struct graph_part *g, int limit);

/* Parts by themselves; what is not yet solved counts with its bound. */
static int sum_of_parts(
	struct hunt *h, const struct graph_part *g, int n_parts, int limit)
{
	struct graph_part *part =
		mem_zalloc((size_t)n_parts + 1, sizeof(*part));
	cleanup_free int *bound = mem_zalloc((size_t)n_parts + 1, sizeof(int));
	int sum = 0, rest = 0;

	for (int i = 0; i < n_parts; i++) {
		graph_part_copy(&part[i], g, i);
		bound[i] = graph_part_bound(&part[i]);
		rest += bound[i];
	}
	for (int i = 0; i < n_parts; i++) {
		rest -= bound[i];
		if (sum + rest + bound[i] < limit)
			sum += fewest(h, &part[i], limit - sum - rest);
		else
			sum += bound[i];
		graph_part_release(&part[i]);
	}
	free(part);
	return sum < limit ? sum : limit;
}

static int branch(struct hunt *h, const struct graph_part *g, int limit)
{
	int v = busiest(g), best = limit;

	for (int take = 1; take >= 0; take--) {
		struct graph_part next;
		int taken, found;

		graph_part_copy(&next, g, -1);
		taken = take ? graph_part_take(&next, v)
			     : graph_part_leave(&next, v);
		found = taken >= best ? best
				      : taken + fewest(h, &next, best - taken);
		graph_part_release(&next);
		if (found < best)
			best = found;
	}
	return best;
}

/* The least number if it is below the limit, else the limit.  Meaningless once
 * it is late. */
static int fewest(struct hunt *h, struct graph_part *g, int limit)
{
	int taken, left, n_parts;

	if (limit <= 0 || out_of_time(h))
		return limit > 0 ? limit : 0;
	taken = graph_part_reduce(g);
	left = limit - taken;
	if (left <= 0)
		return limit;
	if (g->n_alive == 0)
		return taken;
	if (graph_part_bound(g) >= left)
		return limit;
	n_parts = graph_part_label(g);
	return taken + (n_parts > 1 ? sum_of_parts(h, g, n_parts, left)
				    : branch(h, g, left));
}

/* All live rows pairs of columns of one price? */
static bool is_graph(const struct exact *x, const int *rows, int n)
{
	int64_t price = -1;

	for (int i = 0; i < n; i++) {
		int r = rows[i], g = x->row_group[r];

		if (x->row_left[r] != 2 || x->row_need[r] != 1 ||
			x->group_demand[g] != x->group_left[g])
			return false;
		for (int k = x->row_start[r]; k < x->row_start[r + 1]; k++) {
			int v = x->row_col[k];

			if (x->col_dead[v])
				continue;
			if (price < 0)
				price = x->cost[v];
			if (x->cost[v] != price)
				return false;
		}
	}
	return true;
}

static void add_edges(const struct exact *x, const int *rows, int n,
	struct graph_part *g, int *vertex_of)
{
	for (int i = 0; i < n; i++) {
		int end[2] = {0, 0}, ends = 0;

		for (int k = x->row_start[rows[i]];
			k < x->row_start[rows[i] + 1]; k++) {
			int v = x->row_col[k];

			if (x->col_dead[v])
				continue;
			if (!vertex_of[v])
				vertex_of[v] = graph_part_vertex(g) + 1;
			end[ends++] = vertex_of[v] - 1;
		}
		graph_part_edge(g, end[0], end[1]);
	}
}

bool exact_graph(const struct exact *x, const int *rows, int n,
	int64_t deadline_ns, int64_t *ret)
{
	struct hunt h = {.deadline_ns = deadline_ns};
	struct graph_part g;
	int64_t price = 0;
	int found;

	if (!is_graph(x, rows, n))
		return false;
	graph_part_init(&g, 2 * n);
	add_edges(x, rows, n, &g, x->var_of);
	for (int i = 0; i < n; i++)
		for (int k = x->row_start[rows[i]];
			k < x->row_start[rows[i] + 1]; k++) {
			if (!x->col_dead[x->row_col[k]])
				price = x->cost[x->row_col[k]];
			x->var_of[x->row_col[k]] = 0;
		}
	found = fewest(&h, &g, g.n + 1);
	graph_part_release(&g);
	*ret = found * price;
	return !h.late;
}
