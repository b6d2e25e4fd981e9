/* Wanted minus found = steps.  Pure. */
#include "deploy/steps.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

bool module_runs(const struct module *m, const struct deploy_found *f)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (strcmp(f->processes[i].role, m->name) == 0)
			return strcmp(f->processes[i].stamp, m->stamp) == 0 &&
			       strcmp(f->processes[i].state, "running") == 0;
	return false;
}

static void add(
	struct steps *s, int node, enum step_kind kind, const char *what)
{
	struct step *step = &MEM_PUSH(s->items, s->n, s->cap);

	*step = (struct step){.node = node, .kind = kind};
	snprintf(step->what, sizeof(step->what), "%s", what);
}

static const struct deploy_node *report_of(
	const struct deploy_report *found, int node)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->nodes[i].node == node)
			return &found->nodes[i];
	return NULL;
}

static const struct deploy_found *found_on(
	const struct deploy_report *found, int node, const char *id)
{
	const struct deploy_node *d = report_of(found, node);

	for (size_t i = 0; d && i < d->n_found; i++)
		if (strcmp(d->found[i].id, id) == 0)
			return &d->found[i];
	return NULL;
}

static bool wants(const struct rollout *r, int node)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->modules[i].node == node)
			return true;
	return false;
}

static void add_installs(struct steps *s, const struct rollout *r,
	const struct deploy_report *found)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct module *m = &r->modules[i];

		if (report_of(found, m->node) &&
			!module_runs(m, found_on(found, m->node, r->id)))
			add(s, m->node, STEP_INSTALL, m->program);
	}
}

/* Not wanted any more, or not as it runs: a changed meter or cache ends while
 * its old collector still takes what it has.  What is not wanted is forgotten,
 * also where it ended by itself. */
static bool must_stop(const struct rollout *r, int node,
	const struct deploy_found *f, size_t process)
{
	const char *role = f->processes[process].role;

	for (size_t i = 0; i < r->n; i++) {
		const struct module *m = &r->modules[i];

		if (m->node == node && strcmp(m->name, role) == 0)
			return m->role != MODULE_COLLECTOR &&
			       strcmp(f->processes[process].state, "running") ==
				       0 &&
			       !module_runs(m, f);
	}
	return true;
}

static bool is_meter(const struct deploy_found *f, size_t process)
{
	return strcmp(f->processes[process].role, "meter") == 0;
}

static void add_stops(struct steps *s, const struct rollout *r,
	const struct deploy_report *found)
{
	for (size_t i = 0; i < found->n; i++) {
		int node = found->nodes[i].node;
		const struct deploy_found *f = found_on(found, node, r->id);

		/* meters before the caches they send to */
		for (size_t k = 0; f && wants(r, node) && k < 2 * f->n; k++)
			if (is_meter(f, k % f->n) == (k < f->n) &&
				must_stop(r, node, f, k % f->n))
				add(s, node, STEP_STOP,
					f->processes[k % f->n].role);
	}
}

static void add_starts(struct steps *s, const struct rollout *r,
	const struct deploy_report *found, bool collector)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct module *m = &r->modules[i];
		char what[64];

		if ((m->role == MODULE_COLLECTOR) != collector ||
			!report_of(found, m->node) ||
			module_runs(m, found_on(found, m->node, r->id)))
			continue;
		if (m->role != MODULE_METER)
			snprintf(what, sizeof(what), "%s", m->name);
		else
			snprintf(what, sizeof(what), "%s (%zu tap%s)", m->name,
				m->setup.n_taps,
				m->setup.n_taps == 1 ? "" : "s");
		add(s, m->node, STEP_START, what);
	}
}

/* What is of our experiment and stands where it should not. */
static void add_removals(struct steps *s, const struct rollout *r,
	const struct deploy_report *found, const char *experiment)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct deploy_node *d = &found->nodes[i];

		for (size_t k = 0; k < d->n_found; k++)
			if (!d->found[k].recipe[0] &&
				(!d->found[k].experiment[0] ||
					strcmp(d->found[k].experiment,
						experiment) == 0) &&
				(strcmp(d->found[k].id, r->id) != 0 ||
					!wants(r, d->node)))
				add(s, d->node, STEP_REMOVE, d->found[k].id);
	}
}

void steps_make(const struct rollout *r, const struct deploy_report *found,
	const char *experiment, struct steps *ret)
{
	*ret = (struct steps){0};
	add_installs(ret, r, found);
	add_stops(ret, r, found);
	add_starts(ret, r, found, true);
	add_starts(ret, r, found, false);
	add_removals(ret, r, found, experiment);
}

static const struct deploy_process *process_of(
	const struct deploy_found *f, const char *role)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (strcmp(f->processes[i].role, role) == 0)
			return &f->processes[i];
	return NULL;
}

const char *steps_set(const struct deploy_found *f)
{
	static const char *const roles[] = {"meter", "cache"};

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		const struct deploy_process *p = process_of(f, roles[i]);

		if (p && strcmp(p->state, "exited") != 0)
			return p->settings;
	}
	return NULL;
}

const char *steps_settings(const struct deploy_found *f, const char *shared)
{
	const char *set = steps_set(f);

	return set ? set : shared;
}

void steps_add_settings(const struct rollout *r,
	const struct deploy_report *found, const char *shared,
	const struct deploy_options *o, struct steps *s)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct module *m = &r->modules[i];
		const struct deploy_node *d = report_of(found, m->node);
		const struct deploy_found *f = found_on(found, m->node, r->id);
		const struct deploy_process *p = process_of(f, m->name);
		char text[SETTINGS_TEXT];

		if (m->role == MODULE_COLLECTOR || !d)
			continue;
		settings_merge(steps_settings(f, shared), o->settings,
			o->n_settings, d->name, text);
		if (strcmp(text, p ? p->settings : "") == 0)
			continue;
		add(s, m->node, STEP_TUNE, text);
		s->items[s->n - 1].role = m->name;
	}
}

void steps_release(struct steps *s)
{
	free(s->items);
	*s = (struct steps){0};
}

void steps_print(
	const struct steps *s, const struct topology *t, struct buf *out)
{
	static const char *const names[] = {[STEP_INSTALL] = "install",
		[STEP_STOP] = "stop",
		[STEP_START] = "start",
		[STEP_TUNE] = "set",
		[STEP_REMOVE] = "remove"};

	if (!s->n)
		buf_adds(out, "no changes\n");
	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->items[i];
		const bool tune = step->kind == STEP_TUNE;

		buf_addf(out, "  %-16s %-8s %s%s%s\n",
			t->nodes[step->node].name, names[step->kind],
			tune ? step->role : "", tune ? ": " : "",
			tune && !step->what[0] ? "as the setup says"
					       : step->what);
	}
}

bool steps_touch(const struct steps *s, int node)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].node == node)
			return true;
	return false;
}
