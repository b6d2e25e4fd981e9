/* Writing a topology as JSON.  Only what is known is written, in a fixed
 * order, so the same topology always gives the same bytes: a plan carries
 * their digest.  Interfaces stand in the order of their indices and members
 * name them by index; that makes reading back exact.  A bare graph is written in
 * the short form, which is as exact. */
#include "base/mem.h"
#include "format/jsonw.h"
#include "topology/topofile.h"

#include <stdio.h>
#include <string.h>

static void put_true(struct jsonw *w, const char *key, bool v)
{
	if (v)
		jsonw_put_bool(w, key, true);
}

static void put_positive(struct jsonw *w, const char *key, int64_t v)
{
	if (v)
		jsonw_put_int(w, key, v);
}

static void put_nonzero(struct jsonw *w, const char *key, double v)
{
	if (v != 0)
		jsonw_put_double(w, key, v);
}

static void print_node(struct jsonw *w, const struct topo_node *n)
{
	jsonw_object(w);
	jsonw_put(w, "name", n->name);
	jsonw_put(w, "role", topology_role_name(n->role));
	jsonw_put_optional(w, "phys", n->m->phys);
	jsonw_put_optional(w, "host", n->m->host);
	put_true(w, "host_shared", n->m->host_shared);
	jsonw_put_optional(w, "type", n->m->type);
	jsonw_put_optional(w, "os", n->m->os);
	jsonw_put_optional(w, "status", n->m->status);
	jsonw_put_optional(w, "unusable", n->m->unusable);
	jsonw_put_optional(w, "address", n->m->address);
	jsonw_put_optional(w, "hostname", n->m->hostname);
	jsonw_put_optional(w, "login", n->m->login);
	put_positive(w, "port", n->m->port);
	jsonw_put_optional(w, "user", n->m->user);
	jsonw_put_optional(w, "gateway", n->m->gateway);
	if (n->m->host_keys) {
		jsonw_key(w, "host_keys");
		jsonw_array(w);
		for (size_t i = 0; n->m->host_keys[i]; i++)
			jsonw_string(w, n->m->host_keys[i]);
		jsonw_end(w);
	}
	put_true(w, "inferred", n->inferred);
	jsonw_end(w);
}

static void put_addr(struct jsonw *w, const struct topo_iface *i)
{
	char addr[NET_ADDR_TEXT], text[NET_PREFIX_TEXT + 8];
	int base = net_addr_is_v4(&i->card->addr) ? 96 : 0;

	net_addr_print(&i->card->addr, addr);
	if (i->card->prefix_len > base)
		snprintf(text, sizeof(text), "%s/%d", addr,
			i->card->prefix_len - base);
	else
		snprintf(text, sizeof(text), "%s", addr);
	jsonw_put(w, "addr", text);
}

static void print_iface(
	struct jsonw *w, const struct topology *t, const struct topo_iface *i)
{
	char mac[NET_MAC_TEXT];

	jsonw_object_inline(w);
	jsonw_put(w, "node", t->nodes[i->node].name);
	if (i->link >= 0)
		jsonw_put(w, "link", t->links[i->link].name);
	jsonw_put_optional(w, "name", i->card->name);
	jsonw_put_optional(w, "os_name", i->card->os_name);
	jsonw_put_optional(w, "host_os_name", i->card->host_os_name);
	if (i->card->has_mac)
		jsonw_put(w, "mac", net_mac_print(i->card->mac, mac));
	if (i->card->has_addr)
		put_addr(w, i);
	put_positive(w, "speed_kbps", i->card->speed_kbps);
	put_true(w, "inferred", i->inferred);
	jsonw_end(w);
}

static void print_member(
	struct jsonw *w, const struct topology *t, const struct topo_member *m)
{
	const struct topo_shape *s = &t->ifaces[m->iface].card->shape;

	jsonw_object_inline(w);
	jsonw_put_int(w, "iface", m->iface);
	jsonw_put(w, "node", t->nodes[t->ifaces[m->iface].node].name);
	put_nonzero(w, "delay_ms", s->delay_ms);
	put_nonzero(w, "r_delay_ms", s->r_delay_ms);
	put_positive(w, "bandwidth_kbps", s->bandwidth_kbps);
	put_positive(w, "r_bandwidth_kbps", s->r_bandwidth_kbps);
	put_nonzero(w, "loss", s->loss);
	put_nonzero(w, "r_loss", s->r_loss);
	jsonw_end(w);
}

static void print_link(
	struct jsonw *w, const struct topology *t, const struct topo_link *l)
{
	jsonw_object(w);
	jsonw_put(w, "name", l->name);
	jsonw_put(w, "kind", l->kind == LINK_LAN ? "lan" : "p2p");
	jsonw_key(w, "members");
	jsonw_array(w);
	for (size_t i = 0; i < l->n_members; i++)
		print_member(w, t, &l->members[i]);
	jsonw_end(w);
	put_true(w, "trivial", l->trivial);
	put_true(w, "traced", l->traced);
	put_true(w, "floods", l->floods);
	put_true(w, "inferred", l->inferred);
	jsonw_end(w);
}

static void print_port(struct jsonw *w, int port)
{
	if (port < 0)
		jsonw_null(w);
	else
		jsonw_int(w, port);
}

static void print_bridge(
	struct jsonw *w, const struct topology *t, const struct topo_bridge *b)
{
	jsonw_object_inline(w);
	jsonw_put(w, "node", t->nodes[b->node].name);
	jsonw_put(w, "link", t->links[b->link].name);
	if (b->slot >= 0)
		jsonw_put_int(w, "slot", b->slot);
	jsonw_key(w, "ports");
	jsonw_array_inline(w);
	print_port(w, b->port[0]);
	print_port(w, b->port[1]);
	jsonw_end(w);
	jsonw_put_bool(w, "shapes", b->shapes);
	put_true(w, "inferred", b->inferred);
	jsonw_end(w);
}

/* A graph and nothing else: nodes that are names, links that are their ends.
 * Then the short form says it all, and a tenth of the text will do. */

static bool bare_node(
	const struct topology *t, size_t i, const unsigned char *links)
{
	const struct topo_node *n = &t->nodes[i];
	enum node_role role = links[i] > 1 ? ROLE_ROUTER : ROLE_HOST;

	return n->role == role && !n->m->phys && !n->m->host &&
	       !n->m->host_shared && !n->m->type && !n->m->os &&
	       !n->m->status && !n->m->unusable && !n->m->address &&
	       !n->m->hostname && !n->m->login && !n->m->port && !n->m->user &&
	       !n->m->gateway && !n->m->host_keys && !n->inferred;
}

static bool bare_member(const struct topology *t, const struct topo_member *m)
{
	const struct topo_iface *i = &t->ifaces[m->iface];
	const struct topo_shape *s = &i->card->shape;

	return !i->card->name && !i->card->os_name && !i->card->host_os_name &&
	       !i->card->has_mac && !i->card->has_addr &&
	       !i->card->speed_kbps && !i->inferred && !s->delay_ms &&
	       !s->r_delay_ms && !s->bandwidth_kbps && !s->r_bandwidth_kbps &&
	       !s->loss && !s->r_loss;
}

static bool is_bare(const struct topology *t)
{
	cleanup_free unsigned char *links = mem_zalloc(t->n_nodes + 1, 1);
	size_t next = 0;

	if (t->n_bridges)
		return false;
	for (size_t i = 0; i < t->n_links; i++) {
		const struct topo_link *l = &t->links[i];

		if (l->trivial || l->traced || l->floods || l->inferred ||
			!l->n_members)
			return false;
		for (size_t m = 0; m < l->n_members; m++) {
			int node = t->ifaces[l->members[m].iface].node;

			if (l->members[m].iface != (int)next++ ||
				!bare_member(t, &l->members[m]))
				return false;
			links[node] = links[node] ? 2 : 1;
		}
	}
	if (next != t->n_ifaces)
		return false;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (!bare_node(t, i, links))
			return false;
	return true;
}

struct bare {
	const struct topology *t;
	bool numbered; /* all nodes are called by their numbers */
};

static bool is_numbered(const struct topology *t)
{
	char name[TOPOLOGY_NUMBER];

	for (size_t i = 0; i < t->n_nodes; i++)
		if (strcmp(t->nodes[i].name, topology_number(i, name)) != 0)
			return false;
	return true;
}

/* A number is written rather than looked up: ends come in no order. */
static const char *end_name(const struct bare *b, const struct topo_link *l,
	size_t slot, char room[TOPOLOGY_NUMBER])
{
	int node = b->t->ifaces[l->members[slot].iface].node;

	return b->numbered ? topology_number((size_t)node, room)
			   : b->t->nodes[node].name;
}

/* Is it "a--b" of those ends: what a link is called that has no name? */
static bool named_by_ends(const char *name, const char *a, const char *b)
{
	size_t n = strlen(a);

	return strncmp(name, a, n) == 0 && name[n] == '-' &&
	       name[n + 1] == '-' && strcmp(name + n + 2, b) == 0;
}

/* The members of a link of two, as most are. */
static void print_two(
	struct jsonw *w, const struct bare *b, const struct topo_link *l)
{
	char room[2][TOPOLOGY_NUMBER];
	const char *end[] = {
		end_name(b, l, 0, room[0]), end_name(b, l, 1, room[1])};

	if (!named_by_ends(l->name, end[0], end[1]))
		jsonw_put(w, "name", l->name);
	jsonw_key(w, "nodes");
	jsonw_array(w);
	jsonw_string(w, end[0]);
	jsonw_string(w, end[1]);
	jsonw_end(w);
}

static void print_members(
	struct jsonw *w, const struct bare *b, const struct topo_link *l)
{
	char room[TOPOLOGY_NUMBER];

	jsonw_put(w, "name", l->name);
	jsonw_key(w, "nodes");
	jsonw_array(w);
	for (size_t m = 0; m < l->n_members; m++)
		jsonw_string(w, end_name(b, l, m, room));
	jsonw_end(w);
}

static void print_bare(struct jsonw *w, const struct topology *t)
{
	const struct bare b = {t, is_numbered(t)};

	jsonw_key(w, "nodes");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_nodes; i++)
		jsonw_string(w, t->nodes[i].name);
	jsonw_end(w);
	jsonw_key(w, "links");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_links; i++) {
		const struct topo_link *l = &t->links[i];

		jsonw_object_inline(w);
		if (l->n_members == 2)
			print_two(w, &b, l);
		else
			print_members(w, &b, l);
		put_true(w, "lan", l->kind == LINK_LAN && l->n_members < 3);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_full(struct jsonw *w, const struct topology *t)
{
	jsonw_key(w, "nodes");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_nodes; i++)
		print_node(w, &t->nodes[i]);
	jsonw_end(w);
	jsonw_key(w, "interfaces");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_ifaces; i++)
		print_iface(w, t, &t->ifaces[i]);
	jsonw_end(w);
	jsonw_key(w, "links");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_links; i++)
		print_link(w, t, &t->links[i]);
	jsonw_end(w);
	jsonw_key(w, "bridges");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_bridges; i++)
		print_bridge(w, t, &t->bridges[i]);
	jsonw_end(w);
}

void topofile_print(const struct topology *t, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.topology/1");
	jsonw_put_optional(&w, "project", t->project);
	jsonw_put_optional(&w, "experiment", t->experiment);
	jsonw_put_optional(&w, "source", t->source);
	if (is_bare(t))
		print_bare(&w, t);
	else
		print_full(&w, t);
	jsonw_end(&w);
}
