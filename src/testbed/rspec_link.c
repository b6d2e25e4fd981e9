/* A link of an RSpec: its ends are references to interfaces of nodes.  Shaping
 * comes as one <property> for each direction; on a LAN the other end of the
 * direction is the LAN itself, or each of the other members. */
#include "base/mem.h"
#include "testbed/rspec_data.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The interface a reference means, or -1.  Names given twice are told apart
 * by their slivers, where there are any. */
static int find_iface(struct rspec *r, const struct xnode *ref, const char *id)
{
	size_t place = (size_t)(uintptr_t)map_gets(&r->iface_ids, id);
	const char *sliver;

	if (!place || !r->ifaces[place - 1].ambiguous)
		return (int)place - 1;
	sliver = draft_xml_attr(&r->draft, ref, "sliver_id");
	place = sliver ? (size_t)(uintptr_t)map_gets(&r->slivers, sliver) : 0;
	return place && same(r->ifaces[place - 1].client_id, id)
		       ? (int)place - 1
		       : -1;
}

/* A document may be one site's: what is on another then shows only as a name
 * at the end of a link. */
static int add_outside(struct rspec *r, const struct xnode *ref, const char *id)
{
	struct rspec_iface f = {.client_id = id,
		.line = xnode_line(ref),
		.link = -1,
		.iface = {.link = -1}};
	const struct topo_node n = {.name = id, .role = ROLE_EXTERNAL};

	f.iface.node = draft_node(&r->draft, &n);
	draft_warn(&r->draft, xnode_line(ref),
		"\"%.60s\" is at another site and not in this document: taken "
		"as outside",
		id);
	map_puts(&r->iface_ids, id, (void *)(uintptr_t)(r->n_ifaces + 1));
	MEM_PUSH(r->ifaces, r->n_ifaces, r->ifaces_cap) = f;
	return (int)r->n_ifaces - 1;
}

static size_t count(const struct xnode *link, const char *name)
{
	size_t n = 0;

	for (const struct xnode *x = xnode_child(link); x; x = xnode_next(x))
		n += xnode_is(x, name);
	return n;
}

static int read_end(struct rspec *r, const struct xnode *link,
	const struct xnode *ref, struct rspec_link *l)
{
	const char *id = draft_xml_attr(&r->draft, ref, "client_id");
	struct rspec_end end = {.iface = -1};
	bool known;
	int on;

	if (!id)
		return draft_fail(&r->draft, xnode_line(ref),
			"an interface_ref without client_id");
	known = map_has(&r->iface_ids, id, strlen(id));
	end.iface = find_iface(r, ref, id);
	if (end.iface < 0 && known)
		return draft_fail(&r->draft, xnode_line(ref),
			"several interfaces are called \"%.60s\"", id);
	if (end.iface < 0 && count(link, "component_manager") > 1)
		end.iface = add_outside(r, ref, id);
	if (end.iface < 0)
		return draft_fail(&r->draft, xnode_line(ref),
			"there is no interface \"%.60s\"", id);
	on = r->ifaces[end.iface].link;
	if (on >= 0) /* the link being read is not in the list yet */
		return draft_fail(&r->draft, xnode_line(ref),
			"interface \"%.60s\" is on a link already (line %ld)",
			id,
			(size_t)on < r->n_links ? r->links[on].line : l->line);
	r->ifaces[end.iface].link = (int)r->n_links;
	r->ifaces[end.iface].slot = (int)l->n_ends;
	MEM_PUSH(l->ends, l->n_ends, l->ends_cap) = end;
	return 0;
}

/* The place on the link being read of the interface of that name, or -1. */
static int end_of(const struct rspec *r, const char *id)
{
	size_t place = id ? (size_t)(uintptr_t)map_gets(&r->iface_ids, id) : 0;
	const struct rspec_iface *f = place ? &r->ifaces[place - 1] : NULL;

	return f && !f->ambiguous && f->link == (int)r->n_links ? f->slot : -1;
}

static bool differs(const struct topo_shape *s, const struct topo_shape *way)
{
	return s->delay_ms != way->delay_ms || s->loss != way->loss ||
	       s->bandwidth_kbps != way->bandwidth_kbps;
}

/* From a member to the rest; seen: the members told of before. */
static void shape_out(struct rspec *r, const struct xnode *x,
	struct rspec_end *end, const struct topo_shape *way, bool *seen)
{
	if (*seen && differs(&end->shape, way)) {
		draft_warn(&r->draft, xnode_line(x),
			"the LAN is shaped differently for each pair: only "
			"the first of \"%.60s\" is kept",
			r->ifaces[end->iface].client_id);
		return;
	}
	*seen = true;
	end->shape.delay_ms = way->delay_ms;
	end->shape.bandwidth_kbps = way->bandwidth_kbps;
	end->shape.loss = way->loss;
}

static int read_property(struct rspec *r, const struct xnode *x,
	struct rspec_link *l, bool *seen)
{
	const char *source = draft_xml_attr(&r->draft, x, "source_id");
	const char *dest = draft_xml_attr(&r->draft, x, "dest_id");
	int from = end_of(r, source), to = end_of(r, dest);
	struct topo_shape way;
	int rc = rspec_shape(r, x, &way);

	if (rc)
		return rc;
	if (from >= 0 && (to >= 0 || same(dest, l->name)))
		shape_out(r, x, &l->ends[from], &way, &seen[from]);
	else if (to >= 0 && same(source, l->name)) {
		l->ends[to].shape.r_delay_ms = way.delay_ms;
		l->ends[to].shape.r_bandwidth_kbps = way.bandwidth_kbps;
		l->ends[to].shape.r_loss = way.loss;
	} else
		draft_warn(&r->draft, xnode_line(x),
			"a property from \"%.60s\" to \"%.60s\", which are not "
			"ends of the link, was left out",
			source ? source : "", dest ? dest : "");
	return 0;
}

static int read_properties(
	struct rspec *r, const struct xnode *link, struct rspec_link *l)
{
	cleanup_free bool *seen = mem_zalloc(l->n_ends + 1, sizeof(*seen));
	int rc = 0;

	for (const struct xnode *x = xnode_child(link); x && !rc;
		x = xnode_next(x))
		if (xnode_is(x, "property"))
			rc = read_property(r, x, l, seen);
	return rc;
}

/* A link without a name is called after its ends. */
static const char *made_name(struct rspec *r, const struct rspec_link *l)
{
	struct arena *a = &r->draft.scratch;
	const struct topo_node *nodes = r->draft.t->nodes;

	if (l->n_ends != 2)
		return "lan";
	return arena_printf(a, "%s--%s",
		nodes[r->ifaces[l->ends[0].iface].iface.node].name,
		nodes[r->ifaces[l->ends[1].iface].iface.node].name);
}

int rspec_link(struct rspec *r, const struct xnode *x)
{
	struct rspec_link l = {.line = xnode_line(x)};
	int rc = 0;

	l.name = draft_xml_attr(&r->draft, x, "client_id");
	for (const struct xnode *c = xnode_child(x); c && !rc;
		c = xnode_next(c))
		if (xnode_is(c, "interface_ref"))
			rc = read_end(r, x, c, &l);
	if (!rc)
		rc = read_properties(r, x, &l);
	if (rc || !l.n_ends) {
		if (!rc)
			draft_warn(&r->draft, l.line,
				"link \"%.60s\" has no ends: left out",
				l.name ? l.name : "");
		free(l.ends);
		return rc;
	}
	if (!l.name)
		l.name = made_name(r, &l);
	MEM_PUSH(r->links, r->n_links, r->links_cap) = l;
	return 0;
}
