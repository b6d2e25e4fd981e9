#include "cli/question.h"
#include "analysis/ask.h"
#include "base/mem.h"
#include "cli/among.h"
#include "cli/nodes.h"
#include "cli/source.h"
#include "store/filter.h"

#include <string.h>

/* Words of nfz-query's command line, owned; NULL-ended. */
struct line {
	char **v;
	size_t n, cap;
};

static void add(struct line *l, const char *word)
{
	MEM_PUSH(l->v, l->n, l->cap) = word ? mem_strdup(word) : NULL;
}

static void add_value(struct line *l, const char *option, const char *value)
{
	if (!value)
		return;
	add(l, option);
	add(l, value);
}

static void line_release(struct line *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

/* The filter of the words, and that of --among. */
static int add_filter(struct line *l, const struct question *q, char **words,
	int n, struct err *err)
{
	struct buf text = BUF_INIT(2 * FILTER_TEXT_MAX);
	int r = 0;

	if (q->among) {
		buf_adds(&text, n ? "(" : "");
		r = among_read(q->among, &text, err);
		buf_adds(&text, n ? ") and (" : "");
	}
	for (int i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", words[i]);
	if (q->among && n)
		buf_addc(&text, ')');
	if (r == 0 && !buf_ok(&text))
		r = err_set(err, NFZ_E_FILTER,
			"the filter is longer than %d bytes", FILTER_TEXT_MAX);
	if (r == 0 && text.len)
		add(l, buf_str(&text));
	buf_release(&text);
	return r;
}

static int collect(struct line *l, const struct app *app,
	const struct question *q, const struct question_words *w,
	struct err *err)
{
	const int format = app->common->format;
	const bool local = q->source.store != NULL;
	char text[ANSWER_TIME], width[APP_WIDTH];
	int r;

	add(l, "nfz-query");
	add(l, local ? q->source.store : "store");
	add_value(l, "-o",
		format == FORMAT_WIDE && !local ? "table"
						: format_names[format]);
	if (!local)
		add_value(l, "--width", app_width(app, width));
	for (size_t i = 0; i < q->also.n; i++)
		add_value(l, "--also", q->also.items[i]);
	for (size_t i = 0; i < w->n_options; i++)
		add_value(l, w->options[i].option, w->options[i].value);
	add_value(l, "--sort", q->sort);
	add_value(l, "--number", q->number);
	add_value(l, "--threads", q->threads);
	add_value(l, "--last", q->source.last);
	add_value(l, "--from", source_time(q->source.from_ns, text));
	add_value(l, "--to", source_time(q->source.to_ns, text));
	for (size_t i = 0; i < w->n_options; i++)
		if (w->options[i].said)
			add(l, w->options[i].option);
	if (!local && !q->source.no_flush)
		add(l, "--flush");
	add(l, "--");
	r = add_filter(l, q, w->words, w->n_words, err);
	add(l, NULL);
	return r;
}

/* As nfz-query is called, here. */
static int call(int (*fn)(int argc, char **argv, struct err *err),
	const struct line *l, struct err *err)
{
	/* options are parsed in place: words change places */
	cleanup_free char **argv = mem_zalloc(l->n, sizeof(*argv));

	memcpy(argv, l->v, l->n * sizeof(*argv));
	return fn((int)l->n - 1, argv, err);
}

static int answer_here(int argc, char **argv, struct err *err)
{
	return ask_run(argc, argv, NULL, err);
}

/* What is wrong with the words is told before anybody is asked anything. */
static int ask_collector(struct app *app, const struct question *q,
	const struct question_words *w, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct question_words rest = *w;
	struct line l = {.n = 0};
	struct nodes_context n;
	const char *word = NULL;
	int r;

	if (!q->source.topology && rest.n_words) {
		word = *rest.words++;
		rest.n_words--;
	}
	r = collect(&l, app, q, &rest, err);
	if (r == 0)
		r = call(ask_check, &l, err);
	if (r == 0)
		r = nodes_topology(app, q->source.topology, word, &t, err);
	if (r == 0) {
		nodes_init(&n, app, t);
		r = nodes_query(&n, t, (const char *const *)l.v, err);
	}
	line_release(&l);
	return r;
}

int question_ask(struct app *app, const struct question *q,
	const struct question_words *w, struct err *err)
{
	struct question here = *q;
	struct question_words rest = *w;
	struct line l = {.n = 0};
	struct app_signals signals;
	int r;

	if (!q->source.store && !q->source.topology && w->n_words &&
		store_is_there(*w->words)) {
		here.source.store = *rest.words++;
		rest.n_words--;
	}
	if (!here.source.store && (w->here || q->also.n)) {
		err_set(err, NFZ_E_USAGE, "%s goes with a store here only",
			w->here ? w->here : "--also");
		return err_hint(err, "Fetch it with strip --keep-data DIR, "
				     "then ask DIR.");
	}
	if (!here.source.store && !here.source.topology && !w->n_words) {
		err_set(err, NFZ_E_USAGE, "which experiment, or which store?");
		return err_hint(err,
			"PROJ/EXP, or a directory that strip --keep-data DIR "
			"brought home");
	}
	if (!here.source.store)
		return ask_collector(app, q, w, err);
	if (!store_is_there(here.source.store))
		return source_no_store(here.source.store, err);
	for (size_t i = 0; i < q->also.n; i++)
		if (!store_is_there(q->also.items[i]))
			return source_no_store(q->also.items[i], err);
	r = collect(&l, app, &here, &rest, err);
	if (r == 0) {
		app_end_at_once(&signals);
		r = call(answer_here, &l, err);
		app_end_in_order(&signals);
	}
	line_release(&l);
	return r;
}
