/* The names of several stores as those of one. */
#include "base/mem.h"
#include "store/catalog.h"

#include <string.h>

struct joining {
	struct catalog *to;
	const struct catalog *from;
	int *nodes, *links; /* of `from` there */
	struct map by_name; /* nodes of `to`, then its links: number + 1 */
};

static int too_many(struct err *err)
{
	return err_set(err, NFZ_E_LIMIT,
		"the stores have too many names together: more than %d",
		CATALOG_MAX);
}

static int found(const struct map *by_name, const char *name)
{
	return (int)(uintptr_t)map_gets(by_name, name) - 1;
}

static void note(struct map *by_name, const char *name, int number)
{
	map_puts(by_name, name, (void *)(uintptr_t)(number + 1));
}

/* One name is one node. */
static int join_nodes(struct joining *j, struct err *err)
{
	for (size_t i = 0; i < j->to->n_nodes; i++)
		if (found(&j->by_name, j->to->nodes[i].name) < 0)
			note(&j->by_name, j->to->nodes[i].name, (int)i);
	for (size_t i = 0; i < j->from->n_nodes; i++) {
		const char *name = j->from->nodes[i].name;

		j->nodes[i] = found(&j->by_name, name);
		if (j->nodes[i] >= 0)
			continue;
		j->nodes[i] = catalog_add_node(j->to, name);
		if (j->nodes[i] < 0)
			return too_many(err);
		note(&j->by_name, name, j->nodes[i]);
	}
	return 0;
}

static void join_addresses(struct joining *j)
{
	const struct map_entry *e;

	for (size_t i = 0; (e = map_next(&j->from->by_addr, &i));) {
		struct net_addr a;

		memcpy(a.b, e->key, sizeof(a.b));
		catalog_add_addr(j->to, j->nodes[(uintptr_t)e->value - 1], &a);
	}
}

static bool is_same(
	const struct joining *j, int link, const struct catalog_link *other)
{
	const struct catalog_link *l = &j->to->links[link];

	if (l->n_members != other->n_members || l->lan != other->lan)
		return false;
	for (size_t i = 0; i < l->n_members; i++) {
		const struct catalog_member *a = &l->members[i];
		const struct catalog_member *b = &other->members[i];

		if (a->node != j->nodes[b->node] ||
			a->has_addr != b->has_addr ||
			(a->has_addr &&
				memcmp(&a->addr, &b->addr, sizeof(a->addr))))
			return false;
	}
	return true;
}

static int add_link(
	struct joining *j, const char *name, const struct catalog_link *other)
{
	const int link = catalog_add_link(j->to, name, other->lan);

	if (link < 0)
		return link;
	if (!other->covered)
		catalog_set_gap(j->to, link, other->gap);
	for (size_t i = 0; i < other->n_members; i++) {
		const struct catalog_member *m = &other->members[i];

		catalog_add_member(j->to, link, j->nodes[m->node],
			m->has_addr ? &m->addr : NULL);
		catalog_set_speed(j->to, link, (int)i, m->speed_bps);
	}
	return link;
}

/* The same members make the same link; of others that have its name the next
 * is name~2. */
static int join_link(struct joining *j, size_t i)
{
	const struct catalog_link *other = &j->from->links[i];
	struct arena *a = &j->to->arena;
	const char *name = other->name;
	int link = found(&j->by_name, name);

	for (unsigned n = 2; link >= 0 && !is_same(j, link, other); n++) {
		name = arena_printf(a, "%s~%u", other->name, n);
		link = found(&j->by_name, name);
	}
	if (link < 0) {
		link = add_link(j, name, other);
		if (link >= 0)
			note(&j->by_name, name, link);
	} else if (other->covered) {
		catalog_set_gap(j->to, link, NULL);
	}
	j->links[i] = link;
	return link;
}

static int join_links(struct joining *j, struct err *err)
{
	map_release(&j->by_name);
	map_init(&j->by_name);
	for (size_t i = 0; i < j->to->n_links; i++)
		if (found(&j->by_name, j->to->links[i].name) < 0)
			note(&j->by_name, j->to->links[i].name, (int)i);
	for (size_t i = 0; i < j->from->n_links; i++)
		if (join_link(j, i) < 0)
			return too_many(err);
	return 0;
}

/* Taps of two stores on one link may have recorded the same packets. */
static int join_taps(struct joining *j, uint16_t *taps, struct err *err)
{
	cleanup_free bool *watched =
		mem_zalloc(j->to->n_links + 1, sizeof(*watched));
	unsigned next = 1;

	for (size_t i = 0; i < j->to->n_taps; i++)
		watched[j->to->taps[i].link] = true;
	for (size_t i = 0; i < j->from->n_taps; i++) {
		struct catalog_tap tap = j->from->taps[i];
		const uint16_t id = tap.id;

		while (next < TAP_FOREIGN && j->to->tap_of[next])
			next++;
		tap.id = (uint16_t)next;
		tap.node = j->nodes[tap.node];
		tap.link = j->links[tap.link];
		j->to->several |= watched[tap.link];
		if (next == TAP_FOREIGN || catalog_add_tap(j->to, &tap) < 0)
			return err_set(err, NFZ_E_LIMIT,
				"the stores have too many taps together");
		taps[id] = tap.id;
	}
	return 0;
}

int catalog_join(struct catalog *to, const struct catalog *from,
	uint16_t taps[static CATALOG_TAPS], struct err *err)
{
	struct joining j = {to, from,
		.nodes = mem_zalloc(from->n_nodes + 1, sizeof(*j.nodes)),
		.links = mem_zalloc(from->n_links + 1, sizeof(*j.links))};
	int r;

	for (size_t i = 0; i < CATALOG_TAPS; i++)
		taps[i] = TAP_FOREIGN;
	map_init(&j.by_name);
	r = join_nodes(&j, err);
	if (r == 0) {
		join_addresses(&j);
		r = join_links(&j, err);
	}
	if (r == 0)
		r = join_taps(&j, taps, err);
	to->several |= from->several;
	if (!to->deployment)
		to->deployment = from->deployment;
	if (from->idle_ms > to->idle_ms)
		to->idle_ms = from->idle_ms;
	map_release(&j.by_name);
	free(j.nodes);
	free(j.links);
	return r;
}
