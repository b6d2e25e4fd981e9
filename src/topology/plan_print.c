/* A plan's JSON.  Every index becomes a name on the way out, so that a plan can
 * be read by people and applied only to the topology it was made for. */
#include "base/mem.h"
#include "format/jsonw.h"
#include "topology/plan.h"
#include "topology/plan_expect.h"
#include "topology/plan_heavy.h"

static const char *rule_name(enum count_rule rule)
{
	switch (rule) {
	case COUNT_NONE:
		return "none";
	case COUNT_ALL:
		return "all";
	case COUNT_UNWATCHED:
		return "unwatched";
	}
	return "none";
}

/* The links of a probe lie anywhere: some are looked up at a time, so that the
 * memory is waited for once. */
static void print_links(struct jsonw *w, const char *key,
	const struct topology *t, const int *links, size_t n)
{
	enum { AHEAD = 32 };
	const char *name[AHEAD];

	jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i; i % AHEAD == 0 && k < n && k < i + AHEAD;
			k++) {
			name[k - i] = t->links[links[k]].name;
			__builtin_prefetch(name[k - i]);
		}
		jsonw_string(w, name[i % AHEAD]);
	}
	jsonw_end(w);
}

static void print_nodes(struct jsonw *w, const char *key,
	const struct topology *t, const struct plan_nodes *nodes)
{
	jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < nodes->n; i++)
		jsonw_string(w, t->nodes[nodes->nodes[i]].name);
	jsonw_end(w);
}

static void print_path(
	struct jsonw *w, const struct topology *t, const struct plan_path *path)
{
	print_nodes(w, "nodes", t, &path->nodes);
	print_links(w, "links", t, path->links, path->n_links);
}

static void print_pairs(struct jsonw *w, const char *key,
	const struct topology *t, int (*pairs)[2], size_t n)
{
	jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_array_inline(w);
		jsonw_string(w, t->nodes[pairs[i][0]].name);
		jsonw_string(w, t->nodes[pairs[i][1]].name);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_demand(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	const struct plan_demand *d = &plan->demand;

	jsonw_key(w, "demand");
	jsonw_object(w);
	jsonw_put_int(w, "redundancy", d->redundancy);
	jsonw_put(w, "dedupe", d->dedupe);
	if (d->selected)
		print_links(w, "select", t, d->select, d->n_select);
	if (d->paired)
		print_pairs(w, "pairs", t, d->pairs, d->n_pairs);
	if (d->avoid.n)
		print_nodes(w, "avoid", t, &d->avoid);
	if (d->require.n)
		print_nodes(w, "require", t, &d->require);
	if (d->costs) {
		jsonw_key(w, "costs");
		jsonw_object_inline(w);
		for (size_t i = 0; i < t->n_nodes; i++)
			if (d->costs[i] != 1)
				jsonw_put_int(w, t->nodes[i].name, d->costs[i]);
		jsonw_end(w);
	}
	plan_print_modes_demand(w, &plan->modes, t);
	jsonw_end(w);
}

static void print_probes(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "probes");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_probes; i++) {
		const struct plan_probe *p = &plan->probes[i];

		plan_expect_links(plan, t, i);
		jsonw_object(w);
		jsonw_put(w, "node", t->nodes[p->node].name);
		jsonw_put(
			w, "role", topology_role_name(t->nodes[p->node].role));
		print_links(w, "covers", t, p->covers, p->n_covers);
		print_links(w, "only", t, p->only, p->n_only);
		if (p->n_only_pairs)
			print_pairs(w, "only_paths", t, p->only_pairs,
				p->n_only_pairs);
		jsonw_put_int(w, "cost", p->cost);
		jsonw_put(w, "reason", p->reason);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static const char *direction(const struct plan_tap *tap)
{
	if (tap->received != COUNT_NONE && tap->sent != COUNT_NONE)
		return "both";
	return tap->sent != COUNT_NONE ? "tx" : "rx";
}

/* The name people know an interface by: the system's, else the testbed's, else
 * its MAC. */
static void print_iface(struct jsonw *w, const struct plan *plan,
	const struct topology *t, const struct plan_tap *tap)
{
	const struct topo_iface *iface = &t->ifaces[tap->iface];
	const char *os_name = plan_tap_os_name(plan, t, tap);
	char mac[NET_MAC_TEXT];

	jsonw_string(w, os_name             ? os_name
			: iface->card->name ? iface->card->name
			: iface->card->has_mac
				? net_mac_print(iface->card->mac, mac)
				: NULL);
}

static void print_owners(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	enum { AHEAD = 4 };
	static const char *const keys[] = {"link", "probe", "if", "dir", "slot",
		"received", "sent", "lowest", "iface"};
	struct jsonw_line line;
	/* close together, for taps come in the order of links */
	cleanup_free const char **probe =
		mem_zalloc(plan->n_probes + 1, sizeof(*probe));

	for (size_t i = 0; i < plan->n_probes; i++)
		probe[i] = t->nodes[plan->probes[i].node].name;
	jsonw_line_init(&line, keys, sizeof(keys) / sizeof(keys[0]));
	jsonw_key(w, "owners");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_taps; i++) {
		const struct plan_tap *tap = &plan->taps[i];

		if (i + AHEAD < plan->n_taps)
			__builtin_prefetch(probe[tap[AHEAD].probe]);
		jsonw_begin_line(w, &line);
		jsonw_string(w, t->links[tap->link].name);
		jsonw_string(w, probe[tap->probe]);
		print_iface(w, plan, t, tap);
		jsonw_string(w, direction(tap));
		jsonw_int(w, tap->slot);
		jsonw_string(w, rule_name(tap->received));
		jsonw_string(w, rule_name(tap->sent));
		jsonw_bool(w, tap->lowest);
		jsonw_int(w, tap->iface);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_ranges(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	const double whole = 4294967296.0;

	if (plan->n_ranges == 0)
		return;
	jsonw_key(w, "ranges");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_ranges; i++) {
		const struct plan_range *r = &plan->ranges[i];

		jsonw_object_inline(w);
		print_path(w, t, &r->path);
		jsonw_key(w, "probes");
		jsonw_array_inline(w);
		for (size_t k = 0; k < r->n_shares; k++) {
			const struct plan_share *s = &r->shares[k];

			jsonw_object_inline(w);
			jsonw_put(w, "node",
				t->nodes[plan->probes[s->probe].node].name);
			jsonw_put_double(w, "from", (double)s->from / whole);
			jsonw_put_double(w, "to", (double)s->to / whole);
			jsonw_end(w);
		}
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_uncovered(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "uncovered");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_gaps; i++) {
		jsonw_object_inline(w);
		plan_print_element(w, t, &plan->gaps[i].what);
		jsonw_put(w, "cause", plan->gaps[i].cause);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_infeasible(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "infeasible");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_gaps; i++) {
		const struct plan_gap *g = &plan->gaps[i];

		if (g->possible)
			continue;
		jsonw_object_inline(w);
		plan_print_element(w, t, &g->what);
		jsonw_put_int(w, "need", g->need);
		jsonw_key(w, "candidates");
		jsonw_array_inline(w);
		for (size_t k = 0; k < g->n_cands; k++) {
			jsonw_object_inline(w);
			jsonw_put(w, "node", t->nodes[g->cands[k].node].name);
			jsonw_put(w, "why", g->cands[k].why);
			jsonw_end(w);
		}
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_duplicates(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "duplicates");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_duplicates; i++) {
		jsonw_object_inline(w);
		jsonw_put(w, "link", t->links[plan->duplicates[i].link].name);
		jsonw_put_int(w, "probes", plan->duplicates[i].probes);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_weight(struct jsonw *w, const struct plan_weight *weight)
{
	if (weight->n == 1) {
		jsonw_int(w, weight->one);
		return;
	}
	jsonw_array_inline(w);
	for (int i = 0; i < weight->n; i++)
		jsonw_int(w, weight->weight[i]);
	jsonw_end(w);
}

static void print_path_weights(
	struct jsonw *w, const struct plan_proof *p, const struct topology *t)
{
	jsonw_key(w, "paths");
	jsonw_array(w);
	for (size_t i = 0; i < p->n_weights; i++) {
		jsonw_object_inline(w);
		print_path(w, t, &p->weights[i].of_path->path);
		jsonw_put_int(w, "weight", p->weights[i].of_path->weight);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_link_weights(
	struct jsonw *w, const struct plan_proof *p, const struct topology *t)
{
	jsonw_key(w, "weights");
	jsonw_object_inline(w);
	for (size_t i = 0; i < p->n_weights; i++) {
		jsonw_key(w, t->links[p->weights[i].link].name);
		print_weight(w, &p->weights[i]);
	}
	jsonw_end(w);
}

static void print_step_row(struct jsonw *w, const struct plan_step_row *row,
	const struct topology *t)
{
	if (row->link < 0) {
		jsonw_object_inline(w);
		print_path(w, t, &row->path);
		jsonw_end(w);
		return;
	}
	if (row->a < 0) {
		jsonw_string(w, t->links[row->link].name);
		return;
	}
	jsonw_array_inline(w);
	jsonw_string(w, t->links[row->link].name);
	jsonw_int(w, row->a);
	if (row->b >= 0)
		jsonw_int(w, row->b);
	jsonw_end(w);
}

static void print_steps(
	struct jsonw *w, const struct plan_steps *s, const struct topology *t)
{
	jsonw_key(w, "steps");
	jsonw_object(w);
	jsonw_key(w, "rows");
	jsonw_array_inline(w);
	for (size_t i = 0; i < s->n_rows; i++)
		print_step_row(w, &s->rows[i], t);
	jsonw_end(w);
	print_nodes(w, "nodes", t, &s->nodes);
	jsonw_key(w, "lines");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_lines; i++)
		jsonw_string(w, s->lines[i]);
	jsonw_end(w);
	jsonw_end(w);
}

static void print_certificate(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	const struct plan_proof *p = &plan->proof;

	jsonw_key(w, "certificate");
	jsonw_object(w);
	jsonw_put(w, "kind", p->kind);
	jsonw_put_int(w, "scale", p->scale);
	jsonw_put_int(w, "bound", p->bound);
	if (p->n_weights && p->weights[0].link < 0)
		print_path_weights(w, p, t);
	else
		print_link_weights(w, p, t);
	if (p->steps)
		print_steps(w, p->steps, t);
	jsonw_end(w);
}

static double gap(const struct plan *plan)
{
	if (plan->cost <= 0)
		return 0;
	return ((double)plan->cost - (double)plan->lower_bound) /
	       (double)plan->cost;
}

static void print_head(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_put(w, "schema", "netflowize.plan/1");
	jsonw_put_optional(w, "project", t->project);
	jsonw_put_optional(w, "experiment", t->experiment);
	jsonw_put(w, "topology_sha256", plan->topology_sha256);
	jsonw_put(w, "status", plan_status_name(plan->status));
	jsonw_put(w, "mode", plan->mode);
	jsonw_put(w, "cover", plan->cover);
	print_demand(w, plan, t);
	jsonw_key(w, "objective");
	jsonw_object_inline(w);
	jsonw_put(w, "name", plan->objective);
	jsonw_put_uint(w, "probes", plan->n_probes);
	jsonw_put_int(w, "cost", plan->cost);
	jsonw_end(w);
	jsonw_put_int(w, "lower_bound", plan->lower_bound);
	jsonw_put_double(w, "gap", gap(plan));
	jsonw_key(w, "coverage");
	jsonw_object_inline(w);
	jsonw_put_uint(w, "links", plan->n_links);
	jsonw_put_uint(w, "covered", plan->n_covered);
	jsonw_put_uint(w, "elements", plan->n_elements);
	jsonw_put_uint(w, "satisfied", plan->n_satisfied);
	jsonw_end(w);
	jsonw_key(w, "collector");
	jsonw_object_inline(w);
	jsonw_put(w, "node",
		plan->collector.node < 0 ? NULL
					 : t->nodes[plan->collector.node].name);
	jsonw_put(w, "reason", plan->collector.reason);
	jsonw_end(w);
}

/* More than microseconds is noise. */
static void print_ms(struct jsonw *w, const char *key, double ms)
{
	jsonw_key(w, key);
	jsonw_fixed(w, ms, 3);
}

void plan_print(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out, JSONW_INDENT);
	jsonw_object(&w);
	print_head(&w, plan, t);
	if (plan->heavy)
		plan_heavy_print(&w, plan->heavy, t);
	print_certificate(&w, plan, t);
	print_probes(&w, plan, t);
	print_owners(&w, plan, t);
	print_ranges(&w, plan, t);
	print_uncovered(&w, plan, t);
	print_infeasible(&w, plan, t);
	print_duplicates(&w, plan, t);
	plan_print_modes(&w, plan, t);
	jsonw_put_double(&w, "duplicate_factor", plan->duplicate_factor);
	jsonw_key(&w, "stats");
	jsonw_object_inline(&w);
	jsonw_put_int(&w, "kernel_rows", plan->kernel_rows);
	jsonw_put_uint(&w, "nodes", plan->search_nodes);
	if (plan->spent.known) {
		print_ms(&w, "import_ms", plan->spent.import_ms);
		print_ms(&w, "cpu_ms", plan->spent.cpu_ms);
		jsonw_put_int(&w, "peak_kib", plan->spent.peak_kib);
	}
	jsonw_end(&w);
	jsonw_end(&w);
}
