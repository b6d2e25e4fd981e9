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
