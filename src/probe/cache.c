/* The same flow cache as in the meter, fed by digests.  Times are the meters'
 * clocks, which differ: each meter's flows time out by its own, whose distance
 * from our monotonic one is learned from what it sends. */
#include "probe/cache.h"
#include "base/log.h"
#include "base/loop.h"
#include "probe/feed.h"
#include "probe/module.h"
#include "probe/tune.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* LATE_MS: meters add packets up for half a second, look at them each tenth,
 * and send what they have when there is credit. */
enum { TICK_MS = 100, FIRST_RECORD_MS = 400, LATE_MS = 800 };
enum { STEP_LOG_MS = 1000 };
enum { QUIET_TICKS = 10, QUIET_FLOWS = 1000, REST_MS = 400 };

struct cache {
	const struct setup *setup;
	struct loop *loop;
	struct module *module;
	struct endpoint *endpoint;
	struct feed feed;
	struct loop_timer *tick;
	int quiet;             /* ticks since digests came */
	struct mono_time hush; /* no more of clocks until then */
	bool vlans;            /* flows are told apart by them */
	int settings;          /* descriptor, -1 none */
};

static bool send_record(void *data, const struct flow_record *r)
{
	struct cache *c = data;
	struct flowcache_offer offer;
	struct flow_extra extra = {0};

	struct flow_more more = {0};
	struct courier_item item = {.record = r, .more = &more};

	flowcache_offered(c->feed.flows.cache, r, &offer);
	more.vlan = extra.vlan = offer.point->vlan;
	/* what flows are nobody says: those of one VLAN say it of all */
	c->vlans = c->vlans || extra.vlan;
	item.shape = c->vlans ? MORE_VLAN : 0;
	return module_send_rows(
		c->module, &(struct flow_rows){r, &extra, 1}, &item);
}

/* Where nothing comes flows that are due may be late by less than half a second,
 * and there are few of them. */
static void rest_when_quiet(struct cache *c)
{
	struct flowcache_stats s;

	flows_stats(&c->feed.flows, &s);
	if (++c->quiet > QUIET_TICKS && s.flows < QUIET_FLOWS)
		loop_timer_rest(c->loop, c->tick, REST_MS);
}

static void on_tick(void *data)
{
	struct cache *c = data;

	feed_tell(&c->feed, mono_now().ns);
	rest_when_quiet(c);
}

/* Ticks come all from here on. */
static void wake_up(struct cache *c)
{
	c->quiet = 0;
	loop_timer_wake(c->loop, c->tick);
}

/* Who sets its clock all the time is not told of all the time. */
static void say_step(struct cache *c, uint16_t meter, int64_t by_ns)
{
	if (!mono_passed(c->hush))
		return;
	c->hush = mono_add_ms(mono_now(), STEP_LOG_MS);
	log_warning("the clock of a meter stepped; module=%u s=%+.1f", meter,
		(double)by_ns / (double)NS_PER_S);
}

static void on_digests(
	void *data, uint16_t meter, const struct digest *d, size_t n)
{
	struct cache *c = data;
	const uint64_t refused = c->feed.refused;
	const int64_t step_ns = feed_add(&c->feed, meter, d, n, mono_now().ns);

	wake_up(c);
	if (step_ns)
		say_step(c, meter, step_ns);
	endpoint_count_lost(c->endpoint, c->feed.refused - refused);
}

static bool do_flush(void *data)
{
	return flowcache_flush(((struct cache *)data)->feed.flows.cache);
}

/* First no more may come in. */
static bool do_end(void *data)
{
	struct cache *c = data;

	return endpoint_part(c->endpoint) &&
	       flowcache_end(c->feed.flows.cache, END_FORCED);
}

static void do_health(void *data, struct module_health *ret)
{
	struct cache *c = data;
	struct flowcache_stats s;

	flows_stats(&c->feed.flows, &s);
	ret->flows_now = s.flows;
	ret->flows_max = s.most_flows;
	ret->flows_room = s.room;
	snprintf(ret->backend, sizeof(ret->backend), "cache");
}

static void do_status(void *data, struct buf *out)
{
	struct cache *c = data;
	struct flowcache_stats s;

	flows_stats(&c->feed.flows, &s);
	buf_addf(out,
		"backend cache\ndigests %" PRIu64 "\nrefused %" PRIu64
		"\nflows %u\nmost_flows %u\nroom %u\nevicted %" PRIu64
		"\nrecords %" PRIu64 "\n",
		c->feed.digests, c->feed.refused, s.flows, s.most_flows, s.room,
		s.evicted, s.records);
}

static uint64_t do_lost(void *data)
{
	return ((struct cache *)data)->feed.refused;
}

/* What packets are, and which, is for those who see them. */
static void apply_settings(struct cache *c, struct tune *ret)
{
	const struct setup *s = c->setup;

	*ret = (struct tune){0};
	tune_read(c->settings, ret);
	flows_set_timeouts(&c->feed.flows,
		ret->idle_ms ? ret->idle_ms : s->idle_ms,
		ret->active_ms ? ret->active_ms : s->active_ms,
		ret->fin_ms >= 0 ? ret->fin_ms : s->fin_ms);
	flows_set_limit(&c->feed.flows, &ret->limit);
	flows_set_most(
		&c->feed.flows, ret->flows ? ret->flows : s->cache_flows);
}

static void do_reload(void *data)
{
	struct tune t;

	apply_settings(data, &t);
	wake_up(data);
	log_info("settings hold from now on; idle_ms=%" PRId64
		 " active_ms=%" PRId64 " (0: as the setup) fin_ms=%" PRId64
		 " (-1: as the setup) bytes=%" PRIu64 " packets=%" PRIu64
		 " (0: however much) flows=%" PRIu32 " (0: as the setup)",
		t.idle_ms, t.active_ms, t.fin_ms, t.limit.octets,
		t.limit.packets, t.flows);
}

static size_t meters(const struct setup *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_peers; i++)
		n += s->peers[i].role == MODULE_METER;
	return n;
}

static int start(
	struct cache *c, const struct cache_options *o, struct err *err)
{
	const struct module_options module = {.loop = c->loop,
		.setup = o->setup,
		.role = MODULE_CACHE,
		.status_path = o->status_path,
		.pace = COURIER_PACE};
	const struct flowcache_options flows = {.flows = o->setup->cache_flows,
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
	feed_open(&c->feed, &flows, meters(o->setup));
	apply_settings(c, &tune);
	feed_tell(&c->feed, mono_now().ns);
	c->tick = loop_every(c->loop, TICK_MS, on_tick, c);
	return module_lock_up(c->module, o->uid, PRIVS_NONE, err);
}

int cache_run(const struct cache_options *o, struct err *err)
{
	struct cache c = {
		.setup = o->setup, .loop = loop_new(), .settings = -1};
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
	char about[32];
	int r = start(&c, o, err);

	snprintf(about, sizeof(about), "flows=%u", o->setup->cache_flows);
	if (r == 0)
		r = module_run(c.module, &hooks, about, err);
	if (c.settings >= 0)
		close(c.settings);
	feed_close(&c.feed);
	module_close(c.module);
	loop_free(c.loop);
	return r;
}
