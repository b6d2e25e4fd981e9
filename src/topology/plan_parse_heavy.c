/* The part of a plan file that is about nodes which do not exist yet. */
#include "base/mem.h"
#include "topology/plan_heavy.h"
#include "topology/plan_read.h"

#include <string.h>

/* A number, or null (or nothing) where it is not known: -1. */
static bool read_known(const struct jval *from, const char *key, int64_t *ret)
{
	if (jval_int(jval_get(from, key), ret))
		return *ret >= 0;
	*ret = -1;
	return jval_get(from, key) == NULL;
}

static bool read_small(const struct jval *from, const char *key, int *ret)
{
	int64_t n;

	if (!jval_int(jval_get(from, key), &n) || n < 0 || n > INT32_MAX)
		return false;
	*ret = (int)n;
	return true;
}

static int read_pool(
	struct plan_reader *r, struct plan_heavy *h, const struct jval *list)
{
	struct arena *arena = &r->plan->arena;
	size_t n = jval_count(list);

	h->types = arena_alloc(arena, n + 1, sizeof(*h->types));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct heavy_type *to = &h->types[h->n_types++];

		to->name = arena_strdup(arena, jval_get_text(from, "type"));
		if (!read_small(from, "ifaces", &to->ifaces) ||
			!read_known(from, "have", &to->have) ||
			!jval_int(jval_get(from, "used"), &to->used))
			return plan_read_bad(r, "pool");
	}
	return 0;
}

/* The type of that name with so many interfaces (-1: any number). */
static int find_type(const struct plan_heavy *h, const char *name, int ifaces)
{
	for (size_t i = 0; i < h->n_types; i++) {
		const struct heavy_type *t = &h->types[i];
		bool same = name && t->name ? strcmp(name, t->name) == 0
					    : name == t->name;

		if (same && (ifaces < 0 || t->ifaces == ifaces))
			return (int)i;
	}
	return -1;
}

static int read_member(struct plan_reader *r, const struct jval *from,
	int *ret_link, int *ret_slot)
{
	int code = plan_read_link(r, jval_get_text(from, "link"), ret_link);

	*ret_slot = -1;
	if (code < 0 || !jval_get(from, "slot"))
		return code;
	if (!read_small(from, "slot", ret_slot) ||
		(size_t)*ret_slot >= r->t->links[*ret_link].n_members)
		return plan_read_bad(r, "slot in heavy");
	return 0;
}

static int read_node(struct plan_reader *r, const struct plan_heavy *h,
	const struct jval *from, struct heavy_node *to)
{
	const struct jval *list = jval_get(from, "bridges");
	struct arena *arena = &r->plan->arena;
	size_t n = jval_count(list);
	int ifaces = -1, code = 0;

	to->name = arena_strdup(arena, jval_get_text(from, "name"));
	if (!to->name || !read_small(from, "ifaces", &ifaces))
		return plan_read_bad(r, "a new node");
	to->type = find_type(h, jval_get_text(from, "type"), ifaces);
	if (to->type < 0)
		return plan_read_bad(r, "the type of a new node");
	to->bridges = arena_alloc(arena, n + 1, sizeof(*to->bridges));
	for (size_t i = 0; i < n && code == 0; i++) {
		struct heavy_bridge *b = &to->bridges[to->n_bridges++];

		code = read_member(r, jval_at(list, i), &b->link, &b->slot);
	}
	return code;
}

static int read_nodes(
	struct plan_reader *r, struct plan_heavy *h, const struct jval *list)
{
	size_t n = jval_count(list);
	int code = 0;

	h->nodes = arena_alloc(&r->plan->arena, n + 1, sizeof(*h->nodes));
	for (size_t i = 0; i < n && code == 0; i++)
		code = read_node(
			r, h, jval_at(list, i), &h->nodes[h->n_nodes++]);
	return code;
}

static int read_reuse(
	struct plan_reader *r, struct plan_heavy *h, const struct jval *list)
{
	size_t n = jval_count(list);
	int code = 0;

	h->reuse = arena_alloc(&r->plan->arena, n + 1, sizeof(*h->reuse));
	for (size_t i = 0; i < n && code == 0; i++) {
		const struct jval *from = jval_at(list, i);
		struct heavy_reuse *to = &h->reuse[h->n_reuse++];

		code = read_member(r, from, &to->link, &to->slot);
		if (code == 0)
			code = plan_read_node(
				r, jval_get_text(from, "node"), &to->node);
	}
	return code;
}

static int read_gaps(
	struct plan_reader *r, struct plan_heavy *h, const struct jval *list)
{
	struct arena *arena = &r->plan->arena;
	size_t n = jval_count(list);

	h->gaps = arena_alloc(arena, n + 1, sizeof(*h->gaps));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct heavy_gap *to = &h->gaps[h->n_gaps++];
		int code = plan_read_link(
			r, jval_get_text(from, "link"), &to->link);

		if (code < 0)
			return code;
		to->cause = arena_strdup(arena, jval_get_text(from, "cause"));
		(void)jval_bool(jval_get(from, "pool"), &to->pool);
		if (!to->cause)
			return plan_read_bad(r, "a cause in heavy");
	}
	return 0;
}

static int read_needs(
	struct plan_reader *r, struct plan_heavy *h, const struct jval *list)
{
	if (jval_count(list) != 2)
		return plan_read_bad(r, "resources");
	for (size_t i = 0; i < 2; i++) {
		const struct jval *from = jval_at(list, i);

		h->need[i].resource = arena_strdup(
			&r->plan->arena, jval_get_text(from, "resource"));
		if (!h->need[i].resource ||
			!jval_int(jval_get(from, "need"), &h->need[i].need) ||
			!read_known(from, "have", &h->need[i].have))
			return plan_read_bad(r, "resources");
	}
	return 0;
}

static int read_sums(
	struct plan_reader *r, struct plan_heavy *h, const struct jval *from)
{
	const struct jval *collector = jval_get(from, "collector");
	const struct jval *outage = jval_get(from, "outage_s");
	int64_t most, low, high;

	h->collector = -1;
	if (jval_is_object(collector)) {
		h->collector =
			find_type(h, jval_get_text(collector, "type"), -1);
		if (h->collector < 0)
			return plan_read_bad(r, "the collector's type");
	}
	(void)jval_int(jval_get(from, "max_kbps"), &h->max_kbps);
	(void)jval_int(jval_get(from, "max_pps"), &h->max_pps);
	if (!jval_int(jval_get(from, "bridges"), &h->n_bridges) ||
		!jval_int(jval_get(from, "lower_bound"), &h->lower_bound) ||
		!jval_int(jval_get(from, "most_links"), &most) || most < 0 ||
		!jval_int(jval_at(outage, 0), &low) || low < 0 ||
		!jval_int(jval_at(outage, 1), &high) || high < low ||
		high > INT32_MAX)
		return plan_read_bad(r, "the sums in heavy");
	h->most_links = (size_t)most;
	h->outage_min_s = (int)low;
	h->outage_max_s = (int)high;
	return 0;
}

int plan_read_heavy(struct plan_reader *r, const struct jval *from)
{
	struct plan_heavy *h;
	int code;

	if (!jval_is_object(from))
		return 0;
	h = arena_alloc(&r->plan->arena, 1, sizeof(*h));
	r->plan->heavy = h;
	code = read_pool(r, h, jval_get(from, "pool"));
	if (code == 0)
		code = plan_read_links(
			r, jval_get(from, "links"), &h->links, &h->n_links);
	if (code == 0)
		code = read_nodes(r, h, jval_get(from, "nodes"));
	if (code == 0)
		code = read_reuse(r, h, jval_get(from, "reused"));
	if (code == 0)
		code = read_gaps(r, h, jval_get(from, "uncovered"));
	if (code == 0)
		code = read_needs(r, h, jval_get(from, "resources"));
	return code ? code : read_sums(r, h, from);
}
