/* netflowize top: links, flows, hosts and probes in a terminal. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "cli/source.h"
#include "report/top.h"

#include <langinfo.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct top_command {
	struct common common;
	struct source_options source;
	bool once;
	int screen;
	int64_t width, height, refresh_ms;
};

#define AT(member) offsetof(struct top_command, member)

static const struct opt options[] = {
	SOURCE_OPTIONS(struct top_command, source),
	{"once", 0, OPT_FLAG, AT(once), NULL, "print one frame and end", NULL,
		0, 0},
	{"screen", 0, OPT_CHOICE, AT(screen), "NAME",
		"begin with links, flows, hosts or probes", top_screen_names, 0,
		0},
	{"refresh", 0, OPT_SPAN, AT(refresh_ms), "T",
		"new data so often (2s; a store: never)", NULL, 0, 0},
	{"width", 0, OPT_INT, AT(width), "N",
		"columns, with --once (80, or the terminal's)", NULL, 20, 500},
	{"height", 0, OPT_INT, AT(height), "N",
		"lines, with --once (24, or all that there are)", NULL, 4,
		100000},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* Shown are the last seconds that there are records of; they come a little
 * later than what they tell of. */
#define LAST "12s"
enum { WINDOW_MS = 10000 };
#define ALL_MS (INT64_C(100) * 366 * 86400 * 1000)
enum {
	NEVER_MS = 1 << 30,
	WAKE_MS = 1000,
	REFRESH_MS = 2000,
	FRAME_MAX = 64 << 20,
	FIND_MAX = 64
};

struct live {
	struct app *app;
	const struct top_command *o;
	struct source source;
	struct answer_now now;
	struct top top;
	char find[FIND_MAX];
	bool finding; /* keys go into find */
	bool changed; /* what is on the screen is no longer so */
	bool done;
};

/* Of a running experiment: what went over it in the last seconds, unless the
 * person asked for another time. */
static const char *span(const struct live *l)
{
	const struct source_options *s = &l->o->source;

	return source_is_fixed(&l->source) || s->last || s->from_ns || s->to_ns
		       ? NULL
		       : LAST;
}

static int refresh(struct live *l, struct err *err)
{
	struct answer_now next = {0};
	int r;

	l->source.part = top_screen_parts[l->top.screen];
	r = source_ask(&l->source, span(l), &next, err);
	if (r < 0)
		return r;
	answer_now_release(&l->now);
	l->now = next;
	l->changed = true;
	l->top.asking = false;
	return 0;
}

static void show(struct live *l)
{
	struct buf out = BUF_INIT(FRAME_MAX);

	screen_size(&l->top.width, &l->top.height);
	top_print(&l->top, l->now.facts, l->source.topology, &out);
	if (l->finding)
		buf_addf(&out, "find: %s_\n", l->find);
	screen_show(buf_str(&out), 3);
	buf_release(&out);
}

static void find_key(struct live *l, int key)
{
	size_t n = strlen(l->find);

	if (key == '\n' || key == '\r' || key == 27)
		l->finding = false;
	if (key == 27)
		l->find[0] = '\0';
	else if ((key == 127 || key == 8) && n)
		l->find[n - 1] = '\0';
	else if (key >= ' ' && key < 127 && n + 1 < FIND_MAX) {
		l->find[n] = (char)key;
		l->find[n + 1] = '\0';
	}
	l->top.skip = 0;
}

static void go(struct live *l, enum top_screen screen)
{
	l->top.asking |= screen != l->top.screen;
	l->top.screen = screen;
	l->top.skip = 0;
}

static void on_key(struct live *l, int key)
{
	if (l->finding) {
		find_key(l, key);
		return;
	}
	switch (key) {
	case 'l':
		go(l, TOP_LINKS);
		break;
	case 'f':
		go(l, TOP_FLOWS);
		break;
	case 'h':
		go(l, TOP_HOSTS);
		break;
	case 'p':
		go(l, TOP_PROBES);
		break;
	case 'b':
		l->top.sort = TOP_BITS;
		break;
	case 'k':
		l->top.sort = TOP_PACKETS;
		break;
	case ' ':
		l->top.paused = !l->top.paused;
		break;
	case '/':
		l->finding = true;
		break;
	case SCREEN_DOWN:
		l->top.skip++;
		break;
	case SCREEN_UP:
		l->top.skip -= l->top.skip > 0;
		break;
	case 'q':
		l->done = true;
		break;
	}
}

/* Until then, or a while: a signal may have come just before we wait. */
static void wait_key(struct live *l, struct mono_time until)
{
	int ms = l->changed ? 0 : mono_ms_until(until) + 1;
	int key = screen_key(ms < WAKE_MS ? ms : WAKE_MS);

	if (key == SCREEN_NONE)
		return;
	on_key(l, key);
	l->changed = true;
}

/* Until the person has enough. */
static int run_screen(struct live *l, struct err *err)
{
	int64_t every = l->o->refresh_ms              ? l->o->refresh_ms
			: source_is_fixed(&l->source) ? NEVER_MS
						      : REFRESH_MS;
	struct mono_time next = mono_add_ms(mono_now(), every);
	int r = screen_open(err);

	if (r < 0)
		return r;
	while (!l->done && r == 0 && *l->app->interrupted == 0) {
		bool due = l->top.asking || mono_passed(next);

		if (l->changed)
			show(l);
		l->changed = false;
		if (l->top.asking || (due && !l->top.paused))
			r = refresh(l, err);
		if (due)
			next = mono_add_ms(mono_now(), every);
		wait_key(l, next);
	}
	screen_close();
	return r;
}

static int run_once(struct live *l)
{
	struct buf out = BUF_INIT(FRAME_MAX);
	const size_t terminal = sheet_terminal(stdout);

	l->top.width = l->o->width ? (int)l->o->width
		       : terminal  ? (int)terminal
				   : 80;
	l->top.height = l->o->height ? (int)l->o->height : 1 << 20;
	top_print(&l->top, l->now.facts, l->source.topology, &out);
	fputs(buf_str(&out), stdout);
	buf_release(&out);
	return 0;
}

static int top(struct app *app, const struct top_command *o,
	struct source_words words, struct err *err)
{
	struct live l = {.app = app, .o = o};
	int r = source_open(app, &o->source, words, &l.source, err);

	l.source.window_ms = r == 0 && span(&l) ? WINDOW_MS : ALL_MS;
	l.top.screen = (enum top_screen)o->screen;
	l.top.find = l.find;
	l.top.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (r == 0)
		r = refresh(&l, err);
	if (r == 0)
		r = o->once || !isatty(STDOUT_FILENO) ? run_once(&l)
						      : run_screen(&l, err);
	answer_now_release(&l.now);
	source_close(&l.source);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct top_command o = {0};
	int words,
		r = command_parse(app, &cmd_top, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	return top(app, &o, (struct source_words){argv + 1, words}, err);
}

const struct command cmd_top = {.name = "top",
	.usage = "[options] PROJ/EXP|DIR|FILE.html [FILTER]",
	.summary = "Show links, flows, hosts and probes in a terminal",
	.example = "netflowize top netsec/dumbbell",
	.options = options,
	.words = -1,
	.no_rows = true,
	.run = run};
