#include "cli/question_table.h"
#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/opt.h"
#include "exchange/clickhouse_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STATEMENT_MAX = 1 << 22 };

static enum sheet_format format_of(const struct app *app)
{
	static const char *const names[] = {
		[SHEET_TABLE] = "table",
		[SHEET_JSON] = "json",
		[SHEET_NDJSON] = "ndjson",
		[SHEET_CSV] = "csv",
	};
	const char *wish = format_names[app->common->format];
	int f = SHEET_CSV;

	while (f > SHEET_TABLE && strcmp(names[f], wish) != 0)
		f--;
	return (enum sheet_format)f; /* "wide" is a table, too */
}

static int set_groups(
	struct answer *a, const struct question_table *q, struct err *err)
{
	struct opt_list by = {0};
	int r = 0;

	if (q->show)
		return err_set(err, NFZ_E_USAGE,
			"--show is not known of a table: ask the store");
	if (q->by)
		opt_list_add(&by, q->by);
	for (size_t i = 0; i < by.n && r == 0; i++)
		r = group_by_add(&a->by, by.items[i], err);
	opt_list_release(&by);
	a->by.from_ns = q->within ? a->query.from_ns : 0;
	a->by.to_ns = q->within ? a->query.to_ns : 0;
	if (r == 0 && q->question->sort)
		r = answer_set_sort(a, q->question->sort, err);
	return r;
}

static int set_limit(struct answer *a, const char *text, struct err *err)
{
	int64_t n;

	if (!text)
		return 0;
	if (!span_count(span_of(text), INT64_MAX, &n) || n == 0)
		return err_set(
			err, NFZ_E_USAGE, "--number %s: from 1 on", text);
	a->limit = (size_t)n;
	return 0;
}

static int set_times(
	struct answer *a, const struct source_options *o, struct err *err)
{
	struct query_times times = {.from_ns = o->from_ns, .to_ns = o->to_ns};

	if (o->last && !clock_parse_span(o->last, &times.last_ms))
		return err_set(err, NFZ_E_USAGE,
			"--last %s: such as 30s, 5m, 2h", o->last);
	return query_set_times(&a->query, &times, err);
}

static int ask(struct app *app, const char *address,
	const struct question_table *q, const struct answer *a, struct err *err)
{
	const struct clickhouse_way way = {
		address, q->credentials, app->interrupted};
	struct clickhouse *c = NULL;
	struct answer_sums sums;
	int r = clickhouse_open(&way, &c, err);

	if (r == 0)
		r = clickhouse_answer(c, a, &sums, err);
	if (r == 0 && a->format == SHEET_TABLE)
		fprintf(stderr, "%" PRIu64 " row%s of %s\n", sums.shown,
			sums.shown == 1 ? "" : "s", clickhouse_table(c));
	clickhouse_close(c);
	return r;
}

static int print(const char *table, const struct answer *a, struct err *err)
{
	struct buf sql = BUF_INIT(STATEMENT_MAX);
	int r = clickhouse_sql(a, table, &sql, err);

	if (r == 0)
		puts(buf_str(&sql));
	buf_release(&sql);
	return r;
}

/* What only a store can do is not left out in silence. */
static int refuse_store_words(const struct question_table *q, struct err *err)
{
	const char *word = q->question->among     ? "--among"
			   : q->question->threads ? "--threads"
						  : q->of_stores;

	return word ? err_set(err, NFZ_E_USAGE,
			      "%s goes with a store, not with a table", word)
		    : 0;
}

int question_table_ask(struct app *app, const struct question_table *q,
	char **words, int n_words, struct err *err)
{
	cleanup(catalog_free_at) struct catalog *c = NULL;
	cleanup(filter_free_at) struct filter *f = NULL;
	const char *where = n_words ? words[0] : "";
	const bool table = clickhouse_is_address(where);
	const char *names = table ? q->names : where;
	cleanup_free char *text =
		source_join(words + 1, n_words ? n_words - 1 : 0);
	struct answer a = {
		.query = {.observations = q->observations, .extras = q->more},
		.format = format_of(app),
		.to = stdout};
	int r = refuse_store_words(q, err);

	if (r < 0)
		return r;
	if (names && !store_is_there(names))
		return source_no_store(names, err);
	if (names)
		r = catalog_load(names, &c, err);
	else
		c = catalog_new();
	if (r == 0)
		r = filter_parse(text, strlen(text), c, &f, err);
	a.query.catalog = c;
	a.query.filter = f;
	if (r == 0)
		r = set_times(&a, &q->question->source, err);
	if (r == 0)
		r = set_groups(&a, q, err);
	if (r == 0)
		r = set_limit(&a, q->question->number, err);
	if (r < 0)
		return r;
	return q->sql ? print("flows", &a, err) : ask(app, where, q, &a, err);
}
