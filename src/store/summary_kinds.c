/* Kinds of flows, and what is told of those that are not the largest: for the
 * whole time of SMALL of them, in pieces of it of as many as there is room for.
 *
 * There may be tens of thousands: numbers that hardly differ from the ones
 * before are written as differences (netflowize-summary(5)). */
#include "base/mem.h"
#include "store/summary_parts.h"

#include <stdlib.h>
#include <string.h>

/* Second reading ------------------------------------------------------- */

/* No room: the smaller half is told for the whole time only; all, where one
 * wants little and can ask again. */
static void forget_half(struct summary *s)
{
	size_t n = 0;

	s->n_told = s->ask->detail ? 0 : s->n_told / 2;
	index_empty(&s->by_point);
	for (size_t i = 0; i < s->n_points; i++) {
		if (s->points[i].rank >= s->n_told)
			continue;
		s->points[n] = s->points[i];
		index_add(&s->by_point, s->points, n++);
	}
	s->n_points = n;
}

void summary_add_point(struct summary *s, const struct point *p)
{
	size_t at;

	while (p->rank < s->n_told && s->n_points >= summary_detail(s))
		forget_half(s);
	if (p->rank >= s->n_told)
		return;
	at = index_find(&s->by_point, s->points, p);
	if (at) {
		s->points[at - 1].packets += p->packets;
		s->points[at - 1].bytes += p->bytes;
		return;
	}
	MEM_PUSH(s->points, s->n_points, s->points_cap) = *p;
	index_add(&s->by_point, s->points, s->n_points - 1);
}

/* Writing -------------------------------------------------------------- */

struct numbered {
	struct end end;
	int32_t was;
};

static int by_end(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	const bool x_node = x->end.node >= 0, y_node = y->end.node >= 0;

	if (x_node != y_node)
		return x_node ? -1 : 1;
	return x_node ? (int)(x->end.node - y->end.node)
		      : memcmp(&x->end.addr, &y->end.addr, sizeof(x->end.addr));
}

static int32_t renumber(const int32_t *now, int32_t end)
{
	return end < 0 ? end : now[end];
}

static size_t ends_found(const struct summary *s)
{
	return s->catalog->n_nodes + s->hosts.n;
}

static struct end end_at(const struct summary *s, size_t i)
{
	const size_t n = s->catalog->n_nodes;

	return i < n ? (struct end){.node = (int64_t)i}
		     : (struct end){-1, s->hosts.addrs[i - n]};
}

/* Those that something is told of. */
static size_t find_named(const struct summary *s, struct numbered *order)
{
	const size_t n_ends = ends_found(s);
	cleanup_free bool *named = mem_zalloc(n_ends + 1, sizeof(*named));
	size_t n = 0;

	for (size_t i = 0; i < s->n_shown + s->n_small; i++) {
		const struct kind *k =
			&s->alike[i < s->n_shown ? s->shown[i]
						 : s->small[i - s->n_shown]]
				 .key;

		if (k->src >= 0)
			named[k->src] = named[k->dst] = true;
	}
	for (size_t i = 0; i < s->n_rows; i++)
		named[s->rows[i].src] = named[s->rows[i].dst] = true;
	for (size_t i = 0; i < n_ends; i++)
		if (named[i])
			order[n++] =
				(struct numbered){end_at(s, i), (int32_t)i};
	return n;
}

void summary_sort_ends(struct summary *s)
{
	const size_t n_ends = ends_found(s);
	cleanup_free struct numbered *order =
		mem_zalloc(n_ends + 1, sizeof(*order));
	cleanup_free int32_t *now = mem_zalloc(n_ends + 1, sizeof(*now));

	s->n_ends = find_named(s, order);
	s->ends = mem_zalloc(s->n_ends + 1, sizeof(*s->ends));
	if (s->n_ends)
		qsort(order, s->n_ends, sizeof(*order), by_end);
	for (size_t i = 0; i < s->n_ends; i++) {
		s->ends[i] = order[i].end;
		now[order[i].was] = (int32_t)i;
	}
	for (size_t i = 0; i < s->n_alike; i++) {
		s->alike[i].key.src = renumber(now, s->alike[i].key.src);
		s->alike[i].key.dst = renumber(now, s->alike[i].key.dst);
	}
	for (size_t i = 0; i < s->n_rows; i++) {
		s->rows[i].src = renumber(now, s->rows[i].src);
		s->rows[i].dst = renumber(now, s->rows[i].dst);
	}
}

/* Paths are numbered as they come. */
static int32_t path_at(struct summary *s, int32_t path)
{
	if (path < 0)
		return -1;
	if (s->path_at[path] < 0)
		s->path_at[path] = (int32_t)s->n_paths_at++;
	return s->path_at[path];
}

static int by_kind(const void *a, const void *b)
{
	const struct kind *x = &(*(struct alike *const *)a)->key;
	const struct kind *y = &(*(struct alike *const *)b)->key;

	if (x->src != y->src)
		return x->src < y->src ? -1 : 1;
	if (x->dst != y->dst)
		return x->dst < y->dst ? -1 : 1;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return (x->path > y->path) - (x->path < y->path);
}

static int by_rank(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->piece > y->piece) - (x->piece < y->piece);
}

/* How many, the pieces, and between them packets and bytes of each but the
 * last, which has what is left. */
static void put_points(
	struct jsonw *w, const struct summary *s, uint32_t rank, size_t begin)
{
	size_t n = 0;

	while (begin + n < s->n_points && s->points[begin + n].rank == rank)
		n++;
	jsonw_uint(w, n);
	for (size_t i = begin; i < begin + n; i++) {
		jsonw_uint(w, s->points[i].piece);
		if (i + 1 == begin + n)
			continue;
		jsonw_uint(w, s->points[i].bytes);
		jsonw_uint(w, s->points[i].packets);
	}
}

static void put_courses(
	struct jsonw *w, struct summary *s, struct alike *const *order)
{
	cleanup_free size_t *begin = mem_zalloc(s->n_told + 1, sizeof(*begin));

	if (s->n_points)
		qsort(s->points, s->n_points, sizeof(*s->points), by_rank);
	for (size_t i = s->n_points; i-- > 0;)
		begin[s->points[i].rank] = i;
	jsonw_key(w, "kind_courses");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_small; i++) {
		const uint32_t rank = order[i]->rank - 1;

		if (rank < s->n_told)
			put_points(w, s, rank, begin[rank]);
		else
			jsonw_uint(w, 0);
	}
	jsonw_end(w);
}

static void put_kinds(
	struct jsonw *w, struct summary *s, struct alike *const *order)
{
	struct kind last = {0};

	jsonw_key(w, "kinds");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_small; i++) {
		const struct alike *a = order[i];
		struct kind kind = a->key;

		kind.path = path_at(s, kind.path);
		jsonw_int(w, kind.src - last.src);
		jsonw_int(w, kind.dst - last.dst);
		jsonw_int(w, kind.proto - last.proto);
		jsonw_int(w, kind.path - last.path);
		jsonw_uint(w, a->all.flows);
		jsonw_uint(w, a->all.packets);
		jsonw_uint(w, a->all.bytes);
		last = kind;
	}
	jsonw_end(w);
}

/* What is beyond the pieces of time does not count. */
static void sum_points(struct summary *s)
{
	for (size_t i = 0; i < s->n_told; i++)
		s->alike[s->small[i]].all.packets =
			s->alike[s->small[i]].all.bytes = 0;
	for (size_t i = 0; i < s->n_points; i++) {
		const struct point *p = &s->points[i];

		s->alike[s->small[p->rank]].all.packets += p->packets;
		s->alike[s->small[p->rank]].all.bytes += p->bytes;
	}
}

static void put_small(struct jsonw *w, struct summary *s)
{
	cleanup_free struct alike **order =
		mem_zalloc(s->n_small + 1, sizeof(*order));

	for (size_t i = 0; i < s->n_small; i++)
		order[i] = &s->alike[s->small[i]];
	if (s->n_small)
		qsort(order, s->n_small, sizeof(struct alike *), by_kind);
	for (size_t i = 0; i < s->n_small; i++)
		order[i]->place = s->n_shown + i;
	if (s->bounded)
		sum_points(s);
	put_kinds(w, s, order);
	if (s->n_told || !s->n_small)
		put_courses(w, s, order);
}

static void put_groups(struct jsonw *w, struct summary *s)
{
	jsonw_key(w, "groups");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_shown; i++) {
		const struct alike *a = &s->alike[s->shown[i]];

		jsonw_array(w);
		jsonw_int(w, a->key.src); /* in ends; -1: others */
		jsonw_int(w, a->key.dst);
		jsonw_int(w, a->key.proto);
		jsonw_int(w, path_at(s, a->key.path));
		jsonw_uint(w, a->all.flows);
		jsonw_uint(w, a->all.packets);
		jsonw_uint(w, a->all.bytes);
		summary_put_pieces(w, s, a->course);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void put_path(
	struct jsonw *w, const struct path *p, const struct path *last)
{
	size_t same = 0;

	while (same < p->n && same < last->n &&
		p->links[same] == last->links[same])
		same++;
	jsonw_int(w, -1 - (int64_t)same);
	for (size_t i = same; i < p->n; i++)
		jsonw_int(w, p->links[i]);
}

/* With how many links it begins like the one before, as -1 less that many, and
 * the others. */
static void put_paths(struct jsonw *w, const struct summary *s)
{
	cleanup_free const struct path **order =
		mem_zalloc(s->n_paths_at + 1, sizeof(*order));
	static const struct path none = {0, NULL};

	for (size_t i = 0; i < s->n_paths; i++)
		if (s->path_at[i] >= 0)
			order[s->path_at[i]] = &s->paths[i];
	jsonw_key(w, "ways");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_paths_at; i++)
		put_path(w, order[i], i ? order[i - 1] : &none);
	jsonw_end(w);
}

void summary_write_kinds(struct jsonw *w, struct summary *s)
{
	s->path_at = mem_zalloc(s->n_paths + 1, sizeof(*s->path_at));
	for (size_t i = 0; i < s->n_paths; i++)
		s->path_at[i] = -1;
	if (summary_tells_small(s))
		put_small(w, s);
	put_groups(w, s);
	put_paths(w, s);
}
