/* nfz-query: what is in a store (nfz-query(1)). */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "store/analyses.h"
#include "store/answer.h"
#include "store/control.h"
#include "store/events.h"
#include "store/ledger.h"
#include "store/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct args {
	struct opt_list by;
	int64_t limit, pieces, last_ms, idle_ms, flush_ms;
	const char *from, *to, *analysis, *mark, *at;
	int sort, format;
	bool observations, ledger, verify, summary, events, explain, flush;
	bool help, version;
	const struct analysis *known; /* what analysis names */
};

#define AT(field) offsetof(struct args, field)
#define END                                                                    \
	{                                                                      \
		NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0                   \
	}

static const char *const formats[] = {"table", "json", "ndjson", "csv", NULL};

static const struct opt table[] = {
	{"by", 'b', OPT_LIST, AT(by), "KEY[,KEY]",
		"add up by src dst sport dport proto link node src_node "
		"dst_node time:SECONDS",
		NULL, 0, 0},
	{"analysis", 0, OPT_TEXT, AT(analysis), "NAME",
		"one asked often: protocols, links, scanners ...", NULL, 0, 0},
	{"number", 'n', OPT_INT, AT(limit), "N", "only the first N rows", NULL,
		1, INT32_MAX},
	{"sort", 's', OPT_CHOICE, AT(sort), "KEY",
		"packets, bytes, flows, first, last, duration or key",
		answer_sort_names, 0, 0},
	{"last", 0, OPT_SPAN, AT(last_ms), "SPAN", "of the last 30s, 5m, 2h",
		NULL, 0, 0},
	{"from", 0, OPT_TEXT, AT(from), "TIME", "from 2026-11-21T14:05:33Z on",
		NULL, 0, 0},
	{"to", 0, OPT_TEXT, AT(to), "TIME", "up to then", NULL, 0, 0},
	{"output", 'o', OPT_CHOICE, AT(format), "FORMAT",
		"table, json, ndjson or csv", formats, 0, 0},
	{"observations", 0, OPT_FLAG, AT(observations), NULL,
		"what each probe saw, not each flow once", NULL, 0, 0},
	{"ledger", 0, OPT_FLAG, AT(ledger), NULL,
		"what became of every frame and record", NULL, 0, 0},
	{"verify", 0, OPT_FLAG, AT(verify), NULL,
		"compare with the counters of the interfaces", NULL, 0, 0},
	{"summary", 0, OPT_FLAG, AT(summary), NULL,
		"everything a page shows, as one JSON document", NULL, 0, 0},
	{"pieces", 0, OPT_INT, AT(pieces), "N",
		"with --summary: at most so many pieces of time (240)", NULL, 1,
		SUMMARY_BUCKETS_MAX},
	{"events", 0, OPT_FLAG, AT(events), NULL,
		"marks, and what else happened during the run", NULL, 0, 0},
	{"mark", 0, OPT_TEXT, AT(mark), "TEXT",
		"put a mark into the record of the run", NULL, 0, 0},
	{"at", 0, OPT_TEXT, AT(at), "TIME",
		"when the mark was (now): 2026-11-21T14:05:33Z", NULL, 0, 0},
	{"explain", 0, OPT_FLAG, AT(explain), NULL,
		"how the filter was understood", NULL, 0, 0},
	{"flush", 0, OPT_FLAG, AT(flush), NULL,
		"ask the collector for what is still in caches", NULL, 0, 0},
	{"flush-wait", 0, OPT_SPAN, AT(flush_ms), "SPAN",
		"wait for that no longer than this (2s)", NULL, 0, 0},
	{"idle", 0, OPT_SPAN, AT(idle_ms), "SPAN",
		"a longer silence ends a flow (the meters' timeout)", NULL, 0,
		0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	END,
};

static int usage(void)
{
	printf("usage: nfz-query DIR [FILTER...] [options]\n\n"
	       "  nfz-query run 'proto udp and dst port 53' --by src,dst -n 5\n"
	       "  nfz-query run link core --observations -o ndjson\n"
	       "  nfz-query run --ledger\n\n");
	opt_print(table, stdout);
	return 0;
}

/* The words of the filter, joined by blanks, and what an analysis is about. */
static char *join(char *const *words, int n, const struct analysis *of)
{
	struct buf text = BUF_INIT(FILTER_TEXT_MAX * 2);
	const bool both = n && of && *of->filter;

	if (of && *of->filter)
		buf_addf(&text, both ? "(%s) and (" : "%s", of->filter);
	for (int i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", words[i]);
	if (both)
		buf_addc(&text, ')');
	buf_addc(&text, '\0');
	return buf_take(&text);
}

static void say_sums(
	const struct answer_sums *sums, bool groups, int64_t took_ns)
{
	fprintf(stderr,
		"%" PRIu64 " row%s of %" PRIu64 ".  %s %" PRIu64
		" records gave %" PRIu64 " flow%s.  %.2f s\n",
		sums->shown, sums->shown == 1 ? "" : "s", sums->found,
		groups ? "Every flow counted once:" : "Each flow counted once:",
		sums->query.kept, sums->query.flows,
		sums->query.flows == 1 ? "" : "s", (double)took_ns / 1e9);
}

static int ask(struct store *s, const struct catalog *c, const struct args *a,
	const struct filter *f, struct err *err)
{
	const int64_t began = mono_now().ns;
	struct answer answer = {.query = {.filter = f,
					.catalog = c,
					.idle_ms = a->idle_ms,
					.observations = a->observations},
		.sort = (enum answer_sort)a->sort,
		.limit = (size_t)a->limit,
		.format = (enum sheet_format)a->format,
		.to = stdout};
	struct answer_sums sums;
	const struct query_times times = {a->last_ms, a->from, a->to};
	int r = query_set_times(&answer.query, &times, err);

	if (r == 0 && a->known)
		r = analysis_apply(a->known, &answer, err);
	for (size_t i = 0; i < a->by.n && r == 0; i++)
		r = group_by_add(&answer.by, a->by.items[i], err);
	if (r == 0 && answer.by.n && a->observations)
		r = err_set(err, NFZ_E_USAGE,
			"--by does not go with --observations");
	if (r == 0)
		r = answer_write(s, &answer, &sums, err);
	if (r == 0 && answer.format == SHEET_TABLE)
		say_sums(&sums, answer.by.n, mono_now().ns - began);
	return r;
}

static void to_stdout(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	fwrite(data, 1, len, stdout);
}

static int summarize(struct store *s, const struct catalog *c,
	const struct args *a, const struct summary_ask *wish, struct err *err)
{
	struct buf out = BUF_SPILL(to_stdout, NULL);
	const struct query_times times = {a->last_ms, a->from, a->to};
	struct summary_ask ask = *wish;
	int r;

	ask.query.catalog = c;
	ask.query.idle_ms = a->idle_ms;
	ask.groups = ask.flows = (size_t)a->limit;
	ask.buckets = (size_t)a->pieces;
	r = query_set_times(&ask.query, &times, err);
	if (r == 0)
		r = summary_print(s, &ask, &out, err);
	buf_drain(&out);
	buf_release(&out);
	return r;
}

static int events(const char *dir, const struct catalog *c,
	const struct args *a, struct err *err)
{
	const struct query_times times = {a->last_ms, a->from, a->to};
	struct events all = {0};
	struct query q = {0};
	int r = query_set_times(&q, &times, err);

	if (r == 0)
		r = events_read(dir, c, &all, err);
	if (r == 0)
		r = events_print(&all,
			&(struct events_range){q.from_ns, q.to_ns},
			(enum sheet_format)a->format, err);
	events_release(&all);
	return r;
}

static int mark(const char *dir, const struct args *a, struct err *err)
{
	struct wall_time at = {0};

	if (a->at && !wall_parse(a->at, &at))
		return err_set(err, NFZ_E_USAGE,
			"--at %s: a time looks like 2026-11-21T14:05:33Z",
			a->at);
	return events_mark(dir, at.ns, a->mark, err);
}

static void explain(const struct filter *f, const struct catalog *c)
{
	struct buf text = BUF_INIT(1 << 20);

	filter_print(f, c, &text);
	puts(buf_str(&text));
	buf_release(&text);
}

/* Caches are asked first.  That somebody was late, or that there is no
 * collector any more, is said, and no error. */
static int flush(const char *dir, const struct args *a, struct err *err)
{
	int64_t ms = a->flush_ms ? a->flush_ms : 2000;
	struct buf answer = BUF_INIT(1 << 20);
	char line[64];
	int r;

	snprintf(line, sizeof(line), "flush %" PRId64, ms);
	r = control_ask(dir, line, ms + 3000, &answer, err);
	if (r == -NFZ_E_UNREACHABLE || r == -NFZ_E_TIMEOUT) {
		log_warning("%s: this is what was stored before", err->text);
		err_clear(err);
		r = 0;
	} else if (r == 0 && answer.len)
		log_warning("not all caches answered in time:\n%s",
			buf_str(&answer));
	buf_release(&answer);
	return r;
}

static int run(const char *dir, const char *text, const struct args *a,
	struct err *err)
{
	cleanup(catalog_free_at) struct catalog *c = NULL;
	cleanup(filter_free_at) struct filter *f = NULL;
	cleanup(store_close_at) struct store *s = NULL;
	int r = catalog_load(dir, &c, err);

	if (r == 0 && a->mark)
		return mark(dir, a, err);
	if (r == 0 && a->events)
		return events(dir, c, a, err);
	if (r == 0)
		r = filter_parse(text, strlen(text), c, &f, err);
	if (r == 0 && a->explain) {
		explain(f, c);
		return 0;
	}
	if (r == 0 && a->flush)
		r = flush(dir, a, err);
	if (r == 0)
		r = store_open(dir, STORE_READ, NULL, &s, err);
	if (r < 0)
		return r;
	if (a->ledger || a->verify)
		return ledger_write(s, c, (enum sheet_format)a->format,
			a->verify ? LEDGER_VERIFY : LEDGER_ALL, err);
	if (a->summary) {
		const struct summary_ask wish = {
			.query = {.filter = f}, .filter = text};

		return summarize(s, c, a, &wish, err);
	}
	return ask(s, c, a, f, err);
}

int main(int argc, char **argv)
{
	cleanup_free char *text = NULL;
	struct args a = {0};
	struct err err = ERR_INIT;
	int words = 0, r;

	log_open("nfz-query", LOG_INFO, false);
	r = opt_parse(table, NULL, &a, argc, argv, &words, &err);
	if (r == 0 && a.help)
		return usage();
	if (r == 0 && a.version) {
		printf("nfz-query %s\n", NFZ_VERSION);
		return 0;
	}
	if (r == 0 && words < 1) {
		r = err_set(&err, NFZ_E_USAGE, "which store?");
		err_hint(&err, "nfz-query DIR [FILTER...]; nfz-query --help");
	}
	if (r == 0 && a.analysis)
		r = analysis_find(a.analysis, &a.known, &err);
	if (r == 0) {
		text = join(argv + 2, words - 1, a.known);
		r = run(argv[1], text, &a, &err);
	}
	opt_list_release(&a.by);
	if (r < 0)
		log_err(&err);
	return err_exit_status(r);
}
