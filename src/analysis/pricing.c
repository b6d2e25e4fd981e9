/* What each end used, as providers charge for it: the volume, and the 95th
 * percentile of the rate in pieces of five minutes, the greater direction. */
#include "analysis/courses.h"
#include "analysis/study.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

enum { SENT, RECEIVED };
#define UNIT (300 * NS_PER_S)

struct customer {
	struct {
		int64_t node; /* -1: the address */
		struct net_addr addr;
	} key;
	uint32_t number;
	struct course_rates rates[2];
};

struct pricing {
	const struct study_ask *ask;
	struct courses courses; /* customer, direction */
	struct index by_key;
	struct customer *v;
	size_t n, cap;
};

static void *begin(const struct study_ask *ask)
{
	struct pricing *p = mem_zalloc(1, sizeof(*p));

	p->ask = ask;
	courses_init(&p->courses, ask->bucket_ns ? ask->bucket_ns : UNIT);
	index_init(&p->by_key, sizeof(*p->v), sizeof(p->v->key));
	return p;
}

/* Its number, or -1: there are too many. */
static int64_t customer_of(
	struct pricing *p, int node, const struct net_addr *a)
{
	struct customer c = {.key = {.node = node}};
	size_t at;

	if (node < 0)
		c.key.addr = *a;
	at = index_find(&p->by_key, p->v, &c.key);
	if (at)
		return (int64_t)at - 1;
	if (p->n == STUDY_ROWS)
		return -1;
	c.number = (uint32_t)p->n;
	MEM_PUSH(p->v, p->n, p->cap) = c;
	index_add(&p->by_key, p->v, p->n - 1);
	return (int64_t)p->n - 1;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct pricing *p = it;
	const int64_t from = customer_of(p, f->src_node, &f->key.src);
	const int64_t to = customer_of(p, f->dst_node, &f->key.dst);
	int r = 0;

	if (from < 0 || to < 0)
		return study_too_many(err, "ends");
	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		if (!f->counted[i])
			continue;
		r = courses_add(
			&p->courses, (uint32_t)from, SENT, f->rows[i], err);
		if (r == 0)
			r = courses_add(&p->courses, (uint32_t)to, RECEIVED,
				f->rows[i], err);
	}
	return r;
}

static uint64_t charged(const struct customer *c)
{
	const uint64_t a = c->rates[SENT].p95, b = c->rates[RECEIVED].p95;

	return a > b ? a : b;
}

static uint64_t volume(const struct customer *c)
{
	return c->rates[SENT].bytes + c->rates[RECEIVED].bytes;
}

static int by_charge(const void *a, const void *b)
{
	const struct customer *x = a, *y = b;

	if (charged(x) != charged(y))
		return charged(x) < charged(y) ? 1 : -1;
	if (volume(x) != volume(y))
		return volume(x) < volume(y) ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct pricing *p = it;

	(void)err;
	for (size_t i = 0; i < p->n; i++)
		for (uint32_t side = SENT; side <= RECEIVED; side++)
			p->v[i].rates[side] =
				courses_rates(&p->courses, (uint32_t)i, side);
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_charge);
	for (size_t i = 0; i < p->n && (!p->ask->limit || i < p->ask->limit);
		i++) {
		const struct customer *c = &p->v[i];
		char text[NET_ADDR_TEXT];

		sheet_text(to, study_name(p->ask->catalog, (int)c->key.node,
				       &c->key.addr, text));
		sheet_uint(to, c->rates[SENT].bytes);
		sheet_uint(to, c->rates[RECEIVED].bytes);
		sheet_uint(to, c->rates[SENT].p95);
		sheet_uint(to, c->rates[RECEIVED].p95);
		sheet_uint(to, charged(c));
	}
	return 0;
}

static void release(void *it)
{
	struct pricing *p = it;

	courses_release(&p->courses);
	index_release(&p->by_key);
	free(p->v);
	free(p);
}

static const struct sheet_column columns[] = {{.name = "node"},
	{.name = "sent_bytes", .right = true},
	{.name = "received_bytes", .right = true},
	{.name = "sent_p95", .right = true},
	{.name = "received_p95", .right = true},
	{.name = "charged_bps", .right = true}};

const struct study study_pricing = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
