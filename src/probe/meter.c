/* The meter's loop: captures are read when a block is ready and at each tick,
 * and what the kernel adds up is collected at some ticks; the flow cache is
 * told the time after them, so that no timeout fires before the packets that
 * came earlier have been added. */
#include "probe/meter.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/netlink.h"
#include "probe/guard.h"
#include "probe/taps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TICK_MS = 100, FIRST_RECORD_MS = 600 };
enum { COLLECT_TICKS = 2 };
enum { QUIET_TICKS = 10, QUIET_FLOWS = 1000 };
enum { REST_MS = FIRST_RECORD_MS - 2 * TICK_MS };
enum { RING_MIN = 4 << 20, RING_MAX = 32 << 20 };

struct meter {
	struct meter_options opt;
	struct meter_output output;
	struct own own;
	struct guard *guard;
	struct tap_context context;
	struct taps taps;
	struct tap_counters *ledgers; /* as handed to the output */
	struct loop_timer *tick, *second;
	int ledger_age;  /* ticks since marks were set; -1: none due */
	int collect_age; /* ticks since the kernel's flows were collected */
	int quiet;       /* ticks since frames came */
	uint64_t frames; /* had come by then */
	/* of taps; of what the flow cache has had from its beginning */
	struct export_sampling sampling, begun;
	struct export_sampling wanted;
	struct definition definition, asked; /* wanted; of taps, by now */
	bool stale;      /* the flow cache is to begin anew */
	int64_t told_ns; /* all packets until then have been added */
	bool ending;
};

/* A small part of the memory there is: experiments need the rest. */
static uint32_t ring_bytes(size_t taps)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kb = 1 << 20, bytes;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	bytes = kb * 1024 / 64 / (taps ? taps : 1);
	return bytes < RING_MIN   ? RING_MIN
	       : bytes > RING_MAX ? RING_MAX
				  : (uint32_t)bytes;
}

/* Rings alone can be several: what else there is adds up on all processors
 * without threads of ours, or is for small needs. */
static unsigned count_threads(const struct meter *m)
{
	const unsigned n = crew_size(m->opt.threads);
	const struct capture_options wish = {.bytes = RING_MIN, .lanes = n};

	if (n == 1 || capture_splits(m->opt.choice, &wish))
		return n;
	log_info("one thread reads, not %u: several are for rings (--backend "
		 "packet)",
		n);
	return 1;
}

static struct lanes *make_lanes(const struct meter *m)
{
	const struct setup *s = m->opt.setup;
	const struct meter_output *o = &m->output;
	const struct lanes_options lanes = {.n = count_threads(m),
		.definition = m->definition,
		.cache = {.flows = s->cache_flows,
			.idle_ms = s->idle_ms,
			.active_ms = o->active_ms ? o->active_ms : s->active_ms,
			.fin_ms = s->fin_ms,
			.first_ms = o->first_ms ? o->first_ms : FIRST_RECORD_MS,
			.live = true},
		.sink = o->record,
		.data = o->data};

	return lanes_new(&lanes);
}

/* Ticks come all from here on. */
static void wake_up(struct meter *m)
{
	m->quiet = 0;
	loop_timer_wake(m->opt.loop, m->tick);
}

static void on_ready(void *data, int fd, short revents)
{
	struct meter *m = data;

	taps_ready(&m->taps, fd, revents);
	wake_up(m);
}

static void watch(struct meter *m, const struct tap *tap)
{
	taps_watch(m->opt.loop, tap, on_ready, m);
}

static void hand_over_ledgers(struct meter *m)
{
	for (size_t i = 0; i < m->taps.n; i++)
		m->ledgers[i] = m->taps.items[i].ledger;
	m->output.counters(m->output.data, m->ledgers, m->taps.n);
	m->ledger_age = -1;
}

/* The ledgers of the last second, as soon as all marks are reached. */
static void ledgers_when_due(struct meter *m)
{
	if (m->ledger_age < 0)
		return;
	m->ledger_age++;
	if (taps_marked(&m->taps) && m->ledger_age * TICK_MS < METER_CUT_MS)
		return;
	taps_give_up(&m->taps);
	hand_over_ledgers(m);
}

static const struct definition *defined(const struct meter *m)
{
	return &lanes_flows(m->taps.lanes)[0]->definition;
}

/* By what flows are, or by what they are to be. */
static bool wants_each(const struct meter *m)
{
	return !definition_adds_up(defined(m)) ||
	       !definition_adds_up(&m->definition);
}

static void choose(struct meter *m)
{
	for (size_t i = 0; i < m->taps.n; i++)
		tap_choose(&m->taps.items[i], &m->wanted, wants_each(m));
}

/* All that was counted by the old definition leaves, now or at a later tick;
 * and with it the points it had, of which there may be so many only. */
static void redefine(struct meter *m)
{
	if (!m->stale || !lanes_redefine(m->taps.lanes, &m->definition))
		return;
	m->stale = false;
	m->begun = m->sampling;
	lanes_advance(m->taps.lanes, m->told_ns);
	for (size_t i = 0; i < m->taps.n; i++)
		tap_define(&m->taps.items[i], lanes_flows(m->taps.lanes));
	choose(m);
}

static bool is_as_wanted(const struct meter *m)
{
	return export_sampling_same(&m->sampling, &m->wanted) &&
	       definition_same(&m->asked, &m->definition);
}

/* Packets are chosen otherwise, or flows are others: behind a cut, so that all
 * before it is what it was.  Lanes have changed before: what goes to another one
 * is in the cut, and leaves with it; behind it no flow is in two. */
static void change(struct meter *m)
{
	if (is_as_wanted(m))
		return;
	choose(m);
	m->asked = m->definition;
	for (size_t i = 0; i < m->taps.n; i++)
		tap_split(&m->taps.items[i], &m->definition);
	taps_cut(&m->taps, METER_CUT_MS);
	m->told_ns = wall_now().ns;
	for (size_t i = 0; i < m->taps.n; i++)
		tap_chosen(&m->taps.items[i], &m->wanted);
	m->sampling = m->wanted;
	m->stale = true;
}

/* Until when all else has been read, when what the kernel has added up by now is
 * read next. */
static int64_t collect(struct meter *m)
{
	const int64_t now = wall_now().ns;

	if (!taps_add_up(&m->taps))
		return now;
	if (taps_are_idle(&m->taps)) {
		/* for what comes to be collected at the next tick */
		m->collect_age = COLLECT_TICKS;
		/* but for a frame that is just being added */
		return now - TICK_MS * NS_PER_MS;
	}
	if (++m->collect_age < COLLECT_TICKS || m->ledger_age >= 0)
		return m->told_ns;
	m->collect_age = 0;
	taps_turn(&m->taps);
	return now;
}

/* Where nothing happens, nothing is looked for as often.  Flows that are due are
 * late by less than half a second, and there are few of them. */
static void rest_when_quiet(struct meter *m)
{
	const int64_t ms = m->output.rest_ms ? m->output.rest_ms : REST_MS;
	const uint64_t frames = taps_frames(&m->taps);
	struct flowcache_stats stats;

	m->quiet = frames == m->frames ? m->quiet + 1 : 0;
	m->frames = frames;
	lanes_stats(m->taps.lanes, &stats);
	if (m->quiet > QUIET_TICKS && stats.flows < QUIET_FLOWS &&
		m->ledger_age < 0 && meter_is_set(m))
		loop_timer_rest(m->opt.loop, m->tick, ms);
}

static void on_tick(void *data)
{
	struct meter *m = data;

	if (m->ending)
		return;
	change(m);
	redefine(m);
	m->told_ns = collect(m);
	taps_read(&m->taps);
	lanes_advance(m->taps.lanes, m->told_ns);
	ledgers_when_due(m);
	if (m->output.ticked)
		m->output.ticked(m->output.data);
	rest_when_quiet(m);
}

static void lose(struct meter *m, struct tap *tap)
{
	taps_unwatch(m->opt.loop, tap);
	tap_retire(tap);
	log_warning(
		"the interface, or our place at it, is gone; attaching again "
		"when that can be; interface=%s tap=%u",
		tap->ifname, tap->setup->id);
}

static void warn_unfilled(struct tap *tap)
{
	if (tap->warned || !tap->attached ||
		!tap->capture->way->unfilled(tap->capture))
		return;
	tap->warned = true;
	log_warning(
		"super-frames of a kind the kernel cannot describe are lost "
		"(SCTP, or fragments of a guest); interface=%s tap=%u",
		tap->ifname, tap->setup->id);
}

static void say_how(const struct tap *tap)
{
	const struct err *why = &tap->capture->why;

	log_info("captures by %s%s%s; interface=%s tap=%u", tap_backend(tap),
		why->code ? ": " : "", why->text, tap->ifname, tap->setup->id);
}

static void follow_interfaces(struct meter *m)
{
	for (size_t i = 0; i < m->taps.n; i++) {
		struct tap *tap = &m->taps.items[i];

		warn_unfilled(tap);
		if (tap->attached && !tap_bound(tap, m->taps.netdev_fd))
			lose(m, tap);
		if (tap->attached || tap_reopen(tap, &m->context, NULL) < 0)
			continue;
		/* perhaps not in the way it was before */
		tap_choose(tap, &m->sampling, wants_each(m));
		tap_chosen(tap, &m->sampling);
		watch(m, tap);
		log_info("attached again; interface=%s tap=%u", tap->ifname,
			tap->setup->id);
		say_how(tap);
	}
}

static void on_second(void *data)
{
	struct meter *m = data;

	if (m->ending)
		return;
	follow_interfaces(m);
	m->stale = m->stale || lanes_stale(m->taps.lanes);
	taps_mark(&m->taps);
	m->ledger_age = 0;
	on_tick(m);
}

static int make_context(struct meter *m, struct err *err)
{
	const struct setup *s = m->opt.setup;
	uint32_t bytes = m->opt.ring_bytes;

	m->context = (struct tap_context){.netdev_fd = m->taps.netdev_fd,
		.setup = s,
		.flows = lanes_flows(m->taps.lanes),
		.lanes = lanes_n(m->taps.lanes),
		.refusal = m->output.refusal,
		.own = &m->own,
		.guard = m->guard,
		.choice = m->opt.choice,
		.bytes = bytes ? bytes : ring_bytes(s->n_taps)};
	return tap_control(
		s, m->taps.netdev_fd, &m->context.control_index, err);
}

static int open_taps(struct meter *m, struct err *err)
{
	const struct setup *s = m->opt.setup;

	m->taps.items = mem_zalloc(s->n_taps + 1, sizeof(*m->taps.items));
	m->ledgers = mem_zalloc(s->n_taps + 1, sizeof(*m->ledgers));
	for (size_t i = 0; i < s->n_taps; i++) {
		struct tap *tap = &m->taps.items[m->taps.n++];
		int e = tap_open(tap, &s->taps[i], &m->context, err);

		if (e < 0)
			return e;
		watch(m, tap);
		say_how(tap);
		if (!tap->capture->way->has_segments(tap->capture))
			log_warning("packets are estimated here: how "
				    "super-frames are cut is not told; "
				    "interface=%s",
				tap->ifname);
	}
	return 0;
}

int meter_new(const struct meter_options *options, struct meter **ret,
	struct err *err)
{
	struct meter *m = mem_zalloc(1, sizeof(*m));
	int e;

	m->opt = *options;
	m->output = *options->output;
	m->taps.netdev_fd = -1;
	m->ledger_age = -1;
	m->quiet = QUIET_TICKS;
	m->definition = m->asked = options->definition;
	m->taps.lanes = make_lanes(m);
	own_init(&m->own, options->setup, options->port);
	m->guard = guard_new(options->setup->deployment, options->setup->id);
	e = netlink_open(&m->taps.netdev_fd, err);
	if (e == 0)
		e = make_context(m, err);
	if (e == 0)
		e = open_taps(m, err);
	if (e < 0) {
		meter_free(m);
		return e;
	}
	lanes_advance(m->taps.lanes, wall_now().ns);
	m->tick = loop_every(m->opt.loop, TICK_MS, on_tick, m);
	m->second = loop_every(m->opt.loop, 1000, on_second, m);
	*ret = m;
	return 0;
}

int meter_guard(struct meter *m, uint32_t uid, struct err *err)
{
	return guard_begin(m->guard, uid, err);
}

int meter_start(struct meter *m, struct err *err)
{
	return lanes_start(m->taps.lanes, err);
}

void meter_free(struct meter *m)
{
	if (!m)
		return;
	loop_timer_stop(m->opt.loop, m->tick);
	loop_timer_stop(m->opt.loop, m->second);
	for (size_t i = 0; i < m->taps.n; i++) {
		taps_unwatch(m->opt.loop, &m->taps.items[i]);
		tap_close(&m->taps.items[i]);
	}
	guard_free(m->guard);
	if (m->taps.netdev_fd >= 0)
		close(m->taps.netdev_fd);
	lanes_free(m->taps.lanes);
	own_release(&m->own);
	free(m->taps.items);
	free(m->ledgers);
	free(m);
}

bool meter_flush_rest(struct meter *m)
{
	if (!lanes_flush(m->taps.lanes))
		return false;
	hand_over_ledgers(m);
	return true;
}

bool meter_flush(struct meter *m)
{
	taps_cut(&m->taps, METER_CUT_MS);
	return meter_flush_rest(m);
}

bool meter_end_rest(struct meter *m)
{
	if (!lanes_end(m->taps.lanes))
		return false;
	hand_over_ledgers(m);
	return true;
}

bool meter_end(struct meter *m)
{
	m->ending = true;
	for (size_t i = 0; i < m->taps.n; i++)
		taps_unwatch(m->opt.loop, &m->taps.items[i]);
	taps_cut(&m->taps, METER_CUT_MS);
	return meter_end_rest(m);
}

void meter_set_timeouts(
	struct meter *m, int64_t idle_ms, int64_t active_ms, int64_t fin_ms)
{
	const struct setup *s = m->opt.setup;

	/* what becomes digests is reported in a rhythm of its own */
	if (m->output.active_ms)
		active_ms = m->output.active_ms;
	lanes_set_timeouts(m->taps.lanes, idle_ms ? idle_ms : s->idle_ms,
		active_ms ? active_ms : s->active_ms,
		fin_ms >= 0 ? fin_ms : s->fin_ms);
}

void meter_set_limit(struct meter *m, const struct flow_limit *limit)
{
	lanes_set_limit(m->taps.lanes, limit);
}

void meter_set_most(struct meter *m, uint32_t flows)
{
	lanes_set_most(
		m->taps.lanes, flows ? flows : m->opt.setup->cache_flows);
	m->stale = m->stale || lanes_stale(m->taps.lanes);
	wake_up(m);
}

void meter_set_definition(struct meter *m, const struct definition *d)
{
	m->definition = *d;
	wake_up(m);
}

struct flows *meter_flows(struct meter *m)
{
	return lanes_flows(m->taps.lanes)[0];
}

void meter_set_sampling(struct meter *m, const struct export_sampling *how)
{
	m->wanted = *how;
	wake_up(m);
}

struct export_sampling meter_sampling_of(const struct meter *m,
	const struct flows *flows, const struct flow_record *r)
{
	struct export_sampling s = m->begun;
	struct flowcache_offer offer;

	flowcache_offered(flows->cache, r, &offer);
	s.one_of = offer.point->one_of;
	return s;
}

bool meter_takes_frames(const struct meter *m)
{
	const bool hash = m->wanted.one_of > 1 && m->wanted.by == EXPORT_HASH;

	const bool each = !definition_adds_up(defined(m));

	return (hash || each) && m->taps.n &&
	       m->taps.items[0].capture->way->adds_up;
}

void meter_print_sampling(const struct meter *m, struct buf *out)
{
	char text[EXPORT_SAMPLING_TEXT];
	bool kernel = m->taps.n > 0;

	if (m->wanted.one_of <= 1)
		return;
	for (size_t i = 0; i < m->taps.n; i++)
		kernel = kernel && m->taps.items[i].chosen;
	buf_addf(out, "sampling %s %s\n",
		export_sampling_print(&m->wanted, text),
		kernel ? "in the kernel"
		: m->wanted.by == EXPORT_HASH
			? "here: what it hashes the kernel does not read"
			: "here: all frames come through the ring");
}

bool meter_is_set(const struct meter *m)
{
	return is_as_wanted(m) && !m->stale;
}

const char *meter_backend(const struct meter *m)
{
	return m->taps.n ? tap_backend(&m->taps.items[0]) : "none";
}

size_t meter_taps(const struct meter *m)
{
	return m->taps.n;
}

const struct tap *meter_tap(const struct meter *m, size_t i)
{
	return &m->taps.items[i];
}

void meter_print_threads(const struct meter *m, struct buf *out)
{
	const unsigned n = lanes_n(m->taps.lanes);

	for (unsigned l = 0; n > 1 && l < n; l++) {
		struct flowcache_stats s;
		uint64_t frames = 0;

		flows_stats(lanes_flows(m->taps.lanes)[l], &s);
		for (size_t i = 0; i < m->taps.n; i++)
			frames += tap_frames(&m->taps.items[i], l);
		buf_addf(out,
			"thread %u frames %" PRIu64 " flows_begun %" PRIu64
			"\n",
			l + 1, frames, s.created);
	}
}

uint64_t meter_lost(const struct meter *m)
{
	return taps_lost(&m->taps);
}

void meter_cache_stats(const struct meter *m, struct flowcache_stats *ret)
{
	lanes_stats(m->taps.lanes, ret);
}
