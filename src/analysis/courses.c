#include "analysis/courses.h"
#include "analysis/study.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/group.h"

#include <stdlib.h>
#include <string.h>

struct piece {
	struct course_thing thing;
	int64_t side, at_ns; /* its begin */
	uint64_t bytes;
};
enum {
	THING_WORDS = sizeof(struct course_thing) / sizeof(uint64_t),
	PIECE_WORDS = offsetof(struct piece, bytes) / sizeof(uint64_t)
};

static void add_bytes(void *to, const void *more)
{
	((struct piece *)to)->bytes += ((const struct piece *)more)->bytes;
}

void courses_init(struct courses *c, int64_t unit_ns)
{
	*c = (struct courses){.unit_ns = unit_ns};
	c->pieces = fold_new(&(struct fold_form){
		sizeof(struct piece), PIECE_WORDS, THING_WORDS, add_bytes, 0});
}

void courses_release(struct courses *c)
{
	fold_free(c->pieces);
	*c = (struct courses){0};
}

struct adding {
	struct courses *c;
	struct piece piece; /* but for time and bytes */
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	struct adding *a = ctx;
	struct courses *c = a->c;

	(void)packets;
	if (!c->any || at_ns < c->first_ns)
		c->first_ns = at_ns;
	if (!c->any || at_ns > c->last_ns)
		c->last_ns = at_ns;
	c->any = true;
	a->piece.at_ns = at_ns;
	a->piece.bytes = bytes;
	return fold_add(c->pieces, &a->piece, err);
}

int courses_add(struct courses *c, const struct course_thing *thing, int side,
	const struct flow_record *r, struct err *err)
{
	struct adding a = {c, {.thing = *thing, .side = side}};

	return group_spread(r, c->unit_ns, add_piece, &a, err);
}

/* Rates ---------------------------------------------------------------- */

struct part {
	uint64_t bytes;
	int64_t at_ns;
};

/* Of the thing whose pieces come one after the other. */
struct rating {
	const struct courses *c;
	struct course_thing thing;
	struct parts {
		struct part *v;
		size_t n, cap;
	} sides[COURSE_SIDES];
	bool any;
	courses_fn fn;
	void *ctx;
};

/* The busiest first. */
static int by_bytes(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static struct course_rates rates_of(
	const struct courses *c, const struct parts *parts)
{
	const uint64_t unit = (uint64_t)c->unit_ns;
	const uint64_t pieces =
		((uint64_t)c->last_ns - (uint64_t)c->first_ns) / unit + 1;
	/* by nearest rank: so many pieces may be above it */
	const uint64_t above = pieces - (pieces * 95 + 99) / 100;
	struct course_rates r = {0};

	if (!parts->n)
		return r;
	qsort(parts->v, parts->n, sizeof(*parts->v), by_bytes);
	for (size_t i = 0; i < parts->n; i++)
		r.bytes += parts->v[i].bytes;
	r.mean = study_ratio(r.bytes * 8, NS_PER_S, unit) / pieces;
	r.peak = study_ratio(parts->v[0].bytes * 8, NS_PER_S, unit);
	r.peak_ns = parts->v[0].at_ns;
	if (above < parts->n)
		r.p95 = study_ratio(parts->v[above].bytes * 8, NS_PER_S, unit);
	return r;
}

static int give(struct rating *r, struct err *err)
{
	struct course_rates rates[COURSE_SIDES];

	if (!r->any)
		return 0;
	for (size_t i = 0; i < COURSE_SIDES; i++) {
		rates[i] = rates_of(r->c, &r->sides[i]);
		r->sides[i].n = 0;
	}
	return r->fn(r->ctx, &r->thing, rates, err);
}

static int take_piece(void *ctx, const void *item, struct err *err)
{
	const struct piece *p = item;
	struct rating *r = ctx;
	struct parts *to = &r->sides[p->side];
	int res = 0;

	if (memcmp(&r->thing, &p->thing, sizeof(p->thing)) != 0)
		res = give(r, err);
	r->thing = p->thing;
	r->any = true;
	MEM_PUSH(to->v, to->n, to->cap) = (struct part){p->bytes, p->at_ns};
	return res;
}

int courses_each(struct courses *c, courses_fn fn, void *ctx, struct err *err)
{
	struct rating r = {.c = c, .fn = fn, .ctx = ctx};
	int res = fold_each(c->pieces, take_piece, &r, err);

	if (res == 0)
		res = give(&r, err);
	for (size_t i = 0; i < COURSE_SIDES; i++)
		free(r.sides[i].v);
	return res;
}
