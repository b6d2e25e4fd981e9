/* netflowize mark: somebody's words in the record of a run, to be seen where
 * its time is shown; or what the testbed's own event system has happen. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/say.h"
#include "cli/source.h"
#include "store/events.h"
#include "testbed/eventlist.h"
#include "testbed/portal.h"

#include <stdlib.h>

#include <stddef.h>
#include <string.h>

/* What one call to the node carries, and what a record takes of them. */
enum { AT_ONCE = 500, TESTBED_MAX = 2000 };

struct mark_command {
	struct common common;
	struct source_options source;
	int64_t at_ns; /* 0: not said */
	bool events;
};

#define AT(member) offsetof(struct mark_command, member)

static const struct opt options[] = {
	{"at", 0, OPT_TIME, AT(at_ns), "TIME",
		"when it was (now): 20:40 (today, local), "
		"2026-11-21T14:05:33Z; with --events: when their time 0 was "
		"(as the testbed says)",
		NULL, 0, 0},
	{"events", 0, OPT_FLAG, AT(events), NULL,
		"what the experiment's own events do, such as $ns at 10 "
		"\"$link0 down\"",
		NULL, 0, 0},
	{"topology", 0, OPT_TEXT, AT(source.topology), "FILE",
		"nodes from a file instead of the testbed", NULL, 0, 0},
	{"store", 0, OPT_TEXT, AT(source.store), "DIR",
		"a store on this machine, as strip --keep-data left it", NULL,
		0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int mark_there(
	struct source *s, const char *at, const char *text, struct err *err)
{
	const char *argv[] = {"nfz-query", "store", "--mark", text,
		at ? "--at" : NULL, at, NULL};
	struct buf out = BUF_INIT(1 << 16);
	int r = nodes_query_text(&s->nodes, s->topology, argv, &out, err);

	buf_release(&out);
	return r;
}

static int mark(struct app *app, const struct mark_command *o,
	struct source_words where, const char *text, struct err *err)
{
	const struct event e = {o->at_ns, EVENT_MARK, 0, text, NULL};
	char at[ANSWER_TIME];
	struct source s;
	int r = source_open(app, &o->source, where, &s, err);

	if (r == 0)
		r = s.store ? events_tell(s.store, &e, err)
			    : mark_there(
				      &s, source_time(o->at_ns, at), text, err);
	if (r == 0)
		say_done(app, "marked: %s", text);
	source_close(&s);
	return r;
}

/* What the interface with the events does not know may be a profile's. */
static int no_list(struct client *client, const struct client_exp *exp, int r,
	struct err *err)
{
	struct err ignored = ERR_INIT;
	struct portal_status s;

	if (r != -NFZ_E_NO_EXPERIMENT ||
		portal_status(client, exp, &s, &ignored) < 0)
		return r;
	portal_status_release(&s);
	err_set(err, NFZ_E_NO_EXPERIMENT,
		"%s/%s was started from a profile: it has no event system",
		exp->proj, exp->exp);
	return err_hint(err, "Mark by hand: netflowize mark [--at TIME] "
			     "PROJ/EXP TEXT");
}

/* The testbed's list, and when its time 0 was: as given, or as it says. */
static int ask_testbed(struct app *app, const struct experiment_name *name,
	struct eventlist *ret, int64_t *zero_ns, struct err *err)
{
	const struct client_exp exp = {name->project, name->experiment};
	cleanup(value_free_at) struct value *rows = NULL, *starts = NULL;
	struct client *client;
	int r = experiment_connect(app, &client, err);

	if (r == 0)
		r = no_list(client, &exp,
			client_eventlist(client, &exp, &rows, err), err);
	if (r == 0)
		r = eventlist_read(rows, ret, err);
	if (r < 0 || *zero_ns || !ret->n)
		return r;
	r = client_event_starts(client, &exp, &starts, err);
	if (r == 0 && !eventlist_zero(starts, zero_ns))
		r = err_set(err, NFZ_E_SERVICE,
			"the testbed does not say when time 0 of %s/%s was",
			exp.proj, exp.exp);
	return r < 0 ? err_hint(err, "Say it: netflowize mark --events --at "
				     "TIME PROJ/EXP")
		     : 0;
}

static int tell_there(
	struct source *s, const struct event *all, size_t n, struct err *err)
{
	const char **argv = mem_zalloc(2 * AT_ONCE + 3, sizeof(*argv));
	struct arena words = {0};
	int r = 0, fresh = 0;

	for (size_t i = 0; i < n && r == 0; i += AT_ONCE) {
		struct buf out = BUF_INIT(1 << 16);
		size_t k = 0;

		argv[k++] = "nfz-query";
		argv[k++] = "store";
		for (size_t j = i; j < n && j < i + AT_ONCE; j++) {
			char at[CLOCK_TEXT];

			wall_print((struct wall_time){all[j].at_ns}, at);
			argv[k++] = "--tell-event";
			argv[k++] =
				arena_printf(&words, "%s %s", at, all[j].text);
		}
		argv[k] = NULL;
		r = nodes_query_text(&s->nodes, s->topology, argv, &out, err);
		fresh += (int)strtol(buf_str(&out), NULL, 10);
		buf_release(&out);
	}
	arena_release(&words);
	free(argv);
	return r < 0 ? r : fresh;
}

/* Returns how many were new. */
static int tell(struct source *s, const struct eventlist *l, int64_t zero_ns,
	struct err *err)
{
	size_t n = l->n < TESTBED_MAX ? l->n : TESTBED_MAX, fresh;
	cleanup_free struct event *all = mem_zalloc(n + 1, sizeof(*all));
	int r;

	for (size_t i = 0; i < n; i++) /* to the ms, as words on the way are */
		all[i] = (struct event){(zero_ns + l->items[i].after_ns) /
						NS_PER_MS * NS_PER_MS,
			EVENT_TESTBED, 0, l->items[i].text, NULL};
	if (!s->store)
		return n ? tell_there(s, all, n, err) : 0;
	r = events_tell_new(s->store, all, n, &fresh, err);
	return r < 0 ? r : (int)fresh;
}

static void say_told(struct app *app, const struct eventlist *l, int fresh,
	int64_t zero_ns, bool given)
{
	char at[CLOCK_TEXT];

	if (l->n)
		say_done(app,
			"%d new of the testbed's %zu event%s; time 0 was "
			"%s, as %s",
			fresh, l->n, l->n == 1 ? "" : "s",
			wall_print((struct wall_time){zero_ns}, at),
			given ? "you say" : "the testbed says");
	else
		say_note(app, "the experiment has no events of its own");
	if (l->others)
		say_note(app,
			"left out: %zu of sequences, timelines or the "
			"swap-out, whose time depends on when those run",
			l->others);
	if (l->n > TESTBED_MAX)
		say_note(app, "left out: all behind the first %d", TESTBED_MAX);
}

static int mark_events(struct app *app, const struct mark_command *o,
	int64_t zero_ns, char *word, struct err *err)
{
	const struct source_words where = {&word, o->source.store ? 0 : 1};
	struct experiment_name name;
	struct eventlist l = {0};
	struct source s = {0};
	bool given = zero_ns;
	int r = app_experiment(app, word, &name, err);

	if (r == 0)
		r = ask_testbed(app, &name, &l, &zero_ns, err);
	if (r == 0) {
		r = source_open(app, &o->source, where, &s, err);
		if (r == 0)
			r = tell(&s, &l, zero_ns, err);
		if (r >= 0)
			say_told(app, &l, r, zero_ns, given);
		source_close(&s);
	}
	eventlist_release(&l);
	return r < 0 ? r : 0;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup_free char *text = NULL;
	struct mark_command o = {0};
	int words, names,
		r = command_parse(app, &cmd_mark, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (o.events && (words != 1 || o.source.topology)) {
		err_set(err, NFZ_E_USAGE,
			"whose events? They are the "
			"testbed's own of an experiment");
		return err_hint(err, "netflowize mark --events [--at TIME] "
				     "[--store DIR] PROJ/EXP");
	}
	if (o.events)
		return mark_events(app, &o, o.at_ns, argv[1], err);
	names = o.source.store || o.source.topology ? 0 : 1;
	text = source_join(argv + 1 + names, words > names ? words - names : 0);
	if (!text[strspn(text, " ")]) {
		err_set(err, NFZ_E_USAGE, "what shall the mark say?");
		return err_hint(err, "netflowize mark PROJ/EXP TEXT");
	}
	return mark(app, &o, (struct source_words){argv + 1, names}, text, err);
}

const struct command cmd_mark = {.name = "mark",
	.usage = "[options] PROJ/EXP|DIR TEXT | --events PROJ/EXP",
	.summary = "Put a mark into the record, to be seen in charts",
	.example = "netflowize mark netsec/dumbbell attack on",
	.options = options,
	.words = -1,
	.no_rows = true,
	.run = run};
