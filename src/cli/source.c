#include "cli/source.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/again.h"
#include "report/anonymise.h"
#include "store/store.h"
#include "store/summary.h"
#include "testbed/load.h"
#include "topology/topofile.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PART_ROWS: of a single part. */
enum { SUMMARY_MAX = 256 << 20, FLUSH_MS = 1500, PART_ROWS = 100 };
#define PART_ROWS_TEXT "100"

bool source_is_fixed(const struct source *s)
{
	return s->store || s->report.len;
}

char *source_join(char *const *words, int n)
{
	struct buf text = BUF_INIT(FILTER_TEXT_MAX * 2);

	for (int i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", words[i]);
	buf_addc(&text, '\0');
	text.len--;
	return buf_take(&text);
}

int source_no_store(const char *path, struct err *err)
{
	cleanup_free char *within = NULL;
	struct stat st;

	if (stat(path, &st) < 0 ||
		(S_ISDIR(st.st_mode) && access(path, R_OK | X_OK) < 0))
		return file_misnamed(path, err);
	within = store_within(path);
	err_set(err, NFZ_E_USAGE, "%s is no store", path);
	if (within)
		return err_hint(err, "Did you mean %s?", within);
	return err_hint(err, "A store is a directory with the files of a "
			     "collector, such as netflowize strip --keep-data "
			     "leaves");
}

/* No experiment's name has a point. */
static bool is_report(const char *path)
{
	struct stat st;

	return strchr(path, '.') && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Its figures are those of its time and its filter. */
static int open_report(struct source *s, const char *path, struct err *err)
{
	const struct source_options *o = s->o;
	struct page_found *f = &s->found;
	int r = file_read(path, &s->report, err);

	if (r == 0)
		r = page_read(buf_str(&s->report), f, err);
	if (r == 0 && f->topology)
		r = topofile_parse(
			f->topology, f->topology_len, path, &s->topology, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (*s->filter || o->last || o->from_ns || o->to_ns) {
		err_set(err, NFZ_E_USAGE,
			"%s has the figures of its own time and filter only",
			path);
		return err_hint(err, "Other times and filters go with a store "
				     "or an experiment");
	}
	return 0;
}

/* Kept beside the store by strip --keep-data. */
static int stored_topology(struct source *s, struct err *err)
{
	struct buf warnings = BUF_INIT(1 << 16);
	char file[4096];
	const char *path = s->o->topology ? s->o->topology : file;
	int r = 0;

	snprintf(file, sizeof(file), "%s/topology.json", s->store);
	if (s->o->topology || access(file, F_OK) == 0)
		r = topology_load(path, &s->topology, &warnings, err);
	buf_release(&warnings);
	return r;
}

const char *source_time(int64_t ns, char text[static ANSWER_TIME])
{
	return ns ? answer_time(ns, text) : NULL;
}

static void add_time(struct source *s, const char *option, const char *value)
{
	if (value)
		buf_addf(&s->times, "%s%s %s", s->times.len ? " " : "", option,
			value);
}

static void name_command(struct source *s)
{
	bool hide = s->o->anonymise;
	char text[ANSWER_TIME];

	if (s->report.len) {
		buf_adds(&s->command, s->found.command);
		buf_adds(&s->times, s->found.times);
		return;
	}
	if (s->store) {
		buf_adds(&s->command, "nfz-query ");
		again_word(&s->command, hide ? "DIR" : s->store);
	} else {
		buf_addf(&s->command, "netflowize query %s",
			hide && s->o->topology ? "PROJ/EXP" : s->nodes.target);
	}
	add_time(s, "--last", s->o->last);
	add_time(s, "--from", source_time(s->o->from_ns, text));
	add_time(s, "--to", source_time(s->o->to_ns, text));
}

/* What is wrong with them is told before anybody is asked anything. */
static int check_words(const struct source *s, struct err *err)
{
	int64_t ms;

	if (s->o->last && !clock_parse_span(s->o->last, &ms))
		return err_set(
			err, NFZ_E_USAGE, "--last %s: how long?", s->o->last);
	return filter_check(s->filter, strlen(s->filter), err);
}

int source_open(struct app *app, const struct source_options *o,
	struct source_words w, struct source *ret, struct err *err)
{
	struct source s = {.app = app,
		.o = o,
		.command = BUF_INIT(8192),
		.times = BUF_INIT(1024),
		.report = BUF_INIT(SUMMARY_MAX)};
	const char *word = NULL, *file = NULL;
	int used = 0, r = 0;

	*ret = s;
	if (o->store)
		s.store = mem_strdup(o->store);
	else if (w.n && store_is_there(w.words[0]))
		s.store = mem_strdup(w.words[used++]);
	else if (w.n && is_report(w.words[0]))
		file = w.words[used++];
	else if (w.n && !o->topology)
		word = w.words[used++];
	s.filter = source_join(w.words + used, w.n - used);
	if (s.store && !store_is_there(s.store))
		r = source_no_store(s.store, err);
	else if (s.store)
		r = stored_topology(&s, err);
	else if (file)
		r = open_report(&s, file, err);
	else
		r = check_words(&s, err);
	if (r == 0 && !s.store && !file)
		r = nodes_topology(app, o->topology, word, &s.topology, err);
	*ret = s;
	if (r < 0)
		return r;
	if (!source_is_fixed(&s)) {
		nodes_init(&ret->nodes, app, s.topology);
		ret->link = ret->nodes.options.link = deploy_link_new();
	}
	name_command(ret);
	return 0;
}

void source_reconnect(struct source *s)
{
	if (source_is_fixed(s))
		return;
	deploy_link_free(s->link);
	s->link = s->nodes.options.link = deploy_link_new();
}

void source_close(struct source *s)
{
	deploy_link_free(s->link);
	topology_free(s->topology);
	free(s->store);
	free(s->filter);
	buf_release(&s->command);
	buf_release(&s->times);
	buf_release(&s->report);
	page_found_release(&s->found);
}

/* What a summary is asked for. */
struct question {
	const char *last, *filter, *part;
	int64_t from_ns, to_ns, pieces;
	bool within, flush;
};

static int ask_store(struct source *s, const struct question *q,
	struct buf *out, struct err *err)
{
	cleanup(catalog_free_at) struct catalog *c = NULL;
	cleanup(filter_free_at) struct filter *f = NULL;
	cleanup(store_close_at) struct store *store = NULL;
	struct query_times times = {.from_ns = q->from_ns, .to_ns = q->to_ns};
	struct summary_ask ask = {.filter = q->filter,
		.window_ms = s->window_ms,
		.parts = q->part ? summary_part(q->part) : 0,
		.groups = s->part ? PART_ROWS : 0,
		.flows = s->part ? PART_ROWS : 0,
		.buckets = (size_t)q->pieces,
		.within = q->within,
		.detail = q->within ? 0 : s->detail};
	int r = catalog_load(s->store, &c, err);

	if (r == 0 && q->last && !clock_parse_span(q->last, &times.last_ms))
		r = err_set(err, NFZ_E_USAGE, "--last %s: how long?", q->last);
	if (r == 0)
		r = filter_parse(q->filter, strlen(q->filter), c, &f, err);
	if (r == 0)
		r = query_set_times(&ask.query, &times, err);
	if (r == 0)
		r = store_open(s->store, STORE_READ, NULL, &store, err);
	ask.query.catalog = c;
	ask.query.filter = f;
	return r < 0 ? r : summary_print(store, &ask, out, err);
}

struct words {
	const char *argv[24];
	size_t n;
};

static void add_word(struct words *w, const char *option, const char *value)
{
	if (!value)
		return;
	w->argv[w->n++] = option;
	w->argv[w->n++] = value;
}

static int ask_collector(struct source *s, const struct question *q,
	struct buf *out, struct err *err)
{
	struct words w = {{"nfz-query", "store", "--summary"}, 3};
	char flush[32], window[40], pieces[32], detail[32];
	char from[ANSWER_TIME], to[ANSWER_TIME];

	snprintf(flush, sizeof(flush), "--flush-wait=%dms", FLUSH_MS);
	snprintf(
		window, sizeof(window), "--window=%" PRId64 "ms", s->window_ms);
	snprintf(pieces, sizeof(pieces), "%" PRId64, q->pieces);
	snprintf(detail, sizeof(detail), "%zu", s->detail);
	add_word(&w, "--parts", q->part);
	if (s->part) {
		add_word(&w, window, "--number=" PART_ROWS_TEXT);
	} else if (q->within) {
		add_word(&w, "--within", "--pieces");
		w.argv[w.n++] = pieces;
	} else if (s->detail) {
		add_word(&w, "--detail", detail);
	}
	if (q->flush)
		add_word(&w, "--flush", flush);
	add_word(&w, "--last", q->last);
	add_word(&w, "--from", source_time(q->from_ns, from));
	add_word(&w, "--to", source_time(q->to_ns, to));
	add_word(&w, "--", q->filter);
	return nodes_query_text(&s->nodes, s->topology, w.argv, out, err);
}

static int put_question(struct source *s, const struct question *q,
	struct buf *out, struct err *err)
{
	return s->store ? ask_store(s, q, out, err)
			: ask_collector(s, q, out, err);
}

static int ask(
	struct source *s, const char *last, struct buf *out, struct err *err)
{
	const struct source_options *o = s->o;
	struct question q = {.last = last ? last : o->last,
		.from_ns = last ? 0 : o->from_ns,
		.to_ns = last ? 0 : o->to_ns,
		.filter = s->filter,
		.part = s->part,
		.flush = !o->no_flush};

	if (s->report.len) {
		buf_add(out, s->found.summary, s->found.summary_len);
		return 0;
	}
	if (last && strcmp(last, "all") == 0)
		q.last = NULL;
	return put_question(s, &q, out, err);
}

int source_ask_kinds(struct source *s, const struct source_wish *w,
	struct buf *out, struct err *err)
{
	cleanup_free char *filter = mem_printf(
		*s->filter ? "(%s) and dst port %u" : "%sdst port %u",
		s->filter, w->port);
	const bool all = w->last && strcmp(w->last, "all") == 0;
	const struct question q = {.last = w->from_ns || all ? NULL : w->last,
		.from_ns = w->from_ns,
		.to_ns = w->to_ns,
		.filter = w->from_ns ? s->filter : filter,
		.part = "groups",
		.pieces = w->pieces,
		.within = w->from_ns != 0};

	if (s->report.len || s->o->anonymise)
		return err_set(err, NFZ_E_USAGE, "a report tells no more");
	return put_question(s, &q, out, err);
}

static int anonymise(struct buf *text, struct err *err)
{
	struct buf other = BUF_INIT(SUMMARY_MAX);
	uint8_t key[CRYPTO_KEY];
	int r = crypto_init(err);

	if (r < 0)
		return r;
	crypto_random(key, sizeof(key));
	anonymise_text(key, buf_str(text), text->len, &other);
	crypto_wipe(key, sizeof(key));
	buf_release(text);
	*text = other;
	return 0;
}

int source_ask(struct source *s, const char *last, struct answer_now *ret,
	struct err *err)
{
	struct answer_now a = {.text = BUF_INIT(SUMMARY_MAX)};
	int r = ask(s, last, &a.text, err);

	if (r == 0 && s->o->anonymise)
		r = anonymise(&a.text, err);
	if (r == 0)
		r = facts_parse(buf_str(&a.text), a.text.len, &a.facts, err);
	if (r == 0 && !s->topology)
		r = facts_topology(a.facts, &s->topology, err);
	if (last) {
		buf_reset(&s->times);
		if (strcmp(last, "all") != 0)
			add_time(s, "--last", last);
	}
	if (r < 0) {
		answer_now_release(&a);
		return r;
	}
	facts_join(a.facts, s->topology);
	*ret = a;
	return 0;
}

void answer_now_release(struct answer_now *a)
{
	buf_release(&a->text);
	facts_free(a->facts);
	a->facts = NULL;
}

struct page source_page(const struct source *s, const struct answer_now *a)
{
	const struct passwd *me = getpwuid(getuid());

	return (struct page){.topology = s->topology,
		.facts = a->facts,
		.summary = buf_str(&a->text),
		.summary_len = a->text.len,
		.name = s->store && !s->o->anonymise ? s->store : NULL,
		.anonymised = s->o->anonymise,
		.command = buf_str(&s->command),
		.times = buf_str(&s->times),
		.user = s->report.len ? s->found.user
			: me          ? me->pw_name
				      : "",
		.version = NFZ_VERSION};
}
