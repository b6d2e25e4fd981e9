/* What the things in a picture are called, what is said when one points at
 * them, and how large they are. */
#include "base/mem.h"
#include "report/picture_parts.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

/* LIST: names in a note before "and N more". */
enum { NAME = 18, LIST = 24 };

struct describe {
	struct picture *p;
	int *probe; /* topology node -> probe, -1 */
	const char **gap;
};

static const char *node_name(const struct picture *p, int node)
{
	return p->topology->nodes[node].name;
}

static void add_links(
	struct buf *to, const struct picture *p, const int *links, size_t n)
{
	for (size_t i = 0; i < n && i < LIST; i++)
		buf_addf(to, " %s", p->topology->links[links[i]].name);
	if (n > LIST)
		buf_addf(to, " and %zu more", n - LIST);
}

static void note_node(
	const struct describe *d, const struct picture_node *n, struct buf *to)
{
	const struct plan *plan = d->p->plan;
	const struct topo_node *v = &d->p->topology->nodes[n->node];
	int probe = plan ? d->probe[n->node] : -1;

	buf_addf(to, "%s\n%s", v->name, topology_role_name(v->role));
	if (v->m->type)
		buf_addf(to, ", %s", v->m->type);
	if (v->m->phys)
		buf_addf(to, ", machine %s", v->m->phys);
	if (v->m->unusable)
		buf_addf(to, "\nno probe possible: %s", v->m->unusable);
	if (probe >= 0) {
		buf_adds(to, "\nprobe, watches");
		add_links(to, d->p, plan->probes[probe].covers,
			plan->probes[probe].n_covers);
		if (plan->probes[probe].reason)
			buf_addf(to, "\n%s", plan->probes[probe].reason);
	}
	if (n->collector)
		buf_addf(to, "\ncollector (%s)", plan->collector.reason);
}

static const char *folded_kind(const struct picture *p, const int *folded)
{
	switch (p->topology->nodes[folded[0]].role) {
	case ROLE_HOST:
	case ROLE_VIRTHOST:
		return "hosts";
	case ROLE_ROUTER:
	case ROLE_SWITCH:
	case ROLE_SHAPER:
	case ROLE_VIRTUAL:
	case ROLE_EXTERNAL:
		return "nodes";
	}
	return "nodes";
}

static void note_fold(
	const struct describe *d, const struct picture_node *n, struct buf *to)
{
	buf_addf(to, "%zu %s%s:", n->many, folded_kind(d->p, n->folded),
		n->probe ? ", each with a probe" : "");
	for (size_t i = 0; i < n->many && i < LIST; i++)
		buf_addf(to, " %s", node_name(d->p, n->folded[i]));
	if (n->many > LIST)
		buf_addf(to, " and %zu more", n->many - LIST);
}

static void describe_node(const struct describe *d, struct picture_node *n)
{
	struct arena *arena = &d->p->arena;
	struct buf note = BUF_INIT((size_t)1 << 20);
	const char *name;

	if (n->shape == SHAPE_LAN) {
		const struct topo_link *l = &d->p->topology->links[n->link];

		name = l->name;
		buf_addf(&note, "%s\nLAN with %u members", l->name,
			l->n_members);
	} else if (n->fresh) {
		name = n->fresh;
		buf_addf(&note, "%s\na new node", name);
	} else if (n->shape == SHAPE_FOLD) {
		note_fold(d, n, &note);
		name = arena_printf(arena, "+%zu %s", n->many,
			folded_kind(d->p, n->folded));
	} else {
		note_node(d, n, &note);
		name = node_name(d->p, n->node);
		if (n->many > 1)
			buf_addf(&note, "\nand %zu more like it", n->many - 1);
	}
	name = text_shorten(arena, name, NAME);
	if (n->collector && !n->fresh)
		name = arena_printf(arena, "%s (collector)", name);
	n->text.text = name;
	n->text.bold = n->probe;
	n->note = arena_strdup(arena, buf_str(&note));
	buf_release(&note);
}

static void add_rate(struct buf *to, int64_t kbps)
{
	if (kbps >= 1000000 && kbps % 1000000 == 0)
		buf_addf(to, ", %lld Gb/s", (long long)kbps / 1000000);
	else if (kbps >= 1000 && kbps % 1000 == 0)
		buf_addf(to, ", %lld Mb/s", (long long)kbps / 1000);
	else if (kbps)
		buf_addf(to, ", %lld kb/s", (long long)kbps);
}

static void describe_line(const struct describe *d, struct picture_line *line)
{
	const struct topology *t = d->p->topology;
	const struct topo_link *l = &t->links[line->link];
	struct buf note = BUF_INIT((size_t)1 << 20);

	buf_adds(&note, l->name);
	if (line->slot < 0) {
		const struct topo_iface *a = &t->ifaces[l->members[0].iface];
		const struct topo_iface *b = &t->ifaces[l->members[1].iface];

		buf_addf(&note, ": %s to %s", node_name(d->p, a->node),
			node_name(d->p, b->node));
		add_rate(&note, topology_path_shaping(t, line->link, 0, 1)
					.bandwidth_kbps);
	} else {
		buf_addf(&note, ": %s",
			node_name(d->p,
				t->ifaces[l->members[line->slot].iface].node));
	}
	if (line->many > 1)
		buf_addf(&note, "\nand %zu more like it", line->many - 1);
	if (line->state == LINE_UNCOVERED)
		buf_addf(&note, "\nnot covered%s%s",
			d->gap[line->link] ? ": " : "",
			d->gap[line->link] ? d->gap[line->link] : "");
	line->note = arena_strdup(&d->p->arena, buf_str(&note));
	line->text.text = line->slot < 0 && line->many == 1
				  ? text_shorten(&d->p->arena, l->name, NAME)
				  : "";
	buf_release(&note);
}

static void size(struct picture_node *n)
{
	static const double half[SHAPE_COUNT][2] = {[SHAPE_HOST] = {9, 9},
		[SHAPE_ROUTER] = {11, 11},
		[SHAPE_SWITCH] = {11, 9},
		[SHAPE_SHAPER] = {7, 7},
		[SHAPE_VIRTUAL] = {9, 9},
		[SHAPE_VIRTHOST] = {12, 9},
		[SHAPE_EXTERNAL] = {11, 9},
		[SHAPE_LAN] = {12, 5},
		[SHAPE_FOLD] = {11, 9}};

	n->half_w = half[n->shape][0] + (n->probe ? 2 : 0);
	n->half_h = half[n->shape][1] + (n->probe ? 2 : 0);
}

void picture_describe(struct picture *p)
{
	const struct topology *t = p->topology;
	struct describe d = {.p = p};

	d.probe = mem_zalloc(t->n_nodes + 1, sizeof(*d.probe));
	d.gap = mem_zalloc(t->n_links + 1, sizeof(*d.gap));
	for (size_t i = 0; i < t->n_nodes; i++)
		d.probe[i] = -1;
	for (size_t i = 0; p->plan && i < p->plan->n_probes; i++)
		d.probe[p->plan->probes[i].node] = (int)i;
	for (size_t i = 0; p->plan && i < p->plan->n_gaps; i++)
		if (p->plan->gaps[i].what.link >= 0)
			d.gap[p->plan->gaps[i].what.link] =
				p->plan->gaps[i].cause;
	for (size_t i = 0; i < p->n_nodes; i++) {
		describe_node(&d, &p->nodes[i]);
		size(&p->nodes[i]);
	}
	for (size_t i = 0; i < p->n_lines; i++)
		describe_line(&d, &p->lines[i]);
	free(d.probe);
	free(d.gap);
}
