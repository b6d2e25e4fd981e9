/* Strip: from nothing but the nodes themselves.
 *
 * Rounds: look; stop the meters everywhere; stop the rest and replay the
 * journals; look again.  What a node said about each check is the proof. */
#include "base/mem.h"
#include "deploy/session.h"
#include "deploy/state.h"

#include <stdio.h>
#include <string.h>

enum { STOP_MS = 20000, UNDO_MS = 60000 };

static bool is_meant(const struct session *s, const struct deploy_found *f)
{
	if (s->o->deployment)
		return strcmp(f->id, s->o->deployment) == 0;
	return s->o->all || found_is_ours(s, f);
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

static int stop_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	struct session *s = ctx;
	struct deploy_found *f;
	char who[160];

	(void)err;
	n->stage = last ? n->stage + 1 : 0;
	f = meant(s, session_node(s, n), (size_t)n->stage);
	if (!f)
		return FLEET_DONE;
	snprintf(who, sizeof(who), "who=%s", s->who);
	{
		const char *const call[] = {"stop", f->id, "meter", who, NULL};

		fleet_call(n, STOP_MS, call);
	}
	return FLEET_CALL;
}

static int kept_something(struct deploy_node *d, struct err *err)
{
	for (size_t i = 0; d->n_kept && i < d->n_checks; i++) {
		if (strncmp(d->checks[i].text, "kept ", 5) != 0)
			continue;
		err_set(err, NFZ_E_VERIFY, "%s: %zu file%s left: %s", d->name,
			d->n_kept, d->n_kept == 1 ? "" : "s",
			d->checks[i].text);
		return err_hint(err, "Look at what is left, then remove it "
				     "with: netflowize strip --force");
	}
	for (size_t i = 0; i < d->n_checks; i++)
		if (!d->checks[i].good)
			return err_set(err, NFZ_E_VERIFY,
				"%s: not true after strip: %s", d->name,
				d->checks[i].text);
	return 0;
}

static int undo_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	struct session *s = ctx;
	struct deploy_node *d = session_node(s, n);
	struct deploy_found *f;
	char who[160];

	if (last)
		session_checks(d, last);
	n->stage = last ? n->stage + 1 : 0;
	f = meant(s, d, (size_t)n->stage);
	if (!f) {
		int r = kept_something(d, err);

		if (r < 0)
			return r;
		d->status = NODE_OK;
		session_note(s, d, "stripped");
		return FLEET_DONE;
	}
	snprintf(who, sizeof(who), "who=%s", s->who);
	{
		const char *const call[] = {"undo", f->id,
			s->o->force ? "force" : "keep", who, NULL};

		fleet_call(n, UNDO_MS, call);
	}
	return FLEET_CALL;
}

/* Wants the nodes with a deployment that is to go (and, with role, one of
 * this role in it). */
static size_t want(struct session *s, const char *role)
{
	size_t n = 0;

	for (size_t i = 0; i < s->fleet->n; i++) {
		struct deploy_node *d = &s->report->nodes[i];
		struct deploy_found *f;
		bool wanted = false;

		for (size_t k = 0; (f = meant(s, d, k)); k++)
			wanted = wanted || !role || found_has_role(f, role);
		s->fleet->nodes[i].wanted = wanted && d->status < NODE_FAILED;
		n += s->fleet->nodes[i].wanted;
	}
	return n;
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
		c->text = mem_strdup("no trace of us was there");
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
	const struct fleet_job stop = {.next = stop_next, .ctx = s};
	const struct fleet_job undo = {.next = undo_next, .ctx = s};
	int r;

	for (size_t i = 0; i < s->fleet->n; i++) {
		s->fleet->nodes[i].wanted = true;
		s->fleet->nodes[i].look = true;
	}
	r = session_hello(s, err);
	prove_clean(s);
	remember_id(s);
	if (r == 0 && want(s, NULL) == 0)
		return nothing_there(s, err);
	if (r < 0 || s->o->dry_run)
		return r;
	s->report->changed = true;
	want(s, "meter");
	r = session_run(s, &stop, err);
	if (r < 0)
		return r;
	want(s, NULL);
	return session_run(s, &undo, err);
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
	if (clean && !o->deployment)
		state_forget(o->state_dir, o->project, o->experiment);
	return r;
}
