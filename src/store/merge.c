/* Rows sorted by key and time, cut into flows at idle gaps; each flow's rows
 * sorted by hop; then hops.c says what counts.  Scratch memory grows to the
 * largest flow and is kept. */
#include "store/merge.h"
#include "base/clock.h"
#include "base/mem.h"
#include "flow/metric_fields.h"
#include "store/hops.h"
#include "store/witness.h"

#include <stdlib.h>
#include <string.h>

struct ref {
	uint64_t hash;
	const struct flow_record *row;
	int link; /* where the key means something there only; else 0 */
};

/* A row with the hop it belongs to. */
struct item {
	int link;
	uint16_t src, dst, tap;
	const struct flow_record *row;
};

struct merge {
	const struct catalog *catalog;
	const struct lives *lives;
	int64_t idle_ns;
	struct hash_key seed;
	struct hops *hops;
	struct item *items;
	struct witness *witnesses;
	struct hop *hop;
	const struct flow_record **rows;
	bool *counted;
	int *path, *via, *at;
	struct flow_link *links;
	size_t room; /* of each of these */
	const struct flow_rows *all;
	struct merge_told told;
	merge_fn fn;
	void *ctx;
};

struct merge *merge_new(
	const struct catalog *c, const struct lives *lives, int64_t idle_ms)
{
	struct merge *m = mem_zalloc(1, sizeof(*m));

	if (!idle_ms)
		idle_ms = c->idle_ms ? c->idle_ms : MERGE_IDLE_MS;
	m->catalog = c;
	m->lives = lives;
	m->idle_ns = idle_ms * NS_PER_MS;
	/* only sorted by: no key can do harm, and a store has one order */
	m->seed = (struct hash_key){
		UINT64_C(0x94d049bb133111eb), UINT64_C(0xbf58476d1ce4e5b9)};
	m->hops = hops_new(c);
	return m;
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	hops_free(m->hops);
	free(m->items);
	free(m->witnesses);
	free(m->hop);
	free(m->rows);
	free(m->counted);
	free(m->path);
	free(m->via);
	free(m->at);
	free(m->links);
	free(m);
}

static void make_room(struct merge *m, size_t n)
{
	if (n <= m->room)
		return;
	m->room = n > 2 * m->room ? n : 2 * m->room;
	m->items = mem_grow(m->items, m->room, sizeof(*m->items));
	m->witnesses = mem_grow(m->witnesses, m->room, sizeof(*m->witnesses));
	m->hop = mem_grow(m->hop, m->room, sizeof(*m->hop));
	m->rows = mem_grow(m->rows, m->room, sizeof(*m->rows));
	m->counted = mem_grow(m->counted, m->room, sizeof(*m->counted));
	m->path = mem_grow(m->path, m->room, sizeof(*m->path));
	m->via = mem_grow(m->via, m->room, 2 * sizeof(*m->via));
	m->at = mem_grow(m->at, m->room, sizeof(*m->at));
	m->links = mem_grow(m->links, m->room, sizeof(*m->links));
}

static struct item item_of(const struct merge *m, const struct flow_record *r)
{
	const struct catalog_tap *tap = catalog_tap(m->catalog, r->tap);
	struct item item = {.link = -1, .tap = r->tap, .row = r};
	size_t members;

	if (!tap)
		return item;
	members = m->catalog->links[tap->link].n_members;
	item.link = tap->link;
	item.src = r->src_slot < members ? r->src_slot : SLOT_UNKNOWN;
	item.dst = r->dst_slot < members || r->dst_slot == SLOT_GROUP
			   ? r->dst_slot
			   : SLOT_UNKNOWN;
	item.tap = 0;
	return item;
}

static bool same_hop(const struct item *a, const struct item *b)
{
	return a->link == b->link && a->src == b->src && a->dst == b->dst &&
	       a->tap == b->tap;
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_hop(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = order(x->link, y->link);

	if (!r)
		r = order(x->src, y->src);
	if (!r)
		r = order(x->dst, y->dst);
	if (!r)
		r = order(x->tap, y->tap);
	if (!r)
		r = order(x->row->first_ns, y->row->first_ns);
	return r;
}

static bool several_saw(const struct item *items, size_t n)
{
	if (items->link < 0 || items->src == SLOT_UNKNOWN)
		return false;
	for (size_t i = 1; i < n; i++)
		if (items[i].row->tap != items->row->tap)
			return true;
	return false;
}

/* The rows of a hop: what counts comes to the flow's rows, what others saw
 * again to their end. */
static void add_rows(struct merge *m, const struct item *items, size_t n,
	struct hop *hop, size_t *again)
{
	const bool several = several_saw(items, n);

	for (size_t i = 0; several && i < n; i++) {
		const struct flow_record *r = items[i].row;

		m->witnesses[i].row = r;
		m->witnesses[i].closed_ns =
			m->lives ? lives_end(m->lives, r->tap, r->last_ns)
				 : INT64_MAX;
	}
	if (several)
		witness_choose(m->witnesses, n);
	for (size_t i = 0; i < n; i++) {
		const struct flow_record *r =
			several ? m->witnesses[i].row : items[i].row;

		if (several && m->witnesses[i].again) {
			m->rows[--*again] = r;
			continue;
		}
		m->rows[hop->end++] = r;
		hop->packets += r->packets;
		hop->bytes += r->bytes;
	}
}

/* Sorts the flow's rows by hop; returns the number of hops.  Each has a row. */
static size_t find_hops(
	struct merge *m, const struct ref *refs, size_t n, size_t *ret_rows)
{
	size_t n_hops = 0, again = n;

	for (size_t i = 0; i < n; i++)
		m->items[i] = item_of(m, refs[i].row);
	qsort(m->items, n, sizeof(*m->items), by_hop);
	*ret_rows = 0;
	for (size_t begin = 0, end; begin < n; begin = end) {
		const struct item *item = &m->items[begin];
		struct hop *hop = &m->hop[n_hops++];

		for (end = begin + 1; end < n; end++)
			if (!same_hop(&m->items[end], item))
				break;
		*hop = (struct hop){.link = item->link,
			.src = item->src,
			.dst = item->dst,
			.tap = item->tap,
			.begin = *ret_rows,
			.end = *ret_rows};
		add_rows(m, item, end - begin, hop, &again);
		*ret_rows = hop->end;
	}
	return n_hops;
}

static void count_hop(struct merge *m, struct flow *f, const struct hop *hop)
{
	for (size_t i = hop->begin; i < hop->end; i++) {
		const struct flow_record *r = m->rows[i];

		m->counted[i] = hop->origin;
		f->flags |= r->flags & (RECORD_FOREIGN | RECORD_ESTIMATED);
		if (!hop->origin)
			continue;
		f->tcp_flags |= r->tcp_flags;
		if (r->first_ns < f->first_ns)
			f->first_ns = r->first_ns;
		if (r->last_ns > f->last_ns)
			f->last_ns = r->last_ns;
	}
	if (hop->origin) {
		f->packets += hop->packets;
		f->bytes += hop->bytes;
	}
}

/* Hops are sorted by link. */
static void add_link(struct merge *m, struct flow *f, const struct hop *hop)
{
	struct flow_link *last = f->n_links ? &m->links[f->n_links - 1] : NULL;

	if (hop->link < 0)
		return;
	if (!last || last->link != hop->link) {
		last = &m->links[f->n_links++];
		*last = (struct flow_link){.link = hop->link};
	}
	last->packets += hop->packets;
	last->bytes += hop->bytes;
}

enum { NODES_MAX = 1024 }; /* of via and at; a flow passes fewer */

static void add_node(int *nodes, size_t *n, int node)
{
	if (node < 0 || *n >= NODES_MAX)
		return;
	for (size_t i = 0; i < *n; i++)
		if (nodes[i] == node)
			return;
	nodes[(*n)++] = node;
}

static void add_probe(
	struct merge *m, struct flow *f, const struct flow_record *r)
{
	const struct catalog_tap *tap = catalog_tap(m->catalog, r->tap);

	if (tap)
		add_node(m->at, &f->n_at, tap->node);
}

static void add_nodes(struct merge *m, struct flow *f, const struct hop *hop)
{
	const int ends[] = {hops_node(m->catalog, hop->link, hop->src),
		hops_node(m->catalog, hop->link, hop->dst)};
	uint16_t last = 0;

	for (int i = 0; i < 2; i++)
		if (ends[i] != f->src_node && ends[i] != f->dst_node)
			add_node(m->via, &f->n_via, ends[i]);
	for (size_t i = hop->begin; i < hop->end; i++) {
		if (i == hop->begin || m->rows[i]->tap != last)
			add_probe(m, f, m->rows[i]);
		last = m->rows[i]->tap;
	}
}

static bool is_at(const struct merge *m, const struct hop *hop, uint16_t slot,
	const struct net_addr *addr)
{
	const struct catalog_link *l =
		hop->link < 0 ? NULL : &m->catalog->links[hop->link];

	return l && slot < l->n_members && l->members[slot].has_addr &&
	       memcmp(l->members[slot].addr.b, addr->b, sizeof(addr->b)) == 0;
}

/* Nodes of the key's addresses: where several have one, who was seen with it. */
static void name_ends(const struct merge *m, size_t n_hops, struct flow *f)
{
	f->src_node = catalog_node_of(m->catalog, &f->key.src);
	f->dst_node = catalog_node_of(m->catalog, &f->key.dst);
	for (size_t i = 0; i < n_hops; i++) {
		const struct hop *h = &m->hop[i];

		if (is_at(m, h, h->src, &f->key.src))
			f->src_node = hops_node(m->catalog, h->link, h->src);
		if (is_at(m, h, h->dst, &f->key.dst))
			f->dst_node = hops_node(m->catalog, h->link, h->dst);
	}
}

static const struct flow_extra *extra_of(const struct flow_rows *all,
	const struct flow_record *const *rows, const bool *which, size_t i)
{
	return which && !which[i] ? NULL : &all->extras[rows[i] - all->records];
}

static void merge_others(const struct flow_rows *all,
	const struct flow_record *const *rows, const bool *which, size_t n,
	struct merge_told *to)
{
	struct wire w = wire_over(to->others, sizeof(to->others));
	struct metric_merge m = {0};

	for (size_t i = 0; i < n; i++) {
		const struct flow_extra *e = extra_of(all, rows, which, i);

		if (e)
			metric_merge_add(&m, rows[i], &e->others);
	}
	metric_merge_write(&m, &w);
	to->extra.others = (struct flow_others){to->others, wire_len(&w)};
}

const struct flow_extra *merge_told(const struct flow_rows *all,
	const struct flow_record *const *rows, const bool *which, size_t n,
	struct merge_told *room)
{
	const struct flow_extra *told = NULL;
	int64_t first_ns = INT64_MAX;
	size_t others = 0;

	for (size_t i = 0; all->extras && i < n; i++) {
		const struct flow_extra *e = extra_of(all, rows, which, i);

		if (!e || !flow_extras_of(e, 1))
			continue;
		others += e->others.len != 0;
		if (told && rows[i]->first_ns >= first_ns)
			continue;
		told = e;
		first_ns = rows[i]->first_ns;
	}
	if (!others || (others == 1 && told->others.len))
		return told;
	room->extra = *told;
	merge_others(all, rows, which, n, room);
	return &room->extra;
}

/* One flow: n rows of one key without an idle gap. */
static int emit(
	struct merge *m, const struct ref *refs, size_t n, struct err *err)
{
	struct flow f = {.key = refs[0].row->key,
		.first_ns = INT64_MAX,
		.last_ns = INT64_MIN,
		.n_seen = n,
		.all = m->all};
	struct flow_ends ends;
	size_t n_hops;

	make_room(m, n);
	n_hops = find_hops(m, refs, n, &f.n_rows);
	name_ends(m, n_hops, &f);
	ends = (struct flow_ends){f.src_node, f.dst_node};
	hops_find_origins(m->hops, m->hop, n_hops, &ends);
	for (size_t i = 0; i < n_hops; i++) {
		count_hop(m, &f, &m->hop[i]);
		add_link(m, &f, &m->hop[i]);
		add_nodes(m, &f, &m->hop[i]);
	}
	f.n_path = hops_walk(m->hops, m->hop, n_hops, m->path);
	f.path = m->path;
	f.links = m->links;
	f.via = m->via;
	f.at = m->at;
	f.rows = m->rows;
	f.counted = m->counted;
	for (size_t i = f.n_rows; i < n; i++) {
		m->counted[i] = false;
		add_probe(m, &f, m->rows[i]);
	}
	f.extra = merge_told(m->all, f.rows, f.counted, f.n_rows, &m->told);
	return m->fn(m->ctx, &f, err);
}

/* By so many bits of their hashes: there are far fewer rows. */
enum { DIGIT = 8, DIGITS = 4, SORTED_BITS = DIGIT * DIGITS };

static uint32_t sorted_bits(const struct ref *ref)
{
	return (uint32_t)ref->hash;
}
_Static_assert(SORTED_BITS == 32, "of sorted_bits");

/* Digit by digit, the lowest first, there and back. */
static void sort_by_hash(struct ref *refs, size_t n)
{
	cleanup_free struct ref *other = mem_grow(NULL, n, sizeof(*other));
	struct ref *from = refs, *to = other, *swap;

	for (int shift = 0; shift < SORTED_BITS; shift += DIGIT) {
		size_t begin[(1 << DIGIT) + 1] = {0};

		for (size_t i = 0; i < n; i++)
			begin[(sorted_bits(&from[i]) >> shift & 0xff) + 1]++;
		for (size_t k = 1; k < 1 << DIGIT; k++)
			begin[k] += begin[k - 1];
		for (size_t i = 0; i < n; i++)
			to[begin[sorted_bits(&from[i]) >> shift & 0xff]++] =
				from[i];
		swap = from;
		from = to;
		to = swap;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;
	int r = order(x->link, y->link);

	return r ? r : order(x->row->first_ns, y->row->first_ns);
}

static int by_key_and_time(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;
	int r = memcmp(&x->row->key, &y->row->key, sizeof(x->row->key));

	return r ? r : by_time(a, b);
}

static bool same_flow(const struct ref *a, const struct ref *b)
{
	return a->link == b->link && flow_key_equal(&a->row->key, &b->row->key);
}

/* Is there an idle gap between what ends at last and what begins at first?
 * Times may be any numbers. */
static bool is_gap(const struct merge *m, int64_t last_ns, int64_t first_ns)
{
	int64_t gap;

	if (__builtin_sub_overflow(first_ns, last_ns, &gap))
		return first_ns > last_ns;
	return gap >= m->idle_ns;
}

static bool are_of_one_key(const struct ref *refs, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!flow_key_equal(&refs[i].row->key, &refs[0].row->key))
			return false;
	return true;
}

/* Rows of equal hash: of one key, but for accidents. */
static int emit_group(
	struct merge *m, struct ref *refs, size_t n, struct err *err)
{
	size_t begin = 0;
	int64_t last;
	int r = 0;

	if (n > 1)
		qsort(refs, n, sizeof(*refs),
			are_of_one_key(refs, n) ? by_time : by_key_and_time);
	last = refs[0].row->last_ns;
	for (size_t i = 1; i <= n && r == 0; i++) {
		bool cut = i == n || !same_flow(&refs[i], &refs[i - 1]) ||
			   is_gap(m, last, refs[i].row->first_ns);

		if (cut) {
			r = emit(m, refs + begin, i - begin, err);
			begin = i;
		}
		if (i < n && (cut || refs[i].row->last_ns > last))
			last = refs[i].row->last_ns;
	}
	return r;
}

/* RFC 4291 2.4, 2.7; RFC 3927; RFC 5771 4; RFC 919. */
static bool is_local(const struct net_addr *a)
{
	static const struct net_addr none;
	uint32_t v4;

	if (!net_addr_is_v4(a))
		return memcmp(a, &none, sizeof(*a)) == 0 ||
		       (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80) ||
		       (a->b[0] == 0xff && (a->b[1] & 0x0f) <= 2);
	v4 = net_addr_v4_value(a);
	return v4 == 0 || v4 == UINT32_MAX || v4 >> 16 == 0xa9fe ||
	       v4 >> 8 == 0xe00000;
}

static struct ref ref_of(const struct merge *m, const struct flow_record *r)
{
	const struct catalog_tap *tap = catalog_tap(m->catalog, r->tap);
	struct ref ref = {
		.hash = flow_key_hash_quick(&m->seed, &r->key), .row = r};

	if (tap && (is_local(&r->key.src) || is_local(&r->key.dst)))
		ref.link = tap->link;
	return ref;
}

/* Rows lie in the order they came: each is a miss of the cache, or two. */
static void prefetch_row(const struct flow_record *r)
{
	__builtin_prefetch(r);
	__builtin_prefetch((const char *)(r + 1) - 1);
}

int merge_run(struct merge *m, const struct flow_rows *rows, merge_fn fn,
	void *ctx, struct err *err)
{
	const size_t n = rows->n;
	enum { AHEAD = 16 };
	cleanup_free struct ref *refs = mem_zalloc(n, sizeof(*refs));
	size_t begin = 0;
	int r = 0;

	m->all = rows;
	m->fn = fn;
	m->ctx = ctx;
	for (size_t i = 0; i < n; i++)
		refs[i] = ref_of(m, &rows->records[i]);
	sort_by_hash(refs, n);
	for (size_t i = 1; i <= n && r == 0; i++) {
		if (i + AHEAD < n)
			prefetch_row(refs[i + AHEAD].row);
		if (i < n && sorted_bits(&refs[i]) == sorted_bits(&refs[begin]))
			continue;
		r = emit_group(m, refs + begin, i - begin, err);
		begin = i;
	}
	return r;
}
