/* What flows carried that are not kept any more, by link and protocol, in
 * pieces of time of their own: of links only, as a packet was on several. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/history.h"
#include "store/summary_parts.h"

#include <stdlib.h>

/* A cell as it is told. */
struct told {
	int32_t link, proto;
	uint64_t piece;
	struct sums sum; /* flows: records */
};
struct telling {
	const struct summary *s;
	const struct history *h;
	struct told *cells;
	size_t n;
	int64_t begin_ns, end_ns, unit_ns;
};

static bool is_asked(
	const struct summary *s, const struct history *h, int64_t at_ns)
{
	const struct query *q = &s->ask->query;

	return (q->from_ns == 0 && q->to_ns == 0) ||
	       (at_ns + h->unit_ns > q->from_ns && at_ns < q->to_ns);
}

/* As many of the history's pieces together as make few enough. */
static void choose_times(
	struct telling *t, const struct summary *s, const struct history *h)
{
	const int64_t most = (int64_t)summary_pieces(s);

	t->begin_ns = INT64_MAX;
	t->end_ns = INT64_MIN;
	for (size_t i = 0; i < h->n; i++) {
		const int64_t at = h->cells[i].at_ns;

		if (!is_asked(s, h, at))
			continue;
		t->begin_ns = at < t->begin_ns ? at : t->begin_ns;
		t->end_ns = at > t->end_ns ? at : t->end_ns;
	}
	t->unit_ns = h->unit_ns;
	while (t->begin_ns <= t->end_ns &&
		t->end_ns / t->unit_ns - t->begin_ns / t->unit_ns + 2 > most)
		t->unit_ns *= 2;
	t->begin_ns = group_floor(t->begin_ns, t->unit_ns);
}

/* Times may be far apart. */
static uint64_t piece_at(const struct telling *t, int64_t at_ns)
{
	return ((uint64_t)at_ns - (uint64_t)t->begin_ns) / (uint64_t)t->unit_ns;
}

static int by_series(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->link != y->link)
		return x->link < y->link ? -1 : 1;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return (x->piece > y->piece) - (x->piece < y->piece);
}

static bool same_series(const struct told *a, const struct told *b)
{
	return a->link == b->link && a->proto == b->proto;
}

static void add(struct sums *to, const struct sums *more)
{
	to->flows += more->flows;
	to->packets += more->packets;
	to->bytes += more->bytes;
}

static void take_cell(void *ctx, int link, const struct history_cell *c)
{
	struct telling *t = ctx;

	if (is_asked(t->s, t->h, c->at_ns))
		t->cells[t->n++] = (struct told){.link = link,
			.proto = history_proto(c),
			.piece = piece_at(t, c->at_ns),
			.sum = {c->records, c->packets, c->bytes}};
}

static void gather(struct telling *t)
{
	t->cells = mem_zalloc(t->h->n + 1, sizeof(*t->cells));
	history_links(t->h, t->s->catalog, take_cell, t);
	if (t->n)
		qsort(t->cells, t->n, sizeof(*t->cells), by_series);
}

static void put_sums(struct jsonw *w, const struct sums *sum)
{
	jsonw_put_uint(w, "records", sum->flows);
	jsonw_put_uint(w, "packets", sum->packets);
	jsonw_put_uint(w, "bytes", sum->bytes);
}

/* The cells of one link and protocol. */
static void put_series(struct jsonw *w, const struct told *cells, size_t n)
{
	struct sums sum = {0};

	for (size_t i = 0; i < n; i++)
		add(&sum, &cells[i].sum);
	jsonw_object(w);
	jsonw_put_int(w, "link", cells[0].link);
	jsonw_put_int(w, "proto", cells[0].proto);
	put_sums(w, &sum);
	jsonw_key(w, "course");
	jsonw_array(w);
	sum = (struct sums){0};
	for (size_t i = 0; i < n; i++) {
		add(&sum, &cells[i].sum);
		if (i + 1 < n && cells[i + 1].piece == cells[i].piece)
			continue;
		jsonw_uint(w, cells[i].piece);
		jsonw_uint(w, sum.bytes);
		jsonw_uint(w, sum.packets);
		jsonw_uint(w, sum.flows);
		sum = (struct sums){0};
	}
	jsonw_end(w);
	jsonw_end(w);
}

void summary_write_history(
	struct jsonw *w, const struct summary *s, const struct history *h)
{
	struct telling t = {.s = s, .h = h};
	size_t begin = 0;

	choose_times(&t, s, h);
	/* of flows that went nobody can say whether a filter wants them */
	if (t.begin_ns > t.end_ns || (s->ask->filter && *s->ask->filter))
		return;
	gather(&t);
	jsonw_key(w, "history");
	jsonw_object(w);
	jsonw_put_int(w, "begin_ms", t.begin_ns / NS_PER_MS);
	jsonw_put_int(w, "bucket_ms", t.unit_ns / NS_PER_MS);
	jsonw_put_uint(w, "buckets", piece_at(&t, t.end_ns) + 1);
	jsonw_put_uint(w, "untold", h->untold);
	jsonw_key(w, "series");
	jsonw_array(w);
	for (size_t i = 1; i <= t.n; i++) {
		if (i < t.n && same_series(&t.cells[i], &t.cells[begin]))
			continue;
		put_series(w, &t.cells[begin], i - begin);
		begin = i;
	}
	jsonw_end(w);
	jsonw_end(w);
	free(t.cells);
}
