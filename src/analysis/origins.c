/* Where traffic comes from and goes to: nodes, the links they are on, the
 * experiment and what is outside, and regions of a file of the user's. */
#include "analysis/study.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sums {
	uint64_t flows, packets, bytes;
};

enum { NAME_LEN = 600 };
enum of { OF_EXPERIMENT, OF_LINK, OF_NODE, OF_REGION };

struct origin {
	enum of of;
	const char *name; /* NULL: none */
	struct sums sent, received;
};

struct origins {
	const struct study_ask *ask;
	struct map by_key, link_of; /* of an address: the link's name */
	struct arena names;
	struct origin *v;
	size_t n, cap;
};

static void *begin(const struct study_ask *ask)
{
	const struct catalog *c = ask->catalog;
	struct origins *o = mem_zalloc(1, sizeof(*o));

	o->ask = ask;
	map_init(&o->by_key);
	map_init(&o->link_of);
	for (size_t i = 0; i < c->n_links; i++)
		for (size_t m = 0; m < c->links[i].n_members; m++) {
			const struct catalog_member *member =
				&c->links[i].members[m];

			if (member->has_addr)
				map_put(&o->link_of, &member->addr,
					sizeof(member->addr),
					arena_strdup(
						&o->names, c->links[i].name));
		}
	return o;
}

static struct origin *origin_of(struct origins *o, enum of of, const char *name)
{
	char key[NAME_LEN];
	const int len = snprintf(key, sizeof(key), "%d%s%s", (int)of,
		name ? " " : "", name ? name : "");
	const size_t n = (size_t)len < sizeof(key) ? (size_t)len : sizeof(key);
	size_t at = (size_t)(uintptr_t)map_get(&o->by_key, key, n);

	if (!at) {
		MEM_PUSH(o->v, o->n, o->cap) =
			(struct origin){.of = of, .name = name};
		at = o->n;
		map_put(&o->by_key, key, n, (void *)(uintptr_t)at);
	}
	return &o->v[at - 1];
}

static void count(struct origin *to, const struct flow *f, bool sent)
{
	struct sums *s = sent ? &to->sent : &to->received;

	s->flows++;
	s->packets += f->packets;
	s->bytes += f->bytes;
}

static void count_end(struct origins *o, const struct flow *f, bool sent)
{
	const struct catalog *c = o->ask->catalog;
	const struct net_addr *a = sent ? &f->key.src : &f->key.dst;
	const int node = sent ? f->src_node : f->dst_node;

	count(origin_of(o, OF_EXPERIMENT, node >= 0 ? "inside" : "outside"), f,
		sent);
	count(origin_of(o, OF_LINK, map_get(&o->link_of, a, sizeof(*a))), f,
		sent);
	count(origin_of(o, OF_NODE, node < 0 ? NULL : c->nodes[node].name), f,
		sent);
	if (o->ask->regions)
		count(origin_of(o, OF_REGION, regions_of(o->ask->regions, a)),
			f, sent);
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct origins *o = it;

	(void)err;
	count_end(o, f, true);
	count_end(o, f, false);
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct origin *x = a, *y = b;

	if (x->of != y->of)
		return x->of < y->of ? -1 : 1;
	if (x->sent.bytes != y->sent.bytes)
		return x->sent.bytes < y->sent.bytes ? 1 : -1;
	if (!x->name || !y->name)
		return !x->name - !y->name;
	return strcmp(x->name, y->name);
}

static void sums_cells(struct sheet *to, const struct sums *s)
{
	sheet_uint(to, s->flows);
	sheet_uint(to, s->packets);
	sheet_uint(to, s->bytes);
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	static const char *const kinds[] = {
		"experiment", "link", "node", "region"};
	struct origins *o = it;

	(void)err;
	if (o->n)
		qsort(o->v, o->n, sizeof(*o->v), by_bytes);
	for (size_t i = 0; i < o->n && (!o->ask->limit || i < o->ask->limit);
		i++) {
		sheet_text(to, kinds[o->v[i].of]);
		sheet_text(to, o->v[i].name);
		sums_cells(to, &o->v[i].sent);
		sums_cells(to, &o->v[i].received);
	}
	return 0;
}

static void release(void *it)
{
	struct origins *o = it;

	map_release(&o->by_key);
	map_release(&o->link_of);
	arena_release(&o->names);
	free(o->v);
	free(o);
}

static const struct sheet_column columns[] = {{.name = "of"}, {.name = "name"},
	{.name = "sent_flows", .right = true},
	{.name = "sent_packets", .right = true},
	{.name = "sent_bytes", .right = true},
	{.name = "received_flows", .right = true},
	{.name = "received_packets", .right = true},
	{.name = "received_bytes", .right = true}};

const struct study study_origins = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
