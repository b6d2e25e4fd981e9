/* The two readings, flow by flow. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/summary_parts.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 300 };

int summary_link(const struct summary *s, const struct flow_record *r)
{
	const struct catalog_tap *tap = catalog_tap(s->catalog, r->tap);

	return tap ? tap->link : -1;
}

static int64_t span(int64_t first_ns, int64_t last_ns)
{
	int64_t ns;

	if (__builtin_sub_overflow(last_ns, first_ns, &ns) || ns < 0)
		return 0;
	return ns;
}

static void scale_add(struct scale *scale, uint64_t v)
{
	int octave;
	uint64_t part;

	scale->sum += v;
	scale->max = v > scale->max ? v : scale->max;
	if (v == 0) {
		scale->zero++;
		return;
	}
	octave = 63 - __builtin_clzll(v);
	/* the two bits behind the first: quarters of an octave, evenly */
	part = octave >= 2 ? v >> (octave - 2) & 3 : v << (2 - octave) & 3;
	scale->n[octave * OCTAVE_PARTS + (int)part]++;
}

/* Names --------------------------------------------------------------- */

int summary_too_many_hosts(struct err *err)
{
	return err_set(err, NFZ_E_LIMIT,
		"too many addresses: ask with a filter, or for less time");
}

/* A node, or the address's number behind them all. */
static int64_t end_of(struct summary *s, int node, const struct net_addr *addr)
{
	const int64_t number = node < 0 ? hosts_number(&s->hosts, addr) : 0;

	if (node >= 0 || number < 0)
		return node >= 0 ? node : number;
	return (int64_t)s->catalog->n_nodes + number;
}

/* False: too many. */
static bool find_ends(struct summary *s, const struct flow *f, struct kind *ret)
{
	int64_t src, dst;

	if (f->src_node < 0)
		hosts_prefetch(&s->hosts, &f->key.src);
	if (f->dst_node < 0)
		hosts_prefetch(&s->hosts, &f->key.dst);
	src = end_of(s, f->src_node, &f->key.src);
	dst = end_of(s, f->dst_node, &f->key.dst);
	ret->src = (int32_t)src;
	ret->dst = (int32_t)dst;
	return src >= 0 && dst >= 0;
}

int32_t summary_path(struct summary *s, const int *links, size_t n)
{
	size_t len = n * sizeof(*links);
	size_t at = (size_t)(uintptr_t)map_get(&s->by_path, links, len);
	int *kept;

	if (at)
		return (int32_t)at - 1;
	if (s->n_paths >= PATHS_MAX)
		return -1;
	kept = arena_alloc(&s->arena, n + 1, sizeof(*kept));
	if (n)
		memcpy(kept, links, len);
	MEM_PUSH(s->paths, s->n_paths, s->paths_cap) = (struct path){n, kept};
	map_put(&s->by_path, links, len, (void *)(uintptr_t)s->n_paths);
	return (int32_t)s->n_paths - 1;
}

struct alike *summary_kind(
	struct summary *s, const struct kind *key, uint64_t hash)
{
	struct alike a = {.key = *key};
	size_t at = index_find_hashed(&s->by_alike, s->alike, key, hash);

	if (!at && s->n_alike >= ALIKE_MAX) {
		s->cut = true;
		a.key.src = a.key.dst = ANYBODY;
		at = index_find(&s->by_alike, s->alike, &a.key);
	}
	if (!at) {
		MEM_PUSH(s->alike, s->n_alike, s->alike_cap) = a;
		at = s->n_alike;
		index_add(&s->by_alike, s->alike, at - 1);
	}
	return &s->alike[at - 1];
}

/* Its kind, with the ends it has even where they are not told apart; NULL: too
 * many. */
static struct alike *kind_of(
	struct summary *s, const struct flow *f, struct kind *ret)
{
	if (!find_ends(s, f, ret))
		return NULL;
	ret->path = summary_path(s, f->path, f->n_path);
	ret->proto = f->key.proto;
	return summary_kind(s, ret, index_hash(&s->by_alike, ret));
}

/* First reading -------------------------------------------------------- */

static void add(struct sums *to, uint64_t packets, uint64_t bytes)
{
	to->flows++;
	to->packets += packets;
	to->bytes += bytes;
}

static struct side *side_of(struct summary *s, int link, uint16_t slot)
{
	size_t n = s->catalog->links[link].n_members;

	return &s->links[link].sides[slot < n ? slot : n];
}

void summary_count_record(
	struct summary *s, const struct flow_record *r, bool counted)
{
	if (!s->any || r->first_ns < s->first_ns)
		s->first_ns = r->first_ns;
	if (!s->any || r->last_ns > s->last_ns)
		s->last_ns = r->last_ns;
	s->any = true;
	s->foreign |= (r->flags & RECORD_FOREIGN) != 0;
	s->estimated |= (r->flags & RECORD_ESTIMATED) != 0;
	if (counted)
		add(&s->sizes[measure_size_class(r->packets, r->bytes)],
			r->packets, r->bytes);
}

static void count_sides(struct summary *s, const struct flow_record *r)
{
	int link = summary_link(s, r);

	if (link < 0)
		return;
	add(&side_of(s, link, r->src_slot)->from, r->packets, r->bytes);
	if (s->catalog->links[link].lan)
		add(&side_of(s, link, r->dst_slot)->to, r->packets, r->bytes);
}

static struct flow_hop hop_of(const struct summary *s, const struct flow *f,
	const struct flow_link *l)
{
	struct flow_hop hop = {
		.link = l->link, .packets = l->packets, .bytes = l->bytes};
	bool any = false;

	for (size_t i = 0; i < f->n_rows; i++) {
		const struct flow_record *r = f->rows[i];

		if (summary_link(s, r) != l->link)
			continue;
		if (!any || r->first_ns < hop.first_ns)
			hop.first_ns = r->first_ns;
		if (!any || r->last_ns > hop.last_ns)
			hop.last_ns = r->last_ns;
		any = true;
	}
	return hop;
}

static int by_size(const void *a, const void *b)
{
	const struct flow_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return flow_key_compare(&x->key, &y->key);
}

static size_t rows_most(const struct summary *s)
{
	return s->ask->flows ? s->ask->flows : ROWS;
}

void summary_cut_rows(struct summary *s)
{
	const size_t most = rows_most(s);

	if (s->n_rows)
		qsort(s->rows, s->n_rows, sizeof(*s->rows), by_size);
	while (s->n_rows > most)
		free(s->rows[--s->n_rows].hops);
	if (s->n_rows == most)
		s->large = s->rows[most - 1].bytes;
}

void summary_keep_row(struct summary *s, const struct flow_row *row)
{
	if (s->n_rows >= 2 * rows_most(s) + 1024)
		summary_cut_rows(s);
	MEM_PUSH(s->rows, s->n_rows, s->rows_cap) = *row;
}

static void add_row(
	struct summary *s, const struct flow *f, const struct kind *kind)
{
	struct flow_row row = {.key = f->key,
		.packets = f->packets,
		.bytes = f->bytes,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.tcp_flags = f->tcp_flags,
		.flags = f->flags,
		.src = kind->src,
		.dst = kind->dst,
		.path = kind->path};

	row.hops = mem_zalloc(f->n_path + 1, sizeof(*row.hops));
	for (size_t i = 0; i < f->n_path; i++) {
		const struct flow_link *l = summary_on_link(f, f->path[i]);

		if (l)
			row.hops[row.n_hops++] = hop_of(s, f, l);
	}
	summary_keep_row(s, &row);
}

void summary_count_flow(
	struct summary *s, const struct flow *f, struct alike *a)
{
	add(&s->all, f->packets, f->bytes);
	add(&s->protos[f->key.proto], f->packets, f->bytes);
	add(&a->all, f->packets, f->bytes);
	if (s->by_port)
		add(&s->by_port[f->key.dport], f->packets, f->bytes);
	scale_add(&s->packets, f->packets);
	scale_add(&s->bytes, f->bytes);
	scale_add(&s->duration_us,
		(uint64_t)span(f->first_ns, f->last_ns) / 1000);
}

int summary_count(void *ctx, const struct flow *f, struct err *err)
{
	struct summary *s = ctx;
	struct kind kind;
	struct alike *a = kind_of(s, f, &kind);

	if (!a)
		return summary_too_many_hosts(err);
	summary_count_flow(s, f, a);
	for (size_t i = 0; i < f->n_links; i++)
		if (f->links[i].link >= 0)
			add(&s->links[f->links[i].link].all,
				f->links[i].packets, f->links[i].bytes);
	for (size_t i = 0; i < f->n_rows; i++) {
		summary_count_record(s, f->rows[i], f->counted[i]);
		count_sides(s, f->rows[i]);
	}
	summary_count_steps(s, f);
	if (summary_is_large(s, f->bytes))
		add_row(s, f, &kind);
	return 0;
}

/* Second reading ------------------------------------------------------- */

size_t summary_piece(const struct summary *s, int64_t at_ns)
{
	uint64_t at;

	if (at_ns < s->begin_ns)
		return 0;
	/* times may be any numbers */
	at = ((uint64_t)at_ns - (uint64_t)s->begin_ns) / (uint64_t)s->unit_ns;
	return at < s->n_buckets ? at : s->n_buckets - 1;
}

int summary_deal(const struct summary *s, const struct flow_record *r,
	summary_piece_fn fn, void *ctx, struct err *err)
{
	size_t last = summary_piece(s, r->last_ns);
	uint64_t packets, bytes;
	int ret = 0;

	if (!s->bounded)
		return group_spread(r, s->unit_ns, fn, ctx, err);
	for (size_t i = summary_piece(s, r->first_ns); i <= last && ret == 0;
		i++) {
		int64_t from = s->begin_ns + (int64_t)i * s->unit_ns;

		group_within(r, from, from + s->unit_ns, &packets, &bytes);
		if (packets || bytes)
			ret = fn(ctx, from, packets, bytes, err);
	}
	return ret;
}

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	const struct summary_courses *c = ctx;
	struct summary *s = c->s;
	size_t at = summary_piece(s, at_ns);

	(void)err;
	for (size_t i = 0; i < c->n; i++) {
		struct piece *p;

		if (!*c->to[i])
			*c->to[i] = mem_zalloc(s->n_buckets, sizeof(*p));
		p = *c->to[i] + at;
		p->sum.flows += p->last_flow != s->serial;
		p->last_flow = s->serial;
		p->sum.packets += packets;
		p->sum.bytes += bytes;
	}
	if (c->small)
		summary_add_point(s, &(struct point){c->small - 1, (uint32_t)at,
					     packets, bytes});
	return 0;
}

void summary_begin_courses(struct summary_courses *c, const struct alike *kind,
	uint16_t dport, const struct sums *flow)
{
	struct summary *s = c->s;
	struct port_sum *port = summary_port(s, dport);

	s->serial++;
	c->small = kind->rank;
	c->to[c->n++] = &s->alike[kind->into].course;
	c->to[c->n++] = &s->course;
	if (!port)
		return;
	c->to[c->n++] = &port->course;
	summary_count_port(s, port, kind, flow);
}

int summary_add_courses(const struct summary_courses *c,
	const struct flow_record *r, struct err *err)
{
	return summary_deal(c->s, r, add_piece, (void *)(uintptr_t)c, err);
}

static void add_sides(struct summary_courses *c, const struct flow_record *r)
{
	struct summary *s = c->s;
	const int link = summary_link(s, r);

	if (link < 0)
		return;
	c->to[c->n++] = &s->links[link].course;
	c->to[c->n++] = &side_of(s, link, r->src_slot)->from_course;
	if (s->catalog->links[link].lan)
		c->to[c->n++] = &side_of(s, link, r->dst_slot)->to_course;
}

int summary_spread(void *ctx, const struct flow *f, struct err *err)
{
	struct summary *s = ctx;
	struct summary_courses whole = {.s = s};
	struct kind kind;
	const struct alike *a = kind_of(s, f, &kind);
	int r;

	if (!a)
		return summary_too_many_hosts(err);
	r = summary_spread_steps(s, f, err);
	summary_begin_courses(&whole, a, f->key.dport,
		&(struct sums){1, f->packets, f->bytes});
	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		struct summary_courses c = {.s = s};

		if (f->counted[i]) {
			c = whole;
			summary_add_foreign(&c, f->rows[i]);
		}
		add_sides(&c, f->rows[i]);
		r = summary_add_courses(&c, f->rows[i], err);
	}
	return r;
}
