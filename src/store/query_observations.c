/* Is a flow wanted as a whole, and of what each observation point saw of it, its
 * rows point by point, which? */
#include "base/mem.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

bool query_wants(const struct filter *filter, const struct flow *f)
{
	cleanup_free int *links = mem_zalloc(f->n_links, sizeof(*links));
	struct filter_subject s = {.key = &f->key,
		.whole = true,
		.packets = f->packets,
		.bytes = f->bytes,
		.tcp_flags = f->tcp_flags,
		.links = links,
		.n_links = f->n_links,
		.via = f->via,
		.n_via = f->n_via,
		.at = f->at,
		.n_at = f->n_at,
		.extra = f->extra};

	if (__builtin_sub_overflow(f->last_ns, f->first_ns, &s.duration_ns))
		s.duration_ns = INT64_MAX;
	for (size_t i = 0; i < f->n_links; i++)
		links[i] = f->links[i].link;
	return filter_test(filter, &s) != FILTER_NO;
}

static int by_point(const void *a, const void *b)
{
	const struct flow_record *const *x = a, *const *y = b;

	if ((*x)->tap != (*y)->tap)
		return (*x)->tap < (*y)->tap ? -1 : 1;
	return ((*x)->flags & RECORD_SENT) - ((*y)->flags & RECORD_SENT);
}

static struct observation observe(const struct catalog *c,
	const struct flow_rows *all, const struct flow_record *const *rows,
	size_t n, struct merge_told *room)
{
	const struct catalog_tap *tap = catalog_tap(c, rows[0]->tap);
	struct observation o = {.tap = rows[0]->tap,
		.sent = rows[0]->flags & RECORD_SENT,
		.node = tap ? tap->node : -1,
		.link = tap ? tap->link : -1,
		.iface = tap ? tap->iface : NULL,
		.first_ns = rows[0]->first_ns,
		.last_ns = rows[0]->last_ns,
		.extra = merge_told(all, rows, NULL, n, room)};

	for (size_t i = 0; i < n; i++) {
		o.packets += rows[i]->packets;
		o.bytes += rows[i]->bytes;
		o.tcp_flags |= rows[i]->tcp_flags;
		if (rows[i]->first_ns < o.first_ns)
			o.first_ns = rows[i]->first_ns;
		if (rows[i]->last_ns > o.last_ns)
			o.last_ns = rows[i]->last_ns;
	}
	return o;
}

static bool wants_observation(const struct query *q, const struct flow *f,
	const struct observation *o)
{
	struct filter_subject s = {.key = &f->key,
		.whole = true,
		.packets = o->packets,
		.bytes = o->bytes,
		.tcp_flags = o->tcp_flags,
		.links = &o->link,
		.n_links = 1,
		.at = &o->node,
		.n_at = 1,
		.via = f->via,
		.n_via = f->n_via,
		.extra = o->extra};

	if (__builtin_sub_overflow(o->last_ns, o->first_ns, &s.duration_ns))
		s.duration_ns = INT64_MAX;
	return filter_test(q->filter, &s) != FILTER_NO;
}

int query_observations(const struct query *q, const struct flow *f,
	observation_fn fn, void *ctx, struct err *err)
{
	cleanup_free const struct flow_record **rows =
		mem_zalloc(f->n_seen, sizeof(*rows));
	size_t begin = 0;
	int r = 0;

	memcpy(rows, f->rows, f->n_seen * sizeof(*rows));
	qsort(rows, f->n_seen, sizeof(*rows), by_point);
	for (size_t i = 1; i <= f->n_seen && r == 0; i++) {
		struct merge_told room;
		struct observation o;

		if (i < f->n_seen && by_point(&rows[i - 1], &rows[i]) == 0)
			continue;
		o = observe(q->catalog, f->all, rows + begin, i - begin, &room);
		if (wants_observation(q, f, &o))
			r = fn(ctx, f, &o, err);
		begin = i;
	}
	return r;
}
