/* The two readings of a summary, and what is decided between them. */
#include "store/summary.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/summary_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 240,
	BUCKETS_LEAST = 60,
	MANY_LINKS = 100,
	GROUPS = 400,
	OTHERS = 1000,
	SMALL = 50000
};

/* Lengths of a piece of time that people can read, in ms. */
static const int64_t units_ms[] = {100, 200, 500, 1000, 2000, 5000, 10000,
	15000, 30000, 60000, 120000, 300000, 600000, 900000, 1800000, 3600000,
	7200000, 21600000, 43200000, 86400000, 604800000};

static void free_side(struct side *side)
{
	free(side->from_course);
	free(side->to_course);
}

static void release(struct summary *s)
{
	for (size_t i = 0; i < s->catalog->n_links; i++) {
		for (size_t k = 0; k <= s->catalog->links[i].n_members; k++)
			free_side(&s->links[i].sides[k]);
		free(s->links[i].course);
	}
	for (size_t i = 0; i < s->n_alike; i++)
		free(s->alike[i].course);
	for (size_t i = 0; i < s->n_rows; i++)
		free(s->rows[i].hops);
	events_release(&s->events);
	map_release(&s->by_path);
	hosts_release(&s->hosts);
	index_release(&s->by_alike);
	index_release(&s->by_step);
	for (size_t i = 0; i < s->n_ports; i++)
		free(s->ports[i].course);
	index_release(&s->by_port_kind);
	free(s->by_port);
	free(s->port_at);
	free(s->ports);
	free(s->port_kinds);
	free(s->small);
	free(s->points);
	free(s->path_at);
	index_release(&s->by_point);
	free(s->course);
	free(s->foreign_course);
	free(s->ends);
	free(s->paths);
	free(s->alike);
	free(s->shown);
	free(s->rows);
	free(s->room);
	free(s->steps);
	arena_release(&s->arena);
}

/* All of them: who asks for a number wants no more than those. */
bool summary_tells_small(const struct summary *s)
{
	return !s->ask->groups && summary_wants(s, SUMMARY_GROUPS);
}

static void init(struct summary *s, const struct summary_ask *ask)
{
	const struct catalog *c = ask->query.catalog;

	*s = (struct summary){.ask = ask, .catalog = c};
	map_init(&s->by_path);
	hosts_init(&s->hosts);
	index_init(&s->by_alike, sizeof(struct alike), sizeof(struct kind));
	index_init(&s->by_step, sizeof(struct step), sizeof(s->steps->key));
	index_init(&s->by_port_kind, sizeof(struct port_kind),
		sizeof(s->port_kinds->key));
	index_init(&s->by_point, sizeof(struct point), POINT_KEY);
	s->links = arena_alloc(&s->arena, c->n_links + 1, sizeof(*s->links));
	for (size_t i = 0; i < c->n_links; i++)
		s->links[i].sides = arena_alloc(&s->arena,
			c->links[i].n_members + 1, sizeof(struct side));
	if (!summary_tells_small(s))
		return;
	s->by_port = mem_zalloc(PORT_COUNT, sizeof(*s->by_port));
	s->port_at = mem_zalloc(PORT_COUNT, sizeof(*s->port_at));
}

static int64_t floor_to(int64_t v, int64_t unit)
{
	int64_t rest = v % unit;

	return v - (rest < 0 ? rest + unit : rest);
}

/* Times no clock could mean. */
static int64_t within_reason(int64_t ns)
{
	return ns < -GROUP_TIME_MAX  ? -GROUP_TIME_MAX
	       : ns > GROUP_TIME_MAX ? GROUP_TIME_MAX
				     : ns;
}

/* The shortest unit with which the time has at most `most` pieces; what is
 * beyond reason is put into the first and last one. */
static void choose_pieces(struct summary *s, size_t most)
{
	int64_t first = within_reason(s->first_ns);
	int64_t last = within_reason(s->last_ns);
	size_t i = 0, n = sizeof(units_ms) / sizeof(*units_ms);

	if (first > last)
		first = last;
	while (i + 1 < n &&
		(last - first) / (units_ms[i] * NS_PER_MS) + 2 > (int64_t)most)
		i++;
	s->unit_ns = units_ms[i] * NS_PER_MS;
	s->begin_ns = floor_to(first, s->unit_ns);
	s->n_buckets = (size_t)((last - s->begin_ns) / s->unit_ns) + 1;
	if (s->n_buckets > most)
		s->n_buckets = most;
}

/* The last so many ms, or as many as there are. */
static void choose_window(struct summary *s, int64_t ms)
{
	int64_t first = within_reason(s->first_ns);
	int64_t last = within_reason(s->last_ns);
	int64_t whole = last > first ? (last - first) / NS_PER_MS + 1 : 1;

	s->unit_ns = (ms < whole ? ms : whole) * NS_PER_MS;
	s->begin_ns = last - s->unit_ns + 1;
	s->n_buckets = 1;
	s->bounded = true;
}

/* The time that was asked for; where it has no end, that of the records. */
static void choose_within(struct summary *s)
{
	const int64_t from = s->ask->query.from_ns, to = s->ask->query.to_ns;
	const bool ends = to != 0 && to != INT64_MAX;
	const bool begins = from != 0 && from != INT64_MIN;
	const int64_t end = ends ? to : within_reason(s->last_ns) + 1;
	int64_t whole;

	s->begin_ns = begins ? from : within_reason(s->first_ns);
	if (__builtin_sub_overflow(end, s->begin_ns, &whole))
		whole = INT64_MAX;
	s->n_buckets = s->ask->buckets ? s->ask->buckets : 1;
	s->unit_ns = whole / (int64_t)s->n_buckets;
	s->unit_ns = s->unit_ns > 0 ? s->unit_ns : 1;
	s->bounded = true;
}

static bool is_others(const struct alike *a)
{
	return a->key.src == ANYBODY && a->key.dst == ANYBODY;
}

struct rank {
	uint64_t bytes;
	size_t at; /* in alike */
};

static int by_bytes(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* The place of those that are not told apart from this one: of the same path,
 * where there are not too many paths. */
static size_t others_of(struct summary *s, const struct alike *a)
{
	struct alike others = {
		.key = {ANYBODY, ANYBODY, a->key.path, a->key.proto}};
	size_t at = index_find(&s->by_alike, s->alike, &others.key);

	if (!at && s->n_others >= OTHERS && others.key.path >= 0) {
		others.key.path = -1;
		at = index_find(&s->by_alike, s->alike, &others.key);
	}
	if (at)
		return at - 1;
	s->n_others++;
	MEM_PUSH(s->alike, s->n_alike, s->alike_cap) = others;
	index_add(&s->by_alike, s->alike, s->n_alike - 1);
	return s->n_alike - 1;
}

static void add_to_others(struct summary *s, size_t i)
{
	const struct alike part = s->alike[i];
	size_t at = others_of(s, &part);
	struct sums *to = &s->alike[at].all;

	to->flows += part.all.flows;
	to->packets += part.all.packets;
	to->bytes += part.all.bytes;
	s->alike[i].into = at;
}

/* The largest are told apart; of the others those with the same protocol and
 * path are added up. */
static void choose_shown(struct summary *s, size_t most)
{
	cleanup_free struct rank *order =
		mem_zalloc(s->n_alike + 1, sizeof(*order));
	size_t n = 0;

	for (size_t i = 0; i < s->n_alike; i++)
		if (!is_others(&s->alike[i]))
			order[n++] = (struct rank){s->alike[i].all.bytes, i};
	if (n)
		qsort(order, n, sizeof(*order), by_bytes);
	for (size_t i = 0; i < n && i < most; i++)
		s->alike[order[i].at].into = order[i].at;
	for (size_t i = most; i < n; i++)
		add_to_others(s, order[i].at);
	s->shown = mem_zalloc(s->n_alike + 1, sizeof(*s->shown));
	for (size_t i = 0; i < n && i < most; i++)
		s->shown[s->n_shown++] = order[i].at;
	s->small = mem_zalloc(n + 1, sizeof(*s->small));
	for (size_t i = most;
		summary_tells_small(s) && i < n && i < most + SMALL; i++) {
		s->small[s->n_small++] = order[i].at;
		s->alike[order[i].at].rank = (uint32_t)s->n_small;
	}
	s->n_told = s->n_small;
	for (size_t i = 0; i < s->n_alike; i++) {
		if (!is_others(&s->alike[i]))
			continue;
		s->alike[i].into = i;
		s->shown[s->n_shown++] = i;
	}
	for (size_t i = 0; i < s->n_shown; i++)
		s->alike[s->shown[i]].place = i;
}

/* Many links: fewer pieces of each, so that a page stays small. */
size_t summary_pieces(const struct summary *s)
{
	size_t n = BUCKETS * MANY_LINKS / (s->catalog->n_links + 1);

	if (s->ask->buckets)
		return s->ask->buckets;
	return n < BUCKETS_LEAST ? BUCKETS_LEAST : n > BUCKETS ? BUCKETS : n;
}

/* Between the two: who is shown, and the pieces of time. */
static void summary_choose(struct summary *s)
{
	size_t most = s->ask->groups ? s->ask->groups : GROUPS;

	if (s->ask->window_ms)
		choose_window(s, s->ask->window_ms);
	else if (s->ask->within)
		choose_within(s);
	else
		choose_pieces(s, summary_pieces(s));
	choose_shown(s, most);
	summary_choose_steps(s);
	if (s->by_port)
		summary_choose_ports(s);
	summary_cut_rows(s);
}

unsigned summary_part(const char *name)
{
	static const char *const names[] = {
		"links", "groups", "flows", "probes", "rest"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return 1U << i;
	return 0;
}

int summary_print(struct store *store, const struct summary_ask *ask,
	struct buf *out, struct err *err)
{
	struct query query = ask->query;
	struct summary s;
	int r;

	init(&s, ask);
	query.columns = SUMMARY_COLUMNS;
	query.hosts = true;
	query.block = summary_count_block;
	r = query_flows(store, &query, summary_count, &s, &s.query, err);
	if (r == 0) {
		summary_choose(&s);
		query.block = summary_spread_block;
		r = query_flows(store, &query, summary_spread, &s, NULL, err);
	}
	if (r == 0)
		r = events_read(store_dir(store), s.catalog, &s.events, err);
	if (r == 0)
		summary_write(&s, store, out);
	if (r == 0 && !buf_ok(out))
		r = err_set(err, NFZ_E_LIMIT,
			"the summary is larger than %zu MiB", out->max >> 20);
	release(&s);
	return r;
}
