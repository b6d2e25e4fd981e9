/* Links of containerlab files.  Forms of one:
 *
 *	endpoints: ["a:eth1", "b:eth1"]		short, with ipv4/ipv6 lists
 *	endpoints: [{node, interface, ...}, ...]	type veth, veth-stitch
 *	endpoint: {node, interface, ...}		one end; the other is the
 *						host, its network, a tunnel
 *	endpoints: {a: {...}, z: {...}} or a, z	deployed data
 *
 * Links into a bridge are members of its LAN; bridges plugged into each other
 * are one. */
#include "base/mem.h"
#include "testbed/clab_data.h"

#include <stdio.h>
#include <string.h>

/* What stands for a node in the short form, and what becomes of it. */
static const struct {
	const char *name;
	bool outside; /* else the end is dropped */
} words[] = {{"host", true}, {"macvlan", true}, {"vxlan", true},
	{"vxlan-stitch", true}, {"mgmt-net", false}, {"dummy", false}};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static int word_of(const char *name)
{
	for (int i = 0; name && i < N_WORDS; i++)
		if (strcmp(words[i].name, name) == 0)
			return i;
	return -1;
}

/* A name that may also be one of our own making. */
static int outside_node(struct clab *c, const char *name)
{
	struct span id = {name, strlen(name)};
	const struct topo_node n = {.name = name, .role = ROLE_EXTERNAL};
	int index = draft_find(&c->draft, id);

	if (index < 0 && draft_node_id(&c->draft, 0, id, &n, &index))
		index = -1; /* cannot be: it was not found */
	return index;
}

static int use_port(
	struct clab *c, long line, const char *node, const char *port)
{
	cleanup_free char *key = mem_printf("%s:%s", node, port ? port : "");

	if (!port)
		return 0;
	if (map_puts(&c->ports, key, c))
		return draft_fail(&c->draft, line,
			"interface \"%.60s\" is on a link already", key);
	return 0;
}

/* Fills where an end is; with *drop it is nowhere we care for. */
static int find_end(struct clab *c, long line, const char *node,
	struct clab_end *end, bool *drop)
{
	uintptr_t bridge = (uintptr_t)map_gets(&c->bridge_ids, node);
	int index = draft_find(&c->draft, (struct span){node, strlen(node)}),
	    word = word_of(node);

	if (index < 0 && !bridge && word < 0)
		return draft_fail(
			&c->draft, line, "there is no node \"%.60s\"", node);
	if (index < 0 && !bridge) {
		*drop = !words[word].outside;
		if (!*drop)
			end->at = outside_node(c, node);
		return 0;
	}
	end->at = bridge ? -(int)bridge : index;
	return use_port(c, line, node, end->port);
}

/* "node:interface" */
static int read_short(
	struct clab *c, const struct yval *v, struct clab_end *end, bool *drop)
{
	const char *text = yval_text(v);
	const char *colon = text ? strchr(text, ':') : NULL;
	const char *node;

	if (!colon || colon == text || !colon[1])
		return draft_fail(&c->draft, yval_line(v),
			"\"%.60s\" is no end NODE:INTERFACE", text ? text : "");
	node = arena_strndup(&c->draft.scratch, text, (size_t)(colon - text));
	end->port = draft_copy(&c->draft, colon + 1);
	return find_end(c, yval_line(v), node, end, drop);
}

static const char *address_of(const struct yval *v)
{
	const char *text = yval_text(yval_get(v, "ipv4"));

	return text && *text ? text : yval_text(yval_get(v, "ipv6"));
}

/* {node, interface, mac, ipv4, ipv6} */
static int read_long(
	struct clab *c, const struct yval *v, struct clab_end *end, bool *drop)
{
	const char *node = yval_text(yval_get(v, "node"));

	if (!yval_is_map(v))
		return read_short(c, v, end, drop);
	if (!node)
		return draft_fail(&c->draft, yval_line(v),
			"an end of a link without \"node\"");
	end->port = draft_copy(&c->draft, yval_text(yval_get(v, "interface")));
	end->mac = yval_text(yval_get(v, "mac"));
	end->addr = address_of(v);
	return find_end(c, yval_line(v), node, end, drop);
}

/* The other end of a link that has one only. */
static bool far_end(
	struct clab *c, const struct yval *link, struct clab_end *end)
{
	const char *type = yval_text(yval_get(link, "type"));
	const char *name = yval_text(yval_get(link, "remote"));
	char text[160];
	int word = word_of(type);

	if (word < 0 || !words[word].outside)
		return false;
	end->port = draft_copy(
		&c->draft, yval_text(yval_get(link, "host-interface")));
	if (strcmp(type, "macvlan") == 0)
		name = end->port;
	if (name)
		snprintf(text, sizeof(text), "%s:%.100s", type, name);
	else
		snprintf(text, sizeof(text), "%s", type);
	end->at = outside_node(c, text);
	return true;
}

static const struct yval *end_value(
	const struct yval *link, size_t i, bool *single)
{
	static const char *const letters[] = {"a", "z"};
	const struct yval *ends = yval_get(link, "endpoints");
	const struct yval *one = yval_get(link, "endpoint");

	*single = one && !ends;
	if (*single)
		return i ? NULL : one;
	if (yval_is_list(ends))
		return yval_at(ends, i);
	return yval_get(ends ? ends : link, letters[i]);
}

static int read_link(struct clab *c, const struct yval *v)
{
	const struct yval *ends = yval_get(v, "endpoints");
	struct clab_link l = {.line = yval_line(v)};
	bool single = false, drop = false;
	int rc = 0;

	if (!yval_is_map(v))
		return draft_fail(
			&c->draft, l.line, "a link must be a mapping");
	if (yval_is_list(ends) && yval_count(ends) != 2)
		return draft_fail(&c->draft, l.line,
			"a link of %zu ends: two are needed", yval_count(ends));
	for (size_t i = 0; i < 2 && !rc; i++) {
		const struct yval *end = end_value(v, i, &single);
		struct clab_end *e = &l.end[i];

		if (!end && i == 0)
			return draft_fail(&c->draft, l.line,
				"a link without \"endpoints\"");
		if (!end) {
			drop = drop || !far_end(c, v, e);
			break;
		}
		rc = read_long(c, end, e, &drop);
		if (!e->addr)
			e->addr = yval_text(yval_at(yval_get(v, "ipv4"), i));
		if (!e->addr || !*e->addr)
			e->addr = yval_text(yval_at(yval_get(v, "ipv6"), i));
	}
	if (!rc && drop)
		draft_warn(&c->draft, l.line,
			"a link that leads to no other node was left out");
	else
		MEM_PUSH(c->links, c->n_links, c->links_cap) = l;
	return rc;
}

int clab_read_links(struct clab *c, const struct yval *list)
{
	int rc = 0;

	for (size_t i = 0; i < yval_count(list) && !rc; i++)
		rc = read_link(c, yval_at(list, i));
	return rc;
}

/* Making links. */

static int lan_of(struct clab *c, int at)
{
	int i = -1 - at;

	while (c->bridges[i].joined != i)
		i = c->bridges[i].joined =
			c->bridges[c->bridges[i].joined].joined;
	return i;
}

static void set_addr(struct topo_card *card, const char *text)
{
	struct net_prefix p;
	char addr[NET_ADDR_TEXT];
	size_t n = text ? strcspn(text, "/") : 0;

	if (!n || n >= sizeof(addr) || !net_prefix_parse(text, &p))
		return;
	memcpy(addr, text, n);
	addr[n] = '\0';
	card->has_addr = net_addr_parse(addr, &card->addr);
	card->prefix_len = text[n] ? p.len : 0;
}

static int add_end(struct clab *c, int link, const struct clab_end *end)
{
	struct topo_card card = {.name = end->port, .os_name = end->port};
	const struct topo_iface iface = {
		.card = &card, .node = end->at, .link = link};

	card.has_mac = end->mac && net_mac_parse(end->mac, card.mac);
	set_addr(&card, end->addr);
	return topology_add_member(
		c->draft.t, &iface, NULL, NULL, c->draft.err);
}

static int make_wire(struct clab *c, const struct clab_link *l)
{
	const struct topo_node *nodes = c->draft.t->nodes;
	cleanup_free char *name = mem_printf(
		"%s--%s", nodes[l->end[0].at].name, nodes[l->end[1].at].name);
	int link = draft_link(&c->draft, name, LINK_P2P);
	int rc = add_end(c, link, &l->end[0]);

	return rc ? rc : add_end(c, link, &l->end[1]);
}

static int plug(struct clab *c, int bridge, const struct clab_end *end)
{
	struct clab_bridge *b = &c->bridges[bridge];

	if (b->link < 0)
		b->link = draft_link(&c->draft, b->name,
			b->n_members > 2 ? LINK_LAN : LINK_P2P);
	return add_end(c, b->link, end);
}

/* Which bridges are one LAN, and how many members each has. */
static void join_bridges(struct clab *c)
{
	for (size_t i = 0; i < c->n_links; i++) {
		const struct clab_end *e = c->links[i].end;
		int a, b;

		if (e[0].at >= 0 || e[1].at >= 0)
			continue;
		a = lan_of(c, e[0].at);
		b = lan_of(c, e[1].at);
		c->bridges[a > b ? a : b].joined = a > b ? b : a;
	}
	for (size_t i = 0; i < c->n_links; i++) {
		const struct clab_end *e = c->links[i].end;

		if ((e[0].at < 0) != (e[1].at < 0))
			c->bridges[lan_of(c, e[0].at < 0 ? e[0].at : e[1].at)]
				.n_members++;
	}
}

int clab_make_links(struct clab *c)
{
	int rc = 0;

	join_bridges(c);
	for (size_t i = 0; i < c->n_links && !rc; i++) {
		const struct clab_link *l = &c->links[i];
		size_t far = l->end[0].at < 0;

		if (l->end[0].at >= 0 && l->end[1].at >= 0)
			rc = make_wire(c, l);
		else if (l->end[far].at >= 0)
			rc = plug(c, lan_of(c, l->end[!far].at), &l->end[far]);
	}
	return rc;
}
