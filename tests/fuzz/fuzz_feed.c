/* Digests from broken and hostile meters into the flow cache of nfz-cache,
 * while time passes: whatever is added leaves in records, and times are
 * numbers.  Each step: which of four meters, tenths of a second, and a body. */
#include "base/clock.h"
#include "probe/feed.h"

#include <stdlib.h>

enum { METERS = 4, FLOWS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct tally {
	struct feed feed;
	uint64_t packets; /* as they were told: estimates are of more */
	unsigned offers;
};

/* Not each time. */
static bool take(void *data, const struct flow_record *r)
{
	struct tally *t = data;
	struct flowcache_offer offer;

	if (!r->packets || r->last_ns < r->first_ns)
		abort();
	if (++t->offers % 5 == 0)
		return false;
	flowcache_offered(t->feed.flows.cache, r, &offer);
	t->packets += r->packets / flow_point_times(offer.point);
	return true;
}

static void step(struct feed *f, struct cursor *c, int64_t *now_ns)
{
	const uint16_t meter = cursor_u8(c) % METERS;
	struct digest d[DIGEST_MAX];
	struct digest_header h;
	size_t n;

	*now_ns += cursor_u8(c) * (NS_PER_S / 10);
	n = cursor_u16(c);
	if (n > cursor_left(c))
		n = cursor_left(c);
	if (digest_read(c->at, n, &h, d))
		feed_add(f, meter, d, h.count, *now_ns);
	cursor_skip(c, n);
	feed_tell(f, *now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tally told = {0};
	const struct flowcache_options options = {.flows = FLOWS,
		.limit = {.octets = 1000000},
		.idle_ms = 15000,
		.active_ms = 60000,
		.fin_ms = 5000,
		.first_ms = 400,
		.late_ms = 800,
		.sink = take,
		.data = &told};
	struct cursor c = cursor_over(data, len);
	int64_t now_ns = NS_PER_S;
	struct flowcache_stats s;

	feed_open(&told.feed, &options, METERS);
	feed_tell(&told.feed, now_ns);
	while (cursor_ok(&c) && cursor_left(&c))
		step(&told.feed, &c, &now_ns);
	while (!flowcache_end(told.feed.flows.cache, END_FORCED))
		;
	flows_stats(&told.feed.flows, &s);
	if (told.packets != s.packets)
		abort();
	feed_close(&told.feed);
	return 0;
}
