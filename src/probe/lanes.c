#include "probe/lanes.h"
#include "base/mem.h"

struct lane {
	struct flows flows;
	struct lanes *all;
};

struct lanes {
	unsigned n;
	struct lane *items;
	struct flows **flows;
	struct crew *crew;
	lanes_sink_fn sink;
	void *data;
	int64_t now_ns; /* told while they advance */
	bool at_work;
	struct flowcache_stats before; /* they were */
};

static bool on_record(void *data, const struct flow_record *r)
{
	struct lane *lane = data;
	struct lanes *l = lane->all;
	bool taken;

	crew_alone(l->crew);
	taken = l->sink(l->data, &lane->flows, r);
	crew_together(l->crew);
	return taken;
}

static uint32_t share(const struct lanes *l, uint32_t flows)
{
	return (flows + l->n - 1) / l->n;
}

struct lanes *lanes_new(const struct lanes_options *o)
{
	struct lanes *l = mem_zalloc(1, sizeof(*l));
	struct flowcache_options cache = o->cache;

	*l = (struct lanes){.n = o->n,
		.items = mem_zalloc(o->n, sizeof(*l->items)),
		.flows = mem_zalloc(o->n, sizeof(struct flows *)),
		.crew = crew_new(o->n),
		.sink = o->sink,
		.data = o->data};
	cache.flows = share(l, o->cache.flows);
	cache.sink = on_record;
	for (unsigned i = 0; i < l->n; i++) {
		struct lane *lane = &l->items[i];

		lane->all = l;
		l->flows[i] = &lane->flows;
		cache.data = lane;
		flows_open(&lane->flows, &o->definition, &cache);
	}
	return l;
}

void lanes_free(struct lanes *l)
{
	if (!l)
		return;
	crew_free(l->crew);
	for (unsigned i = 0; i < l->n; i++)
		flows_close(l->flows[i]);
	free(l->items);
	free(l->flows);
	free(l);
}

int lanes_start(struct lanes *l, struct err *err)
{
	return crew_start(l->crew, err);
}

unsigned lanes_n(const struct lanes *l)
{
	return l->n;
}

struct flows *const *lanes_flows(const struct lanes *l)
{
	return l->flows;
}

void lanes_run(struct lanes *l, crew_job job, void *data)
{
	if (l->n > 1)
		lanes_stats(l, &l->before);
	l->at_work = l->n > 1;
	crew_run(l->crew, job, data);
	l->at_work = false;
}

static void advance(void *data, unsigned lane)
{
	const struct lanes *l = data;

	flowcache_advance(l->flows[lane]->cache, l->now_ns);
}

void lanes_advance(struct lanes *l, int64_t now_ns)
{
	l->now_ns = now_ns;
	lanes_run(l, advance, l);
}

bool lanes_flush(struct lanes *l)
{
	bool all = true;

	for (unsigned i = 0; i < l->n; i++)
		all = flowcache_flush(l->flows[i]->cache) && all;
	return all;
}

bool lanes_end(struct lanes *l)
{
	bool all = true;

	for (unsigned i = 0; i < l->n; i++)
		all = flowcache_end(l->flows[i]->cache, END_FORCED) && all;
	return all;
}

/* All or none: those that are empty have nothing in the way. */
bool lanes_redefine(struct lanes *l, const struct definition *d)
{
	bool all = lanes_end(l);

	for (unsigned i = 0; all && i < l->n; i++)
		all = flows_redefine(l->flows[i], d);
	return all;
}

void lanes_set_most(struct lanes *l, uint32_t flows)
{
	for (unsigned i = 0; i < l->n; i++)
		flows_set_most(l->flows[i], share(l, flows));
}

bool lanes_stale(const struct lanes *l)
{
	bool any = false;

	for (unsigned i = 0; i < l->n; i++)
		any = any || flows_stale(l->flows[i]);
	return any;
}

void lanes_set_timeouts(
	struct lanes *l, int64_t idle_ms, int64_t active_ms, int64_t fin_ms)
{
	for (unsigned i = 0; i < l->n; i++)
		flows_set_timeouts(l->flows[i], idle_ms, active_ms, fin_ms);
}

void lanes_set_limit(struct lanes *l, const struct flow_limit *limit)
{
	for (unsigned i = 0; i < l->n; i++)
		flows_set_limit(l->flows[i], limit);
}

static void sum_up(const struct lanes *l, struct flowcache_stats *ret)
{
	struct flowcache_stats s;

	*ret = (struct flowcache_stats){0};
	for (unsigned i = 0; i < l->n; i++) {
		flows_stats(l->flows[i], &s);
		ret->packets += s.packets;
		ret->octets += s.octets;
		ret->records += s.records;
		ret->evicted += s.evicted;
		ret->held_back += s.held_back;
		ret->flows += s.flows;
		ret->most_flows += s.most_flows;
		ret->room += s.room;
	}
}

/* Each cache is its thread's while that is at work: a record that is taken then
 * may make peers be told how we are (a clock was set). */
void lanes_stats(const struct lanes *l, struct flowcache_stats *ret)
{
	if (l->at_work)
		*ret = l->before;
	else
		sum_up(l, ret);
}
