#include "cli/verdict.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/wording.h"

#include <stdlib.h>
#include <string.h>

/* GAPS_MAX: bytes of rows in an error's hint, less the last and remedies. */
enum { GAPS_MAX = 700, WAYS_MAX = 6, ENDS_MAX = 2 };

/* A search may also end because it has tried what it knows. */
static const char *in_time(const struct plan *plan)
{
	return plan->late ? " before the time limit" : "";
}

/* Nothing at all. */
static int no_plan(const struct plan *plan, struct err *err)
{
	err_set(err, NFZ_E_UNCOVERED,
		"no placement that does what was asked for was found%s",
		in_time(plan));
	return err_hint(err, "There may be one%s%s",
		plan->late ? "; to look longer: --time-limit 10m" : "",
		plan->modes.capacity.asked
			? "\nMore room may help: a larger --max-pps or "
			  "--max-ifaces"
			: "");
}

/* The plan is complete, but nobody knows whether it is the best. */
static int unproven(const struct app *app, const struct plan *plan,
	const struct plan_options *o, struct err *err)
{
	if (o->gap && wording_gap(plan) <= strtod(o->gap, NULL)) {
		say_note(app,
			"the plan is within %.2f %% of the best possible one",
			wording_gap(plan));
		return 0;
	}
	err_set(err, NFZ_E_UNCOVERED, "the plan %s, but was not proven best%s",
		plan->n_gaps ? "covers as much as was asked for"
			     : "covers everything",
		in_time(plan));
	return err_hint(err,
		"It can be used as it is%s\n"
		"To be content with this: --gap %.2f",
		plan->late ? "; to look longer: --time-limit 10m" : "",
		wording_gap(plan) + 0.005);
}

/* "plc1 - plc2": the ends of a link, the first members of a LAN. */
static void add_ends(
	const struct plan_element *e, const struct topology *t, struct buf *to)
{
	const struct topo_link *l;

	if (e->link < 0) {
		plan_element_name(e, t, to);
		return;
	}
	l = &t->links[e->link];
	for (size_t s = 0; s < l->n_members && s < ENDS_MAX; s++)
		buf_addf(to, "%s%.30s", s ? " - " : "",
			wording_member(t, e->link, (int)s));
	if (l->n_members > ENDS_MAX)
		buf_addf(to, " and %u more", l->n_members - ENDS_MAX);
}

static void add_gap_row(
	const struct plan_gap *g, const struct topology *t, struct buf *to)
{
	struct buf name = BUF_INIT(4096), ends = BUF_INIT(4096);

	plan_element_name(&g->what, t, &name);
	add_ends(&g->what, t, &ends);
	buf_addf(to, "%-10.40s %-20.70s %.250s\n", buf_str(&name),
		buf_str(&ends), g->cause);
	buf_release(&name);
	buf_release(&ends);
}

static int uncovered(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct topology *t = w->t;
	struct buf hint = BUF_INIT(1 << 16), lines = BUF_INIT(1 << 16);
	size_t n = 0;

	err_set(err, NFZ_E_UNCOVERED,
		"%zu of %zu %s cannot be covered in %s mode", plan->n_gaps,
		plan->n_elements, wording_elements(plan), plan->mode);
	buf_addf(&hint, "%-10s %-20s %s\n",
		plan->gaps[0].what.link < 0 ? "PATH" : "LINK", "ENDS",
		"WHY NOT");
	for (; n < plan->n_gaps && hint.len < GAPS_MAX; n++)
		add_gap_row(&plan->gaps[n], t, &hint);
	if (n < plan->n_gaps)
		buf_addf(&hint, "and %zu more: netflowize plan -o json\n",
			plan->n_gaps - n);
	remedy_repair(&lines, w);
	remedy_redundancy(&lines, w);
	remedy_offer(&lines, w);
	remedy_share(&lines, w);
	if (!lines.len)
		buf_adds(&lines, "           make a node named above usable; "
				 "no option helps\n");
	remedy_print(&hint, "Possible:", &lines);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}

/* Elements that no placement covers, whatever the budget. */
static bool has_hopeless(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_gaps; i++)
		if (!plan->gaps[i].possible)
			return true;
	return false;
}

static int over_budget(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct topology *t = w->t;
	const struct plan_part *p = &plan->modes.part;
	struct buf hint = BUF_INIT(1 << 16), lines = BUF_INIT(1 << 16);

	err_set(err, NFZ_E_UNCOVERED,
		p->all_need > p->budget
			? "%lld probe%s cannot cover all %s, only %lld of "
			  "%lld%s"
			: "no way was found in time for %lld probe%s to cover "
			  "all %s, only %lld of %lld%s",
		(long long)p->budget, p->budget == 1 ? "" : "s",
		wording_elements(plan), (long long)p->covered, (long long)p->of,
		p->bound == p->covered ? "" : " (perhaps some more)");
	if (p->all_need) {
		buf_adds(&hint, "Proof:     ");
		wording_budget_proof(plan, t, &hint);
		buf_addc(&hint, '\n');
		buf_addf(&lines, "           --budget %lld%s\n",
			(long long)p->all_need,
			!p->all_proven       ? " or more"
			: has_hopeless(plan) ? "   covers all that can be"
					     : "   covers all");
	}
	remedy_share(&lines, w);
	remedy_print(&hint, "Possible:", &lines);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}

/* Can so many be covered at all? */
static bool can_reach(const struct plan *plan)
{
	const struct plan_part *p = &plan->modes.part;
	int64_t able = p->of;

	for (size_t i = 0; i < plan->n_gaps; i++)
		able -= !plan->gaps[i].possible;
	return able >= p->wanted;
}

/* The share needs more probes than the budget allows. */
static int share_over_budget(const struct plan *plan, struct err *err)
{
	const struct plan_part *p = &plan->modes.part;
	struct buf hint = BUF_INIT(1 << 12), lines = BUF_INIT(1 << 12);

	err_set(err, NFZ_E_UNCOVERED,
		p->bound < p->wanted
			? "%lld probe%s cannot cover %g %% of the %s, only "
			  "%lld of %lld"
			: "no way was found in time for %lld probe%s to cover "
			  "%g %% of the %s, only %lld of %lld",
		(long long)p->budget, p->budget == 1 ? "" : "s", p->percent,
		wording_elements(plan), (long long)p->covered,
		(long long)p->of);
	if (p->enough)
		buf_addf(&lines, "           --budget %lld   covers %s\n",
			(long long)p->enough,
			can_reach(plan) ? "so much" : "all that can be");
	remedy_coverage(&lines, (size_t)p->covered, (size_t)p->of);
	remedy_print(&hint, "Possible:", &lines);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}

static void add_shortage(
	struct buf *to, const struct plan *plan, const struct topology *t)
{
	const struct plan_capacity *c = &plan->modes.capacity;

	if (!c->short_of)
		return;
	buf_addf(to,
		"Proof:     these %zu %s need %lld %s, the nodes that "
		"see them have %lld: ",
		c->n_crowd, wording_elements(plan), (long long)c->need,
		wording_room(plan, strcmp(c->short_of, "pps") == 0),
		(long long)c->have);
	wording_list(to, t, c->crowd, c->n_crowd);
	buf_addc(to, '\n');
}

static int contradicting(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct topology *t = w->t;
	const struct plan_modes *m = &plan->modes;
	struct buf hint = BUF_INIT(1 << 16), lines = BUF_INIT(1 << 16);

	if (m->capacity.asked)
		err_set(err, NFZ_E_UNCOVERED,
			"no placement has room for all %s",
			wording_elements(plan));
	else
		err_set(err, NFZ_E_UNCOVERED,
			"no placement does all that was asked for");
	add_shortage(&hint, plan, t);
	if (m->n_conflict) {
		buf_adds(&hint, m->n_conflict == 1
					? "Cannot be met:  "
					: "Contradict each other:  ");
		for (size_t i = 0; i < m->n_conflict; i++)
			buf_addf(&hint, "%s%.100s", i ? ", " : "",
				m->conflict[i]);
		buf_addc(&hint, '\n');
	}
	for (size_t i = 0; i < m->n_ways && i < WAYS_MAX; i++)
		remedy_way(&lines, w, &m->ways[i]);
	if (lines.len)
		remedy_print(&hint, "Possible:", &lines);
	else if (m->n_conflict)
		buf_adds(&hint, "Possible:  ask for less; no way out was found "
				"in time");
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}

int verdict(const struct app *app, const struct plan *plan,
	const struct topology *t, const struct plan_options *o, struct err *err)
{
	const struct plan_modes *m = &plan->modes;
	const struct last_word w = {app, plan, t, o};
	int r = plan->heavy ? verdict_heavy(&w, err) : 0;

	if (r < 0)
		return r;
	if (plan->status == PLAN_OPTIMAL) {
		if (plan->n_gaps)
			say_note(app,
				"%zu of %zu %s are not covered, as was asked "
				"for",
				plan->n_gaps, plan->n_elements,
				wording_elements(plan));
		return 0;
	}
	if (plan->status == PLAN_BUDGET_LIMITED && m->part.asked)
		return m->part.percent > 0 ? share_over_budget(plan, err)
					   : over_budget(&w, err);
	if (plan->status == PLAN_INFEASIBLE &&
		(m->n_conflict || m->capacity.short_of))
		return contradicting(&w, err);
	if (plan->n_gaps && plan->status == PLAN_INFEASIBLE)
		return uncovered(&w, err);
	if (plan->status == PLAN_TIMEOUT)
		return no_plan(plan, err);
	return unproven(app, plan, o, err);
}
