/* Asking a filter: of a flow, of a row (only its key is known), of a whole
 * block.  Answers have three values, so that a block is passed over, or a row
 * dropped, only when the answer is a sure no. */
#include "store/filter.h"
#include "base/lines.h"
#include "store/block.h"
#include "store/bloom.h"
#include "store/filter_tree.h"

#include <inttypes.h>
#include <string.h>

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {{"icmp", 1}, {"igmp", 2}, {"ipip", 4}, {"tcp", 6}, {"egp", 8},
	{"udp", 17}, {"dccp", 33}, {"ipv6-tunnel", 41}, {"rsvp", 46},
	{"gre", 47}, {"esp", 50}, {"ah", 51}, {"icmp6", 58}, {"eigrp", 88},
	{"ospf", 89}, {"pim", 103}, {"vrrp", 112}, {"l2tp", 115}, {"sctp", 132},
	{"udplite", 136}, {"ipv6-icmp", 58}, {"icmpv6", 58}};
enum { N_PROTOCOLS = sizeof(protocols) / sizeof(*protocols) };

int filter_protocol(const char *name, size_t len)
{
	int64_t v;

	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (strlen(protocols[i].name) == len &&
			strncasecmp(protocols[i].name, name, len) == 0)
			return protocols[i].number;
	return span_count((struct span){name, len}, 255, &v) ? (int)v : -1;
}

const char *filter_protocol_name(uint8_t proto)
{
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (protocols[i].number == proto)
			return protocols[i].name;
	return NULL;
}

/* What is asked: one flow, rows that are not listed, or a block. */
struct question {
	const struct filter_subject *subject; /* or NULL... */
	const struct filter_rest *rest;       /* ...or NULL */
	const struct store_zone *zone;
};

static enum filter_answer answer(bool yes)
{
	return yes ? FILTER_YES : FILTER_NO;
}

static bool within(const struct filter_node *n, uint64_t v)
{
	return v >= n->low && v <= n->high;
}

static bool listed(int index, const int *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i] == index)
			return true;
	return false;
}

enum filter_answer filter_ask_whole(
	const struct filter_node *n, const struct filter_subject *s)
{
	if (!s->whole)
		return FILTER_MAYBE;
	switch (n->kind) {
	case FILTER_LINK:
		return answer(listed(n->index, s->links, s->n_links));
	case FILTER_VIA:
		return answer(listed(n->index, s->via, s->n_via));
	case FILTER_AT:
		return answer(listed(n->index, s->at, s->n_at));
	case FILTER_FLAGS:
		return answer((s->tcp_flags & n->low) == n->low);
	case FILTER_NUMBER:
		return answer(within(n, measure_of(n->field, s->packets,
						s->bytes, s->duration_ns)));
	case FILTER_PAIR:
	case FILTER_NEXT:
	case FILTER_ELEMENT:
		return answer(filter_extra_test(n, s->extra));
	default: /* those about the key */
		return FILTER_MAYBE;
	}
}

static enum filter_answer ask_flow(
	const struct filter_node *n, const struct filter_subject *s)
{
	const struct flow_key *k = s->key;

	switch (n->kind) {
	case FILTER_ANY:
		return FILTER_YES;
	case FILTER_ADDR:
		return answer(
			filter_joined(n->dir, filter_in_prefixes(n, &k->src),
				filter_in_prefixes(n, &k->dst)));
	case FILTER_PORT:
		return answer(filter_joined(
			n->dir, within(n, k->sport), within(n, k->dport)));
	case FILTER_PROTO:
		return answer(k->proto == n->low);
	case FILTER_FAMILY:
		return answer(net_addr_is_v4(&k->src) == (n->low == 4));
	case FILTER_FRAGMENT:
		return answer(k->flags & KEY_FRAGMENT);
	default:
		return filter_ask_whole(n, s);
	}
}

static bool only_hosts(const struct filter_node *n)
{
	for (size_t i = 0; i < n->n_prefixes; i++)
		if (n->prefixes[i].len != 128)
			return false;
	return true;
}

static enum filter_answer ask_hosts(
	const struct filter_node *n, const struct store_zone *z)
{
	if (!z->bloom || !only_hosts(n))
		return FILTER_MAYBE;
	for (size_t i = 0; i < n->n_prefixes; i++)
		if (bloom_may(z->bloom, z->bloom_len, &n->prefixes[i].addr))
			return FILTER_MAYBE;
	return FILTER_NO;
}

bool filter_zone_whole(const struct store_zone *z)
{
	const struct column_range *flags = &z->column[COLUMN_FLAGS];

	return flags->min == flags->max && flags->min & RECORD_FOREIGN;
}

/* Numbers of flows are those of rows where all rows are whole. */
static enum filter_answer ask_numbers(
	const struct filter_node *n, const struct store_zone *z)
{
	const struct column_range *c = z->column;

	if (!filter_zone_whole(z))
		return FILTER_MAYBE;
	if (n->field == MEASURE_PACKETS &&
		!filter_overlaps(n, &c[COLUMN_PACKETS]))
		return FILTER_NO;
	if (n->field == MEASURE_BYTES && !filter_overlaps(n, &c[COLUMN_BYTES]))
		return FILTER_NO;
	return FILTER_MAYBE;
}

/* Only no is sure: a block holds many flows. */
static enum filter_answer ask_zone(
	const struct filter_node *n, const struct store_zone *z)
{
	const struct column_range *c = z->column;

	switch (n->kind) {
	case FILTER_ADDR:
		return ask_hosts(n, z);
	case FILTER_PORT:
		return filter_joined(n->dir,
			       filter_overlaps(n, &c[COLUMN_SPORT]),
			       filter_overlaps(n, &c[COLUMN_DPORT]))
			       ? FILTER_MAYBE
			       : FILTER_NO;
	case FILTER_PROTO:
		return n->low >= c[COLUMN_PROTO].min &&
				       n->low <= c[COLUMN_PROTO].max
			       ? FILTER_MAYBE
			       : FILTER_NO;
	case FILTER_NUMBER:
		return ask_numbers(n, z);
	case FILTER_PAIR:
	case FILTER_NEXT:
	case FILTER_ELEMENT:
		return filter_zone_whole(z) && !filter_extra_may(n, z)
			       ? FILTER_NO
			       : FILTER_MAYBE;
	default:
		return FILTER_MAYBE;
	}
}

/* Are all values listed that the leaf wants? */
static bool all_listed(
	const struct filter_node *n, const struct filter_rest *rest)
{
	enum { LOOKS = 256 };

	if (n->kind == FILTER_ADDR) {
		if (!only_hosts(n))
			return false;
		for (size_t i = 0; i < n->n_prefixes; i++)
			if (!rest->has_host(rest->ctx, &n->prefixes[i].addr))
				return false;
		return true;
	}
	if (n->low <= n->high && n->high - n->low > LOOKS)
		return false;
	for (uint64_t v = n->low; v <= n->high; v++)
		if (!rest->has_number(rest->ctx, v))
			return false;
	return true;
}

static enum filter_answer ask_rest(
	const struct filter_node *n, const struct filter_rest *rest)
{
	switch (n->kind) {
	case FILTER_ANY:
		return FILTER_YES;
	case FILTER_PROTO:
		return rest->known ? answer(n->low == rest->proto)
				   : FILTER_MAYBE;
	case FILTER_PAIR:
	case FILTER_PORT:
	case FILTER_ADDR:
		return all_listed(n, rest) ? FILTER_NO : FILTER_MAYBE;
	default:
		return FILTER_MAYBE;
	}
}

static enum filter_answer ask_leaf(
	const struct filter_node *n, const struct question *q)
{
	if (q->subject)
		return ask_flow(n, q->subject);
	return q->rest ? ask_rest(n, q->rest) : ask_zone(n, q->zone);
}

static enum filter_answer ask(
	const struct filter *f, int at, const struct question *q)
{
	const struct filter_node *n = &f->nodes[at];
	enum filter_answer a, worst = FILTER_YES, best = FILTER_NO;

	if (n->kind > FILTER_NOT)
		return ask_leaf(n, q);
	for (int i = n->child; i >= 0; i = f->nodes[i].next) {
		a = ask(f, i, q);
		worst = a < worst ? a : worst;
		best = a > best ? a : best;
		if ((n->kind == FILTER_AND && worst == FILTER_NO) ||
			(n->kind == FILTER_OR && best == FILTER_YES))
			break;
	}
	if (n->kind == FILTER_NOT)
		return FILTER_YES - best;
	return n->kind == FILTER_AND ? worst : best;
}

enum filter_answer filter_test(
	const struct filter *f, const struct filter_subject *s)
{
	const struct question q = {.subject = s};

	return f->root < 0 ? FILTER_YES : ask(f, f->root, &q);
}

enum filter_answer filter_test_rest(
	const struct filter *f, const struct filter_rest *rest)
{
	const struct question q = {.rest = rest};

	return f->root < 0 ? FILTER_YES : ask(f, f->root, &q);
}

static unsigned about_side(const struct filter_node *n, unsigned src)
{
	return n->dir == DIR_SRC   ? src
	       : n->dir == DIR_DST ? src << 1
				   : src | src << 1;
}

unsigned filter_about(const struct filter *f)
{
	unsigned about = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct filter_node *n = &f->nodes[i];

		if (n->kind == FILTER_PORT)
			about |= about_side(n, FILTER_ABOUT_SPORT);
		else if (n->kind == FILTER_PAIR && n->index == PAIR_IF)
			about |= about_side(n, FILTER_ABOUT_IN_IF);
		else if (n->kind == FILTER_ADDR)
			about |= about_side(n, FILTER_ABOUT_SRC);
		else if (n->kind == FILTER_PROTO)
			about |= FILTER_ABOUT_PROTO;
		else if (n->kind > FILTER_ANY)
			about |= FILTER_ABOUT_MORE;
	}
	return about;
}

bool filter_may(const void *filter, const struct store_zone *zone)
{
	const struct filter *f = filter;
	const struct question q = {.zone = zone};

	return f->root < 0 || ask(f, f->root, &q) != FILTER_NO;
}

bool filter_asks_hosts(const struct filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].kind == FILTER_ADDR && only_hosts(&f->nodes[i]))
			return true;
	return false;
}

bool filter_asks_extras(const struct filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].kind == FILTER_PAIR ||
			f->nodes[i].kind == FILTER_NEXT ||
			f->nodes[i].kind == FILTER_ELEMENT)
			return true;
	return false;
}

bool filter_asks_others(const struct filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].kind == FILTER_ELEMENT)
			return true;
	return false;
}

/* Printing ------------------------------------------------------------- */

static void print_side(const struct filter_node *n, const char *side,
	const struct catalog *c, struct buf *out)
{
	if (n->kind == FILTER_PORT && n->low > n->high) {
		buf_adds(out, "not any");
	} else if (n->kind == FILTER_PORT && n->low != n->high) {
		buf_addf(out, "%s port %" PRIu64 "-%" PRIu64, side, n->low,
			n->high > UINT16_MAX ? UINT16_MAX : n->high);
	} else if (n->kind == FILTER_PORT) {
		buf_addf(out, "%s port %" PRIu64, side, n->low);
	} else if (n->index == INDEX_EXPERIMENT) {
		buf_addf(out, "%s experiment", side);
	} else if (n->index >= 0 && c) {
		buf_addf(out, "%s node %s", side, c->nodes[n->index].name);
	} else {
		filter_print_prefix(side, &n->prefixes[0], out);
	}
}

static void print_directed(
	const struct filter_node *n, const struct catalog *c, struct buf *out)
{
	bool two = n->dir == DIR_EITHER || n->dir == DIR_BOTH;

	if (two)
		buf_addc(out, '(');
	if (n->dir != DIR_DST)
		print_side(n, "src", c, out);
	if (two)
		buf_adds(out, n->dir == DIR_BOTH ? " and " : " or ");
	if (n->dir != DIR_SRC)
		print_side(n, "dst", c, out);
	if (two)
		buf_addc(out, ')');
}

static void print_leaf(
	const struct filter_node *n, const struct catalog *c, struct buf *out)
{
	static const char letters[] = "FSRPAUEC";

	switch (n->kind) {
	case FILTER_ADDR:
	case FILTER_PORT:
		print_directed(n, c, out);
		return;
	case FILTER_PROTO:
		buf_addf(out, "proto %" PRIu64, n->low);
		return;
	case FILTER_FAMILY:
		buf_adds(out, n->low == 4 ? "ipv4" : "ipv6");
		return;
	case FILTER_FRAGMENT:
		buf_adds(out, "fragment");
		return;
	case FILTER_LINK:
		buf_addf(out, "link %s", c->links[n->index].name);
		return;
	case FILTER_VIA:
	case FILTER_AT:
		buf_addf(out, "%s %s", n->kind == FILTER_AT ? "at" : "via",
			c->nodes[n->index].name);
		return;
	case FILTER_FLAGS:
		buf_adds(out, "flags ");
		for (int i = 0; i < 8; i++)
			if (n->low >> i & 1)
				buf_addc(out, letters[i]);
		return;
	case FILTER_NUMBER:
		filter_print_range(measure_name(n->field), n, out);
		return;
	case FILTER_PAIR:
	case FILTER_NEXT:
	case FILTER_ELEMENT:
		filter_extra_print(n, out);
		return;
	case FILTER_ANY:
	case FILTER_AND:
	case FILTER_OR:
	case FILTER_NOT:
		buf_adds(out, "any");
		return;
	}
}

static void print(const struct filter *f, int at, bool top,
	const struct catalog *c, struct buf *out)
{
	const struct filter_node *n = &f->nodes[at];
	const char *between = n->kind == FILTER_AND ? " and " : " or ";

	if (n->kind > FILTER_NOT) {
		print_leaf(n, c, out);
		return;
	}
	if (n->kind == FILTER_NOT) {
		buf_adds(out, "not ");
		print(f, n->child, false, c, out);
		return;
	}
	if (!top)
		buf_addc(out, '(');
	for (int i = n->child; i >= 0; i = f->nodes[i].next) {
		print(f, i, false, c, out);
		if (f->nodes[i].next >= 0)
			buf_adds(out, between);
	}
	if (!top)
		buf_addc(out, ')');
}

void filter_print(
	const struct filter *f, const struct catalog *c, struct buf *out)
{
	if (f->root < 0)
		buf_adds(out, "any");
	else
		print(f, f->root, true, c, out);
}
