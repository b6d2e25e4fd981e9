/* What meters tell, as nfz-cache takes it: of flows of our days. */
#include "base/clock.h"
#include "probe/feed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { METERS = 2, IDLE_MS = 2000, LATE_MS = 800 };

struct told {
	struct flow_record last;
	unsigned n;
};

static bool take(void *data, const struct flow_record *r)
{
	struct told *t = data;

	t->last = *r;
	t->n++;
	return true;
}

/* One packet, told of at once; by the meter's clock.  Ended by silence. */
static void tell(int64_t first_ns, int64_t last_ns)
{
	struct told told = {.n = 0};
	const struct flowcache_options options = {.flows = 10,
		.idle_ms = IDLE_MS,
		.active_ms = 60000,
		.late_ms = LATE_MS,
		.sink = take,
		.data = &told};
	const struct digest d = {.packets = 1,
		.bytes = 60,
		.first_ns = first_ns,
		.last_ns = last_ns};
	struct feed f;

	feed_open(&f, &options, METERS);
	feed_tell(&f, 0);
	cr_expect_eq(feed_add(&f, 7, &d, 1, 0), 0);
	for (int64_t ms = 0; ms <= IDLE_MS + LATE_MS; ms += 100)
		feed_tell(&f, ms * NS_PER_MS);
	cr_expect_eq(told.n, 0);
	feed_tell(&f, (IDLE_MS + LATE_MS + 300) * NS_PER_MS);
	cr_expect_eq(told.n, 1);
	cr_expect_eq(told.last.end_reason, END_IDLE);
	cr_expect_eq(told.last.first_ns, first_ns);
	cr_expect_eq(told.last.last_ns, last_ns);
	feed_close(&f);
}

Test(feed, records_have_the_times_that_meters_told)
{
	static const int64_t year_2100_ns = INT64_C(4102444800) * NS_PER_S;
	const int64_t now_ns = wall_now().ns;

	tell(now_ns - 5 * NS_PER_MS, now_ns);
	tell(0, NS_PER_MS); /* a node whose clock nobody ever set */
	tell(year_2100_ns, year_2100_ns + 1);
}

/* A meter's sample, in as many digests as it takes; of all, once. */
struct sampled {
	struct flows flows;
	struct feed feed;
	uint64_t packets, bytes; /* told by the meter */
};

static bool pass_on(void *data, const struct flow_record *r)
{
	struct sampled *s = data;
	const struct digest d = flows_digest(&s->flows, r);
	uint8_t body[DIGEST_HEADER + DIGEST_V4];
	struct digest_header h = {.meter = 7};
	struct digest_writer w;
	struct digest got;

	digest_begin(&w, body, sizeof(body), &d);
	cr_assert(digest_add(&w, &d));
	cr_assert(digest_read(body, digest_end(&w, &h), &h, &got));
	cr_expect_eq(feed_add(&s->feed, 7, &got, 1, 0), 0);
	s->packets += r->packets;
	s->bytes += r->bytes;
	return true;
}

struct sum {
	uint64_t packets, bytes;
	unsigned estimates, n;
};

static bool sum_up(void *data, const struct flow_record *r)
{
	struct sum *s = data;

	s->packets += r->packets;
	s->bytes += r->bytes;
	s->estimates += (r->flags & RECORD_ESTIMATED) != 0;
	s->n++;
	return true;
}

/* One of `one_of`, and so many of them; no cache was there for long. */
static void check_sample(uint16_t one_of, uint32_t packets)
{
	struct sampled s = {.packets = 0};
	struct sum sum = {.n = 0};
	struct flowcache_options meter = {.flows = 10,
		.idle_ms = 1000,
		.active_ms = 1000,
		.sink = pass_on,
		.data = &s};
	struct flowcache_options cache = meter;
	const struct flow_point at = {.tap = 3, .one_of = one_of};
	struct flow_addition a = {.octets = UINT64_C(60) * packets,
		.packets = packets,
		.first_ns = NS_PER_S,
		.last_ns = NS_PER_S};

	a.key.src = a.key.dst = net_addr_v4_host(0x0a000001);
	cache.sink = sum_up;
	cache.data = &sum;
	flows_open(&s.flows, &(struct definition){0}, &meter);
	feed_open(&s.feed, &cache, METERS);
	a.point = flowcache_point(s.flows.cache, &at);
	cr_assert_eq(flowcache_add(s.flows.cache, &a, 1), 0);
	cr_assert(flowcache_end(s.flows.cache, END_FORCED));
	cr_assert(flowcache_end(s.feed.flows.cache, END_FORCED));
	cr_expect_eq(s.packets, (uint64_t)packets * one_of);
	cr_expect_eq(sum.packets, s.packets);
	cr_expect_eq(sum.bytes, s.bytes);
	cr_expect_eq(sum.estimates, sum.n);
	cr_expect_eq(s.feed.refused, 0);
	feed_close(&s.feed);
	flows_close(&s.flows);
}

/* 2^32 packets were none, in a datagram that was refused as a whole. */
Test(feed, estimates_are_as_large_as_they_are)
{
	check_sample(100, 1000);
	check_sample(1 << 15, (1 << 17) - 1);
	check_sample(1 << 15, 1 << 17);
	check_sample((1 << 15) + 1, 1 << 17);
	check_sample(UINT16_MAX, UINT32_MAX);
}
