/* Metrics of any packet: sizes, TTL, jitter. */
#include "flow/sizes.h"
#include "probe/metric_kinds.h"

#include <string.h>

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- sizes: by class ------------------------------------------------------ */

struct sizes {
	uint32_t min, max; /* 0: no packet yet */
	uint32_t n[PACKET_SIZES];
};

static void add_size(struct sizes *s, uint32_t packets, uint32_t octets)
{
	s->n[size_class(octets)] += packets;
	if (!s->min || octets < s->min)
		s->min = octets;
	if (octets > s->max)
		s->max = octets;
}

static void sizes_update(
	void *state, void *other, const struct metric_packet *p)
{
	const uint32_t more = p->packets - 1;

	(void)other;
	if (more)
		add_size(state, more, p->each);
	add_size(state, 1, p->octets - more * p->each);
}

static uint8_t *sizes_write(const void *state, uint8_t *to)
{
	const struct sizes *s = state;

	to = metric_put(to, s->min, 4);
	to = metric_put(to, s->max, 4);
	for (size_t i = 0; i < PACKET_SIZES; i++)
		to = metric_put(to, s->n[i], 4);
	return to;
}

/* Of no packet there is neither a least nor a largest; that there was none is
 * known. */
static unsigned sizes_known(const void *state)
{
	return ((const struct sizes *)state)->min ? ~0u : ~3u;
}

const struct flow_metric metric_sizes = {.name = "sizes",
	.about = "packets by size",
	.size = sizeof(struct sizes),
	.fields = &metric_fields[METRIC_MIN_OCTETS],
	.n_fields = METRIC_SIZES - METRIC_MIN_OCTETS + 1,
	.update = sizes_update,
	.write = sizes_write,
	.known = sizes_known};

/* --- TTL: minimumTTL, maximumTTL ------------------------------------------ */

struct ttl {
	uint8_t min, max;
	bool any;
};

static void ttl_update(void *state, void *other, const struct metric_packet *p)
{
	struct ttl *t = state;

	(void)other;
	if (!p->version)
		return;
	if (!t->any || p->ttl < t->min)
		t->min = p->ttl;
	if (!t->any || p->ttl > t->max)
		t->max = p->ttl;
	t->any = true;
}

static uint8_t *ttl_write(const void *state, uint8_t *to)
{
	const struct ttl *t = state;

	return metric_put(metric_put(to, t->min, 1), t->max, 1);
}

static unsigned ttl_known(const void *state)
{
	return ((const struct ttl *)state)->any ? 3 : 0;
}

const struct flow_metric metric_ttl = {.name = "ttl",
	.about = "least and largest TTL or hop limit",
	.size = sizeof(struct ttl),
	.fields = &metric_fields[METRIC_MIN_TTL],
	.n_fields = METRIC_MAX_TTL - METRIC_MIN_TTL + 1,
	.update = ttl_update,
	.write = ttl_write,
	.known = ttl_known};

/* --- jitter: RFC 3550 6.4.1 without the sender's clock: how much the gaps
 * between packets differ, as a running mean with a gain of 1/16 ------------- */

struct jitter {
	int64_t last_ns, gap_ns, mean_ns, longest_ns;
	uint32_t n; /* packets, up to 3 */
};

static void jitter_update(
	void *state, void *other, const struct metric_packet *p)
{
	struct jitter *j = state;
	int64_t gap = metric_gap(j->last_ns, p->time_ns), d = gap - j->gap_ns;

	(void)other;
	if (j->n > 0 && gap > j->longest_ns)
		j->longest_ns = gap;
	if (j->n > 1)
		j->mean_ns += ((d < 0 ? -d : d) - j->mean_ns) / 16;
	j->gap_ns = gap;
	j->last_ns = p->time_ns;
	j->n += j->n < 3;
}

static uint8_t *jitter_write(const void *state, uint8_t *to)
{
	const struct jitter *j = state;

	to = metric_put(to, least((uint64_t)j->mean_ns / 1000, UINT32_MAX), 4);
	return metric_put(
		to, least((uint64_t)j->longest_ns / 1000, UINT32_MAX), 4);
}

/* A gap takes two packets, a difference of gaps three. */
static unsigned jitter_known(const void *state)
{
	const struct jitter *j = state;

	return j->n < 2 ? 0 : j->n < 3 ? 2 : 3;
}

static void jitter_restart(void *state)
{
	struct jitter *j = state;

	j->longest_ns = 0;
}

const struct flow_metric metric_jitter = {.name = "jitter",
	.about = "how much the gaps between packets differ",
	.size = sizeof(struct jitter),
	.fields = &metric_fields[METRIC_JITTER],
	.n_fields = METRIC_LONGEST_GAP - METRIC_JITTER + 1,
	.update = jitter_update,
	.write = jitter_write,
	.known = jitter_known,
	.restart = jitter_restart};
