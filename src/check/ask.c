/* Reads the demand.  Costs follow netflowize-plan(5): with "count" each node
 * costs 1; with "impact" a shaper costs 1, and each kind more than all nodes
 * of the cheaper kinds together. */
#include "check/ask.h"

#include <stdlib.h>
#include <string.h>

enum { REDUNDANCY_MAX = 1 << 20 };

static const char *const covers[] = {
	"links", "directions", "segments", "paths", NULL};
static const char *const dedupes[] = {"owner", "path", "none", NULL};
static const char *const objectives[] = {"impact", "count", "cost", NULL};

const char *ask_cover_name(enum ask_cover cover)
{
	return covers[cover];
}

const char *ask_objective_name(enum ask_objective objective)
{
	return objectives[objective];
}

static int choose(const char *what, const char *const *choices,
	const char *word, int *ret, struct err *err)
{
	for (int i = 0; word && choices[i]; i++)
		if (strcmp(choices[i], word) == 0) {
			*ret = i;
			return 0;
		}
	return err_set(err, NFZ_E_INPUT,
		"%s: \"%s\" is unknown to this checker", what,
		word ? word : "(none)");
}

static int read_nodes(const struct names *names, const struct jval *list,
	const char *what, bool *ret, struct err *err)
{
	for (size_t i = 0; i < jval_count(list); i++) {
		const char *name = jval_text(jval_at(list, i));
		int node = names_node(names, name);

		if (node < 0)
			return err_set(err, NFZ_E_INPUT,
				"demand: %s names node %s, which is not in the "
				"topology",
				what, name ? name : "(none)");
		ret[node] = true;
	}
	return 0;
}

static int read_select(const struct names *names, const struct jval *list,
	struct ask *a, struct err *err)
{
	if (!list)
		return 0;
	a->selected =
		arena_alloc(&a->arena, names->t->n_links + 1, sizeof(bool));
	for (size_t i = 0; i < jval_count(list); i++) {
		const char *name = jval_text(jval_at(list, i));
		int link = names_link(names, name);

		if (link < 0)
			return err_set(err, NFZ_E_INPUT,
				"demand: select names link %s, which is not in "
				"the topology",
				name ? name : "(none)");
		a->selected[link] = true;
	}
	return 0;
}

static int mark_fresh(const struct names *names, const char *name,
	struct ask *a, struct err *err)
{
	int link = names_link(names, name);

	if (link < 0)
		return err_set(err, NFZ_E_INPUT,
			"heavy: link %s is not in the topology",
			name ? name : "(none)");
	if (!a->selected[link])
		return err_set(err, NFZ_E_INPUT,
			"heavy: link %s is there twice, or was not asked for",
			name);
	a->selected[link] = false;
	a->fresh[link] = true;
	a->n_fresh++;
	return 0;
}

/* Links that new nodes see, or do not: none of the other nodes' business. */
static int read_fresh(const struct names *names, const struct jval *heavy,
	struct ask *a, struct err *err)
{
	const struct jval *links = jval_get(heavy, "links");
	const struct jval *gaps = jval_get(heavy, "uncovered");
	size_t n = names->t->n_links;
	int r = 0;

	if (!heavy)
		return 0;
	a->fresh = arena_alloc(&a->arena, n + 1, sizeof(bool));
	if (!a->selected) {
		a->selected = arena_alloc(&a->arena, n + 1, sizeof(bool));
		memset(a->selected, 1, n * sizeof(bool));
	}
	for (size_t i = 0; i < jval_count(links) && r == 0; i++)
		r = mark_fresh(names, jval_text(jval_at(links, i)), a, err);
	a->n_fresh_covered = a->n_fresh;
	for (size_t i = 0; i < jval_count(gaps) && r == 0; i++)
		r = mark_fresh(
			names, jval_get_text(jval_at(gaps, i), "link"), a, err);
	return r;
}

/* Each pair once, sorted so that one search serves all with the same end. */
static int by_end(const void *a, const void *b)
{
	const int *x = a, *y = b;

	if (x[1] != y[1])
		return x[1] < y[1] ? -1 : 1;
	return (x[0] > y[0]) - (x[0] < y[0]);
}

static int read_pairs(const struct names *names, const struct jval *list,
	struct ask *a, struct err *err)
{
	size_t n = jval_count(list), kept = 0;

	if (!list)
		return 0;
	a->pairs = arena_alloc(&a->arena, n + 1, sizeof(*a->pairs));
	for (size_t i = 0; i < n; i++) {
		const struct jval *pair = jval_at(list, i);
		int x = names_node(names, jval_text(jval_at(pair, 0)));
		int y = names_node(names, jval_text(jval_at(pair, 1)));

		if (x < 0 || y < 0 || x == y)
			return err_set(err, NFZ_E_INPUT,
				"demand: pairs: number %zu is not two nodes",
				i + 1);
		a->pairs[i][0] = x < y ? x : y;
		a->pairs[i][1] = x < y ? y : x;
	}
	qsort(a->pairs, n, sizeof(*a->pairs), by_end);
	for (size_t i = 0; i < n; i++)
		if (!kept || by_end(a->pairs[kept - 1], a->pairs[i])) {
			a->pairs[kept][0] = a->pairs[i][0];
			a->pairs[kept++][1] = a->pairs[i][1];
		}
	a->n_pairs = kept;
	return 0;
}

static bool is_router(enum node_role role)
{
	return role == ROLE_ROUTER || role == ROLE_VIRTHOST;
}

static void impact_costs(const struct topology *t, int64_t *cost)
{
	int64_t shapers = 0, routers = 0, router, host;

	for (size_t i = 0; i < t->n_nodes; i++) {
		shapers += t->nodes[i].role == ROLE_SHAPER;
		routers += is_router(t->nodes[i].role);
	}
	router = shapers < 1000 ? 1000 : shapers + 1;
	host = router * routers + shapers + 1;
	if (host < 5000)
		host = 5000;
	for (size_t i = 0; i < t->n_nodes; i++)
		cost[i] = t->nodes[i].role == ROLE_SHAPER ? 1
			  : is_router(t->nodes[i].role)   ? router
							  : host;
}

static int read_costs(const struct names *names, const struct jval *costs,
	struct ask *a, struct err *err)
{
	/* so that no sum of them overflows */
	int64_t most = INT64_MAX / 4 / (int64_t)(names->t->n_nodes + 1);

	for (void *at = jval_first(costs); at; at = jval_next(costs, at)) {
		int node = names_node(names, jval_key(at));
		int64_t cost;

		if (node < 0 || !jval_int(jval_member(at), &cost) || cost < 0 ||
			cost > most)
			return err_set(err, NFZ_E_INPUT,
				"demand: the cost of node %s is no number of 0 "
				"or more, or there is no such node",
				jval_key(at));
		a->cost[node] = cost;
	}
	return 0;
}

static int read_limit(const struct jval *demand, const char *key, int64_t *ret,
	struct err *err)
{
	const struct jval *v = jval_get(demand, key);

	if (v && (!jval_int(v, ret) || *ret < 1))
		return err_set(err, NFZ_E_INPUT,
			"demand: %s is no number of 1 or more", key);
	return 0;
}

static int read_loads(const struct names *names, const struct jval *loads,
	struct ask *a, struct err *err)
{
	a->load =
		arena_alloc(&a->arena, names->t->n_links + 1, sizeof(int64_t));
	for (void *at = jval_first(loads); at; at = jval_next(loads, at)) {
		int link = names_link(names, jval_key(at));
		int64_t load;

		if (link < 0 || !jval_int(jval_member(at), &load) || load < 0 ||
			load > INT64_C(1) << 50)
			return err_set(err, NFZ_E_INPUT,
				"demand: the load of link %s is no number of 0 "
				"or more, or there is no such link",
				jval_key(at));
		a->load[link] = load;
	}
	return 0;
}

static int read_limits(const struct names *names, const struct jval *demand,
	struct ask *a, struct err *err)
{
	const struct jval *percent = jval_get(demand, "coverage");
	int r = read_limit(demand, "budget", &a->budget, err);

	if (r == 0)
		r = read_limit(demand, "max_pps", &a->max_pps, err);
	if (r == 0)
		r = read_limit(demand, "max_ifaces", &a->max_ifaces, err);
	if (r == 0 && percent &&
		(!jval_double(percent, &a->percent) || !(a->percent > 0) ||
			a->percent > 100))
		r = err_set(err, NFZ_E_INPUT,
			"demand: coverage is no number above 0, up to 100");
	a->all = !a->budget && a->percent <= 0 && !a->max_pps && !a->max_ifaces;
	return r < 0 ? r : read_loads(names, jval_get(demand, "loads"), a, err);
}

static int set_costs(const struct names *names, const struct jval *demand,
	struct ask *a, struct err *err)
{
	const struct topology *t = names->t;

	a->cost = arena_alloc(&a->arena, t->n_nodes + 1, sizeof(int64_t));
	switch (a->objective) {
	case ASK_IMPACT:
		impact_costs(t, a->cost);
		return 0;
	case ASK_COUNT:
		for (size_t i = 0; i < t->n_nodes; i++)
			a->cost[i] = 1;
		return 0;
	case ASK_COST:
		for (size_t i = 0; i < t->n_nodes; i++)
			a->cost[i] = 1;
		return read_costs(names, jval_get(demand, "costs"), a, err);
	}
	return 0;
}

int ask_read(const struct names *names, const struct jval *plan,
	struct ask *ret, struct err *err)
{
	const struct topology *t = names->t;
	const struct jval *demand = jval_get(plan, "demand");
	const struct jval *goal = jval_get(plan, "objective");
	const char *cover = jval_get_text(plan, "cover");
	int64_t k = 1;
	int which = 0, dedupe = 0, r;

	*ret = (struct ask){.redundancy = 1, .all = true};
	ret->avoided = arena_alloc(&ret->arena, t->n_nodes + 1, sizeof(bool));
	ret->required = arena_alloc(&ret->arena, t->n_nodes + 1, sizeof(bool));
	r = choose("cover", covers, cover ? cover : "links", &which, err);
	ret->cover = (enum ask_cover)which;
	if (r == 0)
		r = choose("objective", objectives, jval_get_text(goal, "name"),
			&which, err);
	ret->objective = (enum ask_objective)which;
	if (r == 0 && jval_get(demand, "redundancy") &&
		(!jval_int(jval_get(demand, "redundancy"), &k) || k < 1 ||
			k > REDUNDANCY_MAX))
		r = err_set(err, NFZ_E_INPUT,
			"demand: redundancy is no number of 1 or more");
	ret->redundancy = (int)k;
	if (r == 0 && jval_get(demand, "dedupe"))
		r = choose("dedupe", dedupes, jval_get_text(demand, "dedupe"),
			&dedupe, err);
	ret->dedupe = (enum ask_dedupe)dedupe;
	if (r == 0)
		r = read_nodes(names, jval_get(demand, "avoid"), "avoid",
			ret->avoided, err);
	if (r == 0)
		r = read_nodes(names, jval_get(demand, "require"), "require",
			ret->required, err);
	if (r == 0)
		r = read_select(names, jval_get(demand, "select"), ret, err);
	if (r == 0)
		r = read_fresh(names, jval_get(plan, "heavy"), ret, err);
	if (r == 0)
		r = read_pairs(names, jval_get(demand, "pairs"), ret, err);
	if (r == 0)
		r = read_limits(names, demand, ret, err);
	if (r == 0)
		r = set_costs(names, demand, ret, err);
	if (r < 0)
		ask_release(ret);
	return r;
}

void ask_release(struct ask *a)
{
	arena_release(&a->arena);
	*a = (struct ask){0};
}
