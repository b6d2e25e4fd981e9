/* An RSpec as an NS text: what both can say, in the words of the second.
 *
 * Names of the NS text hold letters, digits and "-" only, and stay below 32
 * characters; where an RSpec's does not, the node gets another and the
 * manifest still shows its own.  Links are as fast as what they connect (a
 * testbed of one machine has no 100 Gb/s): a rate that no port here reaches
 * is left open. */
#include "base/mem.h"
#include "lab/portal.h"
#include "testbed/portal.h"
#include "testbed/rspec.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FIRST_NET UINT32_C(0x0a0a0100) /* 10.10.1.0 */

enum {
	NAME_MAX_LEN = 30,
	PORT_KBPS = 1000000, /* of the fastest machines */
	MACHINE_PORTS = 4,
	MASK_MIN = 16,
	NODES_MAX = 1000,
	NET_STEP = 256,
	NS_TEXT_MAX = 512 << 10
};

struct input {
	const struct topology *t;
	const struct draft_text *from;
	struct buf *ns;
	struct lab_portal *p;
	struct map taken;
	uint32_t next_net;           /* to give to links without addresses */
	const char **nodes, **links; /* names in the NS text, NULL: left out */
};

bool lab_rspec_is(const char *text, size_t len)
{
	return rspec_is(text, len) || portal_manifests_is(text, len);
}

static void NFZ_PRINTF(2, 3) warn(const struct input *in, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (in->from->warnings == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_addf(in->from->warnings, "%s: %s\n", in->from->name, text);
}

/* Tcl's own variables, and the simulator's. */
static bool is_reserved(const char *name)
{
	static const char *const words[] = {"env", "opt", "argv", "argv0",
		"argc", "errorInfo", "errorCode", "nfzSimulator", NULL};

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

/* Can the NS text have it as it is? */
static bool is_usable(const char *id)
{
	size_t n = 0;

	for (; id[n] != '\0' && n < NAME_MAX_LEN; n++)
		if (!isalnum((unsigned char)id[n]) && id[n] != '-')
			return false;
	return n > 0 && n < NAME_MAX_LEN && id[0] != '-' && !is_reserved(id);
}

/* First come those that keep their name, of nodes before those of links. */
static void reserve(struct input *in, const char *id)
{
	if (is_usable(id) && map_gets(&in->taken, id) == NULL)
		map_puts(&in->taken, id, (void *)(uintptr_t)id);
}

/* The name as the NS text can have it, not taken yet. */
static const char *ns_name(struct input *in, const char *id)
{
	char name[NAME_MAX_LEN + 1], trial[NAME_MAX_LEN + 8];
	size_t n = 0;

	if (map_gets(&in->taken, id) == id)
		return arena_strdup(&in->p->arena, id);
	for (; id[n] != '\0' && n < NAME_MAX_LEN - 4; n++)
		name[n] = (char)(isalnum((unsigned char)id[n]) ? id[n] : '-');
	name[n] = '\0';
	if (name[0] == '-' || name[0] == '\0')
		name[0] = 'n';
	snprintf(trial, sizeof(trial), "%s", name);
	for (int k = 2; is_reserved(trial) || map_gets(&in->taken, trial); k++)
		snprintf(trial, sizeof(trial), "%.26s-%d", name, k);
	map_puts(&in->taken, trial, (void *)1);
	return arena_strdup(&in->p->arena, trial);
}

static const char *renamed(struct input *in, const char *id, bool link)
{
	struct lab_portal *p = in->p;
	struct lab_name pair = {.ns = ns_name(in, id)};

	if (strcmp(pair.ns, id) == 0)
		return pair.ns;
	pair.id = arena_strdup(&p->arena, id);
	if (link)
		MEM_PUSH(p->links, p->n_links, p->links_cap) = pair;
	else
		MEM_PUSH(p->nodes, p->n_nodes, p->nodes_cap) = pair;
	return pair.ns;
}

static bool stands_on_link(const struct input *in, int node)
{
	for (size_t i = 0; i < in->t->n_bridges; i++)
		if (in->t->bridges[i].node == node)
			return true;
	return false;
}

static size_t links_of(const struct input *in, int node)
{
	size_t n = 0;

	for (size_t i = 0; i < in->t->n_ifaces; i++)
		n += in->t->ifaces[i].node == node &&
		     in->t->ifaces[i].link >= 0 && in->t->ifaces[i].slot >= 0;
	return n;
}

/* An image's name as tb-set-node-os takes it. */
static bool is_image(const char *os)
{
	size_t n = os != NULL ? strlen(os) : 0;

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)os[i]) && os[i] != '-' &&
			os[i] != '_' && os[i] != '.')
			return false;
	return n > 0 && n < 30;
}

static void add_node(struct input *in, int i)
{
	const struct topo_node *n = &in->t->nodes[i];
	const char *name;

	if (stands_on_link(in, i))
		return;
	if (n->role == ROLE_EXTERNAL) {
		warn(in, "%s is outside the experiment: left out", n->name);
		return;
	}
	in->nodes[i] = name = renamed(in, n->name, false);
	buf_addf(in->ns, "set {%s} [$nfzSimulator node]\n", name);
	if (n->role == ROLE_SWITCH)
		warn(in,
			"%s is a rented switch: here it is a node, and frames "
			"do not pass it",
			n->name);
	/* machines have few ports, virtual nodes more */
	if (n->role == ROLE_VIRTUAL || links_of(in, i) > MACHINE_PORTS)
		buf_addf(in->ns,
			"tb-set-hardware ${%s} pcvm\n"
			"${%s} add-desire pcshared 0.9\n",
			name, name);
	else if (is_image(n->m->os))
		buf_addf(in->ns, "tb-set-node-os ${%s} %s\n", name, n->m->os);
}

/* ---- links ---- */

static int64_t usable_rate(int64_t kbps)
{
	return kbps > 0 && kbps < PORT_KBPS ? kbps : PORT_KBPS;
}

/* Shapers know no delay below 2 ms. */
static int usable_delay(double ms)
{
	return ms < 2 ? 0 : (int)ms;
}

static double usable_loss(double loss)
{
	return loss < 0.000005 ? 0 : loss;
}

static const char *member_node(
	const struct input *in, const struct topo_link *l, uint32_t slot)
{
	return in->nodes[in->t->ifaces[l->members[slot].iface].node];
}

static uint32_t usable_members(
	const struct input *in, const struct topo_link *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n_members; i++)
		n += member_node(in, l, i) != NULL;
	return n;
}

static bool joins_twice(const struct input *in, const struct topo_link *l)
{
	return l->n_members == 2 && member_node(in, l, 0) != NULL &&
	       member_node(in, l, 0) == member_node(in, l, 1);
}

static void add_way(struct input *in, const char *name, const char *from,
	const struct topo_shape *s)
{
	buf_addf(in->ns,
		"tb-set-link-simplex-params ${%s} ${%s} %dms %lldkb %.6f\n",
		name, from, usable_delay(s->delay_ms),
		(long long)usable_rate(s->bandwidth_kbps),
		usable_loss(s->loss));
}

static void add_p2p(struct input *in, int link)
{
	const struct topo_link *l = &in->t->links[link];
	const char *name = in->links[link];
	const char *a = member_node(in, l, 0), *b = member_node(in, l, 1);
	struct topo_shape there = topology_path_shaping(in->t, link, 0, 1);
	struct topo_shape back = topology_path_shaping(in->t, link, 1, 0);

	buf_addf(in->ns,
		"set {%s} [$nfzSimulator duplex-link ${%s} ${%s} %dkb 0ms "
		"DropTail]\n",
		name, a, b, PORT_KBPS);
	if (usable_rate(there.bandwidth_kbps) == PORT_KBPS &&
		usable_rate(back.bandwidth_kbps) == PORT_KBPS &&
		!usable_delay(there.delay_ms) && !usable_delay(back.delay_ms) &&
		usable_loss(there.loss) <= 0 && usable_loss(back.loss) <= 0)
		return;
	add_way(in, name, a, &there);
	add_way(in, name, b, &back);
}

static void add_lan_member(struct input *in, const char *lan, const char *node,
	const struct topo_shape *s)
{
	if (s->delay_ms < 2 && s->r_delay_ms < 2 &&
		usable_rate(s->bandwidth_kbps) == PORT_KBPS &&
		usable_rate(s->r_bandwidth_kbps) == PORT_KBPS &&
		usable_loss(s->loss) <= 0 && usable_loss(s->r_loss) <= 0)
		return;
	buf_addf(in->ns,
		"tb-set-lan-simplex-params ${%s} ${%s} %dms %lldkb %.6f %dms "
		"%lldkb %.6f\n",
		lan, node, usable_delay(s->delay_ms),
		(long long)usable_rate(s->bandwidth_kbps), usable_loss(s->loss),
		usable_delay(s->r_delay_ms),
		(long long)usable_rate(s->r_bandwidth_kbps),
		usable_loss(s->r_loss));
}

static void add_lan(struct input *in, int link)
{
	const struct topo_link *l = &in->t->links[link];
	const char *name = in->links[link];

	buf_addf(in->ns, "set {%s} [$nfzSimulator make-lan \"", name);
	for (uint32_t i = 0; i < l->n_members; i++)
		if (member_node(in, l, i) != NULL)
			buf_addf(in->ns, "${%s} ", member_node(in, l, i));
	buf_addf(in->ns, "\" %dkb 0ms]\n", PORT_KBPS);
	for (uint32_t i = 0; i < l->n_members; i++)
		if (member_node(in, l, i) != NULL)
			add_lan_member(in, name, member_node(in, l, i),
				&in->t->ifaces[l->members[i].iface]
					 .card->shape);
}

static bool told_address(const struct input *in, const struct topo_link *l,
	uint32_t slot, const struct net_addr *a)
{
	for (uint32_t i = 0; i < slot; i++) {
		const struct topo_card *c =
			in->t->ifaces[l->members[i].iface].card;

		if (c->has_addr && memcmp(&c->addr, a, sizeof(*a)) == 0)
			return true;
	}
	return false;
}

static bool has_addresses(const struct input *in, const struct topo_link *l)
{
	for (uint32_t i = 0; i < l->n_members; i++) {
		const struct topo_card *c =
			in->t->ifaces[l->members[i].iface].card;

		if (c->has_addr && net_addr_is_v4(&c->addr))
			return true;
	}
	return false;
}

/* Is any address of the RSpec in this /24? */
static bool is_used(const struct input *in, uint32_t net)
{
	for (size_t i = 0; i < in->t->n_ifaces; i++) {
		const struct topo_card *c = in->t->ifaces[i].card;
		char text[NET_ADDR_TEXT], want[NET_ADDR_TEXT];
		struct net_addr a = net_addr_v4_host(net);
		size_t n;

		if (!c->has_addr || !net_addr_is_v4(&c->addr))
			continue;
		net_addr_print(&a, want);
		n = (size_t)(strrchr(want, '.') - want) + 1;
		if (strncmp(net_addr_print(&c->addr, text), want, n) == 0)
			return true;
	}
	return false;
}

/* A link of which no address is told gets a network that no other has. */
static void give_addresses(struct input *in, int link)
{
	const struct topo_link *l = &in->t->links[link];
	const char *kind = l->n_members == 2 ? "link" : "lan";
	char text[NET_ADDR_TEXT];

	while (is_used(in, in->next_net))
		in->next_net += NET_STEP;
	for (uint32_t i = 0; i < l->n_members && i < NET_STEP - 2; i++) {
		struct net_addr a = net_addr_v4_host(in->next_net + i + 1);

		if (member_node(in, l, i) != NULL)
			buf_addf(in->ns, "tb-set-ip-%s ${%s} ${%s} %s\n", kind,
				member_node(in, l, i), in->links[link],
				net_addr_print(&a, text));
	}
	in->next_net += NET_STEP;
}

static void add_addresses(struct input *in, int link)
{
	const struct topo_link *l = &in->t->links[link];
	const char *kind = l->n_members == 2 ? "link" : "lan";
	char text[NET_ADDR_TEXT];
	int len = 0;

	for (uint32_t i = 0; i < l->n_members; i++) {
		const struct topo_card *c =
			in->t->ifaces[l->members[i].iface].card;

		if (member_node(in, l, i) == NULL || !c->has_addr ||
			!net_addr_is_v4(&c->addr) ||
			told_address(in, l, i, &c->addr))
			continue;
		buf_addf(in->ns, "tb-set-ip-%s ${%s} ${%s} %s\n", kind,
			member_node(in, l, i), in->links[link],
			net_addr_print(&c->addr, text));
		len = c->prefix_len > 96 ? c->prefix_len - 96 : len;
	}
	if (len >= MASK_MIN && len < 31) {
		struct net_addr mask = net_addr_v4_host(
			(uint32_t)(UINT64_C(0xffffffff) << (32 - len)));

		buf_addf(in->ns, "tb-set-netmask ${%s} %s\n", in->links[link],
			net_addr_print(&mask, text));
	}
}

static void add_link(struct input *in, int link)
{
	const struct topo_link *l = &in->t->links[link];
	uint32_t n = usable_members(in, l);

	if (n < 2 || joins_twice(in, l)) {
		warn(in, "link %s connects %s: left out", l->name,
			n < 2 ? "less than two nodes" : "a node to itself");
		return;
	}
	in->links[link] = renamed(in, l->name, true);
	/* a LAN of which two are left is one all the same */
	if (l->n_members == 2)
		add_p2p(in, link);
	else
		add_lan(in, link);
	if (has_addresses(in, l))
		add_addresses(in, link);
	else
		give_addresses(in, link);
}

/* ---- bridges ---- */

static void add_bridge(struct input *in, const struct topo_bridge *b)
{
	const struct topo_link *l = &in->t->links[b->link];
	struct lab_portal *p = in->p;
	struct lab_bridge one = {.lan = in->links[b->link]};

	if (one.lan == NULL)
		return;
	one.id = arena_strdup(&p->arena, in->t->nodes[b->node].name);
	if (b->slot >= 0 && l->n_members > 2)
		one.member = member_node(in, l, (uint32_t)b->slot);
	if (one.member != NULL)
		buf_addf(in->ns,
			"[[$nfzSimulator lanlink ${%s} ${%s}] queue] trace "
			"monitor\n",
			one.lan, one.member);
	else
		buf_addf(in->ns, "${%s} trace monitor\n", one.lan);
	MEM_PUSH(p->bridges, p->n_bridges, p->bridges_cap) = one;
}

static void write_ns(struct input *in)
{
	const struct topology *t = in->t;

	buf_adds(in->ns, "source tb_compat.tcl\n"
			 "set nfzSimulator [new Simulator]\n");
	for (size_t i = 0; i < t->n_nodes; i++)
		if (!stands_on_link(in, (int)i))
			reserve(in, t->nodes[i].name);
	for (size_t i = 0; i < t->n_links; i++)
		reserve(in, t->links[i].name);
	for (size_t i = 0; i < t->n_nodes; i++)
		add_node(in, (int)i);
	for (size_t i = 0; i < t->n_links; i++)
		add_link(in, (int)i);
	for (size_t i = 0; i < t->n_bridges; i++)
		add_bridge(in, &t->bridges[i]);
	if (in->p->n_bridges > 0) /* each is a node of its own */
		buf_adds(in->ns, "tb-set-delay-capacity 1\n");
	buf_adds(in->ns, "$nfzSimulator rtproto Static\n"
			 "$nfzSimulator run\n");
}

static int read_topology(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	if (rspec_is(from->text, from->len))
		return rspec_parse(from, ret, err);
	return portal_manifests_parse(from, ret, err);
}

int lab_rspec_read(const struct draft_text *from, struct buf *ns,
	struct lab_portal *portal, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct input in = {
		.from = from, .ns = ns, .p = portal, .next_net = FIRST_NET};
	int r = read_topology(from, &t, err);

	if (r != 0)
		return r;
	if (t->n_nodes > NODES_MAX || t->n_links > NODES_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"%s: more than %d nodes or links, which no testbed of "
			"one machine can hold",
			from->name, NODES_MAX);
	in.t = t;
	in.nodes = mem_zalloc(t->n_nodes + 1, sizeof(*in.nodes));
	in.links = mem_zalloc(t->n_links + 1, sizeof(*in.links));
	map_init(&in.taken);
	write_ns(&in);
	if (!buf_ok(ns) || ns->len > NS_TEXT_MAX)
		r = err_set(err, NFZ_E_LIMIT,
			"%s: makes more than %d KiB of NS text", from->name,
			NS_TEXT_MAX >> 10);
	map_release(&in.taken);
	free(in.nodes);
	free(in.links);
	return r;
}
