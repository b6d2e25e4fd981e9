#include "analysis/ask.h"
#include "analysis/analyses.h"
#include "analysis/ask_marks.h"
#include "analysis/ask_say.h"
#include "analysis/ask_stores.h"
#include "analysis/gone.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/opt.h"
#include "store/ledger.h"
#include "store/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SERVICES "/etc/services"

struct args {
	struct opt_list also, by, show, weights, symptoms, parts, told;
	int64_t limit, width, threads, pieces, last_ms, idle_ms, flush_ms,
		bucket_ms, threshold, window_ms, detail, from_ns, to_ns, at_ns;
	const char *analysis, *sort, *services, *regions, *mark;
	int format;
	bool observations, more, ledger, verify, summary, events, history,
		explain, flush;
	bool within, no_rollups;
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
	{"also", 0, OPT_EACH, AT(also), "DIR", "the flows of this store, too",
		NULL, 0, 0},
	{"by", 'b', OPT_LIST, AT(by), "KEY[,KEY]",
		"add up by src dst src/BITS dst/BITS sport dport proto flags "
		"service size link node src_node dst_node vlan out_vlan in_if "
		"out_if src_as dst_as next_hop src_mac dst_mac mpls "
		"time:SECONDS",
		NULL, 0, 0},
	{"show", 0, OPT_LIST, AT(show), "FIGURE",
		"besides, of each group: share bpp bps distinct:KEY "
		"p95:MEASURE",
		NULL, 0, 0},
	{"analysis", 0, OPT_TEXT, AT(analysis), "NAME",
		"one asked often: protocols, links, symptoms ...", NULL, 0, 0},
	{"number", 'n', OPT_INT, AT(limit), "N", "only the first N rows", NULL,
		1, INT32_MAX},
	{"limit", 0, OPT_INT, AT(limit), "N", "the same", NULL, 1, INT32_MAX},
	{"sort", 's', OPT_TEXT, AT(sort), "KEY",
		"packets, bytes, flows, first, last, duration, key, none or a "
		"figure",
		NULL, 0, 0},
	{"threads", 0, OPT_INT, AT(threads), "N",
		"that read the store (as many as processors, at most 4, "
		"where there is much to read)",
		NULL, 1, QUERY_THREADS_MAX},
	{"last", 0, OPT_SPAN, AT(last_ms), "SPAN", "of the last 30s, 5m, 2h",
		NULL, 0, 0},
	{"from", 0, OPT_TIME, AT(from_ns), "TIME",
		"from 20:40 on (today, local), or 2026-11-21T14:05:33Z", NULL,
		0, 0},
	{"to", 0, OPT_TIME, AT(to_ns), "TIME", "up to then", NULL, 0, 0},
	{"within", 0, OPT_FLAG, AT(within), NULL,
		"with --by or --summary: count only what falls into that time",
		NULL, 0, 0},
	{"no-rollups", 0, OPT_FLAG, AT(no_rollups), NULL,
		"read all records, where sums kept of them would do", NULL, 0,
		0},
	{"output", 'o', OPT_CHOICE, AT(format), "FORMAT",
		"table, json, ndjson or csv", formats, 0, 0},
	{"width", 0, OPT_INT, AT(width), "N",
		"lines of a table have at most so many columns (the "
		"terminal's)",
		NULL, 1, INT32_MAX},
	{"bucket", 0, OPT_SPAN, AT(bucket_ms), "SPAN",
		"pieces of time of utilisation, losses (10s), pricing (5m)",
		NULL, 0, 0},
	{"threshold", 0, OPT_INT, AT(threshold), "N",
		"targets that make a scan (16)", NULL, 1, INT32_MAX},
	{"weight", 0, OPT_LIST, AT(weights), "NAME=N",
		"how much a symptom counts; 0: not at all", NULL, 0, 0},
	{"symptom", 0, OPT_EACH, AT(symptoms), "NAME=N:FILTER",
		"one more symptom, of flows that fit a filter", NULL, 0, 0},
	{"regions", 0, OPT_TEXT, AT(regions), "FILE",
		"whose addresses are: prefixes with names", NULL, 0, 0},
	{"services", 0, OPT_TEXT, AT(services), "FILE",
		"names of ports (" SERVICES ")", NULL, 0, 0},
	{"observations", 0, OPT_FLAG, AT(observations), NULL,
		"what each probe saw, not each flow once", NULL, 0, 0},
	{"more", 0, OPT_FLAG, AT(more), NULL,
		"of each flow also VLAN, interfaces, AS, next hop, MAC, MPLS",
		NULL, 0, 0},
	{"ledger", 0, OPT_FLAG, AT(ledger), NULL,
		"what became of every frame and record", NULL, 0, 0},
	{"verify", 0, OPT_FLAG, AT(verify), NULL,
		"compare with the counters of the interfaces", NULL, 0, 0},
	{"summary", 0, OPT_FLAG, AT(summary), NULL,
		"everything a page shows, as one JSON document", NULL, 0, 0},
	{"pieces", 0, OPT_INT, AT(pieces), "N",
		"with --summary: at most so many pieces of time (240)", NULL, 1,
		SUMMARY_BUCKETS_MAX},
	{"window", 0, OPT_SPAN, AT(window_ms), "SPAN",
		"with --summary: one piece, the last so long with records",
		NULL, 0, 0},
	{"parts", 0, OPT_LIST, AT(parts), "PART[,PART]",
		"with --summary: only links groups flows probes rest", NULL, 0,
		0},
	{"detail", 0, OPT_INT, AT(detail), "N",
		"with --summary: at most so many numbers of small flows "
		"(300000)",
		NULL, 1, INT32_MAX},
	{"events", 0, OPT_FLAG, AT(events), NULL,
		"marks, and what else happened during the run", NULL, 0, 0},
	{"history", 0, OPT_FLAG, AT(history), NULL,
		"what flows carried that are not kept any more", NULL, 0, 0},
	{"mark", 0, OPT_TEXT, AT(mark), "TEXT",
		"put a mark into the record of the run", NULL, 0, 0},
	{"at", 0, OPT_TIME, AT(at_ns), "TIME",
		"when the mark was (now): 20:40, 2026-11-21T14:05:33Z", NULL, 0,
		0},
	{"tell-event", 0, OPT_EACH, AT(told), "\"TIME TEXT\"",
		"put what the testbed had happen into the record", NULL, 0, 0},
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

static void release(struct args *a)
{
	opt_list_release(&a->also);
	opt_list_release(&a->by);
	opt_list_release(&a->told);
	opt_list_release(&a->show);
	opt_list_release(&a->weights);
	opt_list_release(&a->symptoms);
	opt_list_release(&a->parts);
}

/* The words of the filter, joined by blanks, and what an analysis is about. */
static char *join(char *const *words, int n, const struct analysis *of)
{
	struct buf text = BUF_INIT(FILTER_TEXT_MAX * 2);
	const char *own = of ? of->filter : NULL;
	const bool both = n && own;

	if (own)
		buf_addf(&text, both ? "(%s) and (" : "%s", own);
	for (int i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", words[i]);
	if (both)
		buf_addc(&text, ')');
	buf_addc(&text, '\0');
	return buf_take(&text);
}

/* What is asked: a store, and the filter with the names it is about. */
struct asked {
	struct store *store;
	struct ask_stores stores; /* with --also: that one, too */
	struct catalog *catalog;
	struct filter *filter;
	const char *text; /* of the filter */
	struct services *services;
	struct regions *regions;
	struct symptoms symptoms;
};

/* What rows, or there being none, do not tell. */
static void say_more(const struct asked *q, const struct args *a,
	const struct answer_sums *sums)
{
	const struct analysis *known = a->known;
	const bool of_flows = !known || !known->study || known->study->add;

	if (a->history)
		return;
	if (of_flows && !sums->shown && !sums->query.flows) {
		ask_say_none(q->text, &(struct query_times){a->last_ms,
					      a->from_ns, a->to_ns});
		if (known && known->needs)
			fputs(known->needs, stderr);
	} else if (known && known->note) {
		fputs(known->note, stderr);
	}
}

static void asked_release(struct asked *q)
{
	symptoms_release(&q->symptoms);
	regions_free(q->regions);
	services_free(q->services);
	filter_free(q->filter);
	if (!q->stores.n)
		store_close(q->store);
	ask_stores_release(&q->stores);
	catalog_free(q->catalog);
}

/* Files of the user's, and weights. */
static int prepare(struct asked *q, const struct args *a, struct err *err)
{
	int r = services_load(
		a->services ? a->services : SERVICES, &q->services, err);

	if (r == 0 && a->regions)
		r = regions_load(a->regions, &q->regions, err);
	symptoms_init(&q->symptoms);
	for (size_t i = 0; i < a->weights.n && r == 0; i++)
		r = symptoms_weigh(&q->symptoms, a->weights.items[i], err);
	for (size_t i = 0; i < a->symptoms.n && r == 0; i++)
		r = symptoms_add(
			&q->symptoms, a->symptoms.items[i], q->catalog, err);
	return r;
}

static int set_groups(struct answer *to, const struct args *a, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < a->by.n && r == 0; i++)
		r = group_by_add(&to->by, a->by.items[i], err);
	for (size_t i = 0; i < a->show.n && r == 0; i++)
		r = figure_add(&to->figures, a->show.items[i], err);
	if (r == 0 && a->known && !a->known->study)
		r = analysis_apply(a->known, to, err);
	if (r == 0 && a->sort)
		r = answer_set_sort(to, a->sort, err);
	if (r == 0 && a->within && (!to->by.n || !to->query.to_ns))
		r = err_set(err, NFZ_E_USAGE,
			"--within goes with --by, and --last, --from or --to");
	if (r == 0 && a->within) {
		to->by.from_ns = to->query.from_ns;
		to->by.to_ns = to->query.to_ns;
	}
	if (r == 0 && to->by.n && a->observations)
		r = err_set(err, NFZ_E_USAGE,
			"groups do not go with --observations");
	if (r == 0 && a->known && a->known->study && (a->by.n || a->sort))
		r = err_set(err, NFZ_E_USAGE,
			"%s has rows and an order of its own: no --by, no "
			"--sort",
			a->known->name);
	return r;
}

/* What probes count as a whole cannot be had of a part. */
static int check_whole(
	const struct asked *q, const struct args *a, struct err *err)
{
	const bool whole = a->known && a->known->study && !a->known->study->add;

	if (a->history && (*q->text || a->show.n || a->within ||
				  a->observations || a->more))
		return err_set(err, NFZ_E_USAGE,
			"--history is of all that is gone: no filter, no "
			"analysis");
	if (whole && a->also.n)
		return err_set(err, NFZ_E_USAGE,
			"%s is of one store: no --also", a->known->name);
	if (whole && (*q->text || a->last_ms || a->from_ns || a->to_ns))
		return err_set(err, NFZ_E_USAGE,
			"%s is of all that was counted: no filter, no time",
			a->known->name);
	return 0;
}

static int write_answer(struct asked *q, const struct args *a,
	struct answer *answer, struct answer_sums *ret, struct err *err)
{
	const struct study_ask study = {.store = q->store,
		.catalog = q->catalog,
		.services = q->services,
		.regions = q->regions,
		.symptoms = &q->symptoms,
		.bucket_ns = a->bucket_ms * NS_PER_MS,
		.threshold = (uint64_t)a->threshold,
		.limit = (size_t)a->limit};

	if (a->history)
		return gone_write(q->store, answer, ret, err);
	if (a->known)
		return analysis_write(
			a->known, q->store, answer, &study, ret, err);
	return answer_write(q->store, answer, ret, err);
}

static int ask(struct asked *q, const struct args *a, struct err *err)
{
	const int64_t began = mono_now().ns;
	struct answer answer = {.query = {.filter = q->filter,
					.catalog = q->catalog,
					.stores = q->stores.v,
					.n_stores = q->stores.n,
					.idle_ms = a->idle_ms,
					.threads = (unsigned)a->threads,
					.observations = a->observations,
					.extras = a->more},
		.by.services = q->services,
		.limit = (size_t)a->limit,
		.read_all = a->no_rollups,
		.format = (enum sheet_format)a->format,
		.to = stdout,
		.width = (size_t)a->width};
	struct answer_sums sums;
	const struct query_times times = {a->last_ms, a->from_ns, a->to_ns};
	int r = query_set_times(&answer.query, &times, err);

	if (r == 0)
		r = set_groups(&answer, a, err);
	if (r == 0)
		r = check_whole(q, a, err);
	if (r == 0)
		r = write_answer(q, a, &answer, &sums, err);
	if (r == 0 && answer.format == SHEET_TABLE && !a->history)
		ask_say_sums(&sums, mono_now().ns - began);
	if (r == 0 && answer.format == SHEET_TABLE)
		say_more(q, a, &sums);
	if (r == 0 && !q->stores.n)
		gone_say(q->store, &answer.query, a->history);
	for (size_t i = 0; i < q->stores.n && r == 0; i++)
		gone_say(q->stores.v[i].store, &answer.query, false);
	return r;
}

static void to_stdout(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	fwrite(data, 1, len, stdout);
}

static int set_parts(
	struct summary_ask *to, const struct opt_list *names, struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		unsigned part = summary_part(names->items[i]);

		if (!part)
			return err_set(err, NFZ_E_USAGE,
				"--parts %s: links, groups, flows, probes or "
				"rest",
				names->items[i]);
		to->parts |= part;
	}
	return 0;
}

static int summarize(struct asked *q, const struct args *a, struct err *err)
{
	struct buf out = BUF_SPILL(to_stdout, NULL);
	const struct query_times times = {a->last_ms, a->from_ns, a->to_ns};
	struct summary_ask summary = {.query = {.filter = q->filter,
					      .catalog = q->catalog,
					      .idle_ms = a->idle_ms,
					      .threads = (unsigned)a->threads},
		.filter = q->text,
		.buckets = (size_t)a->pieces,
		.groups = (size_t)a->limit,
		.flows = (size_t)a->limit,
		.window_ms = a->window_ms,
		.within = a->within,
		.detail = (size_t)a->detail};
	int r = query_set_times(&summary.query, &times, err);

	if (r == 0)
		r = set_parts(&summary, &a->parts, err);
	if (r == 0)
		r = summary_print(q->store, &summary, &out, err);
	buf_drain(&out);
	buf_release(&out);
	return r;
}

static void explain(const struct asked *q)
{
	struct buf text = BUF_INIT(1 << 20);

	filter_print(q->filter, q->catalog, &text);
	puts(buf_str(&text));
	buf_release(&text);
}

/* The question that is not of flows, NULL: none; two are an error. */
static int one_question(const struct args *a, const char **ret, struct err *err)
{
	const struct {
		const char *name;
		bool asked;
	} all[] = {{"--mark", a->mark}, {"--tell-event", a->told.n},
		{"--events", a->events}, {"--ledger", a->ledger},
		{"--verify", a->verify}, {"--summary", a->summary},
		{"--history", a->history}, {"--analysis", a->known}};

	*ret = NULL;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i].asked)
			continue;
		if (*ret)
			return err_set(err, NFZ_E_USAGE,
				"%s and %s are two questions", *ret,
				all[i].name);
		*ret = all[i].name;
	}
	return 0;
}

/* One question at a time, and nothing with it that it would pass over. */
static int check_question(
	const struct asked *q, const struct args *a, struct err *err)
{
	const bool of_rows =
		a->by.n || a->show.n || a->sort || a->observations || a->more;
	const char *asked;
	int r = one_question(a, &asked, err);

	if (r < 0)
		return r;
	if (a->also.n && ((asked && !a->known) || a->flush))
		return err_set(err, NFZ_E_USAGE,
			"%s is of one store: no --also",
			asked ? asked : "--flush");
	if ((a->mark || a->told.n) && (*q->text || of_rows))
		return err_set(err, NFZ_E_USAGE,
			"%s goes with no filter: put all of its text in quotes",
			asked);
	if (a->events && (*q->text || of_rows || a->within || a->explain))
		return err_set(err, NFZ_E_USAGE,
			"--events goes with a time and --number: a filter and "
			"other options are of flows");
	if ((a->ledger || a->verify) &&
		(*q->text || of_rows || a->last_ms || a->from_ns || a->to_ns))
		return err_set(err, NFZ_E_USAGE,
			"%s is of all that was counted: no filter, no time",
			asked);
	if (a->summary && of_rows)
		return err_set(err, NFZ_E_USAGE,
			"--summary has rows of its own: no --by, --show, "
			"--sort, --observations, --more");
	return 0;
}

static int run(struct asked *q, const char *dir, const struct args *a,
	ask_flush_fn flush, struct err *err)
{
	int r = check_question(q, a, err);

	if (r == 0 && a->also.n)
		r = ask_stores_open(
			dir, &a->also, &q->stores, &q->catalog, err);
	else if (r == 0)
		r = catalog_load(dir, &q->catalog, err);
	if (r == 0 && a->mark)
		return ask_mark(dir, a->mark, a->at_ns, err);
	if (r == 0 && a->told.n)
		return ask_tell(dir, &a->told, err);
	if (r == 0 && a->events)
		return ask_events(dir, q->catalog,
			&(struct query_times){a->last_ms, a->from_ns, a->to_ns},
			(enum sheet_format)a->format, err);
	if (r == 0)
		r = filter_parse(
			q->text, strlen(q->text), q->catalog, &q->filter, err);
	if (r == 0)
		r = prepare(q, a, err);
	if (r == 0 && a->explain) {
		explain(q);
		return 0;
	}
	if (r == 0 && a->flush && flush)
		r = flush(dir, a->flush_ms ? a->flush_ms : 2000, err);
	if (r == 0 && q->stores.n)
		q->store = q->stores.v[0].store;
	else if (r == 0)
		r = store_open(dir, STORE_READ, NULL, &q->store, err);
	if (r < 0)
		return r;
	if (a->ledger || a->verify)
		return ledger_write(q->store, q->catalog,
			(struct sheet_form){
				(enum sheet_format)a->format, (size_t)a->width},
			a->verify ? LEDGER_VERIFY : LEDGER_ALL, err);
	return a->summary ? summarize(q, a, err) : ask(q, a, err);
}

int ask_run(int argc, char **argv, ask_flush_fn flush, struct err *err)
{
	cleanup_free char *text = NULL;
	struct asked q = {.store = NULL};
	struct args a = {0};
	int words = 0, r = opt_parse(table, NULL, &a, argc, argv, &words, err);

	if (r == 0 && a.help)
		r = usage();
	else if (r == 0 && a.version)
		printf("nfz-query %s\n", NFZ_VERSION);
	else if (r == 0 && words < 1) {
		err_set(err, NFZ_E_USAGE, "which store?");
		r = err_hint(
			err, "nfz-query DIR [FILTER...]; nfz-query --help");
	} else if (r == 0) {
		if (a.analysis)
			r = analysis_find(a.analysis, &a.known, err);
		q.text = text = join(argv + 2, words - 1, a.known);
		if (r == 0)
			r = run(&q, argv[1], &a, flush, err);
	}
	asked_release(&q);
	release(&a);
	return r;
}
