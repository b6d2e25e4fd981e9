/* The topology value: building it, looking things up in it.
 *
 * Invariants: an index stored anywhere is -1 or valid; the slot of a member
 * is its place in its link; a point-to-point link never has more than two
 * members; at most one bridge serves a member.  Strings live in the arena,
 * the arrays on the heap because they grow.  Whatever would break an
 * invariant is refused, for topologies are made from other people's files. */
#include "topology/topology.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

static const char *const role_names[] = {
	[ROLE_HOST] = "host",
	[ROLE_ROUTER] = "router",
	[ROLE_SWITCH] = "switch",
	[ROLE_SHAPER] = "shaper",
	[ROLE_VIRTUAL] = "virtual",
	[ROLE_VIRTHOST] = "virthost",
	[ROLE_EXTERNAL] = "external",
};
enum { N_ROLES = sizeof(role_names) / sizeof(role_names[0]) };

struct topology *topology_new(void)
{
	struct topology *t = mem_zalloc(1, sizeof(*t));

	map_init(&t->node_by_name);
	map_init(&t->link_by_name);
	return t;
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_links; i++)
		free(t->links[i].members);
	free(t->nodes);
	free(t->ifaces);
	free(t->links);
	free(t->bridges);
	map_release(&t->node_by_name);
	map_release(&t->link_by_name);
	arena_release(&t->arena);
	free(t);
}

static bool valid(int index, size_t n)
{
	return index >= 0 && (size_t)index < n;
}

/* Map values are index + 1, so that 0 means absent. */
static void *as_value(size_t index)
{
	return (void *)(uintptr_t)(index + 1);
}

static int as_index(const void *value)
{
	return (int)(uintptr_t)value - 1;
}

static const char *const *copy_keys(
	struct arena *arena, const char *const *keys)
{
	const char **copy;
	size_t n = 0;

	if (!keys)
		return NULL;
	while (keys[n])
		n++;
	copy = arena_alloc(arena, n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(arena, keys[i]);
	return copy;
}

int topology_add_node(struct topology *t, const struct topo_node *node,
	int *ret, struct err *err)
{
	struct arena *a = &t->arena;
	struct topo_node *n;

	if (!node->name || !node->name[0])
		return err_set(err, NFZ_E_INPUT, "a node has no name");
	if (map_gets(&t->node_by_name, node->name))
		return err_set(err, NFZ_E_INPUT, "two nodes are named \"%s\"",
			node->name);
	map_puts(&t->node_by_name, node->name, as_value(t->n_nodes));
	MEM_PUSH(t->nodes, t->n_nodes, t->nodes_cap) = *node;
	n = &t->nodes[t->n_nodes - 1];
	n->name = arena_strdup(a, node->name);
	n->phys = arena_strdup(a, node->phys);
	n->host = arena_strdup(a, node->host);
	n->type = arena_strdup(a, node->type);
	n->os = arena_strdup(a, node->os);
	n->status = arena_strdup(a, node->status);
	n->unusable = arena_strdup(a, node->unusable);
	n->address = arena_strdup(a, node->address);
	n->hostname = arena_strdup(a, node->hostname);
	n->user = arena_strdup(a, node->user);
	n->gateway = arena_strdup(a, node->gateway);
	n->host_keys = copy_keys(a, node->host_keys);
	if (ret)
		*ret = (int)t->n_nodes - 1;
	return 0;
}

int topology_add_link(struct topology *t, const char *name, enum link_kind kind,
	int *ret, struct err *err)
{
	struct topo_link link = {.kind = kind};

	if (!name || !name[0])
		return err_set(err, NFZ_E_INPUT, "a link has no name");
	if (map_gets(&t->link_by_name, name))
		return err_set(
			err, NFZ_E_INPUT, "two links are named \"%s\"", name);
	map_puts(&t->link_by_name, name, as_value(t->n_links));
	link.name = arena_strdup(&t->arena, name);
	MEM_PUSH(t->links, t->n_links, t->links_cap) = link;
	if (ret)
		*ret = (int)t->n_links - 1;
	return 0;
}

static int check_ends(const struct topology *t, const struct topo_iface *iface,
	struct err *err)
{
	if (!valid(iface->node, t->n_nodes))
		return err_set(err, NFZ_E_INPUT,
			"an interface belongs to no node (%d)", iface->node);
	if (iface->link != -1 && !valid(iface->link, t->n_links))
		return err_set(err, NFZ_E_INPUT,
			"an interface of node \"%s\" is on no link (%d)",
			t->nodes[iface->node].name, iface->link);
	return 0;
}

static int push_iface(struct topology *t, const struct topo_iface *iface)
{
	struct topo_iface *i;

	MEM_PUSH(t->ifaces, t->n_ifaces, t->ifaces_cap) = *iface;
	i = &t->ifaces[t->n_ifaces - 1];
	i->name = arena_strdup(&t->arena, iface->name);
	i->os_name = arena_strdup(&t->arena, iface->os_name);
	i->host_os_name = arena_strdup(&t->arena, iface->host_os_name);
	i->slot = -1;
	return (int)t->n_ifaces - 1;
}

/* Members have no capacity of their own: the array doubles at powers of 2. */
static int push_member(struct topo_link *link, const struct topo_member *m)
{
	size_t n = link->n_members;

	if ((n & (n - 1)) == 0)
		link->members = mem_grow(
			link->members, n ? n * 2 : 1, sizeof(*link->members));
	link->members[link->n_members++] = *m;
	return (int)n;
}

int topology_add_member(struct topology *t, const struct topo_iface *iface,
	const struct topo_shape *shape, int *ret_iface, struct err *err)
{
	int rc = check_ends(t, iface, err), index;
	struct topo_link *link = NULL;

	if (rc)
		return rc;
	if (iface->link >= 0) {
		link = &t->links[iface->link];
		if (link->kind == LINK_P2P && link->n_members == 2)
			return err_set(err, NFZ_E_INPUT,
				"link \"%s\" has more than two members but is "
				"no LAN",
				link->name);
	}
	index = push_iface(t, iface);
	if (link) {
		struct topo_member m = {.iface = index};

		if (shape)
			m.shape = *shape;
		t->ifaces[index].slot = push_member(link, &m);
	}
	if (ret_iface)
		*ret_iface = index;
	return 0;
}

int topology_add_port(struct topology *t, const struct topo_iface *iface,
	int *ret_iface, struct err *err)
{
	int rc = check_ends(t, iface, err), index;

	if (rc)
		return rc;
	if (iface->link < 0)
		return err_set(err, NFZ_E_INPUT,
			"a bridge port of node \"%s\" is on no link",
			t->nodes[iface->node].name);
	index = push_iface(t, iface);
	if (ret_iface)
		*ret_iface = index;
	return 0;
}

static int check_bridge_port(const struct topology *t,
	const struct topo_bridge *b, int port, struct err *err)
{
	const struct topo_iface *i;

	if (port == -1)
		return 0;
	if (!valid(port, t->n_ifaces))
		return err_set(err, NFZ_E_INPUT,
			"the bridge on node \"%s\" has an unknown port",
			t->nodes[b->node].name);
	i = &t->ifaces[port];
	if (i->node != b->node || i->link != b->link || i->slot != -1)
		return err_set(err, NFZ_E_INPUT,
			"a port of the bridge on node \"%s\" belongs elsewhere",
			t->nodes[b->node].name);
	return 0;
}

static int check_bridge(
	const struct topology *t, const struct topo_bridge *b, struct err *err)
{
	const struct topo_link *link;
	int rc;

	if (!valid(b->node, t->n_nodes))
		return err_set(err, NFZ_E_INPUT, "a bridge is on no node (%d)",
			b->node);
	if (!valid(b->link, t->n_links))
		return err_set(err, NFZ_E_INPUT,
			"the bridge on node \"%s\" is on no link",
			t->nodes[b->node].name);
	link = &t->links[b->link];
	if (link->kind == LINK_LAN ? !valid(b->slot, link->n_members)
				   : b->slot != -1)
		return err_set(err, NFZ_E_INPUT,
			"the bridge on node \"%s\" serves no member of \"%s\"",
			t->nodes[b->node].name, link->name);
	if (topology_bridge_of(t, b->link, b->slot) >= 0)
		return err_set(err, NFZ_E_INPUT,
			"two bridges serve the same member of \"%s\"",
			link->name);
	rc = check_bridge_port(t, b, b->port[0], err);
	return rc ? rc : check_bridge_port(t, b, b->port[1], err);
}

int topology_add_bridge(struct topology *t, const struct topo_bridge *bridge,
	int *ret, struct err *err)
{
	int rc = check_bridge(t, bridge, err);

	if (rc)
		return rc;
	MEM_PUSH(t->bridges, t->n_bridges, t->bridges_cap) = *bridge;
	if (ret)
		*ret = (int)t->n_bridges - 1;
	return 0;
}

void topology_finish(struct topology *t)
{
	size_t *links = mem_zalloc(t->n_nodes ? t->n_nodes : 1, sizeof(*links));

	for (size_t i = 0; i < t->n_ifaces; i++)
		if (t->ifaces[i].link >= 0)
			links[t->ifaces[i].node]++;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].role == ROLE_HOST && links[i] >= 2)
			t->nodes[i].role = ROLE_ROUTER;
	free(links);
}

int topology_node(const struct topology *t, const char *name)
{
	int index = as_index(map_gets(&t->node_by_name, name));

	for (size_t i = 0; index < 0 && i < t->n_nodes; i++)
		if (strcasecmp(t->nodes[i].name, name) == 0)
			index = (int)i;
	return index;
}

int topology_link(const struct topology *t, const char *name)
{
	int index = as_index(map_gets(&t->link_by_name, name));

	for (size_t i = 0; index < 0 && i < t->n_links; i++)
		if (strcasecmp(t->links[i].name, name) == 0)
			index = (int)i;
	return index;
}

int topology_bridge_of(const struct topology *t, int link, int slot)
{
	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *b = &t->bridges[i];

		if (b->link == link && (b->slot == slot || b->slot == -1))
			return (int)i;
	}
	return -1;
}

int topology_node_by_addr(const struct topology *t, const struct net_addr *a)
{
	for (size_t i = 0; i < t->n_ifaces; i++) {
		const struct topo_iface *iface = &t->ifaces[i];

		if (iface->link >= 0 && iface->has_addr &&
			memcmp(iface->addr.b, a->b, sizeof(a->b)) == 0)
			return iface->node;
	}
	return -1;
}

const char *topology_role_name(enum node_role role)
{
	return (size_t)role < N_ROLES ? role_names[role] : "?";
}

bool topology_role_parse(const char *name, enum node_role *ret)
{
	for (size_t i = 0; i < N_ROLES; i++)
		if (strcmp(role_names[i], name) == 0) {
			*ret = (enum node_role)i;
			return true;
		}
	return false;
}

static int64_t lesser_rate(int64_t a, int64_t b)
{
	if (a <= 0 || b <= 0)
		return a > 0 ? a : b; /* 0 is unknown, not the least */
	return a < b ? a : b;
}

struct topo_shape topology_path_shaping(
	const struct topology *t, int link, int slot_a, int slot_b)
{
	const struct topo_link *l = &t->links[link];
	const struct topo_shape *a = &l->members[slot_a].shape;
	const struct topo_shape *b = &l->members[slot_b].shape;

	return (struct topo_shape){
		.delay_ms = a->delay_ms + b->r_delay_ms,
		.r_delay_ms = b->delay_ms + a->r_delay_ms,
		.bandwidth_kbps =
			lesser_rate(a->bandwidth_kbps, b->r_bandwidth_kbps),
		.r_bandwidth_kbps =
			lesser_rate(b->bandwidth_kbps, a->r_bandwidth_kbps),
		.loss = 1 - (1 - a->loss) * (1 - b->r_loss),
		.r_loss = 1 - (1 - b->loss) * (1 - a->r_loss),
	};
}
