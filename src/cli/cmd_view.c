/* netflowize view: the page, live, served to the person who typed it. */
#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/source.h"
#include "format/crypto.h"
#include "format/httpd.h"
#include "report/gate.h"
#include "store/summary.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct view_command {
	struct common common;
	struct source_options source;
	int64_t port, refresh_ms;
};

#define AT(member) offsetof(struct view_command, member)

static const struct opt options[] = {
	SOURCE_OPTIONS(struct view_command, source),
	{"port", 0, OPT_INT, AT(port), "N",
		"serve on this port (8377, else any)", NULL, 1, 65535},
	{"refresh", 0, OPT_SPAN, AT(refresh_ms), "T",
		"new data so often (2s; a store: never)", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* DETAIL: of small flows, so that an answer each second stays small. */
enum { PORT = 8377, REFRESH_MS = 2000, PAGE_MAX = 512 << 20, DETAIL = 10000 };
#define LAST "5m" /* as the page's menu begins */

struct view {
	struct app *app;
	const struct view_command *o;
	struct source source;
	struct answer_now latest;
	struct gate gate;
	struct buf policy; /* of the answer being given */
	char cookie[GATE_COOKIE];
};

static void header(struct httpd_answer *a, const char *name, const char *value)
{
	a->headers[a->n_headers].name = name;
	a->headers[a->n_headers++].value = value;
}

static void text(struct httpd_answer *a, int status, const char *sentence)
{
	a->status = status;
	a->type = "text/plain; charset=utf-8";
	buf_adds(&a->body, sentence);
	buf_addc(&a->body, '\n');
}

/* Asks for what the page shows.  A login that broke is made anew. */
static int refresh(struct view *v, const char *last, struct err *err)
{
	struct answer_now next = {0};
	int64_t ms;
	int r;

	if (source_is_fixed(&v->source))
		last = NULL;
	else if (!last ||
		 (strcmp(last, "all") != 0 && !clock_parse_span(last, &ms)))
		last = LAST;
	r = source_ask(&v->source, last, &next, err);
	if (r < 0) {
		source_reconnect(&v->source);
		return r;
	}
	answer_now_release(&v->latest);
	v->latest = next;
	return 0;
}

static int64_t refresh_ms(const struct view *v)
{
	return v->o->refresh_ms              ? v->o->refresh_ms
	       : source_is_fixed(&v->source) ? 0
					     : REFRESH_MS;
}

/* -1: it is none. */
static int64_t number(const char *text, int64_t most)
{
	int64_t n;

	return text && span_count(span_of(text), most, &n) ? n : -1;
}

/* What the page was chosen to show, and its own data does not tell. */
static void give_kinds(
	struct view *v, const struct httpd_request *r, struct httpd_answer *a)
{
	struct err err = ERR_INIT;
	struct wall_time from = {0}, to = {0};
	struct source_wish wish = {
		.last = source_is_fixed(&v->source) ? "all" : r->last,
		.pieces = number(r->pieces, SUMMARY_BUCKETS_MAX)};
	int64_t port = number(r->port, UINT16_MAX), ms;

	wish.port = port < 0 ? 0 : (unsigned)port;
	if (r->from ? !wall_parse(r->from, &from) || !r->to ||
				!wall_parse(r->to, &to) || wish.pieces < 1
		    : port < 0 || !wish.last ||
				(strcmp(wish.last, "all") != 0 &&
					!clock_parse_span(wish.last, &ms))) {
		text(a, 400, "Nobody asks that.");
		return;
	}
	wish.from_ns = from.ns;
	wish.to_ns = to.ns;
	a->status = 200;
	a->type = "application/json";
	if (source_ask_kinds(&v->source, &wish, &a->body, &err) < 0) {
		buf_reset(&a->body);
		text(a, 503, err.text[0] ? err.text : "no answer");
	}
}

/* The page comes with the latest data there is, at once; it asks for newer. */
static void give(
	struct view *v, const struct httpd_request *r, struct httpd_answer *a)
{
	struct err err = ERR_INIT;
	bool data = strcmp(r->path, "/data") == 0;
	int result = data ? refresh(v, r->last, &err) : 0;
	struct page page = source_page(&v->source, &v->latest);

	page.refresh_ms = refresh_ms(v);
	if (result == 0 && data)
		result = page_print_data(&page, &a->body, &err);
	else if (result == 0)
		result = page_print(&page, &a->body, &err);
	if (result == 0) {
		page_policy(&page, &v->policy);
		a->status = 200;
		a->type =
			data ? "application/json" : "text/html; charset=utf-8";
		header(a, "Content-Security-Policy", buf_str(&v->policy));
	} else {
		buf_reset(&a->body);
		text(a, 503, err.text[0] ? err.text : "no answer");
	}
}

static void ask_token(struct view *v, struct httpd_answer *a)
{
	gate_policy(&v->policy);
	a->status = 200;
	a->type = "text/html; charset=utf-8";
	header(a, "Content-Security-Policy", buf_str(&v->policy));
	buf_adds(&a->body, gate_page());
}

static void on_request(
	void *ctx, const struct httpd_request *r, struct httpd_answer *a)
{
	struct view *v = ctx;

	buf_reset(&v->policy);
	a->body.max = PAGE_MAX;
	header(a, "X-Content-Type-Options", "nosniff");
	header(a, "Referrer-Policy", "no-referrer");
	header(a, "Cache-Control", "no-store");
	header(a, "Cross-Origin-Resource-Policy", "same-origin");
	header(a, "X-Frame-Options", "DENY");
	if (strcmp(r->path, "/favicon.ico") == 0) {
		a->status = 204;
		return;
	}
	switch (gate_judge(&v->gate, r)) {
	case GATE_OPEN:
		if (strcmp(r->path, "/data") == 0 && (r->from || r->port))
			give_kinds(v, r, a);
		else if (strcmp(r->path, "/") == 0 ||
			 strcmp(r->path, "/data") == 0)
			give(v, r, a);
		else
			text(a, 404, "There is nothing here.");
		return;
	case GATE_ENTER:
		a->status = 204;
		header(a, "Set-Cookie", gate_cookie(&v->gate, v->cookie));
		return;
	case GATE_ASK:
		ask_token(v, a);
		return;
	case GATE_SHUT:
		text(a, 403, "This page is for whoever started it.");
		return;
	}
}

static int open_server(struct view *v, struct httpd **ret, struct err *err)
{
	uint16_t port = v->o->port ? (uint16_t)v->o->port : PORT;
	int r = httpd_open(port, on_request, v, ret, err);

	if (r == -NFZ_E_BUSY && !v->o->port) {
		err_clear(err);
		r = httpd_open(0, on_request, v, ret, err);
	}
	return r;
}

static int serve(struct view *v, struct err *err)
{
	struct httpd *server = NULL;
	int r = open_server(v, &server, err);

	if (r < 0)
		return r;
	gate_init(&v->gate, httpd_port(server));
	printf("http://127.0.0.1:%u/#t=%s\n", v->gate.port, v->gate.token);
	fflush(stdout);
	say(v->app, "  Open this address; only this computer can reach it.  "
		    "End with Ctrl-C.");
	while (r == 0 && *v->app->interrupted == 0)
		r = httpd_step(server, 200, err);
	httpd_close(server);
	return r;
}

static int view(struct app *app, const struct view_command *o,
	struct source_words words, struct err *err)
{
	struct view v = {.app = app, .o = o, .policy = BUF_INIT(1 << 16)};
	int r = crypto_init(err);

	if (r == 0)
		r = source_open(app, &o->source, words, &v.source, err);
	v.source.detail = refresh_ms(&v) ? DETAIL : 0;
	/* what cannot be shown is told before the browser opens */
	if (r == 0)
		r = refresh(&v, NULL, err);
	if (r == 0)
		r = serve(&v, err);
	answer_now_release(&v.latest);
	source_close(&v.source);
	buf_release(&v.policy);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct view_command o = {0};
	int words,
		r = command_parse(app, &cmd_view, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	return view(app, &o, (struct source_words){argv + 1, words}, err);
}

const struct command cmd_view = {.name = "view",
	.usage = "[options] PROJ/EXP|DIR|FILE.html [FILTER]",
	.summary = "Show all of it in a browser, live",
	.example = "netflowize view netsec/dumbbell",
	.options = options,
	.words = -1,
	.no_rows = true,
	.run = run};
