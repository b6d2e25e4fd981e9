/* The summary as JSON.  Long lists are arrays of numbers whose order
 * netflowize-summary(5) tells; times in them are ms since 1970. */
#include "base/clock.h"
#include "store/answer.h"
#include "store/ledger.h"
#include "store/summary_parts.h"

#include <string.h>

void summary_put_sums(struct jsonw *w, const struct sums *s)
{
	jsonw_put_uint(w, "flows", s->flows);
	jsonw_put_uint(w, "packets", s->packets);
	jsonw_put_uint(w, "bytes", s->bytes);
}

static double ms(int64_t ns)
{
	return (double)(ns / 1000) / 1e3;
}

/* Times of records may be any. */
static int64_t us_after(int64_t ns, int64_t since_ns)
{
	int64_t after;

	return __builtin_sub_overflow(ns, since_ns, &after) ? 0 : after / 1000;
}

/* [piece, bytes, packets, flows, ...] of the pieces with anything in them. */
void summary_put_pieces(
	struct jsonw *w, const struct summary *s, const struct piece *course)
{
	jsonw_array(w);
	for (size_t i = 0; course && i < s->n_buckets; i++) {
		if (!course[i].sum.flows)
			continue;
		jsonw_uint(w, i);
		jsonw_uint(w, course[i].sum.bytes);
		jsonw_uint(w, course[i].sum.packets);
		jsonw_uint(w, course[i].sum.flows);
	}
	jsonw_end(w);
}

void summary_put_course(struct jsonw *w, const struct summary *s,
	const char *name, const struct piece *course)
{
	jsonw_key(w, name);
	summary_put_pieces(w, s, course);
}

static void put_side(
	struct jsonw *w, const struct summary *s, const struct side *side)
{
	jsonw_object(w);
	jsonw_put_uint(w, "packets", side->from.packets);
	jsonw_put_uint(w, "bytes", side->from.bytes);
	summary_put_course(w, s, "course", side->from_course);
	if (side->to_course) {
		jsonw_put_uint(w, "to_packets", side->to.packets);
		jsonw_put_uint(w, "to_bytes", side->to.bytes);
		summary_put_course(w, s, "to_course", side->to_course);
	}
	jsonw_end(w);
}

/* What all sides sent is what a link carried, piece by piece; but for a flow
 * that was seen in both directions, which is one. */
static bool is_sum(const struct link_sum *link, size_t n_sides, size_t at)
{
	struct sums sum = {0};

	for (size_t k = 0; k < n_sides; k++) {
		const struct piece *course = link->sides[k].from_course;

		if (!course)
			continue;
		sum.flows += course[at].sum.flows;
		sum.packets += course[at].sum.packets;
		sum.bytes += course[at].sum.bytes;
	}
	return memcmp(&sum, &link->course[at].sum, sizeof(sum)) == 0;
}

/* A course that is the sum of its sides' is not told. */
static void put_link_course(struct jsonw *w, const struct summary *s, size_t i)
{
	const struct link_sum *link = &s->links[i];
	size_t n = s->catalog->links[i].n_members + 1, at = 0;

	while (link->course && at < s->n_buckets && is_sum(link, n, at))
		at++;
	if (link->course && at < s->n_buckets)
		summary_put_course(w, s, "course", link->course);
}

static void put_members(
	struct jsonw *w, const struct summary *s, const struct catalog_link *of)
{
	jsonw_key(w, "members");
	jsonw_array(w);
	for (size_t i = 0; i < of->n_members; i++)
		jsonw_string(w,
			of->members[i].node < 0
				? NULL
				: s->catalog->nodes[of->members[i].node].name);
	jsonw_end(w);
}

static void put_sides(struct jsonw *w, const struct summary *s, size_t i)
{
	const struct catalog_link *of = &s->catalog->links[i];

	put_link_course(w, s, i);
	jsonw_key(w, "sides"); /* the last: unknown */
	jsonw_array(w);
	for (size_t k = 0; k <= of->n_members; k++)
		put_side(w, s, &s->links[i].sides[k]);
	jsonw_end(w);
}

static void put_links(
	struct jsonw *w, const struct summary *s, const struct ledger *l)
{
	jsonw_key(w, "links");
	jsonw_array(w);
	for (size_t i = 0; i < s->catalog->n_links; i++) {
		const struct catalog_link *of = &s->catalog->links[i];
		const struct link_sum *link = &s->links[i];

		jsonw_object(w);
		jsonw_put(w, "name", of->name);
		jsonw_put_bool(w, "lan", of->lan);
		if (summary_wants(s, SUMMARY_LINKS))
			put_members(w, s, of);
		jsonw_put_optional(w, "gap", ledger_gap(l, i));
		summary_put_sums(w, &link->all);
		if (summary_wants(s, SUMMARY_LINKS))
			put_sides(w, s, i);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void put_ends(struct jsonw *w, const struct summary *s)
{
	char text[NET_ADDR_TEXT];

	jsonw_key(w, "ends");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_ends; i++) {
		const struct end *end = &s->ends[i];

		/* an address is told from a name by the list around it */
		if (end->node >= 0) {
			jsonw_string(w, s->catalog->nodes[end->node].name);
			continue;
		}
		jsonw_array(w);
		jsonw_string(w, net_addr_print(&end->addr, text));
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void put_protocols(struct jsonw *w, const struct summary *s)
{
	jsonw_key(w, "protocols");
	jsonw_array(w);
	for (unsigned i = 0; i < 256; i++) {
		if (!s->protos[i].flows)
			continue;
		jsonw_object(w);
		jsonw_put_uint(w, "proto", i);
		jsonw_put(w, "name", filter_protocol_name((uint8_t)i));
		summary_put_sums(w, &s->protos[i]);
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* Four numbers for each: link, what it saw less than the link before (bytes,
 * packets), and how many us after the first.  Mostly nothing is lost. */
static void put_hops(struct jsonw *w, const struct flow_row *r)
{
	struct flow_hop last = {.packets = r->packets, .bytes = r->bytes};

	jsonw_key(w, "hops");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_hops; last = r->hops[i++]) {
		const struct flow_hop *hop = &r->hops[i];

		jsonw_int(w, hop->link);
		jsonw_int(w, (int64_t)(last.bytes - hop->bytes));
		jsonw_int(w, (int64_t)(last.packets - hop->packets));
		jsonw_int(w, us_after(hop->first_ns, r->first_ns));
	}
	jsonw_end(w);
}

static void put_row(struct jsonw *w, const struct flow_row *r)
{
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT];

	jsonw_object(w);
	jsonw_put(w, "src", net_addr_print(&r->key.src, src));
	jsonw_put(w, "dst", net_addr_print(&r->key.dst, dst));
	jsonw_put_uint(w, "sport", r->key.sport);
	jsonw_put_uint(w, "dport", r->key.dport);
	jsonw_put_uint(w, "proto", r->key.proto);
	jsonw_put_uint(w, "packets", r->packets);
	jsonw_put_uint(w, "bytes", r->bytes);
	jsonw_key(w, "first_ms");
	jsonw_fixed(w, ms(r->first_ns), 3);
	jsonw_key(w, "last_ms");
	jsonw_fixed(w, ms(r->last_ns), 3);
	jsonw_put_uint(w, "tcp_flags", r->tcp_flags);
	if (r->key.flags & KEY_FRAGMENT)
		jsonw_put_bool(w, "fragment", true);
	if (r->flags & RECORD_FOREIGN)
		jsonw_put_bool(w, "foreign", true);
	jsonw_put_int(w, "src_end", r->src);
	jsonw_put_int(w, "dst_end", r->dst);
	put_hops(w, r);
	jsonw_end(w);
}

static void put_rows(struct jsonw *w, const struct summary *s)
{
	jsonw_key(w, "rows");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_rows; i++)
		put_row(w, &s->rows[i]);
	jsonw_end(w);
}

static void put_events(struct jsonw *w, const struct summary *s)
{
	const struct events_range asked = {
		s->ask->query.from_ns, s->ask->query.to_ns};

	jsonw_key(w, "events");
	jsonw_array(w);
	for (size_t i = 0; i < s->events.n; i++) {
		const struct event *e = &s->events.items[i];

		if (!events_range_has(&asked, e))
			continue;
		jsonw_object(w);
		jsonw_key(w, "at_ms");
		jsonw_fixed(w, ms(e->at_ns), 3);
		jsonw_put(w, "kind", event_kind_name(e->kind));
		jsonw_put(w, "text", e->text);
		jsonw_put_optional(w, "node", e->node);
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* When the programs that are counted up to now were started. */
static void put_began(struct jsonw *w, const struct summary *s)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < s->events.n; i++)
		if (strcmp(s->events.items[i].text, EVENTS_BEGIN) == 0)
			last = &s->events.items[i];
	if (!last)
		return;
	jsonw_key(w, "began_ms");
	jsonw_fixed(w, ms(last->at_ns), 3);
}

/* [place, how many, ...]; place i holds 2^(i/4) (evenly within an octave) and
 * more. */
static void put_scale(
	struct jsonw *w, const char *name, const struct scale *scale)
{
	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_put_uint(w, "zero", scale->zero);
	jsonw_put_uint(w, "max", scale->max);
	jsonw_put_uint(w, "sum", scale->sum);
	jsonw_key(w, "n");
	jsonw_array(w);
	for (unsigned i = 0; i < SCALE; i++) {
		if (!scale->n[i])
			continue;
		jsonw_uint(w, i);
		jsonw_uint(w, scale->n[i]);
	}
	jsonw_end(w);
	jsonw_end(w);
}

static void put_distributions(struct jsonw *w, const struct summary *s)
{
	put_scale(w, "flow_packets", &s->packets);
	put_scale(w, "flow_bytes", &s->bytes);
	put_scale(w, "flow_us", &s->duration_us);
	jsonw_key(w, "mean_sizes"); /* of records, not of packets */
	jsonw_array(w);
	for (unsigned i = 0; i < SIZE_CLASS_COUNT; i++) {
		jsonw_object(w);
		jsonw_put_uint(w, "up_to", measure_size_top(i));
		jsonw_put_uint(w, "records", s->sizes[i].flows);
		jsonw_put_uint(w, "packets", s->sizes[i].packets);
		jsonw_put_uint(w, "bytes", s->sizes[i].bytes);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void put_kinds(struct jsonw *w, struct summary *s)
{
	put_protocols(w, s);
	summary_write_kinds(w, s);
	if (summary_tells_small(s))
		summary_write_ports(w, s);
}

static void put_rest(
	struct jsonw *w, const struct summary *s, const struct store *store)
{
	summary_write_steps(w, s);
	summary_write_history(w, s, store_history(store));
	put_events(w, s);
	put_distributions(w, s);
}

static void put_head(struct jsonw *w, const struct summary *s)
{
	char text[ANSWER_TIME];

	jsonw_put(w, "schema", "netflowize.summary/3");
	jsonw_put_optional(w, "filter", s->ask->filter);
	jsonw_put(w, "made", answer_time(wall_now().ns, text));
	jsonw_put(w, "first", s->any ? answer_time(s->first_ns, text) : NULL);
	jsonw_put(w, "last", s->any ? answer_time(s->last_ns, text) : NULL);
	jsonw_key(w, "begin_ms");
	jsonw_fixed(w, ms(s->begin_ns), 0);
	jsonw_put_int(w, "bucket_ms", s->unit_ns / NS_PER_MS);
	jsonw_put_uint(w, "buckets", s->any ? s->n_buckets : 0);
	jsonw_put_int(w, "idle_ms",
		s->catalog->idle_ms ? s->catalog->idle_ms : MERGE_IDLE_MS);
	jsonw_put_bool(w, "foreign", s->foreign);
	jsonw_put_bool(w, "estimated", s->estimated);
	jsonw_put_bool(w, "cut", s->cut);
	summary_put_sums(w, &s->all);
	jsonw_put_uint(w, "records", s->query.kept);
	summary_put_course(w, s, "course", s->course);
	if (s->foreign_course)
		summary_put_course(w, s, "foreign_course", s->foreign_course);
}

void summary_write(
	struct summary *s, const struct store *store, struct buf *out)
{
	struct ledger ledger;
	struct jsonw w;

	ledger_read(store, s->catalog, &ledger);
	summary_sort_ends(s);
	jsonw_init(&w, out, JSONW_COMPACT);
	jsonw_object(&w);
	put_head(&w, s);
	put_links(&w, s, &ledger);
	if (summary_wants(s, SUMMARY_GROUPS | SUMMARY_FLOWS))
		put_ends(&w, s);
	if (summary_wants(s, SUMMARY_GROUPS))
		put_kinds(&w, s);
	if (summary_wants(s, SUMMARY_FLOWS))
		put_rows(&w, s);
	if (summary_wants(s, SUMMARY_REST))
		put_rest(&w, s, store);
	put_began(&w, s);
	jsonw_key(&w, "status");
	ledger_print(store, &ledger, summary_wants(s, SUMMARY_PROBES), &w);
	jsonw_end(&w);
	buf_addc(out, '\n');
	ledger_release(&ledger);
}
