#include "probe/feed.h"

void feed_open(
	struct feed *f, const struct flowcache_options *options, size_t meters)
{
	const struct definition plain = {0};
	struct flowcache_options o = *options;

	*f = (struct feed){0};
	o.clocks = (uint16_t)(meters * CLOCKS_EACH);
	clocks_init(&f->clocks, meters);
	flows_open(&f->flows, &plain, &o);
}

void feed_close(struct feed *f)
{
	flows_close(&f->flows);
	clocks_release(&f->clocks);
}

/* Estimates are of so many times what is told; or they are that already. */
static uint16_t one_of(const struct digest *d)
{
	if (!(d->flags & DIGEST_ESTIMATED))
		return 0;
	return d->times ? d->times : 1;
}

static struct flow_addition addition(
	struct feed *f, const struct digest *d, uint16_t clock)
{
	const struct flow_point point = {.tap = d->tap,
		.src_slot = d->src_slot,
		.dst_slot = d->dst_slot,
		.vlan = d->vlan,
		.tos = d->flags & DIGEST_BY_TOS ? d->tos : 0,
		.sent = d->flags & DIGEST_SENT,
		.one_of = one_of(d),
		.clock = clock};
	const int64_t last_ns = clocks_believe(d->last_ns);
	const int64_t first_ns = clocks_believe(d->first_ns);

	return (struct flow_addition){.key = d->key,
		.octets = d->bytes,
		.packets = d->packets,
		.first_ns = first_ns < last_ns ? first_ns : last_ns,
		.last_ns = last_ns,
		.point = flowcache_point(f->flows.cache, &point),
		.tcp_flags = d->tcp_flags,
		.tos = d->tos};
}

/* False: more than the setup has do not come here. */
static bool hear(struct feed *f, uint16_t meter, const struct digest *d,
	size_t n, int64_t now_ns, struct clocks_heard *ret)
{
	int64_t latest_ns = INT64_MIN;

	for (size_t i = 0; i < n; i++)
		if (d[i].last_ns > latest_ns)
			latest_ns = d[i].last_ns;
	if (!clocks_hear(&f->clocks, meter, now_ns, latest_ns, ret))
		return false;
	flowcache_set_clock(f->flows.cache, ret->clock, ret->ahead_ns);
	f->steps += ret->step_ns != 0;
	return true;
}

int64_t feed_add(struct feed *f, uint16_t meter, const struct digest *d,
	size_t n, int64_t now_ns)
{
	struct flow_addition adds[DIGEST_MAX];
	struct clocks_heard heard;
	uint64_t refused;

	if (!n)
		return 0;
	f->digests += n;
	if (!hear(f, meter, d, n, now_ns, &heard)) {
		f->refused += n;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		adds[i] = addition(f, &d[i], heard.clock);
	refused = flowcache_add(f->flows.cache, adds, n);
	f->refused += (uint64_t)__builtin_popcountll(refused);
	return heard.step_ns;
}

void feed_tell(struct feed *f, int64_t now_ns)
{
	if (flows_stale(&f->flows) &&
		!flows_redefine(&f->flows, &f->flows.definition))
		return; /* once all has been taken */
	flowcache_advance(f->flows.cache, now_ns);
}
