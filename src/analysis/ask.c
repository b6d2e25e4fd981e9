#include "analysis/ask.h"
#include "analysis/analyses.h"
#include "analysis/ask_args.h"
#include "analysis/ask_marks.h"
#include "analysis/ask_say.h"
#include "analysis/ask_stores.h"
#include "analysis/gone.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/ledger.h"
#include "store/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	char *text; /* of the filter */
	struct services *services;
	struct regions *regions;
	struct symptoms symptoms;
};

/* Not what the store knows besides. */
static bool of_flows(const struct ask_args *a)
{
	return !a->known || !a->known->study || a->known->study->add;
}

/* What rows, or there being none, do not tell. */
static void say_more(const struct asked *q, const struct ask_args *a,
	const struct answer_sums *sums)
{
	const struct analysis *known = a->known;

	if (a->history)
		return;
	if (of_flows(a) && !sums->shown && !sums->query.flows) {
		ask_say_none(q->text, known ? known->filter : NULL,
			&(struct query_times){
				a->last_ms, a->from_ns, a->to_ns});
		if (known && known->needs)
			fputs(known->needs, stderr);
	} else if (known && known->none && !sums->shown) {
		fputs(known->none, stderr);
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
	free(q->text);
	if (!q->stores.n)
		store_close(q->store);
	ask_stores_release(&q->stores);
	catalog_free(q->catalog);
}

/* Files of the user's, and weights. */
static int prepare(struct asked *q, const struct ask_args *a, struct err *err)
{
	int r = 0;

	/* the usual one may be missing, one that was named may not */
	if (a->services && access(a->services, R_OK) < 0)
		return file_misnamed(a->services, err);
	r = services_load(
		a->services ? a->services : ASK_SERVICES, &q->services, err);
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

static int set_groups(
	struct answer *to, const struct ask_args *a, struct err *err)
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
	const struct asked *q, const struct ask_args *a, struct err *err)
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

/* Options that would be passed over in silence. */
static int check_heeded(const struct ask_args *a, struct err *err)
{
	const struct analysis *known = a->known;

	if (a->bucket_ms && !(known && known->bucket))
		return err_set(err, NFZ_E_USAGE,
			"--bucket goes with utilisation, losses and pricing");
	if (a->threshold && !(known && known->threshold))
		return err_set(err, NFZ_E_USAGE,
			"--threshold goes with scans, conversations and "
			"symptoms");
	return 0;
}

static int write_answer(struct asked *q, const struct ask_args *a,
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

static int ask(struct asked *q, const struct ask_args *a, struct err *err)
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
		r = check_heeded(a, err);
	if (r == 0)
		r = write_answer(q, a, &answer, &sums, err);
	if (r == 0 && answer.format == SHEET_TABLE && !a->history)
		ask_say_sums(&sums, of_flows(a), mono_now().ns - began);
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

static int summarize(struct asked *q, const struct ask_args *a, struct err *err)
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
static int one_question(
	const struct ask_args *a, const char **ret, struct err *err)
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
	const struct asked *q, const struct ask_args *a, struct err *err)
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

/* All that the words alone can be wrong in. */
static int check_words(
	const struct asked *q, const struct ask_args *a, struct err *err)
{
	const struct query_times times = {a->last_ms, a->from_ns, a->to_ns};
	struct answer answer = {.limit = (size_t)a->limit};
	int r = check_question(q, a, err);

	if (r == 0)
		r = query_set_times(&answer.query, &times, err);
	if (r == 0 && !a->summary)
		r = set_groups(&answer, a, err);
	if (r == 0)
		r = check_whole(q, a, err);
	if (r == 0)
		r = check_heeded(a, err);
	if (r == 0)
		r = filter_check(q->text, strlen(q->text), err);
	return r;
}

static int run(struct asked *q, const char *dir, const struct ask_args *a,
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
			(struct sheet_form){
				(enum sheet_format)a->format, (size_t)a->width},
			err);
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

/* The command line; *q is to be released also after a failure. */
static int read_words(struct asked *q, struct ask_args *a, int argc,
	char **argv, struct err *err)
{
	int words = 0, r = ask_args_parse(a, argc, argv, &words, err);

	if (r < 0 || a->help || a->version)
		return r;
	if (words < 1) {
		err_set(err, NFZ_E_USAGE, "which store?");
		return err_hint(
			err, "nfz-query DIR [FILTER...]; nfz-query --help");
	}
	if (a->analysis)
		r = analysis_find(a->analysis, &a->known, err);
	q->text = join(argv + 2, words - 1, a->known);
	return r;
}

int ask_check(int argc, char **argv, struct err *err)
{
	struct asked q = {.store = NULL};
	struct ask_args a = {0};
	int r = read_words(&q, &a, argc, argv, err);

	if (r == 0)
		r = check_words(&q, &a, err);
	asked_release(&q);
	ask_args_release(&a);
	return r;
}

int ask_run(int argc, char **argv, ask_flush_fn flush, struct err *err)
{
	struct asked q = {.store = NULL};
	struct ask_args a = {0};
	int r = read_words(&q, &a, argc, argv, err);

	if (r == 0 && a.help)
		ask_usage();
	else if (r == 0 && a.version)
		printf("nfz-query %s\n", NFZ_VERSION);
	else if (r == 0)
		r = run(&q, argv[1], &a, flush, err);
	asked_release(&q);
	ask_args_release(&a);
	return r;
}
