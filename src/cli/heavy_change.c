/* Reading and changing an experiment's description, with words for people.
 *
 * The testbed's text is the truth.  What is noted here, below the state
 * directory, is for people whose testbed lost it: the text before, the text
 * sent, and who was where. */
#include "cli/heavy_change.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/experiment.h"
#include "cli/say.h"
#include "deploy/state.h"
#include "topology/plan_heavy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 16 << 20, BOOT_MS = 15 * 60 * 1000, BOOT_POLL_MS = 500 };

/* ---- waiting ---- */

struct waiting {
	struct app *app;
	const char *what;
	char last[CHANGE_STATE_MAX];
	bool shown;
};

static void on_state(void *ctx, const char *state, int64_t ms)
{
	struct waiting *w = ctx;
	bool tty = isatty(STDERR_FILENO) && !w->app->common->quiet;
	bool at_rest =
		strcmp(state, "active") == 0 || strcmp(state, "swapped") == 0;

	if (at_rest && !w->last[0])
		return; /* nothing was waited for */
	if (tty) {
		fprintf(stderr, "\r  %s: %-16s %lld min %02lld s ", w->what,
			state, (long long)(ms / 60000),
			(long long)(ms / 1000 % 60));
		fflush(stderr);
		w->shown = true;
	} else if (strcmp(state, w->last) != 0) {
		say(w->app, "  %s: %s  (%.1f s)", w->what, state,
			(double)ms / 1e3);
	}
	snprintf(w->last, sizeof(w->last), "%s", state);
}

static void end_line(struct waiting *w)
{
	if (w->shown)
		fprintf(stderr, "\r%*s\r", 70, "");
}

static bool on_cancelled(void *ctx)
{
	return *((struct waiting *)ctx)->app->interrupted > 0;
}

/* ---- reading ---- */

static int take_text(struct heavy_now *now, const char *raw, struct err *err)
{
	struct buf plain = BUF_INIT(TEXT_MAX);
	int r;

	now->lost = ns_text_plain(raw, &plain);
	now->text = mem_strdup(buf_str(&plain));
	buf_release(&plain);
	r = ns_block_find(now->text, &now->arena, &now->block, err);
	now->has_block = r > 0;
	return r < 0 ? r : 0;
}

static int read_text(struct heavy_now *now, struct err *err)
{
	cleanup_free char *raw = NULL;
	int r = client_nsfile(now->client, &now->exp, &raw, err);

	return r < 0 || !raw ? r : take_text(now, raw, err);
}

int heavy_open_file(struct app *app, const char *path, struct heavy_now *ret,
	struct err *err)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r = file_read(path, &text, err);

	*ret = (struct heavy_now){.app = app, .state = "active"};
	ret->exp = (struct client_exp){ret->name.project, ret->name.experiment};
	ret->label = path;
	if (r == 0)
		r = take_text(ret, buf_str(&text), err);
	buf_release(&text);
	return r;
}

int heavy_open(struct app *app, const char *word, struct heavy_now *ret,
	struct err *err)
{
	struct waiting w = {.app = app, .what = "a change is under way"};
	const struct change_watch watch = {
		.state = on_state, .cancelled = on_cancelled, .ctx = &w};
	int r;

	*ret = (struct heavy_now){.app = app};
	r = app_experiment(app, word, &ret->name, err);
	if (r == 0)
		r = experiment_connect(app, &ret->client, err);
	ret->exp = (struct client_exp){ret->name.project, ret->name.experiment};
	ret->label = arena_printf(
		&ret->arena, "%s/%s.ns", ret->exp.proj, ret->exp.exp);
	ret->of_profile = app->common->api == API_PORTAL || !ret->exp.proj[0];
	if (r < 0 || ret->of_profile)
		return r;
	r = change_settle(ret->client, &ret->exp, &watch, ret->state, err);
	end_line(&w);
	if ((r == -NFZ_E_NO_EXPERIMENT || r == -NFZ_E_FAULT) &&
		app->common->api != API_CLASSIC) {
		/* whoever needs its topology asks the portal */
		err_clear(err);
		ret->of_profile = true;
		return 0;
	}
	if (r == 0 && strcmp(ret->state, "swapped") != 0)
		r = client_require_active(&ret->exp, ret->state, err);
	if (r == 0)
		r = read_text(ret, err);
	if (r == 0 && strcmp(ret->state, "active") == 0)
		r = change_view(ret->client, &ret->exp, &ret->view, err);
	ret->view.ours = ret->block.collector ? HEAVY_COLLECTOR : NULL;
	return r;
}

int heavy_reopen(struct heavy_now *now, struct err *err)
{
	cleanup_free char *state = NULL;
	cleanup_free char *word =
		mem_printf("%s/%s", now->name.project, now->name.experiment);
	struct app *app = now->app;
	int r;

	if (!now->client || now->of_profile)
		return 0;
	r = client_state(now->client, &now->exp, &state, err);
	if (r < 0 || strncmp(state, "modify_", 7) != 0)
		return r;
	heavy_close(now);
	return heavy_open(app, word, now, err);
}

void heavy_close(struct heavy_now *now)
{
	change_view_release(&now->view);
	free(now->text);
	arena_release(&now->arena);
	*now = (struct heavy_now){0};
}

char *heavy_original(const struct heavy_now *now)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	char *ret;

	if (now->has_block)
		ns_block_remove(now->text, &now->block, &text);
	else
		buf_adds(&text, now->text);
	ret = mem_strdup(buf_str(&text));
	buf_release(&text);
	return ret;
}

/* ---- changing ---- */

static int note_down(
	const struct heavy_now *now, const char *text, struct err *err)
{
	const char *p = now->name.project, *e = now->name.experiment;
	cleanup_free char *original = heavy_original(now);
	struct buf machines = BUF_INIT(TEXT_MAX);
	int r = 0;

	change_machines(&now->view, &machines);
	/* what stood before anything of ours was in it */
	if (!now->has_block) {
		r = state_note(p, e, "heavy.before.ns", original, err);
		if (r == 0)
			r = state_note(p, e, "heavy.machines",
				buf_str(&machines), err);
	}
	if (r == 0)
		r = state_note(p, e, "heavy.sent.ns", text, err);
	buf_release(&machines);
	return r < 0 ? err_wrap(err, "before anything is sent") : 0;
}

/* Somebody may have changed it while we planned. */
static int still_there(struct heavy_now *now, struct err *err)
{
	cleanup_free char *raw = NULL;
	struct buf plain = BUF_INIT(TEXT_MAX);
	int r = client_nsfile(now->client, &now->exp, &raw, err);

	if (r == 0) {
		(void)ns_text_plain(raw ? raw : "", &plain);
		if (strcmp(buf_str(&plain), now->text) != 0) {
			err_set(err, NFZ_E_BUSY,
				"somebody changed the description of %s/%s "
				"just now; nothing was sent",
				now->exp.proj, now->exp.exp);
			r = err_hint(err, "Run this again: it begins with what "
					  "is there then.");
		}
	}
	buf_release(&plain);
	return r;
}

static int check(struct heavy_now *now, const char *text, struct err *err)
{
	cleanup_free char *messages = NULL;
	int r = client_nscheck(
		now->client, now->exp.proj, text, &messages, err);

	if (r < 0)
		return err_wrap(err, "the testbed checked the change");
	say_done(now->app, "the testbed's parser accepts the change");
	return 0;
}

/* New nodes that are still on their way; the user's own may be down for other
 * reasons. */
static size_t booting(
	const struct change_view *before, const struct change_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->mapping->n; i++) {
		const char *s =
			value_get_text(v->mapping->items[i], "eventstatus");

		n += !value_get(before->mapping, v->mapping->names[i]) && s &&
		     strcmp(s, "ISUP") != 0 && strcmp(s, "TBFAILED") != 0;
	}
	return n;
}

/* New nodes may still be booting when the experiment is active. */
static int wait_for_nodes(
	struct heavy_now *now, struct change_view *ret, struct err *err)
{
	struct mono_time end = mono_add_ms(mono_now(), BOOT_MS);
	size_t last = 0;

	for (;;) {
		int r = change_view(now->client, &now->exp, ret, err);
		size_t n = r < 0 ? 0 : booting(&now->view, ret);

		if (n == 0 || mono_passed(end))
			return r;
		if (*now->app->interrupted)
			return err_set(err, NFZ_E_INTERRUPTED,
				"the change is made; %zu new nodes are "
				"booting",
				n);
		if (n != last)
			say(now->app, "  waiting for %zu new node%s to boot", n,
				n == 1 ? "" : "s");
		last = n;
		change_view_release(ret);
		clock_sleep_ms(BOOT_POLL_MS);
	}
}

static int verify(struct heavy_now *now, struct err *err)
{
	struct change_view after = {0};
	struct buf what = BUF_INIT(1 << 20);
	size_t n = 0;
	int r = wait_for_nodes(now, &after, err);

	if (r == 0)
		n = change_compare(&now->view, &after, &what);
	if (r == 0 && n) {
		err_set(err, NFZ_E_VERIFY,
			"%zu nodes or addresses are not as they were before "
			"the change",
			n);
		r = err_hint(err, "%.1500s", buf_str(&what));
	} else if (r == 0) {
		say_done(now->app,
			"%zu nodes in the experiment; yours are on the "
			"machines they had, all addresses as before",
			after.mapping->n);
	}
	change_view_release(&now->view);
	now->view = after;
	buf_release(&what);
	return r;
}

int heavy_send(struct heavy_now *now, const char *text, struct err *err)
{
	struct waiting w = {.app = now->app, .what = "waiting for the testbed"};
	const struct change_watch watch = {
		.state = on_state, .cancelled = on_cancelled, .ctx = &w};
	bool active = strcmp(now->state, "active") == 0;
	struct mono_time start;
	int r = check(now, text, err);

	if (r == 0)
		r = still_there(now, err);
	if (r == 0)
		r = note_down(now, text, err);
	if (r < 0)
		return r;
	start = mono_now();
	r = change_send(now->client, &now->exp, text, &watch, err);
	end_line(&w);
	if (r < 0)
		return r;
	say_done(now->app,
		"the description is changed, the experiment is %s"
		"  (%.1f s)",
		active ? "active again" : "swapped out as before",
		(double)(mono_now().ns - start.ns) / 1e9);
	return active ? verify(now, err) : 0;
}
