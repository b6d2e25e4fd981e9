/* The plan's life and its JSON.  Every index becomes a name on the way out and
 * an index again on the way in, so that a plan can be read by people and
 * applied only to the topology it was made for. */
#include "topology/plan.h"
#include "base/mem.h"
#include "format/crypto.h"
#include "format/jsonw.h"
#include "topology/topofile.h"

#include <stdlib.h>

struct plan *plan_new(void)
{
	struct plan *plan = mem_zalloc(1, sizeof(*plan));

	plan->collector.node = -1;
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_release(&plan->arena);
	free(plan);
}

static const char *status_name(enum plan_status status)
{
	switch (status) {
	case PLAN_OPTIMAL:
		return "optimal";
	case PLAN_FEASIBLE:
		return "feasible";
	case PLAN_INFEASIBLE:
		return "infeasible";
	case PLAN_TIMEOUT:
		return "timeout";
	}
	return "unknown";
}

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

static void print_links(struct jsonw *w, const char *key,
	const struct topology *t, const int *links, size_t n)
{
	jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < n; i++)
		jsonw_string(w, t->links[links[i]].name);
	jsonw_end(w);
}

static void print_probes(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "probes");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_probes; i++) {
		const struct plan_probe *p = &plan->probes[i];

		jsonw_object(w);
		jsonw_put(w, "node", t->nodes[p->node].name);
		jsonw_put(
			w, "role", topology_role_name(t->nodes[p->node].role));
		print_links(w, "covers", t, p->covers, p->n_covers);
		print_links(w, "only", t, p->only, p->n_only);
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

bool plan_tap_is_outside(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap)
{
	int node = t->ifaces[tap->iface].node;

	return node != plan->probes[tap->probe].node &&
	       t->nodes[node].role == ROLE_VIRTUAL;
}

const char *plan_tap_os_name(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap)
{
	const struct topo_iface *iface = &t->ifaces[tap->iface];

	return plan_tap_is_outside(plan, t, tap) ? iface->host_os_name
						 : iface->os_name;
}

/* The name people know an interface by: the system's, else the testbed's, else
 * its MAC. */
static void print_iface(struct jsonw *w, const struct plan *plan,
	const struct topology *t, const struct plan_tap *tap)
{
	const struct topo_iface *iface = &t->ifaces[tap->iface];
	const char *os_name = plan_tap_os_name(plan, t, tap);
	char mac[NET_MAC_TEXT];

	jsonw_put(w, "if",
		os_name          ? os_name
		: iface->name    ? iface->name
		: iface->has_mac ? net_mac_print(iface->mac, mac)
				 : NULL);
}

static void print_owners(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "owners");
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_taps; i++) {
		const struct plan_tap *tap = &plan->taps[i];

		jsonw_object_inline(w);
		jsonw_put(w, "link", t->links[tap->link].name);
		jsonw_put(w, "probe",
			t->nodes[plan->probes[tap->probe].node].name);
		print_iface(w, plan, t, tap);
		jsonw_put(w, "dir", direction(tap));
		jsonw_put_int(w, "slot", tap->slot);
		jsonw_put(w, "received", rule_name(tap->received));
		jsonw_put(w, "sent", rule_name(tap->sent));
		jsonw_put_bool(w, "lowest", tap->lowest);
		jsonw_put_int(w, "iface", tap->iface);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_gaps(struct jsonw *w, const char *key,
	const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < plan->n_gaps; i++) {
		jsonw_object_inline(w);
		jsonw_put(w, "link", t->links[plan->gaps[i].link].name);
		jsonw_put(w, "cause", plan->gaps[i].cause);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_certificate(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	jsonw_key(w, "certificate");
	jsonw_object(w);
	jsonw_put(w, "kind", plan->proof);
	jsonw_put_int(w, "scale", plan->dual_scale ? plan->dual_scale : 1);
	jsonw_key(w, "weights");
	jsonw_object_inline(w);
	for (size_t i = 0; i < plan->n_dual; i++)
		if (plan->dual[i])
			jsonw_put_int(w, t->links[i].name, plan->dual[i]);
	jsonw_end(w);
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
	jsonw_put(w, "status", status_name(plan->status));
	jsonw_put(w, "mode", plan->mode);
	jsonw_put(w, "cover", plan->cover);
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
	jsonw_put_uint(w, "links", t->n_links);
	jsonw_put_uint(w, "covered", plan_links_covered(plan, t));
	jsonw_end(w);
	jsonw_key(w, "collector");
	jsonw_object_inline(w);
	jsonw_put(w, "node",
		plan->collector.node < 0 ? NULL
					 : t->nodes[plan->collector.node].name);
	jsonw_put(w, "reason", plan->collector.reason);
	jsonw_end(w);
}

void plan_print(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out, JSONW_INDENT);
	jsonw_object(&w);
	print_head(&w, plan, t);
	print_certificate(&w, plan, t);
	print_probes(&w, plan, t);
	print_owners(&w, plan, t);
	print_gaps(&w, "uncovered", plan, t);
	print_gaps(&w, "infeasible", plan, t);
	jsonw_put_double(&w, "duplicate_factor", plan->duplicate_factor);
	jsonw_key(&w, "stats");
	jsonw_object_inline(&w);
	jsonw_put_uint(&w, "nodes", plan->search_nodes);
	jsonw_end(&w);
	jsonw_end(&w);
}

size_t plan_links_covered(const struct plan *plan, const struct topology *t)
{
	return t->n_links - plan->n_gaps;
}

void plan_digest(const struct topology *t, char hex[static 65])
{
	struct buf text = BUF_INIT((size_t)1 << 30);

	topofile_print(t, &text);
	crypto_sha256_text(buf_str(&text), text.len, hex);
	buf_release(&text);
}
