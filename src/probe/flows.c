#include "probe/flows.h"

static void on_joined(void *data, size_t i, void *state, void *other)
{
	struct flows *f = data;

	metrics_update(&f->metrics, state, other, &f->seen[i]);
}

static void on_left(void *data, void *state)
{
	metrics_restart(&((struct flows *)data)->metrics, state);
}

static void turn(struct flow_record *r)
{
	const uint16_t src_slot = r->src_slot;

	r->src_slot = r->dst_slot;
	r->dst_slot = src_slot;
	r->flags ^= RECORD_SENT;
}

/* Of both directions: the point is that of the key in the table, and the
 * record perhaps of the other way. */
static bool on_record(void *data, const struct flow_record *r)
{
	struct flows *f = data;
	struct flow_record told = *r;
	struct flowcache_offer offer;

	flowcache_offered(f->cache, r, &offer);
	if (offer.turned)
		turn(&told);
	return f->opt.sink(f->opt.data, &told);
}

static void make_cache(struct flows *f)
{
	struct flowcache_options o = f->opt;

	metrics_of(f->definition.metrics, &f->metrics);
	o.merge_fragments = f->definition.key & KEY_ADDRESSES;
	o.both = f->definition.both;
	if (o.both) {
		o.sink = on_record;
		o.data = f;
	}
	o.side = (struct flowcache_side){.bytes = f->metrics.bytes,
		.data = f,
		.joined = on_joined,
		.left = on_left};
	f->cache = flowcache_new(&o);
}

void flows_set_most(struct flows *f, uint32_t flows)
{
	f->opt.flows = flows ? flows : 1;
}

void flows_open(struct flows *f, const struct definition *definition,
	const struct flowcache_options *options)
{
	f->definition = *definition;
	f->opt = *options;
	f->past = (struct flowcache_stats){0};
	flows_set_most(f, options->flows);
	make_cache(f);
}

/* What was before the cache that is. */
static void add_past(const struct flows *f, struct flowcache_stats *to)
{
	const struct flowcache_stats *past = &f->past;

	to->packets += past->packets;
	to->octets += past->octets;
	to->sent_packets += past->sent_packets;
	to->sent_octets += past->sent_octets;
	to->records += past->records;
	to->created += past->created;
	to->evicted += past->evicted;
	to->refused += past->refused;
	to->held_back += past->held_back;
	if (to->room == past->room && to->most_flows < past->most_flows)
		to->most_flows = past->most_flows;
}

void flows_stats(const struct flows *f, struct flowcache_stats *ret)
{
	flowcache_stats(f->cache, ret);
	add_past(f, ret);
}

void flows_close(struct flows *f)
{
	flowcache_free(f->cache);
	f->cache = NULL;
	metrics_release(&f->metrics);
}

bool flows_redefine(struct flows *f, const struct definition *definition)
{
	struct flowcache_stats past;

	if (!flowcache_end(f->cache, END_FORCED))
		return false;
	flows_stats(f, &past);
	flows_close(f);
	f->past = past;
	f->definition = *definition;
	make_cache(f);
	return true;
}

bool flows_stale(const struct flows *f)
{
	struct flowcache_stats s;

	flowcache_stats(f->cache, &s);
	return s.points == FLOWCACHE_POINTS || s.room != f->opt.flows;
}

void flows_set_timeouts(
	struct flows *f, int64_t idle_ms, int64_t active_ms, int64_t fin_ms)
{
	f->opt.idle_ms = idle_ms;
	f->opt.active_ms = active_ms;
	f->opt.fin_ms = fin_ms;
	flowcache_set_timeouts(f->cache, idle_ms, active_ms, fin_ms);
}

void flows_set_limit(struct flows *f, const struct flow_limit *limit)
{
	f->opt.limit = *limit;
	flowcache_set_limit(f->cache, limit);
}

struct flow_shape flows_shape(const struct flows *f)
{
	return definition_shape(
		f->definition.key, f->definition.both, &f->metrics);
}

const struct flow_more *flows_more(struct flows *f, const struct flow_record *r)
{
	if (!flows_shape(f).more)
		return NULL;
	return definition_tell(&f->metrics, f->cache, r, &f->told);
}

struct courier_item flows_item(struct flows *f, const struct flow_record *r)
{
	const struct flow_shape shape = flows_shape(f);

	return (struct courier_item){.record = r,
		.more = flows_more(f, r),
		.shape = shape.more,
		.metrics = f->definition.metrics,
		.values = flow_values(&shape) *
			  (shape.more & MORE_REVERSE ? 2 : 1)};
}

/* of: which way */
static void add_values(const struct flows *f, struct flows_told *to, size_t of)
{
	const struct flow_more *more = &f->told.more;
	const struct flow_shape shape = flows_shape(f);
	struct wire w = wire_over(to->values[of], sizeof(to->values[of]));

	metric_fields_tell(&shape, more->values + of * f->metrics.values,
		more->known[of], &w);
	to->extras[of].others =
		(struct flow_others){to->values[of], wire_len(&w)};
}

/* One VLAN tells both directions. */
static void add_way_back(struct flows_told *to, const struct flow_more *more)
{
	to->records[1] = flow_more_reverse(&to->records[0], more);
	to->records[1].flags ^= RECORD_SENT;
	to->extras[1] = flow_extra_reverse(&to->extras[0]);
	to->extras[1].vlan = more->vlan;
	to->extras[1].out_vlan = 0;
	to->rows.n = 2;
}

void flows_tell(
	struct flows *f, const struct flow_record *r, struct flows_told *ret)
{
	const struct flow_more *more = flows_more(f, r);

	ret->records[0] = *r;
	ret->rows = (struct flow_rows){.records = ret->records, .n = 1};
	if (!more)
		return;
	ret->rows.extras = ret->extras;
	ret->extras[0] = (struct flow_extra){.vlan = more->vlan,
		.src_mac = flow_extra_mac(more->src_mac),
		.dst_mac = flow_extra_mac(more->dst_mac)};
	if (more->reverse.packets)
		add_way_back(ret, more);
	for (size_t i = 0; f->metrics.n && i < ret->rows.n; i++)
		add_values(f, ret, i);
}

/* What was added is no more than 32 bits hold; what a sample stands for may
 * be, and goes as it was added. */
struct digest flows_digest(struct flows *f, const struct flow_record *r)
{
	const struct flow_more *more = flows_more(f, r);
	struct flowcache_offer offer;
	uint64_t times = 1;

	flowcache_offered(f->cache, r, &offer);
	if (r->packets > UINT32_MAX)
		times = flow_point_times(offer.point);
	return (struct digest){.key = r->key,
		.bytes = r->bytes / times,
		.first_ns = r->first_ns,
		.last_ns = r->last_ns,
		.packets = (uint32_t)(r->packets / times),
		.times = (uint16_t)(times > 1 ? times : 0),
		.tap = r->tap,
		.src_slot = r->src_slot,
		.dst_slot = r->dst_slot,
		.vlan = more ? more->vlan : 0,
		.tcp_flags = r->tcp_flags,
		.tos = r->tos,
		.flags = (r->flags & (DIGEST_SENT | DIGEST_ESTIMATED)) |
			 (f->definition.key & KEY_TOS ? DIGEST_BY_TOS : 0)};
}

void flows_print(const struct flows *f, struct buf *out)
{
	const struct definition *d = &f->definition;
	char key[DEFINITION_WORDS], metrics[DEFINITION_WORDS];

	if (definition_plain(d))
		return;
	buf_addf(out, "flow_key %s\nbiflow %s\nmetrics %s\n",
		definition_print_key(d->key, key), d->both ? "yes" : "no",
		definition_print_metrics(d->metrics, metrics));
}
