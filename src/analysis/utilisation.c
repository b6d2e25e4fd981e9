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

struct utilisation {
	const struct study_ask *ask;
	struct courses courses; /* link, slot */
};

struct direction {
	int link;
	uint32_t slot;
	struct course_rates rates;
	uint64_t speed; /* bits a second, 0 unknown */
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
		r = courses_add(
			&u->courses, (uint32_t)tap->link, slot, row, err);
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

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct utilisation *u = it;
	const struct catalog *c = u->ask->catalog;
	cleanup_free struct direction *rows = NULL;
	size_t n = 0, cap = 0;

	(void)err;
	for (size_t i = 0; i < c->n_links; i++)
		for (uint32_t s = 0; s <= c->links[i].n_members; s++) {
			struct direction d = {.link = (int)i, .slot = s};

			if (s < c->links[i].n_members)
				d.speed = (uint64_t)c->links[i]
						  .members[s]
						  .speed_bps;
			else
				d.slot = ANYBODY;
			d.rates =
				courses_rates(&u->courses, (uint32_t)i, d.slot);
			if (d.rates.bytes)
				MEM_PUSH(rows, n, cap) = d;
		}
	if (n)
		qsort(rows, n, sizeof(*rows), by_use);
	for (size_t i = 0; i < n && (!u->ask->limit || i < u->ask->limit); i++)
		write_row(c, &rows[i], to);
	return 0;
}

static void release(void *it)
{
	struct utilisation *u = it;

	courses_release(&u->courses);
	free(u);
}

static const struct sheet_column columns[] = {{.name = "link"},
	{.name = "node"}, {.name = "speed", .right = true},
	{.name = "bytes", .right = true}, {.name = "mean", .right = true},
	{.name = "p95", .right = true}, {.name = "peak", .right = true},
	{.name = "peak_at"}, {.name = "mean_percent", .right = true},
	{.name = "peak_percent", .right = true}};

const struct study study_utilisation = {columns,
	sizeof(columns) / sizeof(*columns), begin, add, write_rows, release};
