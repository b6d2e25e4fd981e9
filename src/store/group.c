/* Each flow becomes the product of its keys' values: one, but for link, node
 * and time, which may have several. */
#include "store/group.h"
#include "base/mem.h"
#include "store/group_inside.h"
#include "store/services.h"

#include <stdlib.h>
#include <string.h>

static bool is_addr_key(enum group_key key)
{
	return key == GROUP_SRC || key == GROUP_DST || key == GROUP_SRC_NET ||
	       key == GROUP_DST_NET;
}

void group_init(struct group *g, const struct group_by *by, size_t rows_max)
{
	struct bins_form form = {0};

	*g = (struct group){
		.by = *by, .alone = by->n == 1 && is_addr_key(by->keys[0])};
	for (size_t i = 0; i < by->n; i++) {
		g->place[by->keys[i]] = form.places;
		form.places += by->keys[i] == GROUP_TIME || g->alone ? 2 : 1;
	}
	/* else a flow is added once */
	g->serials = group_by_has(by, GROUP_LINK) ||
		     group_by_has(by, GROUP_NODE) ||
		     group_by_has(by, GROUP_TIME) || by->from_ns != by->to_ns;
	form.serials = g->serials;
	form.most = g->most = rows_max     ? rows_max
			      : by->n == 1 ? GROUP_BINS_ONE
					   : GROUP_BINS;
	bins_init(&g->bins, &form);
	hosts_init(&g->hosts);
	piles_init(&g->piles, &form);
	g->piles_most = rows_max ? rows_max * 8 : GROUP_PILES_WORDS;
	g->piles_room = g->piles_most / 8;
	form.most = SIZE_MAX;
	bins_init(&g->sum, &form);
	g->sum.seed = g->bins.seed;
}

void group_release(struct group *g)
{
	bins_release(&g->bins);
	hosts_release(&g->hosts);
	bins_release(&g->sum);
	piles_release(&g->piles);
	free(g->open);
	free(g->room);
	*g = (struct group){0};
}

int group_too_many(struct err *err, const char *what)
{
	return err_set(err, NFZ_E_LIMIT,
		"too many %s: group by fewer keys, or filter", what);
}

/* Parts ---------------------------------------------------------------- */

/* Do some piles tell that all would be half as large? */
static bool is_worth_squeezing(struct group *g)
{
	enum { SOME = PILES / 16 };
	const size_t before = g->piles.used;

	for (size_t i = 0; i < SOME; i++)
		piles_squeeze(&g->piles, i, &g->sum);
	return (before - g->piles.used) * (PILES / SOME) > before / 2;
}

/* Half of the keys are left for later.  The table takes no new ones: they may lie
 * on piles. */
static int halve(struct group *g, struct err *err)
{
	struct bins *t = &g->bins;

	if (t->parts >= PILES)
		return group_too_many(err, "groups");
	MEM_PUSH(g->open, g->n_open, g->open_cap) =
		(struct group_part){t->parts * 2, t->rest + t->parts};
	bins_halve(t);
	t->most = t->n;
	for (size_t i = 0; i < PILES; i++)
		if ((i & (t->parts - 1)) != t->rest)
			piles_drop(&g->piles, i);
	return 0;
}

/* Too much lies on piles: they get each key once, more room, or fewer keys. */
static int make_room(struct group *g, struct err *err)
{
	const bool last = g->piles_room == g->piles_most;
	int r = 0;

	if (is_worth_squeezing(g) || last)
		for (size_t i = 0; i < PILES; i++)
			piles_squeeze(&g->piles, i, &g->sum);
	if (!last && g->piles.used > g->piles_room / 2)
		g->piles_room *= 2;
	while (last && r == 0 && g->piles.used > g->piles_room / 4 * 3)
		r = halve(g, err);
	return r;
}

int group_count(struct group *g, const uint64_t *key, uint64_t hash,
	const struct bins_more *more, struct err *err)
{
	struct bins_counts *to = bins_at(&g->bins, key, hash);
	int r = 0;

	if (to) {
		bins_count(to, more);
		return 0;
	}
	if (g->piles.used >= g->piles_room)
		r = make_room(g, err);
	if (r == 0 && bins_is_mine(&g->bins, hash))
		piles_put(&g->piles, piles_of(hash), key, more);
	return r;
}

bool group_again(struct group *g)
{
	if (!g->n_open)
		return false;
	g->n_open--;
	for (size_t i = 0; i < PILES; i++)
		piles_drop(&g->piles, i);
	g->bins.most = g->most;
	bins_begin(&g->bins, g->open[g->n_open].parts, g->open[g->n_open].rest);
	return true;
}

/* Keys as places ------------------------------------------------------- */

int group_host(struct group *g, const struct net_addr *a, uint32_t *ret,
	struct err *err)
{
	int64_t host = hosts_number(&g->hosts, a);

	if (host < 0)
		return group_too_many(err, "addresses");
	*ret = (uint32_t)host;
	return 0;
}

int group_addr(struct group *g, const struct net_addr *a, uint32_t *to,
	struct err *err)
{
	if (!g->alone || !net_addr_is_v4(a))
		return group_host(g, a, to, err);
	to[0] = net_addr_v4_value(a);
	to[1] = GROUP_V4;
	return 0;
}

static struct net_addr get_addr(const struct group *g, const uint32_t *from)
{
	return g->alone && from[1] == GROUP_V4 ? net_addr_v4_host(from[0])
					       : g->hosts.addrs[from[0]];
}

static int put_key(struct group *g, enum group_key key,
	const struct group_value *v, uint32_t *to, struct err *err)
{
	switch (key) {
#define X(name, member)                                                        \
	case GROUP_##name:                                                     \
		return group_addr(g, &v->member, to, err);
		GROUP_ADDR_KEYS(X)
#undef X
#define X(name, member)                                                        \
	case GROUP_##name:                                                     \
		*to = (uint32_t)v->member;                                     \
		return 0;
		GROUP_NUMBER_KEYS(X)
#undef X
	case GROUP_TIME:
		memcpy(to, &v->time_ns, sizeof(v->time_ns));
		return 0;
		GROUP_EXTRA_KEYS(GROUP_CASE)
		return group_put_extra(g, key, &v->extra, to, err);
	case GROUP_KEY_COUNT:
		break;
	}
	return 0;
}

static void get_key(const struct group *g, enum group_key key,
	const uint32_t *from, struct group_value *v)
{
	switch (key) {
#define X(name, member)                                                        \
	case GROUP_##name:                                                     \
		v->member = get_addr(g, from);                                 \
		return;
		GROUP_ADDR_KEYS(X)
#undef X
#define X(name, member)                                                        \
	case GROUP_##name:                                                     \
		v->member = (__typeof__(v->member))*from;                      \
		return;
		GROUP_NUMBER_KEYS(X)
#undef X
	case GROUP_TIME:
		memcpy(&v->time_ns, from, sizeof(v->time_ns));
		return;
		GROUP_EXTRA_KEYS(GROUP_CASE)
		group_get_extra(g, key, *from, &v->extra);
		return;
	case GROUP_KEY_COUNT:
		return;
	}
}

static int rows_of(
	const struct bins *t, group_row_fn fn, void *ctx, struct err *err)
{
	const struct bins_counts *c;
	const uint64_t *key;
	int r = 0;

	for (size_t i = 0; r == 0 && (c = bins_next(t, &i, &key));) {
		const struct group_row row = {.flows = c->flows,
			.packets = c->packets,
			.bytes = c->bytes,
			.key = key};

		r = fn(ctx, &row, err);
	}
	return r;
}

int group_rows(struct group *g, group_row_fn fn, void *ctx, struct err *err)
{
	int r = rows_of(&g->bins, fn, ctx, err);

	for (size_t i = 0; i < PILES && g->piles.used && r == 0; i++) {
		piles_add_up(&g->piles, i, &g->sum);
		r = rows_of(&g->sum, fn, ctx, err);
	}
	return r;
}

struct group_value group_value_of(
	const struct group *g, const struct group_row *row)
{
	uint32_t places[BINS_PLACES_MAX];
	struct group_value v = {0};

	memcpy(places, row->key, g->bins.words * sizeof(*row->key));
	for (size_t k = 0; k < g->by.n; k++)
		get_key(g, g->by.keys[k], &places[g->place[g->by.keys[k]]], &v);
	return v;
}

/* Merged flows --------------------------------------------------------- */

int group_add_sum(struct group *g, const struct group_value *v,
	const struct bins_more *sum, struct err *err)
{
	uint64_t key[BINS_PLACES_MAX / 2] = {0};
	uint32_t places[BINS_PLACES_MAX] = {0};
	int r = 0;

	for (size_t k = 0; k < g->by.n && r == 0; k++)
		r = put_key(g, g->by.keys[k], v,
			&places[g->place[g->by.keys[k]]], err);
	if (r < 0)
		return r;
	memcpy(key, places, sizeof(key));
	return group_count(g, key, bins_hash(&g->bins, key), sum, err);
}

static int add(struct group *g, const struct group_value *v, uint64_t packets,
	uint64_t bytes, struct err *err)
{
	return group_add_sum(g, v,
		&(struct bins_more){
			{1, packets, bytes}, g->serials ? g->serial : 0},
		err);
}

struct spreading {
	struct group *g;
	struct group_value *v;
};

/* Times may be any numbers. */
static bool ends_before(const struct group_by *by, int64_t at_ns)
{
	int64_t end_ns;

	return !__builtin_add_overflow(at_ns, by->bucket_ns, &end_ns) &&
	       end_ns <= by->from_ns;
}

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	struct spreading *s = ctx;
	const struct group_by *by = &s->g->by;

	if (by->from_ns != by->to_ns &&
		(at_ns >= by->to_ns || ends_before(by, at_ns)))
		return 0;
	s->v->time_ns = at_ns;
	return add(s->g, s->v, packets, bytes, err);
}

static int link_of(const struct catalog *c, const struct flow_record *r)
{
	const struct catalog_tap *tap = catalog_tap(c, r->tap);

	return tap ? tap->link : -1;
}

/* The part of a record that is asked for. */
static int add_part(struct group *g, struct group_value *v,
	const struct flow_record *row, struct err *err)
{
	uint64_t packets, bytes;

	group_within(row, g->by.from_ns, g->by.to_ns, &packets, &bytes);
	return packets || bytes ? add(g, v, packets, bytes, err) : 0;
}

static int add_rows(struct group *g, struct group_value *v,
	const struct flow *f, const struct catalog *c, struct err *err)
{
	bool by_link = group_by_has(&g->by, GROUP_LINK);
	bool by_time = group_by_has(&g->by, GROUP_TIME);
	struct spreading to = {g, v};
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		if (by_link ? link_of(c, f->rows[i]) != v->link
			    : !f->counted[i])
			continue;
		r = by_time ? group_spread(f->rows[i], g->by.bucket_ns,
				      add_piece, &to, err)
			    : add_part(g, v, f->rows[i], err);
	}
	return r;
}

/* The flow with the nodes and the link in v. */
static int add_one(struct group *g, struct group_value *v, const struct flow *f,
	const struct catalog *c, struct err *err)
{
	if (group_by_has(&g->by, GROUP_TIME) || g->by.from_ns != g->by.to_ns)
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

/* The first bits of an address; of IPv4, of its 32. */
static struct net_addr net_of(const struct net_addr *a, uint8_t bits)
{
	struct net_addr net = *a;

	if (!net_addr_is_v4(a))
		net_addr_mask(&net, bits);
	else if (bits < 32)
		net_addr_mask(&net, (uint8_t)(96 + bits));
	return net;
}

/* What is of the flow itself. */
static void measure_flow(
	struct group_value *v, const struct group_by *by, const struct flow *f)
{
	int64_t ns;

	if (group_by_has(by, GROUP_FLAGS))
		v->flags = f->tcp_flags;
	if (group_by_has(by, GROUP_SERVICE))
		v->service = (uint32_t)f->key.proto << 16 |
			     services_port(by->services, &f->key);
	if (group_by_has(by, GROUP_SIZE))
		v->size = measure_size_top(
			measure_size_class(f->packets, f->bytes));
	if (group_by_has(by, GROUP_METRIC))
		v->metric = group_metric_place(by->metric, by->words, f->extra);
	if (!group_by_has(by, GROUP_BIN))
		return;
	if (by->of_metric) {
		v->bin = group_metric_place(by->of_metric, NULL, f->extra);
		return;
	}
	if (__builtin_sub_overflow(f->last_ns, f->first_ns, &ns))
		ns = 0;
	v->bin = measure_bin(measure_of(by->of, f->packets, f->bytes, ns));
}

static struct group_value value_of(
	const struct group_by *by, const struct flow *f)
{
	struct group_value v = {0};

	measure_flow(&v, by, f);
	if (group_by_has(by, GROUP_SRC_NET))
		v.src_net = net_of(&f->key.src, by->src_len);
	if (group_by_has(by, GROUP_DST_NET))
		v.dst_net = net_of(&f->key.dst, by->dst_len);
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
	for (size_t i = 0; f->extra && i < by->n; i++)
		if (group_is_extra(by->keys[i]))
			group_extra_keep(&v.extra, f->extra, by->keys[i]);
	return v;
}

int group_add(struct group *g, const struct flow *f, const struct catalog *c,
	struct err *err)
{
	struct group_value v = value_of(&g->by, f);
	int r = group_metric_check(&g->by, err);

	if (r < 0)
		return r;
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
