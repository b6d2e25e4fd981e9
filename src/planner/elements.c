#include "planner/elements.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const struct topo_link *link_of(const struct elements *b, int link)
{
	return &b->t->links[link];
}

static int member_node(const struct elements *b, int link, size_t slot)
{
	return b->t->ifaces[link_of(b, link)->members[slot].iface].node;
}

static void see(struct elements *b, int node)
{
	rows_see(&b->rows, places_of(&b->c->places, node));
}

/* What is seen of a link at one member: there, or at the bridge serving it. */
static void see_member(struct elements *b, int link, size_t slot)
{
	int bridge = topology_bridge_of(b->t, link, (int)slot);

	see(b, member_node(b, link, slot));
	if (bridge >= 0)
		see(b, b->t->bridges[bridge].node);
}

static void end_row(struct elements *b)
{
	struct coverage *c = b->c;

	c->row_ordinal = mem_reserve(
		c->row_ordinal, (size_t)c->p.n_rows, &b->row_cap, sizeof(int));
	c->row_ordinal[c->p.n_rows] = b->ordinal++;
	rows_end_row(&b->rows);
}

struct plan_element elements_name(
	const struct coverage *c, int of, int part, struct arena *arena)
{
	struct plan_element e = {.link = of, .from = -1, .to = -1};

	if (c->kind == COVER_PATHS) {
		e.link = -1;
		e.from = c->paths.node[c->paths.start[of]];
		e.to = c->paths.node[c->paths.start[of + 1] - 1];
		return e;
	}
	e.part = part == PART_WHOLE ? NULL
		 : part == PART_TX  ? "tx"
		 : part == PART_RX
			 ? "rx"
			 : arena_printf(arena, "side %d", part - PART_SIDE);
	return e;
}

static int usable_in(const struct cover_problem *p, int row)
{
	int n = 0;

	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		n += p->fate[p->row_col[k]] != COLUMN_OUT;
	return n;
}

/* One line: who could have seen it, and what keeps each from it. */
static const char *gap_cause(
	struct elements *b, const struct plan_gap *g, int missing)
{
	char text[512] = "";
	size_t n = 0;

	if (g->need > 1)
		n += (size_t)snprintf(text, sizeof(text),
			"%d probes wanted, %d possible", g->need,
			g->need - missing);
	for (size_t i = 0; i < g->n_cands && n < sizeof(text) - 1; i++)
		if (g->cands[i].why)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
				"%s%s: %s", n ? "; " : "",
				b->t->nodes[g->cands[i].node].name,
				places_told(g->cands[i].why));
	return arena_strdup(
		&b->c->arena, n ? text : "no member can carry a probe");
}

static int by_node(const void *a, const void *b)
{
	const struct plan_candidate *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

/* The candidates of the last group of p, each once. */
static void list_candidates(struct elements *b, struct plan_gap *g)
{
	const struct cover_problem *p = &b->c->p;
	int first = p->row_start[p->group_start[p->n_groups - 1]];
	int end = p->row_start[p->n_rows];
	size_t n = 0;

	g->cands = arena_alloc(
		&b->c->arena, (size_t)(end - first) + 1, sizeof(*g->cands));
	for (int k = first; k < end; k++)
		g->cands[n++] = (struct plan_candidate){
			p->row_col[k], b->c->places.obstacle[p->row_col[k]]};
	qsort(g->cands, n, sizeof(*g->cands), by_node);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || g->cands[i - 1].node != g->cands[i].node)
			g->cands[g->n_cands++] = g->cands[i];
}

static void add_gap(struct elements *b, int of, int part, int missing)
{
	struct coverage *c = b->c;
	struct plan_gap g = {.what = elements_name(c, of, part, &c->arena),
		.need = c->redundancy};

	list_candidates(b, &g);
	g.cause = gap_cause(b, &g, missing);
	c->gaps = mem_reserve(c->gaps, (size_t)c->lost.n_groups, &b->gap_cap,
		sizeof(*c->gaps));
	c->gaps[c->lost.n_groups] = g;
	rows_move_group(&b->rows, &b->lost);
}

static void end_group(struct elements *b, int of, int part, int demand)
{
	struct coverage *c = b->c;
	int usable = 0, missing = 0;
	size_t g;

	rows_end_group(&b->rows, demand);
	for (int r = c->p.group_start[c->p.n_groups - 1]; r < c->p.n_rows;
		r++) {
		int short_of = c->redundancy - usable_in(&c->p, r);

		usable += short_of <= 0;
		missing = short_of > missing ? short_of : missing;
	}
	if (usable < demand) {
		add_gap(b, of, part, missing);
		return;
	}
	g = (size_t)c->p.n_groups - 1;
	c->group_link =
		mem_reserve(c->group_link, g, &b->link_cap, sizeof(int));
	c->group_link[g] = of;
	if (c->kind != COVER_DIRECTIONS && c->kind != COVER_SEGMENTS)
		return;
	c->group_part =
		mem_reserve(c->group_part, g, &b->part_cap, sizeof(int));
	c->group_part[g] = part;
}

/* One row for all members together, or one for each. */
static bool is_whole(const struct topo_link *l)
{
	return l->kind == LINK_P2P || l->floods || l->n_members < 2;
}

static void add_link(struct elements *b, int link, int part)
{
	const struct topo_link *l = link_of(b, link);
	bool whole = is_whole(l);

	for (size_t slot = 0; slot < l->n_members; slot++) {
		see_member(b, link, slot);
		if (!whole || slot + 1 == l->n_members)
			end_row(b);
	}
	end_group(b, link, part, whole ? 1 : (int)l->n_members - 1);
}

/* The node of the bridge that shapes this member, or -1. */
static int shaper_of(const struct elements *b, int link, size_t slot)
{
	int bridge = topology_bridge_of(b->t, link, (int)slot);

	if (bridge < 0 || !b->t->bridges[bridge].shapes)
		return -1;
	return b->t->bridges[bridge].node;
}

/* Between a member and its shaper. */
static void add_side(struct elements *b, int link, size_t slot, int part)
{
	see(b, member_node(b, link, slot));
	see(b, shaper_of(b, link, slot));
	end_row(b);
	end_group(b, link, part, 1);
}

static void add_lan_segments(struct elements *b, int link)
{
	const struct topo_link *l = link_of(b, link);
	bool whole = is_whole(l);
	int part = PART_SIDE;

	for (size_t slot = 0; slot < l->n_members; slot++) {
		int shaper = shaper_of(b, link, slot);

		if (shaper >= 0)
			see(b, shaper);
		else
			see_member(b, link, slot);
		if (!whole || slot + 1 == l->n_members)
			end_row(b);
	}
	end_group(b, link, part++, whole ? 1 : (int)l->n_members - 1);
	for (size_t slot = 0; slot < l->n_members; slot++)
		if (shaper_of(b, link, slot) >= 0)
			add_side(b, link, slot, part++);
}

static void add_segments(struct elements *b, int link)
{
	const struct topo_link *l = link_of(b, link);

	if (l->kind == LINK_LAN) {
		add_lan_segments(b, link);
		return;
	}
	if (shaper_of(b, link, 0) < 0) {
		add_link(b, link, PART_SIDE);
		return;
	}
	for (size_t slot = 0; slot < l->n_members; slot++)
		add_side(b, link, slot, PART_SIDE + (int)slot);
}

static void add_of_link(struct elements *b, int link)
{
	b->ordinal = 0;
	switch (b->c->kind) {
	case COVER_LINKS:
		add_link(b, link, PART_WHOLE);
		break;
	case COVER_DIRECTIONS:
		add_link(b, link, PART_TX);
		add_link(b, link, PART_RX);
		break;
	case COVER_SEGMENTS:
		add_segments(b, link);
		break;
	case COVER_PATHS:
		break;
	}
	b->c->link_rows[link] = b->ordinal;
}

static void add_paths(struct elements *b)
{
	const struct path_list *l = &b->c->paths;

	for (size_t i = 0; i < l->n; i++) {
		for (int k = l->start[i]; k < l->start[i + 1]; k++)
			see(b, l->node[k]);
		b->ordinal = 0;
		end_row(b);
		end_group(b, (int)i, PART_WHOLE, 1);
	}
}

/* Of links of one row each there is nothing to remember. */
static void drop_ordinals(struct elements *b)
{
	struct coverage *c = b->c;

	for (size_t i = 0; i < b->t->n_links; i++)
		if (c->link_rows[i] > 1)
			return;
	free(take(c->row_ordinal));
	free(take(c->link_rows));
	for (int g = 0; g < c->p.n_groups; g++)
		if (c->group_link[g] != g)
			return;
	free(take(c->group_link));
}

/* All links, if each is between two nodes and seen at either, and nothing is on
 * it: as a graph is.  Then the rows are the links. */
static bool add_pairs(struct elements *b)
{
	const struct topology *t = b->t;
	struct coverage *c = b->c;
	cleanup_free int *start = NULL, *col = NULL;

	if (c->kind != COVER_LINKS || c->redundancy > 1 || c->places.place ||
		t->n_bridges)
		return false;
	start = mem_grow(NULL, t->n_links + 1, sizeof(int));
	col = mem_grow(NULL, 2 * t->n_links + 1, sizeof(int));
	start[0] = 0;
	for (size_t i = 0; i < t->n_links; i++) {
		const struct topo_link *l = &t->links[i];
		int one, other;

		if (l->kind != LINK_P2P || l->n_members != 2)
			return false;
		one = t->ifaces[l->members[0].iface].node;
		other = t->ifaces[l->members[1].iface].node;
		if (one == other || (c->p.fate[one] == COLUMN_OUT &&
					    c->p.fate[other] == COLUMN_OUT))
			return false;
		col[2 * i] = one < other ? one : other;
		col[2 * i + 1] = one < other ? other : one;
		start[i + 1] = (int)(2 * i + 2);
	}
	c->p.row_start = take(start);
	c->p.row_col = take(col);
	c->p.n_rows = c->p.n_groups = (int)t->n_links;
	c->n_links = t->n_links;
	return true;
}

void elements_add(struct elements *b, const bool *select)
{
	struct coverage *c = b->c;

	if (!select && add_pairs(b))
		return;
	rows_open(&b->rows, &c->p);
	rows_open(&b->lost, &c->lost);
	c->link_rows = mem_zalloc(b->t->n_links + 1, sizeof(int));
	for (size_t i = 0; i < b->t->n_links; i++) {
		if ((select && !select[i]) || b->t->links[i].n_members == 0)
			continue;
		c->n_links++;
		add_of_link(b, (int)i);
	}
	if (c->kind == COVER_PATHS)
		add_paths(b);
	rows_close(&b->rows, c->redundancy);
	rows_close(&b->lost, c->redundancy);
	drop_ordinals(b);
}
