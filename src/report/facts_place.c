/* A summary's names, found in a topology; or a topology made of them. */
#include "base/mem.h"
#include "report/facts.h"

#include <stdio.h>
#include <string.h>

void facts_join(struct facts *f, const struct topology *t)
{
	for (size_t i = 0; i < f->n_links; i++) {
		int link = topology_link_exact(t, f->links[i].name);

		/* of another topology? then it is not that link */
		if (link >= 0 &&
			t->links[link].n_members != f->links[i].n_members)
			link = -1;
		f->links[i].in_topology = link;
	}
}

static int add_member(struct topology *t, int link, const char *name,
	size_t nth, struct err *err)
{
	char nobody[64];
	struct topo_node node = {.name = name};
	struct topo_iface iface = {.link = link};
	int at, iface_at, r = 0;

	if (!name || !*name) {
		snprintf(nobody, sizeof(nobody), "unknown-%d-%zu", link, nth);
		node.name = nobody;
	}
	at = topology_node_exact(t, node.name);
	if (at < 0)
		r = topology_add_node(t, &node, &at, err);
	iface.node = at;
	return r < 0 ? r : topology_add_member(t, &iface, NULL, &iface_at, err);
}

int facts_topology(
	const struct facts *f, struct topology **ret, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = topology_new();
	int r = 0;

	t->project = arena_strdup(&t->arena, f->project);
	t->experiment = arena_strdup(&t->arena, f->experiment);
	t->source = "summary";
	for (size_t i = 0; i < f->n_links && r == 0; i++) {
		const struct facts_link *l = &f->links[i];
		int link;

		r = topology_add_link(t, l->name,
			l->lan || l->n_members != 2 ? LINK_LAN : LINK_P2P,
			&link, err);
		for (size_t k = 0; k < l->n_members && r == 0; k++)
			r = add_member(t, link, l->members[k], k, err);
	}
	if (r < 0)
		return err_wrap(err, "the summary's links");
	topology_finish(t);
	*ret = take(t);
	return 0;
}

static bool named(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The interface of a node on a link, and the slot it stands for. */
static bool find_iface(const struct topology *t, int node, int link,
	const char *name, struct plan_tap *ret)
{
	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *b = &t->bridges[i];

		if (b->node != node || b->link != link)
			continue;
		for (int p = 0; p < 2; p++) {
			const struct topo_card *card =
				t->ifaces[b->port[p]].card;

			if (p == 0 && !named(card->name, name) &&
				!named(card->os_name, name))
				continue;
			ret->iface = b->port[p];
			ret->slot = b->slot >= 0 ? b->slot : p;
			return true;
		}
	}
	for (unsigned s = 0; s < t->links[link].n_members; s++) {
		int iface = t->links[link].members[s].iface;

		if (t->ifaces[iface].node != node)
			continue;
		ret->iface = iface;
		ret->slot = (int)s;
		return true;
	}
	return false;
}

static void add_probe(struct plan *plan, const struct topology *t,
	const struct facts_probe *from)
{
	int node = topology_node_exact(t, from->node);
	struct plan_probe *probe = NULL;

	if (node < 0 || from->n_taps == 0)
		return;
	for (size_t i = 0; i < plan->n_probes && !probe; i++)
		if (plan->probes[i].node == node)
			probe = &plan->probes[i];
	if (!probe) {
		probe = &plan->probes[plan->n_probes++];
		probe->node = node;
		probe->reason = arena_strdup(&plan->arena, from->reason);
	}
	if (!probe->covers)
		probe->covers = arena_alloc(
			&plan->arena, t->n_links + 1, sizeof(*probe->covers));
	for (size_t i = 0; i < from->n_taps; i++) {
		struct plan_tap tap = {.probe = (int)(probe - plan->probes)};

		tap.link = topology_link_exact(t, from->taps[i].link);
		if (tap.link < 0 || !find_iface(t, node, tap.link,
					    from->taps[i].iface, &tap))
			continue;
		plan->taps[plan->n_taps++] = tap;
		if (probe->n_covers < t->n_links)
			probe->covers[probe->n_covers++] = tap.link;
	}
}

struct plan *facts_plan(const struct facts *f, const struct topology *t)
{
	struct plan *plan = plan_new();
	size_t taps = 0;

	for (size_t i = 0; i < f->n_probes; i++)
		taps += f->probes[i].n_taps;
	plan->status = PLAN_FEASIBLE;
	plan->mode = arena_strdup(&plan->arena, f->mode ? f->mode : "light");
	plan->cover = "links";
	plan->probes = arena_alloc(
		&plan->arena, f->n_probes + 1, sizeof(*plan->probes));
	plan->taps = arena_alloc(&plan->arena, taps + 1, sizeof(*plan->taps));
	plan->gaps =
		arena_alloc(&plan->arena, f->n_links + 1, sizeof(*plan->gaps));
	for (size_t i = 0; i < f->n_probes; i++)
		add_probe(plan, t, &f->probes[i]);
	for (size_t i = 0; i < f->n_links; i++) {
		const struct facts_link *l = &f->links[i];

		if (!l->gap || l->in_topology < 0)
			continue;
		plan->gaps[plan->n_gaps++] =
			(struct plan_gap){.what = {.link = l->in_topology},
				.cause = arena_strdup(&plan->arena, l->gap)};
	}
	plan->n_links = f->n_links;
	plan->n_covered = f->n_covered;
	plan->collector.node =
		f->collector ? topology_node_exact(t, f->collector) : -1;
	plan->collector.reason = "runs now";
	return plan;
}

double facts_capacity(
	const struct facts_link *l, const struct topology *t, size_t slot)
{
	if (l->in_topology < 0)
		return 0;
	return (double)topology_speed_kbps(t, l->in_topology, (int)slot) * 1e3;
}
