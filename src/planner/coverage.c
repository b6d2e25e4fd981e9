#include "planner/coverage.h"
#include "base/mem.h"
#include "planner/costs.h"
#include "planner/elements.h"

#include <stdlib.h>
#include <string.h>

struct builder {
	struct coverage *c;
	const struct topology *t;
	const struct plan_goal *goal;
};

static int check_names(const struct topology *t, const struct opt_list *names,
	const char *option, struct err *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (topology_node(t, names->items[i]) < 0)
			return places_no_node(t, option, names->items[i], err);
	return 0;
}

static int set_fates(struct builder *b, struct err *err)
{
	const struct opt_list *require = &b->goal->require;
	struct coverage *c = b->c;

	c->p.fate = mem_zalloc(b->t->n_nodes + 1, 1);
	for (size_t i = 0; i < b->t->n_nodes; i++)
		if (c->places.obstacle[i])
			c->p.fate[i] = COLUMN_OUT;
	for (size_t i = 0; i < require->n; i++) {
		int node = topology_node(b->t, require->items[i]);
		int place = places_of(&c->places, node);

		if (c->places.obstacle[place])
			return err_set(err, NFZ_E_USAGE,
				"--require: %s cannot carry a probe (%s)",
				require->items[i],
				places_told(c->places.obstacle[place]));
		c->p.fate[place] = COLUMN_IN;
	}
	return 0;
}

/* Taps are placed on interfaces: a box that may carry a probe must have its
 * ports known. */
static int check_bridges(const struct builder *b, struct err *err)
{
	for (size_t i = 0; i < b->t->n_bridges; i++) {
		const struct topo_bridge *bridge = &b->t->bridges[i];

		if (b->c->places.obstacle[bridge->node] ||
			(bridge->port[0] >= 0 && bridge->port[1] >= 0))
			continue;
		err_set(err, NFZ_E_INPUT,
			"a port of %s on link %s is not known",
			b->t->nodes[bridge->node].name,
			b->t->links[bridge->link].name);
		return err_hint(err,
			"Name its interfaces, or plan without it: --avoid %s",
			b->t->nodes[bridge->node].name);
	}
	return 0;
}

static int set_columns(struct builder *b, struct err *err)
{
	struct coverage *c = b->c;
	int r = check_names(b->t, &b->goal->avoid, "--avoid", err);

	if (r == 0)
		r = check_names(b->t, &b->goal->require, "--require", err);
	if (r < 0)
		return r;
	places_find(&c->places, b->t, &b->goal->avoid);
	c->p.n_cols = c->lost.n_cols = (int)b->t->n_nodes;
	c->p.cost = mem_zalloc(b->t->n_nodes + 1, sizeof(int64_t));
	r = costs_find(b->t, b->goal, c->p.cost, &c->unit, err);
	if (r == 0)
		r = set_fates(b, err);
	if (r == 0)
		r = check_bridges(b, err);
	c->lost.cost = c->p.cost;
	c->lost.fate = c->p.fate;
	return r;
}

static bool cover_kind_parse(const char *name, enum cover_kind *ret)
{
	static const char *const names[] = {
		"links", "directions", "segments", "paths"};

	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum cover_kind)i;
			return true;
		}
	return false;
}

struct plan_element coverage_element(
	const struct coverage *c, int g, struct arena *arena)
{
	return elements_name(c, coverage_link_of(c, g),
		c->group_part ? c->group_part[g] : PART_WHOLE, arena);
}

static int set_kind(struct builder *b, struct err *err)
{
	const struct wishes *w = &b->goal->wishes;
	const struct path_wish wish = {w->select, w->pairs, w->n_pairs};
	struct coverage *c = b->c;

	c->redundancy = b->goal->redundancy > 1 ? b->goal->redundancy : 1;
	if (b->goal->cover && !cover_kind_parse(b->goal->cover, &c->kind))
		return err_set(err, NFZ_E_USAGE,
			"--cover: %s is not one of links, directions, "
			"segments, paths",
			b->goal->cover);
	if (c->kind == COVER_PATHS)
		return paths_find(b->t, &wish, &c->paths, err);
	if (w->pairs)
		return err_set(err, NFZ_E_USAGE, "--paths needs --cover paths");
	return 0;
}

int coverage_new(const struct topology *t, const struct plan_goal *goal,
	struct coverage **ret, struct err *err)
{
	cleanup(coverage_free_at) struct coverage *c =
		mem_zalloc(1, sizeof(*c));
	struct builder b = {.c = c, .t = t, .goal = goal};
	struct elements elements = {.c = c, .t = t};
	int r = set_columns(&b, err);

	if (r == 0)
		r = set_kind(&b, err);
	if (r < 0)
		return r;
	elements_add(&elements, goal->wishes.select);
	*ret = take(c);
	return 0;
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	free(c->p.cost);
	free(c->p.fate);
	rows_free(&c->p);
	rows_free(&c->lost);
	free(c->group_link);
	free(c->group_part);
	free(c->row_ordinal);
	free(c->link_rows);
	paths_release(&c->paths);
	free(c->gaps);
	places_release(&c->places);
	arena_release(&c->arena);
	free(c);
}
