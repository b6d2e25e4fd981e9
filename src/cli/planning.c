#include "cli/planning.h"
#include "base/mem.h"
#include "format/sheet.h"

#include <stdio.h>
#include <string.h>

/* GAPS_MAX: what an error's hint holds, less the remedies below. */
enum { NAMES_MAX = 34, GAPS_MAX = 350 };

void plan_options_release(struct plan_options *o)
{
	opt_list_release(&o->avoid);
	opt_list_release(&o->require);
}

int planning_solve(const struct topology *t, const struct plan_options *o,
	const struct node_facts *facts, struct plan **ret, struct err *err)
{
	const struct plan_goal goal = {
		.mode = o->heavy   ? "heavy"
			: o->mixed ? "mixed"
				   : "light",
		.objective = o->objective,
		.avoid = o->avoid,
		.require = o->require,
		.collector = o->collector,
		.time_limit_ms = o->time_limit_ms ? o->time_limit_ms : 60000,
		.facts = facts,
	};

	return plan_solve(t, &goal, ret, err);
}

/* "c1 c2 c3", cut to what fits a column, with the count of the rest. */
static void add_links(struct sheet *s, const struct topology *t,
	const struct plan_probe *p, bool wide)
{
	struct buf text = BUF_INIT(1 << 20);

	for (size_t i = 0; i < p->n_covers; i++) {
		const char *name = t->links[p->covers[i]].name;

		if (!wide && text.len + strlen(name) > NAMES_MAX) {
			buf_addf(&text, " +%zu", p->n_covers - i);
			break;
		}
		buf_addf(&text, "%s%s", i ? " " : "", name);
	}
	sheet_text(s, text.len ? buf_str(&text) : "-");
	buf_release(&text);
}

static size_t taps_of(const struct plan *plan, size_t probe)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_taps; i++)
		n += (size_t)plan->taps[i].probe == probe;
	return n;
}

static int show_probes(const struct plan *plan, const struct topology *t,
	bool wide, struct err *err)
{
	static const struct sheet_column columns[] = {{.name = "PROBE"},
		{.name = "NODE KIND"}, {.name = "WATCHES"},
		{.name = "TAPS", .right = true}, {.name = "WHY THIS NODE"}};
	struct sheet s;

	sheet_open(&s, SHEET_TABLE, stdout, columns, 5);
	sheet_begin(&s, "netflowize.plan/1", "probes");
	for (size_t i = 0; i < plan->n_probes; i++) {
		const struct plan_probe *p = &plan->probes[i];

		sheet_text(&s, t->nodes[p->node].name);
		sheet_text(&s, topology_role_name(t->nodes[p->node].role));
		add_links(&s, t, p, wide);
		sheet_uint(&s, taps_of(plan, i));
		sheet_text(&s, p->reason);
	}
	sheet_end(&s);
	return sheet_close(&s, err);
}

static void show_proof(const struct plan *plan, struct buf *out)
{
	switch (plan->status) {
	case PLAN_OPTIMAL:
		buf_addf(out,
			"  Optimal    yes: cost %lld, lower bound %lld (%s); "
			"no placement costs less\n",
			(long long)plan->cost, (long long)plan->lower_bound,
			strcmp(plan->proof, "dual") == 0
				? "weights on the links prove it"
				: "every other choice was tried");
		return;
	case PLAN_INFEASIBLE:
		buf_addf(out,
			"  Optimal    for the links that can be covered: cost "
			"%lld, lower bound %lld\n",
			(long long)plan->cost, (long long)plan->lower_bound);
		return;
	case PLAN_FEASIBLE:
	case PLAN_TIMEOUT:
		buf_addf(out,
			"  Optimal    not proven in time: cost %lld, lower "
			"bound %lld\n",
			(long long)plan->cost, (long long)plan->lower_bound);
		return;
	}
}

int planning_show(const struct app *app, const struct plan *plan,
	const struct topology *t, struct err *err)
{
	bool wide = app->common->format == FORMAT_WIDE;
	size_t covered = plan_links_covered(plan, t);
	struct buf out = BUF_INIT((size_t)64 << 20);
	int r;

	printf("\nPlan (%s: use only nodes you already have)\n\n", plan->mode);
	r = show_probes(plan, t, wide, err);
	buf_addf(&out, "\n  Collector  %s (%s)\n",
		plan->collector.node < 0 ? "none"
					 : t->nodes[plan->collector.node].name,
		plan->collector.reason);
	buf_addf(&out, "  Coverage   %zu of %zu links (%zu %%)\n", covered,
		t->n_links, t->n_links ? covered * 100 / t->n_links : 100);
	show_proof(plan, &out);
	for (size_t i = 0; i < plan->n_gaps; i++)
		buf_addf(&out, "  Uncovered  %s: %s\n",
			t->links[plan->gaps[i].link].name, plan->gaps[i].cause);
	buf_addc(&out, '\n');
	fputs(buf_str(&out), stdout);
	buf_release(&out);
	return r;
}

int planning_verdict(
	const struct plan *plan, const struct topology *t, struct err *err)
{
	struct buf hint = BUF_INIT(1 << 16);
	bool avoided = false;
	size_t n = 0;

	if (plan->n_gaps == 0 && plan->status == PLAN_OPTIMAL)
		return 0;
	if (plan->n_gaps == 0) {
		err_set(err, NFZ_E_UNCOVERED,
			"the plan covers everything, but was not proven best "
			"before the time limit");
		return err_hint(err, "It can be used as it is; to look longer: "
				     "--time-limit 10m");
	}
	err_set(err, NFZ_E_UNCOVERED,
		"%zu of %zu links cannot be covered in %s mode", plan->n_gaps,
		t->n_links, plan->mode);
	for (; n < plan->n_gaps; n++) {
		const struct plan_gap *gap = &plan->gaps[n];
		const char *name = t->links[gap->link].name;

		if (n &&
			hint.len + strlen(name) + strlen(gap->cause) > GAPS_MAX)
			break;
		avoided = avoided || strstr(gap->cause, "--avoid");
		buf_addf(&hint, "%.100s  %.250s\n", name, gap->cause);
	}
	if (n < plan->n_gaps)
		buf_addf(&hint, "and %zu more: netflowize plan -o json\n",
			plan->n_gaps - n);
	if (avoided)
		buf_adds(&hint, "Possible: leave nodes out of --avoid\n");
	buf_adds(&hint, "To accept the gap: netflowize up --partial");
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}
