/* When a flow is over, or what it has counted is due.  Two programs may differ
 * in what they are set to, not in what that means. */
#ifndef NFZ_PROBE_TIMEOUTS_H
#define NFZ_PROBE_TIMEOUTS_H

#include "base/clock.h"
#include "probe/flowtable.h"

/* Packets may come out of order by that much. */
#define TIMEOUTS_DISORDER_NS NS_PER_S
/* So long before its active time is over a flow is ripe: from then on packets
 * look at its first time stamp, which is in another cache line. */
enum { TIMEOUTS_RIPE_MS = 2000 };

struct timeouts {
	int64_t idle_ms, active_ms, fin_ms, first_ms; /* flowcache_options */
	uint64_t calm_ns;   /* disorder and the silence that ends a flow */
	int64_t soonest_ms; /* from a flow's beginning until it is due */
	bool exact;         /* all flows are as if ripe */
};

/* What follows from them. */
static inline void timeouts_set(
	struct timeouts *t, int64_t idle_ms, int64_t active_ms)
{
	const bool fin = t->fin_ms > 0 && t->fin_ms < idle_ms;

	t->idle_ms = idle_ms;
	t->active_ms = active_ms;
	t->exact = t->exact || active_ms <= 2 * TIMEOUTS_RIPE_MS;
	t->soonest_ms =
		t->first_ms > 0 ? t->first_ms : active_ms - TIMEOUTS_RIPE_MS;
	if (idle_ms < t->soonest_ms)
		t->soonest_ms = idle_ms;
	t->calm_ns = (uint64_t)(fin ? t->fin_ms : idle_ms) * NS_PER_MS +
		     TIMEOUTS_DISORDER_NS;
}
/* Longest without a packet. */
static inline int64_t timeouts_patience_ms(
	const struct timeouts *t, const struct flow_hot *h)
{
	bool finished = h->state & FLOW_FINISHED && t->fin_ms > 0;

	return finished ? t->fin_ms : t->idle_ms;
}
/* Longest since the first packet of what is counted until it is reported. */
static inline int64_t timeouts_report_ms(
	const struct timeouts *t, const struct flow_hot *h)
{
	return h->state & FLOW_NEW ? t->first_ms : t->active_ms;
}

#endif
