/* How much of its speed each link uses, by direction: what each member sent
 * into it. */
#include "analysis/courses.h"
#include "analysis/study.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/answer.h"

#include <stdlib.h>

enum { ANYBODY = 0xffff };
#define UNIT (10 * NS_PER_S)

struct direction {
	int link;
	uint32_t slot;
	struct course_rates rates;
	uint64_t speed; /* bits a second, 0 unknown */
};

struct utilisation {
	const struct study_ask *ask;
	struct courses courses; /* link, slot */
	struct direction *v;
	size_t n, cap;
};

static void *begin(const struct study_ask *ask)
{
	struct utilisation *u = mem_zalloc(1, sizeof(*u));

	u->ask = ask;
	courses_init(&u->courses, ask->bucket_ns ? ask->bucket_ns : UNIT);
	return u;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct utilisation *u = it;
	const struct catalog *c = u->ask->catalog;
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		const struct flow_record *row = f->rows[i];
		const struct catalog_tap *tap = catalog_tap(c, row->tap);
		uint32_t slot = row->src_slot;

		if (!tap)
			continue;
		if (slot >= c->links[tap->link].n_members)
			slot = ANYBODY;
		r = courses_add(&u->courses,
			&(struct course_thing){{(uint64_t)tap->link, slot}}, 0,
			row, err);
	}
	return r;
}

static int by_use(const void *a, const void *b)
{
	const struct direction *x = a, *y = b;
	double ux = x->speed ? (double)x->rates.peak / (double)x->speed : -1;
	double uy = y->speed ? (double)y->rates.peak / (double)y->speed : -1;

	if (ux < uy || ux > uy)
		return ux < uy ? 1 : -1;
	if (x->rates.peak != y->rates.peak)
		return x->rates.peak < y->rates.peak ? 1 : -1;
	return x->link != y->link ? x->link - y->link
				  : (int)x->slot - (int)y->slot;
}

static void write_row(
	const struct catalog *c, const struct direction *d, struct sheet *to)
{
	const struct catalog_link *l = &c->links[d->link];

	sheet_text(to, l->name);
	sheet_text(to, d->slot == ANYBODY
			       ? NULL
			       : c->nodes[l->members[d->slot].node].name);
	if (d->speed)
		sheet_uint(to, d->speed);
	else
		sheet_null(to);
	sheet_uint(to, d->rates.bytes);
	sheet_uint(to, d->rates.mean);
	sheet_uint(to, d->rates.p95);
	sheet_uint(to, d->rates.peak);
	answer_time_cell(to, d->rates.peak_ns);
	sheet_percent(to, d->rates.mean, d->speed);
	sheet_percent(to, d->rates.peak, d->speed);
}

static int add_direction(void *ctx, const struct course_thing *thing,
	const struct course_rates rates[static COURSE_SIDES], struct err *err)
{
	struct utilisation *u = ctx;
	struct direction d = {.link = (int)thing->words[0],
		.slot = (uint32_t)thing->words[1],
		.rates = rates[0]};

	(void)err;
	if (d.slot != ANYBODY)
		d.speed = (uint64_t)u->ask->catalog->links[d.link]
				  .members[d.slot]
				  .speed_bps;
	if (d.rates.bytes)
		MEM_PUSH(u->v, u->n, u->cap) = d;
	return 0;
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct utilisation *u = it;
	int r = courses_each(&u->courses, add_direction, u, err);

	to->n_all = u->n;
	if (u->n)
		qsort(u->v, u->n, sizeof(*u->v), by_use);
	for (size_t i = 0; i < u->n && r == 0; i++) {
		if (u->ask->limit && i == u->ask->limit)
			break;
		write_row(u->ask->catalog, &u->v[i], to);
	}
	return r;
}

static void release(void *it)
{
	struct utilisation *u = it;

	courses_release(&u->courses);
	free(u->v);
	free(u);
}

static const struct sheet_column columns[] = {{.name = "link"},
	{.name = "node"}, {.name = "speed", .right = true},
	{.name = "bytes", .right = true, .spare = 5},
	{.name = "mean", .right = true, .spare = 1},
	{.name = "p95", .right = true, .spare = 4},
	{.name = "peak", .right = true}, {.name = "peak_at", .spare = 3},
	{.name = "mean_percent", .right = true, .spare = 2},
	{.name = "peak_percent", .right = true}};

const struct study study_utilisation = {columns,
	sizeof(columns) / sizeof(*columns), begin, add, write_rows, release};
