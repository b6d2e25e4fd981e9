/* Meters whose clocks are hours apart, in one flow cache, as nfz-cache has
 * them: what each sent is late by transit, and timed out by its own clock. */
#include "base/clock.h"
#include "probe/clocks.h"
#include "probe/flowcache.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { METERS = 3, TICK_MS = 100, HOUR_MS = 3600 * 1000 };
enum { IDLE_MS = 5000, ACTIVE_MS = 10000, TICKS = 1200 };

struct meter {
	int64_t ahead_ms; /* of the true time */
	uint64_t packets, stored;
	uint64_t short_ones;   /* records of flows of one digest */
	uint64_t active, idle; /* of the flow that goes on */
	int64_t latest_ms; /* after it was due, by the clock that dated it */
};

struct world {
	struct meter meters[METERS];
	struct flowcache *cache;
	struct clocks clocks;
	int64_t ahead_ms[METERS * CLOCKS_EACH];
	int64_t now_ms; /* true, and that of the cache */
	uint64_t steps;
	unsigned seed;
};

static bool take(void *data, const struct flow_record *r)
{
	struct world *w = data;
	struct meter *m = &w->meters[r->tap];
	const struct net_addr one = net_addr_v4_host(1);
	const bool goes_on = !memcmp(&r->key.src, &one, sizeof(one));
	struct flowcache_offer offer;
	int64_t due_ns = r->first_ns + ACTIVE_MS * NS_PER_MS, late_ms;

	flowcache_offered(w->cache, r, &offer);
	if (r->end_reason == END_IDLE)
		due_ns = r->last_ns + IDLE_MS * NS_PER_MS;
	late_ms = w->now_ms + w->ahead_ms[offer.point->clock] -
		  due_ns / NS_PER_MS;
	if (r->end_reason != END_FORCED && late_ms > m->latest_ms)
		m->latest_ms = late_ms;
	cr_expect(r->end_reason == END_FORCED || late_ms >= -1000);
	m->stored += r->packets;
	m->short_ones += !goes_on;
	m->active += goes_on && r->end_reason == END_ACTIVE;
	m->idle += goes_on && r->end_reason == END_IDLE;
	return true;
}

static void begin(struct world *w)
{
	const struct flowcache_options opt = {.flows = 10000,
		.clocks = METERS * CLOCKS_EACH,
		.idle_ms = IDLE_MS,
		.active_ms = ACTIVE_MS,
		.sink = take,
		.data = w};

	w->seed = 5;
	w->now_ms = 2 * (int64_t)HOUR_MS;
	w->cache = flowcache_new(&opt);
	clocks_init(&w->clocks, METERS);
	flowcache_advance(w->cache, w->now_ms * NS_PER_MS);
}

/* The packets of a flow of that meter in the last half second, but for the
 * time that it took here. */
static void send(struct world *w, uint16_t meter, uint32_t flow)
{
	struct meter *m = &w->meters[meter];
	const int64_t here_ms = w->now_ms - rand_r(&w->seed) % 400;
	struct flow_point point = {.tap = meter};
	struct flow_addition a = {.octets = 100, .packets = 3};
	struct clocks_heard heard;

	a.last_ns = (here_ms + m->ahead_ms) * NS_PER_MS;
	a.first_ns = a.last_ns - 300 * NS_PER_MS;
	a.key.src = net_addr_v4_host(flow);
	a.key.dst = net_addr_v4_host(1);
	cr_assert(clocks_hear(&w->clocks, (uint16_t)(meter + 100),
		w->now_ms * NS_PER_MS, a.last_ns, &heard));
	w->steps += heard.step_ns != 0;
	flowcache_set_clock(w->cache, heard.clock, heard.ahead_ns);
	w->ahead_ms[heard.clock] = m->ahead_ms;
	point.clock = heard.clock;
	a.point = flowcache_point(w->cache, &point);
	cr_assert_eq(flowcache_add(w->cache, &a, 1), 0);
	m->packets += a.packets;
}

/* Flow 1 goes on at each meter, and with each second another one ends. */
static void go_on(struct world *w, int ticks)
{
	for (int i = 0; i < ticks; i++) {
		w->now_ms += TICK_MS;
		for (uint16_t m = 0; m < METERS && i % 5 == 0; m++) {
			send(w, m, 1);
			if (i % 10 == 0)
				send(w, m, 10 + (uint32_t)i);
		}
		flowcache_advance(w->cache, w->now_ms * NS_PER_MS);
	}
}

static void finish(struct world *w)
{
	flowcache_advance(w->cache, w->now_ms * NS_PER_MS);
	cr_assert(flowcache_end(w->cache, END_FORCED));
	for (int i = 0; i < METERS; i++) {
		const struct meter *m = &w->meters[i];

		cr_expect_eq(m->stored, m->packets);
		cr_expect_leq(m->latest_ms, 1000, "meter %d: %ld ms late", i,
			(long)m->latest_ms);
	}
	clocks_release(&w->clocks);
	flowcache_free(w->cache);
}

Test(clocks, each_meter_is_timed_by_its_own)
{
	struct world w = {.meters = {{.ahead_ms = HOUR_MS},
				  {.ahead_ms = -HOUR_MS}, {.ahead_ms = 0}}};

	begin(&w);
	go_on(&w, TICKS);
	finish(&w);
	cr_expect_eq(w.steps, 0);
	for (int i = 0; i < METERS; i++) {
		cr_expect_eq(w.meters[i].short_ones, TICKS / 10);
		cr_expect_geq(w.meters[i].active, 11);
		cr_expect_eq(w.meters[i].idle, 0);
	}
}

/* One is set, the others are as they were; its flow 1 is another from then on,
 * and what was counted before leaves in time by the clock before. */
static void step(int64_t by_ms)
{
	struct world w = {0};
	const struct meter *m = w.meters;

	begin(&w);
	go_on(&w, 550); /* the flow that goes on has counted something */
	w.meters[1].ahead_ms += by_ms;
	go_on(&w, TICKS - 550);
	finish(&w);
	cr_expect_eq(w.steps, 1);
	for (int i = 0; i < METERS; i++) {
		cr_expect_eq(m[i].short_ones, TICKS / 10);
		cr_expect_geq(m[i].active, 10);
		cr_expect_eq(m[i].idle, i == 1);
	}
}

Test(clocks, a_step_of_one_is_no_matter_to_others)
{
	step(HOUR_MS);
	step(-HOUR_MS);
	step(20000);
	step(-20000);
}

/* Within ten seconds, and it is the same clock. */
Test(clocks, a_small_step_back_is_followed)
{
	struct clocks clocks;
	struct clocks_heard heard = {0};

	clocks_init(&clocks, 1);
	for (int64_t s = 0; s < 40; s++) {
		const int64_t ahead = s < 20 ? 100 : 97;

		cr_assert(clocks_hear(&clocks, 7, s * NS_PER_S,
			(s + ahead) * NS_PER_S, &heard));
		cr_expect_eq(heard.clock, 0);
		cr_expect_eq(heard.step_ns, 0);
		cr_expect(heard.ahead_ns == ahead * NS_PER_S ||
			  (s >= 20 && s < 30));
	}
	clocks_release(&clocks);
}

/* Whatever its meter says, and however many there are. */
Test(clocks, any_stamp_is_one)
{
	static const int64_t stamps[] = {INT64_MIN, INT64_MAX, 0, -1, INT64_MAX,
		INT64_MIN, INT64_MAX / 2};
	struct clocks clocks;
	struct clocks_heard heard;

	clocks_init(&clocks, 2);
	for (size_t i = 0; i < sizeof(stamps) / sizeof(*stamps); i++) {
		cr_assert(clocks_hear(
			&clocks, UINT16_MAX, (int64_t)i, stamps[i], &heard));
		cr_expect_lt(heard.clock, CLOCKS_EACH);
	}
	cr_expect(clocks_hear(&clocks, 0, 8, 8, &heard));
	cr_expect_eq(heard.clock, CLOCKS_EACH);
	cr_expect_not(clocks_hear(&clocks, 1, 9, 9, &heard));
	clocks_release(&clocks);
}
