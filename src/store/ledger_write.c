/* The ledger on paper.  JSON: schema netflowize.status/1, everything; tables
 * the same in words; NDJSON and CSV a row for each tap. */
#include "flow/setup.h"
#include "store/answer.h"
#include "store/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put(struct jsonw *w, const char *key, uint64_t v)
{
	jsonw_key(w, key);
	if (v == LEDGER_UNKNOWN)
		jsonw_null(w);
	else
		jsonw_uint(w, v);
}

static void put_lost(struct jsonw *w, const struct ledger_frames *f)
{
	jsonw_key(w, "lost");
	jsonw_object_inline(w);
	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		put(w, tap_loss_name((enum tap_loss)i), f->lost[i]);
	jsonw_end(w);
}

static void put_frames(struct jsonw *w, const struct ledger_frames *f)
{
	put(w, "wire_frames", f->wire);
	put(w, "ip_frames", f->ip);
	put(w, "non_ip", f->non_ip);
	put(w, "excluded", f->excluded);
	put(w, "unsampled", f->unsampled);
	put_lost(w, f);
	put(w, "packets", f->packets);
	put(w, "packets_stored", f->packets_stored);
	jsonw_key(w, "unaccounted");
	if (f->wire == LEDGER_UNKNOWN)
		jsonw_null(w);
	else
		jsonw_int(w, f->unaccounted);
}

static void put_numbers(struct jsonw *w, const char *key,
	const struct size_count *n, bool octets)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (unsigned i = 0; i < PACKET_SIZES; i++)
		jsonw_uint(w, octets ? n[i].octets : n[i].packets);
	jsonw_end(w);
}

/* By class, towards the tap's member of the link and from it. */
static void put_sizes(struct jsonw *w, const struct ledger_tap *t)
{
	jsonw_key(w, "sizes");
	if (!t->sized) {
		jsonw_null(w);
		return;
	}
	jsonw_object_inline(w);
	put_numbers(w, "to_packets", t->sizes[SIZES_TO_NEAR], false);
	put_numbers(w, "to_bytes", t->sizes[SIZES_TO_NEAR], true);
	put_numbers(w, "from_packets", t->sizes[SIZES_FROM_NEAR], false);
	put_numbers(w, "from_bytes", t->sizes[SIZES_FROM_NEAR], true);
	jsonw_end(w);
}

static void put_tap(
	struct jsonw *w, const struct ledger *l, const struct ledger_tap *t)
{
	char time[ANSWER_TIME];

	jsonw_object(w);
	jsonw_put_uint(w, "tap", t->tap->id);
	jsonw_put(w, "iface", t->tap->iface);
	jsonw_put(w, "link", l->catalog->links[t->tap->link].name);
	jsonw_put_optional(
		w, "at", t->at_ns ? answer_time(t->at_ns, time) : NULL);
	put_frames(w, &t->frames);
	put(w, "unwatched", t->unwatched);
	put_sizes(w, t);
	jsonw_end(w);
}

static const struct module_stats *stats_of(
	const struct ledger *l, uint16_t module)
{
	for (size_t i = 0; i < l->n_modules; i++)
		if (l->modules[i]->module == module)
			return l->modules[i];
	return NULL;
}

static void put_stats(struct jsonw *w, const struct module_stats *m)
{
	char time[ANSWER_TIME];

	jsonw_put(w, "role", module_role_name((enum module_role)m->role));
	jsonw_put(w, "backend", *m->backend ? m->backend : NULL);
	jsonw_put(w, "heard", answer_time(m->at_ns, time));
	jsonw_put_int(w, "clock_offset_ns", m->clock_offset_ns);
	for (int i = 0; i < MODULE_STAT_COUNT; i++)
		put(w, module_stat_name((enum module_stat)i), m->n[i]);
}

/* The probe that the tap at `first` belongs to: all taps of its module. */
static void put_probe(struct jsonw *w, const struct ledger *l, size_t first)
{
	const struct catalog_tap *tap = l->taps[first].tap;
	const struct module_stats *m = stats_of(l, tap->module);
	struct ledger_frames sum = {0};

	jsonw_object(w);
	jsonw_put(w, "node", l->catalog->nodes[tap->node].name);
	jsonw_put_uint(w, "module", tap->module);
	jsonw_put_optional(w, "reason", l->catalog->nodes[tap->node].why);
	if (m) {
		put_stats(w, m);
	} else {
		jsonw_put(w, "role", module_role_name(MODULE_METER));
		jsonw_put(w, "backend", NULL); /* never heard of */
	}
	jsonw_key(w, "taps");
	jsonw_array(w);
	for (size_t i = first; i < l->n_taps; i++) {
		if (l->taps[i].tap->module != tap->module)
			continue;
		put_tap(w, l, &l->taps[i]);
		ledger_add_frames(&sum, &l->taps[i].frames);
	}
	jsonw_end(w);
	put_frames(w, &sum);
	jsonw_end(w);
}

static bool is_first(const struct ledger *l, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (l->taps[i].tap->module == l->taps[at].tap->module)
			return false;
	return true;
}

static bool has_taps(const struct ledger *l, uint16_t module)
{
	for (size_t i = 0; i < l->n_taps; i++)
		if (l->taps[i].tap->module == module)
			return true;
	return false;
}

/* Where the cache with that module id runs, NULL unknown. */
static const char *cache_node(const struct catalog *c, uint16_t module)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (c->nodes[i].cache == module)
			return c->nodes[i].name;
	return NULL;
}

/* Caches, and exporters of others. */
static void put_others(struct jsonw *w, const struct ledger *l)
{
	jsonw_key(w, "modules");
	jsonw_array(w);
	for (size_t i = 0; i < l->n_modules; i++) {
		const struct module_stats *m = l->modules[i];

		if (has_taps(l, m->module))
			continue;
		jsonw_object_inline(w);
		jsonw_put_uint(w, "module", m->module);
		jsonw_put_optional(
			w, "node", cache_node(l->catalog, m->module));
		put_stats(w, m);
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* Which links are watched, and why the others are not. */
static size_t links_covered(const struct ledger *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->catalog->n_links; i++)
		n += ledger_gap(l, i) == NULL;
	return n;
}

static void put_coverage(struct jsonw *w, const struct ledger *l)
{
	const struct catalog *c = l->catalog;

	jsonw_key(w, "coverage");
	jsonw_object(w);
	jsonw_put_uint(w, "links", c->n_links);
	jsonw_put_uint(w, "covered", links_covered(l));
	jsonw_key(w, "uncovered");
	jsonw_array(w);
	for (size_t i = 0; i < c->n_links; i++) {
		if (!ledger_gap(l, i))
			continue;
		jsonw_object_inline(w);
		jsonw_put(w, "link", c->links[i].name);
		jsonw_put(w, "cause", ledger_gap(l, i));
		jsonw_end(w);
	}
	jsonw_end(w);
	jsonw_end(w);
}

static void put_run(struct jsonw *w, const struct ledger *l)
{
	const struct catalog *c = l->catalog;
	char id[17];

	jsonw_put_optional(w, "project", c->project);
	jsonw_put_optional(w, "experiment", c->experiment);
	jsonw_put_optional(w, "mode", c->mode);
	snprintf(id, sizeof(id), "%016" PRIx64, c->deployment);
	jsonw_put(w, "deployment", id);
	jsonw_put_optional(w, "plan", c->plan);
	put_coverage(w, l);
}

static void put_collector(
	struct jsonw *w, const struct store *s, const struct catalog *c)
{
	const struct store_recovery *found = store_recovered(s);

	jsonw_key(w, "collector");
	jsonw_object(w);
	jsonw_put(w, "node",
		c->collector < 0 ? NULL : c->nodes[c->collector].name);
	put(w, "rows", store_rows(s));
	put(w, "disk_bytes", store_bytes(s));
	put(w, "damaged_bytes", found->damaged_bytes);
	jsonw_end(w);
}

static void put_sums(struct jsonw *w, const struct ledger *l)
{
	jsonw_key(w, "ledger");
	jsonw_object(w);
	put_frames(w, &l->frames);
	put(w, "unwatched", l->unwatched);
	put(w, "records_sent", l->records_sent);
	put(w, "records_stored", l->records_stored);
	put(w, "records_lost", l->records_lost);
	put(w, "digests_lost", l->digests_lost);
	put(w, "foreign_sent", l->foreign_sent);
	put(w, "foreign_stored", l->foreign_stored);
	put(w, "foreign_lost", l->foreign_lost);
	put(w, "taps", l->n_taps);
	put(w, "taps_unheard", l->n_unheard);
	jsonw_end(w);
}

void ledger_print(const struct store *s, const struct ledger *l, bool probes,
	struct jsonw *w)
{
	jsonw_object(w);
	jsonw_put(w, "schema", "netflowize.status/1");
	put_run(w, l);
	jsonw_key(w, "probes");
	jsonw_array(w);
	for (size_t i = 0; i < l->n_taps && probes; i++)
		if (is_first(l, i))
			put_probe(w, l, i);
	jsonw_end(w);
	put_collector(w, s, l->catalog);
	put_sums(w, l);
	put_others(w, l);
	jsonw_end(w);
}

static int write_json(const struct store *s, const struct ledger *l, FILE *to,
	struct err *err)
{
	struct buf out = BUF_INIT(1 << 28);
	struct jsonw w;
	int r = 0;

	jsonw_init(&w, &out, JSONW_INDENT);
	ledger_print(s, l, true, &w);
	if (fwrite(out.data, 1, out.len, to) != out.len || fflush(to) != 0)
		r = err_sys(err, "standard output");
	buf_release(&out);
	return r;
}

/* In words ------------------------------------------------------------- */

static void line(FILE *to, const char *what, uint64_t v)
{
	char text[SHEET_NUMBER];

	fprintf(to, "  %-28s %13s\n", what,
		v == LEDGER_UNKNOWN ? "unknown" : sheet_commas(v, text));
}

static void line_signed(FILE *to, const char *what, int64_t v)
{
	char text[SHEET_NUMBER + 1] = "-";

	if (v >= 0) {
		line(to, what, (uint64_t)v);
		return;
	}
	sheet_commas(-(uint64_t)v, text + 1);
	fprintf(to, "  %-28s %13s\n", what, text);
}

static void write_coverage(const struct ledger *l, FILE *to)
{
	const struct catalog *c = l->catalog;

	fprintf(to, "  coverage %zu of %zu links%s%s\n", links_covered(l),
		c->n_links, c->mode ? ", mode " : "", c->mode ? c->mode : "");
	for (size_t i = 0; i < c->n_links; i++)
		if (ledger_gap(l, i))
			fprintf(to, "    %s is not: %s\n", c->links[i].name,
				ledger_gap(l, i));
	fputc('\n', to);
}

static void write_words(const struct ledger *l, FILE *to)
{
	const struct ledger_frames *f = &l->frames;
	char what[64];

	write_coverage(l, to);
	line(to, "frames on watched links", f->wire);
	line(to, "  IP", f->ip);
	line(to, "  not IP", f->non_ip);
	/* counted elsewhere: on a LAN, by the sender's or the lowest probe */
	line(to, "  ours, or counted elsewhere", f->excluded);
	if (f->unsampled)
		line(to, "  not sampled", f->unsampled);
	for (int i = 0; i < TAP_LOSS_COUNT; i++) {
		snprintf(what, sizeof(what), "  lost: %s",
			tap_loss_name((enum tap_loss)i));
		if (f->lost[i])
			line(to, what, f->lost[i]);
	}
	if (f->wire == LEDGER_UNKNOWN)
		line(to, "  unaccounted", LEDGER_UNKNOWN);
	else
		line_signed(to, "  unaccounted", f->unaccounted);
	if (l->unwatched)
		line(to, "  while no probe ran", l->unwatched);
	line(to, "packets metered", f->packets);
	line(to, "packets in stored records", f->packets_stored);
	line(to, "records sent by probes", l->records_sent);
	line(to, "records stored", l->records_stored);
	if (l->records_lost)
		line(to, "records lost by probes", l->records_lost);
	if (l->digests_lost)
		line(to, "digests lost", l->digests_lost);
	if (l->foreign_stored || l->foreign_sent) {
		line(to, "foreign flows stored", l->foreign_stored);
		line(to, "foreign flows missing", l->foreign_lost);
	}
	fputc('\n', to);
}

static void number(struct sheet *s, uint64_t v)
{
	if (v == LEDGER_UNKNOWN)
		sheet_text(s, s->format == SHEET_TABLE ? "unknown" : NULL);
	else
		sheet_uint(s, v);
}

#define TEXT(heading)                                                          \
	{                                                                      \
		.name = (heading)                                              \
	}
#define NUMBER(heading)                                                        \
	{                                                                      \
		.name = (heading), .right = true                               \
	}

#define SPARE(heading, how)                                                    \
	{                                                                      \
		.name = (heading), .right = true, .spare = (how)               \
	}

/* People know a tap of an earlier plan by the testbed's name for it only. */
static void tap_cell(struct sheet *s, const struct catalog_tap *tap)
{
	char text[200];

	snprintf(text, sizeof(text), "%.80s%s", tap->iface,
		s->format == SHEET_TABLE && tap->idle ? " (earlier plan)" : "");
	sheet_text(s, text);
}

static int write_taps(
	const struct ledger *l, struct sheet_form form, struct err *err)
{
	static const struct sheet_column heads[] = {TEXT("NODE"),
		{.name = "IFACE", .spare = 4}, TEXT("LINK"), NUMBER("FRAMES"),
		SPARE("IP", 5), SPARE("NOT IP", 7), SPARE("EXCLUDED", 6),
		NUMBER("LOST"), NUMBER("UNACCOUNTED"), SPARE("PACKETS", 1),
		SPARE("STORED", 2)};
	static const struct sheet_column names[] = {TEXT("node"), TEXT("iface"),
		TEXT("link"), TEXT("wire_frames"), TEXT("ip_frames"),
		TEXT("non_ip"), TEXT("excluded"), TEXT("lost"),
		TEXT("unaccounted"), TEXT("packets"), TEXT("packets_stored")};
	struct sheet s;

	sheet_print(&s, form, form.format == SHEET_TABLE ? heads : names,
		sizeof(heads) / sizeof(*heads));
	sheet_begin(&s, "netflowize.ledger/1", "taps");
	for (size_t i = 0; i < l->n_taps; i++) {
		const struct ledger_tap *t = &l->taps[i];
		const struct ledger_frames *f = &t->frames;

		sheet_text(&s, l->catalog->nodes[t->tap->node].name);
		tap_cell(&s, t->tap);
		sheet_text(&s, l->catalog->links[t->tap->link].name);
		number(&s, f->wire);
		number(&s, f->ip);
		number(&s, f->non_ip);
		number(&s, f->excluded);
		number(&s, ledger_lost(f));
		if (f->wire == LEDGER_UNKNOWN)
			number(&s, LEDGER_UNKNOWN);
		else
			sheet_int(&s, f->unaccounted);
		number(&s, f->packets);
		number(&s, f->packets_stored);
	}
	sheet_end(&s);
	return sheet_close(&s, err);
}

/* Verify --------------------------------------------------------------- */

static void verify_row(
	struct sheet *s, const struct ledger *l, const struct ledger_tap *t)
{
	const struct ledger_check check = ledger_verify(t);

	sheet_text(s, l->catalog->links[t->tap->link].name);
	sheet_text(s, l->catalog->nodes[t->tap->node].name);
	sheet_text(s, t->tap->iface);
	if (!check.known) {
		for (int i = 0; i < 7; i++)
			number(s, LEDGER_UNKNOWN);
		sheet_null(s);
		return;
	}
	sheet_uint(s, t->if_received);
	sheet_uint(s, t->received);
	sheet_int(s, check.received);
	sheet_uint(s, t->if_sent);
	sheet_uint(s, t->sent);
	sheet_int(s, check.sent);
	sheet_uint(s, check.uncertainty);
	sheet_bool(s, check.agrees);
}

static int write_verify(
	const struct ledger *l, struct sheet_form form, struct err *err)
{
	static const struct sheet_column heads[] = {TEXT("LINK"), TEXT("NODE"),
		{.name = "IFACE", .spare = 2}, NUMBER("RECEIVED"),
		NUMBER("SEEN"), NUMBER("DIFF"), NUMBER("SENT"), NUMBER("SEEN"),
		NUMBER("DIFF"), SPARE("UNCERTAINTY", 1), TEXT("AGREES")};
	static const struct sheet_column names[] = {TEXT("link"), TEXT("node"),
		TEXT("iface"), TEXT("if_received"), TEXT("frames_received"),
		TEXT("difference_received"), TEXT("if_sent"),
		TEXT("frames_sent"), TEXT("difference_sent"),
		TEXT("uncertainty"), TEXT("agrees")};
	size_t bad = 0, unknown = 0;
	struct sheet s;
	int r;

	sheet_print(&s, form, form.format == SHEET_TABLE ? heads : names,
		sizeof(heads) / sizeof(*heads));
	sheet_begin(&s, "netflowize.verify/1", "taps");
	for (size_t i = 0; i < l->n_taps; i++) {
		const struct ledger_check check = ledger_verify(&l->taps[i]);

		unknown += !check.known;
		bad += check.known && !check.agrees;
		verify_row(&s, l, &l->taps[i]);
	}
	sheet_end(&s);
	if (form.format == SHEET_JSON) {
		jsonw_put_bool(&s.json, "agrees", !bad && !unknown);
		jsonw_put_uint(&s.json, "unknown", unknown);
	}
	r = sheet_close(&s, err);
	if (r == 0 && (bad || unknown))
		r = err_set(err, NFZ_E_VERIFY,
			"%zu of %zu taps disagree with their interface, of "
			"%zu nothing is known",
			bad, l->n_taps, unknown);
	return r;
}

int ledger_write(const struct store *s, const struct catalog *c,
	struct sheet_form form, enum ledger_what what, struct err *err)
{
	struct ledger l;
	int r;

	ledger_read(s, c, &l);
	if (what == LEDGER_VERIFY) {
		r = write_verify(&l, form, err);
	} else if (form.format == SHEET_JSON) {
		r = write_json(s, &l, stdout, err);
	} else {
		if (form.format == SHEET_TABLE)
			write_words(&l, stdout);
		r = write_taps(&l, form, err);
	}
	ledger_release(&l);
	return r;
}
