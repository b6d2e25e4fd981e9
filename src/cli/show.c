#include "cli/show.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/wording.h"
#include "format/sheet.h"
#include "topology/plan_heavy.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 34, NOTES_MAX = 8, INSIDE_MAX = 8, ROWS_MAX = 20 };
enum { FACT_AT = 13 }; /* where the text of a line begins, below the plan */

/* "c1 c2 c3", cut to what fits a column, with the count of the rest. */
static void add_links(struct sheet *s, const struct topology *t,
	const struct plan_probe *p, bool wide)
{
	struct buf text = BUF_INIT(1 << 20);

	for (size_t i = 0; i < p->n_covers; i++) {
		const char *name = t->links[p->covers[i]].name;

		if (!wide && text.len + strlen(name) > NAMES_MAX) {
			buf_addf(&text, " +%zu", (size_t)p->n_covers - i);
			break;
		}
		buf_addf(&text, "%s%s", i ? " " : "", name);
	}
	sheet_text(s, text.len ? buf_str(&text) : "-");
	buf_release(&text);
}

static int show_probes(const struct plan *plan, const struct topology *t,
	struct sheet_form form, struct err *err)
{
	static const struct sheet_column columns[] = {{.name = "PROBE"},
		{.name = "NODE KIND", .spare = 1}, {.name = "WATCHES"},
		{.name = "TAPS", .right = true, .spare = 2},
		{.name = "WHY THIS NODE", .text = 36}};
	const bool wide = form.width == SHEET_ANY_WIDTH;
	cleanup_free size_t *taps =
		mem_zalloc(plan->n_probes + 1, sizeof(*taps));
	struct sheet s;

	for (size_t i = 0; i < plan->n_taps; i++)
		taps[plan->taps[i].probe]++;
	sheet_print(&s, form, columns, 5);
	sheet_begin(&s, "netflowize.plan/1", "probes");
	for (size_t i = 0; i < plan->n_probes; i++) {
		const struct plan_probe *p = &plan->probes[i];

		sheet_text(&s, t->nodes[p->node].name);
		sheet_text(&s, topology_role_name(t->nodes[p->node].role));
		add_links(&s, t, p, wide);
		sheet_uint(&s, taps[i]);
		sheet_text(&s, p->reason);
	}
	sheet_end(&s);
	return sheet_close(&s, err);
}

static void show_coverage(const struct plan *plan, struct buf *out)
{
	size_t of = plan->n_elements, n = plan->n_satisfied;

	buf_addf(out, "  Coverage   %zu of %zu %s (%zu %%)", n, of,
		wording_elements(plan), of ? n * 100 / of : 100);
	if (plan->demand.redundancy > 1)
		buf_addf(out, ", each seen by %d probes",
			plan->demand.redundancy);
	else if (plan->n_ranges)
		buf_addf(out, "; %zu paths, each flow counted once on its path",
			plan->n_ranges);
	else if (strcmp(plan->cover, "segments") == 0)
		buf_adds(out, ", each side of a shaper for itself");
	else if (plan->n_duplicates)
		buf_addf(out, "; %zu links are counted more than once",
			plan->n_duplicates);
	else if (n && strcmp(plan->cover, "links") == 0)
		buf_adds(out, n == 1 ? ", watched exactly once"
				     : ", each watched exactly once");
	buf_addc(out, '\n');
}

/* Where every probe costs 1, cost is a number of probes. */
static bool counts_probes(const struct plan *plan)
{
	return strcmp(plan->objective, "count") == 0;
}

static const char *proof_of(const struct plan *plan)
{
	if (strcmp(plan->proof.kind, "dual") == 0)
		return "weights on them prove it";
	if (strcmp(plan->proof.kind, "steps") == 0)
		return "steps in the plan prove it";
	return "every other choice was tried";
}

static void show_optimal(const struct plan *plan, struct buf *out)
{
	const char *proof = proof_of(plan);
	long long cost = (long long)plan->cost;

	if (plan->modes.part.asked || plan->modes.capacity.asked)
		buf_addf(out,
			"  Optimal    yes: cost %lld, and nothing cheaper does "
			"what was asked for\n",
			cost);
	else if (cost == 0)
		buf_adds(out, "  Optimal    yes: it costs nothing\n");
	else if (counts_probes(plan))
		buf_addf(out,
			"  Optimal    yes: no placement with %lld probe%s "
			"covers all %s (%s)\n",
			cost - 1, cost == 2 ? "" : "s", wording_elements(plan),
			proof);
	else
		buf_addf(out,
			"  Optimal    yes: no placement that covers all %s "
			"costs less than %lld (%s)\n",
			wording_elements(plan), cost, proof);
}

/* What others can verify without a search of their own. */
static void show_bound(const struct plan *plan, struct buf *out)
{
	buf_addf(out, "lower bound %lld", (long long)plan->lower_bound);
	if (strcmp(plan->proof.kind, "search") == 0)
		buf_addf(out, " by a search, %lld by the plan's weights",
			(long long)plan->proof.bound);
}

static void show_proof(const struct plan *plan, struct buf *out)
{
	switch (plan->status) {
	case PLAN_OPTIMAL:
		show_optimal(plan, out);
		return;
	case PLAN_BUDGET_LIMITED:
		return; /* said with the budget */
	case PLAN_INFEASIBLE:
		if (plan->modes.n_conflict || plan->modes.capacity.short_of)
			return;
		buf_addf(out,
			"  Optimal    for the %s that can be covered: cost "
			"%lld, ",
			wording_elements(plan), (long long)plan->cost);
		show_bound(plan, out);
		buf_adds(out, "\n");
		return;
	case PLAN_TIMEOUT:
		buf_adds(out, "  Optimal    unknown: no placement was found in "
			      "time\n");
		return;
	case PLAN_FEASIBLE:
		buf_addf(out,
			"  Optimal    not proven%s: cost %lld, gap %.2f %%, ",
			plan->late ? " in time" : "", (long long)plan->cost,
			wording_gap(plan));
		show_bound(plan, out);
		buf_adds(out, "\n");
		return;
	}
}

/* On which side of its shaper a link is watched, and what that means. */
static void note_side(const struct plan_tap *tap, const struct topology *t,
	const char *probe, struct buf *out)
{
	const char *name = t->links[tap->link].name;
	bool at_shaper = t->ifaces[tap->iface].slot < 0;

	if (at_shaper && tap->sent == COUNT_NONE)
		buf_addf(out,
			"  Note       %s is watched at its shaper %s, before "
			"shaping drops\n",
			name, probe);
	else
		buf_addf(out,
			"  Note       %s is watched on the %s side of the "
			"shaper:\n"
			"             what %s sends before shaping drops, what "
			"it receives after\n",
			name, wording_member(t, tap->link, tap->slot),
			wording_member(t, tap->link, tap->slot));
}

/* One note a link, for point-to-point links. */
static void show_notes(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	size_t notes = 0;
	int last = -1;

	if (strcmp(plan->cover, "links") != 0)
		return;
	for (size_t i = 0; i < plan->n_taps && notes <= NOTES_MAX; i++) {
		const struct plan_tap *tap = &plan->taps[i];
		int bridge = topology_bridge_of(t, tap->link, tap->slot);

		if (tap->link == last || bridge < 0 ||
			!t->bridges[bridge].shapes ||
			t->links[tap->link].kind != LINK_P2P)
			continue;
		last = tap->link;
		if (notes++ == NOTES_MAX)
			buf_adds(out, "  Note       and more shaped links\n");
		else
			note_side(tap, t,
				t->nodes[plan->probes[tap->probe].node].name,
				out);
	}
}

/* The host that a link does not leave, or NULL. */
static const char *host_around(const struct topology *t, size_t link)
{
	const struct topo_link *l = &t->links[link];

	return l->trivial && l->n_members
		       ? t->nodes[t->ifaces[l->members[0].iface].node].m->host
		       : NULL;
}

static const char *name_on(const struct topology *t, const char *machine)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].role == ROLE_VIRTHOST && t->nodes[i].m->phys &&
			strcmp(t->nodes[i].m->phys, machine) == 0)
			return t->nodes[i].name;
	return NULL;
}

/* One note a host, with all links inside it: no other machine sees them. */
static void show_inside(const struct topology *t, struct buf *out)
{
	struct map told;

	map_init(&told);
	for (size_t i = 0; i < t->n_links; i++) {
		const char *host = host_around(t, i), *name;
		size_t n = 0;

		if (!host || map_gets(&told, host))
			continue;
		map_puts(&told, host, (void *)(uintptr_t)(i + 1));
		buf_adds(out, "  Note      ");
		for (size_t k = i; k < t->n_links; k++) {
			const char *other = host_around(t, k);

			if (other && strcmp(other, host) == 0 &&
				n++ < INSIDE_MAX)
				buf_addf(out, " %s", t->links[k].name);
		}
		if (n > INSIDE_MAX)
			buf_addf(out, " +%zu", n - INSIDE_MAX);
		name = name_on(t, host);
		buf_addf(out, ": inside %s, seen %s%s only\n", host,
			name ? "on " : "by its virtual nodes",
			name ? name : "");
	}
	map_release(&told);
}

static void show_gaps(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	for (size_t i = 0; i < plan->n_gaps && i < ROWS_MAX; i++) {
		buf_adds(out, "  Uncovered  ");
		plan_element_name(&plan->gaps[i].what, t, out);
		buf_addf(out, ": %s\n", plan->gaps[i].cause);
	}
	if (plan->n_gaps > ROWS_MAX)
		buf_addf(out, "  Uncovered  and %zu more: -o json\n",
			plan->n_gaps - ROWS_MAX);
}

static const char *mode_words(const struct plan *plan)
{
	if (!plan->heavy)
		return "use only nodes you already have";
	return strcmp(plan->mode, "heavy") == 0
		       ? "a probe on every link, on nodes added for it"
		       : "your nodes, and new ones where they see nothing";
}

/* Each line as it is, but for those that a terminal would break in a word. */
static void print_facts(const char *lines)
{
	const size_t width = sheet_terminal(stdout);
	size_t n;

	for (const char *line = lines; *line; line += n + 1) {
		n = strcspn(line, "\n");
		if (width && n > width && n > FACT_AT) {
			cleanup_free char *fact =
				mem_strndup(line + FACT_AT, n - FACT_AT);

			printf("%.*s", FACT_AT, line);
			opt_print_text(fact, FACT_AT, stdout);
		} else {
			printf("%.*s\n", (int)n, line);
		}
	}
}

int show_plan(const struct app *app, const struct plan *plan,
	const struct topology *t, struct err *err)
{
	struct buf out = BUF_INIT((size_t)64 << 20);
	int r;

	printf("\nPlan (%s: %s)\n\n", plan->mode, mode_words(plan));
	r = plan->heavy && !plan->n_probes
		    ? 0
		    : show_probes(plan, t, app_form(app), err);
	buf_addf(&out, "%s  COLLECTOR  %s (%s)\n\n", plan->n_probes ? "\n" : "",
		plan->heavy && plan->heavy->collector >= 0 ? HEAVY_COLLECTOR
		: plan->collector.node < 0
			? "none"
			: t->nodes[plan->collector.node].name,
		plan->collector.reason);
	if (plan->heavy) {
		show_plan_heavy(plan, t, &out);
		if (strcmp(plan->mode, "mixed") == 0)
			show_proof(plan, &out);
	} else {
		show_coverage(plan, &out);
		show_proof(plan, &out);
	}
	show_notes(plan, t, &out);
	show_inside(t, &out);
	show_plan_modes(plan, t, &out);
	show_gaps(plan, t, &out);
	buf_addc(&out, '\n');
	print_facts(buf_str(&out));
	buf_release(&out);
	return r;
}
