#include "planner/coverage.h"
#include "base/mem.h"
#include "planner/costs.h"
#include "planner/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct coverage *c;
	const struct topology *t;
	const struct plan_goal *goal;
	struct rows rows, lost;
	size_t group_cap, row_cap, gap_cap;
	int ordinal; /* rows of this link so far */
};

static int member_node(const struct topology *t, int link, int slot)
{
	return t->ifaces[t->links[link].members[slot].iface].node;
}

static void see(struct builder *b, int node)
{
	rows_see(&b->rows, b->c->places.place[node]);
}

/* What is seen of a link at one member: there, or at the bridge serving it. */
static void see_member(struct builder *b, int link, int slot)
{
	int bridge = topology_bridge_of(b->t, link, slot);

	see(b, member_node(b->t, link, slot));
	if (bridge >= 0)
		see(b, b->t->bridges[bridge].node);
}

static void end_row(struct builder *b)
{
	struct coverage *c = b->c;

	c->row_ordinal = mem_reserve(
		c->row_ordinal, (size_t)c->p.n_rows, &b->row_cap, sizeof(int));
	c->row_ordinal[c->p.n_rows] = b->ordinal++;
	rows_end_row(&b->rows);
}

/* One line for a link that cannot be covered: each end and its obstacle. */
static const char *gap_cause(struct builder *b, int link)
{
	const struct topo_link *l = &b->t->links[link];
	const struct places *places = &b->c->places;
	char text[512] = "";
	size_t n = 0;

	for (size_t s = 0; s < l->n_members && n < sizeof(text) - 1; s++) {
		int place = places->place[member_node(b->t, link, (int)s)];

		if (!places->obstacle[place])
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s: %s",
			n ? "; " : "", b->t->nodes[place].name,
			places->obstacle[place]);
	}
	return arena_strdup(
		&b->c->arena, n ? text : "no member can carry a probe");
}

static bool can_be_seen(const struct coverage *c, int row)
{
	for (int k = c->p.row_start[row]; k < c->p.row_start[row + 1]; k++)
		if (c->p.fate[c->p.row_col[k]] != COLUMN_OUT)
			return true;
	return false;
}

static void end_group(struct builder *b, int link, int demand)
{
	struct coverage *c = b->c;
	int usable = 0;

	rows_end_group(&b->rows, demand);
	for (int r = c->p.group_start[c->p.n_groups - 1]; r < c->p.n_rows; r++)
		usable += can_be_seen(c, r);
	if (usable < demand) {
		c->gaps = mem_reserve(c->gaps, (size_t)c->lost.n_groups,
			&b->gap_cap, sizeof(*c->gaps));
		c->gaps[c->lost.n_groups] =
			(struct plan_gap){link, gap_cause(b, link)};
		rows_move_group(&b->rows, &b->lost);
		return;
	}
	c->group_link = mem_reserve(c->group_link, (size_t)c->p.n_groups,
		&b->group_cap, sizeof(int));
	c->group_link[c->p.n_groups - 1] = link;
}

static void add_link(struct builder *b, int link)
{
	const struct topo_link *l = &b->t->links[link];
	int n = (int)l->n_members;
	bool whole = l->kind == LINK_P2P || l->floods || n < 2;

	b->ordinal = 0;
	if (n == 0)
		return;
	for (int slot = 0; slot < n; slot++) {
		see_member(b, link, slot);
		if (!whole || slot == n - 1)
			end_row(b);
	}
	end_group(b, link, whole ? 1 : n - 1);
}

static int check_names(const struct topology *t, const struct opt_list *names,
	const char *option, struct err *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (topology_node(t, names->items[i]) < 0)
			return err_set(err, NFZ_E_USAGE,
				"%s: there is no node %s", option,
				names->items[i]);
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
		int place = c->places.place[node];

		if (c->places.obstacle[place])
			return err_set(err, NFZ_E_USAGE,
				"--require: %s cannot carry a probe (%s)",
				require->items[i], c->places.obstacle[place]);
		c->p.fate[place] = COLUMN_IN;
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
	c->lost.cost = c->p.cost;
	c->lost.fate = c->p.fate;
	return r;
}

int coverage_new(const struct topology *t, const struct plan_goal *goal,
	struct coverage **ret, struct err *err)
{
	cleanup(coverage_free_at) struct coverage *c =
		mem_zalloc(1, sizeof(*c));
	struct builder b = {.c = c, .t = t, .goal = goal};
	int r;

	rows_open(&b.rows, &c->p);
	rows_open(&b.lost, &c->lost);
	r = set_columns(&b, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < t->n_links; i++)
		add_link(&b, (int)i);
	rows_close(&b.rows, 1);
	rows_close(&b.lost, 1);
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
	free(c->row_ordinal);
	free(c->gaps);
	places_release(&c->places);
	arena_release(&c->arena);
	free(c);
}
