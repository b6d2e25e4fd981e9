#include "exchange/carry.h"

#include <string.h>

struct carrying {
	const struct carrier *by;
	const volatile int *interrupted;
	void *it;
	struct carry_sums *sums;
	struct carry_times times;
	bool timed; /* there was a flow */
};

static int check_interrupt(const struct carrying *c, struct err *err)
{
	if (*c->interrupted)
		return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
	return 0;
}

static int on_time(void *ctx, const struct flow *f, struct err *err)
{
	struct carrying *c = ctx;

	if (!c->timed || f->first_ns < c->times.first_ns)
		c->times.first_ns = f->first_ns;
	if (!c->timed || f->last_ns > c->times.last_ns)
		c->times.last_ns = f->last_ns;
	c->timed = true;
	c->times.extras |= f->extra && flow_extras_of(f->extra, 1);
	return check_interrupt(c, err);
}

static int on_flow(void *ctx, const struct flow *f, struct err *err)
{
	struct carrying *c = ctx;
	int r = check_interrupt(c, err);

	if (r < 0)
		return r;
	c->sums->flows++;
	c->sums->packets += f->packets;
	c->sums->bytes += f->bytes;
	return c->by->add(c->it, f, err);
}

static const struct carrier *carrier_of(const char *to, const char **ret_rest)
{
	static const struct carrier *const all[] = {
		&carrier_ipfix_file, &carrier_sqlite, &carrier_parquet};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const size_t n = strlen(all[i]->scheme);

		*ret_rest = to + n;
		if (strncmp(to, all[i]->scheme, n) == 0 &&
			strncmp(to + n, "//", 2) != 0)
			return all[i];
	}
	*ret_rest = to;
	return &carrier_collector;
}

int carry(struct store *s, const struct carry_ask *ask, struct carry_sums *ret,
	struct err *err)
{
	struct carry_sums sums = {0};
	struct carrying c = {.sums = &sums, .interrupted = ask->interrupted};
	struct query q = ask->query;
	const char *rest;
	int r;

	q.extras = true;
	c.by = carrier_of(ask->to, &rest);
	r = c.by->open(ask, rest, &c.it, err);
	if (r == 0 && c.by->begin) {
		r = query_flows(s, &q, on_time, &c, NULL, err);
		if (r == 0)
			c.by->begin(c.it, &c.times);
	}
	if (r == 0)
		r = query_flows(s, &q, on_flow, &c, NULL, err);
	if (r == 0)
		r = c.by->end(c.it, &sums, err);
	c.by->close(c.it);
	if (r == 0)
		*ret = sums;
	return r;
}
