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

const char *rspec_doc_key(struct rspec *r, int doc, const char *id)
{
	/* no id holds this character: XML does not allow it */
	return arena_printf(&r->draft.scratch, "%d\001%s", doc, id);
}

static size_t place_of(const struct map *ids, const char *key)
{
	return key ? (size_t)(uintptr_t)map_gets(ids, key) : 0;
}

/* The interface a reference means, or -1.  Names given twice are told apart
 * by their slivers, where there are any; of several documents each means its
 * own first. */
static int find_iface(struct rspec *r, const struct xnode *ref, const char *id)
{
	size_t place = place_of(&r->iface_ids, id);

	if (!place || !r->ifaces[place - 1].ambiguous)
		return (int)place - 1;
	place = place_of(
		&r->slivers, draft_xml_attr(&r->draft, ref, "sliver_id"));
	if (place && same(r->ifaces[place - 1].client_id, id))
		return (int)place - 1;
	place = r->several
			? place_of(&r->iface_ids, rspec_doc_key(r, r->doc, id))
			: 0;
	return (int)place - 1;
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

/* A reference to an interface; from site to site it may be outside. */
struct end_ref {
	const struct xnode *x;
	bool between_sites;
};

/* at: where the link is in the list, or will be. */
static int read_end(
	struct rspec *r, const struct end_ref *e, int at, struct rspec_link *l)
{
	const struct xnode *ref = e->x;
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
	if (end.iface < 0 && e->between_sites)
		end.iface = add_outside(r, ref, id);
	if (end.iface < 0)
		return draft_fail(&r->draft, xnode_line(ref),
			"there is no interface \"%.60s\"", id);
	on = r->ifaces[end.iface].link;
	if (on == at && (size_t)at < r->n_links)
		return 0; /* an earlier document told of it */
	if (on >= 0)      /* the link being read is not in the list yet */
		return draft_fail(&r->draft, xnode_line(ref),
			"interface \"%.60s\" is on a link already (line %ld)",
			id,
			(size_t)on < r->n_links ? r->links[on].line : l->line);
	r->ifaces[end.iface].link = at;
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

/* The place in the list of the link that an earlier document has told of: of
 * that name, with an end in common.  -1: none. */
static int told_before(struct rspec *r, const struct xnode *x, const char *name)
{
	for (const struct xnode *c = xnode_child(x); name && c;
		c = xnode_next(c)) {
		const char *id = draft_xml_attr(&r->draft, c, "client_id");
		int iface = id && xnode_is(c, "interface_ref")
				    ? find_iface(r, c, id)
				    : -1;
		int on = iface >= 0 ? r->ifaces[iface].link : -1;

		if (on >= 0 && r->links[on].doc != r->doc &&
			same(r->links[on].name, name))
			return on;
	}
	return -1;
}

static int read_ends(
	struct rspec *r, const struct xnode *x, int at, struct rspec_link *l)
{
	struct end_ref e = {.between_sites = count(x, "component_manager") > 1};
	int rc = 0;

	for (e.x = xnode_child(x); e.x && !rc; e.x = xnode_next(e.x))
		if (xnode_is(e.x, "interface_ref"))
			rc = read_end(r, &e, at, l);
	return rc;
}

int rspec_link(struct rspec *r, const struct xnode *x)
{
	struct rspec_link l = {.line = xnode_line(x), .doc = r->doc};
	int rc, before = -1;

	l.name = draft_xml_attr(&r->draft, x, "client_id");
	if (r->several)
		before = told_before(r, x, l.name);
	if (before >= 0)
		return read_ends(r, x, before, &r->links[before]);
	rc = read_ends(r, x, (int)r->n_links, &l);
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
