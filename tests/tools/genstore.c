/* genstore DIR NODES SECONDS [hostile | now | mesh | foreign]: a store and its topology, as if
 * NODES nodes had talked for so long: routers in a ring, each with hosts on
 * links of their own.  One ring link loses every tenth packet; in the middle third of
 * the time all hosts of the first router flood one host, with a mark when it
 * began and one when it ended.  hostile: names that try to break out of wherever
 * they are put; foreign: the flood is what an exporter told of it; now: it begins now, to be read while its time comes, and
 * hosts talk to those of the next router only; mesh: everybody talks to
 * everybody, on several ports. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "flow/setup.h"
#include "store/events.h"
#include "store/store.h"
#include "tools/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
enum { HOSTS = 9, STEPS = 120 }; /* of a router; deltas of a flow, at most */

struct net {
	struct topology *t;
	struct catalog *c;
	struct store *s;
	int routers, hosts; /* routers first, then HOSTS for each */
	bool hostile, mesh, foreign,
		near; /* near: to hosts of the next router */
	int64_t start_ns;
	uint64_t state, seq, told; /* told: by an exporter */
	int step_s;
	struct tap_counters counters[65536];
	struct err err;
};

static const char *const evil[] = {"</script><script>alert(1)</script>",
	"\"><img src=x onerror=alert(2)>", "\u202Eabc\u202C", "${alert(3)}",
	"'; alert(4); '", "&lt;b&gt;",
	"a-name-of-two-hundred-characters-"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xx"
	"xxxxxxxxxxxxxxxx"};

static uint64_t next(struct net *n)
{
	n->state =
		n->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return n->state >> 33;
}

static const char *name_of(const struct net *n, int node, char text[64])
{
	size_t k = (size_t)(node - n->routers);

	if (n->hostile && node >= n->routers &&
		k < sizeof(evil) / sizeof(*evil))
		return evil[k];
	if (node < n->routers)
		snprintf(text, 64, "r%d", node);
	else
		snprintf(text, 64, "h%d", node - n->routers);
	return text;
}

static struct net_addr addr_of(int link, int slot)
{
	const uint8_t b[4] = {
		10, (uint8_t)(link >> 8), (uint8_t)link, (uint8_t)(slot + 1)};

	return net_addr_v4(b);
}

static void add_link(struct net *n, const char *name, const int nodes[2])
{
	int link, iface, in_catalog = catalog_add_link(n->c, name, false);

	if (topology_add_link(n->t, name, LINK_P2P, &link, &n->err) < 0)
		return;
	for (int s = 0; s < 2; s++) {
		struct net_addr a = addr_of(link, s);
		struct topo_card card = {.has_addr = true,
			.addr = a,
			.prefix_len = 120,
			.speed_kbps = s < 2 ? 100000 : 0};
		struct topo_iface f = {
			.node = nodes[s], .link = link, .card = &card};

		catalog_add_member(n->c, in_catalog, nodes[s], &a);
		if (topology_add_member(n->t, &f, NULL, &iface, &n->err) < 0)
			return;
	}
	/* the router watches */
	catalog_add_tap(n->c, &(struct catalog_tap){.id = (uint16_t)(link + 1),
				      .node = nodes[0],
				      .iface = "eth",
				      .link = in_catalog,
				      .module = 1});
}

static void build(struct net *n)
{
	char text[64];
	int at;

	for (int i = 0; i < n->routers + n->hosts; i++) {
		struct topo_node node = {.name = name_of(n, i, text)};

		catalog_add_node(n->c, node.name);
		if (topology_add_node(n->t, &node, &at, &n->err) < 0)
			return;
	}
	for (int i = 0; i < n->routers && n->routers > 1; i++) {
		snprintf(text, sizeof(text), "ring%d", i);
		add_link(n, text, (int[2]){i, (i + 1) % n->routers});
	}
	for (int i = 0; i < n->hosts; i++) {
		snprintf(text, sizeof(text),
			n->hostile && i == 0 ? "</script>\"><i>%d" : "l%d", i);
		add_link(n, text,
			(int[2]){i / HOSTS % n->routers, n->routers + i});
	}
	topology_finish(n->t);
}

struct talk {
	int from, to; /* hosts */
	uint8_t proto;
	uint16_t sport, dport;
	uint64_t packets;
	uint32_t size;
	int64_t at_s;
};

static void add_hop(struct net *n, const struct talk *k, int link, int slot,
	uint64_t packets)
{
	struct flow_record r = {.key = {.proto = k->proto,
					.sport = k->sport,
					.dport = k->dport},
		.packets = packets,
		.bytes = packets * k->size,
		.first_ns = n->start_ns + k->at_s * SECOND,
		.last_ns = n->start_ns + (k->at_s + n->step_s) * SECOND - 1,
		.tap = (uint16_t)(link + 1),
		.src_slot = (uint16_t)slot,
		.dst_slot = (uint16_t)(1 - slot)};
	struct store_batch batch = {.from = {1, 7},
		.seq = n->seq + 1,
		.received_ns = r.last_ns,
		.records = &r,
		.n = 1};
	int base = n->routers > 1 ? n->routers : 0;
	bool is_new;

	r.key.src = addr_of(base + k->from, 1);
	r.key.dst = addr_of(base + k->to, 1);
	n->counters[r.tap].wire_frames += packets;
	n->counters[r.tap].frames_received += packets;
	sizes_add(n->counters[r.tap].sizes[SIZES_FROM_NEAR], (uint32_t)packets,
		r.bytes, packets ? (uint32_t)(r.bytes / packets) : 0, 1);
	if (n->seq % 20000 == 0 && store_commit(n->s, &n->err) < 0)
		fprintf(stderr, "%s\n", n->err.text);
	n->seq += packets > 0;
	if (packets && store_append(n->s, &batch, &is_new, &n->err) < 0)
		fprintf(stderr, "%s\n", n->err.text);
}

/* As an exporter tells it, which nobody can authenticate. */
static void tell_foreign(struct net *n, const struct talk *k)
{
	const int base = n->routers > 1 ? n->routers : 0;
	const struct flow_record r = {.key = {.src = addr_of(base + k->from, 1),
					      .dst = addr_of(base + k->to, 1),
					      .proto = k->proto,
					      .sport = k->sport,
					      .dport = k->dport},
		.packets = k->packets,
		.bytes = k->packets * k->size,
		.first_ns = n->start_ns + k->at_s * SECOND,
		.last_ns = n->start_ns + (k->at_s + n->step_s) * SECOND - 1,
		.tap = TAP_FOREIGN,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN,
		.flags = RECORD_FOREIGN};
	const struct store_batch batch = {.from = {STORE_FOREIGN, 1},
		.seq = ++n->told,
		.received_ns = r.last_ns,
		.records = &r,
		.n = 1};
	bool is_new;

	if (store_append(n->s, &batch, &is_new, &n->err) < 0)
		fprintf(stderr, "%s\n", n->err.text);
}

/* From host to router, around the ring the way the numbers rise, to host. */
static void talk(struct net *n, const struct talk *k)
{
	int base = n->routers > 1 ? n->routers : 0;
	int at = k->from / HOSTS, end = k->to / HOSTS;
	uint64_t packets = k->packets;

	add_hop(n, k, base + k->from, 1, packets);
	for (; at != end; at = (at + 1) % n->routers) {
		add_hop(n, k, at, 0, packets);
		if (at == 0)
			packets -= packets / 10;
	}
	add_hop(n, k, base + k->to, 0, packets);
}

/* In each step with the next two; there are so many steps that all have their
 * turn. */
static void talk_to_all(struct net *n, int i, int s)
{
	static const uint16_t ports[] = {80, 443, 53, 22, 5001};

	for (int j = 0; j < 2; j++) {
		int to = (i + 1 + 2 * (s / n->step_s) + j) % n->hosts;
		struct talk k = {.from = i,
			.to = to,
			.proto = (i + to) % 5 == 2 ? 17 : 6,
			.sport = (uint16_t)(1024 + i),
			.dport = ports[(i + to) % 5],
			.packets = 1 + next(n) % (i % 7 ? 40 : 4000),
			.size = 100 + (uint32_t)(next(n) % 1300),
			.at_s = s};

		if (to != i)
			talk(n, &k);
	}
}

static void traffic(struct net *n, int seconds)
{
	for (int s = 0; s < seconds; s += n->step_s) {
		bool flood = s >= seconds / 3 && s < 2 * seconds / 3;

		for (int i = 0; i < n->hosts; i++) {
			int to = (n->near ? i + HOSTS : i * 7 + 3 + i % 3) %
				 n->hosts;
			struct talk k = {.from = i,
				.to = to == i ? (i + 1) % n->hosts : to,
				.proto = i % 4 ? 6 : 17,
				.sport = (uint16_t)(1024 + i),
				.dport = i % 3 ? 80 : 53,
				.packets = 20 + next(n) % 400,
				.size = 100 + (uint32_t)(next(n) % 1300),
				.at_s = s};

			if (n->mesh)
				talk_to_all(n, i, s);
			else
				talk(n, &k);
			if (!flood || i >= HOSTS || i == 0)
				continue;
			k = (struct talk){.from = i,
				.to = n->hosts - 1,
				.proto = 17,
				.sport = 9,
				.dport = 9,
				.packets = 9000,
				.size = 512,
				.at_s = s};
			if (n->foreign)
				tell_foreign(n, &k);
			else
				talk(n, &k);
		}
	}
}

/* What the meter would say of its taps and of itself. */
static int tell(struct net *n)
{
	struct module_stats m = {.module = 1,
		.role = MODULE_METER,
		.life = 7,
		.backend = "ring",
		.n = {[STAT_FLOWS_NOW] = 1311,
			[STAT_FLOWS_MAX] = 5243,
			[STAT_FLOWS_ROOM] = 65536,
			[STAT_BYTES_SENT] = 1500000}};
	int r = 0;

	for (size_t i = 1; i <= n->c->n_links && r == 0; i++) {
		struct tap_counters *k = &n->counters[i];

		k->tap = (uint16_t)i;
		k->at_ns = n->start_ns;
		k->ip_frames = k->packets = k->if_received = k->wire_frames;
		r = store_append_counters(
			n->s, (struct store_source){1, 7}, k, 1, &n->err);
	}
	m.at_ns = n->start_ns;
	m.n[STAT_RECORDS_SENT] = n->seq;
	return r < 0 ? r : store_append_stats(n->s, &m, &n->err);
}

/* What people and the collector noted. */
static int note(struct net *n, const char *dir, int seconds)
{
	const struct event events[] = {
		{n->start_ns, EVENT_RUN, 0, EVENTS_BEGIN, NULL},
		{n->start_ns + seconds / 3 * SECOND, EVENT_MARK, 0,
			n->hostile ? evil[0] : "flood on", NULL},
		{n->start_ns + 2 * seconds / 3 * SECOND, EVENT_MARK, 0,
			n->hostile ? evil[2] : "flood off", NULL},
		{n->start_ns + 5 * seconds / 6 * SECOND, EVENT_PROBE, 1,
			"is silent", NULL},
		{n->start_ns + (5 * seconds / 6 + 2) * SECOND, EVENT_PROBE, 1,
			"is back", NULL},
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(events) / sizeof(*events) && r == 0; i++)
		r = events_add(dir, &events[i], &n->err);
	return r;
}

int main(int argc, char **argv)
{
	struct net *n = mem_zalloc(1, sizeof(*n));
	int nodes = argc > 3 ? (int)strtol(argv[2], NULL, 10) : 0;
	int r;

	if (nodes < 4)
		return 2;
	n->t = topology_new();
	n->c = catalog_new();
	n->state = 1;
	n->step_s = 1 + (int)strtol(argv[3], NULL, 10) / STEPS;
	n->hostile = argc > 4 && strcmp(argv[4], "hostile") == 0;
	n->mesh = argc > 4 && strcmp(argv[4], "mesh") == 0;
	n->foreign = argc > 4 && strcmp(argv[4], "foreign") == 0;
	n->near = argc > 4 && strcmp(argv[4], "now") == 0;
	n->start_ns = n->near ? wall_now().ns / SECOND * SECOND
			      : INT64_C(1790000000) * SECOND;
	n->routers = nodes > HOSTS + 1 ? nodes / (HOSTS + 1) : 1;
	n->hosts = nodes - n->routers;
	if (n->hosts > n->routers * HOSTS)
		n->hosts = n->routers * HOSTS;
	n->t->project = n->c->project = "demo";
	n->t->experiment = n->c->experiment =
		n->hostile ? "</title><script>" : "ring";
	n->c->mode = "light";
	build(n);
	r = store_open(argv[1], STORE_WRITE, NULL, &n->s, &n->err);
	if (r == 0) {
		traffic(n, (int)strtol(argv[3], NULL, 10));
		r = tell(n);
	}
	if (r == 0) {
		r = store_commit(n->s, &n->err);
	}
	if (r == 0)
		r = store_seal(n->s, &n->err);
	store_close(n->s);
	if (r == 0)
		r = note(n, argv[1], (int)strtol(argv[3], NULL, 10));
	if (r == 0)
		r = names_write(n->c, n->t, argv[1], &n->err);
	if (r < 0)
		fprintf(stderr, "%s\n", n->err.text);
	catalog_free(n->c);
	topology_free(n->t);
	free(n);
	return r < 0;
}
