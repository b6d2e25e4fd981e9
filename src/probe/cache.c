/* The same flow cache as in the meter, fed by digests.  Times are the meters'
 * clocks, which differ: each meter's flows time out by its own, whose distance
 * from our monotonic one is learned from what it sends. */
#include "probe/cache.h"
#include "base/log.h"
#include "base/loop.h"
#include "probe/clocks.h"
#include "probe/flowcache.h"
#include "probe/module.h"
#include "probe/tune.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* LATE_MS: meters add packets up for half a second, look at them each tenth,
 * and send what they have when there is credit. */
enum { TICK_MS = 100, FIRST_RECORD_MS = 400, LATE_MS = 800 };

struct cache {
	const struct setup *setup;
	struct module *module;
	struct endpoint *endpoint;
	struct flowcache *flows;
	struct clocks clocks; /* of meters */
	uint64_t digests, refused;
	bool vlans;   /* flows are told apart by them */
	int settings; /* descriptor, -1 none */
};

static bool send_record(void *data, const struct flow_record *r)
{
	struct cache *c = data;
	struct flowcache_offer offer;
	struct flow_extra extra = {0};

	struct flow_more more = {0};
	struct courier_item item = {.record = r, .more = &more};

	flowcache_offered(c->flows, r, &offer);
	more.vlan = extra.vlan = offer.point->vlan;
	/* what flows are nobody says: those of one VLAN say it of all */
	c->vlans = c->vlans || extra.vlan;
	item.shape = c->vlans ? MORE_VLAN : 0;
	return module_send_rows(
		c->module, &(struct flow_rows){r, &extra, 1}, &item);
}

static void tell_time(void *data)
{
	struct cache *c = data;

	flowcache_advance(c->flows, mono_now().ns);
}

/* The number of the clock that dates these. */
static uint16_t clock_of(
	struct cache *c, uint16_t meter, const struct digest *d, size_t n)
{
	int64_t latest_ns = INT64_MIN;
	struct clocks_heard heard;

	for (size_t i = 0; i < n; i++)
		if (d[i].last_ns > latest_ns)
			latest_ns = d[i].last_ns;
	if (!clocks_hear(&c->clocks, meter, mono_now().ns, latest_ns, &heard))
		return 0; /* more than the setup has do not come here */
	if (heard.step_ns)
		log_warning("the clock of a meter stepped; module=%u s=%+.1f",
			meter, (double)heard.step_ns / (double)NS_PER_S);
	flowcache_set_clock(c->flows, heard.clock, heard.ahead_ns);
	return heard.clock;
}

static struct flow_addition addition(
	struct cache *c, const struct digest *d, uint16_t clock)
{
	const struct flow_point point = {.tap = d->tap,
		.src_slot = d->src_slot,
		.dst_slot = d->dst_slot,
		.vlan = d->vlan,
		.tos = d->flags & DIGEST_BY_TOS ? d->tos : 0,
		.sent = d->flags & DIGEST_SENT,
		.one_of = d->flags & DIGEST_ESTIMATED ? 1 : 0,
		.clock = clock};

	return (struct flow_addition){.key = d->key,
		.octets = d->bytes,
		.packets = d->packets,
		.first_ns = d->first_ns,
		.last_ns = d->last_ns,
		.point = flowcache_point(c->flows, &point),
		.tcp_flags = d->tcp_flags,
		.tos = d->tos};
}

static void on_digests(
	void *data, uint16_t meter, const struct digest *d, size_t n)
{
	struct cache *c = data;
	struct flow_addition adds[DIGEST_MAX];
	uint16_t clock;
	uint64_t refused;

	if (!n)
		return;
	clock = clock_of(c, meter, d, n);
	for (size_t i = 0; i < n; i++)
		adds[i] = addition(c, &d[i], clock);
	refused = flowcache_add(c->flows, adds, n);
	c->digests += n;
	for (; refused; refused &= refused - 1) {
		c->refused++;
		endpoint_count_lost(c->endpoint, 1);
	}
}

static bool do_flush(void *data)
{
	return flowcache_flush(((struct cache *)data)->flows);
}

/* First no more may come in. */
static bool do_end(void *data)
{
	struct cache *c = data;

	return endpoint_part(c->endpoint) &&
	       flowcache_end(c->flows, END_FORCED);
}

static void do_health(void *data, struct module_health *ret)
{
	struct cache *c = data;
	struct flowcache_stats s;

	flowcache_stats(c->flows, &s);
	ret->flows_now = s.flows;
	ret->flows_max = s.most_flows;
	ret->flows_room = s.room;
	snprintf(ret->backend, sizeof(ret->backend), "cache");
}

static void do_status(void *data, struct buf *out)
{
	struct cache *c = data;
	struct flowcache_stats s;

	flowcache_stats(c->flows, &s);
	buf_addf(out,
		"backend cache\ndigests %" PRIu64 "\nrefused %" PRIu64
		"\nflows %u\nmost_flows %u\nevicted %" PRIu64
		"\nrecords %" PRIu64 "\n",
		c->digests, c->refused, s.flows, s.most_flows, s.evicted,
		s.records);
}

static uint64_t do_lost(void *data)
{
	return ((struct cache *)data)->refused;
}

/* What packets are, and which, is for those who see them. */
static void apply_settings(struct cache *c, struct tune *ret)
{
	const struct setup *s = c->setup;

	*ret = (struct tune){0};
	tune_read(c->settings, ret);
	flowcache_set_timeouts(c->flows,
		ret->idle_ms ? ret->idle_ms : s->idle_ms,
		ret->active_ms ? ret->active_ms : s->active_ms,
		ret->fin_ms >= 0 ? ret->fin_ms : s->fin_ms);
	flowcache_set_limit(c->flows, &ret->limit);
}

static void do_reload(void *data)
{
	struct tune t;

	apply_settings(data, &t);
	log_info("settings hold from now on; idle_ms=%" PRId64
		 " active_ms=%" PRId64 " (0: as the setup) fin_ms=%" PRId64
		 " (-1: as the setup) bytes=%" PRIu64 " packets=%" PRIu64
		 " (0: however much)",
		t.idle_ms, t.active_ms, t.fin_ms, t.limit.octets,
		t.limit.packets);
}

static size_t meters(const struct setup *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_peers; i++)
		n += s->peers[i].role == MODULE_METER;
	return n;
}

static int start(struct cache *c, struct loop *loop,
	const struct cache_options *o, struct err *err)
{
	const struct module_options module = {.loop = loop,
		.setup = o->setup,
		.role = MODULE_CACHE,
		.status_path = o->status_path,
		.pace = COURIER_PACE};
	const size_t n = meters(o->setup);
	const struct flowcache_options flows = {.flows = o->setup->cache_flows,
		.clocks = (uint16_t)(n * CLOCKS_EACH),
		.idle_ms = o->setup->idle_ms,
		.active_ms = o->setup->active_ms,
		.fin_ms = o->setup->fin_ms,
		.first_ms = FIRST_RECORD_MS,
		.late_ms = LATE_MS,
		.sink = send_record,
		.data = c};
	struct tune tune;
	int r = module_open(&module, &c->module, err);

	if (r == 0 && o->settings)
		r = tune_open(o->settings, &c->settings, err);
	if (r < 0)
		return r;
	c->endpoint = module_endpoint(c->module);
	c->flows = flowcache_new(&flows);
	apply_settings(c, &tune);
	clocks_init(&c->clocks, n);
	tell_time(c);
	loop_every(loop, TICK_MS, tell_time, c);
	return module_lock_up(c->module, o->uid, PRIVS_NONE, err);
}

int cache_run(const struct cache_options *o, struct err *err)
{
	struct cache c = {.setup = o->setup, .settings = -1};
	const struct module_hooks hooks = {.data = &c,
		.flush = do_flush,
		.flush_rest = do_flush,
		.end = do_end,
		.end_rest = do_end,
		.digests = on_digests,
		.health = do_health,
		.status = do_status,
		.reload = do_reload,
		.lost = do_lost};
	struct loop *loop = loop_new();
	char about[32];
	int r = start(&c, loop, o, err);

	snprintf(about, sizeof(about), "flows=%u", o->setup->cache_flows);
	if (r == 0)
		r = module_run(c.module, &hooks, about, err);
	if (c.settings >= 0)
		close(c.settings);
	flowcache_free(c.flows);
	clocks_release(&c.clocks);
	module_close(c.module);
	loop_free(loop);
	return r;
}
