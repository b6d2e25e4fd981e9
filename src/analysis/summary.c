/* The whole in a few numbers. */
#include "analysis/study.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/answer.h"

#include <stdio.h>
#include <stdlib.h>

struct overview {
	uint64_t flows, packets, bytes, duration_ms, foreign, estimated;
	int64_t first_ns, last_ns;
	struct map addrs;
};

static void *begin(const struct study_ask *ask)
{
	struct overview *o = mem_zalloc(1, sizeof(*o));

	(void)ask;
	map_init(&o->addrs);
	return o;
}

static int add_addr(
	struct overview *o, const struct net_addr *a, struct err *err)
{
	if (map_has(&o->addrs, a, sizeof(*a)))
		return 0;
	if (o->addrs.n == STUDY_ROWS)
		return study_too_many(err, "addresses");
	map_put(&o->addrs, a, sizeof(*a), o);
	return 0;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct overview *o = it;
	int64_t ns;
	int r = add_addr(o, &f->key.src, err);

	if (__builtin_sub_overflow(f->last_ns, f->first_ns, &ns) || ns < 0)
		ns = 0;
	if (!o->flows || f->first_ns < o->first_ns)
		o->first_ns = f->first_ns;
	if (!o->flows || f->last_ns > o->last_ns)
		o->last_ns = f->last_ns;
	o->flows++;
	o->packets += f->packets;
	o->bytes += f->bytes;
	o->duration_ms += (uint64_t)(ns / NS_PER_MS);
	o->foreign += (f->flags & RECORD_FOREIGN) != 0;
	o->estimated += (f->flags & RECORD_ESTIMATED) != 0;
	return r < 0 ? r : add_addr(o, &f->key.dst, err);
}

static void number(struct sheet *to, const char *what, uint64_t v)
{
	sheet_text(to, what);
	sheet_uint(to, v);
}

static void moment(struct sheet *to, const char *what, int64_t ns)
{
	sheet_text(to, what);
	answer_time_cell(to, ns);
}

/* The numbers that flow-report(1) has made a habit of. */
static int write_rows(void *it, struct sheet *to, struct err *err)
{
	const struct overview *o = it;
	int64_t ns = 0;

	(void)err;
	if (o->flows && __builtin_sub_overflow(o->last_ns, o->first_ns, &ns))
		ns = 0;
	number(to, "flows", o->flows);
	number(to, "packets", o->packets);
	number(to, "bytes", o->bytes);
	if (!o->flows)
		return 0;
	moment(to, "first", o->first_ns);
	moment(to, "last", o->last_ns);
	number(to, "duration_ms", (uint64_t)(ns / NS_PER_MS));
	number(to, "addresses", o->addrs.n);
	number(to, "bits_per_second",
		study_ratio(o->bytes * 8, NS_PER_S, (uint64_t)ns));
	number(to, "packets_per_second",
		study_ratio(o->packets, NS_PER_S, (uint64_t)ns));
	number(to, "flows_per_second",
		study_ratio(o->flows, NS_PER_S, (uint64_t)ns));
	number(to, "bytes_per_packet", study_ratio(o->bytes, 1, o->packets));
	number(to, "bytes_per_flow", study_ratio(o->bytes, 1, o->flows));
	number(to, "packets_per_flow", study_ratio(o->packets, 1, o->flows));
	number(to, "flow_duration_ms",
		study_ratio(o->duration_ms, 1, o->flows));
	number(to, "foreign_flows", o->foreign);
	number(to, "estimated_flows", o->estimated);
	return 0;
}

static void release(void *it)
{
	struct overview *o = it;

	map_release(&o->addrs);
	free(o);
}

static const struct sheet_column columns[] = {
	{.name = "what"}, {.name = "value", .right = true}};

const struct study study_summary = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
