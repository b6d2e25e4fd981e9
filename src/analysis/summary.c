/* The whole in a few numbers. */
#include "analysis/study.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/answer.h"
#include "store/fold.h"

#include <stdlib.h>

struct overview {
	uint64_t flows, packets, bytes, duration_ms, foreign, estimated;
	int64_t first_ns, last_ns;
	struct fold *addrs;
};

enum { ADDR_WORDS = sizeof(struct net_addr) / sizeof(uint64_t) };

static void *begin(const struct study_ask *ask)
{
	struct overview *o = mem_zalloc(1, sizeof(*o));

	(void)ask;
	o->addrs = fold_new(&(struct fold_form){
		sizeof(struct net_addr), ADDR_WORDS, ADDR_WORDS, NULL, 0});
	return o;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct overview *o = it;
	int64_t ns;
	int r = fold_add(o->addrs, &f->key.src, err);

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
	return r < 0 ? r : fold_add(o->addrs, &f->key.dst, err);
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

static int count_addr(void *ctx, const void *addr, struct err *err)
{
	(void)addr;
	(void)err;
	++*(uint64_t *)ctx;
	return 0;
}

/* The numbers that flow-report(1) has made a habit of. */
static int write_rows(void *it, struct sheet *to, struct err *err)
{
	const struct overview *o = it;
	uint64_t addrs = 0;
	int64_t ns = 0;
	int r = fold_each(o->addrs, count_addr, &addrs, err);

	if (r < 0)
		return r;
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
	number(to, "addresses", addrs);
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

	fold_free(o->addrs);
	free(o);
}

static const struct sheet_column columns[] = {
	{.name = "what"}, {.name = "value", .right = true}};

const struct study study_summary = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
