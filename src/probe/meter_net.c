/* With caches the meter's own flow cache only adds up: a flow's packets of
 * half a second become one digest.  Without, it is the flow cache. */
#include "probe/meter_net.h"
#include "base/log.h"
#include "base/mem.h"
#include "probe/meter.h"
#include "probe/module.h"
#include "probe/recprint.h"
#include "probe/tune.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Found so late and told at its first tick, a packet is told no later than when
 * there are many: caches wait for those. */
enum { DIGEST_FIRST_MS = 100, DIGEST_ACTIVE_MS = 500, DIGEST_REST_MS = 200 };

#define UNCARRIED                                                              \
	"flows by MAC address, of both directions, or with metrics do not go " \
	"through flow caches of their own: left out"

struct net_meter {
	struct module *module;
	struct meter *meter;
	struct endpoint *endpoint;
	bool digests, uncarried; /* what is wanted of flows, by digests */
	int settings;            /* descriptor, -1 none */
	struct tune told;        /* read from there at SIGHUP */
	bool untold;             /* and not in force yet */
	struct export_sampling sampling; /* without settings */
	struct definition definition;
};

static bool send_record(
	void *data, struct flows *flows, const struct flow_record *r)
{
	struct net_meter *n = data;
	const struct export_sampling how =
		meter_sampling_of(n->meter, flows, r);
	struct courier_item item = flows_item(flows, r);
	struct flows_told told;

	item.how = &how;
	flows_tell(flows, r, &told);
	return module_send_rows(n->module, &told.rows, &item);
}

static bool send_digest(
	void *data, struct flows *flows, const struct flow_record *r)
{
	struct net_meter *n = data;
	const struct digest d = flows_digest(flows, r);

	return endpoint_send_digest(n->endpoint, &d);
}

static void send_counters(void *data, const struct tap_counters *c, size_t n)
{
	struct net_meter *m = data;

	/* a full queue: the next ones, a second later, say it all */
	(void)endpoint_send_counters(m->endpoint, c, n);
}

static bool do_flush(void *data)
{
	return meter_flush(((struct net_meter *)data)->meter);
}

static bool do_flush_rest(void *data)
{
	return meter_flush_rest(((struct net_meter *)data)->meter);
}

static bool do_end(void *data)
{
	return meter_end(((struct net_meter *)data)->meter);
}

static bool do_end_rest(void *data)
{
	return meter_end_rest(((struct net_meter *)data)->meter);
}

static void do_health(void *data, struct module_health *ret)
{
	struct net_meter *n = data;
	struct flowcache_stats s;

	meter_cache_stats(n->meter, &s);
	ret->flows_now = s.flows;
	ret->flows_max = s.most_flows;
	ret->flows_room = s.room;
	snprintf(ret->backend, sizeof(ret->backend), "%s",
		meter_takes_frames(n->meter) ? "ebpf+frames"
					     : meter_backend(n->meter));
}

static void do_status(void *data, struct buf *out)
{
	struct net_meter *n = data;
	struct flowcache_stats s;

	meter_cache_stats(n->meter, &s);
	buf_addf(out,
		"backend %s\nflows %u\nmost_flows %u\nroom %u\nevicted %" PRIu64
		"\nheld_back %" PRIu64 "\nrecords %" PRIu64 "\n",
		meter_backend(n->meter), s.flows, s.most_flows, s.room,
		s.evicted, s.held_back, s.records);
	flows_print(meter_flows(n->meter), out);
	if (n->uncarried)
		buf_adds(out, "flow_key_note " UNCARRIED "\n");
	meter_print_sampling(n->meter, out);
	meter_print_threads(n->meter, out);
	for (size_t i = 0; i < meter_taps(n->meter); i++) {
		const struct tap *tap = meter_tap(n->meter, i);

		buf_addf(out, "interface %s %s %s\n", tap->ifname,
			tap->attached ? "attached" : "gone", tap_backend(tap));
		counters_print(out, RECORD_TEXT, &tap->ledger);
	}
}

/* What digests have no room for is left out. */
static void read_settings(struct net_meter *n, struct tune *ret)
{
	struct definition *d = &ret->definition;

	*ret = (struct tune){
		.sampling = n->sampling, .definition = n->definition};
	tune_read(n->settings, ret);
	/* what becomes digests is reported in a rhythm of its own */
	if (n->digests)
		ret->limit = (struct flow_limit){0};
	n->uncarried = n->digests && !definition_in_digests(d);
	if (!n->uncarried)
		return;
	log_warning(UNCARRIED);
	d->key &= ~(unsigned)KEY_MAC;
	d->both = false;
	d->metrics = 0;
}

static void apply_settings(struct net_meter *n)
{
	struct tune *t = &n->told;

	read_settings(n, t);
	meter_set_definition(n->meter, &t->definition);
	meter_set_timeouts(n->meter, t->idle_ms, t->active_ms, t->fin_ms);
	meter_set_limit(n->meter, &t->limit);
	meter_set_most(n->meter, t->flows);
	meter_set_sampling(n->meter, &t->sampling);
}

static void do_reload(void *data)
{
	struct net_meter *n = data;

	apply_settings(n);
	n->untold = true;
}

/* Not when they are read: until a cut, packets count by those before. */
static void say_settings(struct net_meter *n)
{
	char sampling[EXPORT_SAMPLING_TEXT];

	if (!n->untold || !meter_is_set(n->meter))
		return;
	n->untold = false;
	log_info("settings hold from now on; idle_ms=%" PRId64
		 " active_ms=%" PRId64 " flows=%" PRIu32
		 " (0: as the setup) sampling=%s",
		n->told.idle_ms, n->told.active_ms, n->told.flows,
		export_sampling_print(&n->told.sampling, sampling));
}

static void on_tick(void *data)
{
	struct net_meter *n = data;

	say_settings(n);
	if (n->digests)
		endpoint_push_digests(n->endpoint);
}

static uint64_t do_lost(void *data)
{
	return meter_lost(((struct net_meter *)data)->meter);
}

static const char *describe(const struct net_meter *n, char text[64])
{
	snprintf(text, 64, "backend=%s taps=%zu to=%s", meter_backend(n->meter),
		meter_taps(n->meter), n->digests ? "caches" : "collector");
	return text;
}

/* Without rights, and not locked up yet. */
static int start_beside(void *data, struct err *err)
{
	return meter_start(((struct net_meter *)data)->meter, err);
}

static int start(struct net_meter *n, struct loop *loop,
	const struct meter_net_options *o, struct err *err)
{
	const struct module_options module = {.loop = loop,
		.setup = o->setup,
		.role = MODULE_METER,
		.status_path = o->status_path,
		.balance = o->balance,
		.pace = o->pace,
		.beside = start_beside,
		.data = n};
	struct meter_output output = {.data = n, .counters = send_counters};
	struct meter_options meter = {.loop = loop,
		.setup = o->setup,
		.output = &output,
		.choice = o->choice,
		.ring_bytes = o->ring_bytes,
		.threads = o->threads};
	struct tune tune;
	int r = module_open(&module, &n->module, err);

	if (r < 0)
		return r;
	n->endpoint = module_endpoint(n->module);
	n->digests = endpoint_has_caches(n->endpoint);
	output.record = n->digests ? send_digest : send_record;
	output.ticked = on_tick;
	output.refusal = n->digests ? LOSS_QUEUE : LOSS_CACHE;
	output.first_ms = n->digests ? DIGEST_FIRST_MS : 0;
	output.active_ms = n->digests ? DIGEST_ACTIVE_MS : 0;
	output.rest_ms = n->digests ? DIGEST_REST_MS : 0;
	meter.port = endpoint_port(n->endpoint);
	if (o->settings)
		r = tune_open(o->settings, &n->settings, err);
	read_settings(n, &tune);
	meter.definition = tune.definition;
	if (r == 0)
		r = meter_new(&meter, &n->meter, err);
	if (r == 0)
		meter_set_sampling(n->meter, &n->sampling);
	if (r == 0 && n->settings >= 0)
		apply_settings(n);
	if (r == 0)
		r = meter_guard(n->meter, o->uid, err);
	return r < 0 ? r
		     : module_lock_up(n->module, o->uid, PRIVS_NET_RAW, err);
}

int meter_net_run(const struct meter_net_options *o, struct err *err)
{
	struct net_meter n = {.settings = -1,
		.sampling = o->sampling,
		.definition = o->definition};
	const struct module_hooks hooks = {.data = &n,
		.flush = do_flush,
		.flush_rest = do_flush_rest,
		.end = do_end,
		.end_rest = do_end_rest,
		.health = do_health,
		.status = do_status,
		.reload = do_reload,
		.lost = do_lost};
	struct loop *loop = loop_new();
	char about[64];
	int r = start(&n, loop, o, err);

	if (r == 0)
		r = module_run(n.module, &hooks, describe(&n, about), err);
	if (n.settings >= 0)
		close(n.settings);
	meter_free(n.meter);
	module_close(n.module);
	loop_free(loop);
	return r;
}
