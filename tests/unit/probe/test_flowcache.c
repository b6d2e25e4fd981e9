#include "base/clock.h"
#include "base/mem.h"
#include "captures.h"
#include "probe/dissect.h"
#include "probe/flowcache.h"
#include "probe/pcapfile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct catcher {
	struct flow_record last;
	uint64_t records, packets, bytes, by_reason[6];
	bool closed;
};

static bool catch (void *data, const struct flow_record *r)
{
	struct catcher *c = data;

	if (c->closed)
		return false;
	cr_assert(r->packets > 0);
	c->last = *r;
	c->records++;
	c->packets += r->packets;
	c->bytes += r->bytes;
	c->by_reason[r->end_reason]++;
	return true;
}

static struct flowcache *make(
	struct catcher *c, uint32_t flows, int64_t first_ms)
{
	struct flowcache_options opt = {.flows = flows,
		.idle_ms = 60000,
		.active_ms = 300000,
		.first_ms = first_ms,
		.sink = catch,
		.data = c};
	const struct flow_point point = {
		.tap = 7, .src_slot = 1, .dst_slot = 0};
	struct flowcache *cache = flowcache_new(&opt);

	cr_assert_eq(flowcache_point(cache, &point), 0);
	cr_assert_eq(flowcache_point(cache, &point), 0);
	return cache;
}

static bool add(struct flowcache *cache, uint32_t flow, int64_t ms)
{
	struct flow_addition a = {.octets = 100,
		.packets = 1,
		.first_ns = ms * NS_PER_MS,
		.last_ns = ms * NS_PER_MS};

	a.key.src = net_addr_v4_host(0x0a000000 + flow);
	a.key.dst = net_addr_v4_host(0x0a000001);
	a.key.proto = 17;
	flowcache_advance(cache, a.last_ns);
	return flowcache_add(cache, &a, 1) == 0;
}

Test(flowcache, first_record_early_then_active)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 700);

	add(cache, 1, 0);
	flowcache_advance(cache, 600 * NS_PER_MS);
	cr_expect_eq(c.records, 0);
	flowcache_advance(cache, 1000 * NS_PER_MS);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.last.tap, 7);
	cr_expect_eq(c.last.src_slot, 1);
	for (int s = 2; s < 300; s++)
		add(cache, 1, s * 1000);
	cr_expect_eq(c.records, 1, "%lu", c.records);
	add(cache, 1, 303000);
	cr_expect_eq(c.records, 2);
	cr_expect_eq(c.by_reason[END_ACTIVE], 1);
	flowcache_advance(cache, 400000 * NS_PER_MS);
	cr_expect_eq(c.by_reason[END_IDLE], 1);
	cr_expect_eq(c.packets, 300);
	flowcache_free(cache);
}

/* New flows join those filed before under the longer times, in one brood. */
Test(flowcache, shorter_timeouts_hold_for_new_flows)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 0);

	add(cache, 1, 0);
	flowcache_set_timeouts(cache, 1000, 2000, 0);
	add(cache, 2, 100);
	flowcache_advance(cache, 1500 * NS_PER_MS);
	cr_expect_eq(c.by_reason[END_IDLE], 2, "%lu", c.by_reason[END_IDLE]);
	flowcache_free(cache);
}

/* The table is full when the times change: no brood is left to part from. */
Test(flowcache, shorter_timeouts_of_a_full_table)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 128, 0);

	for (uint32_t flow = 0; flow < 128; flow++)
		add(cache, flow, 0);
	flowcache_set_timeouts(cache, 1000, 2000, 0);
	flowcache_advance(cache, 1500 * NS_PER_MS);
	cr_expect_eq(c.by_reason[END_IDLE], 128);
	flowcache_free(cache);
}

/* What was added up elsewhere began before it is told here. */
Test(flowcache, additions_that_span_time_are_reported_in_time)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 700);
	struct flow_addition a = {.octets = 1000,
		.packets = 10,
		.first_ns = 500 * NS_PER_MS,
		.last_ns = 1000 * NS_PER_MS};

	add(cache, 1, 1000); /* the brood's first */
	cr_assert_eq(flowcache_add(cache, &a, 1), 0);
	flowcache_advance(cache, 1400 * NS_PER_MS);
	cr_expect_eq(c.records, 1, "%lu", c.records);
	cr_expect_eq(c.last.packets, 10);
	flowcache_free(cache);
}

/* Whatever came, in whatever order: the earliest and the latest since the last
 * record. */
Test(flowcache, records_have_the_first_and_the_last_time)
{
	static const int64_t cases[][5] = {/* ms of packets, -1: none */
		{5, -1}, {5, 5, -1}, {5, 9, -1}, {5, 9, 12, -1}, {9, 5, -1},
		{9, 5, 7, -1}, {9, 7, 12, 5, -1}, {0, -1}};
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t first = INT64_MAX, last = INT64_MIN;

		for (const int64_t *ms = cases[i]; *ms >= 0; ms++) {
			add(cache, 1, 1000 + *ms);
			first = *ms < first ? *ms : first;
			last = *ms > last ? *ms : last;
		}
		cr_expect(flowcache_flush(cache));
		cr_expect_eq(c.records, i + 1);
		cr_expect_eq(c.last.first_ns, (1000 + first) * NS_PER_MS,
			"case %zu: %ld", i, c.last.first_ns);
		cr_expect_eq(c.last.last_ns, (1000 + last) * NS_PER_MS,
			"case %zu: %ld", i, c.last.last_ns);
	}
	flowcache_free(cache);
}

Test(flowcache, estimates_are_as_large_as_they_are)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 0);
	const struct flow_point sampled = {.tap = 7, .one_of = 65535};
	struct flow_addition a = {.octets = 10000000,
		.packets = 100000,
		.point = flowcache_point(cache, &sampled)};

	cr_assert_eq(flowcache_add(cache, &a, 1), 0);
	cr_expect(flowcache_flush(cache));
	cr_expect_eq(c.last.packets, UINT64_C(6553500000));
	cr_expect_eq(c.last.bytes, UINT64_C(655350000000));
	cr_expect_eq(c.last.flags, RECORD_ESTIMATED);
	flowcache_free(cache);
}

static struct flowcache *make_limited(
	struct catcher *c, uint64_t octets, uint64_t packets)
{
	struct flowcache *cache = make(c, 100, 700);

	flowcache_set_limit(cache, &(struct flow_limit){octets, packets});
	return cache;
}

/* With the packet that brings it there, and all of it, whatever comes first;
 * each counts from the flow's beginning. */
Test(flowcache, much_is_reported_at_once)
{
	struct catcher c = {0};
	struct flowcache *cache = make_limited(&c, 500, 7);

	for (int i = 0; i < 4; i++)
		add(cache, 1, i);
	cr_expect_eq(c.records, 0);
	add(cache, 1, 4);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.last.bytes, 500);
	cr_expect_eq(c.last.end_reason, END_ACTIVE);
	cr_expect_eq(c.last.first_ns, 0);
	cr_expect_eq(c.last.last_ns, 4 * NS_PER_MS);
	flowcache_set_limit(cache, &(struct flow_limit){.packets = 7});
	add(cache, 1, 5);
	cr_expect_eq(c.records, 1);
	add(cache, 1, 6);
	cr_expect_eq(c.records, 2);
	cr_expect_eq(c.last.packets, 2);
	for (int i = 7; i < 13; i++)
		add(cache, 1, i);
	add(cache, 2, 13);
	cr_expect_eq(c.records, 2);
	add(cache, 1, 14);
	cr_expect_eq(c.records, 3);
	cr_expect_eq(c.last.packets, 7);
	cr_expect(flowcache_end(cache, END_FORCED));
	cr_expect_eq(c.packets, 15);
	cr_expect_eq(c.by_reason[END_ACTIVE], 3);
	flowcache_free(cache);
}

/* What is told of a flow by time, or since somebody asks, does not make it
 * begin anew; a flow of the same key that comes later does. */
Test(flowcache, much_is_that_of_the_whole_flow)
{
	struct catcher c = {0};
	struct flowcache *cache = make_limited(&c, 0, 10);

	for (int i = 0; i < 6; i++)
		add(cache, 1, i);
	flowcache_advance(cache, 800 * NS_PER_MS);
	cr_expect_eq(c.by_reason[END_LIVING], 1);
	for (int i = 0; i < 3; i++)
		add(cache, 1, 801);
	cr_expect(flowcache_flush(cache));
	cr_expect_eq(c.records, 2);
	add(cache, 1, 802);
	cr_expect_eq(c.records, 3);
	cr_expect_eq(c.last.packets, 1);
	cr_expect_eq(c.last.end_reason, END_ACTIVE);
	for (int i = 0; i < 9; i++)
		add(cache, 1, 803);
	cr_expect_eq(c.records, 3);
	flowcache_advance(cache, 100000 * NS_PER_MS);
	cr_expect_eq(c.by_reason[END_IDLE], 1);
	for (int i = 0; i < 9; i++)
		add(cache, 1, 100000);
	cr_expect_eq(c.records, 4);
	add(cache, 1, 100001);
	cr_expect_eq(c.records, 5);
	cr_expect_eq(c.last.packets, 10);
	flowcache_free(cache);
}

/* What comes late is no pause of its flow. */
Test(flowcache, additions_that_come_late_are_waited_for)
{
	struct catcher c = {0};
	struct flowcache_options opt = {.flows = 10,
		.idle_ms = 300,
		.active_ms = 300000,
		.late_ms = 800,
		.sink = catch,
		.data = &c};
	struct flowcache *cache = flowcache_new(&opt);

	flowcache_point(cache, &(struct flow_point){.tap = 7});
	flowcache_advance(cache, 0);
	for (int64_t ms = 0; ms < 5000; ms += 250) {
		flowcache_advance(cache, (ms + 700) * NS_PER_MS);
		add(cache, 1, ms);
	}
	cr_expect_eq(c.records, 0);
	flowcache_advance(cache, 5700 * NS_PER_MS);
	cr_expect_eq(c.records, 0);
	flowcache_advance(cache, 6000 * NS_PER_MS);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.by_reason[END_IDLE], 1);
	cr_expect_eq(c.packets, 20);
	flowcache_free(cache);
}

/* What was counted before leaves by itself: each record is of one clock. */
Test(flowcache, no_record_spans_a_clock_that_is_put_back)
{
	struct catcher c = {0};
	struct flowcache_options opt = {.flows = 100,
		.idle_ms = 60000,
		.active_ms = 300000,
		.live = true,
		.sink = catch,
		.data = &c};
	struct flowcache *cache = flowcache_new(&opt);

	flowcache_point(cache, &(struct flow_point){.tap = 7});
	for (int i = 0; i < 10; i++)
		add(cache, 1, 600000 + i);
	add(cache, 1, 600009 - 9000); /* disorder, however much */
	cr_expect_eq(c.records, 0);
	flowcache_advance(cache, 600010 * NS_PER_MS);
	flowcache_advance(cache, 300000 * NS_PER_MS);
	for (int i = 0; i < 5; i++)
		add(cache, 1, 300000 + i);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.packets, 11);
	cr_expect_eq(c.last.first_ns, 591009 * NS_PER_MS);
	cr_expect_eq(c.last.last_ns, 600009 * NS_PER_MS);
	cr_expect_eq(c.last.end_reason, END_LIVING);
	flowcache_advance(cache, 361000 * NS_PER_MS);
	cr_expect_eq(c.records, 2);
	cr_expect_eq(c.packets, 16);
	cr_expect_eq(c.last.first_ns, 300000 * NS_PER_MS);
	cr_expect_eq(c.last.last_ns, 300004 * NS_PER_MS);
	cr_expect_eq(c.last.end_reason, END_IDLE);
	flowcache_free(cache);
}

/* One addition may be many packets: never two records of it. */
Test(flowcache, more_than_much_is_one_record)
{
	struct catcher c = {0};
	struct flowcache *cache = make_limited(&c, 0, 1000);
	struct flow_addition a[] = {{.packets = 2500}, {.packets = 499},
		{.packets = 1}, {.packets = 999}};

	cr_assert_eq(flowcache_add(cache, a, 4), 0);
	cr_expect_eq(c.records, 2);
	cr_expect_eq(c.last.packets, 500);
	cr_expect_eq(c.packets, 3000);
	cr_expect(flowcache_flush(cache));
	cr_expect_eq(c.packets, 3999);
	flowcache_free(cache);
}

/* Records tell how much it is; of others as much comes as before. */
Test(flowcache, much_of_what_is_sampled)
{
	struct catcher c = {0};
	struct flowcache *cache = make_limited(&c, 0, 1000);
	const struct flow_point sampled = {.tap = 7, .one_of = 100};
	struct flow_addition a = {.packets = 9},
			     b = {.packets = 9,
				     .point = flowcache_point(cache, &sampled)};

	cr_assert_eq(flowcache_add(cache, &a, 1), 0);
	cr_assert_eq(flowcache_add(cache, &b, 1), 0);
	a.packets = b.packets = 1;
	for (int i = 0; i < 990; i++)
		cr_assert_eq(flowcache_add(cache, &a, 1), 0);
	cr_expect_eq(c.records, 0);
	cr_assert_eq(flowcache_add(cache, &b, 1), 0);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.last.packets, 1000);
	cr_expect_eq(c.last.flags, RECORD_ESTIMATED);
	cr_assert_eq(flowcache_add(cache, &a, 1), 0);
	cr_expect_eq(c.records, 2);
	cr_expect_eq(c.last.packets, 1000);
	cr_expect_eq(c.last.flags, 0);
	flowcache_free(cache);
}

/* Refused, it goes on counting; soon it leaves, also when nothing comes. */
Test(flowcache, much_that_nobody_takes_leaves_later)
{
	struct catcher c = {.closed = true};
	struct flowcache *cache = make_limited(&c, 500, 0);
	struct flowcache_stats s;

	for (int i = 0; i < 8; i++)
		cr_expect(add(cache, 1, i));
	flowcache_stats(cache, &s);
	cr_expect_eq(s.held_back, 4);
	flowcache_advance(cache, 10000 * NS_PER_MS);
	c.closed = false;
	flowcache_advance(cache, 12000 * NS_PER_MS);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.last.packets, 8);
	cr_expect_eq(c.last.end_reason, END_ACTIVE);
	flowcache_free(cache);
}

Test(flowcache, a_limit_holds_for_flows_that_are_there)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 0);

	for (int i = 0; i < 10; i++)
		add(cache, 1, i);
	add(cache, 2, 10);
	flowcache_set_limit(cache, &(struct flow_limit){.packets = 10});
	cr_expect_eq(c.records, 0);
	flowcache_advance(cache, 1000 * NS_PER_MS);
	cr_expect_eq(c.records, 1);
	cr_expect_eq(c.last.packets, 10);
	cr_expect_eq(c.last.end_reason, END_ACTIVE);
	flowcache_set_limit(cache, &(struct flow_limit){0});
	for (int i = 0; i < 100; i++)
		add(cache, 1, 1000 + i);
	cr_expect_eq(c.records, 1);
	flowcache_free(cache);
}

/* Of both directions together, each told as what it is. */
Test(flowcache, much_there_and_back)
{
	struct catcher c = {0};
	struct flowcache_options opt = {.flows = 10,
		.limit = {.packets = 10},
		.idle_ms = 60000,
		.active_ms = 300000,
		.both = true,
		.sink = catch,
		.data = &c};
	struct flowcache *cache = flowcache_new(&opt);
	const struct flow_point point = {.tap = 7};
	struct flow_addition way = {.packets = 3, .octets = 300};

	way.point = flowcache_point(cache, &point);
	for (int i = 0; i < 4; i++) {
		struct flow_addition a = way;

		a.key.src = net_addr_v4_host(i % 2 ? 2 : 1);
		a.key.dst = net_addr_v4_host(i % 2 ? 1 : 2);
		cr_assert_eq(flowcache_add(cache, &a, 1), 0);
		cr_expect_eq(c.records, i == 3);
	}
	/* the way there; the way back is beside it */
	cr_expect_eq(c.last.packets, 6);
	cr_expect_eq(c.last.bytes, 600);
	cr_expect(flowcache_end(cache, END_FORCED));
	cr_expect_eq(c.records, 1);
	flowcache_free(cache);
}

Test(flowcache, flush_gives_deltas_and_keeps_flows)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 100, 0);
	struct flowcache_stats s;

	add(cache, 1, 0);
	add(cache, 1, 10);
	add(cache, 2, 20);
	cr_expect(flowcache_flush(cache));
	cr_expect_eq(c.records, 2);
	cr_expect(flowcache_flush(cache));
	cr_expect_eq(c.records, 2);
	add(cache, 1, 30);
	cr_expect(flowcache_flush(cache));
	cr_expect_eq(c.last.packets, 1);
	cr_expect_eq(c.last.first_ns, 30 * NS_PER_MS);
	flowcache_stats(cache, &s);
	cr_expect_eq(s.flows, 2);
	cr_expect_eq(s.sent_packets, 4);
	flowcache_free(cache);
}

/* A cache of flows of TCP, of which a packet with these flags has come at 0. */
static struct flowcache *make_tcp(struct catcher *c, int64_t idle_ms,
	int64_t fin_ms, unsigned flags, struct flow_addition *ret)
{
	struct flowcache_options opt = {.flows = 10,
		.idle_ms = idle_ms,
		.active_ms = 300000,
		.fin_ms = fin_ms,
		.sink = catch,
		.data = c};
	struct flowcache *cache = flowcache_new(&opt);

	*ret = (struct flow_addition){.octets = 40, .packets = 1};
	ret->point = flowcache_point(cache, &(struct flow_point){.tap = 1});
	ret->key.proto = 6;
	ret->tcp_flags = (uint8_t)flags;
	flowcache_advance(cache, 0);
	flowcache_add(cache, ret, 1);
	return cache;
}

Test(flowcache, fin_ends_a_flow_soon)
{
	struct catcher c = {0};
	struct flow_addition a;
	struct flowcache *cache = make_tcp(&c, 60000, 2000, 0x10, &a);

	a.tcp_flags = 0x11;
	flowcache_add(cache, &a, 1);
	flowcache_advance(cache, 1900 * NS_PER_MS);
	cr_expect_eq(c.records, 0);
	flowcache_advance(cache, 2300 * NS_PER_MS);
	cr_expect_eq(c.by_reason[END_DETECTED], 1);
	cr_expect_eq(c.last.tcp_flags, 0x11);
	flowcache_free(cache);
}

/* Whichever time is over first: FIN keeps no flow that is idle. */
Test(flowcache, fin_puts_no_end_off)
{
	struct catcher c = {0};
	struct flow_addition a;
	struct flowcache *cache = make_tcp(&c, 2000, 5000, 0x11, &a);

	/* the same ports again: another flow, be it looked at in between */
	a.first_ns = a.last_ns = 4500 * NS_PER_MS;
	flowcache_add(cache, &a, 1);
	cr_expect_eq(c.records, 1);
	flowcache_advance(cache, 4500 * NS_PER_MS);
	cr_expect_eq(c.records, 1);
	flowcache_advance(cache, 6900 * NS_PER_MS);
	cr_expect_eq(c.records, 2);
	flowcache_free(cache);
}

/* Many times more flows than room: all packets come out, the flows in excess
 * with their reason, and memory does not grow. */
Test(flowcache, cap_evicts_and_loses_nothing)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 1000, 0);
	struct flowcache_stats s;

	for (uint32_t i = 0; i < 50000; i++)
		cr_assert(add(cache, i, i / 100));
	flowcache_stats(cache, &s);
	cr_expect_eq(s.flows, 1000);
	cr_expect_eq(s.evicted, 49000);
	cr_expect_eq(c.by_reason[END_LACK_OF_RESOURCES], 49000);
	cr_expect(flowcache_end(cache, END_FORCED));
	cr_expect_eq(c.packets, 50000);
	flowcache_stats(cache, &s);
	cr_expect_eq(s.flows, 0);
	flowcache_free(cache);
}

static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long all, here = 0;

	cr_assert(f && fscanf(f, "%ld %ld", &all, &here) == 2);
	fclose(f);
	return here * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What was told at the end of a capture lies in no memory any more; a cache
 * that has ended begins as a new one. */
Test(flowcache, memory_goes_back_at_the_end)
{
	enum { FLOWS = 400000, LEAST_KIB = FLOWS / 1024 * 32 };
	struct catcher c = {0};
	struct flowcache_options opt = {.flows = FLOWS,
		.idle_ms = 60000,
		.active_ms = 300000,
		.grows = true,
		.sink = catch,
		.data = &c};
	const struct flow_point point = {.tap = 7};
	struct flowcache *cache = flowcache_new(&opt);
	long full;

	cr_assert_eq(flowcache_point(cache, &point), 0);
	for (unsigned round = 1; round <= 2; round++) {
		for (uint32_t i = 0; i < FLOWS; i++)
			cr_assert(add(cache, i, round));
		full = resident_kib();
		cr_assert(flowcache_end(cache, END_FORCED));
		cr_expect_eq(c.records, round * FLOWS);
		cr_expect_eq(c.packets, round * FLOWS);
		cr_expect_lt(resident_kib(), full - LEAST_KIB, "%ld of %ld KiB",
			resident_kib(), full);
	}
	flowcache_free(cache);
}

Test(flowcache, closed_sink_holds_back_and_refuses_by_name)
{
	struct catcher c = {.closed = true};
	struct flowcache *cache = make(&c, 10, 0);
	struct flowcache_stats s;
	uint32_t taken = 0;

	for (uint32_t i = 0; i < 15; i++)
		taken += add(cache, i, 0);
	cr_expect_eq(taken, 10);
	flowcache_advance(cache, 100000 * NS_PER_MS);
	flowcache_stats(cache, &s);
	cr_expect_eq(s.refused, 5);
	cr_expect_eq(s.flows, 10);
	cr_expect_eq(s.room, 10);
	cr_expect_not(flowcache_flush(cache));
	c.closed = false;
	flowcache_advance(cache, 101000 * NS_PER_MS);
	cr_expect_eq(c.packets, 10);
	cr_expect_eq(c.by_reason[END_IDLE], 10);
	flowcache_free(cache);
}

struct punctual {
	struct flowcache *cache;
	int64_t now, latest; /* told; the longest delay of a record */
	uint64_t idle, active, packets;
};

static bool note_delay(void *data, const struct flow_record *r)
{
	struct punctual *p = data;
	int64_t due = r->end_reason == END_ACTIVE ? r->first_ns + 30 * NS_PER_S
						  : r->last_ns + 10 * NS_PER_S;

	p->packets += r->packets;
	p->idle += r->end_reason == END_IDLE;
	p->active += r->end_reason == END_ACTIVE;
	if (r->end_reason != END_FORCED && p->now - due > p->latest)
		p->latest = p->now - due;
	cr_assert(r->end_reason == END_FORCED || p->now >= due);
	cr_assert_leq(r->last_ns - r->first_ns, 31 * NS_PER_S);
	return true;
}

/* Slow traffic: each record leaves within a second of its due time, and not
 * before it. */
/* As a flow cache elsewhere that is slow, of three. */
static bool catch_some(void *data, const struct flow_record *r)
{
	return r->key.src.b[15] % 3 && catch (data, r);
}

Test(flowcache, who_takes_nothing_keeps_nobody_out)
{
	struct catcher c = {0};
	const struct flowcache_options opt = {.flows = 60,
		.idle_ms = 60000,
		.active_ms = 300000,
		.sink = catch_some,
		.data = &c};
	struct flowcache *cache = flowcache_new(&opt);
	struct flowcache_stats s;

	cr_assert_eq(flowcache_point(cache, &(struct flow_point){.tap = 7}), 0);
	for (uint32_t i = 0; i < 90; i++)
		cr_expect(add(cache, i, 0), "flow %u", i);
	flowcache_stats(cache, &s);
	cr_expect_eq(s.refused, 0);
	cr_expect_eq(c.packets, 30);
	cr_expect_eq(c.by_reason[END_LACK_OF_RESOURCES], 30);
	flowcache_free(cache);
}

Test(flowcache, records_are_punctual)
{
	struct punctual p = {0};
	struct flowcache_options opt = {.flows = 40000,
		.idle_ms = 10000,
		.active_ms = 30000,
		.grows = true,
		.sink = note_delay,
		.data = &p};
	struct flowcache *cache = flowcache_new(&opt);
	const uint64_t n = 600000;
	unsigned seed = 3;

	cr_assert_eq(flowcache_point(cache, &(struct flow_point){.tap = 1}), 0);
	for (uint64_t i = 0; i < n; i++) {
		struct flow_addition a = {.octets = 40, .packets = 1};
		/* 5,000 packets a second: some flows often, most rarely */
		uint32_t flow = rand_r(&seed) % 3 ? rand_r(&seed) % 20000
						  : rand_r(&seed) % 50;

		a.key.src = net_addr_v4_host(flow);
		a.key.dst = net_addr_v4_host(1);
		p.now = a.first_ns = a.last_ns = (int64_t)i * 200000;
		flowcache_advance(cache, p.now);
		cr_assert_eq(flowcache_add(cache, &a, 1), 0);
	}
	cr_assert(flowcache_end(cache, END_FORCED));
	cr_expect_eq(p.packets, n);
	cr_expect_gt(p.idle, 10000);
	cr_expect_gt(p.active, 100);
	cr_expect_lt(p.latest, NS_PER_S, "%ld ms late",
		(long)(p.latest / NS_PER_MS));
	flowcache_free(cache);
}

/* A clock that jumps years ahead and back neither empties the table for good
 * nor stops the timeouts. */
Test(flowcache, clock_jumps_are_survived)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 10, 0);
	struct flowcache_stats s;
	int64_t year = INT64_C(365) * 86400 * 1000;

	add(cache, 1, year);
	add(cache, 2, 3 * year);
	add(cache, 1, year + 10);
	add(cache, 1, year + 1000);
	add(cache, 1, year + 2000);
	cr_expect(c.records <= 2, "%lu", c.records);
	add(cache, 3, year + 70000);
	flowcache_advance(cache, (year + 200000) * NS_PER_MS);
	flowcache_stats(cache, &s);
	cr_expect_eq(s.flows, 0);
	cr_expect_eq(c.packets, 6);
	flowcache_free(cache);
}

struct steps {
	int64_t now_ms; /* told */
	bool over;      /* the clock was put back */
	uint64_t packets, active, timely, delayed;
};

/* Idle 10 s, active 30 s; flow 1 goes on. */
static bool note_step(void *data, const struct flow_record *r)
{
	const struct net_addr goes_on = net_addr_v4_host(0x0a000001);
	const int64_t last_ms = r->last_ns / NS_PER_MS;
	struct steps *s = data;

	cr_expect_leq(r->first_ns, r->last_ns);
	s->packets += r->packets;
	if (memcmp(&r->key.src, &goes_on, sizeof(goes_on)) == 0)
		s->active += s->over && r->end_reason == END_ACTIVE;
	else if (s->over && r->end_reason == END_IDLE)
		*(s->now_ms - last_ms > 11000 ? &s->delayed : &s->timely) += 1;
	return true;
}

/* One flow that goes on, and one a second, before and after the clock is put
 * back by that much. */
static void put_back(int64_t by_ms)
{
	const int64_t begin_ms = INT64_C(1700000000) * 1000, n = 1000;
	struct steps s = {0};
	struct flowcache_options opt = {.flows = 2000,
		.idle_ms = 10000,
		.active_ms = 30000,
		.sink = note_step,
		.data = &s};
	struct flowcache *cache = flowcache_new(&opt);

	cr_assert_eq(flowcache_point(cache, &(struct flow_point){.tap = 1}), 0);
	for (int64_t i = 0; i < n; i++) {
		s.over = i >= n / 2;
		s.now_ms = begin_ms + i * 100 - (s.over ? by_ms : 0);
		cr_assert(add(cache, 1, s.now_ms));
		cr_assert(add(cache, 2 + (uint32_t)i / 10, s.now_ms));
	}
	cr_expect_eq(s.active, 1, "%lu", s.active);
	cr_expect_gt(s.timely, 35, "%lu", s.timely);
	cr_expect_eq(s.delayed, 0, "%lu", s.delayed);
	cr_assert(flowcache_end(cache, END_FORCED));
	cr_expect_eq(s.packets, 2 * (uint64_t)n);
	flowcache_free(cache);
}

/* By NTP, or in a file put together in the wrong order. */
Test(flowcache, a_clock_put_back_stops_no_timeout)
{
	put_back(INT64_C(5) * 3600 * 1000);
	put_back(1800 * 1000);
	put_back(120 * 1000);
	put_back(20 * 1000);
}

static void run_capture(const struct capture_row *row, void *data)
{
	struct catcher c = {0};
	struct flowcache *cache = make(&c, 65536, 0);
	struct pcapfile *file = NULL;
	struct frame frame;
	struct dissect d;
	int64_t ns, latest = 0, back = 0;
	int r = pcapfile_open(row->path, &file, NULL);

	cr_assert(r == 0);
	while ((r = pcapfile_next(file, &frame, &ns, NULL)) > 0) {
		struct flow_addition a = {
			.packets = 1, .first_ns = ns, .last_ns = ns};

		if (dissect_frame(pcapfile_layer(file), &frame, &d) !=
			DISSECT_IP)
			continue;
		a.key = d.key;
		back = latest - ns > back ? latest - ns : back;
		latest = ns > latest ? ns : latest;
		a.key.flags = 0; /* as the truth's tuples */
		a.octets = d.octets;
		flowcache_advance(cache, ns);
		cr_assert(flowcache_add(cache, &a, 1) == 0);
	}
	cr_assert(flowcache_end(cache, END_FORCED));
	cr_expect(c.packets == row->ip4 + row->ip6 && c.bytes == row->octets,
		"%s: packets %lu/%lu bytes %lu/%lu", row->name, c.packets,
		row->ip4 + row->ip6, c.bytes, row->octets);
	/* where time itself goes back, "60 s without a packet" has no one
	 * answer: there may be more flows, never fewer */
	cr_expect(back > 60 * NS_PER_S ? c.records >= row->flows
				       : c.records == row->flows,
		"%s: flows %lu/%lu", row->name, c.records, row->flows);
	pcapfile_close(file);
	flowcache_free(cache);
	++*(int *)data;
}

Test(flowcache, public_captures_split_as_the_truth_says)
{
	int n = 0;

	if (captures_each(run_capture, &n))
		cr_expect(n >= 73);
}
