/* netflowize watch: flows are told when a filter begins to want them, while
 * they live.  The collector is asked again and again, over a login that is
 * kept: a filter is of whole flows, merged over probes and records, and any
 * number may watch. */
#include "base/clock.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "cli/source.h"
#include "format/json.h"
#include "store/filter.h"
#include "store/store.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct watch_command {
	struct common common;
	const char *topology, *last;
	int64_t every_ms, for_ms;
	bool no_flush;
};

#define AT(member) offsetof(struct watch_command, member)

static const struct opt options[] = {
	{"every", 0, OPT_SPAN, AT(every_ms), "T",
		"ask again so long after an answer (1s)", NULL, 0, 0},
	{"for", 0, OPT_SPAN, AT(for_ms), "T", "end after that long", NULL, 0,
		0},
	{"last", 0, OPT_TEXT, AT(last), "T",
		"only what was recorded in the last 30s, 5m, 2h", NULL, 0, 0},
	{"no-flush", 0, OPT_FLAG, AT(no_flush), NULL,
		"do not ask the meters for what they still hold", NULL, 0, 0},
	{"topology", 0, OPT_TEXT, AT(topology), "FILE",
		"nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

enum {
	ANSWER_MAX = 64 << 20,
	SAID_MAX = 1 << 16,
	ROW_MAX = 1 << 16,
	WAKE_MS = 200
};
/* Times are corrected as more is known of clocks; no two flows of the same key
 * are nearer than the shortest timeout there is. */
#define APART_NS (100 * NS_PER_MS)

struct watch {
	struct app *app;
	const struct watch_command *o;
	const char *filter;
	struct topology *topology;
	struct nodes_context nodes;
	struct map told; /* flows of the last answer: the end of the latest */
	struct buf said; /* besides the last answer */
	struct widths {
		int time, proto, end, packets, bytes; /* columns */
		size_t path;                          /* SIZE_MAX: any */
		bool rounds;                          /* large numbers */
	} widths;
	bool begun; /* a table has its heading */
};

/* --- what is told ---------------------------------------------------------- */

static int64_t number_of(const struct jval *row, const char *name)
{
	int64_t v = 0;

	(void)jval_int(jval_get(row, name), &v);
	return v;
}

static const char *text_of(const struct jval *row, const char *name)
{
	const char *text = jval_get_text(row, name);

	return text ? text : "";
}

/* "client1:1000", "[2001:db8::1]:80" */
static char *end_of(const struct jval *row, const char *node, const char *addr,
	int64_t port)
{
	const char *name =
		*text_of(row, node) ? text_of(row, node) : text_of(row, addr);

	if (!number_of(row, "sport") && !number_of(row, "dport"))
		return mem_strdup(name);
	return mem_printf(strchr(name, ':') ? "[%s]:%" PRId64 : "%s:%" PRId64,
		name, port);
}

static void add_path(const struct jval *path, size_t room, struct buf *out)
{
	struct buf links = BUF_INIT(ROW_MAX);
	struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < jval_count(path); i++) {
		const char *link = jval_text(jval_at(path, i));

		buf_addf(&links, "%s%s", i ? " " : "", link ? link : "?");
	}
	buf_adds(out, sheet_cut(&arena, buf_str(&links), room));
	arena_release(&arena);
	buf_release(&links);
}

enum { WIDE_ENOUGH = 122, PATH_LEAST = 20, PORT = 6 };

/* Rows come one by one: how wide they are has to be known before.  Where the
 * terminal has no room for all columns, packets are not among them. */
static struct widths widths_for(const struct topology *t, size_t terminal)
{
	struct widths w = {13, 6, 24, 12, 16, SIZE_MAX, false};
	size_t end = sizeof("DESTINATION") - 1, used;

	if (terminal >= WIDE_ENOUGH)
		w.path = terminal - (WIDE_ENOUGH - PATH_LEAST);
	if (!terminal || terminal >= WIDE_ENOUGH)
		return w;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (utf8_columns(t->nodes[i].name) + PORT > end)
			end = utf8_columns(t->nodes[i].name) + PORT;
	w = (struct widths){9, 5, end < 24 ? (int)end : 24, 7, 7, 0, true};
	used = (size_t)(w.time + w.proto + 2 * w.end + w.bytes) + 10;
	if (used + PATH_LEAST + 9 > terminal)
		w.packets = 0;
	else
		used += 9;
	w.path = terminal > used ? terminal - used : 1;
	return w;
}

/* Names are others': none moves the cursor, nor ends a line. */
static void put_line(char *text)
{
	utf8_disarm(text);
	for (char *at = text; (at = strpbrk(at, "\n\t"));)
		*at = '?';
	puts(text);
}

static void add_cells(
	const struct widths *w, const char *const cells[6], struct buf *line)
{
	const int gap = w->rounds ? 2 : 1;

	buf_addf(line, "%-*s%*s%-*s%*s%-*s%*s%-*s", w->time, cells[0], gap, "",
		w->proto, cells[1], gap, "", w->end, cells[2], gap, "", w->end,
		cells[3]);
	if (w->packets)
		buf_addf(line, "%*s%*s", gap, "", w->packets, cells[4]);
	buf_addf(line, "%*s%*s  ", gap, "", w->bytes, cells[5]);
}

static void put_heading(const struct widths *w)
{
	static const char *const heads[] = {
		"LAST", "PROTO", "SOURCE", "DESTINATION", "PACKETS", "BYTES"};
	struct buf line = BUF_INIT(ROW_MAX);

	add_cells(w, heads, &line);
	buf_adds(&line, "PATH");
	puts(buf_str(&line));
	buf_release(&line);
}

static char *table_row(struct watch *w, const struct jval *row)
{
	const int64_t number = number_of(row, "proto");
	const char *proto = filter_protocol_name((uint8_t)number);
	const char *at = strchr(text_of(row, "last"), 'T');
	cleanup_free char *src =
		end_of(row, "src_node", "src", number_of(row, "sport"));
	cleanup_free char *dst =
		end_of(row, "dst_node", "dst", number_of(row, "dport"));
	char time[16], packets[SHEET_NUMBER], bytes[SHEET_NUMBER], text[8];
	char *(*print)(uint64_t v, char *to) =
		w->widths.rounds ? sheet_units : sheet_commas;
	struct buf line = BUF_INIT(ROW_MAX);

	if (!w->begun)
		put_heading(&w->widths);
	w->begun = true;
	snprintf(time, sizeof(time), "%.*sZ", w->widths.time - 1,
		at ? at + 1 : "?");
	snprintf(text, sizeof(text), "%u", (unsigned)number & 255);
	add_cells(&w->widths,
		(const char *const[]){time, proto ? proto : text, src, dst,
			print((uint64_t)number_of(row, "packets"), packets),
			print((uint64_t)number_of(row, "bytes"), bytes)},
		&line);
	add_path(jval_get(row, "path"), w->widths.path, &line);
	return buf_take(&line);
}

static void add_key(const struct jval *row, struct buf *key)
{
	buf_addf(key, "%s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
		text_of(row, "src"), text_of(row, "dst"),
		number_of(row, "sport"), number_of(row, "dport"),
		number_of(row, "proto"), number_of(row, "fragment"));
}

/* One that the last answer had not.  A flow only grows, at either end. */
static bool is_new(struct watch *w, struct map *now, const struct jval *row)
{
	struct buf key = BUF_INIT(1 << 12);
	struct wall_time first = {0}, last = {0};
	const struct map *in = &w->told;
	bool fresh = true;

	add_key(row, &key);
	(void)wall_parse(text_of(row, "first"), &first);
	(void)wall_parse(text_of(row, "last"), &last);
	if (map_has(now, key.data, key.len))
		in = now;
	if (map_has(in, key.data, key.len)) {
		int64_t until = (intptr_t)map_get(in, key.data, key.len);

		fresh = first.ns > until + APART_NS;
		if (until > last.ns)
			last.ns = until;
	}
	map_put(now, key.data, key.len, (void *)(intptr_t)last.ns);
	buf_release(&key);
	return fresh;
}

static void tell(struct watch *w, const struct jval *row, const struct span *as)
{
	cleanup_free char *text = NULL;

	if (w->app->common->format == FORMAT_NDJSON)
		text = mem_printf("%.*s", (int)as->n, as->s);
	else
		text = table_row(w, row);
	put_line(text);
}

static int tell_rows(struct watch *w, const struct buf *answer, struct err *err)
{
	struct lines lines = lines_over(buf_str(answer), answer->len);
	struct span line;
	struct map now;
	int r = 0;

	map_init(&now);
	while (r == 0 && lines_next(&lines, &line)) {
		cleanup(jval_free_at) struct jval *row = NULL;

		r = jval_parse(
			line.s, line.n, "the collector's answer", &row, err);
		if (r < 0 || !is_new(w, &now, row))
			continue;
		tell(w, row, &line);
	}
	fflush(stdout);
	map_release(&w->told);
	w->told = now;
	return r;
}

/* --- asking ---------------------------------------------------------------- */

/* The same each time is said once. */
static void say_besides(struct watch *w, struct buf *said)
{
	cleanup_free char *text = mem_strdup(buf_str(said));

	utf8_disarm(text);
	if (strcmp(buf_str(said), buf_str(&w->said)) != 0)
		nodes_print_said(text);
	buf_release(&w->said);
	w->said = *said;
}

static int ask(struct watch *w, struct err *err)
{
	const char *argv[16] = {"nfz-query", "store", "-o", "ndjson"};
	struct buf answer = BUF_INIT(ANSWER_MAX), said = BUF_INIT(SAID_MAX);
	size_t n = 4;
	int r;

	if (!w->o->no_flush)
		argv[n++] = "--flush";
	if (w->o->last) {
		argv[n++] = "--last";
		argv[n++] = w->o->last;
	}
	argv[n++] = "--";
	argv[n++] = w->filter;
	w->nodes.said = &said;
	r = nodes_query_text(&w->nodes, w->topology, argv, &answer, err);
	say_besides(w, &said);
	if (r == 0)
		r = tell_rows(w, &answer, err);
	buf_release(&answer);
	return r;
}

static bool is_over(const struct watch *w)
{
	return *w->app->interrupted || ferror(stdout);
}

static int go_on(struct watch *w, struct err *err)
{
	const struct mono_time end = mono_add_ms(mono_now(), w->o->for_ms);
	int r = ask(w, err);

	while (r == 0 && !is_over(w) && !(w->o->for_ms && mono_passed(end))) {
		struct mono_time next = mono_add_ms(mono_now(), w->o->every_ms);

		if (w->o->for_ms && mono_ms_until(end) < mono_ms_until(next))
			next = end;
		/* a signal may have come just before we wait */
		while (!is_over(w) && !mono_passed(next)) {
			const int ms = mono_ms_until(next) + 1;

			poll(NULL, 0, ms < WAKE_MS ? ms : WAKE_MS);
		}
		if (!is_over(w))
			r = ask(w, err);
	}
	if (r < 0 && !is_over(w))
		return r;
	err_clear(err); /* whoever watches has seen enough */
	return 0;
}

static int watch(struct app *app, const struct watch_command *o,
	const char *word, const char *filter, struct err *err)
{
	struct watch w = {.app = app,
		.o = o,
		.filter = filter,
		.said = BUF_INIT(SAID_MAX)};
	int r = filter_check(filter, strlen(filter), err);

	if (r == 0)
		r = nodes_topology(app, o->topology, word, &w.topology, err);
	map_init(&w.told);
	if (r == 0) {
		nodes_init(&w.nodes, app, w.topology);
		w.nodes.options.link = deploy_link_new();
		w.widths = widths_for(w.topology,
			app_form(app).width ? 0 : sheet_terminal(stdout));
		if (app_for_people(app))
			say(app, "watching %s/%s%s; Ctrl-C ends",
				w.nodes.project, w.nodes.experiment,
				!w.widths.rounds ? ""
				: w.widths.packets
					? " (exact: -o wide)"
					: " (with packets: -o wide)");
		r = go_on(&w, err);
		deploy_link_free(w.nodes.options.link);
	}
	topology_free(w.topology);
	map_release(&w.told);
	buf_release(&w.said);
	return r;
}

static int check(
	const struct watch_command *o, char **argv, int words, struct err *err)
{
	const int format = o->common.format;

	if (!o->topology && words && store_is_there(argv[1])) {
		err_set(err, NFZ_E_USAGE, "%s is a store: nothing comes to it",
			argv[1]);
		return err_hint(err, "netflowize query %s FILTER", argv[1]);
	}
	if (words < (o->topology ? 1 : 2)) {
		err_set(err, NFZ_E_USAGE, "which flows of which experiment?");
		return err_hint(err, "Example: %s", cmd_watch.example);
	}
	if (format == FORMAT_JSON || format == FORMAT_CSV)
		return err_set(err, NFZ_E_USAGE,
			"-o %s has an end, and watch has none: -o ndjson, or a "
			"table",
			format_names[format]);
	return 0;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct watch_command o = {.every_ms = 1000};
	cleanup_free char *filter = NULL;
	int words, skip,
		r = command_parse(app, &cmd_watch, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	r = check(&o, argv, words, err);
	if (r < 0)
		return r;
	skip = o.topology ? 0 : 1;
	filter = source_join(argv + 1 + skip, words - skip);
	return watch(app, &o, skip ? argv[1] : NULL, filter, err);
}

const struct command cmd_watch = {.name = "watch",
	.usage = "[options] PROJ/EXP FILTER",
	.summary =
		"Tell each flow, while it lives, as soon as a filter wants it",
	.example = "netflowize watch netsec/dumbbell 'link core and bytes > "
		   "10m'",
	.options = options,
	.words = -1,
	.run = run};
