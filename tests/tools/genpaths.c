/* genpaths DIR PROBES FLOWS SECONDS: a store of our own records and its
 * topology: a chain of PROBES routers, each with a tap on the link before it;
 * FLOWS flows begin evenly within so many seconds and pass all of them, in
 * deltas of a minute.  Each hundredth packet is lost on every second link.
 * Prints the truth: flows, packets and bytes, and packets by link. */
#include "base/mem.h"
#include "store/store.h"
#include "tools/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
enum { PROBES_MAX = 64, BATCH = 1000, HOSTS = 50000, COMMIT = 1 << 18 };

struct paths {
	struct store *s;
	struct topology *t;
	struct catalog *c;
	int probes;
	uint64_t state, rows;
	struct flow_record out[PROBES_MAX][BATCH]; /* by probe */
	size_t n[PROBES_MAX];
	uint64_t seq[PROBES_MAX];
	uint64_t packets, bytes, on_link[PROBES_MAX];
	struct err err;
};

static uint64_t draw(struct paths *p)
{
	p->state ^= p->state << 13;
	p->state ^= p->state >> 7;
	p->state ^= p->state << 17;
	return p->state >> 11;
}

static int build(struct paths *p)
{
	char text[32];
	int at, link;

	p->t->project = p->c->project = "demo";
	p->t->experiment = p->c->experiment = "paths";
	p->c->mode = "light";
	for (int i = 0; i <= p->probes; i++) {
		struct topo_node node = {.name = text};

		snprintf(text, sizeof(text), i ? "r%d" : "edge", i);
		catalog_add_node(p->c, text);
		if (topology_add_node(p->t, &node, &at, &p->err) < 0)
			return -1;
	}
	for (int i = 0; i < p->probes; i++) {
		snprintf(text, sizeof(text), "link%d", i);
		at = catalog_add_link(p->c, text, false);
		if (topology_add_link(p->t, text, LINK_P2P, &link, &p->err) < 0)
			return -1;
		for (int k = 0; k < 2; k++) {
			const struct net_addr a = net_addr_v4_host(
				0x0a800000 + (uint32_t)(i * 4 + k + 1));
			struct topo_card card = {
				.has_addr = true, .addr = a, .prefix_len = 30};
			struct topo_iface f = {
				.node = i + k, .link = link, .card = &card};
			int iface;

			catalog_add_member(p->c, at, i + k, &a);
			if (topology_add_member(
				    p->t, &f, NULL, &iface, &p->err) < 0)
				return -1;
		}
		catalog_add_tap(
			p->c, &(struct catalog_tap){.id = (uint16_t)(i + 1),
				      .node = i + 1,
				      .iface = "eth0",
				      .link = at,
				      .module = (uint16_t)(i + 1)});
	}
	topology_finish(p->t);
	return 0;
}

static int flush(struct paths *p, int probe)
{
	const struct store_batch b = {.from = {(uint16_t)(probe + 1), 7},
		.seq = ++p->seq[probe],
		.received_ns = p->out[probe][0].last_ns,
		.records = p->out[probe],
		.n = p->n[probe]};
	const uint64_t before = p->rows;
	bool is_new;
	int r = b.n ? store_append(p->s, &b, &is_new, &p->err) : 0;

	p->rows += b.n;
	p->n[probe] = 0;
	if (r == 0 && before / COMMIT != p->rows / COMMIT)
		r = store_commit(p->s, &p->err);
	return r;
}

/* One flow on its way; a delta each minute. */
static int send(struct paths *p, int64_t at_ns)
{
	const uint64_t n = 1 + (draw(p) % 8 ? draw(p) % 40 : draw(p) % 4000);
	const uint64_t size = 60 + draw(p) % 1400;
	const int64_t lasts = n > 1 ? (int64_t)(draw(p) % 90) * SECOND / 2 : 0;
	struct flow_record r = {.key = {.proto = draw(p) % 4 ? 6 : 17,
					.sport = (uint16_t)draw(p),
					.dport = (uint16_t)(draw(p) % 500)},
		.first_ns = at_ns,
		.last_ns = at_ns + lasts,
		.src_slot = 0,
		.dst_slot = 1};
	int res = 0;

	r.key.src = net_addr_v4_host(
		0x0a000000 + (uint32_t)(draw(p) * draw(p) % HOSTS));
	r.key.dst = net_addr_v4_host(0x0a010000 + (uint32_t)(draw(p) % HOSTS));
	r.packets = n;
	p->packets += n;
	p->bytes += n * size;
	for (int i = 0; i < p->probes && res == 0; i++) {
		r.tap = (uint16_t)(i + 1);
		r.bytes = r.packets * size;
		p->on_link[i] += r.packets;
		if (r.packets)
			p->out[i][p->n[i]++] = r;
		if (p->n[i] == BATCH)
			res = flush(p, i);
		r.first_ns += 1000;
		r.last_ns += 1000;
		if (i % 2 == 0)
			r.packets -= r.packets / 100;
	}
	return res;
}

static int run(struct paths *p, const char *dir, uint64_t flows, int64_t span)
{
	int r = store_open(dir, STORE_WRITE, NULL, &p->s, &p->err);

	for (uint64_t i = 0; i < flows && r == 0; i++)
		r = send(p, INT64_C(1790000000) * SECOND +
				    (int64_t)((double)span * (double)i /
					      (double)flows));
	for (int i = 0; i < p->probes && r == 0; i++)
		r = flush(p, i);
	if (r == 0)
		r = store_commit(p->s, &p->err);
	if (r == 0)
		r = store_seal(p->s, &p->err);
	store_close(p->s);
	return r < 0 ? r : names_write(p->c, p->t, dir, &p->err);
}

int main(int argc, char **argv)
{
	struct paths *p = mem_zalloc(1, sizeof(*p));
	int r = -1;

	p->probes = argc == 5 ? (int)strtol(argv[2], NULL, 10) : 0;
	if (p->probes < 1 || p->probes > PROBES_MAX)
		return 2;
	p->state = 88172645463325252u;
	p->t = topology_new();
	p->c = catalog_new();
	if (build(p) == 0)
		r = run(p, argv[1], strtoull(argv[3], NULL, 10),
			strtoll(argv[4], NULL, 10) * SECOND);
	if (r < 0)
		fprintf(stderr, "%s\n", p->err.text);
	printf("flows %s\nrows %" PRIu64 "\npackets %" PRIu64 "\nbytes %" PRIu64
	       "\n",
		argv[3], p->rows, p->packets, p->bytes);
	for (int i = 0; i < p->probes; i++)
		printf("link%d %" PRIu64 "\n", i, p->on_link[i]);
	catalog_free(p->c);
	topology_free(p->t);
	free(p);
	return r < 0;
}
