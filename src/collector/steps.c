#include "collector/steps.h"
#include "base/clock.h"
#include "base/mem.h"
#include "flow/stream.h"
#include "store/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS (10 * NS_PER_S)

struct step {
	bool known;
	int64_t carried_ns;       /* from before this collector began */
	int64_t by_ns, before_ns; /* all steps; all but the last */
	int64_t offset_ns;        /* of the clock of the store */
};

struct steps {
	size_t n;
	struct step *by_peer;
	const struct setup *setup;
	uint64_t seen; /* endpoint_clock_steps() */
	bool any;
	/* of the batch at hand, moved */
	struct flow_record records[STREAM_RECORDS];
	struct tap_counters counters[STREAM_COUNTERS_MAX];
};

struct steps *steps_new(const struct setup *setup)
{
	struct steps *s = mem_zalloc(1, sizeof(*s));

	s->setup = setup;
	s->n = setup->n_peers;
	s->by_peer = mem_zalloc(s->n + 1, sizeof(*s->by_peer));
	return s;
}

void steps_free(struct steps *s)
{
	if (s)
		free(s->by_peer);
	free(s);
}

/* It ran on while no collector did: what it sent then was of that clock. */
static int64_t carried(const struct collector *c, const struct endpoint_peer *p)
{
	const struct module_stats *m;
	int64_t off_ns = 0;

	for (size_t i = 0; (m = store_module(c->store, i)); i++)
		if (m->module == p->source.module && m->life == p->source.life)
			off_ns = m->clock_offset_ns - p->clock_offset_ns -
				 p->clock_stepped_ns;
	return llabs(off_ns) > STEP_NS ? off_ns : 0;
}

static void note(struct collector *c, uint16_t module, int64_t by_ns)
{
	char text[64];

	snprintf(text, sizeof(text), "had its clock set by %+.1f s",
		(double)by_ns / (double)NS_PER_S);
	collector_note(c, &(struct event){.at_ns = wall_now().ns,
				  .kind = EVENT_PROBE,
				  .module = module,
				  .text = text});
}

int64_t steps_offset(struct steps *s, struct collector *c, size_t i,
	const struct endpoint_peer *p)
{
	struct step *t = &s->by_peer[i];
	int64_t by_ns;

	if (!t->known) {
		t->carried_ns = t->by_ns = t->before_ns = carried(c, p);
		t->known = true;
	}
	by_ns = t->carried_ns + p->clock_stepped_ns;
	if (by_ns != t->by_ns) {
		note(c, p->source.module, by_ns - t->by_ns);
		t->before_ns = t->by_ns;
		t->by_ns = by_ns;
	}
	s->any |= by_ns != 0 || t->before_ns != 0;
	t->offset_ns = p->clock_offset_ns + by_ns;
	return t->offset_ns;
}

static void look(struct steps *s, struct collector *c)
{
	const uint64_t now = endpoint_clock_steps(c->ep);
	struct endpoint_peer p;

	if (now == s->seen)
		return;
	s->seen = now;
	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++)
		if (p.has_health)
			(void)steps_offset(s, c, i, &p);
}

static const struct step *step_of(const struct steps *s, uint16_t module)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->setup->peers[i].id == module)
			return &s->by_peer[i];
	return NULL;
}

/* Whose tap it is: a cache sends what meters dated. */
static uint16_t meter_of(
	const struct collector *c, const struct endpoint_batch *b, uint16_t tap)
{
	const struct store_tap *t;

	if (b->from.role == MODULE_METER)
		return b->from.module;
	for (size_t i = 0; (t = store_tap(c->store, i)); i++)
		if (t->known && t->counters.tap == tap)
			return t->source.module;
	return b->from.module;
}

static int64_t distance(int64_t a, int64_t b)
{
	const int64_t off = (int64_t)((uint64_t)a - (uint64_t)b);

	return off == INT64_MIN ? INT64_MAX : llabs(off);
}

/* How much later than in the clock of the store it was dated.  Times may be any
 * numbers: they wrap rather than overflow. */
static uint64_t later_by(const struct step *t, int64_t at_ns, int64_t now_ns)
{
	const uint64_t here = (uint64_t)at_ns + (uint64_t)t->offset_ns;
	const uint64_t by = (uint64_t)t->by_ns, before = (uint64_t)t->before_ns;

	return distance((int64_t)(here - by), now_ns) <=
			       distance((int64_t)(here - before), now_ns)
		       ? by
		       : before;
}

static void place(const struct step *t, struct flow_record *r, int64_t now_ns)
{
	const uint64_t by = later_by(t, r->last_ns, now_ns);

	r->first_ns = (int64_t)((uint64_t)r->first_ns - by);
	r->last_ns = (int64_t)((uint64_t)r->last_ns - by);
}

static void place_all(struct steps *s, const struct collector *c,
	struct endpoint_batch *b, int64_t now_ns)
{
	const struct step *t;

	memcpy(s->records, b->records, b->n_records * sizeof(*s->records));
	memcpy(s->counters, b->counters, b->n_counters * sizeof(*s->counters));
	for (size_t i = 0; i < b->n_records; i++) {
		t = step_of(s, meter_of(c, b, s->records[i].tap));
		if (t)
			place(t, &s->records[i], now_ns);
	}
	t = step_of(s, b->from.module);
	for (size_t i = 0; t && i < b->n_counters; i++) {
		int64_t *at_ns = &s->counters[i].at_ns;

		*at_ns = (int64_t)((uint64_t)*at_ns -
				   later_by(t, *at_ns, now_ns));
	}
	b->records = s->records;
	b->counters = s->counters;
}

struct endpoint_batch steps_place(struct steps *s, struct collector *c,
	const struct endpoint_batch *b, int64_t now_ns)
{
	struct endpoint_batch placed = *b;

	look(s, c);
	if (s->any && b->n_records <= STREAM_RECORDS &&
		b->n_counters <= STREAM_COUNTERS_MAX)
		place_all(s, c, &placed, now_ns);
	return placed;
}
