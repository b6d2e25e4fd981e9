/* A node of an RSpec: what it is, what runs it, how to log in, its
 * interfaces.  Names of machines, images and hosts are taken out of the URNs
 * they come in. */
#include "base/mem.h"
#include "base/word.h"
#include "testbed/import.h"
#include "testbed/rspec_data.h"

#include <string.h>
#include <strings.h>

static const char *attr(
	struct rspec *r, const struct xnode *x, const char *name)
{
	return draft_copy(&r->draft, draft_xml_attr(&r->draft, x, name));
}

/* Of what may be absent. */
static const struct xnode *first(const struct xnode *x)
{
	return x ? xnode_child(x) : NULL;
}

static const struct xnode *child(const struct xnode *x, const char *name)
{
	return x ? xnode_find(x, name) : NULL;
}

static bool one_of(const char *s, const char *const *list)
{
	for (; s && *list; list++)
		if (strcasecmp(s, *list) == 0)
			return true;
	return false;
}

/* "urn:publicid:IDN+site+image+emulab-ops//UBUNTU20-64-STD" and
 * "emulab-ops/UBUNTU18-64-STD:0" -> the image's own name */
static const char *image_name(struct rspec *r, const char *image)
{
	const char *s = rspec_urn_name(image), *slash;

	if (!s || strstr(s, "://")) /* an address: names nothing */
		return NULL;
	slash = strrchr(s, '/');
	s = slash ? slash + 1 : s;
	return s[0] ? arena_strndup(&r->draft.scratch, s, strcspn(s, ":"))
		    : NULL;
}

static bool read_login(
	struct rspec *r, const struct xnode *x, struct topo_machine *m)
{
	const char *host = attr(r, x, "hostname"), *user;
	const char *port = attr(r, x, "port");
	int64_t number = 0;

	if (!topology_host_valid(host))
		return false;
	/* behind another port there is another machine */
	if (port && (!span_count((struct span){port, strlen(port)}, 65535,
			     &number) ||
			    number == 0)) {
		draft_warn(&r->draft, xnode_line(x),
			"a login at port \"%.20s\", which is none, is not used",
			port);
		return false;
	}
	m->hostname = host;
	user = attr(r, x, "username");
	if (topology_user_valid(user))
		m->user = user;
	m->port = (uint16_t)number;
	return true;
}

/* One entry for each member of the project: the caller's, else the first
 * stands for all. */
static void read_logins(
	struct rspec *r, const struct xnode *services, struct topo_machine *m)
{
	const char *user = r->draft.from->user;
	struct topo_machine one = {0};

	for (const struct xnode *x = first(services); x; x = xnode_next(x)) {
		if (!xnode_is(x, "login") || !read_login(r, x, &one))
			continue;
		if (!m->hostname) {
			m->hostname = one.hostname;
			m->user = one.user;
			m->port = one.port;
		}
		if (!user || (one.user && strcmp(one.user, user) == 0)) {
			m->hostname = one.hostname;
			m->user = one.user;
			m->port = one.port;
			return;
		}
		one = (struct topo_machine){0};
	}
}

static void read_services(
	struct rspec *r, const struct xnode *node, struct topo_machine *m)
{
	const struct xnode *services = child(node, "services");
	const struct xnode *host = child(node, "host");
	const char *address = attr(r, host, "ipv4");
	const char *name = attr(r, host, "name");
	struct net_addr parsed;

	read_logins(r, services, m);
	if (!m->hostname && topology_host_valid(name))
		m->hostname = name;
	/* behind another port it is the machine below that is logged into */
	if (address && (!m->port || m->port == 22) &&
		net_addr_parse(address, &parsed))
		m->address = address;
}

static enum node_role role_of(const char *sliver, bool below)
{
	static const char *const virtual[] = {"emulab-xen", "emulab-openvz",
		"default-vm", "docker", "dockercontainer", "emulab-docker",
		"emulab-kvm", "xen", "kvm", "vm", "m1.tiny", "m1.small",
		"m1.medium", "m1.large", "m1.xlarge", NULL};
	static const char *const outside[] = {
		"emulab-blockstore", "emulab-connect", "emulab-bbg", NULL};

	if (sliver && strcmp(sliver, "delay") == 0)
		return ROLE_SHAPER;
	if (one_of(sliver, outside))
		return ROLE_EXTERNAL;
	if (below || one_of(sliver, virtual) ||
		(sliver && strncasecmp(sliver, "xo.", 3) == 0))
		return ROLE_VIRTUAL;
	return ROLE_HOST;
}

/* What it is: sliver type, hardware, image, machine. */
static void read_kind(struct rspec *r, const struct xnode *x,
	struct topo_node *n, struct topo_machine *m)
{
	const struct xnode *sliver = child(x, "sliver_type");
	const struct xnode *vnode = child(x, "vnode");
	const char *image, *machine, *own, *exclusive;

	machine = draft_copy(&r->draft,
		rspec_urn_name(draft_xml_attr(&r->draft, x, "component_id")));
	own = attr(r, vnode, "name");
	exclusive = attr(r, x, "exclusive");
	m->phys = own ? own : machine;
	m->host = machine;
	n->role = role_of(attr(r, sliver, "name"),
		own && machine && strcmp(own, machine) != 0);
	m->host_shared = n->role == ROLE_VIRTUAL &&
			 (!exclusive || strcasecmp(exclusive, "true") != 0);
	m->type = attr(r, vnode, "hardware_type");
	if (!m->type)
		m->type = attr(r, child(x, "hardware_type"), "name");
	image = attr(r, child(sliver, "disk_image"), "name");
	m->os = image_name(r, image ? image : attr(r, vnode, "disk_image"));
	if (!m->os)
		m->os = image_name(r, attr(r, vnode, "disk_image"));
	if (import_os_unusable(m->os))
		m->unusable = "os";
}

static int read_pipes(struct rspec *r, const struct xnode *node, int index)
{
	const struct xnode *shaping =
		child(child(node, "sliver_type"), "sliver_type_shaping");
	int rc = 0;

	for (const struct xnode *x = first(shaping); x && !rc;
		x = xnode_next(x)) {
		struct rspec_pipe p = {.node = index};

		if (!xnode_is(x, "pipe"))
			continue;
		p.source = draft_xml_attr(&r->draft, x, "source");
		p.dest = draft_xml_attr(&r->draft, x, "dest");
		rc = rspec_shape(r, x, &p.shape);
		MEM_PUSH(r->pipes, r->n_pipes, r->pipes_cap) = p;
	}
	return rc;
}

/* Interfaces. */

/* "urn:...+interface+pc3:1%2F25" -> "1/25".  "lo0" is what links inside one
 * machine have: no interface of the node's. */
static const char *port_name(struct rspec *r, const char *component)
{
	const char *s = rspec_urn_name(component), *colon;
	char *copy;

	colon = s ? strchr(s, ':') : NULL;
	if (!colon || !colon[1] || strcmp(colon, ":lo0") == 0)
		return NULL;
	copy = arena_strdup(&r->draft.scratch, colon + 1);
	return draft_copy(&r->draft,
		word_undo(copy, copy, strlen(copy) + 1) ? copy : colon + 1);
}

/* Without a machine the wish has a name of its own: "node0:if1" -> "if1". */
static const char *wished_name(struct rspec *r, int node, const char *id)
{
	const char *name = r->draft.t->nodes[node].name;
	size_t n = strlen(name);

	if (id && strncmp(id, name, n) == 0 && id[n] == ':' && id[n + 1])
		id += n + 1;
	return draft_copy(&r->draft, id);
}

static void read_ip(
	struct rspec *r, const struct xnode *x, struct topo_card *card)
{
	const struct xnode *ip = child(x, "ip");
	const char *address = attr(r, ip, "address");
	const char *mask = attr(r, ip, "netmask");
	struct net_addr m;
	int64_t len;

	card->has_addr = address && net_addr_parse(address, &card->addr);
	if (!card->has_addr || !mask)
		return;
	if (net_addr_parse(mask, &m) && net_mask_length(&m) >= 0 &&
		net_addr_is_v4(&card->addr))
		card->prefix_len = (uint8_t)(96 + net_mask_length(&m));
	else if (span_count((struct span){mask, strlen(mask)},
			 net_addr_is_v4(&card->addr) ? 32 : 128, &len) &&
		 len)
		card->prefix_len =
			(uint8_t)(len + (net_addr_is_v4(&card->addr) ? 96 : 0));
}

static bool all_zero(const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b[i])
			return false;
	return true;
}

static void read_iface(struct rspec *r, const struct xnode *x, int node)
{
	struct rspec_iface f = {
		.line = xnode_line(x), .doc = r->doc, .link = -1};
	const char *mac = attr(r, x, "mac_address");
	size_t place;

	f.iface.node = node;
	f.iface.link = -1;
	f.client_id = draft_xml_attr(&r->draft, x, "client_id");
	f.component_id = draft_xml_attr(&r->draft, x, "component_id");
	f.sliver_id = draft_xml_attr(&r->draft, x, "sliver_id");
	f.card.name = f.component_id ? port_name(r, f.component_id)
				     : wished_name(r, node, f.client_id);
	f.card.has_mac = mac && net_mac_parse(mac, f.card.mac) &&
			 !all_zero(f.card.mac, 6);
	read_ip(r, x, &f.card);
	if (f.client_id && r->several)
		map_puts(&r->iface_ids, rspec_doc_key(r, r->doc, f.client_id),
			(void *)(uintptr_t)(r->n_ifaces + 1));
	if (f.client_id) {
		place = (size_t)(uintptr_t)map_gets(&r->iface_ids, f.client_id);
		if (place)
			f.ambiguous = r->ifaces[place - 1].ambiguous = true;
		else
			map_puts(&r->iface_ids, f.client_id,
				(void *)(uintptr_t)(r->n_ifaces + 1));
	}
	if (f.sliver_id)
		map_puts(&r->slivers, f.sliver_id,
			(void *)(uintptr_t)(r->n_ifaces + 1));
	MEM_PUSH(r->ifaces, r->n_ifaces, r->ifaces_cap) = f;
}

/* A switch that was rented has ports without MAC addresses. */
static bool seems_switch(struct rspec *r, const struct xnode *node)
{
	size_t n = 0;

	for (const struct xnode *x = xnode_child(node); x; x = xnode_next(x)) {
		const char *mac;

		if (!xnode_is(x, "interface"))
			continue;
		mac = draft_xml_attr(&r->draft, x, "mac_address");
		if (!mac || strspn(mac, "0:") != strlen(mac))
			return false;
		n++;
	}
	return n > 0;
}

/* Nothing refers to a node by its name, and documents of several sites put
 * together do have two of one name. */
static int add_node(struct rspec *r, long line, struct topo_node *n)
{
	const char *id = n->name;
	int index;

	if (!id)
		n->name = n->m->phys;
	index = draft_node(&r->draft, n);
	if (!id)
		draft_warn(&r->draft, line,
			"a node without client_id is called \"%s\"",
			r->draft.t->nodes[index].name);
	else if (strcmp(r->draft.t->nodes[index].name, id) != 0)
		draft_warn(&r->draft, line, "node \"%.60s\" is called \"%s\"",
			id, r->draft.t->nodes[index].name);
	return index;
}

/* Of several documents the later ones may only repeat what was told. */
static bool is_known(struct rspec *r, const struct xnode *x, const char *id)
{
	const char *sliver = draft_xml_attr(&r->draft, x, "sliver_id");
	const char *key = sliver ? sliver : id;
	bool known = r->several && key && map_gets(&r->nodes, key);

	if (!r->several || known)
		return known;
	if (sliver)
		map_puts(&r->nodes, sliver, (void *)1);
	if (id)
		map_puts(&r->nodes, id, (void *)1);
	return false;
}

int rspec_node(struct rspec *r, const struct xnode *x)
{
	const char *id = draft_xml_attr(&r->draft, x, "client_id");
	struct topo_machine m = {0};
	struct topo_node n = {.name = id, .m = &m};
	int index;

	if (is_known(r, x, id))
		return 0;
	read_kind(r, x, &n, &m);
	read_services(r, x, &m);
	if (n.role == ROLE_HOST && seems_switch(r, x))
		n.role = ROLE_SWITCH;
	if (r->manifest && !m.hostname && !m.address && !m.unusable &&
		n.role != ROLE_SWITCH && n.role != ROLE_EXTERNAL)
		m.unusable = "no-login";
	index = add_node(r, xnode_line(x), &n);
	for (const struct xnode *c = xnode_child(x); c; c = xnode_next(c))
		if (xnode_is(c, "interface"))
			read_iface(r, c, index);
	return read_pipes(r, x, index);
}
