#include "analysis/courses.h"
#include "analysis/study.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/group.h"

#include <stdlib.h>
#include <string.h>

void courses_init(struct courses *c, int64_t unit_ns)
{
	*c = (struct courses){.unit_ns = unit_ns};
	index_init(&c->by_key, sizeof(*c->v), sizeof(c->v->key));
}

void courses_release(struct courses *c)
{
	index_release(&c->by_key);
	free(c->v);
	*c = (struct courses){0};
}

struct adding {
	struct courses *c;
	uint32_t thing, side;
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	const struct adding *a = ctx;
	struct courses *c = a->c;
	const struct course_piece piece = {.key = {at_ns, a->thing, a->side}};
	size_t at = index_find(&c->by_key, c->v, &piece.key);

	(void)packets;
	if (!at && c->n == STUDY_ROWS)
		return study_too_many(err, "pieces of time");
	if (!at) {
		if (!c->n || at_ns < c->first_ns)
			c->first_ns = at_ns;
		if (!c->n || at_ns > c->last_ns)
			c->last_ns = at_ns;
		MEM_PUSH(c->v, c->n, c->cap) = piece;
		at = c->n;
		index_add(&c->by_key, c->v, at - 1);
	}
	c->v[at - 1].bytes += bytes;
	return 0;
}

int courses_add(struct courses *c, uint32_t thing, uint32_t side,
	const struct flow_record *r, struct err *err)
{
	struct adding a = {c, thing, side};

	return group_spread(r, c->unit_ns, add_piece, &a, err);
}

/* By thing and side, the busiest piece first. */
static int by_bytes(const void *a, const void *b)
{
	const struct course_piece *x = a, *y = b;

	if (x->key.thing != y->key.thing)
		return x->key.thing < y->key.thing ? -1 : 1;
	if (x->key.side != y->key.side)
		return x->key.side < y->key.side ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->key.at_ns > y->key.at_ns) - (x->key.at_ns < y->key.at_ns);
}

static bool is_before(
	const struct course_piece *p, uint32_t thing, uint32_t side)
{
	return p->key.thing != thing ? p->key.thing < thing
				     : p->key.side < side;
}

/* Where those of a thing and a side begin. */
static size_t find(const struct courses *c, uint32_t thing, uint32_t side)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&c->v[middle], thing, side))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct course_rates courses_rates(
	struct courses *c, uint32_t thing, uint32_t side)
{
	struct course_rates r = {0};
	const uint64_t unit = (uint64_t)c->unit_ns;
	uint64_t pieces, above;
	size_t begin, n = 0;

	if (!c->n)
		return r;
	if (!c->sorted)
		qsort(c->v, c->n, sizeof(*c->v), by_bytes);
	c->sorted = true;
	begin = find(c, thing, side);
	for (; begin + n < c->n && c->v[begin + n].key.thing == thing &&
		c->v[begin + n].key.side == side;
		n++)
		r.bytes += c->v[begin + n].bytes;
	if (!n)
		return r;
	/* by nearest rank: so many pieces may be above it */
	pieces = ((uint64_t)c->last_ns - (uint64_t)c->first_ns) / unit + 1;
	above = pieces - (pieces * 95 + 99) / 100;
	r.mean = study_ratio(r.bytes * 8, NS_PER_S, unit) / pieces;
	r.peak = study_ratio(c->v[begin].bytes * 8, NS_PER_S, unit);
	r.peak_ns = c->v[begin].key.at_ns;
	if (above < n)
		r.p95 = study_ratio(
			c->v[begin + above].bytes * 8, NS_PER_S, unit);
	return r;
}
