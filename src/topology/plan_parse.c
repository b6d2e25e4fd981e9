/* A plan file back to a plan.  The digest ties it to one topology. */
#include "base/mem.h"
#include "topology/plan_read.h"

#include <string.h>

static int read_probe(struct plan_reader *r, const struct jval *from,
	size_t index, struct plan_probe *p)
{
	int code = plan_read_node(r, jval_get_text(from, "node"), &p->node);
	size_t covers, only, pairs;

	if (code == 0)
		code = plan_read_links(
			r, jval_get(from, "covers"), &p->covers, &covers);
	if (code == 0)
		code = plan_read_links(
			r, jval_get(from, "only"), &p->only, &only);
	if (code == 0)
		code = plan_read_pairs(r, jval_get(from, "only_paths"),
			&p->only_pairs, &pairs);
	if (code < 0)
		return code;
	p->n_covers = (uint32_t)covers;
	p->n_only = (uint32_t)only;
	p->n_only_pairs = (uint32_t)pairs;
	if (r->probe_of[p->node] >= 0)
		return plan_read_bad(r, "a node that is a probe twice");
	r->probe_of[p->node] = (int)index;
	if (!jval_int(jval_get(from, "cost"), &p->cost))
		p->cost = 0;
	p->reason =
		arena_strdup(&r->plan->arena, jval_get_text(from, "reason"));
	return p->reason ? 0 : plan_read_bad(r, "the reason of a probe");
}

static int read_probes(struct plan_reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list);
	int code = 0;

	plan->probes = arena_alloc(&plan->arena, n + 1, sizeof(*plan->probes));
	for (size_t i = 0; i < n && code == 0; i++) {
		code = read_probe(r, jval_at(list, i), i, &plan->probes[i]);
		plan->n_probes++;
	}
	return code;
}

static int read_rule(
	struct plan_reader *r, const char *text, enum count_rule *ret)
{
	static const char *const names[] = {"none", "all", "unwatched"};

	for (int i = 0; text && i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum count_rule)i;
			return 0;
		}
	return plan_read_bad(r, "a rule in owners");
}

/* An interface is watched from its own node; that of a virtual node from the
 * machine which the node runs on. */
static bool within_reach(const struct topology *t, int probe, int iface)
{
	const struct topo_node *at = &t->nodes[probe];
	const struct topo_node *of = &t->nodes[t->ifaces[iface].node];

	return at == of ||
	       (of->role == ROLE_VIRTUAL && of->m->host && at->m->phys &&
		       strcmp(of->m->host, at->m->phys) == 0);
}

static int read_place(struct plan_reader *r, const struct jval *from, int node,
	struct plan_tap *tap)
{
	int64_t iface = -1, slot = -1;
	bool lowest = false;

	tap->probe = r->probe_of[node];
	if (tap->probe < 0)
		return plan_read_bad(r, "the probe of an owner");
	if (!jval_int(jval_get(from, "iface"), &iface) || iface < 0 ||
		(size_t)iface >= r->t->n_ifaces ||
		r->t->ifaces[iface].link != tap->link ||
		!within_reach(r->t, node, (int)iface))
		return plan_read_bad(r, "iface in owners");
	if (!jval_int(jval_get(from, "slot"), &slot) || slot < 0 ||
		(size_t)slot >= r->t->links[tap->link].n_members)
		return plan_read_bad(r, "slot in owners");
	tap->iface = (int)iface;
	tap->slot = (int)slot;
	(void)jval_bool(jval_get(from, "lowest"), &lowest);
	tap->lowest = lowest;
	return 0;
}

static int read_tap(
	struct plan_reader *r, const struct jval *from, struct plan_tap *tap)
{
	enum count_rule received = COUNT_NONE, sent = COUNT_NONE;
	int node = -1;
	int code = plan_read_link(r, jval_get_text(from, "link"), &tap->link);

	if (code == 0)
		code = plan_read_node(r, jval_get_text(from, "probe"), &node);
	if (code == 0)
		code = read_rule(r, jval_get_text(from, "received"), &received);
	if (code == 0)
		code = read_rule(r, jval_get_text(from, "sent"), &sent);
	tap->received = received;
	tap->sent = sent;
	return code < 0 ? code : read_place(r, from, node, tap);
}

static int read_taps(struct plan_reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list);
	int code = 0;

	plan->taps = arena_alloc(&plan->arena, n + 1, sizeof(*plan->taps));
	for (size_t i = 0; i < n && code == 0; i++) {
		code = read_tap(r, jval_at(list, i), &plan->taps[i]);
		plan->n_taps++;
	}
	return code;
}

static int read_schema(struct plan_reader *r, const struct jval *root)
{
	const char *schema = jval_get_text(root, "schema");
	const char *sha = jval_get_text(root, "topology_sha256");
	char now[65];

	if (!schema || strncmp(schema, "netflowize.plan/", 16) != 0)
		return err_set(
			r->err, NFZ_E_INPUT, "%s: is not a plan", r->name);
	if (strcmp(schema, "netflowize.plan/1") != 0)
		return err_set(r->err, NFZ_E_INPUT,
			"%s: is %s; this netflowize reads plan/1", r->name,
			schema);
	if (!sha || strlen(sha) != 64)
		return plan_read_bad(r, "topology_sha256");
	memcpy(r->plan->topology_sha256, sha, 65);
	plan_digest(r->t, now);
	if (strcmp(sha, now) == 0)
		return 0;
	err_set(r->err, NFZ_E_INPUT,
		"%s: was made for another state of the topology", r->name);
	return err_hint(r->err, "Make a new one: netflowize plan");
}

static bool read_count(
	const struct jval *from, const char *key, size_t most, size_t *ret)
{
	int64_t n;

	if (!jval_int(jval_get(from, key), &n) || n < 0 || (size_t)n > most)
		return false;
	*ret = (size_t)n;
	return true;
}

static int read_numbers(struct plan_reader *r, const struct jval *root)
{
	const struct jval *coverage = jval_get(root, "coverage");
	const struct jval *stats = jval_get(root, "stats");
	struct plan *plan = r->plan;
	size_t rows = 0, nodes = 0;
	int status;

	if (!jval_int(jval_get(jval_get(root, "objective"), "cost"),
		    &plan->cost) ||
		!jval_int(jval_get(root, "lower_bound"), &plan->lower_bound))
		return plan_read_bad(r, "cost or lower_bound");
	if (!read_count(coverage, "links", r->t->n_links, &plan->n_links) ||
		!read_count(
			coverage, "covered", plan->n_links, &plan->n_covered) ||
		!read_count(
			coverage, "elements", INT32_MAX, &plan->n_elements) ||
		!read_count(coverage, "satisfied", plan->n_elements,
			&plan->n_satisfied))
		return plan_read_bad(r, "coverage");
	(void)read_count(stats, "kernel_rows", INT32_MAX, &rows);
	(void)read_count(stats, "nodes", INT64_MAX, &nodes);
	plan->spent.known =
		jval_double(jval_get(stats, "cpu_ms"), &plan->spent.cpu_ms) &&
		jval_double(
			jval_get(stats, "import_ms"), &plan->spent.import_ms) &&
		jval_int(jval_get(stats, "peak_kib"), &plan->spent.peak_kib);
	plan->kernel_rows = (int)rows;
	plan->search_nodes = nodes;
	(void)jval_double(
		jval_get(root, "duplicate_factor"), &plan->duplicate_factor);
	status = plan_status_named(jval_get_text(root, "status"));
	if (status < 0)
		return plan_read_bad(r, "status");
	plan->status = (enum plan_status)status;
	return 0;
}

static int read_head(struct plan_reader *r, const struct jval *root)
{
	struct plan *plan = r->plan;
	const char *objective =
		jval_get_text(jval_get(root, "objective"), "name");

	plan->mode = arena_strdup(&plan->arena, jval_get_text(root, "mode"));
	plan->cover = arena_strdup(&plan->arena, jval_get_text(root, "cover"));
	plan->objective = arena_strdup(&plan->arena, objective);
	if (!plan->mode || !plan->cover || !plan->objective)
		return plan_read_bad(r, "mode, cover or objective");
	return read_numbers(r, root);
}

static int read_collector(struct plan_reader *r, const struct jval *from)
{
	const char *node = jval_get_text(from, "node");
	struct plan_collector *c = &r->plan->collector;

	c->reason =
		arena_strdup(&r->plan->arena, jval_get_text(from, "reason"));
	if (!c->reason)
		return plan_read_bad(r, "the reason of the collector");
	return node ? plan_read_node(r, node, &c->node) : 0;
}

static int read_rest(struct plan_reader *r, const struct jval *root)
{
	int code = read_probes(r, jval_get(root, "probes"));

	if (code == 0)
		code = read_taps(r, jval_get(root, "owners"));
	if (code == 0)
		code = plan_read_demand(r, jval_get(root, "demand"));
	if (code == 0)
		code = plan_read_gaps(r, jval_get(root, "uncovered"),
			jval_get(root, "infeasible"));
	if (code == 0)
		code = plan_read_proof(r, jval_get(root, "certificate"));
	if (code == 0)
		code = plan_read_ranges(r, jval_get(root, "ranges"));
	if (code == 0)
		code = plan_read_duplicates(r, jval_get(root, "duplicates"));
	if (code == 0)
		code = plan_read_modes(r, root);
	if (code == 0)
		code = plan_read_heavy(r, jval_get(root, "heavy"));
	return code ? code : read_collector(r, jval_get(root, "collector"));
}

int plan_parse(const char *text, size_t len, const char *name,
	const struct topology *t, struct plan **ret, struct err *err)
{
	cleanup(jval_free_at) struct jval *root = NULL;
	cleanup(plan_free_at) struct plan *plan = plan_new();
	cleanup_free int *probe_of = mem_zalloc(t->n_nodes + 1, sizeof(int));
	struct plan_reader r = {t, name, plan, probe_of, err};
	int code = jval_parse(text, len, name, &root, err);

	for (size_t i = 0; i < t->n_nodes; i++)
		probe_of[i] = -1;
	if (code == 0)
		code = read_schema(&r, root);
	if (code == 0)
		code = read_head(&r, root);
	if (code == 0)
		code = read_rest(&r, root);
	if (code == 0)
		*ret = take(plan);
	return code;
}
