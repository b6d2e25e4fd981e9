/* Interfaces, members and bridges of a topology document.
 *
 * "interfaces" stand in the order of their indices; a link's members name
 * them.  An interface with a link that no member names is a bridge's port, one
 * without link is a control interface. */
#include "base/mem.h"
#include "topology/topofile_read.h"

#include <string.h>

static int read_shape(
	struct reader *r, const struct jval *o, struct topo_shape *s)
{
	int rc = reader_number(r, o, "delay_ms", &s->delay_ms);

	if (!rc)
		rc = reader_number(r, o, "r_delay_ms", &s->r_delay_ms);
	if (!rc)
		rc = reader_int(r, o, "bandwidth_kbps", &s->bandwidth_kbps);
	if (!rc)
		rc = reader_int(r, o, "r_bandwidth_kbps", &s->r_bandwidth_kbps);
	if (!rc)
		rc = reader_number(r, o, "loss", &s->loss);
	if (!rc)
		rc = reader_number(r, o, "r_loss", &s->r_loss);
	if (!rc && (s->loss > 1 || s->r_loss > 1))
		rc = reader_fail(r, "loss is more than 1");
	return rc;
}

static bool is_shaped(const struct topo_shape *s)
{
	return s->delay_ms > 0 || s->r_delay_ms > 0 || s->bandwidth_kbps > 0 ||
	       s->r_bandwidth_kbps > 0 || s->loss > 0 || s->r_loss > 0;
}

static int claim_shape(
	struct reader *r, const struct jval *member, struct claim *claim)
{
	struct topo_shape s = {0};
	int rc = read_shape(r, member, &s);

	if (!rc && is_shaped(&s)) {
		claim->shape = (int)r->n_shapes;
		MEM_PUSH(r->shapes, r->n_shapes, r->shapes_cap) = s;
	}
	return rc;
}

/* The members of a link, by its index. */
int reader_claims(struct reader *r, const struct jval *o, int link)
{
	const struct jval *members = jval_get(o, "members");
	int64_t last = -1, n = (int64_t)r->lists[LIST_IFACES].count;

	if (members && !jval_is_array(members))
		return reader_bad_type(r, "members", "a list");
	for (size_t i = 0; i < jval_count(members); i++) {
		const struct jval *member = jval_at(members, i);
		int64_t iface = -1;
		int rc;

		if (!jval_int(jval_get(member, "iface"), &iface) || iface < 0 ||
			iface >= n)
			return reader_fail(r,
				"member %zu of link \"%s\" names no interface "
				"(\"iface\" counts \"interfaces\" from 0)",
				i, r->t->links[link].name);
		if (r->claims[iface].link >= 0)
			return reader_fail(r, "interface %d is a member twice",
				(int)iface);
		if (iface < last)
			return reader_fail(r,
				"members of link \"%s\" are not in the order "
				"of their interfaces",
				r->t->links[link].name);
		last = iface;
		r->claims[iface].link = link;
		rc = claim_shape(r, member, &r->claims[iface]);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_addr(struct reader *r, const char *text, struct topo_card *card)
{
	struct net_prefix p;
	char addr[NET_ADDR_TEXT];
	size_t n = strcspn(text, "/");

	if (n >= sizeof(addr) || !net_prefix_parse(text, &p))
		return reader_bad_type(
			r, "addr", "an address such as 10.1.1.2/24");
	memcpy(addr, text, n);
	addr[n] = '\0';
	card->has_addr = net_addr_parse(addr, &card->addr);
	card->prefix_len = text[n] ? p.len : 0;
	return 0;
}

static int read_iface_fields(struct reader *r, const struct jval *o,
	struct topo_iface *iface, struct topo_card *card)
{
	const char *node = NULL, *link = NULL, *mac = NULL, *addr = NULL;
	bool inferred = false;
	int rc = reader_name(r, o, "node", &node);

	iface->link = -1;
	if (!rc && !node)
		rc = reader_fail(r, "an interface without \"node\"");
	if (!rc)
		rc = reader_find_node(r, node, &iface->node);
	if (!rc)
		rc = reader_name(r, o, "link", &link);
	if (!rc && link)
		rc = reader_find_link(r, link, &iface->link);
	if (!rc)
		rc = reader_text(r, o, "name", &card->name);
	if (!rc)
		rc = reader_text(r, o, "os_name", &card->os_name);
	if (!rc)
		rc = reader_text(r, o, "host_os_name", &card->host_os_name);
	if (!rc)
		rc = reader_int(r, o, "speed_kbps", &card->speed_kbps);
	if (!rc)
		rc = reader_bool(r, o, "inferred", &inferred);
	iface->inferred = inferred;
	if (!rc)
		rc = reader_text(r, o, "mac", &mac);
	if (!rc && mac && !(card->has_mac = net_mac_parse(mac, card->mac)))
		rc = reader_bad_type(
			r, "mac", "six pairs of hexadecimal digits");
	if (!rc)
		rc = reader_text(r, o, "addr", &addr);
	return rc || !addr ? rc : read_addr(r, addr, card);
}

int reader_iface(struct reader *r, const struct jval *o)
{
	struct topo_card card = {0};
	struct topo_iface iface = {.card = &card};
	const struct claim *claim =
		&r->claims[r->lists[LIST_IFACES].walked - 1];
	int rc = read_iface_fields(r, o, &iface, &card);

	if (rc)
		return rc;
	if (claim->link < 0) {
		rc = iface.link < 0
			     ? topology_add_member(
				       r->t, &iface, NULL, NULL, r->err)
			     : topology_add_port(r->t, &iface, NULL, r->err);
		return rc ? reader_located(r) : 0;
	}
	if (iface.link >= 0 && iface.link != claim->link)
		return reader_fail(r,
			"the interface is on link \"%s\" but a member "
			"of \"%s\"",
			r->t->links[iface.link].name,
			r->t->links[claim->link].name);
	iface.link = claim->link;
	if (claim->shape >= 0)
		card.shape = r->shapes[claim->shape];
	rc = topology_add_member(r->t, &iface, NULL, NULL, r->err);
	return rc ? reader_located(r) : 0;
}

static int read_port(struct reader *r, const struct jval *v, int *ret)
{
	int64_t port;

	*ret = -1;
	if (!v)
		return 0;
	if (!jval_int(v, &port) || port < 0 || port >= (1 << 30))
		return reader_bad_type(r, "ports", "two interfaces or null");
	*ret = (int)port;
	return 0;
}

/* Ports that the file says nothing of are two without a name. */
static int make_port(struct reader *r, struct topo_bridge *b, int which)
{
	const struct topo_iface port = {
		.node = b->node, .link = b->link, .slot = -1};

	return topology_add_port(r->t, &port, &b->port[which], r->err);
}

int reader_bridge(struct reader *r, const struct jval *o)
{
	const struct jval *ports = jval_get(o, "ports");
	struct topo_bridge b = {.slot = -1, .shapes = true};
	const char *node = NULL, *link = NULL;
	int64_t slot = -1;
	int rc = reader_name(r, o, "node", &node);

	if (!rc)
		rc = reader_name(r, o, "link", &link);
	if (!rc && (!node || !link))
		rc = reader_fail(r, "a bridge needs \"node\" and \"link\"");
	if (!rc)
		rc = reader_find_node(r, node, &b.node);
	if (!rc)
		rc = reader_find_link(r, link, &b.link);
	if (!rc)
		rc = reader_int(r, o, "slot", &slot);
	if (!rc)
		rc = reader_bool(r, o, "shapes", &b.shapes);
	if (!rc)
		rc = reader_bool(r, o, "inferred", &b.inferred);
	for (size_t i = 0; !rc && i < 2; i++)
		rc = read_port(r, jval_at(ports, i), &b.port[i]);
	for (int i = 0; !rc && !ports && i < 2; i++)
		rc = make_port(r, &b, i);
	if (rc)
		return rc;
	b.slot = slot > READER_COUNT_MAX ? READER_COUNT_MAX : (int)slot;
	rc = topology_add_bridge(r->t, &b, NULL, r->err);
	return rc ? reader_located(r) : 0;
}
