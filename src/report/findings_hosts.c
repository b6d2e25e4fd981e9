/* Findings about hosts: floods, and who talks most. */
#include "base/mem.h"
#include "report/findings_parts.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

/* A flood: one protocol from SOURCES hosts or more, each with SOURCE_SHARE of
 * what comes to the host, together TARGET_SHARE of all bytes in the piece of
 * time when most came, and BUSY_SHARE of those in the busiest one (what hosts
 * say to a group when they start is none); and not BACK_SHARE of that goes
 * back. */
enum { SOURCES = 3, NAMES = 4, DST_MAX = 4096 };
#define SOURCE_SHARE 0.05
#define TARGET_SHARE 0.30
#define BUSY_SHARE 0.05
#define BACK_SHARE 0.10

/* What came to one host with one protocol. */
struct target {
	int dst, proto;
	uint64_t *pieces; /* bytes by piece of time */
	uint64_t all, back;
};

static struct target *target_of(struct target *all, size_t *n,
	const struct facts_group *g, size_t pieces)
{
	for (size_t i = 0; i < *n; i++)
		if (all[i].dst == g->dst && all[i].proto == g->proto)
			return &all[i];
	if (*n >= DST_MAX)
		return NULL;
	all[*n] = (struct target){.dst = g->dst, .proto = g->proto};
	all[*n].pieces = mem_zalloc(pieces + 1, sizeof(uint64_t));
	return &all[(*n)++];
}

static size_t collect(const struct facts *f, struct target *all)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_groups; i++) {
		const struct facts_group *g = &f->groups[i];
		struct target *t =
			g->dst < 0 || g->src < 0 || g->proto < 0
				? NULL
				: target_of(all, &n, g, f->n_buckets);

		for (size_t k = 0; t && k < g->course.n; k++)
			t->pieces[g->course.pieces[k].at] +=
				g->course.pieces[k].sum.bytes;
		if (t)
			t->all += g->all.bytes;
	}
	for (size_t i = 0; i < f->n_groups; i++)
		for (size_t k = 0; k < n; k++)
			if (f->groups[i].src == all[k].dst &&
				f->groups[i].proto == all[k].proto)
				all[k].back += f->groups[i].all.bytes;
	return n;
}

static uint64_t in_piece(const struct facts_course *c, size_t at)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->pieces[i].at == at)
			return c->pieces[i].sum.bytes;
	return 0;
}

struct source {
	int end;
	uint64_t bytes; /* in the worst piece of time */
};

static int by_bytes(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* Those that sent most of it at that time. */
static size_t sources_of(const struct facts *f, const struct target *t,
	size_t at, struct source *ret)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < f->n_groups; i++) {
		const struct facts_group *g = &f->groups[i];
		size_t k = 0;

		if (g->dst != t->dst || g->proto != t->proto || g->src < 0)
			continue;
		while (k < n && ret[k].end != g->src)
			k++;
		if (k == n)
			ret[n++] = (struct source){.end = g->src};
		ret[k].bytes += in_piece(&g->course, at);
	}
	if (n)
		qsort(ret, n, sizeof(*ret), by_bytes);
	while (kept < n &&
		(double)ret[kept].bytes >= SOURCE_SHARE * (double)t->pieces[at])
		kept++;
	return kept;
}

static void names_of(
	const struct facts *f, const struct source *s, size_t n, struct buf *to)
{
	for (size_t i = 0; i < n && i < NAMES; i++)
		buf_addf(to, "%s%s",
			i == 0       ? ""
			: i + 1 == n ? " and "
				     : ", ",
			f->ends[s[i].end].name);
	if (n > NAMES)
		buf_addf(to, " and %zu more", n - NAMES);
}

static size_t peak_of(const struct target *t, size_t pieces)
{
	size_t at = 0;

	for (size_t i = 1; i < pieces; i++)
		if (t->pieces[i] > t->pieces[at])
			at = i;
	return at;
}

struct pieces {
	uint64_t *all, busiest; /* bytes of all flows */
};

static bool is_much(const struct target *t, const struct pieces *p, size_t at)
{
	const double bytes = (double)t->pieces[at];

	return t->all && t->pieces[at] &&
	       bytes >= TARGET_SHARE * (double)p->all[at] &&
	       bytes >= BUSY_SHARE * (double)p->busiest &&
	       (double)t->back <= BACK_SHARE * (double)t->all;
}

static void look_at(const struct facts *f, const struct target *t,
	const struct pieces *p, struct findings *to)
{
	cleanup_free struct source *sources =
		mem_zalloc(f->n_ends + 1, sizeof(*sources));
	size_t at = peak_of(t, f->n_buckets), n, first, last;
	struct buf names = BUF_INIT(4096), filter = BUF_INIT(4096);
	char rate[WORDS], from[WORDS], until[WORDS], share[WORDS], proto[8];
	double level = (double)t->pieces[at] / 2;

	if (!is_much(t, p, at))
		return;
	n = sources_of(f, t, at, sources);
	if (n < SOURCES)
		return;
	for (first = at; first > 0 && (double)t->pieces[first - 1] >= level;)
		first--;
	for (last = at; last + 1 < f->n_buckets &&
			(double)t->pieces[last + 1] >= level;)
		last++;
	names_of(f, sources, n, &names);
	buf_addf(&filter, "dst %s %s and proto %d",
		f->ends[t->dst].is_node ? "node" : "host", f->ends[t->dst].name,
		t->proto);
	findings_add(to, FINDING_BAD, buf_str(&filter),
		"%zu hosts flooded %s with %s from %s to %s: %s sent up to %s "
		"together, %s of all traffic at its worst, and hardly "
		"anything came back.",
		n, f->ends[t->dst].name, facts_proto(t->proto, proto),
		words_moment(f,
			f->begin_ms + (double)first * (double)f->bucket_ms,
			from),
		words_moment(f,
			f->begin_ms + (double)(last + 1) * (double)f->bucket_ms,
			until),
		buf_str(&names), words_rate(facts_rate(f, t->pieces[at]), rate),
		words_percent(
			(double)t->pieces[at] / (double)p->all[at], share));
	buf_release(&names);
	buf_release(&filter);
}

void findings_floods(const struct facts *f, struct findings *to)
{
	cleanup_free struct target *all = mem_zalloc(DST_MAX, sizeof(*all));
	struct pieces sum = {mem_zalloc(f->n_buckets + 1, sizeof(uint64_t)), 0};
	size_t n = collect(f, all);

	for (size_t i = 0; i < f->n_groups; i++)
		for (size_t k = 0; k < f->groups[i].course.n; k++)
			sum.all[f->groups[i].course.pieces[k].at] +=
				f->groups[i].course.pieces[k].sum.bytes;
	for (size_t i = 0; i < f->n_buckets; i++)
		sum.busiest =
			sum.all[i] > sum.busiest ? sum.all[i] : sum.busiest;
	for (size_t i = 0; i < n; i++) {
		look_at(f, &all[i], &sum, to);
		free(all[i].pieces);
	}
	free(sum.all);
}

void findings_talker(const struct facts *f, struct findings *to)
{
	const struct facts_group *most = NULL;
	char share[WORDS], bytes[WORDS], proto[8];

	for (size_t i = 0; i < f->n_groups; i++)
		if (f->groups[i].src >= 0 && f->groups[i].dst >= 0 &&
			(!most || f->groups[i].all.bytes > most->all.bytes))
			most = &f->groups[i];
	if (!most || !f->all.bytes || most->proto < 0)
		return;
	findings_add(to, FINDING_NOTE, NULL,
		"Most bytes went from %s to %s: %s of %s, %s of all.",
		facts_end(f, most->src), facts_end(f, most->dst),
		words_bytes((double)most->all.bytes, bytes),
		facts_proto(most->proto, proto),
		words_percent(
			(double)most->all.bytes / (double)f->all.bytes, share));
}
