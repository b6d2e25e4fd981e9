/* gentraffic DIR TOPOLOGY.json SECONDS: a store as if flows had gone over that
 * topology for so long, each on a shortest path between two of its nodes, a few
 * of them much larger than the others.  Each link is watched by that end which
 * has more of them. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "flow/setup.h"
#include "store/store.h"
#include "tools/names.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000000)
#define BEGIN (INT64_C(1790000000) * SECOND)
#define LINK_BPS INT64_C(1000000000) /* where the topology does not tell */
enum { FLOWS = 400, STEP_S = 10, TEXT_MAX = 256 << 20, FIRST_METER = 2 };

struct net {
	struct topology *t;
	struct catalog *c;
	struct store *s;
	int *back; /* of each node: the interface that leads to the source */
	int *queue;
	struct tap_counters *counters; /* by link */
	uint64_t *seq;                 /* of each node's meter */
	uint64_t state;
	struct err err;
};

static uint64_t next(struct net *n)
{
	n->state =
		n->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return n->state >> 33;
}

/* The meter of a node. */
static struct store_source meter(int node)
{
	return (struct store_source){(uint16_t)(node + FIRST_METER), 7};
}

static struct net_addr addr_of(int link, int slot)
{
	const uint8_t b[4] = {
		10, (uint8_t)(link >> 8), (uint8_t)link, (uint8_t)(slot + 1)};

	return net_addr_v4(b);
}

static const struct topo_iface *member(const struct net *n, int link, size_t i)
{
	return &n->t->ifaces[n->t->links[link].members[i].iface];
}

static size_t degree(const struct net *n, int node)
{
	size_t d = 0;

	for (size_t i = 0; i < n->t->n_ifaces; i++)
		d += n->t->ifaces[i].node == node;
	return d;
}

static void name_all(struct net *n)
{
	n->c->project = "pictures";
	n->c->experiment = n->t->experiment ? n->t->experiment : "graph";
	n->c->mode = "light";
	for (size_t i = 0; i < n->t->n_nodes; i++)
		catalog_add_node(n->c, n->t->nodes[i].name);
	for (size_t i = 0; i < n->t->n_links; i++) {
		const struct topo_link *l = &n->t->links[i];
		int link = catalog_add_link(n->c, l->name, l->n_members > 2);
		int probe = member(n, link, 0)->node, slot = 0;

		for (size_t k = 0; k < l->n_members; k++) {
			struct net_addr a = addr_of(link, (int)k);
			int node = member(n, link, k)->node;

			catalog_add_member(n->c, link, node, &a);
			catalog_set_speed(n->c, link, (int)k, LINK_BPS);
			if (degree(n, node) > degree(n, probe)) {
				probe = node;
				slot = (int)k;
			}
		}
		catalog_add_tap(
			n->c, &(struct catalog_tap){.id = (uint16_t)(link + 1),
				      .node = probe,
				      .iface = "eth",
				      .link = link,
				      .slot = (uint16_t)slot,
				      .module = meter(probe).module});
		n->c->links[link].covered = true;
	}
}

/* Shortest paths to `from`. */
static void search(struct net *n, int from)
{
	size_t head = 0, tail = 0;

	for (size_t i = 0; i < n->t->n_nodes; i++)
		n->back[i] = -1;
	n->queue[tail++] = from;
	while (head < tail) {
		int at = n->queue[head++];

		for (size_t i = 0; i < n->t->n_ifaces; i++) {
			const struct topo_iface *f = &n->t->ifaces[i];
			const struct topo_link *l =
				f->link < 0 ? NULL : &n->t->links[f->link];

			for (size_t k = 0;
				f->node == at && l && k < l->n_members; k++) {
				const struct topo_iface *o =
					member(n, f->link, k);

				if (o->node == from || n->back[o->node] >= 0)
					continue;
				n->back[o->node] = l->members[k].iface;
				n->queue[tail++] = o->node;
			}
		}
	}
}

static void add_hop(struct net *n, struct flow_record *r, int link, int slot)
{
	const struct catalog_tap *tap = &n->c->taps[link];
	struct tap_counters *k = &n->counters[link];
	bool sent = slot == tap->slot;
	struct size_count *size =
		&k->sizes[sent ? SIZES_FROM_NEAR : SIZES_TO_NEAR]
			 [size_class(r->bytes / r->packets)];
	struct store_batch batch = {.from = meter(tap->node),
		.seq = ++n->seq[tap->node],
		.received_ns = r->last_ns,
		.records = r,
		.n = 1};
	bool is_new;

	r->tap = tap->id;
	r->src_slot = (uint16_t)slot;
	r->dst_slot = (uint16_t)(1 - slot);
	k->wire_frames += r->packets;
	*(sent ? &k->frames_sent : &k->frames_received) += r->packets;
	size->packets += r->packets;
	size->octets += r->bytes;
	if (store_append(n->s, &batch, &is_new, &n->err) < 0)
		fprintf(stderr, "%s\n", n->err.text);
}

/* From `at` back to the source of the search, all the time. */
static void talk(struct net *n, int at, int64_t seconds, int i)
{
	const struct topo_iface *first = &n->t->ifaces[n->back[at]];
	uint32_t size = i % 3 ? 1200 : 200;
	uint64_t packets = 100 + next(n) % (i % 20 ? 900 : 90000);

	for (int64_t s = 0; s < seconds; s += STEP_S) {
		struct flow_record r = {.key = {.proto = i % 4 ? 6 : 17,
						.sport = (uint16_t)(2000 + i),
						.dport = i % 3 ? 80 : 53},
			.first_ns = BEGIN + s * SECOND,
			.last_ns = BEGIN + (s + STEP_S) * SECOND - 1};

		r.packets = packets / 2 + next(n) % packets;
		r.bytes = r.packets * size;
		r.key.src = addr_of(first->link, first->slot);
		for (int node = at; n->back[node] >= 0;) {
			const struct topo_iface *f =
				&n->t->ifaces[n->back[node]];
			int other = f->slot == 0;

			r.key.dst = addr_of(f->link, other);
			node = member(n, f->link, (size_t)other)->node;
		}
		for (int node = at; n->back[node] >= 0;) {
			const struct topo_iface *f =
				&n->t->ifaces[n->back[node]];

			add_hop(n, &r, f->link, f->slot);
			node = member(n, f->link, f->slot == 0)->node;
		}
	}
}

static int tell_tap(struct net *n, size_t i, int64_t end_ns)
{
	struct tap_counters *k = &n->counters[i];

	k->tap = n->c->taps[i].id;
	k->at_ns = end_ns;
	k->ip_frames = k->packets = k->wire_frames;
	k->if_received = k->frames_received;
	k->if_sent = k->frames_sent;
	return store_append_counters(
		n->s, meter(n->c->taps[i].node), k, 1, &n->err);
}

static int tell_meter(struct net *n, int node, int64_t end_ns)
{
	struct module_stats m = {.module = meter(node).module,
		.role = MODULE_METER,
		.life = meter(node).life,
		.at_ns = end_ns,
		.backend = "ebpf"};

	m.n[STAT_RECORDS_SENT] = n->seq[node];
	return store_append_stats(n->s, &m, &n->err);
}

/* What the meters know of themselves and of their taps in the end. */
static int tell(struct net *n, int64_t end_ns)
{
	int r = 0;

	for (size_t i = 0; i < n->t->n_links && r == 0; i++)
		r = tell_tap(n, i, end_ns);
	for (size_t i = 0; i < n->t->n_nodes && r == 0; i++)
		if (n->seq[i])
			r = tell_meter(n, (int)i, end_ns);
	return r;
}

static int fill(struct net *n, const char *dir, int64_t seconds)
{
	int nodes = (int)n->t->n_nodes, from, to, r;

	n->back = mem_zalloc(n->t->n_nodes, sizeof(*n->back));
	n->queue = mem_zalloc(n->t->n_nodes, sizeof(*n->queue));
	n->seq = mem_zalloc(n->t->n_nodes, sizeof(*n->seq));
	n->counters = mem_zalloc(n->t->n_links, sizeof(*n->counters));
	name_all(n);
	r = store_open(dir, STORE_WRITE, NULL, &n->s, &n->err);
	for (int i = 0; i < FLOWS && r == 0; i++) {
		from = (int)(next(n) % (uint64_t)nodes);
		to = (int)(next(n) % (uint64_t)nodes);
		search(n, from);
		if (n->back[to] >= 0)
			talk(n, to, seconds, i);
		r = store_commit(n->s, &n->err);
	}
	if (r == 0)
		r = tell(n, BEGIN + seconds * SECOND);
	if (r == 0)
		r = store_seal(n->s, &n->err);
	store_close(n->s);
	free(n->back);
	free(n->queue);
	free(n->seq);
	free(n->counters);
	return r == 0 ? names_write(n->c, n->t, dir, &n->err) : r;
}

int main(int argc, char **argv)
{
	struct net n = {.c = catalog_new(), .state = 1};
	struct buf text = BUF_INIT(TEXT_MAX);
	int r;

	if (argc != 4)
		return 2;
	r = file_read(argv[2], &text, &n.err);
	if (r == 0)
		r = topofile_parse(
			buf_str(&text), text.len, argv[2], &n.t, &n.err);
	if (r == 0 && n.t->n_links >= UINT16_MAX - 1)
		r = err_set(&n.err, NFZ_E_LIMIT, "too many links");
	if (r == 0)
		r = fill(&n, argv[1], strtoll(argv[3], NULL, 10));
	if (r < 0)
		fprintf(stderr, "%s\n", n.err.text);
	buf_release(&text);
	catalog_free(n.c);
	topology_free(n.t);
	return r < 0;
}
