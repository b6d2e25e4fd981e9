/* The flow cache.
 *
 * Reference: the LRU list of DiFMon's meter, where a sweep from the tail stops
 * at the first flow that has not timed out.  We keep the meaning and make it
 * lazy: a packet writes only its record's `last`; the flow is filed once on a
 * timing wheel under the earliest time anything may be due, and looked at
 * again then.  At the cap the oldest by second chance goes (reason 5).
 *
 * Invariants: packets added = packets in records taken by the sink + packets
 * in the table.  A flow is never filed later than its true due time.  Time is
 * whatever clock the additions use; `now` follows it, also back by more than
 * disorder of packets explains, while the wheel only moves on.  Points whose
 * packets others dated have clocks of their own, so much ahead of `now`. */
#include "probe/flowcache.h"
#include "base/clock.h"
#include "base/mem.h"
#include "probe/beside.h"
#include "probe/carried.h"
#include "probe/flowtable.h"
#include "probe/points.h"
#include "probe/seen.h"
#include "probe/timeouts.h"
#include "probe/wheel.h"

#include <string.h>

#define TICK_NS (WHEEL_TICK_MS * NS_PER_MS)
/* Who sets a clock with each packet has all flows filed so often, no more. */
#define REFILE_NS NS_PER_S

enum { FIRST_ROOM = 4096, RETRY_TICKS = 5, EVICT_TRIES = 4 };
enum { TCP_FIN = 1, TCP_RST = 4 };

struct flowcache {
	struct flowtable table;
	struct points points;
	struct wheel wheel;
	struct flowcache_options opt;
	struct flowcache_stats stats;
	int64_t now_ns;
	int64_t *ahead_ns; /* by clock; NULL: there is one only */
	int64_t wheel_ns;  /* time the wheel has moved through */
	uint32_t hand;     /* of the eviction clock */
	int64_t refile_ns; /* of the wheel: not all flows again before that */
	bool misfiled;     /* some may be due sooner than they were filed */
	bool told;         /* the time has been told once */
	bool more;         /* something is beside flows, or there is a limit */
	struct carried carried;
	struct timeouts times;
	struct seen seen; /* keys that have left the table */
	struct beside beside;
	uint64_t distinct;
};

struct flowcache *flowcache_new(const struct flowcache_options *options)
{
	struct flowcache *c = mem_zalloc(1, sizeof(*c));

	c->opt = *options;
	c->times = (struct timeouts){
		.first_ms = options->first_ms, .late_ms = options->late_ms};
	timeouts_set(&c->times, options->idle_ms, options->active_ms,
		options->fin_ms);
	if (options->clocks > 1)
		c->ahead_ns = mem_zalloc(options->clocks, sizeof(*c->ahead_ns));
	flowtable_init(
		&c->table, options->flows, options->grows ? FIRST_ROOM : 0);
	points_init(&c->points);
	seen_init(&c->seen, options->seen_bytes);
	beside_init(&c->beside, options, c->table.cap);
	carried_set(&c->carried, &options->limit, &c->table);
	c->more = c->beside.any || carried_counts(&c->carried);
	wheel_init(&c->wheel, c->table.cap);
	return c;
}

void flowcache_free(struct flowcache *c)
{
	if (!c)
		return;
	wheel_release(&c->wheel);
	beside_release(&c->beside);
	carried_release(&c->carried);
	flowtable_release(&c->table);
	points_release(&c->points);
	seen_release(&c->seen);
	free(c->ahead_ns);
	free(c);
}

/* What a flow takes outside of the table. */
static size_t bytes_beside(const struct flowcache_options *o)
{
	return sizeof(struct wheel_entry) + beside_bytes(o) +
	       carried_bytes(&o->limit);
}

uint32_t flowcache_fit(const struct flowcache_options *o, size_t bytes)
{
	const size_t fixed = points_bytes(POINTS_MAX);

	return flowtable_fit(
		bytes > fixed ? bytes - fixed : 0, bytes_beside(o));
}

uint16_t flowcache_point(struct flowcache *c, const struct flow_point *p)
{
	return points_number(&c->points, p);
}

void flowcache_offered(const struct flowcache *c, const struct flow_record *r,
	struct flowcache_offer *ret)
{
	*ret = (struct flowcache_offer){.point = &c->points.items[r->point]};
	beside_offered(&c->beside, r, ret);
}

static const struct flow_point *point_of(
	const struct flowcache *c, const struct flow_hot *h)
{
	return &c->points.items[flowtable_point(&h->key)];
}

/* Offers what flow `id` has counted; true when there is nothing left in it. */
static bool emit(struct flowcache *c, uint32_t id, enum end_reason reason)
{
	struct flow_hot *hot = &c->table.hot[id];
	const struct flow_point *p = point_of(c, hot);
	struct flow_record r;
	bool taken;

	if (hot->packets == 0)
		return true;
	flowtable_tell(&c->table, id, p, reason, &r);
	taken = c->beside.any ? beside_offer(&c->beside, &r, p, c->opt.sink,
					c->opt.data)
			      : c->opt.sink(c->opt.data, &r);
	if (!taken) {
		c->stats.held_back++;
		return false;
	}
	if (carried_counts(&c->carried))
		carried_add(&c->carried, id, hot, flow_point_times(p));
	c->stats.records++;
	c->stats.sent_packets += hot->packets;
	c->stats.sent_octets += hot->octets;
	flowtable_restart(hot);
	return true;
}

/* By the clock that dates the flow's packets. */
static int64_t now_of(const struct flowcache *c, const struct flow_hot *h)
{
	return c->now_ns +
	       (c->ahead_ns ? c->ahead_ns[point_of(c, h)->clock] : 0);
}

/* Has it come to the limit? */
static bool is_past(const struct flowcache *c, uint32_t id)
{
	const struct flow_hot *h = &c->table.hot[id];

	return carried_is_past(
		&c->carried, id, h, flow_point_times(point_of(c, h)));
}

/* Files the flow under the earliest time it may need attention. */
static void file_flow(struct flowcache *c, uint32_t id)
{
	const struct flow_hot *hot = &c->table.hot[id];
	const int64_t left_ms = timeouts_left_ms(&c->times, hot,
		flowtable_first(&c->table, id), now_of(c, hot), is_past(c, id));

	wheel_file(&c->wheel, id, c->wheel.tick + wheel_ticks(left_ms) + 1);
}

/* touched: before it was made.  Those that come later into a brood are due no
 * sooner than the first, unless they began before now. */
static void file_new(struct flowcache *c, uint32_t id, uint32_t touched)
{
	if (id < touched ||
		flowtable_first(&c->table, id) < now_of(c, &c->table.hot[id]))
		file_flow(c, id);
	else
		wheel_file_new(&c->wheel, id,
			c->wheel.tick + wheel_ticks(c->times.soonest_ms) + 1);
}

/* Those to come shall not wait as long. */
static void file_all(struct flowcache *c)
{
	wheel_part(&c->wheel, c->table.touched);
	for (uint32_t id = 0; id < c->table.touched; id++)
		if (c->table.hot[id].state & FLOW_USED)
			file_flow(c, id);
}

void flowcache_set_timeouts(
	struct flowcache *c, int64_t idle_ms, int64_t active_ms, int64_t fin_ms)
{
	timeouts_set(&c->times, idle_ms, active_ms, fin_ms);
	file_all(c);
}

void flowcache_set_limit(struct flowcache *c, const struct flow_limit *limit)
{
	c->opt.limit = *limit;
	carried_set(&c->carried, limit, &c->table);
	c->more = c->beside.any || carried_counts(&c->carried);
	file_all(c);
}

void flowcache_set_clock(struct flowcache *c, uint16_t clock, int64_t ahead_ns)
{
	const int64_t before_ns = c->ahead_ns[clock];

	c->ahead_ns[clock] = ahead_ns;
	if (ahead_ns - before_ns > TIMEOUTS_DISORDER_NS)
		c->misfiled = true;
}

/* The flow's counting starts: as new, or again after it had ended. */
static void start(struct flowcache *c, uint32_t id,
	const struct flow_addition *a, bool turned)
{
	struct flow_hot *hot = &c->table.hot[id];

	hot->state = (uint8_t)(FLOW_USED | (hot->state & FLOW_REFERENCED) |
			       (c->times.first_ms > 0 ? FLOW_NEW : 0));
	c->stats.created++;
	carried_begin(&c->carried, id);
	if (c->beside.any)
		beside_start(&c->beside, id, a, turned);
}

static void remove_flow(struct flowcache *c, uint32_t id, uint64_t key_hash)
{
	if (c->opt.seen_bytes)
		seen_add(&c->seen, key_hash);
	wheel_remove(&c->wheel, id);
	flowtable_remove(&c->table, id, flowtable_tag(key_hash));
}

/* Makes room for one flow, unless the sink takes none of some.  Two turns of the
 * hand find a flow in any case: the first clears the marks. */
static bool evict(struct flowcache *c)
{
	uint64_t turns = 2 * (uint64_t)c->table.touched + 1;

	for (int tries = EVICT_TRIES; turns > 0 && tries > 0; turns--) {
		uint32_t id = c->hand;
		struct flow_hot *hot = &c->table.hot[id];

		c->hand = id + 1 < c->table.touched ? id + 1 : 0;
		if (!(hot->state & FLOW_USED))
			continue;
		if (hot->state & FLOW_REFERENCED) {
			hot->state &= (uint8_t)~FLOW_REFERENCED;
			continue;
		}
		tries--;
		if (!emit(c, id, END_LACK_OF_RESOURCES))
			continue;
		remove_flow(c, id, flowtable_hash(&c->table, &hot->key));
		c->stats.evicted++;
		return true;
	}
	return false;
}

/* What is known of an addition before its turn comes. */
struct lookup {
	uint64_t hash;
	struct flowtable_place place; /* of the flow it belongs to */
	bool fragment;
	bool turned; /* it came with the key of the other direction */
};

static uint32_t create(struct flowcache *c, const struct flow_addition *a,
	const struct lookup *l)
{
	uint32_t id;

	if (c->table.n == c->table.cap && !evict(c))
		return FLOWTABLE_NONE;
	id = flowtable_insert(&c->table, &l->place, &a->key);
	c->table.hot[id].last_ns = a->first_ns;
	start(c, id, a, l->turned);
	c->distinct += !c->seen.n || !seen_has(&c->seen, l->hash);
	if (c->table.n > c->stats.most_flows)
		c->stats.most_flows = c->table.n;
	return id;
}

/* A known flow, before a packet joins it: what was counted may have to leave
 * first.  False: the packet cannot be added. */
static bool make_ready(struct flowcache *c, uint32_t id,
	const struct flow_addition *a, const struct lookup *l)
{
	struct flow_hot *hot = &c->table.hot[id];
	int64_t quiet_ns = a->first_ns - hot->last_ns;

	/* most frequent: nothing is due */
	if ((uint64_t)(quiet_ns + TIMEOUTS_DISORDER_NS) <= c->times.calm_ns &&
		!(hot->state & FLOW_RIPE) && !c->times.exact &&
		hot->packets <= UINT32_MAX - a->packets)
		return true;
	if (quiet_ns > timeouts_patience_ms(&c->times, hot) * NS_PER_MS) {
		if (emit(c, id,
			    timeouts_end(&c->times, hot,
				    flowtable_first(&c->table, id)))) {
			start(c, id, a, l->turned);
			file_flow(c, id);
		}
	} else if ((hot->state & FLOW_RIPE || c->times.exact) &&
		   hot->packets > 0 &&
		   a->first_ns - flowtable_first(&c->table, id) >
			   c->times.active_ms * NS_PER_MS) {
		/* refused: it goes on counting, and leaves later */
		(void)emit(c, id, END_ACTIVE);
	} else if (quiet_ns < -TIMEOUTS_DISORDER_NS) {
		if (c->opt.live && quiet_ns < -TIMEOUTS_STEP_NS)
			(void)emit(c, id, END_LIVING);
		/* due sooner than it was filed for */
		wheel_file(&c->wheel, id, c->wheel.tick + 1);
	}
	return hot->packets <= UINT32_MAX - a->packets ||
	       emit(c, id, END_LIVING);
}

static inline void update(
	struct flowcache *c, uint32_t id, const struct flow_addition *a)
{
	struct flow_hot *hot = &c->table.hot[id];

	if (hot->packets == 0) {
		hot->tos = a->tos;
		if (a->first_ns != a->last_ns)
			flowtable_set_first(&c->table, id, a->first_ns);
	} else {
		flowtable_join(&c->table, id, a->first_ns);
	}
	hot->last_ns = a->last_ns;
	hot->packets += a->packets;
	hot->octets += a->octets;
	hot->tcp_flags |= a->tcp_flags;
	c->stats.packets += a->packets;
	c->stats.octets += a->octets;
	if (c->times.fin_ms > 0 && a->key.proto == 6 &&
		a->tcp_flags & (TCP_FIN | TCP_RST) &&
		!(hot->state & FLOW_FINISHED)) {
		hot->state |= FLOW_FINISHED;
		file_flow(c, id);
	}
}

/* The point joins the key. */
static void prepare(
	const struct flowcache *c, struct flow_addition *a, struct lookup *ret)
{
	const uint64_t fragment = (uint64_t)KEY_FRAGMENT << FLOWTABLE_FLAGS_AT;
	uint64_t tail;

	ret->turned = c->opt.both && beside_order(&a->key);
	tail = flowtable_word(&a->key, 4);

	tail = (tail & ~(~UINT64_C(0) << FLOWTABLE_POINT_AT)) |
	       (uint64_t)a->point << FLOWTABLE_POINT_AT;
	ret->fragment = c->opt.merge_fragments && tail & fragment;
	if (c->opt.merge_fragments)
		tail &= ~fragment;
	memcpy(&a->key.sport, &tail, sizeof(tail));
	ret->hash = flowtable_hash_with(&c->table, &a->key, tail);
}

/* What most caches need not ask of each packet.  A flow that has come to the
 * limit is reported; refused: with its next packet, or soon. */
static void do_more(struct flowcache *c, uint32_t id,
	const struct flow_addition *a, const struct lookup *l, size_t i)
{
	struct flow_hot *hot = &c->table.hot[id];

	if (c->beside.any)
		beside_join(&c->beside, id, a, l->turned, i);
	if (!is_past(c, id))
		return;
	if (emit(c, id, END_ACTIVE))
		hot->state &= (uint8_t)~FLOW_NEW;
	else
		wheel_file(&c->wheel, id, c->wheel.tick + RETRY_TICKS);
}

static bool add_one(struct flowcache *c, const struct flow_addition *a,
	struct lookup *l, size_t i)
{
	const uint32_t touched = c->table.touched;
	uint32_t id = flowtable_find(&c->table, &l->place, &a->key);
	bool fresh = id == FLOWTABLE_NONE;

	if (fresh)
		id = create(c, a, l);
	else if (!make_ready(c, id, a, l))
		return false;
	else
		c->table.hot[id].state |= FLOW_REFERENCED;
	if (id == FLOWTABLE_NONE)
		return false;
	update(c, id, a);
	if (l->fragment)
		c->table.hot[id].state |= FLOW_FRAGMENT;
	if (fresh)
		file_new(c, id, touched);
	if (c->more)
		do_more(c, id, a, l, i);
	return true;
}

uint64_t flowcache_add(struct flowcache *c, struct flow_addition *a, size_t n)
{
	struct lookup l[FLOWCACHE_BATCH];
	uint64_t refused = 0;

	for (size_t i = 0; i < n; i++) {
		prepare(c, &a[i], &l[i]);
		flowtable_prefetch_slot(&c->table, flowtable_tag(l[i].hash));
	}
	for (size_t i = 0; i < n; i++) {
		l[i].place =
			flowtable_look(&c->table, flowtable_tag(l[i].hash));
		if (!l[i].place.number)
			seen_prefetch(&c->seen, l[i].hash);
	}
	for (size_t i = 0; i < n; i++)
		if (a[i].point >= c->points.n || !add_one(c, &a[i], &l[i], i))
			refused |= UINT64_C(1) << i;
	c->stats.refused += (uint64_t)__builtin_popcountll(refused);
	return refused;
}

/* By the time told. */
static struct verdict judge(const struct flowcache *c, uint32_t id)
{
	const struct flow_hot *hot = &c->table.hot[id];

	return timeouts_judge(&c->times, hot, flowtable_first(&c->table, id),
		now_of(c, hot), is_past(c, id));
}

/* A flow whose time may have come; hash: of its key. */
static void attend(struct flowcache *c, uint32_t id, uint64_t hash)
{
	struct flow_hot *hot = &c->table.hot[id];
	const struct verdict v = judge(c, id);

	if ((v.done || v.due) && !emit(c, id, v.reason)) {
		wheel_file(&c->wheel, id, c->wheel.tick + RETRY_TICKS);
		return;
	}
	if (v.done) {
		remove_flow(c, id, hash);
		return;
	}
	if (v.due)
		hot->state &= (uint8_t)~FLOW_NEW;
	else if (v.age_ns > (c->times.active_ms - TIMEOUTS_RIPE_MS) * NS_PER_MS)
		hot->state |= FLOW_RIPE;
	file_flow(c, id);
}

/* All that is needed of all of them is on its way before the first is attended:
 * most have not been touched for long. */
static void attend_all(void *data, const uint32_t *ids, size_t n)
{
	struct flowcache *c = data;
	const struct flowtable *t = &c->table;
	uint64_t hashes[WHEEL_BROOD];

	flowtable_prefetch_all(t, ids, n, hashes);
	for (size_t i = 0; i < n; i++)
		seen_prefetch(&c->seen, hashes[i]);
	for (size_t i = 0; i < n; i++)
		if (ids[i] < t->touched && t->hot[ids[i]].state & FLOW_USED)
			attend(c, ids[i], hashes[i]);
}

void flowcache_advance(struct flowcache *c, int64_t now_ns)
{
	int64_t step = now_ns - c->now_ns;

	if (!c->told) {
		c->told = true;
		c->now_ns = now_ns;
		return;
	}
	if (step <= -TIMEOUTS_JUMP_NS || step >= TIMEOUTS_JUMP_NS)
		c->times.exact = true;
	else if (step <= 0 && step >= -TIMEOUTS_DISORDER_NS)
		return;
	c->now_ns = now_ns;
	if (step < 0)
		return;
	if (step > 2 * WHEEL_SLOTS * TICK_NS)
		step = 2 * WHEEL_SLOTS * TICK_NS;
	c->wheel_ns += step;
	wheel_advance(
		&c->wheel, (uint64_t)(c->wheel_ns / TICK_NS), attend_all, c);
	if (c->misfiled && c->wheel_ns >= c->refile_ns) {
		c->misfiled = false;
		c->refile_ns = c->wheel_ns + REFILE_NS;
		file_all(c);
	}
}

void flowcache_doubt(struct flowcache *c)
{
	c->times.exact = true;
}

bool flowcache_flush(struct flowcache *c)
{
	for (uint32_t id = 0; id < c->table.touched; id++) {
		struct flow_hot *hot = &c->table.hot[id];

		if (hot->state & FLOW_USED && !emit(c, id, END_LIVING))
			return false;
		hot->state &= (uint8_t)~FLOW_NEW;
	}
	return true;
}

bool flowcache_end(struct flowcache *c, enum end_reason reason)
{
	for (uint32_t id = 0; id < c->table.touched; id++) {
		struct verdict v = judge(c, id);

		if (c->table.hot[id].state & FLOW_USED &&
			!emit(c, id, v.done || v.due ? v.reason : reason))
			return false;
		if (c->opt.grows)
			flowtable_shed(&c->table, id);
	}
	wheel_release(&c->wheel);
	wheel_init(&c->wheel, c->table.cap);
	flowtable_clear(&c->table);
	c->hand = 0;
	return true;
}

void flowcache_stats(const struct flowcache *c, struct flowcache_stats *ret)
{
	*ret = c->stats;
	ret->flows = c->table.n;
	ret->room = c->table.cap;
	ret->points = c->points.n;
	ret->distinct = c->distinct;
	ret->distinct_exact = c->opt.seen_bytes && !c->seen.full;
	ret->memory = flowtable_memory(&c->table) + seen_memory(&c->seen) +
		      c->table.touched * bytes_beside(&c->opt) +
		      points_bytes(c->points.n);
}
