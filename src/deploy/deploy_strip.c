/* Strip: from nothing but the nodes themselves.
 *
 * Each node walks by itself: look, end its programs, replay its journals, say
 * what was checked: that is the proof.  Only the collector's node waits a
 * little, so that meters still find it when they say their last. */
#include "base/mem.h"
#include "deploy/session.h"
#include "deploy/state.h"

#include <stdio.h>
#include <string.h>

enum { HELLO_MS = 10000, UNDO_MS = 60000, LAST_WORDS_MS = 3000 };

static bool is_meant(const struct session *s, const struct deploy_found *f)
{
	return deploy_is_meant(s->o, s->name, f);
}

/* The k-th deployment on this node that is to go, NULL behind the last. */
static struct deploy_found *meant(
	struct session *s, struct deploy_node *d, size_t k)
{
	for (size_t i = 0; i < d->n_found; i++)
		if (is_meant(s, &d->found[i]) && k-- == 0)
			return &d->found[i];
	return NULL;
}

static int kept_something(struct deploy_node *d, struct err *err)
{
	for (size_t i = 0; d->n_kept && i < d->n_checks; i++) {
		if (strncmp(d->checks[i].text, "kept ", 5) != 0)
			continue;
		err_set(err, NFZ_E_VERIFY, "%s: %zu file%s left: %s", d->name,
			d->n_kept, d->n_kept == 1 ? "" : "s",
			d->checks[i].text);
		return err_hint(err, "Look at what is left; strip with --force "
				     "removes it");
	}
	for (size_t i = 0; i < d->n_checks; i++)
		if (!d->checks[i].good)
			return err_set(err, NFZ_E_VERIFY,
				"%s: after strip it is not so that %s", d->name,
				d->checks[i].text);
	return 0;
}

/* Is any other node still on its way, and was that to be expected? */
static bool others_first(const struct session *s, const struct fleet_node *n,
	const struct deploy_found *f)
{
	struct deploy_node *d = &s->report->nodes[n->index];

	if (!found_has_role(f, "collector") ||
		mono_passed(mono_add_ms(s->began, d->ms + LAST_WORDS_MS)))
		return false;
	for (size_t i = 0; i < s->fleet->n; i++) {
		const struct fleet_node *other = &s->fleet->nodes[i];

		if (other != n && other->wanted)
			return true;
	}
	return false;
}

static int undo_one(
	struct session *s, struct fleet_node *n, const struct deploy_found *f)
{
	char who[160];
	const char *const call[] = {
		"undo", f->id, s->o->force ? "force" : "keep", who, NULL};

	if (others_first(s, n, f))
		return FLEET_WAIT;
	snprintf(who, sizeof(who), "who=%s", s->who);
	n->stage++;
	fleet_call(n, UNDO_MS, call);
	return FLEET_CALL;
}

static int through(struct session *s, struct deploy_node *d, bool stripped,
	struct err *err)
{
	int r = kept_something(d, err);

	if (r < 0)
		return r;
	d->status = NODE_OK;
	if (stripped)
		session_note(s, d, "stripped");
	return FLEET_DONE;
}

/* stage: 0 nothing was asked; else 1 + deployments undone or being undone */
static int strip_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	static const char *const hello[] = {"hello", NULL};
	struct session *s = ctx;
	struct deploy_node *d = session_node(s, n);
	struct deploy_found *f;

	if (!last && n->stage == 0) {
		fleet_call(n, HELLO_MS, hello);
		return FLEET_CALL;
	}
	if (last && n->stage == 0) {
		session_take_hello(d, last);
		d->ms = (mono_now().ns - s->began.ns) / NS_PER_MS;
		n->stage = 1;
	} else if (last) {
		session_checks(d, last);
	}
	f = s->o->dry_run ? NULL : meant(s, d, (size_t)n->stage - 1);
	if (!f)
		return through(s, d, n->stage > 1, err);
	s->report->changed = true;
	return undo_one(s, n, f);
}

/* Nothing may be left for us then, and whatever was interrupted can be begun
 * once more. */
static bool strip_again(void *ctx, struct fleet_node *n, const struct err *err)
{
	if (!session_again(ctx, n, err))
		return false;
	n->stage = 0;
	return true;
}

static void strip_done(void *ctx, struct fleet_node *n)
{
	struct session *s = ctx;

	session_node(s, n)->none = n->none;
	session_failed(s, n);
}

/* Nodes on which there was nothing at all. */
static void prove_clean(struct session *s)
{
	for (size_t i = 0; i < s->report->n; i++) {
		struct deploy_node *d = &s->report->nodes[i];
		struct deploy_check *c;

		if (!d->none)
			continue;
		c = &MEM_PUSH(d->checks, d->n_checks, d->checks_cap);
		c->good = true;
		c->text = mem_strdup("no trace of us is there");
		d->status = NODE_UNCHANGED;
	}
}

static void remember_id(struct session *s)
{
	for (size_t i = 0; i < s->report->n; i++) {
		struct deploy_found *f = meant(s, &s->report->nodes[i], 0);

		if (f) {
			snprintf(s->report->id, sizeof(s->report->id), "%s",
				f->id);
			return;
		}
	}
}

static bool nobody_failed(const struct session *s)
{
	for (size_t i = 0; i < s->report->n; i++)
		if (s->report->nodes[i].status >= NODE_FAILED)
			return false;
	return true;
}

static int nothing_there(const struct session *s, struct err *err)
{
	if (!nobody_failed(s))
		return 0; /* session_close says which nodes did not answer */
	return err_set(err, NFZ_E_NO_DEPLOYMENT,
		"experiment %s is not instrumented", s->name);
}

static int work(struct session *s, struct err *err)
{
	const struct fleet_job job = {.next = strip_next,
		.done = strip_done,
		.again = strip_again,
		.ctx = s};
	int r;

	for (size_t i = 0; i < s->fleet->n; i++) {
		s->fleet->nodes[i].wanted = true;
		s->fleet->nodes[i].look = true;
	}
	r = session_run(s, &job, err);
	prove_clean(s);
	remember_id(s);
	return r == 0 && !s->report->id[0] ? nothing_there(s, err) : r;
}

int deploy_strip(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err)
{
	cleanup_close int lock = -1;
	bool clean, verify = false;
	struct session s;
	int r;

	*ret = (struct deploy_report){0};
	r = state_lock(o->state_dir, o->project, o->experiment, &lock, err);
	if (r == 0)
		r = session_open(t, o, ret, &s, err);
	if (r < 0)
		return r;
	r = work(&s, err);
	clean = r == 0 && nobody_failed(&s) && !o->dry_run;
	r = session_close(&s, r, err);
	for (size_t i = 0; i < ret->n; i++)
		verify = verify ||
			 (ret->nodes[i].status == NODE_FAILED &&
				 ret->nodes[i].err.code == NFZ_E_VERIFY);
	if (r == -NFZ_E_NODES_FAILED && verify) {
		err->code = NFZ_E_VERIFY;
		r = -NFZ_E_VERIFY;
	}
	if (clean && !o->deployment && !o->older_ms && !o->limit)
		state_forget(o->state_dir, o->project, o->experiment);
	return r;
}
