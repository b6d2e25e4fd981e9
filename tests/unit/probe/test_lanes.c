#include "base/clock.h"
#include "probe/lanes.h"

#include <criterion/criterion.h>

enum { LANES = 2, FLOWS = 50 };

struct world {
	struct lanes *lanes;
	unsigned records, others; /* others: than all flows were there */
};

/* Perhaps in a thread that may do little. */
static bool take(void *data, struct flows *flows, const struct flow_record *r)
{
	struct world *w = data;
	struct flowcache_stats s;

	(void)flows;
	(void)r;
	lanes_stats(w->lanes, &s);
	w->records++;
	w->others += s.flows != LANES * FLOWS || s.records != 0;
	return true;
}

static struct lanes *new_lanes(lanes_sink_fn sink, void *data)
{
	return lanes_new(&(struct lanes_options){.n = LANES,
		.cache = {.flows = LANES * FLOWS,
			.idle_ms = 1000,
			.active_ms = 60000},
		.sink = sink,
		.data = data});
}

static void add(struct lanes *l, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		struct flowcache *c = lanes_flows(l)[i % LANES]->cache;
		struct flow_addition a = {.packets = 1, .octets = 40};

		a.point = flowcache_point(c, &(struct flow_point){.tap = 1});
		a.key.sport = (uint16_t)i;
		cr_assert_eq(flowcache_add(c, &a, 1), 0);
	}
}

/* A meter that tells how it is while its threads are at work tells what was
 * before: what another thread has is not looked at. */
Test(lanes, records_are_taken_beside_others, .timeout = 30)
{
	struct world w = {0};
	struct flowcache_stats s;
	struct err err = ERR_INIT;

	w.lanes = new_lanes(take, &w);
	cr_assert_eq(lanes_start(w.lanes, &err), 0, "%s", err.text);
	lanes_advance(w.lanes, 0);
	add(w.lanes, 0, LANES * FLOWS);
	lanes_advance(w.lanes, 2 * NS_PER_S);
	cr_expect_eq(w.records, LANES * FLOWS, "%u", w.records);
	cr_expect_eq(w.others, 0, "%u", w.others);
	lanes_stats(w.lanes, &s);
	cr_expect_eq(s.flows, 0);
	cr_expect_eq(s.records, LANES * FLOWS);
	lanes_free(w.lanes);
}

static bool count(void *data, struct flows *flows, const struct flow_record *r)
{
	(void)flows;
	*(uint64_t *)data += r->packets;
	return true;
}

static uint32_t room(const struct lanes *l)
{
	struct flowcache_stats s;

	lanes_stats(l, &s);
	cr_expect_leq(s.flows, s.room);
	return s.room;
}

/* All that was counted is told, and each packet once. */
Test(lanes, may_have_more_flows_or_fewer)
{
	const struct definition plain = {0};
	uint64_t told = 0;
	struct lanes *l = new_lanes(count, &told);

	cr_expect_not(lanes_stale(l));
	add(l, 0, LANES * FLOWS);
	lanes_set_most(l, LANES * FLOWS);
	cr_expect_not(lanes_stale(l));
	lanes_set_most(l, LANES * 5 - 1);
	cr_expect(lanes_stale(l));
	cr_expect_eq(room(l), LANES * FLOWS);
	cr_assert(lanes_redefine(l, &plain));
	cr_expect_eq(told, LANES * FLOWS);
	cr_expect_eq(room(l), LANES * 5);
	cr_expect_not(lanes_stale(l));
	add(l, 0, LANES * 7);
	cr_expect_eq(told, LANES * (FLOWS + 2)); /* for want of room */
	lanes_set_most(l, LANES * 1000);
	cr_assert(lanes_redefine(l, &plain));
	cr_expect_eq(told, LANES * (FLOWS + 7));
	add(l, 0, LANES * 1000);
	cr_expect_eq(told, LANES * (FLOWS + 7));
	cr_expect_eq(room(l), LANES * 1000);
	lanes_free(l);
}

/* Numbers that were told once only grow, whatever a flow is. */
Test(lanes, count_on_when_flows_are_others)
{
	const struct definition by[] = {{0}, {.key = KEY_TOS}};
	uint64_t told = 0;
	struct lanes *l = new_lanes(count, &told);
	struct flowcache_stats s;

	for (unsigned i = 0; i < 4; i++) {
		add(l, 0, LANES * (FLOWS + 2 - i));
		cr_assert(lanes_redefine(l, &by[i % 2]));
		lanes_stats(l, &s);
		cr_expect_eq(s.packets, told);
		cr_expect_eq(s.records, told);
		cr_expect_eq(s.octets, 40 * told);
		cr_expect_eq(s.evicted, LANES * (i ? 3 : 2));
		cr_expect_eq(s.most_flows, LANES * FLOWS);
		cr_expect_eq(s.flows, 0);
	}
	cr_expect_eq(told, LANES * (4 * FLOWS + 2));
	lanes_set_most(l, LANES * FLOWS * 2);
	cr_assert(lanes_redefine(l, by));
	lanes_stats(l, &s);
	cr_expect_eq(s.records, told);
	cr_expect_eq(s.most_flows, 0, "of another room");
	lanes_free(l);
}

struct picky {
	struct lanes *lanes;
	bool refuses; /* what the first lane tells */
	uint64_t told;
};

static bool pick(void *data, struct flows *flows, const struct flow_record *r)
{
	struct picky *p = data;

	if (p->refuses && flows == lanes_flows(p->lanes)[0])
		return false;
	p->told += r->packets;
	return true;
}

/* Before threads have begun, too: whoever has them does it. */
Test(lanes, each_has_its_turn_though_one_is_refused)
{
	struct picky p = {.refuses = true};
	struct flowcache_stats s;

	p.lanes = new_lanes(pick, &p);
	lanes_advance(p.lanes, 0);
	add(p.lanes, 0, LANES * FLOWS);
	cr_expect_not(lanes_flush(p.lanes));
	cr_expect_eq(p.told, (LANES - 1) * FLOWS);
	p.refuses = false;
	cr_expect(lanes_flush(p.lanes));
	cr_expect_eq(p.told, LANES * FLOWS);
	lanes_advance(p.lanes, 2 * NS_PER_S);
	lanes_stats(p.lanes, &s);
	cr_expect_eq(s.flows, 0);
	lanes_free(p.lanes);
}
