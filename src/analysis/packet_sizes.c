/* Packets of each link by size, in both directions: what the probes counted,
 * from their first frame to their last.  Records know nothing of it. */
#include "analysis/study.h"
#include "base/mem.h"
#include "store/ledger.h"

#include <stdlib.h>

/* Who sent into the link, to whom; -1: anybody. */
struct way {
	int link, from, to;
	struct size_count sizes[PACKET_SIZES];
};

static void *begin(const struct study_ask *ask)
{
	const struct study_ask **it = mem_zalloc(1, sizeof(*it));

	*it = ask;
	return it;
}

/* Which way it was, past a tap for one member: of a LAN's others none is
 * known. */
static struct way way_of(
	const struct catalog *c, const struct catalog_tap *t, bool from_near)
{
	const struct catalog_link *l = &c->links[t->link];
	struct way way = {.link = t->link, .from = -1, .to = -1};
	int near = -1, far = -1;

	if (t->slot < l->n_members)
		near = l->members[t->slot].node;
	if (!l->lan && l->n_members == 2 && t->slot < 2)
		far = l->members[!t->slot].node;
	way.from = from_near ? near : far;
	way.to = from_near ? far : near;
	return way;
}

static int by_way(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	if (x->link != y->link)
		return x->link - y->link;
	return x->from != y->from ? x->from - y->from : x->to - y->to;
}

/* Those of the same way, sorted, become one. */
static size_t join(struct way *ways, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && by_way(&ways[kept - 1], &ways[i]) == 0)
			sizes_merge(ways[kept - 1].sizes, ways[i].sizes, 1);
		else
			ways[kept++] = ways[i];
	}
	return kept;
}

static void node_cell(struct sheet *to, const struct catalog *c, int node)
{
	sheet_text(to, node < 0 ? NULL : c->nodes[node].name);
}

static void write_way(
	const struct study_ask *ask, const struct way *w, struct sheet *to)
{
	const struct catalog *c = ask->catalog;
	struct size_count all = {0};

	for (unsigned i = 0; i < PACKET_SIZES; i++) {
		all.packets += w->sizes[i].packets;
		all.octets += w->sizes[i].octets;
	}
	for (unsigned i = 0; i < PACKET_SIZES; i++) {
		const struct size_count *n = &w->sizes[i];

		if (!n->packets || (ask->limit && to->n_rows == ask->limit))
			continue;
		sheet_text(to, c->links[w->link].name);
		node_cell(to, c, w->from);
		node_cell(to, c, w->to);
		if (size_class_top(i))
			sheet_uint(to, size_class_top(i));
		else
			sheet_null(to);
		sheet_uint(to, n->packets);
		sheet_uint(to, n->octets);
		sheet_percent(to, n->packets, all.packets);
		sheet_percent(to, n->octets, all.octets);
	}
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	const struct study_ask *ask = *(const struct study_ask **)it;
	const struct catalog *c = ask->catalog;
	cleanup_free struct way *ways = NULL;
	size_t n = 0, cap = 0, heard = 0;
	struct ledger l;

	ledger_read(ask->store, c, &l);
	for (size_t i = 0; i < l.n_taps; i++) {
		const struct ledger_tap *t = &l.taps[i];

		for (int from_near = 0; t->sized && from_near < 2;
			from_near++) {
			struct way way = way_of(c, t->tap, from_near);

			sizes_merge(way.sizes, t->sizes[from_near], 1);
			MEM_PUSH(ways, n, cap) = way;
		}
		heard += t->sized;
	}
	ledger_release(&l);
	if (!heard)
		return err_set(err, NFZ_E_INPUT,
			"no probe of this run told sizes of packets");
	qsort(ways, n, sizeof(*ways), by_way);
	n = join(ways, n);
	for (size_t i = 0; i < n; i++)
		write_way(ask, &ways[i], to);
	return 0;
}

static const struct sheet_column columns[] = {{.name = "link"},
	{.name = "from"}, {.name = "to"}, {.name = "up_to", .right = true},
	{.name = "packets", .right = true},
	{.name = "bytes", .right = true, .spare = 1},
	{.name = "packets_percent", .right = true, .spare = 2},
	{.name = "bytes_percent", .right = true, .spare = 3}};

const struct study study_packet_sizes = {.columns = columns,
	.n_columns = sizeof(columns) / sizeof(*columns),
	.begin = begin,
	.write = write_rows,
	.free = free};
