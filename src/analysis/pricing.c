/* What each end used, as providers charge for it: the volume, and the 95th
 * percentile of the rate in pieces of five minutes, the greater direction. */
#include "analysis/courses.h"
#include "analysis/study.h"
#include "base/clock.h"
#include "base/mem.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { SENT, RECEIVED };
#define UNIT (300 * NS_PER_S)

struct customer {
	int64_t node; /* -1: the address */
	struct net_addr addr;
};
_Static_assert(
	sizeof(struct customer) == sizeof(struct course_thing), "is the thing");

/* The dearest first. */
struct bill {
	struct {
		uint64_t charge, volume; /* each ~ what it is */
		uint64_t node, addr[2];  /* as numbers */
	} rank;
	struct customer customer;
	struct course_rates rates[COURSE_SIDES];
};
enum { RANK_WORDS = sizeof(((struct bill *)NULL)->rank) / sizeof(uint64_t) };

struct pricing {
	const struct study_ask *ask;
	struct courses courses; /* customer, direction */
	struct fold *bills;
	struct sheet *to;
	size_t written;
};

static void *begin(const struct study_ask *ask)
{
	struct pricing *p = mem_zalloc(1, sizeof(*p));

	p->ask = ask;
	courses_init(&p->courses, ask->bucket_ns ? ask->bucket_ns : UNIT);
	p->bills = fold_new(&(struct fold_form){
		sizeof(struct bill), RANK_WORDS, 0, NULL, 0});
	return p;
}

static struct course_thing customer_of(int node, const struct net_addr *a)
{
	struct customer c = {.node = node};
	struct course_thing thing;

	if (node < 0)
		c.addr = *a;
	memcpy(&thing, &c, sizeof(thing));
	return thing;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	const struct course_thing from = customer_of(f->src_node, &f->key.src);
	const struct course_thing to = customer_of(f->dst_node, &f->key.dst);
	struct pricing *p = it;
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		if (!f->counted[i])
			continue;
		r = courses_add(&p->courses, &from, SENT, f->rows[i], err);
		if (r == 0)
			r = courses_add(
				&p->courses, &to, RECEIVED, f->rows[i], err);
	}
	return r;
}

static uint64_t charged(const struct course_rates *rates)
{
	const uint64_t a = rates[SENT].p95, b = rates[RECEIVED].p95;

	return a > b ? a : b;
}

static int add_bill(void *ctx, const struct course_thing *thing,
	const struct course_rates rates[static COURSE_SIDES], struct err *err)
{
	struct pricing *p = ctx;
	struct bill b = {.rank.charge = ~charged(rates),
		.rank.volume = ~(rates[SENT].bytes + rates[RECEIVED].bytes)};
	uint64_t addr[2];

	memcpy(&b.customer, thing, sizeof(b.customer));
	memcpy(b.rates, rates, sizeof(b.rates));
	memcpy(addr, &b.customer.addr, sizeof(addr));
	b.rank.node = (uint64_t)b.customer.node;
	b.rank.addr[0] = be64toh(addr[0]);
	b.rank.addr[1] = be64toh(addr[1]);
	return fold_add(p->bills, &b, err);
}

static int write_bill(void *ctx, const void *item, struct err *err)
{
	struct pricing *p = ctx;
	const struct bill *b = item;
	char text[NET_ADDR_TEXT];

	(void)err;
	if (p->ask->limit && p->written++ == p->ask->limit)
		return 1;
	sheet_text(p->to, study_name(p->ask->catalog, (int)b->customer.node,
				  &b->customer.addr, text));
	sheet_uint(p->to, b->rates[SENT].bytes);
	sheet_uint(p->to, b->rates[RECEIVED].bytes);
	sheet_uint(p->to, b->rates[SENT].p95);
	sheet_uint(p->to, b->rates[RECEIVED].p95);
	sheet_uint(p->to, charged(b->rates));
	return 0;
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct pricing *p = it;
	int r = courses_each(&p->courses, add_bill, p, err);

	p->to = to;
	if (r == 0)
		r = fold_each(p->bills, write_bill, p, err);
	return r < 0 ? r : 0;
}

static void release(void *it)
{
	struct pricing *p = it;

	courses_release(&p->courses);
	fold_free(p->bills);
	free(p);
}

static const struct sheet_column columns[] = {{.name = "node"},
	{.name = "sent_bytes", .right = true},
	{.name = "received_bytes", .right = true},
	{.name = "sent_p95", .right = true, .spare = 2},
	{.name = "received_p95", .right = true, .spare = 1},
	{.name = "charged_bps", .right = true}};

const struct study study_pricing = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
