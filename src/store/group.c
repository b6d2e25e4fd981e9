/* Each flow becomes the product of its keys' values: one, but for link, node
 * and time, which may have several.  Sums stay exact: a record's packets are
 * dealt out over time by differences of one rounded running sum. */
#include "store/group.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 100000 }; /* of one record */
#define TIME_MAX (INT64_MAX / 4)

static const char *const names[] = {
#define X(name, text) text,
	GROUP_KEYS(X)
#undef X
		NULL};

const char *group_key_name(enum group_key key)
{
	return (unsigned)key < GROUP_KEY_COUNT ? names[key] : "unknown";
}

static const char *nth_name(const void *ctx, size_t i)
{
	(void)ctx;
	return names[i];
}

bool group_by_has(const struct group_by *by, enum group_key key)
{
	for (size_t i = 0; i < by->n; i++)
		if (by->keys[i] == key)
			return true;
	return false;
}

static int parse_bucket(struct group_by *by, const char *text, struct err *err)
{
	int64_t ms;

	if (!clock_parse_span(text, &ms) || ms <= 0 ||
		ms > INT64_C(366) * 86400 * 1000)
		return err_set(err, NFZ_E_USAGE,
			"--by: time:%s: how many seconds?", text);
	by->bucket_ns = ms * NS_PER_MS;
	return 0;
}

int group_by_add(struct group_by *by, const char *text, struct err *err)
{
	size_t len = strcspn(text, ":");
	const char *near = opt_nearest(text, nth_name, NULL);
	int key = 0;

	while (names[key] && (strlen(names[key]) != len ||
				     memcmp(names[key], text, len) != 0))
		key++;
	if (!names[key] || (text[len] && key != GROUP_TIME)) {
		err_set(err, NFZ_E_USAGE, "--by: there is no key %s", text);
		return err_hint(err,
			"%s%s%sKeys: src dst sport dport proto link node "
			"src_node dst_node time:SECONDS",
			near ? "Did you mean " : "", near ? near : "",
			near ? "?\n" : "");
	}
	if (group_by_has(by, (enum group_key)key))
		return err_set(err, NFZ_E_USAGE, "--by: %s is there twice",
			names[key]);
	by->keys[by->n++] = (enum group_key)key;
	if (key == GROUP_TIME)
		return parse_bucket(by, text[len] ? text + len + 1 : "", err);
	return 0;
}

void group_init(struct group *g, const struct group_by *by)
{
	*g = (struct group){.by = *by};
	map_init(&g->index);
}

void group_release(struct group *g)
{
	free(g->rows);
	map_release(&g->index);
}

static int add(struct group *g, const struct group_value *v, uint64_t packets,
	uint64_t bytes, struct err *err)
{
	size_t at = (size_t)(uintptr_t)map_get(&g->index, v, sizeof(*v));
	struct group_row *row;

	if (!at) {
		if (g->n >= GROUP_ROWS_MAX)
			return err_set(err, NFZ_E_LIMIT,
				"more than %d rows: group by fewer keys, or "
				"filter",
				GROUP_ROWS_MAX);
		MEM_PUSH(g->rows, g->n, g->cap) =
			(struct group_row){.value = *v};
		at = g->n;
		map_put(&g->index, v, sizeof(*v), (void *)(uintptr_t)at);
	}
	row = &g->rows[at - 1];
	row->flows += row->last_flow != g->serial;
	row->last_flow = g->serial;
	row->packets += packets;
	row->bytes += bytes;
	return 0;
}

static int64_t floor_to(int64_t v, int64_t unit)
{
	int64_t rest = v % unit;

	return v - (rest < 0 ? rest + unit : rest);
}

/* total * part / whole, rounded down; part <= whole. */
static uint64_t share(uint64_t total, int64_t part, int64_t whole)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)total * (uint64_t)part / (uint64_t)whole);
}

int group_spread(const struct flow_record *r, int64_t unit, group_piece_fn fn,
	void *ctx, struct err *err)
{
	uint64_t packets = 0, bytes = 0;
	int64_t whole, at, end;

	/* a clock that says such things is believed for nothing but a place */
	if (r->first_ns < -TIME_MAX || r->first_ns > TIME_MAX ||
		__builtin_sub_overflow(r->last_ns, r->first_ns, &whole))
		whole = 0;
	at = r->first_ns < -TIME_MAX  ? -TIME_MAX
	     : r->first_ns > TIME_MAX ? TIME_MAX
				      : r->first_ns;
	at = floor_to(at, unit);
	if (whole <= 0 || whole / unit > PIECES_MAX)
		return fn(ctx, at, r->packets, r->bytes, err);
	for (; at <= r->last_ns; at = end) {
		int64_t part;
		uint64_t p, b;
		int res = 0;

		end = at + unit;
		part = (end < r->last_ns ? end : r->last_ns) - r->first_ns;
		p = end > r->last_ns ? r->packets
				     : share(r->packets, part, whole);
		b = end > r->last_ns ? r->bytes : share(r->bytes, part, whole);
		if (p > packets || b > bytes)
			res = fn(ctx, at, p - packets, b - bytes, err);
		if (res < 0)
			return res;
		packets = p;
		bytes = b;
	}
	return 0;
}

struct piece_of {
	struct group *g;
	struct group_value *v;
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	struct piece_of *to = ctx;

	to->v->time_ns = at_ns;
	return add(to->g, to->v, packets, bytes, err);
}

static int link_of(const struct catalog *c, const struct flow_record *r)
{
	const struct catalog_tap *tap = catalog_tap(c, r->tap);

	return tap ? tap->link : -1;
}

static int add_rows(struct group *g, struct group_value *v,
	const struct flow *f, const struct catalog *c, struct err *err)
{
	bool by_link = group_by_has(&g->by, GROUP_LINK);
	struct piece_of to = {g, v};
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		if (by_link ? link_of(c, f->rows[i]) != v->link
			    : !f->counted[i])
			continue;
		r = group_spread(
			f->rows[i], g->by.bucket_ns, add_piece, &to, err);
	}
	return r;
}

/* The flow with the nodes and the link in v. */
static int add_one(struct group *g, struct group_value *v, const struct flow *f,
	const struct catalog *c, struct err *err)
{
	if (group_by_has(&g->by, GROUP_TIME))
		return add_rows(g, v, f, c, err);
	if (group_by_has(&g->by, GROUP_LINK))
		for (size_t i = 0; i < f->n_links; i++)
			if (f->links[i].link == v->link)
				return add(g, v, f->links[i].packets,
					f->links[i].bytes, err);
	return add(g, v, f->packets, f->bytes, err);
}

static int add_links(struct group *g, struct group_value *v,
	const struct flow *f, const struct catalog *c, struct err *err)
{
	int r = 0;

	if (!group_by_has(&g->by, GROUP_LINK))
		return add_one(g, v, f, c, err);
	if (f->n_links == 0) {
		v->link = -1;
		return add_one(g, v, f, c, err);
	}
	for (size_t i = 0; i < f->n_links && r == 0; i++) {
		v->link = f->links[i].link;
		r = add_one(g, v, f, c, err);
	}
	return r;
}

static struct group_value value_of(
	const struct group_by *by, const struct flow *f)
{
	struct group_value v = {0};

	if (group_by_has(by, GROUP_SRC))
		v.src = f->key.src;
	if (group_by_has(by, GROUP_DST))
		v.dst = f->key.dst;
	if (group_by_has(by, GROUP_SPORT))
		v.sport = f->key.sport;
	if (group_by_has(by, GROUP_DPORT))
		v.dport = f->key.dport;
	if (group_by_has(by, GROUP_PROTO))
		v.proto = f->key.proto;
	if (group_by_has(by, GROUP_SRC_NODE))
		v.src_node = f->src_node;
	if (group_by_has(by, GROUP_DST_NODE))
		v.dst_node = f->dst_node;
	return v;
}

int group_add(struct group *g, const struct flow *f, const struct catalog *c,
	struct err *err)
{
	struct group_value v = value_of(&g->by, f);
	int r;

	g->serial++;
	if (!group_by_has(&g->by, GROUP_NODE))
		return add_links(g, &v, f, c, err);
	v.node = f->src_node;
	r = add_links(g, &v, f, c, err);
	if (r < 0 || f->dst_node == f->src_node)
		return r;
	v.node = f->dst_node;
	return add_links(g, &v, f, c, err);
}
