/* Reading a summary.  Indices are checked here, once: what points nowhere
 * becomes -1 or is left out. */
#include "report/facts.h"
#include "base/mem.h"
#include "format/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One list of the document: n elements of `size`, read by `read`. */
typedef bool (*read_fn)(struct facts *f, const struct jval *v, void *to);

static void *list(struct facts *f, const struct jval *array, size_t size,
	read_fn read, size_t *ret_n)
{
	size_t n = jval_is_array(array) ? jval_count(array) : 0;
	char *to = arena_alloc(&f->arena, n + 1, size);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		memset(to + kept * size, 0, size);
		kept += read(f, jval_at(array, i), to + kept * size);
	}
	*ret_n = kept;
	return to;
}

static uint64_t number(const struct jval *v, uint64_t otherwise)
{
	int64_t n;

	return jval_int(v, &n) && n >= 0 ? (uint64_t)n : otherwise;
}

static uint64_t member(const struct jval *o, const char *key)
{
	return number(jval_get(o, key), 0);
}

static uint64_t maybe(const struct jval *o, const char *key)
{
	return number(jval_get(o, key), FACTS_UNKNOWN);
}

static int small(const struct jval *o, const char *key)
{
	int64_t n;

	return jval_int(jval_get(o, key), &n) && n >= 0 && n < INT32_MAX
		       ? (int)n
		       : -1;
}

static bool flag(const struct jval *o, const char *key)
{
	bool b;

	return jval_bool(jval_get(o, key), &b) && b;
}

static double real(const struct jval *v)
{
	double d;

	return jval_double(v, &d) ? d : 0;
}

static const char *text(struct facts *f, const struct jval *o, const char *key)
{
	return arena_strdup(&f->arena, jval_get_text(o, key));
}

static struct facts_sums sums(const struct jval *o)
{
	return (struct facts_sums){
		member(o, "flows"), member(o, "packets"), member(o, "bytes")};
}

static struct facts_course pieces(struct facts *f, const struct jval *a)
{
	size_t n = jval_is_array(a) ? jval_count(a) / 4 : 0;
	struct facts_course c = {
		.pieces = arena_alloc(&f->arena, n + 1, sizeof(*c.pieces))};

	for (size_t i = 0; i < n; i++) {
		size_t at = number(jval_at(a, i * 4), SIZE_MAX);

		if (at >= f->n_buckets || (c.n && at <= c.pieces[c.n - 1].at))
			continue;
		c.pieces[c.n++] = (struct facts_piece){
			at, {number(jval_at(a, i * 4 + 3), 0),
				    number(jval_at(a, i * 4 + 2), 0),
				    number(jval_at(a, i * 4 + 1), 0)}};
	}
	return c;
}

static struct facts_course course(
	struct facts *f, const struct jval *o, const char *key)
{
	return pieces(f, jval_get(o, key));
}

static bool read_side(struct facts *f, const struct jval *v, void *to)
{
	struct facts_side *s = to;

	s->packets = member(v, "packets");
	s->bytes = member(v, "bytes");
	s->course = course(f, v, "course");
	s->to_course = course(f, v, "to_course");
	return true;
}

static bool read_name(struct facts *f, const struct jval *v, void *to)
{
	*(const char **)to = arena_strdup(&f->arena, jval_text(v));
	return true;
}

static void add_course(struct facts_sums *to, const struct facts_course *c)
{
	for (size_t i = 0; i < c->n; i++) {
		to[c->pieces[i].at].flows += c->pieces[i].sum.flows;
		to[c->pieces[i].at].packets += c->pieces[i].sum.packets;
		to[c->pieces[i].at].bytes += c->pieces[i].sum.bytes;
	}
}

/* A link's course that is not told is the sum of its sides'. */
static struct facts_course sum_course(
	struct facts *f, const struct facts_link *l)
{
	cleanup_free struct facts_sums *sum =
		mem_zalloc(f->n_buckets + 1, sizeof(*sum));
	struct facts_course c = {0};

	for (size_t i = 0; i <= l->n_members; i++)
		add_course(sum, &l->sides[i].course);
	for (size_t i = 0; i < f->n_buckets; i++)
		c.n += sum[i].flows > 0;
	c.pieces = arena_alloc(&f->arena, c.n + 1, sizeof(*c.pieces));
	c.n = 0;
	for (size_t i = 0; i < f->n_buckets; i++)
		if (sum[i].flows)
			c.pieces[c.n++] = (struct facts_piece){i, sum[i]};
	return c;
}

static bool read_link(struct facts *f, const struct jval *v, void *to)
{
	struct facts_link *l = to;
	size_t n_sides;

	l->name = text(f, v, "name");
	l->name = l->name ? l->name : "";
	l->gap = text(f, v, "gap");
	l->lan = flag(v, "lan");
	l->all = sums(v);
	l->course = course(f, v, "course");
	l->members = list(f, jval_get(v, "members"), sizeof(*l->members),
		read_name, &l->n_members);
	l->sides = list(f, jval_get(v, "sides"), sizeof(*l->sides), read_side,
		&n_sides);
	if (n_sides != l->n_members + 1)
		l->sides = arena_alloc(
			&f->arena, l->n_members + 1, sizeof(*l->sides));
	if (!jval_get(v, "course"))
		l->course = sum_course(f, l);
	l->in_topology = -1;
	f->n_covered += l->gap == NULL;
	return true;
}

static bool read_end(struct facts *f, const struct jval *v, void *to)
{
	struct facts_end *e = to;
	const char *name = jval_text(v);

	e->is_node = name != NULL;
	name = name ? name : jval_text(jval_at(v, 0));
	e->name = arena_strdup(&f->arena, name ? name : "?");
	return true;
}

enum { WAY_MAX = 1000, WAYS_MAX = 8 << 20 }; /* links of one path, of all */

static int64_t whole(const struct jval *v)
{
	int64_t n;

	return jval_int(v, &n) ? n : 0;
}

/* One path: -1 less so many links of the last one, and those behind them.
 * Returns where the next begins. */
static size_t read_way(struct facts *f, const struct jval *v, size_t at,
	const struct facts_path *last, struct facts_path *p)
{
	const uint64_t told = ~(uint64_t)whole(jval_at(v, at));
	size_t same = told < last->n ? (size_t)told : last->n;
	size_t more = 0, end = jval_count(v);

	at++;
	while (at + more < end && whole(jval_at(v, at + more)) >= 0)
		more++;
	if (same + more > WAY_MAX)
		return end;
	p->links = arena_alloc(&f->arena, same + more + 1, sizeof(*p->links));
	for (; p->n < same; p->n++)
		p->links[p->n] = last->links[p->n];
	for (size_t i = at; i < at + more; i++) {
		size_t link = number(jval_at(v, i), SIZE_MAX);

		if (link < f->n_links)
			p->links[p->n++] = (int)link;
	}
	return at + more;
}

static void read_ways(struct facts *f, const struct jval *v)
{
	size_t n = jval_is_array(v) ? jval_count(v) : 0, links = 0;
	static const struct facts_path none = {NULL, 0};
	const struct facts_path *last = &none;

	f->paths = arena_alloc(&f->arena, n + 1, sizeof(*f->paths));
	for (size_t at = 0; at < n && links < WAYS_MAX; f->n_paths++) {
		at = read_way(f, v, at, last, &f->paths[f->n_paths]);
		last = &f->paths[f->n_paths];
		links += last->n;
	}
}

/* An index below n, or -1. */
static int within(int i, size_t n)
{
	return i >= 0 && (size_t)i < n ? i : -1;
}

static int place(const struct jval *array, size_t at, size_t n)
{
	const size_t i = number(jval_at(array, at), SIZE_MAX);

	return i < n ? (int)i : -1;
}

static bool read_group(struct facts *f, const struct jval *v, void *to)
{
	struct facts_group *g = to;

	g->src = place(v, 0, f->n_ends);
	g->dst = place(v, 1, f->n_ends);
	g->proto = place(v, 2, 256);
	g->path = place(v, 3, f->n_paths);
	g->all = (struct facts_sums){number(jval_at(v, 4), 0),
		number(jval_at(v, 5), 0), number(jval_at(v, 6), 0)};
	g->course = pieces(f, jval_at(v, 7));
	return true;
}

/* [link, bytes and packets less than the one before, us, ...] */
static void read_hops(
	struct facts *f, const struct jval *v, struct facts_row *r)
{
	size_t n = jval_is_array(v) ? jval_count(v) / 4 : 0;
	uint64_t packets = r->packets, bytes = r->bytes;

	r->hops = arena_alloc(&f->arena, n + 1, sizeof(*r->hops));
	for (size_t i = 0; i < n; i++) {
		size_t link = number(jval_at(v, i * 4), SIZE_MAX);

		bytes -= (uint64_t)whole(jval_at(v, i * 4 + 1));
		packets -= (uint64_t)whole(jval_at(v, i * 4 + 2));
		if (link < f->n_links)
			r->hops[r->n_hops++] =
				(struct facts_hop){(int)link, packets, bytes};
	}
}

static bool read_row(struct facts *f, const struct jval *v, void *to)
{
	struct facts_row *r = to;

	r->src = text(f, v, "src");
	r->dst = text(f, v, "dst");
	r->sport = small(v, "sport");
	r->dport = small(v, "dport");
	r->proto = within(small(v, "proto"), 256);
	r->src_end = within(small(v, "src_end"), f->n_ends);
	r->dst_end = within(small(v, "dst_end"), f->n_ends);
	r->packets = member(v, "packets");
	r->bytes = member(v, "bytes");
	r->first_ms = real(jval_get(v, "first_ms"));
	r->last_ms = real(jval_get(v, "last_ms"));
	read_hops(f, jval_get(v, "hops"), r);
	return r->src && r->dst;
}

/* [piece, sent, arrived, ...] */
static void read_losses(
	struct facts *f, const struct jval *a, struct facts_step *s)
{
	size_t n = jval_is_array(a) ? jval_count(a) / 3 : 0;

	s->losses = arena_alloc(&f->arena, n + 1, sizeof(*s->losses));
	for (size_t i = 0; i < n; i++) {
		size_t at = number(jval_at(a, i * 3), SIZE_MAX);

		if (at >= f->n_buckets ||
			(s->n_losses && at <= s->losses[s->n_losses - 1].at))
			continue;
		s->losses[s->n_losses++] = (struct facts_loss){at,
			number(jval_at(a, i * 3 + 1), 0),
			number(jval_at(a, i * 3 + 2), 0)};
	}
}

static bool read_step(struct facts *f, const struct jval *v, void *to)
{
	struct facts_step *s = to;

	s->from = place(v, 0, f->n_links);
	s->to = place(v, 1, f->n_links);
	s->flows = number(jval_at(v, 2), 0);
	s->sent = number(jval_at(v, 3), 0);
	s->arrived = number(jval_at(v, 4), 0);
	read_losses(f, jval_at(v, 5), s);
	return s->from >= 0 && s->to >= 0;
}

static bool read_proto(struct facts *f, const struct jval *v, void *to)
{
	struct facts_proto *p = to;

	p->proto = within(small(v, "proto"), 256);
	p->name = text(f, v, "name");
	p->all = sums(v);
	return p->proto >= 0;
}

static bool read_event(struct facts *f, const struct jval *v, void *to)
{
	struct facts_event *e = to;

	e->at_ms = real(jval_get(v, "at_ms"));
	e->kind = text(f, v, "kind");
	e->text = text(f, v, "text");
	return e->kind && e->text;
}

static bool read_tap(struct facts *f, const struct jval *v, void *to)
{
	struct facts_tap *t = to;

	t->iface = text(f, v, "iface");
	t->link = text(f, v, "link");
	return t->link != NULL;
}

static uint64_t lost_of(const struct jval *o)
{
	const struct jval *lost = jval_get(o, "lost");
	uint64_t sum = 0;

	if (!lost)
		return FACTS_UNKNOWN;
	for (void *at = jval_first(lost); at; at = jval_next(lost, at)) {
		uint64_t n = number(jval_member(at), FACTS_UNKNOWN);

		if (n == FACTS_UNKNOWN)
			return n;
		sum += n;
	}
	return sum;
}

static bool read_probe(struct facts *f, const struct jval *v, void *to)
{
	struct facts_probe *p = to;
	double ns;

	p->node = text(f, v, "node");
	p->role = text(f, v, "role");
	p->backend = text(f, v, "backend");
	p->reason = text(f, v, "reason");
	p->wire = maybe(v, "wire_frames");
	p->lost = lost_of(v);
	p->packets = maybe(v, "packets");
	p->flows_now = maybe(v, "flows_now");
	p->flows_max = maybe(v, "flows_max");
	p->cpu_us = maybe(v, "cpu_us");
	p->clock_known = jval_double(jval_get(v, "clock_offset_ns"), &ns);
	p->clock_ms = p->clock_known ? ns / 1e6 : 0;
	p->taps = list(
		f, jval_get(v, "taps"), sizeof(*p->taps), read_tap, &p->n_taps);
	return p->node != NULL;
}

static void read_status(struct facts *f, const struct jval *status)
{
	const struct jval *sum = jval_get(status, "ledger");

	f->project = text(f, status, "project");
	f->experiment = text(f, status, "experiment");
	f->mode = text(f, status, "mode");
	f->plan = text(f, status, "plan");
	f->collector = text(f, jval_get(status, "collector"), "node");
	f->probes = list(f, jval_get(status, "probes"), sizeof(*f->probes),
		read_probe, &f->n_probes);
	f->wire = maybe(sum, "wire_frames");
	f->ip = maybe(sum, "ip_frames");
	f->non_ip = maybe(sum, "non_ip");
	f->excluded = maybe(sum, "excluded");
	f->lost_frames = lost_of(sum);
	f->metered = maybe(sum, "packets");
	f->stored = maybe(sum, "packets_stored");
	f->records_sent = maybe(sum, "records_sent");
	f->records_stored = maybe(sum, "records_stored");
	f->records_lost = maybe(sum, "records_lost");
}

static void read_head(struct facts *f, const struct jval *v)
{
	int64_t ms;

	f->filter = text(f, v, "filter");
	f->first = text(f, v, "first");
	f->last = text(f, v, "last");
	f->made = text(f, v, "made");
	f->begin_ms = real(jval_get(v, "begin_ms"));
	f->bucket_ms =
		jval_int(jval_get(v, "bucket_ms"), &ms) && ms > 0 ? ms : 1;
	f->n_buckets = member(v, "buckets");
	f->foreign = flag(v, "foreign");
	f->estimated = flag(v, "estimated");
	f->cut = flag(v, "cut");
	f->all = sums(v);
	f->course = course(f, v, "course");
	f->records = member(v, "records");
}

static void read_all(struct facts *f, const struct jval *v)
{
	f->links = list(f, jval_get(v, "links"), sizeof(*f->links), read_link,
		&f->n_links);
	f->ends = list(
		f, jval_get(v, "ends"), sizeof(*f->ends), read_end, &f->n_ends);
	read_ways(f, jval_get(v, "ways"));
	f->groups = list(f, jval_get(v, "groups"), sizeof(*f->groups),
		read_group, &f->n_groups);
	f->rows = list(
		f, jval_get(v, "rows"), sizeof(*f->rows), read_row, &f->n_rows);
	f->steps = list(f, jval_get(v, "steps"), sizeof(*f->steps), read_step,
		&f->n_steps);
	f->protos = list(f, jval_get(v, "protocols"), sizeof(*f->protos),
		read_proto, &f->n_protos);
	f->events = list(f, jval_get(v, "events"), sizeof(*f->events),
		read_event, &f->n_events);
	read_status(f, jval_get(v, "status"));
}

int facts_parse(
	const char *json, size_t len, struct facts **ret, struct err *err)
{
	cleanup(jval_free_at) struct jval *v = NULL;
	cleanup(facts_free_at) struct facts *f = NULL;
	const char *schema;
	const struct jval *links;
	int r = jval_parse(json, len, "summary", &v, err);

	if (r < 0)
		return r;
	schema = jval_get_text(v, "schema");
	if (!schema || strcmp(schema, "netflowize.summary/3") != 0) {
		err_set(err, NFZ_E_INPUT, "this is no summary of ours");
		return err_hint(err,
			"Another version made it: netflowize up brings this "
			"one to a collector");
	}
	f = mem_zalloc(1, sizeof(*f));
	read_head(f, v);
	links = jval_get(v, "links");
	if (f->n_buckets > FACTS_BUCKETS_MAX ||
		(jval_is_array(links) && jval_count(links) > FACTS_LINKS_MAX))
		return err_set(err, NFZ_E_LIMIT, "the summary is too large");
	read_all(f, v);
	*ret = take(f);
	return 0;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	arena_release(&f->arena);
	free(f);
}

const char *facts_end(const struct facts *f, int end)
{
	return end < 0 ? "others" : f->ends[end].name;
}

const char *facts_proto(int proto, char text_of[static 8])
{
	switch (proto) {
	case 1:
		return "ICMP";
	case 2:
		return "IGMP";
	case 6:
		return "TCP";
	case 17:
		return "UDP";
	case 47:
		return "GRE";
	case 50:
		return "ESP";
	case 58:
		return "ICMPv6";
	case 89:
		return "OSPF";
	case 132:
		return "SCTP";
	}
	snprintf(text_of, 8, "%d", proto);
	return text_of;
}

double facts_rate(const struct facts *f, uint64_t bytes)
{
	return (double)bytes * 8e3 / (double)f->bucket_ms;
}

uint64_t facts_peak(const struct facts_course *c, size_t *ret_at)
{
	uint64_t most = 0;
	size_t at = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->pieces[i].sum.bytes <= most)
			continue;
		most = c->pieces[i].sum.bytes;
		at = c->pieces[i].at;
	}
	if (ret_at)
		*ret_at = at;
	return most;
}
