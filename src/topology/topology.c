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

const struct topo_machine topology_no_machine;
const struct topo_card topology_no_card;

struct topology *topology_new(void)
{
	struct topology *t = mem_zalloc(1, sizeof(*t));

	t->names = mem_zalloc(1, sizeof(*t->names));
	nameindex_init(&t->names->nodes);
	nameindex_init(&t->names->links);
	return t;
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	free(t->nodes);
	free(t->ifaces);
	free(t->links);
	free(t->bridges);
	free(t->bridge_slots);
	nameindex_release(&t->names->nodes);
	nameindex_release(&t->names->links);
	free(t->names);
	arena_release(&t->arena);
	free(t);
}

static bool valid(int index, size_t n)
{
	return index >= 0 && (size_t)index < n;
}

static struct nameindex_array all_nodes(const struct topology *t)
{
	return (struct nameindex_array){t->nodes, sizeof(*t->nodes)};
}

static struct nameindex_array all_links(const struct topology *t)
{
	return (struct nameindex_array){t->links, sizeof(*t->links)};
}

int topology_node_exact(const struct topology *t, const char *name)
{
	nameindex_fill(&t->names->nodes, all_nodes(t), t->n_nodes);
	return nameindex_find(&t->names->nodes, all_nodes(t), name);
}

int topology_link_exact(const struct topology *t, const char *name)
{
	nameindex_fill(&t->names->links, all_links(t), t->n_links);
	return nameindex_find(&t->names->links, all_links(t), name);
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

static const struct topo_machine *copy_machine(
	struct arena *a, const struct topo_machine *m)
{
	struct topo_machine *copy;

	if (!m || m == &topology_no_machine)
		return &topology_no_machine;
	copy = arena_alloc(a, 1, sizeof(*copy));
	*copy = *m;
	copy->phys = arena_strdup(a, m->phys);
	copy->host = arena_strdup(a, m->host);
	copy->type = arena_strdup(a, m->type);
	copy->os = arena_strdup(a, m->os);
	copy->status = arena_strdup(a, m->status);
	copy->unusable = arena_strdup(a, m->unusable);
	copy->address = arena_strdup(a, m->address);
	copy->hostname = arena_strdup(a, m->hostname);
	copy->login = arena_strdup(a, m->login);
	copy->user = arena_strdup(a, m->user);
	copy->gateway = arena_strdup(a, m->gateway);
	copy->host_keys = copy_keys(a, m->host_keys);
	return copy;
}

bool topology_may_answer(const struct topo_machine *m)
{
	return !m->unusable || strcmp(m->unusable, "down") == 0 ||
	       strcmp(m->unusable, "silent") == 0 ||
	       strcmp(m->unusable, "ports") == 0;
}

const char *topology_login(const struct topo_machine *m)
{
	return m->login ? m->login : m->address ? m->address : m->hostname;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Only these bytes, and no "-" in front, which programs take for an option. */
static bool only(const char *text, const char *bytes, size_t max)
{
	size_t n = text ? strlen(text) : 0;

	return n > 0 && n <= max && text[0] != '-' && strspn(text, bytes) == n;
}

bool topology_host_valid(const char *text)
{
	return only(text, LETTERS "-_.:", 255);
}

bool topology_gateway_valid(const char *text)
{
	return only(text, LETTERS "-_.:@,[]", 1000) && !strstr(text, ",-") &&
	       !strstr(text, "@-");
}

bool topology_user_valid(const char *text)
{
	return only(text, LETTERS "-_.@+", 64);
}

struct topo_machine *topology_machine(struct topology *t, int node)
{
	struct topo_machine *copy = arena_alloc(&t->arena, 1, sizeof(*copy));

	*copy = *t->nodes[node].m;
	t->nodes[node].m = copy;
	return copy;
}

int topology_add_node(struct topology *t, const struct topo_node *node,
	int *ret, struct err *err)
{
	struct topo_node *n;

	if (!node->name || !node->name[0])
		return err_set(err, NFZ_E_INPUT, "a node has no name");
	if (t->n_nodes >= NAMEINDEX_MAX)
		return err_set(
			err, NFZ_E_LIMIT, "more than %d nodes", NAMEINDEX_MAX);
	nameindex_fill(&t->names->nodes, all_nodes(t), t->n_nodes);
	if (nameindex_add(&t->names->nodes, all_nodes(t), node->name) >= 0)
		return err_set(err, NFZ_E_INPUT, "two nodes are named \"%s\"",
			node->name);
	MEM_PUSH(t->nodes, t->n_nodes, t->nodes_cap) = *node;
	n = &t->nodes[t->n_nodes - 1];
	n->name = arena_strdup(&t->arena, node->name);
	n->m = copy_machine(&t->arena, node->m);
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
	if (t->n_links >= NAMEINDEX_MAX)
		return err_set(
			err, NFZ_E_LIMIT, "more than %d links", NAMEINDEX_MAX);
	nameindex_fill(&t->names->links, all_links(t), t->n_links);
	if (nameindex_add(&t->names->links, all_links(t), name) >= 0)
		return err_set(
			err, NFZ_E_INPUT, "two links are named \"%s\"", name);
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

static bool is_shaped(const struct topo_shape *s)
{
	return s->delay_ms != 0 || s->r_delay_ms != 0 || s->bandwidth_kbps ||
	       s->r_bandwidth_kbps || s->loss != 0 || s->r_loss != 0;
}

static bool is_known(const struct topo_card *c)
{
	return c->name || c->os_name || c->host_os_name || c->has_mac ||
	       c->has_addr || c->prefix_len || c->speed_kbps ||
	       is_shaped(&c->shape);
}

static const struct topo_card *copy_card(struct arena *a,
	const struct topo_card *card, const struct topo_shape *shape)
{
	struct topo_card c = card ? *card : topology_no_card, *copy;

	if (shape)
		c.shape = *shape;
	if (!is_known(&c))
		return &topology_no_card;
	copy = arena_alloc(a, 1, sizeof(*copy));
	*copy = c;
	copy->name = arena_strdup(a, c.name);
	copy->os_name = arena_strdup(a, c.os_name);
	copy->host_os_name = arena_strdup(a, c.host_os_name);
	return copy;
}

struct topo_card *topology_card(struct topology *t, int iface)
{
	struct topo_card *copy = arena_alloc(&t->arena, 1, sizeof(*copy));

	*copy = *t->ifaces[iface].card;
	t->ifaces[iface].card = copy;
	return copy;
}

static int push_iface(struct topology *t, const struct topo_iface *iface,
	const struct topo_shape *shape)
{
	struct topo_iface *i;

	MEM_PUSH(t->ifaces, t->n_ifaces, t->ifaces_cap) = *iface;
	i = &t->ifaces[t->n_ifaces - 1];
	i->card = copy_card(&t->arena, iface->card, shape);
	i->slot = -1;
	return (int)t->n_ifaces - 1;
}

/* Members have no capacity of their own: room for two, then it doubles at
 * powers of 2.  What was outgrown stays in the arena, no more than is used. */
static int push_member(struct topology *t, struct topo_link *link, int iface)
{
	uint32_t n = link->n_members;

	if (n == 0 || (n > 1 && (n & (n - 1)) == 0)) {
		struct topo_member *more =
			arena_alloc_aligned(&t->arena, n ? (size_t)n * 2 : 2,
				sizeof(*more), _Alignof(struct topo_member));

		if (n)
			memcpy(more, link->members, n * sizeof(*more));
		link->members = more;
	}
	link->members[link->n_members++].iface = iface;
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
	index = push_iface(t, iface, shape);
	if (link)
		t->ifaces[index].slot =
			push_member(t, link, index) & 0x3fffffff;
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
	index = push_iface(t, iface, NULL);
	if (ret_iface)
		*ret_iface = index;
	return 0;
}

/* Bridges are found by the link and the slot they serve. */

static size_t bridge_hash(const struct topology *t, int link, int slot)
{
	uint64_t h = ((uint64_t)(uint32_t)link << 32 | (uint32_t)slot) ^
		     t->names->links.seed.k0;

	h = (h ^ h >> 31) * 0x9e3779b97f4a7c15u;
	return (size_t)(h ^ h >> 29) & (t->bridge_slots_size - 1);
}

static int find_bridge(const struct topology *t, int link, int slot)
{
	size_t at;

	if (!t->bridge_slots_size)
		return -1;
	for (at = bridge_hash(t, link, slot); t->bridge_slots[at];
		at = (at + 1) & (t->bridge_slots_size - 1)) {
		int i = (int)t->bridge_slots[at] - 1;

		if (t->bridges[i].link == link && t->bridges[i].slot == slot)
			return i;
	}
	return -1;
}

static void put_bridge(struct topology *t, size_t i)
{
	size_t at = bridge_hash(t, t->bridges[i].link, t->bridges[i].slot);

	while (t->bridge_slots[at])
		at = (at + 1) & (t->bridge_slots_size - 1);
	t->bridge_slots[at] = (uint32_t)i + 1;
}

/* After one was added. */
static void index_bridges(struct topology *t)
{
	if (t->n_bridges * 4 <= t->bridge_slots_size * 3) {
		put_bridge(t, t->n_bridges - 1);
		return;
	}
	t->bridge_slots_size =
		t->bridge_slots_size ? t->bridge_slots_size * 2 : 16;
	free(t->bridge_slots);
	t->bridge_slots =
		mem_zalloc(t->bridge_slots_size, sizeof(*t->bridge_slots));
	for (size_t i = 0; i < t->n_bridges; i++)
		put_bridge(t, i);
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
	index_bridges(t);
	if (ret)
		*ret = (int)t->n_bridges - 1;
	return 0;
}

void topology_finish(struct topology *t)
{
	uint32_t *links =
		mem_zalloc(t->n_nodes ? t->n_nodes : 1, sizeof(*links));

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
	int index = topology_node_exact(t, name);

	for (size_t i = 0; index < 0 && i < t->n_nodes; i++)
		if (strcasecmp(t->nodes[i].name, name) == 0)
			index = (int)i;
	return index;
}

int topology_link(const struct topology *t, const char *name)
{
	int index = topology_link_exact(t, name);

	for (size_t i = 0; index < 0 && i < t->n_links; i++)
		if (strcasecmp(t->links[i].name, name) == 0)
			index = (int)i;
	return index;
}

int topology_bridge_of(const struct topology *t, int link, int slot)
{
	int whole = find_bridge(t, link, -1);

	return whole >= 0 || slot == -1 ? whole : find_bridge(t, link, slot);
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
	const struct topo_shape *a =
		&t->ifaces[l->members[slot_a].iface].card->shape;
	const struct topo_shape *b =
		&t->ifaces[l->members[slot_b].iface].card->shape;

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

int64_t topology_speed_kbps(const struct topology *t, int link, int slot)
{
	const struct topo_link *l = &t->links[link];
	const struct topo_card *card;
	int64_t kbps = 0;

	if (slot < 0 || (unsigned)slot >= l->n_members)
		return 0;
	if (l->kind != LINK_LAN && l->n_members == 2)
		kbps = topology_path_shaping(t, link, slot, 1 - slot)
			       .bandwidth_kbps;
	if (kbps)
		return kbps;
	card = t->ifaces[l->members[slot].iface].card;
	return card->shape.bandwidth_kbps ? card->shape.bandwidth_kbps
					  : card->speed_kbps;
}
