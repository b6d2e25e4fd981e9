/* Where traffic comes from and goes to: nodes, the links they are on, the
 * experiment and what is outside, and regions of a file of the user's. */
#include "analysis/study.h"
#include "base/mem.h"
#include "store/index.h"

#include <stdlib.h>
#include <string.h>

struct sums {
	uint64_t flows, packets, bytes;
};

enum of { OF_EXPERIMENT, OF_LINK, OF_NODE, OF_REGION };

struct origin {
	struct {
		uint64_t of;
		const char *name; /* NULL: none; each is kept once */
	} key;
	struct sums sent, received;
};

static const char inside[] = "inside", outside[] = "outside";

struct member {
	struct net_addr addr;
	const char *link;
};

struct origins {
	const struct study_ask *ask;
	struct index by_key, by_addr;
	struct origin *v;
	struct member *members;
	size_t n, cap, n_members, members_cap;
};

/* Where two links have an address, it is the last one's. */
static void add_member(struct origins *o, const struct catalog_member *member,
	const char *link)
{
	const size_t at = index_find(&o->by_addr, o->members, &member->addr);

	if (at) {
		o->members[at - 1].link = link;
		return;
	}
	MEM_PUSH(o->members, o->n_members, o->members_cap) =
		(struct member){member->addr, link};
	index_add(&o->by_addr, o->members, o->n_members - 1);
}

static void *begin(const struct study_ask *ask)
{
	const struct catalog *c = ask->catalog;
	struct origins *o = mem_zalloc(1, sizeof(*o));

	o->ask = ask;
	index_init(&o->by_key, sizeof(*o->v), sizeof(o->v->key));
	index_init(&o->by_addr, sizeof(*o->members), sizeof(struct net_addr));
	for (size_t i = 0; i < c->n_links; i++)
		for (size_t m = 0; m < c->links[i].n_members; m++)
			if (c->links[i].members[m].has_addr)
				add_member(o, &c->links[i].members[m],
					c->links[i].name);
	return o;
}

static struct origin *origin_of(struct origins *o, enum of of, const char *name)
{
	const struct origin new = {.key = {of, name}};
	size_t at = index_find(&o->by_key, o->v, &new.key);

	if (!at) {
		MEM_PUSH(o->v, o->n, o->cap) = new;
		at = o->n;
		index_add(&o->by_key, o->v, at - 1);
	}
	return &o->v[at - 1];
}

static const char *link_of(const struct origins *o, const struct net_addr *a)
{
	const size_t at = index_find(&o->by_addr, o->members, a);

	return at ? o->members[at - 1].link : NULL;
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

	count(origin_of(o, OF_EXPERIMENT, node >= 0 ? inside : outside), f,
		sent);
	count(origin_of(o, OF_LINK, link_of(o, a)), f, sent);
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

	if (x->key.of != y->key.of)
		return x->key.of < y->key.of ? -1 : 1;
	if (x->sent.bytes != y->sent.bytes)
		return x->sent.bytes < y->sent.bytes ? 1 : -1;
	if (!x->key.name || !y->key.name)
		return !x->key.name - !y->key.name;
	return strcmp(x->key.name, y->key.name);
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
	to->n_all = o->n;
	if (o->n)
		qsort(o->v, o->n, sizeof(*o->v), by_bytes);
	for (size_t i = 0; i < o->n && (!o->ask->limit || i < o->ask->limit);
		i++) {
		sheet_text(to, kinds[o->v[i].key.of]);
		sheet_text(to, o->v[i].key.name);
		sums_cells(to, &o->v[i].sent);
		sums_cells(to, &o->v[i].received);
	}
	return 0;
}

static void release(void *it)
{
	struct origins *o = it;

	index_release(&o->by_key);
	index_release(&o->by_addr);
	free(o->members);
	free(o->v);
	free(o);
}

static const struct sheet_column columns[] = {{.name = "of"}, {.name = "name"},
	{.name = "sent_flows", .right = true, .spare = 4},
	{.name = "sent_packets", .right = true, .spare = 2},
	{.name = "sent_bytes", .right = true},
	{.name = "received_flows", .right = true, .spare = 3},
	{.name = "received_packets", .right = true, .spare = 1},
	{.name = "received_bytes", .right = true}};

const struct study study_origins = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
