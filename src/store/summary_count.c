/* The two readings, flow by flow. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/summary_parts.h"

#include <stdlib.h>
#include <string.h>

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

static int32_t end_of(struct summary *s, int node, const struct net_addr *addr)
{
	struct end end = {.node = node};
	size_t at;

	if (node < 0)
		end.addr = *addr;
	at = (size_t)(uintptr_t)map_get(&s->by_end, &end, sizeof(end));
	if (!at) {
		MEM_PUSH(s->ends, s->n_ends, s->ends_cap) = end;
		at = s->n_ends;
		map_put(&s->by_end, &end, sizeof(end), (void *)(uintptr_t)at);
	}
	return (int32_t)at - 1;
}

static int32_t path_of(struct summary *s, const struct flow *f)
{
	size_t len = f->n_path * sizeof(*f->path);
	size_t at = (size_t)(uintptr_t)map_get(&s->by_path, f->path, len);
	int *links;

	if (at)
		return (int32_t)at - 1;
	if (s->n_paths >= PATHS_MAX)
		return -1;
	links = arena_alloc(&s->arena, f->n_path + 1, sizeof(*links));
	if (f->n_path)
		memcpy(links, f->path, len);
	MEM_PUSH(s->paths, s->n_paths, s->paths_cap) =
		(struct path){f->n_path, links};
	map_put(&s->by_path, f->path, len, (void *)(uintptr_t)s->n_paths);
	return (int32_t)s->n_paths - 1;
}

struct alike *summary_alike(struct summary *s, const struct flow *f)
{
	struct alike a = {.key = {end_of(s, f->src_node, &f->key.src),
				  end_of(s, f->dst_node, &f->key.dst),
				  path_of(s, f), f->key.proto}};
	size_t at =
		(size_t)(uintptr_t)map_get(&s->by_alike, &a.key, sizeof(a.key));

	if (!at && s->n_alike >= ALIKE_MAX) {
		s->cut = true;
		a.key.src = a.key.dst = ANYBODY;
		at = (size_t)(uintptr_t)map_get(
			&s->by_alike, &a.key, sizeof(a.key));
	}
	if (!at) {
		MEM_PUSH(s->alike, s->n_alike, s->alike_cap) = a;
		at = s->n_alike;
		map_put(&s->by_alike, &a.key, sizeof(a.key),
			(void *)(uintptr_t)at);
	}
	return &s->alike[at - 1];
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

static void count_record(
	struct summary *s, const struct flow_record *r, bool counted)
{
	int link = summary_link(s, r);

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

void summary_cut_rows(struct summary *s)
{
	size_t most = s->ask->flows ? s->ask->flows : 300;

	if (s->n_rows)
		qsort(s->rows, s->n_rows, sizeof(*s->rows), by_size);
	while (s->n_rows > most)
		free(s->rows[--s->n_rows].hops);
}

static void add_row(
	struct summary *s, const struct flow *f, const struct alike *a)
{
	size_t most = s->ask->flows ? s->ask->flows : 300;
	struct flow_row row = {.key = f->key,
		.packets = f->packets,
		.bytes = f->bytes,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.tcp_flags = f->tcp_flags,
		.flags = f->flags,
		.src = end_of(s, f->src_node, &f->key.src),
		.dst = end_of(s, f->dst_node, &f->key.dst),
		.path = a->key.path};

	if (s->n_rows >= 2 * most + 1024)
		summary_cut_rows(s);
	row.hops = mem_zalloc(f->n_path + 1, sizeof(*row.hops));
	for (size_t i = 0; i < f->n_path; i++) {
		const struct flow_link *l = summary_on_link(f, f->path[i]);

		if (l)
			row.hops[row.n_hops++] = hop_of(s, f, l);
	}
	MEM_PUSH(s->rows, s->n_rows, s->rows_cap) = row;
}

int summary_count(void *ctx, const struct flow *f, struct err *err)
{
	struct summary *s = ctx;
	struct alike *a = summary_alike(s, f);

	(void)err;
	add(&s->all, f->packets, f->bytes);
	add(&s->protos[f->key.proto], f->packets, f->bytes);
	add(&a->all, f->packets, f->bytes);
	if (s->by_port)
		add(&s->by_port[f->key.dport], f->packets, f->bytes);
	for (size_t i = 0; i < f->n_links; i++)
		if (f->links[i].link >= 0)
			add(&s->links[f->links[i].link].all,
				f->links[i].packets, f->links[i].bytes);
	for (size_t i = 0; i < f->n_rows; i++)
		count_record(s, f->rows[i], f->counted[i]);
	summary_count_steps(s, f);
	scale_add(&s->packets, f->packets);
	scale_add(&s->bytes, f->bytes);
	scale_add(&s->duration_us,
		(uint64_t)span(f->first_ns, f->last_ns) / 1000);
	add_row(s, f, a);
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

struct courses {
	struct summary *s;
	struct piece **to[6];
	size_t n;
	uint32_t small; /* its rank + 1; 0: none */
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	const struct courses *c = ctx;
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

int summary_spread(void *ctx, const struct flow *f, struct err *err)
{
	struct summary *s = ctx;
	const struct alike *kind = summary_alike(s, f);
	struct alike *a = &s->alike[kind->into];
	struct port_sum *port = s->by_port ? summary_port(s, f) : NULL;
	int r = summary_spread_steps(s, f, err);

	if (port)
		summary_count_port(s, port, kind, f);
	s->serial++;
	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		const struct flow_record *row = f->rows[i];
		struct courses c = {.s = s};
		int link = summary_link(s, row);

		if (f->counted[i]) {
			c.small = kind->rank;
			c.to[c.n++] = &a->course;
			c.to[c.n++] = &s->course;
			if (port)
				c.to[c.n++] = &port->course;
		}
		if (link >= 0) {
			c.to[c.n++] = &s->links[link].course;
			c.to[c.n++] =
				&side_of(s, link, row->src_slot)->from_course;
		}
		if (link >= 0 && s->catalog->links[link].lan)
			c.to[c.n++] =
				&side_of(s, link, row->dst_slot)->to_course;
		r = summary_deal(s, row, add_piece, &c, err);
	}
	return r;
}
