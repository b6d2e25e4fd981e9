/* Reference: hash ranges of coordinated sampling (Sekar et al., cSamp, NSDI
 * 2008).
 * We: one pass over the paths instead of a linear program; where probes have a
 * limit, the flows of a path are divided in proportion to what each of its
 * probes has left, else the one with the fewest paths takes them all. */
#include "planner/ranges.h"
#include "base/mem.h"
#include "planner/loads.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE (UINT64_C(1) << 32)
__extension__ typedef unsigned __int128 wide;

struct divider {
	struct plan *plan;
	const struct coverage *c;
	const struct path_list *l;
	int *probe_of; /* node -> probe, -1 */
	int *paths;    /* probe -> paths it has so far */
	int *seen_in;  /* probe -> path it was last seen on, + 1 */
	int *here;     /* probes of the path at hand */
	int n_here;
	int64_t *left; /* probe -> packets per second it has left; NULL */
	int64_t *part; /* link -> what one path carries of its load */
};

static void find_here(struct divider *d, int path)
{
	const struct path_list *l = d->l;

	d->n_here = 0;
	for (int k = l->start[path]; k < l->start[path + 1]; k++) {
		int probe = d->probe_of[places_of(&d->c->places, l->node[k])];

		if (probe < 0 || d->seen_in[probe] == path + 1)
			continue;
		d->seen_in[probe] = path + 1;
		d->here[d->n_here++] = probe;
	}
}

static void give_to_idlest(struct divider *d, struct plan_range *r)
{
	int best = d->here[0];

	for (int i = 1; i < d->n_here; i++)
		if (d->paths[d->here[i]] < d->paths[best])
			best = d->here[i];
	d->paths[best]++;
	r->shares[r->n_shares++] = (struct plan_share){best, 0, WHOLE};
}

/* What a path carries: the least that any of its links has for each path. */
static int64_t load_of(const struct divider *d, int path)
{
	int64_t load = INT64_MAX;

	for (int k = d->l->start[path]; k < d->l->start[path + 1] - 1; k++)
		if (d->part[d->l->via[k]] < load)
			load = d->part[d->l->via[k]];
	return load;
}

static void divide(struct divider *d, int path, struct plan_range *r)
{
	int64_t load = load_of(d, path);
	wide total = 0, sum = 0;
	uint64_t at = 0;

	for (int i = 0; i < d->n_here; i++)
		total += (wide)d->left[d->here[i]];
	for (int i = 0; i < d->n_here; i++) {
		int64_t *left = &d->left[d->here[i]], taken;
		uint64_t to;

		sum += total ? (wide)*left : 1;
		to = (uint64_t)(sum * WHOLE /
				(total ? total : (wide)d->n_here));
		if (to > at)
			r->shares[r->n_shares++] =
				(struct plan_share){d->here[i], at, to};
		taken = (int64_t)((wide)load * (to - at) / WHOLE);
		*left = *left > taken ? *left - taken : 0;
		at = to;
	}
}

static void assign(struct divider *d)
{
	struct plan *plan = d->plan;

	plan->ranges =
		arena_alloc(&plan->arena, d->l->n + 1, sizeof(*plan->ranges));
	for (int path = 0; path < (int)d->l->n; path++) {
		struct plan_range *r = &plan->ranges[plan->n_ranges];

		find_here(d, path);
		if (d->n_here == 0)
			continue;
		plan->n_ranges++;
		r->path = paths_get(d->l, path, &plan->arena);
		r->shares = arena_alloc(&plan->arena,
			d->left ? (size_t)d->n_here : 1, sizeof(*r->shares));
		if (d->left)
			divide(d, path, r);
		else
			give_to_idlest(d, r);
	}
}

/* How many paths a link carries, and so what each of them is. */
static void find_parts(struct divider *d, const struct topology *t,
	const struct plan_goal *goal)
{
	cleanup_free int64_t *users =
		mem_zalloc(t->n_links + 1, sizeof(*users));
	const struct path_list *l = d->l;

	d->part = mem_zalloc(t->n_links + 1, sizeof(*d->part));
	loads_find(t, goal->wishes.loads, d->part);
	for (int k = 0; k < l->start[l->n]; k++)
		if (l->via[k] >= 0 && (k == 0 || l->via[k] != l->via[k - 1]))
			users[l->via[k]]++;
	for (size_t i = 0; i < t->n_links; i++)
		if (users[i])
			d->part[i] /= users[i];
	d->left = mem_zalloc(d->plan->n_probes + 1, sizeof(*d->left));
	for (size_t i = 0; i < d->plan->n_probes; i++)
		d->left[i] = goal->max_pps;
}

static void share_out(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal,
	const struct path_list *l)
{
	size_t n = plan->n_probes + 1;
	struct divider d = {.plan = plan, .c = c, .l = l};

	d.probe_of = mem_zalloc(t->n_nodes + 1, sizeof(int));
	d.paths = mem_zalloc(n, sizeof(int));
	d.seen_in = mem_zalloc(n, sizeof(int));
	d.here = mem_zalloc(n, sizeof(int));
	for (size_t i = 0; i < t->n_nodes; i++)
		d.probe_of[i] = -1;
	for (size_t i = 0; i < plan->n_probes; i++)
		d.probe_of[plan->probes[i].node] = (int)i;
	if (goal->max_pps > 0)
		find_parts(&d, t, goal);
	assign(&d);
	free(d.probe_of);
	free(d.paths);
	free(d.seen_in);
	free(d.here);
	free(d.left);
	free(d.part);
}

int ranges_assign(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal, struct err *err)
{
	const struct wishes *w = &goal->wishes;
	const struct path_wish wish = {w->select, w->pairs, w->n_pairs};
	struct path_list own = {0};
	int r;

	if (strcmp(goal->dedupe, "path") != 0)
		return 0;
	if (c->kind == COVER_PATHS) {
		share_out(plan, t, c, goal, &c->paths);
		return 0;
	}
	r = paths_find(t, &wish, &own, err);
	if (r < 0)
		return r;
	share_out(plan, t, c, goal, &own);
	paths_release(&own);
	return 0;
}
