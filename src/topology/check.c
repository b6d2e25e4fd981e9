/* Looks a topology over.  Nothing here is an error: real experiments have
 * idle nodes and separate parts, and the planner copes.  People should hear of
 * them all the same. */
#include "topology/check.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct findings {
	check_fn say;
	void *ctx;
	size_t n;
};

static void NFZ_PRINTF(2, 3) found(struct findings *f, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->n++;
	if (f->say)
		f->say(f->ctx, text);
}

static const struct topo_iface *member_iface(
	const struct topology *t, const struct topo_link *l, size_t slot)
{
	return &t->ifaces[l->members[slot].iface];
}

static bool same_subnet(const struct topo_iface *a, const struct topo_iface *b)
{
	struct net_prefix p = {
		.addr = a->card->addr, .len = a->card->prefix_len};

	if (!a->card->has_addr || !b->card->has_addr || !a->card->prefix_len ||
		!b->card->prefix_len)
		return true; /* unknown */
	net_addr_mask(&p.addr, p.len);
	return a->card->prefix_len == b->card->prefix_len &&
	       net_prefix_has(&p, &b->card->addr);
}

static void check_link(
	const struct topology *t, const struct topo_link *l, struct findings *f)
{
	cleanup_free bool *seen = mem_zalloc(t->n_nodes + 1, sizeof(*seen));
	size_t with_addr = l->n_members;

	if (l->n_members < 2)
		found(f, "link \"%s\" has %u member%s", l->name, l->n_members,
			l->n_members == 1 ? "" : "s");
	for (size_t i = 0; i < l->n_members; i++) {
		const struct topo_iface *iface = member_iface(t, l, i);
		const char *node = t->nodes[iface->node].name;

		if (seen[iface->node])
			found(f, "node \"%s\" is on link \"%s\" twice", node,
				l->name);
		seen[iface->node] = true;
		if (!iface->card->has_addr)
			continue;
		if (with_addr == l->n_members)
			with_addr = i;
		else if (!same_subnet(member_iface(t, l, with_addr), iface))
			found(f,
				"node \"%s\" is in another subnet than the "
				"rest of link \"%s\"",
				node, l->name);
	}
}

static void check_addresses(const struct topology *t, struct findings *f)
{
	struct map first;

	map_init(&first);
	for (size_t i = 0; i < t->n_ifaces; i++) {
		const struct topo_iface *iface = &t->ifaces[i];
		const struct topo_iface *other;
		char text[NET_ADDR_TEXT];

		if (!iface->card->has_addr || iface->link < 0)
			continue;
		other = map_get(&first, iface->card->addr.b,
			sizeof(iface->card->addr.b));
		if (other)
			found(f, "address %s is held by \"%s\" and \"%s\"",
				net_addr_print(&iface->card->addr, text),
				t->nodes[other->node].name,
				t->nodes[iface->node].name);
		else
			map_put(&first, iface->card->addr.b,
				sizeof(iface->card->addr.b), &t->ifaces[i]);
	}
	map_release(&first);
}

/* Union by smallest number: root[i] <= i always. */
static int root_of(int *root, int i)
{
	while (root[i] != i)
		i = root[i] = root[root[i]];
	return i;
}

static void join(int *root, int a, int b)
{
	a = root_of(root, a);
	b = root_of(root, b);
	if (a < b)
		root[b] = a;
	else
		root[a] = b;
}

int check_parts(const struct topology *t, int *part)
{
	cleanup_free int *root = mem_zalloc(t->n_nodes + 1, sizeof(*root));
	cleanup_free int *on_link =
		mem_zalloc(t->n_links + 1, sizeof(*on_link));
	int n = 0;

	for (size_t i = 0; i < t->n_nodes; i++) {
		root[i] = (int)i;
		part[i] = -1;
	}
	for (size_t i = 0; i < t->n_links; i++)
		on_link[i] = -1;
	for (size_t i = 0; i < t->n_ifaces; i++) {
		const struct topo_iface *iface = &t->ifaces[i];

		if (iface->link < 0)
			continue;
		part[iface->node] = 0;
		if (on_link[iface->link] < 0)
			on_link[iface->link] = iface->node;
		join(root, on_link[iface->link], iface->node);
	}
	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *b = &t->bridges[i];

		part[b->node] = 0;
		if (on_link[b->link] >= 0)
			join(root, on_link[b->link], b->node);
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		int r = root_of(root, (int)i);

		if (part[i] < 0)
			continue;
		part[i] = r == (int)i ? n++ : part[r];
	}
	return n;
}

size_t check_topology(const struct topology *t, check_fn say, void *ctx)
{
	struct findings f = {.say = say, .ctx = ctx};
	cleanup_free int *part = mem_zalloc(t->n_nodes + 1, sizeof(*part));
	int parts = check_parts(t, part);

	for (size_t i = 0; i < t->n_nodes; i++)
		if (part[i] < 0 && t->nodes[i].role != ROLE_VIRTHOST)
			found(&f, "node \"%s\" is on no link",
				t->nodes[i].name);
	for (size_t i = 0; i < t->n_links; i++)
		check_link(t, &t->links[i], &f);
	check_addresses(t, &f);
	if (parts > 1)
		found(&f,
			"the experiment is in %d separate parts; what is "
			"collected crosses the control network only",
			parts);
	return f.n;
}
