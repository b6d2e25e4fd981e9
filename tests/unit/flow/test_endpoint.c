/* Endpoints talking over real UDP on the loopback interface. */
#include "base/mem.h"
#include "flow/channel.h"
#include "flow/endpoint.h"
#include "flow/stream.h"
#include "format/crypto.h"
#include "sim.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { METER = 1, CACHE = 2, COLLECTOR = 3 };

static const uint8_t master[SETUP_KEY_BYTES] = {42};

/* One side, its setup and what it was told. */
struct side {
	struct setup setup;
	struct endpoint *ep;
	struct loop *loop;
	struct flow_record records[4000];
	size_t n, counters, digests, asked; /* asked: after its health */
	uint64_t digest_packets, last_seq[8], durable_seq[8];
	uint64_t flushed[8], flush_asked;
	uint64_t steps; /* of clocks, known when a record came */
	size_t refused; /* batches, while it holds */
	enum peer_state seen[8];
	bool hold, ended, left, complete, aborted, lease_over;
	bool auto_commit;
};

static bool send_one(const struct side *s, const struct flow_record *r)
{
	return endpoint_send_rows(
		s->ep, &(struct flow_rows){.records = r, .n = 1});
}

static bool on_batch(void *data, const struct endpoint_batch *b)
{
	struct side *s = data;

	s->refused += s->hold;
	if (s->hold)
		return false;
	cr_assert_eq(b->seq, s->last_seq[b->from.module] + 1);
	s->last_seq[b->from.module] = b->seq;
	s->steps = endpoint_clock_steps(s->ep);
	for (size_t i = 0; i < b->n_records; i++)
		s->records[s->n++] = b->records[i];
	s->counters += b->n_counters;
	return true;
}

static uint64_t on_last_seq(void *data, const struct endpoint_source *source)
{
	struct side *s = data;

	s->last_seq[source->module] = s->durable_seq[source->module];
	return s->durable_seq[source->module];
}

static void on_flushed(void *data, uint16_t module, uint64_t number)
{
	((struct side *)data)->flushed[module] = number;
}

static void on_digests(void *data, const struct digest_header *h,
	const struct digest *d, size_t n)
{
	struct side *s = data;

	(void)h;
	s->digests += n;
	for (size_t i = 0; i < n; i++)
		s->digest_packets += d[i].packets;
}

static void on_flush(void *data, uint64_t number)
{
	struct side *s = data;
	const struct flow_record r = {.packets = 1000};
	const struct tap_counters c = {.tap = 1};

	s->flush_asked = number;
	send_one(s, &r);
	endpoint_send_counters(s->ep, &c, 1);
	endpoint_flushed(s->ep, number);
}

static void on_end(void *data)
{
	struct side *s = data;
	const struct flow_record r = {.packets = 2000};

	s->ended = true;
	send_one(s, &r);
	endpoint_leave(s->ep, 3000);
}

static void on_abort(void *data, uint16_t from)
{
	(void)from;
	((struct side *)data)->aborted = true;
}

static void on_lease_over(void *data)
{
	((struct side *)data)->lease_over = true;
}

static void on_left(void *data, bool complete)
{
	((struct side *)data)->left = true;
	((struct side *)data)->complete = complete;
}

static void on_peer(void *data, uint16_t module, enum peer_state state)
{
	((struct side *)data)->seen[module] = state;
}

static void on_health(void *data, struct module_health *h)
{
	((struct side *)data)->asked++;
	h->flows_now = 17;
	memcpy(h->backend, "fake", 5);
}

static void open_side(struct side *s, struct loop *loop)
{
	const struct endpoint_handlers h = {.data = s,
		.on_batch = on_batch,
		.on_last_seq = on_last_seq,
		.on_flushed = on_flushed,
		.on_digests = on_digests,
		.on_flush = on_flush,
		.on_end = on_end,
		.on_abort = on_abort,
		.on_lease_over = on_lease_over,
		.on_left = on_left,
		.on_peer = on_peer,
		.on_health = on_health};
	struct err err = ERR_INIT;

	s->loop = loop;
	cr_assert_eq(endpoint_new(loop, &s->setup, &h, &s->ep, &err), 0, "%s",
		err.text);
}

static void add_peer(
	struct side *s, uint16_t id, enum module_role role, uint16_t port)
{
	struct setup_peer *p;

	s->setup.peers = mem_grow(
		s->setup.peers, s->setup.n_peers + 1, sizeof(*s->setup.peers));
	p = &s->setup.peers[s->setup.n_peers++];
	*p = (struct setup_peer){.id = id, .role = role, .port = port};
	p->addr = net_addr_v4_host(0x7f000001);
	setup_pair_key(master, s->setup.id, id, p->send_key);
	setup_pair_key(master, id, s->setup.id, p->receive_key);
}

static struct side *new_side(uint16_t id, enum module_role role)
{
	struct side *s = mem_zalloc(1, sizeof(*s));

	setup_init(&s->setup);
	s->setup.id = id;
	s->setup.role = role;
	s->setup.deployment = 99;
	s->setup.listen = net_addr_v4_host(0x7f000001);
	s->auto_commit = true;
	return s;
}

static void free_side(struct side *s)
{
	endpoint_free(s->ep);
	setup_release(&s->setup);
	free(s);
}

/* Runs the loop until the condition holds, at most half a minute. */
#define UNTIL(loop, collector, condition)                                      \
	do {                                                                   \
		struct mono_time end_ = mono_add_ms(mono_now(), 30000);        \
                                                                               \
		while (!(condition) && !mono_passed(end_)) {                   \
			cr_assert_eq(loop_step(loop, 20, NULL), 0);            \
			if ((collector)->ep && (collector)->auto_commit)       \
				commit(collector);                             \
		}                                                              \
		cr_assert(condition, "never became true");                     \
	} while (0)

static void commit(struct side *s)
{
	memcpy(s->durable_seq, s->last_seq, sizeof(s->last_seq));
	endpoint_mark(s->ep);
	endpoint_durable(s->ep);
}

struct pair {
	struct loop *loop;
	struct side *meter, *collector;
};

static struct pair new_pair(void)
{
	struct pair p = {.loop = loop_new(),
		.meter = new_side(METER, MODULE_METER),
		.collector = new_side(COLLECTOR, MODULE_COLLECTOR)};

	add_peer(p.collector, METER, MODULE_METER, 0);
	open_side(p.collector, p.loop);
	p.collector->setup.port = endpoint_port(p.collector->ep);
	add_peer(p.meter, COLLECTOR, MODULE_COLLECTOR, p.collector->setup.port);
	open_side(p.meter, p.loop);
	return p;
}

static void free_pair(struct pair *p)
{
	free_side(p->meter);
	free_side(p->collector);
	loop_free(p->loop);
}

static void send_some(struct side *meter, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct flow_record r = {.packets = from + i};

		cr_assert(send_one(meter, &r));
	}
}

static void check_records(const struct side *collector, size_t n)
{
	cr_assert_eq(collector->n, n);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(collector->records[i].packets, i);
}

Test(endpoint, records_arrive_in_order_and_once)
{
	struct pair p = new_pair();
	struct endpoint_peer info;
	struct endpoint_stats stats;

	send_some(p.meter, 0, 3000);
	UNTIL(p.loop, p.collector, p.collector->n == 3000);
	check_records(p.collector, 3000);
	UNTIL(p.loop, p.collector,
		endpoint_peer(p.collector->ep, 0, &info) && info.has_health);
	cr_assert_eq(info.health.flows_now, 17);
	cr_assert_eq(info.health.records_sent, 3000);
	cr_expect_gt(info.health.bytes_sent, 0);
	endpoint_stats(p.meter->ep, &stats);
	cr_expect_gt(stats.bytes_out, 3000 * RECORD_WIRE);
	cr_assert_str_eq(info.health.backend, "fake");
	cr_assert_eq(p.collector->seen[METER], PEER_UP);
	free_pair(&p);
}

/* Signs of life, and that is all: whatever happens has been answered. */
Test(endpoint, idle_ones_hardly_wake, .timeout = 60)
{
	struct pair p = new_pair();
	struct mono_time end;
	int woken = 0;

	send_some(p.meter, 0, 10);
	UNTIL(p.loop, p.collector, p.collector->n == 10);
	end = mono_add_ms(mono_now(), 1000);
	UNTIL(p.loop, p.collector, mono_passed(end));
	end = mono_add_ms(mono_now(), 4000);
	while (!mono_passed(end)) {
		cr_assert_eq(loop_step(p.loop, -1, NULL), 0);
		woken++;
	}
	cr_expect_leq(woken, 4 * 8, "%d times", woken);
	cr_expect_eq(p.meter->seen[COLLECTOR], PEER_UP);
	cr_expect_eq(p.collector->seen[METER], PEER_UP);
	free_pair(&p);
}

/* Records go out and are answered all the time: what is due at turns comes. */
Test(endpoint, busy_ones_still_have_their_turns, .timeout = 60)
{
	struct pair p = new_pair();
	const struct flow_record r = {.packets = 1};

	UNTIL(p.loop, p.collector, p.meter->seen[COLLECTOR] == PEER_UP);
	p.meter->asked = 0;
	p.collector->auto_commit = true;
	UNTIL(p.loop, p.collector,
		(p.collector->n = 0, send_some(p.meter, 0, 30),
			send_one(p.meter, &r)) &&
			p.meter->asked >= 3);
	free_pair(&p);
}

Test(endpoint, flush_brings_everything_and_is_answered_when_durable)
{
	struct pair p = new_pair();
	uint64_t number;

	UNTIL(p.loop, p.collector,
		p.collector->seen[METER] == PEER_UP &&
			p.meter->seen[COLLECTOR] == PEER_UP);
	send_some(p.meter, 0, 5);
	p.collector->auto_commit = false;
	number = endpoint_flush(p.collector->ep);
	UNTIL(p.loop, p.collector, p.collector->counters == 1);
	cr_assert_eq(p.collector->n, 6);
	cr_assert_eq(p.collector->flushed[METER], 0);
	cr_assert_eq(endpoint_unflushed(p.collector->ep, number, NULL, 0), 1);
	commit(p.collector);
	cr_assert_eq(p.collector->flushed[METER], number);
	cr_assert_eq(endpoint_unflushed(p.collector->ep, number, NULL, 0), 0);
	free_pair(&p);
}

Test(endpoint, restarted_collector_gets_only_what_was_not_durable)
{
	struct pair p = new_pair();
	uint64_t durable;

	send_some(p.meter, 0, 500);
	UNTIL(p.loop, p.collector, p.collector->n == 500);
	commit(p.collector);
	durable = p.collector->durable_seq[METER];
	p.collector->auto_commit = false;
	send_some(p.meter, 500, 500);
	UNTIL(p.loop, p.collector, p.collector->n == 1000);
	/* dies without having committed the second half */
	endpoint_free(p.collector->ep);
	p.collector->n = 500;
	p.collector->durable_seq[METER] = durable;
	p.collector->last_seq[METER] = durable;
	p.collector->seen[METER] = PEER_UNHEARD;
	p.collector->auto_commit = true;
	open_side(p.collector, p.loop);
	send_some(p.meter, 1000, 20);
	UNTIL(p.loop, p.collector, p.collector->n == 1020);
	check_records(p.collector, 1020);
	free_pair(&p);
}

/* Its clock is set, and then as many flows end as fill a batch at once. */
Test(endpoint, a_step_is_told_before_what_is_dated_by_it)
{
	struct pair p = new_pair();

	UNTIL(p.loop, p.collector,
		p.collector->seen[METER] == PEER_UP &&
			p.meter->seen[COLLECTOR] == PEER_UP);
	send_some(p.meter, 0, 5);
	UNTIL(p.loop, p.collector, p.collector->n == 5);
	cr_expect_eq(p.collector->steps, 0);
	sim.set_s = 3600;
	send_some(p.meter, 5, 40);
	sim.set_s = 0;
	while (p.collector->n < 6)
		cr_assert_eq(loop_step(p.loop, 20, NULL), 0);
	cr_expect_eq(p.collector->steps, 1);
	free_pair(&p);
}

/* The sender knows that it came, and sends nothing more: each turn offers it
 * again, ten times as often as there are signs of life. */
Test(endpoint, what_was_refused_is_offered_at_each_turn, .timeout = 60)
{
	struct pair p = new_pair();
	size_t asked;

	UNTIL(p.loop, p.collector, p.meter->seen[COLLECTOR] == PEER_UP);
	p.collector->hold = true;
	p.collector->auto_commit = false; /* hastens */
	send_some(p.meter, 0, 1);
	UNTIL(p.loop, p.collector, p.collector->refused);
	asked = p.meter->asked;
	UNTIL(p.loop, p.collector, p.meter->asked > asked);
	p.collector->refused = 0;
	UNTIL(p.loop, p.collector, p.meter->asked > asked + 2);
	cr_expect_gt(p.collector->refused, 5, "%zu", p.collector->refused);
	p.collector->hold = false;
	UNTIL(p.loop, p.collector, p.collector->n == 1);
	free_pair(&p);
}

Test(endpoint, full_disk_is_waited_for)
{
	struct pair p = new_pair();

	p.collector->hold = true;
	send_some(p.meter, 0, 100);
	for (int i = 0; i < 30; i++)
		cr_assert_eq(loop_step(p.loop, 20, NULL), 0);
	cr_assert_eq(p.collector->n, 0);
	p.collector->hold = false;
	UNTIL(p.loop, p.collector, p.collector->n == 100);
	check_records(p.collector, 100);
	free_pair(&p);
}

Test(endpoint, queue_is_bounded)
{
	struct pair p = new_pair();
	const struct flow_record r = {.packets = 1};
	size_t taken = 0;
	struct endpoint_stats stats;

	while (send_one(p.meter, &r))
		taken++;
	cr_assert_gt(taken, STREAM_RECORDS);
	endpoint_stats(p.meter->ep, &stats);
	cr_assert_eq(stats.records_taken, taken);
	cr_assert_eq(stats.records_refused, 1);
	free_pair(&p);
}

Test(endpoint, end_drains_before_it_leaves)
{
	struct pair p = new_pair();

	UNTIL(p.loop, p.collector, p.collector->seen[METER] == PEER_UP);
	send_some(p.meter, 0, 40);
	endpoint_end(p.collector->ep, MODULE_METER);
	UNTIL(p.loop, p.collector, p.collector->seen[METER] == PEER_GONE);
	cr_assert_eq(p.collector->n, 41);
	UNTIL(p.loop, p.collector, p.meter->left);
	cr_assert(p.meter->complete);
	free_pair(&p);
}

Test(endpoint, leaving_without_a_collector_gives_up_in_time)
{
	struct pair p = new_pair();

	endpoint_free(p.collector->ep);
	p.collector->ep = NULL;
	send_some(p.meter, 0, 1);
	endpoint_leave(p.meter->ep, 300);
	UNTIL(p.loop, p.collector, p.meter->left);
	cr_assert_not(p.meter->complete);
	free_pair(&p);
}

Test(endpoint, abort_of_a_meter_ends_all)
{
	struct pair p = new_pair();

	UNTIL(p.loop, p.collector, p.meter->seen[COLLECTOR] == PEER_UP);
	endpoint_abort(p.meter->ep);
	UNTIL(p.loop, p.collector, p.collector->aborted);
	UNTIL(p.loop, p.collector, p.meter->left && p.collector->left);
	cr_assert_eq(p.collector->seen[METER], PEER_ABORTED);
	free_pair(&p);
}

Test(endpoint, strangers_change_nothing)
{
	struct pair p = new_pair();
	struct side *evil = new_side(METER, MODULE_METER);
	struct endpoint_stats before, after;

	UNTIL(p.loop, p.collector, p.collector->seen[METER] == PEER_UP);
	add_peer(evil, COLLECTOR, MODULE_COLLECTOR, p.collector->setup.port);
	evil->setup.peers[0].send_key[0] ^= 1;
	open_side(evil, p.loop);
	endpoint_stats(p.collector->ep, &before);
	send_some(evil, 5000, 10);
	endpoint_abort(evil->ep);
	for (int i = 0; i < 20; i++)
		cr_assert_eq(loop_step(p.loop, 20, NULL), 0);
	endpoint_stats(p.collector->ep, &after);
	cr_assert_gt(after.refused, before.refused);
	cr_assert_eq(p.collector->seen[METER], PEER_UP);
	cr_assert_not(p.collector->aborted);
	send_some(p.meter, 0, 30);
	UNTIL(p.loop, p.collector, p.collector->n == 30);
	check_records(p.collector, 30);
	free_side(evil);
	free_pair(&p);
}

Test(endpoint, lease_that_nobody_renews_runs_out)
{
	struct pair p = new_pair();

	p.meter->setup.lease_ms = 400;
	endpoint_renew(p.meter->ep, 0);
	UNTIL(p.loop, p.collector, p.meter->lease_over);
	free_pair(&p);
}

Test(endpoint, lease_is_passed_on_and_kept_alive)
{
	struct pair p = new_pair();
	struct mono_time end = mono_add_ms(mono_now(), 3500);

	p.meter->setup.lease_ms = p.collector->setup.lease_ms = 1500;
	endpoint_renew(p.meter->ep, 0);
	endpoint_renew(p.collector->ep, 60000);
	while (!mono_passed(end))
		cr_assert_eq(loop_step(p.loop, 20, NULL), 0);
	cr_assert_not(p.meter->lease_over);
	free_pair(&p);
}

struct triple {
	struct pair pair;
	struct side *cache;
};

static struct triple new_triple(void)
{
	struct triple t = {
		.pair = {.loop = loop_new(),
			.meter = new_side(METER, MODULE_METER),
			.collector = new_side(COLLECTOR, MODULE_COLLECTOR)},
		.cache = new_side(CACHE, MODULE_CACHE)};
	struct side *collector = t.pair.collector;

	add_peer(collector, METER, MODULE_METER, 0);
	add_peer(collector, CACHE, MODULE_CACHE, 0);
	open_side(collector, t.pair.loop);
	add_peer(t.cache, COLLECTOR, MODULE_COLLECTOR,
		endpoint_port(collector->ep));
	add_peer(t.cache, METER, MODULE_METER, 0);
	open_side(t.cache, t.pair.loop);
	add_peer(t.pair.meter, COLLECTOR, MODULE_COLLECTOR,
		endpoint_port(collector->ep));
	add_peer(t.pair.meter, CACHE, MODULE_CACHE, endpoint_port(t.cache->ep));
	open_side(t.pair.meter, t.pair.loop);
	return t;
}

Test(endpoint, digests_flow_on_credit_and_flush_goes_through_both)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	size_t sent = 0;
	uint64_t number;

	cr_assert(endpoint_has_caches(meter->ep));
	UNTIL(t.pair.loop, collector,
		meter->seen[CACHE] == PEER_UP &&
			collector->seen[CACHE] == PEER_UP &&
			collector->seen[METER] == PEER_UP);
	while (sent < 50000) {
		struct digest d = {.packets = 1, .bytes = 100};

		d.key.src = d.key.dst = net_addr_v4_host((uint32_t)sent);
		if (endpoint_send_digest(meter->ep, &d))
			sent++;
		else
			cr_assert_eq(loop_step(t.pair.loop, 20, NULL), 0);
	}
	number = endpoint_flush(collector->ep);
	UNTIL(t.pair.loop, collector, collector->flushed[CACHE] == number);
	cr_assert_eq(collector->flushed[METER], number);
	cr_assert_eq(t.cache->digests, sent);
	cr_assert_eq(t.cache->digest_packets, sent);
	free_side(t.cache);
	free_pair(&t.pair);
}

Test(endpoint, dead_cache_is_noticed)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter;
	struct digest d = {.packets = 1};

	UNTIL(t.pair.loop, t.pair.collector, meter->seen[CACHE] == PEER_UP);
	endpoint_free(t.cache->ep);
	t.cache->ep = NULL;
	UNTIL(t.pair.loop, t.pair.collector, meter->seen[CACHE] == PEER_SILENT);
	cr_assert_not(endpoint_send_digest(meter->ep, &d));
	free_side(t.cache);
	free_pair(&t.pair);
}

/* What was sent arrives, what was not yet sent is said to be lost when nobody
 * else is there; and it may come back. */
Test(endpoint, cache_goes_in_order_and_comes_back)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	const struct digest d = {.packets = 1};
	struct endpoint_peer info;

	t.cache->setup.port = endpoint_port(t.cache->ep);
	UNTIL(t.pair.loop, collector, meter->seen[CACHE] == PEER_UP);
	cr_assert(endpoint_send_digest(meter->ep, &d));
	UNTIL(t.pair.loop, collector,
		(endpoint_push_digests(meter->ep), t.cache->digests == 1));
	for (int i = 0; i < 10; i++)
		cr_assert(endpoint_send_digest(meter->ep, &d));
	endpoint_push_digests(meter->ep);
	cr_assert(endpoint_send_digest(meter->ep, &d));
	UNTIL(t.pair.loop, collector, endpoint_part(t.cache->ep));
	cr_assert_eq(meter->seen[CACHE], PEER_GONE);
	cr_assert_eq(t.cache->digests, 11);
	UNTIL(t.pair.loop, collector,
		endpoint_peer(collector->ep, 0, &info) && info.has_health &&
			info.health.digests_lost == 1);
	endpoint_free(t.cache->ep);
	open_side(t.cache, t.pair.loop);
	UNTIL(t.pair.loop, collector, meter->seen[CACHE] == PEER_UP);
	free_side(t.cache);
	free_pair(&t.pair);
}

/* Takes away what waits in the socket that is bound to a port of ours; returns
 * how many of them were of digests. */
static size_t lose_datagrams(uint16_t port)
{
	uint8_t head[4];
	size_t n = 0;

	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in at = {0};
		socklen_t len = sizeof(at);

		if (getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
			at.sin_family != AF_INET || ntohs(at.sin_port) != port)
			continue;
		while (recv(fd, head, sizeof(head), MSG_DONTWAIT) >= 0)
			n += head[3] == CHANNEL_CLEAR;
	}
	return n;
}

static size_t send_until_refused(struct side *meter)
{
	struct digest d = {.packets = 1};
	size_t n = 0;

	for (; n < 1000000 && endpoint_send_digest(meter->ep, &d); n++)
		continue;
	cr_assert_lt(n, 1000000);
	return n;
}

/* The meter sends until the cache has one more. */
static void wait_for_digest(struct triple *t)
{
	const struct digest d = {.packets = 1};
	const size_t before = t->cache->digests;

	UNTIL(t->pair.loop, t->pair.collector,
		(endpoint_send_digest(t->pair.meter->ep, &d), true) &&
			t->cache->digests > before);
}

/* A whole window is lost: the cache hears of nothing and so grants nothing. */
Test(endpoint, credit_comes_back_after_an_outage)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	struct digest d = {.packets = 1};
	size_t sent;

	UNTIL(t.pair.loop, collector,
		endpoint_send_digest(meter->ep, &d) && t.cache->digests);
	sent = send_until_refused(meter);
	cr_assert_gt(sent, 100);
	/* credit that is on its way is used up as well */
	for (int i = 0; i < 20; i++) {
		lose_datagrams(endpoint_port(t.cache->ep));
		cr_assert_eq(loop_step(t.pair.loop, 20, NULL), 0);
		send_until_refused(meter);
	}
	lose_datagrams(endpoint_port(t.cache->ep));
	wait_for_digest(&t);
	free_side(t.cache);
	free_pair(&t.pair);
}

/* For so long, one digest after the other is given to the meter, ten datagrams a
 * second, and the cache gets none of them: how many it would have got. */
static size_t to_nobody(struct triple *t, int64_t ms)
{
	const struct mono_time end = mono_add_ms(mono_now(), ms);
	const struct digest d = {.packets = 1};
	struct mono_time next = mono_now();
	size_t n = 0;

	while (!mono_passed(end)) {
		if (mono_passed(next)) {
			(void)endpoint_send_digest(t->pair.meter->ep, &d);
			endpoint_push_digests(t->pair.meter->ep);
			next = mono_add_ms(next, 100);
		}
		n += lose_datagrams(endpoint_port(t->cache->ep));
		cr_assert_eq(loop_step(t->pair.loop, 10, NULL), 0);
	}
	return n;
}

/* Only one way is cut: the cache is heard and does not hear. */
Test(endpoint, what_is_not_answered_is_not_gone_on_with, .timeout = 60)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	const struct digest d = {.packets = 1};

	UNTIL(t.pair.loop, collector,
		endpoint_send_digest(meter->ep, &d) && t.cache->digests);
	cr_expect_gt(to_nobody(&t, 2000), 10);
	to_nobody(&t, 1500);
	cr_expect_leq(to_nobody(&t, 1000), 5); /* questions */
	cr_expect_eq(meter->seen[CACHE], PEER_UP);
	wait_for_digest(&t);
	free_side(t.cache);
	free_pair(&t.pair);
}

/* An outage, before which all was answered, ends in one way before it does in the
 * other: what was held back for its whole time is not sent to nobody. */
Test(endpoint, what_was_held_back_waits_for_an_answer, .timeout = 60)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	const struct digest d = {.packets = 1}, held = {.packets = 1000};
	bool taken = false;
	uint64_t number;

	UNTIL(t.pair.loop, collector,
		endpoint_send_digest(meter->ep, &d) && t.cache->digests);
	number = endpoint_flush(collector->ep);
	UNTIL(t.pair.loop, collector, collector->flushed[METER] == number);
	while (meter->seen[CACHE] != PEER_SILENT) {
		lose_datagrams(endpoint_port(t.cache->ep));
		lose_datagrams(endpoint_port(meter->ep));
		cr_assert_eq(loop_step(t.pair.loop, 10, NULL), 0);
	}
	for (int i = 0; i < 200; i++) {
		taken = taken || endpoint_send_digest(meter->ep, &held);
		endpoint_push_digests(meter->ep);
		lose_datagrams(endpoint_port(t.cache->ep));
		cr_assert_eq(loop_step(t.pair.loop, 10, NULL), 0);
	}
	cr_assert_eq(meter->seen[CACHE], PEER_UP);
	UNTIL(t.pair.loop, collector,
		(taken = taken || endpoint_send_digest(meter->ep, &held)) &&
			(endpoint_push_digests(meter->ep),
				t.cache->digest_packets >= held.packets));
	free_side(t.cache);
	free_pair(&t.pair);
}

/* Nothing else happens meanwhile: its own time brings each question, three of
 * them between two signs of life. */
Test(endpoint, credit_is_asked_for_in_good_time, .timeout = 60)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	const struct digest d = {.packets = 1};
	size_t asked, questions = 0;

	UNTIL(t.pair.loop, collector,
		endpoint_send_digest(meter->ep, &d) && t.cache->digests);
	asked = meter->asked;
	UNTIL(t.pair.loop, collector, meter->asked > asked + 1);
	cr_assert(endpoint_send_digest(meter->ep, &d));
	endpoint_push_digests(meter->ep);
	lose_datagrams(endpoint_port(t.cache->ep));
	asked = meter->asked;
	/* of both its peers */
	UNTIL(t.pair.loop, collector,
		(questions += lose_datagrams(endpoint_port(t.cache->ep))) > 3 ||
			meter->asked > asked + 2 * 2);
	cr_expect_gt(questions, 3, "%zu", questions);
	free_side(t.cache);
	free_pair(&t.pair);
}

/* The last datagram before a flush is lost, and no other follows it. */
Test(endpoint, flush_passes_a_lost_last_datagram)
{
	struct triple t = new_triple();
	struct side *meter = t.pair.meter, *collector = t.pair.collector;
	struct digest d = {.packets = 1};
	struct endpoint_peer info;
	uint64_t number;

	UNTIL(t.pair.loop, collector,
		meter->seen[CACHE] == PEER_UP &&
			collector->seen[METER] == PEER_UP &&
			collector->seen[CACHE] == PEER_UP &&
			endpoint_send_digest(meter->ep, &d) &&
			t.cache->digests);
	cr_assert(endpoint_send_digest(meter->ep, &d));
	endpoint_push_digests(meter->ep);
	lose_datagrams(endpoint_port(t.cache->ep));
	number = endpoint_flush(collector->ep);
	UNTIL(t.pair.loop, collector, collector->flushed[CACHE] == number);
	cr_assert_eq(collector->flushed[METER], number);
	UNTIL(t.pair.loop, collector,
		endpoint_peer(t.cache->ep, 0, &info) && info.has_health &&
			info.health.digests_lost > 0);
	cr_assert_eq(info.health.digests_sent,
		t.cache->digests + info.health.digests_lost);
	free_side(t.cache);
	free_pair(&t.pair);
}
