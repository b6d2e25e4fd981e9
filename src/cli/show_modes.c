/* A plan's answers to further questions, for people. */
#include "base/mem.h"
#include "cli/show.h"
#include "cli/wording.h"

#include <string.h>

enum { STEPS_MAX = 12, LISTED_MAX = 12 };

static void show_part(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	const struct plan_part *p = &plan->modes.part;

	if (p->budget)
		buf_addf(out, "  Budget     %lld of %lld probes",
			(long long)plan->n_probes, (long long)p->budget);
	else
		buf_addf(out, "  Share      %g %% wanted, %lld of %lld %s",
			p->percent, (long long)p->wanted, (long long)p->of,
			wording_elements(plan));
	if (plan->status == PLAN_BUDGET_LIMITED && p->bound == p->covered)
		buf_adds(out, "; nothing within it covers more");
	else if (plan->status == PLAN_BUDGET_LIMITED)
		buf_addf(out, "; at most %lld %s could be covered",
			(long long)p->bound, wording_elements(plan));
	buf_adds(out, "\n  In order   ");
	for (size_t i = 0; i < p->n_order && i < STEPS_MAX; i++)
		buf_addf(out, "%s%s +%lld", i ? ", " : "",
			t->nodes[p->order[i]].name, (long long)p->adds[i]);
	if (p->n_order > STEPS_MAX)
		buf_addf(out, " and %zu more", p->n_order - STEPS_MAX);
	buf_addc(out, '\n');
	if (p->all_need && plan->status == PLAN_BUDGET_LIMITED) {
		buf_adds(out, "  Proof      ");
		wording_budget_proof(plan, t, out);
		buf_addc(out, '\n');
	}
}

/* The fullest probe, so that one sees how near the limit is. */
static void show_capacity(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	const struct plan_capacity *c = &plan->modes.capacity;
	cleanup_free int64_t *used = mem_zalloc(t->n_nodes + 1, sizeof(*used));
	size_t full = 0;

	for (size_t i = 0; i < c->n_records; i++)
		used[c->records[i].node] += c->records[i].amount;
	for (size_t i = 0; i < t->n_nodes; i++)
		full = used[i] > used[full] ? i : full;
	buf_adds(out, "  Capacity  ");
	if (c->max_pps)
		buf_addf(out, " at most %lld %s", (long long)c->max_pps,
			wording_room(plan, true));
	if (c->max_ifaces)
		buf_addf(out, "%s at most %lld %s", c->max_pps ? "," : "",
			(long long)c->max_ifaces, wording_room(plan, false));
	buf_adds(out, " a probe");
	if (c->n_records && used[full])
		buf_addf(out, "; %s has most to do: %lld", t->nodes[full].name,
			(long long)used[full]);
	buf_addc(out, '\n');
}

static void show_list(struct buf *out, const struct topology *t,
	const char *word, const struct plan_list *list)
{
	if (list->n == 0)
		return;
	buf_addf(out, "  %-10s ", word);
	for (size_t i = 0; i < list->n && i < LISTED_MAX; i++)
		buf_addf(out, "%s%s", i ? " " : "",
			t->nodes[list->nodes[i]].name);
	if (list->n > LISTED_MAX)
		buf_addf(out, " and %zu more", list->n - LISTED_MAX);
	buf_addc(out, '\n');
}

static void show_forced(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	const struct plan_forced *f = &plan->modes.forced;

	buf_adds(out, "  Among all best placements:\n");
	show_list(out, t, "always", &f->always);
	show_list(out, t, "sometimes", &f->sometimes);
	show_list(out, t, "never", &f->never);
	show_list(out, t, "unknown", &f->unknown);
}

static void show_change(const struct plan *plan, const struct plan_change *c,
	const char *word, struct buf *out)
{
	buf_addf(out, "  %-10s %s: ", word, c->what);
	if (!c->solved) {
		buf_addf(out, "%s\n", c->status);
		return;
	}
	buf_addf(out, "%lld probe%s, cost %lld (%s%lld)", (long long)c->probes,
		c->probes == 1 ? "" : "s", (long long)c->cost,
		c->more > 0 ? "+" : "", (long long)c->more);
	if (c->satisfied != (int64_t)plan->n_satisfied)
		buf_addf(out, ", covers %lld %s", (long long)c->satisfied,
			wording_elements(plan));
	if (strcmp(c->status, "optimal") != 0)
		buf_addf(out, ", %s", c->status);
	buf_addc(out, '\n');
}

void show_plan_modes(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	const struct plan_modes *m = &plan->modes;

	if (m->part.asked)
		show_part(plan, t, out);
	if (m->capacity.asked)
		show_capacity(plan, t, out);
	if (m->forced.asked)
		show_forced(plan, t, out);
	for (size_t i = 0; i < m->n_without; i++)
		show_change(plan, &m->without[i], "Without", out);
	for (size_t i = 0; i < m->n_what_if; i++)
		show_change(plan, &m->what_if[i], "What if", out);
}
