/* When a flow is over, or what it has counted is due.  Two programs may differ
 * in what they are set to, not in what that means. */
#ifndef NFZ_PROBE_TIMEOUTS_H
#define NFZ_PROBE_TIMEOUTS_H

#include "base/clock.h"
#include "probe/flowcache.h"
#include "probe/flowtable.h"

/* Packets may come out of order by that much. */
#define TIMEOUTS_DISORDER_NS NS_PER_S
/* Went a flow back by more, a clock was set: no record spans that. */
#define TIMEOUTS_STEP_NS (10 * NS_PER_S)
/* By no more; else a clock was set. */
#define TIMEOUTS_JUMP_NS (3600 * NS_PER_S)
/* So long before its active time is over a flow is ripe: from then on packets
 * look at its first time stamp, which is in another cache line. */
enum { TIMEOUTS_RIPE_MS = 2000 };

struct timeouts {
	/* flowcache_options */
	int64_t idle_ms, active_ms, fin_ms, first_ms, late_ms;
	uint64_t calm_ns;   /* disorder and the silence that ends a flow */
	int64_t soonest_ms; /* from a flow's beginning until it is due */
	bool exact;         /* all flows are as if ripe */
};

/* What follows from them. */
static inline void timeouts_set(
	struct timeouts *t, int64_t idle_ms, int64_t active_ms, int64_t fin_ms)
{
	const bool fin = fin_ms > 0 && fin_ms < idle_ms;

	t->idle_ms = idle_ms;
	t->active_ms = active_ms;
	t->fin_ms = fin_ms;
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
	const bool sooner = t->fin_ms > 0 && t->fin_ms < t->idle_ms;

	return sooner && h->state & FLOW_FINISHED ? t->fin_ms : t->idle_ms;
}
/* Longest since the first packet of what is counted until it is reported. */
static inline int64_t timeouts_report_ms(
	const struct timeouts *t, const struct flow_hot *h)
{
	return h->state & FLOW_NEW ? t->first_ms : t->active_ms;
}
/* Until anything may be due; past: the flow has come to the limit.  When nothing
 * is counted now, the next report is `active` after a packet to come. */
static inline int64_t timeouts_left_ms(const struct timeouts *t,
	const struct flow_hot *h, int64_t first_ns, int64_t now_ns, bool past)
{
	const int64_t quiet_ms = (now_ns - h->last_ns) / NS_PER_MS;
	const int64_t left_ms =
		timeouts_patience_ms(t, h) + t->late_ms - quiet_ms;
	int64_t report_ms = t->active_ms;

	if (past)
		return 0;
	if (h->packets > 0)
		report_ms = timeouts_report_ms(t, h) -
			    (now_ns - first_ns) / NS_PER_MS;
	if (!(h->state & (FLOW_RIPE | FLOW_NEW)) && !t->exact)
		report_ms -= TIMEOUTS_RIPE_MS;
	return report_ms < left_ms ? report_ms : left_ms;
}
/* The reason that came first: where packets are far apart nobody looked then. */
static inline enum end_reason timeouts_end(
	const struct timeouts *t, const struct flow_hot *h, int64_t first_ns)
{
	const int64_t patience_ms = timeouts_patience_ms(t, h);

	if (h->last_ns - first_ns > (t->active_ms - patience_ms) * NS_PER_MS)
		return END_ACTIVE;
	return h->state & FLOW_FINISHED ? END_DETECTED : END_IDLE;
}
/* Is a flow over, or what it has counted to be reported? */
struct verdict {
	bool done, due;
	int64_t age_ns; /* since the first packet of what is counted */
	enum end_reason reason;
};
static inline struct verdict timeouts_judge(const struct timeouts *t,
	const struct flow_hot *h, int64_t first_ns, int64_t now_ns, bool past)
{
	const int64_t quiet_ns = now_ns - h->last_ns;
	const bool back = quiet_ns < -TIMEOUTS_JUMP_NS; /* the clock was set */
	struct verdict v = {
		.done = quiet_ns > (timeouts_patience_ms(t, h) + t->late_ms) *
					   NS_PER_MS ||
			back,
		.age_ns = now_ns - first_ns};

	v.due = h->packets > 0 &&
		(past || v.age_ns > timeouts_report_ms(t, h) * NS_PER_MS);
	v.reason = back                           ? END_FORCED
		   : v.done                       ? timeouts_end(t, h, first_ns)
		   : h->state & FLOW_NEW && !past ? END_LIVING
						  : END_ACTIVE;
	return v;
}

#endif
