/* A plan file back to a plan: names become indices again.  The digest ties it
 * to one topology; a name that is not there means it belongs to another. */
#include "base/mem.h"
#include "format/json.h"
#include "topology/plan.h"

#include <string.h>

struct reader {
	const struct topology *t;
	const char *name;
	struct plan *plan;
	struct err *err;
};

static int bad(struct reader *r, const char *what)
{
	return err_set(r->err, NFZ_E_INPUT,
		"%s: %s is missing or not what it should be", r->name, what);
}

static int find_node(struct reader *r, const char *name, int *ret)
{
	*ret = name ? topology_node(r->t, name) : -1;
	if (*ret >= 0)
		return 0;
	return err_set(r->err, NFZ_E_INPUT,
		"%s: names node %s, which is not in the topology", r->name,
		name ? name : "(none)");
}

static int find_link(struct reader *r, const char *name, int *ret)
{
	*ret = name ? topology_link(r->t, name) : -1;
	if (*ret >= 0)
		return 0;
	return err_set(r->err, NFZ_E_INPUT,
		"%s: names link %s, which is not in the topology", r->name,
		name ? name : "(none)");
}

static int read_links(
	struct reader *r, const struct jval *list, int **ret, size_t *ret_n)
{
	size_t n = jval_count(list);
	int *links = arena_alloc(&r->plan->arena, n + 1, sizeof(int));

	for (size_t i = 0; i < n; i++) {
		int code = find_link(r, jval_text(jval_at(list, i)), &links[i]);

		if (code < 0)
			return code;
	}
	*ret = links;
	*ret_n = n;
	return 0;
}

static int read_probes(struct reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list);
	int code = 0;

	plan->probes = arena_alloc(&plan->arena, n + 1, sizeof(*plan->probes));
	for (size_t i = 0; i < n && code == 0; i++) {
		const struct jval *from = jval_at(list, i);
		struct plan_probe *p = &plan->probes[i];

		code = find_node(r, jval_get_text(from, "node"), &p->node);
		if (code == 0)
			code = read_links(r, jval_get(from, "covers"),
				&p->covers, &p->n_covers);
		if (code == 0)
			code = read_links(r, jval_get(from, "only"), &p->only,
				&p->n_only);
		if (!jval_int(jval_get(from, "cost"), &p->cost))
			p->cost = 0;
		p->reason = arena_strdup(
			&plan->arena, jval_get_text(from, "reason"));
		plan->n_probes++;
	}
	return code;
}

static int read_rule(struct reader *r, const char *text, enum count_rule *ret)
{
	static const char *const names[] = {"none", "all", "unwatched"};

	for (int i = 0; text && i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum count_rule)i;
			return 0;
		}
	return bad(r, "a rule in owners");
}

/* An interface is watched from its own node; that of a virtual node from the
 * machine which the node runs on. */
static bool within_reach(const struct topology *t, int probe, int iface)
{
	const struct topo_node *at = &t->nodes[probe];
	const struct topo_node *of = &t->nodes[t->ifaces[iface].node];

	return at == of || (of->role == ROLE_VIRTUAL && of->host && at->phys &&
				   strcmp(of->host, at->phys) == 0);
}

static int read_tap(
	struct reader *r, const struct jval *from, struct plan_tap *tap)
{
	int64_t iface = -1, slot = -1;
	int node = -1, code;

	code = find_link(r, jval_get_text(from, "link"), &tap->link);
	if (code == 0)
		code = find_node(r, jval_get_text(from, "probe"), &node);
	if (code == 0)
		code = read_rule(
			r, jval_get_text(from, "received"), &tap->received);
	if (code == 0)
		code = read_rule(r, jval_get_text(from, "sent"), &tap->sent);
	if (code < 0)
		return code;
	tap->probe = -1;
	for (size_t i = 0; i < r->plan->n_probes; i++)
		if (r->plan->probes[i].node == node)
			tap->probe = (int)i;
	if (tap->probe < 0)
		return bad(r, "the probe of an owner");
	if (!jval_int(jval_get(from, "iface"), &iface) || iface < 0 ||
		(size_t)iface >= r->t->n_ifaces ||
		r->t->ifaces[iface].link != tap->link ||
		!within_reach(r->t, node, (int)iface))
		return bad(r, "iface in owners");
	if (!jval_int(jval_get(from, "slot"), &slot) || slot < 0 ||
		(size_t)slot >= r->t->links[tap->link].n_members)
		return bad(r, "slot in owners");
	tap->iface = (int)iface;
	tap->slot = (int)slot;
	(void)jval_bool(jval_get(from, "lowest"), &tap->lowest);
	return 0;
}

static int read_taps(struct reader *r, const struct jval *list)
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

static int read_gaps(struct reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list);

	plan->gaps = arena_alloc(&plan->arena, n + 1, sizeof(*plan->gaps));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct plan_gap *g = &plan->gaps[i];
		int code = find_link(r, jval_get_text(from, "link"), &g->link);

		if (code < 0)
			return code;
		for (size_t k = 0; k < i; k++)
			if (plan->gaps[k].link == g->link)
				return bad(r, "a link in uncovered");
		g->cause = arena_strdup(
			&plan->arena, jval_get_text(from, "cause"));
		plan->n_gaps++;
	}
	return 0;
}

static int read_status(struct reader *r, const char *text)
{
	static const char *const names[] = {
		"optimal", "feasible", "infeasible", "timeout"};

	for (int i = 0; text && i < 4; i++)
		if (strcmp(text, names[i]) == 0) {
			r->plan->status = (enum plan_status)i;
			return 0;
		}
	return bad(r, "status");
}

static int read_head(struct reader *r, const struct jval *root)
{
	struct plan *plan = r->plan;
	const char *schema = jval_get_text(root, "schema");
	const char *sha = jval_get_text(root, "topology_sha256");
	const struct jval *objective = jval_get(root, "objective");
	char now[65];

	if (!schema || strncmp(schema, "netflowize.plan/", 16) != 0)
		return err_set(
			r->err, NFZ_E_INPUT, "%s: is not a plan", r->name);
	if (strcmp(schema, "netflowize.plan/1") != 0)
		return err_set(r->err, NFZ_E_INPUT,
			"%s: is %s; this netflowize reads plan/1", r->name,
			schema);
	if (!sha || strlen(sha) != 64)
		return bad(r, "topology_sha256");
	memcpy(plan->topology_sha256, sha, 65);
	plan_digest(r->t, now);
	if (strcmp(sha, now) != 0) {
		err_set(r->err, NFZ_E_INPUT,
			"%s: was made for another state of the topology",
			r->name);
		return err_hint(r->err, "Make a new one: netflowize plan");
	}
	plan->mode = arena_strdup(&plan->arena, jval_get_text(root, "mode"));
	plan->cover = arena_strdup(&plan->arena, jval_get_text(root, "cover"));
	plan->objective =
		arena_strdup(&plan->arena, jval_get_text(objective, "name"));
	plan->proof = arena_strdup(&plan->arena,
		jval_get_text(jval_get(root, "certificate"), "kind"));
	if (!plan->mode || !plan->cover || !plan->objective || !plan->proof)
		return bad(r, "mode, cover, objective or certificate");
	if (!jval_int(jval_get(objective, "cost"), &plan->cost) ||
		!jval_int(jval_get(root, "lower_bound"), &plan->lower_bound))
		return bad(r, "cost or lower_bound");
	(void)jval_double(
		jval_get(root, "duplicate_factor"), &plan->duplicate_factor);
	return read_status(r, jval_get_text(root, "status"));
}

static int read_rest(struct reader *r, const struct jval *root)
{
	const struct jval *collector = jval_get(root, "collector");
	const char *node = jval_get_text(collector, "node");
	struct plan *plan = r->plan;
	int code = read_probes(r, jval_get(root, "probes"));

	if (code == 0)
		code = read_taps(r, jval_get(root, "owners"));
	if (code == 0)
		code = read_gaps(r, jval_get(root, "uncovered"));
	if (code == 0 && node)
		code = find_node(r, node, &plan->collector.node);
	plan->collector.reason =
		arena_strdup(&plan->arena, jval_get_text(collector, "reason"));
	plan->n_dual = r->t->n_links;
	if (!jval_int(jval_get(jval_get(root, "certificate"), "scale"),
		    &plan->dual_scale) ||
		plan->dual_scale < 1)
		plan->dual_scale = 1;
	plan->dual = arena_alloc(
		&plan->arena, plan->n_dual + 1, sizeof(*plan->dual));
	for (size_t i = 0; i < plan->n_dual; i++)
		(void)jval_int(jval_get(jval_get(jval_get(root, "certificate"),
						"weights"),
				       r->t->links[i].name),
			&plan->dual[i]);
	return code;
}

int plan_parse(const char *text, size_t len, const char *name,
	const struct topology *t, struct plan **ret, struct err *err)
{
	cleanup(jval_free_at) struct jval *root = NULL;
	cleanup(plan_free_at) struct plan *plan = plan_new();
	struct reader r = {t, name, plan, err};
	int code = jval_parse(text, len, name, &root, err);

	if (code == 0)
		code = read_head(&r, root);
	if (code == 0)
		code = read_rest(&r, root);
	if (code == 0)
		*ret = take(plan);
	return code;
}
