/* A meter, two flow caches and a collector, each the real endpoint, in simulated
 * time: they connect, count, and one cache is added or removed, or all are ended
 * or aborted.  Whatever is done is done once for each datagram that anybody
 * sends, and that one is lost, repeated, exchanged with the next, or somebody is
 * killed and started again when it is sent.  All runs have to end running or
 * stopped, with no packet twice, and none missing but those the caches tell of.
 *
 * EXPLORE=1 in the environment: for each datagram; else for one of so many. */
#include "base/mem.h"
#include "flow/endpoint.h"
#include "sim.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLLECTOR = 1, METER, CACHE_A, CACHE_B, MODULES };
enum story { ADD, REMOVE, END, ABORT, ABORT_BY_METER, STORIES };
enum { NOBODY = 0, ONE_OF = 24 };
enum {
	TRAFFIC_MS = 1500,
	EVENT_MS = 3000,
	QUIET_MS = 4500,
	FINAL_MS = 14000,
	HEAL_MS = 8000,
	AGAIN_MS = 500,
	SETTLE_MS = 2500,
	LEAVE_MS = 8000,
	TICK_MS = 100,
	EACH = 4
};

static const enum module_role roles[MODULES] = {[COLLECTOR] = MODULE_COLLECTOR,
	[METER] = MODULE_METER,
	[CACHE_A] = MODULE_CACHE,
	[CACHE_B] = MODULE_CACHE};

struct module {
	struct world *world;
	struct setup setup;
	struct endpoint *ep; /* NULL: it does not run */
	bool asked;          /* to end */
	bool leaving, left, complete, aborted;
};

struct world {
	struct loop *loop;
	struct module modules[MODULES];
	enum story story;
	int killed; /* once the time has come; NOBODY */
	bool event, again;
	uint64_t sent, stored;           /* packets */
	uint64_t late_sent, late_stored; /* of these, long after the fault */
	uint64_t life[MODULES], seq[MODULES];
	int64_t began_ms, next_ms, hit_ms;
	unsigned sent_by_then; /* datagrams, until nothing more is wrong */
};

static int64_t passed_ms(const struct world *w)
{
	return sim.now_ns / NS_PER_MS - w->began_ms;
}

static bool on_batch(void *data, const struct endpoint_batch *b)
{
	struct world *w = ((struct module *)data)->world;

	w->life[b->from.module] = b->from.life;
	w->seq[b->from.module] = b->seq;
	for (size_t i = 0; i < b->n_records; i++) {
		w->stored += b->records[i].packets;
		w->late_stored += b->records[i].tap ? b->records[i].packets : 0;
	}
	return true;
}

static uint64_t on_last_seq(void *data, const struct endpoint_source *source)
{
	const struct world *w = ((struct module *)data)->world;

	return w->life[source->module] == source->life ? w->seq[source->module]
						       : 0;
}

static void on_digests(void *data, const struct digest_header *h,
	const struct digest *d, size_t n)
{
	struct module *m = data;

	(void)h;
	for (size_t i = 0; i < n; i++) {
		const struct flow_record r = {
			.packets = d[i].packets, .tap = d[i].tap};

		(void)endpoint_send_rows(
			m->ep, &(struct flow_rows){.records = &r, .n = 1});
	}
}

static void on_flush(void *data, uint64_t number)
{
	endpoint_flushed(((struct module *)data)->ep, number);
}

static void on_end(void *data)
{
	((struct module *)data)->asked = true;
}

static void on_abort(void *data, uint16_t from)
{
	(void)from;
	((struct module *)data)->aborted = true;
}

static void on_left(void *data, bool complete)
{
	((struct module *)data)->left = true;
	((struct module *)data)->complete = complete;
}

static void open_module(struct module *m)
{
	const struct endpoint_handlers h = {.data = m,
		.on_batch = on_batch,
		.on_last_seq = on_last_seq,
		.on_digests = on_digests,
		.on_flush = on_flush,
		.on_end = on_end,
		.on_abort = on_abort,
		.on_left = on_left};
	struct err err = ERR_INIT;

	if (endpoint_new(m->world->loop, &m->setup, &h, &m->ep, &err) < 0) {
		fprintf(stderr, "FAILED: %s\n", err.text);
		abort();
	}
	m->setup.port = endpoint_port(m->ep);
}

static void close_module(struct module *m)
{
	endpoint_free(m->ep);
	m->ep = NULL;
}

/* As the keeper does, at once. */
static void kill_module(struct module *m)
{
	if (!m->ep)
		return;
	close_module(m);
	m->asked = m->leaving = m->left = m->aborted = false;
	open_module(m);
}

static void add_peer(struct module *m, int other)
{
	static const uint8_t master[SETUP_KEY_BYTES] = {42};
	struct setup *s = &m->setup;
	struct setup_peer *p = &s->peers[s->n_peers++];
	const uint16_t id = (uint16_t)other;

	/* who is contacted is known by port: as in deployments */
	*p = (struct setup_peer){.id = id,
		.role = roles[other],
		.addr = s->listen,
		.port = other == COLLECTOR || s->role == MODULE_METER
				? m->world->modules[other].setup.port
				: 0};
	setup_pair_key(master, s->id, id, p->send_key);
	setup_pair_key(master, id, s->id, p->receive_key);
}

static void make_module(struct world *w, int id)
{
	struct module *m = &w->modules[id];
	const bool cache = roles[id] == MODULE_CACHE;

	*m = (struct module){.world = w};
	setup_init(&m->setup);
	m->setup.id = (uint16_t)id;
	m->setup.role = roles[id];
	m->setup.deployment = 99;
	/* ports are given back and taken again: nobody else is there */
	m->setup.listen = net_addr_v4_host(
		0x7f000001 | ((uint32_t)getpid() & 0xffff) << 8);
	m->setup.peers = mem_zalloc(MODULES, sizeof(*m->setup.peers));
	for (int other = COLLECTOR; other < MODULES; other++)
		if (other != id && !(cache && roles[other] == MODULE_CACHE))
			add_peer(m, other);
	open_module(m);
}

static void begin(struct world *w)
{
	static const int order[] = {COLLECTOR, CACHE_A, CACHE_B, METER};

	w->loop = loop_new();
	w->began_ms = sim.now_ns / NS_PER_MS;
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		make_module(w, order[i]);
	if (w->story == ADD)
		close_module(&w->modules[CACHE_B]);
}

/* Packets of as many flows, each tenth of a second. */
static void count(struct world *w, bool late)
{
	struct endpoint *ep = w->modules[METER].ep;
	struct digest d = {.packets = 1, .tap = late};

	for (uint32_t i = 0; ep && i < EACH; i++) {
		d.key.src = d.key.dst = net_addr_v4_host(i);
		w->sent += endpoint_send_digest(ep, &d);
		w->late_sent += late;
	}
	if (ep)
		endpoint_push_digests(ep);
}

static void happen(struct world *w)
{
	struct module *c = &w->modules[COLLECTOR];

	switch (w->story) {
	case ADD:
		open_module(&w->modules[CACHE_B]);
		break;
	case REMOVE:
		w->modules[CACHE_B].asked = true;
		break;
	case END:
		if (c->ep)
			endpoint_end(c->ep, MODULE_METER);
		break;
	case ABORT:
		endpoint_abort(c->ep);
		break;
	case ABORT_BY_METER:
		endpoint_abort(w->modules[METER].ep);
		break;
	case STORIES:
		break;
	}
}

/* In order, as nfz-meter and nfz-cache do (probe/module.c). */
static void follow(struct world *w)
{
	for (int i = COLLECTOR; i < MODULES; i++) {
		struct module *m = &w->modules[i];

		if (!m->ep)
			continue;
		if (m->asked && !m->leaving &&
			(roles[i] != MODULE_CACHE || endpoint_part(m->ep))) {
			m->leaving = true;
			endpoint_leave(m->ep, LEAVE_MS);
		}
		if (m->left || (m->aborted && i != COLLECTOR))
			close_module(m);
	}
	if (w->modules[COLLECTOR].ep) {
		endpoint_mark(w->modules[COLLECTOR].ep);
		endpoint_durable(w->modules[COLLECTOR].ep);
	}
}

/* Whoever ends a deployment asks all again who are still there. */
static void end_rest(struct world *w)
{
	struct module *c = &w->modules[COLLECTOR];

	if (w->story != END || !c->ep)
		return;
	endpoint_end(c->ep, MODULE_METER);
	if (!w->modules[METER].ep)
		endpoint_end(c->ep, MODULE_CACHE);
	if (!w->modules[METER].ep && !w->modules[CACHE_A].ep &&
		!w->modules[CACHE_B].ep)
		c->asked = true;
}

/* When all has to have healed. */
static int64_t healed_ms(const struct world *w)
{
	const int64_t ms = w->hit_ms + HEAL_MS;

	return ms > FINAL_MS ? ms : FINAL_MS;
}

static bool is_late(const struct world *w, int64_t now)
{
	return now >= healed_ms(w) && now < healed_ms(w) + AGAIN_MS;
}

static void go_on(struct world *w)
{
	const int64_t now = passed_ms(w);

	if (now < FINAL_MS)
		w->sent_by_then = sim.sent;
	else if (!sim.hit)
		sim.at = UINT_MAX;
	if (sim.hit && !w->hit_ms)
		w->hit_ms = now;
	if (w->killed && sim.hit) {
		kill_module(&w->modules[w->killed]);
		w->killed = NOBODY;
	}
	if (now < w->next_ms)
		return;
	w->next_ms = now + TICK_MS;
	if (!w->modules[METER].leaving &&
		((now >= TRAFFIC_MS && now < QUIET_MS) || is_late(w, now)))
		count(w, is_late(w, now));
	if (now >= EVENT_MS && !w->event) {
		w->event = true;
		happen(w);
	}
	if (now >= QUIET_MS && w->event)
		end_rest(w);
}

/* Of digests, as the caches that are there know. */
static uint64_t told_lost(const struct world *w)
{
	struct endpoint_peer p;
	uint64_t n = 0;

	for (size_t i = 0; w->modules[COLLECTOR].ep &&
			   endpoint_peer(w->modules[COLLECTOR].ep, i, &p);
		i++)
		if (p.source.role == MODULE_CACHE && p.has_health)
			n += p.health.digests_lost;
	return n;
}

static bool all_are_up(const struct world *w)
{
	for (int i = COLLECTOR; i < MODULES; i++) {
		const struct module *m = &w->modules[i];

		for (size_t k = 0; m->ep && k < m->setup.n_peers; k++) {
			const uint16_t other = m->setup.peers[k].id;
			enum peer_state s = PEER_UNHEARD;

			if (w->modules[other].ep &&
				(!endpoint_peer_state(m->ep, other, &s) ||
					s != PEER_UP))
				return false;
		}
	}
	return true;
}

static size_t running(const struct world *w)
{
	size_t n = 0;

	for (int i = COLLECTOR; i < MODULES; i++)
		n += w->modules[i].ep && !w->modules[i].aborted;
	return n;
}

/* What is wrong at the end, NULL: nothing.  killed: somebody was. */
static const char *judge(const struct world *w, bool killed)
{
	const struct module *m = w->modules;
	const bool aborts = w->story == ABORT || w->story == ABORT_BY_METER;

	if (w->stored > w->sent)
		return "packets are stored twice";
	if (!w->sent)
		return "nothing was counted";
	if (w->story == END && running(w))
		return "not all have ended";
	/* whoever was started again since may be alone; else all or none */
	if (aborts)
		return running(w) <= killed || (killed && all_are_up(w))
			       ? NULL
			       : "some have not stopped";
	if (w->story == REMOVE && m[CACHE_B].ep && !killed)
		return "the cache has not left";
	if (w->story != END && !all_are_up(w))
		return "not all are in touch";
	if (w->story != END &&
		(!w->late_sent || w->late_stored != w->late_sent))
		return "packets are missing long after that";
	if (!killed && w->story != END && w->story != REMOVE &&
		w->stored + told_lost(w) != w->sent)
		return "packets are missing that nobody tells of";
	if (!killed && sim.fault == SIM_NONE && w->stored != w->sent)
		return "packets are missing where nothing is wrong";
	return NULL;
}

static const char *run(enum story story, unsigned at, enum sim_fault fault,
	int killed, unsigned *ret_sent)
{
	struct world *w = mem_zalloc(1, sizeof(*w));
	const char *wrong;

	w->story = story;
	w->killed = killed;
	sim_begin(at, fault);
	begin(w);
	while (passed_ms(w) < healed_ms(w) + AGAIN_MS + SETTLE_MS) {
		if (loop_step(w->loop, 20, NULL) < 0)
			abort();
		go_on(w);
		follow(w);
	}
	wrong = judge(w, killed != NOBODY);
	*ret_sent = w->sent_by_then;
	sim.on = false;
	for (int i = COLLECTOR; i < MODULES; i++) {
		close_module(&w->modules[i]);
		setup_release(&w->modules[i].setup);
	}
	loop_free(w->loop);
	free(w);
	return wrong;
}

static unsigned stride(void)
{
	const char *text = getenv("EXPLORE");
	const int n = text ? (int)strtol(text, NULL, 10) : 0;

	return n > 0 ? (unsigned)n : ONE_OF;
}

static void explore(enum story story)
{
	unsigned n, runs = 0, ignored;
	const char *wrong = run(story, 0, SIM_NONE, NOBODY, &n);

	cr_assert_null(wrong, "where nothing is wrong: %s", wrong);
	/* the last ones are signs of life of those that are in touch */
	for (unsigned at = 0; at < n; at += stride())
		for (int what = 0; what < SIM_NONE + MODULES - 1; what++) {
			const bool kills = what >= SIM_NONE;
			const int who = kills ? what - SIM_NONE + 1 : NOBODY;

			wrong = run(story, at + (unsigned)what % stride(),
				kills ? SIM_NONE : (enum sim_fault)what, who,
				&ignored);
			cr_expect_null(wrong, "datagram %u of %u, %s: %s",
				at + (unsigned)what % stride(), n,
				kills ? module_role_name(roles[who])
				: what == SIM_LOSE   ? "lost"
				: what == SIM_REPEAT ? "repeated"
						     : "exchanged",
				wrong);
			runs++;
		}
	fprintf(stderr, "%u runs, each of %u datagrams\n", runs, n);
}

Test(faults, a_cache_is_added, .timeout = 3600)
{
	explore(ADD);
}

Test(faults, a_cache_is_removed, .timeout = 3600)
{
	explore(REMOVE);
}

Test(faults, all_end, .timeout = 3600)
{
	explore(END);
}

Test(faults, the_collector_aborts, .timeout = 3600)
{
	explore(ABORT);
}

Test(faults, a_meter_aborts, .timeout = 3600)
{
	explore(ABORT_BY_METER);
}
