#include "store/rollup_ask.h"

#include <string.h>

static unsigned about_key(enum group_key key)
{
	switch (key) {
	case GROUP_TIME:
		return 0;
	case GROUP_PROTO:
		return FILTER_ABOUT_PROTO;
	case GROUP_SPORT:
		return FILTER_ABOUT_SPORT;
	case GROUP_DPORT:
		return FILTER_ABOUT_DPORT;
	case GROUP_IN_IF:
		return FILTER_ABOUT_IN_IF;
	case GROUP_OUT_IF:
		return FILTER_ABOUT_OUT_IF;
	case GROUP_SRC:
		return FILTER_ABOUT_SRC;
	case GROUP_DST:
		return FILTER_ABOUT_DST;
	default:
		return FILTER_ABOUT_MORE;
	}
}

bool rollup_can(struct rollup_ask *ret, const struct filter *filter,
	const struct group_by *by)
{
	/* what the tables are about */
	static const struct {
		enum rollup_kind kind;
		unsigned about;
	} kinds[] = {{ROLLUP_TAP, FILTER_ABOUT_PROTO},
		{ROLLUP_SPORT, FILTER_ABOUT_PROTO | FILTER_ABOUT_SPORT},
		{ROLLUP_DPORT, FILTER_ABOUT_PROTO | FILTER_ABOUT_DPORT},
		{ROLLUP_IN_IF, FILTER_ABOUT_PROTO | FILTER_ABOUT_IN_IF},
		{ROLLUP_OUT_IF, FILTER_ABOUT_PROTO | FILTER_ABOUT_OUT_IF},
		{ROLLUP_SRC, FILTER_ABOUT_SRC}, {ROLLUP_DST, FILTER_ABOUT_DST}};
	unsigned keys = 0, about;

	for (size_t i = 0; i < by->n; i++)
		keys |= about_key(by->keys[i]);
	about = keys | filter_about(filter);
	*ret = (struct rollup_ask){.filter = filter,
		.by_value = keys & ~(unsigned)FILTER_ABOUT_PROTO,
		.bucket_ns = group_by_has(by, GROUP_TIME) ? by->bucket_ns : 0};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!(about & ~kinds[i].about)) {
			ret->kind = kinds[i].kind;
			return by->n > 0;
		}
	return false;
}

/* Of a series ---------------------------------------------------------- */

struct telling {
	const struct rollup *r;
	const struct rollup_ask *ask;
};

static bool is_listed(const struct telling *t, const struct history_cell *c)
{
	return t->ask->kind != ROLLUP_TAP && c->series & ROLLUP_IS_LISTED;
}

static const struct net_addr *host_of(
	const struct telling *t, const struct history_cell *c)
{
	return &t->r->hosts[t->ask->kind - ROLLUP_SRC][rollup_value(c)];
}

static bool has_number(const void *ctx, uint64_t number)
{
	const struct telling *t = ctx;
	const struct history *h = &t->r->by[t->ask->kind];

	for (size_t i = 0; i < h->n; i++)
		if (is_listed(t, &h->cells[i]) &&
			rollup_value(&h->cells[i]) == number)
			return true;
	return false;
}

static bool has_host(const void *ctx, const struct net_addr *host)
{
	const struct telling *t = ctx;
	const int d = t->ask->kind == ROLLUP_DST;

	for (size_t i = 0; i < t->r->n_hosts[d]; i++)
		if (memcmp(&t->r->hosts[d][i], host, sizeof(*host)) == 0)
			return true;
	return false;
}

/* What is not asked for stays 0. */
static struct group_value value_of(
	const struct telling *t, const struct history_cell *c)
{
	struct group_value v = {.proto = history_proto(c)};

	if (!is_listed(t, c))
		return v;
	switch (t->ask->kind) {
	case ROLLUP_SPORT:
		v.sport = rollup_value(c);
		break;
	case ROLLUP_DPORT:
		v.dport = rollup_value(c);
		break;
	case ROLLUP_IN_IF:
		v.extra.in_if = rollup_value(c);
		break;
	case ROLLUP_OUT_IF:
		v.extra.out_if = rollup_value(c);
		break;
	case ROLLUP_SRC:
		v.src = *host_of(t, c);
		break;
	case ROLLUP_DST:
		v.dst = *host_of(t, c);
		break;
	case ROLLUP_TAP:
	case ROLLUP_KINDS:
		break;
	}
	return v;
}

/* MAYBE: it cannot be told from here. */
static enum filter_answer judge(
	const struct telling *t, const struct history_cell *c)
{
	const struct group_value v = value_of(t, c);
	const struct flow_key key = {.src = v.src,
		.dst = v.dst,
		.sport = v.sport,
		.dport = v.dport,
		.proto = v.proto};
	const struct filter_subject known = {
		.key = &key, .whole = true, .extra = &v.extra};
	const struct filter_rest rest = {.proto = v.proto,
		.known = t->ask->kind < ROLLUP_SRC,
		.has_number = has_number,
		.has_host = has_host,
		.ctx = t};
	enum filter_answer a;

	/* it is about nothing else (rollup_can) */
	if (t->ask->kind == ROLLUP_TAP || is_listed(t, c))
		return filter_test(t->ask->filter, &known);
	a = filter_test_rest(t->ask->filter, &rest);
	return a == FILTER_YES && t->ask->by_value ? FILTER_MAYBE : a;
}

/* Cells of one series follow one another: the next one's. */
static size_t next_series(const struct history *h, size_t i)
{
	const uint64_t series = h->cells[i].series;

	while (i < h->n && h->cells[i].series == series)
		i++;
	return i;
}

static bool can_tell(const struct telling *t)
{
	const struct history *h = &t->r->by[t->ask->kind];

	if (!t->r->exact || h->untold ||
		(t->ask->bucket_ns && t->ask->bucket_ns % h->unit_ns))
		return false;
	for (size_t i = 0; i < h->n; i = next_series(h, i))
		if (judge(t, &h->cells[i]) == FILTER_MAYBE)
			return false;
	return true;
}

static struct rollup_sum sum_of(
	const struct telling *t, const struct history_cell *c)
{
	const int64_t bucket_ns = t->ask->bucket_ns;
	struct rollup_sum s = {.value = value_of(t, c),
		.flows = c->records,
		.packets = c->packets,
		.bytes = c->bytes};

	if (!bucket_ns)
		return s;
	s.value.time_ns = group_floor(c->at_ns, bucket_ns);
	if (s.value.time_ns == c->at_ns)
		s.flows += c->stayed;
	return s;
}

int rollup_tell(const struct rollup *r, const struct rollup_ask *ask,
	uint64_t *ret_records, rollup_fn fn, void *ctx, struct err *err)
{
	const struct telling t = {r, ask};
	const struct history *h = &r->by[ask->kind];
	int res = 0;

	*ret_records = 0;
	if (!can_tell(&t))
		return 0;
	for (size_t i = 0, end; i < h->n && res == 0; i = end) {
		end = next_series(h, i);
		if (judge(&t, &h->cells[i]) == FILTER_NO)
			continue;
		for (; i < end && res == 0; i++) {
			const struct rollup_sum s = sum_of(&t, &h->cells[i]);

			*ret_records += h->cells[i].records;
			res = fn(ctx, &s, err);
		}
	}
	return res ? res : 1;
}
