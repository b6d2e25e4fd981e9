/* One producer, one consumer.  The ring's two counters are all that the packet
 * thread touches for a record, but for the first of an empty ring, which calls
 * the thread; that gives others GATHER_MS to come along. */
#define _GNU_SOURCE
#include "probe/courier.h"
#include "base/clock.h"
#include "base/jail.h"
#include "base/log.h"
#include "base/mem.h"
#include "probe/metric.h"
#include "base/thread.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Of values: for as many as can wait of those that are short. */
enum { VALUES_ROOM = 8 << 20, VALUES_MOST = 2 * METRIC_VALUES_MAX };
enum { ROOM = 1 << 16, REMIND_MS = 30000, AGAIN_MS = 5000 };
enum { PATIENCE_S = 2, GATHER_MS = 50 };

struct parcel {
	struct flow_record record;
	struct export_sampling how;
	unsigned shape, metrics;
	struct flow_more more; /* what it has by this shape */
	uint64_t values_end;   /* all before are its own, or of those before */
};

struct courier {
	struct courier_options opt;
	struct outlet *outlets[EXPORT_TARGETS_MAX];
	size_t n;
	struct hash_key seed;
	struct export_interface *names;

	struct parcel *ring;
	_Atomic uint64_t put, taken;
	uint8_t *values; /* another ring */
	uint64_t values_put;
	_Atomic uint64_t values_taken;
	/* what outlets have been told that records have */
	unsigned shape, chosen;
	struct metrics metrics; /* of chosen */
	/* of records there was no room for, or no connection */
	_Atomic uint64_t unsent, unsent_packets, unsent_octets;
	_Atomic uint64_t lost;    /* packets in no record */
	_Atomic bool abandon;     /* no more of the ring */
	struct mono_time retried; /* failed streams */
	struct mono_time remind;

	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* for the rest */
	pthread_cond_t called, answered;
	bool woken, filling, ending, ended, jailed;
	int result; /* of the jail */
	struct err err;
	struct outlet_stats stats[EXPORT_TARGETS_MAX];
	bool failed[EXPORT_TARGETS_MAX];
};

static void name_taps(struct courier *c)
{
	const struct setup *s = c->opt.setup;

	c->names = mem_zalloc(s->n_taps + 1, sizeof(*c->names));
	for (size_t i = 0; i < s->n_taps; i++)
		c->names[i] = (struct export_interface){
			.number = s->taps[i].id, .name = s->taps[i].ifname};
}

int courier_open(const struct courier_options *options, struct courier **ret,
	struct err *err)
{
	const struct setup *s = options->setup;
	struct courier *c;
	int r = 0;

	if (!s->n_exports)
		return 0;
	c = mem_zalloc(1, sizeof(*c));
	c->opt = *options;
	c->seed = hash_key_new();
	c->ring = mem_zalloc(ROOM, sizeof(*c->ring));
	c->values = mem_zalloc(VALUES_ROOM, 1);
	pthread_mutex_init(&c->lock, NULL);
	thread_cond_init(&c->called);
	thread_cond_init(&c->answered);
	name_taps(c);
	for (size_t i = 0; i < s->n_exports && r == 0; i++) {
		const struct outlet_options o = {.target = s->exports[i],
			.pace = options->pace,
			.patience_s = PATIENCE_S,
			.later = true,
			.exporter = {.domain = s->id,
				.start_ns = wall_now().ns,
				.interfaces = c->names,
				.n_interfaces = s->n_taps}};

		r = outlet_open(&o, &c->outlets[i], err);
		c->n += r == 0;
		if (r == 0 && outlet_failed(c->outlets[i], err) < 0)
			log_warning("%s; tried again every %d s", err->text,
				AGAIN_MS / 1000);
	}
	if (r < 0) {
		courier_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

static void count_unsent(struct courier *c, const struct parcel *p)
{
	c->unsent++;
	c->unsent_packets += p->record.packets + p->more.reverse.packets;
	c->unsent_octets += p->record.bytes + p->more.reverse.bytes;
}

/* --- the thread ---------------------------------------------------------- */

static bool tell(struct outlet *o, const struct parcel *p)
{
	const int64_t now_ns = wall_now().ns;

	return outlet_resample(o, &p->how, now_ns) &&
	       outlet_add(o, &p->record, p->shape ? &p->more : NULL, now_ns);
}

static void reshape(struct courier *c, const struct parcel *p)
{
	struct flow_shape shape = {.more = p->shape};
	struct metrics metrics;

	if (p->shape == c->shape && p->metrics == c->chosen)
		return;
	metrics_of(p->metrics, &metrics);
	shape.fields = metrics.fields;
	shape.n_fields = metrics.n_fields;
	for (size_t i = 0; i < c->n; i++)
		(void)outlet_reshape(c->outlets[i], &shape, wall_now().ns);
	metrics_release(&c->metrics);
	c->metrics = metrics;
	c->chosen = p->metrics;
	c->shape = p->shape;
}

static void give(struct courier *c, const struct parcel *p)
{
	size_t own = c->n;

	if (c->opt.balance && c->n > 1)
		own = flow_key_hash(&c->seed, &p->record.key) % c->n;
	for (size_t i = 0; i < c->n; i++)
		if ((own == c->n || i == own) && !tell(c->outlets[i], p))
			count_unsent(c, p);
}

static void drain(struct courier *c)
{
	uint64_t put = atomic_load_explicit(&c->put, memory_order_acquire);
	uint64_t at = atomic_load_explicit(&c->taken, memory_order_relaxed);

	while (at < put && !atomic_load(&c->abandon)) {
		const struct parcel *p = &c->ring[at % ROOM];

		reshape(c, p);
		give(c, p);
		atomic_store_explicit(
			&c->values_taken, p->values_end, memory_order_release);
		at++;
		atomic_store(&c->taken, at);
	}
}

/* What streams took and could not send. */
static void count_lost(struct courier *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct outlet_lost lost = outlet_lost(c->outlets[i]);

		c->unsent += lost.records;
		c->unsent_packets += lost.packets;
		c->unsent_octets += lost.octets;
	}
}

static struct export_ledger ledger_of(const struct courier *c)
{
	return (struct export_ledger){.ignored_packets = c->lost,
		.unsent_records = c->unsent,
		.unsent_packets = c->unsent_packets,
		.unsent_octets = c->unsent_octets};
}

static bool is_due(struct mono_time *at, int64_t period_ms)
{
	struct mono_time now = mono_now();

	if (now.ns < at->ns)
		return false;
	*at = mono_add_ms(now, period_ms);
	return true;
}

static void look_after(struct courier *c)
{
	struct export_ledger ledger;
	bool again = is_due(&c->retried, AGAIN_MS);
	bool remind = is_due(&c->remind, REMIND_MS);

	count_lost(c);
	ledger = ledger_of(c);
	for (size_t i = 0; i < c->n; i++) {
		struct outlet *o = c->outlets[i];

		if (again && outlet_failed(o, NULL) < 0)
			(void)outlet_reopen(o);
		if (remind)
			outlet_remind(o, &ledger, wall_now().ns);
		(void)outlet_push(o, wall_now().ns);
	}
}

static void report(struct courier *c)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->n; i++) {
		outlet_stats(c->outlets[i], &c->stats[i]);
		c->failed[i] = outlet_failed(c->outlets[i], NULL) < 0;
	}
	pthread_mutex_unlock(&c->lock);
}

static bool is_empty(const struct courier *c)
{
	return atomic_load(&c->put) == atomic_load(&c->taken);
}

/* Until something is to be done; false: it is the end. */
static bool wait_for_call(struct courier *c)
{
	struct mono_time until;
	bool more = true, ending;

	pthread_mutex_lock(&c->lock);
	while (!c->woken && !c->filling && !c->ending && is_empty(c))
		pthread_cond_wait(&c->called, &c->lock);
	until = mono_add_ms(mono_now(), GATHER_MS);
	while (more && !c->filling && !c->ending)
		more = thread_cond_wait(&c->called, &c->lock, until);
	c->woken = c->filling = false;
	ending = c->ending;
	pthread_mutex_unlock(&c->lock);
	return !ending;
}

static void answer(struct courier *c, bool *flag)
{
	pthread_mutex_lock(&c->lock);
	*flag = true;
	pthread_cond_broadcast(&c->answered);
	pthread_mutex_unlock(&c->lock);
}

static void *work(void *data)
{
	const struct jail jail = {.no_capabilities = true};
	struct courier *c = data;
	struct jail_state state;
	struct export_ledger ledger;

	c->result = jail_enter(&jail, &state, &c->err);
	answer(c, &c->jailed);
	if (c->result < 0)
		return NULL;
	while (wait_for_call(c)) {
		drain(c);
		look_after(c);
		report(c);
	}
	drain(c);
	count_lost(c);
	ledger = ledger_of(c);
	for (size_t i = 0; i < c->n; i++)
		(void)outlet_finish(c->outlets[i], &ledger, wall_now().ns);
	count_lost(c);
	report(c);
	answer(c, &c->ended);
	return NULL;
}

/* --- its owner ----------------------------------------------------------- */

int courier_start(struct courier *c, struct err *err)
{
	if (!c)
		return 0;
	c->remind = mono_add_ms(mono_now(), REMIND_MS);
	if (thread_start(&c->thread, work, c) != 0)
		return err_set(err, NFZ_E_IO, "cannot start a thread");
	c->running = true;
	pthread_mutex_lock(&c->lock);
	while (!c->jailed)
		pthread_cond_wait(&c->answered, &c->lock);
	pthread_mutex_unlock(&c->lock);
	if (c->result < 0)
		*err = c->err;
	return c->result;
}

/* Twice: they lie in one piece. */
bool courier_has_room(const struct courier *c)
{
	return !c ||
	       (c->put - atomic_load_explicit(&c->taken, memory_order_acquire) <
			       ROOM &&
		       c->values_put - atomic_load_explicit(&c->values_taken,
					       memory_order_acquire) <=
			       VALUES_ROOM - 2 * VALUES_MOST);
}

/* There is room. */
static void keep_values(
	struct courier *c, struct parcel *p, const uint8_t *values, size_t len)
{
	if (c->values_put % VALUES_ROOM + len > VALUES_ROOM)
		c->values_put += VALUES_ROOM - c->values_put % VALUES_ROOM;
	p->more.values = c->values + c->values_put % VALUES_ROOM;
	memcpy(c->values + c->values_put % VALUES_ROOM, values, len);
	c->values_put += len;
}

static void call(struct courier *c, bool *flag)
{
	pthread_mutex_lock(&c->lock);
	*flag = true;
	pthread_cond_signal(&c->called);
	pthread_mutex_unlock(&c->lock);
}

/* What came of it, and not what it stands for. */
static void scale(struct parcel *p, const struct export_sampling *how)
{
	p->how = *how;
	p->record.packets /= how->one_of;
	p->record.bytes /= how->one_of;
	p->more.reverse.packets /= how->one_of;
	p->more.reverse.bytes /= how->one_of;
}

void courier_add(struct courier *c, const struct courier_item *item)
{
	struct parcel p;
	uint64_t at;

	if (!c)
		return;
	p = (struct parcel){.record = *item->record};
	if (item->more && item->shape) {
		p.shape = item->shape;
		p.metrics = item->metrics;
		p.more = *item->more;
		p.more.extra = NULL; /* lent, and not told */
		p.more.values = NULL;
	}
	if (item->how && item->how->one_of > 1)
		scale(&p, item->how);
	if (!courier_has_room(c)) {
		count_unsent(c, &p);
		return;
	}
	if (p.metrics)
		keep_values(c, &p, item->more->values, item->values);
	p.values_end = c->values_put;
	at = atomic_load_explicit(&c->put, memory_order_relaxed);
	c->ring[at % ROOM] = p;
	/* in order with `taken`: one of the two threads sees the other's */
	atomic_store(&c->put, at + 1);
	if ((at + 1) % (ROOM / 4) == 0)
		call(c, &c->filling);
	else if (atomic_load(&c->taken) == at)
		call(c, &c->woken);
}

void courier_wake(struct courier *c, uint64_t lost)
{
	if (!c)
		return;
	c->lost = lost;
	call(c, &c->woken);
}

static bool wait_for_end(struct courier *c, int64_t within_ms)
{
	const struct mono_time until = mono_add_ms(mono_now(), within_ms);
	bool called = true, ended;

	pthread_mutex_lock(&c->lock);
	while (!c->ended && called)
		called = thread_cond_wait(&c->answered, &c->lock, until);
	ended = c->ended;
	pthread_mutex_unlock(&c->lock);
	return ended;
}

static void count_rest(struct courier *c)
{
	for (uint64_t at = c->taken; at < c->put; at++)
		count_unsent(c, &c->ring[at % ROOM]);
}

void courier_finish(struct courier *c, int64_t within_ms)
{
	if (!c || !c->running)
		return;
	call(c, &c->ending);
	if (!wait_for_end(c, within_ms))
		c->abandon = true;
	pthread_join(c->thread, NULL);
	c->running = false;
	count_rest(c);
}

void courier_close(struct courier *c)
{
	if (!c)
		return;
	courier_finish(c, 0);
	for (size_t i = 0; i < c->n; i++)
		outlet_close(c->outlets[i]);
	pthread_cond_destroy(&c->called);
	pthread_cond_destroy(&c->answered);
	pthread_mutex_destroy(&c->lock);
	metrics_release(&c->metrics);
	free(c->names);
	free(c->ring);
	free(c->values);
	free(c);
}

void courier_print(struct courier *c, struct buf *out)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->n; i++)
		buf_addf(out,
			"export %s records %" PRIu64 " messages %" PRIu64
			" unsent %" PRIu64 " left_out %" PRIu64
			" other_times %" PRIu64 "%s\n",
			outlet_name(c->outlets[i]), c->stats[i].records,
			c->stats[i].messages, c->stats[i].unsent,
			c->stats[i].left_out, c->stats[i].retimed,
			c->failed[i] ? " failed" : "");
	pthread_mutex_unlock(&c->lock);
	buf_addf(out, "export_unsent %" PRIu64 "\n", (uint64_t)c->unsent);
}
